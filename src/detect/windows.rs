//! Sliding windows of very many keys in bounded memory.
//!
//! For each key the times of its last arrivals are kept, 4 or 8 bytes each, and it is asked whether so many of them lie within so
//! long: by the record's own time, whatever the order in which they come. What is kept are arrivals and not the latest times, so
//! that a record with a time of its own in the year 9999 takes one place among many and ends no window.
//!
//! Keys stand in buckets of 16 under a hash that no other process has. A full bucket gives up what has been quiet for a window;
//! else the key with the least evidence, and of those the one that was not seen for longest. So a flood of keys that come
//! once pushes out each other, and not the one that came twice: for that one, all 16 places of a bucket that nobody can
//! choose have to be filled with keys of as much evidence. The table doubles until it has its size. What a key has beyond its fourth
//! arrival stands in a list of its own; all of these have one bound, and the list with the least evidence of a sample goes.
//!
//! Two keys are taken for one if they share a bucket and 32 more bits of their hashes are the same: once in some 268 million new keys that
//! come to a full table.
//!
//! Counts are exact up to 192 arrivals within a window. Beyond, neighbours are counted as one mark with the later one's time, so that
//! none is missed, and at most 1 in 96 of those that a window has just left still counts.

use std::time::Duration;

use super::bucket::{Body, Bucket, FREE, Kept, MOST_BUCKETS, QUIET, STEPS, Tag, WAYS};
use super::limit::{Limit, Verdict};
use super::marks::{List, Mark, before};
use crate::clock::Micros;

/// Buckets of a table with hardly anything in it.
const FIRST_BUCKETS: usize = 4;

/// Steps that a clock is set back, at least, for what was later to be over.
const BACK: i64 = 4 * STEPS;

/// Lists looked at where one has to go.
const SAMPLE: usize = 8;

/// Windows of one kind of key, with a limit for all arrivals and one for some of them.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Windows {
    limits: [Limit; 2],
    spans: [i64; 2],
    longest: i64,
    /// The step that it is, and when it began, in microseconds.
    step: u32,
    step_began: i64,
    /// The number of the latest step, from which what passed is counted.
    newest: i64,
    /// The bucket that was last looked at for what is quiet.
    swept: usize,
    /// Arrivals of a key that need no list: with as many, no limit is reached.
    inline: usize,
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
            step: 0,
            step_began: 0,
            newest: 0,
            swept: 0,
            inline: least.unwrap_or(u32::MAX).saturating_sub(1) as usize,
            buckets: vec![Bucket::EMPTY; FIRST_BUCKETS],
            most_buckets: (keys / WAYS).next_power_of_two().clamp(FIRST_BUCKETS, MOST_BUCKETS),
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

    /// Where a key has what it has, or would have it, as things are.
    #[inline]
    pub(super) fn near(&self, hash: u64) -> usize {
        let at = self.bucket(hash);
        let way = |bucket: &Bucket| bucket.way(Tag::of(hash), self.step, chance(hash));
        at * WAYS + self.buckets.get(at).map_or(0, way)
    }

    /// Reads what is kept at a place.
    #[inline]
    pub(super) fn touch_body(&self, place: usize) -> u64 {
        let bucket = self.buckets.get(place / WAYS);
        bucket.map_or(0, |bucket| bucket.touch_body(place % WAYS))
    }

    /// Notes an arrival of a key: by its own time, and by when it came. `some` counts for both limits.
    pub(super) fn add(&mut self, hash: u64, own: Micros, came: Micros, some: bool) -> [Verdict; 2] {
        let step = self.step(came);
        let (mark, now) = (Mark::one(own, some), Mark::one(came, false).at());
        let (place, known) = self.place(hash, step);
        // Of a key that is new the body is not read: what stands there is somebody else's, and far away.
        let kept = match known {
            true => self.kept(place),
            false => Kept::Few(Body::NOTHING),
        };
        let few = match kept {
            Kept::Few(body) => {
                let near = |known: &Mark| (known.at() - mark.at()).abs() <= self.longest;
                let (all, near) = body.marks(now).fold((1, 1), |(all, evidence), known| {
                    (all + 1, evidence + u32::from(near(&known)))
                });
                let more = body.with(mark, now).filter(|_| all <= self.inline);
                more.map(|body| (body, near))
            }
            Kept::List(_) => None,
        };
        let Some(bucket) = self.buckets.get_mut(place / WAYS) else {
            return [Verdict::Calm; 2];
        };
        if let Some((body, evidence)) = few {
            bucket.seen(place % WAYS, Some(body), evidence, step);
            return [Verdict::Calm; 2];
        }
        if !known {
            bucket.put_list(place % WAYS, None);
        }
        let (verdicts, evidence) = self.in_list(place, mark, now);
        if let Some(bucket) = self.buckets.get_mut(place / WAYS) {
            bucket.seen(place % WAYS, None, evidence, step);
        }
        self.keep_bound(place);
        verdicts
    }

    /// How many arrivals of a key lie within a time that ends here.
    pub(super) fn count(&self, hash: u64, own: Micros, came: Micros, span: Duration) -> u32 {
        let Some(bucket) = self.buckets.get(self.bucket(hash)) else {
            return 0;
        };
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let at = Mark::one(own, false).at();
        match bucket.find(Tag::of(hash)).map(|way| bucket.kept(way)) {
            Some(Kept::Few(body)) => before(body.marks(Mark::one(came, false).at()), at, span),
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

    fn step(&mut self, came: Micros) -> u32 {
        let long = (self.longest / STEPS).max(1) * 1_000;
        // Most records come in the step of the one before: a division takes longer than to see that.
        if !(0..long).contains(&came.0.wrapping_sub(self.step_began)) {
            let step = came.0.div_euclid(long);
            (self.step, self.step_began) = (step as u32, step * long);
            // A record that waited comes from an earlier step, and the next one is no later for it. A clock that was set back goes on
            // from where it is.
            let passed = step - self.newest;
            if !(-BACK..=0).contains(&passed) {
                self.newest = step;
                self.sweep(passed);
            }
        }
        self.step
    }

    /// Frees what has been quiet for a window, a part of the table for each step: so that nothing of long ago stands in the way of
    /// what comes, and nothing stays until its step seems new.
    fn sweep(&mut self, steps: i64) {
        let all = self.buckets.len();
        let some = match steps {
            ..0 => 0,
            0..STEPS => (all / STEPS as usize + 1).saturating_mul(steps as usize).min(all),
            STEPS.. => all,
        };
        // After so long nothing is left, and what a rank says may be of an earlier round.
        let gone = steps > STEPS + 1;
        for _ in 0..some {
            self.swept = (self.swept + 1) % all;
            for place in self.swept * WAYS..(self.swept + 1) * WAYS {
                if gone || self.is_quiet(place) {
                    self.give_up(place);
                }
            }
        }
    }

    fn is_quiet(&self, place: usize) -> bool {
        let bucket = self.buckets.get(place / WAYS);
        let rank = bucket.and_then(|bucket| bucket.rank(place % WAYS));
        rank.is_some_and(|rank| rank.is_quiet(self.step))
    }

    /// Nobody is at this place any more.
    fn give_up(&mut self, place: usize) {
        self.drop_list(place);
        let bucket = self.buckets.get_mut(place / WAYS);
        if let Some(bucket) = bucket.filter(|bucket| bucket.rank(place % WAYS).is_some()) {
            bucket.free(place % WAYS);
            self.keys -= 1;
        }
    }

    /// Where a key is, or is to be; and whether it was there.
    fn place(&mut self, hash: u64, step: u32) -> (usize, bool) {
        let tag = Tag::of(hash);
        loop {
            let at = self.bucket(hash);
            let may_grow = self.buckets.len() < self.most_buckets;
            let Some(bucket) = self.buckets.get_mut(at) else {
                return (usize::MAX, false);
            };
            if let Some(way) = bucket.find(tag) {
                // What has been quiet for a window by the clock that nobody sets begins anew.
                let place = at * WAYS + way;
                let quiet = self.is_quiet(place);
                if quiet {
                    self.drop_list(place);
                }
                return (place, !quiet);
            }
            let (way, worth) = bucket.least(step, chance(hash));
            if worth > QUIET && may_grow {
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
            if let Some(bucket) = self.buckets.get_mut(at) {
                bucket.begin(way, tag, step);
            }
            return (place, false);
        }
    }

    #[inline]
    fn bucket(&self, hash: u64) -> usize {
        Tag::of(hash).bucket() & (self.buckets.len() - 1)
    }

    /// What the key at a place has.
    fn kept(&self, place: usize) -> Kept {
        let nothing = Kept::Few(Body::NOTHING);
        let bucket = self.buckets.get(place / WAYS);
        bucket.map_or(nothing, |bucket| bucket.kept(place % WAYS))
    }

    /// Adds an arrival to a key's list, which is made of what the body has, where there is none yet. What it says, and how
    /// much evidence there is then.
    fn in_list(&mut self, place: usize, mark: Mark, now: i64) -> ([Verdict; 2], u32) {
        let mut verdicts = [Verdict::Calm; 2];
        let index = match self.kept(place) {
            Kept::List(index) => index,
            Kept::Few(body) => self.begin_list(place, body.marks(now)),
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

    fn begin_list(&mut self, place: usize, known: impl Iterator<Item = Mark>) -> u32 {
        let list = List::begin(place as u32, known, &self.spans);
        self.list_bytes += list.bytes();
        let index = self.free.pop().unwrap_or(self.lists.len() as u32);
        match self.lists.get_mut(index as usize) {
            Some(free) => *free = list,
            None => self.lists.push(list),
        }
        if let Some(bucket) = self.buckets.get_mut(place / WAYS) {
            bucket.put_list(place % WAYS, Some(index));
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
                let rank = bucket.and_then(|bucket| bucket.rank(other % WAYS));
                // What has been quiet for a window is no evidence any more.
                let rank = rank.filter(|rank| !rank.is_quiet(self.step));
                let evidence = rank.map_or(0, |rank| rank.evidence());
                if victim.is_none_or(|(_, least)| evidence < least) {
                    victim = Some((other, evidence));
                }
            }
            let Some((victim, evidence)) = victim else {
                // Hardly any list is left: the bound is too small for what one key may have.
                if self.used() <= SAMPLE {
                    return;
                }
                continue;
            };
            self.give_up(victim);
            self.evicted += u64::from(evidence > 0);
        }
    }

    /// How many lists there are.
    fn used(&self) -> usize {
        self.lists.len() - self.free.len()
    }

    /// What a place has is nobody's any more.
    fn drop_list(&mut self, place: usize) {
        // Without a list the body is written over: its line need not come near.
        let Some(bucket) = self
            .buckets
            .get_mut(place / WAYS)
            .filter(|bucket| bucket.has_list(place % WAYS))
        else {
            return;
        };
        let kept = bucket.kept(place % WAYS);
        bucket.put_list(place % WAYS, None);
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
            for (way, number) in old.keys() {
                let at = number & most;
                // Each of the new buckets has keys of one old bucket alone: its place there is free.
                let Some(bucket) = self.buckets.get_mut(at) else {
                    continue;
                };
                bucket.take(way, &old);
                if let Kept::List(index) = old.kept(way)
                    && let Some(list) = self.lists.get_mut(index as usize)
                {
                    list.place = (at * WAYS + way) as u32;
                }
            }
        }
    }
}

/// What of a hash chooses between places, apart from what chooses buckets and tells keys apart.
fn chance(hash: u64) -> u64 {
    hash >> 60
}

#[cfg(test)]
mod tests;
