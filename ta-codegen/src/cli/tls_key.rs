//! `ta-codegen tls-key`: a device's key and certificate as console commands of Tasmota.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use ta_codegen::error::{Error, Origin, Problem, ProblemKind};
use ta_codegen::time::Time;
use ta_codegen::tls_key::{Commands, KeyError, KeyFile, PrivateKey, commands, read_key_file};
use ta_codegen::{files, read_trust_anchors};
use zeroize::Zeroizing;

use super::Outcome;
use super::input;
use super::output::{print_secret, report, tell};
use super::subcommand::{Subcommand, parsed};

pub(super) const SUBCOMMAND: Subcommand = Subcommand {
    name: "tls-key",
    about: "Print the commands TLSKey1 and TLSKey2 that give a Tasmota its key and certificate",
    arguments: TlsKey::augment_args,
    run: |matches| run(&parsed(matches)),
};

/// The variable that may hold the pass phrase.
const PASSPHRASE_VARIABLE: &str = "TA_CODEGEN_PASSPHRASE";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
struct TlsKey {
    /// The device's private key, EC P-256: PKCS#8, also encrypted, or SEC 1; PEM or DER
    #[arg(value_name = "KEY")]
    key: PathBuf,

    /// The device's certificate, PEM or DER
    #[arg(value_name = "CERTIFICATE")]
    certificate: PathBuf,

    /// Write to this file, which only its owner can read, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Read the pass phrase of an encrypted key from the first line of this file
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

    /// Print no notes
    #[arg(short, long)]
    quiet: bool,
}

const AFTER_HELP: &str = "\
The pass phrase of an encrypted key comes from --passphrase-file, else from the environment variable
TA_CODEGEN_PASSPHRASE, else it is asked for on the terminal.

The output is the device's private key: whoever has it can be the device. Give the device TLSKey1 first;
storing a key deletes the certificate.";

fn run(arguments: &TlsKey) -> Outcome {
    match tls_key(arguments) {
        Ok(()) => Outcome::Success,
        Err(error) => report(&error),
    }
}

fn tls_key(arguments: &TlsKey) -> Result<(), Error> {
    let mut problems = Vec::new();
    let key = Error::collect(&mut problems, private_key(arguments));
    let name = input::display_name(&arguments.certificate);
    let certificates = input::read(&arguments.certificate).and_then(|bytes| read_trust_anchors(&bytes, &name));
    let certificates = Error::collect(&mut problems, certificates);
    let (Some(key), Some(certificates)) = (key, certificates) else { return Err(problems.into()) };
    let commands = commands(&key, &Origin::file(arguments.key.to_string_lossy()), &certificates, Time::now())?;
    write(&commands, arguments)
}

fn write(commands: &Commands, arguments: &TlsKey) -> Result<(), Error> {
    match &arguments.output {
        Some(path) => files::write_private(path, commands.text())?,
        None => print_secret(commands.text())?,
    }
    if !arguments.quiet {
        if let Some(path) = &arguments.output {
            tell(format_args!("{} written, readable for its owner only", input::display_name(path)));
        }
        commands.notes().iter().for_each(|note| tell(format_args!("note: {note}")));
    }
    Ok(())
}

fn private_key(arguments: &TlsKey) -> Result<PrivateKey, Error> {
    let problem = |error: KeyError| Problem { origin: Origin::file(arguments.key.to_string_lossy()), kind: error.into() };
    match read_key_file(&read_secret(&arguments.key)?).map_err(problem)? {
        KeyFile::Plain(key) => Ok(key),
        KeyFile::Encrypted(encrypted) => {
            let passphrase = match &arguments.passphrase_file {
                Some(file) => first_line(read_secret(file)?),
                None => passphrase_from_elsewhere(&arguments.key).map_err(problem)?,
            };
            Ok(encrypted.decrypt(&passphrase).map_err(problem)?)
        }
    }
}

/// The pass phrase from the environment or from the user.
fn passphrase_from_elsewhere(key: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let passphrase = match std::env::var(PASSPHRASE_VARIABLE) {
        Ok(passphrase) => passphrase,
        Err(_) => rpassword::prompt_password(format!("Pass phrase for {}: ", input::display_name(key)))
            .map_err(|error| KeyError::NoPassphrase(error.to_string()))?,
    };
    Ok(Zeroizing::new(passphrase.into_bytes()))
}

/// The file's first line, as openssl's `-passin file:` takes it.
fn first_line(mut text: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    let end = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
    text.truncate(end);
    if text.last() == Some(&b'\r') {
        text.pop();
    }
    text
}

/// The largest file with a secret; a key has some hundred bytes.
const MAXIMUM_SECRET: usize = 64 << 10;

/// Reads a small file into memory that is wiped and that never has to grow.
fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let problem = |kind| Error::from(Problem { origin: Origin::file(input::display_name(path)), kind });
    let mut bytes = Zeroizing::new(vec![0; MAXIMUM_SECRET + 1]);
    let mut length = 0;
    let mut file = File::open(path).map_err(|error| problem(ProblemKind::Read(error)))?;
    loop {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(problem(ProblemKind::Read(error))),
        }
    }
    if length > MAXIMUM_SECRET {
        return Err(problem(ProblemKind::PrivateKey(KeyError::Damaged("a key file has less than 64 KiB"))));
    }
    bytes.truncate(length);
    Ok(bytes)
}
