//! OpenSSL's security levels (`man SSL_CTX_set_security_level`).

use super::chain::Parsed;
use crate::doctor::signature::Algorithm;
use x509_parser::public_key::PublicKey;

/// The bits of security a level asks for.
pub(in crate::doctor) fn least_bits(level: u32) -> u32 {
    [0, 80, 112, 128, 192, 256].get(level as usize).copied().unwrap_or(256)
}

/// Why a certificate does not meet a level, in OpenSSL's words; `is_leaf` for the server's or client's own.
pub(in crate::doctor) fn objection(certificate: &Parsed<'_>, level: u32, is_leaf: bool) -> Option<String> {
    let least = least_bits(level);
    if key_bits(certificate).is_some_and(|bits| bits < least) {
        return Some(format!("{} key too small", if is_leaf { "ee" } else { "ca" }));
    }
    let weak = !certificate.is_self_signed() && signature_bits(certificate).is_some_and(|bits| bits < least);
    weak.then(|| "ca md too weak".to_owned())
}

/// The security of the public key; `None` when its kind is not known here.
fn key_bits(certificate: &Parsed<'_>) -> Option<u32> {
    match certificate.x509.public_key().parsed().ok()? {
        PublicKey::RSA(key) => Some(factoring_bits(key.key_size() as u32)),
        PublicKey::EC(point) => Some(curve_bits(point.key_size() as u32)),
        PublicKey::Unknown(_) => Some(128),
        _ => None,
    }
}

/// An elliptic curve is worth half its size, 256 bits at most.
fn curve_bits(size: u32) -> u32 {
    (size / 2).min(256)
}

/// The strength of RSA by NIST SP 800-56B, appendix D, rounded to a multiple of eight as OpenSSL does.
fn factoring_bits(size: u32) -> u32 {
    let natural = f64::from(size) * std::f64::consts::LN_2;
    let strength = (1.923 * (natural * natural.ln().powi(2)).cbrt() - 4.69) / std::f64::consts::LN_2;
    match size {
        ..8 => 0,
        2048 => 112,
        3072 => 128,
        4096 => 152,
        6144 => 176,
        7680 => 192,
        8192 => 200,
        15360 => 256,
        _ => (strength.max(0.0) as u32 + 4) & !7,
    }
}

/// The security of the signature's hash; `None` when the algorithm is not known here.
fn signature_bits(certificate: &Parsed<'_>) -> Option<u32> {
    /// md5WithRSAEncryption, which BearSSL does not know.
    const MD5: (&str, u32) = ("1.2.840.113549.1.1.4", 39);
    let algorithm = &certificate.x509.signature_algorithm.algorithm;
    if algorithm.to_id_string() == MD5.0 {
        return Some(MD5.1);
    }
    Algorithm::from_oid(algorithm.as_bytes()).map(|algorithm| algorithm.hash.security_bits())
}
