//! Erasure by a running trail: the order, the sync, and only then the files (docs/FORMAT.md, "Erasure").

use std::collections::BTreeSet;
use std::time::Duration;

use super::own_records::Own;
use super::upkeep::RETENTION_EVERY;
use super::{Stuck, Writer};
use crate::error::{Error, ErrorKind};
use crate::meter::Trouble;
use crate::store::{Holds, bury, erase};
use crate::trail::{Ask, Errand, Why};

/// Bytes that a record takes in an order: its number and its leaf, quoted, with commas.
const RECORD: usize = 17 + 46;

/// Bytes of an order beside its records; a reason may take six bytes for each of its own.
const AROUND: usize = 512;

/// No order names more records.
const RECORDS: usize = 4_096;

/// Erasures that are under way.
#[derive(Debug, Default)]
pub(super) struct Erasures {
    /// From which file on some were ordered that are not carried out.
    from: Option<u64>,
    /// When what could not be carried out is tried again.
    at: Duration,
    /// What is under way was tried in this run, and something of it failed.
    failed: bool,
    /// A planted mistake: tombstones before the sync, or no note of what is under way.
    early: bool,
    forgotten: bool,
    /// Another one: retention does not ask what is held.
    greedy: bool,
}

#[cfg(test)]
impl Erasures {
    pub(super) fn slip(&mut self, slip: Option<crate::store::Slip>) {
        self.early = slip == Some(crate::store::Slip::EraseBeforeSynced);
        self.forgotten = slip == Some(crate::store::Slip::ForgetErasure);
        self.greedy = slip == Some(crate::store::Slip::PruneHeld);
    }
}

impl Writer {
    /// Does what was asked for beside writing, and answers it.
    pub(super) fn run_errands(&mut self) -> Result<(), Stuck> {
        self.finish_erasures()?;
        while let Some(at) = self.requests.iter().position(|request| request.ask == Ask::Errand) {
            let answer = match self.requests.get(at).and_then(|request| request.errand.clone()) {
                Some(Errand::Erase { seqs, why }) => self.erase(&seqs, &why)?,
                Some(Errand::Hold { what, begins, why }) => self.change_hold(&what, begins, &why)?,
                Some(Errand::Alert { act, id, why }) => self.respond(act, &id, &why)?,
                None => Ok(()),
            };
            self.requests.swap_remove(at).answer(answer);
        }
        Ok(())
    }

    pub(super) fn has_errands(&self) -> bool {
        self.requests.iter().any(|request| request.ask == Ask::Errand)
    }

    /// The disk refuses: who waits for files to be copied is told at once.
    pub(super) fn refuse_errands(&mut self) {
        let fault = self.fault_text();
        for request in std::mem::take(&mut self.requests) {
            match request.ask {
                Ask::Errand => request.answer(Err(Error::new(
                    ErrorKind::Io,
                    format!("the disk refused: {fault}; what was ordered by then is done when the disk works"),
                ))),
                _ => self.requests.push(request),
            }
        }
    }

    fn erase(&mut self, seqs: &BTreeSet<u64>, why: &Why) -> Result<Result<(), Error>, Stuck> {
        while self.build_batches(true)? {}
        self.sync_and_wait(false)?;
        let found = match erase::find(&*self.disk, &self.home, self.trail, seqs, self.durable.point.seq) {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        if found.is_empty() {
            // Erased already, but perhaps not for good.
            return self.carry_out();
        }
        if let Err(error) = self.refuse_held(found.iter().map(|(seq, _)| *seq)) {
            return Ok(Err(error));
        }
        self.hold_the_trail()?;
        let file = self.segment.number();
        self.erasures.from = match self.erasures.forgotten {
            true => Some(file),
            false => match erase::begin(&*self.disk, &self.home, file) {
                Ok(file) => Some(file),
                Err(error) => return Ok(Err(error)),
            },
        };
        let said = AROUND + 6 * (why.reason.len() + why.by.len());
        let room = usize::try_from(self.max_bytes / 2)
            .unwrap_or(usize::MAX)
            .saturating_sub(said);
        for records in found.chunks((room / RECORD).clamp(1, RECORDS)) {
            self.own.push_back(Own::erase(records, why));
        }
        self.build_batches(false)?;
        self.carry_out()
    }

    /// Carries out what was ordered and is on the disk, in closed files; the open one is closed for it.
    fn carry_out(&mut self) -> Result<Result<(), Error>, Stuck> {
        let Some(from) = self.erasures.from.filter(|_| !self.own.iter().any(Own::is_erasure)) else {
            return Ok(Ok(()));
        };
        let early = self.erasures.early;
        self.hold_the_trail()?;
        if !early {
            self.sync_and_wait(false)?;
        }
        let end = if early {
            self.written.seq
        } else {
            self.durable.point.seq
        };
        let graves = match erase::orders(&*self.disk, &self.home, self.trail, from, end) {
            Ok(graves) => graves,
            Err(error) => return Ok(Err(error)),
        };
        if !early
            && graves
                .keys()
                .next_back()
                .is_some_and(|seq| *seq > self.segment.before())
        {
            // If none can be begun, what is buried below says that some is left.
            let _ = self.begin_another_file()?;
        }
        self.core.recent.erase(&graves.keys().copied().collect());
        let buried = bury::bury(&*self.disk, &self.home, self.trail, &graves, self.erasures.failed);
        let done = buried.and_then(|left| match left {
            true => Err(Error::new(
                ErrorKind::Io,
                "records that are to be erased are in the open file, and no other could be begun",
            )),
            false => erase::done(&*self.disk, &self.home),
        });
        match &done {
            Ok(()) => (self.erasures.from, self.erasures.failed) = (None, false),
            Err(_) => self.erasures.failed = true,
        }
        self.survey();
        Ok(done)
    }

    /// Closes the open file: goes on in another one, and has its header on the disk.
    pub(super) fn begin_another_file(&mut self) -> Result<Result<(), Error>, Stuck> {
        let file = self.segment.number();
        self.rotate_again = None;
        self.rotate()?;
        self.build_batches(false)?;
        self.sync_and_wait(false)?;
        Ok(match self.segment.number() == file {
            true => {
                Err(Error::new(ErrorKind::Io, "cannot begin another file")
                    .remedy("see the trail's status for the reason"))
            }
            false => Ok(()),
        })
    }

    /// What retention goes around.
    pub(super) fn pruned_around(&self) -> Holds {
        match self.erasures.greedy {
            true => Holds::default(),
            false => self.holds.clone(),
        }
    }

    pub(super) fn is_erasing(&self) -> bool {
        self.erasures.from.is_some()
    }

    /// Goes on with what could not be carried out: at a start, and then every hour.
    fn finish_erasures(&mut self) -> Result<(), Stuck> {
        if self.erasures.from.is_none() || self.monotonic < self.erasures.at {
            return Ok(());
        }
        self.erasures.at = self.monotonic + RETENTION_EVERY;
        if let Err(error) = self.carry_out()? {
            self.mention(Trouble::Erase, &error);
        }
        Ok(())
    }

    /// At a start: what an earlier run left to erase. Where tampering is suspected, nothing is moved; and a disk that refuses
    /// does not keep the trail from beginning. `later` leaves the work to a later turn.
    pub(super) fn pick_up_erasures(&mut self, suspected: bool, later: bool) {
        match erase::pending(&*self.disk, &self.home) {
            _ if suspected => {}
            Ok(pending) => self.erasures.from = pending,
            Err(error) => self.mention(Trouble::Erase, &error),
        }
        if !later {
            let _ = self.finish_erasures();
        }
    }
}
