//! From the root key to the claim, step by step.

use serde::de::IgnoredAny;

use super::{Claim, Content, Fact, Proof, Proven};
use crate::base64url;
use crate::error::{Error, ErrorKind};
use crate::merkle::proof::{is_consistent, is_included};
use crate::reader::line;
use crate::sign::PublicKey;
use crate::sign::note::{Checkpoint, key_id, verifier_key};
use crate::store::{Header, Trust};

/// Checks a proof. Without a root the first line of keys is taken for true: whoever makes a proof has no key line.
pub(super) fn all(proof: &Proof, root: Option<&PublicKey>) -> Result<Proven, Error> {
    let (header, first) = header(proof, root)?;
    let (mut key, mut signed_by) = (first, first);
    let mut signed: Option<Checkpoint> = None;
    for (place, note) in proof.notes.iter().enumerate() {
        let wrong = |why: &str| wrong(&format!("its checkpoint {} {why}", place + 1));
        let (checkpoint, id, signature) =
            Checkpoint::parse(note).ok_or_else(|| wrong("is no note as a trail writes it"))?;
        if checkpoint.trail != proof.trail || checkpoint.file != header.file {
            return Err(wrong("is of another trail or file"));
        }
        if checkpoint.seq < signed.as_ref().map_or(header.prev.seq, |before| before.seq) {
            return Err(wrong("is of fewer records than what stands before it"));
        }
        if id != key_id(&checkpoint.origin(), &key) || !checkpoint.is_signed(&key, &signature) {
            return Err(wrong("is not signed by the key whose turn it is"));
        }
        (signed_by, key) = (key, checkpoint.next);
        signed = Some(checkpoint);
    }
    let signed = signed.ok_or_else(|| wrong("it has no checkpoint"))?;
    Ok(Proven {
        trail: base64url::text(&proof.trail),
        size: signed.seq,
        root: signed.root,
        checkpoint_key: verifier_key(&proof.trail, &signed_by),
        fact: fact(proof, &signed)?,
    })
}

/// The header that the keys of the files lead to, and the first checkpoint key in it.
fn header(proof: &Proof, root: Option<&PublicKey>) -> Result<(Header, PublicKey), Error> {
    let (mut before, mut file) = (root, 0);
    for line in &proof.keys {
        if line.file <= file {
            return Err(wrong("its keys of files are not in the order of their files"));
        }
        if before.is_some_and(|before| !line.is_under(before, &proof.trail)) {
            return Err(match file {
                0 => wrong("its first key of a file is not certified by the key of the key line")
                    .remedy("give the public key line of the run that the record is of; keys may have been rotated"),
                _ => wrong(&format!(
                    "the key of file {} is not certified by the one before it",
                    line.file
                )),
            });
        }
        (before, file) = (Some(&line.pk), line.file);
    }
    let last = proof.keys.last().ok_or_else(|| wrong("it has no keys of files"))?;
    let text = proof.header.as_bytes();
    let (header, head) = Some(text)
        .filter(|text| line::plain(text).is_ok())
        .and_then(|text| Header::parse(text).ok())
        .ok_or_else(|| wrong("its header is none of version 1"))?;
    if head != last.head || header.file != last.file || header.trail.0 != proof.trail {
        return Err(wrong("its header is not the one that the last key of a file is for"));
    }
    match header.pk {
        Some(pk) if header.trust == Trust::Signed => Ok((header, pk)),
        _ => Err(wrong("its header is not of mode signed")),
    }
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

/// The record without its frame. What was signed is signed; but it may be none that a trail writes.
fn json(seq: u64, rest: &str) -> Result<String, Error> {
    let json = format!("{{\"seq\":{seq},{rest}}}");
    let sound = rest.starts_with("\"time\":\"")
        && line::plain(rest.as_bytes()).is_ok()
        && serde_json::from_str::<IgnoredAny>(&json).is_ok();
    match sound {
        true => Ok(json),
        false => Err(wrong("its record is none that a trail writes")),
    }
}

fn wrong(why: &str) -> Error {
    Error::new(ErrorKind::Damaged, format!("the proof does not hold: {why}"))
}
