//! Fetching what a broker really sends. In TLS 1.2 the server's certificates travel in the clear, so the first round of a
//! handshake is enough: nothing is verified, no key is agreed on, and no credentials are sent.

use super::negotiation::offered;
use super::profile::Profile;
use super::signature::Hash;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The chain, and whether the broker asked for a client certificate.
    Chain {
        /// The number of the cipher suite the broker chose.
        suite: u16,
        /// DER certificates, the server's own first.
        certificates: Vec<Vec<u8>>,
        /// Whether a CertificateRequest came along.
        asks_for_certificate: bool,
    },
    /// The broker ended the handshake with this alert of level 2, fatal.
    Alert(u8),
}

/// The most bytes that are read; a chain of RSA-4096 certificates takes some 5000.
const LONGEST: usize = 1 << 18;

/// Asks `address` (`host:port`) as the device would.
///
/// # Errors
///
/// What went wrong on the network, in words.
pub fn fetch(address: &str, server_name: &str, profile: &Profile, timeout: Duration) -> Result<Answer, String> {
    let deadline = Deadline(Instant::now() + timeout);
    let describe = |error: std::io::Error| in_words(address, &error, timeout);
    let mut stream = open(address, deadline, timeout)?;
    stream.set_write_timeout(Some(deadline.left().map_err(describe)?)).map_err(describe)?;
    stream.write_all(&client_hello(server_name, profile)).map_err(describe)?;
    let mut answer = Limited { stream, deadline, left: LONGEST };
    let mut handshake = Handshake::default();
    loop {
        if let Some(answer) = handshake.read_record(&mut answer).map_err(describe)? {
            return Ok(answer);
        }
    }
}

/// When all has to be over.
#[derive(Debug, Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    fn left(self) -> std::io::Result<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

/// A stream that ends at the deadline and after so many bytes. A timeout of the socket alone starts anew with every byte.
struct Limited {
    stream: TcpStream,
    deadline: Deadline,
    left: usize,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            return Err(invalid(&format!("{} KiB came, and no whole chain was among them", LONGEST >> 10)));
        }
        self.stream.set_read_timeout(Some(self.deadline.left()?))?;
        let wanted = buffer.len().min(self.left);
        let length = self.stream.read(&mut buffer[..wanted])?;
        self.left -= length;
        Ok(length)
    }
}

fn open(address: &str, deadline: Deadline, timeout: Duration) -> Result<TcpStream, String> {
    let mut last = format!("{address}: the name has no address");
    for socket in resolve(address, deadline).map_err(|error| format!("{address}: the name cannot be resolved: {error}"))? {
        match deadline.left().and_then(|left| TcpStream::connect_timeout(&socket, left)) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = in_words(address, &error, timeout),
        }
    }
    Err(last)
}

/// The system's resolver takes no time limit, so it is asked in a thread, which is left alone when it takes too long.
fn resolve(address: &str, deadline: Deadline) -> std::io::Result<Vec<SocketAddr>> {
    let (sender, receiver) = mpsc::channel();
    let name = address.to_owned();
    // Nobody listens any more when the answer is late.
    thread::spawn(move || sender.send(name.to_socket_addrs().map(Iterator::collect)));
    receiver.recv_timeout(deadline.left()?).unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

fn in_words(address: &str, error: &std::io::Error, timeout: Duration) -> String {
    let what = match error.kind() {
        ErrorKind::ConnectionRefused => "nothing listens there (connection refused)".to_owned(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => format!("no answer within {} seconds", timeout.as_secs()),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => {
            "the server hung up before any certificate came; is this a TLS port?".to_owned()
        }
        ErrorKind::InvalidData => format!("{error}; is this a TLS port?"),
        _ => error.to_string(),
    };
    format!("{address}: {what}")
}

/// A ClientHello of TLS 1.2 (RFC 5246, section 7.4.1.2) with what the profile offers.
fn client_hello(server_name: &str, profile: &Profile) -> Vec<u8> {
    let suites: Vec<u8> = offered(profile).into_iter().flat_map(u16::to_be_bytes).collect();
    // The server's answer is thrown away, so the random need not be one.
    let random = [0x54; 32];
    let body =
        [&[0x03, 0x03], &random[..], &[0], &with_length(2, &suites), &[1, 0], &with_length(2, &extensions(server_name, profile))]
            .concat();
    let message = [&[1], &with_length(3, &body)[..]].concat();
    [&[22, 0x03, 0x01], &with_length(2, &message)[..]].concat()
}

fn extensions(server_name: &str, profile: &Profile) -> Vec<u8> {
    let groups: Vec<u8> = profile.groups.iter().flat_map(|group| group.number().to_be_bytes()).collect();
    let mut extensions = [
        extension(0x000A, &with_length(2, &groups)),
        extension(0x000B, &[1, 0]),
        extension(0x000D, &with_length(2, &signature_algorithms(profile))),
        extension(0xFF01, &[0]),
    ]
    .concat();
    let is_name = !server_name.is_empty() && server_name.parse::<std::net::IpAddr>().is_err();
    if is_name {
        let name = [&[0], &with_length(2, server_name.as_bytes())[..]].concat();
        extensions.extend(extension(0x0000, &with_length(2, &name)));
    }
    extensions
}

fn signature_algorithms(profile: &Profile) -> Vec<u8> {
    let identifier = |hash: &Hash| match hash {
        Hash::Sha1 => 2,
        Hash::Sha224 => 3,
        Hash::Sha256 => 4,
        Hash::Sha384 => 5,
        Hash::Sha512 => 6,
    };
    profile.handshake_hashes.iter().flat_map(|hash| [identifier(hash), 3, identifier(hash), 1]).collect()
}

fn extension(number: u16, data: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes(), &with_length(2, data)[..]].concat()
}

/// `data` behind its length in `bytes` bytes.
fn with_length(bytes: usize, data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u32).to_be_bytes();
    [&length[4 - bytes..], data].concat()
}

/// Handshake messages, which may be cut into records anywhere.
#[derive(Default)]
struct Handshake {
    bytes: Vec<u8>,
    suite: u16,
    certificates: Vec<Vec<u8>>,
    asks_for_certificate: bool,
}

impl Handshake {
    fn read_record(&mut self, stream: &mut impl Read) -> std::io::Result<Option<Answer>> {
        let mut header = [0; 5];
        stream.read_exact(&mut header)?;
        let [kind, 3, _, high, low] = header else {
            return Err(invalid("the answer is not TLS"));
        };
        let mut record = vec![0; usize::from(u16::from_be_bytes([high, low]))];
        stream.read_exact(&mut record)?;
        match (kind, &record[..]) {
            (21, [level, alert]) => read_alert(*level, *alert),
            (22, _) => {
                self.bytes.extend(record);
                self.read_messages()
            }
            _ => Err(invalid("the answer is not a TLS handshake")),
        }
    }

    fn read_messages(&mut self) -> std::io::Result<Option<Answer>> {
        while let Some((kind, body)) = self.next_message() {
            match kind {
                // A server that sends back what it gets sends a ClientHello.
                1 => return Err(invalid("the answer is not TLS, but what was sent to it")),
                // ServerHello, Certificate, CertificateRequest, ServerHelloDone (RFC 5246, section 7.4)
                2 => self.suite = chosen_suite(&body).ok_or_else(|| invalid("the ServerHello is malformed"))?,
                11 => self.certificates = certificates(&body).ok_or_else(|| invalid("the Certificate message is malformed"))?,
                13 => self.asks_for_certificate = true,
                14 => {
                    let certificates = std::mem::take(&mut self.certificates);
                    let suite = self.suite;
                    return Ok(Some(Answer::Chain { suite, certificates, asks_for_certificate: self.asks_for_certificate }));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn next_message(&mut self) -> Option<(u8, Vec<u8>)> {
        let [kind, a, b, c, rest @ ..] = &self.bytes[..] else { return None };
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let message = (*kind, rest.get(..length)?.to_vec());
        self.bytes.drain(..4 + length);
        Some(message)
    }
}

/// An alert of level 1 is a warning (RFC 5246, section 7.2), which devices pass over as well, unless it closes the
/// connection: close_notify is no error, whatever its level says.
fn read_alert(level: u8, alert: u8) -> std::io::Result<Option<Answer>> {
    match (level, alert) {
        (_, 0) => Err(std::io::Error::other("the broker hung up (close_notify) before any certificate came; its log says why")),
        (1, _) => Ok(None),
        _ => Ok(Some(Answer::Alert(alert))),
    }
}

/// Behind version, random and session identifier.
fn chosen_suite(hello: &[u8]) -> Option<u16> {
    let after_session = 35 + usize::from(*hello.get(34)?);
    let suite = hello.get(after_session..after_session + 2)?;
    Some(u16::from_be_bytes([suite[0], suite[1]]))
}

fn certificates(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (list, rest) = split_by_length(body)?;
    let mut list = rest.is_empty().then_some(list)?;
    let mut certificates = Vec::new();
    while !list.is_empty() {
        let (certificate, rest) = split_by_length(list)?;
        certificates.push(certificate.to_vec());
        list = rest;
    }
    Some(certificates)
}

fn split_by_length(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [a, b, c, rest @ ..] = bytes else { return None };
    rest.split_at_checked(u32::from_be_bytes([0, *a, *b, *c]) as usize)
}

fn invalid(message: &str) -> std::io::Error {
    std::io::Error::new(ErrorKind::InvalidData, message)
}
