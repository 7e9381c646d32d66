//! Reading DER the way BearSSL reads it: strict about structure, lenient about form, and every fault has BearSSL's number.
//!
//! The rules are those of `src/x509/asn1.t0`: lengths need not be minimal, a BOOLEAN is true when it is not zero, tags must fit one byte.

/// A number of BearSSL's `BR_ERR_X509_*` range.
pub(super) type Fault = u16;

pub(super) const TRUNCATED: Fault = 34;
pub(super) const INNER_TRUNC: Fault = 36;
pub(super) const BAD_TAG_CLASS: Fault = 37;
pub(super) const BAD_TAG_VALUE: Fault = 38;
pub(super) const INDEFINITE_LENGTH: Fault = 39;
pub(super) const EXTRA_ELEMENT: Fault = 40;
pub(super) const UNEXPECTED: Fault = 41;
pub(super) const NOT_CONSTRUCTED: Fault = 42;
pub(super) const NOT_PRIMITIVE: Fault = 43;
pub(super) const PARTIAL_BYTE: Fault = 44;
pub(super) const BAD_BOOLEAN: Fault = 45;
pub(super) const OVERFLOW: Fault = 46;

/// An element's tag: universal tags are 0 to 30, context tags 32 to 62.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) constructed: bool,
    pub(super) value: u8,
}

impl Tag {
    pub(super) const BOOLEAN: u8 = 0x01;
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const BIT_STRING: u8 = 0x03;
    pub(super) const OCTET_STRING: u8 = 0x04;
    pub(super) const OID: u8 = 0x06;
    pub(super) const SEQUENCE: u8 = 0x10;
    pub(super) const SET: u8 = 0x11;

    /// The value of the context tag `[number]`.
    pub(super) const fn context(number: u8) -> u8 {
        0x20 + number
    }

    pub(super) fn expect_constructed(self, value: u8) -> Result<(), Fault> {
        if self.value != value {
            return Err(UNEXPECTED);
        }
        self.must_be_constructed()
    }

    pub(super) fn expect_primitive(self, value: u8) -> Result<(), Fault> {
        if self.value != value {
            return Err(UNEXPECTED);
        }
        self.must_be_primitive()
    }

    pub(super) fn must_be_constructed(self) -> Result<(), Fault> {
        if self.constructed { Ok(()) } else { Err(NOT_CONSTRUCTED) }
    }

    pub(super) fn must_be_primitive(self) -> Result<(), Fault> {
        if self.constructed { Err(NOT_PRIMITIVE) } else { Ok(()) }
    }
}

/// What is left of an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        let (&first, rest) = self.rest.split_first().ok_or(INNER_TRUNC)?;
        self.rest = rest;
        Ok(first)
    }

    /// Reads a tag byte; the classes "application" and "private" and tags beyond one byte are refused.
    pub(super) fn tag(&mut self) -> Result<Tag, Fault> {
        let first = self.byte()?;
        if first & 0x40 != 0 {
            return Err(BAD_TAG_CLASS);
        }
        if first & 0x1F == 0x1F {
            return Err(BAD_TAG_VALUE);
        }
        Ok(Tag { constructed: first & 0x20 != 0, value: (first & 0x1F) + ((first & 0x80) >> 2) })
    }

    /// Reads a tag, or nothing at the end of the element.
    pub(super) fn tag_or_end(&mut self) -> Result<Option<Tag>, Fault> {
        if self.is_empty() { Ok(None) } else { self.tag().map(Some) }
    }

    fn length(&mut self) -> Result<usize, Fault> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(usize::from(first));
        }
        if first == 0x80 {
            return Err(INDEFINITE_LENGTH);
        }
        let mut length = 0_usize;
        for _ in 0..first - 0x80 {
            if length > 0x7F_FFFF {
                return Err(INNER_TRUNC);
            }
            length = (length << 8) | usize::from(self.byte()?);
        }
        Ok(length)
    }

    /// Reads a length and opens the element's contents.
    pub(super) fn open(&mut self) -> Result<Cursor<'a>, Fault> {
        let length = self.length()?;
        let (inner, rest) = self.rest.split_at_checked(length).ok_or(INNER_TRUNC)?;
        self.rest = rest;
        Ok(Cursor::new(inner))
    }

    /// Reads a SEQUENCE's tag and opens it.
    pub(super) fn sequence(&mut self) -> Result<Cursor<'a>, Fault> {
        self.tag()?.expect_constructed(Tag::SEQUENCE)?;
        self.open()
    }

    /// Reads an OBJECT IDENTIFIER and gives its contents.
    ///
    /// BearSSL holds identifiers in 255 bytes; a longer one matches nothing, so it is given as `None`.
    pub(super) fn oid(&mut self) -> Result<Option<&'a [u8]>, Fault> {
        self.tag()?.expect_primitive(Tag::OID)?;
        let contents = self.open()?.rest;
        Ok((contents.len() <= 255).then_some(contents))
    }

    /// Opens a BIT STRING that must hold whole bytes.
    pub(super) fn bit_string(&mut self) -> Result<Cursor<'a>, Fault> {
        self.tag()?.expect_primitive(Tag::BIT_STRING)?;
        let mut contents = self.open()?;
        if contents.byte()? != 0 {
            return Err(PARTIAL_BYTE);
        }
        Ok(contents)
    }

    /// Reads a BOOLEAN whose tag was read before.
    pub(super) fn boolean(&mut self, tag: Tag) -> Result<bool, Fault> {
        tag.expect_primitive(Tag::BOOLEAN)?;
        if self.length()? != 1 {
            return Err(BAD_BOOLEAN);
        }
        Ok(self.byte()? != 0)
    }

    /// Reads a small number whose tag was read before.
    ///
    /// The value is a signed 32-bit word, as in BearSSL's stack machine, where a number near 2^32 wraps to a negative one.
    pub(super) fn small_number(&mut self) -> Result<i32, Fault> {
        let mut contents = self.open()?;
        if contents.is_empty() {
            return Err(OVERFLOW);
        }
        let first = contents.byte()?;
        if first >= 0x80 {
            return Err(OVERFLOW);
        }
        let mut value = i32::from(first);
        while !contents.is_empty() {
            let next = contents.byte()?;
            if value >= 0xFF_FFFF {
                return Err(OVERFLOW);
            }
            value = value.wrapping_shl(8).wrapping_add(i32::from(next));
        }
        Ok(value)
    }

    /// Reads an unsigned INTEGER and gives it without leading zeros.
    pub(super) fn unsigned(&mut self) -> Result<&'a [u8], Fault> {
        self.tag()?.expect_primitive(Tag::INTEGER)?;
        let mut contents = self.open()?;
        let whole = contents.rest;
        if contents.byte()? >= 0x80 {
            return Err(OVERFLOW);
        }
        let zeros = whole.iter().take_while(|&&byte| byte == 0).count();
        Ok(&whole[zeros..])
    }

    /// The element must end here.
    pub(super) fn close(self) -> Result<(), Fault> {
        if self.is_empty() { Ok(()) } else { Err(EXTRA_ELEMENT) }
    }
}
