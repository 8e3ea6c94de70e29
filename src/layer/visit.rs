//! From the values of events and spans to fields.
//!
//! The values' own code runs here, under no lock of ours.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use tracing_core::field::Visit;

use crate::layer::plan::{Plan, Plans};
use crate::render::{Fields, How, Sink, Slot};
use crate::trail::Core;

/// Takes the values of an event.
#[derive(Debug)]
pub(crate) struct EventVisitor<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) fields: &'a mut Fields,
    pub(crate) how: How<'a>,
}

/// Takes every value for one place.
#[derive(Debug)]
pub(crate) struct SlotVisitor<'a> {
    pub(crate) slot: &'a Slot,
    pub(crate) fields: &'a mut Fields,
    pub(crate) how: How<'a>,
}

/// Takes the values of a span: what its children may have, and what is for its own record only.
#[derive(Debug)]
pub(crate) struct SpanVisitor<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) context: &'a mut Fields,
    pub(crate) own: Option<&'a mut Fields>,
    pub(crate) how: How<'a>,
}

/// Takes the values that a span records later. Their call site is known from the first of them.
#[derive(Debug)]
pub(crate) struct RecordVisitor<'a> {
    pub(crate) plans: &'a Plans,
    pub(crate) core: &'a Core,
    pub(crate) plan: Option<Arc<Plan>>,
    pub(crate) context: &'a mut Fields,
    pub(crate) own: Option<&'a mut Fields>,
}

macro_rules! sink {
    ($self:ident, $field:ident) => {
        match $self.sink($field) {
            Some(sink) => sink,
            None => return,
        }
    };
}

macro_rules! visit {
    ($visitor:ident, $debug:ident) => {
        impl Visit for $visitor<'_> {
            fn record_str(&mut self, field: &tracing_core::Field, value: &str) {
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
                sink!(self, field).error(value);
            }

            fn record_debug(&mut self, field: &tracing_core::Field, value: &dyn fmt::Debug) {
                sink!(self, field).$debug(value);
            }
        }
    };
}

visit!(EventVisitor, debug);
visit!(SlotVisitor, debug);
visit!(SpanVisitor, span_debug);
visit!(RecordVisitor, span_debug);

impl EventVisitor<'_> {
    #[inline]
    fn sink(&mut self, field: &tracing_core::Field) -> Option<Sink<'_>> {
        let field = self.plan.field(field)?;
        Some(self.fields.sink(&field.slot, self.how))
    }
}

impl SlotVisitor<'_> {
    fn sink(&mut self, _: &tracing_core::Field) -> Option<Sink<'_>> {
        Some(self.fields.sink(self.slot, self.how))
    }
}

impl SpanVisitor<'_> {
    #[inline]
    fn sink(&mut self, field: &tracing_core::Field) -> Option<Sink<'_>> {
        let field = self.plan.field(field)?;
        let fields = if field.own {
            self.own.as_deref_mut()?
        } else {
            &mut *self.context
        };
        Some(fields.sink(&field.slot, self.how))
    }
}

impl RecordVisitor<'_> {
    fn sink(&mut self, field: &tracing_core::Field) -> Option<Sink<'_>> {
        if self.plan.is_none() {
            self.plan = self.plans.of_field(self.core, field);
        }
        let field = self.plan.as_deref()?.field(field)?;
        let fields = if field.own {
            self.own.as_deref_mut()?
        } else {
            &mut *self.context
        };
        Some(fields.sink(&field.slot, self.core.how()))
    }
}
