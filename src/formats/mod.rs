//! Records in the formats of others: ECS, OCSF, CEF and syslog. What stands where is in docs/MAPPINGS.md.
//!
//! Nothing of a record is left out. What a format has no place for stands where it lets everybody put something of their own.

pub(crate) mod cef;
pub(crate) mod ecs;
#[cfg(test)]
mod mappings;
pub(crate) mod ocsf;
pub(crate) mod spell;
pub(crate) mod syslog;
mod table;

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};

use serde_json::{Map, Value};

use crate::base64url;
use crate::chain;
use crate::clock::Micros;
use crate::record::{Key, KeySet, Record};

/// A JSON object in the making.
pub(crate) type Object = Map<String, Value>;

/// The name of the crate, where a format asks for a product, a vendor or a provider.
pub(crate) const PRODUCT: &str = "tracing-audit";

/// Where a trail's records come from: what its headers say, and its records do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) host: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) pid: Option<u32>,
}

impl Origin {
    pub(crate) fn service(&self) -> &str {
        self.service.as_deref().unwrap_or(PRODUCT)
    }

    /// The version of the service; that of the crate where the crate stands for the service.
    pub(crate) fn version(&self) -> Option<&str> {
        match (&self.version, &self.service) {
            (Some(version), _) => Some(version),
            (None, Some(_)) => None,
            (None, None) => Some(env!("CARGO_PKG_VERSION")),
        }
    }
}

/// What ties a record to its trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) tag: String,
    pub(crate) seal: Option<String>,
    /// The leaf, base64url: what tombstones, proofs and bundles call the record.
    pub(crate) leaf: String,
}

impl Frame {
    /// The frame of a line, without its LF. Says nothing about whether it fits the chain.
    pub(crate) fn of(line: &str) -> Option<Frame> {
        let cut = chain::split(line.as_bytes())?;
        // Behind `{"seq":N,`.
        let comma = cut.content.iter().position(|byte| *byte == b',')?;
        let rest = cut.content.get(comma + 1..)?;
        Some(Frame {
            tag: base64url::text(&cut.tag),
            seal: cut.seal.map(|seal| base64url::text(&seal)),
            leaf: base64url::text(&chain::leaf(rest)),
        })
    }
}

/// A record on its way into a format, which remembers what was taken of it.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) record: &'a Record,
    /// The line it stood in, where that is known.
    pub(crate) line: Option<&'a str>,
    pub(crate) frame: Option<Frame>,
    taken: Cell<KeySet>,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(record: &'a Record, line: Option<&'a str>) -> Entry<'a> {
        Entry {
            record,
            line,
            frame: line.and_then(Frame::of),
            taken: Cell::default(),
        }
    }

    /// A member that is taken. What nobody takes is in [`rest`](Entry::rest).
    pub(crate) fn take(&self, key: Key) -> Option<&'a Value> {
        let value = self.record.get(key.as_str())?;
        let mut taken = self.taken.get();
        taken.insert(key);
        self.taken.set(taken);
        Some(value)
    }

    /// A text that is taken, unless it is empty.
    pub(crate) fn text(&self, key: Key) -> Option<&'a str> {
        self.peek(key)?;
        self.take(key)?.as_str()
    }

    /// A text that stays, unless it is empty.
    pub(crate) fn peek(&self, key: Key) -> Option<&'a str> {
        let text = self.record.get(key.as_str())?.as_str()?;
        (!text.is_empty()).then_some(text)
    }

    pub(crate) fn count(&self, key: Key) -> Option<u64> {
        self.take(key)?.as_u64()
    }

    /// The members that nobody took, in the order of the line.
    pub(crate) fn rest(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let taken = self.taken.get();
        let members = self.record.members().iter();
        members
            .filter(move |(name, _)| Key::from_str(name).is_none_or(|key| !taken.has(key)))
            .map(|(name, value)| (name.as_str(), value))
    }

    /// When it happened: the event's own time where it differs from that of the call.
    pub(crate) fn happened(&self) -> Micros {
        self.record.head.occurred.unwrap_or(self.record.head.time)
    }

    /// A name that no other record of the trail has: its tag, or its number where the line is not known.
    pub(crate) fn uid(&self) -> String {
        match &self.frame {
            Some(frame) => frame.tag.clone(),
            None => self.record.head.seq.to_string(),
        }
    }

    /// One line for people.
    pub(crate) fn title(&self) -> &'a str {
        match self.record.event_type().and_then(|event| event.meaning()) {
            Some(meaning) => meaning.trim_end_matches('.'),
            None => self.record.event(),
        }
    }
}

/// The address in an `ip`, and its port if there is one; `None` where it is a name, a path or a hash.
pub(crate) fn address(text: &str) -> Option<(IpAddr, Option<u16>)> {
    let socket = || text.parse().map(|at: SocketAddr| (at.ip(), Some(at.port()))).ok();
    text.parse().map(|ip| (ip, None)).ok().or_else(socket)
}

/// A path and its query.
pub(crate) fn split_path(path: &str) -> (&str, Option<&str>) {
    match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    }
}

/// Puts a value at a path of names with dots between them. What is `null` is absent.
pub(crate) fn set(object: &mut Object, path: &str, value: impl Into<Value>) {
    let value = value.into();
    if value.is_null() {
        return;
    }
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((first, behind)) => {
            let inner = object.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                set(inner, behind, value);
            }
        }
    }
}

/// A value as a text: a string as it is, anything else as JSON.
pub(crate) fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => spell::text(other),
    }
}

/// A control character by its picture, where a format of text has no spelling for it: NUL is `\u{2400}`, ESC `\u{241b}`. Those that
/// end lines and cells are their formats' own affair.
pub(crate) fn picture(letter: char) -> char {
    match letter {
        '\t' | '\n' | '\r' => letter,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(letter)).unwrap_or(letter),
        '\u{7f}' => '\u{2421}',
        letter => letter,
    }
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
