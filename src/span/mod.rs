//! The spans that have something to say in a record, and where each thread is among them.

mod context;
mod stack;
mod table;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use tracing_core::Metadata;
use tracing_core::span::Id;

use crate::event::EventType;
use crate::outcome::Outcome;
use crate::render::Fields;
use crate::trail::Core;
use stack::Top;
use table::{Body, Found, Stand};

#[cfg(test)]
pub(crate) use context::steps;
pub(crate) use stack::{give, take};
pub(crate) use table::{Kind, Place, Scope};

/// What becomes the record of an audit span.
#[derive(Debug)]
pub(crate) struct Audit {
    /// Its own fields that are nobody's context: `audit`, `audit.*`, `error`.
    pub(crate) extra: Fields,
    /// The `AuditContext` at its opening: who drops the last handle of a span says nothing about who acted.
    pub(crate) around: Fields,
    /// What its field `audit` said; empty if nothing.
    pub(crate) name: String,
    /// The type of the rule that captured it.
    pub(crate) rule: Option<EventType>,
    /// When it opened, on the monotonic clock.
    pub(crate) born: Duration,
    pub(crate) metadata: &'static Metadata<'static>,
}

impl Audit {
    /// Keeps the name that came with the values: names are not merged.
    pub(crate) fn take_name(&mut self) {
        if let Some(name) = self.extra.event() {
            self.name.clear();
            self.name.push_str(name);
        }
    }
}

impl Scope {
    /// The scope of a new layer.
    pub(crate) fn new(trail: u32) -> Scope {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let scope = Scope {
            trail,
            layer: NEXT.fetch_add(1, Ordering::Relaxed),
        };
        SCOPES.write().push(scope);
        scope
    }

    /// The layer is gone.
    pub(crate) fn end(self) {
        SCOPES.write().retain(|scope| *scope != self);
    }
}

/// The layers that are there, for those who know a trail and a span, but not the layer that saw it.
static SCOPES: RwLock<Vec<Scope>> = RwLock::new(Vec::new());

/// Calls `f` with what the spans say that the thread is in, as far as they are this trail's.
pub(crate) fn with_current<R>(core: &Core, f: impl FnOnce(Option<&Fields>) -> R) -> R {
    match stack::top_of_trail(core.id()) {
        Top::At(place) => context::with(place, f),
        Top::Nothing | Top::Unknown => f(None),
    }
}

/// Calls `f` with what a span and those above it say.
pub(crate) fn with_span<R>(core: &Core, id: &Id, f: impl FnOnce(Option<&Fields>) -> R) -> R {
    let place = SCOPES
        .read()
        .iter()
        .filter(|scope| scope.trail == core.id())
        .find_map(|scope| table::find(*scope, id.into_u64()));
    match place {
        Some(found) => context::with(found.place, f),
        None => f(None),
    }
}

/// A span that a thread was in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here {
    place: Place,
    id: u64,
}

/// The span that the thread is in, among those of a trail.
pub(crate) fn here(core: &Core) -> Option<Here> {
    let Top::At(place) = stack::top_of_trail(core.id()) else {
        return None;
    };
    let (_, id) = table::at(place)?;
    Some(Here { place, id })
}

/// Calls `f` with what that span and those above it say, if it is still open.
pub(crate) fn with_here<R>(here: Here, f: impl FnOnce(Option<&Fields>) -> R) -> R {
    match table::at(here.place) {
        Some((_, id)) if id == here.id => context::with(here.place, f),
        _ => f(None),
    }
}

/// Calls `f` with what the span at a place and those above it say.
pub(crate) fn with_place<R>(place: Place, f: impl FnOnce(Option<&Fields>) -> R) -> R {
    context::with(place, f)
}

/// The seat above an open span: what is around its record.
pub(crate) fn parent_of(place: Place) -> Place {
    table::at(place)
        .and_then(|(node, _)| node.parent())
        .filter(|(parent, id)| table::at(*parent).is_some_and(|(_, held)| held == *id))
        .map_or(Place::NONE, |(parent, _)| parent)
}

/// An open span by its id.
pub(crate) fn find(scope: Scope, id: u64) -> Place {
    table::find(scope, id)
        .filter(|found| found.node.kind() != Kind::Transparent)
        .map_or(Place::NONE, |found| found.place)
}

/// The span the thread is in, among those of a layer.
pub(crate) fn current(scope: Scope) -> Place {
    stack::top_of(scope).place()
}

/// The span the thread is in, among those of a layer, and an empty buffer for the values of another.
#[inline]
pub(crate) fn begin(scope: Scope) -> (Place, Box<Fields>) {
    let (top, fields) = stack::begin(scope);
    (top.place(), fields)
}

/// A span opens. If no node is free, it has no context.
#[inline]
pub(crate) fn open(
    scope: Scope,
    id: u64,
    kind: Kind,
    parent: Place,
    values: Option<Box<Fields>>,
    audit: Option<Box<Audit>>,
) {
    let (mut values, mut audit) = (values, audit);
    table::open(scope, id, Stand { kind, parent }, |body: &mut Body| {
        body.memo_at = 0;
        if audit.is_some() {
            std::mem::swap(&mut body.audit, &mut audit);
        }
        if values.is_some() {
            std::mem::swap(&mut body.own, &mut values);
        }
    });
    // The buffer of the node's last span.
    if let Some(used) = values {
        stack::give(used);
    }
}

/// A span recorded values later; they take the place of those it had. Gives a used buffer back.
pub(crate) fn record(place: Place, values: &mut Box<Fields>) {
    let Some((node, _)) = table::at(place) else { return };
    let Some(mut body) = node.body() else { return };
    let own = body.own.get_or_insert_default();
    values.copy_missing_from(own);
    std::mem::swap(own, values);
    drop(body);
    if let Some((root, _)) = table::at(node.root()) {
        root.advance();
    }
}

/// An audit span recorded something for its own record.
pub(crate) fn record_own(place: Place, values: &mut Fields) {
    let Some((node, _)) = table::at(place) else { return };
    let Some(mut body) = node.body() else { return };
    if let Some(audit) = body.audit.as_deref_mut() {
        values.copy_missing_from(&audit.extra);
        std::mem::swap(&mut audit.extra, values);
        audit.take_name();
    }
}

/// What an open span is to us.
pub(crate) fn kind(place: Place) -> Option<Kind> {
    Some(table::at(place.some()?)?.0.kind())
}

/// The audit span the thread is in, if it is the innermost of all.
pub(crate) fn current_audit(scope: Scope) -> Option<Place> {
    current(scope)
        .some()
        .filter(|place| table::at(*place).is_some_and(|(node, _)| node.kind() == Kind::Audit))
}

#[inline]
pub(crate) fn enter(scope: Scope, id: u64) {
    if let Some((node, _)) = stack::enter(scope, id).and_then(table::at) {
        // Once and more than once are all that matters.
        let bits = node.ending.load(Ordering::Relaxed);
        let entered = if bits & Ending::ENTERED == 0 {
            Ending::ENTERED
        } else {
            Ending::AGAIN
        };
        node.ending.fetch_or(entered, Ordering::Relaxed);
    }
}

#[inline]
pub(crate) fn exit(scope: Scope, id: u64) {
    if let Some(left) = stack::exit(scope, id)
        // An unwinding that began outside is not the span's.
        && std::thread::panicking()
        && !left.was_unwinding
    {
        note(left.place, Ending::PANICKED);
    }
}

/// Notes something about the end of an audit span.
pub(crate) fn note(place: Place, bit: u32) {
    if let Some((node, _)) = table::at(place) {
        node.ending.fetch_or(bit, Ordering::Relaxed);
    }
}

/// A span closes. Gives what becomes its record, if it is an audit span.
#[inline]
pub(crate) fn close(scope: Scope, id: u64) -> Option<Closed> {
    let found = table::find(scope, id)?;
    let closed = match found.node.kind() {
        Kind::Audit => Closed::of(found),
        _ => None,
    };
    found.close();
    closed
}

/// An audit span that has ended.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) audit: Box<Audit>,
    pub(crate) own: Box<Fields>,
    pub(crate) ending: Ending,
    pub(crate) parent: Place,
}

impl Closed {
    fn of(found: Found) -> Option<Closed> {
        let mut body = found.node.body()?;
        Some(Closed {
            audit: body.audit.take()?,
            own: body.own.take().unwrap_or_default(),
            ending: Ending(found.node.ending.load(Ordering::Relaxed)),
            parent: parent_of(found.place),
        })
    }
}

/// What was seen of the end of an audit span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending(u32);

impl Ending {
    const ENTERED: u32 = 1;
    const AGAIN: u32 = 2;
    const PANICKED: u32 = 4;
    /// `err`'s event came.
    pub(crate) const FAILED: u32 = 8;
    /// `ret`'s event came.
    pub(crate) const RETURNED: u32 = 16;

    /// The outcome, where none was recorded. `has_error`: the span has a field `error`.
    ///
    /// A future enters its span at every poll and once more when it is dropped, so what was entered just once is a
    /// function that ran from its beginning to its end. A finished future and a dropped one look alike.
    pub(crate) fn outcome(self, has_error: bool) -> Outcome {
        let has = |bit| self.0 & bit != 0;
        if has(Ending::PANICKED) {
            Outcome::Error
        } else if has(Ending::FAILED) || has_error {
            Outcome::Failure
        } else if has(Ending::RETURNED) || (has(Ending::ENTERED) && !has(Ending::AGAIN)) {
            Outcome::Success
        } else {
            Outcome::Unknown
        }
    }
}
