//! What a text says once its encodings are undone: `%3D`, `\u003d`, `\x3d`, `\/`, `&quot;`, full-width letters, colours of
//! a terminal, and characters that nobody sees.
//!
//! The walk reads quotes that are escaped, at any depth, so their backslashes stay. What it does not read is undone here, with a map
//! back: what is found behind an encoding is replaced in the text itself.

use super::marks::run;
use super::shapes::at;

/// How often encodings of different kinds are undone, one below the other. One kind within itself counts once.
const LAYERS: usize = 6;

/// Something encoded: where it ends, the backslashes that stay before it, and what it stands for.
#[derive(Clone, Copy)]
struct Piece {
    end: usize,
    slashes: usize,
    letter: Letter,
}

#[derive(Clone, Copy)]
enum Letter {
    Nothing,
    Char(char),
    /// A part of a character; the other parts are encoded too.
    Byte(u8),
}

/// Where a piece begins and ends, in the plain text and in the other one.
#[derive(Clone, Copy)]
struct Place {
    begin: usize,
    end: usize,
    start: usize,
    close: usize,
}

/// A text with one layer of its encodings undone.
pub(super) struct Plain {
    pub(super) text: Vec<u8>,
    places: Vec<Place>,
}

impl Plain {
    /// Undoes one layer; `None` if there is none. In an `inner` one the backslashes were encoded themselves.
    fn of(s: &[u8], inner: bool) -> Option<Self> {
        let (mut start, mut piece) = next(s, 0, inner)?;
        let mut all = Self {
            text: Vec::with_capacity(s.len()),
            places: Vec::new(),
        };
        let mut copied = 0;
        loop {
            all.text.extend_from_slice(s.get(copied..start)?);
            let begin = all.text.len();
            all.text.extend(std::iter::repeat_n(b'\\', piece.slashes));
            match piece.letter {
                Letter::Nothing => {}
                Letter::Char(letter) => all.text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
                Letter::Byte(byte) => all.text.push(byte),
            }
            all.places.push(Place {
                begin,
                end: all.text.len(),
                start,
                close: piece.end,
            });
            copied = piece.end;
            let Some(found) = next(s, copied, inner) else { break };
            (start, piece) = found;
        }
        all.text.extend_from_slice(s.get(copied..)?);
        Some(all)
    }

    /// All layers, the outermost first.
    pub(super) fn layers(s: &[u8]) -> Vec<Self> {
        let mut layers: Vec<Self> = Vec::new();
        while layers.len() < LAYERS {
            let Some(layer) = Self::of(layers.last().map_or(s, |layer| &layer.text), !layers.is_empty()) else {
                break;
            };
            layers.push(layer);
        }
        layers
    }

    /// Where a span of the plain text stands in the other one.
    pub(super) fn span(&self, (start, end): (usize, usize)) -> (usize, usize) {
        (self.place(start, false), self.place(end, true))
    }

    /// Within a piece, its near or far end.
    fn place(&self, i: usize, far: bool) -> usize {
        let known = self.places.partition_point(|place| place.begin <= i);
        match known.checked_sub(1).and_then(|k| self.places.get(k)) {
            Some(place) if i >= place.end => place.close + (i - place.end),
            Some(place) if far && i > place.begin => place.close,
            Some(place) => place.start,
            None => i,
        }
    }
}

fn is_mark(b: u8) -> bool {
    matches!(b, b'%' | b'\\' | b'&' | 0xC2 | 0xE2 | 0xEF | 0x00..=0x08 | 0x0B..=0x0C | 0x0E..=0x1F | 0x7F)
}

/// The next encoded piece from `i` on, and where it begins.
fn next(s: &[u8], mut i: usize, inner: bool) -> Option<(usize, Piece)> {
    loop {
        i += s.get(i..)?.iter().position(|b| is_mark(*b))?;
        let mut skip = 1;
        let found = match at(s, i) {
            b'%' => percent(s, i),
            b'\\' => {
                skip = run(s, i, b'\\');
                backslash(s, i, skip, inner)
            }
            b'&' => entity(s, i),
            0xC2.. => sign(s, i),
            b => Some(Piece {
                end: if b == ESCAPE { colour(s, i + 1) } else { i + 1 },
                slashes: 0,
                letter: Letter::Nothing,
            }),
        };
        if let Some(piece) = found {
            return Some((i, piece));
        }
        i += skip;
    }
}

/// `%3D`, also encoded again: `%253D`.
fn percent(s: &[u8], i: usize) -> Option<Piece> {
    let mut from = i + 1;
    while s.get(from..from + 2) == Some(b"25") {
        from += 2;
    }
    // The last `25` may stand for itself.
    let (from, byte) = match hex(s, from, 2) {
        Some(byte) => (from, byte),
        None if from > i + 1 => (from - 2, u32::from(b'%')),
        None => return None,
    };
    let letter = match byte {
        0..0x80 => unquoted(char(byte)),
        _ => Letter::Byte(byte as u8),
    };
    Some(Piece {
        end: from + 2,
        slashes: 0,
        letter,
    })
}

/// `\u003d`, `\u{3d}`, `\x3d` and `\/` behind `count` backslashes.
fn backslash(s: &[u8], i: usize, count: usize, inner: bool) -> Option<Piece> {
    let letter = i + count;
    let (mut end, code) = match (at(s, letter), at(s, letter + 1)) {
        (b'/', _) => (letter + 1, u32::from(b'/')),
        (b'x', _) => (letter + 3, hex(s, letter + 1, 2)?),
        (b'u', b'{') => {
            let digits = s.get(letter + 2..letter + 9)?.iter().position(|b| *b == b'}')?;
            (letter + digits + 3, hex(s, letter + 2, digits)?)
        }
        (b'u', _) => (letter + 5, hex(s, letter + 1, 4)?),
        _ => return None,
    };
    if code == u32::from(ESCAPE) {
        end = colour(s, end);
    }
    // The quote of a text within an encoded one closes none of the quotes around that.
    if inner && code == 0x22 {
        return Some(Piece {
            end,
            slashes: 0,
            letter: Letter::Char('`'),
        });
    }
    // Two backslashes stand for one, a level deeper.
    let mut slashes = count;
    let mut levels = 0;
    while slashes.is_multiple_of(2) {
        slashes /= 2;
        levels += 1;
    }
    // A quote and a backslash keep the one that escapes them, as they would have it without the code.
    let escaped = matches!(code, 0x22 | 0x5C);
    let mut stays = if escaped { slashes } else { slashes - 1 };
    for _ in 0..levels {
        stays = 2 * stays + usize::from(escaped);
    }
    Some(Piece {
        end,
        slashes: stays,
        letter: char(code),
    })
}

/// `&quot;`, `&#61;`, `&#x3d;`, also encoded again: `&amp;quot;`.
fn entity(s: &[u8], i: usize) -> Option<Piece> {
    let mut from = i + 1;
    while s.get(from..from + 4) == Some(b"amp;") {
        from += 4;
    }
    let rest = s.get(from..)?;
    let named = [
        (&b"quot;"[..], '"'),
        (b"apos;", '\''),
        (b"lt;", '<'),
        (b"gt;", '>'),
        (b"nbsp;", ' '),
        (b"colon;", ':'),
        (b"equals;", '='),
    ];
    let known = named.iter().find(|(name, _)| rest.starts_with(name));
    let (end, letter) = match (rest, known) {
        (_, Some((name, letter))) => (from + name.len(), unquoted(Letter::Char(*letter))),
        ([b'#', ..], _) => {
            let close = rest.iter().take(10).position(|b| *b == b';')?;
            let code = match rest.get(1..close)? {
                [b'x' | b'X', digits @ ..] => hex(digits, 0, digits.len())?,
                digits => std::str::from_utf8(digits).ok()?.parse().ok()?,
            };
            (from + close + 1, unquoted(char(code)))
        }
        _ if from > i + 1 => (from, Letter::Char('&')),
        _ => return None,
    };
    Some(Piece {
        end,
        slashes: 0,
        letter,
    })
}

/// A full-width form of an ASCII character, a typographic quote, and what takes no room.
fn sign(s: &[u8], i: usize) -> Option<Piece> {
    let rest = s.get(i..(i + 3).min(s.len()))?;
    let letter = match *rest {
        [0xC2, 0xAD, ..] => {
            return Some(Piece {
                end: i + 2,
                slashes: 0,
                letter: Letter::Nothing,
            });
        }
        [0xEF, 0xBC, b @ 0x81..=0xBF] => Letter::Char(char::from(b - 0x60)),
        [0xEF, 0xBD, b @ 0x80..=0x9E] => Letter::Char(char::from(b - 0x20)),
        [0xE2, 0x80, 0x98 | 0x99] => Letter::Char('\''),
        [0xE2, 0x80, 0x9C | 0x9D] => Letter::Char('`'),
        [0xEF, 0xBB, 0xBF] | [0xE2, 0x80, 0x8B..=0x8F | 0xAA..=0xAE] | [0xE2, 0x81, 0xA0 | 0xA6..=0xA9] => {
            Letter::Nothing
        }
        _ => return None,
    };
    Some(Piece {
        end: i + 3,
        slashes: 0,
        letter,
    })
}

const ESCAPE: u8 = 0x1B;

/// The end of what tells a terminal its colours, `[1;31m`.
fn colour(s: &[u8], i: usize) -> usize {
    if at(s, i) != b'[' {
        return i;
    }
    let end = i
        + 1
        + s.get(i + 1..)
            .unwrap_or_default()
            .iter()
            .take(24)
            .take_while(|b| matches!(b, b'0'..=b'9' | b';'))
            .count();
    if at(s, end).is_ascii_alphabetic() { end + 1 } else { i }
}

/// The ASCII letter for which a character of three bytes stands, or that it is none, and its length.
pub(super) fn letter(s: &[u8]) -> Option<(Option<u8>, usize)> {
    let piece = sign(s, 0)?;
    match piece.letter {
        Letter::Char(letter) => Some((u8::try_from(letter).ok(), piece.end)),
        _ => Some((None, piece.end)),
    }
}

/// A quote that is encoded closes none that is not: it is another sign for the same.
fn unquoted(letter: Letter) -> Letter {
    match letter {
        Letter::Char('"') => Letter::Char('`'),
        other => other,
    }
}

/// The character of a code. Blanks stay blanks; of the other controls nothing is left.
fn char(code: u32) -> Letter {
    match char::from_u32(code) {
        Some(letter @ ('\t' | '\n' | '\r')) => Letter::Char(letter),
        Some(
            '\0'..='\x1f'
            | '\x7f'
            | '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'
            | '\u{feff}',
        ) => Letter::Nothing,
        Some(letter @ '\u{ff01}'..='\u{ff5e}') => Letter::Char(char::from((u32::from(letter) - 0xFEE0) as u8)),
        Some(letter) => Letter::Char(letter),
        // Half of a surrogate pair.
        None => Letter::Char('\u{fffd}'),
    }
}

fn hex(s: &[u8], from: usize, digits: usize) -> Option<u32> {
    let text = s.get(from..from + digits).filter(|text| !text.is_empty())?;
    text.iter()
        .try_fold(0, |all, b| Some(all << 4 | char::from(*b).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_undone_and_every_place_is_known() {
        for (text, expected) in [
            ("a%3Db%253D%25253d", "a=b=="),
            ("100%25 50% %2 %zz%25", "100% 50% %2 %zz%"),
            ("contrase%C3%B1a", "contraseña"),
            (r"pass\u0077ord \x3d \u{3d} \\u0077 \\\u0077", r"password = = w \\w"),
            (r"\u0022 \\u0022 \\\u0022 \\\\u0022", r#"\" \\\" \\\" \\\\\\\""#),
            (r"https:\/\/h\\/x\\\/y", r"https://h/x\\/y"),
            (r"a\nb\\c", r"a\nb\\c"),
            ("&quot;a&amp;b&amp;quot;&#61;&#x3D;&nope;", "`a&b`==&nope;"),
            ("ｐassword：“a”", "password:`a`"),
            ("pass\u{200b}wo\u{ad}rd", "password"),
            (r"pass\u0000word\u200b", "password"),
            ("\u{1b}[1;31mpassword\u{1b}[0m=\u{1}a", "password=a"),
            (r"\u001b[31mpassword\x1b[0m=a", "password=a"),
        ] {
            let plain = Plain::of(text.as_bytes(), false).map_or_else(|| text.as_bytes().to_vec(), |plain| plain.text);
            assert_eq!(String::from_utf8_lossy(&plain), expected, "{text}");
        }
        let plain = Plain::of("ab%3Dcd%253Def".as_bytes(), false).unwrap();
        assert_eq!(plain.text, b"ab=cd=ef");
        assert_eq!(plain.span((0, 2)), (0, 2));
        assert_eq!(plain.span((3, 5)), (5, 7));
        assert_eq!(plain.span((6, 8)), (12, 14));
    }

    #[test]
    fn kinds_within_kinds_come_off_layer_by_layer() {
        let layers = Plain::layers(br"&quot;pass%5Cu0077ord&quot;");
        let last = layers.last().unwrap();
        assert_eq!(last.text, b"`password`");
        let span = layers.iter().rev().fold((1, 9), |span, layer| layer.span(span));
        assert_eq!(span, (6, 21));
    }
}
