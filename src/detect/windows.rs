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
//! Two keys are taken for one if 46 bits of their hashes are the same: once in some 134 million new keys that come to a full table.
//!
//! Counts are exact up to 192 arrivals within a window. Beyond, neighbours are counted as one mark with the later one's time, so that
//! none is missed, and at most 1 in 96 of those that a window has just left still counts.

use std::time::Duration;

use super::bucket::{Body, Bucket, FREE, Head, Kept, QUIET, STEPS, WAYS};
use super::limit::{Limit, Verdict};
use super::marks::{List, Mark, before};
use crate::clock::Micros;

/// Buckets of a table with hardly anything in it.
const FIRST_BUCKETS: usize = 4;

/// Lists looked at where one has to go.
const SAMPLE: usize = 8;

/// Windows of one kind of key, with a limit for all arrivals and one for some of them.
#[derive(Debug)]
pub(super) struct Windows {
    limits: [Limit; 2],
    spans: [i64; 2],
    longest: i64,
    /// Arrivals of a key that need no list: with as many, no limit is reached.
    inline: u32,
    buckets: Vec<Bucket>,
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
        let least = [all.count, some.count].into_iter().filter(|count| *count > 0).min();
        Windows {
            limits: [all, some],
            spans: [all.millis(), some.millis()],
            longest: all.millis().max(some.millis()),
            inline: least.unwrap_or(u32::MAX).saturating_sub(1),
            buckets: vec![Bucket::EMPTY; FIRST_BUCKETS],
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

    /// Reads where a key is to be found. What comes of it is of no use: it is near then.
    #[inline]
    pub(super) fn touch(&self, hash: u64) -> u64 {
        self.buckets.get(self.bucket(hash)).map_or(0, Bucket::touch)
    }

    /// Reads what a key has, once its place is near.
    #[inline]
    pub(super) fn touch_body(&self, hash: u64) -> u64 {
        let bucket = self.buckets.get(self.bucket(hash));
        bucket.map_or(0, |bucket| bucket.touch_body(Head::tag(hash)))
    }

    /// Notes an arrival of a key: by its own time, and by when it came. `some` counts for both limits.
    pub(super) fn add(&mut self, hash: u64, own: Micros, came: Micros, some: bool) -> [Verdict; 2] {
        let step = self.step(came);
        let mark = Mark::one(own, some);
        let (place, known) = self.place(hash, step);
        let (inline, longest) = (self.inline, self.longest);
        // Of a key that is new the body is not read: what stands there is somebody else's, and far away.
        let kept = known.then(|| self.kept(place));
        let Some((head, body)) = self.at(place) else {
            return [Verdict::Calm; 2];
        };
        let alone = match kept {
            None => (inline > 0).then_some((Body::marks(mark, Mark::NONE), 1)),
            Some(Kept::Marks(first, Mark::NONE)) if inline > 1 => {
                let near = (first.at() - mark.at()).abs() <= longest;
                Some((Body::marks(first, mark), 1 + u32::from(near)))
            }
            _ => None,
        };
        if let Some((kept, evidence)) = alone {
            *body = kept;
            head.seen(evidence, step);
            return [Verdict::Calm; 2];
        }
        if !known {
            *body = Body::marks(Mark::NONE, Mark::NONE);
        }
        let (verdicts, evidence) = self.in_list(place, mark);
        if let Some((head, _)) = self.at(place) {
            head.seen(evidence, step);
        }
        self.keep_bound(place);
        verdicts
    }

    /// How many arrivals of a key lie within a time that ends here.
    pub(super) fn count(&self, hash: u64, own: Micros, span: Duration) -> u32 {
        let Some(bucket) = self.buckets.get(self.bucket(hash)) else {
            return 0;
        };
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let at = Mark::one(own, false).at();
        match bucket.find(Head::tag(hash)).map(|way| bucket.kept(way)) {
            Some(Kept::Marks(first, second)) => before([first, second].iter(), at, span),
            Some(Kept::List(list)) => self.lists.get(list as usize).map_or(0, |list| list.before(at, span)),
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
        self.buckets.capacity() * size_of::<Bucket>()
            + self.lists.capacity() * size_of::<List>()
            + self.free.capacity() * size_of::<u32>()
            + self.list_bytes
    }

    fn step(&self, came: Micros) -> u32 {
        (came.0.div_euclid(1_000) / (self.longest / STEPS).max(1)) as u32
    }

    /// Where a key is, or is to be; and whether it was there.
    fn place(&mut self, hash: u64, step: u32) -> (usize, bool) {
        let tag = Head::tag(hash);
        loop {
            let at = self.bucket(hash);
            let may_grow = self.buckets.len() < self.most_buckets;
            let Some(bucket) = self.buckets.get_mut(at) else {
                return (usize::MAX, false);
            };
            if let Some(way) = bucket.find(tag) {
                // What has been quiet for a window by the clock that nobody sets begins anew.
                let quiet = bucket.heads.get(way).is_some_and(|head| head.is_quiet(step));
                let place = at * WAYS + way;
                if quiet {
                    self.drop_list(place);
                }
                return (place, !quiet);
            }
            let (way, worth) = bucket.least(step, hash);
            if worth > FREE && may_grow {
                self.grow();
                continue;
            }
            let place = at * WAYS + way;
            match worth {
                FREE => self.keys += 1,
                QUIET => {}
                _ => self.evicted += 1,
            }
            self.drop_list(place);
            if let Some((head, _)) = self.at(place) {
                *head = Head::new(tag, step);
            }
            return (place, false);
        }
    }

    #[inline]
    fn bucket(&self, hash: u64) -> usize {
        Head::bucket(Head::tag(hash)) & (self.buckets.len() - 1)
    }

    fn at(&mut self, place: usize) -> Option<(&mut Head, &mut Body)> {
        let bucket = self.buckets.get_mut(place / WAYS)?;
        let head = bucket.heads.get_mut(place % WAYS)?;
        Some((head, bucket.bodies.get_mut(place % WAYS)?))
    }

    /// What the key at a place has.
    fn kept(&self, place: usize) -> Kept {
        let nothing = Kept::Marks(Mark::NONE, Mark::NONE);
        let bucket = self.buckets.get(place / WAYS);
        bucket.map_or(nothing, |bucket| bucket.kept(place % WAYS))
    }

    /// Adds an arrival to a key's list, which is made of what the body has, where there is none yet. What it says, and how
    /// much evidence there is then.
    fn in_list(&mut self, place: usize, mark: Mark) -> ([Verdict; 2], u32) {
        let mut verdicts = [Verdict::Calm; 2];
        let index = match self.kept(place) {
            Kept::List(index) => index,
            Kept::Marks(first, second) => self.begin_list(place, [first, second]),
        };
        let Some(list) = self.lists.get_mut(index as usize) else {
            return (verdicts, 1);
        };
        let bytes = list.bytes();
        list.push(mark, &self.spans, self.longest);
        self.list_bytes += list.bytes() - bytes;
        let at = mark.at();
        let counted = [true, mark.some() > 0];
        let limits = self.limits.iter().zip(&self.spans).zip(counted);
        for (which, ((limit, span), counted)) in limits.enumerate() {
            if limit.count == 0 || !counted {
                continue;
            }
            let count = list.within(which, *span, &mut self.scratch);
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
        let evidence = match list.told {
            [None, None] => list.about(&self.spans, self.longest),
            // It has raised an alert: nothing is worth more.
            _ => u32::MAX,
        };
        (verdicts, evidence)
    }

    fn begin_list(&mut self, place: usize, known: [Mark; 2]) -> u32 {
        let known = known.into_iter().filter(|mark| *mark != Mark::NONE);
        let list = List::begin(place as u32, known, &self.spans);
        self.list_bytes += list.bytes();
        let index = self.free.pop().unwrap_or(self.lists.len() as u32);
        match self.lists.get_mut(index as usize) {
            Some(free) => *free = list,
            None => self.lists.push(list),
        }
        if let Some((head, body)) = self.at(place) {
            head.lists(true);
            *body = Body::list(index);
        }
        index
    }

    /// Lists go until the bound is kept, but not this one.
    fn keep_bound(&mut self, place: usize) {
        while self.list_bytes + self.used() * size_of::<List>() > self.most_list_bytes {
            let mut victim = None;
            for _ in 0..SAMPLE {
                self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let index = (self.chance >> 33) as usize % self.lists.len().max(1);
                let Some(list) = self.lists.get(index) else { continue };
                let other = list.place as usize;
                if !list.used || other == place {
                    continue;
                }
                let bucket = self.buckets.get(other / WAYS);
                let head = bucket.and_then(|bucket| bucket.heads.get(other % WAYS));
                let evidence = head.map_or(0, |head| head.evidence());
                if victim.is_none_or(|(_, least)| evidence < least) {
                    victim = Some((other, evidence));
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
            if let Some((head, _)) = self.at(victim) {
                *head = Head::FREE;
            }
            self.keys -= 1;
            self.evicted += 1;
        }
    }

    /// How many lists there are.
    fn used(&self) -> usize {
        self.lists.len() - self.free.len()
    }

    /// What a place has is nobody's any more.
    fn drop_list(&mut self, place: usize) {
        let head = self
            .buckets
            .get_mut(place / WAYS)
            .and_then(|bucket| bucket.heads.get_mut(place % WAYS));
        // Without a list the body is written over: its line need not come near.
        if !head.is_some_and(|head| head.has_list()) {
            return;
        }
        let kept = self.kept(place);
        let Some((head, body)) = self.at(place) else { return };
        head.lists(false);
        *body = Body::marks(Mark::NONE, Mark::NONE);
        if let Kept::List(index) = kept
            && let Some(list) = self.lists.get_mut(index as usize)
        {
            self.list_bytes -= list.bytes();
            *list = List::default();
            self.free.push(index);
        }
    }

    /// Twice as many buckets.
    fn grow(&mut self) {
        let more = vec![Bucket::EMPTY; self.buckets.len() * 2];
        let most = more.len() - 1;
        for old in std::mem::replace(&mut self.buckets, more) {
            for (way, (head, body)) in old.heads.iter().zip(&old.bodies).enumerate() {
                let at = Head::bucket(head.owner()) & most;
                // Each of the new buckets has keys of one old bucket alone: its place there is free.
                let Some(bucket) = self.buckets.get_mut(at).filter(|_| *head != Head::FREE) else {
                    continue;
                };
                if let Kept::List(index) = old.kept(way)
                    && let Some(list) = self.lists.get_mut(index as usize)
                {
                    list.place = (at * WAYS + way) as u32;
                }
                if let (Some(into), Some(kept)) = (bucket.heads.get_mut(way), bucket.bodies.get_mut(way)) {
                    (*into, *kept) = (*head, *body);
                }
            }
        }
    }
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
        let bytes: usize = windows.lists.iter().map(List::bytes).sum();
        assert_eq!(bytes, windows.list_bytes);
        let heads = windows.buckets.iter().flat_map(|bucket| bucket.heads);
        let full = heads.filter(|head| *head != Head::FREE).count();
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
