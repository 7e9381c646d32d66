//! The firmware's core on a computer: TCP instead of a UART, the terminal for its report.

use crate::session::{self, Settings};
use core::fmt;
use embedded_io_adapters::std::FromStd;
use std::net::{Shutdown, TcpStream};
use std::string::{String, ToString};
use std::time::Duration;
use std::{io, print, println};

/// How long the broker may keep silent.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How long a refused broker has to hang up.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a run on a computer ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nobody at the address.
    #[error("tcp connect: {address}: {why}")]
    Connect {
        /// As it was given.
        address: String,
        /// What the system says.
        why: String,
    },
    /// The session failed.
    #[error(transparent)]
    Session(#[from] session::Error),
}

/// Runs the session over TCP with the broker at `address`, such as `127.0.0.1:8883`, and prints its report.
///
/// # Errors
///
/// When nobody answers, and at the first step that fails.
pub fn run(address: &str, settings: Settings<'_>) -> Result<(), Error> {
    let transport = connect(address).map_err(|error| Error::Connect { address: address.to_string(), why: error.to_string() })?;
    println!("tcp connect: ok");
    let outcome = session::run(FromStd::new(&transport), settings, &mut Terminal);
    if outcome.is_err() {
        drain(&transport);
    }
    Ok(outcome?)
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

/// Lets the broker read the alert that says why it was refused: a socket that is closed with
/// bytes unread is reset, and the alert lost. Whatever fails here, the refusal stands.
fn drain(mut stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(DRAIN_TIMEOUT));
    let _ = io::copy(&mut stream, &mut io::sink());
}

/// Standard output, line by line.
struct Terminal;

impl fmt::Write for Terminal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        print!("{text}");
        Ok(())
    }
}
