//! For the tests of programs that record: a trail of one test's own, read back at once, and a clock set by hand.
//!
//! ```
//! use tracing_audit::{Outcome, audit, events, testing};
//!
//! fn delete_book(user: &str, id: u32) {
//!     // ..
//!     audit!(events::DATA_DELETE, outcome = Outcome::Success, user.id = user, resource.id = id);
//! }
//!
//! let audit = testing::capture()?;
//! delete_book("alice", 42);
//!
//! let record = audit.one(events::DATA_DELETE);
//! assert_eq!(record.user_id(), Some("alice"));
//! assert_eq!(record.resource_id(), Some("42"));
//! # Ok::<(), tracing_audit::Error>(())
//! ```

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt;

use crate::builder::Builder;
use crate::clock::{Clock, Micros};
use crate::detect::Watch;
use crate::error::{Error, ErrorKind};
use crate::event::{Category, EventType};
use crate::reader;
use crate::record::Record;
use crate::trail::Trail;

/// Starts a trail of this test's own, and makes it this thread's until the returned value is dropped.
///
/// Tests may run side by side: the trail is in a directory of its own, which is removed at the end, and it is not the
/// process's. What the test does on other threads reaches it through [`Captured::dispatch`], or by
/// `audit!(in: captured.trail(), ..)`.
///
/// # Errors
/// When the directory for temporary files cannot be used.
pub fn capture() -> Result<Captured, Error> {
    capture_with(|builder| builder)
}

/// As [`capture`], with other settings than the usual ones. Rules are off, so that a test sees the records that it makes and no
/// alerts; [`Builder::watch`] switches them on.
///
/// ```
/// use std::sync::Arc;
/// use std::time::{Duration, SystemTime};
/// use tracing_audit::{audit, events, testing};
///
/// let clock = Arc::new(testing::ManualClock::new(SystemTime::UNIX_EPOCH));
/// let audit = testing::capture_with(|builder| builder.clock(clock.clone()))?;
/// clock.advance(Duration::from_secs(60));
/// audit!(events::AUTH_LOGIN);
/// assert_eq!(audit.records()[0].time(), SystemTime::UNIX_EPOCH + Duration::from_secs(60));
/// # Ok::<(), tracing_audit::Error>(())
/// ```
///
/// # Errors
/// As [`capture`], and what [`Builder::build`] has to say about the settings.
pub fn capture_with(settings: impl FnOnce(Builder) -> Builder) -> Result<Captured, Error> {
    let home = Home::make()?;
    let quiet = Trail::builder(home.0.join("trail")).detached().watch(Watch::none());
    let trail = settings(quiet).build()?;
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(trail.layer()));
    let default = tracing::dispatcher::set_default(&dispatch);
    // Call sites that other tests have passed may have learnt that nobody is interested.
    tracing::callsite::rebuild_interest_cache();
    Ok(Captured {
        _default: default,
        dispatch,
        trail,
        _home: home,
    })
}

/// A test's own trail. Made by [`capture`].
// The fields are dropped in their order: the thread leaves the trail, the trail ends, its directory goes.
#[must_use = "the trail is the thread's for as long as this is kept"]
pub struct Captured {
    _default: DefaultGuard,
    dispatch: Dispatch,
    trail: Trail,
    _home: Home,
}

impl Captured {
    /// The trail.
    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// The subscriber that this thread has now, for other threads and for tasks: see
    /// [`tracing::dispatcher::with_default`] and [`tracing::instrument::WithSubscriber`].
    pub fn dispatch(&self) -> Dispatch {
        self.dispatch.clone()
    }

    /// What has been recorded, oldest first, without what the trail records about itself. Waits until all of it is in
    /// the file, and reads it from there.
    ///
    /// # Panics
    /// When the trail cannot be read: the test has then failed.
    pub fn records(&self) -> Vec<Record> {
        let mut records = self.all_records();
        records.retain(|record| record.category() != Category::Audit);
        records
    }

    /// As [`records`](Captured::records), with the trail's own.
    ///
    /// # Panics
    /// When the trail cannot be read: the test has then failed.
    pub fn all_records(&self) -> Vec<Record> {
        match self.read() {
            Ok(records) => records,
            Err(error) => fail(format_args!("the captured trail cannot be read: {error}")),
        }
    }

    /// The one record of this event.
    ///
    /// # Panics
    /// When there is none, or more than one; the message shows all that was recorded.
    #[track_caller]
    pub fn one(&self, event: EventType) -> Record {
        let records = self.records();
        let mut matching = records.iter().filter(|record| record.event() == event.name());
        match (matching.next(), matching.count()) {
            (Some(record), 0) => record.clone(),
            (found, more) => {
                let shown: Vec<String> = records.iter().map(Record::to_string).collect();
                fail(format_args!(
                    "expected one {event}, found {}, among:\n{}",
                    usize::from(found.is_some()) + more,
                    shown.join("\n"),
                ))
            }
        }
    }

    fn read(&self) -> Result<Vec<Record>, Error> {
        self.trail.flush()?;
        reader::read(self.trail.dir())?.collect()
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Captured")
            .field("trail", &self.trail)
            .finish_non_exhaustive()
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "this is how a test fails")]
fn fail(why: fmt::Arguments<'_>) -> ! {
    panic!("{why}")
}

/// A directory that goes with its value.
struct Home(PathBuf);

impl Home {
    fn make() -> Result<Home, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut chance = [0; 8];
        getrandom::fill(&mut chance)
            .map_err(|error| Error::new(ErrorKind::Io, format!("the system has no random numbers: {error}")))?;
        let path = std::env::temp_dir().join(format!(
            "tracing-audit-{}-{}-{:016x}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed),
            u64::from_le_bytes(chance),
        ));
        std::fs::create_dir(&path).map_err(|error| {
            Error::io("make a directory for the captured trail", &path, error)
                .remedy("point TMPDIR to a directory where the test may write")
        })?;
        Ok(Home(path))
    }
}

impl AsRef<Path> for Home {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

static BOOTS: AtomicU64 = AtomicU64::new(1);

/// A clock that stands still until it is told otherwise; for [`Builder::clock`].
#[derive(Debug)]
pub struct ManualClock {
    /// What the wall clock is ahead of the monotonic one: so that both move at once, whoever looks meanwhile.
    ahead: AtomicI64,
    monotonic: AtomicU64,
    /// No two of them are one start of one machine.
    boot: u128,
}

impl ManualClock {
    /// One that stands at this time.
    pub fn new(time: impl Into<SystemTime>) -> ManualClock {
        ManualClock {
            ahead: AtomicI64::new(Micros::from(time.into()).0),
            monotonic: AtomicU64::new(0),
            boot: BOOTS.fetch_add(1, Ordering::Relaxed).into(),
        }
    }

    /// Lets time pass, for the trails that are open and for those that a later one goes on with.
    pub fn advance(&self, span: Duration) {
        self.monotonic.fetch_add(span.as_micros() as u64, Ordering::AcqRel);
    }

    /// Sets the wall clock, as an administrator or a time server does: no time passes meanwhile.
    pub fn step_to(&self, time: impl Into<SystemTime>) {
        let passed = self.monotonic.load(Ordering::Acquire) as i64;
        self.ahead
            .store(Micros::from(time.into()).0 - passed, Ordering::Release);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        let passed = self.monotonic.load(Ordering::Acquire) as i64;
        Micros(self.ahead.load(Ordering::Acquire) + passed).into()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.monotonic.load(Ordering::Acquire))
    }

    fn boot(&self) -> Option<(u128, Duration)> {
        Some((self.boot, self.monotonic()))
    }
}
