//! The table of scenarios, and each row's files.
//!
//! A row's letter says what it is about: A the certificates of easy-rsa, B client certificates, C broker settings, D keys, E signature
//! hashes, F names, G validity, H CAs and anchors, I chains, J extensions of the server's certificate, K record sizes, L what happens
//! when the broker does not send its CA, M the device's clock, N rarer CAs. The columns after `input_buffer` are the four devices: `ok`,
//! BearSSL's error number, or two with a slash between them where both are right; `anchor-refused` and `broker-refuses` where it does
//! not come to a handshake, and `says` what is said instead. The certificates' names are those of `certificates.tsv`; OpenSSL appends
//! the issuer to what the broker sends when it finds it in the `cafile` and the `certfile` holds one certificate only.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use super::certificates::{Certificates, Credentials};
use crate::support;

/// The devices, in the order of the table's columns.
pub(crate) const PROFILES: [&str; 4] = ["bearssl-full", "tasmota-rsa", "tasmota-22649", "tasmota-ecdsa"];

/// A line of a tab-separated table by column name.
pub(super) struct Row<'a>(HashMap<&'a str, &'a str>);

impl<'a> Row<'a> {
    /// The cell in `column`, empty if the line ends before it.
    pub(super) fn get(&self, column: &str) -> &'a str {
        self.0.get(column).copied().unwrap_or_default()
    }

    /// The scenario's name.
    pub(super) fn id(&self) -> &'a str {
        self.get("id")
    }
}

/// Reads a tab-separated table whose first line names the columns.
pub(super) fn parse(table: &str) -> Vec<Row<'_>> {
    let mut lines = table.lines();
    let columns: Vec<_> = lines.next().expect("a line with the columns' names").split('\t').collect();
    lines.map(|line| Row(columns.iter().copied().zip(line.split('\t')).collect())).collect()
}

/// The rows of `scenarios.tsv`.
pub(super) fn rows() -> Vec<Row<'static>> {
    parse(include_str!("scenarios.tsv"))
}

/// How a scenario ends.
pub(crate) enum Expected {
    /// `ta-codegen` refuses the anchor with these words.
    AnchorRefused(&'static str),
    /// Mosquitto does not start and says this.
    BrokerRefuses(&'static str),
    /// For each device of [`PROFILES`] the outcomes that count as the right one: `ok`, or BearSSL's error number.
    ///
    /// There is more than one where a refused client certificate races with the broker's closing of the connection: the device
    /// sees the broker's alert (256 + n), or that the connection has gone (31).
    Outcomes([Vec<&'static str>; 4]),
}

impl Expected {
    fn new(row: &Row<'static>) -> Self {
        match row.get(PROFILES[0]) {
            "anchor-refused" => Self::AnchorRefused(row.get("says")),
            "broker-refuses" => Self::BrokerRefuses(row.get("says")),
            _ => Self::Outcomes(PROFILES.map(|profile| row.get(profile).split('/').collect())),
        }
    }

    /// Each device with its outcomes; none where it does not come to a handshake.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (&'static str, &[&'static str])> {
        let outcomes: &[Vec<_>] = match self {
            Self::Outcomes(outcomes) => outcomes,
            Self::AnchorRefused(_) | Self::BrokerRefuses(_) => &[],
        };
        PROFILES.into_iter().zip(outcomes.iter().map(Vec::as_slice))
    }
}

/// A scenario with its files on disk.
pub(crate) struct Scenario {
    /// The row's name.
    pub(crate) id: &'static str,
    /// What is special about it.
    pub(crate) description: &'static str,
    /// The certificates that the device's anchors are made of.
    pub(crate) anchors: Vec<PathBuf>,
    /// What the broker sends: its `certfile`, the server's certificate first.
    pub(crate) chain: PathBuf,
    /// The name that the device checks; empty: none.
    pub(crate) host: &'static str,
    /// The broker's settings, the lines of a `mosquitto.conf` that come after its listener.
    pub(crate) settings: String,
    /// A `mosquitto.conf` with them, and a listener on the usual port.
    pub(crate) configuration: PathBuf,
    /// The device's certificate and key.
    pub(crate) client: Option<Credentials>,
    /// The device's clock in Unix seconds where it is not the real time.
    pub(crate) clock: Option<&'static str>,
    /// The device's input buffer where it is not the profile's.
    pub(crate) input_buffer: Option<&'static str>,
    /// How it ends.
    pub(crate) expected: Expected,
}

impl Scenario {
    /// Makes the row's files below `folder`.
    pub(super) fn prepare(row: &Row<'static>, certificates: &Certificates, folder: &Path) -> Self {
        let folder = folder.join(row.id());
        fs::create_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let made = |column| -> Vec<Credentials> { row.get(column).split(' ').map(|name| certificates.make(name)).collect() };
        let sent = made("broker_sends");
        let chain: Vec<_> = sent.iter().map(|sent| support::read_text(&sent.certificate)).collect();
        let chain = support::write(&folder, "chain.pem", chain.concat());
        let settings = settings(row, &chain, &sent[0].key, &certificates.make(row.get("cafile")).certificate);
        Self {
            id: row.id(),
            description: row.get("description"),
            anchors: made("anchors").into_iter().map(|anchor| anchor.certificate).collect(),
            chain,
            host: row.get("host"),
            configuration: support::write(&folder, "mosquitto.conf", format!("listener 8883\n{settings}")),
            settings,
            client: optional(row.get("client_certificate")).map(|name| certificates.make(name)),
            clock: optional(row.get("device_clock")),
            input_buffer: optional(row.get("input_buffer")),
            expected: Expected::new(row),
        }
    }
}

fn optional(cell: &str) -> Option<&str> {
    (!cell.is_empty()).then_some(cell)
}

/// The lines of the row's `mosquitto.conf`.
fn settings(row: &Row<'_>, chain: &Path, key: &Path, ca: &Path) -> String {
    let mut settings = String::new();
    let mut line = |name, value: &dyn std::fmt::Display| writeln!(settings, "{name} {value}").expect("a String takes everything");
    line("certfile", &chain.display());
    line("keyfile", &key.display());
    line("cafile", &ca.display());
    if row.get("require_certificate") == "yes" {
        line("require_certificate", &true);
    }
    if let Some((name, value)) = row.get("broker_conf").split_once(' ') {
        line(name, &value);
    }
    settings
}
