//! Sliding windows of very many keys in bounded memory.
//!
//! For each key the times of its last arrivals are kept, 8 bytes each, and it is asked whether so many of them lie within so
//! long: by the record's own time, whatever the order in which they come. What is kept are arrivals and not the latest times, so
//! that a record with a time of its own in the year 9999 takes one place among many and ends no window.
//!
//! Keys stand in buckets of 16 under a hash that no other process has. A full bucket gives up what has been quiet for a window;
//! else the key with the least evidence, and of those the one that was not seen for longest. So a flood of keys that come
//! once pushes out each other, and not the one that came twice: for that one, all 16 places of a bucket that nobody can
//! choose have to be filled with keys of as much evidence. The table doubles until it has its size. What a key has beyond its second
//! arrival stands in a list of its own; all of these have one bound, and the list with the least evidence of a sample goes.
//!
//! Counts are exact up to 192 arrivals within a window. Beyond, neighbours are counted as one mark with the later one's time, so that
//! none is missed, and at most 1 in 96 of those that a window has just left still counts.

use std::time::Duration;

use super::Finding;
use super::marks::{List, Mark};
use crate::clock::Micros;

/// Keys in a bucket.
const WAYS: usize = 16;

/// Buckets of a table with hardly anything in it.
const FIRST_BUCKETS: usize = 4;

/// Lists looked at where one has to go.
const SAMPLE: usize = 8;

/// How finely the time since a key was last seen is kept: so many steps a window.
const STEPS: i64 = 64;

const STEP_BITS: u32 = 24;
const STEP_MASK: u32 = (1 << STEP_BITS) - 1;

/// The most that a limit may ask for: joined marks hold as much.
pub(super) const MOST: u32 = 10_000;

/// So many within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// 0 is never reached.
    pub(super) count: u32,
    pub(super) span: Duration,
}

impl Limit {
    /// A limit that nothing reaches.
    pub(super) const NONE: Limit = Limit {
        count: 0,
        span: Duration::ZERO,
    };

    /// The time as people say it.
    pub(super) fn words(self) -> String {
        words(self.span)
    }

    /// What an alert says of it.
    pub(super) fn said(self, finding: Finding) -> Finding {
        finding
            .window(self.span)
            .context("threshold", self.count)
            .context("window_seconds", self.span.as_secs_f64())
    }

    fn millis(self) -> i64 {
        i64::try_from(self.span.as_millis()).unwrap_or(i64::MAX)
    }

    /// Half of it: below that, what was raised has calmed down.
    fn half(self) -> u32 {
        self.count.div_ceil(2)
    }
}

/// A time as people say it: `15 min`.
pub(super) fn words(span: Duration) -> String {
    let seconds = span.as_secs();
    match (seconds, span.subsec_nanos()) {
        (0, _) | (_, 1..) => format!("{span:?}"),
        (seconds, _) if seconds % 3_600 == 0 => format!("{} h", seconds / 3_600),
        (seconds, _) if seconds % 60 == 0 => format!("{} min", seconds / 60),
        (seconds, _) => format!("{seconds} s"),
    }
}

/// What a window says of one more arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Less than the limit, or calm again.
    Calm,
    /// The limit is reached, by this one: so many.
    Reached(u32),
    /// It was reached, and there are still half as many.
    Still(u32),
}

impl Verdict {
    /// How many, where that is to be said.
    pub(super) fn count(self) -> Option<u32> {
        match self {
            Verdict::Calm => None,
            Verdict::Reached(count) | Verdict::Still(count) => Some(count),
        }
    }
}

/// What a key has: its first two arrivals, or nothing and the number of its list. Two words, as there are very many.
#[derive(Clone, Copy, Debug)]
struct Body(Mark, Mark);

enum Kept {
    Marks(Mark, Mark),
    List(u32),
}

impl Body {
    const NOBODY: Body = Body(Mark::NONE, Mark::NONE);

    fn list(index: u32) -> Body {
        Body(Mark::NONE, Mark::number(index))
    }

    fn kept(self) -> Kept {
        match self {
            Body(Mark::NONE, second) if second != Mark::NONE => Kept::List(second.as_number()),
            Body(first, second) => Kept::Marks(first, second),
        }
    }
}

#[derive(Clone, Debug)]
struct Head {
    /// Hashes; 0 for a free place.
    tags: [u64; WAYS],
    /// Evidence in the high 8 bits, when last seen in the low ones.
    ranks: [u32; WAYS],
}

impl Head {
    const EMPTY: Head = Head {
        tags: [0; WAYS],
        ranks: [0; WAYS],
    };
}

/// Windows of one kind of key, with a limit for all arrivals and one for some of them.
#[derive(Debug)]
pub(super) struct Windows {
    limits: [Limit; 2],
    spans: [i64; 2],
    longest: i64,
    heads: Vec<Head>,
    bodies: Vec<Body>,
    most_buckets: usize,
    lists: Vec<List>,
    free: Vec<u32>,
    list_bytes: usize,
    most_list_bytes: usize,
    keys: usize,
    evicted: u64,
    chance: u64,
    scratch: Vec<Mark>,
}

impl Windows {
    /// For at most so many keys, and so many bytes of lists.
    pub(super) fn new(all: Limit, some: Limit, keys: usize, list_bytes: usize) -> Windows {
        Windows {
            limits: [all, some],
            spans: [all.millis(), some.millis()],
            longest: all.millis().max(some.millis()),
            heads: vec![Head::EMPTY; FIRST_BUCKETS],
            bodies: vec![Body::NOBODY; FIRST_BUCKETS * WAYS],
            most_buckets: (keys / WAYS).next_power_of_two().max(FIRST_BUCKETS),
            lists: Vec::new(),
            free: Vec::new(),
            list_bytes: 0,
            most_list_bytes: list_bytes,
            keys: 0,
            evicted: 0,
            chance: 0x9E37_79B9_7F4A_7C15,
            scratch: Vec::new(),
        }
    }

    /// Notes an arrival of a key: by its own time, and by when it came. `some` counts for both limits.
    pub(super) fn add(&mut self, hash: u64, own: Micros, came: Micros, some: bool) -> [Verdict; 2] {
        let tag = hash | 1;
        let step = self.step(came);
        let mark = Mark::one(own, some);
        let (place, known) = self.place(tag, step);
        let least = self
            .limits
            .iter()
            .map(|limit| limit.count)
            .filter(|count| *count > 0)
            .min();
        let inline = least.unwrap_or(u32::MAX).saturating_sub(1);
        let Some(body) = self.bodies.get_mut(place) else {
            return [Verdict::Calm; 2];
        };
        let kept = match body.kept() {
            _ if !known => (inline > 0).then_some((Body(mark, Mark::NONE), 1)),
            Kept::Marks(first, Mark::NONE) if inline > 1 => {
                let near = (first.at() - mark.at()).abs() <= self.longest;
                Some((Body(first, mark), 1 + u32::from(near)))
            }
            _ => None,
        };
        if let Some((kept, evidence)) = kept {
            *body = kept;
            self.rank(place, evidence, step);
            return [Verdict::Calm; 2];
        }
        if !known {
            *body = Body::NOBODY;
        }
        let verdicts = self.in_list(place, mark);
        self.rank(place, self.evidence_of(place, mark.at()), step);
        self.keep_bound(place);
        verdicts
    }

    /// How many arrivals of a key lie within a time that ends here.
    pub(super) fn count(&self, hash: u64, own: Micros, span: Duration) -> u32 {
        let tag = hash | 1;
        let bucket = self.bucket(tag);
        let ways = self.heads.get(bucket).map(|head| &head.tags);
        let way = ways.and_then(|tags| tags.iter().position(|known| *known == tag));
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let at = Mark::one(own, false).at();
        let count = |marks: &[Mark]| {
            let near = marks.iter().filter(|mark| (0..=span).contains(&(at - mark.at())));
            near.map(|mark| mark.all()).sum()
        };
        let body = way.and_then(|way| self.bodies.get(bucket * WAYS + way));
        match body.map(|body| body.kept()) {
            Some(Kept::Marks(first, second)) => count(&[first, second]),
            Some(Kept::List(list)) => self.lists.get(list as usize).map_or(0, |list| count(&list.marks)),
            None => 0,
        }
    }

    /// How many keys there are.
    pub(super) fn keys(&self) -> usize {
        self.keys
    }

    /// How many keys went that might have come again within their window.
    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Bytes of memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.heads.capacity() * size_of::<Head>()
            + self.bodies.capacity() * size_of::<Body>()
            + self.lists.capacity() * size_of::<List>()
            + self.free.capacity() * size_of::<u32>()
            + self.list_bytes
    }

    fn step(&self, came: Micros) -> u32 {
        (came.0.div_euclid(1_000) / (self.longest / STEPS).max(1)) as u32 & STEP_MASK
    }

    /// Where a key is, or is to be; and whether it was there.
    fn place(&mut self, tag: u64, step: u32) -> (usize, bool) {
        loop {
            let bucket = self.bucket(tag);
            let may_grow = self.heads.len() < self.most_buckets;
            let Some(head) = self.heads.get_mut(bucket) else {
                return (usize::MAX, false);
            };
            if let Some(way) = head.tags.iter().position(|known| *known == tag) {
                // What has been quiet for a window by the clock that nobody sets begins anew.
                let quiet = head.ranks.get(way).is_some_and(|rank| is_quiet(*rank, step));
                let place = bucket * WAYS + way;
                if quiet {
                    self.drop_list(place);
                }
                return (place, !quiet);
            }
            let (way, score) = head.victim(step);
            if score > FREE && may_grow {
                self.grow();
                continue;
            }
            let place = bucket * WAYS + way;
            if let Some(known) = head.tags.get_mut(way) {
                *known = tag;
            }
            match score {
                FREE => self.keys += 1,
                QUIET => self.drop_list(place),
                _ => {
                    self.evicted += 1;
                    self.drop_list(place);
                }
            }
            return (place, false);
        }
    }

    fn bucket(&self, tag: u64) -> usize {
        (tag >> 1) as usize & (self.heads.len() - 1)
    }

    fn rank(&mut self, place: usize, evidence: u32, step: u32) {
        let rank = self
            .heads
            .get_mut(place / WAYS)
            .and_then(|head| head.ranks.get_mut(place % WAYS));
        if let Some(rank) = rank {
            *rank = evidence.min(255) << STEP_BITS | step;
        }
    }

    /// How many arrivals lie about this time, of a key that has a list.
    fn evidence_of(&self, place: usize, at: i64) -> u32 {
        let Some(Kept::List(list)) = self.bodies.get(place).map(|body| body.kept()) else {
            return 1;
        };
        let Some(list) = self.lists.get(list as usize) else {
            return 1;
        };
        if list.told != [None; 2] {
            // It has raised an alert: nothing is worth more.
            return u32::MAX;
        }
        let near = list.marks.iter().filter(|mark| (at - mark.at()).abs() <= self.longest);
        near.map(|mark| mark.all()).sum()
    }

    /// Adds an arrival to a key's list, which is made of what the body has, where there is none yet.
    fn in_list(&mut self, place: usize, mark: Mark) -> [Verdict; 2] {
        let mut verdicts = [Verdict::Calm; 2];
        let Some(body) = self.bodies.get_mut(place) else {
            return verdicts;
        };
        let index = match body.kept() {
            Kept::List(index) => index,
            Kept::Marks(first, second) => {
                let index = self.free.pop().unwrap_or_else(|| {
                    self.lists.push(List::default());
                    self.lists.len() as u32 - 1
                });
                *body = Body::list(index);
                if let Some(list) = self.lists.get_mut(index as usize) {
                    list.place = place;
                    list.used = true;
                    list.marks.reserve_exact(4);
                    list.marks
                        .extend([first, second].into_iter().filter(|mark| *mark != Mark::NONE));
                    self.list_bytes += list.marks.capacity() * size_of::<Mark>();
                }
                index
            }
        };
        let Some(list) = self.lists.get_mut(index as usize) else {
            return verdicts;
        };
        let before = list.marks.capacity();
        list.push(mark, self.longest);
        self.list_bytes += (list.marks.capacity() - before) * size_of::<Mark>();
        let at = mark.at();
        let counted = [true, mark.some() > 0];
        let limits = self.limits.iter().zip(&self.spans).zip(counted);
        for (which, ((limit, span), counted)) in limits.enumerate() {
            if limit.count == 0 || !counted {
                continue;
            }
            let count = list.within(which, at, *span, &mut self.scratch);
            let Some(told) = list.told.get_mut(which) else { continue };
            let still = told.is_some_and(|told| (at - told).abs() <= *span);
            let verdict = match (still, count) {
                (true, count) if count >= limit.half() => Verdict::Still(count),
                (false, count) if count >= limit.count => Verdict::Reached(count),
                (true, _) => {
                    *told = None;
                    continue;
                }
                (false, _) => continue,
            };
            *told = Some(at);
            if let Some(place) = verdicts.get_mut(which) {
                *place = verdict;
            }
        }
        verdicts
    }

    /// Lists go until the bound is kept, but not this one.
    fn keep_bound(&mut self, place: usize) {
        while self.list_bytes + self.used() * size_of::<List>() > self.most_list_bytes {
            let mut victim = None;
            for _ in 0..SAMPLE {
                self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let index = (self.chance >> 33) as usize % self.lists.len().max(1);
                let Some(list) = self.lists.get(index).filter(|list| list.used && list.place != place) else {
                    continue;
                };
                let head = self.heads.get(list.place / WAYS);
                let rank = head
                    .and_then(|head| head.ranks.get(list.place % WAYS))
                    .copied()
                    .unwrap_or(0);
                if victim.is_none_or(|(_, least)| rank < least) {
                    victim = Some((list.place, rank));
                }
            }
            let Some((victim, _)) = victim else {
                // Hardly any list is left: the bound is too small for what one key may have.
                if self.used() <= SAMPLE {
                    return;
                }
                continue;
            };
            self.drop_list(victim);
            let tag = self
                .heads
                .get_mut(victim / WAYS)
                .and_then(|head| head.tags.get_mut(victim % WAYS));
            if let Some(tag) = tag {
                *tag = 0;
            }
            self.keys -= 1;
            self.evicted += 1;
        }
    }

    /// How many lists there are.
    fn used(&self) -> usize {
        self.lists.len() - self.free.len()
    }

    fn drop_list(&mut self, place: usize) {
        let Some(body) = self.bodies.get_mut(place) else { return };
        if let Kept::List(index) = body.kept() {
            if let Some(list) = self.lists.get_mut(index as usize) {
                self.list_bytes -= list.marks.capacity() * size_of::<Mark>();
                *list = List::default();
            }
            self.free.push(index);
        }
        *body = Body::NOBODY;
    }

    /// Twice as many buckets.
    fn grow(&mut self) {
        let old = self.heads.len();
        let heads = std::mem::replace(&mut self.heads, vec![Head::EMPTY; old * 2]);
        let bodies = std::mem::replace(&mut self.bodies, vec![Body::NOBODY; old * 2 * WAYS]);
        let mut filled = vec![0_u8; old * 2];
        let places = heads.iter().flat_map(|head| head.tags.iter().zip(&head.ranks));
        for ((tag, rank), body) in places.zip(&bodies).filter(|((tag, _), _)| **tag != 0) {
            let bucket = self.bucket(*tag);
            // Each of the new buckets has keys of one old bucket alone: it has room.
            let Some(way) = filled.get_mut(bucket).map(|filled| {
                *filled += 1;
                usize::from(*filled - 1)
            }) else {
                continue;
            };
            if let Some(head) = self.heads.get_mut(bucket)
                && let (Some(into), Some(ranked)) = (head.tags.get_mut(way), head.ranks.get_mut(way))
            {
                (*into, *ranked) = (*tag, *rank);
            }
            let place = bucket * WAYS + way;
            if let Some(into) = self.bodies.get_mut(place) {
                *into = *body;
            }
            if let Kept::List(index) = body.kept()
                && let Some(list) = self.lists.get_mut(index as usize)
            {
                list.place = place;
            }
        }
    }
}

/// Scores of places: one that is free, and one that was quiet for a window.
const FREE: u32 = 0;
const QUIET: u32 = 1;

impl Head {
    /// The place to be given up, and its score: the less, the less is lost.
    fn victim(&self, step: u32) -> (usize, u32) {
        let mut least = (0, u32::MAX);
        for (way, (tag, rank)) in self.tags.iter().zip(&self.ranks).enumerate() {
            let score = match *tag {
                0 => FREE,
                _ if is_quiet(*rank, step) => QUIET,
                _ => (rank & !STEP_MASK) | (STEP_MASK - age(*rank, step)),
            };
            if score < least.1 {
                least = (way, score);
            }
        }
        least
    }
}

/// Steps since a place was last seen; a clock that was set back a little counts as none.
fn age(rank: u32, step: u32) -> u32 {
    let age = step.wrapping_sub(rank) & STEP_MASK;
    if age > STEP_MASK / 2 { 0 } else { age }
}

fn is_quiet(rank: u32, step: u32) -> bool {
    age(rank, step) > STEPS as u32 + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::detect::marks::MARKS;

    const MINUTE: i64 = 60_000_000;

    fn limit(count: u32, minutes: u64) -> Limit {
        Limit {
            count,
            span: Duration::from_secs(minutes * 60),
        }
    }

    /// A hash of the tests' own.
    fn hash(key: u64) -> u64 {
        (key + 1)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29)
            .wrapping_mul(0xBF58_476D_1CE4_E5B9)
    }

    fn table(all: Limit) -> Windows {
        Windows::new(all, Limit::NONE, 1 << 16, 1 << 20)
    }

    #[test]
    fn the_fifth_within_fifteen_minutes_raises_and_no_earlier_one() {
        let mut windows = table(limit(5, 15));
        let mut at = |minutes: i64| {
            let time = Micros(minutes * MINUTE);
            windows.add(hash(1), time, time, false)[0]
        };
        for minute in [0, 4, 8, 12] {
            assert_eq!(at(minute), Verdict::Calm);
        }
        // The first one is 16 minutes ago; then there are five from 4 to 17.
        assert_eq!(at(16), Verdict::Calm);
        assert_eq!(at(17), Verdict::Reached(5));
        assert_eq!(at(18), Verdict::Still(6));
        // Half of five is three.
        assert_eq!(at(31), Verdict::Still(4));
        assert_eq!(at(45), Verdict::Calm);
    }

    #[test]
    fn exactly_a_window_apart_is_within_it() {
        let mut windows = table(limit(2, 15));
        let mut add = |key: u64, at: i64| windows.add(hash(key), Micros(at), Micros(at), false)[0];
        assert_eq!([add(1, 0), add(1, 15 * MINUTE)], [Verdict::Calm, Verdict::Reached(2)]);
        assert_eq!([add(2, 0), add(2, 15 * MINUTE + 1_000)], [Verdict::Calm, Verdict::Calm]);
    }

    #[test]
    fn a_limit_of_one_is_reached_by_each() {
        let mut windows = table(limit(1, 1));
        assert_eq!(
            windows.add(hash(1), Micros(0), Micros(0), false)[0],
            Verdict::Reached(1)
        );
        assert_eq!(windows.add(hash(1), Micros(1), Micros(1), false)[0], Verdict::Still(2));
        assert_eq!(
            windows.add(hash(2), Micros(1), Micros(1), false)[0],
            Verdict::Reached(1)
        );
    }

    #[test]
    fn some_have_a_limit_of_their_own() {
        let mut windows = Windows::new(limit(1_000, 1), limit(100, 1), 1 << 16, 1 << 20);
        let mut seen = Vec::new();
        for number in 0..1_100 {
            // Every other one, until there are 100 of them; in all within 55 s.
            let time = Micros(number * 50_000);
            seen.push(windows.add(hash(1), time, time, number % 2 == 0));
        }
        let reached = |which: usize| {
            seen.iter()
                .position(|verdicts| matches!(verdicts[which], Verdict::Reached(_)))
        };
        assert_eq!(reached(1), Some(198));
        assert_eq!(
            reached(0),
            Some(999),
            "joined marks miss none, and all of them are within the window"
        );
        assert_eq!(seen[999][0], Verdict::Reached(1_000));
    }

    #[test]
    fn a_time_of_the_far_future_ends_no_window() {
        let mut windows = table(limit(5, 15));
        let far = Micros::MAX;
        let mut reached = 0;
        for number in 0..9 {
            let now = Micros(number * MINUTE);
            // An attacker who can choose the event's own time adds one of the year 9999 behind each attempt.
            let verdict = windows.add(hash(1), now, now, false)[0];
            reached += i32::from(number == 4 && verdict == Verdict::Reached(5));
            let _ = windows.add(hash(1), far, now, false);
        }
        assert_eq!(reached, 1, "the fifth attempt is the fifth");
    }

    #[test]
    fn keys_that_come_once_push_out_each_other_and_not_those_with_evidence() {
        const KEYS: usize = 1 << 12;
        let mut windows = Windows::new(limit(5, 15), Limit::NONE, KEYS, 1 << 20);
        let now = Micros(0);
        for victim in 0..100 {
            for _ in 0..4 {
                assert_eq!(windows.add(hash(victim), now, now, false)[0], Verdict::Calm);
            }
        }
        for flood in 0..1_000_000 {
            let _ = windows.add(hash(1_000 + flood), now, now, false);
        }
        let found = (0..100).filter(|victim| windows.add(hash(*victim), now, now, false)[0] == Verdict::Reached(5));
        assert_eq!(found.count(), 100);
        assert!(windows.evicted() > 900_000);
        assert!(windows.keys() <= KEYS);
    }

    #[test]
    fn of_attacks_that_are_spread_over_a_flood_of_a_million_keys_hardly_one_is_missed() {
        // As many places as the rule about failed logins has.
        let mut windows = Windows::new(limit(5, 15), Limit::NONE, 1 << 19, 3 << 20);
        let now = Micros(0);
        let (mut flood, mut found) = (0, 0);
        for _ in 0..5 {
            for attack in 0..1_000 {
                // Two hundred others come between two attempts of one attack, and two hundred thousand in all.
                for _ in 0..200 {
                    let _ = windows.add(hash(10_000 + flood), now, now, false);
                    flood += 1;
                }
                found += u32::from(matches!(
                    windows.add(hash(attack), now, now, false)[0],
                    Verdict::Reached(_)
                ));
            }
        }
        assert_eq!(flood, 1_000_000);
        assert!(windows.evicted() > 400_000, "{}", windows.evicted());
        assert!(found >= 990, "{found} of 1,000");
        assert!(windows.bytes() < 20 << 20, "{}", windows.bytes());
    }

    #[test]
    fn lists_keep_their_bound_and_those_with_most_evidence_stay() {
        let mut windows = Windows::new(limit(100, 15), Limit::NONE, 1 << 16, 64 << 10);
        let now = Micros(0);
        for _ in 0..99 {
            assert_eq!(windows.add(hash(0), now, now, false)[0], Verdict::Calm);
        }
        for round in 0..3 {
            for key in 1..20_000 {
                let _ = windows.add(hash(key + round * 100_000), now, now, false);
                let _ = windows.add(hash(key + round * 100_000), now, now, false);
                let _ = windows.add(hash(key + round * 100_000), now, now, false);
            }
        }
        assert!(windows.list_bytes <= 64 << 10, "{}", windows.list_bytes);
        assert!(windows.evicted() > 0);
        assert_eq!(windows.add(hash(0), now, now, false)[0], Verdict::Reached(100));
        let used = windows.lists.iter().filter(|list| list.used).count();
        assert_eq!(used + windows.free.len(), windows.lists.len());
        let bytes: usize = windows
            .lists
            .iter()
            .map(|list| list.marks.capacity() * size_of::<Mark>())
            .sum();
        assert_eq!(bytes, windows.list_bytes);
        let full = windows
            .heads
            .iter()
            .flat_map(|head| head.tags)
            .filter(|tag| *tag != 0)
            .count();
        assert_eq!(full, windows.keys());
    }

    #[test]
    fn what_was_quiet_for_a_window_begins_anew() {
        let mut windows = table(limit(3, 15));
        for minute in [0, 1, 20, 21] {
            let time = Micros(minute * MINUTE);
            assert_eq!(windows.add(hash(1), time, time, false)[0], Verdict::Calm);
        }
        assert_eq!(windows.lists.len(), 0);
        assert_eq!(windows.evicted(), 0);
    }

    /// The last 192 arrivals, of which it is asked whether so many lie within one window with the newest in it.
    #[derive(Default)]
    struct Naive {
        arrivals: Vec<i64>,
        told: Option<i64>,
    }

    impl Naive {
        fn add(&mut self, at: i64, limit: Limit) -> Verdict {
            self.arrivals.push(at);
            let from = self.arrivals.len().saturating_sub(MARKS);
            let span = limit.span.as_millis() as i64;
            let begins = self.arrivals[from..]
                .iter()
                .filter(|begin| (0..=span).contains(&(at - **begin)));
            let within = |begin: &i64| {
                self.arrivals[from..]
                    .iter()
                    .filter(|one| (0..=span).contains(&(**one - begin)))
                    .count()
            };
            let count = begins.map(within).max().unwrap() as u32;
            let still = self.told.is_some_and(|told| (at - told).abs() <= span);
            let verdict = match still {
                true if count >= limit.half() => Verdict::Still(count),
                false if count >= limit.count => Verdict::Reached(count),
                _ => Verdict::Calm,
            };
            self.told = match verdict {
                Verdict::Calm if still => None,
                Verdict::Calm => self.told,
                _ => Some(at),
            };
            verdict
        }
    }

    proptest! {
        #[test]
        fn windows_say_what_a_naive_model_says_in_whatever_order_records_come(
            count in 2_u32..8,
            arrivals in prop::collection::vec((0_u64..40, prop_oneof![8 => 0_i64..3_600, 1 => -40_000_000_i64..40_000_000]), 1..400),
        ) {
            let limit = limit(count, 15);
            let mut windows = Windows::new(limit, Limit::NONE, 1 << 16, 1 << 20);
            let mut naive: std::collections::HashMap<u64, Naive> = Default::default();
            for (key, second) in arrivals {
                let said = windows.add(hash(key), Micros(second * 1_000_000), Micros(0), false)[0];
                let expected = naive.entry(key).or_default().add(second * 1_000, limit);
                prop_assert_eq!(said, expected, "{} at {}", key, second);
            }
        }
    }
}
