//! Every form of a field, alone and together, with and without trailing commas.
#![deny(warnings)]
#![forbid(unused_imports)]
#![forbid(unsafe_code)]

use std::time::SystemTime;

use tracing_audit::{Category, EventType, Outcome, Severity, audit, events};

const REFUND: EventType = EventType::new("PAYMENT_REFUND", Category::Data, Severity::High);
const NAME: &str = "a name from a constant";

#[derive(Clone, Debug, serde::Serialize)]
struct User {
    id: u64,
    role: &'static str,
    r#type: &'static str,
}

fn chosen(refund: bool) -> EventType {
    if refund { REFUND } else { events::DATA_READ }
}

fn main() {
    let user = User { id: 7, role: "editor", r#type: "person" };
    let (k, title, then) = ("value", "Emma", SystemTime::UNIX_EPOCH);

    audit!(events::AUTH_LOGIN);
    audit!(events::AUTH_LOGIN,);
    audit!(REFUND, k);
    audit!(chosen(true), k,);
    audit!(EventType::new("OTHER", Category::Custom, Severity::Low), %k);
    audit!(if k.is_empty() { REFUND } else { events::DATA_READ }, ?k);

    audit!(events::AUTH_LOGIN, user.id);
    audit!(events::AUTH_LOGIN, %user.id, ?user.role, user.r#type);
    audit!(events::AUTH_LOGIN, user.id = 7);
    audit!(events::AUTH_LOGIN, user.id = %k, user.name = ?k,);
    audit!(events::AUTH_LOGIN, "http.request.header.x-id" = k, "with space" = %k, "third" = ?k);
    audit!(events::AUTH_LOGIN, { NAME } = k, { NAME } = %k, { concat!("a", ".b") } = ?k);
    audit!(events::AUTH_LOGIN, resource.type = "book", type = "book", r#match = 1, r#fn.r#type = 2, in.type = 3);
    audit!(events::AUTH_LOGIN, rule.id = 1, event.kind = "x", tag.x = 2, time.zone = "UTC");

    audit!(events::AUTH_LOGIN, "a message");
    audit!(events::AUTH_LOGIN, "a message",);
    audit!(events::AUTH_LOGIN, "not the owner of {title}");
    audit!(events::AUTH_LOGIN, "{} {title:?} {x}", 1 + 1, x = user.id);
    audit!(events::AUTH_LOGIN, k, "{{braces}} {}", k,);
    audit!(events::AUTH_LOGIN, message = "as a field");

    audit!(events::AUTH_LOGIN, outcome = Outcome::Denied);
    audit!(events::AUTH_LOGIN, outcome = Outcome::from("denied"), k);
    audit!(events::AUTH_LOGIN, outcome = Some(Outcome::Denied), severity = Some(Severity::Low));
    audit!(events::AUTH_LOGIN, outcome = &"7".parse::<u8>(), severity = Severity::Critical, occurred = then, "a message");
    audit!(events::AUTH_LOGIN, outcome = if k.is_empty() { Outcome::Failure } else { Outcome::Success });

    audit!(events::AUTH_LOGIN, old = &user, new = User { role: "admin", ..user.clone() });
    audit!(events::AUTH_LOGIN, none = None::<u8>, some = Some(&user), text = format_args!("{k}!"));
    audit!(events::AUTH_LOGIN, i8 = -1_i8, u128 = u128::MAX, f64 = 0.5, bool = true, unit = (), list = [1, 2]);
    audit!(events::AUTH_LOGIN, closure = (|| 7)(), block = { 7 }, cast = 7 as u8, macro_ = vec![1], range = k.len()..9);
    audit! { events::AUTH_LOGIN, k };
    audit![events::AUTH_LOGIN, k];
    drop(user);
}
