//! What the command says about each kind of input that it refuses or warns about.
//!
//! Each message is checked for the words that matter, and the whole of it is pinned in `fixtures/expected/messages.txt`.

use std::{fmt::Write as _, fs, path::Path};

use crate::support::{Outcome, expect_file, fixture, read, read_text, run, ta_codegen, temporary_folder, text, write};

/// A kind of input: what it is, the fixture, the exit status of `--c-header`, and words that the message must hold.
struct Kind(&'static str, &'static str, i32, &'static [&'static str]);

/// What is refused, from the whole file down to the bytes of the key.
const REFUSED: &[Kind] = &[
    Kind("a private key alone", "golden/d-enc__key-only.pem", 1, &["private key", "ca.crt"]),
    Kind("a certificate signing request", "golden/d-enc__csr.pem", 1, &["certificate signing request"]),
    Kind("PKCS#7, PEM", "golden/d-enc__bundle.p7b", 1, &["PKCS#7", "openssl pkcs7"]),
    Kind("PKCS#7, DER", "golden/d-enc__bundle.der.p7b", 1, &["PKCS#7", "openssl pkcs7"]),
    Kind("PKCS#12", "golden/d-enc__bundle.p12", 1, &["PKCS#12", "openssl pkcs12"]),
    Kind("PEM without its END", "golden/d-enc__pem-no-end.crt", 1, &["certificate 1 (line 1)", "END line"]),
    Kind("a lost END line", "golden/d-enc2__missing-end-then-begin.crt", 1, &["certificate 1 (line 1)", "END line"]),
    Kind("DER cut off", "golden/d-enc__truncated.der", 1, &["cut off"]),
    Kind("DER and one more byte", "golden/d-enc__der-trailing-byte.crt", 1, &["more behind its end"]),
    Kind("a byte behind the certificate", "golden/f-der__trailing-1.pem", 1, &["certificate 1 (line 1)", "follow"]),
    Kind("BEGIN in mid-line", "golden/d-enc2__begin-midline.crt", 1, &["line 21: this END line of a certificate has no BEGIN"]),
    Kind("broken Base64", "golden/d-enc__pem-63cols.crt", 1, &["certificate 1 (line 1)", "line 2", "Base64"]),
    Kind(
        "a broken key before the certificate",
        "golden/d-enc2__badkey-then-cert.crt",
        1,
        &["line 1", "line 2", "RSA PRIVATE KEY"],
    ),
    Kind("Ed25519", "golden/c-keys__ED25519.crt", 1, &["Ed25519", "1.3.101.112", "P-256"]),
    Kind("DSA", "golden/c-keys__dsa.crt", 1, &["DSA", "1.2.840.10040.4.1"]),
    Kind("secp256k1", "golden/c-keys__ec-secp256k1.crt", 1, &["secp256k1", "1.3.132.0.10", "P-256"]),
    Kind("explicit curve parameters", "golden/c-keys__ec-explicit.crt", 1, &["parameters", "named_curve"]),
    Kind("RSA with 8192 bits", "golden/c-keys__rsa8192.crt", 1, &["RSA", "8192 bits", "4096"]),
    Kind("RSA with 4104 bits", "golden/c-keys__rsa4104.crt", 1, &["RSA", "4104 bits", "4096"]),
    Kind("a compressed point", "golden/c-keys__ec-compressed.crt", 1, &["compressed", "uncompressed"]),
    Kind("a hybrid point", "golden/f-der__ec-hybrid.pem", 1, &["hybrid", "uncompressed"]),
    Kind("the point at infinity", "golden/f-der__ec-infinity.der", 1, &["length", "65"]),
    Kind("a modulus of zero", "golden/f-der__rsa-n0.pem", 1, &["modulus", "zero"]),
    Kind("a negative modulus", "golden/f-der__rsa-n-negative.pem", 1, &["negative"]),
    Kind("30 February", "golden/f-der__date-feb30.pem", 1, &["date"]),
    Kind("version 4", "golden/f-der__v4.der", 1, &["version 4"]),
    Kind("the second of two", "golden/d-enc__multi-good-bad.crt", 1, &["certificate 2 (line", "Ed25519"]),
];

/// What is accepted with a warning.
const WARNED: &[Kind] = &[
    Kind("expired", "ca-expired.crt", 0, &["expired", "2021"]),
    Kind("not yet valid", "golden/c-keys__not-yet-valid.crt", 0, &["not valid before", "2070"]),
    Kind("not a CA", "golden/a-seed1__server.crt", 0, &["not a CA", "this very certificate"]),
    Kind("no basicConstraints, version 1", "golden/c-keys__v1.crt", 0, &["not a CA"]),
    Kind("RSA with 1024 bits", "golden/c-keys__rsa1024.crt", 0, &["1024 bits", "2048"]),
    Kind("name constraints", "ca-name-constraints.crt", 0, &["name constraints", "ignores"]),
    Kind("a duplicate", "golden/d-enc__multi-dup.crt", 0, &["certificate 2", "repeats", "certificate 1"]),
    Kind("RSA with 4096 bits", "golden/c-keys__rsa4096-e64.crt", 0, &["USE_4K_RSA"]),
    Kind("EC P-256", "ca-p256.crt", 0, &["ECDSA"]),
    Kind("EC P-521", "golden/g-own__p521.crt", 0, &["P-521", "no Tasmota"]),
    Kind(
        "nothing to warn of",
        "ca-rsa2048.crt",
        0,
        &["user_config_override.h", "#define INCLUDE_LOCAL_CERT", "#define OMIT_LETS_ENCRYPT_CERT", "#define OMIT_AWS_CERT"],
    ),
];

/// Runs `--c-header` on a copy of a fixture in an empty folder, so that messages hold no path of this machine.
fn outcome_of(fixture_name: &str) -> Outcome {
    let folder = temporary_folder();
    let name = Path::new(fixture_name).file_name().and_then(|name| name.to_str()).expect("a file name");
    write(folder.path(), name, read(fixture(fixture_name)));
    let outcome = run(ta_codegen().args(["--c-header", name]).current_dir(folder.path()));
    let files = fs::read_dir(folder.path()).expect("a readable folder").count();
    assert_eq!(files, if outcome.status == 0 { 3 } else { 1 }, "{fixture_name}: files after the run");
    outcome
}

/// A message up to what is the same whenever headers are written, unless it is nothing else.
fn without_advice(message: &str) -> &str {
    match message.find("local_ca_data.h written") {
        Some(0) | None => message,
        Some(start) => &message[..start],
    }
}

#[test]
fn each_kind_has_its_message() {
    let mut pinned = String::new();
    let mut faults = Vec::new();
    for Kind(what, fixture_name, status, words) in REFUSED.iter().chain(WARNED) {
        let outcome = outcome_of(fixture_name);
        writeln!(pinned, "## {what}: {fixture_name}\n{}", without_advice(&outcome.stderr)).expect("a String grows");
        let said = outcome.stderr.to_lowercase();
        let missing: Vec<_> = words.iter().filter(|word| !said.contains(&word.to_lowercase())).collect();
        if outcome.status != *status || !missing.is_empty() {
            faults.push(format!("{what}: exit status {}, without {missing:?}:\n{}", outcome.status, outcome.stderr));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    expect_file("messages.txt", &pinned);
}

#[test]
fn a_missing_file_is_named() {
    let folder = temporary_folder();
    let missing = folder.path().join("missing.crt");
    let outcome = run(ta_codegen().args(["--brssl", text(&missing)]));
    outcome.expect_status(2).expect_stderr(&["missing.crt", "no such file"]);
}

#[test]
fn a_directory_stands_for_the_files_in_it() {
    let folder = temporary_folder();
    let say = || run(ta_codegen().args(["--brssl", text(folder.path())]));
    say().expect_status(1).expect_stderr(&[text(folder.path()), "directory"]);
    write(folder.path(), "notes.txt", "no certificate");
    say().expect_status(1).expect_stderr(&[text(folder.path()), "directory"]);
    write(folder.path(), "ca.crt", read(fixture("golden/a-seed1__ca.crt")));
    let outcome = say().expect_status(0).expect_stderr(&["notes.txt"]);
    assert_eq!(outcome.stdout, read(fixture("golden/a-seed1__ca.crt.c")));
    write(folder.path(), "other.crt", read(fixture("golden/c-keys__ED25519.crt")));
    say().expect_status(1).expect_stderr(&["other.crt: certificate 1 (line 1)", "Ed25519"]);
}

#[test]
fn an_empty_file_is_refused_with_a_message() {
    let folder = temporary_folder();
    for (name, content) in [("empty.crt", ""), ("blank.crt", "\n  \n"), ("mark.crt", "\u{FEFF}")] {
        let path = write(folder.path(), name, content);
        run(ta_codegen().args(["--brssl", text(&path)])).expect_status(1).expect_stderr(&[name, "empty"]);
    }
}

/// A file name goes to a terminal like any other text from outside.
#[test]
fn a_file_name_cannot_command_the_terminal() {
    let folder = temporary_folder();
    let path = write(folder.path(), "\u{1B}[2Jca.crt", "no certificate");
    let outcome = run(ta_codegen().args(["--brssl", text(&path)])).expect_status(1);
    assert!(!outcome.stderr.contains('\u{1B}'), "{:?}", outcome.stderr);
}

/// Every file of the fixtures that holds a private key: none of it may come out again.
#[test]
fn no_private_key_comes_out() {
    let folder = fixture("golden");
    let mut keys = 0;
    for entry in fs::read_dir(&folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let content = String::from_utf8_lossy(&read(&path)).into_owned();
        let Some(start) = content.find("PRIVATE KEY-----") else { continue };
        let end = content[start..].find("-----END").expect("a whole block");
        let secret: Vec<_> = content[start..start + end].lines().filter(|line| line.len() >= 16).skip(1).collect();
        let outcome = run(ta_codegen().args(["--brssl", text(&path)]));
        let said = format!("{}{}", outcome.text(), outcome.stderr);
        assert!(secret.iter().all(|line| !said.contains(line)), "{}", path.display());
        keys += 1;
    }
    assert!(keys >= 3, "only {keys} files with a private key");
}

#[test]
fn the_pinned_files_name_no_folder_of_a_machine() {
    for name in ["messages.txt", "help.txt", "local_ca_data.h", "local_ca_descriptor.h", "trust_anchors.rs"] {
        let content = read_text(fixture("expected").join(name));
        assert!(!content.contains(text(&crate::support::project())), "{name}");
        assert!(!content.contains("/tmp"), "{name}");
    }
}
