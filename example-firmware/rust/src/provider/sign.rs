//! Signatures by the device's own key, for brokers that ask for a client certificate.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use p256::SecretKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey as EcdsaKey};
use p256::pkcs8::DecodePrivateKey;
use rustls::crypto::KeyProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

/// Reads a device's P-256 key: PKCS#8 (RFC 5958) or SEC1 (RFC 5915).
#[derive(Debug)]
pub(super) struct KeyFiles;

impl KeyProvider for KeyFiles {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        let secret = match &key {
            PrivateKeyDer::Pkcs8(key) => SecretKey::from_pkcs8_der(key.secret_pkcs8_der()).ok(),
            PrivateKeyDer::Sec1(key) => SecretKey::from_sec1_der(key.secret_sec1_der()).ok(),
            _ => None,
        };
        let secret = secret.ok_or_else(|| Error::General("the client key is not a P-256 key in PKCS#8 or SEC1 form".into()))?;
        Ok(Arc::new(DeviceKey(Arc::new(secret.into()))))
    }
}

#[derive(Debug)]
struct DeviceKey(Arc<EcdsaKey>);

impl SigningKey for DeviceKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered
            .contains(&SignatureScheme::ECDSA_NISTP256_SHA256)
            .then(|| Box::new(DeviceSigner(self.0.clone())) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

#[derive(Debug)]
struct DeviceSigner(Arc<EcdsaKey>);

impl Signer for DeviceSigner {
    /// Deterministic (RFC 6979): a weak moment of the entropy source cannot give the key away.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature: DerSignature =
            self.0.try_sign(message).map_err(|_| Error::General("the client key cannot sign".into()))?;
        Ok(signature.as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}
