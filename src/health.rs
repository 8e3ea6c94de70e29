//! How a trail is, in one word, and why.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

use crate::clock::Micros;
use crate::status::{DiskTier, Health};
#[cfg(feature = "system")]
use crate::system::System;
use crate::verify::Verdict;
use crate::verify::report::plural;

/// How a trail is, with reasons. Made by [`Trail::health`](crate::Trail::health); [`to_json`](HealthReport::to_json) is an answer to
/// `/health`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HealthReport {
    /// The worst of the reasons; healthy without any.
    pub health: Health,
    /// Why, the worst first.
    pub reasons: Vec<HealthReason>,
    /// When this was so, by the trail's clock.
    pub time: SystemTime,
    /// How long ago the trail was built.
    pub uptime: Duration,
    /// The trail's id.
    pub trail: String,
    /// The program's name, as [`Builder::service`](crate::Builder::service) was told.
    pub service: Option<String>,
    /// The program's version, from there too.
    pub version: Option<String>,
    /// The host's name.
    pub host: Option<String>,
    /// The machine and the process, where [`Builder::resources`](crate::Builder::resources) has them looked at.
    #[cfg(feature = "system")]
    pub system: Option<System>,
}

/// One reason why a trail is not healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthReason {
    /// How bad it is.
    pub health: Health,
    /// What it is about: `ended`, `fault`, `verify`, `disk`, `lost`, `alerts`, `cpu`, `memory`, `channel`, `rule`,
    /// `queue` or `capture`.
    pub about: &'static str,
    /// One sentence for people.
    pub message: String,
}

impl HealthReport {
    /// The answer's code for HTTP: 200 while records reach the file, and 503 for [`Critical`](Health::Critical) and
    /// [`Ended`](Health::Ended). No record that somebody makes leads to 503, so that no attacker can have a service restarted.
    pub fn status_code(&self) -> u16 {
        match self.health {
            Health::Critical | Health::Ended => 503,
            Health::Healthy | Health::Degraded | Health::Warning => 200,
        }
    }

    /// As one JSON object: `status`, `time`, `uptime_seconds`, `trail`, `service`, `version`, `hostname`, `reasons` and, with the
    /// feature `system`, `system`. The reasons may name paths, and no secrets.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for HealthReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("HealthReport", 9)?;
        object.serialize_field("status", self.health.as_str())?;
        object.serialize_field("time", &Micros::from(self.time).to_string())?;
        object.serialize_field("uptime_seconds", &self.uptime.as_secs_f64())?;
        object.serialize_field("trail", &self.trail)?;
        object.serialize_field("service", &self.service)?;
        object.serialize_field("version", &self.version)?;
        object.serialize_field("hostname", &self.host)?;
        object.serialize_field("reasons", &self.reasons)?;
        #[cfg(feature = "system")]
        object.serialize_field("system", &self.system)?;
        object.end()
    }
}

impl Serialize for HealthReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("HealthReason", 3)?;
        object.serialize_field("status", self.health.as_str())?;
        object.serialize_field("about", self.about)?;
        object.serialize_field("message", &self.message)?;
        object.end()
    }
}

/// A fault that lasts is not merely a hitch.
const HITCH: Duration = Duration::from_secs(10);

/// A loss is remembered for so long.
const LOSS: Duration = Duration::from_secs(5 * 60);

/// A queue that is so full has little left for a burst, in percent.
const FULL: usize = 80;

/// What health is judged by.
#[derive(Debug)]
pub(crate) struct Signs {
    /// Or in a forked child.
    pub(crate) ended: bool,
    /// What is wrong, and for how long it has been.
    pub(crate) fault: Option<(String, Duration)>,
    /// What the last verification said, if that was not good.
    pub(crate) not_verified: Option<Verdict>,
    pub(crate) disk: (DiskTier, Option<u64>),
    /// Records lost so far, and how long ago the last was.
    pub(crate) lost: (u64, Option<Duration>),
    /// Alerts that nobody has taken on, by priority, lowest first.
    pub(crate) alerts: [u64; 4],
    /// Channels that do not work, each with what it last said.
    pub(crate) channels: Vec<(String, String)>,
    /// Rules of the program's that panicked.
    pub(crate) rules_off: Vec<String>,
    /// Bytes in the queue, and how many may be.
    pub(crate) queue: (usize, usize),
    pub(crate) capture: Vec<String>,
    /// What is above its limit: what it is, percent, limit.
    pub(crate) above: Vec<(&'static str, f64, f64)>,
}

impl Signs {
    /// Every reason there is, the worst first.
    pub(crate) fn reasons(&self) -> Vec<HealthReason> {
        let mut reasons = Vec::new();
        let mut say = |health, about, message: String| {
            reasons.push(HealthReason { health, about, message });
        };
        if self.ended {
            say(Health::Ended, "ended", "the trail has ended".to_owned());
        }
        if let Some((fault, since)) = &self.fault {
            let health = if *since < HITCH {
                Health::Degraded
            } else {
                Health::Critical
            };
            say(health, "fault", fault.clone());
        }
        if let Some(verdict) = self.not_verified {
            let health = match verdict {
                Verdict::Tampered => Health::Critical,
                _ => Health::Warning,
            };
            say(health, "verify", format!("the last verification ended with {verdict}"));
        }
        let (tier, free) = self.disk;
        let left = free.map_or("little room".to_owned(), |free| format!("{free} bytes"));
        match tier {
            DiskTier::Enough => {}
            DiskTier::Warn => say(Health::Warning, "disk", format!("the disk has {left} left")),
            DiskTier::Act => say(Health::Critical, "disk", format!("the disk has {left} left")),
        }
        if let (lost, Some(ago)) = self.lost
            && ago <= LOSS
        {
            let ago = ago.as_secs();
            say(
                Health::Warning,
                "lost",
                format!("{lost} records are not in the file, the last lost {ago} s ago"),
            );
        }
        let [low, medium, high, critical] = self.alerts;
        if self.alerts != [0; 4] {
            let health = if high + critical > 0 {
                Health::Warning
            } else {
                Health::Degraded
            };
            let message = format!(
                "nobody has taken on {}, {critical} of them critical and {high} high",
                plural(low + medium + high + critical, "alert")
            );
            say(health, "alerts", message);
        }
        for (what, percent, limit) in &self.above {
            let message = format!("{percent:.0} % in use, {limit} % are allowed");
            say(Health::Warning, what, message);
        }
        for (name, error) in &self.channels {
            say(
                Health::Degraded,
                "channel",
                format!("alerts do not go out on {name}: {error}"),
            );
        }
        for name in &self.rules_off {
            say(
                Health::Warning,
                "rule",
                format!("the rule {name} panicked, and finds nothing any more"),
            );
        }
        let (bytes, limit) = self.queue;
        if bytes.saturating_mul(100) >= limit.saturating_mul(FULL) {
            let message = format!("{bytes} bytes wait to be written, {limit} may");
            say(Health::Degraded, "queue", message);
        }
        for found in &self.capture {
            say(Health::Degraded, "capture", found.clone());
        }
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.health));
        reasons
    }

    /// The worst there is.
    pub(crate) fn health(&self) -> Health {
        self.reasons().first().map_or(Health::Healthy, |worst| worst.health)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn well() -> Signs {
        Signs {
            ended: false,
            fault: None,
            not_verified: None,
            disk: (DiskTier::Enough, Some(1 << 40)),
            lost: (0, None),
            alerts: [0; 4],
            channels: Vec::new(),
            rules_off: Vec::new(),
            queue: (0, 1 << 20),
            capture: Vec::new(),
            above: Vec::new(),
        }
    }

    #[test]
    fn health_is_the_worst_of_its_reasons() {
        let judged = |change: &dyn Fn(&mut Signs)| {
            let mut signs = well();
            change(&mut signs);
            let reasons = signs.reasons();
            (signs.health(), reasons.first().map(|reason| reason.about))
        };
        let secs = Duration::from_secs;
        assert_eq!(judged(&|_| {}), (Health::Healthy, None));
        assert_eq!(
            judged(&|signs| signs.fault = Some(("no room".into(), secs(1)))),
            (Health::Degraded, Some("fault"))
        );
        assert_eq!(
            judged(&|signs| signs.fault = Some(("no room".into(), secs(10)))),
            (Health::Critical, Some("fault"))
        );
        assert_eq!(
            judged(&|signs| signs.disk.0 = DiskTier::Warn),
            (Health::Warning, Some("disk"))
        );
        assert_eq!(
            judged(&|signs| signs.disk.0 = DiskTier::Act),
            (Health::Critical, Some("disk"))
        );
        assert_eq!(
            judged(&|signs| signs.lost = (3, Some(secs(300)))),
            (Health::Warning, Some("lost"))
        );
        assert_eq!(
            judged(&|signs| signs.lost = (3, Some(secs(301)))),
            (Health::Healthy, None)
        );
        assert_eq!(
            judged(&|signs| signs.queue = (80, 100)),
            (Health::Degraded, Some("queue"))
        );
        assert_eq!(
            judged(&|signs| signs.not_verified = Some(Verdict::Tampered)),
            (Health::Critical, Some("verify"))
        );
        assert_eq!(
            judged(&|signs| signs.above = vec![("cpu", 91.0, 80.0)]),
            (Health::Warning, Some("cpu"))
        );
        // The worst comes first, and the others are not forgotten.
        let mut signs = well();
        signs.capture = vec!["a filter".into()];
        signs.ended = true;
        let said: Vec<_> = signs.reasons().iter().map(|reason| reason.about).collect();
        assert_eq!(said, ["ended", "capture"]);
    }

    #[test]
    fn no_alert_makes_a_trail_critical() {
        let mut signs = well();
        signs.alerts = [0, 0, 0, u64::MAX / 2];
        assert_eq!(signs.health(), Health::Warning);
        signs.alerts = [1, 0, 0, 0];
        assert_eq!(signs.health(), Health::Degraded);
    }
}
