//! What the doctor says about the device's own certificate where nothing says that the broker demands one.

use crate::authority::{Authority, Key, Use, Valid};
use crate::mosquitto::Mosquitto;
use crate::support::{self, require, temporary_folder, text, write};

const NAME: &str = "broker.test";

/// A client certificate is judged for itself, as OpenSSL judges it, and nothing is said about a broker that nobody knows.
#[test]
fn a_bad_client_certificate_is_seen_without_the_brokers_settings() {
    let root = Authority::new("/CN=Root", Key::P256);
    let server = root.issue(Key::P256, Use::Server("DNS:broker.test"), Valid::Now);
    let good = root.issue(Key::P256, Use::Client, Valid::Now).certificate;
    let expired = root.issue(Key::P256, Use::Client, Valid::Expired).certificate;
    let for_servers = root.issue(Key::P256, Use::Server("DNS:device.test"), Valid::Now).certificate;
    let folder = temporary_folder();
    let configuration = format!("listener 8883\ncertfile {}\nkeyfile {}\n", text(&server.certificate), text(&server.key));
    let configuration = write(&folder, "mosquitto.conf", configuration);
    let broker = Mosquitto::start_tls(&server.certificate, &server.key, "");
    let address = format!("127.0.0.1:{}", broker.port());
    for (client, finding) in
        [(&good, None), (&expired, Some("expired on 2021-01-01")), (&for_servers, Some("does not allow client authentication"))]
    {
        let verify = ["verify", "-purpose", "sslclient", "-CAfile", text(root.certificate()), text(client)];
        assert_eq!(support::run(require("openssl", "openssl").args(verify)).status == 0, finding.is_none());
        for (broker, known) in [
            (
                ["--broker", text(&server.certificate)],
                "whether the broker asks for a client certificate, and of which CAs, is not known",
            ),
            (["--mosquitto-conf", text(&configuration)], "the broker does not ask for a client certificate"),
            (["--connect", &address], "the broker does not ask for a client certificate"),
        ] {
            let ca = text(root.certificate());
            let arguments = ["doctor", "--target", "bearssl-full", "--host", NAME, "--ca", ca, "--client", text(client)];
            let said = support::ta_codegen_with(arguments.into_iter().chain(broker)).expect_status(0);
            let grade = if finding.is_some() { "warning" } else { "pass" };
            let line = said.text().lines().find(|line| line.contains(known)).unwrap_or_default();
            assert!(line.starts_with(grade) && line.contains(finding.unwrap_or_default()), "{known}: {}", said.text());
            assert_eq!(line.contains("would refuse this one"), finding.is_some(), "{}", said.text());
            let fails = said.text().lines().any(|line| line.starts_with("fail") && line.contains(finding.unwrap_or_default()));
            assert_eq!(fails, finding.is_some(), "{}", said.text());
        }
    }
}

/// OpenSSL takes it, where its extensions do not forbid it.
#[test]
fn a_cas_certificate_is_no_clients() {
    let root = Authority::new("/CN=Root", Key::P256);
    let server = root.issue(Key::P256, Use::Server("DNS:broker.test"), Valid::Now);
    let ca = text(root.certificate());
    let arguments = ["doctor", "--target", "bearssl-full", "--host", NAME, "--ca", ca, "--client", ca, "--broker"];
    let said = support::ta_codegen_with(arguments.into_iter().chain([text(&server.certificate)])).expect_status(0);
    let line = said.text().lines().find(|line| line.starts_with("warning"));
    assert!(line.is_some_and(|line| line.contains("a CA's certificate")), "{}", said.text());
}
