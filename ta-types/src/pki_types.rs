//! The trust anchors of rustls and rustls-webpki, over the same bytes.
//!
//! `rustls_pki_types::TrustAnchor` keeps the *contents* of the subject, of the SubjectPublicKeyInfo and of the name
//! constraints, without the SEQUENCE tag and length in front of them (rustls-webpki's `anchor_from_trusted_cert` is the
//! source of that form). The conversion is therefore a matter of slicing, done while the firmware is compiled.
//!
#![cfg_attr(feature = "macros", doc = "```")]
#![cfg_attr(not(feature = "macros"), doc = "```text")]
//! use ta_types::{TrustAnchor, include_trust_anchors};
//!
//! const ANCHORS: &[TrustAnchor<'static>; 1] = include_trust_anchors!("../fixtures/ca-rsa2048.crt");
//!
//! // For `rustls::RootCertStore { roots: ROOTS.to_vec() }`, or for `webpki::EndEntityCert::verify_for_usage`.
//! static ROOTS: [rustls_pki_types::TrustAnchor<'static>; 1] = ta_types::pki_types::trust_anchors(ANCHORS);
//! assert_eq!(ROOTS[0].subject.as_ref(), &ANCHORS[0].subject[2..]);
//! ```

use crate::{TrustAnchor, der};
use rustls_pki_types::Der;

impl<'a> TrustAnchor<'a> {
    /// This anchor in the form of rustls-webpki.
    ///
    /// # Panics
    ///
    /// If the subject, the SPKI or the name constraints are not one whole DER SEQUENCE. Anchors that ta-codegen and its
    /// macros made are.
    pub const fn to_pki_types(&self) -> rustls_pki_types::TrustAnchor<'a> {
        rustls_pki_types::TrustAnchor {
            subject: sequence_contents(self.subject),
            subject_public_key_info: sequence_contents(self.spki),
            name_constraints: match self.name_constraints {
                Some(name_constraints) => Some(sequence_contents(name_constraints)),
                None => None,
            },
        }
    }
}

/// A table of anchors in the form of rustls-webpki, for a `const` or `static`.
///
/// # Panics
///
/// As [`TrustAnchor::to_pki_types`]; in a constant that is a compile error.
pub const fn trust_anchors<'a, const N: usize>(anchors: &[TrustAnchor<'a>; N]) -> [rustls_pki_types::TrustAnchor<'a>; N] {
    let mut table =
        [const { TrustAnchor { subject: b"\x30\x00", spki: b"\x30\x00", name_constraints: None, is_ca: false }.to_pki_types() };
            N];
    let mut row = 0;
    while row < N {
        // An assignment would drop the placeholder, and constant functions cannot drop values that may own memory, which
        // they may if another crate turns on rustls-pki-types' allocator.
        #[allow(clippy::forget_non_drop, reason = "without the allocator there is nothing to drop")]
        core::mem::forget(core::mem::replace(&mut table[row], anchors[row].to_pki_types()));
        row += 1;
    }
    table
}

/// What is inside the SEQUENCE that `der` consists of.
const fn sequence_contents(der: &[u8]) -> Der<'_> {
    match der::whole_element(der, der::SEQUENCE) {
        Some(contents) => Der::from_slice(contents),
        None => panic!("the subject, SPKI or name constraints of the trust anchor is not one whole DER SEQUENCE"),
    }
}

#[cfg(test)]
mod tests {
    use super::trust_anchors;
    use crate::TrustAnchor;

    #[test]
    fn the_sequence_headers_are_left_out() {
        static ANCHORS: [TrustAnchor<'static>; 2] = [
            TrustAnchor {
                subject: &[0x30, 2, 5, 0],
                spki: &[0x30, 0x81, 1, 7],
                name_constraints: Some(&[0x30, 1, 9]),
                is_ca: true,
            },
            TrustAnchor { subject: &[0x30, 0], spki: &[0x30, 1, 8], name_constraints: None, is_ca: false },
        ];
        static TABLE: [rustls_pki_types::TrustAnchor<'static>; 2] = trust_anchors(&ANCHORS);
        assert_eq!(TABLE[0].subject.as_ref(), [5, 0]);
        assert_eq!(TABLE[0].subject_public_key_info.as_ref(), [7]);
        assert_eq!(TABLE[0].name_constraints.as_deref(), Some(&[9][..]));
        assert_eq!(TABLE[1].subject.as_ref(), [0_u8; 0]);
        assert_eq!(TABLE[1].name_constraints, None);
        assert!(ANCHORS[1].spki.as_ptr_range().contains(&TABLE[1].subject_public_key_info.as_ptr()));
    }

    #[test]
    #[should_panic = "not one whole DER SEQUENCE"]
    fn a_name_that_is_no_sequence_is_refused() {
        let anchor = TrustAnchor { subject: &[0x31, 0], spki: &[0x30, 0], name_constraints: None, is_ca: true };
        let _ = anchor.to_pki_types();
    }
}
