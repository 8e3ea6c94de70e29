//! The process's trail: the first built that is not detached, for as long as it runs.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock, Weak};

use super::Core;
use crate::receipt::{self, Fate, Receipt};
use crate::status::complain;

/// Trails that may be the process's, in the order in which they were built.
static PROCESS: RwLock<Vec<(u32, Weak<Core>)>> = RwLock::new(Vec::new());

/// Grows when `PROCESS` changes, so that threads look again.
static CHANGES: AtomicU64 = AtomicU64::new(1);

/// Makes a trail known to receipts, and, unless it is detached, a candidate for the process's trail.
pub(crate) fn enter(core: &Arc<Core>, detached: bool) {
    receipt::enter(&core.progress);
    if !detached && let Ok(mut trails) = PROCESS.write() {
        trails.push((core.id(), Arc::downgrade(core)));
        CHANGES.fetch_add(1, Ordering::Release);
    }
}

/// The trail takes no more records.
pub(crate) fn leave(id: u32) {
    if let Ok(mut trails) = PROCESS.write() {
        trails.retain(|(trail, _)| *trail != id);
        CHANGES.fetch_add(1, Ordering::Release);
    }
}

/// The process's trail.
pub(crate) fn process_core() -> Option<Arc<Core>> {
    PROCESS.read().ok()?.iter().find_map(|(_, core)| core.upgrade())
}

/// Does something with the process's trail. The hot path: one load, and a look into a thread-local.
///
/// A thread keeps the core in its cache, which keeps the core's memory and nothing else: the writer ends with the last
/// [`Lease`](super::Lease).
#[inline]
pub(crate) fn with_process_core<R>(then: impl FnOnce(Option<&Core>) -> R) -> R {
    thread_local! {
        static KNOWN: Cell<(u64, Option<Arc<Core>>)> = const { Cell::new((0, None)) };
    }
    // Taken out while `then` runs: a call within it looks for itself.
    let mut known = KNOWN.try_with(Cell::take).unwrap_or_default();
    let changes = CHANGES.load(Ordering::Acquire);
    if known.0 != changes {
        known = (changes, process_core());
    }
    let done = then(known.1.as_deref());
    let _ = KNOWN.try_with(|slot| slot.set(known));
    done
}

/// Records emitted in this process while no trail ran.
static WITHOUT_TRAIL: AtomicU64 = AtomicU64::new(0);

pub(crate) fn without_trail() -> u64 {
    WITHOUT_TRAIL.load(Ordering::Relaxed)
}

/// The receipt of a record that no trail took. Counted for the process, and said once on standard error.
#[cold]
pub(crate) fn no_trail_receipt() -> Receipt {
    static SAID: AtomicBool = AtomicBool::new(false);
    WITHOUT_TRAIL.fetch_add(1, Ordering::Relaxed);
    if !SAID.swap(true, Ordering::Relaxed) {
        complain(
            &"no trail runs, so audit records are not kept; call tracing_audit::init, or build a Trail and keep it",
        );
    }
    Receipt::refused(0, Fate::NoTrail)
}
