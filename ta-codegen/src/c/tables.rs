//! The pieces that every C output is made of, to the byte as `brssl ta` writes them.

use std::collections::{HashMap, HashSet};

use crate::anchor::{PublicKey, TrustAnchor};
use crate::describe;
use crate::names::{NameError, check_identifier};

/// `0x00, ` to `0xFF, `: six characters for each value of a byte.
static HEXADECIMAL: &str = {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    static TEXT: [u8; 6 * 256] = {
        let mut text = [0; 6 * 256];
        let mut value = 0;
        while value < 256 {
            let entry = [b'0', b'x', DIGITS[value >> 4], DIGITS[value & 15], b',', b' '];
            let mut index = 0;
            while index < 6 {
                text[6 * value + index] = entry[index];
                index += 1;
            }
            value += 1;
        }
        text
    };
    match str::from_utf8(&TEXT) {
        Ok(text) => text,
        Err(_) => panic!("the table is ASCII"),
    }
};

/// How many bytes `brssl` puts into a line.
const BYTES_IN_LINE: usize = 12;

/// Characters that an array of `length` bytes takes at the most, so that the output need not grow while it is written.
pub(super) const fn array_size(length: usize) -> usize {
    64 + 6 * length + 2 * (length / BYTES_IN_LINE + 1)
}

/// How `brssl` declares its arrays, up to the name.
pub(super) const BRSSL_ARRAY: &str = "static const unsigned char ";

/// Writes an array. `declaration` is everything before its name, such as [`BRSSL_ARRAY`].
pub(super) fn array(out: &mut String, declaration: &str, name: &str, bytes: &[u8]) {
    out.push('\n');
    out.push_str(declaration);
    out.push_str(name);
    out.push_str("[] = {");
    for (index, line) in bytes.chunks(BYTES_IN_LINE).enumerate() {
        out.push_str(if index == 0 { "\n\t" } else { ",\n\t" });
        for &byte in line {
            let start = 6 * usize::from(byte);
            out.push_str(&HEXADECIMAL[start..start + 6]);
        }
        // The last byte of a line has no comma and blank of its own.
        out.truncate(out.len() - 2);
    }
    out.push_str("\n};\n");
}

/// The arrays of an anchor in `brssl`'s order, each with what `brssl` appends to `TA0` and so on for its name.
pub(super) fn parts(anchor: &TrustAnchor) -> Vec<(&'static str, &[u8])> {
    let mut parts = vec![("_DN", anchor.subject())];
    match anchor.key() {
        PublicKey::Rsa { n, e } => parts.extend([("_RSA_N", n), ("_RSA_E", e)]),
        PublicKey::Ec { q, .. } => parts.push(("_EC_Q", q)),
    }
    parts
}

/// Writes the arrays of all anchors, equal ones once, under a comment for each anchor. Gives the names of each anchor's [`parts`].
///
/// An anchor's arrays are named by its label, or by `prefix` and its number.
pub(super) fn shared_arrays(
    out: &mut String,
    anchors: &[&TrustAnchor],
    declaration: &str,
    prefix: &str,
) -> Result<Vec<Vec<String>>, NameError> {
    let mut names_of_arrays: HashMap<&[u8], String> = HashMap::new();
    let mut stems = HashSet::with_capacity(anchors.len());
    let mut names = Vec::with_capacity(anchors.len());
    for (index, anchor) in anchors.iter().enumerate() {
        let stem = anchor.label().map_or_else(|| format!("{prefix}{index}"), str::to_owned);
        check_identifier(&stem)?;
        comment(out, &stem, anchor);
        let name_of = |(suffix, bytes)| {
            let name = names_of_arrays.entry(bytes).or_insert_with(|| {
                let name = format!("{stem}{suffix}");
                array(out, declaration, &name, bytes);
                name
            });
            name.clone()
        };
        names.push(parts(anchor).into_iter().map(name_of).collect());
        if let Some(repeated) = stems.replace(stem) {
            return Err(NameError::Repeated(repeated));
        }
    }
    Ok(names)
}

/// Characters that [`shared_arrays`] takes at the most, for names of usual length.
pub(super) fn arrays_size(anchors: &[&TrustAnchor]) -> usize {
    let size = |anchor: &&TrustAnchor| 512 + parts(anchor).iter().map(|(_, bytes)| array_size(bytes.len())).sum::<usize>();
    anchors.iter().map(size).sum()
}

/// Says what an anchor is, above its arrays.
fn comment(out: &mut String, stem: &str, anchor: &TrustAnchor) {
    let [subject, sha256, validity, key] = describe::lines(anchor);
    for piece in ["\n/* ", stem, "\n * ", &subject, "\n * ", &sha256, "\n * ", &validity, "\n * ", &key, "\n */\n"] {
        out.push_str(piece);
    }
}

/// Characters that a row takes at the most, for names of usual length.
pub(super) const ROW_SIZE: usize = 384;

/// Writes the rows of a table, without what stands around them. `names` are those of each anchor's [`parts`].
pub(super) fn rows<'a>(out: &mut String, anchors: impl Iterator<Item = (&'a TrustAnchor, Vec<String>)>) {
    for (index, (anchor, names)) in anchors.enumerate() {
        out.push_str(if index == 0 { "\t{\n" } else { ",\n\t{\n" });
        row(out, anchor, &names);
        out.push_str("\t}");
    }
}

fn row(out: &mut String, anchor: &TrustAnchor, names: &[String]) {
    let mut reference = |indent: &str, name: &str, end: &str| {
        for piece in [indent, "(unsigned char *)", name, ", sizeof ", name, end] {
            out.push_str(piece);
        }
    };
    reference("\t\t{ ", &names[0], " },\n");
    let flags = if anchor.is_ca() { "BR_X509_TA_CA" } else { "0" };
    match anchor.key() {
        PublicKey::Rsa { .. } => {
            reference(&["\t\t", flags, RSA_OPENING].concat(), &names[1], ",\n");
            reference("\t\t\t\t", &names[2], ",\n");
        }
        PublicKey::Ec { curve, .. } => {
            reference(&["\t\t", flags, EC_OPENING, curve.bearssl_name(), ",\n\t\t\t\t"].concat(), &names[1], ",\n");
        }
    }
    out.push_str("\t\t\t} }\n\t\t}\n");
}

const RSA_OPENING: &str = ",\n\t\t{\n\t\t\tBR_KEYTYPE_RSA,\n\t\t\t{ .rsa = {\n\t\t\t\t";
const EC_OPENING: &str = ",\n\t\t{\n\t\t\tBR_KEYTYPE_EC,\n\t\t\t{ .ec = {\n\t\t\t\t";
