//! Records replaced by their tombstones, and their copies with them: in files that count, in superseded ones, in what a
//! recovery set aside. Whatever a crash leaves of it, doing it again comes to the same end.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Home;
use super::branch::{self, LiveFile, Why};
use super::cache;
use super::erase::tombstone;
use super::header::{Cause, TrailId};
use super::lines::{self, Lines, Piece};
use super::names::Form;
use crate::chain::Leaf;
use crate::error::Error;
use crate::io::{Disk, DiskFile, with_suffix, write_all};

/// Records to erase: by number, the leaf, and the number of the `AUDIT_ERASE`.
pub(crate) type Graves = BTreeMap<u64, (Leaf, u64)>;

/// Bytes of a file, and what stands there instead.
#[derive(Debug, PartialEq, Eq)]
struct Span {
    from: u64,
    to: u64,
    text: Vec<u8>,
}

/// Buries these records and their copies in all files but the newest, durably; whether the newest has some of them. Only after
/// what orders it was synced. `again` says that an attempt of this run failed: a sync that did may have left names that no
/// later one makes durable, so all files get new ones.
pub(crate) fn bury(disk: &dyn Disk, home: &Home, trail: TrailId, graves: &Graves, again: bool) -> Result<bool, Error> {
    let branch = branch::walk(disk, home, Some(trail))?;
    let Some((newest, closed)) = branch.live.split_last() else {
        return Ok(false);
    };
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| {
            Error::io("erase records in a file of the trail", path, error)
                .remedy("free room for a copy of it on the disk, and make it writable; the next start goes on with it")
        }
    };
    let later = closed.iter().skip(1).chain([newest]);
    for (live, next) in closed.iter().zip(later) {
        let (from, to) = (live.header.prev.seq + 1, next.header.prev.seq);
        let counts = graves.range(from..=to.max(from)).next().is_some();
        let cut_off =
            matches!(next.header.cause, Cause::Resync | Cause::Recover) && graves.range(to + 1..).next().is_some();
        if counts || cut_off {
            clean(disk, home, &live.path, Some(live), graves, again).map_err(failed(&live.path))?;
            remove_compressed(disk, home, live.name, again).map_err(failed(&live.path))?;
            cache::remove(disk, &home.dir, live.name.day)?;
        }
    }
    for stray in &branch.strays {
        if matches!(stray.why, Why::Superseded(_) | Why::Twin(_) | Why::Unreadable(_))
            && clean(disk, home, &stray.path, None, graves, again).map_err(failed(&stray.path))?
        {
            remove_compressed(disk, home, stray.name, again).map_err(failed(&stray.path))?;
        }
    }
    for torn in &branch.torn {
        let path = torn.path(&home.dir);
        clean(disk, home, &path, None, graves, again).map_err(failed(&path))?;
    }
    // Also where nothing was left to do: an earlier attempt may have died before this.
    disk.sync_dir(&home.dir).map_err(failed(&home.dir))?;
    Ok(graves.range(newest.header.prev.seq + 1..).next().is_some())
}

/// The plain file is the file; what stands compressed beside it is a copy from before.
fn remove_compressed(disk: &dyn Disk, home: &Home, name: super::names::Name, again: bool) -> io::Result<()> {
    let path = name.with(Form::Gzip).path(&home.dir);
    match disk.unlink(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match again {
            // It may have been there, and come back with a crash: its name is made and removed anew.
            true => disk.open_new(&path).and_then(|_| disk.unlink(&path)),
            false => Ok(()),
        },
        other => other,
    }
}

/// Buries what one file has of these records; whether it has any, or may have had before.
fn clean(
    disk: &dyn Disk,
    home: &Home,
    path: &Path,
    live: Option<&LiveFile>,
    graves: &Graves,
    again: bool,
) -> io::Result<bool> {
    let file = match disk.open_read(path) {
        Ok(file) => file,
        // Retention was here.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let (spans, any) = spans(&*file, live, graves)?;
    if again || !spans.is_empty() {
        splice(disk, home, path, &file, &spans)?;
    }
    Ok(any || again)
}

/// Copies a file with some bytes replaced, and puts the copy in its place in one step.
fn splice(disk: &dyn Disk, home: &Home, path: &Path, file: &Arc<dyn DiskFile>, spans: &[Span]) -> io::Result<()> {
    let tmp = with_suffix(path, ".tmp");
    match disk.unlink(&tmp) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let copy = disk.open_new(&tmp)?;
    let write = || {
        let mut at = 0;
        for span in spans {
            copy_range(&**file, at, span.from, &*copy)?;
            write_all(&*copy, &span.text)?;
            at = span.to;
        }
        copy_range(&**file, at, u64::MAX, &*copy)?;
        copy.sync_data()
    };
    if let Err(error) = write() {
        // Half a copy is room that nobody has.
        let _ = disk.unlink(&tmp);
        return Err(error);
    }
    disk.rename(&tmp, path)?;
    disk.sync_dir(&home.dir)
}

fn copy_range(file: &dyn DiskFile, from: u64, to: u64, copy: &dyn DiskFile) -> io::Result<()> {
    let (mut at, mut chunk) = (from, vec![0; 64 << 10]);
    while at < to {
        let most = usize::try_from(to - at).unwrap_or(usize::MAX).min(chunk.len());
        match file.read_at(at, chunk.get_mut(..most).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => {
                write_all(copy, chunk.get(..read).unwrap_or_default())?;
                at += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What is to be replaced in a file, in order, and whether it has any of the records, buried already or not. Of a live file the
/// live part is walked by its chain; what is behind it, and every other file, goes by what the lines say.
fn spans(file: &dyn DiskFile, live: Option<&LiveFile>, graves: &Graves) -> io::Result<(Vec<Span>, bool)> {
    let mut found = Search {
        graves,
        spans: Vec::new(),
        any: false,
        last: 0,
        holes: Vec::new(),
    };
    let mut walk = live.map(|live| (live, live.begin()));
    // Behind damage in the live part: lines up to this number are the verifier's business.
    let mut floor = None;
    let mut lines = Lines::new(file, live.map_or(0, |live| live.body_at));
    let mut unread = None;
    loop {
        let (at, text) = match lines.next()? {
            Piece::Line { at, text } => (at, Some(text)),
            Piece::TooLong { at } => (at, None),
            Piece::Unfinished { at } => {
                found.ends(&mut unread, at);
                let mut begin = [0; 32];
                let read = file.read_at(at, &mut begin)?;
                if floor.is_none() {
                    found.loose(at, file.stat()?.len, begin.get(..read).unwrap_or_default());
                }
                break;
            }
            Piece::End => {
                found.ends(&mut unread, file.stat()?.len);
                break;
            }
        };
        found.ends(&mut unread, at);
        let Some(text) = text else {
            unread = floor.is_none().then_some(at);
            continue;
        };
        let to = at + text.len() as u64 + 1;
        if let Some((live, point)) = &mut walk {
            if live.live_to.is_none_or(|live_to| point.seq < live_to) {
                if let Some(record) = lines::follow(text, *point, live.header.trust.is_keyed()) {
                    *point = record.end;
                    found.proven(at, to, text, &record);
                    continue;
                }
                floor = Some(live.live_to.unwrap_or(u64::MAX));
            }
            found.last = point.seq;
            walk = None;
        }
        if let Some(least) = floor {
            if lines::seq(text).is_none_or(|seq| seq <= least) {
                continue;
            }
            floor = None;
            found.last = least;
        }
        found.loose(at, to, text);
    }
    found.close(u64::MAX);
    found.spans.sort_by_key(|span| span.from);
    Ok((found.spans, found.any))
}

struct Search<'g> {
    graves: &'g Graves,
    spans: Vec<Span>,
    any: bool,
    /// The last number that could be read.
    last: u64,
    /// What may be any record from there to the next number.
    holes: Vec<(u64, u64)>,
}

impl Search<'_> {
    fn proven(&mut self, from: u64, to: u64, line: &[u8], record: &lines::Follows<'_>) {
        let seq = record.end.seq;
        let Some((leaf, by)) = self.graves.get(&seq).filter(|(leaf, _)| *leaf == record.leaf) else {
            return;
        };
        self.any = true;
        if record.erased.is_none() {
            self.bury(from, to, seq, leaf, *by, line);
        }
    }

    /// A line that no chain proves: one of the records, if its leaf says so; if it is no whole line, then by its number; and
    /// without a number, if one of the records may have stood there.
    fn loose(&mut self, from: u64, to: u64, line: &[u8]) {
        if line.starts_with(b"{\"tracing_audit\":") {
            return;
        }
        let Some(seq) = lines::seq(line) else {
            return self.holes.push((from, to));
        };
        self.close(seq);
        self.last = seq;
        let grave = self.graves.get(&seq);
        match (lines::content(line), grave) {
            (_, None) => {}
            (Some((leaf, erased)), Some((grave, by))) if leaf == *grave => {
                self.any = true;
                if !erased {
                    self.bury(from, to, seq, &leaf, *by, line);
                }
            }
            // Another record that had this number.
            (Some(_), Some(_)) => {}
            (None, Some(_)) => self.drop(from, to),
        }
    }

    /// A line without an end that could be read ends here.
    fn ends(&mut self, unread: &mut Option<u64>, to: u64) {
        self.holes.extend(unread.take().map(|from| (from, to)));
    }

    /// The next number is known: what may have stood there, from the last one to that.
    fn close(&mut self, next: u64) {
        let holes = std::mem::take(&mut self.holes);
        let inside = self.last.min(next)..=self.last.max(next);
        if self.graves.range(inside).next().is_some() {
            holes.into_iter().for_each(|(from, to)| self.drop(from, to));
        }
    }

    fn drop(&mut self, from: u64, to: u64) {
        self.any = true;
        self.spans.push(Span {
            from,
            to,
            text: Vec::new(),
        });
    }

    fn bury(&mut self, from: u64, to: u64, seq: u64, leaf: &Leaf, by: u64, line: &[u8]) {
        let mut text = tombstone(seq, leaf, by, lines::frame(line));
        text.push(b'\n');
        self.spans.push(Span { from, to, text });
    }
}
