//! Settings, and where each comes from.

mod capture;
mod policy;

pub(crate) use capture::CaptureRule;
pub use policy::{Durability, OnFull};
