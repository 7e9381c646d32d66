//! What the macros cost: the first build, every later check, and bytes in the firmware.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::tools::{self, debian_bundle, root};

/// Runs of each measurement; they alternate, so that other work on the machine hits all alike.
const RUNS: usize = 5;

pub(crate) fn run() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    cold_build(directory.path());
    check(directory.path());
    read_only_bytes(directory.path());
}

/// A firmware's manifest lines; the path is this project's.
fn ta_types() -> String {
    format!("ta-types = {{ path = {:?}, features = [\"macros\"] }}", root().join("ta-types"))
}

/// Writes a library crate and lets cargo fetch what it needs, which is not part of any measurement.
fn new_crate(folder: &Path, dependencies: &str, source: &str) {
    fs::create_dir_all(folder.join("src")).expect("the temporary directory is writable");
    let manifest = format!(
        "[package]\nname = \"user\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n\n[workspace]\n\n[profile.release]\nopt-level = \"z\"\n"
    );
    for (file, text) in [("Cargo.toml", manifest.as_str()), ("src/lib.rs", source)] {
        fs::write(folder.join(file), text).expect("the temporary directory is writable");
    }
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("the project's Cargo.lock");
    tools::run(cargo(folder).arg("fetch"));
}

fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(folder).env("CARGO_TARGET_DIR", folder.join("target"));
    cargo
}

/// Compares the first build of a crate that only uses the macro with that of a crate that depends on syn and quote.
fn cold_build(directory: &Path) {
    let [with_macro, with_syn] = ["cold-macro", "cold-syn"].map(|name| directory.join(name));
    let certificate = root().join("fixtures/ca-rsa2048.crt");
    let source = format!(
        "#![no_std]\npub static ANCHORS: &[ta_types::TrustAnchor<'static>] = ta_types::include_trust_anchors!({certificate:?});\n"
    );
    new_crate(&with_macro, &ta_types(), &source);
    new_crate(&with_syn, "quote = \"1\"\nsyn = \"3\"", "");
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        for (folder, costs) in [&with_syn, &with_macro].iter().zip(&mut costs) {
            let _ = fs::remove_dir_all(folder.join("target"));
            costs.push(cost(cargo(folder).args(["build", "--quiet"])));
        }
    }
    println!("## First build\n");
    println!("Crates besides this project's: {}.\n", other_crates(&with_macro));
    println!("| seconds | syn and quote | the macro alone | ratio, least to most |\n|---|---|---|---|");
    let [with_syn, with_macro] = costs;
    ratio("on the clock", &with_syn, &with_macro, |cost| cost.clock);
    ratio("of CPU", &with_syn, &with_macro, |cost| cost.cpu);
    println!();
}

/// What a build took, in seconds.
struct Cost {
    clock: f64,
    /// In cargo and in every compiler it ran: depends less on what else the machine does.
    cpu: f64,
}

fn cost(command: &mut Command) -> Cost {
    let mut time = Command::new("time");
    time.args(["-f", "%e %U %S"]).arg(command.get_program()).args(command.get_args());
    time.current_dir(command.get_current_dir().expect("cargo runs in a crate"));
    time.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let report = String::from_utf8(tools::run(&mut time).stderr).expect("cargo and GNU time write UTF-8");
    let seconds: Vec<f64> = report.lines().last().unwrap_or("").split(' ').filter_map(|field| field.parse().ok()).collect();
    let [clock, user, system] = seconds[..] else { panic!("GNU time writes three numbers, not {report}") };
    Cost { clock, cpu: user + system }
}

/// Prints one kind of cost: the medians, and the ratios within each round.
fn ratio(name: &str, base: &[Cost], cost: &[Cost], kind: fn(&Cost) -> f64) {
    let mut ratios: Vec<f64> = base.iter().zip(cost).map(|(base, cost)| kind(cost) / kind(base)).collect();
    let middle = |costs: &[Cost]| median(costs.iter().map(kind).collect());
    ratios.sort_by(f64::total_cmp);
    let (least, most) = (ratios[0], ratios[ratios.len() - 1]);
    println!("| {name} | {:.2} | {:.2} | {:.2} ({least:.2} to {most:.2}) |", middle(base), middle(cost), median(ratios));
}

/// How many crates that are not this project's a build of the crate in `folder` compiles.
fn other_crates(folder: &Path) -> usize {
    let tree = tools::run(cargo(folder).args(["tree", "--edges", "normal,build", "--prefix", "none", "--no-dedupe"]));
    let tree = String::from_utf8(tree.stdout).expect("cargo writes UTF-8");
    let others = tree.lines().filter(|line| !line.contains(" (/"));
    let names = others.filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty());
    names.collect::<std::collections::HashSet<_>>().len()
}

/// Compares `cargo check` of a crate with Debian's bundle as anchors with that of one which includes as many bytes.
fn check(directory: &Path) {
    let bundle = debian_bundle();
    let anchors = ta_codegen::read_trust_anchors(bundle.as_bytes(), "bundle.pem").expect("Debian's certificates are anchors");
    let bytes: Vec<u8> = anchors.iter().flat_map(|anchor| [anchor.subject(), anchor.spki()].concat()).collect();
    let [with_macro, with_bytes] = ["check-macro", "check-bytes"].map(|name| directory.join(name));
    new_crate(&with_macro, &ta_types(), BUNDLE);
    new_crate(&with_bytes, &ta_types(), "pub static BYTES: &[u8] = include_bytes!(\"data\");\n");
    fs::write(with_macro.join("bundle.pem"), &bundle).expect("the temporary directory is writable");
    fs::write(with_bytes.join("src/data"), &bytes).expect("the temporary directory is writable");
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..=3 * RUNS {
        for (folder, times) in [&with_macro, &with_bytes].iter().zip(&mut times) {
            let source = fs::read(folder.join("src/lib.rs")).expect("the source is there");
            fs::write(folder.join("src/lib.rs"), source).expect("the temporary directory is writable");
            let start = Instant::now();
            tools::run(cargo(folder).args(["check", "--quiet"]));
            times.push(start.elapsed().as_secs_f64() * 1000.0);
        }
    }
    // The first of each compiles the dependencies.
    let [with_macro, with_bytes] = times.map(|times| median(times[1..].to_vec()));
    println!("## `cargo check` after a change\n");
    println!("| anchors | bytes | with the macro | with include_bytes! | difference |\n|---|---|---|---|---|");
    println!(
        "| {} | {} | {with_macro:.0} ms | {with_bytes:.0} ms | {:.0} ms |\n",
        anchors.len(),
        bytes.len(),
        with_macro - with_bytes
    );
}

/// A crate with the anchors of `bundle.pem`.
const BUNDLE: &str = "#![allow(deprecated)]\n\
    pub static ANCHORS: &[ta_types::TrustAnchor<'static>] = ta_types::include_trust_anchors!(\"bundle.pem\");\n";

/// Compares the read-only bytes of a compiled bundle with the sum of its subjects, SPKIs and rows.
fn read_only_bytes(directory: &Path) {
    let bundle = debian_bundle();
    let anchors = ta_codegen::read_trust_anchors(bundle.as_bytes(), "bundle.pem").expect("Debian's certificates are anchors");
    let folder = directory.join("size");
    new_crate(&folder, &ta_types(), &format!("#![no_std]\n{BUNDLE}"));
    fs::write(folder.join("bundle.pem"), &bundle).expect("the temporary directory is writable");
    tools::run(cargo(&folder).args(["build", "--quiet", "--release"]));
    let sections = tools::run(Command::new("size").arg("-A").arg(folder.join("target/release/libuser.rlib")));
    let sections = String::from_utf8(sections.stdout).expect("size writes ASCII");
    let sizes = sections.lines().filter(|line| [".rodata", ".data.rel.ro"].iter().any(|section| line.starts_with(section)));
    let stored: usize = sizes.filter_map(|line| line.split_whitespace().nth(1)?.parse::<usize>().ok()).sum();
    let row = size_of::<ta_types::TrustAnchor<'static>>();
    let needed: usize = anchors.iter().map(|anchor| anchor.subject().len() + anchor.spki().len() + row).sum();
    println!("## Read-only bytes\n\n| anchors | subjects, SPKIs and rows | in the object file | more |\n|---|---|---|---|");
    let more = (stored as f64 / needed as f64 - 1.0) * 100.0;
    println!("| {} | {needed} | {stored} | {more:.2} % |\n", anchors.len());
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
