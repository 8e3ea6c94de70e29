//! Lines on their way into the file: numbered, chained, framed.

use crate::brief::Brief;
use crate::chain::seal::{SEALED_FRAME, Seal};
use crate::chain::{self, FRAME, Head, Leaf, leaf};
use crate::meter::Tally;
use crate::severity::Severity;
use crate::store::Point;

/// Bytes that a line has beside its rest, at most.
pub(super) const AROUND: usize = b"{\"seq\":9007199254740992,".len() + FRAME + 1;

/// The text of whole lines, and which tickets are in it.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) bytes: Vec<u8>,
    pub(super) lines: usize,
    /// The first and last ticket; the trail's own records have none.
    pub(super) tickets: Option<(u64, u64)>,
    /// Lines before the one with the first ticket.
    pub(super) before_tickets: usize,
    /// Whether the last line has its seal: nothing may follow it.
    pub(super) sealed: bool,
    /// The leaves of its lines, where a tree wants them.
    pub(super) leaves: Option<Vec<Leaf>>,
}

impl Text {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.lines = 0;
        self.tickets = None;
        self.before_tickets = 0;
        self.sealed = false;
        if let Some(leaves) = &mut self.leaves {
            leaves.clear();
        }
    }

    /// An empty one that keeps leaves, or does not.
    pub(super) fn new(leaves: bool) -> Text {
        Text {
            leaves: leaves.then(Vec::new),
            ..Text::default()
        }
    }

    /// Ends the commit: the last line, whose head this is, takes a frame with the seal.
    pub(super) fn seal(&mut self, head: &Head, seal: &Seal) {
        self.bytes.truncate(self.bytes.len().saturating_sub(FRAME + 1));
        head.push_sealed_frame(&mut self.bytes, seal);
        self.bytes.push(b'\n');
        self.sealed = true;
    }

    /// Takes the seal off again: something is to follow that was not foreseen.
    pub(super) fn unseal(&mut self) {
        if std::mem::take(&mut self.sealed) {
            let seal = SEALED_FRAME - FRAME + b"}\n".len();
            self.bytes.truncate(self.bytes.len().saturating_sub(seal));
            self.bytes.extend_from_slice(b"}\n");
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// Appends a line, and moves the point behind it.
    pub(super) fn line(&mut self, point: &mut Point, rest: &[u8]) {
        self.hashed_line(point, rest, &leaf(rest));
    }

    /// The same for a rest whose leaf is known.
    fn hashed_line(&mut self, point: &mut Point, rest: &[u8], leaf: &Leaf) {
        point.seq += 1;
        point.head = point.head.record(point.seq, leaf);
        let mut seq = itoa::Buffer::new();
        self.bytes.extend_from_slice(b"{\"seq\":");
        self.bytes.extend_from_slice(seq.format(point.seq).as_bytes());
        self.bytes.push(b',');
        self.bytes.extend_from_slice(rest);
        point.head.push_frame(&mut self.bytes);
        self.bytes.push(b'\n');
        self.lines += 1;
        if let Some(leaves) = &mut self.leaves {
            leaves.push(*leaf);
        }
    }

    /// Notes that the `count` lines behind the first `behind` ones have the tickets from `first` on.
    pub(super) fn tickets(&mut self, first: u64, behind: usize, count: usize) {
        let last = first + count as u64 - 1;
        match &mut self.tickets {
            Some((_, known)) => *known = last,
            None => {
                self.tickets = Some((first, last));
                self.before_tickets = behind;
            }
        }
    }

    /// The number of the line with the first ticket, if the first line has the number `first`.
    pub(super) fn seq_of_tickets(&self, first: u64) -> u64 {
        first + self.before_tickets as u64
    }

    /// The same rests as in `old`, behind another point: the same numbers, unless some before them were lost; new tags.
    pub(super) fn chain_again(&mut self, old: &Text, point: &mut Point) {
        self.clear();
        self.bytes.reserve(old.bytes.len());
        for rest in lines(&old.bytes).filter_map(rest_of) {
            self.line(point, rest);
        }
        (self.tickets, self.before_tickets) = (old.tickets, old.before_tickets);
    }

    /// Whether the rests in these bytes are the ones that lead from `point` to `end`.
    pub(super) fn leads(bytes: &[u8], mut point: Point, end: Point) -> bool {
        for line in lines(bytes) {
            let Some(rest) = rest_of(line) else { return false };
            point.seq += 1;
            point.head = point.head.record(point.seq, &leaf(rest));
        }
        point == end
    }
}

pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// What stands between the number and the frame of a line that we wrote.
pub(super) fn rest_of(line: &[u8]) -> Option<&[u8]> {
    let behind = line.strip_prefix(b"{\"seq\":")?;
    let comma = behind.iter().position(|byte| *byte == b',')?;
    Some(chain::split(behind.get(comma + 1..)?)?.content)
}

/// A commit being put together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) text: Text,
    pub(super) tally: Tally,
    /// Whether it has a record that asks for a sync at once.
    pub(super) urgent: bool,
    /// Whether anything in it is more than a checkpoint.
    pub(super) activity: bool,
}

impl Batch {
    pub(super) fn new(leaves: bool) -> Batch {
        Batch {
            text: Text::new(leaves),
            ..Batch::default()
        }
    }

    /// Adds a caller's record.
    #[inline]
    pub(super) fn record(&mut self, point: &mut Point, brief: &Brief, rest: &[u8], leaf: &Leaf) {
        self.text.hashed_line(point, rest, leaf);
        self.tally.add(brief, false);
        self.urgent |= brief.severity >= Severity::High;
    }

    /// Adds a record of the trail about itself.
    pub(super) fn own(&mut self, point: &mut Point, brief: &Brief, rest: &[u8]) {
        self.text.line(point, rest);
        self.tally.add(brief, true);
        self.urgent |= brief.severity >= Severity::High;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Head, split_frame};

    const START: Point = Point {
        seq: 41,
        head: Head([7; 32]),
    };

    fn text(rests: &[&str]) -> (Text, Point) {
        let (mut text, mut point) = (Text::default(), START);
        for rest in rests {
            text.line(&mut point, rest.as_bytes());
        }
        (text, point)
    }

    #[test]
    fn a_line_has_its_number_its_rest_and_the_tag_of_the_chain() {
        let (text, end) = text(&["\"time\":1", "\"x\":\"a,\\\"tag\\\":\\\"\""]);
        let lines: Vec<&[u8]> = lines(&text.bytes).collect();
        assert_eq!((lines.len(), text.lines), (2, 2));
        assert!(lines[0].starts_with(b"{\"seq\":42,\"time\":1,\"tag\":\""));
        let head = START.head.record(42, &leaf(b"\"time\":1"));
        assert_eq!(split_frame(lines[0]).unwrap().1, head.tag());
        assert_eq!(split_frame(lines[1]).unwrap().1, end.head.tag());
        assert_eq!(rest_of(lines[1]).unwrap(), b"\"x\":\"a,\\\"tag\\\":\\\"\"");
    }

    #[test]
    fn lines_written_again_keep_number_and_leaf_and_get_the_new_tags() {
        let (old, end) = text(&["\"a\":1", "\"b\":2", "\"c\":3"]);
        let mut again = Text::default();
        let mut point = START;
        again.chain_again(&old, &mut point);
        assert_eq!((again.bytes.as_slice(), point), (old.bytes.as_slice(), end));
        let mut other = Point {
            head: Head([8; 32]),
            ..START
        };
        again.chain_again(&old, &mut other);
        assert_eq!(other.seq, end.seq);
        assert_ne!(again.bytes, old.bytes);
        assert_eq!(again.bytes.len(), old.bytes.len());
    }

    #[test]
    fn a_rest_that_changed_on_the_disk_is_known_by_its_chain() {
        let (text, end) = text(&["\"a\":1", "\"b\":2"]);
        assert!(Text::leads(&text.bytes, START, end));
        let line = text.bytes.len() / 2;
        for at in 0..text.bytes.len() {
            let mut bytes = text.bytes.clone();
            bytes[at] ^= 1;
            let in_rest = (10..line - 1 - FRAME).contains(&(at % line));
            assert!(!(in_rest && Text::leads(&bytes, START, end)), "{at}");
        }
        assert!(!Text::leads(&text.bytes[..line], START, end));
        assert!(!Text::leads(&[], START, end));
    }
}
