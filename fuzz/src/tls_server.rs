//! A TLS server without a key: any messages in any order, most of them well formed, since random bytes alone would not get past the first.

use arbitrary::Arbitrary;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use embedded_io::{ErrorType, Read, Write};
use std::convert::Infallible;

/// What the server sends, piece by piece.
#[derive(Arbitrary, Debug)]
pub struct TlsServer {
    /// Which versions the client offers.
    pub versions: Versions,
    pieces: Vec<Piece>,
}

/// The versions of TLS.
#[derive(Arbitrary, Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Versions {
    Any,
    Tls12,
    Tls13,
}

#[derive(Arbitrary, Debug)]
enum Piece {
    ServerHello {
        suite: Suite,
        extensions: Vec<Extension>,
    },
    Certificate(Vec<Entry>),
    KeyExchange {
        scheme: Scheme,
        signature: Vec<u8>,
    },
    CertificateRequest(Vec<u8>),
    ServerHelloDone,
    /// A handshake message of any kind.
    Message(u8, Vec<u8>),
    /// Ends the record that the messages before go into.
    EndOfRecord,
    /// A record of any kind.
    Record(u8, Vec<u8>),
    Bytes(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Suite {
    /// TLS_AES_128_GCM_SHA256.
    Tls13,
    EcdheEcdsa,
    EcdheRsa,
    Other(u16),
}

#[derive(Arbitrary, Debug)]
enum Extension {
    /// supported_versions: TLS 1.3.
    Tls13,
    /// A key share of P-256: the generator.
    KeyShare,
    ExtendedMasterSecret,
    Other(u8, Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Entry {
    /// The real certificate of a server, under an authority that the firmware trusts: `server.crt`, for `broker.test`, issued until 2126
    /// with `example-firmware/certs/ca-p256.key` by `openssl x509 -req`. Its key was thrown away.
    Real,
    Other(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Scheme {
    EcdsaP256,
    RsaPss,
    RsaPkcs1,
    Other(u16),
}

/// The generator of P-256 (FIPS 186-4, D.1.2.3) as an uncompressed point: the public key of the private key 1.
const GENERATOR: [u8; 65] = [
    0x04, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81,
    0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E,
    0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF,
    0x51, 0xF5,
];

const HANDSHAKE: u8 = 22;

impl TlsServer {
    /// Everything it sends.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut messages = Vec::new();
        for piece in &self.pieces {
            match piece.message() {
                Some((kind, body)) => messages.extend([vec![kind], vector(3, &body)].concat()),
                None => {
                    bytes.extend(records(HANDSHAKE, &std::mem::take(&mut messages)));
                    match piece {
                        Piece::Record(content, payload) => bytes.extend(records(*content, payload)),
                        Piece::Bytes(raw) => bytes.extend(raw),
                        _ => {}
                    }
                }
            }
        }
        bytes.extend(records(HANDSHAKE, &messages));
        bytes
    }
}

impl Piece {
    /// A handshake message: its kind and its body (RFC 5246, section 7.4; RFC 8446, section 4).
    fn message(&self) -> Option<(u8, Vec<u8>)> {
        Some(match self {
            Piece::ServerHello { suite, extensions } => (2, server_hello(suite, extensions)),
            Piece::Certificate(entries) => {
                let entries: Vec<u8> = entries.iter().flat_map(|entry| vector(3, &entry.der())).collect();
                (11, vector(3, &entries))
            }
            Piece::KeyExchange { scheme, signature } => {
                let share = [&[3, 0, 23][..], &vector(1, &GENERATOR)].concat();
                (12, [&share[..], &scheme.number().to_be_bytes(), &vector(2, signature)].concat())
            }
            Piece::CertificateRequest(body) => (13, body.clone()),
            Piece::ServerHelloDone => (14, Vec::new()),
            Piece::Message(kind, body) => (*kind, body.clone()),
            Piece::EndOfRecord | Piece::Record(..) | Piece::Bytes(_) => return None,
        })
    }
}

fn server_hello(suite: &Suite, extensions: &[Extension]) -> Vec<u8> {
    let suite: u16 = match suite {
        Suite::Tls13 => 0x1301,
        Suite::EcdheEcdsa => 0xC02B,
        Suite::EcdheRsa => 0xC02F,
        Suite::Other(suite) => *suite,
    };
    let extensions: Vec<u8> = extensions.iter().flat_map(Extension::bytes).collect();
    // legacy_version, random, no session, suite, no compression.
    [&[3, 3][..], &[7; 32], &[0], &suite.to_be_bytes(), &[0], &vector(2, &extensions)].concat()
}

impl Extension {
    fn bytes(&self) -> Vec<u8> {
        let (kind, body) = match self {
            Extension::Tls13 => (43, vec![3, 4]),
            Extension::KeyShare => (51, [&[0, 23][..], &vector(2, &GENERATOR)].concat()),
            Extension::ExtendedMasterSecret => (23, Vec::new()),
            Extension::Other(kind, body) => (*kind, body.clone()),
        };
        [&[0, kind][..], &vector(2, &body)].concat()
    }
}

impl Entry {
    fn der(&self) -> Vec<u8> {
        match self {
            Entry::Other(der) => der.clone(),
            Entry::Real => {
                let pem = include_str!("../server.crt");
                let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
                STANDARD.decode(lines).expect("openssl's Base64")
            }
        }
    }
}

impl Scheme {
    fn number(&self) -> u16 {
        match self {
            Scheme::EcdsaP256 => 0x0403,
            Scheme::RsaPss => 0x0804,
            Scheme::RsaPkcs1 => 0x0401,
            Scheme::Other(number) => *number,
        }
    }
}

/// A vector behind a length of `width` bytes, cut off where that length ends.
fn vector(width: usize, body: &[u8]) -> Vec<u8> {
    let body = &body[..body.len().min((1 << (8 * width)) - 1)];
    let length = body.len().to_be_bytes();
    [&length[length.len() - width..], body].concat()
}

/// As many records as the payload takes (RFC 8446, section 5.1).
fn records(content: u8, payload: &[u8]) -> Vec<u8> {
    payload.chunks(1 << 14).flat_map(|part| [&[content, 3, 3][..], &vector(2, part)].concat()).collect()
}

/// A byte stream from a server that never listens, and then is gone.
pub struct Stream<'a>(pub &'a [u8]);

impl ErrorType for Stream<'_> {
    type Error = Infallible;
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        self.0.read(buffer)
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
