//! Where the summaries of days stand, and their end with the records that they were made of.
//!
//! A summary (`audit-<day>.summary.json`) is a cache that a reader may make, and so is what several come to
//! (`audit-<day>.rollup<days>`); but they have names of users and addresses, and what retention or erasure takes from the files
//! must not stay there.

use std::io;
use std::path::{Path, PathBuf};

use super::names::PREFIX;
use crate::clock::Day;
use crate::error::Error;
use crate::io::Disk;

pub(crate) const SUFFIX: &str = ".summary.json";

/// The path of a day's summary.
pub(crate) fn path(dir: &Path, day: Day) -> PathBuf {
    dir.join(format!("{PREFIX}{day}{SUFFIX}"))
}

/// Days that are added up together, their summaries and all: a power of two, and the first a multiple of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) first: Day,
    pub(crate) days: i32,
}

/// What stands between the first day of a span and how many those are: `audit-2026-11-16.rollup8`.
const ROLLUP: &str = ".rollup";

impl Span {
    /// The most days, and the fewest: one has a summary.
    const SIZES: [i32; 6] = [64, 32, 16, 8, 4, 2];

    /// Those that a day belongs to, the longest first.
    pub(crate) fn of(day: Day) -> impl Iterator<Item = Span> {
        Span::SIZES.into_iter().map(move |days| Span {
            first: Day(day.0.div_euclid(days) * days),
            days,
        })
    }

    pub(crate) fn last(self) -> Day {
        Day(self.first.0 + self.days - 1)
    }

    pub(crate) fn has(self, day: Day) -> bool {
        (self.first..=self.last()).contains(&day)
    }

    pub(crate) fn path(self, dir: &Path) -> PathBuf {
        dir.join(format!("{PREFIX}{}{ROLLUP}{}", self.first, self.days))
    }

    /// The span whose file has this name.
    pub(crate) fn named(name: &str) -> Option<Span> {
        let (day, days) = name.strip_prefix(PREFIX)?.split_once(ROLLUP)?;
        let day = Day::parse(day)?;
        let span = Span::of(day).find(|span| span.days.to_string() == days)?;
        (span.first == day).then_some(span)
    }
}

/// Removes a day's summary, and what it was added up in; whether there was one.
pub(crate) fn remove(disk: &dyn Disk, dir: &Path, day: Day) -> Result<bool, Error> {
    for span in Span::of(day) {
        remove_file(disk, &span.path(dir))?;
    }
    remove_file(disk, &path(dir, day))
}

/// Removes what a span was added up in.
pub(crate) fn remove_span(disk: &dyn Disk, dir: &Path, span: Span) -> Result<bool, Error> {
    remove_file(disk, &span.path(dir))
}

fn remove_file(disk: &dyn Disk, path: &Path) -> Result<bool, Error> {
    match disk.unlink(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("remove a summary", path, error)
            .remedy("make the trail directory writable for the user that runs this program")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_one_name_and_every_day_six_spans() {
        let day = Day::parse("2026-11-20").unwrap();
        let names: Vec<String> = Span::of(day)
            .map(|span| span.path(Path::new("")).to_str().unwrap().to_owned())
            .collect();
        for (name, span) in names.iter().zip(Span::of(day)) {
            assert!(span.has(day) && span.first.0 % span.days == 0);
            assert_eq!(Span::named(name), Some(span));
        }
        assert_eq!(names.len(), 6);
        for odd in [
            "audit-2026-11-20.rollup3",
            "audit-2026-11-20.rollup04",
            "audit-2026-11-20.rollup2",
            "audit-2026-11-21.rollup",
            "audit-2026-02-30.rollup2",
        ] {
            assert_eq!(Span::named(odd), None, "{odd}");
        }
        let before = Day::parse("1969-12-31").unwrap();
        assert!(Span::of(before).all(|span| span.has(before)));
    }
}
