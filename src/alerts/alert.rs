//! An alert: something that somebody should look at, from its raising to its end.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use serde_json::{Map, Value};

use crate::clock::Micros;
use crate::detect::{AlertType, Priority, named};
use crate::error::Error;

/// Something that a [`Rule`](crate::Rule) found and that somebody should look at.
///
/// An alert is a fold over records: `ALERT_RAISED`, `ALERT_ACKNOWLEDGED` and `ALERT_RESOLVED` in the trail say all that is in
/// it, so it survives a restart. It carries nothing that the redaction policy removed, for rules see records behind the
/// redaction. Serialized, its members have the names of the fields here, `kind` is `type`, times are RFC 3339, and
/// `escalation` is the level at that moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Alert {
    /// Names it within its trail, short enough to be typed: the run that raised it and a number, such as `12-3`.
    pub id: String,
    /// The rule that found it, such as `failed_logins`.
    pub rule: String,
    /// What it is about.
    pub kind: AlertType,
    /// How soon somebody should look.
    pub priority: Priority,
    /// Which user, address or other thing, such as `203.0.113.7`; empty where the rule is about all of them. One of more than 256
    /// bytes is cut to end in `#` and 16 hexadecimal digits of its SHA-256.
    pub key: String,
    /// What the key is: `user`, `ip`, or what a rule of the program's own says; empty where there is no key.
    pub key_kind: String,
    /// One sentence for people.
    pub message: String,
    /// What else the rule said: its threshold, its window.
    pub context: Map<String, Value>,
    /// When it was raised, by the writer's clock.
    pub raised: SystemTime,
    /// The own time of the first and the last record that counted, as far as is known, but not later than these came: the first is
    /// never behind `raised`.
    pub first: SystemTime,
    /// See `first`.
    pub last: SystemTime,
    /// How many findings it stands for: one alert a key and window, however many records.
    pub count: u64,
    /// What has become of it.
    pub status: AlertStatus,
    /// Who took it on, when, and what was said; also of an alert that was resolved since.
    pub acknowledged: Option<Response>,
    /// Who or what ended it.
    pub resolved: Option<Response>,
}

/// What has become of an [`Alert`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AlertStatus {
    /// Nobody has taken it on.
    #[default]
    Active,
    /// Somebody has.
    Acknowledged,
    /// It is over.
    Resolved,
}

/// What somebody did about an [`Alert`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// Who: a person, or `tracing-audit` where the trail itself ended it.
    pub by: String,
    /// When, by the writer's clock.
    pub at: SystemTime,
    /// What was said; may be empty.
    pub note: String,
}

/// Who should know of an [`Alert`] by now: rises with its age for as long as nobody takes it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Escalation {
    /// Up to 5 minutes: who is on duty, by mail.
    Duty,
    /// 5 to 15 minutes: who is on call, by message.
    OnCall,
    /// 15 to 60 minutes: the team.
    Team,
    /// From an hour on: who is responsible.
    Management,
}

impl Alert {
    /// The name under which the trail itself ends alerts.
    pub const TRAIL: &'static str = "tracing-audit";

    /// By when it was raised: of the same moment, by the run and the number within it.
    pub(super) fn order(&self) -> (SystemTime, Option<(u64, u64)>) {
        let number = self.id.split_once('-');
        let number = number.and_then(|(run, number)| Some((run.parse().ok()?, number.parse().ok()?)));
        (self.raised, number)
    }

    /// Whether it is not over.
    pub fn is_open(&self) -> bool {
        self.status != AlertStatus::Resolved
    }

    /// How old it was when it was taken on or ended, or is at `now`.
    pub fn age(&self, now: SystemTime) -> Duration {
        let responses = [&self.acknowledged, &self.resolved].into_iter().flatten();
        let until = responses.map(|response| response.at).min().unwrap_or(now);
        until.duration_since(self.raised).unwrap_or_default()
    }

    /// Who should know of it by `now`. It stays where it was when somebody took it on.
    pub fn escalation(&self, now: SystemTime) -> Escalation {
        Escalation::after(self.age(now))
    }
}

impl AlertStatus {
    /// All of them.
    pub const ALL: [AlertStatus; 3] = [AlertStatus::Active, AlertStatus::Acknowledged, AlertStatus::Resolved];

    /// `active`, `acknowledged` or `resolved`.
    pub const fn as_str(self) -> &'static str {
        match self {
            AlertStatus::Active => "active",
            AlertStatus::Acknowledged => "acknowledged",
            AlertStatus::Resolved => "resolved",
        }
    }
}

impl Escalation {
    /// The level of something that nobody has looked at for so long.
    pub const fn after(age: Duration) -> Escalation {
        match age.as_secs() {
            0..300 => Escalation::Duty,
            300..900 => Escalation::OnCall,
            900..3_600 => Escalation::Team,
            _ => Escalation::Management,
        }
    }

    /// 1 to 4.
    pub const fn level(self) -> u8 {
        match self {
            Escalation::Duty => 1,
            Escalation::OnCall => 2,
            Escalation::Team => 3,
            Escalation::Management => 4,
        }
    }

    /// `duty`, `on_call`, `team` or `management`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Escalation::Duty => "duty",
            Escalation::OnCall => "on_call",
            Escalation::Team => "team",
            Escalation::Management => "management",
        }
    }
}

impl fmt::Display for AlertStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for AlertStatus {
    type Err = Error;

    /// Reads `active`, `acknowledged` or `resolved`, in whatever case.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) for another name.
    fn from_str(name: &str) -> Result<AlertStatus, Error> {
        named(&AlertStatus::ALL, AlertStatus::as_str, name, "an alert's status")
    }
}

impl fmt::Display for Escalation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One line for people: `12-3 high failed_logins ip 203.0.113.7: 5 failed logins within 15 min (active, 7 times)`.
impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Alert { id, priority, rule, .. } = self;
        write!(f, "{id} {priority} {rule}")?;
        for word in [&self.key_kind, &self.key].into_iter().filter(|word| !word.is_empty()) {
            // What a terminal would act on stays words.
            write!(f, " {}", word.escape_debug())?;
        }
        write!(f, ": {} ({}, ", self.message.escape_debug(), self.status)?;
        match self.count {
            1 => f.write_str("once)"),
            count => write!(f, "{count} times)"),
        }
    }
}

impl Serialize for Alert {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = |at: SystemTime| Micros::from(at).to_string();
        let mut object = serializer.serialize_struct("Alert", 16)?;
        object.serialize_field("id", &self.id)?;
        object.serialize_field("rule", &self.rule)?;
        object.serialize_field("type", self.kind.as_str())?;
        object.serialize_field("priority", self.priority.as_str())?;
        object.serialize_field("key", &self.key)?;
        object.serialize_field("key_kind", &self.key_kind)?;
        object.serialize_field("message", &self.message)?;
        object.serialize_field("context", &self.context)?;
        object.serialize_field("raised", &time(self.raised))?;
        object.serialize_field("first", &time(self.first))?;
        object.serialize_field("last", &time(self.last))?;
        object.serialize_field("count", &self.count)?;
        object.serialize_field("status", self.status.as_str())?;
        object.serialize_field("escalation", &self.escalation(SystemTime::now()).level())?;
        object.serialize_field("acknowledged", &self.acknowledged)?;
        object.serialize_field("resolved", &self.resolved)?;
        object.end()
    }
}

impl Serialize for Response {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Response", 3)?;
        object.serialize_field("by", &self.by)?;
        object.serialize_field("at", &Micros::from(self.at).to_string())?;
        object.serialize_field("note", &self.note)?;
        object.end()
    }
}
