//! The front ends: one module for each thing that the command does.

mod arguments;
mod doctor;
mod generate;
mod input;
mod output;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;

/// How a run ends; the numbers are part of the interface, and `--help` documents them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Done.
    Success,
    /// The input is refused, or `--check` found a difference.
    Refused,
    /// The arguments are wrong, or a file cannot be read or written.
    Failure,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(outcome as u8)
    }
}

/// Runs the command with the arguments of this process.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match &arguments.command {
        Some(Command::Doctor(doctor)) => doctor::run(doctor),
        None => generate::run(&arguments.generate),
    }
    .into()
}
