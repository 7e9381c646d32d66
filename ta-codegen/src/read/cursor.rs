//! A cursor over DER with the tolerance and the faults of BearSSL's decoders.
//!
//! A device decodes certificates with BearSSL's `asn1.t0`, which reads more than strict DER: lengths that are not minimal, any
//! BOOLEAN other than zero as true. Reading with the same rules is what makes the output equal to `brssl ta`, and it lets each
//! refusal carry the error number that the device itself would report.

use std::fmt;
use std::ops::Range;

/// What is wrong with an encoding, with BearSSL's error number (`bearssl_x509.h`) as the discriminant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Fault {
    /// The data ends before the outermost element does.
    Truncated = 34,
    /// An element is longer than the one that holds it.
    InnerTruncated = 36,
    /// A tag of the application or private class.
    BadTagClass = 37,
    /// A tag number above 30.
    BadTagValue = 38,
    /// BER's indefinite length.
    IndefiniteLength = 39,
    /// Something follows where an element should end.
    ExtraElement = 40,
    /// Another tag than the one expected here.
    Unexpected = 41,
    /// A SEQUENCE, or another type with members, is marked primitive.
    NotConstructed = 42,
    /// An INTEGER, or another type without members, is marked constructed.
    NotPrimitive = 43,
    /// A BIT STRING that does not end on a byte boundary.
    PartialByte = 44,
    /// A BOOLEAN that is not one byte long.
    BadBoolean = 45,
    /// An INTEGER that is negative, or too large for its place.
    Overflow = 46,
    /// A date that is no date, or not in the form RFC 5280 prescribes.
    BadTime = 48,
    /// A value that BearSSL does not support.
    Unsupported = 49,
    /// A value that is larger than BearSSL's buffers.
    LimitExceeded = 50,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Truncated => f.write_str("the data ends before the certificate does"),
            Fault::InnerTruncated => f.write_str("an element reaches past the end of the one that holds it"),
            Fault::BadTagClass => f.write_str("a tag has the class application or private, which no certificate uses"),
            Fault::BadTagValue => f.write_str("a tag number is above 30, which no certificate uses"),
            Fault::IndefiniteLength => f.write_str("an element has an indefinite length, which DER forbids"),
            Fault::ExtraElement => f.write_str("there is extra data after the last expected element"),
            Fault::Unexpected => f.write_str("an element has another type than the one expected here"),
            Fault::NotConstructed => f.write_str("an element that should be constructed is marked primitive"),
            Fault::NotPrimitive => f.write_str("an element that should be primitive is marked constructed"),
            Fault::PartialByte => f.write_str("a BIT STRING does not end on a byte boundary"),
            Fault::BadBoolean => f.write_str("a BOOLEAN is not exactly one byte long"),
            Fault::Overflow => f.write_str("an INTEGER is negative, empty, or too large for its place"),
            Fault::BadTime => {
                f.write_str("a date is not valid: certificates use YYMMDDhhmmssZ or YYYYMMDDhhmmssZ (RFC 5280, section 4.1.2.5)")
            }
            Fault::Unsupported => f.write_str("it uses something that BearSSL does not support"),
            Fault::LimitExceeded => f.write_str("a value is larger than BearSSL's buffers"),
        }
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// The number BearSSL reports for this fault.
    pub fn bearssl_error(self) -> u16 {
        self as u16
    }
}

/// A fault and where it was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DerError {
    /// What is wrong.
    pub fault: Fault,
    /// The offset in the certificate's DER, from 0.
    pub offset: usize,
}

impl fmt::Display for DerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DerError { fault, offset } = self;
        write!(f, "{fault} (byte {offset})")
    }
}

impl std::error::Error for DerError {}

/// A tag as BearSSL sees it: the constructed bit apart from the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Whether the value consists of further elements.
    pub constructed: bool,
    /// 0 to 30 for universal tags, 32 to 62 for context-specific ones.
    pub number: u8,
    /// Where the tag stands in the input.
    pub offset: usize,
}

/// Numbers of the tags that certificates use.
pub mod tag {
    /// BOOLEAN.
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING.
    pub const OCTET_STRING: u8 = 0x04;
    /// OBJECT IDENTIFIER.
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    /// SEQUENCE.
    pub const SEQUENCE: u8 = 0x10;
    /// SET.
    pub const SET: u8 = 0x11;
    /// UTCTime.
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// The first of the context-specific tags: `CONTEXT + n` is `[n]`.
    pub const CONTEXT: u8 = 0x20;
}

/// The value of one element, or the whole input, being read from front to back.
///
/// `end` is where the element says that it ends. It may lie past the input: that is noticed when the missing bytes are asked for,
/// as on the device, and is [`Fault::Truncated`]; reading past `end` itself is [`Fault::InnerTruncated`].
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    input: &'a [u8],
    position: usize,
    end: usize,
}

/// The size above which BearSSL gives up on a certificate: TLS counts its length in three bytes.
const MAXIMUM_LENGTH: usize = 0xFF_FFFF;

impl<'a> Cursor<'a> {
    /// Starts at the first byte of a whole certificate.
    pub fn new(input: &'a [u8]) -> Self {
        Cursor { input, position: 0, end: MAXIMUM_LENGTH }
    }

    /// Starts inside `input`, at a range whose bytes are all there.
    pub fn within(input: &'a [u8], range: Range<usize>) -> Self {
        Cursor { input, position: range.start, end: range.end }
    }

    /// The offset of the next byte in the whole input.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Whether this element has been read to its end.
    pub fn is_at_end(&self) -> bool {
        self.position == self.end
    }

    /// Whether the whole input has been read.
    pub fn is_at_end_of_input(&self) -> bool {
        self.position >= self.input.len()
    }

    /// The bytes from `start`, an earlier position, up to here.
    pub fn range_since(&self, start: usize) -> Range<usize> {
        start..self.position
    }

    /// The bytes of a range that has been read.
    pub fn slice(&self, range: &Range<usize>) -> &'a [u8] {
        &self.input[range.clone()]
    }

    /// The error of meeting `fault` here.
    pub fn error(&self, fault: Fault) -> DerError {
        DerError { fault, offset: self.position }
    }

    /// Reads one byte.
    pub fn byte(&mut self) -> Result<u8, DerError> {
        if self.is_at_end() {
            return Err(self.error(Fault::InnerTruncated));
        }
        let byte = *self.input.get(self.position).ok_or_else(|| self.error(Fault::Truncated))?;
        self.position += 1;
        Ok(byte)
    }

    /// Reads a tag.
    pub fn tag(&mut self) -> Result<Tag, DerError> {
        let offset = self.position;
        let first = self.byte()?;
        if first & 0x40 != 0 {
            return Err(self.error(Fault::BadTagClass));
        }
        let number = first & 0x1F;
        if number == 0x1F {
            return Err(self.error(Fault::BadTagValue));
        }
        let context = if first & 0x80 != 0 { tag::CONTEXT } else { 0 };
        Ok(Tag { constructed: first & 0x20 != 0, number: number + context, offset })
    }

    /// Reads a tag, or `None` at the end of this element.
    pub fn tag_or_end(&mut self) -> Result<Option<Tag>, DerError> {
        if self.is_at_end() { Ok(None) } else { self.tag().map(Some) }
    }

    /// Reads a length and opens the value behind it.
    pub fn open(&mut self) -> Result<Cursor<'a>, DerError> {
        let length = self.length()?;
        if length > self.end - self.position {
            return Err(self.error(Fault::InnerTruncated));
        }
        let value = Cursor { input: self.input, position: self.position, end: self.position + length };
        self.position += length;
        Ok(value)
    }

    fn length(&mut self) -> Result<usize, DerError> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(usize::from(first));
        }
        if first == 0x80 {
            return Err(self.error(Fault::IndefiniteLength));
        }
        let mut length = 0usize;
        for _ in 0..first & 0x7F {
            if length > 0x7F_FFFF {
                return Err(self.error(Fault::InnerTruncated));
            }
            length = length * 256 + usize::from(self.byte()?);
        }
        Ok(length)
    }

    /// Reads a whole element of the constructed type `number` and opens its value.
    pub fn constructed(&mut self, number: u8) -> Result<Cursor<'a>, DerError> {
        let found = self.tag()?;
        found.expect_constructed(number)?;
        self.open()
    }

    /// Reads a whole element of the primitive type `number` and opens its value.
    pub fn primitive(&mut self, number: u8) -> Result<Cursor<'a>, DerError> {
        let found = self.tag()?;
        found.expect_primitive(number)?;
        self.open()
    }

    /// Opens a SEQUENCE.
    pub fn sequence(&mut self) -> Result<Cursor<'a>, DerError> {
        self.constructed(tag::SEQUENCE)
    }

    /// Opens a BIT STRING that ends on a byte boundary.
    pub fn bit_string(&mut self) -> Result<Cursor<'a>, DerError> {
        let mut value = self.primitive(tag::BIT_STRING)?;
        if value.byte()? != 0 {
            return Err(value.error(Fault::PartialByte));
        }
        Ok(value)
    }

    /// Reads an OBJECT IDENTIFIER's encoded value.
    pub fn object_identifier(&mut self) -> Result<&'a [u8], DerError> {
        self.primitive(tag::OBJECT_IDENTIFIER)?.rest()
    }

    /// Reads a BOOLEAN whose tag has been read: any value but zero is true.
    pub fn boolean(&mut self, found: Tag) -> Result<bool, DerError> {
        found.expect_primitive(tag::BOOLEAN)?;
        if self.length()? != 1 {
            return Err(self.error(Fault::BadBoolean));
        }
        Ok(self.byte()? != 0)
    }

    /// Reads an INTEGER that is not negative, as the range of its bytes without leading zeros.
    pub fn unsigned_integer(&mut self) -> Result<Range<usize>, DerError> {
        let mut value = self.primitive(tag::INTEGER)?;
        let mut byte = value.byte()?;
        if byte >= 0x80 {
            return Err(self.error(Fault::Overflow));
        }
        while byte == 0 {
            if value.is_at_end() {
                return Ok(value.end..value.end);
            }
            byte = value.byte()?;
        }
        let start = value.position - 1;
        value.skip()?;
        Ok(start..value.end)
    }

    /// Reads the value of a small INTEGER whose tag has been read.
    ///
    /// BearSSL computes with signed 32-bit words here, so that a number near 2^32 comes out negative.
    pub fn small_integer(&mut self) -> Result<i32, DerError> {
        let mut value = self.open()?;
        if value.is_at_end() {
            return Err(self.error(Fault::Overflow));
        }
        let mut number = i32::from(value.byte()?);
        if number >= 0x80 {
            return Err(self.error(Fault::Overflow));
        }
        while !value.is_at_end() {
            let byte = value.byte()?;
            if number >= 0xFF_FFFF {
                return Err(self.error(Fault::Overflow));
            }
            number = number << 8 | i32::from(byte);
        }
        Ok(number)
    }

    /// Reads everything up to the end of this element.
    pub fn rest(mut self) -> Result<&'a [u8], DerError> {
        let start = self.position;
        self.skip()?;
        Ok(&self.input[start..self.end])
    }

    /// Skips to the end of this element; the bytes must be there.
    pub fn skip(&mut self) -> Result<(), DerError> {
        if self.end > self.input.len() {
            return Err(self.error(Fault::Truncated));
        }
        self.position = self.end;
        Ok(())
    }

    /// Closes this element, of which nothing may be left.
    pub fn close(self) -> Result<(), DerError> {
        if self.is_at_end() { Ok(()) } else { Err(self.error(Fault::ExtraElement)) }
    }
}

impl Tag {
    /// Checks for a constructed element of the type `number`.
    pub fn expect_constructed(self, number: u8) -> Result<(), DerError> {
        self.expect(number, true, Fault::NotConstructed)
    }

    /// Checks for a primitive element of the type `number`.
    pub fn expect_primitive(self, number: u8) -> Result<(), DerError> {
        self.expect(number, false, Fault::NotPrimitive)
    }

    fn expect(self, number: u8, constructed: bool, otherwise: Fault) -> Result<(), DerError> {
        let fault = if self.number != number {
            Fault::Unexpected
        } else if self.constructed != constructed {
            otherwise
        } else {
            return Ok(());
        };
        Err(DerError { fault, offset: self.offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of_inner(der: &[u8]) -> Option<Fault> {
        let mut outer = Cursor::new(der).sequence().ok()?;
        outer.sequence().err().map(|error| error.fault)
    }

    #[test]
    fn an_element_ends_within_the_one_that_holds_it() {
        assert_eq!(fault_of_inner(&[0x30, 4, 0x30, 2, 5, 0]), None);
        assert_eq!(fault_of_inner(&[0x30, 4, 0x30, 3, 5, 0, 0]), Some(Fault::InnerTruncated));
        assert_eq!(fault_of_inner(&[0x30, 1, 0x30]), Some(Fault::InnerTruncated));
    }

    #[test]
    fn the_end_of_an_element_is_not_that_of_the_input() {
        let mut outer = Cursor::new(&[0x30, 2, 5, 0, 0]);
        let mut inner = outer.sequence().expect("a sequence");
        assert!(!inner.is_at_end() && !inner.is_at_end_of_input());
        inner.skip().expect("its bytes are there");
        assert!(inner.is_at_end() && !inner.is_at_end_of_input());
        outer.byte().expect("one byte more");
        assert!(outer.is_at_end_of_input());
    }

    #[test]
    fn an_indefinite_length_is_no_length() {
        let der = [&[0x30, 0x81, 0x84, 0x30, 0x80][..], &[0; 130]].concat();
        assert_eq!(fault_of_inner(&der), Some(Fault::IndefiniteLength));
    }
}
