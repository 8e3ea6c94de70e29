//! Older files that a legal hold keeps while the ones around them go: each stands alone, pinned by both of its ends
//! (docs/FORMAT.md, "Hold").

use std::collections::BTreeMap;

use crate::verify::branch::Branch;
use crate::verify::folded::{Folded, What};
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
        let live = |file: u64| self.branch.live.iter().any(|found| found.header.file == file);
        let mut kept = 0_u64;
        for held in last.header.held.iter().filter(|held| !live(held.file)) {
            let there = self.held.iter().find(|(file, _)| file.held.file == held.file);
            let fault = match there {
                None => Fault::new(
                    FaultKind::MissingFile,
                    self.gone(),
                    format!("file {} is missing, and {} says that it is held", held.file, last.name),
                ),
                Some((file, fold)) => match contradiction(held, file.found, fold) {
                    None => {
                        kept += 1;
                        continue;
                    }
                    Some(detail) => Fault::new(FaultKind::Link, Verdict::Tampered, detail).file(&file.found.name),
                },
            };
            judgement.faults.push(fault);
        }
        if kept > 0 {
            judgement.notes.push(format!(
                "{kept} older files are kept by a legal hold, and are what they were"
            ));
        }
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
