//! ta-types: the layout of BearSSL's structures, and a table of them in the hands of the real library.

use crate::{
    chain::{Chain, HOST, P256, P384, RSA_2048},
    crates::Crate,
    support::{Outcome, require, require_file, run, temporary_folder, text, write},
};
use std::{fmt::Write as _, path::Path, process::Command};

/// The structures of `ta_types::bearssl`: name, field (empty for the whole structure), and the size of the structure or
/// the offset of the field in bytes with 32-bit and with 64-bit pointers.
///
/// The test compiles them into assertions for the C compiler and for rustc, so both agree with the table or fail.
const LAYOUT: [(&str, &str, [usize; 2]); 21] = [
    ("br_x500_name", "", [8, 16]),
    ("br_x500_name", "data", [0, 0]),
    ("br_x500_name", "len", [4, 8]),
    ("br_rsa_public_key", "", [16, 32]),
    ("br_rsa_public_key", "n", [0, 0]),
    ("br_rsa_public_key", "nlen", [4, 8]),
    ("br_rsa_public_key", "e", [8, 16]),
    ("br_rsa_public_key", "elen", [12, 24]),
    ("br_ec_public_key", "", [12, 24]),
    ("br_ec_public_key", "curve", [0, 0]),
    ("br_ec_public_key", "q", [4, 8]),
    ("br_ec_public_key", "qlen", [8, 16]),
    ("br_x509_pkey", "", [20, 40]),
    ("br_x509_pkey", "key_type", [0, 0]),
    ("br_x509_pkey", "key", [4, 8]),
    ("br_x509_pkey", "key.rsa", [4, 8]),
    ("br_x509_pkey", "key.ec", [4, 8]),
    ("br_x509_trust_anchor", "", [32, 64]),
    ("br_x509_trust_anchor", "dn", [0, 0]),
    ("br_x509_trust_anchor", "flags", [8, 16]),
    ("br_x509_trust_anchor", "pkey", [12, 24]),
];

/// The constants of `ta_types::bearssl`.
const CONSTANTS: [(&str, u32); 6] = [
    ("BR_X509_TA_CA", 1),
    ("BR_KEYTYPE_RSA", 1),
    ("BR_KEYTYPE_EC", 2),
    ("BR_EC_secp256r1", 23),
    ("BR_EC_secp384r1", 24),
    ("BR_EC_secp521r1", 25),
];

/// Column of [`LAYOUT`].
const BITS_32: usize = 0;
/// Column of [`LAYOUT`].
const BITS_64: usize = 1;

fn c_assertions(column: usize) -> String {
    let mut c = String::from("#include <bearssl.h>\n#include <stddef.h>\n");
    for (structure, field, bytes) in LAYOUT {
        let measure = if field.is_empty() { format!("sizeof({structure})") } else { format!("offsetof({structure}, {field})") };
        writeln!(c, "_Static_assert({measure} == {}, \"{structure} {field}\");", bytes[column]).expect("a string grows");
    }
    for (constant, value) in CONSTANTS {
        writeln!(c, "_Static_assert({constant} == {value}, \"{constant}\");").expect("a string grows");
    }
    c
}

fn rust_assertions(column: usize) -> String {
    let mut rust = String::from("#![no_std]\nuse core::mem::{offset_of, size_of};\nuse ta_types::bearssl::*;\n");
    for (structure, field, bytes) in LAYOUT {
        let measure =
            if field.is_empty() { format!("size_of::<{structure}>()") } else { format!("offset_of!({structure}, {field})") };
        writeln!(rust, "const _: () = assert!({measure} == {});", bytes[column]).expect("a string grows");
    }
    for (constant, value) in CONSTANTS {
        writeln!(rust, "const _: () = assert!({constant} == {value});").expect("a string grows");
    }
    rust
}

#[track_caller]
fn compile_c(compiler: &mut Command, source: &str) -> Outcome {
    let header = require_file("/usr/include/bearssl/bearssl.h", "libbearssl-dev");
    let folder = temporary_folder();
    let source = write(folder.path(), "layout.c", source);
    run(compiler.args(["-std=c11", "-fsyntax-only", "-I"]).arg(header.parent().expect("a folder")).arg(source))
}

fn layout_crate(name: &str, column: usize) -> Crate {
    let dependency = r#"ta-types = { path = "@project/ta-types", features = ["bearssl"] }"#;
    Crate::new(name, dependency, &[("src/lib.rs", &rust_assertions(column))])
}

#[test]
fn layout_with_64_bit_pointers_is_the_c_compilers() {
    compile_c(&mut require("gcc", "gcc"), &c_assertions(BITS_64)).expect_status(0);
    run(&mut layout_crate("layout-64", BITS_64).cargo_build()).expect_status(0);
}

#[test]
fn layout_with_32_bit_pointers_is_the_c_compilers() {
    let mut gcc = require("arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi");
    compile_c(gcc.arg("-mcpu=cortex-m3"), &c_assertions(BITS_32)).expect_status(0);
    layout_crate("layout-32", BITS_32).build_for_bare_metal();
}

#[test]
fn a_wrong_layout_is_noticed() {
    compile_c(&mut require("gcc", "gcc"), &c_assertions(BITS_32)).expect_status(1).expect_stderr(&["br_x500_name"]);
    run(&mut layout_crate("layout-wrong", BITS_32).cargo_build())
        .expect_status(101)
        .expect_stderr(&["size_of::<br_x500_name>() == 8"]);
}

/// Compiles the program of `tests/crates/bearssl` with the anchors of the chains in `folder`.
#[track_caller]
fn bearssl_program(folder: &Path) -> std::path::PathBuf {
    require_file("/usr/include/bearssl/bearssl.h", "libbearssl-dev");
    let dependency = r#"ta-types = { path = "@project/ta-types", features = ["bearssl", "macros"] }"#;
    let made = Crate::new("bearssl-user", dependency, &[("src/main.rs", include_str!("crates/bearssl/main.rs"))]);
    let source = write(folder, "validate.c", include_str!("crates/bearssl/validate.c"));
    let [object, library] = ["validate.o", "libvalidate.a"].map(|name| folder.join(name));
    run(require("gcc", "gcc").args(["-O2", "-Wall", "-Werror", "-I/usr/include/bearssl", "-c", "-o"]).arg(&object).arg(source))
        .expect_status(0);
    run(require("ar", "binutils").arg("rc").arg(&library).arg(&object)).expect_status(0);
    let mut cargo = made.cargo_build();
    cargo.env("CHAINS", folder).env("RUSTFLAGS", format!("-L native={}", text(folder)));
    cargo.env("CARGO_TARGET_DIR", folder.join("target"));
    made.build(&mut cargo)
}

#[test]
fn bearssl_validates_chains_with_the_table() {
    let folder = temporary_folder();
    let chains = [("rsa", RSA_2048), ("p256", P256), ("p384", P384)].map(|(name, key)| Chain::new(folder.path(), name, key));
    // The same names and another key: an impostor.
    let stranger = Chain::new(folder.path(), "stranger", P256);
    let program = bearssl_program(folder.path());
    let validate = |host: &str, sent: &[std::path::PathBuf]| {
        let outcome = run(Command::new(&program).arg(host).args(sent)).expect_status(0);
        outcome.text().trim().parse::<u16>().expect("an error number")
    };
    for chain in &chains {
        assert_eq!(validate(HOST, &chain.sent()), 0, "accepted");
        assert_eq!(validate("other.test", &chain.sent()), 56, "BR_ERR_X509_BAD_SERVER_NAME");
        assert_eq!(validate(HOST, &chain.sent()[..1]), 62, "BR_ERR_X509_NOT_TRUSTED without the intermediate");
    }
    assert_eq!(validate(HOST, &stranger.sent()), 62, "BR_ERR_X509_NOT_TRUSTED");
}
