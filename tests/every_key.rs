//! A record with every key that a caller can fill: what is written, exported and described must hold it.

use std::time::SystemTime;

use serde_json::json;
use tracing_audit::{EventType, Outcome, Receipt, Trail, audit};

/// Makes one of this type, which has a secret to be redacted and a text to be cut, too.
pub(crate) fn record(trail: &Trail, event: EventType, outcome: Outcome) -> Receipt {
    audit!(
        in: trail,
        event,
        outcome = outcome,
        occurred = SystemTime::UNIX_EPOCH,
        user.id = "u-17",
        username = "alice",
        session_id = "s-23",
        ip = "2001:db8::7",
        user_agent = "curl/8.9",
        tenant = "t-31",
        api_key_prefix = "ak_41",
        action = "change",
        resource = "/srv/books/walden.txt",
        resource_type = "book",
        resource_id = 42,
        old = json!({"title": "Walden", "pages": null}),
        new = json!([1, 2.5, "x"]),
        method = "PUT",
        route = "/books/{id}",
        path = "/books/42?edition=2",
        status_code = 204,
        duration_ms = 1.25,
        request_bytes = 10,
        response_bytes = 0,
        request_id = "r-97",
        trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
        span_id = "00f067aa0ba902b7",
        mfa = "totp",
        reason = "because",
        password = "hunter2",
        rows = 120,
        long = "x".repeat(8_500),
        "a message"
    )
}

/// The types that a caller can record: those of the trail about itself are not among them.
pub(crate) fn types() -> impl Iterator<Item = EventType> {
    EventType::all().filter(|event| !event.name().starts_with("AUDIT_") && !event.name().starts_with("ALERT_"))
}
