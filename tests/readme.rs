//! README.md: its commands run, its Rust is compiled, its tables are compared with what they describe.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ta_codegen::bearssl;

use crate::markdown::{blocks, shell, steps};
use crate::support::{project, read_text, require, run, temporary_folder, write};

/// One of the two commands for a fresh machine. It runs this very test, so `.ci/run` runs it instead.
const RUN_ALL_TESTS: &str = "cargo test --workspace\n";

/// What the commands of README work on, as a reader would have it: two CAs, a broker under the first, a device key with its
/// certificate, Mosquitto's settings, a directory of CAs.
const READERS_FILES: &str = r#"
authority() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.crt" -days 3650 -subj "/O=My home/CN=My home $1" \
        -addext keyUsage=critical,keyCertSign,cRLSign
}
issue() {
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 -extfile "$1.ext" -out "$1.crt"
}
authority ca
authority new-ca
cp ca.crt old-ca.crt
mkdir certs
cp ca.crt new-ca.crt certs

openssl req -newkey rsa:2048 -nodes -keyout broker.key -out broker.csr -subj /CN=mqtt.example.com
echo "subjectAltName=DNS:mqtt.example.com" > broker.ext
issue broker
cat broker.crt ca.crt > broker-chain.crt

openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout device.key -out device.csr -subj /CN=device
printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n' > device.ext
issue device

printf 'listener 8883\ncertfile %s/broker.crt\nkeyfile %s/broker.key\nallow_anonymous true\n' "$PWD" "$PWD" > mosquitto.conf
"#;

/// The error numbers that users see and ask about.
const ERRORS: &[u16] = &[26, 28, 31, 34, 49, 50, 52, 54, 55, 56, 57, 58, 59, 60, 62, 296, 298, 299, 304];

fn readme() -> String {
    read_text(project().join("README.md"))
}

#[test]
fn each_command_runs() {
    let files = temporary_folder();
    require("openssl", "openssl");
    run(&mut shell(files.path(), READERS_FILES)).expect_status(0);
    let steps = steps(&readme());
    assert!(steps.len() > 10, "README has only {} blocks of commands", steps.len());
    for step in steps {
        if step.commands == RUN_ALL_TESTS {
            assert_checked_by_itself(step.commands.trim_end());
            continue;
        }
        let folder = temporary_folder();
        run(Command::new("cp").arg("-R").arg(files.path().join(".")).arg(folder.path())).expect_status(0);
        let place = if step.commands.starts_with("cargo ") { project() } else { folder.path().to_owned() };
        let outcome = run(&mut shell(&place, &step.commands));
        assert_eq!(outcome.status, 0, "README, line {}:\n{}\nsays:\n{}", step.line, step.commands, outcome.text());
        step.assert_shown(outcome.text());
    }
}

fn assert_checked_by_itself(command: &str) {
    let check = read_text(project().join(".ci/run"));
    assert!(check.lines().any(|line| line == command), ".ci/run does not run `{command}`");
}

#[test]
fn the_rust_of_readme_is_a_program() {
    let package = temporary_folder();
    let folder = package.path();
    let blocks = blocks(&readme());
    let settings = blocks.iter().filter(|block| block.language == "toml" && block.heading != "Rust: the macro");
    let settings: String = settings.map(|block| block.text.as_str()).collect();
    let [codegen, types] = ["ta-codegen", "ta-types"].map(|name| project().join(name));
    write(
        folder,
        "Cargo.toml",
        format!(
            "[package]\nname = \"readme\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n{settings}\n\
             [patch.crates-io]\nta-codegen = {{ path = {codegen:?} }}\nta-types = {{ path = {types:?} }}\n"
        ),
    );
    fs::copy(project().join("Cargo.lock"), folder.join("Cargo.lock")).expect("the project's lock file");
    let certificate = fs::read(project().join("fixtures/ca-rsa2048.crt")).expect("the fixture");
    for name in ["src", "certs"] {
        fs::create_dir(folder.join(name)).expect("a new folder");
    }
    write(folder, "ca.crt", &certificate);
    write(folder, "certs/ca.crt", &certificate);
    for block in blocks.iter().filter(|block| block.language == "rust") {
        let name = block.text.lines().next().and_then(|line| line.strip_prefix("// "));
        write(folder, name.expect("the first line of a Rust block names its file"), with_main(&block.text));
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--offline"]).current_dir(folder);
    let said = run(cargo.env("CARGO_TARGET_DIR", project().join("target/readme-test"))).expect_status(0);
    assert_eq!(said.text(), "1 1 1\n");
}

/// README shows what matters in `src/main.rs`; a program has a bit more.
fn with_main(text: &str) -> String {
    if !text.starts_with("// src/main.rs") {
        return text.to_owned();
    }
    format!(
        "{text}mod generated;\nmod roots;\n\nfn main() {{\n    \
         println!(\"{{}} {{}} {{}}\", ANCHORS.len(), generated::TRUST_ANCHORS.len(), roots::ROOTS.len());\n}}\n"
    )
}

#[test]
fn the_table_of_errors_is_the_doctors() {
    let mut table = "| number | name | usually because | then |\n|---|---|---|---|\n".to_owned();
    for &number in ERRORS {
        let error = bearssl::error(number).expect("an error of BearSSL's");
        table += &format!("| {number} | {} | {} | {} |\n", error.name, error.cause, error.cure);
    }
    assert!(readme().contains(&table), "README does not have this table of errors:\n{table}");
}

#[test]
fn the_table_of_dependencies_is_complete() {
    let readme = readme();
    let section = readme.split("\n## ").find(|section| section.starts_with("Dependencies\n")).expect("the section");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: BTreeSet<(String, String)> = rows.flat_map(names_and_users).collect();
    let used: BTreeSet<(String, String)> = manifests(&project()).iter().flat_map(|manifest| dependencies(manifest)).collect();
    let missing: Vec<_> = used.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(&used).collect();
    assert!(missing.is_empty() && stale.is_empty(), "README's dependencies lack {missing:?} and have {stale:?} too much");
}

/// Each dependency of a row of README's table with each crate that has it; the row's start is cut off.
fn names_and_users(row: &str) -> Vec<(String, String)> {
    let mut cells = row.split(" | ");
    let words = |cell: Option<&str>| -> Vec<String> {
        cell.unwrap_or_default().split(", ").map(|word| word.trim_matches('`').to_owned()).collect()
    };
    let (names, users) = (words(cells.next()), words(cells.next()));
    names.iter().flat_map(|name| users.iter().map(move |user| (name.clone(), user.clone()))).collect()
}

/// Every Cargo.toml below `folder`, but for what Cargo built.
fn manifests(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("a readable entry").path());
    entries
        .flat_map(|path| match path.file_name().and_then(|name| name.to_str()) {
            Some("Cargo.toml") => vec![path],
            Some("target" | ".git") => Vec::new(),
            _ if path.is_dir() && !path.is_symlink() => manifests(&path),
            _ => Vec::new(),
        })
        .collect()
}

/// The crates of others that the package of `manifest` depends on, each with the package's folder.
fn dependencies(manifest: &Path) -> Vec<(String, String)> {
    let folder = manifest.parent().and_then(|folder| folder.strip_prefix(project()).ok()).expect("a folder of the project");
    let user = folder.to_str().expect("a UTF-8 path").to_owned();
    let text = read_text(manifest);
    let mut is_dependencies = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') {
            is_dependencies = line.ends_with("dependencies]") && !line.starts_with("[workspace");
        } else if let Some((name, _)) = line.split_once([' ', '.', '=']).filter(|_| is_dependencies && !line.starts_with('#')) {
            // A crate in two versions goes by another name in one place.
            let name = line.split_once("package = \"").and_then(|(_, rest)| rest.split_once('"')).map_or(name, |(name, _)| name);
            let is_ours = name.starts_with("ta-") || name == "example-firmware";
            found.extend((!is_ours && !name.is_empty()).then(|| (name.to_owned(), user.clone())));
        }
    }
    found
}
