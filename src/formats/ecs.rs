//! ECS 8.11, as nested objects: pipelines and `jq` find `user.id` in them without unfolding names, and no field can stand in two
//! ways.

use serde_json::{Map, Value};

use crate::event::Category;
use crate::formats::{self, Entry, Object, Origin, PRODUCT, as_text, set, table};
use crate::outcome::Outcome;
use crate::record::Key;
use crate::severity::Severity;

pub(crate) const VERSION: &str = "8.11.0";

/// Where the fields stand that ECS has no name for.
pub(crate) const OWN: &str = "tracing_audit";

/// The record as a document.
pub(crate) fn document(entry: &Entry<'_>, origin: &Origin) -> Object {
    let mut made = Map::new();
    let at = &mut made;
    set(at, "@timestamp", entry.happened().to_string());
    set(at, "ecs.version", VERSION);
    event(at, entry);
    origin_of(at, origin);
    who(at, entry);
    request(at, entry);
    set(at, "message", entry.text(Key::Message));
    set(at, "error.message", entry.text(Key::Error));
    set(at, "rule.name", entry.text(Key::Rule));
    resource(at, entry);
    if let Some(labels) = labels(entry) {
        set(at, "labels", labels);
    }
    own(at, entry);
    made
}

fn event(at: &mut Object, entry: &Entry<'_>) {
    let record = entry.record;
    let ecs = table::of(record).ecs;
    set(at, "event.kind", ecs.kind);
    if !ecs.categories.is_empty() {
        set(at, "event.category", ecs.categories);
    }
    let mut types = ecs.types.to_vec();
    // What was refused says so, where its category knows the word.
    if matches!(record.head.outcome, Outcome::Denied | Outcome::Blocked)
        && ecs.categories == ["api"]
        && !types.contains(&"denied")
    {
        types.push("denied");
    }
    set(at, "event.type", types);
    set(at, "event.code", record.event());
    set(at, "event.action", record.event().to_ascii_lowercase());
    let outcome = match record.head.outcome {
        Outcome::Success => "success",
        Outcome::Failure | Outcome::Denied | Outcome::Blocked | Outcome::Error => "failure",
        Outcome::Cancelled | Outcome::Unknown => "unknown",
    };
    set(at, "event.outcome", outcome);
    // The scale of Elastic's own alerts.
    let severity = match record.head.severity {
        Severity::Low => 21,
        Severity::Medium => 47,
        Severity::High => 73,
        Severity::Critical => 99,
    };
    set(at, "event.severity", severity);
    set(at, "log.level", record.head.severity.as_str());
    set(at, "event.sequence", record.head.seq);
    set(at, "event.created", record.head.time.to_string());
    set(at, "event.module", OWN);
    set(at, "event.provider", PRODUCT);
    set(at, "event.reason", entry.text(Key::Reason));
    if let Some(duration) = entry.take(Key::DurationMs).and_then(Value::as_f64) {
        set(at, "event.duration", (duration * 1e6).round() as u64);
    }
    if let Some(frame) = &entry.frame {
        set(at, "event.id", frame.tag.as_str());
        set(at, "event.hash", frame.leaf.as_str());
    }
}

fn origin_of(at: &mut Object, origin: &Origin) {
    set(at, "host.name", origin.host.as_deref());
    set(at, "service.name", origin.service.as_deref());
    set(at, "service.version", origin.version.as_deref());
    set(at, "process.pid", origin.pid);
}

fn who(at: &mut Object, entry: &Entry<'_>) {
    let (id, name) = (entry.text(Key::UserId), entry.text(Key::Username));
    set(at, "user.id", id);
    set(at, "user.name", name);
    set(at, "organization.id", entry.text(Key::Tenant));
    let users: Vec<&str> = id.into_iter().chain(name).collect();
    if !users.is_empty() {
        set(at, "related.user", users);
    }
    let Some(text) = entry.text(Key::Ip) else { return };
    set(at, "source.address", text);
    if let Some((ip, port)) = formats::address(text) {
        set(at, "source.ip", ip.to_string());
        set(at, "source.port", port);
        set(at, "related.ip", vec![ip.to_string()]);
    }
}

fn request(at: &mut Object, entry: &Entry<'_>) {
    set(at, "http.request.method", entry.text(Key::Method));
    set(at, "http.request.id", entry.text(Key::RequestId));
    set(at, "http.request.bytes", entry.count(Key::RequestBytes));
    set(at, "http.response.bytes", entry.count(Key::ResponseBytes));
    set(at, "http.response.status_code", entry.count(Key::StatusCode));
    if let Some(original) = entry.text(Key::Path) {
        let (path, query) = formats::split_path(original);
        set(at, "url.original", original);
        set(at, "url.path", path);
        set(at, "url.query", query);
    }
    set(at, "user_agent.original", entry.text(Key::UserAgent));
    set(at, "trace.id", entry.text(Key::TraceId));
    set(at, "span.id", entry.text(Key::SpanId));
}

/// What it was done to, where that is a file or an account.
fn resource(at: &mut Object, entry: &Entry<'_>) {
    match entry.record.head.category {
        Category::File => set(at, "file.path", entry.text(Key::Resource)),
        Category::User => {
            set(at, "user.target.id", entry.text(Key::ResourceId));
            set(at, "user.target.name", entry.text(Key::Resource));
        }
        _ => {}
    }
}

/// `metadata`, as ECS has it: one level, texts, no dots in names. A name that is taken gets `_2`, `_3` and so on.
fn labels(entry: &Entry<'_>) -> Option<Object> {
    let metadata = entry.take(Key::Metadata)?.as_object()?;
    let mut labels = Map::new();
    for (name, value) in metadata {
        let plain = name.replace('.', "_");
        let mut free = plain.clone();
        let mut count = 1;
        while labels.contains_key(&free) {
            count += 1;
            free = format!("{plain}_{count}");
        }
        labels.insert(free, as_text(value).into());
    }
    Some(labels)
}

/// What has no field. Values that may be anything are texts here, for an index takes one type a field.
fn own(at: &mut Object, entry: &Entry<'_>) {
    let mut own = Map::new();
    set(&mut own, "category", entry.record.head.category.as_str());
    set(&mut own, "outcome", entry.record.head.outcome.as_str());
    set(
        &mut own,
        "seal",
        entry.frame.as_ref().and_then(|frame| frame.seal.as_deref()),
    );
    for (name, value) in entry.rest() {
        let value = match (Key::from_str(name), value) {
            (Some(Key::Redacted | Key::Flagged), value) => value.clone(),
            (_, value) => as_text(value).into(),
        };
        own.insert(name.to_owned(), value);
    }
    at.insert(OWN.to_owned(), own.into());
}
