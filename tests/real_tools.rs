//! CAs as people make them, with the openssl commands of the MQTT guides and with Easy-RSA: the anchors are what openssl says of
//! the CA, and BearSSL, trusting them, accepts the broker certificate that the CA issued and no other CA's.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::{
    support::{fixture, openssl, require, require_file, run, temporary_folder, text},
    tasmota_headers::equals_published_recipe,
    tasmota_table::{TasmotaHeaders, openssl_anchor},
};

/// BearSSL's BR_ERR_X509_NOT_TRUSTED (`bearssl_x509.h`).
const NOT_TRUSTED: u32 = 62;

/// A CA and a broker certificate that it issued.
struct Authority {
    ca: PathBuf,
    broker: PathBuf,
    _folder: TempDir,
}

/// The commands of the guides for Mosquitto, RSA with 2048 bits.
fn made_with_openssl() -> Authority {
    let folder = temporary_folder();
    let [ca_key, ca, key, request, broker] =
        ["ca.key", "ca.crt", "server.key", "server.csr", "server.crt"].map(|name| folder.path().join(name));
    let subject = "/C=US/ST=State/L=City/O=MyOrg";
    openssl(["genrsa", "-out", text(&ca_key), "2048"]);
    let ca_subject = format!("{subject}/CN=MyCA");
    openssl(["req", "-new", "-x509", "-days", "3650", "-key", text(&ca_key), "-out", text(&ca), "-subj", &ca_subject]);
    openssl(["genrsa", "-out", text(&key), "2048"]);
    let broker_subject = format!("{subject}/CN=mqtt.example.com");
    openssl(["req", "-new", "-key", text(&key), "-out", text(&request), "-subj", &broker_subject]);
    let issue = ["x509", "-req", "-in", text(&request), "-CA", text(&ca), "-CAkey", text(&ca_key), "-CAcreateserial"];
    openssl(issue.into_iter().chain(["-out", text(&broker), "-days", "365", "-sha256"]));
    Authority { ca, broker, _folder: folder }
}

/// Easy-RSA's way, with its `settings` in the environment.
fn made_with_easy_rsa(settings: &[(&str, &str)]) -> Authority {
    let easy_rsa = require_file("/usr/share/easy-rsa/easyrsa", "easy-rsa");
    let folder = temporary_folder();
    let pki = folder.path().join("pki");
    let easy_rsa = |arguments: &[&str]| {
        let mut command = require(text(&easy_rsa), "easy-rsa");
        command.current_dir(folder.path()).env("EASYRSA_BATCH", "1").env("EASYRSA_PKI", &pki);
        run(command.envs(settings.iter().copied()).args(arguments)).expect_status(0);
    };
    easy_rsa(&["init-pki"]);
    easy_rsa(&["--req-cn=MyCA", "build-ca", "nopass"]);
    easy_rsa(&["--subject-alt-name=DNS:mqtt.example.com", "build-server-full", "mqtt.example.com", "nopass"]);
    Authority { ca: pki.join("ca.crt"), broker: pki.join("issued/mqtt.example.com.crt"), _folder: folder }
}

/// Fails unless the anchor of `authority` is the one openssl sees, and does its work in BearSSL.
#[track_caller]
fn serves(authority: &Authority, key: &str) {
    equals_published_recipe(&authority.ca);
    let anchor = openssl_anchor(&authority.ca);
    assert!(anchor.starts_with("flags=1 ") && anchor.contains(key), "{anchor}");
    let headers = TasmotaHeaders::generate(&[&authority.ca]);
    let table = headers.link();
    assert_eq!(table.anchors(), [anchor]);
    assert_eq!(table.verdict(&authority.broker), 0, "the broker certificate of this CA");
    assert_eq!(table.verdict(&fixture("ca-p384.crt")), NOT_TRUSTED, "a certificate of another CA");
}

#[test]
fn openssl_commands_of_the_guides() {
    serves(&made_with_openssl(), " e=010001");
}

/// Only the key tells two CAs of the same name apart.
#[test]
fn a_ca_of_the_same_name_is_not_trusted() {
    let [own, namesake] = [made_with_openssl(), made_with_openssl()];
    let headers = TasmotaHeaders::generate(&[&own.ca]);
    assert_eq!(headers.link().verdict(&namesake.broker), NOT_TRUSTED);
    let both = TasmotaHeaders::generate(&[&own.ca, &namesake.ca]);
    let table = both.link();
    assert_eq!([&own.broker, &namesake.broker].map(|broker| table.verdict(broker)), [0, 0]);
}

#[test]
fn easy_rsa_with_rsa() {
    serves(&made_with_easy_rsa(&[]), " e=010001");
}

#[test]
fn easy_rsa_with_prime256v1() {
    serves(&made_with_easy_rsa(&[("EASYRSA_ALGO", "ec"), ("EASYRSA_CURVE", "prime256v1")]), " curve=23 ");
}
