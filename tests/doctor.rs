//! The doctor's predictions against what real devices and brokers did.

use std::path::Path;

use ta_codegen::Certificate;
use ta_codegen::doctor::{self, Broker, Outcome, Profile, Situation};
use ta_codegen::time::Time;

use crate::handshakes::{Expected, PROFILES, Scenario, Scenarios, scenarios};
use crate::mosquitto::Mosquitto;
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
pub(crate) fn outcome_of(report: &serde_json::Value, profile: &str) -> String {
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

/// The scenario of a name.
pub(crate) fn scenario<'a>(scenarios: &'a Scenarios, id: &str) -> &'a Scenario {
    scenarios.iter().find(|scenario| scenario.id == id).expect("a scenario of that name")
}

/// Outcome, reason and cure for one device, a line each.
fn explanation(report: &serde_json::Value, profile: &str) -> String {
    let targets = report["targets"].as_array().expect("targets");
    let target = targets.iter().find(|target| target["target"] == profile).expect("the target");
    let field = |name: &str| target[name].as_str().unwrap_or_default().to_owned();
    format!("{} {}\n  why   {}\n  cure  {}\n", outcome_of(report, profile), field("error_name"), field("reason"), field("cure"))
}

#[test]
fn the_guides_mistakes_are_explained() {
    let scenarios = scenarios();
    let cases = [
        ("cipher line of the guide", "C2", "tasmota-rsa"),
        ("IP address as common name, Easy-RSA adds a SAN", "A2", "tasmota-rsa"),
        ("EC server with ECDSA off", "A3", "tasmota-rsa"),
        ("EC CA with no ECDSA in the chain", "A3", "tasmota-22649"),
        ("EC CA that the broker does not send, ECDSA off", "L3", "tasmota-rsa"),
        ("client certificate required and missing", "B2", "tasmota-rsa"),
        ("key too small for OpenSSL", "D7", "tasmota-rsa"),
    ];
    let mut explained = String::new();
    for (mistake, id, profile) in cases {
        let (report, status) = command_on(scenario(&scenarios, id));
        assert_eq!(status, 1, "{mistake}");
        explained += &format!("{mistake} ({id}, {profile}): {}", explanation(&report, profile));
    }
    let folder = scenario(&scenarios, "D7").configuration.parent().expect("a folder").to_owned();
    support::expect_file("doctor.txt", &explained.replace(support::text(&folder), "FOLDER"));
}

#[test]
fn two_tls_versions_keep_mosquitto_from_starting() {
    let scenarios = scenarios();
    let good = scenario(&scenarios, "A1");
    let settings = format!("{}tls_version tlsv1.2 tlsv1.3\n", good.settings);
    let log = Mosquitto::try_start(&settings).err().expect("Mosquitto refuses");
    assert!(log.contains("Unsupported tls_version"), "{log}");

    let folder = support::temporary_folder();
    let configuration = support::write(folder.path(), "mosquitto.conf", format!("listener 8883\n{settings}"));
    let outcome =
        doctor_with(good, &["--mosquitto-conf", support::text(&configuration), "--target", "tasmota-rsa"]).expect_status(1);
    for words in ["broker refuses to start", "tls_version \"tlsv1.2 tlsv1.3\" is not supported", "takes one value"] {
        assert!(outcome.text().contains(words), "{words} is missing in\n{}", outcome.text());
    }
}

/// Runs the doctor with a scenario's anchors and host, and more arguments.
pub(crate) fn doctor_with(scenario: &Scenario, arguments: &[&str]) -> support::Outcome {
    let mut command = support::ta_codegen();
    command.arg("doctor").arg("--ca").args(&scenario.anchors).args(["--host", scenario.host]).args(arguments);
    support::run(&mut command)
}
