//! The golden inputs and the pinned outputs through the library alone.
//!
//! The package `ta-tests` proves the same through the command, and much more. This small program is for the mutation check, which builds
//! and runs it hundreds of times: it needs nothing but the library.

#![cfg(feature = "build")]

use std::fs;
use std::path::{Path, PathBuf};

use ta_codegen::c::{HeaderOptions, PemHeaderOptions};
use ta_codegen::error::ProblemKind;
use ta_codegen::{NameError, TrustAnchor, c, read_certificates, read_trust_anchors, rust, unique};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(path: &Path) -> String {
    String::from_utf8(read(path)).expect("UTF-8")
}

fn fixture(name: &str) -> PathBuf {
    project().join("fixtures").join(name)
}

/// The columns of a table whose first line names them.
fn table(path: &Path) -> Vec<Vec<String>> {
    text(path).lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// What `--brssl` owes for each golden input of a folder: the bytes, or `None` for a refusal.
fn golden(folder: &Path) -> Vec<(PathBuf, Option<String>)> {
    let departures = table(&project().join("tests/golden_departures.tsv"));
    let expected = |row: &Vec<String>| match departures.iter().find(|departure| departure[0] == row[0]) {
        Some(departure) if departure[1] == "refused" => None,
        Some(departure) => Some(text(&fixture("golden").join(format!("{}.c", departure[1])))),
        None => (row[1] == "0").then(|| text(&folder.join(format!("{}.c", row[0])))),
    };
    table(&folder.join("index.tsv")).iter().map(|row| (folder.join(&row[0]), expected(row))).collect()
}

fn judge(folder: &Path) -> usize {
    let inputs = golden(folder);
    for (path, expected) in &inputs {
        let output = read_trust_anchors(&read(path), "input").map(|anchors| c::brssl(&anchors));
        if let Err(error) = &output {
            same_error_number(path, error);
        }
        assert!(output.as_ref().ok() == expected.as_ref(), "{}: {output:?}", path.display());
    }
    inputs.len()
}

/// Where brssl says with which error its decoder stopped, the refusal carries the same number.
fn same_error_number(path: &Path, error: &ta_codegen::Error) {
    let index = table(&path.with_file_name("index.tsv"));
    let row = index.iter().find(|row| path.ends_with(&row[0])).expect("a row");
    let Some((_, number)) = row[4].split_once("failed with error ") else { return };
    if let ProblemKind::Decode(refusal) = &error.problems()[0].kind {
        assert_eq!(refusal.bearssl_error().to_string(), number, "{}: {error}", path.display());
    }
}

#[test]
fn golden_inputs() {
    assert!(judge(&fixture("golden")) >= 40);
    let shared = project().join("../shared/golden");
    if shared.is_dir() {
        judge(&shared);
    } else {
        eprintln!("NOT RUN: the golden inputs of ../shared, because the folder is not there");
    }
}

fn anchors(names: &[&str]) -> Vec<TrustAnchor> {
    names.iter().flat_map(|name| read_trust_anchors(&read(&fixture(name)), name).expect("a good certificate")).collect()
}

#[test]
fn pinned_outputs() {
    let anchors = anchors(&["ca-rsa2048.crt", "ca-p256.crt"]);
    let headers = c::tasmota(&unique(&anchors)).expect("anchors without labels");
    assert_eq!(headers.data, text(&fixture("expected/local_ca_data.h")));
    assert_eq!(headers.descriptor, text(&fixture("expected/local_ca_descriptor.h")));
    assert_eq!(rust::source(&unique(&anchors), "TRUST_ANCHORS"), Ok(text(&fixture("expected/trust_anchors.rs"))));
}

#[test]
fn pinned_headers() {
    let two = anchors(&["ca-rsa2048.crt", "ca-p256.crt"]);
    let options = HeaderOptions {
        name: "LOCAL".to_owned(),
        count_name: Some("LOCAL_COUNT".to_owned()),
        prefix: "CA".to_owned(),
        include: "SSLClient.h".to_owned(),
        progmem: true,
        is_static: false,
    };
    assert_eq!(c::header(&unique(&two), &HeaderOptions::default()), Ok(text(&fixture("expected/trust_anchors.h"))));
    assert_eq!(c::header(&unique(&two), &options), Ok(text(&fixture("expected/trust_anchors_options.h"))));

    // Longer than the strings that C99 promises.
    let six =
        ["ca-rsa2048.crt", "ca-p256.crt", "ca-p384.crt", "ca-name-constraints.crt", "ca-expired.crt", "golden/a-seed1__ca.crt"];
    let six = anchors(&six);
    let options = PemHeaderOptions { name: "root_ca".to_owned(), progmem: true, is_static: false };
    assert_eq!(c::pem_header(&two, &PemHeaderOptions::default()), Ok(text(&fixture("expected/ca_certificates.h"))));
    assert_eq!(c::pem_header(&six, &options), Ok(text(&fixture("expected/ca_certificates_options.h"))));
}

#[test]
fn headers_refuse_what_is_no_c() {
    let two = anchors(&["ca-rsa2048.crt", "ca-p256.crt"]);
    let header = |options: &HeaderOptions| c::header(&unique(&two), options);
    for include in ["", "<>", "a\"b.h", "a\\b.h", "<a.h", "a.h>", "a\n.h"] {
        let options = HeaderOptions { include: include.to_owned(), ..HeaderOptions::default() };
        assert_eq!(header(&options), Err(NameError::Include(include.to_owned())));
    }
    for name in ["TA0_DN", "1st", "a b"] {
        assert!(header(&HeaderOptions { name: name.to_owned(), ..HeaderOptions::default() }).is_err(), "{name}");
        assert!(header(&HeaderOptions { count_name: Some(name.to_owned()), ..HeaderOptions::default() }).is_err(), "{name}");
    }
    assert!(header(&HeaderOptions { count_name: Some("TAs".to_owned()), ..HeaderOptions::default() }).is_err());
    assert!(c::pem_header(&two, &PemHeaderOptions { name: "1st".to_owned(), ..PemHeaderOptions::default() }).is_err());
}

/// Each refusal of `fixtures/expected/messages.txt`, to the letter.
#[test]
fn pinned_messages() {
    let mut refusals = 0;
    for section in text(&fixture("expected/messages.txt")).split("## ").skip(1) {
        let (heading, said) = section.split_once('\n').expect("a heading and what is said");
        let name = heading.rsplit(": ").next().expect("a fixture");
        let Some(said) = said.trim_end().strip_prefix("error: ") else { continue };
        let file = Path::new(name).file_name().and_then(|file| file.to_str()).expect("a file name");
        let error = read_trust_anchors(&read(&fixture(name)), file).expect_err("a refusal");
        assert_eq!(error.to_string(), said.replace("\nerror: ", "\n"));
        refusals += 1;
    }
    assert!(refusals > 20);
}

#[test]
fn bytes_behind_a_certificate_are_counted() {
    let der = [anchors(&["ca-p256.crt"])[0].certificate(), &[0; 3]].concat();
    let file = pem::encode(&pem::Pem::new("CERTIFICATE", der));
    let said = read_trust_anchors(file.as_bytes(), "f").expect_err("a refusal").to_string();
    assert!(said.contains("(bytes: 3)"), "{said}");
}

/// What messages say of labels, positions and lines, which the golden inputs have little of.
#[test]
fn positions_and_labels() {
    let ca = text(&fixture("ca-p256.crt"));
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let says = |input: &str, words: &str| {
        let said = read_trust_anchors(input.as_bytes(), "f").expect_err("a refusal").to_string();
        assert!(said.contains(words), "{said}");
    };
    says(&format!("text\r\n{key}{bad}{ca}{bad}"), "f: certificate 1 (line 5): ");
    says(&format!("{ca}{key}{bad}"), "f: certificate 2 (line 17): ");
    says("-----BEGIN CERTIFICATE-----\rAAAA\rA!AA\r-----END CERTIFICATE-----\r", "is damaged in line 3: ");
    says(&key.repeat(2), "f: holds no certificate: it holds a private key; ");
    let labels: String = (0..10).map(|index| format!("-----BEGIN L{index}-----\n-----END L{index}-----\n")).collect();
    says(&labels, ": it holds L0, L1, L2, L3, L4, L5, L6, L7; ");
    says(&key.replace("KEY-----\nAA", "KEY-----AA"), ": it holds PRIVATE KEY (and more on its line); ");
    says(&key.replace("BEGIN PRIVATE KEY-----", "BEGIN PRIVATE KEY"), ": it holds a private key; ");
    let long = format!("X {} {}", "Y".repeat(15), "Z".repeat(15));
    says(&format!("-----BEGIN {long}-----\n-----END {long}-----\n"), ": it holds X YYYYYYYYYYYYYYY (and more on its line); ");
    let long = format!("{} {}", "X".repeat(16), "Y".repeat(15));
    says(&format!("-----BEGIN {long}-----\n-----END {long}-----\n"), &format!(": it holds {long}; "));
    says(&format!("-----BEGIN {long} Z-----\n-----END X-----\n"), &format!(": it holds {long} (and more on its line); "));
    says(&format!("-----BEGIN X {}-----\n-----END X-----\n", "Y".repeat(17)), ": it holds X (and more on its line); ");
    says(&format!("-----BEGIN {}-----\n-----END X-----\n", "Y".repeat(17)), ": it holds PEM (and more on its line); ");
    says(&format!("\n-----BEGIN {}-----\n", "X".repeat(122)), "the BEGIN in line 2 has no label");
    says(&format!("-----BEGIN {}-----\n", "X".repeat(121)), "line 1: the PEM (and more on its line) block");
    let encrypted =
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\nAAAA\nAA!A\n-----END RSA PRIVATE KEY-----\n";
    says(&format!("{ca}{encrypted}"), &format!("damaged in line {}: ", ca.lines().count() + 6));
    let encrypted = encrypted.replace('!', "A");
    assert!(brssl(format!("{ca}{encrypted}").as_bytes()).is_some());
    assert!(brssl(format!("{ca}{}", encrypted.replace("Proc", "\nProc")).as_bytes()).is_some());
    says("\n \tx-----BEGIN CERTIFICATE-----\n", "the BEGIN in line 2 does not stand");
    says("a\nb\n-----END CERTIFICATE-----\n", "f: line 3: this END line of a certificate has no BEGIN line");
    says("a\nb\n-----END X-----\n", "the END in line 3 has no BEGIN");
}

/// What is wrong with the Base64 of a block, each in its own words.
#[test]
fn damaged_base64() {
    let block = |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    for (body, line, reason) in [
        ("AAAA\nAA=A", 3, "its Base64 padding is wrong"),
        ("A===", 2, "its Base64 padding is wrong"),
        ("AAA=\nAAAA", 3, "there is data behind the padding"),
        ("AAA=\nAAA=\nAAAA", 3, "there is data behind the padding"),
        ("AAAA\nAAA", 3, "its Base64 characters are no multiple of four"),
        ("AA!A", 2, "it holds a character that is not Base64"),
        ("AB==", 2, "its last Base64 character is wrong"),
    ] {
        let error = read_certificates(block(body).as_bytes(), "f").expect_err(body);
        assert!(error.to_string().contains(&format!("is damaged in line {line}: {reason}")), "{body}: {error}");
    }
    for body in ["AAAA\nAAA=\n\n", " AA\tA A\x01\r\n", "AAA=\n \n"] {
        assert!(read_certificates(block(body).as_bytes(), "f").is_ok(), "{body}");
    }
}

/// What else a DER file may hold, by the first elements alone.
#[test]
fn other_things_in_der() {
    let numbered = |number: u8| element(0x02, &[number]);
    let algorithm = element(0x30, &element(0x06, &[1, 2]));
    let empty = element(0x30, &[]);
    let request = [numbered(0), empty.clone(), empty.clone(), element(0xA0, &[])].concat();
    let list = |date: u8| element(0x30, &[numbered(1), empty.clone(), empty.clone(), element(date, &[])].concat());
    for (content, what) in [
        (numbered(0), "it is a private key; give the certificate instead"),
        (numbered(3), "it is a PKCS#12 container; take the CA out with `openssl pkcs12 "),
        (element(0x06, &[1, 2]), "it is a PKCS#7 container; take the CA out with `openssl pkcs7 -inform DER "),
        (algorithm, "it is a public key or an encrypted private key; give the certificate instead"),
        (element(0x30, &request), "it is a certificate signing request; give the certificate instead"),
        (list(0x17), "it is a revocation list; give the certificate instead"),
        (list(0x18), "it is a revocation list; give the certificate instead"),
    ] {
        let said = read_trust_anchors(&element(0x30, &content), "f").expect_err(what).to_string();
        assert!(said.contains(what), "{said}");
    }
    // A certificate of version 1 begins as a request does.
    assert!(brssl(&replaced(&[0xA0, 3, 2, 1, 2], &[])).is_some());
    let said = read_trust_anchors(&[0x30, 3, 2, 1, 0], "f").expect_err("a number").to_string();
    assert!(said.contains("it is a private key; "), "{said}");
    // The indefinite length of BER is none: this is text to look for PEM in, or nothing at all.
    let indefinite = [&[0x30, 0x80][..], &[0; 128]].concat();
    let said = read_trust_anchors(&indefinite, "f").expect_err("BER").to_string();
    assert!(said.contains("it is neither PEM"), "{said}");
}

/// What people take for a certificate is read, or is an error: it is never left out in silence.
#[test]
fn no_certificate_is_lost() {
    let [first, second] = ["ca-rsa2048.crt", "ca-p256.crt"].map(|name| text(&fixture(name)));
    let both = brssl(format!("{first}{second}").as_bytes());
    assert!(both.is_some());
    assert_eq!(brssl(format!("{}{second}", first.trim_end()).as_bytes()), both);
    let glued = format!("{}{}", first.trim_end(), second.replacen("MII", "!", 1));
    let said = read_trust_anchors(glued.as_bytes(), "f").expect_err("damaged Base64").to_string();
    let line = first.lines().count();
    assert!(
        said.contains(&format!("f: certificate 2 (line {line}): the CERTIFICATE block is damaged in line {}: ", line + 1)),
        "{said}"
    );

    let end = (first.clone() + &second).lines().count();
    for begin in ["----BEGIN CERTIFICATE-----", "subject=X -----BEGIN CERTIFICATE-----", "-----BEGIN-CERTIFICATE-----", ""] {
        for order in [false, true] {
            let damaged = second.replace("-----BEGIN CERTIFICATE-----", begin);
            let (input, line) = match order {
                false => (format!("{first}{damaged}"), end),
                true => (format!("{damaged}{first}"), second.lines().count()),
            };
            let said = read_trust_anchors(input.as_bytes(), "f").expect_err("a certificate is lost").to_string();
            assert_eq!(said.lines().count(), 1, "{said}");
            assert!(said.starts_with(&format!("f: line {line}: this END line of a certificate")), "{said}");
        }
    }
    // One fault is told once, and the END of something else is nobody's business.
    let stray = second.replacen("\nMII", "\n-MII", 1);
    let said = read_trust_anchors(format!("{stray}{first}").as_bytes(), "f").expect_err("a stray dash").to_string();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(brssl(format!("{first}-----END PRIVATE KEY-----\n").as_bytes()).is_some());
}

fn brssl(input: &[u8]) -> Option<String> {
    read_trust_anchors(input, "input").ok().map(|anchors| c::brssl(&anchors))
}

#[test]
fn encodings_of_text() {
    let ca = text(&fixture("ca-p256.crt"));
    let expected = brssl(ca.as_bytes());
    assert!(expected.is_some());
    let utf16 =
        |bytes_of: fn(u16) -> [u8; 2]| "\u{feff}".chars().chain(ca.chars()).flat_map(|c| bytes_of(c as u16)).collect::<Vec<u8>>();
    let inputs = [
        utf16(u16::to_be_bytes),
        utf16(u16::to_le_bytes),
        ca.replace('\n', "\r\n").into_bytes(),
        ca.replace('\n', "\r").into_bytes(),
        ca.replacen('\n', "\r", 3).into_bytes(),
        ca.trim_end().as_bytes().to_vec(),
        ca.replace("\n", "\n\t ").into_bytes(),
        ca.replace("CERTIFICATE", "x509_Certificate").into_bytes(),
        format!("-----BEGIN {}-----\n{ca}", "X".repeat(122)).into_bytes(),
    ];
    for (index, input) in inputs.iter().enumerate() {
        assert_eq!(brssl(input), expected, "{index}");
    }
}

/// A DER element with a length of four octets.
fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag, 0x84][..], &u32::try_from(value.len()).expect("short").to_be_bytes(), value].concat()
}

/// The fixture CA with the last occurrence of `old` in it replaced.
fn replaced(old: &[u8], new: &[u8]) -> Vec<u8> {
    let anchors = anchors(&["ca-p256.crt"]);
    let der = anchors[0].certificate();
    let start = der.windows(old.len()).rposition(|window| window == old).expect("what is to be replaced");
    let end = 8 + usize::from(u16::from_be_bytes([der[6], der[7]]));
    let tbs = element(0x30, &[&der[8..start], new, &der[start + old.len()..end]].concat());
    element(0x30, &[&tbs, &der[end..]].concat())
}

/// The fixture CA with a subject of that many bytes.
fn with_subject(length: usize) -> Vec<u8> {
    replaced(anchors(&["ca-p256.crt"])[0].subject(), &element(0x30, &vec![0; length - 6]))
}

/// RFC 5280, section 4.1.2.5.1: the two digits of a UTCTime's year mean 1950 to 2049.
#[test]
fn years_of_two_digits() {
    for (digits, year) in [(b"50", "1950-"), (b"49", "2049-"), (b"99", "1999-"), (b"00", "2000-")] {
        let der = replaced(b"\x17\x0D26", &[&[0x17, 0x0D], &digits[..]].concat());
        let anchors = read_trust_anchors(&der, "f").expect("a good certificate");
        assert!(anchors[0].validity().not_before.to_string().starts_with(year), "{year}");
    }
}

/// The fixture CA whose authorityKeyIdentifier, a SEQUENCE of 24 bytes, is called nameConstraints and begins with these two.
fn with_name_constraints(header: [u8; 2]) -> Vec<u8> {
    let extension = |identifier: u8, header: [u8; 2]| [&[0x55, 0x1D, identifier, 0x04, 0x18], &header[..]].concat();
    replaced(&extension(0x23, [0x30, 0x16]), &extension(0x1E, header))
}

/// BearSSL skips name constraints. What rustls could not read is refused, so that nobody trusts more than was meant.
#[test]
fn name_constraints_are_one_sequence() {
    let read = |header| read_trust_anchors(&with_name_constraints(header), "f");
    let anchors = read([0x30, 0x16]).expect("one sequence");
    assert_eq!(anchors[0].name_constraints().map(<[u8]>::len), Some(24));
    for header in [[0x31, 0x16], [0x30, 0x15], [0x30, 0x17], [0x05, 0x00]] {
        assert!(read(header).is_err(), "{header:?}");
    }
}

/// What makes no difference on a device is written once; as PEM, where the device looks at dates, each certificate is.
#[test]
fn what_is_written_once() {
    let read = |der: &[u8]| read_trust_anchors(der, "f").expect("a good certificate").remove(0);
    let ca = anchors(&["ca-p256.crt"]).remove(0);
    let renewed = read(&replaced(b"\x17\x0D26", b"\x17\x0D25"));
    let constrained = read(&with_name_constraints([0x30, 0x16]));
    let all = [ca.clone(), renewed, ca, constrained];
    assert_eq!(unique(&all).len(), 2);
    let header = c::pem_header(&all, &PemHeaderOptions::default()).expect("a good name");
    assert_eq!(header.matches("BEGIN CERTIFICATE").count(), 3);
}

#[test]
fn the_name_of_a_rust_static_is_a_name_alone() {
    let anchors = anchors(&["ca-p256.crt"]);
    for name in ["ANCHORS", "r#static"] {
        assert!(rust::source(&unique(&anchors), name).is_ok(), "{name}");
    }
    for name in ["", " A", "A ", "A/**/", "1A", "static", "A B"] {
        assert!(rust::source(&unique(&anchors), name).is_err(), "{name}");
    }
}

/// A length of BER alone, and one whose value lies beyond every integer here, must not be taken for a small one.
#[test]
fn lengths_that_mean_nothing() {
    let old = anchors(&["ca-p256.crt"])[0].subject().to_vec();
    let with_header = |header: &[u8]| read_trust_anchors(&replaced(&old, header), "f");
    assert!(with_header(&[0x30, 0]).is_ok());
    assert!(with_header(&[0x30, 0x8A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).is_ok());
    for header in [&[0x30, 0x80][..], &[0x30, 0x8A, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[0x30, 0x84, 1, 0, 0, 0]] {
        assert!(with_header(header).is_err(), "{header:?}");
    }
}

#[test]
fn versions() {
    let version = |number: &[u8]| brssl(&replaced(&[0xA0, 3, 2, 1, 2], &element(0xA0, &element(2, number)))).is_some();
    for number in [&[0][..], &[1], &[2], &[0, 0, 2], &[0; 9]] {
        assert!(version(number), "{number:?}");
    }
    for number in [&[][..], &[3], &[0x80], &[1, 0], &[2, 2], &[0, 1, 0, 0], &[0x7F; 4], &[0x7F; 40]] {
        assert!(!version(number), "{number:?}");
    }
}

/// The fixture CA with a key of that many bytes in the place of its point.
fn with_point(length: usize) -> Vec<u8> {
    let anchors = anchors(&["ca-p256.crt"]);
    let spki = anchors[0].spki();
    // SEQUENCE, its length, and the AlgorithmIdentifier of 19 bytes and its header.
    let algorithm = &spki[2..2 + 2 + 19];
    replaced(spki, &element(0x30, &[algorithm, &element(0x03, &vec![0; length + 1])].concat()))
}

/// BearSSL's decoder gives up where a key is longer than its buffer; a point within it is of the wrong length.
#[test]
fn points_longer_than_the_buffer() {
    for (length, words) in [(520, "here 520)"), (521, "larger than BearSSL's buffers"), (600, "larger than BearSSL's buffers")] {
        let said = read_trust_anchors(&with_point(length), "f").expect_err("no point of P-256").to_string();
        assert!(said.contains(words), "{length}: {said}");
    }
}

/// C99 promises strings of 4095 characters (section 5.2.4.1); a longer one is announced to the compiler.
#[test]
fn a_string_as_long_as_c_promises() {
    let p384 = anchors(&["ca-p384.crt"]);
    let as_long =
        (80..200).map(with_subject).find(|der| der.len() == p384[0].certificate().len()).expect("a subject of some length");
    let mut lengths = Vec::new();
    for subject in 1300..1400 {
        let more = [&as_long, &with_subject(subject)];
        let read = |der: &Vec<u8>| read_trust_anchors(der, "f").expect("a good certificate");
        let three: Vec<TrustAnchor> = p384.iter().cloned().chain(more.into_iter().flat_map(read)).collect();
        let header = c::pem_header(&three, &PemHeaderOptions::default()).expect("a good name");
        // Each line of the string: tab, quote, text, backslash, n, quote.
        let lines = header.lines().filter(|line| line.starts_with("\t\""));
        let length: usize = lines.map(|line| line.trim_end_matches(';').len() - 4).sum();
        assert_eq!(header.contains("#pragma GCC diagnostic push"), length > 4095, "{length}");
        lengths.push(length);
    }
    assert!(lengths.contains(&4095));
}

#[test]
fn limits() {
    let limit = ta_codegen::MAXIMUM_SUBJECT_SIZE;
    assert_eq!(read_trust_anchors(&with_subject(limit), "f").expect("at the limit")[0].subject().len(), limit);
    assert!(read_trust_anchors(&with_subject(limit + 1), "f").is_err());
    // A header that claims the rest of the file, so that nobody looks for PEM in it.
    for (size, words) in
        [(ta_codegen::MAXIMUM_FILE_SIZE, "well-formed"), (ta_codegen::MAXIMUM_FILE_SIZE + 1, "larger than 256 MiB")]
    {
        let mut file = vec![0; size];
        file[..6].copy_from_slice(&element(0x30, &[])[..6]);
        file[2..6].copy_from_slice(&u32::try_from(size - 6).expect("short").to_be_bytes());
        assert!(read_trust_anchors(&file, "f").expect_err("zeros").to_string().contains(words));
    }
    let blocks = |count| "-----BEGIN X-----\n-----END X-----\n".repeat(count);
    let says = |input: String| read_trust_anchors(input.as_bytes(), "f").expect_err("no certificate").to_string();
    assert!(says(blocks(ta_codegen::MAXIMUM_CERTIFICATES)).contains("it holds X;"));
    assert!(says(blocks(ta_codegen::MAXIMUM_CERTIFICATES + 1)).contains("more than 100000 PEM blocks"));
}

#[test]
fn certificates_are_found_without_being_decoded() {
    let two = text(&fixture("golden/g-own__two-cas.crt"));
    let found = read_certificates(two.as_bytes(), "f").expect("two certificates");
    let anchors = read_trust_anchors(two.as_bytes(), "f").expect("two anchors");
    assert_eq!(found.len(), 2);
    for (certificate, anchor) in found.iter().zip(&anchors) {
        assert_eq!((certificate.der(), certificate.origin()), (anchor.certificate(), anchor.origin()));
    }
    let der = read_certificates(anchors[0].certificate(), "f").expect("one certificate");
    assert_eq!(der[0].origin().to_string(), "f: certificate 1");
    // Any block of whole Base64 is found, whatever it holds.
    let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(read_certificates(other.as_bytes(), "f").expect("a block")[0].der(), [0, 0, 0]);
}

/// `inspect` names the keys that BearSSL does not know as well.
#[cfg(feature = "cli")]
#[test]
fn key_types_by_name() {
    let now = ta_codegen::time::Time::new(2026, 1, 1, 0, 0, 0).expect("a day that exists");
    for (name, key) in [
        ("c-keys__ED25519.crt", "Ed25519 (1.3.101.112)"),
        ("c-keys__ec-secp256k1.crt", "EC secp256k1 (1.3.132.0.10)"),
        ("c-keys__ec-secp384r1.crt", "EC P-384"),
        ("c-keys__ec-explicit.crt", "EC explicit parameters"),
    ] {
        let (inspections, _) = ta_codegen::inspect::inspect(&read(&fixture("golden").join(name)), name);
        let text = inspections[0].text(now);
        assert!(text.contains(&format!("  key          {key}\n")), "{text}");
    }
}
