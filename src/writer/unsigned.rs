//! What stands for the signer in a build without the feature `sign`: there is none.

use crate::chain::{Head, Leaf};
use crate::error::Error;
use crate::key::{KeySource, Stored};
use crate::merkle::Range;
use crate::secret::SecretBytes;
use crate::store::state::Keys;
use crate::store::{Header, Mark, Opened, RunKeys};

#[derive(Debug)]
pub(super) enum Signer {}

#[derive(Debug)]
pub(super) enum Grow {}

impl Grow {
    pub(super) fn done(self) -> Range {
        match self {}
    }
}

#[derive(Debug)]
pub(super) struct Lines {
    pub(super) before: Option<String>,
    pub(super) behind: Option<String>,
}

#[derive(Debug)]
pub(super) struct Signed {
    pub(super) root: String,
    pub(super) next: String,
    pub(super) sig: String,
}

impl Signer {
    pub(super) fn of(_: &Opened, _: Option<&RunKeys>, _: &KeySource) -> Result<Option<Signer>, Error> {
        Ok(None)
    }
    pub(super) fn new_row(&mut self) -> Result<(), Error> {
        match *self {}
    }
    pub(super) fn fill(&self, _: &mut Header, _: bool) {
        match *self {}
    }
    pub(super) fn certify(&mut self, _: u64, _: Head) -> Result<(), Error> {
        match *self {}
    }
    pub(super) fn prepare(&mut self, _: &mut Keys) -> Result<Option<Lines>, Error> {
        match *self {}
    }
    pub(super) fn stored(&mut self) {
        match *self {}
    }
    pub(super) fn appended(&mut self) {
        match *self {}
    }
    pub(super) fn is_certified(&self, _: u64) -> bool {
        match *self {}
    }
    pub(super) fn checkpoint(&mut self, _: Mark) -> Result<Signed, Error> {
        match *self {}
    }
    pub(super) fn new_root(&self, _: &SecretBytes) -> Result<([u8; 32], Stored), Error> {
        match *self {}
    }
    pub(super) fn written(&mut self, _: &mut Vec<Leaf>) {
        match *self {}
    }
    pub(super) fn sync_begins(&mut self) -> Grow {
        match *self {}
    }
    pub(super) fn synced(&mut self, _: Range) {
        match *self {}
    }
    pub(super) fn rewind(&mut self) {
        match *self {}
    }
}
