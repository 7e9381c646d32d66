//! A second reader, `x509-parser`, finds the same subject, key and CA flag in every certificate that it can read.

use std::{fs, path::Path};

use ta_codegen::{Curve, PublicKey, TrustAnchor, read_trust_anchors};
use x509_parser::{certificate::X509Certificate, oid_registry, pem::Pem, public_key::PublicKey as ReadKey};

use crate::support::{debian_roots, fixture, read, shared, text};

/// What `x509-parser` does not read in golden inputs that both brssl and openssl take, by the start of the file's name.
const NOT_READ: &[(&str, &str)] = &[
    // It stops before what stands inside the SEQUENCE without belonging there.
    ("f-der__dn-garbage-inside-seq", "subject"),
    // A path length beyond 32 bits.
    ("f-der__bc-pathlen-big", "CA flag"),
    // An INTEGER that is longer than it need be.
    ("f-der__rsa-n-leading0s", "key"),
    ("f-der__rsa-e-leading0", "key"),
];

/// The certificates that `x509-parser` finds in a file, as DER, in the file's order.
fn certificates(bytes: &[u8]) -> Vec<Vec<u8>> {
    if bytes.first() == Some(&0x30) {
        return vec![bytes.to_vec()];
    }
    let blocks = Pem::iter_from_buffer(bytes).filter_map(Result::ok);
    blocks.filter(|block| block.label == "CERTIFICATE").map(|block| block.contents).collect()
}

/// Leading zeros only tell that an INTEGER is not negative.
fn unsigned(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    &number[zeros..]
}

fn curve_of(certificate: &X509Certificate<'_>) -> Option<Curve> {
    let parameters = certificate.public_key().algorithm.parameters.as_ref()?;
    let identifier = parameters.as_oid().ok()?;
    [
        (oid_registry::OID_EC_P256, Curve::P256),
        (oid_registry::OID_NIST_EC_P384, Curve::P384),
        (oid_registry::OID_NIST_EC_P521, Curve::P521),
    ]
    .into_iter()
    .find_map(|(known, curve)| (known == identifier).then_some(curve))
}

fn raw_name_constraints<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    let mut extensions = certificate.extensions().iter();
    let found = extensions.find(|extension| extension.oid == oid_registry::OID_X509_EXT_NAME_CONSTRAINTS)?;
    Some(found.value)
}

/// Says in what `anchor` differs from what `x509-parser` reads in the same certificate.
fn differences(anchor: &TrustAnchor, certificate: &X509Certificate<'_>) -> Vec<&'static str> {
    let same_key = match (anchor.key(), certificate.public_key().parsed()) {
        (PublicKey::Rsa { n, e }, Ok(ReadKey::RSA(key))) => n == unsigned(key.modulus) && e == unsigned(key.exponent),
        (PublicKey::Ec { curve, q }, Ok(ReadKey::EC(point))) => q == point.data() && Some(curve) == curve_of(certificate),
        _ => false,
    };
    // Where basicConstraints stands twice, x509-parser does not choose; BearSSL takes the last one.
    let same_flag =
        certificate.basic_constraints().map_or(true, |found| anchor.is_ca() == found.is_some_and(|extension| extension.value.ca));
    [
        ("subject", anchor.subject() == certificate.subject().as_raw()),
        ("SubjectPublicKeyInfo", anchor.spki() == certificate.public_key().raw),
        ("key", same_key),
        ("CA flag", same_flag),
        ("issuer", anchor.issuer() == certificate.issuer().as_raw()),
        ("nameConstraints", anchor.name_constraints() == raw_name_constraints(certificate)),
        ("serial", anchor.serial() == certificate.raw_serial()),
    ]
    .into_iter()
    .filter_map(|(part, same)| (!same).then_some(part))
    .collect()
}

/// Compares a file's anchors with `x509-parser`'s reading of them. Returns how many certificates both have read.
fn compare(path: &Path, faults: &mut Vec<String>) -> usize {
    let bytes = read(path);
    // What is refused has been judged with the golden outputs.
    let Ok(anchors) = read_trust_anchors(&bytes, text(path)) else { return 0 };
    let mut compared = 0;
    for der in certificates(&bytes) {
        let Ok((_, certificate)) = x509_parser::parse_x509_certificate(&der) else { continue };
        compared += 1;
        match anchors.iter().find(|anchor| anchor.certificate() == der) {
            None => faults.push(format!("{}: a certificate that x509-parser finds is missing", path.display())),
            Some(anchor) => {
                let mut differing = differences(anchor, &certificate);
                let name = path.file_name().expect("a file name").to_string_lossy();
                differing.retain(|part| !NOT_READ.iter().any(|(file, unread)| name.starts_with(file) && part == unread));
                if !differing.is_empty() {
                    faults.push(format!("{}: {} differs", anchor.origin(), differing.join(", ")));
                }
            }
        }
    }
    compared
}

/// Compares every file, and reports all differences at once. Returns how many certificates both have read.
fn compare_all<'a>(paths: impl IntoIterator<Item = &'a Path>) -> usize {
    let mut faults = Vec::new();
    let compared = paths.into_iter().map(|path| compare(path, &mut faults)).sum();
    assert!(faults.is_empty(), "{} differences:\n{}", faults.len(), faults.join("\n"));
    compared
}

fn compare_folder(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("a readable folder");
    let files: Vec<_> = entries.map(|entry| entry.expect("a readable entry").path()).collect();
    compare_all(files.iter().map(AsRef::as_ref))
}

#[test]
fn x509_parser_agrees_on_the_debian_roots() {
    let roots = debian_roots();
    assert_eq!(compare_all(roots.iter().map(AsRef::as_ref)), roots.len());
}

#[test]
fn x509_parser_agrees_on_own_inputs() {
    assert_eq!(compare_all([fixture("ca-name-constraints.crt").as_path()]), 1);
    assert!(compare_folder(&fixture("golden")) >= 20);
}

#[test]
fn x509_parser_agrees_on_the_golden_inputs() {
    if let Some(folder) = shared("golden") {
        assert!(compare_folder(&folder) >= 100);
    }
}
