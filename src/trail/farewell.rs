//! The end of the thread that built a trail: most often `main`'s, and with it the process's.
//!
//! A program that calls `process::exit`, or that keeps its trail in a `static`, drops no handle. But the thread that ends the
//! process runs the destructors of its thread-locals before (where the C library does so: glibc, macOS), and those of the thread
//! that built the trail wait here until what was accepted is on the disk. The trail itself goes on: another thread's end
//! is none of the process.

use std::cell::RefCell;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{Ask, Core};
use crate::sync::{Instant, local, on_own_thread};

/// The longest that an end of a thread waits for the disk, for all its trails together.
const PATIENCE: Duration = Duration::from_secs(1);

struct Built(RefCell<Vec<Weak<Core>>>);

local! {
    static BUILT: Built = const { Built(RefCell::new(Vec::new())) };
}

/// This thread built a trail.
pub(crate) fn see_off(core: &Arc<Core>) {
    let _ = BUILT.try_with(|built| {
        if let Ok(mut built) = built.0.try_borrow_mut() {
            built.retain(|core| core.strong_count() > 0);
            built.push(Arc::downgrade(core));
        }
    });
}

impl Drop for Built {
    fn drop(&mut self) {
        if on_own_thread() {
            return;
        }
        let cores = self.0.get_mut().iter().filter_map(Weak::upgrade);
        let cores: Vec<Arc<Core>> = cores.filter(|core| !core.mailbox.is_closed()).collect();
        let until = Instant::now() + PATIENCE;
        // All are asked before the first is waited for: a disk that hangs takes nothing of another's time.
        for core in cores.iter().skip(1) {
            let _ = core.ask(Ask::Sync, Duration::ZERO);
        }
        for core in &cores {
            // If the disk takes longer, the next start says that something may be missing.
            let _ = core.ask(Ask::Sync, until.saturating_duration_since(Instant::now()));
        }
    }
}
