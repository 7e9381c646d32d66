//! What stands beside the output: rules for Make, completions, manual pages, a sign of life.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{fixture, read, read_text, require, run, ta_codegen, ta_codegen_with, temporary_folder, text, write};

/// Make builds again when a certificate changes, and not before; the files' names are as awkward as Make allows.
#[test]
fn make_follows_the_depfile() {
    let folder = temporary_folder();
    let certificates = folder.path().join("my $certs #1");
    std::fs::create_dir(&certificates).expect("a new folder");
    let ca = write(&certificates, "home ca.crt", read(fixture("ca-rsa2048.crt")));
    let makefile = format!(
        "anchors.h:\n\t\"{}\" --header -q --depfile anchors.d -o anchors.h 'my $$certs #1'\n-include anchors.d\n",
        ta_codegen().get_program().to_str().expect("UTF-8")
    );
    write(folder.path(), "Makefile", makefile);
    let make = |arguments: &[&str]| run(require("make", "make").current_dir(folder.path()).args(arguments));
    make(&["anchors.h"]).expect_status(0);
    let first = read_text(folder.path().join("anchors.h"));
    make(&["-q", "anchors.h"]).expect_status(0);
    write(&certificates, "home ca.crt", read(fixture("ca-p256.crt")));
    let later = std::time::SystemTime::now() + Duration::from_secs(10);
    std::fs::File::open(&ca).and_then(|file| file.set_modified(later)).expect("a file of ours");
    make(&["-q", "anchors.h"]).expect_status(1);
    make(&["anchors.h"]).expect_status(0);
    assert_ne!(read_text(folder.path().join("anchors.h")), first);
}

/// The same with CMake, for both of the builders it writes files for. On its way to Ninja it loses `$` and `#` in names.
#[test]
fn cmake_follows_the_depfile() {
    for (generator, command, package) in [("Ninja", "ninja", "ninja-build"), ("Unix Makefiles", "make", "make")] {
        require(command, package);
        let folder = temporary_folder();
        let certificates = folder.path().join("my certs");
        std::fs::create_dir(&certificates).expect("a new folder");
        let ca = write(&certificates, "home ca.crt", read(fixture("ca-rsa2048.crt")));
        let lists = format!(
            "cmake_minimum_required(VERSION 3.21)\nproject(firmware NONE)\n\
             add_custom_command(\n  OUTPUT anchors.h\n  \
             COMMAND \"{}\" --header -q --depfile anchors.d -o anchors.h \"${{CMAKE_SOURCE_DIR}}/my certs\"\n  \
             DEPFILE anchors.d\n  VERBATIM)\n\
             add_custom_target(headers ALL DEPENDS anchors.h)\n",
            text(Path::new(ta_codegen().get_program()))
        );
        write(folder.path(), "CMakeLists.txt", lists);
        let cmake =
            |arguments: &[&str]| run(require("cmake", "cmake").current_dir(folder.path()).args(arguments)).expect_status(0);
        cmake(&["-G", generator, "-S", ".", "-B", "build"]);
        let generates = || cmake(&["--build", "build"]).text().contains("Generating anchors.h");
        let header = || read_text(folder.path().join("build/anchors.h"));
        assert!(generates() && !generates(), "{generator}: once, and not again");
        let first = header();
        write(&certificates, "home ca.crt", read(fixture("ca-p256.crt")));
        let later = std::time::SystemTime::now() + Duration::from_secs(10);
        std::fs::File::open(&ca).and_then(|file| file.set_modified(later)).expect("a file of ours");
        assert!(generates(), "{generator}: again");
        assert_ne!(header(), first, "{generator}");
    }
}

#[test]
fn the_depfile_names_everything_that_was_read() {
    let folder = temporary_folder();
    let chain = fixture("ca-p256.crt");
    let (depfile, out) = (folder.path().join("d"), folder.path().join("include"));
    let home = format!("home={}", text(&fixture("ca-rsa2048.crt")));
    ta_codegen_with([
        "--c-header",
        "-q",
        "--label",
        &home,
        "--for-chain",
        text(&chain),
        "--out-dir",
        text(&out),
        "--depfile",
        text(&depfile),
        text(&fixture("ca-p256.crt")),
        text(&fixture("ca-p384.crt")),
    ])
    .expect_status(0);
    let rule = read_text(&depfile);
    for name in ["local_ca_data.h ", "local_ca_descriptor.h:", "ca-p256.crt", "ca-p384.crt", "ca-rsa2048.crt"] {
        assert!(rule.contains(name), "{name} is missing in:\n{rule}");
    }
    let broken = write(folder.path(), "a\nb.crt", read(&chain));
    let other = folder.path().join("o");
    let awkward = ["--brssl", "-o", text(&other), "--depfile", text(&depfile), text(&broken)];
    ta_codegen_with(awkward).expect_status(2).expect_stderr(&["a\\nb.crt", "rule of Make"]);
    assert!(!other.exists());
    ta_codegen_with(["--brssl", "--depfile", "d", text(&chain)]).expect_status(2).expect_stderr(&["--depfile", "--output"]);
}

#[test]
fn bash_takes_the_completions() {
    let completions = ta_codegen_with(["completions", "bash"]).expect_status(0);
    let folder = temporary_folder();
    write(folder.path(), "completions", completions.text());
    let script = "set -eu; source ./completions; complete -p ta-codegen; COMP_WORDS=(ta-codegen fing); COMP_CWORD=1; \
                  _ta__codegen ta-codegen fing ta-codegen; echo \"${COMPREPLY[@]}\"";
    let bash = run(require("bash", "bash").current_dir(folder.path()).args(["-c", script])).expect_status(0);
    assert!(bash.text().ends_with("fingerprint\n"), "{}", bash.text());
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        let completions = ta_codegen_with(["completions", shell]).expect_status(0);
        assert!(completions.text().contains("passphrase-file"), "{shell}");
    }
}

/// The manual has every option of the help.
#[test]
fn the_manual_pages_are_complete() {
    for command in [&[][..], &["inspect"], &["doctor"], &["fingerprint"], &["tls-key"]] {
        let manual = ta_codegen_with([&["man-page"], command].concat()).expect_status(0);
        let manual = manual.text().replace('\\', "");
        assert!(manual.contains(".TH ta-codegen"), "{manual}");
        let help = ta_codegen_with([command, &["--help"]].concat()).expect_status(0);
        let options = help.text().split_whitespace().filter(|word| word.starts_with("--"));
        for option in options.map(|word| word.trim_end_matches(|character: char| !character.is_ascii_alphanumeric())) {
            assert!(manual.contains(option), "{option} is missing in the manual of {command:?}");
        }
    }
    ta_codegen_with(["man-page", "nothing"]).expect_status(2).expect_stderr(&["nothing"]);
}

/// Whoever forgets to give standard input anything is told what the command waits for.
#[test]
fn a_long_run_gives_a_sign_of_life() {
    let said = |quiet: bool, delay: Duration| {
        let mut command = ta_codegen();
        command.args(["--brssl", "-"]).args(quiet.then_some("-q"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        std::thread::sleep(delay);
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(&read(fixture("ca-p256.crt"))).expect("it reads");
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success());
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    assert_eq!(said(false, Duration::from_millis(1800)), "still reading standard input ...\n");
    assert_eq!(said(false, Duration::ZERO), "");
    assert_eq!(said(true, Duration::from_millis(1800)), "");
}
