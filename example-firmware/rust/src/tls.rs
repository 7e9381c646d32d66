//! TLS on a blocking byte stream, with rustls' unbuffered interface: no operating system, no
//! reader or writer of the standard library, and no buffer larger than the record at hand.

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use embedded_io::{Read, ReadExactError, Write};
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, EncryptError, UnbufferedStatus, WriteTraffic};
use rustls::{ClientConfig, ProtocolVersion, SupportedCipherSuite};

/// Bytes before each record: content type, version, length (RFC 8446, section 5.1).
const HEADER_LENGTH: usize = 5;

/// RFC 5246, section 6.2.3: the longest protected record. TLS 1.3 stays below it.
const LONGEST_RECORD: usize = (1 << 14) + 2048;

/// Why a TLS connection ended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The byte stream failed: its own words.
    #[error("the network failed: {0}")]
    Network(String),
    /// The stream ended without the peer's close_notify, which authenticates an end.
    #[error("the server closed the connection without saying why")]
    Closed,
    /// rustls refused, or the peer's alert said that it refuses.
    #[error("{0}{advice}", advice = advice(.0))]
    Tls(rustls::Error),
}

// Written out, because without std rustls' error is no `core::error::Error` to be a source.
impl From<rustls::Error> for Error {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}

impl Error {
    fn network(error: impl embedded_io::Error) -> Self {
        Self::Network(error.to_string())
    }
}

/// What the user can do about `error`, where rustls' words leave it open.
fn advice(error: &rustls::Error) -> &'static str {
    use rustls::{AlertDescription, CertificateError, Error};
    match error {
        Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::UnknownIssuer => "; none of the trust anchors in this firmware issued the server's certificate",
            CertificateError::BadSignature => {
                "; a signature is not by the key it should be: that of a CA with the same name and another key, or of a \
                 server without the key of its certificate"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "; the server's certificate is for another name"
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => "; by this device's clock, which may be wrong",
            // What rustls has no word for, and without std cannot pass on.
            CertificateError::Other(_) => {
                "; its chain breaks a rule of RFC 5280: basicConstraints, path length, name constraints, or a \
                 critical extension that webpki does not know"
            }
            _ => "",
        },
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "; the server wants a client certificate (require_certificate)"
        }
        _ => "",
    }
}

/// What to send once the connection may carry data.
#[derive(Clone, Copy)]
enum Outgoing<'a> {
    Nothing,
    Data(&'a [u8]),
    CloseNotify,
}

/// What the connection wants or offers after it has processed everything received.
enum Progress {
    WantsRecord,
    Established,
}

/// A TLS client connection over `T`, its handshake done.
pub struct TlsStream<T> {
    transport: T,
    connection: UnbufferedClientConnection,
    /// Records received and not yet processed.
    incoming: Vec<u8>,
    /// Records made and not yet sent.
    outgoing: Vec<u8>,
    /// Application data received and not yet read.
    received: VecDeque<u8>,
    closed_by_peer: bool,
}

impl<T: Read + Write> TlsStream<T> {
    /// Does the handshake with the server called `name`.
    ///
    /// When this returns `Ok`, the server has proved to hold the key of a certificate for
    /// `name` under one of `config`'s trust anchors. Before, no application data is sent.
    ///
    /// # Errors
    ///
    /// When the stream fails or ends, or either side refuses the other.
    pub fn connect(transport: T, config: Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, Error> {
        let mut stream = Self {
            transport,
            connection: UnbufferedClientConnection::new(config, name)?,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            received: VecDeque::new(),
            closed_by_peer: false,
        };
        while let Progress::WantsRecord = stream.advance(Outgoing::Nothing)? {
            if stream.closed_by_peer {
                return Err(Error::Closed);
            }
            stream.receive_record()?;
        }
        Ok(stream)
    }

    /// The agreed version and cipher suite.
    pub fn agreed(&self) -> Option<(ProtocolVersion, SupportedCipherSuite)> {
        self.connection.protocol_version().zip(self.connection.negotiated_cipher_suite())
    }

    /// Waits for application data and moves it to `buffer`: how many bytes, or 0 when the
    /// server has closed the connection properly.
    ///
    /// # Errors
    ///
    /// When the stream fails or ends, or the peer breaks the protocol or sends an alert.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        while self.received.is_empty() && !self.closed_by_peer && !buffer.is_empty() {
            self.receive_record()?;
            self.advance(Outgoing::Nothing)?;
        }
        let count = buffer.len().min(self.received.len());
        for (slot, byte) in buffer.iter_mut().zip(self.received.drain(..count)) {
            *slot = byte;
        }
        Ok(count)
    }

    /// Sends `data` in records of its own.
    ///
    /// # Errors
    ///
    /// When the stream fails, or the connection is closed.
    pub fn write(&mut self, data: &[u8]) -> Result<(), Error> {
        match self.advance(Outgoing::Data(data))? {
            Progress::Established => Ok(()),
            Progress::WantsRecord => Err(Error::Closed),
        }
    }

    /// Tells the peer that nothing more will come.
    ///
    /// # Errors
    ///
    /// When the stream fails.
    pub fn close(mut self) -> Result<(), Error> {
        self.advance(Outgoing::CloseNotify).map(drop)
    }

    /// Lets rustls process what was received and sends what it wants sent, until it needs
    /// another record or may carry application data, which is then `data`.
    fn advance(&mut self, data: Outgoing<'_>) -> Result<Progress, Error> {
        loop {
            let UnbufferedStatus { discard, state } = self.connection.process_tls_records(&mut self.incoming);
            let progress = match state {
                Ok(ConnectionState::EncodeTlsData(record)) => {
                    encode(record, &mut self.outgoing)?;
                    None
                }
                Ok(ConnectionState::TransmitTlsData(transmit)) => {
                    send(&mut self.transport, &mut self.outgoing)?;
                    transmit.done();
                    None
                }
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        self.received.extend(record?.payload);
                    }
                    None
                }
                Ok(ConnectionState::WriteTraffic(traffic)) => {
                    encrypt(traffic, data, &mut self.outgoing)?;
                    send(&mut self.transport, &mut self.outgoing)?;
                    Some(Progress::Established)
                }
                Ok(ConnectionState::PeerClosed) => {
                    self.closed_by_peer = true;
                    None
                }
                // BlockedHandshake; a client meets no other state.
                Ok(_) => Some(Progress::WantsRecord),
                Err(refusal) => {
                    self.incoming.drain(..discard);
                    self.send_alert();
                    return Err(refusal.into());
                }
            };
            self.incoming.drain(..discard);
            if let Some(progress) = progress {
                return Ok(progress);
            }
        }
    }

    /// Sends the alert that rustls has queued with an error, so that the server's log says
    /// why. A stream that fails now changes nothing about the refusal.
    ///
    /// The alert comes first, whatever else there is to do, and only it is asked for: rustls
    /// takes what the server has sent behind the message that was refused for a second fault.
    /// Nor may that be thrown away before: rustls remembers where the messages in it begin.
    fn send_alert(&mut self) {
        if let Ok(ConnectionState::EncodeTlsData(record)) = self.connection.process_tls_records(&mut self.incoming).state
            && encode(record, &mut self.outgoing).is_ok()
        {
            let _ = send(&mut self.transport, &mut self.outgoing);
        }
    }

    /// Waits for one whole record: so the transport's reads never take more than needed.
    fn receive_record(&mut self) -> Result<(), Error> {
        let header = self.receive(HEADER_LENGTH)?;
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        // A longer one is for rustls to refuse, from its header alone.
        if length <= LONGEST_RECORD {
            self.receive(length)?;
        }
        Ok(())
    }

    /// Appends the next `count` bytes of the stream to `incoming`, and shows them.
    fn receive(&mut self, count: usize) -> Result<&[u8], Error> {
        let start = self.incoming.len();
        self.incoming.resize(start + count, 0);
        let bytes = &mut self.incoming[start..];
        self.transport.read_exact(bytes).map_err(|error| match error {
            ReadExactError::UnexpectedEof => Error::Closed,
            ReadExactError::Other(error) => Error::network(error),
        })?;
        Ok(bytes)
    }
}

/// Appends a handshake record or an alert to `outgoing`.
fn encode<D>(mut record: EncodeTlsData<'_, D>, outgoing: &mut Vec<u8>) -> Result<(), Error> {
    append(outgoing, |buffer| {
        record.encode(buffer).map_err(|error| match error {
            EncodeError::InsufficientSize(needed) => Refused::TooSmall(needed.required_size),
            EncodeError::AlreadyEncoded => Refused::Other(error.to_string()),
        })
    })
}

/// Appends `data` under the connection's keys to `outgoing`.
fn encrypt<D>(mut traffic: WriteTraffic<'_, D>, data: Outgoing<'_>, outgoing: &mut Vec<u8>) -> Result<(), Error> {
    append(outgoing, |buffer| {
        let written = match data {
            Outgoing::Nothing => Ok(0),
            Outgoing::Data(data) => traffic.encrypt(data, buffer),
            Outgoing::CloseNotify => traffic.queue_close_notify(buffer),
        };
        written.map_err(|error| match error {
            EncryptError::InsufficientSize(needed) => Refused::TooSmall(needed.required_size),
            EncryptError::EncryptExhausted => Refused::Other(error.to_string()),
        })
    })
}

/// Why rustls did not write to a buffer.
enum Refused {
    TooSmall(usize),
    Other(String),
}

/// Appends what `write` puts into a buffer: first asked with an empty one, it says how long
/// the buffer has to be.
fn append(outgoing: &mut Vec<u8>, mut write: impl FnMut(&mut [u8]) -> Result<usize, Refused>) -> Result<(), Error> {
    let start = outgoing.len();
    loop {
        match write(&mut outgoing[start..]) {
            Ok(written) => {
                outgoing.truncate(start + written);
                return Ok(());
            }
            Err(Refused::TooSmall(needed)) if outgoing.len() - start < needed => {
                outgoing.resize(start + needed, 0);
            }
            Err(Refused::TooSmall(_)) => {
                return Err(rustls::Error::EncryptError.into());
            }
            Err(Refused::Other(why)) => return Err(rustls::Error::General(why).into()),
        }
    }
}

fn send<T: Write>(transport: &mut T, outgoing: &mut Vec<u8>) -> Result<(), Error> {
    transport.write_all(outgoing).map_err(Error::network)?;
    outgoing.clear();
    transport.flush().map_err(Error::network)
}
