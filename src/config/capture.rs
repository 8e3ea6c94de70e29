//! What to record of code that knows nothing of the trail; plain data, read by the layer.

use tracing_core::Level;

use crate::event::EventType;

/// One rule: events (or spans) that match become records of this type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CaptureRule {
    /// The call site's target is this, or lies below it (`app::admin` takes `app::admin::users`).
    pub(crate) target: String,
    /// The span's or event's name is this, where one is asked for.
    pub(crate) name: Option<String>,
    /// Spans, instead of events.
    pub(crate) span: bool,
    /// Call sites more verbose than this are left alone.
    pub(crate) level: Level,
    pub(crate) event: EventType,
}
