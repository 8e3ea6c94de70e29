//! What the tests of this module share.

use serde_json::Value;

use crate::brief::Brief;
use crate::chain::Head;
use crate::clock::Micros;
use crate::event::events;
use crate::outcome::Outcome;
use crate::parse;
use crate::record::Record;
use crate::redact::{HashKey, Redaction, Treatment};
use crate::render::{Fields, How, Limits, Name, Policy, Sink, Slot, Text, What};
use crate::secret::SecretBytes;
use crate::severity::Severity;

pub(super) fn policy() -> Policy {
    let redaction = Redaction::standard()
        .field("hash_me", Treatment::Hash)
        .field("prefix_me", Treatment::Prefix(8))
        .field("drop_me", Treatment::Drop);
    Policy::compile(&redaction, Some(HashKey::new(SecretBytes::new([7; 32]))))
}

/// What says nothing that matters.
pub(super) fn what() -> What<'static> {
    What {
        time: Micros(1_763_626_530_123_456),
        occurred: None,
        event: Name::Type(events::AUTH_LOGIN),
        category: events::AUTH_LOGIN.category(),
        severity: Severity::Low,
        outcome: Outcome::Success,
    }
}

/// Fields being filled.
pub(super) struct Draft {
    pub(super) fields: Fields,
    pub(super) policy: Policy,
    pub(super) limits: Limits,
}

impl Draft {
    pub(super) fn new() -> Draft {
        Draft {
            fields: Fields::new(),
            policy: policy(),
            limits: Limits::default(),
        }
    }

    /// Gives one value for a field of an event.
    pub(super) fn put(&mut self, name: &str, value: impl FnOnce(Sink<'_>)) -> &mut Draft {
        let slot = Slot::for_event(name, &self.policy);
        self.put_slot(&slot, value)
    }

    /// Gives one value for a field of a span.
    pub(super) fn put_span(&mut self, name: &str, value: impl FnOnce(Sink<'_>)) -> &mut Draft {
        let slot = Slot::for_audit_span(name, &self.policy);
        self.put_slot(&slot, value)
    }

    pub(super) fn put_slot(&mut self, slot: &Slot, value: impl FnOnce(Sink<'_>)) -> &mut Draft {
        let how = How {
            policy: &self.policy,
            limits: self.limits,
        };
        value(self.fields.sink(slot, how));
        self
    }

    pub(super) fn str(&mut self, name: &str, value: &str) -> &mut Draft {
        self.put(name, |sink| sink.str(value))
    }

    pub(super) fn line(&self) -> Line {
        line(&self.fields, &[], self.limits)
    }

    /// The value of a member of the line, as it stands there; of `metadata`, as `metadata.name`.
    pub(super) fn shown(&self, name: &str) -> Option<String> {
        self.line().shown(name)
    }
}

pub(super) struct Line {
    pub(super) rest: Vec<u8>,
    pub(super) brief: Brief,
    pub(super) record: Record,
}

impl Line {
    pub(super) fn shown(&self, name: &str) -> Option<String> {
        let value = match name.split_once('.') {
            Some((_, name)) => self.record.metadata()?.get(name)?,
            None => self.record.get(name)?,
        };
        Some(value.to_string())
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.rest).unwrap()
    }

    pub(super) fn metadata(&self) -> Vec<&str> {
        let metadata = self.record.metadata();
        metadata.map_or(Vec::new(), |metadata| metadata.keys().map(String::as_str).collect())
    }

    pub(super) fn redacted(&self) -> Vec<&str> {
        self.record.redacted().collect()
    }

    pub(super) fn truncated(&self, name: &str) -> Option<u64> {
        self.record
            .get("truncated")?
            .get(name)
            .map(|bytes| bytes.as_u64().unwrap())
    }
}

/// Renders, and reads back; what every line must be is looked at here.
pub(super) fn line(fields: &Fields, contexts: &[&Fields], limits: Limits) -> Line {
    let mut out = Text::new();
    out.push(b"before");
    let brief = super::rest(&mut out, &what(), fields, contexts, limits);
    let rest = out.strip_prefix(b"before").unwrap().to_vec();
    let mut line = [b"{\"seq\":9007199254740991,", rest.as_slice()].concat();
    Head::ZERO.push_frame(&mut line);
    assert!(line.len() < limits.line.max(4096), "{} bytes", line.len());
    let text = std::str::from_utf8(&line).unwrap();
    let wild =
        |letter: char| letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!text.contains(wild), "{text}");
    let record = parse::record(&line).unwrap_or_else(|error| panic!("{error}: {text}"));
    Line { rest, brief, record }
}

/// The value that this JSON is.
pub(super) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
