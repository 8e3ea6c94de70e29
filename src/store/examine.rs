//! What a start makes of a trail before it touches anything: how far it is proven, whether it ended as it should, and what
//! no crash can have done (docs/FORMAT.md, section 13). Reads only.
//!
//! One rule decides between a crash and tampering: what is known to have been synced must be there. Above the highest such
//! point a crash may have left anything, and what does not chain is a torn tail; at or below it, nothing may be missing.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::branch::{Branch, LiveFile, Start, Stray, Why};
use super::finding::{StateWas, Suspicion, What};
use super::header::{Cause, KeptFrom, Point};
use super::hold::Holds;
use super::scan::{self, Walked};
use super::state::{Found, Mark, State};
use crate::clock::Micros;
use crate::error::Error;
use crate::io::{Disk, DiskFile};

/// Suspicions that are told one by one.
const TOLD: usize = 16;

/// What a start found out.
#[derive(Debug)]
pub(crate) struct Examined<'b> {
    /// Where the trail goes on; `None` for its beginning.
    pub(crate) end: Option<Mark>,
    /// The proven file, and how many of its bytes are proven.
    pub(crate) proven: Option<(&'b LiveFile, u64)>,
    /// The live file before it, which may not have been synced either.
    pub(crate) before: Option<&'b LiveFile>,
    /// The run before ended as it should, or there was none.
    pub(crate) clean: bool,
    /// The last proven record is an `AUDIT_STOP`.
    pub(crate) stopped: bool,
    pub(crate) state: StateWas,
    pub(crate) suspicions: Vec<Suspicion>,
    /// Where retention left the trail.
    pub(crate) kept_from: Option<KeptFrom>,
    /// What is under legal hold.
    pub(crate) holds: Holds,
    /// The `time` of the last proven record.
    pub(crate) time: Option<Micros>,
}

pub(crate) fn examine<'b>(disk: &dyn Disk, branch: &'b Branch, found: &Found) -> Result<Examined<'b>, Error> {
    let state = match found {
        Found::State(state) => Some(state),
        Found::Missing | Found::Damaged => None,
    };
    let fresh =
        *found == Found::Missing && branch.live.is_empty() && branch.strays.is_empty() && branch.torn.is_empty();
    let mut examined = Examined {
        end: None,
        proven: None,
        before: None,
        clean: fresh,
        stopped: false,
        state: state_was(found, branch),
        suspicions: Vec::new(),
        kept_from: None,
        holds: branch
            .newest()
            .map_or_else(Holds::default, |newest| Holds::of(&newest.header)),
        time: None,
    };
    if *found == Found::Damaged {
        examined.suspect(What::State, None, None, None);
    }
    let ours = |state: &&State| branch.newest().is_none_or(|newest| newest.header.trail == state.trail);
    let other = |stray: &Stray| matches!(stray.why, Why::OtherTrail(_));
    if state.is_some_and(|state| !ours(&state)) || branch.strays.iter().any(other) {
        examined.suspect(What::OtherTrail, None, None, None);
    }
    // A state file of another trail says nothing about this one.
    let state = state.filter(ours);
    let mark = state.and_then(|state| state.durable);
    examined.walk(disk, branch, mark)?;
    examined.missing(branch);
    if let Some(state) = state.filter(|state| state.clean) {
        examined.ended(state, branch);
    }
    Ok(examined)
}

fn state_was(found: &Found, branch: &Branch) -> StateWas {
    match found {
        Found::Missing => StateWas::Missing,
        Found::Damaged => StateWas::Damaged,
        // The state file is ahead of the files always: a run takes its number there first.
        Found::State(state) if branch.live.iter().any(|file| file.header.run >= state.next_run) => StateWas::Stale,
        Found::State(_) => StateWas::InOrder,
    }
}

/// A file of the branch as far as it was walked.
struct Reach<'b> {
    live: &'b LiveFile,
    file: Arc<dyn DiskFile>,
    walked: Walked,
    len: u64,
}

impl<'b> Reach<'b> {
    fn new(disk: &dyn Disk, live: &'b LiveFile, mark: Option<Mark>) -> Result<Reach<'b>, Error> {
        let ask = mark
            .filter(|mark| mark.file == live.number())
            .map(|mark| mark.point.seq);
        let read = || {
            let file = disk.open_read(&live.path)?;
            let walked = scan::walk(&*file, live, ask, |_| {})?;
            let len = file.stat()?.len;
            Ok(Reach {
                live,
                file,
                walked,
                len,
            })
        };
        read().map_err(|error| read_failed(&live.path, error))
    }

    /// Whether nothing in a keyed file is sealed, and its header with it: then it proves nothing.
    fn is_unsealed(&self) -> bool {
        self.live.header.trust.is_keyed() && self.walked.good == self.live.body_at
    }

    fn proof_behind(&self, from: u64) -> Result<Option<u64>, Error> {
        scan::proof(&*self.file, from).map_err(|error| read_failed(&self.live.path, error))
    }
}

fn read_failed(path: &Path, error: io::Error) -> Error {
    Error::io("read a file of the trail", path, error)
        .remedy("make it readable for the user that runs this program, and check the disk")
}

impl<'b> Examined<'b> {
    fn suspect(&mut self, what: What, file: Option<u64>, expected: Option<Point>, found: Option<Point>) {
        let what = match self.suspicions.len() {
            0..TOLD => what,
            TOLD => What::More,
            _ => return,
        };
        self.suspicions.push(Suspicion {
            what,
            file,
            expected,
            found,
        });
    }

    /// Finds the proven end, and holds it against what is known to have been synced.
    fn walk(&mut self, disk: &dyn Disk, branch: &'b Branch, mark: Option<Mark>) -> Result<(), Error> {
        let mut synced = mark.map(|mark| mark.point.seq);
        for stray in branch
            .strays
            .iter()
            .filter(|stray| matches!(stray.why, Why::Unreadable(_)))
        {
            let read = disk.open_read(&stray.path).and_then(|file| scan::proof(&*file, 0));
            synced = synced.max(read.map_err(|error| read_failed(&stray.path, error))?);
        }
        let Some(newest) = branch.newest() else {
            if let Some(mark) = mark {
                self.suspect(What::Missing, Some(mark.file), Some(mark.point), None);
            } else if synced > Some(0) {
                self.suspect(What::Changed, None, None, None);
            }
            return Ok(());
        };
        let newest = Reach::new(disk, newest, mark)?;
        // Only behind a rotation may the file before not have been synced yet.
        let before = match newest.live.header.cause {
            Cause::Rotate => branch.live.iter().rev().nth(1),
            _ => None,
        };
        let before = before.map(|live| Reach::new(disk, live, mark)).transpose()?;
        synced = synced.max(newest.proof_behind(newest.walked.good)?);
        let mut torn_seam = false;
        if let Some(before) = &before
            && before.walked.end != newest.live.header.prev
        {
            let found = before.walked.end;
            let mut proof = synced.max(before.proof_behind(before.walked.good)?);
            proof = proof.max(newest.proof_behind(newest.live.body_at)?);
            torn_seam = found.seq < newest.live.header.prev.seq && proof.is_none_or(|proof| proof <= found.seq);
            if !torn_seam {
                // Damage in a closed file. The newest one's own header proves it; go on from there, and lose nothing of it.
                let expected = Some(newest.live.header.prev);
                self.suspect(What::Changed, Some(before.live.number()), expected, Some(found));
            }
        }
        let kept_before = before.as_ref().and_then(|before| before.walked.kept_from);
        let older = |places: usize| branch.live.iter().rev().nth(places);
        let (proven, before) = match before {
            Some(before) if torn_seam || newest.is_unsealed() => (before, older(2)),
            None if newest.is_unsealed() => {
                // A crash took the commit that it belongs to. It says where the trail goes on, and that this was synced.
                synced = synced.max(Some(newest.live.header.prev.seq));
                match older(1) {
                    Some(live) => (Reach::new(disk, live, mark)?, older(2)),
                    None if newest.live.header.prev_file.is_none() => {
                        if synced > Some(0) {
                            let expected = mark.map(|mark| mark.point);
                            self.suspect(What::Changed, Some(newest.live.number()), expected, None);
                        }
                        return Ok(());
                    }
                    // What it goes on from is not there, which is told elsewhere.
                    None => (newest, None),
                }
            }
            before => (newest, before.map(|before| before.live)),
        };
        let end = proven.walked.end;
        let gone = mark.filter(|mark| branch.find(mark.file).is_none());
        // What a file that is gone had proven is told as that, below.
        let told = |synced: &u64| gone.is_some_and(|mark| mark.point.seq == *synced);
        if let Some(synced) = synced.filter(|synced| *synced > end.seq && !told(synced)) {
            let what = if proven.len == proven.walked.good {
                What::Cut
            } else {
                What::Changed
            };
            let expected = mark.map(|mark| mark.point).filter(|point| point.seq == synced);
            self.suspect(what, Some(proven.live.number()), expected, Some(end));
        }
        if let Some(mark) = mark {
            self.mark(branch, &proven, mark);
        }
        self.end = Some(Mark {
            file: proven.live.number(),
            point: end,
        });
        self.before = before;
        // A prune that was recorded just before a rotation may be in the file before, and not yet in the newest header.
        let recorded = [kept_before, proven.walked.kept_from, proven.live.header.kept_from];
        self.kept_from = recorded.into_iter().flatten().max_by_key(|kept| kept.file);
        self.holds = Holds::of(&proven.live.header);
        self.time = proven.walked.time;
        self.stopped = proven.walked.stopped;
        self.proven = Some((proven.live, proven.walked.good));
        Ok(())
    }

    /// The mark must be on the branch, with the head that it states.
    fn mark(&mut self, branch: &Branch, proven: &Reach<'_>, mark: Mark) {
        let Mark { file, point } = mark;
        let Some((_, next)) = branch.find(file) else {
            let oldest = branch.live.first().map_or(0, LiveFile::number);
            if file >= oldest {
                let superseded = branch.strays.iter().any(|stray| stray.why == Why::Superseded(file));
                let what = if superseded { What::Changed } else { What::Missing };
                self.suspect(what, Some(file), Some(point), Some(proven.walked.end));
            }
            return;
        };
        let there = match next {
            // Walked: an end before the mark was seen above.
            _ if proven.live.number() == file && point.seq > proven.walked.end.seq => return,
            _ if proven.live.number() == file => proven.walked.asked,
            Some(next) if next.header.prev.seq == point.seq => Some(next.header.prev.head),
            // A later header proves more than the mark; what stands before it is the verifier's to find.
            Some(next) if next.header.prev.seq > point.seq => return,
            _ => None,
        };
        if there != Some(point.head) {
            let found = there.map(|head| Point { seq: point.seq, head });
            self.suspect(What::Changed, Some(file), Some(point), found);
        }
    }

    fn missing(&mut self, branch: &Branch) {
        if let Start::Behind { file } = branch.start
            && !branch.begins_right(self.kept_from)
        {
            let expected = branch.live.first().map(|oldest| oldest.header.prev);
            self.suspect(What::Missing, Some(file), expected, None);
        }
    }

    /// The state file says that the trail was closed: then its mark is the end, and nothing follows.
    fn ended(&mut self, state: &State, branch: &Branch) {
        let whole = self.proven.is_none_or(|(live, good)| live.len == good);
        // A file that could be neither begun nor removed is what a crash leaves, too, and waits to be set aside.
        let tidy = !branch
            .strays
            .iter()
            .any(|stray| matches!(stray.why, Why::Unreadable(_)));
        if self.end == state.durable && whole {
            self.clean = self.stopped && tidy && self.suspicions.is_empty() && self.state == StateWas::InOrder;
        } else if self.suspicions.is_empty() {
            let (expected, found) = (state.durable, self.end);
            let file = found.map(|found| found.file);
            self.suspect(
                What::Appended,
                file,
                expected.map(|mark| mark.point),
                found.map(|mark| mark.point),
            );
        }
    }
}
