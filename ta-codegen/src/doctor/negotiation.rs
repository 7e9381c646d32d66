//! Which cipher suite an OpenSSL server agrees on with a device, or the alert it ends the handshake with.

use super::broker::Broker;
use super::fault::HANDSHAKE_FAILURE;
use super::openssl::chain::Parsed;
use super::openssl::cipher_list::CipherList;
use super::openssl::security::{least_bits, objection};
use super::openssl::suites::{BEARSSL_FULL, Suite};
use super::profile::{Group, Profile, Suites};
use crate::Curve;
use std::fmt;
use x509_parser::public_key::PublicKey;

/// How the handshake ends before any certificate was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alert {
    /// 256 and the alert's number.
    pub(super) error: u16,
    /// Why, in words.
    pub(super) reason: String,
    pub(super) cure: String,
}

const PROTOCOL_VERSION: u16 = 326;
const INTERNAL_ERROR: u16 = 336;

/// What both sides agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreed {
    /// A cipher suite of TLS 1.2.
    Suite(Suite),
    /// TLS 1.3, where the suite says nothing about certificates (RFC 8446, section 4.1.1).
    Tls13,
}

impl fmt::Display for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suite(suite) => f.write_str(suite.name),
            Self::Tls13 => f.write_str("TLS 1.3"),
        }
    }
}

/// The kind of key in the server's certificate, as far as cipher suites go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ServerKey {
    Rsa,
    /// Whether the curve is among the device's, and digitalSignature is allowed.
    Ec {
        curve_offered: bool,
        may_sign: bool,
    },
    Other,
}

/// Finds what both sides agree on. A broker always accepts TLS 1.3: `tls_version` is the lowest version, and there is no highest.
pub(super) fn negotiate(profile: &Profile, broker: &Broker) -> Result<Agreed, Alert> {
    if let Some(chosen) = broker.suite.and_then(|number| Suite::all().into_iter().find(|suite| suite.number == number)) {
        return Ok(Agreed::Suite(chosen));
    }
    if profile.speaks_tls13() {
        return negotiate_tls13(profile, broker).map(|()| Agreed::Tls13);
    }
    negotiate_tls12(profile, broker).map(Agreed::Suite)
}

/// The version is agreed on first, and there is no way back to TLS 1.2 (RFC 8446, appendix D.1).
fn negotiate_tls13(profile: &Profile, broker: &Broker) -> Result<(), Alert> {
    if !profile.tls13_suites.iter().any(|suite| broker.enables_tls13_suite(suite)) {
        let reason = "none of the device's suites of TLS 1.3 is enabled by `ciphers_tls1.3`".to_owned();
        return Err(failure(reason, "remove the `ciphers_tls1.3` line, or add TLS_AES_128_GCM_SHA256 to it"));
    }
    check_level(profile, &broker.cipher_list().map_err(|reason| failure(reason, CURE_CIPHERS))?)?;
    match server_key(profile, broker) {
        key @ ServerKey::Ec { curve_offered: false, .. } => Err(unfit_key(profile, broker, key)),
        _ => Ok(()),
    }
}

fn negotiate_tls12(profile: &Profile, broker: &Broker) -> Result<Suite, Alert> {
    if !broker.accepts_tls12() {
        let reason = "the broker accepts TLS 1.3 only, and the device speaks TLS 1.2".to_owned();
        return Err(Alert { error: PROTOCOL_VERSION, reason, cure: "set `tls_version tlsv1.2` in mosquitto.conf".to_owned() });
    }
    let list = broker.cipher_list().map_err(|reason| failure(reason, CURE_CIPHERS))?;
    let least = least_bits(list.security_level);
    let strong = |suite: &&Suite| suite.strength() >= least && (list.security_level < 3 || suite.key_exchange == "ECDH");
    let offered = offered(profile);
    let common: Vec<_> = list.suites.iter().filter(strong).filter(|suite| offered.contains(&suite.number)).collect();
    if common.is_empty() {
        return Err(failure(no_common_suite(profile, broker), CURE_CIPHERS));
    }
    check_level(profile, &list)?;
    let key = server_key(profile, broker);
    let fitting = common.iter().find(|suite| fits(suite, key));
    fitting.map(|suite| **suite).ok_or_else(|| unfit_key(profile, broker, key))
}

const CURE_CIPHERS: &str =
    "let the broker offer it: remove the `ciphers` line, or add ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256 to it";

fn failure(reason: String, cure: &str) -> Alert {
    Alert { error: HANDSHAKE_FAILURE, reason, cure: cure.to_owned() }
}

/// The numbers of the suites a device offers.
pub(super) fn offered(profile: &Profile) -> Vec<u16> {
    match profile.suites {
        Suites::BearSslFull => BEARSSL_FULL.to_vec(),
        Suites::Only(names) => {
            let all = Suite::all();
            names.iter().filter_map(|name| all.iter().find(|suite| suite.name == *name)).map(|suite| suite.number).collect()
        }
    }
}

fn no_common_suite(profile: &Profile, broker: &Broker) -> String {
    let offer = match profile.suites {
        Suites::BearSslFull => "none of BearSSL's suites".to_owned(),
        Suites::Only(names) => format!("the device offers only {}, which", names.join(" and ")),
    };
    let list = broker.ciphers.as_deref().unwrap_or("the broker's list");
    match profile.suites {
        Suites::BearSslFull => format!("{offer} is enabled by `ciphers {list}`"),
        Suites::Only(_) => format!("{offer} `ciphers {list}` does not enable: no cipher suite in common"),
    }
}

/// From level 4 on neither P-256 nor SHA-256 is good enough.
fn check_level(profile: &Profile, list: &CipherList) -> Result<(), Alert> {
    let least = least_bits(list.security_level);
    let is_strong = profile.groups.iter().any(|group| group.security_bits() >= least)
        && profile.handshake_hashes.iter().any(|hash| hash.security_bits() >= least);
    if is_strong {
        return Ok(());
    }
    let reason = format!("security level {} of the broker wants more than the device's curves and hashes", list.security_level);
    Err(failure(reason, "lower the security level: `ciphers DEFAULT:@SECLEVEL=2`"))
}

fn server_key(profile: &Profile, broker: &Broker) -> ServerKey {
    let Some(server) = broker.certificates.first().and_then(|certificate| Parsed::read(certificate.der())) else {
        return ServerKey::Rsa;
    };
    match server.x509.public_key().parsed() {
        Ok(PublicKey::RSA(_)) if server.x509.public_key().algorithm.algorithm.to_id_string() == "1.2.840.113549.1.1.1" => {
            ServerKey::Rsa
        }
        Ok(PublicKey::EC(_)) => {
            let may_sign = server.key_usage().is_none_or(|usage| usage & 1 != 0);
            ServerKey::Ec { curve_offered: curve(&server).is_some_and(|curve| offers(profile, curve)), may_sign }
        }
        _ => ServerKey::Other,
    }
}

fn offers(profile: &Profile, curve: Curve) -> bool {
    profile.groups.contains(&Group::Nist(curve))
}

fn curve(server: &Parsed<'_>) -> Option<Curve> {
    let parameters = server.x509.public_key().algorithm.parameters.as_ref()?;
    match parameters.as_oid().ok()?.to_id_string().as_str() {
        "1.2.840.10045.3.1.7" => Some(Curve::P256),
        "1.3.132.0.34" => Some(Curve::P384),
        "1.3.132.0.35" => Some(Curve::P521),
        _ => None,
    }
}

/// `ssl_set_masks` of OpenSSL: an RSA key serves whatever its key usage says, an EC key needs digitalSignature.
fn fits(suite: &Suite, key: ServerKey) -> bool {
    match (suite.authentication, key) {
        ("RSA", ServerKey::Rsa) => matches!(suite.key_exchange, "ECDH" | "RSA"),
        ("ECDSA", ServerKey::Ec { curve_offered, may_sign }) => curve_offered && may_sign,
        _ => false,
    }
}

fn unfit_key(profile: &Profile, broker: &Broker, key: ServerKey) -> Alert {
    let reason = match key {
        ServerKey::Rsa => "the broker's certificate has an RSA key, and no RSA suite is common to both sides",
        ServerKey::Ec { may_sign: false, .. } => "the broker's EC certificate has keyUsage without digitalSignature",
        ServerKey::Ec { .. } if !offers_ecdsa(profile) => {
            "the broker's certificate has an EC key, and the device has ECDSA off: it offers RSA suites only"
        }
        ServerKey::Ec { curve_offered: false, .. } => {
            "the broker's certificate has an EC key on a curve the device does not offer"
        }
        ServerKey::Ec { .. } => {
            "the broker's certificate has an EC key, and its cipher list enables no ECDSA suite the device offers"
        }
        ServerKey::Other => "the broker's certificate has a key BearSSL knows no cipher suite for",
    };
    let cure = match key {
        ServerKey::Rsa => CURE_CIPHERS,
        ServerKey::Ec { may_sign: false, .. } => "issue it with keyUsage=digitalSignature",
        _ if broker.ciphers.is_some() && offers_ecdsa(profile) => CURE_CIPHERS,
        _ if offers_ecdsa(profile) => "give the broker a certificate with an RSA-2048 or EC P-256 key",
        _ => CURE_RSA_SERVER,
    };
    failure(reason.to_owned(), cure)
}

const CURE_RSA_SERVER: &str = "give the broker an RSA-2048 certificate from an RSA CA: `openssl req -newkey rsa:2048 ...` (on an ESP32 from \
                               October 2025 on, `SetOption165 1` allows EC P-256)";

fn offers_ecdsa(profile: &Profile) -> bool {
    match profile.suites {
        Suites::BearSslFull => true,
        Suites::Only(names) => names.iter().any(|name| name.contains("ECDSA")),
    }
}

/// OpenSSL looks at the whole chain once more as it sends it; one that is too weak ends in an internal error.
pub(super) fn sending_objection(broker: &Broker, chain: &[&[u8]]) -> Option<Alert> {
    let level = broker.cipher_list().ok()?.security_level;
    if broker.is_observed {
        return None;
    }
    let weak = chain.iter().enumerate().skip(broker.certificates.len()).find_map(|(position, der)| {
        let objection = objection(&Parsed::read(der)?, level, false)?;
        Some(format!(
            "certificate {} of the chain, taken from cafile, is too weak for security level {level}: {objection}",
            position + 1
        ))
    })?;
    let cure = "use an RSA-2048 CA, or lower the level: `ciphers DEFAULT:@SECLEVEL=0`".to_owned();
    Some(Alert { error: INTERNAL_ERROR, reason: weak, cure })
}
