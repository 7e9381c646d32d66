//! The golden inputs and the pinned outputs through the library alone.
//!
//! The package `ta-tests` proves the same through the command, and much more. This small program is for the mutation check, which builds
//! and runs it hundreds of times: it needs nothing but the library.

#![cfg(feature = "build")]

use std::fs;
use std::path::{Path, PathBuf};

use ta_codegen::{TrustAnchor, c, read_trust_anchors, rust, unique};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(path: &Path) -> String {
    String::from_utf8(read(path)).expect("UTF-8")
}

fn fixture(name: &str) -> PathBuf {
    project().join("fixtures").join(name)
}

/// The columns of a table whose first line names them.
fn table(path: &Path) -> Vec<Vec<String>> {
    text(path).lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// What `--brssl` owes for each golden input of a folder: the bytes, or `None` for a refusal.
fn golden(folder: &Path) -> Vec<(PathBuf, Option<String>)> {
    let departures = table(&project().join("tests/golden_departures.tsv"));
    let expected = |row: &Vec<String>| match departures.iter().find(|departure| departure[0] == row[0]) {
        Some(departure) if departure[1] == "refused" => None,
        Some(departure) => Some(text(&fixture("golden").join(format!("{}.c", departure[1])))),
        None => (row[1] == "0").then(|| text(&folder.join(format!("{}.c", row[0])))),
    };
    table(&folder.join("index.tsv")).iter().map(|row| (folder.join(&row[0]), expected(row))).collect()
}

fn judge(folder: &Path) -> usize {
    let inputs = golden(folder);
    for (path, expected) in &inputs {
        let output = read_trust_anchors(&read(path), "input").map(|anchors| c::brssl(&anchors));
        assert!(output.as_ref().ok() == expected.as_ref(), "{}: {output:?}", path.display());
    }
    inputs.len()
}

#[test]
fn golden_inputs() {
    assert!(judge(&fixture("golden")) >= 40);
    let shared = project().join("../shared/golden");
    if shared.is_dir() {
        judge(&shared);
    } else {
        eprintln!("NOT RUN: the golden inputs of ../shared, because the folder is not there");
    }
}

fn anchors(names: &[&str]) -> Vec<TrustAnchor> {
    names.iter().flat_map(|name| read_trust_anchors(&read(&fixture(name)), name).expect("a good certificate")).collect()
}

#[test]
fn pinned_outputs() {
    let anchors = anchors(&["ca-rsa2048.crt", "ca-p256.crt"]);
    let headers = c::tasmota(&unique(&anchors));
    assert_eq!(headers.data, text(&fixture("expected/local_ca_data.h")));
    assert_eq!(headers.descriptor, text(&fixture("expected/local_ca_descriptor.h")));
    assert_eq!(rust::source(&unique(&anchors), "TRUST_ANCHORS"), text(&fixture("expected/trust_anchors.rs")));
}
