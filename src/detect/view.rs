use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use crate::brief::{self, Slice};
use crate::event::Category;
use crate::outcome::Outcome;
use crate::severity::Severity;

use super::member;

/// A record about to be written, as a [`Rule`](crate::Rule) sees it: behind the redaction, before its number. Nothing is parsed
/// until it is asked for.
#[derive(Clone, Copy)]
pub struct Brief<'a> {
    pub(super) brief: &'a brief::Brief,
    pub(super) rest: &'a [u8],
}

impl<'a> Brief<'a> {
    pub(crate) fn new(brief: &'a brief::Brief, rest: &'a [u8]) -> Brief<'a> {
        Brief { brief, rest }
    }

    /// The event's name, such as `AUTH_FAILED`.
    pub fn event(&self) -> &'a str {
        self.raw(self.brief.name).map_or(self.brief.event.label(), |name| {
            std::str::from_utf8(name).unwrap_or_default()
        })
    }

    /// The event's category.
    pub fn category(&self) -> Category {
        self.brief.category
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.brief.severity
    }

    /// How it went.
    pub fn outcome(&self) -> Outcome {
        self.brief.outcome
    }

    /// When the call was made.
    pub fn time(&self) -> SystemTime {
        self.brief.time.into()
    }

    /// When the event happened, by the event's own account where there is one. Records may come in another order.
    pub fn occurred(&self) -> SystemTime {
        self.brief.occurred.into()
    }

    /// How long it took, in whole microseconds; 4,294.967294 s stands for that and all that is longer.
    pub fn duration(&self) -> Option<Duration> {
        let micros = self.brief.duration_us;
        (micros != brief::Brief::NO_DURATION).then(|| Duration::from_micros(micros.into()))
    }

    /// The user's id, or else the name.
    pub fn user(&self) -> Option<Cow<'a, str>> {
        self.text(self.brief.user)
    }

    /// The address it came from, as the record spells it: with a port where the program records one.
    pub fn ip(&self) -> Option<Cow<'a, str>> {
        self.text(self.brief.ip)
    }

    /// The session's id.
    pub fn session(&self) -> Option<Cow<'a, str>> {
        self.text(self.brief.session)
    }

    /// What it was done to.
    pub fn resource(&self) -> Option<Cow<'a, str>> {
        self.text(self.brief.resource)
    }

    /// A member of the record, such as `route`, `status_code` or `metadata.port`: a string's text, or as JSON what is none.
    /// Found by reading the record from its beginning, so ask for it last.
    pub fn field(&self, name: &str) -> Option<Cow<'a, str>> {
        member::find(self.rest, name)
    }

    fn text(&self, slice: Slice) -> Option<Cow<'a, str>> {
        self.raw(slice).and_then(member::unescaped)
    }

    /// A text as it stands in the line, its escapes as they are.
    pub(super) fn raw(&self, slice: Slice) -> Option<&'a [u8]> {
        self.rest.get(slice.range()).filter(|text| !text.is_empty())
    }
}

impl fmt::Debug for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brief")
            .field("event", &self.event())
            .field("rest", &String::from_utf8_lossy(self.rest))
            .finish()
    }
}
