use tracing_audit::{audit, events};

struct Neither;

#[derive(Debug)]
struct DebugOnly;

fn generic<T: std::fmt::Debug>(value: T) {
    audit!(events::AUTH_LOGIN, value);
}

fn main() {
    audit!(events::AUTH_LOGIN, value = Neither);
    audit!(events::AUTH_LOGIN, error = Neither);
    audit!(events::AUTH_LOGIN, value = DebugOnly);
    audit!(events::AUTH_LOGIN, value = Some(DebugOnly));
    generic(DebugOnly);
}
