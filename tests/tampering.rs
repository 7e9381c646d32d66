//! Somebody between the firmware and a real Mosquitto, who changes what proves the server.
//!
//! TLS 1.2 sends those messages in the clear (RFC 5246, section 7.4). Each change makes the handshake fail at its end, since the
//! Finished messages cover it; so it is not enough that the firmware fails. It must stop before its ClientKeyExchange, which it sends
//! to a server that it believes.

use crate::authority::{Authority, Key, Valid};
use crate::firmware_host::{BROKER, NAME, assert_no_client, assert_refused, firmware};
use crate::mosquitto::Mosquitto;
use crate::support::Outcome;
use crate::tls_wire::{ALERT, DECRYPT_ERROR, FATAL, HANDSHAKE, UNEXPECTED_MESSAGE, message, read_record, record, take, vector};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use std::{
    io::{self, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    thread,
};

/// RFC 5246, section 7.4: handshake types.
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const SERVER_HELLO_DONE: u8 = 14;

/// RFC 8422, section 5.4: curve type named_curve, secp256r1, and an uncompressed point of 65 bytes behind its length.
const SECP256R1: [u8; 3] = [3, 0, 23];
const KEY_SHARE: std::ops::Range<usize> = 8..8 + 65;

/// What happens to the server's first flight.
#[derive(Debug, Clone)]
enum Change {
    Nothing,
    WithoutCertificate,
    EmptyCertificate,
    WithoutKeyExchange,
    DamagedSignature,
    /// The key share of somebody else, under the server's signature for its own.
    ForeignKeyShare,
    /// This ServerKeyExchange, which the server signed for an earlier client.
    Replayed(Vec<u8>),
}

impl Change {
    /// What the client gets instead of a message.
    fn apply(&self, original: &[u8]) -> Vec<u8> {
        let mut changed = original.to_vec();
        match (self, original[0]) {
            (Change::WithoutCertificate, CERTIFICATE) | (Change::WithoutKeyExchange, SERVER_KEY_EXCHANGE) => return Vec::new(),
            (Change::EmptyCertificate, CERTIFICATE) => return message(CERTIFICATE, &vector(3, &[])),
            (Change::DamagedSignature, SERVER_KEY_EXCHANGE) => *changed.last_mut().expect("a signature") ^= 1,
            (Change::ForeignKeyShare, SERVER_KEY_EXCHANGE) => {
                assert_eq!(original[4..7], SECP256R1);
                let foreign = p256::SecretKey::random(&mut p256::elliptic_curve::rand_core::OsRng);
                changed[KEY_SHARE].copy_from_slice(foreign.public_key().to_encoded_point(false).as_bytes());
            }
            (Change::Replayed(earlier), SERVER_KEY_EXCHANGE) => return earlier.clone(),
            _ => {}
        }
        changed
    }
}

/// What passed by.
struct Overheard {
    /// The server's own ServerKeyExchange.
    key_exchange: Vec<u8>,
    /// The client's records behind its ClientHello: content types and payloads.
    client: Vec<(u8, Vec<u8>)>,
}

/// The handshake messages of the server's first flight.
fn first_flight(server: &mut TcpStream) -> io::Result<Vec<Vec<u8>>> {
    let mut flight = Vec::new();
    loop {
        let (content, payload) = read_record(server)?;
        assert_eq!(content, HANDSHAKE);
        flight.extend(payload);
        let mut rest = flight.as_slice();
        let mut messages = Vec::new();
        while let Some((&kind, mut body)) = rest.split_first() {
            let Some(content) = take(&mut body, 3) else { break };
            messages.push(message(kind, content));
            rest = body;
        }
        if messages.last().is_some_and(|last| last[0] == SERVER_HELLO_DONE) {
            return Ok(messages);
        }
    }
}

/// Passes on what the client says, until it hangs up.
fn pass_on(mut client: TcpStream, mut server: TcpStream) -> Vec<(u8, Vec<u8>)> {
    let mut records = Vec::new();
    while let Ok((content, payload)) = read_record(&mut client) {
        // The server may have had enough.
        let _ = server.write_all(&record(content, &payload));
        records.push((content, payload));
    }
    let _ = server.shutdown(Shutdown::Both);
    records
}

/// Stands between one client and the broker.
fn stand_between(listener: &TcpListener, broker: u16, change: &Change) -> io::Result<Overheard> {
    let (mut client, _) = listener.accept()?;
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, broker))?;
    let (content, hello) = read_record(&mut client)?;
    server.write_all(&record(content, &hello))?;

    let flight = first_flight(&mut server)?;
    let changed: Vec<u8> = flight.iter().flat_map(|message| change.apply(message)).collect();
    client.write_all(&record(HANDSHAKE, &changed))?;

    let key_exchange = flight.into_iter().find(|message| message[0] == SERVER_KEY_EXCHANGE).expect("an ephemeral key");
    let upstream = (client.try_clone()?, server.try_clone()?);
    let upstream = thread::spawn(move || pass_on(upstream.0, upstream.1));
    // Ends with either side; the client's last words are in the other direction.
    let _ = io::copy(&mut server, &mut client);
    Ok(Overheard { key_exchange, client: upstream.join().expect("no panic") })
}

/// Lets the firmware meet the broker with somebody in between.
fn meet(broker: &Mosquitto, change: &Change, client: &str) -> (Outcome, Overheard) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
    let port = listener.local_addr().expect("a bound socket").port();
    thread::scope(|scope| {
        let between = scope.spawn(|| stand_between(&listener, broker.port(), change).expect("both sides talk"));
        let run = firmware(port, NAME, &["--tls", "1.2", "--client-id", client]);
        (run, between.join().expect("no panic"))
    })
}

#[test]
fn a_changed_tls_1_2_handshake_is_refused_before_the_key_exchange() {
    for (name, key) in [("p256", Key::P256), ("rsa", Key::Rsa2048)] {
        let authority = Authority::of_example_firmware(name);
        let server = authority.issue(key, BROKER, Valid::Now);
        let broker = Mosquitto::start_tls(&server.chain, &server.key, "");

        let (control, earlier) = meet(&broker, &Change::Nothing, "control");
        assert_eq!((control.status, control.stderr.as_str()), (0, ""), "the one in between does no harm");
        assert_eq!(earlier.client[0].0, HANDSHAKE, "ClientKeyExchange");

        const BAD_SIGNATURE: &str = "a server without the key of its certificate";
        for (change, alert, why) in [
            (Change::WithoutCertificate, Some(UNEXPECTED_MESSAGE), "got ServerKeyExchange when expecting Certificate"),
            // rustls hangs up on this one without a word.
            (Change::EmptyCertificate, None, "sent no certificates"),
            (Change::WithoutKeyExchange, Some(UNEXPECTED_MESSAGE), "when expecting ServerKeyExchange"),
            (Change::DamagedSignature, Some(DECRYPT_ERROR), BAD_SIGNATURE),
            (Change::ForeignKeyShare, Some(DECRYPT_ERROR), BAD_SIGNATURE),
            (Change::Replayed(earlier.key_exchange), Some(DECRYPT_ERROR), BAD_SIGNATURE),
        ] {
            let (run, overheard) = meet(&broker, &change, "deceived");
            assert_refused(&run, "tls handshake: ", why);
            let alert: Vec<_> = alert.map(|description| (ALERT, vec![FATAL, description])).into_iter().collect();
            assert_eq!(overheard.client, alert, "{name} {change:?}");
        }
        assert_no_client(&broker, "deceived");
    }
}
