//! What the links of one file come to: how far the chain holds, where it breaks, and what stands in it.

use crate::chain::{Head, Leaf};
use crate::merkle::Range;
use crate::reader::line::Flaw;
use crate::store::Point;
use crate::verify::own::{Prune, Recover, Retention, Signed};
use crate::verify::report::FaultKind;

/// What a file holds.
#[derive(Clone, Debug)]
pub(crate) struct Folded {
    /// Records up to the first break.
    pub(crate) intact: u64,
    /// The last point the chain reaches.
    pub(crate) end: Point,
    /// Bytes up to the last line of the unbroken part, LF included.
    pub(crate) intact_to: u64,
    pub(crate) breaks: Vec<Break>,
    /// Those beyond the length of the list.
    pub(crate) more_breaks: u64,
    /// Records behind a break: they look like records, and nothing says whether they are what was written.
    pub(crate) unproven: u64,
    pub(crate) superseded_lines: u64,
    /// Where the part begins that a later file replaced; the length of the file if there is none.
    pub(crate) live_bytes: u64,
    /// Bytes behind the last LF.
    pub(crate) tail: u64,
    /// Whether it ends before the point at which the next file goes on.
    pub(super) is_short: bool,
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    /// The highest number of which a record of the trail's own says that it had been synced.
    pub(crate) proof: u64,
    /// Lines of the chain that an erasure replaced.
    pub(crate) tombstones: Vec<Tombstone>,
    /// Those beyond the length of the list.
    pub(crate) more_tombstones: u64,
    /// Erasures that were ordered, record by record.
    pub(crate) erasures: Vec<Ordered>,
    /// The first order that the list has no room for, or not for all of it.
    pub(crate) more_erasures: Option<u64>,
    /// The number of the last `AUDIT_STOP` in the chain.
    pub(crate) stop: Option<u64>,
    pub(crate) gaps: u64,
    pub(crate) lost: u64,
    pub(crate) said: Vec<Said>,
    /// The head behind the record that was asked for.
    pub(crate) wanted: Option<Head>,
    /// Whether nothing counts that no seal covers.
    pub(crate) is_sealed_by_rule: bool,
    /// Of a keyed file: the last line that ends a commit.
    pub(crate) sealed: Option<Sealed>,
    /// Where signatures are held against a key: checkpoints, the tree where they speak of it, and the tree at the end.
    pub(crate) checkpoints: Vec<SignedAt>,
    pub(crate) roots: Vec<Root>,
    pub(crate) tree: Option<Range>,
    /// Records that are spelled as no trail spells them: line, number, why. Asked only in depth.
    pub(crate) odd: Vec<(u64, u64, String)>,
    /// Those beyond the length of the list.
    pub(crate) more_odd: u64,
    /// Anchors that hold, by their places, and the records at which they do.
    pub(crate) anchored: Vec<(usize, u64)>,
}

impl Folded {
    /// Whether the part of the file that counts is all there and good, sealed to its end or not, and nothing stands behind it.
    pub(crate) fn is_whole(&self) -> bool {
        self.breaks.iter().all(|found| found.what == What::Unsealed) && self.tail == 0 && !self.is_short
    }
}

/// What an erasure left of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tombstone {
    pub(crate) seq: u64,
    pub(crate) line: u64,
    pub(crate) leaf: Leaf,
    /// The number of the record that ordered it.
    pub(crate) by: u64,
}

/// One record that an `AUDIT_ERASE` names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ordered {
    /// The number of the `AUDIT_ERASE`.
    pub(crate) by: u64,
    pub(crate) seq: u64,
    pub(crate) leaf: Leaf,
}

/// How far a keyed file is sealed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sealed {
    pub(crate) point: Point,
    /// Seals up to it, this one among them.
    pub(crate) count: u64,
    pub(super) line: u64,
    pub(super) records: u64,
    pub(super) end: u64,
}

/// Something the trail said of itself that the judge weighs.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) line: u64,
    pub(crate) seq: u64,
    pub(crate) what: Saying,
}

#[derive(Clone, Debug)]
pub(crate) enum Saying {
    Recover(Recover),
    Prune(Prune),
    Config(Retention),
    Suspected(String),
    Rekeyed { first_run: u64, pk: Option<[u8; 32]> },
}

/// A checkpoint of a signed file.
#[derive(Clone, Debug)]
pub(crate) struct SignedAt {
    pub(crate) seq: u64,
    pub(crate) line: u64,
    /// The number up to which it states that all was synced.
    pub(crate) stated: u64,
    pub(crate) says: Option<Box<Signed>>,
}

/// The tree and the head behind a record of which a checkpoint speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Root {
    pub(crate) seq: u64,
    pub(crate) root: [u8; 32],
    pub(crate) head: Head,
}

/// Where the chain does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Break {
    /// Lines from and to, the header being line 1.
    pub(crate) line: u64,
    pub(crate) to: u64,
    /// The number that was expected there.
    pub(crate) seq: u64,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The bytes cannot be a record's.
    Flaw(Flaw),
    /// The number is right and the tag is not: the content was changed, or what came before.
    Content,
    /// Only the tag was changed: the chain goes on as if it were right.
    Tag,
    /// Numbers are left out.
    Missing { expected: u64, found: u64 },
    /// A number stands again.
    Repeated { expected: u64, found: u64 },
    /// The chain goes on without these lines.
    Inserted,
    /// Lines behind the point at which the next file goes on.
    Beyond,
    /// The chain holds and the seal does not: whoever wrote the line had no key.
    Seal,
    /// Whole lines that no seal covers.
    Unsealed,
}

/// What kind of fault a break is, and what it is in words.
pub(crate) fn describe(broken: &Break) -> (FaultKind, String) {
    let Break { line, to, what, .. } = *broken;
    let lines = match to > line {
        true => format!(" (and so on to line {to})"),
        false => String::new(),
    };
    match what {
        What::Flaw(flaw) => (FaultKind::Line, format!("{}{lines}", flaw.meaning())),
        What::Content => (
            FaultKind::Content,
            "the tag does not fit: the line was changed, or the lines before it are not the ones that stood there"
                .to_owned(),
        ),
        What::Tag => (
            FaultKind::Tag,
            "the tag was changed; the chain goes on as if it were right".to_owned(),
        ),
        What::Missing { expected, found } => (
            FaultKind::Missing,
            format!(
                "record {found} stands where record {expected} should: {} missing",
                found - expected
            ),
        ),
        What::Repeated { expected, found } => (
            FaultKind::Repeated,
            format!("record {found} stands where record {expected} should{lines}"),
        ),
        What::Inserted => (
            FaultKind::Inserted,
            match to > line {
                true => format!("lines {line} to {to} do not belong here: the chain goes on without them"),
                false => "the line does not belong here: the chain goes on without it".to_owned(),
            },
        ),
        What::Seal => (
            FaultKind::Seal,
            "the chain holds and the seal does not: whoever wrote the lines up to it did not have the key".to_owned(),
        ),
        What::Unsealed => (
            FaultKind::Unsealed,
            match to > line {
                true => format!("lines {line} to {to} are whole, and no seal covers them"),
                false => "no seal covers what stands here".to_owned(),
            },
        ),
        What::Beyond => (
            FaultKind::Beyond,
            format!("the next file goes on before this line, which should not be here{lines}"),
        ),
    }
}
