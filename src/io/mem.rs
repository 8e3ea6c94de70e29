//! A disk in memory that forgets what was not synced: crashes as tests want them.
//!
//! A file's bytes and a directory's names are kept twice: as the process sees them, and as they are durable. Between them
//! stand the changes that no sync covered yet. A crash keeps any subset of these, in any order that a disk may choose:
//! a size without its bytes (zeros), some sectors of a write without the others, a new name without the old one's end.
//! A sync that fails forgets what it was to keep: the bytes may be on the disk or not, and no later sync makes them so.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use super::luck::{All, Dice, Luck, Nothing};
use super::{Disk, DiskFile, FileKind, Stat, not_a_file};
use crate::clock::Micros;

/// The unit that a disk writes in one piece.
const SECTOR: usize = 512;

/// Handles are cheap; all of them are one disk.
#[derive(Clone, Debug)]
pub(crate) struct MemDisk {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    /// Another disk has another one, so that locks of tests that run at once do not meet.
    dev: u64,
    next_ino: u64,
    dirs: BTreeMap<PathBuf, Dir>,
    files: BTreeMap<u64, Node>,
    locked: BTreeSet<u64>,
    /// Calls that change something, and may still succeed. The process dies when they are used up.
    budget: Option<u64>,
    calls: u64,
    /// Calls with these numbers fail so, once each.
    faults: BTreeMap<u64, Fault>,
    /// The same for calls that change nothing.
    looks: u64,
    look_faults: BTreeMap<u64, Fault>,
    /// Where each call is noted before it is done.
    tape: Option<Tape>,
    /// The most bytes that one write takes.
    short: Option<usize>,
    /// The most bytes that all files have together.
    limit: Option<u64>,
    now: Micros,
}

/// How one call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Kind(io::ErrorKind),
    /// As the operating system numbers it.
    Errno(i32),
    /// A write that takes a part; other calls succeed.
    Short,
}

impl Fault {
    fn error(self) -> Option<io::Error> {
        match self {
            Fault::Kind(kind) => Some(kind.into()),
            Fault::Errno(errno) => Some(io::Error::from_raw_os_error(errno)),
            Fault::Short => None,
        }
    }
}

/// The disk as it was before each call that changes something, and what a witness said at that moment.
#[derive(Clone)]
pub(crate) struct Tape {
    pub(crate) frames: Arc<Mutex<Vec<(MemDisk, u64)>>>,
    pub(crate) witness: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl std::fmt::Debug for Tape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tape").finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Default)]
struct Dir {
    names: BTreeMap<String, u64>,
    durable: BTreeMap<String, u64>,
    pending: Vec<Entry>,
    /// Of a sync that failed.
    forgotten: Vec<Entry>,
}

#[derive(Clone, Debug)]
enum Entry {
    Add(String, u64),
    Remove(String),
    /// One change: a crash keeps the whole of it or nothing.
    Rename(String, String, u64),
}

impl Entry {
    /// The name that it decides about.
    fn about(&self) -> &str {
        match self {
            Entry::Add(name, _) | Entry::Remove(name) | Entry::Rename(_, name, _) => name,
        }
    }
}

#[derive(Clone, Debug)]
struct Node {
    kind: FileKind,
    data: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
    /// Written before a sync that failed.
    forgotten: Vec<Change>,
    modified: Micros,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

impl Dir {
    fn apply(names: &mut BTreeMap<String, u64>, entry: &Entry) {
        match entry {
            Entry::Add(name, ino) => {
                names.insert(name.clone(), *ino);
            }
            Entry::Remove(name) => {
                names.remove(name);
            }
            Entry::Rename(from, to, ino) => {
                names.remove(from);
                names.insert(to.clone(), *ino);
            }
        }
    }

    fn change(&mut self, entry: Entry) {
        Dir::apply(&mut self.names, &entry);
        self.pending.push(entry);
    }

    /// The changes since the last sync are on the disk, and what an earlier sync forgot of the same names is past: a directory
    /// holds one entry a name, so that no crash brings back one that a synced entry took the place of.
    fn sync(&mut self) {
        for entry in self.pending.drain(..) {
            self.forgotten.retain(|old| old.about() != entry.about());
            Dir::apply(&mut self.durable, &entry);
        }
    }
}

impl Change {
    fn apply(&self, data: &mut Vec<u8>) {
        match self {
            Change::Truncate(len) => data.resize(*len, 0),
            Change::Write(at, bytes) => put_at(data, *at, bytes),
        }
    }
}

/// What lies between the end and what is put behind it reads as zeros.
fn put_at(data: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if data.len() < end {
        data.resize(end, 0);
    }
    data[at..end].copy_from_slice(bytes);
}

impl MemDisk {
    pub(crate) fn new() -> MemDisk {
        static DEV: AtomicU64 = AtomicU64::new(1 << 40);
        let root = BTreeMap::from([(PathBuf::from("/"), Dir::default())]);
        MemDisk {
            shared: Arc::new(Mutex::new(Shared {
                dev: DEV.fetch_add(1, Ordering::Relaxed),
                next_ino: 2,
                dirs: root,
                files: BTreeMap::new(),
                locked: BTreeSet::new(),
                budget: None,
                calls: 0,
                faults: BTreeMap::new(),
                looks: 0,
                look_faults: BTreeMap::new(),
                tape: None,
                short: None,
                limit: None,
                now: Micros(0),
            })),
        }
    }

    pub(crate) fn shared(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The disk after the machine went down: what was synced, and what `luck` kept of the rest.
    pub(crate) fn crash(&self, luck: &mut impl Luck) -> MemDisk {
        let other = MemDisk::new();
        {
            let (from, mut to) = (self.state(), other.state());
            to.next_ino = from.next_ino;
            to.limit = from.limit;
            to.now = from.now;
            for (path, dir) in &from.dirs {
                let mut names = dir.durable.clone();
                let unsynced = dir.forgotten.iter().chain(&dir.pending);
                for entry in unsynced.filter(|_| luck.keeps()) {
                    Dir::apply(&mut names, entry);
                }
                // A directory is there while one of the changes that made it is: names of directories are not lost here.
                to.dirs.insert(
                    path.clone(),
                    Dir {
                        names: names.clone(),
                        durable: names,
                        ..Dir::default()
                    },
                );
            }
            for (ino, node) in &from.files {
                let data = node.after(luck);
                let node = Node {
                    kind: node.kind,
                    durable: data.clone(),
                    data,
                    pending: Vec::new(),
                    forgotten: Vec::new(),
                    modified: node.modified,
                };
                to.files.insert(*ino, node);
            }
        }
        other
    }

    /// The disk as the next process sees it when this one was killed: nothing is lost, nothing becomes durable.
    ///
    /// A sync by that process covers what this one wrote, even what a failed sync of this one's forgot: docs/FORMAT.md,
    /// section 20, assumes so, and names the double fault in which it is not true.
    pub(crate) fn kill(&self) -> MemDisk {
        let other = self.state().fork();
        {
            let mut shared = other.state();
            for node in shared.files.values_mut() {
                let since = std::mem::replace(&mut node.pending, std::mem::take(&mut node.forgotten));
                node.pending.extend(since);
            }
            for dir in shared.dirs.values_mut() {
                let since = std::mem::replace(&mut dir.pending, std::mem::take(&mut dir.forgotten));
                dir.pending.extend(since);
            }
        }
        other
    }

    /// From here on every change is preceded by a copy of the disk. What the witness does must need nothing of the disk.
    pub(crate) fn tape(&self, tape: Option<Tape>) {
        self.state().tape = tape;
    }

    /// Whether a crash would leave it as it is.
    pub(crate) fn is_settled(&self) -> bool {
        let shared = self.state();
        let files = shared
            .files
            .values()
            .all(|node| node.durable == node.data && node.forgotten.is_empty());
        files
            && shared
                .dirs
                .values()
                .all(|dir| dir.durable == dir.names && dir.forgotten.is_empty())
    }

    pub(crate) fn is_taped(&self) -> bool {
        self.state().tape.is_some()
    }

    /// A number that two disks share only if they hold the same under the same names.
    pub(crate) fn print(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (path, data) in self.tree() {
            (path, data).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// After this many more changes every call fails: the process is dead.
    pub(crate) fn die_after(&self, changes: u64) {
        self.state().budget = Some(changes);
    }

    /// Changes made so far.
    pub(crate) fn calls(&self) -> u64 {
        self.state().calls
    }

    /// The change with this number, counted from the first of the disk, fails once.
    pub(crate) fn fail(&self, call: u64, kind: io::ErrorKind) {
        self.fail_as(call, Fault::Kind(kind));
    }

    pub(crate) fn fail_as(&self, call: u64, fault: Fault) {
        self.state().faults.insert(call, fault);
    }

    /// Calls that changed nothing so far.
    pub(crate) fn looks(&self) -> u64 {
        self.state().looks
    }

    /// The look with this number fails once.
    pub(crate) fn fail_look(&self, look: u64, fault: Fault) {
        self.state().look_faults.insert(look, fault);
    }

    /// Whether a call that was to fail has not been made.
    pub(crate) fn has_faults(&self) -> bool {
        let shared = self.state();
        !shared.faults.is_empty() || !shared.look_faults.is_empty()
    }

    /// Writes take at most this many bytes at a time.
    pub(crate) fn short_writes(&self, bytes: Option<usize>) {
        self.state().short = bytes;
    }

    /// The disk has room for so many bytes in all; what is there already stays.
    pub(crate) fn limit(&self, bytes: Option<u64>) {
        self.state().limit = bytes;
    }

    /// Bytes of all files that have a name.
    pub(crate) fn used(&self) -> u64 {
        self.state().used()
    }

    pub(crate) fn set_now(&self, now: Micros) {
        self.state().now = now;
    }

    /// Reads a file behind everybody's back.
    pub(crate) fn get(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        let shared = self.state();
        shared.node(path.as_ref()).ok().map(|node| node.data.clone())
    }

    /// Writes a file behind everybody's back, durably.
    pub(crate) fn put(&self, path: impl AsRef<Path>, data: &[u8]) {
        self.put_kind(path, FileKind::File, data);
    }

    /// Changes a file's bytes behind everybody's back, durably; it stays the same file.
    pub(crate) fn overwrite(&self, path: impl AsRef<Path>, data: &[u8]) {
        let mut shared = self.state();
        let ino = shared.ino(path.as_ref()).unwrap();
        let node = shared.files.get_mut(&ino).unwrap();
        node.data = data.to_vec();
        node.durable = data.to_vec();
        node.pending.clear();
        node.forgotten.clear();
    }

    /// The same for a pipe, a link, a directory of that name.
    pub(crate) fn put_kind(&self, path: impl AsRef<Path>, kind: FileKind, data: &[u8]) {
        let mut shared = self.state();
        let (dir, name) = split(path.as_ref()).unwrap();
        let node = Node {
            kind,
            data: data.to_vec(),
            durable: data.to_vec(),
            pending: Vec::new(),
            forgotten: Vec::new(),
            modified: shared.now,
        };
        let ino = shared.next_ino;
        shared.next_ino += 1;
        shared.files.insert(ino, node);
        let dir = shared.dirs.entry(dir).or_default();
        dir.names.insert(name.clone(), ino);
        dir.durable.insert(name, ino);
    }

    pub(crate) fn remove(&self, path: impl AsRef<Path>) {
        let mut shared = self.state();
        let (dir, name) = split(path.as_ref()).unwrap();
        let dir = shared.dirs.entry(dir).or_default();
        dir.names.remove(&name);
        dir.durable.remove(&name);
    }

    /// Renames a directory behind everybody's back; what is open stays open.
    pub(crate) fn move_dir(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) {
        let mut shared = self.state();
        let dir = shared.dirs.remove(from.as_ref()).unwrap();
        shared.dirs.insert(to.as_ref().to_owned(), dir);
    }

    /// Every path with its bytes.
    pub(crate) fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let shared = self.state();
        let mut tree = BTreeMap::new();
        for (path, dir) in &shared.dirs {
            for (name, ino) in &dir.names {
                if let Some(node) = shared.files.get(ino).filter(|node| node.kind != FileKind::Dir) {
                    tree.insert(path.join(name), node.data.clone());
                }
            }
        }
        tree
    }
}

impl Node {
    /// What a crash leaves of it.
    fn after(&self, luck: &mut impl Luck) -> Vec<u8> {
        let mut data = self.durable.clone();
        for change in self.forgotten.iter().chain(&self.pending) {
            match change {
                Change::Truncate(_) => {
                    if luck.keeps() {
                        change.apply(&mut data);
                    }
                }
                Change::Write(at, bytes) => {
                    // Sectors arrive each on its own; the size that covers one that did not arrive reads as zeros.
                    let mut begin = 0;
                    while begin < bytes.len() {
                        let end = ((at + begin) / SECTOR * SECTOR + SECTOR - at).min(bytes.len());
                        if luck.keeps() {
                            put_at(&mut data, at + begin, &bytes[begin..end]);
                        }
                        begin = end;
                    }
                }
            }
        }
        data
    }

    fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.durable);
        }
    }

    fn forget(&mut self) {
        self.forgotten.append(&mut self.pending);
    }
}

impl Shared {
    /// Counts a change, and refuses it where the test says so.
    fn change(&mut self) -> io::Result<()> {
        self.change_in_part().map(drop)
    }

    /// The same; whether a write is to take a part only.
    fn change_in_part(&mut self) -> io::Result<bool> {
        if let Some(tape) = &self.tape {
            let said = (tape.witness)();
            let frame = (self.fork(), said);
            tape.frames.lock().unwrap_or_else(PoisonError::into_inner).push(frame);
        }
        let call = self.calls;
        self.calls += 1;
        let fault = self.faults.remove(&call);
        if let Some(error) = fault.and_then(Fault::error) {
            return Err(error);
        }
        self.alive()?;
        if let Some(left) = &mut self.budget {
            *left -= 1;
        }
        Ok(fault.is_some())
    }

    /// Another disk that holds the same.
    fn fork(&self) -> MemDisk {
        let other = MemDisk::new();
        {
            let mut to = other.state();
            to.next_ino = self.next_ino;
            to.limit = self.limit;
            to.now = self.now;
            to.dirs = self.dirs.clone();
            to.files = self.files.clone();
        }
        other
    }

    /// Counts a call that changes nothing, and refuses it where the test says so.
    fn look(&mut self) -> io::Result<()> {
        self.alive()?;
        let look = self.looks;
        self.looks += 1;
        match self.look_faults.remove(&look).and_then(Fault::error) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn alive(&self) -> io::Result<()> {
        match self.budget {
            Some(0) => Err(io::Error::other("the process is dead")),
            _ => Ok(()),
        }
    }

    fn ino(&self, path: &Path) -> io::Result<u64> {
        let (dir, name) = split(path)?;
        let dir = self.dirs.get(&dir).ok_or(io::ErrorKind::NotFound)?;
        dir.names.get(&name).copied().ok_or(io::ErrorKind::NotFound.into())
    }

    fn node(&self, path: &Path) -> io::Result<&Node> {
        self.files.get(&self.ino(path)?).ok_or(io::ErrorKind::NotFound.into())
    }

    fn used(&self) -> u64 {
        let inos: BTreeSet<u64> = self.dirs.values().flat_map(|dir| dir.names.values().copied()).collect();
        let nodes = inos.iter().filter_map(|ino| self.files.get(ino));
        nodes.map(|node| node.data.len() as u64).sum()
    }

    fn stat(&self, ino: u64, node: &Node) -> Stat {
        let names = self.dirs.values().flat_map(|dir| dir.names.values());
        Stat {
            kind: node.kind,
            len: node.data.len() as u64,
            dev: self.dev,
            ino,
            nlink: names.filter(|known| **known == ino).count() as u64,
            mode: 0o600,
            modified: node.modified,
            changed: node.modified,
        }
    }
}

fn split(path: &Path) -> io::Result<(PathBuf, String)> {
    let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or(io::ErrorKind::InvalidInput)?;
    Ok((dir.to_owned(), name.to_owned()))
}

impl Disk for MemDisk {
    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        let mut plain = PathBuf::from("/");
        for component in path.components() {
            match component {
                Component::ParentDir => {
                    plain.pop();
                }
                Component::Normal(name) => plain.push(name),
                _ => {}
            }
        }
        let shared = self.state();
        if shared.dirs.contains_key(&plain) || shared.ino(&plain).is_ok() {
            Ok(plain)
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut shared = self.state();
        shared.change()?;
        let (parent, _) = split(path)?;
        if shared.dirs.contains_key(path) || shared.ino(path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if !shared.dirs.contains_key(&parent) {
            return Err(io::ErrorKind::NotFound.into());
        }
        shared.dirs.insert(path.to_owned(), Dir::default());
        Ok(())
    }

    fn open_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut shared = self.state();
        shared.change()?;
        if shared.ino(path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let (dir, name) = split(path)?;
        let (ino, modified) = (shared.next_ino, shared.now);
        let dir = shared.dirs.get_mut(&dir).ok_or(io::ErrorKind::NotFound)?;
        dir.change(Entry::Add(name, ino));
        shared.next_ino += 1;
        let node = Node {
            kind: FileKind::File,
            data: Vec::new(),
            durable: Vec::new(),
            pending: Vec::new(),
            forgotten: Vec::new(),
            modified,
        };
        shared.files.insert(ino, node);
        Ok(Arc::new(MemFile {
            disk: self.clone(),
            ino,
            writable: true,
            locked: AtomicBool::default(),
        }))
    }

    fn open_append(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.open(path, true)
    }

    fn open_read(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.open(path, false)
    }

    fn open_lock(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        match self.open_new(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.open_append(path),
            other => other,
        }
    }

    fn list(&self, dir: &Path, prefix: &str) -> io::Result<Vec<String>> {
        let mut shared = self.state();
        shared.look()?;
        let dir = shared.dirs.get(dir).ok_or(io::ErrorKind::NotFound)?;
        Ok(dir
            .names
            .keys()
            .filter(|name| name.starts_with(prefix))
            .cloned()
            .collect())
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let mut shared = self.state();
        shared.look()?;
        if shared.dirs.contains_key(path) {
            return Ok(Stat {
                kind: FileKind::Dir,
                len: 0,
                dev: shared.dev,
                ino: 1,
                nlink: 2,
                mode: 0o700,
                modified: shared.now,
                changed: shared.now,
            });
        }
        Ok(shared.stat(shared.ino(path)?, shared.node(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut shared = self.state();
        shared.change()?;
        let ino = shared.ino(from)?;
        let ((dir, from), (to_dir, to)) = (split(from)?, split(to)?);
        if dir == to_dir {
            let dir = shared.dirs.get_mut(&dir).ok_or(io::ErrorKind::NotFound)?;
            dir.change(Entry::Rename(from, to, ino));
            return Ok(());
        }
        // A file that changes its directory is never in neither of them; a crash may leave it in both.
        let target = shared.dirs.get_mut(&to_dir).ok_or(io::ErrorKind::NotFound)?;
        target.names.insert(to.clone(), ino);
        target.durable.insert(to, ino);
        let dir = shared.dirs.get_mut(&dir).ok_or(io::ErrorKind::NotFound)?;
        dir.change(Entry::Remove(from));
        Ok(())
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        let mut shared = self.state();
        shared.change()?;
        shared.ino(path)?;
        let (dir, name) = split(path)?;
        let dir = shared.dirs.get_mut(&dir).ok_or(io::ErrorKind::NotFound)?;
        dir.change(Entry::Remove(name));
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut shared = self.state();
        let changed = shared.change();
        let dir = shared.dirs.get_mut(dir).ok_or(io::ErrorKind::NotFound)?;
        match changed {
            Ok(()) => dir.sync(),
            Err(_) => dir.forgotten.append(&mut dir.pending),
        }
        changed
    }
}

impl MemDisk {
    fn open(&self, path: &Path, writable: bool) -> io::Result<Arc<dyn DiskFile>> {
        let mut shared = self.state();
        shared.look()?;
        if shared.dirs.contains_key(path) {
            return Err(not_a_file(FileKind::Dir));
        }
        match shared.node(path)?.kind {
            FileKind::File => {}
            kind => return Err(not_a_file(kind)),
        }
        let ino = shared.ino(path)?;
        drop(shared);
        Ok(Arc::new(MemFile {
            disk: self.clone(),
            ino,
            writable,
            locked: AtomicBool::default(),
        }))
    }
}

#[derive(Debug)]
struct MemFile {
    disk: MemDisk,
    ino: u64,
    writable: bool,
    locked: AtomicBool,
}

/// The system takes a lock back from a file that is closed.
impl Drop for MemFile {
    fn drop(&mut self) {
        if self.locked.load(Ordering::Relaxed) {
            let _ = self.unlock();
        }
    }
}

impl MemFile {
    fn change<T>(&self, change: impl FnOnce(&mut Node, Option<usize>) -> T) -> io::Result<T> {
        if !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let mut shared = self.disk.state();
        let in_part = shared.change_in_part()?;
        let (mut short, now) = (shared.short, shared.now);
        if in_part {
            short = Some(40);
        }
        if let Some(limit) = shared.limit {
            let left = limit.saturating_sub(shared.used());
            short = Some(
                short
                    .unwrap_or(usize::MAX)
                    .min(usize::try_from(left).unwrap_or(usize::MAX)),
            );
        }
        let node = shared.files.get_mut(&self.ino).ok_or(io::ErrorKind::NotFound)?;
        node.modified = now;
        Ok(change(node, short))
    }
}

impl DiskFile for MemFile {
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.change(|node, short| {
            let bytes = &bytes[..short.unwrap_or(usize::MAX).min(bytes.len())];
            let at = node.data.len();
            if !bytes.is_empty() {
                node.data.extend_from_slice(bytes);
                node.pending.push(Change::Write(at, bytes.to_vec()));
            }
            bytes.len()
        })?;
        match written {
            0 if !bytes.is_empty() => Err(io::ErrorKind::StorageFull.into()),
            written => Ok(written),
        }
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut shared = self.disk.state();
        shared.look()?;
        let node = shared.files.get(&self.ino).ok_or(io::ErrorKind::NotFound)?;
        let rest = node.data.get(at as usize..).unwrap_or_default();
        let read = rest.len().min(into.len());
        into[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    fn sync_data(&self) -> io::Result<()> {
        let synced = self.change(|node, _| node.sync());
        if synced.is_err()
            && let Some(node) = self.disk.state().files.get_mut(&self.ino)
        {
            node.forget();
        }
        synced
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.change(|node, _| {
            node.data.resize(len as usize, 0);
            node.pending.push(Change::Truncate(len as usize));
        })
    }

    fn stat(&self) -> io::Result<Stat> {
        let mut shared = self.disk.state();
        shared.look()?;
        let node = shared.files.get(&self.ino).ok_or(io::ErrorKind::NotFound)?;
        Ok(shared.stat(self.ino, node))
    }

    fn try_lock(&self) -> io::Result<bool> {
        let mut shared = self.disk.state();
        shared.look()?;
        let locked = shared.locked.insert(self.ino);
        self.locked.fetch_or(locked, Ordering::Relaxed);
        Ok(locked)
    }

    /// Enough for readers, who ask and give back at once.
    fn try_lock_shared(&self) -> io::Result<bool> {
        self.try_lock()
    }

    fn unlock(&self) -> io::Result<()> {
        if self.locked.swap(false, Ordering::Relaxed) {
            self.disk.state().locked.remove(&self.ino);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{RealDisk, replace, write_all};

    #[test]
    fn what_was_synced_survives_and_the_rest_may_not() {
        let disk = MemDisk::new();
        let path = Path::new("/a");
        let file = disk.open_new(path).unwrap();
        write_all(&*file, b"one").unwrap();
        assert_eq!(disk.crash(&mut Nothing).get(path), None, "the name was not synced");
        assert_eq!(disk.crash(&mut All).get(path).unwrap(), b"one");
        disk.sync_dir(Path::new("/")).unwrap();
        assert_eq!(disk.crash(&mut Nothing).get(path).unwrap(), b"", "the bytes were not");
        file.sync_data().unwrap();
        write_all(&*file, b" two").unwrap();
        assert_eq!(disk.crash(&mut Nothing).get(path).unwrap(), b"one");
        assert_eq!(disk.kill().get(path).unwrap(), b"one two");
    }

    #[test]
    fn what_a_failed_sync_forgot_no_later_one_keeps() {
        let disk = MemDisk::new();
        let file = disk.open_new(Path::new("/a")).unwrap();
        disk.sync_dir(Path::new("/")).unwrap();
        write_all(&*file, b"one").unwrap();
        disk.fail(disk.calls(), io::ErrorKind::Other);
        file.sync_data().unwrap_err();
        file.sync_data().unwrap();
        write_all(&*file, b"two").unwrap();
        file.sync_data().unwrap();
        assert_eq!(disk.kill().get("/a").unwrap(), b"onetwo", "whoever reads it sees it");
        assert_eq!(disk.crash(&mut Nothing).get("/a").unwrap(), b"\0\0\0two");
        assert_eq!(disk.crash(&mut All).get("/a").unwrap(), b"onetwo");
        disk.open_new(Path::new("/b")).unwrap();
        disk.fail(disk.calls(), io::ErrorKind::Other);
        disk.sync_dir(Path::new("/")).unwrap_err();
        disk.sync_dir(Path::new("/")).unwrap();
        assert_eq!(disk.crash(&mut Nothing).get("/b"), None);
    }

    #[test]
    fn a_name_that_was_synced_does_not_go_back_to_what_a_failed_sync_forgot() {
        let disk = MemDisk::new();
        let (dir, path) = (Path::new("/"), Path::new("/state"));
        let put = |data: &[u8]| {
            let file = disk.open_new(Path::new("/state.tmp")).unwrap();
            write_all(&*file, data).unwrap();
            file.sync_data().unwrap();
            disk.rename(Path::new("/state.tmp"), path).unwrap();
        };
        put(b"1");
        disk.sync_dir(dir).unwrap();
        put(b"2");
        disk.fail(disk.calls(), io::ErrorKind::Other);
        disk.sync_dir(dir).unwrap_err();
        assert_eq!(disk.crash(&mut Nothing).get(path).unwrap(), b"1");
        assert_eq!(disk.crash(&mut All).get(path).unwrap(), b"2");
        put(b"3");
        disk.sync_dir(dir).unwrap();
        assert_eq!(disk.crash(&mut Nothing).get(path).unwrap(), b"3");
        assert_eq!(disk.crash(&mut All).get(path).unwrap(), b"3");
    }

    #[test]
    fn a_tape_has_the_disk_before_every_change() {
        let disk = MemDisk::new();
        let frames = Arc::new(Mutex::new(Vec::new()));
        disk.tape(Some(Tape {
            frames: Arc::clone(&frames),
            witness: Arc::new(|| 7),
        }));
        write_all(&*disk.open_new(Path::new("/a")).unwrap(), b"x").unwrap();
        let frames = std::mem::take(&mut *frames.lock().unwrap());
        let seen: Vec<_> = frames.iter().map(|(disk, said)| (disk.get("/a"), *said)).collect();
        assert_eq!(seen, [(None, 7), (Some(Vec::new()), 7)]);
    }

    #[test]
    fn a_crash_can_leave_zeros_before_bytes() {
        let disk = MemDisk::new();
        let file = disk.open_new(Path::new("/a")).unwrap();
        disk.sync_dir(Path::new("/")).unwrap();
        write_all(&*file, &[7; 3 * SECTOR]).unwrap();
        let holes = (0..200).filter(|seed| {
            let left = disk.crash(&mut Dice(*seed)).get("/a").unwrap();
            left.len() == 3 * SECTOR && left[SECTOR] == 0 && left[0] == 7
        });
        assert!(holes.count() > 0);
    }

    #[test]
    fn a_replaced_file_has_the_old_bytes_or_the_new_ones_at_every_death() {
        for death in 0..8 {
            for seed in 0..50 {
                let disk = MemDisk::new();
                replace(&disk, Path::new("/state"), b"old").unwrap();
                disk.die_after(death);
                let done = replace(&disk, Path::new("/state"), b"new").is_ok();
                let left = disk.crash(&mut Dice(seed)).get("/state").unwrap();
                assert!(left == b"new" || (left == b"old" && !done), "death {death}: {left:?}");
            }
        }
    }

    /// The model and the system must agree on what the trail relies on.
    #[test]
    fn the_model_behaves_as_the_system_does() {
        let real = tempfile::tempdir().unwrap();
        let model = MemDisk::new();
        let disks: [(&dyn Disk, &Path); 2] = [(&RealDisk, real.path()), (&model, Path::new("/"))];
        for (disk, root) in disks {
            let at = |name: &str| root.join(name);
            disk.create_dir(&at("d")).unwrap();
            assert_eq!(
                disk.create_dir(&at("d")).unwrap_err().kind(),
                io::ErrorKind::AlreadyExists
            );
            assert_eq!(disk.create_dir(&at("x/y")).unwrap_err().kind(), io::ErrorKind::NotFound);
            assert_eq!(
                disk.open_read(&at("d")).unwrap_err().kind(),
                io::ErrorKind::InvalidInput
            );
            assert_eq!(
                disk.open_read(&at("d/none")).unwrap_err().kind(),
                io::ErrorKind::NotFound
            );
            assert_eq!(
                disk.open_append(&at("d/none")).unwrap_err().kind(),
                io::ErrorKind::NotFound
            );
            let file = disk.open_new(&at("d/f")).unwrap();
            assert_eq!(
                disk.open_new(&at("d/f")).unwrap_err().kind(),
                io::ErrorKind::AlreadyExists
            );
            write_all(&*file, b"hello").unwrap();
            file.truncate(2).unwrap();
            write_all(&*file, b"y").unwrap();
            let again = disk.open_read(&at("d/f")).unwrap();
            assert!(again.write(b"no").is_err());
            let mut into = [0; 9];
            assert_eq!(again.read_at(1, &mut into).unwrap(), 2);
            assert_eq!(&into[..2], b"ey");
            assert_eq!(again.read_at(7, &mut into).unwrap(), 0);
            assert!(file.stat().unwrap().same(&disk.stat(&at("d/f")).unwrap()));
            assert_eq!(disk.stat(&at("d")).unwrap().kind, FileKind::Dir);
            assert!(file.try_lock().unwrap());
            assert!(!disk.open_lock(&at("d/f")).unwrap().try_lock().unwrap());
            file.unlock().unwrap();
            let second = disk.open_lock(&at("d/f")).unwrap();
            assert!(second.try_lock().unwrap());
            disk.rename(&at("d/f"), &at("d/g")).unwrap();
            assert_eq!(disk.list(&at("d"), "g").unwrap(), ["g"]);
            assert_eq!(disk.list(&at("d"), "f").unwrap(), Vec::<String>::new());
            assert!(file.stat().unwrap().same(&disk.stat(&at("d/g")).unwrap()));
            disk.sync_dir(&at("d")).unwrap();
            disk.unlink(&at("d/g")).unwrap();
            assert_eq!(disk.unlink(&at("d/g")).unwrap_err().kind(), io::ErrorKind::NotFound);
            assert_eq!(file.stat().unwrap().nlink, 0);
        }
    }
}
