//! What a client says to a server, a line at a time, and directives of the same form in configurations: `PASS x` of FTP, POP and IRC,
//! `AUTH PLAIN x` of SMTP and IMAP, `AUTH x` of Redis, `requirepass x`; and the words of a mnemonic behind its name.
//!
//! The word alone is an ordinary one (`PASS: 12 tests`, `AUTH failed`): it counts where it opens a line, and what follows must end it.

use super::label::line_break;
use super::list::is_odd;
use super::login;
use super::marks::{blanks, closing, gap, placeholder, slashes};
use super::remark::is_remark;
use super::shapes::{at, before, reads, run_to, set, sets};
use super::text::{Hit, Walk};
use super::{Class, Shape};

/// Mechanisms of SASL whose first message may follow the command.
const MECHANISMS: [&[u8]; 9] = [
    b"PLAIN",
    b"LOGIN",
    b"XOAUTH2",
    b"OAUTHBEARER",
    b"NTLM",
    b"GSSAPI",
    b"CRAM-MD5",
    b"SCRAM-SHA-1",
    b"SCRAM-SHA-256",
];

/// Directives whose value is a password whatever it looks like.
const DIRECTIVES: [&[u8]; 6] = [
    b"requirepass",
    b"masterauth",
    b"bindpw",
    b"rootpw",
    b"rootbindpw",
    b"bindpasswd",
];

/// `Password:` in base64, as a server of mail asks for it.
const ASKED: &[u8] = b"UGFzc3dvcmQ6";

/// Words of a mnemonic, at least and at most.
const FEW: usize = 12;
const MANY: usize = 24;

/// What the command or directive that begins at `i` takes.
pub(super) fn find(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let s = walk.s;
    let rest = s.get(i..)?;
    let span = match rest {
        [b'P', b'A', b'S', b'S', b' ', ..] => pass(walk, i + 5)?,
        [b'A', b'U', b'T', b'H', ..] => auth(walk, i)?,
        [b'U', b'G', b'F', ..] if rest.starts_with(ASKED) => answer(s, i + ASKED.len())?,
        [b'p' | b'P', b'a' | b'A', ..] => password(walk, i)?,
        [b'p' | b'P', b'w' | b'W', ..] => login::spoken(walk, i)?,
        [b'm' | b'M', b'n' | b'N', ..] => phrase(s, i)?,
        _ => directive(s, i)?,
    };
    walk.hit(Shape::Authorization, Class::Credential, span)
}

/// Whether what stands before `i` is a prompt, or nothing of the same line.
fn opens(s: &[u8], i: usize) -> bool {
    let head = s.get(i.saturating_sub(64)..i).unwrap_or_default();
    let lead = unblanked(head);
    match lead.last() {
        None => head.len() < 64,
        Some(b'\n' | b'\r' | b'>' | b':' | b'"' | b'\'' | b'`' | b'$' | b'#' | b']' | b'|') => true,
        // An escaped break.
        Some(b'n' | b'r') => slashes(lead, lead.len() - 1) > 0,
        _ => false,
    }
}

/// Without the blanks at its end.
fn unblanked(text: &[u8]) -> &[u8] {
    let count = text.iter().rev().take_while(|b| **b == b' ').count();
    text.get(..text.len() - count).unwrap_or_default()
}

/// The one word from `i` to the end of the line.
fn word(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let start = i + blanks(s, i);
    let rest = s.get(start..)?;
    let end = start
        + rest
            .iter()
            .take(512)
            .position(|b| *b <= b' ' || matches!(b, b'"' | b'`' | b'\\'))
            .unwrap_or(rest.len().min(512));
    let close = end + blanks(s, end);
    let closed = matches!(at(s, close), 0 | b'\n' | b'\r' | b'"' | b'`') || line_break(s, close).is_some();
    (end > start && closed).then_some((start, end))
}

/// `PASS x`. Test runners print it too, before the names of tests and files.
fn pass(walk: &Walk<'_>, i: usize) -> Option<(usize, usize)> {
    let s = walk.s;
    let (start, end) = word(s, i)?;
    let text = s.get(start..end)?;
    let lead = s.get(i.saturating_sub(160)..i - 5)?;
    let login = [&b"USER "[..], b"331 ", b"+OK", b"NICK "]
        .iter()
        .any(|word| memchr::memmem::find(lead, word).is_some());
    let test =
        reads(text, 0, b"test") || text.iter().any(|b| matches!(b, b'/' | b':' | b'(' | b'[')) || text.contains(&b'.');
    let number = text.iter().all(u8::is_ascii_digit);
    (opens(s, i - 5) && (login || is_odd(walk.policy, text) && !test && !number)).then_some((start, end))
}

/// `AUTH PLAIN x`, `AUTHENTICATE PLAIN x`, and Redis' `AUTH x` and `AUTH user x`, also as it is logged and as it is sent.
fn auth(walk: &Walk<'_>, i: usize) -> Option<(usize, usize)> {
    let s = walk.s;
    let end = run_to(s, i, set::UPPER, 16);
    if !matches!(s.get(i..end), Some(b"AUTH" | b"AUTHENTICATE")) {
        return None;
    }
    let from = end + blanks(s, end);
    let mechanism = MECHANISMS
        .iter()
        .filter(|word| reads(s, from, word))
        .max_by_key(|word| word.len());
    if let Some(mechanism) = mechanism {
        let (start, end) = word(s, from + mechanism.len())?;
        let text = s.get(start..end)?;
        // A server names what it knows.
        let other = is_remark(text) || MECHANISMS.iter().any(|word| word.eq_ignore_ascii_case(text));
        let base64 = text.len() >= 4 && text.iter().all(|b| sets(*b) & set::BASE64 != 0) && !other;
        return base64.then_some((start, end));
    }
    if before(s, i) == b'"' && at(s, end) == b'"' {
        // `"AUTH" "user" "x"`
        let open = |i: usize| Some(gap(s, i)).filter(|i| at(s, *i) == b'"').map(|i| i + 1);
        let first = open(end + 1)?;
        let close = closing(s, first, b'"', 0);
        return Some(match open(close + 1) {
            Some(second) => (second, closing(s, second, b'"', 0)),
            None => (first, close),
        });
    }
    if let Some(line) = line_break(s, end).filter(|line| at(s, *line) == b'$') {
        return bulk(s, line);
    }
    if from == end || !opens(s, i) {
        return None;
    }
    let prompt = unblanked(s.get(..i)?).last() == Some(&b'>');
    let user = s
        .get(from..)?
        .iter()
        .take(64)
        .position(|b| *b <= b' ')
        .filter(|len| *len > 0);
    let (start, end) = word(s, from).or_else(|| word(s, from + user?))?;
    let text = s.get(start..end)?;
    (!is_remark(text) && (prompt || is_odd(walk.policy, text))).then_some((start, end))
}

/// The last of one or two texts of Redis' protocol, of which the first begins at `i`: `$7\r\nhunter2\r\n`.
fn bulk(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let one = |i: usize| {
        let digits = run_to(s, i + 1, set::DIGIT, 4);
        let length: usize = std::str::from_utf8(s.get(i + 1..digits)?).ok()?.parse().ok()?;
        let start = line_break(s, digits)?;
        let end = placeholder(s, start).unwrap_or(start + length);
        (at(s, i) == b'$' && end <= s.len() && length > 0).then_some((start, end))
    };
    let (start, end) = one(i)?;
    let second = line_break(s, end).and_then(one);
    Some(second.unwrap_or((start, end)))
}

/// What is answered to a server that asks for the password in base64, on the next line.
fn answer(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let line = gap(s, i);
    if line == i {
        return None;
    }
    // `C: ` and the like.
    let lead = s.get(line..(line + 6).min(s.len()))?;
    let start = line + lead.iter().position(|b| *b == b' ').map_or(0, |k| k + 1);
    let (start, end) = word(s, start)?;
    let text = s.get(start..end)?;
    (text.len() >= 4 && text.iter().all(|b| sets(*b) & set::BASE64 != 0)).then_some((start, end))
}

/// `password x` alone on its line, and `password 7 0822455D0A16` of network devices, also behind other words.
fn password(walk: &Walk<'_>, i: usize) -> Option<(usize, usize)> {
    let s = walk.s;
    if !(reads(s, i, b"password ") && matches!(before(s, i), 0 | b' ' | b'\n' | b'n')) {
        return login::spoken(walk, i);
    }
    let from = i + 9;
    let typed = matches!(at(s, from), b'0' | b'5' | b'7' | b'8' | b'9') && at(s, from + 1) == b' ';
    if !typed && !opens(s, i) {
        return login::spoken(walk, i);
    }
    let (start, end) = word(s, from + 2 * usize::from(typed))?;
    let text = s.get(start..end)?;
    let hex = typed && text.len() >= 8 && text.iter().all(|b| sets(*b) & set::ANY_HEX != 0);
    let sign = matches!(text.first(), Some(b'-' | b'=' | b':' | b'>' | b'<' | b'(' | b'['));
    (hex || !sign && is_odd(walk.policy, text)).then_some((start, end))
}

/// `requirepass x`, also set while the server runs.
fn directive(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let name = DIRECTIVES
        .iter()
        .find(|name| reads(s, i, name) && at(s, i + name.len()) == b' ')?;
    let set = i.checked_sub(4).is_some_and(|lead| reads(s, lead, b"set "));
    if !set && !opens(s, i) {
        return None;
    }
    let from = i + name.len();
    let open = from + blanks(s, from);
    if at(s, open) == b'"' {
        let end = closing(s, open + 1, b'"', 0);
        return (end > open + 1).then_some((open + 1, end));
    }
    let (start, end) = word(s, from)?;
    (!is_remark(s.get(start..end)?)).then_some((start, end))
}

/// Twelve words or more of a mnemonic, behind the word for it.
fn phrase(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let name = reads(s, i, b"mnemonic ").then_some(i + 9)?;
    words(s, name).map(|end| (name, end))
}

/// Where the words of a mnemonic end that begin at `i`, if they are as many as one has.
pub(super) fn words(s: &[u8], i: usize) -> Option<usize> {
    let (mut end, mut next) = (i, i);
    let mut count = 0;
    while count < MANY {
        let close = run_to(s, next, set::LOWER, 8);
        if !(3..=8).contains(&(close - next))
            || !matches!(
                at(s, close),
                0 | b' ' | b'\n' | b'\r' | b'"' | b'\'' | b'.' | b',' | b'\\' | b'&' | b';'
            )
        {
            break;
        }
        count += 1;
        end = close;
        if at(s, close) != b' ' {
            break;
        }
        next = close + 1;
    }
    (count >= FEW).then_some(end)
}
