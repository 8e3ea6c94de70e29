use std::fmt;
use std::time::Duration;

use crate::detect::{AlertType, Brief, Figures, Finding, Priority, Rule};

/// How busy the machine may be before that is an alert, and before [`health`](crate::Trail::health) is a warning. Default:
/// processors 80 %, memory 85 %, disk 90 %, looked at every 10 s.
///
/// An alert is raised when a figure has been at its limit for three looks in a row, and resolved when it has been 5 % below that
/// for the window of the rule, a minute.
///
/// ```
/// # use std::time::Duration;
/// # use tracing_audit::{Resources, Trail};
/// Trail::builder("logs").resources(Resources::default().memory(90.0).cpu(100.0).look_every(Duration::from_secs(30)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Resources {
    pub(crate) cpu: f64,
    pub(crate) memory: f64,
    pub(crate) disk: f64,
    pub(crate) every: Duration,
}

impl Resources {
    /// How much of all processors may be in use, in percent. More than 100 raises nothing.
    pub fn cpu(mut self, percent: f64) -> Resources {
        self.cpu = percent;
        self
    }

    /// How much of the memory may be in use, in percent. More than 100 raises nothing.
    pub fn memory(mut self, percent: f64) -> Resources {
        self.memory = percent;
        self
    }

    /// How much of the disk of the trail may be in use, in percent. More than 100 raises nothing. What the trail does on a full
    /// disk is for [`DiskSpace`](crate::DiskSpace) to say.
    pub fn disk(mut self, percent: f64) -> Resources {
        self.disk = percent;
        self
    }

    /// How often the machine is looked at: at least every hour, and a second apart.
    pub fn look_every(mut self, every: Duration) -> Resources {
        self.every = every;
        self
    }

    /// Whether each limit can be passed and kept.
    pub(crate) fn are_limits(&self) -> bool {
        [self.cpu, self.memory, self.disk].iter().all(|limit| *limit > 0.0)
    }

    pub(crate) fn every(&self) -> Duration {
        self.every.clamp(Duration::from_secs(1), Duration::from_secs(3_600))
    }
}

impl Default for Resources {
    fn default() -> Resources {
        Resources {
            cpu: 80.0,
            memory: 85.0,
            disk: 90.0,
            every: Duration::from_secs(10),
        }
    }
}

impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Resources { cpu, memory, disk, .. } = self;
        let every = self.every();
        write!(f, "cpu {cpu} %, memory {memory} %, disk {disk} %, every {every:?}")
    }
}

/// Looks above the limit before it is an alert: one busy moment is none.
const LOOKS: u32 = 3;

/// For how long after the last finding the alert stays open.
const WINDOW: Duration = Duration::from_secs(60);

/// So far below its limit a figure must fall to be well again.
const WELL: f64 = 5.0;

/// The rules about these limits.
pub(crate) fn rules(resources: &Resources) -> Vec<Box<dyn Rule>> {
    let rule = |name, what, limit, priority, of: fn(&Figures) -> Option<f64>| -> Box<dyn Rule> {
        Box::new(Limit {
            name,
            what,
            limit,
            priority,
            of,
            above: 0,
            last: None,
            every: resources.every(),
        })
    };
    vec![
        rule("cpu_high", "processors", resources.cpu, Priority::Medium, |seen| {
            seen.cpu_percent
        }),
        rule("memory_high", "memory", resources.memory, Priority::Medium, |seen| {
            seen.memory_percent
        }),
        rule("disk_high", "trail's disk", resources.disk, Priority::High, |seen| {
            seen.disk_percent
        }),
    ]
}

/// A figure that is not to stay above a limit.
struct Limit {
    name: &'static str,
    what: &'static str,
    limit: f64,
    priority: Priority,
    of: fn(&Figures) -> Option<f64>,
    above: u32,
    /// When the figure was last counted: a rule is asked more often than anybody looks.
    last: Option<std::time::SystemTime>,
    every: Duration,
}

impl Rule for Limit {
    fn name(&self) -> &str {
        self.name
    }

    fn judge(&mut self, _: &Brief<'_>) -> Option<Finding> {
        None
    }

    fn sees_records(&self) -> bool {
        false
    }

    fn tick(&mut self, figures: &Figures) -> Option<Finding> {
        let seen = (self.of)(figures)?;
        let since = self
            .last
            .map(|last| figures.now.duration_since(last).unwrap_or(self.every));
        if since.is_some_and(|since| since < self.every) {
            return None;
        }
        self.last = Some(figures.now);
        let raised = self.above >= LOOKS;
        let limit = if raised { self.limit - WELL } else { self.limit };
        if seen < limit {
            self.above = 0;
            return None;
        }
        self.above = (self.above + 1).min(LOOKS);
        (self.above >= LOOKS).then(|| {
            Finding::new(
                AlertType::Resource,
                format!("{seen:.0} % of the {} in use, {} % are allowed", self.what, self.limit),
            )
            .priority(self.priority)
            .window(WINDOW.max(self.every * 2))
            .context("percent", seen.round())
            .context("limit", self.limit)
            .passing()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn a_limit_that_is_passed_for_a_while_is_a_finding_until_it_is_well_below() {
        let mut rules = rules(&Resources::default());
        let cpu = &mut rules[0];
        let mut at = SystemTime::UNIX_EPOCH;
        let mut look = |percent: f64| {
            at += Duration::from_secs(10);
            let figures = Figures {
                cpu_percent: Some(percent),
                ..Figures::at(at)
            };
            let found = cpu.tick(&figures).is_some();
            // Asked again before the next look it says nothing.
            assert!(cpu.tick(&figures).is_none());
            found
        };
        assert_eq!([79.9, 95.0, 95.0, 79.0, 80.0, 81.0].map(&mut look), [false; 6]);
        assert_eq!([95.0, 76.0, 75.0].map(&mut look), [true; 3]);
        assert_eq!([74.9, 90.0, 90.0].map(&mut look), [false; 3]);
        assert!(look(90.0));
    }

    #[test]
    fn what_nobody_measures_is_no_finding() {
        for mut rule in rules(&Resources::default()) {
            assert!(rule.tick(&Figures::at(SystemTime::UNIX_EPOCH)).is_none());
        }
    }
}
