//! The benchmarks: `cargo run --release -p ta-tests --bin bench -- [NAME]...`, all of them without a name.
//!
//! They measure and print tables in Markdown; they never pass or fail.

mod command;
mod flash;
// The measurement, which the test `flash` asserts.
#[path = "../flash_size.rs"]
mod flash_size;
mod macros;
mod tools;

use std::process::ExitCode;

/// A benchmark's name, and what runs it.
type Benchmark = (&'static str, fn());

const BENCHMARKS: &[Benchmark] = &[("command", command::run), ("flash", flash::run), ("macros", macros::run)];

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = names.iter().find(|name| !BENCHMARKS.iter().any(|(known, _)| known == name)) {
        let known: Vec<&str> = BENCHMARKS.iter().map(|(name, _)| *name).collect();
        eprintln!("there is no benchmark {unknown}; there are: {}", known.join(", "));
        return ExitCode::from(2);
    }
    for (name, run) in BENCHMARKS {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            run();
        }
    }
    ExitCode::SUCCESS
}
