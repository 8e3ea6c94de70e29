//! United States social security numbers in their printed form, `ddd-dd-dddd`.

use super::{at, before};

/// Where the number that begins at `i` ends. Areas 000, 666 and 900 up, group 00 and serial 0000 were
/// never given out.
pub(in super::super) fn find(s: &[u8], i: usize) -> Option<usize> {
    let text: &[u8; 11] = s.get(i..)?.first_chunk()?;
    let [a1, a2, a3, b'-', g1, g2, b'-', n1, n2, n3, n4] = *text else {
        return None;
    };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0u32, |all, d| {
            d.is_ascii_digit().then(|| all * 10 + u32::from(d - b'0'))
        })
    };
    let (area, group, serial) = (number(&[a1, a2, a3])?, number(&[g1, g2])?, number(&[n1, n2, n3, n4])?);
    let edge = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_') || b >= 0x80;
    let end = i + text.len();
    let decimal = |b: u8, next: u8| b == b'.' && next.is_ascii_digit();
    let free = !edge(before(s, i))
        && !edge(at(s, end))
        && !decimal(at(s, end), at(s, end + 1))
        && (i < 2 || !decimal(before(s, i), before(s, i - 1)));
    (free && !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0).then_some(end)
}
