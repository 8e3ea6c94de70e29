use std::time::SystemTime;

use tracing_audit::{Outcome, Severity, audit, events};

fn main() {
    let outcome = Outcome::Denied;
    let severity = Severity::High;
    let occurred = SystemTime::now();

    audit!(events::AUTH_LOGIN, outcome);
    audit!(events::AUTH_LOGIN, %outcome);
    audit!(events::AUTH_LOGIN, ?outcome);
    audit!(events::AUTH_LOGIN, outcome = %outcome);
    audit!(events::AUTH_LOGIN, outcome = ?outcome);
    audit!(events::AUTH_LOGIN, "outcome" = outcome);
    audit!(events::AUTH_LOGIN, "outcome" = %outcome);
    audit!(events::AUTH_LOGIN, "outcome" = ?outcome);

    audit!(events::AUTH_LOGIN, severity);
    audit!(events::AUTH_LOGIN, %severity);
    audit!(events::AUTH_LOGIN, ?severity);
    audit!(events::AUTH_LOGIN, severity = %severity);
    audit!(events::AUTH_LOGIN, severity = ?severity);
    audit!(events::AUTH_LOGIN, "severity" = severity);
    audit!(events::AUTH_LOGIN, "severity" = %severity);
    audit!(events::AUTH_LOGIN, "severity" = ?severity);

    audit!(events::AUTH_LOGIN, occurred);
    audit!(events::AUTH_LOGIN, %occurred);
    audit!(events::AUTH_LOGIN, ?occurred);
    audit!(events::AUTH_LOGIN, occurred = %occurred);
    audit!(events::AUTH_LOGIN, occurred = ?occurred);
    audit!(events::AUTH_LOGIN, "occurred" = occurred);
    audit!(events::AUTH_LOGIN, "occurred" = %occurred);
    audit!(events::AUTH_LOGIN, "occurred" = ?occurred);
}
