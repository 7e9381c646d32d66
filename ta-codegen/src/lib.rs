//! Turns CA certificates into trust anchors for small devices.
//!
//! A trust anchor is what a TLS client needs of a CA: its name and its public key (RFC 5914). This crate reads certificates, PEM or
//! DER, with the rules of the decoder that runs on the device, BearSSL's, and writes the anchors as C or Rust source.
//!
//! ```
//! # let bytes = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/ca-rsa2048.crt"))?;
//! let anchors = ta_codegen::read_trust_anchors(&bytes, "ca.crt")?;
//! # #[cfg(feature = "build")]
//! print!("{}", ta_codegen::c::brssl(&anchors));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! Input may come from anyone, so time and memory are bounded: both grow in proportion to the input, and the input has an end. A file
//! holds up to [`MAXIMUM_FILE_SIZE`] bytes and [`MAXIMUM_CERTIFICATES`] PEM blocks, a run reads up to [`MAXIMUM_CERTIFICATES`]
//! certificates, a certificate has less than 16 MiB as in TLS, and a subject up to [`MAXIMUM_SUBJECT_SIZE`] bytes. Beyond that there is
//! an error that says so.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | none | the reader, the model, the warnings and Rust tokens: what a procedural macro needs |
//! | `build` | C and formatted Rust source, and the build script API |
//! | `cli` (default) | the command `ta-codegen` |

pub mod anchor;
pub mod bearssl;
#[cfg(feature = "build")]
mod build_script;
#[cfg(feature = "build")]
pub mod c;
pub mod check;
#[cfg(feature = "build")]
mod describe;
#[cfg(feature = "cli")]
pub mod doctor;
pub mod error;
#[cfg(feature = "build")]
pub mod files;
#[cfg(feature = "cli")]
pub mod fingerprint;
#[cfg(feature = "build")]
pub mod input;
#[cfg(feature = "cli")]
pub mod inspect;
mod name;
#[cfg(feature = "build")]
mod names;
mod read;
pub mod rust;
#[cfg(feature = "build")]
pub mod select;
mod text;
pub mod time;
#[cfg(feature = "cli")]
pub mod tls_key;

pub use anchor::{Curve, PublicKey, TrustAnchor, common_validity, unique};
#[cfg(feature = "build")]
pub use build_script::{Builder, build};
#[cfg(feature = "build")]
pub use describe::sha256_fingerprint;
pub use error::Error;
pub use name::display_name;
#[cfg(feature = "build")]
pub use names::NameError;
pub use read::{Certificate, cursor, read_certificates, read_trust_anchors};
pub use text::Escaped;

/// The largest file that is read, in bytes. Debian's bundle of all public CAs is 0.2 MiB.
pub const MAXIMUM_FILE_SIZE: usize = 256 << 20;

/// The most certificates of one run, and the most PEM blocks of one file. Debian's bundle has 142.
pub const MAXIMUM_CERTIFICATES: usize = 100_000;

/// The longest subject of an anchor, in bytes. Usual ones have about 100.
pub const MAXIMUM_SUBJECT_SIZE: usize = 1 << 20;
