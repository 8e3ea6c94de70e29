use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};

/// How much a record matters: decides whether it may be shed, and how soon it is synced.
///
/// The order is `Low < Medium < High < Critical`; [`level`](Severity::level) gives 1 to 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Routine: a login, a read. May be shed under overload, and is then counted.
    Low,
    /// Worth a look: a failed login, a changed setting. May be shed under overload, and is then counted.
    Medium,
    /// Needs attention: a deletion, a changed role. Synced at once.
    High,
    /// Needs action: an incident. Synced at once; the last to find the queue full.
    Critical,
}

impl Severity {
    /// All severities, lowest first.
    pub const ALL: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    /// The spelling in a record: `low`, `medium`, `high` or `critical`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// 1 (low) to 4 (critical).
    pub const fn level(self) -> u8 {
        self.index() as u8 + 1
    }

    /// Position in tables kept per severity.
    pub(crate) const fn index(self) -> usize {
        match self {
            Severity::Low => 0,
            Severity::Medium => 1,
            Severity::High => 2,
            Severity::Critical => 3,
        }
    }

    /// Reads a severity by its own name or by the names that other systems use: `info`, `notice`, `debug` and
    /// `trace` for low; `warn`, `warning`, `moderate` for medium; `error`, `err` for high; `crit`, `fatal`,
    /// `alert`, `emergency`, `emerg` and `panic` for critical; `1` to `4`. Case does not matter.
    pub fn from_name(name: &str) -> Option<Severity> {
        const NAMES: [(&[&str], Severity); 4] = [
            (
                &["low", "info", "informational", "notice", "debug", "trace", "1"],
                Severity::Low,
            ),
            (&["medium", "med", "moderate", "warn", "warning", "2"], Severity::Medium),
            (&["high", "error", "err", "major", "3"], Severity::High),
            (
                &["critical", "crit", "fatal", "alert", "emergency", "emerg", "panic", "4"],
                Severity::Critical,
            ),
        ];
        NAMES
            .iter()
            .find(|(names, _)| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
            .map(|&(_, severity)| severity)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = Error;

    fn from_str(name: &str) -> Result<Severity, Error> {
        Severity::from_name(name).ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                format!("unknown severity {name:?}: use low, medium, high or critical"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_severity_reads_back_from_its_own_name_and_its_level() {
        for severity in Severity::ALL {
            assert_eq!(Severity::from_name(severity.as_str()), Some(severity));
            assert_eq!(Severity::from_name(&severity.level().to_string()), Some(severity));
        }
        assert_eq!("WARNING".parse::<Severity>().unwrap(), Severity::Medium);
        assert!("loud".parse::<Severity>().is_err());
    }
}
