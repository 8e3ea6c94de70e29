//! Room on the disk kept for what the trail must say of itself when nothing else fits any more: 64 KiB of zeros beside the
//! files, given up on a full disk and made again when there is room (docs/FORMAT.md, "Names").

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Home;
use crate::io::{Disk, FileKind, Stat, with_suffix, write_all};

/// How much.
const SIZE: u64 = 64 << 10;

/// The file of that room.
#[derive(Debug)]
pub(crate) struct Reserve {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    /// It was given up, and its room is for the trail's own words until it is there again.
    owed: bool,
}

impl Reserve {
    /// Nothing is made yet.
    pub(crate) fn new(disk: &Arc<dyn Disk>, home: &Home) -> Reserve {
        Reserve {
            disk: Arc::clone(disk),
            path: home.reserve(),
            owed: false,
        }
    }

    /// Makes it where it is missing or not as it was made.
    pub(crate) fn make(&mut self) -> io::Result<()> {
        if !self.is_there() {
            let tmp = with_suffix(&self.path, ".tmp");
            if let Err(error) = self.make_as(&tmp) {
                // Half a reserve is room that nobody has.
                let _ = self.disk.unlink(&tmp);
                return Err(error);
            }
        }
        self.owed = false;
        Ok(())
    }

    /// Written and synced under another name first, so that a file of the right length has its blocks; a link of its name is
    /// replaced and never followed. The directory is left to the next sync of the trail: one that fails here would keep what it
    /// was to say from that one.
    fn make_as(&self, tmp: &Path) -> io::Result<()> {
        match self.disk.unlink(tmp) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = self.disk.open_new(tmp)?;
        write_all(&*file, &vec![0; SIZE as usize])?;
        file.sync_data()?;
        self.disk.rename(tmp, &self.path)
    }

    /// Gives its room back, if it is there.
    pub(crate) fn give_up(&mut self) {
        self.owed |= self.is_there() && self.disk.unlink(&self.path).is_ok();
    }

    fn is_there(&self) -> bool {
        self.disk.stat(&self.path).is_ok_and(|stat| is_whole(&stat))
    }

    /// Whether there is room for the trail's own words, if the disk has no other.
    pub(crate) fn has_room(&self) -> bool {
        self.owed || self.is_there()
    }

    /// Whether its room may be used for nothing but the trail's own words.
    pub(crate) fn is_owed(&self) -> bool {
        self.owed
    }

    /// From now on its room is anybody's.
    pub(crate) fn forgive(&mut self) {
        self.owed = false;
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// A file of ours that has another name as well would give no room back.
fn is_whole(stat: &Stat) -> bool {
    (stat.kind, stat.len, stat.nlink, stat.mode) == (FileKind::File, SIZE, 1, 0o600)
}
