//! The C firmware example as its author meets it: the `Makefile` and the command line. What it does on the wire is in `handshakes`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ta_codegen::bearssl;

use crate::support::{
    Outcome, fixture, project, read, read_text, require, require_file, run, ta_codegen, temporary_folder, text, write,
};

/// The example's `make`, with `ca` as its CA and everything it makes in `folder`.
fn make(folder: &Path, ca: &Path) -> Command {
    require("cc", "gcc");
    require_file("/usr/include/bearssl/bearssl.h", "libbearssl-dev");
    let mut make = require("make", "make");
    make.arg("-C").arg(project().join("example-firmware/c"));
    make.arg(format!("BUILD={}", folder.display())).arg(format!("CA={}", ca.display()));
    make.arg(format!("TA_CODEGEN={}", ta_codegen().get_program().display()));
    make
}

/// Runs `make`; whether it found nothing to do.
fn finds_nothing_to_do(folder: &Path, ca: &Path) -> bool {
    run(make(folder, ca).env("LC_ALL", "C")).expect_status(0).text().contains("mqtt-client' is up to date")
}

fn client(folder: &Path, arguments: &[&str]) -> Outcome {
    run(Command::new(folder.join("mqtt-client")).args(arguments))
}

fn descriptor(folder: &Path) -> PathBuf {
    folder.join("include/local_ca_descriptor.h")
}

#[test]
fn makefile_follows_the_certificate() {
    let folder = temporary_folder();
    let build = folder.path().join("build");
    let ca = write(folder.path(), "ca.crt", read(fixture("ca-rsa2048.crt")));
    assert!(!finds_nothing_to_do(&build, &ca));
    assert!(finds_nothing_to_do(&build, &ca), "a second run has something to do");
    let rsa = read(descriptor(&build));

    fs::copy(fixture("ca-p256.crt"), &ca).expect("a writable file");
    let said = run(&mut make(&build, &ca)).expect_status(0);
    assert!(said.text().contains("anchors.o"), "a new certificate is not noticed");
    assert!(!said.text().contains("src/main.c"), "what does not depend on the certificate is compiled again");
    assert_ne!(read(descriptor(&build)), rsa, "the headers are still those of the old certificate");
    assert!(finds_nothing_to_do(&build, &ca), "a second run has something to do");
}

#[test]
fn makefile_stops_at_a_damaged_certificate() {
    let folder = temporary_folder();
    let build = folder.path().join("build");
    let pem = read(fixture("ca-rsa2048.crt"));
    let ca = write(folder.path(), "ca.crt", &pem[..pem.len() / 2]);
    run(&mut make(&build, &ca)).expect_status(2).expect_stderr(&[text(&ca), "certificate 1"]);
    assert!(!build.join("mqtt-client").exists(), "there is a client without anchors");
    run(&mut make(&build, &ca)).expect_status(2);
}

#[test]
fn client_explains_its_command_line() {
    let folder = temporary_folder();
    run(&mut make(folder.path(), &fixture("ca-rsa2048.crt"))).expect_status(0);
    let help = client(folder.path(), &["--help"]).expect_status(0);
    for profile in crate::handshakes::PROFILES {
        assert!(help.text().contains(profile), "{profile} is missing in:\n{}", help.text());
    }
    let refused: [(&[&str], &str); 7] = [
        (&["--frofile", "tasmota-rsa"], "there is no option `--frofile`"),
        (&["--profile", "tasmota"], "there is no profile `tasmota`"),
        (&["--clock", "yesterday"], "no time: `yesterday`"),
        (&["--input-buffer", "511"], "no buffer size: `511`"),
        (&["--host"], "no value for `--host`"),
        (&["--key", "device.key"], "missing: `--certificate`"),
        (&["--certificate", "absent.crt", "--key", "absent.key"], "absent.crt: "),
    ];
    for (arguments, words) in refused {
        client(folder.path(), arguments).expect_status(2).expect_stderr(&[words]);
    }
}

/// The example's words for BearSSL's errors are those of `ta-codegen doctor`, and none is missing.
#[test]
fn client_speaks_of_errors_as_the_doctor_does() {
    let source = read_text(project().join("example-firmware/c/src/errors.c"));
    for error in bearssl::ERRORS.iter().filter(|error| error.number < 256) {
        let row = source.split_once(&format!("ROW({},", error.name));
        let row = row.unwrap_or_else(|| panic!("errors.c has no row for {}", error.name)).1;
        let meaning = row.split('"').nth(1).expect("a meaning");
        assert_eq!(meaning, error.meaning, "{}", error.name);
    }
}
