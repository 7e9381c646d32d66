//! Files that hold no usable trust anchor: every problem at the argument it comes from, and nothing else.

use ta_types::{TrustAnchor, include_certificates, include_trust_anchors};

static KEYS: &[TrustAnchor<'static>; 3] = include_trust_anchors!("certificates/ca.crt", "certificates/unsupported-keys.crt");
static PRIVATE_KEY: &[TrustAnchor<'static>] = include_trust_anchors!("certificates/private-key.pem");
static TRAILING: &[&[u8]; 1] = include_certificates!("certificates/trailing-bytes.crt");

fn main() {
    for anchor in include_trust_anchors!("certificates/trailing-bytes.crt", "certificates/README.md") {
        println!("{:?}", anchor.key());
    }
    println!("{} {} {}", KEYS[0].is_ca, PRIVATE_KEY.len(), TRAILING.len());
}
