//! The first look: writes a small trail, shows its lines, checks it, and prints the metrics.
//!
//! `cargo run --example quickstart` needs no set-up; the trail goes to `AUDIT_LOGS_DIR`, or `logs`.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::path::PathBuf;

use tracing::{info, info_span};
use tracing_audit::{Category, EventType, Outcome, Secret, Severity, audit, events};

const REFUND: EventType = EventType::new("PAYMENT_REFUND", Category::Data, Severity::High);

fn main() -> Result<(), Box<dyn Error>> {
    let trail = tracing_audit::init("logs")?;

    let request = info_span!("request", request_id = "req-7f3a", client.address = "203.0.113.7");
    request.in_scope(|| {
        audit!(
            events::AUTH_LOGIN,
            user.id = "alice",
            session.id = "s-1",
            outcome = Outcome::Success,
            mfa = "totp"
        );
        audit!(
            events::AUTH_FAILED,
            user.id = "bob",
            outcome = Outcome::Failure,
            password = "hunter2",
            "wrong password"
        );
        audit!(
            events::DATA_DELETE,
            outcome = Outcome::Denied,
            user.id = "bob",
            resource.type = "book",
            resource.id = 42,
            "not the owner of {title:?}",
            title = "Walden",
        );
        audit!(
            REFUND,
            user.id = "alice",
            amount_cents = 1999,
            note = "paid with 4111 1111 1111 1111",
            token = Secret("tok")
        );
        info!(target: "audit", event = "DATA_EXPORT", user_id = "alice", resource = "orders", rows = 120);
    });
    // Fail closed: this one is on the disk before the next statement runs.
    let seq = audit!(
        events::USER_ROLE_CHANGE,
        user.id = "alice",
        old = "reader",
        new = "editor"
    )
    .synced()?;
    println!("The role change is record {seq}, and on the disk.\n");
    trail.flush()?;

    let dir: PathBuf = trail.dir().to_owned();
    println!("What is in {}:", dir.display());
    for record in tracing_audit::read(&dir)? {
        println!("  {}", record?);
    }

    println!("\nMetrics, as Prometheus would read them:");
    for line in trail
        .metrics()
        .lines()
        .filter(|line| line.starts_with("audit_events_total"))
    {
        println!("  {line}");
    }

    // The end of the trail: a clean stop, which the check will see.
    trail.close()?;
    println!("\n{}", tracing_audit::verify(&dir)?);
    Ok(())
}
