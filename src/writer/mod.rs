//! The one thread that numbers, chains and writes.
//!
//! It takes what the queue has, writes it in one piece, lets a second thread make it durable, and tells whoever waits.
//! Under traffic it naps a millisecond between commits, so that nobody has to wake it; when all is quiet it parks.
//!
//! Its thread has no subscriber of its own: a scoped one, even one that does nothing, would make every `info!` of the
//! program ask for the thread's. What it calls of the host (the metrics recorder, the canary) may speak as it likes; a
//! record made there is queued like any other, and no wait on this thread is allowed.

mod batch;
mod commit;
mod desk;
mod erasing;
mod faults;
mod full;
mod gather;
mod holding;
mod joining;
mod kept;
mod medium;
#[cfg(all(test, shuttle))]
mod models;
mod own_records;
#[cfg(test)]
mod sample;
mod seals;
#[cfg_attr(not(feature = "sign"), path = "unsigned.rs")]
mod signer;
mod space;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod stories_full;
#[cfg(test)]
mod stories_keyed;
#[cfg(test)]
mod stories_locks;
#[cfg(test)]
mod stories_overload;
#[cfg(feature = "sign")]
#[cfg(test)]
mod stories_signed;
#[cfg(test)]
mod stories_tamper;
#[cfg(test)]
mod stories_waiting;
#[cfg(test)]
mod stories_watch;
mod syncer;
mod teller;
mod tenure;
mod upkeep;
mod watch;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Micros;
use crate::config::DiskSpace;
use crate::detect::Detector;
use crate::error::{Error, ErrorKind};
use crate::io::{Disk, DiskFile};
use crate::key::KeySource;
use crate::meter::{Facade, Tally};
use crate::queue::{Chunk, Loss, PerSeverity, Rest};
use crate::status::complain;
use crate::store::finding::Suspicion;
use crate::store::retain::Keep;
use crate::store::state::Keys;
use crate::store::{
    Calendar, Finding, Header, Holds, Home, Identity, KeptFrom, Lock, Mark, Point, Reserve, RunId, Segment, State,
    TrailId, Trust,
};
use crate::sync::{self, Aside, Instant};
use crate::trail::{self, Ask, Core, Request};

use batch::Batch;
use erasing::Erasures;
use faults::Fault;
use gather::Gather;
use kept::{Again, Kept};
use own_records::Own;
use seals::Seals;
use signer::Signer;
use syncer::Syncer;
use tenure::Tenure;

pub(crate) use desk::Desk;
pub(crate) use medium::{Medium, medium};
pub(crate) use teller::Teller;
pub(crate) use watch::FLAG;

/// The least time between two turns of a writer that has something due.
const NAP: Duration = Duration::from_millis(1);

/// Naps without work after which it is quiet.
const QUIET_NAPS: u32 = 50;

/// The wall clock is looked at this often, even if nothing happens: midnight must not be missed by a suspended machine.
const LONGEST_PARK: Duration = Duration::from_secs(60);

/// An orphaned trail that was quiet for this long is closed until something comes.
const ORPHAN_REST: Duration = Duration::from_secs(1);

/// How long an end waits for the emergency sink.
const LAST_OUT: Duration = Duration::from_secs(1);

/// How long an end waits for a disk that does not work. What comes then, and the sink, must fit into the wait of a handle that
/// is dropped.
const END_PATIENCE: Duration = Duration::from_millis(3_500);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Running,
    /// A clean end is noted; what comes next goes on behind it.
    Resting,
    Over,
}

/// The writer of one trail.
#[derive(Debug)]
pub(crate) struct Writer {
    core: Arc<Core>,
    disk: Arc<dyn Disk>,
    home: Home,
    lock: Option<Lock>,
    who: Identity,
    keep: Keep,
    max_bytes: u64,
    commit_every: Duration,
    sync_every: Duration,
    space: DiskSpace,
    /// When room on the disk is looked at next.
    space_at: Duration,
    reserve: Reserve,

    trail: TrailId,
    trust: Trust,
    run: u64,
    run_id: RunId,
    next_file: u64,
    kept_from: Option<KeptFrom>,
    /// The number of the prune that says so while that is not on the disk, and what was said before it.
    kept_since: Option<(u64, Option<KeptFrom>)>,
    /// As last stored.
    state: State,
    calendar: Calendar,
    /// The time of this turn.
    now: Micros,
    monotonic: Duration,

    segment: Segment,
    handle: Arc<dyn DiskFile>,
    /// The header of the open file while that has no line.
    unborn: Option<Header>,
    /// Its first lines could not be written, and it was removed.
    stillborn: bool,
    /// Whether the open file's first group is on the disk: only then may it be left for another.
    settled: bool,
    /// Files before the open one that no sync has covered since their last line.
    older: Vec<(PathBuf, Arc<dyn DiskFile>)>,
    /// Whether the directory has a name that may not be durable.
    directory: bool,
    commits: u64,
    /// Of a keyed trail.
    seals: Option<Seals>,
    /// Of a signed one.
    signer: Option<Signer>,
    key_source: KeySource,
    /// What the state has of the key once the run has ended, where that is another one.
    rekey: Option<Keys>,
    /// A new file could not be begun; until when the old one is gone on with.
    rotate_again: Option<Instant>,
    /// What was found of the open file, and when, until the trail has gone on elsewhere.
    suspected: Vec<(Suspicion, Instant)>,

    /// Behind the last line in the file, and behind the last one built.
    written: Point,
    built: Point,
    /// The number of the last line in the newest file that has a header on the disk.
    reached: u64,
    /// The last point known to be on the disk, and the one that the outstanding sync is for.
    durable: Durable,
    syncing: Option<Syncing>,
    /// The `seq` at the start of the run, for the count in `AUDIT_STOP`.
    run_began: u64,

    chunks: VecDeque<Chunk>,
    taken: Vec<Chunk>,
    /// Chunks to be given back.
    emptied: Vec<Chunk>,
    /// How far the first chunk is done: lines, and bytes of their text.
    cursor: (usize, usize),
    own: VecDeque<Own>,
    scratch: Vec<u8>,
    batch: Batch,
    detector: Detector,
    /// Whether there are rules that see records.
    watching: bool,
    /// Two records with what was found of them.
    flagged: [Vec<u8>; 2],
    watch_at: Duration,
    kept: Kept,
    /// To be written again into a new file; not empty only while that goes on.
    again: VecDeque<Again>,
    resync: bool,
    syncer: Syncer,
    gather: Gather,
    /// Until when callers who wait are gathered before the next turn.
    gathers: Option<Instant>,

    /// What gap records have declared.
    declared: [PerSeverity; Loss::ALL.len()],
    gap_at: Duration,
    gap_pause: Duration,
    fault: Option<Fault>,
    gap_cause: Option<&'static str>,
    tenure: Tenure,

    sync_at: Option<Duration>,
    checkpoint_at: Option<Duration>,
    /// In mode `signed`: when a point is stated though nothing happens.
    heartbeat_at: Option<Duration>,
    checkpointed: u64,
    state_due: bool,
    retention_at: Duration,
    /// Files went because of their number or size; said once.
    evicted: bool,
    erasures: Erasures,
    holds: Holds,
    /// Whether a header on the disk says all of that.
    holds_said: bool,
    metrics_at: Duration,
    told: (u64, u64),
    canary: Option<u64>,
    facade: Facade,
    /// Where the host's own layers are asked.
    host: Aside,
    synced_tally: Tally,

    requests: Vec<Request>,
    phase: Phase,
    /// When the end was asked for.
    ending: Option<Instant>,
    /// What the end has to say of what it could not write.
    incomplete: Option<String>,
    active: Duration,
    naps: u32,
}

/// A point known to be on the disk; without a file before the first sync of a trail.
#[derive(Clone, Copy, Debug)]
struct Durable {
    file: Option<u64>,
    point: Point,
}

#[derive(Clone, Copy, Debug)]
struct Syncing {
    mark: Mark,
    older: usize,
}

/// The trail cannot go on for now; the fault says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stuck;

impl Writer {
    /// Begins the run: its first file, what the start found, a sync, the state. On the builder's thread, so that
    /// whatever is wrong is an error of `build`.
    pub(crate) fn begin(core: Arc<Core>, desk: Desk) -> Result<Writer, Error> {
        let Desk {
            disk,
            home,
            mut opened,
            who,
            keep,
            max_bytes,
            commit_every,
            sync_every,
            space,
            new_key,
            teller,
            key_source,
            joins,
            given,
            detector,
            alerts_from,
            #[cfg(test)]
            slip,
        } = desk;
        let (now, elapsed) = (core.time.micros(), core.time.elapsed());
        let monotonic = elapsed.monotonic;
        let (calendar, step) = Calendar::start(&opened.state, now, elapsed);
        let keys = opened.keys.take();
        let mut signer = Signer::of(&opened, keys.as_ref(), &key_source)?;
        let mut header = opened.header(now, who.clone());
        header.measured = Some(calendar.measured(elapsed));
        if let Some(signer) = &signer {
            signer.fill(&mut header, false);
        }
        let (segment, head) = Segment::create(&disk, &home, &header, now.day(), given)?;
        let point = Point { seq: opened.seq, head };
        let mut own = VecDeque::from([Own::start(opened.run, opened.next_file, !opened.clean, false)]);
        let queue_bytes = core.queue.limit() as u64;
        let suspected = opened.found.iter().any(Finding::is_suspicion);
        if suspected {
            complain(&format_args!(
                "the files in {} are not as the trail left them; it goes on, and says so in AUDIT_TAMPER_SUSPECTED: run verify",
                home.dir.display()
            ));
        }
        own.extend(opened.found.drain(..).map(|finding| Own::found(&finding, queue_bytes)));
        own.extend(step.map(Own::clock_step));
        own.push_back(Own::config(&core.settings));
        // In a trail that has no records yet a new key is what one expects.
        let key = |kid: &String| Own::key(if opened.seq == 0 { "created" } else { "lost" }, kid, None);
        own.extend(new_key.iter().map(key));
        if let Some(signer) = &mut signer {
            signer.certify(segment.number(), head)?;
        }
        let seals = keys
            .as_ref()
            .map(|keys| Seals::new(keys.seed.first_key(&opened.trail.0, opened.run)));
        #[cfg(test)]
        let seals = seals.map(|seals: Seals| seals.slipping(slip));
        let begins_at = opened.head;
        if joins {
            core.alerts.go_on(opened.run);
        } else {
            let (queue, past) = (Arc::clone(&core.queue), detector.past(now));
            core.alerts
                .begin(opened.run, opened.seq, alerts_from.as_deref(), past, move || {
                    queue.ring()
                });
        }
        let syncer = Syncer::new(
            Arc::clone(&disk),
            home.clone(),
            Arc::clone(&core.progress),
            Arc::clone(&core.queue),
        );
        let mut writer = Writer {
            handle: segment.sync_handle(),
            segment,
            unborn: Some(header),
            stillborn: false,
            settled: false,
            older: Vec::new(),
            directory: true,
            commits: 0,
            seals,
            signer,
            key_source: key_source.clone(),
            rekey: None,
            rotate_again: None,
            suspected: Vec::new(),
            written: point,
            built: point,
            reached: point.seq,
            durable: Durable {
                file: opened.prev_file,
                point: Point {
                    seq: opened.seq,
                    head: opened.head,
                },
            },
            syncing: None,
            run_began: opened.seq,
            chunks: VecDeque::new(),
            taken: Vec::new(),
            emptied: Vec::new(),
            cursor: (0, 0),
            own,
            scratch: Vec::new(),
            batch: Batch::new(opened.trust == Trust::Signed),
            watching: !detector.is_idle(),
            detector,
            flagged: Default::default(),
            watch_at: monotonic,
            kept: Kept::default(),
            again: VecDeque::new(),
            resync: false,
            syncer,
            gather: Gather::default(),
            gathers: None,
            declared: Default::default(),
            gap_at: Duration::ZERO,
            gap_pause: Writer::gap_every(),
            fault: None,
            gap_cause: None,
            tenure: Tenure::default(),
            sync_at: None,
            checkpoint_at: None,
            heartbeat_at: None,
            checkpointed: 0,
            state_due: true,
            retention_at: monotonic,
            evicted: false,
            erasures: Erasures::default(),
            holds: opened.holds,
            holds_said: true,
            metrics_at: monotonic,
            told: (0, 0),
            canary: None,
            facade: Facade::new(),
            host: Aside::new("audit-canary"),
            synced_tally: Tally::default(),
            requests: Vec::new(),
            phase: Phase::Running,
            ending: None,
            incomplete: None,
            active: monotonic,
            naps: 0,
            trail: opened.trail,
            trust: opened.trust,
            run: opened.run,
            run_id: opened.run_id,
            next_file: opened.next_file + 1,
            kept_from: opened.kept_from,
            kept_since: None,
            state: opened.state,
            lock: Some(opened.lock),
            calendar,
            now,
            monotonic,
            who,
            keep,
            max_bytes,
            commit_every,
            sync_every,
            space,
            space_at: monotonic,
            reserve: Reserve::new(&disk, &home),
            home,
            disk,
            core,
        };
        writer
            .core
            .board
            .write(|notice| notice.trail = writer.trail.to_string());
        writer.begin_first_file()?;
        #[cfg(test)]
        writer.erasures.slip(slip);
        writer.pick_up_erasures(suspected, joins);
        writer.show_holds();
        if let Some(keys) = keys {
            writer.tell_key_line(&keys, begins_at, teller)?;
        }
        Ok(writer)
    }

    fn begin_first_file(&mut self) -> Result<(), Error> {
        // What the queue has may have to wait for what an earlier run holds.
        self.write_taken().map_err(|stuck| self.said(stuck))?;
        // Without its state a keyed trail could not go on.
        let keyed = self.trust.is_keyed();
        self.sync_and_wait(keyed).map_err(|stuck| self.said(stuck))?;
        self.keep_a_reserve();
        self.survey();
        Ok(())
    }

    /// Why the trail cannot begin: for the builder.
    fn said(&mut self, _: Stuck) -> Error {
        let said = self.fault.as_mut().map(Fault::take_error);
        said.unwrap_or_else(|| Error::new(ErrorKind::Io, "cannot begin the trail"))
    }

    /// The life of the thread.
    pub(crate) fn run(mut self) {
        let core = Arc::clone(&self.core);
        if catch_unwind(AssertUnwindSafe(|| self.work())).is_err() {
            complain(&format_args!(
                "the writer of {} panicked; the trail has ended",
                core.dir.display()
            ));
        }
        // Whatever happened, nobody waits for a thread that is gone, and nobody is kept from the directory.
        let cleanly = self.phase == Phase::Over && self.fault.is_none();
        core.queue.close();
        self.count_what_is_left();
        core.outlet.settle(Duration::ZERO, true);
        core.alerts.end(Duration::ZERO, true);
        trail::leave(core.id());
        self.count_closed();
        drop(self.lock.take());
        core.board.write(|notice| notice.ended = true);
        core.progress.ended();
        let answer = |request: Request| match (&self.incomplete, cleanly, request.ask) {
            (Some(said), _, Ask::Close | Ask::Rest) => request.answer(Err(Error::new(ErrorKind::Io, said.as_str()))),
            (None, true, Ask::Close | Ask::Rest) => request.answer(Ok(())),
            _ => request.answer(Err(trail::ended())),
        };
        std::mem::take(&mut self.requests).into_iter().for_each(answer);
        core.mailbox.close(cleanly).into_iter().for_each(answer);
    }

    fn work(&mut self) {
        while self.phase != Phase::Over {
            let more = self.turn();
            if self.phase != Phase::Over && !more {
                self.rest();
            }
        }
    }

    /// One round of all there is to do; whether there is more already.
    fn turn(&mut self) -> bool {
        self.core.mailbox.take(&mut self.requests);
        self.look_at_the_clock();
        self.watch();
        self.fetch_sync();
        let asked = !self.requests.is_empty() || self.ending.is_some();
        let must_wait = self.fault.as_ref().is_some_and(Fault::must_wait);
        let more = match (must_wait && !asked) || self.gathers(asked) {
            true => false,
            false => self.advance(asked).unwrap_or_else(|Stuck| {
                self.refuse_errands();
                // What is in the file need not wait for what is not.
                if !self.resync && self.tenure != Tenure::Lost {
                    self.sync_if_due(asked);
                }
                false
            }),
        };
        self.answer();
        self.end_if_asked();
        self.tell_metrics(asked);
        more
    }

    fn advance(&mut self, asked: bool) -> Result<bool, Stuck> {
        self.come_back()?;
        if self.resync {
            self.write_again()?;
        }
        if self.phase == Phase::Resting {
            if self.own.is_empty() && self.core.queue.is_empty() && !self.has_errands() {
                return Ok(false);
            }
            self.go_on()?;
        }
        self.rotate_at_midnight()?;
        if self.requests.iter().any(|request| request.ask == Ask::Reopen) {
            self.reopen()?;
        }
        self.watch_the_disk()?;
        let more = self.build_batches(asked)?;
        self.keep_files_for_their_time()?;
        self.run_errands()?;
        self.checkpoint();
        self.sync_if_due(asked);
        Ok(more)
    }

    /// Sleeps until something is to be done.
    fn rest(&mut self) {
        let began = Instant::now();
        let left = |at: Duration| at.saturating_sub(self.core.time.monotonic());
        if let Some(fault) = &self.fault {
            let until = fault.retry_at().min(began + LONGEST_PARK);
            let end = self.ending.map_or(until, |since| since + END_PATIENCE);
            return self.core.queue.rest(Rest::Sleep(until.min(end.max(began + NAP))));
        }
        if let Some(until) = self.gathers {
            return self.core.queue.rest(Rest::Sleep(until));
        }
        if self.naps < QUIET_NAPS {
            self.naps += 1;
            return self.core.queue.rest(Rest::Nap(began + self.commit_every));
        }
        let orphan = (self.phase == Phase::Running && self.core.is_orphaned()).then(|| self.active + ORPHAN_REST);
        let metrics = self.facade_is_behind().then_some(self.metrics_at);
        let due = [
            self.sync_at.filter(|_| !self.syncer.is_busy()),
            self.checkpoint_at,
            self.heartbeat_at,
            orphan,
            metrics,
            self.watch_due(),
        ];
        let due = due.into_iter().flatten().map(left).min().unwrap_or(LONGEST_PARK);
        // A clock set by hand may stand still: look again now and then, and never spin.
        let due = due.clamp(NAP, LONGEST_PARK);
        self.core.queue.rest(Rest::Park(began + due));
    }
}

/// Starts the thread of a writer that has begun.
pub(crate) fn spawn(writer: Writer) -> Result<(), Error> {
    sync::spawn("audit-writer", move || writer.run())
        .map(drop)
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot start the trail's writer: {error}")))
}
