//! Values that tests put together at run time: the same for the same seed, and as if drawn by chance.

use super::shapes::is_random;

pub(super) const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
pub(super) const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
pub(super) const ALNUM: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
pub(super) const URL64: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
pub(super) const HEX: &str = "0123456789abcdef";
pub(super) const DIGITS: &str = "0123456789";

/// `n` characters of `set`, the same for the same seed, beginning with a letter or digit and ending in one, with a digit in it.
pub(super) fn body(set: &str, n: usize, seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut draw = |set: &[u8]| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        set[(state >> 33) as usize % set.len()] as char
    };
    let edge: Vec<u8> = set.bytes().filter(u8::is_ascii_alphanumeric).collect();
    (0..n)
        .map(|k| match k {
            1 => draw(&edge.iter().copied().filter(u8::is_ascii_digit).collect::<Vec<_>>()),
            2 => draw(
                &edge
                    .iter()
                    .copied()
                    .filter(|b| !b.is_ascii_digit() || edge.len() == 10)
                    .collect::<Vec<_>>(),
            ),
            k if k == 0 || k + 1 == n => draw(&edge),
            _ => draw(set.as_bytes()),
        })
        .collect()
}

/// [`body`], of the first seed behind this one for which it looks drawn by chance.
pub(super) fn drawn(set: &str, n: usize, seed: u64) -> String {
    (0..)
        .map(|k| body(set, n, seed + 1_000 * k))
        .find(|word| is_random(word.as_bytes()))
        .unwrap_or_default()
}
