use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};

/// How the recorded action ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was tried and not done: a wrong password, a validation that failed.
    Failure,
    /// A policy said no: missing permission, not the owner.
    Denied,
    /// A guard stopped it: rate limit, lockout, firewall.
    Blocked,
    /// The program failed while doing it: a panic, a lost database.
    Error,
    /// The caller went away before it ended: a dropped future, a closed connection.
    Cancelled,
    /// Nobody can tell, and the record does not pretend.
    #[default]
    Unknown,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Outcome; 7] = [
        Outcome::Success,
        Outcome::Failure,
        Outcome::Denied,
        Outcome::Blocked,
        Outcome::Error,
        Outcome::Cancelled,
        Outcome::Unknown,
    ];

    /// The spelling in a record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::Failure => "failure",
            Outcome::Denied => "denied",
            Outcome::Blocked => "blocked",
            Outcome::Error => "error",
            Outcome::Cancelled => "cancelled",
            Outcome::Unknown => "unknown",
        }
    }

    /// Position in tables kept per outcome.
    pub(crate) const fn index(self) -> usize {
        match self {
            Outcome::Success => 0,
            Outcome::Failure => 1,
            Outcome::Denied => 2,
            Outcome::Blocked => 3,
            Outcome::Error => 4,
            Outcome::Cancelled => 5,
            Outcome::Unknown => 6,
        }
    }

    /// Reads an outcome by its own name or by the names that other systems use (`failed`, `ok`, `granted`,
    /// `allowed`, `passed`, `rejected`, `forbidden`, `unauthorized`, `rate_limited`, `timeout`, `aborted`, ...).
    /// Case does not matter. `None` for any other text.
    pub fn from_name(name: &str) -> Option<Outcome> {
        const NAMES: [(&[&str], Outcome); 7] = [
            (
                &[
                    "success",
                    "succeeded",
                    "successful",
                    "ok",
                    "granted",
                    "allowed",
                    "allow",
                    "passed",
                    "pass",
                    "accepted",
                    "completed",
                    "true",
                ],
                Outcome::Success,
            ),
            (
                &["failure", "failed", "fail", "unsuccessful", "invalid", "false"],
                Outcome::Failure,
            ),
            (
                &["denied", "deny", "rejected", "forbidden", "unauthorized", "refused"],
                Outcome::Denied,
            ),
            (
                &["blocked", "block", "rate_limited", "limited", "throttled", "locked"],
                Outcome::Blocked,
            ),
            (
                &[
                    "error",
                    "errored",
                    "exception",
                    "panic",
                    "panicked",
                    "timeout",
                    "timed_out",
                ],
                Outcome::Error,
            ),
            (
                &["cancelled", "canceled", "aborted", "dropped", "disconnected"],
                Outcome::Cancelled,
            ),
            (&["unknown", "", "none", "pending"], Outcome::Unknown),
        ];
        // In nearly every call it is our own spelling.
        match name {
            "success" => return Some(Outcome::Success),
            "failure" => return Some(Outcome::Failure),
            "denied" => return Some(Outcome::Denied),
            _ => {}
        }
        NAMES
            .iter()
            .find(|(names, _)| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
            .map(|&(_, outcome)| outcome)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Outcome {
    type Err = Error;

    fn from_str(name: &str) -> Result<Outcome, Error> {
        Outcome::from_name(name).ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                format!("unknown outcome {name:?}: use success, failure, denied, blocked, error, cancelled or unknown"),
            )
        })
    }
}

/// A run-time text becomes an outcome; a text that names none becomes [`Outcome::Unknown`].
impl From<&str> for Outcome {
    fn from(name: &str) -> Outcome {
        Outcome::from_name(name).unwrap_or_default()
    }
}

/// `Ok` is a success and `Err` a failure.
impl<T, E> From<&Result<T, E>> for Outcome {
    fn from(result: &Result<T, E>) -> Outcome {
        match result {
            Ok(_) => Outcome::Success,
            Err(_) => Outcome::Failure,
        }
    }
}

/// `true` is a success and `false` a failure.
impl From<bool> for Outcome {
    fn from(done: bool) -> Outcome {
        if done { Outcome::Success } else { Outcome::Failure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_reads_back_from_its_own_name() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_name(outcome.as_str()), Some(outcome));
        }
        assert_eq!(Outcome::from("FAILED"), Outcome::Failure);
        assert_eq!(Outcome::from("purple"), Outcome::Unknown);
        assert!("purple".parse::<Outcome>().is_err());
    }
}
