//! A device's private key and certificate as the console commands `TLSKey1` and `TLSKey2` of Tasmota.
//!
//! The device stores what it is given: it looks neither at the curve nor at the certificate, and a certificate that is too long
//! overwrites what lies behind its block of flash (`xdrv_02_9_mqtt.ino`, `CmndTlsKey`). What it leaves out is checked here.

mod private_key;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

pub use private_key::{EncryptedKey, KeyError, KeyFile, PrivateKey, read_key_file};

use crate::anchor::{PublicKey, TrustAnchor};
use crate::error::{Error, Origin, Problem};
use crate::inspect;
use crate::time::Time;

/// The longest certificate that fits: the store is a block of 1024 bytes with a directory of 64 and the key's 32 before it.
pub const MAXIMUM_CERTIFICATE: usize = 928;

/// The longest certificate that the device takes for none.
const TOO_SHORT_CERTIFICATE: usize = 256;

/// Why a certificate cannot be the device's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The private key is another one's.
    #[error("has another public key than the private key in {key}: give the certificate that was signed for this key")]
    OtherKey {
        /// The key's file.
        key: String,
    },
    /// A CA's certificate.
    #[error("is a CA's certificate; the device needs a certificate of its own, signed by the CA that the broker trusts")]
    Ca,
    /// Too long for the device's store.
    #[error(
        "has {0} bytes, and the device's store holds {MAXIMUM_CERTIFICATE}: it would write past the end of it. Sign it with a CA that has \
         RSA 2048 or EC P-256, with a short subject, and with the few extensions of the x509-type `tasmota` in Tasmota's guide"
    )]
    TooLong(usize),
    /// Too short for the device.
    #[error("has {0} bytes; the device takes less than 257 for an error: give it a longer subject")]
    TooShort(usize),
    /// notAfter has passed.
    #[error("expired on {0}; the broker would refuse it: sign a new one")]
    Expired(Time),
    /// Extensions that forbid what it is for.
    #[error(
        "is not for TLS clients ({0}); the broker would refuse it: sign it as Easy-RSA's `client` or with Tasmota's x509-type"
    )]
    Usage(String),
    /// A part that cannot be decoded.
    #[error("{0}; sign it anew")]
    Unreadable(String),
}

/// Both commands. They hold the private key, and are wiped when they are dropped.
pub struct Commands {
    text: Zeroizing<String>,
    notes: Vec<String>,
}

impl Commands {
    /// The two lines, in the order in which the device needs them: storing a key deletes the certificate.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What to know about typing them in.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl fmt::Debug for Commands {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commands").field("notes", &self.notes).finish_non_exhaustive()
    }
}

/// Makes the commands of a key and of that certificate which belongs to it. `key_origin` is where the key was read.
///
/// # Errors
///
/// Everything that is wrong with the certificate.
pub fn commands(key: &PrivateKey, key_origin: &Origin, certificates: &[TrustAnchor], now: Time) -> Result<Commands, Error> {
    let point = key.public_point();
    let is_of_key = |certificate: &&TrustAnchor| matches!(certificate.key(), PublicKey::Ec { q, .. } if q == &*point);
    let Some(certificate) = certificates.iter().find(is_of_key) else {
        let problem = |certificate: &TrustAnchor| Problem {
            origin: certificate.origin().clone(),
            kind: CertificateError::OtherKey { key: key_origin.to_string() }.into(),
        };
        return Err(certificates.iter().map(problem).collect::<Vec<_>>().into());
    };
    let problems: Vec<Problem> = certificate_errors(certificate, now)
        .into_iter()
        .map(|error| Problem { origin: certificate.origin().clone(), kind: error.into() })
        .collect();
    Error::unless_none(problems, ())?;
    Ok(Commands { text: text(key, certificate), notes: notes(certificate, certificates.len(), now) })
}

fn certificate_errors(certificate: &TrustAnchor, now: Time) -> Vec<CertificateError> {
    let mut errors = Vec::new();
    let size = certificate.certificate().len();
    if certificate.is_ca() {
        errors.push(CertificateError::Ca);
    }
    if size > MAXIMUM_CERTIFICATE {
        errors.push(CertificateError::TooLong(size));
    } else if size <= TOO_SHORT_CERTIFICATE {
        errors.push(CertificateError::TooShort(size));
    }
    let not_after = certificate.validity().not_after;
    if now > not_after {
        errors.push(CertificateError::Expired(not_after));
    }
    errors.extend(usage_error(certificate));
    errors
}

/// What openssl, and so Mosquitto, checks of a client's certificate (`openssl verify -purpose sslclient`).
fn usage_error(certificate: &TrustAnchor) -> Option<CertificateError> {
    let contents = match inspect::contents(certificate.certificate()) {
        Ok(contents) => contents,
        Err(error) => return Some(CertificateError::Unreadable(error)),
    };
    let extended = &contents.extended_key_usage;
    if !extended.is_empty() && !extended.iter().any(|usage| usage == "clientAuth") {
        return Some(CertificateError::Usage(format!("its extended key usage is {}, not clientAuth", extended.join(", "))));
    }
    let usage = &contents.key_usage;
    if !usage.is_empty() && !usage.contains(&"digitalSignature") {
        return Some(CertificateError::Usage(format!("its key usage is {}, not digitalSignature", usage.join(", "))));
    }
    None
}

fn text(key: &PrivateKey, certificate: &TrustAnchor) -> Zeroizing<String> {
    // Not encode_string, which leaves a copy of the text on the stack.
    let mut encoded_key = Zeroizing::new([0; PrivateKey::LENGTH.div_ceil(3) * 4]);
    let length = STANDARD.encode_slice(key.as_bytes(), &mut *encoded_key).expect("the array has room for 32 bytes in Base64");
    let encoded_key = str::from_utf8(&encoded_key[..length]).expect("Base64 is ASCII");
    let encoded_certificate = STANDARD.encode(certificate.certificate());
    // A String that grew would leave its old bytes behind.
    let mut text = Zeroizing::new(String::with_capacity(64 + encoded_key.len() + encoded_certificate.len()));
    for piece in ["TLSKey1 ", encoded_key, "\nTLSKey2 ", &encoded_certificate, "\n"] {
        text.push_str(piece);
    }
    text
}

/// Characters that the device's serial console takes in a line.
const SERIAL_CONSOLE: usize = 520;

/// Tasmota's `MQTT_MAX_PACKET_SIZE`, for the topic and what is published.
const MQTT_PACKET: usize = 1200;

/// A packet's header of three bytes and the topic's length of two.
const MQTT_OVERHEAD: usize = 5;

fn notes(certificate: &TrustAnchor, of: usize, now: Time) -> Vec<String> {
    let mut notes = Vec::new();
    let characters = certificate.certificate().len().div_ceil(3) * 4;
    if of > 1 {
        notes.push(format!("of {of} certificates the device gets one, {}", certificate.origin()));
    }
    if now < certificate.validity().not_before {
        notes.push(format!("the certificate is not valid before {}", certificate.validity().not_before));
    }
    if "TLSKey2 ".len() + characters > SERIAL_CONSOLE {
        notes.push(format!(
            "TLSKey2 is longer than the {SERIAL_CONSOLE} characters of the serial console: use the web console or MQTT for it"
        ));
    }
    match MQTT_PACKET.checked_sub(MQTT_OVERHEAD + characters) {
        Some(topic) if topic < 100 => notes.push(format!(
            "MQTT carries TLSKey2 only if its topic, cmnd/.../TLSKey2, has no more than {topic} characters (packets of {MQTT_PACKET} bytes)"
        )),
        None => notes.push(format!("TLSKey2 is longer than an MQTT packet of {MQTT_PACKET} bytes: use the web console for it")),
        Some(_) => {}
    }
    notes
}
