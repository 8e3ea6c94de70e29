//! Who acts and in which request, said once and explicitly for everything recorded meanwhile.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::render::{Fields, Stage};
use crate::site::{Name, Rules, Site};
use crate::trail::Core;

/// Who acts and in which request: given once, it completes every record made meanwhile.
///
/// For programs without spans, or whose spans do not carry it. A record's own fields win over the context, and the
/// context over the spans; an inner context wins over the outer ones.
///
/// ```
/// use tracing_audit::{AuditContext, audit, events};
/// # let audit = tracing_audit::testing::capture()?;
/// let request = AuditContext::new().user_id("alice").ip("192.0.2.7").request_id("r-17");
/// {
///     let _entered = request.enter();
///     audit!(events::DATA_READ, resource = "invoices");
/// }
/// # assert_eq!(audit.records()[0].user_id(), Some("alice"));
/// # Ok::<(), tracing_audit::Error>(())
/// ```
///
/// Around a future, use [`scope`](AuditContext::scope). To take the context along to another thread or task, ask for
/// the [`current`](AuditContext::current) one there where it is known:
///
/// ```
/// # use tracing_audit::AuditContext;
/// let context = AuditContext::current();
/// std::thread::spawn(move || {
///     let _entered = context.enter();
///     // ..
/// });
/// ```
#[derive(Clone, Default)]
pub struct AuditContext {
    said: Arc<Said>,
}

/// The values of a context, and their redacted form.
#[derive(Default)]
struct Said {
    /// In no order; each name once.
    values: Vec<(Named, Arc<str>)>,
    /// For the first trail that asks.
    first: OnceLock<Rendered>,
}

struct Rendered {
    rules: Rules,
    fields: Fields,
}

macro_rules! setters {
    ($($(#[$meta:meta])* $name:ident;)*) => {
        #[allow(non_camel_case_types, reason = "one variant a setter, named as it is")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Named { $($name,)* }

        /// The names at their positions in [`Named`].
        static SITE: Site = Site::new(&[$(Name::text(stringify!($name)),)*]);

        impl AuditContext {
            $(
                $(#[$meta])*
                #[must_use]
                pub fn $name(self, value: impl fmt::Display) -> AuditContext {
                    self.say(Named::$name, &value)
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
    /// What is being done, in your words.
    action;
    /// What it is done to.
    resource;
    /// The kind of thing it is done to.
    resource_type;
    /// The id of the thing it is done to.
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
}

impl AuditContext {
    /// One that says nothing yet.
    pub fn new() -> AuditContext {
        AuditContext::default()
    }

    /// What the contexts say that this thread is in, all together. Says nothing if it is in none.
    pub fn current() -> AuditContext {
        AuditContext {
            said: top().unwrap_or_default(),
        }
    }

    /// Puts this thread into the context until the guard is dropped.
    ///
    /// A guard must not be held across an `.await`: use [`scope`](AuditContext::scope).
    pub fn enter(&self) -> Entered {
        Entered::on(self.within_current())
    }

    /// Puts the future into the context, wherever it is polled. What it is in at its first poll counts as the outer
    /// context.
    pub fn scope<F: Future>(&self, future: F) -> Scoped<F> {
        Scoped {
            future: Some(future),
            context: self.clone(),
            begun: false,
        }
    }

    fn say(mut self, name: Named, value: &dyn fmt::Display) -> AuditContext {
        use fmt::Write as _;
        let mut text = String::new();
        // Not `to_string`, which panics if the value's own code says that it failed.
        let _ = write!(text, "{value}");
        let mut values = match Arc::get_mut(&mut self.said) {
            Some(said) => std::mem::take(&mut said.values),
            None => self.said.values.clone(),
        };
        values.retain(|(known, _)| *known != name);
        values.push((name, text.into()));
        AuditContext {
            said: Arc::new(Said {
                values,
                first: OnceLock::new(),
            }),
        }
    }

    /// This context with what the thread's says beyond it.
    fn within_current(&self) -> Arc<Said> {
        let Some(outer) = top() else {
            return Arc::clone(&self.said);
        };
        let missing = |(name, _): &&(Named, Arc<str>)| !self.said.values.iter().any(|(own, _)| own == name);
        let mut inherited = outer.values.iter().filter(missing).peekable();
        if inherited.peek().is_none() {
            return Arc::clone(&self.said);
        }
        Arc::new(Said {
            values: self.said.values.iter().chain(inherited).cloned().collect(),
            first: OnceLock::new(),
        })
    }
}

impl fmt::Debug for AuditContext {
    /// Names only: the values are not redacted yet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditContext ")?;
        f.debug_set()
            .entries(self.said.values.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Said {
    fn with_fields<R>(&self, core: &Core, f: impl FnOnce(Option<&Fields>) -> R) -> R {
        let first = self.first.get_or_init(|| {
            let mut fields = Fields::new();
            self.render(core, &mut fields);
            Rendered {
                rules: core.rules(),
                fields,
            }
        });
        if first.rules == core.rules() {
            return f(Some(&first.fields));
        }
        let mut stage = Stage::take();
        self.render(core, &mut stage.fields);
        let result = f(Some(&stage.fields));
        stage.give();
        result
    }

    fn render(&self, core: &Core, fields: &mut Fields) {
        let slots = SITE.plan(core);
        for (name, value) in &self.values {
            if let Some(slot) = slots.get(*name as usize) {
                fields.sink(slot, core.how()).str(value);
            }
        }
    }
}

thread_local! {
    /// The contexts this thread is in, innermost last, each with the number of its guard.
    static STACK: RefCell<Vec<(u64, Arc<Said>)>> = const { RefCell::new(Vec::new()) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

fn top() -> Option<Arc<Said>> {
    STACK
        .try_with(|stack| stack.try_borrow().ok()?.last().map(|(_, said)| Arc::clone(said)))
        .ok()
        .flatten()
}

/// Calls `f` with what the contexts say that the thread is in, redacted for this trail.
pub(crate) fn with_context<R>(core: &Core, f: impl FnOnce(Option<&Fields>) -> R) -> R {
    match top() {
        None => f(None),
        Some(said) => said.with_fields(core, f),
    }
}

/// Keeps a thread in an [`AuditContext`] until it is dropped.
#[must_use = "the thread leaves the context when this is dropped: bind it, as in `let _entered = ..`"]
pub struct Entered {
    number: u64,
    /// It belongs to its thread.
    stays: PhantomData<*const ()>,
}

impl Entered {
    fn on(said: Arc<Said>) -> Entered {
        let number = NEXT.with(|next| next.replace(next.get().wrapping_add(1)));
        let _ = STACK.try_with(|stack| {
            if let Ok(mut stack) = stack.try_borrow_mut() {
                stack.push((number, said));
            }
        });
        Entered {
            number,
            stays: PhantomData,
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let left = STACK.try_with(|stack| {
            let mut stack = stack.try_borrow_mut().ok()?;
            // Guards may be dropped in any order.
            let at = stack.iter().rposition(|(number, _)| *number == self.number)?;
            Some(stack.remove(at))
        });
        // What it held is freed when nothing is borrowed any more.
        drop(left);
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}

pin_project! {
    /// A future within an [`AuditContext`], made by [`scope`](AuditContext::scope).
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Scoped<F> {
        // Taken out to be dropped, within the context.
        #[pin]
        future: Option<F>,
        context: AuditContext,
        begun: bool,
    }

    impl<F> PinnedDrop for Scoped<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = Entered::on(Arc::clone(&this.context.said));
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if !std::mem::replace(this.begun, true) {
            this.context.said = this.context.within_current();
        }
        let _entered = Entered::on(Arc::clone(&this.context.said));
        match this.future.as_pin_mut() {
            Some(future) => future.poll(task),
            // Not reached: it is taken out when this is dropped, and no one polls after that.
            None => Poll::Pending,
        }
    }
}

impl<F> fmt::Debug for Scoped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
