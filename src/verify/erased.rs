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
        let mut ordered: HashMap<(u64, u64), Option<Leaf>> = HashMap::new();
        for (_, fold) in proven() {
            ordered.extend(
                fold.tombstones
                    .iter()
                    .map(|tombstone| ((tombstone.by, tombstone.seq), None)),
            );
        }
        for order in proven().flat_map(|(_, fold)| &fold.erasures) {
            if let Some(leaf) = ordered
                .get_mut(&(order.by, order.seq))
                .filter(|_| order.by <= end.proven)
            {
                *leaf = Some(order.leaf);
            }
        }
        // Of what was not kept nothing can be said.
        let unknown = |by: u64| {
            let mut files = proven();
            files.any(|(_, fold)| {
                fold.more_erasures
                    .is_some_and(|first| (first..=fold.end.seq).contains(&by))
            })
        };
        let mut erased = 0_u64;
        let mut unjudged = 0_u64;
        for (found, fold) in proven() {
            for tombstone in fold.tombstones.iter().filter(|tombstone| tombstone.seq <= end.proven) {
                let order = ordered.get(&(tombstone.by, tombstone.seq)).copied().flatten();
                if tombstone.by > tombstone.seq && order == Some(tombstone.leaf) {
                    erased += 1;
                    continue;
                }
                if tombstone.by > tombstone.seq && order.is_none() && unknown(tombstone.by) {
                    unjudged += 1;
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
        if unjudged > 0 {
            let detail = format!("{unjudged} tombstones are of erasures that stand behind more than this build judges");
            judgement
                .faults
                .push(Fault::new(FaultKind::Unsupported, Verdict::Unreadable, detail));
        }
        if erased > 0 {
            judgement.notes.push(match erased {
                1 => "1 record was erased by order; its leaf still proves that it was there".to_owned(),
                _ => format!("{erased} records were erased by order; their leaves still prove that they were there"),
            });
        }
    }
}
