//! Erasure: which records may go, what orders it, and the note that one is under way (docs/FORMAT.md, "Erasure").

use std::collections::BTreeSet;
use std::io;

use serde_json::Value;

use super::Home;
use super::branch::{self, LiveFile};
use super::bury::Graves;
use super::header::{NUMBER_END, TrailId};
use super::lines::{self, Follows, Lines, Piece};
use crate::base64url;
use crate::chain::{Head, Leaf};
use crate::error::{Error, ErrorKind};
use crate::io::{Disk, DiskFile, read_all, replace};

/// The first bytes of the note.
const MAGIC: &str = "{\"tracing_audit_erase\":1,\"file\":";

/// Finds records that are to be erased, with their leaves, up to `end`: what is erased already is left out.
///
/// # Errors
/// Whatever speaks against it, with the number: it is not there, or the trail's own, or has no salt, or damage hides it.
pub(crate) fn find(
    disk: &dyn Disk,
    home: &Home,
    trail: TrailId,
    seqs: &BTreeSet<u64>,
    end: u64,
) -> Result<Vec<(u64, Leaf)>, Error> {
    let branch = branch::walk(disk, home, Some(trail))?;
    let before = branch.live.first().map_or(0, |oldest| oldest.header.prev.seq);
    for seq in seqs {
        if *seq == 0 || *seq > end {
            return Err(refused(
                *seq,
                "there is no such record",
                "name records that the trail has",
            ));
        }
        if *seq <= before {
            return Err(refused(
                *seq,
                "retention has removed it",
                "leave it out: nothing of it is left",
            ));
        }
    }
    let mut found = Vec::new();
    for live in &branch.live {
        let from = live.header.prev.seq;
        let to = live.live_to.unwrap_or(end).max(from);
        let wanted: BTreeSet<u64> = seqs.range(from + 1..=to).copied().collect();
        let Some(last) = wanted.last().copied() else { continue };
        if !live.header.salted {
            let first = wanted.first().copied().unwrap_or(last);
            return Err(refused(
                first,
                "it has no salt, so that the hash which stays would confirm a guess of what it said",
                "record with `salted(true)` (AUDIT_SALTED) from now on; this one goes when retention removes its file",
            )
            .at(&live.path));
        }
        let mut own = None;
        let reached = each(disk, live, last, |record| {
            let seq = record.end.seq;
            if wanted.contains(&seq) && record.erased.is_none() {
                own = own.or(lines::own(record.rest).map(|_| seq));
                found.push((seq, record.leaf));
            }
        })
        .map_err(|error| Error::io("read a file of the trail", &live.path, error))?;
        if let Some(seq) = own {
            return Err(refused(
                seq,
                "it is a record of the trail about itself, which no tombstone may hide",
                "leave it out",
            ));
        }
        if reached < last {
            let what = format!("cannot erase record {last}, as the file is damaged behind record {reached}");
            return Err(Error::new(ErrorKind::Damaged, what)
                .at(&live.path)
                .remedy("see what `tracing-audit verify` says of it"));
        }
    }
    Ok(found)
}

fn refused(seq: u64, why: &str, remedy: &str) -> Error {
    Error::new(ErrorKind::Config, format!("cannot erase record {seq}, as {why}")).remedy(remedy)
}

/// What the proven records from file `from` on order to be erased, up to record `end`.
pub(crate) fn orders(disk: &dyn Disk, home: &Home, trail: TrailId, from: u64, end: u64) -> Result<Graves, Error> {
    let mut graves = Graves::new();
    let branch = branch::walk(disk, home, Some(trail))?;
    for live in branch.live.iter().filter(|live| live.number() >= from) {
        each(disk, live, end, |record| {
            if lines::own(record.rest) == Some(b"ERASE") {
                let by = record.end.seq;
                for (seq, leaf) in ordered(record.rest).filter(|(seq, _)| *seq < by) {
                    graves.entry(seq).or_insert((leaf, by));
                }
            }
        })
        .map_err(|error| Error::io("read a file of the trail", &live.path, error))?;
    }
    Ok(graves)
}

/// Numbers and leaves of an `AUDIT_ERASE`.
fn ordered(rest: &[u8]) -> impl Iterator<Item = (u64, Leaf)> + use<> {
    let said = lines::metadata(rest).unwrap_or_default();
    let list = |key: &str| said.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let (seqs, leaves) = (list("seqs"), list("leaves"));
    seqs.into_iter().zip(leaves).filter_map(|(seq, leaf)| {
        let seq = seq.as_u64().filter(|seq| *seq < NUMBER_END)?;
        Some((seq, base64url::parse(leaf.as_str()?.as_bytes())?))
    })
}

/// Gives `take` each record of a file that the chain proves, up to number `to`; how far it came.
pub(super) fn each(disk: &dyn Disk, live: &LiveFile, to: u64, mut take: impl FnMut(&Follows<'_>)) -> io::Result<u64> {
    let file = disk.open_read(&live.path)?;
    let to = live.live_to.map_or(to, |live_to| live_to.min(to));
    let keyed = live.header.trust.is_keyed();
    let (mut lines, mut point) = (Lines::new(&*file, live.body_at), live.begin());
    while point.seq < to
        && let Piece::Line { text, .. } = lines.next()?
        && let Some(record) = lines::follow(text, point, keyed)
    {
        point = record.end;
        take(&record);
    }
    Ok(point.seq)
}

/// Notes that records are about to be erased by order of a record in this file or a later one, before that is written. An
/// earlier note stands, if it says more.
pub(crate) fn begin(disk: &dyn Disk, home: &Home, file: u64) -> Result<u64, Error> {
    let file = pending(disk, home)?.unwrap_or(file).min(file);
    let note = format!("{MAGIC}{file}}}\n");
    replace(disk, &home.erase(), note.as_bytes())
        .map_err(|error| Error::io("note an erasure", home.erase(), error).remedy("free space on its disk"))?;
    Ok(file)
}

/// From which file on erasures may have been ordered that were not carried out to their end; `None` for none.
pub(crate) fn pending(disk: &dyn Disk, home: &Home) -> Result<Option<u64>, Error> {
    let failed = |error| Error::io("read the note of an erasure", home.erase(), error);
    let file: std::sync::Arc<dyn DiskFile> = match disk.open_read(&home.erase()) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let text = read_all(&*file, 4096).map_err(failed)?;
    let number = || {
        let text = std::str::from_utf8(&text).ok()?;
        text.strip_prefix(MAGIC)?.strip_suffix("}\n")?.parse().ok()
    };
    // One that somebody changed says only that there is something to look for.
    Ok(Some(number().unwrap_or(1)))
}

/// All that was ordered is done.
pub(crate) fn done(disk: &dyn Disk, home: &Home) -> Result<(), Error> {
    let failed = |error| Error::io("remove the note of an erasure", home.erase(), error);
    match disk.unlink(&home.erase()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    }
}

/// The line that an erasure leaves, without its LF: the record's own frame is taken from its line.
pub(super) fn tombstone(seq: u64, leaf: &Leaf, by: u64, frame: &[u8]) -> Vec<u8> {
    let mut line = format!("{{\"seq\":{seq},\"erased\":\"{}\",\"by\":{by}", Head(*leaf).text()).into_bytes();
    line.extend_from_slice(frame);
    line
}
