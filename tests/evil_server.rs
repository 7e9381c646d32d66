//! A TLS 1.3 server that can leave out the messages which prove who it is. Everything else
//! it does by the book (RFC 8446), up to its Finished, so that a client that does not insist
//! on the proof goes on to send its data: which the control below shows.

use crate::authority::{Authority, Issued, Key, Valid};
use crate::firmware_host::{BROKER, NAME, firmware};
use crate::support::{read, read_text};
use crate::tls_wire::{
    ALERT, APPLICATION_DATA, DECRYPT_ERROR, HANDSHAKE, UNEXPECTED_MESSAGE, message, read_record, record, record_header, take,
    take_u16, vector,
};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes128Gcm, KeyInit};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::DecodePrivateKey;
use p256::{PublicKey, SecretKey};
use sha2_010::{Digest, Sha256};
use std::{
    io::{self, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread::{self, JoinHandle},
    time::Duration,
};

/// RFC 8446, section 4: handshake types.
const SERVER_HELLO: u8 = 2;
const ENCRYPTED_EXTENSIONS: u8 = 8;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_VERIFY: u8 = 15;
const FINISHED: u8 = 20;

const KEY_SHARE: u16 = 51;
const SECP256R1: u16 = 23;

/// What the server shows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Certificate and CertificateVerify, as a real server.
    Whole,
    /// The real certificate, whose key anybody may lack, and no CertificateVerify.
    WithoutCertificateVerify,
    /// CertificateVerify alone.
    WithoutCertificate,
    /// Neither.
    Nothing,
    /// A Certificate message without a certificate, and CertificateVerify.
    EmptyCertificate,
    /// The real certificate, and a CertificateVerify by another key.
    ForeignSignature,
}

/// What the client answered.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The description in its alert.
    pub(crate) alert: Option<u8>,
    /// What it sent as application data.
    pub(crate) data: Vec<u8>,
}

/// Serves one client on a port of its own.
pub(crate) fn serve(proof: Proof, identity: &Issued) -> (u16, JoinHandle<Answer>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
    let port = listener.local_addr().expect("a bound socket").port();
    let certificates = ta_codegen::read_certificates(&read(&identity.certificate), "server.crt").expect("openssl's PEM");
    let certificate = certificates[0].der().to_vec();
    let key = SigningKey::from_pkcs8_pem(&read_text(&identity.key)).expect("a P-256 key");
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("the client comes");
        Server::handshake(stream, proof, &certificate, &key).expect("the client answers")
    });
    (port, server)
}

struct Server {
    stream: TcpStream,
    /// All handshake messages so far.
    transcript: Vec<u8>,
}

impl Server {
    fn handshake(stream: TcpStream, proof: Proof, certificate: &[u8], key: &SigningKey) -> io::Result<Answer> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut server = Self { stream, transcript: Vec::new() };

        let (_, hello) = server.receive()?;
        server.transcript.extend(&hello);
        let hello = ClientHello::parse(&hello).expect("a client hello with a P-256 key share");
        let secret = random_secret();
        let handshake_secret = handshake_secret(&secret, &hello.key_share);
        let server_hello = server_hello(&hello.session, &secret);
        server.transcript.extend(&server_hello);
        server.send(HANDSHAKE, &server_hello)?;

        let server_traffic = server.traffic_secret(&handshake_secret, "s hs traffic");
        let client_traffic = server.traffic_secret(&handshake_secret, "c hs traffic");
        server.send_flight(proof, certificate, key, &server_traffic)?;
        let application = expand(&handshake_secret, "derived", &Sha256::digest([]), 32);
        let application = Hkdf::<Sha256>::extract(Some(&application), &[0; 32]).0;
        let client_application = server.traffic_secret(&application, "c ap traffic");
        server.answer(Records::new(&client_traffic), Records::new(&client_application))
    }

    /// EncryptedExtensions, what `proof` says, and the Finished that fits it.
    fn send_flight(&mut self, proof: Proof, certificate: &[u8], key: &SigningKey, traffic: &Hkdf<Sha256>) -> io::Result<()> {
        let mut records = Records::new(traffic);
        self.send_message(&mut records, &message(ENCRYPTED_EXTENSIONS, &[0, 0]))?;
        match proof {
            Proof::Nothing | Proof::WithoutCertificate => {}
            Proof::EmptyCertificate => self.send_message(&mut records, &certificate_message(&[]))?,
            _ => self.send_message(&mut records, &certificate_message(certificate))?,
        }
        match proof {
            Proof::Whole | Proof::WithoutCertificate | Proof::EmptyCertificate => {
                let verify = certificate_verify(key, &self.transcript);
                self.send_message(&mut records, &verify)?;
            }
            Proof::ForeignSignature => {
                let verify = certificate_verify(&random_secret().into(), &self.transcript);
                self.send_message(&mut records, &verify)?;
            }
            Proof::Nothing | Proof::WithoutCertificateVerify => {}
        }
        let finished = finished(traffic, &self.transcript);
        self.send_message(&mut records, &finished)
    }

    /// Listens until the client sends an alert, sends data, or hangs up.
    fn answer(&mut self, mut handshake: Records, application: Records) -> io::Result<Answer> {
        let mut answer = Answer::default();
        let mut records = Some(application);
        loop {
            let (content, payload) = match self.receive() {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(answer),
                received => received?,
            };
            let (content, payload) = match content {
                APPLICATION_DATA => handshake.open(&payload).expect("a record under the client's key"),
                _ => (content, payload),
            };
            match content {
                ALERT => answer.alert = Some(payload[1]),
                APPLICATION_DATA => answer.data = payload,
                // Finished: from here on the client uses its application keys.
                HANDSHAKE => {
                    handshake = records.take().expect("one message from the client: Finished");
                    continue;
                }
                // change_cipher_spec, which means nothing (RFC 8446, appendix D.4).
                _ => continue,
            }
            return Ok(answer);
        }
    }

    fn traffic_secret(&self, secret: &[u8], label: &str) -> Hkdf<Sha256> {
        let secret = expand(secret, label, &Sha256::digest(&self.transcript), 32);
        Hkdf::from_prk(&secret).expect("a secret as long as the hash")
    }

    fn send_message(&mut self, records: &mut Records, message: &[u8]) -> io::Result<()> {
        self.transcript.extend(message);
        let sealed = records.seal(HANDSHAKE, message);
        self.send(APPLICATION_DATA, &sealed)
    }

    fn send(&mut self, content: u8, payload: &[u8]) -> io::Result<()> {
        // A client that has had enough may already be gone.
        match self.stream.write_all(&record(content, payload)) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            sent => sent,
        }
    }

    fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        read_record(&mut self.stream)
    }
}

/// What the server needs of a ClientHello (RFC 8446, section 4.1.2).
struct ClientHello {
    session: Vec<u8>,
    key_share: PublicKey,
}

impl ClientHello {
    fn parse(message: &[u8]) -> Option<Self> {
        // Handshake header, legacy_version, random.
        let mut rest = message.get(4 + 2 + 32..)?;
        let session = take(&mut rest, 1)?.to_vec();
        let _cipher_suites = take(&mut rest, 2)?;
        let _compression_methods = take(&mut rest, 1)?;
        let mut extensions = take(&mut rest, 2)?;
        while let Some(kind) = take_u16(&mut extensions) {
            let mut extension = take(&mut extensions, 2)?;
            if kind != KEY_SHARE {
                continue;
            }
            let mut shares = take(&mut extension, 2)?;
            while let Some(group) = take_u16(&mut shares) {
                let share = take(&mut shares, 2)?;
                if group == SECP256R1 {
                    let key_share = PublicKey::from_sec1_bytes(share).ok()?;
                    return Some(Self { session, key_share });
                }
            }
        }
        None
    }
}

fn server_hello(session: &[u8], secret: &SecretKey) -> Vec<u8> {
    let random = random_secret().to_bytes();
    let point = secret.public_key().to_encoded_point(false);
    let share = [&SECP256R1.to_be_bytes()[..], &vector(2, point.as_bytes())].concat();
    // supported_versions: TLS 1.3.
    let mut extensions = vec![0, 43, 0, 2, 3, 4];
    extensions.extend(KEY_SHARE.to_be_bytes());
    extensions.extend(vector(2, &share));
    // legacy_version; TLS_AES_128_GCM_SHA256, no compression.
    let hello = [&[3, 3][..], &random, &vector(1, session), &[0x13, 0x01, 0], &vector(2, &extensions)].concat();
    message(SERVER_HELLO, &hello)
}

fn certificate_message(certificate: &[u8]) -> Vec<u8> {
    let mut list = Vec::new();
    if !certificate.is_empty() {
        list.extend(vector(3, certificate));
        list.extend(vector(2, &[]));
    }
    // No request context.
    message(CERTIFICATE, &[vector(1, &[]), vector(3, &list)].concat())
}

/// RFC 8446, section 4.4.3.
fn certificate_verify(key: &SigningKey, transcript: &[u8]) -> Vec<u8> {
    let mut content = vec![b' '; 64];
    content.extend(b"TLS 1.3, server CertificateVerify\0");
    content.extend(Sha256::digest(transcript));
    let signature: DerSignature = key.sign(&content);
    // ecdsa_secp256r1_sha256
    message(CERTIFICATE_VERIFY, &[vec![4, 3], vector(2, signature.as_bytes())].concat())
}

/// RFC 8446, section 4.4.4.
fn finished(traffic: &Hkdf<Sha256>, transcript: &[u8]) -> Vec<u8> {
    let key = expand_with(traffic, "finished", &[], 32);
    let mut hmac = <Hmac<Sha256> as Mac>::new_from_slice(&key).expect("any length");
    hmac.update(&Sha256::digest(transcript));
    message(FINISHED, &hmac.finalize().into_bytes())
}

/// The records of one direction under one secret (RFC 8446, section 5.2).
struct Records {
    cipher: Aes128Gcm,
    iv: Vec<u8>,
    sequence: u64,
}

impl Records {
    fn new(traffic: &Hkdf<Sha256>) -> Self {
        let cipher = Aes128Gcm::new_from_slice(&expand_with(traffic, "key", &[], 16)).expect("16 bytes");
        Self { cipher, iv: expand_with(traffic, "iv", &[], 12), sequence: 0 }
    }

    fn nonce(&mut self) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&self.sequence.to_be_bytes());
        nonce.iter_mut().zip(&self.iv).for_each(|(byte, iv)| *byte ^= iv);
        self.sequence += 1;
        nonce
    }

    fn seal(&mut self, content: u8, plain: &[u8]) -> Vec<u8> {
        let inner = [plain, &[content]].concat();
        let aad = record_header(APPLICATION_DATA, inner.len() + 16);
        let nonce = self.nonce();
        self.cipher.encrypt(&nonce.into(), Payload { msg: &inner, aad: &aad }).expect("a short record")
    }

    /// The content type and the text of a record.
    fn open(&mut self, sealed: &[u8]) -> Option<(u8, Vec<u8>)> {
        let aad = record_header(APPLICATION_DATA, sealed.len());
        let nonce = self.nonce();
        let mut inner = self.cipher.decrypt(&nonce.into(), Payload { msg: sealed, aad: &aad }).ok()?;
        let content = inner.pop()?;
        Some((content, inner))
    }
}

/// The secret that the handshake keys come from (RFC 8446, section 7.1).
fn handshake_secret(secret: &SecretKey, share: &PublicKey) -> Vec<u8> {
    let shared = p256::ecdh::diffie_hellman(secret.to_nonzero_scalar(), share.as_affine());
    let early = Hkdf::<Sha256>::extract(None, &[0; 32]).0;
    let derived = expand(&early, "derived", &Sha256::digest([]), 32);
    Hkdf::<Sha256>::extract(Some(&derived), shared.raw_secret_bytes()).0.to_vec()
}

/// HKDF-Expand-Label.
fn expand(secret: &[u8], label: &str, context: &[u8], length: usize) -> Vec<u8> {
    expand_with(&Hkdf::from_prk(secret).expect("a secret as long as the hash"), label, context, length)
}

fn expand_with(secret: &Hkdf<Sha256>, label: &str, context: &[u8], length: usize) -> Vec<u8> {
    let mut output = vec![0; length];
    let wanted = u16::try_from(length).expect("a short key").to_be_bytes();
    let label = vector(1, format!("tls13 {label}").as_bytes());
    secret.expand_multi_info(&[&wanted, &label, &vector(1, context)], &mut output).expect("a short key");
    output
}

fn random_secret() -> SecretKey {
    SecretKey::random(&mut p256::elliptic_curve::rand_core::OsRng)
}

/// Lets the firmware meet a server with this proof: its last words, and what it sent.
fn meet(proof: Proof) -> (String, Answer) {
    let authority = Authority::of_example_firmware("p256");
    let (port, server) = serve(proof, &authority.issue(Key::P256, BROKER, Valid::Now));
    let run = firmware(port, NAME, &["--tls", "1.3"]);
    assert_eq!(run.status, 1);
    (run.stderr, server.join().expect("the server does not panic"))
}

#[test]
fn a_server_that_proves_itself_gets_the_data() {
    let (errors, answer) = meet(Proof::Whole);
    assert_eq!(answer.alert, None);
    // MQTT 5.0, section 3.1: CONNECT. The server has no answer to it.
    assert_eq!((answer.data[0], &answer.data[4..8]), (0x10, &b"MQTT"[..]), "{errors}");
    assert!(errors.starts_with("mqtt connect: "), "{errors}");
}

#[test]
fn a_server_that_leaves_out_its_proof_gets_no_data() {
    for (proof, alert) in [
        (Proof::WithoutCertificateVerify, Some(UNEXPECTED_MESSAGE)),
        (Proof::WithoutCertificate, Some(UNEXPECTED_MESSAGE)),
        (Proof::Nothing, Some(UNEXPECTED_MESSAGE)),
        // rustls hangs up on this one without a word.
        (Proof::EmptyCertificate, None),
        (Proof::ForeignSignature, Some(DECRYPT_ERROR)),
    ] {
        let (errors, answer) = meet(proof);
        assert!(errors.starts_with("tls handshake: "), "{proof:?}: {errors}");
        assert_eq!((answer.alert, answer.data.as_slice()), (alert, &[][..]), "{proof:?}: {errors}");
    }
}
