//! The pieces that every C output is made of, to the byte as `brssl ta` writes them.

use crate::anchor::{PublicKey, TrustAnchor};

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

/// Writes an array. `qualifiers` stands between the element type and the name: nothing, or `PROGMEM `.
pub(super) fn array(out: &mut String, qualifiers: &str, name: &str, bytes: &[u8]) {
    out.push_str("\nstatic const unsigned char ");
    out.push_str(qualifiers);
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
