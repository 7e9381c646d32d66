//! Certificates as OpenSSL sees them, and the chain a server makes of its files.

use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{AttributeTypeAndValue, FromDer as _, X509Certificate, X509Name};

/// A certificate with the parts OpenSSL looks at.
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

/// The chain OpenSSL sends: the server's file as it is, or, when that holds one certificate only, completed from the CA store.
pub(in crate::doctor) fn sent<'a>(file: &[&'a [u8]], store: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let mut chain = file.to_vec();
    let [only] = file else { return chain };
    let store: Vec<_> = store.iter().filter_map(|der| Parsed::read(der)).collect();
    let Some(mut last) = Parsed::read(only) else { return chain };
    while !last.is_self_signed() {
        let Some(issuer) = store.iter().find(|candidate| last.is_issued_by(candidate)) else { break };
        if chain.contains(&issuer.der) {
            break;
        }
        chain.push(issuer.der);
        let Some(next) = Parsed::read(issuer.der) else { break };
        last = next;
    }
    chain
}

/// Whether OpenSSL takes two names for the same: it compares text without regard to its encoding, to ASCII case and to the number
/// of spaces (`x509_name_canon`).
fn same_name(left: &X509Name<'_>, right: &X509Name<'_>) -> bool {
    left.as_raw() == right.as_raw() || canonical(left) == canonical(right)
}

fn canonical(name: &X509Name<'_>) -> Vec<Vec<(String, Vec<u8>)>> {
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
