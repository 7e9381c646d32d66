//! Text in certificates as BearSSL decodes it, and its rules for matching a server name.
//!
//! Each decoder gives the text as UTF-8 bytes, or `None` where BearSSL cannot use it: more than 255 bytes, U+0000, surrogates or
//! noncharacters. A text that cannot be used matches nothing, but is no error.

use super::fault::Fault;
use crate::cursor::Cursor;

/// BearSSL's working buffer: one length byte and 255 bytes of text.
const LONGEST: usize = 255;

/// Reads an attribute value of a distinguished name.
pub(super) fn attribute_value(element: &mut Cursor<'_>) -> Result<Option<Vec<u8>>, Fault> {
    let tag = element.tag()?;
    match tag.number {
        // UTF8String
        12 => {
            tag.expect_primitive(tag.number)?;
            utf8(element)
        }
        // NumericString, PrintableString, TeletexString, IA5String: all read as Latin-1.
        18 | 19 | 20 | 22 => {
            tag.expect_primitive(tag.number)?;
            latin1(element)
        }
        // BMPString
        30 => {
            tag.expect_primitive(tag.number)?;
            utf16(element)
        }
        _ => {
            element.open()?;
            Ok(None)
        }
    }
}

/// Reads UTF-8 text whose tag was read before (also dNSName, which RFC 5280 says is IA5String).
pub(super) fn utf8(element: &mut Cursor<'_>) -> Result<Option<Vec<u8>>, Fault> {
    let mut bytes = element.open()?.rest()?;
    let mut text = Text::default();
    while !bytes.is_empty() {
        let Some(code) = utf8_code_point(&mut bytes) else { return Ok(None) };
        text.push(code);
    }
    Ok(text.finish())
}

/// Takes one code point off the front; `None` for malformed or overlong sequences and for U+0000.
///
/// Surrogates pass here and are refused when the text is put together, with the same result.
fn utf8_code_point(bytes: &mut &[u8]) -> Option<u32> {
    let (&first, mut rest) = bytes.split_first()?;
    let (mut code, more, least) = match first {
        0 | 0x80..=0xBF | 0xF8.. => return None,
        0x01..=0x7F => (u32::from(first), 0, 0),
        0xC0..=0xDF => (u32::from(first & 0x1F), 1, 0x80),
        0xE0..=0xEF => (u32::from(first & 0x0F), 2, 0x800),
        0xF0..=0xF7 => (u32::from(first & 0x07), 3, 0x1_0000),
    };
    for _ in 0..more {
        let (&next, tail) = rest.split_first()?;
        if next >> 6 != 2 {
            return None;
        }
        code = code << 6 | u32::from(next & 0x3F);
        rest = tail;
    }
    *bytes = rest;
    (code >= least && code <= 0x10_FFFF).then_some(code)
}

fn latin1(element: &mut Cursor<'_>) -> Result<Option<Vec<u8>>, Fault> {
    let mut text = Text::default();
    for &byte in element.open()?.rest()? {
        if byte == 0 {
            return Ok(None);
        }
        text.push(u32::from(byte));
    }
    Ok(text.finish())
}

fn utf16(element: &mut Cursor<'_>) -> Result<Option<Vec<u8>>, Fault> {
    let mut contents = element.open()?;
    let mut text = Text::default();
    let mut big_endian = true;
    let mut at_start = true;
    while !contents.is_at_end() {
        let Some(code) = utf16_code_point(&mut contents, big_endian)? else { return Ok(None) };
        if at_start && code == 0xFFFE {
            big_endian = false;
        } else {
            text.push(code);
        }
        at_start = false;
    }
    Ok(text.finish())
}

/// A text of odd length runs into the end of its element, which BearSSL reports as a fault of the whole certificate.
fn utf16_code_point(contents: &mut Cursor<'_>, big_endian: bool) -> Result<Option<u32>, Fault> {
    let high = utf16_unit(contents, big_endian)?;
    match high {
        0 | 0xDC00..=0xDFFF => Ok(None),
        0xD800..=0xDBFF if contents.is_at_end() => Ok(None),
        0xD800..=0xDBFF => {
            let low = utf16_unit(contents, big_endian)?;
            Ok((0xDC00..=0xDFFF).contains(&low).then(|| 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)))
        }
        _ => Ok(Some(high)),
    }
}

fn utf16_unit(contents: &mut Cursor<'_>, big_endian: bool) -> Result<u32, Fault> {
    let pair = [contents.byte()?, contents.byte()?];
    Ok(u32::from(if big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }))
}

/// Text being put together in a buffer of limited size.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    unusable: bool,
}

impl Text {
    fn push(&mut self, code: u32) {
        let byte_order_mark = self.bytes.is_empty() && code == 0xFEFF;
        if byte_order_mark || self.unusable {
            return;
        }
        match usable(code) {
            Some(character) if self.bytes.len() + character.len_utf8() <= LONGEST => {
                self.bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => self.unusable = true,
        }
    }

    fn finish(self) -> Option<Vec<u8>> {
        (!self.unusable).then_some(self.bytes)
    }
}

/// BearSSL means to refuse the noncharacters U+FDD0 to U+FDEF; its range reaches to U+FEDF.
fn usable(code: u32) -> Option<char> {
    let noncharacter = (0xFDD0..=0xFEDF).contains(&code) || code & 0xFFFF >= 0xFFFE;
    if noncharacter { None } else { char::from_u32(code) }
}

/// Whether a name of a certificate is the server's: equal but for ASCII case, or `*.` in place of the first label.
pub(super) fn matches(name: &[u8], server: &str) -> bool {
    if name.eq_ignore_ascii_case(server.as_bytes()) {
        return true;
    }
    let (Some(pattern), Some((_, parent))) = (name.strip_prefix(b"*."), server.split_once('.')) else { return false };
    pattern.eq_ignore_ascii_case(parent.as_bytes())
}
