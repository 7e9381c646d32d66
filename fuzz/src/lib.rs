//! What the fuzz targets check; each target is one call of a function here.

#![forbid(unsafe_code)]

pub mod certificate;
mod der;
mod parse_back;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parse_back::Row;
use ta_codegen::check::{tasmota_warnings, warnings};
use ta_codegen::time::Time;
use ta_codegen::{
    Error, MAXIMUM_CERTIFICATES, TrustAnchor, c, display_name, read_certificates, read_trust_anchors, rust, unique,
};

/// A point in time for the warnings, always the same so that a crash can be repeated.
fn now() -> Time {
    Time::new(2026, 1, 1, 0, 0, 0).expect("a day that exists")
}

/// Reads any bytes; what is said about them must be safe to show, and what is found must be found again.
pub fn reader(bytes: &[u8]) {
    match read_trust_anchors(bytes, "fuzz.pem") {
        Err(error) => check_messages(&error),
        Ok(anchors) => anchors_hold(bytes, &anchors),
    }
}

/// Every message is a line of printable text of bearable length.
fn check_messages(error: &Error) {
    assert!(!error.problems().is_empty() && error.problems().len() <= MAXIMUM_CERTIFICATES + 1);
    for problem in error.problems() {
        let line = problem.to_string();
        assert!(line.starts_with("fuzz.pem: ") && line.len() < 2000, "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

fn anchors_hold(bytes: &[u8], anchors: &[TrustAnchor]) {
    let certificates = read_certificates(bytes, "fuzz.pem").expect("what holds anchors holds certificates");
    assert_eq!(certificates.len(), anchors.len());
    for (certificate, anchor) in certificates.iter().zip(anchors) {
        assert_eq!(certificate.der(), anchor.certificate());
        assert!(display_name(anchor.subject()).chars().count() <= 303);
        is_found_again(anchor);
    }
    for warning in warnings(anchors, now()).into_iter().chain(tasmota_warnings(anchors)) {
        assert!(!warning.to_string().chars().any(char::is_control));
    }
}

/// The same certificate alone, as DER and as PEM, is the same anchor.
fn is_found_again(anchor: &TrustAnchor) {
    let body = STANDARD.encode(anchor.certificate());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    for bytes in [anchor.certificate(), pem.as_bytes()] {
        let again = read_trust_anchors(bytes, "again").expect("a certificate that was read before");
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].identity(), anchor.identity());
        assert_eq!((again[0].spki(), again[0].name_constraints()), (anchor.spki(), anchor.name_constraints()));
    }
}

/// Writes what was read in every form, and reads each form back.
pub fn emitters(bytes: &[u8]) {
    if let Ok(anchors) = read_trust_anchors(bytes, "fuzz.pem") {
        check_outputs(&anchors, &anchors.iter().map(Row::from).collect::<Vec<_>>());
    }
}

/// Parses every output of `anchors` back and compares it with the rows that are expected.
fn check_outputs(anchors: &[TrustAnchor], expected: &[Row]) {
    assert_eq!(parse_back::brssl(&c::brssl(anchors)), expected);
    let unique = unique(anchors);
    let mut expected_once: Vec<Row> = Vec::new();
    for row in expected {
        if !expected_once.contains(row) {
            expected_once.push(row.clone());
        }
    }
    let headers = c::tasmota(&unique);
    assert_eq!(parse_back::tasmota(&headers.data, &headers.descriptor), expected_once);
    let source = rust::source(&unique, "TRUST_ANCHORS");
    assert!(source.is_ascii(), "only printable ASCII belongs into generated source");
    assert_eq!(parse_back::rust(&source), unique.iter().map(|anchor| parse_back::RustRow::from(*anchor)).collect::<Vec<_>>());
}

/// Reads well-formed certificates with random fields, and compares the outputs with what x509-parser says about the certificates.
pub fn structured(certificates: &[certificate::Certificate]) {
    let ders: Vec<Vec<u8>> = certificates.iter().map(certificate::Certificate::encode).collect();
    let mut anchors = Vec::new();
    let mut expected = Vec::new();
    for (certificate, der) in certificates.iter().zip(&ders) {
        match read_trust_anchors(der, "made.der") {
            Ok(mut found) => {
                assert!(certificate.is_usable(), "taken: {certificate:?}");
                expected.push(certificate::second_opinion(der, &found[0]));
                anchors.append(&mut found);
            }
            Err(error) => assert!(!certificate.is_usable(), "{error}: {certificate:?}"),
        }
    }
    check_outputs(&anchors, &expected);
}
