//! Choosing anchors: the same from the command line and from a build script, over Debian's bundle of public CAs.

use std::path::{Path, PathBuf};

use ta_codegen::select::Selection;
use tempfile::TempDir;

use crate::support::{Outcome, debian_roots, fixture, openssl, read, read_text, ta_codegen_with, temporary_folder, text, write};

/// All of Debian's roots in one file.
fn bundle(folder: &Path) -> PathBuf {
    let all: Vec<u8> = debian_roots().iter().flat_map(read).collect();
    write(folder, "bundle.pem", all)
}

/// The subjects in the comments of a header, sorted.
fn subjects(header: &str) -> Vec<String> {
    let subject = |line: &str| line.strip_prefix(" * subject: `").map(|line| line.trim_end_matches('`').to_owned());
    let mut subjects: Vec<String> = header.lines().filter_map(subject).collect();
    subjects.sort();
    subjects
}

/// The subjects of those roots of which openssl shows a line that `is_wanted` likes, in the order of its RFC 2253 form.
fn roots_by_openssl(is_wanted: impl Fn(&str) -> bool) -> usize {
    let shows = |root: &PathBuf| {
        let shown = openssl([
            "x509",
            "-noout",
            "-subject",
            "-nameopt",
            "utf8,sep_comma_plus_space",
            "-fingerprint",
            "-sha256",
            "-in",
            text(root),
        ]);
        String::from_utf8(shown).expect("UTF-8").to_lowercase()
    };
    debian_roots().iter().filter(|root| is_wanted(&shows(root))).count()
}

#[test]
fn by_subject_and_fingerprint() {
    let folder = temporary_folder();
    let bundle = bundle(folder.path());
    let choose = |options: &[&str]| {
        let mut arguments = vec!["--header", text(&bundle)];
        arguments.extend(options);
        ta_codegen_with(arguments).expect_status(0)
    };
    let isrg = choose(&["--subject", "isrg root"]);
    assert_eq!(subjects(isrg.text()).len(), roots_by_openssl(|shown| shown.contains("isrg root")));
    let starred = choose(&["--subject", "o=internet*cn=isrg root x1"]);
    assert_eq!(subjects(starred.text()), ["C=US, O=Internet Security Research Group, CN=ISRG Root X1"]);
    // The well-known fingerprint of ISRG Root X1, with and without colons.
    for prefix in ["96:BC:EC:06", "96bcec06", "96BCEC06264976F37460779ACF28C5A7CFE8A3C0AAE11A8FFCEE05C0BDDF08C6"] {
        assert_eq!(choose(&["--sha256", prefix]).text(), starred.text());
    }
    let both = choose(&["--sha256", "96bcec06", "--subject", "digicert", "--exclude", "assured id", "--exclude", "tls"]);
    let expected = roots_by_openssl(|shown| {
        shown.contains("isrg root x1") || shown.contains("digicert") && !shown.contains("assured id") && !shown.contains("tls")
    });
    assert_eq!(subjects(both.text()).len(), expected);
    both.expect_stderr(&[
        "excluded by `assured id`",
        "not named",
        &format!("{expected} of {} certificates", debian_roots().len()),
    ]);
    assert!(choose(&["-q", "--subject", "isrg"]).stderr.is_empty());
}

/// The table's sum is what the arrays and the rows take.
#[test]
fn the_table_counts_the_bytes() {
    let folder = temporary_folder();
    let bundle = bundle(folder.path());
    let chosen = ta_codegen_with(["--brssl", "--subject", "DigiCert", text(&bundle)]).expect_status(0);
    let (bytes, rows) = (chosen.text().matches("0x").count(), chosen.text().matches("BR_KEYTYPE_").count());
    chosen.expect_stderr(&[&format!("certificates taken, {} bytes", bytes + 32 * rows)]);
}

#[test]
fn expired_ones_are_left_out() {
    let (expired, good) = (fixture("ca-expired.crt"), fixture("ca-p256.crt"));
    let chosen = ta_codegen_with(["--header", "--unexpired", text(&expired), text(&good)]).expect_status(0);
    assert_eq!(subjects(chosen.text()).len(), 1);
    let chosen = chosen.expect_stderr(&["expired on 2021-01-01", "1 of 2"]);
    assert!(!chosen.stderr.contains("warning"), "there is nothing to warn of any more: {}", chosen.stderr);
    let nothing = ta_codegen_with(["--header", "--unexpired", text(&expired)]).expect_status(1);
    nothing.expect_stderr(&["leaves out all", "connects to nobody"]);
}

/// A directory as it is found: certificates and other things, in no particular order.
#[test]
fn directories() {
    let folder = temporary_folder();
    let directory = folder.path().join("certs");
    std::fs::create_dir(&directory).expect("a new folder");
    for (name, from) in [("b.crt", "ca-p256.crt"), ("a.crt", "ca-rsa2048.crt"), ("c.pem", "ca-p384.crt")] {
        write(&directory, name, read(fixture(from)));
    }
    write(&directory, "README", "nothing to see");
    let all = ta_codegen_with(["--header", text(&directory)]).expect_status(0);
    let [a, b, c] = ["a.crt", "b.crt", "c.pem"].map(|name| directory.join(name));
    let listed = ta_codegen_with(["--header", text(&a), text(&b), text(&c)]).expect_status(0);
    assert_eq!(all.text(), listed.text());
    all.expect_stderr(&["skipped", "README", "no certificate"]);
}

/// Roots, an intermediate and a server. The new root also comes signed by the old one, as Let's Encrypt's did.
struct Chain(TempDir);

impl Chain {
    fn new() -> Self {
        let chain = Chain(temporary_folder());
        for root in ["old", "new", "unrelated"] {
            let (key, certificate) = (chain.path(&format!("{root}.key")), chain.path(&format!("{root}.crt")));
            openssl([
                "req",
                "-x509",
                "-nodes",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-subj",
                &format!("/CN={root} root"),
                "-keyout",
                text(&key),
                "-out",
                text(&certificate),
            ]);
        }
        chain.sign("new", "new", "old", "cross", "basicConstraints=critical,CA:TRUE\n");
        chain.sign("intermediate", "intermediate", "new", "intermediate", "basicConstraints=critical,CA:TRUE\n");
        chain.sign("server", "server", "intermediate", "server", "basicConstraints=CA:FALSE\n");
        chain
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn sign(&self, subject: &str, key: &str, issuer: &str, name: &str, extensions: &str) {
        let [key, request, certificate] =
            [format!("{key}.key"), format!("{name}.csr"), format!("{name}.crt")].map(|name| self.path(&name));
        let (issuer_key, issuer) = (self.path(&format!("{issuer}.key")), self.path(&format!("{issuer}.crt")));
        if !key.exists() {
            openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", text(&key)]);
        }
        let subject = if subject == "new" { "/CN=new root".to_owned() } else { format!("/CN={subject}") };
        openssl(["req", "-new", "-key", text(&key), "-subj", &subject, "-out", text(&request)]);
        let extensions = write(self.0.path(), "extensions", extensions);
        openssl([
            "x509",
            "-req",
            "-in",
            text(&request),
            "-CA",
            text(&issuer),
            "-CAkey",
            text(&issuer_key),
            "-CAcreateserial",
            "-extfile",
            text(&extensions),
            "-out",
            text(&certificate),
        ]);
    }

    fn file_of(&self, names: &[&str]) -> PathBuf {
        let all: Vec<u8> = names.iter().flat_map(|name| read(self.path(&format!("{name}.crt")))).collect();
        write(self.0.path(), "chain.pem", all)
    }

    fn choose(&self, chain: &[&str], roots: &[&str]) -> Outcome {
        let chain = self.file_of(chain);
        let roots: Vec<PathBuf> = roots.iter().map(|root| self.path(&format!("{root}.crt"))).collect();
        let mut arguments = vec!["--header", "--for-chain", text(&chain)];
        arguments.extend(roots.iter().map(|root| text(root)));
        ta_codegen_with(arguments)
    }
}

#[test]
fn only_what_a_chain_needs() {
    let chain = Chain::new();
    let taken = |served: &[&str], roots: &[&str]| subjects(chain.choose(served, roots).expect_status(0).text());
    let roots = ["old", "new", "unrelated"];
    assert_eq!(taken(&["server", "intermediate"], &roots), ["CN=new root"]);
    // With the cross-signed root the chain goes on, but a device stops at the first anchor.
    assert_eq!(taken(&["server", "intermediate", "cross"], &roots), ["CN=new root"]);
    assert_eq!(taken(&["server", "intermediate", "cross"], &["old", "unrelated"]), ["CN=old root"]);
    assert_eq!(taken(&["server", "cross", "intermediate"], &["old", "unrelated"]), ["CN=old root"]);
    // The server's own certificate would do as well, until it is renewed.
    assert_eq!(taken(&["server", "intermediate"], &["server", "intermediate", "new"]), ["CN=intermediate"]);
    assert_eq!(taken(&["server", "intermediate"], &["server", "new"]), ["CN=new root"]);
    // openssl is content with what was chosen.
    let chosen = chain.path("new.crt");
    openssl([
        "verify",
        "-CAfile",
        text(&chosen),
        "-untrusted",
        text(&chain.path("intermediate.crt")),
        text(&chain.path("server.crt")),
    ]);
    let elsewhere = chain.choose(&["server", "intermediate"], &["old", "unrelated"]).expect_status(1);
    assert!(elsewhere.stdout.is_empty());
    elsewhere.expect_stderr(&["chain.pem", "issuer `CN=new root`", "give that CA's certificate"]);
    chain.choose(&["server", "intermediate"], &roots).expect_status(0).expect_stderr(&["not needed by the chain", "1 of 3"]);
}

#[test]
fn labels_become_names_of_arrays() {
    let folder = temporary_folder();
    let two = write(folder.path(), "two.pem", [read(fixture("ca-p256.crt")), read(fixture("ca-p384.crt"))].concat());
    let (home, more) = (format!("home_ca={}", text(&fixture("ca-rsa2048.crt"))), format!("more={}", text(&two)));
    let expired = fixture("ca-expired.crt");
    let header = ta_codegen_with(["--header", "-q", "--label", &home, "--label", &more, text(&expired)]).expect_status(0);
    for name in ["TA3_DN[]", "home_ca_DN[]", "home_ca_RSA_N[]", "more_DN[]", "more_2_EC_Q[]"] {
        assert!(header.text().contains(name), "{name} is missing in:\n{}", header.text());
    }
    // A label is kept where the same certificate comes without one, too.
    let same = ta_codegen_with(["--header", "-q", "--label", &home, text(&fixture("ca-rsa2048.crt"))]).expect_status(0);
    assert!(same.text().contains("home_ca_DN[]") && !same.text().contains("TA1"), "{}", same.text());
    let tasmota = folder.path().join("include");
    ta_codegen_with(["--c-header", "-q", "--label", &home, "--out-dir", text(&tasmota)]).expect_status(0);
    assert!(read_text(tasmota.join("local_ca_data.h")).contains("PROGMEM home_ca_RSA_N[]"));
    assert!(read_text(tasmota.join("local_ca_descriptor.h")).contains("sizeof home_ca_RSA_N"));
    for (labels, words) in [
        (["a=FILE", "a=FILE2"], "twice"),
        (["TA1=FILE", "b c=FILE2"], "no name in C"),
        (["=FILE", "a=FILE2"], "NAME=FILE"),
        (["TA3=FILE", "x=FILE2"], "twice"),
    ] {
        let labels = labels.map(|label| label.replace("FILE2", text(&two)).replace("FILE", text(&fixture("ca-rsa2048.crt"))));
        let arguments = ["--header", "--label", &labels[0], "--label", &labels[1], text(&expired), text(&two)];
        ta_codegen_with(arguments).expect_status(2).expect_stderr(&[words]);
    }
    ta_codegen_with(["--brssl", "--label", &home]).expect_status(2).expect_stderr(&["--label", "--header"]);
}

#[test]
fn what_names_nothing_is_a_typing_error() {
    let ca = fixture("ca-rsa2048.crt");
    for (options, words) in [
        (["--subject", "No Such CA"], &["No Such CA", "names none of the 1 certificates"][..]),
        (["--sha256", "00000000"], &["00000000", "names none"]),
        (["--exclude", "MyCA"], &["leaves out all"]),
        (["--exclude", "MyC A"], &["exclude `MyC A`", "names none of the 1 certificates"]),
    ] {
        let refused = ta_codegen_with(["--header", options[0], options[1], text(&ca)]).expect_status(1);
        assert!(refused.stdout.is_empty());
        refused.expect_stderr(words);
    }
    for (options, words) in [(["--sha256", "isrg"], "no fingerprint"), (["--subject", ""], "empty"), (["--exclude", ""], "empty")]
    {
        ta_codegen_with(["--header", options[0], options[1], text(&ca)]).expect_status(2).expect_stderr(&[words]);
    }
    ta_codegen_with(["--header", "--for-chain", "missing.pem", text(&ca)]).expect_status(2).expect_stderr(&["missing.pem"]);
}

/// A build script chooses the same.
#[test]
fn the_builder_chooses_the_same() {
    let folder = temporary_folder();
    let bundle = bundle(folder.path());
    let selection = Selection {
        subjects: vec!["digicert".into()],
        sha256: vec!["96bcec06".into()],
        exclude: vec!["assured id".into()],
        unexpired: true,
        for_chain: None,
    };
    ta_codegen::Builder::new()
        .certificates(&bundle)
        .labelled_certificates("home_ca", fixture("ca-rsa2048.crt"))
        .select(Selection { subjects: vec!["digicert".into(), "MyCA".into()], ..selection })
        .c_header("include")
        .out_dir(folder.path())
        .generate()
        .expect("a choice");
    let home = format!("home_ca={}", text(&fixture("ca-rsa2048.crt")));
    let out = folder.path().join("command");
    let arguments =
        ["--c-header", "-q", "--subject", "digicert", "--subject", "MyCA", "--sha256", "96bcec06", "--exclude", "assured id"];
    let more = ["--unexpired", "--label", &home, "--out-dir", text(&out), text(&bundle)];
    ta_codegen_with(arguments.into_iter().chain(more)).expect_status(0);
    for file in ["local_ca_data.h", "local_ca_descriptor.h"] {
        assert_eq!(read_text(folder.path().join("include").join(file)), read_text(out.join(file)));
    }
    assert!(read_text(out.join("local_ca_data.h")).contains("home_ca_DN"));
}
