//! The audit trail for `tracing`.
#![allow(dead_code)] // temporary: removed when the parts meet

mod clock;
mod error;
mod event;
mod outcome;
mod severity;
// names
mod base64url;
mod brief;
mod record;

mod chain;

pub use clock::Clock;
pub use error::{Error, ErrorKind};
pub use event::{Category, EventType, events};
pub use outcome::Outcome;
pub use record::Record;
pub use severity::Severity;
