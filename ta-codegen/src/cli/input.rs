//! Reading what the command line names.

use std::io;
use std::path::Path;

use ta_codegen::error::{Error, Origin, Problem, ProblemKind};
use ta_codegen::input::{self, Input};
use ta_codegen::read_trust_anchors;

/// The file name that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Reads every file and directory; the problems of all of them are reported together.
pub(super) fn trust_anchors(paths: &[impl AsRef<Path>]) -> Result<Input, Error> {
    let mut problems = Vec::new();
    let mut all = Input::default();
    for path in paths {
        let path = path.as_ref();
        let input = if path == Path::new(STANDARD_INPUT) {
            read(path)
                .and_then(|bytes| read_trust_anchors(&bytes, &display_name(path)))
                .map(|anchors| Input { anchors, skipped: Vec::new() })
        } else {
            input::read_paths(&[path])
        };
        if let Some(input) = Error::collect(&mut problems, input) {
            all.add(path, input.anchors)?;
            all.skipped.extend(input.skipped);
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(problems.into()) }
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
