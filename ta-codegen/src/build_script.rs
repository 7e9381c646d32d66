//! Generating anchors in a `build.rs`.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::anchor::{TrustAnchor, unique};
use crate::c::{self, HeaderOptions, PemHeaderOptions};
use crate::check::{Warning, WarningKind, expiring, warnings};
use crate::error::{Error, Origin, Problem, ProblemKind};
use crate::files::{self, Output};
use crate::input::{Input, read_labelled, read_paths};
use crate::names::NameError;
use crate::rust;
use crate::select::Selection;
use crate::time::Time;

/// Writes `trust_anchors.rs` with a `static TRUST_ANCHORS` into `OUT_DIR`: [`Builder`] for the common case.
///
/// ```no_run
/// // build.rs
/// fn main() -> Result<(), ta_codegen::Error> {
///     ta_codegen::build("ca.crt")
/// }
/// ```
///
/// ```text
/// // src/main.rs
/// include!(concat!(env!("OUT_DIR"), "/trust_anchors.rs"));
/// ```
///
/// # Errors
///
/// As [`Builder::generate`].
pub fn build(certificates: impl AsRef<Path>) -> Result<(), Error> {
    Builder::new().certificates(certificates).rust("trust_anchors.rs").generate()
}

/// Generates anchors as a build script does: tells Cargo what to watch, warns through Cargo, leaves equal files alone.
///
/// Paths of certificates are relative to the package, as everywhere in a build script; paths of outputs are relative to `OUT_DIR`.
///
/// ```no_run
/// // build.rs
/// fn main() -> Result<(), ta_codegen::Error> {
///     ta_codegen::Builder::new()
///         .certificates("certs/")
///         .rust("trust_anchors.rs")
///         .c_header("include")
///         .deny_expired()
///         .warn_expires_within_days(90)
///         .generate()
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    certificates: Vec<PathBuf>,
    labelled: Vec<(String, PathBuf)>,
    selection: Selection,
    targets: Vec<Target>,
    out_dir: Option<PathBuf>,
    deny_expired: bool,
    deny_non_ca: bool,
    deny_expires_within_days: Option<u32>,
    warn_expires_within_days: Option<u32>,
}

#[derive(Clone, Debug)]
enum Target {
    Rust(PathBuf),
    CHeader(PathBuf),
    Brssl(PathBuf),
    Header(PathBuf, HeaderOptions),
    PemHeader(PathBuf, PemHeaderOptions),
}

impl Builder {
    /// A builder without certificates and without outputs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, PEM or DER, or a directory with such files.
    ///
    /// ```no_run
    /// fn main() -> Result<(), ta_codegen::Error> {
    ///     ta_codegen::Builder::new().certificates("old-ca.crt").certificates("new-ca.crt").rust("anchors.rs").generate()
    /// }
    /// ```
    pub fn certificates(mut self, path: impl AsRef<Path>) -> Self {
        self.certificates.push(path.as_ref().to_owned());
        self
    }

    /// Adds a file whose certificate gets a name, which becomes that of its arrays in C; of several, the second is `LABEL_2`, and so on.
    ///
    /// ```no_run
    /// fn main() -> Result<(), ta_codegen::Error> {
    ///     ta_codegen::Builder::new().labelled_certificates("home_ca", "ca.crt").c_header("include").generate()
    /// }
    /// ```
    pub fn labelled_certificates(mut self, label: impl Into<String>, path: impl AsRef<Path>) -> Self {
        self.labelled.push((label.into(), path.as_ref().to_owned()));
        self
    }

    /// Takes some of the certificates only.
    ///
    /// ```no_run
    /// use ta_codegen::select::Selection;
    ///
    /// fn main() -> Result<(), ta_codegen::Error> {
    ///     ta_codegen::Builder::new()
    ///         .certificates("/etc/ssl/certs/ca-certificates.crt")
    ///         .select(Selection { subjects: vec!["CN=ISRG Root".into()], unexpired: true, ..Selection::default() })
    ///         .rust("trust_anchors.rs")
    ///         .generate()
    /// }
    /// ```
    pub fn select(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Writes Rust source with `pub static TRUST_ANCHORS: [ta_types::TrustAnchor<'static>; N]`, for `include!`.
    pub fn rust(mut self, file: impl AsRef<Path>) -> Self {
        self.targets.push(Target::Rust(file.as_ref().to_owned()));
        self
    }

    /// Writes Tasmota's `local_ca_data.h` and `local_ca_descriptor.h` into a directory, which is made if it is missing.
    pub fn c_header(mut self, directory: impl AsRef<Path>) -> Self {
        self.targets.push(Target::CHeader(directory.as_ref().to_owned()));
        self
    }

    /// Writes what `brssl ta` prints.
    pub fn brssl(mut self, file: impl AsRef<Path>) -> Self {
        self.targets.push(Target::Brssl(file.as_ref().to_owned()));
        self
    }

    /// Writes one header of C and C++ that stands alone.
    ///
    /// ```no_run
    /// use ta_codegen::c::HeaderOptions;
    ///
    /// fn main() -> Result<(), ta_codegen::Error> {
    ///     let options = HeaderOptions { progmem: true, ..HeaderOptions::default() };
    ///     ta_codegen::Builder::new().certificates("ca.crt").header("trust_anchors.h", options).generate()
    /// }
    /// ```
    pub fn header(mut self, file: impl AsRef<Path>, options: HeaderOptions) -> Self {
        self.targets.push(Target::Header(file.as_ref().to_owned(), options));
        self
    }

    /// Writes one header of C and C++ with the certificates as PEM.
    pub fn pem_header(mut self, file: impl AsRef<Path>, options: PemHeaderOptions) -> Self {
        self.targets.push(Target::PemHeader(file.as_ref().to_owned(), options));
        self
    }

    /// Writes below this directory instead of `OUT_DIR`, as is needed outside of a build script.
    pub fn out_dir(mut self, directory: impl AsRef<Path>) -> Self {
        self.out_dir = Some(directory.as_ref().to_owned());
        self
    }

    /// Fails on a certificate that has expired, instead of warning.
    pub fn deny_expired(mut self) -> Self {
        self.deny_expired = true;
        self
    }

    /// Fails on a certificate that is not a CA's, instead of warning.
    pub fn deny_non_ca(mut self) -> Self {
        self.deny_non_ca = true;
        self
    }

    /// Fails on a certificate that expires within so many days, or has expired.
    pub fn deny_expires_within_days(mut self, days: u32) -> Self {
        self.deny_expires_within_days = Some(days);
        self.deny_expired()
    }

    /// Warns of a certificate that expires within so many days.
    pub fn warn_expires_within_days(mut self, days: u32) -> Self {
        self.warn_expires_within_days = Some(days);
        self
    }

    /// Reads the certificates and writes the outputs, all or none.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any certificate, or that this builder denies, or a target that cannot be written; then nothing is.
    pub fn generate(&self) -> Result<(), Error> {
        let labelled = self.labelled.iter().map(|(_, path)| path);
        for path in self.certificates.iter().chain(labelled).chain(&self.selection.for_chain) {
            // Cargo watches a directory with all that is in it.
            tell_cargo("rerun-if-changed", path.display());
        }
        let Input { anchors, skipped, .. } = self.read()?;
        skipped.iter().for_each(|problem| tell_cargo("warning", problem));
        let anchors = self.selection.apply(anchors, Time::now())?.taken;
        self.judge(&anchors)?;
        let out_dir = self.out_dir.clone().or_else(|| std::env::var_os("OUT_DIR").map(PathBuf::from));
        let out_dir = out_dir.ok_or_else(|| Problem { origin: Origin::file("build script"), kind: ProblemKind::NoOutDir })?;
        self.write(&anchors, &out_dir)
    }

    /// Writes all targets, or none where one of them cannot be written or has a bad name.
    fn write(&self, anchors: &[TrustAnchor], out_dir: &Path) -> Result<(), Error> {
        let mut problems = Vec::new();
        let outputs = |target: &Target| Error::collect(&mut problems, target.outputs(anchors, out_dir));
        let sets: Vec<Vec<Output>> = self.targets.iter().filter_map(outputs).collect();
        Error::unless_none(problems, ())?;
        for target in &self.targets {
            if let Target::CHeader(directory) = target {
                files::create_directory(&out_dir.join(directory))?;
            }
        }
        files::write(&sets).map(drop)
    }

    /// Reads all certificates; the problems of all files are reported together.
    fn read(&self) -> Result<Input, Error> {
        let files = self.certificates.iter().map(|path| (path.as_path(), read_paths(&[path])));
        let labelled = self.labelled.iter().map(|(label, path)| (path.as_path(), read_labelled(label, path)));
        // First, so that of two equal certificates the one with a label is kept.
        Input::gather(labelled.chain(files))
    }

    /// Warns of what there is to know about the anchors, or fails where it is denied.
    fn judge(&self, anchors: &[TrustAnchor]) -> Result<(), Error> {
        let now = Time::now();
        let (denied, mut warned): (Vec<_>, Vec<_>) =
            warnings(anchors, now).into_iter().partition(|warning| self.denies(&warning.kind));
        let expiring_within = |days: Option<u32>| days.map(|days| expiring(anchors, now, days)).unwrap_or_default();
        let near = expiring_within(self.deny_expires_within_days);
        warned.extend(expiring_within(self.warn_expires_within_days));
        warned.iter().for_each(|warning| tell_cargo("warning", warning));
        let problem = |Warning { origin, kind }| Problem { origin, kind: ProblemKind::Denied(kind) };
        Error::unless_none(denied.into_iter().chain(near).map(problem).collect(), ())
    }

    fn denies(&self, kind: &WarningKind) -> bool {
        match kind {
            WarningKind::Expired(_) => self.deny_expired,
            WarningKind::NotCa => self.deny_non_ca,
            _ => false,
        }
    }
}

impl Target {
    fn path(&self) -> &Path {
        let (Target::Rust(path)
        | Target::CHeader(path)
        | Target::Brssl(path)
        | Target::Header(path, _)
        | Target::PemHeader(path, _)) = self;
        path
    }

    /// The files that fit each other.
    fn outputs(&self, anchors: &[TrustAnchor], out_dir: &Path) -> Result<Vec<Output>, Error> {
        let path = out_dir.join(self.path());
        self.texts(anchors, path).map_err(|error| problem(self.path(), error))
    }

    fn texts(&self, anchors: &[TrustAnchor], path: PathBuf) -> Result<Vec<Output>, NameError> {
        let content = match self {
            Target::CHeader(_) => return Ok(c::tasmota(&unique(anchors))?.into_outputs(&path).into()),
            Target::Rust(_) => rust::source(&unique(anchors), "TRUST_ANCHORS")?,
            // brssl repeats what is repeated.
            Target::Brssl(_) => c::brssl(anchors),
            Target::Header(_, options) => c::header(&unique(anchors), options)?,
            Target::PemHeader(_, options) => c::pem_header(anchors, options)?,
        };
        Ok(vec![Output { path, content }])
    }
}

/// A name in the output `path` that its language does not take.
fn problem(path: &Path, error: NameError) -> Error {
    Problem { origin: Origin::file(path.to_string_lossy()), kind: error.into() }.into()
}

/// Prints an instruction to Cargo. Where nobody listens, the build goes on.
fn tell_cargo(instruction: &str, value: impl Display) {
    let _ = writeln!(io::stdout(), "cargo::{instruction}={value}");
}
