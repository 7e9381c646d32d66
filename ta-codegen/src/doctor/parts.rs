//! The parts of a certificate that the validator and the anchors have in common, read as BearSSL reads them.

use super::fault::{Fault, LIMIT_EXCEEDED, UNSUPPORTED, WEAK_PUBLIC_KEY};
use crate::cursor::{Cursor, tag};
use crate::error::DecodeError;
use crate::read::decode;
use crate::read::key::{self, KeyLayout};
use crate::{Certificate, PublicKey};
use std::ops::Range;

/// The bytes a server's or CA's RSA modulus must have at least: `br_x509_minimal_set_minrsa` is 128 by default, so 1017 bits.
const SMALLEST_RSA: usize = 128;

/// Reads a server's SubjectPublicKeyInfo in the order of `br_x509_minimal`, which decides the fault that is met first; an RSA modulus
/// shorter than `SMALLEST_RSA` is refused.
pub(super) fn read_key<'a>(certificate: &mut Cursor<'a>) -> Result<PublicKey<'a>, Fault> {
    let mut info = certificate.sequence()?;
    let mut algorithm = info.sequence()?;
    let identifier = algorithm.object_identifier()?;
    let key = if identifier == key::RSA_ENCRYPTION.as_bytes() {
        read_rsa(&mut info)?
    } else if identifier == key::EC_PUBLIC_KEY.as_bytes() {
        read_ec(&mut info, algorithm)?
    } else {
        return Err(UNSUPPORTED);
    };
    info.close()?;
    Ok(key)
}

fn read_rsa<'a>(info: &mut Cursor<'a>) -> Result<PublicKey<'a>, Fault> {
    let mut bits = info.bit_string()?;
    let mut numbers = bits.sequence()?;
    let n = unsigned(&mut numbers)?;
    if n.len() > key::KEY_BUFFER {
        return Err(LIMIT_EXCEEDED);
    }
    let e = unsigned(&mut numbers)?;
    if n.len() + e.len() > key::KEY_BUFFER {
        return Err(LIMIT_EXCEEDED);
    }
    numbers.close()?;
    if n.len() < SMALLEST_RSA {
        return Err(WEAK_PUBLIC_KEY);
    }
    bits.close()?;
    Ok(PublicKey::Rsa { n, e })
}

/// RSAPublicKey alone (RFC 8017, appendix A.1.1).
pub(super) fn rsa_key(der: &[u8]) -> Result<PublicKey<'_>, Fault> {
    let mut numbers = Cursor::within(der, 0..der.len()).sequence()?;
    Ok(PublicKey::Rsa { n: unsigned(&mut numbers)?, e: unsigned(&mut numbers)? })
}

/// Only named curves are read: other parameters are not an OBJECT IDENTIFIER and come out as unexpected elements.
fn read_ec<'a>(info: &mut Cursor<'a>, mut algorithm: Cursor<'a>) -> Result<PublicKey<'a>, Fault> {
    let curve = key::curve_of(algorithm.object_identifier()?).ok_or(UNSUPPORTED)?;
    algorithm.close()?;
    let q = info.bit_string()?.rest()?;
    if q.len() > key::KEY_BUFFER {
        return Err(LIMIT_EXCEEDED);
    }
    Ok(PublicKey::Ec { curve, q })
}

fn unsigned<'a>(numbers: &mut Cursor<'a>) -> Result<&'a [u8], Fault> {
    let start = numbers.position();
    let bytes = numbers.clone().rest()?;
    let range = numbers.unsigned_integer()?;
    Ok(&bytes[range.start - start..range.end - start])
}

/// A context-specific tag.
pub(super) const fn context(number: u8) -> u8 {
    tag::CONTEXT + number
}

/// An anchor as the firmware holds it.
#[derive(Debug, Clone)]
pub(super) struct Anchor<'a> {
    pub(super) subject: &'a [u8],
    pub(super) key: PublicKey<'a>,
    pub(super) is_ca: bool,
}

impl<'a> Anchor<'a> {
    /// Makes the anchor of a certificate as `brssl ta` does, by the generator's own decoder. A key that the generator refuses, since no
    /// device can verify with it, is taken here: the verdict is about what the device then says.
    pub(super) fn read(der: &'a [u8]) -> Result<Self, DecodeError> {
        let layout = decode(der)?;
        let slice = |range: &Range<usize>| &der[range.clone()];
        let key = match &layout.key {
            KeyLayout::Rsa { n, e } => PublicKey::Rsa { n: slice(n), e: slice(e) },
            KeyLayout::Ec { curve, q } => PublicKey::Ec { curve: *curve, q: slice(q) },
        };
        Ok(Self { subject: slice(&layout.subject), key, is_ca: layout.extensions.is_ca })
    }

    /// The anchors of those certificates that one can be made of.
    pub(super) fn of(certificates: &'a [Certificate]) -> Vec<Self> {
        certificates.iter().filter_map(|certificate| Self::read(certificate.der()).ok()).collect()
    }
}

/// Passes version, serial number and signature algorithm.
pub(super) fn skip_to_issuer(content: &mut Cursor<'_>) -> Result<(), Fault> {
    let mut found = content.tag()?;
    if found.number == context(0) {
        found.expect_constructed(found.number)?;
        let mut version = content.open()?;
        version.tag()?.expect_primitive(tag::INTEGER)?;
        if version.small_integer()? > 2 {
            return Err(UNSUPPORTED);
        }
        version.close()?;
        found = content.tag()?;
    }
    found.expect_primitive(tag::INTEGER)?;
    content.open()?;
    content.sequence()?;
    Ok(())
}

/// Reads a SEQUENCE and gives it with its header: names are compared as they are encoded.
pub(super) fn raw_sequence<'a>(content: &mut Cursor<'a>) -> Result<&'a [u8], Fault> {
    let start = content.position();
    let bytes = content.clone().rest()?;
    content.sequence()?;
    Ok(&bytes[..content.position() - start])
}

/// One certificate extension (RFC 5280, section 4.1).
pub(super) struct Extension<'a> {
    id: &'a [u8],
    pub(super) critical: bool,
    pub(super) value: Cursor<'a>,
}

pub(super) const KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x0F];
pub(super) const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1D, 0x11];
pub(super) const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1D, 0x20];

impl<'a> Extension<'a> {
    /// Reads identifier, criticality and value, and gives what follows the value: it must be nothing, but BearSSL looks at the value first.
    pub(super) fn read_with_rest(extensions: &mut Cursor<'a>) -> Result<(Self, Cursor<'a>), Fault> {
        let mut fields = extensions.sequence()?;
        let id = fields.object_identifier()?;
        let mut found = fields.tag()?;
        let mut critical = false;
        if found.number == tag::BOOLEAN {
            critical = fields.boolean(found)?;
            found = fields.tag()?;
        }
        found.expect_primitive(tag::OCTET_STRING)?;
        let value = fields.open()?;
        Ok((Self { id, critical, value }, fields))
    }

    pub(super) fn is(&self, id: &[u8]) -> bool {
        self.id == id
    }

    /// Extensions BearSSL passes over even when they are critical.
    pub(super) fn is_ignored(&self) -> bool {
        const IGNORED: [&[u8]; 8] = [
            &[0x55, 0x1D, 0x23],                               // authorityKeyIdentifier
            &[0x55, 0x1D, 0x0E],                               // subjectKeyIdentifier
            &[0x55, 0x1D, 0x12],                               // issuerAltName
            &[0x55, 0x1D, 0x09],                               // subjectDirectoryAttributes
            &[0x55, 0x1D, 0x1F],                               // crlDistributionPoints
            &[0x55, 0x1D, 0x2E],                               // freshestCRL
            &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01], // authorityInfoAccess
            &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x0B], // subjectInfoAccess
        ];
        IGNORED.contains(&self.id)
    }
}
