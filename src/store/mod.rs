//! A trail's directory: its files, its lock, its state, and what is done at start and when files grow old.

pub(crate) mod branch;
pub(crate) mod finding;
pub(crate) mod header;
pub(crate) mod lock;
mod members;
pub(crate) mod names;
pub(crate) mod recover;
pub(crate) mod retain;
pub(crate) mod segment;
pub(crate) mod state;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::chain::Head;
use crate::clock::Micros;
use crate::error::Error;
use crate::io::{self, Disk};

pub(crate) use finding::Finding;
pub(crate) use header::{Cause, Header, Identity, KeptFrom, Point, RunId, TrailId, Trust};
pub(crate) use lock::Lock;
pub(crate) use segment::Segment;
pub(crate) use state::{Mark, State};

/// Where a trail lives: its directory, and the directory of its keys and state beside it. Both without links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) dir: PathBuf,
    pub(crate) keys: PathBuf,
}

impl Home {
    /// For a writer: makes what is missing. `keys` is `<dir>.keys` where nothing else is said.
    pub(crate) fn create(disk: &dyn Disk, dir: &Path, keys: Option<&Path>) -> Result<Home, Error> {
        let _ = disk;
        Ok(Home {
            dir: dir.to_owned(),
            keys: keys.map_or_else(|| io::with_suffix(dir, ".keys"), Path::to_owned),
        })
    }

    /// For a reader: makes nothing. The directory must exist, the keys need not.
    pub(crate) fn find(disk: &dyn Disk, dir: &Path, keys: Option<&Path>) -> Result<Home, Error> {
        Home::create(disk, dir, keys)
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.dir.join(".lock")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.keys.join("state")
    }

    pub(crate) fn hash_key(&self) -> PathBuf {
        self.keys.join("hash.key")
    }
}

/// How to open a trail for writing.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    /// How long to wait for the process that holds the directory.
    pub(crate) lock_wait: Duration,
    /// The wall clock.
    pub(crate) now: Micros,
    /// Named in the lock file, beside the pid.
    pub(crate) host: String,
}

/// A trail that is ours to go on with. Nothing was written to it yet but the state file.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) lock: Lock,
    pub(crate) trail: TrailId,
    pub(crate) run: u64,
    pub(crate) run_id: RunId,
    /// The number of the file to begin, why, and whether all before it ended as it should.
    pub(crate) next_file: u64,
    pub(crate) cause: Cause,
    pub(crate) clean: bool,
    /// Where the trail goes on; `None` for a trail that begins.
    pub(crate) prev_file: Option<u64>,
    pub(crate) seq: u64,
    pub(crate) head: Head,
    /// As stored: `next_run` is past our run, `clean` is false.
    pub(crate) state: State,
    pub(crate) kept_from: Option<KeptFrom>,
    /// What the writer must record, in this order.
    pub(crate) found: Vec<Finding>,
    /// The largest clock seen before this start; what retention may rely on.
    pub(crate) max_clock: Micros,
}

impl Opened {
    /// The header of the first file of this run.
    pub(crate) fn header(&self, opened: Micros, who: Identity) -> Header {
        Header {
            trail: self.trail,
            run: self.run,
            run_id: self.run_id,
            file: self.next_file,
            cause: self.cause,
            prev_file: self.prev_file,
            prev: Point {
                seq: self.seq,
                head: self.head,
            },
            clean: self.clean,
            trust: Trust::Chained,
            commit: 0,
            opened,
            who,
            kept_from: self.kept_from,
            held: Vec::new(),
        }
    }
}

/// Opens a trail for writing: locks, reads the state, recovers, and takes the next run's number.
pub(crate) fn open(disk: Arc<dyn Disk>, home: Home, opening: &Opening) -> Result<Opened, Error> {
    recover::open(disk, home, opening)
}
