use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::table::Tally as _;
use super::{add_all, is_failure, json};
use crate::clock::Day;
use crate::record::line::Head;
use crate::severity::Severity;

/// The latest so many days are kept: 27 years. A clock that was set may name more.
const DAYS: usize = 10_000;

/// The records of one day, in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DayStats {
    records: u64,
    flagged: u64,
    failures: u64,
    #[serde(with = "json::severities")]
    by_severity: [u64; Severity::ALL.len()],
    hours: [u64; 24],
}

impl DayStats {
    /// How many records.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// How many a rule flagged.
    pub fn flagged(&self) -> u64 {
        self.flagged
    }

    /// How many have the outcome `failure`, `denied`, `blocked` or `error`.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// How many have this severity.
    pub fn of_severity(&self, severity: Severity) -> u64 {
        self.by_severity.get(severity.index()).copied().unwrap_or_default()
    }

    /// How many in each hour, from 00 to 23.
    pub fn hours(&self) -> &[u64; 24] {
        &self.hours
    }

    fn add(&mut self, head: &Head, flagged: bool) {
        self.records.absorb(&1);
        self.flagged.absorb(&u64::from(flagged));
        self.failures.absorb(&u64::from(is_failure(head.outcome)));
        if let Some(count) = self.by_severity.get_mut(head.severity.index()) {
            count.absorb(&1);
        }
        let into = head.time.since(head.time.day().start()).as_secs();
        if let Some(count) = usize::try_from(into / 3_600)
            .ok()
            .and_then(|hour| self.hours.get_mut(hour))
        {
            count.absorb(&1);
        }
    }

    fn merge(&mut self, other: &DayStats) {
        self.records.absorb(&other.records);
        self.flagged.absorb(&other.flagged);
        self.failures.absorb(&other.failures);
        add_all(&mut self.by_severity, &other.by_severity);
        add_all(&mut self.hours, &other.hours);
    }
}

/// The latest days. Which those are only becomes later, so what is kept of a day is whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Days(BTreeMap<Day, DayStats>);

impl Days {
    pub(super) fn add(&mut self, head: &Head, flagged: bool) {
        self.0.entry(head.time.day()).or_default().add(head, flagged);
        self.prune();
    }

    pub(super) fn merge(&mut self, other: &Days) {
        for (day, stats) in &other.0 {
            self.0.entry(*day).or_default().merge(stats);
        }
        self.prune();
    }

    pub(super) fn list(&self) -> BTreeMap<String, DayStats> {
        self.0
            .iter()
            .map(|(day, stats)| (day.to_string(), stats.clone()))
            .collect()
    }

    pub(super) fn range(&self) -> Option<RangeInclusive<Day>> {
        let (first, _) = self.0.first_key_value()?;
        let (last, _) = self.0.last_key_value()?;
        Some(*first..=*last)
    }

    fn prune(&mut self) {
        while self.0.len() > DAYS {
            self.0.pop_first();
        }
    }
}

impl Serialize for Days {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(self.0.len()))?;
        for (day, stats) in &self.0 {
            map.serialize_entry(&day.to_string(), stats)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Days, D::Error> {
        let stored = BTreeMap::<String, DayStats>::deserialize(from)?;
        let days = stored.into_iter().map(|(day, stats)| match Day::parse(&day) {
            Some(day) => Ok((day, stats)),
            None => Err(D::Error::custom("there is no such day")),
        });
        let mut days = Days(days.collect::<Result<_, _>>()?);
        days.prune();
        Ok(days)
    }
}
