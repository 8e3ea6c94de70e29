//! Secrets in what people and programs say: `the password is x`, `wrong password "x"`, and the statement `api_key "x";`.

use super::list::is_odd;
use super::login;
use super::marks::{blanks, closing, run};
use super::owner;
use super::pair::{Name, name, words_before};
use super::remark::is_remark;
use super::shapes::{at, before, is_random, mixed, run_to, set};
use super::text::{Hit, Walk};
use super::{Class, Shape, assigned, beside};

/// What somebody does to a password that he gives a new one.
const CHANGES: [&[u8]; 5] = [b" set", b" reset", b" changed", b" updated", b" rotated"];

/// The same before it: `set the password to x`.
const CHANGE: [&[u8]; 8] = [
    b"set", b"setting", b"reset", b"change", b"changed", b"update", b"updated", b"rotated",
];

/// Words from such a verb to the name.
const APART: usize = 4;

/// What something was changed to: `password set to x`, `changed the password to x`. The word `to` begins at `i`.
pub(super) fn to(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let lead = walk.s.get(..i)?.strip_suffix(b" ")?;
    let Some(verb) = CHANGES.iter().find(|verb| lead.ends_with(verb)) else {
        let first = words_before(walk.s, i, walk.floor, APART);
        let mut words = walk.s.get(first..i)?.split(|b| *b == b' ');
        let changed = words.any(|word| CHANGE.iter().any(|verb| verb.eq_ignore_ascii_case(word)));
        return if changed { is(walk, i, 2) } else { None };
    };
    let lead = lead.get(..lead.len() - verb.len())?;
    let lead = [&b" was"[..], b" is", b" has been", b" been"]
        .iter()
        .find_map(|is| lead.strip_suffix(*is))
        .unwrap_or(lead);
    let from = lead.len() + 1;
    is(walk, from, i + 2 - from)
}

/// What is said in a sentence: `the password is x`, `password was: x`. What says so begins at `i`.
pub(super) fn is(walk: &mut Walk<'_>, i: usize, len: usize) -> Option<Hit> {
    let s = walk.s;
    if before(s, i) != b' ' {
        return None;
    }
    let colon = at(s, i + len) == b':';
    let start = i + len + usize::from(colon);
    let start = start + blanks(s, start);
    let level = run(s, start, b'\\');
    let quote = match at(s, start + level) {
        b @ (b'"' | b'\'' | b'`') => b,
        _ => 0,
    };
    let start = if quote == 0 { start } else { start + level + 1 };
    let stop = |b: &u8| *b <= b' ' || *b == quote || *b == b'\\';
    let end = start + s.get(start..)?.iter().position(stop).unwrap_or(s.len() - start);
    let text = s.get(start..end)?;
    let text = text.get(
        ..text.len()
            - text
                .iter()
                .rev()
                .take_while(|b| matches!(b, b'.' | b',' | b'!' | b'"' | b'\'' | b')'))
                .count(),
    )?;
    // Words are no passwords, and most passwords no words.
    let alone = colon && matches!(at(s, end), 0 | b'\n' | b'\r' | b'\\' | b'"' | b'\'');
    let least = if colon || quote != 0 { 4 } else { 6 };
    if !(least..=128).contains(&text.len())
        || !(mixed(text) || alone || quote != 0)
        || text.iter().rev().skip_while(|b| **b == b'=').any(|b| *b == b'=')
        || is_remark(text)
        || text.starts_with(b"/")
        || walk.policy.knows(text) && !(quote != 0 && mixed(text))
    {
        return None;
    }
    let name = name(s, i, walk.floor)?;
    let name = if name.quote == 0 {
        name
    } else {
        whose(walk, name, quote)?
    };
    let judged = walk
        .policy
        .judge(s.get(name.start..name.end)?)
        .filter(|judged| !judged.weak);
    // `your acme key is <random>`: what anybody is told to be theirs opens something.
    let yours = || {
        let first = words_before(s, name.start, walk.floor, 2);
        let said = s.get(first..name.start)?.trim_ascii_end();
        let (your, whose) = said.split_at_checked(said.iter().position(|b| *b == b' ')?)?;
        let key = s.get(name.start..name.end)?.eq_ignore_ascii_case(b"key") && your.eq_ignore_ascii_case(b"your");
        let drawn = text.len() >= 16 && is_random(text) && is_odd(walk.policy, text);
        walk.policy
            .judge(b"apikey")
            .filter(|_| key && drawn && !owner::is_open(whose))
    };
    let judged = judged.or_else(yours);
    let judged = judged.or_else(|| login::owned(walk, name.start).filter(|_| mixed(text)))?;
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    walk.treated(judged.verdict, (start, start + text.len()))
}

/// The name before that of its owner, in quotes as the value is: `the password for user "bob" is "x"`.
fn whose(walk: &Walk<'_>, owner: Name, quote: u8) -> Option<Name> {
    let s = walk.s;
    let lead = s.get(..owner.start.checked_sub(2 + owner.level)?)?;
    let lead = [&b" user"[..], b" username", b" account"]
        .iter()
        .find_map(|word| lead.strip_suffix(*word))?;
    let lead = lead.strip_suffix(b" the").unwrap_or(lead);
    let lead = lead.strip_suffix(b" for").or(lead.strip_suffix(b" of"))?;
    name(s, lead.len(), walk.floor).filter(|name| name.quote == 0 && quote != 0)
}

/// The string of a statement: `api_key "x";`. The quote is at `open`.
pub(super) fn statement(walk: &mut Walk<'_>, open: usize) -> Option<Hit> {
    let s = walk.s;
    if let Some(lead) = s.get(..open)
        && (lead.ends_with(b" or ") || lead.ends_with(b"?? "))
        && let Some(hit) = assigned::fallback(walk, open - 2)
    {
        return Some(hit);
    }
    if !matches!(before(s, open), b' ' | b'\t') || !before(s, open - 1).is_ascii_alphanumeric() {
        return None;
    }
    let end = closing(s, open + 1, at(s, open), 0);
    // `ConvertTo-SecureString -String "x"`
    let made = [&b"SecureString "[..], b"SecureString -String "];
    if made
        .iter()
        .any(|made| s.get(..open).is_some_and(|lead| lead.ends_with(made)))
    {
        return walk
            .hit(Shape::Authorization, Class::Credential, (open + 1, end))
            .filter(|hit| hit.end > hit.start);
    }
    // `mapOf("password" to "x")`
    if let Some(lead) = s.get(..open).and_then(|lead| lead.strip_suffix(b" to "))
        && let Some(name) = name(s, lead.len() + 1, walk.floor).filter(|name| name.quote != 0)
        && let Some(judged) = s.get(name.start..name.end).and_then(|name| walk.policy.judge(name))
        && end > open + 1
    {
        walk.policy.shape(Shape::Pair, judged.verdict.class)?;
        return walk.treated(judged.verdict, (open + 1, end));
    }
    // A keyword of Lisp and its value: `{:password "x" :port 1}`.
    let symbol = name(s, open, walk.floor).filter(|name| name.quote == 0 && before(s, name.start) == b':');
    if let Some(symbol) = symbol
        && matches!(before(s, symbol.start - 1), 0 | b' ' | b'{' | b'(' | b'\n' | b',')
        && let Some(judged) = s.get(symbol.start..symbol.end).and_then(|name| walk.policy.judge(name))
        && end > open + 1
    {
        walk.policy.shape(Shape::Pair, judged.verdict.class)?;
        return walk.treated(judged.verdict, (open + 1, end));
    }
    // `"password" with value "x" fails to match the pattern`
    if let Some(lead) = s.get(..open).and_then(|lead| lead.strip_suffix(b" with value "))
        && let Some(name) = name(s, lead.len() + 1, walk.floor).filter(|name| name.quote != 0)
        && let Some(judged) = walk.policy.judge(s.get(name.start..name.end)?)
    {
        walk.policy.shape(Shape::Pair, judged.verdict.class)?;
        return walk.treated(judged.verdict, (open + 1, end));
    }
    if (at(s, end + 1) != b';' && !is_defined(s, open)) || end == open + 1 {
        return quoted(walk, open, end).or_else(|| beside::quoted(walk, open, end));
    }
    let name = name(s, open, walk.floor).filter(|name| name.quote == 0)?;
    let judged = walk
        .policy
        .judge(s.get(name.start..name.end)?)
        .filter(|judged| !judged.weak)?;
    // A word alone must begin the statement: `unexpected token 'x';`.
    let lead = s.get(name.start.saturating_sub(32)..name.start)?.trim_ascii_end();
    if judged.words == 1
        && !lead.last().is_none_or(|b| matches!(b, b';' | b'{' | b'}'))
        && before(s, name.start) != b'\n'
        && at(s, end + 1) == b';'
    {
        return None;
    }
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    walk.treated(judged.verdict, (open + 1, end))
}

/// A keyword of Lisp or Ruby and its value, a word that looks like no name: `{:password x9y8z7 :port 1}`. The colon is at `i`.
pub(super) fn keyword(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    const LONGEST: usize = 128;
    let s = walk.s;
    let end = run_to(s, i + 1, set::URL64, 48);
    let start = end + blanks(s, end);
    let opens = matches!(before(s, i), 0 | b' ' | b'{' | b'(' | b'\n' | b',');
    if !opens || start == end || end == i + 1 || !at(s, start).is_ascii_alphanumeric() {
        return None;
    }
    let judged = walk.policy.judge(s.get(i + 1..end)?)?;
    let rest = s.get(start..(start + LONGEST).min(s.len()))?;
    let stop = |b: &u8| *b <= b' ' || matches!(b, b'}' | b')' | b']' | b',' | b'"' | b'\'');
    let close = start + rest.iter().position(stop).unwrap_or(rest.len());
    if judged.weak || judged.end != judged.words || !is_odd(walk.policy, s.get(start..close)?) {
        return None;
    }
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    walk.treated(judged.verdict, (start, close))
}

/// Whether the string at `open` is that of a definition of one: `#define DB_PASSWORD "x"`.
fn is_defined(s: &[u8], open: usize) -> bool {
    const NAME: usize = 64;
    let lead = s
        .get(open.saturating_sub(NAME)..open)
        .unwrap_or_default()
        .trim_ascii_end();
    let name = lead
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
        .count();
    let lead = lead.get(..lead.len() - name).unwrap_or_default();
    lead.trim_ascii_end().ends_with(b"#define")
}

/// The password in quotes behind the word for it: `wrong password "x" for bob`. Tokens and secrets so called may be those of a
/// language, or names.
fn quoted(walk: &mut Walk<'_>, open: usize, end: usize) -> Option<Hit> {
    let s = walk.s;
    let text = s
        .get(open + 1..end)
        .filter(|text| (4..=128).contains(&text.len()) && end < s.len())?;
    let name = name(s, open, walk.floor).filter(|name| name.quote == 0)?;
    let called = s.get(name.start..name.end)?.to_ascii_lowercase();
    if ![&b"pass"[..], b"pwd"].iter().any(|word| called.starts_with(word)) {
        return None;
    }
    let judged = walk.policy.judge(&called).filter(|judged| !judged.weak)?;
    let first = words_before(s, name.start, walk.floor, 1);
    let verb = s.get(first..name.start)?.trim_ascii();
    let refused = [
        &b"wrong"[..],
        b"invalid",
        b"incorrect",
        b"bad",
        b"using",
        b"with",
        b"rejected",
    ]
    .iter()
    .any(|word| word.eq_ignore_ascii_case(verb));
    let plain = text.iter().any(|b| *b <= b' ') || is_remark(text) || walk.policy.knows(text);
    // All of a line, as in the settings of a program.
    let line = matches!(before(s, name.start), 0 | b'\n') && matches!(at(s, end + 1), 0 | b'\n' | b'\r');
    let line = line && !text.iter().any(|b| *b <= b' ');
    if judged.verdict.class != Class::Credential || !line && (plain || !(refused || is_odd(walk.policy, text))) {
        return None;
    }
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    walk.treated(judged.verdict, (open + 1, end))
}
