//! One MQTT 5 message on a TLS stream.
//!
//! `rust-mqtt` is asynchronous; a device with one connection is not. `Blocking` lets its
//! futures do blocking reads and writes, so that none of them ever has to wait.

use crate::tls::{self, TlsStream};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use embassy_futures::block_on;
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use rust_mqtt::Bytes;
use rust_mqtt::buffer::AllocBuffer;
use rust_mqtt::client::event::Event;
use rust_mqtt::client::options::{ConnectOptions, DisconnectOptions, PublicationOptions, TopicReference};
use rust_mqtt::client::{Client, MqttError};
use rust_mqtt::types::{MqttString, TopicName};

/// What to publish.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The client identifier: a broker ends the older of two connections with the same one.
    pub client_id: &'a str,
    /// The topic, without wildcards.
    pub topic: &'a str,
    /// The application message.
    pub payload: &'a [u8],
}

/// The steps of an MQTT session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// CONNECT, answered by CONNACK.
    Connect,
    /// PUBLISH with QoS 1, answered by PUBACK.
    Publish,
    /// DISCONNECT, which has no answer.
    Disconnect,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "mqtt connect",
            Self::Publish => "mqtt publish",
            Self::Disconnect => "mqtt disconnect",
        })
    }
}

/// The step that failed, and why.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{step}: {cause}")]
pub struct Error {
    /// The step.
    pub step: Step,
    /// Why it failed.
    pub cause: Cause,
}

/// Why a step failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Cause {
    /// The connection below ended.
    #[error(transparent)]
    Tls(tls::Error),
    /// The broker refused, or broke the protocol.
    #[error("{0}")]
    Mqtt(String),
}

/// Connects, publishes `message` with QoS 1, waits until the broker has taken it, and
/// disconnects; `done` hears of each step.
///
/// # Errors
///
/// When a step fails, with the step.
pub fn publish<T: embedded_io::Read + embedded_io::Write>(
    stream: &mut TlsStream<T>,
    message: &Message<'_>,
    done: &mut dyn FnMut(Step),
) -> Result<(), Error> {
    let mut network = Blocking { stream, unsent: Vec::new(), failure: None };
    block_on(exchange(&mut network, message, done)).map_err(|(step, why)| Error {
        step,
        // rust-mqtt keeps only the kind of a network error; the cause is the whole of it.
        cause: network.failure.map_or_else(|| Cause::Mqtt(why), Cause::Tls),
    })
}

async fn exchange<N: Read + Write>(network: N, message: &Message<'_>, done: &mut dyn FnMut(Step)) -> Result<(), (Step, String)> {
    let client_id = text(message.client_id).map_err(|why| (Step::Connect, why))?;
    let topic = text(message.topic)
        .and_then(|topic| TopicName::new(topic).ok_or("a topic may not hold wildcards".into()))
        .map_err(|why| (Step::Publish, why))?;
    let mut buffer = AllocBuffer;
    // Room for one publication in flight, and none for what is not used here:
    // subscriptions, properties, topic aliases.
    let mut client = Client::<_, _, 1, 1, 1, 0, 1, 0, 0>::new(&mut buffer);

    let options = ConnectOptions::new().clean_start();
    client.connect(network, &options, Some(client_id)).await.map_err(|error| (Step::Connect, words(&error)))?;
    done(Step::Connect);

    let options = PublicationOptions::new(TopicReference::Name(topic)).at_least_once();
    client.publish(&options, Bytes::Borrowed(message.payload)).await.map_err(|error| (Step::Publish, words(&error)))?;
    match client.poll().await {
        Ok(Event::PublishAcknowledged(_)) => done(Step::Publish),
        Ok(other) => return Err((Step::Publish, format!("the broker answered {other:?}"))),
        Err(error) => return Err((Step::Publish, words(&error))),
    }

    client.disconnect(&DisconnectOptions::new()).await.map_err(|error| (Step::Disconnect, words(&error)))?;
    done(Step::Disconnect);
    Ok(())
}

fn text(text: &str) -> Result<MqttString<'_>, String> {
    MqttString::from_str(text).map_err(|error| format!("`{text}` is no MQTT string: {error:?}"))
}

fn words<const N: usize>(error: &MqttError<'_, N>) -> String {
    match error {
        MqttError::Disconnect { reason, .. } => format!("the broker refuses: {reason:?}"),
        other => format!("{other:?}"),
    }
}

/// A TLS stream under the asynchronous traits: each future is ready at once, because the
/// read or write inside blocks. Writes are gathered until a flush, since the client writes a
/// packet field by field and each write would be a TLS record.
struct Blocking<'a, T> {
    stream: &'a mut TlsStream<T>,
    unsent: Vec<u8>,
    /// The error behind the last `ErrorKind`.
    failure: Option<tls::Error>,
}

impl<T> Blocking<'_, T> {
    fn remember(&mut self, failure: tls::Error) -> ErrorKind {
        self.failure = Some(failure);
        ErrorKind::Other
    }
}

impl<T> ErrorType for Blocking<'_, T> {
    type Error = ErrorKind;
}

impl<T: embedded_io::Read + embedded_io::Write> Read for Blocking<'_, T> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.stream.read(buffer).map_err(|failure| self.remember(failure))
    }
}

impl<T: embedded_io::Read + embedded_io::Write> Write for Blocking<'_, T> {
    async fn write(&mut self, data: &[u8]) -> Result<usize, ErrorKind> {
        self.unsent.extend_from_slice(data);
        Ok(data.len())
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        let sent = self.stream.write(&self.unsent);
        self.unsent.clear();
        sent.map_err(|failure| self.remember(failure))
    }
}
