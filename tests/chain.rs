//! Certificate chains made with openssl: a CA, an intermediate CA and a server.

use crate::support::{openssl, text, write};
use std::path::{Path, PathBuf};

/// The kinds of key that anchors can have, as `openssl req -newkey` and its options name them.
pub(crate) const RSA_2048: &[&str] = &["rsa:2048"];
/// See [`RSA_2048`].
pub(crate) const P256: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
/// See [`RSA_2048`].
pub(crate) const P384: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"];

/// The server's host name.
pub(crate) const HOST: &str = "broker.test";

/// A folder with `ca.crt`, `intermediate.crt`, `server.crt` and their keys.
pub(crate) struct Chain {
    folder: PathBuf,
}

impl Chain {
    /// Makes a chain in `folder/name` with keys of the kind `key`. All chains have the same names in them.
    #[track_caller]
    pub(crate) fn new(folder: &Path, name: &str, key: &[&str]) -> Self {
        Self::with_authority(folder, name, key, "/O=Test/CN=CA", "subjectKeyIdentifier = hash")
    }

    /// As [`Chain::new`], with a subject and one more extension for the CA's certificate.
    #[track_caller]
    pub(crate) fn with_authority(folder: &Path, name: &str, key: &[&str], subject: &str, extension: &str) -> Self {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).expect("a folder for the chain");
        // Without a configuration of its own, `req` adds the extensions of the system's.
        write(&folder, "openssl.cnf", "[req]\ndistinguished_name = subject\n[subject]\n");
        let chain = Self { folder };
        let authority = "basicConstraints = critical, CA:TRUE";
        chain.issue("ca", None, key, subject, &[authority, extension]);
        chain.issue("intermediate", Some("ca"), key, "/O=Test/CN=Intermediate", &[authority]);
        chain.issue("server", Some("intermediate"), key, "/CN=server", &[&format!("subjectAltName = DNS:{HOST}")]);
        chain
    }

    fn issue(&self, name: &str, issuer: Option<&str>, key: &[&str], subject: &str, extensions: &[&str]) {
        let [configuration, key_file, certificate] =
            ["openssl.cnf", &format!("{name}.key"), &format!("{name}.crt")].map(|name| self.folder.join(name));
        let mut arguments = vec!["req", "-x509", "-nodes", "-days", "3650", "-sha256", "-config", text(&configuration)];
        arguments.extend(["-subj", subject]);
        arguments.extend(extensions.iter().flat_map(|extension| ["-addext", extension]));
        arguments.extend(["-keyout", text(&key_file), "-out", text(&certificate), "-newkey"]);
        arguments.extend(key);
        let signer = issuer.map(|issuer| [self.path(issuer), self.folder.join(format!("{issuer}.key"))]);
        if let Some([certificate, key]) = &signer {
            arguments.extend(["-CA", text(certificate), "-CAkey", text(key)]);
        }
        openssl(arguments);
        openssl(["x509", "-in", text(&certificate), "-outform", "DER", "-out", text(&self.folder.join(format!("{name}.der")))]);
    }

    /// The PEM file of the certificate `name`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.crt"))
    }

    /// What a server sends, its own certificate first, as DER files that openssl wrote.
    pub(crate) fn sent(&self) -> [PathBuf; 2] {
        ["server.der", "intermediate.der"].map(|name| self.folder.join(name))
    }
}
