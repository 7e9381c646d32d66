//! The report, for people and as JSON.

use super::checks::{Check, Grade};
use super::judge::{Outcome, Verdict};
use crate::Escaped;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The version of the JSON's shape; it changes when a field changes its meaning or goes away.
pub(super) const JSON_VERSION: u32 = 1;

/// Everything the doctor found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The single checks, in the order they were made.
    pub checks: Vec<Check>,
    /// One verdict per device.
    pub verdicts: Vec<Verdict>,
}

impl Report {
    /// Adds another report's verdicts, and those of its checks that are not there yet.
    pub fn add(&mut self, other: Self) {
        for check in other.checks {
            if !self.checks.contains(&check) {
                self.checks.push(check);
            }
        }
        self.verdicts.extend(other.verdicts);
    }

    /// Whether every device connects and no certificate ends too soon; with `strict` every check must have passed as well.
    #[must_use]
    pub fn is_good(&self, strict: bool) -> bool {
        let connects = self.verdicts.iter().all(|verdict| verdict.outcome == Outcome::Connects);
        let is_tolerable = |check: &Check| !check.ends_too_soon && (!strict || check.grade == Grade::Pass);
        connects && self.checks.iter().all(is_tolerable)
    }

    /// One line per check, then the verdicts.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for Check { grade, subject, finding, .. } in &self.checks {
            line(&mut text, &format!("{:<8} {subject}: {finding}", grade.word()));
        }
        if !self.checks.is_empty() {
            text.push('\n');
        }
        for verdict in &self.verdicts {
            line(&mut text, &format!("{:<16} {}", verdict.profile.name, headline(verdict)));
            if verdict.outcome != Outcome::Connects {
                line(&mut text, &format!("  why   {}", verdict.reason));
                line(&mut text, &format!("  cure  {}", verdict.cure));
            }
        }
        text
    }

    /// The report as JSON, pretty-printed.
    ///
    /// ```text
    /// { "version": 1,
    ///   "checks":  [ { "grade": "pass" | "warning" | "fail", "subject": text, "finding": text } ],
    ///   "targets": [ { "target": text, "outcome": "ok" | number | "broker-refuses-to-start" | "unknown",
    ///                  "error_name": text | null, "reason": text, "cure": text } ] }
    /// ```
    ///
    /// A number is BearSSL's error; for `rustls` it is the nearest one, and `reason` has webpki's own name. Characters that are not
    /// visible are escaped in every text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let checks: Vec<_> = self.checks.iter().map(check_to_json).collect();
        let targets: Vec<_> = self.verdicts.iter().map(verdict_to_json).collect();
        let report = json!({ "version": JSON_VERSION, "checks": checks, "targets": targets });
        format!("{report:#}\n")
    }
}

fn line(text: &mut String, content: &str) {
    writeln!(text, "{}", Escaped(content)).expect("writing to a String cannot fail");
}

fn headline(verdict: &Verdict) -> String {
    match verdict.outcome {
        Outcome::Connects => format!("will connect: {}", verdict.reason),
        Outcome::Error(number) => {
            let name = verdict.name.map(|name| format!(" ({name})")).unwrap_or_default();
            format!("will not connect: error {number}{name}")
        }
        Outcome::BrokerRefusesToStart => "cannot connect: the broker refuses to start".to_owned(),
        Outcome::Unknown => "cannot be told".to_owned(),
    }
}

fn safe(text: &str) -> String {
    Escaped(text).to_string()
}

fn check_to_json(check: &Check) -> Value {
    json!({ "grade": check.grade.word(), "subject": safe(&check.subject), "finding": safe(&check.finding) })
}

fn verdict_to_json(verdict: &Verdict) -> Value {
    let outcome = match verdict.outcome {
        Outcome::Connects => json!("ok"),
        Outcome::Error(number) => json!(number),
        Outcome::BrokerRefusesToStart => json!("broker-refuses-to-start"),
        Outcome::Unknown => json!("unknown"),
    };
    json!({
        "target": verdict.profile.name,
        "outcome": outcome,
        "error_name": verdict.name,
        "reason": safe(&verdict.reason),
        "cure": safe(&verdict.cure),
    })
}
