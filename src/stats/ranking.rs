use std::ops::Deref;

use super::table::{Distinct, Kept, Table, by_count};

/// Names with how often they occur: the largest first, those with the same count by name. Read it as a slice of pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Ranking<'a> {
    names: Vec<(&'a str, u64)>,
    other: u64,
    distinct: Distinct,
}

impl<'a> Ranking<'a> {
    pub(super) fn of<const N: usize>(names: [&'a str; N], counts: &[u64; N]) -> Ranking<'a> {
        let mut names: Vec<(&str, u64)> = names.into_iter().zip(*counts).filter(|(_, count)| *count > 0).collect();
        by_count(&mut names, |count| *count);
        Ranking {
            distinct: Distinct {
                count: names.len() as u64,
                exact: true,
            },
            names,
            other: 0,
        }
    }

    pub(super) fn of_table(table: &'a Table<u64>) -> Ranking<'a> {
        let kept: Kept<'a, u64> = table.kept();
        let distinct = kept.distinct();
        let mut names: Vec<(&str, u64)> = kept.names.into_iter().map(|(name, count)| (name, *count)).collect();
        by_count(&mut names, |count| *count);
        Ranking {
            names,
            other: kept.other,
            distinct,
        }
    }

    /// The first so many of them; the others are added to [`other`](Ranking::other).
    pub fn top(mut self, count: usize) -> Ranking<'a> {
        let rest = self.names.split_off(count.min(self.names.len()));
        self.other = rest
            .iter()
            .fold(self.other, |sum, (_, count)| sum.saturating_add(*count));
        self
    }

    /// How often those occur that are not listed.
    pub fn other(&self) -> u64 {
        self.other
    }

    /// How many different names there are, listed or not.
    pub fn distinct(&self) -> Distinct {
        self.distinct
    }

    /// How often this name occurs; 0 where it is not listed.
    pub fn count(&self, name: &str) -> u64 {
        let found = self.names.iter().find(|(known, _)| *known == name);
        found.map_or(0, |(_, count)| *count)
    }
}

impl<'a> Deref for Ranking<'a> {
    type Target = [(&'a str, u64)];

    fn deref(&self) -> &Self::Target {
        &self.names
    }
}

impl<'a> IntoIterator for Ranking<'a> {
    type Item = (&'a str, u64);
    type IntoIter = std::vec::IntoIter<(&'a str, u64)>;

    fn into_iter(self) -> Self::IntoIter {
        self.names.into_iter()
    }
}
