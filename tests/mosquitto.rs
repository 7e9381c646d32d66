//! A real Mosquitto for one test: on a free loopback port, with the settings the test
//! gives, stopped when the value is dropped.

use crate::support::{read_text, require, temporary_folder, write};
use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long a broker may take until it listens: far more than the 20 ms it needs.
const START_LIMIT: Duration = Duration::from_secs(10);

const LOG: &str = "mosquitto.log";

/// A broker of this test's own.
pub(crate) struct Mosquitto {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Mosquitto {
    /// Starts a broker with `settings`, lines of a `mosquitto.conf` such as `certfile ...`,
    /// under one listener on 127.0.0.1, and waits until it accepts connections.
    ///
    /// # Panics
    ///
    /// When Mosquitto is not installed, or refuses the settings: with its own log.
    pub(crate) fn start(settings: &str) -> Self {
        Self::try_start(settings).unwrap_or_else(|log| panic!("mosquitto does not start with these settings:\n{settings}\n{log}"))
    }

    /// Starts a broker like [`start`](Self::start), or returns what a broker that refuses the
    /// settings has logged.
    pub(crate) fn try_start(settings: &str) -> Result<Self, String> {
        // Another process may take the free port between the question and Mosquitto's bind.
        for _ in 0..5 {
            let mut broker = Self::spawn(free_port(), settings);
            if broker.listens() {
                return Ok(broker);
            }
            let log = broker.log();
            if !log.contains("Address already in use") {
                return Err(log);
            }
        }
        panic!("no free port on 127.0.0.1 for mosquitto after five attempts");
    }

    /// Starts a TLS broker that shows `chain` (PEM, server certificate first) with `key`.
    pub(crate) fn start_tls(chain: &Path, key: &Path, more_settings: &str) -> Self {
        Self::start(&format!("certfile {}\nkeyfile {}\n{more_settings}", chain.display(), key.display()))
    }

    /// The port it listens on, at 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        read_text(self.folder.path().join(LOG))
    }

    fn spawn(port: u16, settings: &str) -> Self {
        let folder = temporary_folder();
        // `user root` keeps a broker started by root able to read the test's key files;
        // for every other user Mosquitto ignores the line.
        let text = format!(
            "user root\nlog_dest stderr\nlog_type all\nallow_anonymous true\n\
             listener {port} 127.0.0.1\n{settings}\n"
        );
        let log = fs::File::create(folder.path().join(LOG)).expect("a file for the log");
        let process = daemon()
            .arg("-c")
            .arg(write(&folder, "mosquitto.conf", text))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("mosquitto runs");
        Self { process, port, folder }
    }

    /// Whether it accepts connections: false when it has ended instead.
    fn listens(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < START_LIMIT {
            let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok();
            // Looked at after connecting: a broker that lost the port to another process
            // has ended by now, and the connection was to that process.
            if self.process.try_wait().expect("our own child").is_some() {
                return false;
            }
            if connected && self.log().contains("running") {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("mosquitto does not listen after {START_LIMIT:?}:\n{}", self.log());
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // Fails only when the broker has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A `mosquitto_sub` that waits for one message.
pub(crate) struct Subscriber {
    process: Child,
}

impl Subscriber {
    /// Subscribes to `topic`, with `more` arguments (`--cafile`, `--cert`, ...), and returns
    /// once `broker` has acknowledged the subscription: a message published from here on
    /// arrives.
    pub(crate) fn subscribe(broker: &Mosquitto, topic: &str, more: &[&str]) -> Self {
        let acknowledged = broker.log().matches("Sending SUBACK").count();
        let port = broker.port().to_string();
        let process = require("mosquitto_sub", "mosquitto-clients")
            .args(["-h", "127.0.0.1", "-p", &port, "-t", topic, "-C", "1", "-W", "30"])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("mosquitto_sub runs");
        let start = Instant::now();
        while broker.log().matches("Sending SUBACK").count() == acknowledged {
            assert!(start.elapsed() < START_LIMIT, "mosquitto_sub does not subscribe:\n{}", broker.log());
            thread::sleep(Duration::from_millis(5));
        }
        Self { process }
    }

    /// Waits for the message and returns its text.
    pub(crate) fn message(self) -> String {
        let output = self.process.wait_with_output().expect("our own child");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "mosquitto_sub got no message: {errors}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

/// Debian installs it where only root's search path leads.
pub(crate) fn daemon() -> Command {
    let debian = "/usr/sbin/mosquitto";
    require(if Path::new(debian).exists() { debian } else { "mosquitto" }, "mosquitto")
}

/// A port of 127.0.0.1 that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
    listener.local_addr().expect("a bound socket").port()
}
