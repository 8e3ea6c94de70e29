//! base64url without padding, in the one canonical spelling.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Characters that `bytes` take.
pub(crate) const fn width(bytes: usize) -> usize {
    (bytes * 8).div_ceil(6)
}

/// Appends the spelling of `bytes`.
pub(crate) fn push(out: &mut Vec<u8>, bytes: &[u8]) {
    for chunk in bytes.chunks(3) {
        out.extend(letters(chunk).iter().take(chunk.len() + 1));
    }
}

/// The same into a place of just this width.
pub(crate) fn write(into: &mut [u8], bytes: &[u8]) {
    for (into, chunk) in into.chunks_mut(4).zip(bytes.chunks(3)) {
        into.iter_mut().zip(letters(chunk)).for_each(|(to, from)| *to = from);
    }
}

/// Up to three bytes as four letters; of fewer, the last ones stand for nothing.
fn letters(chunk: &[u8]) -> [u8; 4] {
    let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
    [18, 12, 6, 0].map(|shift| letter(word >> shift))
}

/// The spelling of `bytes`.
pub(crate) fn text(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(width(bytes.len()));
    push(&mut out, bytes);
    out.into_iter().map(char::from).collect()
}

/// The `N` bytes that have this spelling. Every other spelling of the same bytes is refused.
pub(crate) fn parse<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    fill(text, &mut bytes)?;
    Some(bytes)
}

/// The same for as many bytes as the spelling has.
pub(crate) fn parse_all(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; text.len() * 6 / 8];
    fill(text, &mut bytes)?;
    Some(bytes)
}

fn fill(text: &[u8], bytes: &mut [u8]) -> Option<()> {
    if text.len() != width(bytes.len()) {
        return None;
    }
    let (mut word, mut bits, mut at) = (0_u32, 0, bytes.iter_mut());
    for letter in text {
        word = word << 6 | u32::from(value(*letter)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            *at.next()? = (word >> bits) as u8;
        }
    }
    // Bits that stand for nothing must be zero, or one tag would have several spellings.
    (word & ((1 << bits) - 1) == 0).then_some(())
}

pub(crate) fn letter(six: u32) -> u8 {
    ALPHABET.get((six & 63) as usize).copied().unwrap_or(b'A')
}

/// The six bits that a letter stands for.
pub(crate) fn value(letter: u8) -> Option<u8> {
    VALUES.get(usize::from(letter)).copied().filter(|value| *value < 64)
}

/// What a byte is as a letter; 64 for what is none.
static VALUES: [u8; 256] = {
    let mut values = [64; 256];
    let mut at = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    while at < 64 {
        values[ALPHABET[at] as usize] = at as u8;
        at += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_vectors_of_rfc_4648_hold() {
        for (bytes, spelling) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
        ] {
            assert_eq!(text(bytes.as_bytes()), spelling);
        }
        assert_eq!(text(&[0xfb, 0xff]), "-_8");
    }

    proptest! {
        #[test]
        fn sixteen_bytes_have_one_spelling(bytes: [u8; 16], at in 0_usize..22, letter in "[A-Za-z0-9_-]") {
            let spelling = text(&bytes);
            prop_assert_eq!(parse::<16>(spelling.as_bytes()), Some(bytes));
            prop_assert_eq!(parse_all(spelling.as_bytes()), Some(bytes.to_vec()));
            prop_assert_eq!(parse_all(&spelling.as_bytes()[..21]), None, "a length that no bytes have");
            let mut other = spelling.clone();
            other.replace_range(at..at + 1, &letter);
            if other != spelling {
                prop_assert_ne!(parse::<16>(other.as_bytes()), Some(bytes));
            }
        }
    }
}
