//! Validates certificates, given as DER files, with BearSSL and a table that ta-types made.

use core::ffi::{c_char, c_uint};
use std::ffi::CString;
use ta_types::bearssl::{br_x509_trust_anchor, trust_anchors};
use ta_types::{TrustAnchor, include_trust_anchors};

const ANCHORS: &[TrustAnchor<'static>; 3] = include_trust_anchors!(
    concat!(env!("CHAINS"), "/rsa/ca.crt"),
    concat!(env!("CHAINS"), "/p256/ca.crt"),
    concat!(env!("CHAINS"), "/p384/ca.crt"),
);

static TABLE: [br_x509_trust_anchor; ANCHORS.len()] = trust_anchors(ANCHORS);

#[link(name = "bearssl")]
#[link(name = "validate", kind = "static")]
unsafe extern "C" {
    fn validate(
        anchors: *const br_x509_trust_anchor,
        anchor_count: usize,
        host: *const c_char,
        certificates: *const *const u8,
        lengths: *const usize,
        certificate_count: usize,
    ) -> c_uint;
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let host = arguments.next().expect("a host name");
    let host = CString::new(host).expect("a host name without zero bytes");
    let certificates: Vec<_> = arguments.map(|path| std::fs::read(path).expect("a DER file")).collect();
    let pointers: Vec<_> = certificates.iter().map(|certificate| certificate.as_ptr()).collect();
    let lengths: Vec<_> = certificates.iter().map(Vec::len).collect();
    // SAFETY: the table and the certificates outlive the call, and each pointer goes with its length.
    let error = unsafe {
        validate(TABLE.as_ptr(), TABLE.len(), host.as_ptr(), pointers.as_ptr(), lengths.as_ptr(), pointers.len())
    };
    println!("{error}");
}
