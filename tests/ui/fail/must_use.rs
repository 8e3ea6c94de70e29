#![deny(unused_must_use)]

use tracing_audit::{AuditContext, Trail, events, testing};

fn forgotten(trail: &Trail, context: AuditContext) {
    trail.draft(events::AUTH_LOGIN).user_id(7);
    context.enter();
    context.scope(async {});
    context.user_id(7);
    let _ = testing::capture().map(|captured| {
        testing::capture().ok();
        captured
    });
}

fn main() {}
