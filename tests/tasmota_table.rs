//! A table of trust anchors made by `--c-header`, compiled with the real BearSSL, and what openssl says about the same certificates.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::support::{openssl, openssl_with_input, project, require, require_file, run, ta_codegen, temporary_folder, text};

/// The two headers of some CAs, in a folder laid out as Tasmota's sources are.
pub(crate) struct TasmotaHeaders {
    folder: TempDir,
}

impl TasmotaHeaders {
    /// Runs `ta-codegen --c-header` on `certificates`.
    #[track_caller]
    pub(crate) fn generate<P: AsRef<Path>>(certificates: &[P]) -> Self {
        let folder = temporary_folder();
        let mut command = ta_codegen();
        command.args(["-q", "--c-header", "--out-dir"]).arg(folder.path().join("include"));
        std::fs::create_dir(folder.path().join("include")).expect("a new folder");
        run(command.args(certificates.iter().map(AsRef::as_ref))).expect_status(0);
        Self { folder }
    }

    /// What goes to `tasmota/include/local_ca_data.h`.
    pub(crate) fn data(&self) -> String {
        crate::support::read_text(self.folder.path().join("include/local_ca_data.h"))
    }

    /// What goes to `tasmota/include/local_ca_descriptor.h`.
    pub(crate) fn descriptor(&self) -> String {
        crate::support::read_text(self.folder.path().join("include/local_ca_descriptor.h"))
    }

    /// Compiles the table with `arguments` to `object`, with every warning an error.
    #[track_caller]
    pub(crate) fn compile(&self, compiler: &str, arguments: &[&str]) -> PathBuf {
        require_file("/usr/include/bearssl.h", "libbearssl-dev");
        let object = self.folder.path().join("table.o");
        let mut command = require(compiler, compiler);
        command.args(["-Wall", "-Wextra", "-Werror", "-O1"]).args(arguments);
        command.arg("-I").arg(self.folder.path()).arg("-c").arg(source("tasmota_ca.c")).arg("-o").arg(&object);
        run(&mut command).expect_status(0);
        object
    }

    /// Links the table, with the local CAs alone in it, with the real BearSSL.
    #[track_caller]
    pub(crate) fn link(&self) -> TasmotaTable<'_> {
        let local_only = ["-DINCLUDE_LOCAL_CERT", "-DOMIT_LETS_ENCRYPT_CERT", "-DOMIT_AWS_CERT"];
        let object = self.compile("gcc", &local_only);
        let program = self.folder.path().join("table");
        let mut command = require("gcc", "gcc");
        command.args(["-Wall", "-Wextra", "-Werror"]).arg(source("use_table.c")).arg(object);
        run(command.args(["-lbearssl", "-o"]).arg(&program)).expect_status(0);
        TasmotaTable { program, headers: self }
    }
}

/// A program that holds the table and BearSSL's validator.
pub(crate) struct TasmotaTable<'a> {
    program: PathBuf,
    headers: &'a TasmotaHeaders,
}

impl TasmotaTable<'_> {
    /// One line for each anchor with all its fields, as BearSSL sees them.
    #[track_caller]
    pub(crate) fn anchors(&self) -> Vec<String> {
        let outcome = run(&mut Command::new(&self.program)).expect_status(0);
        outcome.text().lines().map(str::to_owned).collect()
    }

    /// The number that BearSSL's validator ends with for a server that shows `certificate` alone: 0, or its error.
    #[track_caller]
    pub(crate) fn verdict(&self, certificate: &Path) -> u32 {
        let der = self.headers.folder.path().join("server.der");
        openssl(["x509", "-in", text(certificate), "-outform", "DER", "-out", text(&der)]);
        let outcome = run(Command::new(&self.program).arg(der)).expect_status(0);
        outcome.text().trim().parse().expect("an error number")
    }
}

fn source(name: &str) -> PathBuf {
    project().join("tests/tasmota").join(name)
}

/// What openssl says about a certificate, as a line of [`TasmotaTable::anchors`].
#[track_caller]
pub(crate) fn openssl_anchor(certificate: &Path) -> String {
    let printed = openssl(["x509", "-in", text(certificate), "-noout", "-text"]);
    let printed = String::from_utf8_lossy(&printed);
    let flags = u8::from(printed.contains("CA:TRUE"));
    format!("flags={flags} subject={} {}", openssl_subject(certificate), openssl_key(&printed))
}

/// The key in `openssl x509 -text`.
fn openssl_key(printed: &str) -> String {
    if let Some(modulus) = hexadecimal_after(printed, "Modulus:") {
        let exponent = printed.split_once("Exponent: ").expect("an exponent").1;
        let exponent = exponent.split_once("(0x").expect("in hexadecimal").1.split(')').next().expect("a number");
        let modulus = modulus.strip_prefix("00").unwrap_or(&modulus).to_owned();
        let width = exponent.len().next_multiple_of(2);
        return format!("n={modulus} e={:0>width$}", exponent.to_uppercase());
    }
    let point = hexadecimal_after(printed, "pub:").expect("an RSA or an EC key");
    let curve = printed.split_once("ASN1 OID: ").expect("a named curve").1.lines().next().expect("a name");
    let number = match curve {
        "prime256v1" => 23,
        "secp384r1" => 24,
        "secp521r1" => 25,
        other => panic!("curve {other}"),
    };
    format!("curve={number} q={point}")
}

/// The lines of `00:AB:...` that follow a heading, as plain digits.
fn hexadecimal_after(printed: &str, heading: &str) -> Option<String> {
    let lines = printed.split_once(heading)?.1.lines().skip(1).map(str::trim);
    let numbers = lines.take_while(|line| line.chars().all(|c| c == ':' || c.is_ascii_hexdigit()));
    Some(numbers.flat_map(|line| line.split(':')).collect::<String>().to_uppercase())
}

/// The subject's DER, cut out of the certificate where `openssl asn1parse` says that it stands (RFC 5280, section 4.1).
#[track_caller]
fn openssl_subject(certificate: &Path) -> String {
    let der = openssl(["x509", "-in", text(certificate), "-outform", "DER"]);
    let parsed = String::from_utf8(openssl_with_input(["asn1parse", "-inform", "DER"], &der)).expect("text");
    let fields: Vec<_> = parsed.lines().filter(|line| line.contains(":d=2 ")).collect();
    // version (absent for v1), serialNumber, signature, issuer, validity, subject
    let subject = fields[if fields[0].contains("cont [ 0 ]") { 5 } else { 4 }];
    let number = |text: &str| text.trim().parse::<usize>().expect("a number");
    let (offset, rest) = subject.split_once(":d=2  hl=").expect("an offset");
    let (header, rest) = rest.split_once(" l=").expect("a header length");
    let length = number(rest.split_once(" cons").expect("a SEQUENCE").0);
    let start = number(offset);
    der[start..start + number(header) + length].iter().map(|byte| format!("{byte:02X}")).collect()
}
