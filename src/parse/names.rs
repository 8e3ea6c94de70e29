//! The names of the table, told from the first bytes of a member at once.

use crate::record::Key;

/// `"user_id":`, as a number of sixteen bytes.
#[derive(Clone, Copy)]
struct Pattern {
    key: Key,
    value: u128,
    /// The bytes that count; none of a name that is too long for this.
    mask: u128,
    length: u8,
}

const WIDTH: usize = 16;

static PATTERNS: [Pattern; Key::COUNT] = {
    let mut patterns = [Pattern::of(Key::Seq); Key::COUNT];
    let mut at = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    while at < Key::COUNT {
        patterns[at] = Pattern::of(Key::ALL[at]);
        at += 1;
    }
    patterns
};

impl Pattern {
    const fn of(key: Key) -> Pattern {
        // Without the comma.
        let text = key.member().as_bytes();
        let length = text.len() - 1;
        let (mut bytes, mut mask) = ([0_u8; WIDTH], [0_u8; WIDTH]);
        let mut at = 0;
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
        while at < length && length <= WIDTH {
            bytes[at] = text[at + 1];
            mask[at] = 0xff;
            at += 1;
        }
        Pattern {
            key,
            // With an empty mask nothing is equal to this.
            value: if length <= WIDTH { u128::from_le_bytes(bytes) } else { 1 },
            mask: u128::from_le_bytes(mask),
            length: length as u8,
        }
    }
}

/// The key whose name and colon stand here, and how many bytes these take, if it is one that may stand behind another one. `None`
/// says nothing: a name may be too long, or too near to the end, or spelled otherwise.
#[inline]
pub(super) fn known(bytes: &[u8], at: usize, before: Option<Key>) -> Option<(Key, usize)> {
    let word = u128::from_le_bytes(*bytes.get(at..)?.first_chunk::<WIDTH>()?);
    let from = before.map_or(0, |before| before.index() + 1);
    let mut rest = PATTERNS.get(from..)?.iter();
    let found = rest.find(|pattern| word & pattern.mask == pattern.value)?;
    Some((found.key, usize::from(found.length)))
}
