//! A record about to be written: the way that every record of a caller takes, and that way by hand.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use tracing_core::span::Id;

use crate::brief::Brief;
use crate::clock::{Micros, millis};
use crate::context;
use crate::event::{self, Category, EventType, events};
use crate::mirror;
use crate::outcome::Outcome;
use crate::receipt::{Fate, Receipt};
use crate::record::Key;
use crate::render::{Fields, How, Name, Sink, Slot, Stage, Texts, What};
use crate::severity::Severity;
use crate::site::{self, Site};
use crate::span;
use crate::trail::{Core, Trail};

/// A record about to be written, without the macro: for names known at run time only, and for values that come step by
/// step.
///
/// ```
/// use tracing_audit::events;
/// # use std::time::{Duration, SystemTime};
/// # let audit = tracing_audit::testing::capture()?;
/// # let trail = audit.trail();
/// # let (user, address, then) = ("alice", "192.0.2.7", SystemTime::now() - Duration::from_secs(60));
/// let draft = trail.draft(events::AUTH_FAILED).user_id(user).ip(address).reason("wrong password");
/// draft.occurred(then).field("port", &22).emit().accepted()?;
/// # assert_eq!(audit.records()[0].reason(), Some("wrong password"));
/// # Ok::<(), tracing_audit::Error>(())
/// ```
///
/// Values are redacted as they come. Of two values for one key the first gets it, and the second goes to `metadata`. A
/// draft that is dropped writes nothing.
#[must_use = "a draft writes nothing before `emit`"]
pub struct Draft {
    core: Arc<Core>,
    /// Out of the thread's pool; `None` once it is back there.
    stage: Option<Box<Stage>>,
    statement: Statement<'static>,
}

impl Trail {
    /// Begins a record.
    pub fn draft(&self, event: EventType) -> Draft {
        Draft::of(Arc::clone(self.core().arc()), event)
    }

    /// Writes a record: [`draft`](Trail::draft) and [`emit`](Draft::emit) in one.
    ///
    /// ```
    /// # let audit = tracing_audit::testing::capture()?;
    /// # let trail = audit.trail();
    /// use tracing_audit::events;
    /// trail.record(events::DATA_UPDATE, |record| record.user_id("alice").resource("invoices/17"));
    /// # assert_eq!(audit.records()[0].resource(), Some("invoices/17"));
    /// # Ok::<(), tracing_audit::Error>(())
    /// ```
    pub fn record(&self, event: EventType, fill: impl FnOnce(Draft) -> Draft) -> Receipt {
        fill(self.draft(event)).emit()
    }

    /// Begins the record of someone's attempt to log in: `AUTH_LOGIN` if it succeeded, otherwise `AUTH_FAILED`.
    pub fn auth_attempt(&self, user_id: impl fmt::Display, outcome: impl Into<Outcome>) -> Draft {
        let outcome = outcome.into();
        let event = match outcome {
            Outcome::Success => events::AUTH_LOGIN,
            _ => events::AUTH_FAILED,
        };
        self.draft(event).outcome(outcome).user_id(user_id)
    }

    /// Begins the record of an access to data: one of the `DATA_` events, and what it was done to.
    pub fn data_access(&self, event: EventType, resource_type: impl fmt::Display, id: impl fmt::Display) -> Draft {
        self.draft(event).resource_type(resource_type).resource_id(id)
    }

    /// Begins the record of a refusal for lack of rights: `SECURITY_PERMISSION_DENIED`, outcome `denied`.
    pub fn permission_denied(&self, user_id: impl fmt::Display, resource: impl fmt::Display) -> Draft {
        self.draft(events::SECURITY_PERMISSION_DENIED)
            .user_id(user_id)
            .resource(resource)
    }

    /// Begins the record of a limit that was hit: `SECURITY_RATE_LIMIT`, outcome `blocked`.
    pub fn rate_limited(&self, ip: impl fmt::Display, route: impl fmt::Display) -> Draft {
        self.draft(events::SECURITY_RATE_LIMIT).ip(ip).route(route)
    }

    /// Begins the record of something that looks like an attack: `SECURITY_SUSPICIOUS_ACTIVITY`, or
    /// `SECURITY_INCIDENT` if it is critical.
    pub fn security_event(&self, severity: Severity, message: impl fmt::Display) -> Draft {
        let event = match severity {
            Severity::Critical => events::SECURITY_INCIDENT,
            _ => events::SECURITY_SUSPICIOUS_ACTIVITY,
        };
        self.draft(event).severity(severity).message(message)
    }

    /// Begins the record of something about the service itself: one of the `SYSTEM_` events.
    pub fn system_event(&self, event: EventType, message: impl fmt::Display) -> Draft {
        self.draft(event).message(message)
    }
}

macro_rules! setters {
    ($($(#[$meta:meta])* $name:ident;)* - $($other:ident)*) => {
        /// Positions in [`SITE`].
        #[allow(non_camel_case_types, reason = "one variant a setter, only for its position")]
        #[derive(Clone, Copy)]
        enum Setter { $($name,)* $($other,)* }

        static SITE: Site = Site::new(&[
            $(site::Name::text(stringify!($name)),)*
            $(site::Name::text(stringify!($other)),)*
        ]);

        impl Draft {
            $(
                $(#[$meta])*
                pub fn $name(mut self, value: impl fmt::Display) -> Draft {
                    self.known(Setter::$name, |sink| sink.display(&value));
                    self
                }
            )*
        }
    };
}

setters! {
    /// Who: a stable id.
    user_id;
    /// Who: the name they go by.
    username;
    /// Their session.
    session_id;
    /// From where: an IP address.
    ip;
    /// With what program.
    user_agent;
    /// For which tenant.
    tenant;
    /// What was done, in your words.
    action;
    /// What it was done to.
    resource;
    /// The kind of thing it was done to.
    resource_type;
    /// The id of the thing it was done to.
    resource_id;
    /// The request's method.
    method;
    /// The matched route.
    route;
    /// The request's path.
    path;
    /// The request.
    request_id;
    /// The W3C trace.
    trace_id;
    /// The W3C span.
    span_id;
    /// The second factor that was used.
    mfa;
    /// Why.
    reason;
    /// What a person reads; takes `format_args!` too.
    message;
    - old new status_code duration_ms error
}

impl Draft {
    pub(crate) fn of(core: Arc<Core>, event: EventType) -> Draft {
        Draft {
            core,
            stage: Some(Stage::take()),
            statement: Statement::of(event),
        }
    }

    /// The value before a change; names inside of it are redacted like fields.
    pub fn old(mut self, value: &(impl Serialize + ?Sized)) -> Draft {
        self.known(Setter::old, |sink| sink.serialize(value));
        self
    }

    /// The value after a change.
    pub fn new(mut self, value: &(impl Serialize + ?Sized)) -> Draft {
        self.known(Setter::new, |sink| sink.serialize(value));
        self
    }

    /// The response's status.
    pub fn status_code(mut self, status: u16) -> Draft {
        self.known(Setter::status_code, |sink| sink.u64(status.into()));
        self
    }

    /// How long it took; becomes `duration_ms`.
    pub fn duration(mut self, took: Duration) -> Draft {
        self.known(Setter::duration_ms, |sink| sink.f64(millis(took)));
        self
    }

    /// The error, with its causes.
    pub fn error(mut self, error: &(dyn Error + '_)) -> Draft {
        self.known(Setter::error, |sink| sink.error(error));
        self
    }

    /// How it ended: an [`Outcome`], or a `&Result`.
    pub fn outcome(mut self, outcome: impl Into<Outcome>) -> Draft {
        self.statement.outcome = Some(outcome.into());
        self
    }

    /// How much it matters, where that differs from the event's own severity.
    pub fn severity(mut self, severity: Severity) -> Draft {
        self.statement.severity = Some(severity);
        self
    }

    /// When it happened, where that is not now: a replay, an import.
    pub fn occurred(mut self, time: impl Into<SystemTime>) -> Draft {
        self.statement.occurred = Some(Micros::from(time.into()));
        self
    }

    /// Any other field. The names that [`audit!`](crate::audit!) knows mean the same here; `None` records nothing.
    pub fn field(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Draft {
        let slot = site::slot(name, &self.core);
        self.put(&slot, |sink| sink.serialize(value));
        self
    }

    /// Writes it.
    pub fn emit(mut self) -> Receipt {
        let mut stage = self.stage.take().unwrap_or_else(Stage::take);
        let receipt = deliver(&self.core, &mut stage, &self.statement, None, Parent::Current);
        stage.give();
        receipt
    }

    /// Writes what only the trail may say about itself: what was set, and nothing that the thread knows. Counted like any other
    /// record of a caller.
    pub(crate) fn emit_own(mut self) -> Receipt {
        let mut stage = self.stage.take().unwrap_or_else(Stage::take);
        stage.fields.hide_labelled(&self.core.policy);
        let mut brief = Brief::BLANK;
        let receipt = put(&self.core, &mut stage, &self.statement, None, &[], &mut brief);
        show(&self.core, &stage, None, receipt, &brief);
        stage.give();
        receipt
    }

    fn known(&mut self, setter: Setter, put: impl FnOnce(Sink<'_>)) {
        let plan = SITE.plan(&self.core);
        if let Some(slot) = plan.get(setter as usize) {
            self.put(slot, put);
        }
    }

    fn put(&mut self, slot: &Slot, put: impl FnOnce(Sink<'_>)) {
        if let Some(_depth) = Depth::enter()
            && let Some(stage) = &mut self.stage
        {
            put(stage.fields.sink(slot, self.core.how()));
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(stage) = self.stage.take() {
            stage.give();
        }
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Draft").field(&self.statement.event).finish()
    }
}

/// What a caller states of a record, beside its fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement<'a> {
    pub(crate) event: Name<'a>,
    pub(crate) category: Category,
    /// The severity if nobody states one.
    pub(crate) usual: Severity,
    pub(crate) severity: Option<Severity>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) occurred: Option<Micros>,
}

impl Statement<'static> {
    pub(crate) fn of(event: EventType) -> Statement<'static> {
        Statement {
            event: Name::Type(event),
            category: event.category(),
            usual: event.severity(),
            severity: None,
            outcome: None,
            occurred: None,
        }
    }
}

impl Statement<'_> {
    /// Fills what is not stated: from the record's own fields, then from the contexts in their order, then from the
    /// event.
    #[inline(always)]
    fn settle<'a>(
        &'a self,
        time: Micros,
        texts: Option<&'a Texts<'a>>,
        fields: &Fields,
        contexts: &[&Fields],
    ) -> What<'a> {
        let said = fields.said();
        let mut severity = self.severity.or(said.severity);
        let mut outcome = self.outcome.or(said.outcome);
        for said in contexts.iter().map(|context| context.said()) {
            severity = severity.or(said.severity);
            outcome = outcome.or(said.outcome);
        }
        What {
            time,
            occurred: self.occurred,
            event: self.event,
            category: self.category,
            texts,
            severity: severity.unwrap_or(self.usual),
            outcome: outcome.unwrap_or_else(|| implied_outcome(self.event)),
        }
    }
}

/// The outcome that an event's name states by itself. Of any other event nobody can tell: it may be recorded before
/// the thing is done.
fn implied_outcome(event: Name<'_>) -> Outcome {
    match event {
        Name::Type(events::AUTH_LOGIN) => Outcome::Success,
        Name::Type(events::AUTH_FAILED) => Outcome::Failure,
        Name::Type(events::SECURITY_PERMISSION_DENIED) => Outcome::Denied,
        Name::Type(events::AUTH_LOCKED | events::SECURITY_RATE_LIMIT | events::QUOTA_EXCEEDED) => Outcome::Blocked,
        Name::Type(events::API_ERROR | events::SYSTEM_ERROR) => Outcome::Error,
        Name::Type(_) | Name::Text(_) => Outcome::Unknown,
    }
}

/// Whose identity and request fields a record takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parent<'a> {
    /// The thread's `AuditContext`, then the span it is in.
    Current,
    /// The thread's `AuditContext` only.
    None,
    /// The thread's `AuditContext`, then this span.
    Span(&'a Id),
    /// Just these.
    Given(&'a [&'a Fields]),
}

/// Writes what stands in `stage.fields` and `texts`, and shows it to the other layers, who could not see it otherwise.
pub(crate) fn deliver(
    core: &Core,
    stage: &mut Stage,
    statement: &Statement<'_>,
    texts: Option<&Texts<'_>>,
    parent: Parent<'_>,
) -> Receipt {
    let mut brief = Brief::BLANK;
    let receipt = settle(core, stage, statement, texts, parent, &mut brief);
    show(core, stage, texts, receipt, &brief);
    receipt
}

/// Shows a record to the other layers, if it was accepted.
fn show(core: &Core, stage: &Stage, texts: Option<&Texts<'_>>, receipt: Receipt, brief: &Brief) {
    if receipt.fate() == Fate::Accepted && core.mirror {
        mirror::show(brief, &stage.line, || {
            // What goes straight into the line has nothing to escape: as JSON it is itself.
            let text = texts.and_then(|texts| texts.get(Key::Message));
            text.map(str::as_bytes).or_else(|| stage.fields.json(Key::Message))
        });
    }
}

/// Writes what stands in `stage.fields`: adds the contexts, and queues the line. Runs none of the caller's code.
pub(crate) fn accept(core: &Core, stage: &mut Stage, statement: &Statement<'_>, parent: Parent<'_>) -> Receipt {
    settle(core, stage, statement, None, parent, &mut { Brief::BLANK })
}

#[inline]
fn settle(
    core: &Core,
    stage: &mut Stage,
    statement: &Statement<'_>,
    texts: Option<&Texts<'_>>,
    parent: Parent<'_>,
    brief: &mut Brief,
) -> Receipt {
    let disowned = disown(core, stage, statement);
    let statement = disowned.as_ref().unwrap_or(statement);
    stage.fields.hide_labelled(&core.policy);
    let mut put = |contexts: &[&Fields]| put(core, stage, statement, texts, contexts, brief);
    let mut within = |explicit: Option<&Fields>, span: Option<&Fields>| match (explicit, span) {
        (None, None) => put(&[]),
        (Some(one), None) | (None, Some(one)) => put(&[one]),
        (Some(explicit), Some(span)) => put(&[explicit, span]),
    };
    match parent {
        Parent::Given(contexts) => put(contexts),
        Parent::None => context::with_context(core, |explicit| within(explicit, None)),
        Parent::Current => {
            context::with_context(core, |explicit| span::with_current(core, |span| within(explicit, span)))
        }
        Parent::Span(id) => context::with_context(core, |explicit| {
            span::with_span(core, id, |span| within(explicit, span))
        }),
    }
}

/// Here all is known that a record says.
#[inline(never)]
fn put(
    core: &Core,
    stage: &mut Stage,
    statement: &Statement<'_>,
    texts: Option<&Texts<'_>>,
    contexts: &[&Fields],
    brief: &mut Brief,
) -> Receipt {
    let Stage { fields, line } = stage;
    let what = statement.settle(core.time.micros(), texts, fields, contexts);
    core.accept(&what, fields, contexts, line, brief)
}

/// What the trail says about itself only the trail may say: a verifier believes an `AUDIT_CHECKPOINT`, an operator an
/// `ALERT_RESOLVED`. From a caller it is an undeclared event, and its name goes to `metadata`.
#[inline]
fn disown<'a>(core: &Core, stage: &mut Stage, statement: &Statement<'a>) -> Option<Statement<'a>> {
    #[cold]
    fn renamed<'a>(core: &Core, stage: &mut Stage, statement: &Statement<'a>, name: &str) -> Statement<'a> {
        let slot = Slot::for_event("claimed_event", &core.policy);
        let how = How {
            policy: &core.policy,
            limits: core.limits,
        };
        stage.fields.sink(&slot, how).str(name);
        core.count_unknown_event(name);
        Statement {
            event: Name::Type(event::UNDECLARED),
            category: event::UNDECLARED.category(),
            usual: statement.usual,
            severity: statement.severity,
            outcome: statement.outcome,
            occurred: statement.occurred,
        }
    }
    match statement.event {
        Name::Type(event)
            if matches!(event.category(), Category::Audit | Category::Alert)
                && event::own_name(event.name().as_bytes()) =>
        {
            Some(renamed(core, stage, statement, event.name()))
        }
        _ => None,
    }
}

/// One call of the trail on this thread's stack. A value whose own code records is recorded too, and so on; past a few
/// calls within calls there is a circle, and the next is counted instead.
#[derive(Debug)]
pub(crate) struct Depth(());

thread_local! {
    static DEPTH: Cell<u8> = const { Cell::new(0) };
}

/// Calls within calls that are recorded.
const DEEPEST: u8 = 4;

impl Depth {
    /// `None` if it goes too deep.
    #[inline]
    pub(crate) fn enter() -> Option<Depth> {
        // Without a destructor, this thread-local lasts as long as its thread.
        DEPTH.with(|depth| {
            let now = depth.get();
            (now < DEEPEST).then(|| {
                depth.set(now + 1);
                Depth(())
            })
        })
    }
}

impl Drop for Depth {
    #[inline]
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}
