//! Pauses between attempts: each up to twice as long as the one before, and by chance up to half of it shorter, so that a thousand
//! services whose receiver was away do not all knock at once when it is back.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Pauses {
    /// The longest that the next one may be.
    most: Duration,
    chance: u64,
}

impl Pauses {
    /// Those of one channel: others than in any other process.
    pub(super) fn by_chance() -> Pauses {
        Pauses::seeded(RandomState::new().hash_one(0))
    }

    /// The same for the same seed.
    fn seeded(seed: u64) -> Pauses {
        Pauses {
            most: FIRST,
            chance: seed,
        }
    }

    /// The next one.
    pub(super) fn next(&mut self) -> Duration {
        // SplitMix64: whatever the seed, no two steps are alike.
        self.chance = self.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.chance;
        for (shift, factor) in [(30, 0xBF58_476D_1CE4_E5B9), (27, 0x94D0_49BB_1331_11EB)] {
            mixed = (mixed ^ mixed >> shift).wrapping_mul(factor);
        }
        let part = (mixed >> 40) as f64 / f64::from(1 << 24);
        let pause = self.most.mul_f64(0.5 + part / 2.0);
        self.most = (self.most * 2).min(LONGEST);
        pause
    }

    /// It works: the next one is short again.
    pub(super) fn restart(&mut self) {
        self.most = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_begin_anew_when_it_works() {
        let mut pauses = Pauses::seeded(7);
        let mut most = FIRST;
        for _ in 0..20 {
            let pause = pauses.next();
            assert!(pause >= most / 2 && pause <= most, "{pause:?} of {most:?}");
            most = (most * 2).min(LONGEST);
        }
        assert_eq!(most, LONGEST);
        pauses.restart();
        assert!(pauses.next() <= FIRST);
    }

    #[test]
    fn a_thousand_services_do_not_knock_at_once_and_the_same_seed_knocks_again_at_the_same_time() {
        // When each of them comes for the tenth time, after its receiver went away for all of them at the same moment.
        let tenth = |seed| {
            let mut pauses = Pauses::seeded(seed);
            (0..10).map(|_| pauses.next()).sum::<Duration>()
        };
        assert_eq!(tenth(3), tenth(3));
        let mut busiest = std::collections::HashMap::new();
        for seed in 0..1_000 {
            *busiest.entry(tenth(seed).as_millis() / 100).or_insert(0) += 1;
        }
        let most = *busiest.values().max().unwrap();
        assert!(most <= 20, "{most} within a tenth of a second");
        assert_ne!(Pauses::by_chance().next(), Pauses::by_chance().next());
    }
}
