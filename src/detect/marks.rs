//! The times of one key's arrivals.

use crate::clock::Micros;

/// Marks kept of a key.
pub(super) const MARKS: usize = 192;

/// Arrivals at about the same time: milliseconds since the year 0 in 49 bits, how many they are in 8, and how many of them count
/// for the second limit in 7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark(u64);

#[derive(Clone, Debug, Default)]
pub(super) struct List {
    /// In the order of arrival.
    marks: Vec<Mark>,
    /// For each limit, the time of the last arrival that was told of.
    pub(super) told: [Option<i64>; 2],
    /// While the marks are in the order of their times: for each limit, those within its span before the last one.
    tails: [Tail; 2],
    ordered: bool,
    pub(super) used: bool,
    /// Which place it belongs to.
    pub(super) place: u32,
}

/// The marks from one on, and what they count.
#[derive(Clone, Copy, Debug, Default)]
struct Tail {
    from: u32,
    sum: u32,
}

/// A mark within some days of the time at which it is read: the lowest 31 bits of its milliseconds, and whether it counts for the
/// second limit. 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ShortMark(u32);

/// Milliseconds from a time in which a mark is near enough to be kept shortly: 6 days. It can be read for as long again.
const NEAR: i64 = 1 << 29;

impl ShortMark {
    pub(super) const NONE: ShortMark = ShortMark(0);

    /// A number that is no time.
    pub(super) fn number(number: u32) -> ShortMark {
        ShortMark(number)
    }

    pub(super) fn as_number(self) -> u32 {
        self.0
    }

    /// `None` if it is too far from now.
    pub(super) fn of(mark: Mark, now: i64) -> Option<ShortMark> {
        // A millisecond of 24 days is not to be told from none, and is taken for the next one.
        let short = ((mark.at() as u32) << 1 | mark.some()).max(2);
        ((mark.at() - now).abs() < NEAR).then_some(ShortMark(short))
    }

    pub(super) fn mark(self, now: i64) -> Mark {
        // Shifted up, the difference has its sign.
        let away = ((self.0 & !1).wrapping_sub((now as u32) << 1) as i32) >> 1;
        Mark::of(now + i64::from(away), 1, self.0 & 1)
    }
}

impl Mark {
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

    /// How many count for the first limit, or for the second.
    fn count(self, which: usize) -> u32 {
        if which == 0 { self.all() } else { self.some() }
    }
}

impl List {
    /// Of what a key had before.
    pub(super) fn begin(place: u32, known: impl Iterator<Item = Mark>, spans: &[i64; 2]) -> List {
        let mut marks = Vec::with_capacity(4);
        marks.extend(known);
        let mut list = List {
            marks,
            place,
            used: true,
            ..List::default()
        };
        list.recount(spans);
        list
    }

    /// Bytes of its marks.
    pub(super) fn bytes(&self) -> usize {
        self.marks.capacity() * size_of::<Mark>()
    }

    pub(super) fn push(&mut self, mark: Mark, spans: &[i64; 2], longest: i64) {
        if self.marks.len() >= MARKS {
            self.make_room(mark, spans, longest);
        }
        if self.marks.len() == self.marks.capacity() {
            let more = self.marks.capacity().min(MARKS - self.marks.capacity().min(MARKS - 1));
            self.marks.reserve_exact(more.max(1));
        }
        let follows = self.marks.last().is_none_or(|last| last.at() <= mark.at());
        self.marks.push(mark);
        if self.ordered && follows {
            self.advance(mark, spans);
        } else {
            self.recount(spans);
        }
    }

    fn make_room(&mut self, mark: Mark, spans: &[i64; 2], longest: i64) {
        let earliest = match self.ordered {
            true => self.marks.first().map(|mark| mark.at()),
            false => self.marks.iter().map(|mark| mark.at()).min(),
        };
        if mark.at() - earliest.unwrap_or_default() <= longest && self.halve() {
            self.recount(spans);
            return;
        }
        let gone = self.marks.remove(0);
        for (which, tail) in self.tails.iter_mut().enumerate() {
            match tail.from.checked_sub(1) {
                Some(from) => tail.from = from,
                None => tail.sum = tail.sum.saturating_sub(gone.count(which)),
            }
        }
    }

    /// The last one follows all others: the tails end with it, and begin later.
    fn advance(&mut self, mark: Mark, spans: &[i64; 2]) {
        for (which, (tail, span)) in self.tails.iter_mut().zip(spans).enumerate() {
            tail.sum += mark.count(which);
            let before = self.marks.iter().skip(tail.from as usize);
            for left in before.take_while(|left| mark.at() - left.at() > *span) {
                tail.sum = tail.sum.saturating_sub(left.count(which));
                tail.from += 1;
            }
        }
    }

    /// Begins the tails anew, if the marks are in order.
    fn recount(&mut self, spans: &[i64; 2]) {
        self.ordered = self.marks.is_sorted_by_key(|mark| mark.at());
        let (true, Some(last)) = (self.ordered, self.marks.last()) else {
            return;
        };
        for (which, (tail, span)) in self.tails.iter_mut().zip(spans).enumerate() {
            let from = self.marks.partition_point(|mark| last.at() - mark.at() > *span);
            *tail = Tail {
                from: from as u32,
                sum: self.marks.iter().skip(from).map(|mark| mark.count(which)).sum(),
            };
        }
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

    /// The most that lie within one window with the last one in it.
    pub(super) fn within(&self, which: usize, span: i64, scratch: &mut Vec<Mark>) -> u32 {
        if let (true, Some(tail)) = (self.ordered, self.tails.get(which)) {
            return tail.sum;
        }
        let Some(at) = self.marks.last().map(|mark| mark.at()) else {
            return 0;
        };
        let (mut before, mut later) = (0, 0);
        for mark in &self.marks {
            let ago = at - mark.at();
            if (0..=span).contains(&ago) {
                before += mark.count(which);
            } else if (-span..0).contains(&ago) {
                later += mark.count(which);
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
            sum += mark.count(which);
            while let Some(first) = left.next_if(|first| mark.at() - first.at() > span) {
                sum -= first.count(which);
            }
            if mark.at() >= at {
                most = most.max(sum);
            }
        }
        most
    }

    /// How many lie within so long of the last one, before it or behind it.
    pub(super) fn about(&self, spans: &[i64; 2], longest: i64) -> u32 {
        if let (true, [tail, _], true) = (self.ordered, &self.tails, spans.first() == Some(&longest)) {
            return tail.sum;
        }
        let at = self.marks.last().map_or(0, |mark| mark.at());
        let near = self.marks.iter().filter(|mark| (at - mark.at()).abs() <= longest);
        near.map(|mark| mark.all()).sum()
    }

    /// How many lie within a time that ends here.
    pub(super) fn before(&self, at: i64, span: i64) -> u32 {
        let from = match self.ordered {
            true => self.marks.partition_point(|mark| at - mark.at() > span),
            false => 0,
        };
        before(self.marks.iter().skip(from).copied(), at, span)
    }
}

/// How many of these lie within a time that ends here.
pub(super) fn before(marks: impl Iterator<Item = Mark>, at: i64, span: i64) -> u32 {
    let near = marks.filter(|mark| (0..=span).contains(&(at - mark.at())));
    near.map(Mark::all).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_short_mark_is_the_same_time_for_days(now in 0..i64::MAX >> 20, away in -NEAR - 9..NEAR + 9, later in 0..NEAR, some: bool) {
            let mark = Mark::of((now + away).max(0), 1, some.into());
            match ShortMark::of(mark, now) {
                Some(short) => {
                    let read = short.mark(now + later);
                    let same = read == mark || (mark.at() as u32) << 1 == 0;
                    prop_assert!(same && short != ShortMark::NONE, "{:?} {:?}", read, mark);
                }
                None => prop_assert!((mark.at() - now).abs() >= NEAR),
            }
        }
    }
}
