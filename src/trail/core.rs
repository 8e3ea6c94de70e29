//! What callers, layers and the writer share.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tracing_core::Level;

use super::mailbox::{Ask, Errand, Mailbox};
use super::outlet::{Outlet, Sink};
use super::process;
use crate::alerts;
use crate::brief::Brief;
use crate::clock::Time;
use crate::config::{CaptureRule, Durability, OnFull, Retention};
use crate::error::{Error, ErrorKind};
use crate::meter::{Gauges, Meter, Tops};
use crate::queue::{Loss, Push, Queue};
use crate::receipt::{self, Fate, Progress, Receipt};
use crate::recent::Recent;
use crate::redact::Found;
use crate::render::{self, Fields, Limits, Policy, Salts, Text, What, salt};
use crate::severity::Severity;
use crate::status::{Board, LAST_WAIT, Setting, complain};
use crate::store::Identity;
use crate::sync::{AtomicUsize, Home, Instant, Mutex, end, lock, on_own_thread, planted};
#[cfg(feature = "system")]
use crate::system::{Resources, Sampler};

/// One trail.
#[derive(Debug)]
pub(crate) struct Core {
    id: u32,
    pub(crate) policy: Arc<Policy>,
    pub(crate) limits: Limits,
    /// What every record ends in, where an erasure is to be possible.
    pub(crate) salts: Option<Salts>,
    pub(crate) time: Time,
    /// Whether accepted records are shown to the other layers.
    pub(crate) mirror: bool,
    /// Spans more verbose than this lend no context.
    pub(crate) span_level: Level,
    pub(crate) capture: Vec<CaptureRule>,
    pub(crate) dir: PathBuf,
    pub(crate) settings: Vec<Setting>,
    pub(crate) retention: Retention,
    durability: [Durability; 4],
    on_full: [OnFull; 4],
    pub(crate) queue: Arc<Queue>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) outlet: Outlet,
    pub(crate) mailbox: Mailbox,
    pub(crate) board: Board,
    /// What rules found, until somebody has looked.
    pub(crate) alerts: alerts::Desk,
    pub(crate) meter: Meter,
    pub(crate) recent: Recent,
    /// Who writes.
    pub(crate) who: Identity,
    /// When it was built, by the monotonic clock.
    pub(super) built: Duration,
    #[cfg(feature = "system")]
    pub(crate) system: Sampler,
    #[cfg(feature = "system")]
    pub(super) resources: Option<Resources>,
    unknown: Mutex<Vec<String>>,
    home: Home,
    leases: AtomicUsize,
    pub(super) handles: AtomicUsize,
    /// Whether an end was waited for in vain: nobody who drops a handle after that waits again.
    gave_up: AtomicBool,
}

/// What the builder decides of a [`Core`].
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) policy: Arc<Policy>,
    pub(crate) limits: Limits,
    /// Of a line, what the caller leaves to the writer.
    pub(crate) spare: usize,
    pub(crate) salts: Option<Salts>,
    pub(crate) time: Time,
    pub(crate) mirror: bool,
    pub(crate) span_level: Level,
    pub(crate) capture: Vec<CaptureRule>,
    pub(crate) dir: PathBuf,
    pub(crate) settings: Vec<Setting>,
    pub(crate) retention: Retention,
    pub(crate) durability: [Durability; 4],
    pub(crate) on_full: [OnFull; 4],
    pub(crate) emergency: Sink,
    pub(crate) alerts: alerts::Desk,
    pub(crate) queue_bytes: usize,
    pub(crate) wait_limit: Duration,
    pub(crate) who: Identity,
    pub(crate) tops: Tops,
    #[cfg(feature = "system")]
    pub(crate) resources: Option<Resources>,
}

/// Unknown event names remembered for `status`.
const UNKNOWN: usize = 64;

impl Core {
    pub(crate) fn new(plan: Plan) -> Core {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let queue = Arc::new(Queue::new(plan.queue_bytes, plan.limits.line));
        let built = plan.time.monotonic();
        #[cfg(feature = "system")]
        let system = Sampler::begin(plan.resources.as_ref(), plan.dir.clone());
        Core {
            id,
            policy: plan.policy,
            limits: Limits {
                line: plan.limits.line - plan.salts.as_ref().map_or(0, |_| salt::MEMBER) - plan.spare,
                ..plan.limits
            },
            salts: plan.salts,
            time: plan.time,
            mirror: plan.mirror,
            span_level: plan.span_level,
            capture: plan.capture,
            dir: plan.dir,
            settings: plan.settings,
            retention: plan.retention,
            durability: plan.durability,
            on_full: plan.on_full,
            progress: Arc::new(Progress::new(id, Arc::clone(&queue), plan.wait_limit)),
            outlet: Outlet::new(plan.emergency, Arc::clone(&queue)),
            queue,
            mailbox: Mailbox::new(),
            board: Board::default(),
            alerts: plan.alerts,
            meter: Meter::new(plan.tops),
            recent: Recent::default(),
            who: plan.who,
            built,
            #[cfg(feature = "system")]
            system,
            #[cfg(feature = "system")]
            resources: plan.resources,
            unknown: Mutex::default(),
            home: Home::here(),
            leases: AtomicUsize::new(0),
            handles: AtomicUsize::new(0),
            gave_up: AtomicBool::new(false),
        }
    }

    /// The trail's number in this process; never used twice.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Renders a record into `line` (cleared first) and queues it. The hot path: allocates nothing, counts no
    /// reference.
    #[inline]
    pub(crate) fn accept(
        &self,
        what: &What<'_>,
        fields: &mut Fields,
        contexts: &[&Fields],
        line: &mut Text,
        brief: &mut Brief,
    ) -> Receipt {
        line.clear();
        if !render::rest(line, what, fields, contexts, self.limits, brief) {
            if let Some(texts) = what.texts {
                texts.hand_over(fields, self.how());
            }
            render::rest(line, what, fields, contexts, self.limits, brief);
        }
        if let Some(salts) = &self.salts {
            line.push(&salts.member());
        }
        if brief.redactions > 0 {
            self.meter.redacted(fields.redactions());
            for context in contexts {
                self.meter.redacted(context.redactions());
            }
        }
        let receipt = match self.queue.push(brief, line) {
            Push::Taken(ticket) => Receipt::new(self.id, ticket),
            other => self.turned_away(other, brief, line),
        };
        if self.durability_of(brief.severity) != Durability::Buffered && receipt.fate() == Fate::Accepted {
            self.await_durability(receipt, brief.severity);
        }
        receipt
    }

    #[inline]
    fn durability_of(&self, severity: Severity) -> Durability {
        self.durability.get(severity.index()).copied().unwrap_or_default()
    }

    #[cold]
    fn turned_away(&self, push: Push, brief: &Brief, line: &[u8]) -> Receipt {
        let limit = match self.on_full.get(brief.severity.index()) {
            // The writer makes the room itself: waiting for it on its own thread would never end.
            Some(OnFull::Block(limit)) if !on_own_thread() => Some(*limit),
            _ => None,
        };
        let push = match (push, limit) {
            (Push::Full, Some(limit)) => self.queue.push_within(brief, line, limit),
            (other, _) => other,
        };
        match push {
            Push::Taken(ticket) => Receipt::new(self.id, ticket),
            Push::Full if limit.is_some() && self.outlet.take(&self.board.look().trail, brief, line) => {
                Receipt::refused(self.id, Fate::Diverted)
            }
            Push::Full => {
                if !planted!(ForgetsToCount) {
                    self.queue.lose(Loss::QueueFull, brief.severity, brief.time);
                }
                Receipt::refused(self.id, Fate::Shed)
            }
            Push::Closed => {
                if !planted!(ForgetsToCount) {
                    self.queue.lose(Loss::Closed, brief.severity, brief.time);
                }
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

    /// Counts a call from within another call that could not be recorded.
    #[cold]
    pub(crate) fn count_reentrant(&self, severity: Severity) -> Receipt {
        self.queue.lose(Loss::Reentrant, severity, self.time.micros());
        Receipt::refused(self.id, Fate::Dropped)
    }

    /// Remembers an event name that no type declares, for `status`.
    #[cold]
    pub(crate) fn count_unknown_event(&self, name: &str) {
        let Some(mut unknown) = lock(&self.unknown, self.home) else {
            return;
        };
        if unknown.len() < UNKNOWN && !unknown.iter().any(|known| known == name) {
            unknown.push(name.to_owned());
        }
    }

    pub(super) fn unknown_events(&self) -> Vec<String> {
        lock(&self.unknown, self.home).map_or_else(Vec::new, |unknown| unknown.clone())
    }

    /// Asks the writer, and waits for its answer.
    pub(crate) fn ask(&self, ask: Ask, patience: Duration) -> Result<(), Error> {
        receipt::refuse_own_thread()?;
        let until = end(Instant::now(), patience);
        let said = self
            .mailbox
            .ask(ask, self.queue.last_ticket(), until, || self.queue.ring());
        if matches!(ask, Ask::Rest | Ask::Close) {
            let late = said.as_ref().is_err_and(|error| error.kind() == ErrorKind::Timeout);
            self.gave_up.store(late, Ordering::Relaxed);
        }
        said
    }

    /// Has the writer do something, and waits until it is done.
    pub(crate) fn send(&self, errand: Errand, patience: Duration) -> Result<(), Error> {
        receipt::refuse_own_thread()?;
        let until = end(Instant::now(), patience);
        self.mailbox
            .send(Ask::Errand, Some(errand), self.queue.last_ticket(), until, || {
                self.queue.ring()
            })
    }

    /// A caller's text for a record of the trail about itself: without what the policy finds secret in it.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let mut clean = String::new();
        match self.policy.text(text, &mut clean, &mut Found::default()) {
            true => clean,
            false => text.to_owned(),
        }
    }

    /// Whether this is a forked child, where the trail has no writer.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.home.is_elsewhere()
    }

    /// Whether no handle is left that could end the trail: then the writer ends it when it is quiet.
    pub(crate) fn is_orphaned(&self) -> bool {
        self.handles.load(Ordering::Acquire) == 0
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.leases.load(Ordering::Acquire) == 0
    }

    pub(crate) fn gauges(&self) -> Gauges {
        let notice = self.board.look();
        let flow = self.queue.flow();
        Gauges {
            health: self.signs().health(),
            verified: notice.verified.map(|(verdict, at)| (verdict.is_good(), at)),
            queue_bytes: flow.bytes,
            queue_high_water_bytes: flow.high_water,
            log_bytes: notice.other_bytes + notice.file_bytes,
            retention_days: self.retention.days,
            chain: (notice.chain.map_or(0, |(seq, _)| seq), notice.head48()),
            capture_ok: notice.capture.is_none_or(|found| found.is_empty()),
            disk_free: notice.disk_free,
            disk_tier: notice.disk_tier,
            storage_ephemeral: notice.ephemeral,
            last_commit: notice.last_commit,
            #[cfg(feature = "system")]
            system: self.system.seen(),
            #[cfg(not(feature = "system"))]
            system: None,
        }
    }

    /// The last handle was dropped: everything written and synced, and the clean end noted, in at most 5 s.
    pub(super) fn let_go(&self) {
        // With no other lease there is nobody who could go on.
        let ask = if self.leases.load(Ordering::Acquire) <= 1 {
            Ask::Close
        } else {
            Ask::Rest
        };
        if on_own_thread() || self.home.is_elsewhere() || self.mailbox.is_closed() {
            return;
        }
        if self.gave_up.load(Ordering::Relaxed) {
            // Asked all the same: the writer may come to it.
            let _ = self.ask(ask, Duration::ZERO);
        } else if let Err(error) = self.ask(ask, LAST_WAIT) {
            complain(&format_args!(
                "the trail in {} did not end cleanly: {error}",
                self.dir.display()
            ));
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
        // A forked child has nothing to end, and no lock that a thread of its parent may hold is worth a wait.
        if self.0.leases.fetch_sub(1, Ordering::AcqRel) == 1 && !self.0.home.is_elsewhere() {
            process::leave(self.0.id);
            self.0.let_go();
            self.0.queue.close();
        }
    }
}
