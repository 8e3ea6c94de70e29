//! Where a call may stand, and what may stand in its values.
#![deny(warnings)]

use std::future::ready;
use std::sync::Mutex;

use serde::Serialize;
use tracing_audit::{Error, Receipt, Trail, audit, events};

fn statement(user: &str) {
    audit!(events::AUTH_LOGIN, user);
}

fn expression(user: &str) -> Receipt {
    audit!(events::AUTH_LOGIN, user)
}

fn branches(n: u8) -> Receipt {
    if n == 0 {
        return audit!(events::AUTH_LOGIN);
    }
    match n {
        1 => audit!(events::AUTH_LOGIN, n),
        2 => audit!(events::AUTH_LOGOUT, n, "two"),
        _ => audit!(events::AUTH_FAILED),
    }
}

fn in_closures() -> impl Fn(u8) -> Receipt {
    |n| audit!(events::AUTH_LOGIN, n)
}

fn question_mark(text: &str) -> Result<u64, Box<dyn std::error::Error>> {
    Ok(audit!(events::DATA_READ, n = text.parse::<u8>()?, "{}", text.parse::<u8>()?).synced()?)
}

fn chained() -> Result<(), Error> {
    audit!(events::DATA_READ).accepted()?;
    audit!(events::DATA_READ, n = 7).written().map(drop)
}

fn generic<T: Serialize>(value: T) {
    audit!(events::DATA_READ, value);
}

fn generic_reference<T: Serialize + ?Sized>(value: &T) {
    audit!(events::DATA_READ, value, again = value);
}

fn moved_later(text: String) -> String {
    audit!(events::DATA_READ, text, again = text, "{text}");
    text
}

struct Account {
    id: u64,
}

impl Account {
    fn close(&mut self, trail: &Trail) {
        audit!(in: trail, events::DATA_DELETE, self.id, again = self.id);
        self.id = 0;
    }
}

fn parents_and_trails(trail: Trail, shared: std::sync::Arc<Trail>, span: tracing::Span) {
    audit!(in: &trail, events::DATA_READ);
    audit!(in: trail, events::DATA_READ, "not moved");
    audit!(in: &shared, events::DATA_READ);
    audit!(parent: &span, events::DATA_READ);
    audit!(parent: span.id(), in: &trail, events::DATA_READ, n = 1);
    audit!(parent: None, events::DATA_READ);
    audit!(parent: span, in: &trail, events::DATA_READ);
}

async fn awaits() -> u64 {
    audit!(events::DATA_READ, n = ready(7).await, list = [ready(1).await], "{}", ready(2).await);
    audit!(events::DATA_READ, n = ready(7).await).synced_async().await.unwrap_or(0)
}

async fn guard(count: &Mutex<u8>) {
    let _ = audit!(events::DATA_READ, n = *count.lock().unwrap(), "{}", count.lock().unwrap()).synced_async().await;
}

fn is_send<T: Send>(_: T) {}

fn main() {
    let _ = (statement, expression, branches, in_closures(), question_mark, chained);
    let _ = (generic::<u8>, generic_reference::<str>, moved_later, Account::close, parents_and_trails);
    is_send(awaits());
    is_send(guard(&Mutex::new(7)));
}
