//! What a full disk, a forbidden folder, a strange output file or a sudden death leaves behind.
//!
//! `strace` makes the faults: it lets any chosen system call fail or end the run, so every point of a write is tried and not some.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Read as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, SystemTime},
};

use crate::support::{
    Outcome, fixture, read, read_text, require, require_file, run, ta_codegen, ta_codegen_with, temporary_folder, text, write,
};

const HEADERS: [&str; 2] = ["local_ca_data.h", "local_ca_descriptor.h"];

/// Sets of CAs whose headers differ: in the number of rows, in the type of a key, in a flag alone, in the arrays alone.
const SETS: [&[&str]; 5] = [
    &["ca-rsa2048.crt", "ca-p256.crt"],
    &["ca-p384.crt"],
    &["golden/a-seed1__server.crt"],
    &["golden/a-seed1__ca.crt"],
    &["ca-rsa2048.crt"],
];

fn paths(set: &[&str]) -> Vec<PathBuf> {
    set.iter().map(|name| fixture(name)).collect()
}

/// `ta-codegen` under `strace`, which applies `injection` to its system calls.
fn with_injection(injection: &str, arguments: &[&str], files: &[PathBuf]) -> Outcome {
    let program = ta_codegen();
    let mut strace = require("strace", "strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", injection]).arg(program.get_program());
    run(strace.args(arguments).args(files))
}

/// Writes the headers of a set as a run that nothing disturbs.
fn generate(folder: &Path, set: &[&str]) {
    run(ta_codegen().args(["-q", "--c-header", "--out-dir", text(folder)]).args(paths(set))).expect_status(0);
}

/// Both headers, where they are there.
fn headers_in(folder: &Path) -> [Option<String>; 2] {
    HEADERS.map(|name| fs::read_to_string(folder.join(name)).ok())
}

/// What a compiler makes of the headers: the preprocessed text without white space, or `None` where it refuses them.
///
/// Every array is named after its place, so arrays of one run and rows of another would compile; the text tells them apart.
fn compiled(folder: &Path) -> Option<String> {
    require_file("/usr/include/bearssl.h", "libbearssl-dev");
    let source = format!(
        "#include <bearssl.h>\n#define PROGMEM\n#include \"{}\"\nconst br_x509_trust_anchor Tasmota_TA[] = {{\n#include \"{}\"\n}};\n",
        HEADERS[0], HEADERS[1]
    );
    let path = write(folder, "table.c", source);
    let mut gcc = require("gcc", "gcc");
    let preprocess = run(gcc.args(["-std=c99", "-P", "-E", "-I", text(folder), text(&path)]));
    let compile = run(require("gcc", "gcc").args(["-std=c99", "-Wall", "-fsyntax-only", "-I", text(folder), text(&path)]));
    fs::remove_file(path).expect("the source goes away");
    (preprocess.status == 0 && compile.status == 0).then(|| preprocess.text().split_whitespace().collect())
}

/// The system calls of a write. Each is tried from its first use to its last, until a run goes through undisturbed.
const CALLS_OF_A_WRITE: [&str; 7] =
    ["openat", "write", "fsync", "fchmod", "rename,renameat,renameat2", "unlink,unlinkat", "close"];

/// Kills a run that turns the headers of `old` into those of `new` at each of its system calls, and gives the states that were left.
fn states_after_kills(old: Option<&[&str]>, new: &[&str]) -> BTreeSet<[Option<String>; 2]> {
    let mut states = BTreeSet::new();
    for call in CALLS_OF_A_WRITE {
        for count in 1.. {
            let folder = temporary_folder();
            old.iter().for_each(|old| generate(folder.path(), old));
            let injection = format!("inject={call}:signal=KILL:when={count}");
            let outcome = with_injection(&injection, &["-q", "--c-header", "--out-dir", text(folder.path())], &paths(new));
            states.insert(headers_in(folder.path()));
            if outcome.status == 0 {
                break;
            }
            assert!(count < 500, "{call} has no end");
        }
    }
    states
}

fn place(folder: &Path, state: &[Option<String>; 2]) {
    for (name, content) in HEADERS.iter().zip(state) {
        content.iter().for_each(|content| drop(write(folder, name, content)));
    }
}

#[test]
fn a_killed_run_leaves_the_old_headers_or_the_new_ones() {
    let [reference, folder] = [temporary_folder(), temporary_folder()];
    for [old, new] in [[SETS[0], SETS[1]], [SETS[1], SETS[0]], [SETS[2], SETS[3]], [SETS[3], SETS[4]]] {
        let whole = [old, new].map(|set| {
            generate(reference.path(), set);
            compiled(reference.path()).expect("whole headers compile")
        });
        let states = states_after_kills(Some(old), new);
        let mut seen = BTreeSet::new();
        for state in &states {
            assert!(state.iter().all(Option::is_some), "{old:?} to {new:?}: a header is missing");
            place(folder.path(), state);
            let text = compiled(folder.path()).expect("headers compile whenever a run is killed");
            assert!(whole.contains(&text), "{old:?} to {new:?}: neither the old nor the new anchors:\n{text}");
            seen.insert(text);
            // The next run makes of it what it makes of nothing.
            for next in [old, new, SETS[4]] {
                place(folder.path(), state);
                generate(folder.path(), next);
                generate(reference.path(), next);
                assert_eq!(headers_in(folder.path()), headers_in(reference.path()));
            }
        }
        assert_eq!(seen.len(), 2, "{old:?} to {new:?}: kills before and after the change were tried");
    }
}

#[test]
fn kills_of_one_run_after_another_leave_no_mixture() {
    let reference = temporary_folder();
    let whole: Vec<String> = SETS[..3]
        .iter()
        .map(|set| {
            generate(reference.path(), set);
            compiled(reference.path()).expect("whole headers compile")
        })
        .collect();
    // The renames of one write are five at the most.
    for first in 1..=5 {
        for second in 1..=5 {
            let folder = temporary_folder();
            generate(folder.path(), SETS[0]);
            for (set, count) in [(SETS[1], first), (SETS[2], second)] {
                let injection = format!("inject=rename,renameat,renameat2:signal=KILL:when={count}");
                with_injection(&injection, &["-q", "--c-header", "--out-dir", text(folder.path())], &paths(set));
                let text = compiled(folder.path()).expect("headers compile whenever a run is killed");
                assert!(whole.contains(&text), "killed at rename {first}, then at {second}");
            }
        }
    }
}

/// `ta-codegen` begun under `strace`, which holds it up for a second before its rename of this number.
fn begin_and_hold(rename: u32, folder: &Path, set: &[&str]) -> Child {
    let program = ta_codegen();
    let mut strace = require("strace", "strace");
    let injection = format!("inject=rename,renameat,renameat2:delay_enter=1000000:when={rename}");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &injection]).arg(program.get_program());
    strace.args(["-q", "--c-header", "--out-dir", text(folder)]).args(paths(set)).spawn().expect("strace runs")
}

#[test]
fn two_runs_at_once_write_one_after_the_other() {
    let reference = temporary_folder();
    generate(reference.path(), SETS[1]);
    let first = headers_in(reference.path());
    generate(reference.path(), SETS[2]);
    let second = headers_in(reference.path());

    let folder = temporary_folder();
    generate(folder.path(), SETS[0]);
    let mut held = begin_and_hold(4, folder.path(), SETS[1]);
    while headers_in(folder.path())[1] != first[1] {
        assert!(held.try_wait().expect("a child").is_none(), "the first run is over before its last rename");
    }
    generate(folder.path(), SETS[2]);
    assert!(held.wait().expect("a child").success());
    assert_eq!(headers_in(folder.path()), second);
}

#[test]
fn a_folder_that_stays_locked_is_an_error() {
    let folder = temporary_folder();
    let locked = File::open(folder.path()).expect("a folder");
    locked.lock().expect("a lock");
    let ca = fixture("ca-p384.crt");
    let headers = ["-q", "--c-header", "--out-dir", text(folder.path()), text(&ca)];
    ta_codegen_with(headers).expect_status(2).expect_stderr(&["local_ca_data.h", "locked for ten seconds"]);
    assert_eq!(headers_in(folder.path()), [None, None]);
    drop(locked);
    ta_codegen_with(headers).expect_status(0);
}

#[test]
fn a_killed_first_run_leaves_nothing_that_compiles_or_everything() {
    let folder = temporary_folder();
    generate(folder.path(), SETS[0]);
    let whole = compiled(folder.path());
    for state in states_after_kills(None, SETS[0]) {
        let folder = temporary_folder();
        place(folder.path(), &state);
        let text = compiled(folder.path());
        assert!(text.is_none() || text == whole);
    }
}

#[test]
fn a_killed_run_leaves_a_single_file_old_or_new() {
    for mode in ["--brssl", "--rust"] {
        let new = ta_codegen_with(["-q", mode, text(&fixture("ca-p384.crt"))]).expect_status(0).stdout;
        for call in CALLS_OF_A_WRITE {
            for count in 1.. {
                let folder = temporary_folder();
                let out = write(folder.path(), "out", "from before");
                let injection = format!("inject={call}:signal=KILL:when={count}");
                let outcome = with_injection(&injection, &["-q", mode, "-o", text(&out)], &paths(&["ca-p384.crt"]));
                let content = read(&out);
                assert!(content == b"from before" || content == new, "{mode}, {call} {count}");
                if outcome.status == 0 {
                    assert_eq!(content, new);
                    break;
                }
            }
        }
    }
}

/// What fails, at its first use in the output folder and at each later one: exit status 2, the reason, everything as it was.
#[test]
fn a_fault_while_files_are_prepared_changes_nothing() {
    let faults = [
        ("write:error=ENOSPC", "no space left"),
        ("write:error=EDQUOT", "quota"),
        ("fsync:error=EIO", "input/output error"),
        ("openat:error=EROFS", "read-only"),
        ("openat:error=EMFILE", "too many open files"),
    ];
    for (fault, words) in faults {
        let mut failed = 0;
        for count in 1..200 {
            let folder = temporary_folder();
            generate(folder.path(), SETS[0]);
            let before = headers_in(folder.path());
            let log = temporary_folder();
            let log = log.path().join("log");
            let call = fault.split(':').next().expect("a system call");
            let program = ta_codegen();
            let mut strace = require("strace", "strace");
            strace.args(["-f", "-qq", "-o", text(&log), "-e", &format!("trace={call}")]);
            strace.args(["-e", &format!("inject={fault}:when={count}")]).arg(program.get_program());
            let outcome = run(strace.args(["-q", "--c-header", "--out-dir", text(folder.path())]).args(paths(SETS[1])));
            if !read_text(&log).contains("INJECTED") {
                outcome.expect_status(0);
                break;
            }
            // Some calls may fail without harm, such as the search for what killed runs left.
            if outcome.status == 0 {
                assert_ne!(headers_in(folder.path()), before);
                continue;
            }
            assert_eq!(headers_in(folder.path()), before, "{fault} at {count}");
            // A fault of the loader is not ours, nor is one that hits the message itself.
            if outcome.status == 2 && outcome.stderr.contains("cannot be written") {
                assert!(outcome.stderr.to_lowercase().contains(words), "{fault} at {count}: {}", outcome.stderr);
                failed += 1;
            }
            let names: BTreeSet<_> =
                fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
            assert_eq!(names.len(), 2, "{fault} at {count}: no temporary file is left: {names:?}");
        }
        assert!(failed >= 2, "{fault}: failed {failed} times");
    }
}

/// Runs `ta-codegen` as a user who may not write everywhere; root may.
fn as_nobody(folder: &Path) -> Command {
    let program = ta_codegen();
    let is_root = run(require("id", "coreutils").arg("-u")).text().trim() == "0";
    if !is_root {
        return program;
    }
    // The build folder may be closed to others, the temporary folder is not.
    let copy = folder.join("ta-codegen");
    fs::copy(program.get_program(), &copy).expect("a copy of the command");
    let mut command = require("setpriv", "util-linux");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(copy);
    command
}

fn open_to_all(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
}

#[test]
fn a_read_only_folder_is_an_error_and_changes_nothing() {
    let folder = temporary_folder();
    open_to_all(folder.path(), 0o755);
    let out = folder.path().join("include");
    generate(&out, SETS[0]);
    open_to_all(&out, 0o555);
    let before = headers_in(&out);
    let ca = write(folder.path(), "ca.crt", read(fixture("ca-p384.crt")));
    let say = |arguments: &[&str]| run(as_nobody(folder.path()).args(arguments).arg(&ca));
    say(&["--c-header", "--out-dir", text(&out)]).expect_status(2).expect_stderr(&["local_ca_", "permission denied"]);
    say(&["--brssl", "-o", text(&out.join("new.h"))]).expect_status(2).expect_stderr(&["new.h", "permission denied"]);
    say(&["--c-header", "--out-dir", text(&out.join("new"))]).expect_status(2).expect_stderr(&["new", "permission denied"]);
    say(&["--c-header", "--check", "--out-dir", text(&out)]).expect_status(1).expect_stderr(&["would change"]);
    assert_eq!(headers_in(&out), before);
}

#[test]
fn a_file_size_limit_is_an_error_and_changes_nothing() {
    let folder = temporary_folder();
    generate(folder.path(), SETS[0]);
    let before = headers_in(folder.path());
    let program = ta_codegen();
    let files = paths(&["golden/g-own__two-cas.crt"]);
    for (trap, status) in [("trap '' XFSZ", 2), (":", -1)] {
        let mut shell = require("sh", "dash");
        let script = format!("{trap}; ulimit -f 1; ulimit -c 0; exec \"$0\" \"$@\"");
        shell.args(["-c", &script]).arg(program.get_program()).args(["-q", "--c-header", "--out-dir", text(folder.path())]);
        let outcome = run(shell.args(&files)).expect_status(status);
        assert!(status == -1 || outcome.stderr.contains("File too large"), "{}", outcome.stderr);
        assert_eq!(headers_in(folder.path()), before);
    }
}

#[test]
fn what_a_link_leads_to_is_written_and_the_link_stays() {
    let folder = temporary_folder();
    let real = folder.path().join("real");
    fs::create_dir(&real).expect("a folder");
    let expected = ta_codegen_with(["-q", "--brssl", text(&fixture("ca-p384.crt"))]).expect_status(0).stdout;
    write(&real, "there.h", "from before");
    for (link, target) in [("to-a-file.h", "real/there.h"), ("to-nothing.h", "real/new.h"), ("to-a-link.h", "to-nothing-yet.h")] {
        symlink(target, folder.path().join(link)).expect("a link");
    }
    symlink("real/newer.h", folder.path().join("to-nothing-yet.h")).expect("a link");
    for (link, target) in [("to-a-file.h", "there.h"), ("to-nothing.h", "new.h"), ("to-a-link.h", "newer.h")] {
        let link = folder.path().join(link);
        ta_codegen_with(["-q", "--brssl", "-o", text(&link), text(&fixture("ca-p384.crt"))]).expect_status(0);
        assert!(link.is_symlink(), "{} is still a link", link.display());
        assert_eq!(read(real.join(target)), expected);
    }
    let circle = folder.path().join("circle.h");
    symlink("circle.h", &circle).expect("a link");
    let outcome = ta_codegen_with(["-q", "--brssl", "-o", text(&circle), text(&fixture("ca-p384.crt"))]).expect_status(2);
    outcome.expect_stderr(&["circle.h", "symbolic link"]);
    assert!(circle.is_symlink());
}

#[test]
fn a_folder_in_the_place_of_a_file_is_an_error() {
    let folder = temporary_folder();
    for mode in ["--brssl", "--rust"] {
        let outcome = ta_codegen_with(["-q", mode, "-o", text(folder.path()), text(&fixture("ca-p384.crt"))]);
        outcome.expect_status(2).expect_stderr(&[text(folder.path()), "is a directory"]);
    }
    let file = write(folder.path(), "file", "");
    let outcome = ta_codegen_with(["-q", "--c-header", "--out-dir", text(&file), text(&fixture("ca-p384.crt"))]);
    outcome.expect_status(2).expect_stderr(&["file"]);
}

#[test]
fn a_fifo_gets_the_output_and_stays() {
    let folder = temporary_folder();
    let fifo = folder.path().join("fifo");
    run(require("mkfifo", "coreutils").arg(&fifo)).expect_status(0);
    let expected = ta_codegen_with(["-q", "--brssl", text(&fixture("ca-p384.crt"))]).expect_status(0).stdout;
    let reader = fifo.clone();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        File::open(reader).and_then(|mut fifo| fifo.read_to_end(&mut bytes)).expect("the output");
        bytes
    });
    ta_codegen_with(["-q", "--brssl", "-o", text(&fifo), text(&fixture("ca-p384.crt"))]).expect_status(0);
    assert_eq!(reader.join().expect("the reader ends"), expected);
    let kind = run(require("stat", "coreutils").args(["-c", "%F", text(&fifo)])).expect_status(0);
    assert_eq!(kind.text().trim(), "fifo");
}

#[test]
fn permissions_of_a_file_stay() {
    let folder = temporary_folder();
    let out = write(folder.path(), "out.h", "from before");
    open_to_all(&out, 0o640);
    ta_codegen_with(["-q", "--brssl", "-o", text(&out), text(&fixture("ca-p384.crt"))]).expect_status(0);
    assert_eq!(fs::metadata(&out).expect("metadata").permissions().mode() & 0o7777, 0o640);
}

#[test]
fn what_a_killed_run_left_goes_away_after_an_hour() {
    let folder = temporary_folder();
    let aged = |name: &str, seconds: u64| {
        let path = write(folder.path(), name, "left behind");
        let then = SystemTime::now() - Duration::from_secs(seconds);
        File::options().write(true).open(&path).and_then(|file| file.set_modified(then)).expect("a time of change");
        path
    };
    let left = aged(".ta-codegen-aB3xYz.tmp", 4000);
    let kept = [aged(".ta-codegen-Qq9rSt.tmp", 3000), aged("ta-codegen-notes.tmp", 9000), aged(".ta-codegen-notes", 9000)];
    generate(folder.path(), SETS[0]);
    assert!(!left.exists());
    kept.iter().for_each(|path| assert_eq!(read_text(path), "left behind"));
}
