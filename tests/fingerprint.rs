//! `ta-codegen fingerprint`: vectors, and the same figures computed with openssl and Python's `cryptography`.

use std::path::Path;

use crate::support::{fixture, openssl, require, run, run_with_input, ta_codegen, ta_codegen_with, temporary_folder, text};

/// Figures of a reading of Tasmota's source, made apart from this project.
const VECTORS: &[(&str, &[&str], &str)] = &[
    ("fingerprint-rsa.crt", &[], "0E 77 29 76 77 3E 40 12 F4 FA B9 78 B9 E7 8F 40 0C 4C AD F0"),
    ("fingerprint-rsa.crt", &["--v1"], "4C 69 4C 3E BD D1 9F FC A7 DC B7 5F 3E 2A 78 72 55 B8 01 BC"),
    ("fingerprint-rsa-e3.crt", &[], "81 86 89 72 E5 5B 61 97 67 40 F6 DF F1 BB A7 EE AD CC EB 13"),
    ("fingerprint-rsa-e3.crt", &["--v1"], "AB 5E A2 EB DF 35 C0 1F AD 5E 97 17 2C 6B 3F 76 3F 84 D5 5C"),
    ("fingerprint-ec.crt", &[], "93 32 82 9B 78 46 E6 3C 6E F6 CA AD 05 E0 2E 75 E8 30 E4 C5"),
];

fn as_define(fingerprint: &str) -> String {
    fingerprint.split(' ').map(|byte| format!("0x{byte}")).collect::<Vec<_>>().join(",")
}

#[test]
fn vectors() {
    for (name, options, expected) in VECTORS {
        for slot in ["1", "2"] {
            let file = fixture(name);
            let mut arguments = vec!["fingerprint", text(&file), "--slot", slot];
            arguments.extend(*options);
            let outcome = ta_codegen_with(arguments).expect_status(0);
            let define = as_define(expected);
            assert_eq!(
                outcome.text(),
                format!("MqttFingerprint{slot} {expected}\n#define MQTT_FINGERPRINT{slot}      {define}\n")
            );
        }
    }
}

/// A broker's certificate that is no CA's, signed by nobody in particular.
fn broker(folder: &Path, key: &[&str]) -> std::path::PathBuf {
    let (key_file, file) = (folder.join("broker.key"), folder.join("broker.crt"));
    let mut arguments = vec!["req", "-x509", "-nodes", "-subj", "/CN=broker", "-addext", "basicConstraints=CA:FALSE", "-newkey"];
    arguments.extend(key);
    arguments.extend(["-keyout", text(&key_file), "-out", text(&file)]);
    openssl(arguments);
    file
}

const PYTHON: &str = r#"
import hashlib, struct, sys
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
key = x509.load_pem_x509_certificate(sys.stdin.buffer.read()).public_key()
number = lambda n: n.to_bytes((n.bit_length() + 7) // 8, "big")
if isinstance(key, rsa.RSAPublicKey):
    fields = [b"ssh-rsa", number(key.public_numbers().e), number(key.public_numbers().n)]
else:
    curve = {"secp256r1": 23, "secp384r1": 24}[key.curve.name]
    fields = [b"ecdsa", struct.pack(">I", curve), key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)]
data = b"".join(struct.pack(">I", len(field)) + field for field in fields)
print(hashlib.sha1(data).hexdigest().upper())
"#;

/// The key's numbers as another library reads them.
#[test]
fn python_cryptography_computes_the_same() {
    for key in [
        &["rsa:2048"][..],
        &["rsa:3072"],
        &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
    ] {
        let folder = temporary_folder();
        let file = broker(folder.path(), key);
        let pem = std::fs::read(&file).expect("a file");
        let mut python = require("python3", "python3");
        let theirs = run_with_input(python.args(["-c", PYTHON]), &pem);
        assert_eq!(
            theirs.status, 0,
            "this test needs Python's cryptography: apt-get install python3-cryptography: {}",
            theirs.stderr
        );
        let ours = ta_codegen_with(["fingerprint", text(&file)]).expect_status(0);
        let first = ours.text().lines().next().expect("a line").trim_start_matches("MqttFingerprint1 ").replace(' ', "");
        assert_eq!(first, theirs.text().trim());
    }
}

#[test]
fn says_what_the_file_is_when_it_is_not_the_brokers() {
    let ca = ta_codegen_with(["fingerprint", text(&fixture("ca-rsa2048.crt"))]).expect_status(0);
    assert!(ca.expect_stderr(&["warning", "CA's certificate", "certfile"]).text().starts_with("MqttFingerprint1 "));
    let folder = temporary_folder();
    let leaf = broker(folder.path(), &["rsa:2048"]);
    let leaf = ta_codegen_with(["fingerprint", text(&leaf)]).expect_status(0);
    assert!(!leaf.stderr.contains("warning"), "{}", leaf.stderr);
    let ec = broker(folder.path(), &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    ta_codegen_with(["fingerprint", text(&ec)]).expect_status(0).expect_stderr(&["ESP32", "August 2026"]);
}

/// Of a chain the first is the broker's, and standard input is a file, too.
#[test]
fn a_chain_from_standard_input() {
    let folder = temporary_folder();
    let mut chain = std::fs::read(broker(folder.path(), &["rsa:2048"])).expect("a file");
    let alone = run_with_input(ta_codegen().args(["fingerprint", "-"]), &chain).expect_status(0);
    chain.extend(std::fs::read(fixture("ca-rsa2048.crt")).expect("a file"));
    let both = run_with_input(ta_codegen().args(["fingerprint", "-"]), &chain).expect_status(0);
    assert_eq!(alone.text(), both.text());
    both.expect_stderr(&["2 certificates", "first"]);
}

#[test]
fn what_has_no_fingerprint_is_refused() {
    let folder = temporary_folder();
    let p521 = broker(folder.path(), &["ec", "-pkeyopt", "ec_paramgen_curve:P-521"]);
    let refused = |arguments: &[&str], status, words: &[&str]| {
        let outcome = run(ta_codegen().arg("fingerprint").args(arguments)).expect_status(status);
        assert!(outcome.stdout.is_empty());
        outcome.expect_stderr(words);
    };
    refused(&[text(&p521)], 1, &["P-521", "RSA 2048"]);
    let ed25519 = broker(folder.path(), &["ed25519"]);
    refused(&[text(&ed25519)], 1, &["Ed25519"]);
    refused(&["--v1", text(&fixture("fingerprint-ec.crt"))], 1, &["8.4.0", "RSA only"]);
    refused(&[text(&folder.path().join("broker.key"))], 1, &["no certificate", "private key"]);
    refused(&[text(&folder.path().join("missing.crt"))], 2, &["cannot be read"]);
    refused(&["--slot", "3", text(&fixture("fingerprint-rsa.crt"))], 2, &["3"]);
}
