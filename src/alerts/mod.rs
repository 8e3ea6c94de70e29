//! Alerts: what rules found, until somebody has looked.
//!
//! The writer gives findings to the [`desk`], which keeps what is open in a [`ledger`], says what is to be recorded, and hands the
//! changes out through [`outlets`]. What is in the files is read back by the same fold.

mod alert;
pub(crate) mod channels;
mod desk;
mod history;
mod ledger;
mod outlets;
mod pauses;

pub use alert::{Alert, AlertStatus, Escalation, Response};
pub use channels::{AlertChange, Channel, Console};
#[cfg(feature = "webhook")]
pub use channels::{Alertmanager, Webhook};
pub(crate) use desk::Desk;
pub use history::{AlertHistory, Alerts};
pub(crate) use ledger::{Act, Entry};
