//! Whether the files are what the trail wrote.
//!
//! [`survey`] reads the first lines, [`branch::Branch`] finds the files that count, [`pass`] reads every byte of them on
//! several threads ([`scan`], [`fold`]), and [`judge::Case`] weighs what was found against what is known to
//! have been on the disk. Nothing here is shared with the writer but the names of things: bytes, headers, state file and
//! hashes are read by rules of their own, so that a mistake of the writer is not repeated.

#[cfg(test)]
mod agrees;
mod anchor;
mod branch;
mod deep;
mod ending;
mod erased;
#[cfg_attr(not(feature = "sign"), allow(dead_code, reason = "only mode signed asks for it"))]
mod fold;
#[cfg_attr(not(feature = "sign"), allow(dead_code, reason = "only mode signed asks for it"))]
mod folded;
mod header;
mod held;
mod judge;
mod keys;
mod listen;
mod memory;
mod outside;
pub(crate) mod own;
mod pass;
pub(crate) mod report;
mod scan;
#[cfg(test)]
mod sealed;
#[cfg(feature = "sign")]
mod signed;
mod state;
mod survey;
mod torn;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::{io, thread};

use crate::error::{Error, ErrorKind};
use crate::io::{Disk, RealDisk};
use crate::key_line::KeyLine;
#[cfg(feature = "sign")]
use crate::merkle::Range;
use crate::store::lock::is_held;
use crate::store::{Home, Point, Trust};
use crate::verify::anchor::Known;
use crate::verify::branch::Branch;
use crate::verify::fold::{Fold, Seals, Until};
use crate::verify::folded::Folded;
use crate::verify::header::Cause;
use crate::verify::judge::Case;
use crate::verify::keys::Keys;
use crate::verify::memory::Memory;
use crate::verify::pass::Job;
#[cfg(feature = "sign")]
use crate::verify::signed::Signatures;
use crate::verify::survey::{Forms, Later, Survey};

pub use anchor::Anchor;
pub use report::{Fault, FaultKind, Report, Verdict};

/// Checks a trail: every byte of it, against each other and against the trail's state file.
///
/// The same as `Verify::new(dir).run()`.
///
/// # Errors
/// The directory or the state file cannot be read at all. Everything else, good or bad, is in the [`Report`].
///
/// # Examples
/// ```no_run
/// let report = tracing_audit::verify("logs")?;
/// println!("{report}");
/// std::process::exit(report.exit_code().into());
/// # #[allow(unreachable_code)]
/// # Ok::<(), tracing_audit::Error>(())
/// ```
pub fn verify(dir: impl AsRef<Path>) -> Result<Report, Error> {
    Verify::new(dir).run()
}

/// What the next look leaves out.
#[derive(Debug, Default)]
struct Aside {
    /// Files that failed while they were read, and how.
    failing: BTreeMap<String, String>,
    /// The forms of files that are there plain and compressed, where the plain one does not verify.
    forms: Forms,
    /// Public keys that the trail itself, signed under a key that was given, says came after that.
    roots: BTreeSet<[u8; 32]>,
    /// Runs from which on another key was used, as the trail itself, sealed under the one before, says.
    rekeyed: BTreeSet<u64>,
}

/// How to check a trail.
#[derive(Clone, Debug)]
#[must_use = "nothing is checked until `run`"]
pub struct Verify {
    dir: PathBuf,
    state: Option<PathBuf>,
    strict: bool,
    chained: bool,
    deep: bool,
    keys: Vec<KeyLine>,
    anchors: Vec<Anchor>,
    remember: Option<PathBuf>,
    threads: Option<usize>,
    progress: Arc<AtomicU64>,
}

impl Verify {
    /// The trail in a directory, its state file in the usual place (`<dir>.keys/state`), threads as many as the machine
    /// has processors.
    pub fn new(dir: impl AsRef<Path>) -> Verify {
        Verify {
            dir: dir.as_ref().to_owned(),
            state: None,
            strict: false,
            chained: false,
            deep: false,
            keys: Vec::new(),
            anchors: Vec::new(),
            remember: None,
            threads: None,
            progress: Arc::default(),
        }
    }

    /// The trail's state file, where it is not in the usual place. It must exist.
    pub fn state(mut self, path: impl AsRef<Path>) -> Verify {
        self.state = Some(path.as_ref().to_owned());
        self
    }

    /// A key line of the trail, as it was printed when the trail became keyed. Several may be given, where keys were changed:
    /// for a run, the one with the greatest first run up to it holds. Without one a keyed trail is
    /// [`Verdict::UnknownKey`].
    pub fn key(mut self, line: KeyLine) -> Verify {
        self.keys.push(line);
        self
    }

    /// What is known from outside the trail's host. Each anchor must be on the chain, unless its record was pruned.
    pub fn anchor(mut self, anchor: Anchor) -> Verify {
        self.anchors.push(anchor);
        self
    }

    /// A file in which the end of each good check is remembered, away from the trail's host: the next check demands that the
    /// trail still holds it. It is made where there is none.
    pub fn remember(mut self, path: impl AsRef<Path>) -> Verify {
        self.remember = Some(path.as_ref().to_owned());
        self
    }

    /// Whether to ask for the chain alone, even of a keyed trail: what anyone can check, and no more than
    /// [`Verdict::Consistent`] in mode `chained` says. Key lines are not looked at then.
    pub fn chained_only(mut self, chained: bool) -> Verify {
        self.chained = chained;
        self
    }

    /// Whether to check, too, that every record says what it says in the one way that a trail writes it: strict JSON, no key
    /// twice at any depth, the keys of a record in their order and of their types, the spelling of strings and numbers, and
    /// the heads in the trail's own records. It takes several times as long.
    pub fn deep(mut self, deep: bool) -> Verify {
        self.deep = deep;
        self
    }

    /// Whether earlier unclean ends and early prunes make the verdict [`Verdict::Open`]. They are always listed.
    pub fn strict(mut self, strict: bool) -> Verify {
        self.strict = strict;
        self
    }

    /// On how many threads; at least one.
    pub fn threads(mut self, threads: usize) -> Verify {
        self.threads = Some(threads.clamp(1, 64));
        self
    }

    /// Adds the bytes of files that are checked, while they are, to this number: for a progress bar. A trail that somebody
    /// writes to may be looked at more than once.
    pub fn progress(mut self, bytes: Arc<AtomicU64>) -> Verify {
        self.progress = bytes;
        self
    }

    /// Checks.
    ///
    /// # Errors
    /// The directory, the state file or the file of [`remember`](Verify::remember) cannot be read at all, or that file not
    /// be written.
    pub fn run(&self) -> Result<Report, Error> {
        self.run_on(&RealDisk::shared())
    }

    /// Checks on some disk.
    pub(crate) fn run_on(&self, disk: &Arc<dyn Disk>) -> Result<Report, Error> {
        let memory = match &self.remember {
            Some(path) => Memory::load(&**disk, path)?,
            None => None,
        };
        let report = self.run_against(disk, memory)?;
        let further = |end: &Memory| memory.is_none_or(|memory| memory.point.seq < end.point.seq);
        let end = report
            .end
            .filter(|end| report.verdict.is_good() && end.point.seq > 0 && further(end));
        if let (Some(path), Some(end)) = (&self.remember, end) {
            end.store(&**disk, path)?;
        }
        Ok(report)
    }

    fn run_against(&self, disk: &Arc<dyn Disk>, memory: Option<Memory>) -> Result<Report, Error> {
        // A writer may move on between one look and the next: what is not good is reported only when it was seen twice.
        const LOOKS: u32 = 12;
        let mut aside = Aside::default();
        let mut before: Option<Report> = None;
        for _ in 0..LOOKS {
            let Some((report, moving)) = self.look(disk, &mut aside, memory)? else {
                continue;
            };
            let again = before.as_ref().is_some_and(|before| before.faults == report.faults);
            if again || !moving || report.verdict.is_good() {
                return Ok(report);
            }
            before = Some(report);
        }
        before.ok_or_else(|| {
            Error::new(ErrorKind::Io, "files came and went while they were read")
                .at(&self.dir)
                .remedy("try again")
        })
    }

    /// No more threads than there is work for: asking how many processors there are takes longer than a small trail.
    fn threads_for(&self, survey: &Survey) -> usize {
        const EACH: u64 = 4 << 20;
        let bytes: u64 = survey.valid.iter().map(|found| found.len).sum();
        self.threads.unwrap_or_else(|| match bytes < EACH {
            true => 1,
            false => thread::available_parallelism().map_or(1, usize::from).min(64),
        })
    }

    /// One look at everything, and whether a writer may have moved on meanwhile. `None` if the next must look elsewhere: at
    /// other files than those set aside.
    fn look(
        &self,
        disk: &Arc<dyn Disk>,
        aside: &mut Aside,
        memory: Option<Memory>,
    ) -> Result<Option<(Report, bool)>, Error> {
        // The state file before the files, or a mark could be ahead of them; the lock before them too, or a writer that
        // ends meanwhile would seem to have died.
        let home = Home::find(&**disk, &self.dir, None)?;
        // Who asks for no more than the chain asks nothing of the keys.
        let keys: &[KeyLine] = if self.chained { &[] } else { &self.keys };
        let look_at_state = || state::Found::look(&**disk, &home, self.state.as_deref());
        let state = look_at_state()?;
        let held = is_held(&**disk, &home);
        let mut survey = Survey::of(&**disk, &home.dir, &aside.failing, &aside.forms)?;
        let named = state.state().map(|state| state.trail);
        let of_it = |line: &&KeyLine| survey.trail(named).is_some_and(|trail| trail.0 == line.trail);
        if keys.iter().any(|line| of_it(&line)) {
            survey.set_unsealed_apart(&**disk, named);
        }
        if survey.vanished {
            return Ok(None);
        }
        let mut branch = Branch::of(&survey, state.state());
        let trail = branch.trail.map(|trail| trail.0);
        #[cfg(feature = "sign")]
        let (certificates, public) = {
            let certificates = signed::certificates(&**disk, &home.dir)
                .map_err(|error| Error::io("read the keys of the trail's files", &home.dir, error))?;
            let ours: Vec<&KeyLine> = keys.iter().filter(|line| Some(line.trail) == trail).collect();
            let public = signed::public_keys(&certificates, &trail.unwrap_or_default(), &ours);
            (certificates, public)
        };
        #[cfg(not(feature = "sign"))]
        let public = BTreeSet::new();
        let keys = Keys::of(keys, trail, self.chained, &public, &aside.rekeyed, state.state());
        let mut assigned = keys.assign(&branch, survey.gone());
        branch.faults.append(&mut assigned.faults);
        let mut seals = std::mem::take(&mut assigned.seals).into_iter();
        #[cfg(feature = "sign")]
        let signatures = match keys.signs(&branch) {
            None => None,
            Some(is_public) => {
                let roots = public.union(&aside.roots).copied().collect();
                match Signatures::of(&**disk, &branch, &certificates, &roots, is_public) {
                    Ok(found) => Some(found),
                    // Removed since the look at the directory.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(Error::io("read the checkpoints of the trail", &home.dir, error)),
                }
            }
        };
        let mark = state.state().and_then(|state| state.durable);
        let mut anchors = self.anchors.clone();
        anchors.extend(memory.map(|memory| Anchor {
            seq: memory.point.seq,
            head: Known::Whole(memory.point.head),
        }));
        let anchors: Arc<[Anchor]> = anchors.into();
        let mut todo: Vec<(&str, Job)> = Vec::new();
        let mut plan = |name, path: &Path, form, body_at, len, fold| {
            let path = path.to_owned();
            let file = Arc::new(Later {
                disk: disk.clone(),
                path,
                form,
            });
            todo.push((
                name,
                Job {
                    file,
                    body_at,
                    len,
                    fold,
                },
            ));
        };
        for (place, found) in branch.live.iter().enumerate() {
            let until = branch.live.get(place + 1).map(|next| Until {
                point: next.header.prev,
                supersedes: matches!(next.header.cause, Cause::Resync | Cause::Recover),
            });
            let start = Point {
                seq: found.header.prev.seq,
                head: found.header.head,
            };
            let wanted = mark
                .filter(|mark| mark.file == found.header.file)
                .map(|mark| mark.point.seq);
            let seals = seals.next().unwrap_or(Seals::Unchecked);
            let fold = Fold::new(start, found.body_at, until, wanted, seals).look_for(&anchors);
            #[cfg(feature = "sign")]
            let fold = match (&signatures, &found.header.tree) {
                (Some(signatures), Some(peaks)) => match Range::of(found.header.prev.seq, peaks.clone()) {
                    Some(tree) => fold.grow(tree, found.header.prev.head, &signatures.targets),
                    None => fold,
                },
                _ => fold,
            };
            plan(&found.name, &found.path, found.form, found.body_at, found.len, fold);
        }
        for found in &branch.superseded {
            plan(&found.name, &found.path, found.form, 0, found.len, Fold::loose());
        }
        let kept = held::files(&survey, &branch);
        for held::HeldFile { held, found } in &kept {
            let until = Until {
                point: held.end,
                supersedes: true,
            };
            let start = Point {
                seq: found.header.prev.seq,
                head: found.header.head,
            };
            // Their ends stand in a header that is proven, so that their own seals have nothing to add.
            let fold = Fold::new(start, found.body_at, Some(until), None, Seals::Any);
            plan(&found.name, &found.path, found.form, found.body_at, found.len, fold);
        }
        for file in &survey.unreadable {
            plan(&file.name, &file.path, file.form, 0, file.len, Fold::loose());
        }
        for (place, found) in branch.behind.iter().enumerate() {
            let next = branch.behind.get(place + 1);
            let until = next.map(|next| Until {
                point: next.header.prev,
                supersedes: true,
            });
            let start = Point {
                seq: found.header.prev.seq,
                head: found.header.head,
            };
            let fold = Fold::new(start, found.body_at, until, None, Seals::Any);
            plan(&found.name, &found.path, found.form, found.body_at, found.len, fold);
        }
        let (names, jobs): (Vec<&str>, Vec<Job>) = todo.into_iter().unzip();
        let outcomes = pass::run(jobs, self.threads_for(&survey), self.deep, &self.progress);
        let live = held || is_held(&**disk, &home);

        let mut folds = Vec::new();
        for (name, outcome) in names.iter().zip(outcomes) {
            match outcome {
                Ok(fold) => folds.push(fold),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => {
                    aside
                        .failing
                        .insert((*name).to_owned(), format!("it cannot be read: {error}"));
                }
            }
        }
        if folds.len() < names.len() {
            return Ok(None);
        }
        // Of a superseded file nothing is judged, nor of one before a hole.
        let passed_over = branch.superseded.iter().chain(&branch.behind);
        let passed_over: HashSet<&str> = passed_over.map(|found| &*found.name).collect();
        let judged: HashMap<&str, &Folded> = names.iter().copied().zip(&folds).rev().collect();
        let others = survey.reconsider(&aside.forms, |found| {
            let fold = judged.get(&*found.name).filter(|_| !passed_over.contains(&*found.name));
            fold.is_none_or(|fold| fold.is_whole())
        });
        if !others.is_empty() {
            aside.forms.extend(others);
            return Ok(None);
        }
        let moving = live || look_at_state()? != state;
        let loose = folds.split_off(branch.live.len());
        let (left_out, loose) = loose.split_at(branch.superseded.len());
        let (held_folds, loose) = loose.split_at(kept.len());
        let (loose, behind) = loose.split_at(survey.unreadable.len());
        let proofs = survey.unreadable.iter().zip(loose);
        let notes = torn::check(&**disk, &home.dir, &survey.torn, &folds);
        let mark = ending::mark(&state);
        let branch_trail = branch.trail;
        let mut report = Report {
            verdict: Verdict::Consistent,
            dir: self.dir.clone(),
            trail: branch.trail.map(|trail| trail.to_string()),
            trust: branch
                .live
                .last()
                .map_or("chained", |newest| newest.header.trust.as_str()),
            files: branch.live.len() as u64,
            records: 0,
            first_seq: None,
            last_seq: None,
            bytes: folds
                .iter()
                .chain(left_out)
                .chain(held_folds)
                .chain(loose)
                .map(|fold| fold.bytes)
                .sum(),
            superseded_lines: 0,
            unproven_bytes: 0,
            live,
            mark,
            durable_seq: 0,
            lost: 0,
            proven: assigned.proves,
            end: None,
            faults: Vec::new(),
            fault_count: 0,
            notes: Vec::new(),
        };
        let judgement = Case {
            survey: &survey,
            loose_proof: proofs.map(|(file, fold)| (fold.proof, file.name.clone())).max(),
            left_out_lines: left_out.iter().map(|fold| fold.lines).sum(),
            behind: behind.to_vec(),
            branch,
            folds,
            held: kept.into_iter().zip(held_folds.iter().cloned()).collect(),
            state,
            live,
            strict: self.strict,
            expected: keys.given() || !anchors.is_empty(),
            remembered: memory.map(|_| self.anchors.len()),
            remembered_trail: memory.map(|memory| memory.trail),
            anchors,
            #[cfg(feature = "sign")]
            signatures,
        }
        .judge();
        let known = (aside.roots.len(), aside.rekeyed.len());
        aside.roots.extend(&judgement.roots);
        aside.rekeyed.extend(&judgement.rekeyed);
        if known != (aside.roots.len(), aside.rekeyed.len()) {
            return Ok(None);
        }
        // What a record says of a file's name may be anything.
        let notes = judgement.notes.into_iter().chain(assigned.notes).chain(notes);
        report.notes = notes.map(|note| report::harmless(&note)).collect();
        report.records = judgement.proven.saturating_sub(judgement.first_seq.saturating_sub(1));
        if report.records > 0 {
            report.first_seq = Some(judgement.first_seq);
            report.last_seq = Some(judgement.proven);
        }
        report.superseded_lines = judgement.superseded_lines;
        report.unproven_bytes = judgement.unproven_bytes;
        report.durable_seq = judgement.durable_seq;
        report.lost = judgement.lost;
        let point = judgement.proven_head.map(|head| Point {
            seq: judgement.proven,
            head,
        });
        report.end = branch_trail.zip(point).map(|(trail, point)| Memory { trail, point });
        report.verdict = judgement.faults.worst.unwrap_or(match report.proven {
            Trust::Chained => Verdict::Consistent,
            Trust::Sealed | Trust::Signed => Verdict::Verified,
        });
        report.fault_count = judgement.faults.count;
        report.faults = judgement.faults.listed;
        Ok(Some((report, moving)))
    }
}
