//! What every benchmark needs: programs to run, and what the machine says of a run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the project").to_owned()
}

/// Runs a command to its end; it must succeed.
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    assert!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The command `ta-codegen`, built for release.
pub(crate) fn ta_codegen() -> PathBuf {
    run(Command::new(env!("CARGO")).args(["build", "--quiet", "--release", "-p", "ta-codegen"]).current_dir(root()));
    root().join("target/release/ta-codegen")
}

/// The certificates of Debian's `ca-certificates`, as PEM.
pub(crate) fn debian_bundle() -> String {
    let directory = Path::new("/usr/share/ca-certificates/mozilla");
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error}; install the package ca-certificates", directory.display()))
        .map(|entry| entry.expect("the directory can be listed").path())
        .collect();
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).expect("Debian's certificates are PEM")).collect()
}

/// Instructions that a whole process takes, counted by valgrind: the same in each run, whatever else the machine does.
pub(crate) fn instructions(program: &Path, arguments: &[&str]) -> u64 {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).args(arguments).stdout(Stdio::null());
    let report = String::from_utf8(run(&mut command).stderr).expect("valgrind writes ASCII");
    let count = report.lines().find_map(|line| line.split_once("refs:")).expect("callgrind counts instructions").1;
    count.trim().replace(',', "").parse().expect("a number")
}

/// What a whole process takes, by GNU time.
pub(crate) struct Usage {
    /// Seconds of CPU, in the program and in the kernel for it.
    pub(crate) cpu: f64,
    /// The most memory at any time, in KiB.
    pub(crate) peak: u64,
}

/// The median of several runs.
pub(crate) fn usage(program: &Path, arguments: &[&str]) -> Usage {
    let mut runs: Vec<(f64, u64)> = (0..5).map(|_| usage_of_one(program, arguments)).collect();
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let cpu = runs[runs.len() / 2].0;
    runs.sort_by_key(|run| run.1);
    Usage { cpu, peak: runs[runs.len() / 2].1 }
}

fn usage_of_one(program: &Path, arguments: &[&str]) -> (f64, u64) {
    let mut command = Command::new("time");
    command.args(["-f", "%U %S %M"]).arg(program).args(arguments).stdout(Stdio::null());
    let report = String::from_utf8(run(&mut command).stderr).expect("GNU time writes ASCII");
    let fields: Vec<&str> = report.lines().last().expect("GNU time writes a line").split(' ').collect();
    let seconds = |field: &str| field.parse::<f64>().expect("seconds");
    (seconds(fields[0]) + seconds(fields[1]), fields[2].parse().expect("KiB"))
}
