//! From bytes to trust anchors: find the certificates, decode them as BearSSL does, refuse the keys that no device can use.

mod blocks;
pub(crate) mod certificate;
pub mod cursor;
mod held;
pub(crate) mod key;

#[cfg(feature = "cli")]
pub(crate) use blocks::find_certificates;
#[cfg(feature = "cli")]
pub(crate) use blocks::shown_label;
pub use blocks::{Certificate, read_certificates};

use crate::anchor::TrustAnchor;
use crate::error::{DecodeError, Error, Problem};

/// Reads every certificate in `bytes`, PEM or DER, as a trust anchor. `file` is the name that messages use.
///
/// # Errors
///
/// All that is wrong with any of the certificates, or with the file as a whole.
///
/// # Examples
///
/// ```
/// let ca = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/ca-rsa2048.crt"))?;
/// let anchors = ta_codegen::read_trust_anchors(&ca, "ca-rsa2048.crt")?;
/// assert_eq!(anchors[0].key().to_string(), "RSA 2048 bits");
/// assert!(anchors[0].is_ca());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_trust_anchors(bytes: &[u8], file: &str) -> Result<Vec<TrustAnchor>, Error> {
    let (certificates, mut problems) = blocks::find_certificates(bytes, file);
    let mut anchors = Vec::with_capacity(certificates.len());
    for certificate in certificates {
        match TrustAnchor::try_from(certificate) {
            Ok(anchor) => anchors.push(anchor),
            Err(problem) => problems.push(problem),
        }
    }
    problems.sort_by_key(|problem| problem.origin.line);
    Error::unless_none(problems, anchors)
}

impl TryFrom<Certificate> for TrustAnchor {
    type Error = Problem;

    fn try_from(Certificate { der, origin }: Certificate) -> Result<Self, Problem> {
        let layout = match decode(&der) {
            Ok(layout) => layout,
            Err(error) => return Err(Problem { origin, kind: error.into() }),
        };
        TrustAnchor::new(der, layout, origin.clone()).map_err(|error| Problem { origin, kind: error.into() })
    }
}

/// Decodes a certificate that must end where `der` does.
pub(crate) fn decode(der: &[u8]) -> Result<certificate::Layout, DecodeError> {
    let (layout, end) = certificate::layout(der)?;
    if end < der.len() {
        return Err(DecodeError::TrailingData(der.len() - end));
    }
    if layout.subject.len() > crate::MAXIMUM_SUBJECT_SIZE {
        return Err(DecodeError::SubjectTooLong(layout.subject.len()));
    }
    Ok(layout)
}
