//! Syslog messages of RFC 5424: one line a record, everything in one element of structured data.
//!
//! A value with a character that would break the line, or that a terminal would obey, is written as JSON writes the inside of a
//! string; the parameter `json` names the parameters that this was done to. All others are as RFC 5424 has them.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::formats::{Entry, Origin, as_text, spell};
use crate::record::Key;
use crate::severity::Severity;

/// Facility 13, log audit.
const FACILITY: u8 = 13;

/// The number that RFC 5612 keeps for documentation: for who has none of their own.
pub(crate) const ENTERPRISE: u32 = 32_473;

/// Parameters that are no members of a record.
const OURS: [&str; 4] = ["json", "leaf", "other", "seq"];

/// `crit`, `err`, `warning`, `info`.
pub(crate) const fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Low => 6,
        Severity::Medium => 4,
        Severity::High => 3,
        Severity::Critical => 2,
    }
}

/// The record as a line, without its LF.
pub(crate) fn line(entry: &Entry<'_>, origin: &Origin, enterprise: u32) -> String {
    let record = entry.record;
    let mut line = format!(
        "<{}>1 {}",
        FACILITY * 8 + severity(record.head.severity),
        record.head.time
    );
    let pid = origin.pid.map(|pid| pid.to_string());
    for (text, limit) in [
        (origin.host.as_deref(), 255),
        (Some(origin.service()), 48),
        (pid.as_deref(), 128),
        (Some(record.event()), 32),
    ] {
        line.push(' ');
        push_header(&mut line, text.unwrap_or_default(), limit);
    }
    line.push(' ');
    push_element(&mut line, entry, enterprise);
    // Numbers of messages end at 2^31 - 1 and begin again with 1 (RFC 5424, section 7.3.1).
    let _ = write!(
        line,
        "[meta sequenceId=\"{}\"]",
        (record.head.seq - 1) % 0x7fff_ffff + 1
    );
    line.push_str(" \u{feff}");
    push_message(&mut line, entry);
    line
}

fn push_element(line: &mut String, entry: &Entry<'_>, enterprise: u32) {
    let record = entry.record;
    let mut parameters: Vec<(&str, String)> = Vec::new();
    let mut json: Vec<&str> = Vec::new();
    let mut other = Map::new();
    parameters.push(("seq", record.head.seq.to_string()));
    if let Some(occurred) = record.head.occurred {
        parameters.push(("occurred", occurred.to_string()));
    }
    parameters.push(("event", record.event().to_owned()));
    parameters.push(("category", record.head.category.as_str().to_owned()));
    parameters.push(("severity", record.head.severity.as_str().to_owned()));
    parameters.push(("outcome", record.head.outcome.as_str().to_owned()));
    for (name, value) in entry.rest() {
        if !is_name(name) {
            other.insert(name.to_owned(), value.clone());
            continue;
        }
        let text = as_text(value);
        if value.is_string() && text.contains(is_unsafe) {
            json.push(name);
            let spelled = spell::text(value);
            let inside = spelled.get(1..spelled.len() - 1).unwrap_or_default();
            parameters.push((name, inside.to_owned()));
        } else {
            parameters.push((name, text));
        }
    }
    if !other.is_empty() {
        parameters.push(("other", spell::text(&Value::Object(other))));
    }
    if let Some(frame) = &entry.frame {
        parameters.push(("leaf", frame.leaf.clone()));
        parameters.push(("tag", frame.tag.clone()));
        if let Some(seal) = &frame.seal {
            parameters.push(("seal", seal.clone()));
        }
    }
    if !json.is_empty() {
        parameters.push(("json", json.join(" ")));
    }
    let _ = write!(line, "[tracing-audit@{enterprise}");
    for (name, value) in parameters {
        let _ = write!(line, " {name}=\"");
        for letter in value.chars() {
            if matches!(letter, '"' | '\\' | ']') {
                line.push('\\');
            }
            line.push(letter);
        }
        line.push('"');
    }
    line.push(']');
}

/// Whether a member's name can be that of a parameter and is none of ours.
fn is_name(name: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'=' | b']' | b'"');
    matches!(name.len(), 1..=32) && name.bytes().all(good) && (Key::from_str(name).is_some() || !OURS.contains(&name))
}

/// What is written as JSON writes it, quotes and backslashes apart.
fn is_unsafe(letter: char) -> bool {
    letter.is_control() || spell::obeyed(letter)
}

/// A field of the header: printable ASCII, `-` if there is nothing.
fn push_header(line: &mut String, text: &str, limit: usize) {
    if text.is_empty() {
        line.push('-');
    }
    for letter in text.chars().take(limit) {
        line.push(if letter.is_ascii_graphic() { letter } else { '_' });
    }
}

/// For people alone; every member stands in the structured data.
fn push_message(line: &mut String, entry: &Entry<'_>) {
    let record = entry.record;
    let _ = write!(line, "{} {}", record.event(), record.outcome());
    if let Some(message) = record.message() {
        line.push_str(": ");
        line.extend(
            message
                .chars()
                .map(|letter| if is_unsafe(letter) { ' ' } else { letter }),
        );
    }
}
