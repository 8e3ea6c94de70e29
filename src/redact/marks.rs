//! Quotes, escapes, brackets and blanks: what delimits names and values in texts of any notation.

use super::shapes::{at, before, reads};

/// The opening quote of a value: where its text begins, the quote, and the backslashes before it. Python and Rust put up to two
/// letters in front.
pub(super) fn opening(s: &[u8], i: usize) -> Option<(usize, u8, usize)> {
    for prefix in 0..3 {
        let start = i + prefix;
        let level = run(s, start, b'\\');
        if let b @ (b'"' | b'\'' | b'`') = at(s, start + level) {
            return Some((start + level + 1, b, level));
        }
        if !matches!(
            at(s, start),
            b'b' | b'u' | b'r' | b'f' | b'B' | b'U' | b'R' | b'F' | b'@' | b'$'
        ) {
            return None;
        }
    }
    None
}

/// The end of a quoted text that was opened behind `level` backslashes.
///
/// A quote at depth `d` of escaping has `2^d - 1` backslashes before it; one inside the text has more, and they are not a
/// multiple of twice as many, and a few. Fewer close what is around it.
pub(super) fn closing(s: &[u8], start: usize, quote: u8, level: usize) -> usize {
    let rest = s.get(start..).unwrap_or_default();
    let mut from = 0;
    while let Some(k) = rest.get(from..).and_then(|tail| memchr::memchr(quote, tail)) {
        let k = from + k;
        let slashes = slashes(rest, k);
        // SQL writes a quote within a text twice.
        if quote == b'\'' && slashes == 0 && at(rest, k + 1) == quote && k > 0 {
            from = k + 2;
            continue;
        }
        if slashes < level || slashes % (2 * (level + 1)) == level {
            return start + k - slashes.min(level);
        }
        from = k + 1;
    }
    start + rest.len()
}

/// The end of the escape sequence at `i`, if it stands for something that a value may hold; `None` for a line break, a tab or a
/// quote, at whatever depth. The backslashes of a run belong together: half of one would spoil the string around it.
pub(super) fn escape(s: &[u8], i: usize) -> Option<usize> {
    let end = i + run(s, i, b'\\');
    match at(s, end) {
        b'n' | b'r' | b't' | b'"' | b'\'' => None,
        b'u' if matches!(s.get(end..end + 4), Some([b'u', b'0', b'0', b'0' | b'1'])) => None,
        0 => Some(end),
        // Of a character of several bytes the rest follows.
        _ => Some(end + 1),
    }
}

/// How many bytes an escape sequence at `i` takes, so that the word behind it begins afresh.
pub(super) fn sequence(s: &[u8], i: usize) -> usize {
    let hex = |from: usize, n: usize| (from..from + n).all(|k| at(s, k).is_ascii_hexdigit());
    let octal = |from: usize| (from..from + 2).all(|k| matches!(at(s, k), b'0'..=b'7'));
    let len = match (at(s, i), at(s, i + 1)) {
        (b'%', _) if hex(i + 1, 2) => return 3,
        (b'\\', b'0'..=b'7') if octal(i + 2) => 4,
        (b'\\', b'a' | b'n' | b'r' | b't' | b'b' | b'f' | b'v' | b'0') => return 2,
        (b'\\', b'e') if at(s, i + 2) == b'[' => 2,
        (b'\\', b'U') if hex(i + 2, 8) => 10,
        (b'\\', b'u' | b'U') if hex(i + 2, 4) => 6,
        (b'\\', b'x') if hex(i + 2, 2) => 4,
        _ => 1,
    };
    // What a terminal is told of colours: `ESC [ 1 ; 32 m`.
    let told = matches!(at(s, i + len - 1), 0x1B | b'b' | b'B' | b'3' | b'e') && at(s, i + len) == b'[';
    if !told {
        return len;
    }
    let number = |b: &&u8| matches!(b, b'0'..=b'9' | b';');
    let rest = s.get(i + len + 1..).unwrap_or_default();
    let numbers = rest.iter().take(16).take_while(number).count();
    match rest.get(numbers) {
        Some(b'm' | b'K') => len + numbers + 2,
        _ => len,
    }
}

/// How often `b` stands at `i`.
pub(super) fn run(s: &[u8], i: usize, b: u8) -> usize {
    s.get(i..).unwrap_or_default().iter().take_while(|c| **c == b).count()
}

/// The end of a span without the backslashes that escape the quote behind it.
pub(super) fn before_escape(s: &[u8], start: usize, end: usize) -> usize {
    if matches!(at(s, end), b'"' | b'\'') {
        end - slashes(s, end).min(end - start)
    } else {
        end
    }
}

/// The number of backslashes before `i`.
pub(super) fn slashes(s: &[u8], i: usize) -> usize {
    s.get(..i)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(|b| **b == b'\\')
        .count()
}

/// `[redacted]` and its like at `i`: where it ends.
pub(super) fn placeholder(s: &[u8], i: usize) -> Option<usize> {
    [
        &b"[redacted]"[..],
        b"[filtered]",
        b"[masked]",
        b"[hidden]",
        b"[removed]",
        b"<redacted>",
        b"[scrubbed]",
    ]
    .iter()
    .find(|text| reads(s, i, text))
    .map(|text| i + text.len())
}

/// The bracket that opens the value at `i`: itself, or behind the name of a `Debug` form.
pub(super) fn bracket(s: &[u8], i: usize) -> Option<usize> {
    if matches!(at(s, i), b'[' | b'{' | b'(') {
        return Some(i);
    }
    if !at(s, i).is_ascii_alphabetic() {
        return None;
    }
    let rest = s.get(i..)?;
    let len = rest
        .iter()
        .take(64)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'))
        .count();
    let upper = at(s, i).is_ascii_uppercase();
    match (at(s, i + len), at(s, i + len + 1)) {
        (b'(', _) => Some(i + len),
        (b'{', _) if upper => Some(i + len),
        (b' ', b'{') if upper => Some(i + len + 1),
        // As serde_json's `Value` prints a list.
        (b' ', b'[') if rest.starts_with(b"Array") => Some(i + len + 1),
        _ => None,
    }
}

/// One past the bracket that closes the one at `open`; the end of the text if none does. Brackets in double quotes do not count.
pub(super) fn balanced(s: &[u8], open: usize) -> usize {
    let mut depth = 0u32;
    let mut i = open;
    while let Some(&b) = s.get(i) {
        match b {
            b'[' | b'{' | b'(' => depth += 1,
            b']' | b'}' | b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return i + 1;
                }
            }
            b'"' => {
                let level = slashes(s, i);
                i = closing(s, i + 1, b'"', level) + level;
            }
            _ => {}
        }
        i += 1;
    }
    s.len()
}

pub(super) fn blanks(s: &[u8], i: usize) -> usize {
    s.get(i..)
        .unwrap_or_default()
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count()
}

/// The blanks before `i`, of which there are few, if the signs of several lines do not stand below each other.
pub(super) fn blanks_back(s: &[u8], i: usize) -> usize {
    s.get(i.saturating_sub(48)..i)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count()
}

/// Where the blanks at `i` end, line breaks among them, also escaped ones.
pub(super) fn gap(s: &[u8], mut i: usize) -> usize {
    loop {
        let end = i + run(s, i, b'\\');
        i = match at(s, end) {
            b' ' | b'\t' | b'\n' | b'\r' if end == i => i + 1,
            b'n' | b'r' | b't' if end > i => end + 1,
            _ => return i,
        };
    }
}

/// Where the blanks before `i` begin, the same ones; of many, some.
pub(super) fn gap_back(s: &[u8], mut i: usize) -> usize {
    for _ in 0..64 {
        let last = before(s, i);
        let escapes = i.checked_sub(1).map_or(0, |letter| slashes(s, letter));
        i = match last {
            b' ' | b'\t' | b'\n' | b'\r' => i - 1,
            b'n' | b'r' | b't' if escapes > 0 => i - 1 - escapes,
            _ => break,
        };
    }
    i
}

/// Bytes of a name without quotes.
pub(super) fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'[' | b']' | b'@' | b'$' | b'%') || b >= 0x80
}

/// What may follow the end of a value, and the end of the text.
pub(super) fn is_delimiter(b: u8) -> bool {
    b <= b' '
        || matches!(
            b,
            b',' | b';' | b')' | b']' | b'}' | b'>' | b'"' | b'\'' | b'`' | b'&' | b'\\' | b'|'
        )
}
