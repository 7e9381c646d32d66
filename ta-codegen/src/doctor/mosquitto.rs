//! mosquitto.conf as Mosquitto 2.0 reads it.

use crate::input;
use std::path::{Path, PathBuf};

/// The options Mosquitto 2.0 knows; any other one keeps it from starting. Found by asking Mosquitto 2.0.11 itself.
const OPTIONS: &str = include_str!("mosquitto_options.txt");

/// Options of a listener that may stand there only once.
const ONCE: &[&str] = &[
    "certfile",
    "keyfile",
    "cafile",
    "capath",
    "crlfile",
    "ciphers",
    "ciphers_tls1.3",
    "tls_version",
    "dhparamfile",
    "psk_hint",
];

/// Options of security that name a file, which has to be there. Each may stand once for the whole broker, or with
/// `per_listener_settings true` once for each listener.
const SECURITY_FILES: &[&str] = &["acl_file", "password_file", "psk_file"];

/// The other options `per_listener_settings true` must stand before (`conf__set_cur_security_options`).
const SECURITY: &[&str] = &["allow_anonymous", "allow_zero_length_clientid", "auth_plugin", "auto_id_prefix", "plugin"];

/// Options that are true or false. Found by giving Mosquitto 2.0.11 each option with another value.
const BOOLEANS: &[&str] = &[
    "allow_anonymous",
    "allow_duplicate_messages",
    "allow_zero_length_clientid",
    "autosave_on_changes",
    "bridge_attempt_unsubscribe",
    "bridge_insecure",
    "bridge_outgoing_retain",
    "bridge_require_ocsp",
    "check_retain_source",
    "cleansession",
    "connection_messages",
    "local_cleansession",
    "log_timestamp",
    "notifications",
    "notifications_local_only",
    "persistence",
    "queue_qos0_messages",
    "require_certificate",
    "retain_available",
    "retained_persistence",
    "round_robin",
    "set_tcp_nodelay",
    "try_private",
    "upgrade_outgoing_qos",
    "use_identity_as_username",
    "use_subject_as_username",
    "use_username_as_clientid",
];

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) file: PathBuf,
}

/// One listener.
#[derive(Debug, Clone, Default)]
pub(super) struct Listener {
    pub(super) port: Option<u16>,
    /// The address or name behind the port; without one Mosquitto listens at all of them.
    address: Option<String>,
    settings: Vec<Setting>,
}

impl Listener {
    pub(super) fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.setting(name).map(|setting| setting.value.as_str())
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.value(name) == Some("true")
    }

    /// The options without which Mosquitto serves a listener plainly, as far as they are missing.
    pub(super) fn missing_for_tls(&self) -> Vec<&'static str> {
        ["certfile", "keyfile"].into_iter().filter(|name| self.setting(name).is_none()).collect()
    }

    /// Whether both listen at one port of one address, so that the second finds it in use.
    fn overlaps(&self, other: &Self) -> bool {
        let is_same_address = match (&self.address, &other.address) {
            (Some(address), Some(other)) => address == other,
            _ => true,
        };
        self.port.is_some_and(|port| port != 0) && self.port == other.port && is_same_address
    }

    /// Whether anything about TLS is set.
    pub(super) fn mentions_tls(&self) -> bool {
        ["certfile", "keyfile", "cafile", "capath"].iter().any(|name| self.setting(name).is_some())
    }
}

/// The whole configuration.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    /// The listener of the options before any `listener` line comes first.
    pub(super) listeners: Vec<Listener>,
    /// Why Mosquitto does not start.
    pub(super) refusals: Vec<String>,
    /// `SECURITY_FILES`.
    pub(super) security_files: Vec<Setting>,
    per_listener: bool,
    /// Whether one of `SECURITY` or `SECURITY_FILES` was set.
    mentions_security: bool,
    /// How many files have been read.
    files: usize,
}

/// The most files of a configuration: directories that include each other would have no end.
const MAXIMUM_FILES: usize = 1000;

/// Reads a configuration and what it includes; the error is a file that cannot be read.
pub(super) fn read(path: &Path) -> Result<Configuration, String> {
    let mut configuration = Configuration { listeners: vec![Listener::default()], ..Configuration::default() };
    configuration.read_file(path, true)?;
    let default = &configuration.listeners[0];
    if configuration.listeners.len() > 1 && default.port.is_none() && !default.mentions_tls() {
        configuration.listeners.remove(0);
    }
    configuration.check_ports();
    Ok(configuration)
}

impl Configuration {
    /// Each included file starts at the default listener again. Only the file Mosquitto is started with may include others.
    fn read_file(&mut self, path: &Path, may_include: bool) -> Result<(), String> {
        self.files += 1;
        if self.files > MAXIMUM_FILES {
            return Err(format!("{}: include_dir leads to more than {MAXIMUM_FILES} files", path.display()));
        }
        let bytes = input::read_file(path).map_err(|error| error.to_string())?;
        check_is_configuration(&bytes).map_err(|problem| format!("{}: {problem}", path.display()))?;
        let mut listener = 0;
        for (number, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            let Some(line) = Line::read(line) else { continue };
            match self.option(&mut listener, &line, path) {
                Err(refusal) => self.refusals.push(format!("{}: line {}: {refusal}", path.display(), number + 1)),
                Ok(()) if line.name == "include_dir" && may_include => self.include(&resolve(line.rest, path).path)?,
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Files ending in `.conf`, in the order of their names.
    fn include(&mut self, directory: &Path) -> Result<(), String> {
        let entries = match std::fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => {
                self.refusals.push(format!("include_dir {}: {error}", directory.display()));
                return Ok(());
            }
        };
        let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "conf"));
        files.sort();
        files.iter().try_for_each(|file| self.read_file(file, false))
    }

    fn check_ports(&mut self) {
        for (position, listener) in self.listeners.iter().enumerate() {
            if self.listeners[..position].iter().any(|earlier| earlier.overlaps(listener)) {
                let port = listener.port.unwrap_or_default();
                self.refusals
                    .push(format!("two listeners are at port {port} (address already in use); give each a port of its own"));
            }
        }
    }

    fn option(&mut self, listener: &mut usize, line: &Line<'_>, path: &Path) -> Result<(), String> {
        let name = line.name;
        if !is_option(name) && !name.starts_with("auth_opt_") && !name.starts_with("plugin_opt_") {
            return Err(unknown_option(name, line.rest));
        }
        self.mentions_security |= SECURITY.contains(&name) || SECURITY_FILES.contains(&name) || name.starts_with("auth_opt_");
        match name {
            "include_dir" if line.rest.is_empty() => Err(has_no_value(name)),
            "include_dir" => check_is_no_key(name, line.rest),
            "listener" => {
                let address = line.words().nth(1).map(str::to_owned);
                self.listeners.push(Listener { port: Some(read_listener_port(line)?), address, settings: Vec::new() });
                *listener = self.listeners.len() - 1;
                Ok(())
            }
            "port" => {
                self.listeners[0].port = Some(read_port(line)?.filter(|port| *port > 0).ok_or(NO_PORT)?);
                Ok(())
            }
            "bind_address" => {
                self.listeners[0].address = Some(line.text().to_owned());
                Ok(())
            }
            "per_listener_settings" => self.set_per_listener(line),
            _ if SECURITY_FILES.contains(&name) => self.set_security_file(*listener, line, path),
            _ if BOOLEANS.contains(&name) => self.listeners[*listener].set_boolean(line, path),
            _ if ONCE.contains(&name) => self.listeners[*listener].set_text(line, path),
            _ => Ok(()),
        }
    }
}

impl Configuration {
    fn set_per_listener(&mut self, line: &Line<'_>) -> Result<(), String> {
        self.per_listener = line.truth_value()?;
        if self.per_listener && self.mentions_security {
            return Err("per_listener_settings must stand before all other settings of security; move it to the top".to_owned());
        }
        Ok(())
    }

    fn set_security_file(&mut self, listener: usize, line: &Line<'_>, path: &Path) -> Result<(), String> {
        let scope = if self.per_listener { listener } else { 0 };
        self.listeners[scope].set_text(line, path)?;
        self.security_files.extend(self.listeners[scope].setting(line.name).cloned());
        Ok(())
    }
}

/// A line that is neither empty nor a comment.
struct Line<'a> {
    name: &'a str,
    /// All that stands behind the blank after the name.
    rest: &'a str,
}

impl<'a> Line<'a> {
    /// Only blanks separate, and # begins a comment in the first column only (`config__read_file_core`).
    fn read(line: &'a str) -> Option<Self> {
        let line = line.trim_end_matches('\r');
        let content = line.trim_start_matches(' ');
        if line.starts_with('#') || content.is_empty() {
            return None;
        }
        let (name, rest) = content.split_once(' ').unwrap_or((content, ""));
        Some(Self { name, rest })
    }

    /// The first word, all that counts of a number or a truth value (`conf__parse_int`, `conf__parse_bool`).
    fn first_word(&self) -> Option<&'a str> {
        self.words().next()
    }

    fn words(&self) -> impl Iterator<Item = &'a str> {
        self.rest.split(' ').filter(|word| !word.is_empty())
    }

    fn truth_value(&self) -> Result<bool, String> {
        match self.first_word().ok_or_else(|| has_no_value(self.name))? {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(format!("the value of \"{}\" is not true or false", self.name)),
        }
    }

    /// The whole value without the white space around it, as for a file's name (`conf__parse_string`).
    fn text(&self) -> &'a str {
        self.rest.trim_matches([' ', '\t', '\n', '\u{B}', '\u{C}', '\r'])
    }
}

impl Listener {
    fn set_boolean(&mut self, line: &Line<'_>, path: &Path) -> Result<(), String> {
        let value = line.truth_value()?;
        self.set(line.name, &value.to_string(), path);
        Ok(())
    }

    fn set_text(&mut self, line: &Line<'_>, path: &Path) -> Result<(), String> {
        let value = line.text();
        if value.is_empty() {
            return Err(has_no_value(line.name));
        }
        check_is_no_key(line.name, value)?;
        if self.setting(line.name).is_some() {
            return Err(format!("\"{}\" is set twice for one listener", line.name));
        }
        self.set(line.name, value, path);
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str, path: &Path) {
        self.settings.retain(|setting| setting.name != name);
        self.settings.push(Setting { name: name.to_owned(), value: value.to_owned(), file: path.to_owned() });
    }
}

fn has_no_value(name: &str) -> String {
    format!("\"{name}\" has no value")
}

/// A key or certificate given in the place of a configuration would be read as options, and its lines quoted in messages.
fn check_is_configuration(bytes: &[u8]) -> Result<(), String> {
    let give = "give the broker's configuration, usually /etc/mosquitto/mosquitto.conf";
    // UTF-16 has a zero beside every letter of a BEGIN line, and a DER file has one in its version or key.
    let has_zeros = bytes.contains(&0);
    let letters: Vec<_> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    for (number, line) in letters.split(|byte| matches!(byte, b'\n' | b'\r')).enumerate() {
        if line.to_ascii_uppercase().windows(BEGIN.len()).any(|window| window == BEGIN) {
            return Err(format!(
                "a PEM block begins in line {}: it is a key or a certificate, no mosquitto.conf; {give}",
                number + 1
            ));
        }
    }
    if has_zeros {
        Err(format!("it is no text (UTF-16, DER or another binary file), so no mosquitto.conf; {give}"))
    } else {
        Ok(())
    }
}

const BEGIN: &[u8] = b"-----BEGIN";

fn is_option(name: &str) -> bool {
    OPTIONS.split_whitespace().any(|option| option == name)
}

/// The line may be anything, such as one of a private key that has lost its BEGIN line: only what is like an option is quoted.
fn unknown_option(name: &str, value: &str) -> String {
    if let Some(option) = name.split('\t').find(|word| is_option(word)).filter(|_| name.contains('\t')) {
        return format!(
            "a tab stands beside \"{option}\"; Mosquitto separates with blanks only and takes the tab for a part of the name"
        );
    }
    const LONGEST: usize = 40;
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.');
    if name.len() <= LONGEST && !value.is_empty() && name.bytes().all(is_letter) {
        return format!("Mosquitto does not know the option \"{name}\"");
    }
    "an unknown option; what stands there is not shown".to_owned()
}

/// Messages quote the values of these options; a key that was pasted in the place of its file's name must not be among them.
fn check_is_no_key(name: &str, value: &str) -> Result<(), String> {
    if !is_key_text(value) || Path::new(value).exists() {
        return Ok(());
    }
    Err(format!("the value of \"{name}\" looks like the text of a key, and is not shown; give the name of a file"))
}

/// Whether a value may be a piece of Base64, as of a private key: a long word of small and capital letters and digits.
fn is_key_text(value: &str) -> bool {
    const LONG: usize = 32;
    let mut words = value.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '+');
    words.any(|word| {
        let has = |test: fn(&u8) -> bool| word.bytes().any(|byte| test(&byte));
        word.len() >= LONG && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit)
    })
}

const NO_PORT: &str = "what follows is not a port";

/// Port 0 stands for a Unix socket, whose path must follow.
fn read_listener_port(line: &Line<'_>) -> Result<u16, String> {
    let port = read_port(line)?.ok_or(NO_PORT)?;
    if port == 0 && line.words().nth(1).is_none() {
        return Err("a listener at port 0 is a Unix socket, and its path is missing".to_owned());
    }
    Ok(port)
}

/// A number as C's `atoi` reads it: up to the first character that is no digit, 0 where there is none. `None` beyond the ports.
fn read_port(line: &Line<'_>) -> Result<Option<u16>, String> {
    let word = line.first_word().ok_or_else(|| has_no_value(line.name))?.trim_ascii_start();
    let digits = word.strip_prefix(['+', '-']).unwrap_or(word);
    let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
    let number = if end == 0 { Ok(0) } else { digits[..end].parse::<u16>() };
    Ok(number.ok().filter(|number| *number == 0 || !word.starts_with('-')))
}

/// A file a configuration names.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) path: PathBuf,
    /// A remark when the place is a guess, or the name not what was meant.
    pub(super) remark: Option<String>,
}

/// Mosquitto takes relative paths from its working directory, which the doctor cannot know: it tries its own, then the
/// configuration's folder.
pub(super) fn resolve(value: &str, configuration: &Path) -> Resolved {
    let path = PathBuf::from(value);
    if !path.exists() && (value.starts_with(['"', '\'']) || value.contains(" #")) {
        let remark = format!(
            "Mosquitto knows neither quotation marks nor comments behind a value: it takes all of {value} for the name of the file"
        );
        return Resolved { path, remark: Some(remark) };
    }
    let beside = configuration.parent().unwrap_or(Path::new("")).join(&path);
    if path.is_absolute() || path.exists() || !beside.exists() {
        let remark = (!path.is_absolute()).then(|| format!("{value} is relative to where mosquitto is started; taken from here"));
        return Resolved { path, remark };
    }
    let remark = format!("{value} is relative to where mosquitto is started; taken from the folder of the configuration");
    Resolved { path: beside, remark: Some(remark) }
}
