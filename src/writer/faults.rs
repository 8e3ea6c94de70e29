//! When the disk does not do what it should: what failed is kept and tried again, elsewhere where that is needed.
//!
//! - A write that failed: the file was cut back, the batch is kept, and the queue fills meanwhile.
//! - A sync that failed: never tried again on the same file. A new file goes on from the last point whose sync
//!   succeeded, with everything behind it written again (docs/FORMAT.md, "Failed syncs").
//! - A file that is gone, replaced, cut or written to by others: as after a failed sync, and said so in the trail.

use std::time::Duration;

use super::batch::{Batch, Text};
use super::kept::Again;
use super::own_records::Own;
use super::{Durable, Phase, Stuck, Writer};
use crate::error::{Error, ErrorKind};
use crate::meter::Trouble;
use crate::status::complain;
use crate::store::finding::{Suspicion, What};
use crate::store::segment::Moved;
use crate::store::{Cause, Mark, Segment};
use crate::sync::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A write that is tried again leaves nothing behind, and records wait for it.
const LONGEST_WRITE_PAUSE: Duration = Duration::from_millis(250);

/// What is wrong, until it works again.
#[derive(Debug)]
pub(super) struct Fault {
    trouble: Trouble,
    error: Option<Error>,
    /// By the real clock: a clock set by hand may stand still.
    retry_at: Instant,
    pause: Duration,
}

impl Fault {
    pub(super) fn must_wait(&self) -> bool {
        Instant::now() < self.retry_at
    }

    pub(super) fn retry_at(&self) -> Instant {
        self.retry_at
    }

    /// For the builder: what `build` returns.
    pub(super) fn take_error(&mut self) -> Error {
        self.error
            .take()
            .unwrap_or_else(|| Error::new(ErrorKind::Io, "the disk refused"))
    }
}

/// Whether it says that there is no room on the disk.
pub(super) fn is_full(error: &Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.io_kind(), Some(StorageFull | QuotaExceeded))
}

impl Writer {
    /// Notes an error, and when to try again. One line on standard error for each change of state.
    pub(super) fn note(&mut self, trouble: Trouble, error: Error) -> Stuck {
        self.core.meter.trouble(trouble);
        let said = error.to_string();
        let known = self.fault.as_ref().is_some_and(|fault| fault.trouble == trouble);
        if !known && self.commits > 0 {
            complain(&format_args!("{said}; records wait in memory, and it is tried again"));
        }
        let now = self.monotonic;
        self.core.board.write(|notice| {
            notice.fault = Some(said.clone());
            notice.fault_since.get_or_insert(now);
            notice.last_error = Some(said);
        });
        self.gap_cause = Some(match is_full(&error) {
            true => "disk_full",
            false => "write_error",
        });
        let longest = match trouble {
            Trouble::Write => LONGEST_WRITE_PAUSE,
            _ => LONGEST_PAUSE,
        };
        let pause = self
            .fault
            .as_ref()
            .map_or(FIRST_PAUSE, |fault| (fault.pause * 2).min(longest));
        self.fault = Some(Fault {
            trouble,
            error: Some(error),
            retry_at: Instant::now() + pause,
            pause,
        });
        Stuck
    }

    /// Notes an error that does not keep records from the file.
    pub(super) fn mention(&mut self, trouble: Trouble, error: &Error) {
        self.core.meter.trouble(trouble);
        let said = error.to_string();
        let mut news = false;
        self.core.board.write(|notice| {
            news = notice.last_error.as_ref() != Some(&said);
            notice.last_error = Some(said.clone());
        });
        if news {
            complain(&said);
        }
    }

    pub(super) fn write_failed(&mut self, error: Error) -> Stuck {
        self.refused(&error);
        let full = is_full(&error);
        let stuck = self.note(Trouble::Write, error);
        if full {
            self.last_words();
        }
        stuck
    }

    /// A write to the open file failed.
    pub(super) fn refused(&mut self, error: &Error) {
        // Of a file without a line nothing is left; behind a half line that could not be taken back, nothing may follow.
        self.stillborn = self.unborn.is_some() && self.segment.is_gone();
        self.resync |= error.kind() == ErrorKind::Damaged && !self.stillborn;
    }

    /// Makes the file again whose first lines could not be written: with the same header, so that the lines built for it
    /// fit.
    pub(super) fn bear_again(&mut self) -> Result<(), Stuck> {
        if self.stillborn {
            self.hold_the_locks()?;
            self.sync_the_removal()?;
        }
        let Some(header) = self.unborn.as_ref().filter(|_| self.stillborn) else {
            return Ok(());
        };
        let given = self.segment.given();
        match Segment::create(&self.disk, &self.home, header, header.opened.day(), given) {
            Ok((segment, _)) => {
                self.handle = segment.sync_handle();
                self.segment = segment;
                self.stillborn = false;
                Ok(())
            }
            Err(error) => Err(self.note(Trouble::Write, error)),
        }
    }

    /// A crash must not bring a removed file back beside another one with its number. Not while a sync is outstanding: of two that
    /// fail at once, each would hear of its own names alone.
    fn sync_the_removal(&mut self) -> Result<(), Stuck> {
        if self.syncer.is_busy()
            && let Some(done) = self.syncer.wait(Instant::now() + super::LONGEST_PARK)
        {
            self.sync_done(done);
        }
        if self.resync || self.syncer.is_busy() {
            return Err(Stuck);
        }
        let dir = &self.home.dir;
        if let Err(error) = self.disk.sync_dir(dir) {
            let error = Error::io("sync the trail directory", dir, error);
            self.sync_failed(error);
            return Err(Stuck);
        }
        Ok(())
    }

    pub(super) fn write_works(&mut self) {
        self.works(&[Trouble::Write, Trouble::Rotate, Trouble::Tamper]);
    }

    pub(super) fn sync_works(&mut self) {
        self.works(&[Trouble::Sync]);
    }

    pub(super) fn tenure_works(&mut self) {
        self.works(&[Trouble::Tamper]);
    }

    fn works(&mut self, troubles: &[Trouble]) {
        if self
            .fault
            .as_ref()
            .is_some_and(|fault| troubles.contains(&fault.trouble))
        {
            self.fault = None;
            self.core
                .board
                .write(|notice| (notice.fault, notice.fault_since) = (None, None));
            if self.commits > 1 {
                complain(&format_args!("the trail in {} works again", self.home.dir.display()));
            }
        }
    }

    pub(super) fn sync_failed(&mut self, error: Error) {
        self.resync = true;
        self.note(Trouble::Sync, error);
    }

    /// The state is behind: less is known of the end if there is a crash now. Records are written all the same, but
    /// neither end nor going on behind an end can do without it.
    pub(super) fn state_failed(&mut self, error: Error) {
        if self.ending.is_some() || self.phase == Phase::Resting {
            self.note(Trouble::State, error);
        } else {
            self.mention(Trouble::State, &error);
            self.sync_at.get_or_insert(self.monotonic + self.sync_every);
        }
    }

    pub(super) fn state_works(&mut self) {
        self.works(&[Trouble::State]);
    }

    /// Whether the open file is still what we made; before each commit.
    pub(super) fn look_after_the_file(&mut self) -> Result<(), Stuck> {
        self.hold_the_directory()?;
        let what = match self.segment.moved() {
            Moved::No => return Ok(()),
            Moved::Unlinked => What::Missing,
            Moved::Replaced => What::Replaced,
            Moved::Cut { .. } => What::Cut,
            Moved::Grown { .. } => What::Appended,
        };
        self.suspect_the_file(what);
        // Nothing to wait for: another file is another chance.
        self.write_again()?;
        Ok(())
    }

    /// Somebody was at the open file: a record will say so, in another one.
    fn suspect_the_file(&mut self, what: What) {
        let suspicion = Suspicion {
            what,
            file: Some(self.segment.number()),
            expected: Some(self.written),
            found: None,
        };
        self.suspected.push((suspicion, Instant::now()));
        self.resync = true;
        let error = Error::new(
            ErrorKind::Damaged,
            format!("the file being written is not as the trail left it ({})", what.as_str()),
        )
        .at(self.segment.path())
        .remedy("find out who did that; the trail goes on in another file");
        self.note(Trouble::Tamper, error);
    }

    /// Goes on in a new file from the last point that is on the disk, with everything behind it.
    pub(super) fn write_again(&mut self) -> Result<(), Stuck> {
        self.hold_the_locks()?;
        if self.suspected.is_empty() && self.unborn.is_none() {
            // A sync that found the locks gone was the first to notice; the file may have gone with its directory.
            match self.segment.moved() {
                Moved::Unlinked => self.suspect_the_file(What::Missing),
                Moved::Replaced => self.suspect_the_file(What::Replaced),
                Moved::No | Moved::Cut { .. } | Moved::Grown { .. } => {}
            }
        }
        if self.syncer.is_busy() {
            // A sync of the old file may still be at work. What it acknowledges must not be superseded by lines that are on no disk
            // yet; unless the file is not what it was, and they are better written again.
            if let Some(seals) = &self.seals {
                seals.abandon();
            }
            match self.syncer.wait(Instant::now() + super::LONGEST_PARK) {
                // Of a keyed trail the keys are gone by then, and nothing that it covered can be sealed again.
                Some(done) if done.told && (self.seals.is_some() || self.suspected.is_empty()) => self.sync_done(done),
                None if self.seals.is_none() && self.suspected.is_empty() => return Err(Stuck),
                _ => self.syncing = None,
            }
        }
        if let Some(seals) = &mut self.seals {
            seals.rewind();
        }
        if let Some(signer) = &mut self.signer {
            signer.rewind();
            if let Err(error) = signer.new_row() {
                return Err(self.note(Trouble::Sync, error));
            }
        }
        let mut again = self.kept.again();
        again.extend(std::mem::take(&mut self.again));
        self.again = again.into();
        let header = self.header(Cause::Resync, self.durable);
        let given = self.segment.given();
        let (segment, head) = match Segment::create(&self.disk, &self.home, &header, self.now.day(), given) {
            Ok(made) => made,
            Err(error) => return Err(self.again_failed(error)),
        };
        self.next_file += 1;
        if let Some(Err(error)) = self.signer.as_mut().map(|signer| signer.certify(header.file, head)) {
            return Err(self.note(Trouble::Sync, error));
        }
        self.handle = segment.sync_handle();
        self.segment = segment;
        self.unborn = Some(header);
        self.stillborn = false;
        self.settled = false;
        self.older.clear();
        self.directory = true;
        self.state_due = true;
        self.written = self.durable.point;
        self.written.head = head;
        self.built = self.written;
        let lines = self.again.iter().map(|again| match again {
            Again::Text(text, _) => text.lines,
            Again::Lost { .. } => 0,
        });
        let lines: usize = lines.sum();
        self.core.recent.forget(lines);
        let (pending, tally) = (
            std::mem::take(&mut self.batch.text),
            std::mem::take(&mut self.batch.tally),
        );
        let result = self.write_kept();
        // What was not in any file comes behind, whatever happened.
        let mut text = Text::new(self.signer.is_some());
        text.chain_again(&pending, &mut self.built);
        self.renumber(&text);
        (self.batch.text, self.batch.tally) = (text, tally);
        self.survey();
        result?;
        self.resync = false;
        for (suspicion, since) in self.suspected.drain(..) {
            self.own.push_back(Own::overcome(&suspicion, since.elapsed(), lines));
        }
        self.sync_at = Some(self.monotonic);
        if self.unborn.is_some() && self.batch.text.is_empty() && self.own.is_empty() {
            // Nothing was in doubt but the file itself; the new one needs a first line.
            let Durable { file, point } = self.durable;
            let number = self.segment.number();
            self.own.extend(file.map(|file| match &self.signer {
                None => Own::checkpoint(Mark { file, point }, None),
                // The keys of that file's checkpoints are gone.
                Some(_) => Own::rotated(number, Mark { file, point }),
            }));
        }
        Ok(())
    }

    fn again_failed(&mut self, error: Error) -> Stuck {
        if is_full(&error) {
            // What is to be written again was in a file already: that goes before any words.
            self.reserve.give_up();
        }
        self.note(Trouble::Sync, error)
    }

    pub(super) fn write_kept(&mut self) -> Result<(), Stuck> {
        while let Some(again) = self.again.pop_front() {
            match again {
                Again::Lost {
                    path,
                    records,
                    first_ticket,
                } => {
                    let error = Error::new(ErrorKind::Io, "cannot read back what a failed sync left in doubt")
                        .at(path)
                        .remedy("the records are lost, and an AUDIT_GAP counts them");
                    self.mention(Trouble::Sync, &error);
                    self.core.queue.unkept(records, self.now);
                    self.core.board.write(|notice| {
                        for (written, lost) in notice.written.iter_mut().zip(records) {
                            *written -= lost.min(*written);
                        }
                    });
                    if let Some(first) = first_ticket {
                        self.core.progress.lost_from(first);
                    }
                }
                Again::Text(old, tally) => {
                    let mut batch = Batch::new(self.signer.is_some());
                    batch.text.chain_again(&old, &mut self.built);
                    if let Some(seals) = &self.seals {
                        seals.seal(&mut batch.text, &self.built.head);
                    }
                    if let Err(error) = self.segment.write(&batch.text.bytes) {
                        self.again.push_front(Again::Text(old, tally));
                        self.built = self.written;
                        return Err(self.again_failed(error));
                    }
                    self.unborn = None;
                    batch.tally = tally;
                    self.renumber(&batch.text);
                    self.core.recent.push(&batch.text.bytes, batch.text.lines);
                    std::mem::swap(&mut self.batch, &mut batch);
                    self.commit_counts();
                    self.keep_batch();
                    std::mem::swap(&mut self.batch, &mut batch);
                }
            }
        }
        Ok(())
    }

    /// Says which numbers the tickets of a text have now; others than before only if records before them were lost.
    pub(super) fn renumber(&mut self, text: &Text) {
        if let Some((first, _)) = text.tickets {
            let first_line = self.built.seq + 1 - text.lines as u64;
            self.core.progress.numbered(first, text.seq_of_tickets(first_line));
        }
    }
}
