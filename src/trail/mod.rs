//! A running trail, as its owner and the rest of the crate see it.

mod core;
mod errand;
mod farewell;
mod health;
mod mailbox;
mod outlet;
mod process;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::error::{Error, ErrorKind};
use crate::queue::Loss;
use crate::status::{Counts, Status};

pub(crate) use core::{Core, Lease, Plan};
pub use errand::Hold;
pub(crate) use farewell::see_off;
pub(crate) use mailbox::{Ask, Errand, Request, Why, ended};
pub(crate) use outlet::Sink;
pub(crate) use process::{enter, leave, no_trail_receipt, process_core, with_process_core};

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
        core.handles.fetch_add(1, Ordering::AcqRel);
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

    /// The trail's id: 22 characters, the same for as long as the directory lives.
    pub fn id(&self) -> String {
        self.core().board.look().trail
    }

    /// Waits until everything accepted so far is in the file.
    ///
    /// # Errors
    /// [`Timeout`](ErrorKind::Timeout) after `Builder::wait_limit`, [`Closed`](ErrorKind::Closed) after the end,
    /// [`WouldDeadlock`](ErrorKind::WouldDeadlock) on the trail's own threads.
    pub fn flush(&self) -> Result<(), Error> {
        self.ask(Ask::Write)
    }

    /// Waits until everything accepted so far is on the disk.
    ///
    /// # Errors
    /// As [`flush`](Trail::flush).
    pub fn sync(&self) -> Result<(), Error> {
        self.ask(Ask::Sync)
    }

    /// Looks whether the file being written is still in its place, and goes on in a new one.
    ///
    /// A trail rotates, compresses nothing that is open, and removes files by itself: it needs no `logrotate`. Where one is run
    /// all the same, call this from its `postrotate`. A file that was moved away or cut meanwhile is what an attacker would
    /// leave, too: the trail says so in `AUDIT_TAMPER_SUSPECTED`, and goes on without losing a record. No file of the same run has
    /// the name of the one that was moved: move it back as it was.
    ///
    /// # Errors
    /// As [`flush`](Trail::flush), and what the disk said of the new file.
    pub fn reopen(&self) -> Result<(), Error> {
        self.ask(Ask::Reopen)
    }

    /// Ends the trail: writes and syncs everything, notes the clean end, lets go of the directory. Records that come
    /// later, from whatever handle or layer, are refused with [`Closed`](ErrorKind::Closed).
    ///
    /// What a disk does not take within 3.5 s (a full one, say) goes to the [emergency sink](crate::Emergency), or is counted as
    /// lost; the trail then ends without it, and the error says how many records of which severity that are.
    ///
    /// # Errors
    /// As [`flush`](Trail::flush), and what the disk said. A trail that has ended already is closed.
    pub fn close(self) -> Result<(), Error> {
        self.ask(Ask::Close)
    }

    fn ask(&self, ask: Ask) -> Result<(), Error> {
        let core = self.core();
        core.ask(ask, core.progress.wait_limit())
            .map_err(|error| match core.board.look().fault {
                Some(fault) if error.kind() == ErrorKind::Timeout => {
                    Error::new(ErrorKind::Timeout, format!("{error}: {fault}"))
                }
                _ => error,
            })
    }

    /// The last lines, oldest first, as they stand in the file: at most 10,000, and at most 16 MiB.
    pub fn recent(&self) -> Vec<String> {
        self.core().recent.lines()
    }

    /// How the trail is, and what it has done so far.
    pub fn status(&self) -> Status {
        let core = self.core();
        let notice = core.board.look();
        let (pending, flow) = core.outlet.with_pending(|pending| (pending, core.queue.flow()));
        let (synced, _) = core.meter.on_disk();
        let mut lost = [0; 4];
        let mut losses = Vec::new();
        for (loss, counts) in Loss::ALL.iter().zip(flow.lost) {
            for (total, count) in lost.iter_mut().zip(counts.count) {
                *total += count;
            }
            if counts.count != [0; 4] {
                losses.push((loss.as_str(), Counts::from(counts.count)));
            }
        }
        let mut emitted = flow.accepted;
        let unkept = flow.lost.get(Loss::Unkept.index()).copied().unwrap_or_default().count;
        for ((emitted, lost), unkept) in emitted.iter_mut().zip(lost).zip(unkept) {
            // What was written and could not be kept had been accepted.
            *emitted += lost - unkept;
        }
        for (emitted, pending) in emitted.iter_mut().zip(pending) {
            *emitted += pending;
        }
        let diverted = losses.iter().find(|(cause, _)| *cause == Loss::Diverted.as_str());
        let diverted = diverted.map(|(_, counts)| *counts).unwrap_or_default();
        Status {
            health: core.signs().health(),
            trail: notice.trail,
            dir: core.dir.clone(),
            file: notice.file,
            emitted: emitted.into(),
            written: notice.written.into(),
            synced: synced.into(),
            lost: lost.into(),
            diverted,
            losses,
            own_records: notice.own_written,
            queue_bytes: flow.bytes,
            queue_high_water_bytes: flow.high_water,
            queue_limit_bytes: core.queue.limit(),
            chain_seq: notice.chain.map_or(0, |(seq, _)| seq),
            chain_head: notice.chain.map(|(_, head)| head.text()).unwrap_or_default(),
            last_commit: notice.last_commit.map(Into::into),
            file_bytes: notice.file_bytes,
            fault: notice.fault,
            last_error: notice.last_error,
            write_errors: core.meter.troubles(),
            capture: notice.capture.unwrap_or_default(),
            unknown_events: core.unknown_events(),
            without_trail: process::without_trail(),
            trust: notice.trust,
            key_id: notice.key_id,
            disk_free: notice.disk_free,
            disk_tier: notice.disk_tier,
            storage_ephemeral: notice.ephemeral,
            hold: notice.hold,
            held: notice.held,
            rules: notice.rules,
            channels: core.alerts.channels(),
            settings: core.settings.clone(),
        }
    }

    /// The trail's counts, gauges and histograms as Prometheus reads them (text exposition format 0.0.4), whether or
    /// not the program has a metrics recorder.
    ///
    /// ```
    /// # let audit = tracing_audit::testing::capture()?;
    /// # let trail = audit.trail();
    /// assert!(trail.metrics().contains("# TYPE audit_events_total counter"));
    /// # Ok::<(), tracing_audit::Error>(())
    /// ```
    pub fn metrics(&self) -> String {
        let core = self.core();
        core.meter.lost(&core.queue.flow().lost);
        for channel in core.alerts.channels() {
            core.meter.lag(&channel.name, channel.waiting as u64);
        }
        core.meter.text(&core.gauges())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.core.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.core.let_go();
        }
    }
}

impl fmt::Debug for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trail")
            .field("dir", &self.dir())
            .finish_non_exhaustive()
    }
}
