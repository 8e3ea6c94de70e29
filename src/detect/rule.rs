use std::time::{Duration, SystemTime};

use super::{Brief, Finding};

/// A rule that sees every record of the callers once, in the order of the file, before it is numbered and chained.
///
/// What it returns is written into the record as `flagged`, `suspicious_reason` and `rule`, and raises an
/// [`Alert`](crate::Alert). A rule runs on the writer's thread: it must not wait, and what it remembers must be bounded. One
/// that panics is switched off, and one that takes long is named in [`Status::rules`](crate::Status::rules).
///
/// ```
/// use tracing_audit::{AlertType, Brief, Finding, Priority, Rule, Trail, audit, events};
///
/// /// Nobody but the backup reads the vault at all.
/// #[derive(Debug)]
/// struct Vault;
///
/// impl Rule for Vault {
///     fn name(&self) -> &str {
///         "vault"
///     }
///
///     fn judge(&mut self, record: &Brief<'_>) -> Option<Finding> {
///         let odd = record.event() == "DATA_READ" && record.resource()? == "vault" && record.user()? != "backup";
///         let found = Finding::new(AlertType::DataAccess, "the vault was read").key("user", &record.user()?);
///         odd.then(|| found.priority(Priority::High))
///     }
/// }
///
/// # let home = tempfile::tempdir().unwrap();
/// # let dir = home.path().join("logs");
/// let trail = Trail::builder(&dir).rule(Vault).detached().build()?;
/// audit!(in: &trail, events::DATA_READ, user_id = "mallory", resource = "vault").written()?;
/// let record = tracing_audit::read(&dir)?.filter_map(Result::ok).find(|record| record.event() == "DATA_READ");
/// assert_eq!(record.and_then(|record| record.rule().map(str::to_owned)).as_deref(), Some("vault"));
/// # Ok::<(), tracing_audit::Error>(())
/// ```
pub trait Rule: Send + 'static {
    /// Its name in records and metrics, such as `failed_logins`: 1 to 64 of `a-z`, `0-9` and `_`, and no other rule's.
    fn name(&self) -> &str;

    /// What it has to say of a record.
    fn judge(&mut self, record: &Brief<'_>) -> Option<Finding>;

    /// Whether it wants to see records at all; asked once. A rule that only looks at figures costs the records nothing. Default: yes.
    fn sees_records(&self) -> bool {
        true
    }

    /// What it has to say of how things are: asked about every second while the writer is awake, and whenever there are new
    /// figures. There is no record to flag; it can raise an alert. Default: nothing.
    fn tick(&mut self, figures: &Figures) -> Option<Finding> {
        let _ = figures;
        None
    }
}

/// How the machine and the trail are, for [`Rule::tick`]. What nobody measures is `None`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Figures {
    /// The writer's clock.
    pub now: SystemTime,
    /// How much of all processors is used, 0 to 100.
    pub cpu_percent: Option<f64>,
    /// How much of the memory is used, 0 to 100.
    pub memory_percent: Option<f64>,
    /// How much of the trail's disk is used, 0 to 100.
    pub disk_percent: Option<f64>,
    /// Records lost since the trail was built.
    pub lost: u64,
    /// Errors met while writing since the trail was built.
    pub write_errors: u64,
    /// Since when the file is not written to, if it is not.
    pub stuck_for: Option<Duration>,
}

impl Figures {
    /// Nothing measured at this time.
    pub fn at(now: SystemTime) -> Figures {
        Figures {
            now,
            cpu_percent: None,
            memory_percent: None,
            disk_percent: None,
            lost: 0,
            write_errors: 0,
            stuck_for: None,
        }
    }
}
