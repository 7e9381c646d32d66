//! `docs/from-an-empty-directory.md`, followed to the letter: its own commands in an empty directory, with the real openssl,
//! Easy-RSA, Mosquitto and C compiler, and what it says they print.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::markdown::{Step, shell, steps};
use crate::mosquitto::free_port;
use crate::support::{project, read_text, require, require_file, run, temporary_folder};

const PAGE: &str = "docs/from-an-empty-directory.md";

/// The page has two ways to the first certificates.
const WITH_OPENSSL: &str = "With openssl";
const WITH_EASY_RSA: &str = "With Easy-RSA";

/// Stands before each step's output.
const MARK: &str = "--- the block in line ";

#[test]
fn the_guide_leads_to_a_message_and_a_new_ca_with_openssl() {
    follow_without(WITH_EASY_RSA);
}

#[test]
fn the_guide_leads_to_a_message_and_a_new_ca_with_easy_rsa() {
    require_file("/usr/share/easy-rsa/easyrsa", "easy-rsa");
    follow_without(WITH_OPENSSL);
}

/// Does what the page says but for what stands under the heading `other_way`.
fn follow_without(other_way: &str) {
    for (program, package) in [
        ("openssl", "openssl"),
        ("/usr/sbin/mosquitto", "mosquitto"),
        ("mosquitto_sub", "mosquitto-clients"),
        ("make", "make"),
        ("gcc", "gcc"),
    ] {
        require(program, package);
    }
    require_file("/usr/include/bearssl/bearssl.h", "libbearssl-dev");

    let port = free_port().to_string();
    let mut steps = steps(&read_text(project().join(PAGE)).replace("8883", &port));
    steps.retain(|step| step.heading != other_way);
    assert!(steps.len() > 10, "{PAGE} has {} steps: is it still written in `sh` blocks?", steps.len());
    let folder = temporary_folder();
    std::os::unix::fs::symlink(project(), folder.path().join("ta-codegen")).expect("a new folder takes a link");
    let broker = Broker { folder: folder.path() };
    let output = run(shell(folder.path(), &script(&steps))
        .env("CARGO_TARGET_DIR", project().join("target/guide-test"))
        .env("CARGO_NET_OFFLINE", "true"));
    let said = output.expect_status(0);
    for (step, printed) in steps.iter().zip(said.text().split(MARK).skip(1)) {
        step.assert_shown(printed);
    }
    assert!(!broker.is_left(), "{PAGE} leaves a broker behind");
}

/// One script, so that what a step sets is there in the next.
fn script(steps: &[Step]) -> String {
    steps.iter().map(|step| format!("printf '\\n%s\\n' '{MARK}{}'\n{}", step.line, step.commands)).collect()
}

/// The broker that the page starts in `folder`, which would go on if a step behind it failed.
struct Broker<'a> {
    folder: &'a Path,
}

impl Broker<'_> {
    /// Its process, as it writes it down itself.
    fn process(&self) -> Option<String> {
        fs::read_to_string(self.folder.join("mosquitto.pid")).ok()
    }

    /// Whether it is there a moment after it was told to end.
    fn is_left(&self) -> bool {
        (0..100).all(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            self.process().is_some()
        })
    }
}

impl Drop for Broker<'_> {
    fn drop(&mut self) {
        if let Some(process) = self.process() {
            // Fails only when the broker has already ended.
            let _ = Command::new("kill").arg(process.trim()).status();
        }
    }
}
