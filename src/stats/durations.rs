//! How long things took: count, sum and greatest value exactly, quantiles from a histogram.

use std::fmt;

use std::borrow::Cow;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::packed::{Bytes, Packed, push_number};
use super::table::Tally;
use crate::base64url;

/// How long records say that things took (`duration_ms`), in milliseconds.
///
/// Count, average and greatest value are exact, the average to the nanosecond while the sum is below 584 years. Quantiles are
/// the value at the nearest rank, with a relative error of at most 0.8 %, between a nanosecond and 34 years; below
/// that they are 0, above it the greatest value.
///
/// A bucket is what has the same exponent and the same six leading bits of the fraction, so that its middle is off by 1/128 at
/// most, on every machine. Histograms add up: merging loses nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Durations {
    count: u64,
    /// Nanoseconds.
    sum: u64,
    max: f64,
    /// Those that are not empty, with how many are in them, in their order.
    buckets: Vec<(u16, u64)>,
}

/// Bits of a binary64 that a bucket does not look at.
const UNSEEN: u32 = 52 - 6;
/// 2⁻²⁰ ms and 2⁴⁰ ms: about a nanosecond, and 34 years.
const LEAST: f64 = 1.0 / 1_048_576.0;
const MOST: f64 = 1_099_511_627_776.0;
const BASE: u64 = LEAST.to_bits() >> UNSEEN;
/// What is below the least.
const BELOW: u16 = 0;
/// What is not below the most.
const ABOVE: u16 = ((MOST.to_bits() >> UNSEEN) - BASE) as u16 + 1;

impl Durations {
    /// Takes in one, in milliseconds. What is no duration (negative, not finite) is left out.
    pub(super) fn add(&mut self, ms: f64) {
        if !ms.is_finite() || ms < 0.0 {
            return;
        }
        self.count = self.count.saturating_add(1);
        // A conversion from float saturates.
        self.sum = self.sum.saturating_add((ms * 1e6).round() as u64);
        self.max = self.max.max(ms);
        let bucket = bucket(ms);
        match self.buckets.binary_search_by_key(&bucket, |(known, _)| *known) {
            Ok(at) => {
                if let Some((_, count)) = self.buckets.get_mut(at) {
                    *count = count.saturating_add(1);
                }
            }
            Err(at) => self.buckets.insert(at, (bucket, 1)),
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The average; `None` where there is nothing.
    pub fn avg(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64 / 1e6)
    }

    /// The median.
    pub fn p50(&self) -> Option<f64> {
        self.percentile(50)
    }

    /// What 95 % do not exceed.
    pub fn p95(&self) -> Option<f64> {
        self.percentile(95)
    }

    /// The greatest.
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }

    /// What so many in a hundred do not exceed: the value at the nearest rank. 100 is the greatest value; more is that too.
    pub fn percentile(&self, percent: u8) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        if percent >= 100 {
            return Some(self.max);
        }
        let wanted = (u128::from(self.count) * u128::from(percent)).div_ceil(100).max(1);
        let mut seen = 0_u128;
        let bucket = self.buckets.iter().find(|(_, count)| {
            seen += u128::from(*count);
            seen >= wanted
        });
        Some(bucket.map_or(self.max, |(bucket, _)| middle(*bucket).min(self.max)))
    }
}

impl Tally for Durations {
    fn absorb(&mut self, other: &Durations) {
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
        if self.buckets.is_empty() {
            self.buckets.clone_from(&other.buckets);
            return;
        }
        // Two rows in order become one. Mostly the first has all that the second has.
        let (mut at, mut missing) = (0, Vec::new());
        for (bucket, count) in &other.buckets {
            let rest = self.buckets.get_mut(at..).unwrap_or_default();
            at += rest.iter().take_while(|(own, _)| own < bucket).count();
            match self.buckets.get_mut(at) {
                Some((own, sum)) if own == bucket => *sum = sum.saturating_add(*count),
                _ => missing.push((*bucket, *count)),
            }
        }
        self.put(missing);
    }

    fn weight(&self) -> usize {
        self.buckets.len() * size_of::<(u16, u64)>()
    }
}

impl Packed for Durations {
    fn pack(&self, out: &mut Vec<u8>) {
        push_number(out, self.count);
        push_number(out, self.sum);
        out.extend_from_slice(&self.max.to_bits().to_le_bytes());
        push_number(out, self.buckets.len() as u64);
        let mut before = 0;
        for (bucket, count) in &self.buckets {
            push_number(out, u64::from(bucket - before));
            push_number(out, *count);
            before = *bucket;
        }
    }

    fn absorb_packed(&mut self, from: &mut Bytes<'_>) -> Option<()> {
        self.count = self.count.saturating_add(from.number()?);
        self.sum = self.sum.saturating_add(from.number()?);
        self.max = self.max.max(f64::from_bits(u64::from_le_bytes(from.array()?)));
        let many = usize::try_from(from.number()?).ok()?;
        if many > usize::from(ABOVE) + 1 {
            return None;
        }
        let (mut at, mut bucket, mut missing) = (0, 0, Vec::new());
        if self.buckets.is_empty() {
            missing.reserve_exact(many);
        }
        for nth in 0..many {
            let (distance, count) = (from.number()?, from.number()?);
            bucket = distance
                .checked_add(bucket)
                .filter(|bucket| *bucket <= u64::from(ABOVE))?;
            if distance == 0 && nth > 0 {
                return None;
            }
            let bucket = bucket as u16;
            while self.buckets.get(at).is_some_and(|(own, _)| *own < bucket) {
                at += 1;
            }
            match self.buckets.get_mut(at) {
                Some((own, sum)) if *own == bucket => *sum = sum.saturating_add(count),
                _ => missing.push((bucket, count)),
            }
        }
        self.put(missing);
        Some(())
    }
}

impl Durations {
    /// Buckets that are not there yet, in their order.
    fn put(&mut self, missing: Vec<(u16, u64)>) {
        if self.buckets.is_empty() {
            self.buckets = missing;
        } else if !missing.is_empty() {
            self.buckets.extend(missing);
            self.buckets.sort_by_key(|(bucket, _)| *bucket);
        }
    }
}

fn bucket(ms: f64) -> u16 {
    match ms {
        ms if ms < LEAST => BELOW,
        ms if ms >= MOST => ABOVE,
        ms => ((ms.to_bits() >> UNSEEN) - BASE) as u16 + 1,
    }
}

fn middle(bucket: u16) -> f64 {
    let bound = |bucket: u16| f64::from_bits((BASE + u64::from(bucket)) << UNSEEN);
    match bucket {
        BELOW => 0.0,
        ABOVE.. => f64::INFINITY,
        bucket => f64::midpoint(bound(bucket - 1), bound(bucket)),
    }
}

impl fmt::Display for Durations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.avg(), self.p50(), self.p95(), self.max()) {
            (Some(avg), Some(p50), Some(p95), Some(max)) => write!(
                f,
                "avg {} ms, p50 {} ms, p95 {} ms, max {} ms",
                shown(avg),
                shown(p50),
                shown(p95),
                shown(max)
            ),
            _ => f.write_str("no durations"),
        }
    }
}

/// Three digits are enough for people.
fn shown(ms: f64) -> String {
    let decimals = match ms {
        ms if ms >= 100.0 => 0,
        ms if ms >= 10.0 => 1,
        ms if ms >= 1.0 => 2,
        _ => 3,
    };
    format!("{ms:.decimals$}")
}

impl Serialize for Durations {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut fields = out.serialize_struct("Durations", 7)?;
        fields.serialize_field("count", &self.count)?;
        fields.serialize_field("avg_ms", &self.avg())?;
        fields.serialize_field("p50_ms", &self.p50())?;
        fields.serialize_field("p95_ms", &self.p95())?;
        fields.serialize_field("max_ms", &self.max())?;
        fields.serialize_field("sum_ns", &self.sum)?;
        fields.serialize_field("buckets", &packed(&self.buckets))?;
        fields.end()
    }
}

impl<'de> Deserialize<'de> for Durations {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Durations, D::Error> {
        #[derive(serde::Deserialize)]
        struct Stored<'a> {
            count: u64,
            max_ms: Option<f64>,
            sum_ns: u64,
            #[serde(borrow)]
            buckets: Cow<'a, str>,
        }
        let stored = Stored::deserialize(from)?;
        Ok(Durations {
            count: stored.count,
            sum: stored.sum_ns,
            max: stored.max_ms.unwrap_or_default(),
            buckets: unpacked(&stored.buckets).ok_or_else(|| de::Error::custom("there are no such buckets"))?,
        })
    }
}

/// Buckets as text: for each the distance from the one before and the count, lowest digits first. A digit is five bits, and a
/// sixth that says that more follow. There may be thousands for each route, and a day is mostly made of them.
fn packed(buckets: &[(u16, u64)]) -> String {
    let (mut text, mut before) = (String::with_capacity(2 * buckets.len()), 0);
    let digit = |value: u64| char::from(base64url::letter(value as u32));
    for (bucket, count) in buckets {
        for mut number in [u64::from(bucket - before), *count] {
            while number > 31 {
                text.push(digit(number & 31 | 32));
                number >>= 5;
            }
            text.push(digit(number));
        }
        before = *bucket;
    }
    text
}

/// Reads what [`packed`] writes, or something else in order.
fn unpacked(text: &str) -> Option<Vec<(u16, u64)>> {
    let mut digits = text.as_bytes();
    let (mut buckets, mut before) = (Vec::with_capacity(digits.len() / 2), 0_u64);
    while !digits.is_empty() {
        let (distance, count) = (number(&mut digits)?, number(&mut digits)?);
        before = before
            .checked_add(distance)
            .filter(|bucket| *bucket <= u64::from(ABOVE))?;
        if distance == 0 && !buckets.is_empty() {
            return None;
        }
        buckets.push((before as u16, count));
    }
    Some(buckets)
}

/// Takes a number off the front.
fn number(digits: &mut &[u8]) -> Option<u64> {
    let (mut sum, mut shift) = (0, 0);
    loop {
        let (digit, rest) = digits.split_first()?;
        *digits = rest;
        let value = base64url::value(*digit)?;
        if shift > 60 {
            return None;
        }
        sum |= u64::from(value & 31) << shift;
        if value < 32 {
            return Some(sum);
        }
        shift += 5;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> Durations {
        let mut durations = Durations::default();
        values.iter().for_each(|ms| durations.add(*ms));
        durations
    }

    /// Spread over the whole range, evenly in the exponent.
    fn some_ms() -> impl Strategy<Value = f64> {
        (-19.9..39.9_f64).prop_map(|exponent| exponent.exp2())
    }

    proptest! {
        #[test]
        fn quantiles_are_within_eight_in_a_thousand_of_the_exact_ones(
            mut values in proptest::collection::vec(some_ms(), 1..300),
            percent in 1_u8..=100,
        ) {
            let durations = of(&values);
            values.sort_by(f64::total_cmp);
            for (percent, found) in [(percent, durations.percentile(percent)), (50, durations.p50()), (95, durations.p95())] {
                let exact = values[(values.len() * usize::from(percent)).div_ceil(100) - 1];
                let off = (found.unwrap() / exact - 1.0).abs();
                prop_assert!(off <= 1.0 / 128.0, "p{percent} is {exact}, found {found:?}");
            }
            prop_assert_eq!(durations.max(), values.last().copied());
            let nanos: u128 = values.iter().map(|ms| (ms * 1e6).round() as u128).sum();
            if nanos < u128::from(u64::MAX) {
                let avg = nanos as f64 / 1e6 / values.len() as f64;
                prop_assert!((durations.avg().unwrap() / avg - 1.0).abs() < 1e-12);
            }
        }

        #[test]
        fn merged_durations_are_those_of_all(values in proptest::collection::vec(some_ms(), 0..100), at in 0_usize..100) {
            let at = at.min(values.len());
            let mut merged = of(&values[..at]);
            merged.absorb(&of(&values[at..]));
            prop_assert_eq!(&merged, &of(&values));
            let text = serde_json::to_string(&merged).unwrap();
            prop_assert_eq!(serde_json::from_str::<Durations>(&text).unwrap(), merged);
        }

        #[test]
        fn whatever_number_comes_there_are_few_buckets_and_nothing_breaks(values in proptest::collection::vec(any::<f64>(), 0..300)) {
            let durations = of(&values);
            prop_assert!(durations.buckets.iter().all(|(bucket, _)| *bucket <= ABOVE));
            let right = values.iter().filter(|ms| ms.is_finite() && **ms >= 0.0).count();
            prop_assert_eq!(durations.count(), right as u64);
            prop_assert!(durations.p95().is_none_or(f64::is_finite));
            let text = serde_json::to_string(&durations).unwrap();
            prop_assert_eq!(serde_json::from_str::<Durations>(&text).unwrap(), durations);
        }
    }

    #[test]
    fn what_is_too_short_or_too_long_for_a_bucket_is_the_nearest_thing() {
        assert_eq!(of(&[0.0, 1e-7]).p50(), Some(0.0));
        assert_eq!(of(&[1e300]).p50(), Some(1e300));
        assert_eq!((of(&[]).p50(), of(&[]).avg(), of(&[]).max()), (None, None, None));
        assert_eq!(of(&[LEAST]).buckets, [(1, 1)]);
        assert_eq!(ABOVE, 60 * 64 + 1);
        let read = |buckets: &str| {
            let text = format!("{{\"count\":1,\"max_ms\":1,\"sum_ns\":1,\"buckets\":{buckets:?}}}");
            serde_json::from_str::<Durations>(&text).map(|read| read.buckets)
        };
        let many = [(0, 1), (1, u64::MAX), (200, 300), (ABOVE, 5)];
        assert_eq!(read(&packed(&many)).unwrap(), many);
        assert_eq!(read("").unwrap(), []);
        // Beyond the last one, twice the same, and numbers that are not there, have no end, are too long, or are none.
        for odd in ["_37B", "BBAB", "B", "g", "B______________B", "B!"] {
            assert!(read(odd).is_err(), "{odd}");
        }
    }
}
