//! Trust anchors for firmware: what lands in the device.
//!
//! A [`TrustAnchor`] is a certificate authority reduced to what a TLS stack needs in order to trust it: the subject
//! name and the public key, both as the DER bytes of the certificate (RFC 5914 calls this reduction a trust anchor, and
//! RFC 5280 section 6.1.1 (d) lists the same items as the input of path validation). Everything is a constant in
//! read-only memory: nothing is parsed at boot and nothing is copied to RAM. The crate is `no_std`, has no allocator and,
//! unless a feature says otherwise, no dependency.
//!
//! Anchors are rarely written by hand. `include_trust_anchors!` (feature `macros`) makes them from a certificate file
//! while the firmware is compiled, and the build script API of `ta-codegen` writes them as a source file.
//!
#![cfg_attr(feature = "macros", doc = "```")]
#![cfg_attr(not(feature = "macros"), doc = "```text")]
//! use ta_types::{PublicKey, TrustAnchor, include_trust_anchors};
//!
//! static ANCHORS: &[TrustAnchor<'static>] = include_trust_anchors!("../fixtures/ca-rsa2048.crt");
//!
//! for anchor in ANCHORS {
//!     match anchor.key() {
//!         PublicKey::Rsa { n, .. } => println!("RSA, {} bytes of modulus", n.len()),
//!         PublicKey::Ec { curve, .. } => println!("{curve:?}"),
//!     }
//! }
//! ```
//!
//! # One set of bytes, every stack
//!
//! The TLS stacks want the same two items in different dress. [`TrustAnchor`] keeps the form from which the others follow
//! by slicing, and constant functions make their tables over the same bytes:
//!
//! | stack | feature | table |
//! |---|---|---|
//! | BearSSL | `bearssl` | `bearssl::trust_anchors`: an array of `br_x509_trust_anchor` |
//! | rustls, rustls-webpki | `pki-types` | `pki_types::trust_anchors`: an array of `rustls_pki_types::TrustAnchor` |
//!
//! # Features
//!
//! * `bearssl`: the C structures of BearSSL's `bearssl_x509.h`. The only part of the crate with unsafe code.
//! * `pki-types`: depends on `rustls-pki-types` without its allocator.
//! * `macros`: re-exports the macros of `ta-macros`; they run on the host and add nothing to the firmware.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
extern crate std;

mod der;
mod key;

#[cfg(feature = "bearssl")]
pub mod bearssl;
#[cfg(feature = "pki-types")]
pub mod pki_types;

#[cfg(feature = "macros")]
pub use ta_macros::{include_certificates, include_trust_anchors};

pub use key::{Curve, PublicKey};

/// A certificate authority as a TLS stack trusts it: name and public key.
///
/// The fields hold the bytes of the certificate, unchanged. A subject must stay as it is, since a certificate is linked
/// to its issuer by comparing names (RFC 5280 section 6.1.3 (a) (4)) and the small stacks compare bytes.
///
/// ```
/// use ta_types::TrustAnchor;
///
/// // An anchor without a name that trusts a P-256 key; real ones come from `include_trust_anchors!`.
/// const ANCHOR: TrustAnchor<'static> = TrustAnchor {
///     subject: b"\x30\x00",
///     spki: &P256_SPKI,
///     name_constraints: None,
///     is_ca: true,
/// };
/// # const P256_SPKI: [u8; 91] = {
/// #     let header = b"\x30\x59\x30\x13\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01\x06\x08\x2A\x86\x48\xCE\x3D\x03\x01\x07\x03\x42\x00\x04";
/// #     let mut spki = [1; 91];
/// #     let mut at = 0;
/// #     while at < header.len() {
/// #         spki[at] = header[at];
/// #         at += 1;
/// #     }
/// #     spki
/// # };
/// assert_eq!(ANCHOR.subject, [0x30, 0x00]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TrustAnchor<'a> {
    /// Subject of the certificate: the whole DER `Name` (RFC 5280 section 4.1.2.6), from its SEQUENCE tag on.
    ///
    /// An authority without a name has the two bytes `30 00`.
    pub subject: &'a [u8],
    /// Public key of the certificate: the whole DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7), from its
    /// SEQUENCE tag on. [`TrustAnchor::key`] gives the numbers in it.
    pub spki: &'a [u8],
    /// Value of the certificate's name constraints extension, if it has one: the whole DER `NameConstraints`
    /// (RFC 5280 section 4.2.1.10), from its SEQUENCE tag on. rustls-webpki enforces it, BearSSL does not know it.
    pub name_constraints: Option<&'a [u8]>,
    /// Whether the anchor may sign other certificates: the `cA` of its basicConstraints (RFC 5280 section 4.2.1.9).
    ///
    /// An anchor without it, which a self-signed server certificate is, vouches for nothing but itself in BearSSL
    /// (`BR_X509_TA_CA` in `bearssl_x509.h`). rustls-webpki makes no such difference.
    pub is_ca: bool,
}

impl<'a> TrustAnchor<'a> {
    /// The public key in [`spki`](TrustAnchor::spki), as slices of it. Costs nothing in a constant.
    ///
    /// # Panics
    ///
    /// If `spki` is not an RSA key or an EC key on a curve of [`Curve`]. Anchors that ta-codegen and its macros made
    /// have one that is; for bytes from elsewhere there is [`PublicKey::from_spki`].
    pub const fn key(&self) -> PublicKey<'a> {
        match PublicKey::from_spki(self.spki) {
            Some(key) => key,
            None => {
                panic!("the SPKI of the trust anchor is neither RSA nor EC P-256, P-384, P-521")
            }
        }
    }
}
