//! Whether a private key belongs to a certificate. Only the public part is ever looked at, and nothing of it is printed.

use crate::PublicKey;
use crate::cursor::{Cursor, DerError, tag};
use crate::doctor::parts::context;

/// What a private key file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// The key belongs to the certificate.
    Same,
    /// It does not.
    Different,
    /// It cannot be told: the key is of a kind that is not read here.
    Unknown,
}

/// Compares the first private key of a PEM file with a certificate's key.
pub(super) fn compare(pem_file: &[u8], public: &PublicKey<'_>) -> Match {
    let Ok(blocks) = pem::parse_many(pem_file) else { return Match::Unknown };
    let key = blocks.iter().find(|block| block.tag().ends_with("PRIVATE KEY"));
    let answer = key.and_then(|block| match block.tag() {
        "RSA PRIVATE KEY" => rsa_matches(block.contents(), public).ok(),
        "EC PRIVATE KEY" => ec_matches(block.contents(), public).ok().flatten(),
        "PRIVATE KEY" => pkcs8_matches(block.contents(), public).ok().flatten(),
        _ => None,
    });
    answer.map_or(Match::Unknown, |same| if same { Match::Same } else { Match::Different })
}

/// RSAPrivateKey (RFC 8017, appendix A.1.2): version, modulus, public exponent, and the secrets.
fn rsa_matches(der: &[u8], public: &PublicKey<'_>) -> Result<bool, DerError> {
    let mut key = Cursor::within(der, 0..der.len()).sequence()?;
    key.unsigned_integer()?;
    let modulus = key.unsigned_integer()?;
    Ok(matches!(public, PublicKey::Rsa { n, .. } if der[modulus] == **n))
}

/// ECPrivateKey (RFC 5915): the public key is optional, but openssl always writes it.
fn ec_matches(der: &[u8], public: &PublicKey<'_>) -> Result<Option<bool>, DerError> {
    let mut key = Cursor::within(der, 0..der.len()).sequence()?;
    key.unsigned_integer()?;
    key.primitive(tag::OCTET_STRING)?;
    while let Some(found) = key.tag_or_end()? {
        let mut value = key.open()?;
        if found.number == context(1) {
            let point = value.bit_string()?.rest()?;
            return Ok(Some(matches!(public, PublicKey::Ec { q, .. } if *q == point)));
        }
    }
    Ok(None)
}

/// PrivateKeyInfo (RFC 5208): one of the above in an OCTET STRING.
fn pkcs8_matches(der: &[u8], public: &PublicKey<'_>) -> Result<Option<bool>, DerError> {
    let mut info = Cursor::within(der, 0..der.len()).sequence()?;
    info.unsigned_integer()?;
    let mut algorithm = info.sequence()?;
    let is_rsa = algorithm.object_identifier()? == crate::read::key::RSA_ENCRYPTION.as_bytes();
    let key = info.primitive(tag::OCTET_STRING)?.rest()?;
    if is_rsa { rsa_matches(key, public).map(Some) } else { ec_matches(key, public) }
}
