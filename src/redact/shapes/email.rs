//! E-mail addresses, for policies that hide them.

use super::{at, run_to, set};

/// The address around the `@` at `i`, no earlier than `from`.
pub(in super::super) fn find(s: &[u8], i: usize, from: usize) -> Option<(usize, usize)> {
    const LOCAL: u16 = set::URL64 | set::DOT | set::PLUS | set::PERCENT | set::TILDE;
    let local = s.get(from.max(i.saturating_sub(64))..i)?;
    let length = local
        .iter()
        .rev()
        .position(|b| super::sets(*b) & LOCAL == 0)
        .unwrap_or(local.len());
    let start = i - length;
    let domain = i + 1;
    let mut end = run_to(s, domain, set::ALNUM | set::DASH | set::DOT, 253);
    while end > domain && matches!(at(s, end - 1), b'.' | b'-') {
        end -= 1;
    }
    let host = s.get(domain..end)?;
    let top = host.rsplit(|b| *b == b'.').next()?;
    let named = host.len() > top.len() + 1 && top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic);
    (length > 0 && at(s, start) != b'.' && named).then_some((start, end))
}
