//! See `ta_fuzz::doctor`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ta_fuzz::doctor(bytes));
