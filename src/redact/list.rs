//! Names and values side by side, with no sign of assignment between them: pairs in brackets, cells of a table, arrows.

use super::Shape;
use super::marks::{self, gap, gap_back, opening, run};
use super::notation::cells;
use super::owner;
use super::pair::{self, Name, name};
use super::policy::Policy;
use super::shapes::{at, before, mixed, run_to, set, sets};
use super::text::{Hit, Walk};
use super::value::Value;

/// Parts of the names of functions that take a name and what it is to be.
const SETTERS: [&[u8]; 18] = [
    b"set",
    b"put",
    b"add",
    b"insert",
    b"append",
    b"header",
    b"with",
    b"env",
    b"define",
    b"push",
    b"param",
    b"field",
    b"attr",
    b"property",
    b"pair",
    b"arg",
    b"bind",
    b"entry",
];

/// Bytes in which a bracket closes that is the second of two.
const INSIDE: usize = 1024;

/// The second of two in brackets whose first is a sensitive name, at its comma: `("password", "x")`, `[["password","x"]]`.
pub(super) fn pair(walk: &mut Walk<'_>, comma: usize) -> Option<Hit> {
    let s = walk.s;
    let last = before(s, comma - marks::blanks_back(s, comma));
    if !(last.is_ascii_alphanumeric() || matches!(last, b'"' | b'\'' | b'`' | b'_' | b']' | 0x80..)) {
        return None;
    }
    let name = name(s, comma, walk.floor)?;
    let quoted = name.quote != 0;
    let mut from = if quoted {
        name.start.checked_sub(1 + name.level)?
    } else {
        name.start
    };
    // `b"password"`
    if quoted && matches!(before(s, from), b'b' | b'u' | b'r') {
        from -= 1;
    }
    let open = gap_back(s, from).checked_sub(1)?;
    let bracket = at(s, open);
    if !matches!(bracket, b'(' | b'[' | b'{' | b',') {
        return None;
    }
    let start = gap(s, comma + 1);
    let called = s.get(name.start..name.end)?;
    let judged = walk
        .policy
        .judge(called)
        .or_else(|| owner::of_text(walk.policy, called, s, text_start(s, start)))?;
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    let text = opening(s, start).is_some();
    if bracket == b',' && !text {
        return None;
    }
    // What is no pair is read again behind its bracket, so that it must not be long. Behind a name without quotes nothing long is taken.
    let near = s.get(..(start + INSIDE).min(s.len())).unwrap_or(s);
    let short = !text && (!quoted || marks::bracket(s, start).is_some());
    let value = Value {
        s: if short { near } else { s },
        policy: walk.policy,
        judged,
        name,
        colon: name.quote == b'"',
    };
    let value = value.find(start)?;
    let text = s.get(value.hit.start..value.hit.end)?;
    // `("cert", POINTER(X509))`, `("token", true)`
    let call = at(s, start).is_ascii_alphabetic()
        && text.iter().any(|b| matches!(b, b'(' | b'['))
        && !text.starts_with(b"Some(");
    if call && opening(s, start).is_none() || matches!(text, b"true" | b"false") {
        return None;
    }
    let mut close = gap(s, value.hit.next);
    if at(s, close) == b',' {
        close = gap(s, close + 1);
    }
    let two = close >= s.len() || matches!((bracket, at(s, close)), (b'(', b')') | (b'[', b']') | (b'{', b'}'));
    // Names may stand beside names, in a list of columns: what is a secret must then look like one.
    let number = text.len() > 3 && text.iter().all(u8::is_ascii_digit) && quoted;
    let odd = number || is_odd(walk.policy, text);
    let listed = matches!(before(s, gap_back(s, open)), b'[' | b',' | b'(' | b'{');
    let callee = callee(s, open);
    let plain = is_known(walk.policy, text);
    let pair = if bracket == b',' {
        // `["user","bob","password","x"]`, `["mysql","--password","x"]`
        let option = s.get(name.start..name.end)?.starts_with(b"--") && at(s, text_start(s, start)) != b'-';
        (option || odd && !judged.weak) && opening(s, start).is_some()
    } else if !quoted || judged.weak {
        odd && (two || quoted)
    } else if listed {
        two && !(plain && text.contains(&b' ')) || odd
    } else if !callee.is_empty() {
        let debug = callee.first().is_some_and(u8::is_ascii_uppercase);
        let sets = || {
            SETTERS
                .iter()
                .any(|verb| memchr::memmem::find(&callee.to_ascii_lowercase(), verb).is_some())
        };
        two && (!plain && (debug || sets()) || callee == b"define" && !judged.weak) || odd
    } else {
        bracket != b'[' && two && !plain || odd
    };
    if !pair {
        return None;
    }
    if value.done {
        walk.skip = value.hit.next;
    }
    (!value.done && value.hit.start >= walk.floor).then_some(value.hit)
}

/// Where the text of the value at `i` begins, behind its quote.
fn text_start(s: &[u8], i: usize) -> usize {
    opening(s, i).map_or(i, |(text, ..)| text)
}

/// The argument behind an option, both in quotes of their own: `"--password" "x"`. Its dashes begin at `i`.
pub(super) fn argument(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let s = walk.s;
    let end = run_to(s, i + 2, set::URL64, 64);
    let level = run(s, end, b'\\');
    if at(s, end + level) != before(s, i) {
        return None;
    }
    let start = gap(s, end + level + 1);
    if at(s, text_start(s, start)) == b'-' {
        return None;
    }
    opening(s, start)?;
    let judged = walk.policy.judge(s.get(i + 2..end)?)?;
    let name = Name {
        start: i,
        end,
        quote: before(s, i),
        level,
    };
    pair::valued(walk, judged, name, false, start)
}

/// What is called with the bracket at `open`.
fn callee(s: &[u8], open: usize) -> &[u8] {
    let head = s.get(open.saturating_sub(32)..open).unwrap_or_default();
    let len = head
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
        .count();
    head.get(head.len() - len..).unwrap_or_default()
}

/// The cell behind a comma whose cell before it is a sensitive name.
pub(super) fn cell(walk: &Walk<'_>, comma: usize) -> Option<Hit> {
    let ((from, to), (start, end)) = cells(walk.s, comma, walk.floor)?;
    let judged = walk.policy.judge(walk.s.get(from..to)?).filter(|judged| !judged.weak)?;
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    let done = walk.policy.is_done(judged.verdict, walk.s.get(start..end)?);
    (!done).then_some(Hit {
        start,
        end,
        verdict: judged.verdict,
        quotes: None,
        next: end,
        shape: false,
    })
}

/// The cell behind a tab, if the one before it opens the line and names a secret.
pub(super) fn tab(walk: &mut Walk<'_>, tab: usize) -> Option<Hit> {
    let s = walk.s;
    let name = name(s, tab, walk.floor).filter(|name| name.quote == 0 && name.end == tab)?;
    let start = tab + 1;
    let end = start
        + s.get(start..)?
            .iter()
            .position(|b| *b <= b' ' || matches!(b, b'&' | b',' | b';' | b'"' | b'\''))
            .unwrap_or(s.len() - start);
    // A sign behind the tab parts the two by itself.
    let signed = matches!(at(s, start), b':' | b'=');
    if signed || !matches!(before(s, name.start), 0 | b'\n' | b'\r') || !is_odd(walk.policy, s.get(start..end)?) {
        return None;
    }
    let judged = walk
        .policy
        .judge(s.get(name.start..name.end)?)
        .filter(|judged| !judged.weak)?;
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    walk.treated(judged.verdict, (start, end))
}

/// What an arrow points to: `password -> x`, and the new value in `password: x -> y`. The arrow ends at `i`.
pub(super) fn arrow(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let s = walk.s;
    let start = gap(s, i + 1);
    if !matches!(before(s, i - 1), b' ' | b'\t' | b'\n') {
        return None;
    }
    let glued = start == i + 1;
    let lead = gap_back(s, i - 1);
    let (judged, name) = match walk.last.filter(|(_, end)| *end == lead && !glued) {
        Some((judged, _)) => {
            let name = Name {
                start: lead,
                end: lead,
                quote: 0,
                level: 0,
            };
            (judged, name)
        }
        None => {
            let name = name(s, i - 1, walk.floor)?;
            let judged = walk
                .policy
                .judge(s.get(name.start..name.end)?)
                .filter(|judged| !judged.weak)?;
            let end = start
                + s.get(start..)?
                    .iter()
                    .position(|b| *b <= b' ' || matches!(b, b'&' | b',' | b';' | b'"' | b'\''))
                    .unwrap_or(s.len() - start);
            // What is not parted may be a member: `token ->value()`.
            let call = glued && memchr::memchr(b'(', s.get(start..end)?).is_some();
            if call || opening(s, start).is_none() && !is_odd(walk.policy, s.get(start..end)?) {
                return None;
            }
            (judged, name)
        }
    };
    pair::valued(walk, judged, name, false, start)
}

/// Whether this looks like a secret and like no name: letters and digits, or signs that no word has.
pub(super) fn is_odd(policy: &Policy, text: &[u8]) -> bool {
    let word = |b: &u8| {
        b.is_ascii_alphabetic()
            || matches!(
                b,
                b'_' | b'-' | b'.' | b'/' | b' ' | b',' | b':' | b'(' | b')' | b'\'' | 0x80..
            )
    };
    (6..=512).contains(&text.len())
        && (mixed(text) || !text.iter().all(word) && !text.contains(&b' '))
        && !matches!(text.first(), Some(b'/' | b'<' | b'{' | b'$' | b'%' | b'=' | b'^'))
        && !text.starts_with(b"--")
        && !text.ends_with(b":")
        // Another name, with a value of its own.
        && !holds_pair(text)
        && !is_known(policy, text)
}

/// Whether a name and an equals sign stand in it, with no sign before them that no name has.
fn holds_pair(text: &[u8]) -> bool {
    let sign = memchr::memchr(b'=', text).filter(|k| *k + 1 < text.len() && at(text, k + 1) != b'=');
    sign.is_some_and(|k| {
        let name = text.get(..k).unwrap_or_default();
        let from = name
            .iter()
            .rposition(|b| matches!(b, b' ' | b'&' | b';' | b','))
            .map_or(0, |k| k + 1);
        let name = name.get(from..).unwrap_or_default();
        name.iter().all(|b| sets(*b) & (set::URL64 | set::DOT) != 0)
    })
}

/// Whether this is a name or a word of names. With digits in it, it may be a secret that happens to hold a name.
fn is_known(policy: &Policy, text: &[u8]) -> bool {
    let word = |b: &u8| sets(*b) & (set::URL64 | set::DOT) != 0;
    text.len() <= 64 && (text.iter().all(word) && policy.knows(text) || !mixed(text) && policy.judge(text).is_some())
}

/// Where the word at `i` ends that may be the name of something.
pub(super) fn word(s: &[u8], i: usize) -> usize {
    run_to(s, i, set::URL64 | set::DOT | set::SLASH, 96)
}
