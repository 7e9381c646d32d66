//! Between which dates all anchors hold, for firmware.
//!
//! A device without a clock can take the latest notBefore as the earliest time that it can be, and any device can tell from the
//! earliest notAfter that its trust is about to end.

use super::header::define;
use crate::anchor::TrustAnchor;
use crate::time::Validity;

/// The names of the macros that go with a table called `name`.
pub(super) fn names(name: &str) -> [String; 2] {
    [format!("{name}_LATEST_NOT_BEFORE"), format!("{name}_EARLIEST_NOT_AFTER")]
}

/// Writes both dates as macros.
pub(super) fn freshness_macros(out: &mut String, anchors: &[&TrustAnchor], name: &str) {
    let Some(Validity { not_before, not_after }) = crate::anchor::common_validity(anchors) else { return };
    let [latest, earliest] = names(name);
    for (comment, name, time) in [
        ("The first second in which all of them hold", latest, not_before),
        ("The last second in which all of them hold", earliest, not_after),
    ] {
        define(out, &format!("{comment}, since 1970: {time}."), &name, &format!("{}LL", time.unix_seconds()));
    }
}
