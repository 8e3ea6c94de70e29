//! One writer per directory.

use std::collections::BTreeSet;
use std::io;
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
    dir: Arc<Held>,
    /// Two trails with one key directory would write one state file in turns.
    keys: Arc<Held>,
    watch: Arc<Watch>,
}

impl Lock {
    pub(crate) fn take(disk: &Arc<dyn Disk>, home: &Home, opening: &Opening) -> Result<Lock, Error> {
        let take = |path: &Path| wait(&**disk, path, opening)?.ok_or_else(|| refusal(&**disk, path));
        let dir = Arc::new(take(&home.lock())?);
        let keys = Arc::new(take(&home.keys.join(".lock"))?);
        let watch = Watch::over(&dir, &keys);
        Ok(Lock {
            disk: disk.clone(),
            dir,
            keys,
            watch,
        })
    }

    /// A look at the directory's lock file: a removed one would admit a second writer.
    pub(crate) fn look_at_dir(&self) -> Look {
        self.dir.place.look(&*self.disk)
    }

    /// What sees whether both are held, for another thread, and holds them for as long as that has it. It knows of these files
    /// and of none that are taken later.
    pub(crate) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    /// Takes anew what was lost, and waits for nobody.
    pub(crate) fn renew(&mut self, opening: &Opening) -> Result<(), Error> {
        for held in [&mut self.dir, &mut self.keys] {
            if let Look::Lost(_) = held.place.look(&*self.disk) {
                let path = &held.place.path;
                *held = Arc::new(wait(&*self.disk, path, opening)?.ok_or_else(|| taken(&*self.disk, path))?);
            }
        }
        self.watch = Watch::over(&self.dir, &self.keys);
        Ok(())
    }
}

/// What a look at lock files has shown.
#[derive(Debug)]
pub(crate) enum Look {
    /// Their names stand for the files that we hold.
    Held,
    /// A name is gone or stands for another file, so that another process may hold that.
    Lost(Error),
    /// Looking failed, which says nothing about the files: they are locked still.
    Unknown(Error),
}

/// The locks in the hands of a thread that may be at work when the writer has ended: a sync that hangs, and what is stored behind
/// it. Nobody else gets them before it is done.
#[derive(Debug)]
pub(crate) struct Watch {
    dir: Arc<Held>,
    keys: Arc<Held>,
}

impl Watch {
    fn over(dir: &Arc<Held>, keys: &Arc<Held>) -> Arc<Watch> {
        Arc::new(Watch {
            dir: Arc::clone(dir),
            keys: Arc::clone(keys),
        })
    }

    pub(crate) fn look(&self, disk: &dyn Disk) -> Look {
        match self.dir.place.look(disk) {
            Look::Held => self.keys.place.look(disk),
            lost @ Look::Lost(_) => lost,
            unknown @ Look::Unknown(_) => match self.keys.place.look(disk) {
                lost @ Look::Lost(_) => lost,
                _ => unknown,
            },
        }
    }
}

#[derive(Debug)]
struct Place {
    path: PathBuf,
    stat: Stat,
}

impl Place {
    fn look(&self, disk: &dyn Disk) -> Look {
        use io::ErrorKind::{NotADirectory, NotFound};
        match disk.stat(&self.path) {
            Ok(stat) if stat.same(&self.stat) => Look::Held,
            Err(error) if !matches!(error.kind(), NotFound | NotADirectory) => {
                Look::Unknown(Error::io("look at the lock file", &self.path, error))
            }
            _ => Look::Lost(
                Error::new(ErrorKind::Locked, "the lock file was removed or replaced")
                    .at(&self.path)
                    .remedy("leave it to the trail, which takes its lock anew if no other process has it"),
            ),
        }
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
    place: Place,
    file: Arc<dyn DiskFile>,
}

impl Drop for Held {
    fn drop(&mut self) {
        ours(|ours| ours.remove(&(self.place.stat.dev, self.place.stat.ino)));
        // A forked child may still have the file open: closing ours would not be enough.
        let _ = self.file.unlock();
    }
}

fn ours<T>(ask: impl FnOnce(&mut BTreeSet<(u64, u64)>) -> T) -> T {
    ask(&mut OURS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// `None` if another process, or another trail of this one, has it for as long as we wait.
fn wait(disk: &dyn Disk, path: &Path, opening: &Opening) -> Result<Option<Held>, Error> {
    // A reader that asks for the lock has it for a moment; that is no reason to fail.
    let patience = opening.lock_wait.max(Duration::from_millis(100));
    let time = Time::default();
    let begun = time.monotonic();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(held) = attempt(disk, path, opening)? {
            return Ok(Some(held));
        }
        let left = patience.saturating_sub(time.monotonic().saturating_sub(begun));
        if left.is_zero() {
            return Ok(None);
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
    let path = path.to_owned();
    let held = Held {
        place: Place { path, stat },
        file,
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
    if is_ours(disk, path) {
        return Error::new(
            ErrorKind::Locked,
            "cannot open the trail, as another trail of this process holds it",
        )
        .at(path)
        .remedy("use that one (a `Trail` is cheap to clone), or drop all its handles first");
    }
    let what = format!(
        "cannot open the trail, as {}, or one forked from it, holds it",
        who(disk, path)
    );
    Error::new(ErrorKind::Locked, what)
        .at(path)
        .remedy("stop it, wait longer with `lock_wait`, or give this process a trail of its own with `instance`")
}

/// Somebody else has the lock of a trail that is at work.
fn taken(disk: &dyn Disk, path: &Path) -> Error {
    let who = match is_ours(disk, path) {
        true => "another trail of this process".to_owned(),
        false => who(disk, path),
    };
    Error::new(
        ErrorKind::Locked,
        format!("cannot go on with the trail, as {who} took its lock"),
    )
    .at(path)
    .remedy("find out who removed the lock file or the directory, and end one of the two")
}

fn is_ours(disk: &dyn Disk, path: &Path) -> bool {
    let stat = disk.stat(path);
    stat.is_ok_and(|stat| ours(|ours| ours.contains(&(stat.dev, stat.ino))))
}

/// Who has it, by what the lock file says.
fn who(disk: &dyn Disk, path: &Path) -> String {
    let said = disk.open_read(path).and_then(|file| read_all(&*file, 4096)).ok();
    let said = said.and_then(|text| Members::parse(text.trim_ascii_end()));
    let pid = said.as_ref().and_then(|said| said.u64("pid"));
    let host = said.as_ref().and_then(|said| said.text("host"));
    match (pid, host) {
        (Some(pid), Some(host)) => format!("process {pid} on host {host}"),
        _ => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::RealDisk;
    use crate::io::mem::{Fault, MemDisk};
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
        assert!(is_held(&*disk, &home) && !is_lost(&lock));
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

    fn is_lost(lock: &Lock) -> bool {
        matches!(lock.watch().look(&*lock.disk), Look::Lost(_))
    }

    #[test]
    fn a_removed_lock_file_is_noticed_and_taken_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (disk, home) = real(dir.path());
        let mut lock = Lock::take(&disk, &home, &opening(Duration::ZERO)).unwrap();
        for path in [home.lock(), home.keys.join(".lock")] {
            assert!(!is_lost(&lock));
            disk.unlink(&path).unwrap();
            assert!(is_lost(&lock));
            drop(disk.open_lock(&path).unwrap());
            assert!(is_lost(&lock), "a new file of that name is not the one we hold");
            let before = Arc::clone(lock.watch());
            lock.renew(&opening(Duration::ZERO)).unwrap();
            assert!(!is_lost(&lock));
            assert!(matches!(before.look(&*disk), Look::Lost(_)), "what was lost stays lost");
            assert!(Lock::take(&disk, &home, &opening(Duration::ZERO)).is_err());
        }
    }

    #[test]
    fn a_lock_that_somebody_else_took_is_not_taken_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (disk, home) = real(dir.path());
        let mut lock = Lock::take(&disk, &home, &opening(Duration::ZERO)).unwrap();
        for path in [home.lock(), home.keys.join(".lock")] {
            disk.unlink(&path).unwrap();
        }
        let other = Lock::take(&disk, &home, &opening(Duration::ZERO)).unwrap();
        let error = lock.renew(&opening(Duration::ZERO)).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Locked, Some(&*home.lock())));
        assert!(is_lost(&lock));
        drop(other);
        lock.renew(&opening(Duration::ZERO)).unwrap();
        assert!(!is_lost(&lock));
    }

    #[test]
    fn a_look_that_fails_says_nothing_of_the_lock() {
        let disk = MemDisk::new();
        let shared = disk.shared();
        let home = crate::store::sample::home();
        disk.create_dir(&home.dir).unwrap();
        disk.create_dir(&home.keys).unwrap();
        let lock = Lock::take(&shared, &home, &opening(Duration::ZERO)).unwrap();
        disk.fail_look(disk.looks(), Fault::Errno(13));
        let look = lock.look_at_dir();
        assert!(matches!(&look, Look::Unknown(error) if error.io_kind() == Some(io::ErrorKind::PermissionDenied)));
        disk.unlink(&home.keys.join(".lock")).unwrap();
        disk.fail_look(disk.looks(), Fault::Errno(13));
        assert!(is_lost(&lock), "the other one was seen to be gone");
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
