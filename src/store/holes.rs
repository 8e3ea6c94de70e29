//! Holes in the live branch: which of them retention left, and what stands behind the others, for readers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use super::Home;
use super::branch::{Branch, LiveFile, Start, Why};
use super::content;
use super::header::KeptFrom;
use super::scan;
use super::state::{Found, State};
use crate::io::Disk;

/// What a reader of a trail goes through.
#[derive(Debug)]
pub(crate) struct Readable {
    /// Oldest first.
    pub(crate) files: Vec<LiveFile>,
    /// Of these, the numbers of those that go on from a file that is not there, and should be.
    pub(crate) holes: BTreeSet<u64>,
}

/// The files behind the hole at which the walk back ended, as they would follow one another if nothing else was missing.
/// Nothing proves that they are what came before; it is all that is left of it.
pub(super) fn behind(files: &HashMap<u64, LiveFile>, oldest: &LiveFile, missing: u64) -> Vec<LiveFile> {
    let files: BTreeMap<u64, &LiveFile> = files.iter().map(|(number, file)| (*number, file)).collect();
    let (mut next, mut live_to) = (files.range(..missing).next_back(), oldest.header.prev.seq);
    let mut behind = Vec::new();
    while let Some((_, file)) = next {
        behind.push(LiveFile {
            live_to: Some(live_to),
            ..(*file).clone()
        });
        live_to = live_to.min(file.header.prev.seq);
        // Numbers fall, so that this ends.
        next = file.header.prev_file.and_then(|prev| files.range(..=prev).next_back());
    }
    behind.reverse();
    behind
}

/// What a reader cannot place: something was there, and is not, or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lost {
    pub(crate) path: PathBuf,
    pub(crate) what: String,
}

/// The state file, where it can be read: to be loaded before a branch is walked, so that it is not ahead of that.
pub(crate) fn state(disk: &dyn Disk, home: &Home) -> Option<State> {
    match State::load(disk, home) {
        Ok(Found::State(state)) => Some(state),
        _ => None,
    }
}

/// Files of whose records no header tells, and newest files that are gone though the state file says that they were on the disk.
pub(crate) fn lost(home: &Home, branch: &Branch, state: Option<&State>) -> Vec<Lost> {
    let unreadable = branch.strays.iter().filter_map(|stray| match stray.why {
        Why::Unreadable(why) => Some((stray, why)),
        _ => None,
    });
    let mut lost: Vec<Lost> = unreadable
        // Without one whole line there is no record in it. It is what is left where a file could not be begun.
        .filter(|(stray, _)| !stray.is_cut_short())
        .map(|(stray, why)| Lost {
            path: stray.path.clone(),
            what: format!("nothing of it can be read: {why}"),
        })
        .collect();
    let newest = branch.newest();
    let own = |state: &&State| newest.is_none_or(|newest| newest.header.trail == state.trail);
    let mark = state.filter(own).and_then(|state| state.durable);
    // A file that cannot be read may be the one that is missing.
    if let Some(mark) = mark.filter(|mark| mark.file > branch.greatest && lost.is_empty()) {
        lost.push(Lost {
            path: home.dir.clone(),
            what: format!(
                "the newest files are missing: the state file says that file {} was on the disk up to record {}",
                mark.file, mark.point.seq
            ),
        });
    }
    lost
}

/// What there is to read of a branch.
pub(crate) fn readable(disk: &dyn Disk, branch: Branch) -> Readable {
    let Branch {
        live, start, behind, ..
    } = branch;
    if !matches!(start, Start::Behind { .. }) {
        return Readable {
            files: live,
            holes: BTreeSet::new(),
        };
    }
    let kept = live.last().and_then(|newest| kept_from(disk, newest));
    let mut files = behind;
    files.extend(live);
    let begins = |file: &LiveFile| kept.is_some_and(|kept| file.number() == kept.file && file.header.prev == kept.prev);
    // What is before it was removed, or is about to be.
    if let Some(place) = files.iter().position(begins) {
        files.drain(..place);
    }
    let mut before = None;
    let holes = files
        .iter()
        .filter(|file| {
            let goes_on = file.header.prev_file == before.replace(file.number());
            !goes_on && !begins(file)
        })
        .map(LiveFile::number)
        .collect();
    Readable { files, holes }
}

/// Where retention left the trail, as its newest file says.
fn kept_from(disk: &dyn Disk, newest: &LiveFile) -> Option<KeptFrom> {
    let walked = content::open(disk, &newest.path, newest.name.form)
        .and_then(|file| scan::walk(&*file, newest, None, |_| ()))
        .ok();
    let recorded = walked.and_then(|walked| walked.kept_from);
    recorded
        .into_iter()
        .chain(newest.header.kept_from)
        .max_by_key(|kept| kept.file)
}
