//! Statistics over records: folds in bounded memory that can be merged and stored.

mod activity;
mod days;
mod durations;
mod fields;
mod gaps;
mod json;
mod notable;
mod packed;
mod ranking;
mod routes;
mod sessions;
mod show;
mod skipped;
mod table;
mod top;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize};

use crate::clock::{Day, Micros};
use crate::error::Error;
use crate::event::Category;
use crate::outcome::Outcome;
use crate::record::Record;
use crate::record::line::Line;
use crate::severity::Severity;
use days::Days;
use fields::Fields;
use routes::RouteTally;
use table::{Table, Tally as _};

pub use activity::{Activity, user_activity};
pub use days::DayStats;
pub use durations::Durations;
pub use gaps::Gaps;
pub use notable::{admin_actions, suspicious};
pub(crate) use packed::{Bytes, push_bytes, push_number};
pub use ranking::Ranking;
pub use routes::{Route, Routes};
pub use sessions::{Session, Sessions, sessions};
pub use skipped::Skipped;
pub use table::Distinct;
pub use top::Top;

/// What records add up to: how many of which kind, by whom, from where, how long they took, and what is missing.
///
/// A fold: give it records one by one, or collect them into it. Days and hours are those of a record's
/// [`time`](Record::time), in UTC. Every record counts, the trail's own too, for they are records; how many those are
/// [`own_records`](Stats::own_records) says.
///
/// Memory is bounded whatever the records say. Of event names, users, addresses and routes up to 100,000 each are counted one
/// by one, within 16 MiB for each of the four; beyond that some of them, which chance and not their number decides, are added
/// up as `other`, and the number of different ones becomes an estimate. What is listed is exact all the same. Names of more
/// than 256 bytes are cut, and still told apart. By day the last 10,000 days are kept.
///
/// [`merge`](Stats::merge) gives exactly what one fold over all the records would have given. `Serialize` writes all of it, the
/// derived figures too, and `Deserialize` reads it back; [`Display`](std::fmt::Display) is for people.
///
/// # Examples
/// ```
/// use tracing_audit::{Stats, audit, events, testing};
///
/// let trail = testing::capture()?;
/// audit!(events::AUTH_LOGIN, user.id = "alice", ip = "198.51.100.7");
/// audit!(events::AUTH_FAILED, username = "alicf", ip = "198.51.100.7");
///
/// let stats: Stats = trail.records().into_iter().collect();
/// assert_eq!(stats.records(), 2);
/// assert_eq!(stats.failed_logins(), 1);
/// assert_eq!(stats.by_ip().first(), Some(&("198.51.100.7", 2)));
/// assert_eq!(stats.users().count, 2);
/// # Ok::<(), tracing_audit::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Stats(Sums<Table<u64>, Table<RouteTally>>);

/// What is counted. Names are in tables, or still in the text of a table that was stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sums<Names, Routes> {
    records: u64,
    own_records: u64,
    #[serde(with = "json::time")]
    first: Option<Micros>,
    #[serde(with = "json::time")]
    last: Option<Micros>,
    flagged: u64,
    failures: u64,
    failed_logins: u64,
    #[serde(with = "json::categories")]
    by_category: [u64; Category::ALL.len()],
    #[serde(with = "json::severities")]
    by_severity: [u64; Severity::ALL.len()],
    #[serde(with = "json::outcomes")]
    by_outcome: [u64; Outcome::ALL.len()],
    by_event: Names,
    by_user: Names,
    by_ip: Names,
    by_route: Routes,
    durations: Durations,
    by_day: Days,
    gaps: Gaps,
    skipped: Skipped,
}

/// Statistics as they were stored. Days have many users in common, so most names need not be kept a second time.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Loaded<'a>(#[serde(borrow)] Sums<table::Loaded<'a, u64>, table::Loaded<'a, RouteTally>>);

impl Stats {
    /// Of no records.
    pub fn new() -> Stats {
        Stats::default()
    }

    /// Takes in one record.
    pub fn add(&mut self, record: &Record) {
        self.count(&record.line());
    }

    /// The same of a line, of which no record is made.
    pub(crate) fn count(&mut self, line: &Line<'_>) {
        let one = |count: &mut u64| *count = count.saturating_add(1);
        let (head, fields) = (line.head, Fields::of(line));
        one(&mut self.0.records);
        if head.category == Category::Audit {
            one(&mut self.0.own_records);
        }
        self.0.first = self.0.first.min(Some(head.time)).or(Some(head.time));
        self.0.last = self.0.last.max(Some(head.time));
        if fields.flagged {
            one(&mut self.0.flagged);
        }
        if is_failure(head.outcome) {
            one(&mut self.0.failures);
        }
        if is_failed_login(line.event(), head.outcome) {
            one(&mut self.0.failed_logins);
        }
        self.0.by_category.get_mut(head.category as usize).map(one);
        self.0.by_severity.get_mut(head.severity.index()).map(one);
        self.0.by_outcome.get_mut(head.outcome.index()).map(one);
        self.0.by_event.change(line.event(), one);
        if let Some(user) = fields.user() {
            self.0.by_user.change(user, one);
        }
        if let Some(ip) = &fields.ip {
            self.0.by_ip.change(ip, one);
        }
        if let Some(ms) = fields.duration_ms {
            self.0.durations.add(ms);
        }
        routes::add(&mut self.0.by_route, head.outcome, &fields);
        self.0.by_day.add(&head, fields.flagged);
        self.0.gaps.add(line);
    }

    /// Takes in what could not be read, so that the statistics say that they are not whole.
    pub fn add_damage(&mut self, damage: &Error) {
        self.0.skipped.add(damage);
    }

    /// Takes in what other records add up to. The order does not matter, but for which of very many damages are listed.
    pub fn merge(&mut self, other: Stats) {
        let Stats(other) = other;
        self.0.add(&other);
        self.0.by_event.merge(other.by_event);
        self.0.by_user.merge(other.by_user);
        self.0.by_ip.merge(other.by_ip);
        self.0.by_route.merge(other.by_route);
    }

    /// The same of what was stored.
    pub(crate) fn load(&mut self, stored: Loaded<'_>) {
        let Loaded(stored) = stored;
        self.0.add(&stored);
        self.0.by_event.load(stored.by_event);
        self.0.by_user.load(stored.by_user);
        self.0.by_ip.load(stored.by_ip);
        self.0.by_route.load(stored.by_route);
    }

    /// Bytes that it holds, about.
    pub(crate) fn weight(&self) -> usize {
        let Stats(sums) = self;
        let names = sums.by_event.weight() + sums.by_user.weight() + sums.by_ip.weight();
        size_of::<Stats>() + names + sums.by_route.weight()
    }

    /// The first and the last day that has a record.
    pub(crate) fn range(&self) -> Option<RangeInclusive<Day>> {
        self.0.by_day.range()
    }

    /// Takes out what could not be read, to be put in its place among others.
    pub(crate) fn take_skipped(&mut self) -> Skipped {
        std::mem::take(&mut self.0.skipped)
    }

    pub(crate) fn add_skipped(&mut self, skipped: &Skipped) {
        self.0.skipped.merge(skipped);
    }

    /// Takes in what is wrong by the chain with records that were counted without it.
    pub(crate) fn join_skipped(&mut self, chain: &Skipped) {
        self.0.skipped.join(chain);
    }

    /// How many records.
    pub fn records(&self) -> u64 {
        self.0.records
    }

    /// How many of them the trail wrote about itself (category `audit`).
    pub fn own_records(&self) -> u64 {
        self.0.own_records
    }

    /// The earliest time of a record.
    pub fn first(&self) -> Option<SystemTime> {
        self.0.first.map(SystemTime::from)
    }

    /// The latest time of a record.
    pub fn last(&self) -> Option<SystemTime> {
        self.0.last.map(SystemTime::from)
    }

    /// How many records a rule flagged.
    pub fn flagged(&self) -> u64 {
        self.0.flagged
    }

    /// How many records have the outcome `failure`, `denied`, `blocked` or `error`.
    pub fn failures(&self) -> u64 {
        self.0.failures
    }

    /// How many logins failed: `AUTH_FAILED`, and `AUTH_LOGIN` with one of the outcomes that count as
    /// [`failures`](Stats::failures).
    pub fn failed_logins(&self) -> u64 {
        self.0.failed_logins
    }

    /// Records by the event's name.
    pub fn by_event(&self) -> Ranking<'_> {
        Ranking::of_table(&self.0.by_event)
    }

    /// Records by category. What has none is not listed.
    pub fn by_category(&self) -> Ranking<'_> {
        Ranking::of(Category::ALL.map(Category::as_str), &self.0.by_category)
    }

    /// Records by severity. What has none is not listed.
    pub fn by_severity(&self) -> Ranking<'_> {
        Ranking::of(Severity::ALL.map(Severity::as_str), &self.0.by_severity)
    }

    /// Records by outcome. What has none is not listed.
    pub fn by_outcome(&self) -> Ranking<'_> {
        Ranking::of(Outcome::ALL.map(Outcome::as_str), &self.0.by_outcome)
    }

    /// Records by user: `user_id`, or `username` where there is no id.
    pub fn by_user(&self) -> Ranking<'_> {
        Ranking::of_table(&self.0.by_user)
    }

    /// Records by address, in its spelling.
    pub fn by_ip(&self) -> Ranking<'_> {
        Ranking::of_table(&self.0.by_ip)
    }

    /// Requests by method and route, or path where there is no route.
    pub fn by_route(&self) -> Routes {
        Routes::of(&self.0.by_route)
    }

    /// How many different users.
    pub fn users(&self) -> Distinct {
        self.0.by_user.distinct()
    }

    /// How many different addresses.
    pub fn ips(&self) -> Distinct {
        self.0.by_ip.distinct()
    }

    /// How long things took, of all records that say so.
    pub fn durations(&self) -> &Durations {
        &self.0.durations
    }

    /// By day in UTC (`2026-11-20`), the last 10,000 days that have records.
    pub fn by_day(&self) -> BTreeMap<String, DayStats> {
        self.0.by_day.list()
    }

    /// What the trail says that it lost. Where it lost something, the statistics are not whole.
    pub fn gaps(&self) -> &Gaps {
        &self.0.gaps
    }

    /// What could not be read. Where that is something, the statistics are not whole.
    pub fn skipped(&self) -> &Skipped {
        &self.0.skipped
    }

    /// Whether nothing is known to be missing: no gaps, nothing skipped.
    pub fn is_whole(&self) -> bool {
        self.0.gaps.lost() == 0 && self.0.skipped.count() == 0
    }
}

impl<Names, Routes> Sums<Names, Routes> {
    /// Takes in all but the names.
    fn add<OtherNames, OtherRoutes>(&mut self, other: &Sums<OtherNames, OtherRoutes>) {
        self.records.absorb(&other.records);
        self.own_records.absorb(&other.own_records);
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
        self.flagged.absorb(&other.flagged);
        self.failures.absorb(&other.failures);
        self.failed_logins.absorb(&other.failed_logins);
        add_all(&mut self.by_category, &other.by_category);
        add_all(&mut self.by_severity, &other.by_severity);
        add_all(&mut self.by_outcome, &other.by_outcome);
        self.durations.absorb(&other.durations);
        self.by_day.merge(&other.by_day);
        self.gaps.merge(&other.gaps);
        self.skipped.merge(&other.skipped);
    }
}

impl<'de> Deserialize<'de> for Stats {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Stats, D::Error> {
        let mut stats = Stats::new();
        stats.load(Loaded::deserialize(from)?);
        Ok(stats)
    }
}

impl Extend<Record> for Stats {
    fn extend<I: IntoIterator<Item = Record>>(&mut self, records: I) {
        records.into_iter().for_each(|record| self.add(&record));
    }
}

/// What a trail is read as: records, and damage.
impl Extend<Result<Record, Error>> for Stats {
    fn extend<I: IntoIterator<Item = Result<Record, Error>>>(&mut self, records: I) {
        for record in records {
            match record {
                Ok(record) => self.add(&record),
                Err(damage) => self.add_damage(&damage),
            }
        }
    }
}

impl<T> FromIterator<T> for Stats
where
    Stats: Extend<T>,
{
    fn from_iter<I: IntoIterator<Item = T>>(records: I) -> Stats {
        let mut stats = Stats::new();
        stats.extend(records);
        stats
    }
}

/// Who did it, as far as a record says.
fn user(record: &Record) -> Option<&str> {
    record.user_id().or_else(|| record.username())
}

fn is_failure(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Failure | Outcome::Denied | Outcome::Blocked | Outcome::Error
    )
}

fn is_failed_login(event: &str, outcome: Outcome) -> bool {
    match event {
        "AUTH_FAILED" => true,
        "AUTH_LOGIN" => is_failure(outcome),
        _ => false,
    }
}

fn add_all(own: &mut [u64], other: &[u64]) {
    for (own, other) in own.iter_mut().zip(other) {
        own.absorb(other);
    }
}
