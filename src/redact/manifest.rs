//! The data of a `Secret` of Kubernetes, in JSON and in YAML: its names are the owner's, and none needs to tell.

use super::Class;
use super::Shape;
use super::marks::{balanced, blanks};
use super::pair::Name;
use super::shapes::{at, before};
use super::text::{Hit, Walk};

/// The value of `data` or `stringData`, at `value`, in a manifest that says it is one of a secret.
pub(super) fn find(walk: &mut Walk<'_>, name: Name, text: &[u8], value: usize) -> Option<Hit> {
    if !matches!(text, b"data" | b"stringData") {
        return None;
    }
    let s = walk.s;
    let object = at(s, value) == b'{';
    if !(object || matches!(at(s, value), b'\n' | b'\r')) || !is_secret(walk) {
        return None;
    }
    let verdict = walk.policy.class(Class::Credential)?;
    walk.policy.shape(Shape::Pair, Class::Credential)?;
    let (start, end) = if object {
        (value, balanced(s, value))
    } else {
        block(s, name, value)?
    };
    let quotes = (object && name.quote == b'"').then_some(name.level);
    (end > start + 2 && start >= walk.floor).then_some(Hit {
        start,
        end,
        verdict,
        quotes,
        next: end,
        shape: false,
    })
}

/// Whether the text has `kind: Secret`. Asked once.
fn is_secret(walk: &mut Walk<'_>) -> bool {
    let s = walk.s;
    *walk.manifest.get_or_insert_with(|| {
        memchr::memmem::find_iter(s, b"kind").any(|k| {
            let mut i = k + 4;
            let from = i;
            while i < from + 12 && matches!(at(s, i), b'"' | b'\'' | b'\\' | b':' | b' ') {
                i += 1;
            }
            let word = s.get(i..i + 6).is_some_and(|word| word.eq_ignore_ascii_case(b"secret"));
            word && s.get(from..i).is_some_and(|sign| sign.contains(&b':'))
                && !before(s, k).is_ascii_alphanumeric()
                && !at(s, i + 6).is_ascii_alphanumeric()
        })
    })
}

/// The lines below the name that are set in more than it is.
fn block(s: &[u8], name: Name, value: usize) -> Option<(usize, usize)> {
    let lead = s.get(..name.start)?;
    let indent = lead.len() - lead.iter().rposition(|b| *b == b'\n').map_or(0, |k| k + 1);
    let mut next = value + usize::from(at(s, value) == b'\r') + 1;
    let first = next + blanks(s, next);
    let mut end = first.min(next);
    while blanks(s, next) > indent || matches!(at(s, next), b'\n' | b'\r') && next < s.len() {
        let rest = s.get(next..)?;
        let line = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        end = next + line;
        next = end + 1;
        if end == s.len() {
            break;
        }
    }
    let text = s.get(first..end)?.trim_ascii_end();
    (!text.is_empty()).then_some((first, first + text.len()))
}
