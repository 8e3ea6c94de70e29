//! What the trail says of itself: unclean ends, losses, prunes, and what a start could not explain.

use std::time::Duration;

use crate::clock::Micros;
use crate::store::Trust;
use crate::verify::folded::{Folded, Said, Saying};
use crate::verify::judge::{Case, End, Judgement};
use crate::verify::own::Prune;
use crate::verify::report::{Fault, FaultKind, Verdict};
use crate::verify::survey::Found;

impl Case<'_> {
    /// What the trail says of itself.
    pub(crate) fn listen(&self, end: &End, judgement: &mut Judgement) {
        let mut gaps = 0;
        let mut policy: Option<u64> = None;
        let mut before: Option<(&Found, &Folded)> = None;
        for (found, fold) in self.branch.live.iter().zip(&self.folds).take(end.files) {
            let header = &found.header;
            gaps += fold.gaps;
            judgement.lost = judgement.lost.saturating_add(fold.lost);
            if let Some(before) = before.filter(|(before, _)| header.run > before.header.run + 1) {
                let (before, _) = before;
                let skipped = header.run - before.header.run - 1;
                judgement.notes.push(format!(
                    "{}: {skipped} starts before run {} wrote nothing",
                    found.name, header.run
                ));
            }
            if !header.clean {
                let stopped = before.is_some_and(|(_, before)| before.stop == Some(header.prev.seq));
                self.list_seam(found, fold, stopped, judgement);
            }
            before = Some((found, fold));
            for (line, seq, why) in fold.odd.iter().filter(|(_, seq, _)| *seq <= end.proven) {
                let fault = Fault::new(FaultKind::Spelling, Verdict::Tampered, why);
                judgement.faults.push(fault.file(&found.name).line(*line).seq(*seq));
            }
            if fold.more_odd > 0 {
                let detail = format!("and {} more", fold.more_odd);
                let fault = Fault::new(FaultKind::Spelling, Verdict::Tampered, detail);
                judgement.faults.push(fault.file(&found.name));
            }
            for said in fold.said.iter().filter(|said| said.seq <= end.proven) {
                match &said.what {
                    Saying::Suspected(what) => judgement.faults.push(
                        Fault::new(
                            FaultKind::Suspected,
                            Verdict::Tampered,
                            format!("a start found what no crash explains: {what}"),
                        )
                        .file(&found.name)
                        .line(said.line)
                        .seq(said.seq),
                    ),
                    Saying::Config(retention) => policy = retention.days,
                    Saying::Prune(prune) => self.list_prune(found, said, prune, policy, judgement),
                    Saying::Rekeyed { first_run, .. }
                        if header.trust == Trust::Sealed && !self.goes_on_under_its_key(*first_run, end) =>
                    {
                        judgement.rekeyed.insert(*first_run);
                    }
                    Saying::Recover(_) | Saying::Rekeyed { .. } => {}
                }
            }
        }
        if gaps > 0 {
            judgement.notes.push(format!(
                "the trail says in {gaps} AUDIT_GAP that it lost {} records; they have no numbers",
                judgement.lost
            ));
        }
        if judgement.superseded_lines > 0 {
            judgement.notes.push(format!(
                "{} lines were superseded by later files, and are not judged",
                judgement.superseded_lines
            ));
        }
        self.judge_tombstones(end, judgement);
    }

    /// Whether seals of that run or a later one are right under a key that was given. Then a change of keys that was announced
    /// for it, and that no other key line tells of, did not come about: the state decides, and a crash came before it.
    fn goes_on_under_its_key(&self, first_run: u64, end: &End) -> bool {
        let mut walked = self.branch.live.iter().zip(&self.folds).take(end.files);
        walked.any(|(found, fold)| found.header.run >= first_run && fold.is_sealed_by_rule && fold.sealed.is_some())
    }

    /// An end that was not clean; `stopped` if an `AUDIT_STOP` stands there all the same.
    fn list_seam(&self, found: &Found, fold: &Folded, stopped: bool, judgement: &mut Judgement) {
        let header = &found.header;
        let recovered = fold.said.iter().find_map(|said| match &said.what {
            Saying::Recover(recover) => Some(recover),
            _ => None,
        });
        let lost = match recovered {
            Some(recover) => format!(
                "; of what was accepted {} may be missing, and {} bytes were set aside",
                recover
                    .at_most_bytes
                    .map_or("an unknown part".to_owned(), |most| format!("up to {most} bytes")),
                recover.torn_bytes
            ),
            None => String::new(),
        };
        let seq = header.prev.seq;
        let only_state = recovered.filter(|recover| stopped && recover.state_missing && recover.torn_bytes == 0);
        let detail = match only_state {
            Some(_) => format!(
                "the run before ended with its AUDIT_STOP, seq {seq}, and the start behind it found no state file: the key \
                 directory was changed or lost, or somebody removed it to hide a cut"
            ),
            None => format!("the run before ended without a clean end, behind seq {seq}{lost}"),
        };
        if self.strict {
            let fault = Fault::new(FaultKind::Seam, Verdict::Open, detail);
            judgement.faults.push(fault.file(&found.name).line(1));
        } else {
            judgement.notes.push(format!("{}: {detail}", found.name));
        }
    }

    fn list_prune(&self, found: &Found, said: &Said, prune: &Prune, policy: Option<u64>, judgement: &mut Judgement) {
        let files = prune.files.len();
        let detail = match prune.policy_days {
            None => format!("{files} files were removed for their number or size, whatever their age"),
            Some(days) if policy.is_some_and(|policy| days < policy) => {
                format!(
                    "{files} files were removed after {days} days, and the settings said {}",
                    policy.unwrap_or(0)
                )
            }
            Some(days)
                if prune
                    .newest
                    .zip(prune.time)
                    .is_some_and(|(newest, at)| is_early(newest, at, days)) =>
            {
                format!("{files} files were removed before they were {days} days old")
            }
            Some(_) => return,
        };
        if self.strict {
            let fault = Fault::new(FaultKind::EarlyPrune, Verdict::Open, detail);
            judgement
                .faults
                .push(fault.file(&found.name).line(said.line).seq(said.seq));
        } else {
            judgement.notes.push(format!(
                "{}: line {}, seq {}: {detail}",
                found.name, said.line, said.seq
            ));
        }
    }
}

fn is_early(newest: Micros, at: Micros, days: u64) -> bool {
    const DAY: u64 = 86_400;
    newest.plus(Duration::from_secs(days.saturating_mul(DAY))) > at
}
