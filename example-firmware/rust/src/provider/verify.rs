//! Signatures of certificates and of the server's part of the handshake.

use core::fmt;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey};
use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use sha2::digest::DynDigest;
use sha2::digest::const_oid::AssociatedOid;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Bytes of the smallest RSA modulus accepted: 2048 bits, as NIST SP 800-131A has it.
const SMALLEST_RSA_MODULUS: usize = 256;

/// A check of `signature` over `message` with `key`, the content of a subjectPublicKey.
type Check = fn(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()>;

/// One signature algorithm of X.509 and the function that checks it.
struct Algorithm {
    name: &'static str,
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    check: Check,
}

impl SignatureVerificationAlgorithm for Algorithm {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        (self.check)(key, message, signature).ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

impl fmt::Debug for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// `all` serves certificates; `mapping` says which of them a TLS signature scheme means.
/// TLS 1.2 lets ECDSA schemes leave the curve open, so each names both; TLS 1.3 takes the
/// first.
pub(super) static ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        &P256_SHA256,
        &P256_SHA384,
        &P384_SHA256,
        &P384_SHA384,
        &RSA_SHA256,
        &RSA_SHA384,
        &RSA_SHA512,
        &PSS_SHA256,
        &PSS_SHA384,
        &PSS_SHA512,
    ],
    mapping: &[
        (SignatureScheme::ECDSA_NISTP256_SHA256, &[&P256_SHA256, &P384_SHA256]),
        (SignatureScheme::ECDSA_NISTP384_SHA384, &[&P384_SHA384, &P256_SHA384]),
        (SignatureScheme::RSA_PSS_SHA256, &[&PSS_SHA256]),
        (SignatureScheme::RSA_PSS_SHA384, &[&PSS_SHA384]),
        (SignatureScheme::RSA_PSS_SHA512, &[&PSS_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[&RSA_SHA256]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[&RSA_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[&RSA_SHA512]),
    ],
};

/// `NAME: check, key algorithm, signature algorithm;` as statics, one a line.
macro_rules! algorithms {
    ($($name:ident: $check:expr, $key:ident, $signature:ident;)*) => {
        $(static $name: Algorithm = Algorithm {
            name: stringify!($name),
            key: alg_id::$key,
            signature: alg_id::$signature,
            check: $check,
        };)*
    };
}

algorithms! {
    P256_SHA256: p256::<Sha256>, ECDSA_P256, ECDSA_SHA256;
    P256_SHA384: p256::<Sha384>, ECDSA_P256, ECDSA_SHA384;
    P384_SHA256: p384::<Sha256>, ECDSA_P384, ECDSA_SHA256;
    P384_SHA384: p384::<Sha384>, ECDSA_P384, ECDSA_SHA384;
    RSA_SHA256: pkcs1::<Sha256>, RSA_ENCRYPTION, RSA_PKCS1_SHA256;
    RSA_SHA384: pkcs1::<Sha384>, RSA_ENCRYPTION, RSA_PKCS1_SHA384;
    RSA_SHA512: pkcs1::<Sha512>, RSA_ENCRYPTION, RSA_PKCS1_SHA512;
    PSS_SHA256: pss::<Sha256>, RSA_ENCRYPTION, RSA_PSS_SHA256;
    PSS_SHA384: pss::<Sha384>, RSA_ENCRYPTION, RSA_PSS_SHA384;
    PSS_SHA512: pss::<Sha512>, RSA_ENCRYPTION, RSA_PSS_SHA512;
}

fn p256<D: Digest>(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    use p256::ecdsa::signature::hazmat::PrehashVerifier;
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let signature = p256::ecdsa::Signature::from_der(signature).ok()?;
    key.verify_prehash(&D::digest(message), &signature).ok()
}

fn p384<D: Digest>(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    use p384::ecdsa::signature::hazmat::PrehashVerifier;
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let signature = p384::ecdsa::Signature::from_der(signature).ok()?;
    key.verify_prehash(&D::digest(message), &signature).ok()
}

fn pkcs1<D: Digest + AssociatedOid>(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    rsa_key(key)?.verify(Pkcs1v15Sign::new::<D>(), &D::digest(message), signature).ok()
}

/// RFC 8446, section 4.2.3: the salt is as long as the digest.
fn pss<D>(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()>
where
    D: Digest + DynDigest + Send + Sync + 'static,
{
    rsa_key(key)?.verify(Pss::new::<D>(), &<D as Digest>::digest(message), signature).ok()
}

fn rsa_key(der: &[u8]) -> Option<RsaPublicKey> {
    let key = RsaPublicKey::from_pkcs1_der(der).ok()?;
    (key.size() >= SMALLEST_RSA_MODULUS).then_some(key)
}
