//! What the stories of the writer share: a clock set by hand, a disk with moods, and short ways to emit and to look.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::brief::Brief;
use crate::builder::Builder;
use crate::clock::{Clock, Micros};
use crate::detect::Watch;
use crate::error::Error;
use crate::event::{EventType, events};
use crate::io::mem::MemDisk;
use crate::io::{Disk, DiskFile, Stat};
use crate::outcome::Outcome;
use crate::reader::walk::Walk;
use crate::receipt::Receipt;
use crate::record::Record;
use crate::render::{Fields, Name, Stage, What};
use crate::severity::Severity;
use crate::sync::{Condvar, Mutex};
use crate::trail::{Core, Trail};
use crate::verify::{Report, Verdict, Verify};

pub(super) const LOGS: &str = "/logs";
pub(super) const NOON: i64 = 1_795_262_400_000_000;

/// A clock set by hand; both faces move at once.
#[derive(Debug, Default)]
pub(super) struct Hand {
    passed: AtomicU64,
    ahead: AtomicI64,
}

impl Hand {
    pub(super) fn at_noon() -> Arc<Hand> {
        let hand = Hand::default();
        hand.ahead.store(NOON, Ordering::Relaxed);
        Arc::new(hand)
    }

    pub(super) fn pass(&self, span: Duration) {
        self.passed.fetch_add(span.as_micros() as u64, Ordering::Relaxed);
    }

    pub(super) fn step(&self, seconds: i64) {
        self.ahead.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> SystemTime {
        Micros(self.ahead.load(Ordering::Relaxed) + self.passed.load(Ordering::Relaxed) as i64).into()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.passed.load(Ordering::Relaxed))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Works,
    Fails(io::ErrorKind),
    /// The call does not come back.
    Hangs,
    /// It takes this long.
    Slow(Duration),
}

/// A disk whose trail files write and sync as a test wants.
#[derive(Clone, Debug)]
pub(super) struct Moody<D = MemDisk> {
    pub(super) disk: D,
    pub(super) moods: Arc<Moods>,
}

#[derive(Debug)]
pub(super) struct Moods {
    /// For writes, for syncs.
    now: Mutex<(Mood, Mood)>,
    pub(super) changed: Condvar,
    pub(super) writes: AtomicU64,
    pub(super) syncs: AtomicU64,
    /// How often a call began to hang.
    pub(super) hung: AtomicU64,
    /// Bytes free; nobody knows at first.
    free: Mutex<Option<u64>>,
    /// A file that is removed before it is opened for reading once more than so often.
    fleeting: Mutex<Option<(PathBuf, u32)>>,
}

impl Moody {
    pub(super) fn new() -> Moody {
        Moody::over(MemDisk::new())
    }
}

impl<D: Disk + Clone + 'static> Moody<D> {
    pub(super) fn over(disk: D) -> Moody<D> {
        Moody {
            disk,
            moods: Arc::new(Moods {
                now: Mutex::new((Mood::Works, Mood::Works)),
                changed: Condvar::new(),
                writes: AtomicU64::new(0),
                syncs: AtomicU64::new(0),
                hung: AtomicU64::new(0),
                free: Mutex::new(None),
                fleeting: Mutex::new(None),
            }),
        }
    }

    pub(super) fn shared(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    /// The disk has so much room from now on.
    pub(super) fn has(&self, free: u64) {
        *self.moods.free.lock() = Some(free);
    }

    /// The file is there for so many looks into it.
    pub(super) fn vanishes(&self, path: &str, looks: u32) {
        *self.moods.fleeting.lock() = Some((path.into(), looks));
    }

    pub(super) fn writes(&self, mood: Mood) {
        self.moods.now.lock().0 = mood;
        self.moods.changed.notify_all();
    }

    pub(super) fn syncs(&self, mood: Mood) {
        self.moods.now.lock().1 = mood;
        self.moods.changed.notify_all();
    }

    fn wrap(&self, path: &Path, file: io::Result<Arc<dyn DiskFile>>) -> io::Result<Arc<dyn DiskFile>> {
        let ours = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("audit-"));
        Ok(match ours {
            true => Arc::new(MoodyFile {
                file: file?,
                moods: Arc::clone(&self.moods),
            }),
            false => file?,
        })
    }
}

impl Moods {
    fn obey(&self, which: fn(&(Mood, Mood)) -> Mood) -> io::Result<()> {
        let mut now = self.now.lock();
        loop {
            match which(&now) {
                Mood::Works => return Ok(()),
                Mood::Fails(kind) => return Err(kind.into()),
                Mood::Hangs => {
                    self.hung.fetch_add(1, Ordering::Relaxed);
                    self.changed.wait(&mut now);
                }
                Mood::Slow(time) => {
                    drop(now);
                    std::thread::sleep(time);
                    return Ok(());
                }
            }
        }
    }
}

impl<D: Disk + Clone + 'static> Disk for Moody<D> {
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
        if let Some((fleeting, looks)) = &mut *self.moods.fleeting.lock()
            && fleeting == path
        {
            match looks.checked_sub(1) {
                Some(left) => *looks = left,
                None => drop(self.disk.unlink(path)),
            }
        }
        self.disk.open_read(path)
    }
    fn open_lock(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open_lock(path)
    }
    fn list(&self, dir: &Path, prefix: &str) -> io::Result<Vec<String>> {
        self.disk.list(dir, prefix)
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
        self.disk.sync_dir(dir)
    }
    fn free(&self, dir: &Path) -> io::Result<u64> {
        let free = *self.moods.free.lock();
        free.map_or_else(|| self.disk.free(dir), Ok)
    }
}

#[derive(Debug)]
pub(super) struct MoodyFile {
    file: Arc<dyn DiskFile>,
    pub(super) moods: Arc<Moods>,
}

impl DiskFile for MoodyFile {
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.moods.writes.fetch_add(1, Ordering::Relaxed);
        self.moods.obey(|now| now.0)?;
        self.file.write(bytes)
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(at, into)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.moods.syncs.fetch_add(1, Ordering::Relaxed);
        self.moods.obey(|now| now.1)?;
        self.file.sync_data()
    }
    fn truncate(&self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
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

pub(super) fn builder(disk: Arc<dyn Disk>, clock: &Arc<Hand>) -> Builder {
    Trail::builder(LOGS)
        .detached()
        .disk(disk)
        .clock(clock.clone())
        .host("host-a")
        // What rules do has stories of its own.
        .watch(Watch::none())
        .wait_limit(Duration::from_secs(60))
}

pub(super) fn emit_as(trail: &Trail, event: EventType, severity: Severity) -> Receipt {
    emit_to(trail.core(), event, severity)
}

pub(super) fn emit_to(core: &Core, event: EventType, severity: Severity) -> Receipt {
    let what = What {
        time: core.time.micros(),
        occurred: None,
        event: Name::Type(event),
        category: event.category(),
        severity,
        outcome: Outcome::Success,
        texts: None,
    };
    core.accept(&what, &mut Fields::new(), &[], &mut Stage::take().line, &mut {
        Brief::BLANK
    })
}

pub(super) fn emit(trail: &Trail) -> Receipt {
    emit_as(trail, events::DATA_READ, Severity::Low)
}

/// The live records.
pub(super) fn records(disk: &MemDisk) -> Vec<Record> {
    let (records, holes) = records_and_holes(disk);
    assert!(holes.is_empty(), "{holes:?}");
    records
}

/// The live records, and what a reader says is missing between them.
pub(super) fn records_and_holes(disk: &MemDisk) -> (Vec<Record>, Vec<Error>) {
    let mut walk = Walk::begin(disk.shared(), Path::new(LOGS)).unwrap();
    let (mut records, mut holes) = (Vec::new(), Vec::new());
    while let Some(next) = walk.next() {
        match next {
            Ok((_, line)) => records.push(crate::parse::record(line).unwrap()),
            Err(error) => holes.push(error),
        }
    }
    (records, holes)
}

pub(super) fn check(disk: &MemDisk) -> Report {
    Verify::new(LOGS).threads(1).run_on(&disk.shared()).unwrap()
}

pub(super) fn assert_consistent(disk: &MemDisk) {
    let report = check(disk);
    assert_eq!(report.verdict(), Verdict::Consistent, "{report}");
}

/// Those of one event.
pub(super) fn named<'a>(records: &'a [Record], event: &'a str) -> impl Iterator<Item = &'a Record> + Clone {
    records.iter().filter(move |record| record.event() == event)
}

pub(super) fn count(records: &[Record], event: &str) -> usize {
    named(records, event).count()
}

pub(super) fn own_records(disk: &MemDisk) -> u64 {
    records(disk)
        .iter()
        .filter(|record| record.event().starts_with("AUDIT_"))
        .count() as u64
}

pub(super) fn wait_until(done: impl Fn() -> bool) {
    let began = std::time::Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(180), "it never came");
        std::thread::sleep(Duration::from_millis(1));
    }
}
