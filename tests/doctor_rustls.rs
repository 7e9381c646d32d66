//! The doctor's profile `rustls` against the project's own rustls firmware.

use crate::authority::{Authority, Key, Valid};
use crate::firmware_host::{BROKER, NAME, firmware};
use crate::mosquitto::Mosquitto;
use crate::support::{self, Outcome, temporary_folder, text, write};

/// Runs the doctor for the firmware, which has these anchors.
fn doctor(more: &[&str]) -> Outcome {
    let anchors = ["p256", "rsa"].map(Authority::of_example_firmware);
    let arguments = ["doctor", "--target", "rustls", "--host", NAME, "--ca"];
    support::ta_codegen_with(
        arguments.into_iter().chain(anchors.iter().map(|ca| text(ca.certificate()))).chain(more.iter().copied()),
    )
}

/// The firmware's and the doctor's outcome on one broker.
#[test]
fn the_firmware_ends_as_the_doctor_says() {
    let folder = temporary_folder();
    let clients = Authority::new("/CN=Clients", Key::P256);
    let require = format!("require_certificate true\ncafile {}", text(clients.certificate()));
    for (name, key) in [("p256", Key::P256), ("p256", Key::P384), ("rsa", Key::Rsa2048)] {
        let authority = Authority::of_example_firmware(name);
        let server = authority.issue(key, BROKER, Valid::Now);
        let certificate = format!("certfile {}\nkeyfile {}\n", text(&server.chain), text(&server.key));
        // What the doctor says, and what the firmware says when it does not connect.
        for (more, words, refusal) in [
            ("", "will connect: with TLS 1.3", None),
            ("tls_version tlsv1.3", "will connect: with TLS 1.3", None),
            ("tls_version tlsv1.2", "will connect: with TLS 1.3", None),
            // These lines are about TLS 1.2 alone.
            ("ciphers AES128-SHA", "will connect: with TLS 1.3", None),
            ("ciphers_tls1.3 TLS_AES_128_GCM_SHA256", "will connect: with TLS 1.3", None),
            ("ciphers_tls1.3 TLS_AES_128_CCM_SHA256", "error 296", Some("HandshakeFailure")),
            (&require, "error 372", Some("CertificateRequired")),
        ] {
            let settings = format!("{certificate}{more}\n");
            let broker = Mosquitto::start(&settings);
            let run = firmware(broker.port(), NAME, &[]);
            let configuration = write(&folder, "mosquitto.conf", format!("listener 8883\n{settings}"));
            let said = doctor(&["--mosquitto-conf", text(&configuration)]);
            assert!(said.text().contains(words), "{name}, {more}: {}", said.text());
            assert_eq!((said.status, run.status), (i32::from(refusal.is_some()), said.status), "{name}, {more}: {}", run.stderr);
            assert!(run.stderr.contains(refusal.unwrap_or_default()), "{name}, {more}: {}", run.stderr);
        }
    }
}

/// The doctor asks in TLS 1.2; what a broker without it would send, it cannot see.
#[test]
fn over_the_wire_the_doctor_says_what_it_cannot_tell() {
    let authority = Authority::of_example_firmware("p256");
    let server = authority.issue(Key::P256, BROKER, Valid::Now);
    for more in ["tls_version tlsv1.3", "ciphers AES128-SHA"] {
        let broker = Mosquitto::start_tls(&server.chain, &server.key, more);
        assert_eq!(firmware(broker.port(), NAME, &[]).status, 0);
        let address = format!("127.0.0.1:{}", broker.port());
        let said = doctor(&["--connect", &address]).expect_status(1);
        for words in ["rustls           cannot be told", "TLS 1.3 as well", "--mosquitto-conf"] {
            assert!(said.text().contains(words), "{words} is missing in {}", said.text());
        }
        let said = doctor(&["--connect", &address, "--json"]).expect_status(1);
        assert!(said.text().contains("\"outcome\": \"unknown\""), "{}", said.text());
    }
    let broker = Mosquitto::start_tls(&server.chain, &server.key, "");
    let said = doctor(&["--connect", &format!("127.0.0.1:{}", broker.port())]).expect_status(0);
    assert!(said.text().contains("with TLS 1.3 the broker may send another chain"), "{}", said.text());
}
