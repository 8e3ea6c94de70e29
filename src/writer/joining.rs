//! Another process has gone on with the trail while this one did not have its lock, and is gone: this one goes on behind it,
//! as a start would, in a run of its own, with all that it still holds.
//!
//! Of what this one wrote, the other may have found a part and gone on from there; that is in the trail and is not written
//! again. The trail's words about its own earlier run stay where they are: in another place they would not be true.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::batch::{Batch, Text, lines, rest_of};
use super::kept::Again;
use super::own_records::Own;
use super::teller::Teller;
use super::{Desk, Durable, Stuck, Writer};
use crate::detect::Detector;
use crate::error::{Error, ErrorKind};
use crate::meter::Trouble;
use crate::parse;
use crate::store::finding::{Suspicion, What};
use crate::store::{self, Opening, Point, Wish, lines as stored, rival};
use crate::sync::Instant;

/// What of a text is to be written again, and how many of the trail's own words are not.
struct Left {
    text: Text,
    gone: u64,
}

impl Writer {
    /// Goes on behind what the other process wrote. We have the locks.
    pub(super) fn join(&mut self) -> Result<(), Stuck> {
        if self.syncer.is_busy() {
            // It was begun under locks that are lost: it counts only if it returned before that.
            match self.syncer.wait(Instant::now() + super::LONGEST_PARK) {
                Some(done) => self.sync_done(done),
                None => return Err(Stuck),
            }
        }
        let begun = self.begin_again().and_then(|fresh| {
            let from = rival::went_on_from(&*self.disk, &self.home, fresh.trail, self.run_id)?;
            Ok((fresh, from))
        });
        match begun {
            Ok((fresh, from)) => {
                let old = std::mem::replace(self, fresh);
                self.take_over(old, from)
            }
            Err(error) => Err(self.note(Trouble::Tamper, error)),
        }
    }

    /// A writer that has begun the next run of what is on the disk now.
    fn begin_again(&mut self) -> Result<Writer, Error> {
        let opening = Opening {
            lock_wait: Duration::ZERO,
            now: self.now,
            boot: self.core.time.elapsed().boot,
            host: self.who.host.clone().unwrap_or_default(),
            wish: Wish {
                salted: Some(self.core.salts.is_some()),
                secrets: self.key_source.clone(),
                ..Wish::default()
            },
        };
        // Without it nothing is written: if this comes to nothing it is taken anew.
        let Some(lock) = self.lock.take() else {
            return Err(Error::new(ErrorKind::Locked, "the trail's lock is to be taken anew"));
        };
        let opened = store::open_locked(lock, &*self.disk, &self.home, &opening)?;
        let (trust, keys) = (opened.trust, opened.state.keys.as_ref());
        let key_id = keys.map(|keys| keys.kid.clone());
        let fresh = Writer::begin(
            Arc::clone(&self.core),
            Desk {
                disk: Arc::clone(&self.disk),
                home: self.home.clone(),
                opened,
                who: self.who.clone(),
                keep: self.keep,
                max_bytes: self.max_bytes,
                commit_every: self.commit_every,
                sync_every: self.sync_every,
                space: self.space.clone(),
                new_key: None,
                teller: Teller::default(),
                key_source: self.key_source.clone(),
                joins: true,
                given: self.segment.given(),
                detector: Detector::idle(),
                alerts_from: None,
                #[cfg(test)]
                slip: None,
            },
        )?;
        self.core.board.write(|notice| {
            notice.trust = trust;
            notice.key_id = key_id;
        });
        Ok(fresh)
    }

    /// Takes what the writer of the earlier run holds, in its order.
    fn take_over(&mut self, mut old: Writer, from: Option<Point>) -> Result<(), Stuck> {
        let reached = from.map_or(0, |from| from.seq);
        if let Some(suspicion) = suspicion(old.durable, from) {
            self.own.push_back(Own::suspicion(&suspicion));
        }
        self.own
            .extend(old.own.into_iter().filter(|own| own.is_gap() || own.is_alert()));
        (self.chunks, self.cursor, self.emptied) = (old.chunks, old.cursor, old.emptied);
        (self.declared, self.gap_cause) = (old.declared, old.gap_cause);
        (self.gap_at, self.gap_pause) = (old.gap_at, old.gap_pause);
        (self.requests, self.ending, self.incomplete) = (old.requests, old.ending, old.incomplete);
        for request in &mut self.requests {
            // The number that it waits for may be another one now.
            request.target = None;
        }
        (self.canary, self.facade, self.evicted) = (old.canary, old.facade, old.evicted);
        (self.detector, self.watching) = (old.detector, old.watching);
        (self.active, self.commits) = (old.active, self.commits + old.commits);
        old.synced_tally.drain_into(&mut self.synced_tally);
        self.fault = old.fault;

        let mut again: VecDeque<Again> = old.kept.again().into();
        again.extend(old.again);
        for held in again {
            match held {
                Again::Text(text, mut tally) => {
                    let Left { text: left, gone } = self.left_of(&text, reached);
                    self.core.recent.forget(text.lines);
                    self.core
                        .board
                        .write(|notice| notice.own_written -= gone.min(notice.own_written));
                    match left.is_empty() {
                        true => tally.drain_into(&mut self.synced_tally),
                        false => self.again.push_back(Again::Text(left, tally)),
                    }
                }
                lost @ Again::Lost { .. } => self.again.push_back(lost),
            }
        }
        // If the disk refuses now, it goes on as after a failed sync.
        self.resync = true;
        let result = self.write_kept();
        let Left { text: pending, gone } = self.left_of(&old.batch.text, reached);
        if !pending.is_empty() {
            let mut text = Text::new(self.signer.is_some());
            text.chain_again(&pending, &mut self.built);
            self.renumber(&text);
            self.batch = Batch { text, ..old.batch };
            self.batch.tally.own -= gone.min(self.batch.tally.own);
        }
        result?;
        self.resync = false;
        self.sync_at = Some(self.monotonic);
        self.tenure_works();
        Ok(())
    }

    /// What of a text is to be written again: the callers' records behind this number, and before them the gaps, which count
    /// what is lost for good. Those up to the number are in the trail, and whoever waits for them is told.
    fn left_of(&self, text: &Text, reached: u64) -> Left {
        let mut gone = 0;
        let mut left = Text::new(false);
        let mut point = Point::GENESIS;
        let mut ticket = text.tickets.map(|(first, _)| first);
        let mut records = Vec::new();
        for line in lines(&text.bytes) {
            let (Some(rest), Ok(record)) = (rest_of(line), parse::record(line)) else {
                continue;
            };
            let live = record.seq() <= reached;
            match (stored::own(rest), live) {
                (Some(b"GAP"), false) => left.line(&mut point, rest),
                (None, live) if stored::is_alert(rest) => match live {
                    true => {}
                    false => left.line(&mut point, rest),
                },
                (Some(_), live) => gone += u64::from(!live),
                (None, false) => records.push(rest),
                (None, true) => {
                    if let Some(ticket) = &mut ticket {
                        self.core.progress.written(*ticket);
                        self.core.progress.synced(*ticket);
                        *ticket += 1;
                    }
                }
            }
        }
        left.before_tickets = left.lines;
        records.iter().for_each(|rest| left.line(&mut point, rest));
        let last = text.tickets.map(|(_, last)| last);
        left.tickets = ticket.zip(last).filter(|_| !records.is_empty());
        Left { text: left, gone }
    }
}

/// What is to be said in the trail, if others went on from there: that what was on the disk is not in it.
fn suspicion(durable: Durable, from: Option<Point>) -> Option<Suspicion> {
    let what = match from {
        Some(from) if from.seq >= durable.point.seq => return None,
        Some(_) => What::Cut,
        None => What::OtherTrail,
    };
    Some(Suspicion {
        what,
        file: durable.file,
        expected: Some(durable.point),
        found: from,
    })
}
