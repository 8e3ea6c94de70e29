//! The counts for the recorder that the host installed, if it did.
//!
//! The recorder is foreign code, and is told on a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use metrics::{IntoF64, Key, Label, Level, Metadata, Recorder};

use super::leaders::Shown;
use super::named::ToldNames;
use super::text::{self, About, Gauges};
use super::{DISK_BUCKETS, Histogram, Loss, Meter, Row, Rows, Totals, Trouble};
use crate::redact::Class;
use crate::severity::Severity;
use crate::sync::{Aside, Mutex};

/// The writer's end.
#[derive(Debug)]
pub(crate) struct Facade {
    aside: Aside,
    teller: Arc<Mutex<Teller>>,
}

impl Facade {
    pub(crate) fn new() -> Facade {
        Facade {
            aside: Aside::new("audit-metrics"),
            teller: Arc::default(),
        }
    }

    /// Has the recorder told what has changed.
    pub(crate) fn flush(&mut self, meter: &Meter, gauges: Gauges) {
        let (now, shown, teller) = (meter.snapshot(), meter.shown(), Arc::clone(&self.teller));
        self.aside.run(move || teller.lock().flush(now, &shown, &gauges));
    }
}

/// What the recorder was told so far.
///
/// No handle is kept: one taken before a recorder is installed would stay deaf for ever. Until there is one, nothing
/// counts as told, so that it begins with everything.
#[derive(Debug, Default)]
struct Teller {
    told: Totals,
    names: ToldNames,
    described: bool,
}

pub(super) const METADATA: Metadata<'static> = Metadata::new("tracing_audit", Level::INFO, Some("tracing_audit"));

impl Teller {
    /// Tells what has changed.
    fn flush(&mut self, now: Totals, shown: &Shown, gauges: &Gauges) {
        let told = catch_unwind(AssertUnwindSafe(|| {
            metrics::with_recorder(|recorder| self.tell(recorder, &now, shown, gauges))
        }));
        // After a panic nobody knows what was taken: better told too little than twice.
        if told.unwrap_or(true) {
            self.told = now;
        }
    }

    fn tell(&mut self, recorder: &dyn Recorder, now: &Totals, shown: &Shown, gauges: &Gauges) -> bool {
        let mut live = false;
        for (about, value) in text::GAUGES.iter().zip(gauges.values()).chain(gauges.system()) {
            let gauge = recorder.register_gauge(&Key::from_static_name(about.name), &METADATA);
            gauge.set(Heard(&mut live, value));
        }
        if !live {
            return false;
        }
        if !std::mem::replace(&mut self.described, true) {
            describe(recorder);
        }
        rows(recorder, &mut self.told.synced.rows, &now.synced.rows);
        let none = Histogram::default();
        let told = self.told.durations();
        for (event, durations) in now.durations() {
            let labels = vec![Label::from_static_parts("event", event)];
            record(
                recorder,
                &text::DURATION,
                labels,
                told.get(event).unwrap_or(&none),
                &durations,
            );
        }
        for ((loss, now), told) in Loss::ALL.iter().zip(now.lost).zip(self.told.lost) {
            for ((severity, now), told) in Severity::ALL.iter().zip(now).zip(told) {
                let labels = [("cause", loss.as_str()), ("severity", severity.as_str())];
                count(recorder, &text::LOST, &labels, now - told.min(now));
            }
        }
        for ((trouble, now), told) in Trouble::ALL.iter().zip(now.troubles).zip(self.told.troubles) {
            count(
                recorder,
                &text::WRITE_ERRORS,
                &[("kind", trouble.as_str())],
                now - told.min(now),
            );
        }
        for ((class, now), told) in Class::ALL.iter().zip(now.redactions).zip(self.told.redactions) {
            let labels = [("class", class.as_str())];
            count(recorder, &text::REDACTIONS, &labels, now - told.min(now));
        }
        let (sessions, quotas) = (now.sessions(), now.quota_violations());
        count(
            recorder,
            &text::SESSIONS,
            &[],
            sessions - self.told.sessions().min(sessions),
        );
        count(
            recorder,
            &text::QUOTA,
            &[],
            quotas - self.told.quota_violations().min(quotas),
        );
        for ((rule, priority), now) in &now.alerts {
            let told = self
                .told
                .alerts
                .get(&(rule.clone(), *priority))
                .copied()
                .unwrap_or_default();
            if *now > told {
                let labels = vec![
                    Label::new("rule", rule.clone()),
                    Label::from_static_parts("priority", priority),
                ];
                let key = Key::from_parts(text::ALERTS.name, labels);
                recorder.register_counter(&key, &METADATA).increment(now - told);
            }
        }
        for (channel, waiting) in &now.lags {
            let key = Key::from_parts(text::LAG.name, vec![Label::new("sink", channel.clone())]);
            recorder.register_gauge(&key, &METADATA).set(*waiting as f64);
        }
        record(recorder, &text::COMMIT, Vec::new(), &self.told.commit, &now.commit);
        record(recorder, &text::SYNC, Vec::new(), &self.told.sync, &now.sync);
        record(recorder, &text::QUERY, Vec::new(), &self.told.query, &now.query);
        self.names.tell(recorder, shown);
        true
    }
}

/// A number that notices whether anybody asks for it: a handle without a recorder behind it never does.
struct Heard<'a>(&'a mut bool, f64);

impl IntoF64 for Heard<'_> {
    fn into_f64(self) -> f64 {
        *self.0 = true;
        self.1
    }
}

fn describe(recorder: &dyn Recorder) {
    for About { name, unit, help } in text::COUNTERS {
        recorder.describe_counter(name.into(), unit, help.into());
    }
    for About { name, unit, help } in text::HISTOGRAMS {
        recorder.describe_histogram(name.into(), unit, help.into());
    }
    for About { name, unit, help } in text::GAUGES.iter().chain(&text::LABELLED_GAUGES).chain(&text::SYSTEM) {
        recorder.describe_gauge((*name).into(), *unit, (*help).into());
    }
}

fn rows(recorder: &dyn Recorder, told: &mut Rows, now: &Rows) {
    for row in &now.rows {
        let Some(told) = told.row(row.event, row.category) else {
            continue;
        };
        if told.counts != row.counts {
            tell_row(recorder, told, row);
        }
    }
}

fn tell_row(recorder: &dyn Recorder, told: &Row, now: &Row) {
    for ((severity, outcome, now_count), (.., told)) in now.cells().zip(told.cells()) {
        let labels = [
            ("event", now.event.label()),
            ("category", now.category.as_str()),
            ("severity", severity.as_str()),
            ("outcome", outcome.as_str()),
        ];
        count(recorder, &text::EVENTS, &labels, now_count - told.min(now_count));
    }
}

fn count(recorder: &dyn Recorder, about: &About, labels: &[(&'static str, &'static str)], more: u64) {
    if more > 0 {
        let labels: Vec<Label> = labels
            .iter()
            .map(|(key, value)| Label::from_static_parts(key, value))
            .collect();
        let key = Key::from_parts(about.name, labels);
        recorder.register_counter(&key, &METADATA).increment(more);
    }
}

/// A bucket's new values are told as their mean, so often: the sum is exact, and each falls into the bucket it was in
/// if the recorder has the same bounds.
pub(super) fn record(recorder: &dyn Recorder, about: &About, labels: Vec<Label>, told: &Histogram, now: &Histogram) {
    if told == now {
        return;
    }
    let histogram = recorder.register_histogram(&Key::from_parts(about.name, labels), &METADATA);
    for ((count, sum), (told_count, told_sum)) in now.cells.iter().zip(told.cells) {
        let more = count - told_count.min(*count);
        if more > 0 {
            histogram.record_many(
                (sum - told_sum) / more as f64,
                usize::try_from(more).unwrap_or(usize::MAX),
            );
        }
    }
}

const _: () = assert!(DISK_BUCKETS.len() == super::DURATION_BUCKETS.len());
