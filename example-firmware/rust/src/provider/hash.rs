//! SHA-256 and HMAC-SHA-256.

use alloc::boxed::Box;
use hmac::{Hmac, Mac};
use rustls::crypto::hash::{Context, Hash, HashAlgorithm, Output};
use rustls::crypto::hmac::{Hmac as TlsHmac, Key, Tag};
use sha2::Digest;

/// Bytes in a SHA-256 digest.
const DIGEST_LENGTH: usize = 32;

/// The transcript hash of the cipher suites.
pub(super) struct Sha256;

impl Hash for Sha256 {
    fn start(&self) -> Box<dyn Context> {
        Box::new(Transcript(sha2::Sha256::new()))
    }

    fn hash(&self, data: &[u8]) -> Output {
        Output::new(&sha2::Sha256::digest(data))
    }

    fn output_len(&self) -> usize {
        DIGEST_LENGTH
    }

    fn algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }
}

#[derive(Clone)]
struct Transcript(sha2::Sha256);

impl Context for Transcript {
    fn fork_finish(&self) -> Output {
        Output::new(&self.0.clone().finalize())
    }

    fn fork(&self) -> Box<dyn Context> {
        Box::new(self.clone())
    }

    fn finish(self: Box<Self>) -> Output {
        Output::new(&self.0.finalize())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

/// What HKDF (TLS 1.3) and the PRF (TLS 1.2) are made of.
pub(super) struct HmacSha256;

impl TlsHmac for HmacSha256 {
    fn with_key(&self, key: &[u8]) -> Box<dyn Key> {
        // RFC 2104, section 2: HMAC takes a key of any length.
        let hmac = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
        Box::new(HmacKey(hmac))
    }

    fn hash_output_len(&self) -> usize {
        DIGEST_LENGTH
    }
}

struct HmacKey(Hmac<sha2::Sha256>);

impl Key for HmacKey {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> Tag {
        let mut hmac = self.0.clone();
        hmac.update(first);
        middle.iter().for_each(|part| hmac.update(part));
        hmac.update(last);
        Tag::new(&hmac.finalize().into_bytes())
    }

    fn tag_len(&self) -> usize {
        DIGEST_LENGTH
    }
}
