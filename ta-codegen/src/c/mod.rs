//! Trust anchors as C source: in BearSSL's types (`br_x509_trust_anchor` in `bearssl_x509.h`), or as PEM.

mod brssl;
mod freshness;
mod header;
mod pem_header;
mod tables;
mod tasmota;

pub use brssl::brssl;
pub use header::{HeaderOptions, header};
pub use pem_header::{PemHeaderOptions, pem_header};
pub use tasmota::{TasmotaHeaders, tasmota};
