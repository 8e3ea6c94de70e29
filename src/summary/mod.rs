//! Summaries of days: what the closed files of a trail add up to, kept beside them so that statistics need not read them.
//!
//! A summary speaks of files one by one, and not of a day as a whole, so that a day with many files needs only those read that
//! changed, and so that the rule is short: an entry counts if name, number, length, last record and tags are those of the
//! file. Within a file the records are kept apart by their own day.

mod layout;
mod rollup;
mod shares;
mod stored;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::{ControlFlow, Range, RangeInclusive};
use std::path::Path;
use std::sync::Arc;

use crate::clock::{DAY, Day, Micros};
use crate::error::{Error, ErrorKind};
use crate::io::{Disk, RealDisk};
use crate::query::Query;
use crate::reader::Entries;
use crate::record::line::Line;
use crate::stats::{Loaded, Stats};
use crate::store::cache::Span;
use crate::store::names::{self, Name};
use crate::store::{Home, cache};
use layout::{Layout, Place};
use rollup::{Rollup, Sum, Taken};
use stored::{Entry, Page};

/// A file whose records are of more days than this has no entry: its own, and what was on its way at midnight. Only a clock that
/// is set about makes more.
const DAYS: usize = 3;

/// How often the directory is looked at again while it changes under a reader.
const TRIES: usize = 4;

/// What [`Summary::write`] did.
///
/// A summary, `audit-<day>.summary.json`, holds for each closed file of a day what its records add up to. It is a cache:
/// [`Stats::of_days`] uses it instead of reading the file, [`Stats::of`] does not. It proves nothing, no verifier looks at it,
/// whoever can write to the directory can write anything into it, and it can be removed at any time.
///
/// Days that are over are also added up with their neighbours (`audit-<day>.rollup<days>`, 2 to 64 of them), so that a question for
/// weeks does not take in each day by itself. What is said here of a summary holds for these.
///
/// It holds names of users and addresses; so retention and erasure remove the summaries of the days whose files they touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Summary {
    files: u64,
    read: u64,
    left_out: Vec<String>,
    removed: u64,
}

impl Summary {
    /// Writes the summaries of a trail. Files that have an entry which fits them are not read again; the others are, and
    /// each line is held against the chain. The file that is being written has none, nor has one that is damaged, or one that is
    /// there both plain and compressed. Summaries of days that have no closed file any more are removed.
    ///
    /// Each is put under its name in one step, with permissions 0600. Only one process should do this at a time; a writer may be
    /// at work.
    ///
    /// # Errors
    /// The directory cannot be read or written, or holds files that this build cannot read.
    pub fn write(dir: impl AsRef<Path>) -> Result<Summary, Error> {
        let folder = Folder::open(dir.as_ref())?;
        // Each file is read behind this look. If its end is another by then, its entry fits nothing, now or later.
        let layout = folder.look()?;
        let mut summary = Summary::default();
        let days = layout.days();
        for (day, files) in &days {
            folder.write(&layout, *day, files, &mut summary)?;
        }
        folder.roll_up(&layout, &days)?;
        for day in stored::list(&*folder.disk, &folder.home.dir)? {
            if !days.contains_key(&day) {
                folder.remove(day, &mut summary)?;
            }
        }
        Ok(summary)
    }

    /// Files that have an entry now.
    pub fn files(&self) -> u64 {
        self.files
    }

    /// Files that had to be read for it.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Names of closed files that have none: they are damaged, or there in two forms, or too much is in them (a summary has
    /// 16 MiB at most, and a file's records three days).
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// Summaries that were removed.
    pub fn removed(&self) -> u64 {
        self.removed
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { files, read, .. } = self;
        write!(f, "{files} files summarized, {read} of them read now")?;
        if self.removed > 0 {
            write!(f, ", {} old summaries removed", self.removed)?;
        }
        self.left_out
            .iter()
            .try_for_each(|name| write!(f, "\n  left out: {name}"))
    }
}

impl Stats {
    /// Of every record of the trail in this directory, each held against the chain as [`read`](crate::read()) does, on as many
    /// threads as there are processors, four at most. What could not be read is in [`skipped`](Stats::skipped).
    ///
    /// # Errors
    /// The directory cannot be read, or holds files that this build cannot read.
    pub fn of(dir: impl AsRef<Path>) -> Result<Stats, Error> {
        Folder::open(dir.as_ref())?.add_up(|_, _| BTreeSet::new(), &|_| true)
    }

    /// Of the records whose time lies within these days in UTC, both included, written `2026-11-20`.
    ///
    /// The answer is that of reading every file. Of closed files that a [`Summary`] fits it is taken from there, and the others
    /// are read; so it is quick where somebody writes summaries. A summary that was edited is believed
    /// ([`of_days_believing`](Stats::of_days_believing) says of how many days): where that matters, use [`Stats::of`].
    ///
    /// What cannot be read is in [`skipped`](Stats::skipped), whatever its day: nobody knows that. Where there is such a thing,
    /// every file is read as a [`Query`] for these days reads it, so that the lines behind a damaged one count too, as they
    /// stand; `skipped` has then both what the query passed over and what does not fit the chain.
    ///
    /// # Errors
    /// A day that is none; the directory cannot be read, or holds files that this build cannot read.
    pub fn of_days(dir: impl AsRef<Path>, since: &str, until: &str) -> Result<Stats, Error> {
        Stats::of_days_believing(dir, since, until).map(|(stats, _)| stats)
    }

    /// The same as [`of_days`](Stats::of_days), and of how many of these days a summary was believed, of all their files or of some.
    ///
    /// # Errors
    /// As there.
    pub fn of_days_believing(dir: impl AsRef<Path>, since: &str, until: &str) -> Result<(Stats, usize), Error> {
        let days = day(since)?..=day(until)?;
        let folder = Folder::open(dir.as_ref())?;
        let believed = Cell::new(0);
        let from_summaries = |layout: &Layout, stats: &mut Stats| {
            let known = folder.cached(layout, &days, true, stats);
            // One of them is not what was written: each day by itself, then.
            let known = known.unwrap_or_else(|| {
                *stats = Stats::new();
                folder.cached(layout, &days, false, stats).unwrap_or_default()
            });
            let files = known.iter().filter_map(|at| layout.files.get(*at));
            let of_files: BTreeSet<Day> = files.map(|place| place.name.day).collect();
            believed.set(of_files.iter().filter(|day| days.contains(day)).count());
            known
        };
        let stats = folder.add_up(from_summaries, &|day| days.contains(&day))?;
        if stats.skipped().count() == 0 {
            return Ok((stats, believed.get()));
        }
        let query = Query::new().unlimited().since(days.start().start().into());
        // Behind the last day that a record can have there is no time to be named.
        let end = Micros(days.end().start().0.saturating_add(DAY));
        let query = match end > Micros::MAX {
            true => query,
            false => query.until(end.into()),
        };
        let mut whole = query.entries(dir)?.stats();
        whole.join_skipped(stats.skipped());
        Ok((whole, 0))
    }
}

fn day(text: &str) -> Result<Day, Error> {
    Day::parse(text)
        .ok_or_else(|| Error::new(ErrorKind::Config, format!("{text:?} is no day")).remedy("write a day as 2026-11-20"))
}

/// A trail's directory.
#[derive(Debug)]
struct Folder {
    disk: Arc<dyn Disk>,
    home: Home,
}

impl Folder {
    fn open(dir: &Path) -> Result<Folder, Error> {
        let disk = RealDisk::shared();
        let home = Home::find(&*disk, dir, None)?;
        Ok(Folder { disk, home })
    }

    /// What the records of the days that are wanted come to. `known` takes in what need not be read, and says of which files
    /// that is.
    fn add_up(
        &self,
        known: impl Fn(&Layout, &mut Stats) -> BTreeSet<usize>,
        wanted: &(impl Fn(Day) -> bool + Sync),
    ) -> Result<Stats, Error> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            let layout = self.look()?;
            let mut stats = Stats::new();
            let known = known(&layout, &mut stats);
            let runs = runs((0..layout.files.len()).filter(|at| !known.contains(at)));
            if layout.files.is_empty() {
                // Of files that nobody can read there is something to be said all the same.
                self.each(&layout, &(0..0), |item| {
                    if let Err(damage) = item {
                        stats.add_damage(&damage);
                    }
                })?;
            }
            shares::count(&shares::of(&layout.files, &runs), &mut stats, |share, stats| {
                self.each(&layout, share, |item| match item {
                    Ok(line) if wanted(line.head.time.day()) => stats.count(line),
                    Ok(_) => {}
                    Err(damage) => stats.add_damage(&damage),
                })
            })?;
            // Where a file ends that was not read, a file says that came behind it. Without a new one it is as it was.
            let settled = runs.is_empty() || self.names()? == layout.names() || self.look()?.goes_on_from(&layout);
            if settled || tries == 0 {
                return Ok(stats);
            }
        }
    }

    fn look(&self) -> Result<Layout, Error> {
        Layout::look(Arc::clone(&self.disk), &self.home.dir)
    }

    fn names(&self) -> Result<Vec<Name>, Error> {
        names::list(&*self.disk, &self.home.dir)
    }

    /// Adds what caches say of the days that are wanted, and gives the places of the files that they speak of. `None` where a rollup
    /// says nothing, after all.
    fn cached(
        &self,
        layout: &Layout,
        wanted: &RangeInclusive<Day>,
        rollups: bool,
        stats: &mut Stats,
    ) -> Option<BTreeSet<usize>> {
        let (days, mut known, mut tried) = (layout.days(), BTreeSet::new(), BTreeSet::new());
        let mut rest = days.iter();
        while let Some((day, _)) = rest.clone().next() {
            let spans = Span::of(*day).filter(|_| rollups);
            // Days that are passed already are in no longer span.
            let spans = spans.filter(|span| days.range(span.first..*day).next().is_none());
            let mut taken = None;
            for span in spans.filter(|span| tried.insert(*span)) {
                let Some(rollup) = self.rollup(layout, &days, span) else {
                    continue;
                };
                match rollup.add_to(stats, wanted) {
                    Taken::In => {
                        taken = Some(span);
                        break;
                    }
                    Taken::Divided => {}
                    Taken::Broken => return None,
                }
            }
            let passed = match taken {
                Some(span) => days.range(span.first..=span.last()),
                None => {
                    self.entries(layout, *day, &mut |at, entry| {
                        if known.insert(at) {
                            for (day, of_day) in entry.days {
                                if Day::parse(&day).is_some_and(|day| wanted.contains(&day)) {
                                    stats.load(of_day);
                                }
                            }
                        }
                    });
                    days.range(*day..=*day)
                }
            };
            for (_, places) in passed {
                if taken.is_some() {
                    known.extend(places);
                }
                rest.next();
            }
        }
        Some(known)
    }

    /// What a span came to, if a cache says so of the files as they are.
    fn rollup(&self, layout: &Layout, days: &BTreeMap<Day, Vec<usize>>, span: Span) -> Option<Rollup> {
        let places = layout.closed(days, span)?;
        Rollup::read(&*self.disk, &self.home.dir, span, layout.trail?, &places)
    }

    /// Gives `take` each entry of a day that fits a file, with the place of that, and says how many entries there are, whether they
    /// fit or not.
    fn entries(&self, layout: &Layout, day: Day, take: &mut dyn FnMut(usize, Entry<Loaded<'_>>)) -> usize {
        let Some(trail) = layout.trail else { return 0 };
        let dir = &self.home.dir;
        stored::read(&*self.disk, dir, day, trail, |entry| {
            let mut places = layout.files.iter().enumerate();
            let of_day = |place: &Place| place.name.day == day && entry.fits(place, &*self.disk, dir);
            if let Some((at, _)) = places.find(|(_, place)| of_day(place)) {
                take(at, entry);
            }
        })
    }

    /// Gives `take` the records of some files that follow one another, as their lines have them, and what is wrong with the files.
    fn each(
        &self,
        layout: &Layout,
        run: &Range<usize>,
        mut take: impl FnMut(Result<&Line<'_>, Error>),
    ) -> Result<(), Error> {
        let from = match run.start {
            // What is missing before the oldest file is said, too.
            0 => 0,
            at => layout.files.get(at).map_or(0, |place| place.first),
        };
        let last = match layout.files.get(run.end) {
            Some(next) => next.first - 1,
            None => u64::MAX,
        };
        Entries::of(layout.walk.again()).from_seq(from).each(|item| {
            if matches!(item, Ok(line) if line.head.seq > last) {
                return ControlFlow::Break(());
            }
            take(item);
            ControlFlow::Continue(())
        });
        Ok(())
    }

    /// Reads the files of a run, and gives what each adds up to; `None` for one with which something is wrong.
    fn fold(
        &self,
        layout: &Layout,
        run: &Range<usize>,
        mut give: impl FnMut(usize, Option<Fold>),
    ) -> Result<(), Error> {
        let places = layout.files.get(run.clone()).unwrap_or_default();
        // The file in which the record with this number stands.
        let place_of = |seq: u64| places.partition_point(|place| place.first <= seq).saturating_sub(1);
        let (mut at, mut fold) = (0, Fold::new());
        // What is wrong stands somewhere behind the last good record and before the next one.
        let (mut doubtful, mut damage) = (false, false);
        self.each(layout, run, |item| {
            let Ok(line) = item else {
                damage = true;
                doubtful = true;
                return;
            };
            while at < place_of(line.head.seq) {
                let whole = std::mem::take(&mut fold);
                give(run.start + at, (!doubtful).then_some(whole));
                (at, doubtful) = (at + 1, damage);
            }
            damage = false;
            fold.entry(line.head.time.day()).or_default().count(line);
            if fold.len() > DAYS {
                doubtful = true;
                fold.clear();
            }
        })?;
        while at < places.len() {
            let whole = std::mem::take(&mut fold);
            give(run.start + at, (!doubtful).then_some(whole));
            (at, doubtful) = (at + 1, damage);
        }
        Ok(())
    }

    /// Writes the summary of a day, or removes it, where that changes anything.
    fn write(&self, layout: &Layout, day: Day, files: &[usize], summary: &mut Summary) -> Result<(), Error> {
        let Some(trail) = layout.trail else { return Ok(()) };
        let (mut page, mut known) = (Page::new(trail), BTreeSet::new());
        let stored = self.entries(layout, day, &mut |at, entry| {
            if !known.contains(&at) && page.push(&entry.whole().text()) {
                known.insert(at);
            }
        });
        let place = |at: usize| layout.files.get(at);
        let closed = |at: &usize| place(*at).is_some_and(|place| place.closed.is_some());
        let unread = runs(files.iter().copied().filter(|at| closed(at) && !known.contains(at)));
        for run in &unread {
            summary.read += run.len() as u64;
            self.fold(layout, run, |at, fold| {
                let entry = place(at).zip(fold);
                let entry = entry.and_then(|(place, fold)| Entry::new(place, &*self.disk, &self.home.dir, fold));
                if entry.is_some_and(|entry| page.push(&entry.text())) {
                    known.insert(at);
                }
            })?;
        }
        let newest = layout.files.len().saturating_sub(1);
        let left_out = files.iter().filter(|at| **at != newest && !known.contains(at));
        let names = left_out.filter_map(|at| place(*at)).map(|place| place.name.to_string());
        summary.left_out.extend(names);
        summary.files += known.len() as u64;
        match known.len() {
            0 => self.remove(day, summary),
            // It stands there as it should. An entry that fits nothing any more is in nobody's way, but may name people.
            _ if unread.is_empty() && stored == known.len() => Ok(()),
            _ => {
                // What was added up from the old one first.
                for span in Span::of(day) {
                    cache::remove_span(&*self.disk, &self.home.dir, span)?;
                }
                page.write(&*self.disk, &self.home.dir, day)
            }
        }
    }

    /// Adds up the days of each span to which no file can come any more, and removes what speaks of others.
    fn roll_up(&self, layout: &Layout, days: &BTreeMap<Day, Vec<usize>>) -> Result<(), Error> {
        let (disk, dir) = (&*self.disk, &self.home.dir);
        let Some(trail) = layout.trail else { return Ok(()) };
        let spans: BTreeSet<Span> = days.keys().flat_map(|day| Span::of(*day)).collect();
        let mut kept = BTreeSet::new();
        for span in spans {
            let Some(places) = layout.closed(days, span) else {
                continue;
            };
            if self.rollup(layout, days, span).is_some() {
                kept.insert(span);
                continue;
            }
            let (mut sum, mut known) = (Sum::new(span), BTreeSet::new());
            for (day, _) in days.range(span.first..=span.last()) {
                self.entries(layout, *day, &mut |at, entry| {
                    if known.insert(at) {
                        for (day, of_day) in entry.days {
                            if let Some(day) = Day::parse(&day) {
                                sum.of_day(day).load(of_day);
                            }
                        }
                    }
                });
            }
            if known.len() == places.len() && sum.write(disk, dir, trail, &places)? {
                kept.insert(span);
            }
        }
        for span in stored::spans(disk, dir)? {
            if !kept.contains(&span) {
                cache::remove_span(disk, dir, span)?;
            }
        }
        Ok(())
    }

    fn remove(&self, day: Day, summary: &mut Summary) -> Result<(), Error> {
        if cache::remove(&*self.disk, &self.home.dir, day)? {
            summary.removed += 1;
        }
        Ok(())
    }
}

/// What a file adds up to, by the day of its records.
type Fold = BTreeMap<Day, Stats>;

impl Layout {
    /// What was in the directory.
    fn names(&self) -> &[Name] {
        let (_, _, names) = self.walk.ahead();
        names
    }

    /// The places of the files by the day in their names.
    fn days(&self) -> BTreeMap<Day, Vec<usize>> {
        let mut days: BTreeMap<Day, Vec<usize>> = BTreeMap::new();
        for (at, place) in self.files.iter().enumerate() {
            days.entry(place.name.day).or_default().push(at);
        }
        days
    }

    /// The files of a span, where those are of several days, all of them closed, and the newest file is of a later day.
    fn closed(&self, days: &BTreeMap<Day, Vec<usize>>, span: Span) -> Option<Vec<&Place>> {
        let newest = self.files.last()?;
        let of_span = || days.range(span.first..=span.last());
        if newest.name.day <= span.last() || of_span().count() < 2 {
            return None;
        }
        let places = of_span().flat_map(|(_, places)| places).map(|at| self.files.get(*at));
        places
            .map(|place| place.filter(|place| place.closed.is_some()))
            .collect()
    }

    /// Whether this is the same directory a little later: files may have gone at its begin and come at its end.
    fn goes_on_from(&self, before: &Layout) -> bool {
        self.trail == before.trail
            && before.files.iter().rev().skip(1).all(|place| {
                let now = self.files.iter().find(|now| now.number == place.number);
                now.map_or(
                    place.first < self.files.first().map_or(u64::MAX, |oldest| oldest.first),
                    |now| now.closed == place.closed && now.first == place.first,
                )
            })
    }
}

/// Numbers that rise, as ranges.
fn runs(places: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for at in places {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}
