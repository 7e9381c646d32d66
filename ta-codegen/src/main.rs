//! The command `ta-codegen`: parse the arguments, call the library, show what it says.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
