//! See `ta_fuzz::mosquitto_conf`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ta_fuzz::mosquitto_conf(bytes));
