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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Day, Micros};
    use crate::error::ErrorKind;
    use crate::io::{FileKind, Stat};
    use crate::store::names::Name;

    fn files(lengths: &[u64]) -> Vec<Place> {
        let place = |(at, len): (usize, &u64)| Place {
            name: Name::plain(Day::parse("2026-11-20").unwrap(), at as u32 + 1),
            number: at as u64 + 1,
            // Every third has no record.
            first: (at - at / 3) as u64 * 10,
            len: *len,
            stat: Stat {
                kind: FileKind::File,
                len: *len,
                dev: 1,
                ino: at as u64 + 1,
                nlink: 1,
                mode: 0o600,
                modified: Micros(1),
                changed: Micros(1),
            },
            closed: None,
        };
        lengths.iter().enumerate().map(place).collect()
    }

    #[test]
    fn shares_hold_every_file_of_the_runs_once_and_in_their_order() {
        let files = files(&[5 << 20; 40]);
        let runs = [0..7, 9..10, 12..40];
        let shares = of(&files, &runs);
        assert!(shares.len() > runs.len() && shares.len() < 20, "{shares:?}");
        let all: Vec<usize> = shares.iter().cloned().flatten().collect();
        assert_eq!(all, runs.iter().cloned().flatten().collect::<Vec<_>>());
        for share in shares.iter().filter(|share| share.start > 0) {
            assert!(
                runs.iter().any(|run| run.start == share.start)
                    || files[share.start].first > files[share.start - 1].first
            );
        }
        assert!(of(&files, &[]).is_empty());
    }

    #[test]
    fn what_is_counted_does_not_depend_on_who_counts_it() {
        let shares: Vec<Range<usize>> = (0..50).map(|at| at..at + 1).collect();
        let mut stats = Stats::new();
        count(&shares, &mut stats, |share, stats| {
            stats.add_damage(&crate::error::Error::new(ErrorKind::Damaged, share.start.to_string()));
            Ok(())
        })
        .unwrap();
        assert_eq!(stats.skipped().count(), 50);
        let said: Vec<String> = stats.skipped().what().to_vec();
        let expected: Vec<String> = (0..said.len()).map(|at| at.to_string()).collect();
        assert_eq!(said, expected);
        let failed = count(&shares, &mut Stats::new(), |share, _| match share.start {
            30.. => Err(crate::error::Error::new(ErrorKind::Io, share.start.to_string())),
            _ => Ok(()),
        });
        assert_eq!(failed.unwrap_err().to_string(), "30");
    }
}
