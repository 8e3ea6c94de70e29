use tracing_audit::{Outcome, Severity, audit, events};

fn main() {
    audit!(events::AUTH_LOGIN, outcome = "denied");
    audit!(events::AUTH_LOGIN, outcome = true);
    audit!(events::AUTH_LOGIN, severity = 3);
    audit!(events::AUTH_LOGIN, outcome = Severity::High);
    audit!(events::AUTH_LOGIN, severity = Outcome::Denied);
}
