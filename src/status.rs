//! What a trail says about itself, and the one place from which it speaks to standard error.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::chain::Head;
use crate::clock::Micros;
use crate::detect::RuleFigures;
use crate::queue::PerSeverity;
use crate::severity::Severity;
use crate::sync::{Home, Mutex, lock};
use crate::trust::Trust;
use crate::verify::Verdict;

/// How a trail is, at one moment. Made by `Trail::status`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// In one word; [`Trail::health`](crate::Trail::health) says why.
    pub health: Health,
    /// The trail's id: 22 characters, the same for as long as the directory lives.
    pub trail: String,
    /// The directory.
    pub dir: PathBuf,
    /// The file being written.
    pub file: PathBuf,
    /// Records that callers handed over: written, lost, or still on their way to the file or the emergency sink.
    pub emitted: Counts,
    /// Of these, in the file. The trail's own `AUDIT_*` records are not counted here.
    pub written: Counts,
    /// Of these, known to be on the disk.
    pub synced: Counts,
    /// Of these, not in the file and not in the queue any more, for whatever reason.
    pub lost: Counts,
    /// Of these, in the emergency sink.
    pub diverted: Counts,
    /// The losses by reason: `queue_full`, `diverted`, `panicked`, `reentrant`, `closed`, `write_error`.
    pub losses: Vec<(&'static str, Counts)>,
    /// The trail's own records in the file, such as `AUDIT_ROTATE`.
    pub own_records: u64,
    /// Bytes in the queue.
    pub queue_bytes: usize,
    /// The most there ever were.
    pub queue_high_water_bytes: usize,
    /// The most there may be.
    pub queue_limit_bytes: usize,
    /// The last record's number, once it is on the disk.
    pub chain_seq: u64,
    /// The head of the chain behind that record, in 43 characters.
    pub chain_head: String,
    /// When the last commit was written.
    pub last_commit: Option<SystemTime>,
    /// Bytes of the file being written.
    pub file_bytes: u64,
    /// What is wrong, if anything is.
    pub fault: Option<String>,
    /// The last error, even if the trail has recovered since.
    pub last_error: Option<String>,
    /// Errors met while writing, by kind.
    pub write_errors: Vec<(&'static str, u64)>,
    /// What keeps plain events from reaching the trail: a global filter, a static max level. Empty when nothing does.
    pub capture: Vec<String>,
    /// Event names that plain events used and no type declares; at most 64.
    pub unknown_events: Vec<String>,
    /// Calls of `audit!` in this process that no trail was there to take: before the first was built, or after the last ended.
    pub without_trail: u64,
    /// What the files prove, and against whom.
    pub trust: Trust,
    /// Which key line the trail is proven by, in modes `sealed` and `signed`: its id of six characters.
    pub key_id: Option<String>,
    /// Bytes that may still be put on the disk, where that is known, as last looked at.
    pub disk_free: Option<u64>,
    /// Which step of [`DiskSpace`](crate::DiskSpace) that is.
    pub disk_tier: DiskTier,
    /// Whether the directory is on a file system that does not survive a restart.
    pub storage_ephemeral: bool,
    /// Whether the whole trail is under [legal hold](crate::Trail::hold).
    pub hold: bool,
    /// The numbers of the files that are, as their headers have them.
    pub held: Vec<u64>,
    /// The rules that look at records, as of the last batch in the file.
    pub rules: Vec<RuleStatus>,
    /// The channels that alerts are handed out on.
    pub channels: Vec<ChannelStatus>,
    /// Every setting, its value and where the value comes from.
    pub settings: Vec<Setting>,
}

impl Status {
    /// Records in the file, since the trail was built: the callers' and its own.
    pub fn records(&self) -> u64 {
        self.written.total() + self.own_records
    }
}

/// How a trail is, in one word; from good to bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Health {
    /// Records reach the file, and nothing is to be done.
    #[default]
    Healthy,
    /// Something is not as it should be and may pass: a write that failed less than 10 s ago ([`Status::fault`] says what is
    /// wrong), a queue nearly full, plain events that a filter keeps away, an alert that nobody has taken on.
    Degraded,
    /// Somebody should look: the disk is on the first step of [`DiskSpace`](crate::DiskSpace), records were lost within the last 5
    /// minutes, the machine is above its limits, an alert of priority high or critical is open.
    Warning,
    /// Records do not reach the file, or soon will not: writes have failed for 10 s, the disk is on its second step; or the files
    /// were changed, as the last verification found.
    Critical,
    /// The trail has ended; or this is a forked child of the process that it runs in.
    Ended,
}

impl Health {
    /// `healthy`, `degraded`, `warning`, `critical` or `ended`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Health::Healthy => "healthy",
            Health::Degraded => "degraded",
            Health::Warning => "warning",
            Health::Critical => "critical",
            Health::Ended => "ended",
        }
    }

    /// As the metric `audit_health` has it: 0 to 4.
    pub(crate) const fn rank(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How much room the disk of the trail has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DiskTier {
    /// Enough, or nobody knows.
    #[default]
    Enough,
    /// Less than the first step of [`DiskSpace`](crate::DiskSpace) asks for.
    Warn,
    /// Less than the second asks for.
    Act,
}

impl fmt::Display for DiskTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            DiskTier::Enough => "enough",
            DiskTier::Warn => "warn",
            DiskTier::Act => "act",
        })
    }
}

/// A number for each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Counts {
    /// Of severity low.
    pub low: u64,
    /// Of severity medium.
    pub medium: u64,
    /// Of severity high.
    pub high: u64,
    /// Of severity critical.
    pub critical: u64,
}

impl Counts {
    /// Of all severities.
    pub fn total(self) -> u64 {
        self.low + self.medium + self.high + self.critical
    }

    /// Of one severity.
    pub fn of(self, severity: Severity) -> u64 {
        match severity {
            Severity::Low => self.low,
            Severity::Medium => self.medium,
            Severity::High => self.high,
            Severity::Critical => self.critical,
        }
    }
}

impl From<PerSeverity> for Counts {
    fn from([low, medium, high, critical]: PerSeverity) -> Counts {
        Counts {
            low,
            medium,
            high,
            critical,
        }
    }
}

/// What a [`Rule`](crate::Rule) has done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleStatus {
    /// Its name.
    pub name: String,
    /// `false` once it has panicked.
    pub on: bool,
    /// What it found since the trail was built.
    pub findings: u64,
    /// Keys that it remembers: users, addresses.
    pub keys: usize,
    /// Keys that went before their window was over, since there were too many.
    pub evicted: u64,
    /// Bytes that it remembers, about.
    pub memory_bytes: usize,
    /// How often a rule of your own took more than a millisecond for one record.
    pub slow: u64,
    /// The longest that one took.
    pub longest: Duration,
}

impl RuleStatus {
    /// Brings a list up to date.
    pub(crate) fn update<'a>(list: &mut Vec<RuleStatus>, figures: impl Iterator<Item = RuleFigures<'a>>) {
        for (at, figures) in figures.enumerate() {
            match list.get_mut(at) {
                Some(known) => known.take(&figures),
                None => list.push(RuleStatus::of(&figures)),
            }
        }
    }

    fn of(figures: &RuleFigures<'_>) -> RuleStatus {
        let mut status = RuleStatus {
            name: figures.name.to_owned(),
            on: true,
            findings: 0,
            keys: 0,
            evicted: 0,
            memory_bytes: 0,
            slow: 0,
            longest: Duration::ZERO,
        };
        status.take(figures);
        status
    }

    fn take(&mut self, figures: &RuleFigures<'_>) {
        self.on = figures.on;
        self.findings = figures.findings;
        self.keys = figures.keys;
        self.evicted = figures.evicted;
        self.memory_bytes = figures.bytes;
        self.slow = figures.slow;
        self.longest = figures.longest;
    }
}

/// How a [`Channel`](crate::Channel) of alerts works.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelStatus {
    /// Its name.
    pub name: String,
    /// Pieces of news that it took.
    pub delivered: u64,
    /// Those that were given up: what cannot be delivered at all, and what came while too much waited.
    pub failed: u64,
    /// Those that wait, or are under way.
    pub waiting: usize,
    /// Since when it has not taken any, if it does not work.
    pub failing_since: Option<SystemTime>,
    /// What it last said, even if it has worked since.
    pub last_error: Option<String>,
}

/// One setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Its name, as the builder's method has it.
    pub name: &'static str,
    /// Its value, for people.
    pub value: String,
    /// Where the value comes from.
    pub source: Source,
}

/// Where a setting's value comes from; each overrides those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Source {
    /// Nobody said anything.
    #[default]
    Default,
    /// An environment variable.
    Environment,
    /// A call on the builder.
    Code,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Source::Default => "default",
            Source::Environment => "environment",
            Source::Code => "code",
        })
    }
}

/// Says one line on standard error. Nobody may be listening; then nobody hears it: the writer must not stand still for a
/// pipe that is full.
pub(crate) fn complain(what: &dyn fmt::Display) {
    let line = format!("tracing-audit: {what}\n");
    #[cfg(unix)]
    {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let stderr = std::io::stderr();
        let mut asked = [PollFd::new(&stderr, PollFlags::OUT)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        if poll(&mut asked, Some(&at_once)).is_ok_and(|ready| ready == 0) {
            return;
        }
        // Not through the library's lock: its holder may be the one who waits.
        let _ = rustix::io::write(&stderr, line.as_bytes());
    }
    #[cfg(not(unix))]
    {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
    }
}

/// Says one line on standard error, however long that takes: for what must not be lost.
pub(crate) fn say(what: &dyn fmt::Display) -> std::io::Result<()> {
    std::io::Write::write_all(&mut std::io::stderr(), format!("tracing-audit: {what}\n").as_bytes())
}

/// How long a dropped handle waits for the disk.
pub(crate) const LAST_WAIT: Duration = Duration::from_secs(5);

/// What the writer says of itself, for others to look at.
#[derive(Debug, Default)]
pub(crate) struct Board {
    notice: Mutex<Notice>,
    home: Home,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Notice {
    pub(crate) trail: String,
    pub(crate) file: PathBuf,
    pub(crate) file_bytes: u64,
    /// Bytes of the other files.
    pub(crate) other_bytes: u64,
    pub(crate) written: PerSeverity,
    pub(crate) own_written: u64,
    /// The last record on the disk, and the head behind it.
    pub(crate) chain: Option<(u64, Head)>,
    pub(crate) last_commit: Option<Micros>,
    pub(crate) fault: Option<String>,
    /// Since when, by the monotonic clock.
    pub(crate) fault_since: Option<Duration>,
    pub(crate) last_error: Option<String>,
    /// `None` while there is no subscriber to ask.
    pub(crate) capture: Option<Vec<String>>,
    pub(crate) rules: Vec<RuleStatus>,
    pub(crate) trust: Trust,
    pub(crate) key_id: Option<String>,
    pub(crate) disk_free: Option<u64>,
    pub(crate) disk_tier: DiskTier,
    pub(crate) ephemeral: bool,
    pub(crate) hold: bool,
    pub(crate) held: Vec<u64>,
    pub(crate) ended: bool,
    /// What the last verification said, and when.
    pub(crate) verified: Option<(Verdict, Micros)>,
}

impl Board {
    pub(crate) fn look(&self) -> Notice {
        match lock(&self.notice, self.home) {
            Some(notice) => notice.clone(),
            None => Notice::default(),
        }
    }

    pub(crate) fn write(&self, change: impl FnOnce(&mut Notice)) {
        change(&mut self.notice.lock());
    }
}

impl Notice {
    /// The first 48 bits of the head: a number that every reader of metrics keeps exactly.
    pub(crate) fn head48(&self) -> u64 {
        self.chain.map_or(0, |(_, Head(head))| {
            head.iter()
                .take(6)
                .fold(0, |number, byte| number << 8 | u64::from(*byte))
        })
    }
}
