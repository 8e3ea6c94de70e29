//! What erasures left: each tombstone needs a proven record that ordered it (docs/FORMAT.md, "Erasure").

use std::collections::HashMap;

use crate::chain::Leaf;
use crate::verify::judge::{Case, End, Judgement};
use crate::verify::report::{Fault, FaultKind, Verdict};

impl Case<'_> {
    /// A tombstone of record N with `by` M is valid only if M is greater, proven, and an `AUDIT_ERASE` that names N and the
    /// tombstone's leaf at the same place.
    pub(crate) fn judge_tombstones(&self, end: &End, judgement: &mut Judgement) {
        let live = || self.branch.live.iter().copied().zip(&self.folds).take(end.files);
        let proven = || live().chain(self.kept(end));
        let orders = proven().flat_map(|(_, fold)| &fold.erasures);
        let orders = orders.filter(|(by, _)| *by <= end.proven);
        let mut ordered: HashMap<(u64, u64), Leaf> = HashMap::new();
        for (by, erase) in orders {
            ordered.extend(erase.records.iter().map(|(seq, leaf)| ((*by, *seq), *leaf)));
        }
        let mut erased = 0_u64;
        for (found, fold) in proven() {
            for tombstone in fold.tombstones.iter().filter(|tombstone| tombstone.seq <= end.proven) {
                let order = ordered.get(&(tombstone.by, tombstone.seq));
                if tombstone.by > tombstone.seq && order == Some(&tombstone.leaf) {
                    erased += 1;
                    continue;
                }
                let detail = match order {
                    Some(_) => "its erasure was ordered with another content",
                    None => "no proven AUDIT_ERASE ordered that it be erased",
                };
                judgement.faults.push(
                    Fault::new(FaultKind::Erased, Verdict::Tampered, detail)
                        .file(&found.name)
                        .line(tombstone.line)
                        .seq(tombstone.seq),
                );
            }
            if fold.more_tombstones > 0 {
                let detail = format!("it has {} more tombstones than this build judges", fold.more_tombstones);
                judgement
                    .faults
                    .push(Fault::new(FaultKind::Unsupported, Verdict::Unreadable, detail).file(&found.name));
            }
        }
        if erased > 0 {
            judgement.notes.push(match erased {
                1 => "1 record was erased by order; its leaf still proves that it was there".to_owned(),
                _ => format!("{erased} records were erased by order; their leaves still prove that they were there"),
            });
        }
    }
}
