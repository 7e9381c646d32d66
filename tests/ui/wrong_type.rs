//! The macro's value has the type that its documentation says.

use ta_types::{TrustAnchor, include_trust_anchors};

static ONE: &[TrustAnchor<'static>; 2] = include_trust_anchors!("certificates/ca.crt");

fn main() {
    println!("{}", ONE.len());
}
