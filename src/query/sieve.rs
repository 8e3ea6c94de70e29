//! What every line that meets a question must contain, looked for before anything is parsed.
//!
//! A condition gives a literal, or several of which one must be there, in the spelling of docs/FORMAT.md. The rarest of
//! these is searched through whole pieces; only around a hit are the ends of the line looked for, and the others in it.
//! Literals lose no line that a trail writes: no white space stands between the parts of a line, a string has one
//! spelling, and a part of a string is spelled the same within the whole. What a sieve lets through need not match.

use std::ops::Range;

use memchr::memmem::Finder;
use memchr::{memchr, memrchr};

use super::condition::in_metadata;
use super::{Part, Query, Wanted};
use crate::clock::Micros;
use crate::record::Key;
use crate::severity::Severity;
use crate::store::push_string;

/// One of these must be in a line.
type Group = Vec<Finder<'static>>;

/// What a line must contain.
#[derive(Clone, Debug, Default)]
pub(super) struct Sieve {
    /// Searched through whole pieces; none if every line has to be looked at.
    driver: Group,
    others: Vec<Group>,
    /// The first and the last time that may match.
    since: Option<[u8; Micros::WIDTH]>,
    until: Option<[u8; Micros::WIDTH]>,
}

/// More alternatives than this are not searched for side by side.
const SIDE_BY_SIDE: usize = 4;

/// Alternatives, and how rare they are thought to be.
struct Literals {
    rank: usize,
    any: Vec<Vec<u8>>,
}

impl Sieve {
    pub(super) fn of(query: &Query) -> Sieve {
        let mut all = literals(query);
        all.sort_by_key(|literals| std::cmp::Reverse(literals.rank));
        let group = |literals: &Literals| literals.any.iter().map(|text| Finder::new(text).into_owned()).collect();
        let driver = all.iter().position(|literals| literals.any.len() <= SIDE_BY_SIDE);
        let driver: Group = driver.map(|place| group(&all.remove(place))).unwrap_or_default();
        Sieve {
            driver,
            others: all.iter().map(group).collect(),
            since: query.since.map(|time| Micros::from(time).text()),
            until: query.until.map(|time| Micros::from(time).text()),
        }
    }

    /// A sieve that lets everything through: what the others are held against.
    #[cfg(test)]
    pub(super) fn open() -> Sieve {
        Sieve::default()
    }

    /// Finds the lines of some whole lines that may match, in their order, without their LFs.
    pub(super) fn lines(&self, bytes: &[u8], into: &mut Vec<Range<usize>>) {
        into.clear();
        let mut hits: Vec<Hits<'_>> = self
            .driver
            .iter()
            .map(|finder| Hits { finder, next: Some(0) })
            .collect();
        let mut at = 0;
        while at < bytes.len() {
            let rest = bytes.get(at..).unwrap_or_default();
            let begin = match self.driver.is_empty() {
                true => at,
                false => {
                    let Some(hit) = hits.iter_mut().filter_map(|hits| hits.behind(bytes, at)).min() else {
                        return;
                    };
                    let before = rest.get(..hit - at).unwrap_or_default();
                    memrchr(b'\n', before).map_or(at, |end| at + end + 1)
                }
            };
            let line = bytes.get(begin..).unwrap_or_default();
            let length = memchr(b'\n', line).unwrap_or(line.len());
            if self.passes(line.get(..length).unwrap_or_default()) {
                into.push(begin..begin + length);
            }
            at = begin + length + 1;
        }
    }

    /// Whether a line that has one of the driver's literals may match.
    fn passes(&self, line: &[u8]) -> bool {
        let in_time = || {
            // A line that has no time where it should is for the parser to judge.
            let Some(time) = time_of(line) else { return true };
            self.since.is_none_or(|since| *time >= since) && self.until.is_none_or(|until| *time <= until)
        };
        let has_one = |group: &Group| group.iter().any(|finder| finder.find(line).is_some());
        (self.since.is_none() && self.until.is_none() || in_time()) && self.others.iter().all(has_one)
    }
}

/// The places of a literal.
struct Hits<'f> {
    finder: &'f Finder<'static>,
    /// The first hit that is not passed, or where to look on; `None` behind the last.
    next: Option<usize>,
}

impl Hits<'_> {
    /// The first place at or behind `at`.
    fn behind(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        let known = self.next?;
        if known > at {
            return Some(known);
        }
        self.next = self
            .finder
            .find(bytes.get(at..).unwrap_or_default())
            .map(|hit| at + hit);
        self.next
    }
}

/// The time of a line, where a record has it.
fn time_of(line: &[u8]) -> Option<&[u8; Micros::WIDTH]> {
    let numbered = line.strip_prefix(b"{\"seq\":")?;
    let digits = numbered.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let behind = numbered.get(digits..)?.strip_prefix(b",\"time\":\"")?;
    let (time, rest) = behind.split_first_chunk()?;
    (rest.first() == Some(&b'"')).then_some(time)
}

fn literals(query: &Query) -> Vec<Literals> {
    let mut all = Vec::new();
    let mut add = |rank: usize, any: Vec<Vec<u8>>| {
        if !any.is_empty() && any.iter().all(|literal| !literal.is_empty()) {
            all.push(Literals { rank, any });
        }
    };
    add(100, query.events.iter().map(|name| member("event", name)).collect());
    add(
        10,
        query
            .categories
            .iter()
            .map(|category| member("category", category.as_str()))
            .collect(),
    );
    let severity = |severity: &Severity| member("severity", severity.as_str());
    add(20, query.severities.iter().map(severity).collect());
    if let Some(least) = query.least.filter(|least| *least > Severity::Low) {
        add(
            15,
            Severity::ALL.iter().filter(|is| **is >= least).map(severity).collect(),
        );
    }
    add(
        5,
        query
            .outcome
            .iter()
            .map(|outcome| member("outcome", outcome.as_str()))
            .collect(),
    );
    if query.flagged == Some(true) {
        add(150, vec![b"\"flagged\":true".to_vec()]);
    }
    for Wanted { part, value, plain } in &query.parts {
        // What many records share is looked for last.
        let rank = match part {
            Part::Tenant => 200,
            Part::Route | Part::ResourceType => 300,
            Part::User | Part::Ip | Part::Resource => 400,
            Part::Session | Part::ResourceId | Part::Request => 500,
        };
        let literal = |value: &str| match part.members() {
            [only] => member(only.as_str(), value),
            _ => member_of_any_name(value),
        };
        let first = literal(value);
        let plain = plain.as_deref().map(literal);
        add(rank + first.len(), std::iter::once(first).chain(plain).collect());
    }
    for text in &query.texts {
        let literal = inner(text);
        add(250 + literal.len(), vec![literal]);
    }
    for (name, value) in &query.fields {
        let spellings: Vec<_> = in_metadata(name).map(|name| field(name, value)).collect();
        let whole = spellings.iter().all(|(whole, _)| *whole);
        let any = spellings.into_iter().flat_map(|(_, any)| any).collect();
        let rank = match Key::from_str(name) {
            _ if !whole => 1,
            Some(Key::Outcome) => 5,
            Some(Key::Category) => 10,
            Some(Key::Severity) => 20,
            Some(Key::Event) => 100,
            _ => 350 + value.len(),
        };
        add(rank, any);
    }
    all
}

/// What a field leaves in a line, and whether the value is part of it.
fn field(name: &str, value: &str) -> (bool, Vec<Vec<u8>>) {
    let text = member(name, value);
    let mut begin = quoted(name);
    begin.push(b':');
    match value.parse::<serde_json::Number>() {
        // A whole number has one spelling, and as a float the same digits with more behind them.
        Ok(_) if is_short_whole(value) => {
            begin.extend_from_slice(value.as_bytes());
            (true, vec![text, begin])
        }
        Ok(_) => (false, vec![begin]),
        Err(_) if matches!(value, "true" | "false") => (false, vec![begin]),
        Err(_) => (true, vec![text]),
    }
}

/// Digits that no float spells with an exponent.
fn is_short_whole(value: &str) -> bool {
    value.len() <= 15 && !value.starts_with('0') && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// `"name":"value"`.
fn member(name: &str, value: &str) -> Vec<u8> {
    let mut literal = quoted(name);
    literal.push(b':');
    push_string(&mut literal, value);
    literal
}

/// `:"value"`.
fn member_of_any_name(value: &str) -> Vec<u8> {
    let mut literal = vec![b':'];
    push_string(&mut literal, value);
    literal
}

fn quoted(text: &str) -> Vec<u8> {
    let mut literal = Vec::new();
    push_string(&mut literal, text);
    literal
}

/// A part of a string, without quotes.
fn inner(text: &str) -> Vec<u8> {
    let mut literal = quoted(text);
    literal.pop();
    literal.drain(..literal.len().min(1));
    literal
}
