//! A rustls client's rules, by the `webpki` crate itself.

use super::Situation;
use super::explain::{CURE_CLOCK, names};
use super::negotiation::Alert;
use super::openssl::chain::Parsed;
use super::signature::{Abilities, Algorithm, Hash, Signed};
use crate::time::Time;
use crate::{Curve, TrustAnchor};
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, ServerName, SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use std::net::IpAddr;
use std::time::Duration;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// Checks the chain; an error carries the nearest of BearSSL's numbers, so that targets can be compared.
pub(super) fn check_chain(situation: &Situation, chain_der: &[&[u8]]) -> Result<(), Alert> {
    // Only what the generator makes an anchor of gets into the firmware.
    let generated = situation.anchors.iter().filter(|certificate| TrustAnchor::try_from((*certificate).clone()).is_ok());
    let anchors: Vec<_> = generated.map(|certificate| CertificateDer::from(certificate.der())).collect();
    let anchors: Vec<_> = anchors.iter().filter_map(|der| anchor_from_trusted_cert(der).ok()).collect();
    let chain: Vec<_> = chain_der.iter().copied().map(CertificateDer::from).collect();
    let refuse = |error: webpki::Error| refusal(&error, situation, chain_der[0]);
    let server = EndEntityCert::try_from(&chain[0]).map_err(refuse)?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(situation.now.unix_seconds().max(0).unsigned_abs()));
    server.verify_for_usage(ALGORITHMS, &anchors, &chain[1..], now, KeyUsage::server_auth(), None, None).map_err(refuse)?;
    if situation.host.is_empty() {
        return Ok(());
    }
    let name = ServerName::try_from(situation.host.as_str()).map_err(|_| not_a_name(&situation.host))?;
    server.verify_is_valid_for_subject_name(&name).map_err(refuse)
}

/// RFC 1123 allows no underscore, and rustls keeps to it.
fn not_a_name(host: &str) -> Alert {
    Alert {
        error: 56,
        reason: format!("rustls takes {host} neither for a DNS name nor for an address"),
        cure: "let the device connect by a name of letters, digits, hyphens and dots".to_owned(),
    }
}

/// webpki's own name for the error stands behind the words.
fn refusal(error: &webpki::Error, situation: &Situation, server: &[u8]) -> Alert {
    let (number, words, cure) = match dates(error, situation).or_else(|| names_of(error, situation, server)) {
        Some(found) => found,
        None => {
            let (number, words, cure) = in_words(error);
            (number, words.to_owned(), cure.to_owned())
        }
    };
    let whole = format!("{error:?}");
    let name = whole.split([' ', '(', '{']).next().unwrap_or_default();
    Alert { error: number, reason: format!("{words} (webpki: {name})"), cure }
}

fn dates(error: &webpki::Error, situation: &Situation) -> Option<(u16, String, String)> {
    let clock = situation.now;
    let time = |time: &UnixTime| Time::from_unix_seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    let (words, cure) = match error {
        webpki::Error::CertExpired { not_after, .. } => (
            format!("a certificate of the chain expired on {}, and the device's clock says {clock}", time(not_after)),
            "renew the certificate; check the clock",
        ),
        webpki::Error::CertNotValidYet { not_before, .. } => (
            format!("a certificate of the chain is not valid before {}, and the device's clock says {clock}", time(not_before)),
            CURE_CLOCK,
        ),
        _ => return None,
    };
    Some((54, words, cure.to_owned()))
}

fn names_of(error: &webpki::Error, situation: &Situation, server: &[u8]) -> Option<(u16, String, String)> {
    let webpki::Error::CertNotValidForName(_) = error else { return None };
    let host = &situation.host;
    let (alternative, _) = Parsed::read(server).map(|certificate| names(&certificate)).unwrap_or_default();
    let alternative = alternative.filter(|names| !names.is_empty()).map_or_else(|| "none".to_owned(), |names| names.join(", "));
    let kind = if host.parse::<IpAddr>().is_ok() { "IP" } else { "DNS" };
    Some((
        56,
        format!("{host} is not among the names in subjectAltName of the server's certificate ({alternative})"),
        format!("issue the certificate with `subjectAltName={kind}:{host}`; rustls never looks at the common name"),
    ))
}

/// The nearest of BearSSL's numbers, why, and the cure.
fn in_words(error: &webpki::Error) -> (u16, &'static str, &'static str) {
    use webpki::Error as E;
    match error {
        E::UnknownIssuer => {
            (62, "no anchor issued the chain that the broker sends", "use the CA that issued the server's certificate as anchor")
        }
        E::CaUsedAsEndEntity => {
            (58, "the server's certificate is that of a CA", "issue the server a certificate of its own, without CA:TRUE")
        }
        E::EndEntityUsedAsCa => {
            (58, "a certificate of the chain issued another and is no CA's", "issue the CA with basicConstraints CA:TRUE")
        }
        E::PathLenConstraintViolated => {
            (58, "a CA of the chain allows fewer CAs below it", "issue the CA with a greater pathlen, or with none")
        }
        E::UnsupportedCriticalExtension => (
            57,
            "a certificate of the chain has a critical extension that rustls does not know",
            "issue the certificate without that critical extension",
        ),
        E::RequiredEkuNotFoundContext(_) => (
            57,
            "extendedKeyUsage of a certificate of the chain does not allow servers",
            "issue the certificate with extendedKeyUsage=serverAuth",
        ),
        E::NameConstraintViolation => {
            (56, "a CA of the chain may not issue certificates for this name", "use a CA whose nameConstraints allow the name")
        }
        E::InvalidSignatureForPublicKey => (
            52,
            "a signature of the chain does not verify, or its key is smaller or larger than rustls takes",
            "send the chain that belongs to the certificate, with RSA keys from 2048 to 8192 bits",
        ),
        E::UnsupportedCertVersion => {
            (49, "a certificate of the chain is not of version 3", "issue the certificate as X.509 version 3")
        }
        _ => (49, "rustls cannot use a certificate of the chain", "issue the certificate with RSA-2048 or EC P-256 and SHA-256"),
    }
}

/// One signature algorithm, verified as everywhere in the doctor.
#[derive(Debug)]
struct Verifier {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    algorithm: Algorithm,
    curve: Option<Curve>,
}

/// What rustls verifies with: RSA from 2048 to 8192 bits.
const ABILITIES: Abilities = Abilities {
    hashes: &[Hash::Sha256, Hash::Sha384, Hash::Sha512],
    ecdsa: Some(&[Curve::P256, Curve::P384, Curve::P521]),
    largest_rsa: 8192,
};

impl SignatureVerificationAlgorithm for Verifier {
    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let signed = Signed::new(self.algorithm, message, signature);
        signed.verify_with_bits(public_key, self.curve, &ABILITIES).ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

const fn rsa(signature: AlgorithmIdentifier, hash: Hash) -> Verifier {
    Verifier { key: alg_id::RSA_ENCRYPTION, signature, algorithm: Algorithm { rsa: true, hash }, curve: None }
}

const fn ecdsa(key: AlgorithmIdentifier, curve: Curve, signature: AlgorithmIdentifier, hash: Hash) -> Verifier {
    Verifier { key, signature, algorithm: Algorithm { rsa: false, hash }, curve: Some(curve) }
}

/// The certificate signatures of rustls's default providers, without RSA-PSS and Ed25519, which are not verified here.
static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    &rsa(alg_id::RSA_PKCS1_SHA256, Hash::Sha256),
    &rsa(alg_id::RSA_PKCS1_SHA384, Hash::Sha384),
    &rsa(alg_id::RSA_PKCS1_SHA512, Hash::Sha512),
    &ecdsa(alg_id::ECDSA_P256, Curve::P256, alg_id::ECDSA_SHA256, Hash::Sha256),
    &ecdsa(alg_id::ECDSA_P256, Curve::P256, alg_id::ECDSA_SHA384, Hash::Sha384),
    &ecdsa(alg_id::ECDSA_P384, Curve::P384, alg_id::ECDSA_SHA256, Hash::Sha256),
    &ecdsa(alg_id::ECDSA_P384, Curve::P384, alg_id::ECDSA_SHA384, Hash::Sha384),
    &ecdsa(alg_id::ECDSA_P521, Curve::P521, alg_id::ECDSA_SHA512, Hash::Sha512),
];
