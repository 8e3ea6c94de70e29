//! The answer to a question, as it comes.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::iter::FusedIterator;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::pool::{Answer, Job, Pool};
use super::scan::{Damage, Item, Question, Scan, Step, Want};
use super::{Cursor, Order, Query};
use crate::error::Error;
use crate::io::RealDisk;
use crate::parse;
use crate::reader::walk::{Stock, Walk};
use crate::record::Record;
use crate::stats::Stats;
use crate::store::branch::LiveFile;
use crate::store::holes::Lost;
use crate::sync::Instant;

/// The records that meet a question, in its order; see [`Query::entries`].
///
/// An item that is an error says what was passed over, and the answer goes on behind it.
#[derive(Debug)]
#[must_use = "nothing is read until it is iterated"]
pub struct Found(Answering);

/// The same as the lines that stand in the files; see [`Found::lines`].
#[derive(Debug)]
#[must_use = "nothing is read until it is iterated"]
pub struct FoundLines(Answering);

macro_rules! what_an_answer_tells {
    () => {
        /// Where to go on: behind the last item that was taken, for another question with [`Query::cursor`]. `None` if the
        /// answer came to its end, or nothing was taken and the question had no cursor.
        ///
        /// Pages joined are what one answer would have been, also while the trail grows: pages of the newest never show a newer
        /// record, pages of the oldest go on into what was written meanwhile.
        pub fn next_page(&self) -> Option<Cursor> {
            self.0.next_page()
        }

        /// What was passed over so far: the items that were errors, the first 1,000 of them.
        pub fn skipped(&self) -> &[Error] {
            &self.0.skipped
        }
    };
}

impl Found {
    pub(super) fn begin(query: &Query, dir: &Path) -> Result<Found, Error> {
        Answering::begin(query, dir, Want::Records).map(Found)
    }

    what_an_answer_tells!();

    /// Tells how long the answer took to make, once it is done with: `so_far`, and what each item takes from here on.
    pub(crate) fn timed(mut self, so_far: Duration, tell: impl FnOnce(Duration) + Send + 'static) -> Found {
        self.0.stopwatch = Some(Stopwatch {
            spent: so_far,
            tell: Some(Box::new(tell)),
        });
        self
    }

    /// The lines as they stand in the files, without their line feeds, instead of the records in them. A [`Record`] can be
    /// parsed from each.
    pub fn lines(self) -> FoundLines {
        let Found(mut answering) = self;
        answering.turn_to(Want::Lines);
        FoundLines(answering)
    }

    /// What the records come to, instead of the records: as if each was given to [`Stats::add`], and each error to
    /// [`Stats::add_damage`]. No record is made for it, and where nothing limits the answer, files are counted side by side.
    /// **They are as many as the question's limit lets through**, 100 if nothing was said: say `unlimited` for all.
    pub fn stats(self) -> Stats {
        let Found(mut answering) = self;
        let newest = answering.question.order == Order::Newest;
        if answering.query.limit.is_some() || newest && answering.cursor().is_some() {
            return Found(answering).collect();
        }
        // In which order they are counted makes no difference.
        answering.query.order = Order::Oldest;
        answering.turn_to(Want::Counts);
        let mut stats = Stats::new();
        while let Some(item) = answering.next(|_| Err::<(), u64>(0)) {
            if let Err(damage) = item {
                stats.add_damage(&damage);
            }
        }
        stats.merge(answering.counted);
        stats
    }
}

impl FoundLines {
    what_an_answer_tells!();
}

impl Iterator for Found {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next(|item| match item {
            Item::Record(record) => Ok(record),
            Item::Line(seq, line) => parse::record(line.as_bytes()).map_err(|_| seq),
            Item::Damage(_) => Err(0),
        })
    }
}

impl Iterator for FoundLines {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next(|item| match item {
            Item::Line(_, line) => Ok(line),
            Item::Record(record) => Err(record.seq()),
            Item::Damage(_) => Err(0),
        })
    }
}

impl FusedIterator for Found {}
impl FusedIterator for FoundLines {}

/// What is read on the caller's thread alone before others are asked to help.
const ALONE: u64 = 4 << 20;

/// With less than this left, threads cost more than they bring.
const SHARED: u64 = 4 << 20;

/// Errors that are kept for `skipped`.
const KEPT: usize = 1_000;

/// A question on its way through the files.
struct Answering {
    query: Query,
    dir: PathBuf,
    question: Arc<Question>,
    jobs: VecDeque<Job>,
    /// The file in hand.
    scan: Option<Box<Scan>>,
    pool: Option<Pool>,
    /// Whether the pool may still be started, and how many bytes were read without it, about.
    alone: Option<u64>,
    ready: VecDeque<Item>,
    /// Records that are still wanted.
    left: u64,
    /// The last record that was given.
    last: Option<u64>,
    ended: bool,
    /// What stopped it before it began.
    failed: Option<Error>,
    skipped: Vec<Error>,
    stopwatch: Option<Stopwatch>,
    /// What was counted, where that is asked for.
    counted: Stats,
}

/// How long an answer takes, without what is done between its items.
struct Stopwatch {
    spent: Duration,
    tell: Option<Box<dyn FnOnce(Duration) + Send>>,
}

impl Drop for Stopwatch {
    fn drop(&mut self) {
        if let Some(tell) = self.tell.take() {
            tell(self.spent);
        }
    }
}

impl Answering {
    fn begin(query: &Query, dir: &Path, want: Want) -> Result<Answering, Error> {
        let disk = RealDisk::shared();
        let Stock { files, holes, lost } = Walk::begin(Arc::clone(&disk), dir)?.into_stock()?;
        let question = Arc::new(Question::new(query, disk, want));
        let left = query.limit.unwrap_or(u64::MAX);
        let mut jobs = jobs(&question, &files, &holes, left);
        // As a rule the newest are lost. Who goes on behind them has been told.
        let mut lost: VecDeque<Job> = lost
            .iter()
            .filter(|_| question.misses(u64::MAX))
            .map(say_lost)
            .collect();
        match question.order {
            Order::Newest => {
                lost.append(&mut jobs);
                jobs = lost;
            }
            Order::Oldest => jobs.append(&mut lost),
        }
        Ok(Answering {
            query: query.clone(),
            dir: dir.to_owned(),
            jobs,
            question,
            scan: None,
            pool: None,
            alone: Some(0),
            ready: VecDeque::new(),
            left,
            last: None,
            ended: false,
            failed: None,
            skipped: Vec::new(),
            stopwatch: None,
            counted: Stats::new(),
        })
    }

    /// From here on something else. What was found ahead as records is asked for once more.
    fn turn_to(&mut self, want: Want) {
        let mut rest = self.query.clone();
        rest.cursor = self.cursor();
        rest.limit = self.query.limit.map(|_| self.left);
        match Answering::begin(&rest, &self.dir, want) {
            Ok(turned) => {
                let skipped = std::mem::take(&mut self.skipped);
                let ended = self.ended;
                let stopwatch = self.stopwatch.take();
                *self = Answering {
                    skipped,
                    ended,
                    stopwatch,
                    ..turned
                };
            }
            Err(error) => self.failed = Some(error),
        }
    }

    fn next<T>(&mut self, give: impl FnOnce(Item) -> Result<T, u64>) -> Option<Result<T, Error>> {
        let began = self.stopwatch.is_some().then(Instant::now);
        let next = self.find_next(give);
        if let (Some(stopwatch), Some(began)) = (&mut self.stopwatch, began) {
            stopwatch.spent += began.elapsed();
        }
        next
    }

    fn find_next<T>(&mut self, give: impl FnOnce(Item) -> Result<T, u64>) -> Option<Result<T, Error>> {
        if let Some(error) = self.failed.take() {
            self.ended = true;
            return Some(Err(error));
        }
        if self.left == 0 || self.ended {
            return None;
        }
        let item = loop {
            if let Some(item) = self.ready.pop_front() {
                break item;
            }
            if !self.read_on() {
                self.ended = true;
                return None;
            }
        };
        if let Item::Damage(damage) = &item {
            return Some(Err(self.skip(damage)));
        }
        self.left -= 1;
        if self.left == 0 {
            // Whoever is still reading need not.
            self.pool = None;
        }
        self.last = Some(match &item {
            Item::Record(record) => record.seq(),
            Item::Line(seq, _) => *seq,
            Item::Damage(_) => 0,
        });
        Some(give(item).map_err(|seq| self.skip(&Damage::new(format!("record {seq} is not UTF-8"), &self.dir.clone()))))
    }

    fn skip(&mut self, damage: &Damage) -> Error {
        if self.skipped.len() < KEPT {
            self.skipped.push(damage.error());
        }
        damage.error()
    }

    /// Makes items ready, perhaps none; false at the end of everything.
    fn read_on(&mut self) -> bool {
        // A pool stops by its own flag.
        static GO_ON: AtomicBool = AtomicBool::new(false);
        if let Some(scan) = &mut self.scan {
            match scan.step(true, &GO_ON) {
                Step::Items(items) => self.ready.extend(items),
                Step::Counted(stats) => self.counted.merge(*stats),
                Step::Wide | Step::Done => self.scan = None,
            }
            if let Some(read) = &mut self.alone {
                *read += crate::reader::piece::PIECE as u64;
                if *read >= ALONE {
                    self.share();
                }
            }
            return true;
        }
        if let Some(pool) = &mut self.pool {
            match pool.next() {
                Some(Answer::Items(items)) => self.ready.extend(items),
                Some(Answer::Counted(stats)) => self.counted.merge(*stats),
                Some(Answer::Yours(scan)) => self.scan = Some(scan),
                Some(Answer::Done) => {}
                None => return false,
                Some(Answer::Lost) => self.ready.push_back(Item::Damage(Damage::new(
                    "a file could not be read to its end, as the thread that read it ended".to_owned(),
                    &self.dir,
                ))),
            }
            return true;
        }
        match self.jobs.pop_front() {
            None => return false,
            Some(Job::Say(item)) => self.ready.push_back(item),
            Some(Job::Ask(scan)) => self.scan = Some(scan),
        }
        true
    }

    /// Gives what is left to threads, if that pays.
    fn share(&mut self) {
        self.alone = None;
        let left: u64 = self.jobs.iter().map(Job::size).sum();
        if left < SHARED {
            return;
        }
        let mut jobs = std::mem::take(&mut self.jobs);
        if let Some(scan) = self.scan.take() {
            jobs.push_front(Job::Ask(scan));
        }
        match Pool::start(jobs) {
            Ok(pool) => self.pool = Some(pool),
            Err(jobs) => self.jobs = jobs,
        }
    }

    /// Behind what was given.
    fn cursor(&self) -> Option<Cursor> {
        let given = self.last.map(|seq| Cursor::new(self.question.order, seq));
        given.or(self.query.cursor)
    }

    fn next_page(&self) -> Option<Cursor> {
        self.cursor().filter(|_| !self.ended)
    }
}

impl fmt::Debug for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answering")
            .field("query", &self.query)
            .field("dir", &self.dir)
            .field("last", &self.last)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

fn say_lost(lost: &Lost) -> Job {
    Job::Say(Item::Damage(Damage::new(lost.what.clone(), &lost.path)))
}

/// The files to ask and what is to be said between them, in the order of the question.
fn jobs(question: &Arc<Question>, files: &[LiveFile], holes: &BTreeSet<u64>, left: u64) -> VecDeque<Job> {
    let mut jobs = VecDeque::new();
    for (place, live) in files.iter().enumerate() {
        let last = live.header.prev.seq;
        if holes.contains(&live.number()) && question.misses(last) {
            let missing = live.header.prev_file.unwrap_or_default();
            let what = format!("file {missing} is missing before this one, and with it records up to {last}");
            jobs.push_back(Job::Say(Item::Damage(Damage::new(what, &live.path))));
        }
        if question.wants(live) {
            let next = files.get(place + 1).filter(|next| !holes.contains(&next.number()));
            let scan = Scan::new(Arc::clone(question), live.clone(), next, left);
            jobs.push_back(Job::Ask(Box::new(scan)));
        }
    }
    if question.order == Order::Newest {
        jobs.make_contiguous().reverse();
    }
    jobs
}
