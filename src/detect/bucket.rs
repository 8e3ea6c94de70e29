//! Keys that share a place in memory: what a key costs is the lines of the processor's cache that are touched for it.
//!
//! Of a key that comes for the first time these are the two lines of heads, which stand side by side; of one that is known, one of the
//! four lines behind them, too.

use super::marks::Mark;

/// Keys in a bucket.
pub(super) const WAYS: usize = 16;

/// How finely the time since a key was last seen is kept: so many steps a window.
pub(super) const STEPS: i64 = 64;

/// The lowest bits of a head: when it was last seen, in steps. They begin anew after 64 windows.
const STEP_BITS: u32 = 12;
const STEP_MASK: u32 = (1 << STEP_BITS) - 1;

/// Ages from here on are of a clock that was set back, by four windows at most.
const BACK: u32 = STEP_MASK - (STEP_MASK >> 4);

const EVIDENCE_BITS: u32 = 4;
const RANK_BITS: u32 = STEP_BITS + EVIDENCE_BITS;
const LIST: u64 = 1 << RANK_BITS;

/// The highest bits: of the key's hash, those that choose its bucket among them.
const TAG_SHIFT: u32 = RANK_BITS + 1;

/// Which key it is, in 46 bits of its hash, whether it has a list, how much evidence there is, and when it was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head(u64);

/// What a key has: its first two arrivals, or the number of its list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body(Mark, Mark);

#[derive(Clone, Copy, Debug)]
pub(super) enum Kept {
    Marks(Mark, Mark),
    List(u32),
}

#[derive(Clone, Debug)]
#[repr(align(128))]
pub(super) struct Bucket {
    pub(super) heads: [Head; WAYS],
    pub(super) bodies: [Body; WAYS],
}

/// Scores of places: one that is free, and one that was quiet for a window.
pub(super) const FREE: u32 = 0;
pub(super) const QUIET: u32 = 1;

impl Head {
    pub(super) const FREE: Head = Head(0);

    /// What is the same for all heads of a key.
    #[inline]
    pub(super) fn tag(hash: u64) -> u64 {
        // Not 0, which is that of a free place.
        hash >> TAG_SHIFT | 1
    }

    /// The number that chooses a bucket.
    #[inline]
    pub(super) fn bucket(tag: u64) -> usize {
        (tag >> 1) as usize
    }

    pub(super) fn new(tag: u64, step: u32) -> Head {
        Head(tag << TAG_SHIFT | u64::from(step & STEP_MASK))
    }

    /// Whose it is.
    pub(super) fn owner(self) -> u64 {
        self.0 >> TAG_SHIFT
    }

    pub(super) fn has_list(self) -> bool {
        self.0 & LIST != 0
    }

    pub(super) fn lists(&mut self, has: bool) {
        self.0 = self.0 & !LIST | if has { LIST } else { 0 };
    }

    /// It was seen, and there is so much evidence. What comes late makes it no older.
    pub(super) fn seen(&mut self, evidence: u32, step: u32) {
        let late = self.steps_behind(step) > BACK;
        let step = if late { self.0 as u32 } else { step } & STEP_MASK;
        let rank = scaled(evidence) << STEP_BITS | step;
        self.0 = self.0 >> RANK_BITS << RANK_BITS | u64::from(rank);
    }

    pub(super) fn is_quiet(self, step: u32) -> bool {
        self.age(step) > STEPS as u32 + 1
    }

    /// How much evidence there is, by its scale.
    pub(super) fn evidence(self) -> u32 {
        self.0 as u32 >> STEP_BITS & ((1 << EVIDENCE_BITS) - 1)
    }

    /// The more, the more is lost by giving it up: evidence first, then how lately it was seen.
    fn worth(self, step: u32) -> u32 {
        let (evidence, age) = (self.evidence(), self.age(step));
        match self {
            Head::FREE => FREE,
            _ if age > STEPS as u32 + 1 => QUIET,
            _ => evidence << STEP_BITS | (STEP_MASK - age),
        }
    }

    fn steps_behind(self, step: u32) -> u32 {
        step.wrapping_sub(self.0 as u32) & STEP_MASK
    }

    /// Steps since it was last seen; a clock that was set back a little counts as none.
    fn age(self, step: u32) -> u32 {
        let behind = self.steps_behind(step);
        if behind > BACK { 0 } else { behind }
    }
}

/// 1 to 4 as they are, then two values to a doubling; what has raised an alert has the highest.
fn scaled(evidence: u32) -> u32 {
    let octave = evidence.max(1).ilog2();
    let half = evidence >> octave.saturating_sub(1) & 1;
    (2 * octave + half).clamp(1, (1 << EVIDENCE_BITS) - 1)
}

impl Body {
    const NOBODY: Body = Body(Mark::NONE, Mark::NONE);

    pub(super) fn marks(first: Mark, second: Mark) -> Body {
        Body(first, second)
    }

    pub(super) fn list(index: u32) -> Body {
        Body(Mark::number(index), Mark::NONE)
    }
}

impl Bucket {
    pub(super) const EMPTY: Bucket = Bucket {
        heads: [Head::FREE; WAYS],
        bodies: [Body::NOBODY; WAYS],
    };

    /// Where the key with this tag is.
    #[inline]
    pub(super) fn find(&self, tag: u64) -> Option<usize> {
        // All of them, whichever it is: no branch depends on where a key happens to stand.
        let mut found = 0_u32;
        for (way, head) in self.heads.iter().enumerate() {
            found |= u32::from(head.owner() == tag) << way;
        }
        (found != 0).then_some(found.trailing_zeros() as usize)
    }

    /// The place to be given up, and what it is worth; of several that are worth as little, one by chance.
    pub(super) fn least(&self, step: u32, chance: u64) -> (usize, u32) {
        let chance = chance as u32 % WAYS as u32;
        let mut least = u32::MAX;
        for (way, head) in self.heads.iter().enumerate() {
            least = least.min((head.worth(step) * WAYS as u32) | (way as u32 ^ chance));
        }
        (((least % WAYS as u32) ^ chance) as usize, least / WAYS as u32)
    }

    pub(super) fn kept(&self, way: usize) -> Kept {
        let (Some(head), Some(Body(first, second))) = (self.heads.get(way), self.bodies.get(way)) else {
            return Kept::Marks(Mark::NONE, Mark::NONE);
        };
        match head.has_list() {
            true => Kept::List(first.as_number()),
            false => Kept::Marks(*first, *second),
        }
    }

    /// Reads the lines of heads, so that they are near when they are needed.
    #[inline]
    pub(super) fn touch(&self) -> u64 {
        let [Head(first), .., Head(last)] = self.heads;
        first ^ last
    }

    /// Reads what a key has, if it is here.
    #[inline]
    pub(super) fn touch_body(&self, tag: u64) -> u64 {
        let body = self.find(tag).and_then(|way| self.bodies.get(way));
        body.map_or(0, |Body(first, _)| first.bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_six_lines_of_a_cache_and_its_heads_two() {
        assert_eq!((size_of::<Bucket>(), align_of::<Bucket>()), (384, 128));
        assert_eq!(std::mem::offset_of!(Bucket, heads) % 128, 0);
    }

    #[test]
    fn what_a_head_says_of_a_key_is_kept_apart() {
        for hash in [0, u64::MAX, 0x0123_4567_89AB_CDEF] {
            let tag = Head::tag(hash);
            let mut head = Head::new(tag, 7);
            assert!(head.owner() == tag && head != Head::FREE && !head.has_list());
            head.lists(true);
            head.seen(1_000, 70_000);
            assert!(head.owner() == tag && head.has_list() && head.evidence() == 15);
            head.lists(false);
            assert!(!head.has_list() && head.owner() == tag);
            assert_eq!(head.age(70_003), 3);
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
        let at = |evidence, step| {
            let mut head = Head::new(Head::tag(1), step);
            head.seen(evidence, step);
            head
        };
        let now = 1_000;
        let order = [
            Head::FREE,
            at(255, now - 66),
            at(1, now - 65),
            at(1, now),
            at(2, now - 60),
            at(255, now - 1),
        ];
        let worths = order.map(|head| head.worth(now));
        assert!(
            worths.is_sorted() && worths[..2] == [FREE, QUIET] && worths[2] > QUIET,
            "{worths:?}"
        );
        // A clock that was set back for three windows, and one that went on for sixty.
        assert!(!at(1, now + 192).is_quiet(now));
        assert!(at(1, now).is_quiet(now + 3_800));
        // What comes late makes nothing older.
        let mut head = at(1, now);
        head.seen(2, now - 60);
        assert_eq!(head.age(now), 0);
    }

    #[test]
    fn of_places_that_are_worth_as_little_one_goes_by_chance() {
        let mut bucket = Bucket::EMPTY;
        assert_eq!(bucket.least(0, 3), (3, FREE));
        for (way, head) in bucket.heads.iter_mut().enumerate() {
            *head = Head::new(Head::tag(way as u64 * 7), 9);
            head.seen(1 + u32::from(way % 2 == 0), 9);
        }
        let gone: std::collections::BTreeSet<usize> =
            (0..WAYS as u64).map(|chance| bucket.least(9, chance).0).collect();
        assert_eq!(gone.len(), WAYS / 2);
        assert!(gone.iter().all(|way| way % 2 == 1));
    }
}
