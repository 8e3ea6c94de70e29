use tracing_audit::{audit, events};

fn main() {
    let (user, id) = ("alice", 7);
    audit!(events::AUTH_LOGIN, user.to_uppercase());
    audit!(events::AUTH_LOGIN, id + 1);
    audit!(events::AUTH_LOGIN, user.id: id);
    audit!(events::AUTH_LOGIN, { user.id = id, user });
    audit!(events::AUTH_LOGIN, crate::NAME = id);
    audit!(events::AUTH_LOGIN, user = user; id = id);
    audit!(events::AUTH_LOGIN, "message" user);
    audit!(events::AUTH_LOGIN, (user) = id);
    audit!(events::AUTH_LOGIN, "hello {}", user, "another message", id = %id);
}
