//! What the key lines say of the files: which key each is held against, and what they demand of the headers.

use std::collections::BTreeSet;

use crate::chain::Head;
use crate::chain::seal::{CommitKey, SEALED_FRAME, Seed};
use crate::key_line::KeyLine;
use crate::store::Trust;
use crate::verify::branch::Branch;
use crate::verify::fold::Seals;
use crate::verify::header::Cause;
use crate::verify::report::{Fault, FaultKind, Verdict};
use crate::verify::state::State;
use crate::verify::survey::Found;

/// Seeds derived one from another, at most: some seconds' work. A trail has one run a start.
const RUNS: u64 = 1 << 24;

/// Keys of commits, at most, that are derived to find the one that a header asks for: some minutes' work.
const COMMITS: u64 = 1 << 28;

/// What a keyed trail is held against.
#[derive(Debug)]
pub(crate) struct Keys<'a> {
    /// Those of the trail at hand, by their first runs.
    lines: Vec<&'a KeyLine>,
    given: bool,
    /// The caller asks for no more than the chain.
    chained: bool,
    /// The keys among theirs that are roots' public keys. The others are seeds.
    public: &'a BTreeSet<[u8; 32]>,
    /// Runs from which on another key than the one before is used.
    rekeyed: &'a BTreeSet<u64>,
    /// The run that the state file says is to come, and the head that it will go on from.
    to_come: Option<(u64, Head)>,
}

/// What became of it, file by file.
#[derive(Debug)]
pub(crate) struct Assigned {
    /// Of the live files, in their order.
    pub(crate) seals: Vec<Seals>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) notes: Vec<String>,
    /// What the key lines prove: the trust of the newest file, if its key is at hand.
    pub(crate) proves: Trust,
}

impl<'a> Keys<'a> {
    pub(crate) fn of(
        given: &'a [KeyLine],
        trail: Option<[u8; 16]>,
        chained: bool,
        public: &'a BTreeSet<[u8; 32]>,
        rekeyed: &'a BTreeSet<u64>,
        state: Option<&State>,
    ) -> Keys<'a> {
        let ended = state.filter(|state| state.clean && Some(state.trail.0) == trail);
        let mut lines: Vec<&KeyLine> = given.iter().filter(|line| Some(line.trail) == trail).collect();
        lines.sort_by_key(|line| line.first_run);
        Keys {
            lines,
            given: !given.is_empty(),
            chained,
            public,
            rekeyed,
            to_come: ended.and_then(|state| Some((state.next_run, state.durable?.point.head))),
        }
    }

    /// Whether no run that a line is for has begun, and the trail ends where the first of them will: the key was changed, and
    /// the next run is yet to come. Only a keyed trail can change its key.
    fn is_early(&self, line: &KeyLine, newest: &Found) -> bool {
        newest.header.trust != Trust::Chained
            && newest.header.run < line.first_run
            && self.to_come == Some((line.first_run, line.head))
    }

    /// Whether a key line was given, so that nothing at all is no trail but a missing one.
    pub(crate) fn given(&self) -> bool {
        self.given
    }

    /// The line that holds for a run.
    fn line(&self, run: u64) -> Option<&'a KeyLine> {
        let mut before = self.lines.iter().rev();
        let line = before.find(|line| line.first_run <= run).copied()?;
        // Keys were changed since, and the new line was not given.
        let since = self.rekeyed.range(line.first_run + 1..).next();
        since.is_none_or(|since| *since > run).then_some(line)
    }

    /// Whether the newest file is signed and its key at hand, and if so, whether that is a root's.
    #[cfg(feature = "sign")]
    pub(crate) fn signs(&self, branch: &Branch<'_>) -> Option<bool> {
        let newest = branch.live.last()?;
        let line = self
            .line(newest.header.run)
            .filter(|_| newest.header.trust == Trust::Signed)?;
        Some(self.public.contains(line.key.expose()))
    }

    /// Finds the key of every live file's first commit, and asks of the headers what the lines demand.
    /// `gone` is what a missing file means.
    pub(crate) fn assign(&self, branch: &Branch<'_>, gone: Verdict) -> Assigned {
        let mut assigned = Assigned {
            seals: Vec::new(),
            faults: Vec::new(),
            notes: Vec::new(),
            proves: Trust::Chained,
        };
        if self.given && self.lines.is_empty() && branch.trail.is_some() {
            let detail = "the key line is of another trail";
            assigned
                .faults
                .push(Fault::new(FaultKind::Key, Verdict::Tampered, detail));
        }
        self.demand(branch, gone, &mut assigned);
        let mut walk = Walk::default();
        let mut unknown: Option<&Found> = None;
        let mut before: Option<&Found> = None;
        // No seal counts from a header on that contradicts the one before it, and no key need be found.
        let mut possible = true;
        for found in &branch.live {
            possible = possible && found.header.commit <= most(before.replace(found), found);
            let line = self.line(found.header.run);
            let is_public = |line: &KeyLine| self.public.contains(line.key.expose());
            let seals = match (found.header.trust, line) {
                (Trust::Chained, _) => Seals::None,
                (_, None) => Seals::Any,
                (_, Some(line)) if is_public(line) || !possible => Seals::Unchecked,
                (_, Some(line)) => match walk.key(line, found) {
                    Ok(key) => Seals::Key(key),
                    Err(fault) => {
                        assigned.faults.push(fault);
                        Seals::Unchecked
                    }
                },
            };
            let keyless = found.header.trust != Trust::Chained && self.line(found.header.run).is_none();
            if keyless {
                // The newest says best why.
                unknown = Some(found);
            }
            if found.header.trust == Trust::Signed && line.is_some() && cfg!(not(feature = "sign")) {
                let detail = "signatures need the feature `sign`, which this build does not have";
                let fault = Fault::new(FaultKind::Unsupported, Verdict::Unreadable, detail);
                assigned.faults.push(fault.file(&found.name).line(1));
            }
            assigned.proves = match (&seals, line) {
                (Seals::Key(_) | Seals::Unchecked, Some(_)) => found.header.trust,
                _ => Trust::Chained,
            };
            assigned.seals.push(seals);
        }
        if let Some(found) = unknown.filter(|_| !self.chained) {
            let newest = branch.live.last();
            let early = newest.zip(self.lines.first());
            let early = early.is_some_and(|(newest, line)| self.is_early(line, newest));
            self.say_unknown(found, early, &mut assigned);
        }
        assigned
    }

    /// A keyed file for whose run there is no line.
    fn say_unknown(&self, found: &Found, early: bool, assigned: &mut Assigned) {
        let run = found.header.run;
        let mut say = |detail: String| {
            let fault = Fault::new(FaultKind::UnknownKey, Verdict::UnknownKey, detail);
            assigned.faults.push(fault.file(&found.name).line(1));
        };
        let trust = found.header.trust;
        match self.lines.first().filter(|line| run < line.first_run) {
            Some(line) if early => say(format!(
                "run {run} is {trust}, and the key line given is for run {} on, which is yet to come; give the one before it, too",
                line.first_run
            )),
            // Keys were changed since, and whoever has the new line trusts it from its first run on.
            Some(line) => assigned.notes.push(format!(
                "runs before {} are sealed under a key that was not given, and are checked as chained only",
                line.first_run
            )),
            None => say(format!(
                "run {run} is {trust}, and its key line was not given (`--key-file`, or `Verify::key`)"
            )),
        }
    }

    /// From the first run of a key line on everything must be keyed, and that run must begin where the line says.
    fn demand(&self, branch: &Branch<'_>, gone: Verdict, assigned: &mut Assigned) {
        let Some(first) = self.lines.first() else { return };
        let fault = |found: &Found, detail: String| {
            Fault::new(FaultKind::Trust, Verdict::Tampered, detail)
                .file(&found.name)
                .line(1)
        };
        for found in &branch.live {
            let header = &found.header;
            let is_public = |line: &KeyLine| self.public.contains(line.key.expose());
            let least = match self.line(header.run).or(Some(*first)) {
                Some(line) if header.run >= first.first_run && is_public(line) => Trust::Signed,
                _ if header.run >= first.first_run => Trust::Sealed,
                _ => Trust::Chained,
            };
            if header.trust < least {
                let detail = format!(
                    "run {} is {}, and the key line says that runs from {} on are {least}",
                    header.run, header.trust, first.first_run
                );
                assigned.faults.push(fault(found, detail));
            }
            if header.prev_file.is_none() && header.run > first.first_run {
                let detail = format!(
                    "the trail begins with run {}, and the key line knows run {} of it",
                    header.run, first.first_run
                );
                assigned.faults.push(fault(found, detail));
            }
        }
        // Each line asks for its run; the last one for the most.
        let missing = branch.live.last().zip(self.lines.last());
        if let Some((_, line)) =
            missing.filter(|(newest, line)| newest.header.run < line.first_run && !self.is_early(line, newest))
        {
            let detail = format!(
                "the key line knows run {}, and no file is of it or a later one; if that run is yet to come, the state file has to \
                 say so",
                line.first_run
            );
            assigned.faults.push(Fault::new(FaultKind::MissingFile, gone, detail));
        }
        for line in &self.lines {
            let Some(at) = branch.live.iter().position(|found| found.header.run >= line.first_run) else {
                continue;
            };
            let Some(found) = branch.live.get(at) else { continue };
            let header = &found.header;
            // Of a later run, too, where it is seen that no file before it is of the line's: the run that the line was made for
            // left none, and what follows goes on from the same place.
            let begins = header.run == line.first_run && matches!(header.cause, Cause::Start | Cause::Recover);
            if (begins || at > 0) && header.prev.head != line.head {
                let detail = format!(
                    "run {} goes on from another head than the one that the key line of run {} names",
                    header.run, line.first_run
                );
                assigned.faults.push(fault(found, detail));
            }
        }
    }
}

/// The keys along the branch, each derived from the one before it.
#[derive(Debug, Default)]
struct Walk {
    seed: Option<(*const KeyLine, u64, Seed)>,
    /// That of a file's first commit, and its run.
    key: Option<(u64, CommitKey)>,
}

impl Walk {
    /// The key of the commit that a file's header belongs to.
    fn key(&mut self, line: &KeyLine, found: &Found) -> Result<CommitKey, Fault> {
        let header = &found.header;
        let too_far = |detail| {
            let fault = Fault::new(FaultKind::Unsupported, Verdict::Unreadable, detail);
            Err(fault.file(&found.name).line(1))
        };
        let known = self.key.take();
        let known = known.filter(|(run, key)| *run == header.run && key.index() <= header.commit);
        let mut key = match known {
            Some((_, key)) => key,
            None => {
                let known = self.seed.take();
                let known = known.filter(|(of, run, _)| std::ptr::eq(*of, line) && *run <= header.run);
                let (mut run, mut seed) = match known {
                    Some((_, run, seed)) => (run, seed),
                    None => (line.first_run, Seed(line.key.clone())),
                };
                if header.run - run > RUNS {
                    return too_far(format!(
                        "run {} is too far behind run {run} to find its key",
                        header.run
                    ));
                }
                while run < header.run {
                    seed = seed.next();
                    run += 1;
                }
                let key = seed.first_key(&header.trail.0, header.run);
                self.seed = Some((line, run, seed));
                key
            }
        };
        if header.commit - key.index() > COMMITS {
            return too_far(format!("commit {} is too far behind to find its key", header.commit));
        }
        while key.index() < header.commit {
            key.advance();
        }
        self.key = Some((header.run, key.clone()));
        Ok(key)
    }
}

/// The last commit that a file can begin with, as far as headers and lengths tell before a line is read: each has a record of
/// its own, which ends in a seal and takes more than that frame. So nobody can make up a header that takes longer than the
/// lines before it would.
fn most(before: Option<&Found>, found: &Found) -> u64 {
    let header = &found.header;
    if header.trust == Trust::Chained {
        return u64::MAX;
    }
    match before {
        Some(before) if before.header.run == header.run && before.header.trust != Trust::Chained => {
            let records = header.prev.seq.saturating_sub(before.header.prev.seq);
            before
                .header
                .commit
                .saturating_add(records.min(before.len / SEALED_FRAME as u64))
        }
        Some(_) => 0,
        None => header.prev.seq,
    }
}

/// Why a file's commits cannot follow those of the live file before it, of which `sealed` are sealed.
pub(crate) fn contradiction(before: Option<(&Found, u64)>, found: &Found) -> Option<String> {
    let header = &found.header;
    if header.trust == Trust::Chained {
        return None;
    }
    let same_run = before.filter(|(before, _)| {
        let before = &before.header;
        before.run == header.run && before.trust != Trust::Chained
    });
    let wanted = match (header.cause, same_run, before) {
        (Cause::Rotate | Cause::Resync, Some((before, sealed)), _) => before.header.commit + sealed,
        // The file before it was removed.
        (Cause::Rotate, None, None) => header.commit.min(header.prev.seq),
        (Cause::Resync, None, None) if header.prev_file.is_some() => header.commit.min(header.prev.seq),
        _ => 0,
    };
    (header.commit != wanted).then(|| {
        format!(
            "its header is of commit {} of run {}, and commit {wanted}{} should come there",
            header.commit,
            header.run,
            if before.is_none() && wanted > 0 { " at most" } else { "" }
        )
    })
}
