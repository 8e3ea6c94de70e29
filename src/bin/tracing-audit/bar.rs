//! A bar on the terminal for work that takes longer than a second.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::Mutex;
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
    shown(done, work, || {
        let style =
            ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left").ok()?;
        Some(ProgressBar::new(all).with_style(style))
    })
}

/// Work that counts records in `done`, of which nobody knows how many there are.
pub(crate) fn counting<T: Send>(done: &AtomicU64, work: impl FnOnce() -> T + Send) -> T {
    shown(done, work, || {
        let style = ProgressStyle::with_template("{spinner} {pos} records, {elapsed}").ok()?;
        Some(ProgressBar::no_length().with_style(style))
    })
}

/// Work of which nothing is known but that it goes on.
pub(crate) fn waiting<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    shown(&AtomicU64::new(0), work, || {
        let style = ProgressStyle::with_template("{spinner} reading, {elapsed}").ok()?;
        Some(ProgressBar::no_length().with_style(style))
    })
}

/// The bar that is on the terminal.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Writes something else to the terminal, where the bar makes room for it.
pub(crate) fn aside<T>(write: impl FnOnce() -> T) -> T {
    let bar = BAR.lock().ok().and_then(|bar| bar.clone());
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

fn keep(bar: Option<ProgressBar>) {
    if let Ok(mut kept) = BAR.lock() {
        *kept = bar;
    }
}

fn shown<T: Send>(done: &AtomicU64, work: impl FnOnce() -> T + Send, bar: impl FnOnce() -> Option<ProgressBar>) -> T {
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
        if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout)
            && let Some(bar) = bar()
        {
            keep(Some(bar.clone()));
            while ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                bar.set_position(done.load(Ordering::Relaxed));
                bar.tick();
            }
            keep(None);
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
