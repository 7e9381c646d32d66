//! What may stand on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::doctor;

/// Turn CA certificates into trust anchors for small devices.
///
/// Reads certificates, PEM or DER, and writes what a device needs of them: the subject and the public key.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
#[command(override_usage = "ta-codegen <--c-header|--brssl|--rust> [OPTIONS] FILE...\n       ta-codegen <COMMAND> [OPTIONS]")]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,

    #[command(flatten)]
    pub(super) generate: Generate,
}

/// What the command does besides generating.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(super) enum Command {
    Doctor(Box<doctor::Arguments>),
}

const AFTER_HELP: &str = "\
Examples:
  ta-codegen --c-header ca.crt --out-dir tasmota/include
  ta-codegen --c-header --check ca.crt --out-dir tasmota/include
  ta-codegen --brssl old-ca.crt new-ca.crt > trust_anchors.h
  ta-codegen --rust ca.crt -o src/trust_anchors.rs

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

    /// Write a Rust static with the types of the crate ta-types
    #[arg(long, help_heading = "Modes")]
    pub(super) rust: bool,

    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// Where --c-header puts its two files, made if it is missing [default: the current directory]
    #[arg(long, value_name = "DIR")]
    pub(super) out_dir: Option<PathBuf>,

    /// Write nothing; exit with 1 and name the files if they would change
    #[arg(long)]
    pub(super) check: bool,

    /// Print errors only
    #[arg(short, long)]
    pub(super) quiet: bool,
}

/// What is to be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    CHeader,
    Brssl,
    Rust,
}

impl Generate {
    /// The one mode that was asked for, or what to say to none or several.
    pub(super) fn mode(&self) -> Result<Mode, String> {
        let modes = [
            (self.c_header, "--c-header", Mode::CHeader),
            (self.brssl, "--brssl", Mode::Brssl),
            (self.rust, "--rust", Mode::Rust),
        ];
        let mut chosen = modes.iter().filter(|(is_chosen, ..)| *is_chosen);
        match (chosen.next(), chosen.next()) {
            (Some((.., mode)), None) => Ok(*mode),
            (None, _) => Err(format!("no mode was given\n\n{MODES}")),
            (Some((_, first, _)), Some((_, second, _))) => {
                Err(format!("{first} and {second} are two modes; give one\n\n{MODES}"))
            }
        }
    }

    /// The first option that does not go with the mode, in words.
    pub(super) fn misfit(&self, mode: Mode) -> Option<&'static str> {
        match mode {
            Mode::CHeader if self.output.is_some() => {
                Some("--c-header writes two files, so it takes no --output; say where they go with --out-dir DIR")
            }
            Mode::Brssl | Mode::Rust if self.out_dir.is_some() => {
                Some("--out-dir goes with --c-header; say where the output goes with --output FILE")
            }
            Mode::Brssl | Mode::Rust if self.check && self.output.is_none() => {
                Some("--check compares with a file; name it with --output FILE")
            }
            _ => None,
        }
    }
}

const MODES: &str = "\
Modes:
  --c-header  write Tasmota's local_ca_data.h and local_ca_descriptor.h
  --brssl     write exactly what BearSSL's `brssl ta` prints
  --rust      write a Rust static with the types of the crate ta-types";
