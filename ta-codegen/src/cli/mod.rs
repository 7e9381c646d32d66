//! The front ends: one module for each thing that the command does.

mod address;
mod arguments;
mod choice;
mod completions;
mod depfile;
mod doctor;
mod fingerprint;
mod generate;
mod input;
mod inspect;
mod output;
mod overwriting;
mod progress;
mod secret;
mod subcommand;
mod tls_key;

use std::process::ExitCode;

use arguments::{Arguments, Generate};
use clap::CommandFactory;
use subcommand::{Subcommand, parsed};

/// Everything that the command does apart from generating, in the order of `--help`.
const SUBCOMMANDS: &[&Subcommand] = &[
    &inspect::SUBCOMMAND,
    &doctor::SUBCOMMAND,
    &fingerprint::SUBCOMMAND,
    &tls_key::SUBCOMMAND,
    &completions::COMPLETIONS,
    &completions::MAN_PAGE,
];

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
    let matches = command().get_matches();
    let outcome = match matches.subcommand() {
        Some((name, matches)) => subcommand::run(name, matches),
        None => generate::run(&parsed::<Generate>(&matches)),
    };
    outcome.into()
}

/// All arguments of the command and of its subcommands.
fn command() -> clap::Command {
    Arguments::command().subcommands(SUBCOMMANDS.iter().map(|subcommand| subcommand.command()))
}
