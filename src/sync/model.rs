//! What stands in for locks, condition variables, threads and time in a model, and how a model is run.
//!
//! The scheduler of `shuttle` decides at every lock, atomic and wake-up who goes on. Two things it does not know are
//! added here:
//!
//! - Time passes only where a wait ends by it. A wait of less than [`SHORT`] may end at any moment, by itself or without a
//!   reason. A longer one never ends by itself: whoever needs that to go on hangs in the model, and is found.
//! - A mistake can be planted, so that each model shows that it finds one.
//!
//! All atomics are sequentially consistent here. What weaker orderings allow is `scripts/miri`'s.

use std::cell::Cell;
use std::io::Write as _;
use std::ops::{Add, Deref, DerefMut, Sub};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use shuttle::rand::Rng as _;
use shuttle::scheduler::{PctScheduler, RandomScheduler, ReplayScheduler};
use shuttle::{Config, MaxSteps, Runner};

pub(crate) use shuttle::sync::RwLock;
pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
pub(crate) use shuttle::thread::JoinHandle;

/// Waits shorter than this may end at any moment: the writer's naps and the pauses of its first attempts again.
const SHORT: Duration = Duration::from_millis(100);

/// As `parking_lot::Mutex`.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Mutex<T> {
        Mutex(shuttle::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(Some(self.0.lock().unwrap_or_else(PoisonError::into_inner)), self)
    }

    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        Some(MutexGuard(Some(self.0.try_lock().ok()?), self))
    }

    pub(crate) fn try_lock_for(&self, _: Duration) -> Option<MutexGuard<'_, T>> {
        Some(self.lock())
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As `parking_lot::MutexGuard`. Without the lock only within a wait.
#[derive(Debug)]
pub(crate) struct MutexGuard<'a, T>(Option<shuttle::sync::MutexGuard<'a, T>>, &'a Mutex<T>);

impl<T> MutexGuard<'_, T> {
    pub(crate) fn unlocked<R>(guard: &mut MutexGuard<'_, T>, then: impl FnOnce() -> R) -> R {
        drop(guard.0.take());
        let done = then();
        *guard = guard.1.lock();
        done
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().unwrap()
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().unwrap()
    }
}

/// As `parking_lot::Condvar`.
#[derive(Debug)]
pub(crate) struct Condvar(shuttle::sync::Condvar);

#[derive(Clone, Copy, Debug)]
pub(crate) struct TimedOut(bool);

impl TimedOut {
    pub(crate) fn timed_out(self) -> bool {
        self.0
    }
}

impl Condvar {
    pub(crate) const fn new() -> Condvar {
        Condvar(shuttle::sync::Condvar::new())
    }

    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let held = guard.0.take().unwrap();
        guard.0 = Some(self.0.wait(held).unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, until: Instant) -> TimedOut {
        if until - Instant::now() >= SHORT {
            self.wait(guard);
            return TimedOut(false);
        }
        MutexGuard::unlocked(guard, shuttle::thread::yield_now);
        let over = shuttle::rand::thread_rng().gen_bool(0.75);
        if over {
            NOW.set(NOW.get().max(until.0));
        }
        TimedOut(over)
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

impl Default for Condvar {
    fn default() -> Condvar {
        Condvar::new()
    }
}

// Of the thread that runs the model: all threads in it are that one.
thread_local! {
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static PLANTED: Cell<Option<Mistake>> = const { Cell::new(None) };
}

/// As `std::time::Instant`, of the model's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Duration);

impl Instant {
    pub(crate) fn now() -> Instant {
        Instant(NOW.get())
    }

    pub(crate) fn elapsed(self) -> Duration {
        Instant::now() - self
    }

    pub(crate) fn checked_add(self, span: Duration) -> Option<Instant> {
        self.0.checked_add(span).map(Instant)
    }

    pub(crate) fn saturating_duration_since(self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    pub(crate) fn checked_sub(self, span: Duration) -> Option<Instant> {
        self.0.checked_sub(span).map(Instant)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, span: Duration) -> Instant {
        Instant(self.0 + span)
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// What a control gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// The writer parks without a look at what is waiting.
    ParksBlindly,
    /// The lock is let go between the look for room and the wait for it.
    LooksAway,
    /// The end of the queue is not said to those who wait for room.
    ClosesSilently,
    /// The queue says that it is closed, and takes what fits.
    StaysAjar,
    /// Ordinary records may have the chunk that is kept for critical ones.
    SharesReserve,
    /// The chunk that was filled last is taken first.
    TakesNewestFirst,
    /// A push that the end refused is not counted.
    ForgetsToCount,
    /// A record at the emergency sink is counted by its thread and by the end.
    CountsTwice,
    /// Who waits is woken before the mark is moved.
    TellsFirst,
    /// The writer is rung before it can see what is wanted.
    RingsFirst,
    /// What could not be kept is not noted.
    ForgetsTheLost,
    /// The mark of a sync is moved before the sync.
    SyncedTooSoon,
    /// The end of the trail tells nobody who waits for a record.
    EndsSilently,
    /// The trail's last record takes with it what came meanwhile.
    TakesBehindTheEnd,
}

pub(crate) fn is_planted(mistake: Mistake) -> bool {
    PLANTED.get() == Some(mistake)
}

fn number(name: &str, unless: u64) -> u64 {
    std::env::var(name).map_or(unless, |value| value.parse().unwrap())
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = 1 << 20;
    // A thread that comes to nothing for so long comes to nothing ever.
    config.max_steps = MaxSteps::FailAfter(200_000);
    config.silence_warnings = true;
    config.ungraceful_shutdown_config.immediately_return_on_panic = true;
    config
}

/// Runs so many schedules. Half of them go at random, and half by priorities that change at three points, which finds what
/// needs a certain order of few events. Returns how many were run until one failed, if one did.
fn run(schedules: u64, body: fn()) -> (u64, bool) {
    let begun = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let model = || {
        let begun = Arc::clone(&begun);
        move || {
            NOW.set(Duration::from_secs(3600));
            begun.fetch_add(1, Ordering::Relaxed);
            body();
        }
    };
    let seed = number("MODEL_SEED", 1);
    let half = (schedules / 2).max(1) as usize;
    let done = catch_unwind(AssertUnwindSafe(|| {
        Runner::new(PctScheduler::new_from_seed(seed, 3, half), config()).run(model());
        Runner::new(RandomScheduler::new_from_seed(seed, half), config()).run(model());
    }));
    (begun.load(Ordering::Relaxed), done.is_ok())
}

/// A schedule as a failed model printed it.
fn schedule() -> Option<String> {
    std::env::var("MODEL_SCHEDULE").ok()
}

fn say(what: &str) {
    // Past the test's captured output: the figure is the result.
    let _ = writeln!(std::io::stdout(), "{what}");
}

/// Runs a model: `MODEL_SCHEDULES` (10,000 unless said) schedules from `MODEL_SEED` (1), and a quarter of it for one whose
/// schedules are `long`; or the one `MODEL_SCHEDULE`.
pub(crate) fn check(promise: &str, long: bool, body: fn()) {
    if let Some(schedule) = schedule() {
        let scheduler = ReplayScheduler::new_from_encoded(&schedule);
        Runner::new(scheduler, config()).run(move || {
            NOW.set(Duration::from_secs(3600));
            body();
        });
        return;
    }
    let schedules = number("MODEL_SCHEDULES", 10_000) / if long { 4 } else { 1 };
    let began = std::time::Instant::now();
    let (run, held) = run(schedules, body);
    assert!(held, "{promise}: broken by schedule {run}; it is printed above");
    say(&format!(
        "{promise}: held in {run} schedules ({:.1} s)",
        began.elapsed().as_secs_f64()
    ));
}

/// The control of a model: with this mistake in the code, it must fail.
pub(crate) fn check_finds(mistake: Mistake, body: fn()) {
    if schedule().is_some() {
        return;
    }
    PLANTED.set(Some(mistake));
    let (run, held) = run(20_000, body);
    PLANTED.set(None);
    assert!(!held, "{mistake:?} was planted, and not found in {run} schedules");
    say(&format!("  {mistake:?}, planted: found by schedule {run}"));
}
