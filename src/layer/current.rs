//! Which trail a call without `in:` speaks to.

use std::sync::Arc;

use tracing_core::dispatcher;

use crate::layer::AuditLayer;
use crate::trail::{self, Core};

/// Calls `then` with the trail of the current dispatcher's `AuditLayer`, else with the process's trail, else with none.
///
/// Without `reload`, which hides its layer by design, the layer is found wherever it stands: in `Box`, `Option`, `Vec`,
/// behind filters. `then` runs outside of the look-up, so that it may itself send events.
#[inline]
pub(crate) fn with_core<R>(then: impl FnOnce(Option<&Core>) -> R) -> R {
    trail::with_process_core(|process| {
        let other = dispatcher::get_default(|dispatch| {
            let layer = dispatch.downcast_ref::<AuditLayer>()?;
            // As a rule it is the process's, and no reference needs to be counted.
            (process.map(Core::id) != Some(layer.core.id())).then(|| Arc::clone(layer.core.arc()))
        });
        match &other {
            Some(core) => then(Some(core)),
            None => then(process),
        }
    })
}
