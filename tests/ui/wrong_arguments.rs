//! Arguments that are not paths.

use ta_types::{TrustAnchor, include_trust_anchors};

static NOTHING: &[TrustAnchor<'static>] = include_trust_anchors!();
static NUMBER: &[TrustAnchor<'static>] = include_trust_anchors!(1);
static BYTES: &[TrustAnchor<'static>] = include_trust_anchors!(b"certificates/ca.crt");
static NO_COMMA: &[TrustAnchor<'static>] = include_trust_anchors!("certificates/ca.crt" "certificates/ca.crt");
static NO_CRATE: &[TrustAnchor<'static>] = include_trust_anchors!(crate = "certificates/ca.crt");
static OTHER_OPTION: &[TrustAnchor<'static>] = include_trust_anchors!(path = "certificates/ca.crt");
static OTHER_MACRO: &[TrustAnchor<'static>] = include_trust_anchors!(format!("certificates/ca.crt"));

fn main() {
    println!("{} {} {}", NOTHING.len(), NUMBER.len(), BYTES.len());
    println!("{} {} {} {}", NO_COMMA.len(), NO_CRATE.len(), OTHER_OPTION.len(), OTHER_MACRO.len());
}
