//! Host names and addresses as the user gives them. What cannot be one is not quoted in any message: it may be the text of a key.

use std::net::IpAddr;

/// Where a broker listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// Without port and brackets.
    pub(super) host: &'a str,
    pub(super) port: u16,
}

impl<'a> Address<'a> {
    /// Reads `HOST[:PORT]`, an IPv6 address in brackets; MQTT over TLS is at 8883.
    pub(super) fn read(text: &'a str) -> Result<Self, String> {
        if text.contains("://") {
            return Err(NO_SCHEME.to_owned());
        }
        let (host, rest) = match text.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
            Some((host, rest)) => (host, rest),
            None if text.matches(':').count() > 1 => {
                return Err("is ambiguous: give an IPv6 address in brackets, such as [::1]:8883".to_owned());
            }
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let port = if rest.is_empty() { Some(8883) } else { rest.strip_prefix(':').and_then(|port| port.parse().ok()) };
        match port.filter(|port| *port != 0) {
            Some(port) => check_host(host).map(|()| Self { host, port }),
            None => {
                Err("has a bad port: behind the colon comes a number from 1 to 65535, such as mqtt.example.com:8883".to_owned())
            }
        }
    }

    /// The form in which the system's resolver takes it.
    pub(super) fn with_port(&self) -> String {
        let Self { host, port } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

const NO_SCHEME: &str = "is a URL; give the name without scheme and path, such as mqtt.example.com";

/// Whether it is a host name (RFC 1123, section 2.1, and the underscore that home networks have) or an address; the error says what
/// to give instead.
pub(super) fn check_host(host: &str) -> Result<(), String> {
    if host.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let mut labels = host.strip_suffix('.').unwrap_or(host).split('.');
    let problem = if host.is_empty() {
        "is empty; give the name or address the device connects to"
    } else if host.contains("://") {
        NO_SCHEME
    } else if host.contains(['[', ']']) {
        "has brackets; give the address without them"
    } else if host.contains(':') {
        "has a port; give the name alone, such as mqtt.example.com"
    } else if host.contains('*') {
        "is a pattern, as a certificate may have it; give the one name the device connects to"
    } else if host.chars().any(|letter| letter.is_alphabetic() && !letter.is_ascii()) {
        "has letters beyond ASCII; give the form that is sent, each such label as xn--..."
    } else if host.len() > 255 || host.starts_with('-') || !host.chars().all(is_letter) || labels.any(is_no_label) {
        "is neither a name nor an address; give it without blanks, scheme and path, such as mqtt.example.com"
    } else {
        return Ok(());
    };
    Err(problem.to_owned())
}

/// The lengths are those of RFC 1035, section 2.3.4.
fn is_no_label(label: &str) -> bool {
    label.is_empty() || label.len() > 63
}
