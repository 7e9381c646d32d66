//! `--header`: one header that stands alone, in the eyes of gcc and g++ in every standard, and of libbearssl.

use std::path::Path;
use std::process::Command;

use crate::support::{
    expect_file, fixture, openssl, read_text, require, require_file, run, ta_codegen_with, temporary_folder, text, write,
};

const C_STANDARDS: [&str; 4] = ["c99", "c11", "c17", "c2x"];
const CXX_STANDARDS: [&str; 5] = ["c++11", "c++14", "c++17", "c++20", "c++23"];

fn compile(compiler: &str, standard: &str, folder: &Path, source: &str) -> Command {
    let mut command = require(compiler, if compiler == "gcc" { "gcc" } else { "g++" });
    command
        .current_dir(folder)
        .arg(format!("-std={standard}"))
        .args(["-Wall", "-Wextra", "-Werror", "-c", "-o", "out.o", source]);
    // Designated initializers are an extension of C++ before C++20.
    if compiler == "gcc" || standard >= "c++20" {
        command.arg("-pedantic");
    }
    command
}

/// Compiles `body` after the header in C and C++, in every standard.
#[track_caller]
pub(crate) fn compiles_everywhere(folder: &Path, body: &str) {
    write(folder, "use.c", body);
    write(folder, "use.cpp", body);
    for standard in C_STANDARDS {
        run(&mut compile("gcc", standard, folder, "use.c")).expect_status(0);
    }
    for standard in CXX_STANDARDS {
        run(&mut compile("g++", standard, folder, "use.cpp")).expect_status(0);
    }
}

/// A CA with this key, made by openssl.
pub(crate) fn make_ca(folder: &Path, name: &str, key: &[&str]) -> std::path::PathBuf {
    let (key_file, certificate) = (folder.join(format!("{name}.key")), folder.join(format!("{name}.crt")));
    let subject = format!("/O=Header tests/CN={name}");
    let mut arguments = vec!["req", "-x509", "-nodes", "-days", "30", "-subj", &subject, "-newkey"];
    arguments.extend(key);
    arguments.extend(["-keyout", text(&key_file), "-out", text(&certificate)]);
    openssl(arguments);
    certificate
}

const EC: [&str; 3] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"];

#[test]
fn compiles_in_every_standard() {
    require_file("/usr/include/bearssl.h", "libbearssl-dev");
    let folder = temporary_folder();
    let ec = make_ca(folder.path(), "ec", &EC);
    for (index, options) in [
        &[][..],
        &["--progmem"],
        &["--no-static"],
        &["--no-static", "--progmem", "--name", "anchors", "--count-name", "anchor_count", "--prefix", "root"],
    ]
    .iter()
    .enumerate()
    {
        let header = folder.path().join(format!("anchors{index}.h"));
        let rsa = fixture("ca-rsa2048.crt");
        let mut arguments = vec!["--header", "-q", "-o", text(&header), text(&rsa), text(&ec)];
        arguments.extend(*options);
        ta_codegen_with(arguments).expect_status(0);
        let (table, count) = if index == 3 { ("anchors", "anchor_count") } else { ("TAs", "TAs_NUM") };
        // Twice: the include guard has to hold.
        let body = format!(
            "#include \"anchors{index}.h\"\n#include \"anchors{index}.h\"\n\
             unsigned sum(void);\nunsigned sum(void) {{\n\
             \tunsigned n = 0; size_t i;\n\
             \tfor (i = 0; i < {count}; i ++) n += {table}[i].flags;\n\
             \treturn n + ({table}_EARLIEST_NOT_AFTER > {table}_LATEST_NOT_BEFORE);\n}}\n"
        );
        compiles_everywhere(folder.path(), &body);
    }
}

/// SSLClient takes the table and a `size_t`; ArduinoBearSSL takes the table and an `int`. Both headers of a sketch come after theirs.
#[test]
fn sketches_include_it_as_they_include_others() {
    require_file("/usr/include/bearssl.h", "libbearssl-dev");
    let folder = temporary_folder();
    let header = folder.path().join("trust_anchors.h");
    let ca = fixture("ca-rsa2048.crt");
    ta_codegen_with(["--header", "-q", "--include", "SSLClient.h", "--progmem", "-o", text(&header), text(&ca)]).expect_status(0);
    write(folder.path(), "Arduino.h", "#pragma once\n#define PROGMEM __attribute__((section(\".irom.text.anchors\")))\n");
    write(
        folder.path(),
        "SSLClient.h",
        "#pragma once\n#include <bearssl.h>\n\
         struct SSLClient { SSLClient(const br_x509_trust_anchor *anchors, const size_t count): n(count + anchors->flags) {} size_t n; };\n\
         struct BearSSLClient { BearSSLClient(const br_x509_trust_anchor *anchors, int count): n(count), t(anchors) {}\n\
         \tint n; const br_x509_trust_anchor *t; };\n",
    );
    write(
        folder.path(),
        "sketch.cpp",
        "#include <SSLClient.h>\n#include \"trust_anchors.h\"\n\
         SSLClient one(TAs, (size_t)TAs_NUM);\nBearSSLClient other(TAs, TAs_NUM);\n",
    );
    for standard in ["gnu++11", "gnu++17"] {
        let mut command = require("g++", "g++");
        command.current_dir(folder.path()).arg(format!("-std={standard}"));
        command.args(["-DARDUINO=10800", "-I.", "-Wall", "-Wextra", "-Werror", "-c", "sketch.cpp", "-o", "sketch.o"]);
        run(&mut command).expect_status(0);
        let sections = run(require("objdump", "binutils").current_dir(folder.path()).args(["-h", "sketch.o"])).expect_status(0);
        assert!(sections.text().contains(".irom.text.anchors"), "PROGMEM took effect:\n{}", sections.text());
    }
}

/// Without `static`, another source file can name the table, in C and in C++.
#[test]
fn the_table_can_be_named_from_elsewhere() {
    require_file("/usr/include/bearssl.h", "libbearssl-dev");
    let folder = temporary_folder();
    let header = folder.path().join("anchors.h");
    ta_codegen_with(["--header", "-q", "--no-static", "-o", text(&header), text(&fixture("ca-rsa2048.crt"))]).expect_status(0);
    let main = "#include <bearssl.h>\nextern const br_x509_trust_anchor TAs[];\n\
                int main(void) { return TAs[0].flags == BR_X509_TA_CA && TAs[0].dn.len == 77 ? 0 : 1; }\n";
    write(folder.path(), "main.c", main);
    for (compiler, package, source) in [("gcc", "gcc", "anchors.c"), ("g++", "g++", "anchors.cpp")] {
        write(folder.path(), source, "#include \"anchors.h\"\n");
        run(require(compiler, package).current_dir(folder.path()).args([
            "-Wall",
            "-Wextra",
            "-Werror",
            "-c",
            source,
            "-o",
            "anchors.o",
        ]))
        .expect_status(0);
        run(require("gcc", "gcc").current_dir(folder.path()).args(["main.c", "anchors.o", "-o", "main"])).expect_status(0);
        run(&mut Command::new(folder.path().join("main"))).expect_status(0);
    }
}

/// The dates are those that openssl reads.
#[test]
fn says_when_all_anchors_hold() {
    let folder = temporary_folder();
    let ec = make_ca(folder.path(), "ec", &EC);
    let rsa = fixture("ca-rsa2048.crt");
    let header = ta_codegen_with(["--header", "-q", text(&rsa), text(&ec)]).expect_status(0);
    let rust = ta_codegen_with(["--rust", "-q", "--name", "CAS", text(&rsa), text(&ec)]).expect_status(0);
    let seconds = |which: &str| {
        let shown = openssl(["x509", "-noout", "-dateopt", "iso_8601", which, "-in", text(&ec)]);
        let shown = String::from_utf8(shown).expect("ASCII");
        let date = shown.trim().split_once('=').expect("name=date").1.to_owned();
        let output = run(require("date", "coreutils").args(["-u", "-d", &date, "+%s"])).expect_status(0);
        output.text().trim().to_owned()
    };
    // The CA that was made now begins last and ends first.
    let (not_before, not_after) = (seconds("-startdate"), seconds("-enddate"));
    for (text, lines) in [
        (header.text(), [format!("TAs_LATEST_NOT_BEFORE {not_before}LL"), format!("TAs_EARLIEST_NOT_AFTER {not_after}LL")]),
        (
            rust.text(),
            [format!("CAS_LATEST_NOT_BEFORE: i64 = {not_before};"), format!("CAS_EARLIEST_NOT_AFTER: i64 = {not_after};")],
        ),
    ] {
        for line in lines {
            assert!(text.contains(&line), "`{line}` is missing in:\n{text}");
        }
    }
}

#[test]
fn names_that_no_compiler_takes_are_refused() {
    let folder = temporary_folder();
    let out = folder.path().join("anchors.h");
    let ca = fixture("ca-rsa2048.crt");
    for (options, words) in [
        (&["--name", "my-anchors"][..], &["my-anchors", "no name in C"][..]),
        (&["--name", "2nd"], &["2nd", "no name in C"]),
        (&["--name", "x; int y"], &["no name in C"]),
        (&["--name", "class"], &["keyword"]),
        (&["--name", "_TAs"], &["underscore"]),
        (&["--prefix", "TA-"], &["no name in C"]),
        (&["--name", "TA0_DN"], &["TA0_DN", "twice"]),
        (&["--count-name", "TAs"], &["TAs", "twice"]),
        (&["--include", "a\"\n#error"], &["no file to include"]),
    ] {
        let mut arguments = vec!["--header", "-o", text(&out), text(&ca)];
        arguments.extend(options);
        ta_codegen_with(arguments).expect_status(2).expect_stderr(words);
        assert!(!out.exists());
    }
    ta_codegen_with(["--rust", "--name", "fn", text(&ca)]).expect_status(2).expect_stderr(&["no name in Rust"]);
    ta_codegen_with(["--brssl", "--name", "x", text(&ca)]).expect_status(2).expect_stderr(&["--name", "--header"]);
    ta_codegen_with(["--c-header", "--progmem", text(&ca)]).expect_status(2).expect_stderr(&["--progmem", "--pem-header"]);
}

/// Up to names and comments it is what `brssl` prints.
#[test]
fn holds_the_same_data_as_brssl_prints() {
    let ca = fixture("ca-rsa2048.crt");
    let header = ta_codegen_with(["--header", "-q", text(&ca)]).expect_status(0);
    let brssl = ta_codegen_with(["--brssl", "-q", text(&ca)]).expect_status(0);
    for block in brssl.text().split("\n\n").filter(|block| block.contains('{')) {
        assert!(header.text().contains(block.trim()), "{block}");
    }
    assert!(!read_text(&ca).is_empty());
}

/// A build script writes what the command prints.
#[test]
fn the_builder_writes_the_same_headers() {
    use ta_codegen::c::{HeaderOptions, PemHeaderOptions};
    let folder = temporary_folder();
    let ca = fixture("ca-rsa2048.crt");
    ta_codegen::Builder::new()
        .certificates(&ca)
        .header("anchors.h", HeaderOptions { name: "roots".into(), progmem: true, ..HeaderOptions::default() })
        .pem_header("pem.h", PemHeaderOptions { name: "root_ca".into(), is_static: false, ..PemHeaderOptions::default() })
        .out_dir(folder.path())
        .generate()
        .expect("both headers");
    let header = ta_codegen_with(["--header", "-q", "--name", "roots", "--progmem", text(&ca)]).expect_status(0);
    assert_eq!(read_text(folder.path().join("anchors.h")), header.text());
    let pem = ta_codegen_with(["--pem-header", "-q", "--name", "root_ca", "--no-static", text(&ca)]).expect_status(0);
    assert_eq!(read_text(folder.path().join("pem.h")), pem.text());
    let wrong = HeaderOptions { name: "no name".into(), ..HeaderOptions::default() };
    let builder = ta_codegen::Builder::new().certificates(&ca).header("wrong.h", wrong).out_dir(folder.path());
    assert!(builder.generate().expect_err("a name with a blank").to_string().contains("no name in C"));
    assert!(!folder.path().join("wrong.h").exists());
}

/// The library's tests compare with the same files.
#[test]
fn whole_headers_are_pinned() {
    let rsa = fixture("ca-rsa2048.crt");
    let ec = fixture("ca-p256.crt");
    let options = "--name LOCAL --count-name LOCAL_COUNT --prefix CA --include SSLClient.h --progmem --no-static";
    for (name, options) in [("trust_anchors.h", ""), ("trust_anchors_options.h", options)] {
        let arguments = ["--header", "-q", text(&rsa), text(&ec)].into_iter().chain(options.split_whitespace());
        expect_file(name, ta_codegen_with(arguments).expect_status(0).text());
    }
    let others = ["ca-p384.crt", "ca-name-constraints.crt", "ca-expired.crt", "golden/a-seed1__ca.crt"].map(fixture);
    let options = ["--name", "root_ca", "--progmem", "--no-static"];
    let arguments = ["--pem-header", "-q", text(&rsa), text(&ec)];
    expect_file("ca_certificates.h", ta_codegen_with(arguments).expect_status(0).text());
    let arguments = arguments.into_iter().chain(others.iter().map(|path| text(path))).chain(options);
    expect_file("ca_certificates_options.h", ta_codegen_with(arguments).expect_status(0).text());
}
