//! OpenSSL's cipher suites up to TLS 1.2.

/// One line per suite, in OpenSSL's order of preference: number, name, least version, key exchange, authentication, encryption,
/// MAC, and whether it is in `DEFAULT`. Taken from `openssl ciphers -V ALL:COMPLEMENTOFALL:@SECLEVEL=0` of OpenSSL 3.0, put in
/// the one order that agrees with what it prints for each single alias.
const TABLE: &str = include_str!("suites.txt");

/// One cipher suite, as OpenSSL describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::doctor) struct Suite {
    pub(in crate::doctor) number: u16,
    pub(in crate::doctor) name: &'static str,
    pub(in crate::doctor) version: &'static str,
    pub(in crate::doctor) key_exchange: &'static str,
    pub(in crate::doctor) authentication: &'static str,
    pub(in crate::doctor) encryption: &'static str,
    pub(in crate::doctor) mac: &'static str,
    pub(in crate::doctor) is_default: bool,
}

impl Suite {
    /// Every suite, most preferred first.
    pub(in crate::doctor) fn all() -> Vec<Self> {
        TABLE.lines().filter_map(Self::parse).collect()
    }

    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.split(' ');
        Some(Self {
            number: u16::from_str_radix(fields.next()?, 16).ok()?,
            name: fields.next()?,
            version: fields.next()?,
            key_exchange: fields.next()?,
            authentication: fields.next()?,
            encryption: fields.next()?,
            mac: fields.next()?,
            is_default: fields.next()? == "default",
        })
    }

    /// Bits of the encryption key, which is how OpenSSL counts a suite's strength.
    pub(in crate::doctor) fn strength(&self) -> u32 {
        let bits = self.encryption.split_once('(').map(|(_, bits)| bits.trim_end_matches(')'));
        bits.and_then(|bits| bits.parse().ok()).unwrap_or(0)
    }

    /// The cipher's name without its key size.
    pub(in crate::doctor) fn cipher(&self) -> &'static str {
        self.encryption.split_once('(').map_or(self.encryption, |(cipher, _)| cipher)
    }
}

/// The suites of `br_ssl_client_init_full`, by number: ECDHE, static ECDH and RSA key exchange with everything BearSSL has.
///
/// Static ECDH (C001 to C032 in part) is left out: OpenSSL 3.0 has none of it.
pub(in crate::doctor) const BEARSSL_FULL: &[u16] = &[
    0xCCA9, 0xCCA8, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xC0AC, 0xC0AD, 0xC0AE, 0xC0AF, 0xC023, 0xC027, 0xC024, 0xC028, 0xC009,
    0xC013, 0xC00A, 0xC014, 0x009C, 0x009D, 0xC09C, 0xC09D, 0xC0A0, 0xC0A1, 0x003C, 0x003D, 0x002F, 0x0035, 0xC008, 0xC012,
    0x000A,
];
