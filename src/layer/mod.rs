//! Events and spans of `tracing` become records.

mod audited;
mod canary;
mod capture;
mod current;
mod event;
mod filter;
mod plan;
mod spans;
mod visit;

use std::fmt;
use std::sync::Arc;

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, LevelFilter, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::layer::canary::Ask;
use crate::layer::plan::Plans;
use crate::site::{Name, Site};
use crate::span::{self, Scope};
use crate::trail::{Lease, Trail};

pub use audited::{Audited, AuditedFuture, ToOutcome};
pub(crate) use capture::CUSTOM;
pub use capture::Capture;
pub(crate) use current::{current_core, with_core};
pub use filter::AuditFilter;

/// The target whose events and spans become records.
pub(crate) const TARGET: &str = "audit";

/// The field that makes a record of a span, and names its type.
pub(crate) const AUDIT_FIELD: &str = "audit";

/// What a layer itself puts into records.
static SITE: Site = Site::new(&[
    Name::text("error"),
    Name::text("duration_ms"),
    Name::text("unknown_event"),
]);

/// Makes records of a program's own events and spans. Made by [`Trail::layer`].
pub struct AuditLayer {
    core: Lease,
    scope: Scope,
    plans: Plans,
    canary: Arc<Ask>,
    /// What the layer says about the most verbose level; see `on_layer`.
    hint: Option<LevelFilter>,
    /// A layer of this trail is below: it records already.
    twice: bool,
}

impl Trail {
    /// A layer that takes events and spans into this trail, for any stack of layers on any subscriber:
    /// `registry().with(fmt::layer().with_filter(..)).with(trail.layer())`.
    ///
    /// Records are made of
    /// - events under target `audit` at INFO or above: `info!(target: "audit", event = "AUTH_LOGIN", user_id = 7)`. The
    ///   field `event` names the type; a name that no type declares is kept if it is of `A-Z`, `0-9` and `_`, else the
    ///   record is `CUSTOM`. The severity is that of the type or of a field `severity`; the event's level says nothing.
    /// - spans with a field `audit`, or under target `audit`, when they close:
    ///   `#[instrument(fields(audit = "USER_DELETE", user.id = %id), err)]`.
    /// - what [`Capture`] rules name.
    ///
    /// All records take the identity and request fields of the spans they are made in, such as `user.id`,
    /// `client.address` or `request_id`; nothing else of spans.
    ///
    /// Other layers see what they would have seen without this one. It neither enables nor disables anything for them;
    /// it should come after them, for a layer can tell what those before it want, and call sites that nobody wants
    /// then cost nothing. See [`filter`](Trail::filter) for where that is not possible.
    ///
    /// The outcome of a span's record is the one it recorded; else `error` if it was left by a panic; else `failure` if
    /// `err` told of an error, or it has a field `error`; else `success` if `ret` told of a value or if it is an
    /// ordinary function, which one is that is entered once; else `unknown`: an async function that ended and one that was
    /// dropped look alike, and one that was dropped before its first poll looks like an ordinary function. Say
    /// `#[instrument(err, ret)]`, record an `outcome`, or use [`audited`](crate::Audited::audited).
    pub fn layer(&self) -> AuditLayer {
        let core = self.core().clone();
        let scope = Scope::new(core.id());
        let layer = AuditLayer {
            plans: Plans::new(scope.layer),
            canary: Ask::new(scope.layer),
            hint: None,
            twice: false,
            scope,
            core,
        };
        layer.announce();
        layer
    }
}

impl<S: Subscriber> Layer<S> for AuditLayer {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        // Nothing may be asked here: tracing holds its lock.
        self.canary.installed(dispatch);
        let canary: Arc<dyn crate::canary::Canary> = self.canary.clone();
        crate::canary::register(self.core.id(), Arc::downgrade(&canary));
        self.core.queue.ring();
    }

    /// A hint is a filter: where no other layer gives one, all of them want everything, and a hint of ours would take
    /// it from them. So there is one only if what is below has one. What comes above, nobody can ask.
    fn on_layer(&mut self, below: &mut S) {
        self.hint = below.max_level_hint().map(|_| capture::hint(&self.core));
        let below: &dyn Subscriber = below;
        self.twice = below
            .downcast_ref::<AuditLayer>()
            .is_some_and(|other| other.core.id() == self.core.id());
    }

    /// Never `never`: that would switch the call site off for everybody.
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        canary::note(self.scope.layer, metadata);
        Interest::always()
    }

    #[inline]
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        canary::note(self.scope.layer, metadata);
        true
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        crate::canary::look_again();
        self.hint
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        if !self.twice {
            self.span_opens(attributes, id);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.span_records(id, values);
    }

    #[inline]
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if !self.twice {
            self.event(event);
        }
    }

    #[inline]
    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        span::enter(self.scope, id.into_u64());
    }

    #[inline]
    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        span::exit(self.scope, id.into_u64());
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.span_closes(&id);
    }
}

impl Drop for AuditLayer {
    fn drop(&mut self) {
        self.scope.end();
        self.retire();
    }
}

impl fmt::Debug for AuditLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLayer")
            .field("trail", &self.core.dir)
            .finish_non_exhaustive()
    }
}
