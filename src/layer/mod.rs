//! Events and spans of `tracing` that become records.

mod current;

use std::fmt;

use tracing_core::Subscriber;
use tracing_subscriber::Layer;

use crate::span::Scope;
use crate::trail::{Lease, Trail};

pub(crate) use current::with_core;

/// Makes records of a program's own events and spans. Made by [`Trail::layer`].
pub struct AuditLayer {
    core: Lease,
    scope: Scope,
}

impl Trail {
    /// The layer that takes events and spans into this trail.
    pub fn layer(&self) -> AuditLayer {
        let core = self.core().clone();
        AuditLayer {
            scope: Scope::new(core.id()),
            core,
        }
    }
}

impl<S: Subscriber> Layer<S> for AuditLayer {}

impl fmt::Debug for AuditLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLayer")
            .field("trail", &self.core.dir)
            .finish_non_exhaustive()
    }
}
