//! Rules: what is suspicious in the records as they pass.

mod finding;
mod kind;
mod member;
mod rule;
mod view;

pub use finding::Finding;
pub(crate) use kind::named;
pub use kind::{AlertType, Priority};
pub use rule::{Figures, Rule};
pub use view::Brief;
