//! What a file holds when it holds no certificate.

use super::cursor::{Cursor, DerError, tag};

/// Whether the whole of `bytes` is one DER SEQUENCE, by its header: how `brssl` tells DER from PEM.
pub(crate) fn is_one_der_value(bytes: &[u8]) -> bool {
    sequence_length(bytes).is_some_and(|length| length == bytes.len())
}

/// The length, header included, that a SEQUENCE at the start of `bytes` claims to have.
pub(crate) fn sequence_length(bytes: &[u8]) -> Option<usize> {
    let [0x30, first, rest @ ..] = bytes else { return None };
    if *first < 0x80 {
        return Some(2 + usize::from(*first));
    }
    let octets = rest.get(..usize::from(first & 0x7F)).filter(|octets| !octets.is_empty())?;
    let length = octets.iter().try_fold(0usize, |length, &octet| length.checked_mul(256)?.checked_add(usize::from(octet)))?;
    length.checked_add(2 + octets.len())
}

/// Recognises the other things that are kept in DER files.
pub(crate) fn other_than_certificate(der: &[u8]) -> Option<String> {
    let (what, remedy) = classify(der).ok()??;
    Some(format!("it is {what}; {remedy}"))
}

type Classification = Option<(&'static str, &'static str)>;

const TAKE_CERTIFICATES_OUT_OF_PKCS7: &str = "take the CA out with `openssl pkcs7 -inform DER -in FILE -print_certs`";
const TAKE_CERTIFICATES_OUT_OF_PKCS12: &str = "take the CA out with `openssl pkcs12 -in FILE -cacerts -nokeys`";
const GIVE_THE_CERTIFICATE: &str = "give the certificate instead, such as ca.crt";

fn classify(der: &[u8]) -> Result<Classification, DerError> {
    let mut outer = Cursor::new(der).sequence()?;
    let first = outer.tag()?;
    Ok(match first.number {
        tag::OBJECT_IDENTIFIER => Some(("a PKCS#7 container", TAKE_CERTIFICATES_OUT_OF_PKCS7)),
        tag::INTEGER => Some(match outer.small_integer()? {
            3 => ("a PKCS#12 container", TAKE_CERTIFICATES_OUT_OF_PKCS12),
            _ => ("a private key", GIVE_THE_CERTIFICATE),
        }),
        tag::SEQUENCE => classify_signed(outer.open()?)?,
        _ => None,
    })
}

/// Tells a public key, a certificate request and a revocation list from a certificate by what the inner SEQUENCE begins with.
fn classify_signed(mut inner: Cursor<'_>) -> Result<Classification, DerError> {
    match inner.tag()?.number {
        tag::OBJECT_IDENTIFIER => Ok(Some(("a public key or an encrypted private key", GIVE_THE_CERTIFICATE))),
        tag::INTEGER => {
            inner.open()?.skip()?;
            inner.sequence()?.skip()?;
            inner.sequence()?.skip()?;
            Ok(match inner.tag()?.number {
                // The attributes of a request (RFC 2986, section 4.1), where a certificate has its dates in a SEQUENCE.
                tag::CONTEXT => Some(("a certificate signing request", GIVE_THE_CERTIFICATE)),
                // thisUpdate (RFC 5280, section 5.1).
                tag::UTC_TIME | tag::GENERALIZED_TIME => Some(("a revocation list", GIVE_THE_CERTIFICATE)),
                _ => None,
            })
        }
        _ => Ok(None),
    }
}

/// Says what a file without a certificate is, and what to do.
pub(crate) fn instead(bytes: &[u8], labels: &[String]) -> String {
    if !labels.is_empty() {
        let mut names: Vec<&str> = labels.iter().map(|label| name_of_label(label)).collect();
        names.dedup();
        let remedy = if labels.iter().any(|label| is_pkcs7(label)) {
            "take the CA out with `openssl pkcs7 -in FILE -print_certs`"
        } else {
            GIVE_THE_CERTIFICATE
        };
        return format!("it holds {}; {remedy}", names.join(", "));
    }
    let Some(length) = sequence_length(bytes) else { return text_without_block(bytes) };
    match bytes.len().checked_sub(length) {
        None => format!(
            "it looks like DER that is cut off: its header says {length} bytes and there are {}; get it again",
            bytes.len()
        ),
        Some(more) => format!(
            "it looks like DER with more behind its end (bytes: {more}); a DER file holds one certificate and nothing else"
        ),
    }
}

fn text_without_block(bytes: &[u8]) -> String {
    let upper = bytes.to_ascii_uppercase();
    let line_of = |pattern: &[u8]| {
        let offset = upper.windows(pattern.len()).position(|window| window == pattern)?;
        let start = bytes[..offset].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let line = 1 + bytes[..start].iter().filter(|&&byte| byte == b'\n').count();
        Some((line, bytes[start..offset].trim_ascii().is_empty()))
    };
    if let Some((line, true)) = line_of(b"-----BEGIN ") {
        format!("the BEGIN in line {line} has no label, or more than that on its line; get the file again")
    } else if let Some((line, false)) = line_of(b"-----BEGIN ") {
        format!("the BEGIN in line {line} does not stand at the start of its line; remove what is before it")
    } else if let Some((line, _)) = line_of(b"-----END ") {
        format!("the END in line {line} has no BEGIN line before it; get the file again")
    } else {
        "it is neither PEM (a line `-----BEGIN CERTIFICATE-----`) nor DER; give the certificate instead, such as ca.crt"
            .to_owned()
    }
}

fn is_pkcs7(label: &str) -> bool {
    matches!(label, "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS")
}

fn name_of_label(label: &str) -> &str {
    match label {
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => "a certificate signing request",
        "PUBLIC KEY" | "RSA PUBLIC KEY" => "a public key",
        "X509 CRL" => "a revocation list",
        "DH PARAMETERS" | "EC PARAMETERS" => "key parameters",
        label if is_pkcs7(label) => "a PKCS#7 container",
        label if label.ends_with("PRIVATE KEY") => "a private key",
        label => label,
    }
}
