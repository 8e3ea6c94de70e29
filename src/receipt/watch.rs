//! Ends async waits when their time is over. No runtime's timer can be assumed, and the writer may be the very thread
//! that hangs; so one thread of the process looks, begun by the first async wait that has to.

use super::{Instant, Progress, progress_of};
use crate::sync::{self, Condvar, Mutex, global};
use std::sync::Arc;

global! { static DUE: Mutex<(bool, Vec<(Instant, u32)>)> = Mutex::new((false, Vec::new())); }
global! { static CHANGED: Condvar = Condvar::new(); }

pub(super) fn over(progress: &Arc<Progress>, deadline: Instant) {
    if cfg!(all(test, shuttle)) {
        // No such wait ends by its time in a model.
        return;
    }
    let mut due = DUE.lock();
    due.1.push((deadline, progress.trail));
    if !due.0 {
        // Without the thread, async waits are bounded by the writer alone.
        due.0 = sync::spawn("audit-watch", watch).is_ok();
    }
    CHANGED.notify_one();
}

fn watch() {
    let mut due = DUE.lock();
    loop {
        let now = Instant::now();
        let ripe: Vec<u32> = due
            .1
            .extract_if(.., |(at, _)| *at <= now)
            .map(|(_, trail)| trail)
            .collect();
        if !ripe.is_empty() {
            drop(due);
            let again: Vec<_> = ripe
                .into_iter()
                .filter_map(|trail| Some((progress_of(trail)?.expire(now)?, trail)))
                .collect();
            due = DUE.lock();
            due.1.extend(again);
            continue;
        }
        match due.1.iter().map(|(at, _)| *at).min() {
            Some(next) => {
                CHANGED.wait_until(&mut due, next);
            }
            None => CHANGED.wait(&mut due),
        }
    }
}
