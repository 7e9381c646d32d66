//! See `ta_fuzz::structured`.
#![no_main]

use ta_fuzz::certificate::Certificate;

libfuzzer_sys::fuzz_target!(|certificates: (Certificate, Vec<Certificate>)| ta_fuzz::structured(&certificates));
