//! Certificates that are well formed and have random fields, and what x509-parser says about them.

use arbitrary::Arbitrary;
use ta_codegen::{PublicKey, TrustAnchor};
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey as ParsedKey;

use crate::der::{bit_string, element, sequence, unsigned};
use crate::parse_back::{Key as RowKey, Row};

/// A certificate to be.
#[derive(Arbitrary, Debug)]
pub struct Certificate {
    version: Version,
    serial: Vec<u8>,
    issuer: Vec<Vec<Attribute>>,
    subject: Vec<Vec<Attribute>>,
    dates: [Date; 2],
    key: Key,
    extensions: Vec<Extension>,
    signature: Vec<u8>,
}

#[derive(Arbitrary, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V2 { issuer: Option<Vec<u8>>, subject: Option<Vec<u8>> },
    V3,
}

#[derive(Arbitrary, Debug)]
struct Attribute {
    kind: u8,
    string: Text,
    value: Vec<u8>,
}

#[derive(Arbitrary, Debug)]
enum Text {
    Utf8,
    Printable,
    Teletex,
    Ia5,
    Universal,
    Bmp,
    Bits,
}

#[derive(Arbitrary, Debug)]
struct Date {
    year: u16,
    month: u8,
    day: u8,
    time: [u8; 3],
}

#[derive(Arbitrary, Debug)]
enum Key {
    // The first is what short inputs give: one that is usable.
    Point { curve: Curve, form: Option<u8>, length: Option<u8>, fill: u8 },
    Rsa { n: Vec<u8>, e: Vec<u8> },
    LargeRsa { bits: u16, fill: u8, e: Vec<u8> },
    Other { identifier: u8, bytes: Vec<u8> },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Curve {
    P256,
    P384,
    P521,
    Secp256k1,
}

#[derive(Arbitrary, Debug)]
enum Extension {
    BasicConstraints { critical: bool, is_ca: bool, path_length: Option<u8> },
    NameConstraints { critical: bool, permitted: Vec<u8> },
    Other { critical: bool, identifier: u8, value: Vec<u8> },
}

const RSA_ENCRYPTION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1];
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1];

impl Certificate {
    /// The certificate in DER.
    pub fn encode(&self) -> Vec<u8> {
        let algorithm = sequence(&[element(0x06, &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11]), element(0x05, &[])]);
        let mut parts = Vec::new();
        match &self.version {
            Version::V1 => {}
            Version::V2 { .. } => parts.push(element(0xA0, &unsigned(&[1]))),
            Version::V3 => parts.push(element(0xA0, &unsigned(&[2]))),
        }
        parts.push(unsigned(&self.serial));
        parts.push(algorithm.clone());
        parts.push(name(&self.issuer));
        parts.push(sequence(&self.dates.each_ref().map(Date::encode)));
        parts.push(name(&self.subject));
        parts.push(self.key.encode());
        if let Version::V2 { issuer, subject } = &self.version {
            let identifier =
                |tag, bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| element(tag, &[&[0], &bytes[..]].concat()));
            parts.extend(identifier(0x81, issuer).into_iter().chain(identifier(0x82, subject)));
        }
        if self.version == Version::V3 && !self.extensions.is_empty() {
            let list: Vec<Vec<u8>> = self.extensions.iter().map(Extension::encode).collect();
            parts.push(element(0xA3, &sequence(&list)));
        }
        sequence(&[sequence(&parts), algorithm, bit_string(&self.signature)])
    }

    /// Whether a device can verify signatures with this key, by the documentation of BearSSL and not by the code under test.
    pub fn is_usable(&self) -> bool {
        match &self.key {
            Key::Point { curve, form, length, .. } => match (curve, form, length) {
                (Curve::Secp256k1, ..) => false,
                (curve, form, length) => {
                    form.unwrap_or(4) == 4 && length.is_none_or(|length| usize::from(length) == curve.length())
                }
            },
            Key::Other { .. } => false,
            key => {
                let (n, e) = key.rsa_numbers();
                let bits = n.first().map_or(0, |first| 8 * n.len() - first.leading_zeros() as usize);
                bits > 0 && bits <= 4096 && !e.is_empty() && n.len() + e.len() <= 520
            }
        }
    }
}

fn name(relative_names: &[Vec<Attribute>]) -> Vec<u8> {
    // A RelativeDistinguishedName has one attribute at least (RFC 5280, section 4.1.2.4).
    let sets = relative_names.iter().filter(|attributes| !attributes.is_empty());
    sequence(
        &sets
            .map(|attributes| element(0x31, &attributes.iter().flat_map(Attribute::encode).collect::<Vec<_>>()))
            .collect::<Vec<_>>(),
    )
}

impl Attribute {
    fn encode(&self) -> Vec<u8> {
        let string = match self.string {
            Text::Utf8 => 0x0C,
            Text::Printable => 0x13,
            Text::Teletex => 0x14,
            Text::Ia5 => 0x16,
            Text::Universal => 0x1C,
            Text::Bmp => 0x1E,
            Text::Bits => 0x03,
        };
        sequence(&[element(0x06, &[0x55, 4, self.kind & 0x7F]), element(string, &self.value)])
    }
}

impl Date {
    fn encode(&self) -> Vec<u8> {
        let (year, month, day) = (self.year % 10_000, self.month % 12 + 1, self.day % 28 + 1);
        let [hour, minute, second] = [self.time[0] % 24, self.time[1] % 60, self.time[2] % 60];
        let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
        if (1950..2050).contains(&year) {
            element(0x17, format!("{:02}{rest}", year % 100).as_bytes())
        } else {
            element(0x18, format!("{year:04}{rest}").as_bytes())
        }
    }
}

impl Curve {
    fn identifier(self) -> &'static [u8] {
        match self {
            Curve::P256 => &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7],
            Curve::P384 => &[0x2B, 0x81, 4, 0, 34],
            Curve::P521 => &[0x2B, 0x81, 4, 0, 35],
            Curve::Secp256k1 => &[0x2B, 0x81, 4, 0, 10],
        }
    }

    fn length(self) -> usize {
        match self {
            Curve::P256 | Curve::Secp256k1 => 65,
            Curve::P384 => 97,
            Curve::P521 => 133,
        }
    }
}

impl Key {
    /// Modulus and exponent without leading zeros.
    fn rsa_numbers(&self) -> (Vec<u8>, Vec<u8>) {
        let strip = |number: &[u8]| number.iter().copied().skip_while(|&byte| byte == 0).collect::<Vec<u8>>();
        match self {
            Key::Rsa { n, e } => (strip(n), strip(e)),
            Key::LargeRsa { bits, fill, e } => {
                let bits = usize::from(*bits) % 4400;
                let mut n = vec![*fill; bits.div_ceil(8)];
                if let Some(first) = n.first_mut() {
                    *first = 1 << ((bits + 7) % 8);
                }
                (n, strip(e))
            }
            _ => (Vec::new(), Vec::new()),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let (algorithm, key) = match self {
            Key::Rsa { .. } | Key::LargeRsa { .. } => {
                let (n, e) = self.rsa_numbers();
                ([element(0x06, RSA_ENCRYPTION), element(0x05, &[])], sequence(&[unsigned(&n), unsigned(&e)]))
            }
            Key::Point { curve, form, length, fill } => {
                let mut point = vec![*fill; length.map_or(curve.length(), usize::from)];
                if let Some(first) = point.first_mut() {
                    *first = form.unwrap_or(4);
                }
                ([element(0x06, EC_PUBLIC_KEY), element(0x06, curve.identifier())], point)
            }
            Key::Other { identifier, bytes } => ([element(0x06, &[0x2B, 0x65, identifier & 0x7F]), Vec::new()], bytes.clone()),
        };
        sequence(&[sequence(&algorithm), bit_string(&key)])
    }
}

impl Extension {
    fn encode(&self) -> Vec<u8> {
        let (critical, identifier, value) = match self {
            Extension::BasicConstraints { critical, is_ca, path_length } => {
                let is_ca = if *is_ca { element(0x01, &[0xFF]) } else { Vec::new() };
                let path_length = path_length.filter(|_| !is_ca.is_empty()).map_or(Vec::new(), |length| unsigned(&[length]));
                (critical, 19, sequence(&[is_ca, path_length]))
            }
            Extension::NameConstraints { critical, permitted } => {
                let subtree = sequence(&[element(0x82, permitted)]);
                (critical, 30, sequence(&[element(0xA0, &subtree)]))
            }
            // 64 and above: no extension that anybody parses.
            Extension::Other { critical, identifier, value } => (critical, identifier & 0x3F | 0x40, value.clone()),
        };
        let critical = if *critical { element(0x01, &[0xFF]) } else { Vec::new() };
        sequence(&[element(0x06, &[0x55, 0x1D, identifier]), critical, element(0x04, &value)])
    }
}

/// What x509-parser says about a certificate, as the row that the outputs have to hold. Compares with `anchor` what the outputs lack.
pub(crate) fn second_opinion(der: &[u8], anchor: &TrustAnchor) -> Row {
    let (rest, certificate) = X509Certificate::from_der(der).expect("x509-parser reads what was read");
    assert!(rest.is_empty());
    assert_eq!(anchor.subject(), certificate.subject().as_raw());
    assert_eq!(anchor.issuer(), certificate.issuer().as_raw());
    assert_eq!(anchor.spki(), certificate.public_key().raw);
    assert_eq!(anchor.serial(), certificate.raw_serial());
    let seconds = [anchor.validity().not_before, anchor.validity().not_after].map(|time| time.unix_seconds());
    assert_eq!(seconds, [certificate.validity().not_before, certificate.validity().not_after].map(|time| time.timestamp()));
    let name_constraints = certificate.extensions().iter().rev().find(|extension| extension.oid.as_bytes() == [0x55, 0x1D, 30]);
    assert_eq!(anchor.name_constraints(), name_constraints.map(|extension| extension.value));
    Row { subject: certificate.subject().as_raw().to_vec(), is_ca: is_ca(&certificate), key: key(&certificate, anchor) }
}

/// Of several basicConstraints one with cA TRUE decides: FALSE is the default, which DER leaves out.
fn is_ca(certificate: &X509Certificate<'_>) -> bool {
    certificate.extensions().iter().any(|extension| match extension.parsed_extension() {
        ParsedExtension::BasicConstraints(constraints) => constraints.ca,
        _ => false,
    })
}

fn key(certificate: &X509Certificate<'_>, anchor: &TrustAnchor) -> RowKey {
    let strip = |number: &[u8]| number.iter().copied().skip_while(|&byte| byte == 0).collect::<Vec<u8>>();
    match certificate.public_key().parsed().expect("x509-parser reads the key") {
        ParsedKey::RSA(rsa) => RowKey::Rsa { n: strip(rsa.modulus), e: strip(rsa.exponent) },
        ParsedKey::EC(point) => {
            let PublicKey::Ec { curve, .. } = anchor.key() else { panic!("x509-parser sees a point") };
            RowKey::Ec { curve: curve.bearssl_name().to_owned(), q: point.data().to_vec() }
        }
        _ => panic!("x509-parser sees a key that BearSSL does not know"),
    }
}
