//! The doctor's predictions against what real devices and brokers did.

use std::path::Path;

use ta_codegen::Certificate;
use ta_codegen::doctor::{self, Broker, Outcome, Profile, Situation};
use ta_codegen::time::Time;

use crate::handshakes::{Expected, PROFILES, Scenario, scenarios};
use crate::support;

/// 20 November 2026, a minute before midnight UTC: the day the rows were measured, when all certificates had become valid.
const MEASURED_AT: i64 = 1_795_219_140;

/// One measured handshake: a line of `cases.tsv`, by the names of its columns.
struct Row<'a> {
    header: &'a [&'a str],
    fields: Vec<&'a str>,
}

impl<'a> Row<'a> {
    fn get(&self, column: &str) -> &'a str {
        let position = self.header.iter().position(|name| *name == column).expect("a known column");
        self.fields.get(position).copied().unwrap_or_default()
    }

    /// The same situation for the doctor, by way of a mosquitto.conf.
    fn situation(&self, certificates: &Path, folder: &Path) -> Situation {
        let list = |names: &str| {
            names.split(' ').filter(|name| !name.is_empty()).flat_map(|name| read(&certificates.join(name))).collect()
        };
        let cafile = support::text(&certificates.join(self.get("cafile"))).to_owned();
        let configuration = format!(
            "listener 8883\ncafile {cafile}\ncertfile server.crt\nkeyfile server.key\nrequire_certificate {}\n{}\n",
            self.get("require_certificate") == "yes",
            self.get("broker_conf"),
        );
        let path = support::write(folder, "mosquitto.conf", configuration);
        let clock = self.get("device_clock").parse().unwrap_or(MEASURED_AT);
        Situation {
            anchors: list(self.get("anchors")),
            broker: Some(Broker::from_mosquitto_conf(&path, list(self.get("broker_sends")), None).expect("a configuration")),
            client: list(self.get("client_cert")),
            host: self.get("host").to_owned(),
            now: Time::from_unix_seconds(clock),
            expires_within: None,
        }
    }

    /// Whether the prediction is what was measured.
    fn agrees(&self, profile: &Profile, outcome: Outcome) -> bool {
        let measured = self.get(profile.name);
        if self.get("note").starts_with("REFUSED TO START") {
            return outcome == Outcome::BrokerRefusesToStart;
        }
        // A refused client certificate races with a TCP reset: the alert and error 31 are one outcome.
        let race = measured == "31" && matches!(outcome, Outcome::Error(number) if number > 256 && number != 296);
        match measured {
            "-" => true,
            "ok" => outcome == Outcome::Connects,
            number => race || outcome == Outcome::Error(number.parse().expect("a number")),
        }
    }
}

fn read(path: &Path) -> Vec<Certificate> {
    ta_codegen::read_certificates(&support::read(path), support::text(path)).expect("certificates")
}

/// Compares every cell of a table of measured handshakes, and returns how many were compared.
fn compare(folder: &Path, certificates: &Path) -> usize {
    let table = support::read_text(folder.join("cases.tsv"));
    let mut lines = table.lines();
    let header: Vec<_> = lines.next().expect("a header").split('\t').collect();
    let temporary = support::temporary_folder();
    let profiles: Vec<_> = ["bearssl-full", "tasmota-rsa", "tasmota-22649", "tasmota-ecdsa"]
        .map(|name| doctor::profile(name).expect("a profile"))
        .to_vec();
    let mut wrong = Vec::new();
    let mut compared = 0;
    for line in lines {
        let row = Row { header: &header, fields: line.split('\t').collect() };
        let report = doctor::examine(&row.situation(certificates, temporary.path()), &profiles);
        for verdict in &report.verdicts {
            compared += 1;
            if !row.agrees(verdict.profile, verdict.outcome) {
                let measured = row.get(verdict.profile.name);
                wrong.push(format!("{} {}: measured {measured}, predicted {verdict:?}", row.get("id"), verdict.profile.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong predictions:\n{}", wrong.len(), wrong.join("\n"));
    compared
}

#[test]
fn every_measured_handshake_is_predicted() {
    let Some(folder) = support::shared("handshakes") else { return };
    assert_eq!(compare(&folder, &folder.join("certs")), 78 * 4);
}

/// What the command says about one scenario of the handshake suite, as JSON.
fn command_on(scenario: &Scenario) -> (serde_json::Value, i32) {
    let mut command = support::ta_codegen();
    command.args(["doctor", "--json"]).arg("--ca").args(&scenario.anchors);
    command.arg("--mosquitto-conf").arg(&scenario.configuration);
    PROFILES.iter().for_each(|profile| {
        command.args(["--target", profile]);
    });
    if !scenario.host.is_empty() {
        command.args(["--host", scenario.host]);
    }
    if let Some(client) = &scenario.client {
        command.arg("--client").arg(&client.certificate);
    }
    if let Some(clock) = scenario.clock {
        command.args(["--at", &format!("@{clock}")]);
    }
    let outcome = support::run(&mut command);
    assert!(outcome.stderr.is_empty(), "{}: {}", scenario.id, outcome.stderr);
    (serde_json::from_slice(&outcome.stdout).expect("JSON"), outcome.status)
}

/// The outcome of one device, written as in the table.
fn outcome_of(report: &serde_json::Value, profile: &str) -> String {
    let targets = report["targets"].as_array().expect("targets");
    let target = targets.iter().find(|target| target["target"] == profile).expect("the target");
    match &target["outcome"] {
        serde_json::Value::String(text) => text.clone(),
        number => number.to_string(),
    }
}

#[test]
fn doctor_says_of_every_scenario_what_the_device_says() {
    let mut wrong = Vec::new();
    for scenario in scenarios().iter() {
        let (report, status) = command_on(scenario);
        let said: Vec<_> = PROFILES.iter().map(|profile| outcome_of(&report, profile)).collect();
        let connects = said.iter().all(|outcome| outcome == "ok");
        let right = match &scenario.expected {
            Expected::BrokerRefuses(_) => said.iter().all(|outcome| outcome == "broker-refuses-to-start"),
            Expected::AnchorRefused(_) => {
                report["checks"].as_array().is_some_and(|checks| checks.iter().any(|check| check["grade"] == "fail"))
            }
            Expected::Outcomes(outcomes) => said.iter().zip(outcomes).all(|(said, right)| right.contains(&said.as_str())),
        };
        if !right || (status == 0) != connects {
            let expected: Vec<_> = scenario.expected.outcomes().map(|(_, outcomes)| outcomes.join("/")).collect();
            wrong.push(format!("{} {}: device {expected:?}, doctor {said:?}, exit {status}", scenario.id, scenario.description));
        }
    }
    assert!(wrong.is_empty(), "{} wrong predictions:\n{}", wrong.len(), wrong.join("\n"));
}
