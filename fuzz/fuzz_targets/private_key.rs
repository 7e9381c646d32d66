//! See `ta_fuzz::private_key`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ta_fuzz::private_key(bytes));
