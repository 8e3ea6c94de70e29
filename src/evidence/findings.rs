//! What a check of a bundle found.

use std::ops::RangeInclusive;

use crate::merkle::Hash;
use crate::proof::lead::other_line;
use crate::sign::PublicKey;
use crate::store::{Header, Identity};
use crate::verify::{Fault, FaultKind, Verdict};

/// What [`Evidence::verify`](crate::Evidence::verify) found.
///
/// `Display` is for people: the verdict first, then the trust mode, what is proven, and what is not.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Findings {
    pub(super) trail: Option<String>,
    /// Size and root at the signed checkpoint.
    pub(super) signed: Option<(u64, Hash)>,
    pub(super) checkpoint_key: Option<String>,
    /// The root key; one that only the bundle names is believed by nobody.
    pub(super) key: Option<PublicKey>,
    /// It was given.
    pub(super) known: bool,
    /// Lines of the trail were given, and none of them is the one that it takes.
    pub(super) other_key: bool,
    /// The first file with a key.
    pub(super) first_file: u64,
    pub(super) rows: Vec<(u64, u64)>,
    pub(super) records: u64,
    /// How many of them are hashes.
    pub(super) closed: u64,
    /// How many records stood before the first file that this root certifies, if its header is there.
    pub(super) before_keys: Option<u64>,
    /// In the order of the files.
    pub(super) origins: Vec<Origin>,
    faults: Vec<Fault>,
}

/// What the header of a file says of the records in it.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) file: u64,
    prev_file: Option<u64>,
    /// The last record before it.
    pub(super) prev_seq: u64,
    pub(super) run: u64,
    pub(super) opened: String,
    pub(super) who: Identity,
}

impl Origin {
    pub(super) fn of(header: &Header) -> Origin {
        Origin {
            file: header.file,
            prev_file: header.prev_file,
            prev_seq: header.prev.seq,
            run: header.run,
            opened: header.opened.to_string(),
            who: header.who.clone(),
        }
    }
}

impl Findings {
    /// The result in one word: verified, tampered, unknown key or unreadable. Without the key line of the trail that certifies its
    /// first key nothing is proven.
    pub fn verdict(&self) -> Verdict {
        match self.faults.first() {
            Some(fault) => fault.verdict(),
            None if self.known => Verdict::Verified,
            None => Verdict::UnknownKey,
        }
    }

    /// 0 verified, 1 tampered, 3 unknown key, 4 cannot read.
    pub fn exit_code(&self) -> u8 {
        self.verdict().exit_code()
    }

    /// The trust mode: a bundle can be made of a trail of mode `signed` alone. What whoever made seals could have forged is no
    /// evidence to a third party.
    pub fn trust(&self) -> &'static str {
        "signed"
    }

    /// The id of the trail, 22 characters.
    pub fn trail(&self) -> Option<&str> {
        self.trail.as_deref()
    }

    /// How many records the trail had at the signed checkpoint.
    pub fn size(&self) -> Option<u64> {
        self.signed.map(|(size, _)| size)
    }

    /// The root of the Merkle tree over them.
    pub fn root(&self) -> Option<[u8; 32]> {
        self.signed.map(|(_, root)| root)
    }

    /// The records that hold, up to the first fault. Within each of these ranges none is left out, and none stands twice.
    pub fn records(&self) -> impl Iterator<Item = RangeInclusive<u64>> {
        self.rows.iter().map(|(from, to)| *from..=*to)
    }

    /// How many records hold.
    pub fn count(&self) -> u64 {
        self.records
    }

    /// How many of them are there by their hash alone, since they were erased or are kept back.
    pub fn closed(&self) -> u64 {
        self.closed
    }

    /// What is wrong, with the line of the bundle. The first fault ends the check.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// A record holds.
    pub(super) fn take(&mut self, seq: u64, closed: bool) {
        match self.rows.last_mut() {
            Some((_, to)) if *to + 1 == seq => *to = seq,
            _ => self.rows.push((seq, seq)),
        }
        self.records += 1;
        self.closed += u64::from(closed);
    }

    /// Which of the records are known to come from which file: those up to the point at which the next file goes on from it,
    /// or, in the file of the checkpoint, up to that.
    pub(super) fn by_file(&self) -> Vec<(&Origin, Vec<(u64, u64)>)> {
        let Some((size, _)) = self.signed else {
            return Vec::new();
        };
        let mut known = Vec::new();
        let mut behind: Option<&Origin> = None;
        let mut limit = size;
        for origin in self.origins.iter().rev() {
            let end = match behind {
                None => size,
                Some(next) if next.prev_file == Some(origin.file) => next.prev_seq,
                Some(_) => origin.prev_seq,
            };
            let rows = within(&self.rows, origin.prev_seq + 1, end.min(limit));
            if !rows.is_empty() {
                known.push((origin, rows));
            }
            (behind, limit) = (Some(origin), limit.min(origin.prev_seq));
        }
        known.reverse();
        known
    }

    /// The fault that a good bundle has without a key line.
    pub(super) fn without_key(&self) -> Fault {
        let why = "it fits together, and so would one that anybody made: nothing is proven without the trail's public key line";
        let why = match self.other_key {
            // The header of the first file is there if it says what came before.
            true => {
                let run = self.before_keys.and(self.origins.first()).map(|origin| origin.run);
                &format!("{why}; {}", other_line(self.first_file, run))
            }
            false => why,
        };
        Fault::new(FaultKind::UnknownKey, Verdict::UnknownKey, why)
    }
}

/// The parts of rows that lie between two numbers.
fn within(rows: &[(u64, u64)], from: u64, to: u64) -> Vec<(u64, u64)> {
    let cut = |(first, last): &(u64, u64)| (*first.max(&from), *last.min(&to));
    rows.iter().map(cut).filter(|(first, last)| first <= last).collect()
}
