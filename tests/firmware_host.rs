//! The example firmware's host runner against a real Mosquitto: whom it believes, and whom
//! it refuses.

use crate::authority::{Authority, Issued, Key, Use, Valid};
use crate::mosquitto::{Mosquitto, Subscriber};
use crate::support::{Outcome, project, run, text};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The name that the brokers of these tests have, and the address for `mosquitto_sub`.
pub(crate) const BROKER: Use = Use::Server("DNS:broker.test, IP:127.0.0.1");
pub(crate) const NAME: &str = "broker.test";

const TLS_VERSIONS: [&str; 2] = ["1.2", "1.3"];

/// The runner, built once.
fn runner() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        escargot::CargoBuild::new()
            .package("example-firmware")
            .bin("example-firmware")
            .manifest_path(project().join("Cargo.toml"))
            .current_release()
            .run()
            .expect("the firmware builds")
            .path()
            .to_owned()
    })
}

/// Runs the firmware against a port of this computer.
pub(crate) fn firmware(port: u16, host: &str, more: &[&str]) -> Outcome {
    run(Command::new(runner()).arg(format!("127.0.0.1:{port}")).arg(host).args(more))
}

fn assert_published(run: &Outcome, tls: &str) {
    let steps: Vec<&str> = run.text().lines().collect();
    assert_eq!(run.status, 0, "TLS {tls}: {steps:?} {}", run.stderr);
    let version = format!("TLSv{}", tls.replace('.', "_"));
    assert_eq!(steps[0], "tcp connect: ok");
    assert!(steps[1].starts_with(&format!("tls handshake: broker.test is authentic, {version}, ")), "{steps:?}");
    assert_eq!(steps[2..], ["mqtt connect: ok", "mqtt publish: ok", "mqtt disconnect: ok", "tls close: ok"]);
}

/// The firmware gave up at `step` because of `why`, in one line.
pub(crate) fn assert_refused(run: &Outcome, step: &str, why: &str) {
    assert_eq!(run.status, 1, "{}{}", run.text(), run.stderr);
    assert!(run.stderr.starts_with(step) && run.stderr.contains(why), "expected {step} {why}: {}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
}

/// The broker never saw the CONNECT of this client.
pub(crate) fn assert_no_client(broker: &Mosquitto, client: &str) {
    let log = broker.log();
    assert!(!log.contains(&format!(" as {client}")), "{log}");
}

fn broker_with(issued: &Issued) -> Mosquitto {
    Mosquitto::start_tls(&issued.chain, &issued.key, "")
}

/// Publishes with each TLS version and waits for the message.
fn publishes(authority: &Authority, broker: &Mosquitto, client: Option<&Issued>) {
    // Built before a subscriber waits for its message.
    runner();
    for tls in TLS_VERSIONS {
        let mut subscribe = vec!["--cafile", text(authority.certificate())];
        let mut publish = vec!["--tls", tls, "--topic", "test/topic", "--message", tls];
        if let Some(client) = client {
            subscribe.extend(["--cert", text(&client.chain), "--key", text(&client.key)]);
            publish.extend(["--certificate", text(&client.chain), "--key", text(&client.key)]);
        }
        let subscriber = Subscriber::subscribe(broker, "test/topic", &subscribe);
        assert_published(&firmware(broker.port(), NAME, &publish), tls);
        assert_eq!(subscriber.message(), tls);
    }
}

#[test]
fn publishes_to_a_broker_under_a_p256_authority() {
    let authority = Authority::of_example_firmware("p256");
    let broker = broker_with(&authority.issue(Key::P256, BROKER, Valid::Now));
    publishes(&authority, &broker, None);
}

#[test]
fn publishes_to_a_broker_under_an_rsa_authority() {
    let authority = Authority::of_example_firmware("rsa");
    let broker = broker_with(&authority.issue(Key::Rsa2048, BROKER, Valid::Now));
    publishes(&authority, &broker, None);
}

#[test]
fn publishes_through_an_intermediate_with_a_p384_key() {
    let root = Authority::of_example_firmware("rsa");
    let intermediate = Authority::from_issued(root.issue(Key::P384, Use::Intermediate, Valid::Now));
    let broker = broker_with(&intermediate.issue(Key::P256, BROKER, Valid::Now));
    publishes(&root, &broker, None);
}

#[test]
fn publishes_with_a_client_certificate() {
    for (name, key) in [("p256", Key::P256), ("rsa", Key::Rsa2048)] {
        let authority = Authority::of_example_firmware(name);
        let clients = Authority::new("/CN=Clients", Key::P256);
        let server = authority.issue(key, BROKER, Valid::Now);
        let settings = format!("require_certificate true\ncafile {}", clients.certificate().display());
        let broker = Mosquitto::start_tls(&server.chain, &server.key, &settings);
        let client = clients.issue(Key::P256, Use::Client, Valid::Now);
        publishes(&authority, &broker, Some(&client));

        // TLS 1.2 asks during the handshake; a TLS 1.3 client is done before the server
        // looks for its certificate (RFC 8446, figure 1).
        let run = firmware(broker.port(), NAME, &["--tls", "1.2", "--client-id", "nobody"]);
        assert_refused(&run, "tls handshake: ", "received fatal alert: HandshakeFailure");
        let run = firmware(broker.port(), NAME, &["--tls", "1.3", "--client-id", "nobody"]);
        assert_refused(&run, "mqtt connect: ", "received fatal alert: CertificateRequired; the server wants a client");
        assert_no_client(&broker, "nobody");
    }
}

#[test]
fn names_a_client_key_it_cannot_use() {
    let authority = Authority::of_example_firmware("p256");
    let broker = broker_with(&authority.issue(Key::P256, BROKER, Valid::Now));
    let client = authority.issue(Key::Rsa2048, Use::Client, Valid::Now);
    let arguments = ["--certificate", text(&client.certificate), "--key", text(&client.key)];
    let run = firmware(broker.port(), NAME, &arguments);
    assert_refused(&run, "settings: ", "the client key is not a P-256 key");
}

/// Refuses a broker with this certificate, whichever TLS version is spoken.
fn refuses(issued: &Issued, host: &str, why: &str) {
    let broker = broker_with(issued);
    for tls in TLS_VERSIONS {
        let run = firmware(broker.port(), host, &["--tls", tls]);
        assert_refused(&run, "tls handshake: invalid peer certificate: ", why);
    }
    assert_no_client(&broker, "example-firmware");
}

#[test]
fn refuses_another_authority() {
    let stranger = Authority::new("/CN=A stranger", Key::P256);
    refuses(&stranger.issue(Key::P256, BROKER, Valid::Now), NAME, "none of the trust anchors in this firmware");
}

#[test]
fn refuses_an_authority_of_the_same_name_with_another_key() {
    for (name, key) in [("p256", Key::P256), ("rsa", Key::Rsa2048)] {
        let real = Authority::of_example_firmware(name);
        let forged = Authority::new(&real.subject(), key);
        assert_eq!(real.subject(), forged.subject());
        refuses(&forged.issue(key, BROKER, Valid::Now), NAME, "a CA with the same name and another key");
    }
}

#[test]
fn refuses_a_self_signed_server() {
    let server = Authority::new("/CN=broker.test", Key::P256);
    refuses(&server.issue(Key::P256, BROKER, Valid::Now), NAME, "none of the trust anchors in this firmware");
}

#[test]
fn refuses_another_name() {
    let authority = Authority::of_example_firmware("p256");
    let server = authority.issue(Key::P256, BROKER, Valid::Now);
    refuses(&server, "other.test", "the server's certificate is for another name");
    refuses(&server, "127.0.0.2", "the server's certificate is for another name");
}

#[test]
fn refuses_an_expired_certificate() {
    for (name, key) in [("p256", Key::P256), ("rsa", Key::Rsa2048)] {
        let authority = Authority::of_example_firmware(name);
        refuses(&authority.issue(key, BROKER, Valid::Expired), NAME, "certificate expired");
    }
}

#[test]
fn asks_its_own_clock() {
    let authority = Authority::of_example_firmware("p256");
    let broker = broker_with(&authority.issue(Key::P256, BROKER, Valid::Now));
    // 1 January 2100, and a device whose clock was never set.
    for (time, why) in [("4102444800", "certificate expired"), ("0", "certificate not valid yet")] {
        let run = firmware(broker.port(), NAME, &["--time", time]);
        assert_refused(&run, "tls handshake: invalid peer certificate: ", why);
    }
}

#[test]
fn refuses_a_server_certificate_that_a_client_certificate_signed() {
    let authority = Authority::of_example_firmware("p256");
    let client = Authority::from_issued(authority.issue(Key::P256, Use::Client, Valid::Now));
    refuses(&client.issue(Key::P256, BROKER, Valid::Now), NAME, "breaks a rule of RFC 5280");
}

#[test]
fn refuses_a_client_certificate_as_a_server() {
    let authority = Authority::of_example_firmware("p256");
    refuses(
        &authority.issue(Key::P256, Use::Client, Valid::Now),
        NAME,
        "does not allow extended key usage for server authentication",
    );
}

#[test]
fn tells_the_broker_why() {
    let broker = broker_with(&Authority::new("/CN=A stranger", Key::P256).issue(Key::P256, BROKER, Valid::Now));
    for tls in TLS_VERSIONS {
        firmware(broker.port(), NAME, &["--tls", tls]);
    }
    let log = broker.log();
    assert_eq!(log.matches("alert unknown ca").count(), 2, "{log}");
}

#[test]
fn names_a_broker_that_is_not_there() {
    let run = firmware(1, NAME, &[]);
    assert_refused(&run, "tcp connect: 127.0.0.1:1: ", "Connection refused");
    assert_eq!(run.text(), "");
}
