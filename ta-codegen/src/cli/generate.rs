//! Certificates in, source out.

use std::path::Path;

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
use super::depfile::depfile;
use super::input;
use super::output::{print, report, tell, usage};
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
    if arguments.output.is_none() && mode != Mode::CHeader {
        return outputs.iter().try_for_each(|output| print(&output.content)).map(|()| Outcome::Success);
    }
    if arguments.check {
        return Ok(check(&outputs));
    }
    write(&outputs, arguments)?;
    if let Some(path) = &arguments.depfile {
        files::write(&[depfile(path, &outputs, &paths)])?;
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
    if mode == Mode::CHeader {
        let directory = arguments.out_dir.as_deref().unwrap_or(Path::new(""));
        return Ok(c::tasmota(&unique(anchors))?.into_outputs(directory).into());
    }
    let content = text(anchors, mode, &arguments.names)?;
    Ok(vec![Output { path: arguments.output.clone().unwrap_or_default(), content }])
}

/// The one text of a mode that has one.
fn text(anchors: &[TrustAnchor], mode: Mode, names: &Names) -> Result<String, NameError> {
    match mode {
        Mode::Header => c::header(&unique(anchors), &header_options(names)),
        Mode::PemHeader => c::pem_header(&unique(anchors), &pem_header_options(names)),
        Mode::Rust => rust::source(&unique(anchors), names.name.as_deref().unwrap_or(RUST_NAME)),
        // brssl repeats what is repeated.
        Mode::Brssl | Mode::CHeader => Ok(c::brssl(anchors)),
    }
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
        (WarningKind::Duplicate(_), _) => "; it is written once",
        _ => "",
    }
}

fn check(outputs: &[Output]) -> Outcome {
    let changed: Vec<&Output> = outputs.iter().filter(|output| output.would_change()).collect();
    for output in &changed {
        tell(format_args!("{} would change", input::display_name(&output.path)));
    }
    if changed.is_empty() { Outcome::Success } else { Outcome::Refused }
}

fn write(outputs: &[Output], arguments: &Generate) -> Result<(), Error> {
    if let Some(directory) = &arguments.out_dir {
        files::create_directory(directory)?;
    }
    let changed = files::write(outputs)?;
    if !arguments.quiet {
        for output in outputs {
            let what = if changed.contains(&output.path.as_path()) { "written" } else { "unchanged" };
            tell(format_args!("{} {what}", input::display_name(&output.path)));
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
