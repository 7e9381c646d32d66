//! See `ta_fuzz::reader`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ta_fuzz::reader(bytes));
