//! What a start found that must be recorded.

use serde_json::{Map, Value, json};

use super::header::Point;

/// Becomes one own record each, behind `AUDIT_START` and in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// `AUDIT_RECOVER`: the last run ended without closing the trail.
    Recovered(Recovered),
    /// `AUDIT_TAMPER_SUSPECTED`: no crash leaves this.
    TamperSuspected(Suspicion),
}

impl Finding {
    pub(crate) fn is_suspicion(&self) -> bool {
        matches!(self, Finding::TamperSuspected(_))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recovered {
    /// The run that ended so; 0 where nothing tells.
    pub(crate) run: u64,
    /// The `seq` that the trail goes on from.
    pub(crate) last_seq: u64,
    pub(crate) torn: Torn,
    pub(crate) state: StateWas,
}

/// What was set aside: all of it together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Torn {
    /// The names the bytes have now.
    pub(crate) files: Vec<String>,
    pub(crate) bytes: u64,
    /// Line feeds among them.
    pub(crate) lines: u64,
    /// Over all bytes in the order of `files`.
    pub(crate) sha256: [u8; 32],
}

/// What the state file had to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StateWas {
    InOrder,
    /// There was none beside files that need one: where the trail ended could not be checked.
    Missing,
    Damaged,
    /// Files know of later runs than it does: a copy from another time.
    Stale,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suspicion {
    pub(crate) what: What,
    /// The file's number, where one is known.
    pub(crate) file: Option<u64>,
    /// The point that must be there, and the one that is.
    pub(crate) expected: Option<Point>,
    pub(crate) found: Option<Point>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The trail ends before a durable point.
    Cut,
    /// A line before a durable point is damaged, or another line stands there.
    Changed,
    /// A file is gone.
    Missing,
    /// The file being written is gone or is another one.
    Replaced,
    /// Lines stand behind a clean end.
    Appended,
    /// Files of another trail.
    OtherTrail,
    /// The state file is not as it was written.
    State,
    /// There is more of this kind than is listed.
    More,
}

impl What {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            What::Cut => "cut",
            What::Changed => "changed",
            What::Missing => "missing",
            What::Replaced => "replaced",
            What::Appended => "appended",
            What::OtherTrail => "other_trail",
            What::State => "state",
            What::More => "more",
        }
    }
}

impl Recovered {
    /// The members of `AUDIT_RECOVER`'s `metadata`. `queue` is how many bytes a queue may hold: what the dead process may
    /// have accepted without its being in the file is that and what was torn.
    pub(crate) fn metadata(&self, queue: u64) -> Map<String, Value> {
        let Torn {
            files,
            bytes,
            lines,
            sha256,
        } = &self.torn;
        let mut members = object(json!({
            "run": self.run,
            "last_seq": self.last_seq,
            "lost": "unknown",
            "at_most_bytes": queue.saturating_add(*bytes),
            "torn_bytes": bytes,
            "torn_lines": lines,
            "torn_sha256": hex(sha256),
        }));
        if !files.is_empty() {
            members.insert("torn_files".to_owned(), files.clone().into());
        }
        let state = match self.state {
            StateWas::InOrder => return members,
            StateWas::Missing => "missing",
            StateWas::Damaged => "damaged",
            StateWas::Stale => "stale",
        };
        members.insert("state".to_owned(), state.into());
        members
    }
}

impl Suspicion {
    /// The members of `AUDIT_TAMPER_SUSPECTED`'s `metadata`.
    pub(crate) fn metadata(&self) -> Map<String, Value> {
        let point = |point: Option<Point>| point.map(|Point { seq, head }| json!({ "seq": seq, "head": head.text() }));
        object(json!({
            "file": self.file,
            "expected": point(self.expected),
            "found": point(self.found),
            "what": self.what.as_str(),
        }))
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Head;

    #[test]
    fn findings_have_the_members_of_the_format() {
        let torn = Torn {
            files: vec!["x.torn".into()],
            bytes: 100,
            lines: 1,
            sha256: [0xab; 32],
        };
        let recovered = Recovered {
            run: 3,
            last_seq: 9,
            torn,
            state: StateWas::Stale,
        };
        assert_eq!(
            Value::Object(recovered.metadata(1000)),
            json!({"run": 3, "last_seq": 9, "lost": "unknown", "at_most_bytes": 1100, "torn_bytes": 100, "torn_lines": 1,
                   "torn_sha256": "ab".repeat(32), "torn_files": ["x.torn"], "state": "stale"})
        );
        let point = Point {
            seq: 4,
            head: Head::ZERO,
        };
        let suspicion = Suspicion {
            what: What::Cut,
            file: Some(1),
            expected: Some(point),
            found: None,
        };
        assert_eq!(
            Value::Object(suspicion.metadata()),
            json!({"file": 1, "expected": {"seq": 4, "head": "A".repeat(43)}, "found": null, "what": "cut"})
        );
    }
}
