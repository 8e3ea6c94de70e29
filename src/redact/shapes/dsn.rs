//! Logins that are written with neither a scheme nor a name: data source names of Go and Oracle, lines of a `pgpass` and of a `netrc`,
//! and hashes of passwords in their modular form.

use super::{at, before, run, run_to, set, sets};

/// Bytes before the sign at which a login may begin.
const NEAR: usize = 128;

/// The password before the `@` at `i`: `user:password@tcp(host)/db`, `user/password@//host:1521/db`, `sqlplus user/password@db`.
pub(in super::super) fn login(s: &[u8], i: usize, floor: usize) -> Option<(usize, usize)> {
    const PROTOCOLS: [&[u8]; 5] = [b"tcp(", b"unix(", b"tcp6(", b"udp(", b"cloudsql("];
    let next = s.get(i + 1..)?;
    // Without a protocol the name of the database follows: `user:password@/db`.
    let database = next.first() == Some(&b'/') && next.get(1).is_some_and(u8::is_ascii_alphanumeric);
    let go = database || PROTOCOLS.iter().any(|protocol| next.starts_with(protocol));
    let oracle = next.starts_with(b"//") || next.starts_with(b"(DESCRIPTION");
    let head = s.get(i.saturating_sub(NEAR).max(floor.min(i))..i)?;
    let stop = |b: &u8| *b <= b' ' || matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>' | b'=');
    let len = head.iter().rev().position(stop).unwrap_or(head.len());
    let start = i - len;
    let word = s.get(start..i)?;
    let lead = || {
        s.get(start.saturating_sub(10)..start)
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let named = || {
        [&b"sqlplus "[..], b"connect ", b"sqlldr ", b"expdp ", b"impdp "]
            .iter()
            .any(|word| lead().ends_with(word))
    };
    let sign = if go {
        b':'
    } else if oracle || named() {
        b'/'
    } else {
        return None;
    };
    let user = word.iter().position(|b| *b == sign)?;
    let plain = word
        .get(..user)?
        .iter()
        .all(|b| sets(*b) & (set::URL64 | set::DOT | set::DOLLAR | set::PERCENT) != 0);
    (plain && user > 0 && user + 1 < len).then_some((start + user + 1, i))
}

/// The password of a line `host:port:database:user:password`, at the colon behind the port.
pub(in super::super) fn pgpass(s: &[u8], colon: usize) -> Option<(usize, usize)> {
    const FIELD: u16 = set::URL64 | set::DOT;
    let field = |from: usize| {
        let end = if at(s, from) == b'*' {
            from + 1
        } else {
            run_to(s, from, FIELD, 64)
        };
        (end > from && at(s, end) == b':').then_some(end)
    };
    let head = s.get(colon.saturating_sub(80)..colon)?;
    let host = head.iter().rposition(|b| *b == b':')?;
    let port = head.get(host + 1..)?;
    // Other numbers also stand between colons.
    if !(port == b"*" || matches!(port, [b'5', b'4', b'3', b'0'..=b'9'] | b"6432" | b"6543" | b"26257")) {
        return None;
    }
    let host = head.get(..host)?;
    let first = host.iter().rposition(|b| *b <= b' ').map_or(0, |k| k + 1);
    let name = host.get(first..)?;
    let opens = first == 0 && head.len() < 80 || matches!(host.get(first.wrapping_sub(1)), Some(b'\n' | b'\r'));
    if !opens || name.is_empty() || !(name == b"*" || name.iter().all(|b| sets(*b) & FIELD != 0)) {
        return None;
    }
    let from = field(field(colon + 1)? + 1)? + 1;
    let rest = s.get(from..)?;
    let end = from
        + rest
            .iter()
            .position(|b| *b <= b' ' || matches!(b, b'"' | b'\''))
            .unwrap_or(rest.len());
    // Of an address of IPv6 all are groups.
    let group = |b: &u8| b.is_ascii_hexdigit() || *b == b':';
    let address = name.len() <= 4 && name.iter().all(group) && s.get(colon..end)?.iter().all(group) && end - from >= 4;
    (end > from && !address).then_some((from, end))
}

/// The password of a line of a `netrc`, `login x password y`, whose word `login` begins at `i`.
pub(in super::super) fn netrc(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let word = |from: usize| {
        let rest = s.get(from..)?;
        let end = rest
            .iter()
            .take(NEAR)
            .position(|b| *b <= b' ')
            .unwrap_or(rest.len().min(NEAR));
        (end > 0).then_some(from + end)
    };
    // On a line of its own each, too.
    let gap = |from: usize| {
        let blanks = s.get(from..from + 16).or(s.get(from..)).unwrap_or_default();
        from + blanks.iter().take_while(|b| b.is_ascii_whitespace()).count()
    };
    let user = gap(i + b"login".len());
    let sign = word(user)?;
    let from = gap(sign);
    let from = s
        .get(from..)?
        .strip_prefix(b"password")
        .map(|_| gap(from + b"password".len()))
        .filter(|to| *to > from + b"password".len())?;
    let end = word(from)?;
    // `login with password : x` is a sentence.
    let sign = s.get(from..end)?.iter().all(u8::is_ascii_punctuation);
    (!sign).then_some((from, end))
}

/// A hash of a password, `$2b$12$…`, whose scheme begins at `i`.
pub(in super::super) fn crypt(s: &[u8], i: usize) -> Option<(usize, usize)> {
    const SCHEMES: [&[u8]; 17] = [
        b"1$",
        b"5$",
        b"6$",
        b"y$",
        b"7$",
        b"8$",
        b"9$",
        b"2a$",
        b"2b$",
        b"2x$",
        b"2y$",
        b"apr1$",
        b"argon2i$",
        b"argon2d$",
        b"argon2id$",
        b"scrypt$",
        b"gy$",
    ];
    let rest = s.get(i..)?;
    if before(s, i) == b'{' {
        return stored(s, i);
    }
    if before(s, i) != b'$' {
        return derived(s, i);
    }
    let scheme = SCHEMES.iter().find(|scheme| rest.starts_with(scheme))?;
    let body = i + scheme.len();
    if at(s, body) == b'$' {
        return None;
    }
    let mut end = body;
    // Parameters and parts: `m=65536,t=3,p=4$<salt>$<hash>`.
    loop {
        end = run(s, end, set::BASE64 | set::DOT | set::DOLLAR);
        if at(s, end) == b',' && at(s, end + 1).is_ascii_alphanumeric() && at(s, end + 2) == b'=' {
            end += 1;
        } else {
            break;
        }
    }
    let parts = s.get(body..end)?;
    memchr::memchr(b'$', parts)?;
    (parts.len() >= 26).then_some((i - 1, end))
}

/// One as a directory keeps it, `{SSHA}…`.
fn stored(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let close = run_to(s, i, set::DIGIT | set::UPPER, 8);
    let scheme = s.get(i..close)?;
    let end = run(s, close + 1, set::BASE64);
    (scheme.starts_with(b"SSHA") && at(s, close) == b'}' && end - close > 24).then_some((i - 1, end))
}

/// Bytes of a hash in which its parts must show.
const DERIVED: usize = 1024;

/// One as frameworks write it: `pbkdf2_sha256$260000$<salt>$<hash>`, `pbkdf2:sha256:260000$<salt>$<hash>`, `scrypt:32768:8:1$…`.
fn derived(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let known = ["pbkdf2_sha", "pbkdf2:sha", "scrypt:"];
    let rest = s.get(i..)?;
    if !known.iter().any(|scheme| rest.starts_with(scheme.as_bytes())) {
        return None;
    }
    let set = set::BASE64 | set::DOT | set::DOLLAR | set::UNDER | set::COLON;
    let near = run_to(s, i, set, DERIVED);
    let mut hashes = s
        .get(i..near)?
        .split(|b| *b == b'$')
        .skip(2)
        .map(|part| part.len() >= 32);
    // Of many side by side the first ones speak for all.
    let found = if near - i > DERIVED {
        hashes.any(|hash| hash)
    } else {
        hashes.last() == Some(true)
    };
    found.then(|| (i, run(s, near, set)))
}
