//! `ta-codegen tls-key`: a device's key and certificate as console commands of Tasmota.

use std::path::{Path, PathBuf};

use clap::Args;
use ta_codegen::error::{Error, Origin, Problem};
use ta_codegen::time::Time;
use ta_codegen::tls_key::{Commands, KeyError, KeyFile, PrivateKey, commands, read_key_file};
use ta_codegen::{files, read_trust_anchors};

use super::Outcome;
use super::input;
use super::output::{output_file, print_secret, report, shown, tell, usage};
use super::overwriting::conflict;
use super::secret::{passphrase_for, passphrase_in, read_secret};
use super::subcommand::{Subcommand, parsed};

pub(super) const SUBCOMMAND: Subcommand = Subcommand {
    name: "tls-key",
    about: "Print the commands TLSKey1 and TLSKey2 that give a Tasmota its key and certificate",
    arguments: TlsKey::augment_args,
    run: |matches| run(&parsed(matches)),
};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
struct TlsKey {
    /// The device's private key, EC P-256: PKCS#8, also encrypted, or SEC 1; PEM or DER; - is standard input
    #[arg(value_name = "KEY")]
    key: PathBuf,

    /// The device's certificate, PEM or DER
    #[arg(value_name = "CERTIFICATE")]
    certificate: PathBuf,

    /// Write to this file, which only its owner can read, instead of standard output, which is -
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

impl TlsKey {
    /// The file that is to be written, unless it is standard output.
    fn output(&self) -> Option<&Path> {
        output_file(self.output.as_deref())
    }
}

fn run(arguments: &TlsKey) -> Outcome {
    let inputs = [&arguments.key, &arguments.certificate].into_iter().chain(&arguments.passphrase_file);
    if let Some(message) = conflict(arguments.output(), inputs.map(PathBuf::as_path)) {
        return usage(message);
    }
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
    let commands = commands(&key, &Origin::file(input::display_name(&arguments.key)), &certificates, Time::now())?;
    write(&commands, arguments)
}

fn write(commands: &Commands, arguments: &TlsKey) -> Result<(), Error> {
    match arguments.output() {
        Some(path) => files::write_private(path, commands.text())?,
        None => print_secret(commands.text())?,
    }
    if !arguments.quiet {
        if let Some(path) = arguments.output() {
            let who = if cfg!(unix) { ", readable for its owner only" } else { "" };
            tell(format_args!("{} written{who}", shown(path)));
        }
        commands.notes().iter().for_each(|note| tell(format_args!("note: {note}")));
    }
    Ok(())
}

fn private_key(arguments: &TlsKey) -> Result<PrivateKey, Error> {
    let problem = |error: KeyError| Problem { origin: Origin::file(input::display_name(&arguments.key)), kind: error.into() };
    match read_key_file(&read_secret(&arguments.key)?).map_err(problem)? {
        KeyFile::Plain(key) => Ok(key),
        KeyFile::Encrypted(encrypted) => {
            let passphrase = match &arguments.passphrase_file {
                Some(file) => passphrase_in(file)?,
                None => passphrase_for(&arguments.key).map_err(problem)?,
            };
            Ok(encrypted.decrypt(&passphrase).map_err(problem)?)
        }
    }
}
