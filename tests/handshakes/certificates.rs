//! The certificates of `certificates.tsv`, made anew by `openssl`.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::scenario::{Row, parse};
use crate::support::{openssl, read, text, write};

/// A certificate and its private key, both PEM.
#[derive(Clone)]
pub(crate) struct Credentials {
    /// The certificate's file.
    pub(crate) certificate: PathBuf,
    /// The private key's file.
    pub(crate) key: PathBuf,
}

/// Makes each certificate and each key when it is first asked for.
pub(super) struct Certificates {
    folder: PathBuf,
    recipes: HashMap<&'static str, (Row<'static>, OnceLock<Credentials>)>,
    keys: HashMap<&'static str, OnceLock<PathBuf>>,
}

impl Certificates {
    /// Certificates and keys go to a folder of their own in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        let folder = folder.join("certificates");
        fs::create_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let rows = parse(include_str!("certificates.tsv"));
        Self {
            folder,
            keys: rows.iter().map(|row| (row.get("key"), OnceLock::new())).collect(),
            recipes: rows.into_iter().map(|row| (row.get("name"), (row, OnceLock::new()))).collect(),
        }
    }

    /// The certificate called `name`, and before it its issuer and keys.
    pub(super) fn make(&self, name: &str) -> Credentials {
        let (row, made) = self.recipes.get(name).unwrap_or_else(|| panic!("certificates.tsv has no `{name}`"));
        made.get_or_init(|| {
            let issuer = Some(row.get("issuer")).filter(|issuer| *issuer != "-").map(|issuer| self.make(issuer));
            let recipe = Recipe { row, folder: &self.folder, key: self.key(row.get("key")), issuer };
            recipe.make()
        })
        .clone()
    }

    /// The private key called `name`: its kind, a colon and whose it is. One key serves many certificates, for keys are dear.
    fn key(&self, name: &str) -> PathBuf {
        let make = || {
            let path = self.folder.join(format!("{}.key", name.replace(':', "-")));
            let (kind, _) = name.split_once(':').expect("a key has an owner");
            make_key(kind, &path);
            path
        };
        self.keys[name].get_or_init(make).clone()
    }
}

/// Makes a key of `kind`: `rsa2048`, `rsa2048-exponent3`, `p256`, `p256-compressed`, `ed25519`, and so on.
fn make_key(kind: &str, path: &Path) {
    let (algorithm, option) = kind.split_once('-').unwrap_or((kind, ""));
    if let Some(bits) = algorithm.strip_prefix("rsa") {
        make_rsa_key(bits, option, path);
    } else if let Some(bits) = algorithm.strip_prefix('p') {
        make_ec_key(bits, option, path);
    } else {
        openssl(["genpkey", "-algorithm", algorithm, "-out", text(path)]);
    }
}

fn make_ec_key(bits: &str, option: &str, path: &Path) {
    let curve = format!("ec_paramgen_curve:P-{bits}");
    openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", &curve, "-out", text(path)]);
    if option == "compressed" {
        openssl(["ec", "-in", text(path), "-conv_form", "compressed", "-out", text(path)]);
    }
}

fn make_rsa_key(bits: &str, option: &str, path: &Path) {
    // More than two primes make the search several times shorter (RFC 8017, section 3); the public key looks the same.
    // OpenSSL allows a fourth from 4096 bits on.
    let primes = if bits.parse::<u32>().expect("a number of bits") >= 4096 { 4 } else { 2 };
    let exponent = if option == "exponent3" { 3 } else { 65537 };
    let options =
        [format!("rsa_keygen_bits:{bits}"), format!("rsa_keygen_primes:{primes}"), format!("rsa_keygen_pubexp:{exponent}")];
    let options = options.iter().flat_map(|option| ["-pkeyopt", option]);
    openssl(["genpkey", "-quiet", "-algorithm", "RSA"].into_iter().chain(options).chain(["-out", text(path)]));
}

/// A certificate about to be made.
struct Recipe<'a> {
    row: &'a Row<'static>,
    folder: &'a Path,
    key: PathBuf,
    /// `None`: it signs itself.
    issuer: Option<Credentials>,
}

impl Recipe<'_> {
    fn make(self) -> Credentials {
        let path = self.file("crt");
        let configuration = write(self.folder, &format!("{}.cnf", self.row.get("name")), self.configuration());
        match self.row.get("form") {
            "v1" => self.make_version_1(&configuration, &path),
            form => match form.split_once("..") {
                Some((from, until)) => self.make_for_dates(&configuration, &path, from, until),
                None => self.make_version_3(&configuration, &path),
            },
        }
        Credentials { certificate: path, key: self.key }
    }

    fn file(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.row.get("name")))
    }

    fn digest(&self) -> String {
        format!("-{}", self.row.get("digest"))
    }

    /// The configuration that all of `openssl`'s commands read.
    fn configuration(&self) -> String {
        // The string types of the subject's attributes, by the bits of OpenSSL's B_ASN1_ constants (asn1.h).
        let string_types = match self.row.get("form") {
            "printable" => "MASK:0x2",
            "t61" => "MASK:0x4",
            "bmp" => "MASK:0x800",
            _ => "utf8only",
        };
        let extensions =
            self.row.get("extensions").split("; ").filter(|extension| *extension != "-").map(|extension| match extension {
                "CA" => "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash",
                "SERVER" => "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth",
                extension => extension,
            });
        let extensions = extensions.collect::<Vec<_>>().join("\n");
        let database = self.file("database");
        format!(
            "[req]\ndistinguished_name = empty\nstring_mask = {string_types}\n[empty]\n[extensions]\n{extensions}\n\
             [ca]\ndefault_ca = authority\n[authority]\ndatabase = {}\nnew_certs_dir = {}\nrand_serial = yes\npolicy = any\n\
             [any]\norganizationName = optional\ncommonName = optional\n",
            database.display(),
            self.folder.display()
        )
    }

    fn make_version_3(&self, configuration: &Path, path: &Path) {
        let digest = self.digest();
        let mut arguments = vec!["req", "-new", "-x509", "-config", text(configuration), "-extensions", "extensions"];
        arguments.extend(["-key", text(&self.key), "-utf8", "-subj", self.row.get("subject"), &digest, "-days", "365"]);
        if self.row.get("form") == "pss" {
            arguments.extend(["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"]);
        }
        if let Some(issuer) = &self.issuer {
            arguments.extend(["-CA", text(&issuer.certificate), "-CAkey", text(&issuer.key)]);
        }
        arguments.extend(["-out", text(path)]);
        openssl(arguments);
    }

    /// Without extensions `openssl x509` writes version 1, as the recipes of many a manual do without knowing.
    fn make_version_1(&self, configuration: &Path, path: &Path) {
        let request = self.request(configuration);
        let digest = self.digest();
        let mut arguments = vec!["x509", "-req", "-in", text(&request), &digest, "-days", "365", "-out", text(path)];
        match &self.issuer {
            Some(issuer) => arguments.extend(["-CA", text(&issuer.certificate), "-CAkey", text(&issuer.key), "-CAcreateserial"]),
            None => arguments.extend(["-signkey", text(&self.key)]),
        }
        openssl(arguments);
        let pem = read(path);
        let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).expect("a PEM certificate");
        let certificate = pem.parse_x509().expect("a certificate");
        assert_eq!(certificate.version().0, 0, "{}: not version 1, this openssl writes another by default", path.display());
    }

    /// Only `openssl ca` takes both dates.
    fn make_for_dates(&self, configuration: &Path, path: &Path, from: &str, until: &str) {
        let request = self.request(configuration);
        let [from, until] = [from, until].map(|date| format!("{}000000Z", date.replace('-', "")));
        let database = self.file("database");
        fs::write(&database, "").unwrap_or_else(|error| panic!("{}: {error}", database.display()));
        let mut arguments = vec!["ca", "-batch", "-config", text(configuration), "-in", text(&request), "-preserveDN", "-notext"];
        arguments.extend(["-md", self.row.get("digest"), "-extensions", "extensions", "-startdate", &from, "-enddate", &until]);
        match &self.issuer {
            Some(issuer) => arguments.extend(["-cert", text(&issuer.certificate), "-keyfile", text(&issuer.key)]),
            None => arguments.extend(["-selfsign", "-keyfile", text(&self.key)]),
        }
        arguments.extend(["-out", text(path)]);
        openssl(arguments);
    }

    fn request(&self, configuration: &Path) -> PathBuf {
        let request = self.file("csr");
        let subject = self.row.get("subject");
        openssl([
            "req",
            "-new",
            "-config",
            text(configuration),
            "-key",
            text(&self.key),
            "-subj",
            subject,
            "-out",
            text(&request),
        ]);
        request
    }
}
