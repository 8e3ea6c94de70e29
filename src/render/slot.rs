use crate::names::{self, Meaning};
use crate::record::{Key, Kind};
use crate::render::Policy;
use crate::render::pen::CHUNK;
use crate::render::redaction::{Treatment, Verdict, redact_name};

/// Where a named value goes and how it is treated. Made once per call site and policy version.
#[derive(Clone)]
pub(crate) struct Slot {
    pub(super) target: Target,
    pub(super) way: Way,
    /// `,"key":"`; the quote is there for strings and not counted.
    pub(super) head: [u8; CHUNK],
    /// 0 if the head is longer than a chunk.
    pub(super) head_len: u8,
    /// The name in `metadata`, as it stands between the quotes.
    pub(super) name: Box<str>,
    pub(super) verdict: Option<Verdict>,
    /// What the value is if it looks drawn by chance, which the name alone does not say.
    pub(super) suspect: Option<Verdict>,
    /// What `redacted` lists for a value that is masked by its name.
    pub(super) entry: Box<[u8]>,
    /// Its value may name what stands beside it: `field = "password", old = .., new = ..`.
    pub(super) labels: bool,
    /// The bit of its key, if its strings may go straight from the call into the line; see [`Slots`](super::Slots).
    pub(super) direct: u64,
    /// A span's field can be recorded again, and then replaces what it said before.
    pub(super) replaces: bool,
}

/// What becomes of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Nothing,
    Key(Key),
    Metadata,
    Event,
    Severity,
    Outcome,
    Status,
}

/// The short way of values that are what the place is for. All others go the long way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To this key: strings; numbers as strings.
    Text(Key),
    Count(Key),
    Number(Key),
    /// Strings and numbers, as each is.
    Both,
    /// A string that names the event.
    Event,
    /// A string that names the outcome.
    Outcome,
    /// Whatever it is, it is masked.
    Mask,
    /// There is none.
    Long,
}

impl Way {
    /// The short ways to a key or to `metadata` end where there is a value already, which the long one then replaces.
    /// The others would keep the first.
    fn of_span(self, target: Target) -> Way {
        match self {
            Way::Event | Way::Outcome => Way::Long,
            _ if target == Target::Nothing => Way::Long,
            way => way,
        }
    }
}

impl Slot {
    /// For a field of an event. The names that only the trail writes go into `metadata`.
    pub(crate) fn for_event(name: &str, policy: &Policy) -> Slot {
        let target = match names::meaning(name) {
            Some(Meaning::Key(key)) => Target::Key(key),
            Some(Meaning::Event) => Target::Event,
            Some(Meaning::Severity) => Target::Severity,
            Some(Meaning::Outcome) => Target::Outcome,
            Some(Meaning::Status) => Target::Status,
            None => Target::Metadata,
        };
        Slot::new(target, name, policy)
    }

    /// For a field of a span: identity and request names, and otherwise nothing.
    pub(crate) fn for_span(name: &str, policy: &Policy) -> Slot {
        let slot = Slot::for_event(name, policy);
        let target = match slot.target {
            Target::Key(key) if !key.spans_give() => Target::Nothing,
            Target::Event | Target::Metadata => Target::Nothing,
            target => target,
        };
        Slot {
            target,
            way: slot.way.of_span(target),
            replaces: true,
            ..slot
        }
    }

    /// For a field of an `audit` span: as of any span, `error`, and whatever stands behind `audit.`.
    pub(crate) fn for_audit_span(name: &str, policy: &Policy) -> Slot {
        let named = name.strip_prefix("audit.").or((name == "error").then_some(name));
        match named {
            Some(name) => {
                let slot = Slot::for_event(name, policy);
                Slot {
                    way: slot.way.of_span(slot.target),
                    replaces: true,
                    ..slot
                }
            }
            None => Slot::for_span(name, policy),
        }
    }

    /// Whether values for it are thrown away.
    pub(crate) fn is_nothing(&self) -> bool {
        self.target == Target::Nothing
    }

    /// Whether its strings name the event.
    pub(crate) fn names_event(&self) -> bool {
        self.way == Way::Event
    }

    pub(crate) fn key(&self) -> Option<Key> {
        match self.target {
            Target::Key(key) => Some(key),
            _ => None,
        }
    }

    fn new(target: Target, name: &str, policy: &Policy) -> Slot {
        let verdict = match target {
            // The name as it was given, or else what it means: a policy that hashes `session_id` hashes `sid`.
            Target::Key(key) => policy.name(name).or_else(|| policy.name(key.as_str())),
            Target::Metadata => policy.name(name),
            _ => None,
        };
        let suspect = match (target, verdict) {
            (Target::Metadata, None) => policy.suspects(name),
            _ => None,
        };
        let given = name;
        let name = redact_name(name, policy);
        let member = match target {
            Target::Key(key) => key.as_str(),
            _ => &name,
        };
        let entry = match (target, verdict) {
            (Target::Metadata, Some(verdict)) => format!(",\"metadata.{name}:{}\"", verdict.class.as_str()),
            (Target::Key(key), Some(verdict)) => format!(",\"{}:{}\"", key.as_str(), verdict.class.as_str()),
            _ => String::new(),
        };
        let (head, head_len) = head(member).unwrap_or_default();
        let word = given.rsplit('.').next().unwrap_or(given);
        let labels = target == Target::Metadata && verdict.is_none() && policy.labels(word.as_bytes());
        let way = match (target, verdict) {
            _ if labels || suspect.is_some() => Way::Long,
            (Target::Event, _) => Way::Event,
            (Target::Outcome, _) => Way::Outcome,
            (Target::Metadata, None) => Way::Both,
            (Target::Metadata, Some(verdict)) if verdict.treatment == Treatment::Mask => Way::Mask,
            (Target::Key(key), Some(verdict)) if verdict.treatment == Treatment::Mask && key.takes_strings() => {
                Way::Mask
            }
            (Target::Key(Key::BodySha256), _) => Way::Long,
            (Target::Key(key), None) => match key.kind() {
                Kind::Text => Way::Text(key),
                Kind::Count => Way::Count(key),
                Kind::Number => Way::Number(key),
                Kind::Any | Kind::Own => Way::Long,
            },
            _ => Way::Long,
        };
        Slot {
            target,
            way,
            head,
            head_len,
            name,
            verdict,
            suspect,
            entry: entry.into_bytes().into(),
            labels,
            direct: 0,
            replaces: false,
        }
    }
}

/// `,"name":"` in a chunk, and its length without the last quote.
fn head(name: &str) -> Option<([u8; CHUNK], u8)> {
    let mut head = [0; CHUNK];
    let len = name.len() + 4;
    let text = b",\"".iter().chain(name.as_bytes()).chain(b"\":\"");
    for (to, byte) in head.get_mut(..=len)?.iter_mut().zip(text) {
        *to = *byte;
    }
    Some((head, len as u8))
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slot({:?} as {:?}, {:?})", self.name, self.target, self.verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::policy;

    fn target(slot: Slot) -> Target {
        slot.target
    }

    #[test]
    fn a_reserved_name_goes_into_metadata_under_its_name() {
        for name in [
            "seq",
            "time",
            "occurred",
            "tag",
            "seal",
            "redacted",
            "truncated",
            "flagged",
            "category",
            "rule",
        ] {
            let slot = Slot::for_event(name, &policy());
            assert_eq!(slot.target, Target::Metadata, "{name}");
            assert_eq!(&*slot.name, name);
            assert!(Slot::for_span(name, &policy()).is_nothing());
        }
    }

    #[test]
    fn a_span_gives_identity_and_request_names_only() {
        let span = |name| target(Slot::for_span(name, &policy()));
        assert_eq!(span("user.id"), Target::Key(Key::UserId));
        assert_eq!(span("http.request.method"), Target::Key(Key::Method));
        assert_eq!(span("outcome"), Target::Outcome);
        for name in [
            "old",
            "new",
            "message",
            "error",
            "err",
            "reason",
            "book",
            "duration_ms",
            "event",
            "audit.book",
        ] {
            assert_eq!(span(name), Target::Nothing, "{name}");
        }
    }

    #[test]
    fn an_audit_span_adds_what_stands_behind_audit() {
        let span = |name| target(Slot::for_audit_span(name, &policy()));
        assert_eq!(span("user.id"), Target::Key(Key::UserId));
        assert_eq!(span("audit.old"), Target::Key(Key::Old));
        assert_eq!(span("audit.book"), Target::Metadata);
        assert_eq!(span("audit.outcome"), Target::Outcome);
        assert_eq!(span("error"), Target::Key(Key::Error));
        assert_eq!(span("old"), Target::Nothing);
        assert_eq!(span("audit"), Target::Nothing);
        assert_eq!(&*Slot::for_audit_span("audit.book", &policy()).name, "book");
    }

    #[test]
    fn a_head_is_the_member_with_its_punctuation() {
        let slot = Slot::for_event("user.id", &policy());
        assert_eq!(slot.key(), Some(Key::UserId));
        assert_eq!(
            &slot.head[..usize::from(slot.head_len)],
            Key::UserId.member().as_bytes()
        );
        assert_eq!(slot.head[usize::from(slot.head_len)], b'"');
        let slot = Slot::for_event(&"n".repeat(28), &policy());
        assert_eq!(slot.head_len, 0);
    }
}
