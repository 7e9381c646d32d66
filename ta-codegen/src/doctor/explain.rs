//! Why a chain is refused, in plain words, and what mends it. All texts about chains are here.

use super::Situation;
use super::fault::*;
use super::openssl::chain::Parsed;
use super::parts::Anchor;
use super::profile::Profile;
use super::signature::{Signed, is_rsa};
use super::validator::Refusal;
use crate::error::DecodeError;
use crate::time::Time;
use crate::{PublicKey, bearssl, display_name};
use std::net::IpAddr;
use x509_parser::extensions::{GeneralName, ParsedExtension};

pub(super) const CURE_LARGE_KEY: &str = "use RSA-2048 keys, or build the firmware with USE_4K_RSA (then judge with --4k-rsa)";

/// Reason and cure of a refusal.
pub(super) fn refusal(profile: &Profile, situation: &Situation, chain: &[&[u8]], refusal: Refusal) -> (String, String) {
    let Refusal { error, certificate: position } = refusal;
    let which = which(chain, position);
    let certificate = chain.get(position).and_then(|der| Parsed::read(der));
    let table = bearssl::error(error.0);
    let meaning = table.map(|entry| entry.meaning).unwrap_or_default();
    let cure = table.map(|entry| entry.cure).unwrap_or_default().to_owned();
    match (error, certificate) {
        (EXPIRED, Some(certificate)) => validity(situation, &which, &certificate, cure),
        (BAD_SERVER_NAME, Some(certificate)) => server_name(&situation.host, &certificate),
        (NOT_TRUSTED, _) => not_trusted(profile, situation, chain),
        (UNSUPPORTED, _) => (unsupported(profile, chain, position), unsupported_cure(profile, chain, position)),
        (BAD_SIGNATURE, Some(_)) => bad_signature(profile, chain, position, cure),
        _ => (format!("{which}: {meaning}"), cure),
    }
}

fn which(chain: &[&[u8]], position: usize) -> String {
    let subject = chain
        .get(position)
        .and_then(|der| Parsed::read(der))
        .map(|certificate| display_name(certificate.x509.subject().as_raw()));
    let subject = subject.unwrap_or_else(|| "unreadable".to_owned());
    match position {
        0 => format!("the server's certificate ({subject})"),
        _ => format!("certificate {} of the chain the broker sends ({subject})", position + 1),
    }
}

/// A certificate that is not valid yet needs no other one.
pub(super) const CURE_CLOCK: &str = "set the device's clock: let it reach an NTP server";

fn validity(situation: &Situation, which: &str, certificate: &Parsed<'_>, renew: String) -> (String, String) {
    let validity = certificate.x509.validity();
    let [from, to] = [validity.not_before, validity.not_after].map(|date| Time::from_unix_seconds(date.timestamp()));
    let clock = situation.now;
    if from > clock {
        let reason = format!("{which} is not valid before {from}, and the device's clock says {clock}");
        return (reason, CURE_CLOCK.to_owned());
    }
    (format!("{which} expired on {to}, and the device's clock says {clock}"), renew)
}

/// The names a certificate has: all alternative names, and the common names.
pub(super) fn names(certificate: &Parsed<'_>) -> (Option<Vec<String>>, Vec<String>) {
    let alternative = certificate.extension(|extension| match extension {
        ParsedExtension::SubjectAlternativeName(names) => Some(names.general_names.iter().map(general_name).collect::<Vec<_>>()),
        _ => None,
    });
    let common = certificate.x509.subject().iter_common_name().filter_map(|name| name.as_str().ok()).map(str::to_owned).collect();
    (alternative, common)
}

fn general_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => format!("DNS:{name}"),
        GeneralName::IPAddress(bytes) => address(bytes).map_or_else(|| "IP:(malformed)".to_owned(), |ip| format!("IP:{ip}")),
        GeneralName::RFC822Name(name) => format!("email:{name}"),
        GeneralName::URI(name) => format!("URI:{name}"),
        _ => "another kind of name".to_owned(),
    }
}

/// 4 or 16 bytes (RFC 5280, section 4.2.1.6).
fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

fn server_name(host: &str, certificate: &Parsed<'_>) -> (String, String) {
    let (alternative, common) = names(certificate);
    let common = if common.is_empty() { "none".to_owned() } else { common.join(", ") };
    let address = host.parse::<IpAddr>().ok();
    let is_address = address.is_some();
    let reason = match &alternative {
        Some(names) if is_address && names.iter().any(|name| *name == format!("IP:{host}")) => format!(
            "the server's certificate has {host} as an IP address, and BearSSL looks at DNS names only: any subjectAltName ({}) switches the common name ({common}) off",
            names.join(", ")
        ),
        Some(names) => format!(
            "{host} is not among the DNS names of the server's certificate ({}); a subjectAltName switches the common name ({common}) off",
            names.join(", ")
        ),
        None => format!("{host} is not the common name of the server's certificate ({common})"),
    };
    (reason, name_cure(host, address))
}

fn name_cure(host: &str, address: Option<IpAddr>) -> String {
    if let Some(name) = host.strip_suffix('.') {
        return format!("leave out the dot at the end on the device, for certificates have none: {name}");
    }
    let issue = format!("issue the server's certificate with `subjectAltName=DNS:{host}`");
    match address {
        Some(IpAddr::V6(_)) => {
            "let the device connect by a host name, and issue the server's certificate with `subjectAltName=DNS:` and that name; \
             an IPv6 address is never matched as one, only as the text of a DNS name, in the device's own spelling"
                .to_owned()
        }
        Some(IpAddr::V4(_)) => {
            format!("{issue} (an address as a DNS name is what BearSSL matches), or with CN={host} and no subjectAltName at all")
        }
        None => issue,
    }
}

fn not_trusted(profile: &Profile, situation: &Situation, chain: &[&[u8]]) -> (String, String) {
    let anchors = Anchor::of(&situation.anchors);
    let issuers: Vec<_> = chain.iter().filter_map(|der| Some((Parsed::read(der)?, Signed::of_certificate(der)))).collect();
    for (certificate, signed) in &issuers {
        let issuer = certificate.x509.issuer();
        let named = anchors.iter().find(|anchor| anchor.subject == issuer.as_raw());
        if let Some(anchor) = named {
            return same_name(profile, anchor, signed.as_ref(), &display_name(issuer.as_raw()));
        }
    }
    let last = issuers.last().map(|(certificate, _)| display_name(certificate.x509.issuer().as_raw())).unwrap_or_default();
    let similar = issuers.iter().any(|(certificate, _)| {
        let wanted = display_name(certificate.x509.issuer().as_raw());
        anchors.iter().any(|anchor| display_name(anchor.subject) == wanted)
    });
    if similar {
        return (
            format!("an anchor has the name {last}, but written in another encoding: BearSSL compares names byte by byte"),
            "make the anchor from the very CA certificate that issued the server's, not from a re-issued one".to_owned(),
        );
    }
    (
        format!("no anchor has the name {last}, which issued the last certificate the broker sends"),
        "make the anchor from the CA that issued the server's certificate, or let the broker send its intermediates".to_owned(),
    )
}

/// An anchor has the issuer's name and still does not do.
fn same_name(profile: &Profile, anchor: &Anchor<'_>, signed: Option<&Signed<'_>>, name: &str) -> (String, String) {
    if !anchor.is_ca {
        return (
            format!(
                "the anchor {name} is not marked as a CA (no basicConstraints CA:TRUE), so it is trusted only as a server's own certificate"
            ),
            "issue the CA with `basicConstraints=critical,CA:TRUE` and make the anchor again".to_owned(),
        );
    }
    match anchor.key {
        PublicKey::Ec { .. } if profile.abilities.ecdsa.is_none() => (
            format!("the anchor {name} has an EC key, and the device has ECDSA off"),
            "use an RSA CA (on an ESP32 from October 2025 on, `SetOption165 1` allows EC P-256)".to_owned(),
        ),
        PublicKey::Ec { curve, .. } if !profile.abilities.ecdsa.is_some_and(|curves| curves.contains(&curve)) => (
            format!("the anchor {name} has a key on {curve}, which the device cannot verify"),
            "use an RSA or P-256 CA".to_owned(),
        ),
        PublicKey::Rsa { n, .. } if n.len() * 8 > profile.abilities.largest_rsa => (
            format!("the anchor {name} has a key of {} bits, more than the device can verify", n.len() * 8),
            CURE_LARGE_KEY.to_owned(),
        ),
        _ if signed.is_some_and(|signed| signed.algorithm.rsa != is_rsa(&anchor.key)) => (
            format!("the anchor {name} has another kind of key than the CA that signed"),
            "make the anchor from the CA that issued the server's certificate".to_owned(),
        ),
        _ => (
            format!("the anchor {name} has the issuer's name but another key: it is another CA, or the CA was made anew"),
            "make the anchor from the CA that issued the server's certificate, and flash it".to_owned(),
        ),
    }
}

/// What the signature of a certificate says, such as `sha384WithRSAEncryption`.
fn signature_name(certificate: &Parsed<'_>) -> String {
    let oid = &certificate.x509.signature_algorithm.algorithm;
    let name = x509_parser::objects::oid2sn(oid, x509_parser::objects::oid_registry());
    name.map_or_else(|_| oid.to_id_string(), str::to_owned)
}

/// The signature that decides: the certificate's own, or, when its algorithm is known, the one it should verify.
fn unsupported(profile: &Profile, chain: &[&[u8]], position: usize) -> String {
    let Some(certificate) = chain.get(position).and_then(|der| Parsed::read(der)) else {
        return format!("{} cannot be read", which(chain, position));
    };
    if matches!(Anchor::read(certificate.der), Err(DecodeError::KeyType(_) | DecodeError::Curve(_))) {
        return format!("{} has a key BearSSL does not know", which(chain, position));
    }
    let hash = Signed::of_certificate(certificate.der).map(|signed| signed.algorithm.hash);
    if hash.is_some_and(|hash| profile.abilities.hashes.contains(&hash)) && position > 0 {
        return format!("{} signed the one before it with an EC key, and the device has ECDSA off", which(chain, position));
    }
    let known: Vec<_> = profile.abilities.hashes.iter().map(|hash| hash.name()).collect();
    let signature = signature_name(&certificate);
    format!("{} is signed with {signature}; the device verifies {} with PKCS#1 only", which(chain, position), known.join(", "))
}

fn unsupported_cure(profile: &Profile, chain: &[&[u8]], position: usize) -> String {
    let ec_issuer = chain.get(position).and_then(|der| Anchor::read(der).ok()).is_some_and(|anchor| !is_rsa(&anchor.key));
    if ec_issuer && position > 0 && profile.abilities.ecdsa.is_none() {
        return "use an RSA CA (on an ESP32 from October 2025 on, `SetOption165 1` allows EC P-256)".to_owned();
    }
    bearssl::error(UNSUPPORTED.0).map(|error| error.cure.to_owned()).unwrap_or_default()
}

fn bad_signature(profile: &Profile, chain: &[&[u8]], position: usize, cure: String) -> (String, String) {
    let which_one = which(chain, position);
    let key = chain.get(position).and_then(|der| Anchor::read(der).ok()).map(|anchor| anchor.key);
    match key {
        Some(key @ PublicKey::Rsa { n, .. }) if n.len() * 8 > profile.abilities.largest_rsa => {
            (format!("{which_one} has a key ({key}) too large for the device to verify with"), CURE_LARGE_KEY.to_owned())
        }
        Some(PublicKey::Ec { curve, .. }) if !profile.abilities.ecdsa.is_some_and(|curves| curves.contains(&curve)) => (
            format!("{which_one} has a key on {curve}, which the device cannot verify with"),
            "use an RSA or P-256 CA".to_owned(),
        ),
        _ => (format!("{which_one} did not sign the certificate before it: the name is right, the key is not"), cure),
    }
}
