//! A certificate's parts, found with the rules of BearSSL's X.509 decoder (`x509_decoder.t0`).

use std::ops::{Range, RangeInclusive};

use super::cursor::{Cursor, DerError, Fault, Tag, tag};
use super::key::{KeyLayout, subject_public_key};
use crate::error::DecodeError;
use crate::time::{Time, Validity};

/// Where a certificate's parts lie in its DER (RFC 5280, section 4.1).
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// The content of the serial number's INTEGER.
    pub(crate) serial: Range<usize>,
    /// The issuer's whole Name.
    pub(crate) issuer: Range<usize>,
    pub(crate) validity: Validity,
    /// The subject's whole Name.
    pub(crate) subject: Range<usize>,
    /// The whole SubjectPublicKeyInfo.
    pub(crate) spki: Range<usize>,
    pub(crate) key: KeyLayout,
    pub(crate) extensions: Extensions,
}

/// What a trust anchor takes from the extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extensions {
    /// basicConstraints' cA, false where it is absent; of several, the last one that says something.
    pub(crate) is_ca: bool,
    /// The whole NameConstraints value.
    pub(crate) name_constraints: Option<Range<usize>>,
}

/// 2.5.29.19
pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 0x13];
/// 2.5.29.30
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 0x1E];

/// Finds the parts of the certificate that `der` begins with, and where it ends.
pub(crate) fn layout(der: &[u8]) -> Result<(Layout, usize), DecodeError> {
    let mut input = Cursor::new(der);
    let mut outer = input.sequence()?;
    let mut tbs = outer.sequence()?;

    let first = version(&mut tbs)?;
    first.expect_primitive(tag::INTEGER)?;
    let serial = content(&mut tbs)?;
    tbs.sequence()?.skip()?;
    let issuer = name(&mut tbs)?;
    let validity = validity(tbs.sequence()?)?;
    let subject = name(&mut tbs)?;
    let start = tbs.position();
    let key = subject_public_key(tbs.sequence()?)?;
    let spki = tbs.range_since(start);
    let extensions = after_key(tbs)?;

    signature(&mut outer)?;
    let end = outer.position();
    outer.close()?;
    Ok((Layout { serial, issuer, validity, subject, spki, key, extensions }, end))
}

/// Reads the explicit version, where there is one, and gives the tag behind it.
fn version(tbs: &mut Cursor<'_>) -> Result<Tag, DecodeError> {
    let first = tbs.tag()?;
    if first.number != tag::CONTEXT {
        return Ok(first);
    }
    first.expect_constructed(tag::CONTEXT)?;
    let mut explicit = tbs.open()?;
    explicit.tag()?.expect_primitive(tag::INTEGER)?;
    let version = explicit.small_integer()?;
    if version > 2 {
        return Err(DecodeError::Version(version.unsigned_abs().saturating_add(1)));
    }
    explicit.close()?;
    Ok(tbs.tag()?)
}

/// Skips a value whose tag has been read, and gives its range.
fn content(cursor: &mut Cursor<'_>) -> Result<Range<usize>, DerError> {
    let mut value = cursor.open()?;
    let start = value.position();
    value.skip()?;
    Ok(value.range_since(start))
}

/// Skips a Name, and gives its range with the SEQUENCE's header.
fn name(tbs: &mut Cursor<'_>) -> Result<Range<usize>, DerError> {
    let start = tbs.position();
    tbs.sequence()?.skip()?;
    Ok(tbs.range_since(start))
}

fn validity(mut sequence: Cursor<'_>) -> Result<Validity, DerError> {
    let not_before = date(&mut sequence)?;
    let not_after = date(&mut sequence)?;
    sequence.close()?;
    Ok(Validity { not_before, not_after })
}

/// Reads a UTCTime or a GeneralizedTime. Fractions of a second are read and ignored in both.
pub(crate) fn date(sequence: &mut Cursor<'_>) -> Result<Time, DerError> {
    let found = sequence.tag()?;
    let bad_time = DerError { fault: Fault::BadTime, offset: found.offset };
    let four_digit_year = match found.number {
        tag::UTC_TIME => false,
        tag::GENERALIZED_TIME => true,
        _ => return Err(bad_time),
    };
    found.expect_primitive(found.number)?;
    let mut text = sequence.open()?;
    // A date that ends early has its Z where a digit should be, and BearSSL says so before it misses the next byte.
    let mut digit = || -> Result<u8, DerError> {
        let byte = text.byte()?;
        if byte.is_ascii_digit() { Ok(byte - b'0') } else { Err(bad_time) }
    };
    let mut pair = || -> Result<u8, DerError> { Ok(digit()? * 10 + digit()?) };
    let year = match u16::from(pair()?) {
        century if four_digit_year => century * 100 + u16::from(pair()?),
        // RFC 5280, section 4.1.2.5.1: 50 to 99 are in the twentieth century.
        short if short < 50 => 2000 + short,
        short => 1900 + short,
    };
    let mut number =
        |range: RangeInclusive<u8>| pair().and_then(|pair| if range.contains(&pair) { Ok(pair) } else { Err(bad_time) });
    let (month, day) = (number(1..=12)?, number(1..=31)?);
    let time = Time::new(year, month, day, number(0..=23)?, number(0..=59)?, number(0..=60)?).ok_or(bad_time)?;
    let mut byte = text.byte()?;
    if byte == b'.' {
        byte = text.byte()?;
        while byte.is_ascii_digit() {
            byte = text.byte()?;
        }
    }
    if byte != b'Z' {
        return Err(bad_time);
    }
    text.close()?;
    Ok(time)
}

/// Reads what may follow the key: two unique identifiers, which nobody uses, and the extensions.
fn after_key(mut tbs: Cursor<'_>) -> Result<Extensions, DerError> {
    let mut extensions = Extensions::default();
    let mut found = tbs.tag_or_end()?;
    for unique_identifier in [tag::CONTEXT + 1, tag::CONTEXT + 2] {
        if found.is_some_and(|found| found.number == unique_identifier) {
            tbs.open()?.skip()?;
            found = tbs.tag_or_end()?;
        }
    }
    if let Some(found) = found {
        found.expect_constructed(tag::CONTEXT + 3)?;
        let mut explicit = tbs.open()?;
        let mut list = explicit.sequence()?;
        while !list.is_at_end() {
            extension(list.sequence()?, &mut extensions)?;
        }
        explicit.close()?;
        tbs.close()?;
    }
    Ok(extensions)
}

fn extension(mut extension: Cursor<'_>, found: &mut Extensions) -> Result<(), DerError> {
    let identifier = extension.object_identifier()?;
    let mut next = extension.tag()?;
    if next.number == tag::BOOLEAN {
        extension.boolean(next)?;
        next = extension.tag()?;
    }
    next.expect_primitive(tag::OCTET_STRING)?;
    let mut value = extension.open()?;
    let start = value.position();
    if identifier == BASIC_CONSTRAINTS {
        if let Some(is_ca) = basic_constraints(&mut value)? {
            found.is_ca = is_ca;
        }
    } else if identifier == NAME_CONSTRAINTS {
        // BearSSL does not look into them. For rustls they limit what is trusted, so they must not be left out or misread.
        value.sequence()?.skip()?;
        found.name_constraints = Some(value.range_since(start));
    } else {
        value.skip()?;
    }
    value.close()?;
    extension.close()
}

/// Reads cA, which is `None` where it is left out; the path length is of no use to an anchor.
fn basic_constraints(value: &mut Cursor<'_>) -> Result<Option<bool>, DerError> {
    let mut sequence = value.sequence()?;
    let is_ca = match sequence.tag_or_end()? {
        Some(found) if found.number == tag::BOOLEAN => Some(sequence.boolean(found)?),
        _ => None,
    };
    sequence.skip()?;
    Ok(is_ca)
}

/// Reads the signature's algorithm and value. Nobody verifies an anchor's signature: it is trusted as it is.
fn signature(outer: &mut Cursor<'_>) -> Result<(), DerError> {
    let mut algorithm = outer.sequence()?;
    algorithm.object_identifier()?;
    algorithm.skip()?;
    outer.bit_string()?.skip()
}
