//! Reading certificates from files and directories.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::anchor::TrustAnchor;
use crate::error::{Error, Origin, Problem, ProblemKind};
use crate::{MAXIMUM_CERTIFICATES, MAXIMUM_FILE_SIZE, read_trust_anchors};

/// What was found in files and directories.
#[derive(Debug, Default)]
pub struct Input {
    /// The anchors in the order of the paths, and within a directory of the file names.
    pub anchors: Vec<TrustAnchor>,
    /// The files of directories that hold no certificate, with what they hold.
    pub skipped: Vec<Problem>,
    /// Every path that was read, directories included: what an output depends on.
    pub paths: Vec<PathBuf>,
}

impl Input {
    /// Adds what was found in one more file or directory.
    fn add(&mut self, path: &Path, found: Input) -> Result<(), Error> {
        if self.anchors.len() + found.anchors.len() > MAXIMUM_CERTIFICATES {
            return Err(problem(path, ProblemKind::TooManyCertificates));
        }
        self.anchors.extend(found.anchors);
        self.skipped.extend(found.skipped);
        self.paths.extend(found.paths);
        Ok(())
    }

    /// Puts together what was found in files and directories, each with its path.
    ///
    /// # Errors
    ///
    /// The problems of all of them; or more than [`MAXIMUM_CERTIFICATES`] in all.
    pub fn gather<'a>(found: impl IntoIterator<Item = (&'a Path, Result<Input, Error>)>) -> Result<Input, Error> {
        let mut input = Input::default();
        let mut problems = Vec::new();
        for (path, found) in found {
            if let Some(found) = Error::collect(&mut problems, found) {
                input.add(path, found)?;
            }
        }
        Error::unless_none(problems, input)
    }
}

/// Reads the files, and every file directly in the directories.
///
/// # Errors
///
/// Every problem of every file, but for a file in a directory that holds no certificate: directories have other files, too.
pub fn read_paths(paths: &[impl AsRef<Path>]) -> Result<Input, Error> {
    Input::gather(paths.iter().map(|path| {
        let path = path.as_ref();
        (path, if path.is_dir() { read_directory(path) } else { read_one(path) })
    }))
}

/// Reads one file, whose anchors get a label. Of several, the second is `LABEL_2`, and so on.
///
/// # Errors
///
/// Every problem of the file.
pub fn read_labelled(label: &str, path: &Path) -> Result<Input, Error> {
    let mut input = read_one(path)?;
    let label_of = |index| if index == 0 { label.to_owned() } else { format!("{label}_{}", index + 1) };
    input.anchors = input.anchors.into_iter().enumerate().map(|(index, anchor)| anchor.with_label(label_of(index))).collect();
    Ok(input)
}

fn read_one(path: &Path) -> Result<Input, Error> {
    let anchors = read_trust_anchors(&read_file(path)?, &path.to_string_lossy())?;
    Ok(Input { anchors, skipped: Vec::new(), paths: vec![path.to_owned()] })
}

/// Reads every file directly in a directory; at least one of them has to hold a certificate.
fn read_directory(directory: &Path) -> Result<Input, Error> {
    let mut input = Input { paths: vec![directory.to_owned()], ..Input::default() };
    let mut problems = Vec::new();
    for file in files_in(directory)? {
        match read_entry(&file) {
            Ok(found) => input.add(&file, found)?,
            Err(error) if error.is_without_certificate() => input.skipped.extend(error.into_problems()),
            Err(error) => problems.extend(error.into_problems()),
        }
    }
    if problems.is_empty() && input.anchors.is_empty() {
        let what = "none of the files directly in this directory does; name the one with the CA's certificate, usually ca.crt";
        return Err(problem(directory, ProblemKind::NoCertificate(what.to_owned())));
    }
    Error::unless_none(problems, input)
}

/// Reads what a directory holds under one name. A link that leads nowhere is an error, as it may be the CA's.
fn read_entry(path: &Path) -> Result<Input, Error> {
    let metadata = fs::metadata(path).map_err(|error| problem(path, ProblemKind::Read(error)))?;
    let instead = match metadata {
        metadata if metadata.is_file() => return read_one(path),
        metadata if metadata.is_dir() => "it is a directory in another one, and those are not looked into",
        _ => "it is no regular file",
    };
    Err(problem(path, ProblemKind::NoCertificate(instead.to_owned())))
}

/// What a directory holds, sorted by name: the order in which a directory lists it is another on each machine.
fn files_in(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let list = || -> io::Result<Vec<PathBuf>> {
        let mut files = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        files.sort();
        Ok(files)
    };
    list().map_err(|error| problem(directory, ProblemKind::Read(error)))
}

/// Reads a file, up to [`MAXIMUM_FILE_SIZE`] and one byte, which shows that there is more.
///
/// # Errors
///
/// A directory, or a file that cannot be read.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    if path.is_dir() {
        return Err(problem(path, ProblemKind::Directory));
    }
    let read = || {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        read_limited(file, size)
    };
    read().map_err(|error| problem(path, ProblemKind::Read(error)))
}

/// Reads as [`read_file`] does. `expected` is how many bytes there probably are.
///
/// # Errors
///
/// A reader that fails.
pub fn read_limited(reader: impl Read, expected: u64) -> io::Result<Vec<u8>> {
    let limit = MAXIMUM_FILE_SIZE as u64 + 1;
    let mut bytes = Vec::with_capacity(expected.min(limit) as usize);
    reader.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn problem(path: &Path, kind: ProblemKind) -> Error {
    Problem { origin: Origin::file(path.to_string_lossy()), kind }.into()
}
