//! A sensitive name within a text, and its value: JSON members, query strings, header lines, `Debug` output, logfmt, connection strings,
//! XML elements and what people write.
//!
//! The name is read back from its separator, the value forward. What a value is depends on how it begins: quotes, at any depth of
//! escaping; brackets; a `Debug` form such as `Some(..)`; or a run of bytes up to the next thing that cannot be meant.

use super::Shape;
use super::asked;
use super::compared;
use super::items;
use super::label;
use super::list::is_odd;
use super::login;
use super::manifest;
use super::marks::*;
use super::near;
use super::notation::{declaration, declared, is_process, is_type};
use super::owner;
use super::policy::{Judged, Verdict};
use super::shapes::{at, before, is_random, run_to, set};
use super::text::{Hit, Walk};
use super::value::Value;
use super::words::role;

/// A name of so many bytes that looks drawn by chance is none.
const LONG: usize = 16;
/// Bytes that are looked back for a name.
const NAME: usize = 96;
/// Bytes in which the data of an element ends; what is longer is taken up to the end of the text.
const DATA: usize = 1 << 14;
/// Bytes of a default in brackets behind it.
const DEFAULT: usize = 32;

/// A name before a separator.
#[derive(Clone, Copy)]
pub(super) struct Name {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Its quote, or NUL, and the backslashes before each.
    pub(super) quote: u8,
    pub(super) level: usize,
}

/// The value of the name before the separator at `sep`, a colon or an equals sign.
pub(super) fn find(walk: &mut Walk<'_>, sep: usize) -> Option<Hit> {
    walk.look_beyond(sep + 1);
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
    let end = behind_break(s, sep);
    let mut name = name(s, end, walk.floor)?;
    let mut text = s.get(name.start..name.end)?;
    // What looks drawn by chance has no name to give: the equals sign is the padding of base64, or an id stands before a colon.
    if name.quote == 0 && text.len() >= LONG && is_random(text) && text.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    // `*Password:* x`
    let marked = from + run(s, from, b'*').min(2);
    let from = if colon && at(s, marked) == b' ' { marked } else { from };
    let value = from + blanks(s, from);
    if !colon && let Some(hit) = compared::before_sign(walk, name, sep) {
        return Some(hit);
    }
    if colon {
        // The equals sign of `token: String = ..` speaks for both, and of `sshd[7]: ..` nothing is called.
        let tag = at(s, value.wrapping_sub(1)) == b' ' && name.quote == 0 && is_process(text);
        // Nor is the list of which a part is taken: `token[:1]`.
        if tag || text.ends_with(b"[") || declared(s, value) {
            return None;
        }
    } else if is_type(text) && name.quote == 0 {
        // `var token string = ..`, `let token: &str = ..`
        if let Some(before) = declaration(s, name.start, walk.floor) {
            name = before;
            text = s.get(name.start..name.end)?;
        }
    } else if text.eq_ignore_ascii_case(b"accesskey") && at(s, value + 2) == at(s, value) {
        // The key that one presses.
        return None;
    }
    // The working directory, and the name of a resource of Amazon.
    let place = [&b"pwd"[..], b"oldpwd"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text))
        && is_directory(s, value);
    let upper = matches!(text, b"PWD" | b"OLDPWD") && matches!(at(s, value), b'/' | b'~');
    // A part of an address: `2fa0:`.
    let part = text.len() <= 4
        && text.iter().all(u8::is_ascii_hexdigit)
        && (before(s, name.start) == b':' || at(s, run_to(s, value, set::ANY_HEX, 4)) == b':');
    if place || upper || colon && (part || before(s, name.start) == b':' && is_resource(s, name.start)) {
        return None;
    }
    match judge(walk, name, text, colon, value) {
        Some(judged) => valued(walk, judged, name, colon, value),
        None => {
            let user = || {
                let judged = login::owned(walk, name.start).filter(|_| colon && name.quote == 0)?;
                let rest = s.get(value..(value + NAME).min(s.len()))?;
                let end = rest.iter().position(|b| *b <= b' ').unwrap_or(rest.len());
                is_odd(walk.policy, rest.get(..end)?).then_some(judged)
            };
            if let Some(judged) = user()
                .or_else(|| near::find(walk, name, text, value))
                .or_else(|| owner::find(walk, name, text, value))
            {
                return valued(walk, judged, name, colon, value);
            }
            if let Some(hit) = manifest::find(walk, name, text, value) {
                return Some(hit);
            }
            walk.lists(text, value);
            label::remember(walk, text, value)
        }
    }
}

/// Whether a path stands at `i` that begins where those of directories do.
fn is_directory(s: &[u8], i: usize) -> bool {
    let rest = s.get(i..).unwrap_or_default();
    [
        &b"/home/"[..],
        b"/root",
        b"/usr/",
        b"/var/",
        b"/tmp",
        b"/opt/",
        b"/srv/",
        b"/etc",
        b"/mnt/",
        b"/Users/",
        b"~/",
    ]
    .iter()
    .any(|root| rest.starts_with(root))
}

/// Whether the part of a name at `i` belongs to one as `arn:aws:secretsmanager:…:secret:x`.
fn is_resource(s: &[u8], i: usize) -> bool {
    let lead = s.get(i.saturating_sub(NAME)..i).unwrap_or_default();
    let word = lead
        .rsplit(|b| *b <= b' ' || matches!(b, b'"' | b'\'' | b',' | b'='))
        .next();
    word.is_some_and(|word| word.starts_with(b"arn:"))
}

/// The value at `start` of a name that was judged.
pub(super) fn valued(walk: &mut Walk<'_>, judged: Judged, name: Name, colon: bool, start: usize) -> Option<Hit> {
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    let value = Value {
        s: walk.s,
        policy: walk.policy,
        judged,
        name,
        colon,
    }
    .find(start)?;
    walk.last = Some((judged, value.hit.next));
    if value.done {
        walk.skip = value.hit.next;
    }
    let hit = (!value.done && value.hit.start >= walk.floor).then_some(value.hit)?;
    (!items::queue(walk, hit)).then_some(hit)
}

/// Where the name before the separator at `sep` ends: before the line break, if one stands between.
fn behind_break(s: &[u8], sep: usize) -> usize {
    let end = gap_back(s, sep);
    let quoted = matches!(before(s, end), b'"' | b'\'' | b'`');
    let broken = s
        .get(end..sep)
        .is_some_and(|gap| gap.iter().any(|b| matches!(b, b'\n' | b'n')));
    // Underlined headings and lists of definitions look so, too.
    if broken && (quoted || at(s, sep + 1) == b' ') {
        end
    } else {
        sep
    }
}

/// What a type or a setter called like a secret holds: `ApiKey("x")`, `Some(Password("x"))`, `setPassword("x")`.
pub(super) fn tuple(walk: &mut Walk<'_>, open: usize) -> Option<Hit> {
    let s = walk.s;
    // On a line of its own in `{:#?}`.
    let inside = if at(s, open + 1) == b'\n' {
        gap(s, open + 1)
    } else {
        open + 1
    };
    let first = at(s, inside);
    let quoted = matches!(first, b'"' | b'\'' | b'\\');
    let held = quoted || matches!(first, b'0'..=b'9' | b'[' | b'S');
    if !held || !before(s, open).is_ascii_alphanumeric() {
        return None;
    }
    let name = name(s, open, walk.floor)?;
    let text = s.get(name.start..name.end)?;
    let method = text.rsplit(|b| *b == b'.').next().unwrap_or_default();
    // `withCredentials("include")` says whether, and not which.
    let with = method.strip_prefix(b"with").filter(|what| *what != b"Credentials");
    let setter = with.is_some() || text.starts_with(b"set");
    // `InvalidToken("at 3")` says what is wrong.
    let about = walk.policy.leads(text) & (role::META | role::ASK | role::NO_TOKEN | role::VERB) != 0;
    let held = first != b'S' || s.get(inside..)?.starts_with(b"Some(");
    let named = text.first().is_some_and(u8::is_ascii_uppercase) && held && !about || setter && quoted;
    // `apikey("x")`, if the x looks like one.
    let odd = || {
        let end = closing(s, inside + 1, first, 0);
        s.get(inside + 1..end)
            .is_some_and(|text| is_odd(walk.policy, text) && !text.contains(&b'/'))
    };
    if !(named || quoted && first != b'\\' && !about && odd()) {
        return None;
    }
    // In a name of its own the word would ask: `with_password`.
    let judged = walk.policy.judge(with.unwrap_or(text)).filter(|judged| !judged.weak)?;
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    let mut value = Value {
        s,
        policy: walk.policy,
        judged,
        name,
        colon: false,
    }
    .find(inside)?;
    if at(s, value.hit.next) == b',' && !setter && at(s, value.hit.next + 1) != b'\n' {
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

/// Whether the colon at `i` stands between numbers, as in `12:30` and `T07:08:09`, so that no name can end before it.
pub(super) fn between_numbers(s: &[u8], i: usize) -> bool {
    let digits = |k: usize| before(s, i - k).is_ascii_digit();
    if !at(s, i + 1).is_ascii_digit() || i == 0 || !digits(0) {
        return false;
    }
    let length = if i > 1 && digits(1) { 2 } else { 1 };
    matches!(before(s, i - length), 0 | b' ' | b'T' | b':' | b',' | b'(' | b'"')
}

/// The text of an XML element whose start tag ends at `close`.
pub(super) fn element(walk: &Walk<'_>, close: usize) -> Option<Hit> {
    let s = walk.s;
    let back = s.get(close.saturating_sub(256)..close)?;
    let open = back
        .iter()
        .rposition(|b| matches!(b, b'<' | b'>'))
        .filter(|k| back.get(*k) == Some(&b'<'))?;
    let tag = back.get(open + 1..)?;
    let tag = tag.get(..tag.iter().position(|b| *b <= b' ').unwrap_or(tag.len()))?;
    if !tag.first()?.is_ascii_alphabetic()
        || tag.ends_with(b":")
        || !tag.iter().all(|b| is_name(*b) || *b == b':')
        || matches!(before(s, close), b'/' | b'=' | b'-')
    {
        return None;
    }
    let mut start = close + 1;
    let data = s.get(start..)?.starts_with(b"<![CDATA[");
    if data {
        start += 9;
    }
    let known = walk.policy.judge(tag).map(|judged| judged.verdict);
    let verdict = known
        .or_else(|| attribute(walk, tag, back.get(open + 1 + tag.len()..)?))
        .or_else(|| sibling(walk, tag, close - back.len() + open))
        .or_else(|| owner::of_text(walk.policy, tag, s, start).map(|judged| judged.verdict))?;
    walk.policy.shape(Shape::Pair, verdict.class)?;
    let rest = s.get(start..)?;
    let near = rest.get(..DATA).unwrap_or(rest);
    let end = if data {
        memchr::memmem::find(near, b"]]>")
    } else {
        memchr::memchr(b'<', rest)
    };
    // Behind a word or an option it is a type or what a manual calls a value, unless it is closed.
    let lead = before(s, close - back.len() + open);
    let closed = end.is_some_and(|end| at(rest, end + 1) == b'/') || data && (end.is_some() || near.len() < rest.len());
    if !closed && (lead.is_ascii_alphanumeric() || matches!(lead, b' ' | b'=' | b'[' | b':' | b'/' | b'@')) {
        return None;
    }
    let text = rest.get(..end.unwrap_or(rest.len()))?;
    let start = start + text.len() - text.trim_ascii_start().len();
    let text = text.trim_ascii();
    let end = start + text.len();
    let done = text.is_empty() || walk.policy.is_done(verdict, text);
    (!done).then_some(Hit {
        start,
        end,
        verdict,
        quotes: None,
        next: end,
        shape: false,
    })
}

/// The verdict on what the attributes of an element call it: `<entry key="db.password">x</entry>`. Controls of a form hold no text.
fn attribute(walk: &Walk<'_>, tag: &[u8], attributes: &[u8]) -> Option<Verdict> {
    let find = |label: &[u8]| {
        let at_ = memchr::memmem::find(attributes, label)?;
        let (quote, rest) = attributes.get(at_ + label.len()..)?.split_first()?;
        let end = rest
            .iter()
            .position(|b| b == quote)
            .filter(|_| matches!(quote, b'"' | b'\''))?;
        let judged = walk.policy.judge(rest.get(..end)?).filter(|judged| !judged.weak)?;
        Some(judged.verdict)
    };
    const CONTROLS: [&[u8]; 14] = [
        b"input",
        b"button",
        b"select",
        b"option",
        b"label",
        b"form",
        b"meta",
        b"a",
        b"img",
        b"iframe",
        b"fieldset",
        b"link",
        b"br",
        b"div",
    ];
    if !attributes.starts_with(b" ") || CONTROLS.iter().any(|control| control.eq_ignore_ascii_case(tag)) {
        return None;
    }
    find(b" name=").or_else(|| find(b" key="))
}

/// The verdict on the text of the element before the one that is opened at `open`, where the two are a name and its value:
/// `<name>db.password</name><value>x</value>`, `<key>token</key><string>x</string>`.
fn sibling(walk: &Walk<'_>, tag: &[u8], open: usize) -> Option<Verdict> {
    let ends = |tag: &[u8], words: &[&[u8]]| words.iter().any(|word| tag.ends_with(word));
    if !ends(tag, &[b"value", b"Value", b"string", b"data"]) {
        return None;
    }
    let s = walk.s;
    let end = gap_back(s, open);
    let lead = s.get(end.saturating_sub(NAME * 2)..end)?.strip_suffix(b">")?;
    let slash = memchr::memmem::rfind(lead, b"</")?;
    let label = lead.get(slash + 2..)?;
    let name = lead.get(..slash)?;
    let name = name.get(name.iter().rposition(|b| *b == b'>')? + 1..)?;
    if !ends(label, &[b"name", b"Name", b"key", b"Key"]) {
        return None;
    }
    let judged = walk.policy.judge(name.trim_ascii())?;
    Some(judged.verdict)
}

/// Judges the name, with the words before it where it takes them to know.
fn judge(walk: &mut Walk<'_>, name: Name, text: &[u8], colon: bool, value: usize) -> Option<Judged> {
    let s = walk.s;
    let alone = walk.policy.judge(text);
    if name.quote != 0 {
        return alone.or_else(|| content(walk, name, text, value));
    }
    // In `a=b key=c` what stands before a name is a value.
    let spaced = before(s, name.start) == b' ' && (colon || at(s, name.end) == b' ');
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
            // Only a word of its own asks: `has password: yes`, and not `has_account password: x`.
            let word = s.get(first..name.start)?.trim_ascii_end();
            let inner = word.iter().rposition(|b| !b.is_ascii_alphanumeric());
            let first = first + inner.map_or(0, |at| at + 1);
            let asks = walk.policy.judge(s.get(first..name.end)?).is_none();
            (!asks || asked::is_told(walk, &judged, first, value)).then_some(judged)
        }
        Some(judged) => Some(judged),
        // A name of several words: `api key: x`, `Card number = 1`.
        None if spaced && (!colon || before(s, value) == b' ' || is_key(walk, value)) => {
            let first = words_before(s, name.start, walk.floor, 3);
            let judged = (first < name.start)
                .then(|| walk.policy.judge(s.get(first..name.end)?))
                .flatten();
            // `closed session_id: x` has no other name than `session_id`.
            let whose = [&b"session_id"[..], b"session-id", b"sessionid"];
            let whole = whose.iter().any(|whose| whose.eq_ignore_ascii_case(text));
            let reaches = |judged: &Judged| judged.end == judged.words && !judged.weak && !whole;
            let judged = judged.filter(reaches);
            let judged = judged.or_else(|| asked::behind(walk, name, value).filter(|judged| colon && reaches(judged)));
            judged.or_else(|| content(walk, name, text, value))
        }
        // `api key=x`, `acme key=x` of a service
        None if !colon && text.eq_ignore_ascii_case(b"key") && owns(walk, name).is_some() => owns(walk, name),
        // `using key=x`
        None if !colon && text.eq_ignore_ascii_case(b"key") => match owner::is_queried(walk, name, value) {
            true => walk.policy.judge(b"apikey"),
            false => used(walk, name.start, value),
        },
        None => content(walk, name, text, value),
    }
}

/// Whether what stands at `value` looks like a key, and nothing else.
fn is_key(walk: &Walk<'_>, value: usize) -> bool {
    let end = run_to(walk.s, value, set::TOKEN68 | set::EQUALS, NAME);
    let text = walk.s.get(value..end).unwrap_or_default();
    text.len() >= 16 && is_random(text) && is_odd(walk.policy, text)
}

/// The verdict on a key whose kind or owner is the word before it, which is no value itself: `api key=x`, not `kind=api key=x`.
fn owns(walk: &Walk<'_>, name: Name) -> Option<Judged> {
    let s = walk.s;
    let first = words_before(s, name.start, walk.floor, 1);
    if first == name.start || !matches!(before(s, first), 0 | b' ' | b'"' | b'\'' | b'\n' | b'(' | b'[') {
        return None;
    }
    let judged = walk.policy.judge(s.get(first..name.end)?)?;
    (!judged.weak && judged.end == judged.words).then_some(judged)
}

/// The verdict on a key that is said to be used, if what stands at `value` looks like one.
fn used(walk: &Walk<'_>, start: usize, value: usize) -> Option<Judged> {
    let s = walk.s;
    // `using key=x`, `using acme key=x`
    let first = words_before(s, start, walk.floor, 2);
    let said = s.get(first..start)?.trim_ascii();
    let rest = s.get(value..(value + NAME).min(s.len()))?;
    let end = rest.iter().position(|b| *b <= b' ').unwrap_or(rest.len());
    let odd = end >= 16 && is_odd(walk.policy, rest.get(..end)?);
    let is_verb = |word: &[u8]| {
        [&b"using"[..], b"used"]
            .iter()
            .any(|verb| verb.eq_ignore_ascii_case(word))
    };
    let mut words = said.rsplit(|b| *b == b' ');
    let uses = match words.next()? {
        verb if is_verb(verb) => true,
        whose => words.next().is_some_and(is_verb) && !owner::is_open(whose),
    };
    if odd && uses {
        walk.policy.judge(b"apikey")
    } else {
        None
    }
}

/// What a neighbour names: `{"name":"DB_PASSWORD","value":"x"}`.
fn content(walk: &mut Walk<'_>, name: Name, text: &[u8], value: usize) -> Option<Judged> {
    let verdict = label::content(walk, name.start, text, value)?;
    Some(Judged {
        verdict,
        weak: false,
        owned: false,
        line: false,
        words: 1,
        end: 1,
    })
}

/// The name that ends before `sep`.
pub(super) fn name(s: &[u8], sep: usize, floor: usize) -> Option<Name> {
    let mut end = sep;
    // `:=`, `?=`, `+=`, `||=`, `!=` and `:::=`.
    while sep - end < 3 && matches!(before(s, end), b':' | b'!' | b'?' | b'+' | b'|' | b'~' | b'*') {
        end -= 1;
    }
    // `name .= "x"`
    if end == sep && at(s, sep) == b'=' && before(s, end) == b'.' && matches!(before(s, end - 1), b' ' | b'\t') {
        end -= 1;
    }
    end -= blanks_back(s, end);
    // What a program takes if one only presses return: `AWS Secret Access Key [None]: x`.
    if before(s, sep) == b']' && at(s, sep) == b':' {
        let head = s.get(end.saturating_sub(DEFAULT)..end).unwrap_or_default();
        let open = head.iter().rposition(|b| *b == b'[').map_or(0, |k| head.len() - k);
        if open > 2 && matches!(before(s, end - open), b' ') {
            end -= open + 1;
        }
    }
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
        level = slashes(s, end);
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
        // A prefix (`soap:Password`) is not looked at.
        let stop = |b: &u8| *b == quote || matches!(b, b'\n' | b'\r' | b'\\' | b'{' | b'}' | b'=' | b',' | b':');
        start -= head.iter().rev().position(stop)?;
        let mut open = start;
        if before(s, open) == b':' {
            let space = s.get(..open - 1)?;
            open -= 1 + space.iter().rev().take(32).take_while(|b| is_name(**b)).count();
        }
        if before(s, open) != quote || open <= floor && floor > 0 {
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
pub(super) fn words_before(s: &[u8], start: usize, floor: usize, count: usize) -> usize {
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
        // A word with digits is an identifier, not a part of a name.
        let word = s.get(end - len..end).unwrap_or_default();
        // The letter of an escaped line break is not the word's.
        if before(s, end - len) == b'\\' && matches!(word, [b'n' | b'r' | b't', _, ..]) {
            return end - len + 1;
        }
        if len == 0 || word.iter().any(u8::is_ascii_digit) {
            break;
        }
        first = end - len;
    }
    first
}
