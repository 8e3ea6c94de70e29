//! From the values of events and spans to fields.
//!
//! The values' own code runs here, under no lock of ours.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use tracing_core::field::Visit;

use crate::draft::Depth;
use crate::event::EventType;
use crate::layer::AuditLayer;
use crate::layer::current::Inside;
use crate::layer::event::Named;
use crate::layer::plan::Plan;
use crate::render::{Fields, How, Sink, Slot};

/// Takes the values of an event.
#[derive(Debug)]
pub(crate) struct EventVisitor<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) fields: &'a mut Fields,
    pub(crate) how: How<'a>,
    /// The event's type, where a field names it.
    pub(crate) named: Option<EventType>,
}

/// Takes every value for one place.
#[derive(Debug)]
pub(crate) struct SlotVisitor<'a> {
    pub(crate) layer: &'a AuditLayer,
    pub(crate) slot: &'a Slot,
    pub(crate) fields: &'a mut Fields,
}

/// Takes the values of a span: what its children may have, and what is for its own record only.
#[derive(Debug)]
pub(crate) struct SpanVisitor<'a> {
    pub(crate) layer: &'a AuditLayer,
    pub(crate) plan: &'a Plan,
    pub(crate) context: &'a mut Fields,
    pub(crate) own: Option<&'a mut Fields>,
}

/// Takes the values that a span records later. Their call site is known from the first of them.
#[derive(Debug)]
pub(crate) struct RecordVisitor<'a> {
    pub(crate) layer: &'a AuditLayer,
    pub(crate) plan: Option<Arc<Plan>>,
    pub(crate) context: &'a mut Fields,
    pub(crate) own: Option<&'a mut Fields>,
}

/// While it lives, code of the user's may run.
struct Guard {
    _depth: Depth,
    _inside: Inside,
}

impl AuditLayer {
    /// `None` where values record that hold values that record, and so on.
    #[inline]
    fn guard(&self) -> Option<Guard> {
        Some(Guard {
            _depth: Depth::enter()?,
            _inside: self.inside(),
        })
    }
}

macro_rules! sink {
    ($self:ident, $field:ident) => {
        match $self.sink($field) {
            Some(sink) => sink,
            None => return,
        }
    };
}

/// The value's own code runs: here, and for no other values.
macro_rules! guarded {
    ($self:ident, $field:ident, |$sink:ident| $take:expr) => {
        let guards = $self.guards();
        let $sink = sink!($self, $field);
        let Some(_guard) = guards.map_or(Some(None), |layer| layer.guard().map(Some)) else {
            return;
        };
        $take;
    };
}

macro_rules! visit {
    ($visitor:ident, $debug:ident) => {
        impl Visit for $visitor<'_> {
            fn record_str(&mut self, field: &tracing_core::Field, value: &str) {
                if self.takes_name(field, value) {
                    return;
                }
                sink!(self, field).str(value);
            }

            fn record_i64(&mut self, field: &tracing_core::Field, value: i64) {
                sink!(self, field).i64(value);
            }

            fn record_u64(&mut self, field: &tracing_core::Field, value: u64) {
                sink!(self, field).u64(value);
            }

            fn record_i128(&mut self, field: &tracing_core::Field, value: i128) {
                sink!(self, field).i128(value);
            }

            fn record_u128(&mut self, field: &tracing_core::Field, value: u128) {
                sink!(self, field).u128(value);
            }

            fn record_f64(&mut self, field: &tracing_core::Field, value: f64) {
                sink!(self, field).f64(value);
            }

            fn record_bool(&mut self, field: &tracing_core::Field, value: bool) {
                sink!(self, field).bool(value);
            }

            fn record_bytes(&mut self, field: &tracing_core::Field, value: &[u8]) {
                sink!(self, field).bytes(value);
            }

            fn record_error(&mut self, field: &tracing_core::Field, value: &(dyn Error + 'static)) {
                guarded!(self, field, |sink| sink.error(value));
            }

            fn record_debug(&mut self, field: &tracing_core::Field, value: &dyn fmt::Debug) {
                guarded!(self, field, |sink| sink.$debug(value));
            }
        }
    };
}

visit!(EventVisitor, debug);
visit!(SlotVisitor, debug);
visit!(SpanVisitor, span_debug);
visit!(RecordVisitor, span_debug);

impl<'a> EventVisitor<'a> {
    /// The name of a known type, which is nothing to redact, and need not be looked up again.
    #[inline]
    fn takes_name(&mut self, field: &tracing_core::Field, value: &str) -> bool {
        if field.index() != self.plan.naming || self.fields.said().event {
            return false;
        }
        self.named = Named::recall(value);
        if self.named.is_some() {
            self.fields.event_is_kept();
        }
        self.named.is_some()
    }

    /// Whoever visits an event guards all of it.
    #[expect(clippy::unused_self, reason = "as the others")]
    fn guards(&self) -> Option<&'a AuditLayer> {
        None
    }

    #[inline]
    fn sink(&mut self, field: &tracing_core::Field) -> Option<Sink<'_>> {
        let field = self.plan.field(field)?;
        Some(self.fields.sink(&field.slot, self.how))
    }
}

impl<'a> SlotVisitor<'a> {
    #[expect(clippy::unused_self, reason = "as the others")]
    fn takes_name(&self, _: &tracing_core::Field, _: &str) -> bool {
        false
    }

    fn guards(&self) -> Option<&'a AuditLayer> {
        Some(self.layer)
    }

    fn sink(&mut self, _: &tracing_core::Field) -> Option<Sink<'_>> {
        Some(self.fields.sink(self.slot, self.layer.core.how()))
    }
}

impl<'a> SpanVisitor<'a> {
    #[expect(clippy::unused_self, reason = "as the others")]
    fn takes_name(&self, _: &tracing_core::Field, _: &str) -> bool {
        false
    }

    fn guards(&self) -> Option<&'a AuditLayer> {
        Some(self.layer)
    }

    #[inline]
    fn sink(&mut self, field: &tracing_core::Field) -> Option<Sink<'_>> {
        let field = self.plan.field(field)?;
        let fields = if field.own {
            self.own.as_deref_mut()?
        } else {
            &mut *self.context
        };
        Some(fields.sink(&field.slot, self.layer.core.how()))
    }
}

impl<'a> RecordVisitor<'a> {
    #[expect(clippy::unused_self, reason = "as the others")]
    fn takes_name(&self, _: &tracing_core::Field, _: &str) -> bool {
        false
    }

    fn guards(&self) -> Option<&'a AuditLayer> {
        Some(self.layer)
    }

    fn sink(&mut self, field: &tracing_core::Field) -> Option<Sink<'_>> {
        let AuditLayer { plans, core, .. } = self.layer;
        if self.plan.is_none() {
            self.plan = plans.of_field(core, field);
        }
        let field = self.plan.as_deref()?.field(field)?;
        let fields = if field.own {
            self.own.as_deref_mut()?
        } else {
            &mut *self.context
        };
        Some(fields.sink(&field.slot, core.how()))
    }
}
