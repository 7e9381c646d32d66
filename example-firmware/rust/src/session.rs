//! The whole run of the firmware: TLS, MQTT, one message, one line of report a step.

use crate::mqtt::{self, Message};
use crate::provider;
use crate::tls::{self, TlsStream};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use embedded_io::{Read, Write};
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, TrustAnchor, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

/// What one run needs to know.
#[derive(Debug)]
pub struct Settings<'a> {
    /// The authorities whose brokers are believed: [`anchors::ROOTS`](crate::anchors::ROOTS), or a device's own.
    pub roots: &'a [TrustAnchor<'static>],
    /// The name that the broker's certificate must bear: a DNS name or an IP address.
    pub host: &'a str,
    /// The time now, against which certificates have expired or not.
    pub now: UnixTime,
    /// The TLS versions to offer.
    pub versions: TlsVersions,
    /// The device's own certificate, for brokers with `require_certificate true`.
    pub identity: Option<Identity>,
    /// What to publish.
    pub message: Message<'a>,
}

/// The TLS versions a client offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsVersions {
    /// TLS 1.3, or TLS 1.2 with servers that have no better.
    Any,
    /// TLS 1.2 alone.
    Tls12,
    /// TLS 1.3 alone.
    Tls13,
}

impl TlsVersions {
    fn offered(self) -> &'static [&'static SupportedProtocolVersion] {
        static NEWEST_FIRST: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        match self {
            Self::Any => &NEWEST_FIRST,
            Self::Tls13 => &NEWEST_FIRST[..1],
            Self::Tls12 => &NEWEST_FIRST[1..],
        }
    }
}

/// A client certificate and its key.
#[derive(Debug)]
pub struct Identity {
    /// The client certificate, then its intermediates.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key of the first certificate: P-256.
    pub key: PrivateKeyDer<'static>,
}

/// The step that failed, and why.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// What was given makes no TLS client.
    #[error("settings: {0}")]
    Settings(String),
    /// The server could not be authenticated, or refused us. Nothing but the handshake was
    /// sent.
    #[error("tls handshake: {0}")]
    Handshake(tls::Error),
    /// A step of MQTT failed.
    #[error(transparent)]
    Mqtt(#[from] mqtt::Error),
    /// The message has arrived, but the end of the connection could not be announced.
    #[error("tls close: {0}")]
    Close(tls::Error),
}

/// Authenticates the broker at the other end of `transport`, publishes the message, and
/// says so line by line in `report`.
///
/// # Errors
///
/// At the first step that fails. Before the broker is authenticated no application data is
/// sent.
pub fn run<T: Read + Write>(transport: T, settings: Settings<'_>, report: &mut dyn fmt::Write) -> Result<(), Error> {
    // A report that cannot be written does not stop the firmware.
    let mut say = |line: fmt::Arguments<'_>| {
        let _ = writeln!(report, "{line}");
    };

    let host = settings.host;
    let name = ServerName::try_from(host)
        .map_err(|_| Error::Settings(alloc::format!("`{host}` is no DNS name or IP address")))?
        .to_owned();
    let message = settings.message;
    let config = client_config(settings).map_err(|error| Error::Settings(alloc::format!("{error}")))?;

    let mut stream = TlsStream::connect(transport, Arc::new(config), name).map_err(Error::Handshake)?;
    if let Some((version, suite)) = stream.agreed() {
        say(format_args!("tls handshake: {host} is authentic, {version:?}, {:?}", suite.suite()));
    }
    mqtt::publish(&mut stream, &message, &mut |step| say(format_args!("{step}: ok")))?;
    stream.close().map_err(Error::Close)?;
    say(format_args!("tls close: ok"));
    Ok(())
}

fn client_config(settings: Settings<'_>) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_details(Arc::new(provider::provider()), Arc::new(Clock(settings.now)))
        .with_protocol_versions(settings.versions.offered())?
        .with_root_certificates(RootCertStore { roots: settings.roots.to_vec() });
    let mut config = match settings.identity {
        Some(identity) => builder.with_client_auth_cert(identity.chain, identity.key)?,
        None => builder.with_no_client_auth(),
    };
    // One connection a run: there is nothing to resume.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The time at which the run started: it ends long before a certificate's last second
/// could matter.
#[derive(Debug)]
struct Clock(UnixTime);

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}
