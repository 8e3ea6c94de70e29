//! Passwords on command lines: options of one letter, whose meaning depends on the command, options behind a single dash, and arguments
//! that are known by their place.

use super::list::is_odd;
use super::marks::{blanks, closing, gap, opening, run, slashes};
use super::owner;
use super::policy::Judged;
use super::remark::{is_metavariable, is_outcome};
use super::shapes::{at, auth, before, reads, run_to, set};
use super::text::{Hit, Walk};
use super::{Class, Shape};

/// Bytes that are looked back for the command.
const NEAR: usize = 160;

/// Commands, and the letters of their options that take a password behind a blank or without one.
const COMMANDS: &[(&str, &[u8])] = &[
    ("ldapsearch", b"w"),
    ("ldapadd", b"w"),
    ("ldapmodify", b"w"),
    ("ldapdelete", b"w"),
    ("ldapwhoami", b"w"),
    ("ldapcompare", b"w"),
    ("ldappasswd", b"was"),
    ("redis-cli", b"a"),
    ("sqlcmd", b"P"),
    ("bcp", b"P"),
    ("isql", b"P"),
    ("osql", b"P"),
    ("zip", b"P"),
    ("unzip", b"P"),
    ("ipmitool", b"P"),
    ("mongo", b"p"),
    ("mongosh", b"p"),
    ("mongodump", b"p"),
    ("mongorestore", b"p"),
    ("mongoexport", b"p"),
    ("mongoimport", b"p"),
    ("cqlsh", b"p"),
    ("psexec", b"p"),
    ("evil-winrm", b"p"),
    ("crackmapexec", b"p"),
    ("netexec", b"p"),
    ("useradd", b"p"),
    ("usermod", b"p"),
    ("snmpwalk", b"cAX"),
    ("snmpget", b"cAX"),
    ("snmpset", b"cAX"),
    ("7z", b"p"),
    ("7za", b"p"),
    ("7zz", b"p"),
    ("rar", b"p"),
    ("unrar", b"p"),
    ("pt-online-schema-change", b"p"),
    ("openssl", b"k"),
];

/// Commands whose `login` takes `-p PASSWORD`.
const REGISTRIES: [&[u8]; 6] = [b"docker", b"podman", b"buildah", b"skopeo", b"nerdctl", b"oc"];

/// Commands whose `-p` may take a port or a number of something.
const NUMBERED: [&str; 7] = [
    "bcp",
    "mongo",
    "mongosh",
    "mongodump",
    "mongorestore",
    "mongoexport",
    "mongoimport",
];

/// Commands whose `-U` takes `user%password`.
const SAMBA: &[&str] = &[
    "smbclient",
    "rpcclient",
    "smbtree",
    "smbget",
    "net",
    "winexe",
    "wmic",
    "smbcacls",
];

/// The password of a long option with its value behind a blank.
pub(super) fn option(walk: &mut Walk<'_>, (from, to): (usize, usize), span: (usize, usize)) -> Option<Hit> {
    let name = walk.s.get(from..to)?;
    // `docker login --password-stdin <<< "x"`
    let text = walk.s.get(span.0..span.1)?;
    if let Some(text) = text.strip_prefix(b"<<<") {
        let reads = name.ends_with(b"stdin") || name.ends_with(b"-fd");
        return here(walk, span.1 - text.len()).filter(|_| reads);
    }
    // What asks for one takes none: `--ask-password https://h`.
    let asks = [&b"ask-"[..], b"prompt-", b"no-"]
        .iter()
        .any(|verb| name.starts_with(verb));
    let known = walk.policy.judge(name).filter(|_| !asks);
    let judged = known.or_else(|| owner::of_text(walk.policy, name, walk.s, span.0))?;
    valued(walk, &judged, name, span)
}

fn valued(walk: &mut Walk<'_>, judged: &Judged, name: &[u8], span: (usize, usize)) -> Option<Hit> {
    walk.policy.shape(Shape::Authorization, judged.verdict.class)?;
    let text = walk.s.get(span.0..span.1)?;
    let quoted = matches!(before(walk.s, span.0), b'"' | b'\'');
    // Where a certificate is kept.
    let kept =
        judged.weak && judged.verdict.class == Class::Key && !is_odd(walk.policy, text.split(|b| *b == b'.').next()?);
    if kept || is_outcome(judged, name, text) || !quoted && is_metavariable(walk.policy, walk.s, span) {
        return None;
    }
    walk.treated(judged.verdict, span)
}

/// What a shell hands in behind the sign for it, which ends at `i`.
fn here(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let s = walk.s;
    let from = i + blanks(s, i);
    let quote = quote_at(s, from);
    let from = from + usize::from(quote != 0);
    let end = auth::argument(s, from, quote);
    (end > from && at(s, from) != b'$').then(|| walk.hit(Shape::Authorization, Class::Credential, (from, end)))?
}

/// The quote at `i`, or NUL.
fn quote_at(s: &[u8], i: usize) -> u8 {
    match at(s, i) {
        b @ (b'"' | b'\'') => b,
        _ => 0,
    }
}

/// What is made a secret of, before the option at `i`: `ConvertTo-SecureString "x" -AsPlainText`.
fn converted(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let lead = walk.s.get(i.saturating_sub(NEAR).max(walk.floor)..i)?;
    let from = i - lead.len();
    let (quote, text) = lead.trim_ascii_end().split_last()?;
    let open = text.iter().rposition(|b| b == quote)?;
    let made = memchr::memmem::find(text.get(..open)?, b"SecureString").is_some();
    let quoted = matches!(quote, b'"' | b'\'') && made;
    let span = (from + open + 1, from + text.len());
    if quoted {
        walk.hit(Shape::Authorization, Class::Credential, span)
    } else {
        None
    }
}

/// The password of an option behind a single dash, which stands at `i`: `-storepass x`, and those of one letter.
pub(super) fn find(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let s = walk.s;
    if matches!(before(s, i), b'"' | b'\'') {
        return printed(walk, i);
    }
    if !matches!(before(s, i), 0 | b' ' | b'\t' | b'\n' | b'\r') || !at(s, i + 1).is_ascii_alphanumeric() {
        return None;
    }
    let end = run_to(s, i + 1, set::URL64, 32);
    let next = at(s, end);
    if end - i >= 3
        && next == b' '
        && let Some(hit) = long(walk, i, end)
    {
        return Some(hit);
    }
    if reads(s, i, b"-AsPlainText") {
        return converted(walk, i);
    }
    let letter = at(s, i + 1);
    let command = command(s, i)?;
    if command == b"htpasswd" {
        return last(walk, i, end);
    }
    let is = |name: &&str| name.as_bytes().eq_ignore_ascii_case(command);
    if letter == b'U' && SAMBA.iter().any(is) {
        return samba(walk, i + 2);
    }
    let (_, letters) = COMMANDS.iter().find(|(name, _)| is(name))?;
    if !letters.contains(&letter) || command == b"openssl" && (end != i + 2 || !encrypts(s, i)) {
        return None;
    }
    let start = i + 2 + blanks(s, i + 2);
    let quote = if matches!(at(s, start), b'"' | b'\'') {
        at(s, start)
    } else {
        0
    };
    let start = start + usize::from(quote != 0);
    let end = auth::argument(s, start, quote);
    let counts = NUMBERED.iter().any(is) && is_port(s.get(start..end)?);
    let other = quote == 0 && (at(s, start) == b'-' || counts || is_metavariable(walk.policy, s, (start, end)));
    (end > start && !other).then(|| walk.hit(Shape::Authorization, Class::Credential, (start, end)))?
}

/// Whether it is a number of up to five digits.
fn is_port(text: &[u8]) -> bool {
    text.len() <= 5 && text.iter().all(u8::is_ascii_digit)
}

/// Whether the command of OpenSSL whose option stands at `i` takes a password: `openssl enc -k x`, and not `openssl s_client -k host`.
fn encrypts(s: &[u8], i: usize) -> bool {
    let lead = s.get(i.saturating_sub(NEAR)..i).unwrap_or_default();
    let verb = memchr::memmem::rfind(lead, b"openssl").and_then(|k| lead.get(k + 7..));
    let verb = verb.unwrap_or_default();
    let verb = verb
        .get(verb.iter().position(u8::is_ascii_alphanumeric).unwrap_or(0)..)
        .unwrap_or_default();
    [
        &b"enc"[..],
        b"aes",
        b"des",
        b"aria",
        b"camellia",
        b"chacha",
        b"bf",
        b"rc",
    ]
    .iter()
    .any(|word| verb.starts_with(word))
}

/// The password behind an option of a command whose arguments each stand in quotes: `"redis-cli" "-a" "x"`. The dash is at `i`.
fn printed(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let s = walk.s;
    let end = run_to(s, i + 1, set::URL64, 32);
    let level = run(s, end, b'\\');
    // The option alone, or its value in the same quotes.
    let whole = at(s, end + level) == before(s, i);
    let name = s.get(i + 1..end)?;
    let judged = walk.policy.judge(name).filter(|_| whole && name.len() > 1);
    let alone = whole && (name.len() == 1 || judged.is_some());
    let (start, quote, deep) = if alone {
        opening(s, gap(s, end + level + 1))?
    } else {
        (i + 2, before(s, i), slashes(s, i - 1))
    };
    let close = closing(s, start, quote, deep);
    let span = (start, close);
    if close <= start || close >= s.len() || alone && at(s, start) == b'-' {
        return None;
    }
    if let Some(judged) = judged {
        return valued(walk, &judged, name, span);
    }
    let letter = at(s, i + 1);
    // The user and the password of `"curl" "-u" "bob:x"`.
    if alone && matches!(letter, b'u' | b'U') {
        let sign = if letter == b'u' || !is_samba(s, i) { b':' } else { b'%' };
        let user = memchr::memchr(sign, s.get(start..close)?).filter(|user| *user > 0)?;
        let name = s.get(start..start + user)?.iter().all(|b| *b > b' ' && *b != b'/');
        let password = (start + user + 1, close);
        return (name && password.1 > password.0)
            .then(|| walk.hit(Shape::Authorization, Class::Credential, password))?;
    }
    let known = command(s, i).is_some_and(|command| {
        COMMANDS
            .iter()
            .any(|(name, letters)| name.as_bytes().eq_ignore_ascii_case(command) && letters.contains(&letter))
            && !(NUMBERED.iter().any(|name| name.as_bytes() == command)
                && is_port(s.get(start..close).unwrap_or_default()))
            && (command != b"openssl" || alone && encrypts(s, i))
    });
    (known || alone && letter == b'p' && logs_in(s, i))
        .then(|| walk.hit(Shape::Authorization, Class::Credential, span))?
}

/// Whether the option at `i` belongs to a client of Samba.
fn is_samba(s: &[u8], i: usize) -> bool {
    command(s, i).is_some_and(|command| SAMBA.iter().any(|name| name.as_bytes() == command))
}

/// Whether the arguments before `i` are those of `"docker" "login"` or of `"sshpass"`.
fn logs_in(s: &[u8], i: usize) -> bool {
    let lead = s.get(i.saturating_sub(NEAR)..i).unwrap_or_default();
    let mut words = lead.split(|b| matches!(b, b' ' | b'/' | b'"' | b'\'' | b'\\' | b'['));
    words.any(|word| word == b"sshpass" || REGISTRIES.contains(&word) && memchr::memmem::find(lead, b"login").is_some())
}

/// An option of several letters behind one dash.
fn long(walk: &mut Walk<'_>, i: usize, end: usize) -> Option<Hit> {
    let s = walk.s;
    let name = s.get(i + 1..end)?;
    let judged = walk.policy.judge(name)?;
    let start = end + blanks(s, end);
    let quote = if matches!(at(s, start), b'"' | b'\'') {
        at(s, start)
    } else {
        0
    };
    let from = start + usize::from(quote != 0);
    let until = auth::argument(s, from, quote);
    // `-passin pass:x` says how it is given; a dash may also stand in a sentence.
    if until == from || matches!(at(s, from), b'-' | b'=' | b':' | b'/' | b'~') && quote == 0 {
        return None;
    }
    valued(walk, &judged, name, (from, until))
}

/// The command that the option at `i` belongs to, without its path.
fn command(s: &[u8], i: usize) -> Option<&[u8]> {
    let head = s.get(i.saturating_sub(NEAR)..i)?;
    let stop = |b: &u8| matches!(b, b'|' | b';' | b'&' | b'\n' | b'`' | b'(');
    let line = head.get(head.iter().rposition(stop).map_or(0, |k| k + 1)..)?;
    line.split(|b| matches!(b, b' ' | b'/' | b'"' | b'\'' | b':' | b'=' | b'>' | b'[' | b'\\'))
        .find(|word| {
            *word == b"htpasswd"
                || SAMBA.iter().any(|name| name.as_bytes() == *word)
                || COMMANDS
                    .iter()
                    .any(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word))
        })
}

/// The password of `htpasswd -b file user x`, the last argument; the options are `i..end`.
fn last(walk: &mut Walk<'_>, i: usize, end: usize) -> Option<Hit> {
    let s = walk.s;
    if !s.get(i..end)?.contains(&b'b') {
        return None;
    }
    let rest = s.get(end..)?;
    let stop = |b: &u8| {
        matches!(
            b,
            b'|' | b';' | b'&' | b'\n' | b'\r' | b'>' | b'"' | b'\'' | b'`' | b'\\'
        )
    };
    let line = rest
        .get(..rest.iter().take(NEAR).position(stop).unwrap_or(rest.len().min(NEAR)))?
        .trim_ascii_end();
    let start = line.iter().rposition(|b| *b == b' ')? + 1;
    let words = line.split(|b| *b == b' ').filter(|word| !word.is_empty()).count();
    (words >= 2).then(|| walk.hit(Shape::Authorization, Class::Credential, (end + start, end + line.len())))?
}

/// What reads a password from what is piped into it.
const READERS: [&[u8]; 7] = [
    b"--password-stdin",
    b"--passphrase-fd",
    b"--with-token",
    b"passwd --stdin",
    b"chpasswd",
    b"sudo -S",
    b"cryptsetup",
];

/// Whether a command stands behind the pipe at `i` that reads a password.
pub(super) fn reads_one(s: &[u8], i: usize) -> bool {
    let rest = s.get(i + 1..(i + NEAR).min(s.len())).unwrap_or_default();
    let command = rest
        .split(|b| matches!(b, b'|' | b';' | b'\n'))
        .next()
        .unwrap_or_default();
    READERS
        .iter()
        .any(|reader| memchr::memmem::find(command, reader).is_some())
}

/// What is piped into such a command: `echo x | docker login --password-stdin`, `echo "bob:x" | chpasswd`.
pub(super) fn piped(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let s = walk.s;
    let from = i.saturating_sub(NEAR).max(walk.floor.min(i));
    let lead = s.get(from..i)?;
    let echo = [&b"echo "[..], b"printf "].into_iter();
    let mut start = echo
        .filter_map(|word| Some(memchr::memmem::rfind(lead, word)? + from + word.len()))
        .max()?;
    while at(s, start) == b'-' || at(s, start) == b' ' {
        start = run_to(s, start + 1, set::ALNUM, 4);
    }
    // `printf '%s' 'x'`
    let format = quote_at(s, start);
    let close = auth::argument(s, start + 1, format);
    if format != 0 && close < i && reads(s, start + 1, b"%s") && at(s, close + 1) == b' ' {
        let next = close + 1 + blanks(s, close + 1);
        start = if next < i { next } else { start };
    }
    let quote = at(s, start);
    let quoted = matches!(quote, b'"' | b'\'');
    start += usize::from(quoted);
    let text = s.get(start..i)?.trim_ascii_end();
    let text = if quoted { text.strip_suffix(&[quote])? } else { text };
    let user = text
        .iter()
        .position(|b| *b == b':')
        .filter(|_| reads(s, i, b"| chpasswd") || reads(s, i, b"| sudo chpasswd"));
    let from = start + user.map_or(0, |colon| colon + 1);
    let end = start + text.len();
    let parted = |b: &u8| if quoted { *b == quote || *b == b'\n' } else { *b <= b' ' };
    let one = end > from && !s.get(from..end)?.iter().any(parted);
    (one && !matches!(at(s, from), b'$' | b'<'))
        .then(|| walk.hit(Shape::Authorization, Class::Credential, (from, end)))?
}

/// The password of `user%password` behind `i`.
fn samba(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let s = walk.s;
    let from = i + blanks(s, i);
    let quote = if matches!(at(s, from), b'"' | b'\'') {
        at(s, from)
    } else {
        0
    };
    let from = from + usize::from(quote != 0);
    let end = auth::argument(s, from, quote);
    let sign = s.get(from..end)?.iter().position(|b| *b == b'%')?;
    let start = from + sign + 1;
    (end > start).then(|| walk.hit(Shape::Authorization, Class::Credential, (start, end)))?
}
