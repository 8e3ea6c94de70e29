//! Proofs that leave the trail: that a record is in it, and that it goes on from what it was, checked with nothing but the
//! public key line (docs/FORMAT.md, "Proofs").

mod check;
pub(crate) mod lead;
pub(crate) mod make;
pub(crate) mod source;
mod text;
pub(crate) mod words;

use std::path::Path;

use crate::base64url;
use crate::chain::Leaf;
use crate::error::{Error, ErrorKind};
use crate::io::RealDisk;
use crate::key_line::KeyLine;
use crate::merkle::Hash;
use crate::reader::line;
use crate::sign::certificate::Certificate;
use crate::sign::note::Checkpoint;

/// A proof about a trail of mode `signed`, complete in itself: whoever has the trail's public key line can check it, without
/// the trail and without its writer.
///
/// As text (`Display`, `FromStr`) it is one JSON object, laid down in docs/FORMAT.md under "Proofs". Nothing in it may be
/// believed before [`Proof::verify`].
///
/// # Examples
/// ```no_run
/// use tracing_audit::{KeyLine, Proof};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Where the trail is:
/// std::fs::write("record-42.json", Proof::inclusion("logs", 42)?.to_string())?;
///
/// // Anywhere else:
/// let key: KeyLine = std::fs::read_to_string("trail.pub")?.parse()?;
/// let proof: Proof = std::fs::read_to_string("record-42.json")?.parse()?;
/// println!("{:?}", proof.verify(&key)?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    trail: [u8; 16],
    claim: Claim,
    path: Vec<Hash>,
    /// Of the file whose checkpoint it is, as it stands in its first line.
    header: String,
    /// The checkpoints of that file in their order, up to the one that is meant.
    notes: Vec<String>,
    /// Lines of `audit.keys`, from the first one under the root up to that of the file.
    keys: Vec<Certificate>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Claim {
    Record { seq: u64, content: Content },
    Growth { size: u64, root: Hash },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// What the leaf is made of.
    Rest(String),
    Leaf(Leaf),
}

/// What a [`Proof`] proves, to whom believes in the key that it was checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proven {
    /// The id of the trail, 22 characters.
    pub trail: String,
    /// How many records the trail had at the signed checkpoint.
    pub size: u64,
    /// The root of the Merkle tree over them.
    pub root: [u8; 32],
    /// The key that signed that checkpoint, in the form in which programs that read signed notes are given one:
    /// `<name>+<key id>+<key>`.
    pub checkpoint_key: String,
    /// What is proven of them.
    pub fact: Fact,
}

/// The two things that can be proven.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fact {
    /// This record is one of them, at this place.
    Record {
        /// Its number.
        seq: u64,
        /// The hash of its content.
        leaf: [u8; 32],
        /// The record as JSON, without its tag; `None` where the proof holds nothing but the hash.
        json: Option<String>,
    },
    /// The first `size` of them have the tree with this root, and the others were added behind them.
    Growth {
        /// How many there were.
        size: u64,
        /// The root of the tree over those.
        root: [u8; 32],
    },
}

impl Proof {
    /// Proves that record `seq` is in the trail in this directory. Of an erased record it has the hash.
    ///
    /// Reads the files from the one with the record up to the first checkpoint that can be shown in few steps, twice; memory is
    /// bounded, but for the checkpoints of one file.
    ///
    /// # Errors
    /// The record is not there, was removed, or is covered by no signed checkpoint yet ([`ErrorKind::Unproven`]); the trail
    /// is damaged there, or cannot be read.
    pub fn inclusion(dir: impl AsRef<Path>, seq: u64) -> Result<Proof, Error> {
        make::inclusion(RealDisk::shared(), dir.as_ref(), seq)
    }

    /// Proves that the trail in this directory, as its last signed checkpoint has it, goes on from what its first `size`
    /// records were: that none of those was changed, removed or added since.
    ///
    /// Reads the files from the one with that record on, twice.
    ///
    /// # Errors
    /// As for [`Proof::inclusion`]; from a `size` before the oldest file there is nothing can be proven.
    pub fn consistency(dir: impl AsRef<Path>, size: u64) -> Result<Proof, Error> {
        make::consistency(RealDisk::shared(), dir.as_ref(), size)
    }

    /// Takes the content of the record out and leaves its hash: a proof for those who have the record. Without a salt in the
    /// record, a content that can be guessed can be found by its hash.
    pub fn without_content(mut self) -> Proof {
        if let Claim::Record { content, .. } = &mut self.claim {
            *content = Content::Leaf(content.leaf());
        }
        self
    }

    /// The signed checkpoint: a C2SP `tlog-checkpoint`, as a witness takes it.
    pub fn checkpoint(&self) -> &str {
        self.notes.last().map_or("", String::as_str)
    }

    /// Checks everything, from the root key of the key line to the record.
    ///
    /// It holds as far as the keys do: whoever stole the keys of a running trail can sign what never was, until that shows
    /// beside an honest checkpoint. [`Proven::agrees_with`] compares with one that was kept elsewhere.
    ///
    /// # Errors
    /// Something in it does not follow from what stands before it ([`ErrorKind::Damaged`]); or it is of another trail, or its
    /// first key is under another root, as behind a change of the trail's key ([`ErrorKind::Key`]).
    pub fn verify(&self, key: &KeyLine) -> Result<Proven, Error> {
        if key.trail != self.trail {
            return Err(Error::new(
                ErrorKind::Key,
                format!(
                    "the proof is of trail {}, and the key line of {}",
                    base64url::text(&self.trail),
                    key.trail()
                ),
            ));
        }
        let root = key.key.expose();
        if let Some(first) = self.keys.first()
            && !first.is_under(root, &self.trail)
        {
            // Damaged is what does not even fit together.
            check::all(self, None)?;
            return Err(Error::new(ErrorKind::Key, lead::other_line(first.file, None)));
        }
        check::all(self, Some(root))
    }
}

impl Proven {
    /// Compares with a checkpoint that was kept elsewhere, by a witness perhaps, and is trusted: a C2SP note of this trail,
    /// for as many records as the proof speaks of. Its signatures are not looked at.
    ///
    /// # Errors
    /// There are two histories: the roots differ ([`ErrorKind::Damaged`]). Or nothing can be said, for it is no note of
    /// this trail or of another size ([`ErrorKind::Unproven`]).
    pub fn agrees_with(&self, note: &str) -> Result<(), Error> {
        let other = |why: &str| Error::new(ErrorKind::Unproven, format!("the checkpoint cannot be compared: {why}"));
        let (known, ..) = Checkpoint::parse(note).ok_or_else(|| other("it is no checkpoint of a trail"))?;
        if base64url::text(&known.trail) != self.trail {
            return Err(other("it is of another trail"));
        }
        let grown = match &self.fact {
            Fact::Growth { size, root } => Some((*size, *root)),
            Fact::Record { .. } => None,
        };
        let mut trees = std::iter::once((self.size, self.root)).chain(grown);
        match trees.find(|(size, _)| *size == known.seq) {
            Some((_, root)) if root == known.root => Ok(()),
            Some((size, _)) => Err(Error::new(
                ErrorKind::Damaged,
                format!("two histories: the proof and the checkpoint differ in the first {size} records"),
            )
            .remedy("keep both, for together they show that somebody signed what never was")),
            None => {
                Err(other(&format!("it is of {} records", known.seq))
                    .remedy("ask for a proof of consistency from there"))
            }
        }
    }
}

impl Content {
    /// What a line of the trail holds; of an erased record that is its leaf.
    pub(crate) fn of(leaf: Leaf, line: &[u8]) -> Content {
        let rest = line::cut(line).ok().filter(|cut| line::tombstone(cut.rest).is_none());
        match rest.and_then(|cut| String::from_utf8(cut.rest.to_vec()).ok()) {
            Some(rest) => Content::Rest(rest),
            None => Content::Leaf(leaf),
        }
    }

    pub(crate) fn leaf(&self) -> Leaf {
        match self {
            Content::Rest(rest) => crate::chain::leaf(rest.as_bytes()),
            Content::Leaf(leaf) => *leaf,
        }
    }
}

pub(crate) fn unproven(what: String) -> Error {
    Error::new(ErrorKind::Unproven, what)
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
