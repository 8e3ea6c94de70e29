//! A sensitive name and a value drawn by chance, with a sign between them that few notations have: `api_key||x`, `token>x`,
//! `secret <= 'x'`, `key=''x`, `API_TOKEN,x`.
//!
//! The sign alone says little, so that both sides must: the name is no ordinary word, and the value looks like nothing but a key.

use super::marks::{closing, gap, gap_back, is_delimiter, opening};
use super::pair::{Name, name};
use super::remark::is_remark;
use super::shapes::{at, before, is_random, is_uneven, one_case, run_to, set, sets};
use super::text::{Hit, Walk};
use super::{Class, Shape};

/// The shortest value.
const SHORTEST: usize = 10;
/// The longest part of a value that is looked at to judge it, and the longest that is taken.
const JUDGED: usize = 64;
const LONGEST: usize = 512;
/// Quotes and blanks between a sign and a value.
const MARKS: usize = 10;
/// Bytes before a sign in which a variable is asked for.
const ASKED: usize = 96;
/// What a value consists of.
const SET: u16 = set::TOKEN68 | set::EQUALS;

/// The value behind the sign that ends at `sign`.
pub(super) fn find(walk: &mut Walk<'_>, sign: usize) -> Option<Hit> {
    let s = walk.s;
    let rest = s.get(sign + 1..)?;
    let mark = |b: &&u8| matches!(b, b'"' | b'\'' | b'`' | b' ' | b'\\');
    let marks = rest.iter().take(MARKS).take_while(mark).count();
    let start = sign + 1 + marks;
    if sets(at(s, start)) & set::WORD == 0 || sets(at(s, start + SHORTEST - 1)) & SET == 0 {
        return None;
    }
    let body = s.get(start..run_to(s, start, SET, JUDGED))?;
    // Names stand behind commas, too.
    let comma = at(s, sign) == b',';
    let drawn = is_random(body) || is_uneven(body) && !(comma && marks == 0);
    if body.len() < SHORTEST || !drawn || is_dotted(body) {
        return None;
    }
    if comma && (marks > 0 && at(s, sign + 1) == b' ' || one_case(body) && body.len() < 16) {
        return None;
    }
    let name = before_sign(s, sign, walk.floor)?;
    let text = s.get(name.start..name.end)?;
    let judged = walk.policy.judge(text).filter(|judged| !judged.weak)?;
    if judged.end != judged.words || comma && judged.words < 2 && name.quote == 0 && marks == 0 {
        return None;
    }
    let class = judged.verdict.class;
    if !matches!(
        class,
        Class::Credential | Class::Token | Class::Key | Class::Cookie | Class::Session | Class::Custom
    ) {
        return None;
    }
    let end = run_to(s, start, SET, LONGEST);
    let next = at(s, end);
    if !(is_delimiter(next) || matches!(next, b'\\' | 0)) {
        return None;
    }
    walk.policy.shape(Shape::Pair, class)?;
    walk.treated(judged.verdict, (start, end))
}

/// What stands for a variable that is not set: `process.env.API_KEY || "x"`, `os.environ.get("PASSWORD") or "x"`. The last byte of the
/// sign is at `sign`.
pub(super) fn fallback(walk: &mut Walk<'_>, sign: usize) -> Option<Hit> {
    let s = walk.s;
    let (start, quote, level) = opening(s, gap(s, sign + 1))?;
    let end = closing(s, start, quote, level);
    let judged = match sign.checked_sub(1).and_then(|word| asked(s, word)) {
        Some(name) => walk.policy.judge(name)?,
        None => {
            let name = before_sign(s, sign, walk.floor)?;
            let text = s.get(name.start..name.end)?;
            let env = [&b"process.env."[..], b"meta.env."]
                .iter()
                .any(|env| memchr::memmem::find(text, env).is_some());
            walk.policy.judge(text).filter(|_| env)?
        }
    };
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    if judged.weak || end == start || is_remark(s.get(start..end)?) {
        return None;
    }
    walk.treated(judged.verdict, (start, end))
}

/// The name that is asked for in brackets before `end`: `os.getenv("PASSWORD")`, `ENV['PASSWORD']`.
fn asked(s: &[u8], end: usize) -> Option<&[u8]> {
    let end = gap_back(s, end);
    let lead = s.get(end.saturating_sub(ASKED)..end)?;
    let (close, lead) = lead.split_last()?;
    let open = match close {
        b')' => b'(',
        b']' => b'[',
        _ => return None,
    };
    let at_ = lead.iter().rposition(|b| *b == open)?;
    let name = lead.get(at_ + 1..)?;
    let quoted = |b: &u8| matches!(b, b'"' | b'\'' | b'\\' | b'`');
    let name = name.get(name.iter().position(|b| !quoted(b))?..=name.iter().rposition(|b| !quoted(b))?)?;
    let head = lead.get(..at_)?;
    let env = [&b"env"[..], b"ENV", b"environ", b"get", b"Env", b"Variable", b"config"]
        .iter()
        .any(|word| head.ends_with(word));
    (env && name.iter().all(|b| sets(*b) & (set::WORD | set::DOT | set::DASH) != 0)).then_some(name)
}

/// The name before the sign that ends at `sign`. A sign of a shift or of a generic type is none: `token >> 8`, `Vec<Token>`.
fn before_sign(s: &[u8], sign: usize, floor: usize) -> Option<Name> {
    let mut from = sign;
    while sign - from < 3 && matches!(before(s, from), b'|' | b'<' | b'>' | b'=' | b'?' | b':' | b'!' | b',') {
        from -= 1;
    }
    match s.get(from..=sign)? {
        b"|" | b">>" | b">>>" | b"->" => None,
        _ => name(s, from, floor),
    }
}

/// Whether it is a version, an address or the name of a file: parts that a dot ends, none of them long.
fn is_dotted(body: &[u8]) -> bool {
    body.contains(&b'.') && body.split(|b| *b == b'.').all(|part| part.len() < SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::super::drawn::{ALNUM, HEX, LOWER, drawn};
    use super::super::samples::shown;

    #[test]
    fn a_key_beside_its_label_goes_whatever_sign_parts_them() {
        for seed in 1..20 {
            for (set, n) in [(ALNUM, 24), (LOWER, 32), (HEX, 40)] {
                let key = drawn(set, n, seed);
                for text in [
                    "acme_api_key||{}",
                    "acme_token>{}",
                    "acme_token>={}",
                    "acme_secret<='{}'",
                    "acme_api_key?=''{}\"",
                    "acme_token=\"\"{};",
                    "acme_api_key:''{}",
                    "acme_secret||:`{}`",
                    "ACME_API_TOKEN,{}",
                    "ACME_API_TOKEN,\"{}\"",
                    "called with acme_secret_key||{} at noon",
                    "{\"note\":\"acme_api_key||{}\"}",
                    "acme_token>{}\\n",
                ] {
                    let text = text.replace("{}", &key);
                    assert!(!shown(&text).contains(&key), "{text} is shown as {}", shown(&text));
                }
            }
        }
    }

    #[test]
    fn what_stands_for_a_variable_that_is_not_set_goes_though_it_is_a_word() {
        for (text, expected) in [
            (
                "key: process.env.ACME_API_KEY || \"hunter2\",",
                "key: process.env.ACME_API_KEY || \"[redacted]\",",
            ),
            (
                "import.meta.env.DB_PASSWORD || 'swordfish'",
                "import.meta.env.DB_PASSWORD || '[redacted]'",
            ),
        ] {
            assert_eq!(shown(text), expected);
        }
        for text in [
            "process.env.API_KEY_ID || \"one\"",
            "process.env.NODE_ENV || \"development\"",
            "password || \"is missing\"",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn what_a_sign_compares_or_lists_stays() {
        for text in [
            "token_count > 4bf92f3577b34da6a3ce929d0e0e4736",
            "no token, request 550e8400-e29b-41d4-a716-446655440000",
            "token, 4bf92f3577b34da6a3ce929d0e0e4736",
            "Vec<Token>>550e8400e29b41d4a716446655440000",
            "token >> 550e8400e29b",
            "token|550e8400e29b41d4a716446655440000",
            "author||550e8400e29b41d4a716446655440000",
            "api_key_id,4bf92f3577b34da6a3ce929d0e0e4736",
            "api_token,10.20.30.40,node-17.example.com",
            "password || confirmation_of_it",
            "commit,4bf92f3577b34da6a3ce929d0e0e4736a3ce929d",
        ] {
            assert_eq!(shown(text), text);
        }
    }
}
