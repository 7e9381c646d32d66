//! Reading a private key: PKCS#8, plain or encrypted, or SEC 1; PEM or DER. Everything that holds a part of it is wiped when it is
//! dropped.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToSec1Point;
use pkcs8::pkcs5::{self, pbes2::Kdf};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

use crate::read::cursor::{Cursor, tag};
use crate::read::{key, shown_label};

/// Why a key cannot be read, or cannot be a device's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No key in the file.
    #[error("holds no private key but {0}; give the device's key first and its certificate second")]
    NoKey(String),
    /// A damaged block or structure.
    #[error("the private key is damaged: {0}; get the file again")]
    Damaged(&'static str),
    /// A key of another type or on another curve.
    #[error(
        "the private key is {0}; Tasmota stores EC P-256 keys only: make one with `openssl ecparam -name prime256v1 -genkey`, or in \
         Easy-RSA with `set_var EASYRSA_ALGO ec` and `set_var EASYRSA_CURVE prime256v1` in the file vars"
    )]
    NotP256(String),
    /// More than a key file can hold.
    #[error("is larger than 64 KiB, more than any key or pass phrase; give the right file")]
    TooLarge,
    /// A container with key and certificates.
    #[error("is a PKCS#12 container; take the key out with `openssl pkcs12 -in FILE -nocerts -out device.key`")]
    Pkcs12,
    /// PEM's own encryption (RFC 1421), which openssl calls traditional.
    #[error(
        "the private key is encrypted in openssl's old way (Proc-Type: 4,ENCRYPTED), which is not read; convert it with \
         `openssl pkcs8 -topk8 -in OLD.key -out NEW.key`"
    )]
    Traditional,
    /// A key of OpenSSH.
    #[error("the private key is in OpenSSH's form; convert a copy of it with `ssh-keygen -p -m PKCS8 -f COPY.key`")]
    OpenSsh,
    /// An encryption that nobody should use any more, or one that is too new.
    #[error(
        "the private key is encrypted in a way that is not read ({0}); convert it with `openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD.key -out NEW.key`"
    )]
    Encryption(String),
    /// A wrong pass phrase.
    #[error("the pass phrase does not open the private key; try again")]
    WrongPassphrase,
    /// An encrypted key and nobody to ask.
    #[error(
        "the private key is encrypted and there is no terminal to ask on for its pass phrase ({0}); give --passphrase-file FILE or set \
         TA_CODEGEN_PASSPHRASE"
    )]
    NoPassphrase(String),
}

/// An EC P-256 private key, wiped from memory when it is dropped. It is kept in one place: moving an array would copy it.
pub struct PrivateKey(Box<Zeroizing<[u8; PrivateKey::LENGTH]>>);

impl PrivateKey {
    /// Bytes of the number.
    pub const LENGTH: usize = 32;

    /// The number, big-endian: what `TLSKey1` stores.
    pub(super) fn as_bytes(&self) -> &[u8; PrivateKey::LENGTH] {
        &self.0
    }

    /// The public key that belongs to it, as an uncompressed point.
    pub fn public_point(&self) -> Box<[u8]> {
        let key = SecretKey::from_slice(self.as_bytes()).expect("checked when it was made");
        key.public_key().to_sec1_point(false).as_bytes().into()
    }

    /// A number with whatever leading zeros its file gave it, or lacked.
    fn new(number: &[u8]) -> Result<Self, KeyError> {
        let zeros = number.iter().take_while(|&&byte| byte == 0).count();
        let number = &number[zeros..];
        let start = Self::LENGTH.checked_sub(number.len()).ok_or(KeyError::Damaged("its number is too large for P-256"))?;
        let mut bytes = Box::new(Zeroizing::new([0; Self::LENGTH]));
        bytes[start..].copy_from_slice(number);
        SecretKey::from_slice(&**bytes).map_err(|_| KeyError::Damaged("its number is not in the range of P-256"))?;
        Ok(PrivateKey(bytes))
    }
}

impl fmt::Debug for PrivateKey {
    /// Without the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

/// What a key file holds.
#[derive(Debug)]
pub enum KeyFile {
    /// A key that lies open.
    Plain(PrivateKey),
    /// A key that needs a pass phrase.
    Encrypted(EncryptedKey),
}

/// An encrypted PKCS#8 key.
pub struct EncryptedKey(Zeroizing<Vec<u8>>);

impl fmt::Debug for EncryptedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptedKey(..)")
    }
}

impl EncryptedKey {
    /// Opens it.
    ///
    /// # Errors
    ///
    /// A wrong pass phrase, or a key that is not P-256.
    pub fn decrypt(&self, passphrase: &[u8]) -> Result<PrivateKey, KeyError> {
        let document = self.document(passphrase)?;
        pkcs8_key(document.as_bytes())
    }

    fn document(&self, passphrase: &[u8]) -> Result<SecretDocument, KeyError> {
        let encrypted =
            EncryptedPrivateKeyInfoRef::try_from(self.0.as_slice()).map_err(|error| KeyError::Encryption(error.to_string()))?;
        check_cost(&encrypted.encryption_algorithm)?;
        encrypted.decrypt(passphrase).map_err(|error| match error {
            // One wrong pass phrase in 256 leaves a padding that looks right, and then no key behind it.
            pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) | pkcs8::Error::Asn1(_) => KeyError::WrongPassphrase,
            other => KeyError::Encryption(other.to_string()),
        })
    }
}

/// The most iterations of PBKDF2, seconds of work; openssl's default is 2048, and OWASP asks for 600,000.
const MAXIMUM_ITERATIONS: u32 = 10_000_000;

/// The most memory that scrypt may take, in bytes; openssl's default is 16 MiB.
const MAXIMUM_SCRYPT_MEMORY: u64 = 256 << 20;

/// The most times that scrypt may do its work; openssl's default is 1.
const MAXIMUM_SCRYPT_PARALLELIZATION: u16 = 16;

/// The file itself says how much work its pass phrase is: no file may say for ever.
fn check_cost(scheme: &pkcs5::EncryptionScheme) -> Result<(), KeyError> {
    let pkcs5::EncryptionScheme::Pbes2(parameters) = scheme else { return Ok(()) };
    let is_bearable = match &parameters.kdf {
        Kdf::Pbkdf2(pbkdf2) => pbkdf2.iteration_count <= MAXIMUM_ITERATIONS,
        // RFC 7914, section 2: 128 * r * N bytes.
        Kdf::Scrypt(scrypt) => {
            let memory = scrypt.cost_parameter.saturating_mul(128 * u64::from(scrypt.block_size));
            memory <= MAXIMUM_SCRYPT_MEMORY && scrypt.parallelization <= MAXIMUM_SCRYPT_PARALLELIZATION
        }
        _ => true,
    };
    if is_bearable { Ok(()) } else { Err(KeyError::Encryption("it asks for too much work or memory".to_owned())) }
}

/// Reads the first private key of a file, PEM or DER.
///
/// # Errors
///
/// A file without a key, or with one that no device can use.
pub fn read_key_file(bytes: &[u8]) -> Result<KeyFile, KeyError> {
    match ascii_of_utf16(bytes) {
        Some(text) => read_key(&text),
        None => read_key(bytes),
    }
}

/// The text of a file in UTF-16 with a byte-order mark, which PowerShell's `>` writes; what is not ASCII is in no key.
fn ascii_of_utf16(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (low, high) = match bytes {
        [0xFF, 0xFE, ..] => (0, 1),
        [0xFE, 0xFF, ..] => (1, 0),
        _ => return None,
    };
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len() / 2));
    text.extend(bytes[2..].chunks_exact(2).map(|unit| if unit[high] == 0 { unit[low] } else { b'?' }));
    Some(text)
}

fn read_key(bytes: &[u8]) -> Result<KeyFile, KeyError> {
    let mut other = None;
    let mut rest = bytes;
    while let Some((label, body, behind)) = next_block(rest)? {
        match label.as_str() {
            "PRIVATE KEY" => return pkcs8_key(&decode(body)?).map(KeyFile::Plain),
            "ENCRYPTED PRIVATE KEY" => return Ok(KeyFile::Encrypted(EncryptedKey(decode(body)?))),
            "EC PRIVATE KEY" if is_traditionally_encrypted(body) => return Err(KeyError::Traditional),
            "EC PRIVATE KEY" => return sec1_key(&decode(body)?).map(KeyFile::Plain),
            "OPENSSH PRIVATE KEY" => return Err(KeyError::OpenSsh),
            label => {
                if let Some(kind) = label.strip_suffix(" PRIVATE KEY") {
                    return Err(KeyError::NotP256(shown_label(kind)));
                }
            }
        }
        other.get_or_insert(label);
        rest = behind;
    }
    match other {
        Some(label) => Err(KeyError::NoKey(format!("a block {}", shown_label(&label)))),
        None => der_key(bytes),
    }
}

/// Reads DER, which has no label.
fn der_key(der: &[u8]) -> Result<KeyFile, KeyError> {
    if EncryptedPrivateKeyInfoRef::try_from(der).is_ok() {
        return Ok(KeyFile::Encrypted(EncryptedKey(Zeroizing::new(der.to_vec()))));
    }
    if PrivateKeyInfoRef::try_from(der).is_ok() {
        return pkcs8_key(der).map(KeyFile::Plain);
    }
    if EcPrivateKey::try_from(der).is_ok() {
        return sec1_key(der).map(KeyFile::Plain);
    }
    if is_pkcs12(der) {
        return Err(KeyError::Pkcs12);
    }
    Err(KeyError::NoKey(if der.is_empty() { "nothing" } else { "something that is neither PEM nor DER of a key" }.to_owned()))
}

/// PFX begins with version 3 (RFC 7292, section 4).
fn is_pkcs12(der: &[u8]) -> bool {
    let version = Cursor::new(der).sequence().and_then(|mut contents| {
        contents.tag()?.expect_primitive(tag::INTEGER)?;
        contents.small_integer()
    });
    version == Ok(3)
}

/// PrivateKeyInfo (RFC 5208, section 5).
fn pkcs8_key(der: &[u8]) -> Result<PrivateKey, KeyError> {
    let info = PrivateKeyInfoRef::try_from(der).map_err(|_| KeyError::Damaged("it is not PKCS#8 inside"))?;
    if info.algorithm.oid == EC_PUBLIC_KEY {
        let curve = info.algorithm.parameters_oid().map_err(|_| KeyError::NotP256("EC without a curve's name".to_owned()))?;
        expect_p256(&curve)?;
        let key = EcPrivateKey::try_from(info.private_key.as_bytes()).map_err(|_| KeyError::Damaged("it is not SEC 1 inside"))?;
        return PrivateKey::new(key.private_key);
    }
    let is_rsa = info.algorithm.oid == RSA_ENCRYPTION;
    Err(KeyError::NotP256(if is_rsa { "RSA".to_owned() } else { key::key_type_name(info.algorithm.oid.as_bytes()) }))
}

/// ECPrivateKey (RFC 5915, section 3), which names its curve when it stands alone.
fn sec1_key(der: &[u8]) -> Result<PrivateKey, KeyError> {
    let key = EcPrivateKey::try_from(der).map_err(|_| KeyError::Damaged("it is not SEC 1 with the name of a curve inside"))?;
    let curve = key.parameters.and_then(|parameters| parameters.named_curve());
    expect_p256(&curve.ok_or_else(|| KeyError::NotP256("EC without a curve's name".to_owned()))?)?;
    PrivateKey::new(key.private_key)
}

fn expect_p256(curve: &pkcs8::ObjectIdentifier) -> Result<(), KeyError> {
    if *curve == SECP256R1 { Ok(()) } else { Err(KeyError::NotP256(format!("EC {}", key::curve_name(curve.as_bytes())))) }
}

const EC_PUBLIC_KEY: pkcs8::ObjectIdentifier = pkcs8::ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA_ENCRYPTION: pkcs8::ObjectIdentifier = pkcs8::ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const SECP256R1: pkcs8::ObjectIdentifier = pkcs8::ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// A block's label, what stands in it, and what stands behind it.
type Block<'a> = (String, &'a [u8], &'a [u8]);

/// Finds the next PEM block. The reader of certificates has one of its own, which keeps copies that nobody wipes.
fn next_block(text: &[u8]) -> Result<Option<Block<'_>>, KeyError> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let Some(begin) = find(text, BEGIN) else { return Ok(None) };
    let behind_begin = &text[begin + BEGIN.len()..];
    let label_end = find(behind_begin, b"-----").ok_or(KeyError::Damaged("its BEGIN line is cut off"))?;
    let label = String::from_utf8_lossy(&behind_begin[..label_end]).into_owned();
    let body = &behind_begin[label_end + 5..];
    let end = find(body, b"-----END ").ok_or(KeyError::Damaged("it has no END line"))?;
    Ok(Some((label, &body[..end], &body[end + 9..])))
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len()).position(|window| window == pattern)
}

fn is_traditionally_encrypted(body: &[u8]) -> bool {
    find(body, b"ENCRYPTED").is_some()
}

/// Decodes a block into memory that is wiped, and none that would have to grow.
fn decode(body: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let mut text = Zeroizing::new(Vec::with_capacity(body.len()));
    text.extend(body.iter().filter(|byte| !byte.is_ascii_whitespace()));
    let mut der = Zeroizing::new(vec![0; text.len().div_ceil(4) * 3]);
    let length = STANDARD.decode_slice(&*text, &mut der).map_err(|_| KeyError::Damaged("it is not Base64 inside"))?;
    der.truncate(length);
    Ok(der)
}
