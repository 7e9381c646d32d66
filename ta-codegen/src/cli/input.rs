//! Reading what the command line names.

use std::io;
use std::path::{Path, PathBuf};

use ta_codegen::error::{Error, Origin, Problem, ProblemKind};
use ta_codegen::input::{self, Input};
use ta_codegen::read_trust_anchors;

/// The file name that stands for standard input.
pub(super) const STANDARD_INPUT: &str = "-";

/// Reads every file and directory, and the files with labels; the problems of all of them are reported together.
pub(super) fn trust_anchors(paths: &[impl AsRef<Path>], labelled: &[(String, PathBuf)]) -> Result<Input, Error> {
    let files = paths.iter().map(|path| {
        let path = path.as_ref();
        (path, if path == Path::new(STANDARD_INPUT) { standard_input() } else { input::read_paths(&[path]) })
    });
    let labelled = labelled.iter().map(|(label, path)| (path.as_path(), input::read_labelled(label, path)));
    // First, so that of two equal certificates the one with a label is kept.
    Input::gather(labelled.chain(files))
}

fn standard_input() -> Result<Input, Error> {
    let path = Path::new(STANDARD_INPUT);
    let anchors = read_trust_anchors(&read(path)?, &display_name(path))?;
    Ok(Input { anchors, ..Input::default() })
}

/// What messages call the file.
pub(super) fn display_name(file: &Path) -> String {
    if file == Path::new(STANDARD_INPUT) { "standard input".to_owned() } else { file.to_string_lossy().into_owned() }
}

/// Reads a file, or standard input.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, Error> {
    if file != Path::new(STANDARD_INPUT) {
        return input::read_file(file);
    }
    input::read_limited(io::stdin().lock(), 0)
        .map_err(|error| Problem { origin: Origin::file(display_name(file)), kind: ProblemKind::Read(error) }.into())
}
