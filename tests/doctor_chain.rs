//! Which certificates OpenSSL picks for a chain, and the doctor with it: CAs that were renewed, chains without end.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use ta_codegen::time::Time;

use crate::authority::{Authority, Issued, Key, Use, Valid};
use crate::mosquitto::{Mosquitto, free_port};
use crate::support::{self, Outcome, openssl, read, read_text, require, temporary_folder, text, write};

const NAME: &str = "broker.test";
const SERVER: Use = Use::Server("DNS:broker.test");

/// Runs the doctor for a device that trusts `root`. Its clock stands still, for it is in the verdict; it is an hour ahead, when all
/// that a test makes has become valid.
fn doctor(root: &Authority, more: &[&str]) -> Outcome {
    static CLOCK: OnceLock<String> = OnceLock::new();
    let clock = CLOCK.get_or_init(|| format!("@{}", Time::now().unix_seconds() + 3600));
    let arguments = ["doctor", "--target", "bearssl-full", "--host", NAME, "--at", clock, "--ca", text(root.certificate())];
    support::ta_codegen_with(arguments.iter().chain(more).copied())
}

/// The lines of the report that are the verdict.
fn verdict(outcome: &Outcome) -> String {
    outcome.text().split("\n\n").last().unwrap_or_default().to_owned()
}

fn joined<'a>(folder: &Path, certificates: impl IntoIterator<Item = &'a Path>) -> PathBuf {
    let bytes: Vec<u8> = certificates.into_iter().flat_map(read).collect();
    write(folder, "ca.pem", bytes)
}

/// The settings of a broker that is to complete its chain from `cafile`.
fn settings(server: &Issued, cafile: &Path) -> String {
    format!("certfile {}\nkeyfile {}\ncafile {}\n", text(&server.certificate), text(&server.key), text(cafile))
}

#[test]
fn of_a_renewed_ca_openssl_sends_the_valid_certificate_and_else_the_last_that_was() {
    let root = Authority::new("/CN=Root", Key::Rsa2048);
    let first = root.issue(Key::Rsa2048, Use::Intermediate, Valid::Expired);
    let [renewed, older] = [Valid::Now, Valid::LongExpired].map(|valid| root.renew(&first, Use::Intermediate, valid));
    let intermediate = Authority::from_issued(renewed.clone());
    let server = intermediate.issue(Key::Rsa2048, SERVER, Valid::Now);
    let folder = temporary_folder();
    for (store, good) in [
        (vec![&first, &renewed], true),
        (vec![&renewed, &first], true),
        (vec![&older, &first, &renewed], true),
        (vec![&first], false),
        (vec![&older, &first], false),
        (vec![&first, &older], false),
    ] {
        let cafile = joined(folder.path(), store.iter().map(|issued| &*issued.certificate).chain([root.certificate()]));
        let settings = settings(&server, &cafile);
        let broker = Mosquitto::start(&settings);
        let address = format!("127.0.0.1:{}", broker.port());
        let seen = doctor(&root, &["--connect", &address]);
        let configuration = write(&folder, "mosquitto.conf", format!("listener 8883\n{settings}"));
        let predicted = doctor(&root, &["--mosquitto-conf", text(&configuration)]);
        assert_eq!(seen.status, i32::from(!good), "{}", seen.text());
        assert_eq!(verdict(&predicted), verdict(&seen));
    }
}

#[test]
fn a_renewed_ca_of_clients_is_taken_by_openssl_and_the_doctor() {
    let root = Authority::new("/CN=Root", Key::P256);
    let server = root.issue(Key::P256, SERVER, Valid::Now);
    let clients = root.issue(Key::P256, Use::Intermediate, Valid::Expired);
    let [renewed, older] = [Valid::Now, Valid::LongExpired].map(|valid| root.renew(&clients, Use::Intermediate, valid));
    let authority = Authority::from_issued(clients.clone());
    let client = authority.issue(Key::P256, Use::Client, Valid::Now);
    let folder = temporary_folder();
    for store in [vec![&clients, &renewed], vec![&older, &clients, &renewed], vec![&older, &clients], vec![&clients]] {
        let cafile = joined(folder.path(), store.iter().map(|issued| &*issued.certificate).chain([root.certificate()]));
        let verified = support::run(require("openssl", "openssl").args([
            "verify",
            "-purpose",
            "sslclient",
            "-CAfile",
            text(&cafile),
            text(&client.certificate),
        ]));
        let configuration = format!("listener 8883\n{}require_certificate true\n", settings(&server, &cafile));
        let configuration = write(&folder, "mosquitto.conf", configuration);
        let said = doctor(&root, &["--mosquitto-conf", text(&configuration), "--client", text(&client.certificate)]);
        assert_eq!(said.status == 0, verified.status == 0, "{} {}", verified.stderr, said.text());
        if said.status != 0 {
            assert!(said.text().contains("the CA CN=an intermediate CA of this test"), "{}", said.text());
            assert!(said.text().contains("expired on 2021-01-01"), "{}", said.text());
        }
    }
}

/// The order in which a directory lists its files is another on each file system; OpenSSL counts.
#[test]
fn the_files_of_capath_are_taken_in_their_order() {
    let root = Authority::new("/CN=Root", Key::Rsa2048);
    let good = root.issue(Key::Rsa2048, Use::Intermediate, Valid::Now);
    let intermediate = Authority::from_issued(good.clone());
    let server = intermediate.issue(Key::Rsa2048, SERVER, Valid::Now);
    // A certificate of the same name and key that is no CA's.
    let stranger = temporary_folder();
    let request = ["req", "-new", "-x509", "-subj", "/CN=an intermediate CA of this test", "-key", text(&good.key)];
    let other = stranger.path().join("other");
    openssl(request.iter().copied().chain(["-days", "3650", "-addext", "nsComment=not issued by Root", "-out", text(&other)]));
    let hash = String::from_utf8(openssl(["x509", "-noout", "-hash", "-in", text(&good.certificate)])).expect("a hash");
    for position in [0, 5, 11] {
        let capath = temporary_folder();
        for number in (0..12).rev() {
            let certificate = if number == position { &good.certificate } else { &other };
            write(capath.path(), &format!("{}.{number}", hash.trim()), read(certificate));
        }
        let settings =
            format!("certfile {}\nkeyfile {}\ncapath {}\n", text(&server.certificate), text(&server.key), text(capath.path()));
        let broker = Mosquitto::start(&settings);
        let seen = doctor(&root, &["--connect", &format!("127.0.0.1:{}", broker.port())]);
        let configuration = write(capath.path(), "mosquitto.conf", format!("listener 8883\n{settings}"));
        let predicted = doctor(&root, &["--mosquitto-conf", text(&configuration)]);
        assert_eq!(seen.status, i32::from(position != 0), "{}", seen.text());
        assert_eq!(verdict(&predicted), verdict(&seen), "{position}");
    }
}

/// CAs that issued each other in a row, the last of which is the issuer of `leaf.pem`, and a key that is all of theirs.
fn row_of_authorities(folder: &Path, length: usize) {
    let key = folder.join("key");
    openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", text(&key)]);
    write(folder, "extensions", "basicConstraints=critical,CA:TRUE\n");
    let mut all = String::new();
    for number in 0..=length {
        let subject = if number < length { format!("/CN=CA {number}") } else { "/CN=broker.test".to_owned() };
        let [request, certificate] = ["request", "leaf.pem"].map(|name| folder.join(name));
        openssl(["req", "-new", "-key", text(&key), "-subj", &subject, "-out", text(&request)]);
        let serial = (number + 1).to_string();
        let mut sign =
            vec!["x509", "-req", "-in", text(&request), "-out", text(&certificate), "-days", "3650", "-set_serial", &serial];
        let issuer = folder.join("issuer");
        match number {
            0 => sign.extend(["-signkey", text(&key)]),
            _ => sign.extend(["-CA", text(&issuer), "-CAkey", text(&key)]),
        }
        let extensions = folder.join("extensions");
        if number < length {
            sign.extend(["-extfile", text(&extensions)]);
        }
        openssl(sign);
        if number < length {
            std::fs::copy(&certificate, &issuer).expect("a certificate");
            write!(all, "{}", read_text(&certificate)).expect("a String takes everything");
        }
    }
    write(folder, "all.pem", all);
}

/// OpenSSL ends a chain at its verification depth of 100; the time it takes must not grow with the square of the store.
#[test]
fn long_chains_end_where_openssl_ends_them() {
    let folder = temporary_folder();
    row_of_authorities(folder.path(), 110);
    let [leaf, key, all] = ["leaf.pem", "key", "all.pem"].map(|name| folder.path().join(name));
    let port = free_port();
    let mut server = require("openssl", "openssl")
        .args(["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}"), "-cert", text(&leaf), "-key", text(&key)])
        .args(["-CAfile", text(&all)])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("openssl runs");
    let profile = ta_codegen::doctor::profile("bearssl-full").expect("a profile");
    let start = Instant::now();
    let answer = loop {
        match ta_codegen::doctor::connect::fetch(&format!("127.0.0.1:{port}"), "", profile, Duration::from_secs(10)) {
            Err(error) if error.contains("connection refused") && start.elapsed() < Duration::from_secs(10) => {}
            answer => break answer,
        }
    };
    server.kill().expect("our own child");
    server.wait().expect("our own child");
    let ta_codegen::doctor::connect::Answer::Chain { certificates, .. } = answer.expect("a chain") else { panic!("an alert") };
    let settings = format!("listener 8883\ncertfile {}\nkeyfile {}\ncafile {}\n", text(&leaf), text(&key), text(&all));
    let configuration = write(folder.path(), "mosquitto.conf", settings);
    let said = support::ta_codegen_with(["doctor", "--ca", text(&all), "--mosquitto-conf", text(&configuration)]);
    let sends = format!("sends {} more of cafile", certificates.len() - 1);
    assert!(said.text().contains(&sends), "{sends} is missing in {}", said.text());
}

/// Whatever the broker sends and whatever the client sends is looked at, wherever it stood.
#[test]
fn the_expiry_watch_sees_the_whole_chains() {
    let root = Authority::new("/CN=Root", Key::P256);
    let expired = root.issue(Key::P256, Use::Intermediate, Valid::Expired);
    let authority = Authority::from_issued(expired.clone());
    let [server, client] = [SERVER, Use::Client].map(|purpose| authority.issue(Key::P256, purpose, Valid::Now));
    let folder = temporary_folder();
    let cafile = joined(folder.path(), [&*expired.certificate, root.certificate()]);
    let configuration = write(&folder, "mosquitto.conf", format!("listener 8883\n{}", settings(&server, &cafile)));
    let watched = ["--expires-within", "1d"];
    let said = doctor(&root, &[&watched[..], &["--mosquitto-conf", text(&configuration)]].concat()).expect_status(1);
    let found =
        format!("fail     {}: certificate 1 (line 1): valid until 2021-01-01 00:00:00 UTC: less than 1 days", text(&cafile));
    assert!(said.text().contains(&found), "{}", said.text());

    let said = doctor(&root, &[&watched[..], &["--client", text(&client.chain)]].concat()).expect_status(1);
    let found = format!("fail     {}: certificate 2 (line", text(&client.chain));
    assert!(said.text().contains(&found), "{}", said.text());
}
