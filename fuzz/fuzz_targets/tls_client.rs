//! See `ta_fuzz::tls_client`.
#![no_main]

use ta_fuzz::tls_server::TlsServer;

libfuzzer_sys::fuzz_target!(|server: TlsServer| ta_fuzz::tls_client(&server));
