//! Makes a bundle from a trail's directory: one pass for the checkpoint, one for the paths to it, one for the records.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use super::Evidence;
use super::line::{self, HEADERS, Opening, ROWS};
use crate::error::{Error, ErrorKind};
use crate::io::Disk;
use crate::merkle::paths::Paths;
use crate::proof::Content;
use crate::proof::lead::{Flaw, Lead, Notes};
use crate::proof::make::index_of;
use crate::proof::source::{Signed, Source, pruned, uncovered};
use crate::reader::line::SEQ_LIMIT;
use crate::sign::PublicKey;
use crate::sign::certificate::Certificate;
use crate::sign::note::Checkpoint;
use crate::store::Trust;

pub(super) fn write(disk: Arc<dyn Disk>, evidence: &Evidence, out: impl Write) -> Result<u64, Error> {
    let trail = Source::open(disk, &evidence.dir)?;
    let (signed, rows) = choose(&trail, evidence)?;
    let lead = lead(&trail, evidence, &signed, &rows)?;
    let opening = Opening {
        trail: trail.trail.0,
        pk: lead.root,
        rows,
    };

    let first = opening.rows.first().map_or(1, |(first, _)| *first);
    let last = opening.rows.last().map_or(1, |(_, last)| *last);
    let before = trail.tree_before(first)?;
    let seqs = || opening.rows.iter().flat_map(|(from, to)| *from..=*to);
    let mut paths = Paths::new(signed.size, &before, seqs().map(|seq| seq - 1));
    trail.leaves(before.size(), signed.size, |_, leaf, _| {
        paths.push(leaf);
        Ok(())
    })?;
    if paths.root().ok_or_else(|| signed.unread())? != lead.signed.root {
        let what = format!(
            "the tree of the first {} records is not the one that was signed",
            signed.size
        );
        return Err(Error::new(ErrorKind::Damaged, what)
            .at(&evidence.dir)
            .remedy("see what `tracing-audit verify` says of it"));
    }

    let mut out = BufWriter::new(out);
    let mut put = |text: &str| writeln!(out, "{text}").map_err(unwritten);
    put(&opening.text())?;
    for (key, header) in &lead.keys {
        put(&key.text())?;
        header.as_deref().map_or(Ok(()), &mut put)?;
    }
    for note in &signed.notes {
        put(&line::note(note))?;
    }
    let (mut count, mut wanted) = (0, seqs().peekable());
    trail.leaves(before.size(), last, |seq, leaf, text| {
        if wanted.next_if_eq(&seq).is_none() {
            return Ok(());
        }
        let path = paths.path(seq - 1).ok_or_else(|| pruned(seq))?;
        if !path.is_empty() {
            put(&line::path(&path))?;
        }
        let content = match evidence.closed {
            true => Content::Leaf(leaf),
            false => Content::of(leaf, text),
        };
        count += 1;
        put(&line::record(seq, &content))
    })?;
    if let Some(seq) = wanted.next() {
        return Err(pruned(seq));
    }
    out.flush().map_err(unwritten)?;
    Ok(count)
}

fn unwritten(error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot write the evidence: {error}"))
}

/// A checkpoint that covers all that is chosen, and that as rows which rise and do not touch.
fn choose(trail: &Source<'_>, evidence: &Evidence) -> Result<(Signed, Vec<(u64, u64)>), Error> {
    let mut chosen = evidence.chosen.clone();
    chosen.sort_unstable();
    let known = |(from, to): &(u64, Option<u64>)| to.unwrap_or(*from).max(*from);
    let Some(last) = chosen.iter().map(known).max() else {
        return Err(Error::new(ErrorKind::Config, "no record is chosen").remedy("name at least one"));
    };
    let first = chosen.first().map_or(last, |(first, _)| *first);
    // Said before the trail is read.
    index_of(first)?;
    if last >= SEQ_LIMIT {
        return Err(uncovered(last));
    }
    let before = trail.tree_before(last)?;
    let signed = match chosen.iter().any(|(_, to)| to.is_none()) {
        true => trail.last(last, before.size())?,
        false => trail.covering(last, before.size())?,
    };
    let mut rows: Vec<(u64, u64)> = Vec::new();
    for (from, to) in chosen {
        let to = to.unwrap_or(signed.size);
        match rows.last_mut() {
            Some((_, end)) if from <= *end + 1 => *end = to.max(*end),
            _ => rows.push((from, to)),
        }
    }
    match rows.len() {
        1..=ROWS => Ok((signed, rows)),
        many => Err(Error::new(
            ErrorKind::Config,
            format!("the records that are chosen stand in {many} rows, and a bundle has at most {ROWS}"),
        )
        .remedy("make several")),
    }
}

/// What leads from the root key to a checkpoint.
struct Leading {
    /// Lines of `audit.keys`, some with the header of their file.
    keys: Vec<(Certificate, Option<String>)>,
    signed: Checkpoint,
    /// The root key, if it was given.
    root: Option<PublicKey>,
}

/// Checked as anybody would check it, but for the root key where that was not given.
fn lead(trail: &Source<'_>, evidence: &Evidence, signed: &Signed, rows: &[(u64, u64)]) -> Result<Leading, Error> {
    let broken = |flaw: Flaw| {
        Error::new(
            ErrorKind::Damaged,
            format!("what leads to the checkpoint does not hold: {}", flaw.why),
        )
        .at(&evidence.dir)
        .remedy("see what `tracing-audit verify` says of it")
    };
    let keys = trail.keys(signed.file)?;
    let first = keys.first().map_or(0, |first| first.file);
    let certifies = |key: &&PublicKey| keys.first().is_some_and(|first| first.is_under(key, &trail.trail.0));
    let root = evidence
        .keys
        .iter()
        .map(|line| line.key.expose())
        .find(certifies)
        .copied();
    if root.is_none() && !evidence.keys.is_empty() {
        let what = "no key line that was given is the one that these records are proven with";
        return Err(Error::new(ErrorKind::Key, what)
            .at(&evidence.dir)
            .remedy("give the public key line of the trail; the seed of a sealed one is none"));
    }
    let mut shown = files(trail, rows);
    shown.extend([first, signed.file]);
    let mut lead = Lead::new(trail.trail.0, root.as_ref());
    let (mut notes, mut bytes, mut with_headers) = (None, 0, Vec::new());
    for key in keys {
        lead.key(&key).map_err(broken)?;
        let live = trail.live.iter().find(|live| live.number() == key.file);
        let is_shown = shown.contains(&key.file) && live.is_some_and(|live| live.header.trust == Trust::Signed);
        let header = is_shown.then(|| trail.header(key.file)).transpose()?;
        if let Some(header) = &header {
            let (header, first) = lead.header(header.as_bytes()).map_err(broken)?;
            notes = Some(Notes::of(&header, first));
        }
        bytes += header.as_ref().map_or(0, String::len);
        with_headers.push((key, header));
    }
    if bytes > HEADERS {
        let what =
            format!("the headers of the files with these records have {bytes} bytes, and a bundle at most {HEADERS}");
        return Err(Error::new(ErrorKind::Config, what).remedy("make several"));
    }
    // The last key is that of the checkpoint's file, which is live.
    let mut notes = notes.ok_or_else(|| uncovered(signed.size))?;
    for note in &signed.notes {
        notes.note(note).map_err(broken)?;
    }
    Ok(Leading {
        keys: with_headers,
        signed: notes.last().map_err(broken)?.0,
        root,
    })
}

/// The files with records of these rows, and those that go on from them.
fn files(trail: &Source<'_>, rows: &[(u64, u64)]) -> BTreeSet<u64> {
    let mut files = BTreeSet::new();
    let mut before = false;
    for live in &trail.live {
        let (behind, to) = (live.header.prev.seq, live.live_to.unwrap_or(u64::MAX));
        // The first row that does not end before the file.
        let row = rows.partition_point(|(_, last)| *last <= behind);
        let has = rows.get(row).is_some_and(|(first, _)| *first <= to && behind < to);
        if has || before {
            files.insert(live.number());
        }
        before = has;
    }
    files
}
