//! A line read back, strictly: keys in their order and of their kinds, no name twice at any depth.
//!
//! One pass over the bytes, which builds nothing: it holds them against the grammar of JSON and the rules for records, and notes
//! where each member stands. Keys that this version does not know are kept: a later one may have written them (docs/FORMAT.md,
//! section 22).

mod json;
mod names;
#[cfg(test)]
mod promises;

use std::fmt;

use crate::base64url;
use crate::clock::Micros;
use crate::event::{self, Category};
use crate::outcome::Outcome;
use crate::record::line::{Head, Line, Member, Span, unescape};
use crate::record::{Key, Kind, Record};
use crate::severity::Severity;
use json::Json;

/// Why a line is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParseError {
    what: String,
}

/// Numbers of records are below this, so that readers whose numbers are binary64 can tell them apart.
const SEQ_END: u64 = 1 << 53;

/// Names that no record has.
const RESERVED: [&str; 4] = ["erased", "by", "enc", "sd"];

/// Reads a record's line, without its LF. Says nothing about the chain.
pub(crate) fn record(line: &[u8]) -> Result<Record, ParseError> {
    Parser::default().line(line).map(Record::from)
}

/// Reads lines. What it needs for one it keeps for the next.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    json: Json,
    members: Vec<Member>,
    day: Option<([u8; DAY], Micros)>,
    respelled: String,
}

/// Bytes of a day in a time.
const DAY: usize = 10;

/// What is found of the head and the frame while a line is read.
#[derive(Default)]
struct Found {
    seq: Option<u64>,
    time: Option<Micros>,
    occurred: Option<Micros>,
    event: Option<Span>,
    category: Option<Category>,
    severity: Option<Severity>,
    outcome: Option<Outcome>,
    tag: bool,
    seal: bool,
    /// Whether the name of the event has an escape, which it does not need.
    odd_event: bool,
}

impl Parser {
    /// Reads a record's line, without its LF. Says nothing about the chain.
    pub(crate) fn line<'a>(&'a mut self, line: &'a [u8]) -> Result<Line<'a>, ParseError> {
        let text = readable(line)?;
        let found = self.read(text)?;
        if let Some(span) = found.event.filter(|_| found.odd_event) {
            return self.respell(text, span);
        }
        Ok(Line {
            text,
            head: found.head()?,
            members: &self.members,
        })
    }

    /// The name of an event has only letters that need no escape: with it spelled so, it is a part of the line.
    fn respell(&mut self, text: &str, event: Span) -> Result<Line<'_>, ParseError> {
        let (from, to) = (event.from as usize, event.to as usize);
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
        self.respelled = [part(0..from), &unescape(part(from..to)), part(to..text.len())].concat();
        let respelled = std::mem::take(&mut self.respelled);
        let found = self.read(&respelled);
        self.respelled = respelled;
        Ok(Line {
            text: &self.respelled,
            head: found?.head()?,
            members: &self.members,
        })
    }

    fn read(&mut self, text: &str) -> Result<Found, ParseError> {
        let bytes = text.as_bytes();
        self.members.clear();
        self.json.begin();
        let (mut found, mut at, mut before) = (Found::default(), 1, None);
        loop {
            let member = match names::known(bytes, at, before) {
                Some((key, length)) => self.json.value_of(bytes, at, length)?.with(key),
                None => {
                    let member = self.json.member(bytes, at)?;
                    let name = member.name(text);
                    Member {
                        key: key_behind(before, &name),
                        ..member
                    }
                }
            };
            match member.key {
                Some(key) => {
                    if found.seal || !self.take(text, key, member, &mut found) {
                        return Err(ParseError::of(key.as_str()));
                    }
                    before = Some(key);
                }
                None => {
                    if found.tag || found.seal {
                        return Err(ParseError::new("it does not end with its tag"));
                    }
                    self.unknown(text, member)?;
                }
            }
            let end = member.value.to as usize;
            match bytes.get(end) {
                Some(b',') => at = end + 1,
                Some(b'}') if end + 1 == bytes.len() => break,
                _ => return Err(ParseError::at(end)),
            }
        }
        if self.json.is_twice(bytes, 0) {
            return Err(ParseError::new("a name stands in it twice"));
        }
        match found.tag {
            true => Ok(found),
            false => Err(ParseError::new("it does not end with its tag")),
        }
    }

    /// A name that is not in the table.
    fn unknown(&mut self, text: &str, member: Member) -> Result<(), ParseError> {
        let name = member.name(text);
        // One that stands before those it should follow is in the table all the same.
        if RESERVED.contains(&&*name) || Key::from_str(&name).is_some() {
            return Err(ParseError::of(&name));
        }
        self.json.remember(&member);
        self.members.push(member);
        Ok(())
    }

    /// Takes a member that is known; false if it is not as it must be.
    fn take(&mut self, text: &str, key: Key, member: Member, found: &mut Found) -> bool {
        let said = || member.text(text);
        match key {
            Key::Seq => {
                found.seq = count(member.raw(text)).filter(|seq| (1..SEQ_END).contains(seq));
                return found.seq.is_some();
            }
            Key::Time => {
                found.time = said().and_then(|time| self.time(time.as_bytes()));
                return found.time.is_some();
            }
            Key::Occurred => {
                found.occurred = said().and_then(|time| self.time(time.as_bytes()));
                return found.occurred.is_some();
            }
            Key::Event => {
                found.odd_event = member.escaped.1;
                found.event = said().filter(|name| event::valid_name(name.as_bytes())).map(|_| Span {
                    from: member.value.from + 1,
                    to: member.value.to - 1,
                });
                return found.event.is_some();
            }
            Key::Category => {
                found.category = said().and_then(|text| exactly(&Category::ALL, &text, Category::as_str));
                return found.category.is_some();
            }
            Key::Severity => {
                found.severity = said().and_then(|text| exactly(&Severity::ALL, &text, Severity::as_str));
                return found.severity.is_some();
            }
            Key::Outcome => {
                found.outcome = said().and_then(|text| exactly(&Outcome::ALL, &text, Outcome::as_str));
                return found.outcome.is_some();
            }
            Key::Tag => {
                found.tag = said().is_some_and(|tag| base64url::parse::<16>(tag.as_bytes()).is_some());
                return found.tag;
            }
            Key::Seal => {
                found.seal = said().is_some_and(|seal| base64url::parse::<32>(seal.as_bytes()).is_some());
                return found.seal;
            }
            _ => {}
        }
        self.members.push(member);
        is_kind(key, member.raw(text))
    }

    /// A time. Neighbours are of the same day.
    fn time(&mut self, text: &[u8]) -> Option<Micros> {
        let (day, clock) = text.split_first_chunk::<DAY>()?;
        let start = match self.day {
            Some((known, start)) if known == *day => start,
            _ => {
                let start = Micros::parse(&[day, &b"T00:00:00.000000Z"[..]].concat())?;
                self.day = Some((*day, start));
                start
            }
        };
        let &[b'T', h, hh, b':', m, mm, b':', s, ss, b'.', ref micros @ .., b'Z'] = clock else {
            return None;
        };
        let two = |tens: u8, ones: u8, end: i64| number(&[tens, ones]).filter(|number| *number < end);
        let seconds = two(h, hh, 24)? * 3_600 + two(m, mm, 60)? * 60 + two(s, ss, 60)?;
        let micros: &[u8; 6] = micros.try_into().ok()?;
        Some(Micros(start.0 + seconds * 1_000_000 + number(micros)?))
    }
}

impl Found {
    fn head(self) -> Result<Head, ParseError> {
        fn there<T>(thing: Option<T>, key: Key) -> Result<T, ParseError> {
            thing.ok_or_else(|| ParseError::of(key.as_str()))
        }
        Ok(Head {
            seq: there(self.seq, Key::Seq)?,
            time: there(self.time, Key::Time)?,
            occurred: self.occurred,
            event: there(self.event, Key::Event)?,
            category: there(self.category, Key::Category)?,
            severity: there(self.severity, Key::Severity)?,
            outcome: there(self.outcome, Key::Outcome)?,
        })
    }
}

/// A line's text, if it begins as a record's.
fn readable(line: &[u8]) -> Result<&str, ParseError> {
    if !line.starts_with(b"{\"seq\":") {
        return Err(ParseError::new("it does not begin with its number"));
    }
    if u32::try_from(line.len()).is_err() {
        return Err(ParseError::new("it is too long"));
    }
    std::str::from_utf8(line).map_err(|_| ParseError::new("it is not UTF-8"))
}

/// The key with this spelling, if it is one of those that may follow.
fn key_behind(before: Option<Key>, name: &str) -> Option<Key> {
    Key::from_str(name).filter(|key| before < Some(*key))
}

/// The thing of this name, by no other name.
fn exactly<T: Copy>(all: &[T], text: &str, name: fn(T) -> &'static str) -> Option<T> {
    all.iter().find(|thing| name(**thing) == text).copied()
}

/// Digits alone, with nothing before or behind them.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
    })
}

/// A number of the grammar that is a non-negative integer.
fn count(raw: &str) -> Option<u64> {
    raw.parse().ok()
}

/// Whether a value, which obeys the grammar, is what stands behind this key.
fn is_kind(key: Key, raw: &str) -> bool {
    let is_text = || raw.starts_with('"');
    match (key, key.kind()) {
        (Key::Metadata | Key::Truncated, _) => raw.starts_with('{') && raw != "{}",
        (Key::Redacted, _) => json::are_strings(raw.as_bytes()),
        (Key::Flagged, _) => raw == "true",
        (Key::Salt | Key::SuspiciousReason | Key::Rule, _) | (_, Kind::Text) => is_text(),
        // These are taken before.
        (_, Kind::Own) => false,
        (_, Kind::Count) => count(raw).is_some(),
        (_, Kind::Number) => match raw.as_bytes().first() {
            Some(b'0'..=b'9') => true,
            Some(b'-') => raw.parse::<f64>().is_ok_and(|number| number >= 0.0),
            _ => false,
        },
        (_, Kind::Any) => raw != "null",
    }
}

impl ParseError {
    fn new(what: &str) -> ParseError {
        ParseError { what: what.to_owned() }
    }

    /// The member of this name is missing, twice there, out of place, or not what it must be.
    fn of(name: &str) -> ParseError {
        ParseError {
            what: format!("{name:?} is missing or not as it must be"),
        }
    }

    /// Nothing that may stand there.
    fn at(place: usize) -> ParseError {
        ParseError {
            what: format!("it is not JSON as a trail writes it, at byte {}", place + 1),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no record: {}", self.what)
    }
}

impl std::error::Error for ParseError {}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const TAG: &str = r#","tag":"AAAAAAAAAAAAAAAAAAAAAA"}"#;
    const HEAD: &str = r#"{"seq":7,"time":"2026-11-20T08:15:30.123456Z","event":"AUTH_LOGIN","category":"auth","severity":"low","outcome":"success""#;

    fn read(middle: &str) -> Result<Record, ParseError> {
        record(format!("{HEAD}{middle}{TAG}").as_bytes())
    }

    #[test]
    fn a_record_reads_back_with_its_members_in_their_order() {
        let found =
            read(r#","user_id":"7","resource":"a \\\\\" b","status_code":200,"metadata":{"b":1,"a":[{"x":null}]},"later":true"#).unwrap();
        assert_eq!(found.seq(), 7);
        assert_eq!(found.user_id(), Some("7"));
        assert_eq!(found.status_code(), Some(200));
        assert_eq!(found.outcome(), Outcome::Success);
        assert_eq!(found.get("later"), Some(&Value::Bool(true)));
        let names: Vec<&str> = found.members().iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["user_id", "resource", "status_code", "metadata", "later"]);
    }

    #[test]
    fn a_seal_may_stand_behind_the_tag_and_nothing_else() {
        let seal = "A".repeat(43);
        let tagged = format!("{HEAD}{}", TAG.trim_end_matches('}'));
        assert!(record(format!("{tagged},\"seal\":\"{seal}\"}}").as_bytes()).is_ok());
        assert!(record(format!("{tagged},\"seal\":\"{seal}A\"}}").as_bytes()).is_err());
        assert!(record(format!("{tagged},\"more\":1}}").as_bytes()).is_err());
        assert!(record(format!("{HEAD}}}").as_bytes()).is_err());
    }

    #[test]
    fn what_the_trail_did_not_write_is_refused() {
        for middle in [
            r#","user_id":7"#,
            r#","user_id":null"#,
            r#","status_code":-1"#,
            r#","status_code":"200""#,
            r#","duration_ms":-0.5"#,
            r#","old":null"#,
            r#","metadata":{}"#,
            r#","metadata":[1]"#,
            r#","redacted":[]"#,
            r#","redacted":[1]"#,
            r#","flagged":false"#,
            r#","ip":"a","user_id":"b""#,
            r#","ip":"a","ip":"b""#,
            r#","metadata":{"a":1,"a":2}"#,
            r#","metadata":{"a":[{"b":1,"b":2}]}"#,
            r#","later":1,"later":2"#,
            r#","seq":8"#,
            r#","by":"x""#,
            r#","erased":"x""#,
            ",\"ip\":\"a\tb\"",
            r#","ip":"\ud800""#,
            r#","duration_ms":1e999"#,
        ] {
            assert!(read(middle).is_err(), "{middle}");
        }
        let good = format!("{HEAD}{TAG}");
        assert!(record(good.as_bytes()).is_ok());
        for (from, to) in [
            ("\"seq\":7", "\"seq\":0"),
            ("\"seq\":7", "\"seq\":07"),
            ("\"seq\":7", "\"seq\":9007199254740992"),
            ("auth", "Auth"),
            ("low", "info"),
            ("success", "ok"),
            ("AUTH_LOGIN", "auth_login"),
            ("30.123456Z", "30.123Z"),
            ("AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAB"),
            ("{\"seq\"", " {\"seq\""),
            ("AA\"}", "AA\"} "),
            ("AA\"}", "AA\"}{}"),
            (":7,", ": 7,"),
            (",\"event", ", \"event"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good);
            assert!(record(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(record(&[good.as_bytes(), b"\xff"].concat()).is_err());
        assert!(record(b"").is_err());
    }
}
