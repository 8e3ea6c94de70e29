//! Passwords in URLs: `scheme://user:password@host`.

use super::{at, before, mixed, run, set, sets};

/// The password of the URL whose `://` begins at `colon`.
///
/// The authority ends at the first slash; a password with a raw slash in it is recognised only if what stands before
/// the slash cannot be a port.
pub(in super::super) fn find(s: &[u8], colon: usize) -> Option<(usize, usize)> {
    if !before(s, colon).is_ascii_alphanumeric() {
        return None;
    }
    let start = colon + 3;
    let rest = s.get(start..)?;
    let stop = |b: &u8| *b <= b' ' || matches!(b, b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\');
    let path = |b: &u8| matches!(b, b'/' | b'?' | b'#');
    let authority = rest.get(
        ..rest
            .iter()
            .take(256)
            .position(|b| stop(b) || path(b))
            .unwrap_or(rest.len().min(256)),
    )?;
    let user = authority.iter().position(|b| matches!(b, b':' | b'@' | b'['))?;
    // Who logs in with an address: `smtps://bob@h:x@smtp.h`.
    let address = || {
        let rest = authority.get(user + 1..)?;
        let colon = user + 1 + rest.iter().position(|b| *b == b':')?;
        let sign = authority
            .iter()
            .rposition(|b| *b == b'@')
            .filter(|sign| *sign > colon + 1)?;
        let host = authority.get(user + 1..colon)?;
        (user > 0 && host.contains(&b'.') && !host.contains(&b'@')).then_some((start + colon + 1, start + sign))
    };
    if authority.get(user) == Some(&b'@') {
        if let Some(span) = address() {
            return Some(span);
        }
        // A token is its own user.
        return is_token(authority.get(..user)?).then_some((start, start + user));
    }
    if authority.get(user) != Some(&b':') {
        return None;
    }
    let sign = match authority.iter().rposition(|b| *b == b'@') {
        Some(sign) => sign,
        None => {
            let port = authority.get(user + 1..)?;
            if port.iter().all(u8::is_ascii_digit) {
                return None;
            }
            let whole = rest.get(..rest.iter().take(128).position(stop).unwrap_or(rest.len().min(128)))?;
            whole.iter().rposition(|b| *b == b'@')?
        }
    };
    let (from, until) = (start + user + 1, start + sign);
    // The password only fills its place, and the token is the user.
    let filler = s.get(from..until)?;
    // What a program puts in: `://{user}:{password}@{host}`.
    if let [b'{', name @ .., b'}'] = filler
        && name.iter().all(|b| sets(*b) & set::WORD != 0)
    {
        return None;
    }
    if filler == b"x-oauth-basic" || filler.len() <= 1 && is_token(authority.get(..user)?) {
        return (user > 0).then_some((start, start + user));
    }
    (until > from).then_some((from, until))
}

/// The password of a URL without its scheme, `//user:password@host`; `colon` is the one behind the user.
pub(in super::super) fn relative(s: &[u8], colon: usize) -> Option<(usize, usize)> {
    let head = s.get(colon.saturating_sub(64)..colon)?;
    let stop = |b: &u8| {
        *b <= b' '
            || matches!(
                b,
                b'/' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | b'?' | b'#' | b'@' | b':'
            )
    };
    let user = head.iter().rev().position(stop)?;
    let slashes = head.len() - user;
    if !head.get(..slashes)?.ends_with(b"//") || matches!(before(s, colon - user - 2), b':' | b'/' | b'\\') {
        return None;
    }
    let from = colon + 1;
    let rest = s.get(from..)?;
    let len = rest
        .iter()
        .take(256)
        .position(|b| *b != b':' && *b != b'@' && stop(b))
        .unwrap_or(rest.len().min(256));
    let until = from + rest.get(..len)?.iter().rposition(|b| *b == b'@')?;
    (until > from && at(s, until + 1).is_ascii_alphanumeric()).then_some((from, until))
}

/// Whether the user of a URL looks like no name.
fn is_token(user: &[u8]) -> bool {
    user.len() >= 20 && mixed(user) && user.iter().all(|b| sets(*b) & set::URL64 != 0)
}

/// The password of an Oracle thin URL, `jdbc:oracle:thin:user/password@host`; `colon` is the third colon.
pub(in super::super) fn oracle(s: &[u8], colon: usize) -> Option<(usize, usize)> {
    if !s.get(..colon)?.ends_with(b"jdbc:oracle:thin") {
        return None;
    }
    let slash = run(s, colon + 1, set::URL64 | set::DOT | set::DOLLAR);
    let from = slash + 1;
    let rest = s.get(from..)?;
    let until = from + rest.iter().take(128).position(|b| *b == b'@' || *b <= b' ')?;
    (at(s, slash) == b'/' && at(s, until) == b'@' && until > from).then_some((from, until))
}
