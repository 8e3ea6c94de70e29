//! One writer per directory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::members::{Members, push_string};
use super::{Home, Opening};
use crate::clock::Time;
use crate::error::{Error, ErrorKind};
use crate::io::{Disk, DiskFile, Stat, read_all, write_all};

/// The operating system's locks on a trail and on its keys, held until dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    disk: Arc<dyn Disk>,
    dir: Held,
    /// Two trails with one key directory would write one state file in turns.
    _keys: Held,
}

impl Lock {
    pub(crate) fn take(disk: &Arc<dyn Disk>, home: &Home, opening: &Opening) -> Result<Lock, Error> {
        let dir = wait(&**disk, &home.lock(), opening)?;
        let keys = wait(&**disk, &home.keys.join(".lock"), opening)?;
        Ok(Lock {
            disk: disk.clone(),
            dir,
            _keys: keys,
        })
    }

    /// Whether the name still stands for the file we hold: a removed lock file would admit a second writer.
    pub(crate) fn holds(&self) -> bool {
        self.disk
            .stat(&self.dir.path)
            .is_ok_and(|stat| stat.same(&self.dir.stat))
    }
}

impl Lock {
    /// Takes anew what was removed with its directory.
    pub(crate) fn renew(&mut self, opening: &Opening) -> Result<(), Error> {
        for held in [&mut self.dir, &mut self._keys] {
            if !self.disk.stat(&held.path).is_ok_and(|stat| stat.same(&held.stat)) {
                *held = wait(&*self.disk, &held.path, opening)?;
            }
        }
        Ok(())
    }
}

/// Whether a writer holds the directory. Asked by readers; takes nothing away for longer than the question.
pub(crate) fn is_held(disk: &dyn Disk, home: &Home) -> bool {
    let Ok(file) = disk.open_read(&home.lock()) else {
        return false;
    };
    match file.try_lock_shared() {
        Ok(free) => {
            if free {
                let _ = file.unlock();
            }
            !free
        }
        Err(_) => false,
    }
}

/// Lock files that this process holds, by device and inode: a pid proves nothing where containers share a volume.
static OURS: Mutex<BTreeSet<(u64, u64)>> = Mutex::new(BTreeSet::new());

#[derive(Debug)]
struct Held {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    stat: Stat,
}

impl Drop for Held {
    fn drop(&mut self) {
        ours(|ours| ours.remove(&(self.stat.dev, self.stat.ino)));
        // A forked child may still have the file open: closing ours would not be enough.
        let _ = self.file.unlock();
    }
}

fn ours<T>(ask: impl FnOnce(&mut BTreeSet<(u64, u64)>) -> T) -> T {
    ask(&mut OURS.lock().unwrap_or_else(PoisonError::into_inner))
}

fn wait(disk: &dyn Disk, path: &Path, opening: &Opening) -> Result<Held, Error> {
    // A reader that asks for the lock has it for a moment; that is no reason to fail.
    let patience = opening.lock_wait.max(Duration::from_millis(100));
    let time = Time::default();
    let begun = time.monotonic();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(held) = attempt(disk, path, opening)? {
            return Ok(held);
        }
        let left = patience.saturating_sub(time.monotonic().saturating_sub(begun));
        if left.is_zero() {
            return Err(refusal(disk, path));
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

fn attempt(disk: &dyn Disk, path: &Path, opening: &Opening) -> Result<Option<Held>, Error> {
    let file = disk.open_lock(path).map_err(|error| {
        Error::io("open the lock file", path, error)
            .remedy("make its directory writable for the user that runs this program")
    })?;
    let locked = file.try_lock().map_err(|error| {
        Error::io("lock the trail", path, error).remedy("put the trail on a disk whose file system has locks")
    })?;
    if !locked {
        return Ok(None);
    }
    let failed = |error| Error::io("write the lock file", path, error).remedy("free space on the disk of the trail");
    let stat = file.stat().map_err(failed)?;
    // Somebody may have removed the file between our opening and our locking it.
    if !disk.stat(path).is_ok_and(|now| now.same(&stat)) {
        return Ok(None);
    }
    let held = Held {
        path: path.to_owned(),
        file,
        stat,
    };
    ours(|ours| ours.insert((stat.dev, stat.ino)));
    let mut line = format!("{{\"pid\":{},\"host\":", std::process::id()).into_bytes();
    push_string(&mut line, &opening.host);
    line.extend_from_slice(format!(",\"since\":\"{}\"}}\n", opening.now).as_bytes());
    // For people only: a full disk must not keep a trail from being read and pruned.
    let _ = held.file.truncate(0).and_then(|()| write_all(&*held.file, &line));
    Ok(Some(held))
}

fn refusal(disk: &dyn Disk, path: &Path) -> Error {
    if let Ok(stat) = disk.stat(path)
        && ours(|ours| ours.contains(&(stat.dev, stat.ino)))
    {
        return Error::new(
            ErrorKind::Locked,
            "cannot open the trail, as another trail of this process holds it",
        )
        .at(path)
        .remedy("use that one (a `Trail` is cheap to clone), or drop all its handles first");
    }
    let said = disk.open_read(path).and_then(|file| read_all(&*file, 4096)).ok();
    let said = said.and_then(|text| Members::parse(text.trim_ascii_end()));
    let pid = said.as_ref().and_then(|said| said.u64("pid"));
    let host = said.as_ref().and_then(|said| said.text("host"));
    let who = match (pid, host) {
        (Some(pid), Some(host)) => format!("process {pid} on host {host}"),
        _ => "another process".to_owned(),
    };
    let what = format!("cannot open the trail, as {who}, or one forked from it, holds it");
    Error::new(ErrorKind::Locked, what)
        .at(path)
        .remedy("stop it, wait longer with `lock_wait`, or give this process a trail of its own with `instance`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::RealDisk;
    use crate::store::sample::noon;

    fn real(dir: &Path) -> (Arc<dyn Disk>, Home) {
        let home = Home::create(&RealDisk, &dir.join("logs"), None).unwrap();
        (RealDisk::shared(), home)
    }

    fn opening(wait: Duration) -> Opening {
        Opening {
            lock_wait: wait,
            now: noon(),
            boot: None,
            host: "host-a".into(),
            wish: crate::store::Wish::default(),
        }
    }

    #[test]
    fn a_second_trail_of_this_process_is_told_so() {
        let dir = tempfile::tempdir().unwrap();
        let (disk, home) = real(dir.path());
        assert!(!is_held(&*disk, &home));
        let lock = Lock::take(&disk, &home, &opening(Duration::ZERO)).unwrap();
        assert!(is_held(&*disk, &home) && lock.holds());
        let error = Lock::take(&disk, &home, &opening(Duration::ZERO)).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Locked, Some(&*home.lock())));
        assert!(error.to_string().contains("another trail of this process"), "{error}");
        drop(lock);
        assert!(!is_held(&*disk, &home));
        Lock::take(&disk, &home, &opening(Duration::ZERO)).unwrap();
    }

    #[test]
    fn the_process_that_holds_the_trail_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let (disk, home) = real(dir.path());
        // The lock of an open file that this module knows nothing of is another process's.
        let other = disk.open_lock(&home.lock()).unwrap();
        assert!(other.try_lock().unwrap());
        write_all(&*other, b"{\"pid\":4242,\"host\":\"host-b\",\"since\":\"x\"}\n").unwrap();
        let error = Lock::take(&disk, &home, &opening(Duration::ZERO)).unwrap_err();
        assert!(error.to_string().contains("process 4242 on host host-b"), "{error}");
        assert!(error.to_string().contains("lock_wait"), "{error}");
        other.truncate(0).unwrap();
        write_all(&*other, b"garbage").unwrap();
        let error = Lock::take(&disk, &home, &opening(Duration::ZERO)).unwrap_err();
        assert!(error.to_string().contains("another process"), "{error}");
    }

    #[test]
    fn a_lock_that_is_given_back_in_time_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let (disk, home) = real(dir.path());
        let first = Lock::take(&disk, &home, &opening(Duration::ZERO)).unwrap();
        let waiting = thread::spawn({
            let (disk, home) = (disk.clone(), home.clone());
            move || Lock::take(&disk, &home, &opening(Duration::from_secs(60))).is_ok()
        });
        drop(first);
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn a_removed_lock_file_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let (disk, home) = real(dir.path());
        let lock = Lock::take(&disk, &home, &opening(Duration::ZERO)).unwrap();
        disk.unlink(&home.lock()).unwrap();
        assert!(!lock.holds());
        drop(disk.open_lock(&home.lock()).unwrap());
        assert!(!lock.holds(), "a new file of that name is not the one we hold");
    }

    #[test]
    fn two_trails_cannot_share_a_key_directory() {
        let dir = tempfile::tempdir().unwrap();
        let keys = dir.path().join("keys");
        let home = |name: &str| Home::create(&RealDisk, &dir.path().join(name), Some(&keys)).unwrap();
        let disk = RealDisk::shared();
        let _first = Lock::take(&disk, &home("a"), &opening(Duration::ZERO)).unwrap();
        let error = Lock::take(&disk, &home("b"), &opening(Duration::ZERO)).unwrap_err();
        assert_eq!(error.path(), Some(&*keys.canonicalize().unwrap().join(".lock")));
    }
}
