//! Certificates and files made to break what is generated from them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ta_codegen::read_trust_anchors;

use crate::{
    support::{fixture, openssl, project, read, require, run, ta_codegen, ta_codegen_with, temporary_folder, text, write},
    tasmota_table::TasmotaHeaders,
};

const UTF8_STRING: u8 = 0x0C;
const TELETEX_STRING: u8 = 0x14;
const BMP_STRING: u8 = 0x1E;

/// The values of common names, each with the type of its string, that have broken or fooled some compiler, terminal or reader.
fn hostile_names() -> Vec<(u8, Vec<u8>)> {
    let texts = [
        "*/ int broken; /*",
        "*/ #error out of the comment\n/*",
        "// ends the line",
        "/* opens another",
        "ends with a backslash \\",
        "a backslash and a line feed \\\nint broken;",
        "trigraphs ??/\nint broken; ??' ??( ??< ??/",
        "*??/\n/ int broken; /*",
        "\"quotes\" and 'quotes' and `code`",
        "]] r#\"raw\"# \\u{2a}\\u{2f}",
        "NUL \0 inside",
        "\r\n#error a line of its own",
        "\x1b[2J\x1b]0;title\x07 \u{9b}31m",
        "to the \u{202e}tfel\u{2066} and back\u{2069}",
        "zero\u{200b}width\u{feff}, tag \u{e0041}, soft\u{ad}hyphen",
        "line\u{2028}and paragraph\u{2029}separators, form\u{c}feed, vertical\u{b}tab",
        "%s%n %1$s {} {0}",
        "",
    ];
    let mut names: Vec<_> = texts.into_iter().map(|text| (UTF8_STRING, text.as_bytes().to_vec())).collect();
    names.extend([
        (UTF8_STRING, b"\xFF\xFE not UTF-8 \xC3(".to_vec()),
        (UTF8_STRING, b"overlong \xC0\xAF and \xED\xA0\x80".to_vec()),
        (TELETEX_STRING, b"*/ in T61 \x9B2J".to_vec()),
        (BMP_STRING, "*/ in UCS-2 \u{202e}".encode_utf16().flat_map(u16::to_be_bytes).collect()),
        (BMP_STRING, b"\xD8\x00odd".to_vec()),
        (UTF8_STRING, "*/".repeat(35_000).into_bytes()),
    ]);
    names
}

/// A DER element.
fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).expect("a short value").to_be_bytes();
    [&[tag, 0x84], &length[..], value].concat()
}

/// The fixture CA under another name; nobody verifies the signature of an anchor.
fn ca_named(tag: u8, name: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let anchors = read_trust_anchors(&read(fixture("ca-p256.crt")), "ca-p256.crt").expect("a good certificate");
    let (der, old) = (anchors[0].certificate(), anchors[0].subject());
    // Issuer and subject are the same, and the subject is the later one.
    let start = der.windows(old.len()).rposition(|window| window == old).expect("the subject lies in the certificate");
    let common_name = [element(0x06, &[0x55, 4, 3]), element(tag, name)].concat();
    let subject = element(0x30, &element(0x31, &element(0x30, &common_name)));
    // Both outer headers, of the certificate and of its TBSCertificate, take four bytes.
    let end = 8 + usize::from(u16::from_be_bytes([der[6], der[7]]));
    let tbs = element(0x30, &[&der[8..start], &subject, &der[start + old.len()..end]].concat());
    (element(0x30, &[&tbs, &der[end..]].concat()), subject)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// A file for each hostile name, and the subjects that they have.
fn hostile_certificates(folder: &Path) -> (Vec<PathBuf>, Vec<Vec<u8>>) {
    let files = hostile_names().into_iter().enumerate().map(|(index, (tag, name))| {
        let (der, subject) = ca_named(tag, &name);
        (write(folder, &format!("{index}.der"), der), subject)
    });
    files.unzip()
}

#[test]
fn c_compiles_and_holds_the_same_bytes() {
    let folder = temporary_folder();
    let (files, subjects) = hostile_certificates(folder.path());
    let headers = TasmotaHeaders::generate(&files);
    assert!(headers.data().chars().all(|character| character == '\n' || character == '\t' || (' '..='~').contains(&character)));
    let local_only = ["-DINCLUDE_LOCAL_CERT", "-DOMIT_LETS_ENCRYPT_CERT", "-DOMIT_AWS_CERT"];
    for standard in ["-std=c99", "-std=c17", "-std=gnu17"] {
        headers.compile("gcc", &[&[standard, "-trigraphs", "-Wcomment"], &local_only[..]].concat());
    }
    for standard in ["-std=gnu++11", "-std=gnu++17"] {
        headers.compile("g++", &[&["-xc++", standard, "-trigraphs", "-Wcomment"], &local_only[..]].concat());
    }
    let held = headers.link().anchors();
    assert_eq!(held.len(), subjects.len());
    for (line, subject) in held.iter().zip(&subjects) {
        assert!(line.contains(&format!(" subject={} ", hexadecimal(subject))), "{}", &line[..200]);
    }
}

#[test]
fn rust_compiles_and_holds_the_same_bytes() {
    let folder = temporary_folder();
    let (files, subjects) = hostile_certificates(folder.path());
    let source = folder.path().join("trust_anchors.rs");
    run(ta_codegen().args(["-q", "--rust", "-o", text(&source)]).args(&files)).expect_status(0);
    assert!(read(&source).is_ascii());
    let program = "include!(\"trust_anchors.rs\");\n\
        fn main() { for anchor in &TRUST_ANCHORS { for byte in anchor.subject { print!(\"{byte:02X}\"); } println!(); } }\n";
    write(folder.path(), "main.rs", program);
    let compile = |arguments: &[&str]| {
        let mut rustc = require("rustc", "rustc");
        rustc.args(["--edition", "2024", "--out-dir", text(folder.path()), "-L", text(folder.path())]).args(arguments);
        run(&mut rustc).expect_status(0);
    };
    compile(&["--crate-type", "rlib", "--crate-name", "ta_types", text(&project().join("ta-types/src/lib.rs"))]);
    compile(&["-D", "warnings", "--extern", "ta_types", text(&folder.path().join("main.rs"))]);
    let held = run(&mut require(text(&folder.path().join("main")), "rustc")).expect_status(0);
    let expected: Vec<String> = subjects.iter().map(|subject| hexadecimal(subject)).collect();
    assert!(held.text().lines().eq(expected.iter()), "the Rust table holds other subjects");
}

#[test]
fn brssl_output_is_code_alone() {
    let folder = temporary_folder();
    let (files, subjects) = hostile_certificates(folder.path());
    let outcome = run(ta_codegen().args(["-q", "--brssl"]).args(&files)).expect_status(0);
    let bytes: String = outcome.text().split_whitespace().collect();
    for (index, subject) in subjects.iter().enumerate() {
        let list: Vec<_> = subject.iter().map(|byte| format!("0x{byte:02X}")).collect();
        assert!(bytes.contains(&format!("TA{index}_DN[]={{{}}};", list.join(","))), "subject {index}");
    }
}

/// Whether a text could move a terminal's cursor, colour it, or turn its reading direction.
fn commands_a_terminal(text: &str) -> bool {
    text.chars().any(|character| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    })
}

#[test]
fn messages_about_hostile_certificates_are_safe_to_show() {
    let folder = temporary_folder();
    let (files, _) = hostile_certificates(folder.path());
    let out = folder.path().join("out");
    let copies_folder = temporary_folder();
    let (copies, _) = hostile_certificates(copies_folder.path());
    let said = run(ta_codegen().args(["--c-header", "--out-dir", text(&out)]).args(&files).args(&copies)).expect_status(0).stderr;
    assert!(said.contains("repeats") && !commands_a_terminal(&said), "{said:?}");
}

#[test]
fn labels_are_escaped_and_cut() {
    let folder = temporary_folder();
    for label in ["\x1b[2J\u{202e}\u{9b}", "A\u{2028}B", "X\0Y", &"\u{feff}".repeat(30), "\u{e0041}"] {
        for end in ["", "-----END X-----\n"] {
            let path = write(folder.path(), "label.pem", format!("-----BEGIN {label}-----\nAAAA\n{end}"));
            let said = run(ta_codegen().args(["--brssl", text(&path)])).expect_status(1).stderr;
            assert!(!commands_a_terminal(&said) && said.len() < 600, "{said:?}");
        }
    }
}

#[test]
fn a_subject_beyond_the_limit_is_refused() {
    let folder = temporary_folder();
    let (der, _) = ca_named(UTF8_STRING, &vec![b'x'; ta_codegen::MAXIMUM_SUBJECT_SIZE]);
    let path = write(folder.path(), "long.der", der);
    run(ta_codegen().args(["--brssl", text(&path)])).expect_status(1).expect_stderr(&[
        "long.der: certificate 1",
        "subject of",
        "1048576",
    ]);
}

#[test]
fn blocks_and_certificates_beyond_the_limit_are_refused() {
    let folder = temporary_folder();
    let limit = ta_codegen::MAXIMUM_CERTIFICATES;
    let path = write(folder.path(), "blocks.pem", "-----BEGIN X-----\n-----END X-----\n".repeat(limit + 1));
    run(ta_codegen().args(["--brssl", text(&path)]))
        .expect_status(1)
        .expect_stderr(&["blocks.pem", "more than 100000 PEM blocks"]);
    let ca = read(fixture("ca-p256.crt"));
    let half = write(folder.path(), "half.pem", ca.repeat(limit / 2));
    run(ta_codegen().args(["-q", "--brssl", text(&half), text(&half)])).expect_status(0);
    let one = write(folder.path(), "one.pem", &ca);
    let outcome = run(ta_codegen().args(["-q", "--brssl", text(&half), text(&half), text(&one)])).expect_status(1);
    assert!(outcome.stdout.is_empty());
    outcome.expect_stderr(&["one.pem", "beyond 100000 certificates"]);
}

/// Private keys as people keep them, in PEM.
fn private_keys() -> Vec<String> {
    let commands: [&[&str]; 5] = [
        &["genpkey", "-quiet", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
        &["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        &["genrsa", "-traditional", "2048"],
        &["genpkey", "-quiet", "-algorithm", "ED25519"],
        &["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
    ];
    commands.iter().map(|command| String::from_utf8(openssl(command.iter().copied())).expect("PEM")).collect()
}

/// The files in which a key may stand, whole and damaged, with a certificate and alone.
fn files_with_key(pem: &str) -> Vec<(&'static str, Vec<u8>)> {
    let ca = String::from_utf8(read(fixture("ca-p256.crt"))).expect("PEM");
    let lines: Vec<&str> = pem.lines().collect();
    let (first, last) = (lines[0], lines[lines.len() - 1]);
    let body = &lines[1..lines.len() - 1];
    let der = der_of(pem);
    vec![
        ("beside the certificate", format!("{pem}{ca}").into_bytes()),
        ("behind the certificate", format!("{ca}{pem}").into_bytes()),
        ("alone", pem.as_bytes().to_vec()),
        ("in one line", pem.replace('\n', "").into_bytes()),
        ("without the line break behind BEGIN", format!("{first}{}\n{last}\n", body.join("\n")).into_bytes()),
        ("without the dashes behind BEGIN", format!("-----BEGIN {}\n{last}\n", body.join("\n")).into_bytes()),
        ("without END", format!("{first}\n{}\n{ca}", body.join("\n")).into_bytes()),
        ("with a dash", format!("{first}\n-{}\n{last}\n", body.join("\n-")).into_bytes()),
        ("with a broken letter", format!("{first}\n{}!\n{last}\n", body.join("!\n")).into_bytes()),
        ("as a certificate", as_certificate(pem).into_bytes()),
        ("in DER", der.clone()),
        ("in DER, cut off", der[..der.len() - 1].to_vec()),
        ("in DER behind the certificate", [ca.as_bytes(), &der].concat()),
    ]
}

/// The same block under the label of a certificate.
fn as_certificate(pem: &str) -> String {
    ["EC PRIVATE KEY", "RSA PRIVATE KEY", "PRIVATE KEY"]
        .iter()
        .fold(pem.to_owned(), |pem, label| pem.replace(label, "CERTIFICATE"))
}

fn der_of(pem: &str) -> Vec<u8> {
    let found = ta_codegen::read_certificates(as_certificate(pem).as_bytes(), "key").expect("a whole block");
    found[0].der().to_vec()
}

/// Bytes as characters, one for each, so that they can be searched as text.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Whether a piece of the key stands in `written`: raw, as Base64, or in a notation of generated source.
fn contains_secret(written: &[u8], pem: &str) -> bool {
    let text = latin1(written);
    let squeezed: String = text.split_ascii_whitespace().collect();
    let squeezed_upper = squeezed.to_ascii_uppercase();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    // The first bytes of a key say what it is, not which: 36 bytes of a P-256 key in PKCS#8, 16 of an Ed25519 key.
    let base64_shows =
        base64.to_ascii_uppercase().as_bytes()[24..].windows(12).any(|piece| squeezed_upper.contains(&latin1(piece)));
    base64_shows
        || der_of(pem)[16..].chunks_exact(8).any(|piece| {
            let c: Vec<String> = piece.iter().map(|byte| format!("0X{byte:02X}")).collect();
            let is_text = |text: &str, piece: &str| text.contains(piece);
            // An algorithm's identifier is no secret, and stands in certificates, too.
            !is_public(piece)
                && (is_text(&text, &latin1(piece))
                    || is_text(&squeezed_upper, &c.join(","))
                    || is_text(&squeezed_upper, &hexadecimal(piece))
                    || is_text(&squeezed, &piece.escape_ascii().to_string()))
        })
}

/// Whether a piece of a key is the identifier of a key type or a curve, which stands in the certificate beside it as well.
fn is_public(piece: &[u8]) -> bool {
    latin1(&der_of(&String::from_utf8_lossy(&read(fixture("ca-p256.crt"))))).contains(&latin1(piece))
}

/// Everything that `ta-codegen` writes anywhere: to its outputs, to the terminal, to temporary files.
fn all_writes(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let log = folder.join("log");
    let program = ta_codegen();
    let mut strace = require("strace", "strace");
    strace.args(["-f", "-qq", "-xx", "-s", "100000000", "-e", "trace=write,writev,pwrite64,pwritev,sendto,sendmsg"]);
    run(strace.args(["-o", text(&log)]).arg(program.get_program()).args(arguments));
    let traced = fs::read_to_string(&log).expect("strace writes its log");
    let digit_pairs = traced.split("\\x").skip(1).filter_map(|pair| u8::from_str_radix(pair.get(..2)?, 16).ok());
    digit_pairs.collect()
}

#[test]
fn no_byte_of_a_private_key_is_ever_written() {
    let folder = temporary_folder();
    let out = folder.path().join("out");
    for pem in private_keys() {
        // The search finds what is there to be found.
        assert!(contains_secret(pem.as_bytes(), &pem) && contains_secret(&der_of(&pem), &pem));
        for (what, content) in files_with_key(&pem) {
            let path = write(folder.path(), "key.pem", content);
            for mode in [&["--brssl"][..], &["--rust"], &["--c-header", "--out-dir", text(&out)]] {
                let written = all_writes(folder.path(), &[mode, &[text(&path)]].concat());
                assert!(written.len() > 20, "{what}: something is always said");
                assert!(!contains_secret(&written, &pem), "{what}: {}", String::from_utf8_lossy(&written));
            }
            fs::remove_dir_all(&out).ok();
        }
    }
}

/// The doctor reads a configuration line by line, and quotes from it: whatever stands there instead must stay unsaid.
#[test]
fn no_byte_of_a_private_key_comes_out_of_the_doctor() {
    let folder = temporary_folder();
    let ca = fixture("ca-p256.crt");
    let configuration = write(folder.path(), "mosquitto.conf", "listener 8883\ninclude_dir key.d\n");
    fs::create_dir(folder.path().join("key.d")).expect("our own folder");
    for pem in private_keys() {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let base64 = pem.lines().filter(|line| !line.starts_with('-')).collect::<Vec<_>>().join("\n");
        let mut files = files_with_key(&pem);
        files.extend([
            ("without BEGIN", format!("{base64}\n-----END PRIVATE KEY-----\n").into_bytes()),
            ("as Base64", base64.clone().into_bytes()),
            ("indented", format!("listener 8883\n  {}", pem.replace('\n', "\n  ")).into_bytes()),
            ("with a byte-order mark", format!("\u{feff}{pem}").into_bytes()),
            ("in UTF-16", [0xFF, 0xFE].into_iter().chain(pem.encode_utf16().flat_map(u16::to_le_bytes)).collect()),
            ("in UTF-16 without a mark", pem.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            ("as the value of keyfile", format!("listener 8883\ncertfile {ca}\nkeyfile {body}\n", ca = text(&ca)).into_bytes()),
            (
                "as other values",
                format!("listener {body}\nallow_anonymous {body}\npsk_hint {body}\nbridge_psk {body}\n").into_bytes(),
            ),
            (
                "as TLS values",
                format!("ciphers {body}\ntls_version {body}\nciphers_tls1.3 {body}\ninclude_dir {body}\n").into_bytes(),
            ),
        ]);
        for (what, content) in files {
            let key = write(folder.path(), "key.pem", &content);
            write(folder.path(), "key.d/key.conf", &content);
            let arguments: [&[&str]; 5] = [
                &["--mosquitto-conf", text(&key)],
                &["--mosquitto-conf", text(&configuration)],
                &["--client", text(&key)],
                &["--broker", text(&key)],
                &["--ca", text(&key), "--mosquitto-conf", text(&key)],
            ];
            for more in arguments {
                let written = all_writes(folder.path(), &[&["doctor", "--ca", text(&ca)], more].concat());
                assert!(written.len() > 20, "{what}: something is always said");
                assert!(!contains_secret(&written, &pem), "{what}, {more:?}: {}", String::from_utf8_lossy(&written));
            }
        }
        for host in [&pem, &base64, &body] {
            for option in ["--host", "--connect"] {
                let said = ta_codegen_with(["doctor", "--ca", text(&ca), option, host]).expect_status(2);
                assert!(
                    !contains_secret(format!("{}{}", said.text(), said.stderr).as_bytes(), &pem),
                    "{option}: {}",
                    said.stderr
                );
            }
        }
    }
}

#[test]
fn a_key_in_the_place_of_mosquitto_conf_is_named_as_one() {
    let folder = temporary_folder();
    let ca = fixture("ca-p256.crt");
    for pem in private_keys() {
        let key = write(folder.path(), "srv.key", &pem);
        let said = ta_codegen_with(["doctor", "--ca", text(&ca), "--mosquitto-conf", text(&key)]).expect_status(2);
        said.expect_stderr(&["srv.key: a PEM block begins in line 1", "/etc/mosquitto/mosquitto.conf"]);
        let key = write(folder.path(), "srv.der", der_of(&pem));
        let said = ta_codegen_with(["doctor", "--ca", text(&ca), "--mosquitto-conf", text(&key)]).expect_status(2);
        said.expect_stderr(&["srv.der: it is no text"]);
    }
}
