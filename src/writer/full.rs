//! A disk without room: the reserve, in which the trail says what was lost; and what becomes of records that an end cannot
//! wait for any longer.

use std::time::Duration;

use super::batch::{Batch, Text, lines, rest_of};
use super::faults::is_full;
use super::kept::Again;
use super::own_records::Own;
use super::tenure::Tenure;
use super::{LAST_OUT, Stuck, Writer};
use crate::clock::Micros;
use crate::error::{Error, ErrorKind};
use crate::meter::Trouble;
use crate::parse;
use crate::queue::{Chunk, Line, Loss, Losses, PerSeverity};
use crate::severity::Severity;
use crate::status::complain;
use crate::store::lines as stored;
use crate::sync::Instant;
use crate::trail::Ask;

/// While losses go on, they are declared this often; on a full disk each time after twice as long, for the reserve's room
/// has to do.
const GAP_EVERY: Duration = Duration::from_secs(1);
const LONGEST_GAP_PAUSE: Duration = Duration::from_secs(600);

/// A rest of so many bytes may have the reserve's room at the end.
const SMALL: usize = 32 << 10;

/// Where records went that an end could not wait for.
#[derive(Debug, Default)]
pub(super) struct Left {
    diverted: PerSeverity,
    lost: PerSeverity,
}

impl Left {
    fn count(&self) -> u64 {
        self.diverted.iter().chain(&self.lost).sum()
    }
}

impl std::fmt::Display for Left {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let by_severity = |f: &mut std::fmt::Formatter<'_>, counts: &PerSeverity| {
            let counts = Severity::ALL.iter().zip(counts).filter(|(_, count)| **count > 0);
            let said: Vec<String> = counts.map(|(severity, count)| format!("{count} {severity}")).collect();
            match said.is_empty() {
                true => f.write_str("none"),
                false => f.write_str(&said.join(", ")),
            }
        };
        f.write_str("handed to the emergency sink: ")?;
        by_severity(f, &self.diverted)?;
        f.write_str("; lost: ")?;
        by_severity(f, &self.lost)
    }
}

/// A record without a place.
struct Homeless<'a> {
    severity: Severity,
    time: Micros,
    rest: &'a [u8],
}

impl Writer {
    /// The first pause between two gaps.
    pub(super) const fn gap_every() -> Duration {
        GAP_EVERY
    }

    /// Makes the reserve where it is missing, unless the disk has no room for it.
    pub(super) fn keep_a_reserve(&mut self) {
        if self.reserve.is_owed() {
            return;
        }
        if let Err(error) = self.reserve.make() {
            let error = Error::io("make the reserve", self.reserve.path(), error);
            if !is_full(&error) {
                self.mention(Trouble::Write, &error);
            }
        }
    }

    /// Makes the reserve again that was given up, before anything but the trail's own words is written: else a record
    /// would take the room in which the next gap is to be declared.
    pub(super) fn repay(&mut self) -> Result<(), Stuck> {
        if !self.reserve.is_owed() {
            return Ok(());
        }
        let Err(error) = self.reserve.make() else {
            self.gap_pause = GAP_EVERY;
            return Ok(());
        };
        let error = Error::io("make the reserve again", self.reserve.path(), error).remedy("free space on its disk");
        if is_full(&error) {
            let stuck = self.note(Trouble::Write, error);
            self.last_words();
            return Err(stuck);
        }
        self.reserve.forgive();
        self.mention(Trouble::Write, &error);
        Ok(())
    }

    /// The same when nothing waits to be written: then the disk works again when the reserve is there.
    pub(super) fn repay_at_leisure(&mut self) -> Result<(), Stuck> {
        if self.reserve.is_owed() {
            self.hold_the_directory()?;
            self.repay()?;
            self.write_works();
        }
        Ok(())
    }

    /// On a full disk: declares what was lost, in the room of the reserve. Records that were numbered come behind.
    pub(super) fn last_words(&mut self) {
        if self.resync {
            return;
        }
        let waits = !self.batch.text.is_empty();
        let records = self.batch.text.tickets.is_some();
        if !self.own.iter().any(Own::is_gap) && self.has_undeclared(false) && self.reserve.has_room() {
            // What is lost from here on has the same cause, until the disk works again.
            let cause = self.gap_cause;
            self.declare_losses(false);
            self.gap_cause = cause;
        }
        if !self.own.iter().any(Own::is_gap) && (records || !waits) {
            return;
        }
        self.reserve.give_up();
        if !self.reserve.is_owed() {
            return;
        }
        let built = self.built;
        let aside = match records {
            true => {
                self.built = self.written;
                std::mem::replace(&mut self.batch, Batch::new(self.signer.is_some()))
            }
            false => Batch::default(),
        };
        // What goes behind takes the seal.
        self.batch.text.unseal();
        let own = std::mem::take(&mut self.own);
        let (gaps, others): (Vec<Own>, Vec<Own>) = own.into_iter().partition(Own::is_gap);
        self.own = others.into();
        for gap in &gaps {
            self.scratch.clear();
            let brief = gap.rest(self.now, &mut self.scratch);
            self.batch.own(&mut self.built, &brief, &self.scratch);
            self.batch.activity = true;
        }
        let said = self.say_at_once(aside.text.bytes.len());
        if said && !gaps.is_empty() {
            self.gap_pause = (self.gap_pause * 2).min(LONGEST_GAP_PAUSE);
            self.gap_at = self.monotonic + self.gap_pause;
        }
        if !records {
            // What was not said stays in the batch, and is said next.
            return;
        }
        if said {
            let mut text = Text::new(self.signer.is_some());
            text.chain_again(&aside.text, &mut self.built);
            self.renumber(&text);
            self.batch = Batch { text, ..aside };
        } else {
            for gap in gaps.into_iter().rev() {
                self.own.push_front(gap);
            }
            (self.batch, self.built) = (aside, built);
        }
    }

    /// Writes the batch, which is the trail's own and has the reserve's room, and begins its sync; whether it was written.
    /// So many bytes must fit the file behind it.
    fn say_at_once(&mut self, behind: usize) -> bool {
        let more = (self.batch.text.bytes.len() + behind) as u64;
        if more > self.room() || self.bear_again().is_err() {
            return false;
        }
        if let Some(seals) = &self.seals {
            seals.seal(&mut self.batch.text, &self.built.head);
        }
        match self.segment.write(&self.batch.text.bytes) {
            Ok(()) => {
                self.commit_counts();
                self.committed();
                self.sync_at = Some(self.monotonic);
                true
            }
            Err(error) => {
                self.refused(&error);
                false
            }
        }
    }

    /// The end cannot wait any longer. What could not be written goes to the emergency sink, or is counted as lost; then
    /// the trail ends, in the room of the reserve if there is no other, and says so.
    pub(super) fn give_up(&mut self, closing: bool) -> Result<(), Stuck> {
        let fault = self.fault_text();
        if self.tenure != Tenure::Lost {
            self.reserve.give_up();
        }
        self.reserve.forgive();
        let waiting = self.core.queue.flow().bytes + self.batch.text.bytes.len();
        // With that room a small rest may get in after all, and the words that end the trail still do.
        if (waiting <= SMALL || self.resync) && self.come_to_rest().is_ok() {
            return Ok(());
        }
        let left = self.hand_over(closing);
        self.core.meter.lost(&self.core.queue.flow().lost);
        if left.count() > 0 {
            complain(&format_args!(
                "the trail in {} could not write {} records to the end ({fault}); {left}",
                self.home.dir.display(),
                left.count(),
            ));
        }
        let ended = self.come_to_rest();
        let said = match left.count() {
            0 => format!("cannot end the trail: {fault}"),
            _ => format!("cannot end the trail with all of its records: {fault}; {left}"),
        };
        if closing {
            self.incomplete = Some(said);
            return ended;
        }
        for request in std::mem::take(&mut self.requests) {
            match request.ask {
                Ask::Rest => request.answer(Err(Error::new(ErrorKind::Io, said.as_str()))),
                _ => self.requests.push(request),
            }
        }
        ended
    }

    /// Whoever ends without having taken all counts it.
    pub(super) fn count_what_is_left(&mut self) {
        let mut chunks = Vec::new();
        self.core.queue.take(&mut chunks, usize::MAX);
        for chunk in chunks {
            for Line { brief, .. } in chunk.lines() {
                self.core.queue.take_back(brief.severity);
                self.core.queue.lose(Loss::QueueFull, brief.severity, brief.time);
            }
        }
    }

    /// Empties the batch, the chunks and the queue.
    fn hand_over(&mut self, closing: bool) -> Left {
        let before = self.core.queue.flow().lost;
        let until = Instant::now() + LAST_OUT;
        let trail = self.core.board.look().trail;
        let mut chunks: Vec<Chunk> = std::mem::take(&mut self.chunks).into();
        self.core.queue.take(&mut chunks, usize::MAX);
        let mut texts = self.superseded();
        if self.batch.text.tickets.is_some() {
            texts.push(std::mem::replace(&mut self.batch, Batch::new(self.signer.is_some())).text);
            self.built = self.written;
        }
        let mut homeless: Vec<Homeless<'_>> = texts.iter().flat_map(records_of).collect();
        let (mut done, _) = std::mem::take(&mut self.cursor);
        for chunk in &chunks {
            let behind = chunk.lines().skip(done);
            homeless.extend(behind.map(|Line { brief, rest, .. }| Homeless {
                severity: brief.severity,
                time: brief.time,
                rest,
            }));
            done = 0;
        }
        // The sink may not have room for all.
        homeless.sort_by_key(|record| std::cmp::Reverse(record.severity));
        for Homeless { severity, time, rest } in homeless {
            self.core.outlet.hand_over(&trail, severity, time, rest, until);
        }
        let tickets = texts.iter().filter_map(|text| text.tickets);
        let waiting = chunks.iter().filter(|chunk| chunk.count() > 0);
        let waiting = waiting.map(|chunk| (chunk.first_ticket(), chunk.first_ticket() + chunk.count() as u64 - 1));
        let tickets = tickets.chain(waiting);
        if let Some((first, last)) = tickets.reduce(|(first, _), (_, last)| (first, last)) {
            // Who waits for them hears that they are not in the file.
            self.core.progress.lost_from(first);
            self.core.progress.written(last);
            self.core.progress.synced(last);
        }
        self.core.queue.give_back(&mut chunks);
        self.core.outlet.settle(LAST_OUT, closing);
        let after = self.core.queue.flow().lost;
        let more = |loss: Loss| -> PerSeverity {
            let count = |losses: &Losses| losses.get(loss.index()).map_or([0; 4], |lost| lost.count);
            let (now, then) = (count(&after), count(&before));
            std::array::from_fn(|at| now.get(at).unwrap_or(&0) - then.get(at).unwrap_or(&0))
        };
        Left {
            diverted: more(Loss::Diverted),
            lost: more(Loss::QueueFull),
        }
    }

    /// What a resync that did not come to its end has in no file that counts: the lines behind the last one in the newest.
    /// They do not count as written any more.
    fn superseded(&mut self) -> Vec<Text> {
        let mut gone = Vec::new();
        for again in std::mem::take(&mut self.again) {
            match again {
                Again::Text(text, _) if first_number(&text).is_some_and(|seq| seq > self.reached) => gone.push(text),
                other => self.again.push_back(other),
            }
        }
        let records = gone.iter().flat_map(records_of).map(|record| record.severity);
        let own: usize = gone.iter().map(|text| text.lines).sum();
        self.core.board.write(|notice| {
            notice.own_written -= (own as u64).min(notice.own_written);
            for severity in records {
                notice.own_written += 1;
                if let Some(written) = notice.written.get_mut(severity.index()) {
                    *written -= 1.min(*written);
                }
            }
        });
        gone
    }
}

fn first_number(text: &Text) -> Option<u64> {
    let first = lines(&text.bytes).next()?;
    parse::record(first).ok().map(|record| record.seq())
}

/// The callers' records of a text.
fn records_of(text: &Text) -> Vec<Homeless<'_>> {
    let records = lines(&text.bytes).filter_map(|line| Some((rest_of(line)?, parse::record(line).ok()?)));
    let records = records.filter(|(rest, _)| stored::own(rest).is_none() && !stored::is_alert(rest));
    records
        .map(|(rest, record)| Homeless {
            severity: record.severity(),
            time: stored::time(rest).unwrap_or(Micros(0)),
            rest,
        })
        .collect()
}
