//! Distinguished names in words.

use std::fmt::Write;

use der::oid::ObjectIdentifier;

use crate::read::cursor::{Cursor, DerError, tag};
use crate::text::Hexadecimal;

/// The most characters of a name that are worth showing; hostile certificates have subjects of many kilobytes.
const MAXIMUM_SHOWN: usize = 300;

/// Attribute types by the short names of RFC 4514, section 3, and of OpenSSL.
const ATTRIBUTE_TYPES: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.42", "GN"),
    ("2.5.4.97", "organizationIdentifier"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];

/// Shows a DER Name as people know it, in the order of its encoding: `C=US, O=MyOrg, CN=MyCA`.
///
/// What cannot be decoded shows as `#` and hexadecimal digits. The text may hold any character: escape it for the place it goes to.
pub fn display_name(name: &[u8]) -> String {
    let mut shown = String::new();
    if relative_names(name, &mut shown).is_err() {
        shown = format!("#{}", Hexadecimal { bytes: &name[..name.len().min(MAXIMUM_SHOWN)], separator: "" });
    }
    if shown.is_empty() {
        shown.push_str("(empty name)");
    }
    if let Some((end, _)) = shown.char_indices().nth(MAXIMUM_SHOWN) {
        shown.truncate(end);
        shown.push_str("...");
    }
    shown
}

fn relative_names(name: &[u8], shown: &mut String) -> Result<(), DerError> {
    let mut names = Cursor::new(name).sequence()?;
    while !names.is_at_end() && shown.len() <= MAXIMUM_SHOWN * 4 {
        let mut attributes = names.constructed(tag::SET)?;
        let mut separator = if shown.is_empty() { "" } else { ", " };
        while !attributes.is_at_end() {
            shown.push_str(separator);
            attribute(attributes.sequence()?, shown)?;
            separator = " + ";
        }
    }
    Ok(())
}

fn attribute(mut attribute: Cursor<'_>, shown: &mut String) -> Result<(), DerError> {
    let identifier = attribute.object_identifier()?;
    let number = ObjectIdentifier::from_bytes(identifier)
        .map_or_else(|_| format!("#{}", Hexadecimal { bytes: identifier, separator: "" }), |identifier| identifier.to_string());
    let short = ATTRIBUTE_TYPES.iter().find(|(known, _)| *known == number).map(|(_, short)| *short);
    shown.push_str(short.unwrap_or(&number));
    shown.push('=');
    let string = attribute.tag()?;
    let value = attribute.open()?.rest()?;
    match decode_string(string.number, value) {
        Some(text) => shown.push_str(&text.replace('\\', "\\\\").replace(',', "\\,").replace('+', "\\+")),
        None => write!(shown, "#{}", Hexadecimal { bytes: value, separator: "" }).expect("writing to a String cannot fail"),
    }
    attribute.close()
}

/// Decodes a DirectoryString (RFC 5280, section 4.1.2.4) or an IA5String.
fn decode_string(string: u8, value: &[u8]) -> Option<String> {
    const UTF8: u8 = 12;
    const PRINTABLE: u8 = 19;
    const TELETEX: u8 = 20;
    const IA5: u8 = 22;
    const UNIVERSAL: u8 = 28;
    const BMP: u8 = 30;
    match string {
        UTF8 | PRINTABLE | IA5 => String::from_utf8(value.to_vec()).ok(),
        // In practice T61String holds Latin-1.
        TELETEX => Some(value.iter().copied().map(char::from).collect()),
        UNIVERSAL => value.chunks(4).map(|unit| char::from_u32(u32::from_be_bytes(unit.try_into().ok()?))).collect(),
        BMP => {
            let units: Option<Vec<u16>> = value.chunks(2).map(|unit| Some(u16::from_be_bytes(unit.try_into().ok()?))).collect();
            String::from_utf16(&units?).ok()
        }
        _ => None,
    }
}
