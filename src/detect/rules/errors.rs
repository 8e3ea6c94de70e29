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

/// Over all records of callers that say how something ended, by their own time. A record whose time is far from the others'
/// stands alone in its slot, and changes nothing for them.
#[derive(Debug)]
pub(crate) struct Errors {
    share: Share,
    slot: i64,
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
        let verdict = self.add(seen.occurred(), error);
        found.verdict(seen, &self.charge, verdict, About::Nobody);
    }

    fn add(&mut self, at: Micros, error: bool) -> Verdict {
        let number = at.0.div_euclid(self.slot);
        let place = number.rem_euclid(self.slots.len() as i64) as usize;
        let Some(slot) = self.slots.get_mut(place) else {
            return Verdict::Calm;
        };
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
            assert_eq!(errors.add(second(at % 60), at % 10 == 0), Verdict::Calm, "{at}");
            all += 1;
        }
        assert_eq!(errors.add(second(60), true), Verdict::Reached(11));
        assert_eq!(errors.add(second(61), true), Verdict::Still(11));
        assert_eq!(all, 99);
        for at in 0..1_000 {
            assert_eq!(errors.add(second(62 + at % 60), false), Verdict::Calm);
        }
        assert_eq!(errors.add(second(130), true), Verdict::Calm);
        // And a time from elsewhere does not empty the window.
        let mut errors = Errors::new(&Watch::standard()).unwrap();
        for at in 0..99 {
            errors.add(second(0), at % 10 == 0);
            errors.add(Micros::MAX, false);
        }
        let place = |at: Micros| at.0.div_euclid(errors.slot).rem_euclid(SLOTS + 1);
        if place(second(0)) != place(Micros::MAX) {
            assert!(matches!(errors.add(second(1), true), Verdict::Reached(_)));
        }
    }
}
