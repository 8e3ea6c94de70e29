//! What the expansion of [`audit!`](crate::audit!) calls. No part of the API.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use tracing_core::span;

use crate::clock::{Micros, millis};
use crate::draft::{self, Parent, Statement};
use crate::event::{Category, EventType};
use crate::layer;
use crate::outcome::Outcome;
use crate::receipt::Receipt;
use crate::record::Key;
pub use crate::render::{At, Given, To, Value};
use crate::render::{Stage, Texts};
use crate::severity::Severity;
pub use crate::site::{Name, Site};
use crate::trail::{self, Core, Trail};

/// What a call states beside its event and its fields.
#[derive(Debug)]
pub struct Stated<'a> {
    /// `None`: the current span. `Some(None)`: no span.
    pub parent: Option<Option<span::Id>>,
    pub trail: Option<&'a Trail>,
    pub outcome: Option<Outcome>,
    pub severity: Option<Severity>,
    pub occurred: Option<SystemTime>,
}

impl Stated<'_> {
    pub const NOTHING: Stated<'static> = Stated {
        parent: None,
        trail: None,
        outcome: None,
        severity: None,
        occurred: None,
    };
}

/// Records one call.
#[inline(never)]
pub fn emit(site: &'static Site, event: EventType, stated: &Stated<'_>, values: &[Given<'_>]) -> Receipt {
    match stated.trail {
        Some(trail) => put(trail.core(), site, event, stated, values),
        None => layer::with_core(|core| match core {
            Some(core) => put(core, site, event, stated, values),
            None => trail::no_trail_receipt(),
        }),
    }
}

fn put(core: &Core, site: &Site, event: EventType, stated: &Stated<'_>, values: &[Given<'_>]) -> Receipt {
    let Some(_depth) = draft::Depth::enter() else {
        return core.count_reentrant(stated.severity.unwrap_or(event.severity()));
    };
    let mut stage = Stage::take();
    let how = core.how();
    let plan = site.plan(core);
    let texts = Texts::take(&mut stage.fields, &plan, how, values);
    let statement = Statement {
        severity: stated.severity,
        outcome: stated.outcome,
        occurred: stated.occurred.map(Micros::from),
        ..Statement::of(event)
    };
    let parent = match &stated.parent {
        None => Parent::Current,
        Some(None) => Parent::None,
        Some(Some(id)) => Parent::Span(id),
    };
    let receipt = draft::deliver(core, &mut stage, &statement, Some(&texts), parent);
    stage.give();
    receipt
}

// ---- the parts of a call, with the types that they must have ----------------------------------------------------------

pub fn parent(span: impl Into<Option<span::Id>>) -> Option<Option<span::Id>> {
    Some(span.into())
}

pub fn trail(trail: &Trail) -> Option<&Trail> {
    Some(trail)
}

pub fn event(event: EventType) -> EventType {
    event
}

pub fn outcome(outcome: impl OutcomeValue) -> Option<Outcome> {
    outcome.outcome()
}

pub fn severity(severity: impl SeverityValue) -> Option<Severity> {
    severity.severity()
}

pub fn occurred(time: impl Into<SystemTime>) -> Option<SystemTime> {
    Some(time.into())
}

#[diagnostic::on_unimplemented(
    message = "`{Self}` is no outcome",
    label = "expected an `Outcome`, an `Option` of one, or `&Result`",
    note = "write `outcome = Outcome::Denied`, `outcome = &result`, or `outcome = Outcome::from(text)` for a text known at run time only"
)]
pub trait OutcomeValue {
    fn outcome(self) -> Option<Outcome>;
}

impl OutcomeValue for Outcome {
    fn outcome(self) -> Option<Outcome> {
        Some(self)
    }
}

impl OutcomeValue for Option<Outcome> {
    fn outcome(self) -> Option<Outcome> {
        self
    }
}

impl<T, E> OutcomeValue for &Result<T, E> {
    fn outcome(self) -> Option<Outcome> {
        Some(Outcome::from(self))
    }
}

#[diagnostic::on_unimplemented(
    message = "`{Self}` is no severity",
    label = "expected a `Severity`, or an `Option` of one",
    note = "write `severity = Severity::High`; a text known at run time only becomes one by `Severity::from_name(text)`"
)]
pub trait SeverityValue {
    fn severity(self) -> Option<Severity>;
}

impl SeverityValue for Severity {
    fn severity(self) -> Option<Severity> {
        Some(self)
    }
}

impl SeverityValue for Option<Severity> {
    fn severity(self) -> Option<Severity> {
        self
    }
}

// ---- values -----------------------------------------------------------------------------------------------------------

/// A scalar, written as `value`: no code of its own runs, so nothing needs to be caught.
#[derive(Debug)]
pub struct ByScalar<'a, T: ?Sized>(&'a T);

impl<T: Scalar + ?Sized> Value for ByScalar<'_, T> {
    fn put(&self, to: To<'_>, at: At<'_>) {
        self.0.put(to, at);
    }

    #[inline(always)]
    fn given(&self) -> Given<'_> {
        match self.0.as_text() {
            Some(text) => Given::Text(text),
            None => Given::Value(self),
        }
    }
}

/// A string, written as `%value`: it is its `Display`.
#[derive(Debug)]
pub struct ByText<'a, T: ?Sized>(&'a T);

impl<T: Text + ?Sized> Value for ByText<'_, T> {
    fn put(&self, to: To<'_>, at: At<'_>) {
        to.sink(at).str(self.0.text());
    }

    #[inline(always)]
    fn given(&self) -> Given<'_> {
        Given::Text(self.0.text())
    }
}

/// Written as `%value`.
#[derive(Debug)]
pub struct ByDisplay<'a, T: ?Sized>(&'a T);

impl<T: fmt::Display + ?Sized> Value for ByDisplay<'_, T> {
    fn put(&self, to: To<'_>, at: At<'_>) {
        to.sink(at).display(&self.0);
    }
}

/// Written as `?value`.
#[derive(Debug)]
pub struct ByDebug<'a, T: ?Sized>(pub &'a T);

impl<T: fmt::Debug + ?Sized> Value for ByDebug<'_, T> {
    fn put(&self, to: To<'_>, at: At<'_>) {
        to.sink(at).debug(&self.0);
    }
}

/// The message.
#[derive(Debug)]
pub struct Message<'a>(pub fmt::Arguments<'a>);

impl Value for Message<'_> {
    fn put(&self, to: To<'_>, at: At<'_>) {
        to.sink(at).display(&self.0);
    }

    #[inline(always)]
    fn given(&self) -> Given<'_> {
        match self.0.as_str() {
            Some(text) => Given::Text(text),
            None => Given::Value(self),
        }
    }
}

/// What is its text.
pub trait Text {
    fn text(&self) -> &str;
}

impl Text for str {
    #[inline]
    fn text(&self) -> &str {
        self
    }
}

impl Text for String {
    #[inline]
    fn text(&self) -> &str {
        self
    }
}

impl Text for Cow<'_, str> {
    #[inline]
    fn text(&self) -> &str {
        self
    }
}

impl<T: Text + ?Sized> Text for &T {
    #[inline]
    fn text(&self) -> &str {
        T::text(self)
    }
}

/// What is written without any code of its own. Of the two, strings have the first.
pub trait Scalar {
    fn as_text(&self) -> Option<&str> {
        None
    }

    fn put(&self, _: To<'_>, _: At<'_>) {}
}

macro_rules! scalars {
    ($($type:ty: |$value:ident, $sink:ident| $put:expr;)+) => {
        $(
            impl Scalar for $type {
                fn put(&self, to: To<'_>, at: At<'_>) {
                    let ($value, $sink) = (self, to.sink(at));
                    $put;
                }
            }
        )+
    };
}

macro_rules! texts {
    ($($type:ty: |$value:ident| $text:expr;)+) => {
        $(
            impl Scalar for $type {
                #[inline]
                fn as_text(&self) -> Option<&str> {
                    let $value = self;
                    Some($text)
                }
            }
        )+
    };
}

texts! {
    str: |value| value;
    String: |value| value;
    Cow<'_, str>: |value| value;
    Outcome: |value| value.as_str();
    Severity: |value| value.as_str();
    Category: |value| value.as_str();
    EventType: |value| value.name();
}

scalars! {
    bool: |value, sink| sink.bool(*value);
    i8: |value, sink| sink.i64((*value).into());
    i16: |value, sink| sink.i64((*value).into());
    i32: |value, sink| sink.i64((*value).into());
    i64: |value, sink| sink.i64(*value);
    u8: |value, sink| sink.u64((*value).into());
    u16: |value, sink| sink.u64((*value).into());
    u32: |value, sink| sink.u64((*value).into());
    u64: |value, sink| sink.u64(*value);
    usize: |value, sink| sink.u64(*value as u64);
    isize: |value, sink| sink.i64(*value as i64);
    f64: |value, sink| sink.f64(*value);
    SystemTime: |value, sink| sink.str(std::str::from_utf8(&Micros::from(*value).text()).unwrap_or_default());
}

impl Scalar for Duration {
    /// Milliseconds where these are asked for; elsewhere with its unit, for nobody could tell.
    fn put(&self, to: To<'_>, at: At<'_>) {
        let sink = to.sink(at);
        match at.0.key() {
            Some(Key::DurationMs) => sink.f64(millis(*self)),
            _ => sink.debug(self),
        }
    }
}

impl<T: Scalar + ?Sized> Scalar for &T {
    #[inline]
    fn as_text(&self) -> Option<&str> {
        T::as_text(self)
    }

    #[inline]
    fn put(&self, to: To<'_>, at: At<'_>) {
        T::put(self, to, at);
    }
}

/// Written as `value`.
#[derive(Debug)]
pub struct BySerialize<'a, T: ?Sized>(&'a T);

impl<T: Serialize + ?Sized> Value for BySerialize<'_, T> {
    fn put(&self, to: To<'_>, at: At<'_>) {
        to.sink(at).serialize(self.0);
    }
}

/// An error.
#[derive(Debug)]
pub struct ByError<'a, T: ?Sized>(&'a T);

impl<T: Error + ?Sized> Value for ByError<'_, T> {
    fn put(&self, to: To<'_>, at: At<'_>) {
        to.sink(at).error(&self.0);
    }
}

/// A box of an error, or one of the general error types, which are none themselves but point to one.
#[derive(Debug)]
pub struct ByErrorIn<'a, T: ?Sized>(&'a T);

impl<T: Deref<Target: Error> + ?Sized> Value for ByErrorIn<'_, T> {
    fn put(&self, to: To<'_>, at: At<'_>) {
        to.sink(at).error(&&**self.0);
    }
}

/// An error, if there is one.
#[derive(Debug)]
pub struct ByOptionalError<'a, T>(&'a Option<T>);

impl<T: Error> Value for ByOptionalError<'_, T> {
    fn put(&self, to: To<'_>, at: At<'_>) {
        if let Some(error) = self.0 {
            to.sink(at).error(error);
        }
    }
}

/// As [`ByErrorIn`], if there is one.
#[derive(Debug)]
pub struct ByOptionalErrorIn<'a, T>(&'a Option<T>);

impl<T: Deref<Target: Error>> Value for ByOptionalErrorIn<'_, T> {
    fn put(&self, to: To<'_>, at: At<'_>) {
        if let Some(error) = self.0 {
            to.sink(at).error(&&**error);
        }
    }
}

/// What is neither; only its complaint is ever seen.
#[derive(Debug)]
pub struct ByNothing<'a, T: ?Sized>(&'a T);

impl<T: ?Sized> Value for ByNothing<'_, T> {
    fn put(&self, _: To<'_>, _: At<'_>) {}
}

/// A value whose way is chosen by what it implements.
#[derive(Debug)]
pub struct Pick<'a, T: ?Sized>(pub &'a T);

#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded as it is",
    label = "neither `Serialize` nor an error",
    note = "write `%value` for its `Display`, `?value` for its `Debug`, or derive `serde::Serialize`"
)]
pub trait Recordable {}

/// The choice: method look-up takes the first of these traits that fits the references before `Pick`, and each fits
/// one reference less than the one before. A field named `error` prefers the error to its fields.
pub mod call {
    pub use super::emit as __tracing_audit_emit;
    use super::*;

    macro_rules! choice {
        (@trait $choice:ident $method:ident) => {
            pub trait $choice {
                type By;
                fn $method(&self) -> Self::By;
            }
        };
        ($choice:ident $method:ident ($($refs:tt)*) $by:ident of T: $($bounds:tt)+) => {
            choice! { @trait $choice $method }

            impl<'a, T: ?Sized + $($bounds)+> $choice for $($refs)* Pick<'a, T> {
                type By = $by<'a, T>;
                fn $method(&self) -> $by<'a, T> {
                    $by(self.0)
                }
            }
        };
        ($choice:ident $method:ident ($($refs:tt)*) $by:ident of Option<T>: $($bounds:tt)+) => {
            choice! { @trait $choice $method }

            impl<'a, T: $($bounds)+> $choice for $($refs)* Pick<'a, Option<T>> {
                type By = $by<'a, T>;
                fn $method(&self) -> $by<'a, T> {
                    $by(self.0)
                }
            }
        };
    }

    choice! { Value6 audit_value (&&&&&&) ByScalar of T: Scalar }
    choice! { Value5 audit_value (&&&&&) BySerialize of T: Serialize }
    choice! { Value4 audit_value (&&&&) ByError of T: Error }
    choice! { Value3 audit_value (&&&) ByErrorIn of T: Deref<Target: Error> }
    choice! { Value2 audit_value (&&) ByOptionalError of Option<T>: Error }
    choice! { Value1 audit_value (&) ByOptionalErrorIn of Option<T>: Deref<Target: Error> }

    choice! { Error5 audit_error (&&&&&) ByError of T: Error }
    choice! { Error4 audit_error (&&&&) ByErrorIn of T: Deref<Target: Error> }
    choice! { Error3 audit_error (&&&) ByOptionalError of Option<T>: Error }
    choice! { Error2 audit_error (&&) ByOptionalErrorIn of Option<T>: Deref<Target: Error> }
    choice! { Error1 audit_error (&) BySerialize of T: Serialize }

    choice! { Display1 audit_display (&) ByText of T: Text }

    /// Whether it is a `Display` is asked where it is recorded, which gives the better complaint.
    pub trait Display0<'a, T: ?Sized> {
        fn audit_display(&self) -> ByDisplay<'a, T>;
    }

    impl<'a, T: ?Sized> Display0<'a, T> for Pick<'a, T> {
        fn audit_display(&self) -> ByDisplay<'a, T> {
            ByDisplay(self.0)
        }
    }

    pub trait Value0<'a, T: ?Sized> {
        fn audit_value(&self) -> ByNothing<'a, T>
        where
            T: Recordable;

        fn audit_error(&self) -> ByNothing<'a, T>
        where
            T: Recordable;
    }

    impl<'a, T: ?Sized> Value0<'a, T> for Pick<'a, T> {
        fn audit_value(&self) -> ByNothing<'a, T>
        where
            T: Recordable,
        {
            ByNothing(self.0)
        }

        fn audit_error(&self) -> ByNothing<'a, T>
        where
            T: Recordable,
        {
            ByNothing(self.0)
        }
    }
}
