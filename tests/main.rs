//! One test program: a module per topic.

mod build_script;
mod c_example;
mod command_line;
mod flash;
mod flash_size;
mod golden;
mod handshakes;
mod messages;
mod mosquitto;
mod real_tools;
mod second_opinion;
mod support;
mod tasmota_headers;
mod tasmota_table;
