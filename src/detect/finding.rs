use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{AlertType, Priority};
use crate::floor::floor;

/// Text of a reason kept at most, in bytes: it stands in the record.
pub(super) const REASON: usize = 200;

/// Bytes of a key kept at most.
const KEY: usize = 256;

/// A key as it stands in alerts. A long one ends in a part of its SHA-256, for what two share may be all that is kept of them.
pub(super) fn kept_key(key: &str) -> Cow<'_, str> {
    const DIGEST: usize = 16;
    if key.len() <= KEY {
        return Cow::Borrowed(key);
    }
    let whole: [u8; 32] = Sha256::digest(key).into();
    let digest = whole
        .iter()
        .take(DIGEST / 2)
        .fold(0_u64, |digest, byte| digest << 8 | u64::from(*byte));
    Cow::Owned(format!("{}#{digest:016x}", floor(key, KEY - DIGEST - 1)))
}

/// What a [`Rule`](crate::Rule) has to say of a record: why it is flagged, and what alert that raises.
///
/// ```
/// use tracing_audit::{AlertType, Finding, Priority};
///
/// Finding::new(AlertType::Deletion, "a ledger was removed").priority(Priority::Critical).key("user", "alice");
/// ```
///
/// One alert stands for all findings of one rule with one key, until none has come for a [window](Finding::window): the next
/// one raises another. Say nothing in a reason that the record does not say: it goes to files, channels and metrics as it is.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a finding counts if the rule returns it"]
pub struct Finding {
    pub(crate) kind: AlertType,
    pub(crate) priority: Priority,
    pub(crate) reason: Cow<'static, str>,
    pub(crate) key_kind: &'static str,
    pub(crate) key: String,
    pub(crate) window: Duration,
    pub(crate) context: Map<String, Value>,
    pub(crate) passes: bool,
    pub(crate) raises: bool,
}

impl Finding {
    /// A finding with a reason: one short sentence, cut at 200 bytes. Priority medium, no key, a window of 15 minutes.
    pub fn new(kind: AlertType, reason: impl Into<Cow<'static, str>>) -> Finding {
        let reason = match reason.into() {
            Cow::Borrowed(reason) => Cow::Borrowed(floor(reason, REASON)),
            Cow::Owned(mut reason) => {
                reason.truncate(floor(&reason, REASON).len());
                Cow::Owned(reason)
            }
        };
        Finding {
            kind,
            priority: Priority::default(),
            reason,
            key_kind: "",
            key: String::new(),
            window: Duration::from_secs(15 * 60),
            context: Map::new(),
            passes: false,
            raises: true,
        }
    }

    /// How soon somebody should look. Default: medium.
    pub fn priority(mut self, priority: Priority) -> Finding {
        self.priority = priority;
        self
    }

    /// What it is about: findings with another key raise another alert. The kind is `user`, `ip`, or a word of your own. A key
    /// of more than 256 bytes is cut to end in `#` and 16 hexadecimal digits of its SHA-256. Default: none, one alert for all.
    pub fn key(mut self, kind: &'static str, key: &str) -> Finding {
        self.key_kind = kind;
        self.key = kept_key(key).into_owned();
        self
    }

    /// For how long after the last finding, by the records' own time, the next one counts for the same alert. Default: 15
    /// minutes.
    pub fn window(mut self, window: Duration) -> Finding {
        self.window = window;
        self
    }

    /// Something else to know, such as a threshold: a member of the alert's context.
    pub fn context(mut self, name: &str, value: impl Into<Value>) -> Finding {
        self.context.insert(name.to_owned(), value.into());
        self
    }

    /// It is a state that ends by itself, such as a full disk: the trail resolves the alert when no finding has come for a
    /// window. Default: no; what somebody did stays open until a person resolves it.
    pub fn passing(mut self) -> Finding {
        self.passes = true;
        self
    }

    /// The record is flagged, and no alert is raised.
    pub fn flag_only(mut self) -> Finding {
        self.raises = false;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_and_a_long_key_are_cut_between_letters_and_long_keys_stay_apart() {
        let key = |end: &str| {
            let long = "ü".repeat(300) + end;
            Finding::new(AlertType::Custom, "é".repeat(200)).key("user", &long)
        };
        let finding = key("a");
        assert_eq!(finding.reason, "é".repeat(100));
        let (text, digest) = finding.key.split_once('#').unwrap();
        assert_eq!((text, digest.len()), ("ü".repeat(119).as_str(), 16));
        assert!(finding.key.len() <= KEY && key("a").key == finding.key && key("b").key != finding.key);
        let longest = "x".repeat(KEY);
        assert_eq!(Finding::new(AlertType::Custom, "").key("user", &longest).key, longest);
        let finding = Finding::new(AlertType::Custom, "short");
        assert_eq!((finding.reason.as_ref(), finding.key.as_str()), ("short", ""));
    }
}
