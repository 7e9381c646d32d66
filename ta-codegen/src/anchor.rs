//! The model: a trust anchor as RFC 5914 and BearSSL understand it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::error::{Origin, UnusableKey};
use crate::read::certificate::Layout;
use crate::read::key::KeyLayout;
use crate::time::Validity;

/// A CA that a device trusts: its name and its key.
///
/// It owns the certificate it was read from, and every part is a slice of that, never re-encoded: BearSSL compares names byte by byte.
#[derive(Clone, Debug)]
pub struct TrustAnchor {
    certificate: Vec<u8>,
    layout: Layout,
    origin: Origin,
    label: Option<Arc<str>>,
}

/// A public key whose numbers are slices of the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PublicKey<'a> {
    /// RSA: both numbers unsigned, big-endian, without leading zeros.
    Rsa {
        /// The modulus, 1 to 512 bytes.
        n: &'a [u8],
        /// The public exponent, at least one byte.
        e: &'a [u8],
    },
    /// Elliptic curve.
    Ec {
        /// The curve.
        curve: Curve,
        /// The point, uncompressed: 04, x, y (SEC 1, section 2.3.3).
        q: &'a [u8],
    },
}

/// The curves that BearSSL verifies signatures on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// NIST P-256, also called secp256r1 and prime256v1.
    P256,
    /// NIST P-384, also called secp384r1.
    P384,
    /// NIST P-521, also called secp521r1.
    P521,
}

impl Curve {
    /// The curve's number in TLS and in BearSSL (`BR_EC_secp256r1` in `bearssl_ec.h`).
    pub fn tls_identifier(self) -> u8 {
        match self {
            Curve::P256 => 23,
            Curve::P384 => 24,
            Curve::P521 => 25,
        }
    }

    /// The name of BearSSL's constant for this curve.
    pub fn bearssl_name(self) -> &'static str {
        match self {
            Curve::P256 => "BR_EC_secp256r1",
            Curve::P384 => "BR_EC_secp384r1",
            Curve::P521 => "BR_EC_secp521r1",
        }
    }

    /// Bytes of an uncompressed point.
    pub fn point_length(self) -> usize {
        match self {
            Curve::P256 => 65,
            Curve::P384 => 97,
            Curve::P521 => 133,
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
        })
    }
}

impl PublicKey<'_> {
    /// Bytes that the key's numbers take in flash.
    pub fn data_length(&self) -> usize {
        match self {
            PublicKey::Rsa { n, e } => n.len() + e.len(),
            PublicKey::Ec { q, .. } => q.len(),
        }
    }
}

impl fmt::Display for PublicKey<'_> {
    /// The type and size as people name them: `RSA 2048 bits`, `EC P-256`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PublicKey::Rsa { n, .. } => write!(f, "RSA {} bits", bit_length(n)),
            PublicKey::Ec { curve, .. } => write!(f, "EC {curve}"),
        }
    }
}

/// Bits of an unsigned big-endian number without leading zeros.
pub(crate) fn bit_length(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// The most that BearSSL verifies with (`BR_MAX_RSA_SIZE` in its `inner.h`).
const MAXIMUM_RSA_BITS: usize = 4096;

impl TrustAnchor {
    /// Makes an anchor of a decoded certificate, unless no device could verify anything with its key. Form and length are checked,
    /// not whether a point lies on its curve.
    pub(crate) fn new(certificate: Vec<u8>, layout: Layout, origin: Origin) -> Result<Self, UnusableKey> {
        let anchor = TrustAnchor { certificate, layout, origin, label: None };
        match anchor.key() {
            PublicKey::Rsa { n: [], .. } => Err(UnusableKey::RsaZero("modulus")),
            PublicKey::Rsa { e: [], .. } => Err(UnusableKey::RsaZero("public exponent")),
            PublicKey::Rsa { n, .. } if bit_length(n) > MAXIMUM_RSA_BITS => Err(UnusableKey::RsaTooLarge { bits: bit_length(n) }),
            PublicKey::Ec { q: [2 | 3, ..], .. } => Err(UnusableKey::PointForm { form: "compressed" }),
            PublicKey::Ec { q: [6 | 7, ..], .. } => Err(UnusableKey::PointForm { form: "hybrid" }),
            PublicKey::Ec { curve, q } if q.len() != curve.point_length() => {
                Err(UnusableKey::PointLength { curve, actual: q.len(), expected: curve.point_length() })
            }
            PublicKey::Ec { q, .. } if q[0] != 4 => Err(UnusableKey::PointForm { form: "an unknown" }),
            _ => Ok(anchor),
        }
    }

    /// The whole certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The subject: a whole DER Name, its SEQUENCE header included (RFC 5280, section 4.1.2.6), as `br_x509_trust_anchor.dn` wants it.
    pub fn subject(&self) -> &[u8] {
        self.slice(&self.layout.subject)
    }

    /// The issuer: a whole DER Name, its SEQUENCE header included.
    pub fn issuer(&self) -> &[u8] {
        self.slice(&self.layout.issuer)
    }

    /// The serial number: the content of its DER INTEGER.
    pub fn serial(&self) -> &[u8] {
        self.slice(&self.layout.serial)
    }

    /// The whole DER SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
    pub fn spki(&self) -> &[u8] {
        self.slice(&self.layout.spki)
    }

    /// The public key's numbers.
    pub fn key(&self) -> PublicKey<'_> {
        match &self.layout.key {
            KeyLayout::Rsa { n, e } => PublicKey::Rsa { n: self.slice(n), e: self.slice(e) },
            KeyLayout::Ec { curve, q } => PublicKey::Ec { curve: *curve, q: self.slice(q) },
        }
    }

    /// basicConstraints' cA flag (RFC 5280, section 4.2.1.9), which becomes `BR_X509_TA_CA`; false where the extension is missing.
    pub fn is_ca(&self) -> bool {
        self.layout.extensions.is_ca
    }

    /// The whole DER NameConstraints (RFC 5280, section 4.2.1.10), which BearSSL ignores and webpki honours.
    pub fn name_constraints(&self) -> Option<&[u8]> {
        self.layout.extensions.name_constraints.as_ref().map(|range| self.slice(range))
    }

    /// The period in which the certificate says that it holds; BearSSL never checks an anchor's.
    pub fn validity(&self) -> Validity {
        self.layout.validity
    }

    /// Where the certificate was found.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The user's own name for it, which generated arrays get instead of a number.
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// The same anchor under a name.
    pub fn with_label(self, label: impl Into<Arc<str>>) -> Self {
        TrustAnchor { label: Some(label.into()), ..self }
    }

    /// Everything of an anchor that makes a difference on a device: two with the same identity are one.
    pub fn identity(&self) -> (&[u8], PublicKey<'_>, bool, Option<&[u8]>) {
        (self.subject(), self.key(), self.is_ca(), self.name_constraints())
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        &self.certificate[range.clone()]
    }
}

/// The anchors without those that repeat an earlier one, in order.
pub fn unique(anchors: &[TrustAnchor]) -> Vec<&TrustAnchor> {
    let mut seen = std::collections::HashSet::with_capacity(anchors.len());
    anchors.iter().filter(|anchor| seen.insert(anchor.identity())).collect()
}

/// The time in which all of the anchors hold: from the latest notBefore to the earliest notAfter, which may be the earlier of the two.
/// `None` where there is no anchor.
pub fn common_validity(anchors: &[&TrustAnchor]) -> Option<Validity> {
    let not_before = anchors.iter().map(|anchor| anchor.validity().not_before).max()?;
    let not_after = anchors.iter().map(|anchor| anchor.validity().not_after).min()?;
    Some(Validity { not_before, not_after })
}
