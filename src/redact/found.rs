//! What was redacted, by class.

use super::Class;

/// How many secrets of each class were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    bits: u32,
    counts: [u16; Class::COUNT],
}

impl Found {
    /// Notes one more of `class`.
    #[inline]
    pub(crate) fn add(&mut self, class: Class) {
        self.bits |= class.bit();
        if let Some(count) = self.counts.get_mut(class as usize) {
            *count = count.saturating_add(1);
        }
    }

    /// The set of classes, one bit each in the order of [`Class::ALL`].
    pub(crate) const fn bits(&self) -> u32 {
        self.bits
    }

    #[cfg(test)]
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
    fn counts_are_kept_by_class() {
        let mut found = Found::default();
        found.add(Class::Jwt);
        found.add(Class::Card);
        found.add(Class::Card);
        let mut counts: Vec<_> = found.iter().collect();
        counts.sort();
        assert_eq!(counts.len(), 2);
        assert!(counts.contains(&(Class::Card, 2)) && counts.contains(&(Class::Jwt, 1)));
        assert_eq!(found.bits().count_ones(), 2);
    }

    #[test]
    fn counts_do_not_wrap() {
        let mut a = Found::default();
        for _ in 0..70_000 {
            a.add(Class::Type);
        }
        assert_eq!(a.iter().next(), Some((Class::Type, 65_535)));
    }

    #[test]
    fn every_class_fits_the_set() {
        const { assert!(Class::COUNT <= 32) };
        for (k, class) in Class::ALL.iter().enumerate() {
            assert_eq!(*class as usize, k);
            assert!(class.as_str().bytes().all(|b| b == b'_' || b.is_ascii_lowercase()));
        }
    }
}
