//! CEF, the Common Event Format of ArcSight, revision 25: one line a record, without a syslog header.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::formats::{self, Entry, Origin, PRODUCT, as_text, set, spell};
use crate::record::Key;
use crate::severity::Severity;

/// 0 to 10: 0-3 low, 4-6 medium, 7-8 high, 9-10 very high.
pub(crate) const fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Low => 3,
        Severity::Medium => 5,
        Severity::High => 8,
        Severity::Critical => 10,
    }
}

/// The keys of the record that have one of CEF's own keys.
pub(super) const PLAIN: &[(Key, &str)] = &[
    (Key::Action, "act"),
    (Key::UserId, "suid"),
    (Key::Username, "suser"),
    (Key::UserAgent, "requestClientApplication"),
    (Key::Method, "requestMethod"),
    (Key::Path, "request"),
    (Key::RequestBytes, "in"),
    (Key::ResponseBytes, "out"),
    (Key::Reason, "reason"),
    (Key::Message, "msg"),
];

/// Those that go to a custom key, which has a label beside it.
pub(super) const LABELLED: &[(Key, &str)] = &[
    (Key::SessionId, "cs1"),
    (Key::ResourceType, "cs2"),
    (Key::ResourceId, "cs3"),
    (Key::Resource, "cs4"),
    (Key::Metadata, "cs5"),
    (Key::StatusCode, "cn1"),
    (Key::DurationMs, "cfp1"),
];

/// The custom key with all other members, as one JSON object.
pub(super) const OTHER: &str = "cs6";

/// The record as a line, without its LF.
pub(crate) fn line(entry: &Entry<'_>, origin: &Origin) -> String {
    let record = entry.record;
    let mut line = "CEF:0".to_owned();
    let version = origin.version().unwrap_or("-");
    for field in [PRODUCT, origin.service(), version, record.event(), entry.title()] {
        line.push('|');
        push_header(&mut line, field);
    }
    let _ = write!(line, "|{}|", severity(record.head.severity));
    let mut out = Extension { line, first: true };
    out.put("rt", &millis(record.head.time.0));
    if let Some(occurred) = record.head.occurred {
        out.put("start", &millis(occurred.0));
    }
    out.put("externalId", &record.head.seq.to_string());
    out.put("cat", record.head.category.as_str());
    out.put("outcome", record.head.outcome.as_str());
    for (key, name) in PLAIN {
        if let Some(value) = taken(entry, *key) {
            out.put(name, &value);
        }
    }
    source(&mut out, entry);
    if let Some(host) = &origin.host {
        out.put("dvchost", host);
    }
    if let Some(pid) = origin.pid {
        out.put("dvcpid", &pid.to_string());
    }
    for (key, name) in LABELLED {
        if let Some(value) = taken(entry, *key) {
            out.labelled(name, key.as_str(), &value);
        }
    }
    if let Some(frame) = &entry.frame {
        out.labelled("flexString1", "tag", &frame.tag);
        out.labelled("flexString2", "leaf", &frame.leaf);
    }
    if let Some(other) = other(entry) {
        out.labelled(OTHER, "other", &spell::text(&Value::Object(other)));
    }
    out.line
}

/// A value that is taken as a text. One that is empty is not: parsers disagree about `key=` with nothing behind it.
fn taken(entry: &Entry<'_>, key: Key) -> Option<String> {
    let value = entry.record.get(key.as_str())?;
    match value.as_str() {
        Some("") => None,
        _ => entry.take(key).map(as_text),
    }
}

fn source(out: &mut Extension, entry: &Entry<'_>) {
    let Some(text) = entry.text(Key::Ip) else { return };
    match formats::address(text) {
        Some((ip, port)) => {
            match ip.is_ipv4() {
                true => out.put("src", &ip.to_string()),
                false => out.labelled("c6a2", "Source IPv6 Address", &ip.to_string()),
            }
            if let Some(port) = port {
                out.put("spt", &port.to_string());
            }
        }
        None => out.put("shost", text),
    }
}

fn other(entry: &Entry<'_>) -> Option<Map<String, Value>> {
    let mut other = Map::new();
    set(
        &mut other,
        "seal",
        entry.frame.as_ref().and_then(|frame| frame.seal.as_deref()),
    );
    for (name, value) in entry.rest() {
        other.insert(name.to_owned(), value.clone());
    }
    (!other.is_empty()).then_some(other)
}

fn millis(micros: i64) -> String {
    micros.div_euclid(1_000).to_string()
}

struct Extension {
    line: String,
    first: bool,
}

impl Extension {
    fn put(&mut self, key: &str, value: &str) {
        if !self.first {
            self.line.push(' ');
        }
        self.first = false;
        self.line.push_str(key);
        self.line.push('=');
        for letter in value.chars() {
            match letter {
                '\\' => self.line.push_str("\\\\"),
                '=' => self.line.push_str("\\="),
                '\n' => self.line.push_str("\\n"),
                '\r' => self.line.push_str("\\r"),
                letter => self.line.push(formats::picture(letter)),
            }
        }
    }

    fn labelled(&mut self, key: &str, label: &str, value: &str) {
        self.put(key, value);
        self.put(&format!("{key}Label"), label);
    }
}

/// A field of the header, which has no spelling for the end of a line.
fn push_header(line: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '\\' => line.push_str("\\\\"),
            '|' => line.push_str("\\|"),
            '\n' | '\r' => line.push(' '),
            letter => line.push(formats::picture(letter)),
        }
    }
}
