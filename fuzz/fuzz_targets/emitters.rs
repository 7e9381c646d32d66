//! See `ta_fuzz::emitters`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ta_fuzz::emitters(bytes));
