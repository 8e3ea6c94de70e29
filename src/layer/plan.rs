//! What a call site's fields are to a trail: worked out once, and found again in a few nanoseconds.
//!
//! A layer keeps one plan for each call site that it looks at, by the call site's identifier; each thread keeps the last
//! ones it used in a small table. What is found is used if layer and redaction are the same, and the metadata: a call
//! site of no size may share its address with another. The metadata that events and spans carry is static and as good
//! as the identifier; that which a filter is asked about for `log` records is not, and never gets here.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use tracing_core::Metadata;
use tracing_core::callsite::Identifier;

use crate::event::EventType;
use crate::layer::{AUDIT_FIELD, TARGET, capture};
use crate::names::{self, Meaning};
use crate::render::{Policy, Slot};
use crate::site::Rules;
use crate::trail::Core;

/// What a call site is to a trail.
#[derive(Debug)]
pub(crate) struct Plan {
    layer: u32,
    rules: Rules,
    metadata: &'static Metadata<'static>,
    pub(crate) sort: Sort,
    /// One for each field, in their order; empty where none matters.
    fields: Box<[Option<Field>]>,
    /// The index of the first field that names the event; beyond all others if none does.
    pub(crate) naming: usize,
}

/// What becomes of an event or a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// More verbose than the trail looks.
    Transparent,
    /// A span without a field that matters.
    Dull,
    /// A span that lends context.
    Context,
    /// A span that becomes a record when it closes; by a rule of this type.
    Audit(Option<EventType>),
    /// An event that becomes a record; by a rule of this type.
    Event(Option<EventType>),
    /// An event that is none of ours.
    Other,
}

/// Where a field's value goes.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) slot: Slot,
    /// Of a span: into the span's own record, and not into those made within it.
    pub(crate) own: bool,
}

impl Plan {
    fn new(layer: u32, core: &Core, metadata: &'static Metadata<'static>) -> Plan {
        let sort = sort(core, metadata);
        let policy = &*core.policy;
        let field = |field: tracing_core::Field| {
            let name = field.name();
            let field = match sort {
                Sort::Context => Field::of_context(name, policy),
                Sort::Audit(_) => Field::of_audit_span(name, policy),
                // Where a `log` record comes from is said by the program's own logs.
                Sort::Event(_) if is_log(metadata) && name != "message" => return None,
                Sort::Event(_) => Field::of_event(name, policy),
                Sort::Transparent | Sort::Dull | Sort::Other => return None,
            };
            (!field.slot.is_nothing()).then_some(field)
        };
        let fields: Box<[Option<Field>]> = match sort {
            Sort::Transparent | Sort::Dull | Sort::Other => Box::default(),
            Sort::Context | Sort::Audit(_) | Sort::Event(_) => metadata.fields().iter().map(field).collect(),
        };
        let names = |field: &Option<Field>| field.as_ref().is_some_and(|field| field.slot.names_event());
        Plan {
            layer,
            rules: core.rules(),
            metadata,
            sort,
            naming: fields.iter().position(names).unwrap_or(usize::MAX),
            fields,
        }
    }

    /// The place of a field's value, unless it has none.
    #[inline]
    pub(crate) fn field(&self, field: &tracing_core::Field) -> Option<&Field> {
        self.fields.get(field.index())?.as_ref()
    }
}

fn sort(core: &Core, metadata: &Metadata<'_>) -> Sort {
    let rule = capture::rule(core, metadata).map(|rule| rule.event);
    if metadata.is_event() {
        return match rule {
            _ if metadata.target() == TARGET || is_log(metadata) => Sort::Event(None),
            Some(event) => Sort::Event(Some(event)),
            None => Sort::Other,
        };
    }
    let seen = *metadata.level() <= core.span_level;
    let audit = metadata.target() == TARGET || metadata.fields().field(AUDIT_FIELD).is_some();
    match rule {
        _ if seen && audit => Sort::Audit(None),
        Some(event) => Sort::Audit(Some(event)),
        None if !seen => Sort::Transparent,
        None => {
            let lends = |field: tracing_core::Field| !Slot::for_span(field.name(), &core.policy).is_nothing();
            match metadata.fields().iter().any(lends) {
                true => Sort::Context,
                false => Sort::Dull,
            }
        }
    }
}

/// Whether it is one of the five call sites of `log` records.
fn is_log(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "log" && metadata.fields().field("log.target").is_some()
}

impl Field {
    fn of_event(name: &str, policy: &Policy) -> Field {
        Field {
            slot: Slot::for_event(name, policy),
            own: true,
        }
    }

    fn of_context(name: &str, policy: &Policy) -> Field {
        Field {
            slot: Slot::for_span(name, policy),
            own: false,
        }
    }

    fn of_audit_span(name: &str, policy: &Policy) -> Field {
        // `audit = "USER_DELETE"` names the event.
        let name = if name == AUDIT_FIELD { "audit.event" } else { name };
        // How the span ends, and how much that matters, is nothing that records within it should take over.
        let about_the_end = matches!(
            names::meaning(name),
            Some(Meaning::Outcome | Meaning::Severity | Meaning::Status)
        );
        Field {
            own: about_the_end || Slot::for_span(name, policy).is_nothing(),
            slot: Slot::for_audit_span(name, policy),
        }
    }
}

/// The plans of one layer.
#[derive(Debug)]
pub(crate) struct Plans {
    layer: u32,
    made: RwLock<HashMap<Identifier, Arc<Plan>, BuildHasherDefault<AddressHasher>>>,
}

/// The lock is held for less than a microsecond; for longer only in a forked child, whose parent held it at the fork.
const PATIENCE: Duration = Duration::from_millis(100);

/// Entries of a thread's table.
const RECENT: usize = 128;

thread_local! {
    static LAST: RefCell<[Option<Arc<Plan>>; RECENT]> = const { RefCell::new([const { None }; RECENT]) };
}

impl Plans {
    pub(crate) fn new(layer: u32) -> Plans {
        Plans {
            layer,
            made: RwLock::default(),
        }
    }

    /// Calls `with` with the plan of a call site. It may run code of the user's, that comes here again.
    #[inline]
    pub(crate) fn with<R>(
        &self,
        core: &Core,
        metadata: &'static Metadata<'static>,
        mut with: impl FnMut(&Plan) -> R,
    ) -> R {
        let at = place(metadata);
        let is_it = |plan: &Plan| {
            plan.layer == self.layer && std::ptr::eq(plan.metadata, metadata) && plan.rules == core.rules()
        };
        // Stays borrowed meanwhile: what comes here again from within can look, and only cannot replace.
        let found = LAST.try_with(|last| {
            let last = last.try_borrow().ok()?;
            let plan = last.get(at)?.as_deref().filter(|plan| is_it(plan))?;
            Some(with(plan))
        });
        match found {
            Ok(Some(result)) => result,
            _ => {
                let plan = self.find(core, metadata);
                remember(at, &plan);
                with(&plan)
            }
        }
    }

    /// What a call site is.
    #[inline]
    pub(crate) fn sort(&self, core: &Core, metadata: &'static Metadata<'static>) -> Sort {
        self.with(core, metadata, |plan| plan.sort)
    }

    /// The plan of a span, found by a field that was recorded later: it knows its call site and nothing else.
    pub(crate) fn of_field(&self, core: &Core, field: &tracing_core::Field) -> Option<Arc<Plan>> {
        let plan = self.made.try_read_for(PATIENCE)?.get(&field.callsite()).cloned()?;
        match plan.rules == core.rules() {
            true => Some(plan),
            false => Some(self.find(core, plan.metadata)),
        }
    }

    #[cold]
    fn find(&self, core: &Core, metadata: &'static Metadata<'static>) -> Arc<Plan> {
        let made = self.made.try_read_for(PATIENCE);
        let known = made.and_then(|made| made.get(&metadata.callsite()).cloned());
        if let Some(plan) = known
            && std::ptr::eq(plan.metadata, metadata)
            && plan.rules == core.rules()
        {
            return plan;
        }
        let plan = Arc::new(Plan::new(self.layer, core, metadata));
        if let Some(mut made) = self.made.try_write_for(PATIENCE) {
            made.insert(metadata.callsite(), Arc::clone(&plan));
        }
        plan
    }
}

fn remember(at: usize, plan: &Arc<Plan>) {
    let _ = LAST.try_with(|last| {
        if let Ok(mut last) = last.try_borrow_mut()
            && let Some(slot) = last.get_mut(at)
        {
            *slot = Some(Arc::clone(plan));
        }
    });
}

#[inline]
fn place(metadata: &'static Metadata<'static>) -> usize {
    let hash = (std::ptr::from_ref(metadata).addr() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (hash >> 57) as usize % RECENT
}

/// Call sites are equal if their addresses are; of a wide pointer only the address counts.
#[derive(Debug, Default)]
pub(crate) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    #[inline]
    fn write_usize(&mut self, address: usize) {
        if self.0 == 0 {
            self.0 = (address as u64 >> 3).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
    }
}
