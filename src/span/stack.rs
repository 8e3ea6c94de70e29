//! Which captured spans a thread is in, innermost last.
//!
//! Kept by `on_enter` and `on_exit`, so that neither an event nor `audit!` has to ask a registry. Spans are entered and
//! left in any order, more than once, and on several threads at a time.

use std::cell::RefCell;

use crate::span::table::{self, Kind, Place, Scope};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    scope: Scope,
    id: u64,
    /// `NONE` for a span that nothing is known of; it hides those below.
    place: Place,
    /// Whether the thread was already unwinding when it entered.
    pub(crate) unwinding: bool,
}

/// The innermost span of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Top {
    /// In no span that matters.
    Nothing,
    /// In a span that has neither a context nor a parent that has.
    Unknown,
    At(Place),
}

thread_local! {
    static STACK: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// Guards that are forgotten, or held over an `.await`, leave their entries behind. Those of closed spans are dropped
/// when met; beyond this number, so are those of unknown ones.
const CROWDED: usize = 4_096;

/// The thread enters a span. Gives its place if it is an audit span.
pub(crate) fn enter(scope: Scope, id: u64) -> Option<Place> {
    let found = table::find(scope, id);
    if found.is_some_and(|(_, node)| node.kind() == Kind::Transparent) {
        return None;
    }
    let place = found.map_or(Place::NONE, |(place, _)| place);
    with(|stack| {
        // Below nothing, an unknown span changes nothing.
        if place == Place::NONE && !stack.iter().any(|entry| entry.scope == scope) {
            return;
        }
        if stack.len() >= CROWDED {
            stack.retain(|entry| entry.place != Place::NONE && entry.is_open());
        }
        stack.push(Entry {
            scope,
            id,
            place,
            unwinding: std::thread::panicking(),
        });
    });
    found
        .filter(|(_, node)| node.kind() == Kind::Audit)
        .map(|(place, _)| place)
}

/// The thread leaves a span, not necessarily the innermost.
pub(crate) fn exit(scope: Scope, id: u64) -> Option<(Place, Entry)> {
    with(|stack| {
        let at = stack.iter().rposition(|entry| entry.id == id && entry.scope == scope)?;
        let entry = stack.remove(at);
        Some((entry.place.some()?, entry))
    })
    .flatten()
}

/// Where the thread is, in the spans of one layer.
pub(crate) fn top_of(scope: Scope) -> Top {
    top(|entry| entry.scope == scope)
}

/// Where the thread is, in the spans of one trail.
pub(crate) fn top_of_trail(trail: u32) -> Top {
    top(|entry| entry.scope.trail == trail)
}

fn top(ours: impl Fn(&Entry) -> bool) -> Top {
    with(|stack| {
        while let Some(at) = stack.iter().rposition(&ours) {
            let Some(entry) = stack.get(at) else { break };
            match entry.place.some() {
                None => return Top::Unknown,
                Some(place) if entry.is_open() => return Top::At(place),
                // The guard was forgotten and the span is gone: this thread is in it no more.
                Some(_) => {
                    stack.remove(at);
                }
            }
        }
        Top::Nothing
    })
    .unwrap_or(Top::Nothing)
}

impl Entry {
    fn is_open(&self) -> bool {
        table::at(self.place).is_some_and(|(_, id)| id == self.id)
    }
}

/// Never runs code of the user's, so that the borrow always succeeds; in a thread-local's destructor there is no stack.
fn with<R>(f: impl FnOnce(&mut Vec<Entry>) -> R) -> Option<R> {
    STACK
        .try_with(|stack| stack.try_borrow_mut().ok().map(|mut stack| f(&mut stack)))
        .ok()
        .flatten()
}
