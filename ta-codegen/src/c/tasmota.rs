//! Tasmota's two headers for a CA of one's own.
//!
//! `tasmota/tasmota_support/tasmota_ca.ino` includes `local_ca_data.h` at file scope, and `local_ca_descriptor.h` as the last elements
//! inside `const br_x509_trust_anchor PROGMEM Tasmota_TA[] = { ... };`. The comma before them comes from Tasmota's own text.

use std::path::Path;

use super::tables::{ROW_SIZE, arrays_size, rows, shared_arrays};
use crate::anchor::TrustAnchor;
use crate::files::Output;
use crate::names::NameError;

/// The text of both headers, which only fit each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TasmotaHeaders {
    /// `local_ca_data.h`: the arrays.
    pub data: String,
    /// `local_ca_descriptor.h`: the rows of the table.
    pub descriptor: String,
}

impl TasmotaHeaders {
    /// The name that Tasmota includes the arrays by.
    pub const DATA_FILE: &'static str = "local_ca_data.h";
    /// The name that Tasmota includes the rows by.
    pub const DESCRIPTOR_FILE: &'static str = "local_ca_descriptor.h";

    /// Both headers as files of `directory`.
    pub fn into_outputs(self, directory: &Path) -> [Output; 2] {
        [
            Output { path: directory.join(Self::DATA_FILE), content: self.data },
            Output { path: directory.join(Self::DESCRIPTOR_FILE), content: self.descriptor },
        ]
    }
}

/// Writes Tasmota's headers. Every array is `PROGMEM`, which keeps it in flash on ESP8266, and equal arrays are stored once.
///
/// # Errors
///
/// A label that C does not take or that is given twice.
pub fn tasmota(anchors: &[&TrustAnchor]) -> Result<TasmotaHeaders, NameError> {
    let mut data = String::with_capacity(arrays_size(anchors));
    data.push_str("/* Trust anchors for Tasmota, written by ta-codegen: the arrays.\n * Goes into tasmota/include/ with local_ca_descriptor.h. */\n");
    let names = shared_arrays(&mut data, anchors, "static const unsigned char PROGMEM ", "TA")?;
    let mut descriptor = String::with_capacity(128 + anchors.len() * ROW_SIZE);
    descriptor.push_str("/* Trust anchors for Tasmota, written by ta-codegen: the last elements of Tasmota_TA[]. */\n");
    rows(&mut descriptor, anchors.iter().copied().zip(names));
    descriptor.push('\n');
    Ok(TasmotaHeaders { data, descriptor })
}
