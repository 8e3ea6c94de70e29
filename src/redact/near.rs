//! Members whose name says nothing, and whose neighbours say what they are: the private members of a JSON web key beside `kty`,
//! `code` beside `state`, `P` in the code of a wireless network, a `key` that is a number of 32 bytes, and the words of a mnemonic.

use super::Class;
use super::marks::{opening, run};
use super::pair::{Name, words_before};
use super::policy::Judged;
use super::protocol;
use super::shapes::{at, before, mixed, run_to, set};
use super::text::Walk;

/// Members of a JSON web key that are private (RFC 7518, 6.2.2, 6.3.2, 6.4.1).
const PRIVATE: [&[u8]; 7] = [b"d", b"p", b"q", b"dp", b"dq", b"qi", b"k"];

/// Bytes on either side in which the neighbour may stand.
const KEY: usize = 4096;
const QUERY: usize = 512;
const NETWORK: usize = 160;

/// What the value at `value` is, by its `name` and what stands beside it.
pub(super) fn find(walk: &mut Walk<'_>, name: Name, text: &[u8], value: usize) -> Option<Judged> {
    let class = match text {
        [_] | [_, _] if name.quote != 0 && PRIVATE.contains(&text) => key(walk, name, value),
        b"code" => code(walk, name, value),
        b"P" if name.quote == 0 => network(walk.s, name),
        // `P/W: x`
        b"w" | b"W" if matches!(walk.s.get(..name.start)?, [.., b'p' | b'P', b'/']) => Some(Class::Credential),
        b"seed" | b"phrase" | b"words" | b"wallet" | b"recovery" => words(walk.s, value),
        _ if text.eq_ignore_ascii_case(b"key") && name.quote == 0 => number(walk, name, value),
        _ => None,
    }?;
    Some(Judged {
        verdict: walk.policy.class(class)?,
        weak: false,
        owned: false,
        line: class == Class::Credential && matches!(text, b"seed" | b"phrase" | b"words" | b"wallet" | b"recovery"),
        words: 1,
        end: 1,
    })
}

/// A member of the object that has `kty`. Each object is searched once.
fn key(walk: &mut Walk<'_>, name: Name, value: usize) -> Option<Class> {
    let s = walk.s;
    let (start, quote, _) = opening(s, value)?;
    let end = run_to(s, start, set::URL64, KEY);
    let closed = at(s, end + run(s, end, b'\\')) == quote;
    if end - start < 16 || !closed {
        return None;
    }
    let at_ = name.start;
    let known = match walk.keys {
        Some((from, to, known)) if (from..to).contains(&at_) => known,
        _ => {
            let head = s.get(at_.saturating_sub(KEY)..at_)?;
            let tail = s.get(at_..(at_ + 2 * KEY).min(s.len()))?;
            let from = at_ - head.len() + memchr::memrchr(b'{', head).unwrap_or(0);
            let to = at_ + memchr::memchr(b'}', tail).unwrap_or(tail.len());
            let object = s.get(from..to)?;
            let known = memchr::memmem::find_iter(object, b"kty").any(|k| {
                let quoted = |b: u8| matches!(b, b'"' | b'\'');
                quoted(before(object, k)) && quoted(at(object, k + 3 + run(object, k + 3, b'\\')))
            });
            walk.keys = Some((from, to, known));
            known
        }
    };
    known.then_some(Class::Key)
}

/// A code of OAuth, which stands beside a `state` or the `grant_type` that asks for it.
fn code(walk: &Walk<'_>, name: Name, value: usize) -> Option<Class> {
    let s = walk.s;
    let start = opening(s, value).map_or(value, |(start, ..)| start);
    let stop = |b: &u8| *b <= b' ' || matches!(b, b'&' | b'"' | b'\'' | b'#' | b'\\' | b',' | b'}' | b'<');
    let rest = s.get(start..(start + QUERY).min(s.len()))?;
    let text = rest.get(..rest.iter().position(stop).unwrap_or(rest.len()))?;
    let query =
        name.quote == 0 && (matches!(before(s, name.start), b'?' | b'&' | b'#' | 0) || before(s, name.start) == b' ');
    if !(query || name.quote != 0) || text.len() < 8 || !is_drawn(text) {
        return None;
    }
    let from = name.start.saturating_sub(QUERY);
    let all = s.get(from..(start + text.len() + QUERY).min(s.len()))?;
    let edge = |b: &u8| {
        if query {
            *b <= b' ' || *b == b'"'
        } else {
            matches!(b, b'{' | b'}')
        }
    };
    let lead = name.start - from;
    let left = all.get(..lead)?.iter().rposition(edge).map_or(0, |k| k + 1);
    let right = all
        .get(lead + (start - name.start)..)?
        .iter()
        .position(edge)
        .map_or(all.len(), |k| lead + (start - name.start) + k);
    let all = all.get(left..right)?;
    let beside = |word: &[u8]| {
        memchr::memmem::find_iter(all, word).any(|k| {
            let end = k + word.len();
            let sign = if query {
                at(all, end) == b'='
            } else {
                matches!(at(all, end), b'"' | b'\'' | b'\\')
            };
            sign && !before(all, k).is_ascii_alphanumeric() && before(all, k) != b'_'
        })
    };
    let state = beside(b"state") && (text.len() >= 16 || long_state(all));
    (state || beside(b"grant_type") || beside(b"redirect_uri") || beside(b"code_verifier")).then_some(Class::Credential)
}

/// Whether it looks drawn by chance: small and capital letters and digits, or digits in two places.
fn is_drawn(text: &[u8]) -> bool {
    let cases = text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase);
    let places = text
        .split(|b| !b.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .count();
    mixed(text) && (cases || places >= 2)
}

/// Whether the state is longer than that of a country.
fn long_state(all: &[u8]) -> bool {
    memchr::memmem::find(all, b"state").is_some_and(|k| {
        let value = all.get(k + 6..).unwrap_or_default();
        let value = value
            .get(value.iter().position(|b| b.is_ascii_alphanumeric()).unwrap_or(0)..)
            .unwrap_or_default();
        value
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'%'))
            .count()
            >= 6
    })
}

/// The password in the code of a wireless network: `WIFI:S:name;T:WPA;P:x;;`.
fn network(s: &[u8], name: Name) -> Option<Class> {
    let head = s.get(name.start.saturating_sub(NETWORK)..name.start)?;
    let code = memchr::memmem::rfind(head, b"WIFI:")?;
    let parts = head.get(code..)?;
    (matches!(before(s, name.start), b';' | b':') && !parts.contains(&b'\n')).then_some(Class::Credential)
}

/// The words of a mnemonic.
fn words(s: &[u8], value: usize) -> Option<Class> {
    let start = opening(s, value).map_or(value, |(start, ..)| start);
    protocol::words(s, start).map(|_| Class::Credential)
}

/// A key of 32 bytes in hexadecimal; with a word before it, it may be one of anything.
fn number(walk: &Walk<'_>, name: Name, value: usize) -> Option<Class> {
    let s = walk.s;
    if at(s, name.end) == b':' && words_before(s, name.start, walk.floor, 1) < name.start {
        return None;
    }
    let start = opening(s, value).map_or(value, |(start, ..)| start);
    let hex = s.get(start..)?.strip_prefix(b"0x")?;
    let end = run_to(hex, 0, set::ANY_HEX, 64);
    (end == 64 && !at(hex, 64).is_ascii_alphanumeric()).then_some(Class::Key)
}
