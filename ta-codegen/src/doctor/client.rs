//! The device's own certificate, as the broker judges it.

use super::broker::{Broker, ClientCertificate, public_key};
use super::fault::HANDSHAKE_FAILURE;
use super::negotiation::Alert;
use super::openssl::chain::{LONGEST_CHAIN, Parsed, Store};
use super::openssl::security::objection;
use super::parts::Anchor;
use super::profile::{ClientKeys, Profile};
use super::signature::{Abilities, Hash, Signed, is_rsa};
use crate::time::Time;
use crate::{Certificate, Curve, PublicKey, display_name};
use x509_parser::extensions::ParsedExtension;

/// What OpenSSL itself can verify, of what BearSSL's signature table knows.
const OPENSSL: Abilities = Abilities {
    hashes: &[Hash::Sha1, Hash::Sha224, Hash::Sha256, Hash::Sha384, Hash::Sha512],
    ecdsa: Some(&[Curve::P256, Curve::P384, Curve::P521]),
    largest_rsa: 16_384,
};

const CERTIFICATE_REQUIRED: u16 = 372;
const BAD_CERTIFICATE: u16 = 298;
const UNSUPPORTED_CERTIFICATE: u16 = 299;
const CERTIFICATE_EXPIRED: u16 = 301;
const UNKNOWN_CA: u16 = 304;
const DECRYPT_ERROR: u16 = 307;

/// What the broker says to the device's certificate, if it asks for one.
pub(super) fn judge(
    profile: &Profile,
    broker: &Broker,
    store: &Store<'_>,
    client: &[Certificate],
    now: Time,
) -> Result<(), Alert> {
    if broker.client_certificate != ClientCertificate::Demanded {
        return Ok(());
    }
    let Some(own) = client.first().filter(|own| can_hold(profile, own)) else {
        return Err(no_certificate(profile, client));
    };
    let parsed = Parsed::read(own.der()).ok_or_else(|| alert(BAD_CERTIFICATE, "it cannot be read", CURE_AGAIN))?;
    judge_certificate(broker, store, &parsed, client, now)
}

fn no_certificate(profile: &Profile, client: &[Certificate]) -> Alert {
    let reason = match client {
        [] => "the broker demands a client certificate (`require_certificate true`) and the device has none",
        _ => {
            "the broker demands a client certificate, and this one cannot be stored on the device: Tasmota takes EC P-256 keys only"
        }
    };
    // RFC 8446, section 6.2
    let error = if profile.speaks_tls13() { CERTIFICATE_REQUIRED } else { HANDSHAKE_FAILURE };
    let cure = match profile.client_keys {
        ClientKeys::P256 | ClientKeys::P256Advised => {
            "store an EC P-256 key and certificate with TLSKey1 and TLSKey2 (`ta-codegen tls-key`)"
        }
        ClientKeys::Any => "give the device a key and a certificate of a CA in the broker's cafile",
    };
    alert(error, reason, cure)
}

const CURE_AGAIN: &str =
    "issue the client certificate again: EC P-256, extendedKeyUsage=clientAuth, by a CA in the broker's cafile";

fn alert(error: u16, reason: &str, cure: &str) -> Alert {
    Alert { error, reason: reason.to_owned(), cure: cure.to_owned() }
}

/// Whether the device can hold the key.
pub(super) fn can_hold(profile: &Profile, certificate: &Certificate) -> bool {
    profile.client_keys != ClientKeys::P256 || is_p256(certificate)
}

/// Whether the certificate's key is of the only kind Tasmota can hold.
pub(super) fn is_p256(certificate: &Certificate) -> bool {
    matches!(public_key(certificate), Some(PublicKey::Ec { curve: Curve::P256, .. }))
}

/// What a broker of OpenSSL's default security level that demands a certificate would say to this one, whatever its `cafile` holds.
pub(super) fn judge_alone(own: &Parsed<'_>, now: Time) -> Result<(), Alert> {
    check_strength(own, DEFAULT_LEVEL)?;
    check_use(own)?;
    check_dates(own, 0, now)
}

/// Debian's level, which the list of ciphers may change.
const DEFAULT_LEVEL: u32 = 2;

fn check_strength(own: &Parsed<'_>, level: u32) -> Result<(), Alert> {
    if objection(own, level, true).is_some_and(|objection| objection.starts_with("ee")) {
        return Err(alert(BAD_CERTIFICATE, "the client's key is too small for the broker's security level", CURE_AGAIN));
    }
    Ok(())
}

/// `X509_verify_cert` for the purpose of a TLS client, in its order: chain, purpose and extensions, strength, signatures and dates.
fn judge_certificate(
    broker: &Broker,
    store: &Store<'_>,
    own: &Parsed<'_>,
    client: &[Certificate],
    now: Time,
) -> Result<(), Alert> {
    let level = broker.cipher_list().map_or(DEFAULT_LEVEL, |list| list.security_level);
    check_strength(own, level)?;
    let others = Store::new(client.get(1..).unwrap_or_default());
    let chain = build(own, &others, store, now).ok_or_else(|| {
        alert(
            UNKNOWN_CA,
            "the client's certificate was issued by a CA that is not in the broker's cafile",
            "add the issuing CA to the broker's cafile",
        )
    })?;
    check_purposes(own, &chain)?;
    if let Some(weak) = chain.iter().find_map(|certificate| objection(certificate, level, false)) {
        return Err(alert(BAD_CERTIFICATE, &format!("the client's chain is too weak for the broker: {weak}"), CURE_AGAIN));
    }
    if broker.revocation_list {
        return Ok(());
    }
    check_signatures_and_dates(&chain, now)
}

/// From the client's certificate up to a self-signed one in the store.
fn build<'c, 'a>(own: &'c Parsed<'a>, others: &'c Store<'a>, store: &'c Store<'a>, now: Time) -> Option<Vec<&'c Parsed<'a>>> {
    let mut chain = vec![own];
    let mut last = own;
    while !last.is_self_signed() {
        last = store.issuer_of(last, now).or_else(|| others.issuer_of(last, now))?;
        if chain.len() == LONGEST_CHAIN || chain.iter().any(|known| known.der == last.der) {
            return None;
        }
        chain.push(last);
    }
    store.contains(last).then_some(chain)
}

/// Whether extendedKeyUsage allows client authentication, `None` where there is none.
fn allows_clients(certificate: &Parsed<'_>) -> Option<bool> {
    certificate.extension(|extension| match extension {
        ParsedExtension::ExtendedKeyUsage(usage) => Some(usage.client_auth),
        _ => None,
    })
}

/// `check_purpose_ssl_client` of OpenSSL: a CA's certificate passes where its extensions do not forbid it.
pub(super) fn check_use(own: &Parsed<'_>) -> Result<(), Alert> {
    // digitalSignature or keyAgreement
    let usable = own.key_usage().is_none_or(|usage| usage & (1 | 1 << 4) != 0);
    if allows_clients(own) == Some(false) || !usable {
        let reason = "extendedKeyUsage or keyUsage of the client's certificate does not allow client authentication";
        return Err(alert(
            UNSUPPORTED_CERTIFICATE,
            reason,
            "issue it with `extendedKeyUsage=clientAuth` and keyUsage=digitalSignature",
        ));
    }
    Ok(())
}

fn check_purposes(own: &Parsed<'_>, chain: &[&Parsed<'_>]) -> Result<(), Alert> {
    check_use(own)?;
    let not_ca = chain.iter().skip(1).any(|ca| !is_ca(ca));
    if not_ca {
        return Err(alert(
            UNKNOWN_CA,
            "a CA of the client's chain is not marked as a CA",
            "issue the CA with basicConstraints CA:TRUE",
        ));
    }
    if chain.iter().skip(1).any(|ca| allows_clients(ca) == Some(false)) {
        return Err(alert(UNSUPPORTED_CERTIFICATE, "a CA of the client's chain may not issue client certificates", CURE_AGAIN));
    }
    Ok(())
}

/// `check_ca` of OpenSSL: basicConstraints, or for a self-signed certificate of version 1 nothing at all.
fn is_ca(certificate: &Parsed<'_>) -> bool {
    match certificate.x509.basic_constraints() {
        Ok(Some(constraints)) => constraints.value.ca,
        _ => {
            let is_version_1 = certificate.x509.version.0 == 0;
            (is_version_1 && certificate.is_self_signed()) || certificate.key_usage().is_some()
        }
    }
}

fn check_signatures_and_dates(chain: &[&Parsed<'_>], now: Time) -> Result<(), Alert> {
    // OpenSSL begins at the root.
    for (position, certificate) in chain.iter().enumerate().rev() {
        let issuer = chain.get(position + 1).unwrap_or(certificate);
        if position + 1 < chain.len() && !signature_holds(certificate, issuer) {
            return Err(alert(DECRYPT_ERROR, "a signature of the client's chain does not verify", CURE_AGAIN));
        }
        check_dates(certificate, position, now)?;
    }
    Ok(())
}

fn check_dates(certificate: &Parsed<'_>, position: usize, now: Time) -> Result<(), Alert> {
    let validity = certificate.x509.validity();
    let [from, to] = [validity.not_before, validity.not_after].map(|date| Time::from_unix_seconds(date.timestamp()));
    let (which, cure) = name_in_chain(certificate, position);
    if from > now {
        return Err(alert(BAD_CERTIFICATE, &format!("{which} is not valid before {from}"), cure));
    }
    if to < now {
        return Err(alert(CERTIFICATE_EXPIRED, &format!("{which} expired on {to}"), cure));
    }
    Ok(())
}

/// What to call a certificate of the client's chain, and what to do when its dates are wrong.
fn name_in_chain(certificate: &Parsed<'_>, position: usize) -> (String, &'static str) {
    let name = display_name(certificate.x509.subject().as_raw());
    match position {
        0 => (format!("the client's certificate ({name})"), CURE_AGAIN),
        _ => (
            format!("the CA {name}, which the client's certificate leads to,"),
            "renew that CA's certificate in the broker's cafile",
        ),
    }
}

/// A signature or key this program cannot verify counts as good: OpenSSL knows more algorithms.
fn signature_holds(certificate: &Parsed<'_>, issuer: &Parsed<'_>) -> bool {
    let Some(signed) = Signed::of_certificate(certificate.der) else { return true };
    let Ok(issuer) = Anchor::read(issuer.der) else { return true };
    if is_rsa(&issuer.key) != signed.algorithm.rsa {
        return false;
    }
    signed.verify(&issuer.key, &OPENSSL).is_ok()
}
