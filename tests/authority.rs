//! Certificate authorities and the certificates they issue, made for one test by the
//! openssl command: real ones, so that nothing here has to know what X.509 looks like.

use crate::support::{openssl, project, read, temporary_folder, text, write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The key of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    P256,
    P384,
    Rsa2048,
}

impl Key {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::P256 => &["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
            Self::P384 => &["ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"],
            Self::Rsa2048 => &["rsa:2048"],
        }
    }
}

/// What a certificate is for, and with it its extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Use {
    /// A server of these names, as subjectAltName has them: `DNS:broker.test`.
    Server(&'static str),
    Client,
    Intermediate,
}

impl Use {
    /// Another one for each, or a certificate and its issuer would have the same name, as only self-signed ones have.
    fn subject(self) -> &'static str {
        match self {
            Self::Server(_) => "/CN=a server of this test",
            Self::Client => "/CN=a client of this test",
            Self::Intermediate => "/CN=an intermediate CA of this test",
        }
    }
}

/// When a certificate is valid.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Valid {
    /// From 2020 to 2099.
    Now,
    /// From 2020 to 2021.
    Expired,
    /// From 2019 to 2020.
    LongExpired,
}

impl Valid {
    fn dates(self) -> (&'static str, &'static str) {
        match self {
            Self::Now => ("20200101000000Z", "20991231235959Z"),
            Self::Expired => ("20200101000000Z", "20210101000000Z"),
            Self::LongExpired => ("20190101000000Z", "20200101000000Z"),
        }
    }
}

/// A certificate and its key, and in `chain` the certificate with its intermediates, as a
/// server sends them.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) certificate: PathBuf,
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
}

/// A certificate that signs others, and the folder for what it signs.
pub(crate) struct Authority {
    folder: TempDir,
    issued: Issued,
    /// Whether a chain below it has to contain it.
    intermediate: bool,
}

impl Authority {
    /// The authority that the example firmware trusts, `name` being `p256` or `rsa`.
    pub(crate) fn of_example_firmware(name: &str) -> Self {
        let certificates = project().join("example-firmware/certs");
        let certificate = certificates.join(format!("ca-{name}.crt"));
        let key = certificates.join(format!("ca-{name}.key"));
        let issued = Issued { chain: certificate.clone(), certificate, key };
        Self { folder: temporary_folder(), issued, intermediate: false }
    }

    /// A new self-signed one with this subject, in openssl's form: `/CN=name`.
    pub(crate) fn new(subject: &str, key: Key) -> Self {
        let folder = temporary_folder();
        let certificate = folder.path().join("ca.crt");
        let issued = Issued { chain: certificate.clone(), certificate, key: folder.path().join("ca.key") };
        let basic_constraints = "basicConstraints=critical,CA:TRUE";
        let request = ["req", "-x509", "-nodes", "-days", "3650", "-subj", subject, "-addext", basic_constraints, "-newkey"];
        let files = ["-keyout", text(&issued.key), "-out", text(&issued.certificate)];
        openssl(request.iter().chain(key.arguments()).chain(&files).copied());
        Self { folder, issued, intermediate: false }
    }

    /// Lets this one sign: whatever the certificate says about being allowed to.
    pub(crate) fn from_issued(issued: Issued) -> Self {
        Self { folder: temporary_folder(), issued, intermediate: true }
    }

    /// Its own certificate.
    pub(crate) fn certificate(&self) -> &Path {
        &self.issued.certificate
    }

    /// The `/`-separated subject of its certificate, for [`Authority::new`].
    pub(crate) fn subject(&self) -> String {
        let line = openssl(["x509", "-noout", "-subject", "-nameopt", "compat", "-in", text(self.certificate())]);
        let line = String::from_utf8(line).expect("openssl escapes what is no ASCII");
        line.trim().strip_prefix("subject=").expect("openssl prints the subject").to_owned()
    }

    /// Issues a certificate for a key of its own.
    pub(crate) fn issue(&self, key: Key, purpose: Use, valid: Valid) -> Issued {
        let folder = temporary_folder_below(&self.folder);
        let file = |name: &str| folder.join(name);
        let issued = Issued { certificate: file("certificate"), chain: file("chain"), key: file("key") };
        let request_file = file("request");
        let request = ["req", "-new", "-nodes", "-subj", purpose.subject(), "-newkey"];
        let files = ["-keyout", text(&issued.key), "-out", text(&request_file)];
        openssl(request.iter().chain(key.arguments()).chain(&files).copied());
        self.sign(&request_file, issued, purpose, valid)
    }

    /// Issues one more certificate for the key and the name of another one.
    pub(crate) fn renew(&self, issued: &Issued, purpose: Use, valid: Valid) -> Issued {
        let folder = temporary_folder_below(&self.folder);
        let request = folder.join("request");
        openssl(["req", "-new", "-subj", purpose.subject(), "-key", text(&issued.key), "-out", text(&request)]);
        let renewed = Issued { certificate: folder.join("certificate"), chain: folder.join("chain"), key: issued.key.clone() };
        self.sign(&request, renewed, purpose, valid)
    }

    fn sign(&self, request_file: &Path, issued: Issued, purpose: Use, valid: Valid) -> Issued {
        let folder = request_file.parent().expect("a file in a folder");
        let index = write(folder, "index", "");
        let configuration = write(folder, "configuration", configuration(purpose, &index));
        let (start, end) = valid.dates();
        // `openssl x509 -req` cannot set the start before openssl 3.4; `openssl ca` always could.
        let sign = ["ca", "-batch", "-notext", "-startdate", start, "-enddate", end, "-config", text(&configuration)];
        let issuer = ["-cert", text(&self.issued.certificate), "-keyfile", text(&self.issued.key)];
        let files = ["-outdir", text(folder), "-in", text(request_file), "-out", text(&issued.certificate)];
        openssl(sign.into_iter().chain(issuer).chain(files));

        let mut chain = read(&issued.certificate);
        if self.intermediate {
            chain.extend(read(&self.issued.chain));
        }
        write(folder, "chain", chain);
        issued
    }
}

fn temporary_folder_below(folder: &TempDir) -> PathBuf {
    // The folder above goes away as a whole.
    tempfile::tempdir_in(folder).expect("a temporary folder").keep()
}

fn configuration(purpose: Use, index: &Path) -> String {
    let extensions = match purpose {
        Use::Server(names) => {
            format!("basicConstraints = CA:FALSE\nextendedKeyUsage = serverAuth\nsubjectAltName = {names}")
        }
        Use::Client => "basicConstraints = CA:FALSE\nextendedKeyUsage = clientAuth".to_owned(),
        Use::Intermediate => "basicConstraints = critical, CA:TRUE".to_owned(),
    };
    format!(
        "[ca]\ndefault_ca = this\n[this]\ndatabase = {}\nrand_serial = yes\ndefault_md = sha256\n\
         policy = any\nx509_extensions = extensions\n[any]\ncommonName = supplied\n\
         [extensions]\n{extensions}\n",
        index.display()
    )
}
