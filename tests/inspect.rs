//! `ta-codegen inspect`: the same facts that openssl and Python's `cryptography` see, for certificates that the generator takes and
//! for those that it refuses.

use crate::support::{
    debian_roots, fixture, openssl, read, require, run, run_with_input, ta_codegen, ta_codegen_with, temporary_folder, text,
    write,
};

/// What `cryptography` says of each certificate of a PEM file, one line each, in the words of our JSON.
const PYTHON: &str = r#"
import json, re, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
KINDS = {"DNSName": "DNS", "IPAddress": "IP", "RFC822Name": "email", "UniformResourceIdentifier": "URI"}
CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
USAGES = [("digital_signature", "digitalSignature"), ("content_commitment", "nonRepudiation"), ("key_encipherment", "keyEncipherment"),
    ("data_encipherment", "dataEncipherment"), ("key_agreement", "keyAgreement"), ("key_cert_sign", "keyCertSign"), ("crl_sign", "cRLSign")]
def extension(certificate, kind):
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
BLOCK = b"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----"
# Debian's version of the library has neither a reader of several certificates nor dates with a time zone.
date = lambda certificate, name: (getattr(certificate, name + "_utc", None) or getattr(certificate, name)).strftime("%Y-%m-%dT%H:%M:%SZ")
for certificate in map(x509.load_pem_x509_certificate, re.findall(BLOCK, sys.stdin.buffer.read(), re.DOTALL)):
    key = certificate.public_key()
    constraints = extension(certificate, x509.BasicConstraints)
    usage = extension(certificate, x509.KeyUsage)
    names = extension(certificate, x509.SubjectAlternativeName)
    print(json.dumps({
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        "self_issued": certificate.subject == certificate.issuer,
        "key": {
            "type": "RSA" if isinstance(key, rsa.RSAPublicKey) else "EC",
            "bits": key.key_size if isinstance(key, rsa.RSAPublicKey) else None,
            "curve": None if isinstance(key, rsa.RSAPublicKey) else CURVES[key.curve.name],
        },
        "ca": constraints is not None and constraints.ca,
        "path_length": constraints and constraints.path_length,
        "key_usage": [ours for theirs, ours in USAGES if usage and getattr(usage, theirs)],
        "common_names": [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)],
        "subject_alternative_names": [{"type": KINDS[type(name).__name__], "value": str(name.value)}
            for name in names or [] if type(name).__name__ in KINDS],
        "not_before": date(certificate, "not_valid_before"),
        "not_after": date(certificate, "not_valid_after"),
    }))
"#;

fn leaf_with_names(folder: &std::path::Path) -> std::path::PathBuf {
    let file = folder.join("leaf.crt");
    openssl([
        "req",
        "-x509",
        "-nodes",
        "-newkey",
        "rsa:2048",
        "-subj",
        "/CN=broker",
        "-addext",
        "basicConstraints=CA:FALSE",
        "-addext",
        "keyUsage=digitalSignature,keyEncipherment",
        "-addext",
        "extendedKeyUsage=serverAuth,1.2.3.4",
        "-addext",
        "subjectAltName=DNS:broker.lan,DNS:*.lan,IP:192.0.2.7,IP:2001:db8::1",
        "-keyout",
        text(&folder.join("k")),
        "-out",
        text(&file),
    ]);
    file
}

/// Over all public CAs of Debian and a leaf with names.
#[test]
fn agrees_with_python_cryptography() {
    let folder = temporary_folder();
    let mut bundle: Vec<u8> = debian_roots().iter().flat_map(read).collect();
    bundle.extend(read(leaf_with_names(folder.path())));
    let theirs = run_with_input(require("python3", "python3").args(["-W", "ignore", "-c", PYTHON]), &bundle);
    assert_eq!(
        theirs.status, 0,
        "this test needs Python's cryptography: apt-get install python3-cryptography: {}",
        theirs.stderr
    );
    let ours = run_with_input(ta_codegen().args(["inspect", "--json", "-"]), &bundle).expect_status(0);
    let mut ours: serde_json::Value = serde_json::from_str(ours.text()).expect("JSON");
    assert_eq!((&ours["schema"], &ours["version"]), (&"ta-codegen inspect".into(), &1.into()));
    let ours = ours["certificates"].as_array_mut().expect("an array");
    assert_eq!(ours.len(), theirs.text().lines().count());
    for (ours, theirs) in ours.iter_mut().zip(theirs.text().lines()) {
        let theirs: serde_json::Value = serde_json::from_str(theirs).expect("JSON");
        // Directory names and the like look different in each library.
        let names = ours["subject_alternative_names"].as_array_mut().expect("an array");
        names.retain(|name| name["type"] != "other");
        for (field, value) in theirs.as_object().expect("an object") {
            assert_eq!(&ours[field], value, "{field} of {}", ours["subject"]);
        }
        assert_eq!(ours["anchor"]["usable"], true);
        assert_eq!(ours["problem"], serde_json::Value::Null);
    }
}

#[test]
fn the_table_shows_what_openssl_shows() {
    let ca = fixture("ca-rsa2048.crt");
    let shown = ta_codegen_with(["inspect", text(&ca)]).expect_status(0);
    let openssl_says = |arguments: &[&str]| {
        let mut all = vec!["x509", "-noout", "-in", text(&ca)];
        all.extend(arguments);
        String::from_utf8(openssl(all)).expect("ASCII").trim().split_once('=').expect("a value").1.to_owned()
    };
    let sha256 = openssl_says(&["-fingerprint", "-sha256"]);
    let serial = openssl_says(&["-serial"]);
    let plain = shown.text().replace(':', "");
    for words in
        ["RSA 2048 bits", "C=US, ST=State", "sha256WithRSAEncryption", "the same", "days left", &sha256, "bytes of flash"]
    {
        assert!(shown.text().contains(words), "{words} is missing in:\n{}", shown.text());
    }
    assert!(plain.contains(&serial), "{serial} is missing in:\n{plain}");
}

/// 368 bytes: the arrays that the header would hold, as a compiler counts them, and a row of 32 bytes on a 32-bit device.
#[test]
fn the_flash_is_what_the_arrays_take() {
    for name in ["ca-rsa2048.crt", "ca-p256.crt", "ca-p384.crt"] {
        let brssl = ta_codegen_with(["--brssl", "-q", text(&fixture(name))]).expect_status(0);
        let arrays = brssl.text().matches("0x").count();
        let json = ta_codegen_with(["inspect", "--json", text(&fixture(name))]).expect_status(0);
        let json: serde_json::Value = serde_json::from_str(json.text()).expect("JSON");
        assert_eq!(json["certificates"][0]["anchor"]["bytes"], arrays + 32);
    }
}

#[test]
fn shows_what_the_generator_refuses_with_the_reason() {
    let folder = temporary_folder();
    let make = |name: &str, key: &[&str]| {
        let file = folder.path().join(name);
        let mut arguments = vec!["req", "-x509", "-nodes", "-subj", "/CN=refused", "-newkey"];
        arguments.extend(key);
        let key_file = folder.path().join("key");
        arguments.extend(["-keyout", text(&key_file), "-out", text(&file)]);
        openssl(arguments);
        file
    };
    for (file, words) in [
        (make("ed25519", &["ed25519"]), &["Ed25519 (1.3.101.112)", "refused", "error 49"][..]),
        (make("k1", &["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"]), &["EC secp256k1", "refused", "error 49"]),
    ] {
        let shown = ta_codegen_with(["inspect", text(&file)]).expect_status(0);
        for words in words.iter().chain(&["CN=refused", "days left"]) {
            assert!(shown.text().contains(words), "{words} is missing in:\n{}", shown.text());
        }
    }
    // What is no certificate inside is shown as that; a damaged block does not hide the others.
    let mut mixed = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    mixed.extend(read(fixture("ca-p256.crt")));
    mixed.extend(b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n");
    let mixed = write(folder.path(), "mixed.pem", &mixed);
    let shown = run(ta_codegen().args(["inspect", text(&mixed)])).expect_status(1).expect_stderr(&["certificate 3", "damaged"]);
    for words in ["certificate 1", "not a well-formed certificate", "certificate 2", "EC P-256"] {
        assert!(shown.text().contains(words), "{words} is missing in:\n{}", shown.text());
    }
    ta_codegen_with(["inspect", text(&folder.path().join("missing"))]).expect_status(2).expect_stderr(&["cannot be read"]);
}

/// A subject must not move the cursor of a terminal, nor turn text around.
#[test]
fn hostile_names_are_escaped() {
    let folder = temporary_folder();
    let file = folder.path().join("hostile.crt");
    openssl([
        "req",
        "-x509",
        "-nodes",
        "-utf8",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-subj",
        "/CN=a\u{1b}[2Jb\u{202e}c\u{9b}d",
        "-keyout",
        text(&folder.path().join("k")),
        "-out",
        text(&file),
    ]);
    for options in [&["inspect"][..], &["inspect", "--json"]] {
        let shown = run(ta_codegen().args(options).arg(&file)).expect_status(0);
        assert!(!shown.text().contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{:?}", shown.text());
    }
    let json = run(ta_codegen().args(["inspect", "--json"]).arg(&file)).expect_status(0);
    let json: serde_json::Value = serde_json::from_str(json.text()).expect("JSON");
    assert_eq!(json["certificates"][0]["common_names"][0], "a\u{1b}[2Jb\u{202e}c\u{9b}d");
}
