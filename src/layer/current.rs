//! Which trail a call without `in:` speaks to.

use std::cell::Cell;
use std::sync::{Arc, Weak};

use parking_lot::RwLock;
use tracing_core::dispatcher;

use crate::layer::AuditLayer;
use crate::mirror::Hush;
use crate::trail::{self, Core};

/// Calls `then` with the trail of the current dispatcher's `AuditLayer`, else with the process's trail, else with none.
///
/// The layer is found wherever it stands: in `Box`, `Option`, `Vec`, behind filters; only `reload` hides its layer, by
/// design. `then` runs outside of the look-up, so that it may itself send events.
#[inline]
pub(crate) fn with_core<R>(then: impl FnOnce(Option<&Core>) -> R) -> R {
    trail::with_process_core(|process| match other(process) {
        Some(core) => then(Some(&core)),
        None => then(process),
    })
}

/// As [`with_core`], for those who keep it.
pub(crate) fn current_core() -> Option<Arc<Core>> {
    trail::with_process_core(other).or_else(trail::process_core)
}

/// The current dispatcher's trail, unless it is the process's, as it is as a rule: then no reference needs to be
/// counted.
#[inline]
fn other(process: Option<&Core>) -> Option<Arc<Core>> {
    dispatcher::get_default(|dispatch| match dispatch.downcast_ref::<AuditLayer>() {
        Some(layer) if process.map(Core::id) == Some(layer.core.id()) => None,
        Some(layer) => Some(Arc::clone(layer.core.arc())),
        None => within(process),
    })
}

thread_local! {
    /// The trail whose layer is taking values on this thread; 0 if none is.
    static INSIDE: Cell<u32> = const { Cell::new(0) };
}

/// The trail whose layer is calling the code that asks: `tracing` shows that code no scoped dispatcher.
#[inline]
fn within(process: Option<&Core>) -> Option<Arc<Core>> {
    match INSIDE.try_with(Cell::get).unwrap_or(0) {
        0 => None,
        trail if process.map(Core::id) == Some(trail) => None,
        trail => {
            let layers = LAYERS.read();
            layers
                .iter()
                .find(|(of, _)| *of == trail)
                .and_then(|(_, core)| core.upgrade())
        }
    }
}

/// The trails of the layers that are there.
static LAYERS: RwLock<Vec<(u32, Weak<Core>)>> = RwLock::new(Vec::new());

/// While it lives, code that is called on this thread is called by the layer.
#[must_use]
pub(crate) struct Inside {
    before: u32,
    _hush: Hush,
}

impl AuditLayer {
    /// The layer is about to run the values' own code.
    #[inline]
    pub(crate) fn inside(&self) -> Inside {
        Inside {
            before: INSIDE.try_with(|inside| inside.replace(self.core.id())).unwrap_or(0),
            _hush: Hush::begin(),
        }
    }

    pub(crate) fn announce(&self) {
        LAYERS.write().push((self.core.id(), Arc::downgrade(self.core.arc())));
    }

    pub(crate) fn retire(&self) {
        let mut layers = LAYERS.write();
        if let Some(at) = layers.iter().position(|(trail, _)| *trail == self.core.id()) {
            layers.swap_remove(at);
        }
    }
}

impl Drop for Inside {
    #[inline]
    fn drop(&mut self) {
        let _ = INSIDE.try_with(|inside| inside.set(self.before));
    }
}
