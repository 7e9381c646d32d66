//! What can go wrong, in words for the person who has to mend it.
//!
//! A run collects every [`Problem`] of every file and reports them together in one [`Error`]: nobody should have to
//! mend a bundle one run at a time.
//!
//! The messages are written without a derive macro, because every firmware that includes anchors compiles this module.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::check::WarningKind;
use crate::read::cursor::{DerError, Fault};
use crate::text::Escaped;

/// Where something was found: a file, and in it a certificate or a line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The file's name as the user gave it.
    pub file: Arc<str>,
    /// Which certificate of the file, counted from 1; `None` for the file as a whole or for another object in it.
    pub certificate: Option<usize>,
    /// The line of the PEM block's BEGIN, counted from 1; `None` for DER.
    pub line: Option<usize>,
}

impl Origin {
    /// The file as a whole.
    pub fn file(file: impl Into<Arc<str>>) -> Self {
        Origin { file: file.into(), certificate: None, line: None }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Escaped(&self.file))?;
        match (self.certificate, self.line) {
            (Some(certificate), Some(line)) => write!(f, ": certificate {certificate} (line {line})"),
            (Some(certificate), None) => write!(f, ": certificate {certificate}"),
            (None, Some(line)) => write!(f, ": line {line}"),
            (None, None) => Ok(()),
        }
    }
}

/// Everything that is wrong with the input of a run, or with its output; at least one problem.
///
/// `Debug` shows the same lines as `Display`: a build script's `main` that returns it is shown with `Debug`.
pub struct Error {
    problems: Vec<Problem>,
}

impl Error {
    /// The problems in the order in which they were met.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The problems, for another list.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Whether all that is wrong is that the file holds no certificate.
    pub fn is_without_certificate(&self) -> bool {
        self.problems.iter().all(|problem| matches!(problem.kind, ProblemKind::Empty | ProblemKind::NoCertificate(_)))
    }

    /// `Ok(value)` where no problem has been collected.
    pub(crate) fn unless_none<T>(problems: Vec<Problem>, value: T) -> Result<T, Error> {
        if problems.is_empty() { Ok(value) } else { Err(Error { problems }) }
    }

    /// Adds the problems of `result` to `problems`, or gives its value.
    pub fn collect<T>(problems: &mut Vec<Problem>, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| problems.extend(error.problems)).ok()
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Error { problems: vec![problem] }
    }
}

impl From<Vec<Problem>> for Error {
    /// For at least one problem.
    fn from(problems: Vec<Problem>) -> Self {
        debug_assert!(!problems.is_empty());
        Error { problems }
    }
}

impl fmt::Display for Error {
    /// One line for each problem.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

/// One thing that is wrong.
#[derive(Debug)]
pub struct Problem {
    /// Where.
    pub origin: Origin,
    /// What.
    pub kind: ProblemKind,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { origin, kind } = self;
        write!(f, "{origin}: {kind}")
    }
}

impl std::error::Error for Problem {}

/// What is wrong, and what would work.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A file that cannot be read.
    Read(io::Error),
    /// A file that cannot be written.
    Write(io::Error),
    /// A directory where a file is wanted.
    Directory,
    /// A file with nothing in it.
    Empty,
    /// A file beyond [`MAXIMUM_FILE_SIZE`](crate::MAXIMUM_FILE_SIZE).
    FileTooLarge,
    /// A file with more PEM blocks than [`MAXIMUM_CERTIFICATES`](crate::MAXIMUM_CERTIFICATES).
    TooManyBlocks,
    /// The file that brings a run beyond [`MAXIMUM_CERTIFICATES`](crate::MAXIMUM_CERTIFICATES).
    TooManyCertificates,
    /// A file without a certificate; the text says what it holds instead.
    NoCertificate(String),
    /// The END line of a certificate without its BEGIN line.
    MissingBegin,
    /// A PEM block without its END line.
    UnfinishedBlock {
        /// The block's label.
        label: String,
    },
    /// A PEM block that is not Base64 inside.
    DamagedBlock {
        /// The block's label.
        label: String,
        /// The damaged line, counted from 1.
        line: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// What a build script does not put up with.
    Denied(WarningKind),
    /// A build script that does not run under Cargo.
    NoOutDir,
    /// A name for generated source that its language does not take.
    #[cfg(feature = "build")]
    Name(crate::NameError),
    /// A choice of anchors that cannot be made.
    #[cfg(feature = "build")]
    Selection(crate::select::SelectionError),
    /// A certificate whose key has no fingerprint on a device.
    #[cfg(feature = "cli")]
    Fingerprint(crate::fingerprint::FingerprintError),
    /// A private key that cannot be a device's.
    #[cfg(feature = "cli")]
    PrivateKey(crate::tls_key::KeyError),
    /// A certificate that cannot be a device's.
    #[cfg(feature = "cli")]
    DeviceCertificate(crate::tls_key::CertificateError),
    /// A certificate that cannot be decoded, or not by BearSSL.
    Decode(DecodeError),
    /// A certificate that BearSSL decodes and no device can use.
    Unusable(UnusableKey),
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProblemKind::Read(error) => write!(f, "cannot be read: {error}"),
            ProblemKind::Write(error) => write!(f, "cannot be written: {error}"),
            ProblemKind::Directory => f.write_str("is a directory; name the certificate files in it"),
            ProblemKind::Empty => f.write_str("is empty; a CA certificate in PEM or DER is needed"),
            ProblemKind::FileTooLarge => {
                write!(f, "is larger than {} MiB, the most that is read; split it", crate::MAXIMUM_FILE_SIZE >> 20)
            }
            ProblemKind::TooManyBlocks => {
                write!(f, "has more than {} PEM blocks, the most that is read; split it", crate::MAXIMUM_CERTIFICATES)
            }
            ProblemKind::TooManyCertificates => write!(
                f,
                "brings the run beyond {} certificates, the most that is taken; run it on fewer files",
                crate::MAXIMUM_CERTIFICATES
            ),
            ProblemKind::NoCertificate(value) => write!(f, "holds no certificate: {value}"),
            ProblemKind::MissingBegin => f.write_str(
                "this END line of a certificate has no BEGIN line, so the certificate is lost: `-----BEGIN CERTIFICATE-----`, with \
                 five dashes on both sides, has to stand at the start of a line",
            ),
            ProblemKind::UnfinishedBlock { label } => write!(
                f,
                "the {label} block that begins here has no END line; the file is cut off or a line was lost: get it \
                 again"
            ),
            ProblemKind::DamagedBlock { label, line, reason } => write!(
                f,
                "the {label} block is damaged in line {line}: {reason}; get the file again, or try `openssl x509 -in \
                 FILE -out NEW`"
            ),
            ProblemKind::Denied(value) => write!(f, "{value} (the build script denies this)"),
            ProblemKind::NoOutDir => f.write_str(
                "the environment variable OUT_DIR is not set; Builder belongs into a build.rs, elsewhere say where \
                 to write with out_dir",
            ),
            #[cfg(feature = "build")]
            ProblemKind::Name(error) => error.fmt(f),
            #[cfg(feature = "build")]
            ProblemKind::Selection(error) => error.fmt(f),
            #[cfg(feature = "cli")]
            ProblemKind::Fingerprint(error) => error.fmt(f),
            #[cfg(feature = "cli")]
            ProblemKind::PrivateKey(error) => error.fmt(f),
            #[cfg(feature = "cli")]
            ProblemKind::DeviceCertificate(error) => error.fmt(f),
            ProblemKind::Decode(error) => error.fmt(f),
            ProblemKind::Unusable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ProblemKind {}

#[cfg(feature = "build")]
impl From<crate::NameError> for ProblemKind {
    fn from(error: crate::NameError) -> Self {
        ProblemKind::Name(error)
    }
}

#[cfg(feature = "build")]
impl From<crate::select::SelectionError> for ProblemKind {
    fn from(error: crate::select::SelectionError) -> Self {
        ProblemKind::Selection(error)
    }
}

#[cfg(feature = "cli")]
impl From<crate::fingerprint::FingerprintError> for ProblemKind {
    fn from(error: crate::fingerprint::FingerprintError) -> Self {
        ProblemKind::Fingerprint(error)
    }
}

#[cfg(feature = "cli")]
impl From<crate::tls_key::KeyError> for ProblemKind {
    fn from(error: crate::tls_key::KeyError) -> Self {
        ProblemKind::PrivateKey(error)
    }
}

#[cfg(feature = "cli")]
impl From<crate::tls_key::CertificateError> for ProblemKind {
    fn from(error: crate::tls_key::CertificateError) -> Self {
        ProblemKind::DeviceCertificate(error)
    }
}

impl From<DecodeError> for ProblemKind {
    fn from(error: DecodeError) -> Self {
        ProblemKind::Decode(error)
    }
}

impl From<UnusableKey> for ProblemKind {
    fn from(error: UnusableKey) -> Self {
        ProblemKind::Unusable(error)
    }
}

/// Why BearSSL's decoder refuses a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// Not the encoding that RFC 5280 prescribes.
    Encoding(DerError),
    /// Something behind the certificate's end.
    TrailingData(usize),
    /// A version above 3.
    Version(u32),
    /// A subject beyond [`MAXIMUM_SUBJECT_SIZE`](crate::MAXIMUM_SUBJECT_SIZE), which fits no device.
    SubjectTooLong(usize),
    /// A key type that BearSSL does not know.
    KeyType(String),
    /// A curve that BearSSL does not know.
    Curve(String),
    /// Curve parameters written out.
    ExplicitCurve,
    /// Modulus and exponent beyond BearSSL's buffer.
    RsaKeyTooLong {
        /// Bits of the modulus.
        bits: usize,
        /// Bytes of the public exponent.
        exponent: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Encoding(value) => {
                write!(f, "is not a well-formed certificate: {value}; get it again, or look at it with `openssl x509 -text`")
            }
            DecodeError::TrailingData(value) => {
                write!(f, "data follows the certificate's end (bytes: {value}); a block holds exactly one certificate")
            }
            DecodeError::Version(value) => write!(f, "is an X.509 certificate of version {value}; there are versions 1 to 3"),
            DecodeError::SubjectTooLong(value) => write!(
                f,
                "has a subject of {value} bytes; up to {max} are taken, and usual ones have about 100",
                max = crate::MAXIMUM_SUBJECT_SIZE
            ),
            DecodeError::KeyType(value) => {
                write!(f, "public key is {value}; BearSSL anchors are RSA up to 4096 bits or EC P-256, P-384, P-521")
            }
            DecodeError::Curve(value) => write!(
                f,
                "public key is EC on the curve {value}; BearSSL anchors are EC P-256, P-384, P-521 or RSA up to 4096 bits"
            ),
            DecodeError::ExplicitCurve => f.write_str(
                "public key is EC with its curve's parameters written out; BearSSL needs the curve's name: make the key with \
                 `openssl ecparam -name prime256v1 -genkey -param_enc named_curve`",
            ),
            DecodeError::RsaKeyTooLong { bits, exponent } => write!(
                f,
                "public key is RSA with {bits} bits and an exponent of {exponent} bytes; BearSSL verifies up to 4096 bits and \
                 takes 520 bytes for both numbers together: make a CA with RSA 2048 to 4096 and the usual exponent 65537"
            ),
        }
    }
}

impl std::error::Error for DecodeError {}

impl From<DerError> for DecodeError {
    fn from(error: DerError) -> Self {
        DecodeError::Encoding(error)
    }
}

impl DecodeError {
    /// The error number that BearSSL reports for this certificate (`bearssl_x509.h`).
    pub fn bearssl_error(&self) -> u16 {
        let fault = match self {
            DecodeError::Encoding(error) => error.fault,
            DecodeError::TrailingData(_) => Fault::ExtraElement,
            DecodeError::Version(_) | DecodeError::KeyType(_) | DecodeError::Curve(_) => Fault::Unsupported,
            DecodeError::ExplicitCurve => Fault::Unexpected,
            DecodeError::RsaKeyTooLong { .. } | DecodeError::SubjectTooLong(_) => Fault::LimitExceeded,
        };
        fault.bearssl_error()
    }
}

/// Why no device can verify anything with a key that BearSSL's decoder takes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnusableKey {
    /// RSA beyond `BR_MAX_RSA_SIZE`.
    RsaTooLarge {
        /// Bits of the modulus.
        bits: usize,
    },
    /// A modulus or exponent of zero.
    RsaZero(&'static str),
    /// A point in another form than 04 || x || y.
    PointForm {
        /// compressed, hybrid, or unknown.
        form: &'static str,
    },
    /// A point of the wrong length.
    PointLength {
        /// The curve's name.
        curve: crate::anchor::Curve,
        /// Bytes found.
        actual: usize,
        /// Bytes of an uncompressed point on this curve.
        expected: usize,
    },
}

impl fmt::Display for UnusableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnusableKey::RsaTooLarge { bits } => write!(
                f,
                "public key is RSA with {bits} bits; BearSSL verifies up to 4096: make a CA with RSA 2048 to 4096, or EC P-256"
            ),
            UnusableKey::RsaZero(value) => write!(
                f,
                "public key is RSA with a {value} of zero, which verifies nothing; the certificate is broken: make a new one"
            ),
            UnusableKey::PointForm { form } => write!(
                f,
                "public key is an EC point in {form} form; BearSSL verifies with uncompressed points only: make the key with \
                 `openssl ecparam -name prime256v1 -genkey -conv_form uncompressed`"
            ),
            UnusableKey::PointLength { curve, actual, expected } => write!(
                f,
                "public key is an EC point of the wrong length (on {curve} it has {expected} bytes, here {actual}): the certificate is \
                 broken, make a new one"
            ),
        }
    }
}

impl std::error::Error for UnusableKey {}
