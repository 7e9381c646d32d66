//! Inspections as JSON.

use serde_json::{Value, json};

use super::{AnchorSize, Contents, Inspection, days_until};
use crate::error::Problem;
use crate::text::escape_in_json;
use crate::time::Time;

/// All inspections and problems of a run as a JSON document, version 1 of its schema. `now` is what days are counted from.
///
/// Fields are only ever added within a version:
///
/// | field | meaning |
/// |---|---|
/// | `schema`, `version` | `"ta-codegen inspect"`, 1 |
/// | `certificates` | one object for each certificate, in the order of the input |
/// | `problems` | what is wrong with the files beside that, one text each, as on standard error |
///
/// A certificate:
///
/// | field | meaning |
/// |---|---|
/// | `file`, `certificate`, `line` | where it was found; the numbers count from 1, `line` is null for DER |
/// | `sha256`, `size` | of its DER; the hash in capitals with colons |
/// | `problem` | null, or why the following fields cannot be told, which are missing then |
/// | `subject`, `issuer`, `self_issued`, `serial` | texts, a boolean, and hexadecimal digits with colons |
/// | `key` | `{"type", "bits", "curve"}`: `"RSA"` with bits, `"EC"` with a curve, or another type with null for both |
/// | `signature_algorithm` | as openssl names it |
/// | `ca`, `path_length` | a boolean; a number or null |
/// | `key_usage`, `extended_key_usage` | arrays of names as in RFC 5280 |
/// | `common_names`, `subject_alternative_names` | an array of texts; an array of `{"type", "value"}` |
/// | `not_before`, `not_after`, `days_left` | RFC 3339 and whole days, negative after the end; null for dates that do not exist |
/// | `anchor` | `{"usable", "bytes", "refused", "bearssl_error"}`: bytes of flash, or the reason and BearSSL's error number |
pub fn json(inspections: &[Inspection], problems: &[Problem], now: Time) -> String {
    let document = json!({
        "schema": "ta-codegen inspect",
        "version": 1,
        "certificates": inspections.iter().map(|inspection| certificate(inspection, now)).collect::<Vec<_>>(),
        "problems": problems.iter().map(Problem::to_string).collect::<Vec<_>>(),
    });
    escape_in_json(&format!("{document:#}\n"))
}

fn certificate(inspection: &Inspection, now: Time) -> Value {
    let mut value = json!({
        "file": &*inspection.origin.file,
        "certificate": inspection.origin.certificate,
        "line": inspection.origin.line,
        "sha256": inspection.sha256,
        "size": inspection.size,
        "problem": inspection.contents.as_ref().err(),
        "anchor": anchor(inspection),
    });
    if let (Ok(contents), Value::Object(fields)) = (&inspection.contents, &mut value)
        && let Value::Object(more) = self::contents(contents, now)
    {
        fields.extend(more);
    }
    value
}

fn anchor(inspection: &Inspection) -> Value {
    match &inspection.anchor {
        Ok(size) => json!({ "usable": true, "bytes": AnchorSize::total(*size), "refused": null, "bearssl_error": null }),
        Err(refusal) => {
            json!({ "usable": false, "bytes": null, "refused": refusal.reason, "bearssl_error": refusal.bearssl_error })
        }
    }
}

fn contents(contents: &Contents, now: Time) -> Value {
    let key = &contents.key;
    let names = contents.alternative_names.iter().map(|(kind, name)| json!({ "type": kind, "value": name }));
    json!({
        "subject": contents.subject,
        "issuer": contents.issuer,
        "self_issued": contents.is_self_issued,
        "serial": contents.serial,
        "key": { "type": key.kind, "bits": key.bits, "curve": key.curve },
        "signature_algorithm": contents.signature_algorithm,
        "ca": contents.is_ca,
        "path_length": contents.path_length,
        "key_usage": contents.key_usage,
        "extended_key_usage": contents.extended_key_usage,
        "common_names": contents.common_names,
        "subject_alternative_names": names.collect::<Vec<_>>(),
        "not_before": contents.validity.map(|validity| validity.not_before.rfc3339()),
        "not_after": contents.validity.map(|validity| validity.not_after.rfc3339()),
        "days_left": contents.validity.map(|validity| days_until(validity.not_after, now)),
    })
}
