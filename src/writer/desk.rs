//! What a writer begins with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Teller;
use crate::config::DiskSpace;
use crate::detect::Detector;
use crate::io::Disk;
use crate::key::KeySource;
use crate::store::names::Given;
use crate::store::retain::Keep;
use crate::store::{Home, Identity, Opened};

/// What the builder gives the writer, beside the core.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) home: Home,
    pub(crate) opened: Opened,
    pub(crate) who: Identity,
    pub(crate) keep: Keep,
    pub(crate) max_bytes: u64,
    pub(crate) commit_every: Duration,
    pub(crate) sync_every: Duration,
    pub(crate) space: DiskSpace,
    /// The key for hashes was made just now: its id.
    pub(crate) new_key: Option<String>,
    /// What is given the key line, when there is one to give.
    pub(crate) teller: Teller,
    pub(crate) key_source: KeySource,
    /// Goes on in the place of a writer that holds records already.
    pub(crate) joins: bool,
    /// The names of files that the writer before gave.
    pub(crate) given: Given,
    pub(crate) detector: Detector,
    /// Where the files are from which alerts of earlier runs can be read.
    pub(crate) alerts_from: Option<PathBuf>,
    #[cfg(test)]
    pub(crate) slip: Option<crate::store::Slip>,
}
