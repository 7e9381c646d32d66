//! Tasmota's two headers for a CA of one's own.
//!
//! `tasmota/tasmota_support/tasmota_ca.ino` includes `local_ca_data.h` at file scope, and `local_ca_descriptor.h` as the last elements
//! inside `const br_x509_trust_anchor PROGMEM Tasmota_TA[] = { ... };`. The comma before them comes from Tasmota's own text.

use std::collections::HashMap;
use std::path::Path;

use super::tables::{ROW_SIZE, array, array_size, parts, rows};
use crate::anchor::TrustAnchor;
use crate::files::Output;

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
pub fn tasmota(anchors: &[&TrustAnchor]) -> TasmotaHeaders {
    let mut data = String::with_capacity(anchors.iter().map(|anchor| size(anchor)).sum());
    data.push_str("/* Trust anchors for Tasmota, written by ta-codegen: the arrays.\n * Goes into tasmota/include/ with local_ca_descriptor.h. */\n");
    let mut names_of_arrays: HashMap<&[u8], String> = HashMap::new();
    let mut names_of_rows = Vec::with_capacity(anchors.len());
    for (index, anchor) in anchors.iter().enumerate() {
        comment(&mut data, index, anchor);
        let mut names = Vec::new();
        for (suffix, bytes) in parts(anchor) {
            let name = names_of_arrays.entry(bytes).or_insert_with(|| {
                let name = format!("TA{index}{suffix}");
                array(&mut data, "PROGMEM ", &name, bytes);
                name
            });
            names.push(name.clone());
        }
        names_of_rows.push(names);
    }
    let mut descriptor = String::with_capacity(128 + anchors.len() * ROW_SIZE);
    descriptor.push_str("/* Trust anchors for Tasmota, written by ta-codegen: the last elements of Tasmota_TA[]. */\n");
    rows(&mut descriptor, anchors.iter().copied().zip(names_of_rows));
    descriptor.push('\n');
    TasmotaHeaders { data, descriptor }
}

fn size(anchor: &TrustAnchor) -> usize {
    512 + parts(anchor).iter().map(|(_, bytes)| array_size(bytes.len())).sum::<usize>()
}

fn comment(out: &mut String, index: usize, anchor: &TrustAnchor) {
    let [subject, sha256, validity, key] = crate::describe::lines(anchor);
    for piece in ["\n/* TA", &index.to_string(), "\n * ", &subject, "\n * ", &sha256, "\n * ", &validity, "\n * ", &key, "\n */"]
    {
        out.push_str(piece);
    }
    out.push('\n');
}
