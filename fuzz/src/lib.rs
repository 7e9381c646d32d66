//! What the fuzz targets check; each target is one call of a function here.

#![forbid(unsafe_code)]

pub mod certificate;
mod der;
mod parse_back;
pub mod tls_server;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use example_firmware::anchors;
use example_firmware::mqtt::Message;
use example_firmware::session::{self, Settings, TlsVersions};
use parse_back::Row;
use rustls_pki_types::UnixTime;
use std::time::Duration;
use ta_codegen::Certificate;
use ta_codegen::check::{tasmota_warnings, warnings};
use ta_codegen::doctor::{Broker, PROFILES, Report, Situation, examine};
use ta_codegen::fingerprint::{Version, fingerprint};
use ta_codegen::inspect::{inspect, json};
use ta_codegen::time::Time;
use ta_codegen::tls_key::{KeyFile, commands, read_key_file};
use ta_codegen::{
    Error, MAXIMUM_CERTIFICATES, TrustAnchor, c, display_name, read_certificates, read_trust_anchors, rust, unique,
};
use tls_server::{Stream, TlsServer, Versions};

/// A point in time for the warnings, always the same so that a crash can be repeated.
fn now() -> Time {
    Time::new(2026, 1, 1, 0, 0, 0).expect("a day that exists")
}

/// Reads any bytes; what is said about them must be safe to show, and what is found must be found again.
pub fn reader(bytes: &[u8]) {
    let (inspections, problems) = inspect(bytes, "fuzz.pem");
    inspections.iter().for_each(|inspection| is_safe_to_show(&inspection.text(now())));
    is_safe_to_show(&json(&inspections, &problems, now()));
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

/// Lines of text without anything that commands a terminal.
fn is_safe_to_show(text: &str) {
    let is_harmful = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    assert!(!text.chars().any(is_harmful), "{text:?}");
}

fn anchors_hold(bytes: &[u8], anchors: &[TrustAnchor]) {
    let certificates = read_certificates(bytes, "fuzz.pem").expect("what holds anchors holds certificates");
    assert_eq!(certificates.len(), anchors.len());
    for (certificate, anchor) in certificates.iter().zip(anchors) {
        assert_eq!(certificate.der(), anchor.certificate());
        assert!(display_name(anchor.subject()).chars().count() <= 303);
        for version in [Version::Current, Version::V1] {
            fingerprint(anchor, version)
                .map_or_else(|error| is_safe_to_show(&error.to_string()), |found| is_safe_to_show(&found.to_string()));
        }
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
    let headers = c::tasmota(&unique).expect("anchors without labels");
    assert_eq!(parse_back::tasmota(&headers.data, &headers.descriptor), expected_once);
    let source = rust::source(&unique, "TRUST_ANCHORS").expect("a good name");
    assert!(source.is_ascii(), "only printable ASCII belongs into generated source");
    assert_eq!(parse_back::rust(&source), unique.iter().map(|anchor| parse_back::RustRow::from(*anchor)).collect::<Vec<_>>());
}

/// Reads well-formed certificates with random fields, and compares the outputs with what x509-parser says about the certificates.
pub fn structured((first, others): &(certificate::Certificate, Vec<certificate::Certificate>)) {
    let certificates: Vec<_> = [first].into_iter().chain(others).collect();
    let ders: Vec<Vec<u8>> = certificates.iter().map(|certificate| certificate.encode()).collect();
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

/// Judges devices and brokers made of any certificates.
pub fn doctor(bytes: &[u8]) {
    let Ok(certificates) = read_certificates(bytes, "fuzz.pem") else { return };
    // The last certificate is the anchor and the others are the chain, or the first is all that there is.
    let (chain, anchors) = certificates.split_at(certificates.len() - 1);
    for chain in [chain, &certificates] {
        diagnose(anchors, Broker::with_certificates(chain.to_vec()), chain);
    }
}

fn diagnose(anchors: &[Certificate], broker: Broker, client: &[Certificate]) {
    let situation = Situation {
        anchors: anchors.to_vec(),
        broker: Some(broker),
        client: client.to_vec(),
        host: "broker.example.com".to_owned(),
        now: now(),
        expires_within: Some(30 * 86_400),
    };
    let profiles: Vec<_> = PROFILES.iter().collect();
    let report: Report = examine(&situation, &profiles);
    is_safe_to_show(&report.to_text());
    is_safe_to_show(&report.to_json());
}

/// Reads any bytes as a mosquitto.conf. Paths are taken out of their reach: what lies on this machine is no part of the test.
pub fn mosquitto_conf(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let configuration = folder.path().join("mosquitto.conf");
    let bytes: Vec<u8> = bytes.iter().map(|&byte| if byte == b'/' { b'_' } else { byte }).collect();
    std::fs::write(&configuration, bytes).expect("a file");
    if let Ok(broker) = Broker::from_mosquitto_conf(&configuration, Vec::new(), None) {
        diagnose(&[], broker, &[]);
    }
}

/// Reads any bytes as a private key, of which no message may say anything.
pub fn private_key(bytes: &[u8]) {
    let key = match read_key_file(bytes) {
        Ok(KeyFile::Plain(key)) => Ok(key),
        Ok(KeyFile::Encrypted(key)) => key.decrypt(b"pass phrase"),
        Err(error) => Err(error),
    };
    match key {
        Err(error) => is_safe_to_show(&error.to_string()),
        Ok(key) => {
            assert_eq!(key.public_point().len(), 65);
            let anchors = read_trust_anchors(DEVICE_CERTIFICATE, "device.crt").expect("a good certificate");
            if let Err(error) = commands(&key, &ta_codegen::error::Origin::file("key.pem"), &anchors, now()) {
                is_safe_to_show(&error.to_string());
            }
        }
    }
}

const DEVICE_CERTIFICATE: &[u8] = include_bytes!("../../fixtures/ca-p256.crt");

/// Lets the example firmware meet a server that has no key: whatever it sends, the firmware never takes it for the broker.
pub fn tls_client(server: &TlsServer) {
    let versions = match server.versions {
        Versions::Any => TlsVersions::Any,
        Versions::Tls12 => TlsVersions::Tls12,
        Versions::Tls13 => TlsVersions::Tls13,
    };
    let settings = Settings {
        roots: &anchors::ROOTS,
        host: "broker.test",
        // 2030, when the real certificate among the server's messages is valid.
        now: UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000)),
        versions,
        identity: None,
        message: Message { client_id: "fuzz", topic: "fuzz", payload: b"fuzz" },
    };
    let outcome = session::run(Stream(&server.bytes()), settings, &mut String::new());
    assert!(matches!(outcome, Err(session::Error::Handshake(_))), "{outcome:?}");
}
