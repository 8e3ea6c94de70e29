//! One sync for all who wait: who was served together comes back together, a moment later.
//!
//! A caller that waits for each of its records asks again right after it was served. Were the first of them given a sync at
//! once, those that come a moment later would wait for that one and then for their own. So a sync that
//! only waiting callers ask for waits until as many have asked as the last one served, for half as long as that one took, and
//! half a millisecond at most. One caller alone is never kept waiting.

use std::time::Duration;

use crate::sync::Instant;

/// A pause longer than this would be noticed.
const LONGEST: Duration = Duration::from_micros(500);

#[derive(Debug, Default)]
pub(super) struct Gather {
    /// How many had asked when the last sync began, and how many of these it served.
    begun_at: u64,
    served: u64,
    /// How long the last sync took.
    took: Duration,
    until: Option<Instant>,
}

impl Gather {
    /// A sync begins, and serves everybody who has asked so far; whether that is anybody.
    pub(super) fn sync_begins(&mut self, askers: u64) -> bool {
        self.served = askers.saturating_sub(self.begun_at);
        self.begun_at = askers;
        self.until = None;
        self.served > 0
    }

    pub(super) fn sync_took(&mut self, took: Duration) {
        self.took = took;
    }

    /// Until when to wait for more, and for how many in all; `None` when the sync may begin.
    pub(super) fn pause(&mut self, askers: u64, now: Instant) -> Option<(Instant, u64)> {
        let expected = self.begun_at + self.served;
        if self.served < 2 || askers >= expected || askers == self.begun_at {
            return None;
        }
        let until = *self.until.get_or_insert(now + (self.took / 2).min(LONGEST));
        (now < until).then_some((until, expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_served_together_is_waited_for_and_nobody_else() {
        let (mut gather, now) = (Gather::default(), Instant::now());
        gather.sync_took(Duration::from_micros(200));
        // The first of all, and one that comes alone, wait for nobody.
        assert_eq!(gather.pause(1, now), None);
        gather.sync_begins(1);
        assert_eq!(gather.pause(2, now), None);
        gather.sync_begins(9);
        assert_eq!(gather.pause(9, now), None, "nobody asks");
        let until = now + Duration::from_micros(100);
        assert_eq!(gather.pause(10, now), Some((until, 17)));
        assert_eq!(gather.pause(16, now), Some((until, 17)));
        assert_eq!(gather.pause(17, now), None, "all are here");
        assert_eq!(gather.pause(12, until), None, "nobody is waited for longer than that");
        gather.sync_begins(12);
        gather.sync_took(Duration::from_secs(1));
        assert_eq!(gather.pause(13, now), Some((now + LONGEST, 15)));
    }
}
