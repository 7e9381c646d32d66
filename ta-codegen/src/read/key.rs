//! The public key inside a SubjectPublicKeyInfo.

use std::ops::Range;

use der::oid::ObjectIdentifier;

use super::cursor::{Cursor, DerError, Fault, tag};
use crate::anchor::{Curve, bit_length};
use crate::error::DecodeError;

/// Where the key's numbers lie in the certificate. Exactly the keys that BearSSL's decoder takes; which of them a device can use is
/// decided in [`anchor`](crate::anchor).
#[derive(Clone, Debug)]
pub(crate) enum KeyLayout {
    /// Modulus and exponent, without leading zeros.
    Rsa { n: Range<usize>, e: Range<usize> },
    /// The encoded point (SEC 1, section 2.3.3).
    Ec { curve: Curve, q: Range<usize> },
}

/// BearSSL's buffer for a public key (`BR_X509_BUFSIZE_KEY`): modulus and exponent together, or the point.
pub(crate) const KEY_BUFFER: usize = 520;

pub(crate) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(crate) const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// Reads the inside of a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
pub(crate) fn subject_public_key(mut spki: Cursor<'_>) -> Result<KeyLayout, DecodeError> {
    let mut algorithm = spki.sequence()?;
    let identifier = algorithm.object_identifier()?;
    let key = if identifier == RSA_ENCRYPTION.as_bytes() {
        algorithm.skip()?;
        rsa(&mut spki)?
    } else if identifier == EC_PUBLIC_KEY.as_bytes() {
        let curve = named_curve(&mut algorithm)?;
        algorithm.close()?;
        ec(curve, &mut spki)?
    } else {
        return Err(DecodeError::KeyType(describe(identifier, KEY_TYPES)));
    };
    spki.close()?;
    Ok(key)
}

/// RSAPublicKey (RFC 3279, section 2.3.1).
fn rsa(spki: &mut Cursor<'_>) -> Result<KeyLayout, DecodeError> {
    let mut bits = spki.bit_string()?;
    let mut numbers = bits.sequence()?;
    let n = numbers.unsigned_integer()?;
    let e = numbers.unsigned_integer()?;
    if n.len() + e.len() > KEY_BUFFER {
        return Err(DecodeError::RsaKeyTooLong { bits: bit_length(numbers.slice(&n)), exponent: e.len() });
    }
    numbers.close()?;
    bits.close()?;
    Ok(KeyLayout::Rsa { n, e })
}

/// ECPoint (RFC 5480, section 2.2).
fn ec(curve: Curve, spki: &mut Cursor<'_>) -> Result<KeyLayout, DerError> {
    let mut bits = spki.bit_string()?;
    let start = bits.position();
    bits.skip()?;
    let q = bits.range_since(start);
    if q.len() > KEY_BUFFER {
        return Err(DerError { fault: Fault::LimitExceeded, offset: start });
    }
    Ok(KeyLayout::Ec { curve, q })
}

/// Reads ECParameters, of which only namedCurve is allowed in certificates (RFC 5480, section 2.1.1).
fn named_curve(algorithm: &mut Cursor<'_>) -> Result<Curve, DecodeError> {
    let found = algorithm.tag()?;
    if found.number == tag::SEQUENCE {
        return Err(DecodeError::ExplicitCurve);
    }
    found.expect_primitive(tag::OBJECT_IDENTIFIER)?;
    let identifier = algorithm.open()?.rest()?;
    curve_of(identifier).ok_or_else(|| DecodeError::Curve(describe(identifier, CURVES)))
}

pub(crate) fn curve_of(identifier: &[u8]) -> Option<Curve> {
    let known = [(SECP256R1, Curve::P256), (SECP384R1, Curve::P384), (SECP521R1, Curve::P521)];
    known.into_iter().find_map(|(known, curve)| (known.as_bytes() == identifier).then_some(curve))
}

/// Names a curve for people, known to BearSSL or not.
#[cfg(feature = "cli")]
pub(crate) fn curve_name(identifier: &[u8]) -> String {
    curve_of(identifier).map_or_else(|| describe(identifier, CURVES), |curve| curve.to_string())
}

/// Names a key type that BearSSL does not know for people.
#[cfg(feature = "cli")]
pub(crate) fn key_type_name(identifier: &[u8]) -> String {
    describe(identifier, KEY_TYPES)
}

/// Key types that certificates hold and BearSSL does not know.
const KEY_TYPES: &[(&str, &str)] = &[
    ("1.3.101.110", "X25519"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.2.840.113549.1.1.10", "RSA restricted to PSS signatures"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.10046.2.1", "Diffie-Hellman"),
    ("1.3.132.1.12", "EC restricted to Diffie-Hellman"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
];

/// Curves that certificates name and BearSSL does not know.
const CURVES: &[(&str, &str)] = &[
    ("1.2.840.10045.3.1.1", "P-192 (secp192r1)"),
    ("1.3.132.0.33", "P-224 (secp224r1)"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.132.0.27", "sect233r1"),
    ("1.3.132.0.16", "sect283k1"),
    ("1.3.132.0.17", "sect283r1"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
];

/// Names an object identifier for people: `Ed25519 (1.3.101.112)`, or the number alone.
fn describe(identifier: &[u8], names: &[(&str, &str)]) -> String {
    let Ok(identifier) = ObjectIdentifier::from_bytes(identifier) else {
        return "an object identifier that is malformed or too long".to_owned();
    };
    let number = identifier.to_string();
    match names.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => format!("{name} ({number})"),
        None => number,
    }
}
