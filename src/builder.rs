use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing_core::Level;

use crate::chain::{Head, leaf};
use crate::clock::{Clock, Time};
use crate::config::{CaptureRule, Durability, OnFull};
use crate::error::{Error, ErrorKind};
use crate::queue::Rest;
use crate::render::{Limits, Policy};
use crate::severity::Severity;
use crate::sync;
use crate::trail::{self, Core, Lease, Plan, Trail};

/// Settings of a trail to be: setters that cannot fail, and one [`build`](Builder::build) that can.
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder {
    dir: PathBuf,
    detached: bool,
    mirror: bool,
    limits: Limits,
    time: Time,
    span_level: Level,
    capture: Vec<CaptureRule>,
    durability: [Durability; 4],
    on_full: [OnFull; 4],
    queue_bytes: usize,
    wait_limit: Duration,
}

impl Trail {
    /// Begins the settings of a trail in this directory, which is made if it is missing.
    pub fn builder(dir: impl Into<PathBuf>) -> Builder {
        Builder {
            dir: dir.into(),
            detached: false,
            mirror: true,
            limits: Limits::default(),
            time: Time::default(),
            span_level: Level::INFO,
            capture: Vec::new(),
            durability: [Durability::Buffered; 4],
            on_full: OnFull::DEFAULT,
            queue_bytes: 16 * 1024 * 1024,
            wait_limit: Duration::from_secs(5),
        }
    }
}

impl Builder {
    /// Keeps the trail from becoming the process's: only a layer of it, or `in: &trail`, records to it.
    pub fn detached(mut self) -> Builder {
        self.detached = true;
        self
    }

    /// Whether accepted records are shown to the other layers, such as the console. Default: yes.
    pub fn mirror(mut self, mirror: bool) -> Builder {
        self.mirror = mirror;
        self
    }

    /// Where the time comes from. For tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Builder {
        self.time = Time::injected(clock);
        self
    }

    /// The most verbose spans whose fields lend context. Default: INFO.
    pub fn span_level(mut self, level: Level) -> Builder {
        self.span_level = level;
        self
    }

    /// How far records of this severity must have come before emitting them returns. Default: buffered.
    pub fn durability(mut self, severity: Severity, durability: Durability) -> Builder {
        if let Some(slot) = self.durability.get_mut(severity.index()) {
            *slot = durability;
        }
        self
    }

    /// What happens to records of this severity when the queue is full.
    pub fn on_full(mut self, severity: Severity, on_full: OnFull) -> Builder {
        if let Some(slot) = self.on_full.get_mut(severity.index()) {
            *slot = on_full;
        }
        self
    }

    /// Adds a rule. `Builder::capture`, which takes the public type, is written where that type is.
    pub(crate) fn capture_rule(mut self, rule: CaptureRule) -> Builder {
        self.capture.push(rule);
        self
    }

    /// Builds the trail and starts its writer.
    ///
    /// # Errors
    /// Whatever is wrong with the settings or the directory, with the path and the remedy.
    pub fn build(self) -> Result<Trail, Error> {
        let core = Arc::new(Core::new(Plan {
            policy: Arc::new(Policy),
            limits: self.limits,
            time: self.time,
            mirror: self.mirror,
            span_level: self.span_level,
            capture: self.capture,
            dir: self.dir,
            durability: self.durability,
            on_full: self.on_full,
            queue_bytes: self.queue_bytes,
            wait_limit: self.wait_limit,
        }));
        let lease = Lease::first(Arc::clone(&core));
        trail::enter(&core, self.detached);
        sync::spawn("audit-writer", move || stand_in(&core))
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot start the writer: {error}")))?;
        Ok(Trail::new(lease))
    }
}

/// Stands in for the writer until it is there: numbers and chains in memory.
fn stand_in(core: &Core) {
    let (mut chunks, mut seq, mut head, mut out) = (Vec::new(), 0, Head::ZERO, Vec::new());
    while core.leases.load(std::sync::atomic::Ordering::Acquire) > 0 || !core.queue.is_empty() {
        core.queue.rest(Rest::Park(Instant::now() + Duration::from_millis(100)));
        core.queue.take(&mut chunks, 16);
        for chunk in chunks.drain(..) {
            out.clear();
            core.progress.numbered(chunk.first_ticket(), seq + 1);
            for (_, line) in chunk.lines() {
                seq += 1;
                out.extend_from_slice(format!("{{\"seq\":{seq},").as_bytes());
                out.extend_from_slice(line);
                head = head.record(seq, &leaf(line));
                head.push_frame(&mut out);
                out.push(b'\n');
            }
            core.recent.push(&out, chunk.len());
            let last = chunk.first_ticket() + chunk.len() as u64 - 1;
            core.progress.written(last);
            core.progress.synced(last);
            core.queue.give_back(chunk);
        }
    }
    core.progress.ended();
}
