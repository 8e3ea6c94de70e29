//! A future becomes one record, with an outcome that is exact.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::clock::millis;
use crate::context;
use crate::draft::{self, Parent, Statement};
use crate::event::EventType;
use crate::layer::{self, SITE};
use crate::outcome::Outcome;
use crate::render::{Fields, Stage};
use crate::span::{self, Here};
use crate::trail::{self, Core};

/// Records how a future ended: [`audited`](Audited::audited).
pub trait Audited: Future + Sized {
    /// Makes one record of this event when the future ends: `success` or `failure` as its output says, `cancelled` if
    /// it is dropped before, `error` if it panics. `duration_ms` counts from the first poll. A future that is never
    /// polled has done nothing, and is not recorded.
    ///
    /// ```
    /// use tracing_audit::{Audited, events};
    /// # async fn delete(id: u32) -> Result<(), std::io::Error> { Ok(()) }
    ///
    /// # async fn handler() -> Result<(), std::io::Error> {
    /// delete(42).audited(events::USER_DELETE).await
    /// # }
    /// ```
    ///
    /// Who and in which request comes from the spans and the [`AuditContext`](crate::AuditContext) around it. A span
    /// that only waits to be left cannot tell a future that ended from one that was dropped; this can.
    fn audited(self, event: EventType) -> AuditedFuture<Self, fn(&Self::Output) -> Outcome>
    where
        Self::Output: ToOutcome,
    {
        self.audited_as(event, |output| output.to_outcome())
    }

    /// As [`audited`](Audited::audited), for any output: `outcome` says what it means.
    ///
    /// ```
    /// use tracing_audit::{Audited, Outcome, events};
    /// # async fn find(id: u32) -> Option<u32> { None }
    ///
    /// # async fn handler() -> Option<u32> {
    /// find(42).audited_as(events::DATA_READ, |found| found.is_some().into()).await
    /// # }
    /// ```
    fn audited_as<O>(self, event: EventType, outcome: O) -> AuditedFuture<Self, O>
    where
        O: FnOnce(&Self::Output) -> Outcome,
    {
        AuditedFuture {
            future: Some(self),
            record: Some(Pending { event, begun: None }),
            outcome: Some(outcome),
            polling: false,
        }
    }
}

impl<F: Future> Audited for F {}

/// What says how it ended: a `Result`, an [`Outcome`], and `()`, which can only succeed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how it ended",
    label = "`audited` reads a `Result`, an `Outcome` or `()`",
    note = "for any other output write `.audited_as(event, |output| ..)`"
)]
pub trait ToOutcome {
    /// How it ended.
    fn to_outcome(&self) -> Outcome;
}

impl<T, E> ToOutcome for Result<T, E> {
    fn to_outcome(&self) -> Outcome {
        self.into()
    }
}

impl ToOutcome for Outcome {
    fn to_outcome(&self) -> Outcome {
        *self
    }
}

impl ToOutcome for () {
    fn to_outcome(&self) -> Outcome {
        Outcome::Success
    }
}

pin_project! {
    /// A future that is recorded when it ends. Made by [`Audited::audited`].
    #[must_use = "futures do nothing unless they are polled"]
    pub struct AuditedFuture<F, O> {
        #[pin]
        future: Option<F>,
        // `None` once the record is made.
        record: Option<Pending>,
        outcome: Option<O>,
        // Still set when the future is dropped after a panic of its own.
        polling: bool,
    }

    impl<F, O> PinnedDrop for AuditedFuture<F, O> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What it does in its last moments comes first.
            this.future.set(None);
            if let Some(record) = this.record.take() {
                record.make(if *this.polling { Outcome::Error } else { Outcome::Cancelled });
            }
        }
    }
}

impl<F: Future, O: FnOnce(&F::Output) -> Outcome> Future for AuditedFuture<F, O> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(record) = this.record {
            record.begin();
        }
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            // As any future that is polled after its end; there is no output to give.
            return Poll::Pending;
        };
        *this.polling = true;
        let polled = future.poll(context);
        if let Poll::Ready(output) = &polled {
            // This still counts as polling: the closure's panic is the future's.
            let outcome = this.outcome.take().map(|outcome| outcome(output)).unwrap_or_default();
            if let Some(record) = this.record.take() {
                record.make(outcome);
            }
            this.future.set(None);
        } else if let Some(record) = this.record {
            record.remember();
        }
        *this.polling = false;
        polled
    }
}

/// A record to be made.
struct Pending {
    event: EventType,
    begun: Option<Begun>,
}

struct Begun {
    core: Option<Arc<Core>>,
    at: Duration,
    /// Where it was when it was polled last: who drops it may be somewhere else.
    here: Option<Here>,
}

impl Pending {
    fn begin(&mut self) {
        if self.begun.is_none() {
            let core = layer::current_core();
            self.begun = Some(Begun {
                at: core.as_deref().map(|core| core.time.monotonic()).unwrap_or_default(),
                here: None,
                core,
            });
        }
    }

    fn remember(&mut self) {
        if let Some(begun) = &mut self.begun
            && let Some(core) = &begun.core
        {
            begun.here = span::here(core);
        }
    }

    fn make(self, outcome: Outcome) {
        let Some(Begun { core, at, here }) = self.begun else {
            return;
        };
        let Some(core) = core else {
            let _ = trail::no_trail_receipt();
            return;
        };
        let mut stage = Stage::take();
        if let Some(slot) = SITE.plan(&core).get(1) {
            let took = core.time.monotonic().saturating_sub(at);
            stage.fields.sink(slot, core.how()).f64(millis(took));
        }
        let statement = Statement {
            outcome: Some(outcome),
            ..Statement::of(self.event)
        };
        match here.filter(|_| span::here(&core).is_none()) {
            None => {
                draft::deliver(&core, &mut stage, &statement, None, Parent::Current);
            }
            Some(here) => context::with_context(&core, |explicit| {
                span::with_here(here, |span| {
                    let contexts: Vec<&Fields> = explicit.into_iter().chain(span).collect();
                    draft::deliver(&core, &mut stage, &statement, None, Parent::Given(&contexts));
                });
            }),
        }
        stage.give();
    }
}

impl<F, O> fmt::Debug for AuditedFuture<F, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditedFuture")
            .field("event", &self.record.as_ref().map(|record| record.event))
            .finish_non_exhaustive()
    }
}
