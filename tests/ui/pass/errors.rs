//! Errors, boxed and not, there or not.
#![deny(warnings)]

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use tracing_audit::{audit, events};

#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl Error for Broken {}

/// As `anyhow::Error` is: no error itself, but it points to one.
struct Anyhow(Box<dyn Error + Send + Sync>);

impl std::ops::Deref for Anyhow {
    type Target = dyn Error + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

#[derive(Debug, serde::Serialize)]
struct Both(u8);

impl fmt::Display for Both {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "both {}", self.0)
    }
}

impl Error for Both {}

fn borrowed(error: &dyn Error) {
    audit!(events::SYSTEM_ERROR, error);
    audit!(events::SYSTEM_ERROR, error = error, cause = error);
    audit!(events::SYSTEM_ERROR, error = *error);
}

fn generic<E: Error>(error: E) {
    audit!(events::SYSTEM_ERROR, error, cause = error);
}

fn boxed<E: AsRef<dyn Error>>(error: E) {
    audit!(events::SYSTEM_ERROR, error = error.as_ref());
}

fn main() {
    let boxed_error: Box<dyn Error> = Box::new(Broken);
    let boxed_send: Box<dyn Error + Send + Sync> = Box::new(Broken);
    borrowed(&Broken);
    generic(Broken);
    audit!(events::SYSTEM_ERROR, error = Broken, cause = Broken, shared = Arc::new(Broken));
    audit!(events::SYSTEM_ERROR, error = boxed_error, cause = boxed_error, inner = *boxed_error);
    audit!(events::SYSTEM_ERROR, error = boxed_send, cause = boxed_send);
    audit!(events::SYSTEM_ERROR, error = Anyhow(Box::new(Broken)), cause = Some(Anyhow(Box::new(Broken))));
    audit!(events::SYSTEM_ERROR, error = Some(Broken), cause = None::<Broken>);
    audit!(events::SYSTEM_ERROR, error = "7x".parse::<u8>().err(), cause = "7x".parse::<u8>().as_ref().err());
    audit!(events::SYSTEM_ERROR, error = Both(1), cause = Both(2));
    audit!(events::SYSTEM_ERROR, error = "a text", cause = None::<&str>);
    audit!(events::SYSTEM_ERROR, error = %Broken, cause = ?Broken);
    let _ = boxed::<Box<dyn Error>>;
}
