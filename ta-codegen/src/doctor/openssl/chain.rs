//! Certificates as OpenSSL sees them, and the chain a server makes of its files.

use crate::Certificate;
use crate::time::Time;
use std::collections::HashMap;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{AttributeTypeAndValue, FromDer as _, X509Certificate, X509Name};

/// A certificate with the parts OpenSSL looks at.
#[derive(Debug)]
pub(in crate::doctor) struct Parsed<'a> {
    pub(in crate::doctor) der: &'a [u8],
    pub(in crate::doctor) x509: X509Certificate<'a>,
}

impl<'a> Parsed<'a> {
    /// `None` for what x509-parser does not read.
    pub(in crate::doctor) fn read(der: &'a [u8]) -> Option<Self> {
        let (_, x509) = X509Certificate::from_der(der).ok()?;
        Some(Self { der, x509 })
    }

    pub(in crate::doctor) fn is_self_signed(&self) -> bool {
        same_name(self.x509.issuer(), self.x509.subject()) && self.key_identifiers_agree(self)
    }

    /// `X509_check_issued`: names, key identifiers, and a key usage that allows signing certificates.
    pub(in crate::doctor) fn is_issued_by(&self, issuer: &Self) -> bool {
        let names = same_name(self.x509.issuer(), issuer.x509.subject());
        names && self.key_identifiers_agree(issuer) && issuer.may_sign_certificates()
    }

    fn is_valid_at(&self, now: Time) -> bool {
        let validity = self.x509.validity();
        (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&now.unix_seconds())
    }

    fn key_identifiers_agree(&self, issuer: &Self) -> bool {
        let wanted = self.extension(|extension| match extension {
            ParsedExtension::AuthorityKeyIdentifier(identifier) => identifier.key_identifier.as_ref(),
            _ => None,
        });
        let given = issuer.extension(|extension| match extension {
            ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier),
            _ => None,
        });
        wanted.zip(given).is_none_or(|(wanted, given)| wanted.0 == given.0)
    }

    fn may_sign_certificates(&self) -> bool {
        self.key_usage().is_none_or(|usage| usage & (1 << 5) != 0)
    }

    /// The bits of keyUsage, digitalSignature lowest.
    pub(in crate::doctor) fn key_usage(&self) -> Option<u16> {
        self.extension(|extension| match extension {
            ParsedExtension::KeyUsage(usage) => Some(usage.flags),
            _ => None,
        })
    }

    /// Looks for an extension.
    pub(in crate::doctor) fn extension<'s, T>(&'s self, find: impl Fn(&'s ParsedExtension<'a>) -> Option<T>) -> Option<T> {
        self.x509.extensions().iter().find_map(|extension| find(extension.parsed_extension()))
    }
}

/// The longest chain OpenSSL builds: its verification depth of 100, which counts neither end.
pub(in crate::doctor) const LONGEST_CHAIN: usize = 102;

/// Certificates to look issuers up in, by their subjects.
#[derive(Debug, Default)]
pub(in crate::doctor) struct Store<'a> {
    by_subject: HashMap<CanonicalName, Vec<Parsed<'a>>>,
}

impl<'a> Store<'a> {
    /// Certificates that cannot be read are left out.
    pub(in crate::doctor) fn new(certificates: &'a [Certificate]) -> Self {
        let mut store = Self::default();
        for parsed in certificates.iter().filter_map(|certificate| Parsed::read(certificate.der())) {
            store.by_subject.entry(canonical(parsed.x509.subject())).or_default().push(parsed);
        }
        store
    }

    /// Of all that may have issued `certificate` the first that is valid now, or else the one that ends last: after a CA was renewed
    /// for the same key, the old certificate may still stand beside the new one (`X509_STORE_CTX_get1_issuer`, `find_issuer`).
    pub(in crate::doctor) fn issuer_of(&self, certificate: &Parsed<'_>, now: Time) -> Option<&Parsed<'a>> {
        let named = self.by_subject.get(&canonical(certificate.x509.issuer()))?;
        let mut best: Option<&Parsed<'a>> = None;
        for issuer in named.iter().filter(|issuer| certificate.is_issued_by(issuer)) {
            if issuer.is_valid_at(now) {
                return Some(issuer);
            }
            if best.is_none_or(|best| issuer.x509.validity().not_after > best.x509.validity().not_after) {
                best = Some(issuer);
            }
        }
        best
    }

    /// Whether it holds this very certificate.
    pub(in crate::doctor) fn contains(&self, certificate: &Parsed<'_>) -> bool {
        let named = self.by_subject.get(&canonical(certificate.x509.subject()));
        named.is_some_and(|named| named.iter().any(|held| held.der == certificate.der))
    }
}

/// The chain OpenSSL sends: the server's file as it is, or, when that holds one certificate only, completed from the CA store.
pub(in crate::doctor) fn sent<'a>(file: &[&'a [u8]], store: &Store<'a>, now: Time) -> Vec<&'a [u8]> {
    let mut chain = file.to_vec();
    let [only] = file else { return chain };
    let Some(server) = Parsed::read(only) else { return chain };
    let mut last = &server;
    while chain.len() < LONGEST_CHAIN && !last.is_self_signed() {
        let Some(issuer) = store.issuer_of(last, now).filter(|issuer| !chain.contains(&issuer.der)) else { break };
        chain.push(issuer.der);
        last = issuer;
    }
    chain
}

/// Whether OpenSSL takes two names for the same: it compares text without regard to its encoding, to ASCII case and to the number
/// of spaces (`x509_name_canon`).
fn same_name(left: &X509Name<'_>, right: &X509Name<'_>) -> bool {
    left.as_raw() == right.as_raw() || canonical(left) == canonical(right)
}

/// The attributes of each relative distinguished name: type and value.
type CanonicalName = Vec<Vec<(String, Vec<u8>)>>;

fn canonical(name: &X509Name<'_>) -> CanonicalName {
    let attribute = |attribute: &AttributeTypeAndValue<'_>| (attribute.attr_type().to_id_string(), canonical_value(attribute));
    name.iter_rdn().map(|rdn| rdn.iter().map(attribute).collect()).collect()
}

fn canonical_value(attribute: &AttributeTypeAndValue<'_>) -> Vec<u8> {
    let value = attribute.attr_value();
    let data = value.data;
    let text = match value.header.tag().0 {
        // UTF8String, PrintableString, IA5String, VisibleString
        12 | 19 | 22 | 26 => String::from_utf8_lossy(data).into_owned(),
        // TeletexString, read as Latin-1
        20 => data.iter().copied().map(char::from).collect(),
        // BMPString
        30 => char::decode_utf16(data.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])))
            .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        _ => return data.to_vec(),
    };
    let words: Vec<_> = text.split([' ', '\t', '\n', '\u{B}', '\u{C}', '\r']).filter(|word| !word.is_empty()).collect();
    words.join(" ").to_ascii_lowercase().into_bytes()
}
