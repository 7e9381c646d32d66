//! The encoding of TLS messages and records that servers of these tests' own need, the same in TLS 1.2 and TLS 1.3.

use std::io::{self, Read};

/// RFC 8446, section 5.1, and RFC 5246, section 6.2.1: content types.
pub(crate) const ALERT: u8 = 21;
pub(crate) const HANDSHAKE: u8 = 22;
pub(crate) const APPLICATION_DATA: u8 = 23;

/// RFC 8446, section 6, and RFC 5246, section 7.2: the level of an alert, and descriptions.
pub(crate) const FATAL: u8 = 2;
pub(crate) const UNEXPECTED_MESSAGE: u8 = 10;
pub(crate) const DECRYPT_ERROR: u8 = 51;

/// A vector behind a length of `width` bytes (RFC 8446, section 3.4).
pub(crate) fn take<'a>(rest: &mut &'a [u8], width: usize) -> Option<&'a [u8]> {
    let (length, tail) = rest.split_at_checked(width)?;
    let length = length.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
    let (vector, tail) = tail.split_at_checked(length)?;
    *rest = tail;
    Some(vector)
}

pub(crate) fn take_u16(rest: &mut &[u8]) -> Option<u16> {
    let (number, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(u16::from_be_bytes(*number))
}

/// A handshake message (RFC 8446, section 4).
pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [vec![kind], vector(3, body)].concat()
}

/// What [`take`] takes.
pub(crate) fn vector(width: usize, body: &[u8]) -> Vec<u8> {
    let length = body.len().to_be_bytes();
    [&length[length.len() - width..], body].concat()
}

pub(crate) fn record_header(content: u8, length: usize) -> Vec<u8> {
    let length = u16::try_from(length).expect("a short record");
    [&[content, 3, 3][..], &length.to_be_bytes()].concat()
}

/// A record that is not encrypted, or encrypted already.
pub(crate) fn record(content: u8, payload: &[u8]) -> Vec<u8> {
    [record_header(content, payload.len()).as_slice(), payload].concat()
}

/// The content type and the payload of the next record.
pub(crate) fn read_record(stream: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut header = [0; 5];
    stream.read_exact(&mut header)?;
    let mut payload = vec![0; u16::from_be_bytes([header[3], header[4]]).into()];
    stream.read_exact(&mut payload)?;
    Ok((header[0], payload))
}
