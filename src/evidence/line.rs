//! The lines of a bundle that stand in no trail. Each has one spelling.

use std::fmt::Write as _;

use crate::base64url;
use crate::merkle::Hash;
use crate::proof::Content;
use crate::reader::line::SEQ_LIMIT;
use crate::sign::PublicKey;
use crate::store::version;

/// What a bundle begins with.
const MAGIC: &str = "{\"tracing_audit_bundle\":";

/// Rows of records in one bundle.
pub(super) const ROWS: usize = 65_536;

/// Bytes of all headers in one bundle.
pub(super) const HEADERS: usize = 16 << 20;

/// The first line: what is in the bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) trail: [u8; 16],
    /// The root key, if whoever made the bundle knew it.
    pub(super) pk: Option<PublicKey>,
    /// First and last of each row of records; the rows rise and do not touch.
    pub(super) rows: Vec<(u64, u64)>,
}

impl Opening {
    pub(super) fn text(&self) -> String {
        let mut text = format!("{MAGIC}1,\"trail\":\"{}\"", base64url::text(&self.trail));
        if let Some(pk) = &self.pk {
            text += &format!(",\"pk\":\"{}\"", base64url::text(pk));
        }
        let rows: Vec<String> = self.rows.iter().map(|(from, to)| format!("[{from},{to}]")).collect();
        text + &format!(",\"records\":[{}]}}", rows.join(","))
    }

    pub(super) fn parse(text: &str) -> Option<Opening> {
        let text_of = text.strip_prefix(MAGIC)?.strip_prefix("1,\"trail\":\"")?;
        let (trail, rest) = text_of.split_once('"')?;
        let (pk, rest) = match rest.strip_prefix(",\"pk\":\"") {
            Some(rest) => {
                let (pk, rest) = rest.split_once('"')?;
                (Some(base64url::parse(pk.as_bytes())?), rest)
            }
            None => (None, rest),
        };
        let rows = rest.strip_prefix(",\"records\":[[")?.strip_suffix("]]}")?;
        let row = |row: &str| {
            let (from, to) = row.split_once(',')?;
            Some((from.parse().ok()?, to.parse().ok()?))
        };
        let opening = Opening {
            trail: base64url::parse(trail.as_bytes())?,
            pk,
            rows: rows.split("],[").take(ROWS + 1).map(row).collect::<Option<_>>()?,
        };
        (opening.rises() && opening.text() == text).then_some(opening)
    }

    fn rises(&self) -> bool {
        let mut behind = 0;
        let mut rises = |&(from, to): &(u64, u64)| {
            let fits = from > behind && to >= from && to < SEQ_LIMIT;
            // Rows that touch are one.
            behind = to.saturating_add(1);
            fits
        };
        (1..=ROWS).contains(&self.rows.len()) && self.rows.iter().all(&mut rises)
    }

    /// The version, if the text begins a bundle of another one.
    pub(super) fn other_version(text: &str) -> Option<&str> {
        let digits = version(text.as_bytes(), MAGIC.as_bytes()).filter(|digits| *digits != b"1")?;
        std::str::from_utf8(digits.get(..20).unwrap_or(digits)).ok()
    }
}

/// A checkpoint: a signed note, whose only letters that JSON escapes are line feeds.
pub(super) fn note(note: &str) -> String {
    format!("{NOTE}{}\"}}", note.replace('\n', "\\n"))
}

pub(super) const NOTE: &str = "{\"note\":\"";

pub(super) fn parse_note(text: &str) -> Option<String> {
    let parsed = text.strip_prefix(NOTE)?.strip_suffix("\"}")?.replace("\\n", "\n");
    // With nobody's signature but the trail's, every byte of it is signed.
    (parsed.matches("\n\u{2014} ").count() == 1 && note(&parsed) == text).then_some(parsed)
}

/// The hashes that lead from a record to the nearest root that is known.
pub(super) fn path(hashes: &[Hash]) -> String {
    let hashes: Vec<String> = hashes
        .iter()
        .map(|hash| format!("\"{}\"", base64url::text(hash)))
        .collect();
    format!("{PATH}{}]}}", hashes.join(","))
}

pub(super) const PATH: &str = "{\"path\":[";

pub(super) fn parse_path(text: &str, steps: usize) -> Option<Vec<Hash>> {
    let hashes = text.strip_prefix(PATH)?.strip_suffix("]}")?.split(',').take(steps + 1);
    let hash = |text: &str| base64url::parse(text.strip_prefix('"')?.strip_suffix('"')?.as_bytes());
    let hashes: Vec<Hash> = hashes.map(hash).collect::<Option<_>>()?;
    (hashes.len() == steps).then_some(hashes)
}

pub(super) const SEQ: &str = "{\"seq\":";

const LEAF: &str = "\"leaf\":\"";

/// A record without its frame, or its leaf.
pub(super) fn record(seq: u64, content: &Content) -> String {
    let mut text = format!("{SEQ}{seq},");
    let written = match content {
        Content::Rest(rest) => write!(text, "{rest}}}"),
        Content::Leaf(leaf) => write!(text, "{LEAF}{}\"}}", base64url::text(leaf)),
    };
    // Writing to a text cannot fail.
    written.map_or_else(|_| String::new(), |()| text)
}

/// The number of a record's line, and what stands behind it.
pub(super) fn numbered(text: &str) -> Option<(u64, &str)> {
    let (seq, rest) = text.strip_prefix(SEQ)?.split_once(',')?;
    let number: u64 = seq.parse().ok()?;
    (number.to_string() == seq).then_some((number, rest))
}

/// What a record's line holds behind its number.
pub(super) fn content(rest: &str) -> Option<Content> {
    match rest.strip_prefix(LEAF) {
        Some(leaf) => base64url::parse(leaf.strip_suffix("\"}")?.as_bytes()).map(Content::Leaf),
        None => Some(Content::Rest(rest.strip_suffix('}')?.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_one_spelling() {
        let opening = Opening {
            trail: [0x10; 16],
            pk: Some([7; 32]),
            rows: vec![(4, 9), (12, 12)],
        };
        let text = opening.text();
        assert_eq!(Opening::parse(&text), Some(opening.clone()));
        let unnamed = Opening { pk: None, ..opening };
        assert_eq!(Opening::parse(&unnamed.text()), Some(unnamed));
        for (from, to) in [
            ("[4,9]", "[04,9]"),
            ("[4,9]", "[+4,9]"),
            ("[4,9]", "[0,9]"),
            ("[4,9]", "[9,4]"),
            ("[4,9]", "[4,11]"),
            ("[4,9]", "[4,12]"),
            ("[4,9]", "[4, 9]"),
            ("[12,12]", "[12,9007199254740992]"),
            ("[12,12]", "[2,2]"),
            (",[12,12]", ""),
            ("[[4,9],[12,12]]", "[]"),
            ("\"pk\"", "\"key\""),
            ("}", ",\"more\":1}"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            let fewer = to.is_empty();
            assert_eq!(Opening::parse(&changed).is_some(), fewer, "{changed}");
        }
        let later = text.replacen(":1,", ":12,", 1);
        assert_eq!(
            (Opening::parse(&later), Opening::other_version(&later)),
            (None, Some("12"))
        );
        assert_eq!(Opening::other_version(&text), None);

        let hashes = [[1; 32], [0xff; 32]];
        let text = path(&hashes);
        assert_eq!(parse_path(&text, 2).unwrap(), hashes);
        assert!(parse_path(&text, 1).is_none() && parse_path(&text, 3).is_none());
        assert!(parse_path(&text.replace(',', ", "), 2).is_none());

        assert_eq!(numbered("{\"seq\":7,\"x\"}"), Some((7, "\"x\"}")));
        assert_eq!(numbered("{\"seq\":07,\"x\"}"), None);
        let leaf = Content::Leaf([9; 32]);
        let text = record(7, &leaf);
        assert_eq!(content(numbered(&text).unwrap().1), Some(leaf));
        let rest = Content::Rest("\"time\":\"x\"".to_owned());
        assert_eq!(record(7, &rest), "{\"seq\":7,\"time\":\"x\"}");
        assert_eq!(content("\"time\":\"x\"}"), Some(rest));
    }
}
