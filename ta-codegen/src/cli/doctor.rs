//! `ta-codegen doctor`: will the device connect to the broker, and if not, why?

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ta_codegen::doctor::{self, Broker, PROFILES, Profile, Situation, connect};
use ta_codegen::error::{Error, Origin};
use ta_codegen::time::Time;
use ta_codegen::{Certificate, Escaped, read_certificates};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::address::{Address, check_host};
use super::output::{print, report, tell};
use super::subcommand::{Subcommand, parsed};
use super::{Outcome, input};

pub(super) const SUBCOMMAND: Subcommand = Subcommand {
    name: "doctor",
    about: "Say before flashing whether the device will trust the broker, and why not",
    arguments: Arguments::augment_args,
    run: |matches| run(&parsed(matches)),
};

/// Say before flashing whether the device will trust the broker, and why not
///
/// Checks anchors, broker and client certificate against device profiles and predicts, by BearSSL's own rules, whether the
/// device connects or which error number it reports.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
struct Arguments {
    /// The certificates the device's trust anchors are made of
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    ca: Vec<PathBuf>,

    /// What the broker's certfile holds, the server's certificate first
    #[arg(long, value_name = "FILE", num_args = 1..)]
    broker: Vec<PathBuf>,

    /// The name or address the device connects to [default: that of --connect; without it no name is checked]
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    host: Option<String>,

    /// The device's own certificate, for brokers that demand one
    #[arg(long, value_name = "FILE")]
    client: Option<PathBuf>,

    /// The broker's settings
    #[arg(long, value_name = "FILE")]
    mosquitto_conf: Option<PathBuf>,

    /// Which listener of mosquitto.conf to judge [default: 8883, or else the first with TLS]
    #[arg(long, value_name = "PORT", requires = "mosquitto_conf")]
    port: Option<u16>,

    /// Fetch what the broker really sends; nothing is verified during the fetch
    #[arg(long, value_name = "HOST[:PORT]", allow_hyphen_values = true, conflicts_with_all = ["broker", "mosquitto_conf"])]
    connect: Option<String>,

    /// A device to judge; may be given several times [default: all]
    #[arg(long, value_name = "PROFILE", value_parser = profile_names())]
    target: Vec<String>,

    /// The device's clock: RFC 3339, a date (midnight UTC) or @UNIXSECONDS [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<Time>,

    /// Fail when a certificate ends sooner than this, for example 30d
    #[arg(long, value_name = "DAYS", value_parser = parse_days)]
    expires_within: Option<i64>,

    /// Judge an ESP8266 that was built with USE_4K_RSA
    #[arg(long = "4k-rsa")]
    large_rsa: bool,

    /// Print the report as JSON
    ///
    /// An object with `version` (1), `checks` (`grade`, `subject`, `finding`) and `targets` (`target`, `outcome`, `error_name`,
    /// `reason`, `cure`). `outcome` is "ok", BearSSL's error number, "broker-refuses-to-start", or "unknown" where there is nothing to judge by; for rustls the number is the nearest
    /// one of BearSSL's. `grade` is "pass", "warning" or "fail".
    #[arg(long)]
    json: bool,

    /// Let warnings and failed checks change the exit status
    #[arg(long)]
    strict: bool,
}

const AFTER_HELP: &str = "\
Examples:
  ta-codegen doctor --ca ca.crt --broker fullchain.pem --host mqtt.example.com
  ta-codegen doctor --ca ca.crt --mosquitto-conf /etc/mosquitto/mosquitto.conf --host 192.168.1.10 --target tasmota-esp8266
  ta-codegen doctor --ca ca.crt --connect mqtt.example.com --expires-within 30d

Exit status:
  0  every target will connect
  1  a target will not or may not, or a certificate ends within --expires-within; with --strict also any warning
  2  wrong arguments, or input that cannot be read";

fn profile_names() -> clap::builder::PossibleValuesParser {
    PROFILES.iter().map(|profile| profile.name).collect::<Vec<_>>().into()
}

fn parse_time(text: &str) -> Result<Time, String> {
    let seconds = match text.strip_prefix('@') {
        Some(seconds) => seconds.parse().map_err(|_| "after @ come the seconds since 1970".to_owned())?,
        None => parse_date(text)?.unix_timestamp(),
    };
    if seconds < 0 {
        return Err("a device's clock does not go back before 1970".to_owned());
    }
    Ok(Time::from_unix_seconds(seconds))
}

/// A date alone is its midnight, UTC.
fn parse_date(text: &str) -> Result<OffsetDateTime, String> {
    let is_date = text.len() == "2026-11-20".len();
    let whole = if is_date { format!("{text}T00:00:00Z") } else { text.to_owned() };
    OffsetDateTime::parse(&whole, &Rfc3339)
        .map_err(|error| format!("{error}; write it as 2026-11-20T12:00:00Z, 2026-11-20 or @1795176000"))
}

fn parse_days(text: &str) -> Result<i64, String> {
    let days: u16 =
        text.trim_end_matches('d').parse().map_err(|_| format!("a number of days up to {}, such as 30d", u16::MAX))?;
    Ok(i64::from(days) * 86_400)
}

/// Runs the doctor.
fn run(arguments: &Arguments) -> Outcome {
    match examine(arguments) {
        Ok(found) => {
            let text = if arguments.json { found.to_json() } else { found.to_text() };
            let judged = if found.is_good(arguments.strict) { Outcome::Success } else { Outcome::Refused };
            print(&text).map_or_else(|error| report(&error), |()| judged)
        }
        Err(message) => {
            for line in message.lines() {
                tell(format_args!("error: {}", Escaped(line)));
            }
            Outcome::Failure
        }
    }
}

fn examine(arguments: &Arguments) -> Result<doctor::Report, String> {
    let (connect, host) = addresses(arguments)?;
    let profiles = chosen_profiles(arguments);
    let situation = Situation {
        anchors: certificates(&arguments.ca)?,
        broker: broker(arguments)?,
        client: certificates(arguments.client.as_slice())?,
        host,
        now: arguments.at.unwrap_or_else(Time::now),
        expires_within: arguments.expires_within,
    };
    match connect {
        Some(address) => examine_by_connecting(&address.with_port(), &situation, &profiles),
        None => Ok(doctor::examine(&situation, &profiles)),
    }
}

/// A broker may answer each device differently, with another certificate or an alert.
fn examine_by_connecting(
    with_port: &str,
    situation: &Situation,
    profiles: &[&'static Profile],
) -> Result<doctor::Report, String> {
    let mut report = doctor::Report::default();
    for &profile in profiles {
        let answer = connect::fetch(with_port, &situation.host, profile, PATIENCE)?;
        let name = |position: usize| Origin::file(format!("{with_port}, certificate {}", position + 1));
        let broker = Some(Broker::observed(answer, profile, name));
        report.add(doctor::examine(&Situation { broker, ..situation.clone() }, &[profile]));
    }
    Ok(report)
}

fn chosen_profiles(arguments: &Arguments) -> Vec<&'static Profile> {
    let chosen = |profile: &&Profile| arguments.target.is_empty() || arguments.target.iter().any(|name| name == profile.name);
    let large = |profile| if arguments.large_rsa { doctor::with_4k_rsa(profile) } else { profile };
    PROFILES.iter().filter(chosen).map(large).collect()
}

/// clap quotes what begins with a dash, as PEM does, where an option does not take it, so these two options do.
fn addresses(arguments: &Arguments) -> Result<(Option<Address<'_>>, String), String> {
    let connect =
        arguments.connect.as_deref().map(Address::read).transpose().map_err(|problem| format!("--connect {problem}"))?;
    if let Some(host) = &arguments.host {
        check_host(host).map_err(|problem| format!("--host {problem}"))?;
    }
    let connected = connect.as_ref().map(|address| address.host);
    let host = arguments.host.as_deref().or(connected).unwrap_or_default().to_owned();
    Ok((connect, host))
}

fn certificates(files: &[PathBuf]) -> Result<Vec<Certificate>, String> {
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for file in files {
        let read = input::read(file).and_then(|bytes| read_certificates(&bytes, &input::display_name(file)));
        found.extend(Error::collect(&mut problems, read).unwrap_or_default());
    }
    if problems.is_empty() { Ok(found) } else { Err(Error::from(problems).to_string()) }
}

fn broker(arguments: &Arguments) -> Result<Option<Broker>, String> {
    let given = certificates(&arguments.broker)?;
    match &arguments.mosquitto_conf {
        Some(path) => Broker::from_mosquitto_conf(path, given, arguments.port).map(Some),
        None if given.is_empty() => Ok(None),
        None => Ok(Some(Broker::with_certificates(given))),
    }
}

/// How long the broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
