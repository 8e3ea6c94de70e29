//! From the root key to the claim.

use super::lead::{Flaw, Lead, Notes, is_record};
use super::{Claim, Content, Fact, Proof, Proven};
use crate::base64url;
use crate::error::Error;
use crate::merkle::proof::{is_consistent, is_included};
use crate::sign::PublicKey;
use crate::sign::note::{Checkpoint, verifier_key};
use crate::verify::FaultKind;

/// Checks a proof. Without a root the first line of keys is taken for true: whoever makes a proof has no key line.
pub(super) fn all(proof: &Proof, root: Option<&PublicKey>) -> Result<Proven, Error> {
    let mut lead = Lead::new(proof.trail, root);
    for line in &proof.keys {
        lead.key(line)?;
    }
    let (header, first) = lead.header(proof.header.as_bytes())?;
    let mut notes = Notes::of(&header, first);
    for note in &proof.notes {
        notes.note(note)?;
    }
    let (signed, signed_by) = notes.last()?;
    Ok(Proven {
        trail: base64url::text(&proof.trail),
        size: signed.seq,
        root: signed.root,
        checkpoint_key: verifier_key(&proof.trail, &signed_by),
        fact: fact(proof, &signed)?,
    })
}

fn fact(proof: &Proof, signed: &Checkpoint) -> Result<Fact, Error> {
    match &proof.claim {
        Claim::Record { seq, content } => {
            let leaf = content.leaf();
            let index = seq.checked_sub(1).ok_or_else(|| wrong("there is no record 0"))?;
            if !is_included(&leaf, index, signed.seq, &proof.path, &signed.root) {
                return Err(wrong(&format!(
                    "record {seq} is not among the {} records that were signed",
                    signed.seq
                )));
            }
            let json = match content {
                Content::Leaf(_) => None,
                Content::Rest(rest) => Some(json(*seq, rest)?),
            };
            Ok(Fact::Record { seq: *seq, leaf, json })
        }
        Claim::Growth { size, root } => {
            if !is_consistent(*size, root, signed.seq, &signed.root, &proof.path) {
                return Err(wrong(&format!(
                    "the {} records that were signed do not go on from those {size}",
                    signed.seq
                )));
            }
            Ok(Fact::Growth {
                size: *size,
                root: *root,
            })
        }
    }
}

/// The record without its frame.
fn json(seq: u64, rest: &str) -> Result<String, Error> {
    let json = format!("{{\"seq\":{seq},{rest}}}");
    match is_record(rest, &json) {
        true => Ok(json),
        false => Err(wrong("its record is none that a trail writes")),
    }
}

fn wrong(why: &str) -> Error {
    Flaw::new(FaultKind::Content, why).into()
}
