/// How long files are kept. Default: 14 days.
///
/// A file goes when it was closed longer ago than the limit says, and no clock that can be set has a say in that: what
/// counts is the time that was measured, in which the trail was open, or closed while the machine stayed on. Time in which
/// the machine was off between two runs does not count, and outside of Linux and Android none between two runs does: files
/// stay longer then. For each 24 hours no more than one day's files go; at most three days' at once, behind a time in which
/// the trail was closed. What goes is named in an `AUDIT_PRUNE` first.
///
/// ```
/// # use tracing_audit::{Retention, Trail};
/// Trail::builder("logs").retention(Retention::days(365));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Retention {
    pub(crate) days: Option<u32>,
    pub(crate) files: Option<u64>,
    pub(crate) bytes: Option<u64>,
}

impl Retention {
    const NONE: Retention = Retention {
        days: None,
        files: None,
        bytes: None,
    };

    /// Keeps files for so many days, at least 1. None goes earlier, whatever the clock does.
    pub const fn days(days: u32) -> Retention {
        Retention {
            days: Some(days),
            ..Retention::NONE
        }
    }

    /// Keeps the newest so many files, at least 1. Whoever can write many records can flush old ones out; the trail
    /// warns when it removes young files for this.
    pub const fn files(files: u64) -> Retention {
        Retention {
            files: Some(files),
            ..Retention::NONE
        }
    }

    /// Keeps the newest files of together so many bytes. Whoever can write many records can flush old ones out; the
    /// trail warns when it removes young files for this.
    pub const fn bytes(bytes: u64) -> Retention {
        Retention {
            bytes: Some(bytes),
            ..Retention::NONE
        }
    }

    /// Keeps everything.
    pub const fn forever() -> Retention {
        Retention::NONE
    }
}

impl Default for Retention {
    fn default() -> Retention {
        Retention::days(14)
    }
}

impl std::fmt::Display for Retention {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.days, self.files, self.bytes) {
            (Some(days), ..) => write!(f, "{days} days"),
            (_, Some(files), _) => write!(f, "{files} files"),
            (.., Some(bytes)) => write!(f, "{bytes} bytes"),
            (None, None, None) => f.write_str("forever"),
        }
    }
}

/// When a file ends and the next begins: at midnight UTC, also when nothing is recorded, and at a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rotation {
    pub(crate) max_bytes: u64,
}

impl Rotation {
    /// A file a day, in parts of at most 100 MiB. The default.
    pub const fn daily() -> Rotation {
        Rotation {
            max_bytes: 100 * 1024 * 1024,
        }
    }

    /// The most bytes of a file; within a day, parts follow each other.
    pub const fn max_bytes(self, max_bytes: u64) -> Rotation {
        Rotation { max_bytes }
    }
}

impl Default for Rotation {
    fn default() -> Rotation {
        Rotation::daily()
    }
}
