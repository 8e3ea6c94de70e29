//! What the files of several days add up to: `audit-<day>.rollup<days>`.
//!
//! A question for weeks would else take in what each day came to, and most users are there on every day. Two days that lie in one
//! span are added up, two of these, and so on up to 64 days, once no file can come to them any more. So a question for any days
//! takes in few of them, and each is written once.
//!
//! A file of the trail is known by what the file system says of it: that it is the same one, as long, and was not changed since, by
//! two clocks of which no program can set one. Where that differs (the directory was copied) or says nothing (it was changed within
//! the same tick in which the rollup was written) it is known as a summary knows it, by its last record and how it ends.

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;
use std::ops::RangeInclusive;
use std::path::Path;

use foldhash::fast::FixedState;

use super::layout::{Closed, Place};
use crate::clock::{Day, Micros};
use crate::error::Error;
use crate::io::{Disk, DiskFile, Stat, replace};
use crate::stats::{Bytes, Stats, push_bytes, push_number};
use crate::store::TrailId;
use crate::store::cache::Span;

const MAGIC: &[u8] = b"tracing-audit rollup 1\n";

/// A longer one is not read, and not written.
const LONGEST: usize = 16 << 20;

const CHECK: usize = 8;

/// What the days of a span come to, by the days of the records: those of the span together, and others by themselves.
#[derive(Debug)]
pub(super) struct Sum {
    span: Span,
    inner: Stats,
    outer: BTreeMap<Day, Stats>,
}

impl Sum {
    pub(super) fn new(span: Span) -> Sum {
        Sum {
            span,
            inner: Stats::new(),
            outer: BTreeMap::new(),
        }
    }

    /// Where the records of a day belong.
    pub(super) fn of_day(&mut self, day: Day) -> &mut Stats {
        match self.span.has(day) {
            true => &mut self.inner,
            false => self.outer.entry(day).or_default(),
        }
    }

    /// Puts it there, in one step, for these files; `false` where it is too long.
    pub(super) fn write(&self, disk: &dyn Disk, dir: &Path, trail: TrailId, places: &[&Place]) -> Result<bool, Error> {
        let inner = self.inner.range().map(|days| (days, &self.inner));
        let outer = self.outer.iter().map(|(day, stats)| (*day..=*day, stats));
        let mut parts = Vec::new();
        let mut head = trail.0.to_vec();
        push_number(&mut head, places.len() as u64);
        for place in places {
            push_place(&mut head, place, disk, dir);
        }
        let sums: Vec<_> = inner.into_iter().chain(outer).collect();
        push_number(&mut head, sums.len() as u64);
        for (days, stats) in sums {
            let packed = stats.packed();
            push_day(&mut head, *days.start());
            push_day(&mut head, *days.end());
            push_number(&mut head, packed.len() as u64);
            head.extend_from_slice(&check(&packed));
            parts.extend(packed);
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&check(&head));
        push_bytes(&mut bytes, &head);
        bytes.extend(parts);
        if bytes.len() > LONGEST {
            return Ok(false);
        }
        let path = self.span.path(dir);
        replace(disk, &path, &bytes).map_err(|error| {
            Error::io("write a summary", &path, error)
                .remedy("make the directory writable for the user that runs this program, and free space on its disk")
        })?;
        Ok(true)
    }
}

/// One that was read, and that speaks of the files as they are.
#[derive(Debug)]
pub(super) struct Rollup {
    bytes: Vec<u8>,
    parts: Vec<Part>,
}

/// What records of some days come to.
#[derive(Debug)]
struct Part {
    days: RangeInclusive<Day>,
    at: usize,
    len: usize,
    check: [u8; CHECK],
}

/// What a rollup did for a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Its part of the answer is in.
    In,
    /// Only some of its days are wanted: it says too much.
    Divided,
    /// Its bytes are not what was written. What was taken in is worth nothing.
    Broken,
}

impl Rollup {
    /// Reads that of a span, if there is one that speaks of just these files as they are.
    pub(super) fn read(disk: &dyn Disk, dir: &Path, span: Span, trail: TrailId, places: &[&Place]) -> Option<Rollup> {
        let file = disk.open_read(&span.path(dir)).ok()?;
        let stat = file.stat().ok()?;
        let bytes = whole(&*file, usize::try_from(stat.len).ok().filter(|len| *len <= LONGEST)?)?;
        let mut rest = Bytes(bytes.strip_prefix(MAGIC)?);
        let expected = rest.array()?;
        let text = rest.bytes()?;
        let mut head = Bytes(text);
        if check(text) != expected || head.array()? != trail.0 || head.number()? != places.len() as u64 {
            return None;
        }
        for place in places {
            fits(&mut head, place, stat.modified, disk, dir)?;
        }
        let mut at = bytes.len() - rest.0.len();
        let mut parts = Vec::new();
        for _ in 0..head.number()? {
            let days = day(&mut head)?..=day(&mut head)?;
            let len = usize::try_from(head.number()?).ok()?;
            let check = head.array()?;
            parts.push(Part { days, at, len, check });
            at = at.checked_add(len)?;
        }
        (head.0.is_empty() && at == bytes.len()).then_some(Rollup { bytes, parts })
    }

    /// Adds what its records of the days that are wanted come to.
    pub(super) fn add_to(&self, stats: &mut Stats, wanted: &RangeInclusive<Day>) -> Taken {
        let touches = |part: &&Part| part.days.start() <= wanted.end() && wanted.start() <= part.days.end();
        let within = |part: &Part| wanted.contains(part.days.start()) && wanted.contains(part.days.end());
        if !self.parts.iter().filter(touches).all(within) {
            return Taken::Divided;
        }
        for part in self.parts.iter().filter(touches) {
            let bytes = self.bytes.get(part.at..).and_then(|from| from.get(..part.len));
            let good = bytes.filter(|bytes| check(bytes) == part.check);
            if good.and_then(|bytes| stats.add_packed(bytes)).is_none() {
                return Taken::Broken;
            }
        }
        Taken::In
    }
}

fn whole(file: &dyn DiskFile, len: usize) -> Option<Vec<u8>> {
    let (mut bytes, mut filled) = (vec![0; len], 0);
    while let Some(into) = bytes.get_mut(filled..).filter(|into| !into.is_empty()) {
        match file.read_at(filled as u64, into) {
            Ok(0) | Err(_) => return None,
            Ok(read) => filled += read,
        }
    }
    Some(bytes)
}

/// What a file is known by.
fn push_place(out: &mut Vec<u8>, place: &Place, disk: &dyn Disk, dir: &Path) {
    let Stat {
        dev,
        ino,
        modified,
        changed,
        ..
    } = place.stat;
    push_bytes(out, place.name.to_string().as_bytes());
    for number in [place.number, place.first, place.len] {
        push_number(out, number);
    }
    let closed = place.closed.unwrap_or(Closed { last: 0, tag: [0; 16] });
    push_number(out, closed.last);
    out.extend_from_slice(&closed.tag);
    push_bytes(out, place.ending(disk, dir).unwrap_or_default().as_bytes());
    for number in [dev, ino, modified.0.cast_unsigned(), changed.0.cast_unsigned()] {
        push_number(out, number);
    }
}

/// Whether what comes next speaks of this file as it is; `written` is when the rollup was.
fn fits(from: &mut Bytes<'_>, place: &Place, written: Micros, disk: &dyn Disk, dir: &Path) -> Option<()> {
    let Stat {
        dev,
        ino,
        modified,
        changed,
        ..
    } = place.stat;
    let closed = place.closed?;
    let mut known = from.text()? == place.name.to_string();
    for number in [place.number, place.first, place.len, closed.last] {
        known &= from.number()? == number;
    }
    known &= from.array()? == closed.tag;
    let ending = from.text()?;
    let mut same = changed > Micros(0) && modified < written && changed < written;
    for number in [dev, ino, modified.0.cast_unsigned(), changed.0.cast_unsigned()] {
        same &= from.number()? == number;
    }
    (known && (same || place.ending(disk, dir).unwrap_or_default() == ending)).then_some(())
}

fn push_day(out: &mut Vec<u8>, day: Day) {
    out.extend_from_slice(&day.0.to_le_bytes());
}

fn day(from: &mut Bytes<'_>) -> Option<Day> {
    Some(Day(i32::from_le_bytes(from.array()?)))
}

/// Against accidents: another build may have another one, and then takes it for no rollup.
fn check(bytes: &[u8]) -> [u8; CHECK] {
    FixedState::with_seed(0).hash_one(bytes).to_le_bytes()
}
