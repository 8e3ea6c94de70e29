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
use crate::span::table::{self, Place};

/// The last merge of a thread.
#[derive(Debug, Default)]
struct Merge {
    key: Key,
    fields: Fields,
    /// Landings to be made anew; empty between calls.
    stale: Vec<Place>,
}

/// What a merge depends on: the seat and its tree, each with its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    seat: (Place, u64),
    root: (Place, u64),
}

impl Default for Key {
    fn default() -> Key {
        Key {
            seat: (Place::NONE, 0),
            root: (Place::NONE, 0),
        }
    }
}

thread_local! {
    // Taken out while it is read, so that a call within the call finds none and makes its own.
    static LAST: Cell<Option<Box<Merge>>> = const { Cell::new(None) };
}

/// Calls `f` with what the span at `place` and those above it say.
pub(crate) fn with<R>(place: Place, f: impl FnOnce(Option<&Fields>) -> R) -> R {
    let Some(key) = key_of(place) else { return f(None) };
    let mut merge = LAST.try_with(Cell::take).ok().flatten().unwrap_or_default();
    if merge.key != key {
        // Unset until it is done: a panic must not leave half of it behind.
        merge.key = Key::default();
        merge.fill(key);
        merge.key = key;
    }
    let result = f(Some(&merge.fields));
    let _ = LAST.try_with(|last| last.set(Some(merge)));
    result
}

fn key_of(place: Place) -> Option<Key> {
    let seat = table::at(place)?.0.seat().some()?;
    let (node, id) = table::at(seat)?;
    if id == 0 {
        return None;
    }
    let root = node.root();
    Some(Key {
        seat: (seat, node.epoch()),
        root: (root, table::at(root)?.0.epoch()),
    })
}

impl Merge {
    fn fill(&mut self, key: Key) {
        let (seat, _) = key.seat;
        let (_, epoch) = key.root;
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
