//! One header that stands alone: for Arduino sketches and other projects on BearSSL.

use std::collections::HashSet;
use std::fmt::Write;

use super::freshness::freshness_macros;
use super::tables::{ROW_SIZE, arrays_size, rows, shared_arrays};
use crate::anchor::TrustAnchor;
use crate::names::{NameError, check_identifier};

/// How a header names and stores what it defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderOptions {
    /// The table of trust anchors.
    pub name: String,
    /// The macro with the table's length; `None` appends `_NUM` to the name.
    pub count_name: Option<String>,
    /// What the names of the arrays begin with, before the anchor's number.
    pub prefix: String,
    /// What is included for BearSSL's types: `<bearssl.h>`, or a file name, which is put into quotes.
    pub include: String,
    /// Whether the arrays are marked `PROGMEM`, which keeps them in flash on ESP8266.
    pub progmem: bool,
    /// Whether everything is `static`. Otherwise other source files can name the table, and only one may include the header.
    pub is_static: bool,
}

impl Default for HeaderOptions {
    /// `brssl`'s names, so that the header can take the place of its output.
    fn default() -> Self {
        HeaderOptions {
            name: "TAs".to_owned(),
            count_name: None,
            prefix: "TA".to_owned(),
            include: "<bearssl.h>".to_owned(),
            progmem: false,
            is_static: true,
        }
    }
}

/// Writes a header of C and C++ with include guard: the arrays, the table, its length, and between which dates all anchors hold.
///
/// It needs C99 or C++11; before C++20 the table's designated initializers are an extension that every compiler for these devices has.
///
/// # Errors
///
/// A name that C does not take, or that is given twice.
pub fn header(anchors: &[&TrustAnchor], options: &HeaderOptions) -> Result<String, NameError> {
    let count_name = options.count_name.clone().unwrap_or_else(|| format!("{}_NUM", options.name));
    let mut out = String::with_capacity(1024 + arrays_size(anchors) + anchors.len() * ROW_SIZE);
    opening(&mut out, options)?;
    let linkage = if options.is_static { "static " } else { "" };
    let placement = if options.progmem { "PROGMEM " } else { "" };
    let names = shared_arrays(&mut out, anchors, &format!("{linkage}const unsigned char {placement}"), &options.prefix)?;
    check_names(options, &count_name, &names)?;
    table(&mut out, anchors, names, options);
    define(&mut out, "How many trust anchors there are.", &count_name, &anchors.len().to_string());
    freshness_macros(&mut out, anchors, &options.name);
    closing(&mut out, options);
    Ok(out)
}

fn opening(out: &mut String, options: &HeaderOptions) -> Result<(), NameError> {
    let infallible = "writing to a String cannot fail";
    let guard = guard(&options.name);
    write!(out, "/* Trust anchors for BearSSL, written by ta-codegen. */\n\n#ifndef {guard}\n#define {guard}\n\n")
        .expect(infallible);
    writeln!(out, "#include {}", include_operand(&options.include)?).expect(infallible);
    if options.progmem {
        out.push_str(PROGMEM);
    }
    if !options.is_static {
        out.push_str("\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    }
    Ok(())
}

/// Arduino's cores define it; elsewhere there is nothing to do.
pub(super) const PROGMEM: &str = "\
#ifdef ARDUINO
#include <Arduino.h>
#endif
#ifndef PROGMEM
#define PROGMEM
#endif
";

fn closing(out: &mut String, options: &HeaderOptions) {
    if !options.is_static {
        out.push_str("\n#ifdef __cplusplus\n}\n#endif\n");
    }
    out.push_str("\n#endif\n");
}

fn table(out: &mut String, anchors: &[&TrustAnchor], names: Vec<Vec<String>>, options: &HeaderOptions) {
    let declaration = format!("const br_x509_trust_anchor {}[{}]", options.name, anchors.len());
    // In C++ a constant is seen in its own file only, unless it was declared extern before.
    let before = if options.is_static { "static ".to_owned() } else { format!("extern {declaration};\n") };
    write!(out, "\n{before}{declaration} = {{\n").expect("writing to a String cannot fail");
    rows(out, anchors.iter().copied().zip(names));
    out.push_str("\n};\n");
}

/// Writes a macro under a comment.
pub(super) fn define(out: &mut String, comment: &str, name: &str, value: &str) {
    for piece in ["\n/* ", comment, " */\n#define ", name, " ", value, "\n"] {
        out.push_str(piece);
    }
}

/// The include guard: another one for each name, so that two headers can be used together.
pub(super) fn guard(name: &str) -> String {
    format!("TA_CODEGEN_{name}_H")
}

/// What stands behind `#include`.
fn include_operand(file: &str) -> Result<String, NameError> {
    let inner = file.strip_prefix('<').and_then(|file| file.strip_suffix('>')).unwrap_or(file);
    // A quote, a comment or a line's end in it would not name a file but write C.
    let is_file_name = |character: char| !character.is_control() && !matches!(character, '<' | '>' | '"' | '\\');
    if inner.is_empty() || !inner.chars().all(is_file_name) {
        return Err(NameError::Include(file.to_owned()));
    }
    Ok(if inner.len() < file.len() { file.to_owned() } else { format!("\"{file}\"") })
}

/// Checks that everything the header defines has a name of its own.
fn check_names(options: &HeaderOptions, count_name: &str, arrays: &[Vec<String>]) -> Result<(), NameError> {
    let [latest, earliest] = super::freshness::names(&options.name);
    let mut seen = HashSet::from([guard(&options.name)]);
    let mut arrays: Vec<&str> = arrays.iter().flatten().map(String::as_str).collect();
    // Anchors share equal arrays, and with them a name.
    arrays.sort_unstable();
    arrays.dedup();
    for name in [options.name.as_str(), count_name, &latest, &earliest].into_iter().chain(arrays) {
        check_identifier(name)?;
        if !seen.insert(name.to_owned()) {
            return Err(NameError::Repeated(name.to_owned()));
        }
    }
    Ok(())
}
