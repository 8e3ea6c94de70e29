//! The files that count, by the verifier's own walk (docs/FORMAT.md, "Live branch").

use std::collections::{BTreeMap, HashMap};

use crate::store::TrailId;
use crate::verify::header::Cause;
use crate::verify::report::{Fault, FaultKind, Verdict};
use crate::verify::state::State;
use crate::verify::survey::{Found, Survey};

/// The files that count, oldest first, and those that a later one left out.
#[derive(Debug, Default)]
pub(crate) struct Branch<'a> {
    pub(crate) live: Vec<&'a Found>,
    pub(crate) superseded: Vec<&'a Found>,
    /// What is left before the hole that the walk ended at, if it did, as files follow one another there.
    pub(crate) behind: Vec<&'a Found>,
    pub(crate) trail: Option<TrailId>,
    pub(crate) faults: Vec<Fault>,
}

impl<'a> Branch<'a> {
    /// Walks from the newest header back.
    pub(crate) fn of(survey: &'a Survey, state: Option<&State>) -> Branch<'a> {
        let mut branch = Branch {
            trail: survey.trail(state.map(|state| state.trail)),
            ..Branch::default()
        };
        let Some(trail) = branch.trail else { return branch };
        let mut files: BTreeMap<u64, &Found> = BTreeMap::new();
        let mut runs: HashMap<u64, &Found> = HashMap::new();
        for found in &survey.valid {
            let header = &found.header;
            let fault = |kind, detail: String| Fault::new(kind, Verdict::Tampered, detail).file(&found.name);
            if header.trail != trail {
                let detail = format!("it is of another trail, {}", header.trail);
                branch.faults.push(fault(FaultKind::Foreign, detail));
                continue;
            }
            if let Some(twin) = files.get(&header.file) {
                let detail = format!("its number, {}, is also that of {}", header.file, twin.name);
                branch.faults.push(fault(FaultKind::Duplicate, detail));
                continue;
            }
            files.insert(header.file, found);
            let first = runs.entry(header.run).or_insert(found);
            if first.header.run_id != header.run_id {
                let detail = format!(
                    "run {} has another name in {}: the trail was cloned",
                    header.run, first.name
                );
                branch.faults.push(fault(FaultKind::Fork, detail));
            }
        }
        let mut next = files.last_key_value().map(|(_, found)| *found);
        while let Some(found) = next {
            files.remove(&found.header.file);
            next = found.header.prev_file.and_then(|prev| files.get(&prev).copied());
            branch.live.push(found);
        }
        branch.live.reverse();
        branch.leave_out(&files);
        let hole = branch.live.first().and_then(|oldest| oldest.header.prev_file);
        let mut next = hole.and_then(|missing| files.range(..missing).next_back());
        while let Some((_, found)) = next {
            branch.behind.push(found);
            next = found.header.prev_file.and_then(|prev| files.range(..=prev).next_back());
        }
        branch.behind.reverse();
        branch
    }

    /// What becomes of valid files that the walk did not pass.
    fn leave_out(&mut self, files: &BTreeMap<u64, &'a Found>) {
        let Some(oldest) = self.live.first() else { return };
        for (number, found) in files {
            let over = self.live.iter().find(|live| live.header.file > *number);
            let Some(over) = over else { continue };
            let below = over.header.file == oldest.header.file;
            let excused = matches!(over.header.cause, Cause::Resync | Cause::Recover);
            if below && oldest.header.prev_file.is_some_and(|prev| *number <= prev) {
                // Behind a hole, which is a fault of its own, or waiting to be removed.
                continue;
            }
            self.superseded.push(found);
            let genesis = below && oldest.header.prev_file.is_none();
            if !excused && !genesis {
                let detail = format!(
                    "file {number} is left out by {}, which says it follows file {} and was begun by {}",
                    over.name,
                    over.header.prev_file.unwrap_or(0),
                    over.header.cause.as_str(),
                );
                self.faults
                    .push(Fault::new(FaultKind::Link, Verdict::Tampered, detail).file(&found.name));
            }
        }
    }
}
