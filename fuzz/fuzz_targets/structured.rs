//! See `ta_fuzz::structured`.
#![no_main]

libfuzzer_sys::fuzz_target!(|certificates: Vec<ta_fuzz::certificate::Certificate>| ta_fuzz::structured(&certificates));
