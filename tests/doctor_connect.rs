//! `ta-codegen doctor --connect` against real brokers, and against what is no broker.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use ta_codegen::doctor::{self, connect};

use crate::handshakes::{PROFILES, Scenario, scenarios};
use crate::mosquitto::Mosquitto;
use crate::support;

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
fn a_demanded_client_certificate_is_noticed() {
    let scenarios = scenarios();
    let scenario = scenarios.iter().find(|scenario| scenario.id == "B1").expect("a scenario");
    let broker = Mosquitto::start(&scenario.settings);
    let target = ["--target", PROFILES[1]];
    let without = connect_to(broker.port(), scenario, &target).expect_status(1);
    assert!(without.text().contains("error 296"), "{}", without.text());
    assert!(without.text().contains("asks for a client certificate"), "{}", without.text());

    let client = scenario.client.as_ref().expect("a client certificate");
    let with = connect_to(broker.port(), scenario, &[&target[..], &["--client", support::text(&client.certificate)]].concat());
    with.expect_status(0);
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
