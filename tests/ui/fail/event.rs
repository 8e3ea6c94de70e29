use tracing_audit::{Trail, audit, events};

fn calls(trail: &Trail, span: &tracing::Span) {
    audit!();
    audit!("someone logged in");
    audit!(user.id = 7);
    audit!(user_id = 7, events::AUTH_LOGIN);
    audit!(%user_id);
    audit!(?user_id);
    audit!("AUTH_LOGIN", user.id = 7);
    audit!(target: "audit", events::AUTH_LOGIN);
    audit!(name: "login", events::AUTH_LOGIN);
    audit!(in: trail, parent: span, events::AUTH_LOGIN);
    audit!(parent: span, parent: span, events::AUTH_LOGIN);
    audit!(in: trail, in: trail, events::AUTH_LOGIN);
}

fn main() {}
