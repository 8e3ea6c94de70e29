use crate::brief::{Brief, EventId, Slice};
use crate::clock::Micros;
use crate::event::{Category, EventType};
use crate::outcome::Outcome;
use crate::render::{Fields, Limits};
use crate::severity::Severity;

/// What the caller states; everything else comes from [`Fields`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct What<'a> {
    pub(crate) time: Micros,
    pub(crate) occurred: Option<Micros>,
    pub(crate) event: Name<'a>,
    pub(crate) category: Category,
    pub(crate) severity: Severity,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Name<'a> {
    Type(EventType),
    /// A name that came at run time; already `event::valid_name`.
    Text(&'a str),
}

/// Appends the rest of a record's line, `"time":"…",…` without `{"seq":N,` and without the frame.
///
/// The values of `fields` first, then those of the contexts in their order; the first that has a key gives it.
pub(crate) fn rest(
    _out: &mut Vec<u8>,
    what: &What<'_>,
    _fields: &Fields,
    _contexts: &[&Fields],
    _limits: Limits,
) -> Brief {
    Brief {
        event: EventId::OTHER,
        category: what.category,
        severity: what.severity,
        outcome: what.outcome,
        time: what.time,
        occurred: what.occurred.unwrap_or(what.time),
        duration_us: Brief::NO_DURATION,
        redactions: 0,
        name: Slice::default(),
        user: Slice::default(),
        ip: Slice::default(),
        session: Slice::default(),
        resource: Slice::default(),
    }
}
