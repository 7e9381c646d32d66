//! Real devices against real brokers: for every kind of certificate people have, the C firmware example, with headers that
//! `ta-codegen --c-header` made, connects to a Mosquitto, with the TLS limits of four devices.
//!
//! `handshakes/scenarios.tsv` has a row for each scenario and how each device ends there; `handshakes/certificates.tsv` has the
//! certificates, which `openssl` makes anew for each run. Nothing is tried twice.

mod certificates;
mod client;
mod scenario;

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use tempfile::TempDir;

use crate::{
    mosquitto::{Mosquitto, Subscriber},
    support,
};
use certificates::Certificates;
use client::Clients;
pub(crate) use scenario::{Expected, PROFILES, Scenario};

/// Scenarios run at the same time: a handshake waits as much as it computes.
const WORKERS: usize = 4;

/// Every scenario with its files, which live as long as the value.
pub(crate) struct Scenarios {
    scenarios: Vec<Scenario>,
    clients: Clients,
    _folder: TempDir,
}

/// All scenarios of the table, their files on disk; made once for the tests that run at the same time.
pub(crate) fn scenarios() -> Arc<Scenarios> {
    static MADE: Mutex<Weak<Scenarios>> = Mutex::new(Weak::new());
    // A test that failed while it made them has said why; the next one tries for itself.
    let mut made = MADE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    made.upgrade().unwrap_or_else(|| {
        let fresh = Arc::new(Scenarios::make());
        *made = Arc::downgrade(&fresh);
        fresh
    })
}

impl Scenarios {
    fn make() -> Self {
        let folder = support::temporary_folder();
        let certificates = Certificates::new(folder.path());
        let rows = scenario::rows();
        let scenarios = in_parallel(&rows, |row| Scenario::prepare(row, &certificates, folder.path()));
        Self { scenarios, clients: Clients::new(folder.path()), _folder: folder }
    }

    /// The scenarios in the table's order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Scenario> {
        self.scenarios.iter()
    }
}

/// `work` on every item, in the items' order, by several threads.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let next_result = || {
        let index = next.fetch_add(1, Ordering::Relaxed);
        items.get(index).map(|item| (index, work(item)))
    };
    let worker = || std::iter::from_fn(next_result).collect::<Vec<_>>();
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(worker)).collect();
        let results = workers.into_iter().map(|worker| worker.join());
        results.flat_map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// How a scenario went: nothing to say, or what differs from the table.
fn differences(scenario: &Scenario, clients: &Clients) -> String {
    let client = match (clients.build(scenario), &scenario.expected) {
        (Err(refusal), Expected::AnchorRefused(says)) if refusal.contains(says) => return String::new(),
        (Err(refusal), _) => return format!("the client is not built: {refusal}\n"),
        (Ok(_), Expected::AnchorRefused(says)) => return format!("the anchor is taken, not refused with `{says}`\n"),
        (Ok(client), _) => client,
    };
    let broker = match (Mosquitto::try_start(&scenario.settings), &scenario.expected) {
        (Err(log), Expected::BrokerRefuses(says)) if log.contains(says) => return String::new(),
        (Err(log), _) => return format!("the broker does not start: {log}\n"),
        (Ok(_), Expected::BrokerRefuses(says)) => return format!("the broker starts, it does not say `{says}`\n"),
        (Ok(broker), _) => broker,
    };
    let mut differences = String::new();
    for (profile, accepted) in scenario.expected.outcomes() {
        let run = client.run(scenario, profile, broker.port());
        if !accepted.contains(&run.outcome.as_str()) {
            writeln!(differences, "{profile}: {}, expected {}\n{}", run.outcome, accepted.join(" or "), run.said)
                .expect("a String takes everything");
        }
    }
    if !differences.is_empty() {
        differences += &broker.log();
    }
    differences
}

#[test]
fn devices_end_as_the_table_says() {
    let scenarios = scenarios();
    let results = in_parallel(&scenarios.scenarios, |scenario| differences(scenario, &scenarios.clients));
    let mut failed = String::new();
    for (scenario, differences) in scenarios.iter().zip(results) {
        if !differences.is_empty() {
            writeln!(failed, "\n{} {}: {differences}", scenario.id, scenario.description).expect("a String takes everything");
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

/// `ok` in the table means more than a handshake: what the device publishes reaches others.
#[test]
fn message_reaches_a_subscriber() {
    let scenarios = scenarios();
    // The one whose server certificate names 127.0.0.1 both as BearSSL and as mosquitto_sub want it.
    let scenario = scenarios.iter().find(|scenario| scenario.id == "F4").expect("a row F4");
    let client = scenarios.clients.build(scenario).expect("the client is built");
    let broker = Mosquitto::start(&scenario.settings);
    let subscriber = Subscriber::subscribe(&broker, "ta-codegen/example", &["--cafile", support::text(&scenario.anchors[0])]);
    let run = client.run(scenario, "tasmota-rsa", broker.port());
    assert_eq!(run.outcome, "ok", "{}", run.said);
    assert_eq!(subscriber.message(), "hello");
}

/// The outcomes that were recorded before this project's suite existed, with other certificates of the same kinds.
#[test]
fn table_has_the_recorded_outcomes() {
    let Some(folder) = support::shared("handshakes") else {
        return;
    };
    let rows: HashMap<_, _> = scenario::rows().into_iter().map(|row| (row.id(), row)).collect();
    let recorded = support::read_text(folder.join("cases.tsv"));
    let recorded = scenario::parse(&recorded);
    assert!(recorded.len() >= 78, "only {} recorded rows", recorded.len());
    for case in &recorded {
        let row = rows.get(case.id()).unwrap_or_else(|| panic!("{} is not in the table", case.id()));
        for profile in PROFILES {
            let (ours, theirs) = (row.get(profile), case.get(profile));
            let agree = match ours {
                // Here the anchor never reaches a device; the recorded devices did not connect with it.
                "anchor-refused" => theirs != "ok",
                "broker-refuses" => case.get("note").contains(row.get("says")),
                _ => theirs == "-" || ours.split('/').any(|outcome| outcome == theirs),
            };
            assert!(agree, "{} {profile}: the table has {ours}, recorded is {theirs}", case.id());
        }
    }
}
