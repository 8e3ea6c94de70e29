use crate::record::Key;
use crate::render::Policy;

/// Where a named value goes and how it is treated. Made once per call site and policy version.
#[derive(Debug)]
pub(crate) struct Slot {}

impl Slot {
    /// For a field of an event. The names that only the trail writes go into `metadata`.
    pub(crate) fn for_event(_name: &str, _policy: &Policy) -> Slot {
        Slot {}
    }

    /// For a field of a span: identity and request names, and otherwise nothing.
    pub(crate) fn for_span(_name: &str, _policy: &Policy) -> Slot {
        Slot {}
    }

    /// For a field of an `audit` span: as of any span, `error`, and whatever stands behind `audit.`.
    pub(crate) fn for_audit_span(_name: &str, _policy: &Policy) -> Slot {
        Slot {}
    }

    /// Whether values for it are thrown away.
    pub(crate) fn is_nothing(&self) -> bool {
        true
    }

    pub(crate) fn key(&self) -> Option<Key> {
        None
    }
}
