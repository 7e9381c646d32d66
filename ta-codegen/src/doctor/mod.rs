//! Will the device trust the broker? The doctor predicts it from files, by the rules of BearSSL and OpenSSL.
//!
//! A [`Situation`] holds what is known: the anchors, the broker, the client certificate, the name and the time. [`examine`] checks
//! it and judges each device; nothing is looked up in recorded cases.

mod broker;
mod checks;
mod client;
pub mod connect;
mod explain;
mod fault;
mod judge;
mod mosquitto;
mod name_text;
mod negotiation;
mod openssl;
mod parts;
mod private_key;
mod profile;
mod report;
mod signature;
mod validator;
mod webpki_rules;

use crate::Certificate;
use crate::time::Time;
use parts::Anchor;

pub use broker::{Broker, ClientCertificate};
pub use checks::{Check, Grade};
pub use judge::{Outcome, Verdict};
pub use profile::{ClientKeys, Engine, Group, PROFILES, Profile, Suites, profile, with_4k_rsa};
pub use report::Report;
pub use signature::{Abilities, Hash};

/// What is known of devices and broker.
#[derive(Debug, Clone)]
pub struct Situation {
    /// The certificates the anchors are made of.
    pub anchors: Vec<Certificate>,
    /// The broker; without one only the anchors and the client certificate are looked at.
    pub broker: Option<Broker>,
    /// The client's chain, its own certificate first.
    pub client: Vec<Certificate>,
    /// The name the device connects to, empty when it checks none.
    pub host: String,
    /// The device's clock.
    pub now: Time,
    /// Seconds that the anchors, all that the broker sends and the client's chain must still be valid for, if that is to be checked.
    pub expires_within: Option<i64>,
}

/// Checks a situation and judges each of the devices.
#[must_use]
pub fn examine(situation: &Situation, profiles: &[&'static Profile]) -> Report {
    let prepared = situation.broker.as_ref().map(|broker| broker::Prepared::new(broker, situation.now));
    Report {
        checks: checks::check(situation, profiles, prepared.as_ref()),
        verdicts: profiles.iter().map(|profile| judge::judge(profile, situation, prepared.as_ref())).collect(),
    }
}

/// What `br_x509_minimal` answers to a chain, with anchors made as `brssl ta` makes them.
///
/// `server_name` is the name to find in the first certificate, empty for none; `unix_time` is the device's clock. The answer is
/// what the server's key may be used for (key exchange, signing). Certificates no anchor can be made of are left out of `anchors`.
///
/// # Errors
///
/// BearSSL's error number.
pub fn validate_chain(
    abilities: &Abilities,
    anchors: &[&[u8]],
    chain: &[&[u8]],
    server_name: &str,
    unix_time: i64,
) -> Result<(bool, bool), u16> {
    let anchors: Vec<_> = anchors.iter().filter_map(|der| Anchor::read(der).ok()).collect();
    let trust = validator::Trust { abilities, anchors: &anchors, server_name, clock: Time::from_unix_seconds(unix_time) };
    match validator::validate(trust, chain) {
        Ok(validated) => Ok((validated.usages.key_exchange, validated.usages.signing)),
        Err(refusal) => Err(refusal.error.0),
    }
}

/// The names of the suites up to TLS 1.2 that OpenSSL enables for a cipher list, most preferred first.
///
/// # Errors
///
/// Why OpenSSL refuses the list.
pub fn cipher_suites(list: &str) -> Result<Vec<&'static str>, String> {
    openssl::cipher_list::parse(list).map(|list| list.suites.into_iter().map(|suite| suite.name).collect())
}
