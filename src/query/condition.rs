//! Whether a record meets the conditions of a question.

use std::time::SystemTime;

use serde_json::Value;

use super::Query;
use crate::origin::Origin;
use crate::record::Key;
use crate::record::line::{Line, Member};

/// Conditions that one of some text members is equal to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    User,
    Ip,
    Session,
    Resource,
    ResourceType,
    ResourceId,
    Request,
    Tenant,
    Route,
}

impl Part {
    /// What the condition is called.
    pub(crate) fn name(self) -> &'static str {
        self.members().first().map_or("", |key| key.as_str())
    }

    /// The members that may have the value.
    pub(crate) const fn members(self) -> &'static [Key] {
        match self {
            Part::User => &[Key::UserId, Key::Username],
            Part::Ip => &[Key::Ip],
            Part::Session => &[Key::SessionId],
            Part::Resource => &[Key::Resource, Key::ResourceType, Key::ResourceId],
            Part::ResourceType => &[Key::ResourceType],
            Part::ResourceId => &[Key::ResourceId],
            Part::Request => &[Key::RequestId, Key::TraceId],
            Part::Tenant => &[Key::Tenant],
            Part::Route => &[Key::Route],
        }
    }
}

/// A value that a part of a record is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) part: Part,
    pub(crate) value: String,
    /// Another spelling that is meant as well; worked out once a question, for every record is held against it.
    pub(crate) plain: Option<String>,
}

impl Wanted {
    pub(crate) fn new(part: Part, value: String) -> Wanted {
        Wanted {
            plain: match part {
                Part::Ip => Origin::plain(&value),
                _ => None,
            },
            part,
            value,
        }
    }

    fn is_met(&self, record: &Line<'_>) -> bool {
        let is = |value: &str| self.part.members().iter().any(|key| record.is(*key, value));
        is(&self.value) || self.plain.as_deref().is_some_and(is)
    }
}

/// Whether a record meets all conditions.
pub(super) fn all(query: &Query, record: &Line<'_>) -> bool {
    let Query {
        since,
        until,
        events,
        categories,
        severities,
        least,
        outcome,
        parts,
        flagged,
        texts,
        fields,
        order: _,
        limit: _,
        cursor: _,
    } = query;
    let head = record.head;
    let time: SystemTime = head.time.into();
    since.is_none_or(|since| time >= since)
        && until.is_none_or(|until| time < until)
        && any_of(events, |event| record.event() == event)
        && any_of(categories, |category| head.category == *category)
        && any_of(severities, |severity| head.severity == *severity)
        && least.is_none_or(|least| head.severity >= least)
        && outcome.is_none_or(|outcome| head.outcome == outcome)
        && flagged.is_none_or(|flagged| record.flagged() == flagged)
        && parts.iter().all(|wanted| wanted.is_met(record))
        && fields.iter().all(|(name, value)| has_field(record, name, value))
        && texts.iter().all(|text| has_text(record, text))
}

/// Nothing asked is everything.
fn any_of<T>(wanted: &[T], is: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(is)
}

fn has_field(record: &Line<'_>, name: &str, wanted: &str) -> bool {
    // What the record says of itself is not for its metadata to say otherwise.
    if let Some(said) = Key::from_str(name).and_then(|key| of_itself(record, key)) {
        return is_value(&said, wanted);
    }
    let is = |member: Member| is_value(&member.value(record.text), wanted);
    let of_metadata = || {
        let metadata = record.value(Key::Metadata);
        let mut names = in_metadata(name);
        metadata
            .is_some_and(|metadata| names.any(|name| metadata.get(name).is_some_and(|value| is_value(value, wanted))))
    };
    record.named(name).is_some_and(is) || of_metadata()
}

/// A member of the head or of the frame, which are none of the others.
fn of_itself(record: &Line<'_>, key: Key) -> Option<Value> {
    let head = record.head;
    Some(match key {
        Key::Seq => head.seq.into(),
        Key::Time => head.time.to_string().into(),
        Key::Occurred => head.occurred?.to_string().into(),
        Key::Event => record.event().into(),
        Key::Category => head.category.as_str().into(),
        Key::Severity => head.severity.as_str().into(),
        Key::Outcome => head.outcome.as_str().into(),
        // Rarely asked for: the reader keeps no place of it.
        Key::Tag | Key::Seal => serde_json::from_str::<Value>(record.text)
            .ok()?
            .get_mut(key.as_str())?
            .take(),
        _ => return None,
    })
}

/// What a member of `metadata` is called that is asked for by this name: it, and behind `metadata.` the rest of it.
pub(super) fn in_metadata(name: &str) -> impl Iterator<Item = &str> {
    [Some(name), name.strip_prefix("metadata.")].into_iter().flatten()
}

fn is_value(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text == wanted,
        Value::Bool(is) => wanted == if *is { "true" } else { "false" },
        Value::Number(number) => match wanted.parse::<serde_json::Number>() {
            // Whole numbers by their digits: a float has too few for some.
            Ok(wanted) if !wanted.is_f64() && !number.is_f64() => wanted == *number,
            Ok(wanted) => wanted.as_f64() == number.as_f64(),
            Err(_) => false,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

fn has_text(record: &Line<'_>, wanted: &str) -> bool {
    let said = record.members.iter().filter(|member| member.key != Some(Key::Salt));
    record.event().contains(wanted)
        || said.into_iter().any(|member| match member.text(record.text) {
            Some(text) => text.contains(wanted),
            None => within(&member.value(record.text), wanted),
        })
}

/// The parser lets nothing nest so deep that this could run out of stack.
fn within(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text.contains(wanted),
        Value::Array(items) => items.iter().any(|item| within(item, wanted)),
        Value::Object(members) => members.values().any(|member| within(member, wanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
