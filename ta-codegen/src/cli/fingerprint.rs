//! `ta-codegen fingerprint`: Tasmota's fingerprint of a broker's key.

use std::path::PathBuf;

use clap::Args;
use ta_codegen::error::{Error, Problem};
use ta_codegen::fingerprint::{Version, fingerprint};
use ta_codegen::{PublicKey, TrustAnchor, read_trust_anchors};

use super::Outcome;
use super::input;
use super::output::{print, report, tell};
use super::subcommand::{Subcommand, parsed};

pub(super) const SUBCOMMAND: Subcommand = Subcommand {
    name: "fingerprint",
    about: "Print the fingerprint by which a Tasmota trusts the broker's own key instead of a CA",
    arguments: Fingerprint::augment_args,
    run: |matches| run(&parsed(matches)),
};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
struct Fingerprint {
    /// The broker's own certificate, PEM or DER; of several in the file, the first
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Which of the device's two fingerprints the commands are to set
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    slot: u8,

    /// The form of Tasmota before 8.4.0
    #[arg(long)]
    v1: bool,

    /// Print no notes
    #[arg(short, long)]
    quiet: bool,
}

const AFTER_HELP: &str = "\
Prints the command for the device's console and, for those who compile, the line for user_config_override.h:

  MqttFingerprint1 0E 77 29 ...
  #define MQTT_FINGERPRINT1      0x0E,0x77,0x29,...

The device compares it when SetOption132 is 1. It changes with the broker's key, not with the certificate.";

fn run(arguments: &Fingerprint) -> Outcome {
    match lines(arguments).and_then(|lines| print(&lines)) {
        Ok(()) => Outcome::Success,
        Err(error) => report(&error),
    }
}

fn lines(arguments: &Fingerprint) -> Result<String, Error> {
    let certificates = read_trust_anchors(&input::read(&arguments.file)?, &input::display_name(&arguments.file))?;
    // A server sends its own certificate first (RFC 5246, section 7.4.2), and files of chains have the same order.
    let certificate = &certificates[0];
    let version = if arguments.v1 { Version::V1 } else { Version::Current };
    let fingerprint = fingerprint(certificate, version)
        .map_err(|error| Problem { origin: certificate.origin().clone(), kind: error.into() })?;
    if !arguments.quiet {
        notes(certificate, certificates.len());
    }
    let slot = arguments.slot;
    Ok(format!("MqttFingerprint{slot} {fingerprint}\n#define MQTT_FINGERPRINT{slot}      {}\n", fingerprint.as_c()))
}

/// Says what the user should know before relying on it.
fn notes(certificate: &TrustAnchor, of: usize) {
    let origin = certificate.origin();
    tell(format_args!("{origin}: {}", certificate.key()));
    if of > 1 {
        tell(format_args!("note: {origin}: the file holds {of} certificates; the broker's own is taken to be the first"));
    }
    if certificate.is_ca() {
        tell(format_args!(
            "warning: {origin}: is a CA's certificate; a device compares the fingerprint of the broker's own key: unless the broker \
             shows this very certificate, give the file that is `certfile` in mosquitto.conf"
        ));
    }
    if let PublicKey::Ec { .. } = certificate.key() {
        tell(format_args!(
            "warning: {origin}: an EC key needs Tasmota on ESP32 of August 2026 or later (earlier ones compute garbage, and ESP8266 \
             computes none), and for MQTT a device that checks fingerprints offers RSA only: give the broker an RSA key"
        ));
    }
}
