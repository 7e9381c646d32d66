//! `ta-codegen doctor` as a command: exit statuses, the expiry watch, several listeners, hostile input.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::authority::{Authority, Key, Use, Valid};
use crate::handshakes::{Scenario, scenarios};
use crate::support;

/// Runs the doctor with a scenario's anchors, chain and host, and more arguments.
fn doctor(scenario: &Scenario, more: &[&str]) -> support::Outcome {
    let mut command = support::ta_codegen();
    command.arg("doctor").arg("--ca").args(&scenario.anchors).arg("--broker").arg(&scenario.chain);
    command.args(["--host", scenario.host]).args(more);
    support::run(&mut command)
}

const ONE: [&str; 2] = ["--target", "tasmota-rsa"];

#[test]
fn exit_status_tells_the_verdict() {
    let scenarios = scenarios();
    let [good, wrong_name] = ["A1", "F7"].map(|id| scenarios.iter().find(|scenario| scenario.id == id).expect("a scenario"));
    let said = doctor(good, &ONE).expect_status(0);
    assert!(said.text().contains("tasmota-rsa      will connect"), "{}", said.text());
    let said = doctor(wrong_name, &ONE).expect_status(1);
    assert!(said.text().contains("error 56 (BR_ERR_X509_BAD_SERVER_NAME)"), "{}", said.text());
    doctor(good, &["--target", "no-such-device"]).expect_status(2).expect_stderr(&["tasmota-esp8266"]);
    doctor(good, &["--at", "yesterday"]).expect_status(2).expect_stderr(&["2026-11-20T12:00:00Z"]);
    support::ta_codegen_with(["doctor"]).expect_status(2).expect_stderr(&["--ca"]);
    support::ta_codegen_with(["doctor", "--ca", "/nonexistent"]).expect_status(2).expect_stderr(&["/nonexistent"]);
}

#[test]
fn the_clock_can_be_set_in_two_ways() {
    let scenarios = scenarios();
    let good = scenarios.iter().find(|scenario| scenario.id == "A1").expect("a scenario");
    for early in ["1999-12-31T23:59:59Z", "@0", "2000-01-01T00:00:00+01:00", "2000-01-01"] {
        for target in ["tasmota-rsa", "rustls"] {
            let said = doctor(good, &["--target", target, "--at", early]).expect_status(1);
            assert!(said.text().contains("error 54"), "{early}: {}", said.text());
            // The clock is to blame, not the certificate.
            assert!(said.text().contains("cure  set the device's clock") && !said.text().contains("renew"), "{}", said.text());
        }
    }
    let said = doctor(good, &["--at", "2000-01-01"]);
    assert!(said.text().contains("clock says 2000-01-01 00:00:00 UTC"), "{}", said.text());
    doctor(good, &["--at", "2000-13-01"]).expect_status(2).expect_stderr(&["2026-11-20"]);
}

#[test]
fn the_expiry_watch_fails_in_time() {
    let scenarios = scenarios();
    let good = scenarios.iter().find(|scenario| scenario.id == "A1").expect("a scenario");
    doctor(good, &[&ONE[..], &["--expires-within", "1d"]].concat()).expect_status(0);
    let said = doctor(good, &[&ONE[..], &["--expires-within", "36500d"]].concat()).expect_status(1);
    assert!(said.text().contains("less than 36500 days more"), "{}", said.text());
    assert!(said.text().contains("will connect"), "{}", said.text());
    for days in ["soon", "99999"] {
        doctor(good, &["--expires-within", days]).expect_status(2).expect_stderr(&["a number of days up to 65535, such as 30d"]);
    }
}

#[test]
fn strict_lets_warnings_count() {
    let scenarios = scenarios();
    let direct = scenarios.iter().find(|scenario| scenario.id == "H4").expect("a scenario");
    let said = doctor(direct, &ONE).expect_status(0);
    assert!(said.text().contains("warning"), "{}", said.text());
    doctor(direct, &[&ONE[..], &["--strict"]].concat()).expect_status(1);
}

#[test]
fn an_esp8266_holds_large_keys_only_when_it_is_built_for_them() {
    let scenarios = scenarios();
    for (id, error) in [("D3", "error 62"), ("D2", "error 27")] {
        let scenario = scenarios.iter().find(|scenario| scenario.id == id).expect("a scenario");
        let said = doctor(scenario, &["--target", "tasmota-esp8266"]).expect_status(1);
        assert!(said.text().contains(error) && said.text().contains("USE_4K_RSA"), "{id}: {}", said.text());
        doctor(scenario, &["--target", "tasmota-esp8266", "--4k-rsa"]).expect_status(0);
    }
}

#[test]
fn rustls_is_judged_by_webpki() {
    let scenarios = scenarios();
    for (id, words, name) in [
        ("A1", "will connect", ""),
        ("F6", "is not among the names in subjectAltName", "CertNotValidForName"),
        ("G1", "expired on 20", "CertExpired"),
        ("H8", "a signature of the chain does not verify", "InvalidSignature"),
        ("B2", "give the device a key and a certificate", ""),
    ] {
        let scenario = scenarios.iter().find(|scenario| scenario.id == id).expect("a scenario");
        let said = rustls(scenario);
        assert!(said.text().contains(words) && said.text().contains(name), "{id}: {}", said.text());
        // Nothing of Rust's own text, nothing of Tasmota.
        assert!(!said.text().contains(['{', '}']) && !said.text().contains("TLSKey"), "{id}: {}", said.text());
    }
}

fn rustls(scenario: &Scenario) -> support::Outcome {
    let mut command = support::ta_codegen();
    command.arg("doctor").arg("--ca").args(&scenario.anchors).arg("--mosquitto-conf").arg(&scenario.configuration);
    support::run(command.args(["--host", scenario.host, "--target", "rustls"]))
}

#[test]
fn listeners_and_included_files_are_read() {
    let scenarios = scenarios();
    let [good, bad] = ["A1", "C2"].map(|id| scenarios.iter().find(|scenario| scenario.id == id).expect("a scenario"));
    let folder = support::temporary_folder();
    fs::create_dir(folder.path().join("conf.d")).expect("our own folder");
    support::write(folder.path(), "conf.d/tls.conf", format!("listener 8884\n{}listener 8883\n{}", bad.settings, good.settings));
    let main = support::write(folder.path(), "mosquitto.conf", "port 1883\nallow_anonymous true\ninclude_dir conf.d\n");
    let judge = |more: &[&str]| {
        let mut command = support::ta_codegen();
        command.arg("doctor").arg("--ca").args(&good.anchors).arg("--mosquitto-conf").arg(&main).args(["--host", good.host]);
        support::run(command.args(ONE).args(more))
    };
    judge(&[]).expect_status(0);
    let said = judge(&["--port", "8884"]).expect_status(1);
    assert!(said.text().contains("error 296"), "{}", said.text());
    let said = judge(&["--port", "1883"]).expect_status(1);
    assert!(said.text().contains("error 31"), "{}", said.text());
    judge(&["--port", "1"]).expect_status(2).expect_stderr(&["no listener at port 1"]);
}

#[test]
fn hostile_names_move_no_cursor() {
    let folder = support::temporary_folder();
    let key = folder.path().join("key");
    let certificate = folder.path().join("hostile.crt");
    let subject = "/CN=\u{1b}[2J\u{202e}evil";
    support::openssl([
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        support::text(&key),
        "-utf8",
        "-subj",
        subject,
        "-out",
        support::text(&certificate),
    ]);
    let path = support::text(&certificate);
    for json in [None, Some("--json")] {
        let arguments = ["doctor", "--ca", path, "--broker", path, "--host", "evil.test"];
        let said = support::ta_codegen_with(arguments.into_iter().chain(json));
        assert!(!said.text().contains(['\u{1b}', '\u{202e}']), "{}", said.text());
        assert!(said.text().contains("evil"), "{}", said.text());
    }
}

#[test]
fn the_doctors_help_is_pinned() {
    support::expect_file("doctor-help.txt", support::ta_codegen_with(["doctor", "--help"]).expect_status(0).text());
}

/// A report that nobody got must not look like a good one, and a message that cannot be told is no reason to crash.
#[test]
fn a_full_disk_is_noticed() {
    let full = || fs::File::create("/dev/full").expect("Linux has it");
    let scenarios = scenarios();
    let good = scenarios.iter().find(|scenario| scenario.id == "A1").expect("a scenario");
    let doctor = |ca: &Path| {
        let mut command = support::ta_codegen();
        command.args(["doctor", "--ca"]).arg(ca).args(ONE);
        command
    };
    let status = |command: &mut Command| command.status().expect("the doctor runs").code();
    assert_eq!(status(doctor(&good.anchors[0]).stdout(full()).stderr(Stdio::null())), Some(2));
    assert_eq!(status(doctor(Path::new("/nonexistent")).stderr(full())), Some(2));
}

/// An anchor that cannot be generated is on no device, so no device connects with it.
#[test]
fn without_an_anchor_nothing_connects() {
    let scenarios = scenarios();
    let good = scenarios.iter().find(|scenario| scenario.id == "A1").expect("a scenario");
    let folder = support::temporary_folder();
    let der = support::openssl(["x509", "-in", support::text(&good.anchors[0]), "-outform", "DER"]);
    let longer = support::write(folder.path(), "longer.der", [&der[..], &[0, 0]].concat());
    let base64 = support::openssl(["base64", "-in", support::text(&longer)]);
    let block = [b"-----BEGIN CERTIFICATE-----\n", &base64[..], b"-----END CERTIFICATE-----\n"].concat();
    let anchor = support::write(folder.path(), "ca.crt", block);
    let anchor = support::text(&anchor);
    support::ta_codegen_with(["--brssl", anchor]).expect_status(1);
    for more in [vec![], vec!["--broker", support::text(&good.chain)]] {
        let said = support::ta_codegen_with(["doctor", "--ca", anchor].into_iter().chain(more)).expect_status(1);
        assert!(!said.text().contains("will connect"), "{}", said.text());
        assert!(
            said.text().contains("cannot be told") && said.text().contains("no anchor can be generated of it"),
            "{}",
            said.text()
        );
        assert!(!said.text().contains("DER file"), "{}", said.text());
    }
}

/// Whoever forgets to say what the broker is must not read that all is well.
#[test]
fn without_a_broker_nothing_is_promised() {
    let scenarios = scenarios();
    let good = scenarios.iter().find(|scenario| scenario.id == "A1").expect("a scenario");
    let [anchor, chain] = [&good.anchors[0], &good.chain].map(|path| support::text(path));
    for given in [vec![anchor], vec![anchor, chain]] {
        let said = support::ta_codegen_with(["doctor", "--host", good.host, "--ca"].into_iter().chain(given)).expect_status(1);
        assert!(!said.text().contains("will connect"), "{}", said.text());
        for words in ["cannot be told", "--broker FILE", "--mosquitto-conf FILE", "--connect HOST"] {
            assert!(said.text().contains(words), "{words} is missing in {}", said.text());
        }
    }
}

#[test]
fn a_name_that_is_not_given_is_missed() {
    let scenarios = scenarios();
    let good = scenarios.iter().find(|scenario| scenario.id == "A1").expect("a scenario");
    let [anchor, chain] = [&good.anchors[0], &good.chain].map(|path| support::text(path));
    let arguments = ["doctor", "--ca", anchor, "--broker", chain, "--target", "tasmota-rsa"];
    let said = support::ta_codegen_with(arguments).expect_status(0);
    assert!(said.text().contains("warning  host: ") && said.text().contains("--host"), "{}", said.text());
    support::ta_codegen_with(arguments.into_iter().chain(["--host", ""])).expect_status(2).expect_stderr(&["--host is empty"]);
    let said = doctor(good, &ONE).expect_status(0);
    assert!(!said.text().contains("warning"), "{}", said.text());
}

/// Each is told what to give instead.
#[test]
fn what_is_no_host_is_refused() {
    let scenarios = scenarios();
    let good = scenarios.iter().find(|scenario| scenario.id == "A1").expect("a scenario");
    let anchor = support::text(&good.anchors[0]);
    let cases = [
        ("--host", "mqtts://mqtt.example.com", "without scheme"),
        ("--host", "mqtt.example.com:8883", "has a port"),
        ("--host", "mqtt example", "without blanks"),
        ("--host", " ", "without blanks"),
        ("--host", "mqtt..example", "neither a name"),
        ("--host", "[::1]", "brackets"),
        ("--host", "*.example.com", "is a pattern"),
        ("--host", "b\u{fc}cher.example", "xn--"),
        ("--host", "\u{1b}[31m", "brackets"),
        ("--connect", "localhost:99999", "1 to 65535"),
        ("--connect", "localhost:abc", "1 to 65535"),
        ("--connect", "localhost:0", "1 to 65535"),
        ("--connect", "localhost:", "1 to 65535"),
        ("--connect", ":8883", "is empty"),
        ("--connect", "mqtts://localhost:8883", "without scheme"),
        ("--connect", "::1:18902", "in brackets"),
        ("--connect", "[::1", "in brackets"),
        ("--connect", "[::1]8883", "1 to 65535"),
    ];
    for (option, given, words) in cases {
        let said =
            support::ta_codegen_with(["doctor", "--ca", anchor, option, given]).expect_status(2).expect_stderr(&[option, words]);
        assert!(!said.stderr.contains('\u{1b}'), "{}", said.stderr);
    }
}

#[test]
fn odd_names_have_cures_of_their_own() {
    let root = Authority::new("/CN=Root", Key::P256);
    let server = root.issue(Key::P256, Use::Server("DNS:broker.test,IP:::1,IP:192.0.2.1"), Valid::Now);
    let [anchor, chain] = [root.certificate(), &*server.certificate].map(support::text);
    for (host, words) in [
        ("broker.test.", "leave out the dot at the end on the device, for certificates have none: broker.test"),
        ("::1", "connect by a host name"),
        ("::1", "the server's certificate has ::1 as an IP address"),
        ("192.0.2.2", "(DNS:broker.test, IP:::1, IP:192.0.2.1)"),
    ] {
        let arguments = ["doctor", "--ca", anchor, "--broker", chain, "--target", "bearssl-full", "--host", host];
        let said = support::ta_codegen_with(arguments).expect_status(1);
        assert!(said.text().contains(words), "{words} is missing in {}", said.text());
    }
}

#[test]
fn the_cure_for_a_curve_is_that_of_the_device() {
    let folder = support::temporary_folder();
    let [key, certificate] = ["key", "p521.crt"].map(|name| folder.path().join(name));
    let path = support::text(&certificate);
    let curve =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp521r1", "-nodes", "-subj", "/CN=broker.test"];
    support::openssl(curve.into_iter().chain(["-keyout", support::text(&key), "-out", path]));
    let arguments = ["doctor", "--ca", path, "--broker", path, "--host", "broker.test", "--target", "rustls"];
    let said = support::ta_codegen_with(arguments).expect_status(1);
    assert!(said.text().contains("a curve the device does not offer"), "{}", said.text());
    assert!(said.text().contains("RSA-2048 or EC P-256") && !said.text().contains("SetOption165"), "{}", said.text());
}
