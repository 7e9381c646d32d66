//! The single checks: what is right, doubtful or wrong, whatever the verdicts are.

use super::broker::{ClientCertificate, Prepared, public_key};
use super::client::{self, is_p256};
use super::explain::names;
use super::openssl::chain::Parsed;
use super::profile::{ClientKeys, Profile};
use super::{Broker, Situation};
use crate::time::Time;
use crate::{Certificate, PublicKey, TrustAnchor, display_name};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// As it should be.
    Pass,
    /// Doubtful.
    Warning,
    /// Wrong.
    Fail,
}

impl Grade {
    /// The word for it, in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warning => "warning",
            Self::Fail => "fail",
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// How it came out.
    pub grade: Grade,
    /// What was looked at.
    pub subject: String,
    /// What was found.
    pub finding: String,
    /// Whether a certificate ends sooner than was asked for.
    pub ends_too_soon: bool,
}

fn check_of(grade: Grade, subject: impl ToString, finding: impl Into<String>) -> Check {
    Check { grade, subject: subject.to_string(), finding: finding.into(), ends_too_soon: false }
}

/// All checks of a situation.
pub(super) fn check(situation: &Situation, profiles: &[&'static Profile], prepared: Option<&Prepared<'_>>) -> Vec<Check> {
    let mut checks: Vec<_> = situation.anchors.iter().flat_map(|anchor| check_anchor(anchor, situation)).collect();
    if let Some((broker, prepared)) = situation.broker.as_ref().zip(prepared) {
        checks.extend(check_broker(broker, &prepared.chain, situation));
        if situation.host.is_empty() {
            let finding = "the name in the server's certificate was not checked; give the one the device has with --host";
            checks.push(check_of(Grade::Warning, "host", finding));
        }
    }
    for (position, certificate) in situation.client.iter().enumerate() {
        checks.extend(check_dates(certificate, situation, Grade::Fail));
        if position == 0 {
            checks.extend(check_client(certificate, situation, profiles));
        }
    }
    for profile in profiles {
        let remark = profile.remark.filter(|_| situation.has_ec_key());
        checks.extend(remark.map(|remark| check_of(Grade::Warning, profile.name, remark)));
    }
    checks
}

impl Situation {
    /// Whether the verdict may hang on ECDSA.
    fn has_ec_key(&self) -> bool {
        let server = self.broker.iter().filter_map(|broker| broker.certificates.first());
        self.anchors.iter().chain(server).any(|certificate| matches!(public_key(certificate), Some(PublicKey::Ec { .. })))
    }
}

/// A key no device can use is let through for the verdict; here the generator has its say.
fn check_anchor(certificate: &Certificate, situation: &Situation) -> Vec<Check> {
    let origin = certificate.origin();
    let mut checks = Vec::new();
    match TrustAnchor::try_from(certificate.clone()) {
        Ok(anchor) => {
            let name = display_name(anchor.subject());
            checks.push(check_of(Grade::Pass, origin, format!("anchor {name}, {}", anchor.key())));
            if !anchor.is_ca() {
                let finding = format!("{name} is not marked as a CA: the device trusts it only as the server's own certificate");
                checks.push(check_of(Grade::Warning, origin, finding));
            }
        }
        Err(problem) => {
            checks.push(check_of(Grade::Fail, origin, format!("no anchor can be generated of it: {}", problem.kind)));
        }
    }
    // A device never looks at an anchor's dates.
    checks.extend(check_dates(certificate, situation, Grade::Warning));
    checks
}

fn check_broker(broker: &Broker, chain: &[&[u8]], situation: &Situation) -> Vec<Check> {
    let mut checks = Vec::new();
    checks.extend(broker.passes.iter().map(|pass| check_of(Grade::Pass, "broker", pass)));
    checks.extend(broker.warnings.iter().map(|warning| check_of(Grade::Warning, "broker", warning)));
    checks.extend(broker.startup_refusals().into_iter().map(|refusal| check_of(Grade::Fail, "broker", refusal)));
    if let Ok(list) = broker.cipher_list() {
        let ignored = list.ignored.iter().map(|word| format!("ciphers: OpenSSL does not know \"{word}\" and passes over it"));
        let unclear = list
            .not_understood
            .iter()
            .map(|word| format!("ciphers: \"{word}\" is not understood here; the verdict leaves it out and may be wrong"));
        checks.extend(ignored.chain(unclear).map(|finding| check_of(Grade::Warning, "broker", finding)));
    }
    let added = added_from_store(broker, chain);
    if !added.is_empty() {
        checks.push(check_of(Grade::Pass, "broker", format!("sends {} more of cafile behind its certificate", added.len())));
    }
    for (position, certificate) in broker.certificates.iter().chain(added).enumerate() {
        checks.extend(check_dates(certificate, situation, Grade::Fail));
        if position == 0 {
            checks.extend(describe_server(certificate));
        }
    }
    if broker.revocation_list {
        let finding = "a revocation list is set; whether it refuses the client certificate is not checked";
        checks.push(check_of(Grade::Warning, "broker", finding));
    }
    checks
}

/// What OpenSSL sends behind the certificates of `certfile`.
fn added_from_store<'a>(broker: &'a Broker, chain: &[&[u8]]) -> Vec<&'a Certificate> {
    let added = chain.iter().skip(broker.certificates.len());
    added.filter_map(|der| broker.store.iter().find(|certificate| certificate.der() == *der)).collect()
}

fn describe_server(certificate: &Certificate) -> Vec<Check> {
    let Some(parsed) = Parsed::read(certificate.der()) else {
        return vec![check_of(
            Grade::Warning,
            certificate.origin(),
            "the certificate is malformed; only BearSSL's own decoding is judged",
        )];
    };
    let (alternative, common) = names(&parsed);
    let names = alternative.unwrap_or(common).join(", ");
    let finding = format!("server certificate {}, for {names}", display_name(parsed.x509.subject().as_raw()));
    vec![check_of(Grade::Pass, certificate.origin(), finding)]
}

fn check_client(own: &Certificate, situation: &Situation, profiles: &[&'static Profile]) -> Vec<Check> {
    let origin = own.origin();
    let mut checks = Vec::new();
    let advised = profiles.iter().any(|profile| profile.client_keys != ClientKeys::Any);
    if advised && !is_p256(own) {
        checks.push(check_of(Grade::Warning, origin, "Tasmota stores EC P-256 client keys only (TLSKey1)"));
    }
    let limit = profiles.iter().filter_map(|profile| profile.largest_client_certificate).min();
    if let Some(limit) = limit.filter(|limit| own.der().len() > *limit) {
        let finding = format!("{} bytes of certificate; Tasmota's TLSKey2 has room for {limit}", own.der().len());
        checks.push(check_of(Grade::Warning, origin, finding));
    }
    let Some(parsed) = Parsed::read(own.der()) else { return checks };
    if let Err(alert) = client::check_use(&parsed) {
        checks.push(check_of(Grade::Fail, origin, format!("{}; {}", alert.reason, alert.cure)));
    }
    if parsed.x509.is_ca() {
        let finding =
            "a CA's certificate: its key signs all others and does not belong on a device; give the device one of its own";
        checks.push(check_of(Grade::Warning, origin, finding));
    }
    checks.extend(check_demand(own, &parsed, situation));
    checks
}

/// Where the broker is not known to demand a certificate, the verdict says nothing about this one.
fn check_demand(own: &Certificate, parsed: &Parsed<'_>, situation: &Situation) -> Option<Check> {
    let demand = match situation.broker.as_ref().map_or(ClientCertificate::Unknown, |broker| broker.client_certificate) {
        ClientCertificate::Demanded => return None,
        ClientCertificate::NotAsked => "the broker does not ask for a client certificate",
        ClientCertificate::Asked => "whether the broker demands a client certificate, and of which CAs, cannot be seen from here",
        ClientCertificate::Unknown => {
            "whether the broker asks for a client certificate, and of which CAs, is not known; --mosquitto-conf tells"
        }
    };
    Some(match client::judge_alone(parsed, situation.now) {
        Ok(()) => check_of(Grade::Pass, own.origin(), demand),
        Err(alert) => {
            let finding = format!("{demand}; a broker that demands one would refuse this one: {}", alert.reason);
            check_of(Grade::Warning, own.origin(), finding)
        }
    })
}

/// Dates, and whether the end is nearer than `--expires-within`; what has run out already is as bad as `expired`.
fn check_dates(certificate: &Certificate, situation: &Situation, expired: Grade) -> Vec<Check> {
    let Some(parsed) = Parsed::read(certificate.der()) else { return Vec::new() };
    let origin = certificate.origin();
    let validity = parsed.x509.validity();
    let left = validity.not_after.timestamp() - situation.now.unix_seconds();
    let end = Time::from_unix_seconds(validity.not_after.timestamp());
    if validity.not_before.timestamp() > situation.now.unix_seconds() {
        let start = Time::from_unix_seconds(validity.not_before.timestamp());
        return vec![check_of(expired, origin, format!("not valid before {start}"))];
    }
    if let Some(seconds) = situation.expires_within.filter(|seconds| left < *seconds) {
        let finding = format!("valid until {end}: less than {} more", days(seconds));
        return vec![Check { ends_too_soon: true, ..check_of(Grade::Fail, origin, finding) }];
    }
    if left < 0 {
        return vec![check_of(expired, origin, format!("expired on {end}"))];
    }
    vec![check_of(Grade::Pass, origin, format!("valid until {end}, {} more", days(left)))]
}

fn days(seconds: i64) -> String {
    format!("{} days", seconds / 86_400)
}
