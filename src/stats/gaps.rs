use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json;
use super::ranking::Ranking;
use super::table::Tally as _;
use crate::clock::Micros;
use crate::event::Category;
use crate::record::Key;
use crate::record::line::Line;
use crate::severity::Severity;

/// The causes that a gap names (docs/FORMAT.md, section 8), and what is none of them.
pub(super) const CAUSES: [&str; 6] = [
    "queue_full",
    "disk_full",
    "write_error",
    "panicked",
    "diverted",
    "other",
];

/// What the trail says that it lost, in its `AUDIT_GAP` records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gaps {
    records: u64,
    #[serde(with = "json::severities")]
    lost: [u64; Severity::ALL.len()],
    #[serde(with = "json::causes")]
    causes: [u64; CAUSES.len()],
    #[serde(with = "json::time")]
    first: Option<Micros>,
    #[serde(with = "json::time")]
    last: Option<Micros>,
}

impl Gaps {
    /// How many `AUDIT_GAP` records there are.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// How many records were lost.
    pub fn lost(&self) -> u64 {
        self.lost.iter().fold(0, |sum, lost| sum.saturating_add(*lost))
    }

    /// How many of them had this severity.
    pub fn of_severity(&self, severity: Severity) -> u64 {
        self.lost.get(severity.index()).copied().unwrap_or_default()
    }

    /// Records lost by cause: `queue_full`, `disk_full`, `write_error`, `panicked`, `diverted`, `other`.
    pub fn by_cause(&self) -> Ranking<'_> {
        Ranking::of(CAUSES, &self.causes)
    }

    /// When the first of them was lost.
    pub fn first(&self) -> Option<SystemTime> {
        self.first.map(SystemTime::from)
    }

    /// When the last of them was lost.
    pub fn last(&self) -> Option<SystemTime> {
        self.last.map(SystemTime::from)
    }

    pub(super) fn add(&mut self, line: &Line<'_>) {
        if line.head.category != Category::Audit || line.event() != "AUDIT_GAP" {
            return;
        }
        self.records.absorb(&1);
        let metadata = line.value(Key::Metadata).unwrap_or_default();
        let said = |key: &str| metadata.get(key);
        let mut sum = 0_u64;
        for (severity, lost) in Severity::ALL.iter().zip(&mut self.lost) {
            let count = said("count").and_then(|count| count.get(severity.as_str()));
            let count = count.and_then(Value::as_u64).unwrap_or_default();
            lost.absorb(&count);
            sum.absorb(&count);
        }
        let cause = said("cause").and_then(Value::as_str);
        let place = CAUSES.iter().position(|known| cause == Some(known));
        if let Some(lost) = self.causes.get_mut(place.unwrap_or(CAUSES.len() - 1)) {
            lost.absorb(&sum);
        }
        let time = |key: &str| Micros::parse(said(key)?.as_str()?.as_bytes());
        self.first = self.first.into_iter().chain(time("first")).min();
        self.last = self.last.max(time("last"));
    }

    pub(super) fn merge(&mut self, other: &Gaps) {
        self.records.absorb(&other.records);
        super::add_all(&mut self.lost, &other.lost);
        super::add_all(&mut self.causes, &other.causes);
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
    }
}
