//! Disks that make the trail behave as one with a certain mistake would: the controls of the harnesses beside this.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::io::mem::MemDisk;
use crate::io::{Disk, DiskFile, Stat};
use crate::store::header::Header;
use crate::sync::Mutex;

/// What the trail does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    None,
    /// Says that a record is on the disk before it is: each sync is done when the next one is asked for.
    AcknowledgeBeforeSync,
    /// Leaves the names of new files to chance.
    NoDirectorySync,
    /// Tries a sync that failed again on the same file, and believes what that says.
    RetryFailedSync,
    /// Cuts a torn file in its middle.
    CutInTheMiddle,
    /// Passes over files whose header is bad, as if they were not there.
    SkipBadHeaders,
}

#[derive(Clone, Debug)]
pub(super) struct Planted {
    disk: MemDisk,
    mistake: Mistake,
    /// The file whose sync is still to be done.
    late: Arc<Mutex<Option<Arc<dyn DiskFile>>>>,
}

/// The disk as a trail with this mistake uses it.
pub(super) fn planted(disk: &MemDisk, mistake: Mistake) -> Arc<dyn Disk> {
    match mistake {
        Mistake::None => disk.shared(),
        mistake => Arc::new(Planted {
            disk: disk.clone(),
            mistake,
            late: Arc::default(),
        }),
    }
}

fn is_trail(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("audit-"))
}

impl Planted {
    fn wrap(&self, path: &Path, file: io::Result<Arc<dyn DiskFile>>) -> io::Result<Arc<dyn DiskFile>> {
        Ok(match is_trail(path) {
            true => Arc::new(PlantedFile {
                file: file?,
                planted: self.clone(),
            }),
            false => file?,
        })
    }

    fn has_a_header(&self, path: &Path) -> bool {
        let data = self.disk.get(path).unwrap_or_default();
        let line = data.split(|byte| *byte == b'\n').next();
        line.is_some_and(|line| Header::parse(line).is_ok())
    }
}

impl Disk for Planted {
    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.disk.canonical(path)
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.disk.create_dir(path)
    }
    fn open_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.wrap(path, self.disk.open_new(path))
    }
    fn open_append(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.wrap(path, self.disk.open_append(path))
    }
    fn open_read(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open_read(path)
    }
    fn open_lock(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open_lock(path)
    }
    fn list(&self, dir: &Path, prefix: &str) -> io::Result<Vec<String>> {
        let mut names = self.disk.list(dir, prefix)?;
        if self.mistake == Mistake::SkipBadHeaders {
            names.retain(|name| !name.ends_with(".jsonl") || self.has_a_header(&dir.join(name)));
        }
        Ok(names)
    }
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        Disk::stat(&self.disk, path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn unlink(&self, path: &Path) -> io::Result<()> {
        self.disk.unlink(path)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        match self.mistake {
            Mistake::NoDirectorySync => Ok(()),
            _ => self.disk.sync_dir(dir),
        }
    }
}

#[derive(Debug)]
struct PlantedFile {
    file: Arc<dyn DiskFile>,
    planted: Planted,
}

impl DiskFile for PlantedFile {
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(at, into)
    }
    fn sync_data(&self) -> io::Result<()> {
        match self.planted.mistake {
            Mistake::AcknowledgeBeforeSync => {
                let due = self.planted.late.lock().replace(Arc::clone(&self.file));
                due.map_or(Ok(()), |file| file.sync_data())
            }
            Mistake::RetryFailedSync => self.file.sync_data().or_else(|_| self.file.sync_data()),
            _ => self.file.sync_data(),
        }
    }
    fn truncate(&self, len: u64) -> io::Result<()> {
        match self.planted.mistake {
            Mistake::CutInTheMiddle => self.file.truncate(len / 2),
            _ => self.file.truncate(len),
        }
    }
    fn stat(&self) -> io::Result<Stat> {
        self.file.stat()
    }
    fn try_lock(&self) -> io::Result<bool> {
        self.file.try_lock()
    }
    fn try_lock_shared(&self) -> io::Result<bool> {
        self.file.try_lock_shared()
    }
    fn unlock(&self) -> io::Result<()> {
        self.file.unlock()
    }
}
