//! An anchor in four lines, for the comments of generated source.

use sha2::{Digest, Sha256};

use crate::anchor::TrustAnchor;
use crate::name::display_name;
use crate::text::{Hexadecimal, InComment};

/// The SHA-256 of the whole certificate, as `openssl x509 -fingerprint -sha256` shows it.
pub fn sha256_fingerprint(certificate: &[u8]) -> String {
    Hexadecimal { bytes: &Sha256::digest(certificate), separator: ":" }.to_string()
}

/// Subject, fingerprint, validity and key, safe inside any comment.
pub(crate) fn lines(anchor: &TrustAnchor) -> [String; 4] {
    let validity = anchor.validity();
    let role = if anchor.is_ca() { "CA" } else { "not a CA: trusts this certificate only" };
    [
        format!("subject: `{}`", InComment(&display_name(anchor.subject()))),
        format!("SHA-256: {}", sha256_fingerprint(anchor.certificate())),
        format!("valid:   {} to {}", validity.not_before, validity.not_after),
        format!("key:     {} ({role})", anchor.key()),
    ]
}
