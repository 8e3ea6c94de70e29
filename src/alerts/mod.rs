//! Alerts: what rules found, until somebody has looked.

mod alert;
pub(crate) mod channels;

pub use alert::{Alert, AlertStatus, Escalation, Response};
pub use channels::{AlertChange, Channel, Console};
#[cfg(feature = "webhook")]
pub use channels::{Alertmanager, Webhook};
