//! Records that are not in the trail, by reason and severity.

use crate::clock::Micros;
use crate::severity::Severity;

/// Why a record is not in the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Loss {
    /// The queue was full.
    QueueFull,
    /// The queue was full, and the emergency sink has it.
    Diverted,
    /// Rendering it panicked beyond what could be caught value by value.
    Panicked,
    /// The call came from within another call where it could not be recorded.
    Reentrant,
    /// The trail had ended.
    Closed,
    /// It was in the file, and could not be kept when the disk failed.
    Unkept,
}

impl Loss {
    pub(crate) const ALL: [Loss; 6] = [
        Loss::QueueFull,
        Loss::Diverted,
        Loss::Panicked,
        Loss::Reentrant,
        Loss::Closed,
        Loss::Unkept,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Loss::QueueFull => "queue_full",
            Loss::Diverted => "diverted",
            Loss::Panicked => "panicked",
            Loss::Reentrant => "reentrant",
            Loss::Closed => "closed",
            Loss::Unkept => "write_error",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// How many records of each severity, lowest first.
pub(crate) type PerSeverity = [u64; 4];

/// Records lost for one reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) count: PerSeverity,
    /// When the first and the last were lost, since [`Queue::lost`](super::Queue::lost) was last asked.
    pub(crate) span: Option<(Micros, Micros)>,
}

impl Lost {
    pub(super) fn add(&mut self, severity: Severity, at: Micros) {
        if let Some(count) = self.count.get_mut(severity.index()) {
            *count += 1;
        }
        self.span = Some(
            self.span
                .map_or((at, at), |(first, last)| (first.min(at), last.max(at))),
        );
    }
}

/// All losses.
pub(crate) type Losses = [Lost; Loss::ALL.len()];
