//! Several names that are given several values at once: `user, password := "bob", "x"`, `(user, password) = ("bob", "x")`, and the columns
//! that a database names, `Key (user, password)=(bob, x)`. Each value belongs to the name at its place.

use super::list::is_odd;
use super::marks::{blanks_back, closing, gap, opening};
use super::notation::is_type;
use super::policy::Judged;
use super::shapes::{at, before};
use super::text::{Hit, Walk};
use super::{Class, Shape};

/// Bytes before the sign in which the names stand.
const NAMES: usize = 160;
/// The most names.
const MOST: usize = 8;
/// Bytes behind the sign in which the values stand.
const VALUES: usize = 1024;
/// Bytes of a value beside its string.
const VALUE: usize = 128;

/// Names beside which an ordinary word such as `pass` is that of a secret.
const BESIDE: [&[u8]; 10] = [
    b"user",
    b"username",
    b"usr",
    b"login",
    b"host",
    b"id",
    b"uid",
    b"account",
    b"email",
    b"database",
];

/// A value: its text, and whether that stands in quotes of its own.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
    /// Where all that belongs to it ends: `"x".to_owned()`.
    pub(super) next: usize,
}

/// Queues the values behind the sign at `sep` whose names call them secrets. Says whether a name among several does, hidden already or
/// not: the last name alone does not own the first value.
pub(super) fn queue(walk: &mut Walk<'_>, sep: usize) -> bool {
    let Some(hits) = columns(walk, sep).or_else(|| find(walk, sep)) else {
        return false;
    };
    walk.queue.extend(hits);
    true
}

fn find(walk: &mut Walk<'_>, sep: usize) -> Option<Vec<Hit>> {
    if matches!(at(walk.s, sep + 1), b'=' | b'>') {
        return None;
    }
    let s = walk.s.get(..(sep + VALUES).min(walk.s.len()))?;
    let end = if before(s, sep) == b':' { sep - 1 } else { sep };
    let end = end - blanks_back(s, end);
    let lead = s.get(end.saturating_sub(NAMES).max(walk.floor.min(end))..end)?;
    memchr::memchr(b',', lead)?;
    let (lead, bracket) = names_of(lead)?;
    if !lead.iter().all(|b| plain(b) || *b == b',') {
        return None;
    }
    let names: Vec<&[u8]> = lead.split(|b| *b == b',').map(last_word).collect();
    if !(2..=MOST).contains(&names.len()) || names.iter().any(|name| name.is_empty()) {
        return None;
    }
    let judged: Vec<Option<Judged>> = names.iter().map(|name| walk.policy.judge(name)).collect();
    let known = |judged: &Judged| judged.verdict.class != Class::Contact;
    if !judged.iter().flatten().any(known) {
        return None;
    }
    let mut from = gap(s, sep + 1);
    if bracket {
        from = matches!(at(s, from), b'(' | b'[').then(|| gap(s, from + 1))?;
    }
    let mut parts = Vec::with_capacity(names.len());
    for k in 1..=names.len() {
        let part = part(s, from, false)?;
        parts.push(part);
        let next = gap(s, part.next);
        if k < names.len() {
            from = (at(s, next) == b',').then(|| gap(s, next + 1))?;
        } else if matches!(at(s, next), b')' | b']') != bracket
            || at(s, next) == b','
            || next >= s.len() && next < walk.s.len()
        {
            // More values, or the arguments of a function: `f(a, password="x", b)`.
            return None;
        }
    }
    let mut owned = parts.iter().any(|part| part.quoted);
    let login = names.iter().any(|name| BESIDE.iter().any(|word| ends_with(name, word)));
    let mut hits = Vec::new();
    for (judged, part) in judged.iter().zip(&parts) {
        let Some(judged) = judged.filter(known) else { continue };
        let text = s.get(part.start..part.end)?;
        // What is worked out is no secret itself: `login[0], login[1]`.
        let made = !part.quoted && text.iter().any(|b| matches!(b, b'(' | b'['));
        let made = made && !walk.policy.is_done(judged.verdict, text);
        owned |= made;
        let odd = is_odd(walk.policy, text) && !made;
        let said = if part.quoted {
            !judged.weak || login || odd
        } else {
            odd && !judged.weak || walk.policy.is_done(judged.verdict, text)
        };
        let on = walk.policy.shape(Shape::Pair, judged.verdict.class).is_some();
        if said && on && part.end > part.start && part.start >= walk.floor {
            owned = true;
            hits.extend(walk.treated(judged.verdict, (part.start, part.end)));
        }
    }
    owned.then_some(hits)
}

/// The names at the end of what stands before the sign, and whether they are in brackets.
fn names_of(lead: &[u8]) -> Option<(&[u8], bool)> {
    let inner = match lead.split_last()? {
        (b')', inner) => inner.get(inner.iter().rposition(|b| *b == b'(')? + 1..),
        (b']', inner) => inner
            .get(inner.iter().rposition(|b| *b == b'[')? + 1..)
            .filter(|inner| inner.contains(&b',')),
        _ => None,
    };
    if let Some(inner) = inner {
        return Some((inner, true));
    }
    let line = lead
        .iter()
        .rposition(|b| matches!(b, b'\n' | b';' | b'{' | b'`'))
        .map_or(0, |k| k + 1);
    let lead = lead.get(line..)?;
    // An escaped break, and what introduces it: `ran: user, password = ..`.
    let line = memchr::memrchr(b'\\', lead).map_or(0, |k| k + 2);
    let lead = lead.get(line..)?;
    let line = [&b": "[..], b":\"", b"=\""]
        .iter()
        .filter_map(|sign| memchr::memmem::rfind(lead, sign))
        .max()
        .map_or(0, |k| k + 2);
    Some((lead.get(line..)?, false))
}

/// The values of `Key (user, password)=(bob, x) already exists`, whose sign is at `sep`.
fn columns(walk: &mut Walk<'_>, sep: usize) -> Option<Vec<Hit>> {
    let s = walk.s;
    if before(s, sep) != b')' || at(s, sep + 1) != b'(' {
        return None;
    }
    let lead = s.get(sep.saturating_sub(NAMES).max(walk.floor)..sep - 1)?;
    let open = memchr::memrchr(b'(', lead)?;
    if !lead.get(..open)?.ends_with(b"Key ") {
        return None;
    }
    let names: Vec<&[u8]> = lead
        .get(open + 1..)?
        .split(|b| *b == b',')
        .map(<[u8]>::trim_ascii)
        .collect();
    let rest = s.get(sep + 2..(sep + VALUES).min(s.len()))?;
    let end = [&b") already exists"[..], b") is ", b") conflicts"]
        .iter()
        .filter_map(|word| memchr::memmem::find(rest, word))
        .min()
        .or_else(|| memchr::memchr(b')', rest))?;
    let text = rest.get(..end)?;
    let mut hits = Vec::new();
    let mut from = 0;
    for (k, name) in names.iter().enumerate() {
        let tail = text.get(from..)?;
        let len = if k + 1 == names.len() {
            tail.len()
        } else {
            memchr::memmem::find(tail, b", ")?
        };
        let judged = walk
            .policy
            .judge(name)
            .filter(|judged| judged.verdict.class != Class::Contact);
        if let Some(judged) = judged
            && walk.policy.shape(Shape::Pair, judged.verdict.class).is_some()
            && len > 0
        {
            let start = sep + 2 + from;
            hits.extend(walk.treated(judged.verdict, (start, start + len)));
        }
        from += len + 2;
    }
    (!hits.is_empty()).then_some(hits)
}

/// The value at `i`, up to the comma, the bracket or the line that ends it. In a call an equals sign names an argument, and a line may end
/// anywhere.
pub(super) fn part(s: &[u8], i: usize, call: bool) -> Option<Part> {
    // `Some("x")`
    let some = if s.get(i..)?.starts_with(b"Some(") { 5 } else { 0 };
    let string = opening(s, i + some);
    let (start, end, mut next) = match string {
        Some((start, quote, level)) => {
            let end = closing(s, start, quote, level);
            (start, end, (end + level + 1).min(s.len()))
        }
        None => (i, i, i),
    };
    let limit = next + VALUE;
    let mut depth = usize::from(string.is_some() && some > 0);
    while next < s.len() {
        match at(s, next) {
            b'"' | b'\'' | b'`' if depth > 0 || string.is_none() => {
                next = closing(s, next + 1, at(s, next), super::marks::slashes(s, next));
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => break,
            b')' | b']' | b'}' => depth -= 1,
            b',' | b';' if depth == 0 => break,
            b'\n' | b'\r' | b'\\' | b'"' if depth == 0 && !call => break,
            b'=' if depth == 0 && !call => return None,
            _ => {}
        }
        next += 1;
        if next > limit {
            return None;
        }
    }
    let next = next.min(s.len());
    let end = match string {
        Some(_) => end,
        None => i + s.get(i..next)?.trim_ascii_end().len(),
    };
    (next > i && end >= start).then_some(Part {
        start,
        end,
        quoted: string.is_some(),
        next,
    })
}

/// Whether it may stand in a name.
fn plain(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'[' | b']' | b'"' | b'\'' | b'$' | b' ' | b'@' | b'-')
}

/// The last word of a part, if what stands before it may declare it: `var a`, `let mut b`, `app.config["c"]`, `d string`.
fn last_word(part: &[u8]) -> &[u8] {
    let part = part.trim_ascii();
    let mut words = part.rsplit(|b| *b == b' ');
    let last = words.next().unwrap_or(part);
    let word = words.next().filter(|_| is_type(last)).unwrap_or(last);
    if part.len() <= 64 && word.first().is_some_and(|b| !b.is_ascii_digit()) {
        word
    } else {
        &[]
    }
}

/// Whether the last word of a name is this one.
fn ends_with(name: &[u8], word: &[u8]) -> bool {
    let lead = name.len().checked_sub(word.len());
    lead.is_some_and(|lead| {
        let own = !before(name, lead).is_ascii_alphabetic() || at(name, lead).is_ascii_uppercase();
        own && name.get(lead..).is_some_and(|end| end.eq_ignore_ascii_case(word))
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::shown;

    #[test]
    fn of_several_values_the_one_at_the_place_of_its_name_goes() {
        for text in [
            "user, password := \"bob\", \"{}\"",
            "a, token, b = 1, '{}', 2",
            "app.config[\"SECRET_KEY\"], n = \"{}\", 3",
            "user, pass = \"bob\", \"{}\"",
            "host, user, pass = \"h\", \"bob\", \"{}\"",
            "pass, user = '{}', 'bob'",
            "id, pin = \"bob\", \"{}\"",
            "var user, password string = \"bob\", \"{}\"",
            "@user, @password = \"bob\", \"{}\"",
            "user-name, password = \"bob\", \"{}\"",
            "(user, password) = (\"bob\", \"{}\")",
            "let (user, password) = (\"bob\".to_owned(), \"{}\".to_owned());",
            "const [user, password] = [\"bob\", \"{}\"];",
            "user, password = ask(a, \"b\"), \"{}\"",
            "ran: user, pass = \"bob\", \"{}\"",
            "user, password = bob, {}",
            "status, token = \"ok\", \"{}\"",
            "Key (password)=({}) already exists.",
            "Key (user, pass)=(bob, {}) is not present in table \"t\"",
        ] {
            let shown = shown(&text.replace("{}", "Blue42Moon"));
            assert_eq!(shown, text.replace("{}", "[redacted]"));
        }
    }

    #[test]
    fn arguments_are_no_series() {
        for text in [
            "  user, password=\"{}\", z=\"y\"):",
            "  user, password=\"{}\", timeout)",
        ] {
            let shown = shown(&text.replace("{}", "Blue42Moon"));
            assert_eq!(shown, text.replace("{}", "[redacted]"));
        }
        for text in [
            "user, name := \"bob\", \"Blue42Moon\"",
            "a, b = c, \"Blue42Moon\"",
            "pass, fail = \"ok\", \"bad\"",
            "user, password = get_user(), get_password()",
            "smtp.user, smtp.password = login[0], login_2[1]",
            "Key (id, name)=(12, Blue42Moon) already exists.",
        ] {
            assert_eq!(shown(text), text);
        }
    }
}
