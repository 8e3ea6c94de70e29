//! Settings, and where each comes from.

mod capture;
mod emergency;
pub(crate) mod env;
mod keep;
mod policy;
mod settings;
mod space;

pub(crate) use capture::CaptureRule;
pub use emergency::Emergency;
pub(crate) use emergency::{Taker, Way};
pub use keep::{Retention, Rotation};
pub use policy::{Durability, OnFull};
pub(crate) use settings::Settings;
pub(crate) use space::Act;
pub use space::{DiskAction, DiskSpace};
