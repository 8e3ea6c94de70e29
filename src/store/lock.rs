//! One writer per directory.

use std::path::PathBuf;
use std::sync::Arc;

use crate::io::{Disk, DiskFile, Stat};

/// The operating system's lock on `<dir>/.lock`, held until dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    stat: Stat,
}

impl Lock {
    /// Whether the name still stands for the file we hold: a removed lock file would admit a second writer.
    pub(crate) fn holds(&self) -> bool {
        self.disk.stat(&self.path).is_ok_and(|stat| stat.same(&self.stat))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A forked child may still have the file open: closing ours would not be enough.
        let _ = self.file.unlock();
    }
}
