use std::error::Error;
use std::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;

use crate::brief::Brief;
use crate::outcome::Outcome;
use crate::record::{Key, Kind};
use crate::render::fields::Begun;
use crate::render::nested::{self, Nested};
use crate::render::redaction::{self, REDACTED, Treatment, Verdict, floor, push_escaped, window};
use crate::render::slot::{Takes, Target};
use crate::render::{Fields, How, Slot};
use crate::severity::Severity;

/// Takes one value.
///
/// A panic in the value's own code is caught, what it had written is taken back, and the value is `"<panicked>"`.
pub(crate) struct Sink<'a> {
    fields: &'a mut Fields,
    slot: &'a Slot,
    how: How<'a>,
}

/// What a value's text is the text of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A string that had so many bytes before it was cut at the window.
    Text(usize),
    /// An integer within `i64` or `u64`.
    Integer,
    /// An integer beyond them: no reader would keep its digits, so it is written as a string.
    Wide,
    /// A finite number.
    Float,
    Bool,
}

/// Integers from here on have the digits of a card number.
const CARD: u64 = 100_000_000_000;

/// Text of a span's `?` value longer than this is left out.
const FLAT: usize = 128;

/// Errors and their causes that are written; a chain that bites its own tail ends here.
const CAUSES: usize = 16;

/// An event's name is cut here, before it is found to be no name.
const EVENT: usize = 128;

impl<'a> Sink<'a> {
    #[inline]
    pub(crate) fn new(fields: &'a mut Fields, slot: &'a Slot, how: How<'a>) -> Sink<'a> {
        Sink { fields, slot, how }
    }

    #[inline]
    pub(crate) fn str(mut self, value: &str) {
        if matches!(self.slot.takes, Takes::Text | Takes::Both) && value.len() <= self.how.limits.value {
            let scan = self.how.policy.scan(value.as_bytes());
            if !(scan.escape | scan.suspicious) && self.fields.put_plain(self.slot, value.as_bytes(), true) {
                return;
            }
        }
        self.value(value, Shape::Text(value.len()));
    }

    #[inline]
    pub(crate) fn i64(mut self, value: i64) {
        let mut digits = itoa::Buffer::new();
        self.integer(digits.format(value), value < 0, value.unsigned_abs());
    }

    #[inline]
    pub(crate) fn u64(mut self, value: u64) {
        let mut digits = itoa::Buffer::new();
        self.integer(digits.format(value), false, value);
    }

    pub(crate) fn i128(mut self, value: i128) {
        match (u64::try_from(value), i64::try_from(value)) {
            (Ok(value), _) => self.u64(value),
            (_, Ok(value)) => self.i64(value),
            _ => self.value(itoa::Buffer::new().format(value), Shape::Wide),
        }
    }

    pub(crate) fn u128(mut self, value: u128) {
        match u64::try_from(value) {
            Ok(value) => self.u64(value),
            Err(_) => self.value(itoa::Buffer::new().format(value), Shape::Wide),
        }
    }

    #[inline]
    pub(crate) fn f64(mut self, value: f64) {
        let mut digits = zmij::Buffer::new();
        if !value.is_finite() {
            let text = nested::not_finite(value);
            return self.value(text, Shape::Text(text.len()));
        }
        let text = digits.format_finite(value);
        let fast = match self.slot.takes {
            Takes::Number => value >= 0.0,
            Takes::Both => value.abs() < CARD as f64,
            _ => false,
        };
        if fast && self.fields.put_plain(self.slot, text.as_bytes(), false) {
            if self.slot.takes == Takes::Number {
                self.fields.duration_us = micros(value);
            }
            return;
        }
        self.value(text, Shape::Float);
    }

    pub(crate) fn f32(mut self, value: f32) {
        let mut digits = zmij::Buffer::new();
        if value.is_finite() {
            self.value(digits.format_finite(value), Shape::Float);
        } else {
            self.f64(f64::from(value));
        }
    }

    pub(crate) fn bool(mut self, value: bool) {
        self.value(if value { "true" } else { "false" }, Shape::Bool);
    }

    /// Bytes are text in most cases; those that are not become U+FFFD.
    pub(crate) fn bytes(self, value: &[u8]) {
        let seen = value.get(..window(self.how.limits.value)).unwrap_or(value);
        match std::str::from_utf8(value) {
            Ok(text) => self.str(text),
            Err(_) => {
                let mut sink = self;
                sink.value(&String::from_utf8_lossy(seen), Shape::Text(value.len()));
            }
        }
    }

    pub(crate) fn display(mut self, value: &dyn fmt::Display) {
        self.formatted(|out| write!(out, "{value}"), |_, _| true);
    }

    pub(crate) fn debug(mut self, value: &dyn fmt::Debug) {
        self.formatted(|out| write!(out, "{value:?}"), |_, _| true);
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
    pub(crate) fn json(mut self, text: &str) {
        if !self.is_settled() && !self.transcribe(text) {
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

    fn transcribe(&mut self, text: &str) -> bool {
        let before = self.fields.mark();
        let done = Nested::new(self.fields, self.slot, self.how).transcribe(text);
        if !done {
            self.fields.back_to(before);
        }
        done
    }

    #[inline]
    fn integer(&mut self, digits: &str, negative: bool, size: u64) {
        let quoted = match self.slot.takes {
            Takes::Text => true,
            Takes::Both => false,
            Takes::Count if !negative => false,

            _ => return self.value(digits, Shape::Integer),
        };
        if size >= CARD || !self.fields.put_plain(self.slot, digits.as_bytes(), quoted) {
            self.value(digits, Shape::Integer);
        }
    }

    /// Whether the value need not be known: nobody wants it, or the policy hides it whatever it is.
    fn is_settled(&mut self) -> bool {
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
            _ => window(self.how.limits.value),
        };
        let mut out = Bounded::new(&mut raw, window);
        let done = catch_unwind(AssertUnwindSafe(|| {
            // An error of `fmt` says nothing that the text does not.
            let _ = write(&mut out);
            let bytes = out.bytes;
            passes(out.to, bytes).then_some(bytes)
        }));
        match done {
            Ok(Some(bytes)) => match unquoted(&raw).filter(|_| bytes == raw.len()) {
                Some(text) => self.value(&text, Shape::Text(text.len())),
                None => self.value(&raw, Shape::Text(bytes)),
            },
            Ok(None) => {}
            Err(panic) => self.panicked(panic),
        }
        raw.clear();
        raw.shrink_to(2 * redaction::window(self.how.limits.value));
        self.fields.raw = raw;
    }

    #[cold]
    fn panicked(&mut self, panic: Box<dyn std::any::Any + Send>) {
        // What was thrown may throw again when it is dropped.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            std::mem::forget(again);
        }
        let said = self.fields.said_mut();
        said.panicked = said.panicked.saturating_add(1);
        self.string("<panicked>", 10);
    }

    /// The way of every value that is not plain.
    #[inline(never)]
    fn value(&mut self, text: &str, shape: Shape) {
        match self.slot.target {
            Target::Nothing => {}
            Target::Key(key) => self.key(key, text, shape),
            Target::Metadata => self.put(None, text, shape),
            Target::Event => {
                let free = self.slot.replaces || !self.fields.said().event;
                match shape {
                    Shape::Text(_) if free => self.event(text),
                    _ => self.put(None, text, shape),
                }
            }
            Target::Severity => {
                let said = self.fields.said_mut();
                match Severity::from_name(text) {
                    Some(severity) if self.slot.replaces || said.severity.is_none() => said.severity = Some(severity),
                    _ => self.put(None, text, shape),
                }
            }
            Target::Outcome => {
                let said = self.fields.said_mut();
                let known = outcome(text);
                if self.slot.replaces || said.outcome.is_none() {
                    // The caller stated an outcome; that it cannot be read must not make it the default.
                    said.outcome = Some(known.unwrap_or_default());
                    if known.is_some() {
                        return;
                    }
                }
                self.put(None, text, shape);
            }
            Target::Status => {
                let code = text.parse::<u16>().is_ok_and(|code| (100..600).contains(&code));
                let said = self.fields.said_mut();
                match outcome(text) {
                    _ if code => self.key(Key::StatusCode, text, shape),
                    Some(outcome) if self.slot.replaces || said.outcome.is_none() => said.outcome = Some(outcome),
                    _ => self.put(None, text, shape),
                }
            }
        }
    }

    fn event(&mut self, text: &str) {
        let text = floor(text, EVENT);
        let mut clean = std::mem::take(&mut self.fields.clean);
        clean.clear();
        let secret = self.how.policy.scan(text.as_bytes()).suspicious
            && self.how.policy.text(text, &mut clean, &mut redaction::Found::default());
        self.fields.set_event(if secret { &clean } else { text });
        self.fields.clean = clean;
    }

    /// A value for a key, if it is of the key's kind.
    fn key(&mut self, key: Key, text: &str, shape: Shape) {
        let string = matches!(shape, Shape::Text(_));
        match key.kind() {
            Kind::Text if key == Key::BodySha256 => match sha256(text) {
                Some(text) => self.put(Some(key), &text, Shape::Text(text.len())),
                None => self.put(None, text, shape),
            },
            Kind::Text => self.put(Some(key), text, Shape::Text(text.len().max(bytes(shape)))),
            // What was said as a string may still be the number it should be.
            Kind::Count => match text.parse::<u64>() {
                Ok(count) => self.put(Some(key), itoa::Buffer::new().format(count), Shape::Integer),
                Err(_) => self.put(None, text, shape),
            },
            Kind::Number => match text.parse::<f64>() {
                Ok(number) if !number.is_finite() || number < 0.0 => self.put(None, text, shape),
                Ok(number) if string && text.parse::<i64>().is_err() => {
                    self.put(Some(key), zmij::Buffer::new().format_finite(number), Shape::Float);
                }
                Ok(_) if shape != Shape::Wide => self.put(Some(key), text, Shape::Float),
                _ => self.put(None, text, shape),
            },
            Kind::Any if string && bytes(shape) == text.len() && text.starts_with(['{', '[', '"']) => {
                if !self.transcribe(text) {
                    self.put(Some(key), text, shape);
                }
            }
            Kind::Any => self.put(Some(key), text, shape),
            Kind::Own => self.put(None, text, shape),
        }
    }

    /// A string that is what it is, whatever the place is for.
    fn string(&mut self, text: &str, bytes: usize) {
        let key = self
            .slot
            .key()
            .filter(|key| matches!(key.kind(), Kind::Text | Kind::Any));
        self.put(key, text, Shape::Text(bytes));
    }

    fn put(&mut self, key: Option<Key>, text: &str, shape: Shape) {
        if let Some(verdict) = self.slot.verdict.filter(|verdict| verdict.treatment != Treatment::Keep) {
            return self.judge(verdict, text);
        }
        if matches!(shape, Shape::Integer | Shape::Wide | Shape::Float) && self.is_card(text) {
            return self.string(text, text.len());
        }
        let Some(begun) = self.fields.begin(self.slot, key) else {
            return;
        };
        match shape {
            Shape::Text(bytes) => {
                self.fields.text.push(b"\"");
                let whole = bytes == text.len();
                let limit = self.how.limits.value;
                if self.fields.push_text(text, whole, limit, begun.owner, self.how) {
                    self.fields.note_cut(begun.owner, bytes);
                }
                self.fields.text.push(b"\"");
            }
            Shape::Wide => {
                self.fields.text.push(b"\"");
                self.fields.text.push(text.as_bytes());
                self.fields.text.push(b"\"");
            }
            Shape::Integer | Shape::Float | Shape::Bool => self.fields.text.push(text.as_bytes()),
        }
        self.keep(begun, text);
    }

    fn keep(&mut self, begun: Begun, text: &str) {
        if begun.owner.key() == Some(Key::DurationMs) {
            self.fields.duration_us = text.parse().map_or(Brief::NO_DURATION, micros);
        }
        self.fields.keep(begun);
    }

    fn is_card(&mut self, digits: &str) -> bool {
        let digits = digits.strip_suffix(".0").unwrap_or(digits);
        nested::is_card(digits, &mut self.fields.clean, self.how.policy)
    }

    /// A value that the policy treats by its name or type.
    pub(super) fn judge(&mut self, verdict: Verdict, text: &str) {
        let key = self
            .slot
            .key()
            .filter(|key| matches!(key.kind(), Kind::Text | Kind::Any));
        let Some(begun) = self.fields.begin(self.slot, key) else {
            return;
        };
        self.fields.note(begun.owner, verdict.class.bit());
        match verdict.treatment {
            Treatment::Drop => return self.fields.drop_value(begun),
            Treatment::Mask => {
                self.fields.text.push(b"\"");
                self.fields.text.push(REDACTED.as_bytes());
            }
            _ => {
                let mut clean = std::mem::take(&mut self.fields.clean);
                clean.clear();
                self.how.policy.treat(verdict, text, &mut clean);
                self.fields.text.push(b"\"");
                push_escaped(&mut self.fields.text, floor(&clean, self.how.limits.value));
                self.fields.clean = clean;
            }
        }
        self.fields.text.push(b"\"");
        self.fields.keep(begun);
    }
}

/// Whether any string will do.
fn takes_strings(key: Key) -> bool {
    matches!(key.kind(), Kind::Text | Kind::Any) && key != Key::BodySha256
}

fn bytes(shape: Shape) -> usize {
    match shape {
        Shape::Text(bytes) => bytes,
        _ => 0,
    }
}

/// The table's spelling first, which is what nearly all say.
fn outcome(text: &str) -> Option<Outcome> {
    match text {
        "success" => Some(Outcome::Success),
        "failure" => Some(Outcome::Failure),
        "denied" => Some(Outcome::Denied),
        _ => Outcome::from_name(text),
    }
}

/// A hash in the one spelling, if it is one.
fn sha256(text: &str) -> Option<String> {
    let hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    hash.then(|| text.to_ascii_lowercase())
}

fn micros(millis: f64) -> u32 {
    if millis < 0.0 {
        return Brief::NO_DURATION;
    }
    // Casts saturate; the largest stands for no duration.
    ((millis * 1_000.0) as u32).min(Brief::NO_DURATION - 1)
}

/// Text of which the first `window` bytes are kept and all are counted, up to a point.
pub(super) struct Bounded<'a> {
    to: &'a mut String,
    window: usize,
    bytes: usize,
}

impl<'a> Bounded<'a> {
    pub(super) fn new(to: &'a mut String, window: usize) -> Bounded<'a> {
        to.clear();
        Bounded { to, window, bytes: 0 }
    }

    /// Bytes that were written, kept or not.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes back `: cause` behind `before` if the text before it ends with the cause.
    fn unsay(&mut self, (len, bytes): (usize, usize)) {
        let said = self.to.get(len..).and_then(|said| said.strip_prefix(": "));
        let before = self.to.get(..len).unwrap_or_default();
        if said.is_some_and(|said| before.ends_with(said)) {
            self.to.truncate(len);
            self.bytes = bytes;
        }
    }
}

impl fmt::Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Once something was left out nothing may follow it.
        if self.bytes == self.to.len() {
            self.to.push_str(floor(text, self.window - self.to.len()));
        }
        self.bytes += text.len();
        if self.bytes > nested::COUNTED {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

/// Compares what is written with what is known.
struct Same<'a> {
    left: &'a str,
    /// Whether nothing may follow.
    whole: bool,
}

impl fmt::Write for Same<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match self.left.strip_prefix(text) {
            Some(left) => self.left = left,
            None if !self.whole && text.starts_with(self.left) => self.left = "",
            None => return Err(fmt::Error),
        }
        Ok(())
    }
}

/// The string of which `text` is the `Debug` form, if it is one: `?name` of a `str` means the name.
fn unquoted(text: &str) -> Option<std::borrow::Cow<'_, str>> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains(['\\', '"']) {
        return Some(inner.into());
    }
    let mut out = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        out.push(match letter {
            '"' => return None,
            '\\' => match letters.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '0' => '\0',
                'u' => {
                    let (code, rest) = letters.as_str().strip_prefix('{')?.split_once('}')?;
                    letters = rest.chars();
                    char::from_u32(u32::from_str_radix(code, 16).ok()?)?
                }
                letter @ ('\\' | '"' | '\'') => letter,
                _ => return None,
            },
            letter => letter,
        });
    }
    Some(out.into())
}

impl fmt::Debug for Sink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sink").field(&self.slot).finish()
    }
}
