//! Every setting with the place its value comes from, and the one check of them all.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tracing_core::Level;

use crate::config::{DiskSpace, Durability, Emergency, OnFull, Retention, Rotation};
use crate::detect::Watch;
use crate::error::{Error, ErrorKind};
use crate::key::KeySource;
use crate::queue::Queue;
use crate::redact::Redaction;
use crate::severity::Severity;
use crate::status::{Setting, Source};
#[cfg(feature = "system")]
use crate::system::Resources;
use crate::trust::Trust;

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Sourced<T> {
    pub(crate) value: T,
    source: Source,
}

impl<T> Sourced<T> {
    fn default(value: T) -> Sourced<T> {
        Sourced {
            value,
            source: Source::Default,
        }
    }

    /// Takes a value, unless one stands from a source that overrides this one: calls may come in any order.
    pub(crate) fn put(&mut self, value: T, source: Source) {
        if source >= self.source {
            *self = Sourced { value, source };
        }
    }
}

/// All settings of a trail that are plain data.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) retention: Sourced<Retention>,
    pub(crate) rotation: Sourced<Rotation>,
    pub(crate) durability: [Sourced<Durability>; 4],
    pub(crate) on_full: [Sourced<OnFull>; 4],
    pub(crate) emergency: Sourced<Emergency>,
    pub(crate) disk_space: Sourced<DiskSpace>,
    pub(crate) require_local_disk: Sourced<bool>,
    pub(crate) queue_bytes: Sourced<usize>,
    pub(crate) value_bytes: Sourced<usize>,
    pub(crate) line_bytes: Sourced<usize>,
    pub(crate) mirror: Sourced<bool>,
    pub(crate) span_level: Sourced<Level>,
    pub(crate) lock_wait: Sourced<Duration>,
    pub(crate) commit_every: Sourced<Duration>,
    pub(crate) sync_every: Sourced<Duration>,
    pub(crate) wait_limit: Sourced<Duration>,
    pub(crate) service: Sourced<Option<String>>,
    pub(crate) version: Sourced<Option<String>>,
    pub(crate) host: Sourced<Option<String>>,
    pub(crate) keys: Sourced<Option<PathBuf>>,
    /// `None` keeps what the trail has.
    pub(crate) trust: Sourced<Option<Trust>>,
    pub(crate) replace: Sourced<bool>,
    /// `None` keeps what the trail has.
    pub(crate) salted: Sourced<Option<bool>>,
    pub(crate) key_source: Sourced<KeySource>,
    pub(crate) redaction: Sourced<Redaction>,
    pub(crate) rules: Sourced<Watch>,
    pub(crate) top_users: Sourced<usize>,
    pub(crate) top_ips: Sourced<usize>,
    pub(crate) top_endpoints: Sourced<usize>,
    pub(crate) top_reasons: Sourced<usize>,
    #[cfg(feature = "system")]
    pub(crate) resources: Sourced<Option<Resources>>,
}

/// Names of one kind that the metrics list at most: each has series of its own.
const TOP_LIMIT: usize = 1_000;

/// No line may be longer: readers take longer ones for no lines.
const LINE_LIMIT: usize = 16 * 1024 * 1024;

/// A line holds its own frame, number, time and names, and says what it had to leave out.
const LINE_LEAST: usize = 4 * 1024;

/// The most bytes of a name that stands in each file's header.
const NAME_LIMIT: usize = 255;

/// A file has a header and a first record besides.
const FILE_SPARE: u64 = 8 * 1024;

impl Settings {
    /// A file has room for any line.
    pub(crate) fn least_file(&self) -> u64 {
        self.line_bytes.value as u64 + FILE_SPARE
    }

    pub(crate) fn new() -> Settings {
        Settings {
            retention: Sourced::default(Retention::default()),
            rotation: Sourced::default(Rotation::default()),
            durability: std::array::from_fn(|_| Sourced::default(Durability::default())),
            on_full: OnFull::DEFAULT.map(Sourced::default),
            emergency: Sourced::default(Emergency::default()),
            disk_space: Sourced::default(DiskSpace::default()),
            require_local_disk: Sourced::default(false),
            queue_bytes: Sourced::default(16 * 1024 * 1024),
            value_bytes: Sourced::default(8 * 1024),
            line_bytes: Sourced::default(64 * 1024),
            mirror: Sourced::default(true),
            span_level: Sourced::default(Level::INFO),
            lock_wait: Sourced::default(Duration::from_secs(10)),
            commit_every: Sourced::default(Duration::from_millis(1)),
            sync_every: Sourced::default(Duration::from_secs(1)),
            wait_limit: Sourced::default(Duration::from_secs(5)),
            service: Sourced::default(None),
            version: Sourced::default(None),
            host: Sourced::default(None),
            keys: Sourced::default(None),
            trust: Sourced::default(None),
            replace: Sourced::default(false),
            salted: Sourced::default(None),
            key_source: Sourced::default(KeySource::default()),
            redaction: Sourced::default(Redaction::standard()),
            rules: Sourced::default(Watch::none()),
            top_users: Sourced::default(0),
            top_ips: Sourced::default(0),
            top_endpoints: Sourced::default(0),
            top_reasons: Sourced::default(0),
            #[cfg(feature = "system")]
            resources: Sourced::default(None),
        }
    }

    /// Whether they go together.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.rules.value.check()?;
        let Retention { days, files, bytes } = self.retention.value;
        let (line, value) = (self.line_bytes.value, self.value_bytes.value);
        let max_bytes = self.rotation.value.max_bytes;
        if days == Some(0) || files == Some(0) || bytes == Some(0) {
            return Err(contradiction(
                format!("a retention of {} would keep nothing", self.retention.value),
                "keep at least 1, or use Retention::forever to remove nothing",
            ));
        }
        if !(LINE_LEAST..=LINE_LIMIT).contains(&line) {
            return Err(contradiction(
                format!("line_bytes is {line}, and a line has {LINE_LEAST} to {LINE_LIMIT} bytes"),
                "set line_bytes within that",
            ));
        }
        if value == 0 || value > line {
            return Err(contradiction(
                format!("value_bytes is {value}, and a value has at least 1 byte and must fit a line of {line}"),
                "set value_bytes to at most line_bytes",
            ));
        }
        for (what, name) in [
            ("service", &self.service),
            ("version", &self.version),
            ("host", &self.host),
        ] {
            let len = name.value.as_ref().map_or(0, String::len);
            if len > NAME_LIMIT {
                return Err(contradiction(
                    format!("the {what} has {len} bytes, and each file's header names it"),
                    &format!("give it a name of at most {NAME_LIMIT} bytes"),
                ));
            }
        }
        for (name, top) in self.tops() {
            if top.value > TOP_LIMIT {
                return Err(contradiction(
                    format!("{name} is {}, and each name has series of its own", top.value),
                    &format!("list {TOP_LIMIT} or fewer; the others are counted together"),
                ));
            }
        }
        #[cfg(feature = "system")]
        if let Some(limits) = self.resources.value.filter(|limits| !limits.are_limits()) {
            let said = format!("resources are {limits}");
            return Err(contradiction(said, "set each limit above 0 percent"));
        }
        let (commit, sync) = (self.commit_every.value, self.sync_every.value);
        if commit.is_zero() || commit > sync || sync > Duration::from_secs(60) {
            return Err(contradiction(
                format!(
                    "commit_every is {commit:?} and sync_every {sync:?}, and a commit comes before its sync, within a minute"
                ),
                "set commit_every above zero, and sync_every from there to 60 s",
            ));
        }
        let DiskSpace { warn, act } = &self.disk_space.value;
        if act.0 > warn.0 {
            return Err(contradiction(
                format!(
                    "the second step of disk_space begins at {} bytes, and the first at {}",
                    act.0, warn.0
                ),
                "let the second begin where less is left",
            ));
        }
        let least = self.least_file();
        if max_bytes < least {
            return Err(contradiction(
                format!("a file of at most {max_bytes} bytes has no room for a line of {line}"),
                &format!("set Rotation::max_bytes (AUDIT_MAX_FILE_BYTES) to {least} or more"),
            ));
        }
        if bytes.is_some_and(|bytes| bytes < max_bytes) {
            return Err(contradiction(
                format!(
                    "a retention of {} is less than one file of {max_bytes}",
                    self.retention.value
                ),
                "keep at least as many bytes as Rotation::max_bytes, or lower that",
            ));
        }
        if self.queue_bytes.value > Queue::MOST {
            return Err(contradiction(
                format!(
                    "a queue of {} bytes is more than what is ever written in time",
                    self.queue_bytes.value
                ),
                &format!("set queue_bytes (AUDIT_QUEUE_BYTES) to {} or less", Queue::MOST),
            ));
        }
        let least = Queue::least(line);
        if self.queue_bytes.value < least {
            return Err(contradiction(
                format!(
                    "a queue of {} bytes is too small for lines of {line}",
                    self.queue_bytes.value
                ),
                &format!("set queue_bytes (AUDIT_QUEUE_BYTES) to {least} or more"),
            ));
        }
        Ok(())
    }

    fn tops(&self) -> [(&'static str, &Sourced<usize>); 4] {
        [
            ("top_users", &self.top_users),
            ("top_ips", &self.top_ips),
            ("top_endpoints", &self.top_endpoints),
            ("top_reasons", &self.top_reasons),
        ]
    }

    /// For `status` and `AUDIT_CONFIG`.
    pub(crate) fn list(&self) -> Vec<Setting> {
        let mut list = vec![
            setting("retention", &self.retention),
            Setting {
                name: "max_file_bytes",
                value: self.rotation.value.max_bytes.to_string(),
                source: self.rotation.source,
            },
        ];
        let names = [
            ("durability_low", "on_full_low"),
            ("durability_medium", "on_full_medium"),
            ("durability_high", "on_full_high"),
            ("durability_critical", "on_full_critical"),
        ];
        for (((durability, on_full), of), full) in names.into_iter().zip(&self.durability).zip(&self.on_full) {
            list.push(setting(durability, of));
            list.push(setting(on_full, full));
        }
        list.extend([
            setting("emergency", &self.emergency),
            setting("disk_space", &self.disk_space),
            setting("require_local_disk", &self.require_local_disk),
            setting("queue_bytes", &self.queue_bytes),
            setting("value_bytes", &self.value_bytes),
            setting("line_bytes", &self.line_bytes),
            Setting {
                name: "trust",
                value: self.trust.value.unwrap_or_default().to_string(),
                source: self.trust.source,
            },
            setting("replace", &self.replace),
            Setting {
                name: "salted",
                value: self.salted.value.unwrap_or_default().to_string(),
                source: self.salted.source,
            },
            setting("key_source", &self.key_source),
            setting("rules", &self.rules),
            setting("mirror", &self.mirror),
            setting("span_level", &self.span_level),
            duration("lock_wait", &self.lock_wait),
            duration("commit_every", &self.commit_every),
            duration("sync_every", &self.sync_every),
            duration("wait_limit", &self.wait_limit),
        ]);
        for (name, value) in [
            ("service", &self.service),
            ("version", &self.version),
            ("host", &self.host),
        ] {
            list.extend(value.value.as_ref().map(|text| Setting {
                name,
                value: text.clone(),
                source: value.source,
            }));
        }
        list.push(Setting {
            name: "redaction",
            value: redaction(&self.redaction.value),
            source: self.redaction.source,
        });
        for (name, top) in self.tops() {
            list.push(setting(name, top));
        }
        #[cfg(feature = "system")]
        list.extend(self.resources.value.map(|limits| Setting {
            name: "resources",
            value: limits.to_string(),
            source: self.resources.source,
        }));
        list.extend(self.keys.value.as_ref().map(|path| Setting {
            name: "keys",
            value: path.display().to_string(),
            source: self.keys.source,
        }));
        list
    }

    pub(crate) fn durability(&mut self, severity: Severity) -> Option<&mut Sourced<Durability>> {
        self.durability.get_mut(severity.index())
    }

    pub(crate) fn on_full(&mut self, severity: Severity) -> Option<&mut Sourced<OnFull>> {
        self.on_full.get_mut(severity.index())
    }
}

/// `standard`, and what differs from it.
fn redaction(chosen: &Redaction) -> String {
    let standard = Redaction::standard().rules();
    let rules = chosen.rules();
    let own = rules.iter().filter(|rule| !standard.contains(rule));
    own.fold("standard".to_owned(), |text, (name, treatment)| {
        format!("{text}, {name}: {treatment}")
    })
}

fn setting(name: &'static str, from: &Sourced<impl fmt::Display>) -> Setting {
    Setting {
        name,
        value: from.value.to_string(),
        source: from.source,
    }
}

fn duration(name: &'static str, from: &Sourced<Duration>) -> Setting {
    Setting {
        name,
        value: format!("{:?}", from.value),
        source: from.source,
    }
}

fn contradiction(what: String, remedy: &str) -> Error {
    Error::new(ErrorKind::Config, what).remedy(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_from_code_stands_whatever_order_the_calls_come_in() {
        let mut settings = Settings::new();
        settings.mirror.put(false, Source::Code);
        settings.mirror.put(true, Source::Environment);
        settings.queue_bytes.put(1 << 20, Source::Environment);
        settings.queue_bytes.put(2 << 20, Source::Code);
        let said: Vec<_> = settings
            .list()
            .into_iter()
            .filter(|setting| setting.source != Source::Default)
            .map(|setting| (setting.name, setting.value, setting.source))
            .collect();
        let expected = [
            ("queue_bytes", "2097152".to_owned(), Source::Code),
            ("mirror", "false".to_owned(), Source::Code),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn what_contradicts_is_refused_with_a_remedy() {
        let refused = |change: &dyn Fn(&mut Settings)| {
            let mut settings = Settings::new();
            change(&mut settings);
            let error = settings.check().expect_err("this must be refused");
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains("; "), "{error}");
        };
        Settings::new().check().unwrap();
        refused(&|settings| settings.retention.value = Retention::days(0));
        refused(&|settings| settings.retention.value = Retention::files(0));
        refused(&|settings| settings.retention.value = Retention::bytes(1000));
        refused(&|settings| settings.rotation.value = Rotation::daily().max_bytes(64 << 10));
        refused(&|settings| settings.queue_bytes.value = 64 << 10);
        refused(&|settings| settings.queue_bytes.value = usize::MAX);
        refused(&|settings| settings.service.value = Some("x".repeat(NAME_LIMIT + 1)));
        refused(&|settings| settings.host.value = Some("x".repeat(70_000)));
        refused(&|settings| settings.disk_space.value.act.0 = 1 << 40);
        refused(&|settings| settings.line_bytes.value = 100);
        refused(&|settings| settings.line_bytes.value = 32 << 20);
        refused(&|settings| settings.value_bytes.value = 65 << 10);
        refused(&|settings| settings.value_bytes.value = 0);
        refused(&|settings| settings.top_ips.value = TOP_LIMIT + 1);
        #[cfg(feature = "system")]
        refused(&|settings| settings.resources.value = Some(Resources::default().cpu(f64::NAN)));
    }
}
