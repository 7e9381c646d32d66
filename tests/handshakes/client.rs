//! The C firmware example: built once for each set of anchors, run for each device.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, OnceLock},
};

use super::Scenario;
use crate::support::{project, require, require_file, run, ta_codegen, text};

/// The built client, or what the build said.
type Build = Result<Client, String>;

/// Builds clients.
pub(super) struct Clients {
    folder: PathBuf,
    built: Mutex<HashMap<Vec<PathBuf>, Arc<OnceLock<Build>>>>,
}

/// The client with one set of anchors.
#[derive(Clone)]
pub(super) struct Client(PathBuf);

/// How a run of the client ended.
pub(super) struct Run {
    /// `ok`, or BearSSL's error number.
    pub(super) outcome: String,
    /// All that it said.
    pub(super) said: String,
}

impl Clients {
    /// Compiles what does not depend on the anchors; everything goes to a folder of its own in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        let folder = folder.join("clients");
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let clients = Self { folder, built: Mutex::default() };
        run(clients.make().arg("objects")).expect_status(0);
        clients
    }

    /// The client with the scenario's anchors.
    pub(super) fn build(&self, scenario: &Scenario) -> Build {
        let mut built = self.built.lock().expect("no build panics");
        let name = built.len().to_string();
        let build = Arc::clone(built.entry(scenario.anchors.clone()).or_default());
        // The others may build theirs while this one compiles.
        drop(built);
        build.get_or_init(|| self.build_with(&scenario.anchors, &self.folder.join(name))).clone()
    }

    fn build_with(&self, anchors: &[PathBuf], output: &Path) -> Build {
        let anchors: Vec<_> = anchors.iter().map(|anchor| text(anchor)).collect();
        let mut make = self.make();
        make.arg(format!("CA={}", anchors.join(" "))).arg(format!("OUTPUT={}", output.display()));
        let outcome = run(&mut make);
        if outcome.status == 0 { Ok(Client(output.join("mqtt-client"))) } else { Err(outcome.stderr) }
    }

    fn make(&self) -> Command {
        require("cc", "gcc");
        require_file("/usr/include/bearssl/bearssl.h", "libbearssl-dev");
        let mut make = require("make", "make");
        make.arg("--silent").arg("-C").arg(project().join("example-firmware/c"));
        make.arg(format!("BUILD={}", self.folder.display()));
        // Each handshake also proves that the client reads and writes no byte it should not.
        make.args([
            "CFLAGS=-O1 -Wall -Wextra -Wpedantic -Werror -fsanitize=address,undefined -fno-sanitize-recover",
            "LDFLAGS=-fsanitize=address,undefined",
        ]);
        make.arg(format!("TA_CODEGEN={}", ta_codegen().get_program().display()));
        make
    }
}

impl Client {
    /// Runs the client as the device `profile` against the broker at `port`.
    pub(super) fn run(&self, scenario: &Scenario, profile: &str, port: u16) -> Run {
        let mut command = Command::new(&self.0);
        command.args(["--profile", profile, "--host", scenario.host, "--port", &port.to_string()]);
        if let Some(clock) = scenario.clock {
            command.args(["--clock", clock]);
        }
        if let Some(bytes) = scenario.input_buffer {
            command.args(["--input-buffer", bytes]);
        }
        if let Some(client) = &scenario.client {
            command.args(["--certificate", text(&client.certificate), "--key", text(&client.key)]);
        }
        let ended = run(&mut command);
        let said = format!("{}{}", ended.text(), ended.stderr);
        let outcome = ended.text().lines().last().and_then(|line| line.strip_prefix("outcome ")).unwrap_or("no outcome");
        // A sanitizer that finds something has the last word.
        let outcome = match (outcome, ended.status) {
            ("ok", 0) | (_, 1) => outcome.to_owned(),
            (_, status) => format!("{outcome}, exit status {status}"),
        };
        Run { outcome, said }
    }
}
