//! The long way of a value: by the kind of the place it goes to, redacted, cut and escaped.

use crate::brief::Brief;
use crate::floor::floor;
use crate::outcome::Outcome;
use crate::record::{Key, Kind};
use crate::render::Policy;
use crate::render::members::Begun;
use crate::render::redaction::{self, REDACTED, Treatment, Verdict, push_escaped};
use crate::render::slot::Target;
use crate::render::{Sink, nested};
use crate::severity::Severity;

/// What a value's text is the text of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
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

/// An event's name is cut here, before it is found to be no name.
pub(super) const EVENT: usize = 128;

impl Sink<'_> {
    /// The way of every value that is not plain.
    pub(super) fn value(&mut self, text: &str, shape: Shape) {
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
                let known = Outcome::from_name(text);
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
                match Outcome::from_name(text) {
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
                // `+5` and `007` are numbers to Rust and not to JSON: spelled again.
                Ok(number) if string => match text.parse::<i64>() {
                    Ok(count) => self.put(Some(key), itoa::Buffer::new().format(count), Shape::Integer),
                    Err(_) => self.put(Some(key), zmij::Buffer::new().format_finite(number), Shape::Float),
                },
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
    pub(super) fn string(&mut self, text: &str, bytes: usize) {
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
        if let Some(verdict) = self
            .slot
            .suspect
            .filter(|_| matches!(shape, Shape::Text(_)) && Policy::is_key(text))
        {
            return self.judge(verdict, text);
        }
        if matches!(shape, Shape::Integer | Shape::Wide | Shape::Float) {
            let digits = text.strip_suffix(".0").unwrap_or(text);
            if nested::is_card(digits, &mut self.fields.clean, self.how.policy) {
                return self.string(digits, digits.len());
            }
        }
        let Some(begun) = self.fields.begin(self.slot, key) else {
            return;
        };
        match shape {
            Shape::Text(bytes) => {
                if self.slot.labels {
                    let label = self.slot.name.rsplit('.').next().unwrap_or_default();
                    let verdict = self.how.policy.named(label.as_bytes(), text.as_bytes());
                    self.fields.labelled = verdict.or(self.fields.labelled);
                }
                self.fields.text.push(b"\"");
                let whole = bytes == text.len();
                let limit = self.how.limits.value;
                if self.fields.push_text(text, whole, limit, begun, self.how) {
                    self.fields.note_cut(begun, bytes);
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

    /// A value that the policy treats by its name or type.
    pub(super) fn judge(&mut self, verdict: Verdict, text: &str) {
        let key = self
            .slot
            .key()
            .filter(|key| matches!(key.kind(), Kind::Text | Kind::Any));
        let Some(begun) = self.fields.begin(self.slot, key) else {
            return;
        };
        self.fields.note(begun, verdict.class.bit());
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

fn bytes(shape: Shape) -> usize {
    match shape {
        Shape::Text(bytes) => bytes,
        _ => 0,
    }
}

/// A hash in the one spelling, if it is one.
fn sha256(text: &str) -> Option<String> {
    let hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    hash.then(|| text.to_ascii_lowercase())
}

pub(super) fn micros(millis: f64) -> u32 {
    if millis < 0.0 {
        return Brief::NO_DURATION;
    }
    // Casts saturate; the largest stands for no duration.
    ((millis * 1_000.0) as u32).min(Brief::NO_DURATION - 1)
}
