#![deny(unused_must_use)]

use tracing_audit::{AuditContext, Trail, events};

fn forgotten(trail: &Trail, context: AuditContext) {
    trail.draft(events::AUTH_LOGIN).user_id(7);
    context.enter();
    context.scope(async {});
    context.user_id(7);
}

fn main() {}
