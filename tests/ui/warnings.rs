//! What is legal and probably not meant is a warning, here made an error in order to be seen.

#![deny(deprecated)]

use ta_types::{TrustAnchor, include_certificates, include_trust_anchors};

static ANCHORS: &[TrustAnchor<'static>; 3] =
    include_trust_anchors!("certificates/expired-ca.crt", "certificates/ca.crt", "certificates/server.crt");

static CERTIFICATES: &[&[u8]; 1] = include_certificates!("certificates/expired-ca.crt");

fn main() {
    let local = include_trust_anchors!(crate = ta_types, "certificates/server.crt");
    println!("{} {} {}", ANCHORS.len(), CERTIFICATES.len(), local.len());
}
