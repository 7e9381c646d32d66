//! `--depfile`: which files the output depends on, for Make, Ninja and CMake.

use std::path::{Path, PathBuf};

use ta_codegen::files::Output;

/// A rule of Make: the outputs on the left, on the right everything that was read.
pub(super) fn depfile(path: &Path, outputs: &[Output], inputs: &[PathBuf]) -> Output {
    let targets: Vec<String> = outputs.iter().map(|output| escaped(&output.path)).collect();
    let mut rule = targets.join(" ") + ":";
    for input in inputs {
        rule.push_str(" \\\n  ");
        rule.push_str(&escaped(input));
    }
    rule.push('\n');
    Output { path: path.to_owned(), content: rule }
}

/// Escapes what Make and Ninja read alike (GNU Make manual, "What Makefiles Look Like"; the Ninja manual has it from there), as gcc's -M
/// does. Make has wildcards, too, but Ninja would take a backslash before one for part of the name.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace('$', "$$").replace('#', "\\#").replace(' ', "\\ ")
}
