//! What was redacted, by class.

use super::Class;

/// How many secrets of each class were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    bits: u32,
    counts: [u16; Class::COUNT],
}

impl Found {
    pub(crate) const NONE: Self = Self {
        bits: 0,
        counts: [0; Class::COUNT],
    };

    /// Notes one more of `class`.
    #[inline]
    pub(crate) fn add(&mut self, class: Class) {
        self.bits |= class.bit();
        if let Some(count) = self.counts.get_mut(class as usize) {
            *count = count.saturating_add(1);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.bits |= other.bits;
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count = count.saturating_add(more);
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.bits == 0
    }

    pub(crate) const fn contains(&self, class: Class) -> bool {
        self.bits & class.bit() != 0
    }

    /// The set of classes, one bit each in the order of [`Class::ALL`].
    pub(crate) const fn bits(&self) -> u32 {
        self.bits
    }

    /// The classes found, each with its count, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Class, u32)> {
        Class::ALL
            .iter()
            .zip(self.counts)
            .filter(|(_, n)| *n > 0)
            .map(|(class, n)| (*class, u32::from(n)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_kept_by_class_and_merged() {
        let mut a = Found::NONE;
        assert!(a.is_empty());
        a.add(Class::Card);
        a.add(Class::Card);
        let mut b = Found::default();
        b.add(Class::Jwt);
        b.merge(&a);
        assert_eq!(b.iter().collect::<Vec<_>>(), [(Class::Card, 2), (Class::Jwt, 1)]);
        assert!(b.contains(Class::Jwt) && !a.contains(Class::Jwt));
        assert_eq!(b.bits().count_ones(), 2);
    }

    #[test]
    fn counts_do_not_wrap() {
        let mut a = Found::NONE;
        for _ in 0..70_000 {
            a.add(Class::Type);
        }
        assert_eq!(a.iter().next(), Some((Class::Type, 65_535)));
    }

    #[test]
    fn every_class_fits_the_set() {
        assert!(Class::COUNT <= 32);
        for (k, class) in Class::ALL.iter().enumerate() {
            assert_eq!(*class as usize, k);
            assert!(class.as_str().bytes().all(|b| b == b'_' || b.is_ascii_lowercase()));
        }
    }
}
