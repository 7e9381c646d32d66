//! The table of what was chosen.

use std::fmt::Write;

use ta_codegen::inspect::AnchorSize;
use ta_codegen::select::Selected;
use ta_codegen::{Escaped, TrustAnchor, display_name};

/// A line for each certificate, with the bytes it takes in flash or the reason why it was left out, and the sum.
pub(super) fn table(selected: &Selected) -> String {
    let mut table = String::new();
    let mut line = |state: &str, anchor: &TrustAnchor| {
        let subject = display_name(anchor.subject());
        writeln!(table, "{state:<12} {}  ({})", Escaped(&subject), anchor.origin()).expect("writing to a String cannot fail");
    };
    for anchor in &selected.taken {
        line(&format!("{:>5} bytes", AnchorSize::of(anchor).total()), anchor);
    }
    for (anchor, reason) in &selected.left {
        line(&format!("left out, {reason}:"), anchor);
    }
    let total: usize = selected.taken.iter().map(|anchor| AnchorSize::of(anchor).total()).sum();
    let of = selected.taken.len() + selected.left.len();
    table + &format!("{} of {of} certificates taken, {total} bytes", selected.taken.len())
}
