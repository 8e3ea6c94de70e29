//! What the spans around a call say, merged.
//!
//! Values are merged when an event asks, not when a span opens: most spans see no event, and a `record()` on a parent
//! must be seen by children that are already there. Each thread keeps the last merge, valid while neither the seat nor
//! anything in its tree changes: an event in the span of the event before it takes no lock.
//!
//! A merge walks up the parents. So that a thousand nested spans do not cost a thousand steps an event, every eighth
//! seat is a *landing* that keeps the merge of all above it, and a walk ends at the first valid one.

use std::cell::Cell;

use crate::render::Fields;
use crate::span::table::{self, Found, Place};

/// The last merge of a thread.
#[derive(Debug, Default)]
struct Merge {
    /// `None` while it is being made.
    key: Option<Key>,
    fields: Fields,
    /// Landings to be made anew; empty between calls.
    stale: Vec<Place>,
}

/// What a merge depends on: the span that was asked about, its seat and its tree, each with its epoch.
#[derive(Clone, Copy, Debug)]
struct Key {
    asked: Seen,
    seat: Seen,
    root: Seen,
}

/// A node as it was.
#[derive(Clone, Copy, Debug)]
struct Seen {
    found: Found,
    epoch: u64,
}

impl Seen {
    fn at(place: Place) -> Option<Seen> {
        let found = table::found_at(place)?;
        Some(Seen {
            found,
            epoch: found.node.epoch(),
        })
    }

    #[inline]
    fn is_current(&self) -> bool {
        self.found.node.epoch() == self.epoch
    }
}

impl Key {
    fn of(place: Place) -> Option<Key> {
        let asked = Seen::at(place)?;
        let seat = Seen::at(asked.found.node.seat().some()?)?;
        let root = Seen::at(seat.found.node.root())?;
        (seat.found.held() != 0).then_some(Key { asked, seat, root })
    }

    /// A node that was taken again has another epoch, and so has a root in whose tree something was recorded.
    #[inline]
    fn is_of(&self, place: Place) -> bool {
        self.asked.found.place == place
            && self.asked.is_current()
            && self.seat.is_current()
            && self.seat.found.held() != 0
            && self.root.is_current()
    }
}

thread_local! {
    // Taken out while it is read, so that a call within the call finds none and makes its own.
    static LAST: Cell<Option<Box<Merge>>> = const { Cell::new(None) };
}

/// Calls `f` with what the span at `place` and those above it say.
#[inline]
pub(crate) fn with<R>(place: Place, f: impl FnOnce(Option<&Fields>) -> R) -> R {
    let mut merge = LAST.try_with(Cell::take).ok().flatten();
    let valid = merge
        .as_deref()
        .is_some_and(|merge| merge.key.as_ref().is_some_and(|key| key.is_of(place)));
    if !valid {
        merge = Merge::renewed(merge, place);
    }
    let known = merge.as_deref().filter(|merge| merge.key.is_some());
    let result = f(known.map(|merge| &merge.fields));
    let _ = LAST.try_with(|last| last.set(merge));
    result
}

impl Merge {
    /// The merge for the span at `place`; without a key if that has none.
    #[cold]
    fn renewed(merge: Option<Box<Merge>>, place: Place) -> Option<Box<Merge>> {
        let mut merge = merge.unwrap_or_default();
        // Unset until it is done: a panic must not leave half of it behind.
        merge.key = None;
        if let Some(key) = Key::of(place) {
            merge.fill(key);
            merge.key = Some(key);
        }
        Some(merge)
    }

    fn fill(&mut self, key: Key) {
        let seat = key.seat.found.place;
        let epoch = key.root.epoch;
        self.stale.clear();
        let mut above = table::at(seat).and_then(|(node, _)| node.landing());
        while let Some(place) = above {
            let Some((node, _)) = table::at(place) else { break };
            match node.body() {
                Some(body) if body.memo_at != epoch => {}
                _ => break,
            }
            self.stale.push(place);
            above = node.landing();
        }
        while let Some(place) = self.stale.pop() {
            gather(&mut self.fields, place, epoch);
            if let Some(mut body) = table::at(place).and_then(|(node, _)| node.body()) {
                let memo = body.memo.get_or_insert_default();
                memo.clear();
                memo.copy_missing_from(&self.fields);
                body.memo_at = epoch;
            }
        }
        gather(&mut self.fields, seat, epoch);
    }
}

/// Collects from `seat` upwards, to the first valid landing above it or to the root.
fn gather(fields: &mut Fields, seat: Place, epoch: u64) {
    fields.clear();
    let mut place = seat;
    while let Some((node, _)) = table::at(place) {
        #[cfg(test)]
        STEPS.with(|steps| steps.set(steps.get() + 1));
        let Some(body) = node.body() else { return };
        if let Some(memo) = body.memo.as_deref()
            && place != seat
            && body.memo_at == epoch
        {
            fields.copy_missing_from(memo);
            return;
        }
        if let Some(own) = body.own.as_deref() {
            fields.copy_missing_from(own);
        }
        drop(body);
        match node.parent() {
            // A parent is open as long as its children are, unless the subscriber is a strange one.
            Some((parent, id)) if table::at(parent).is_some_and(|(_, held)| held == id) => place = parent,
            _ => return,
        }
    }
}

#[cfg(test)]
thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

#[cfg(test)]
pub(crate) fn steps() -> u64 {
    STEPS.with(Cell::get)
}
