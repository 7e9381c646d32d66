//! The build script API, in a package of its own that Cargo really builds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::support::{Outcome, fixture, project, read_text, run, ta_codegen_with, temporary_folder, text, write};

/// A package whose build script is under test.
struct Package {
    folder: TempDir,
}

impl Package {
    /// A package with `build.rs` as its build script, and `ca.crt` in `certs/`.
    fn new(build_script: &str) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let package = Package { folder: temporary_folder() };
        // Packages that share a target folder need names of their own.
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let core = project().join("ta-codegen");
        let types = project().join("ta-types");
        let manifest = format!(
            "[package]\nname = \"device{number}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\nta-types = {{ path = {types:?} }}\n\n\
             [build-dependencies]\nta-codegen = {{ path = {core:?}, default-features = false, features = [\"build\"] }}\n"
        );
        write(package.path(), "Cargo.toml", manifest);
        fs::copy(project().join("Cargo.lock"), package.path().join("Cargo.lock")).expect("the project's lock file");
        write(package.path(), "build.rs", build_script);
        fs::create_dir_all(package.path().join("src")).expect("a new folder");
        write(package.path(), "src/main.rs", MAIN);
        fs::create_dir(package.path().join("certs")).expect("a new folder");
        package.add("certs/ca.crt", "ca-rsa2048.crt");
        package
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn add(&self, name: &str, fixture_name: &str) {
        write(self.path(), name, fs::read(fixture(fixture_name)).expect("the fixture"));
    }

    /// What Cargo does. The packages share one folder for their dependencies, which are built once.
    fn cargo(&self, command: &str) -> Outcome {
        let target = project().join("target/build-script-test");
        run(Command::new(env!("CARGO")).args([command, "--offline"]).current_dir(self.path()).env("CARGO_TARGET_DIR", target))
    }

    /// Runs the program, which prints how many anchors it has.
    fn anchors(&self) -> String {
        self.cargo("run").expect_status(0).text().trim().to_owned()
    }
}

const MAIN: &str = r#"
include!(concat!(env!("OUT_DIR"), "/trust_anchors.rs"));
fn main() {
    println!("{}", TRUST_ANCHORS.len());
}
"#;

fn builder(calls: &str) -> String {
    format!("fn main() -> Result<(), ta_codegen::Error> {{\n    ta_codegen::Builder::new(){calls}.generate()\n}}\n")
}

#[test]
fn one_call_makes_the_table() {
    let package = Package::new("fn main() -> Result<(), ta_codegen::Error> {\n    ta_codegen::build(\"certs/ca.crt\")\n}\n");
    assert_eq!(package.anchors(), "1");
}

#[test]
fn a_changed_or_added_certificate_builds_again_and_nothing_else_does() {
    let package = Package::new(&builder(".certificates(\"certs\").rust(\"trust_anchors.rs\")"));
    assert_eq!(package.anchors(), "1");
    let again = package.cargo("build").expect_status(0);
    assert!(!again.stderr.contains("Compiling"), "nothing changed:\n{}", again.stderr);
    package.add("certs/second.crt", "ca-p256.crt");
    assert_eq!(package.anchors(), "2");
    fs::remove_file(package.path().join("certs/second.crt")).expect("the file is there");
    assert_eq!(package.anchors(), "1");
}

#[test]
fn files_without_a_certificate_in_a_directory_are_warned_of() {
    let package = Package::new(&builder(".certificates(\"certs\").rust(\"trust_anchors.rs\")"));
    write(package.path(), "certs/README", "These are our CAs.\n");
    package.cargo("build").expect_status(0).expect_stderr(&["warning", "certs/README: holds no certificate"]);
}

#[test]
fn an_expired_certificate_is_a_warning_or_denied() {
    let warns = Package::new(&builder(".certificates(\"certs/ca.crt\").certificates(\"old.crt\").rust(\"trust_anchors.rs\")"));
    warns.add("old.crt", "ca-expired.crt");
    warns.cargo("build").expect_status(0).expect_stderr(&["warning", "old.crt: certificate 1 (line 1): expired on"]);
    let denies = Package::new(&builder(".certificates(\"old.crt\").deny_expired().rust(\"trust_anchors.rs\")"));
    denies.add("old.crt", "ca-expired.crt");
    denies.cargo("build").expect_status(101).expect_stderr(&["old.crt: certificate 1 (line 1): expired on", "denies this"]);
}

#[test]
fn a_certificate_that_is_no_ca_is_a_warning_or_denied() {
    let warns = Package::new(&builder(".certificates(\"leaf.crt\").rust(\"trust_anchors.rs\")"));
    warns.add("leaf.crt", "golden/a-seed1__server.crt");
    warns.cargo("build").expect_status(0).expect_stderr(&["warning", "leaf.crt: certificate 1 (line 1): is not a CA"]);
    let denies = Package::new(&builder(".certificates(\"leaf.crt\").deny_non_ca().rust(\"trust_anchors.rs\")"));
    denies.add("leaf.crt", "golden/a-seed1__server.crt");
    denies.cargo("build").expect_status(101).expect_stderr(&["is not a CA", "denies this"]);
}

#[test]
fn a_certificate_that_expires_soon_is_a_warning_or_denied() {
    let days = 365 * 400;
    let warns =
        Package::new(&builder(&format!(".certificates(\"certs\").warn_expires_within_days({days}).rust(\"trust_anchors.rs\")")));
    warns.cargo("build").expect_status(0).expect_stderr(&["warning", "within the next 146000 days"]);
    let denies =
        Package::new(&builder(&format!(".certificates(\"certs\").deny_expires_within_days({days}).rust(\"trust_anchors.rs\")")));
    denies.cargo("build").expect_status(101).expect_stderr(&["within the next 146000 days", "denies this"]);
}

#[test]
fn every_problem_is_reported_readably() {
    let package = Package::new(&builder(".certificates(\"a.crt\").certificates(\"b.crt\").rust(\"trust_anchors.rs\")"));
    write(package.path(), "a.crt", "");
    write(package.path(), "b.crt", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    let outcome = package.cargo("build").expect_status(101);
    let outcome = outcome.expect_stderr(&["a.crt: is empty", "b.crt: certificate 1 (line 1): the CERTIFICATE block"]);
    assert!(!outcome.stderr.contains("ProblemKind"), "a report for people:\n{}", outcome.stderr);
}

#[test]
fn one_target_that_cannot_be_written_leaves_none() {
    let package = Package::new(&builder(
        ".certificates(\"certs/ca.crt\").brssl(\"anchors.h\").header(\"names.h\", \
         ta_codegen::c::HeaderOptions { name: \"1st\".into(), ..Default::default() }).rust(\"missing/anchors.rs\").out_dir(\"out\")",
    ));
    write(package.path(), "src/main.rs", "fn main() {}\n");
    let out = package.path().join("out");
    fs::create_dir(&out).expect("a new folder");
    let written = || fs::read_dir(&out).expect("a folder").count();
    package.cargo("build").expect_status(101).expect_stderr(&["names.h", "1st"]);
    assert_eq!(written(), 0);
    write(package.path(), "build.rs", read_text(package.path().join("build.rs")).replace("1st", "first"));
    package.cargo("build").expect_status(101).expect_stderr(&["missing"]);
    assert_eq!(written(), 0);
}

#[test]
fn c_outputs_are_those_of_the_command() {
    let package = Package::new(&builder(
        ".certificates(\"certs/ca.crt\").rust(\"trust_anchors.rs\").c_header(\"include\").brssl(\"anchors.h\").out_dir(\"out\")",
    ));
    // The program includes from OUT_DIR; this package only generates.
    write(package.path(), "src/main.rs", "fn main() {}\n");
    fs::create_dir(package.path().join("out")).expect("a new folder");
    package.cargo("build").expect_status(0);
    let ca = package.path().join("certs/ca.crt");
    let command = temporary_folder();
    ta_codegen_with(["--c-header", "--out-dir", text(command.path()), text(&ca)]).expect_status(0);
    for name in ["local_ca_data.h", "local_ca_descriptor.h"] {
        let built: PathBuf = package.path().join("out/include").join(name);
        assert_eq!(read_text(built), read_text(command.path().join(name)));
    }
    let brssl = ta_codegen_with(["--brssl", text(&ca)]).expect_status(0);
    assert_eq!(read_text(package.path().join("out/anchors.h")), brssl.text());
    let rust = ta_codegen_with(["--rust", text(&ca)]).expect_status(0);
    assert_eq!(read_text(package.path().join("out/trust_anchors.rs")), rust.text());
}
