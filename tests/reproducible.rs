//! The same certificates give the same bytes, wherever, whenever and however they are read.

use std::{fs, path::Path, process::Command};

use crate::support::{
    fixture, project, read, read_text, require, run, run_with_input, ta_codegen, temporary_folder, text, write,
};

/// One certificate of each kind that the outputs treat in a way of its own.
const CERTIFICATES: [&str; 4] = ["ca-rsa2048.crt", "ca-p256.crt", "ca-expired.crt", "ca-name-constraints.crt"];

const HEADERS: [&str; 2] = ["local_ca_data.h", "local_ca_descriptor.h"];

/// Copies the certificates to a folder.
fn copy_certificates(folder: &Path) {
    CERTIFICATES.iter().for_each(|name| drop(write(folder, name, read(fixture(name)))));
}

/// Everything that `ta-codegen`, as `start` starts it, makes of the certificates at `paths`, seen from `folder`.
fn outputs(folder: &Path, paths: &[String], start: impl Fn() -> Command) -> Vec<Vec<u8>> {
    let out = temporary_folder();
    run(start().current_dir(folder).args(["-q", "--c-header", "--out-dir", text(out.path())]).args(paths)).expect_status(0);
    let mut outputs: Vec<_> = HEADERS.iter().map(|name| read(out.path().join(name))).collect();
    for mode in ["--brssl", "--rust"] {
        outputs.push(run(start().current_dir(folder).args(["-q", mode]).args(paths)).expect_status(0).stdout);
    }
    outputs
}

fn names() -> Vec<String> {
    CERTIFICATES.map(str::to_owned).into()
}

/// What comes out in a folder of its own with nothing special about it.
fn expected() -> Vec<Vec<u8>> {
    let folder = temporary_folder();
    copy_certificates(folder.path());
    outputs(folder.path(), &names(), ta_codegen)
}

/// `ta-codegen` with the clock at `date`.
fn at(date: &str) -> Command {
    let program = ta_codegen();
    let mut faketime = require("faketime", "faketime");
    faketime.args(["-f", date]).arg(program.get_program());
    faketime
}

#[test]
fn one_run_after_another() {
    let expected = expected();
    // Hash tables are seeded anew in every run.
    for _ in 0..10 {
        assert_eq!(self::expected(), expected);
    }
}

#[test]
fn any_folder_and_any_form_of_a_path() {
    let expected = expected();
    let absolute: Vec<String> = CERTIFICATES.iter().map(|name| text(&fixture(name)).to_owned()).collect();
    assert_eq!(outputs(Path::new("/"), &absolute, ta_codegen), expected);
    let folder = temporary_folder();
    let deep = folder.path().join("a b/ü/..");
    fs::create_dir_all(folder.path().join("a b/ü")).expect("folders");
    copy_certificates(&deep);
    let relative: Vec<String> = CERTIFICATES.iter().map(|name| format!("./a b/ü/../{name}")).collect();
    assert_eq!(outputs(folder.path(), &relative, ta_codegen), expected);
}

#[test]
fn any_locale_time_zone_and_environment() {
    let expected = expected();
    let folder = temporary_folder();
    copy_certificates(folder.path());
    for environment in [
        &[("LC_ALL", "C"), ("TZ", "UTC")][..],
        &[("LC_ALL", "tr_TR.UTF-8"), ("LANG", "tr_TR.UTF-8"), ("TZ", "Pacific/Kiritimati")],
        &[("LC_ALL", "de_DE.ISO-8859-1"), ("TZ", "America/St_Johns"), ("COLUMNS", "20"), ("TERM", "dumb")],
        &[("SOURCE_DATE_EPOCH", "1"), ("USER", "somebody"), ("HOSTNAME", "somewhere"), ("CLICOLOR_FORCE", "1")],
    ] {
        let start = || {
            let mut command = ta_codegen();
            command.envs(environment.iter().copied());
            command
        };
        assert_eq!(outputs(folder.path(), &names(), start), expected, "{environment:?}");
    }
    let start = || {
        let mut command = ta_codegen();
        command.env_clear();
        command
    };
    assert_eq!(outputs(folder.path(), &names(), start), expected);
}

#[test]
fn any_time() {
    let expected = expected();
    let folder = temporary_folder();
    copy_certificates(folder.path());
    for date in ["1980-01-01 00:00:00", "2031-07-09 12:34:56", "2037-12-31 23:59:59"] {
        assert_eq!(outputs(folder.path(), &names(), || at(date)), expected, "{date}");
        // The clock is looked at all the same: what the command says depends on it.
        let said = run(at(date).current_dir(folder.path()).args(["--brssl", "ca-expired.crt"])).expect_status(0).stderr;
        assert_eq!(said.contains("expired on"), !date.starts_with("1980"), "{date}: {said}");
        assert_eq!(said.contains("not valid before"), date.starts_with("1980"), "{date}: {said}");
    }
}

#[test]
fn any_order_of_a_directory() {
    let [forward, backward] = [temporary_folder(), temporary_folder()];
    // Many files, so that the order in which a file system lists them is not that of their making.
    let files: Vec<String> = (0..60).map(|index| format!("{index}-{}", CERTIFICATES[index % 4])).collect();
    let copy = |folder: &Path, file: &String| drop(write(folder, file, read(fixture(file.split_once('-').expect("a number").1))));
    files.iter().for_each(|file| copy(forward.path(), file));
    files.iter().rev().for_each(|file| copy(backward.path(), file));
    let directory = ["directory".to_owned()];
    let outputs = [forward, backward].map(|folder| {
        let above = temporary_folder();
        fs::rename(folder.path(), above.path().join("directory")).expect("another place");
        outputs(above.path(), &directory, ta_codegen)
    });
    assert_eq!(outputs[0], outputs[1]);
}

#[test]
fn any_line_end_and_encoding_of_the_input() {
    let folder = temporary_folder();
    let pem: String = CERTIFICATES.iter().map(|name| read_text(fixture(name))).collect();
    let utf16 = |bytes_of: fn(u16) -> [u8; 2]| format!("\u{FEFF}{pem}").encode_utf16().flat_map(bytes_of).collect::<Vec<u8>>();
    let forms = [
        pem.clone().into_bytes(),
        pem.replace('\n', "\r\n").into_bytes(),
        pem.replace('\n', "\r").into_bytes(),
        format!("\u{FEFF}{pem}").into_bytes(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        pem.trim_end().as_bytes().to_vec(),
        pem.replace("-----BEGIN", "\n# text between\n  -----BEGIN").into_bytes(),
    ];
    let expected = expected();
    for (index, form) in forms.iter().enumerate() {
        write(folder.path(), "all.pem", form);
        assert_eq!(outputs(folder.path(), &["all.pem".to_owned()], ta_codegen), expected, "form {index}");
    }
    let from_standard_input = run_with_input(ta_codegen().args(["-q", "--brssl", "-"]), pem.as_bytes()).expect_status(0);
    assert_eq!(from_standard_input.stdout, expected[2]);
}

#[test]
fn no_path_no_time_and_no_name_of_the_machine() {
    let folder = temporary_folder();
    copy_certificates(folder.path());
    let absolute: Vec<String> = CERTIFICATES.iter().map(|name| text(&folder.path().join(name)).to_owned()).collect();
    let machine = run(require("uname", "coreutils").arg("-n")).expect_status(0);
    for output in outputs(folder.path(), &absolute, || at("2031-07-09 12:34:56")) {
        let output = String::from_utf8(output).expect("text");
        for unwanted in [text(folder.path()), text(&project()), "/tmp", ".crt", "2031", "12:34", machine.text().trim()] {
            assert!(!output.contains(unwanted), "{unwanted} in {output}");
        }
    }
}
