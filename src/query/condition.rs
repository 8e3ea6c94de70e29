//! Whether a record meets the conditions of a question.

use std::time::SystemTime;

use serde_json::Value;

use super::Query;
use crate::record::Record;

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
        self.members().first().copied().unwrap_or_default()
    }

    /// The members that may have the value.
    pub(crate) const fn members(self) -> &'static [&'static str] {
        match self {
            Part::User => &["user_id", "username"],
            Part::Ip => &["ip"],
            Part::Session => &["session_id"],
            Part::Resource => &["resource", "resource_type", "resource_id"],
            Part::ResourceType => &["resource_type"],
            Part::ResourceId => &["resource_id"],
            Part::Request => &["request_id", "trace_id"],
            Part::Tenant => &["tenant"],
            Part::Route => &["route"],
        }
    }
}

/// Whether a record meets all conditions.
pub(super) fn all(query: &Query, record: &Record) -> bool {
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
    let time: SystemTime = record.time();
    since.is_none_or(|since| time >= since)
        && until.is_none_or(|until| time < until)
        && any_of(events, |event| record.event() == event)
        && any_of(categories, |category| record.category() == *category)
        && any_of(severities, |severity| record.severity() == *severity)
        && least.is_none_or(|least| record.severity() >= least)
        && outcome.is_none_or(|outcome| record.outcome() == outcome)
        && flagged.is_none_or(|flagged| record.flagged() == flagged)
        && parts.iter().all(|(part, value)| {
            let mut members = part.members().iter();
            members.any(|name| record.get(name).and_then(Value::as_str) == Some(value))
        })
        && fields.iter().all(|(name, value)| has_field(record, name, value))
        && texts.iter().all(|text| has_text(record, text))
}

/// Nothing asked is everything.
fn any_of<T>(wanted: &[T], is: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(is)
}

fn has_field(record: &Record, name: &str, wanted: &str) -> bool {
    let of_metadata = record.metadata().and_then(|metadata| metadata.get(name));
    let values = [record.get(name), of_metadata];
    values.into_iter().flatten().any(|value| match value {
        Value::String(text) => text == wanted,
        Value::Bool(is) => wanted == if *is { "true" } else { "false" },
        Value::Number(number) => match wanted.parse::<serde_json::Number>() {
            // Whole numbers by their digits: a float has too few for some.
            Ok(wanted) if !wanted.is_f64() && !number.is_f64() => wanted == *number,
            Ok(wanted) => wanted.as_f64() == number.as_f64(),
            Err(_) => false,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    })
}

fn has_text(record: &Record, wanted: &str) -> bool {
    let said = record.members.iter().filter(|(name, _)| name != "salt");
    record.event().contains(wanted) || said.into_iter().any(|(_, value)| within(value, wanted))
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
