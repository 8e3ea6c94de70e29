//! What is in the file and not known to be on the disk: kept until it is, for a failed sync may lose it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch::{Batch, Text};
use crate::io::DiskFile;
use crate::meter::Tally;
use crate::queue::PerSeverity;
use crate::store::Point;

/// Bytes kept in memory. Beyond, later lines are read back from the file if they are ever needed: at such a pace a
/// second holds hundreds of megabytes, and a sync that fails is rare.
const MEMORY: usize = if cfg!(test) { 256 * 1024 } else { 16 * 1024 * 1024 };

/// Texts kept for the next commits, so that none is allocated.
const POOL: usize = 8;

/// Where a commit went.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) file: &'a Arc<dyn DiskFile>,
    pub(super) path: &'a Path,
    /// The file's length behind it.
    pub(super) end: u64,
    pub(super) before: Point,
    pub(super) after: Point,
}

/// Lines in the file that are not in memory.
#[derive(Debug)]
struct Spilled {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    from: u64,
    to: u64,
    before: Point,
    after: Point,
    tickets: Option<(u64, u64)>,
    before_tickets: usize,
    lines: usize,
    tally: Tally,
}

/// The commits that one sync covers: first those in memory, then those that are not.
#[derive(Debug, Default)]
struct Group {
    texts: Vec<Text>,
    bytes: usize,
    tally: Tally,
    spilled: Vec<Spilled>,
    last_ticket: u64,
}

impl Group {
    fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.spilled.is_empty()
    }

    fn spill(&mut self, batch: &mut Batch, place: &Place<'_>) {
        let text = &mut batch.text;
        let from = place.end - text.bytes.len() as u64;
        let behind = |last: &&mut Spilled| Arc::ptr_eq(&last.file, place.file) && last.to == from;
        if let Some(last) = self.spilled.last_mut().filter(behind) {
            match (&mut last.tickets, text.tickets) {
                (Some((_, last)), Some((_, newer))) => *last = newer,
                (none @ None, Some(tickets)) => {
                    *none = Some(tickets);
                    last.before_tickets = last.lines + text.before_tickets;
                }
                (_, None) => {}
            }
            last.to = place.end;
            last.after = place.after;
            last.lines += text.lines;
            batch.tally.drain_into(&mut last.tally);
        } else {
            let mut tally = Tally::default();
            batch.tally.drain_into(&mut tally);
            self.spilled.push(Spilled {
                file: Arc::clone(place.file),
                path: place.path.to_owned(),
                from,
                to: place.end,
                before: place.before,
                after: place.after,
                tickets: text.tickets,
                before_tickets: text.before_tickets,
                lines: text.lines,
                tally,
            });
        }
        text.clear();
    }
}

/// Lines to be written again.
#[derive(Debug)]
pub(super) enum Again {
    Text(Text, Tally),
    /// They could not be read back.
    Lost {
        path: PathBuf,
        records: PerSeverity,
        first_ticket: Option<u64>,
    },
}

/// All that no sync has covered: the group that one is at work on, and what came since.
#[derive(Debug, Default)]
pub(super) struct Kept {
    syncing: Group,
    since: Group,
    pool: Vec<Text>,
    /// Bytes written since the last sync began.
    unsynced: u64,
}

impl Kept {
    /// Takes a commit that was written, and leaves an empty text in its place.
    pub(super) fn take(&mut self, batch: &mut Batch, place: &Place<'_>) {
        let len = batch.text.bytes.len();
        self.unsynced += len as u64;
        let group = &mut self.since;
        if let Some((_, last)) = batch.text.tickets {
            group.last_ticket = last;
        }
        if group.spilled.is_empty() && self.syncing.bytes + group.bytes + len <= MEMORY {
            batch.tally.drain_into(&mut group.tally);
            group.bytes += len;
            let fresh = self.pool.pop();
            let fresh = fresh.unwrap_or_else(|| Text::new(batch.text.leaves.is_some()));
            group.texts.push(std::mem::replace(&mut batch.text, fresh));
        } else {
            group.spill(batch, place);
        }
    }

    /// A sync begins that covers all there is; the last ticket in it, 0 for none.
    pub(super) fn begin_sync(&mut self) -> u64 {
        self.unsynced = 0;
        self.syncing = std::mem::take(&mut self.since);
        self.syncing.last_ticket
    }

    /// That sync succeeded: its commits need not be kept, and count.
    pub(super) fn synced(&mut self, count: &mut Tally) {
        let mut group = std::mem::take(&mut self.syncing);
        group.tally.drain_into(count);
        for spilled in &mut group.spilled {
            spilled.tally.drain_into(count);
        }
        group.texts.truncate(POOL - self.pool.len().min(POOL));
        self.pool.extend(group.texts.into_iter().map(|mut text| {
            text.clear();
            text
        }));
    }

    /// Whether anything was written since the last sync began.
    pub(super) fn has_unsynced(&self) -> bool {
        !self.since.is_empty()
    }

    pub(super) fn unsynced(&self) -> u64 {
        self.unsynced
    }

    /// Everything, in order, to be written again elsewhere.
    pub(super) fn again(&mut self) -> Vec<Again> {
        self.unsynced = 0;
        let mut again = Vec::new();
        for mut group in [std::mem::take(&mut self.syncing), std::mem::take(&mut self.since)] {
            let last = group.texts.len();
            for (at, text) in group.texts.into_iter().enumerate() {
                // A group's counts go with the last of its texts: no sync falls between them.
                let tally = if at + 1 == last {
                    std::mem::take(&mut group.tally)
                } else {
                    Tally::default()
                };
                again.push(Again::Text(text, tally));
            }
            again.extend(group.spilled.into_iter().map(Spilled::read));
        }
        again
    }
}

impl Spilled {
    /// Reads the lines back, if they still are what was written.
    fn read(self) -> Again {
        let mut bytes = vec![0; usize::try_from(self.to - self.from).unwrap_or(0)];
        let mut read = 0;
        while let Some(room) = bytes.get_mut(read..).filter(|room| !room.is_empty()) {
            match self.file.read_at(self.from + read as u64, room) {
                Ok(0) | Err(_) => break,
                Ok(more) => read += more,
            }
        }
        if read < bytes.len() || !Text::leads(&bytes, self.before, self.after) {
            return Again::Lost {
                path: self.path,
                records: self.tally.records,
                first_ticket: self.tickets.map(|(first, _)| first),
            };
        }
        let text = Text {
            bytes,
            lines: self.lines,
            tickets: self.tickets,
            before_tickets: self.before_tickets,
            sealed: false,
            leaves: None,
        };
        Again::Text(text, self.tally)
    }
}
