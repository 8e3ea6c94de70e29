//! The counts as Prometheus reads them: text exposition format 0.0.4.

use std::fmt::Write as _;

use super::{DISK_BUCKETS, DURATION_BUCKETS, Histogram, Loss, Meter, Trouble};
use crate::redact::Class;
use crate::severity::Severity;
use crate::status::DiskTier;

/// What is not counted but looked up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) queue_bytes: usize,
    pub(crate) queue_high_water_bytes: usize,
    /// Of all files, as last seen.
    pub(crate) log_bytes: u64,
    /// `None` if files are kept for ever.
    pub(crate) retention_days: Option<u32>,
    /// The last record on the disk, and the first six bytes of the head behind it.
    pub(crate) chain: (u64, u64),
    pub(crate) capture_ok: bool,
    /// `None` where nobody knows.
    pub(crate) disk_free: Option<u64>,
    pub(crate) disk_tier: DiskTier,
    pub(crate) storage_ephemeral: bool,
    /// Seconds since 1970; 0 before the first.
    pub(crate) last_commit: f64,
}

/// Name, unit for the facade, help.
pub(super) struct About {
    pub(super) name: &'static str,
    pub(super) unit: Option<metrics::Unit>,
    pub(super) help: &'static str,
}

macro_rules! about {
    ($($constant:ident $name:literal $unit:expr, $help:literal;)*) => {
        $(pub(super) const $constant: About = About { name: $name, unit: $unit, help: $help };)*
    };
}

about! {
    EVENTS "audit_events_total" Some(metrics::Unit::Count), "Records on the disk.";
    DURATION "audit_duration_seconds" Some(metrics::Unit::Seconds), "How long the recorded actions took, where they say so.";
    LOST "audit_lost_total" Some(metrics::Unit::Count), "Records that are not in the trail.";
    WRITE_ERRORS "audit_write_errors_total" Some(metrics::Unit::Count), "Operations on the disk that failed.";
    REDACTIONS "audit_redactions_total" Some(metrics::Unit::Count), "Values redacted before they were recorded.";
    COMMIT "audit_commit_seconds" Some(metrics::Unit::Seconds), "How long a write to the file took.";
    SYNC "audit_sync_seconds" Some(metrics::Unit::Seconds), "How long a sync to the disk took.";
    QUEUE "audit_queue_bytes" Some(metrics::Unit::Bytes), "Bytes that wait to be written.";
    HIGH_WATER "audit_queue_high_water_bytes" Some(metrics::Unit::Bytes), "The most bytes that ever waited to be written.";
    LOG "audit_log_bytes" Some(metrics::Unit::Bytes), "Bytes of all files of the trail.";
    RETENTION "audit_retention_days" None, "Days for which files are kept; 0 for ever.";
    CHAIN_SEQ "audit_chain_seq" None, "The last record on the disk.";
    CHAIN_HEAD "audit_chain_head48" None, "The first 48 bits of the head of the chain behind that record.";
    CAPTURE "audit_capture_ok" None, "1 if plain events reach the trail, 0 if a filter keeps them away.";
    DISK_FREE "audit_disk_free_bytes" Some(metrics::Unit::Bytes), "Bytes that may still be put on the disk; NaN where nobody knows.";
    DISK_TIER "audit_disk_tier" None, "0 with enough room on the disk, 1 and 2 on the steps of disk_space.";
    EPHEMERAL "audit_storage_ephemeral" None, "1 if the directory does not survive a restart.";
    LAST_COMMIT "audit_last_commit_timestamp_seconds" Some(metrics::Unit::Seconds), "When records were last written.";
}

pub(super) const COUNTERS: [About; 4] = [EVENTS, LOST, WRITE_ERRORS, REDACTIONS];
pub(super) const HISTOGRAMS: [About; 3] = [DURATION, COMMIT, SYNC];
pub(super) const GAUGES: [About; 11] = [
    QUEUE,
    HIGH_WATER,
    LOG,
    RETENTION,
    CHAIN_SEQ,
    CHAIN_HEAD,
    CAPTURE,
    DISK_FREE,
    DISK_TIER,
    EPHEMERAL,
    LAST_COMMIT,
];

impl Gauges {
    /// The values in the order of [`GAUGES`].
    pub(super) fn values(&self) -> [f64; GAUGES.len()] {
        [
            self.queue_bytes as f64,
            self.queue_high_water_bytes as f64,
            self.log_bytes as f64,
            f64::from(self.retention_days.unwrap_or(0)),
            self.chain.0 as f64,
            self.chain.1 as f64,
            f64::from(u8::from(self.capture_ok)),
            self.disk_free.map_or(f64::NAN, |free| free as f64),
            f64::from(self.disk_tier as u8),
            f64::from(u8::from(self.storage_ephemeral)),
            self.last_commit,
        ]
    }
}

impl Meter {
    /// Everything, with `HELP` and `TYPE`.
    pub(crate) fn text(&self, gauges: &Gauges) -> String {
        let totals = self.snapshot();
        let mut out = String::with_capacity(8 * 1024);
        head(&mut out, &EVENTS, "counter");
        for row in &totals.synced.rows.rows {
            for (severity, outcome, count) in row.cells().filter(|(.., count)| *count > 0) {
                let _ = writeln!(
                    out,
                    "{}{{event=\"{}\",category=\"{}\",severity=\"{severity}\",outcome=\"{outcome}\"}} {count}",
                    EVENTS.name,
                    row.event.label(),
                    row.category,
                );
            }
        }
        head(&mut out, &DURATION, "histogram");
        for (event, durations) in totals.durations() {
            histogram(
                &mut out,
                DURATION.name,
                &format!("event=\"{event}\""),
                &DURATION_BUCKETS,
                &durations,
            );
        }
        head(&mut out, &LOST, "counter");
        for (loss, counts) in Loss::ALL.iter().zip(totals.lost) {
            for (severity, count) in Severity::ALL.iter().zip(counts) {
                let _ = writeln!(
                    out,
                    "{}{{cause=\"{}\",severity=\"{severity}\"}} {count}",
                    LOST.name,
                    loss.as_str()
                );
            }
        }
        head(&mut out, &WRITE_ERRORS, "counter");
        for (trouble, count) in Trouble::ALL.iter().zip(totals.troubles) {
            let _ = writeln!(out, "{}{{kind=\"{}\"}} {count}", WRITE_ERRORS.name, trouble.as_str());
        }
        head(&mut out, &REDACTIONS, "counter");
        for (class, count) in Class::ALL.iter().zip(totals.redactions) {
            let _ = writeln!(out, "{}{{class=\"{}\"}} {count}", REDACTIONS.name, class.as_str());
        }
        for (about, measured) in [(&COMMIT, &totals.commit), (&SYNC, &totals.sync)] {
            head(&mut out, about, "histogram");
            histogram(&mut out, about.name, "", &DISK_BUCKETS, measured);
        }
        for (about, value) in GAUGES.iter().zip(gauges.values()) {
            head(&mut out, about, "gauge");
            let _ = writeln!(out, "{} {value}", about.name);
        }
        out
    }
}

fn head(out: &mut String, about: &About, kind: &str) {
    let _ = writeln!(
        out,
        "# HELP {} {}\n# TYPE {} {kind}",
        about.name, about.help, about.name
    );
}

fn histogram(out: &mut String, name: &str, labels: &str, bounds: &[f64; 11], histogram: &Histogram) {
    let comma = if labels.is_empty() { "" } else { "," };
    let mut below = 0;
    let bounds = bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
    for (bound, (count, _)) in bounds.zip(histogram.cells) {
        below += count;
        let _ = writeln!(out, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {below}");
    }
    let braced = if labels.is_empty() {
        String::new()
    } else {
        format!("{{{labels}}}")
    };
    let _ = writeln!(
        out,
        "{name}_sum{braced} {}\n{name}_count{braced} {below}",
        histogram.sum()
    );
}
