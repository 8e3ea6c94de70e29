//! A question to a running trail, which records who asked what before it answers.

mod alerts;
#[cfg(feature = "export")]
mod export;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use crate::clock::Micros;
use crate::draft::Draft;
use crate::error::Error;
use crate::event::{Category, EventType, events};
use crate::outcome::Outcome;
use crate::query::{self, Cursor, Found, Order, Part, Query, Wanted};
use crate::severity::Severity;
use crate::sync::Instant;
use crate::trail::Trail;

impl Trail {
    /// Begins a question to this trail, asked by `actor`. Reading an audit trail is an act like any other: who asked what is
    /// recorded as `AUDIT_READ` before anything is read.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # let trail = tracing_audit::Trail::builder(home.path().join("logs")).detached().build()?;
    /// use tracing_audit::{Severity, events};
    ///
    /// trail.record(events::USER_DELETE, |record| record.user_id("alice").resource("users/7"));
    /// trail.flush()?;
    /// let question = trail.query("auditor@example.org").user("alice").at_least(Severity::High);
    /// for record in question.entries()? {
    ///     assert_eq!(record?.resource(), Some("users/7"));
    /// }
    /// # Ok::<(), tracing_audit::Error>(())
    /// ```
    pub fn query(&self, actor: impl Into<String>) -> TrailQuery {
        TrailQuery {
            trail: self.clone(),
            actor: actor.into(),
            query: Query::new(),
            dir: None,
        }
    }
}

/// A question to a running trail; see [`Trail::query`]. The conditions are those of [`Query`].
#[derive(Clone, Debug)]
#[must_use = "a question is asked with `entries`"]
pub struct TrailQuery {
    trail: Trail,
    actor: String,
    query: Query,
    /// Where that is not the trail's own.
    dir: Option<PathBuf>,
}

impl TrailQuery {
    query::setters!(TrailQuery);

    /// Asks the trail in another directory: this trail only records the question, with that directory in `metadata.directory`.
    pub fn of(self, dir: impl AsRef<Path>) -> TrailQuery {
        TrailQuery {
            dir: Some(dir.as_ref().to_owned()),
            ..self
        }
    }

    /// Asks this instead of what was set so far.
    pub fn matching(self, query: Query) -> TrailQuery {
        TrailQuery { query, ..self }
    }

    /// Records the question, and reads the answer from the trail's directory as [`Query::entries`] does.
    ///
    /// The `AUDIT_READ` has the actor as its `user_id`, and the conditions in `metadata.question`. Both are redacted like any
    /// other value, so that asking for a secret leaves none. Every page is a question of its own. What is still in the queue is
    /// not in the answer: [`Trail::flush`] writes it.
    ///
    /// # Errors
    /// What [`Receipt::accepted`](crate::Receipt::accepted) says if the trail did not take the record: nothing is read then. Also
    /// as [`Query::entries`].
    pub fn entries(&self) -> Result<Found, Error> {
        self.admit(events::AUDIT_READ, |record| record)?;
        self.answer()
    }

    /// What the directory says; how long that took is a metric.
    fn answer(&self) -> Result<Found, Error> {
        let (began, core) = (Instant::now(), Arc::clone(self.trail.core().arc()));
        let found = self.query.entries(self.asked())?;
        Ok(found.timed(began.elapsed(), move |took| core.meter.asked(took)))
    }

    /// Records the question.
    fn admit(&self, event: EventType, more: impl FnOnce(Draft) -> Draft) -> Result<(), Error> {
        let record = self.trail.draft(event).outcome(Outcome::Success);
        let mut record = record.user_id(&self.actor).field("question", &words(&self.query));
        if let Some(dir) = &self.dir {
            record = record.field("directory", &dir.display().to_string());
        }
        more(record).emit_own().accepted()
    }

    /// The directory that is read.
    fn asked(&self) -> &Path {
        self.dir.as_deref().unwrap_or_else(|| self.trail.dir())
    }

    fn change(mut self, change: impl FnOnce(&mut Query)) -> TrailQuery {
        change(&mut self.query);
        self
    }

    fn part(self, part: Part, value: String) -> TrailQuery {
        self.change(|query| query.set_part(part, value))
    }
}

/// The conditions of a question, each under the name of what it asks for, by which it is redacted.
fn words(query: &Query) -> Value {
    let mut said = Map::new();
    let mut say = |name: &str, value: Value| {
        said.insert(name.to_owned(), value);
    };
    let time = |time: SystemTime| Micros::from(time).to_string().into();
    for Wanted { part, value, .. } in &query.parts {
        say(part.name(), value.as_str().into());
    }
    let names = |names: Vec<&str>| match *names {
        [only] => only.into(),
        _ => json!(names),
    };
    let lists = [
        ("event", query.events.iter().map(String::as_str).collect::<Vec<_>>()),
        (
            "category",
            query.categories.iter().map(|category| category.as_str()).collect(),
        ),
        (
            "severity",
            query.severities.iter().map(|severity| severity.as_str()).collect(),
        ),
        ("text", query.texts.iter().map(String::as_str).collect()),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        say(name, names(list));
    }
    if let Some(least) = query.least {
        say("at_least", least.as_str().into());
    }
    if let Some(outcome) = query.outcome {
        say("outcome", outcome.as_str().into());
    }
    if let Some(since) = query.since {
        say("since", time(since));
    }
    if let Some(until) = query.until {
        say("until", time(until));
    }
    if let Some(flagged) = query.flagged {
        say("flagged", flagged.into());
    }
    if !query.fields.is_empty() {
        say(
            "field",
            query
                .fields
                .iter()
                .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
                .collect(),
        );
    }
    let order = match query.direction() {
        Order::Newest => "newest",
        Order::Oldest => "oldest",
    };
    say("order", order.into());
    say("limit", query.limit.map_or("all".into(), Value::from));
    if let Some(cursor) = query.cursor {
        say("cursor", cursor.to_string().into());
    }
    said.into()
}
