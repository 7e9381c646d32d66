//! What a certificate says, for people: read with `x509-parser`, beside what BearSSL makes of it.
//!
//! This reads certificates that the generator refuses, too, and says why it does.

mod json;
mod text;

use x509_parser::asn1_rs::Tag;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::objects::{oid_registry, oid2sn};
use x509_parser::oid_registry::{OID_X509_COMMON_NAME, Oid};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as ParsedKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::SubjectPublicKeyInfo;

pub use json::json;

use crate::anchor::{TrustAnchor, bit_length};
use crate::describe::sha256_fingerprint;
use crate::error::{Origin, Problem, ProblemKind};
use crate::name::display_name;
use crate::read::{Certificate, find_certificates, key};
use crate::time::{Time, Validity};

/// Everything there is to see of one certificate.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Where it was found.
    pub origin: Origin,
    /// Bytes of its DER.
    pub size: usize,
    /// SHA-256 of its DER, as openssl shows it.
    pub sha256: String,
    /// What it says, or why that cannot be told.
    pub contents: Result<Contents, String>,
    /// What it costs as a trust anchor, or why it cannot be one.
    pub anchor: Result<AnchorSize, Refusal>,
}

/// What a certificate says. Names are as they stand in it, which can be any text.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The subject.
    pub subject: String,
    /// The issuer.
    pub issuer: String,
    /// Whether both are the same, as in a root.
    pub is_self_issued: bool,
    /// The serial number, hexadecimal with colons.
    pub serial: String,
    /// The public key.
    pub key: Key,
    /// The algorithm of the signature, by openssl's name.
    pub signature_algorithm: String,
    /// basicConstraints' cA flag, false where the extension is missing.
    pub is_ca: bool,
    /// How many intermediate CAs may follow (RFC 5280, section 4.2.1.9).
    pub path_length: Option<u32>,
    /// The names of RFC 5280, section 4.2.1.3; empty where the extension is missing.
    pub key_usage: Vec<&'static str>,
    /// The names of RFC 5280, section 4.2.1.12, or numbers; empty where the extension is missing.
    pub extended_key_usage: Vec<String>,
    /// The subject's common names.
    pub common_names: Vec<String>,
    /// subjectAltName, each with its kind: `DNS`, `IP`, `email`, `URI`, `other`.
    pub alternative_names: Vec<(&'static str, String)>,
    /// When it holds; `None` for dates that do not exist.
    pub validity: Option<Validity>,
}

/// A public key of any type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// `RSA`, `EC`, or a name with the object identifier.
    pub kind: String,
    /// Bits of an RSA modulus.
    pub bits: Option<usize>,
    /// The curve of an EC key.
    pub curve: Option<String>,
}

/// Bytes that a trust anchor takes in a device's flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchorSize {
    /// The subject.
    pub subject: usize,
    /// The key's numbers.
    pub key: usize,
}

impl AnchorSize {
    /// A row of the table: `br_x509_trust_anchor` on a 32-bit device.
    pub const ROW: usize = 32;

    /// What `anchor` takes.
    pub fn of(anchor: &TrustAnchor) -> Self {
        AnchorSize { subject: anchor.subject().len(), key: anchor.key().data_length() }
    }

    /// All of it.
    pub fn total(self) -> usize {
        self.subject + self.key + Self::ROW
    }
}

/// Why a certificate cannot be a trust anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// In words.
    pub reason: String,
    /// BearSSL's error number, where its decoder is what refuses.
    pub bearssl_error: Option<u16>,
}

/// Looks at every certificate of a file, and gives what is wrong with the file beside that.
pub fn inspect(bytes: &[u8], file: &str) -> (Vec<Inspection>, Vec<Problem>) {
    let (certificates, problems) = find_certificates(bytes, file);
    (certificates.into_iter().map(inspection).collect(), problems)
}

fn inspection(certificate: Certificate) -> Inspection {
    Inspection {
        origin: certificate.origin().clone(),
        size: certificate.der().len(),
        sha256: sha256_fingerprint(certificate.der()),
        contents: contents(certificate.der()),
        anchor: TrustAnchor::try_from(certificate).map(|anchor| AnchorSize::of(&anchor)).map_err(refusal),
    }
}

fn refusal(problem: Problem) -> Refusal {
    let bearssl_error = match &problem.kind {
        ProblemKind::Decode(error) => Some(error.bearssl_error()),
        _ => None,
    };
    Refusal { reason: problem.kind.to_string(), bearssl_error }
}

pub(crate) fn contents(der: &[u8]) -> Result<Contents, String> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|error| format!("is not a well-formed certificate: {error}"))?;
    let mut contents = Contents {
        subject: display_name(certificate.subject().as_raw()),
        issuer: display_name(certificate.issuer().as_raw()),
        is_self_issued: certificate.subject().as_raw() == certificate.issuer().as_raw(),
        serial: certificate.raw_serial_as_string().to_uppercase(),
        key: public_key(certificate.public_key()),
        signature_algorithm: name_of(&certificate.signature_algorithm.algorithm),
        is_ca: false,
        path_length: None,
        key_usage: Vec::new(),
        extended_key_usage: Vec::new(),
        common_names: common_names(&certificate),
        alternative_names: Vec::new(),
        validity: validity(&certificate),
    };
    for extension in certificate.extensions() {
        contents.add(extension.parsed_extension());
    }
    Ok(contents)
}

impl Contents {
    fn add(&mut self, extension: &ParsedExtension<'_>) {
        match extension {
            ParsedExtension::BasicConstraints(constraints) => {
                self.is_ca = constraints.ca;
                self.path_length = constraints.path_len_constraint;
            }
            ParsedExtension::KeyUsage(usage) => {
                let is_set = |(bit, name)| (usage.flags >> bit & 1 == 1).then_some(name);
                self.key_usage = KEY_USAGES.into_iter().enumerate().filter_map(is_set).collect();
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                let named = [
                    (usage.any, "anyExtendedKeyUsage"),
                    (usage.server_auth, "serverAuth"),
                    (usage.client_auth, "clientAuth"),
                    (usage.code_signing, "codeSigning"),
                    (usage.email_protection, "emailProtection"),
                    (usage.time_stamping, "timeStamping"),
                    (usage.ocsp_signing, "OCSPSigning"),
                ];
                self.extended_key_usage =
                    named.iter().filter(|(is_set, _)| *is_set).map(|(_, name)| (*name).to_owned()).collect();
                self.extended_key_usage.extend(usage.other.iter().map(Oid::to_id_string));
            }
            ParsedExtension::SubjectAlternativeName(names) => {
                self.alternative_names = names.general_names.iter().map(general_name).collect();
            }
            _ => {}
        }
    }
}

/// The bits of keyUsage in their order.
const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

fn general_name(name: &GeneralName<'_>) -> (&'static str, String) {
    match name {
        GeneralName::DNSName(name) => ("DNS", (*name).to_owned()),
        GeneralName::IPAddress(address) => ("IP", ip_address(address)),
        GeneralName::RFC822Name(name) => ("email", (*name).to_owned()),
        GeneralName::URI(uri) => ("URI", (*uri).to_owned()),
        other => ("other", format!("{other}")),
    }
}

fn ip_address(octets: &[u8]) -> String {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return std::net::Ipv4Addr::from(octets).to_string();
    }
    match <[u8; 16]>::try_from(octets) {
        Ok(octets) => std::net::Ipv6Addr::from(octets).to_string(),
        Err(_) => format!("{octets:02X?}"),
    }
}

fn common_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let attributes = certificate.subject().iter_by_oid(&OID_X509_COMMON_NAME);
    attributes
        .map(|attribute| attribute.as_str().map_or_else(|_| format!("{:02X?}", attribute.as_slice()), str::to_owned))
        .collect()
}

fn public_key(spki: &SubjectPublicKeyInfo<'_>) -> Key {
    match spki.parsed() {
        Ok(ParsedKey::RSA(numbers)) => {
            let zeros = numbers.modulus.iter().take_while(|&&byte| byte == 0).count();
            Key { kind: "RSA".to_owned(), bits: Some(bit_length(&numbers.modulus[zeros..])), curve: None }
        }
        Ok(ParsedKey::EC(_)) => {
            // RFC 5480, section 2.1.1. `as_oid` does not look at the tag.
            let named = spki.algorithm.parameters.as_ref().filter(|parameters| parameters.tag() == Tag::Oid);
            let curve = named.and_then(|parameters| parameters.as_oid().ok());
            let curve = curve.map_or_else(|| "explicit parameters".to_owned(), |curve| key::curve_name(curve.as_bytes()));
            Key { kind: "EC".to_owned(), bits: None, curve: Some(curve) }
        }
        _ => Key { kind: key::key_type_name(spki.algorithm.algorithm.as_bytes()), bits: None, curve: None },
    }
}

/// The short name that openssl has for an object identifier, or its number.
fn name_of(identifier: &Oid<'_>) -> String {
    oid2sn(identifier, oid_registry()).map_or_else(|_| identifier.to_id_string(), str::to_owned)
}

fn validity(certificate: &X509Certificate<'_>) -> Option<Validity> {
    let validity = certificate.validity();
    Some(Validity { not_before: time(validity.not_before)?, not_after: time(validity.not_after)? })
}

fn time(time: ASN1Time) -> Option<Time> {
    let time = time.to_datetime();
    let year = u16::try_from(time.year()).ok()?;
    Time::new(year, time.month().into(), time.day(), time.hour(), time.minute(), time.second())
}

/// Whole days from `now` until `then`, negative when it is past.
fn days_until(then: Time, now: Time) -> i64 {
    (then.unix_seconds() - now.unix_seconds()).div_euclid(86_400)
}
