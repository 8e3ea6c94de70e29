//! Makes proofs from a trail's directory: one pass for the checkpoint, one for the path to it. What comes out is checked as
//! anybody would check it, but for the root key.

use std::path::Path;
use std::sync::Arc;

use super::source::{Signed, Source, pruned};
use super::{Claim, Content, Proof, check, unproven};
use crate::error::Error;
use crate::io::Disk;
use crate::merkle::Hash;
use crate::merkle::proof::Prover;

pub(crate) fn inclusion(disk: Arc<dyn Disk>, dir: &Path, seq: u64) -> Result<Proof, Error> {
    let trail = Source::open(disk, dir)?;
    let before = trail.tree_before(seq)?;
    let signed = trail.covering(seq, before.size())?;
    let mut prover = Prover::inclusion(index_of(seq)?, signed.size, &before).map_err(|_| pruned(seq))?;
    let mut content = None;
    trail.leaves(before.size(), signed.size, |number, leaf, line| {
        if number == seq {
            content = Some(Content::of(leaf, line));
        }
        prover.push(leaf);
        Ok(())
    })?;
    let content = content.ok_or_else(|| unproven(format!("record {seq} is not in the trail")))?;
    proof(&trail, Claim::Record { seq, content }, prover, signed)
}

pub(super) fn consistency(disk: Arc<dyn Disk>, dir: &Path, size: u64) -> Result<Proof, Error> {
    let trail = Source::open(disk, dir)?;
    let before = trail.tree_at(size, &format_args!("the first {size} records"))?;
    let signed = trail.last(size, before.size())?;
    let mut prover = Prover::consistency(size, signed.size, &before).map_err(|_| pruned(size))?;
    let mut old = before.clone();
    trail.leaves(before.size(), signed.size, |_, leaf, _| {
        if old.size() < size {
            old.push(leaf);
        }
        prover.push(leaf);
        Ok(())
    })?;
    let root = old.root();
    proof(&trail, Claim::Growth { size, root }, prover, signed)
}

/// Where a record stands among the leaves.
pub(crate) fn index_of(seq: u64) -> Result<u64, Error> {
    seq.checked_sub(1)
        .ok_or_else(|| unproven("there is no record 0; the first is record 1".to_owned()))
}

fn proof(trail: &Source<'_>, claim: Claim, prover: Prover, signed: Signed) -> Result<Proof, Error> {
    let path: Vec<Hash> = prover.finish().ok_or_else(|| signed.unread())?;
    let proof = Proof {
        trail: trail.trail.0,
        claim,
        path,
        header: trail.header(signed.file)?,
        keys: trail.keys(signed.file)?,
        notes: signed.notes,
    };
    check::all(&proof, None)?;
    Ok(proof)
}
