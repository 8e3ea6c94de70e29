//! The times of one key's arrivals.

use crate::clock::Micros;

/// Marks kept of a key.
pub(super) const MARKS: usize = 192;

/// Arrivals at about the same time: milliseconds since the year 0 in 49 bits, how many they are in 8, and how many of them count
/// for the second limit in 7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark(u64);

#[derive(Debug, Default)]
pub(super) struct List {
    /// In the order of arrival.
    pub(super) marks: Vec<Mark>,
    /// For each limit, the time of the last arrival that was told of.
    pub(super) told: [Option<i64>; 2],
    /// Which place it belongs to.
    pub(super) place: usize,
    pub(super) used: bool,
}

impl Mark {
    pub(super) const NONE: Mark = Mark(0);

    /// A number that is no time: behind no mark.
    pub(super) fn number(number: u32) -> Mark {
        Mark(u64::from(number) + 1)
    }

    pub(super) fn as_number(self) -> u32 {
        (self.0 - 1) as u32
    }

    pub(super) fn one(at: Micros, some: bool) -> Mark {
        Mark::of(((at.0 - Micros::MIN.0) / 1_000).max(0), 1, u32::from(some))
    }

    fn of(at: i64, all: u32, some: u32) -> Mark {
        Mark((at as u64) << 15 | u64::from(all) << 7 | u64::from(some))
    }

    pub(super) fn at(self) -> i64 {
        (self.0 >> 15) as i64
    }

    pub(super) fn all(self) -> u32 {
        (self.0 >> 7) as u32 & 0xFF
    }

    pub(super) fn some(self) -> u32 {
        self.0 as u32 & 0x7F
    }
}

impl List {
    pub(super) fn push(&mut self, mark: Mark, span: i64) {
        if self.marks.len() >= MARKS {
            let earliest = self.marks.iter().map(|mark| mark.at()).min().unwrap_or_default();
            if mark.at() - earliest > span || !self.halve() {
                self.marks.remove(0);
            }
        }
        if self.marks.len() == self.marks.capacity() {
            let more = self.marks.capacity().min(MARKS - self.marks.capacity().min(MARKS - 1));
            self.marks.reserve_exact(more.max(1));
        }
        self.marks.push(mark);
    }

    /// Joins neighbours, two and two, where they follow each other in time; whether that made room.
    fn halve(&mut self) -> bool {
        let before = self.marks.len();
        let mut joined = false;
        self.marks.dedup_by(|next, mark| {
            let (all, some) = (mark.all() + next.all(), mark.some() + next.some());
            // A joined one takes no third: else all became one.
            joined = !joined && next.at() >= mark.at() && all <= 0xFF && some <= 0x7F;
            if joined {
                *mark = Mark::of(next.at(), all, some);
            }
            joined
        });
        self.marks.len() < before
    }

    /// The most that lie within one window with `at` in it.
    pub(super) fn within(&self, which: usize, at: i64, span: i64, scratch: &mut Vec<Mark>) -> u32 {
        let count = |mark: &Mark| if which == 0 { mark.all() } else { mark.some() };
        let (mut before, mut later) = (0, 0);
        for mark in &self.marks {
            let ago = at - mark.at();
            if (0..=span).contains(&ago) {
                before += count(mark);
            } else if (-span..0).contains(&ago) {
                later += count(mark);
            }
        }
        if later == 0 {
            return before;
        }
        // A late one: windows may begin before it and end behind it.
        scratch.clear();
        scratch.extend(self.marks.iter().filter(|mark| (at - mark.at()).abs() <= span));
        scratch.sort_unstable_by_key(|mark| mark.at());
        let (mut most, mut sum) = (before, 0);
        let mut left = scratch.iter().peekable();
        for mark in scratch.iter() {
            sum += count(mark);
            while let Some(first) = left.next_if(|first| mark.at() - first.at() > span) {
                sum -= count(first);
            }
            if mark.at() >= at {
                most = most.max(sum);
            }
        }
        most
    }
}
