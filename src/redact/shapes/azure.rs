//! Keys of Azure that name their service: base64 of a known length with four letters at a known place.

use super::token::Token;
use super::{at, before, run_to, set, sets};
use crate::redact::Class;

/// Letters and digits without padding, the padding, where the mark stands, and the marks.
const KEYS: &[(usize, &[u8], usize, &[&[u8]])] = &[
    (43, b"=", 33, &[b"+ARm", b"+AEh", b"+ASb", b"AIoT", b"AzCa", b"AZEG"]),
    (52, b"", 42, &[b"AzSe", b"+ACR"]),
    (54, b"==", 44, &[b"AzFu"]),
    (86, b"==", 76, &[b"+ASt", b"ACDb", b"+ABa", b"+AMC", b"APIM"]),
];
/// The longest of them.
const LONGEST: usize = 88;
const SET: u16 = (set::BASE64 & !set::EQUALS) | set::URL64;

/// The key of which the word `start..end` is a part.
pub(in super::super) fn find(s: &[u8], start: usize, end: usize) -> Option<Token> {
    let close = run_to(s, end, SET, LONGEST);
    // Most long texts end it here.
    let (body, padding, mark, marks) = KEYS.iter().find_map(|key| {
        let from = close.checked_sub(key.0)?;
        let fits = from <= start && sets(before(s, from)) & SET == 0 && (at(s, close) == b'=') != key.1.is_empty();
        fits.then_some((from, key.1, key.2, key.3))
    })?;
    let last = close + padding.len();
    let named = marks.contains(&s.get(body + mark..body + mark + 4)?);
    let free = s.get(close..last)? == padding && at(s, last) != b'=' && !at(s, last).is_ascii_alphanumeric();
    (named && free).then_some((body, last, Class::Key))
}
