//! mosquitto.conf as Mosquitto 2.0 reads it.

use std::fs::File;
use std::io::{self, Read};
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

/// Options that are true or false.
const BOOLEANS: &[&str] = &["require_certificate", "use_identity_as_username", "use_subject_as_username"];

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    name: String,
    pub(super) value: String,
    pub(super) file: PathBuf,
}

/// One listener.
#[derive(Debug, Clone, Default)]
pub(super) struct Listener {
    pub(super) port: Option<u16>,
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
        self.value(name).is_some_and(|value| matches!(value, "true" | "1"))
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
    /// How many files have been read.
    files: usize,
}

/// The most files of a configuration: directories that include each other would have no end.
const MAXIMUM_FILES: usize = 1000;

/// The largest file that a configuration is or names, in bytes.
const MAXIMUM_SIZE: u64 = 16 << 20;

/// Reads a file that a configuration is or names.
pub(super) fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let size = File::open(path)?.take(MAXIMUM_SIZE + 1).read_to_end(&mut bytes)?;
    if size as u64 > MAXIMUM_SIZE {
        return Err(io::Error::other(format!("it is larger than {} MiB", MAXIMUM_SIZE >> 20)));
    }
    Ok(bytes)
}

/// Reads a configuration and what it includes; the error is a file that cannot be read.
pub(super) fn read(path: &Path) -> Result<Configuration, String> {
    let mut configuration = Configuration { listeners: vec![Listener::default()], ..Configuration::default() };
    configuration.read_file(path, 0)?;
    let default = &configuration.listeners[0];
    if configuration.listeners.len() > 1 && default.port.is_none() && !default.mentions_tls() {
        configuration.listeners.remove(0);
    }
    Ok(configuration)
}

impl Configuration {
    /// Each included file starts at the default listener again.
    fn read_file(&mut self, path: &Path, depth: usize) -> Result<(), String> {
        const DEEPEST: usize = 10;
        if depth > DEEPEST {
            return Err(format!("{}: include_dir leads too deep", path.display()));
        }
        self.files += 1;
        if self.files > MAXIMUM_FILES {
            return Err(format!("{}: include_dir leads to more than {MAXIMUM_FILES} files", path.display()));
        }
        let bytes = read_limited(path).map_err(|error| format!("{}: {error}", path.display()))?;
        check_is_configuration(&bytes).map_err(|problem| format!("{}: {problem}", path.display()))?;
        let mut listener = 0;
        for (number, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            let line = line.trim_start_matches(' ').trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) = line.split_once(' ').unwrap_or((line, ""));
            let value = value.trim_start_matches(' ');
            match self.option(&mut listener, name, value, path) {
                Err(refusal) => self.refusals.push(format!("{}: line {}: {refusal}", path.display(), number + 1)),
                Ok(()) if name == "include_dir" => self.include(&resolve(value, path).path, depth)?,
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Files ending in `.conf`, in the order of their names.
    fn include(&mut self, directory: &Path, depth: usize) -> Result<(), String> {
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
        files.iter().try_for_each(|file| self.read_file(file, depth + 1))
    }

    fn option(&mut self, listener: &mut usize, name: &str, value: &str, path: &Path) -> Result<(), String> {
        let known = OPTIONS.split_whitespace().any(|option| option == name);
        if !known && !name.starts_with("auth_opt_") && !name.starts_with("plugin_opt_") {
            return Err(unknown_option(name, value));
        }
        if name == "include_dir" {
            return check_is_no_key(name, value);
        }
        if name == "listener" {
            let port = value.split(' ').next().unwrap_or_default();
            self.listeners.push(Listener { port: Some(read_port(port)?), settings: Vec::new() });
            *listener = self.listeners.len() - 1;
            return Ok(());
        }
        let current = &mut self.listeners[*listener];
        if name == "port" {
            self.listeners[0].port = Some(read_port(value)?);
            return Ok(());
        }
        if !ONCE.contains(&name) && !BOOLEANS.contains(&name) && name != "protocol" {
            return Ok(());
        }
        current.set(name, value, path)
    }
}

impl Listener {
    fn set(&mut self, name: &str, value: &str, path: &Path) -> Result<(), String> {
        if value.is_empty() {
            return Err(format!("\"{name}\" has no value"));
        }
        check_is_no_key(name, value)?;
        if ONCE.contains(&name) && self.setting(name).is_some() {
            return Err(format!("\"{name}\" is set twice for one listener"));
        }
        if BOOLEANS.contains(&name) && !matches!(value, "true" | "false" | "1" | "0") {
            return Err(format!("the value of \"{name}\" is not true or false"));
        }
        self.settings.retain(|setting| setting.name != name);
        self.settings.push(Setting { name: name.to_owned(), value: value.to_owned(), file: path.to_owned() });
        Ok(())
    }
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

/// The line may be anything, such as one of a private key that has lost its BEGIN line: only what is like an option is quoted.
fn unknown_option(name: &str, value: &str) -> String {
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

/// Port 0 stands for a Unix socket.
fn read_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "what follows is not a port".to_owned())
}

/// A file a configuration names.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) path: PathBuf,
    /// A remark when the place is a guess.
    pub(super) remark: Option<String>,
}

/// Mosquitto takes relative paths from its working directory, which the doctor cannot know: it tries its own, then the
/// configuration's folder.
pub(super) fn resolve(value: &str, configuration: &Path) -> Resolved {
    let path = PathBuf::from(value);
    let beside = configuration.parent().unwrap_or(Path::new("")).join(&path);
    if path.is_absolute() || path.exists() || !beside.exists() {
        let remark = (!path.is_absolute()).then(|| format!("{value} is relative to where mosquitto is started; taken from here"));
        return Resolved { path, remark };
    }
    let remark = format!("{value} is relative to where mosquitto is started; taken from the folder of the configuration");
    Resolved { path: beside, remark: Some(remark) }
}
