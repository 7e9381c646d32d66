//! No output may destroy what it is made of, or another output.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ta_codegen::files::place;

/// What to say where a file among the outputs is one of the inputs, or stands there twice.
pub(super) fn conflict<'a>(
    outputs: impl IntoIterator<Item = &'a Path>,
    inputs: impl IntoIterator<Item = &'a Path>,
) -> Option<String> {
    let inputs: HashSet<PathBuf> = inputs.into_iter().filter_map(place).collect();
    let mut taken = HashSet::new();
    for output in outputs {
        let Some(place) = place(output) else { continue };
        if inputs.contains(&place) {
            return Some(format!("{output:?} is read, and writing to it would destroy it; give the output another name"));
        }
        if !taken.insert(place) {
            return Some(format!("{output:?} is the place of two outputs; give each a name of its own"));
        }
    }
    None
}
