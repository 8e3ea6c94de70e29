//! Several names that are given several values at once: `user, password := "bob", "x"`. Each value belongs to the name at its place.

use super::marks::{closing, gap, opening};
use super::shapes::{at, before};
use super::text::{Hit, Walk};
use super::{Class, Shape};

/// Bytes before the sign in which the names stand.
const NAMES: usize = 160;
/// The most names.
const MOST: usize = 8;
/// Bytes of a value that is no string.
const VALUE: usize = 64;

/// Queues the values behind the sign at `sep` whose names call them secrets. Says whether there are any, hidden already or not: the
/// last name alone does not own the first value.
pub(super) fn queue(walk: &mut Walk<'_>, sep: usize) -> bool {
    let Some(hits) = find(walk, sep) else { return false };
    walk.queue.extend(hits);
    true
}

fn find(walk: &mut Walk<'_>, sep: usize) -> Option<Vec<Hit>> {
    let s = walk.s;
    let end = if before(s, sep) == b':' { sep - 1 } else { sep };
    if at(s, sep + 1) == b'=' {
        return None;
    }
    let lead = s.get(end.saturating_sub(NAMES).max(walk.floor.min(end))..end)?;
    let line = lead
        .iter()
        .rposition(|b| matches!(b, b'\n' | b';' | b'{'))
        .map_or(0, |k| k + 1);
    let lead = lead.get(line..)?;
    memchr::memchr(b',', lead)?;
    if !lead.iter().all(|b| plain(b) || *b == b',') {
        return None;
    }
    let names: Vec<&[u8]> = lead.split(|b| *b == b',').map(last_word).collect();
    if names.len() > MOST || names.iter().any(|name| name.is_empty()) {
        return None;
    }
    let (mut hits, mut owned) = (Vec::new(), false);
    let mut from = gap(s, sep + 1);
    for (k, name) in names.iter().enumerate() {
        let next = if let Some((start, quote, level)) = opening(s, from) {
            let end = closing(s, start, quote, level);
            let judged = walk.policy.judge(name).filter(|judged| !judged.weak);
            if let Some(judged) = judged.filter(|judged| judged.verdict.class != Class::Contact)
                && walk.policy.shape(Shape::Pair, judged.verdict.class).is_some()
                && end > start
            {
                owned = true;
                hits.extend(walk.treated(judged.verdict, (start, end)));
            }
            end + level + 1
        } else {
            let rest = s.get(from..(from + VALUE).min(s.len()))?;
            let stop = |b: &u8| matches!(b, b',' | b'\n' | b';' | b'"' | b'\'' | b'=');
            let len = rest.iter().position(stop).unwrap_or(rest.len());
            if len == 0 {
                return None;
            }
            from + len
        };
        let next = gap(s, next);
        if k + 1 < names.len() {
            if at(s, next) != b',' {
                return None;
            }
            from = gap(s, next + 1);
        }
    }
    owned.then_some(hits)
}

/// Whether it may stand in a name.
fn plain(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'[' | b']' | b'"' | b'\'' | b'$' | b' ')
}

/// The last word of a part, if what stands before it may declare it: `var a`, `let mut b`, `app.config["c"]`.
fn last_word(part: &[u8]) -> &[u8] {
    let part = part.trim_ascii();
    let word = part.rsplit(|b| *b == b' ').next().unwrap_or(part);
    if part.len() <= 64 && word.first().is_some_and(|b| !b.is_ascii_digit()) {
        word
    } else {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::shown;

    #[test]
    fn of_several_values_the_one_at_the_place_of_its_name_goes() {
        for (text, expected) in [
            (
                "user, password := \"bob\", \"{}\"",
                "user, password := \"bob\", \"[redacted]\"",
            ),
            ("a, token, b = 1, '{}', 2", "a, token, b = 1, '[redacted]', 2"),
            (
                "app.config[\"SECRET_KEY\"], n = \"{}\", 3",
                "app.config[\"SECRET_KEY\"], n = \"[redacted]\", 3",
            ),
        ] {
            assert_eq!(shown(&text.replace("{}", "Blue42Moon")), expected);
        }
        for text in ["user, name := \"bob\", \"Blue42Moon\"", "a, b = c, \"Blue42Moon\""] {
            assert_eq!(shown(text), text);
        }
    }
}
