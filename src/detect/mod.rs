//! Rules: what is suspicious in the records as they pass.
//!
//! The writer shows each record of a caller to the [`detector`] once, when it is about to number it. The standard rules count in
//! [`windows`], which many keys share in bounded memory; what is counted is the record's own time, what is forgotten goes by the
//! time of the call. Rules of the program's own see a [`Brief`], behind the redaction.

mod bucket;
mod detector;
mod finding;
mod findings;
mod hours;
mod kind;
mod limit;
mod marks;
mod member;
mod past;
mod rule;
mod rules;
mod seen;
mod view;
mod watch;
mod windows;

pub(crate) use detector::{Detector, RuleFigures};
pub use finding::Finding;
pub(crate) use findings::{Findings, Said};
pub(crate) use kind::named;
pub use kind::{AlertType, Priority};
pub(crate) use past::Past;
pub use rule::{Figures, Rule};
pub use view::Brief;
pub use watch::Watch;
