//! Calls that a signal interrupted are begun again, whatever they are: nobody above this seam ever hears of it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Disk, DiskFile, Stat};

/// A disk, or a file of one, none of whose calls ends as interrupted.
#[derive(Debug)]
pub(super) struct Patient<T: ?Sized>(Arc<T>);

/// The library begins some calls again itself, and not all; network and user-space file systems interrupt any of them.
pub(crate) fn patient(disk: Arc<dyn Disk>) -> Arc<dyn Disk> {
    Arc::new(Patient(disk))
}

fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

fn file(opened: io::Result<Arc<dyn DiskFile>>) -> io::Result<Arc<dyn DiskFile>> {
    opened.map(|file| Arc::new(Patient(file)) as Arc<dyn DiskFile>)
}

impl Disk for Patient<dyn Disk> {
    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        again(|| self.0.canonical(path))
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        again(|| self.0.create_dir(path))
    }
    fn open_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        file(again(|| self.0.open_new(path)))
    }
    fn open_append(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        file(again(|| self.0.open_append(path)))
    }
    fn open_read(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        file(again(|| self.0.open_read(path)))
    }
    fn open_lock(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        file(again(|| self.0.open_lock(path)))
    }
    fn list(&self, dir: &Path, prefix: &str) -> io::Result<Vec<String>> {
        again(|| self.0.list(dir, prefix))
    }
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        again(|| self.0.stat(path))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        again(|| self.0.rename(from, to))
    }
    fn unlink(&self, path: &Path) -> io::Result<()> {
        again(|| self.0.unlink(path))
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        again(|| self.0.sync_dir(dir))
    }
    fn free(&self, dir: &Path) -> io::Result<u64> {
        again(|| self.0.free(dir))
    }
}

impl DiskFile for Patient<dyn DiskFile> {
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        again(|| self.0.write(bytes))
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        again(|| self.0.read_at(at, into))
    }
    fn sync_data(&self) -> io::Result<()> {
        again(|| self.0.sync_data())
    }
    fn truncate(&self, len: u64) -> io::Result<()> {
        again(|| self.0.truncate(len))
    }
    fn stat(&self) -> io::Result<Stat> {
        again(|| self.0.stat())
    }
    fn try_lock(&self) -> io::Result<bool> {
        again(|| self.0.try_lock())
    }
    fn try_lock_shared(&self) -> io::Result<bool> {
        again(|| self.0.try_lock_shared())
    }
    fn unlock(&self) -> io::Result<()> {
        again(|| self.0.unlock())
    }
}
