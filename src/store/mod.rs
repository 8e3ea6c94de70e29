//! A trail's directory: its files, its lock, its state, and what is done at start and when files grow old.

pub(crate) mod branch;
pub(crate) mod bury;
pub(crate) mod cache;
pub(crate) mod calendar;
pub(crate) mod content;
pub(crate) mod erase;
mod examine;
pub(crate) mod finding;
#[cfg(test)]
pub(crate) mod fuzz;
pub(crate) mod header;
pub(crate) mod hold;
pub(crate) mod holes;
pub(crate) mod keys_file;
pub(crate) mod lines;
pub(crate) mod lock;
pub(crate) mod measured;
mod members;
mod modes;
pub(crate) mod names;
mod recover;
mod replaced;
mod reserve;
pub(crate) mod retain;
pub(crate) mod rival;
#[cfg(test)]
pub(crate) mod sample;
mod scan;
pub(crate) mod segment;
pub(crate) mod state;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod suspicions;
mod torn;
#[cfg(feature = "sign")]
mod tree;

use std::io::ErrorKind::{AlreadyExists, NotFound};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::chain::Head;
use crate::clock::{Boot, Micros};
use crate::error::{Error, ErrorKind};
use crate::io::{self, Disk, FileKind};
use crate::key::KeySource;
use crate::merkle::Range;

pub(crate) use crate::trust::Trust;
pub(crate) use calendar::{Calendar, Step};
pub(crate) use finding::Finding;
pub(crate) use header::{Cause, Header, Identity, KeptFrom, Point, Replaces, RunId, TrailId};
pub(crate) use hold::Holds;
pub(crate) use lock::Lock;
pub(crate) use members::{push_string, version};
pub(crate) use modes::{RunKeys, random_seed};
pub(crate) use recover::no_random;
pub(crate) use reserve::Reserve;
pub(crate) use segment::Segment;
pub(crate) use state::{Mark, State, Untold};

/// Where a trail lives: its directory, and the directory of its keys and state beside it. Both without links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) dir: PathBuf,
    pub(crate) keys: PathBuf,
}

impl Home {
    /// For a writer: makes what is missing. `keys` is `<dir>.keys` where nothing else is said.
    pub(crate) fn create(disk: &dyn Disk, dir: &Path, keys: Option<&Path>) -> Result<Home, Error> {
        make_dir(disk, dir, "the trail directory")?;
        let dir = whole(disk, dir)?;
        let keys = match keys {
            Some(keys) => keys.to_owned(),
            None => beside(&dir)?,
        };
        outside(disk, &keys, &dir)?;
        make_dir(disk, &keys, "the key directory")?;
        let keys = whole(disk, &keys)?;
        // Again, now that the path is there and has no detours.
        outside(disk, &keys, &dir)?;
        Ok(Home { dir, keys })
    }

    /// Refuses a file of somebody else's under a name that the trail uses itself: a start would set it aside, or worse.
    pub(crate) fn must_not_have(&self, disk: &dyn Disk, path: &Path) -> Result<(), Error> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let here = disk
            .canonical(parent.unwrap_or(Path::new(".")))
            .is_ok_and(|dir| dir == self.dir);
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let ours = name.starts_with(names::PREFIX) || name.starts_with('.') || name == keys_file::NAME;
        if here && ours {
            return Err(Error::new(
                ErrorKind::Config,
                "cannot keep the emergency file under a name that the trail uses itself",
            )
            .at(path)
            .remedy("name a file on another disk, or at least outside of the trail's directory"));
        }
        Ok(())
    }

    /// For a reader: makes nothing. The directory must exist, the keys need not. Where nothing else is said they are in
    /// `<dir>.keys`, or for an instance in `<parent>.keys/<name>`.
    pub(crate) fn find(disk: &dyn Disk, dir: &Path, keys: Option<&Path>) -> Result<Home, Error> {
        let dir = whole(disk, dir)?;
        let keys = match keys {
            Some(keys) => keys.to_owned(),
            None => {
                let own = beside(&dir)?;
                let instance = || Some(io::with_suffix(dir.parent()?, ".keys").join(dir.file_name()?));
                match instance() {
                    Some(instance) if disk.stat(&own).is_err() && disk.stat(&instance).is_ok() => instance,
                    _ => own,
                }
            }
        };
        outside(disk, &keys, &dir)?;
        Ok(Home { dir, keys })
    }

    /// Makes what was removed while a writer was at work.
    pub(crate) fn make_again(&self, disk: &dyn Disk) -> Result<(), Error> {
        for (dir, what) in [(&self.dir, "the trail directory"), (&self.keys, "the key directory")] {
            if disk.stat(dir).is_err_and(|error| error.kind() == NotFound) {
                make_dir(disk, dir, what)?;
            }
        }
        Ok(())
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.dir.join(".lock")
    }

    pub(crate) fn reserve(&self) -> PathBuf {
        self.dir.join(".reserve")
    }

    pub(crate) fn erase(&self) -> PathBuf {
        self.dir.join(".erase")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.keys.join("state")
    }
}

/// Makes a directory, and those above it, for this user alone. One that is there stays as it is.
fn make_dir(disk: &dyn Disk, dir: &Path, what: &str) -> Result<(), Error> {
    let mut made = disk.create_dir(dir);
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        if made.as_ref().is_err_and(|error| error.kind() == NotFound) && disk.stat(parent).is_err() {
            make_dir(disk, parent, what)?;
            made = disk.create_dir(dir);
        }
        if made.is_ok() {
            // Best effort: a parent that may be used but not listed cannot be opened.
            let _ = disk.sync_dir(parent);
        }
    }
    match made {
        Err(error) if error.kind() != AlreadyExists => Err(Error::io(&format!("make {what}"), dir, error)
            .remedy("name a directory that the user that runs this program can make, or make it and give it to them")),
        _ => Ok(()),
    }
}

/// The directory's whole path. An error if it is none.
fn whole(disk: &dyn Disk, dir: &Path) -> Result<PathBuf, Error> {
    let failed = |error| Error::io("find the directory", dir, error).remedy("check the path and who may use it");
    let path = disk.canonical(dir).map_err(failed)?;
    match disk.stat(&path).map_err(failed)?.kind {
        FileKind::Dir => Ok(path),
        kind => Err(Error::new(
            ErrorKind::Config,
            format!("cannot use this as a directory, as it is {}", kind.noun()),
        )
        .at(dir)
        .remedy("name a directory")),
    }
}

/// `<dir>.keys`.
fn beside(dir: &Path) -> Result<PathBuf, Error> {
    match dir.file_name() {
        Some(_) => Ok(io::with_suffix(dir, ".keys")),
        None => Err(Error::new(
            ErrorKind::Config,
            "there is no place beside this directory for its keys",
        )
        .at(dir)
        .remedy("use a directory within it, or say where the keys are with `keys`")),
    }
}

/// Keys must not travel with copies of the trail.
fn outside(disk: &dyn Disk, keys: &Path, dir: &Path) -> Result<(), Error> {
    // What does not exist yet is judged by what of it does.
    let mut known = keys;
    let place = loop {
        match disk.canonical(known) {
            Ok(place) => break place,
            Err(_) => match known.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => known = parent,
                _ => break disk.canonical(Path::new(".")).unwrap_or_default(),
            },
        }
    };
    if place.starts_with(dir) {
        return Err(Error::new(
            ErrorKind::Config,
            "cannot keep keys inside the trail directory, whose copies would carry them",
        )
        .at(keys)
        .remedy("name a place outside of it, or leave `keys` (AUDIT_KEYS_DIR) out: they go beside it"));
    }
    // What does not exist yet has nothing in it.
    if known == keys && dir.starts_with(&place) {
        return Err(Error::new(
            ErrorKind::Config,
            "cannot keep keys in a directory that the trail is in: who copies it has both",
        )
        .at(keys)
        .remedy("name a directory that has nothing but the keys, or leave `keys` (AUDIT_KEYS_DIR) out: they go beside the trail"));
    }
    Ok(())
}

/// How to open a trail for writing.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    /// How long to wait for the process that holds the directory.
    pub(crate) lock_wait: Duration,
    /// The wall clock.
    pub(crate) now: Micros,
    /// How long the machine is up.
    pub(crate) boot: Option<Boot>,
    /// Named in the lock file, beside the pid.
    pub(crate) host: String,
    pub(crate) wish: Wish,
}

/// What is asked of a trail's keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// The trust; `None` keeps what the trail has.
    pub(crate) trust: Option<Trust>,
    /// Whether records have a salt; `None` keeps what the trail has.
    pub(crate) salted: Option<bool>,
    /// Whether a trail that cannot be gone on with so may be ended here, and another one begun in its place.
    pub(crate) replace: bool,
    /// What protects the secrets in the state file.
    pub(crate) secrets: KeySource,
    #[cfg(test)]
    pub(crate) slip: Option<Slip>,
}

/// What a test has a start do wrong, to see that it is found.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slip {
    /// Seals under a run's seed before the next one is in the state file.
    SealBeforeStored,
    /// Goes on behind lines that no seal covers.
    KeepUnsealed,
    /// Goes on counting commits where a resync begins again.
    ForgetRewind,
    /// Puts tombstones before what orders them is synced.
    EraseBeforeSynced,
    /// Leaves no note of an erasure that is under way.
    ForgetErasure,
    /// Lets retention take held files.
    PruneHeld,
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
    pub(crate) trust: Trust,
    /// Whether records have a salt.
    pub(crate) salted: bool,
    /// Of a keyed trail.
    pub(crate) keys: Option<RunKeys>,
    /// In mode `signed`: the tree where the trail goes on.
    #[cfg_attr(not(feature = "sign"), allow(dead_code, reason = "only mode signed asks for it"))]
    pub(crate) tree: Range,
    /// As stored: `next_run` is past our run, `clean` is false.
    pub(crate) state: State,
    pub(crate) kept_from: Option<KeptFrom>,
    pub(crate) holds: Holds,
    /// What the writer must record, in this order.
    pub(crate) found: Vec<Finding>,
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
            trust: self.trust,
            commit: 0,
            opened,
            who,
            kept_from: self.kept_from,
            held: self.holds.files.clone(),
            hold: self.holds.trail,
            salted: self.salted,
            tree: None,
            pk: None,
            replaces: self.state.replaces.filter(|_| self.prev_file.is_none()),
            measured: None,
        }
    }
}

/// Opens a trail for writing: locks, reads the state, recovers, and takes the next run's number.
pub(crate) fn open(disk: Arc<dyn Disk>, home: Home, opening: &Opening) -> Result<Opened, Error> {
    recover::open(disk, &home, opening)
}

/// The same for who has its lock, while the process that wrote it last is this one.
pub(crate) fn open_locked(lock: Lock, disk: &dyn Disk, home: &Home, opening: &Opening) -> Result<Opened, Error> {
    recover::open_locked(lock, disk, home, opening)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::io::RealDisk;

    fn create(dir: &Path, keys: Option<&Path>) -> Result<Home, Error> {
        Home::create(&RealDisk, dir, keys)
    }

    #[test]
    fn directories_are_made_for_this_user_alone_and_keys_beside() {
        let tmp = tempfile::tempdir().unwrap();
        let home = create(&tmp.path().join("a/b/logs"), None).unwrap();
        assert_eq!(home.keys, io::with_suffix(&home.dir, ".keys"));
        for dir in [&home.dir, &home.keys] {
            assert_eq!(fs::metadata(dir).unwrap().permissions().mode() & 0o777, 0o700);
        }
        assert_eq!(create(&tmp.path().join("a/./b/../b/logs/"), None).unwrap(), home);
        assert_eq!(Home::find(&RealDisk, &tmp.path().join("a/b/logs"), None).unwrap(), home);
    }

    #[test]
    fn a_directory_that_is_there_keeps_its_bits_and_may_be_reached_by_a_link() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = tmp.path().join("logs");
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o750)).unwrap();
        symlink(&dir, tmp.path().join("link")).unwrap();
        let home = create(&tmp.path().join("link"), None).unwrap();
        assert_eq!(home.dir, dir.canonicalize().unwrap());
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o750);
    }

    #[test]
    fn a_key_directory_inside_the_trail_is_refused_however_it_is_spelled() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = tmp.path().join("logs");
        create(&dir, None).unwrap();
        symlink(&dir, tmp.path().join("link")).unwrap();
        for inside in [
            "logs/keys",
            "logs",
            "logs/../logs/x/y",
            "link/keys",
            "logs.keys/../logs/k",
        ] {
            let keys = tmp.path().join(inside);
            for error in [
                create(&dir, Some(&keys)).unwrap_err(),
                Home::find(&RealDisk, &dir, Some(&keys)).unwrap_err(),
            ] {
                assert_eq!(
                    (error.kind(), error.path()),
                    (ErrorKind::Config, Some(&*keys)),
                    "{error}"
                );
            }
        }
        assert!(fs::read_dir(&dir).unwrap().next().is_none(), "nothing was made");
        create(&dir, Some(&tmp.path().join("logs-keys"))).unwrap();
    }

    #[test]
    fn a_key_directory_around_the_trail_is_refused() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = tmp.path().join("data/logs");
        create(&dir, None).unwrap();
        for around in ["data", ".", "data/../data"] {
            let keys = tmp.path().join(around);
            let error = create(&dir, Some(&keys)).unwrap_err();
            assert_eq!(
                (error.kind(), error.path()),
                (ErrorKind::Config, Some(&*keys)),
                "{error}"
            );
            assert!(error.to_string().contains("AUDIT_KEYS_DIR"), "{error}");
        }
        create(&dir, Some(&tmp.path().join("data/keys"))).unwrap();
    }

    #[test]
    fn a_path_that_cannot_be_a_directory_is_an_error_with_the_remedy() {
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("file");
        fs::write(&file, b"x").unwrap();
        let error = create(&file, None).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Config, Some(&*file)));
        assert!(error.to_string().contains("it is a file"), "{error}");
        let error = create(&file.join("logs"), None).unwrap_err();
        assert!(error.path().is_some_and(|path| path.starts_with(&file)), "{error}");
        let error = create(Path::new("/proc/no/logs"), None).unwrap_err();
        assert!(error.to_string().contains("/proc/no"), "{error}");
        let error = create(Path::new("/"), None).unwrap_err();
        assert!(error.to_string().contains("no place beside"), "{error}");
        assert!(Home::find(&RealDisk, &tmp.path().join("none"), None).is_err());
    }

    #[test]
    fn an_instances_keys_are_found_under_its_parents_keys() {
        let tmp = tempfile::tempdir().unwrap();
        let keys = tmp.path().join("logs.keys/a");
        let made = create(&tmp.path().join("logs/a"), Some(&keys)).unwrap();
        assert_eq!(Home::find(&RealDisk, &tmp.path().join("logs/a"), None).unwrap(), made);
    }

    /// A file that is no trail's, however odd, ends a start in an error or is set aside: at once, and in little memory.
    #[test]
    fn odd_files_under_names_of_ours_end_in_an_error_or_aside() {
        let opening = Opening {
            lock_wait: Duration::ZERO,
            now: sample::noon(),
            boot: None,
            host: "host-a".into(),
            wish: Wish::default(),
        };
        let name = "audit-2026-11-20.jsonl";
        type Make = fn(&Path);
        let odd: [(&str, Make); 6] = [
            ("a pipe", |path| {
                assert!(
                    std::process::Command::new("mkfifo")
                        .arg(path)
                        .status()
                        .unwrap()
                        .success()
                );
            }),
            ("a symbolic link", |path| symlink("/dev/zero", path).unwrap()),
            ("a directory", |path| fs::create_dir(path).unwrap()),
            ("", |path| fs::File::create(path).unwrap().set_len(20 << 20).unwrap()),
            ("", |path| fs::write(path, vec![b'\n'; 100_000]).unwrap()),
            ("", |path| {
                fs::write(path, "{\"tracing_audit\":1,".to_owned() + &"[".repeat(200_000) + "\n").unwrap()
            }),
        ];
        for (noun, make) in odd {
            let tmp = tempfile::tempdir().unwrap();
            let home = create(&tmp.path().join("logs"), None).unwrap();
            let path = home.dir.join(name);
            make(&path);
            let opened = open(RealDisk::shared(), home.clone(), &opening);
            if noun.is_empty() {
                assert_eq!(opened.unwrap().cause, Cause::Recover);
                assert!(!path.exists() && io::with_suffix(&path, ".torn").exists());
            } else {
                let error = opened.unwrap_err();
                assert_eq!(error.path(), Some(&*path), "{error}");
                assert!(error.to_string().contains(noun), "{error}");
            }
        }
    }

    #[test]
    fn a_directory_that_may_not_be_written_is_an_error_with_the_remedy() {
        // /sys is read-only even for root.
        let home = Home {
            dir: "/sys/kernel".into(),
            keys: "/tmp".into(),
        };
        let opening = Opening {
            lock_wait: Duration::ZERO,
            now: sample::noon(),
            boot: None,
            host: "host-a".into(),
            wish: Wish::default(),
        };
        let error = open(RealDisk::shared(), home, &opening).unwrap_err();
        assert!(error.to_string().contains("/sys/kernel/.lock"), "{error}");
        assert!(error.to_string().contains("writable"), "{error}");
    }
}
