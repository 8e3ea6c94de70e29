//! Retention: which files are old enough to go, and how they go.

use std::time::Duration;

use serde_json::{Map, Value};

use super::header::KeptFrom;
use super::state::State;
use super::{Home, Point};
use crate::clock::Micros;
use crate::error::Error;
use crate::io::Disk;

/// What to keep. A file goes when any limit says so; without limits nothing ever goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keep {
    /// Closed at least this many days ago.
    pub(crate) days: Option<u32>,
    /// At most this many files.
    pub(crate) files: Option<u64>,
    /// At most this many bytes in the directory.
    pub(crate) bytes: Option<u64>,
}

/// The clock that retention believes: it never runs ahead of what two runs, or 24 hours of one, agree on.
#[derive(Clone, Debug)]
pub(crate) struct TrailClock {
    now: Micros,
}

/// A step of the wall clock against the monotonic one: becomes `AUDIT_CLOCK_STEP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) from: Micros,
    pub(crate) to: Micros,
}

impl TrailClock {
    /// `state` is as it was found at start ([`Opened::state`](super::Opened) has it).
    pub(crate) fn start(state: &State, wall: Micros, monotonic: Duration) -> (TrailClock, Option<Step>) {
        let _ = (state, monotonic);
        (TrailClock { now: wall }, None)
    }

    /// To be called every few seconds while there is traffic, and before each question.
    pub(crate) fn tick(&mut self, wall: Micros, monotonic: Duration) -> Option<Step> {
        let _ = (wall, monotonic);
        None
    }

    /// What the state file is to keep: `max_clock` and `pruned`.
    pub(crate) fn remember(&self, state: &mut State) {
        state.max_clock = self.now;
    }
}

/// Files to remove: one `AUDIT_PRUNE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prune {
    pub(crate) files: Vec<Old>,
    /// Where the trail begins afterwards: for `AUDIT_PRUNE` and every later header.
    pub(crate) kept_from: KeptFrom,
    /// Removed because of a limit on files or bytes, though not old: a flood can do this, so it is worth a warning.
    pub(crate) evicts: bool,
}

/// A file of the live branch that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Old {
    pub(crate) file: u64,
    pub(crate) first_seq: u64,
    /// The last live seq, and the head behind it.
    pub(crate) end: Point,
}

impl Prune {
    /// The members of the record's `metadata`.
    pub(crate) fn metadata(&self) -> Map<String, Value> {
        Map::new()
    }
}

/// What is due now, oldest first: `None` for nothing. Ask again after each prune, until there is nothing.
/// `open` is the number of the file being written, which never goes; `held` are files under legal hold.
pub(crate) fn due(
    disk: &dyn Disk,
    home: &Home,
    keep: &Keep,
    clock: &TrailClock,
    open: u64,
    held: &[u64],
) -> Result<Option<Prune>, Error> {
    let _ = (disk, home, keep, clock, open, held);
    Ok(None)
}

/// Removes what a prune names, with what stands beside it; the bytes that are free now. Only after its `AUDIT_PRUNE` was synced.
pub(crate) fn prune(disk: &dyn Disk, home: &Home, clock: &mut TrailClock, prune: &Prune) -> Result<u64, Error> {
    let _ = (disk, home, clock, prune);
    Ok(0)
}
