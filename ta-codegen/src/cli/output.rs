//! Standard output and standard error.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

use ta_codegen::error::{Error, Origin, Problem, ProblemKind};
use ta_codegen::select::SelectionError;

use super::Outcome;

/// The file name that stands for standard output.
const STANDARD_OUTPUT: &str = "-";

/// What `--output` says, unless it is standard output.
pub(super) fn output_file(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| *path != Path::new(STANDARD_OUTPUT))
}

/// Writes to standard output. A reader that has seen enough, such as `head`, is no error; a full disk is one.
pub(super) fn print(text: &str) -> Result<(), Error> {
    let mut standard_output = io::stdout().lock();
    match standard_output.write_all(text.as_bytes()).and_then(|()| standard_output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Problem { origin: Origin::file("standard output"), kind: ProblemKind::Write(error) }.into())
        }
        _ => Ok(()),
    }
}

/// Writes a private key to standard output, without the buffer that `print` goes through: nobody would wipe it.
pub(super) fn print_secret(text: &str) -> Result<(), Error> {
    unbuffered_output()
        .and_then(|mut output| output.write_all(text.as_bytes()))
        .map_err(|error| Problem { origin: Origin::file("standard output"), kind: ProblemKind::Write(error) }.into())
}

#[cfg(unix)]
fn unbuffered_output() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd;
    io::stdout().as_fd().try_clone_to_owned().map(std::fs::File::from)
}

#[cfg(windows)]
fn unbuffered_output() -> io::Result<std::fs::File> {
    use std::os::windows::io::AsHandle;
    io::stdout().as_handle().try_clone_to_owned().map(std::fs::File::from)
}

/// Writes lines to standard error. Where that is closed there is nobody left to tell.
pub(super) fn tell(lines: impl Display) {
    let _ = writeln!(io::stderr(), "{lines}");
}

/// The most problems that are told one by one; who has more has another kind of file.
const MAXIMUM_REPORTED: usize = 1000;

/// Reports everything that is wrong, and gives the outcome that says so.
pub(super) fn report(error: &Error) -> Outcome {
    let problems = error.problems();
    for problem in problems.iter().take(MAXIMUM_REPORTED) {
        tell(format_args!("error: {problem}"));
    }
    if let Some(more) = problems.len().checked_sub(MAXIMUM_REPORTED).filter(|&more| more > 0) {
        tell(format_args!("error: and {more} more"));
    }
    if problems.iter().any(|problem| is_failure(&problem.kind)) { Outcome::Failure } else { Outcome::Refused }
}

/// Whether it is for the arguments or the file system to mend, and not for a certificate.
fn is_failure(kind: &ProblemKind) -> bool {
    use ProblemKind::{Directory, FileTooLarge, Name, Read, Selection, Write};
    match kind {
        Read(_) | Write(_) | Directory | FileTooLarge | Name(_) => true,
        Selection(error) => matches!(error, SelectionError::EmptyPattern | SelectionError::NotHexadecimal),
        _ => false,
    }
}

/// A path as messages show it.
pub(super) fn shown(path: &Path) -> impl Display {
    Origin::file(path.to_string_lossy())
}

/// Reports wrong arguments.
pub(super) fn usage(message: impl Display) -> Outcome {
    tell(format_args!("error: {message}\n\nFor more, try 'ta-codegen --help'."));
    Outcome::Failure
}
