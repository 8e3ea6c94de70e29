//! Files shared out among threads, which count side by side. What comes out is the same for any number of them.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::layout::Place;
use crate::error::Error;
use crate::stats::{Skipped, Stats};

/// More threads than this gain nothing that a disk could give.
const THREADS: usize = 4;

/// Shares for each of them, so that none waits long for the last. Each looks at the directory, so there are not many.
const SHARES: u64 = 3;

/// A smaller share costs more than it brings.
const LEAST: u64 = 4 << 20;

/// Runs of files, cut where they are long.
pub(super) fn of(files: &[Place], runs: &[Range<usize>]) -> Vec<Range<usize>> {
    let size = |at: usize| files.get(at).map_or(0, |place| place.len);
    let all: u64 = runs.iter().cloned().flatten().map(size).sum();
    let enough = (all / (SHARES * threads() as u64)).max(LEAST);
    let mut shares = Vec::new();
    for run in runs {
        let (mut start, mut held) = (run.start, 0);
        for at in run.clone() {
            // One that has no record of its own belongs to the one before, whose end it says.
            let begins = |at: usize| files.get(at).map(|place| place.first);
            if held >= enough && at > start && begins(at) > begins(at - 1) {
                shares.push(start..at);
                (start, held) = (at, 0);
            }
            held += size(at);
        }
        shares.push(start..run.end);
    }
    shares
}

/// Has each share counted, and adds up what they come to, what could not be read in the order of the files.
pub(super) fn count(
    shares: &[Range<usize>],
    into: &mut Stats,
    count: impl Fn(&Range<usize>, &mut Stats) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<Skipped, Error>)>> = Mutex::default();
    let work = || {
        let mut stats = Stats::new();
        while let Some((at, share)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            shares.get(at).map(|share| (at, share))
        } {
            let counted = count(share, &mut stats).map(|()| stats.take_skipped());
            done.lock().unwrap_or_else(PoisonError::into_inner).push((at, counted));
        }
        stats
    };
    thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads().min(shares.len()))
            .map_while(|_| {
                let named = thread::Builder::new().name("audit-stats".to_owned());
                named.spawn_scoped(scope, work).ok()
            })
            .collect();
        into.merge(work());
        for helper in helpers {
            match helper.join() {
                Ok(stats) => into.merge(stats),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(at, _)| *at);
    for (_, counted) in done {
        into.add_skipped(&counted?);
    }
    Ok(())
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, |cores| cores.get().min(THREADS))
}
