use std::fmt;

use serde::{Deserialize, Serialize};

use super::table::Tally as _;
use crate::error::Error;
use crate::reader::walk::{GOES_ON, PASSED_OVER, READ_ON};
use crate::verify::report::{harmless, plural};

/// So many damages are listed.
const LISTED: usize = 32;

/// What could not be read: damage, files that are missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    count: u64,
    what: Vec<String>,
}

impl Skipped {
    /// At how many places.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// What is wrong there, of the first 32.
    pub fn what(&self) -> &[String] {
        &self.what
    }

    pub(super) fn add(&mut self, damage: &Error) {
        self.count.absorb(&1);
        if self.what.len() < LISTED {
            self.what.push(harmless(&damage.to_string()));
        }
    }

    pub(super) fn merge(&mut self, other: &Skipped) {
        self.count.absorb(&other.count);
        let room = LISTED.saturating_sub(self.what.len());
        self.what.extend(other.what.iter().take(room).cloned());
    }

    /// Takes in what who holds lines against the chain found, where those behind a damaged one were counted all the same.
    pub(super) fn join(&mut self, chain: &Skipped) {
        let what: Vec<String> = chain
            .what
            .iter()
            .map(|what| {
                what.replace(PASSED_OVER, "what stands behind it is counted as it stands")
                    .replace(READ_ON, GOES_ON)
            })
            .collect();
        // What is missing, or cannot be read, is found by both.
        let new: Vec<String> = what.iter().filter(|what| !self.what.contains(what)).cloned().collect();
        let known = (what.len() - new.len()) as u64;
        self.merge(&Skipped {
            count: chain.count.saturating_sub(known),
            what: new,
        });
    }

    /// For people, in lines of its own; nothing where nothing was skipped.
    pub(super) fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        for what in self.what.iter().take(SHOWN) {
            write!(f, "\nnot whole: {what}")?;
        }
        match self.count.saturating_sub(self.what.len().min(SHOWN) as u64) {
            0 => Ok(()),
            more => write!(f, "\nnot whole: {} more", plural(more, "place")),
        }
    }
}
