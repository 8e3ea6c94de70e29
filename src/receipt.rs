#[cfg(all(test, shuttle))]
mod models;
mod watch;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::guard::drop_guarded;
use crate::queue::Queue;
use crate::sync::{self, AtomicBool, AtomicU64, Gong, Home, Instant, Mutex, RwLock, global, on_own_thread, planted};

/// What became of a record that was emitted. Plain data: drop it, copy it, or ask it.
///
/// ```no_run
/// # use tracing_audit::Trail;
/// # use tracing_audit::events;
/// # fn main() -> Result<(), tracing_audit::Error> {
/// # let trail = Trail::builder("logs").build()?;
/// let emit = || trail.draft(events::DATA_READ).emit();
/// emit().accepted()?;             // in the queue
/// let seq = emit().written()?;    // in the file: survives the end of the process
/// let seq = emit().synced()?;     // on the disk: survives a power cut
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Receipt {
    ticket: u64,
    trail: u32,
    fate: Fate,
}

/// What happened at the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fate {
    /// The queue took it.
    Accepted,
    /// The queue was full.
    Shed,
    /// The queue was full for as long as the caller would wait, and the emergency sink has it.
    Diverted,
    /// The trail had ended, or this is a forked child.
    Closed,
    /// There was no trail.
    NoTrail,
    /// The call came from within another one that could not be recorded, or panicked.
    Dropped,
}

/// How far a record has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Written,
    Synced,
}

impl Receipt {
    pub(crate) fn new(trail: u32, ticket: u64) -> Receipt {
        Receipt {
            ticket,
            trail,
            fate: Fate::Accepted,
        }
    }

    pub(crate) fn refused(trail: u32, fate: Fate) -> Receipt {
        Receipt { ticket: 0, trail, fate }
    }

    pub(crate) fn fate(self) -> Fate {
        self.fate
    }

    /// Whether the trail took the record: it is in the file soon, or counted as lost.
    ///
    /// # Errors
    /// [`Shed`](ErrorKind::Shed), [`Diverted`](ErrorKind::Diverted), [`Closed`](ErrorKind::Closed) or [`NoTrail`](ErrorKind::NoTrail). Never waits.
    pub fn accepted(self) -> Result<(), Error> {
        match self.fate {
            Fate::Accepted => Ok(()),
            Fate::Shed => Err(Error::new(
                ErrorKind::Shed,
                "the queue was full and the record was shed; raise queue_bytes, or let the caller wait with on_full",
            )),
            Fate::Diverted => Err(Error::new(
                ErrorKind::Diverted,
                "the queue stayed full and the record went to the emergency sink instead of the trail",
            )),
            Fate::Closed => Err(Error::new(ErrorKind::Closed, "the trail has ended")),
            Fate::NoTrail => Err(Error::new(
                ErrorKind::NoTrail,
                "no trail took the record; call init, build a Trail and keep it, or name one with `in:`",
            )),
            Fate::Dropped => Err(Error::new(
                ErrorKind::Shed,
                "the record could not be rendered; it is counted as lost",
            )),
        }
    }

    /// Waits until the record is in the file, and says its number. It then survives the end of the process.
    ///
    /// # Errors
    /// As [`accepted`](Receipt::accepted); [`Timeout`](ErrorKind::Timeout) after `Builder::wait_limit` (5 s), and the
    /// record may still arrive; [`WouldDeadlock`](ErrorKind::WouldDeadlock) on the trail's own threads.
    pub fn written(self) -> Result<u64, Error> {
        self.wait(Level::Written)
    }

    /// Waits until the record is on the disk, and says its number. It then survives a power cut. The durable mark, by which
    /// `verify` tells a cut from a crash, is noted every 10 s of activity and at a clean end: until then it lags behind.
    ///
    /// # Errors
    /// As [`written`](Receipt::written).
    pub fn synced(self) -> Result<u64, Error> {
        self.wait(Level::Synced)
    }

    /// [`written`](Receipt::written) for async code, on any runtime.
    pub fn written_async(self) -> impl Future<Output = Result<u64, Error>> + Send + 'static {
        Waiting::new(self, Level::Written)
    }

    /// [`synced`](Receipt::synced) for async code, on any runtime.
    pub fn synced_async(self) -> impl Future<Output = Result<u64, Error>> + Send + 'static {
        Waiting::new(self, Level::Synced)
    }

    /// The record's number, once it is in the file. Never waits. A trail remembers the numbers of the last days, not of all
    /// times.
    pub fn seq(self) -> Option<u64> {
        let progress = progress_of(self.trail)?;
        (self.fate == Fate::Accepted && progress.reached(Level::Written, self.ticket))
            .then(|| progress.seq(self.ticket))
            .flatten()
    }

    pub(crate) fn wait(self, level: Level) -> Result<u64, Error> {
        self.accepted()?;
        self.progress()?.wait(level, self.ticket)
    }

    fn progress(self) -> Result<Arc<Progress>, Error> {
        progress_of(self.trail).ok_or_else(|| Error::new(ErrorKind::Closed, "the trail has ended"))
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Receipt");
        shown.field("fate", &self.fate);
        if self.fate == Fate::Accepted {
            shown.field("ticket", &self.ticket);
        }
        shown.finish()
    }
}

/// How far one trail has come; what receipts wait for.
///
/// The writer says once per commit and once per sync how far it is, and one broadcast serves everyone who waits.
///
/// The atomics here are sequentially consistent, and have to be. A caller says what it wants and then looks at the mark; the
/// writer moves the mark and then looks whether anybody wants something; and of two who do so at once, one must see the other,
/// or the caller sleeps on. (So it is with who asks and who is gathered.) A weaker ordering allows both to miss.
#[derive(Debug)]
pub(crate) struct Progress {
    trail: u32,
    queue: Arc<Queue>,
    wait_limit: Duration,
    home: Home,
    written: AtomicU64,
    synced: AtomicU64,
    /// The highest ticket somebody waits for, and how far.
    wanted_written: AtomicU64,
    wanted_synced: AtomicU64,
    /// How many have asked for a sync so far, and which of them need not wake the writer: it gathers them.
    askers: AtomicU64,
    gathering: AtomicU64,
    state: Mutex<State>,
    ended: AtomicBool,
    changed: Gong,
}

#[derive(Debug, Default)]
struct State {
    points: VecDeque<Point>,
    sleepers: Vec<Sleeper>,
    next_sleeper: u64,
    watched: bool,
}

/// From this ticket on, `seq = ticket + ahead`, until the next point; `None`: these records were lost after all.
/// (Less than 0 after many were lost.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Point {
    ticket: u64,
    ahead: Option<i64>,
}

/// Points kept: one for every time the trail's own records come between the caller's, so a week of busy traffic, in 1.5 MB.
const POINTS: usize = 65_536;

#[derive(Debug)]
struct Sleeper {
    id: u64,
    level: Level,
    ticket: u64,
    deadline: Instant,
    waker: Waker,
}

impl Progress {
    pub(crate) fn new(trail: u32, queue: Arc<Queue>, wait_limit: Duration) -> Progress {
        Progress {
            trail,
            queue,
            wait_limit,
            home: Home::here(),
            written: AtomicU64::new(0),
            synced: AtomicU64::new(0),
            wanted_written: AtomicU64::new(0),
            wanted_synced: AtomicU64::new(0),
            askers: AtomicU64::new(0),
            gathering: AtomicU64::new(0),
            state: Mutex::default(),
            ended: AtomicBool::new(false),
            changed: Gong::default(),
        }
    }

    pub(crate) fn wait_limit(&self) -> Duration {
        self.wait_limit
    }

    /// The tickets from `first` on have the numbers from `seq` on. Said before [`written`](Progress::written).
    pub(crate) fn numbered(&self, first: u64, seq: u64) {
        self.point(Point {
            ticket: first,
            ahead: Some(seq.cast_signed().wrapping_sub(first.cast_signed())),
        });
    }

    /// The records with tickets from `first` on were written and could not be kept.
    pub(crate) fn lost_from(&self, first: u64) {
        if planted!(ForgetsTheLost) {
            return;
        }
        self.point(Point {
            ticket: first,
            ahead: None,
        });
    }

    fn point(&self, point: Point) {
        let mut state = self.state.lock();
        while state.points.back().is_some_and(|last| last.ticket >= point.ticket) {
            state.points.pop_back();
        }
        if state.points.back().is_some_and(|last| last.ahead == point.ahead) {
            return;
        }
        if state.points.len() == POINTS {
            state.points.pop_front();
        }
        state.points.push_back(point);
    }

    /// All tickets up to this one are in the file.
    pub(crate) fn written(&self, ticket: u64) {
        self.advance(&self.written, ticket, &self.wanted_written);
    }

    /// All tickets up to this one are on the disk.
    pub(crate) fn synced(&self, ticket: u64) {
        self.advance(&self.synced, ticket, &self.wanted_synced);
    }

    fn advance(&self, mark: &AtomicU64, ticket: u64, wanted: &AtomicU64) {
        if planted!(TellsFirst) {
            self.broadcast(wanted);
        }
        mark.fetch_max(ticket, Ordering::SeqCst);
        if !planted!(TellsFirst) {
            self.broadcast(wanted);
        }
    }

    /// Nothing more will come.
    pub(crate) fn ended(&self) {
        self.ended.store(true, Ordering::SeqCst);
        if !planted!(EndsSilently) {
            self.wanted_synced.fetch_max(1, Ordering::Relaxed);
            self.broadcast(&self.wanted_synced);
        }
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    fn broadcast(&self, wanted: &AtomicU64) {
        if wanted.load(Ordering::SeqCst) == 0 {
            return;
        }
        self.changed.strike();
        let mut state = self.state.lock();
        let ended = self.has_ended();
        let due = state.take_due(|sleeper| ended || self.reached(sleeper.level, sleeper.ticket));
        drop(state);
        wake(due);
    }

    pub(crate) fn reached_written(&self, ticket: u64) -> bool {
        self.reached(Level::Written, ticket)
    }

    /// All tickets up to this one are on the disk.
    pub(crate) fn synced_ticket(&self) -> u64 {
        self.synced.load(Ordering::Acquire)
    }

    /// The highest ticket somebody waits for to be on the disk.
    pub(crate) fn wanted_synced(&self) -> u64 {
        self.wanted_synced.load(Ordering::SeqCst)
    }

    pub(crate) fn reached(&self, level: Level, ticket: u64) -> bool {
        let at = match level {
            Level::Written => self.written.load(Ordering::SeqCst),
            Level::Synced => self.synced.load(Ordering::SeqCst),
        };
        at >= ticket
    }

    fn seq(&self, ticket: u64) -> Option<u64> {
        let state = sync::lock(&self.state, self.home)?;
        let after = state.points.partition_point(|point| point.ticket <= ticket);
        let point = state.points.get(after.checked_sub(1)?)?;
        point.ahead.and_then(|ahead| ticket.checked_add_signed(ahead))
    }

    /// The number of a ticket that was reached.
    fn outcome(&self, ticket: u64) -> Result<u64, Error> {
        self.seq(ticket).ok_or_else(|| match self.remembers(ticket) {
            true => Error::new(
                ErrorKind::Io,
                "the record was written and could not be kept when the disk failed; the trail's AUDIT_GAP counts it",
            ),
            false => Error::new(
                ErrorKind::Timeout,
                "the record was asked for so late that nobody remembers its number, or whether it could be kept",
            ),
        })
    }

    fn remembers(&self, ticket: u64) -> bool {
        let state = sync::lock(&self.state, self.home);
        state.is_some_and(|state| state.points.front().is_some_and(|oldest| oldest.ticket <= ticket))
    }

    fn want(&self, level: Level, ticket: u64) {
        if planted!(RingsFirst) {
            self.queue.ring();
        }
        match level {
            Level::Written => self.wanted_written.fetch_max(ticket, Ordering::SeqCst),
            Level::Synced => self.wanted_synced.fetch_max(ticket, Ordering::SeqCst),
        };
        let asker = match level {
            Level::Written => u64::MAX,
            Level::Synced => self.askers.fetch_add(1, Ordering::SeqCst) + 1,
        };
        if asker >= self.gathering.load(Ordering::SeqCst) && !planted!(RingsFirst) {
            self.queue.ring();
        }
    }

    /// Futures that are waiting.
    #[cfg(test)]
    pub(crate) fn sleepers(&self) -> usize {
        self.state.lock().sleepers.len()
    }

    /// How many have asked for a sync so far.
    pub(crate) fn askers(&self) -> u64 {
        self.askers.load(Ordering::SeqCst)
    }

    /// The writer need not be woken before so many have asked. It looks by itself after a moment.
    pub(crate) fn gather(&self, askers: u64) {
        self.gathering.store(askers, Ordering::SeqCst);
    }

    pub(crate) fn wait(&self, level: Level, ticket: u64) -> Result<u64, Error> {
        if self.reached(level, ticket) {
            return if ticket == 0 { Ok(0) } else { self.outcome(ticket) };
        }
        refuse_own_thread()?;
        let deadline = sync::end(Instant::now(), self.wait_limit);
        self.want(level, ticket);
        if self.home.is_elsewhere() {
            // The thread that would wake us does not exist here, and who held the lock of the gong may not either.
            return Err(closed());
        }
        self.changed
            .wait(deadline, || self.reached(level, ticket) || self.has_ended());
        match (self.reached(level, ticket), self.has_ended()) {
            (true, _) => self.outcome(ticket),
            (false, true) => Err(closed()),
            (false, false) => Err(self.timeout(level)),
        }
    }

    fn timeout(&self, level: Level) -> Error {
        let level = match level {
            Level::Written => "written",
            Level::Synced => "synced",
        };
        Error::new(
            ErrorKind::Timeout,
            format!(
                "the record was not {level} within {:?}; it may still be: see Trail::status for what the disk says",
                self.wait_limit
            ),
        )
    }

    /// Wakes sleepers whose time is over, and says when the next one's is.
    fn expire(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state.lock();
        let due = state.take_due(|sleeper| sleeper.deadline <= now);
        let next = state.sleepers.iter().map(|sleeper| sleeper.deadline).min();
        state.watched = next.is_some();
        drop(state);
        wake(due);
        next
    }
}

impl State {
    fn take_due(&mut self, due: impl Fn(&Sleeper) -> bool) -> Vec<Sleeper> {
        self.sleepers.extract_if(.., |sleeper| due(sleeper)).collect()
    }

    /// Takes out the one with this id. To be dropped when the lock is free.
    fn take(&mut self, id: u64) -> Option<Sleeper> {
        let at = self.sleepers.iter().position(|sleeper| sleeper.id == id)?;
        Some(self.sleepers.swap_remove(at))
    }
}

/// A waker is somebody else's code: it may look at receipts, which takes the lock, and it may panic, which is not to end the
/// thread that all others wait for. So may its end.
fn wake(sleepers: Vec<Sleeper>) {
    for sleeper in sleepers {
        drop_guarded(catch_unwind(AssertUnwindSafe(|| sleeper.waker.wake())));
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the trail has ended")
}

pub(crate) fn refuse_own_thread() -> Result<(), Error> {
    if on_own_thread() {
        return Err(Error::new(
            ErrorKind::WouldDeadlock,
            "a wait for the trail on the trail's own thread would never end",
        ));
    }
    Ok(())
}

/// A wait as a future.
struct Waiting {
    receipt: Receipt,
    level: Level,
    /// Set at the first poll that has to wait.
    asleep: Option<(u64, Instant)>,
}

impl Waiting {
    fn new(receipt: Receipt, level: Level) -> Waiting {
        Waiting {
            receipt,
            level,
            asleep: None,
        }
    }
}

impl Future for Waiting {
    type Output = Result<u64, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let Receipt { ticket, .. } = this.receipt;
        if let Err(error) = this.receipt.accepted() {
            return Poll::Ready(Err(error));
        }
        let progress = match this.receipt.progress() {
            Ok(progress) => progress,
            Err(error) => return Poll::Ready(Err(error)),
        };
        if progress.reached(this.level, ticket) {
            return Poll::Ready(progress.outcome(ticket));
        }
        let now = Instant::now();
        if this.asleep.is_some_and(|(_, deadline)| deadline <= now) {
            return Poll::Ready(Err(progress.timeout(this.level)));
        }
        let waker = context.waker().clone();
        let Some(mut state) = sync::lock(&progress.state, progress.home) else {
            return Poll::Ready(Err(closed()));
        };
        // Under the lock that a broadcast takes after it moved the mark: nothing slips between.
        if progress.reached(this.level, ticket) {
            drop(state);
            return Poll::Ready(progress.outcome(ticket));
        }
        if progress.has_ended() || progress.home.is_elsewhere() {
            return Poll::Ready(Err(closed()));
        }
        let first = this.asleep.is_none();
        let (id, deadline) = *this.asleep.get_or_insert_with(|| {
            state.next_sleeper += 1;
            (state.next_sleeper, sync::end(now, progress.wait_limit))
        });
        let before = state.take(id);
        state.sleepers.push(Sleeper {
            id,
            level: this.level,
            ticket,
            deadline,
            waker,
        });
        let watch = !std::mem::replace(&mut state.watched, true);
        drop(state);
        drop(before);
        if watch {
            watch::over(&progress, deadline);
        }
        if first {
            progress.want(this.level, ticket);
            // Reached between the look and the wish: the broadcast may have seen neither.
            if progress.reached(this.level, ticket) {
                return Poll::Ready(progress.outcome(ticket));
            }
        }
        Poll::Pending
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some((id, _)) = self.asleep else { return };
        let Some(progress) = progress_of(self.receipt.trail) else {
            return;
        };
        if let Some(mut state) = sync::lock(&progress.state, progress.home) {
            let sleeper = state.take(id);
            drop(state);
            drop(sleeper);
        }
    }
}

global! {
    /// Every trail's progress by number, so that a receipt can be plain data.
    static TRAILS: RwLock<BTreeMap<u32, Arc<Progress>>> = RwLock::new(BTreeMap::new());
}

/// Ended trails remembered, so that a receipt outlives its trail for a while.
const ENDED: usize = 64;

fn progress_of(trail: u32) -> Option<Arc<Progress>> {
    TRAILS.read().ok()?.get(&trail).cloned()
}

pub(crate) fn enter(progress: &Arc<Progress>) {
    if let Ok(mut trails) = TRAILS.write() {
        trails.insert(progress.trail, Arc::clone(progress));
        let ended: Vec<u32> = trails
            .iter()
            .filter(|(_, progress)| progress.has_ended())
            .map(|(trail, _)| *trail)
            .collect();
        for trail in ended.iter().take(ended.len().saturating_sub(ENDED)) {
            trails.remove(trail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_of_long_ago_is_not_told_that_its_record_was_lost() {
        let progress = Progress::new(u32::MAX, Arc::new(Queue::new(0, 1 << 10)), Duration::from_secs(60));
        for point in 1..=POINTS as u64 + 1 {
            progress.numbered(point, 3 * point);
        }
        let last = POINTS as u64 + 1;
        progress.synced(last);
        assert_eq!(progress.wait(Level::Synced, last).unwrap(), 3 * last);
        assert_eq!(progress.wait(Level::Synced, 1).unwrap_err().kind(), ErrorKind::Timeout);
        progress.lost_from(last + 1);
        progress.synced(last + 1);
        assert_eq!(
            progress.wait(Level::Synced, last + 1).unwrap_err().kind(),
            ErrorKind::Io
        );
    }

    /// What a machine with a weak memory may make of it is tried by `scripts/miri`.
    #[test]
    fn a_mark_that_moves_as_a_caller_begins_to_wait_wakes_it() {
        for level in [Level::Written, Level::Synced].repeat(if cfg!(miri) { 1 } else { 200 }) {
            let queue = Arc::new(Queue::new(0, 1 << 10));
            let progress = Progress::new(u32::MAX, queue, Duration::from_secs(60));
            progress.numbered(1, 11);
            std::thread::scope(|scope| {
                let waiting = scope.spawn(|| {
                    let began = Instant::now();
                    (progress.wait(level, 1), began.elapsed())
                });
                progress.written(1);
                progress.synced(1);
                let (said, took) = waiting.join().unwrap();
                assert!(
                    said.is_ok_and(|seq| seq == 11) && took < Duration::from_secs(30),
                    "{took:?}"
                );
            });
        }
    }
}
