//! From the queue into the file: batches, commits, syncs.

use std::sync::Arc;

use super::batch::AROUND;
use super::kept::Place;
use super::own_records::Own;
use super::seals::Seals;
use super::signer::Signer;
use super::syncer::{Done, Job};
use super::watch::{FLAG, flag};
use super::{Durable, Phase, Stuck, Syncing, Writer};
use crate::brief::Brief;
use crate::chain::{Leaf, SEAL, leaf, leaves};
use crate::detect::Detector;
use crate::meter::Trouble;
use crate::queue::{Chunk, Line, Loss};
use crate::status::RuleStatus;
use crate::store::Mark;
use crate::sync::{self, Instant};

/// So much unsynced text is synced before its time.
const SYNC_BYTES: u64 = 128 << 20;

/// Chunks in a commit: about half a megabyte.
const CHUNKS: usize = 8;

/// Commits in a turn, so that timers and questions are looked at.
const COMMITS: usize = 32;

/// What records leave of a file's room, so that a gap can be declared before those that wait.
const SPARE: u64 = 2 << 10;

/// A file's room is used up.
struct Full;

/// What is to be written of a line, and its leaf where that is known.
#[derive(Clone, Copy)]
struct Text<'t> {
    rest: &'t [u8],
    leaf: Option<&'t Leaf>,
}

impl<'t> Text<'t> {
    /// A line as its caller made it.
    fn of(line: &Line<'t>) -> Text<'t> {
        Text {
            rest: line.rest,
            leaf: line.leaf,
        }
    }
}

/// A line with the gravest of what was just found of it.
fn flagged_text<'t>(detector: &Detector, rest: &[u8], into: &'t mut Vec<u8>) -> Text<'t> {
    into.clear();
    into.extend_from_slice(rest);
    if let Some(gravest) = detector.gravest() {
        flag(into, gravest.rule, gravest.reason);
    }
    Text { rest: into, leaf: None }
}

/// The leaves of two texts, or of the first alone.
fn leaves_of(texts: &[Text<'_>; 2], both: bool) -> [Leaf; 2] {
    let [one, two] = texts;
    if let (None, None, true) = (one.leaf, two.leaf, both) {
        return leaves(one.rest, two.rest);
    }
    let known = |text: &Text<'_>| text.leaf.copied().unwrap_or_else(|| leaf(text.rest));
    [known(one), if both { known(two) } else { Leaf::default() }]
}

/// The lines of a chunk from one on, in brief.
fn briefs(chunk: &Chunk, mut number: usize, mut begin: usize) -> impl Iterator<Item = (&Brief, &[u8])> {
    std::iter::from_fn(move || {
        let line = chunk.line(number, begin)?;
        (number, begin) = (number + 1, line.end);
        Some((line.brief, line.rest))
    })
}

impl Writer {
    /// Writes what there is, in commits; whether there is more already.
    pub(super) fn build_batches(&mut self, asked: bool) -> Result<bool, Stuck> {
        // What an earlier attempt left comes first.
        self.commit()?;
        for _ in 0..COMMITS {
            self.declare_losses(asked);
            if self.chunks.is_empty() {
                self.core.queue.take(&mut self.taken, CHUNKS);
                self.chunks.extend(self.taken.drain(..));
            }
            if self.chunks.is_empty() && self.own.is_empty() {
                return Ok(false);
            }
            self.naps = 0;
            self.write_taken()?;
        }
        Ok(true)
    }

    /// Writes what was taken and the trail's own records, and takes nothing more.
    pub(super) fn write_taken(&mut self) -> Result<(), Stuck> {
        loop {
            let built = self.build();
            // All at once: each time wakes every caller that waits for room.
            self.core.queue.give_back(&mut self.emptied);
            self.commit()?;
            match built {
                Ok(()) => return Ok(()),
                Err(Full) => self.rotate()?,
            }
        }
    }

    /// Numbers and chains what was taken, and raises what was found of it. `Full` before a line that would not fit the file.
    fn build(&mut self) -> Result<(), Full> {
        let built = self.build_lines();
        self.raise_if_any();
        built
    }

    fn build_lines(&mut self) -> Result<(), Full> {
        while let Some(own) = self.own.front() {
            self.scratch.clear();
            let brief = own.rest(self.now, &mut self.scratch);
            if let Some(salts) = &self.core.salts {
                self.scratch.extend_from_slice(&salts.member());
            }
            self.batch.activity |= own.is_activity();
            let more = (self.batch.text.bytes.len() + self.scratch.len() + AROUND) as u64;
            if more > self.room() && self.has_records() {
                return Err(Full);
            }
            self.batch.own(&mut self.built, &brief, &self.scratch);
            if let Some(own) = self.own.front().cloned().filter(Own::is_suspicion) {
                self.watch_own(&own);
            }
            // At once: a rotation may follow before the prune is done, and its header must know.
            if let Some(kept_from) = self.own.pop_front().and_then(|own| own.kept_from) {
                let before = self.kept_since.map_or(self.kept_from, |(_, before)| before);
                self.kept_since = Some((self.built.seq, before));
                self.kept_from = Some(kept_from);
            }
        }
        if !self.batch.text.is_empty() {
            // A commit of their own: if the disk is full, they have the reserve, which records have not.
            return Ok(());
        }
        let mut leaders = self.core.meter.leaders();
        // What a rule finds stands in the record; it is asked once, when the record fits.
        let around = AROUND + if self.watching { FLAG } else { 0 };
        while let Some(chunk) = self.chunks.front() {
            let first = self.cursor.0;
            let (mut at, mut offset) = self.cursor;
            let room = self.room();
            let spared = room.saturating_sub(SPARE);
            let (mut full, ticket) = (false, chunk.first_ticket() + first as u64);
            let behind = self.batch.text.lines;
            let seq = self.built.seq + 1;
            while let Some(line) = chunk.line(at, offset) {
                let room = if self.batch.text.is_empty() { room } else { spared };
                let taken = self.batch.text.bytes.len() + line.rest.len() + around;
                if taken as u64 > room && self.has_records() {
                    full = true;
                    break;
                }
                // Two at once where both fit whatever is found of them: their leaves take less time together.
                let next = chunk.line(at + 1, line.end);
                let next = next.filter(|next| (taken + next.rest.len() + around) as u64 <= spared);
                let ticket = chunk.first_ticket() + at as u64;
                if self.watching && !self.detector.knows(ticket) {
                    self.detector.look_ahead(ticket, briefs(chunk, at, offset));
                }
                let pair = [Some(line), next];
                let mut texts = [Text::of(&line); 2];
                for (((line, ticket), text), flagged) in pair
                    .into_iter()
                    .flatten()
                    .zip(ticket..)
                    .zip(&mut texts)
                    .zip(&mut self.flagged)
                {
                    *text = match self.watching && self.detector.judge(ticket, line.brief, line.rest) {
                        true => flagged_text(&self.detector, line.rest, flagged),
                        false => Text::of(&line),
                    };
                }
                let leaves = leaves_of(&texts, next.is_some());
                for ((line, text), leaf) in pair.into_iter().flatten().zip(texts).zip(leaves) {
                    self.batch.record(&mut self.built, line.brief, text.rest, &leaf);
                    if let Some(leaders) = &mut leaders {
                        leaders.add(line.brief, line.rest);
                    }
                    at += 1;
                    offset = line.end;
                }
            }
            if at > first {
                self.core.progress.numbered(ticket, seq);
                self.batch.text.tickets(ticket, behind, at - first);
                self.batch.activity = true;
            }
            self.cursor = (at, offset);
            if full {
                return Err(Full);
            }
            self.cursor = (0, 0);
            self.emptied.extend(self.chunks.pop_front());
        }
        Ok(())
    }

    /// Whether the file has more than the record of its beginning. What does not fit a file without goes in all the same: in
    /// another it would fit no better.
    fn has_records(&self) -> bool {
        self.built.seq > self.segment.before() + 1
    }

    /// What the open file may still take.
    pub(super) fn room(&self) -> u64 {
        let seal = self.seals.as_ref().map_or(0, |_| SEAL as u64);
        self.max_bytes().saturating_sub(self.segment.bytes() + seal)
    }

    /// Writes the batch, if there is one.
    pub(super) fn commit(&mut self) -> Result<(), Stuck> {
        if self.batch.text.is_empty() {
            return self.repay_at_leisure();
        }
        self.bear_again()?;
        self.look_after_the_file()?;
        self.repay()?;
        if let Some(seals) = &self.seals {
            seals.seal(&mut self.batch.text, &self.built.head);
        }
        let began = Instant::now();
        if let Err(error) = self.segment.write(&self.batch.text.bytes) {
            return Err(self.write_failed(error));
        }
        self.core.meter.committed(began.elapsed());
        self.commit_counts();
        self.committed();
        self.write_works();
        Ok(())
    }

    /// A commit is in the file: its key is used, and its leaves are in the tree.
    pub(super) fn commit_counts(&mut self) {
        if let Some(seals) = &mut self.seals {
            seals.written();
        }
        if let (Some(signer), Some(leaves)) = (&mut self.signer, &mut self.batch.text.leaves) {
            signer.written(leaves);
        }
    }

    /// The batch is in the file.
    pub(super) fn committed(&mut self) {
        self.commits += 1;
        self.unborn = None;
        let (text, tally) = (&self.batch.text, &self.batch.tally);
        // With a full memory's worth of lines behind them, these would be forgotten before anybody looked.
        self.core.recent.push(&text.bytes, text.lines);
        let (now, bytes) = (self.now, self.segment.bytes());
        self.core.board.write(|notice| {
            for (total, more) in notice.written.iter_mut().zip(tally.records) {
                *total += more;
            }
            notice.own_written += tally.own;
            notice.last_commit = Some(now);
            notice.file_bytes = bytes;
            if self.watching {
                RuleStatus::update(&mut notice.rules, self.detector.figures());
            }
        });
        if let Some((_, last)) = text.tickets {
            self.core.progress.written(last);
        }
        let soon = match std::mem::take(&mut self.batch.urgent) {
            true => self.monotonic,
            false => self.monotonic + self.sync_every,
        };
        self.sync_at = Some(self.sync_at.map_or(soon, |at| at.min(soon)));
        if std::mem::take(&mut self.batch.activity) {
            self.active = self.monotonic;
            self.checkpoint_at
                .get_or_insert(self.monotonic + super::upkeep::CHECKPOINT_EVERY);
        }
        self.keep_batch();
    }

    /// Keeps what was written until it is on the disk.
    pub(super) fn keep_batch(&mut self) {
        let place = Place {
            file: &self.handle,
            path: self.segment.path(),
            end: self.segment.bytes(),
            before: self.written,
            after: self.built,
        };
        self.kept.take(&mut self.batch, &place);
        self.written = self.built;
        self.reached = self.built.seq;
    }

    /// Whether there is a loss to declare, and it is time.
    pub(super) fn has_undeclared(&self, asked: bool) -> bool {
        if self.monotonic < self.gap_at && !asked {
            return false;
        }
        let known = self.core.queue.flow().lost;
        let mut losses = Loss::ALL.iter().zip(&known).zip(&self.declared);
        losses.any(|((loss, lost), declared)| *loss != Loss::Closed && lost.count != *declared)
    }

    /// Declares what was lost since the last time, unless it was just now.
    pub(super) fn declare_losses(&mut self, asked: bool) {
        if !self.has_undeclared(asked) {
            return;
        }
        let declarable = |loss: &Loss| *loss != Loss::Closed;
        self.gap_at = self.monotonic + self.gap_pause;
        let lost = self.core.queue.lost();
        for ((loss, lost), declared) in Loss::ALL.iter().zip(&lost).zip(&mut self.declared) {
            let mut count = lost.count;
            for (count, declared) in count.iter_mut().zip(&*declared) {
                *count -= declared;
            }
            if declarable(loss) && count != [0; 4] {
                *declared = lost.count;
                let cause = self
                    .gap_cause
                    .filter(|_| *loss == Loss::QueueFull)
                    .unwrap_or(loss.as_str());
                self.own.push_back(Own::gap(cause, count, lost, self.now));
            }
        }
        self.gap_cause = None;
        self.core.meter.lost(&lost);
    }

    /// Whether those who wait for a sync are given a moment, so that one serves them all.
    pub(super) fn gathers(&mut self, asked: bool) -> bool {
        let progress = &self.core.progress;
        let due = self.sync_at.is_some_and(|at| at <= self.monotonic);
        let pause = match asked || due || self.syncer.is_busy() || self.phase != Phase::Running {
            true => None,
            false => self.gather.pause(progress.askers(), Instant::now()),
        };
        progress.gather(pause.map_or(0, |(_, askers)| askers));
        // They come sooner than a sleeping thread would be woken.
        let pause = pause.filter(|(until, askers)| {
            !sync::spin(until.saturating_duration_since(Instant::now()), || {
                progress.askers() >= *askers
            })
        });
        self.gathers = pause.map(|(until, _)| until);
        self.gathers.is_some()
    }

    /// Begins a sync if it is time and none is outstanding.
    pub(super) fn sync_if_due(&mut self, asked: bool) {
        let due = self.sync_at.is_some_and(|at| at <= self.monotonic);
        let wanted = self.core.progress.wanted_synced() > self.core.progress.synced_ticket();
        let much = self.kept.unsynced() >= SYNC_BYTES;
        if (due || wanted || much || asked) && !self.syncer.is_busy() {
            // What keeps it from that is noted, and tried again.
            let _ = self.begin_sync();
        }
    }

    /// Begins a sync of all that is written, if any of it is not synced.
    fn begin_sync(&mut self) -> Result<(), Stuck> {
        if self.unborn.is_some() {
            // A header is in its file with the first line, and not before.
            return Ok(());
        }
        if !self.kept.has_unsynced() && !self.directory && !self.state_due {
            self.sync_at = None;
            return Ok(());
        }
        self.hold_the_trail()?;
        if self.unborn.is_some() {
            // The file was gone, and the one in its place has no line yet.
            return Err(Stuck);
        }
        let mark = Mark {
            file: self.segment.number(),
            point: self.written,
        };
        let mut files = self.older.clone();
        files.push((self.segment.path().to_owned(), self.handle.clone()));
        let state_due = std::mem::take(&mut self.state_due);
        let mut lines = None;
        if state_due && let (Some(signer), Some(keys)) = (&mut self.signer, &mut self.state.keys) {
            match signer.prepare(keys) {
                Ok(prepared) => lines = prepared,
                Err(error) => self.mention(Trouble::State, &error),
            }
        }
        let state = state_due.then(|| {
            self.state.durable = Some(mark);
            self.calendar.remember(&mut self.state);
            self.state.clone()
        });
        let grow = self.signer.as_mut().map(Signer::sync_begins);
        let asked = self.gather.sync_begins(self.core.progress.askers());
        self.syncing = Some(Syncing {
            mark,
            older: self.older.len(),
        });
        self.sync_at = None;
        self.syncer.begin(Job {
            files,
            directory: std::mem::take(&mut self.directory),
            ticket: self.kept.begin_sync(),
            asked,
            settle: self.seals.as_ref().map(Seals::settle),
            state,
            lines,
            grow,
            watch: self.lock.as_ref().map(|lock| Arc::clone(lock.watch())),
        });
        Ok(())
    }

    /// Takes note of a sync that has ended.
    pub(super) fn fetch_sync(&mut self) {
        if let Some(done) = self.syncer.done() {
            self.sync_done(done);
        }
    }

    pub(super) fn sync_done(&mut self, done: Done) {
        self.core.meter.sync_took(done.took);
        self.gather.sync_took(done.took);
        let Some(Syncing { mark, older }) = self.syncing.take() else {
            return;
        };
        if let Err(error) = done.result {
            self.sync_failed(error);
            return;
        }
        self.durable = Durable {
            file: Some(mark.file),
            point: mark.point,
        };
        if let (Some(signer), Some(tree)) = (&mut self.signer, done.tree) {
            signer.synced(tree);
        }
        self.older.drain(..older.min(self.older.len()));
        self.settled |= mark.file == self.segment.number();
        self.kept.synced(&mut self.synced_tally);
        self.core.meter.synced(&mut self.synced_tally);
        self.core
            .board
            .write(|notice| notice.chain = Some((mark.point.seq, mark.point.head)));
        self.sync_works();
        if let Some(signer) = &mut self.signer {
            if done.stored_key {
                signer.stored();
            }
            if done.lines.as_ref().is_some_and(Result::is_ok) {
                signer.appended();
            }
        }
        match done.state {
            Some(Err(error)) => {
                self.state_due = true;
                self.state_failed(error);
            }
            Some(Ok(())) => self.state_works(),
            None => {}
        }
        match done.lines {
            Some(Err(error)) => {
                self.state_due = true;
                self.mention(Trouble::State, &error);
                self.sync_at.get_or_insert(self.monotonic + self.sync_every);
            }
            // A file's first checkpoint comes soon after its key.
            Some(Ok(())) => self.checkpoint_at = Some(self.monotonic),
            None => {}
        }
        if self.kept.has_unsynced() && self.sync_at.is_none() {
            self.sync_at = Some(self.monotonic + self.sync_every);
        }
    }

    /// Syncs everything written so far, and waits for it; with `state`, until the state behind it is stored, too.
    pub(super) fn sync_and_wait(&mut self, state: bool) -> Result<(), Stuck> {
        while self.syncer.is_busy() || self.kept.has_unsynced() || self.directory || (state && self.state_due) {
            if !self.syncer.is_busy() {
                if self.unborn.is_some() {
                    return Ok(());
                }
                self.begin_sync()?;
            }
            // However long it takes: without it there is nothing that may be done next.
            let Some(done) = self.syncer.wait(Instant::now() + super::LONGEST_PARK) else {
                continue;
            };
            let (synced, stored) = (done.result.is_ok(), !matches!(done.state, Some(Err(_))));
            self.sync_done(done);
            if !synced || (state && !stored) {
                return Err(Stuck);
            }
        }
        Ok(())
    }
}
