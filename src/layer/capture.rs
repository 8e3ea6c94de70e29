//! Records of code that knows nothing of the trail.

use tracing_core::{Level, LevelFilter, Metadata};

use crate::builder::Builder;
use crate::config::CaptureRule;
use crate::event::{self, EventType};
use crate::trail::Core;

/// The type of what names none.
pub(crate) const CUSTOM: EventType = event::UNDECLARED;

/// Makes records of events and spans of code you cannot touch.
///
/// ```
/// use tracing_audit::{Capture, Trail, events};
/// # let dir = tempfile::tempdir().unwrap();
/// # let dir = dir.path().join("logs");
/// let trail = Trail::builder(dir)
///     .capture(Capture::target("app::admin").as_event(events::ADMIN_ACTION))
///     .capture(Capture::target("sqlx").span("delete").as_event(events::DATA_DELETE))
///     .build()?;
/// # Ok::<(), tracing_audit::Error>(())
/// ```
///
/// The fields become those of the record as under target `audit`: known names have their keys, the rest stands in
/// `metadata`, and the redaction treats all of them. From a captured span come the names that any span may give.
///
/// A captured event or span is recorded on top of what it was; other layers see it as before. Of several rules that
/// match, the first counts.
#[derive(Clone, Debug)]
#[must_use = "a rule does nothing until it is given to Builder::capture"]
pub struct Capture {
    rule: CaptureRule,
}

impl Capture {
    /// The events of this target and of those below it: `app::admin` takes `app::admin::users` too.
    ///
    /// Without [`as_event`](Capture::as_event) they name their type in a field `event`, and are `CUSTOM` if they do not.
    pub fn target(target: impl Into<String>) -> Capture {
        Capture {
            rule: CaptureRule {
                target: target.into(),
                name: None,
                span: false,
                level: Level::INFO,
                event: CUSTOM,
            },
        }
    }

    /// Only events of this name, as given by `name: ".."` in the macros of `tracing`.
    pub fn name(mut self, name: impl Into<String>) -> Capture {
        self.rule.name = Some(name.into());
        self.rule.span = false;
        self
    }

    /// Not the events, but the spans of this name: one record each, when the span closes, with the outcome and the
    /// duration that a span with a field `audit` would have.
    pub fn span(mut self, name: impl Into<String>) -> Capture {
        self.rule.name = Some(name.into());
        self.rule.span = true;
        self
    }

    /// The most verbose level to take. Default: INFO.
    ///
    /// More than INFO switches on call sites that nobody else may want, in the whole program; beside layers with
    /// filters of their own use [`Trail::filter`](crate::Trail::filter) then.
    pub fn level(mut self, level: Level) -> Capture {
        self.rule.level = level;
        self
    }

    /// The type of the records.
    pub fn as_event(mut self, event: EventType) -> Capture {
        self.rule.event = event;
        self
    }
}

impl Builder {
    /// Makes records of events or spans of code that knows nothing of the trail. May be called more than once.
    pub fn capture(self, capture: Capture) -> Builder {
        self.capture_rule(capture.rule)
    }
}

/// The most verbose level that events are looked at under target `audit`. It is the same whatever else is captured, and
/// whatever other layers open: what is recorded does not depend on who listens.
pub(crate) const EVENTS: Level = Level::INFO;

/// The rule that takes this event or span.
pub(crate) fn rule<'a>(core: &'a Core, metadata: &Metadata<'_>) -> Option<&'a CaptureRule> {
    core.capture.iter().find(|rule| {
        rule.span == metadata.is_span()
            && *metadata.level() <= rule.level
            && below(metadata.target(), &rule.target)
            && rule.name.as_deref().is_none_or(|name| name == metadata.name())
    })
}

fn below(target: &str, above: &str) -> bool {
    target
        .strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The most verbose level that anything of the trail's looks at.
pub(crate) fn hint(core: &Core) -> LevelFilter {
    let levels = core.capture.iter().map(|rule| rule.level);
    levels
        .chain([EVENTS, core.span_level])
        .max()
        .map_or(LevelFilter::INFO, LevelFilter::from_level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_takes_what_lies_below_it_and_not_what_begins_alike() {
        assert!(below("app::admin", "app::admin"));
        assert!(below("app::admin::users", "app::admin"));
        assert!(!below("app::administration", "app::admin"));
        assert!(!below("app", "app::admin"));
    }
}
