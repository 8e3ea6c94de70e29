//! The alerts that are open: what rules find goes in, what is to be recorded comes out.
//!
//! The state is a fold over `ALERT_*` records. A running trail keeps it in memory; what earlier runs left open is read from the
//! files on a thread of its own, and until that is done findings wait, so that nobody is told twice of what goes on.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Alert, AlertChange, AlertStatus, Escalation, Response};
use crate::clock::Micros;
use crate::detect::{AlertType, Findings, Priority, Said};
use crate::error::{Error, ErrorKind};
use crate::event::{EventType, events};
use crate::floor::floor;
use crate::record::Record;

/// Alerts that are open at once: what is found beyond is counted in one alert a rule.
const OPEN: usize = 10_000;

/// Those that each rule may have open however many others have: a rule that is cheap to set off does not blind a grave one.
const SHARE: usize = 1_000;

/// Alerts that were resolved and are still known by their ids.
const RESOLVED: usize = 256;

/// Findings that wait for what earlier runs left open.
const WAITING: usize = 10_000;

/// Bytes of an id that an error repeats.
const SAID: usize = 64;

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

/// All alerts of one trail that are open.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    run: u64,
    next: u64,
    /// By their keys, whatever kind these are of. Of one key there may be several: of several rules, and for windows that are
    /// apart.
    open: HashMap<String, Vec<Open>>,
    /// The key of each, by its id.
    ids: HashMap<String, String>,
    /// How many of each rule.
    rules: HashMap<String, usize>,
    resolved: VecDeque<Alert>,
    /// Until what earlier runs left open is known.
    waiting: Option<Waiting>,
}

/// Findings, and when each of them came.
#[derive(Debug, Default)]
struct Waiting {
    findings: Findings,
    came: Vec<Micros>,
}

impl Ledger {
    /// That of a run; `waits` if earlier runs may have left something open.
    pub(super) fn new(run: u64, waits: bool) -> Ledger {
        Ledger {
            run,
            next: 1,
            waiting: waits.then(Waiting::default),
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
        if let Some(waiting) = self.waiting.take() {
            for (said, came) in waiting.findings.iter().zip(waiting.came) {
                self.found(said, came, say);
            }
        }
    }

    /// The same alerts in another run.
    pub(super) fn go_on(&mut self, run: u64) {
        (self.run, self.next) = (run, 1);
    }

    /// Takes what a rule found.
    pub(super) fn found(&mut self, said: Said<'_>, now: Micros, say: &mut dyn FnMut(News)) {
        if !said.raises() {
            return;
        }
        match &mut self.waiting {
            Some(waiting) if waiting.came.len() < WAITING => {
                waiting.findings.copy(said);
                waiting.came.push(now);
            }
            _ => say_some(self.count(said, now), say),
        }
    }

    /// Where it goes on there is nothing to be allocated: a flood of findings of few keys is a sum each.
    fn count(&mut self, said: Said<'_>, now: Micros) -> Option<News> {
        // Nothing happens later than it came, whoever set the clock back since: what is raised now began by now.
        let at = said.at().min(now);
        if let Some(open) = self.goes_on(&said, at) {
            open.alert.message.clear();
            open.alert.message.push_str(said.reason);
            return open.again(at, now);
        }
        let mut open = Open::of(&said, at, now);
        if self.ids.len() >= OPEN && self.rules.get(said.rule).is_some_and(|open| *open >= SHARE) {
            // So many that nobody will look at each: one stands for all of this rule.
            let others = self.open.get_mut("").into_iter().flatten();
            if let Some(open) = others.filter(|open| open.is_about(said.rule, OTHERS)).last() {
                return open.again(at, now);
            }
            let alert = &mut open.alert;
            alert.message = format!(
                "{OPEN} alerts are open; more findings are counted here: {}",
                said.reason
            );
            alert.key_kind = OTHERS.to_owned();
            alert.key.clear();
            alert.context.clear();
        }
        Some(self.raise(open))
    }

    /// The alert of this key whose window the time falls into: of several the newest.
    fn goes_on(&mut self, said: &Said<'_>, at: Micros) -> Option<&mut Open> {
        let (rule, kind) = (said.rule, said.key_kind());
        let same = self.open.get_mut(said.key)?.iter_mut().rev();
        same.filter(|open| open.is_about(rule, kind)).find(|open| {
            let window = said.window().max(open.window);
            let (first, last) = (Micros::from(open.alert.first), Micros::from(open.alert.last));
            at <= last.plus(window) && first <= at.plus(window)
        })
    }

    fn raise(&mut self, mut open: Open) -> News {
        open.alert.id = format!("{}-{}", self.run, self.next);
        self.next += 1;
        let news = News {
            entry: Some(raised(&open)),
            change: AlertChange::Raised,
            alert: open.alert.clone(),
        };
        self.insert(open);
        news
    }

    fn insert(&mut self, open: Open) {
        let key = open.alert.key.clone();
        self.ids.insert(open.alert.id.clone(), key.clone());
        *self.rules.entry(open.alert.rule.clone()).or_default() += 1;
        // Mostly there is one of a key, and room for four would be the most of what ten thousand take.
        let same = self.open.entry(key).or_insert_with(|| Vec::with_capacity(1));
        same.push(open);
    }

    fn by_id(&mut self, id: &str) -> Option<&mut Open> {
        let same = self.open.get_mut(self.ids.get(id)?)?;
        same.iter_mut().find(|open| open.alert.id == id)
    }

    fn remove(&mut self, id: &str) -> Option<Open> {
        let key = self.ids.remove(id)?;
        let same = self.open.get_mut(&key)?;
        let at = same.iter().position(|open| open.alert.id == id)?;
        let open = same.remove(at);
        if let Some(count) = self.rules.get_mut(&open.alert.rule) {
            *count = count.saturating_sub(1);
        }
        if same.is_empty() {
            self.open.remove(&key);
        }
        Some(open)
    }

    fn each(&self) -> impl Iterator<Item = &Open> {
        self.open.values().flatten()
    }

    /// Notes what somebody did.
    pub(super) fn respond(&mut self, act: Act, id: &str, by: &str, note: &str, now: Micros) -> Result<News, Error> {
        let response = Response {
            by: by.to_owned(),
            at: now.into(),
            note: note.to_owned(),
        };
        let Some(open) = self.by_id(id) else {
            let known = self.resolved.iter().rev().find(|alert| alert.id == id);
            return Err(match known.and_then(|alert| alert.resolved.as_ref()) {
                Some(response) => refused(id, "was resolved", response),
                None => Error::new(ErrorKind::Config, format!("no alert {:?} is open", floor(id, SAID)))
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
        let mut open = self.remove(id)?;
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
        let passed = self
            .each()
            .filter(|open| open.passes && now > open.came.plus(open.window));
        let passed: Vec<(String, u64)> = passed
            .map(|open| (open.alert.id.clone(), open.window.as_secs()))
            .collect();
        for (id, window) in passed {
            let response = Response {
                by: Alert::TRAIL.to_owned(),
                at: now.into(),
                note: format!("nothing was found for {window} s"),
            };
            say_some(self.resolve(&id, response), say);
        }
        let open = self.open.values_mut().flatten();
        for open in open.filter(|open| open.alert.status == AlertStatus::Active) {
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
        let passing = self.each().filter(|open| open.passes);
        passing.map(|open| open.came.plus(open.window)).min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Those that are open, the newest first.
    pub(super) fn alerts(&self) -> Vec<Alert> {
        let mut alerts: Vec<Alert> = self.each().map(|open| open.alert.clone()).collect();
        alerts.sort_by_key(|alert| std::cmp::Reverse(alert.order()));
        alerts
    }

    /// How many are open and not taken on, by priority.
    pub(super) fn active(&self) -> [u64; 4] {
        let mut counts = [0; 4];
        for open in self.each().filter(|open| open.alert.status == AlertStatus::Active) {
            if let Some(count) = counts.get_mut(open.alert.priority as usize) {
                *count += 1;
            }
        }
        counts
    }
}

impl Open {
    fn of(said: &Said<'_>, at: Micros, now: Micros) -> Open {
        Open {
            alert: Alert {
                id: String::new(),
                rule: said.rule.to_owned(),
                kind: said.kind(),
                priority: said.priority(),
                key: said.key.to_owned(),
                key_kind: said.key_kind().to_owned(),
                message: said.reason.to_owned(),
                context: said.context(),
                raised: now.into(),
                first: at.into(),
                last: at.into(),
                count: 1,
                status: AlertStatus::Active,
                acknowledged: None,
                resolved: None,
            },
            window: said.window(),
            passes: said.passes(),
            recorded: 1,
            came: now,
            escalation: Escalation::Duty,
        }
    }

    fn is_about(&self, rule: &str, key_kind: &str) -> bool {
        self.alert.rule == rule && self.alert.key_kind == key_kind
    }

    /// One more of it; what there is to be said where the count has doubled.
    fn again(&mut self, at: Micros, now: Micros) -> Option<News> {
        let alert = &mut self.alert;
        alert.count += 1;
        alert.last = alert.last.max(at.into());
        alert.first = alert.first.min(at.into());
        self.came = now;
        if self.alert.count < self.recorded.saturating_mul(2) {
            return None;
        }
        self.recorded = self.alert.count;
        Some(News {
            entry: Some(raised(self)),
            change: AlertChange::Counted,
            alert: self.alert.clone(),
        })
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
mod tests;
