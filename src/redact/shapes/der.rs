//! Private keys in base64 without the markers around them, as they are left when a block is cut: known by the first fields of their
//! DER encoding (RFC 5208, 5915, 8017, 7292), or by the marker behind them.
//!
//! Certificates, requests and public keys have other fields there.

use super::{at, before, mixed, run, run_to, set, sets};
use crate::redact::label::line_break;
use crate::redact::marks::blanks;

/// The shortest line of a key that goes on, and the shortest key.
const LINE: usize = 48;
const SHORTEST: usize = 40;

/// The key that begins at `i`, with all its lines.
pub(in super::super) fn find(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let head = s.get(i..i + SHORTEST)?;
    if matches!(before(s, i), b'+' | b'/') && before(s, i.saturating_sub(1)).is_ascii_alphanumeric() {
        return None;
    }
    let known = head.starts_with(b"b3BlbnNzaC1rZXktdjE") || is_private(&decoded(head)?)?;
    let end = lines(s, i);
    (known && end - i >= SHORTEST).then_some((i, end))
}

/// The lines of a key before the marker at `i` that ends it, down to `floor`.
pub(in super::super) fn tail(s: &[u8], i: usize, floor: usize) -> Option<(usize, usize)> {
    let back = |i: usize| {
        let text = s.get(floor.min(i)..i).unwrap_or_default();
        i - text.iter().rev().take_while(|b| sets(**b) & set::BASE64 != 0).count()
    };
    let end = break_back(s, i)?;
    let mut start = back(end);
    // The letter of an escaped break is none of the line's.
    while let Some(line) = break_back(s, start).filter(|line| *line > floor) {
        let from = back(line);
        if line - from < LINE {
            break;
        }
        start = from;
    }
    if before(s, start) == b'\\' && matches!(at(s, start), b'n' | b'r') {
        start += 1;
    }
    let text = s.get(start..end)?;
    (text.len() >= 24 && mixed(text)).then_some((start, end))
}

/// Where the line before the one at `i` ends.
fn break_back(s: &[u8], i: usize) -> Option<usize> {
    let head = s.get(..i)?;
    let plain = [&b"\r\n"[..], b"\n", b"\\r\\n", b"\\n"];
    let found = plain.iter().find_map(|text| head.strip_suffix(*text))?;
    let slashes = found.iter().rev().take_while(|b| **b == b'\\').count();
    Some(found.len() - slashes)
}

/// Where the base64 that begins at `i` ends, over lines of one length and a shorter last one.
fn lines(s: &[u8], i: usize) -> usize {
    let mut end = run(s, i, set::BASE64);
    let width = end - i;
    if width < LINE {
        return end;
    }
    while let Some(next) = line_break(s, end).map(|next| next + blanks(s, next)) {
        let close = run_to(s, next, set::BASE64, width);
        let line = s.get(next..close).unwrap_or_default();
        let last = line.len() < width;
        // A word on the next line is no end of a key.
        if line.len() > width || last && !(mixed(line) && line.len() >= 4 || line.ends_with(b"=")) {
            break;
        }
        end = close;
        if last {
            break;
        }
    }
    end
}

/// Whole groups of base64.
pub(super) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(SHORTEST);
    for group in text.as_chunks::<4>().0 {
        let mut all = 0u32;
        for b in group {
            let value = match b {
                b'A'..=b'Z' => b - b'A',
                b'a'..=b'z' => b - b'a' + 26,
                b'0'..=b'9' => b - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            all = all << 6 | u32::from(value);
        }
        let [_, a, b, c] = all.to_be_bytes();
        bytes.extend([a, b, c]);
    }
    Some(bytes)
}

/// Whether this begins a private key, or a store of some (PKCS #12).
fn is_private(der: &[u8]) -> Option<bool> {
    let inside = open(der, 0x30)?;
    let Some(version) = inside.strip_prefix(&[2, 1]) else {
        // The algorithm of an encrypted key: one of PKCS #5 or #12.
        let by = open(open(inside, 0x30)?, 6)?.strip_prefix(PKCS)?;
        return Some(matches!(by.first(), Some(5 | 12)));
    };
    let (version, fields) = version.split_first()?;
    Some(match (version, fields.first()?) {
        // Of a request for a time stamp too, with a hash in it.
        (0 | 1, 0x30) => {
            !matches!(fields.get(1)?, 0x21 | 0x31 | 0x41 | 0x51) || open(fields, 0x30)?.first() == Some(&6)
        }
        (0 | 1, 2) => fields.get(1)? & 0x80 != 0 || *fields.get(1)? >= 0x40,
        (1, 4) => matches!(fields.get(1)?, 20..=66),
        (3, 0x30) => open(fields, 0x30)?.first() == Some(&6),
        _ => false,
    })
}

/// With what the identifiers of PKCS begin.
const PKCS: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1];

/// What is in the field with this `tag`.
fn open(der: &[u8], tag: u8) -> Option<&[u8]> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let more = match length {
        0..=0x7F => 0,
        0x81..=0x83 => usize::from(length & 3),
        _ => return None,
    };
    (*first == tag).then_some(rest.get(more..)?)
}
