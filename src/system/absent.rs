//! The same surface without the feature `system`: nothing is looked at.

/// There are no figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum System {}

impl System {
    pub(crate) fn values(&self) -> [f64; 8] {
        match *self {}
    }
}
