//! OpenSSL's cipher list syntax (`man openssl-ciphers`), as `SSL_CTX_set_cipher_list` reads it.

use super::suites::Suite;

/// What a cipher list comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::doctor) struct CipherList {
    /// The enabled suites, most preferred first.
    pub(in crate::doctor) suites: Vec<Suite>,
    /// From `@SECLEVEL=n`.
    pub(in crate::doctor) security_level: u32,
    /// Words OpenSSL does not know and passes over without a message.
    pub(in crate::doctor) ignored: Vec<String>,
    /// Words OpenSSL knows and this model does not: the prediction is uncertain.
    pub(in crate::doctor) not_understood: Vec<String>,
}

/// The level Debian and upstream OpenSSL 3.0 start from.
pub(in crate::doctor) const DEFAULT_SECURITY_LEVEL: u32 = 2;

/// The list in effect when the broker sets none.
pub(in crate::doctor) const DEFAULT_LIST: &str = "DEFAULT";

/// Reads a cipher list; the error is why OpenSSL refuses it.
pub(in crate::doctor) fn parse(list: &str) -> Result<CipherList, String> {
    let mut rules = Rules::new();
    let rest = match list.strip_prefix("DEFAULT") {
        Some(rest) => {
            rules.apply_all("ALL:!COMPLEMENTOFDEFAULT:!eNULL")?;
            rest
        }
        None => list,
    };
    rules.apply_all(rest)?;
    let suites: Vec<_> = rules.entries.iter().filter(|entry| entry.active).map(|entry| entry.suite).collect();
    if suites.is_empty() {
        return Err(format!("no cipher suite is left of \"{list}\""));
    }
    let Rules { security_level, ignored, not_understood, .. } = rules;
    Ok(CipherList { suites, security_level, ignored, not_understood })
}

#[derive(Clone, Copy)]
struct Entry {
    suite: Suite,
    active: bool,
}

struct Rules {
    entries: Vec<Entry>,
    security_level: u32,
    ignored: Vec<String>,
    not_understood: Vec<String>,
}

impl Rules {
    fn new() -> Self {
        let entries = Suite::all().into_iter().map(|suite| Entry { suite, active: false }).collect();
        Self { entries, security_level: DEFAULT_SECURITY_LEVEL, ignored: Vec::new(), not_understood: Vec::new() }
    }

    /// `ssl_cipher_process_rulestr`: a rule needs no separator before it, `HIGH!RSA@STRENGTH` has three.
    fn apply_all(&mut self, rules: &str) -> Result<(), String> {
        let mut rest = rules.trim_start_matches(SEPARATORS);
        while !rest.is_empty() {
            rest = self.apply_first(rest)?.trim_start_matches(SEPARATORS);
        }
        Ok(())
    }

    /// Applies the rule that `rules` begins with, and gives what is behind it.
    fn apply_first<'a>(&mut self, rules: &'a str) -> Result<&'a str, String> {
        let (operator, rest) = match rules.split_at_checked(1) {
            Some((operator @ ("!" | "-" | "+" | "@"), rest)) => (operator, rest),
            _ => ("", rules),
        };
        let end = rest.find(|letter: char| !is_of_word(letter) && (operator == "@" || letter != '+')).unwrap_or(rest.len());
        let (words, behind) = rest.split_at(end);
        let to_separator = &behind[behind.find(SEPARATORS).unwrap_or(behind.len())..];
        if operator == "@" {
            return self.command(words).map(|()| to_separator);
        }
        let is_applied = self.apply(operator, words)?;
        // Behind a word OpenSSL does not know all is passed over, whatever it is.
        Ok(if is_applied { behind } else { to_separator })
    }

    /// Whether all of the words are known.
    fn apply(&mut self, operator: &str, rule: &str) -> Result<bool, String> {
        let words: Vec<_> = rule.split('+').collect();
        match words.iter().find(|word| !is_known(word)) {
            Some(&"") => return Err("a word is missing, or a character stands there that OpenSSL does not take".to_owned()),
            Some(unknown) => {
                let list = if UNMODELLED.contains(unknown) { &mut self.not_understood } else { &mut self.ignored };
                list.push((*unknown).to_owned());
                return Ok(false);
            }
            None => {}
        }
        // OpenSSL's arithmetic with this word in a combination follows no rule that could be told.
        if words.len() > 1 && words.contains(&"COMPLEMENTOFDEFAULT") {
            self.not_understood.push(rule.to_owned());
            return Ok(true);
        }
        let matching = |suite: &Suite| words.iter().all(|word| matches(suite, word));
        match operator {
            "!" => self.entries.retain(|entry| !matching(&entry.suite)),
            "-" => self.deactivate(matching),
            "+" => self.move_to_end(|entry| entry.active && matching(&entry.suite)),
            _ => self.move_to_end(|entry| !entry.active && matching(&entry.suite)),
        }
        Ok(true)
    }

    fn command(&mut self, command: &str) -> Result<(), String> {
        match command.as_bytes() {
            [b'S', b'E', b'C', b'L', b'E', b'V', b'E', b'L', b'=', level @ b'0'..=b'5'] => {
                self.security_level = u32::from(level - b'0')
            }
            b"STRENGTH" => self.entries.sort_by_key(|entry| std::cmp::Reverse(entry.active.then(|| entry.suite.strength()))),
            _ => return Err(format!("\"@{command}\" is no command OpenSSL knows")),
        }
        Ok(())
    }

    /// Enabling a suite puts it last; so does `+` with one that is enabled.
    fn move_to_end(&mut self, chosen: impl Fn(&Entry) -> bool) {
        let (mut moved, kept): (Vec<_>, Vec<_>) = self.entries.iter().copied().partition(|entry| chosen(entry));
        moved.iter_mut().for_each(|entry| entry.active = true);
        self.entries = [kept, moved].concat();
    }

    /// A suite taken out may be enabled again later, before those that were never in.
    fn deactivate(&mut self, matching: impl Fn(&Suite) -> bool) {
        let (mut moved, kept): (Vec<_>, Vec<_>) =
            self.entries.iter().copied().partition(|entry| entry.active && matching(&entry.suite));
        moved.iter_mut().for_each(|entry| entry.active = false);
        self.entries = [moved, kept].concat();
    }
}

/// `ITEM_SEP` of `ssl_ciph.c`.
const SEPARATORS: [char; 4] = [':', ' ', ';', ','];

fn is_of_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '=')
}

/// Words of OpenSSL whose meaning is not modelled here.
const UNMODELLED: &[&str] = &["FIPS", "SUITEB128", "SUITEB128ONLY", "SUITEB128C2", "SUITEB192"];

/// Words that name suites no longer built into OpenSSL 3.0.
const NOTHING: &[&str] = &[
    "MEDIUM",
    "LOW",
    "EXP",
    "EXPORT",
    "EXPORT40",
    "EXPORT56",
    "3DES",
    "DES",
    "RC4",
    "RC2",
    "IDEA",
    "SEED",
    "kGOST",
    "kGOST18",
    "aGOST",
    "aGOST01",
    "aGOST12",
    "GOST94",
    "GOST89",
    "GOST89MAC",
    "GOST2012",
    "GOST2012MAC",
    "GOST2001",
];

fn is_known(word: &str) -> bool {
    alias(word).is_some() || NOTHING.contains(&word) || Suite::all().iter().any(|suite| suite.name == word)
}

fn matches(suite: &Suite, word: &str) -> bool {
    alias(word).map_or(suite.name == word, |test| test(suite))
}

type Test = fn(&Suite) -> bool;

/// The groups of suites that have a name (`cipher_aliases` in OpenSSL's `ssl_ciph.c`).
fn alias(word: &str) -> Option<Test> {
    let test: Test = match word {
        "ALL" | "HIGH" => |s| s.encryption != "None",
        "COMPLEMENTOFALL" | "eNULL" | "NULL" => |s| s.encryption == "None",
        "COMPLEMENTOFDEFAULT" => |s| !s.is_default && s.encryption != "None",
        "RSA" | "kRSA" => |s| s.key_exchange == "RSA",
        "DH" | "kDHE" | "kEDH" => |s| s.key_exchange == "DH",
        "DHE" | "EDH" => |s| s.key_exchange == "DH" && s.authentication != "None",
        "ECDH" | "kECDHE" | "kEECDH" => |s| s.key_exchange == "ECDH",
        "ECDHE" | "EECDH" => |s| s.key_exchange == "ECDH" && s.authentication != "None",
        "ADH" => |s| s.key_exchange == "DH" && s.authentication == "None",
        "AECDH" => |s| s.key_exchange == "ECDH" && s.authentication == "None",
        "PSK" => |s| s.key_exchange.ends_with("PSK"),
        "kPSK" => |s| s.key_exchange == "PSK",
        "kRSAPSK" => |s| s.key_exchange == "RSAPSK",
        "kDHEPSK" => |s| s.key_exchange == "DHEPSK",
        "kECDHEPSK" => |s| s.key_exchange == "ECDHEPSK",
        "SRP" | "kSRP" => |s| s.key_exchange == "SRP",
        "aRSA" => |s| s.authentication == "RSA",
        "aECDSA" | "ECDSA" => |s| s.authentication == "ECDSA",
        "aDSS" | "DSS" => |s| s.authentication == "DSS",
        "aNULL" => |s| s.authentication == "None",
        "aPSK" => |s| s.authentication == "PSK",
        "aSRP" => |s| s.authentication == "SRP",
        _ => return alias_of_cipher(word),
    };
    Some(test)
}

fn alias_of_cipher(word: &str) -> Option<Test> {
    let test: Test = match word {
        "AES" => |s| s.cipher().starts_with("AES"),
        "AES128" => |s| s.cipher().starts_with("AES") && s.strength() == 128,
        "AES256" => |s| s.cipher().starts_with("AES") && s.strength() == 256,
        "AESGCM" => |s| s.cipher() == "AESGCM",
        "AESCCM" => |s| s.cipher().starts_with("AESCCM"),
        "AESCCM8" => |s| s.cipher() == "AESCCM8",
        "ARIA" | "ARIAGCM" => |s| s.cipher() == "ARIAGCM",
        "ARIA128" => |s| s.cipher() == "ARIAGCM" && s.strength() == 128,
        "ARIA256" => |s| s.cipher() == "ARIAGCM" && s.strength() == 256,
        "CAMELLIA" => |s| s.cipher() == "Camellia",
        "CAMELLIA128" => |s| s.cipher() == "Camellia" && s.strength() == 128,
        "CAMELLIA256" => |s| s.cipher() == "Camellia" && s.strength() == 256,
        "CHACHA20" => |s| s.cipher() == "CHACHA20/POLY1305",
        "CBC" => |s| s.mac != "AEAD" && s.encryption != "None",
        "MD5" => |s| s.mac == "MD5",
        "SHA" | "SHA1" => |s| s.mac == "SHA1",
        "SHA256" => |s| s.mac == "SHA256",
        "SHA384" => |s| s.mac == "SHA384",
        "SSLv3" => |s| s.version == "SSLv3",
        "TLSv1" | "TLSv1.0" => |s| s.version == "TLSv1",
        "TLSv1.2" => |s| s.version == "TLSv1.2",
        _ => return None,
    };
    Some(test)
}
