use std::collections::VecDeque;
use std::fmt;
use std::time::SystemTime;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::ranking::Ranking;
use super::skipped::Skipped;
use super::table::{Distinct, Table, Tally as _};
use super::{add_all, is_failure, json};
use crate::clock::Micros;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::record::Record;
use crate::verify::report::{harmless, plural};

/// So many records are kept where nothing else is said.
const RECENT: usize = 20;

/// What one user did.
///
/// A fold: it takes every record and counts those whose `user_id` or `username` is the user's name, case and all. (Statistics
/// count a record once, by its `user_id` where it has one; who looks for a name wants the records that have both.)
///
/// Memory is bounded as that of [`Stats`](crate::Stats), beside the records that it keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    user: String,
    records: u64,
    first: Option<Micros>,
    last: Option<Micros>,
    failures: u64,
    by_event: Table<u64>,
    by_outcome: [u64; Outcome::ALL.len()],
    ips: Table<u64>,
    sessions: Table<u64>,
    keep: usize,
    recent: VecDeque<Record>,
    skipped: Skipped,
}

/// What one user did, of these records, or of what [`read`](crate::read()) gives.
///
/// # Examples
/// ```no_run
/// println!("{}", tracing_audit::user_activity(tracing_audit::read("logs")?, "alice"));
/// # Ok::<(), tracing_audit::Error>(())
/// ```
pub fn user_activity<R>(records: impl IntoIterator<Item = R>, user: &str) -> Activity
where
    Activity: Extend<R>,
{
    let mut activity = Activity::new(user);
    activity.extend(records);
    activity
}

impl Activity {
    /// Of a user, by `user_id` or `username`.
    pub fn new(user: &str) -> Activity {
        Activity {
            user: user.to_owned(),
            records: 0,
            first: None,
            last: None,
            failures: 0,
            by_event: Table::default(),
            by_outcome: [0; Outcome::ALL.len()],
            ips: Table::default(),
            sessions: Table::default(),
            keep: RECENT,
            recent: VecDeque::new(),
            skipped: Skipped::default(),
        }
    }

    /// Keeps the last so many records; 20 where nothing is said.
    #[must_use]
    pub fn keep(mut self, records: usize) -> Activity {
        self.keep = records;
        while self.recent.len() > records {
            self.recent.pop_front();
        }
        self
    }

    /// Takes in a record, if it is this user's.
    pub fn add(&mut self, record: &Record) {
        let user = Some(self.user.as_str());
        if record.user_id() != user && record.username() != user {
            return;
        }
        self.records.absorb(&1);
        self.first = self.first.min(Some(record.head.time)).or(Some(record.head.time));
        self.last = self.last.max(Some(record.head.time));
        self.failures.absorb(&u64::from(is_failure(record.outcome())));
        self.by_event.change(record.event(), |count| count.absorb(&1));
        if let Some(count) = self.by_outcome.get_mut(record.outcome().index()) {
            count.absorb(&1);
        }
        for (table, name) in [(&mut self.ips, record.ip()), (&mut self.sessions, record.session_id())] {
            if let Some(name) = name {
                table.change(name, |count| count.absorb(&1));
            }
        }
        if self.keep > 0 {
            if self.recent.len() == self.keep {
                self.recent.pop_front();
            }
            self.recent.push_back(record.clone());
        }
    }

    /// Takes in what could not be read, so that the activity says that it may not be whole.
    pub fn add_damage(&mut self, damage: &Error) {
        self.skipped.add(damage);
    }

    /// Takes in what the same user did in records that come behind these.
    pub fn merge(&mut self, later: Activity) {
        self.records.absorb(&later.records);
        self.first = self.first.into_iter().chain(later.first).min();
        self.last = self.last.max(later.last);
        self.failures.absorb(&later.failures);
        self.by_event.merge(later.by_event);
        add_all(&mut self.by_outcome, &later.by_outcome);
        self.ips.merge(later.ips);
        self.sessions.merge(later.sessions);
        self.skipped.merge(&later.skipped);
        self.recent.extend(later.recent);
        while self.recent.len() > self.keep {
            self.recent.pop_front();
        }
    }

    /// Who.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// How many records.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The earliest time of one.
    pub fn first(&self) -> Option<SystemTime> {
        self.first.map(SystemTime::from)
    }

    /// The latest time of one.
    pub fn last(&self) -> Option<SystemTime> {
        self.last.map(SystemTime::from)
    }

    /// How many have the outcome `failure`, `denied`, `blocked` or `error`.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// Records by the event's name.
    pub fn by_event(&self) -> Ranking<'_> {
        Ranking::of_table(&self.by_event)
    }

    /// Records by outcome.
    pub fn by_outcome(&self) -> Ranking<'_> {
        Ranking::of(Outcome::ALL.map(Outcome::as_str), &self.by_outcome)
    }

    /// Records by address.
    pub fn ips(&self) -> Ranking<'_> {
        Ranking::of_table(&self.ips)
    }

    /// Records by session.
    pub fn sessions(&self) -> Ranking<'_> {
        Ranking::of_table(&self.sessions)
    }

    /// What could not be read. Nobody knows whose records those were.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// The last records, in the order in which they came.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = &Record> + ExactSizeIterator {
        self.recent.iter()
    }
}

impl Extend<Record> for Activity {
    fn extend<I: IntoIterator<Item = Record>>(&mut self, records: I) {
        records.into_iter().for_each(|record| self.add(&record));
    }
}

/// What a trail is read as: records, and damage.
impl Extend<Result<Record, Error>> for Activity {
    fn extend<I: IntoIterator<Item = Result<Record, Error>>>(&mut self, records: I) {
        for record in records {
            match record {
                Ok(record) => self.add(&record),
                Err(damage) => self.add_damage(&damage),
            }
        }
    }
}

impl fmt::Display for Activity {
    /// A table, and the last records. Nothing in it moves a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", harmless(&self.user), plural(self.records, "record"))?;
        if let (Some(first), Some(last)) = (self.first, self.last) {
            write!(f, ", {first} to {last}")?;
        }
        let different = |distinct: Distinct| distinct.to_string();
        write!(
            f,
            "\n{}, addresses {}, sessions {}",
            plural(self.failures, "failure"),
            different(self.ips.distinct()),
            different(self.sessions.distinct()),
        )?;
        self.skipped.show(f)?;
        for (title, ranking) in [
            ("event", self.by_event()),
            ("outcome", self.by_outcome()),
            ("address", self.ips()),
            ("session", self.sessions()),
        ] {
            super::show::list(f, title, ranking)?;
        }
        if !self.recent.is_empty() {
            write!(f, "\n\nlast {}", plural(self.recent.len() as u64, "record"))?;
        }
        self.recent.iter().try_for_each(|record| write!(f, "\n  {record}"))
    }
}

impl Serialize for Activity {
    /// Of the last records their numbers. All names: [`Activity::top`] has the first.
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.with_names(out, |table| table)
    }
}

impl Activity {
    /// Writes it, each of its tables as `names` has it.
    pub(super) fn with_names<'a, S: Serializer, N: Serialize>(
        &'a self,
        out: S,
        names: impl Fn(&'a Table<u64>) -> N,
    ) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Outcomes<'a>(#[serde(serialize_with = "json::outcomes::serialize")] &'a [u64]);
        let time = |time: Option<Micros>| time.map(|time| time.to_string());
        let mut fields = out.serialize_struct("Activity", 11)?;
        fields.serialize_field("user", &self.user)?;
        fields.serialize_field("records", &self.records)?;
        fields.serialize_field("first", &time(self.first))?;
        fields.serialize_field("last", &time(self.last))?;
        fields.serialize_field("failures", &self.failures)?;
        fields.serialize_field("by_event", &names(&self.by_event))?;
        fields.serialize_field("by_outcome", &Outcomes(&self.by_outcome))?;
        fields.serialize_field("ips", &names(&self.ips))?;
        fields.serialize_field("sessions", &names(&self.sessions))?;
        fields.serialize_field("skipped", &self.skipped)?;
        let seqs: Vec<u64> = self.recent.iter().map(Record::seq).collect();
        fields.serialize_field("recent", &seqs)?;
        fields.end()
    }
}
