//! Evidence: records of a signed trail in one file, with all that leads from the public key line to each of them
//! (docs/FORMAT.md, "Evidence bundles").

mod check;
mod findings;
mod line;
mod make;
mod words;

use std::io;
use std::ops::{Bound, RangeBounds};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::io::RealDisk;
use crate::key_line::KeyLine;

pub use findings::Findings;

/// An evidence bundle: records of a trail of mode `signed`, whole and readable, which a third party who has the trail's public
/// key line can check, without the trail, without its writer, and without any secret.
///
/// Where [`Proof`](crate::Proof) is about one record, this is about as many as are chosen. Of records in a row it shows that
/// none between them is left out. The file is laid down in docs/FORMAT.md under "Evidence bundles": JSON lines, among which the
/// records stand as they are.
///
/// # Examples
/// ```no_run
/// use std::fs::File;
/// use tracing_audit::{Evidence, KeyLine};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Where the trail is:
/// Evidence::of("logs").records(4..=9).record(12).write(File::create("case-7.jsonl")?)?;
///
/// // Anywhere else:
/// let keys = KeyLine::all(&std::fs::read_to_string("trail.pub")?)?;
/// let findings = Evidence::verify(File::open("case-7.jsonl")?, &keys)?;
/// println!("{findings}"); // what is proven, and what is not
/// std::process::exit(findings.exit_code().into());
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is written until `write`"]
pub struct Evidence {
    dir: PathBuf,
    /// First and last; `None` for as far as a checkpoint reaches.
    chosen: Vec<(u64, Option<u64>)>,
    closed: bool,
    keys: Vec<KeyLine>,
}

impl Evidence {
    /// Evidence from the trail in this directory. No record is chosen yet.
    pub fn of(dir: impl AsRef<Path>) -> Evidence {
        Evidence {
            dir: dir.as_ref().to_owned(),
            chosen: Vec::new(),
            closed: false,
            keys: Vec::new(),
        }
    }

    /// Chooses a record by its number.
    pub fn record(self, seq: u64) -> Evidence {
        self.records(seq..=seq)
    }

    /// Chooses records by their numbers. A range without an end goes as far as the last signed checkpoint.
    pub fn records(mut self, seqs: impl RangeBounds<u64>) -> Evidence {
        let from = match seqs.start_bound() {
            Bound::Included(from) => *from,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 1,
        };
        let to = match seqs.end_bound() {
            Bound::Included(to) => Some(*to),
            Bound::Excluded(behind) => Some(behind.saturating_sub(1)),
            Bound::Unbounded => None,
        };
        // An empty range chooses nothing.
        if to.is_none_or(|to| from <= to) {
            self.chosen.push((from, to));
        }
        self
    }

    /// Leaves the contents out and shows hashes: for those who have the records. Without a salt in the record, a content that
    /// can be guessed can be found by its hash.
    pub fn without_content(mut self) -> Evidence {
        self.closed = true;
        self
    }

    /// Holds what is written against the trail's public key line, and puts the key into the bundle, so that it shows which one
    /// it is to be checked with. Whoever checks it needs the line from elsewhere all the same. Where keys were changed, give the
    /// line of each: one that certifies the records is taken.
    pub fn key(mut self, line: KeyLine) -> Evidence {
        self.keys.push(line);
        self
    }

    /// Writes the bundle, and gives the number of records in it.
    ///
    /// Reads the files from the one with the first record up to a checkpoint that covers the last, three times. Memory grows
    /// with the number of records chosen, by some hundred bytes each. After an error what was written is of no use.
    ///
    /// # Errors
    /// No record is chosen ([`Config`](crate::ErrorKind::Config)); one is not there, was removed, or is covered by no signed
    /// checkpoint yet ([`Unproven`](crate::ErrorKind::Unproven)); the trail is damaged there; the key line is not the trail's
    /// ([`Key`](crate::ErrorKind::Key)); something cannot be read or written.
    pub fn write(&self, out: impl io::Write) -> Result<u64, Error> {
        make::write(RealDisk::shared(), self, out)
    }

    /// Checks a bundle, from the key line to each record: of the lines given, one that is of its trail and certifies its keys.
    ///
    /// Every byte of it counts: a bundle that was changed in any of them is refused. Records are proven one by one, in bounded
    /// memory, whatever stands in the file; the first fault ends the check, with its line and kind.
    ///
    /// # Errors
    /// It cannot be read. Everything else, good or bad, is in the [`Findings`].
    pub fn verify(bundle: impl io::Read, keys: &[KeyLine]) -> Result<Findings, Error> {
        check::all(bundle, keys)
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot read the evidence: {error}")))
    }
}

#[cfg(test)]
mod tests;
