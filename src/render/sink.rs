use std::error::Error;
use std::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;

use crate::guard::drop_guarded;
use crate::record::{Key, Kind};
use crate::render::decimal::Decimal;
use crate::render::long::{EVENT, Shape, micros};
use crate::render::nested::{self, Nested, Stop};
use crate::render::redaction::{self, Treatment};
use crate::render::slot::Way;
use crate::render::written::{Bounded, Same, Straight, unquoted};
use crate::render::{Fields, How, Limits, Policy, Slot, serialize};

/// Takes one value.
///
/// A panic in the value's own code is caught, what it had written is taken back, and the value is `"<panicked>"`.
pub(crate) struct Sink<'a> {
    pub(super) fields: &'a mut Fields,
    pub(super) slot: &'a Slot,
    pub(super) how: How<'a>,
}

/// Integers from here on have the digits of a card number.
const CARD: u64 = 100_000_000_000;

/// Text of a span's `?` value longer than this is left out.
const FLAT: usize = 128;

/// Errors and their causes that are written; a chain that bites its own tail ends here.
const CAUSES: usize = 16;

impl<'a> Sink<'a> {
    #[inline]
    pub(crate) fn new(fields: &'a mut Fields, slot: &'a Slot, how: How<'a>) -> Sink<'a> {
        Sink { fields, slot, how }
    }

    #[inline(always)]
    pub(crate) fn str(self, value: &str) {
        let Sink { fields, slot, how } = self;
        if !short_str(fields, slot, &how, value) {
            long_str(fields, slot, how.policy, how.limits, value);
        }
    }

    /// A string that was looked at, and has something to redact or to escape.
    pub(super) fn str_not_plain(self, value: &str) {
        self.long(value, Shape::Text(value.len()));
    }

    #[inline]
    pub(crate) fn i64(self, value: i64) {
        let mut digits = itoa::Buffer::new();
        self.integer(digits.format(value), value < 0, value.unsigned_abs());
    }

    #[inline]
    pub(crate) fn u64(self, value: u64) {
        let mut digits = itoa::Buffer::new();
        self.integer(digits.format(value), false, value);
    }

    pub(crate) fn i128(self, value: i128) {
        match (u64::try_from(value), i64::try_from(value)) {
            (Ok(value), _) => self.u64(value),
            (_, Ok(value)) => self.i64(value),
            _ => self.long(itoa::Buffer::new().format(value), Shape::Wide),
        }
    }

    pub(crate) fn u128(self, value: u128) {
        match u64::try_from(value) {
            Ok(value) => self.u64(value),
            Err(_) => self.long(itoa::Buffer::new().format(value), Shape::Wide),
        }
    }

    #[inline]
    pub(crate) fn f64(mut self, value: f64) {
        if !value.is_finite() {
            let text = nested::not_finite(value);
            return self.long(text, Shape::Text(text.len()));
        }
        if let Some(decimal) = Decimal::of(value)
            && self.put_float(value, decimal.bytes())
        {
            return;
        }
        self.long_f64(value);
    }

    #[inline(never)]
    fn long_f64(mut self, value: f64) {
        let mut digits = zmij::Buffer::new();
        let text = digits.format_finite(value);
        if !self.put_float(value, text.as_bytes()) {
            self.long(text, Shape::Float);
        }
    }

    /// The short way of a finite number that is spelled `text`, if it has one.
    #[inline(always)]
    fn put_float(&mut self, value: f64, text: &[u8]) -> bool {
        match self.slot.way {
            Way::Number(key) if value >= 0.0 && self.fields.put_key(self.slot, key, text, false) => {
                self.fields.duration_us = micros(value);
                true
            }
            Way::Both if value.abs() < CARD as f64 => self.fields.put_metadata(self.slot, text, false),
            _ => false,
        }
    }

    pub(crate) fn f32(self, value: f32) {
        let mut digits = zmij::Buffer::new();
        if value.is_finite() {
            self.long(digits.format_finite(value), Shape::Float);
        } else {
            self.f64(f64::from(value));
        }
    }

    pub(crate) fn bool(self, value: bool) {
        self.long(if value { "true" } else { "false" }, Shape::Bool);
    }

    /// Bytes are text in most cases; those that are not become U+FFFD.
    pub(crate) fn bytes(self, value: &[u8]) {
        let seen = value.get(..redaction::window(self.how.limits.value)).unwrap_or(value);
        match std::str::from_utf8(value) {
            Ok(text) => self.str(text),
            Err(_) => {
                self.long(&String::from_utf8_lossy(seen), Shape::Text(value.len()));
            }
        }
    }

    pub(crate) fn display(mut self, value: &dyn fmt::Display) {
        match self.slot.way {
            Way::Text(key) if self.fields.takes_straight(self.slot, key) => {
                self.straight(key, |out| write!(out, "{value}"));
            }
            _ => self.formatted(|out| write!(out, "{value}"), |_, _| true),
        }
    }

    pub(crate) fn debug(mut self, value: &dyn fmt::Debug) {
        match self.slot.way {
            Way::Text(key) if self.fields.takes_straight(self.slot, key) => {
                self.straight(key, |out| write!(out, "{value:?}"));
            }
            _ => self.formatted(|out| write!(out, "{value:?}"), |_, _| true),
        }
    }

    /// Runs the code of a value that writes itself, to where its text will stand if it is plain, as most are.
    fn straight(&mut self, key: Key, write: impl Fn(&mut Straight<'_>) -> fmt::Result) {
        let limit = self.how.limits.value;
        let at = self.fields.begin_straight(self.slot);
        let mut out = Straight::new(&mut self.fields.text, redaction::window(limit));
        // An error of `fmt` says nothing that the text does not.
        let done = catch_unwind(AssertUnwindSafe(|| {
            let _ = write(&mut out);
        }));
        let (start, bytes) = (out.start, out.bytes);
        let text = self.fields.text.from(start);
        let plain = done.is_ok()
            && bytes == text.len()
            && bytes <= limit
            && text.first() != Some(&b'"')
            && self.how.policy.passes(text);
        if plain {
            self.fields.end_straight(at, key);
        } else {
            self.taken_back(at, start, bytes, done.err());
        }
    }

    /// Takes the long way with what a value has written.
    #[cold]
    fn taken_back(&mut self, at: usize, start: usize, bytes: usize, panic: Option<Box<dyn std::any::Any + Send>>) {
        let mut raw = std::mem::take(&mut self.fields.raw);
        raw.clear();
        // It came as text, and was cut between two characters.
        raw.push_str(std::str::from_utf8(self.fields.text.from(start)).unwrap_or_default());
        self.fields.text.truncate(at);
        match panic {
            None => self.written(&raw, bytes),
            Some(panic) => self.panicked(panic),
        }
        self.put_raw_away(raw);
    }

    /// What a value has written; it may be more than was kept.
    fn written(&mut self, raw: &str, bytes: usize) {
        match unquoted(raw).filter(|_| bytes == raw.len()) {
            Some(text) => self.value(&text, Shape::Text(text.len())),
            None if bytes == raw.len() && short_str(self.fields, self.slot, &self.how, raw) => {}
            None => self.value(raw, Shape::Text(bytes)),
        }
    }

    fn put_raw_away(&mut self, mut raw: String) {
        raw.clear();
        raw.shrink_to(2 * redaction::window(self.how.limits.value));
        self.fields.raw = raw;
    }

    /// The `Debug` text of a span's field: kept if it is short and flat, or a string, or a `Display` in disguise.
    ///
    /// `tracing` hands a `%` value over as one whose `Debug` is its `Display`; the sign of it is that the pretty form
    /// is the same. A struct's is not.
    pub(crate) fn span_debug(mut self, value: &dyn fmt::Debug) {
        let harmless = |text: &str, bytes: usize| {
            let flat = bytes <= FLAT && !text.contains(['{', '[', '(']);
            flat || text.starts_with('"') || {
                let mut same = Same {
                    left: text,
                    whole: bytes == text.len(),
                };
                write!(same, "{value:#?}").is_ok() && same.left.is_empty()
            }
        };
        self.formatted(|out| write!(out, "{value:?}"), harmless);
    }

    /// An error with its causes, joined by `: `. A cause that the text before it ends with is not said again.
    pub(crate) fn error(mut self, value: &(dyn Error + '_)) {
        let chain = |out: &mut Bounded<'_>| {
            write!(out, "{value}")?;
            let mut cause = value.source();
            for _ in 1..CAUSES {
                let Some(error) = cause else { break };
                let before = (out.to.len(), out.bytes);
                write!(out, ": {error}")?;
                out.unsay(before);
                cause = error.source();
            }
            Ok(())
        };
        self.formatted(chain, |_, _| true);
    }

    pub(crate) fn serialize<T: Serialize + ?Sized>(mut self, value: &T) {
        if self.is_settled() {
            return;
        }
        let before = self.fields.mark();
        let nested = Nested::new(self.fields, self.slot, self.how);
        let done = catch_unwind(AssertUnwindSafe(|| nested.serialize(value)));
        match done {
            Ok(Ok(())) => {}
            Ok(Err(Stop::Treat(verdict))) => {
                let text = catch_unwind(AssertUnwindSafe(|| serialize::text_of(value)));
                match text {
                    Ok(text) => self.judge(verdict, &text),
                    Err(panic) => self.panicked(panic),
                }
            }
            Ok(Err(error)) => {
                self.fields.back_to(before);
                let text = format!("<failed: {error}>");
                self.value(&text, Shape::Text(text.len()));
            }
            Err(panic) => {
                self.fields.back_to(before);
                self.panicked(panic);
            }
        }
    }

    /// Text that should be JSON; if it is not, a string.
    #[cfg(test)]
    pub(crate) fn json(mut self, text: &str) {
        if self.is_settled() {
            return;
        }
        // What is treated is treated as it came.
        if self.slot.verdict.is_some() || !self.transcribe(text) {
            self.string(text, text.len());
        }
    }

    /// A string, and never JSON.
    pub(super) fn verbatim(mut self, value: &str) {
        match self.slot.key().map(Key::kind) {
            Some(Kind::Any) => self.string(value, value.len()),
            _ => self.str(value),
        }
    }

    pub(super) fn transcribe(&mut self, text: &str) -> bool {
        let before = self.fields.mark();
        let done = Nested::new(self.fields, self.slot, self.how).transcribe(text);
        if !done {
            self.fields.back_to(before);
        }
        done
    }

    #[inline]
    fn integer(self, digits: &str, negative: bool, size: u64) {
        let (fields, slot) = (&mut *self.fields, self.slot);
        let done = match slot.way {
            _ if size >= CARD => false,
            Way::Text(key) => fields.put_key(slot, key, digits.as_bytes(), true),
            Way::Count(key) if !negative => fields.put_key(slot, key, digits.as_bytes(), false),
            Way::Both => fields.put_metadata(slot, digits.as_bytes(), false),
            _ => false,
        };
        if !done {
            self.long(digits, Shape::Integer);
        }
    }

    /// Whether the value need not be known: nobody wants it, or the policy hides it whatever it is.
    #[inline]
    fn is_settled(&mut self) -> bool {
        self.make_room();
        match self.slot.way {
            Way::Mask => self.fields.put_masked(self.slot) || self.is_hidden(),
            Way::Long => self.is_hidden(),
            _ => false,
        }
    }

    #[inline(never)]
    fn is_hidden(&mut self) -> bool {
        match self.slot.verdict {
            _ if self.slot.is_nothing() => true,
            Some(verdict) if matches!(verdict.treatment, Treatment::Mask | Treatment::Drop) => {
                self.judge(verdict, "");
                true
            }
            _ => false,
        }
    }

    /// Runs the code of a value that writes itself, and takes its text if it passes.
    fn formatted(&mut self, write: impl Fn(&mut Bounded<'_>) -> fmt::Result, passes: impl Fn(&str, usize) -> bool) {
        if self.is_settled() {
            return;
        }
        let mut raw = std::mem::take(&mut self.fields.raw);
        // JSON that was cut is none, and a hash of half a value is nobody's: these get to write more.
        let window = match (self.slot.key().map(Key::kind), self.slot.verdict) {
            (Some(Kind::Any), _) | (_, Some(_)) => nested::COUNTED,
            _ => redaction::window(self.how.limits.value),
        };
        let mut out = Bounded::new(&mut raw, window);
        let done = catch_unwind(AssertUnwindSafe(|| {
            // An error of `fmt` says nothing that the text does not.
            let _ = write(&mut out);
            let bytes = out.bytes;
            passes(out.to, bytes).then_some(bytes)
        }));
        match done {
            Ok(Some(bytes)) => self.written(&raw, bytes),
            Ok(None) => {}
            Err(panic) => self.panicked(panic),
        }
        self.put_raw_away(raw);
    }

    #[cold]
    fn panicked(&mut self, panic: Box<dyn std::any::Any + Send>) {
        drop_guarded(panic);
        let said = self.fields.said_mut();
        said.panicked = said.panicked.saturating_add(1);
        self.string("<panicked>", 10);
    }

    #[inline(never)]
    fn long(mut self, text: &str, shape: Shape) {
        self.make_room();
        self.value(text, shape);
    }

    /// A span that lives for days can be recorded to without end.
    fn make_room(&mut self) {
        if self.slot.replaces {
            self.fields.compact();
        }
    }
}

/// The short way of a string, if it has one: nothing to redact, to escape or to cut.
#[inline(always)]
fn short_str(fields: &mut Fields, slot: &Slot, how: &How<'_>, value: &str) -> bool {
    let bytes = value.as_bytes();
    match slot.way {
        Way::Mask => fields.put_masked(slot),
        Way::Outcome => fields.put_outcome(value),
        Way::Text(_) | Way::Both | Way::Event if bytes.len() <= how.limits.value && how.policy.passes(bytes) => {
            match slot.way {
                Way::Text(key) => fields.put_key(slot, key, bytes, true),
                Way::Both => fields.put_metadata(slot, bytes, true),
                _ => bytes.len() <= EVENT && fields.put_event(value),
            }
        }
        _ => false,
    }
}

/// The long way of a string. Its arguments fit into registers: a sink that goes the short way need not stand in
/// memory for its sake.
#[inline(never)]
fn long_str(fields: &mut Fields, slot: &Slot, policy: &Policy, limits: Limits, value: &str) {
    Sink::new(fields, slot, How { policy, limits }).str_not_plain(value);
}

impl fmt::Debug for Sink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sink").field(&self.slot).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::net::Ipv4Addr;

    use super::*;
    use crate::brief::Brief;
    use crate::outcome::Outcome;
    use crate::render::tests::{Draft, line};
    use crate::severity::Severity;

    fn event(name: &str, put: impl FnOnce(Sink<'_>)) -> Draft {
        let mut draft = Draft::new();
        draft.put(name, put);
        draft
    }

    #[test]
    fn a_text_key_holds_strings_whatever_was_given() {
        for (shown, draft) in [
            ("\"7\"", event("user.id", |sink| sink.u64(7))),
            ("\"-7\"", event("user.id", |sink| sink.i64(-7))),
            ("\"1.5\"", event("user.id", |sink| sink.f64(1.5))),
            ("\"true\"", event("user.id", |sink| sink.bool(true))),
            ("\"NaN\"", event("user.id", |sink| sink.f64(f64::NAN))),
            ("\"x\"", event("user.id", |sink| sink.bytes(b"x"))),
            ("\"a\u{fffd}b\"", event("user.id", |sink| sink.bytes(b"a\xffb"))),
            (
                "\"170141183460469231731687303715884105727\"",
                event("user.id", |sink| sink.i128(i128::MAX)),
            ),
            (
                "\"192.0.2.7\"",
                event("user.id", |sink| sink.serialize(&Ipv4Addr::new(192, 0, 2, 7))),
            ),
            ("\"7\"", event("user.id", |sink| sink.serialize(&Some(7_u8)))),
        ] {
            assert_eq!(draft.shown("user_id").as_deref(), Some(shown));
        }
    }

    #[test]
    fn a_number_key_takes_text_that_spells_a_number_and_nothing_else() {
        assert_eq!(
            event("status_code", |sink| sink.str("200"))
                .shown("status_code")
                .unwrap(),
            "200"
        );
        assert_eq!(
            event("status_code", |sink| sink.i64(200)).shown("status_code").unwrap(),
            "200"
        );
        assert_eq!(
            event("duration_ms", |sink| sink.str("1.50"))
                .shown("duration_ms")
                .unwrap(),
            "1.5"
        );
        assert_eq!(
            event("duration_ms", |sink| sink.u64(3)).shown("duration_ms").unwrap(),
            "3"
        );
        for (name, shown, draft) in [
            ("status_code", "\"OK\"", event("status_code", |sink| sink.str("OK"))),
            ("status_code", "-1", event("status_code", |sink| sink.i64(-1))),
            ("status_code", "200.0", event("status_code", |sink| sink.f64(200.0))),
            ("status_code", "true", event("status_code", |sink| sink.bool(true))),
            (
                "status_code",
                "[200]",
                event("status_code", |sink| sink.serialize(&[200])),
            ),
            ("duration_ms", "\"soon\"", event("duration_ms", |sink| sink.str("soon"))),
            ("duration_ms", "-0.5", event("duration_ms", |sink| sink.f64(-0.5))),
            (
                "duration_ms",
                "\"Infinity\"",
                event("duration_ms", |sink| sink.f64(f64::INFINITY)),
            ),
            ("body_sha256", "\"abc\"", event("body_sha256", |sink| sink.str("abc"))),
        ] {
            assert_eq!(draft.shown(name), None, "{name} {shown}");
            assert_eq!(draft.shown(&format!("metadata.{name}")).as_deref(), Some(shown));
        }
        let hash = "AB".repeat(32);
        let draft = event("body_sha256", |sink| sink.str(&hash));
        assert_eq!(
            draft.shown("body_sha256").unwrap(),
            format!("\"{}\"", hash.to_lowercase())
        );
    }

    #[test]
    fn the_brief_knows_the_duration() {
        for (millis, micros) in [(0.0, 0), (1.5, 1_500), (1e18, Brief::NO_DURATION - 1)] {
            let draft = event("duration_ms", |sink| sink.f64(millis));
            assert_eq!(draft.line().brief.duration_us, micros);
        }
        assert_eq!(
            event("duration_ms", |sink| sink.str("2.5")).line().brief.duration_us,
            2_500
        );
        assert_eq!(event("duration_ms", |sink| sink.u64(2)).line().brief.duration_us, 2_000);
        assert_eq!(
            event("message", |sink| sink.str("x")).line().brief.duration_us,
            Brief::NO_DURATION
        );
    }

    #[test]
    fn a_name_given_twice_goes_on_in_metadata_and_no_name_repeats() {
        let mut draft = Draft::new();
        for value in ["a", "b", "c", "d"] {
            draft.str("user_id", value);
        }
        draft
            .str("user.id", "e")
            .str("x", "1")
            .str("x", "2")
            .str("x_2", "3")
            .str("x", "4");
        assert_eq!(draft.shown("user_id").unwrap(), "\"a\"");
        for (name, shown) in [
            ("user_id", "b"),
            ("user_id_2", "c"),
            ("user_id_3", "d"),
            ("x", "1"),
            ("x_2", "2"),
            ("x_2_2", "3"),
            ("x_3", "4"),
        ] {
            assert_eq!(
                draft.shown(&format!("metadata.{name}")).unwrap(),
                format!("\"{shown}\"")
            );
        }
        // The dot is part of the name.
        assert!(draft.line().metadata().contains(&"user.id"));
    }

    #[test]
    fn a_span_records_a_value_again_in_place_of_the_first() {
        let mut draft = Draft::new();
        draft.put_span("user.id", |sink| sink.str("hunter: password: x"));
        draft.put_span("user.id", |sink| sink.str("alice"));
        draft.put_span("audit.book", |sink| sink.u64(1));
        draft.put_span("audit.book", |sink| sink.u64(2));
        draft.put_span("outcome", |sink| sink.str("failure"));
        draft.put_span("outcome", |sink| sink.str("success"));
        let line = draft.line();
        assert_eq!(line.shown("user_id").unwrap(), "\"alice\"");
        assert_eq!(line.shown("metadata.book").unwrap(), "2");
        assert_eq!(line.redacted(), [""; 0]);
        assert_eq!(draft.fields.said().outcome, Some(Outcome::Success));
    }

    #[test]
    fn a_span_recorded_to_without_end_does_not_grow() {
        let mut draft = Draft::new();
        for round in 0..20_000 {
            match round % 4 {
                0 => draft.put_span("user.id", |sink| sink.str("alice")),
                1 => draft.put_span("user.id", |sink| sink.display(&round)),
                2 => draft.put_span("user.id", |sink| sink.serialize(&round)),
                _ => draft.put_span("user.id", |sink| sink.u64(round)),
            };
            draft.put_span("audit.old", |sink| sink.serialize(&[round]));
            draft.put_span("audit.password", |sink| sink.str("x"));
            draft.put_span("audit.big", |sink| sink.str(&"y".repeat(round as usize % 100)));
        }
        assert!(draft.fields.text.len() < 20_000, "{}", draft.fields.text.len());
        assert!(draft.fields.most() < 20_000);
        let line = draft.line();
        assert_eq!(line.shown("user_id").unwrap(), "\"19999\"");
        assert_eq!(line.redacted(), ["metadata.password:credential"]);
    }

    #[test]
    fn status_is_a_code_or_an_outcome() {
        let draft = event("status", |sink| sink.u64(404));
        assert_eq!(draft.shown("status_code").unwrap(), "404");
        let draft = event("status", |sink| sink.str("denied"));
        assert_eq!(draft.fields.said().outcome, Some(Outcome::Denied));
        let draft = event("status", |sink| sink.u64(4));
        assert_eq!(draft.shown("metadata.status").unwrap(), "4");
    }

    #[test]
    fn what_was_said_of_event_severity_and_outcome_is_kept_apart() {
        let mut draft = Draft::new();
        draft
            .str("event", "AUTH_LOGIN")
            .str("event", "second")
            .str("severity", "warn");
        draft
            .str("outcome", "purple")
            .str("outcome", "success")
            .str("severity", "loud");
        assert_eq!(draft.fields.event(), Some("AUTH_LOGIN"));
        assert_eq!(draft.fields.said().severity, Some(Severity::Medium));
        // It was stated and cannot be read: nothing else may stand in its place.
        assert_eq!(draft.fields.said().outcome, Some(Outcome::Unknown));
        let line = draft.line();
        assert_eq!(line.metadata(), ["event", "outcome", "outcome_2", "severity"]);
        assert_eq!(line.shown("metadata.event").unwrap(), "\"second\"");
        let draft = event("outcome", |sink| sink.bool(false));
        assert_eq!(draft.fields.said().outcome, Some(Outcome::Failure));
    }

    #[test]
    fn a_panic_leaves_a_word_and_nothing_half_written() {
        struct Broken;
        impl fmt::Display for Broken {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("half")?;
                std::panic::resume_unwind(Box::new("no"))
            }
        }
        impl Serialize for Broken {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let map = HashMap::from([("password", "x"), ("y", "z")]);
                serializer.collect_map(map.iter().map(|(name, value)| match *name {
                    "y" => std::panic::resume_unwind(Box::new("no")),
                    _ => (name, value),
                }))
            }
        }
        struct Nasty;
        impl Drop for Nasty {
            fn drop(&mut self) {
                std::panic::resume_unwind(Box::new("again"))
            }
        }
        impl fmt::Debug for Nasty {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                std::panic::resume_unwind(Box::new(Nasty))
            }
        }
        let mut draft = Draft::new();
        draft.put("user_id", |sink| sink.display(&Broken));
        draft.put("old", |sink| sink.serialize(&Broken));
        draft.put("status_code", |sink| sink.serialize(&Broken));
        draft.put("x", |sink| sink.debug(&std::mem::ManuallyDrop::new(Nasty)));
        let line = draft.line();
        for name in ["user_id", "old", "metadata.status_code", "metadata.x"] {
            assert_eq!(line.shown(name).unwrap(), "\"<panicked>\"", "{name}");
        }
        assert_eq!(line.redacted(), [""; 0]);
        assert_eq!(draft.fields.said().panicked, 4);
    }

    #[derive(Debug)]
    struct Failed(&'static str, Option<&'static Failed>);
    impl fmt::Display for Failed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }
    impl Error for Failed {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.map(|cause| cause as _)
        }
    }

    #[test]
    fn an_error_is_written_with_its_causes_once_each_and_ends() {
        static DISK: Failed = Failed("disk full", None);
        static WRITE: Failed = Failed("cannot write: disk full", Some(&DISK));
        static SAVE: Failed = Failed("not saved", Some(&WRITE));
        static LOOP: Failed = Failed("a", Some(&LOOP2));
        static LOOP2: Failed = Failed("b", Some(&LOOP));
        let draft = event("error", |sink| sink.error(&SAVE));
        assert_eq!(draft.shown("error").unwrap(), "\"not saved: cannot write: disk full\"");
        let draft = event("error", |sink| sink.error(&LOOP));
        assert_eq!(
            draft.shown("error").unwrap(),
            format!("\"{}\"", ["a: b"; CAUSES / 2].join(": "))
        );
    }

    #[test]
    fn the_debug_form_of_a_string_is_the_string() {
        for text in ["", "alice", "a \"b\" \\ \n \u{7f} \u{202e} é", "it's"] {
            let draft = event("x", |sink| sink.debug(&text));
            let shown: String = serde_json::from_str(&draft.shown("metadata.x").unwrap()).unwrap();
            assert_eq!(shown, text);
        }
        for (text, value) in [
            ("(\"a\", \"b\")", &("a", "b") as &dyn fmt::Debug),
            ("Some(\"a\")", &Some("a")),
        ] {
            let draft = event("x", |sink| sink.debug(value));
            let shown: String = serde_json::from_str(&draft.shown("metadata.x").unwrap()).unwrap();
            assert_eq!(shown, text);
        }
    }

    #[test]
    fn a_span_keeps_flat_values_and_displays_and_no_structs() {
        #[derive(Debug)]
        struct NewUser {
            #[allow(dead_code, reason = "shown by Debug")]
            name: &'static str,
        }
        /// As tracing wraps a `%` value.
        struct Shown(&'static str);
        impl fmt::Debug for Shown {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }
        let kept = |value: &dyn fmt::Debug| {
            let mut draft = Draft::new();
            draft.put_span("user_agent", |sink| sink.span_debug(value));
            draft
                .shown("user_agent")
                .map(|shown| serde_json::from_str::<String>(&shown).unwrap())
        };
        let agent = "Mozilla/5.0 (X11; Linux x86_64)";
        let long: &'static str = "x".repeat(5_000).leak();
        assert_eq!(kept(&7).as_deref(), Some("7"));
        assert_eq!(kept(&"a (b)").as_deref(), Some("a (b)"));
        assert_eq!(kept(&Shown(agent)).as_deref(), Some(agent));
        assert_eq!(kept(&Shown(long)).as_deref(), Some(long));
        assert_eq!(kept(&NewUser { name: "x" }), None);
        assert_eq!(kept(&Some(1)), None);
        assert_eq!(kept(&vec![1; 2]), None);
        assert_eq!(kept(&vec![1; 50_000]), None);
    }

    #[test]
    fn a_hidden_value_is_not_even_asked() {
        struct Never;
        impl fmt::Display for Never {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                panic!("asked")
            }
        }
        impl Serialize for Never {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                panic!("asked")
            }
        }
        let mut draft = Draft::new();
        draft.put("password", |sink| sink.display(&Never));
        draft.put("secret", |sink| sink.serialize(&Never));
        draft.put_span("audit.password", |sink| sink.display(&Never));
        draft.put_span("note", |sink| sink.display(&Never));
        assert_eq!(draft.line().metadata(), ["password", "secret"]);
    }

    #[test]
    fn numbers_are_hidden_by_name_and_card_numbers_by_shape() {
        let mut draft = Draft::new();
        draft.put("pin", |sink| sink.u64(1234));
        draft.put("card", |sink| sink.u64(4_111_111_111_111_111));
        draft.put("float", |sink| sink.f64(4_111_111_111_111_111.0));
        draft.put("user_id", |sink| sink.u64(4_111_111_111_111_111));
        draft.put("response_bytes", |sink| sink.u64(4_111_111_111_111_111));
        draft.put("old", |sink| sink.serialize(&[4_111_111_111_111_111_u64]));
        draft.put("micros", |sink| sink.u64(1_763_626_530_123_456));
        let line = draft.line();
        for name in [
            "metadata.pin",
            "metadata.card",
            "metadata.float",
            "user_id",
            "metadata.response_bytes",
        ] {
            assert_eq!(line.shown(name).unwrap(), "\"[redacted]\"", "{name}");
        }
        assert_eq!(line.shown("old").unwrap(), "[\"[redacted]\"]");
        assert_eq!(line.shown("metadata.micros").unwrap(), "1763626530123456");
        assert!(!line.text().contains("4111"), "{}", line.text());
        assert!(line.redacted().contains(&"user_id:card"));
    }

    #[test]
    fn old_and_new_take_json_text_and_other_text_as_it_is() {
        let mut draft = Draft::new();
        draft.put("old", |sink| sink.display(&r#"{"a": [1, "x"], "password": "y"}"#));
        draft.put("new", |sink| sink.str("plain"));
        let line = draft.line();
        assert_eq!(
            line.text()
                .split("\"old\":")
                .nth(1)
                .unwrap()
                .split(",\"new\"")
                .next()
                .unwrap(),
            r#"{"a":[1,"x"],"password":"[redacted]"}"#
        );
        assert_eq!(line.shown("new").unwrap(), "\"plain\"");
        for (text, shown) in [
            ("[1] x", "\"[1] x\""),
            ("{", "\"{\""),
            ("12", "\"12\""),
            ("\"x\"", "\"x\""),
            ("[1,]", "\"[1,]\""),
        ] {
            assert_eq!(
                event("old", |sink| sink.str(text)).shown("old").unwrap(),
                shown,
                "{text}"
            );
        }
        assert_eq!(event("old", |sink| sink.json("12")).shown("old").unwrap(), "12");
        assert_eq!(event("old", |sink| sink.json("null")).shown("old"), None);
        assert_eq!(event("old", |sink| sink.serialize(&None::<u8>)).shown("old"), None);
        // What is no place for JSON keeps it in metadata.
        assert_eq!(
            event("user_id", |sink| sink.json("{\"a\":1}"))
                .shown("metadata.user_id")
                .unwrap(),
            "{\"a\":1}"
        );
        assert_eq!(
            event("user_id", |sink| sink.json("7")).shown("user_id").unwrap(),
            "\"7\""
        );
    }

    #[test]
    fn treatments_by_name_are_applied_and_listed() {
        let mut draft = Draft::new();
        draft
            .str("hash_me", "bob")
            .put("prefix_me", |sink| sink.serialize("abcdefghijkl"));
        draft.put("hash_me_too", |sink| sink.serialize(&("bob",)));
        draft
            .str("drop_me", "x")
            .put("drop_me_too", |sink| sink.serialize(&[1]));
        let line = draft.line();
        assert!(line.shown("metadata.hash_me").unwrap().starts_with("\"hmac:"));
        assert_eq!(line.shown("metadata.hash_me").unwrap().len(), 2 + 34);
        assert_eq!(line.shown("metadata.hash_me_too").unwrap().len(), 2 + 34);
        assert_ne!(line.shown("metadata.hash_me"), line.shown("metadata.hash_me_too"));
        assert_eq!(line.shown("metadata.prefix_me").unwrap(), "\"abcdefgh…\"");
        assert_eq!(line.shown("metadata.drop_me"), None);
        assert_eq!(line.redacted().len(), 5);
        assert!(line.redacted().contains(&"metadata.drop_me:custom"));
        // A dropped value leaves no room for a context's.
        let mut context = Draft::new();
        context.put_span("audit.drop_me", |sink| sink.str("y"));
        let both = line_of(&draft, &context);
        assert!(!both.contains("\"y\""), "{both}");
    }

    fn line_of(draft: &Draft, context: &Draft) -> String {
        line(&draft.fields, &[&context.fields], draft.limits).text().to_owned()
    }
}
