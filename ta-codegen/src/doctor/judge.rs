//! The verdict for one device.

use super::broker::Prepared;
use super::explain;
use super::fault::{Fault, HANDSHAKE_FAILURE, SSL_BAD_SIGNATURE, SSL_LIMIT_EXCEEDED, SSL_WRONG_KEY_USAGE};
use super::negotiation::{Agreed, Alert, negotiate, sending_objection};
use super::parts::Anchor;
use super::profile::{Engine, Profile};
use super::validator::{Trust, Validated, validate};
use super::{Situation, client, webpki_rules};
use crate::{Certificate, PublicKey, TrustAnchor, bearssl};

/// What will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The device connects.
    Connects,
    /// The device reports this number: BearSSL's error, or 256 and the alert the broker sent.
    Error(u16),
    /// There is no broker to connect to.
    BrokerRefusesToStart,
    /// There is nothing to judge by: no anchor, no broker, or a broker that does not show what it sends.
    Unknown,
}

/// The doctor's answer for one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The device.
    pub profile: &'static Profile,
    /// What will happen.
    pub outcome: Outcome,
    /// The error's name, where there is one.
    pub name: Option<&'static str>,
    /// Why, in plain words.
    pub reason: String,
    /// What to do about it; empty when all is well.
    pub cure: String,
}

/// Judges one device.
pub(super) fn judge(profile: &'static Profile, situation: &Situation, prepared: Option<&Prepared<'_>>) -> Verdict {
    match find_outcome(profile, situation, prepared) {
        Ok(reason) => Verdict { profile, outcome: Outcome::Connects, name: None, reason, cure: String::new() },
        Err(Failure::Refused(alert)) => {
            let name = match profile.engine {
                Engine::BearSsl => bearssl::error(alert.error).map(|error| error.name),
                Engine::Rustls => None,
            };
            Verdict { profile, outcome: Outcome::Error(alert.error), name, reason: alert.reason, cure: alert.cure }
        }
        Err(Failure::Untold { reason, cure }) => {
            Verdict { profile, outcome: Outcome::Unknown, name: None, reason, cure: cure.to_owned() }
        }
        Err(Failure::NoBroker(reason)) => {
            let cure = "mend the broker's settings first; `mosquitto -c mosquitto.conf -v` shows its own message".to_owned();
            Verdict { profile, outcome: Outcome::BrokerRefusesToStart, name: None, reason, cure }
        }
    }
}

enum Failure {
    Refused(Alert),
    NoBroker(String),
    Untold { reason: String, cure: &'static str },
}

impl Failure {
    fn no_anchor() -> Self {
        let reason =
            "no anchor can be generated of the certificates given, so the device has none to trust the broker by".to_owned();
        Self::Untold { reason, cure: "mend what the failed checks say about the anchors first" }
    }

    fn nothing_given() -> Self {
        Self::Untold {
            reason: "nothing is known of the broker, so only the anchors were looked at".to_owned(),
            cure: "give the broker's certificate with --broker FILE, its settings with --mosquitto-conf FILE, or its address with --connect HOST",
        }
    }
}

impl From<Alert> for Failure {
    fn from(alert: Alert) -> Self {
        Self::Refused(alert)
    }
}

/// The stages of a handshake in their order; the first that fails decides.
fn find_outcome(profile: &Profile, situation: &Situation, prepared: Option<&Prepared<'_>>) -> Result<String, Failure> {
    // What a device says to a key that is too large for it is told from the broker's chain; without one there is nothing to tell.
    let is_anchor = |certificate: &Certificate| match situation.broker {
        Some(_) => Anchor::read(certificate.der()).is_ok(),
        None => TrustAnchor::try_from(certificate.clone()).is_ok(),
    };
    if !situation.anchors.iter().any(is_anchor) {
        return Err(Failure::no_anchor());
    }
    let Some((broker, prepared)) = situation.broker.as_ref().zip(prepared) else {
        return Err(Failure::nothing_given());
    };
    let refusals = broker.startup_refusals();
    if !refusals.is_empty() {
        return Err(Failure::NoBroker(refusals.join("; ")));
    }
    if let Some(alert) = broker.alert {
        if profile.speaks_tls13() && ONLY_TLS12.contains(&alert) {
            return Err(Failure::Untold {
                reason: format!(
                    "the broker refused TLS 1.2 (alert {alert}); the device speaks TLS 1.3 as well, in which a broker encrypts its certificates"
                ),
                cure: "give the broker's files instead: --broker FILE or --mosquitto-conf FILE",
            });
        }
        return Err(answered_with(alert).into());
    }
    if broker.is_psk {
        return Err(psk_broker().into());
    }
    if broker.is_plain || broker.certificates.is_empty() {
        return Err(plain_broker().into());
    }
    let agreed = negotiate(profile, broker)?;
    if let Some(objection) = sending_objection(broker, &prepared.chain) {
        return Err(objection.into());
    }
    match profile.engine {
        Engine::BearSsl => check_chain(profile, situation, &prepared.chain, agreed)?,
        Engine::Rustls => webpki_rules::check_chain(situation, &prepared.chain)?,
    }
    client::judge(profile, broker, &prepared.store, &situation.client, situation.now)?;
    if broker.is_observed && profile.speaks_tls13() {
        return Ok(format!("with {agreed}; with TLS 1.3 the broker may send another chain, which cannot be seen from here"));
    }
    Ok(format!("with {agreed}"))
}

/// What a broker that takes TLS 1.3 may answer to a client of TLS 1.2: handshake_failure, protocol_version, insufficient_security.
const ONLY_TLS12: &[u8] = &[40, 70, 71];

/// The broker refused every client the doctor imitated.
fn answered_with(alert: u8) -> Alert {
    let error = 256 + u16::from(alert);
    let (cause, cure) =
        bearssl::error(error).map_or(("a refusal of its own", "read the broker's log"), |entry| (entry.cause, entry.cure));
    Alert { error, reason: format!("the broker answered with alert {alert}: {cause}"), cure: cure.to_owned() }
}

/// A TLS device at a port that speaks plain MQTT: the broker takes the handshake for a bad packet and hangs up.
fn plain_broker() -> Alert {
    Alert {
        error: 31,
        reason: "the broker's listener has no TLS: it needs both certfile and keyfile".to_owned(),
        cure: "set certfile and keyfile for the listener in mosquitto.conf".to_owned(),
    }
}

/// No device has a suite of pre-shared keys, and no other one does without a certificate.
fn psk_broker() -> Alert {
    Alert {
        error: HANDSHAKE_FAILURE,
        reason:
            "the broker's listener has pre-shared keys (psk_hint) and no certificate, and the device speaks TLS with certificates"
                .to_owned(),
        cure: "set certfile and keyfile for the listener, or let the device connect to another one".to_owned(),
    }
}

fn check_chain(profile: &Profile, situation: &Situation, chain: &[&[u8]], agreed: Agreed) -> Result<(), Alert> {
    let anchors = Anchor::of(&situation.anchors);
    let trust = Trust { abilities: &profile.abilities, anchors: &anchors, server_name: &situation.host, clock: situation.now };
    match validate(trust, chain) {
        Ok(validated) => check_use(profile, &validated, agreed),
        Err(refusal) => {
            let (reason, cure) = explain::refusal(profile, situation, chain, refusal);
            Err(Alert { error: refusal.error.0, reason, cure })
        }
    }
}

/// After the chain: the key's allowed usages against the suite, and its size against the handshake's buffers.
fn check_use(profile: &Profile, validated: &Validated<'_>, agreed: Agreed) -> Result<(), Alert> {
    let by_key_exchange = matches!(agreed, Agreed::Suite(suite) if suite.key_exchange == "RSA");
    let allowed = if by_key_exchange { validated.usages.key_exchange } else { validated.usages.signing };
    if !allowed {
        let wanted = if by_key_exchange { "keyEncipherment" } else { "digitalSignature" };
        return Err(by_table(
            SSL_WRONG_KEY_USAGE,
            format!("keyUsage of the server's certificate lacks {wanted}, which {agreed} needs"),
        ));
    }
    let PublicKey::Rsa { n, .. } = validated.key else { return Ok(()) };
    let too_large =
        format!("the server's {} key is larger than the device's {} bits", validated.key, profile.abilities.largest_rsa);
    if n.len() > 512 || (by_key_exchange && n.len() * 8 > profile.abilities.largest_rsa) {
        return Err(by_table(SSL_LIMIT_EXCEEDED, too_large));
    }
    if n.len() * 8 > profile.abilities.largest_rsa {
        return Err(Alert { error: SSL_BAD_SIGNATURE.0, reason: too_large, cure: explain::CURE_LARGE_KEY.to_owned() });
    }
    Ok(())
}

fn by_table(fault: Fault, reason: String) -> Alert {
    let cure = bearssl::error(fault.0).map(|error| error.cure).unwrap_or_default();
    Alert { error: fault.0, reason, cure: cure.to_owned() }
}
