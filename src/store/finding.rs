//! What a start found that must be recorded.

use serde_json::{Map, Value, json};

use crate::base64url;

/// Becomes one own record each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// `AUDIT_RECOVER`: the last run ended without closing the trail.
    Recovered(Recovered),
    /// `AUDIT_TAMPER_SUSPECTED`: no crash leaves this.
    TamperSuspected(Suspicion),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recovered {
    /// The run that ended so; 0 where nothing tells.
    pub(crate) run: u64,
    /// The last record that was kept.
    pub(crate) last_seq: u64,
    /// What was set aside.
    pub(crate) torn: Vec<Torn>,
    /// Bytes of all that was set aside. The writer adds what its queue may have held.
    pub(crate) torn_bytes: u64,
    pub(crate) state: StateWas,
}

/// Bytes set aside in a file of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Torn {
    /// The name they have now.
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// Complete lines among them.
    pub(crate) lines: u64,
    pub(crate) sha256: [u8; 32],
}

/// What the state file had to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StateWas {
    Present,
    /// There was none beside files that need one: the end of the trail could not be checked.
    Missing,
    Damaged,
    /// Files know of later runs than it does: a copy from another time.
    Stale,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suspicion {
    /// `cut`, `changed`, `missing`, `appended`, `other_trail`, `more`.
    pub(crate) what: &'static str,
    /// The file's number, where one is known.
    pub(crate) file: Option<u64>,
    /// The file's name, where there is such a file.
    pub(crate) name: Option<String>,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl Finding {
    /// The members of the record's `metadata`, as docs/FORMAT.md names them.
    pub(crate) fn metadata(&self) -> Map<String, Value> {
        let value = match self {
            Finding::Recovered(recovered) => recovered.json(),
            Finding::TamperSuspected(suspicion) => suspicion.json(),
        };
        match value {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }
}

impl Recovered {
    fn json(&self) -> Value {
        let torn: Vec<Value> = self.torn.iter().map(Torn::json).collect();
        let mut members = json!({ "run": self.run, "last_seq": self.last_seq, "lost": "unknown" });
        if let Value::Object(members) = &mut members {
            if !torn.is_empty() {
                members.insert("torn".to_owned(), torn.into());
            }
            if let Some(state) = self.state.word() {
                members.insert("state".to_owned(), state.into());
            }
        }
        members
    }
}

impl Torn {
    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "bytes": self.bytes,
            "lines": self.lines,
            "sha256": base64url::text(&self.sha256),
        })
    }
}

impl StateWas {
    fn word(self) -> Option<&'static str> {
        match self {
            StateWas::Present => None,
            StateWas::Missing => Some("missing"),
            StateWas::Damaged => Some("damaged"),
            StateWas::Stale => Some("stale"),
        }
    }
}

impl Suspicion {
    fn json(&self) -> Value {
        let mut members = Map::new();
        members.insert("what".to_owned(), self.what.into());
        if let Some(file) = self.file {
            members.insert("file".to_owned(), file.into());
        }
        if let Some(name) = &self.name {
            members.insert("name".to_owned(), name.as_str().into());
        }
        members.insert("expected".to_owned(), self.expected.as_str().into());
        members.insert("found".to_owned(), self.found.as_str().into());
        Value::Object(members)
    }
}
