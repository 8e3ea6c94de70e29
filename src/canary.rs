//! Whether a program's own events and spans reach the trail: asked by the writer, answered by the layers.
//!
//! A layer cannot ask when it is installed, for `tracing` holds its lock then; on the caller's threads the question
//! would make other layers lose an event. The writer's thread is under no subscriber, so it asks.

use std::fmt;
use std::sync::Weak;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sync::{Mutex, global};

/// Someone who knows what keeps events and spans away.
pub(crate) trait Canary: fmt::Debug + Send + Sync {
    /// One sentence for each thing that does; none if all arrives. `None` if nobody can know, for the subscriber is
    /// not there (any more).
    fn ask(&self) -> Option<Vec<String>>;
}

global! { static CANARIES: Mutex<Vec<(u32, Weak<dyn Canary>)>> = Mutex::new(Vec::new()); }

/// Grows whenever the answer may have changed.
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// A subscriber with a layer of this trail was made.
pub(crate) fn register(trail: u32, canary: Weak<dyn Canary>) {
    let mut canaries = CANARIES.lock();
    canaries.retain(|(_, canary)| canary.strong_count() > 0);
    canaries.push((trail, canary));
    drop(canaries);
    look_again();
}

/// Filters were set up or changed: `tracing` asks all layers and filters then how far they want to hear.
pub(crate) fn look_again() {
    CHANGES.fetch_add(1, Ordering::Release);
}

/// Ask again when this has changed. One load.
pub(crate) fn changes() -> u64 {
    CHANGES.load(Ordering::Acquire)
}

/// What keeps plain events and spans from this trail; empty when nothing does. `None` while there is no subscriber to
/// ask, so that nothing is known.
///
/// For threads under no subscriber only.
pub(crate) fn ask(trail: u32) -> Option<Vec<String>> {
    let asked: Vec<_> = CANARIES
        .lock()
        .iter()
        .filter(|(whose, _)| *whose == trail)
        .filter_map(|(_, canary)| canary.upgrade())
        .collect();
    // Of several layers, one that gets everything is enough.
    asked
        .iter()
        .filter_map(|canary| canary.ask())
        .min_by_key(|found| found.len())
}
