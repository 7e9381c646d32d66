//! The fenced blocks of a Markdown page, and running those that hold commands.
//!
//! In this project's pages a block marked `sh` is run by a test. One marked `text` that follows it without a word between shows lines of
//! what it prints; any other is shown only.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{require, ta_codegen};

/// A fenced block.
pub(crate) struct Block {
    /// The nearest heading above, without its `#`.
    pub(crate) heading: String,
    /// What stands behind the opening fence.
    pub(crate) language: String,
    /// The line of the opening fence, counted from one.
    pub(crate) line: usize,
    /// What is between the fences.
    pub(crate) text: String,
    /// Whether nothing but blank lines lies between it and the block before.
    follows: bool,
}

/// A block of commands, and the lines the page shows of their output.
pub(crate) struct Step {
    pub(crate) heading: String,
    pub(crate) line: usize,
    pub(crate) commands: String,
    shown: String,
}

/// All fenced blocks of `page`, in order.
#[track_caller]
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let (mut heading, mut follows) = ("", false);
    for (index, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some("")) => {
                blocks.extend(open.take());
                follows = true;
            }
            (Some(block), _) => block.text.extend([line, "\n"]),
            (None, Some(language)) => {
                let (heading, language) = (heading.to_owned(), language.to_owned());
                open = Some(Block { heading, language, line: index + 1, text: String::new(), follows });
            }
            (None, None) => {
                follows &= line.is_empty();
                if line.starts_with('#') {
                    heading = line.trim_start_matches('#').trim();
                }
            }
        }
    }
    assert!(open.is_none(), "a fenced block of the page is not closed");
    blocks
}

/// The blocks of commands of `page`, each with the block of output behind it.
#[track_caller]
pub(crate) fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for Block { heading, language, line, text, follows } in blocks(page) {
        match (language.as_str(), steps.last_mut()) {
            ("sh", _) => steps.push(Step { heading, line, commands: text, shown: String::new() }),
            ("text", Some(step)) if follows => step.shown = text,
            _ => {}
        }
    }
    steps
}

impl Step {
    /// Fails unless each line that the page shows is a line of what was printed, in that order.
    #[track_caller]
    pub(crate) fn assert_shown(&self, printed: &str) {
        let mut lines = printed.lines();
        for expected in self.shown.lines() {
            let is_printed = lines.any(|line| line.trim() == expected.trim());
            assert!(is_printed, "the block in line {} of the page does not print `{expected}`, but:\n{printed}", self.line);
        }
    }
}

/// A shell in `folder` that finds the `ta-codegen` under test, and stops at the first command that fails.
pub(crate) fn shell(folder: &Path, script: &str) -> Command {
    let mut shell = require("bash", "bash");
    // What goes to standard error belongs between the lines of standard output, as a reader sees it.
    shell
        .args(["-e", "-u", "-o", "pipefail", "-c", &format!("exec 2>&1\n{script}")])
        .current_dir(folder)
        .env("PATH", search_path());
    // What Cargo tells a test about itself is not what a reader's shell has.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_") && name != "CARGO_HOME") {
            shell.env_remove(name);
        }
    }
    shell
}

/// The folder of the command under test, then those of the system; daemons lie in /usr/sbin.
fn search_path() -> OsString {
    let command = PathBuf::from(ta_codegen().get_program());
    let mut folders = vec![command.parent().expect("a program lies in a folder").to_owned()];
    folders.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    folders.push("/usr/sbin".into());
    env::join_paths(folders).expect("no folder's name has a colon")
}
