//! Members that come as two: one says what the secret is called, the other what it is. `{"name":"DB_PASSWORD","value":"x"}`, in either
//! order, attributes of XML, and the parts of a form.

use super::list::word;
use super::marks::{balanced, closing, gap, gap_back, is_delimiter, is_name, opening, run};
use super::policy::{Policy, Verdict};
use super::shapes::{at, before};
use super::text::{Hit, Walk};
use super::words::role;
use super::{Class, Shape};

/// How far apart the two may be.
const NEAR: usize = 256;

/// The longest list of names that lead to one.
const LIST: usize = 128;

/// The longest name of a label.
const LABEL: usize = 12;

impl Policy {
    /// Whether the value of a member called `name` is a name itself (`key`, `field`).
    pub(crate) fn labels(&self, name: &[u8]) -> bool {
        let mut lower = [0; LABEL];
        let Some(word) = lower.get_mut(..name.len()) else {
            return false;
        };
        word.copy_from_slice(name);
        word.make_ascii_lowercase();
        self.roles(word) & role::LABEL != 0
    }

    /// What the policy says of the `name` that is the value of `label`.
    pub(crate) fn named(&self, label: &[u8], name: &[u8]) -> Option<Verdict> {
        let judged = self.judge(name)?;
        // A `type` is also that of a token of some language, a `path` one of files.
        let vague = [&b"type"[..], b"id", b"path"]
            .iter()
            .any(|word| word.eq_ignore_ascii_case(label));
        // Unless it leads to a member, as a JSON pointer does: `/users/0/token`.
        let member = |name: &[u8]| {
            let last = name.rsplit(|b| *b == b'/').next().unwrap_or_default();
            name.starts_with(b"/") && !last.contains(&b'.') && self.judge(last).is_some_and(|judged| !judged.weak)
        };
        let vague = vague && !member(name);
        (!vague || judged.verdict.class == Class::Credential).then_some(judged.verdict)
    }
}

/// Remembers a sensitive name that stands as the value of `text` (`name`, `key`), and finds what follows it as the part of a form.
pub(super) fn remember(walk: &mut Walk<'_>, text: &[u8], value: usize) -> Option<Hit> {
    if !walk.policy.labels(text) {
        return None;
    }
    let s = walk.s;
    let (verdict, end) = named(walk, text, value)?;
    walk.policy.shape(Shape::Pair, verdict.class)?;
    walk.label = Some((verdict, end));
    let part = part(s, end, &mut walk.boundless)?;
    walk.treated(verdict, part)
}

/// The verdict on the name that is the value at `value`, and where it ends.
fn named(walk: &Walk<'_>, label: &[u8], value: usize) -> Option<(Verdict, usize)> {
    let s = walk.s;
    // `"loc":["body","password"]`: the last one.
    if at(s, value) == b'[' {
        let list = s.get(value..(value + LIST).min(s.len()))?;
        let list = list.get(..list.iter().position(|b| *b == b']')?)?;
        let edge = |b: &u8| matches!(b, b'"' | b'\'' | b'\\');
        let end = list.iter().rposition(|b| !edge(b))? + 1;
        let start = list.get(..end)?.iter().rposition(|b| edge(b) || *b == b',')? + 1;
        let judged = walk.policy.judge(list.get(start..end)?)?;
        return Some((judged.verdict, value + list.len() + 1));
    }
    let mut start = value;
    while matches!(at(s, start), b'\\' | b'"' | b'\'' | b'`' | b'/') && start < value + NEAR {
        start += 1;
    }
    let mut end = word(s, start);
    // `key: Static("password")`
    if at(s, end) == b'(' {
        let inside = end + 1 + run(s, end + 1, b'\\') + 1;
        let close = word(s, inside);
        let verdict = walk.policy.named(label, s.get(inside..close)?)?;
        end = close + s.get(close..)?.iter().take(8).position(|b| *b == b')')? + 1;
        return Some((verdict, end));
    }
    // With the slash of a JSON pointer.
    let from = start - usize::from(before(s, start) == b'/');
    Some((walk.policy.named(label, s.get(from..end)?)?, end))
}

/// The verdict on a value, at `value`, whose name is `text` (`value`, `new`): of a label before it, or behind it.
pub(super) fn content(walk: &mut Walk<'_>, start: usize, text: &[u8], value: usize) -> Option<Verdict> {
    if !walk.policy.holds(text) {
        return None;
    }
    let Some((verdict, end)) = walk.label.filter(|(_, end)| start.saturating_sub(*end) <= NEAR) else {
        walk.label = None;
        return behind(walk, value)
            .or_else(|| within_type(walk, start))
            .or_else(|| heading(walk, start, text));
    };
    match within(walk.s.get(end..start).unwrap_or_default()) {
        // Both the old and the new value may follow.
        Some(true) => {
            walk.label = Some((verdict, skip(walk.s, value)));
            Some(verdict)
        }
        Some(false) => None,
        None => {
            walk.label = None;
            behind(walk, value).or_else(|| within_type(walk, start))
        }
    }
}

/// The verdict on the type whose first member is called at `start`: `Token { value: "x" }`.
fn within_type(walk: &Walk<'_>, start: usize) -> Option<Verdict> {
    let s = walk.s;
    let open = gap_back(s, start).checked_sub(1).filter(|open| at(s, *open) == b'{')?;
    let end = open - usize::from(before(s, open) == b' ');
    let head = s.get(end.saturating_sub(LIST / 2)..end)?;
    let len = head.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
    let name = head.get(head.len() - len..)?;
    let judged = walk
        .policy
        .judge(name)
        .filter(|judged| !judged.weak && judged.end == judged.words)?;
    // `InvalidToken { value: .. }` says what is wrong.
    let about = walk.policy.leads(name) & (role::META | role::ASK | role::NO_TOKEN | role::VERB) != 0;
    (name.first()?.is_ascii_uppercase() && !about).then_some(judged.verdict)
}

/// The verdict on the line above, which says what was looked at, as a validator prints it: `input_value='x'` below `user.password`.
fn heading(walk: &Walk<'_>, start: usize, text: &[u8]) -> Option<Verdict> {
    if text != b"input_value" {
        return None;
    }
    let lead = walk.s.get(start.saturating_sub(NEAR)..start)?;
    let end = lead.iter().rposition(|b| *b == b'\n')?;
    let line = lead.get(..end)?;
    let line = line.get(line.iter().rposition(|b| *b == b'\n').map_or(0, |k| k + 1)..)?;
    let last = line.rsplit(|b| *b == b'.').next()?;
    walk.policy.judge(last).map(|judged| judged.verdict)
}

/// Whether what stands behind `text` is a member of the same object; `None` if that has ended.
fn within(text: &[u8]) -> Option<bool> {
    let mut depth = 0u32;
    for b in text {
        match b {
            b'{' | b'[' | b'(' | b'<' => depth += 1,
            b'}' | b']' | b')' | b'>' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    Some(depth == 0)
}

/// The verdict of a label that stands behind the value at `value`, among the next few members.
fn behind(walk: &Walk<'_>, value: usize) -> Option<Verdict> {
    let first = skip(walk.s, value);
    let s = walk.s.get(..(first + NEAR).min(walk.s.len()))?;
    let mut i = first;
    for _ in 0..4 {
        loop {
            let on = gap(s, i);
            let sign = matches!(at(s, on), b',' | b';' | b'&' | b'"' | b'\'' | b'`' | b'\\');
            i = on + usize::from(sign);
            if !sign {
                break;
            }
        }
        let len = s.get(i..)?.iter().take_while(|b| is_name(**b)).count();
        let name = s.get(i..i + len).filter(|name| !name.is_empty())?;
        i += len;
        i += run(s, i, b'\\');
        i += usize::from(matches!(at(s, i), b'"' | b'\'' | b'`'));
        i = gap(s, i);
        if !matches!(at(s, i), b':' | b'=') {
            return None;
        }
        i = gap(s, i + 1);
        if walk.policy.labels(name)
            && let Some((verdict, _)) = named(walk, name, i)
        {
            return Some(verdict);
        }
        i = skip(s, i);
    }
    None
}

/// Behind the value at `i`.
fn skip(s: &[u8], i: usize) -> usize {
    if let Some((start, quote, level)) = opening(s, i) {
        return closing(s, start, quote, level) + level + 1;
    }
    let s = s.get(..(i + 2 * NEAR).min(s.len())).unwrap_or(s);
    if matches!(at(s, i), b'[' | b'{' | b'(') {
        return balanced(s, i);
    }
    let rest = s.get(i..).unwrap_or_default();
    i + rest.iter().position(|b| is_delimiter(*b)).unwrap_or(rest.len())
}

/// The body of the part of a form whose name ends at `i`. `boundless` keeps the end of the text up to which no boundary was found:
/// looking again would read the same bytes.
fn part(s: &[u8], i: usize, boundless: &mut usize) -> Option<(usize, usize)> {
    let mut i = i + run(s, i, b'\\');
    i += usize::from(matches!(at(s, i), b'"' | b'`'));
    if at(s, i) != b';' {
        line_break(s, i)?;
    }
    // What else its head says.
    let mut lines = 0;
    let start = loop {
        i += s
            .get(i..)?
            .iter()
            .take(128)
            .position(|b| matches!(b, b'\r' | b'\n' | b'\\'))?;
        i = line_break(s, i)?;
        if let Some(body) = line_break(s, i) {
            break body;
        }
        lines += 1;
        if lines > 4 {
            return None;
        }
    };
    // Up to the boundary; without one, the line.
    let mut end = None;
    let mut closed = false;
    let mut from = start;
    while !(closed || end.is_some() && *boundless == s.len()) {
        let rest = s.get(from..)?;
        let Some(k) = rest.iter().position(|b| matches!(b, b'\r' | b'\n' | b'\\')) else {
            break;
        };
        match line_break(s, from + k) {
            Some(after) => {
                if s.get(after..)?.starts_with(b"--") {
                    end = Some(from + k);
                    closed = true;
                }
                end = end.or(Some(from + k));
                from = after;
            }
            None => from += k + run(s, from + k, b'\\').max(1),
        }
    }
    if !closed {
        *boundless = s.len();
    }
    let end = end.unwrap_or(s.len());
    (end > start && before(s, start) != b'"').then_some((start, end))
}

/// The end of the line break at `i`, plain or escaped.
pub(super) fn line_break(s: &[u8], i: usize) -> Option<usize> {
    let one = |i: usize, plain: u8, letter: u8| {
        if at(s, i) == plain {
            return Some(i + 1);
        }
        let end = i + run(s, i, b'\\');
        (end > i && at(s, end) == letter).then_some(end + 1)
    };
    let after = one(i, b'\r', b'r').unwrap_or(i);
    one(after, b'\n', b'n')
}
