//! The macros: what the compiler says, when a crate is built again, and what reaches the binary.

use crate::{
    chain::{Chain, P256, RSA_2048},
    crates::Crate,
    support::{fixture, openssl, project, read, read_text, run, shared, temporary_folder, text},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use ta_types::{TrustAnchor, include_certificates, include_trust_anchors};

/// What a user's manifest says.
const DEPENDENCY: &str = r#"ta-types = { path = "@project/ta-types", features = ["macros"] }"#;

/// Prints the subjects of its anchors as hexadecimal numbers.
const PRINTS_SUBJECTS: &str = r#"
    static ANCHORS: &[ta_types::TrustAnchor<'static>] = ta_types::include_trust_anchors!(CERTIFICATE);
    fn main() {
        for anchor in ANCHORS {
            println!("{:02X?} {:02X?}", anchor.subject, anchor.key());
        }
    }
"#;

fn certificate(name: &str) -> PathBuf {
    project().join("tests/ui/certificates").join(name)
}

#[test]
fn compiler_messages() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/wrong_*.rs");
    cases.compile_fail("ui/warnings.rs");
    cases.pass("ui/allowed_warnings.rs");
}

#[test]
fn a_missing_file_is_reported_with_both_places() {
    let source = PRINTS_SUBJECTS.replace("CERTIFICATE", "\"lost.crt\"");
    let made = Crate::new("missing-file", DEPENDENCY, &[("src/main.rs", &source)]);
    let [beside_source, in_package] = ["src/lost.crt", "lost.crt"].map(|path| made.folder().join(path));
    let said = [
        "lost.crt: no such file",
        text(&beside_source),
        text(&in_package),
        "could not compile `missing-file` (bin \"missing-file\") due to 1 previous error",
    ];
    run(&mut made.cargo_build()).expect_status(101).expect_stderr(&said);
}

#[test]
fn the_source_files_folder_comes_before_the_packages() {
    let source = PRINTS_SUBJECTS.replace("CERTIFICATE", "\"ca.crt\"");
    let made = Crate::new("two-places", DEPENDENCY, &[("src/main.rs", &source)]);
    made.write("ca.crt", read(certificate("ca.crt")));
    let _ = fs::remove_file(made.folder().join("src/ca.crt"));
    let from_package = run(&mut Command::new(made.build(&mut made.cargo_build())));
    assert_eq!(from_package.expect_status(0).text(), subjects("ca.crt"));

    made.write("src/ca.crt", read(certificate("server.crt")));
    made.write("src/main.rs", format!("{source}// changed\n"));
    let beside_source = run(&mut Command::new(made.build(&mut made.cargo_build())));
    assert_eq!(beside_source.expect_status(0).text(), subjects("server.crt"));
    made.write("src/main.rs", source);
}

/// What [`PRINTS_SUBJECTS`] prints for a certificate of the compiler message tests.
fn subjects(name: &str) -> String {
    let anchors = ta_codegen::read_trust_anchors(&read(certificate(name)), name).expect("an anchor");
    anchors.iter().map(|anchor| format!("{:02X?} {:02X?}\n", anchor.subject(), anchor.key())).collect()
}

#[test]
fn a_changed_certificate_is_built_in() {
    let source = PRINTS_SUBJECTS.replace("CERTIFICATE", "\"../ca.crt\"");
    let made = Crate::new("changed-file", DEPENDENCY, &[("src/main.rs", &source)]);
    for name in ["ca.crt", "expired-ca.crt", "ca.crt"] {
        made.write("ca.crt", read(certificate(name)));
        let printed = run(&mut Command::new(made.build(&mut made.cargo_build())));
        assert_eq!(printed.expect_status(0).text(), subjects(name));
    }
}

#[test]
fn a_changed_variable_is_noticed() {
    let source = PRINTS_SUBJECTS.replace("CERTIFICATE", r#"concat!(env!("CA_NAME"), ".crt")"#);
    let made = Crate::new("changed-variable", DEPENDENCY, &[("src/main.rs", &source)]);
    for name in ["ca", "expired-ca"] {
        made.write(&format!("{name}.crt"), read(certificate(&format!("{name}.crt"))));
        let printed = run(&mut Command::new(made.build(made.cargo_build().env("CA_NAME", name))));
        assert_eq!(printed.expect_status(0).text(), subjects(&format!("{name}.crt")));
    }
}

/// Uses the macros in every position and under another crate name; ends with status 0 if all is as it should be.
const EVERY_POSITION: &str = r#"
    use anchors::{TrustAnchor, include_certificates, include_trust_anchors};

    mod inner {
        pub use ::anchors as renamed;
    }

    static STATIC: &[TrustAnchor<'static>] = include_trust_anchors!(crate = anchors, "ca.crt", "other-ca.crt",);
    const CONST: &[TrustAnchor<'static>; 2] = include_trust_anchors!("ca.crt", "other-ca.crt", crate = ::anchors);
    static ROWS: [TrustAnchor<'static>; 2] = *include_trust_anchors!(crate = crate::inner::renamed, "ca.crt", "other-ca.crt");
    static CERTIFICATES: [&[u8]; 1] = *include_certificates!("ca.crt");
    const N: usize = include_trust_anchors!(crate = anchors, "ca.crt").len();

    fn promoted() -> &'static [TrustAnchor<'static>; 2] {
        include_trust_anchors!(crate = anchors, concat!("ca", ".crt"), "other-ca.crt")
    }

    macro_rules! through_a_macro {
        ($path:literal) => { include_trust_anchors!(crate = anchors, $path) };
    }

    fn main() {
        assert_eq!((STATIC, CONST, &ROWS), (promoted().as_slice(), promoted(), promoted()));
        assert_eq!(through_a_macro!("ca.crt"), &STATIC[..N]);
        let found = CERTIFICATES[0].windows(STATIC[0].spki.len()).position(|window| window == STATIC[0].spki);
        assert!(found.is_some());
        let mut subjects = std::collections::HashSet::new();
        for anchor in include_trust_anchors!(crate = anchors, "ca.crt", "other-ca.crt") {
            subjects.insert(anchor.subject);
        }
        assert_eq!(subjects.len(), 2);
    }
"#;

#[test]
fn every_position_at_every_optimisation_level() {
    let dependency = r#"anchors = { package = "ta-types", path = "@project/ta-types", features = ["macros"] }"#;
    let made = Crate::new("every-position", dependency, &[("src/main.rs", EVERY_POSITION)]);
    made.write("src/ca.crt", read(certificate("ca.crt")));
    made.write("other-ca.crt", read(fixture("ca-rsa2048.crt")));
    for level in ["0", "3", "s", "z"] {
        let program = made.build(made.cargo_build().env("CARGO_PROFILE_DEV_OPT_LEVEL", level));
        run(&mut Command::new(program)).expect_status(0);
    }
}

/// How often `part` occurs in `whole`.
fn occurrences(whole: &[u8], part: &[u8]) -> usize {
    whole.windows(part.len()).filter(|window| *window == part).count()
}

#[test]
fn a_release_binary_holds_the_anchor_once_and_nothing_else_of_the_file() {
    let folder = temporary_folder();
    let chains = [("rsa", RSA_2048), ("p256", P256)].map(|(name, key)| Chain::new(folder.path(), name, key));
    let source = r#"
        use ta_types::{TrustAnchor, bearssl, include_trust_anchors, pki_types};
        const ANCHORS: &[TrustAnchor<'static>; 2] = include_trust_anchors!("rsa-secret-name.crt", "p256-secret-name.crt");
        static BEARSSL: [bearssl::br_x509_trust_anchor; 2] = bearssl::trust_anchors(ANCHORS);
        static RUSTLS: [rustls_pki_types::TrustAnchor<'static>; 2] = pki_types::trust_anchors(ANCHORS);
        fn main() {
            println!("{:p} {:p} {:?}", &BEARSSL, &RUSTLS, std::hint::black_box(ANCHORS));
            println!("{:?} {:?}", std::hint::black_box(&BEARSSL)[1].dn, std::hint::black_box(&RUSTLS));
        }
    "#;
    let dependencies = r#"
        rustls-pki-types = { version = "1", default-features = false }
        ta-types = { path = "@project/ta-types", features = ["bearssl", "macros", "pki-types"] }
    "#;
    let made = Crate::new("release-binary", dependencies, &[("src/main.rs", source)]);
    for (chain, name) in chains.iter().zip(["src/rsa-secret-name.crt", "src/p256-secret-name.crt"]) {
        made.write(name, read(chain.path("ca")));
    }
    let binary = read(made.build(made.cargo_build().arg("--release")));
    assert_eq!(occurrences(&binary, b"secret-name.crt"), 0, "the file's name");
    assert_eq!(occurrences(&binary, b"BEGIN CERTIFICATE"), 0, "PEM armour");
    for chain in &chains {
        let pem = read_text(chain.path("ca"));
        for line in pem.lines().filter(|line| !line.starts_with('-')) {
            assert_eq!(occurrences(&binary, line.as_bytes()), 0, "Base64");
        }
        let [anchor] = ta_codegen::read_trust_anchors(pem.as_bytes(), "ca.crt").expect("an anchor").try_into().expect("one");
        assert_eq!(occurrences(&binary, anchor.spki()), 1, "the key");
        assert_eq!(occurrences(&binary, anchor.serial()), 0, "the serial number, which is not part of an anchor");
        let signature = &anchor.certificate()[anchor.certificate().len() - 32..];
        assert_eq!(occurrences(&binary, signature), 0, "the signature");
    }
}

#[test]
fn bare_metal_gets_read_only_constants() {
    let source = r#"
        #![no_std]
        use ta_types::{TrustAnchor, bearssl, include_certificates, include_trust_anchors, pki_types};
        pub static ANCHORS: &[TrustAnchor<'static>; 1] = include_trust_anchors!("ca.crt");
        pub static BEARSSL: [bearssl::br_x509_trust_anchor; 1] = bearssl::trust_anchors(ANCHORS);
        pub static RUSTLS: [rustls_pki_types::TrustAnchor<'static>; 1] = pki_types::trust_anchors(ANCHORS);
        pub static CERTIFICATES: &[&[u8]; 1] = include_certificates!("ca.crt");
    "#;
    let dependencies = r#"
        rustls-pki-types = { version = "1", default-features = false }
        ta-types = { path = "@project/ta-types", features = ["bearssl", "macros", "pki-types"] }
    "#;
    let made = Crate::new("bare-metal", dependencies, &[("src/lib.rs", source)]);
    made.write("ca.crt", read(certificate("ca.crt")));
    let library = made.build_for_bare_metal();
    let sections = run(crate::support::require("arm-none-eabi-size", "binutils-arm-none-eabi").arg("-A").arg(&library));
    let mut read_only = 0;
    for line in sections.expect_status(0).text().lines() {
        let Some((section, rest)) = line.split_once(' ') else { continue };
        let size = rest.split_whitespace().next().and_then(|size| size.parse::<usize>().ok()).unwrap_or(0);
        if section.starts_with(".rodata") {
            read_only += size;
        }
        let writable = [".data", ".bss", ".init_array"].iter().any(|writable| section.starts_with(writable));
        assert!(!writable || size == 0, "{size} bytes of RAM or start-up code: {line}");
    }
    assert!(read_only > 500, "the tables are in read-only memory, {read_only} bytes of it");
}

#[test]
fn the_macro_reads_what_the_library_reads() {
    const ANCHORS: &[TrustAnchor<'static>; 2] = include_trust_anchors!("ui/certificates/ca.crt", "../fixtures/ca-rsa2048.crt");
    let files = [certificate("ca.crt"), fixture("ca-rsa2048.crt")];
    for (anchor, file) in ANCHORS.iter().zip(files) {
        let [read] = ta_codegen::read_trust_anchors(&read(file), "ca.crt").expect("an anchor").try_into().expect("one anchor");
        assert_same(anchor, &read);
    }
}

#[test]
fn certificates_are_the_der_that_openssl_writes() {
    const CERTIFICATES: &[&[u8]; 2] = include_certificates!("ui/certificates/ca.crt", "ui/certificates/ed25519-ca.crt");
    for (certificate_der, name) in CERTIFICATES.iter().zip(["ca.crt", "ed25519-ca.crt"]) {
        assert_eq!(*certificate_der, openssl(["x509", "-in", text(&certificate(name)), "-outform", "DER"]));
    }
}

/// Compares the anchor of ta-types, and what it says of its key, with the anchor that ta-codegen read.
#[track_caller]
fn assert_same(anchor: &TrustAnchor<'_>, read: &ta_codegen::TrustAnchor) {
    let parts = (anchor.subject, anchor.spki, anchor.name_constraints, anchor.is_ca);
    assert_eq!(parts, (read.subject(), read.spki(), read.name_constraints(), read.is_ca()));
    let key = match (anchor.key(), read.key()) {
        (ta_types::PublicKey::Rsa { n, e }, ta_codegen::PublicKey::Rsa { n: read_n, e: read_e }) => (n, e) == (read_n, read_e),
        (ta_types::PublicKey::Ec { curve, q }, ta_codegen::PublicKey::Ec { curve: read_curve, q: read_q }) => {
            (format!("{curve:?}"), q) == (format!("{read_curve:?}"), read_q)
        }
        _ => false,
    };
    assert!(key, "{}: {:?} is not {:?}", read.origin(), anchor.key(), read.key());
}

/// Checks `ta_types::TrustAnchor::key` on every file of `folder` that ta-codegen reads; returns the number of anchors.
fn compare_keys(folder: &Path) -> usize {
    let mut anchors = 0;
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if !path.is_file() {
            continue;
        }
        for read in ta_codegen::read_trust_anchors(&read(&path), text(&path)).unwrap_or_default() {
            let (subject, spki) = (read.subject(), read.spki());
            let anchor = TrustAnchor { subject, spki, name_constraints: read.name_constraints(), is_ca: read.is_ca() };
            assert_same(&anchor, &read);
            anchors += 1;
        }
    }
    anchors
}

#[test]
fn keys_are_those_of_the_golden_inputs() {
    assert!(compare_keys(&project().join("fixtures")) > 0);
    assert!(compare_keys(&project().join("fixtures/golden")) > 0);
    if let Some(folder) = shared("golden") {
        assert!(compare_keys(&folder) > 150, "most golden inputs are certificates");
    }
}
