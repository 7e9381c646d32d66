//! The firmware's core on a computer: arguments instead of settings in flash.

use clap::{Parser, ValueEnum};
use example_firmware::mqtt::Message;
use example_firmware::session::{Identity, Settings, TlsVersions};
use example_firmware::{anchors, host};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Publishes one MQTT message over TLS, trusting only the CA certificates compiled in.
#[derive(Parser)]
struct Arguments {
    /// Where the broker listens: ADDRESS:PORT
    address: String,
    /// The name its certificate must bear
    host: String,
    /// PEM file with the device's certificate, then its intermediates
    #[arg(long, requires = "key")]
    certificate: Option<PathBuf>,
    /// PEM file with the device's P-256 key
    #[arg(long, requires = "certificate")]
    key: Option<PathBuf>,
    /// TLS versions to offer
    #[arg(long, value_enum, default_value_t = Tls::Any)]
    tls: Tls,
    /// Seconds since 1970 to take for the time now
    #[arg(long)]
    time: Option<u64>,
    /// MQTT client identifier
    #[arg(long, default_value = "example-firmware")]
    client_id: String,
    /// Topic to publish to
    #[arg(long, default_value = "example-firmware/hello")]
    topic: String,
    /// Message to publish
    #[arg(long, default_value = "hello from the example firmware")]
    message: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Tls {
    Any,
    #[value(name = "1.2")]
    Only12,
    #[value(name = "1.3")]
    Only13,
}

impl From<Tls> for TlsVersions {
    fn from(tls: Tls) -> Self {
        match tls {
            Tls::Any => Self::Any,
            Tls::Only12 => Self::Tls12,
            Tls::Only13 => Self::Tls13,
        }
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let settings = Settings {
        roots: &anchors::ROOTS,
        host: &arguments.host,
        now: arguments.time.map_or_else(UnixTime::now, |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds))),
        versions: arguments.tls.into(),
        identity: identity(arguments)?,
        message: Message { client_id: &arguments.client_id, topic: &arguments.topic, payload: arguments.message.as_bytes() },
    };
    Ok(host::run(&arguments.address, settings)?)
}

fn identity(arguments: &Arguments) -> Result<Option<Identity>, String> {
    let (Some(certificate), Some(key)) = (&arguments.certificate, &arguments.key) else {
        return Ok(None);
    };
    Ok(Some(Identity {
        chain: CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect)
            .map_err(|error| unreadable(certificate, &error))?,
        key: PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?,
    }))
}

fn unreadable(path: &Path, error: &dyn fmt::Display) -> String {
    format!("settings: {}: {error}", path.display())
}
