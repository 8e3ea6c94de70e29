//! Spans lend context, and `audit` spans become records.

use std::cell::RefCell;

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Metadata};

use crate::clock::millis;
use crate::context;
use crate::draft::{self, Parent};
use crate::event::EventType;
use crate::layer::event::{Named, Said};
use crate::layer::plan::{Plan, Sort};
use crate::layer::visit::{RecordVisitor, SlotVisitor, SpanVisitor};
use crate::layer::{AuditLayer, CUSTOM, SITE, TARGET};
use crate::record::Key;
use crate::render::{Fields, Stage};
use crate::span::{self, Audit, Closed, Ending, Kind, Place};

impl AuditLayer {
    #[inline]
    pub(crate) fn span_opens(&self, attributes: &Attributes<'_>, id: &Id) {
        self.plans.with(&self.core, attributes.metadata(), |plan| {
            self.open(plan, attributes, id.into_u64());
        });
    }

    #[inline]
    fn open(&self, plan: &Plan, attributes: &Attributes<'_>, id: u64) {
        match plan.sort {
            Sort::Context => {
                let (current, mut context) = span::begin(self.scope);
                attributes.record(&mut SpanVisitor {
                    layer: self,
                    plan,
                    context: &mut context,
                    own: None,
                });
                let parent = self.parent_of(attributes).unwrap_or(current);
                span::open(self.scope, id, Kind::Captured, parent, Some(context), None);
            }
            Sort::Audit(rule) => self.open_audit(plan, rule, attributes, id),
            Sort::Transparent => span::open(self.scope, id, Kind::Transparent, Place::NONE, None, None),
            Sort::Dull | Sort::Event(_) | Sort::Other => {
                let parent = self.parent_of(attributes).unwrap_or_else(|| span::current(self.scope));
                // With nothing above, nothing needs to be known of it.
                if parent != Place::NONE {
                    span::open(self.scope, id, Kind::Link, parent, None, None);
                }
            }
        }
    }

    #[inline(never)]
    fn open_audit(&self, plan: &Plan, rule: Option<EventType>, attributes: &Attributes<'_>, id: u64) {
        let (current, mut context) = span::begin(self.scope);
        let mut audit = self.about(attributes.metadata(), rule);
        attributes.record(&mut SpanVisitor {
            layer: self,
            plan,
            context: &mut context,
            own: Some(&mut audit.extra),
        });
        audit.take_name();
        let parent = self.parent_of(attributes).unwrap_or(current);
        span::open(self.scope, id, Kind::Audit, parent, Some(context), Some(audit));
    }

    /// The parent that a new span states: none, or another one than the current.
    #[inline]
    fn parent_of(&self, attributes: &Attributes<'_>) -> Option<Place> {
        match attributes.parent() {
            Some(parent) => Some(span::find(self.scope, parent.into_u64())),
            None => attributes.is_root().then_some(Place::NONE),
        }
    }

    fn about(&self, metadata: &'static Metadata<'static>, rule: Option<EventType>) -> Box<Audit> {
        let idle = AUDITS.try_with(|idle| idle.try_borrow_mut().ok()?.pop()).ok().flatten();
        let mut audit = idle.unwrap_or_else(|| Box::new(Audit::new(metadata)));
        audit.born = self.core.time.monotonic();
        audit.metadata = metadata;
        audit.rule = rule;
        context::with_context(&self.core, |explicit| {
            if let Some(explicit) = explicit {
                audit.around.copy_missing_from(explicit);
            }
        });
        audit
    }

    pub(crate) fn span_records(&self, id: &Id, values: &Record<'_>) {
        let place = span::find(self.scope, id.into_u64());
        let kind = span::kind(place);
        if !matches!(kind, Some(Kind::Captured | Kind::Audit)) {
            return;
        }
        let mut context = span::take();
        let mut own = (kind == Some(Kind::Audit)).then(span::take);
        values.record(&mut RecordVisitor {
            layer: self,
            plan: None,
            context: &mut context,
            own: own.as_deref_mut(),
        });
        if !context.is_empty() {
            span::record(place, &mut context);
        }
        span::give(context);
        if let Some(mut own) = own {
            span::record_own(place, &mut own);
            span::give(own);
        }
    }

    /// The error that `#[instrument(err)]` told of becomes the record's.
    pub(crate) fn span_failed(&self, place: Place, event: &Event<'_>) {
        span::note(place, Ending::FAILED);
        let mut own = span::take();
        if let Some(slot) = SITE.plan(&self.core).first() {
            event.record(&mut SlotVisitor {
                layer: self,
                slot,
                fields: &mut own,
            });
        }
        span::record_own(place, &mut own);
        span::give(own);
    }

    pub(crate) fn span_closes(&self, id: &Id) {
        if let Some(closed) = span::close(self.scope, id.into_u64()) {
            self.record_span(closed);
        }
    }

    fn record_span(&self, closed: Closed) {
        let core = &*self.core;
        let Closed {
            mut audit,
            own,
            ending,
            parent,
        } = closed;
        let mut stage = Stage::take();
        std::mem::swap(&mut stage.fields, &mut audit.extra);
        if let Some(named) = self.span_name(&mut stage, &audit) {
            let said = *stage.fields.said();
            if !stage.fields.present().has(Key::DurationMs)
                && let Some(slot) = SITE.plan(core).get(1)
            {
                let took = core.time.monotonic().saturating_sub(audit.born);
                stage.fields.sink(slot, core.how()).f64(millis(took));
            }
            let failed = stage.fields.present().has(Key::Error);
            let mut statement = named.statement();
            statement.outcome = Some(said.outcome.unwrap_or_else(|| ending.outcome(failed)));
            span::with_place(parent, |above| {
                let contexts: &[&Fields] = match above {
                    Some(above) => &[&own, &audit.around, above],
                    None => &[&own, &audit.around],
                };
                // Without the mirror: the other layers see spans themselves, and this is one of their callbacks.
                draft::accept(core, &mut stage, &statement, Parent::Given(contexts));
            });
        }
        std::mem::swap(&mut stage.fields, &mut audit.extra);
        stage.give();
        span::give(own);
        put_away(audit);
    }

    /// The type of an audit span's record. `None` if its field `audit` was never filled.
    fn span_name(&self, stage: &mut Stage, audit: &Audit) -> Option<Named> {
        if let Some(rule) = audit.rule.filter(|rule| *rule != CUSTOM) {
            return Some(Named::Type(rule));
        }
        let said = match audit.name.as_str() {
            // `audit = true`: the span's own name says what it is.
            "" | "true" => None,
            "false" => return None,
            said => Some(said),
        };
        let named_by_itself = audit.metadata.target() == TARGET || audit.rule.is_some() || !audit.name.is_empty();
        (said.is_some() || named_by_itself).then(|| self.name(stage, Said::of(said, &self.core), audit.metadata.name()))
    }
}

impl Audit {
    fn new(metadata: &'static Metadata<'static>) -> Audit {
        Audit {
            extra: Fields::new(),
            around: Fields::new(),
            name: String::new(),
            rule: None,
            born: std::time::Duration::ZERO,
            metadata,
        }
    }
}

thread_local! {
    // Boxes: they move on into the table.
    #[expect(clippy::vec_box, reason = "the boxes move on into the table")]
    static AUDITS: RefCell<Vec<Box<Audit>>> = const { RefCell::new(Vec::new()) };
}

/// A thread rarely needs more at a time.
const IDLE: usize = 8;

fn put_away(mut audit: Box<Audit>) {
    audit.extra.clear();
    audit.around.clear();
    audit.name.clear();
    let _ = AUDITS.try_with(|idle| {
        if let Ok(mut idle) = idle.try_borrow_mut()
            && idle.len() < IDLE
        {
            idle.push(audit);
        }
    });
}

#[cfg(test)]
mod tests {
    use tracing::{Span, info_span};

    use crate::span::steps;
    use crate::{audit, events, testing};

    fn nested(depth: u32, each: &mut impl FnMut(&Span)) {
        if depth > 0 {
            let span = info_span!("nested", resource = depth).entered();
            each(&span);
            nested(depth - 1, each);
            each(&span);
        }
    }

    #[test]
    fn a_thousand_nested_spans_cost_each_event_a_few_steps() {
        let audit = testing::capture().unwrap();
        let root = info_span!("root", user_id = "alice").entered();
        let before = steps();
        nested(1_000, &mut |_| {
            audit!(events::DATA_READ);
        });
        let steps = steps() - before;
        drop(root);
        let records = audit.records();
        assert_eq!(records.len(), 2_000);
        assert!(records.iter().all(|record| record.user_id() == Some("alice")));
        let depths: Vec<_> = (1..=1_000)
            .rev()
            .chain(1..=1_000)
            .map(|depth: u32| depth.to_string())
            .collect();
        assert!(records.iter().map(|record| record.resource().unwrap()).eq(depths));
        assert!(steps < 2_000 * 12, "{steps} steps");
    }

    #[test]
    fn a_value_recorded_at_the_root_reaches_a_thousand_nested_spans() {
        let audit = testing::capture().unwrap();
        let root = info_span!("root", user_id = tracing::field::Empty).entered();
        let mut deepest = Vec::new();
        nested(1_000, &mut |span| deepest.push(span.clone()));
        let deepest = deepest.into_iter().nth(999).unwrap();
        deepest.in_scope(|| audit!(events::DATA_READ));
        root.record("user_id", "alice");
        let before = steps();
        deepest.in_scope(|| audit!(events::DATA_READ));
        assert!(steps() - before < 1_400, "{} steps", steps() - before);
        let before = steps();
        deepest.in_scope(|| audit!(events::DATA_READ));
        assert_eq!(steps(), before, "nothing has changed");
        drop(root);
        let users: Vec<_> = audit
            .records()
            .iter()
            .map(|record| record.user_id().map(str::to_owned))
            .collect();
        assert_eq!(users, [None, Some("alice".to_owned()), Some("alice".to_owned())]);
    }
}
