//! One test program: a module per topic.

mod authority;
mod build_script;
mod c_example;
mod chain;
mod command_line;
mod crates;
mod doctor;
mod doctor_differential;
mod evil_server;
mod firmware_host;
mod firmware_qemu;
mod flash;
mod flash_size;
mod golden;
mod handshakes;
mod macros;
mod messages;
mod mosquitto;
mod real_tools;
mod second_opinion;
mod support;
mod tasmota_headers;
mod tasmota_table;
mod types;
mod webpki;
