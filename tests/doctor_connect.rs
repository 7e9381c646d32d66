//! `ta-codegen doctor --connect` against real brokers, and against what is no broker.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use ta_codegen::doctor::{self, connect};

use crate::handshakes::{PROFILES, Scenario, scenarios};
use crate::mosquitto::{Mosquitto, free_port};
use crate::support;
use crate::tls_wire::{ALERT, FATAL, HANDSHAKE, record, record_header};

/// Runs the doctor against a port of this machine, with a scenario's anchors and host.
fn connect_to(port: u16, scenario: &Scenario, more: &[&str]) -> support::Outcome {
    let mut command = support::ta_codegen();
    command.arg("doctor").arg("--ca").args(&scenario.anchors).args(["--connect", &format!("127.0.0.1:{port}")]);
    command.args(["--host", scenario.host]).args(more);
    support::run(&mut command)
}

/// What comes over the wire leads to the same verdicts as the device's own.
#[test]
fn the_chain_on_the_wire_is_judged_like_the_device_judges_it() {
    let scenarios = scenarios();
    let ids = [
        "A1", "A2", "A3", "A4", "C2", "C4", "C6", "D2", "D12", "D14", "E1", "F7", "G1", "H8", "I2", "I4", "I9", "J1", "J3", "L1",
    ];
    for id in ids {
        let scenario = scenarios.iter().find(|scenario| scenario.id == id).expect("a scenario");
        let broker = Mosquitto::start(&scenario.settings);
        let report = connect_to(broker.port(), scenario, &["--json"]);
        let report: serde_json::Value = serde_json::from_slice(&report.stdout).expect("JSON");
        for (profile, right) in scenario.expected.outcomes() {
            let said = crate::doctor::outcome_of(&report, profile);
            assert!(right.contains(&said.as_str()), "{id}, {profile}: device {right:?}, doctor {said}");
        }
    }
}

#[test]
fn a_broker_that_asks_for_a_client_certificate_is_noticed() {
    let scenarios = scenarios();
    let scenario = scenarios.iter().find(|scenario| scenario.id == "B1").expect("a scenario");
    let broker = Mosquitto::start(&scenario.settings);
    let target = ["--target", PROFILES[1]];
    let without = connect_to(broker.port(), scenario, &target).expect_status(0);
    assert!(without.text().contains("asks for a client certificate"), "{}", without.text());

    let client = scenario.client.as_ref().expect("a client certificate");
    let with = connect_to(broker.port(), scenario, &[&target[..], &["--client", support::text(&client.certificate)]].concat());
    with.expect_status(0);
}

/// A server that asks for a certificate and takes a client without one looks the same on the wire.
#[test]
fn asking_for_a_client_certificate_is_not_demanding_one() {
    let scenarios = scenarios();
    let scenario = scenarios.iter().find(|scenario| scenario.id == "A1").expect("a scenario");
    let [certfile, keyfile] = ["certfile ", "keyfile "].map(|name| {
        let mut lines = scenario.settings.lines();
        lines.find_map(|line| line.strip_prefix(name)).expect("a setting").to_owned()
    });
    let port = free_port();
    let mut server = support::require("openssl", "openssl")
        .args([
            "s_server",
            "-quiet",
            "-verify",
            "1",
            "-accept",
            &format!("127.0.0.1:{port}"),
            "-cert",
            &certfile,
            "-key",
            &keyfile,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl runs");
    let start = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() && start.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(5));
    }
    let said = connect_to(port, scenario, &["--target", "tasmota-rsa"]);
    server.kill().expect("our own child");
    server.wait().expect("our own child");
    assert!(said.text().contains("asks for a client certificate; whether it demands one"), "{}{}", said.text(), said.stderr);
    said.expect_status(0);
}

/// Only the chain is fetched: Mosquitto sees a client that leaves, and no MQTT packet.
#[test]
fn nothing_is_sent_but_the_first_message() {
    let scenarios = scenarios();
    let scenario = scenarios.iter().find(|scenario| scenario.id == "A1").expect("a scenario");
    let broker = Mosquitto::start(&scenario.settings);
    let outcome = connect_to(broker.port(), scenario, &["--target", "tasmota-rsa"]).expect_status(0);
    assert!(outcome.text().contains("nothing was verified while fetching"), "{}", outcome.text());
    assert!(!broker.log().contains("New client connected"), "{}", broker.log());
}

#[test]
fn network_errors_are_told_in_words() {
    let scenarios = scenarios();
    let scenario = scenarios.iter().find(|scenario| scenario.id == "A1").expect("a scenario");
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    connect_to(port, scenario, &[]).expect_status(2).expect_stderr(&["connection refused"]);

    let plain = Mosquitto::start("");
    connect_to(plain.port(), scenario, &[]).expect_status(2).expect_stderr(&["is this a TLS port?"]);

    let mut command = support::ta_codegen();
    command.args(["doctor", "--connect", "no-such-host.invalid", "--ca"]).args(&scenario.anchors);
    support::run(&mut command).expect_status(2).expect_stderr(&["cannot be resolved"]);
}

#[test]
fn a_silent_port_is_given_up() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = silent.local_addr().expect("an address").to_string();
    let profile = doctor::profile("tasmota-rsa").expect("a profile");
    let error = connect::fetch(&address, "", profile, Duration::from_secs(1)).expect_err("nobody answers");
    assert!(error.contains("no answer within 1 seconds"), "{error}");
}

/// A server on a port of its own that answers the first client's first message with `answer`, one piece after the other.
fn serve(answer: Vec<Vec<u8>>, pause: Duration) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut hello = [0; 1024];
        assert_ne!(stream.read(&mut hello).expect("a ClientHello"), 0);
        for piece in answer {
            // Fails once the client has seen enough.
            if stream.write_all(&piece).is_err() {
                return;
            }
            thread::sleep(pause);
        }
    });
    address
}

fn fetch(address: &str) -> Result<connect::Answer, String> {
    let profile = doctor::profile("tasmota-rsa").expect("a profile");
    connect::fetch(address, "", profile, Duration::from_secs(1))
}

/// Each byte comes well before the limit, and all of them never.
#[test]
fn a_dripping_server_is_given_up() {
    let record = [record_header(HANDSHAKE, 16_000), vec![0; 16_000]].concat();
    let address = serve(record.into_iter().map(|byte| vec![byte]).collect(), Duration::from_millis(100));
    let start = Instant::now();
    let error = fetch(&address).expect_err("nobody waits so long");
    assert!(error.contains("no answer within 1 seconds"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

/// Messages that say nothing, as fast as they come.
#[test]
fn an_endless_answer_is_given_up() {
    let nothing = record(HANDSHAKE, &[0, 0, 0, 0].repeat(4000));
    let error = fetch(&serve(vec![nothing; 10_000], Duration::ZERO)).expect_err("there is no chain in it");
    assert!(error.contains("256 KiB came, and no whole chain"), "{error}");
}

#[test]
fn a_warning_does_not_end_the_handshake() {
    const UNRECOGNIZED_NAME: u8 = 112;
    const HANDSHAKE_FAILURE: u8 = 40;
    let warning = record(ALERT, &[1, UNRECOGNIZED_NAME]);
    let answer = [warning.clone(), record(ALERT, &[FATAL, HANDSHAKE_FAILURE])].concat();
    assert_eq!(fetch(&serve(vec![answer], Duration::ZERO)), Ok(connect::Answer::Alert(HANDSHAKE_FAILURE)));
    let closed = fetch(&serve(vec![[warning, record(ALERT, &[1, 0])].concat()], Duration::ZERO)).expect_err("no chain came");
    assert!(closed.contains("close_notify"), "{closed}");
}

/// A server that sends back what it gets, as socat does, and one that hangs up with a fatal close_notify.
#[test]
fn answers_that_are_no_tls_are_called_so() {
    let echo = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = echo.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        let (mut stream, _) = echo.accept().expect("a client");
        let mut writer = stream.try_clone().expect("the same stream");
        std::io::copy(&mut stream, &mut writer).ok()
    });
    let error = fetch(&address).expect_err("no server");
    assert!(error.contains("the answer is not TLS"), "{error}");

    let error = fetch(&serve(vec![record(ALERT, &[FATAL, 0])], Duration::ZERO)).expect_err("no chain came");
    assert!(error.contains("hung up"), "{error}");
    let error = fetch(&serve(Vec::new(), Duration::ZERO)).expect_err("no chain came");
    assert!(error.contains("hung up"), "{error}");
}
