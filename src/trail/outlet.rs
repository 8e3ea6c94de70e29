//! The way out for records that found no room: to the emergency sink, on a thread of its own.
//!
//! The caller leaves its line in a bounded place and goes; it waits for no pipe and no disk. A line counts as diverted when
//! the sink has taken it, and as lost if the sink refuses, or if the end of the trail cannot wait for it: once, whoever
//! counts it first.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::brief::Brief;
use crate::clock::Micros;
use crate::config::{Taker, Way};
use crate::error::Error;
use crate::io::{Disk, DiskFile, write_all};
use crate::queue::{Loss, PerSeverity, Queue};
use crate::severity::Severity;
use crate::sync::{self, Condvar, Home, Instant, Mutex, end, lock, on_own_thread, planted};

/// Bytes that wait for the sink, at most.
const ROOM: usize = 1 << 20;

/// What standard error is given at once, and each second.
const BURST: u64 = 256 << 10;
const PER_SECOND: u64 = 64 << 10;

/// How long a file may grow.
const LONGEST: u64 = 64 << 20;

/// A sink that is open.
pub(crate) enum Sink {
    None,
    Stderr,
    File(Spool),
    Callback(Arc<Taker>),
}

impl Sink {
    pub(crate) fn open(way: &Way, disk: &Arc<dyn Disk>) -> Result<Sink, Error> {
        Ok(match way {
            Way::None => Sink::None,
            Way::Stderr => Sink::Stderr,
            Way::Callback(take) => Sink::Callback(Arc::clone(take)),
            Way::File(path) => Sink::File(Spool::open(path, disk).map_err(|error| {
                Error::io("open the emergency file", path, error)
                    .remedy("name a file that the user that runs this program can write to")
            })?),
        })
    }

    fn take(&self, line: &str) -> io::Result<()> {
        match self {
            Sink::None => Err(io::ErrorKind::Unsupported.into()),
            Sink::Stderr => say(format!("tracing-audit diverted: {line}\n").as_bytes()),
            Sink::Callback(take) => take(line),
            Sink::File(spool) => spool.take(line),
        }
    }
}

/// A file on another disk.
pub(crate) struct Spool {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    file: Mutex<Arc<dyn DiskFile>>,
}

impl Spool {
    fn open(path: &Path, disk: &Arc<dyn Disk>) -> io::Result<Spool> {
        Ok(Spool {
            path: path.to_owned(),
            disk: Arc::clone(disk),
            file: Mutex::new(disk.open_lock(path)?),
        })
    }

    fn take(&self, line: &str) -> io::Result<()> {
        let mut file = self.file.lock();
        let mut stat = file.stat()?;
        let named = self.disk.stat(&self.path);
        if !named.is_ok_and(|named| (named.dev, named.ino) == (stat.dev, stat.ino)) {
            // Rotated, or removed: what went to the old one now would be found by nobody.
            *file = self.disk.open_lock(&self.path)?;
            stat = file.stat()?;
        }
        if stat.len > LONGEST {
            return Err(io::ErrorKind::StorageFull.into());
        }
        // A line feed before it, too: the last line may have come in by half.
        write_all(&**file, format!("\n{line}\n").as_bytes())
    }
}

/// Not through the lock of the standard library: who holds that while nobody reads the pipe holds up the whole program.
#[cfg(unix)]
fn say(mut line: &[u8]) -> io::Result<()> {
    use std::os::fd::AsFd as _;
    let stderr = io::stderr();
    while !line.is_empty() {
        match rustix::io::write(stderr.as_fd(), line) {
            Ok(written) => line = line.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn say(line: &[u8]) -> io::Result<()> {
    io::Write::write_all(&mut io::stderr(), line)
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sink::None => "none",
            Sink::Stderr => "stderr",
            Sink::File(_) => "file",
            Sink::Callback(_) => "callback",
        })
    }
}

/// The way out of one trail.
#[derive(Debug)]
pub(crate) struct Outlet(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    sink: Sink,
    queue: Arc<Queue>,
    state: Mutex<State>,
    changed: Condvar,
    home: Home,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<Item>,
    bytes: usize,
    /// What the thread is giving to the sink, until somebody has counted it.
    in_hand: Option<(Severity, Micros)>,
    running: bool,
    over: bool,
    /// What the sink may still be given at once, and since when that is so.
    allowed: (u64, Instant),
}

#[derive(Debug)]
struct Item {
    severity: Severity,
    time: Micros,
    line: String,
}

impl Outlet {
    pub(crate) fn new(sink: Sink, queue: Arc<Queue>) -> Outlet {
        Outlet(Arc::new(Shared {
            sink,
            queue,
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                bytes: 0,
                in_hand: None,
                running: false,
                over: false,
                allowed: (BURST, Instant::now()),
            }),
            changed: Condvar::new(),
            home: Home::here(),
        }))
    }

    /// Takes a record that found no room in the trail; `false` if there is none here either. Counts nothing yet.
    pub(crate) fn take(&self, trail: &str, brief: &Brief, rest: &[u8]) -> bool {
        // What the sink itself records is not given to it: that would never end.
        if matches!(self.0.sink, Sink::None) || on_own_thread() {
            return false;
        }
        let Some(mut state) = lock(&self.0.state, self.0.home).filter(|_| !self.0.home.is_elsewhere()) else {
            return false;
        };
        if state.over || state.bytes + rest.len() > ROOM || !self.0.allows(&mut state, rest.len() as u64) {
            return false;
        }
        let taken = Shared::put(&self.0, &mut state, trail, brief.severity, brief.time, rest);
        drop(state);
        self.0.changed.notify_all();
        taken
    }

    /// Takes a record that was accepted and that the end of the trail cannot wait for, whatever its severity and whoever else is
    /// let in, and waits until then for room; what finds none is lost. [`settle`](Outlet::settle) says when it was taken.
    pub(crate) fn hand_over(&self, trail: &str, severity: Severity, time: Micros, rest: &[u8], until: Instant) {
        let mut state = self.0.state.lock();
        let sink = !matches!(self.0.sink, Sink::None);
        while sink && state.bytes + rest.len() > ROOM {
            if self.0.changed.wait_until(&mut state, until).timed_out() {
                break;
            }
        }
        let room = sink && state.bytes + rest.len() <= ROOM && self.0.allows(&mut state, rest.len() as u64);
        // Under this lock, so that nobody finds it in neither place, or in both.
        self.0.queue.take_back(severity);
        if !(room && Shared::put(&self.0, &mut state, trail, severity, time, rest)) {
            self.0.queue.lose(Loss::QueueFull, severity, time);
        }
        drop(state);
        self.0.changed.notify_all();
    }

    /// Does something with the number of records that nobody has counted yet, while that cannot change.
    pub(super) fn with_pending<T>(&self, then: impl FnOnce(PerSeverity) -> T) -> T {
        let state = lock(&self.0.state, self.0.home);
        let mut pending = [0; 4];
        let waiting = state
            .iter()
            .flat_map(|state| state.waiting.iter().map(|item| item.severity));
        let in_hand = state
            .iter()
            .filter_map(|state| state.in_hand.map(|(severity, _)| severity));
        for severity in waiting.chain(in_hand) {
            if let Some(count) = pending.get_mut(severity.index()) {
                *count += 1;
            }
        }
        then(pending)
    }

    /// Waits until the sink has had everything, at most so long; with `over`, nothing is taken any more, and what is
    /// still here then counts as lost.
    pub(crate) fn settle(&self, patience: Duration, over: bool) {
        let Some(mut state) = lock(&self.0.state, self.0.home) else {
            return;
        };
        state.over |= over;
        let until = end(Instant::now(), patience);
        while !state.waiting.is_empty() || state.in_hand.is_some() {
            if self.0.changed.wait_until(&mut state, until).timed_out() {
                break;
            }
        }
        if over {
            let left = std::mem::take(&mut state.waiting).into_iter();
            state.bytes = 0;
            let in_hand = state.in_hand.take();
            for (severity, time) in left.map(|item| (item.severity, item.time)).chain(in_hand) {
                self.0.queue.lose(Loss::QueueFull, severity, time);
            }
            drop(state);
            self.0.changed.notify_all();
        }
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.settle(Duration::ZERO, true);
    }
}

impl Shared {
    /// Puts a line where the thread finds it, and sees that there is one.
    fn put(this: &Arc<Shared>, state: &mut State, trail: &str, severity: Severity, time: Micros, rest: &[u8]) -> bool {
        if !state.running {
            let shared = Arc::clone(this);
            state.running = sync::spawn("audit-emergency", move || shared.work()).is_ok();
            if !state.running {
                return false;
            }
        }
        let line = format!("{{\"diverted\":\"{trail}\",{}}}", String::from_utf8_lossy(rest));
        state.bytes += line.len();
        state.waiting.push_back(Item { severity, time, line });
        true
    }

    fn allows(&self, state: &mut State, bytes: u64) -> bool {
        if !matches!(self.sink, Sink::Stderr) {
            return true;
        }
        let (left, since) = state.allowed;
        let more = since.elapsed().as_millis() as u64 * PER_SECOND / 1000;
        let left = left.saturating_add(more).min(BURST);
        // A moment too short to allow a byte is not forgotten.
        let since = if more > 0 { Instant::now() } else { since };
        state.allowed = (left.saturating_sub(bytes), since);
        let allowed = left >= bytes;
        if !allowed {
            state.allowed.0 = left;
        }
        allowed
    }

    fn work(&self) {
        let mut state = self.state.lock();
        loop {
            let Some(item) = state.waiting.pop_front() else {
                if state.over {
                    state.running = false;
                    return;
                }
                self.changed.wait(&mut state);
                continue;
            };
            state.in_hand = Some((item.severity, item.time));
            drop(state);
            let took = catch_unwind(AssertUnwindSafe(|| self.sink.take(&item.line)));
            let took = took.is_ok_and(|took| took.is_ok());
            state = self.state.lock();
            state.bytes -= item.line.len().min(state.bytes);
            // Gone if the end of the trail would not wait, and has counted it.
            let in_hand = match planted!(CountsTwice) {
                true => state.in_hand.take().or(Some((item.severity, item.time))),
                false => state.in_hand.take(),
            };
            if let Some((severity, time)) = in_hand {
                let loss = if took { Loss::Diverted } else { Loss::QueueFull };
                self.queue.lose(loss, severity, time);
            }
            self.changed.notify_all();
            self.queue.ring();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlet(sink: Sink) -> Outlet {
        Outlet::new(sink, Arc::new(Queue::new(4 << 20, 64 << 10)))
    }

    #[test]
    fn standard_error_is_given_so_much_at_once_and_so_much_a_second() {
        let outlet = outlet(Sink::Stderr);
        let mut state = outlet.0.state.lock();
        let mut given = 0;
        while outlet.0.allows(&mut state, 1024) {
            given += 1024;
            assert!(given <= BURST + PER_SECOND, "it never ends");
        }
        assert!(given >= BURST);
        // A second ago there was nothing left either.
        state.allowed = (0, Instant::now().checked_sub(Duration::from_secs(1)).unwrap());
        assert!(outlet.0.allows(&mut state, PER_SECOND));
        assert!(!outlet.0.allows(&mut state, PER_SECOND));
    }

    #[test]
    fn an_emergency_file_that_was_rotated_or_removed_is_made_again() {
        let memory = crate::io::mem::MemDisk::new();
        memory.put("/other/neighbour", b"");
        let disk = memory.shared();
        let sink = Sink::open(&Way::File("/other/emergency.jsonl".into()), &disk).unwrap();
        sink.take("one").unwrap();
        disk.rename(Path::new("/other/emergency.jsonl"), Path::new("/other/emergency.1"))
            .unwrap();
        sink.take("two").unwrap();
        memory.remove("/other/emergency.jsonl");
        sink.take("three").unwrap();
        assert_eq!(memory.get("/other/emergency.1").unwrap(), b"\none\n");
        assert_eq!(memory.get("/other/emergency.jsonl").unwrap(), b"\nthree\n");
    }
}
