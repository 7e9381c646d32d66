//! Certificates as PEM in a string constant, for TLS stacks that decode certificates on the device: mbedTLS on ESP32
//! (`WiFiClientSecure::setCACert`), `BearSSL::X509List` on ESP8266.

use std::collections::HashSet;
use std::fmt::Write;

use pem::{EncodeConfig, LineEnding, Pem, encode_config};

use super::freshness::freshness_macros;
use super::header::{PROGMEM, guard};
use crate::anchor::TrustAnchor;
use crate::describe;
use crate::names::{NameError, check_identifier};

/// How a header with PEM names and stores its constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PemHeaderOptions {
    /// The constant.
    pub name: String,
    /// Whether it is marked `PROGMEM`, which keeps it in flash on ESP8266.
    pub progmem: bool,
    /// Whether it is `static`. Otherwise other source files can name it, and only one may include the header.
    pub is_static: bool,
}

impl Default for PemHeaderOptions {
    fn default() -> Self {
        PemHeaderOptions { name: "ca_certificates".to_owned(), progmem: false, is_static: true }
    }
}

/// The longest string that C99 promises to take (ISO/IEC 9899:1999, section 5.2.4.1); gcc says so when it is pedantic.
const LONGEST_PORTABLE_STRING: usize = 4095;

/// Writes a header of C and C++ with the certificates as one string, which ends with the NUL that mbedTLS asks for.
///
/// The PEM is written anew from the DER: nothing else that stood in the files gets into it. A certificate is written once, but each of
/// several with the same subject and key is: mbedTLS looks at the dates of those it trusts, too.
///
/// # Errors
///
/// A name that C does not take.
pub fn pem_header(anchors: &[TrustAnchor], options: &PemHeaderOptions) -> Result<String, NameError> {
    check_identifier(&options.name)?;
    let mut seen = HashSet::new();
    let anchors: Vec<&TrustAnchor> = anchors.iter().filter(|anchor| seen.insert(anchor.certificate())).collect();
    let text: String = anchors.iter().map(|anchor| pem(anchor)).collect();
    let guard = guard(&options.name);
    let mut out = String::with_capacity(1024 + 2 * text.len());
    contents(&mut out, &anchors);
    write!(out, "\n#ifndef {guard}\n#define {guard}\n").expect("writing to a String cannot fail");
    if options.progmem {
        out.push('\n');
        out.push_str(PROGMEM);
    }
    let is_long = text.len() > LONGEST_PORTABLE_STRING;
    out.push_str(if is_long { ALLOW_LONG_STRING } else { "" });
    constant(&mut out, &text, options);
    out.push_str(if is_long { "#ifdef __GNUC__\n#pragma GCC diagnostic pop\n#endif\n" } else { "" });
    freshness_macros(&mut out, &anchors, &options.name);
    out.push_str("\n#endif\n");
    Ok(out)
}

const ALLOW_LONG_STRING: &str = "
/* C99 promises strings of 4095 characters; the compilers for these devices take longer ones. */
#ifdef __GNUC__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored \"-Woverlength-strings\"
#endif
";

fn pem(anchor: &TrustAnchor) -> String {
    let block = Pem::new("CERTIFICATE", anchor.certificate());
    encode_config(&block, EncodeConfig::new().set_line_ending(LineEnding::LF))
}

/// Says which certificates these are.
fn contents(out: &mut String, anchors: &[&TrustAnchor]) {
    out.push_str("/* CA certificates in PEM, written by ta-codegen.\n");
    for anchor in anchors {
        for (index, line) in describe::lines(anchor).iter().enumerate() {
            out.push_str(if index == 0 { " *\n * " } else { " * " });
            out.push_str(line);
            out.push('\n');
        }
    }
    out.push_str(" */\n");
}

fn constant(out: &mut String, text: &str, options: &PemHeaderOptions) {
    let name = &options.name;
    let placement = if options.progmem { "PROGMEM " } else { "" };
    let before = if options.is_static {
        "static ".to_owned()
    } else {
        format!("#ifdef __cplusplus\nextern \"C\" const char {name}[];\n#endif\n")
    };
    write!(out, "\n{before}const char {placement}{name}[] =").expect("writing to a String cannot fail");
    for line in text.lines() {
        write!(out, "\n\t\"{line}\\n\"").expect("writing to a String cannot fail");
    }
    out.push_str(";\n");
}
