//! The head of a line: what every record states.

use crate::brief::{Brief, EventId, Slice};
use crate::clock::Micros;
use crate::event::{Category, EventType};
use crate::outcome::Outcome;
use crate::render::line::{Name, What};
use crate::render::pen::{Pen, padded};
use crate::severity::Severity;

/// Writes from `"time"` to `"outcome"`.
#[inline(always)]
pub(super) fn head(pen: &mut Pen<'_>, what: &What<'_>, brief: &mut Brief) {
    pen.chunk(const { &padded::<8>("\"time\":\"") }, 8);
    pen.chunk(&what.time.text(), Micros::WIDTH as u32);
    if let Some(occurred) = what.occurred {
        pen.chunk(const { &padded::<14>("\",\"occurred\":\"") }, 14);
        pen.chunk(&occurred.text(), Micros::WIDTH as u32);
    }
    const BEFORE: u32 = 11;
    let at = pen.at() + BEFORE;
    let known = match what.event {
        Name::Type(event) => event
            .index()
            .and_then(|index| Some((index, EVENTS.get(usize::from(index))?))),
        Name::Text(_) => None,
    };
    if let Some((index, (text, len, name))) = known {
        pen.chunk(text, u32::from(*len));
        (brief.event, brief.name) = (
            EventId(index),
            Slice {
                at,
                len: u32::from(*name),
            },
        );
    } else {
        pen.chunk(const { &padded::<16>("\",\"event\":\"") }, BEFORE);
        let (event, name) = match what.event {
            Name::Type(event) => (EventId::of(event), event.name()),
            Name::Text(name) => (EventId::OTHER, name),
        };
        pen.put(name.as_bytes());
        let (category, len) = CATEGORIES.get(what.category as usize).unwrap_or(&NOTHING);
        pen.chunk(category, u32::from(*len));
        (brief.event, brief.name) = (
            event,
            Slice {
                at,
                len: name.len() as u32,
            },
        );
    }
    let severities = SEVERITIES.get(what.severity.index());
    let (severity, len) = severities
        .and_then(|row| row.get(what.outcome.index()))
        .unwrap_or(&NOTHING);
    pen.chunk(severity, u32::from(*len));
    brief.category = what.category;
    brief.severity = what.severity;
    brief.outcome = what.outcome;
    brief.time = what.time;
    brief.occurred = what.occurred.unwrap_or(what.time);
}

/// A piece in a chunk, and its length.
type Piece = ([u8; 48], u8);

const NOTHING: Piece = ([0; 48], 0);

/// `","event":"…","category":"…"` for each event of the table, its length and that of the name.
static EVENTS: [([u8; 80], u8, u8); EventType::COUNT] = events();

#[expect(clippy::indexing_slicing, reason = "at compile time")]
const fn events() -> [([u8; 80], u8, u8); EventType::COUNT] {
    let mut table = [([0; 80], 0, 0); EventType::COUNT];
    let types = EventType::table();
    let mut at = 0;
    while at < table.len() {
        let name = types[at].name();
        let category = types[at].category().as_str();
        let (chunk, len) = piece(&["\",\"event\":\"", name, "\",\"category\":\"", category, "\""]);
        table[at] = (chunk, len, name.len() as u8);
        at += 1;
    }
    table
}

#[expect(clippy::indexing_slicing, reason = "at compile time")]
const fn piece<const N: usize>(parts: &[&str]) -> ([u8; N], u8) {
    let (mut chunk, mut len) = ([0; N], 0_u8);
    let mut part = 0;
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            chunk[len as usize] = bytes[at];
            len += 1;
            at += 1;
        }
        part += 1;
    }
    (chunk, len)
}

static CATEGORIES: [Piece; Category::ALL.len()] = categories();

#[expect(clippy::indexing_slicing, reason = "at compile time")]
const fn categories() -> [Piece; Category::ALL.len()] {
    let mut table = [NOTHING; Category::ALL.len()];
    let mut at = 0;
    while at < table.len() {
        let category = Category::ALL[at];
        table[category as usize] = piece(&["\",\"category\":\"", category.as_str(), "\""]);
        at += 1;
    }
    table
}

/// `,"severity":"…","outcome":"…"` for each of both.
static SEVERITIES: [[Piece; Outcome::ALL.len()]; Severity::ALL.len()] = severities();

#[expect(clippy::indexing_slicing, reason = "at compile time")]
const fn severities() -> [[Piece; Outcome::ALL.len()]; Severity::ALL.len()] {
    let mut table = [[NOTHING; Outcome::ALL.len()]; Severity::ALL.len()];
    let mut row = 0;
    while row < Severity::ALL.len() {
        let severity = Severity::ALL[row];
        let mut at = 0;
        while at < Outcome::ALL.len() {
            let outcome = Outcome::ALL[at];
            let parts = [
                ",\"severity\":\"",
                severity.as_str(),
                "\",\"outcome\":\"",
                outcome.as_str(),
                "\"",
            ];
            table[severity.index()][outcome.index()] = piece(&parts);
            at += 1;
        }
        row += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_severity_and_outcome_has_its_piece() {
        for (category, (text, len)) in Category::ALL.into_iter().zip(CATEGORIES) {
            let expected = format!("\",\"category\":\"{category}\"");
            assert_eq!(&text[..usize::from(len)], expected.as_bytes());
        }
        for severity in Severity::ALL {
            for outcome in Outcome::ALL {
                let (text, len) = SEVERITIES[severity.index()][outcome.index()];
                let expected = format!(",\"severity\":\"{severity}\",\"outcome\":\"{outcome}\"");
                assert_eq!(&text[..usize::from(len)], expected.as_bytes());
            }
        }
    }
}
