//! The clock that retention believes.
//!
//! A wall clock jumps: a dead battery says 1970, a mistyped year 2099. Files must not go because of that. So the calendar
//! moves with the monotonic clock, and takes over what the wall clock says only when it is confirmed: by 24 hours of run
//! time without a step, or by two runs, of which the second begins where the first had already been. And however that came
//! about, the files of one day may go in 24 hours of it.

use std::time::Duration;

use super::state::State;
use crate::clock::{Day, Micros};

const DAY: Duration = Duration::from_secs(86_400);

/// The wall clock and the monotonic one drift apart by less than this between two looks, unless one of them was set.
const STEP: Duration = Duration::from_secs(5);

/// Time as far as it is confirmed.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// The confirmed time.
    now: Micros,
    /// The greatest wall clock seen, without forward steps that nothing has confirmed yet.
    seen: Micros,
    wall: Micros,
    monotonic: Duration,
    /// When the wall clock last stepped; the start of the process counts as a step.
    stepped: Duration,
    /// When files last went, and of which day they were.
    pruned: Option<Micros>,
    day: Option<Day>,
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
            seen: if back { wall } else { wall.max(state.max_clock) },
            wall,
            monotonic,
            stepped: monotonic,
            // A prune in a future that was none would keep files for ever.
            pruned: state.pruned.map(|at| at.min(now)),
            day: None,
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
        self.now = self.now.plus(passed);
        self.seen = self.seen.plus(passed);
        (self.wall, self.monotonic) = (wall, monotonic);
        if step.is_some() {
            self.stepped = monotonic;
        } else if self.monotonic.saturating_sub(self.stepped) >= DAY {
            self.now = wall;
            self.seen = wall;
        }
        // Back is believed at once: it keeps files longer.
        self.now = self.now.min(wall);
        self.seen = self.seen.min(wall);
        self.pruned = self.pruned.map(|at| at.min(self.now));
        step
    }

    /// The confirmed time.
    pub(crate) fn now(&self) -> Micros {
        self.now
    }

    /// The wall clock at the last look.
    pub(crate) fn wall(&self) -> Micros {
        self.wall
    }

    /// Whether files of this day may go now.
    pub(crate) fn allows(&self, day: Day) -> bool {
        self.day == Some(day) || self.pruned.is_none_or(|at| self.now.since(at) >= DAY)
    }

    /// Files of this day went.
    pub(crate) fn pruned(&mut self, day: Day) {
        if self.day != Some(day) {
            self.day = Some(day);
            self.pruned = Some(self.now);
        }
    }

    /// Writes into the state what the next start needs.
    pub(crate) fn remember(&self, state: &mut State) {
        state.max_clock = self.seen;
        state.pruned = self.pruned;
    }
}
