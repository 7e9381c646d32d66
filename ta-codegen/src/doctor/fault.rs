//! BearSSL's error numbers in the doctor's own results.

use crate::cursor::DerError;

/// One of BearSSL's error numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault(pub(super) u16);

impl From<DerError> for Fault {
    fn from(error: DerError) -> Self {
        Self(error.fault.bearssl_error())
    }
}

/// Of the TLS engine, where the others are of the X.509 engine.
pub(super) const SSL_LIMIT_EXCEEDED: Fault = Fault(23);
pub(super) const SSL_BAD_SIGNATURE: Fault = Fault(27);
pub(super) const SSL_WRONG_KEY_USAGE: Fault = Fault(28);

/// The alert handshake_failure, as a device reports an alert: 256 and its number.
pub(super) const HANDSHAKE_FAILURE: u16 = 296;

pub(super) const TRUNCATED: Fault = Fault(34);
pub(super) const EMPTY_CHAIN: Fault = Fault(35);
pub(super) const UNEXPECTED: Fault = Fault(41);
pub(super) const BAD_DN: Fault = Fault(47);
pub(super) const UNSUPPORTED: Fault = Fault(49);
pub(super) const LIMIT_EXCEEDED: Fault = Fault(50);
pub(super) const WRONG_KEY_TYPE: Fault = Fault(51);
pub(super) const BAD_SIGNATURE: Fault = Fault(52);
pub(super) const EXPIRED: Fault = Fault(54);
pub(super) const DN_MISMATCH: Fault = Fault(55);
pub(super) const BAD_SERVER_NAME: Fault = Fault(56);
pub(super) const CRITICAL_EXTENSION: Fault = Fault(57);
pub(super) const NOT_CA: Fault = Fault(58);
pub(super) const FORBIDDEN_KEY_USAGE: Fault = Fault(59);
pub(super) const WEAK_PUBLIC_KEY: Fault = Fault(60);
pub(super) const NOT_TRUSTED: Fault = Fault(62);
