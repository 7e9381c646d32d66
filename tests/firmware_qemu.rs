//! The example firmware as a Cortex-M image in QEMU, its UART connected to a real Mosquitto.

use crate::authority::{Authority, Key, Valid};
use crate::evil_server::{self, Proof};
use crate::firmware_host::{BROKER, NAME, assert_no_client};
use crate::mosquitto::{Mosquitto, Subscriber};
use crate::support::{Outcome, project, require, require_file, run, text};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

const TARGET: &str = "thumbv7m-none-eabi";

/// The image, built once: with the precompiled core that rustup installs, else with Debian's
/// compiler, which builds core from source.
fn image() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = project().join("example-firmware/cortex-m");
        let target = folder.join("target");
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--release", "--target-dir"]).arg(&target).current_dir(&folder);
        if !has_precompiled_core() {
            build_core_too(&mut build);
        }
        // What cargo was told for this test program is not meant for another target.
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            build.env_remove(variable);
        }
        run(&mut build).expect_status(0);
        target.join(TARGET).join("release/example-firmware-cortex-m")
    })
}

fn has_precompiled_core() -> bool {
    let outcome = run(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    outcome.status == 0 && Path::new(outcome.text().trim()).exists()
}

fn build_core_too(build: &mut Command) {
    let packages = "--no-install-recommends rustc-web rust-web-src, or: rustup target add thumbv7m-none-eabi";
    require_file("/usr/lib/rustlib/src/rust/library", packages);
    require("arm-none-eabi-ld", "binutils-arm-none-eabi");
    build
        .arg("-Zbuild-std=core,alloc,compiler_builtins")
        .env("RUSTC", require_file("/usr/bin/rustc", packages))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_THUMBV7M_NONE_EABI_LINKER", "arm-none-eabi-ld");
}

/// Runs the image with its UART on a port of this computer.
fn device(port: u16, host: &str, tls: &str) -> Outcome {
    require("qemu-system-arm", "qemu-system-arm");
    let serial = format!("tcp:127.0.0.1:{port},nodelay=on");
    let arguments = format!("enable=on,target=native,arg=firmware,arg={host},arg={tls}");
    // The firmware waits 20 s for a byte; `timeout` ends an emulator that goes on after that.
    run(Command::new("timeout")
        .args(["60", "qemu-system-arm", "-M", "netduinoplus2", "-display", "none", "-monitor", "none"])
        .args(["-serial", &serial, "-semihosting-config", &arguments, "-kernel"])
        .arg(image()))
}

fn assert_refused(run: &Outcome, why: &str) {
    let output = run.text();
    assert_eq!(run.status, 1, "{output}{}", run.stderr);
    assert!(output.starts_with("tls handshake: ") && output.contains(why), "expected {why}: {output}");
    assert_eq!(output.lines().count(), 1, "{output}");
}

#[test]
fn the_device_publishes_under_both_authorities_with_both_tls_versions() {
    // Built before a subscriber waits for its message.
    image();
    for (name, key) in [("p256", Key::P256), ("rsa", Key::Rsa2048)] {
        let authority = Authority::of_example_firmware(name);
        let server = authority.issue(key, BROKER, Valid::Now);
        let broker = Mosquitto::start_tls(&server.chain, &server.key, "");
        for (tls, version) in [("1.2", "TLSv1_2"), ("1.3", "TLSv1_3")] {
            let subscriber =
                Subscriber::subscribe(&broker, "example-firmware/hello", &["--cafile", text(authority.certificate())]);
            let run = device(broker.port(), NAME, tls);
            let output = run.text();
            assert_eq!(run.status, 0, "{name} {tls}: {output}{}", run.stderr);
            assert!(output.contains(version), "{output}");
            let (steps, memory) = output.split_once("memory: stack ").expect("the last line");
            assert!(steps.ends_with("mqtt publish: ok\nmqtt disconnect: ok\ntls close: ok\n"), "{output}");
            assert!(memory.ends_with(" bytes\n"), "{output}");
            assert_eq!(subscriber.message(), "hello from a Cortex-M");
        }
    }
}

#[test]
fn the_device_refuses_who_is_not_its_broker() {
    let authority = Authority::of_example_firmware("p256");
    let stranger = Authority::new("/CN=A stranger", Key::P256);
    let forged = Authority::new(&authority.subject(), Key::P256);
    for (issuer, host, valid, why) in [
        (&stranger, NAME, Valid::Now, "none of the trust anchors in this firmware"),
        (&forged, NAME, Valid::Now, "a CA with the same name and another key"),
        (&authority, "other.test", Valid::Now, "the server's certificate is for another name"),
        (&authority, NAME, Valid::Expired, "certificate expired"),
    ] {
        let server = issuer.issue(Key::P256, BROKER, valid);
        let broker = Mosquitto::start_tls(&server.chain, &server.key, "");
        for tls in ["1.2", "1.3"] {
            assert_refused(&device(broker.port(), host, tls), why);
        }
        assert_no_client(&broker, "example-firmware-cortex-m");
    }
}

#[test]
fn the_device_tells_no_secret_to_a_server_without_proof() {
    let authority = Authority::of_example_firmware("p256");
    let server = authority.issue(Key::P256, BROKER, Valid::Now);
    for proof in [Proof::WithoutCertificateVerify, Proof::Nothing] {
        let (port, evil) = evil_server::serve(proof, &server);
        assert_refused(&device(port, NAME, "1.3"), "received unexpected handshake message");
        let answer = evil.join().expect("the server does not panic");
        assert!(answer.data.is_empty(), "{proof:?}: {answer:?}");
    }
}
