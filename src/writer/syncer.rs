//! The second thread: makes durable what the first has written, while that goes on writing.
//!
//! One sync is outstanding at a time, and covers every commit before it began; whoever waits for one of them is woken by
//! one broadcast.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::seals::Settle;
use super::signer::{Grow, Lines};
use crate::error::Error;
use crate::io::{Disk, DiskFile};
use crate::merkle::Range;
use crate::queue::Queue;
use crate::receipt::Progress;
use crate::store::lock::{Look, Watch};
use crate::store::{Home, State, keys_file};
use crate::sync::{self, AtomicBool, Condvar, Instant, JoinHandle, Mutex, planted};

/// What is to be made durable, in this order.
#[derive(Debug)]
pub(super) struct Job {
    /// The open file, and before it those that it stands on and that no sync has covered since their last line.
    pub(super) files: Vec<(PathBuf, Arc<dyn DiskFile>)>,
    /// Whether the directory has a name that may not be durable.
    pub(super) directory: bool,
    /// The last ticket that this makes durable.
    pub(super) ticket: u64,
    /// Whether somebody waits for it: the next one is likely to come soon.
    pub(super) asked: bool,
    /// The keys that must be gone before anybody is told.
    pub(super) settle: Option<Settle>,
    /// To be stored behind it.
    pub(super) state: Option<State>,
    /// To be appended to `audit.keys`, before and behind that.
    pub(super) lines: Option<Lines>,
    /// The tree that is on the disk by then.
    pub(super) grow: Option<Grow>,
    /// The locks that must be held when it is done: nobody is told, and nothing stored, without them.
    pub(super) watch: Option<Arc<Watch>>,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) result: Result<(), Error>,
    /// Whether those who waited were told.
    pub(super) told: bool,
    /// `None` where none was stored.
    pub(super) state: Option<Result<(), Error>>,
    /// In mode `signed`: the tree of what is on the disk now.
    pub(super) tree: Option<Range>,
    /// Whether the state has a key that came with a line.
    pub(super) stored_key: bool,
    /// `None` where none was appended.
    pub(super) lines: Option<Result<(), Error>>,
    pub(super) took: Duration,
}

#[derive(Debug)]
pub(super) struct Syncer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    disk: Arc<dyn Disk>,
    home: Home,
    progress: Arc<Progress>,
    queue: Arc<Queue>,
    desk: Mutex<Desk>,
    changed: Condvar,
    /// Whether a job lies on the desk.
    posted: AtomicBool,
}

/// How long the thread looks for the next job itself, behind one that somebody waited for: who was served asks again soon, and
/// to be woken takes a quarter of the time of a sync.
const SPIN: Duration = Duration::from_micros(100);

#[derive(Debug, Default)]
struct Desk {
    job: Option<Job>,
    /// From the beginning of a job until its result is fetched.
    busy: bool,
    done: Option<Done>,
    over: bool,
}

impl Syncer {
    pub(super) fn new(disk: Arc<dyn Disk>, home: Home, progress: Arc<Progress>, queue: Arc<Queue>) -> Syncer {
        Syncer {
            shared: Arc::new(Shared {
                disk,
                home,
                progress,
                queue,
                desk: Mutex::default(),
                changed: Condvar::new(),
                posted: AtomicBool::new(false),
            }),
            thread: None,
        }
    }

    /// Begins a sync. Only when none is outstanding.
    pub(super) fn begin(&mut self, job: Job) {
        if self.thread.is_none() {
            let shared = Arc::clone(&self.shared);
            self.thread = sync::spawn("audit-sync", move || shared.work()).ok();
        }
        let mut desk = self.shared.desk.lock();
        desk.busy = true;
        if self.thread.is_some() {
            desk.job = Some(job);
            self.shared.posted.store(true, Ordering::Relaxed);
            drop(desk);
            self.shared.changed.notify_all();
        } else {
            // No thread to be had: slower, and no less durable.
            drop(desk);
            let done = self.shared.perform(job);
            self.shared.desk.lock().done = Some(done);
        }
    }

    /// Whether a sync is outstanding, or its result not fetched.
    pub(super) fn is_busy(&self) -> bool {
        self.shared.desk.lock().busy
    }

    /// The result, once there is one.
    pub(super) fn done(&self) -> Option<Done> {
        self.shared.desk.lock().fetch()
    }

    /// Waits for the result of the outstanding sync; `None` if there is none, or the time is over.
    pub(super) fn wait(&self, until: Instant) -> Option<Done> {
        let mut desk = self.shared.desk.lock();
        while desk.busy && desk.done.is_none() {
            if self.shared.changed.wait_until(&mut desk, until).timed_out() {
                break;
            }
        }
        desk.fetch()
    }
}

impl Desk {
    fn fetch(&mut self) -> Option<Done> {
        let done = self.done.take();
        self.busy &= done.is_none();
        done
    }
}

impl Drop for Syncer {
    /// Not joined: a disk that hangs would hang us too. The thread ends when the disk lets it.
    fn drop(&mut self) {
        self.shared.desk.lock().over = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn work(&self) {
        let mut desk = self.desk.lock();
        let mut looks = false;
        loop {
            if let Some(job) = desk.job.take() {
                self.posted.store(false, Ordering::Relaxed);
                looks = job.asked;
                drop(desk);
                let done = self.perform(job);
                self.desk.lock().done = Some(done);
                self.changed.notify_all();
                self.queue.ring();
                desk = self.desk.lock();
            } else if desk.over {
                return;
            } else if std::mem::take(&mut looks) {
                drop(desk);
                sync::spin(SPIN, || self.posted.load(Ordering::Relaxed));
                desk = self.desk.lock();
            } else {
                self.changed.wait(&mut desk);
            }
        }
    }

    fn perform(&self, job: Job) -> Done {
        let began = Instant::now();
        if planted!(SyncedTooSoon) {
            self.progress.synced(job.ticket);
        }
        let result = self.sync(&job).and_then(|()| self.holds(&job));
        let took = began.elapsed();
        let told = result.is_ok() && job.settle.is_none_or(Settle::done);
        if told {
            self.progress.synced(job.ticket);
        }
        let lines = job.lines.filter(|_| told);
        let append = |line: &Option<String>| {
            line.as_ref()
                .map_or(Ok(()), |line| keys_file::append(&*self.disk, &self.home, line))
        };
        // A line that the state has now must be there before another takes its place.
        let before = lines.as_ref().map_or(Ok(()), |lines| append(&lines.before));
        let state = job.state.filter(|_| told);
        let state = match before {
            Ok(()) => state.map(|state| state.store(&*self.disk, &self.home)),
            Err(error) => Some(Err(error)),
        };
        let lines = lines.filter(|_| state.as_ref().is_some_and(Result::is_ok));
        Done {
            told,
            tree: job.grow.filter(|_| told).map(Grow::done),
            stored_key: lines.as_ref().is_some_and(|lines| lines.behind.is_some()),
            lines: lines.map(|lines| append(&lines.behind)),
            state,
            result,
            took,
        }
    }

    /// Another process that has the lock goes on from what it found, and that may not be what was synced here.
    fn holds(&self, job: &Job) -> Result<(), Error> {
        match job.watch.as_ref().map(|watch| watch.look(&*self.disk)) {
            Some(Look::Lost(error)) => Err(error),
            Some(Look::Held | Look::Unknown(_)) | None => Ok(()),
        }
    }

    fn sync(&self, job: &Job) -> Result<(), Error> {
        let sync = |(path, file): &(PathBuf, Arc<dyn DiskFile>)| {
            file.sync_data()
                .map_err(|error| Error::io("sync a file of the trail", path, error))
        };
        let Some((last, before)) = job.files.split_last() else {
            return Ok(());
        };
        before.iter().try_for_each(sync)?;
        if job.directory {
            let dir = &self.home.dir;
            self.disk
                .sync_dir(dir)
                .map_err(|error| Error::io("sync the trail directory", dir, error))?;
        }
        sync(last)
    }
}
