//! CA certificates as constants of a firmware, made while it is compiled.
//!
//! A firmware takes these macros from `ta-types`, feature `macros`. They add nothing to the firmware but the constants.
//!
//! # Paths
//!
//! Each argument is the path of a PEM or DER file with one certificate or several: a string literal, or `concat!` and
//! `env!` around literals. A relative path is looked for beside the source file, as with `include_bytes!`, and then in
//! the directory of the package's Cargo.toml. The crate is compiled again when the file changes.
//!
//! # Warnings
//!
//! What is legal and probably not meant, such as an expired certificate or one that is not a CA, is a compiler warning
//! at the argument. `#[allow(deprecated)]` silences it: on stable Rust that lint is the only one a macro can speak through.

mod arguments;
mod file;
mod include;

use proc_macro::TokenStream;
use ta_codegen::{Certificate, TrustAnchor};

/// Trust anchors from certificate files: an expression of type `&'static [TrustAnchor<'static>; N]`.
///
/// ```
/// use ta_macros::include_trust_anchors;
/// use ta_types::TrustAnchor;
///
/// static ANCHORS: &[TrustAnchor<'static>] = include_trust_anchors!("../fixtures/ca-rsa2048.crt");
/// assert!(ANCHORS[0].is_ca);
/// ```
///
/// Several files make one array, in the order of the arguments and of the certificates in each file, without those that
/// repeat an earlier one: `include_trust_anchors!("old-ca.crt", "new-ca.crt")`. A path may be put together from parts, as in
/// `include_trust_anchors!(concat!(env!("CERTIFICATES"), "/ca.crt"))`.
///
/// The expansion refers to `::ta_types`. Where that crate goes by another name, say so:
/// `include_trust_anchors!(crate = my_tls::ta_types, "ca.crt")`.
#[proc_macro]
pub fn include_trust_anchors(input: TokenStream) -> TokenStream {
    include::expand::<TrustAnchor>(input.into()).into()
}

/// Whole certificates from files: an expression of type `&'static [&'static [u8]; N]`.
///
/// Each element is the DER of one certificate, without PEM armour and without anything behind it, for the stacks that
/// want the certificate itself (embedded-tls, Mbed TLS). Its key may be of a kind that BearSSL does not know.
///
/// ```
/// use ta_macros::include_certificates;
///
/// static CERTIFICATES: &[&[u8]] = include_certificates!("../fixtures/ca-rsa2048.crt");
/// assert_eq!(CERTIFICATES[0][0], 0x30);
/// ```
#[proc_macro]
pub fn include_certificates(input: TokenStream) -> TokenStream {
    include::expand::<Certificate>(input.into()).into()
}
