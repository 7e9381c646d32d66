//! Public keys as BearSSL reads them from a certificate.

use super::cursor::{Cursor, Fault, Tag};

const UNSUPPORTED: Fault = 49;
const LIMIT_EXCEEDED: Fault = 50;
const WEAK_PUBLIC_KEY: Fault = 60;

/// `BR_X509_BUFSIZE_KEY`: an RSA modulus and exponent together, or an EC point, must fit.
const LARGEST_KEY: usize = 520;

/// The bytes a server's or CA's RSA modulus must have at least: `br_x509_minimal_set_minrsa` is 128 by default, so 1017 bits.
pub(super) const SMALLEST_RSA: usize = 128;

const RSA_ENCRYPTION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const SECP256R1: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const SECP384R1: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x22];
const SECP521R1: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x23];

/// A curve BearSSL can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamedCurve {
    /// secp256r1, also called prime256v1.
    P256,
    /// secp384r1.
    P384,
    /// secp521r1.
    P521,
}

impl NamedCurve {
    /// The curve's name as certificates are described.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// The size of the curve's field in bits.
    #[must_use]
    pub fn bits(self) -> usize {
        match self {
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }
}

/// A public key, pointing into its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'a> {
    /// Modulus and exponent without leading zeros.
    Rsa {
        /// The modulus, big-endian.
        n: &'a [u8],
        /// The public exponent, big-endian.
        e: &'a [u8],
    },
    /// A point, not checked to be on the curve.
    Ec {
        /// The curve.
        curve: NamedCurve,
        /// The encoded point.
        q: &'a [u8],
    },
}

impl<'a> Key<'a> {
    /// Reads a SubjectPublicKeyInfo; an RSA modulus shorter than `smallest_rsa` bytes is refused.
    pub(super) fn read(certificate: &mut Cursor<'a>, smallest_rsa: usize) -> Result<Self, Fault> {
        let mut info = certificate.sequence()?;
        let mut algorithm = info.sequence()?;
        let key = match algorithm.oid()? {
            Some(RSA_ENCRYPTION) => read_rsa(&mut info, smallest_rsa)?,
            Some(EC_PUBLIC_KEY) => read_ec(&mut info, algorithm)?,
            _ => return Err(UNSUPPORTED),
        };
        info.close()?;
        Ok(key)
    }

    /// What people call the key, such as `RSA-2048` or `EC P-256`.
    #[must_use]
    pub fn description(&self) -> String {
        match self {
            Self::Rsa { n, .. } => format!("RSA-{}", bits(n)),
            Self::Ec { curve, .. } => format!("EC {}", curve.name()),
        }
    }

    /// The modulus or field size in bits.
    #[must_use]
    pub fn bits(&self) -> usize {
        match self {
            Self::Rsa { n, .. } => bits(n),
            Self::Ec { curve, .. } => curve.bits(),
        }
    }

    /// Whether this is an RSA key.
    #[must_use]
    pub fn is_rsa(&self) -> bool {
        matches!(self, Self::Rsa { .. })
    }
}

fn read_rsa<'a>(info: &mut Cursor<'a>, smallest: usize) -> Result<Key<'a>, Fault> {
    let mut bits = info.bit_string()?;
    let mut numbers = bits.sequence()?;
    let n = numbers.unsigned()?;
    if n.len() > LARGEST_KEY {
        return Err(LIMIT_EXCEEDED);
    }
    let e = numbers.unsigned()?;
    if n.len() + e.len() > LARGEST_KEY {
        return Err(LIMIT_EXCEEDED);
    }
    numbers.close()?;
    if n.len() < smallest {
        return Err(WEAK_PUBLIC_KEY);
    }
    bits.close()?;
    Ok(Key::Rsa { n, e })
}

/// Only named curves are read: other parameters are not an OBJECT IDENTIFIER and come out as unexpected elements.
fn read_ec<'a>(info: &mut Cursor<'a>, mut algorithm: Cursor<'a>) -> Result<Key<'a>, Fault> {
    let curve = match algorithm.oid()? {
        Some(SECP256R1) => NamedCurve::P256,
        Some(SECP384R1) => NamedCurve::P384,
        Some(SECP521R1) => NamedCurve::P521,
        _ => return Err(UNSUPPORTED),
    };
    algorithm.close()?;
    let point = info.bit_string()?;
    if point.len() > LARGEST_KEY {
        return Err(LIMIT_EXCEEDED);
    }
    Ok(Key::Ec { curve, q: point.rest() })
}

fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// An anchor as the firmware holds it.
#[derive(Debug, Clone)]
pub(super) struct Anchor<'a> {
    pub(super) subject: &'a [u8],
    pub(super) key: Key<'a>,
    pub(super) is_ca: bool,
}

impl<'a> Anchor<'a> {
    /// Makes the anchor of a certificate as `brssl ta` does (`src/x509/x509_decoder.t0`): the name, the key, and whether
    /// basicConstraints says CA. Dates, key size and all other extensions are of no account.
    pub(super) fn read(der: &'a [u8]) -> Result<Self, Fault> {
        let mut certificate = Cursor::new(der);
        let mut body = certificate.sequence()?;
        let mut content = body.sequence()?;
        skip_to_issuer(&mut content)?;
        content.sequence()?;
        content.sequence()?;
        let subject = raw_sequence(&mut content)?;
        let key = Key::read(&mut content, 0)?;
        let is_ca = says_ca(content)?;
        Ok(Self { subject, key, is_ca })
    }
}

/// Passes version, serial number and signature algorithm.
pub(super) fn skip_to_issuer(content: &mut Cursor<'_>) -> Result<(), Fault> {
    let mut tag = content.tag()?;
    if tag.value == Tag::context(0) {
        tag.must_be_constructed()?;
        let mut version = content.open()?;
        version.tag()?.expect_primitive(Tag::INTEGER)?;
        if version.small_number()? > 2 {
            return Err(UNSUPPORTED);
        }
        version.close()?;
        tag = content.tag()?;
    }
    tag.expect_primitive(Tag::INTEGER)?;
    content.open()?;
    content.sequence()?;
    Ok(())
}

/// Reads a SEQUENCE and gives it with its header: names are compared as they are encoded.
pub(super) fn raw_sequence<'a>(content: &mut Cursor<'a>) -> Result<&'a [u8], Fault> {
    let before = content.rest();
    content.sequence()?;
    Ok(&before[..before.len() - content.len()])
}

/// The CA flag of the last basicConstraints extension that has one.
fn says_ca(mut content: Cursor<'_>) -> Result<bool, Fault> {
    let mut is_ca = false;
    while let Some(tag) = content.tag_or_end()? {
        let mut element = content.open()?;
        if tag.value != Tag::context(3) {
            continue;
        }
        let mut extensions = element.sequence()?;
        while !extensions.is_empty() {
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
        Some(tag) if tag.value == Tag::BOOLEAN => constraints.boolean(tag).map(Some),
        _ => Ok(None),
    }
}

/// One certificate extension (RFC 5280, section 4.1).
pub(super) struct Extension<'a> {
    id: Option<&'a [u8]>,
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
        let id = fields.oid()?;
        let mut tag = fields.tag()?;
        let mut critical = false;
        if tag.value == Tag::BOOLEAN {
            critical = fields.boolean(tag)?;
            tag = fields.tag()?;
        }
        tag.expect_primitive(Tag::OCTET_STRING)?;
        let value = fields.open()?;
        Ok((Self { id, critical, value }, fields))
    }

    pub(super) fn is(&self, id: &[u8]) -> bool {
        self.id == Some(id)
    }

    /// Extensions BearSSL passes over even when they are critical.
    pub(super) fn is_ignored(&self) -> bool {
        const IGNORED: [&[u8]; 8] = [
            &[0x55, 0x1D, 0x23],                                 // authorityKeyIdentifier
            &[0x55, 0x1D, 0x0E],                                 // subjectKeyIdentifier
            &[0x55, 0x1D, 0x12],                                 // issuerAltName
            &[0x55, 0x1D, 0x09],                                 // subjectDirectoryAttributes
            &[0x55, 0x1D, 0x1F],                                 // crlDistributionPoints
            &[0x55, 0x1D, 0x2E],                                 // freshestCRL
            &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01], // authorityInfoAccess
            &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x0B], // subjectInfoAccess
        ];
        self.id.is_some_and(|id| IGNORED.contains(&id))
    }
}
