//! Older files that a legal hold keeps while the ones around them go: each stands alone, pinned by both of its ends
//! (docs/FORMAT.md, "Hold").

use std::collections::{BTreeMap, BTreeSet};

use crate::verify::branch::Branch;
use crate::verify::folded::{Folded, Saying, What};
use crate::verify::header::Held;
use crate::verify::judge::{Case, End, Judgement};
use crate::verify::report::{Fault, FaultKind, Verdict};
use crate::verify::survey::{Found, Survey};

/// A file that a header says is held, and that the branch does not pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldFile<'a> {
    pub(crate) held: Held,
    pub(crate) found: &'a Found,
}

/// The held files that are there. What several headers say of one, the newest says best.
pub(crate) fn files<'a>(survey: &'a Survey, branch: &Branch<'a>) -> Vec<HeldFile<'a>> {
    let mut held: BTreeMap<u64, Held> = BTreeMap::new();
    for found in &branch.live {
        held.extend(found.header.held.iter().map(|held| (held.file, *held)));
    }
    for found in &branch.live {
        held.remove(&found.header.file);
    }
    let there = |held: &Held| {
        let same = |found: &&Found| found.header.file == held.file && Some(found.header.trail) == branch.trail;
        survey.valid.iter().find(same)
    };
    let files = held.into_values();
    files
        .filter_map(|held| there(&held).map(|found| HeldFile { held, found }))
        .collect()
}

impl Case<'_> {
    /// What the last proven header says is held must be there, and be what it was.
    pub(crate) fn judge_held(&self, end: &End, judgement: &mut Judgement) {
        let Some(last) = end.files.checked_sub(1).and_then(|last| self.branch.live.get(last)) else {
            return;
        };
        for held in self.held_by(end) {
            let there = self.held.iter().find(|(file, _)| file.held.file == held.file);
            let fault = match there {
                None => Fault::new(
                    FaultKind::MissingFile,
                    self.survey.gone(),
                    format!("file {} is missing, and {} says that it is held", held.file, last.name),
                ),
                Some((file, fold)) => match contradiction(held, file.found, fold) {
                    None => continue,
                    Some(detail) => Fault::new(FaultKind::Link, Verdict::Tampered, detail).file(&file.found.name),
                },
            };
            judgement.faults.push(fault);
        }
        let kept = self.kept(end).count();
        if kept > 0 {
            judgement.notes.push(format!(
                "{kept} older files are kept by a legal hold, and are what they were"
            ));
        }
    }

    /// The held files that are there, and are what they were.
    pub(crate) fn kept<'b>(&'b self, end: &End) -> impl Iterator<Item = (&'b Found, &'b Folded)> {
        self.held_by(end).into_iter().filter_map(|held| {
            let (file, fold) = self.held.iter().find(|(file, _)| file.held.file == held.file)?;
            contradiction(held, file.found, fold)
                .is_none()
                .then_some((file.found, fold))
        })
    }

    /// What the last proven header says is held, as far as it is still.
    fn held_by(&self, end: &End) -> Vec<&Held> {
        let Some(last) = end.files.checked_sub(1).and_then(|last| self.branch.live.get(last)) else {
            return Vec::new();
        };
        let live = |file: u64| self.branch.live.iter().any(|found| found.header.file == file);
        // Since that header was written, a prune may have ended the hold.
        let said = self.folds.get(end.files - 1).into_iter().flat_map(|fold| &fold.said);
        let pruned: BTreeSet<u64> = said
            .filter(|said| said.seq <= end.proven)
            .filter_map(|said| match &said.what {
                Saying::Prune(prune) => Some(&prune.files),
                _ => None,
            })
            .flatten()
            .copied()
            .collect();
        let held = last.header.held.iter().filter(|held| !live(held.file));
        held.filter(|held| !pruned.contains(&held.file)).collect()
    }
}

fn contradiction(held: &Held, found: &Found, fold: &Folded) -> Option<String> {
    let wrong = |what: &str| Some(format!("it is held, and {what}"));
    if found.header.prev != held.prev {
        return wrong("it does not begin where it did");
    }
    if fold.breaks.iter().any(|broken| broken.what != What::Beyond) {
        return wrong("its lines are not what they were");
    }
    match fold.end == held.end {
        true => None,
        false => wrong("it does not end where it did"),
    }
}
