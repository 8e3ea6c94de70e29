//! The strictest lints find nothing in what a call becomes.
#![forbid(warnings)]
#![forbid(unused, unsafe_code, unused_qualifications, trivial_casts, unreachable_pub, single_use_lifetimes)]

use tracing_audit::{Outcome, audit, events};

fn main() {
    let user = "alice";
    audit!(events::AUTH_LOGIN);
    audit!(events::AUTH_LOGIN, debug = ?user);
    audit!(events::AUTH_LOGIN, "{user}");
    audit!(events::AUTH_LOGIN, user, %user, outcome = Outcome::Success, "{user}");
}
