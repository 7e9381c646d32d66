//! `--depfile`: which files the output depends on, for Make, Ninja and CMake.

use std::path::{Path, PathBuf};

use ta_codegen::files::Output;

/// A rule of Make: the outputs on the left, on the right everything that was read. What is wrong is for the user to hear.
pub(super) fn rule(path: &Path, outputs: &[Output], inputs: &[PathBuf]) -> Result<Output, String> {
    let targets: Vec<String> = outputs.iter().map(|output| escaped(&output.path)).collect::<Result<_, _>>()?;
    let mut content = targets.join(" ") + ":";
    for input in inputs {
        content.push_str(" \\\n  ");
        content.push_str(&escaped(input)?);
    }
    content.push('\n');
    Ok(Output { path: path.to_owned(), content })
}

/// Escapes what Make and Ninja read alike (GNU Make manual, "What Makefiles Look Like"; the Ninja manual has it from there), as gcc's -M
/// does. Make has wildcards, too, but Ninja would take a backslash before one for part of the name.
fn escaped(path: &Path) -> Result<String, String> {
    match path.to_str().filter(|path| !path.contains(char::is_control)) {
        Some(path) => Ok(path.replace('$', "$$").replace('#', "\\#").replace(' ', "\\ ")),
        None => Err(format!("{path:?} cannot stand in a rule of Make; --depfile needs names of printable UTF-8")),
    }
}
