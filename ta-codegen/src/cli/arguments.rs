//! What may stand on the command line.

use std::path::{Path, PathBuf};

use clap::{Args, Parser};
use ta_codegen::select::Selection;

use super::SUBCOMMANDS;
use super::input::STANDARD_INPUT;
use super::output::{output_file, shown};

/// Turn CA certificates into trust anchors for small devices.
///
/// Reads certificates, PEM or DER, and writes what a device needs of them: the subject and the public key.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP, override_usage = USAGE, args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) generate: Generate,
}

const USAGE: &str = "ta-codegen <--c-header|--brssl|--header|--pem-header|--rust> [OPTIONS] FILE...
       ta-codegen <COMMAND> [OPTIONS] ...";

const AFTER_HELP: &str = "\
Examples:
  ta-codegen --c-header ca.crt --out-dir tasmota/include
  ta-codegen --c-header --check ca.crt --out-dir tasmota/include
  ta-codegen --brssl old-ca.crt new-ca.crt > trust_anchors.h
  ta-codegen --header --name TAs ca.crt -o trust_anchors.h
  ta-codegen --pem-header --name root_ca ca.crt -o root_ca.h
  ta-codegen --header --subject 'ISRG Root X1' /etc/ssl/certs/ca-certificates.crt -o trust_anchors.h
  ta-codegen --rust ca.crt -o src/trust_anchors.rs
  ta-codegen fingerprint broker.crt

Exit status:
  0  done; warnings do not change it
  1  a certificate was refused, or --check found that a file would change
  2  wrong arguments, or a file that cannot be read or written

On any error nothing is written.";

/// Generating source from certificates.
#[derive(Debug, Args)]
pub(super) struct Generate {
    /// Certificate files, PEM or DER, of any number of certificates; - is standard input
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,

    /// Write Tasmota's local_ca_data.h and local_ca_descriptor.h
    #[arg(long, help_heading = "Modes")]
    pub(super) c_header: bool,

    /// Write exactly what BearSSL's `brssl ta` prints
    #[arg(long, help_heading = "Modes")]
    pub(super) brssl: bool,

    /// Write one C and C++ header for Arduino and other projects on BearSSL: arrays, table and length
    #[arg(long, help_heading = "Modes")]
    pub(super) header: bool,

    /// Write one C and C++ header with the certificates as a PEM string, for setCACert() on ESP32
    #[arg(long, help_heading = "Modes")]
    pub(super) pem_header: bool,

    /// Write a Rust static with the types of the crate ta-types
    #[arg(long, help_heading = "Modes")]
    pub(super) rust: bool,

    /// Write to this file instead of standard output, which is -
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Where --c-header puts its two files, made if it is missing [default: the current directory]
    #[arg(long, value_name = "DIR")]
    pub(super) out_dir: Option<PathBuf>,

    /// Write nothing; exit with 1 and name the files if they would change
    #[arg(long)]
    pub(super) check: bool,

    /// Also write a rule for Make, Ninja or CMake: which files the output depends on
    #[arg(long, value_name = "FILE")]
    pub(super) depfile: Option<PathBuf>,

    /// Print errors only
    #[arg(short, long)]
    pub(super) quiet: bool,

    // Last, because their headings are those of everything behind them.
    #[command(flatten)]
    pub(super) choice: Choice,

    #[command(flatten)]
    pub(super) names: Names,
}

/// Which certificates to take.
#[derive(Debug, Args)]
#[command(next_help_heading = "Choice of certificates")]
pub(super) struct Choice {
    /// Take those whose subject matches: any part of it, in capitals or not, * for any characters
    #[arg(long, value_name = "PATTERN")]
    subject: Vec<String>,

    /// Take those whose SHA-256 fingerprint begins so
    #[arg(long, value_name = "PREFIX")]
    sha256: Vec<String>,

    /// Leave out those whose subject matches
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,

    /// Leave out those that have expired
    #[arg(long)]
    unexpired: bool,

    /// Take only what a server with this chain of certificates needs
    #[arg(long, value_name = "FILE")]
    for_chain: Option<PathBuf>,

    /// Read another file and give its certificate a name, which becomes that of its arrays
    #[arg(long, value_name = "NAME=FILE", value_parser = parse_label)]
    pub(super) label: Vec<(String, PathBuf)>,
}

fn parse_label(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((label, file)) if !label.is_empty() && !file.is_empty() => Ok((label.to_owned(), file.into())),
        _ => Err("write it as NAME=FILE, such as home_ca=ca.crt".to_owned()),
    }
}

impl Choice {
    /// For the library.
    pub(super) fn selection(&self) -> Selection {
        Selection {
            subjects: self.subject.clone(),
            sha256: self.sha256.clone(),
            exclude: self.exclude.clone(),
            unexpired: self.unexpired,
            for_chain: self.for_chain.clone(),
        }
    }
}

/// How the generated source names and stores things.
#[derive(Debug, Args)]
#[command(next_help_heading = "Names (--header, --pem-header, --rust)")]
pub(super) struct Names {
    /// The table [default: TAs], the PEM string [default: ca_certificates], or the Rust static [default: TRUST_ANCHORS]
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,

    /// --header: the macro with the table's length [default: the table's name and _NUM]
    #[arg(long, value_name = "NAME")]
    pub(super) count_name: Option<String>,

    /// --header: what the names of the arrays begin with [default: TA]
    #[arg(long, value_name = "PREFIX")]
    pub(super) prefix: Option<String>,

    /// --header: include this for BearSSL's types [default: <bearssl.h>]
    #[arg(long, value_name = "FILE")]
    pub(super) include: Option<String>,

    /// --header, --pem-header: mark the data PROGMEM, which keeps it in flash on ESP8266
    #[arg(long)]
    pub(super) progmem: bool,

    /// --header, --pem-header: leave out `static`, so that other source files can name the data
    #[arg(long)]
    pub(super) no_static: bool,
}

/// What is to be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    CHeader,
    Brssl,
    Header,
    PemHeader,
    Rust,
}

impl Mode {
    const ALL: [Mode; 5] = [Mode::CHeader, Mode::Brssl, Mode::Header, Mode::PemHeader, Mode::Rust];

    /// The option that asks for it.
    fn option(self) -> &'static str {
        match self {
            Mode::CHeader => "--c-header",
            Mode::Brssl => "--brssl",
            Mode::Header => "--header",
            Mode::PemHeader => "--pem-header",
            Mode::Rust => "--rust",
        }
    }
}

impl Generate {
    /// The file that is to be written, unless it is standard output.
    pub(super) fn output(&self) -> Option<&Path> {
        output_file(self.output.as_deref())
    }

    /// The one mode that was asked for, or what to say to none or several.
    pub(super) fn mode(&self) -> Result<Mode, String> {
        let is_chosen = [self.c_header, self.brssl, self.header, self.pem_header, self.rust];
        let mut chosen = Mode::ALL.into_iter().zip(is_chosen).filter_map(|(mode, is_chosen)| is_chosen.then_some(mode));
        match (chosen.next(), chosen.next()) {
            (Some(mode), None) => Ok(mode),
            (None, _) => Err(format!("{}\n\n{MODES}", self.no_mode())),
            (Some(first), Some(second)) => {
                Err(format!("{} and {} are two modes; give one\n\n{MODES}", first.option(), second.option()))
            }
        }
    }

    /// Without a mode, a first word that is no file may be meant for a command.
    fn no_mode(&self) -> String {
        match self.files.first().filter(|word| !word.exists() && *word != Path::new(STANDARD_INPUT)) {
            Some(word) => {
                let names: Vec<&str> = SUBCOMMANDS.iter().map(|subcommand| subcommand.name).collect();
                format!("{} is neither a file nor a command; there are {}", shown(word), names.join(", "))
            }
            None => "no mode was given".to_owned(),
        }
    }

    /// The first option that does not go with the mode, in words.
    pub(super) fn misfit(&self, mode: Mode) -> Option<String> {
        if mode == Mode::CHeader && self.output().is_some() {
            return Some("--c-header writes two files, so it takes no --output; say where they go with --out-dir DIR".to_owned());
        }
        if mode != Mode::CHeader && self.out_dir.is_some() {
            return Some("--out-dir goes with --c-header; say where the output goes with --output FILE".to_owned());
        }
        if mode != Mode::CHeader && self.check && self.output().is_none() {
            return Some("--check compares with a file; name it with --output FILE".to_owned());
        }
        if mode != Mode::CHeader && self.depfile.is_some() && self.output().is_none() {
            return Some("--depfile says what a file depends on; name it with --output FILE".to_owned());
        }
        if !matches!(mode, Mode::CHeader | Mode::Header) && !self.choice.label.is_empty() {
            return Some(format!("--label names the arrays of --c-header and --header, and {} has none to name", mode.option()));
        }
        self.names.misfit(mode)
    }
}

impl Names {
    fn misfit(&self, mode: Mode) -> Option<String> {
        let named: &[Mode] = &[Mode::Header, Mode::PemHeader, Mode::Rust];
        let c: &[Mode] = &[Mode::Header, Mode::PemHeader];
        let options = [
            (self.name.is_some(), "--name", named),
            (self.count_name.is_some(), "--count-name", &[Mode::Header]),
            (self.prefix.is_some(), "--prefix", &[Mode::Header]),
            (self.include.is_some(), "--include", &[Mode::Header]),
            (self.progmem, "--progmem", c),
            (self.no_static, "--no-static", c),
        ];
        let (_, option, modes) = options.into_iter().find(|(is_given, _, modes)| *is_given && !modes.contains(&mode))?;
        let modes: Vec<&str> = modes.iter().map(|mode| mode.option()).collect();
        Some(format!("{option} goes with {}, not with {}", modes.join(" or "), mode.option()))
    }
}

const MODES: &str = "\
Modes:
  --c-header    write Tasmota's local_ca_data.h and local_ca_descriptor.h
  --brssl       write exactly what BearSSL's `brssl ta` prints
  --header      write one C and C++ header for projects on BearSSL
  --pem-header  write one C and C++ header with PEM, for setCACert() on ESP32
  --rust        write a Rust static with the types of the crate ta-types";
