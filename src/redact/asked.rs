//! What stands behind a name that a word of its own asks for or counts: the answer to `has password: yes`, `max token: 4096`, or the
//! secret itself, `login with password: x`.

use super::Class;
use super::list::is_odd;
use super::pair::{Name, words_before};
use super::policy::Judged;
use super::remark::is_remark;
use super::shapes::{mixed, run_to, set};
use super::text::Walk;

/// Words that tell more often than they ask.
const TELLS: &str = "is are was no not with without using use uses has have had";

/// Words that say what something was opened with.
const WITH: &str = "with using use uses";

/// Words behind which a number or a measure stands.
const COUNTS: &str = "num number count counts min max total avg average minimum maximum remaining length";

/// Bytes of a value that are looked at.
const LONGEST: usize = 128;

/// The fewest digits of a secret that has nothing else.
const DIGITS: usize = 4;

fn is(list: &str, word: &[u8]) -> bool {
    list.split_ascii_whitespace()
        .any(|known| known.as_bytes().eq_ignore_ascii_case(word))
}

/// Whether what stands at `value` is the secret, and no answer to the word that begins at `first`.
pub(super) fn is_told(walk: &Walk<'_>, judged: &Judged, first: usize, value: usize) -> bool {
    let s = walk.s;
    let word = s
        .get(first..run_to(s, first, set::LOWER | set::UPPER, 12))
        .unwrap_or_default();
    let text = said(s, value);
    if text.is_empty() || is(COUNTS, word) || is_remark(text) {
        return false;
    }
    if text.iter().all(u8::is_ascii_digit) {
        return is(WITH, word) && judged.verdict.class == Class::Credential && text.len() >= DIGITS;
    }
    // Of tokens and keys one speaks without naming one: `uses token: bucket`.
    let word_alone = judged.verdict.class != Class::Credential
        && text
            .iter()
            .all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'-' | b'.' | b'{'));
    is(TELLS, word) && !word_alone || is_odd(walk.policy, text) && mixed(text)
}

/// The verdict on a name of several words behind such a one, `with api key: x`, if it is told.
pub(super) fn behind(walk: &Walk<'_>, name: Name, value: usize) -> Option<Judged> {
    let s = walk.s;
    [2, 1].into_iter().find_map(|count| {
        let first = words_before(s, name.start, walk.floor, count);
        let judged = walk.policy.judge(s.get(first..name.end)?)?;
        let asker = words_before(s, first, walk.floor, 1);
        let asks = first < name.start && asker < first && walk.policy.judge(s.get(asker..name.end)?).is_none();
        (asks && is_told(walk, &judged, asker, value)).then_some(judged)
    })
}

/// The first word at `i`, without quotes and without what ends a sentence.
fn said(s: &[u8], i: usize) -> &[u8] {
    let rest = s.get(i..(i + LONGEST).min(s.len())).unwrap_or_default();
    let text = rest.split(|b| *b <= b' ').next().unwrap_or_default();
    let around = |b: &u8| {
        matches!(
            b,
            b'"' | b'\'' | b'`' | b'\\' | b')' | b']' | b'}' | b',' | b';' | b'.' | b'!'
        )
    };
    let start = text.iter().position(|b| !around(b)).unwrap_or(text.len());
    let end = text.iter().rposition(|b| !around(b)).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}
