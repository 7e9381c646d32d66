//! The doctor's model of the chain validator against the real `br_x509_minimal`, over good chains and damaged ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use ta_codegen::Certificate;
use ta_codegen::doctor::{self, Broker, Profile, Situation};
use ta_codegen::error::Origin;
use ta_codegen::time::Time;

use crate::handshakes::scenarios;
use crate::support;

/// 20 November 2026, a minute before midnight UTC: the day the chains were measured, when all had become valid.
const MEASURED_AT: i64 = 1_795_219_140;

/// A small generator of pseudo-random numbers (xorshift64): every run damages the same bytes.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }
}

/// The real validator, as a process that answers questions.
struct RealValidator {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl RealValidator {
    fn start(folder: &Path) -> Self {
        support::require_file("/usr/include/bearssl.h", "libbearssl-dev");
        let program = folder.join("validate");
        let source = support::project().join("tests/c/validate.c");
        let mut compiler = support::require("gcc", "gcc");
        compiler.args(["-O1", "-Wall", "-Wextra", "-Werror", "-o"]).args([&program, &source]).arg("-lbearssl");
        support::run(&mut compiler).expect_status(0);
        let mut command = std::process::Command::new(&program);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the validator starts");
        let questions = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("standard output is piped"));
        Self { process, questions, answers }
    }

    /// The error number, and whether the key may be used for key exchange and for signing.
    fn ask(&mut self, question: &Question) -> Result<(bool, bool), u16> {
        let pipe = self.questions.as_mut().expect("the validator runs");
        pipe.write_all(question.line().as_bytes()).expect("the validator reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the validator answers");
        let (error, usages) = line.trim().split_once(' ').expect("two numbers");
        let usages: u32 = usages.parse().expect("a number");
        match error.parse().expect("a number") {
            0 => Ok((usages & 16 != 0, usages & 32 != 0)),
            error => Err(error),
        }
    }
}

impl Drop for RealValidator {
    fn drop(&mut self) {
        drop(self.questions.take());
        self.process.wait().ok();
    }
}

struct Question {
    profile: &'static Profile,
    name: String,
    anchors: Vec<Vec<u8>>,
    chain: Vec<Vec<u8>>,
    clock: i64,
}

impl Question {
    fn line(&self) -> String {
        let days = self.clock / 86_400 + 719_528;
        let name = if self.name.is_empty() { "-" } else { &self.name };
        let mut line = format!("{} {days} {} {name}", self.profile.name, self.clock % 86_400);
        for list in [&self.anchors, &self.chain] {
            write!(line, " {}", list.len()).unwrap();
            list.iter().for_each(|der| write!(line, " {}", hexadecimal(der)).unwrap());
        }
        line + "\n"
    }

    fn model(&self) -> Result<(bool, bool), u16> {
        let anchors: Vec<_> = self.anchors.iter().map(Vec::as_slice).collect();
        let chain: Vec<_> = self.chain.iter().map(Vec::as_slice).collect();
        doctor::validate_chain(&self.profile.abilities, &anchors, &chain, &self.name, self.clock)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    if bytes.is_empty() { "-".to_owned() } else { bytes.iter().map(|byte| format!("{byte:02x}")).collect() }
}

/// Damages one certificate: a byte changed, a bit flipped, bytes taken out, or a piece repeated.
fn damage(certificate: &mut Vec<u8>, dice: &mut Dice) {
    let position = dice.roll(certificate.len());
    match dice.roll(10) {
        0 => certificate.truncate(position),
        1 => {
            certificate.remove(position);
        }
        2 => certificate.insert(position, dice.roll(256) as u8),
        3 => certificate.push(dice.roll(256) as u8),
        4..=6 => certificate[position] ^= 1 << dice.roll(8),
        _ => certificate[position] = INTERESTING[dice.roll(INTERESTING.len())],
    }
}

/// Tags and lengths that decoders stumble over.
const INTERESTING: [u8; 24] = [
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A, 0x0C, 0x13, 0x16, 0x1E, 0x1F, 0x20, 0x2A, 0x30, 0x31, 0x7F, 0x80, 0x81, 0x82,
    0xA0, 0xA3, 0xFF,
];

/// Asks model and library the same; returns how many questions were asked, by answer.
fn compare(real: &mut RealValidator, question: &Question, seen: &mut BTreeMap<u16, usize>) {
    let (model, library) = (question.model(), real.ask(question));
    assert_eq!(model, library, "model and libbearssl differ on\n{}", question.line());
    *seen.entry(library.err().unwrap_or(0)).or_default() += 1;
}

/// A chain to damage: anchors, chain and the name to look for.
struct Subject {
    anchors: Vec<Vec<u8>>,
    chain: Vec<Vec<u8>>,
    name: String,
}

fn read(path: &Path) -> Vec<Vec<u8>> {
    let found = ta_codegen::read_certificates(&support::read(path), support::text(path)).expect("certificates");
    found.into_iter().map(|certificate| certificate.der().to_vec()).collect()
}

/// Asks about each chain as it is, and about so many damaged ones.
fn run(subjects: &[Subject], clock: i64, mutants: usize) -> BTreeMap<u16, usize> {
    let temporary = support::temporary_folder();
    let mut real = RealValidator::start(temporary.path());
    let mut dice = Dice(0x7461_2D63_6F64_6567);
    let mut seen = BTreeMap::new();
    let profiles = ["bearssl-full", "tasmota-rsa", "tasmota-ecdsa"].map(|name| doctor::profile(name).expect("a profile"));
    for Subject { anchors, chain, name } in subjects {
        for round in 0..=mutants {
            let mut chain = chain.clone();
            if round > 0 {
                let victim = dice.roll(chain.len());
                damage(&mut chain[victim], &mut dice);
            }
            for profile in profiles {
                let question = Question { profile, name: name.clone(), anchors: anchors.clone(), chain: chain.clone(), clock };
                compare(&mut real, &question, &mut seen);
            }
            examine(anchors, &chain, name, clock);
        }
    }
    seen
}

/// The whole report must come about whatever the broker sends.
fn examine(anchors: &[Vec<u8>], chain: &[Vec<u8>], host: &str, clock: i64) {
    let certificates = |list: &[Vec<u8>]| list.iter().map(|der| Certificate::new(der.clone(), Origin::file("mutant"))).collect();
    let situation = Situation {
        anchors: certificates(anchors),
        broker: Some(Broker::with_certificates(certificates(chain))),
        client: certificates(chain),
        host: host.to_owned(),
        now: Time::from_unix_seconds(clock),
        expires_within: Some(1),
    };
    let report = doctor::examine(&situation, &doctor::PROFILES.iter().collect::<Vec<_>>());
    assert!(!report.to_text().is_empty() && report.to_json().contains("targets"));
}

/// How many damaged chains to ask about for each good one.
fn mutants() -> usize {
    std::env::var("DOCTOR_MUTANTS").map_or(4, |count| count.parse().expect("DOCTOR_MUTANTS is a number"))
}

#[test]
fn model_and_libbearssl_agree_on_the_scenarios_and_their_mutants() {
    let scenarios = scenarios();
    let subjects: Vec<_> = scenarios
        .iter()
        .map(|scenario| Subject {
            anchors: scenario.anchors.iter().flat_map(|anchor| read(anchor)).collect(),
            chain: read(&scenario.chain),
            name: scenario.host.to_owned(),
        })
        .collect();
    let seen = run(&subjects, Time::now().unix_seconds(), mutants());
    println!("answers: {seen:?}");
    assert!(seen[&0] > 100 && seen.len() > 12, "too few different answers: {seen:?}");
}

#[test]
fn model_and_libbearssl_agree_on_every_measured_chain_and_its_mutants() {
    let Some(folder) = support::shared("handshakes") else { return };
    let table = support::read_text(folder.join("cases.tsv"));
    let certificates = |names: &str| names.split(' ').flat_map(|name| read(&folder.join("certs").join(name))).collect::<Vec<_>>();
    let mut subjects = Vec::new();
    for row in table.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>()) {
        // With and without the CA that OpenSSL may append.
        for chain in [certificates(row[3]), certificates(&format!("{} {}", row[3], row[4]))] {
            subjects.push(Subject { anchors: certificates(row[2]), chain, name: row[5].to_owned() });
        }
    }
    let seen = run(&subjects, MEASURED_AT, mutants());
    println!("answers: {seen:?}");
    assert!(seen[&0] > 100 && seen.len() > 12, "too few different answers: {seen:?}");
}
