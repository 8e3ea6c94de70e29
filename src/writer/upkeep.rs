//! What the clock asks for: new files, checkpoints, retention, metrics; and the end.

use std::time::Duration;

use super::own_records::Own;
use super::seals::Seals;
use super::signer::Signer;
use super::{Durable, END_PATIENCE, LAST_OUT, ORPHAN_REST, Phase, Stuck, Writer};
use crate::canary;
use crate::clock::Elapsed;
use crate::error::{Error, ErrorKind};
use crate::meter::Trouble;
use crate::status::complain;
use crate::store::retain::Keep;
use crate::store::{Cause, Header, Mark, Segment, names, retain};
use crate::sync::{Instant, planted};
use crate::trail::Ask;

/// A point that is on the disk is stated this often while records come.
pub(super) const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);

/// And in mode `signed` when nothing comes.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(60);

pub(super) const RETENTION_EVERY: Duration = Duration::from_secs(3_600);
const METRICS_EVERY: Duration = Duration::from_secs(1);

/// After a new file could not be begun, the old one is gone on with for this long.
const ROTATE_AGAIN: Duration = Duration::from_secs(10);

impl Writer {
    pub(super) fn look_at_the_clock(&mut self) {
        // Until the monotonic clock stands still around the wall clock's: else a clock that is moved on meanwhile would
        // look as if it had stepped.
        let mut monotonic = self.core.time.monotonic();
        for _ in 0..3 {
            self.now = self.core.time.micros();
            let again = self.core.time.monotonic();
            let still = again.saturating_sub(monotonic) < Duration::from_millis(100);
            monotonic = again;
            if still {
                break;
            }
        }
        self.monotonic = monotonic;
        let boot = self.core.time.elapsed().boot;
        if let Some(step) = self.calendar.tick(self.now, Elapsed { monotonic, boot }) {
            self.own.push_back(Own::clock_step(step));
        }
    }

    /// The header of the next file, behind a point.
    pub(super) fn header(&self, cause: Cause, prev: Durable) -> Header {
        // A header must not speak of a prune that is still to come behind it: a crash may leave the header alone.
        let kept_from = match self.kept_since {
            Some((seq, before)) if seq > prev.point.seq => before,
            _ => self.kept_from,
        };
        let mut header = Header {
            trail: self.trail,
            run: self.run,
            run_id: self.run_id,
            file: self.next_file,
            cause,
            prev_file: prev.file,
            prev: prev.point,
            clean: true,
            trust: self.trust,
            commit: self.seals.as_ref().map_or(self.commits, Seals::index),
            opened: self.now,
            who: self.who.clone(),
            kept_from,
            held: self.holds.files.clone(),
            hold: self.holds.trail,
            salted: self.core.salts.is_some(),
            tree: None,
            pk: None,
            replaces: self.state.replaces.filter(|_| prev.file.is_none()),
            measured: Some(self.calendar.measured(self.core.time.elapsed())),
        };
        if let Some(signer) = &self.signer {
            signer.fill(&mut header, cause == Cause::Resync);
        }
        header
    }

    /// A file for each day, also when nothing happens.
    pub(super) fn rotate_at_midnight(&mut self) -> Result<(), Stuck> {
        if self.now.day() != self.segment.day() {
            self.commit()?;
            self.rotate()?;
        }
        Ok(())
    }

    /// Goes on in a new file. If none can be begun the old one is gone on with, past its size if need be: better a long
    /// file than no records.
    pub(super) fn rotate(&mut self) -> Result<(), Stuck> {
        if self.rotate_again.is_some_and(|at| Instant::now() < at) {
            return Ok(());
        }
        let number = self.segment.number();
        self.hold_the_trail()?;
        if self.segment.number() != number {
            return Ok(());
        }
        if !self.settled {
            // At most one seam between files may be without a sync.
            self.sync_and_wait(false)?;
        }
        let from = Mark {
            file: self.segment.number(),
            point: self.written,
        };
        let prev = Durable {
            file: Some(from.file),
            point: from.point,
        };
        let row = self.signer.as_mut().map_or(Ok(()), Signer::new_row);
        let header = self.header(Cause::Rotate, prev);
        let given = self.segment.given();
        let made = row.and_then(|()| Segment::create(&self.disk, &self.home, &header, self.now.day(), given));
        let certified = made.and_then(|(segment, head)| {
            let signer = self.signer.as_mut();
            signer.map_or(Ok(()), |signer| signer.certify(segment.number(), head))?;
            Ok((segment, head))
        });
        let (segment, head) = match certified {
            Ok(made) => made,
            Err(error) => {
                self.rotate_again = Some(Instant::now() + ROTATE_AGAIN);
                self.mention(Trouble::Rotate, &error);
                return Ok(());
            }
        };
        self.rotate_again = None;
        self.next_file += 1;
        self.older.push((self.segment.path().to_owned(), self.handle.clone()));
        self.handle = segment.sync_handle();
        self.segment = segment;
        self.unborn = Some(header);
        self.stillborn = false;
        self.settled = false;
        self.directory = true;
        self.state_due = true;
        self.written.head = head;
        self.built = self.written;
        self.own.push_front(Own::rotated(self.segment.number(), from));
        self.sync_at = Some(self.monotonic);
        // Not at once for every part of a flood.
        self.retention_at = self.retention_at.min(self.monotonic);
        self.survey();
        Ok(())
    }

    /// For who moved files about: a look at the open one, and a new one.
    pub(super) fn reopen(&mut self) -> Result<(), Stuck> {
        let file = self.segment.number();
        self.build_batches(true)?;
        self.look_after_the_file()?;
        if self.segment.number() == file {
            self.rotate_again = None;
            self.rotate()?;
            self.build_batches(true)?;
        }
        let failed = self.rotate_again.is_some();
        for mut request in std::mem::take(&mut self.requests) {
            match request.ask {
                Ask::Reopen if failed => {
                    let said = self.core.board.look().last_error.unwrap_or_default();
                    request.answer(Err(Error::new(ErrorKind::Io, said)));
                }
                Ask::Reopen => {
                    request.ask = Ask::Write;
                    self.requests.push(request);
                }
                _ => self.requests.push(request),
            }
        }
        Ok(())
    }

    /// The size limit in force.
    pub(super) fn max_bytes(&self) -> u64 {
        match self.rotate_again {
            Some(_) => u64::MAX,
            None => self.max_bytes,
        }
    }

    /// How many bytes the trail's files have.
    pub(super) fn survey(&mut self) {
        let dir = &self.home.dir;
        let names = names::list(&*self.disk, dir).unwrap_or_default();
        let others = names.iter().filter(|name| **name != self.segment.name());
        let bytes = others
            .filter_map(|name| self.disk.stat(&name.path(dir)).ok())
            .map(|stat| stat.len)
            .sum();
        let (file, file_bytes) = (self.segment.path().to_owned(), self.segment.bytes());
        self.core.board.write(|notice| {
            notice.other_bytes = bytes;
            notice.file = file;
            notice.file_bytes = file_bytes;
        });
    }

    /// Removes files past their retention: at start, after each rotation, hourly.
    pub(super) fn keep_files_for_their_time(&mut self) -> Result<(), Stuck> {
        if self.monotonic < self.retention_at {
            return Ok(());
        }
        self.retention_at = self.monotonic + RETENTION_EVERY;
        let keep = self.keep;
        while self.prune(&keep)? {}
        Ok(())
    }

    /// Removes what need not be kept, one record's worth; whether there was any.
    pub(super) fn prune(&mut self, keep: &Keep) -> Result<bool, Stuck> {
        let holds = self.pruned_around();
        let due = retain::due(&*self.disk, &self.home, self.trail, keep, &self.calendar, &holds);
        let prune = match due {
            Ok(Some(prune)) => prune,
            Ok(None) => return Ok(false),
            Err(error) => {
                self.mention(Trouble::Retention, &error);
                return Ok(false);
            }
        };
        if prune.policy_days.is_none() && !std::mem::replace(&mut self.evicted, true) {
            complain(&format_args!(
                "files of {} go because of their number or size and not their age; who can write many records can \
                     flush out old ones",
                self.home.dir.display()
            ));
        }
        self.own.push_back(Own::prune(&prune));
        self.build_batches(false)?;
        self.sync_and_wait(false)?;
        (self.kept_from, self.kept_since) = (Some(prune.kept_from), None);
        if let Err(error) = retain::prune(&*self.disk, &self.home, self.trail, &mut self.calendar, &prune, &holds) {
            self.mention(Trouble::Retention, &error);
            return Ok(false);
        }
        self.state_due = true;
        self.survey();
        Ok(true)
    }

    /// States a point that is on the disk, every 10 s in which records came.
    pub(super) fn checkpoint(&mut self) {
        self.beat();
        if self.checkpoint_at.is_none_or(|at| at > self.monotonic) {
            return;
        }
        let Durable {
            file: Some(file),
            point,
        } = self.durable
        else {
            return;
        };
        if point.seq > self.checkpointed && self.durable_is_ours() {
            self.state_checkpoint(Mark { file, point });
        }
    }

    /// States a point that is on the disk. Of a signed trail only in the file that holds it, once that has its key.
    fn state_checkpoint(&mut self, mark: Mark) {
        let signed = match &mut self.signer {
            None => None,
            Some(signer) if mark.file != self.segment.number() || !signer.is_certified(mark.file) => return,
            Some(signer) => match signer.checkpoint(mark) {
                Ok(signed) => Some(signed),
                Err(error) => return self.mention(Trouble::State, &error),
            },
        };
        self.checkpoint_at = None;
        self.heartbeat_at = self.signer.as_ref().map(|_| self.monotonic + HEARTBEAT_EVERY);
        self.checkpointed = mark.point.seq;
        self.own.push_back(Own::checkpoint(mark, signed));
        self.state_due = true;
    }

    /// In mode `signed` nobody may be left in doubt whether nothing happened or somebody cut it off.
    fn beat(&mut self) {
        if self.heartbeat_at.is_some_and(|at| at <= self.monotonic) {
            self.heartbeat_at = Some(self.monotonic + HEARTBEAT_EVERY);
            self.checkpoint_at.get_or_insert(self.monotonic);
        }
    }

    fn durable_is_ours(&self) -> bool {
        self.durable.point.seq > self.run_began
    }

    /// After a clean end something comes: the state says so before the file does.
    pub(super) fn go_on(&mut self) -> Result<(), Stuck> {
        self.state.clean = false;
        self.state_due = true;
        self.sync_and_wait(true)?;
        self.phase = Phase::Running;
        self.own
            .push_front(Own::start(self.run, self.segment.number(), false, true));
        Ok(())
    }

    /// A clean end, behind which the trail may go on.
    pub(super) fn come_to_rest(&mut self) -> Result<(), Stuck> {
        if self.resync {
            self.write_again()?;
        }
        while self.build_batches(true)? {}
        self.last_alerts();
        while self.build_batches(true)? {}
        self.sync_and_wait(self.trust.is_keyed())?;
        if let (Some(_), Some(file)) = (&self.signer, self.durable.file) {
            // All but this and the end itself is signed for.
            let point = self.durable.point;
            self.state_checkpoint(Mark { file, point });
            self.build_batches(false)?;
            self.sync_and_wait(true)?;
        }
        let lost: u64 = self.declared.iter().flatten().sum();
        self.own
            .push_back(Own::stop(self.written.seq + 1 - self.run_began, lost));
        // Nothing more is taken: what came meanwhile goes on behind the end, and a record says so before it.
        match planted!(TakesBehindTheEnd) {
            true => self.build_batches(false).map(drop)?,
            false => self.write_taken()?,
        }
        self.state.clean = true;
        self.state_due = true;
        if let Some(keys) = self.rekey.take() {
            self.state.keys = Some(keys);
        }
        let ended = self.sync_and_wait(true);
        // If the state could not be stored it may still say that the trail goes on, which is the truth to keep to.
        self.state.clean = ended.is_ok();
        ended?;
        self.phase = Phase::Resting;
        self.heartbeat_at = None;
        self.checkpoint_at = None;
        self.checkpointed = self.written.seq;
        Ok(())
    }

    /// Answers who asked for what is done now.
    pub(super) fn answer(&mut self) {
        let written = self.fault.is_none() && self.batch.text.is_empty() && self.own.is_empty();
        let (at, durable) = (self.written.seq, self.durable.point.seq);
        for mut request in std::mem::take(&mut self.requests) {
            let written = written && self.core.progress.reached_written(request.ticket);
            let target = match written {
                true => *request.target.get_or_insert(at),
                false => request.target.unwrap_or(u64::MAX),
            };
            match request.ask {
                Ask::Write if written => request.answer(Ok(())),
                Ask::Sync if durable >= target => request.answer(Ok(())),
                _ => self.requests.push(request),
            }
        }
    }

    /// Ends the trail, or brings it to rest, if somebody asked or nobody is left.
    pub(super) fn end_if_asked(&mut self) {
        let closing = self.requests.iter().any(|request| request.ask == Ask::Close) || self.core.is_abandoned();
        let resting = self.requests.iter().any(|request| request.ask == Ask::Rest);
        let quiet = self.monotonic.saturating_sub(self.active) >= ORPHAN_REST && self.core.queue.is_empty();
        let orphan = self.phase == Phase::Running && self.core.is_orphaned() && quiet;
        if !closing && !resting && !orphan {
            return;
        }
        if closing {
            self.core.queue.close();
        }
        let since = match orphan && !closing && !resting {
            true => None,
            false => Some(self.ending.unwrap_or_else(Instant::now)),
        };
        if self.ending.is_none() || closing {
            self.core.outlet.settle(LAST_OUT, closing);
        }
        self.ending = since;
        let ended = match self.phase {
            Phase::Resting if self.own.is_empty() && self.core.queue.is_empty() => Ok(()),
            Phase::Resting => self.go_on().and_then(|()| self.come_to_rest()),
            _ => self.come_to_rest(),
        };
        let over = since.is_some_and(|since| since.elapsed() >= END_PATIENCE);
        let ended = match ended {
            Err(Stuck) if over => {
                self.ending = None;
                self.give_up(closing)
            }
            ended => ended,
        };
        if ended.is_ok() {
            self.last_news(closing);
        }
        match ended {
            Ok(()) if closing => self.phase = Phase::Over,
            Ok(()) => {
                self.ending = None;
                for request in std::mem::take(&mut self.requests) {
                    match request.ask {
                        Ask::Rest => request.answer(Ok(())),
                        _ => self.requests.push(request),
                    }
                }
            }
            Err(Stuck) if over && closing => {
                complain(&format_args!(
                    "the trail in {} ends uncleanly: {}",
                    self.home.dir.display(),
                    self.fault_text(),
                ));
                self.phase = Phase::Over;
            }
            Err(Stuck) => {}
        }
    }

    pub(super) fn fault_text(&self) -> String {
        self.core
            .board
            .look()
            .fault
            .unwrap_or_else(|| "the disk refused".to_owned())
    }

    /// Tells the host's recorder, if it has one, once a second; and asks what keeps events from the trail.
    pub(super) fn tell_metrics(&mut self, now: bool) {
        if self.phase == Phase::Over || now || (self.facade_is_behind() && self.metrics_at <= self.monotonic) {
            self.metrics_at = self.monotonic + METRICS_EVERY;
            self.told = self.shown();
            self.core.meter.lost(&self.core.queue.flow().lost);
            self.facade.flush(&self.core.meter, self.core.gauges());
        }
        let changes = canary::changes();
        if self.commits > 0 && self.canary != Some(changes) {
            self.canary = Some(changes);
            self.ask_the_canary();
        }
    }

    pub(super) fn facade_is_behind(&self) -> bool {
        self.told != self.shown()
    }

    /// What the recorder shows of the trail moves with each commit, and once more when that is on the disk.
    fn shown(&self) -> (u64, u64) {
        (self.commits, self.durable.point.seq)
    }

    /// Not on this thread: the host's layers answer, and one of them may hang.
    fn ask_the_canary(&mut self) {
        let core = self.core.clone();
        self.host.run(move || {
            let id = core.id();
            let asked = std::panic::catch_unwind(|| canary::ask(id));
            let Ok(Some(found)) = asked else { return };
            let known = core.board.look().capture.unwrap_or_default();
            for news in found.iter().filter(|news| !known.contains(news)) {
                complain(news);
            }
            core.board.write(|notice| notice.capture = Some(found));
        });
    }

    /// What came after the end is counted, though no record can say so.
    pub(super) fn count_closed(&mut self) {
        self.core.meter.lost(&self.core.queue.flow().lost);
    }
}
