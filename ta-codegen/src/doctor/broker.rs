//! The broker: what its settings make of it, and what keeps it from starting.

use super::connect;
use super::mosquitto::{self, Listener, Resolved, Setting};
use super::openssl::chain::{Parsed, Store, sent};
use super::openssl::cipher_list::{self, CipherList};
use super::openssl::pem;
use super::openssl::security::objection;
use super::parts::Anchor;
use super::private_key::{self, Match};
use super::profile::Profile;
use crate::error::{Error, Origin, Problem, ProblemKind};
use crate::time::Time;
use crate::{Certificate, PublicKey, input, read_certificates};
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;

/// A broker, as far as the doctor was told about it.
#[derive(Debug, Clone)]
pub struct Broker {
    /// What its `certfile` holds, the server's certificate first.
    pub certificates: Vec<Certificate>,
    /// What `cafile` and `capath` hold: clients are checked against it, and a chain of one certificate is completed from it.
    pub store: Vec<Certificate>,
    /// Whether `certificates` is what was seen on the wire, so that nothing is added to it.
    pub is_observed: bool,
    /// The cipher list, `None` for OpenSSL's default.
    pub ciphers: Option<String>,
    /// The suites of TLS 1.3, `None` for OpenSSL's default.
    pub tls13_ciphers: Option<String>,
    /// The `tls_version` option.
    pub tls_version: Option<String>,
    /// Whether it wants a client certificate.
    pub client_certificate: ClientCertificate,
    /// Whether a revocation list is set; what it says is not looked at.
    pub revocation_list: bool,
    /// Whether the port speaks plain MQTT.
    pub is_plain: bool,
    /// Whether it has pre-shared keys (RFC 4279) and no certificate.
    pub is_psk: bool,
    /// The alert it answered with when it was asked for its chain.
    pub alert: Option<u8>,
    /// The number of the cipher suite it was seen to choose.
    pub suite: Option<u16>,
    /// Why it does not start.
    pub refusals: Vec<String>,
    /// What may be wrong without keeping it from starting.
    pub warnings: Vec<String>,
    /// What is right.
    pub passes: Vec<String>,
}

/// Whether a broker wants a client certificate, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificate {
    /// Nothing says so: only the broker's certificates were given.
    Unknown,
    /// It does not ask for one.
    NotAsked,
    /// It was seen to ask; whether it takes a client without one cannot be seen.
    Asked,
    /// It takes no client without one.
    Demanded,
}

impl Broker {
    /// A broker of which only the certificates are known.
    #[must_use]
    pub fn with_certificates(certificates: Vec<Certificate>) -> Self {
        Self {
            certificates,
            store: Vec::new(),
            is_observed: false,
            ciphers: None,
            tls13_ciphers: None,
            tls_version: None,
            client_certificate: ClientCertificate::Unknown,
            revocation_list: false,
            is_plain: false,
            is_psk: false,
            alert: None,
            suite: None,
            refusals: Vec::new(),
            warnings: Vec::new(),
            passes: Vec::new(),
        }
    }

    /// What a broker answered to a client like `profile`.
    ///
    /// `name` is what messages call the place of a certificate.
    #[must_use]
    pub fn observed(answer: connect::Answer, profile: &Profile, name: impl Fn(usize) -> Origin) -> Self {
        let mut broker = Self { is_observed: true, ..Self::with_certificates(Vec::new()) };
        match answer {
            connect::Answer::Alert(alert) => broker.alert = Some(alert),
            connect::Answer::Chain { suite, certificates, asks_for_certificate } => {
                let named = certificates.into_iter().enumerate().map(|(position, der)| Certificate::new(der, name(position)));
                broker.certificates = named.collect();
                broker.suite = Some(suite);
                broker.client_certificate =
                    if asks_for_certificate { ClientCertificate::Asked } else { ClientCertificate::NotAsked };
                // On the wire `require_certificate true` looks like `openssl s_server -verify`, which takes a client without one.
                if asks_for_certificate {
                    let warning = "asks for a client certificate; whether it demands one, and which ones it accepts, cannot be seen from here";
                    broker.warnings.push(warning.to_owned());
                }
                let count = broker.certificates.len();
                let pass =
                    format!("sends a chain of {count} to a client like {}; nothing was verified while fetching it", profile.name);
                broker.passes.push(pass);
            }
        }
        broker
    }

    /// Reads mosquitto.conf and the files it names; `certificates` are used in place of `certfile` when they are given.
    ///
    /// `port` chooses among several listeners; without it the one at 8883, or else the first that speaks TLS.
    ///
    /// # Errors
    ///
    /// When the configuration cannot be read, or has no such listener.
    pub fn from_mosquitto_conf(path: &Path, certificates: Vec<Certificate>, port: Option<u16>) -> Result<Self, String> {
        let configuration = mosquitto::read(path)?;
        let chosen = choose(&configuration.listeners, port)
            .ok_or_else(|| format!("{}: there is no listener at port {}", path.display(), port.unwrap_or_default()))?;
        let mut broker = Self::with_certificates(certificates);
        broker.client_certificate = ClientCertificate::NotAsked;
        broker.refusals = configuration.refusals;
        let are_given = !broker.certificates.is_empty();
        for setting in &configuration.security_files {
            broker.read_needed(setting, are_given);
        }
        for (position, listener) in configuration.listeners.iter().enumerate() {
            if position == chosen {
                broker.read_listener(listener);
            } else if listener.mentions_tls() {
                broker.add_refusals_of_another(listener);
            }
        }
        if configuration.listeners.len() > 1 {
            let port = configuration.listeners[chosen].port.unwrap_or(1883);
            broker.passes.push(format!("of {} listeners the one at port {port} is judged", configuration.listeners.len()));
        }
        Ok(broker)
    }

    /// A listener that cannot start keeps the whole broker from starting.
    fn add_refusals_of_another(&mut self, listener: &Listener) {
        let mut other = Self::with_certificates(Vec::new());
        other.read_listener(listener);
        let refusals = other.startup_refusals();
        let port = listener.port.unwrap_or(1883);
        self.refusals.extend(refusals.into_iter().map(|refusal| format!("listener {port}: {refusal}")));
    }

    /// A listener that serves plainly has its settings for TLS passed over. Certificates that were given show that it is meant to
    /// speak TLS.
    fn read_listener(&mut self, listener: &Listener) {
        let missing = listener.missing_for_tls();
        if !missing.is_empty() {
            self.is_psk = self.certificates.is_empty() && listener.setting("psk_hint").is_some();
            self.is_plain = self.certificates.is_empty() && !self.is_psk;
            let served = if self.is_psk { "with pre-shared keys alone" } else { "without TLS" };
            self.warnings.push(format!("without {} Mosquitto serves this listener {served}", missing.join(" and ")));
        }
        if !self.is_plain && !self.is_psk {
            self.read_tls_settings(listener);
        }
    }

    fn read_tls_settings(&mut self, listener: &Listener) {
        self.ciphers = listener.value("ciphers").map(str::to_owned);
        self.tls13_ciphers = listener.value("ciphers_tls1.3").map(str::to_owned);
        self.tls_version = listener.value("tls_version").map(str::to_owned);
        if listener.is_true("require_certificate") {
            self.client_certificate = ClientCertificate::Demanded;
        }
        let are_given = !self.certificates.is_empty();
        self.read_certfile(listener);
        self.read_store(listener);
        self.read_keyfile(listener, are_given);
        self.read_parameters(listener, are_given);
        self.read_revocation_list(listener);
        self.check_tls13_suites();
        self.check_user_names(listener);
    }

    fn resolve(&mut self, setting: &Setting) -> Resolved {
        let resolved = mosquitto::resolve(&setting.value, &setting.file);
        self.warnings.extend(resolved.remark.clone());
        resolved
    }

    fn read_certfile(&mut self, listener: &Listener) {
        let is_given = !self.certificates.is_empty();
        let Some(setting) = listener.setting("certfile") else { return };
        if is_given {
            return self.passes.push(format!("the certificates given are used in place of certfile {}", setting.value));
        }
        let resolved = self.resolve(setting);
        match read_file(&resolved.path) {
            Ok(certificates) => self.certificates = certificates,
            Err(error) => self.refusals.push(format!("certfile: {error}")),
        }
    }

    fn read_store(&mut self, listener: &Listener) {
        if let Some(setting) = listener.setting("cafile") {
            let resolved = self.resolve(setting);
            match read_file(&resolved.path) {
                Ok(certificates) => self.store.extend(certificates),
                Err(error) => self.refusals.push(format!("cafile: {error}")),
            }
        }
        if let Some(setting) = listener.setting("capath") {
            let resolved = self.resolve(setting);
            match read_hashed_directory(&resolved.path) {
                Ok(certificates) if certificates.is_empty() => self.warnings.push(format!(
                    "capath {0}: no certificate there is named after the hash of its subject, and OpenSSL finds no other; `openssl rehash {0}` makes the links",
                    setting.value
                )),
                Ok(certificates) => self.store.extend(certificates),
                Err(error) => self.warnings.push(format!("capath: {error}; Mosquitto starts, but finds no CA there")),
            }
        }
    }

    /// Where the certificates are given, the files that the configuration names are probably on another machine.
    fn read_needed(&mut self, setting: &Setting, certificates_are_given: bool) -> Option<Vec<u8>> {
        let resolved = self.resolve(setting);
        match input::read_file(&resolved.path) {
            Ok(bytes) => return Some(bytes),
            // A key is often readable for Mosquitto's user only.
            Err(error) if is_denied(&error) || certificates_are_given => {
                self.warnings.push(format!("{}: {error}; not looked at", setting.name));
            }
            Err(error) => self.refusals.push(format!("{}: {error}", setting.name)),
        }
        None
    }

    fn read_keyfile(&mut self, listener: &Listener, certificates_are_given: bool) {
        let Some(setting) = listener.setting("keyfile") else { return };
        if let Some(key) = self.read_needed(setting, certificates_are_given) {
            self.check_key(&key, &setting.value);
        }
    }

    fn read_parameters(&mut self, listener: &Listener, certificates_are_given: bool) {
        let Some(setting) = listener.setting("dhparamfile") else { return };
        let Some(bytes) = self.read_needed(setting, certificates_are_given) else { return };
        let mut blocks = pem::blocks(&bytes).map_while(Result::ok);
        if !blocks.any(|block| block.label.ends_with(b"DH PARAMETERS")) {
            let cure = "`openssl dhparam -out dhparam.pem 2048` makes one, or leave the option out";
            self.refusals.push(format!("dhparamfile {} holds no DH PARAMETERS; {cure}", setting.value));
        }
    }

    fn check_key(&mut self, key: &[u8], name: &str) {
        if let Some(problem) = unusable_key(key, name) {
            return self.refusals.push(format!("keyfile {name}: {problem}"));
        }
        let Some(public) = self.certificates.first().and_then(public_key) else { return };
        match private_key::compare(key, &public) {
            Match::Same => self.passes.push(format!("keyfile {name} belongs to the server's certificate")),
            Match::Different => {
                self.refusals.push(format!("keyfile {name} does not belong to the server's certificate (key values mismatch)"));
            }
            Match::Unknown => self.warnings.push(format!("keyfile {name} is of a kind that is not read here; not compared")),
        }
    }

    fn read_revocation_list(&mut self, listener: &Listener) {
        let Some(setting) = listener.setting("crlfile") else { return };
        let resolved = self.resolve(setting);
        let is_list = |block: Result<pem::Block<'_>, _>| block.is_ok_and(|block| block.label == b"X509 CRL");
        match input::read_file(&resolved.path) {
            Ok(bytes) if pem::blocks(&bytes).any(is_list) => self.revocation_list = true,
            Ok(_) => self.refusals.push(format!("crlfile {} holds no revocation list", setting.value)),
            Err(error) => self.refusals.push(format!("crlfile: {error}")),
        }
    }

    fn check_tls13_suites(&mut self) {
        const SUITES: &[&str] = &[
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_AES_128_CCM_SHA256",
            "TLS_AES_128_CCM_8_SHA256",
        ];
        let Some(list) = &self.tls13_ciphers else { return };
        let (known, unknown): (Vec<_>, Vec<_>) = list.split(':').partition(|name| SUITES.contains(name));
        if known.is_empty() {
            self.refusals.push(format!("ciphers_tls1.3: OpenSSL knows none of \"{list}\""));
        } else if !unknown.is_empty() {
            self.warnings.push(format!("ciphers_tls1.3: OpenSSL passes over {}", unknown.join(", ")));
        }
    }

    fn check_user_names(&mut self, listener: &Listener) {
        let names = ["use_identity_as_username", "use_subject_as_username"];
        if names.iter().any(|name| listener.is_true(name)) && self.client_certificate != ClientCertificate::Demanded {
            self.warnings.push("the certificate is to be the user name, but require_certificate is not true".to_owned());
        }
    }

    /// Why this broker does not start: bad values, files that are not there, keys and digests OpenSSL refuses.
    #[must_use]
    pub fn startup_refusals(&self) -> Vec<String> {
        let mut refusals = self.refusals.clone();
        if let Some(version) = self.tls_version.as_deref().filter(|version| !TLS_VERSIONS.contains(version)) {
            refusals.push(format!(
                "tls_version \"{version}\" is not supported: Mosquitto takes one value, the lowest version it accepts (tlsv1.1, tlsv1.2 or tlsv1.3)"
            ));
        }
        match self.cipher_list() {
            Ok(list) => refusals.extend(self.weak_certificates(list.security_level)),
            Err(error) => refusals.push(format!("ciphers: {error}")),
        }
        refusals
    }

    /// The cipher list in effect.
    pub(super) fn cipher_list(&self) -> Result<CipherList, String> {
        cipher_list::parse(self.ciphers.as_deref().unwrap_or(cipher_list::DEFAULT_LIST))
    }

    /// OpenSSL looks at every certificate of `certfile` as it loads them.
    fn weak_certificates(&self, level: u32) -> Vec<String> {
        if self.is_observed {
            return Vec::new();
        }
        let certificates = self.certificates.iter().enumerate();
        let weak = certificates.filter_map(|(position, certificate)| {
            let objection = objection(&Parsed::read(certificate.der())?, level, position == 0)?;
            Some(format!("{}: OpenSSL refuses it at security level {level}: {objection}", certificate.origin()))
        });
        weak.collect()
    }

    /// Whether a suite of TLS 1.3 is enabled; by default it is OpenSSL's three.
    pub(super) fn enables_tls13_suite(&self, name: &str) -> bool {
        self.tls13_ciphers.as_ref().is_none_or(|list| list.split(':').any(|enabled| enabled == name))
    }

    /// Whether TLS 1.2 is accepted: `tls_version` is the lowest version.
    pub(super) fn accepts_tls12(&self) -> bool {
        self.tls_version.as_deref() != Some("tlsv1.3")
    }
}

/// What a broker makes of its files, worked out once for all devices.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    /// What it sends; nothing is added to what was seen on the wire, for then there is no store.
    pub(super) chain: Vec<&'a [u8]>,
    /// The CAs it checks clients with.
    pub(super) store: Store<'a>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(broker: &'a Broker, now: Time) -> Self {
        let store = Store::new(&broker.store);
        let file: Vec<_> = broker.certificates.iter().map(Certificate::der).collect();
        Self { chain: sent(&file, &store, now), store }
    }
}

const TLS_VERSIONS: &[&str] = &["tlsv1.1", "tlsv1.2", "tlsv1.3"];

fn choose(listeners: &[Listener], port: Option<u16>) -> Option<usize> {
    let position = |test: &dyn Fn(&Listener) -> bool| listeners.iter().position(test);
    match port {
        Some(port) => position(&|listener| listener.port == Some(port)),
        None => position(&|listener| listener.port == Some(8883))
            .or_else(|| position(&Listener::mentions_tls))
            .or_else(|| position(&|_| true)),
    }
}

/// The key of a certificate, `None` when BearSSL cannot read it.
pub(super) fn public_key(certificate: &Certificate) -> Option<PublicKey<'_>> {
    Anchor::read(certificate.der()).ok().map(|anchor| anchor.key)
}

fn is_denied(error: &Error) -> bool {
    let denied =
        |problem: &Problem| matches!(&problem.kind, ProblemKind::Read(error) if error.kind() == ErrorKind::PermissionDenied);
    error.problems().iter().any(denied)
}

/// The certificates that OpenSSL loads; the project's own reader finds them in more forms.
fn read_file(path: &Path) -> Result<Vec<Certificate>, String> {
    let name = path.to_string_lossy();
    let bytes = input::read_file(path).map_err(|error| error.to_string())?;
    let blocks = pem::blocks(&bytes).collect::<Result<Vec<_>, _>>();
    let blocks = blocks.map_err(|problem| format!("{name}: OpenSSL cannot read it: {problem}"))?;
    let lines: Vec<_> = blocks.iter().filter(|block| block.is_certificate()).map(|block| Some(block.line)).collect();
    if lines.is_empty() {
        return Err(format!("{name}: OpenSSL finds no certificate in it: {}", pem::why_none(&bytes, &name, "x509")));
    }
    let mut certificates = read_certificates(&bytes, &name).map_err(|error| error.to_string())?;
    certificates.retain(|certificate| lines.contains(&certificate.origin().line));
    Ok(certificates)
}

/// What keeps OpenSSL from loading a private key, and what would work. It takes the first one of the file.
fn unusable_key(file: &[u8], name: &str) -> Option<String> {
    let is_certificate = |block: Result<pem::Block<'_>, _>| block.is_ok_and(|block| block.is_certificate());
    let mut keys = pem::blocks(file).filter(|block| block.as_ref().map_or(true, pem::Block::is_private_key));
    match keys.next() {
        Some(Ok(key)) if key.is_encrypted => Some(format!(
            "it is encrypted, and Mosquitto cannot ask for the pass phrase where it has no terminal; `openssl pkey -in {name} -out NEW` writes it without one"
        )),
        Some(Ok(_)) => None,
        Some(Err(problem)) => Some(format!("OpenSSL cannot read it: {problem}")),
        None if pem::blocks(file).any(is_certificate) => Some(
            "it holds a certificate and no private key in PEM; give the file of the key that the certificate was issued for"
                .to_owned(),
        ),
        None => Some(format!("it holds no private key in PEM: {}", pem::why_none(file, name, "pkey"))),
    }
}

/// OpenSSL finds only files that are named after the hash of their subject, as `openssl rehash` links them.
fn read_hashed_directory(path: &Path) -> Result<Vec<Certificate>, String> {
    let entries = std::fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut hashed: Vec<_> = entries.filter_map(Result::ok).filter_map(|entry| hash_and_number(&entry.file_name())).collect();
    // Of several with one subject the order counts, and a directory lists them in another one on each file system.
    hashed.sort();
    let files = hashed.iter().map(|(hash, number)| path.join(format!("{hash}.{number}")));
    Ok(files.filter_map(|file| read_file(&file).ok()).flatten().collect())
}

/// `1a2b3c4d.0`: the hash of a subject, and the number among those that share it.
fn hash_and_number(name: &OsStr) -> Option<(String, u32)> {
    let (hash, number) = name.to_str()?.split_once('.')?;
    let is_hash = hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((hash.to_owned(), number.parse().ok()?)).filter(|_| is_hash)
}
