//! A no_std firmware that publishes one MQTT message over TLS, on any byte stream.
//!
//! What it trusts is decided when it is compiled: [`anchors`] holds one line,
//! `include_trust_anchors!`. Everything below is what a device of this kind needs around
//! that line:
//!
//! * [`provider`]: the few algorithms of TLS 1.3 and 1.2 it speaks, from RustCrypto crates;
//! * [`tls`]: rustls on a blocking byte stream, without an operating system;
//! * [`mqtt`]: one MQTT 5 session on that stream;
//! * [`session`]: the whole run, one line of report a step.
//!
//! The byte stream is anything with `embedded_io::Read` and `Write`. The host runner
//! (`src/main.rs`) gives it a TCP connection by the module `host`, the Cortex-M image its UART.

#![no_std]

extern crate alloc;

#[cfg(feature = "host")]
extern crate std;

/// The types of times and roots in [`session::Settings`].
pub use rustls_pki_types;

pub mod anchors;
#[cfg(feature = "host")]
pub mod host;
pub mod mqtt;
pub mod provider;
pub mod session;
pub mod tls;
