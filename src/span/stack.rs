//! Which captured spans a thread is in, innermost last.
//!
//! Kept by `on_enter` and `on_exit`, so that neither an event nor `audit!` has to ask a registry. Spans are entered and
//! left in any order, more than once, and on several threads at a time.

use std::cell::RefCell;

use crate::render::Fields;
use crate::span::table::{self, Found, Kind, Place, Scope};

/// What a thread keeps; in one place, for every look at a thread-local costs something.
struct Local {
    entries: Vec<Entry>,
    /// Buffers for the values of spans. Boxes: they are swapped for those in the table.
    #[expect(clippy::vec_box, reason = "the boxes move on into the table")]
    spare: Vec<Box<Fields>>,
}

thread_local! {
    static LOCAL: RefCell<Local> = const {
        RefCell::new(Local {
            entries: Vec::new(),
            spare: Vec::new(),
        })
    };
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    scope: Scope,
    id: u64,
    /// `None` for a span that nothing is known of; it hides those below.
    found: Option<Found>,
    audit: bool,
    /// Whether the thread was unwinding already when it entered. Known of audit spans only.
    unwinding: bool,
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

impl Top {
    #[inline]
    pub(crate) fn place(self) -> Place {
        match self {
            Top::At(place) => place,
            Top::Nothing | Top::Unknown => Place::NONE,
        }
    }
}

/// An audit span that was left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    pub(crate) place: Place,
    pub(crate) was_unwinding: bool,
}

/// Guards that are forgotten, or held over an `.await`, leave their entries behind. Those of closed spans are dropped
/// when met; beyond this number, so are those of unknown ones.
const CROWDED: usize = 4_096;

/// A thread rarely needs more buffers at a time.
const SPARE: usize = 8;

/// The thread enters a span. Gives its place if it is an audit span.
#[inline]
pub(crate) fn enter(scope: Scope, id: u64) -> Option<Place> {
    let found = table::find(scope, id);
    let kind = found.map(|found| found.node.kind());
    if kind == Some(Kind::Transparent) {
        return None;
    }
    let audit = kind == Some(Kind::Audit);
    with(|local| {
        // Below nothing, an unknown span changes nothing.
        if kind.is_none() && !local.entries.iter().any(|entry| entry.scope == scope) {
            return;
        }
        if local.entries.len() >= CROWDED {
            local.tidy();
        }
        local.entries.push(Entry {
            scope,
            id,
            found,
            audit,
            unwinding: audit && std::thread::panicking(),
        });
    });
    found.filter(|_| audit).map(|found| found.place)
}

/// The thread leaves a span, not necessarily the innermost. Says so if it is an audit span.
#[inline]
pub(crate) fn exit(scope: Scope, id: u64) -> Option<Left> {
    let entry = with(|local| match local.entries.last() {
        Some(last) if last.id == id && last.scope == scope => local.entries.pop(),
        _ => local.remove(scope, id),
    })??;
    entry.found.filter(|_| entry.audit).map(|found| Left {
        place: found.place,
        was_unwinding: entry.unwinding,
    })
}

/// Where the thread is, in the spans of one layer.
#[inline]
pub(crate) fn top_of(scope: Scope) -> Top {
    with(|local| local.top(|entry| entry.scope == scope)).unwrap_or(Top::Nothing)
}

/// Where the thread is, in the spans of one trail.
#[inline]
pub(crate) fn top_of_trail(trail: u32) -> Top {
    with(|local| local.top(|entry| entry.scope.trail == trail)).unwrap_or(Top::Nothing)
}

/// Where the thread is, and an empty buffer.
#[inline]
pub(crate) fn begin(scope: Scope) -> (Top, Box<Fields>) {
    let (top, spare) =
        with(|local| (local.top(|entry| entry.scope == scope), local.spare.pop())).unwrap_or((Top::Nothing, None));
    (top, spare.unwrap_or_else(fresh))
}

/// An empty buffer.
pub(crate) fn take() -> Box<Fields> {
    with(|local| local.spare.pop()).flatten().unwrap_or_else(fresh)
}

#[cold]
#[inline(never)]
fn fresh() -> Box<Fields> {
    Box::new(Fields::new())
}

/// Gives a buffer back.
#[inline]
pub(crate) fn give(mut fields: Box<Fields>) {
    fields.clear();
    with(|local| {
        if local.spare.len() < SPARE {
            local.spare.push(fields);
        }
    });
}

impl Local {
    #[inline]
    fn top(&mut self, ours: impl Fn(&Entry) -> bool) -> Top {
        while let Some(at) = self.entries.iter().rposition(&ours) {
            let Some(entry) = self.entries.get(at) else { break };
            match entry.found {
                None => return Top::Unknown,
                Some(found) if found.held() == entry.id => return Top::At(found.place),
                // The guard was forgotten and the span is gone: this thread is in it no more.
                Some(_) => {
                    self.entries.remove(at);
                }
            }
        }
        Top::Nothing
    }

    #[cold]
    fn remove(&mut self, scope: Scope, id: u64) -> Option<Entry> {
        let of_it = |entry: &Entry| entry.id == id && entry.scope == scope;
        let at = self.entries.iter().rposition(of_it)?;
        Some(self.entries.remove(at))
    }

    #[cold]
    fn tidy(&mut self) {
        self.entries
            .retain(|entry| entry.found.is_some_and(|found| found.held() == entry.id));
    }
}

/// Never runs code of the user's, so that the borrow always succeeds; in a thread-local's destructor there is nothing.
#[inline]
fn with<R>(f: impl FnOnce(&mut Local) -> R) -> Option<R> {
    LOCAL
        .try_with(|local| local.try_borrow_mut().ok().map(|mut local| f(&mut local)))
        .ok()
        .flatten()
}
