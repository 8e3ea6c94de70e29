//! The alerts that are open: what rules find goes in, what is to be recorded comes out.
//!
//! The state is a fold over `ALERT_*` records. A running trail keeps it in memory; what earlier runs left open is read from the
//! files on a thread of its own, and until that is done findings wait, so that nobody is told twice of what goes on.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Alert, AlertChange, AlertStatus, Escalation, Response};
use crate::clock::Micros;
use crate::detect::{AlertType, Finding, Found, Priority};
use crate::error::{Error, ErrorKind};
use crate::event::{EventType, events};
use crate::record::Record;

/// Alerts that are open at once, at most: what is found beyond is counted in one alert a rule.
const OPEN: usize = 10_000;

/// Alerts that were resolved and are still known by their ids.
const RESOLVED: usize = 256;

/// Findings that wait for what earlier runs left open.
const WAITING: usize = 10_000;

/// The kind of key of the alert that stands for those beyond the bound.
const OTHERS: &str = "others";

/// What is done about an alert by a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Acknowledge,
    Resolve,
}

/// A record to be written about an alert.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) event: EventType,
    pub(crate) priority: Option<Priority>,
    pub(crate) by: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) metadata: Map<String, Value>,
}

/// What is to be said of an alert: to the file, if there is something new, and to the channels.
pub(crate) struct News {
    pub(crate) entry: Option<Entry>,
    pub(crate) change: AlertChange,
    pub(crate) alert: Alert,
}

#[derive(Clone, Debug)]
struct Open {
    alert: Alert,
    window: Duration,
    passes: bool,
    /// The count that stands in the last record.
    recorded: u64,
    /// When the last finding came.
    came: Micros,
    escalation: Escalation,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    rule: String,
    kind: String,
    key: String,
}

impl Key {
    fn of(alert: &Alert) -> Key {
        Key {
            rule: alert.rule.clone(),
            kind: alert.key_kind.clone(),
            key: alert.key.clone(),
        }
    }
}

/// All alerts of one trail that are open.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    run: u64,
    next: u64,
    open: HashMap<String, Open>,
    /// Of one key there may be several, for windows that are apart.
    by_key: HashMap<Key, Vec<String>>,
    resolved: VecDeque<Alert>,
    /// Until what earlier runs left open is known.
    waiting: Option<Vec<(Found, Micros)>>,
}

impl Ledger {
    /// That of a run; `waits` if earlier runs may have left something open.
    pub(super) fn new(run: u64, waits: bool) -> Ledger {
        Ledger {
            run,
            next: 1,
            waiting: waits.then(Vec::new),
            ..Ledger::default()
        }
    }

    /// What earlier runs left is known: the alerts still open among them, and what was found meanwhile.
    pub(super) fn loaded(&mut self, earlier: Fold, say: &mut dyn FnMut(News)) {
        for (_, open) in earlier.open {
            say(News {
                entry: None,
                change: AlertChange::Open,
                alert: open.alert.clone(),
            });
            self.insert(open);
        }
        self.resolved.extend(earlier.resolved);
        for (found, came) in self.waiting.take().into_iter().flatten() {
            self.found(found, came, say);
        }
    }

    /// The same alerts in another run.
    pub(super) fn go_on(&mut self, run: u64) {
        (self.run, self.next) = (run, 1);
    }

    /// Takes what a rule found.
    pub(super) fn found(&mut self, found: Found, now: Micros, say: &mut dyn FnMut(News)) {
        if !found.finding.raises {
            return;
        }
        match &mut self.waiting {
            Some(waiting) if waiting.len() < WAITING => waiting.push((found, now)),
            _ => say_some(self.count(found, now), say),
        }
    }

    fn count(&mut self, found: Found, now: Micros) -> Option<News> {
        let Found { rule, finding, at, .. } = found;
        let key = Key {
            rule: rule.clone().into_owned(),
            kind: finding.key_kind.to_owned(),
            key: finding.key.clone(),
        };
        if let Some(id) = self.goes_on(&key, at, finding.window) {
            return self.again(&id, &finding, at, now);
        }
        if self.open.len() < OPEN {
            return Some(self.raise(&rule, finding, at, now));
        }
        // So many that nobody will look at each: one stands for all of this rule.
        let others = Key {
            kind: OTHERS.to_owned(),
            key: String::new(),
            ..key
        };
        match self.by_key.get(&others).and_then(|ids| ids.last()).cloned() {
            Some(id) => self.again(&id, &finding, at, now),
            None => {
                let reason = format!(
                    "{OPEN} alerts are open; more findings are counted here: {}",
                    finding.reason
                );
                let finding = Finding::new(finding.kind, reason)
                    .priority(finding.priority)
                    .window(finding.window)
                    .key(OTHERS, "");
                Some(self.raise(&rule, finding, at, now))
            }
        }
    }

    /// The alert of this key whose window the time falls into.
    fn goes_on(&self, key: &Key, at: Micros, window: Duration) -> Option<String> {
        let ids = self.by_key.get(key)?;
        let near = |id: &&String| {
            self.open.get(*id).is_some_and(|open| {
                let window = window.max(open.window);
                let (first, last) = (Micros::from(open.alert.first), Micros::from(open.alert.last));
                at <= last.plus(window) && first <= at.plus(window)
            })
        };
        ids.iter().rev().find(near).cloned()
    }

    fn again(&mut self, id: &str, finding: &Finding, at: Micros, now: Micros) -> Option<News> {
        let open = self.open.get_mut(id)?;
        let alert = &mut open.alert;
        alert.count += 1;
        alert.last = alert.last.max(at.into());
        alert.first = alert.first.min(at.into());
        open.came = now;
        if open.alert.key_kind != OTHERS {
            open.alert.message = finding.reason.clone().into_owned();
        }
        if open.alert.count < open.recorded.saturating_mul(2) {
            return None;
        }
        open.recorded = open.alert.count;
        Some(News {
            entry: Some(raised(open)),
            change: AlertChange::Counted,
            alert: open.alert.clone(),
        })
    }

    fn raise(&mut self, rule: &str, finding: Finding, at: Micros, now: Micros) -> News {
        let id = format!("{}-{}", self.run, self.next);
        self.next += 1;
        let alert = Alert {
            id,
            rule: rule.to_owned(),
            kind: finding.kind,
            priority: finding.priority,
            key: finding.key,
            key_kind: finding.key_kind.to_owned(),
            message: finding.reason.into_owned(),
            context: finding.context,
            raised: now.into(),
            first: at.into(),
            last: at.into(),
            count: 1,
            status: AlertStatus::Active,
            acknowledged: None,
            resolved: None,
        };
        let open = Open {
            alert,
            window: finding.window,
            passes: finding.passes,
            recorded: 1,
            came: now,
            escalation: Escalation::Duty,
        };
        let news = News {
            entry: Some(raised(&open)),
            change: AlertChange::Raised,
            alert: open.alert.clone(),
        };
        self.insert(open);
        news
    }

    fn insert(&mut self, open: Open) {
        let id = open.alert.id.clone();
        self.by_key.entry(Key::of(&open.alert)).or_default().push(id.clone());
        self.open.insert(id, open);
    }

    /// Notes what somebody did.
    pub(super) fn respond(&mut self, act: Act, id: &str, by: &str, note: &str, now: Micros) -> Result<News, Error> {
        let response = Response {
            by: by.to_owned(),
            at: now.into(),
            note: note.to_owned(),
        };
        let Some(open) = self.open.get_mut(id) else {
            let known = self.resolved.iter().rev().find(|alert| alert.id == id);
            return Err(match known.and_then(|alert| alert.resolved.as_ref()) {
                Some(response) => refused(id, "was resolved", response),
                None => Error::new(ErrorKind::Config, format!("no alert {id:?} is open"))
                    .remedy("Trail::alerts lists those that are"),
            });
        };
        match (act, &open.alert.acknowledged) {
            (Act::Acknowledge, Some(response)) => Err(refused(id, "was acknowledged", response)),
            (Act::Acknowledge, None) => {
                open.alert.status = AlertStatus::Acknowledged;
                open.alert.acknowledged = Some(response);
                Ok(News {
                    entry: Some(responded(events::ALERT_ACKNOWLEDGED, &open.alert, by, note)),
                    change: AlertChange::Acknowledged,
                    alert: open.alert.clone(),
                })
            }
            (Act::Resolve, _) => self
                .resolve(id, response)
                .ok_or_else(|| Error::new(ErrorKind::Config, format!("no alert {id:?} is open"))),
        }
    }

    fn resolve(&mut self, id: &str, response: Response) -> Option<News> {
        let mut open = self.open.remove(id)?;
        let key = Key::of(&open.alert);
        if let Some(ids) = self.by_key.get_mut(&key) {
            ids.retain(|known| known != id);
            if ids.is_empty() {
                self.by_key.remove(&key);
            }
        }
        open.alert.status = AlertStatus::Resolved;
        let entry = responded(events::ALERT_RESOLVED, &open.alert, &response.by, &response.note);
        open.alert.resolved = Some(response);
        if self.resolved.len() >= RESOLVED {
            self.resolved.pop_front();
        }
        self.resolved.push_back(open.alert.clone());
        Some(News {
            entry: Some(entry),
            change: AlertChange::Resolved,
            alert: open.alert,
        })
    }

    /// Ends what has passed, and says what nobody has looked at for long.
    pub(super) fn tick(&mut self, now: Micros, say: &mut dyn FnMut(News)) {
        let passed: Vec<String> = self
            .open
            .iter()
            .filter(|(_, open)| open.passes && now > open.came.plus(open.window))
            .map(|(id, _)| id.clone())
            .collect();
        for id in passed {
            let window = self.open.get(&id).map_or(0, |open| open.window.as_secs());
            let response = Response {
                by: Alert::TRAIL.to_owned(),
                at: now.into(),
                note: format!("nothing was found for {window} s"),
            };
            say_some(self.resolve(&id, response), say);
        }
        for open in self
            .open
            .values_mut()
            .filter(|open| open.alert.status == AlertStatus::Active)
        {
            let escalation = open.alert.escalation(now.into());
            if escalation > open.escalation {
                open.escalation = escalation;
                say(News {
                    entry: None,
                    change: AlertChange::Escalated,
                    alert: open.alert.clone(),
                });
            }
        }
    }

    /// When the next of those that pass may have passed.
    pub(super) fn due(&self) -> Option<Micros> {
        let passing = self.open.values().filter(|open| open.passes);
        passing.map(|open| open.came.plus(open.window)).min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Those that are open, the newest first.
    pub(super) fn alerts(&self) -> Vec<Alert> {
        let mut alerts: Vec<Alert> = self.open.values().map(|open| open.alert.clone()).collect();
        alerts.sort_by_key(|alert| std::cmp::Reverse(alert.order()));
        alerts
    }

    /// How many are open and not taken on, by priority.
    pub(super) fn active(&self) -> [u64; 4] {
        let mut counts = [0; 4];
        for open in self
            .open
            .values()
            .filter(|open| open.alert.status == AlertStatus::Active)
        {
            if let Some(count) = counts.get_mut(open.alert.priority as usize) {
                *count += 1;
            }
        }
        counts
    }
}

fn say_some(news: Option<News>, say: &mut dyn FnMut(News)) {
    if let Some(news) = news {
        say(news);
    }
}

fn refused(id: &str, what: &str, response: &Response) -> Error {
    let at = Micros::from(response.at);
    Error::new(
        ErrorKind::Config,
        format!("alert {id} {what} by {} at {at}", response.by),
    )
    .remedy("there is nothing to be done about it again")
}

/// The record of an alert that was raised or counted on.
fn raised(open: &Open) -> Entry {
    let alert = &open.alert;
    let time = |at| Micros::from(at).to_string();
    let metadata = json!({
        "id": alert.id,
        "rule": alert.rule,
        "type": alert.kind.as_str(),
        "priority": alert.priority.as_str(),
        "key_kind": alert.key_kind,
        "key": alert.key,
        "count": alert.count,
        "first": time(alert.first),
        "last": time(alert.last),
        "raised": time(alert.raised),
        "window_seconds": open.window.as_secs_f64(),
        "passes": open.passes,
        "context": alert.context,
    });
    Entry {
        event: events::ALERT_RAISED,
        priority: Some(alert.priority),
        by: None,
        message: Some(alert.message.clone()),
        metadata: members(metadata),
    }
}

/// The record of what became of an alert.
fn responded(event: EventType, alert: &Alert, by: &str, note: &str) -> Entry {
    let metadata = json!({
        "id": alert.id,
        "rule": alert.rule,
        "priority": alert.priority.as_str(),
        "count": alert.count,
        "first": Micros::from(alert.first).to_string(),
        "last": Micros::from(alert.last).to_string(),
        "by": by,
        "note": note,
    });
    Entry {
        event,
        priority: None,
        by: Some(by.to_owned()),
        message: None,
        metadata: members(metadata),
    }
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The alerts that records speak of, one record after another.
#[derive(Debug, Default)]
pub(super) struct Fold {
    open: HashMap<String, Open>,
    resolved: VecDeque<Alert>,
}

/// What a record did to an alert.
pub(super) enum Folded {
    Nothing,
    /// It is over, as this says.
    Resolved(Box<Alert>),
}

impl Fold {
    /// Takes a record; one that speaks of nothing known changes nothing: retention may have removed what was before.
    pub(super) fn take(&mut self, record: &Record) -> Folded {
        self.read(record).unwrap_or(Folded::Nothing)
    }

    fn read(&mut self, record: &Record) -> Option<Folded> {
        let metadata = record.metadata()?;
        let text = |name: &str| metadata.get(name).and_then(Value::as_str);
        let time = |name: &str| text(name).and_then(|text| Micros::parse(text.as_bytes()));
        let id = text("id")?.to_owned();
        let count = metadata.get("count").and_then(Value::as_u64);
        let response = || Response {
            by: text("by").unwrap_or_default().to_owned(),
            at: record.time(),
            note: text("note").unwrap_or_default().to_owned(),
        };
        let event = record.event_type()?;
        if event == events::ALERT_RAISED {
            let alert = Alert {
                rule: text("rule")?.to_owned(),
                kind: text("type")?.parse().unwrap_or(AlertType::Custom),
                priority: text("priority")?.parse().ok()?,
                key: text("key").unwrap_or_default().to_owned(),
                key_kind: text("key_kind").unwrap_or_default().to_owned(),
                message: record.message().unwrap_or_default().to_owned(),
                context: metadata
                    .get("context")
                    .and_then(Value::as_object)
                    .cloned()
                    .unwrap_or_default(),
                raised: time("raised").map_or(record.time(), Into::into),
                first: time("first").map_or(record.time(), Into::into),
                last: time("last").map_or(record.time(), Into::into),
                count: count.unwrap_or(1),
                status: AlertStatus::Active,
                acknowledged: None,
                resolved: None,
                id: id.clone(),
            };
            let seconds = metadata.get("window_seconds").and_then(Value::as_f64).unwrap_or(0.0);
            let opened = Open {
                window: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
                passes: metadata.get("passes").and_then(Value::as_bool).unwrap_or(false),
                recorded: alert.count,
                came: record.time().into(),
                escalation: Escalation::Duty,
                alert,
            };
            match self.open.get_mut(&id) {
                Some(known) => {
                    let before = std::mem::replace(known, opened);
                    known.alert.status = before.alert.status;
                    known.alert.acknowledged = before.alert.acknowledged;
                }
                None => {
                    self.open.insert(id, opened);
                }
            }
        } else if event == events::ALERT_ACKNOWLEDGED {
            let alert = &mut self.open.get_mut(&id)?.alert;
            alert.status = AlertStatus::Acknowledged;
            alert.acknowledged = Some(response());
            alert.count = count.unwrap_or(alert.count);
            alert.last = time("last").map_or(alert.last, Into::into);
        } else if event == events::ALERT_RESOLVED {
            let mut alert = self.open.remove(&id)?.alert;
            alert.status = AlertStatus::Resolved;
            alert.resolved = Some(response());
            alert.count = count.unwrap_or(alert.count);
            alert.first = time("first").map_or(alert.first, Into::into);
            alert.last = time("last").map_or(alert.last, Into::into);
            if self.resolved.len() >= RESOLVED {
                self.resolved.pop_front();
            }
            self.resolved.push_back(alert.clone());
            return Some(Folded::Resolved(Box::new(alert)));
        }
        None
    }

    /// Those that are still open.
    pub(super) fn open(self) -> impl Iterator<Item = Alert> {
        self.open.into_values().map(|open| open.alert)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(key: &str, minute: i64) -> Found {
        let finding = Finding::new(AlertType::Authentication, "five").key("ip", key);
        Found::new("failed_logins", finding, Micros(minute * 60_000_000))
    }

    fn told(ledger: &mut Ledger, found: Found) -> Vec<(AlertChange, String, u64, bool)> {
        let mut said = Vec::new();
        let at = found.at;
        ledger.found(found, at, &mut |news| {
            said.push((news.change, news.alert.id, news.alert.count, news.entry.is_some()));
        });
        said
    }

    #[test]
    fn one_alert_stands_for_a_key_and_window_and_is_told_again_when_its_count_doubles() {
        let mut ledger = Ledger::new(7, false);
        let changes: Vec<_> = (0..9)
            .flat_map(|minute| told(&mut ledger, found("a", minute)))
            .collect();
        let id = "7-1".to_owned();
        let counted = |count| (AlertChange::Counted, id.clone(), count, true);
        assert_eq!(
            changes,
            [
                (AlertChange::Raised, id.clone(), 1, true),
                counted(2),
                counted(4),
                counted(8)
            ]
        );
        // Another key, and the same key a quarter of an hour after the last one.
        assert_eq!(told(&mut ledger, found("b", 9))[0].1, "7-2");
        assert_eq!(told(&mut ledger, found("a", 23)), []);
        assert_eq!(told(&mut ledger, found("a", 39))[0].1, "7-3");
        // A late one counts where it belongs.
        assert_eq!(told(&mut ledger, found("a", 5)), []);
        let counts: Vec<(String, u64)> = ledger
            .alerts()
            .into_iter()
            .map(|alert| (alert.id, alert.count))
            .collect();
        assert_eq!(counts, [("7-3".into(), 1), ("7-2".into(), 1), ("7-1".into(), 11)]);
    }

    #[test]
    fn acknowledging_twice_and_what_is_not_open_are_refused_and_change_nothing() {
        let mut ledger = Ledger::new(1, false);
        told(&mut ledger, found("a", 0));
        let now = Micros(120_000_000);
        ledger
            .respond(Act::Acknowledge, "1-1", "alice", "on it", now)
            .map(drop)
            .unwrap();
        let refusal = |ledger: &mut Ledger, act, id| match ledger.respond(act, id, "bob", "", now) {
            Ok(_) => panic!("this must be refused"),
            Err(error) => error.to_string(),
        };
        assert!(refusal(&mut ledger, Act::Acknowledge, "1-1").contains("acknowledged by alice"));
        assert!(refusal(&mut ledger, Act::Resolve, "1-2").contains("no alert \"1-2\""));
        ledger
            .respond(Act::Resolve, "1-1", "alice", "done", now)
            .map(drop)
            .unwrap();
        assert!(refusal(&mut ledger, Act::Resolve, "1-1").contains("resolved by alice"));
        assert!(refusal(&mut ledger, Act::Acknowledge, "1-1").contains("resolved by alice"));
        assert_eq!(ledger.alerts(), []);
    }

    #[test]
    fn what_passes_ends_by_itself_and_what_somebody_did_does_not() {
        let mut ledger = Ledger::new(1, false);
        told(&mut ledger, found("a", 0));
        let state = Finding::new(AlertType::Resource, "full")
            .passing()
            .window(Duration::from_secs(60));
        told(&mut ledger, Found::new("disk", state, Micros(0)));
        assert_eq!(ledger.due(), Some(Micros(60_000_000)));
        let mut said = Vec::new();
        ledger.tick(Micros(60_000_000), &mut |news| {
            said.push((news.change, news.alert.rule))
        });
        assert_eq!(said, []);
        ledger.tick(Micros(61_000_000), &mut |news| {
            said.push((news.change, news.alert.rule))
        });
        assert_eq!(said, [(AlertChange::Resolved, "disk".to_owned())]);
        said.clear();
        for minute in [4, 6, 7, 16, 70, 80] {
            ledger.tick(Micros(minute * 60_000_000), &mut |news| {
                said.push((news.change, minute.to_string()))
            });
        }
        let escalated = |minute: &str| (AlertChange::Escalated, minute.to_owned());
        assert_eq!(said, [escalated("6"), escalated("16"), escalated("70")]);
        assert_eq!(ledger.active(), [0, 1, 0, 0]);
    }

    #[test]
    fn beyond_the_bound_one_alert_stands_for_all_others() {
        let mut ledger = Ledger::new(1, false);
        for key in 0..OPEN + 100 {
            told(&mut ledger, found(&key.to_string(), 0));
        }
        assert_eq!(ledger.open.len(), OPEN + 1);
        let others = ledger
            .alerts()
            .into_iter()
            .find(|alert| alert.key_kind == OTHERS)
            .unwrap();
        assert_eq!(others.count, 100);
        assert!(others.message.contains("10000 alerts are open"), "{}", others.message);
    }
}
