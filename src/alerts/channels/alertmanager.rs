use std::io;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::post::Place;
use super::{Alert, AlertChange, Channel};
use crate::alerts::{AlertStatus, Escalation};
use crate::clock::Micros;
use crate::detect::Priority;
use crate::error::Error;

/// A [`Channel`] to [Alertmanager](https://prometheus.io/docs/alerting/latest/alertmanager/) (API version 2), which groups alerts,
/// silences them, and sends mail or pages people.
///
/// ```
/// use tracing_audit::{Alertmanager, Trail};
///
/// let builder = Trail::builder("logs").channel(Alertmanager::at("http://127.0.0.1:9093")?.label("service", "shop"));
/// # Ok::<(), tracing_audit::Error>(())
/// ```
///
/// Labels are `alertname` (the rule), `severity` (`critical` for the priorities critical and high, `warning`, `info`), `priority`,
/// `type`, `alert_id`, the key's kind and the key where there is one, `escalation`, and those of [`label`](Alertmanager::label). An
/// alert that nobody takes on appears once more with each level of [`Escalation`] that it reaches, so that a route can send
/// each level to others. Taking it on ends those of the higher levels, resolving it ends all. Alerts that are open are told
/// again every minute, since Alertmanager takes what it does not hear of for resolved after 5 minutes
/// (`resolve_timeout`).
#[derive(Debug)]
pub struct Alertmanager {
    name: String,
    place: Place,
    labels: Vec<(String, String)>,
}

/// Well below Alertmanager's usual `resolve_timeout`.
const AGAIN: Duration = Duration::from_secs(60);

const LEVELS: [Escalation; 4] = [
    Escalation::Duty,
    Escalation::OnCall,
    Escalation::Team,
    Escalation::Management,
];

impl Alertmanager {
    /// One at this address, such as `http://127.0.0.1:9093`, with the path that it is served under, if any.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) for an address that is not `http://host..`, or has a user's name in it.
    pub fn at(url: &str) -> Result<Alertmanager, Error> {
        Ok(Alertmanager {
            name: "alertmanager".to_owned(),
            place: Place::new(url, "/api/v2/alerts")?,
            labels: Vec::new(),
        })
    }

    /// What it is called in status and metrics, at most 64 bytes. Default: `alertmanager`.
    pub fn named(mut self, name: &str) -> Alertmanager {
        self.name = super::short(name);
        self
    }

    /// Puts a label on every alert, such as the service. Its name is of letters, digits and `_`; another one is taken with `_`
    /// for what does not fit.
    pub fn label(mut self, name: &str, value: &str) -> Alertmanager {
        self.labels.push((label_name(name), value.to_owned()));
        self
    }

    /// Sends a header `Authorization` of this value.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) if it cannot stand in a header.
    pub fn authorization(mut self, value: &str) -> Result<Alertmanager, Error> {
        self.place.authorization(value)?;
        Ok(self)
    }

    /// How long an answer may take. Default: 5 s.
    pub fn timeout(mut self, limit: Duration) -> Alertmanager {
        self.place.patience(limit);
        self
    }

    /// The alert once for each level that it has reached, and at its end for all of them.
    fn body(&self, alert: &Alert, now: SystemTime) -> Value {
        let reached = alert.escalation(now);
        let levels = LEVELS.iter().filter(|level| !alert.is_open() || **level <= reached);
        levels.map(|level| self.at_level(alert, *level)).collect()
    }

    fn at_level(&self, alert: &Alert, level: Escalation) -> Value {
        let mut labels = Map::new();
        for (name, value) in &self.labels {
            labels.insert(name.clone(), value.as_str().into());
        }
        if !alert.key.is_empty() {
            let kind = match alert.key_kind.as_str() {
                "" => "key".to_owned(),
                kind => label_name(kind),
            };
            labels.insert(kind, alert.key.as_str().into());
        }
        let severity = match alert.priority {
            Priority::Critical | Priority::High => "critical",
            Priority::Medium => "warning",
            Priority::Low => "info",
        };
        let own = [
            ("alertname", alert.rule.as_str()),
            ("severity", severity),
            ("priority", alert.priority.as_str()),
            ("type", alert.kind.as_str()),
            ("alert_id", alert.id.as_str()),
            ("escalation", level.as_str()),
        ];
        labels.extend(own.map(|(name, value)| (name.to_owned(), value.into())));
        let mut annotations = Map::new();
        annotations.insert("summary".to_owned(), alert.message.as_str().into());
        annotations.insert("count".to_owned(), alert.count.to_string().into());
        annotations.insert("status".to_owned(), alert.status.as_str().into());
        for (name, response) in [("acknowledged", &alert.acknowledged), ("resolved", &alert.resolved)] {
            if let Some(response) = response {
                let note = if response.note.is_empty() { "" } else { ": " };
                annotations.insert(
                    name.to_owned(),
                    format!("by {}{note}{}", response.by, response.note).into(),
                );
            }
        }
        let mut one = json!({
            "labels": labels,
            "annotations": annotations,
            "startsAt": Micros::from(alert.raised).to_string(),
        });
        let ended = match alert.status {
            AlertStatus::Resolved => alert.resolved.as_ref(),
            AlertStatus::Acknowledged if level > Escalation::Duty => alert.acknowledged.as_ref(),
            _ => None,
        };
        if let (Some(ended), Some(one)) = (ended, one.as_object_mut()) {
            // It may have been raised by a clock that was set back since.
            let at = ended.at.max(alert.raised);
            one.insert("endsAt".to_owned(), Micros::from(at).to_string().into());
        }
        one
    }
}

fn label_name(name: &str) -> String {
    let mut safe: String = name
        .chars()
        .map(|letter| match letter.is_ascii_alphanumeric() {
            true => letter,
            false => '_',
        })
        .collect();
    if safe.is_empty() || safe.starts_with(|letter: char| letter.is_ascii_digit()) {
        safe.insert(0, '_');
    }
    safe
}

impl Channel for Alertmanager {
    fn name(&self) -> &str {
        &self.name
    }

    fn deliver(&mut self, _: AlertChange, alert: &Alert) -> io::Result<()> {
        self.place.send(&self.body(alert, SystemTime::now()))
    }

    fn repeat_every(&self) -> Option<Duration> {
        Some(AGAIN)
    }
}
