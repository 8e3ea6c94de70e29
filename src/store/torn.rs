//! Setting aside what a crash left behind the proven end: copied, synced, named, and only then cut off.

use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::finding::Torn;
use super::names::{Form, Name};
use crate::io::{Disk, DiskFile, with_suffix, write_all};

/// What is set aside, summed up as it goes.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    files: Vec<String>,
    bytes: u64,
    lines: u64,
    sha256: Sha256,
}

impl Aside {
    /// Cuts the bytes from `good` on off a file. Where they cannot be set aside they stay, and are summed up all the same: a
    /// later header supersedes them.
    pub(crate) fn tail(&mut self, disk: &dyn Disk, dir: &Path, name: Name, good: u64) -> io::Result<()> {
        let path = name.path(dir);
        let file = disk.open_read(&path)?;
        self.sum(&*file, good)?;
        if let Ok(torn) = copy(disk, dir, name, &*file, good) {
            self.files.push(torn.to_string());
            // Append-only files cannot be cut. The copy is there, and the bytes are superseded.
            if let Ok(file) = disk.open_append(&path)
                && file.truncate(good).is_ok()
            {
                file.sync_data()?;
            }
        }
        Ok(())
    }

    /// Sets a file aside that has no header.
    pub(crate) fn whole(&mut self, disk: &dyn Disk, dir: &Path, name: Name) -> io::Result<()> {
        let path = name.path(dir);
        let file = disk.open_read(&path)?;
        self.sum(&*file, 0)?;
        // Its bytes may not have been synced; what is recorded of them must stay true.
        if let Ok(file) = disk.open_append(&path) {
            file.sync_data()?;
        }
        let torn = free(disk, dir, name)?;
        if disk.rename(&path, &torn.path(dir)).is_ok() {
            self.files.push(torn.to_string());
        }
        Ok(())
    }

    /// What an earlier start had set aside of this file and died before it could tell.
    pub(crate) fn earlier(&mut self, disk: &dyn Disk, dir: &Path, name: Name) -> io::Result<()> {
        let file = disk.open_read(&name.path(dir))?;
        self.sum(&*file, 0)?;
        self.files.push(name.to_string());
        Ok(())
    }

    pub(crate) fn finish(self) -> Torn {
        Torn {
            files: self.files,
            bytes: self.bytes,
            lines: self.lines,
            sha256: self.sha256.finalize().into(),
        }
    }

    fn sum(&mut self, file: &dyn DiskFile, from: u64) -> io::Result<()> {
        each_chunk(file, from, |chunk| {
            self.bytes += chunk.len() as u64;
            self.lines += memchr::memchr_iter(b'\n', chunk).count() as u64;
            self.sha256.update(chunk);
            Ok(())
        })
    }
}

/// Copies the bytes from `good` on to the next free `.torn`, durably. If an earlier start got that far, its copy stands.
fn copy(disk: &dyn Disk, dir: &Path, name: Name, file: &dyn DiskFile, good: u64) -> io::Result<Name> {
    for number in 1..u32::MAX {
        let torn = name.with(Form::Torn(number));
        match disk.open_read(&torn.path(dir)) {
            Ok(there) if same(&*there, file, good)? => return Ok(torn),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let path = torn.path(dir);
                let tmp = with_suffix(&path, ".tmp");
                let copy = disk.open_new(&tmp)?;
                each_chunk(file, good, |chunk| write_all(&*copy, chunk))?;
                copy.sync_data()?;
                disk.rename(&tmp, &path)?;
                disk.sync_dir(dir)?;
                return Ok(torn);
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn free(disk: &dyn Disk, dir: &Path, name: Name) -> io::Result<Name> {
    for number in 1..u32::MAX {
        let torn = name.with(Form::Torn(number));
        match disk.stat(&torn.path(dir)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(torn),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn same(there: &dyn DiskFile, file: &dyn DiskFile, good: u64) -> io::Result<bool> {
    if there.stat()?.len != file.stat()?.len.saturating_sub(good) {
        return Ok(false);
    }
    let mut digests = [Sha256::new(), Sha256::new()];
    for (digest, (file, from)) in digests.iter_mut().zip([(there, 0), (file, good)]) {
        each_chunk(file, from, |chunk| {
            digest.update(chunk);
            Ok(())
        })?;
    }
    let [there, here] = digests.map(Sha256::finalize);
    Ok(there == here)
}

fn each_chunk(file: &dyn DiskFile, from: u64, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let (mut at, mut chunk) = (from, vec![0; 64 << 10]);
    loop {
        match file.read_at(at, &mut chunk) {
            Ok(0) => return Ok(()),
            Ok(read) => {
                take(chunk.get(..read).unwrap_or_default())?;
                at += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
