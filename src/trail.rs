use std::cell::Cell;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock, Weak};
use std::time::Duration;

use crate::brief::Brief;
use crate::clock::Time;
use crate::config::{CaptureRule, Durability, OnFull};
use crate::error::Error;
use crate::queue::{Loss, Push, Queue};
use crate::receipt::{self, Fate, Level, Progress, Receipt};
use crate::recent::Recent;
use crate::render::{self, Fields, Limits, Policy, What};
use crate::severity::Severity;
use crate::status::complain;
use crate::sync::{Mutex, on_own_thread};

/// A running trail: the handle that `init` and [`Builder::build`](crate::Builder::build) give.
///
/// Clones are the same trail. Keep one for as long as the program should record: when the last handle is dropped,
/// everything is written and synced, at most 5 s long, and the trail notes its clean end. A layer that lives on keeps
/// recording; the trail then simply goes on.
#[derive(Clone)]
#[must_use = "a trail that is dropped ends: keep it until the program does, as in `let _trail = ..`"]
pub struct Trail {
    handle: Arc<Handle>,
}

struct Handle {
    core: Lease,
}

impl Trail {
    pub(crate) fn new(core: Lease) -> Trail {
        Trail {
            handle: Arc::new(Handle { core }),
        }
    }

    /// What the layer keeps a clone of: as long as one [`Lease`] lives, the writer does.
    pub(crate) fn core(&self) -> &Lease {
        &self.handle.core
    }

    /// The trail's directory.
    pub fn dir(&self) -> &Path {
        &self.core().dir
    }

    /// Waits until everything accepted so far is in the file.
    ///
    /// # Errors
    /// [`Timeout`](crate::ErrorKind::Timeout) after `Builder::wait_limit`, [`Closed`](crate::ErrorKind::Closed) after
    /// the end, [`WouldDeadlock`](crate::ErrorKind::WouldDeadlock) on the trail's own threads.
    pub fn flush(&self) -> Result<(), Error> {
        let core = self.core();
        core.progress.wait(Level::Written, core.queue.last_ticket()).map(drop)
    }

    /// Waits until everything accepted so far is on the disk.
    ///
    /// # Errors
    /// As [`flush`](Trail::flush).
    pub fn sync(&self) -> Result<(), Error> {
        let core = self.core();
        core.progress.wait(Level::Synced, core.queue.last_ticket()).map(drop)
    }

    /// Ends the trail: writes and syncs everything, notes the clean end, lets go of the directory. Records that come
    /// later, from whatever handle or layer, are refused with [`Closed`](crate::ErrorKind::Closed).
    ///
    /// # Errors
    /// As [`flush`](Trail::flush), and what the disk said.
    pub fn close(self) -> Result<(), Error> {
        self.core().queue.close();
        Ok(())
    }

    /// The last 10,000 lines, oldest first, as they stand in the file.
    pub fn recent(&self) -> Vec<String> {
        self.core().recent.lines()
    }
}

impl fmt::Debug for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trail")
            .field("dir", &self.dir())
            .finish_non_exhaustive()
    }
}

/// What callers, layers and the writer share.
#[derive(Debug)]
pub(crate) struct Core {
    id: u32,
    pub(crate) policy: Arc<Policy>,
    pub(crate) limits: Limits,
    pub(crate) time: Time,
    /// Whether accepted records are shown to the other layers.
    pub(crate) mirror: bool,
    /// Spans more verbose than this lend no context.
    pub(crate) span_level: tracing_core::Level,
    pub(crate) capture: Vec<CaptureRule>,
    pub(crate) dir: PathBuf,
    pub(crate) durability: [Durability; 4],
    pub(crate) on_full: [OnFull; 4],
    pub(crate) queue: Arc<Queue>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) recent: Recent,
    pub(crate) unknown: Mutex<Vec<String>>,
    pub(crate) leases: AtomicUsize,
}

/// What the builder decides of a [`Core`].
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) policy: Arc<Policy>,
    pub(crate) limits: Limits,
    pub(crate) time: Time,
    pub(crate) mirror: bool,
    pub(crate) span_level: tracing_core::Level,
    pub(crate) capture: Vec<CaptureRule>,
    pub(crate) dir: PathBuf,
    pub(crate) durability: [Durability; 4],
    pub(crate) on_full: [OnFull; 4],
    pub(crate) queue_bytes: usize,
    pub(crate) wait_limit: Duration,
}

/// Unknown event names remembered for `status`.
const UNKNOWN: usize = 64;

impl Core {
    pub(crate) fn new(plan: Plan) -> Core {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let queue = Arc::new(Queue::new(plan.queue_bytes, plan.limits.line));
        Core {
            id,
            policy: plan.policy,
            limits: plan.limits,
            time: plan.time,
            mirror: plan.mirror,
            span_level: plan.span_level,
            capture: plan.capture,
            dir: plan.dir,
            durability: plan.durability,
            on_full: plan.on_full,
            progress: Arc::new(Progress::new(id, Arc::clone(&queue), plan.wait_limit)),
            queue,
            recent: Recent::default(),
            unknown: Mutex::default(),
            leases: AtomicUsize::new(0),
        }
    }

    /// The trail's number in this process; never used twice.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Renders a record into `line` (cleared first) and queues it. The hot path: allocates nothing, counts no
    /// reference.
    pub(crate) fn accept(
        &self,
        what: &What<'_>,
        fields: &Fields,
        contexts: &[&Fields],
        line: &mut Vec<u8>,
    ) -> (Receipt, Brief) {
        line.clear();
        let brief = render::rest(line, what, fields, contexts, self.limits);
        let receipt = match self.queue.push(&brief, line) {
            Push::Taken(ticket) => Receipt::new(self.id, ticket),
            other => self.turned_away(other, &brief, line),
        };
        if self.durability_of(brief.severity) != Durability::Buffered && receipt.fate() == Fate::Accepted {
            self.await_durability(receipt, brief.severity);
        }
        (receipt, brief)
    }

    #[inline]
    fn durability_of(&self, severity: Severity) -> Durability {
        self.durability.get(severity.index()).copied().unwrap_or_default()
    }

    #[cold]
    fn turned_away(&self, push: Push, brief: &Brief, line: &[u8]) -> Receipt {
        let limit = match self.on_full.get(brief.severity.index()) {
            // The writer makes the room itself: waiting for it here would never end.
            Some(OnFull::Block(limit)) if !on_own_thread() => *limit,
            _ => Duration::ZERO,
        };
        let push = match push {
            Push::Full => self.queue.push_within(brief, line, limit),
            other => other,
        };
        // The seam for the emergency sink: a record still without room would be diverted here.
        match push {
            Push::Taken(ticket) => Receipt::new(self.id, ticket),
            Push::Full => Receipt::refused(self.id, Fate::Shed),
            Push::Closed => {
                self.queue.lose(Loss::Closed, brief.severity, brief.time);
                Receipt::refused(self.id, Fate::Closed)
            }
        }
    }

    #[cold]
    fn await_durability(&self, receipt: Receipt, severity: Severity) {
        // Who wants to know asks the receipt: emitting never fails the application.
        let _ = match self.durability_of(severity) {
            Durability::Buffered => return,
            Durability::Written => receipt.written(),
            Durability::Synced => receipt.synced(),
        };
    }

    /// Counts a record that could not be rendered, because its code panicked beyond what was caught.
    pub(crate) fn count_panicked(&self, severity: Severity) -> Receipt {
        self.queue.lose(Loss::Panicked, severity, self.time.micros());
        Receipt::refused(self.id, Fate::Dropped)
    }

    /// Counts a call from within another call that could not be recorded.
    pub(crate) fn count_reentrant(&self, severity: Severity) -> Receipt {
        self.queue.lose(Loss::Reentrant, severity, self.time.micros());
        Receipt::refused(self.id, Fate::Dropped)
    }

    /// Remembers an event name that no type declares, for `status`.
    #[cold]
    pub(crate) fn count_unknown_event(&self, name: &str) {
        let mut unknown = self.unknown.lock();
        if unknown.len() < UNKNOWN && !unknown.iter().any(|known| known == name) {
            unknown.push(name.to_owned());
        }
    }
}

/// A share in a trail: while one exists, its writer runs.
///
/// Apart from `Arc`, so that threads may keep a core's memory in a cache without keeping its writer from ending.
#[derive(Debug)]
pub(crate) struct Lease(Arc<Core>);

impl Lease {
    pub(crate) fn first(core: Arc<Core>) -> Lease {
        core.leases.fetch_add(1, Ordering::Relaxed);
        Lease(core)
    }

    pub(crate) fn arc(&self) -> &Arc<Core> {
        &self.0
    }
}

impl Clone for Lease {
    fn clone(&self) -> Lease {
        Lease::first(Arc::clone(&self.0))
    }
}

impl Deref for Lease {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.0.leases.fetch_sub(1, Ordering::AcqRel) == 1 {
            leave(self.0.id);
            self.0.queue.close();
        }
    }
}

/// Trails that may be the process's, in the order in which they were built.
static PROCESS: RwLock<Vec<(u32, Weak<Core>)>> = RwLock::new(Vec::new());

/// Grows when `PROCESS` changes, so that threads look again.
static CHANGES: AtomicU64 = AtomicU64::new(1);

/// Makes a trail known to receipts, and, unless it is detached, a candidate for the process's trail.
pub(crate) fn enter(core: &Arc<Core>, detached: bool) {
    receipt::enter(&core.progress);
    if !detached && let Ok(mut trails) = PROCESS.write() {
        trails.push((core.id, Arc::downgrade(core)));
        CHANGES.fetch_add(1, Ordering::Release);
    }
}

fn leave(id: u32) {
    if let Ok(mut trails) = PROCESS.write() {
        trails.retain(|(trail, _)| *trail != id);
        CHANGES.fetch_add(1, Ordering::Release);
    }
}

/// The process's trail: the first built, not detached, that still runs.
pub(crate) fn process_core() -> Option<Arc<Core>> {
    PROCESS.read().ok()?.iter().find_map(|(_, core)| core.upgrade())
}

/// Does something with the process's trail. The hot path: one load and a look into a thread-local.
#[inline]
pub(crate) fn with_process_core<R>(then: impl FnOnce(Option<&Core>) -> R) -> R {
    thread_local! {
        static KNOWN: Cell<(u64, Option<Arc<Core>>)> = const { Cell::new((0, None)) };
    }
    // Taken out while `then` runs: a call within it looks for itself.
    let mut known = KNOWN.try_with(Cell::take).unwrap_or_default();
    let changes = CHANGES.load(Ordering::Acquire);
    if known.0 != changes {
        known = (changes, process_core());
    }
    let done = then(known.1.as_deref());
    let _ = KNOWN.try_with(|slot| slot.set(known));
    done
}

/// The receipt of a record that no trail took. Counted, and said once on standard error.
#[cold]
pub(crate) fn no_trail_receipt() -> Receipt {
    static SAID: AtomicBool = AtomicBool::new(false);
    NO_TRAIL.fetch_add(1, Ordering::Relaxed);
    if !SAID.swap(true, Ordering::Relaxed) {
        complain(
            &"no trail runs, so audit records are not kept; call tracing_audit::init, or build a Trail and keep it",
        );
    }
    Receipt::refused(0, Fate::NoTrail)
}

static NO_TRAIL: AtomicU64 = AtomicU64::new(0);

/// Records emitted in this process while no trail ran.
pub(crate) fn without_trail() -> u64 {
    NO_TRAIL.load(Ordering::Relaxed)
}
