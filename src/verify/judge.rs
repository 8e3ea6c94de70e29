//! From what the files hold to a verdict (docs/FORMAT.md, "Verify").

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::chain::Head;
use crate::store::{KeptFrom, Point, TrailId, Trust};
use crate::verify::anchor::Anchor;
use crate::verify::branch::Branch;
use crate::verify::folded::{Folded, Saying, What, describe};
use crate::verify::header::Cause;
use crate::verify::held::HeldFile;
use crate::verify::keys;
use crate::verify::own::Prune;
use crate::verify::report::{Fault, FaultKind, Verdict, plural};
#[cfg(feature = "sign")]
use crate::verify::signed::Signatures;
use crate::verify::state;
use crate::verify::survey::{Found, Survey};

/// What the judge is given.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) survey: &'a Survey,
    pub(crate) branch: Branch<'a>,
    /// Of the live files, in their order.
    pub(crate) folds: Vec<Folded>,
    /// Of the files before a hole, in their order.
    pub(crate) behind: Vec<Folded>,
    /// Older files under legal hold that the branch does not pass.
    pub(crate) held: Vec<(HeldFile<'a>, Folded)>,
    /// Highest number proven durable by lines of files without a header, and where.
    pub(crate) loose_proof: Option<(u64, String)>,
    /// Lines of superseded files.
    pub(crate) left_out_lines: u64,
    pub(crate) state: state::Found,
    pub(crate) live: bool,
    pub(crate) strict: bool,
    /// Whether it is known from elsewhere that there is a trail, whatever the directory says.
    pub(crate) expected: bool,
    pub(crate) anchors: Arc<[Anchor]>,
    /// What the signatures are held against, where a public key was given.
    #[cfg(feature = "sign")]
    pub(crate) signatures: Option<Signatures>,
    /// The one of them that is what an earlier check remembers, and of which trail it is.
    pub(crate) remembered: Option<usize>,
    pub(crate) remembered_trail: Option<TrailId>,
}

/// What the judge says.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    pub(crate) faults: Faults,
    pub(crate) notes: Vec<String>,
    pub(crate) first_seq: u64,
    pub(crate) proven: u64,
    pub(crate) durable_seq: u64,
    pub(crate) superseded_lines: u64,
    pub(crate) unproven_bytes: u64,
    pub(crate) lost: u64,
    /// Public keys, and runs from which on another key is used, as the trail says where a key that was given proves it.
    pub(crate) roots: BTreeSet<[u8; 32]>,
    pub(crate) rekeyed: BTreeSet<u64>,
    /// The head behind the last proven record.
    pub(crate) proven_head: Option<Head>,
}

/// A list with a limit; what is beyond it is counted.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) listed: Vec<Fault>,
    pub(crate) count: u64,
    pub(crate) worst: Option<Verdict>,
}

impl Faults {
    const LISTED: usize = 1_000;

    pub(crate) fn push(&mut self, fault: Fault) {
        self.weigh(fault.verdict, 1);
        if self.listed.len() < Faults::LISTED {
            self.listed.push(fault);
        }
    }

    /// Faults that are only counted.
    fn weigh(&mut self, verdict: Verdict, count: u64) {
        self.count += count;
        if self.worst.is_none_or(|worst| worst.rank() < verdict.rank()) {
            self.worst = Some(verdict);
        }
    }

    pub(super) fn has(&self, verdict: Verdict) -> bool {
        self.worst.is_some_and(|worst| worst.rank() >= verdict.rank())
    }
}

/// A number known to have been on the disk, and what says so.
pub(crate) struct Durable {
    pub(super) seq: u64,
    pub(super) says: String,
}

impl Durable {
    pub(crate) fn raise(&mut self, seq: u64, says: impl FnOnce() -> String) {
        if seq > self.seq {
            *self = Durable { seq, says: says() };
        }
    }
}

impl Case<'_> {
    pub(crate) fn judge(mut self) -> Judgement {
        let mut judgement = Judgement::default();
        for fault in std::mem::take(&mut self.branch.faults) {
            judgement.faults.push(fault);
        }
        for (name, why) in &self.survey.refused {
            judgement
                .faults
                .push(Fault::new(FaultKind::Unsupported, Verdict::Unreadable, why).file(name));
        }
        if self.survey.is_empty() {
            self.judge_nothing(&mut judgement);
            return judgement;
        }
        self.judge_state(&mut judgement);
        let durable = self.durable();
        judgement.durable_seq = durable.seq;
        let end = self.walk(&durable, &mut judgement);
        self.judge_start(&end, &mut judgement);
        self.judge_end(&durable, &end, &mut judgement);
        self.judge_held(&end, &mut judgement);
        #[cfg(feature = "sign")]
        self.judge_signatures(&end, &mut judgement);
        self.judge_anchors(&end, &mut judgement);
        self.judge_memory(self.remembered_trail, &mut judgement);
        self.judge_unreadable(&mut judgement);
        self.listen(&end, &mut judgement);
        judgement
    }

    fn judge_nothing(&self, judgement: &mut Judgement) {
        let state = self.state.state();
        let fault = match state.and_then(|state| state.durable) {
            Some(mark) => {
                judgement.durable_seq = mark.point.seq;
                let detail = format!(
                    "there is no file, and the state file says that seq {} was on the disk",
                    mark.point.seq
                );
                Fault::new(FaultKind::MissingFile, Verdict::Tampered, detail)
            }
            None if self.state == state::Found::Damaged => Fault::new(
                FaultKind::State,
                Verdict::Tampered,
                "there is no file, and the state file does not check",
            ),
            None if self.expected => Fault::new(
                FaultKind::MissingFile,
                Verdict::Tampered,
                "there is no file, and a key line, an anchor or an earlier check speaks of some",
            ),
            None if state.is_some() || self.survey.lock_file || !self.survey.torn.is_empty() => {
                Fault::new(FaultKind::Empty, Verdict::Open, "nothing has been written yet")
            }
            None => Fault::new(
                FaultKind::Empty,
                Verdict::Unreadable,
                "this is no trail: there is no file audit-….jsonl in it",
            ),
        };
        judgement.faults.push(fault);
    }

    fn judge_state(&self, judgement: &mut Judgement) {
        match &self.state {
            state::Found::Damaged => judgement.faults.push(Fault::new(
                FaultKind::State,
                Verdict::Tampered,
                "the state file does not check: it is not as the trail wrote it",
            )),
            state::Found::State(state) => {
                if let Some(trail) = self.branch.trail.filter(|trail| *trail != state.trail) {
                    let detail = format!("the state file is of trail {}, the files are of {trail}", state.trail);
                    judgement
                        .faults
                        .push(Fault::new(FaultKind::State, Verdict::Tampered, detail));
                }
                if let Some(newest) = self.branch.live.last().filter(|live| live.header.run >= state.next_run) {
                    judgement.notes.push(format!(
                        "the state file knows runs below {}, and {} is of run {}: it is a copy from another time",
                        state.next_run, newest.name, newest.header.run
                    ));
                }
            }
            state::Found::Missing => {}
        }
    }

    /// The highest number of which anything says that it had been synced.
    fn durable(&self) -> Durable {
        let mut durable = Durable {
            seq: 0,
            says: "nothing".to_owned(),
        };
        let mut before = 0;
        for (found, fold) in self.branch.live.iter().zip(&self.folds) {
            let header = &found.header;
            let seq = match header.cause {
                // At most one seam is without a sync: the one this file makes.
                Cause::Rotate => before,
                Cause::Start | Cause::Resync | Cause::Recover => header.prev.seq,
            };
            before = header.prev.seq;
            durable.raise(seq, || format!("the header of {}", found.name));
            durable.raise(fold.proof, || format!("a record of the trail's own in {}", found.name));
        }
        if let Some((seq, name)) = &self.loose_proof {
            durable.raise(*seq, || format!("a record of the trail's own in {name}"));
        }
        if let Some(mark) = self.state.state().and_then(|state| state.durable) {
            durable.raise(mark.point.seq, || "the state file".to_owned());
        }
        self.raise_by_anchors(&mut durable);
        durable
    }

    /// Follows the branch from the oldest header to the proven end.
    fn walk(&self, durable: &Durable, judgement: &mut Judgement) -> End {
        let mut end = End::default();
        let mut arrived: Option<(&Found, Point)> = None;
        let mut before: Option<(&Found, u64)> = None;
        let mut unsealed = false;
        let mut trust = Trust::Chained;
        for (place, (found, fold)) in self.branch.live.iter().zip(&self.folds).enumerate() {
            let header = &found.header;
            let successor = self.branch.live.get(place + 1);
            if place == 0 {
                judgement.first_seq = header.prev.seq + 1;
                end.proven = header.prev.seq;
            }
            // What no seal covers ends the proof, and arrives somewhere all the same: no crash writes it with another head.
            let chained = std::mem::take(&mut unsealed);
            if let Some((before, point)) = arrived.take().filter(|_| !end.reached || chained)
                && let Some(detail) = contradiction(before, point, found)
            {
                judgement.faults.push(
                    Fault::new(FaultKind::Link, Verdict::Tampered, detail)
                        .file(&found.name)
                        .line(1),
                );
                end.reached = true;
            }
            let run = place.checked_sub(1).and_then(|place| self.branch.live.get(place));
            if let Some(detail) = run.and_then(|before| other_run(before, found)) {
                let fault = Fault::new(FaultKind::Link, Verdict::Tampered, detail);
                judgement.faults.push(fault.file(&found.name).line(1));
                end.reached = true;
            }
            if header.trust < trust {
                let detail = format!(
                    "it is {}, and a file before it is {}",
                    header.trust.as_str(),
                    trust.as_str()
                );
                let fault = Fault::new(FaultKind::Trust, Verdict::Tampered, detail);
                judgement.faults.push(fault.file(&found.name).line(1));
                end.reached = true;
            }
            trust = trust.max(header.trust);
            let contradicts = keys::contradiction(before, found).filter(|_| !end.reached && fold.is_sealed_by_rule);
            before = Some((found, fold.sealed.map_or(0, |sealed| sealed.count)));
            if let Some(detail) = contradicts {
                let fault = Fault::new(FaultKind::Link, Verdict::Tampered, detail);
                judgement.faults.push(fault.file(&found.name).line(1));
                end.reached = true;
            }
            self.list_breaks(found, fold, durable, end.reached, judgement);
            judgement.superseded_lines += fold.superseded_lines;
            if end.reached {
                judgement.unproven_bytes += fold.live_bytes;
                continue;
            }
            end.headers = place + 1;
            if !fold.is_sealed_by_rule || fold.sealed.is_some() {
                end.proven = header.prev.seq + fold.intact;
                end.files = place + 1;
                end.file = header.file;
                judgement.proven_head = Some(fold.sealed.map_or(fold.end.head, |sealed| sealed.point.head));
            }
            judgement.unproven_bytes += fold.live_bytes.saturating_sub(fold.intact_to);
            let broken = fold.breaks.iter().any(|found| found.what != What::Beyond);
            let short = successor.filter(|next| !broken && fold.end.seq < next.header.prev.seq);
            if let Some(next) = short {
                let verdict = class(fold.end.seq + 1, durable);
                let detail = format!(
                    "the file ends behind seq {}, and {} goes on behind seq {}",
                    fold.end.seq, next.name, next.header.prev.seq
                );
                judgement.faults.push(
                    Fault::new(FaultKind::Missing, verdict, detail)
                        .file(&found.name)
                        .line(fold.lines + 1)
                        .seq(fold.end.seq + 1),
                );
            }
            let spare = successor.filter(|_| fold.tail > 0 && short.is_none() && !broken);
            if let Some(next) = spare {
                let detail = format!(
                    "{} bytes stand behind the last line, and {} goes on",
                    fold.tail, next.name
                );
                judgement.faults.push(
                    Fault::new(FaultKind::Beyond, Verdict::Tampered, detail)
                        .file(&found.name)
                        .line(fold.lines + 1),
                );
            }
            end.reached = broken || short.is_some();
            let only_unsealed = fold.breaks.iter().all(|found| found.what == What::Unsealed);
            unsealed = broken && only_unsealed && successor.is_some_and(|next| next.header.prev.seq == fold.end.seq);
            arrived = Some((found, fold.end));
        }
        judgement.superseded_lines += self.left_out_lines;
        judgement.proven = end.proven;
        end
    }

    /// `beyond` if the walk has ended before this file.
    fn list_breaks(&self, found: &Found, fold: &Folded, durable: &Durable, beyond: bool, judgement: &mut Judgement) {
        let newest = self
            .branch
            .live
            .last()
            .is_some_and(|newest| std::ptr::eq(*newest, found));
        for (place, broken) in fold.breaks.iter().enumerate() {
            if self.live && newest && broken.what == What::Unsealed && class(broken.seq, durable) == Verdict::Open {
                // A commit that was seen half.
                continue;
            }
            let (kind, detail) = describe(broken);
            let verdict = match broken.what {
                // Behind damage a file system may show anything, and that the chain seems to go on proves nothing.
                What::Beyond if place == 0 && !beyond => Verdict::Tampered,
                // The chain reached it, and no crash makes up whole lines.
                What::Seal if !beyond => Verdict::Tampered,
                _ => class(broken.seq, durable),
            };
            judgement.faults.push(
                Fault::new(kind, verdict, detail)
                    .file(&found.name)
                    .line(broken.line)
                    .seq(broken.seq),
            );
        }
        if let Some(last) = fold.breaks.last().filter(|_| fold.more_breaks > 0) {
            judgement.faults.weigh(class(last.seq, durable), fold.more_breaks);
        }
        if fold.unproven > 0 {
            let rest = if fold.unproven == 1 { "record" } else { "records" };
            judgement.notes.push(format!(
                "{}: {} {rest} from the first fault on cannot be judged alone",
                found.name, fold.unproven
            ));
        }
    }

    /// The oldest file must be the first of the trail, or where retention left it.
    fn judge_start(&self, end: &End, judgement: &mut Judgement) {
        let Some(oldest) = self.branch.live.first() else { return };
        let Some(missing) = oldest.header.prev_file else { return };
        // Files go only behind a synced prune, so that the one that explains a hole is proven, whatever a crash took. What
        // stands behind the proven end explains nothing: it would hide a prune that somebody changed.
        let mut proven = self.branch.live.iter().zip(&self.folds).take(end.files);
        let kept = proven.next_back().and_then(|(found, fold)| {
            let prune = last_prune(fold, end.proven).map(|prune| prune.kept_from);
            prune.or(found.header.kept_from)
        });
        let meets = |kept: KeptFrom| {
            let file = self.branch.live.iter().find(|live| live.header.file == kept.file);
            file.is_some_and(|live| live.header.prev == kept.prev)
        };
        if kept.is_some_and(meets) {
            return;
        }
        let detail = match kept {
            Some(kept) => format!(
                "file {missing} is missing: the trail should begin with file {} behind seq {}, as its last prune says",
                kept.file, kept.prev.seq
            ),
            None => format!("file {missing} is missing, and no record says that it was removed"),
        };
        judgement.faults.push(
            Fault::new(FaultKind::MissingFile, self.survey.gone(), detail)
                .file(&oldest.name)
                .line(1),
        );
        self.tell_what_is_behind(missing, judgement);
    }

    /// What is left before a file that is missing. The chain does not come that far, so that it is proven by nothing; but it
    /// may be all that there is of it.
    fn tell_what_is_behind(&self, missing: u64, judgement: &mut Judgement) {
        let behind = self.branch.behind.iter().zip(&self.behind);
        let intact: u64 = behind.clone().map(|(_, fold)| fold.intact).sum();
        let (Some(first), Some(last)) = (self.branch.behind.first(), behind.clone().next_back()) else {
            return;
        };
        // Whether each goes on from the end of the one before, with nothing damaged, from the trail's beginning on.
        let mut reached = Some(Point::GENESIS);
        for (found, fold) in behind {
            let goes_on = reached == Some(found.header.prev);
            reached = Some(fold.end).filter(|_| goes_on && fold.breaks.is_empty());
        }
        let chained = match reached {
            Some(_) => "they go on from each other, from the first one of the trail on",
            None => "they do not all go on from each other, from the first one of the trail on",
        };
        judgement.notes.push(format!(
            "before file {missing}, which is missing, {} with {} intact, between {} and {}: {chained}; nothing behind the \
             hole proves that they belong to the trail, or that they are all",
            plural(self.branch.behind.len() as u64, "file"),
            plural(intact, "record"),
            first.header.prev.seq + 1,
            last.1.end.seq,
        ));
    }

    /// Files without a valid header may stand for numbers that later headers skip.
    fn judge_unreadable(&self, judgement: &mut Judgement) {
        let known: BTreeSet<u64> = self
            .branch
            .live
            .iter()
            .chain(&self.branch.superseded)
            .map(|f| f.header.file)
            .collect();
        let from = self
            .branch
            .live
            .first()
            .map_or(0, |oldest| oldest.header.prev_file.unwrap_or(0));
        let to = known.last().copied().unwrap_or(from);
        let between = (to - from).saturating_sub(1);
        let taken = known.range(from + 1..).filter(|number| **number < to).count() as u64;
        let excused = usize::try_from(between.saturating_sub(taken)).unwrap_or(usize::MAX);
        // A writer is beginning a file.
        let counted = self.survey.unreadable.iter().filter(|file| !(self.live && file.begun));
        for (place, file) in counted.enumerate() {
            let detail = format!("it has no valid header: {}", file.why);
            if place < excused {
                judgement
                    .notes
                    .push(format!("{}: {detail}; a later file took its place", file.name));
            } else {
                judgement.faults.push(
                    Fault::new(FaultKind::Header, Verdict::Open, detail)
                        .file(&file.name)
                        .line(1),
                );
            }
        }
    }
}

/// Where the walk ended.
#[derive(Debug, Default)]
pub(crate) struct End {
    pub(crate) proven: u64,
    /// Live files that are proven at least in part.
    pub(crate) files: usize,
    /// Live files whose headers the walk got to.
    pub(crate) headers: usize,
    /// The number of the last of them.
    pub(super) file: u64,
    pub(super) reached: bool,
}

/// At or below what is known to have been synced it is tampering; above that it is a torn tail.
fn class(seq: u64, durable: &Durable) -> Verdict {
    match seq <= durable.seq {
        true => Verdict::Tampered,
        false => Verdict::Open,
    }
}

fn last_prune(fold: &Folded, proven: u64) -> Option<&Prune> {
    let mut said = fold.said.iter().rev().filter(|said| said.seq <= proven);
    said.find_map(|said| match &said.what {
        Saying::Prune(prune) => Some(prune),
        _ => None,
    })
}

/// Why a file cannot follow the one before it, which arrives at a point.
fn contradiction(before: &Found, arrived: Point, found: &Found) -> Option<String> {
    let new = &found.header;
    if arrived.seq != new.prev.seq {
        return Some(format!(
            "it goes on behind seq {}, and {} does not reach that point but seq {}",
            new.prev.seq, before.name, arrived.seq
        ));
    }
    if arrived.head != new.prev.head {
        return Some(format!(
            "it goes on from another head at seq {} than {} has there",
            new.prev.seq, before.name
        ));
    }
    None
}

/// Why its header alone says that it does not follow the one before it: no crash makes a header of another run.
fn other_run(before: &Found, found: &Found) -> Option<String> {
    let (old, new) = (&before.header, &found.header);
    let runs = match new.cause {
        Cause::Rotate => new.run == old.run && new.run_id == old.run_id,
        Cause::Start | Cause::Recover => new.run > old.run,
        Cause::Resync => new.run >= old.run,
    };
    (!runs).then(|| {
        format!(
            "it is of run {} by cause {}, and {} is of run {}",
            new.run,
            new.cause.as_str(),
            before.name,
            old.run
        )
    })
}
