//! What the writer, the meter and the rules need to know of a record without parsing it.

use std::ops::Range;
use std::sync::RwLock;

use crate::clock::Micros;
use crate::event::{Category, EventType};
use crate::outcome::Outcome;
use crate::severity::Severity;

/// A record in brief: travels beside the rendered line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Brief {
    pub(crate) event: EventId,
    pub(crate) category: Category,
    pub(crate) severity: Severity,
    pub(crate) outcome: Outcome,
    /// When the call was made.
    pub(crate) time: Micros,
    /// When the event happened; the same as `time` where nothing else was said.
    pub(crate) occurred: Micros,
    /// `duration_ms` in microseconds; `u32::MAX` for none.
    pub(crate) duration_us: u32,
    /// How many values were redacted, by class ordinal, is counted by the caller; this is their sum.
    pub(crate) redactions: u16,
    /// The name of the event within the rest.
    pub(crate) name: Slice,
    pub(crate) user: Slice,
    pub(crate) ip: Slice,
    pub(crate) session: Slice,
    pub(crate) resource: Slice,
}

impl Brief {
    /// Of nothing yet.
    pub(crate) const BLANK: Brief = Brief {
        event: EventId::OTHER,
        category: Category::Custom,
        severity: Severity::Low,
        outcome: Outcome::Unknown,
        time: Micros(0),
        occurred: Micros(0),
        duration_us: Brief::NO_DURATION,
        redactions: 0,
        name: Slice::NONE,
        user: Slice::NONE,
        ip: Slice::NONE,
        session: Slice::NONE,
        resource: Slice::NONE,
    };

    /// `duration_us` of a record without a duration.
    pub(crate) const NO_DURATION: u32 = u32::MAX;
}

/// Where a string's text stands within the rest of the line; empty for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) at: u32,
    pub(crate) len: u32,
}

impl Slice {
    pub(crate) const NONE: Slice = Slice { at: 0, len: 0 };

    pub(crate) fn range(self) -> Range<usize> {
        self.at as usize..(self.at as usize).saturating_add(self.len as usize)
    }
}

/// An event's name as a small number: position in the table, or an interned name of the program's own types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EventId(pub(crate) u16);

/// Names of the program's own types, in the order in which they were first used.
static OWN: RwLock<Vec<&'static str>> = RwLock::new(Vec::new());

/// Own types beyond this many share the label `other`: a program has a handful, and metrics stay bounded.
const OWN_LIMIT: usize = 1_024;

/// Own types have numbers from here on.
pub(crate) const OWN_BASE: u16 = 0x1000;

impl EventId {
    /// A name that came as text at run time, and that no metric may carry.
    pub(crate) const OTHER: EventId = EventId(u16::MAX);

    /// The number of a type: a constant for the table, a look-up for own types.
    #[inline]
    pub(crate) fn of(event: EventType) -> EventId {
        match event.index() {
            Some(index) => EventId(index),
            None => EventId::of_own(event.name()),
        }
    }

    /// The name as a metric label; `other` where it has none.
    pub(crate) fn label(self) -> &'static str {
        let own = || {
            OWN.read()
                .ok()?
                .get(usize::from(self.0.checked_sub(OWN_BASE)?))
                .copied()
        };
        EventType::at(self.0)
            .map(EventType::name)
            .or_else(own)
            .unwrap_or("other")
    }

    #[cold]
    fn of_own(name: &'static str) -> EventId {
        let place = |names: &[&'static str]| names.iter().position(|known| *known == name);
        let known = OWN.read().ok().and_then(|names| place(&names));
        let index = known.or_else(|| {
            let mut names = OWN.write().ok()?;
            place(&names).or_else(|| {
                (names.len() < OWN_LIMIT).then(|| {
                    names.push(name);
                    names.len() - 1
                })
            })
        });
        index.map_or(EventId::OTHER, |index| EventId(OWN_BASE + index as u16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::events;

    #[test]
    fn an_event_number_names_its_type_and_own_types_get_one_each() {
        const MINE: EventType = EventType::new("BRIEF_TEST", Category::Custom, Severity::Low);
        assert_eq!(EventId::of(events::AUDIT_KEY).label(), "AUDIT_KEY");
        assert_eq!(EventId::of(MINE), EventId::of(MINE));
        assert_eq!(EventId::of(MINE).label(), "BRIEF_TEST");
        assert_eq!(EventId::OTHER.label(), "other");
    }
}
