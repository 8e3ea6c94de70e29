//! The values of a record by their names, as text.

use serde_json::Value;
use tracing_audit::Record;

use crate::when;

/// The value of a column: a key of the record, `metadata.NAME`, or `user` and `resource`, each of which is whatever says most.
pub(crate) fn of(record: &Record, column: &str) -> String {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    match column {
        "seq" => record.seq().to_string(),
        "time" => when::shown(record.time()),
        "occurred" => record.occurred().map(when::shown).unwrap_or_default(),
        "event" => record.event().to_owned(),
        "category" => record.category().to_string(),
        "severity" => record.severity().to_string(),
        "outcome" => record.outcome().to_string(),
        "user" => owned(record.user_id().or(record.username())),
        "resource" if record.resource().is_none() => match (record.resource_type(), record.resource_id()) {
            (Some(kind), Some(id)) => format!("{kind} {id}"),
            (kind, id) => owned(kind.or(id).or(record.route()).or(record.path())),
        },
        _ => {
            let inner = column.strip_prefix("metadata.");
            let value = match inner {
                Some(name) => record.metadata().and_then(|metadata| metadata.get(name)),
                None => record.get(column),
            };
            match value {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            }
        }
    }
}
