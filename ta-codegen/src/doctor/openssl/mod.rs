//! What OpenSSL 3.0 does with a server's settings: cipher lists, security levels, the chain that is sent.

pub(super) mod chain;
pub(super) mod cipher_list;
pub(super) mod pem;
pub(super) mod security;
pub(super) mod suites;
