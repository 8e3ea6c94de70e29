//! A name taken apart into its words, whatever convention it follows.

use super::plain;

/// Bytes of a name that are looked at; of a longer one, its end.
const CAP: usize = 96;
/// Words of a name that are looked at; of more, the last ones.
pub(super) const MAX: usize = 16;

const SEPARATOR: u8 = 0;
const LETTER: u8 = 1;
const UPPER: u8 = 2;
const DIGIT: u8 = 3;
/// The first byte of a full-width letter, or of a sign that takes no room.
const WIDE: u8 = 4;
/// A control character, which no name has.
const NOTHING: u8 = 5;
/// The first byte of a letter of two bytes, which may be a capital or have a mark on it.
const FOLDED: u8 = 6;

static KINDS: [u8; 256] = {
    let mut kinds = [SEPARATOR; 256];
    let mut b = 0;
    while b < 256 {
        #[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
        {
            kinds[b] = match b as u8 {
                0xC2 | 0xE2 | 0xEF => WIDE,
                0xC3..=0xD6 => FOLDED,
                b'a'..=b'z' | 0x80.. => LETTER,
                b'A'..=b'Z' => UPPER,
                b'0'..=b'9' => DIGIT,
                b'\t' | b'\n' | b'\r' => SEPARATOR,
                0..=0x1F | 0x7F => NOTHING,
                _ => SEPARATOR,
            };
        }
        b += 1;
    }
    kinds
};

#[inline]
fn kind(b: u8) -> u8 {
    KINDS.get(usize::from(b)).copied().unwrap_or(SEPARATOR)
}

/// A name as lower-case words, glued in one buffer.
pub(super) struct Words {
    buf: [u8; CAP],
    /// `ends[k]` is where word `k` ends; it begins where word `k - 1` ends.
    ends: [u8; MAX],
    len: usize,
}

impl Words {
    pub(super) fn split(name: &[u8]) -> Self {
        let name = name.get(name.len().saturating_sub(CAP)..).unwrap_or(name);
        let mut words = Self {
            buf: [0; CAP],
            ends: [0; MAX],
            len: 0,
        };
        // Where the current word begins and ends in the buffer, and how many digits it ends in.
        let (mut start, mut at, mut digits) = (0, 0, 0);
        let mut upper = false;
        let mut rest = name;
        while let Some((&first, mut tail)) = rest.split_first() {
            let mut b = first;
            let mut kind = kind(b);
            if kind == WIDE {
                if let Some((letter, len)) = plain::letter(rest) {
                    tail = rest.get(len..).unwrap_or_default();
                    b = letter.unwrap_or(0);
                }
                kind = if b == first { LETTER } else { self::kind(b) };
            }
            rest = tail;
            match kind {
                NOTHING => {}
                FOLDED => {
                    let (letters, len) = fold(b, tail.first().copied().unwrap_or(0));
                    rest = tail.get(1..).unwrap_or_default();
                    letters.iter().take(len).for_each(|b| words.put(&mut at, *b));
                    (digits, upper) = (0, false);
                }
                LETTER => {
                    words.put(&mut at, b);
                    (digits, upper) = (0, false);
                }
                UPPER => {
                    // The one word that begins with a digit.
                    let factor = b == b'F' && tail.first() == Some(&b'A') && words.glues(at, b'2');
                    if (!upper || tail.first().is_some_and(u8::is_ascii_lowercase)) && !factor {
                        (start, at) = words.close(start, at - digits);
                    }
                    words.put(&mut at, b | 0x20);
                    (digits, upper) = (0, true);
                }
                DIGIT => {
                    // The tracks of a card's stripe are told apart by it.
                    let track = matches!(b, b'1' | b'2') && words.reads(start, at, b"track");
                    words.put(&mut at, b);
                    (digits, upper) = (if track { 0 } else { digits + 1 }, false);
                }
                _ => {
                    (start, at) = words.close(start, at - digits);
                    (digits, upper) = (0, false);
                    // An escaped byte of a form name: `user%5Bpassword%5D`.
                    if b == b'%'
                        && let Some((hex, after)) = tail.split_first_chunk::<2>()
                        && hex.iter().all(u8::is_ascii_hexdigit)
                    {
                        rest = after;
                    }
                }
            }
        }
        words.close(start, at - digits);
        words
    }

    /// Whether the buffer ends in `b`.
    pub(super) fn glues(&self, at: usize, b: u8) -> bool {
        at.checked_sub(1).and_then(|k| self.buf.get(k)) == Some(&b)
    }

    /// Whether the buffer holds `word` from `start` to `at`.
    #[inline]
    fn reads(&self, start: usize, at: usize, word: &[u8]) -> bool {
        self.buf.get(start..at) == Some(word)
    }

    #[inline]
    pub(super) fn put(&mut self, at: &mut usize, b: u8) {
        if let Some(slot) = self.buf.get_mut(*at) {
            *slot = b;
            *at += 1;
        }
    }

    /// Ends a word, which goes without its trailing digits; nothing left is no word. Returns where the next begins.
    pub(super) fn close(&mut self, start: usize, at: usize) -> (usize, usize) {
        if at <= start {
            return (start, start);
        }
        let mut at = at;
        if self.len == MAX {
            // Only the last words of a long path are kept.
            let from = self.start(MAX / 2);
            self.buf.copy_within(from.., 0);
            self.ends.copy_within(MAX / 2.., 0);
            self.len = MAX / 2;
            for end in self.ends.iter_mut().take(MAX / 2) {
                *end = end.saturating_sub(from as u8);
            }
            at -= from;
        }
        if let Some(end) = self.ends.get_mut(self.len) {
            *end = at as u8;
            self.len += 1;
        }
        (at, at)
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn start(&self, k: usize) -> usize {
        k.checked_sub(1)
            .and_then(|k| self.ends.get(k))
            .map_or(0, |&end| usize::from(end))
    }

    /// Words `from..to`, glued.
    #[inline]
    pub(super) fn glued(&self, from: usize, to: usize) -> &[u8] {
        self.buf.get(self.start(from)..self.start(to)).unwrap_or_default()
    }
}

/// The Latin letters from U+00C0 to U+017F, small and without the marks on them.
const PLAIN: &[u8; 192] = b"aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo*ouuuuyty\
    aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrsssssssstttttt\
    uuuuuuuuuuuuwwyyyzzzzzzs";

/// A letter of two bytes in small and without marks, and its length: `É` is `e`. A mark that stands for itself is nothing.
fn fold(lead: u8, next: u8) -> ([u8; 2], usize) {
    let code = u32::from(lead & 0x1F) << 6 | u32::from(next & 0x3F);
    if let Some(letter) = code.checked_sub(0xC0).and_then(|k| PLAIN.get(k as usize)) {
        return ([*letter, 0], 1);
    }
    let small = char::from_u32(code).and_then(|letter| letter.to_lowercase().next());
    let small = match small {
        Some('\u{300}'..='\u{36f}') => return ([0; 2], 0),
        Some('ș') => return ([b's', 0], 1),
        Some('ț') => return ([b't', 0], 1),
        Some('ά') => 'α',
        Some('έ') => 'ε',
        Some('ή') => 'η',
        Some('ί') => 'ι',
        Some('ό') => 'ο',
        Some('ύ') => 'υ',
        Some('ώ') => 'ω',
        Some('ς') => 'σ',
        Some('ё') => 'е',
        Some(small) if small.len_utf8() == 2 => small,
        _ => return ([lead, next], 2),
    };
    let mut letters = [0; 2];
    small.encode_utf8(&mut letters);
    (letters, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_lose_their_case_and_their_marks() {
        for (name, expected) in [
            ("Contraseña", "contrasena"),
            ("contrasen\u{303}a", "contrasena"),
            ("MOT_DE_PASSE_CLÉ", "motdepassecle"),
            ("Şifre", "sifre"),
            ("ŻÓŁĆ", "zolc"),
            ("Parolă", "parola"),
            ("ПАРОЛЬ", "пароль"),
            ("Κωδικός", "κωδικοσ"),
            ("密码", "密码"),
        ] {
            let words = Words::split(name.as_bytes());
            assert_eq!(words.glued(0, words.len()), expected.as_bytes(), "{name}");
        }
        // Half a letter is none, and does not matter.
        assert_eq!(Words::split(b"token\xC3").len(), 1);
    }
}
