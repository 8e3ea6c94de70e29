use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Where records go that found no room in time. Default: standard error.
///
/// Only severities that wait for room ([`OnFull::Block`](crate::OnFull::Block)) have this way out while the trail runs. When
/// it ends on a disk that stays full, all that was accepted and could not be written goes there, the most severe first. What
/// takes it is not in the trail: an `AUDIT_GAP` counts it as `diverted`, and so do the status and the metrics. A thread of its own writes it, so
/// that nobody waits for a pipe that is not read or a disk that hangs; what it does not take is counted as lost.
///
/// ```
/// # use tracing_audit::{Emergency, Trail};
/// Trail::builder("logs").emergency(Emergency::file("/var/spool/shop/audit-emergency.jsonl"));
/// ```
///
/// One record is one line: the record as it would have stood in the file, redacted, without number and tag, and the trail
/// it belongs to: `{"diverted":"EBAQEBAQEBAQEBAQEBAQEA","time":"..","event":"SECURITY_INCIDENT",..}`.
#[derive(Clone)]
pub struct Emergency(pub(crate) Way);

#[derive(Clone)]
pub(crate) enum Way {
    None,
    Stderr,
    File(PathBuf),
    Callback(Arc<Taker>),
}

pub(crate) type Taker = dyn Fn(&str) -> io::Result<()> + Send + Sync;

impl Emergency {
    /// Standard error, each line behind `tracing-audit diverted: `: at most 256 KiB at once, and 64 KiB a second, so that no
    /// terminal drowns.
    pub const fn stderr() -> Emergency {
        Emergency(Way::Stderr)
    }

    /// A file, made for this user alone where it is missing, and appended to up to 64 MiB. It should be on another disk than
    /// the trail.
    pub fn file(path: impl Into<PathBuf>) -> Emergency {
        Emergency(Way::File(path.into()))
    }

    /// A function, given each line without its end. What it refuses with an error, or by a panic, is counted as lost.
    pub fn callback(take: impl Fn(&str) -> io::Result<()> + Send + Sync + 'static) -> Emergency {
        Emergency(Way::Callback(Arc::new(take)))
    }

    /// Nowhere: it is lost, and counted as such.
    pub const fn none() -> Emergency {
        Emergency(Way::None)
    }
}

impl Default for Emergency {
    fn default() -> Emergency {
        Emergency::stderr()
    }
}

impl fmt::Display for Emergency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Way::None => f.pad("none"),
            Way::Stderr => f.pad("stderr"),
            Way::File(path) => write!(f, "file {}", path.display()),
            Way::Callback(_) => f.pad("callback"),
        }
    }
}

impl fmt::Debug for Emergency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Emergency({self})")
    }
}
