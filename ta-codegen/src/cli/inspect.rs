//! `ta-codegen inspect`: what certificates say.

use std::path::PathBuf;

use clap::Args;
use ta_codegen::error::{Error, Problem};
use ta_codegen::inspect::{Inspection, inspect, json};
use ta_codegen::time::Time;

use super::Outcome;
use super::input;
use super::output::{print, report};
use super::subcommand::{Subcommand, parsed};

pub(super) const SUBCOMMAND: Subcommand = Subcommand {
    name: "inspect",
    about: "Show what certificates say, and what each costs or why it cannot be a trust anchor",
    arguments: Inspect::augment_args,
    run: |matches| run(&parsed(matches)),
};

#[derive(Debug, Args)]
struct Inspect {
    /// Certificate files, PEM or DER, of any number of certificates; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Print JSON; its schema is in the documentation of ta_codegen::inspect::json
    #[arg(long)]
    json: bool,
}

fn run(arguments: &Inspect) -> Outcome {
    let (inspections, problems) = inspect_files(&arguments.files);
    let now = Time::now();
    let text = if arguments.json {
        json(&inspections, &problems, now)
    } else {
        inspections.iter().map(|inspection| inspection.text(now)).collect::<Vec<_>>().join("\n")
    };
    let printed = print(&text);
    let reported = if problems.is_empty() { Outcome::Success } else { report(&problems.into()) };
    printed.map_or_else(|error| report(&error), |()| reported)
}

fn inspect_files(files: &[PathBuf]) -> (Vec<Inspection>, Vec<Problem>) {
    let mut inspections = Vec::new();
    let mut problems = Vec::new();
    for file in files {
        match input::read(file) {
            Ok(bytes) => {
                let (more, wrong) = inspect(&bytes, &input::display_name(file));
                inspections.extend(more);
                problems.extend(wrong);
            }
            Err(error) => problems.extend(Error::into_problems(error)),
        }
    }
    (inspections, problems)
}
