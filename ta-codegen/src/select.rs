//! Choosing a few anchors out of many, such as a system's bundle of all public CAs.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;

use crate::anchor::TrustAnchor;
use crate::describe::sha256_fingerprint;
use crate::error::{Error, Origin, Problem};
use crate::input::read_file;
use crate::name::display_name;
use crate::read::read_trust_anchors;
use crate::text::Escaped;
use crate::time::Time;

/// Which anchors to take. The default takes all.
///
/// An anchor is taken if one of `subjects` or of `sha256` names it, where there are any, and if nothing of the rest speaks against it.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Patterns for the subject as messages show it, such as `O=Internet Security Research Group, CN=ISRG Root X1`. A pattern may match
    /// any part of it, in capitals or not; `*` stands for any characters.
    pub subjects: Vec<String>,
    /// Beginnings of the certificate's SHA-256 fingerprint, hexadecimal, with colons or without.
    pub sha256: Vec<String>,
    /// Patterns as in `subjects`, for those that are not to be taken.
    pub exclude: Vec<String>,
    /// Take none that has expired.
    pub unexpired: bool,
    /// Take those only that a server's chain needs, which this file holds as the server sends it: its own certificate first.
    pub for_chain: Option<PathBuf>,
}

/// What became of the anchors.
#[derive(Clone, Debug)]
pub struct Selected {
    /// Those that were taken, in their order.
    pub taken: Vec<TrustAnchor>,
    /// The others, each with the reason.
    pub left: Vec<(TrustAnchor, LeftOut)>,
}

/// Why an anchor was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOut {
    /// No pattern and no fingerprint names it.
    NotNamed,
    /// A pattern excludes it.
    Excluded(String),
    /// It has expired.
    Expired(Time),
    /// The chain does not lead to it.
    NotInChain,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeftOut::NotNamed => f.write_str("not named"),
            LeftOut::Excluded(pattern) => write!(f, "excluded by `{}`", Escaped(pattern)),
            LeftOut::Expired(not_after) => write!(f, "expired on {not_after}"),
            LeftOut::NotInChain => f.write_str("not needed by the chain"),
        }
    }
}

/// Why a choice cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// A pattern without characters, which would match everything.
    #[error("is empty; give a part of the subject, such as `ISRG Root X1`")]
    EmptyPattern,
    /// Not hexadecimal.
    #[error("is no fingerprint; give the first digits of the certificate's SHA-256, such as `96BCEC06`")]
    NotHexadecimal,
    /// A pattern or a fingerprint that fits none.
    #[error("names none of the {0} certificates; `ta-codegen inspect` shows their subjects and fingerprints")]
    NamesNone(usize),
    /// A chain that ends elsewhere.
    #[error("is a chain that leads to none of the certificates: it ends with the issuer `{}`; give that CA's certificate", Escaped(.issuer))]
    ChainEndsElsewhere {
        /// The last issuer.
        issuer: String,
    },
    /// Nothing left.
    #[error("leaves out all of the {0} certificates, and a device that trusts nobody connects to nobody; choose less strictly")]
    NothingLeft(usize),
}

impl Selection {
    /// Whether it takes everything.
    pub fn is_everything(&self) -> bool {
        let Selection { subjects, sha256, exclude, unexpired, for_chain } = self;
        subjects.is_empty() && sha256.is_empty() && exclude.is_empty() && !unexpired && for_chain.is_none()
    }

    /// Chooses, with `now` as today's date.
    ///
    /// # Errors
    ///
    /// A pattern or fingerprint that fits nothing, a chain that leads nowhere, or a choice that leaves nothing.
    pub fn apply(&self, anchors: Vec<TrustAnchor>, now: Time) -> Result<Selected, Error> {
        if self.is_everything() {
            return Ok(Selected { taken: anchors, left: Vec::new() });
        }
        self.check(&anchors)?;
        let count = anchors.len();
        let mut selected = Selected { taken: Vec::new(), left: Vec::new() };
        for anchor in anchors {
            match self.against(&anchor, now) {
                Some(reason) => selected.left.push((anchor, reason)),
                None => selected.taken.push(anchor),
            }
        }
        if selected.taken.is_empty() {
            return Err(problem("the selection", SelectionError::NothingLeft(count)).into());
        }
        self.keep_chain(&mut selected)?;
        Ok(selected)
    }

    /// Every pattern and fingerprint has to name something: a typing error must not be a device that trusts less, or more, than was meant.
    fn check(&self, anchors: &[TrustAnchor]) -> Result<(), Error> {
        let none = SelectionError::NamesNone(anchors.len());
        let mut problems = Vec::new();
        for pattern in self.subjects.iter().chain(&self.exclude) {
            if pattern.is_empty() {
                problems.push(problem("a pattern for subjects", SelectionError::EmptyPattern));
            }
        }
        let subjects = self.subjects.iter().map(|pattern| ("subject", pattern));
        for (what, pattern) in subjects.chain(self.exclude.iter().map(|pattern| ("exclude", pattern))) {
            if !anchors.iter().any(|anchor| subject_matches(anchor, pattern)) {
                problems.push(problem(format!("{what} `{pattern}`"), none.clone()));
            }
        }
        for prefix in &self.sha256 {
            let name = || format!("SHA-256 `{prefix}`");
            if hexadecimal(prefix).is_none() {
                problems.push(problem(name(), SelectionError::NotHexadecimal));
            } else if !anchors.iter().any(|anchor| fingerprint_matches(anchor, prefix)) {
                problems.push(problem(name(), none.clone()));
            }
        }
        Error::unless_none(problems, ())
    }

    /// What speaks against an anchor by itself.
    fn against(&self, anchor: &TrustAnchor, now: Time) -> Option<LeftOut> {
        let is_named = (self.subjects.is_empty() && self.sha256.is_empty())
            || self.subjects.iter().any(|pattern| subject_matches(anchor, pattern))
            || self.sha256.iter().any(|prefix| fingerprint_matches(anchor, prefix));
        if !is_named {
            return Some(LeftOut::NotNamed);
        }
        if let Some(pattern) = self.exclude.iter().find(|pattern| subject_matches(anchor, pattern)) {
            return Some(LeftOut::Excluded(pattern.clone()));
        }
        let not_after = anchor.validity().not_after;
        (self.unexpired && now > not_after).then_some(LeftOut::Expired(not_after))
    }

    /// Leaves out what the chain does not need.
    fn keep_chain(&self, selected: &mut Selected) -> Result<(), Error> {
        let Some(path) = &self.for_chain else { return Ok(()) };
        let file = path.to_string_lossy();
        let chain = read_trust_anchors(&read_file(path)?, &file)?;
        let is_needed = needed(&chain, &selected.taken)
            .map_err(|issuer| problem(file, SelectionError::ChainEndsElsewhere { issuer: display_name(issuer) }))?;
        let (taken, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut selected.taken).into_iter().zip(is_needed).partition(|(_, is_needed)| *is_needed);
        selected.taken = taken.into_iter().map(|(anchor, _)| anchor).collect();
        selected.left.extend(left.into_iter().map(|(anchor, _)| (anchor, LeftOut::NotInChain)));
        Ok(())
    }
}

/// Tells which anchors a chain needs, or the issuer at which it ends without one.
///
/// BearSSL looks for an anchor at each certificate from the server's own on, and stops at the first (`x509_minimal.t0`): what lies
/// beyond, such as the older root that signed a newer one, is not needed. The server's own certificate would be the first of all, but
/// it is another after its renewal, so it is taken only where no CA is there. Anchors are found by name; whether the key fits is for
/// `ta-codegen doctor` to say. Servers that send a chain in the wrong order are forgiven.
fn needed<'a>(chain: &'a [TrustAnchor], anchors: &[TrustAnchor]) -> Result<Vec<bool>, &'a [u8]> {
    let authorities: HashSet<&[u8]> = anchors.iter().filter(|anchor| anchor.is_ca()).map(TrustAnchor::subject).collect();
    let mut by_subject = HashMap::new();
    chain.iter().for_each(|certificate| _ = by_subject.entry(certificate.subject()).or_insert(certificate));
    let server = &chain[0];
    let mut current = server;
    // A chain of n certificates is left after n steps, or it goes in circles.
    for _ in chain {
        let issuer = current.issuer();
        if authorities.contains(issuer) {
            return Ok(anchors.iter().map(|anchor| anchor.is_ca() && anchor.subject() == issuer).collect());
        }
        match by_subject.get(issuer).filter(|next| next.subject() != current.subject()) {
            Some(next) => current = next,
            None => break,
        }
    }
    let is_server = |anchor: &TrustAnchor| anchor.subject() == server.subject() && anchor.key() == server.key();
    let is_needed: Vec<bool> = anchors.iter().map(is_server).collect();
    if is_needed.contains(&true) { Ok(is_needed) } else { Err(current.issuer()) }
}

fn subject_matches(anchor: &TrustAnchor, pattern: &str) -> bool {
    let subject = display_name(anchor.subject()).to_lowercase();
    let mut rest = subject.as_str();
    pattern.to_lowercase().split('*').all(|piece| match rest.find(piece) {
        Some(start) => {
            rest = &rest[start + piece.len()..];
            true
        }
        None => false,
    })
}

fn fingerprint_matches(anchor: &TrustAnchor, prefix: &str) -> bool {
    let fingerprint = sha256_fingerprint(anchor.certificate()).replace(':', "");
    hexadecimal(prefix).is_some_and(|prefix| fingerprint.starts_with(&prefix))
}

/// The digits in capitals, without what stands between them.
fn hexadecimal(prefix: &str) -> Option<String> {
    let digits: String = prefix.chars().filter(|&character| character != ':' && character != ' ').collect();
    (!digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_hexdigit())).then(|| digits.to_uppercase())
}

fn problem(what: impl Into<std::sync::Arc<str>>, error: SelectionError) -> Problem {
    Problem { origin: Origin::file(what), kind: error.into() }
}
