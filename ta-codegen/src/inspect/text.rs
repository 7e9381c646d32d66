//! An inspection as a table of lines.

use std::fmt::Write;

use super::{AnchorSize, Contents, Inspection, Key, Refusal, days_until};
use crate::text::Escaped;
use crate::time::Time;

impl Inspection {
    /// Some lines for a terminal, all names escaped. `now` is what days are counted from.
    pub fn text(&self, now: Time) -> String {
        let mut lines = format!("{}\n", self.origin);
        match &self.contents {
            Ok(contents) => contents.rows(now).into_iter().for_each(|(label, value)| row(&mut lines, label, &value)),
            Err(problem) => row(&mut lines, "contents", problem),
        }
        row(&mut lines, "SHA-256", &self.sha256);
        row(&mut lines, "size", &format!("{} bytes", self.size));
        row(&mut lines, "as anchor", &anchor(&self.anchor));
        lines
    }
}

fn row(lines: &mut String, label: &str, value: &str) {
    writeln!(lines, "  {label:<12} {}", Escaped(value)).expect("writing to a String cannot fail");
}

fn anchor(anchor: &Result<AnchorSize, Refusal>) -> String {
    match anchor {
        Ok(size) => {
            format!("{} bytes of flash (subject {}, key {}, table row {})", size.total(), size.subject, size.key, AnchorSize::ROW)
        }
        Err(Refusal { reason, bearssl_error: Some(number) }) => format!("refused: {reason} (BearSSL error {number})"),
        Err(Refusal { reason, .. }) => format!("refused: {reason}"),
    }
}

impl Contents {
    fn rows(&self, now: Time) -> Vec<(&'static str, String)> {
        let issuer = if self.is_self_issued { "the same".to_owned() } else { self.issuer.clone() };
        let mut rows = vec![
            ("subject", self.subject.clone()),
            ("issuer", issuer),
            ("serial", self.serial.clone()),
            ("key", self.key.to_string()),
            ("signature", self.signature_algorithm.clone()),
            ("CA", self.role()),
            ("usage", self.key_usage.join(", ")),
            ("extended", self.extended_key_usage.join(", ")),
            ("CN", self.common_names.join(", ")),
            ("SAN", self.alternative_names.iter().map(|(kind, name)| format!("{kind}:{name}")).collect::<Vec<_>>().join(", ")),
            ("valid", self.period(now)),
        ];
        rows.retain(|(_, value)| !value.is_empty());
        rows
    }

    fn role(&self) -> String {
        match (self.is_ca, self.path_length) {
            (true, Some(length)) => format!("yes, path length {length}"),
            (true, None) => "yes".to_owned(),
            (false, _) => "no".to_owned(),
        }
    }

    fn period(&self, now: Time) -> String {
        let Some(validity) = self.validity else { return "the dates do not exist".to_owned() };
        let days = days_until(validity.not_after, now);
        let state = if now < validity.not_before {
            "not yet".to_owned()
        } else if now > validity.not_after {
            "expired".to_owned()
        } else {
            format!("{days} {} left", if days == 1 { "day" } else { "days" })
        };
        format!("{} to {} ({state})", validity.not_before, validity.not_after)
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.kind)?;
        if let Some(bits) = self.bits {
            write!(f, " {bits} bits")?;
        }
        self.curve.as_ref().map_or(Ok(()), |curve| write!(f, " {curve}"))
    }
}
