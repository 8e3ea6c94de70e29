//! Logins as people note them: `id/pw bob/x`, `pwd(x)`, `the password of bob is x`, `user bob password x`.

use super::list::is_odd;
use super::marks::{blanks, is_delimiter};
use super::pair::{name, words_before};
use super::policy::Judged;
use super::shapes::{at, before, is_random, mixed, one_case, run_to, set};
use super::text::{Hit, Walk};
use super::{Class, Shape};

/// What the first of `id/pw` is called.
const USERS: [&[u8]; 6] = [b"id", b"user", b"username", b"login", b"account", b"uid"];
/// What the second is called.
const PASSWORDS: [&[u8]; 5] = [b"pw", b"pwd", b"pass", b"passwd", b"password"];

/// The longest password that is looked for.
const LONGEST: usize = 128;

fn is(list: &[&[u8]], text: &[u8]) -> bool {
    list.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// The second of two behind `id/pw`, whose slash is at `i`; with a colon or an equals sign, all behind it is the value.
pub(super) fn noted(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let s = walk.s;
    let end = run_to(s, i + 1, set::LOWER | set::UPPER, 10);
    let head = s.get(i.saturating_sub(10)..i)?;
    let len = head.iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
    if !is(&PASSWORDS, s.get(i + 1..end)?) || !is(&USERS, head.get(head.len() - len..)?) {
        return None;
    }
    let sign = s.get(end..(end + 4).min(s.len()))?;
    let signs = sign
        .iter()
        .take_while(|b| matches!(b, b' ' | b'-' | b'>' | b'('))
        .count();
    let first = end + signs;
    if signs == 0 || matches!(at(s, first), b':' | b'=') {
        return None;
    }
    // The user, then the password.
    let user = run_to(s, first, set::WORD | set::DOT | set::AT | set::DASH, 64);
    let parts = s.get(user..(user + 4).min(s.len()))?;
    let gap = parts
        .iter()
        .take_while(|b| matches!(b, b'/' | b' ' | b'(' | b':' | b','))
        .count();
    let start = user + gap;
    let stop = |b: &u8| *b <= b' ' || matches!(b, b')' | b',' | b';' | b'"' | b'\'');
    let rest = s.get(start..(start + LONGEST).min(s.len()))?;
    let close = start + rest.iter().position(stop).unwrap_or(rest.len());
    let joined = parts.first() == Some(&b'/') || parts.first() == Some(&b'(');
    let text = s.get(start..close)?;
    if user == first || gap == 0 || !(is_odd(walk.policy, text) || joined && mixed(text)) {
        return None;
    }
    walk.hit(Shape::Pair, Class::Credential, (start, close))
}

/// What stands in brackets behind the word for a password: `pwd(x)`. The bracket opens at `i`.
pub(super) fn bracketed(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let s = walk.s;
    let stop = |b: &u8| *b <= b' ' || matches!(b, b')' | b'(' | b',' | b'"' | b'\'' | b'.' | b'/' | b'=' | b'[');
    let rest = s.get(i + 1..(i + 1 + LONGEST).min(s.len()))?;
    let end = i + 1 + rest.iter().position(stop)?;
    // `password(default:x)`
    let text = s.get(i + 1..end)?;
    let from = i + 1 + text.iter().position(|b| *b == b':').map_or(0, |k| k + 1);
    let text = s.get(from..end)?;
    let word = before(s, i).is_ascii_alphabetic() || before(s, i) >= 0x80;
    if at(s, end) != b')' || !word || !is_odd(walk.policy, text) {
        return None;
    }
    let name = name(s, i, walk.floor).filter(|name| name.quote == 0)?;
    let judged = walk.policy.judge(s.get(name.start..name.end)?)?;
    password(&judged, s.get(name.start..name.end)?).then_some(())?;
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    walk.treated(judged.verdict, (from, end))
}

/// Where the name of a user begins that is a key itself, before the colon at `i`: `curl -u <random>:x`.
pub(super) fn key(s: &[u8], i: usize) -> Option<usize> {
    let head = s.get(i.saturating_sub(64)..i)?;
    let len = head.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
    let user = head.get(head.len() - len..)?;
    // Behind two letters it may be a number in hexadecimal, which says whose account it is.
    let hex = user.iter().skip(2).all(u8::is_ascii_hexdigit);
    (len >= 20 && is_random(user) && !one_case(user) && !hex).then_some(i - len)
}

/// Whether this is the word for a password, and no function on one.
fn password(judged: &Judged, text: &[u8]) -> bool {
    judged.words == 1
        && !judged.weak
        && judged.verdict.class == Class::Credential
        && (is(&PASSWORDS, text) || text.iter().any(|b| *b >= 0x80))
}

/// The verdict on what belongs to somebody: the words before `start` are `password of`, `pwd for`, `token in`.
pub(super) fn owned(walk: &Walk<'_>, start: usize) -> Option<Judged> {
    let s = walk.s;
    let lead = s.get(start.saturating_sub(32)..start)?;
    let lead = lead.strip_suffix(b" ")?;
    let link = [" for", " of", " in", " on"]
        .into_iter()
        .find(|word| lead.ends_with(word.as_bytes()))?;
    let end = start - 1 - link.len();
    let first = words_before(s, end + 1, walk.floor, 1);
    // Of a longer name the last word alone counts.
    let judged = walk.policy.judge(s.get(first..end)?)?;
    let sure = !judged.weak && judged.end == judged.words && judged.verdict.class == Class::Credential;
    sure.then_some(judged)
}

/// A password behind the word for it, whose letter begins at `i`, with nothing but a blank between: of letters in both cases and digits,
/// or with signs, as no name of a user is.
pub(super) fn spoken(walk: &Walk<'_>, i: usize) -> Option<(usize, usize)> {
    let s = walk.s;
    let end = run_to(s, i, set::LOWER | set::UPPER, 10);
    let start = end + blanks(s, end);
    if !is(&PASSWORDS, s.get(i..end)?) || start == end || !matches!(before(s, i), 0 | b' ' | b'(' | b'\n') {
        return None;
    }
    let rest = s.get(start..(start + LONGEST).min(s.len()))?;
    let close = start
        + rest
            .iter()
            .position(|b| *b <= b' ' || matches!(b, b')' | b',' | b'"' | b'\''))
            .unwrap_or(rest.len());
    let text = s.get(start..close)?;
    let has = |kind: fn(&u8) -> bool| usize::from(text.iter().any(kind));
    let kinds = has(u8::is_ascii_lowercase)
        + has(u8::is_ascii_uppercase)
        + has(u8::is_ascii_digit)
        + has(|b| b"!#%&*+?@^~$".contains(b));
    let ends = is_delimiter(at(s, close));
    (text.len() >= 8 && kinds >= 3 && ends && text.first()?.is_ascii_alphanumeric() && is_odd(walk.policy, text))
        .then_some((start, close))
}
