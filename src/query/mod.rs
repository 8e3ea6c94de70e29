//! Asking a trail: which of its records meet some conditions, newest or oldest first, page by page.
//!
//! A question is a value ([`Query`]). What every line that meets it must contain is looked for in the bytes of the files
//! (`sieve`); only a line that has it is parsed and asked (`condition`). Files are read in pieces from either end (`pieces`),
//! one file is one `scan`, and `found` puts the scans in order, on threads of its own where that pays (`pool`).

mod condition;
mod cursor;
mod found;
mod neighbours;
mod pieces;
mod pool;
#[cfg(test)]
mod promises;
mod scan;
mod sieve;
mod weight;
mod window;

use std::fmt;
use std::path::Path;
use std::time::SystemTime;

use crate::error::Error;
use crate::event::{Category, EventType};
use crate::outcome::Outcome;
use crate::record::Record;
use crate::record::line::Line;
use crate::severity::Severity;
pub(crate) use condition::{Part, Wanted};
pub use cursor::Cursor;
pub use found::{Found, FoundLines};

/// A question to a trail: the records that meet all of its conditions.
///
/// ```no_run
/// use std::time::{Duration, SystemTime};
/// use tracing_audit::{Query, Severity};
///
/// let question = Query::new()
///     .user("alice")
///     .event("login_failed")
///     .at_least(Severity::Medium)
///     .since(SystemTime::now() - Duration::from_secs(7 * 86_400));
/// for record in question.entries("logs")? {
///     match record {
///         Ok(record) => println!("{record}"),
///         Err(skipped) => eprintln!("{skipped}"),
///     }
/// }
/// # Ok::<(), tracing_audit::Error>(())
/// ```
///
/// Without conditions it is every record. The newest come first, 100 of them, unless something else is said. Order is that of
/// the numbers (`seq`): times need not rise where a clock was set.
///
/// **A query proves nothing.** It believes lines because of where they stand, and hashes none of them; it does not notice a
/// line that was changed or taken out, nor one that is spelled as no trail spells it (docs/FORMAT.md, "Spelling").
/// [`verify`](fn@crate::verify) does. What it gives is parsed strictly, and its numbers rise (or fall) within what its file may
/// hold.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a question is asked with `entries`"]
pub struct Query {
    pub(crate) since: Option<SystemTime>,
    pub(crate) until: Option<SystemTime>,
    pub(crate) events: Vec<String>,
    pub(crate) categories: Vec<Category>,
    pub(crate) severities: Vec<Severity>,
    pub(crate) least: Option<Severity>,
    pub(crate) outcome: Option<Outcome>,
    /// In the order in which they were asked; each part once.
    pub(crate) parts: Vec<Wanted>,
    pub(crate) flagged: Option<bool>,
    pub(crate) texts: Vec<String>,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) order: Order,
    pub(crate) limit: Option<u64>,
    pub(crate) cursor: Option<Cursor>,
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// The record with the greatest number.
    #[default]
    Newest,
    /// The record with the least number.
    Oldest,
}

/// What is given where nobody says how much.
const LIMIT: u64 = 100;

impl Default for Query {
    fn default() -> Query {
        Query {
            since: None,
            until: None,
            events: Vec::new(),
            categories: Vec::new(),
            severities: Vec::new(),
            least: None,
            outcome: None,
            parts: Vec::new(),
            flagged: None,
            texts: Vec::new(),
            fields: Vec::new(),
            order: Order::Newest,
            limit: Some(LIMIT),
            cursor: None,
        }
    }
}

macro_rules! setters {
    ($type:ident) => {
        /// Only what was recorded at this time or later (`time`, not `occurred`).
        pub fn since(self, time: SystemTime) -> $type {
            self.change(|query| query.since = Some(time))
        }

        /// Only what was recorded before this time.
        pub fn until(self, time: SystemTime) -> $type {
            self.change(|query| query.until = Some(time))
        }

        /// Only records whose `user_id` or `username` is this.
        pub fn user(self, user: impl Into<String>) -> $type {
            self.part(Part::User, user.into())
        }

        /// Only this event; asked for several, any of them. The names that [`EventType::from_name`](crate::EventType::from_name)
        /// knows mean the same here (`login_failed`); case and `-`, `.`, `_` do not matter in any name.
        pub fn event(self, event: impl Into<String>) -> $type {
            let name = $crate::query::event_name(&event.into());
            self.change(|query| query.events.push(name))
        }

        /// Only this category; asked for several, any of them.
        pub fn category(self, category: Category) -> $type {
            self.change(|query| query.categories.push(category))
        }

        /// Only this severity; asked for several, any of them.
        pub fn severity(self, severity: Severity) -> $type {
            self.change(|query| query.severities.push(severity))
        }

        /// Only this severity and those above it.
        pub fn at_least(self, severity: Severity) -> $type {
            self.change(|query| query.least = Some(severity))
        }

        /// Only this outcome.
        pub fn outcome(self, outcome: Outcome) -> $type {
            self.change(|query| query.outcome = Some(outcome))
        }

        /// Only records from this address: those that spell it as it is asked for here, or plainly (`[2001:db8:0::1]:443` finds
        /// `2001:db8::1` too, and `::ffff:192.0.2.1` finds `192.0.2.1`). Other spellings in records have to be asked for.
        pub fn ip(self, ip: impl Into<String>) -> $type {
            self.part(Part::Ip, ip.into())
        }

        /// Only records of this session.
        pub fn session(self, session: impl Into<String>) -> $type {
            self.part(Part::Session, session.into())
        }

        /// Only records whose `resource`, `resource_type` or `resource_id` is this.
        pub fn resource(self, resource: impl Into<String>) -> $type {
            self.part(Part::Resource, resource.into())
        }

        /// Only records whose `resource_type` is this.
        pub fn resource_type(self, kind: impl Into<String>) -> $type {
            self.part(Part::ResourceType, kind.into())
        }

        /// Only records whose `resource_id` is this.
        pub fn resource_id(self, id: impl Into<String>) -> $type {
            self.part(Part::ResourceId, id.into())
        }

        /// Only records whose `request_id` or `trace_id` is this.
        pub fn request(self, request: impl Into<String>) -> $type {
            self.part(Part::Request, request.into())
        }

        /// Only records for this tenant.
        pub fn tenant(self, tenant: impl Into<String>) -> $type {
            self.part(Part::Tenant, tenant.into())
        }

        /// Only records of this matched route.
        pub fn route(self, route: impl Into<String>) -> $type {
            self.part(Part::Route, route.into())
        }

        /// Only records that a rule flagged, or only the others.
        pub fn flagged(self, flagged: bool) -> $type {
            self.change(|query| query.flagged = Some(flagged))
        }

        /// Only records that have this text in one of their strings: the event's name, or a value at any depth. Names of
        /// members, numbers and the salt are not looked at. **Case matters.** Asked for several, all of them must be there.
        pub fn text(self, text: impl Into<String>) -> $type {
            let text = text.into();
            self.change(|query| query.texts.push(text))
        }

        /// Only records whose member of this name is this, a member of the record or one of its `metadata` (which may be asked
        /// for as `metadata.NAME` too): a string that is equal, a number of the same value, `true` or `false`. Asked for several,
        /// all of them must be so. The members that a record begins and ends with are as they stand in its line (`seq`, `time`,
        /// `event`, `category`, `severity`, `outcome`, `tag`); of these names only `metadata.NAME` asks the metadata.
        pub fn field(self, name: impl Into<String>, value: impl fmt::Display) -> $type {
            let field = (name.into(), value.to_string());
            self.change(|query| query.fields.push(field))
        }

        /// Which end comes first; the newest if nothing is said.
        pub fn order(self, order: Order) -> $type {
            self.change(|query| query.order = order)
        }

        /// No more than this many records; 100 if nothing is said.
        pub fn limit(self, records: u64) -> $type {
            self.change(|query| query.limit = Some(records))
        }

        /// As many records as there are.
        pub fn unlimited(self) -> $type {
            self.change(|query| query.limit = None)
        }

        /// Goes on behind where another answer to the same question stopped ([`Found::next_page`](crate::Found::next_page)), in
        /// its order.
        pub fn cursor(self, cursor: Cursor) -> $type {
            self.change(|query| query.cursor = Some(cursor))
        }
    };
}
pub(crate) use setters;

impl Query {
    /// Every record, the newest first, 100 of them.
    pub fn new() -> Query {
        Query::default()
    }

    setters!(Query);

    /// Reads the answer from a directory.
    ///
    /// **Nobody is told.** This is the floor below [`Trail::query`](crate::Trail::query), which has the running trail record
    /// who asked what.
    ///
    /// What is there at the call is read, whatever a writer adds meanwhile; a half line at the end is no record, and a file that
    /// retention removes meanwhile is passed over. Where a file is missing or damaged an item says so in its place, and the
    /// answer goes on. **With conditions, lines that cannot meet them are passed over unread, damaged ones as well**: of these
    /// only what is missing is said, and what is wrong with lines that had to be read. A question without conditions and limit reads
    /// them all and says which are damaged; [`verify`](fn@crate::verify) alone finds what was changed, too. Memory is bounded (some 64 MiB with the longest lines and four threads; a few MiB for an ordinary
    /// trail), however long the trail is. A compressed file is read from its begin alone: newest first, one pass keeps the last
    /// of what it finds, at most 8 MiB, and where that is not all of it the file is read again for what stands before.
    ///
    /// # Errors
    /// The directory cannot be read, or holds files that this build cannot read.
    pub fn entries(&self, dir: impl AsRef<Path>) -> Result<Found, Error> {
        Found::begin(self, dir.as_ref())
    }

    /// Whether a record meets the conditions. Order, limit and cursor are none.
    pub fn matches(&self, record: &Record) -> bool {
        self.is_met_by(&record.line())
    }

    fn is_met_by(&self, line: &Line<'_>) -> bool {
        condition::all(self, line)
    }

    fn change(mut self, change: impl FnOnce(&mut Query)) -> Query {
        change(&mut self);
        self
    }

    fn part(self, part: Part, value: String) -> Query {
        self.change(|query| query.set_part(part, value))
    }

    /// The last word counts.
    pub(crate) fn set_part(&mut self, part: Part, value: String) {
        self.parts.retain(|known| known.part != part);
        self.parts.push(Wanted::new(part, value));
    }

    /// Which end comes first: a cursor knows.
    pub(crate) fn direction(&self) -> Order {
        self.cursor.map_or(self.order, Cursor::order)
    }
}

/// The name of an event as it stands in records.
pub(crate) fn event_name(given: &str) -> String {
    match EventType::from_name(given) {
        Some(event) => event.name().to_owned(),
        None => given.to_ascii_uppercase().replace(['-', '.'], "_"),
    }
}
