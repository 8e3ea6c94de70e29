//! Keys of Azure that name their service: base64 of a known length with four letters at a known place.

use super::token::Token;
use super::{at, before, run_to, set, sets};
use crate::redact::Class;

/// How the keys of some services are built.
struct Build {
    /// Bytes without padding, and the padding.
    body: usize,
    padding: &'static [u8],
    /// Where the mark stands, and the marks there are.
    mark: usize,
    marks: &'static [&'static [u8]],
}

const BUILDS: &[Build] = &[
    Build {
        body: 43,
        padding: b"=",
        mark: 33,
        marks: &[b"+ARm", b"+AEh", b"+ASb", b"AIoT", b"AzCa", b"AZEG"],
    },
    Build {
        body: 52,
        padding: b"",
        mark: 42,
        marks: &[b"AzSe", b"+ACR"],
    },
    Build {
        body: 54,
        padding: b"==",
        mark: 44,
        marks: &[b"AzFu"],
    },
    Build {
        body: 86,
        padding: b"==",
        mark: 76,
        marks: &[b"+ASt", b"ACDb", b"+ABa", b"+AMC", b"APIM"],
    },
];
/// The longest of them.
const LONGEST: usize = 88;
const SET: u16 = (set::BASE64 & !set::EQUALS) | set::URL64;

/// The key of which the word `start..end` is a part.
pub(in super::super) fn find(s: &[u8], start: usize, end: usize) -> Option<Token> {
    let close = run_to(s, end, SET, LONGEST);
    // Most long texts end it here.
    let (from, build) = BUILDS.iter().find_map(|build| {
        let from = close.checked_sub(build.body)?;
        let padded = (at(s, close) == b'=') != build.padding.is_empty();
        (padded && from <= start && sets(before(s, from)) & SET == 0).then_some((from, build))
    })?;
    let last = close + build.padding.len();
    let mark = from + build.mark;
    let named = build.marks.contains(&s.get(mark..mark + 4)?);
    let free = s.get(close..last)? == build.padding && at(s, last) != b'=' && !at(s, last).is_ascii_alphanumeric();
    (named && free).then_some((from, last, Class::Key))
}
