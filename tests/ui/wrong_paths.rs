//! Paths that lead to no file.

use ta_types::{TrustAnchor, include_trust_anchors};

static ABSOLUTE: &[TrustAnchor<'static>] = include_trust_anchors!("/no/such/ca.crt");
static DIRECTORY: &[TrustAnchor<'static>] = include_trust_anchors!("certificates");
static VARIABLE: &[TrustAnchor<'static>] = include_trust_anchors!(concat!(env!("NO_SUCH_VARIABLE"), "/ca.crt"));

fn main() {
    println!("{} {} {}", ABSOLUTE.len(), DIRECTORY.len(), VARIABLE.len());
}
