//! `audit!`: a token muncher on documented API only.
//!
//! One pass over the tokens sorts them into four lists: what is evaluated (in the order written), what it is bound to,
//! the fields with their names, and the stated outcome, severity and time. The last arm then writes a single `match`
//! over the evaluated values. Nothing of the caller's stands inside the arm of that `match`, so that the static and the
//! traits used there cannot shadow what the caller means.

#[doc(hidden)]
pub mod private;

/// Records that something happened, in the audit trail, whatever `RUST_LOG` and the filters say.
///
/// ```
/// use tracing_audit::{Outcome, audit, events};
/// # let audit = tracing_audit::testing::capture()?;
/// # let (user, address, title) = ("alice", "192.0.2.7", "Emma");
/// audit!(events::AUTH_LOGIN, user.id = user, source.ip = %address);
/// audit!(
///     events::DATA_DELETE,
///     outcome = Outcome::Denied,
///     resource.type = "book",
///     resource.id = 42,
///     "not the owner of {title}",
/// );
/// # assert_eq!(audit.records()[1].message(), Some("not the owner of Emma"));
/// # Ok::<(), tracing_audit::Error>(())
/// ```
///
/// The arguments, in this order:
///
/// | argument | meaning |
/// |---|---|
/// | `parent: &span` | the span whose identity and request fields the record takes; `parent: None` takes none. Without it: the current span |
/// | `in: &trail` | the [`Trail`](crate::Trail). Without it: the one of the current subscriber, else the process's |
/// | an [`EventType`](crate::EventType) | any expression: `events::AUTH_LOGIN`, a constant of your own, a call |
/// | fields | any number, in any of the forms below |
/// | a message | a literal with captures and arguments, as in [`format!`] |
///
/// The forms of a field:
///
/// | form | records |
/// |---|---|
/// | `name = value` | a value that is `Serialize`, or an error with its causes. `None` records nothing |
/// | `name = %value` | a value by `Display` |
/// | `name = ?value` | a value by `Debug` |
/// | `name`, `%name`, `?name` | the variable of that name |
/// | `user.id = value`, `%user.id` | dotted names, also as shorthand for the expression `user.id` |
/// | `resource.type = value`, `r#type = value` | keywords as names; `r#` is not part of the name |
/// | `"any name" = value` | a name that is no identifier; also with `%` and `?` |
/// | `{ NAME } = value` | a name from a constant; also with `%` and `?` |
/// | `name = Secret(&value)` | never the value: see [`Secret`](crate::Secret), [`Masked`](crate::Masked), [`Hashed`](crate::Hashed) |
/// | `outcome = Outcome::Denied` | an [`Outcome`](crate::Outcome), an `Option` of one, or `&result` of a `Result` |
/// | `severity = Severity::High` | a [`Severity`](crate::Severity), or an `Option` of one; else the event's own |
/// | `occurred = time` | the event's own time, where it is not now: a `SystemTime`, or what converts into one |
///
/// Names that a record has a key for go there, in every spelling in use (`user.id`, `enduser.id` and `user_id` are one);
/// any other name goes to `metadata`. The keys that the trail writes itself (`seq`, `time`, `event`, `tag`, ...) are
/// refused when compiled. Names and values pass the trail's [`Redaction`](crate::Redaction), names inside of
/// serialized structs too.
///
/// Every value is evaluated once, in the order written, whether or not a trail runs; `?` and `.await` may stand in it.
///
/// The value is a [`Receipt`](crate::Receipt), which may be ignored, or asked:
///
/// ```
/// # use tracing_audit::{audit, events};
/// # let audit = tracing_audit::testing::capture()?;
/// # let (before, after) = (["reader"], ["reader", "editor"]);
/// // Fails closed: goes on only when the record is on the disk.
/// let seq = audit!(events::USER_ROLE_CHANGE, user.id = 7, old = &before, new = &after).synced()?;
/// # assert_eq!(audit.records()[0].seq(), seq);
/// # Ok::<(), tracing_audit::Error>(())
/// ```
///
/// An outcome that nobody states is the one that the event's name says (`AUTH_LOGIN` success, `AUTH_FAILED` failure,
/// `SECURITY_PERMISSION_DENIED` denied, ...), else `unknown`: a record may come before the act.
///
/// Where no trail runs, the call is counted for the process ([`Status::without_trail`](crate::Status)), the first one is
/// told on stderr, and the receipt says [`NoTrail`](crate::ErrorKind::NoTrail).
#[macro_export]
macro_rules! audit {
    (parent: $parent:expr, in: $trail:expr, $($event_fields_message:tt)+) => {
        $crate::__audit!(@event
            [ { parent } { $crate::__private::parent($parent) } { trail } { &$trail } ]
            [ parent: parent, trail: $crate::__private::trail(trail), ]
            $($event_fields_message)+
        )
    };
    (parent: $parent:expr, $($event_fields_message:tt)+) => {
        $crate::__audit!(@event
            [ { parent } { $crate::__private::parent($parent) } ]
            [ parent: parent, ]
            $($event_fields_message)+
        )
    };
    (in: $trail:expr, $($event_fields_message:tt)+) => {
        $crate::__audit!(@event
            [ { trail } { &$trail } ]
            [ trail: $crate::__private::trail(trail), ]
            $($event_fields_message)+
        )
    };
    ($($event_fields_message:tt)*) => {
        $crate::__audit!(@event [] [] $($event_fields_message)*)
    };
}

/// The muncher behind [`audit!`].
///
/// State: `[{binding} {evaluated} ..]`, `[stated: binding, ..]`, `[{name tokens} {value} ..]`, then what is left.
/// Every binding called `v` is another one: each step's names have their own hygiene.
#[doc(hidden)]
#[macro_export]
macro_rules! __audit {
    // ---- the event -------------------------------------------------------------------------------------------------
    (@event $bound:tt $stated:tt) => {
        ::core::compile_error!("audit! needs an event: `audit!(events::AUTH_LOGIN, ..)`")
    };
    (@event $bound:tt $stated:tt parent: $($rest:tt)*) => {
        ::core::compile_error!("`parent:` comes first, then `in:`, then the event")
    };
    (@event $bound:tt $stated:tt in: $($rest:tt)*) => {
        ::core::compile_error!("`in:` stands once, behind `parent:` and before the event")
    };
    (@event $bound:tt $stated:tt target: $($rest:tt)*) => {
        ::core::compile_error!("an audit record has no target: the event comes first, then its fields")
    };
    (@event $bound:tt $stated:tt name: $($rest:tt)*) => {
        ::core::compile_error!("an audit record is named by its event, which comes first: `audit!(events::AUTH_LOGIN, ..)`")
    };
    (@event $bound:tt $stated:tt $($key:ident).+ = $($rest:tt)*) => {
        ::core::compile_error!("the event comes before the fields: `audit!(events::AUTH_LOGIN, ..)`")
    };
    (@event $bound:tt $stated:tt % $($rest:tt)*) => {
        ::core::compile_error!("the event comes before the fields: `audit!(events::AUTH_LOGIN, ..)`")
    };
    (@event $bound:tt $stated:tt ? $($rest:tt)*) => {
        ::core::compile_error!("the event comes before the fields: `audit!(events::AUTH_LOGIN, ..)`")
    };
    (@event $bound:tt $stated:tt $text:literal $($rest:tt)*) => {
        ::core::compile_error!(
            "the event comes first, as an `EventType`: one of `events`, or your own made by `EventType::new`"
        )
    };
    (@event [$($bound:tt)*] $stated:tt $event:expr $(, $($rest:tt)*)?) => {
        $crate::__audit!(@field
            [ $($bound)* { event } { $crate::__private::event($event) } ]
            $stated
            []
            event
            $($($rest)*)?
        )
    };

    // ---- the end ---------------------------------------------------------------------------------------------------
    (@field [$({ $v:ident } { $($value:tt)* })*] [$($stated:tt)*] [$({ $($name:tt)+ } { $($put:tt)+ })*] $event:ident) => {{
        // Without the `let`, the values would live as long as the receipt is used, and a lock guard among them would
        // keep a future that waits on it from being `Send`.
        let receipt = match ($($($value)*,)*) {
            ($($v,)*) => {
                // With the function among them, this is used even where there is no value to choose for.
                use $crate::__private::call::*;
                static __TRACING_AUDIT_SITE: $crate::__private::Site =
                    $crate::__private::Site::new(&[$($crate::__audit_name!($($name)+)),*]);
                __tracing_audit_emit(
                    &__TRACING_AUDIT_SITE,
                    $event,
                    &$crate::__private::Stated { $($stated)* ..$crate::__private::Stated::NOTHING },
                    &[$($crate::__private::Value::given($($put)+)),*],
                )
            }
        };
        receipt
    }};

    // ---- what is stated, typed -------------------------------------------------------------------------------------
    (@field [$($bound:tt)*] [$($stated:tt)*] $fields:tt $event:ident outcome = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__audit!(@field
            [ $($bound)* { v } { $crate::__private::outcome($value) } ] [ $($stated)* outcome: v, ] $fields $event $($($rest)*)?)
    };
    (@field [$($bound:tt)*] [$($stated:tt)*] $fields:tt $event:ident severity = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__audit!(@field
            [ $($bound)* { v } { $crate::__private::severity($value) } ] [ $($stated)* severity: v, ] $fields $event $($($rest)*)?)
    };
    (@field [$($bound:tt)*] [$($stated:tt)*] $fields:tt $event:ident occurred = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__audit!(@field
            [ $($bound)* { v } { $crate::__private::occurred($value) } ] [ $($stated)* occurred: v, ] $fields $event $($($rest)*)?)
    };

    // ---- fields ----------------------------------------------------------------------------------------------------
    (@field $bound:tt $stated:tt $fields:tt $event:ident $($key:ident).+ = % $value:expr $(, $($rest:tt)*)?) => {
        $crate::__audit!(@display $bound $stated $fields $event { $($key).+ } { $value } $($($rest)*)?)
    };
    (@field $bound:tt $stated:tt $fields:tt $event:ident $($key:ident).+ = ? $value:expr $(, $($rest:tt)*)?) => {
        $crate::__audit!(@debug $bound $stated $fields $event { $($key).+ } { $value } $($($rest)*)?)
    };
    (@field $bound:tt $stated:tt $fields:tt $event:ident $($key:ident).+ = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__audit!(@value $bound $stated $fields $event { $($key).+ } { $value } $($($rest)*)?)
    };
    (@field $bound:tt $stated:tt $fields:tt $event:ident % $($key:ident).+ $(, $($rest:tt)*)?) => {
        $crate::__audit!(@display $bound $stated $fields $event { $($key).+ } { $($key).+ } $($($rest)*)?)
    };
    (@field $bound:tt $stated:tt $fields:tt $event:ident ? $($key:ident).+ $(, $($rest:tt)*)?) => {
        $crate::__audit!(@debug $bound $stated $fields $event { $($key).+ } { $($key).+ } $($($rest)*)?)
    };
    (@field $bound:tt $stated:tt $fields:tt $event:ident $($key:ident).+ $(, $($rest:tt)*)?) => {
        $crate::__audit!(@value $bound $stated $fields $event { $($key).+ } { $($key).+ } $($($rest)*)?)
    };
    (@field $bound:tt $stated:tt $fields:tt $event:ident { $key:expr } = % $value:expr $(, $($rest:tt)*)?) => {
        $crate::__audit!(@display $bound $stated $fields $event { { $key } } { $value } $($($rest)*)?)
    };
    (@field $bound:tt $stated:tt $fields:tt $event:ident { $key:expr } = ? $value:expr $(, $($rest:tt)*)?) => {
        $crate::__audit!(@debug $bound $stated $fields $event { { $key } } { $value } $($($rest)*)?)
    };
    (@field $bound:tt $stated:tt $fields:tt $event:ident { $key:expr } = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__audit!(@value $bound $stated $fields $event { { $key } } { $value } $($($rest)*)?)
    };
    // A literal name; as a `tt`, for a `literal` could not be compared with the reserved ones.
    (@field $bound:tt $stated:tt $fields:tt $event:ident $key:tt = % $value:expr $(, $($rest:tt)*)?) => {
        $crate::__audit!(@display $bound $stated $fields $event { $key } { $value } $($($rest)*)?)
    };
    (@field $bound:tt $stated:tt $fields:tt $event:ident $key:tt = ? $value:expr $(, $($rest:tt)*)?) => {
        $crate::__audit!(@debug $bound $stated $fields $event { $key } { $value } $($($rest)*)?)
    };
    (@field $bound:tt $stated:tt $fields:tt $event:ident $key:tt = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__audit!(@value $bound $stated $fields $event { $key } { $value } $($($rest)*)?)
    };

    // ---- the message -----------------------------------------------------------------------------------------------
    (@field [$($bound:tt)*] $stated:tt [$($fields:tt)*] $event:ident $message:literal $(, $($argument:tt)*)?) => {
        $crate::__audit!(@field
            [ $($bound)* { v } { ::core::format_args!($message $(, $($argument)*)?) } ]
            $stated
            [ $($fields)* { @message } { &$crate::__private::Message(v) } ]
            $event
        )
    };
    (@field $bound:tt $stated:tt $fields:tt $event:ident $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "expected a field or a message at `", ::core::stringify!($($rest)*), "`: a field is `name`, `%name`, `?name`, ",
            "`name = value`, `name = %value`, `name = ?value`, and likewise `\"any name\" = value`; ",
            "the message is a literal and comes last"
        ))
    };

    // ---- one field, by how its value is written --------------------------------------------------------------------
    (@display [$($bound:tt)*] $stated:tt [$($fields:tt)*] $event:ident $name:tt { $($value:tt)+ } $($rest:tt)*) => {
        $crate::__audit!(@field
            [ $($bound)* { v } { &$($value)+ } ] $stated
            [ $($fields)* $name { &(&&$crate::__private::Pick(v)).audit_display() } ] $event $($rest)*)
    };
    (@debug [$($bound:tt)*] $stated:tt [$($fields:tt)*] $event:ident $name:tt { $($value:tt)+ } $($rest:tt)*) => {
        $crate::__audit!(@field
            [ $($bound)* { v } { &$($value)+ } ] $stated
            [ $($fields)* $name { &$crate::__private::ByDebug(v) } ] $event $($rest)*)
    };
    // An error that is `Serialize` too tells its causes under this name, and its fields under any other.
    (@value [$($bound:tt)*] $stated:tt [$($fields:tt)*] $event:ident { error } { $($value:tt)+ } $($rest:tt)*) => {
        $crate::__audit!(@field
            [ $($bound)* { v } { &$($value)+ } ] $stated
            [ $($fields)* { error } { &(&&&&&&$crate::__private::Pick(v)).audit_error() } ] $event $($rest)*)
    };
    (@value [$($bound:tt)*] $stated:tt [$($fields:tt)*] $event:ident $name:tt { $($value:tt)+ } $($rest:tt)*) => {
        $crate::__audit!(@field
            [ $($bound)* { v } { &$($value)+ } ] $stated
            [ $($fields)* $name { &(&&&&&&&$crate::__private::Pick(v)).audit_value() } ] $event $($rest)*)
    };
}

/// A field's name; here the keys that nobody may state are refused.
#[doc(hidden)]
#[macro_export]
macro_rules! __audit_name {
    (@message) => { $crate::__private::Name::MESSAGE };
    (@own $name:literal) => {
        ::core::compile_error!(::core::concat!("`", $name, "` is written by the trail itself; give the field another name"))
    };
    (@outcome) => {
        ::core::compile_error!(
            "`outcome` is stated once, as a value: `outcome = Outcome::Denied`, `outcome = &result`, \
             or `outcome = Outcome::from(text)` for a text known at run time only"
        )
    };
    (@severity) => {
        ::core::compile_error!("`severity` is stated once, as a value: `severity = Severity::High`")
    };
    (@occurred) => {
        ::core::compile_error!("`occurred` is stated once, as a value: `occurred = time`, a `SystemTime` or what converts into one")
    };
    (@time) => {
        ::core::compile_error!("`time` is taken by the trail itself; an event that happened earlier states `occurred = time`, a `SystemTime`")
    };
    (@event) => {
        ::core::compile_error!("the event is the first argument, not a field; give the field another name")
    };
    (@metadata) => {
        ::core::compile_error!("a field without a key of its own goes to `metadata` by itself: write `name = value`")
    };
    (outcome) => { $crate::__audit_name!(@outcome) };
    ("outcome") => { $crate::__audit_name!(@outcome) };
    (severity) => { $crate::__audit_name!(@severity) };
    ("severity") => { $crate::__audit_name!(@severity) };
    (occurred) => { $crate::__audit_name!(@occurred) };
    ("occurred") => { $crate::__audit_name!(@occurred) };
    (time) => { $crate::__audit_name!(@time) };
    ("time") => { $crate::__audit_name!(@time) };
    (event) => { $crate::__audit_name!(@event) };
    ("event") => { $crate::__audit_name!(@event) };
    (metadata) => { $crate::__audit_name!(@metadata) };
    ("metadata") => { $crate::__audit_name!(@metadata) };
    (seq) => { $crate::__audit_name!(@own "seq") };
    ("seq") => { $crate::__audit_name!(@own "seq") };
    (category) => { $crate::__audit_name!(@own "category") };
    ("category") => { $crate::__audit_name!(@own "category") };
    (truncated) => { $crate::__audit_name!(@own "truncated") };
    ("truncated") => { $crate::__audit_name!(@own "truncated") };
    (redacted) => { $crate::__audit_name!(@own "redacted") };
    ("redacted") => { $crate::__audit_name!(@own "redacted") };
    (salt) => { $crate::__audit_name!(@own "salt") };
    ("salt") => { $crate::__audit_name!(@own "salt") };
    (flagged) => { $crate::__audit_name!(@own "flagged") };
    ("flagged") => { $crate::__audit_name!(@own "flagged") };
    (suspicious_reason) => { $crate::__audit_name!(@own "suspicious_reason") };
    ("suspicious_reason") => { $crate::__audit_name!(@own "suspicious_reason") };
    (rule) => { $crate::__audit_name!(@own "rule") };
    ("rule") => { $crate::__audit_name!(@own "rule") };
    (tag) => { $crate::__audit_name!(@own "tag") };
    ("tag") => { $crate::__audit_name!(@own "tag") };
    (seal) => { $crate::__audit_name!(@own "seal") };
    ("seal") => { $crate::__audit_name!(@own "seal") };
    (erased) => { $crate::__audit_name!(@own "erased") };
    ("erased") => { $crate::__audit_name!(@own "erased") };
    (by) => { $crate::__audit_name!(@own "by") };
    ("by") => { $crate::__audit_name!(@own "by") };
    (enc) => { $crate::__audit_name!(@own "enc") };
    ("enc") => { $crate::__audit_name!(@own "enc") };
    (sd) => { $crate::__audit_name!(@own "sd") };
    ("sd") => { $crate::__audit_name!(@own "sd") };
    // `stringify!(a.b)` may put spaces around the point; each part alone has none.
    ($first:ident $(. $key:ident)*) => {
        $crate::__private::Name::ident(::core::concat!(::core::stringify!($first) $(, ".", ::core::stringify!($key))*))
    };
    ($name:literal) => { $crate::__private::Name::text($name) };
    ({ $name:expr }) => { $crate::__private::Name::text($name) };
    ($other:tt) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($other), "` is no field name: write an identifier, a string, or a constant in braces"
        ))
    };
}
