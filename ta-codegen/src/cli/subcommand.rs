//! What the command does apart from generating, each in a module of its own.

use clap::{ArgMatches, FromArgMatches};

use super::{Outcome, SUBCOMMANDS};

/// A subcommand, as its module describes it to `SUBCOMMANDS`.
pub(super) struct Subcommand {
    /// The word on the command line.
    pub(super) name: &'static str,
    /// One line for `--help`.
    pub(super) about: &'static str,
    /// Adds its arguments, usually `augment_args` of a struct that derives `Args`.
    pub(super) arguments: fn(clap::Command) -> clap::Command,
    /// Does it.
    pub(super) run: fn(&ArgMatches) -> Outcome,
}

impl Subcommand {
    /// For the parser. The arguments are made when they are needed: a run that generates does not pay for those of all subcommands.
    pub(super) fn command(&self) -> clap::Command {
        clap::Command::new(self.name).about(self.about).defer(self.arguments)
    }
}

/// Runs the subcommand that was parsed.
pub(super) fn run(name: &str, matches: &ArgMatches) -> Outcome {
    let subcommand = SUBCOMMANDS.iter().find(|subcommand| subcommand.name == name).expect("the parser knows these names only");
    (subcommand.run)(matches)
}

/// The arguments as a struct, after the parser has checked them.
pub(super) fn parsed<T: FromArgMatches>(matches: &ArgMatches) -> T {
    T::from_arg_matches(matches).unwrap_or_else(|error| error.exit())
}
