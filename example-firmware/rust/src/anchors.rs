//! The only source of trust of this firmware.

use ta_types::{TrustAnchor, include_trust_anchors, pki_types};

/// The authorities whose servers this firmware believes: their names and keys, constants in
/// read-only memory.
pub static ANCHORS: &[TrustAnchor<'static>; 2] = include_trust_anchors!("../../certs/ca-p256.crt", "../../certs/ca-rsa.crt");

/// The same bytes as rustls takes them.
pub static ROOTS: [rustls_pki_types::TrustAnchor<'static>; 2] = pki_types::trust_anchors(ANCHORS);

/// What `build.rs` writes for those who want a file to look at, or anchors from a directory
/// of certificates: nothing in the image refers to it.
#[cfg(test)]
pub mod generated {
    include!(concat!(env!("OUT_DIR"), "/trust_anchors.rs"));
}

#[cfg(test)]
mod tests {
    use super::{ANCHORS, ROOTS, generated};

    #[test]
    fn the_build_script_makes_the_same_anchors() {
        assert_eq!(*ANCHORS, generated::TRUST_ANCHORS);
    }

    #[test]
    fn rustls_takes_the_same_bytes() {
        for (anchor, root) in ANCHORS.iter().zip(&ROOTS) {
            // Slices of the anchor's own bytes, not copies.
            assert!(anchor.subject.as_ptr_range().contains(&root.subject.as_ptr()));
            assert!(anchor.spki.as_ptr_range().contains(&root.subject_public_key_info.as_ptr()));
        }
    }
}
