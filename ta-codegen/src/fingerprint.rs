//! Tasmota's fingerprint of a broker's public key, which a device can check instead of a CA.
//!
//! It is a SHA-1 over the key's numbers as `WiFiClientSecureLightBearSSL.cpp` feeds them, not over any encoding that openssl could
//! print. SHA-1 is what the device computes; as a pin of one key it only has to resist a second preimage.

use std::fmt;

use sha1::{Digest, Sha1};

use crate::anchor::{Curve, PublicKey, TrustAnchor};
use crate::text::Hexadecimal;

/// Which firmware is to compare the fingerprint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// Tasmota 8.4.0 and later: each number with its length before it.
    #[default]
    Current,
    /// Tasmota before 8.4.0: the numbers one behind the other.
    V1,
}

/// A fingerprint. `Display` shows it as the console takes it: `0E 77 29 ...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 20]);

impl Fingerprint {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The bytes as `MQTT_FINGERPRINT1` in `user_config_override.h` takes them: `0x0E,0x77,0x29,...`.
    pub fn as_c(&self) -> String {
        self.0.map(|byte| format!("0x{byte:02X}")).join(",")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hexadecimal { bytes: &self.0, separator: " " }.fmt(f)
    }
}

/// Why there is no fingerprint for a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FingerprintError {
    /// An EC key for an old firmware.
    #[error("public key is EC {0}; Tasmota before 8.4.0 knows RSA only: leave out --v1 and update the device, or use an RSA key")]
    EcBefore8_4(Curve),
    /// P-521, beyond `BR_MAX_EC_SIZE` 384.
    #[error("public key is EC P-521, which no Tasmota takes (its BearSSL stops at 384 bits): use RSA 2048 or EC P-256")]
    P521,
}

/// Computes the fingerprint of the key in a broker's certificate.
///
/// # Errors
///
/// A key that the firmware cannot compare.
pub fn fingerprint(certificate: &TrustAnchor, version: Version) -> Result<Fingerprint, FingerprintError> {
    let curve_number;
    let fields: [&[u8]; 3] = match certificate.key() {
        PublicKey::Rsa { n, e } => [b"ssh-rsa", e, n],
        PublicKey::Ec { curve: Curve::P521, .. } => return Err(FingerprintError::P521),
        PublicKey::Ec { curve, .. } if version == Version::V1 => return Err(FingerprintError::EcBefore8_4(curve)),
        PublicKey::Ec { curve, q } => {
            curve_number = u32::from(curve.tls_identifier()).to_be_bytes();
            [b"ecdsa", &curve_number, q]
        }
    };
    let mut hash = Sha1::new();
    for field in fields {
        if version == Version::Current {
            hash.update((field.len() as u32).to_be_bytes());
        }
        hash.update(field);
    }
    Ok(Fingerprint(hash.finalize().into()))
}
