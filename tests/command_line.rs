//! The command as people call it: exit status, which files are touched, and what standard input and output do.

use std::{
    fs::{self, File},
    io,
    path::Path,
    process::Stdio,
    time::{Duration, SystemTime},
};

use crate::support::{
    expect_file, fixture, read, read_text, run, run_with_input, ta_codegen, ta_codegen_with, temporary_folder, text, write,
};

const HEADERS: [&str; 2] = ["local_ca_data.h", "local_ca_descriptor.h"];

/// The path of a CA that gives no warning with `--brssl`.
fn rsa_ca() -> String {
    text(&fixture("ca-rsa2048.crt")).to_owned()
}

/// The names of the files in a folder, sorted.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a readable folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("a readable entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Sets a file's time of change far back and returns it, so that any later write shows.
fn age(path: &Path) -> SystemTime {
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = File::options().write(true).open(path).expect("a file to age");
    file.set_modified(long_ago).expect("a time of change");
    long_ago
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|metadata| metadata.modified()).expect("a time of change")
}

#[test]
fn the_whole_help_is_pinned() {
    expect_file("help.txt", ta_codegen_with(["--help"]).expect_status(0).text());
}

#[test]
fn version_is_that_of_the_package() {
    let outcome = ta_codegen_with(["--version"]).expect_status(0);
    assert_eq!(outcome.text(), format!("ta-codegen {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn no_mode_or_two_lists_the_modes() {
    let ca = rsa_ca();
    for modes in [&[][..], &["--brssl", "--rust"], &["--c-header", "--brssl", "--rust"]] {
        let outcome = ta_codegen_with(modes.iter().copied().chain([ca.as_str()])).expect_status(2);
        assert!(outcome.stdout.is_empty());
        outcome.expect_stderr(&["--c-header", "--brssl", "--rust"]);
    }
}

#[test]
fn a_word_that_is_no_command_is_said_to_be_none() {
    ta_codegen_with(["doctr", "--ca"]).expect_status(2);
    ta_codegen_with(["inspct", &rsa_ca()])
        .expect_status(2)
        .expect_stderr(&["inspct is neither a file nor a command", "inspect, doctor"]);
    for arguments in [&["help"][..], &["help", "doctor"]] {
        assert!(ta_codegen_with(arguments.iter().copied()).expect_status(0).text().contains("Usage: "));
    }
}

#[test]
fn a_mode_without_a_file_is_a_usage_error() {
    for mode in ["--c-header", "--brssl", "--rust"] {
        ta_codegen_with([mode]).expect_status(2).expect_stderr(&["file"]);
    }
}

#[test]
fn an_unknown_option_is_a_usage_error() {
    ta_codegen_with(["--brsl", &rsa_ca()]).expect_status(2).expect_stderr(&["--brsl", "--brssl"]);
}

#[test]
fn an_output_file_for_two_headers_names_out_dir() {
    let folder = temporary_folder();
    let out = folder.path().join("both.h");
    ta_codegen_with(["--c-header", "-o", text(&out), &rsa_ca()]).expect_status(2).expect_stderr(&["--out-dir"]);
    assert!(!out.exists());
}

#[test]
fn an_output_folder_for_one_file_names_output() {
    for mode in ["--brssl", "--rust"] {
        let folder = temporary_folder();
        ta_codegen_with([mode, "--out-dir", text(folder.path()), &rsa_ca()]).expect_status(2).expect_stderr(&["--output"]);
        assert!(names_in(folder.path()).is_empty());
    }
}

#[test]
fn the_headers_go_to_the_current_folder_or_to_out_dir() {
    let folder = temporary_folder();
    run(ta_codegen().args(["--c-header", &rsa_ca()]).current_dir(folder.path())).expect_status(0);
    assert_eq!(names_in(folder.path()), HEADERS);
    let other = temporary_folder();
    ta_codegen_with(["--c-header", "--out-dir", text(other.path()), &rsa_ca()]).expect_status(0);
    for name in HEADERS {
        assert_eq!(read(folder.path().join(name)), read(other.path().join(name)));
    }
}

#[test]
fn a_file_or_standard_output_gets_the_same_bytes() {
    let folder = temporary_folder();
    for mode in ["--brssl", "--rust"] {
        let out = folder.path().join("out");
        let outcome = ta_codegen_with([mode, "-o", text(&out), &rsa_ca()]).expect_status(0);
        assert!(outcome.stdout.is_empty());
        assert_eq!(read(&out), ta_codegen_with([mode, &rsa_ca()]).expect_status(0).stdout);
    }
    assert_eq!(names_in(folder.path()), ["out"], "no temporary file is left");
}

#[test]
fn the_rust_source_of_two_cas_is_pinned() {
    let outcome = ta_codegen_with(["--rust", &rsa_ca(), text(&fixture("ca-p256.crt"))]).expect_status(0);
    expect_file("trust_anchors.rs", outcome.text());
}

#[test]
fn a_dash_as_the_output_is_standard_output() {
    let folder = temporary_folder();
    let outcome = run(ta_codegen().args(["--brssl", "-o", "-", &rsa_ca()]).current_dir(folder.path())).expect_status(0);
    assert_eq!(outcome.stdout, ta_codegen_with(["--brssl", &rsa_ca()]).expect_status(0).stdout);
    assert!(names_in(folder.path()).is_empty());
    ta_codegen_with(["--brssl", "-o", "-", "--check", &rsa_ca()]).expect_status(2).expect_stderr(&["--check", "--output"]);
}

/// Whoever mixes up the arguments loses no certificate and no key.
#[test]
fn nothing_that_is_read_is_written_to() {
    let folder = temporary_folder();
    let at = |name: &str| folder.path().join(name);
    let before = read(fixture("ca-rsa2048.crt"));
    write(folder.path(), "ca.crt", &before);
    std::os::unix::fs::symlink("ca.crt", at("link")).expect("a link");
    let [ca, link, out] = ["ca.crt", "link", "out"].map(|name| text(&at(name)).to_owned());
    std::os::unix::fs::symlink("out", at("to-out")).expect("a link");
    let to_out = text(&at("to-out")).to_owned();
    let refused: [&[&str]; 8] = [
        &["--header", &ca, "-o", &out, "--depfile", &to_out],
        &["--header", &ca, "-o", &ca],
        &["--header", &ca, "-o", &link],
        &["--header", &link, "-o", &ca],
        &["--header", &rsa_ca(), "--for-chain", &ca, "-o", &ca],
        &["--header", &ca, "-o", &out, "--depfile", &ca],
        &["--header", &ca, "-o", &out, "--depfile", &out],
        &["--header", "--label", &format!("home={ca}"), "-o", &ca],
    ];
    for arguments in refused {
        ta_codegen_with(arguments.iter().copied()).expect_status(2).expect_stderr(&["give"]);
        assert_eq!(read(at("ca.crt")), before, "{arguments:?}");
        assert_eq!(names_in(folder.path()), ["ca.crt", "link", "to-out"], "{arguments:?}");
    }
    run(ta_codegen().args(["--header", "ca.crt", "-o", "./ca.crt"]).current_dir(folder.path())).expect_status(2);
    assert_eq!(read(at("ca.crt")), before);
    ta_codegen_with(["--header", "-q", &ca, "-o", &out, "--depfile", text(&at("rule"))]).expect_status(0);
}

#[test]
fn a_missing_directory_is_named() {
    let folder = temporary_folder();
    let out = folder.path().join("missing/anchors.h");
    let outcome = ta_codegen_with(["--brssl", "-o", text(&out), &rsa_ca()]).expect_status(2);
    assert!(!outcome.stderr.contains(".ta-codegen-"), "{}", outcome.stderr);
    outcome.expect_stderr(&["anchors.h: cannot be written: there is no directory ", "missing"]);
}

#[test]
fn a_rule_that_cannot_be_written_leaves_nothing() {
    let folder = temporary_folder();
    let out = folder.path().join("out");
    let rule = folder.path().join("missing/rule");
    ta_codegen_with(["--header", &rsa_ca(), "-o", text(&out), "--depfile", text(&rule)])
        .expect_status(2)
        .expect_stderr(&["rule"]);
    let both = ["--c-header", &rsa_ca(), "--out-dir", text(folder.path()), "--depfile", text(&rule)];
    ta_codegen_with(both).expect_status(2).expect_stderr(&["rule"]);
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn what_cannot_be_compared_is_an_error_and_no_difference() {
    let folder = temporary_folder();
    let arguments = ["--check", "--brssl", "-o", text(folder.path()), &rsa_ca()];
    ta_codegen_with(arguments).expect_status(2).expect_stderr(&["cannot be read", "is a directory"]);
}

#[test]
fn labels_go_where_arrays_are_named() {
    let label = format!("home={}", rsa_ca());
    for mode in ["--brssl", "--pem-header", "--rust"] {
        ta_codegen_with([mode, "--label", &label]).expect_status(2).expect_stderr(&["--label", mode]);
    }
}

#[test]
fn names_that_cannot_stand_in_rust_are_refused() {
    for name in ["A ", "A/**/", "gen", "1A"] {
        ta_codegen_with(["--rust", "--name", name, &rsa_ca()]).expect_status(2).expect_stderr(&[name, "Rust"]);
    }
}

#[test]
fn a_path_cannot_command_the_terminal() {
    let folder = temporary_folder();
    let out = folder.path().join("x\u{1b}[31mred.h");
    let ca = rsa_ca();
    let arguments = ["--brssl", "-o", text(&out), &ca];
    let check = || ta_codegen_with(arguments.into_iter().chain(["--check"]));
    check().expect_status(1).expect_stderr(&["x\\u{1b}[31mred.h would change"]);
    ta_codegen_with(arguments).expect_status(0).expect_stderr(&["x\\u{1b}[31mred.h written"]);
}

#[test]
fn a_directory_tells_what_it_passes_over() {
    let folder = temporary_folder();
    write(folder.path(), "ca.crt", read(fixture("ca-rsa2048.crt")));
    fs::create_dir(folder.path().join("more")).expect("a new folder");
    run(crate::support::require("mkfifo", "coreutils").arg(folder.path().join("pipe"))).expect_status(0);
    let outcome = ta_codegen_with(["--brssl", text(folder.path())]).expect_status(0);
    outcome.expect_stderr(&[
        "skipped: ",
        "more: holds no certificate: it is a directory",
        "pipe: holds no certificate: it is no regular",
    ]);
    std::os::unix::fs::symlink("nowhere", folder.path().join("lost.crt")).expect("a link");
    ta_codegen_with(["--brssl", text(folder.path())]).expect_status(2).expect_stderr(&["lost.crt: cannot be read"]);
}

#[test]
fn check_compares_and_writes_nothing() {
    let folder = temporary_folder();
    let out_dir = text(folder.path());
    let arguments = ["--c-header", "--out-dir", out_dir, &rsa_ca()];
    let check = || ta_codegen_with(arguments.into_iter().chain(["--check"]));

    check().expect_status(1).expect_stderr(&HEADERS);
    assert!(names_in(folder.path()).is_empty(), "a missing file stays missing");

    ta_codegen_with(arguments).expect_status(0);
    let long_ago = HEADERS.map(|name| age(&folder.path().join(name)));
    check().expect_status(0);
    assert_eq!(HEADERS.map(|name| modified(&folder.path().join(name))), long_ago);

    let edited = write(folder.path(), HEADERS[1], "edited by hand");
    let outcome = check().expect_status(1).expect_stderr(&HEADERS[1..]);
    assert!(!outcome.stderr.contains(HEADERS[0]), "only the file that would change is named:\n{}", outcome.stderr);
    assert_eq!(read_text(edited), "edited by hand");
    assert_eq!(names_in(folder.path()), HEADERS);
}

#[test]
fn check_works_for_a_single_output_too() {
    let folder = temporary_folder();
    let out = folder.path().join("anchors");
    for mode in ["--brssl", "--rust"] {
        let arguments = [mode, "-o", text(&out), &rsa_ca()];
        let check = || ta_codegen_with(arguments.into_iter().chain(["--check"]));
        check().expect_status(1).expect_stderr(&["anchors"]);
        ta_codegen_with(arguments).expect_status(0);
        check().expect_status(0);
    }
}

#[test]
fn check_is_said_even_when_quiet() {
    let folder = temporary_folder();
    let arguments = ["-q", "--check", "--c-header", "--out-dir", text(folder.path()), &rsa_ca()];
    ta_codegen_with(arguments).expect_status(1).expect_stderr(&HEADERS);
}

#[test]
fn a_file_that_would_not_change_is_not_touched() {
    let folder = temporary_folder();
    let arguments = ["--c-header", "--out-dir", text(folder.path()), &rsa_ca()];
    ta_codegen_with(arguments).expect_status(0);
    let long_ago = HEADERS.map(|name| age(&folder.path().join(name)));
    ta_codegen_with(arguments).expect_status(0);
    assert_eq!(HEADERS.map(|name| modified(&folder.path().join(name))), long_ago);

    // Another CA changes both.
    let other = text(&fixture("ca-p256.crt")).to_owned();
    ta_codegen_with(["--c-header", "--out-dir", text(folder.path()), &other]).expect_status(0);
    for (name, long_ago) in HEADERS.into_iter().zip(long_ago) {
        assert_ne!(modified(&folder.path().join(name)), long_ago, "{name}");
    }
}

#[test]
fn every_bad_certificate_of_every_file_is_reported_at_once() {
    let folder = temporary_folder();
    let certificate = |name: &str| read_text(fixture("golden").join(name));
    let [good, ed25519, large, compressed] =
        ["a-seed1__ca.crt", "c-keys__ED25519.crt", "c-keys__rsa8192.crt", "c-keys__ec-compressed.crt"].map(certificate);
    write(folder.path(), "first.pem", format!("{good}{ed25519}{good}{large}"));
    write(folder.path(), "second.pem", format!("# a comment\n{compressed}"));
    write(folder.path(), "good.pem", &good);
    write(folder.path(), "third.pem", "");

    let mut command = ta_codegen();
    command.current_dir(folder.path()).args(["--c-header", "first.pem", "second.pem", "good.pem", "third.pem"]);
    let outcome = run(&mut command).expect_status(1);
    let lines = |text: &str| text.lines().count();
    let ed25519_line = lines(&good) + 1;
    let large_line = 2 * lines(&good) + lines(&ed25519) + 1;
    let outcome = outcome.expect_stderr(&[
        &format!("first.pem: certificate 2 (line {ed25519_line}): public key is Ed25519 (1.3.101.112)"),
        &format!("first.pem: certificate 4 (line {large_line}): public key is RSA"),
        "second.pem: certificate 1 (line 2): public key is an EC point in compressed form",
        "third.pem: is empty",
    ]);
    assert!(!outcome.stderr.contains("good.pem"), "nothing is wrong with it:\n{}", outcome.stderr);
    assert!(!outcome.stderr.contains("INCLUDE_LOCAL_CERT"), "no advice on an error:\n{}", outcome.stderr);
    assert_eq!(names_in(folder.path()), ["first.pem", "good.pem", "second.pem", "third.pem"], "nothing is written");
}

#[test]
fn an_error_leaves_existing_files_as_they_are() {
    let folder = temporary_folder();
    let bad = fixture("golden/c-keys__ED25519.crt");
    for name in HEADERS {
        write(folder.path(), name, "from before");
    }
    let arguments = ["--c-header", "--out-dir", text(folder.path()), &rsa_ca(), text(&bad)];
    ta_codegen_with(arguments).expect_status(1);
    let out = write(folder.path(), "anchors", "from before");
    for mode in ["--brssl", "--rust"] {
        ta_codegen_with([mode, "-o", text(&out), &rsa_ca(), text(&bad)]).expect_status(1);
    }
    for name in HEADERS.into_iter().chain(["anchors"]) {
        assert_eq!(read_text(folder.path().join(name)), "from before");
    }
    assert_eq!(names_in(folder.path()), ["anchors", HEADERS[0], HEADERS[1]]);
}

/// Root may write anywhere, so what stands in the way here is a folder under the second file's name.
#[test]
fn one_header_that_cannot_be_written_leaves_the_other_as_it_is() {
    let folder = temporary_folder();
    write(folder.path(), HEADERS[0], "from before");
    fs::create_dir(folder.path().join(HEADERS[1])).expect("a new folder");
    let arguments = ["--c-header", "--out-dir", text(folder.path()), &rsa_ca()];
    ta_codegen_with(arguments).expect_status(2).expect_stderr(&[HEADERS[1]]);
    assert_eq!(read_text(folder.path().join(HEADERS[0])), "from before");
    assert_eq!(names_in(folder.path()), HEADERS, "no temporary file is left");
}

#[test]
fn standard_input_is_a_dash() {
    let expected = ta_codegen_with(["--brssl", &rsa_ca()]).expect_status(0).stdout;
    let pem = read(fixture("ca-rsa2048.crt"));
    let outcome = run_with_input(ta_codegen().args(["--brssl", "-"]), &pem).expect_status(0);
    assert_eq!(outcome.stdout, expected);
    let der = crate::support::openssl_with_input(["x509", "-outform", "DER"], &pem);
    let outcome = run_with_input(ta_codegen().args(["--brssl", "-"]), &der).expect_status(0);
    assert_eq!(outcome.stdout, expected);
    run_with_input(ta_codegen().args(["--brssl", "-"]), b"").expect_status(1).expect_stderr(&["standard input", "empty"]);
}

#[test]
fn a_full_disk_is_an_error() {
    for mode in ["--brssl", "--rust"] {
        let full = File::options().write(true).open("/dev/full").expect("/dev/full");
        let child = ta_codegen().args([mode, &rsa_ca()]).stdout(full).stderr(Stdio::piped()).spawn().expect("it runs");
        let outcome: crate::support::Outcome = child.wait_with_output().expect("it ends").into();
        outcome.expect_status(2).expect_stderr(&["standard output", "no space left"]);
    }
    ta_codegen_with(["--brssl", "-o", "/dev/full", &rsa_ca()]).expect_status(2).expect_stderr(&["/dev/full"]);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for mode in ["--brssl", "--rust"] {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let child = ta_codegen().args([mode, &rsa_ca()]).stdout(writer).stderr(Stdio::piped()).spawn().expect("it runs");
        let outcome: crate::support::Outcome = child.wait_with_output().expect("it ends").into();
        assert_eq!(outcome.expect_status(0).stderr, "");
    }
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    let status = ta_codegen().arg("--help").stdout(writer).status().expect("it runs");
    assert!(status.success(), "--help: {status}");
}

#[test]
fn quiet_silences_everything_but_errors() {
    let folder = temporary_folder();
    let many_warnings = fixture("golden/d-enc__multi-dup.crt");
    for mode in [&["--brssl"][..], &["--rust"], &["--c-header", "--out-dir", text(folder.path())]] {
        let arguments = || mode.iter().copied().chain([text(&many_warnings)]);
        assert_ne!(ta_codegen_with(arguments()).expect_status(0).stderr, "");
        assert_eq!(ta_codegen_with(arguments().chain(["-q"])).expect_status(0).stderr, "");
    }
    let bad = fixture("golden/c-keys__ED25519.crt");
    ta_codegen_with(["-q", "--brssl", text(&bad)]).expect_status(1).expect_stderr(&["Ed25519"]);
}

#[test]
fn duplicates_are_written_once_unless_brssl_writes_them() {
    let folder = temporary_folder();
    let twice = fixture("golden/d-enc__multi-dup.crt");
    let brssl = ta_codegen_with(["--brssl", text(&twice)]).expect_status(0).expect_stderr(&["certificate 2", "repeats"]);
    assert!(brssl.text().contains("TAs_NUM   2"));
    let rust = ta_codegen_with(["--rust", text(&twice)]).expect_status(0).expect_stderr(&["certificate 2", "repeats"]);
    assert_eq!(rust.text().matches("is_ca: ").count(), 1);
    let headers = ta_codegen_with(["--c-header", "--out-dir", text(folder.path()), text(&twice)]).expect_status(0);
    headers.expect_stderr(&["certificate 2", "repeats"]);
    assert_eq!(read_text(folder.path().join(HEADERS[1])).matches("BR_X509_TA_CA").count(), 1);
}

#[test]
fn names_that_look_like_options_follow_two_dashes() {
    let folder = temporary_folder();
    write(folder.path(), "-ca.crt", read(fixture("ca-rsa2048.crt")));
    run(ta_codegen().args(["--brssl", "--", "-ca.crt"]).current_dir(folder.path())).expect_status(0);
}
