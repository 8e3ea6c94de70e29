//! The counts as Prometheus reads them: text exposition format 0.0.4.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{DISK_BUCKETS, DURATION_BUCKETS, Histogram, Loss, Meter, QUERY_BUCKETS, Trouble};
use crate::clock::Micros;
use crate::redact::Class;
use crate::severity::Severity;
use crate::status::{DiskTier, Health};
use crate::system::System;

/// What is not counted but looked up.
#[derive(Clone, Debug)]
pub(crate) struct Gauges {
    pub(crate) health: Health,
    /// Whether the last verification was good, and when that was.
    pub(crate) verified: Option<(bool, Micros)>,
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
    pub(crate) last_commit: Option<Micros>,
    pub(crate) system: Option<System>,
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
    SESSIONS "audit_sessions_total" Some(metrics::Unit::Count), "Sessions that began: records of SESSION_START.";
    QUOTA "audit_quota_violations_total" Some(metrics::Unit::Count), "Quotas that were exceeded: records of QUOTA_EXCEEDED.";
    ALERTS "audit_alerts_total" Some(metrics::Unit::Count), "Alerts raised.";
    BY_USER "audit_user_events_total" Some(metrics::Unit::Count), "Records by user: of the busiest, and of all others.";
    BY_IP "audit_ip_events_total" Some(metrics::Unit::Count), "Records by address: of the busiest, and of all others.";
    BY_REASON "audit_reason_events_total" Some(metrics::Unit::Count), "Records by reason: of the most frequent, and of all others.";
    BY_ENDPOINT "audit_endpoint_requests_total" Some(metrics::Unit::Count), "Records by method and route: of the busiest, and of all others.";
    ENDPOINT_DURATION "audit_endpoint_duration_seconds" Some(metrics::Unit::Seconds), "How long requests took, by method and route.";
    REQUEST_BYTES "audit_request_bytes" Some(metrics::Unit::Bytes), "How large requests were, where records say so.";
    RESPONSE_BYTES "audit_response_bytes" Some(metrics::Unit::Bytes), "How large answers were, where records say so.";
    ENDPOINT_SLOWEST "audit_endpoint_slowest_seconds" Some(metrics::Unit::Seconds), "How long the slowest request took, by method and route.";
    LAG "audit_sink_lag_records" None, "What waits to be taken by a channel or sink.";
    QUERY "audit_query_seconds" Some(metrics::Unit::Seconds), "How long answers to questions to the running trail took to make.";
    HEALTH "audit_health" None, "0 healthy, 1 degraded, 2 warning, 3 critical, 4 ended.";
    VERIFY "audit_verify_ok" None, "1 if the last verification that the trail was told of found nothing wrong, 0 if it did; NaN before the first.";
    VERIFIED_AT "audit_verify_timestamp_seconds" Some(metrics::Unit::Seconds), "When that was; 0 before the first.";
    COMMIT "audit_commit_seconds" Some(metrics::Unit::Seconds), "How long a write to the file took.";
    SYNC "audit_sync_seconds" Some(metrics::Unit::Seconds), "How long a sync to the disk took.";
    QUEUE "audit_queue_bytes" Some(metrics::Unit::Bytes), "Bytes that wait to be written.";
    HIGH_WATER "audit_queue_high_water_bytes" Some(metrics::Unit::Bytes), "The most bytes that ever waited to be written.";
    LOG "audit_log_bytes" Some(metrics::Unit::Bytes), "Bytes of all files of the trail.";
    RETENTION "audit_retention_seconds" Some(metrics::Unit::Seconds), "How long files are kept; 0 for ever.";
    CHAIN_SEQ "audit_chain_seq" None, "The last record on the disk.";
    CHAIN_HEAD "audit_chain_head48" None, "The first 48 bits of the head of the chain behind that record.";
    CAPTURE "audit_capture_ok" None, "1 if plain events reach the trail, 0 if a filter keeps them away.";
    DISK_FREE "audit_disk_free_bytes" Some(metrics::Unit::Bytes), "Bytes that may still be put on the disk; NaN where nobody knows.";
    DISK_TIER "audit_disk_tier" None, "0 with enough room on the disk, 1 and 2 on the steps of disk_space.";
    EPHEMERAL "audit_storage_ephemeral" None, "1 if the directory does not survive a restart.";
    LAST_COMMIT "audit_last_commit_timestamp_seconds" Some(metrics::Unit::Seconds), "When records were last written.";
    PROCESS_MEMORY "audit_process_resident_bytes" Some(metrics::Unit::Bytes), "Memory that the process has in use.";
    PROCESS_CPU "audit_process_cpu_ratio" None, "How much of all processors the process uses, 0 to 1.";
    PROCESS_FILES "audit_process_open_files" None, "Files that the process has open.";
    PROCESS_THREADS "audit_process_threads" None, "Threads of the process.";
    PROCESS_START "audit_process_start_timestamp_seconds" Some(metrics::Unit::Seconds), "When the process began.";
    HOST_CPU "audit_host_cpu_ratio" None, "How much of all processors is in use, 0 to 1.";
    HOST_MEMORY "audit_host_memory_ratio" None, "How much of the memory, or of what the process's group may have, is in use, 0 to 1.";
    HOST_DISK "audit_host_disk_ratio" None, "How much of the disk of the trail is in use, 0 to 1.";
}

pub(super) const COUNTERS: [About; 11] = [
    EVENTS,
    LOST,
    WRITE_ERRORS,
    REDACTIONS,
    SESSIONS,
    QUOTA,
    ALERTS,
    BY_USER,
    BY_IP,
    BY_REASON,
    BY_ENDPOINT,
];
pub(super) const HISTOGRAMS: [About; 7] = [
    DURATION,
    COMMIT,
    SYNC,
    QUERY,
    ENDPOINT_DURATION,
    REQUEST_BYTES,
    RESPONSE_BYTES,
];
pub(super) const LABELLED_GAUGES: [About; 2] = [LAG, ENDPOINT_SLOWEST];
pub(super) const GAUGES: [About; 14] = [
    HEALTH,
    VERIFY,
    VERIFIED_AT,
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

/// In the order of `System::values`.
pub(super) const SYSTEM: [About; 8] = [
    PROCESS_MEMORY,
    PROCESS_CPU,
    PROCESS_FILES,
    PROCESS_THREADS,
    PROCESS_START,
    HOST_CPU,
    HOST_MEMORY,
    HOST_DISK,
];

impl Gauges {
    /// The values in the order of [`GAUGES`].
    pub(super) fn values(&self) -> [f64; GAUGES.len()] {
        let (verified_ok, verified_at) = self.verified.unzip();
        [
            f64::from(self.health.rank()),
            verified_ok.map_or(f64::NAN, |ok| f64::from(u8::from(ok))),
            verified_at.map_or(0.0, seconds),
            self.queue_bytes as f64,
            self.queue_high_water_bytes as f64,
            self.log_bytes as f64,
            f64::from(self.retention_days.unwrap_or(0)) * 86_400.0,
            self.chain.0 as f64,
            self.chain.1 as f64,
            f64::from(u8::from(self.capture_ok)),
            self.disk_free.map_or(f64::NAN, |free| free as f64),
            f64::from(self.disk_tier as u8),
            f64::from(u8::from(self.storage_ephemeral)),
            self.last_commit.map_or(0.0, seconds),
        ]
    }

    /// Of the machine and the process, where they are measured.
    pub(super) fn system(&self) -> impl Iterator<Item = (&'static About, f64)> {
        let values = self.system.as_ref().map(System::values);
        SYSTEM.iter().zip(values.into_iter().flatten())
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
        for (about, count) in [(&SESSIONS, totals.sessions()), (&QUOTA, totals.quota_violations())] {
            head(&mut out, about, "counter");
            line(&mut out, about, &[], count as f64);
        }
        head(&mut out, &ALERTS, "counter");
        for ((rule, priority), count) in &totals.alerts {
            line(
                &mut out,
                &ALERTS,
                &[("rule", rule), ("priority", priority)],
                *count as f64,
            );
        }
        head(&mut out, &QUERY, "histogram");
        histogram(&mut out, QUERY.name, "", &QUERY_BUCKETS, &totals.query);
        head(&mut out, &LAG, "gauge");
        for (channel, waiting) in &totals.lags {
            line(&mut out, &LAG, &[("sink", channel)], *waiting as f64);
        }
        self.shown().write(&mut out);
        for (about, value) in GAUGES.iter().zip(gauges.values()).chain(gauges.system()) {
            head(&mut out, about, "gauge");
            line(&mut out, about, &[], value);
        }
        out
    }
}

fn seconds(Micros(at): Micros) -> f64 {
    at as f64 / 1e6
}

/// One sample.
pub(super) fn line(out: &mut String, about: &About, labels: &[(&str, &str)], value: f64) {
    out.push_str(about.name);
    for (place, (name, label)) in labels.iter().enumerate() {
        let before = if place == 0 { '{' } else { ',' };
        let _ = write!(out, "{before}{name}=\"{}\"", escaped(label));
    }
    let end = if labels.is_empty() { "" } else { "}" };
    let _ = writeln!(out, "{end} {value}");
}

/// A label's value as it stands between quotes.
pub(super) fn escaped(label: &str) -> Cow<'_, str> {
    if !label.contains(['\\', '"', '\n']) {
        return label.into();
    }
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
        .into()
}

pub(super) fn head(out: &mut String, about: &About, kind: &str) {
    let _ = writeln!(
        out,
        "# HELP {} {}\n# TYPE {} {kind}",
        about.name, about.help, about.name
    );
}

pub(super) fn histogram(out: &mut String, name: &str, labels: &str, bounds: &[f64; 11], histogram: &Histogram) {
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
