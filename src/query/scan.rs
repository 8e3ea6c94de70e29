//! One file, asked from one of its ends: a step a piece.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::neighbours::{is_between, last_line, last_number};
use super::pieces::{self, Piece, Pieces};
use super::sieve::Sieve;
use super::weight::parts;
use super::window::{Window, spot};
use super::{Order, Query};
use crate::error::{Error, ErrorKind};
use crate::io::{Disk, DiskFile};
use crate::parse::Parser;
use crate::reader::line::{self, Flaw};
use crate::reader::piece::LONGEST;
use crate::reader::walk::GOES_ON;
use crate::record::Record;
use crate::stats::Stats;
use crate::store::Cause;
use crate::store::branch::LiveFile;
use crate::store::content;
use crate::store::names::Form;

/// A question, made ready.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) query: Query,
    pub(super) sieve: Sieve,
    pub(super) order: Order,
    /// Records up to here, in the order, were given before.
    pub(super) after: Option<u64>,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) want: Want,
}

/// What is made of a line that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    Records,
    Lines,
    /// Nothing: it is counted.
    Counts,
}

impl Question {
    pub(super) fn new(query: &Query, disk: Arc<dyn Disk>, want: Want) -> Question {
        Question {
            sieve: Sieve::of(query),
            order: query.direction(),
            after: query.cursor.map(|cursor| cursor.seq()),
            query: query.clone(),
            disk,
            want,
        }
    }

    /// Whether a record of this number was given before.
    fn is_passed(&self, seq: u64) -> bool {
        self.after.is_some_and(|after| match self.order {
            Order::Newest => seq >= after,
            Order::Oldest => seq <= after,
        })
    }

    /// Whether something is missing that was not told of before: all up to this number, or some of it.
    pub(super) fn misses(&self, last: u64) -> bool {
        self.after.is_none_or(|after| match self.order {
            Order::Newest => last < after,
            Order::Oldest => last > after,
        })
    }

    /// Whether a file may hold what was not given before.
    pub(super) fn wants(&self, live: &LiveFile) -> bool {
        self.after.is_none_or(|after| match self.order {
            Order::Newest => live.header.prev.seq + 1 < after,
            Order::Oldest => live.live_to.is_none_or(|to| to > after),
        })
    }
}

/// What a scan finds, in the order of the question.
#[derive(Debug)]
pub(super) enum Item {
    Record(Record),
    /// A line that was asked and matches.
    Line(u64, String),
    Damage(Damage),
}

impl Item {
    /// Bytes that it holds, about.
    pub(super) fn weight(&self) -> usize {
        match self {
            Item::Record(record) => record.weight(),
            Item::Line(_, line) => line.len() + 64,
            Item::Damage(damage) => damage.what.len() + 256,
        }
    }
}

/// What was passed over, and why.
#[derive(Clone, Debug)]
pub(super) struct Damage {
    what: String,
    path: PathBuf,
    kind: ErrorKind,
}

impl Damage {
    pub(super) fn new(what: String, path: &Path) -> Damage {
        Damage {
            what,
            path: path.to_owned(),
            kind: ErrorKind::Damaged,
        }
    }

    pub(super) fn error(&self) -> Error {
        Error::new(self.kind, self.what.clone()).at(&self.path).remedy(GOES_ON)
    }
}

/// What a step came to.
#[derive(Debug)]
pub(super) enum Step {
    /// Perhaps none.
    Items(Vec<Item>),
    /// What comes next takes more memory than may be had without leave.
    Wide,
    /// What was counted, at the end of the file.
    Counted(Box<Stats>),
    Done,
}

/// Damaged lines of one file that are told of one by one.
const TOLD: u32 = 8;

/// Elements and members of a record; each takes some 64 bytes once it is parsed.
const PARTS: usize = 128 << 10;

/// A line up to here cannot have more of them than may be.
const SHORT: usize = 256 << 10;

/// Names, texts and what else an attacker could make long.
const SAID: usize = 200;

/// A file that is being asked.
#[derive(Debug)]
pub(super) struct Scan {
    question: Arc<Question>,
    live: LiveFile,
    /// The number of the last line that must be there, if another file goes on from it.
    must: Option<u64>,
    /// Records that are still wanted.
    left: u64,
    stage: Stage,
    /// The last number that was seen, in the order; where the file begins before that.
    place: u64,
    /// The greatest number that the end of a piece had.
    highest: u64,
    /// The number of the line that stands beside the next piece, on the side from which the file is read.
    edge: Option<u64>,
    told: u32,
    /// Whether the end of the file was looked at.
    ended: bool,
    /// Whether something may stand behind the last live line, which was superseded.
    tail: bool,
    /// Of a compressed file, the newest first: what stands from this [`spot`] on was given.
    below: u64,
    found: Vec<Range<usize>>,
    parser: Parser,
    stats: Option<Box<Stats>>,
}

#[derive(Debug)]
enum Stage {
    Unopened,
    Reading(Pieces),
    /// A compressed file, the newest first: for every pass it is opened again.
    Passes,
    Done,
}

impl Scan {
    /// `next` is the file that goes on from this one, if it is there; `left` is how many records are wanted.
    pub(super) fn new(question: Arc<Question>, live: LiveFile, next: Option<&LiveFile>, left: u64) -> Scan {
        let low = live.header.prev.seq;
        let supersedes = |next: &LiveFile| matches!(next.header.cause, Cause::Resync | Cause::Recover);
        Scan {
            place: match question.order {
                Order::Oldest => low,
                Order::Newest => live.live_to.unwrap_or(u64::MAX - 1) + 1,
            },
            highest: low,
            edge: None,
            told: 0,
            ended: false,
            tail: next.is_none_or(supersedes) && live.live_to.is_some(),
            must: next.map(|next| next.header.prev.seq),
            below: u64::MAX,
            found: Vec::new(),
            parser: Parser::default(),
            stats: (question.want == Want::Counts).then(Box::default),
            stage: Stage::Unopened,
            question,
            live,
            left,
        }
    }

    /// Bytes on the disk, for who shares out work.
    pub(super) fn size(&self) -> u64 {
        self.live.len
    }

    /// Bytes that it holds to read on, about.
    pub(super) fn held(&self) -> usize {
        let buffer = match &self.stage {
            Stage::Reading(pieces) => pieces.held(),
            _ => 0,
        };
        size_of::<Scan>() + buffer
    }

    /// One step. `leave` allows long lines to be held; `stop` ends it early.
    pub(super) fn step(&mut self, leave: bool, stop: &AtomicBool) -> Step {
        match self.advance(leave, stop) {
            Ok(Step::Done) => self.stats.take().map_or(Step::Done, Step::Counted),
            Ok(step) => step,
            Err(error) => {
                self.stage = Stage::Done;
                let damage = match self.live.name.form == Form::Gzip && content::is_bad(&error) {
                    true => Damage::new(
                        format!("{}, and no line of it is given", content::NO_MEMBER),
                        &self.live.path,
                    ),
                    false => Damage {
                        what: format!("cannot read a file of the trail to its end: {error}"),
                        path: self.live.path.clone(),
                        kind: ErrorKind::Io,
                    },
                };
                Step::Items(vec![Item::Damage(damage)])
            }
        }
    }

    fn advance(&mut self, leave: bool, stop: &AtomicBool) -> io::Result<Step> {
        if self.left == 0 || stop.load(Ordering::Relaxed) {
            self.stage = Stage::Done;
        }
        match &mut self.stage {
            Stage::Done => Ok(Step::Done),
            Stage::Unopened => self.open(stop),
            Stage::Passes => self.pass(leave, stop),
            Stage::Reading(pieces) => {
                let piece = pieces.next(leave)?;
                self.take(piece)
            }
        }
    }

    fn open(&mut self, stop: &AtomicBool) -> io::Result<Step> {
        let Some(file) = self.find()? else {
            // Retention removes files, also while they are read.
            self.stage = Stage::Done;
            return Ok(Step::Done);
        };
        let order = self.question.order;
        self.stage = match (self.live.name.form, order) {
            (Form::Gzip, Order::Newest) => Stage::Passes,
            (Form::Gzip, Order::Oldest) => {
                // Of a compressed file that breaks a rule no line counts, and that is known at its end.
                if !read_through(&*file, stop)? {
                    return Ok(Step::Done);
                }
                self.edge = Some(self.live.header.prev.seq);
                Stage::Reading(Pieces::new(file, order, self.live.body_at, u64::MAX))
            }
            (Form::Plain | Form::Torn(_), _) => {
                let (mut from, mut to) = (self.live.body_at, self.live.len);
                match self.question.after {
                    Some(after) if after > self.live.header.prev.seq => match order {
                        Order::Oldest => {
                            from = pieces::around(&*file, from, to, after - 1).start;
                        }
                        Order::Newest if self.live.live_to.is_none_or(|last| last >= after) => {
                            to = pieces::around(&*file, from, to, after).end;
                        }
                        Order::Newest => {}
                    },
                    _ => {}
                }
                if order == Order::Oldest && from == self.live.body_at {
                    self.edge = Some(self.live.header.prev.seq);
                }
                Stage::Reading(Pieces::new(file, order, from, to))
            }
        };
        Ok(Step::Items(Vec::new()))
    }

    /// The file in the form that is there.
    fn find(&mut self) -> io::Result<Option<Arc<dyn DiskFile>>> {
        let open = |live: &LiveFile| match content::open(&*self.question.disk, &live.path, live.name.form) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        let file = open(&self.live)?;
        if file.is_some() || !cfg!(feature = "gzip") {
            return Ok(file);
        }
        // Compressed since the look at the directory, or the other way round.
        let other = self.live.in_other_form();
        let file = open(&other)?;
        if let Some(file) = &file {
            self.live = other;
            self.live.len = file.stat()?.len;
        }
        Ok(file)
    }

    fn take(&mut self, piece: Piece) -> io::Result<Step> {
        let mut items = Vec::new();
        match piece {
            Piece::Wide => return Ok(Step::Wide),
            Piece::TooLong => items.extend(self.flaw(Flaw::TooLong.meaning())),
            Piece::End => {
                self.stage = Stage::Done;
                if !self.ended {
                    items.extend(self.end_damage());
                }
            }
            Piece::Lines(range) => {
                let stage = std::mem::replace(&mut self.stage, Stage::Done);
                let Stage::Reading(pieces) = &stage else {
                    return Ok(Step::Done);
                };
                let bytes = pieces.bytes(range);
                self.highest = self.highest.max(last_number(bytes));
                let is_end = self.question.order == Order::Newest && !self.ended;
                if is_end && self.highest > self.live.header.prev.seq {
                    self.ended = true;
                    items.extend(self.end_damage());
                }
                self.ask(bytes, |_, item| items.push(item));
                // What stands behind the last live line was superseded.
                let over = self.question.order == Order::Oldest && self.highest > self.last_live();
                if !over {
                    self.stage = stage;
                }
            }
        }
        Ok(Step::Items(items))
    }

    /// Asks the lines of a piece, in the order of the question.
    fn ask(&mut self, bytes: &[u8], mut give: impl FnMut(u64, Item)) {
        let question = Arc::clone(&self.question);
        let mut found = std::mem::take(&mut self.found);
        question.sieve.lines(bytes, &mut found);
        if question.order == Order::Newest && !matches!(self.stage, Stage::Passes) {
            found.reverse();
        }
        let passes = matches!(self.stage, Stage::Passes);
        let backwards = question.order == Order::Newest && !passes;
        let edges = match backwards {
            true => (None, self.edge),
            false => (self.edge, None),
        };
        self.edge = match backwards {
            true => line::seq(bytes),
            false => line::seq(last_line(bytes)),
        };
        // The line that was judged last, and its number.
        let mut last: Option<(Range<usize>, u64)> = None;
        for range in &found {
            if self.left == 0 {
                break;
            }
            let line = bytes.get(range.clone()).unwrap_or_default();
            let seq = line::seq(line);
            if self.tail && seq.is_none() {
                let before = last_number(bytes.get(..range.start).unwrap_or_default());
                if before >= self.last_live() {
                    continue;
                }
            }
            let follows = |seq: u64| match &last {
                Some((before, number)) if before.end + 1 == range.start => number + 1 == seq,
                Some((behind, number)) if range.end + 1 == behind.start => *number == seq + 1,
                _ => false,
            };
            let item = self.judge(&question, line, seq, |seq| {
                follows(seq) || is_between(bytes, range, edges)
            });
            last = seq.map(|seq| (range.clone(), seq));
            if let Some(item) = item {
                if !matches!(item, Item::Damage(_)) && !passes {
                    self.left -= 1;
                }
                give(self.place, item);
            }
        }
        self.found = found;
    }

    /// A line that the sieve let through.
    fn judge(
        &mut self,
        question: &Question,
        line: &[u8],
        seq: Option<u64>,
        is_between: impl FnOnce(u64) -> bool,
    ) -> Option<Item> {
        if line.len() > LONGEST {
            return self.flaw(Flaw::TooLong.meaning());
        }
        let Some(seq) = seq else {
            return self.flaw("a line does not begin with a record's number");
        };
        if seq > self.last_live() {
            return None;
        }
        let rises = match self.question.order {
            Order::Newest if !matches!(self.stage, Stage::Passes) => seq < self.place,
            _ => seq > self.place,
        };
        if !rises || seq <= self.live.header.prev.seq || !is_between(seq) {
            return self.flaw(&format!("record {seq} is not in its place"));
        }
        self.place = seq;
        if self.question.is_passed(seq) || spot(seq, false) >= self.below || is_tombstone(line) {
            return None;
        }
        if line.len() > SHORT && parts(line) > PARTS {
            return self.flaw(&format!("record {seq} has more than {PARTS} parts"));
        }
        let read = match self.parser.line(line) {
            Ok(read) => read,
            Err(error) => {
                let error: String = error.to_string().chars().take(SAID).collect();
                return self.flaw(&format!("record {seq} is not what a trail writes: {error}"));
            }
        };
        if !question.query.is_met_by(&read) {
            return None;
        }
        match question.want {
            Want::Records => Some(Item::Record(read.into())),
            // As it stands in the file. It is UTF-8, or it would be no record.
            Want::Lines => Some(Item::Line(seq, String::from_utf8(line.to_vec()).ok()?)),
            Want::Counts => {
                self.stats.as_mut()?.count(&read);
                None
            }
        }
    }

    fn last_live(&self) -> u64 {
        self.live.live_to.unwrap_or(u64::MAX)
    }

    /// What is wrong with a line, if it was not told of before and enough was not said.
    fn flaw(&mut self, what: &str) -> Option<Item> {
        // A place is the number that was seen before: of the record in front of the line, or, from the end, of the one behind.
        let known = match (self.question.order, &self.stage) {
            (Order::Newest, Stage::Passes) => {
                self.question.after.is_some_and(|after| self.place >= after) || spot(self.place, true) >= self.below
            }
            (Order::Newest, _) => self.question.after.is_some_and(|after| self.place > after),
            (Order::Oldest, _) => self.question.after.is_some_and(|after| self.place < after),
        };
        if known || self.told > TOLD {
            return None;
        }
        self.told += 1;
        let what = match self.told > TOLD {
            true => "more lines of this file are damaged".to_owned(),
            false => format!("a damaged line is passed over: {what}"),
        };
        Some(Item::Damage(Damage::new(what, &self.live.path)))
    }

    /// Lines that are missing at the end of a file that another one goes on from.
    fn end_damage(&self) -> Option<Item> {
        let must = self
            .must
            .filter(|must| self.highest < *must && self.question.misses(*must))?;
        let what = format!("it ends too early: records {} to {must} are missing", self.highest + 1);
        Some(Item::Damage(Damage::new(what, &self.live.path)))
    }

    /// Reads a compressed file from its begin to its end, and keeps the last of what matches.
    fn pass(&mut self, leave: bool, stop: &AtomicBool) -> io::Result<Step> {
        let Some(file) = self.find()? else {
            self.stage = Stage::Done;
            return Ok(Step::Done);
        };
        let first = self.below == u64::MAX;
        let mut pieces = Pieces::new(file, Order::Oldest, self.live.body_at, u64::MAX);
        let mut window = Window::new(leave, self.left);
        (self.place, self.told) = (self.live.header.prev.seq, 0);
        self.edge = Some(self.place);
        loop {
            if stop.load(Ordering::Relaxed) {
                self.stage = Stage::Done;
                return Ok(Step::Done);
            }
            match pieces.next(leave)? {
                Piece::Wide => return Ok(Step::Wide),
                Piece::TooLong => {
                    if let Some(flaw) = self.flaw(Flaw::TooLong.meaning()) {
                        window.push(self.place, flaw);
                    }
                }
                Piece::End => break,
                Piece::Lines(range) => {
                    let bytes = pieces.bytes(range);
                    self.highest = self.highest.max(last_number(bytes));
                    self.ask(bytes, |place, item| window.push(place, item));
                }
            }
        }
        if !leave && window.lost > 0 && !window.is_full() {
            // With leave fewer passes do.
            return Ok(Step::Wide);
        }
        let mut items = Vec::new();
        if first {
            items.extend(self.end_damage());
        }
        self.left = self.left.saturating_sub(window.records);
        match (window.lost > 0).then(|| window.kept.front()).flatten() {
            Some((place, _)) if self.left > 0 => self.below = *place,
            _ => self.stage = Stage::Done,
        }
        items.extend(window.kept.into_iter().rev().map(|(_, item)| item));
        Ok(Step::Items(items))
    }
}

/// Reads to the end; false if it was stopped.
fn read_through(file: &dyn DiskFile, stop: &AtomicBool) -> io::Result<bool> {
    let (mut at, mut chunk) = (0, vec![0; 64 << 10]);
    while !stop.load(Ordering::Relaxed) {
        match file.read_at(at, &mut chunk)? {
            0 => return Ok(true),
            read => at += read as u64,
        }
    }
    Ok(false)
}

/// What an erasure left.
fn is_tombstone(line: &[u8]) -> bool {
    memchr::memchr(b',', line.get(..32).unwrap_or(line))
        .and_then(|comma| line.get(comma + 1..))
        .is_some_and(|rest| rest.starts_with(b"\"erased\":"))
        && line::cut_unchecked(line).is_ok_and(|cut| line::tombstone(cut.rest).is_some())
}
