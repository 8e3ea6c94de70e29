use crate::outcome::Outcome;
use crate::record::{Key, KeySet};
use crate::render::{How, Sink, Slot};
use crate::severity::Severity;

/// Values already redacted and written as JSON, by key. Reused, it allocates nothing once warm.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    present: KeySet,
    said: Said,
    event: String,
}

/// What the names that are no keys said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) severity: Option<Severity>,
    pub(crate) outcome: Option<Outcome>,
    /// Whether an event was named; [`Fields::event`] has its name.
    pub(crate) event: bool,
}

impl Fields {
    pub(crate) fn new() -> Fields {
        Fields::default()
    }

    pub(crate) fn clear(&mut self) {}

    pub(crate) fn is_empty(&self) -> bool {
        true
    }

    /// The keys that have a value.
    pub(crate) fn present(&self) -> KeySet {
        self.present
    }

    /// The value of a key, as it will stand in the line.
    pub(crate) fn json(&self, _key: Key) -> Option<&[u8]> {
        None
    }

    pub(crate) fn said(&self) -> &Said {
        &self.said
    }

    /// The name that an `event` field gave, redacted, otherwise as given.
    pub(crate) fn event(&self) -> Option<&str> {
        self.said.event.then_some(self.event.as_str())
    }

    /// Takes one value for `slot`.
    pub(crate) fn sink<'a>(&'a mut self, slot: &'a Slot, how: How<'a>) -> Sink<'a> {
        Sink::new(self, slot, how)
    }

    /// Takes what `parent` has and this has not.
    pub(crate) fn copy_missing_from(&mut self, _parent: &Fields) {}
}
