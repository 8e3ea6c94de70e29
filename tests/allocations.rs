//! In steady state the caller's thread allocates nothing: not for an event, not for `audit!`, not for a span.

use std::time::Duration;

use tracing::{info, info_span};
use tracing_audit::{OnFull, Outcome, Severity, Trail, audit, events};
use tracing_subscriber::prelude::*;

fn trail(dir: &std::path::Path, salted: bool) -> Trail {
    let mut builder = Trail::builder(dir).detached().salted(salted);
    for severity in Severity::ALL {
        builder = builder.on_full(severity, OnFull::Block(Duration::from_secs(30)));
    }
    builder.build().unwrap()
}

/// Allocations of this thread while `work` runs, after it has run often enough to fill every pool.
fn allocations(mut work: impl FnMut()) -> u64 {
    for _ in 0..3_000 {
        work();
    }
    allocation_counter::measure(|| {
        for _ in 0..1_000 {
            work();
        }
    })
    .count_total
}

fn ten_fields() {
    info!(
        target: "audit",
        event = "AUTH_LOGIN",
        user_id = "user-000123",
        username = "alice",
        ip = "203.0.113.7",
        session_id = "5f2b9c0d1e3a4b5c",
        resource = "/api/v1/books/42",
        action = "read",
        outcome = "success",
        duration_ms = 12.5,
        password = "hunter2",
        attempt = 3,
        "a user logged in"
    );
}

fn ten_fields_by_macro() {
    let (user, ip) = ("user-000123", "203.0.113.7");
    audit!(
        events::AUTH_LOGIN,
        outcome = Outcome::Success,
        user.id = user,
        username = "alice",
        source.ip = %ip,
        session_id = "5f2b9c0d1e3a4b5c",
        resource = "/api/v1/books/42",
        action = "read",
        duration_ms = 12.5,
        password = "hunter2",
        attempt = 3,
        "{user} logged in"
    );
}

#[test]
fn an_event_and_a_macro_call_inside_two_spans_allocate_nothing() {
    inside_two_spans(false);
}

#[test]
fn a_record_with_a_salt_allocates_nothing_either() {
    inside_two_spans(true);
}

fn inside_two_spans(salted: bool) {
    let dir = tempfile::tempdir().unwrap();
    let trail = trail(&dir.path().join("logs"), salted);
    let subscriber = tracing_subscriber::registry().with(trail.layer());
    tracing::subscriber::with_default(subscriber, || {
        let session = info_span!("session", user_agent = "curl/8.5.0").entered();
        let request = info_span!("request", method = "POST", path = "/api/v1/books", request_id = "r-1").entered();
        assert_eq!(allocations(ten_fields), 0, "an event");
        assert_eq!(allocations(ten_fields_by_macro), 0, "audit!");
        drop((request, session));
    });
    trail.sync().unwrap();
    assert_eq!(trail.status().written.total(), 8_000, "every one was recorded");
}

#[test]
fn a_captured_span_allocates_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let trail = trail(&dir.path().join("logs"), false);
    // The registry keeps its own spans in a pool too.
    let subscriber = tracing_subscriber::registry().with(trail.layer());
    tracing::subscriber::with_default(subscriber, || {
        let spans = allocations(|| {
            let session = info_span!("session", user_id = "alice").entered();
            let request = info_span!("request", method = "POST", request_id = 7).entered();
            drop((request, session));
        });
        assert_eq!(spans, 0);
    });
}

/// The control: what the other formatters do is seen by the counter.
#[test]
fn the_counter_sees_a_formatter_that_allocates() {
    let subscriber =
        tracing_subscriber::registry().with(tracing_subscriber::fmt::layer().json().with_writer(std::io::sink));
    tracing::subscriber::with_default(subscriber, || {
        assert!(allocations(ten_fields) > 1_000);
    });
}
