//! The keys of a record, and a record read back.

pub(crate) mod line;

use std::fmt;
use std::sync::OnceLock;
use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::event::{Category, EventType};
use crate::outcome::Outcome;
use crate::severity::Severity;
use line::{Head, Line, Member};

/// What stands behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A string; other scalars are written as strings, so that a column has one type.
    Text,
    /// A non-negative integer.
    Count,
    /// A finite number.
    Number,
    /// Any JSON.
    Any,
    /// Written by the trail alone.
    Own,
}

macro_rules! keys {
    ($($variant:ident $name:literal $kind:ident $span:literal;)*) => {
        /// The keys of a record, in the order in which they stand in a line.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub(crate) enum Key { $($variant,)* }

        impl Key {
            pub(crate) const ALL: &'static [Key] = &[$(Key::$variant,)*];

            /// The spelling in a line.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Key::$variant => $name,)* }
            }

            /// The key with its punctuation, as it stands behind another member: `,"user_id":`.
            pub(crate) const fn member(self) -> &'static str {
                match self { $(Key::$variant => concat!(",\"", $name, "\":"),)* }
            }

            pub(crate) const fn kind(self) -> Kind {
                match self { $(Key::$variant => Kind::$kind,)* }
            }

            /// Whether a span may give the value. Spans hold every argument of an `#[instrument]`ed function by its
            /// `Debug` text; only identity and request names may come from there.
            pub(crate) const fn spans_give(self) -> bool {
                match self { $(Key::$variant => $span,)* }
            }
        }
    };
}

keys! {
    Seq "seq" Own false;
    Time "time" Own false;
    Occurred "occurred" Own false;
    Event "event" Own false;
    Category "category" Own false;
    Severity "severity" Own false;
    Outcome "outcome" Own false;
    UserId "user_id" Text true;
    Username "username" Text true;
    SessionId "session_id" Text true;
    Ip "ip" Text true;
    UserAgent "user_agent" Text true;
    Tenant "tenant" Text true;
    ApiKeyPrefix "api_key_prefix" Text false;
    Action "action" Text true;
    Resource "resource" Text true;
    ResourceType "resource_type" Text true;
    ResourceId "resource_id" Text true;
    Old "old" Any false;
    New "new" Any false;
    Method "method" Text true;
    Route "route" Text true;
    Path "path" Text true;
    StatusCode "status_code" Count true;
    DurationMs "duration_ms" Number false;
    RequestBytes "request_bytes" Count false;
    ResponseBytes "response_bytes" Count false;
    BodySha256 "body_sha256" Text false;
    RequestId "request_id" Text true;
    TraceId "trace_id" Text true;
    SpanId "span_id" Text true;
    Mfa "mfa" Text false;
    Reason "reason" Text false;
    Message "message" Text false;
    Error "error" Text false;
    Metadata "metadata" Own false;
    Truncated "truncated" Own false;
    Redacted "redacted" Own false;
    Salt "salt" Own false;
    Flagged "flagged" Own false;
    SuspiciousReason "suspicious_reason" Own false;
    Rule "rule" Own false;
    Tag "tag" Own false;
    Seal "seal" Own false;
}

impl Key {
    pub(crate) const COUNT: usize = Key::ALL.len();

    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Whether any string will do.
    pub(crate) const fn takes_strings(self) -> bool {
        matches!(self.kind(), Kind::Text | Kind::Any) && !matches!(self, Key::BodySha256)
    }

    /// The key with exactly this spelling.
    pub(crate) fn from_str(name: &str) -> Option<Key> {
        Key::ALL.iter().copied().find(|key| key.as_str() == name)
    }
}

/// A set of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeySet(pub(crate) u64);

const _: () = assert!(Key::COUNT <= 64);

impl KeySet {
    pub(crate) fn insert(&mut self, key: Key) {
        self.0 |= 1 << key.index();
    }

    pub(crate) fn remove(&mut self, key: Key) {
        self.0 &= !(1 << key.index());
    }

    pub(crate) fn has(self, key: Key) -> bool {
        self.0 & (1 << key.index()) != 0
    }
}

/// One record read back from a trail.
///
/// Keys have the names of the line; what is not in the line is `None`. It keeps the line, which was read strictly, and makes
/// values of it when the first is asked for ([`get`](Record::get), [`metadata`](Record::metadata), [`old`](Record::old)); texts
/// and numbers that have a method of their own do without.
#[derive(Clone)]
pub struct Record {
    pub(crate) head: Head,
    /// The line that it was read from.
    text: Box<str>,
    members: Box<[Member]>,
    /// Every other member but the frame, in the order of the line, once somebody has asked for a value.
    values: OnceLock<Box<[(String, Value)]>>,
}

macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident $key:ident;)*) => {
        $(
            $(#[$meta])*
            pub fn $name(&self) -> Option<&str> {
                self.text(Key::$key)
            }
        )*
    };
}

impl Record {
    /// Position in the trail, from 1, without holes.
    pub fn seq(&self) -> u64 {
        self.head.seq
    }

    /// When the call was made, to the microsecond, in UTC.
    pub fn time(&self) -> SystemTime {
        self.head.time.into()
    }

    /// When the event happened, where that differs from [`time`](Record::time): a replay, an import.
    pub fn occurred(&self) -> Option<SystemTime> {
        self.head.occurred.map(SystemTime::from)
    }

    /// The event's name, such as `AUTH_LOGIN`.
    pub fn event(&self) -> &str {
        self.line().event()
    }

    /// The event's type, where it is one of the table.
    pub fn event_type(&self) -> Option<EventType> {
        EventType::from_name(self.event()).filter(|event| event.name() == self.event())
    }

    /// The category.
    pub fn category(&self) -> Category {
        self.head.category
    }

    /// The severity.
    pub fn severity(&self) -> Severity {
        self.head.severity
    }

    /// The outcome.
    pub fn outcome(&self) -> Outcome {
        self.head.outcome
    }

    texts! {
        /// Who: a stable id.
        user_id UserId;
        /// Who: the name they go by.
        username Username;
        /// Their session.
        session_id SessionId;
        /// From where: an IP address.
        ip Ip;
        /// With what program.
        user_agent UserAgent;
        /// For which tenant.
        tenant Tenant;
        /// The first characters of the API key that was used.
        api_key_prefix ApiKeyPrefix;
        /// What was done, in the caller's words.
        action Action;
        /// What it was done to.
        resource Resource;
        /// The kind of thing it was done to.
        resource_type ResourceType;
        /// The id of the thing it was done to.
        resource_id ResourceId;
        /// The request's method.
        method Method;
        /// The matched route.
        route Route;
        /// The request's path.
        path Path;
        /// SHA-256 of the request's body, in hex.
        body_sha256 BodySha256;
        /// The request.
        request_id RequestId;
        /// The W3C trace.
        trace_id TraceId;
        /// The W3C span.
        span_id SpanId;
        /// The second factor that was used.
        mfa Mfa;
        /// Why.
        reason Reason;
        /// The message.
        message Message;
        /// The error, with its causes.
        error Error;
        /// Why a rule found it suspicious.
        suspicious_reason SuspiciousReason;
        /// The rule that flagged it.
        rule Rule;
    }

    /// The value before the change.
    pub fn old(&self) -> Option<&Value> {
        self.get("old")
    }

    /// The value after the change.
    #[expect(clippy::new_ret_no_self, reason = "the name of the key")]
    pub fn new(&self) -> Option<&Value> {
        self.get("new")
    }

    /// The response's status.
    pub fn status_code(&self) -> Option<u64> {
        self.line().count(Key::StatusCode)
    }

    /// How long it took, in milliseconds.
    pub fn duration_ms(&self) -> Option<f64> {
        self.line().number(Key::DurationMs)
    }

    /// Whether a rule flagged it.
    pub fn flagged(&self) -> bool {
        self.line().flagged()
    }

    /// The fields that have no key of their own.
    pub fn metadata(&self) -> Option<&Map<String, Value>> {
        self.get("metadata").and_then(Value::as_object)
    }

    /// What was redacted and why, as `key:class`.
    pub fn redacted(&self) -> impl Iterator<Item = &str> {
        self.get("redacted")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    /// Any member of the line by its name, the seven leading ones and the frame apart.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let member = self.members().iter().find(|(name, _)| name == key);
        member.map(|(_, value)| value)
    }

    /// Every member but the leading seven and the frame, in the order of the line.
    pub(crate) fn members(&self) -> &[(String, Value)] {
        self.values.get_or_init(|| self.line().values().collect())
    }

    pub(crate) fn line(&self) -> Line<'_> {
        Line {
            text: &self.text,
            head: self.head,
            members: &self.members,
        }
    }

    /// Bytes that it takes, about, until a value is made.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Record>() + self.text.len() + size_of_val(&*self.members)
    }

    /// A text without the other values, unless it has to be unescaped and kept.
    fn text(&self, key: Key) -> Option<&str> {
        let member = self.line().find(key)?;
        member
            .plain(&self.text)
            .or_else(|| self.get(key.as_str()).and_then(Value::as_str))
    }
}

impl From<Line<'_>> for Record {
    fn from(line: Line<'_>) -> Record {
        Record {
            head: line.head,
            text: line.text.into(),
            members: line.members.into(),
            values: OnceLock::new(),
        }
    }
}

/// What they say is the same. Where they stand in the chain does not matter, nor how a value is spelled.
impl PartialEq for Record {
    fn eq(&self, other: &Record) -> bool {
        // The name of the event is compared as it reads, wherever it stands.
        let head = Head {
            event: self.head.event,
            ..other.head
        };
        self.head == head
            && self.event() == other.event()
            && (self.line().body() == other.line().body() || self.members() == other.members())
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("seq", &self.head.seq)
            .field("time", &self.head.time)
            .field("occurred", &self.head.occurred)
            .field("event", &self.event())
            .field("category", &self.head.category)
            .field("severity", &self.head.severity)
            .field("outcome", &self.head.outcome)
            .field("members", &self.members())
            .finish()
    }
}

impl fmt::Display for Record {
    /// One line for people. Control characters are escaped, so that it is safe on a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {} {} {}",
            self.head.seq,
            self.head.time,
            self.head.severity,
            self.event(),
            self.head.outcome
        )?;
        for (key, value) in self.members() {
            match value {
                Value::String(text)
                    if text.contains(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '=')) =>
                {
                    write!(f, " {key}={}", Shown(&Value::from(text.as_str()).to_string()))?;
                }
                Value::String(text) => write!(f, " {key}={}", Shown(text))?,
                other => write!(f, " {key}={}", Shown(&other.to_string()))?,
            }
        }
        Ok(())
    }
}

/// A text without anything that a terminal would obey: controls and what turns the direction of writing.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        self.0.chars().try_for_each(|letter| match letter {
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                write!(f, "{}", letter.escape_unicode())
            }
            letter if letter.is_control() => write!(f, "{}", letter.escape_default()),
            letter => f.write_char(letter),
        })
    }
}
