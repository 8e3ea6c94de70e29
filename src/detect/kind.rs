//! What kind of thing an alert is about, and how soon somebody should look.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};
use crate::severity::Severity;

/// What an [`Alert`](crate::Alert) is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AlertType {
    /// Who is let in: failed logins, a success behind many failures.
    Authentication,
    /// How much is read, and how fast.
    DataAccess,
    /// What is removed: many things at once, or at an odd hour.
    Deletion,
    /// An address or a user that several rules found something of.
    Suspicious,
    /// Limits that were hit.
    RateLimit,
    /// Requests or answers that are not what was agreed.
    Contract,
    /// How well the program works: errors, slow answers.
    Performance,
    /// Room on the disk, memory, processor.
    Resource,
    /// The trail itself: records lost, writes that failed.
    Trail,
    /// What a rule of the program's own is about.
    Custom,
}

impl AlertType {
    /// All of them.
    pub const ALL: [AlertType; 10] = [
        AlertType::Authentication,
        AlertType::DataAccess,
        AlertType::Deletion,
        AlertType::Suspicious,
        AlertType::RateLimit,
        AlertType::Contract,
        AlertType::Performance,
        AlertType::Resource,
        AlertType::Trail,
        AlertType::Custom,
    ];

    /// The spelling in a record: `authentication`, `data_access`, `deletion`, `suspicious`, `rate_limit`, `contract`,
    /// `performance`, `resource`, `trail` or `custom`.
    pub const fn as_str(self) -> &'static str {
        match self {
            AlertType::Authentication => "authentication",
            AlertType::DataAccess => "data_access",
            AlertType::Deletion => "deletion",
            AlertType::Suspicious => "suspicious",
            AlertType::RateLimit => "rate_limit",
            AlertType::Contract => "contract",
            AlertType::Performance => "performance",
            AlertType::Resource => "resource",
            AlertType::Trail => "trail",
            AlertType::Custom => "custom",
        }
    }
}

impl fmt::Display for AlertType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for AlertType {
    type Err = Error;

    /// Reads the spelling of a record, in whatever case.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for another name.
    fn from_str(name: &str) -> Result<AlertType, Error> {
        named(&AlertType::ALL, AlertType::as_str, name, "an alert's type")
    }
}

/// How soon somebody should look at an [`Alert`](crate::Alert). The order is `Low < Medium < High < Critical`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// When there is time.
    Low,
    /// Today.
    #[default]
    Medium,
    /// Within the hour.
    High,
    /// Now.
    Critical,
}

impl Priority {
    /// All of them, lowest first.
    pub const ALL: [Priority; 4] = [Priority::Low, Priority::Medium, Priority::High, Priority::Critical];

    /// The spelling in a record: `low`, `medium`, `high` or `critical`.
    pub const fn as_str(self) -> &'static str {
        self.severity().as_str()
    }

    /// The severity of the records that tell of it.
    pub const fn severity(self) -> Severity {
        match self {
            Priority::Low => Severity::Low,
            Priority::Medium => Severity::Medium,
            Priority::High => Severity::High,
            Priority::Critical => Severity::Critical,
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Priority {
    type Err = Error;

    /// Reads the spelling of a record, in whatever case.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for another name.
    fn from_str(name: &str) -> Result<Priority, Error> {
        named(&Priority::ALL, Priority::as_str, name, "a priority")
    }
}

/// The one of `all` with this name.
pub(crate) fn named<T: Copy>(all: &[T], spelling: fn(T) -> &'static str, name: &str, what: &str) -> Result<T, Error> {
    let found = all.iter().find(|one| spelling(**one).eq_ignore_ascii_case(name));
    found.copied().ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|one| spelling(*one)).collect();
        Error::new(ErrorKind::Config, format!("{name:?} is not {what}"))
            .remedy(&format!("use one of {}", known.join(", ")))
    })
}
