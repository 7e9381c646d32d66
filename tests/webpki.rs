//! Anchors in the form of rustls-webpki, in the hands of rustls-webpki.

use crate::{
    chain::{Chain, HOST, P256, P384, RSA_2048},
    crates::Crate,
    support::{debian_roots, run, temporary_folder, text},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Compiles the program of `tests/crates/webpki` with the anchors of the chains in `folder`.
#[track_caller]
fn webpki_program(folder: &Path) -> PathBuf {
    let dependencies = r#"
        rustls-pki-types = { version = "1", features = ["std"] }
        rustls-webpki = { version = "0.103", features = ["ring"] }
        ta-types = { path = "@project/ta-types", features = ["macros", "pki-types"] }
    "#;
    let roots: Vec<_> = debian_roots().iter().map(|path| format!("{:?}", text(path))).collect();
    let source = include_str!("crates/webpki/main.rs").replace("@DEBIAN_ROOTS", &roots.join(", "));
    let made = Crate::new("webpki-user", dependencies, &[("src/main.rs", &source)]);
    made.build(made.cargo_build().env("CHAINS", folder))
}

#[test]
fn rustls_webpki_validates_chains_with_the_anchors_and_reads_the_same() {
    let folder = temporary_folder();
    let chain = |name, key| Chain::new(folder.path(), name, key);
    let chains = [chain("rsa", RSA_2048), chain("p256", P256), chain("p384", P384)];
    let constraint = "nameConstraints = permitted;DNS:example.com";
    let constrained = Chain::with_authority(folder.path(), "constrained", P256, "/CN=Constrained CA", constraint);
    // The same names and another key: an impostor.
    let stranger = chain("stranger", P256);
    let program = webpki_program(folder.path());

    let equal = run(&mut Command::new(&program)).expect_status(0);
    assert_eq!(equal.text(), format!("{} equal\n", debian_roots().len() + 4));

    let validate = |host: &str, sent: &[PathBuf]| run(Command::new(&program).arg(host).args(sent)).expect_status(0);
    for chain in &chains {
        assert_eq!(validate(HOST, &chain.sent()).text(), "accepted\n");
        assert!(validate("other.test", &chain.sent()).text().starts_with("CertNotValidForName"));
        assert_eq!(validate(HOST, &chain.sent()[..1]).text(), "UnknownIssuer\n", "without the intermediate");
    }
    assert!(validate(HOST, &stranger.sent()).text().starts_with("InvalidSignatureForPublicKey"));
    assert_eq!(validate(HOST, &constrained.sent()).text(), "NameConstraintViolation\n", "the CA may sign example.com only");
}
