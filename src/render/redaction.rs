//! Between a value and its text: redacted, then cut, then escaped; in this order, so that no cut leaves half a secret
//! unseen.

pub(super) use super::stub::{Class, Found, MARK_DROP, MARK_HASH, MARK_MASK, REDACTED, Treatment, Verdict, inside};

use crate::render::fields::{Fields, Owner};
use crate::render::pen::Text;
use crate::render::{How, Policy};

/// A value is looked at this far beyond the limit before it is cut: longer than any secret that has a shape.
const BEYOND: usize = 4 * 1024;

/// Bytes of a name in `metadata`, escaped, or within a value. Longer names are cut.
pub(super) const NAME: usize = 128;

/// How much of a value its own code gets to write before it is cut.
pub(super) fn window(limit: usize) -> usize {
    limit.saturating_add(BEYOND)
}

impl Fields {
    /// Appends `value`, redacted, cut to `limit` bytes and escaped, without quotes. Says whether it was cut.
    ///
    /// `whole` is false if `value` itself was cut before, at [`window`].
    pub(super) fn push_text(&mut self, value: &str, whole: bool, limit: usize, owner: Owner, how: How<'_>) -> bool {
        let seen = floor(value, window(limit));
        let whole = whole && seen.len() == value.len();
        let scan = how.policy.scan(seen.as_bytes());
        let mut clean = std::mem::take(&mut self.clean);
        let mut found = Found::default();
        let changed = scan.suspicious && {
            clean.clear();
            how.policy.text(seen, &mut clean, &mut found)
        };
        let text = if changed { clean.as_str() } else { seen };
        // Masks are shorter than what they hide, so the end of the window may have come within the limit. A secret
        // that begins there was not seen whole, and not known for one.
        let limit = if changed && !whole {
            limit.min(text.len().saturating_sub(BEYOND))
        } else {
            limit
        };
        let kept = floor(text, limit);
        let cut = !whole || kept.len() < text.len();
        if scan.escape || changed {
            push_escaped(&mut self.text, kept);
        } else {
            self.text.push(kept.as_bytes());
        }
        if changed {
            self.note(owner, found.bits());
        }
        self.clean = clean;
        cut
    }
}

/// The longest start of `text` that has at most `limit` bytes and ends between two characters.
pub(super) fn floor(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// A field's name as it will stand between quotes.
pub(super) fn redact_name(name: &str, policy: &Policy) -> Box<str> {
    let mut clean = String::new();
    let scan = policy.scan(name.as_bytes());
    let changed = scan.suspicious && policy.text(name, &mut clean, &mut Found::default());
    let mut name = floor(if changed { &clean } else { name }, NAME);
    // `metadata.` alone would name nothing.
    if name.is_empty() {
        name = "_";
    }
    let mut text = Text::default();
    push_escaped(&mut text, name);
    while text.len() > NAME {
        name = floor(name, name.len() - 1);
        text.truncate(0);
        push_escaped(&mut text, name);
    }
    String::from_utf8_lossy(text.from(0)).into()
}

/// Appends `text` as it stands between the quotes of a JSON string.
///
/// Escaped is what JSON demands, and what could make a line look like two, or other than it is: DEL, the C1 controls,
/// the line and paragraph separators, the controls that turn the direction of writing (docs/FORMAT.md, "Spelling").
pub(super) fn push_escaped(out: &mut Text, text: &str) {
    let mut plain = 0;
    for (at, letter) in text.char_indices() {
        if !must_escape(letter) {
            continue;
        }
        out.push(text.as_bytes().get(plain..at).unwrap_or_default());
        plain = at + letter.len_utf8();
        let short = match letter {
            '"' => b'"',
            '\\' => b'\\',
            '\u{8}' => b'b',
            '\t' => b't',
            '\n' => b'n',
            '\u{c}' => b'f',
            '\r' => b'r',
            _ => {
                let code = u32::from(letter);
                let [a, b, c, d] = [12, 8, 4, 0].map(|shift| {
                    let digit = (code >> shift & 15) as u8;
                    if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
                });
                out.push(&[b'\\', b'u', a, b, c, d]);
                continue;
            }
        };
        out.push(&[b'\\', short]);
    }
    out.push(text.as_bytes().get(plain..).unwrap_or_default());
}

/// All of these are in the first plane, so one `\uXXXX` does.
fn must_escape(letter: char) -> bool {
    matches!(
        letter,
        '"' | '\\'
            | '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}
