use tracing_audit::{audit, events};

fn main() {
    let x = 7;
    audit!(events::AUTH_LOGIN, seq = x);
    audit!(events::AUTH_LOGIN, "seq" = x);
    audit!(events::AUTH_LOGIN, category = x);
    audit!(events::AUTH_LOGIN, "category" = x);
    audit!(events::AUTH_LOGIN, truncated = x);
    audit!(events::AUTH_LOGIN, "truncated" = x);
    audit!(events::AUTH_LOGIN, redacted = x);
    audit!(events::AUTH_LOGIN, "redacted" = x);
    audit!(events::AUTH_LOGIN, salt = x);
    audit!(events::AUTH_LOGIN, "salt" = x);
    audit!(events::AUTH_LOGIN, flagged = x);
    audit!(events::AUTH_LOGIN, "flagged" = x);
    audit!(events::AUTH_LOGIN, suspicious_reason = x);
    audit!(events::AUTH_LOGIN, "suspicious_reason" = x);
    audit!(events::AUTH_LOGIN, rule = x);
    audit!(events::AUTH_LOGIN, "rule" = x);
    audit!(events::AUTH_LOGIN, tag = x);
    audit!(events::AUTH_LOGIN, "tag" = x);
    audit!(events::AUTH_LOGIN, seal = x);
    audit!(events::AUTH_LOGIN, "seal" = x);
    audit!(events::AUTH_LOGIN, erased = x);
    audit!(events::AUTH_LOGIN, "erased" = x);
    audit!(events::AUTH_LOGIN, by = x);
    audit!(events::AUTH_LOGIN, "by" = x);
    audit!(events::AUTH_LOGIN, enc = x);
    audit!(events::AUTH_LOGIN, "enc" = x);
    audit!(events::AUTH_LOGIN, sd = x);
    audit!(events::AUTH_LOGIN, "sd" = x);
    audit!(events::AUTH_LOGIN, time = x);
    audit!(events::AUTH_LOGIN, "time" = x);
    audit!(events::AUTH_LOGIN, event = x);
    audit!(events::AUTH_LOGIN, "event" = x);
    audit!(events::AUTH_LOGIN, metadata = x);
    audit!(events::AUTH_LOGIN, "metadata" = x);

    // Every form of one of them.
    let seq = 7;
    audit!(events::AUTH_LOGIN, seq);
    audit!(events::AUTH_LOGIN, %seq);
    audit!(events::AUTH_LOGIN, ?seq);
    audit!(events::AUTH_LOGIN, seq = %x);
    audit!(events::AUTH_LOGIN, seq = ?x);
    audit!(events::AUTH_LOGIN, "seq" = %x);
    audit!(events::AUTH_LOGIN, "seq" = ?x, "a message");
}
