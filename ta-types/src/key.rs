//! The public key inside a SubjectPublicKeyInfo.

use crate::der;

/// Public key of a trust anchor: the numbers of its SubjectPublicKeyInfo.
///
/// The slices point into the bytes they were read from, so no byte is stored twice. RSA and EC on three NIST curves are
/// all that BearSSL verifies signatures with (`bearssl_x509.h`, `br_x509_pkey`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PublicKey<'a> {
    /// An RSA key (RFC 3279 section 2.3.1, RFC 8017 appendix A.1.1).
    Rsa {
        /// Modulus: unsigned, big-endian, without leading zero bytes. 256 bytes are an RSA-2048 key.
        n: &'a [u8],
        /// Public exponent: unsigned, big-endian, without leading zero bytes. Mostly `01 00 01`, which is 65537.
        e: &'a [u8],
    },
    /// An elliptic curve key (RFC 5480 section 2).
    Ec {
        /// The curve the point is on.
        curve: Curve,
        /// The public point in the encoding of SEC 1 section 2.3.3: `04`, x and y, big-endian and of full length.
        q: &'a [u8],
    },
}

/// An elliptic curve that trust anchors can have (RFC 5480 section 2.1.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// NIST P-256, alias secp256r1 and prime256v1; a public point has 65 bytes.
    P256,
    /// NIST P-384, alias secp384r1; a public point has 97 bytes.
    P384,
    /// NIST P-521, alias secp521r1; a public point has 133 bytes.
    P521,
}

/// rsaEncryption, 1.2.840.113549.1.1.1 (RFC 3279 section 2.3.1).
const RSA_ENCRYPTION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
/// id-ecPublicKey, 1.2.840.10045.2.1 (RFC 5480 section 2.1.1).
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
/// secp256r1, 1.2.840.10045.3.1.7 (RFC 5480 section 2.1.1.1).
const SECP256R1: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
/// secp384r1, 1.3.132.0.34 (RFC 5480 section 2.1.1.1).
const SECP384R1: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x22];
/// secp521r1, 1.3.132.0.35 (RFC 5480 section 2.1.1.1).
const SECP521R1: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x23];

impl<'a> PublicKey<'a> {
    /// Reads a DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7), whole and from its SEQUENCE tag on.
    ///
    /// Takes what BearSSL's decoder takes: lengths in more octets than needed, RSA parameters of any kind, leading zeros
    /// in front of the RSA numbers. `None` for another kind of key or curve, and for damaged bytes. Whether a point lies
    /// on its curve is not checked.
    ///
    /// ```
    /// use ta_types::PublicKey;
    ///
    /// // An Ed25519 key (RFC 8410): no stack for such small devices verifies with one.
    /// let ed25519 = [&b"\x30\x2A\x30\x05\x06\x03\x2B\x65\x70\x03\x21\x00"[..], &[7; 32]].concat();
    /// assert_eq!(PublicKey::from_spki(&ed25519), None);
    /// ```
    pub const fn from_spki(spki: &'a [u8]) -> Option<Self> {
        let Some(spki) = der::whole_element(spki, der::SEQUENCE) else {
            return None;
        };
        let Some((algorithm, key)) = der::element(spki, der::SEQUENCE) else {
            return None;
        };
        let Some((algorithm, parameters)) = der::element(algorithm, der::OBJECT_IDENTIFIER) else {
            return None;
        };
        // The first octet of a BIT STRING counts the unused bits of the last one; a key has none.
        let Some([0, key @ ..]) = der::whole_element(key, der::BIT_STRING) else {
            return None;
        };
        match algorithm {
            RSA_ENCRYPTION => rsa_key(key),
            EC_PUBLIC_KEY => ec_key(parameters, key),
            _ => None,
        }
    }
}

/// Reads an `RSAPublicKey` (RFC 8017 appendix A.1.1).
const fn rsa_key(key: &[u8]) -> Option<PublicKey<'_>> {
    let Some(numbers) = der::whole_element(key, der::SEQUENCE) else {
        return None;
    };
    let Some((n, rest)) = der::element(numbers, der::INTEGER) else {
        return None;
    };
    let Some(e) = der::whole_element(rest, der::INTEGER) else {
        return None;
    };
    match (unsigned(n), unsigned(e)) {
        (Some(n), Some(e)) => Some(PublicKey::Rsa { n, e }),
        _ => None,
    }
}

/// Contents of a non-negative INTEGER without the leading zeros. An INTEGER has at least one octet (X.690 section 8.3.1).
const fn unsigned(integer: &[u8]) -> Option<&[u8]> {
    if let [] | [0x80..=0xFF, ..] = integer {
        return None;
    }
    let mut number = integer;
    while let [0, rest @ ..] = number {
        number = rest;
    }
    Some(number)
}

/// Takes the curve from `ECParameters`, which must be a named curve (RFC 5480 section 2.1.1), and the point as it is.
const fn ec_key<'a>(parameters: &[u8], point: &'a [u8]) -> Option<PublicKey<'a>> {
    let curve = match der::whole_element(parameters, der::OBJECT_IDENTIFIER) {
        Some(SECP256R1) => Curve::P256,
        Some(SECP384R1) => Curve::P384,
        Some(SECP521R1) => Curve::P521,
        _ => return None,
    };
    Some(PublicKey::Ec { curve, q: point })
}

#[cfg(test)]
mod tests {
    use super::{Curve, EC_PUBLIC_KEY, PublicKey, RSA_ENCRYPTION, SECP384R1};
    use crate::der;
    use std::vec::Vec;

    fn element(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
        let contents = contents.concat();
        let length = u8::try_from(contents.len()).expect("the test's elements are short");
        [&[tag, 0x81, length], &contents[..]].concat()
    }

    fn spki(oid: &[u8], parameters: &[u8], bits: &[u8]) -> Vec<u8> {
        let oid = element(der::OBJECT_IDENTIFIER, &[oid]);
        let algorithm = element(der::SEQUENCE, &[&oid, parameters]);
        element(der::SEQUENCE, &[&algorithm, &element(der::BIT_STRING, &[bits])])
    }

    fn rsa(n: &[u8], e: &[u8]) -> Vec<u8> {
        let numbers = [element(der::INTEGER, &[n]), element(der::INTEGER, &[e])].concat();
        let key = element(der::SEQUENCE, &[&numbers]);
        spki(RSA_ENCRYPTION, &[0x05, 0x00], &[&[0], &key[..]].concat())
    }

    #[test]
    fn rsa_numbers_lose_their_leading_zeros() {
        let spki = rsa(&[0, 0, 0xC1, 0, 5], &[0, 1, 0, 1]);
        assert_eq!(PublicKey::from_spki(&spki), Some(PublicKey::Rsa { n: &[0xC1, 0, 5], e: &[1, 0, 1] }));
        assert_eq!(PublicKey::from_spki(&rsa(&[0], &[3])), Some(PublicKey::Rsa { n: &[], e: &[3] }));
    }

    #[test]
    fn rsa_numbers_are_not_negative_and_not_empty() {
        assert_eq!(PublicKey::from_spki(&rsa(&[0xC1, 5], &[3])), None);
        assert_eq!(PublicKey::from_spki(&rsa(&[5], &[0x83])), None);
        assert_eq!(PublicKey::from_spki(&rsa(&[], &[3])), None);
    }

    #[test]
    fn slices_point_into_the_spki() {
        let spki = rsa(&[0, 0xC1, 5], &[3]);
        let Some(PublicKey::Rsa { n, .. }) = PublicKey::from_spki(&spki) else {
            panic!("not read as an RSA key");
        };
        assert!(spki.as_ptr_range().contains(&n.as_ptr()));
    }

    #[test]
    fn the_curve_comes_from_the_parameters() {
        let parameters = element(der::OBJECT_IDENTIFIER, &[SECP384R1]);
        let spki = spki(EC_PUBLIC_KEY, &parameters, &[0, 4, 1, 2]);
        assert_eq!(PublicKey::from_spki(&spki), Some(PublicKey::Ec { curve: Curve::P384, q: &[4, 1, 2] }));
    }

    #[test]
    fn other_keys_and_damage_are_refused() {
        let named = element(der::OBJECT_IDENTIFIER, &[SECP384R1]);
        let secp256k1 = element(der::OBJECT_IDENTIFIER, &[&[0x2B, 0x81, 0x04, 0x00, 0x0A]]);
        let explicit = element(der::SEQUENCE, &[&[2, 1, 1]]);
        let whole = rsa(&[5], &[3]);
        let damaged = [
            spki(&[0x2B, 0x65, 0x70], &[], &[0, 1]),
            spki(EC_PUBLIC_KEY, &secp256k1, &[0, 4]),
            spki(EC_PUBLIC_KEY, &explicit, &[0, 4]),
            spki(EC_PUBLIC_KEY, &[], &[0, 4]),
            spki(EC_PUBLIC_KEY, &named, &[1, 4]),
            spki(EC_PUBLIC_KEY, &named, &[]),
            spki(RSA_ENCRYPTION, &[], &[0, 4]),
            [&whole[..], &[0]].concat(),
            whole[..whole.len() - 1].to_vec(),
            Vec::new(),
        ];
        for spki in damaged {
            assert_eq!(PublicKey::from_spki(&spki), None, "{spki:02X?}");
        }
    }
}
