//! `--pem-header`: certificates as a C string, read back by openssl.

use std::process::Command;

use crate::header::{compiles_everywhere, make_ca};
use crate::support::{fixture, openssl, openssl_with_input, read, require, run, ta_codegen_with, temporary_folder, text, write};

/// Prints the string through a C program, so that the compiler reads it.
fn printed_by_c(folder: &std::path::Path, name: &str) -> Vec<u8> {
    let source = format!(
        "#include <stdio.h>\n#include \"pem.h\"\nint main(void) {{\n\
         \tif ({name}[sizeof {name} - 1] != 0) return 1;\n\treturn fputs({name}, stdout) < 0;\n}}\n"
    );
    write(folder, "print.c", source);
    run(require("gcc", "gcc").current_dir(folder).args(["-Wall", "-Wextra", "-Werror", "-pedantic", "print.c", "-o", "print"]))
        .expect_status(0);
    run(&mut Command::new(folder.join("print"))).expect_status(0).stdout
}

#[test]
fn openssl_reads_back_the_same_certificate() {
    let folder = temporary_folder();
    let header = folder.path().join("pem.h");
    for name in ["ca-rsa2048.crt", "ca-p256.crt", "ca-p384.crt"] {
        let certificate = fixture(name);
        ta_codegen_with(["--pem-header", "-q", "--name", "root_ca", "-o", text(&header), text(&certificate)]).expect_status(0);
        let pem = printed_by_c(folder.path(), "root_ca");
        assert_eq!(
            openssl_with_input(["x509", "-outform", "DER"], &pem),
            openssl(["x509", "-outform", "DER", "-in", text(&certificate)])
        );
        // To the byte what openssl writes: the canonical form.
        assert_eq!(pem, openssl(["x509", "-in", text(&certificate)]));
    }
}

#[test]
fn compiles_in_every_standard() {
    let folder = temporary_folder();
    let cas: Vec<_> = (0..4).map(|number| make_ca(folder.path(), &format!("ca{number}"), &["rsa:2048"])).collect();
    // Four certificates make more than the 4095 characters that C99 promises to take.
    for (count, options) in [(1, &[][..]), (1, &["--no-static", "--progmem"]), (4, &[]), (4, &["--no-static"])] {
        let header = folder.path().join("pem.h");
        let mut arguments = vec!["--pem-header", "-q", "-o", text(&header)];
        arguments.extend(options);
        arguments.extend(cas.iter().take(count).map(|path| text(path)));
        ta_codegen_with(arguments).expect_status(0);
        compiles_everywhere(
            folder.path(),
            "#include \"pem.h\"\n#include \"pem.h\"\nconst char *ca(void);\nconst char *ca(void) {\n\
             \treturn ca_certificates_EARLIEST_NOT_AFTER > 0 ? ca_certificates : 0;\n}\n",
        );
    }
}

/// A file with a CA's certificate and its key, as some tools write them.
#[test]
fn a_private_key_in_the_same_file_stays_there() {
    let folder = temporary_folder();
    let ca = make_ca(folder.path(), "ca", &["rsa:2048"]);
    let mut both = read(folder.path().join("ca.key"));
    both.extend(read(&ca));
    let both = write(folder.path(), "both.pem", &both);
    let header = ta_codegen_with(["--pem-header", "-q", text(&both)]).expect_status(0);
    assert_eq!(header.text(), ta_codegen_with(["--pem-header", "-q", text(&ca)]).expect_status(0).text());
    assert!(!header.text().contains("PRIVATE"));
}
