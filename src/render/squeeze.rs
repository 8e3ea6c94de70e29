//! A line that would be too long.
//!
//! Short values keep their place: they say who and what. The room they leave goes to the long values in the order of
//! the line, and what finds none is cut, or left out if it is no string. `metadata` never gets less than half of that
//! room. All of it is noted in `truncated`.

use crate::brief::Brief;
use crate::record::{Key, KeySet};
use crate::render::Limits;
use crate::render::fields::{Fields, Owner, keys};
use crate::render::head::head;
use crate::render::line::{AROUND, LISTED, Sources, Spots, What, lists};
use crate::render::pen::Text;

/// Less than this is not worth a line, whatever the settings say.
const LEAST: usize = 4 * 1024;

/// Bytes of the head, at most.
const HEAD: usize = 256;

/// Room for one entry of `truncated`.
const ENTRY: usize = 192;

/// A string with less room than this is left out.
const STUMP: usize = 64;

#[cold]
#[inline(never)]
pub(super) fn rest(out: &mut Text, what: &What<'_>, sources: &Sources<'_>, limits: Limits, brief: &mut Brief) {
    let line = limits.line.max(LEAST);
    let listed = (line / 512).clamp(4, LISTED);
    let mut text = Text::default();
    let mut pen = text.pen(HEAD);
    head(&mut pen, what, brief);
    let len = pen.at();
    text.wrote(len);

    let mut redacted = Text::default();
    let none = std::iter::empty();
    brief.redactions = lists(&mut |bytes| redacted.push(bytes), none, 0, sources.redacted(), listed);
    let around = AROUND + text.len() + redacted.len() + (listed + 1) * ENTRY;
    let mut squeeze = Squeeze {
        text,
        cuts: sources.truncated().collect(),
        spots: Spots::default(),
    };
    squeeze.values(sources, line.saturating_sub(around));

    let mut text = squeeze.text;
    let cuts = squeeze.cuts.into_iter();
    lists(
        &mut |bytes| text.push(bytes),
        cuts,
        sources.crowded_out(),
        std::iter::empty(),
        listed,
    );
    text.push(&redacted);
    out.push(&text);
    sources.brief(brief, &squeeze.spots);
}

struct Squeeze<'a> {
    text: Text,
    cuts: Vec<(&'a Fields, Owner, u64)>,
    spots: Spots,
}

impl<'a> Squeeze<'a> {
    fn values(&mut self, sources: &Sources<'a>, room: usize) {
        let present = || keys(KeySet(sources.present));
        let len = |key: Key| sources.of(key.index()).place_at(key.index()).len as usize;
        let short = room / 48;
        let (short_ones, long_ones) = present().fold((0, 0), |(short_ones, long_ones), key| match len(key) {
            len if len <= short => (short_ones + len, long_ones),
            len => (short_ones, long_ones + len),
        });
        let metadata = b",\"metadata\":{}".len();
        let wanted = sources
            .members()
            .map(|(_, _, member)| member.len as usize)
            .fold(metadata, |sum, len| sum + len);
        let left = room.saturating_sub(short_ones);
        let for_metadata = wanted.min((left / 2).max(left.saturating_sub(long_ones)));
        let mut for_keys = left - for_metadata;

        for key in present() {
            let source = sources.of(key.index());
            let place = source.place_at(key.index());
            let piece = source.text.get(place.at as usize, place.len as usize);
            let at = self.text.len();
            if piece.len() <= short {
                self.text.push(piece);
            } else {
                let owner = Owner::of(key);
                for_keys -= self.fit(piece, key.member().len(), for_keys, (source, owner));
            }
            self.spots
                .note_member(key.index(), at as u32, (self.text.len() - at) as u32);
        }
        self.metadata(sources, for_metadata.saturating_sub(metadata));
    }

    fn metadata(&mut self, sources: &Sources<'a>, mut room: usize) {
        let mut open = false;
        for (source, index, member) in sources.members() {
            let piece = source.text.get(member.at as usize, member.len as usize);
            let owner = Owner(Owner::METADATA + index as u16);
            let (at, name) = (self.text.len(), usize::from(member.name) + 4);
            let piece = if open {
                piece
            } else {
                self.text.push(b",\"metadata\":{");
                piece.get(1..).unwrap_or_default()
            };
            let name = if open { name } else { name - 1 };
            let written = self.fit(piece, name, room, (source, owner));
            room -= written;
            if written > 0 {
                open = true;
            } else if !open {
                self.text.truncate(at);
            }
        }
        if open {
            self.text.push(b"}");
        }
    }

    /// Writes the member, or as much of it as there is room for, and says how much that was. Its value begins at
    /// `value`.
    fn fit(&mut self, piece: &[u8], value: usize, room: usize, (source, owner): (&'a Fields, Owner)) -> usize {
        if piece.len() <= room {
            self.text.push(piece);
            return piece.len();
        }
        let known = self
            .cuts
            .iter()
            .any(|(from, of, _)| std::ptr::eq(*from, source) && *of == owner);
        if !known {
            self.cuts.push((source, owner, (piece.len() - value) as u64));
        }
        let string = piece.get(value) == Some(&b'"');
        if !string || room < value + STUMP {
            return 0;
        }
        let end = string_end(piece, value + 1, room - 1);
        self.text.push(piece.get(..end).unwrap_or_default());
        self.text.push(b"\"");
        end + 1
    }
}

/// Where a string written from `at` on can be cut so that nothing lies beyond `end`: between two characters, and not
/// within an escape.
fn string_end(piece: &[u8], mut at: usize, end: usize) -> usize {
    loop {
        let width = match (piece.get(at), piece.get(at + 1)) {
            (Some(b'\\'), Some(b'u')) => 6,
            (Some(b'\\'), _) => 2,
            (Some(0xf0..), _) => 4,
            (Some(0xe0..), _) => 3,
            (Some(0xc0..), _) => 2,
            (Some(_), _) => 1,
            (None, _) => return at,
        };
        if at + width > end {
            return at;
        }
        at += width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::{Draft, Line};

    fn full(line: usize) -> (Draft, Line) {
        let mut draft = Draft::new();
        draft.limits = Limits { value: 8 * 1024, line };
        for key in Key::ALL.iter().filter(|key| key.takes_strings()) {
            draft.str(
                key.as_str(),
                &format!("{} \u{1}\"{}", key.as_str(), "日\u{2028}x".repeat(1_000)),
            );
        }
        draft.put("status_code", |sink| sink.u64(200));
        for number in 0..40 {
            draft.str(&format!("m{number}"), &"y".repeat(3_000));
        }
        let shown = draft.line();
        (draft, shown)
    }

    #[test]
    fn a_full_line_keeps_something_of_all_and_says_what_it_lost() {
        for limit in [64 * 1024, 32 * 1024] {
            let (draft, line) = full(limit);
            assert!(
                line.rest.len() + AROUND <= limit && line.rest.len() > limit * 3 / 4,
                "{}",
                line.rest.len()
            );
            assert_eq!(line.shown("status_code").unwrap(), "200");
            let user: String = serde_json::from_str(&line.shown("user_id").unwrap()).unwrap();
            assert!(user.starts_with("user_id \u{1}\"日"));
            assert!(!line.metadata().is_empty());
            assert_eq!(line.record.get("truncated").unwrap().as_object().unwrap().len(), LISTED);
            assert!(line.truncated("+").unwrap() > 20);
            drop(draft);
        }
    }

    #[test]
    fn the_least_line_still_says_who() {
        for limit in [0, 100, LEAST] {
            let (_, line) = full(limit);
            assert!(line.rest.len() + AROUND <= LEAST);
            assert!(line.truncated("+").is_some());
        }
        let mut draft = Draft::new();
        draft.limits.line = 0;
        draft
            .str("user_id", "alice")
            .str("message", &"x".repeat(8_000))
            .str("z", &"z".repeat(8_000));
        let line = draft.line();
        assert_eq!(line.shown("user_id").unwrap(), "\"alice\"");
        assert_eq!(line.truncated("message"), Some(8_002));
        assert!(line.shown("message").unwrap().len() > 500 && line.shown("metadata.z").unwrap().len() > 500);
    }

    #[test]
    fn short_values_behind_long_ones_keep_their_place() {
        let mut draft = Draft::new();
        for key in ["old", "new"] {
            draft.put(key, |sink| sink.str(&"\u{1}".repeat(8_192)));
        }
        draft.str("request_id", "r-1").str("error", "e");
        let line = draft.line();
        assert_eq!(line.shown("request_id").unwrap(), "\"r-1\"");
        assert_eq!(line.shown("error").unwrap(), "\"e\"");
        assert_eq!(line.truncated("old"), None);
        assert!(line.truncated("new").is_some());
    }

    #[test]
    fn a_string_is_cut_between_characters_and_escapes() {
        let string = r#""a\u202e\"é日🦀b""#;
        for end in 1..string.len() {
            let at = string_end(string.as_bytes(), 1, end);
            let cut = format!("{}\"", std::str::from_utf8(&string.as_bytes()[..at]).unwrap());
            let read: String = serde_json::from_str(&cut).unwrap();
            assert!("a\u{202e}\"é日🦀b".starts_with(&read) && at <= end.max(1));
        }
    }
}
