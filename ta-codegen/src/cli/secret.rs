//! Reading what nobody else may see. Everything it passes through is wiped.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ta_codegen::error::{Error, Origin, Problem, ProblemKind};
use ta_codegen::tls_key::KeyError;
use zeroize::Zeroizing;

use super::input::{STANDARD_INPUT, display_name};

/// The variable that may hold the pass phrase.
const PASSPHRASE_VARIABLE: &str = "TA_CODEGEN_PASSPHRASE";

/// The largest file with a secret; a key has some hundred bytes.
const MAXIMUM_SECRET: usize = 64 << 10;

/// Reads a small file, or standard input, into memory that is wiped and that never has to grow.
pub(super) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let problem = |kind| Error::from(Problem { origin: Origin::file(display_name(path)), kind });
    let mut bytes = Zeroizing::new(vec![0; MAXIMUM_SECRET + 1]);
    let mut length = 0;
    let file = if path == Path::new(STANDARD_INPUT) { unbuffered_input() } else { File::open(path) };
    let mut file = file.map_err(|error| problem(ProblemKind::Read(error)))?;
    loop {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(problem(ProblemKind::Read(error))),
        }
    }
    if length > MAXIMUM_SECRET {
        return Err(problem(ProblemKind::PrivateKey(KeyError::TooLarge)));
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// Standard input without the buffer of the standard library, which nobody would wipe.
#[cfg(unix)]
fn unbuffered_input() -> io::Result<File> {
    use std::os::fd::AsFd;
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn unbuffered_input() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    io::stdin().as_handle().try_clone_to_owned().map(File::from)
}

/// The pass phrase in a file: its first line, as openssl's `-passin file:` takes it, without a byte-order mark.
pub(super) fn passphrase_in(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut text = read_secret(path)?;
    let end = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
    text.truncate(end);
    if text.last() == Some(&b'\r') {
        text.pop();
    }
    if text.starts_with(b"\xEF\xBB\xBF") {
        text.drain(..3);
    }
    Ok(text)
}

/// The pass phrase of a key file from the environment, or from the user.
pub(super) fn passphrase_for(key: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if let Some(passphrase) = std::env::var_os(PASSPHRASE_VARIABLE) {
        return Ok(Zeroizing::new(passphrase.into_encoded_bytes()));
    }
    ask(&format!("Pass phrase for {}: ", Origin::file(display_name(key))))
        .map(|passphrase| Zeroizing::new(passphrase.into_bytes()))
        .map_err(|error| KeyError::NoPassphrase(error.to_string()))
}

/// Asks on the terminal, without echo. At Ctrl-C rpassword ends the process before the terminal is as it was, so that has to wait.
#[cfg(unix)]
fn ask(question: &str) -> io::Result<String> {
    use signal_hook::consts::SIGINT;
    use signal_hook::{flag, low_level};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    let is_interrupted = Arc::new(AtomicBool::new(false));
    let registered = flag::register(SIGINT, Arc::clone(&is_interrupted))?;
    let answer = rpassword::prompt_password(question);
    low_level::unregister(registered);
    if is_interrupted.load(Ordering::SeqCst) {
        low_level::emulate_default_handler(SIGINT)?;
    }
    answer
}

#[cfg(not(unix))]
fn ask(question: &str) -> io::Result<String> {
    rpassword::prompt_password(question)
}
