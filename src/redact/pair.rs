//! A sensitive name within a text, and its value: JSON members, query strings, header lines, `Debug` output, logfmt, connection strings,
//! XML elements and what people write.
//!
//! The name is read back from its separator, the value forward. What a value is depends on how it begins: quotes, at any depth of
//! escaping; brackets; a `Debug` form such as `Some(..)`; or a run of bytes up to the next thing that cannot be meant.

use super::Shape;
use super::notation::{block, cells, declaration, declared, is_process, is_type};
use super::policy::{Judged, Policy, Verdict};
use super::shapes::{at, auth, before, mixed, reads, run_to, set};
use super::text::{Hit, Walk};
use super::words::role;

/// Bytes that are looked back for a name.
const NAME: usize = 96;

/// A name before a separator.
#[derive(Clone, Copy)]
pub(super) struct Name {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Its quote, or NUL, and the backslashes before each.
    quote: u8,
    level: usize,
}

/// The value of the name before the separator at `sep`, a colon or an equals sign.
pub(super) fn find(walk: &mut Walk<'_>, sep: usize) -> Option<Hit> {
    let s = walk.s;
    let colon = at(s, sep) == b':';
    // The equals sign of `:=` speaks for both.
    if colon && at(s, sep + 1) == b'=' {
        return None;
    }
    let mut from = sep + 1;
    while !colon && from < sep + 3 && matches!(at(s, from), b'=' | b'>' | b'~') {
        from += 1;
    }
    let mut name = name(s, sep, walk.floor)?;
    let mut text = s.get(name.start..name.end)?;
    let value = from + blanks(s, from);
    if colon {
        // The equals sign of `token: String = ..` speaks for both, and of `sshd[7]: ..` nothing is called.
        let tag = at(s, value.wrapping_sub(1)) == b' ' && name.quote == 0 && is_process(text);
        if tag || declared(s, value) {
            return None;
        }
    } else if is_type(text) && name.quote == 0 {
        // `var token string = ..`, `let token: &str = ..`
        if let Some(before) = declaration(s, name.start, walk.floor) {
            name = before;
            text = s.get(name.start..name.end)?;
        }
    } else if matches!(text, b"PWD" | b"OLDPWD") && matches!(at(s, value), b'/' | b'~') {
        // The working directory.
        return None;
    }
    let Some(judged) = judge(walk, name, text, colon, value) else {
        labelled(walk, text, value);
        return None;
    };
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    let value = Value {
        s,
        policy: walk.policy,
        judged,
        name,
        colon,
    }
    .find(value)?;
    if value.done {
        walk.skip = value.hit.next;
    }
    (!value.done && value.hit.start >= walk.floor).then_some(value.hit)
}

/// What a type or a setter called like a secret holds: `ApiKey("x")`, `Some(Password("x"))`, `setPassword("x")`.
pub(super) fn tuple(walk: &mut Walk<'_>, open: usize) -> Option<Hit> {
    let s = walk.s;
    let first = at(s, open + 1);
    let quoted = matches!(first, b'"' | b'\'' | b'\\');
    let held = quoted || matches!(first, b'0'..=b'9' | b'[' | b'S');
    if !held || !before(s, open).is_ascii_alphanumeric() {
        return None;
    }
    let name = name(s, open, walk.floor)?;
    let text = s.get(name.start..name.end)?;
    let setter = ["set", "with"].iter().any(|verb| text.starts_with(verb.as_bytes()));
    // `InvalidToken("at 3")` says what is wrong.
    let about = walk.policy.leads(text) & (role::META | role::ASK | role::NO_TOKEN | role::VERB) != 0;
    let held = first != b'S' || s.get(open + 1..)?.starts_with(b"Some(");
    if !(text.first().is_some_and(u8::is_ascii_uppercase) && held && !about || setter && quoted) {
        return None;
    }
    let judged = walk.policy.judge(text).filter(|judged| !judged.weak)?;
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    let mut value = Value {
        s,
        policy: walk.policy,
        judged,
        name,
        colon: false,
    }
    .find(open + 1)?;
    if at(s, value.hit.next) == b',' && !setter {
        // Of several parts all go.
        let end = balanced(s, open) - 1;
        value.hit.start = open + 1;
        value.hit.end = end.max(value.hit.next);
        value.hit.next = value.hit.end;
    }
    if value.done {
        walk.skip = value.hit.next;
    }
    (!value.done && value.hit.start >= walk.floor).then_some(value.hit)
}

/// The string of a statement: `api_key "x";`. The quote is at `open`.
pub(super) fn statement(walk: &mut Walk<'_>, open: usize) -> Option<Hit> {
    let s = walk.s;
    if !matches!(before(s, open), b' ' | b'\t') || !before(s, open - 1).is_ascii_alphanumeric() {
        return None;
    }
    let end = closing(s, open + 1, at(s, open), 0);
    if at(s, end + 1) != b';' || end == open + 1 {
        return None;
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
    {
        return None;
    }
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    walk.treated(judged.verdict, (open + 1, end))
}

/// What is said in a sentence: `the password is x`. The word `is` begins at `i`.
pub(super) fn said(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let s = walk.s;
    if before(s, i) != b' ' {
        return None;
    }
    let start = i + 2 + usize::from(at(s, i + 2) == b':');
    let start = start + blanks(s, start);
    let end = start
        + s.get(start..)?
            .iter()
            .position(|b| *b <= b' ')
            .unwrap_or(s.len() - start);
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
    if text.len() < 8 || text.len() > 128 || !mixed(text) || text.contains(&b'=') {
        return None;
    }
    let name = name(s, i, walk.floor).filter(|name| name.quote == 0)?;
    let judged = walk
        .policy
        .judge(s.get(name.start..name.end)?)
        .filter(|judged| !judged.weak)?;
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    walk.treated(judged.verdict, (start, start + text.len()))
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
    })
}

/// The text of an XML element whose start tag ends at `close`.
pub(super) fn element(walk: &Walk<'_>, close: usize) -> Option<Hit> {
    let s = walk.s;
    let back = s.get(close.saturating_sub(256).max(walk.floor)..close)?;
    let open = back
        .iter()
        .rposition(|b| matches!(b, b'<' | b'>'))
        .filter(|k| back.get(*k) == Some(&b'<'))?;
    let tag = back.get(open + 1..)?;
    let tag = tag.get(..tag.iter().position(|b| *b <= b' ').unwrap_or(tag.len()))?;
    if !tag.first()?.is_ascii_alphabetic() || before(s, close) == b'/' {
        return None;
    }
    let judged = walk.policy.judge(tag)?;
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    let mut start = close + 1;
    let data = s.get(start..)?.starts_with(b"<![CDATA[");
    if data {
        start += 9;
    }
    let rest = s.get(start..)?;
    let end = if data {
        memchr::memmem::find(rest, b"]]>")
    } else {
        memchr::memchr(b'<', rest)
    };
    let end = start + end?;
    let text = s.get(start..end)?.trim_ascii();
    let done = text.is_empty() || walk.policy.is_done(judged.verdict, text);
    (!done).then_some(Hit {
        start,
        end,
        verdict: judged.verdict,
        quotes: None,
        next: end,
    })
}

/// Judges the name, with the words before it where it takes them to know.
fn judge(walk: &mut Walk<'_>, name: Name, text: &[u8], colon: bool, value: usize) -> Option<Judged> {
    let s = walk.s;
    let alone = walk.policy.judge(text);
    if name.quote != 0 {
        return alone.or_else(|| content(walk, name, text));
    }
    let spaced = before(s, name.start) == b' ';
    match alone {
        Some(judged) if colon && spaced => {
            let first = words_before(s, name.start, walk.floor, 1);
            if first == name.start {
                return Some(judged);
            }
            // A colon in a sentence: `unexpected token: x`, `tests pass: 3`.
            let prose =
                at(s, value.saturating_sub(1)) == b' ' && !matches!(at(s, value), b'"' | b'\'' | b'\\' | b'[' | b'{');
            if judged.weak && prose {
                return None;
            }
            walk.policy.judge(s.get(first..name.end)?).map(|_| judged)
        }
        Some(judged) => Some(judged),
        // A name of several words: `api key: x`, `Card number = 1`.
        None if spaced && (!colon || before(s, value) == b' ') => {
            let first = words_before(s, name.start, walk.floor, 3);
            let judged = (first < name.start)
                .then(|| walk.policy.judge(s.get(first..name.end)?))
                .flatten();
            let reaches = |judged: &Judged| judged.end == judged.words && !judged.weak;
            judged.filter(reaches).or_else(|| content(walk, name, text))
        }
        None => content(walk, name, text),
    }
}

/// `value` behind a sensitive `name`: `{"name":"DB_PASSWORD","value":"x"}`.
fn content(walk: &mut Walk<'_>, name: Name, text: &[u8]) -> Option<Judged> {
    let (verdict, end) = walk.label?;
    if text.len() > 8 || walk.policy.roles(text) & role::CONTENT == 0 {
        return None;
    }
    walk.label = None;
    (name.start.saturating_sub(end) <= 64).then_some(Judged {
        verdict,
        weak: false,
        line: false,
        words: 1,
        first: 0,
        end: 1,
    })
}

/// Remembers a sensitive name that stands as the value of `name`, `key` and the like.
fn labelled(walk: &mut Walk<'_>, text: &[u8], value: usize) {
    if text.len() > 10 || walk.policy.roles(text) & role::LABEL == 0 {
        return;
    }
    let s = walk.s;
    let mut start = value;
    while matches!(at(s, start), b'\\' | b'"' | b'\'') && start < value + 16 {
        start += 1;
    }
    let end = run_to(s, start, set::URL64 | set::DOT, NAME);
    if let Some(judged) = s.get(start..end).and_then(|name| walk.policy.judge(name)) {
        walk.label = Some((judged.verdict, end));
    }
}

/// The name that ends before `sep`.
pub(super) fn name(s: &[u8], sep: usize, floor: usize) -> Option<Name> {
    let mut end = sep;
    // `:=`, `?=`, `+=`, `||=`, `!=` and `:::=`.
    while sep - end < 3 && matches!(before(s, end), b':' | b'!' | b'?' | b'+' | b'|' | b'~') {
        end -= 1;
    }
    let blank = s
        .get(end.saturating_sub(8)..end)?
        .iter()
        .rev()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    end -= blank;
    // `config["password"] = ..`
    if before(s, end) == b']' && matches!(before(s, end - 1), b'"' | b'\'') {
        end -= 1;
    }
    let quote = match before(s, end) {
        b @ (b'"' | b'\'' | b'`') => b,
        _ => 0,
    };
    let mut level = 0;
    if quote != 0 {
        end -= 1;
        level = s
            .get(end.saturating_sub(16)..end)?
            .iter()
            .rev()
            .take_while(|b| **b == b'\\')
            .count();
        end -= level;
    }
    let head = s.get(end.saturating_sub(NAME).max(floor.min(end))..end)?;
    let mut start = end;
    if quote == 0 {
        start -= head.iter().rev().take_while(|b| is_name(**b)).count();
        // The letter of an escaped line break is not the name's.
        if before(s, start) == b'\\' && matches!(at(s, start), b'n' | b'r' | b't') {
            start += 1;
        }
    } else {
        let inside = head
            .iter()
            .rev()
            .position(|b| *b == quote || *b < b' ' || matches!(b, b'\\' | b'{' | b'='))?;
        start -= inside;
        if before(s, start) != quote {
            return None;
        }
    }
    (start < end).then_some(Name {
        start,
        end,
        quote,
        level,
    })
}

/// The start of up to `count` words, each a single blank apart, before `start`.
fn words_before(s: &[u8], start: usize, floor: usize, count: usize) -> usize {
    let mut first = start;
    for _ in 0..count {
        let end = first.saturating_sub(1);
        if first == 0 || at(s, end) != b' ' {
            break;
        }
        let head = s
            .get(end.saturating_sub(24).max(floor.min(end))..end)
            .unwrap_or_default();
        let len = head
            .iter()
            .rev()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
            .count();
        if len == 0 {
            break;
        }
        first = end - len;
    }
    first
}

/// A value to be delimited.
struct Value<'a> {
    s: &'a [u8],
    policy: &'a Policy,
    judged: Judged,
    name: Name,
    colon: bool,
}

/// A value as it was delimited.
struct Delimited {
    hit: Hit,
    /// It is what a policy writes, and stays.
    done: bool,
}

impl Value<'_> {
    fn find(&self, at_: usize) -> Option<Delimited> {
        let s = self.s;
        let first = at(s, at_);
        if first < b' ' {
            return None;
        }
        if self.colon
            && matches!(first, b'|' | b'>')
            && let Some((start, end)) = block(s, at_)
        {
            return self.hit(start, end, None);
        }
        if let Some((start, quote, level)) = opening(s, at_) {
            let end = closing(s, start, quote, level);
            let start = auth::scheme(s, start).map_or(start, |(credentials, _)| credentials.min(end));
            let text = s.get(start..end).filter(|text| !text.is_empty())?;
            let done = self.policy.is_done(self.judged.verdict, text);
            // Behind the closing quote, if there is one.
            let next = (end + level + 1).min(s.len());
            return Some(Delimited {
                hit: Hit {
                    start,
                    end,
                    verdict: self.judged.verdict,
                    quotes: None,
                    next,
                },
                done,
            });
        }
        // A member of JSON that is no string becomes one.
        let quotes = (self.colon && self.name.quote == b'"').then_some(self.name.level);
        // Ours or another's, if nothing more hangs on it.
        if let Some(end) = placeholder(s, at_).filter(|end| self.unquoted(*end) == *end) {
            return self.hit(at_, end, None);
        }
        if let Some(open) = bracket(s, at_) {
            let end = balanced(s, open);
            let end = self.unquoted(end);
            let empty = end - open <= 2;
            return if empty { None } else { self.hit(at_, end, quotes) };
        }
        if quotes.is_none()
            && (self.judged.line || self.colon)
            && let Some((start, single)) = auth::scheme(s, at_)
        {
            let end = if single {
                self.unquoted(start)
            } else {
                self.line_end(start)
            };
            return self.hit(start, end, None);
        }
        let end = if quotes.is_none() && self.judged.line && self.colon {
            self.line_end(at_)
        } else {
            self.unquoted(at_)
        };
        let text = s.get(at_..end)?;
        if NOTHING.contains(&text) {
            return None;
        }
        // `password: token: x` is no value but another name.
        if text.ends_with(b":") && at(s, end) <= b' ' {
            return None;
        }
        let prose = self.colon && self.name.quote == 0 && before(s, at_) == b' ';
        if prose && REMARKS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
            return None;
        }
        self.hit(at_, end, quotes)
    }

    fn hit(&self, start: usize, end: usize, quotes: Option<usize>) -> Option<Delimited> {
        let verdict: Verdict = self.judged.verdict;
        let end = before_escape(self.s, start, end);
        let text = self.s.get(start..end)?;
        let done = self.policy.is_done(verdict, text);
        (end > start).then_some(Delimited {
            hit: Hit {
                start,
                end,
                verdict,
                quotes,
                next: end,
            },
            done,
        })
    }

    /// The quote that stands before an unquoted name: `-H "X-Api-Key: x"`.
    fn enclosing(&self) -> u8 {
        match before(self.s, self.name.start) {
            b @ (b'"' | b'\'' | b'`') if self.name.quote == 0 => b,
            _ => 0,
        }
    }

    /// Where a value without quotes ends: at white space, and at what begins something else. A byte that may belong to a password
    /// ends it only if what follows shows that it does not.
    fn unquoted(&self, start: usize) -> usize {
        let s = self.s;
        let enclosing = self.enclosing();
        let whole = self.judged.line && !self.colon;
        let lead = s
            .get(self.name.start.saturating_sub(2)..self.name.start)
            .unwrap_or_default()
            .trim_ascii_end();
        let listed = !self.colon && lead.last() == Some(&b';');
        let (mut depth, mut i) = (0u32, start);
        while let Some(&b) = s.get(i) {
            let next = at(s, i + 1);
            let stop = match b {
                b' ' if whole => before(s, i) != b';',
                // `;Password=a b;Encrypt=true`
                b' ' if listed => !self.list_goes_on(i),
                0..=b' ' => true,
                b'<' => true,
                b';' => !whole,
                b'"' | b'\'' | b'`' => b == enclosing || is_delimiter(next),
                b'\\' => match escape(s, i) {
                    Some(after) => {
                        i = after;
                        continue;
                    }
                    None => true,
                },
                b',' | b'&' | b'|' => {
                    !whole && (is_delimiter(next) || self.leads_to_name(i + 1)) && !(b != b',' && next == b)
                }
                b'(' | b'[' | b'{' => {
                    depth += 1;
                    false
                }
                b')' | b']' | b'}' if depth > 0 => {
                    depth -= 1;
                    false
                }
                b')' | b']' | b'}' | b'>' => is_delimiter(next),
                b'#' => matches!(before(s, self.name.start), b'?' | b'&'),
                _ => false,
            };
            if stop {
                break;
            }
            i += 1;
        }
        i
    }

    /// Whether the blank at `i` is within an item of a list with semicolons.
    fn list_goes_on(&self, i: usize) -> bool {
        let rest = self.s.get(i..).unwrap_or_default();
        let stop = rest
            .iter()
            .take(64)
            .position(|b| *b < b' ' || matches!(b, b';' | b'=' | b'"' | b'\'' | b'<'));
        stop.is_some_and(|k| rest.get(k) == Some(&b';'))
    }

    /// Whether `name=` or `name:` stands at `i`.
    fn leads_to_name(&self, i: usize) -> bool {
        let rest = self.s.get(i..).unwrap_or_default();
        let len = rest.iter().take(40).take_while(|b| is_name(**b)).count();
        len > 0 && matches!(rest.get(len), Some(b'=' | b':'))
    }

    /// The end of a header line, also of one whose break is escaped, or of a member written without quotes.
    fn line_end(&self, start: usize) -> usize {
        let s = self.s;
        let enclosing = self.enclosing();
        let lead = s
            .get(self.name.start.saturating_sub(4)..self.name.start)
            .unwrap_or_default()
            .trim_ascii_end();
        let inline = matches!(lead.last(), Some(b'{' | b'(' | b'[' | b','));
        let mut i = start;
        let mut open = false;
        while let Some(&b) = s.get(i) {
            let next = at(s, i + 1);
            let stop = match b {
                b'\n' | b'\r' => true,
                b'\\' => match escape(s, i) {
                    Some(after) => {
                        i = after;
                        continue;
                    }
                    None => !matches!(at(s, i + run(s, i, b'\\')), b't' | b'\''),
                },
                // A quoted parameter of the value itself (`username="bob"`), or the quote around it all.
                b'"' if enclosing == 0 && (open || matches!(before(s, i), b'=' | b' ')) => {
                    open = !open;
                    false
                }
                b'"' | b'\'' | b'`' => b == enclosing || enclosing == 0 && b == b'"' && is_delimiter(next),
                b',' | b'}' | b']' | b')' => inline,
                _ => false,
            };
            if stop {
                break;
            }
            i += 1;
        }
        while i > start && matches!(before(s, i), b' ' | b'\t') {
            i -= 1;
        }
        i
    }
}

/// Values that say there is none.
const NOTHING: &[&[u8]] = &[
    b"null",
    b"None",
    b"nil",
    b"undefined",
    b"<nil>",
    b"NULL",
    b"|",
    b"|-",
    b">",
    b">-",
    // `libpam-token:amd64`
    b"amd64",
    b"arm64",
    b"i386",
    b"armhf",
    b"noarch",
];

/// What stands behind the name of a secret in a sentence without being it.
const REMARKS: &[&[u8]] = &[
    b"required",
    b"invalid",
    b"missing",
    b"incorrect",
    b"wrong",
    b"expired",
    b"mismatch",
    b"changed",
    b"failed",
    b"ok",
    b"true",
    b"false",
    b"yes",
    b"no",
    b"none",
    b"empty",
    b"unset",
    b"set",
    b"must",
    b"is",
    b"too",
    b"not",
    b"cannot",
    b"should",
    b"the",
    b"a",
    b"an",
    b"unknown",
    b"valid",
    b"success",
    b"succeeded",
    b"denied",
    b"updated",
    b"reset",
    b"enabled",
    b"disabled",
    b"present",
    b"absent",
    b"unauthorized",
    b"expected",
    b"unexpected",
    b"malformed",
    b"rejected",
    b"accepted",
    b"revoked",
    b"bad",
];

/// The opening quote of a value: where its text begins, the quote, and the backslashes before it. Python and Rust put up to two
/// letters in front.
fn opening(s: &[u8], i: usize) -> Option<(usize, u8, usize)> {
    for prefix in 0..3 {
        let start = i + prefix;
        let level = s.get(start..)?.iter().take(16).take_while(|b| **b == b'\\').count();
        if let b @ (b'"' | b'\'' | b'`') = at(s, start + level) {
            return Some((start + level + 1, b, level));
        }
        if !matches!(
            at(s, start),
            b'b' | b'u' | b'r' | b'f' | b'B' | b'U' | b'R' | b'F' | b'@' | b'$'
        ) {
            return None;
        }
    }
    None
}

/// The end of a quoted text that was opened behind `level` backslashes.
///
/// A quote at depth `d` of escaping has `2^d - 1` backslashes before it; one inside the text has more, and they are not a
/// multiple of twice as many, and a few. Fewer close what is around it.
pub(super) fn closing(s: &[u8], start: usize, quote: u8, level: usize) -> usize {
    let rest = s.get(start..).unwrap_or_default();
    let mut from = 0;
    while let Some(k) = rest.get(from..).and_then(|tail| memchr::memchr(quote, tail)) {
        let k = from + k;
        let slashes = slashes(rest, k);
        if slashes < level || slashes % (2 * (level + 1)) == level {
            return start + k - slashes.min(level);
        }
        from = k + 1;
    }
    start + rest.len()
}

/// The end of the escape sequence at `i`, if it stands for something that a value may hold; `None` for a line break, a tab or a
/// quote, at whatever depth. The backslashes of a run belong together: half of one would spoil the string around it.
fn escape(s: &[u8], i: usize) -> Option<usize> {
    let end = i + run(s, i, b'\\');
    match at(s, end) {
        b'n' | b'r' | b't' | b'"' | b'\'' => None,
        b'u' if matches!(s.get(end..end + 4), Some([b'u', b'0', b'0', b'0' | b'1'])) => None,
        0 => Some(end),
        // Of a character of several bytes the rest follows.
        _ => Some(end + 1),
    }
}

/// How often `b` stands at `i`.
fn run(s: &[u8], i: usize, b: u8) -> usize {
    s.get(i..).unwrap_or_default().iter().take_while(|c| **c == b).count()
}

/// The end of a span without the backslashes that escape the quote behind it.
pub(super) fn before_escape(s: &[u8], start: usize, end: usize) -> usize {
    if matches!(at(s, end), b'"' | b'\'') {
        end - slashes(s, end).min(end - start)
    } else {
        end
    }
}

/// The number of backslashes before `i`.
pub(super) fn slashes(s: &[u8], i: usize) -> usize {
    s.get(..i)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(|b| **b == b'\\')
        .count()
}

/// `[redacted]` and its like at `i`: where it ends.
fn placeholder(s: &[u8], i: usize) -> Option<usize> {
    [
        &b"[redacted]"[..],
        b"[filtered]",
        b"[masked]",
        b"[hidden]",
        b"[removed]",
        b"<redacted>",
        b"[scrubbed]",
    ]
    .iter()
    .find(|text| reads(s, i, text))
    .map(|text| i + text.len())
}

/// The bracket that opens the value at `i`: itself, or behind the name of a `Debug` form.
fn bracket(s: &[u8], i: usize) -> Option<usize> {
    if matches!(at(s, i), b'[' | b'{' | b'(') {
        return Some(i);
    }
    if !at(s, i).is_ascii_alphabetic() {
        return None;
    }
    let rest = s.get(i..)?;
    let len = rest
        .iter()
        .take(64)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'))
        .count();
    let upper = at(s, i).is_ascii_uppercase();
    match (at(s, i + len), at(s, i + len + 1)) {
        (b'(', _) => Some(i + len),
        (b'{', _) if upper => Some(i + len),
        (b' ', b'{') if upper => Some(i + len + 1),
        _ => None,
    }
}

/// One past the bracket that closes the one at `open`; the end of the text if none does. Brackets in double quotes do not count.
fn balanced(s: &[u8], open: usize) -> usize {
    let mut depth = 0u32;
    let mut i = open;
    while let Some(&b) = s.get(i) {
        match b {
            b'[' | b'{' | b'(' => depth += 1,
            b']' | b'}' | b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return i + 1;
                }
            }
            b'"' => {
                let level = slashes(s, i);
                i = closing(s, i + 1, b'"', level) + level;
            }
            _ => {}
        }
        i += 1;
    }
    s.len()
}

pub(super) fn blanks(s: &[u8], i: usize) -> usize {
    s.get(i..)
        .unwrap_or_default()
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count()
}

/// Bytes of a name without quotes.
fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'[' | b']' | b'@' | b'$' | b'%') || b >= 0x80
}

/// What may follow the end of a value, and the end of the text.
fn is_delimiter(b: u8) -> bool {
    b <= b' '
        || matches!(
            b,
            b',' | b';' | b')' | b']' | b'}' | b'>' | b'"' | b'\'' | b'&' | b'\\' | b'|'
        )
}
