//! Keys beside the name of their service and a word for them, with no sign between: `hubspot api '<uuid>'`, `heroku key <uuid>`,
//! `vultr token "<hash>"`. UUIDs and hashes identify most things, so that the name must say both whose and what it is.

use super::look::{Look, look};
use super::owner::is_owner;
use super::pair::{name, words_before};
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
    let look = look(walk.s, open + 1)?;
    let whole = matches!(look, Look::Uuid | Look::Short | Look::Hash | Look::Drawn);
    (whole && is_named(walk, open)).then_some(())?;
    walk.hit(Shape::Token, Class::Key, (open + 1, end))
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
