//! Answers that take long, and answers that take longer than they did.

use std::fmt::Write as _;
use std::time::Duration;

use crate::brief::{Brief, EventId, OWN_BASE};
use crate::clock::Micros;
use crate::detect::findings::{About, Charge, Context, Findings};
use crate::detect::limit::words;
use crate::detect::seen::Seen;
use crate::detect::watch::{SLOW_RESPONSES, SLOWER, Watch};
use crate::detect::{AlertType, Priority};

/// The time for which durations are added up, and how many of these a baseline is made of.
const SLOT: i64 = 5 * 60 * 1_000_000;
const SLOTS: usize = 13;

/// Of fewer records no mean is taken.
const LEAST: u32 = 32;
const LEAST_BEFORE: u32 = 200;

/// A difference in seconds that nobody feels.
const UNFELT: f64 = 0.001;

/// Microseconds that stand for all that is longer: 71 minutes, which is more than a limit may be.
const LONGEST: u32 = Brief::NO_DURATION - 1;

/// Between two looks at the means.
const EVERY: u32 = 16;

#[derive(Debug)]
pub(crate) struct Slow {
    over: Option<(u32, Charge)>,
    more: Option<(u32, Charge)>,
    /// By event: the table's, and the program's own.
    events: Vec<Option<Box<Means>>>,
    own: Vec<Option<Box<Means>>>,
}

/// The durations of one event in the last five minutes and the hour before.
#[derive(Clone, Debug)]
struct Means {
    slots: [Slot; SLOTS],
    slower: bool,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    number: i64,
    count: u32,
    sum: f64,
    squares: f64,
}

impl Slow {
    pub(crate) fn new(watch: &Watch) -> Option<Slow> {
        let over = |over: Duration| {
            let charge = Charge::new(SLOW_RESPONSES, AlertType::Performance, Priority::Medium)
                .words(format!(" s, and {} are too long", words(over)))
                .context(Context::Seconds(over))
                .passing();
            (u32::try_from(over.as_micros()).unwrap_or(LONGEST), charge)
        };
        let more = |percent: u32| {
            let charge = Charge::new(SLOWER, AlertType::Performance, Priority::High)
                .around("answers take ", " % longer than in the hour before")
                .window(Duration::from_micros(2 * SLOT as u64))
                .context(Context::Percent(percent))
                .passing();
            (percent, charge)
        };
        let slow = Slow {
            over: watch.span(SLOW_RESPONSES).map(over),
            more: watch.share(SLOWER).map(|share| more(share.percent)),
            events: Vec::new(),
            own: Vec::new(),
        };
        (slow.over.is_some() || slow.more.is_some()).then_some(slow)
    }

    #[inline]
    pub(crate) fn judge(&mut self, seen: &Seen<'_>, found: &mut Findings) {
        let took = seen.duration_us();
        if took == Brief::NO_DURATION {
            return;
        }
        if let Some((_, charge)) = self.over.as_ref().filter(|(over, _)| took >= *over) {
            let record = seen.record();
            let route = record.field("route");
            let about = match &route {
                Some(route) => About::Named("route", route),
                None => About::Named("event", record.event()),
            };
            found.fresh_of(seen, charge, about, |text| {
                // To a string it cannot fail.
                let _ = match took {
                    LONGEST => write!(text, "an answer took more than {}", took / 1_000_000),
                    _ => write!(text, "an answer took {:.1}", f64::from(took) / 1e6),
                };
                charge.said(text);
            });
        }
        let Some(percent) = self.more.as_ref().map(|(percent, _)| *percent) else {
            return;
        };
        let means = self.means(seen.event_id());
        let more = means.and_then(|means| means.add(seen.occurred(), seen.time(), f64::from(took) / 1e6, percent));
        if let (Some(more), Some((_, charge))) = (more, &self.more) {
            let about = About::Named("event", seen.record().event());
            found.fresh_of(seen, charge, about, |text| charge.say(more, text));
        }
    }

    fn means(&mut self, EventId(event): EventId) -> Option<&mut Means> {
        let (rows, at) = match event {
            _ if EventId(event) == EventId::OTHER => return None,
            OWN_BASE.. => (&mut self.own, usize::from(event - OWN_BASE)),
            _ => (&mut self.events, usize::from(event)),
        };
        if rows.len() <= at {
            rows.resize(at + 1, None);
        }
        Some(rows.get_mut(at)?.get_or_insert_with(|| Box::new(Means::new())))
    }
}

impl Means {
    fn new() -> Means {
        Means {
            slots: [Slot {
                number: i64::MIN,
                count: 0,
                sum: 0.0,
                squares: 0.0,
            }; SLOTS],
            slower: false,
        }
    }

    /// How many percent more than before, where that is to be said.
    fn add(&mut self, at: Micros, came: Micros, seconds: f64, percent: u32) -> Option<u32> {
        let number = at.0.div_euclid(SLOT);
        let slot = self.slots.get_mut(number.rem_euclid(SLOTS as i64) as usize)?;
        if slot.number > number && slot.number <= came.0.div_euclid(SLOT) {
            // Long past: what is newer stays, unless the clock was set back since.
            return None;
        }
        if slot.number != number {
            *slot = Slot {
                number,
                count: 0,
                sum: 0.0,
                squares: 0.0,
            };
        }
        slot.count += 1;
        slot.sum += seconds;
        slot.squares += seconds * seconds;
        if slot.count < LEAST || slot.count % EVERY != 0 {
            return None;
        }
        let recent = *slot;
        self.compare(number, recent, percent)
    }

    fn compare(&mut self, number: i64, recent: Slot, percent: u32) -> Option<u32> {
        let before = |slot: &&Slot| (number - SLOTS as i64 + 1..number).contains(&slot.number);
        let (count, sum, squares) = self
            .slots
            .iter()
            .filter(before)
            .fold((0, 0.0, 0.0), |(count, sum, squares), slot| {
                (count + slot.count, sum + slot.sum, squares + slot.squares)
            });
        if count < LEAST_BEFORE {
            return None;
        }
        let mean = sum / f64::from(count);
        let now = recent.sum / f64::from(recent.count);
        let spread = (squares / f64::from(count) - mean * mean).max(0.0) / f64::from(recent.count);
        // What chance alone would do is no finding.
        let beyond_chance = now - mean > 4.0 * spread.sqrt() && now - mean > UNFELT;
        let more = (now / mean - 1.0) * 100.0;
        let threshold = f64::from(percent) / if self.slower { 2.0 } else { 1.0 };
        let slower = beyond_chance && more > threshold;
        let news = slower && !self.slower;
        self.slower = slower;
        news.then_some(more.min(1e9) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_take_a_third_longer_are_found_once_and_chance_is_not() {
        let mut means = Means::new();
        // 100 ms give or take 20, in a fixed pattern.
        let took = |at: i64| 0.080 + (at * 7 % 41) as f64 * 0.001;
        let second = |at: i64| Micros(1_700_000_000_000_000 + at * 1_000_000);
        for at in 0..3_000 {
            assert_eq!(means.add(second(at), second(at), took(at), 20), None, "{at}");
        }
        let said: Vec<u32> = (3_000..3_900)
            .filter_map(|at| {
                // Between them one of long ago, for each slot in turn.
                let before = Micros(second(at).0 - (at % 60 + 1) * SLOT * SLOTS as i64);
                let _ = means.add(before, second(at), 0.001, 20);
                means.add(second(at), second(at), took(at) * 1.33, 20)
            })
            .collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!((25..40).contains(&said[0]), "{said:?}");
    }
}
