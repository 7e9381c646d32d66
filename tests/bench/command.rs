//! What `ta-codegen --brssl` costs, from one CA to 14,000.

use std::fs;
use std::path::Path;

use crate::tools::{debian_bundle, instructions, root, ta_codegen, usage};

pub(crate) fn run() {
    let program = ta_codegen();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let one = fs::read_to_string(root().join("fixtures/ca-rsa2048.crt")).expect("the fixture");
    let bundle = debian_bundle();
    let empty = usage(&program, &["--version"]).peak;
    println!("## ta-codegen --brssl -q\n");
    println!(
        "| input | certificates | instructions | per certificate | CPU s | peak KiB | growth KiB | 2 x input + output, KiB |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let inputs = [
        ("one RSA-2048 CA", one),
        ("Debian's bundle", bundle.clone()),
        ("bundle x 10", bundle.repeat(10)),
        ("bundle x 100", bundle.repeat(100)),
    ];
    for (name, text) in inputs {
        let file = directory.path().join("ca.pem");
        fs::write(&file, &text).expect("the temporary directory is writable");
        row(&program, name, &file, &text, empty);
    }
    println!();
}

fn row(program: &Path, name: &str, file: &Path, text: &str, empty: u64) {
    let file = file.to_str().expect("temporary paths are ASCII");
    let certificates = text.matches("-----BEGIN CERTIFICATE-----").count() as u64;
    let instructions = instructions(program, &["--brssl", "-q", file]);
    let usage = usage(program, &["--brssl", "-q", file]);
    let anchors = ta_codegen::read_trust_anchors(text.as_bytes(), file).expect("Debian's certificates are anchors");
    let output = ta_codegen::c::brssl(&anchors).len();
    println!(
        "| {name} | {certificates} | {instructions} | {} | {:.2} | {} | {} | {} |",
        instructions / certificates,
        usage.cpu,
        usage.peak,
        usage.peak.saturating_sub(empty),
        (2 * text.len() + output) / 1024
    );
}
