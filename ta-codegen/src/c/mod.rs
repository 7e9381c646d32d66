//! Trust anchors as C source in BearSSL's types (`br_x509_trust_anchor` in `bearssl_x509.h`).

mod brssl;
mod tables;
mod tasmota;

pub use brssl::brssl;
pub use tasmota::{TasmotaHeaders, tasmota};
