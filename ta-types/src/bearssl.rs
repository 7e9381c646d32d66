//! BearSSL's trust anchors: the C structures of `bearssl_x509.h`, over the same bytes.
//!
//! The structures are those of BearSSL 0.6 and of the fork in the ESP8266 Arduino core and Tasmota, with the names and
//! the order of their C declarations, so that a table can be handed to `br_ssl_client_init_full` or
//! `br_x509_minimal_init` as it is. It is a constant: the linker puts it into read-only memory, and its pointers lead
//! into the [`TrustAnchor`]s it was made from.
//!
#![cfg_attr(feature = "macros", doc = "```")]
#![cfg_attr(not(feature = "macros"), doc = "```text")]
//! use ta_types::bearssl::{BR_X509_TA_CA, br_x509_trust_anchor, trust_anchors};
//! use ta_types::{TrustAnchor, include_trust_anchors};
//!
//! const ANCHORS: &[TrustAnchor<'static>; 1] = include_trust_anchors!("../fixtures/ca-rsa2048.crt");
//!
//! // br_ssl_client_init_full(client, engine, TABLE.as_ptr(), TABLE.len());
//! static TABLE: [br_x509_trust_anchor; 1] = trust_anchors(ANCHORS);
//! assert_eq!(TABLE[0].flags, BR_X509_TA_CA);
//! assert_eq!(TABLE[0].dn.len, ANCHORS[0].subject.len());
//! ```
//!
//! # What BearSSL does not do
//!
//! It ignores the name constraints and the validity of an anchor, and it never verifies with an RSA key above 4096 bits
//! (`BR_MAX_RSA_SIZE` of its sources).
#![allow(unsafe_code, reason = "a static needs Sync, and the raw pointers of C structures do not have it")]
#![allow(non_camel_case_types, non_upper_case_globals, reason = "the names of BearSSL's headers")]

use crate::{Curve, PublicKey, TrustAnchor};
use core::ffi::{c_int, c_uchar, c_uint};

/// Flag of an anchor that may sign other certificates; without it the anchor is trusted only as the server's own
/// certificate (`bearssl_x509.h`).
pub const BR_X509_TA_CA: c_uint = 0x0001;

/// Key type: RSA (`bearssl_x509.h`).
pub const BR_KEYTYPE_RSA: c_uchar = 1;
/// Key type: elliptic curve (`bearssl_x509.h`).
pub const BR_KEYTYPE_EC: c_uchar = 2;

/// Identifier of the curve P-256: its number among the TLS groups (`bearssl_ec.h`, RFC 8422 section 5.1.1).
pub const BR_EC_secp256r1: c_int = 23;
/// Identifier of the curve P-384: its number among the TLS groups (`bearssl_ec.h`, RFC 8422 section 5.1.1).
pub const BR_EC_secp384r1: c_int = 24;
/// Identifier of the curve P-521: its number among the TLS groups (`bearssl_ec.h`, RFC 8422 section 5.1.1).
pub const BR_EC_secp521r1: c_int = 25;

/// A distinguished name (`bearssl_x509.h`).
///
/// The header declares `data` without `const`; BearSSL reads it only.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct br_x500_name {
    /// The whole DER `Name`, from its SEQUENCE tag on.
    pub data: *mut c_uchar,
    /// Length of `data` in bytes.
    pub len: usize,
}

/// An RSA public key (`bearssl_rsa.h`): unsigned big-endian numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct br_rsa_public_key {
    /// Modulus.
    pub n: *mut c_uchar,
    /// Length of `n` in bytes.
    pub nlen: usize,
    /// Public exponent.
    pub e: *mut c_uchar,
    /// Length of `e` in bytes.
    pub elen: usize,
}

/// An elliptic curve public key (`bearssl_ec.h`).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct br_ec_public_key {
    /// The curve: [`BR_EC_secp256r1`], [`BR_EC_secp384r1`] or [`BR_EC_secp521r1`].
    pub curve: c_int,
    /// The public point, uncompressed: `04`, x, y.
    pub q: *mut c_uchar,
    /// Length of `q` in bytes.
    pub qlen: usize,
}

/// The key inside a [`br_x509_pkey`]; the header leaves this union without a name and calls the field `key`.
#[repr(C)]
#[derive(Clone, Copy)]
pub union br_x509_pkey_key {
    /// Valid if `key_type` is [`BR_KEYTYPE_RSA`].
    pub rsa: br_rsa_public_key,
    /// Valid if `key_type` is [`BR_KEYTYPE_EC`].
    pub ec: br_ec_public_key,
}

/// A public key of either type (`bearssl_x509.h`).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct br_x509_pkey {
    /// Which field of `key` is valid: [`BR_KEYTYPE_RSA`] or [`BR_KEYTYPE_EC`].
    pub key_type: c_uchar,
    /// The key itself.
    pub key: br_x509_pkey_key,
}

/// A trust anchor (`bearssl_x509.h`): 32 bytes with 32-bit pointers, 64 bytes with 64-bit pointers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct br_x509_trust_anchor {
    /// Subject of the certificate.
    pub dn: br_x500_name,
    /// [`BR_X509_TA_CA`] or 0.
    pub flags: c_uint,
    /// Public key of the certificate.
    pub pkey: br_x509_pkey,
}

// SAFETY: there is no interior mutability and no method that follows a pointer; whoever follows one does so in an
// unsafe block of their own and vouches for it there. `trust_anchors` makes pointers to immutable statics only.
unsafe impl Sync for br_x509_trust_anchor {}

/// A table of anchors in the form of BearSSL, for a `const` or `static`.
///
/// # Panics
///
/// As [`TrustAnchor::key`]; in a constant that is a compile error.
pub const fn trust_anchors<const N: usize>(anchors: &'static [TrustAnchor<'static>; N]) -> [br_x509_trust_anchor; N] {
    let mut table = [const { EMPTY }; N];
    let mut row = 0;
    while row < N {
        table[row] = trust_anchor(&anchors[row]);
        row += 1;
    }
    table
}

/// What the table holds until its rows are written.
const EMPTY: br_x509_trust_anchor =
    br_x509_trust_anchor { dn: br_x500_name { data: core::ptr::null_mut(), len: 0 }, flags: 0, pkey: ec_key(0, &[]) };

const fn trust_anchor(anchor: &TrustAnchor<'static>) -> br_x509_trust_anchor {
    br_x509_trust_anchor {
        dn: br_x500_name { data: pointer(anchor.subject), len: anchor.subject.len() },
        flags: if anchor.is_ca { BR_X509_TA_CA } else { 0 },
        pkey: match anchor.key() {
            PublicKey::Rsa { n, e } => rsa_key(n, e),
            PublicKey::Ec { curve, q } => ec_key(curve_identifier(curve), q),
        },
    }
}

const fn rsa_key(n: &'static [u8], e: &'static [u8]) -> br_x509_pkey {
    let rsa = br_rsa_public_key { n: pointer(n), nlen: n.len(), e: pointer(e), elen: e.len() };
    br_x509_pkey { key_type: BR_KEYTYPE_RSA, key: br_x509_pkey_key { rsa } }
}

const fn ec_key(curve: c_int, q: &'static [u8]) -> br_x509_pkey {
    let ec = br_ec_public_key { curve, q: pointer(q), qlen: q.len() };
    br_x509_pkey { key_type: BR_KEYTYPE_EC, key: br_x509_pkey_key { ec } }
}

const fn curve_identifier(curve: Curve) -> c_int {
    match curve {
        Curve::P256 => BR_EC_secp256r1,
        Curve::P384 => BR_EC_secp384r1,
        Curve::P521 => BR_EC_secp521r1,
    }
}

/// The address of constant bytes, without the `const` that BearSSL's declarations lack.
const fn pointer(bytes: &'static [u8]) -> *mut c_uchar {
    bytes.as_ptr().cast_mut()
}
