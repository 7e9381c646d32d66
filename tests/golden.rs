//! `--brssl` against what `brssl ta` answered: exit status and standard output, to the byte.
//!
//! What brssl reads is accepted with its bytes, and what it refuses is refused. Every departure from that is a row of
//! `golden_departures.tsv` with its reason: there brssl accepts what no device could verify with, or overlooks a certificate.

use std::path::Path;

use crate::support::{fixture, read, read_text, run_with_input, shared, ta_codegen, ta_codegen_with, text};

/// A row of a folder's `index.tsv`.
struct Row {
    file: String,
    brssl_accepts: bool,
}

/// A row of `golden_departures.tsv`.
struct Departure {
    file: &'static str,
    instead: Instead,
}

/// What `ta-codegen` does in place of what brssl does.
#[derive(Clone, Copy)]
enum Instead {
    /// Refuses the file.
    Refused,
    /// Prints what brssl prints for this other file of `fixtures/golden`.
    As(&'static str),
}

fn rows(folder: &Path) -> Vec<Row> {
    let index = read_text(folder.join("index.tsv"));
    let row = |line: &str| {
        let mut fields = line.split('\t');
        let file = fields.next().expect("a file name").to_owned();
        let status = fields.next().expect("an exit status");
        Row { file, brssl_accepts: status == "0" }
    };
    index.lines().skip(1).map(row).collect()
}

fn departures() -> Vec<Departure> {
    let row = |line: &'static str| {
        let fields: Vec<_> = line.split('\t').collect();
        let [file, instead, reason] = fields[..] else { panic!("three fields, not `{line}`") };
        assert!(!reason.is_empty(), "{file}: a departure has a reason");
        let instead = if instead == "refused" { Instead::Refused } else { Instead::As(instead) };
        Departure { file, instead }
    };
    include_str!("golden_departures.tsv").lines().skip(1).map(row).collect()
}

/// The standard output that `ta-codegen --brssl` owes for a row, or `None` for a refusal.
fn expected(folder: &Path, row: &Row, departures: &[Departure]) -> Option<Vec<u8>> {
    let brssl = || row.brssl_accepts.then(|| read(folder.join(format!("{}.c", row.file))));
    match departures.iter().find(|departure| departure.file == row.file) {
        None => brssl(),
        Some(Departure { instead: Instead::Refused, .. }) => None,
        Some(Departure { instead: Instead::As(other), .. }) => Some(brssl_bytes(other)),
    }
}

/// What brssl prints for an input of `fixtures/golden`.
fn brssl_bytes(name: &str) -> Vec<u8> {
    read(fixture("golden").join(format!("{name}.c")))
}

/// Says how `ta-codegen` departs from what is expected of it, if it does.
fn judge(path: &Path, expected: Option<&[u8]>) -> Result<(), String> {
    let outcome = ta_codegen_with(["--brssl", text(path)]);
    let file = path.file_name().expect("a file name").to_string_lossy();
    let fault = |what: &str| Err(format!("{file}: {what}; it said:\n{}", outcome.stderr));
    match (outcome.status, expected) {
        (0, Some(bytes)) if outcome.stdout == bytes => Ok(()),
        (0, Some(_)) => fault("accepted, but not with brssl's bytes"),
        (0, None) => fault("accepted, and should be refused"),
        (1, None) if !outcome.stdout.is_empty() => fault("refused, and printed something all the same"),
        (1, None) if !outcome.stderr.contains(&*file) => fault("refused, without naming the file"),
        (1, None) => Ok(()),
        (1, Some(_)) => fault("refused, and should be accepted"),
        (status, _) => fault(&format!("exit status {status}")),
    }
}

/// Judges every row of a folder, and reports all that are wrong at once. Returns how many rows there are.
fn judge_folder(folder: &Path) -> usize {
    let departures = departures();
    let rows = rows(folder);
    let faults: Vec<_> = rows
        .iter()
        .filter_map(|row| judge(&folder.join(&row.file), expected(folder, row, &departures).as_deref()).err())
        .collect();
    assert!(faults.is_empty(), "{} of {} inputs:\n{}", faults.len(), rows.len(), faults.join("\n"));
    rows.len()
}

#[test]
fn own_inputs_give_the_bytes_of_brssl() {
    assert!(judge_folder(&fixture("golden")) >= 40);
}

#[test]
fn every_golden_input_gives_the_bytes_of_brssl() {
    if let Some(folder) = shared("golden") {
        assert_eq!(judge_folder(&folder), 274);
    }
}

/// A row that names no input, or says what brssl does anyway, would hide a change.
#[test]
fn every_departure_departs_from_brssl() {
    let Some(folder) = shared("golden") else { return };
    let rows = rows(&folder);
    for departure in departures() {
        let row = rows.iter().find(|row| row.file == departure.file);
        let row = row.unwrap_or_else(|| panic!("{} is no golden input", departure.file));
        match departure.instead {
            Instead::Refused => assert!(row.brssl_accepts, "{}: brssl refuses it too", row.file),
            Instead::As(other) => {
                let own = row.brssl_accepts.then(|| read(folder.join(format!("{}.c", row.file))));
                assert_ne!(own, Some(brssl_bytes(other)), "{}: brssl prints the same", row.file);
            }
        }
    }
}

/// Runs `--brssl` over `input` on standard input, which has to give what brssl prints for `plain`.
#[track_caller]
fn reads_like(input: &[u8], plain: &str) {
    let outcome = run_with_input(ta_codegen().args(["--brssl", "-"]), input).expect_status(0);
    assert!(outcome.stdout == brssl_bytes(plain), "not the bytes of {plain}:\n{}", outcome.text());
}

fn plain(name: &str) -> String {
    read_text(fixture("golden").join(name))
}

fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(bytes_of).collect()
}

#[test]
fn byte_order_marks_hide_nothing() {
    let ca = plain("a-seed1__ca.crt");
    reads_like(format!("\u{FEFF}{ca}").as_bytes(), "a-seed1__ca.crt");
    reads_like(&utf16(&ca, u16::to_le_bytes), "a-seed1__ca.crt");
    reads_like(&utf16(&ca, u16::to_be_bytes), "a-seed1__ca.crt");
    reads_like(&utf16(&ca.replace('\n', "\r\n"), u16::to_le_bytes), "a-seed1__ca.crt");
    let two = plain("g-own__two-cas.crt");
    reads_like(&utf16(&two, u16::to_le_bytes), "g-own__two-cas.crt");
    reads_like(format!("\u{FEFF}{two}").as_bytes(), "g-own__two-cas.crt");
}

#[test]
fn any_line_end_and_indentation_will_do() {
    let two = plain("g-own__two-cas.crt");
    reads_like(two.replace('\n', "\r\n").as_bytes(), "g-own__two-cas.crt");
    reads_like(two.replace('\n', "\r").as_bytes(), "g-own__two-cas.crt");
    reads_like(two.trim_end().as_bytes(), "g-own__two-cas.crt");
    reads_like(two.replace("\n", " \t\n").as_bytes(), "g-own__two-cas.crt");
    reads_like(two.replace('\n', "\r\r\n").as_bytes(), "g-own__two-cas.crt");
    for indent in ["  ", "\t", "        "] {
        let indented: String = two.lines().map(|line| format!("{indent}{line}\n")).collect();
        reads_like(indented.as_bytes(), "g-own__two-cas.crt");
    }
}

#[test]
fn a_carriage_return_amid_a_line_is_a_blank_and_hides_no_banner() {
    let two = plain("g-own__two-cas.crt");
    // openssl and brssl read this, too.
    reads_like(two.replace("BQAw", "BQ\rAw").as_bytes(), "g-own__two-cas.crt");
    let (first, second) = two.split_at(two.rfind("-----BEGIN").expect("two certificates"));
    reads_like(format!("{first}{}", second.replace('\n', "\r")).as_bytes(), "g-own__two-cas.crt");
    reads_like(format!("{}{second}", first.replace('\n', "\r")).as_bytes(), "g-own__two-cas.crt");
}

#[test]
fn other_objects_may_stand_beside_the_certificate() {
    let ca = plain("a-seed1__ca.crt");
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAAwAA==\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let old_style = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,42\n\nMAAw\n\
                     -----END RSA PRIVATE KEY-----\n";
    let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    for other in [encrypted, old_style, parameters] {
        for ends in ["\n", "\r\n", "\r"] {
            reads_like(format!("{other}{ca}").replace('\n', ends).as_bytes(), "a-seed1__ca.crt");
            reads_like(format!("{ca}{other}").replace('\n', ends).as_bytes(), "a-seed1__ca.crt");
        }
    }
}

#[test]
fn text_may_stand_around_the_blocks() {
    let two = plain("g-own__two-cas.crt");
    let end = "-----END CERTIFICATE-----\n";
    let commented = two.replace(end, &format!("{end}# the next CA: -- see the wiki -----\n\n"));
    reads_like(format!("Certificate:\n    Data:\n{commented}").as_bytes(), "g-own__two-cas.crt");
}

#[test]
fn a_trusted_certificate_is_a_certificate() {
    let ca = plain("a-seed1__ca.crt");
    reads_like(ca.replace(" CERTIFICATE", " TRUSTED CERTIFICATE").as_bytes(), "a-seed1__ca.crt");
    reads_like(ca.replace(" CERTIFICATE", " X509 CERTIFICATE").as_bytes(), "a-seed1__ca.crt");
}

/// Neither case nor blanks nor these signs count in a label (`eqstr` in BearSSL's `tools/names.c`); a comma does.
#[test]
fn labels_are_compared_as_loosely_as_brssl_does() {
    let ca = plain("a-seed1__ca.crt");
    for label in ["Certificate", "CERTI FICATE", "CERTI-FICATE", "_CERTIFICATE.", "X509/CERTIFICATE", "CERTI+FI:CATE"] {
        reads_like(ca.replace("CERTIFICATE", label).as_bytes(), "a-seed1__ca.crt");
    }
    for label in ["CERTIFICATE,", "CERTIFICATES", "MY CERTIFICATE"] {
        let input = ca.replace("CERTIFICATE", label);
        let outcome = run_with_input(ta_codegen().args(["--brssl", "-"]), input.as_bytes()).expect_status(1);
        outcome.expect_stderr(&["standard input", label]);
    }
}

#[test]
fn several_files_are_numbered_through() {
    let ca = fixture("golden/a-seed1__ca.crt");
    let both = ta_codegen_with(["--brssl", text(&ca), text(&ca)]).expect_status(0);
    assert_eq!(both.stdout, brssl_bytes("d-enc__multi-dup.crt"), "every one is emitted, duplicates too");
    assert!(both.stderr.contains("repeats "), "and said to repeat another:\n{}", both.stderr);
}
