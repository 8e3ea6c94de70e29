use tracing_audit::{audit, events};

struct Neither;

fn main() {
    audit!(events::AUTH_LOGIN, value = %Neither);
    audit!(events::AUTH_LOGIN, value = ?Neither);
    audit!(events::AUTH_LOGIN, "{}", Neither);
    audit!(events::AUTH_LOGIN, "{} {}", 1);
}
