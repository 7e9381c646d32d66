//! The cryptography of this firmware, as a rustls provider.
//!
//! Small on purpose: one key exchange (P-256) and one cipher (AES-128-GCM with SHA-256), those that every TLS 1.3 server has
//! (RFC 8446, section 9.1), also under TLS 1.2; and every signature that a certificate chain of RSA, P-256 and P-384 keys may
//! bear. The algorithms are RustCrypto's; here they are only fitted to the traits of rustls.

mod aead;
mod hash;
mod key_exchange;
mod sign;
mod verify;

use alloc::vec;
use rustls::crypto::tls12::PrfUsingHmac;
use rustls::crypto::tls13::HkdfUsingHmac;
use rustls::crypto::{CipherSuiteCommon, CryptoProvider, GetRandomFailed, KeyExchangeAlgorithm, SecureRandom};
use rustls::{CipherSuite, SignatureScheme, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};

/// The provider for a rustls configuration.
#[must_use]
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![
            SupportedCipherSuite::Tls13(&TLS13_AES_128_GCM_SHA256),
            SupportedCipherSuite::Tls12(&TLS12_ECDHE_ECDSA_AES_128_GCM_SHA256),
            SupportedCipherSuite::Tls12(&TLS12_ECDHE_RSA_AES_128_GCM_SHA256),
        ],
        kx_groups: vec![&key_exchange::P256],
        signature_verification_algorithms: verify::ALGORITHMS,
        secure_random: &Entropy,
        key_provider: &sign::KeyFiles,
    }
}

static TLS13_AES_128_GCM_SHA256: Tls13CipherSuite = Tls13CipherSuite {
    common: common(CipherSuite::TLS13_AES_128_GCM_SHA256),
    hkdf_provider: &HkdfUsingHmac(&hash::HmacSha256),
    aead_alg: &aead::Aes128Gcm,
    quic: None,
};

static TLS12_ECDHE_ECDSA_AES_128_GCM_SHA256: Tls12CipherSuite = Tls12CipherSuite {
    common: common(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    kx: KeyExchangeAlgorithm::ECDHE,
    sign: &[SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::ECDSA_NISTP384_SHA384],
    aead_alg: &aead::Aes128Gcm,
    prf_provider: &PrfUsingHmac(&hash::HmacSha256),
};

static TLS12_ECDHE_RSA_AES_128_GCM_SHA256: Tls12CipherSuite = Tls12CipherSuite {
    common: common(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    kx: KeyExchangeAlgorithm::ECDHE,
    sign: &[
        SignatureScheme::RSA_PSS_SHA256,
        SignatureScheme::RSA_PSS_SHA384,
        SignatureScheme::RSA_PSS_SHA512,
        SignatureScheme::RSA_PKCS1_SHA256,
        SignatureScheme::RSA_PKCS1_SHA384,
        SignatureScheme::RSA_PKCS1_SHA512,
    ],
    aead_alg: &aead::Aes128Gcm,
    prf_provider: &PrfUsingHmac(&hash::HmacSha256),
};

const fn common(suite: CipherSuite) -> CipherSuiteCommon {
    CipherSuiteCommon {
        suite,
        hash_provider: &hash::Sha256,
        // RFC 8446, section 5.5: about 2^24.5 full records under one AES-GCM key.
        confidentiality_limit: 1 << 24,
    }
}

/// Random bytes from `getrandom`: the operating system on a host; on a device, what its
/// image registers with `getrandom::register_custom_getrandom!`.
#[derive(Debug)]
struct Entropy;

impl SecureRandom for Entropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        getrandom::getrandom(bytes).map_err(|_| GetRandomFailed)
    }
}
