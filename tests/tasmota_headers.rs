//! `--c-header` inside Tasmota's table: the published `sed` recipe gives the same text, compilers take it under every combination
//! of macros, and the real BearSSL reads back what openssl says.

use std::path::{Path, PathBuf};

use crate::{
    support::{
        debian_roots, expect_file, fixture, openssl, require, run, run_with_input, ta_codegen_with, temporary_folder, text,
    },
    tasmota_table::{TasmotaHeaders, openssl_anchor},
};

/// The sets of CAs that the compilers get: one RSA, one EC, three mixed, and all of Debian's.
fn certificate_sets() -> Vec<Vec<PathBuf>> {
    let [rsa, p256, p384] = ["ca-rsa2048.crt", "ca-p256.crt", "ca-p384.crt"].map(fixture);
    vec![vec![rsa.clone()], vec![p256.clone()], vec![p256, rsa, p384], debian_roots()]
}

/// Every choice of the three macros that rule Tasmota's table.
fn macro_combinations() -> Vec<Vec<&'static str>> {
    let macros = ["-DOMIT_LETS_ENCRYPT_CERT", "-DOMIT_AWS_CERT", "-DINCLUDE_LOCAL_CERT"];
    let chosen = |bits: usize| {
        let choice = macros.iter().enumerate().filter(move |(index, _)| bits >> index & 1 == 1);
        choice.map(|(_, name)| *name).collect()
    };
    (0..1 << macros.len()).map(chosen).collect()
}

/// The lines of a C text that are neither comment nor blank.
fn code_lines(text: &str) -> Vec<String> {
    let mut code = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("/*") {
        code.push_str(&rest[..start]);
        let comment = &rest[start..];
        rest = &comment[comment.find("*/").expect("the comment ends") + 2..];
    }
    code.push_str(rest);
    let without_line_comment = |line: &str| line.split("//").next().expect("a line").trim_end().to_owned();
    code.lines().map(without_line_comment).filter(|line| !line.is_empty()).collect()
}

/// What Tasmota's documentation makes of the output of `brssl ta`.
fn published_recipe(brssl_output: &[u8], expressions: &[&str]) -> Vec<String> {
    let mut sed = require("sed", "sed");
    for expression in expressions {
        sed.args(["-e", expression]);
    }
    code_lines(run_with_input(&mut sed, brssl_output).expect_status(0).text())
}

/// Fails unless `--c-header` gives what the recipe makes of `--brssl`, up to comments and blank lines.
#[track_caller]
pub(crate) fn equals_published_recipe(certificate: &Path) {
    let brssl_output = ta_codegen_with(["-q", "--brssl", text(certificate)]).expect_status(0).stdout;
    let headers = TasmotaHeaders::generate(&[certificate]);
    let data = published_recipe(&brssl_output, &["s/TA0/PROGMEM TA0/", "/br_x509/,+999 d"]);
    assert_eq!(code_lines(&headers.data()), data, "local_ca_data.h");
    let descriptor = published_recipe(&brssl_output, &["1,/br_x509/ d", "/};/,+999 d"]);
    assert_eq!(code_lines(&headers.descriptor()), descriptor, "local_ca_descriptor.h");
}

#[test]
fn the_published_sed_recipe_gives_the_same_headers() {
    equals_published_recipe(&fixture("ca-rsa2048.crt"));
    equals_published_recipe(&fixture("ca-p256.crt"));
}

#[test]
fn the_headers_of_two_cas_are_pinned() {
    let headers = TasmotaHeaders::generate(&[fixture("ca-rsa2048.crt"), fixture("ca-p256.crt")]);
    expect_file("local_ca_data.h", &headers.data());
    expect_file("local_ca_descriptor.h", &headers.descriptor());
}

#[test]
fn c_compiles_under_every_combination_of_macros() {
    for certificates in certificate_sets() {
        let headers = TasmotaHeaders::generate(&certificates);
        for macros in macro_combinations() {
            headers.compile("gcc", &[&["-std=gnu11"], &macros[..]].concat());
            headers.compile("gcc", &[&["-std=gnu11", "-DPROGMEM_IS_A_SECTION"], &macros[..]].concat());
        }
    }
}

#[test]
fn cpp_compiles_under_every_combination_of_macros() {
    for certificates in certificate_sets() {
        let headers = TasmotaHeaders::generate(&certificates);
        for macros in macro_combinations() {
            headers.compile("g++", &[&["-xc++", "-std=gnu++17"], &macros[..]].concat());
            headers.compile("g++", &[&["-xc++", "-std=gnu++17", "-DPROGMEM_IS_A_SECTION"], &macros[..]].concat());
        }
    }
}

#[test]
fn every_language_version_compiles() {
    let [_, _, mixed, _] = certificate_sets().try_into().expect("four sets");
    let headers = TasmotaHeaders::generate(&mixed);
    for standard in ["-std=gnu99", "-std=c99", "-std=c11", "-std=gnu17", "-std=gnu2x"] {
        headers.compile("gcc", &[standard, "-DINCLUDE_LOCAL_CERT"]);
    }
    for standard in ["-std=gnu++11", "-std=gnu++14", "-std=gnu++20", "-std=gnu++23"] {
        headers.compile("g++", &["-xc++", standard, "-DINCLUDE_LOCAL_CERT"]);
    }
}

/// Whether a line of a symbol table is about `TA0_DN` or one of its kind; the name comes last.
fn is_array(symbol: &str) -> bool {
    let name = symbol.split_whitespace().last().unwrap_or_default();
    name.strip_prefix("TA").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// An array without PROGMEM would be copied to the RAM of an ESP8266.
#[test]
fn every_array_lies_in_flash() {
    for certificates in certificate_sets() {
        let headers = TasmotaHeaders::generate(&certificates);
        let object = headers.compile("gcc", &["-DINCLUDE_LOCAL_CERT", "-DPROGMEM_IS_A_SECTION"]);
        let symbols = run(require("objdump", "binutils").arg("-t").arg(object)).expect_status(0);
        let arrays: Vec<_> = symbols.text().lines().filter(|line| is_array(line)).collect();
        assert_eq!(arrays.len(), headers.data().matches("static const unsigned char PROGMEM TA").count());
        assert!(arrays.len() >= 2 * certificates.len(), "a name and a key for each CA");
        for array in arrays {
            assert!(array.contains(" .progmem."), "not in flash: {array}");
        }
    }
}

#[test]
fn bearssl_reads_back_what_openssl_says() {
    for certificates in certificate_sets() {
        let headers = TasmotaHeaders::generate(&certificates);
        let expected: Vec<_> = certificates.iter().map(|path| openssl_anchor(path)).collect();
        assert_eq!(headers.link().anchors(), expected);
    }
}

#[test]
fn bearssl_reads_back_the_rarer_kinds() {
    let kinds =
        ["golden/g-own__p521.crt", "golden/c-keys__dn-multirdn.crt", "golden/a-seed1__server.crt", "golden/c-keys__v1.crt"];
    let certificates = kinds.map(fixture);
    let expected = certificates.each_ref().map(|path| openssl_anchor(path));
    assert_eq!(TasmotaHeaders::generate(&certificates).link().anchors(), expected);
}

/// A self-signed CA whose common name is `name`.
fn ca_called(folder: &Path, name: &str) -> PathBuf {
    let certificate = folder.join("ca.crt");
    let key = folder.join("ca.key");
    let subject = format!("/CN={name}");
    let mut command = vec!["req", "-x509", "-utf8", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    command.extend(["-subj", &subject, "-keyout", text(&key), "-out", text(&certificate)]);
    openssl(command);
    certificate
}

#[test]
fn no_subject_breaks_out_of_its_comment() {
    let folder = temporary_folder();
    // Slashes and backslashes are escaped for openssl's -subj.
    let names = [
        r"*\/ int broken; \/*",
        r"ends with a backslash \\",
        r"trigraph ??\/",
        "two\nlines",
        "turned \u{202E} around",
        "Zürich 中",
    ];
    let golden = ["golden/f-der__dn-quote-newline.der", "golden/f-der__dn-invalid-utf8.der", "golden/c-keys__dn-t61.crt"];
    let check = |certificate: &Path| {
        equals_published_recipe(certificate);
        let headers = TasmotaHeaders::generate(&[certificate]);
        headers.compile("gcc", &["-std=c11", "-DINCLUDE_LOCAL_CERT"]);
        headers.compile("gcc", &["-std=gnu11", "-trigraphs", "-Wno-error=trigraphs", "-DINCLUDE_LOCAL_CERT"]);
    };
    names.iter().for_each(|name| check(&ca_called(folder.path(), name)));
    golden.iter().for_each(|name| check(&fixture(name)));
}
