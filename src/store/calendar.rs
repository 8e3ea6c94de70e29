//! How old files are, by clocks that jump.
//!
//! A wall clock jumps: a dead battery says 1970, a mistyped year 2099. No file may go because of that. Two things are sure.
//! A file that this run closed is as old as the monotonic clock says, and one from before is at least as old as the run. For
//! the files from before, this alone would keep everything from going in programs that run for an hour a day; for these the
//! calendar believes a time on which two runs agree, the second beginning where the first had already been; and a gap
//! between two runs, once the clock has gone on from there for 24 hours without a step. Steps forward within a run are never
//! believed, steps back always: that keeps files longer.
//!
//! However it came about that files are old, those of one day may go in 24 hours of run time, or at a start that much later.

use std::collections::BTreeMap;
use std::time::Duration;

use super::branch::Branch;
use super::state::State;
use crate::clock::{Day, Micros};

const DAY: Duration = Duration::from_secs(86_400);

/// The wall clock and the monotonic one drift apart by less than this between two looks, unless one of them was set.
const STEP: Duration = Duration::from_secs(5);

/// A question that comes this much late does not move the next one: else each day's files would go a little later than the
/// last one's, for ever.
const LATE: Duration = Duration::from_secs(2 * 3600);

#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// The time that is believed.
    now: Micros,
    /// What would be added if the gap before this run were believed.
    gap: Duration,
    /// The greatest wall clock seen, steps forward left out: the next start's first run to agree with.
    seen: Micros,
    wall: Micros,
    started: Duration,
    monotonic: Duration,
    /// Files that this run closed, by when they were first seen to be.
    closed: BTreeMap<u64, Duration>,
    /// When files last went, in believed time.
    pruned: Option<Micros>,
    /// When files last went in this run, and of which day they were. Believed time may leap; this does not.
    batch: Option<(Duration, Day)>,
}

/// The wall clock was set: `AUDIT_CLOCK_STEP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// What the clock would have said.
    pub(crate) from: Micros,
    /// What it said.
    pub(crate) to: Micros,
}

impl Calendar {
    /// From the state as [`open`](super::open) gives it. A clock behind what the trail has seen is a step.
    pub(crate) fn start(state: &State, wall: Micros, monotonic: Duration) -> (Calendar, Option<Step>) {
        let back = state.max_clock.since(wall) > STEP;
        let now = wall.min(state.max_clock);
        let calendar = Calendar {
            now,
            gap: wall.since(now),
            seen: if back { wall } else { wall.max(state.max_clock) },
            wall,
            started: monotonic,
            monotonic,
            closed: BTreeMap::new(),
            // A prune in a future that was none would keep files for ever.
            pruned: state.pruned.map(|at| at.min(now)),
            batch: None,
        };
        let step = back.then_some(Step {
            from: state.max_clock,
            to: wall,
        });
        (calendar, step)
    }

    /// To be called every few seconds, and before retention is asked.
    pub(crate) fn tick(&mut self, wall: Micros, monotonic: Duration) -> Option<Step> {
        let passed = monotonic.saturating_sub(self.monotonic);
        let expected = self.wall.plus(passed);
        let step = (wall.since(expected).max(expected.since(wall)) > STEP).then_some(Step {
            from: expected,
            to: wall,
        });
        (self.wall, self.monotonic) = (wall, monotonic);
        self.now = self.now.plus(passed).min(wall);
        self.seen = self.seen.plus(passed).min(wall);
        if step.is_some() {
            // A clock that is set says that what it said at the start was wrong, or is wrong now.
            self.gap = Duration::ZERO;
        } else if self.run() >= DAY {
            self.now = self.now.plus(self.gap);
            self.gap = Duration::ZERO;
        }
        self.pruned = self.pruned.map(|at| at.min(self.now));
        step
    }

    /// The wall clock at the last look.
    pub(crate) fn wall(&self) -> Micros {
        self.wall
    }

    /// Takes notice of the files that this run has closed since the last question.
    pub(super) fn notice(&mut self, branch: &Branch) {
        let Some(newest) = branch.newest() else {
            return;
        };
        let ours = branch.live.iter().filter(|file| file.header.run == newest.header.run);
        let closed = ours
            .map(|file| file.number())
            .filter(|number| *number != newest.number());
        self.closed = closed
            .map(|number| (number, self.closed.get(&number).copied().unwrap_or(self.monotonic)))
            .collect();
    }

    /// Whether a closed file is at least this old. `at` is when headers and records say that it was closed.
    pub(super) fn is_older(&self, file: u64, at: Option<Micros>, limit: Duration) -> bool {
        match self.closed.get(&file) {
            Some(closed) => self.monotonic.saturating_sub(*closed) >= limit,
            None => self.run() >= limit || at.is_some_and(|at| at <= self.now && self.now.since(at) >= limit),
        }
    }

    /// Whether files of this day may go now.
    pub(super) fn allows(&self, day: Day) -> bool {
        match self.batch {
            Some((_, begun)) if begun == day => true,
            Some((at, _)) if self.monotonic.saturating_sub(at) < DAY => false,
            _ => self.pruned.is_none_or(|at| self.now.since(at) >= DAY),
        }
    }

    /// Files of this day went.
    pub(super) fn pruned(&mut self, day: Day) {
        if self.batch.is_some_and(|(_, begun)| begun == day) {
            return;
        }
        let due = self.batch.map(|(at, _)| at + DAY);
        let at = due
            .filter(|due| *due <= self.monotonic && self.monotonic - *due < LATE)
            .unwrap_or(self.monotonic);
        let late = self.monotonic - at;
        self.batch = Some((at, day));
        self.pruned = Some(Micros(self.now.0 - i64::try_from(late.as_micros()).unwrap_or(0)));
    }

    /// Writes into the state what the next start needs.
    pub(crate) fn remember(&self, state: &mut State) {
        state.max_clock = self.seen;
        state.pruned = self.pruned;
    }

    fn run(&self) -> Duration {
        self.monotonic.saturating_sub(self.started)
    }
}
