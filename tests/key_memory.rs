//! What `ta-codegen tls-key` leaves in memory of the key and of the pass phrase: gdb takes an image of the process at its end.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::{openssl, read, read_text, require, run, ta_codegen, temporary_folder, text, write};

const PASSPHRASE: &str = "correct horse battery";

/// A P-256 key in a folder with each of its encodings, and a certificate for it.
struct Key {
    folder: TempDir,
}

impl Key {
    fn new() -> Self {
        let key = Key { folder: temporary_folder() };
        let [sec1, pkcs8, encrypted, certificate] =
            ["sec1.key", "pkcs8.key", "encrypted.key", "device.crt"].map(|name| key.file(name));
        let passphrase = format!("pass:{PASSPHRASE}");
        openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", text(&sec1)]);
        openssl(["pkcs8", "-topk8", "-nocrypt", "-in", text(&sec1), "-out", text(&pkcs8)]);
        openssl(["pkcs8", "-topk8", "-in", text(&sec1), "-passout", &passphrase, "-out", text(&encrypted)]);
        let request = openssl(["req", "-new", "-key", text(&sec1), "-subj", "/O=A garden with many sensors/CN=device"]);
        let sign = ["x509", "-req", "-signkey", text(&sec1), "-out", text(&certificate)];
        crate::support::openssl_with_input(sign, &request);
        write(key.folder.path(), "passphrase", PASSPHRASE);
        key
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The private number, by openssl's DER: a SEQUENCE with version 1 and an OCTET STRING of 32 bytes.
    fn number(&self) -> Vec<u8> {
        openssl(["ec", "-in", text(&self.file("sec1.key")), "-outform", "DER"])[7..39].to_vec()
    }

    /// The process's memory where it first makes the system call.
    fn memory_at(&self, call: &str, key: &str, certificate: &str) -> Vec<u8> {
        let core = self.file("core");
        let program = ta_codegen();
        let mut gdb = require("gdb", "gdb");
        gdb.args([
            "-batch",
            "-ex",
            &format!("catch syscall {call}"),
            "-ex",
            "run",
            "-ex",
            &format!("generate-core-file {}", text(&core)),
        ]);
        gdb.arg("--args").arg(program.get_program()).args(["tls-key", "-o", text(&self.file("commands"))]);
        gdb.args(["--passphrase-file", text(&self.file("passphrase"))]).args([self.file(key), self.file(certificate)]);
        run(&mut gdb).expect_status(0);
        let memory = read(&core);
        std::fs::remove_file(core).expect("gdb made it");
        memory
    }
}

/// The third line of a PEM file, which is in the midst of the key, as text and decoded.
fn midst_of(key: &Path) -> [Vec<u8>; 2] {
    let text = read_text(key);
    let line = text.lines().nth(2).expect("a line of Base64").to_owned();
    let decoded = openssl_base64(&line);
    [line.into_bytes(), decoded]
}

fn openssl_base64(line: &str) -> Vec<u8> {
    crate::support::openssl_with_input(["base64", "-d", "-A"], &line.as_bytes()[..line.len() / 4 * 4])
}

fn holds(memory: &[u8], secret: &[u8]) -> bool {
    assert!(secret.len() >= 16, "long enough to stand nowhere by chance");
    memory.windows(secret.len()).any(|window| window == secret)
}

#[test]
fn the_end_of_the_process_holds_no_key() {
    let key = Key::new();
    let number = key.number();
    // A control: where it writes the commands, it has the key.
    assert!(holds(&key.memory_at("fsync", "sec1.key", "device.crt"), &number));
    for name in ["sec1.key", "pkcs8.key", "encrypted.key"] {
        for certificate in ["device.crt", "missing.crt"] {
            let memory = key.memory_at("exit_group", name, certificate);
            let what = format!("{name} with {certificate}");
            assert!(memory.len() > 100_000 && holds(&memory, b"passphrase-file\0"), "{what}: an image of the memory");
            assert!(!holds(&memory, &number), "{what}: the number");
            assert!(!holds(&memory, PASSPHRASE.as_bytes()), "{what}: the pass phrase");
            for part in midst_of(&key.file(name)) {
                assert!(!holds(&memory, &part), "{what}: the file");
            }
        }
    }
}
