//! Writing generated files: whole or not at all, and only where something changes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, DirEntry, File, Metadata, Permissions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::error::{Error, Origin, Problem, ProblemKind};
use crate::text::{Escaped, Hexadecimal};

/// A file that is to have this content.
#[derive(Clone, Debug)]
pub struct Output {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub content: String,
}

impl Output {
    /// Whether the file is missing or holds something else. A FIFO or a device holds nothing to compare with.
    ///
    /// # Errors
    ///
    /// A file that is there and cannot be read, such as a directory.
    pub fn would_change(&self) -> Result<bool, Error> {
        let is_special = fs::metadata(&self.path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        if is_special {
            return Ok(true);
        }
        match fs::read(&self.path) {
            Ok(current) => Ok(current != self.content.as_bytes()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => {
                Err(Problem { origin: Origin::file(self.path.to_string_lossy()), kind: ProblemKind::Read(error) }.into())
            }
        }
    }

    fn problem(&self, error: io::Error) -> Error {
        problem(&self.path, error)
    }

    /// Prepares `content` for the file, so that a single step that cannot be interrupted is all that is left to do.
    fn stage(&self, content: &[u8]) -> io::Result<Staged<'_>> {
        match target(&self.path)? {
            Target::Special => Ok(Staged::Special(self)),
            Target::File { path, permissions } => stage_file(path, PUBLIC, permissions, content),
        }
    }

    /// The text that is the new one where the macro `switch` is defined, and otherwise the one that the file has.
    fn both_texts(&self, switch: &str) -> io::Result<Option<Vec<u8>>> {
        let Target::File { path, permissions: Some(_) } = target(&self.path)? else { return Ok(None) };
        let current = fs::read(path)?;
        let opening = format!("#ifdef {switch}\n{}\n#else\n", self.content);
        Ok(Some([opening.as_bytes(), &current, b"\n#endif\n"].concat()))
    }
}

/// Where an output goes.
enum Target {
    /// A regular file, with its permissions where it is there already.
    File { path: PathBuf, permissions: Option<Permissions> },
    /// A FIFO or a device.
    Special,
}

/// The file as it is now, or that is to be made. What a symbolic link points to is replaced, not the link.
fn target(path: &Path) -> io::Result<Target> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Target::File { path: end_of_links(path), permissions: None }),
        Err(error) => Err(error),
        Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) if metadata.is_file() => {
            Ok(Target::File { path: fs::canonicalize(path)?, permissions: Some(metadata.permissions()) })
        }
        Ok(_) => Ok(Target::Special),
    }
}

/// Where a regular file is or would be made, links followed: the same for each of its names. `None` for a directory, and for a device
/// or a FIFO, which hold nothing that could be lost.
pub fn place(path: &Path) -> Option<PathBuf> {
    let Ok(Target::File { path, .. }) = target(path) else { return None };
    Some(fs::canonicalize(directory_of(&path)).ok()?.join(path.file_name()?))
}

/// Follows symbolic links that lead to no file. They are no circle: that is another error than a file that is missing.
fn end_of_links(path: &Path) -> PathBuf {
    match fs::read_link(path) {
        Ok(link) => end_of_links(&directory_of(path).join(link)),
        Err(_) => path.to_owned(),
    }
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a directory and those above it, where they are missing.
///
/// # Errors
///
/// A directory that cannot be made.
pub fn create_directory(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|error| problem(path, error))
}

fn problem(path: &Path, error: io::Error) -> Error {
    Problem { origin: Origin::file(path.to_string_lossy()), kind: ProblemKind::Write(error) }.into()
}

/// Writes a temporary file beside `path`, with the `permissions` that the file has, or else with `mode` less the umask.
fn stage_file<'a>(path: PathBuf, mode: u32, permissions: Option<Permissions>, content: &[u8]) -> io::Result<Staged<'a>> {
    let directory = directory_of(&path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    let mut temporary = builder.tempfile_in(directory).map_err(|error| about_directory(directory, error))?;
    remove_leftovers(directory, temporary.as_file().metadata()?.modified()?);
    if let Some(permissions) = permissions {
        temporary.as_file().set_permissions(permissions)?;
    }
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    Ok(Staged::File { temporary, path })
}

/// Says what is wrong with the directory, where the error would speak of the temporary file in it.
fn about_directory(directory: &Path, error: io::Error) -> io::Error {
    let kind = error.kind();
    let directory = Escaped(&directory.to_string_lossy()).to_string();
    match kind {
        io::ErrorKind::NotFound => io::Error::new(kind, format!("there is no directory {directory}")),
        io::ErrorKind::PermissionDenied => io::Error::new(kind, format!("permission denied in the directory {directory}")),
        _ => error,
    }
}

/// The mode of a file for everybody.
const PUBLIC: u32 = 0o666;
/// The mode of a file for its owner.
const PRIVATE: u32 = 0o600;

const TEMPORARY_PREFIX: &str = ".ta-codegen-";
const TEMPORARY_SUFFIX: &str = ".tmp";

/// Removes the temporary files of runs that were killed. A run keeps its own for moments: after an hour they belong to nobody. `now` is
/// the time of a file made just now, since the clock of a file server may differ from this machine's. What cannot be looked at or
/// removed stays; it is in nobody's way.
fn remove_leftovers(directory: &Path, now: SystemTime) {
    let is_leftover = |entry: &DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let modified = || entry.metadata().ok().filter(Metadata::is_file)?.modified().ok();
        let age = || now.duration_since(modified()?).ok();
        name.starts_with(TEMPORARY_PREFIX) && name.ends_with(TEMPORARY_SUFFIX) && age() > Some(Duration::from_secs(3600))
    };
    for entry in fs::read_dir(directory).into_iter().flatten().flatten().filter(is_leftover) {
        let _ = fs::remove_file(entry.path());
    }
}

/// An output that is ready.
enum Staged<'a> {
    /// A temporary file beside the one it is to become.
    File { temporary: NamedTempFile, path: PathBuf },
    /// A FIFO or a device, which is written to as it is.
    Special(&'a Output),
}

impl Staged<'_> {
    fn finish(self) -> io::Result<()> {
        match self {
            Staged::File { temporary, path } => temporary.persist(path).map(drop).map_err(|error| error.error),
            Staged::Special(output) => {
                let mut file = File::options().write(true).open(&output.path)?;
                file.write_all(output.content.as_bytes())
            }
        }
    }
}

/// Writes sets of files, and gives those that changed. A file that would not change is not touched, so that nothing that depends on it
/// is built again.
///
/// All are written under temporary names first, so that a full disk or a missing permission leaves every file as it was, and each
/// then takes its place in one step. A set of several files is C headers that only fit each other, the first included before the
/// others, and a run can be killed between two steps. So where more than one of a set changes, there are steps in between:
///
/// 1. The others become `#ifdef X`, the new text, `#else`, the old text, `#endif`: with the old first file that is the old text.
/// 2. The first becomes its new text and `#define X`: this one step turns the old headers into the new ones.
/// 3. The others become their new text, and then the first does.
///
/// `X` is made of the new texts, so that what a killed run leaves never answers to the name of another run. Whenever a run is killed,
/// a compiler gets all of the old text or all of the new one, and the next run tidies up. Runs that write the same set at the same
/// time do so one after the other.
///
/// # Errors
///
/// The first file that cannot be written.
pub fn write(sets: &[Vec<Output>]) -> Result<Vec<&Path>, Error> {
    let _locks = lock_sets(sets)?;
    let mut steps = Vec::new();
    let mut changed_paths = Vec::new();
    for set in sets {
        // Where a file cannot be read, writing may do.
        let changed: Vec<&Output> = set.iter().filter(|output| output.would_change().unwrap_or(true)).collect();
        for (output, content) in contents(&changed)? {
            steps.push((output, output.stage(&content).map_err(|error| output.problem(error))?));
        }
        changed_paths.extend(changed.iter().map(|output| output.path.as_path()));
    }
    for (output, staged) in steps {
        staged.finish().map_err(|error| output.problem(error))?;
    }
    Ok(changed_paths)
}

/// Locks the directory of each set of several files; a single file takes its place in one step. Each directory is locked once, and all
/// runs do so in the same order.
fn lock_sets(sets: &[Vec<Output>]) -> Result<Vec<File>, Error> {
    let directories: BTreeMap<PathBuf, &Output> = sets
        .iter()
        .filter_map(|set| if let [first, _, ..] = set.as_slice() { Some(first) } else { None })
        // What cannot be found is for the write itself to say.
        .filter_map(|first| Some((fs::canonicalize(directory_of(&first.path)).ok()?, first)))
        .collect();
    let locks = directories.iter().map(|(directory, first)| lock(directory).map_err(|error| first.problem(error)));
    Ok(locks.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// How often, and how long after each other, [`lock`] asks. A write takes milliseconds.
const LOCK_ATTEMPTS: u32 = 200;
const LOCK_INTERVAL: Duration = Duration::from_millis(50);

/// Keeps other runs out of a directory until the file is dropped, or the run is killed. The directory itself is locked, which leaves
/// nothing behind; where the system cannot open one, or its file system has no locks, there is none.
fn lock(directory: &Path) -> io::Result<Option<File>> {
    let Ok(directory) = File::open(directory) else { return Ok(None) };
    for _ in 0..LOCK_ATTEMPTS {
        match directory.try_lock() {
            Ok(()) => return Ok(Some(directory)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_INTERVAL),
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "another program has kept its directory locked for ten seconds"))
}

/// A file and what it is to hold next.
type Step<'a> = (&'a Output, Cow<'a, [u8]>);

/// Everything that [`write`] puts into files, in that order.
fn contents<'a>(changed: &[&'a Output]) -> Result<Vec<Step<'a>>, Error> {
    let plain = |output: &&'a Output| (*output, Cow::Borrowed(output.content.as_bytes()));
    let [first, others @ ..] = changed else { return Ok(Vec::new()) };
    let is_file = !matches!(target(&first.path).map_err(|error| first.problem(error))?, Target::Special);
    if others.is_empty() || !is_file {
        return Ok(changed.iter().map(plain).collect());
    }
    let switch = switch(changed);
    let mut contents = Vec::new();
    for output in others {
        // A file that is not there yet fits nothing.
        let both = output.both_texts(&switch).map_err(|error| output.problem(error))?;
        contents.extend(both.map(|both| (*output, Cow::Owned(both))));
    }
    contents.push((*first, Cow::Owned(format!("{}#define {switch}\n", first.content).into_bytes())));
    contents.extend(others.iter().chain([first]).map(plain));
    Ok(contents)
}

/// The name of a macro that no other set of texts has.
fn switch(outputs: &[&Output]) -> String {
    let mut hash = Sha256::new();
    outputs.iter().for_each(|output| hash.update(&output.content));
    format!("TA_CODEGEN_{}", Hexadecimal { bytes: &hash.finalize()[..16], separator: "" })
}

/// Writes a secret to a file that only its owner can read, whole or not at all. A file that is there is replaced, with its permissions.
///
/// # Errors
///
/// A path that cannot be written to or that is no regular file.
pub fn write_private(path: &Path, content: &str) -> Result<(), Error> {
    let write = || match target(path)? {
        Target::File { path, .. } => stage_file(path, PRIVATE, None, content.as_bytes())?.finish(),
        Target::Special => Err(io::Error::other("it is no regular file, and a private key goes into nothing else")),
    };
    write().map_err(|error| problem(path, error))
}
