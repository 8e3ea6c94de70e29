//! The audit trail for `tracing`.
#![allow(dead_code)] // temporary: removed when the parts meet

mod base64url;
mod brief;
mod clock;
mod error;
mod event;
mod names;
mod outcome;
mod record;
mod severity;

mod chain;
mod parse;
mod render;

pub use clock::Clock;
pub use error::{Error, ErrorKind};
pub use event::{Category, EventType, events};
pub use outcome::Outcome;
pub use record::Record;
pub use severity::Severity;
