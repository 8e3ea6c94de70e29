use tracing_audit::{Outcome, audit, events};

fn main() {
    audit!(events::AUTH_LOGIN, outcome = Outcome::Denied, outcome = Outcome::Success);
}
