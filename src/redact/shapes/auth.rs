//! Credentials of HTTP and of command lines: `Bearer …`, `Basic …`, `curl -u user:password`, `--password …`,
//! `mysql -p…`.

use super::{at, before, reads, run, set};

/// The schemes of an `Authorization` value, and whether one token follows (else parameters up to the end).
const SCHEMES: &[(&[u8], bool)] = &[
    (b"bearer", true),
    (b"basic", true),
    (b"token", true),
    (b"apikey", true),
    (b"api-key", true),
    (b"key", true),
    (b"negotiate", true),
    (b"kerberos", true),
    (b"ntlm", true),
    (b"jwt", true),
    (b"dpop", true),
    (b"vapid", false),
    (b"digest", false),
    (b"oauth", false),
    (b"hawk", false),
    (b"mac", false),
    (b"signature", false),
    (b"scram-sha-1", false),
    (b"scram-sha-256", false),
    (b"aws4-hmac-sha256", false),
    (b"aws", true),
    (b"sharedkey", true),
    (b"sharedkeylite", true),
    (b"sharedaccesssignature", false),
    (b"googlelogin", false),
    (b"private-token", true),
    (b"bot", true),
    (b"snowflake", false),
    (b"genie-key", true),
    (b"genie-key,", true),
    (b"ssws", true),
];

/// If a scheme stands at `i`: where its credentials begin, and whether they are one token.
pub(in super::super) fn scheme(s: &[u8], i: usize) -> Option<(usize, bool)> {
    let end = run(s.get(..(i + 24).min(s.len()))?, i, set::URL64);
    let word = s.get(i..end)?;
    let (_, single) = SCHEMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word))?;
    let start = spaces(s, end);
    (start > end && at(s, start) > b' ').then_some((start, *single))
}

/// The credentials behind the word `bearer`, `basic` or, if it begins the value, `token`; the word begins at `i`.
///
/// In prose the words have other meanings ("bearer of bad news", "basic auth"): what follows must look
/// like credentials, or be all there is.
pub(in super::super) fn find(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let basic = reads(s, i, b"basic");
    let token = i == 0 && reads(s, i, b"token");
    let strict = || {
        let rest = s.get(i..)?;
        ["Negotiate", "SSWS"]
            .into_iter()
            .find(|word| rest.starts_with(word.as_bytes()))
    };
    let (word, strict) = match (basic || token, reads(s, i, b"bearer")) {
        (true, _) => (5, false),
        (_, true) => (6, false),
        _ => (strict()?.len(), true),
    };
    let start = spaces(s, i + word);
    if start == i + word {
        return None;
    }
    // Equals signs only fill up at the end; in front of something they make it a parameter (`Bearer realm="x"`).
    let end = run(s, run(s, start, set::TOKEN68), set::EQUALS);
    let text = s.get(start..end)?;
    let end = end - text.iter().rev().take_while(|b| **b == b'.').count();
    let text = s.get(start..end)?;
    let next = at(s, end);
    if text.is_empty()
        || text.ends_with(b"=") && (next.is_ascii_alphanumeric() || matches!(next, b'[' | b'"' | b'\'' | 0x80..))
    {
        return None;
    }
    let alone = i == 0 && end == s.len() && !NOT_CREDENTIALS.iter().any(|word| word.eq_ignore_ascii_case(text));
    let found = if strict {
        text.len() >= 20 && super::mixed(text)
    } else if token {
        alone && text.len() >= 16 && super::mixed(text)
    } else if basic {
        pair_in_base64(text) || alone && text.len() >= 8 && text.len() % 4 == 0
    } else {
        let odd = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'/' | b'~');
        let humps = text.iter().skip(1).any(u8::is_ascii_uppercase) && text.iter().any(u8::is_ascii_lowercase);
        alone || text.len() >= 6 && (text.iter().any(odd) || humps || text.len() >= 24)
    };
    found.then_some((start, end))
}

/// Words that stand behind `Bearer` without being one.
const NOT_CREDENTIALS: &[&[u8]] = &[
    b"token",
    b"tokens",
    b"auth",
    b"authentication",
    b"authorization",
    b"scheme",
    b"only",
    b"required",
    b"missing",
    b"realm",
    b"error",
    b"format",
    b"credentials",
    b"header",
    b"invalid",
    b"null",
    b"undefined",
    b"none",
];

/// Whether this is base64 for `user:password` in printable characters.
fn pair_in_base64(text: &[u8]) -> bool {
    let body = text
        .get(..text.iter().position(|b| *b == b'=').unwrap_or(text.len()))
        .unwrap_or_default();
    if body.len() < 4 || body.len() % 4 == 1 {
        return false;
    }
    let mut colon = false;
    let (mut bits, mut held) = (0u32, 0u32);
    for b in body {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return false,
        };
        held = (held << 6 | u32::from(value)) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            let decoded = (held >> bits) as u8;
            if decoded < b' ' || decoded == 0x7F {
                return false;
            }
            colon |= decoded == b':';
        }
    }
    colon
}

/// The password of an SQL statement, `PASSWORD 'x'`, `IDENTIFIED BY 'x'` or `IDENTIFIED WITH plugin BY 'x'`; the first word begins
/// at `i`.
pub(in super::super) fn sql(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let identified = reads(s, i, b"identified ");
    let mut end = if reads(s, i, b"password") {
        i + 8
    } else if identified {
        by(s, i + 11)?
    } else {
        return None;
    };
    // `SET PASSWORD FOR 'bob'@'%' = 'x'`
    if !identified && reads(s, end, b" for ") {
        let rest = s.get(end..(end + 96).min(s.len()))?;
        end += rest.iter().position(|b| *b == b'=')? + 1;
    }
    // `PASSWORD('x')`, `IDENTIFIED BY PASSWORD 'x'`.
    end += if reads(s, end, b" password") { 9 } else { 0 };
    let open = spaces(s, end);
    let open = if at(s, open) == b'(' { spaces(s, open + 1) } else { open };
    let quote = at(s, open);
    if open == end {
        return None;
    }
    if !(quote == b'\'' || identified && quote == b'"') {
        // Without quotes it is one of Oracle, `USER bob IDENTIFIED BY x`; in prose it may be anything.
        let mut words = s
            .get(i.saturating_sub(96)..i)?
            .trim_ascii_end()
            .rsplit(|b| *b == b' ')
            .take(7)
            .skip(1);
        // `USER bob ACCOUNT UNLOCK IDENTIFIED BY x`
        let user = words.any(|word| {
            [&b"user"[..], b"role"]
                .iter()
                .any(|text| text.eq_ignore_ascii_case(word))
        });
        let close = run(s, open, set::WORD | set::DOLLAR);
        let word = s.get(open..close)?;
        let said = [&b"values"[..], b"password", b"random"];
        let named = identified && user && close - open >= 4 && !said.iter().any(|text| text.eq_ignore_ascii_case(word));
        return named.then_some((open, close));
    }
    let until = argument(s, open + 1, quote);
    (until > open + 1).then_some((open + 1, until))
}

/// Behind the `BY` or `AS` of a clause that says how a user is known, from `i` on.
fn by(s: &[u8], i: usize) -> Option<usize> {
    if reads(s, i, b"by") {
        return Some(i + 2);
    }
    let plugin = i + if reads(s, i, b"with ") { 5 } else { return None };
    let quote = usize::from(matches!(at(s, plugin), b'\'' | b'"' | b'`'));
    let end = run(s, plugin + quote, set::WORD) + quote;
    (reads(s, end, b" by") || reads(s, end, b" as")).then_some(end + 3)
}

/// The password of `-u user:password` and its longer forms; `colon` is where the colon stands.
pub(in super::super) fn user_flag(s: &[u8], colon: usize) -> Option<(usize, usize)> {
    const FLAGS: [&[u8]; 8] = [
        b"-u ",
        b"-U ",
        b"--user ",
        b"--user=",
        b"--proxy-user ",
        b"--proxy-user=",
        b"--login ",
        b"--creds ",
    ];
    let begin = |i: usize| i == 0 || before(s, i).is_ascii_whitespace();
    let is_quote = |b: u8| matches!(b, b'"' | b'\'');
    // A user in quotes of its own: `"bob":"x"`.
    let own = is_quote(before(s, colon)) && !before(s, colon - 1).is_ascii_whitespace();
    let head = s.get(colon.saturating_sub(64)..colon - usize::from(own))?;
    let user = head
        .iter()
        .rev()
        .position(|b| *b <= b' ' || is_quote(*b) || matches!(b, b'=' | b':'))
        .unwrap_or(head.len());
    let mut from = colon - usize::from(own) - user;
    let quote = if is_quote(before(s, from)) { before(s, from) } else { 0 };
    from -= usize::from(quote != 0);
    // `-ubob:x`
    let glued = user > 2 && quote == 0 && reads(s, from, b"-u") && begin(from);
    // One blank before it counts, and is in the flag.
    let blank = s.get(..from)?.trim_ascii_end().len() + 1;
    let from = if blank < from { blank } else { from };
    let lead = s.get(from.saturating_sub(16)..from)?;
    // Both in quotes of their own: `["-u", "bob:x"]`.
    let list = || {
        let flag = lead.trim_ascii_end().strip_suffix(b",").and_then(<[u8]>::split_last);
        let flag = flag.filter(|(b, _)| **b == quote).map_or(&b""[..], |(_, flag)| flag);
        [&b"-u"[..], b"-U", b"--user", b"--proxy-user"]
            .iter()
            .any(|word| flag.strip_suffix(*word).is_some_and(|head| head.last() == Some(&quote)))
    };
    let flagged = || {
        FLAGS
            .iter()
            .any(|flag| lead.ends_with(flag) && begin(from - flag.len()))
    };
    if user == 0 && quote == 0 || !(glued || flagged() || quote != 0 && list()) {
        return None;
    }
    let open = if quote == 0 || own { at(s, colon + 1) } else { 0 };
    let (start, quote) = if is_quote(open) {
        (colon + 2, open)
    } else {
        (colon + 1, if own { 0 } else { quote })
    };
    let end = argument(s, start, quote);
    // Without a password the user is a key.
    let user = (colon - user, colon);
    let span = if end > start { (start, end) } else { user };
    (end > start || !own && user.1 - user.0 >= 8).then_some(span)
}

/// Whether the word `login` at `i` is that of a command which takes `-p PASSWORD`.
pub(in super::super) fn registry(s: &[u8], i: usize) -> bool {
    const COMMANDS: [&[u8]; 8] = [
        b"docker ",
        b"podman ",
        b"buildah ",
        b"skopeo ",
        b"nerdctl ",
        b"registry ",
        b"az ",
        b"oc ",
    ];
    s.get(..i)
        .is_some_and(|lead| COMMANDS.iter().any(|command| lead.ends_with(command)))
}

/// Where a command-line argument ends: at its quote, or at white space.
pub(in super::super) fn argument(s: &[u8], start: usize, quote: u8) -> usize {
    let rest = s.get(start..).unwrap_or_default();
    let stop = |b: &u8| {
        if quote == 0 {
            *b <= b' ' || matches!(b, b'"' | b'\'' | b'`')
        } else {
            *b == quote
        }
    };
    start + rest.iter().position(stop).unwrap_or(rest.len())
}

/// The name and the value of a long option with its value behind a space; `i` is the first of its two dashes.
pub(in super::super) fn long_flag(s: &[u8], i: usize) -> Option<((usize, usize), (usize, usize))> {
    if matches!(before(s, i), b'-' | b'_') || before(s, i).is_ascii_alphanumeric() {
        return None;
    }
    let name = i + 2;
    let end = run(s.get(..(name + 64).min(s.len()))?, name, set::URL64);
    if memchr::memmem::find(s.get(name..end)?, b"--").is_some() {
        return None;
    }
    let value = spaces(s, end);
    // Asked before its end is looked for, which may be far.
    if end == name || value == end || matches!(at(s, value), b'-' | b'=' | b':') {
        return None;
    }
    let quote = match at(s, value) {
        b @ (b'"' | b'\'') => b,
        _ => 0,
    };
    let from = value + usize::from(quote != 0);
    let until = argument(s, from, quote);
    (until > from).then_some(((name, end), (from, until)))
}

/// The password of `-pPASSWORD`, for commands that take it so; `i` is the dash.
pub(in super::super) fn short_flag(s: &[u8], i: usize, spaced: bool) -> Option<(usize, usize)> {
    // Also as one of a list: `["mysql", "-px"]`.
    let listed = matches!(before(s, i), b'"' | b'\'') && matches!(before(s, i - 1), b' ' | b',' | b'[');
    if at(s, i + 1) != b'p' || !(before(s, i).is_ascii_whitespace() || listed) {
        return None;
    }
    let mut start = i + 2;
    if spaced && at(s, start) == b' ' {
        start = spaces(s, start);
    }
    let quote = match at(s, start) {
        b @ (b'"' | b'\'') => b,
        _ => 0,
    };
    start += usize::from(quote != 0);
    let end = argument(s, start, if listed { before(s, i) } else { quote });
    (end > start && !matches!(at(s, start), b'-')).then_some((start, end))
}

fn spaces(s: &[u8], i: usize) -> usize {
    i + s
        .get(i..)
        .unwrap_or_default()
        .iter()
        .take(8)
        .take_while(|b| **b == b' ')
        .count()
}
