//! A bar on the terminal for work that takes longer than a second.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Work that takes less shows none.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(100);

/// Does the work, which counts in `done` how many of `all` bytes are behind it. The bar is on standard error, and only if that is
/// a terminal.
pub(crate) fn over<T: Send>(all: u64, done: &AtomicU64, work: impl FnOnce() -> T + Send) -> T {
    if !io::stderr().is_terminal() {
        return work();
    }
    thread::scope(|scope| {
        let (over, ended) = mpsc::channel::<()>();
        let worker = scope.spawn(move || {
            // Dropped when the work is over, however it ends.
            let _over = over;
            work()
        });
        if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            let bar = ProgressBar::new(all);
            if let Ok(style) =
                ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left")
            {
                bar.set_style(style);
            }
            while ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                bar.set_position(done.load(Ordering::Relaxed).min(all));
            }
            bar.finish_and_clear();
        }
        match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// How large the files of a trail are together.
pub(crate) fn bytes_in(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("audit-"));
    ours.filter_map(|entry| entry.metadata().ok())
        .map(|file| file.len())
        .sum()
}
