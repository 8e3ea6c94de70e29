use serde::{Deserialize, Deserializer};

use super::days::Days;
use super::durations::Durations;
use super::gaps::Gaps;
use super::json;
use super::routes::RouteTally;
use super::skipped::Skipped;
use super::{Stats, table};
use crate::clock::Micros;
use crate::event::Category;
use crate::outcome::Outcome;
use crate::severity::Severity;

/// Statistics as they were stored, the names still in the text that they are read from. Days have many users in common, so most
/// names need not be kept a second time.
#[derive(Debug, Deserialize)]
pub(crate) struct Loaded<'a> {
    records: u64,
    own_records: u64,
    #[serde(with = "json::time")]
    first: Option<Micros>,
    #[serde(with = "json::time")]
    last: Option<Micros>,
    flagged: u64,
    failures: u64,
    failed_logins: u64,
    #[serde(with = "json::categories")]
    by_category: [u64; Category::ALL.len()],
    #[serde(with = "json::severities")]
    by_severity: [u64; Severity::ALL.len()],
    #[serde(with = "json::outcomes")]
    by_outcome: [u64; Outcome::ALL.len()],
    #[serde(borrow)]
    by_event: table::Loaded<'a, u64>,
    #[serde(borrow)]
    by_user: table::Loaded<'a, u64>,
    #[serde(borrow)]
    by_ip: table::Loaded<'a, u64>,
    #[serde(borrow)]
    by_route: table::Loaded<'a, RouteTally>,
    durations: Durations,
    by_day: Days,
    gaps: Gaps,
    skipped: Skipped,
}

impl Stats {
    /// As [`merge`](Stats::merge).
    pub(crate) fn load(&mut self, stored: Loaded<'_>) {
        self.by_event.load(stored.by_event);
        self.by_user.load(stored.by_user);
        self.by_ip.load(stored.by_ip);
        self.by_route.load(stored.by_route);
        // What is not in tables.
        self.merge(Stats {
            records: stored.records,
            own_records: stored.own_records,
            first: stored.first,
            last: stored.last,
            flagged: stored.flagged,
            failures: stored.failures,
            failed_logins: stored.failed_logins,
            by_category: stored.by_category,
            by_severity: stored.by_severity,
            by_outcome: stored.by_outcome,
            durations: stored.durations,
            by_day: stored.by_day,
            gaps: stored.gaps,
            skipped: stored.skipped,
            ..Stats::default()
        });
    }
}

impl<'de> Deserialize<'de> for Stats {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Stats, D::Error> {
        let mut stats = Stats::new();
        stats.load(Loaded::deserialize(from)?);
        Ok(stats)
    }
}
