//! Will the device trust the broker? The doctor predicts it from files, by BearSSL's own rules.

mod fault;
mod name_text;
mod parts;
mod profile;
mod signature;
mod validator;

pub use profile::{ClientKeys, Engine, Group, PROFILES, Profile, Suites, profile};
pub use signature::{Abilities, Hash};

use crate::time::Time;

/// What `br_x509_minimal` answers to a chain, with anchors made as `brssl ta` makes them.
///
/// `server_name` is the name to find in the first certificate, empty for none; `unix_time` is the device's clock. The answer is
/// either what the server's key may be used for (key exchange, signing) or BearSSL's error number. Certificates no anchor can be
/// made of are left out of `anchors`.
pub fn validate_chain(
    abilities: &Abilities,
    anchors: &[&[u8]],
    chain: &[&[u8]],
    server_name: &str,
    unix_time: i64,
) -> Result<(bool, bool), u16> {
    let anchors: Vec<_> = anchors.iter().filter_map(|der| parts::Anchor::read(der).ok()).collect();
    let trust = validator::Trust { abilities, anchors: &anchors, server_name, clock: Time::from_unix_seconds(unix_time) };
    match validator::validate(trust, chain) {
        Ok(validated) => Ok((validated.usages.key_exchange, validated.usages.signing)),
        Err(refusal) => Err(refusal.error.0),
    }
}
