//! What a generator should say about anchors that it takes all the same.

use std::collections::HashMap;
use std::fmt;

use crate::anchor::{Curve, PublicKey, TrustAnchor, bit_length};
use crate::error::Origin;
use crate::time::Time;

/// Something about an anchor that its user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Which certificate.
    pub origin: Origin,
    /// What about it.
    pub kind: WarningKind,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.kind)
    }
}

/// What to know about an anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningKind {
    /// basicConstraints does not make it a CA, so its flags are 0.
    NotCa,
    /// notAfter has passed.
    Expired(Time),
    /// notAfter is near.
    ExpiresSoon {
        /// The last second.
        not_after: Time,
        /// How many days count as near.
        days: u32,
    },
    /// notBefore has not come.
    NotYetValid(Time),
    /// RSA below 2048 bits.
    WeakRsa {
        /// Bits of the modulus.
        bits: usize,
    },
    /// nameConstraints, which BearSSL ignores.
    NameConstraints,
    /// The same anchor stood earlier.
    Duplicate(Origin),
    /// RSA beyond what a Tasmota for ESP8266 verifies by default.
    TasmotaRsaSize {
        /// Bits of the modulus.
        bits: usize,
    },
    /// An EC CA on a Tasmota.
    TasmotaEcdsa(Curve),
    /// P-521, beyond `BR_MAX_EC_SIZE` 384.
    TasmotaP521,
}

impl fmt::Display for WarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WarningKind::NotCa => f.write_str(
                "is not a CA (basicConstraints lacks CA:TRUE): the device will trust only this very certificate and \
                 nothing it signed; give the CA's certificate unless that is meant",
            ),
            WarningKind::Expired(value) => write!(
                f,
                "expired on {value}; BearSSL does not check an anchor's dates, other TLS stacks and brokers do: \
                 renew the CA"
            ),
            WarningKind::ExpiresSoon { not_after, days } => write!(
                f,
                "expires on {not_after}, within the next {days} days: renew the CA and give devices the new one in \
                 time"
            ),
            WarningKind::NotYetValid(value) => write!(
                f,
                "is not valid before {value}; BearSSL does not check an anchor's dates, other TLS stacks and brokers \
                 do"
            ),
            WarningKind::WeakRsa { bits } => write!(
                f,
                "public key is RSA with only {bits} bits; less than 2048 can be broken: make a CA with RSA 2048 or \
                 EC P-256"
            ),
            WarningKind::NameConstraints => {
                f.write_str("has name constraints, which BearSSL ignores and rustls honours: on BearSSL the device will trust this CA for every name")
            }
            WarningKind::Duplicate(value) => write!(f, "repeats {value} (same subject, key, CA flag and name constraints); one of them is enough"),
            WarningKind::TasmotaRsaSize { bits } => write!(
                f,
                "public key is RSA with {bits} bits; Tasmota on ESP8266 verifies more than 2048 only when built with \
                 `#define USE_4K_RSA`"
            ),
            WarningKind::TasmotaEcdsa(Curve::P384) => f.write_str(
                "public key is EC P-384; Tasmota verifies it only in firmware of 7/2026 or later and with ECDSA on: on ESP32 \
                 `SetOption165 1`, on ESP8266 a build with `#define USE_MQTT_TLS_ECDSA`",
            ),
            WarningKind::TasmotaEcdsa(value) => write!(
                f,
                "public key is EC {value}; Tasmota verifies it only with ECDSA on: on ESP32 `SetOption165 1` \
                 (firmware of 10/2025 or later), on ESP8266 a build with `#define USE_MQTT_TLS_ECDSA`"
            ),
            WarningKind::TasmotaP521 => f.write_str(
                "public key is EC P-521, which no Tasmota verifies (its BearSSL stops at 384 bits): use a CA with \
                 RSA 2048 or EC P-256",
            ),
        }
    }
}

impl std::error::Error for WarningKind {}

/// Looks at anchors as any device would use them, with `now` as today's date.
pub fn warnings(anchors: &[TrustAnchor], now: Time) -> Vec<Warning> {
    let mut seen = HashMap::with_capacity(anchors.len());
    let mut warnings = Vec::new();
    for (index, anchor) in anchors.iter().enumerate() {
        let mut warn = |kind| warnings.push(Warning { origin: anchor.origin().clone(), kind });
        if !anchor.is_ca() {
            warn(WarningKind::NotCa);
        }
        let validity = anchor.validity();
        if now > validity.not_after {
            warn(WarningKind::Expired(validity.not_after));
        }
        if now < validity.not_before {
            warn(WarningKind::NotYetValid(validity.not_before));
        }
        if let PublicKey::Rsa { n, .. } = anchor.key()
            && bit_length(n) < 2048
        {
            warn(WarningKind::WeakRsa { bits: bit_length(n) });
        }
        if anchor.name_constraints().is_some() {
            warn(WarningKind::NameConstraints);
        }
        let first = *seen.entry(anchor.identity()).or_insert(index);
        if first != index {
            warn(WarningKind::Duplicate(anchors[first].origin().clone()));
        }
    }
    warnings
}

/// Finds the anchors that still hold at `now` and no longer so many `days` later.
pub fn expiring(anchors: &[TrustAnchor], now: Time, days: u32) -> Vec<Warning> {
    let end = now.unix_seconds() + i64::from(days) * 86_400;
    let expires = |anchor: &&TrustAnchor| {
        let not_after = anchor.validity().not_after;
        now <= not_after && not_after.unix_seconds() < end
    };
    let warning = |anchor: &TrustAnchor| Warning {
        origin: anchor.origin().clone(),
        kind: WarningKind::ExpiresSoon { not_after: anchor.validity().not_after, days },
    };
    anchors.iter().filter(expires).map(warning).collect()
}

/// Looks at anchors as Tasmota's builds would use them (`t_bearssl_tasmota_config.h`, `WiFiClientSecureLightBearSSL.cpp`).
pub fn tasmota_warnings(anchors: &[TrustAnchor]) -> Vec<Warning> {
    let warning = |anchor: &TrustAnchor| {
        let kind = match anchor.key() {
            PublicKey::Rsa { n, .. } if bit_length(n) > 2048 => WarningKind::TasmotaRsaSize { bits: bit_length(n) },
            PublicKey::Rsa { .. } => return None,
            PublicKey::Ec { curve: Curve::P521, .. } => WarningKind::TasmotaP521,
            PublicKey::Ec { curve, .. } => WarningKind::TasmotaEcdsa(curve),
        };
        Some(Warning { origin: anchor.origin().clone(), kind })
    };
    anchors.iter().filter_map(warning).collect()
}
