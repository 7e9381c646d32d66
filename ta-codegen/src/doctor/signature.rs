//! Signatures along a chain, verified for real, with BearSSL's limits.
//!
//! RSA goes through `num-bigint`: BearSSL's own limits on modulus and exponent differ from those of the RSA crates, and a public
//! operation has no secret to keep. ECDSA goes through the RustCrypto curves.

use super::fault::{BAD_SIGNATURE, Fault, UNSUPPORTED, WRONG_KEY_TYPE};
use super::parts::rsa_key;
use crate::cursor::Cursor;
use crate::{Curve, PublicKey};
use num_bigint::BigUint;
use sha2::Digest as _;

/// A hash function BearSSL can verify certificate signatures with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The hash function's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// Bits of security, as OpenSSL's security levels count them.
    pub(super) fn security_bits(self) -> u32 {
        match self {
            Self::Sha1 => 63,
            Self::Sha224 => 112,
            Self::Sha256 => 128,
            Self::Sha384 => 192,
            Self::Sha512 => 256,
        }
    }

    fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => sha1::Sha1::digest(data).to_vec(),
            Self::Sha224 => sha2::Sha224::digest(data).to_vec(),
            Self::Sha256 => sha2::Sha256::digest(data).to_vec(),
            Self::Sha384 => sha2::Sha384::digest(data).to_vec(),
            Self::Sha512 => sha2::Sha512::digest(data).to_vec(),
        }
    }

    /// The hash function's identifier, as in a PKCS#1 DigestInfo.
    fn oid(self) -> &'static [u8] {
        match self {
            Self::Sha1 => &[0x2B, 0x0E, 0x03, 0x02, 0x1A],
            Self::Sha224 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04],
            Self::Sha256 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
            Self::Sha384 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
            Self::Sha512 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
        }
    }
}

/// A signature algorithm: the kind of key that signs, and the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) rsa: bool,
    pub(super) hash: Hash,
}

impl Algorithm {
    /// The algorithm of an OBJECT IDENTIFIER, if it is one BearSSL knows (MD5 and RSA-PSS are not).
    pub(super) fn from_oid(oid: &[u8]) -> Option<Self> {
        const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01];
        const ECDSA: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04];
        let (rsa, hash) = match (oid.strip_prefix(RSA), oid.strip_prefix(ECDSA)) {
            (Some([5]), _) => (true, Hash::Sha1),
            (Some([14]), _) => (true, Hash::Sha224),
            (Some([11]), _) => (true, Hash::Sha256),
            (Some([12]), _) => (true, Hash::Sha384),
            (Some([13]), _) => (true, Hash::Sha512),
            (_, Some([1])) => (false, Hash::Sha1),
            (_, Some([3, 1])) => (false, Hash::Sha224),
            (_, Some([3, 2])) => (false, Hash::Sha256),
            (_, Some([3, 3])) => (false, Hash::Sha384),
            (_, Some([3, 4])) => (false, Hash::Sha512),
            _ => return None,
        };
        Some(Self { rsa, hash })
    }
}

/// Whether a key is an RSA key.
pub(super) fn is_rsa(key: &PublicKey<'_>) -> bool {
    matches!(key, PublicKey::Rsa { .. })
}

/// What a validator can verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// The hash functions that are built in.
    pub hashes: &'static [Hash],
    /// The curves ECDSA can be verified on; `None` when ECDSA is off.
    pub ecdsa: Option<&'static [Curve]>,
    /// `BR_MAX_RSA_SIZE`, in bits.
    pub largest_rsa: usize,
}

/// A certificate's signature, with the digest of what it signs.
pub(super) struct Signed<'a> {
    pub(super) algorithm: Algorithm,
    digest: Vec<u8>,
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    pub(super) fn new(algorithm: Algorithm, content: &[u8], signature: &'a [u8]) -> Self {
        Self { algorithm, digest: algorithm.hash.digest(content), signature }
    }

    /// The signature of a whole certificate; `None` for one that is malformed or signed with an unknown algorithm.
    pub(super) fn of_certificate(der: &'a [u8]) -> Option<Self> {
        let mut certificate = Cursor::within(der, 0..der.len()).sequence().ok()?;
        let start = certificate.position();
        certificate.sequence().ok()?;
        let content = &der[certificate.range_since(start)];
        let algorithm = Algorithm::from_oid(certificate.sequence().ok()?.object_identifier().ok()?)?;
        Some(Self::new(algorithm, content, certificate.bit_string().ok()?.rest().ok()?))
    }

    /// Verifies with the issuer's key, as `verify_signature` of `x509_minimal.t0` does.
    pub(super) fn verify(&self, key: &PublicKey<'_>, abilities: &Abilities) -> Result<(), Fault> {
        if is_rsa(key) != self.algorithm.rsa {
            return Err(WRONG_KEY_TYPE);
        }
        let good = match key {
            PublicKey::Rsa { n, e } => n.len() * 8 <= abilities.largest_rsa && self.verify_rsa(n, e),
            PublicKey::Ec { curve, q } => {
                let curves = abilities.ecdsa.ok_or(UNSUPPORTED)?;
                curves.contains(curve) && verify_ecdsa(*curve, q, &self.digest, self.signature)
            }
        };
        if good { Ok(()) } else { Err(BAD_SIGNATURE) }
    }

    /// Verifies with the contents of a SubjectPublicKeyInfo's BIT STRING; RSA keys below 2048 bits are refused, as rustls does.
    pub(super) fn verify_with_bits(&self, key: &[u8], curve: Option<Curve>, abilities: &Abilities) -> Option<()> {
        let key = match curve {
            Some(curve) => PublicKey::Ec { curve, q: key },
            None => rsa_key(key).ok().filter(|key| matches!(key, PublicKey::Rsa { n, .. } if n.len() >= 256))?,
        };
        self.verify(&key, abilities).ok()
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2.2); the signature must be as long as the modulus, which must be odd.
    fn verify_rsa(&self, n: &[u8], e: &[u8]) -> bool {
        let modulus = BigUint::from_bytes_be(n);
        let number = BigUint::from_bytes_be(self.signature);
        if n.is_empty() || self.signature.len() != n.len() || !modulus.bit(0) || number >= modulus {
            return false;
        }
        let message = number.modpow(&BigUint::from_bytes_be(e), &modulus).to_bytes_be();
        let padded = [vec![0; n.len() - message.len()], message].concat();
        self.is_padded_digest(&padded)
    }

    /// `00 01 FF..FF 00 DigestInfo` with at least eight FF bytes; the hash parameters may be NULL or absent.
    fn is_padded_digest(&self, message: &[u8]) -> bool {
        let Some(after_type) = message.strip_prefix(&[0x00, 0x01]) else { return false };
        let filler = after_type.iter().take_while(|&&byte| byte == 0xFF).count();
        let info = &after_type[filler..];
        filler >= 8 && [true, false].iter().any(|&null| info == self.digest_info(null))
    }

    fn digest_info(&self, null_parameters: bool) -> Vec<u8> {
        let element = |tag: u8, parts: &[&[u8]]| {
            let contents = parts.concat();
            [&[tag, contents.len() as u8][..], &contents].concat()
        };
        let parameters: &[u8] = if null_parameters { &[0x05, 0x00] } else { &[] };
        let algorithm = element(0x30, &[&element(0x06, &[self.algorithm.hash.oid()]), parameters]);
        let info = element(0x30, &[&algorithm, &element(0x04, &[&self.digest])]);
        [&[0x00], &info[..]].concat()
    }
}

/// ECDSA over an ASN.1 signature (RFC 3279, section 2.2.3).
fn verify_ecdsa(curve: Curve, point: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    let Some((r, s)) = ecdsa_numbers(signature) else { return false };
    macro_rules! verify {
        ($curve:ident, $field:literal) => {{
            use $curve::ecdsa::signature::hazmat::PrehashVerifier as _;
            let uncompressed = point.len() == 1 + 2 * $field && point[0] == 0x04;
            let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(point).ok().filter(|_| uncompressed);
            let raw = padded(r, $field).zip(padded(s, $field)).map(|(r, s)| [r, s].concat());
            let signature = raw.and_then(|raw| $curve::ecdsa::Signature::from_slice(&raw).ok());
            let digest = padded(digest, $field).unwrap_or_else(|| digest.to_vec());
            key.zip(signature).is_some_and(|(key, signature)| key.verify_prehash(&digest, &signature).is_ok())
        }};
    }
    match curve {
        Curve::P256 => verify!(p256, 32),
        Curve::P384 => verify!(p384, 48),
        Curve::P521 => verify!(p521, 66),
    }
}

/// `number` with leading zeros up to `length`; `None` when it is longer.
fn padded(number: &[u8], length: usize) -> Option<Vec<u8>> {
    let missing = length.checked_sub(number.len())?;
    Some([vec![0; missing], number.to_vec()].concat())
}

/// The two numbers of an ECDSA signature without leading zeros, read as leniently as `br_ecdsa_asn1_to_raw` does: lengths need
/// not be minimal, and a high first bit is no sign.
fn ecdsa_numbers(signature: &[u8]) -> Option<(&[u8], &[u8])> {
    /// Longer signatures do not fit BearSSL's buffer (`FIELD_LEN * 2 + 12`).
    const LONGEST: usize = 144;
    if !(8..=LONGEST).contains(&signature.len()) {
        return None;
    }
    let (sequence, rest) = signature.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, contents) = match length {
        ..=0x80 => (length, rest),
        0x81 => rest.split_first().map(|(&length, contents)| (length, contents))?,
        _ => return None,
    };
    if *sequence != 0x30 || usize::from(length) != contents.len() {
        return None;
    }
    let (r, rest) = ecdsa_number(contents)?;
    let (s, rest) = ecdsa_number(rest)?;
    rest.is_empty().then_some((r, s))
}

fn ecdsa_number(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [0x02, length @ ..0x80, rest @ ..] = bytes else { return None };
    let (number, rest) = rest.split_at_checked(usize::from(*length))?;
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    Some((&number[zeros..], rest))
}
