//! The walk along one file: how far its lines chain, and what stands behind.

use std::io;

use super::branch::LiveFile;
use super::header::{KeptFrom, Point};
use super::lines::{self, Lines, Piece};
use crate::chain::{Head, Leaf};
use crate::clock::Micros;
use crate::io::DiskFile;

#[cfg(test)]
thread_local! {
    /// A planted mistake.
    pub(super) static KEEPS_UNSEALED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// How far a file is proven from its header on: to the last line that chains, in a keyed file to the last one of these that
/// ends a commit with a seal. Whether the seal is right only the verifier can tell; what stands behind it unsealed anybody
/// may have written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walked {
    /// Behind the last proven line.
    pub(crate) end: Point,
    /// Bytes up to there.
    pub(crate) good: u64,
    /// Whether that line is an `AUDIT_STOP`.
    pub(crate) stopped: bool,
    /// The `kept_from` of the last `AUDIT_PRUNE` that is proven.
    pub(crate) kept_from: Option<KeptFrom>,
    /// The `time` of the last proven record.
    pub(crate) time: Option<Micros>,
    /// The head at the `seq` that was asked for, if it was reached.
    pub(crate) asked: Option<Head>,
}

/// Walks from behind a header (`body_at` bytes into the file, at `from`) to the first line that does not chain, or to where
/// the next header cuts the file off (`to`). `ask` is a `seq` whose head is wanted; `each` is given the leaf of each proven
/// record, in order.
pub(crate) fn walk(
    file: &dyn DiskFile,
    live: &LiveFile,
    ask: Option<u64>,
    mut each: impl FnMut(&Leaf),
) -> io::Result<Walked> {
    let (from, to, keyed) = (live.begin(), live.live_to, live.header.trust.is_keyed());
    let mut proven = Walked {
        end: from,
        good: live.body_at,
        stopped: false,
        kept_from: None,
        time: None,
        asked: (ask == Some(from.seq)).then_some(from.head),
    };
    let (mut reached, mut leaves) = (proven, Vec::new());
    let mut lines = Lines::new(file, live.body_at);
    while to.is_none_or(|to| reached.end.seq < to)
        && let Piece::Line { at, text } = lines.next()?
    {
        let Some(found) = lines::follow(text, reached.end, keyed) else {
            break;
        };
        reached.end = found.end;
        reached.good = at + text.len() as u64 + 1;
        reached.time = lines::time(found.rest).or(reached.time);
        if ask == Some(found.end.seq) {
            reached.asked = Some(found.end.head);
        }
        let own = lines::own(found.rest);
        reached.stopped = own == Some(b"STOP");
        if own == Some(b"PRUNE")
            && let Some(kept) =
                lines::metadata(found.rest).and_then(|members| KeptFrom::from_json(members.get("kept_from")?))
        {
            reached.kept_from = Some(kept);
        }
        leaves.push(found.leaf);
        let settled = !keyed || found.sealed;
        #[cfg(test)]
        let settled = settled || KEEPS_UNSEALED.get();
        if settled {
            proven = reached;
            leaves.drain(..).for_each(|leaf| each(&leaf));
        }
    }
    Ok(proven)
}

/// The highest `seq` that a line from here on proves to have been synced.
pub(crate) fn proof(file: &dyn DiskFile, from: u64) -> io::Result<Option<u64>> {
    let mut highest = None;
    let mut lines = Lines::new(file, from);
    loop {
        match lines.next()? {
            Piece::Line { text, .. } => highest = highest.max(lines::proof(text)),
            Piece::TooLong { .. } => {}
            Piece::Unfinished { .. } | Piece::End => return Ok(highest),
        }
    }
}
