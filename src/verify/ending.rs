//! How a trail ends: what must be there at least, what may be cut, and what makes an end a clean one (docs/FORMAT.md, section 16).

use crate::chain::Head;
use crate::verify::folded::{Break, What};
use crate::verify::judge::{Case, Durable, End, Judgement};
use crate::verify::report::{Fault, FaultKind, Mark, Verdict};
use crate::verify::state::{self, State};

impl Case<'_> {
    pub(super) fn judge_end(&self, durable: &Durable, end: &End, judgement: &mut Judgement) {
        if end.proven < durable.seq && !end.reached {
            let detail = format!(
                "the trail is proven up to seq {} only, and {} says that seq {} was on the disk",
                end.proven, durable.says, durable.seq
            );
            let mut fault = Fault::new(FaultKind::Cut, self.survey.gone(), detail).seq(end.proven + 1);
            if let Some(newest) = self.branch.live.get(end.files.saturating_sub(1)) {
                fault = fault.file(&newest.name);
            }
            judgement.faults.push(fault);
        }
        self.judge_mark(end, judgement);
        let newest = self.branch.live.last().zip(self.folds.last());
        let tail = newest.map_or(0, |(_, fold)| fold.tail);
        if let Some(state) = self.state.state().filter(|state| state.clean)
            && let (file, seq) = state.durable.map_or((0, 0), |mark| (mark.file, mark.point.seq))
            && (end.proven > seq || (end.proven == seq && (judgement.unproven_bytes > 0 || end.file > file)))
        {
            let detail =
                format!("the state file says that the trail had ended cleanly at seq {seq}, and something follows");
            let mut fault = Fault::new(FaultKind::Appended, Verdict::Tampered, detail).seq(seq + 1);
            if let Some((newest, _)) = newest {
                fault = fault.file(&newest.name);
            }
            judgement.faults.push(fault);
        }
        // Of a trail that is being written, a line or a commit may be seen half.
        let half = newest.map_or(0, |(_, fold)| match fold.breaks.as_slice() {
            [
                Break {
                    what: What::Unsealed, ..
                },
            ] => fold.live_bytes - fold.intact_to,
            _ => tail,
        });
        if self.live && newest.is_some() && judgement.unproven_bytes == half {
            return;
        }
        if let Some((newest, fold)) = newest.filter(|(_, fold)| fold.tail > 0) {
            let detail = format!("the last line is not whole: {} bytes without a line feed", fold.tail);
            judgement.faults.push(
                Fault::new(FaultKind::Torn, Verdict::Open, detail)
                    .file(&newest.name)
                    .line(fold.lines + 1)
                    .seq(fold.end.seq + 1),
            );
        }
        let marked = self.state.state().is_some_and(|state| state.durable.is_some());
        if newest.is_none() && (self.expected || marked) {
            let detail = "no file is left, and something beside the files speaks of some";
            judgement
                .faults
                .push(Fault::new(FaultKind::MissingFile, self.survey.gone(), detail));
        }
        let stopped = newest.is_some_and(|(_, fold)| fold.stop == Some(fold.end.seq));
        let said_clean = self.state.state().is_none_or(|state| state.clean);
        let begun = self.survey.begun();
        if judgement.faults.has(Verdict::Open) || (stopped && said_clean && begun.is_none()) {
            return;
        }
        let detail = match (newest, stopped) {
            (None, _) => "nothing has been written yet",
            (_, true) if said_clean => {
                "the last record is AUDIT_STOP, and behind it a file is empty: another run began, or all of it was cut off"
            }
            (_, false) => "the last record is not AUDIT_STOP: the process was killed, or the end was cut off",
            (_, true) => "the last record is AUDIT_STOP, and the state file does not say that the trail has ended",
        };
        let mut fault = Fault::new(FaultKind::Unfinished, Verdict::Open, detail);
        if let Some(begun) = begun.filter(|_| stopped && said_clean) {
            fault = fault.file(begun);
        } else if let Some((newest, fold)) = newest {
            fault = fault.file(&newest.name).line(fold.lines);
        }
        judgement.faults.push(fault);
    }

    /// The durable mark must be on the branch.
    fn judge_mark(&self, end: &End, judgement: &mut Judgement) {
        let Some(mark) = self.state.state().and_then(|state| state.durable) else {
            return;
        };
        let Some(oldest) = self.branch.live.first() else { return };
        if mark.point.seq > end.proven || mark.file < oldest.header.file {
            return;
        }
        let mut live = self.branch.live.iter().zip(&self.folds);
        let found = live.find(|(found, _)| found.header.file == mark.file);
        let head: Option<Head> = found.and_then(|(found, fold)| match found.header.prev.seq == mark.point.seq {
            true => Some(found.header.head),
            false => fold.wanted,
        });
        if head != Some(mark.point.head) {
            let detail = format!(
                "the state file says that seq {} stood in file {} with another head: the records up to it were replaced",
                mark.point.seq, mark.file
            );
            judgement
                .faults
                .push(Fault::new(FaultKind::Mark, self.survey.gone(), detail).seq(mark.point.seq));
        }
    }
}

/// What the report says of the state file.
pub(crate) fn mark(state: &state::Found) -> Mark {
    match state {
        state::Found::Missing => Mark::NoState,
        state::Found::Damaged => Mark::Damaged,
        state::Found::State(State { durable: None, .. }) => Mark::None,
        state::Found::State(State {
            durable: Some(mark),
            clean,
            ..
        }) => Mark::At {
            seq: mark.point.seq,
            clean: *clean,
        },
    }
}
