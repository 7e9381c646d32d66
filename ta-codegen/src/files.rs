//! Writing generated files: whole or not at all, and only where something changes.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Origin, Problem, ProblemKind};

/// A file that is to have this content.
#[derive(Clone, Debug)]
pub struct Output {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub content: String,
}

impl Output {
    /// Whether the file is missing or holds something else.
    pub fn would_change(&self) -> bool {
        // A FIFO would block, and a device holds nothing to compare with.
        let is_special = fs::metadata(&self.path).is_ok_and(|metadata| !metadata.is_file());
        is_special || fs::read(&self.path).map_or(true, |current| current != self.content.as_bytes())
    }

    fn problem(&self, error: io::Error) -> Error {
        problem(&self.path, error)
    }

    /// Writes the content where a single step that cannot be interrupted is all that is left to do.
    fn stage(&self) -> io::Result<Staged<'_>> {
        // What a symbolic link points to is replaced, not the link.
        let target = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let current = fs::metadata(&target).ok();
        if current.as_ref().is_some_and(|metadata| metadata.is_dir()) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if current.as_ref().is_some_and(|metadata| !metadata.is_file()) {
            return Ok(Staged::Special(self));
        }
        let mut temporary = temporary_beside(&target, current.map(|metadata| metadata.permissions()))?;
        temporary.write_all(self.content.as_bytes())?;
        temporary.as_file().sync_all()?;
        Ok(Staged::File { temporary, target })
    }
}

/// Makes a directory and those above it, where they are missing.
pub fn create_directory(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|error| problem(path, error))
}

fn problem(path: &Path, error: io::Error) -> Error {
    Problem { origin: Origin::file(path.to_string_lossy()), kind: ProblemKind::Write(error) }.into()
}

/// Makes a temporary file in the directory of `target`, with the permissions that the file has or a new one would get.
fn temporary_beside(target: &Path, current: Option<Permissions>) -> io::Result<NamedTempFile> {
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ta-codegen-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let temporary = builder.tempfile_in(directory)?;
    if let Some(current) = current {
        temporary.as_file().set_permissions(current)?;
    }
    Ok(temporary)
}

/// An output that is ready.
enum Staged<'a> {
    /// A temporary file beside the one it is to become.
    File { temporary: NamedTempFile, target: PathBuf },
    /// A FIFO or a device, which is written to as it is.
    Special(&'a Output),
}

impl Staged<'_> {
    fn finish(self) -> io::Result<()> {
        match self {
            Staged::File { temporary, target } => temporary.persist(target).map(drop).map_err(|error| error.error),
            Staged::Special(output) => {
                let mut file = File::options().write(true).open(&output.path)?;
                file.write_all(output.content.as_bytes())
            }
        }
    }
}

/// Writes files that only fit each other, and gives those that changed. A file that would not change is not touched, so that nothing
/// that depends on it is built again.
///
/// All are written under temporary names first, so that a full disk or a missing permission leaves every file as it was. Where more
/// than one changes, the last is taken away before the first is replaced: a run that is killed in between leaves a set with a file
/// missing, which no compiler takes, and never one of old and new files.
///
/// # Errors
///
/// The first file that cannot be written.
pub fn write(outputs: &[Output]) -> Result<Vec<&Path>, Error> {
    let changed: Vec<&Output> = outputs.iter().filter(|output| output.would_change()).collect();
    let staged =
        changed.iter().map(|output| output.stage().map_err(|error| output.problem(error))).collect::<Result<Vec<_>, _>>()?;
    if let ([_, .., last], Some(Staged::File { target, .. })) = (changed.as_slice(), staged.last())
        && target.exists()
    {
        fs::remove_file(target).map_err(|error| last.problem(error))?;
    }
    for (output, staged) in changed.iter().zip(staged) {
        staged.finish().map_err(|error| output.problem(error))?;
    }
    Ok(changed.iter().map(|output| output.path.as_path()).collect())
}

/// Writes a secret to a file that only its owner can read, whole or not at all. A file that is there is replaced, with its permissions.
///
/// # Errors
///
/// A path that cannot be written to or that is no regular file.
pub fn write_private(path: &Path, content: &str) -> Result<(), Error> {
    let write = || {
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(io::Error::other("it is no regular file, and a private key goes into nothing else"));
        }
        let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Without more said, a temporary file has the mode 0600.
        let mut temporary = tempfile::Builder::new().prefix(".ta-codegen-").suffix(".tmp").tempfile_in(directory)?;
        temporary.write_all(content.as_bytes())?;
        temporary.as_file().sync_all()?;
        temporary.persist(&target).map(drop).map_err(|error| error.error)
    };
    write().map_err(|error| problem(path, error))
}
