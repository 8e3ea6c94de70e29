//! A list below a sensitive name, a line each: `passwords:`, `  - x`, `  - y`. The first is the value, and the others are as secret.

use super::marks::{closing, gap, opening};
use super::shapes::at;
use super::text::{Hit, Walk};

/// The most that are taken.
const MOST: usize = 64;

/// Queues `first` and what stands below it in the same list. Says whether there is more than one.
pub(super) fn queue(walk: &mut Walk<'_>, first: Hit) -> bool {
    let s = walk.s;
    let Some((indent, _)) = dash(s, first.start) else {
        return again(walk, first);
    };
    let mut next = first.next;
    let mut items = Vec::new();
    while items.len() < MOST
        && let Some((start, end, after)) = item(s, next, indent)
    {
        let text = s.get(start..end).unwrap_or_default();
        if !walk.policy.is_done(first.verdict, text) {
            items.push(Hit {
                start,
                end,
                next: after,
                ..first
            });
        }
        next = after;
    }
    let several = !items.is_empty();
    if several {
        walk.queue.push_back(first);
        walk.queue.extend(items);
    }
    several
}

/// Queues `first` and the string behind a bar: one of several keys, or the same once more, `token = 'x' | 'x'`.
fn again(walk: &mut Walk<'_>, first: Hit) -> bool {
    let s = walk.s;
    let Some(quote) = first
        .next
        .checked_sub(1)
        .map(|end| at(s, end))
        .filter(|b| matches!(b, b'"' | b'\''))
    else {
        return false;
    };
    let Some(rest) = s.get(first.next..).and_then(|rest| rest.strip_prefix(b" | ")) else {
        return false;
    };
    let start = s.len() - rest.len() + 1;
    let end = closing(s, start, quote, 0);
    let text = s.get(start..end).unwrap_or_default();
    if at(rest, 0) != quote || at(s, end) != quote || text.len() < 8 || text.contains(&b' ') {
        return false;
    }
    walk.queue.push_back(first);
    walk.queue.push_back(Hit {
        start,
        end,
        next: end + 1,
        ..first
    });
    true
}

/// The dash before the value at `start`: what its line is set in by, and where the line begins.
fn dash(s: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let head = s.get(start.saturating_sub(64)..start)?;
    let line = head.iter().rposition(|b| *b == b'\n')? + 1;
    let lead = head.get(line..)?;
    let lead = lead.strip_suffix(b"\"").or(lead.strip_suffix(b"'")).unwrap_or(lead);
    let indent = lead.strip_suffix(b"- ")?;
    let blank = indent.iter().all(|b| matches!(b, b' ' | b'\t'));
    blank.then_some((indent, start - head.len() + line))
}

/// The item on the line behind `from`, and where that line goes on.
fn item(s: &[u8], from: usize, indent: &[u8]) -> Option<(usize, usize, usize)> {
    let rest = s.get(from..)?;
    let line = rest.iter().position(|b| *b == b'\n')?;
    // Of the line before only a remark is left.
    let tail = rest.get(..line)?.trim_ascii();
    if !(tail.is_empty() || tail.starts_with(b"#") || tail == b",") {
        return None;
    }
    let lead = s.get(from + line + 1..)?.strip_prefix(indent)?.strip_prefix(b"- ")?;
    let start = s.len() - lead.len();
    if let Some((text, quote, level)) = opening(s, start) {
        let end = closing(s, text, quote, level);
        return (end > text && at(s, end) == quote).then_some((text, end, end + 1));
    }
    let end = start + lead.iter().position(|b| *b <= b' ').unwrap_or(lead.len());
    let alone = at(s, end) < b' ' || gap(s, end) > end && at(s, gap(s, end)) != b':';
    // A member of its own: `- name: x`.
    let member = at(s, end.saturating_sub(1)) == b':';
    (end > start && alone && !member).then_some((start, end, end))
}
