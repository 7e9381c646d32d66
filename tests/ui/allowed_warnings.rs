//! `#[allow(deprecated)]` silences the warnings.

#![deny(deprecated)]

use ta_types::{TrustAnchor, include_trust_anchors};

#[allow(deprecated)]
static EXPIRED: &[TrustAnchor<'static>; 1] = include_trust_anchors!("certificates/expired-ca.crt");

fn main() {
    #[allow(deprecated)]
    let server = include_trust_anchors!("certificates/server.crt");
    assert_eq!((EXPIRED.len(), server.len()), (1, 1));
}
