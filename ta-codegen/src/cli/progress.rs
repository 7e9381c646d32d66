//! A sign of life from runs that take longer than a second.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::input::STANDARD_INPUT;
use super::output::{shown, tell};

/// Below this, reading takes no time that anybody would notice.
const SMALL: u64 = 4 << 20;

/// Does `work`, and says on standard error what it is about when that takes longer than a second, and again every five.
pub(super) fn with_progress<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (finished, until) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut patience = Duration::from_secs(1);
            while until.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                tell(format_args!("still {what} ..."));
                patience = Duration::from_secs(5);
            }
        });
        let result = work();
        drop(finished);
        result
    })
}

/// What reading these files is called, if it may take a while: standard input, a directory, or a lot of bytes.
pub(super) fn slow_reading(files: &[PathBuf]) -> Option<String> {
    if files.iter().any(|file| file == Path::new(STANDARD_INPUT)) {
        return Some("reading standard input".to_owned());
    }
    let size = |file: &PathBuf| file.metadata().map_or(0, |metadata| if metadata.is_file() { metadata.len() } else { SMALL });
    let total: u64 = files.iter().map(size).sum();
    (total >= SMALL).then(|| match files {
        [file] => format!("reading {}", shown(file)),
        _ => format!("reading {} files and directories", files.len()),
    })
}
