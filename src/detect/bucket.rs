//! Keys that share a place in memory: what a key costs is the lines of the processor's cache that are touched for it.
//!
//! Of a key that comes for the first time these are the two lines that tell keys apart, which stand side by side; of one that is known,
//! one of the four lines behind them, too.

use super::marks::{Mark, ShortMark};

/// Keys in a bucket.
pub(super) const WAYS: usize = 16;

/// Arrivals of a key that need no list.
pub(super) const FEW: usize = 4;

/// How finely the time since a key was last seen is kept: so many steps a window.
pub(super) const STEPS: i64 = 64;

/// Buckets that keys can be told apart for.
pub(super) const MOST_BUCKETS: usize = 1 << 15;

/// The highest bit beside the number of a key's bucket.
const LIST: u16 = MOST_BUCKETS as u16;

/// The lowest bits of a rank: when a key was last seen, in steps. They begin anew after 64 windows.
const STEP_BITS: u32 = 12;
const STEP_MASK: u16 = (1 << STEP_BITS) - 1;

/// Ages from here on are of a clock that was set back, by four windows at most.
const BACK: u16 = STEP_MASK - (STEP_MASK >> 4);

/// Ages from here on are of what was quiet for a window.
const AGED: u16 = STEPS as u16 + 2;

const EVIDENCE_BITS: u32 = 4;

/// Which key it is, in 47 bits of its hash: those that it is told from its neighbours by, and those that choose its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    own: u32,
    bucket: u16,
}

/// How much evidence there is of a key, and when it was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rank(u16);

/// What a key has: its first arrivals, or the number of its list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body([ShortMark; FEW]);

#[derive(Clone, Copy, Debug)]
pub(super) enum Kept {
    Few(Body),
    List(u32),
}

/// Side by side what is compared at once.
#[derive(Clone, Debug)]
#[repr(C, align(128))]
pub(super) struct Bucket {
    tags: [u32; WAYS],
    ranks: [Rank; WAYS],
    /// The number of the bucket in the largest table, and whether there is a list.
    buckets: [u16; WAYS],
    bodies: [Body; WAYS],
}

/// Scores of places: one that is free, and one that was quiet for a window.
pub(super) const FREE: u16 = 0;
pub(super) const QUIET: u16 = 1;

impl Tag {
    #[inline]
    pub(super) fn of(hash: u64) -> Tag {
        Tag {
            // 0 is that of a free place.
            own: (hash as u32).max(1),
            bucket: (hash >> 32) as u16 & !LIST,
        }
    }

    /// The number that chooses a bucket.
    #[inline]
    pub(super) fn bucket(self) -> usize {
        usize::from(self.bucket)
    }
}

impl Rank {
    const NOBODY: Rank = Rank(0);

    pub(super) fn new(evidence: u32, step: u32) -> Rank {
        Rank(scaled(evidence) << STEP_BITS | step as u16 & STEP_MASK)
    }

    /// It was seen, and there is so much evidence. What comes late makes it no older.
    pub(super) fn seen(&mut self, evidence: u32, step: u32) {
        let late = self.behind(step as u16) > BACK;
        *self = Rank::new(evidence, if late { self.0.into() } else { step });
    }

    pub(super) fn is_quiet(self, step: u32) -> bool {
        self.age(step as u16) >= AGED
    }

    /// How much evidence there is, by its scale.
    pub(super) fn evidence(self) -> u16 {
        self.0 >> STEP_BITS
    }

    /// The more, the more is lost by giving it up: evidence first, then how lately it was seen.
    #[inline]
    fn worth(self, step: u16) -> u16 {
        let age = self.age(step);
        let worth = self.0 & !STEP_MASK | (STEP_MASK - age);
        let worth = if age >= AGED { QUIET } else { worth };
        if self == Rank::NOBODY { FREE } else { worth }
    }

    #[inline]
    fn behind(self, step: u16) -> u16 {
        step.wrapping_sub(self.0) & STEP_MASK
    }

    /// Steps since it was last seen; a clock that was set back a little counts as none.
    #[inline]
    fn age(self, step: u16) -> u16 {
        let behind = self.behind(step);
        if behind > BACK { 0 } else { behind }
    }
}

/// 1 to 4 as they are, then two values to a doubling; what has raised an alert has the highest.
fn scaled(evidence: u32) -> u16 {
    let octave = evidence.max(1).ilog2();
    let half = evidence >> octave.saturating_sub(1) & 1;
    (2 * octave + half).clamp(1, (1 << EVIDENCE_BITS) - 1) as u16
}

impl Body {
    pub(super) const NOTHING: Body = Body([ShortMark::NONE; FEW]);

    /// One more; `None` if it is full, or if the mark is too far from now.
    #[inline]
    pub(super) fn with(mut self, mark: Mark, now: i64) -> Option<Body> {
        let free = self.0.iter_mut().find(|short| **short == ShortMark::NONE)?;
        *free = ShortMark::of(mark, now)?;
        Some(self)
    }

    /// In the order of arrival.
    pub(super) fn marks(self, now: i64) -> impl Iterator<Item = Mark> {
        let taken = self.0.into_iter().take_while(|short| *short != ShortMark::NONE);
        taken.map(move |short| short.mark(now))
    }

    fn list(index: u32) -> Body {
        let mut body = Body::NOTHING;
        let [number, ..] = &mut body.0;
        *number = ShortMark::number(index);
        body
    }
}

impl Bucket {
    pub(super) const EMPTY: Bucket = Bucket {
        tags: [0; WAYS],
        ranks: [Rank::NOBODY; WAYS],
        buckets: [0; WAYS],
        bodies: [Body::NOTHING; WAYS],
    };

    /// Where the key with this tag is.
    #[inline]
    pub(super) fn find(&self, tag: Tag) -> Option<usize> {
        // All of them, whichever it is: no branch depends on where a key happens to stand.
        let mut found = 0_u32;
        for (way, own) in self.tags.iter().enumerate() {
            found |= u32::from(*own == tag.own) << way;
        }
        (found != 0).then_some(found.trailing_zeros() as usize)
    }

    /// The place to be given up, and what it is worth; of several that are worth as little, one by chance.
    pub(super) fn least(&self, step: u32, chance: u64) -> (usize, u16) {
        let worths = self.ranks.map(|rank| rank.worth(step as u16));
        let least = worths.iter().fold(u16::MAX, |least, worth| least.min(*worth));
        let mut those = 0_u16;
        for (way, worth) in worths.iter().enumerate() {
            those |= u16::from(*worth == least) << way;
        }
        let chance = chance as u32 % WAYS as u32;
        let next = those.rotate_right(chance).trailing_zeros();
        ((next + chance) as usize % WAYS, least)
    }

    /// A key begins here, in whoever's place.
    pub(super) fn begin(&mut self, way: usize, tag: Tag, step: u32) {
        self.set(way, tag.own, tag.bucket, Rank::new(1, step));
    }

    /// Nobody is here any more.
    pub(super) fn free(&mut self, way: usize) {
        self.set(way, 0, 0, Rank::NOBODY);
    }

    fn set(&mut self, way: usize, own: u32, bucket: u16, rank: Rank) {
        let places = (
            self.tags.get_mut(way),
            self.buckets.get_mut(way),
            self.ranks.get_mut(way),
        );
        if let (Some(owns), Some(buckets), Some(ranks)) = places {
            (*owns, *buckets, *ranks) = (own, bucket, rank);
        }
    }

    /// What there is to say of the key here, if there is one.
    pub(super) fn rank(&self, way: usize) -> Option<Rank> {
        self.ranks.get(way).copied().filter(|rank| *rank != Rank::NOBODY)
    }

    /// The key here was seen, and has this, and so much evidence of it.
    pub(super) fn seen(&mut self, way: usize, body: Option<Body>, evidence: u32, step: u32) {
        if let Some(rank) = self.ranks.get_mut(way) {
            rank.seen(evidence, step);
        }
        if let (Some(body), Some(place)) = (body, self.bodies.get_mut(way)) {
            *place = body;
        }
    }

    pub(super) fn has_list(&self, way: usize) -> bool {
        self.buckets.get(way).is_some_and(|bucket| bucket & LIST != 0)
    }

    /// Puts a list in the place of what is kept here, or nothing in the place of a list.
    pub(super) fn put_list(&mut self, way: usize, list: Option<u32>) {
        if let (Some(bucket), Some(body)) = (self.buckets.get_mut(way), self.bodies.get_mut(way)) {
            *bucket = *bucket & !LIST | if list.is_some() { LIST } else { 0 };
            *body = list.map_or(Body::NOTHING, Body::list);
        }
    }

    pub(super) fn kept(&self, way: usize) -> Kept {
        match self.bodies.get(way) {
            Some(Body([number, ..])) if self.has_list(way) => Kept::List(number.as_number()),
            Some(body) => Kept::Few(*body),
            None => Kept::Few(Body::NOTHING),
        }
    }

    /// The keys that are here: where each stands, and the number that chooses its bucket.
    pub(super) fn keys(&self) -> impl Iterator<Item = (usize, usize)> {
        let places = self.ranks.iter().zip(&self.buckets).enumerate();
        let taken = places.filter(|(_, (rank, _))| **rank != Rank::NOBODY);
        taken.map(|(way, (_, bucket))| (way, usize::from(bucket & !LIST)))
    }

    /// Takes in a key of another bucket, at the same place.
    pub(super) fn take(&mut self, way: usize, other: &Bucket) {
        let parts = (other.tags.get(way), other.buckets.get(way), other.ranks.get(way));
        if let (Some(own), Some(bucket), Some(rank)) = parts {
            self.set(way, *own, *bucket, *rank);
        }
        if let (Some(into), Some(body)) = (self.bodies.get_mut(way), other.bodies.get(way)) {
            *into = *body;
        }
    }

    /// Reads the two lines in which keys are told apart, so that they are near when they are needed.
    #[inline]
    pub(super) fn touch(&self) -> u64 {
        let ([own, ..], [.., bucket]) = (self.tags, self.buckets);
        u64::from(own) ^ u64::from(bucket)
    }

    /// Where a key is, or would come to be.
    #[inline]
    pub(super) fn way(&self, tag: Tag, step: u32, chance: u64) -> usize {
        self.find(tag).unwrap_or_else(|| self.least(step, chance).0)
    }

    /// Reads what the key here has.
    #[inline]
    pub(super) fn touch_body(&self, way: usize) -> u64 {
        self.bodies
            .get(way)
            .map_or(0, |Body([first, ..])| first.as_number().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_six_lines_of_a_cache_and_what_tells_keys_apart_two() {
        assert_eq!((size_of::<Bucket>(), align_of::<Bucket>()), (384, 128));
        assert_eq!(std::mem::offset_of!(Bucket, tags), 0);
        assert_eq!(std::mem::offset_of!(Bucket, bodies), 128);
    }

    #[test]
    fn what_is_said_of_a_key_is_kept_apart() {
        for hash in [0, u64::MAX, 0x0123_4567_89AB_CDEF] {
            let (tag, mut bucket) = (Tag::of(hash), Bucket::EMPTY);
            assert_eq!(bucket.find(tag), None);
            bucket.begin(3, tag, 7);
            assert!(bucket.find(tag) == Some(3) && !bucket.has_list(3));
            bucket.put_list(3, Some(70));
            bucket.seen(3, None, 1_000, 70_000);
            assert!(matches!(bucket.kept(3), Kept::List(70)));
            assert_eq!(bucket.rank(3).unwrap().evidence(), 15);
            assert_eq!(bucket.keys().collect::<Vec<_>>(), [(3, tag.bucket())]);
            let mut other = Bucket::EMPTY;
            other.take(3, &bucket);
            assert!(other.find(tag) == Some(3) && matches!(other.kept(3), Kept::List(70)));
            bucket.put_list(3, None);
            assert!(matches!(bucket.kept(3), Kept::Few(body) if body.marks(0).next().is_none()));
            assert_eq!(bucket.rank(3).unwrap().age(70_003_u32 as u16), 3);
            bucket.free(3);
            assert!(bucket.find(tag).is_none() && bucket.rank(3).is_none() && bucket.keys().next().is_none());
        }
    }

    #[test]
    fn evidence_has_a_scale_on_which_more_is_never_less() {
        assert_eq!(
            [0, 1, 2, 3, 4, 6, 8, 200, u32::MAX].map(scaled),
            [1, 1, 2, 3, 4, 5, 6, 15, 15]
        );
        assert!((0..10_000).map(scaled).is_sorted());
    }

    #[test]
    fn evidence_is_worth_more_than_having_been_seen_lately_and_being_quiet_nothing() {
        let at = |evidence, step: u32| Rank::new(evidence, step);
        let now = 1_000;
        let order = [
            Rank::NOBODY,
            at(255, now - 66),
            at(1, now - 65),
            at(1, now),
            at(2, now - 60),
            at(255, now - 1),
        ];
        let worths = order.map(|rank| rank.worth(now as u16));
        assert!(
            worths.is_sorted() && worths[..2] == [FREE, QUIET] && worths[2] > QUIET,
            "{worths:?}"
        );
        // A clock that was set back for three windows, and one that went on for sixty.
        assert!(!at(1, now + 192).is_quiet(now));
        assert!(at(1, now).is_quiet(now + 3_800));
        // What comes late makes nothing older.
        let mut rank = at(1, now);
        rank.seen(2, now - 60);
        assert_eq!((rank.age(now as u16), rank.evidence()), (0, 2));
    }

    #[test]
    fn of_places_that_are_worth_as_little_one_goes_by_chance() {
        let mut bucket = Bucket::EMPTY;
        assert_eq!(bucket.least(0, 3), (3, FREE));
        for way in 0..WAYS {
            bucket.begin(way, Tag::of(way as u64 * 7), 9);
            bucket.seen(way, None, 1 + u32::from(way % 2 == 0), 9);
        }
        let gone: std::collections::BTreeSet<usize> =
            (0..WAYS as u64).map(|chance| bucket.least(9, chance).0).collect();
        assert_eq!(gone.len(), WAYS / 2);
        assert!(gone.iter().all(|way| way % 2 == 1));
    }
}
