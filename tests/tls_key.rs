//! `ta-codegen tls-key`: keys made by Easy-RSA as in Tasmota's guide, and the guide's openssl pipeline on the other side.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::{
    openssl, require, require_file, run, run_with_input, ta_codegen, ta_codegen_with, temporary_folder, text, write,
};

const CA_PASSPHRASE: &str = "pass:of the ca";
const DEVICE_PASSPHRASE: &str = "of the device";

/// The x509-type of Tasmota's guide for self-signed certificates with Mosquitto.
const X509_TYPE: &str = "basicConstraints = critical,CA:FALSE\nsubjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid:always\n\
                         keyUsage = critical,digitalSignature\n";

/// A public key infrastructure made with Easy-RSA: an RSA CA, devices with EC keys.
struct EasyRsa {
    folder: TempDir,
}

impl EasyRsa {
    fn new() -> Self {
        let source = require_file("/usr/share/easy-rsa", "easy-rsa");
        let folder = temporary_folder();
        let copy = folder.path().join("easyrsa3");
        run(require("cp", "coreutils").arg("-rL").args([&source, &copy])).expect_status(0);
        write(copy.join("x509-types"), "tasmota", X509_TYPE);
        let easy_rsa = EasyRsa { folder };
        easy_rsa.run(&["init-pki"], &[]);
        easy_rsa.run(
            &["build-ca"],
            &[("EASYRSA_PASSIN", CA_PASSPHRASE), ("EASYRSA_PASSOUT", CA_PASSPHRASE), ("EASYRSA_REQ_CN", "Home CA")],
        );
        easy_rsa
    }

    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) {
        let mut command = Command::new("./easyrsa");
        command.current_dir(self.folder.path().join("easyrsa3")).args(arguments);
        command.envs([
            ("EASYRSA_BATCH", "1"),
            ("EASYRSA_DN", "org"),
            ("EASYRSA_REQ_COUNTRY", "UK"),
            ("EASYRSA_REQ_ORG", "myorg"),
        ]);
        command.envs([("EASYRSA_REQ_PROVINCE", "London"), ("EASYRSA_REQ_CITY", "London"), ("EASYRSA_REQ_OU", "MQTT")]);
        command.envs([("EASYRSA_REQ_EMAIL", "info@myorg.com")]);
        run(command.envs(environment.iter().copied())).expect_status(0);
    }

    /// Key (encrypted, as is Easy-RSA's default) and certificate of a new device.
    fn device(&self, name: &str) -> (PathBuf, PathBuf) {
        let passphrase = format!("pass:{DEVICE_PASSPHRASE}");
        let make = [("EASYRSA_ALGO", "ec"), ("EASYRSA_CURVE", "prime256v1"), ("EASYRSA_PASSOUT", &passphrase)];
        self.run(&["gen-req", name], &make);
        self.run(&["sign-req", "tasmota", name], &[("EASYRSA_PASSIN", CA_PASSPHRASE)]);
        let pki = self.folder.path().join("easyrsa3/pki");
        (pki.join(format!("private/{name}.key")), pki.join(format!("issued/{name}.crt")))
    }
}

/// What the guide's script prints for a key and a certificate, in two lines.
fn guide(key: &Path, certificate: &Path) -> String {
    const PIPELINE: &str = r#"
        set -o pipefail
        echo "TLSKey1 $(openssl ec -in "$1" -passin "pass:$3" -outform PEM | openssl ec -inform PEM -outform DER |
            openssl asn1parse -inform DER | head -3 | tail -1 | awk -F':' '{ print $4 }' | xxd -r -p | base64)"
        echo "TLSKey2 $(openssl x509 -in "$2" -inform PEM -outform DER | openssl base64 -e -A)"
    "#;
    require("xxd", "xxd");
    let mut bash = require("bash", "bash");
    bash.args(["-c", PIPELINE, "guide"]).args([key, certificate]).arg(DEVICE_PASSPHRASE);
    run(&mut bash).expect_status(0).text().to_owned()
}

fn tls_key(key: &Path, certificate: &Path) -> Command {
    // Without a terminal: a prompt would wait for whoever runs the tests.
    let mut command = require("setsid", "util-linux");
    command.arg("--wait").arg(ta_codegen().get_program()).arg("tls-key").args([key, certificate]);
    command.env_remove("TA_CODEGEN_PASSPHRASE");
    command
}

#[test]
fn equals_the_guides_pipeline_on_keys_of_easy_rsa() {
    let easy_rsa = EasyRsa::new();
    for name in ["tasmota_1", "tasmota_2"] {
        let (key, certificate) = easy_rsa.device(name);
        let expected = guide(&key, &certificate);
        let ours = run(tls_key(&key, &certificate).env("TA_CODEGEN_PASSPHRASE", DEVICE_PASSPHRASE)).expect_status(0);
        assert_eq!(ours.text(), expected);
        assert!(!ours.stderr.contains(&expected[8..52]), "the key is in no message");

        let file = write(easy_rsa.folder.path(), "passphrase", format!("{DEVICE_PASSPHRASE}\r\nsecond line\n"));
        let from_file = run(tls_key(&key, &certificate).args(["--passphrase-file", text(&file)])).expect_status(0);
        assert_eq!(from_file.text(), expected);
    }
}

/// The pass phrase is asked for on the terminal, and is not shown there.
#[test]
fn asks_on_the_terminal_without_echo() {
    let easy_rsa = EasyRsa::new();
    let (key, certificate) = easy_rsa.device("asked");
    let command =
        format!("{} tls-key -q {} {}", ta_codegen().get_program().to_str().expect("UTF-8"), text(&key), text(&certificate));
    let mut script = require("script", "bsdutils");
    script.args(["-q", "-e", "-E", "never", "-c", &command, "/dev/null"]).env_remove("TA_CODEGEN_PASSPHRASE");
    let seen = run_with_input(&mut script, format!("{DEVICE_PASSPHRASE}\n").as_bytes()).expect_status(0);
    let seen = seen.text().replace('\r', "");
    assert!(seen.contains("Pass phrase for"), "{seen}");
    assert!(seen.contains(&guide(&key, &certificate)), "{seen}");
    assert!(!seen.contains(DEVICE_PASSPHRASE), "{seen}");
}

/// Somebody who gives up at the question gets a terminal back that shows what is typed.
#[test]
fn an_interrupt_leaves_the_terminal_as_it_was() {
    const GIVE_UP: &str = r#"
import fcntl, os, pty, subprocess, sys, termios
terminal, inside = pty.openpty()
control = lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)
child = subprocess.Popen(sys.argv[1:], stdin=inside, stdout=inside, stderr=inside, start_new_session=True, preexec_fn=control)
seen = b""
while b"Pass phrase" not in seen:
    seen += os.read(terminal, 1000)
while termios.tcgetattr(inside)[3] & termios.ECHO:
    pass
os.write(terminal, b"ab\x03")
print(child.wait(), bool(termios.tcgetattr(inside)[3] & termios.ECHO))
"#;
    let device = Device::new();
    let encrypted = device.path("encrypted.key");
    openssl(["pkcs8", "-topk8", "-in", text(&device.key), "-passout", "pass:right", "-out", text(&encrypted)]);
    let mut python = require("python3", "python3");
    python.args(["-c", GIVE_UP]).arg(ta_codegen().get_program()).args(["tls-key", text(&encrypted), text(&device.certificate)]);
    let outcome = run(python.env_remove("TA_CODEGEN_PASSPHRASE")).expect_status(0);
    // Ended by SIGINT, as a shell expects it.
    assert_eq!(outcome.text().trim(), "-2 True");
}

/// A CA and a device's key without a pass phrase, made with openssl alone.
struct Device {
    folder: TempDir,
    key: PathBuf,
    certificate: PathBuf,
}

impl Device {
    fn new() -> Self {
        Self::with(&["rsa:2048"], X509_TYPE, "30")
    }

    fn with(ca_key: &[&str], extensions: &str, days: &str) -> Self {
        let folder = temporary_folder();
        let file = |name: &str| folder.path().join(name);
        let (ca, ca_private, key, request, certificate) =
            (file("ca.crt"), file("ca.key"), file("device.key"), file("device.csr"), file("device.crt"));
        let mut arguments = vec!["req", "-x509", "-nodes", "-subj", "/CN=Home CA", "-newkey"];
        arguments.extend(ca_key);
        arguments.extend(["-keyout", text(&ca_private), "-out", text(&ca)]);
        openssl(arguments);
        openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", text(&key)]);
        let subject = "/C=UK/ST=London/L=London/O=myorg/OU=MQTT/CN=tasmota_1/emailAddress=info@myorg.com";
        openssl(["req", "-new", "-key", text(&key), "-subj", subject, "-out", text(&request)]);
        let extensions = write(folder.path(), "extensions", extensions);
        openssl([
            "x509",
            "-req",
            "-in",
            text(&request),
            "-CA",
            text(&ca),
            "-CAkey",
            text(&ca_private),
            "-CAcreateserial",
            "-days",
            days,
            "-extfile",
            text(&extensions),
            "-out",
            text(&certificate),
        ]);
        Device { folder, key, certificate }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs on these files, and expects a refusal that leaves nothing behind.
    #[track_caller]
    fn refused(&self, key: &Path, certificate: &Path, words: &[&str]) {
        let out = self.path("commands.txt");
        let outcome = run(tls_key(key, certificate).args(["-o", text(&out)])).expect_status(1);
        assert!(outcome.stdout.is_empty() && !out.exists(), "nothing is written");
        outcome.expect_stderr(words);
    }
}

#[test]
fn reads_every_form_of_a_key() {
    let device = Device::new();
    let expected = run(&mut tls_key(&device.key, &device.certificate)).expect_status(0).text().to_owned();
    assert_eq!(expected, guide(&device.key, &device.certificate));
    let passphrase = write(device.folder.path(), "passphrase", DEVICE_PASSPHRASE);
    let out_pass = format!("file:{}", text(&passphrase));
    let made = device.path("made.key");
    let forms: &[&[&str]] = &[
        &["pkcs8", "-topk8", "-nocrypt"],
        &["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"],
        &["ec"],
        &["ec", "-outform", "DER"],
        &["ec", "-no_public"],
        &["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", &out_pass],
        &["pkcs8", "-topk8", "-v2", "aes-128-cbc", "-outform", "DER", "-passout", &out_pass],
        &["pkcs8", "-topk8", "-v2", "des3", "-passout", &out_pass],
        &["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1", "-passout", &out_pass],
        &["pkcs8", "-topk8", "-scrypt", "-passout", &out_pass],
    ];
    for form in forms {
        let mut arguments = form.to_vec();
        arguments.extend(["-in", text(&device.key), "-out", text(&made)]);
        openssl(arguments);
        let outcome = run(tls_key(&made, &device.certificate).args(["--passphrase-file", text(&passphrase)]));
        assert_eq!(outcome.expect_status(0).text(), expected, "{form:?}");
    }
    // A certificate in DER, a chain with the device's own in it, a key behind its curve's parameters and with Windows' line ends.
    let der = device.path("device.der");
    openssl(["x509", "-in", text(&device.certificate), "-outform", "DER", "-out", text(&der)]);
    assert_eq!(run(&mut tls_key(&device.key, &der)).expect_status(0).text(), expected);
    let chain: String = ["ca.crt", "device.crt"].map(|name| fs::read_to_string(device.path(name)).expect("PEM")).concat();
    let chain = run(&mut tls_key(&device.key, &write(device.folder.path(), "chain.pem", chain))).expect_status(0);
    assert_eq!(chain.text(), expected);
    chain.expect_stderr(&["of 2 certificates"]);
    let parameters = openssl(["ecparam", "-name", "prime256v1"]);
    let sec1 = openssl(["ec", "-in", text(&device.key)]);
    let both = String::from_utf8([parameters, sec1].concat()).expect("PEM").replace('\n', "\r\n");
    assert_eq!(
        run(&mut tls_key(&write(device.folder.path(), "both.key", both), &device.certificate)).expect_status(0).text(),
        expected
    );
}

/// A number with leading zeros stays 32 bytes long: the device takes no other length. The key is made by Python's `cryptography`.
#[test]
fn small_numbers_keep_their_length() {
    const PYTHON: &str = "from cryptography.hazmat.primitives.asymmetric import ec\n\
        from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, NoEncryption\n\
        print(ec.derive_private_key(0x1234, ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())";
    let made = run(require("python3", "python3").args(["-c", PYTHON]));
    assert_eq!(made.status, 0, "this test needs Python's cryptography: apt-get install python3-cryptography: {}", made.stderr);
    let folder = temporary_folder();
    let key = write(folder.path(), "small.key", made.text());
    let certificate = folder.path().join("small.crt");
    openssl([
        "req",
        "-x509",
        "-key",
        text(&key),
        "-subj",
        "/CN=small",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-out",
        text(&certificate),
    ]);
    let ours = run(&mut tls_key(&key, &certificate)).expect_status(0);
    assert!(ours.text().starts_with("TLSKey1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEjQ=\n"), "{}", ours.text());
}

#[test]
fn the_file_is_for_its_owner_only() {
    let device = Device::new();
    let out = write(device.folder.path(), "commands.txt", "an old file that everybody could read");
    fs::set_permissions(&out, fs::Permissions::from_mode(0o644)).expect("a file of ours");
    let expected = run(&mut tls_key(&device.key, &device.certificate)).expect_status(0);
    let outcome = run(tls_key(&device.key, &device.certificate).args(["-o", text(&out)])).expect_status(0);
    assert!(outcome.stdout.is_empty());
    assert_eq!(fs::read_to_string(&out).expect("the commands"), expected.text());
    assert_eq!(fs::metadata(&out).expect("a file").permissions().mode() & 0o7777, 0o600);
    run(tls_key(&device.key, &device.certificate).args(["-o", "/dev/null"])).expect_status(2).expect_stderr(&["no regular file"]);
    let missing = device.path("missing/commands.txt");
    run(tls_key(&device.key, &device.certificate).args(["-o", text(&missing)]))
        .expect_status(2)
        .expect_stderr(&["cannot be written"]);
}

#[test]
fn keys_that_no_device_takes_are_refused() {
    let device = Device::new();
    let make = |arguments: &[&str]| {
        let file = device.path("other.key");
        let mut all = vec!["genpkey", "-out", text(&file)];
        all.extend(arguments);
        openssl(all);
        file
    };
    let rsa = make(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    device.refused(&rsa, &device.certificate, &["is RSA", "P-256", "EASYRSA_ALGO"]);
    openssl(["rsa", "-traditional", "-in", text(&rsa), "-out", text(&rsa)]);
    device.refused(&rsa, &device.certificate, &["is RSA", "P-256"]);
    let p384 = make(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]);
    device.refused(&p384, &device.certificate, &["EC P-384", "P-256"]);
    openssl(["ec", "-in", text(&p384), "-out", text(&p384)]);
    device.refused(&p384, &device.certificate, &["EC P-384", "P-256"]);
    device.refused(&make(&["-algorithm", "ED25519"]), &device.certificate, &["Ed25519", "P-256"]);
    let other = make(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    device.refused(&other, &device.certificate, &["device.crt", "another public key", "other.key"]);
    device.refused(&device.certificate, &device.key, &["no private key", "CERTIFICATE", "first"]);
    device.refused(&write(device.folder.path(), "empty.key", ""), &device.certificate, &["no private key"]);
    let cut = fs::read_to_string(&device.key).expect("PEM");
    device.refused(&write(device.folder.path(), "cut.key", &cut[..80]), &device.certificate, &["damaged", "END"]);
    let bad = cut.replacen('M', "!", 1);
    device.refused(&write(device.folder.path(), "bad.key", bad), &device.certificate, &["damaged", "Base64"]);
}

#[test]
fn other_files_are_told_from_keys() {
    let device = Device::new();
    let container = device.path("device.p12");
    let files = ["-inkey", text(&device.key), "-in", text(&device.certificate), "-out", text(&container)];
    openssl(["pkcs12", "-export", "-passout", "pass:"].into_iter().chain(files));
    device.refused(&container, &device.certificate, &["PKCS#12", "openssl pkcs12 -in FILE -nocerts"]);
    let large = write(device.folder.path(), "large", vec![b'x'; 70_000]);
    device.refused(&large, &device.certificate, &["large: is larger than 64 KiB"]);
}

/// The ways in which Windows and shells hand over a key.
#[test]
fn keys_in_utf_16_and_from_standard_input() {
    let device = Device::new();
    let expected = run(&mut tls_key(&device.key, &device.certificate)).expect_status(0);
    let key = fs::read_to_string(&device.key).expect("PEM");
    for (mark, bytes_of) in [([0xFF, 0xFE], u16::to_le_bytes as fn(u16) -> [u8; 2]), ([0xFE, 0xFF], u16::to_be_bytes)] {
        let units: Vec<u8> = mark.into_iter().chain(key.encode_utf16().flat_map(bytes_of)).collect();
        let file = write(device.folder.path(), "utf-16.key", units);
        assert_eq!(run(&mut tls_key(&file, &device.certificate)).expect_status(0).text(), expected.text());
    }
    let mut from_input = ta_codegen();
    from_input.args(["tls-key", "-", text(&device.certificate), "-o", "-"]).current_dir(device.folder.path());
    assert_eq!(run_with_input(&mut from_input, key.as_bytes()).expect_status(0).text(), expected.text());
    assert!(!device.path("-").exists());

    let encrypted = device.path("encrypted.key");
    openssl(["pkcs8", "-topk8", "-in", text(&device.key), "-passout", "pass:right", "-out", text(&encrypted)]);
    let passphrase = write(device.folder.path(), "passphrase", "\u{feff}right\r\n");
    let outcome = run(tls_key(&encrypted, &device.certificate).args(["--passphrase-file", text(&passphrase)])).expect_status(0);
    assert_eq!(outcome.text(), expected.text());
}

#[test]
fn no_file_that_is_read_is_written_to() {
    let device = Device::new();
    for file in [&device.key, &device.certificate] {
        let before = fs::read(file).expect("a file");
        run(tls_key(&device.key, &device.certificate).args(["-o", text(file)]))
            .expect_status(2)
            .expect_stderr(&["would destroy it"]);
        assert_eq!(fs::read(file).expect("a file"), before);
    }
}

#[test]
fn pass_phrases_that_are_wrong_or_missing() {
    let device = Device::new();
    let encrypted = device.path("encrypted.key");
    let encrypt = |arguments: &[&str]| {
        let mut all = vec!["-in", text(&device.key), "-passout", "pass:right", "-out", text(&encrypted)];
        all.splice(0..0, arguments.iter().copied());
        openssl(all);
    };
    encrypt(&["pkcs8", "-topk8"]);
    device.refused(&encrypted, &device.certificate, &["encrypted", "--passphrase-file", "TA_CODEGEN_PASSPHRASE"]);
    // Some wrong pass phrases decrypt to a padding that looks right.
    for number in 0..20 {
        let mut command = tls_key(&encrypted, &device.certificate);
        let outcome = run(command.env("TA_CODEGEN_PASSPHRASE", format!("wrong {number}"))).expect_status(1);
        assert!(outcome.stdout.is_empty());
        outcome.expect_stderr(&["pass phrase does not open"]);
    }
    // The old forms get the command that converts them, and it works.
    encrypt(&["ec", "-aes256"]);
    device.refused(&encrypted, &device.certificate, &["Proc-Type", "openssl pkcs8 -topk8"]);
    let converted = device.path("converted.key");
    openssl([
        "pkcs8",
        "-topk8",
        "-in",
        text(&encrypted),
        "-passin",
        "pass:right",
        "-passout",
        "pass:new",
        "-out",
        text(&converted),
    ]);
    run(tls_key(&converted, &device.certificate).env("TA_CODEGEN_PASSPHRASE", "new")).expect_status(0);
    encrypt(&["pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES"]);
    let outcome = run(tls_key(&encrypted, &device.certificate).env("TA_CODEGEN_PASSPHRASE", "right")).expect_status(1);
    outcome.expect_stderr(&["encrypted in a way", "openssl pkcs8 -topk8 -v2"]);
    ta_codegen_with(["tls-key", "--passphrase", "right", "a", "b"]).expect_status(2).expect_stderr(&["--passphrase"]);
}

#[test]
fn certificates_that_no_broker_or_device_takes_are_refused() {
    let device = Device::with(&["rsa:4096"], X509_TYPE, "30");
    device.refused(&device.key, &device.certificate, &["device.crt", "bytes", "928"]);
    let device = Device::with(&["rsa:2048"], "basicConstraints = critical,CA:TRUE\n", "30");
    device.refused(&device.key, &device.certificate, &["CA's certificate"]);
    let device = Device::with(&["rsa:2048"], X509_TYPE, "-1");
    device.refused(&device.key, &device.certificate, &["expired on"]);
    let device = Device::with(&["rsa:2048"], "extendedKeyUsage = serverAuth\n", "30");
    device.refused(&device.key, &device.certificate, &["serverAuth", "clientAuth"]);
    let device = Device::with(&["rsa:2048"], "keyUsage = keyEncipherment\n", "30");
    device.refused(&device.key, &device.certificate, &["keyEncipherment", "digitalSignature"]);
    let device = Device::new();
    run(&mut tls_key(&device.key, &device.path("ca.crt"))).expect_status(1).expect_stderr(&["ca.crt", "another public key"]);
    let folder = temporary_folder();
    let (key, certificate) = (folder.path().join("k"), folder.path().join("c"));
    openssl([
        "req",
        "-x509",
        "-nodes",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-subj",
        "/",
        "-addext",
        "basicConstraints=CA:FALSE",
        "-addext",
        "subjectKeyIdentifier=none",
        "-addext",
        "authorityKeyIdentifier=none",
        "-set_serial",
        "1",
        "-keyout",
        text(&key),
        "-out",
        text(&certificate),
    ]);
    let length = openssl(["x509", "-in", text(&certificate), "-outform", "DER"]).len();
    assert!(length <= 256, "{length} bytes");
    device.refused(&key, &certificate, &["less than 257"]);
}

/// Lengths: the serial console takes 520 characters, an MQTT packet 1200 bytes.
#[test]
fn says_where_the_command_is_too_long_for() {
    let device = Device::new();
    let outcome = run(&mut tls_key(&device.key, &device.certificate)).expect_status(0).expect_stderr(&["520", "web console"]);
    assert!(!outcome.stderr.contains("1200"), "{}", outcome.stderr);
    // 200 bytes more in an extension: still for the device, no longer for MQTT.
    let comment = format!("{X509_TYPE}nsComment = \"{}\"\n", "x".repeat(190));
    let device = Device::with(&["rsa:2048"], &comment, "30");
    run(&mut tls_key(&device.key, &device.certificate)).expect_status(0).expect_stderr(&["1200"]);
    let quiet = run(tls_key(&device.key, &device.certificate).arg("-q")).expect_status(0);
    assert!(quiet.stderr.is_empty(), "{}", quiet.stderr);
}
