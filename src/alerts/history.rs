use std::collections::VecDeque;
use std::path::Path;
use std::time::SystemTime;

use super::ledger::{Fold, Folded};
use super::{Alert, AlertStatus};
use crate::detect::{AlertType, Priority};
use crate::error::Error;
use crate::event::Category;
use crate::query::{Order, Query};
use crate::record::Record;

/// What is given where nobody says how much.
const LIMIT: usize = 1_000;

/// Errors kept.
const SKIPPED: usize = 1_000;

/// Which alerts: all of them, the newest first, at most 1,000, unless something else is said.
///
/// ```no_run
/// use tracing_audit::{AlertStatus, Alerts, Priority};
///
/// let open = Alerts::new().status(AlertStatus::Active).at_least(Priority::High);
/// for alert in open.entries("logs")?.alerts {
///     println!("{alert}");
/// }
/// # Ok::<(), tracing_audit::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a question is asked with `entries`"]
pub struct Alerts {
    statuses: Vec<AlertStatus>,
    least: Priority,
    kinds: Vec<AlertType>,
    rule: Option<String>,
    key: Option<String>,
    since: Option<SystemTime>,
    until: Option<SystemTime>,
    limit: usize,
}

/// The alerts of a trail, as its files tell of them.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct AlertHistory {
    /// The newest first.
    pub alerts: Vec<Alert>,
    /// What could not be read, at most 1,000 of it: alerts may be missing.
    pub skipped: Vec<Error>,
}

impl Default for Alerts {
    fn default() -> Alerts {
        Alerts {
            statuses: Vec::new(),
            least: Priority::Low,
            kinds: Vec::new(),
            rule: None,
            key: None,
            since: None,
            until: None,
            limit: LIMIT,
        }
    }
}

impl Alerts {
    /// All alerts.
    pub fn new() -> Alerts {
        Alerts::default()
    }

    /// Those of which this has become; of several calls, of any of them.
    pub fn status(mut self, status: AlertStatus) -> Alerts {
        self.statuses.push(status);
        self
    }

    /// Those of this priority or a higher one.
    pub fn at_least(mut self, priority: Priority) -> Alerts {
        self.least = priority;
        self
    }

    /// Those about this; of several calls, about any of them.
    pub fn kind(mut self, kind: AlertType) -> Alerts {
        self.kinds.push(kind);
        self
    }

    /// Those that this rule raised.
    pub fn rule(mut self, rule: impl Into<String>) -> Alerts {
        self.rule = Some(rule.into());
        self
    }

    /// Those with this key: a user, an address.
    pub fn key(mut self, key: impl Into<String>) -> Alerts {
        self.key = Some(key.into());
        self
    }

    /// Those raised at this time or later.
    pub fn since(mut self, time: SystemTime) -> Alerts {
        self.since = Some(time);
        self
    }

    /// Those raised before this time.
    pub fn until(mut self, time: SystemTime) -> Alerts {
        self.until = Some(time);
        self
    }

    /// At most so many: the newest.
    pub fn limit(mut self, alerts: usize) -> Alerts {
        self.limit = alerts;
        self
    }

    /// Whether this alert is one of them, the limit aside.
    pub fn matches(&self, alert: &Alert) -> bool {
        let any = |none: bool, has: bool| none || has;
        any(self.statuses.is_empty(), self.statuses.contains(&alert.status))
            && alert.priority >= self.least
            && any(self.kinds.is_empty(), self.kinds.contains(&alert.kind))
            && self.rule.as_ref().is_none_or(|rule| *rule == alert.rule)
            && self.key.as_ref().is_none_or(|key| *key == alert.key)
            && self.since.is_none_or(|since| alert.raised >= since)
            && self.until.is_none_or(|until| alert.raised < until)
    }

    /// Reads them from the files of a trail, whether or not a writer is at work there. An alert is as the records still kept
    /// say: the count of one that is open may be up to twice that. Tells nobody that it was asked;
    /// [`Trail::alert_history`](crate::Trail::alert_history) does. Memory is bounded by the limit and by what is open.
    ///
    /// # Errors
    /// The directory cannot be read, or holds files that this build cannot read.
    pub fn entries(&self, dir: impl AsRef<Path>) -> Result<AlertHistory, Error> {
        Ok(self.of(self.query().entries(dir)?))
    }

    /// The question for the records that tell of alerts, to be asked and [given back](Alerts::of).
    pub fn query(&self) -> Query {
        Query::new().category(Category::Alert).order(Order::Oldest).unlimited()
    }

    /// Puts alerts together from records, the oldest first, that [`query`](Alerts::query) asks for; others are passed over.
    pub fn of(&self, records: impl IntoIterator<Item = Result<Record, Error>>) -> AlertHistory {
        let mut fold = Fold::default();
        let mut ended: VecDeque<Alert> = VecDeque::new();
        let mut skipped = Vec::new();
        for record in records {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    skipped.extend(Some(error).filter(|_| skipped.len() < SKIPPED));
                    continue;
                }
            };
            if let Folded::Resolved(alert) = fold.take(&record)
                && self.matches(&alert)
            {
                // The newest by the end; the open ones come on top, and all are sorted then.
                if ended.len() >= self.limit {
                    ended.pop_front();
                }
                ended.push_back(*alert);
            }
        }
        let mut alerts: Vec<Alert> = fold.open().filter(|alert| self.matches(alert)).collect();
        alerts.extend(ended);
        alerts.sort_by_key(|alert| std::cmp::Reverse(alert.order()));
        alerts.truncate(self.limit);
        AlertHistory { alerts, skipped }
    }
}
