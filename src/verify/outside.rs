//! What is known from outside the host, held against what the chain reaches.

use crate::store::TrailId;
use crate::verify::anchor::Known;
use crate::verify::judge::{Case, Durable, End, Judgement};
use crate::verify::report::{Fault, FaultKind, Verdict};

impl Case<'_> {
    /// What an anchor says of what had been on the disk.
    pub(crate) fn raise_by_anchors(&self, durable: &mut Durable) {
        // Behind damage the chain proves nothing.
        let whole = self.folds.iter().take_while(|fold| fold.is_whole()).count();
        let reached = whole + 1;
        for (place, anchor) in self.anchors.iter().enumerate() {
            let seq = match anchor.head {
                Known::Whole(_) => Some(anchor.seq),
                // Which of the records nearby it was, only finding it tells.
                Known::First48(_) => self.found(place, reached),
            };
            if let Some(seq) = seq {
                durable.raise(seq, || format!("the anchor {anchor}"));
            }
        }
    }

    /// The record at which an anchor holds, in so many of the live files.
    fn found(&self, place: usize, files: usize) -> Option<u64> {
        let mut all = self.folds.iter().take(files).flat_map(|fold| &fold.anchored);
        all.find(|(known, _)| *known == place).map(|(_, seq)| *seq)
    }

    /// Each anchor must be on the branch, unless its record was pruned.
    pub(crate) fn judge_anchors(&self, end: &End, judgement: &mut Judgement) {
        for (place, anchor) in self.anchors.iter().enumerate() {
            let remembered = self.remembered == Some(place);
            let noun = if remembered {
                "the last check's end"
            } else {
                "the anchor"
            };
            match self.found(place, end.files).filter(|seq| *seq <= end.proven) {
                Some(_) if remembered => {}
                Some(seq) => judgement.notes.push(format!("{noun} {anchor} holds at seq {seq}")),
                None if anchor.span().1 < judgement.first_seq => judgement.notes.push(format!(
                    "{noun} {anchor} is of records that were removed, and says nothing of the ones that are left"
                )),
                None => judgement.faults.push(
                    Fault::new(
                        FaultKind::Anchor,
                        self.survey.gone(),
                        format!("{noun} {anchor} is not on the chain: the records up to it were replaced or cut"),
                    )
                    .seq(anchor.seq),
                ),
            }
        }
    }

    /// A verifier that remembers another trail was shown another trail.
    pub(crate) fn judge_memory(&self, remembered: Option<TrailId>, judgement: &mut Judgement) {
        let other = self.branch.trail.zip(remembered).filter(|(here, known)| here != known);
        if let Some((here, known)) = other {
            let detail = format!("the trail is {here}, and the last check was of {known}");
            judgement
                .faults
                .push(Fault::new(FaultKind::Foreign, Verdict::Tampered, detail));
        }
    }
}
