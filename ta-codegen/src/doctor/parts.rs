//! The parts of a certificate that the validator and the anchors have in common, read as BearSSL reads them.

use super::fault::{Fault, LIMIT_EXCEEDED, UNSUPPORTED, WEAK_PUBLIC_KEY};
use crate::cursor::{Cursor, tag};
use crate::{Curve, PublicKey};

/// `BR_X509_BUFSIZE_KEY`: an RSA modulus and exponent together, or an EC point, must fit.
const LARGEST_KEY: usize = 520;

/// The bytes a server's or CA's RSA modulus must have at least: `br_x509_minimal_set_minrsa` is 128 by default, so 1017 bits.
pub(super) const SMALLEST_RSA: usize = 128;

pub(super) const RSA_ENCRYPTION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const SECP256R1: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const SECP384R1: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x22];
const SECP521R1: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x23];

/// Reads a SubjectPublicKeyInfo; an RSA modulus shorter than `smallest_rsa` bytes is refused.
pub(super) fn read_key<'a>(certificate: &mut Cursor<'a>, smallest_rsa: usize) -> Result<PublicKey<'a>, Fault> {
    let mut info = certificate.sequence()?;
    let mut algorithm = info.sequence()?;
    let key = match algorithm.object_identifier()? {
        RSA_ENCRYPTION => read_rsa(&mut info, smallest_rsa)?,
        EC_PUBLIC_KEY => read_ec(&mut info, algorithm)?,
        _ => return Err(UNSUPPORTED),
    };
    info.close()?;
    Ok(key)
}

fn read_rsa<'a>(info: &mut Cursor<'a>, smallest: usize) -> Result<PublicKey<'a>, Fault> {
    let mut bits = info.bit_string()?;
    let mut numbers = bits.sequence()?;
    let n = unsigned(&mut numbers)?;
    if n.len() > LARGEST_KEY {
        return Err(LIMIT_EXCEEDED);
    }
    let e = unsigned(&mut numbers)?;
    if n.len() + e.len() > LARGEST_KEY {
        return Err(LIMIT_EXCEEDED);
    }
    numbers.close()?;
    if n.len() < smallest {
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
    let curve = match algorithm.object_identifier()? {
        SECP256R1 => Curve::P256,
        SECP384R1 => Curve::P384,
        SECP521R1 => Curve::P521,
        _ => return Err(UNSUPPORTED),
    };
    algorithm.close()?;
    let q = info.bit_string()?.rest()?;
    if q.len() > LARGEST_KEY {
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
    /// Makes the anchor of a certificate as `brssl ta` does (`src/x509/x509_decoder.t0`): the name, the key, and whether
    /// basicConstraints says CA. Dates, key size and all other extensions are of no account.
    pub(super) fn read(der: &'a [u8]) -> Result<Self, Fault> {
        let mut certificate = Cursor::within(der, 0..der.len());
        let mut body = certificate.sequence()?;
        let mut content = body.sequence()?;
        skip_to_issuer(&mut content)?;
        content.sequence()?;
        content.sequence()?;
        let subject = raw_sequence(&mut content)?;
        let key = read_key(&mut content, 0)?;
        let is_ca = says_ca(content)?;
        Ok(Self { subject, key, is_ca })
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

/// The CA flag of the last basicConstraints extension that has one.
fn says_ca(mut content: Cursor<'_>) -> Result<bool, Fault> {
    let mut is_ca = false;
    while let Some(found) = content.tag_or_end()? {
        let mut element = content.open()?;
        if found.number != context(3) {
            continue;
        }
        let mut extensions = element.sequence()?;
        while !extensions.is_at_end() {
            let extension = Extension::read(&mut extensions)?;
            if extension.is(BASIC_CONSTRAINTS) {
                is_ca = basic_constraints_ca(extension.value)?.unwrap_or(is_ca);
            }
        }
    }
    Ok(is_ca)
}

fn basic_constraints_ca(mut value: Cursor<'_>) -> Result<Option<bool>, Fault> {
    let mut constraints = value.sequence()?;
    match constraints.tag_or_end()? {
        Some(found) if found.number == tag::BOOLEAN => Ok(Some(constraints.boolean(found)?)),
        _ => Ok(None),
    }
}

/// One certificate extension (RFC 5280, section 4.1).
pub(super) struct Extension<'a> {
    id: &'a [u8],
    pub(super) critical: bool,
    pub(super) value: Cursor<'a>,
}

pub(super) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 0x13];
pub(super) const KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x0F];
pub(super) const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1D, 0x11];
pub(super) const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1D, 0x20];

impl<'a> Extension<'a> {
    /// Reads identifier, criticality and value, whatever follows.
    pub(super) fn read(extensions: &mut Cursor<'a>) -> Result<Self, Fault> {
        let (extension, _) = Self::read_with_rest(extensions)?;
        Ok(extension)
    }

    /// Like `read`, and gives what follows the value: it must be nothing, but BearSSL looks at the value first.
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
