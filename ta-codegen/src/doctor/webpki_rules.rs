//! A rustls client's rules, by the `webpki` crate itself.

use super::Situation;
use super::negotiation::Alert;
use super::signature::{Abilities, Algorithm, Hash, Signed};
use crate::{Curve, TrustAnchor};
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, ServerName, SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use std::time::Duration;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// Checks the chain; an error carries the nearest of BearSSL's numbers, so that targets can be compared.
pub(super) fn check_chain(situation: &Situation, chain: &[&[u8]]) -> Result<(), Alert> {
    // Only what the generator makes an anchor of gets into the firmware.
    let generated = situation.anchors.iter().filter(|certificate| TrustAnchor::try_from((*certificate).clone()).is_ok());
    let anchors: Vec<_> = generated.map(|certificate| CertificateDer::from(certificate.der())).collect();
    let anchors: Vec<_> = anchors.iter().filter_map(|der| anchor_from_trusted_cert(der).ok()).collect();
    let chain: Vec<_> = chain.iter().copied().map(CertificateDer::from).collect();
    let refuse = |error: webpki::Error| refusal(&error, &situation.host);
    let server = EndEntityCert::try_from(&chain[0]).map_err(refuse)?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(situation.now.unix_seconds().max(0).unsigned_abs()));
    server.verify_for_usage(ALGORITHMS, &anchors, &chain[1..], now, KeyUsage::server_auth(), None, None).map_err(refuse)?;
    if situation.host.is_empty() {
        return Ok(());
    }
    let name = ServerName::try_from(situation.host.as_str())
        .map_err(|_| alert(56, "the host is neither a DNS name nor an address", "use a name rustls accepts"))?;
    server.verify_is_valid_for_subject_name(&name).map_err(refuse)
}

fn alert(error: u16, reason: &str, cure: &str) -> Alert {
    Alert { error, reason: reason.to_owned(), cure: cure.to_owned() }
}

fn refusal(error: &webpki::Error, host: &str) -> Alert {
    use webpki::Error as E;
    let reason = format!("webpki refuses the chain: {error:?}");
    let (number, cure) = match error {
        E::UnknownIssuer => (62, "use the CA that issued the server's certificate as anchor".to_owned()),
        E::CertExpired { .. } | E::CertNotValidYet { .. } => (54, "renew the certificate; check the clock".to_owned()),
        E::CertNotValidForName(_) => {
            (56, format!("issue the certificate with subjectAltName for {host}; rustls never looks at the common name"))
        }
        E::CaUsedAsEndEntity => (58, "issue the server a certificate of its own, without CA:TRUE".to_owned()),
        E::EndEntityUsedAsCa | E::PathLenConstraintViolated => (58, "issue the CA with basicConstraints CA:TRUE".to_owned()),
        E::UnsupportedCriticalExtension => (57, "issue the certificate without that critical extension".to_owned()),
        E::RequiredEkuNotFoundContext(_) => (57, "issue the certificate with extendedKeyUsage=serverAuth".to_owned()),
        E::InvalidSignatureForPublicKey => (52, "send the chain that belongs to the certificate".to_owned()),
        E::UnsupportedCertVersion => (49, "issue the certificate as X.509 version 3".to_owned()),
        _ => (49, "issue the certificate with RSA-2048 or EC P-256 and SHA-256".to_owned()),
    };
    Alert { error: number, reason, cure }
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
