//! The output of `brssl ta`, to the byte.

use std::fmt::Write;

use super::tables::{BRSSL_ARRAY, ROW_SIZE, array, array_size, parts, rows};
use crate::anchor::TrustAnchor;

/// Writes what `brssl ta` prints for these anchors: all arrays, the table `TAs`, and its length `TAs_NUM`.
pub fn brssl(anchors: &[TrustAnchor]) -> String {
    let size: usize = anchors.iter().flat_map(parts).map(|(_, bytes)| array_size(bytes.len())).sum();
    let mut out = String::with_capacity(64 + size + anchors.len() * ROW_SIZE);
    let names = |index: usize, anchor| parts(anchor).iter().map(|(suffix, _)| format!("TA{index}{suffix}")).collect();
    for (index, anchor) in anchors.iter().enumerate() {
        for (suffix, bytes) in parts(anchor) {
            array(&mut out, BRSSL_ARRAY, &format!("TA{index}{suffix}"), bytes);
        }
    }
    let infallible = "writing to a String cannot fail";
    write!(out, "\nstatic const br_x509_trust_anchor TAs[{}] = {{\n", anchors.len()).expect(infallible);
    rows(&mut out, anchors.iter().enumerate().map(|(index, anchor)| (anchor, names(index, anchor))));
    write!(out, "\n}};\n\n#define TAs_NUM   {}\n", anchors.len()).expect(infallible);
    out
}
