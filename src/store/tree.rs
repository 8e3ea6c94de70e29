//! The Merkle tree at the point that a signed trail goes on from: from the newest header that states one, and the leaves
//! behind it.

use super::Mark;
use super::branch::{Branch, LiveFile};
use super::scan;
use crate::error::Error;
use crate::io::Disk;
use crate::merkle::Range;
use crate::store::Point;

/// A trail that was chained before has no header with a tree: then all its files are walked, once. What of it retention has
/// removed, or damage hides, is there as a tree whose every peak is the head behind it: it stands for records that nobody
/// can prove any more.
pub(super) fn at(disk: &dyn Disk, branch: &Branch, end: Option<Mark>) -> Result<Range, Error> {
    let Some(end) = end else {
        return Ok(Range::default());
    };
    let last = branch.live.iter().position(|file| file.number() == end.file);
    let files = last.and_then(|last| branch.live.get(..=last)).unwrap_or_default();
    let begin = files.iter().rposition(|file| stated(file).is_some()).unwrap_or(0);
    let mut range: Option<Range> = None;
    for (place, live) in files.iter().enumerate().skip(begin) {
        let mut tree = range
            .take()
            .filter(|range| range.size() == live.header.prev.seq)
            .or_else(|| stated(live))
            .unwrap_or_else(|| opaque(live.header.prev));
        let mut live = live.clone();
        if place + 1 == files.len() {
            live.live_to = Some(end.point.seq);
        }
        let walked = disk
            .open_read(&live.path)
            .and_then(|file| scan::walk(&*file, &live, None, |leaf| tree.push(*leaf)));
        walked.map_err(|error| {
            Error::io("read a file of the trail", &live.path, error)
                .remedy("make it readable for the user that runs this program, and check the disk")
        })?;
        range = Some(tree);
    }
    Ok(range
        .filter(|range| range.size() == end.point.seq)
        .unwrap_or_else(|| opaque(end.point)))
}

fn stated(file: &LiveFile) -> Option<Range> {
    let seq = file.header.prev.seq;
    match &file.header.tree {
        Some(tree) => Range::of(seq, tree.clone()),
        None => (seq == 0).then(Range::default),
    }
}

/// A tree of so many records of which nothing is known but the head behind them.
fn opaque(point: Point) -> Range {
    let peaks = vec![point.head.0; point.seq.count_ones() as usize];
    Range::of(point.seq, peaks).unwrap_or_default()
}
