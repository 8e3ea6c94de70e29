//! Keys beside the name of their service and a word for them, with no sign between: `hubspot api '<uuid>'`, `heroku key <uuid>`,
//! `vultr token "<hash>"`. UUIDs and hashes identify most things, so that the name must say both whose and what it is. And strings whose name
//! stands behind them, `invalid value "x" for field "password"`, or before what became of them, `password changed from "x" to "y"`.

use super::list::is_odd;
use super::look::{Look, look};
use super::marks::closing;
use super::owner::is_owner;
use super::pair::{name, words_before};
use super::policy::Judged;
use super::shapes::{at, before, run_to, set};
use super::text::{Hit, Walk};
use super::{Class, Shape};

/// What the word before the key calls it.
const CALLED: [&[u8]; 8] = [
    b"key",
    b"token",
    b"secret",
    b"api",
    b"apikey",
    b"pat",
    b"credential",
    b"license",
];
/// Bytes of a UUID, and of its last part.
const UUID: usize = 36;
const LAST: usize = 12;

/// The string `open + 1..end`, whose quote is at `open`.
pub(super) fn quoted(walk: &mut Walk<'_>, open: usize, end: usize) -> Option<Hit> {
    if let Some(hit) = refused(walk, open, end) {
        return Some(hit);
    }
    changed(walk, open, end);
    let look = look(walk.s, open + 1)?;
    let whole = matches!(look, Look::Uuid | Look::Short | Look::Hash | Look::Drawn);
    (whole && is_named(walk, open)).then_some(())?;
    walk.hit(Shape::Token, Class::Key, (open + 1, end))
}

/// What is refused for a field that is named behind it: `invalid value "x" for field "password"`.
fn refused(walk: &mut Walk<'_>, open: usize, end: usize) -> Option<Hit> {
    let s = walk.s;
    let rest = s.get(end + 1..(end + 97).min(s.len()))?.strip_prefix(b" for ")?;
    let lead = s.get(..open)?;
    if ![&b"value "[..], b"input ", b"argument "]
        .iter()
        .any(|word| lead.ends_with(word))
    {
        return None;
    }
    // One word may say what it is: `field`, `parameter`, `the option`.
    let from = rest.iter().position(|b| matches!(b, b'"' | b'\'' | b'`'))?;
    let kind = rest.get(..from)?;
    let (quote, name) = rest.get(from..)?.split_first()?;
    let name = name.get(..name.iter().position(|b| b == quote)?)?;
    // Of `--password <PASSWORD>` the first counts.
    let name = name.split(|b| *b == b' ').next()?;
    if kind.len() > 24 || !kind.iter().all(|b| b.is_ascii_alphabetic() || *b == b' ') {
        return None;
    }
    let judged = walk
        .policy
        .judge(name)
        .filter(|judged| judged.verdict.class != Class::Contact)?;
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    (end > open + 1).then(|| walk.treated(judged.verdict, (open + 1, end)))?
}

/// Queues the old and the new one of `password changed from "x" to "y"`.
fn changed(walk: &mut Walk<'_>, open: usize, end: usize) -> Option<()> {
    const VERBS: [&[u8]; 6] = [b" changed", b" updated", b" rotated", b" reset", b" set", b" modified"];
    let s = walk.s;
    let lead = s.get(open.saturating_sub(96)..open)?.strip_suffix(b" from ")?;
    let lead = VERBS.iter().find_map(|verb| lead.strip_suffix(*verb)).unwrap_or(lead);
    let lead = [&b" was"[..], b" is", b" has been", b" been"]
        .iter()
        .find_map(|is| lead.strip_suffix(*is))
        .unwrap_or(lead);
    let sep = open.saturating_sub(96) + lead.len();
    let called = name(s, sep, walk.floor)?;
    let judged = walk.policy.judge(s.get(called.start..called.end)?)?;
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    let old = (open + 1, end);
    let tail = s.get(end + 1..)?;
    let second = [&b" to "[..], b" into ", b" -> "]
        .into_iter()
        .find(|word| tail.starts_with(word))?;
    let next = end + 1 + second.len();
    let new = (at(s, next) == at(s, open)).then(|| (next + 1, closing(s, next + 1, at(s, next), 0)))?;
    let told = |walk: &Walk<'_>, judged: &Judged, (start, end): (usize, usize)| {
        let text = walk.s.get(start..end).unwrap_or_default();
        let password = judged.verdict.class == Class::Credential && !judged.weak && text.len() >= 4;
        !text.is_empty() && (is_odd(walk.policy, text) || password && !text.contains(&b' '))
    };
    for span in [old, new] {
        if told(walk, &judged, span) {
            let hit = walk.treated(judged.verdict, span);
            walk.queue.extend(hit);
        }
    }
    Some(())
}

/// The UUID whose last part is the word `start..end`, behind a blank.
pub(super) fn uuid(walk: &mut Walk<'_>, start: usize, end: usize) -> Option<Hit> {
    let from = start.checked_sub(UUID - LAST)?;
    let uuid = is_uuid(walk.s, from) && before(walk.s, from) == b' ' && is_named(walk, from);
    if uuid {
        walk.hit(Shape::Token, Class::Key, (from, end))
    } else {
        None
    }
}

/// Whether a UUID stands at `i`, and nothing goes on behind it.
pub(super) fn is_uuid(s: &[u8], i: usize) -> bool {
    let parts = [8, 13, 18, 23].iter().all(|dash| at(s, i + dash) == b'-');
    let end = run_to(s, i, set::ANY_HEX | set::DASH, UUID + 1);
    parts && end == i + UUID && !matches!(at(s, end), b'_' | b'.' | b'/' | b'a'..=b'z' | b'A'..=b'Z')
}

/// Whether the words that end before `i` are the name of a service and one for its key.
fn is_named(walk: &Walk<'_>, i: usize) -> bool {
    let s = walk.s;
    let Some(called) = name(s, i, walk.floor).filter(|name| name.quote == 0) else {
        return false;
    };
    let is = |word: &[u8]| CALLED.iter().any(|called| called.eq_ignore_ascii_case(word));
    let first = words_before(s, called.start, walk.floor, 2);
    let text = s.get(first..called.end).unwrap_or_default();
    let mut words = text
        .split(|b| matches!(b, b' ' | b'_' | b'-'))
        .filter(|word| !word.is_empty());
    words.next_back().is_some_and(is) && words.any(|word| is_owner(walk.policy, word))
}

#[cfg(test)]
mod tests {
    use super::super::drawn::{ALNUM, HEX, drawn};
    use super::super::samples::shown;

    const UUID: &str = "6f1a5f08-2a5e-4f11-8329-248cb850df03";

    #[test]
    fn a_key_goes_beside_its_service_and_a_word_for_it() {
        for seed in 1..10 {
            for key in [UUID.to_owned(), drawn(HEX, 32, seed), drawn(ALNUM, 30, seed)] {
                for text in [
                    "hubspot api '{}'",
                    "vultr token \"{}\" was used",
                    "the heroku api key '{}'",
                ] {
                    assert_eq!(
                        shown(&text.replace("{}", &key)),
                        text.replace("{}", "[redacted]"),
                        "{key}"
                    );
                }
            }
        }
        let text = format!("heroku key {UUID} expired");
        assert_eq!(shown(&text), "heroku key [redacted] expired");
    }

    #[test]
    fn what_is_named_behind_it_or_changed_goes() {
        for text in [
            "invalid value \"{}\" for field \"password\"",
            "error: invalid value '{}' for '--password <PASSWORD>'",
            "password changed from \"{}\" to \"{}\" by ann",
            "the password was changed from '{}' to '{}'",
        ] {
            assert_eq!(shown(&text.replace("{}", "x1y2z3")), text.replace("{}", "[redacted]"));
        }
        for text in [
            "invalid value \"x1y2z3\" for field \"name\"",
            "invalid value \"x1y2z3\" for the user \"ann\"",
            "name changed from \"x1y2z3\" to \"y2z3x4\"",
            "token changed from \"comma\" to \"colon\"",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn what_identifies_something_of_a_service_stays() {
        let hash = drawn(HEX, 40, 3);
        for text in [
            format!("heroku app '{UUID}'"),
            format!("stripe event {UUID}"),
            format!("the key {UUID} of the cache key '{UUID}'"),
            format!("github commit '{hash}'"),
            format!("request key '{hash}'"),
        ] {
            assert_eq!(shown(&text), text);
        }
    }
}
