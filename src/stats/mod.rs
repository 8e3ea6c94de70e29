//! Statistics over records: folds in bounded memory that can be merged and stored.

mod activity;
mod days;
mod durations;
mod gaps;
mod json;
mod loaded;
mod notable;
mod ranking;
mod routes;
mod sessions;
mod show;
mod skipped;
mod table;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;

use crate::clock::Micros;
use crate::error::Error;
use crate::event::Category;
use crate::outcome::Outcome;
use crate::reader;
use crate::record::Record;
use crate::severity::Severity;
use days::Days;
use routes::RouteTally;
use table::{Table, Tally as _};

pub use activity::{Activity, user_activity};
pub use days::DayStats;
pub use durations::Durations;
pub use gaps::Gaps;
pub(crate) use loaded::Loaded;
pub use notable::{admin_actions, suspicious};
pub use ranking::Ranking;
pub use routes::{Route, Routes};
pub use sessions::{Session, Sessions, sessions};
pub use skipped::Skipped;
pub use table::Distinct;

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
pub struct Stats {
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
    by_event: Table<u64>,
    by_user: Table<u64>,
    by_ip: Table<u64>,
    by_route: Table<RouteTally>,
    durations: Durations,
    by_day: Days,
    gaps: Gaps,
    skipped: Skipped,
}

impl Stats {
    /// Of no records.
    pub fn new() -> Stats {
        Stats::default()
    }

    /// Of every record of the trail in this directory, each held against the chain as [`read`](crate::read) does. What
    /// could not be read is in [`skipped`](Stats::skipped).
    ///
    /// # Errors
    /// The directory cannot be read, or holds files that this build cannot read.
    pub fn of(dir: impl AsRef<Path>) -> Result<Stats, Error> {
        Ok(reader::read(dir)?.collect())
    }

    /// Takes in one record.
    pub fn add(&mut self, record: &Record) {
        let one = |count: &mut u64| *count = count.saturating_add(1);
        one(&mut self.records);
        if record.category() == Category::Audit {
            one(&mut self.own_records);
        }
        self.first = self.first.min(Some(record.time)).or(Some(record.time));
        self.last = self.last.max(Some(record.time));
        if record.flagged() {
            one(&mut self.flagged);
        }
        if is_failure(record) {
            one(&mut self.failures);
        }
        if is_failed_login(record) {
            one(&mut self.failed_logins);
        }
        self.by_category.get_mut(record.category() as usize).map(one);
        self.by_severity.get_mut(record.severity().index()).map(one);
        self.by_outcome.get_mut(record.outcome().index()).map(one);
        self.by_event.change(record.event(), one);
        if let Some(user) = user(record) {
            self.by_user.change(user, one);
        }
        if let Some(ip) = record.ip() {
            self.by_ip.change(ip, one);
        }
        if let Some(ms) = record.duration_ms() {
            self.durations.add(ms);
        }
        routes::add(&mut self.by_route, record);
        self.by_day.add(record);
        self.gaps.add(record);
    }

    /// Takes in what could not be read, so that the statistics say that they are not whole.
    pub fn add_damage(&mut self, damage: &Error) {
        self.skipped.add(damage);
    }

    /// Takes in what other records add up to. The order does not matter, but for which of very many damages are listed.
    pub fn merge(&mut self, other: Stats) {
        let sum = |own: &mut u64, other: u64| own.absorb(&other);
        sum(&mut self.records, other.records);
        sum(&mut self.own_records, other.own_records);
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
        sum(&mut self.flagged, other.flagged);
        sum(&mut self.failures, other.failures);
        sum(&mut self.failed_logins, other.failed_logins);
        add_all(&mut self.by_category, &other.by_category);
        add_all(&mut self.by_severity, &other.by_severity);
        add_all(&mut self.by_outcome, &other.by_outcome);
        self.by_event.merge(other.by_event);
        self.by_user.merge(other.by_user);
        self.by_ip.merge(other.by_ip);
        self.by_route.merge(other.by_route);
        self.durations.absorb(&other.durations);
        self.by_day.merge(other.by_day);
        self.gaps.merge(&other.gaps);
        self.skipped.merge(other.skipped);
    }

    /// How many records.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// How many of them the trail wrote about itself (category `audit`).
    pub fn own_records(&self) -> u64 {
        self.own_records
    }

    /// The earliest time of a record.
    pub fn first(&self) -> Option<SystemTime> {
        self.first.map(SystemTime::from)
    }

    /// The latest time of a record.
    pub fn last(&self) -> Option<SystemTime> {
        self.last.map(SystemTime::from)
    }

    /// How many records a rule flagged.
    pub fn flagged(&self) -> u64 {
        self.flagged
    }

    /// How many records have the outcome `failure`, `denied`, `blocked` or `error`.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// How many logins failed: `AUTH_FAILED`, and `AUTH_LOGIN` with one of the outcomes that count as
    /// [`failures`](Stats::failures).
    pub fn failed_logins(&self) -> u64 {
        self.failed_logins
    }

    /// Records by the event's name.
    pub fn by_event(&self) -> Ranking<'_> {
        Ranking::of_table(&self.by_event)
    }

    /// Records by category. What has none is not listed.
    pub fn by_category(&self) -> Ranking<'_> {
        Ranking::of(Category::ALL.map(Category::as_str), &self.by_category)
    }

    /// Records by severity. What has none is not listed.
    pub fn by_severity(&self) -> Ranking<'_> {
        Ranking::of(Severity::ALL.map(Severity::as_str), &self.by_severity)
    }

    /// Records by outcome. What has none is not listed.
    pub fn by_outcome(&self) -> Ranking<'_> {
        Ranking::of(Outcome::ALL.map(Outcome::as_str), &self.by_outcome)
    }

    /// Records by user: `user_id`, or `username` where there is no id.
    pub fn by_user(&self) -> Ranking<'_> {
        Ranking::of_table(&self.by_user)
    }

    /// Records by address, in its spelling.
    pub fn by_ip(&self) -> Ranking<'_> {
        Ranking::of_table(&self.by_ip)
    }

    /// Requests by method and route, or path where there is no route.
    pub fn by_route(&self) -> Routes {
        Routes::of(&self.by_route)
    }

    /// How many different users.
    pub fn users(&self) -> Distinct {
        self.by_user.distinct()
    }

    /// How many different addresses.
    pub fn ips(&self) -> Distinct {
        self.by_ip.distinct()
    }

    /// How long things took, of all records that say so.
    pub fn durations(&self) -> &Durations {
        &self.durations
    }

    /// By day in UTC (`2026-11-20`), the last 10,000 days that have records.
    pub fn by_day(&self) -> BTreeMap<String, DayStats> {
        self.by_day.list()
    }

    /// What the trail says that it lost. Where it lost something, the statistics are not whole.
    pub fn gaps(&self) -> &Gaps {
        &self.gaps
    }

    /// What could not be read. Where that is something, the statistics are not whole.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// Whether nothing is known to be missing: no gaps, nothing skipped.
    pub fn is_whole(&self) -> bool {
        self.gaps.lost() == 0 && self.skipped.count() == 0
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

fn is_failure(record: &Record) -> bool {
    matches!(
        record.outcome(),
        Outcome::Failure | Outcome::Denied | Outcome::Blocked | Outcome::Error
    )
}

fn is_failed_login(record: &Record) -> bool {
    match record.event() {
        "AUTH_FAILED" => true,
        "AUTH_LOGIN" => is_failure(record),
        _ => false,
    }
}

fn add_all(own: &mut [u64], other: &[u64]) {
    for (own, other) in own.iter_mut().zip(other) {
        own.absorb(other);
    }
}
