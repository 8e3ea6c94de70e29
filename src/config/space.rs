use std::fmt;
use std::sync::Arc;

use crate::status::DiskTier;

/// What happens when the disk of the trail runs short of room, in two steps. Default: a warning below 256 MiB, and another
/// below 64 MiB.
///
/// Room is looked at every few seconds while records come. Entering and leaving a step is an `AUDIT_DISK` in the trail, and
/// shows in the status and the metrics, whatever the action.
///
/// ```
/// # use tracing_audit::{DiskAction, DiskSpace, Trail};
/// Trail::builder("logs").disk_space(
///     DiskSpace::default()
///         .warn_below(2 << 30, DiskAction::callback(|tier, free| eprintln!("{tier}: {free} bytes left")))
///         .act_below(512 << 20, DiskAction::prune()),
/// );
/// ```
#[derive(Clone, Debug)]
pub struct DiskSpace {
    pub(crate) warn: (u64, DiskAction),
    pub(crate) act: (u64, DiskAction),
}

impl DiskSpace {
    /// The first step: below so many free bytes. 0 switches it off.
    pub fn warn_below(mut self, bytes: u64, action: DiskAction) -> DiskSpace {
        self.warn = (bytes, action);
        self
    }

    /// The second step: below so many free bytes, at most as many as the first. 0 switches it off.
    pub fn act_below(mut self, bytes: u64, action: DiskAction) -> DiskSpace {
        self.act = (bytes, action);
        self
    }

    /// The step that so much room is on. One is left only when there is a tenth more than it asks for.
    pub(crate) fn tier(&self, free: u64, now: DiskTier) -> DiskTier {
        let on = |tier: DiskTier, (below, _): &(u64, DiskAction)| match now >= tier {
            true => free < below.saturating_add(below / 10),
            false => free < *below,
        };
        if on(DiskTier::Act, &self.act) {
            DiskTier::Act
        } else if on(DiskTier::Warn, &self.warn) {
            DiskTier::Warn
        } else {
            DiskTier::Enough
        }
    }

    pub(crate) fn step(&self, tier: DiskTier) -> Option<&(u64, DiskAction)> {
        match tier {
            DiskTier::Enough => None,
            DiskTier::Warn => Some(&self.warn),
            DiskTier::Act => Some(&self.act),
        }
    }
}

impl Default for DiskSpace {
    fn default() -> DiskSpace {
        DiskSpace {
            warn: (256 << 20, DiskAction::warn()),
            act: (64 << 20, DiskAction::warn()),
        }
    }
}

impl fmt::Display for DiskSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((warn, warning), (act, action)) = (&self.warn, &self.act);
        write!(f, "{warning} below {warn} bytes, {action} below {act}")
    }
}

/// What is done on a step of [`DiskSpace`].
#[derive(Clone)]
pub struct DiskAction(pub(crate) Act);

#[derive(Clone)]
pub(crate) enum Act {
    Ignore,
    Warn,
    Callback(Arc<OnTier>),
    Prune,
}

pub(crate) type OnTier = dyn Fn(DiskTier, u64) + Send + Sync;

impl DiskAction {
    /// Nothing beyond the record, the status and the metrics.
    pub const fn ignore() -> DiskAction {
        DiskAction(Act::Ignore)
    }

    /// A line on standard error.
    pub const fn warn() -> DiskAction {
        DiskAction(Act::Warn)
    }

    /// A function, called on a thread of its own when the step is entered, with the free bytes.
    pub fn callback(call: impl Fn(DiskTier, u64) + Send + Sync + 'static) -> DiskAction {
        DiskAction(Act::Callback(Arc::new(call)))
    }

    /// A warning; and while the step lasts the oldest closed file goes, one each time that room is looked at, **however
    /// young it is**, behind its `AUDIT_PRUNE`. Whoever can fill the disk can then flush out evidence.
    pub const fn prune() -> DiskAction {
        DiskAction(Act::Prune)
    }
}

impl fmt::Display for DiskAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self.0 {
            Act::Ignore => "ignore",
            Act::Warn => "warn",
            Act::Callback(_) => "callback",
            Act::Prune => "prune",
        })
    }
}

impl fmt::Debug for DiskAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DiskAction({self})")
    }
}
