//! What is plainly no secret though a name says so: what a key of a service may name, `metabase_key: users.email`, where a key is kept,
//! `gpgkey=https://h/key.asc`, and a variable of a shell that is called like a secret, `TOKEN=$token`.

use super::policy::{Judged, Policy};
use super::shapes::{set, sets};

/// The longest value that is looked at.
const LONGEST: usize = 256;

/// Whether the value of a key opens nothing.
pub(super) fn is_open(judged: &Judged, text: &[u8]) -> bool {
    text.len() <= LONGEST && (is_address(text) || judged.owned && (is_dotted(text) || is_path(text) || is_number(text)))
}

/// A URL without a user and without a query, in which a key could stand.
fn is_address(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"https://").or(text.strip_prefix(b"http://"));
    rest.is_some_and(|rest| {
        let plain = |b: &u8| sets(*b) & (set::URL64 | set::DOT | set::SLASH) != 0;
        rest.contains(&b'.') && rest.iter().all(plain)
    })
}

/// Words with dots or an at between them: a column, a host, an e-mail address.
fn is_dotted(text: &[u8]) -> bool {
    let sign = |b: &u8| matches!(b, b'.' | b'@' | b':');
    let word = |part: &[u8]| {
        part.first().is_some_and(u8::is_ascii_lowercase)
            && part
                .iter()
                .all(|b| sets(*b) & (set::LOWER | set::UNDER | set::DASH) != 0)
    };
    text.iter().any(sign) && text.split(sign).all(word)
}

/// What begins with a slash and has words behind it.
fn is_path(text: &[u8]) -> bool {
    let word = |part: &[u8]| {
        let set = set::LOWER | set::DIGIT | set::UNDER | set::DASH | set::DOT;
        part.len() < 16 && part.iter().all(|b| sets(*b) & set != 0)
    };
    let rest = text
        .strip_prefix(b"/")
        .or(text.strip_prefix(b"./"))
        .or(text.strip_prefix(b"~/"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.split(|b| *b == b'/').all(word))
}

/// A number or what is on or off.
fn is_number(text: &[u8]) -> bool {
    text.len() <= 9 && text.iter().all(|b| b.is_ascii_digit() || *b == b'.') || matches!(text, b"true" | b"false")
}

/// Whether it is a variable of a shell, called like a secret itself, or one that a program hands on: `$password = $input;`.
pub(super) fn is_variable(policy: &Policy, called: &[u8], text: &[u8]) -> bool {
    let Some(name) = text.strip_prefix(b"$") else {
        return false;
    };
    let handed = called.first() == Some(&b'$');
    (3..=64).contains(&name.len())
        && name
            .iter()
            .all(|b| sets(*b) & (set::LOWER | set::UPPER | set::UNDER) != 0)
        && (handed || policy.judge(name).is_some_and(|judged| judged.end == judged.words))
}

/// Whether the value at `i` is asked of the environment by a name that says as much as the one before it. What stands for it if it is
/// not set is found by that name.
pub(super) fn is_environment(policy: &Policy, s: &[u8], i: usize) -> bool {
    const ASKED: [&[u8]; 9] = [
        b"os.getenv(",
        b"os.environ",
        b"os.Getenv(",
        b"getenv(",
        b"System.getenv(",
        b"process.env",
        b"ENV.fetch(",
        b"ENV[",
        b"env(",
    ];
    let rest = s.get(i..).unwrap_or_default();
    if !ASKED.iter().any(|asked| rest.starts_with(asked)) {
        return false;
    }
    let rest = rest.get(..128).unwrap_or(rest);
    let quote = |b: &u8| matches!(b, b'"' | b'\'');
    match rest.split(quote).nth(1) {
        Some(name) => policy.judge(name).is_some(),
        None => !rest.contains(&b','),
    }
}
