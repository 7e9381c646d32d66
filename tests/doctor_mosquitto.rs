//! The doctor on `mosquitto.conf`, its files and its cipher lists, against the real Mosquitto and the real OpenSSL.

use std::collections::BTreeSet;
use std::path::Path;

use ta_codegen::doctor::{Broker, cipher_suites};

use crate::doctor::{doctor_with, scenario};
use crate::handshakes::scenarios;
use crate::mosquitto::{Mosquitto, daemon, free_port};
use crate::support;

/// Mosquitto and the doctor on the same settings: each has to start or to refuse like the other.
#[test]
fn doctor_refuses_the_settings_that_mosquitto_refuses() {
    let scenarios = scenarios();
    let good = scenario(&scenarios, "A1");
    let other_key = &scenario(&scenarios, "D4").settings;
    let key = good.settings.lines().find(|line| line.starts_with("keyfile")).expect("a keyfile").to_owned();
    let wrong_key = other_key.lines().find(|line| line.starts_with("keyfile")).expect("a keyfile").to_owned();
    let with = |line: &str| format!("{}{line}\n", good.settings);
    let folder = support::temporary_folder();
    let included = |line: &str| {
        let directory = tempfile::tempdir_in(&folder).expect("a folder").keep();
        support::write(&directory, "included.conf", format!("{line}\n"));
        format!("include_dir {}", directory.display())
    };
    let settings = [
        with(""),
        with("tls_version tlsv1.1"),
        with("tls_version TLSv1.2"),
        with("tls_version"),
        with("ciphers FOO"),
        with("ciphers FOO:ECDHE"),
        with("ciphers DEFAULT:@SECLEVEL=9"),
        with("ciphers DEFAULT:@SECLEVEL=3"),
        with("ciphers !ECDSA"),
        with("ciphers ECDHE RSA"),
        with("ciphers_tls1.3 FOO"),
        with("ciphers_tls1.3 FOO:TLS_AES_128_GCM_SHA256"),
        with("capath /nonexistent"),
        with("crlfile /nonexistent"),
        with("require_certificate yes"),
        with("require_certificate 1"),
        with("use_identity_as_username true"),
        with("no_such_option 1"),
        with("\tallow_anonymous true"),
        with("   allow_anonymous true   "),
        with("# a comment"),
        with("  # no comment, for it is indented"),
        with("\t# no comment either"),
        with("\t"),
        with("require_certificate true # what follows is not looked at"),
        with("allow_anonymous maybe"),
        with("allow_anonymous"),
        with("allow_anonymous true\t"),
        with("persistence \"true\""),
        with("listener 0"),
        with("listener"),
        with("listener none"),
        with("listener 65536"),
        with("listener -1"),
        with("port 0"),
        with("include_dir"),
        with("include_dir /nonexistent"),
        with(&key),
        good.settings.replace(&key, &wrong_key),
        good.settings.replace("cafile ", "cafile /nonexistent"),
        good.settings.replace("certfile ", "certfile /nonexistent"),
        good.settings.replace("certfile ", "certfile  \t"),
        good.settings.replace("certfile ", "certfile\t"),
        good.settings.replace(&key, "keyfile /nonexistent"),
        good.settings.replace(&key, "keyfile /tmp"),
        good.settings.replace(&key, "keyfile /dev/null"),
        good.settings.replace(&key, &format!("keyfile {}", support::text(&good.anchors[0]))),
        // Without a key Mosquitto serves plainly, and looks at nothing of this.
        good.settings.replace(&key, "ciphers FOO\ntls_version tlsv9\ncrlfile /nonexistent\nciphers_tls1.3 FOO"),
        with(&format!("listener {} 127.0.0.1\ncertfile /nonexistent\nciphers FOO", free_port())),
        with(&format!("listener {} 127.0.0.1\nkeyfile /nonexistent", free_port())),
        with(&format!("listener {}abc 127.0.0.1", free_port())),
        with(&format!("listener {} 127.0.0.1\ncertfile /nonexistent\nkeyfile /nonexistent", free_port())),
        with(&included("include_dir /nonexistent")),
        with(&included("no_such_option 1")),
        with(
            "connection b\naddress 127.0.0.1:1\ntopic # both\nremote_username u\nremote_password p\nlocal_username u\nlocal_password p",
        ),
        with("password_file /nonexistent"),
        with("password_file /dev/null"),
        with("password_file /dev/null\npassword_file /dev/null"),
        with(&format!("password_file /dev/null\nlistener {} 127.0.0.1\npassword_file /dev/null", free_port())),
        with("acl_file /nonexistent"),
        with("acl_file"),
        with("psk_file /nonexistent"),
        with("dhparamfile /nonexistent"),
        with(&format!("dhparamfile {}", support::text(&good.anchors[0]))),
        with(&format!("listener {} 127.0.0.1\ndhparamfile /nonexistent", free_port())),
        with("per_listener_settings true"),
        with("per_listener_settings false"),
        with("per_listener_settings maybe"),
        with(&included("per_listener_settings true")),
        with("ciphers HIGH:!"),
        with("ciphers X:\"x\""),
        with("ciphers DEFAULT/x"),
        with("ciphers DEFAULT:@SECLEVEL=01"),
    ];
    for settings in settings {
        let text = format!("allow_anonymous true\nlistener 8883 127.0.0.1\n{settings}");
        let configuration = support::write(folder.path(), "mosquitto.conf", text);
        let broker = Broker::from_mosquitto_conf(&configuration, Vec::new(), None).expect("a configuration");
        let refusals = broker.startup_refusals();
        let log = Mosquitto::try_start(&settings).err();
        assert_eq!(refusals.is_empty(), log.is_none(), "\n{settings}\ndoctor: {refusals:?}\nmosquitto: {log:?}");
    }
}

/// Whatever word in Mosquitto's program may be an option is tried with both. The last line keeps Mosquitto from starting.
#[test]
fn the_doctor_knows_the_options_that_mosquitto_knows() {
    let program = support::read(Path::new(daemon().get_program()));
    let is_letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.');
    let words = program.split(|byte| !is_letter(byte)).filter(|word| (4..40).contains(&word.len()) && word.contains(&b'_'));
    let words: BTreeSet<_> = words.filter_map(|word| std::str::from_utf8(word).ok()).collect();
    assert!(words.contains("remote_username") && words.contains("require_certificate"));
    let folder = support::temporary_folder();
    for word in words {
        let configuration = support::write(folder.path(), "mosquitto.conf", format!("{word} x\nno_such_option 1\n"));
        let log = support::run(daemon().arg("-c").arg(&configuration)).expect_status(3).stderr;
        let broker = Broker::from_mosquitto_conf(&configuration, Vec::new(), None).expect("a configuration");
        let said = broker.startup_refusals().join("\n");
        let [mosquitto, doctor] =
            [(&log, "variable"), (&said, "option")].map(|(said, kind)| said.contains(&format!("{kind} \"{word}\"")));
        assert_eq!(doctor, mosquitto, "{word}\n{log}\n{said}");
    }
}

/// Settings that count in their order or by their port, as the whole of a configuration.
#[test]
fn listeners_and_their_settings_get_in_each_others_way() {
    let [port, other] = [free_port(), free_port()];
    let per_listener = "per_listener_settings true\n";
    let with_password =
        format!("listener {port} 127.0.0.1\npassword_file /dev/null\nlistener {other} 127.0.0.1\npassword_file /dev/null\n");
    let folder = support::temporary_folder();
    for (text, refused) in [
        (format!("listener {port} 127.0.0.1\nlistener {other} 127.0.0.1\n"), false),
        (format!("listener {port} 127.0.0.1\nlistener {port} 127.0.0.1\n"), true),
        (format!("listener {port}\nlistener {port} 127.0.0.1\n"), true),
        (format!("listener {port} 127.0.0.2\nlistener {port} 127.0.0.1\n"), false),
        (format!("bind_address 127.0.0.2\nport {port}\nlistener {port} 127.0.0.1\n"), false),
        (with_password.clone(), true),
        (format!("{per_listener}{with_password}"), false),
        (format!("listener {port} 127.0.0.1\nmax_connections 9\n{per_listener}"), false),
        (format!("listener {port} 127.0.0.1\nauto_id_prefix x\n{per_listener}"), true),
        (format!("auto_id_prefix x\nper_listener_settings false\nlistener {port} 127.0.0.1\n"), false),
    ] {
        let text = format!("user root\nlog_dest stderr\n{text}");
        let configuration = support::write(folder.path(), "mosquitto.conf", &text);
        let mut timed = support::require("timeout", "coreutils");
        timed.arg("0.5").arg(daemon().get_program()).arg("-c").arg(&configuration);
        let run = support::run(&mut timed);
        let broker = Broker::from_mosquitto_conf(&configuration, Vec::new(), None).expect("a configuration");
        let refusals = broker.startup_refusals();
        const STOPPED_BY_TIMEOUT: i32 = 124;
        assert_eq!(run.status != STOPPED_BY_TIMEOUT, refused, "{text}{}", run.stderr);
        assert_eq!(!refusals.is_empty(), refused, "{text}{refusals:?}");
    }
}

/// What looks right in mosquitto.conf and is not: Mosquitto refuses the first three and finds no CA with the last.
#[test]
fn slips_of_the_pen_in_mosquitto_conf_are_called_by_their_names() {
    let scenarios = scenarios();
    let good = scenario(&scenarios, "A1");
    let folder = support::temporary_folder();
    let capath = folder.path().join("ca");
    std::fs::create_dir(&capath).expect("our own folder");
    support::write(&capath, "ca.crt", support::read(&good.anchors[0]));
    let certfile = good.settings.lines().find_map(|line| line.strip_prefix("certfile ")).expect("a certfile").to_owned();
    let hashed = format!("{}capath {}\n", without(&good.settings, "cafile"), support::text(&capath));
    for (settings, words, starts) in [
        (good.settings.replace("certfile ", "certfile\t"), "a tab stands beside \"certfile\"", false),
        (good.settings.replace(&certfile, &format!("\"{certfile}\"")), "neither quotation marks nor comments", false),
        (good.settings.replace(&certfile, &format!("{certfile} # the chain")), "neither quotation marks nor comments", false),
        (hashed, "`openssl rehash", true),
    ] {
        let log = Mosquitto::try_start(&settings).err();
        assert_eq!(log.is_none(), starts, "{settings}{log:?}");
        let configuration = support::write(folder.path(), "mosquitto.conf", format!("listener 8883\n{settings}"));
        let said = doctor_with(good, &["--mosquitto-conf", support::text(&configuration), "--target", "tasmota-rsa"]);
        assert!(said.text().contains(words), "{words} is missing in {}", said.text());
        assert_eq!(said.text().contains("the broker refuses to start"), !starts, "{}", said.text());
    }
}

/// Mosquitto answers a device that knows no pre-shared key with alert 40.
#[test]
fn a_listener_with_pre_shared_keys_refuses_the_handshake() {
    let scenarios = scenarios();
    let good = scenario(&scenarios, "A1");
    let settings = "psk_hint hint\npsk_file /dev/null\n";
    let broker = Mosquitto::start(settings);
    let port = broker.port().to_string();
    let folder = support::temporary_folder();
    let configuration = support::write(folder.path(), "mosquitto.conf", format!("listener 8883\n{settings}"));
    for more in [["--connect", &format!("127.0.0.1:{port}")], ["--mosquitto-conf", support::text(&configuration)]] {
        let said = doctor_with(good, &[&more[..], &["--target", "tasmota-rsa"]].concat()).expect_status(1);
        assert!(said.text().contains("error 296"), "{}", said.text());
    }
}

/// OpenSSL reads fewer forms of PEM than this project: whatever Mosquitto does not start with has to be said.
#[test]
fn the_doctor_refuses_the_files_that_openssl_does_not_read() {
    let scenarios = scenarios();
    let good = scenario(&scenarios, "A1");
    let file = |name: &str| {
        let line = good.settings.lines().find_map(|line| line.strip_prefix(name)).expect("a setting").trim();
        (line.to_owned(), support::read_text(line))
    };
    let [(certfile, certificate), (keyfile, key)] = ["certfile", "keyfile"].map(file);
    let folder = support::temporary_folder();
    let new = folder.path().join("new.pem");
    let from = |arguments: &[&str]| support::openssl(arguments.iter().copied());
    let keys = [
        (from(&["pkey", "-in", &keyfile, "-outform", "DER"]), "openssl pkey -inform DER"),
        (from(&["pkey", "-in", &keyfile, "-pubout"]), "no private key"),
        (from(&["pkcs8", "-topk8", "-in", &keyfile, "-passout", "pass:secret"]), "openssl pkey -in"),
        (from(&["rsa", "-in", &keyfile, "-traditional", "-aes128", "-passout", "pass:secret"]), "openssl pkey -in"),
        (from(&["rsa", "-in", &keyfile, "-traditional"]), ""),
        (certificate.clone().into_bytes(), "a certificate and no private key"),
        (format!("{certificate}{key}").into_bytes(), ""),
        (format!("{key}-----BEGIN X-----\n").into_bytes(), ""),
    ];
    for (bytes, words) in keys.into_iter().chain(forms(&key)) {
        compare_with_mosquitto(&good.settings.replace(&keyfile, support::text(&new)), &new, &bytes, words);
    }
    let certificates = [(from(&["x509", "-in", &certfile, "-outform", "DER"]), "openssl x509 -inform DER")];
    for (bytes, words) in certificates.into_iter().chain(forms(&certificate)) {
        compare_with_mosquitto(&good.settings.replace(&certfile, support::text(&new)), &new, &bytes, words);
        compare_with_mosquitto(
            &format!("{}cafile {}\n", without(&good.settings, "cafile"), support::text(&new)),
            &new,
            &bytes,
            words,
        );
    }
}

fn without(settings: &str, name: &str) -> String {
    settings.lines().filter(|line| !line.starts_with(name)).map(|line| format!("{line}\n")).collect()
}

/// A PEM file in forms that are seen in the wild, and what the doctor has to say of those that OpenSSL refuses.
fn forms(pem: &str) -> Vec<(Vec<u8>, &'static str)> {
    let body = |change: &dyn Fn(&str) -> String| {
        let lines: Vec<_> = pem.lines().collect();
        let [begin, body @ .., end] = &lines[..] else { panic!("a block") };
        format!("{begin}\n{}\n{end}\n", change(&body.join("\n"))).into_bytes()
    };
    let indented = pem.lines().map(|line| format!("  {line}\n")).collect::<String>();
    vec![
        (format!("\u{feff}{pem}").encode_utf16().flat_map(u16::to_le_bytes).collect(), "iconv -f UTF-16"),
        (indented.clone().into_bytes(), "line 1: BEGIN"),
        (format!("{pem}{indented}").into_bytes(), ""),
        (format!("Bag: {pem}").into_bytes(), "line 1: BEGIN"),
        (pem.replace("-----BEGIN", "-----Begin").into_bytes(), "line 1: BEGIN"),
        (pem.replace('\n', "\r").into_bytes(), "tr '\\r' '\\n'"),
        (pem.replace('\n', "\r\n").into_bytes(), ""),
        (format!("\u{feff}{pem}").into_bytes(), ""),
        (format!("some words\n{pem}").into_bytes(), ""),
        (body(&|body| format!("\n{body}")), ""),
        (body(&|body| body.replacen('\n', "\n\n", 1)), "an empty line"),
        (format!("{}{pem}", pem.trim_end()).into_bytes(), "the END line"),
        (format!("-----BEGIN X-----\nAAAA\n{pem}").into_bytes(), "the END line"),
    ]
}

/// The file `new` gets these bytes; `words` are for what Mosquitto refuses, none for what it takes.
fn compare_with_mosquitto(settings: &str, new: &Path, bytes: &[u8], words: &str) {
    std::fs::write(new, bytes).expect("our own file");
    let folder = support::temporary_folder();
    let configuration = support::write(folder.path(), "mosquitto.conf", format!("listener 8883\n{settings}"));
    let broker = Broker::from_mosquitto_conf(&configuration, Vec::new(), None).expect("a configuration");
    let said = broker.startup_refusals().join("\n");
    let log = Mosquitto::try_start(settings).err();
    let shown = String::from_utf8_lossy(bytes);
    assert_eq!(log.is_some(), !words.is_empty(), "Mosquitto: {log:?}\n{words}\n{shown}");
    assert_eq!(said.is_empty(), words.is_empty(), "{said}\n{shown}");
    assert!(said.contains(words), "{words} is missing in {said}");
}

#[test]
fn cipher_lists_are_read_as_openssl_reads_them() {
    let words = [
        "ECDHE",
        "ECDSA",
        "aRSA",
        "kRSA",
        "RSA",
        "AESGCM",
        "AES128",
        "AES256",
        "AES",
        "CHACHA20",
        "HIGH",
        "ALL",
        "SHA256",
        "SHA384",
        "SHA1",
        "SHA",
        "DHE",
        "kECDHE",
        "EECDH",
        "kEECDH",
        "EDH",
        "aNULL",
        "eNULL",
        "MD5",
        "3DES",
        "RC4",
        "MEDIUM",
        "PSK",
        "SRP",
        "CAMELLIA",
        "ARIA",
        "AESCCM",
        "AESCCM8",
        "TLSv1.2",
        "SSLv3",
        "TLSv1",
        "COMPLEMENTOFDEFAULT",
        "ECDH",
        "ADH",
        "AECDH",
        "DSS",
        "aECDSA",
        "FOO",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "AES128-GCM-SHA256",
        "DHE-RSA-AES256-SHA",
        "CBC",
        "ARIA128",
        "CAMELLIA256",
    ];
    let mut lists: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    for (position, word) in words.iter().enumerate() {
        let [second, third] = [7, 19].map(|step| words[(position + step) % words.len()]);
        lists.push(format!("ALL:!{word}"));
        lists.push(format!("DEFAULT:-{word}:{second}"));
        lists.push(format!("HIGH:+{word}:!{third}"));
        lists.push(format!("{word}+{second}:{third}"));
        lists.push(format!("{third} {word},{second};!aNULL:@STRENGTH"));
        lists.push(format!("DEFAULT:{word}:-{second}:ALL:!eNULL"));
    }
    lists.extend(
        [
            "DEFAULT@SECLEVEL=1",
            "DEFAULT:@SECLEVEL=9",
            "@STRENGTH",
            "!ALL",
            "ECDHE:!ECDHE:ECDHE",
            "DEFAULT:@FOO",
            "HIGH:!",
            "HIGH:-:RSA",
            "X:\"x\"",
            "FOO\"x",
            "FOO!RSA",
            "HIGH!RSA",
            "HIGH!RSA@STRENGTH",
            "HIGH/RSA",
            "DEFAULT/x",
            "DEFAULTX",
            "DEFAULT+RSA",
            "@SECLEVEL=01",
            "DEFAULT:@SECLEVEL=1x",
            "DEFAULT:@SECLEVEL=1@FOO",
            "FOO@FOO:HIGH",
            "HIGH+",
            "FOO+:HIGH",
            "HIGH+!RSA",
            "HIGH:!!RSA",
            "HIGH:@",
            "HIGH*",
            "HIGH:é",
            "HIGH:_x",
            "HIGH:a=b",
            ":;,HIGH",
            "HIGH:! RSA",
            "HIGH:@STRENGTH+FOO",
            "",
        ]
        .map(str::to_owned),
    );
    // A combination with this word is reported as not understood.
    lists.retain(|list| !list.contains("COMPLEMENTOFDEFAULT+") && !list.contains("+COMPLEMENTOFDEFAULT"));
    assert!(lists.len() > 300);
    for list in lists {
        let said = support::run(support::require("openssl", "openssl").args(["ciphers", &list]));
        let suites = cipher_suites(&list).ok().map(|suites| suites.join(":"));
        let tls12 = |text: &str| text.trim().split(':').filter(|name| !name.starts_with("TLS_")).collect::<Vec<_>>().join(":");
        let openssl = (said.status == 0).then(|| tls12(said.text()));
        assert_eq!(suites, openssl, "{list}");
    }
}
