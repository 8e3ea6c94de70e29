//! Between a value and its text: redacted, then cut, then escaped; in this order, so that no cut leaves half a secret
//! unseen.

pub(super) use crate::redact::{Class, Found, Treatment, Verdict};
pub(super) use crate::secret::{MARK_DROP, MARK_HASH, MARK_MASK, REDACTED, inside};

use crate::floor::floor;
use crate::render::members::Begun;
use crate::render::pen::Text;
use crate::render::{Fields, How, Policy};

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
    pub(super) fn push_text(&mut self, value: &str, whole: bool, limit: usize, of: Begun, how: How<'_>) -> bool {
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
            self.note(of, found.bits());
        }
        self.clean = clean;
        cut
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::Draft;

    #[test]
    fn what_could_break_a_line_or_a_terminal_is_escaped_and_nothing_else() {
        let escaped = |text: &str| {
            let mut out = Text::new();
            push_escaped(&mut out, text);
            String::from_utf8(out.to_vec()).unwrap()
        };
        assert_eq!(escaped("\"\\\u{8}\t\n\u{c}\r/"), r#"\"\\\b\t\n\f\r/"#);
        assert_eq!(escaped("\0\u{1f}\u{7f}\u{80}\u{9f}"), r"\u0000\u001f\u007f\u0080\u009f");
        assert_eq!(
            escaped("\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}"),
            r"\u2028\u2029\u202a\u202e\u2066\u2069"
        );
        for plain in [
            "",
            "a",
            "é",
            "\u{a0}",
            "\u{2027}\u{202f}\u{2065}\u{206a}",
            "日本語 🦀 \u{10ffff}",
            "a/b",
        ] {
            assert_eq!(escaped(plain), plain);
        }
        for letter in '\0'..=char::MAX {
            let json = format!("\"{}\"", escaped(&String::from(letter)));
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), String::from(letter));
        }
    }

    #[test]
    fn a_cut_keeps_whole_characters_and_the_length() {
        for letter in ["x", "é", "日", "🦀", "\n", "\u{202e}"] {
            for limit in [16, 17, 18, 19, 100, 8192] {
                let text = letter.repeat(10_000);
                let mut draft = Draft::new();
                draft.limits.value = limit;
                draft.str("message", &text).put("x", |sink| sink.display(&text));
                draft.put("old", |sink| sink.serialize(&text));
                let line = draft.line();
                for name in ["message", "metadata.x", "old"] {
                    let shown: String = serde_json::from_str(&line.shown(name).unwrap()).unwrap();
                    assert!(text.starts_with(&shown));
                    assert!(
                        shown.len() <= limit && shown.len() + letter.len() > limit,
                        "{name} {limit} {}",
                        shown.len()
                    );
                    assert_eq!(line.truncated(name), Some(text.len() as u64));
                }
            }
        }
        let mut draft = Draft::new();
        draft.limits.value = 16;
        assert_eq!(draft.str("message", &"x".repeat(16)).line().truncated("message"), None);
    }

    #[test]
    fn no_half_of_a_secret_is_left_by_a_cut() {
        let secret = "4111111111111111";
        for before in (8172..8196).chain(8192 + BEYOND - 20..=8192 + BEYOND) {
            let text = format!("{}{} {secret} tail", "card ".repeat(before / 5), "x".repeat(before % 5));
            let mut draft = Draft::new();
            draft.str("message", &text).put("x", |sink| sink.display(&text));
            draft.put("old", |sink| sink.serialize(&[&text]));
            let line = draft.line();
            assert!(!line.text().contains("411"), "{before}");
        }
        // So many that what is left of the window is short: its end was not seen whole.
        let many = format!("{secret} ").repeat(5_000);
        for cut in 0..40 {
            let text = format!("{} {many}", "x".repeat(cut));
            let mut draft = Draft::new();
            draft.str("message", &text).put("x", |sink| sink.display(&text));
            draft.put("old", |sink| sink.serialize(&[&text]));
            assert!(!draft.line().text().contains("111"), "{cut}");
        }
    }

    #[test]
    fn a_name_is_cut_and_a_secret_in_it_hidden() {
        let name = "n".repeat(1_000);
        let mut draft = Draft::new();
        draft
            .str(&name, "1")
            .str(&name, "2")
            .str("card 4111111111111111", "3")
            .str("", "4");
        draft.str(&"\u{1}".repeat(100), "5");
        let line = draft.line();
        let names = line.metadata();
        assert!(
            names.contains(&"n".repeat(NAME).as_str()) && names.contains(&format!("{}_2", "n".repeat(NAME)).as_str())
        );
        assert!(names.contains(&"card [redacted]") && names.contains(&"_"));
        assert!(names.contains(&"\u{1}".repeat(NAME / 6).as_str()));
    }

    #[test]
    fn a_megabyte_is_one_short_line() {
        let huge = "x".repeat(1_000_000);
        let mut draft = Draft::new();
        draft
            .str("message", &huge)
            .put("old", |sink| sink.serialize(&vec![&huge; 3]))
            .put("x", |sink| sink.bytes(&vec![0xff; 1_000_000]));
        draft
            .put("y", |sink| sink.debug(&huge))
            .put("z", |sink| sink.json(&huge));
        let line = draft.line();
        assert!(line.rest.len() < 80_000);
        assert_eq!(line.truncated("message"), Some(1_000_000));
        // Counted until it is clear that it is large.
        assert!(line.truncated("old").unwrap() > 1_000_000);
        assert_eq!(line.truncated("metadata.x"), Some(1_000_000));
    }
}
