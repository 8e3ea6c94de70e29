//! Records made without the macro.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tracing_audit::{ErrorKind, Outcome, Severity, audit, events, testing};

#[test]
fn a_draft_writes_what_it_was_told() {
    let audit = testing::capture().unwrap();
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
    let receipt = audit
        .trail()
        .draft(events::USER_ROLE_CHANGE)
        .user_id(7)
        .username("alice")
        .session_id("s-1")
        .ip("192.0.2.7")
        .user_agent("curl/8.5.0")
        .tenant("t-1")
        .action("promote")
        .resource("users/8")
        .resource_type("user")
        .resource_id(8)
        .old(&["reader"])
        .new(&json!({"roles": ["editor"]}))
        .method("POST")
        .route("/users/{id}/roles")
        .path("/users/8/roles")
        .status_code(201)
        .duration(Duration::from_micros(1_500))
        .request_id("r-1")
        .trace_id("4bf92f3577b34da6a3ce929d0e0e4736")
        .span_id("00f067aa0ba902b7")
        .mfa("totp")
        .reason("a new team")
        .error(&std::fmt::Error)
        .outcome(Outcome::Success)
        .severity(Severity::Critical)
        .occurred(then)
        .message(format_args!("{} roles", 1))
        .field("ticket", &17)
        .emit();
    let record = audit.one(events::USER_ROLE_CHANGE);
    assert_eq!(receipt.written().unwrap(), record.seq());
    assert_eq!(record.user_id(), Some("7"));
    assert_eq!(record.username(), Some("alice"));
    assert_eq!(record.ip(), Some("192.0.2.7"));
    assert_eq!(record.user_agent(), Some("curl/8.5.0"));
    assert_eq!(record.tenant(), Some("t-1"));
    assert_eq!(record.action(), Some("promote"));
    assert_eq!(record.resource(), Some("users/8"));
    assert_eq!(record.resource_type(), Some("user"));
    assert_eq!(record.resource_id(), Some("8"));
    assert_eq!(record.old(), Some(&json!(["reader"])));
    assert_eq!(record.new(), Some(&json!({"roles": ["editor"]})));
    assert_eq!(record.method(), Some("POST"));
    assert_eq!(record.route(), Some("/users/{id}/roles"));
    assert_eq!(record.path(), Some("/users/8/roles"));
    assert_eq!(record.status_code(), Some(201));
    assert_eq!(record.duration_ms(), Some(1.5));
    assert_eq!(record.request_id(), Some("r-1"));
    assert_eq!(record.trace_id(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert_eq!(record.span_id(), Some("00f067aa0ba902b7"));
    assert_eq!(record.mfa(), Some("totp"));
    assert_eq!(record.reason(), Some("a new team"));
    assert_eq!(record.error(), Some(std::fmt::Error.to_string().as_str()));
    assert_eq!(record.outcome(), Outcome::Success);
    assert_eq!(record.severity(), Severity::Critical);
    assert_eq!(record.occurred(), Some(then));
    assert_eq!(record.message(), Some("1 roles"));
    assert_eq!(Value::Object(record.metadata().unwrap().clone()), json!({"ticket": 17}));
    assert!(record.session_id().is_some());
}

#[test]
fn a_dropped_draft_writes_nothing_and_leaves_nothing_behind() {
    let audit = testing::capture().unwrap();
    drop(audit.trail().draft(events::DATA_READ).user_id("alice").field("a", &1));
    audit.trail().draft(events::DATA_READ).username("bob").emit();
    let record = audit.one(events::DATA_READ);
    assert_eq!((record.user_id(), record.username()), (None, Some("bob")));
    assert_eq!(record.metadata(), None);
}

#[test]
fn drafts_do_not_mix_while_several_are_open() {
    let audit = testing::capture().unwrap();
    let first = audit.trail().draft(events::DATA_READ).user_id("alice");
    let second = audit.trail().draft(events::DATA_UPDATE).user_id("bob");
    let first = std::thread::spawn(move || first.resource("book").emit())
        .join()
        .unwrap();
    second.emit();
    assert!(first.accepted().is_ok());
    let read = audit.one(events::DATA_READ);
    assert_eq!((read.user_id(), read.resource()), (Some("alice"), Some("book")));
    assert_eq!(audit.one(events::DATA_UPDATE).user_id(), Some("bob"));
}

#[test]
fn names_known_at_run_time_mean_what_they_mean_in_the_macro() {
    let audit = testing::capture().unwrap();
    let names = [
        "enduser.id",
        "seq",
        "tag",
        "metadata",
        "password",
        "http.request.method",
        "a name",
    ];
    let mut draft = audit.trail().draft(events::DATA_READ);
    for name in names {
        draft = draft.field(name, &"value");
    }
    draft
        .field("outcome", &"denied")
        .field("none", &None::<u8>)
        .user_id("the second")
        .emit();
    let record = audit.one(events::DATA_READ);
    assert_eq!(record.user_id(), Some("value"));
    assert_eq!(record.method(), Some("value"));
    assert_eq!(record.outcome(), Outcome::Denied);
    let metadata = record.metadata().unwrap();
    for name in ["seq", "tag", "metadata", "a name"] {
        assert_eq!(metadata[name], "value", "{name} is not forged");
    }
    assert_ne!(metadata["password"], "value");
    assert_eq!(metadata["user_id"], "the second");
    assert!(!metadata.contains_key("none"));
}

#[test]
fn the_short_ways_state_the_event_and_the_outcome() {
    let audit = testing::capture().unwrap();
    let trail = audit.trail();
    trail.auth_attempt("alice", Outcome::Success).emit();
    trail.auth_attempt("alice", false).emit();
    trail.auth_attempt("alice", Outcome::Blocked).emit();
    trail.data_access(events::DATA_EXPORT, "invoice", 17).emit();
    trail.permission_denied("alice", "invoices").emit();
    trail.rate_limited("192.0.2.7", "/login").emit();
    trail.security_event(Severity::High, "ten passwords in a second").emit();
    trail.security_event(Severity::Critical, "the keys are gone").emit();
    trail.system_event(events::SYSTEM_BACKUP, "nightly").emit();
    let told: Vec<(String, Outcome, Severity)> = audit
        .records()
        .iter()
        .map(|record| (record.event().to_owned(), record.outcome(), record.severity()))
        .collect();
    let expected = [
        ("AUTH_LOGIN", Outcome::Success, Severity::Low),
        ("AUTH_FAILED", Outcome::Failure, Severity::Medium),
        ("AUTH_FAILED", Outcome::Blocked, Severity::Medium),
        ("DATA_EXPORT", Outcome::Unknown, Severity::Medium),
        ("SECURITY_PERMISSION_DENIED", Outcome::Denied, Severity::Medium),
        ("SECURITY_RATE_LIMIT", Outcome::Blocked, Severity::Medium),
        ("SECURITY_SUSPICIOUS_ACTIVITY", Outcome::Unknown, Severity::High),
        ("SECURITY_INCIDENT", Outcome::Unknown, Severity::Critical),
        ("SYSTEM_BACKUP", Outcome::Unknown, Severity::Low),
    ];
    let expected: Vec<_> = expected
        .map(|(event, outcome, severity)| (event.to_owned(), outcome, severity))
        .into();
    assert_eq!(told, expected);
}

#[test]
fn a_draft_takes_its_span_and_does_not_keep_a_trail_from_ending() {
    let audit = testing::capture().unwrap();
    let late = audit.trail().draft(events::DATA_READ);
    tracing::info_span!("request", request_id = "r-1").in_scope(|| audit.trail().draft(events::DATA_UPDATE).emit());
    assert_eq!(audit.one(events::DATA_UPDATE).request_id(), Some("r-1"));
    audit.trail().clone().close().unwrap();
    assert_eq!(late.emit().accepted().unwrap_err().kind(), ErrorKind::Closed);
}

/// A verifier believes what the trail says about itself.
#[test]
fn a_caller_cannot_speak_as_the_trail() {
    let audit = testing::capture().unwrap();
    audit!(events::AUDIT_CHECKPOINT, seq_claimed = 99);
    audit.trail().draft(events::ALERT_RESOLVED).emit();
    tracing::info!(target: "audit", event = "AUDIT_STOP");
    let records = audit.records();
    assert_eq!(records.len(), 3);
    for record in &records {
        assert_eq!(record.event(), "CUSTOM");
    }
    let claimed = |at: usize| {
        records[at]
            .metadata()
            .unwrap()
            .get("claimed_event")
            .and_then(|name| name.as_str().map(str::to_owned))
    };
    assert_eq!(claimed(0).as_deref(), Some("AUDIT_CHECKPOINT"));
    assert_eq!(claimed(1).as_deref(), Some("ALERT_RESOLVED"));
}
