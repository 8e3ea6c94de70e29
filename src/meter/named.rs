//! The series by name, for the text and for the recorder alike.

use std::collections::HashMap;

use metrics::{Key, Label, Recorder};

use super::facade::{self, METADATA};
use super::leaders::{Cell, Cells, Named, OTHER, Shown};
use super::text::{self, About};
use super::{DURATION_BUCKETS, Histogram, SIZE_BUCKETS};

impl Shown {
    /// Those of users, addresses and reasons: all alike.
    fn acts(&self) -> [(&'static About, &'static str, Option<&Named>); 3] {
        [
            (&text::BY_USER, "user", self.users.as_ref()),
            (&text::BY_IP, "ip", self.ips.as_ref()),
            (&text::BY_REASON, "reason", self.reasons.as_ref()),
        ]
    }

    fn sizes(&self) -> impl Iterator<Item = (&'static About, &Histogram)> {
        let abouts = [&text::REQUEST_BYTES, &text::RESPONSE_BYTES];
        let asked = self.endpoints.is_some();
        abouts.into_iter().zip(&self.sizes).filter(move |_| asked)
    }

    /// Everything, with `HELP` and `TYPE`.
    pub(super) fn write(&self, out: &mut String) {
        for (about, label, named) in self.acts() {
            let Some(named) = named else { continue };
            text::head(out, about, "counter");
            each(named, |name, cells| counts(out, about, label, name, cells));
        }
        if let Some(named) = &self.endpoints {
            text::head(out, &text::BY_ENDPOINT, "counter");
            each(named, |name, cells| {
                counts(out, &text::BY_ENDPOINT, "endpoint", name, cells)
            });
            text::head(out, &text::ENDPOINT_DURATION, "histogram");
            each(named, |name, cells| {
                if cells.durations.count() > 0 {
                    let label = format!("endpoint=\"{}\"", text::escaped(name));
                    let about = &text::ENDPOINT_DURATION;
                    text::histogram(out, about.name, &label, &DURATION_BUCKETS, &cells.durations);
                }
            });
            text::head(out, &text::ENDPOINT_SLOWEST, "gauge");
            each(named, |name, cells| {
                if cells.durations.count() > 0 {
                    let labels = [("endpoint", name)];
                    text::line(out, &text::ENDPOINT_SLOWEST, &labels, slowest(cells));
                }
            });
        }
        for (about, sizes) in self.sizes() {
            text::head(out, about, "histogram");
            text::histogram(out, about.name, "", &SIZE_BUCKETS, sizes);
        }
    }
}

/// Each name in its turn, and all others at the end.
fn each(named: &Named, mut take: impl FnMut(&str, &Cells)) {
    for (name, cells) in &named.names {
        take(name, cells);
    }
    take(OTHER, &named.other());
}

fn counts(out: &mut String, about: &About, label: &str, name: &str, cells: &Cells) {
    for (cell, count) in &cells.counts {
        let kind = cell.labels();
        let labels = [(label, name)]
            .into_iter()
            .chain(kind.iter().map(|(key, value)| (*key, value.as_str())));
        text::line(out, about, &labels.collect::<Vec<_>>(), *count as f64);
    }
}

fn slowest(cells: &Cells) -> f64 {
    f64::from(cells.slowest) / 1e6
}

impl Cell {
    fn labels(self) -> Vec<(&'static str, String)> {
        match self {
            Cell::Act(event, outcome) => vec![
                ("event", event.label().to_owned()),
                ("outcome", outcome.as_str().to_owned()),
            ],
            Cell::Status(0) => vec![("status", "none".to_owned())],
            Cell::Status(status) => vec![("status", status.to_string())],
        }
    }
}

/// What a recorder was told of names so far.
///
/// It keeps the series of a name that is listed no more, so that what that name had is not told again under `other`.
#[derive(Debug, Default)]
pub(super) struct ToldNames {
    cells: HashMap<(&'static str, String), Cells>,
    sizes: [Histogram; 2],
}

impl ToldNames {
    pub(super) fn tell(&mut self, recorder: &dyn Recorder, now: &Shown) {
        let mut next = HashMap::new();
        let kinds = now
            .acts()
            .into_iter()
            .chain([(&text::BY_ENDPOINT, "endpoint", now.endpoints.as_ref())]);
        for (about, label, named) in kinds {
            let Some(named) = named else { continue };
            let names = named.names.iter().map(|(name, cells)| (name.as_str(), cells));
            for (name, cells) in names.chain([(OTHER, &named.others)]) {
                let place = (label, name.to_owned());
                let told = self.cells.remove(&place).unwrap_or_default();
                // What began anew is another listing of the same name.
                let told = match told.is_beyond(cells) {
                    true => Cells::default(),
                    false => told,
                };
                tell(recorder, about, label, name, &told, cells);
                next.insert(place, cells.clone());
            }
        }
        self.cells = next;
        for ((about, sizes), told) in now.sizes().zip(&mut self.sizes) {
            facade::record(recorder, about, Vec::new(), told, sizes);
            *told = *sizes;
        }
    }
}

fn tell(recorder: &dyn Recorder, about: &About, label: &'static str, name: &str, told: &Cells, now: &Cells) {
    let own = || Label::new(label, name.to_owned());
    for (cell, more) in now.since(told).filter(|(_, more)| *more > 0) {
        let kind = cell.labels().into_iter().map(|(key, value)| Label::new(key, value));
        let labels: Vec<Label> = [own()].into_iter().chain(kind).collect();
        let key = Key::from_parts(about.name, labels);
        recorder.register_counter(&key, &METADATA).increment(more);
    }
    if label == "endpoint" && now.durations.count() > 0 {
        let about = &text::ENDPOINT_DURATION;
        facade::record(recorder, about, vec![own()], &told.durations, &now.durations);
        let key = Key::from_parts(text::ENDPOINT_SLOWEST.name, vec![own()]);
        recorder.register_gauge(&key, &METADATA).set(slowest(now));
    }
}

impl Cells {
    /// Whether it has more of anything than `later` has.
    fn is_beyond(&self, later: &Cells) -> bool {
        let has = |cell: &Cell| later.counts.iter().find(|(known, _)| known == cell);
        self.counts
            .iter()
            .any(|(cell, count)| has(cell).is_none_or(|(_, now)| now < count))
    }
}
