//! `ta-codegen completions` and `ta-codegen man-page`: what packagers install beside the command.

use clap::Args;
use clap_complete::Shell;
use clap_mangen::Man;

use super::output::{print, report, usage};
use super::subcommand::{Subcommand, parsed};
use super::{Outcome, command};

pub(super) const COMPLETIONS: Subcommand = Subcommand {
    name: "completions",
    about: "Print completions for a shell",
    arguments: Completions::augment_args,
    run: |matches| completions(&parsed(matches)),
};

pub(super) const MAN_PAGE: Subcommand = Subcommand {
    name: "man-page",
    about: "Print the manual page, or that of a subcommand",
    arguments: ManPage::augment_args,
    run: |matches| man_page(&parsed(matches)),
};

#[derive(Debug, Args)]
struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

fn completions(arguments: &Completions) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command(), "ta-codegen", &mut text);
    print_generated(&text)
}

#[derive(Debug, Args)]
struct ManPage {
    /// A subcommand
    #[arg(value_name = "COMMAND")]
    subcommand: Option<String>,
}

fn man_page(arguments: &ManPage) -> Outcome {
    let mut all = command();
    all.build();
    let page = match &arguments.subcommand {
        None => all,
        Some(name) => match all.find_subcommand(name) {
            Some(subcommand) => subcommand.clone(),
            None => return usage(format_args!("there is no subcommand {name:?}")),
        },
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text).expect("writing to a Vec cannot fail");
    print_generated(&text)
}

fn print_generated(text: &[u8]) -> Outcome {
    let text = str::from_utf8(text).expect("the arguments are described in UTF-8");
    print(text).map_or_else(|error| report(&error), |()| Outcome::Success)
}
