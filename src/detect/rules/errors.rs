//! Which share of all records are errors.

use crate::clock::Micros;
use crate::detect::findings::{About, Charge, Findings};
use crate::detect::limit::Verdict;
use crate::detect::seen::Seen;
use crate::detect::watch::{ERROR_RATE, Share, Watch};
use crate::detect::{AlertType, Priority};
use crate::outcome::Outcome;

/// Of fewer records no share is taken.
const LEAST: u64 = 100;

/// Parts of a window that go one by one.
const SLOTS: i64 = 10;

/// Over all records of callers that say how something ended, by their own time. A record of long ago takes no slot from what is
/// newer, and none is later than it came.
#[derive(Debug)]
pub(crate) struct Errors {
    share: Share,
    slot: i64,
    /// The number of the slot of the last record, and when that began.
    last: i64,
    last_began: i64,
    slots: [Slot; SLOTS as usize + 1],
    raised: Option<i64>,
    charge: Charge,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    number: i64,
    all: u64,
    errors: u64,
}

impl Errors {
    pub(crate) fn new(watch: &Watch) -> Option<Errors> {
        let share = watch.share(ERROR_RATE)?;
        Some(Errors {
            share,
            slot: (share.span.as_micros() as i64 / SLOTS).max(1),
            last: 0,
            last_began: 0,
            slots: [Slot {
                number: i64::MIN,
                all: 0,
                errors: 0,
            }; SLOTS as usize + 1],
            raised: None,
            charge: Charge::new(ERROR_RATE, AlertType::Performance, Priority::High)
                .share(share, "all records")
                .passing(),
        })
    }

    pub(crate) fn judge(&mut self, seen: &Seen<'_>, found: &mut Findings) {
        let error = match seen.outcome() {
            Outcome::Error => true,
            Outcome::Success | Outcome::Failure | Outcome::Denied | Outcome::Blocked => false,
            _ => return,
        };
        let verdict = self.add(seen.occurred(), seen.time(), error);
        found.verdict(seen, &self.charge, verdict, About::Nobody);
    }

    /// Mostly that of the record before, which takes no division.
    fn number(&mut self, at: Micros) -> i64 {
        if !(0..self.slot).contains(&at.0.wrapping_sub(self.last_began)) {
            self.last = at.0.div_euclid(self.slot);
            self.last_began = self.last * self.slot;
        }
        self.last
    }

    fn add(&mut self, at: Micros, came: Micros, error: bool) -> Verdict {
        let number = self.number(at);
        let place = number.rem_euclid(self.slots.len() as i64) as usize;
        let Some(slot) = self.slots.get_mut(place) else {
            return Verdict::Calm;
        };
        if slot.number > number && slot.number <= came.0.div_euclid(self.slot) {
            // Long past: what is newer stays, unless the clock was set back since.
            return Verdict::Calm;
        }
        if slot.number != number {
            *slot = Slot {
                number,
                all: 0,
                errors: 0,
            };
        }
        slot.all += 1;
        slot.errors += u64::from(error);
        if !error {
            return Verdict::Calm;
        }
        let near = self
            .slots
            .iter()
            .filter(|slot| (0..=SLOTS).contains(&(number - slot.number.max(0))));
        let (all, errors) = near.fold((0, 0), |(all, errors), slot| (all + slot.all, errors + slot.errors));
        let percent = (errors * 100 / all.max(1)) as u32;
        let reached = |percent: u32| errors * 100 >= all * u64::from(percent);
        let still = self.raised.is_some_and(|raised| (number - raised).abs() <= SLOTS);
        let verdict = match still {
            true if errors * 200 >= all * u64::from(self.share.percent) => Verdict::Still(percent),
            false if all >= LEAST && reached(self.share.percent) => Verdict::Reached(percent),
            _ => Verdict::Calm,
        };
        self.raised = match verdict {
            Verdict::Calm if still => None,
            Verdict::Calm => self.raised,
            _ => Some(number),
        };
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_errors_raises_once_there_are_enough_records_and_calms_at_half_of_it() {
        let mut errors = Errors::new(&Watch::standard()).unwrap();
        let second = |at: i64| Micros(1_700_000_000_000_000 + at * 1_000_000);
        let mut all = 0;
        for at in 0..99 {
            assert_eq!(
                errors.add(second(at % 60), second(at % 60), at % 10 == 0),
                Verdict::Calm,
                "{at}"
            );
            all += 1;
        }
        assert_eq!(errors.add(second(60), second(60), true), Verdict::Reached(11));
        assert_eq!(errors.add(second(61), second(61), true), Verdict::Still(11));
        assert_eq!(all, 99);
        for at in 0..1_000 {
            assert_eq!(
                errors.add(second(62 + at % 60), second(62 + at % 60), false),
                Verdict::Calm
            );
        }
        assert_eq!(errors.add(second(130), second(130), true), Verdict::Calm);
        // And no time from elsewhere empties the window, nor does a clock that was far ahead stop the counting.
        let mut errors = Errors::new(&Watch::standard()).unwrap();
        for slot in 0..20 {
            let far = Micros(second(0).0 + 80 * 365 * 86_400_000_000 + slot * errors.slot);
            errors.add(far, far, false);
        }
        for at in 0..99 {
            errors.add(second(0), second(0), at % 10 == 0);
            for slot in 1..40 {
                errors.add(Micros(second(0).0 - slot * errors.slot * 11), second(0), false);
            }
        }
        assert!(matches!(errors.add(second(1), second(1), true), Verdict::Reached(_)));
    }
}
