//! Leaf, head and tag: what links a line to all lines before it (docs/FORMAT.md, "Chain").

mod lanes;
pub(crate) mod seal;

use sha2::{Digest as _, Sha256};

use crate::base64url;

/// SHA-256 of a line's content.
pub(crate) type Leaf = [u8; 32];

/// Bytes of `,"tag":"<22>"}`.
pub(crate) const FRAME: usize = 8 + 22 + 2;

/// The leaf of a record (over the rest) or of a header (over its body).
pub(crate) fn leaf(content: &[u8]) -> Leaf {
    lanes::single(content)
}

/// The leaves of two lines, in less time than one after the other takes.
pub(crate) fn leaves(one: &[u8], two: &[u8]) -> [Leaf; 2] {
    lanes::pair(one, two)
}

/// The parents of two pairs of nodes of a Merkle tree, in less time than one after the other takes.
pub(crate) fn nodes(one: [&Leaf; 2], two: [&Leaf; 2]) -> [Leaf; 2] {
    lanes::nodes(one, two)
}

/// The state of the chain behind a line.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Head(pub(crate) [u8; 32]);

impl Head {
    /// Before the first header of a trail.
    pub(crate) const ZERO: Head = Head([0; 32]);

    /// The head behind a record.
    pub(crate) fn record(self, seq: u64, leaf: &Leaf) -> Head {
        Head(lanes::link(&self.0, seq, leaf))
    }

    /// The head behind a header.
    pub(crate) fn header(self, leaf: &Leaf) -> Head {
        Head(
            Sha256::new_with_prefix([0x03])
                .chain_update(self.0)
                .chain_update(leaf)
                .finalize()
                .into(),
        )
    }

    /// The first 16 bytes: what stands in the line.
    pub(crate) fn tag(&self) -> &[u8] {
        self.0.first_chunk::<16>().map_or(&[], |tag| tag.as_slice())
    }

    /// Appends the frame that ends a line: `,"tag":"<22>"}`.
    pub(crate) fn push_frame(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"tag\":\"");
        base64url::push(out, self.tag());
        out.extend_from_slice(b"\"}");
    }

    /// All 32 bytes as 43 characters.
    pub(crate) fn text(&self) -> String {
        base64url::text(&self.0)
    }

    pub(crate) fn parse(text: &str) -> Option<Head> {
        base64url::parse(text.as_bytes()).map(Head)
    }
}

impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

/// Bytes that a seal adds to a frame: `,"seal":"<43>"`.
pub(crate) const SEAL: usize = seal::SEALED_FRAME - FRAME;

/// A line cut where its frame should begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'l> {
    pub(crate) content: &'l [u8],
    pub(crate) tag: [u8; 16],
    /// On the last line of a commit in a keyed trail.
    pub(crate) seal: Option<[u8; 32]>,
}

/// Cuts a line (without its LF) as [`split_frame`] does, or at a frame with a seal.
pub(crate) fn split(line: &[u8]) -> Option<Frame<'_>> {
    if let Some((content, tag)) = split_frame(line) {
        return Some(Frame {
            content,
            tag,
            seal: None,
        });
    }
    let (before, seal) = line.split_at_checked(line.len().checked_sub(SEAL + 1)?)?;
    let seal = seal.strip_prefix(b",\"seal\":\"")?.strip_suffix(b"\"}")?;
    let (content, tag) = before.split_at_checked(before.len().checked_sub(FRAME - 1)?)?;
    let tag = tag.strip_prefix(b",\"tag\":\"")?.strip_suffix(b"\"")?;
    Some(Frame {
        content,
        tag: base64url::parse(tag)?,
        seal: Some(base64url::parse(seal)?),
    })
}

/// A line without its LF, cut where its frame should begin. `None` if it is too short or the frame's punctuation is
/// not there. Says nothing about the tag: believe nothing before the hash.
pub(crate) fn split_frame(line: &[u8]) -> Option<(&[u8], [u8; 16])> {
    let (content, frame) = line.split_at_checked(line.len().checked_sub(FRAME)?)?;
    let tag = frame.strip_prefix(b",\"tag\":\"")?.strip_suffix(b"\"}")?;
    Some((content, base64url::parse(tag)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_cut_off_by_its_length() {
        let head = Head::ZERO.record(1, &leaf(b"\"time\":1"));
        let mut line = b"{\"seq\":1,\"time\":1".to_vec();
        head.push_frame(&mut line);
        let (content, tag) = split_frame(&line).unwrap();
        assert_eq!(content, b"{\"seq\":1,\"time\":1");
        assert_eq!(tag, head.tag());
        assert_eq!(line.len(), content.len() + FRAME);
        assert!(split_frame(b"}").is_none());
    }

    #[test]
    fn kinds_of_line_cannot_be_taken_for_one_another() {
        let leaf = leaf(b"x");
        assert_ne!(Head::ZERO.header(&leaf), Head::ZERO.record(0, &leaf));
        assert_ne!(Head::ZERO.record(1, &leaf), Head::ZERO.record(2, &leaf));
        assert_eq!(Head::parse(&Head(leaf).text()), Some(Head(leaf)));
    }
}
