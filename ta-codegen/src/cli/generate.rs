//! Certificates in, source out.

use std::path::{Path, PathBuf};

use ta_codegen::c::{self, HeaderOptions, PemHeaderOptions};
use ta_codegen::check::{Warning, WarningKind, tasmota_warnings, warnings};
use ta_codegen::error::Error;
use ta_codegen::files::{self, Output};
use ta_codegen::input::Input;
use ta_codegen::time::Time;
use ta_codegen::{NameError, TrustAnchor, rust, unique};

use super::Outcome;
use super::arguments::{Generate, Mode, Names};
use super::choice;
use super::depfile::rule;
use super::input;
use super::output::{print, report, shown, tell, usage};
use super::overwriting::conflict;
use super::progress;

/// The name of the static that `--rust` writes.
const RUST_NAME: &str = "TRUST_ANCHORS";

pub(super) fn run(arguments: &Generate) -> Outcome {
    let mode = match arguments.mode() {
        Ok(mode) => mode,
        Err(message) => return usage(message),
    };
    if let Some(message) = arguments.misfit(mode) {
        return usage(message);
    }
    if arguments.files.is_empty() && arguments.choice.label.is_empty() {
        return usage("no certificate file was given; - is standard input");
    }
    generate(arguments, mode).unwrap_or_else(|error| report(&error))
}

fn generate(arguments: &Generate, mode: Mode) -> Result<Outcome, Error> {
    let Input { anchors, skipped, mut paths } = read(arguments)?;
    let selection = arguments.choice.selection();
    paths.extend(selection.for_chain.clone());
    let selected = selection.apply(anchors, Time::now())?;
    if !arguments.quiet {
        skipped.iter().for_each(|problem| tell(format_args!("skipped: {problem}")));
        if !selection.is_everything() {
            tell(choice::table(&selected));
        }
        warn(&selected.taken, mode);
    }
    let outputs = match outputs(&selected.taken, mode, arguments) {
        Ok(outputs) => outputs,
        Err(error) => return Ok(usage(error)),
    };
    if arguments.output().is_none() && mode != Mode::CHeader {
        return outputs.iter().try_for_each(|output| print(&output.content)).map(|()| Outcome::Success);
    }
    if arguments.check {
        return check(&outputs);
    }
    match with_rule(outputs, &paths, arguments.depfile.as_deref()) {
        Ok(sets) => write(&sets, arguments)?,
        Err(message) => return Ok(usage(message)),
    }
    if mode == Mode::CHeader && !arguments.quiet {
        tell(TASMOTA_ADVICE);
    }
    Ok(Outcome::Success)
}

fn read(arguments: &Generate) -> Result<Input, Error> {
    let read = || input::trust_anchors(&arguments.files, &arguments.choice.label);
    match progress::slow_reading(&arguments.files).filter(|_| !arguments.quiet) {
        Some(what) => progress::with_progress(&what, read),
        None => read(),
    }
}

/// What is to be written. A mode with one text has one output, whose path is that of `--output`.
fn outputs(anchors: &[TrustAnchor], mode: Mode, arguments: &Generate) -> Result<Vec<Output>, NameError> {
    let names = &arguments.names;
    let content = match mode {
        Mode::CHeader => {
            let directory = arguments.out_dir.as_deref().unwrap_or(Path::new(""));
            return Ok(c::tasmota(&unique(anchors))?.into_outputs(directory).into());
        }
        Mode::Header => c::header(&unique(anchors), &header_options(names))?,
        Mode::PemHeader => c::pem_header(anchors, &pem_header_options(names))?,
        Mode::Rust => rust::source(&unique(anchors), names.name.as_deref().unwrap_or(RUST_NAME))?,
        // brssl repeats what is repeated.
        Mode::Brssl => c::brssl(anchors),
    };
    Ok(vec![Output { path: arguments.output().unwrap_or(Path::new("")).to_owned(), content }])
}

fn header_options(names: &Names) -> HeaderOptions {
    let default = HeaderOptions::default();
    HeaderOptions {
        name: names.name.clone().unwrap_or(default.name),
        count_name: names.count_name.clone(),
        prefix: names.prefix.clone().unwrap_or(default.prefix),
        include: names.include.clone().unwrap_or(default.include),
        progmem: names.progmem,
        is_static: !names.no_static,
    }
}

fn pem_header_options(names: &Names) -> PemHeaderOptions {
    let default = PemHeaderOptions::default();
    PemHeaderOptions { name: names.name.clone().unwrap_or(default.name), progmem: names.progmem, is_static: !names.no_static }
}

fn warn(anchors: &[TrustAnchor], mode: Mode) {
    let mut all = warnings(anchors, Time::now());
    if mode == Mode::CHeader {
        all.extend(tasmota_warnings(anchors));
    }
    for warning in &all {
        tell(format_args!("warning: {warning}{}", consequence(warning, mode)));
    }
}

/// What the mode does about what it warns of.
fn consequence(warning: &Warning, mode: Mode) -> &'static str {
    match (&warning.kind, mode) {
        (WarningKind::Duplicate(_), Mode::Brssl) => "; --brssl writes both, as brssl does",
        (WarningKind::Duplicate(_), Mode::PemHeader) => "; --pem-header writes both unless they are the same certificate",
        (WarningKind::Duplicate(_), _) => "; it is written once",
        _ => "",
    }
}

fn check(outputs: &[Output]) -> Result<Outcome, Error> {
    let mut outcome = Outcome::Success;
    for output in outputs {
        if output.would_change()? {
            tell(format_args!("{} would change", shown(&output.path)));
            outcome = Outcome::Refused;
        }
    }
    Ok(outcome)
}

/// The outputs, and the rule that tells what they depend on, where one is asked for; or what stands against writing them.
fn with_rule(outputs: Vec<Output>, inputs: &[PathBuf], depfile: Option<&Path>) -> Result<[Vec<Output>; 2], String> {
    let written = outputs.iter().map(|output| output.path.as_path()).chain(depfile);
    if let Some(message) = conflict(written, inputs.iter().map(PathBuf::as_path)) {
        return Err(message);
    }
    let rule = depfile.map(|path| rule(path, &outputs, inputs)).transpose()?;
    Ok([outputs, rule.into_iter().collect()])
}

/// Writes the outputs and the rule, all or none.
fn write(sets: &[Vec<Output>; 2], arguments: &Generate) -> Result<(), Error> {
    if let Some(directory) = &arguments.out_dir {
        files::create_directory(directory)?;
    }
    let changed = files::write(sets)?;
    if !arguments.quiet {
        for output in &sets[0] {
            let what = if changed.contains(&output.path.as_path()) { "written" } else { "unchanged" };
            tell(format_args!("{} {what}", shown(&output.path)));
        }
    }
    Ok(())
}

/// What is left to do in Tasmota's source tree (`tasmota_ca.ino`, `my_user_config.h`).
const TASMOTA_ADVICE: &str = "
Put both files into tasmota/include/, and into tasmota/user_config_override.h:

  #define USE_MQTT_TLS              // MQTT over TLS
  #define INCLUDE_LOCAL_CERT        // trust the CA in these two files
  #define OMIT_LETS_ENCRYPT_CERT    // and no public CA
  #define OMIT_AWS_CERT

On the device: SetOption103 1 (TLS on), SetOption132 0 (check the CA, not a fingerprint), and
MqttHost with the name that stands in the broker's certificate.";
