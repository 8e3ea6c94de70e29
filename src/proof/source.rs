//! A signed trail's directory, as proofs are made from it: its checkpoints, its leaves, and what leads to its keys.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use super::make::index_of;
use super::unproven;
use crate::chain::Leaf;
use crate::error::Error;
use crate::io::Disk;
use crate::merkle::Range;
use crate::reader::line;
use crate::reader::piece::{Buffer, Pieces};
use crate::reader::walk::{self, Walk};
use crate::sign::PublicKey;
use crate::sign::certificate::Certificate;
use crate::sign::note::Checkpoint;
use crate::store::branch::{self, LiveFile};
use crate::store::content;
use crate::store::names::Form;
use crate::store::{Home, TrailId, Trust};
use crate::verify::own::Own;

/// Where the lines that certify the keys of files stand.
const KEYS: &str = "audit.keys";

/// A trail that proofs are made from.
pub(crate) struct Source<'a> {
    disk: Arc<dyn Disk>,
    dir: &'a Path,
    pub(crate) trail: TrailId,
    pub(crate) live: Vec<LiveFile>,
}

/// A signed checkpoint, and what leads to it within its file.
pub(crate) struct Signed {
    pub(crate) file: u64,
    pub(crate) size: u64,
    pub(crate) notes: Vec<String>,
}

impl Signed {
    pub(crate) fn unread(&self) -> Error {
        unproven(format!("the trail ends before record {}", self.size))
    }
}

/// The checkpoints of one file, as far as they were read.
struct Row {
    /// Signs the next one.
    key: PublicKey,
    signed: Signed,
}

impl<'a> Source<'a> {
    pub(crate) fn open(disk: Arc<dyn Disk>, dir: &'a Path) -> Result<Source<'a>, Error> {
        let home = Home::find(&*disk, dir, None)?;
        let live = branch::read(&*disk, &home, None)?.live;
        let Some(newest) = live.last().map(|newest| &newest.header) else {
            return Err(unproven("there is no trail to prove anything about".to_owned()).at(dir));
        };
        // Trust only rises, so that no file before has more.
        if newest.trust != Trust::Signed {
            let trust = newest.trust.as_str();
            return Err(unproven(format!(
                "nothing can be proven of a trail of mode {trust}: it has no signed checkpoints"
            ))
            .at(dir)
            .remedy(
                "from the next run on a trail can be of mode signed, and what it has by then is signed with the rest",
            ));
        }
        let trail = newest.trail;
        Ok(Source { disk, dir, trail, live })
    }

    /// The tree of at most so many records from which the others are read: that of the newest header which has one. `about` is
    /// what is to be proven, for whoever must hear that it cannot be.
    pub(crate) fn tree_at(&self, size: u64, about: &dyn Display) -> Result<Range, Error> {
        let tree = |live: &LiveFile| match (&live.header.tree, live.header.prev.seq) {
            (Some(peaks), seq) => Range::of(seq, peaks.clone()),
            (None, 0) => Some(Range::default()),
            (None, _) => None,
        };
        let mut files = self.live.iter().rev().filter(|live| live.header.prev.seq <= size);
        files.find_map(tree).ok_or_else(|| {
            let oldest = self.live.first().map_or(size, |oldest| oldest.header.prev.seq);
            unproven(format!(
                "nothing about {about} can be proven: the records before {} were removed",
                oldest + 1
            ))
        })
    }

    /// The tree before a record, from which what comes before that record is known.
    pub(crate) fn tree_before(&self, seq: u64) -> Result<Range, Error> {
        self.tree_at(index_of(seq)?, &format_args!("record {seq}"))
    }

    /// The checkpoint that covers a record and takes the fewest steps to show.
    pub(crate) fn covering(&self, seq: u64, from: u64) -> Result<Signed, Error> {
        let mut best: Option<Signed> = None;
        self.rows(from, |row| {
            let steps = row.notes.len();
            if row.size >= seq && best.as_ref().is_none_or(|best| steps < best.notes.len()) {
                best = Some(Signed {
                    notes: row.notes.clone(),
                    ..*row
                });
            }
            // The first one of a file takes one step, and so do those of all later files.
            best.as_ref().is_none_or(|best| best.notes.len() > 1)
        })?;
        best.ok_or_else(|| uncovered(seq))
    }

    /// The last checkpoint.
    pub(crate) fn last(&self, size: u64, from: u64) -> Result<Signed, Error> {
        let rows = self.rows(from, |_| true)?;
        let newest = rows.into_values().next_back().map(|row| row.signed);
        newest.filter(|last| last.size >= size).ok_or_else(|| uncovered(size))
    }

    /// Reads checkpoints from a record on, until `take` has enough. Only the rows of the newest two files are kept.
    fn rows(&self, from: u64, mut take: impl FnMut(&Signed) -> bool) -> Result<BTreeMap<u64, Row>, Error> {
        let mut rows: BTreeMap<u64, Row> = BTreeMap::new();
        // A resync may carry a checkpoint of a file before into the first one that is read; its row is not whole.
        let begin = self.live.iter().find(|live| live.live_to.is_none_or(|to| to > from));
        let first = begin.map_or(0, LiveFile::number);
        let mut walk = self.walk(from)?;
        while let Some(line) = walk.next() {
            let (seq, line) = line?;
            let Some((stated, said)) = checkpoint(seq, line) else {
                continue;
            };
            let live = self.live.iter().find(|live| live.number() == said.file);
            let Some(pk) = live.filter(|_| said.file >= first).and_then(|live| live.header.pk) else {
                continue;
            };
            let row = rows.entry(said.file).or_insert_with(|| Row {
                key: pk,
                signed: Signed {
                    file: said.file,
                    size: 0,
                    notes: Vec::new(),
                },
            });
            let checkpoint = Checkpoint {
                trail: self.trail.0,
                seq: stated,
                root: said.root,
                file: said.file,
                head: said.head,
                next: said.next,
            };
            row.signed.notes.push(checkpoint.note(&row.key, &said.sig));
            row.signed.size = stated;
            row.key = said.next;
            if !take(&row.signed) {
                break;
            }
            while rows.len() > 2 {
                rows.pop_first();
            }
        }
        Ok(rows)
    }

    /// The leaves of the records behind one and up to another.
    pub(crate) fn leaves(
        &self,
        from: u64,
        to: u64,
        mut take: impl FnMut(u64, Leaf, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut walk = self.walk(from)?;
        let mut read = from;
        while read < to {
            let Some(line) = walk.next_leaf() else { break };
            let walk::Proven { seq, leaf, line } = line?;
            if seq != read + 1 {
                return Err(pruned(seq));
            }
            take(seq, leaf, line)?;
            read = seq;
        }
        Ok(())
    }

    fn walk(&self, from: u64) -> Result<Walk, Error> {
        let mut walk = Walk::begin(self.disk.clone(), self.dir)?;
        walk.skip_to(from + 1);
        Ok(walk)
    }

    /// The first line of a file.
    pub(crate) fn header(&self, file: u64) -> Result<String, Error> {
        let live = self.live.iter().find(|live| live.number() == file);
        let live = live.ok_or_else(|| unproven(format!("file {file} is not there any more")))?;
        let mut first = None;
        self.lines(&live.path, live.name.form, Some(live.body_at), |line| {
            first = std::str::from_utf8(line).ok().map(str::to_owned);
            false
        })?;
        first.ok_or_else(|| unproven(format!("the header of file {file} cannot be read")).at(&live.path))
    }

    /// The lines that lead from a root to the key of a file. Behind a change of the root, and behind the lines of a trail that
    /// this one was begun in place of, they begin anew.
    pub(crate) fn keys(&self, file: u64) -> Result<Vec<Certificate>, Error> {
        let path = self.dir.join(KEYS);
        let mut keys: Vec<Certificate> = Vec::new();
        self.lines(&path, Form::Plain, None, |line| {
            let Some(line) = Certificate::parse(line) else {
                return false;
            };
            if line.file > file {
                return true;
            }
            if keys
                .last()
                .is_some_and(|before| !line.is_under(&before.pk, &self.trail.0))
            {
                keys.clear();
            }
            keys.push(line);
            true
        })?;
        match keys.last().is_some_and(|last| last.file == file) {
            true => Ok(keys),
            false => Err(unproven(format!("there is no line for file {file}")).at(path)),
        }
    }

    /// The whole lines of a file, until `take` has enough.
    fn lines(
        &self,
        path: &Path,
        form: Form,
        to: Option<u64>,
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), Error> {
        let failed = |error| Error::io("read what a proof is made from", path, error);
        let file = content::open(&*self.disk, path, form).map_err(failed)?;
        let end = match to {
            Some(to) => to,
            None => file.stat().map_err(failed)?.len,
        };
        let mut pieces = Pieces::new(file, 0, end);
        let mut buffer = Buffer::default();
        while let Some(piece) = pieces.next(buffer).map_err(failed)? {
            for line in piece.bytes.filled().split_inclusive(|byte| *byte == b'\n') {
                let Some(line) = line.strip_suffix(b"\n") else { break };
                if !take(line) {
                    return Ok(());
                }
            }
            buffer = piece.bytes;
        }
        Ok(())
    }
}

pub(crate) fn pruned(seq: u64) -> Error {
    unproven(format!(
        "nothing about record {seq} can be proven, for records around it were removed"
    ))
}

pub(crate) fn uncovered(seq: u64) -> Error {
    unproven(format!("no signed checkpoint covers record {seq} yet"))
        .remedy("wait for the next one, at most a minute while the trail runs")
}

/// What a checkpoint of a signed trail states, if the line is one.
fn checkpoint(seq: u64, line: &[u8]) -> Option<(u64, crate::verify::own::Signed)> {
    let rest = line::cut(line).ok()?.rest;
    let name = line::own_name(rest).filter(|name| *name == b"CHECKPOINT")?;
    match Own::read(name, seq, rest)? {
        Own::Checkpoint { seq, signed } => Some((seq, *signed?)),
        _ => None,
    }
}
