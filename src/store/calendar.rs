//! How old files are, by clocks that jump.
//!
//! A wall clock jumps: a dead battery says 1970, a mistyped year 2099, and neither need ever be set right. So no file goes
//! by it. What counts is time that was measured: the monotonic clock's while the trail is open; between two runs that of the
//! machine since its start, as long as that is the same start. The sum stands in every header and in the state, and a file is
//! as old as it has grown since the next file's header. That is never more than the truth, whatever was restarted, set, lost
//! or copied. It is less where the machine was off between two runs: files stay longer by that.
//!
//! The wall clock is watched all the same, for `AUDIT_CLOCK_STEP`.

use std::time::Duration;

use super::branch::LiveFile;
use super::measured::{Batch, Measured, micros, whole};
use super::state::State;
use crate::clock::{Elapsed, Micros};

const DAY: Duration = Duration::from_secs(86_400);

/// The wall clock and the monotonic one drift apart by less than this between two looks, unless one of them was set.
const STEP: Duration = Duration::from_secs(5);

/// Days whose files did not go when they could have may go this much later: what a service that was down has to make up for.
const LATE: Duration = Duration::from_secs(2 * 86_400);

#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// At the last look.
    measured: Measured,
    elapsed: Elapsed,
    /// The greatest wall clock seen, steps forward left out: the next start's, to tell whether the clock was set back.
    seen: Micros,
    wall: Micros,
    /// When files last went by their age, for who reads the state.
    pruned: Option<Micros>,
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
    pub(crate) fn start(state: &State, wall: Micros, elapsed: Elapsed) -> (Calendar, Option<Step>) {
        let back = state.max_clock.since(wall) > STEP;
        let calendar = Calendar {
            measured: state.measured.unwrap_or_default().go_on(elapsed.boot),
            elapsed,
            seen: if back { wall } else { wall.max(state.max_clock) },
            wall,
            pruned: state.pruned,
        };
        let step = back.then_some(Step {
            from: state.max_clock,
            to: wall,
        });
        (calendar, step)
    }

    /// To be called every few seconds, and before retention is asked.
    pub(crate) fn tick(&mut self, wall: Micros, elapsed: Elapsed) -> Option<Step> {
        let passed = elapsed.monotonic.saturating_sub(self.elapsed.monotonic);
        let expected = self.wall.plus(passed);
        let step = (wall.since(expected).max(expected.since(wall)) > STEP).then_some(Step {
            from: expected,
            to: wall,
        });
        self.seen = self.seen.plus(passed).min(wall);
        self.measured.total = whole(self.measured.total + elapsed.since(self.elapsed));
        self.measured.boot = elapsed.boot;
        (self.wall, self.elapsed) = (wall, elapsed);
        step
    }

    /// The wall clock at the last look.
    pub(crate) fn wall(&self) -> Micros {
        self.wall
    }

    /// How old the trail is at this moment, for the header of a file: what came before is at least as old.
    pub(crate) fn measured(&self, now: Elapsed) -> u64 {
        micros(self.measured.total + now.since(self.elapsed))
    }

    /// How old a closed file is at least, and the day of the trail's life that it was closed in, by the files that follow it.
    /// `None` where no header says so: earlier builds did not.
    pub(super) fn age(&self, behind: &[LiveFile]) -> Option<(Duration, u64)> {
        let closed = behind.iter().find_map(|file| file.header.measured)?;
        let closed = Duration::from_micros(closed);
        Some((
            self.measured.total.saturating_sub(closed),
            closed.as_secs() / DAY.as_secs(),
        ))
    }

    /// Whether files of this day may go now: for each 24 hours those of one day. So whoever shortens the limit by mistake has
    /// time to see it.
    pub(super) fn allows(&self, day: u64) -> bool {
        let now = self.measured.total;
        let batch = self.measured.batch;
        batch.is_none_or(|batch| batch.day == day || now.saturating_sub(batch.begun) >= DAY)
    }

    /// Files of this day went by their age.
    pub(super) fn pruned(&mut self, day: u64) {
        self.pruned = Some(self.wall);
        let now = self.measured.total;
        let begun = match self.measured.batch {
            Some(last) if last.day == day => return,
            // Not now: else each day's files would go a little later than the last one's, for ever.
            Some(last) => (last.begun + DAY).max(now.saturating_sub(LATE)),
            None => now,
        };
        self.measured.batch = Some(Batch { day, begun });
    }

    /// Writes into the state what the next start needs.
    pub(crate) fn remember(&self, state: &mut State) {
        state.max_clock = self.seen;
        state.pruned = self.pruned;
        state.measured = Some(self.measured);
    }
}
