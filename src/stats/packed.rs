//! Statistics as bytes, for caches that are read often: what has few figures as JSON, and names and durations, of which there may be
//! many, so that they are added to others while they are read.

use super::durations::Durations;
use super::{Stats, Sums};

/// Appends a number, seven bits a byte, the lowest first.
pub(crate) fn push_number(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 & 0x7f | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends bytes, and before them how many.
pub(crate) fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Bytes that are read from the front. Whoever could write the file may have written anything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    #[inline]
    pub(crate) fn number(&mut self) -> Option<u64> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        if first < 0x80 {
            return Some(u64::from(first));
        }
        let mut sum = u64::from(first & 0x7f);
        for shift in (7..70).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            // Of the tenth byte one bit has a place.
            if shift == 63 && byte > 1 {
                return None;
            }
            sum |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(sum);
            }
        }
        None
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.number()?;
        self.take(usize::try_from(count).ok()?)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

/// What is kept for a name, as bytes.
pub(super) trait Packed {
    fn pack(&self, out: &mut Vec<u8>);

    /// Takes in what was packed.
    fn absorb_packed(&mut self, from: &mut Bytes<'_>) -> Option<()>;
}

impl Packed for u64 {
    fn pack(&self, out: &mut Vec<u8>) {
        push_number(out, *self);
    }

    fn absorb_packed(&mut self, from: &mut Bytes<'_>) -> Option<()> {
        *self = self.saturating_add(from.number()?);
        Some(())
    }
}

impl Stats {
    /// All of it as bytes.
    pub(crate) fn packed(&self) -> Vec<u8> {
        let Stats(sums) = self;
        let mut few = Sums::<(), ()>::default();
        few.add(sums);
        few.durations = Durations::default();
        // Strings and numbers only: this cannot fail.
        let few = serde_json::to_vec(&few).unwrap_or_default();
        let mut out = Vec::new();
        push_bytes(&mut out, &few);
        sums.durations.pack(&mut out);
        sums.by_event.pack(&mut out);
        sums.by_user.pack(&mut out);
        sums.by_ip.pack(&mut out);
        sums.by_route.pack(&mut out);
        out
    }

    /// Takes in what was packed. `None` where the bytes are none of these: what was taken in by then is worth nothing.
    pub(crate) fn add_packed(&mut self, from: &[u8]) -> Option<()> {
        let Stats(sums) = self;
        let mut from = Bytes(from);
        let few: Sums<(), ()> = serde_json::from_slice(from.bytes()?).ok()?;
        sums.add(&few);
        sums.durations.absorb_packed(&mut from)?;
        sums.by_event.add_packed(&mut from)?;
        sums.by_user.add_packed(&mut from)?;
        sums.by_ip.add_packed(&mut from)?;
        sums.by_route.add_packed(&mut from)?;
        from.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::Record;

    fn stats(records: &[(u8, u16, u8)]) -> Stats {
        let line = |(seq, (user, ms, day)): (usize, &(u8, u16, u8))| {
            let line = format!(
                "{{\"seq\":{},\"time\":\"2026-11-{:02}T08:00:00.000000Z\",\"event\":\"API_REQUEST\",\"category\":\"api\",\
                 \"severity\":\"low\",\"outcome\":\"success\",\"user_id\":\"u{user}\",\"ip\":\"192.0.2.{}\",\
                 \"path\":\"/{}\",\"duration_ms\":{}.5,\"tag\":\"AAAAAAAAAAAAAAAAAAAAAA\"}}",
                seq + 1,
                day % 28 + 1,
                user % 9,
                user % 5,
                ms
            );
            line.parse::<Record>().unwrap()
        };
        records.iter().enumerate().map(line).collect()
    }

    fn some() -> impl Strategy<Value = Vec<(u8, u16, u8)>> {
        proptest::collection::vec(any::<(u8, u16, u8)>(), 0..60)
    }

    proptest! {
        #[test]
        fn what_was_packed_adds_up_as_what_it_was_made_of(one in some(), two in some()) {
            let (one, two) = (stats(&one), stats(&two));
            let mut added = Stats::new();
            added.add_packed(&one.packed()).unwrap();
            prop_assert_eq!(&added, &one);
            added.add_packed(&two.packed()).unwrap();
            let mut merged = one;
            merged.merge(two);
            prop_assert_eq!(added, merged);
        }

        /// Whatever else it does with it.
        #[test]
        fn no_bytes_break_anything(
            records in some(),
            at in any::<prop::sample::Index>(),
            with in proptest::collection::vec(any::<u8>(), 0..12),
        ) {
            let mut packed = stats(&records).packed();
            let at = at.index(packed.len());
            packed.splice(at..(at + with.len()).min(packed.len()), with);
            let mut added = Stats::new();
            if added.add_packed(&packed).is_some() {
                let _ = (added.to_string(), added.by_route().len(), added.durations().p95());
            }
        }

        #[test]
        fn a_number_has_one_reading(number in any::<u64>(), small in 0_u64..300) {
            for number in [number, small] {
                let mut out = Vec::new();
                push_number(&mut out, number);
                let mut bytes = Bytes(&out);
                prop_assert_eq!((bytes.number(), bytes.0.len()), (Some(number), 0));
                prop_assert_eq!(Bytes(&out[..out.len() - 1]).number(), None);
            }
        }
    }

    #[test]
    fn a_number_that_no_room_has_is_none() {
        for odd in [
            &[0xff; 9][..],
            &[0xff; 10],
            &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2],
        ] {
            assert_eq!(Bytes(odd).number(), None);
        }
        assert_eq!(
            Bytes(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]).number(),
            Some(u64::MAX)
        );
    }
}
