//! How a value looks that may be a key: drawn by chance, and no identifier, hash, path or word.

use super::beside::is_uuid;
use super::marks::is_delimiter;
use super::shapes::{at, before, is_random, is_uneven, mixed, one_case, run_to, set, sets};

/// The shortest value, and its shortest part that is drawn by chance.
const SHORTEST: usize = 20;
const PART: usize = 16;
/// The longest value that is looked at.
pub(super) const LONGEST: usize = 256;
/// What a value consists of.
pub(super) const SET: u16 = set::TOKEN68 | set::EQUALS;

/// How a value looks that may be a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Of letters and digits, drawn by chance.
    Drawn,
    /// In hexadecimal.
    Hash,
    /// The same, of 16 bytes: no commit and no digest of an image is so short.
    Short,
    /// A UUID.
    Uuid,
    /// Of all signs there are, in quotes.
    Wild,
}

/// How the value that begins at `start` looks.
pub(super) fn look(s: &[u8], start: usize) -> Option<Look> {
    if is_drawn(s, start) {
        return Some(Look::Drawn);
    }
    let end = run_to(s, start, set::HEX, 64);
    let hash =
        end - start >= 32 && s.get(start..end).is_some_and(mixed) && (is_delimiter(at(s, end)) || at(s, end) == 0);
    if hash {
        return Some(if end - start == 32 { Look::Short } else { Look::Hash });
    }
    if is_uuid(s, start) {
        return Some(Look::Uuid);
    }
    let quote = before(s, start);
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let rest = s.get(start..(start + LONGEST).min(s.len()))?;
    let text = rest.get(..rest.iter().position(|b| *b == quote)?)?;
    is_wild(text).then_some(Look::Wild)
}

/// Whether letters of both cases, digits and many signs stand in it, and hardly a word.
fn is_wild(text: &[u8]) -> bool {
    let signs = text.iter().filter(|b| b.is_ascii_punctuation()).count();
    let blanks = text.iter().filter(|b| **b == b' ').count();
    let letters = text.split(|b| !b.is_ascii_alphabetic());
    let longest = letters.map(<[u8]>::len).max().unwrap_or(0);
    text.len() >= 32
        && text.is_ascii()
        && signs * 4 >= text.len()
        && blanks * 16 <= text.len()
        && longest <= 8
        && mixed(text)
        && !one_case(text)
}

/// Whether the value that begins at `start` looks drawn by chance, and is no number in hexadecimal.
pub(super) fn is_drawn(s: &[u8], start: usize) -> bool {
    let end = run_to(s, start, SET, LONGEST);
    let text = s.get(start..end).unwrap_or_default();
    let next = at(s, end);
    if text.len() < SHORTEST || !(is_delimiter(next) || matches!(next, 0 | b'\\')) {
        return false;
    }
    let hex = |b: &u8| sets(*b) & (set::ANY_HEX | set::DASH) != 0;
    if text.iter().all(hex) || text.starts_with(b"0x") {
        return false;
    }
    let part = |b: &u8| sets(*b) & set::ALNUM == 0;
    // Of a path and of a host some parts are words.
    if text.iter().any(|b| matches!(b, b'/' | b'.')) {
        let first = text.split(part).next().unwrap_or_default();
        return first.len() >= PART && is_random(first) && !one_case(first) || is_base64(text);
    }
    let mut parts = text.split(part);
    parts.any(|part| part.len() >= PART && is_random(part) && !part.iter().all(hex))
}

/// Whether it is base64 with slashes in it rather than a path: no part is a word, and most are drawn by chance.
fn is_base64(text: &[u8]) -> bool {
    let body = text.strip_suffix(b"=").unwrap_or(text);
    let body = body.strip_suffix(b"=").unwrap_or(body);
    if body.len() < 32 || body.iter().any(|b| sets(*b) & (set::BASE64 & !set::EQUALS) == 0) || one_case(body) {
        return false;
    }
    let mut drawn = 0;
    for part in body.split(|b| matches!(b, b'/' | b'+')) {
        let odd = is_random(part) || is_uneven(part);
        if part.len() >= 4 && !odd && (one_case(part) || part.iter().skip(1).all(u8::is_ascii_lowercase)) {
            return false;
        }
        drawn += if odd && part.len() >= 8 { part.len() } else { 0 };
    }
    drawn * 2 >= body.len()
}

/// Whether the value that begins at `start` is longer than what services call their objects. In letters of one case it is in one piece,
/// as names are in several, and no address by content.
pub(super) fn is_long(s: &[u8], start: usize) -> bool {
    const LONG: usize = 30;
    let end = run_to(s, start, set::URL64, LONGEST);
    let text = s.get(start..end).unwrap_or_default();
    let piece = text.iter().all(u8::is_ascii_alphanumeric) && !text.starts_with(b"baf");
    text.len() >= LONG && (piece || !one_case(text)) && (is_delimiter(at(s, end)) || at(s, end) == 0)
}

#[cfg(test)]
mod tests {
    use super::super::drawn::{ALNUM, HEX, LOWER, drawn};
    use super::*;

    fn seen(text: &str) -> Option<Look> {
        look(format!("\"{text}\"").as_bytes(), 1)
    }

    #[test]
    fn a_key_looks_like_one_however_it_is_built() {
        for seed in 1..40 {
            assert!(seen(&drawn(ALNUM, 24, seed)) == Some(Look::Drawn));
            assert!(seen(&drawn(LOWER, 32, seed)) == Some(Look::Drawn));
            assert!(seen(&drawn(HEX, 40, seed)) == Some(Look::Hash));
            assert!(seen(&drawn(HEX, 32, seed)) == Some(Look::Short));
        }
        assert!(seen("q7Kd0Zx/9KQAwrL2ZYd/DJPNG1PQj+YxMX7tBv2s=") == Some(Look::Drawn));
        assert!(seen("Zy>!x 9{b@Qd)4|T#w&L^1e(M~j;V$8r<Np*2+G:h") == Some(Look::Wild));
    }

    #[test]
    fn what_identifies_is_no_key() {
        for text in [
            "created_at",
            "user:42:profile",
            "path/to/some/picture_of_the_book.png",
            "uploads/2026/11/Report-Final-Version.pdf",
            "01H455VB4PEX5VSKNKM4FKX9ZZ",
            "20261128T014318Z-20261128T014318Z",
            "checkout_button_label_2024_v2",
            "ann.smith+tag@example.co.uk",
            "The user's cart (3 items) was saved, see #12!",
        ] {
            assert!(seen(text).is_none(), "{text}");
        }
    }
}
