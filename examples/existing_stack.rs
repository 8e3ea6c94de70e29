//! The audit layer in a stack that is already there: a console behind an `EnvFilter`, a layer with a filter of its own, and
//! functions that are instrumented already.
//!
//! Run it with `RUST_LOG=off` or `RUST_LOG=debug`: the console changes, the trail does not.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use tracing::level_filters::LevelFilter;
use tracing::{Instrument as _, info, info_span, instrument};
use tracing_audit::{Audited as _, Outcome, Trail, audit, events};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, fmt};

fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::env::var("AUDIT_LOGS_DIR").unwrap_or_else(|_| "logs".into());
    let trail = Trail::builder(&dir)
        .service("bookshop", env!("CARGO_PKG_VERSION"))
        .build()?;

    tracing_subscriber::registry()
        .with(fmt::layer().with_filter(EnvFilter::from_default_env()))
        .with(
            fmt::layer()
                .json()
                .with_writer(std::io::stderr)
                .with_filter(LevelFilter::ERROR),
        )
        .with(trail.layer())
        .init();

    // Who and from where stand in the request's span; every record made inside has them.
    let request = info_span!(
        "request",
        request_id = "r-1",
        user.id = tracing::field::Empty,
        client.address = "203.0.113.7"
    );
    let _inside = request.enter();
    info!("a line for the console only");

    // Learnt later, and still in every record from here on.
    request.record("user.id", "alice");
    audit!(events::AUTH_LOGIN, outcome = Outcome::Success, mfa = "totp");

    // Existing instrumentation: an event under the target `audit`.
    info!(target: "audit", event = "DATA_EXPORT", resource = "orders", rows = 120);

    // A span becomes one record when it closes, with its outcome and its duration.
    delete_book(42)?;
    if let Err(error) = delete_book(1) {
        info!(%error, "as expected");
    }

    // Exact for futures: success, failure, or cancelled when dropped half-way.
    let answer = futures::block_on(
        change_role("bob", "editor")
            .audited(events::USER_ROLE_CHANGE)
            .in_current_span(),
    );
    info!(?answer, "role changed");

    drop(_inside);
    trail.flush()?;
    println!("The trail in {dir} has:");
    for record in tracing_audit::read(&dir)? {
        println!("  {}", record?);
    }
    println!("{}", tracing_audit::verify(&dir)?);
    Ok(())
}

#[instrument(fields(audit = "DATA_DELETE", resource.type = "book", resource.id = id), err, ret)]
fn delete_book(id: u32) -> Result<(), String> {
    if id == 1 {
        Err(format!("book {id} is on loan"))
    } else {
        Ok(())
    }
}

async fn change_role(user: &str, role: &str) -> Result<String, String> {
    Ok(format!("{user} is now {role}"))
}

/// The smallest executor there is; a service has its own.
mod futures {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return output;
            }
            std::thread::yield_now();
        }
    }
}
