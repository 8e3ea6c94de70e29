//! Holes in the live branch: which of them retention left, and what stands behind the others, for readers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::branch::{Branch, LiveFile, Start};
use super::content;
use super::header::KeptFrom;
use super::scan;
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
