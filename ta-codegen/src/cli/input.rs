//! Reading what the command line names.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ta_codegen::error::{Error, Origin, Problem, ProblemKind};
use ta_codegen::{MAXIMUM_FILE_SIZE, TrustAnchor, read_trust_anchors};

/// The file name that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Reads every file; the problems of all of them are reported together.
pub(super) fn trust_anchors(files: &[impl AsRef<Path>]) -> Result<Vec<TrustAnchor>, Error> {
    let mut problems = Vec::new();
    let mut anchors = Vec::new();
    for file in files {
        let file = file.as_ref();
        let name = display_name(file);
        let read = read(file).and_then(|bytes| read_trust_anchors(&bytes, &name));
        anchors.extend(Error::collect(&mut problems, read).unwrap_or_default());
    }
    if problems.is_empty() { Ok(anchors) } else { Err(problems.into()) }
}

/// What messages call the file.
pub(super) fn display_name(file: &Path) -> String {
    if file == Path::new(STANDARD_INPUT) { "standard input".to_owned() } else { file.to_string_lossy().into_owned() }
}

/// Reads a file, or standard input, as far as any file is read.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, Error> {
    let problem = |kind| Error::from(Problem { origin: Origin::file(display_name(file)), kind });
    if file != Path::new(STANDARD_INPUT) && file.is_dir() {
        return Err(problem(ProblemKind::Directory));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed shows that there is more.
    let limit = MAXIMUM_FILE_SIZE as u64 + 1;
    let result = if file == Path::new(STANDARD_INPUT) {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|file| {
            bytes.reserve_exact(file.metadata()?.len().min(limit) as usize);
            file.take(limit).read_to_end(&mut bytes)
        })
    };
    result.map(|_| bytes).map_err(|error| problem(ProblemKind::Read(error)))
}
