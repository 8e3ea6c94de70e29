//! The walk along one file: how far its lines chain, and what stands behind.

use std::io;

use super::header::{KeptFrom, Point};
use super::lines::{self, Lines, Piece};
use crate::chain::Head;
use crate::clock::Micros;
use crate::io::DiskFile;

/// How far a file is proven from its header on.
#[derive(Clone, Debug)]
pub(crate) struct Walked {
    /// Behind the last line that chains.
    pub(crate) end: Point,
    /// Bytes up to there.
    pub(crate) good: u64,
    /// Whether the last line that chains is an `AUDIT_STOP`.
    pub(crate) stopped: bool,
    /// The `kept_from` of the last `AUDIT_PRUNE` that chains.
    pub(crate) kept_from: Option<KeptFrom>,
    /// The `time` of the last record that chains.
    pub(crate) time: Option<Micros>,
    /// The head at the `seq` that was asked for, if it was reached.
    pub(crate) asked: Option<Head>,
}

/// Walks from behind a header (`body_at` bytes into the file, at `from`) to the first line that does not chain, or to where
/// the next header cuts the file off (`to`). `ask` is a `seq` whose head is wanted.
pub(crate) fn walk(
    file: &dyn DiskFile,
    from: Point,
    body_at: u64,
    to: Option<u64>,
    ask: Option<u64>,
) -> io::Result<Walked> {
    let mut walked = Walked {
        end: from,
        good: body_at,
        stopped: false,
        kept_from: None,
        time: None,
        asked: (ask == Some(from.seq)).then_some(from.head),
    };
    let mut lines = Lines::new(file, body_at);
    while to.is_none_or(|to| walked.end.seq < to)
        && let Piece::Line { at, text } = lines.next()?
    {
        let Some((end, rest)) = lines::follow(text, walked.end) else {
            break;
        };
        walked.end = end;
        walked.good = at + text.len() as u64 + 1;
        walked.time = lines::time(rest).or(walked.time);
        if ask == Some(end.seq) {
            walked.asked = Some(end.head);
        }
        let own = lines::own(rest);
        walked.stopped = own == Some(b"STOP");
        if own == Some(b"PRUNE")
            && let Some(kept) = lines::metadata(rest).and_then(|members| KeptFrom::from_json(members.get("kept_from")?))
        {
            walked.kept_from = Some(kept);
        }
    }
    Ok(walked)
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
