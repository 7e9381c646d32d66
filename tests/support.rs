//! What every topic needs: the command under test, other people's tools, files of the project.
//!
//! A tool that is missing fails the test and names the Debian package that holds it: a check that did not run proves nothing.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use tempfile::TempDir;

/// How a program ended and what it said.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit status; a signal counts as -1.
    pub(crate) status: i32,
    /// Standard output, to the byte.
    pub(crate) stdout: Vec<u8>,
    /// Standard error as text.
    pub(crate) stderr: String,
}

impl Outcome {
    /// Standard output, which has to be text.
    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("standard output is UTF-8")
    }

    /// Fails with everything the program said unless it ended with `status`.
    #[track_caller]
    pub(crate) fn expect_status(self, status: i32) -> Self {
        assert_eq!(
            self.status,
            status,
            "exit status; standard error:\n{}\nstandard output:\n{}",
            self.stderr,
            String::from_utf8_lossy(&self.stdout)
        );
        self
    }

    /// Fails unless standard error holds each of `words`, in whatever case.
    #[track_caller]
    pub(crate) fn expect_stderr(self, words: &[&str]) -> Self {
        let said = self.stderr.to_lowercase();
        for word in words {
            assert!(said.contains(&word.to_lowercase()), "`{word}` is missing in:\n{}", self.stderr);
        }
        self
    }
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs `command` with nothing on its standard input.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Outcome {
    let output = command.stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}")).into()
}

/// Runs `command` with `input` on its standard input.
#[track_caller]
pub(crate) fn run_with_input(command: &mut Command, input: &[u8]) -> Outcome {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let mut pipe = child.stdin.take().expect("standard input is piped");
    std::thread::scope(|scope| {
        // A program may stop reading early; then the write fails and its exit status tells the story.
        scope.spawn(move || pipe.write_all(input).ok());
        child.wait_with_output().expect("the program ends").into()
    })
}

/// The `ta-codegen` command, built once for the whole test run.
pub(crate) fn ta_codegen() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let path = BUILT.get_or_init(|| {
        escargot::CargoBuild::new()
            .package("ta-codegen")
            .bin("ta-codegen")
            .manifest_path(project().join("Cargo.toml"))
            .current_release()
            .run()
            .expect("the command builds")
            .path()
            .to_owned()
    });
    Command::new(path)
}

/// Runs `ta-codegen` with `arguments` and nothing on standard input.
#[track_caller]
pub(crate) fn ta_codegen_with(arguments: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>) -> Outcome {
    run(ta_codegen().args(arguments))
}

/// Another project's program, which Debian's `package` installs.
#[track_caller]
pub(crate) fn require(program: &str, package: &str) -> Command {
    let found =
        std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()));
    assert!(
        found || Path::new(program).is_file(),
        "this test runs `{program}`, which is not installed: apt-get install {package}"
    );
    Command::new(program)
}

/// A file which Debian's `package` installs.
#[track_caller]
pub(crate) fn require_file(path: &str, package: &str) -> PathBuf {
    assert!(Path::new(path).exists(), "this test reads {path}, which is not there: apt-get install {package}");
    PathBuf::from(path)
}

/// What `openssl` prints for `arguments`; it has to succeed.
#[track_caller]
pub(crate) fn openssl<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    openssl_with_input(arguments, b"")
}

/// What `openssl` prints for `arguments` with `input` on its standard input; it has to succeed.
#[track_caller]
pub(crate) fn openssl_with_input<'a>(arguments: impl IntoIterator<Item = &'a str>, input: &[u8]) -> Vec<u8> {
    let outcome = run_with_input(require("openssl", "openssl").args(arguments), input);
    outcome.expect_status(0).stdout
}

/// An empty folder that goes away with the value.
pub(crate) fn temporary_folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The bytes of a file that has to be there.
#[track_caller]
pub(crate) fn read(path: impl AsRef<Path>) -> Vec<u8> {
    let path = path.as_ref();
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text of a file that has to be there.
#[track_caller]
pub(crate) fn read_text(path: impl AsRef<Path>) -> String {
    String::from_utf8(read(path)).expect("a UTF-8 file")
}

/// Writes `bytes` to `folder/name` and returns the path.
#[track_caller]
pub(crate) fn write(folder: impl AsRef<Path>, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.as_ref().join(name);
    fs::write(&path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}

/// A path as the text that a command line takes.
#[track_caller]
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a UTF-8 path")
}

/// The project's root.
pub(crate) fn project() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("tests/ lies in the project").to_owned()
}

/// A file of `fixtures/`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    project().join("fixtures").join(name)
}

/// A folder of test data that stands beside the project, larger than what the project carries itself.
///
/// `None`, said loudly, when it is not there.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let folder = project().join("../shared").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    // Written past libtest's capture, so that it is seen in a run that passes.
    let line = format!("NOT RUN: the tests over ../shared/{name}, because the folder is not there\n");
    std::io::stderr().write_all(line.as_bytes()).expect("standard error takes a line");
    None
}

/// Every root certificate of Debian's `ca-certificates`, by file name.
///
/// The single files, not the merged bundle, which may hold what an administrator added.
#[track_caller]
pub(crate) fn debian_roots() -> Vec<PathBuf> {
    let folder = require_file("/usr/share/ca-certificates/mozilla", "ca-certificates");
    let mut roots: Vec<_> = fs::read_dir(folder)
        .expect("a readable folder")
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "crt"))
        .collect();
    roots.sort();
    assert!(roots.len() > 100, "only {} root certificates", roots.len());
    roots
}

/// Compares `actual` with `fixtures/expected/NAME`; a difference is written to the file and fails the test.
#[track_caller]
pub(crate) fn expect_file(name: &str, actual: &str) {
    let path = fixture("expected").join(name);
    if fs::read_to_string(&path).is_ok_and(|expected| expected == actual) {
        return;
    }
    fs::write(&path, actual).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    panic!("fixtures/expected/{name} was not what came out and is rewritten; see `git diff`, commit it if it is meant");
}
