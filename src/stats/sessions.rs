use std::fmt;
use std::time::SystemTime;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::skipped::Skipped;
use super::table::{Distinct, Table, Tally};
use super::user;
use crate::clock::Micros;
use crate::error::Error;
use crate::floor::floor;
use crate::outcome::Outcome;
use crate::record::Record;
use crate::verify::report::{harmless, plural};

/// A longer text of a session is cut to so many bytes.
const TEXT: usize = 512;

/// The sessions of these records, or of what [`read`](crate::read()) gives, the earliest first. [`Sessions`] also says what was
/// left out.
///
/// # Examples
/// ```no_run
/// for session in tracing_audit::sessions(tracing_audit::read("logs")?) {
///     println!("{session}");
/// }
/// # Ok::<(), tracing_audit::Error>(())
/// ```
pub fn sessions<R>(records: impl IntoIterator<Item = R>) -> Vec<Session>
where
    Sessions: Extend<R>,
{
    let mut sessions = Sessions::new();
    sessions.extend(records);
    sessions.list()
}

/// Sessions, put together from the records that have a `session_id`.
///
/// A fold: give it records in their order. A session begins with its first record, whether that is a `SESSION_START` or not (it
/// may have been pruned), and ends with a `SESSION_END` or an `AUTH_LOGOUT`. A `SESSION_START` of one that has ended opens
/// it again: ids are taken to be one session's. User, address and program are the first that its records name.
///
/// Memory is bounded: of more sessions than 100,000, or than fit in 16 MiB, some are left out, which chance decides. Texts
/// beyond 512 bytes are cut.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    table: Table<State>,
    skipped: Skipped,
}

impl Sessions {
    /// Of no records.
    pub fn new() -> Sessions {
        Sessions::default()
    }

    /// Takes in a record, if it has a session.
    pub fn add(&mut self, record: &Record) {
        if let Some(id) = record.session_id() {
            self.table.change(id, |state| state.absorb(&State::of(record)));
        }
    }

    /// Takes in what could not be read, so that the sessions say that they may not be whole.
    pub fn add_damage(&mut self, damage: &Error) {
        self.skipped.add(damage);
    }

    /// Takes in the sessions of records that come behind these.
    pub fn merge(&mut self, later: Sessions) {
        self.table.merge(later.table);
        self.skipped.merge(&later.skipped);
    }

    /// How many there are, listed or not.
    pub fn distinct(&self) -> Distinct {
        self.table.distinct()
    }

    /// Records of sessions that are left out.
    pub fn other(&self) -> u64 {
        self.table.kept().other.records
    }

    /// What could not be read.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// The sessions: the earliest first, those of the same time by id.
    pub fn list(&self) -> Vec<Session> {
        let kept = self.table.kept().names.into_iter();
        let mut sessions: Vec<Session> = kept.filter_map(|(id, state)| state.session(id)).collect();
        sessions.sort_by(|one, two| (one.start, &one.id).cmp(&(two.start, &two.id)));
        sessions
    }
}

impl Extend<Record> for Sessions {
    fn extend<I: IntoIterator<Item = Record>>(&mut self, records: I) {
        records.into_iter().for_each(|record| self.add(&record));
    }
}

/// What a trail is read as: records, and damage.
impl Extend<Result<Record, Error>> for Sessions {
    fn extend<I: IntoIterator<Item = Result<Record, Error>>>(&mut self, records: I) {
        for record in records {
            match record {
                Ok(record) => self.add(&record),
                Err(damage) => self.add_damage(&damage),
            }
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
struct State {
    records: u64,
    failures: u64,
    start: Option<Micros>,
    last: Option<Micros>,
    begun: bool,
    ended: Option<(Micros, Outcome)>,
    user: Option<Box<str>>,
    ip: Option<Box<str>>,
    user_agent: Option<Box<str>>,
}

impl State {
    fn of(record: &Record) -> State {
        let ends = matches!(record.event(), "SESSION_END" | "AUTH_LOGOUT");
        State {
            records: 1,
            failures: u64::from(super::is_failure(record.outcome())),
            start: Some(record.head.time),
            last: Some(record.head.time),
            begun: record.event() == "SESSION_START",
            ended: ends.then_some((record.head.time, record.outcome())),
            user: user(record).map(cut),
            ip: record.ip().map(cut),
            user_agent: record.user_agent().map(cut),
        }
    }

    fn session(&self, id: &str) -> Option<Session> {
        Some(Session {
            id: id.to_owned(),
            user_id: self.user.as_deref().map(str::to_owned),
            ip: self.ip.as_deref().map(str::to_owned),
            user_agent: self.user_agent.as_deref().map(str::to_owned),
            start: self.start?.into(),
            begun: self.begun,
            end: self.ended.map(|(time, _)| time.into()),
            last: self.last?.into(),
            records: self.records,
            failures: self.failures,
            outcome: self.ended.map_or(Outcome::Unknown, |(_, outcome)| outcome),
        })
    }
}

impl Tally for State {
    /// The other one's records come behind.
    fn absorb(&mut self, later: &State) {
        self.records.absorb(&later.records);
        self.failures.absorb(&later.failures);
        self.start = self.start.into_iter().chain(later.start).min();
        self.last = self.last.max(later.last);
        if later.begun {
            (self.begun, self.ended) = (true, None);
        }
        self.ended = later.ended.or(self.ended);
        for (own, later) in [
            (&mut self.user, &later.user),
            (&mut self.ip, &later.ip),
            (&mut self.user_agent, &later.user_agent),
        ] {
            if own.is_none() {
                own.clone_from(later);
            }
        }
    }

    fn weight(&self) -> usize {
        let texts = [&self.user, &self.ip, &self.user_agent];
        size_of::<State>() + texts.into_iter().flatten().map(|text| text.len()).sum::<usize>()
    }
}

fn cut(text: &str) -> Box<str> {
    floor(text, TEXT).into()
}

/// One session. Made by [`sessions`] and [`Sessions`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// Its `session_id`.
    pub id: String,
    /// Whose: `user_id`, or `username` where there is no id.
    pub user_id: Option<String>,
    /// From which address.
    pub ip: Option<String>,
    /// With which program.
    pub user_agent: Option<String>,
    /// The earliest time of its records.
    pub start: SystemTime,
    /// Whether a `SESSION_START` was among them.
    pub begun: bool,
    /// When it ended; `None` while it has not.
    pub end: Option<SystemTime>,
    /// The latest time of its records.
    pub last: SystemTime,
    /// How many records it has.
    pub records: u64,
    /// How many of them have the outcome `failure`, `denied`, `blocked` or `error`.
    pub failures: u64,
    /// That of the record that ended it; `unknown` while it has not ended.
    pub outcome: Outcome,
}

impl fmt::Display for Session {
    /// One line for people. Nothing in it moves a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |time: SystemTime| Micros::from(time).to_string();
        write!(f, "{} {}", time(self.start), harmless(&self.id))?;
        for (name, value) in [("user", &self.user_id), ("ip", &self.ip)] {
            if let Some(value) = value {
                write!(f, " {name}={}", harmless(value))?;
            }
        }
        write!(f, " {}", plural(self.records, "record"))?;
        match self.end {
            Some(end) => write!(f, ", ended {} ({})", time(end), self.outcome),
            None => write!(f, ", open, last {}", time(self.last)),
        }
    }
}

impl Serialize for Session {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let time = |time: SystemTime| Micros::from(time).to_string();
        let mut fields = out.serialize_struct("Session", 11)?;
        fields.serialize_field("id", &self.id)?;
        fields.serialize_field("user_id", &self.user_id)?;
        fields.serialize_field("ip", &self.ip)?;
        fields.serialize_field("user_agent", &self.user_agent)?;
        fields.serialize_field("start", &time(self.start))?;
        fields.serialize_field("begun", &self.begun)?;
        fields.serialize_field("end", &self.end.map(time))?;
        fields.serialize_field("last", &time(self.last))?;
        fields.serialize_field("records", &self.records)?;
        fields.serialize_field("failures", &self.failures)?;
        fields.serialize_field("outcome", self.outcome.as_str())?;
        fields.end()
    }
}
