//! The devices the doctor knows, as data.

use super::signature::{Abilities, Hash};
use crate::Curve;

/// Which rules a device validates chains by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// `br_x509_minimal`.
    BearSsl,
    /// rustls with the `webpki` crate.
    Rustls,
}

/// A device, as far as TLS is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// What `--target` calls it.
    pub name: &'static str,
    /// What it stands for.
    pub description: &'static str,
    /// Whose rules hold.
    pub engine: Engine,
    /// The cipher suites of TLS 1.2 it offers, by OpenSSL's names; see `suites.rs` for their numbers.
    pub suites: Suites,
    /// The cipher suites of TLS 1.3 it offers, by their names; none for a device that does not speak it.
    pub tls13_suites: &'static [&'static str],
    /// The curves it offers for the key exchange and takes in a server's EC key.
    pub groups: &'static [Group],
    /// The hash functions it offers for the server's handshake signature.
    pub handshake_hashes: &'static [Hash],
    /// What its chain validator can verify.
    pub abilities: Abilities,
    /// The kinds of key it can authenticate itself with.
    pub client_keys: ClientKeys,
    /// The longest client certificate it can store, in bytes of DER.
    pub largest_client_certificate: Option<usize>,
    /// A remark that belongs to every verdict about it.
    pub remark: Option<&'static str>,
}

/// The cipher suites of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suites {
    /// Only these, by OpenSSL's names.
    Only(&'static [&'static str]),
    /// All of `br_ssl_client_init_full`.
    BearSslFull,
}

impl Profile {
    /// Whether it speaks TLS 1.3.
    #[must_use]
    pub fn speaks_tls13(&self) -> bool {
        !self.tls13_suites.is_empty()
    }
}

/// A key exchange group (RFC 8422).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// One of the NIST curves.
    Nist(Curve),
    /// X25519.
    X25519,
}

impl Group {
    /// The group's number in TLS.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::Nist(Curve::P256) => 23,
            Self::Nist(Curve::P384) => 24,
            Self::Nist(Curve::P521) => 25,
            Self::X25519 => 29,
        }
    }

    /// Bits of security, as OpenSSL's security levels count them.
    #[must_use]
    pub fn security_bits(self) -> u32 {
        match self {
            Self::Nist(Curve::P256) | Self::X25519 => 128,
            Self::Nist(Curve::P384) => 192,
            Self::Nist(Curve::P521) => 256,
        }
    }
}

/// The client keys a device can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKeys {
    /// Whatever the library can sign with.
    Any,
    /// EC P-256 only: Tasmota's TLSKey1 is a P-256 scalar. The profile itself can do more, so another key only calls for a remark.
    P256Advised,
    /// EC P-256 only: there is no way to store another one.
    P256,
}

const RSA_SUITE: &str = "ECDHE-RSA-AES128-GCM-SHA256";
const EC_SUITE: &str = "ECDHE-ECDSA-AES128-GCM-SHA256";
const P256_ONLY: &[Curve] = &[Curve::P256];
const ALL_CURVES: &[Curve] = &[Curve::P256, Curve::P384, Curve::P521];
const ALL_HASHES: &[Hash] = &[Hash::Sha1, Hash::Sha224, Hash::Sha256, Hash::Sha384, Hash::Sha512];
const MODERN_HASHES: &[Hash] = &[Hash::Sha256, Hash::Sha384, Hash::Sha512];
const SHA256_ONLY: &[Hash] = &[Hash::Sha256];
const P256_GROUP: &[Group] = &[Group::Nist(Curve::P256)];
const ALL_GROUPS: &[Group] = &[Group::X25519, Group::Nist(Curve::P256), Group::Nist(Curve::P384), Group::Nist(Curve::P521)];
const MODERN_GROUPS: &[Group] = &[Group::X25519, Group::Nist(Curve::P256), Group::Nist(Curve::P384)];

/// TLSKey2 stores the certificate in a block of 1024 bytes, after a directory of 64 and a key of 32.
const TASMOTA_CERTIFICATE: Option<usize> = Some(928);

const RSA_VALIDATOR: Abilities = Abilities { hashes: SHA256_ONLY, ecdsa: None, largest_rsa: 4096 };

const TASMOTA_RSA: Profile = Profile {
    name: "tasmota-rsa",
    description: "Tasmota with ECDSA off: ESP8266, and ESP32 before October 2025 or with SetOption165 0",
    engine: Engine::BearSsl,
    suites: Suites::Only(&[RSA_SUITE]),
    tls13_suites: &[],
    groups: P256_GROUP,
    handshake_hashes: SHA256_ONLY,
    abilities: RSA_VALIDATOR,
    client_keys: ClientKeys::P256Advised,
    largest_client_certificate: TASMOTA_CERTIFICATE,
    remark: None,
};

/// Every device, in the order they are reported.
pub const PROFILES: &[Profile] = &[
    Profile {
        name: "bearssl-full",
        description: "BearSSL with everything built in (br_ssl_client_init_full)",
        engine: Engine::BearSsl,
        suites: Suites::BearSslFull,
        tls13_suites: &[],
        groups: ALL_GROUPS,
        handshake_hashes: ALL_HASHES,
        abilities: Abilities { hashes: ALL_HASHES, ecdsa: Some(ALL_CURVES), largest_rsa: 4096 },
        client_keys: ClientKeys::Any,
        largest_client_certificate: None,
        remark: None,
    },
    TASMOTA_RSA,
    Profile {
        name: "tasmota-22649",
        description: "Tasmota on ESP32 between December 2024 and October 2025: both suites, but no ECDSA in the chain",
        suites: Suites::Only(&[EC_SUITE, RSA_SUITE]),
        ..TASMOTA_RSA
    },
    Profile {
        name: "tasmota-ecdsa",
        description: "Tasmota on ESP32 with SetOption165 1: ECDSA on, P-256 and SHA-256 only",
        suites: Suites::Only(&[EC_SUITE, RSA_SUITE]),
        abilities: Abilities { ecdsa: Some(P256_ONLY), ..RSA_VALIDATOR },
        ..TASMOTA_RSA
    },
    Profile {
        name: "tasmota-esp8266",
        description: "Tasmota on ESP8266: RSA up to 2048 bits (4096 with USE_4K_RSA, see --4k-rsa)",
        abilities: Abilities { largest_rsa: 2048, ..RSA_VALIDATOR },
        client_keys: ClientKeys::P256,
        ..TASMOTA_RSA
    },
    Profile {
        name: "tasmota-esp32",
        description: "Tasmota on ESP32 as it comes, SetOption165 0",
        client_keys: ClientKeys::P256,
        remark: Some(
            "EC certificates need `SetOption165 1` on the device (ECDSA is off by default); judge that with --target tasmota-ecdsa",
        ),
        ..TASMOTA_RSA
    },
    Profile {
        name: "rustls",
        description: "a rustls client with the webpki rules",
        engine: Engine::Rustls,
        suites: Suites::Only(&[
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-CHACHA20-POLY1305",
            "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-RSA-CHACHA20-POLY1305",
        ]),
        tls13_suites: &["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"],
        groups: MODERN_GROUPS,
        handshake_hashes: MODERN_HASHES,
        abilities: Abilities { hashes: MODERN_HASHES, ecdsa: Some(ALL_CURVES), largest_rsa: 8192 },
        client_keys: ClientKeys::Any,
        largest_client_certificate: None,
        remark: None,
    },
];

/// The profile of a name.
#[must_use]
pub fn profile(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name == name)
}

/// The same device built with USE_4K_RSA, which doubles the largest RSA key of an ESP8266.
#[must_use]
pub fn with_4k_rsa(profile: &'static Profile) -> &'static Profile {
    const LARGE: &Profile = &Profile {
        description: "Tasmota on ESP8266 built with USE_4K_RSA",
        abilities: RSA_VALIDATOR,
        client_keys: ClientKeys::P256,
        name: "tasmota-esp8266",
        ..TASMOTA_RSA
    };
    if profile.name == LARGE.name { LARGE } else { profile }
}
