//! What recoveries set aside, against what they said of it. No proof rests on it, so a difference is a note.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::io::Disk;
use crate::verify::folded::{Folded, Saying};
use crate::verify::own::Recover;

/// Notes on the `.torn` files there are and the ones there should be.
pub(crate) fn check(disk: &dyn Disk, dir: &Path, present: &[String], folds: &[Folded]) -> Vec<String> {
    let mut notes = Vec::new();
    let mut named = BTreeSet::new();
    let there: BTreeSet<&str> = present.iter().map(String::as_str).collect();
    let recovers = folds
        .iter()
        .flat_map(|fold| &fold.said)
        .filter_map(|said| match &said.what {
            Saying::Recover(recover) => Some(recover),
            _ => None,
        });
    for recover in recovers {
        named.extend(recover.torn_files.iter().map(String::as_str));
        let gone: Vec<&str> = recover
            .torn_files
            .iter()
            .map(String::as_str)
            .filter(|name| !there.contains(name))
            .collect();
        if !gone.is_empty() {
            notes.push(format!("{}: set aside by a recovery, and gone", gone.join(", ")));
        } else if !recover.torn_files.is_empty() {
            notes.extend(differs(disk, dir, recover));
        }
    }
    for name in present.iter().filter(|name| !named.contains(name.as_str())) {
        notes.push(format!(
            "{name}: set aside, and no AUDIT_RECOVER of the files that are left speaks of it"
        ));
    }
    notes
}

/// A note if the bytes are not the ones that were set aside.
fn differs(disk: &dyn Disk, dir: &Path, recover: &Recover) -> Option<String> {
    let names = recover.torn_files.join(", ");
    match hash(disk, dir, &recover.torn_files) {
        Ok((bytes, hash)) => {
            let same = bytes == recover.torn_bytes && recover.torn_sha256.as_ref() == Some(&hash);
            (!same).then(|| format!("{names}: not the bytes that the recovery set aside"))
        }
        Err(error) => Some(format!("{names}: cannot be read: {error}")),
    }
}

/// Length and SHA-256 in hex of all of them in their order.
fn hash(disk: &dyn Disk, dir: &Path, names: &[String]) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut bytes = 0;
    let mut chunk = vec![0; 64 << 10];
    for name in names {
        let file = disk.open_read(&dir.join(name))?;
        let mut at = 0;
        loop {
            let read = match file.read_at(at, &mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if read == 0 {
                break;
            }
            hash.update(chunk.get(..read).unwrap_or_default());
            at += read as u64;
        }
        bytes += at;
    }
    let mut hex = String::new();
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok((bytes, hex))
}
