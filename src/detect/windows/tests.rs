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
    let full = windows
        .buckets
        .iter()
        .map(|bucket| bucket.keys().count())
        .sum::<usize>();
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

#[test]
fn what_has_been_quiet_for_a_window_stands_in_nobodys_way() {
    // As many places, and as much room for lists, as the rule about failed logins has.
    let mut windows = Windows::new(limit(5, 15), Limit::NONE, 1 << 19, 3 << 20);
    for _ in 0..6 {
        for other in 0..24_000 {
            let _ = windows.add(hash(1_000_000 + other), Micros(0), Micros(0), false);
        }
    }
    // Minutes after its end, hours, and at the age at which steps begin anew.
    for minutes in [16, 300, 15 * 62, 15 * 64, 15 * 65] {
        let mut windows = windows.clone();
        let now = Micros(minutes * MINUTE);
        let mut found = 0;
        for attempt in 0..5 {
            for victim in 0..6_000 {
                let verdict = windows.add(hash(victim), now, now, false)[0];
                found += u32::from(attempt == 4 && verdict == Verdict::Reached(5));
            }
        }
        assert_eq!(found, 6_000, "{minutes} minutes later");
    }
}

#[test]
fn keys_of_a_window_ago_are_gone_a_window_later_though_nobody_asks_for_them() {
    let mut windows = table(limit(5, 15));
    let mut at =
        |key: u64, minutes: i64| windows.add(hash(key), Micros(minutes * MINUTE), Micros(minutes * MINUTE), false);
    for key in 0..1_000 {
        for _ in 0..6 {
            at(key, 0);
        }
    }
    for minute in 1..=32 {
        at(20_000, minute);
    }
    assert_eq!((windows.keys(), windows.used(), windows.evicted()), (1, 1, 0));
}

#[test]
fn a_record_that_waited_for_an_hour_ends_no_window() {
    let mut windows = table(limit(5, 15));
    let mut at = |came: i64| windows.add(hash(1), Micros(came * MINUTE), Micros(came * MINUTE), false)[0];
    for minute in [100, 101, 102] {
        assert_eq!(at(minute), Verdict::Calm);
    }
    assert_eq!(at(50), Verdict::Calm);
    assert_eq!((at(103), at(104)), (Verdict::Calm, Verdict::Reached(5)));
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
