//! The short way of a number with few decimals: most durations are whole micro- or nanoseconds.

use crate::clock::two_digits;

/// Millionths in one.
const PARTS: u64 = 1_000_000;

/// Below this all of a number's digits are its own: with six decimals they are fifteen, which every double tells apart.
const BEYOND: f64 = 1e15;

/// Numbers below this many millionths may be written with an exponent.
const LEAST: u32 = 1_000;

/// Room for fifteen digits and the point, and one digit more since they come in pairs.
const ROOM: usize = 17;

/// Where the point stands.
const POINT: usize = 10;

/// The shortest digits of a number of at least a thousandth that has at most six decimals: those that `zmij` finds.
pub(super) struct Decimal {
    digits: [u8; ROOM],
    start: usize,
    end: usize,
}

impl Decimal {
    /// `None` for any other number.
    ///
    /// If dividing whole millionths by a million gives the number, then they are its digits: a quotient is the double
    /// nearest to it, and no two decimals of fifteen digits have the same nearest double.
    #[inline]
    pub(super) fn of(number: f64) -> Option<Decimal> {
        let scaled = number * PARTS as f64;
        if !(LEAST as f64..BEYOND).contains(&scaled) {
            return None;
        }
        let parts = (scaled + 0.5) as i64;
        let exact = parts as f64 / PARTS as f64 == number;
        exact.then(|| Decimal::of_parts(parts as u64))
    }

    #[inline]
    fn of_parts(parts: u64) -> Decimal {
        let mut digits = *b"0000000000.000000";
        let (mut whole, part) = ((parts / PARTS) as u32, (parts % PARTS) as u32);
        let (thousandths, rest) = (part / 1_000, part % 1_000);
        put(&mut digits, POINT + 1, thousandths / 10);
        put(&mut digits, POINT + 3, thousandths % 10 * 10 + rest / 100);
        let mut end = POINT + 4;
        if rest != 0 {
            put(&mut digits, POINT + 5, rest % 100);
            end = ROOM;
        }
        // One decimal stays.
        while end > POINT + 2 && digits.get(end - 1) == Some(&b'0') {
            end -= 1;
        }
        let mut start = POINT;
        loop {
            start -= 2;
            put(&mut digits, start, whole % 100);
            if whole < 100 {
                break;
            }
            whole /= 100;
        }
        let start = start + usize::from(whole < 10);
        Decimal { digits, start, end }
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.digits.get(self.start..self.end).unwrap_or_default()
    }
}

#[inline]
fn put(digits: &mut [u8; ROOM], at: usize, number: u32) {
    if let Some(to) = digits.get_mut(at..at + 2).and_then(<[u8]>::first_chunk_mut) {
        *to = two_digits(number);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spelled_alike(number: f64) -> bool {
        let known = zmij::Buffer::new().format(number).to_owned();
        Decimal::of(number).is_none_or(|decimal| decimal.bytes() == known.as_bytes())
    }

    #[test]
    fn numbers_with_few_decimals_are_spelled_as_the_shortest_digits() {
        for (number, spelled) in [
            (0.001, "0.001"),
            (0.5, "0.5"),
            (1.0, "1.0"),
            (9.09, "9.09"),
            (10.0, "10.0"),
            (12.345_678, "12.345678"),
            (99.999, "99.999"),
            (100.1, "100.1"),
            (999.000_001, "999.000001"),
            (1_234.567, "1234.567"),
            (999_999_999.999_999, "999999999.999999"),
        ] {
            assert_eq!(Decimal::of(number).unwrap().bytes(), spelled.as_bytes());
            assert!(spelled_alike(number), "{number}");
        }
        for number in [
            0.0,
            -0.0,
            -1.5,
            1e-6,
            0.000_999,
            0.1 + 0.2,
            1.0 / 3.0,
            1e9,
            1e300,
            f64::NAN,
            f64::INFINITY,
        ] {
            assert!(Decimal::of(number).is_none(), "{number}");
        }
    }

    #[test]
    fn the_first_million_thousandths_are_spelled_as_the_shortest_digits() {
        assert!((0..1_000_000).all(|parts| spelled_alike(f64::from(parts) / 1_000.0)));
    }

    proptest! {
        #[test]
        fn whatever_is_spelled_the_short_way_is_spelled_as_the_long_way_does(
            bits in any::<u64>(), parts in 0_u64..1_000_000_000_000_000, whole in any::<u32>(),
        ) {
            prop_assert!(spelled_alike(f64::from_bits(bits)));
            prop_assert!(spelled_alike(parts as f64 / 1e6));
            prop_assert!(spelled_alike((parts as f64 / 1e6).next_up()));
            prop_assert!(spelled_alike(f64::from(whole) / 1e3) && spelled_alike(f64::from(whole)));
        }
    }
}
