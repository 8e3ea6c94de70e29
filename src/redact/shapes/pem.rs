//! Private keys in their text forms: PEM and OpenSSH, PGP, SSH2 and PuTTY. Certificates, public keys and requests stay.

use super::{at, before};

/// The block that begins at `i`, with its markers.
///
/// `i` is the first dash of a run; line breaks may be literal `\n`, or spaces, or missing. Without an end marker all goes up to a
/// quote, or to the end.
pub(in super::super) fn find(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let rest = s.get(i..)?;
    let dashes = rest.iter().take(6).take_while(|b| **b == b'-').count();
    let begin = i + dashes + usize::from(at(s, i + dashes) == b' ');
    if dashes < 4 || !s.get(begin..)?.starts_with(b"BEGIN ") {
        return None;
    }
    // "RSA PRIVATE KEY", "PGP PRIVATE KEY BLOCK", "SSH2 ENCRYPTED PRIVATE KEY": a short label up to dashes.
    let label = s.get(begin + 6..(begin + 6 + 48).min(s.len()))?;
    let label = label.get(..label.iter().position(|b| *b == b'-').unwrap_or(label.len()))?;
    memchr::memmem::find(label, b"PRIVATE KEY")?;
    let body = begin + 6 + label.len();
    let rest = s.get(body..)?;
    let rest = rest.get(..memchr::memchr3(b'"', b'\'', b'<', rest).unwrap_or(rest.len()))?;
    // The next end marker of any label closes the block.
    let end = memchr::memmem::find_iter(rest, b"END ").map(|k| body + k).find(|k| {
        let previous = before(s, *k);
        previous == b'-' || previous == b' ' && before(s, k - 1) == b'-'
    });
    let Some(end) = end else {
        return Some((i, body + rest.len()));
    };
    let marker = s.get(end + 4..)?;
    let words = marker
        .iter()
        .take(48)
        .take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b' ')
        .count();
    let close = marker.iter().skip(words).take(5).take_while(|b| **b == b'-').count();
    Some((i, end + 4 + words + close))
}

/// What is left of a block before its end marker, whose dashes begin at `i`, when the begin marker is missing.
pub(in super::super) fn end(s: &[u8], i: usize, floor: usize) -> Option<(usize, usize)> {
    let rest = s.get(i..(i + 64).min(s.len()))?.trim_ascii_start();
    let label = rest.strip_prefix(b"-----END ")?;
    let label = label.get(..label.iter().position(|b| *b == b'-')?)?;
    memchr::memmem::find(label, b"PRIVATE KEY")?;
    super::der::tail(s, i, floor)
}

/// The private part of a PuTTY key file; `i` is the start of the word `Private`.
pub(in super::super) fn putty(s: &[u8], i: usize) -> Option<(usize, usize)> {
    const HEAD: &[u8] = b"Private-Lines:";
    if !s.get(i..)?.starts_with(HEAD) {
        return None;
    }
    let body = i + HEAD.len();
    // The key, then a line with its code (`Private-MAC: <hex>`), which helps to guess the passphrase.
    let rest = s.get(body..)?;
    let Some(code) = memchr::memmem::find(rest, b"Private-MAC:") else {
        return Some((body, s.len()));
    };
    let code = body + code + 12;
    let digits = code + s.get(code..)?.iter().take_while(|b| **b == b' ').count();
    Some((body, super::run(s, digits, super::set::ANY_HEX)))
}
