//! What is counted, in tables of our own.
//!
//! The writer counts a record when it writes it, into the [`Tally`] of the sync group it is in, and adds the tally to the
//! [`Meter`] when that group is on the disk: so a resync counts nothing twice, and the numbers never run ahead of the
//! file. A counter of the `metrics` facade with labels costs 80 to 240 ns; a cell of a table costs one.
//!
//! Labels are names of the event table, of declared types, or `other`: never text that a caller gave.

mod facade;
mod leaders;
mod named;
mod text;

use std::collections::BTreeMap;
use std::time::Duration;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::brief::{Brief, EventId, OWN_BASE};
use crate::clock::Micros;
use crate::event::{Category, EventType, events};
use crate::outcome::Outcome;
use crate::queue::{Loss, Losses, PerSeverity};
use crate::redact::Class;
use crate::severity::Severity;
use crate::sync::{Home, Mutex, MutexGuard, lock};

pub(crate) use facade::Facade;
pub(crate) use leaders::{Leaders, SIZE_BUCKETS, Tops};
pub(crate) use text::Gauges;

/// Upper ends of the buckets of `audit_duration_seconds`, in seconds.
pub(crate) const DURATION_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Upper ends of the buckets of `audit_commit_seconds` and `audit_sync_seconds`, in seconds.
pub(crate) const DISK_BUCKETS: [f64; 11] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0,
];

/// Upper ends of the buckets of `audit_query_seconds`, in seconds.
pub(crate) const QUERY_BUCKETS: [f64; 11] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0];

/// Rules counted apart; a program has a handful.
const RULES: usize = 256;

/// How many values fell into each bucket, and their sum there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Histogram {
    /// The last one is for what is above all bounds.
    cells: [(u64, f64); 12],
}

impl Histogram {
    fn add(&mut self, bounds: &[f64; 11], seconds: f64) {
        let at = bounds.partition_point(|bound| *bound < seconds);
        if let Some((count, sum)) = self.cells.get_mut(at) {
            *count += 1;
            *sum += seconds;
        }
    }

    fn merge(&mut self, other: &Histogram) {
        for ((count, sum), (more, plus)) in self.cells.iter_mut().zip(other.cells) {
            *count += more;
            *sum += plus;
        }
    }

    fn count(&self) -> u64 {
        self.cells.iter().map(|(count, _)| count).sum()
    }

    fn sum(&self) -> f64 {
        self.cells.iter().map(|(_, sum)| sum).sum()
    }
}

/// The records of one event type and category.
#[derive(Clone, Debug)]
struct Row {
    event: EventId,
    category: Category,
    counts: [[u64; Outcome::ALL.len()]; Severity::ALL.len()],
    durations: Histogram,
    touched: bool,
}

impl Row {
    fn new(event: EventId, category: Category) -> Row {
        Row {
            event,
            category,
            counts: Default::default(),
            durations: Histogram::default(),
            touched: false,
        }
    }

    fn cells(&self) -> impl Iterator<Item = (Severity, Outcome, u64)> {
        Severity::ALL
            .into_iter()
            .zip(self.counts)
            .flat_map(|(severity, counts)| {
                let cells = Outcome::ALL.into_iter().zip(counts);
                cells.map(move |(outcome, count)| (severity, outcome, count))
            })
    }
}

/// Rows found by event number, without a search.
#[derive(Clone, Debug, Default)]
struct Rows {
    rows: Vec<Row>,
    /// Position in `rows` plus one, by place.
    places: Vec<u16>,
    /// Declared types that share a name and not a category.
    odd: Vec<u16>,
}

impl Rows {
    fn row(&mut self, event: EventId, category: Category) -> Option<&mut Row> {
        let place = place_of(event, category);
        let at = usize::from(self.places.get(place).copied().unwrap_or(0));
        if at > 0 && self.rows.get(at - 1).is_some_and(|row| row.category == category) {
            return self.rows.get_mut(at - 1);
        }
        self.find(place, event, category)
    }

    #[cold]
    fn find(&mut self, place: usize, event: EventId, category: Category) -> Option<&mut Row> {
        let is = |row: &Row| row.event == event && row.category == category;
        let odd = self
            .odd
            .iter()
            .copied()
            .find(|at| self.rows.get(usize::from(*at)).is_some_and(is));
        let at = match odd {
            Some(at) => at,
            None => {
                let at = u16::try_from(self.rows.len()).ok()?;
                self.rows.push(Row::new(event, category));
                if self.places.len() <= place {
                    self.places.resize(place + 1, 0);
                }
                match self.places.get_mut(place) {
                    Some(free) if *free == 0 => *free = at + 1,
                    _ => self.odd.push(at),
                }
                at
            }
        };
        self.rows.get_mut(usize::from(at))
    }
}

/// Names that came as text have a place by category, types of the table by their index, declared types behind.
fn place_of(event: EventId, category: Category) -> usize {
    let named = Category::ALL.len();
    match event {
        EventId::OTHER => category as usize,
        EventId(own) if own >= OWN_BASE => named + EventType::all().len() + usize::from(own - OWN_BASE),
        EventId(index) => named + usize::from(index),
    }
}

/// What was written and is not yet known to be on the disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    rows: Rows,
    /// Records of callers.
    pub(crate) records: PerSeverity,
    /// Records of the trail about itself.
    pub(crate) own: u64,
}

impl Tally {
    /// Counts one record.
    #[inline]
    pub(crate) fn add(&mut self, brief: &Brief, own: bool) {
        if let Some(row) = self.rows.row(brief.event, brief.category) {
            row.touched = true;
            let counts = row.counts.get_mut(brief.severity.index());
            if let Some(count) = counts.and_then(|counts| counts.get_mut(brief.outcome.index())) {
                *count += 1;
            }
            if brief.duration_us != Brief::NO_DURATION {
                row.durations.add(&DURATION_BUCKETS, f64::from(brief.duration_us) / 1e6);
            }
        }
        if own {
            self.own += 1;
        } else if let Some(count) = self.records.get_mut(brief.severity.index()) {
            *count += 1;
        }
    }

    /// Moves everything into `into`, and keeps the room.
    pub(crate) fn drain_into(&mut self, into: &mut Tally) {
        for row in self.rows.rows.iter_mut().filter(|row| row.touched) {
            if let Some(total) = into.rows.row(row.event, row.category) {
                merge(total, row);
            }
            *row = Row::new(row.event, row.category);
        }
        add(&mut into.records, std::mem::take(&mut self.records));
        into.own += std::mem::take(&mut self.own);
    }
}

fn merge(total: &mut Row, row: &Row) {
    total.touched = true;
    for (totals, counts) in total.counts.iter_mut().zip(row.counts) {
        add(totals, counts);
    }
    total.durations.merge(&row.durations);
}

fn add<const N: usize>(to: &mut [u64; N], more: [u64; N]) {
    for (to, more) in to.iter_mut().zip(more) {
        *to += more;
    }
}

/// Which operation on the disk failed, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Write,
    Sync,
    Rotate,
    State,
    Retention,
    Erase,
    Tamper,
}

impl Trouble {
    pub(crate) const ALL: [Trouble; 7] = [
        Trouble::Write,
        Trouble::Sync,
        Trouble::Rotate,
        Trouble::State,
        Trouble::Retention,
        Trouble::Erase,
        Trouble::Tamper,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Trouble::Write => "write",
            Trouble::Sync => "sync",
            Trouble::Rotate => "rotate",
            Trouble::State => "state",
            Trouble::Retention => "retention",
            Trouble::Erase => "erase",
            Trouble::Tamper => "tamper",
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Totals {
    synced: Tally,
    lost: [PerSeverity; Loss::ALL.len()],
    troubles: [u64; Trouble::ALL.len()],
    commit: Histogram,
    sync: Histogram,
    query: Histogram,
    redactions: [u64; Class::COUNT],
    /// Alerts raised, by rule and priority.
    alerts: BTreeMap<(String, &'static str), u64>,
    /// News that wait, by channel.
    lags: BTreeMap<String, u64>,
    /// When a record was lost last.
    lost_at: Option<Micros>,
}

impl Totals {
    /// The durations by event: one label, though several rows may have it.
    fn durations(&self) -> BTreeMap<&'static str, Histogram> {
        let mut durations: BTreeMap<&'static str, Histogram> = BTreeMap::new();
        for row in self.synced.rows.rows.iter().filter(|row| row.durations.count() > 0) {
            durations.entry(row.event.label()).or_default().merge(&row.durations);
        }
        durations
    }

    /// Records of one type.
    fn of(&self, event: EventType) -> u64 {
        let rows = self.synced.rows.rows.iter();
        let rows = rows.filter(|row| row.event == EventId::of(event));
        rows.flat_map(|row| row.counts.iter().flatten()).sum()
    }

    fn sessions(&self) -> u64 {
        self.of(events::SESSION_START)
    }

    fn quota_violations(&self) -> u64 {
        self.of(events::QUOTA_EXCEEDED)
    }
}

/// All counts of one trail, since it was built.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    totals: Mutex<Totals>,
    leaders: Option<Mutex<Leaders>>,
    home: Home,
    /// Counted by the callers, where a value was redacted: too often for the lock.
    redactions: [AtomicU64; Class::COUNT],
}

impl Meter {
    pub(crate) fn new(tops: Tops) -> Meter {
        Meter {
            leaders: Leaders::new(tops).map(Mutex::new),
            ..Meter::default()
        }
    }

    /// Where records are counted by name, if they are.
    pub(crate) fn leaders(&self) -> Option<MutexGuard<'_, Leaders>> {
        lock(self.leaders.as_ref()?, self.home)
    }

    /// An alert was raised. The priority is one of four words.
    pub(crate) fn alert(&self, rule: &str, priority: &'static str) {
        let Some(mut totals) = lock(&self.totals, self.home) else {
            return;
        };
        let full = totals.alerts.len() >= RULES;
        let mut key = (rule.to_owned(), priority);
        if full && !totals.alerts.contains_key(&key) {
            key.0 = leaders::OTHER.to_owned();
        }
        *totals.alerts.entry(key).or_default() += 1;
    }

    /// So many pieces of news wait for this channel.
    pub(crate) fn lag(&self, channel: &str, waiting: u64) {
        if let Some(mut totals) = lock(&self.totals, self.home) {
            totals.lags.insert(channel.to_owned(), waiting);
        }
    }

    /// A question to the trail was answered; the time is what the answer took to make, not what was done with it.
    pub(crate) fn asked(&self, took: Duration) {
        if let Some(mut totals) = lock(&self.totals, self.home) {
            totals.query.add(&QUERY_BUCKETS, took.as_secs_f64());
        }
    }

    /// When a record was lost last, and how many ever were.
    pub(crate) fn losses(&self) -> (Option<Micros>, u64) {
        lock(&self.totals, self.home).map_or((None, 0), |totals| (totals.lost_at, totals.lost.iter().flatten().sum()))
    }

    /// A sync group is on the disk.
    pub(crate) fn synced(&self, tally: &mut Tally) {
        tally.drain_into(&mut self.totals.lock().synced);
    }

    pub(crate) fn lost(&self, lost: &Losses) {
        let Some(mut totals) = lock(&self.totals, self.home) else {
            return;
        };
        let mut last = None;
        for (total, lost) in totals.lost.iter_mut().zip(lost) {
            if *total != lost.count {
                last = last.max(lost.span.map(|(_, last)| last));
            }
            *total = lost.count;
        }
        totals.lost_at = totals.lost_at.max(last);
    }

    pub(crate) fn trouble(&self, trouble: Trouble) {
        if let Some(count) = self.totals.lock().troubles.get_mut(trouble as usize) {
            *count += 1;
        }
    }

    pub(crate) fn committed(&self, took: Duration) {
        self.totals.lock().commit.add(&DISK_BUCKETS, took.as_secs_f64());
    }

    pub(crate) fn sync_took(&self, took: Duration) {
        self.totals.lock().sync.add(&DISK_BUCKETS, took.as_secs_f64());
    }

    /// A caller's record redacted values of these classes.
    #[cold]
    pub(crate) fn redacted(&self, classes: impl Iterator<Item = Class>) {
        for class in classes {
            if let Some(count) = self.redactions.get(class as usize) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn snapshot(&self) -> Totals {
        let mut totals = lock(&self.totals, self.home).map_or_else(Totals::default, |totals| totals.clone());
        totals.redactions = self.redactions.each_ref().map(|count| count.load(Ordering::Relaxed));
        totals
    }

    fn shown(&self) -> leaders::Shown {
        self.leaders().map_or_else(Default::default, |leaders| leaders.shown())
    }

    /// Errors by kind, without those that never happened.
    pub(crate) fn troubles(&self) -> Vec<(&'static str, u64)> {
        let counts = lock(&self.totals, self.home).map_or_else(Default::default, |totals| totals.troubles);
        let named = Trouble::ALL.iter().map(|trouble| trouble.as_str()).zip(counts);
        named.filter(|(_, count)| *count > 0).collect()
    }

    /// Callers' records by severity, and the trail's own, that are on the disk.
    pub(crate) fn on_disk(&self) -> (PerSeverity, u64) {
        lock(&self.totals, self.home).map_or_else(Default::default, |totals| (totals.synced.records, totals.synced.own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::brief::Slice;

    pub(super) fn brief(event: EventType, severity: Severity, outcome: Outcome) -> Brief {
        Brief {
            event: EventId::of(event),
            category: event.category(),
            severity,
            outcome,
            time: Micros(0),
            occurred: Micros(0),
            duration_us: Brief::NO_DURATION,
            redactions: 0,
            name: Slice::default(),
            user: Slice::default(),
            ip: Slice::default(),
            session: Slice::default(),
            resource: Slice::default(),
        }
    }

    #[test]
    fn every_record_is_counted_once_under_its_own_labels() {
        const MINE: EventType = EventType::new("METER_MINE", Category::Data, Severity::High);
        const TWIN: EventType = EventType::new("METER_MINE", Category::File, Severity::High);
        let mut tally = Tally::default();
        let mut expected = Vec::new();
        for event in EventType::all().chain([MINE, TWIN]) {
            for severity in Severity::ALL {
                for outcome in Outcome::ALL {
                    tally.add(&brief(event, severity, outcome), false);
                    expected.push((event.name(), event.category(), severity, outcome));
                }
            }
        }
        for category in [Category::Custom, Category::Auth] {
            let mut given = brief(MINE, Severity::Low, Outcome::Success);
            (given.event, given.category) = (EventId::OTHER, category);
            tally.add(&given, false);
            expected.push(("other", category, Severity::Low, Outcome::Success));
        }
        let mut total = Tally::default();
        tally.drain_into(&mut total);
        let counted: Vec<_> = total
            .rows
            .rows
            .iter()
            .flat_map(|row| {
                row.cells()
                    .map(move |(severity, outcome, count)| (row, severity, outcome, count))
            })
            .filter(|(.., count)| *count > 0)
            .map(|(row, severity, outcome, count)| {
                assert_eq!(count, 1);
                (row.event.label(), row.category, severity, outcome)
            })
            .collect();
        assert_eq!(counted.len(), expected.len());
        assert!(expected.iter().all(|one| counted.contains(one)));
        assert_eq!(total.records.iter().sum::<u64>(), expected.len() as u64);
        // What was drained is gone, and the room is used again.
        tally.drain_into(&mut total);
        assert_eq!(total.records.iter().sum::<u64>(), expected.len() as u64);
        tally.add(&brief(events::AUTH_LOGIN, Severity::Low, Outcome::Success), true);
        tally.drain_into(&mut total);
        assert_eq!(total.own, 1);
    }

    #[test]
    fn a_duration_falls_into_its_bucket_and_its_sum_is_kept() {
        let mut histogram = Histogram::default();
        for seconds in [0.005, 0.006, 20.0] {
            histogram.add(&DURATION_BUCKETS, seconds);
        }
        assert_eq!(histogram.cells[0], (1, 0.005));
        assert_eq!(histogram.cells[1], (1, 0.006));
        assert_eq!(histogram.cells[11], (1, 20.0));
        assert_eq!((histogram.count(), histogram.sum()), (3, 20.011));
    }
}
