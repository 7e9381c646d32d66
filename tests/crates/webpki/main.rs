//! Validates certificates, given as DER files, with rustls-webpki and anchors that ta-types made; without files it
//! compares the anchors of Debian's root certificates with those that rustls-webpki reads itself.

#![allow(deprecated, reason = "some of Debian's roots expire, which is a warning of the macros")]

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::time::Duration;
use ta_types::{TrustAnchor, include_certificates, include_trust_anchors, pki_types};

const ANCHORS: &[TrustAnchor<'static>; 4] = include_trust_anchors!(
    concat!(env!("CHAINS"), "/rsa/ca.crt"),
    concat!(env!("CHAINS"), "/p256/ca.crt"),
    concat!(env!("CHAINS"), "/p384/ca.crt"),
    concat!(env!("CHAINS"), "/constrained/ca.crt"),
);
static TABLE: [rustls_pki_types::TrustAnchor<'static>; ANCHORS.len()] = pki_types::trust_anchors(ANCHORS);

const ROOTS: &[TrustAnchor<'static>] = include_trust_anchors!(@DEBIAN_ROOTS);
static ROOT_CERTIFICATES: &[&[u8]] = include_certificates!(@DEBIAN_ROOTS);

fn main() {
    let mut arguments = std::env::args().skip(1);
    match arguments.next() {
        Some(host) => println!("{}", validate(&host, arguments)),
        None => println!("{}", compare()),
    }
}

fn validate(host: &str, files: impl Iterator<Item = String>) -> String {
    let certificates: Vec<_> = files.map(|path| CertificateDer::from(std::fs::read(path).expect("a DER file"))).collect();
    let server = webpki::EndEntityCert::try_from(&certificates[0]).expect("a certificate");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let chain = server.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &TABLE,
        &certificates[1..],
        UnixTime::since_unix_epoch(now),
        webpki::KeyUsage::server_auth(),
        None,
        None,
    );
    let name = ServerName::try_from(host).expect("a host name");
    match chain.and_then(|_| server.verify_is_valid_for_subject_name(&name)) {
        Ok(()) => "accepted".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

fn compare() -> String {
    assert_eq!(ROOTS.len(), ROOT_CERTIFICATES.len());
    for (anchor, certificate) in ROOTS.iter().zip(ROOT_CERTIFICATES) {
        let certificate = CertificateDer::from(*certificate);
        let expected = webpki::anchor_from_trusted_cert(&certificate).expect("rustls-webpki reads the certificate");
        assert_eq!(anchor.to_pki_types(), expected);
    }
    for (anchor, path) in TABLE.iter().zip(["rsa", "p256", "p384", "constrained"]) {
        let certificate = std::fs::read(format!("{}/{path}/ca.der", env!("CHAINS"))).expect("a DER file");
        let certificate = CertificateDer::from(certificate);
        assert_eq!(*anchor, webpki::anchor_from_trusted_cert(&certificate).expect("a certificate"));
    }
    format!("{} equal", ROOTS.len() + TABLE.len())
}
