//! Whether another process went on with a trail while this one did not hold its lock.

use super::branch::{self, LiveFile, Why};
use super::header::Point;
use super::state::Found;
use super::{Home, RunId, State, TrailId};
use crate::error::Error;
use crate::io::Disk;

/// Looks at what stands under the locks that were just taken anew, beside what this run has made of the trail. What is
/// missing, or of an earlier time, is nobody's doing who goes on; a later run is, and another trail in this one's place.
pub(crate) fn was_here(disk: &dyn Disk, home: &Home, state: &State, run_id: RunId) -> Result<bool, Error> {
    if let Found::State(found) = State::load(disk, home)?
        && (found.trail != state.trail || found.next_run > state.next_run)
    {
        return Ok(true);
    }
    let replaced = state.replaces.map(|replaces| replaces.trail);
    let branch = branch::survey(disk, home, Some(state.trail), replaced)?;
    let run = state.next_run - 1;
    let later = |file: &LiveFile| file.header.run > run || (file.header.run == run && file.header.run_id != run_id);
    Ok(match branch.newest() {
        Some(newest) => later(newest),
        None => branch
            .strays
            .iter()
            .any(|stray| matches!(stray.why, Why::OtherTrail(_))),
    })
}

/// The point of a run from which others have gone on; `None` if they did not find its files.
pub(crate) fn went_on_from(
    disk: &dyn Disk,
    home: &Home,
    trail: TrailId,
    run_id: RunId,
) -> Result<Option<Point>, Error> {
    let branch = branch::survey(disk, home, Some(trail), None)?;
    let ours = branch.live.iter().rposition(|file| file.header.run_id == run_id);
    let next = ours.and_then(|ours| branch.live.get(ours + 1));
    Ok(next.map(|next| next.header.prev))
}
