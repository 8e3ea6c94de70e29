//! Names of files in a trail directory. A name says the day of opening and nothing more: order is by header.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::clock::Day;
use crate::error::Error;
use crate::io::Disk;

/// What every name of ours begins with.
pub(crate) const PREFIX: &str = "audit-";

/// `audit-2026-11-20.jsonl`, `audit-2026-11-20.part0002.jsonl`, and what stands beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name {
    pub(crate) day: Day,
    /// From 1, which is not written.
    pub(crate) part: u32,
    pub(crate) form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Form {
    /// JSON lines.
    Plain,
    /// The same, compressed: `.gz` behind the plain name.
    Gzip,
    /// What recovery set aside: `.torn`, then `.torn2` and so on, behind the plain name.
    Torn(u32),
}

impl Name {
    pub(crate) fn plain(day: Day, part: u32) -> Name {
        Name {
            day,
            part,
            form: Form::Plain,
        }
    }

    pub(crate) fn with(self, form: Form) -> Name {
        Name { form, ..self }
    }

    /// Reads exactly what is written; every other name is somebody else's.
    pub(crate) fn parse(name: &str) -> Option<Name> {
        let rest = name.strip_prefix(PREFIX)?;
        let (day, rest) = rest.split_at_checked(10)?;
        let (stem, behind) = rest.split_once(".jsonl")?;
        let part = match stem {
            "" => 1,
            part => part.strip_prefix(".part")?.parse().ok()?,
        };
        let form = match behind {
            "" => Form::Plain,
            ".gz" => Form::Gzip,
            ".torn" => Form::Torn(1),
            torn => Form::Torn(torn.strip_prefix(".torn")?.parse().ok()?),
        };
        let parsed = Name {
            day: Day::parse(day)?,
            part,
            form,
        };
        // Leading zeros, signs and part0001 are caught by writing it again.
        (part != 0 && form != Form::Torn(0) && parsed.to_string() == name).then_some(parsed)
    }

    pub(crate) fn path(&self, dir: &Path) -> PathBuf {
        dir.join(self.to_string())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.day)?;
        if self.part != 1 {
            write!(f, ".part{:04}", self.part)?;
        }
        f.write_str(".jsonl")?;
        match self.form {
            Form::Plain => Ok(()),
            Form::Gzip => f.write_str(".gz"),
            Form::Torn(1) => f.write_str(".torn"),
            Form::Torn(n) => write!(f, ".torn{n}"),
        }
    }
}

/// What begins as a name of ours, in no order.
pub(crate) fn all(disk: &dyn Disk, dir: &Path) -> Result<Vec<String>, Error> {
    disk.list(dir, PREFIX).map_err(|error| {
        let denied = error.kind() == io::ErrorKind::PermissionDenied;
        let error = Error::io("list the trail directory", dir, error);
        match denied {
            true => error.remedy("run it as the user that writes the trail, or as root"),
            false => error,
        }
    })
}

/// Every name of ours in the directory, sorted by day and part.
pub(crate) fn list(disk: &dyn Disk, dir: &Path) -> Result<Vec<Name>, Error> {
    let names = all(disk, dir)?;
    let mut names: Vec<Name> = names.iter().filter_map(|name| Name::parse(name)).collect();
    names.sort_unstable();
    Ok(names)
}

/// The last part of each day that was given. A file that somebody moved away is in no listing, and whoever moves it back must
/// find its name free.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given(BTreeMap<Day, u32>);

impl Given {
    pub(crate) fn note(&mut self, name: Name) {
        let last = self.0.entry(name.day).or_default();
        *last = name.part.max(*last);
    }
}

/// The first part of a day behind every part there is, whatever its form, and every one that was given: one look at a listing,
/// however many.
pub(crate) fn next_part(names: &[Name], given: &Given, day: Day) -> u32 {
    let there = names.iter().filter(|name| name.day == day).map(|name| name.part);
    let last = there.chain(given.0.get(&day).copied()).max();
    last.map_or(1, |last| last.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_written_form_of_a_name_is_ours() {
        for name in [
            "audit-2026-11-20.jsonl",
            "audit-2026-11-20.part0002.jsonl",
            "audit-2026-11-20.part10000.jsonl",
            "audit-2026-11-20.jsonl.gz",
            "audit-2026-11-20.part0002.jsonl.torn",
            "audit-2026-11-20.part0002.jsonl.torn2",
        ] {
            assert_eq!(Name::parse(name).map(|name| name.to_string()).as_deref(), Some(name));
        }
        for foreign in [
            "audit-2026-11-20.part0001.jsonl",
            "audit-2026-11-20.part0000.jsonl",
            "audit-2026-11-20.part2.jsonl",
            "audit-2026-11-20.part00002.jsonl",
            "audit-2026-11-20.part+002.jsonl",
            "audit-2026-02-30.jsonl",
            "audit-2026-11-20.json",
            "audit-2026-11-20.jsonl.zst",
            "audit-2026-11-20.jsonl.torn0",
            "audit-2026-11-20.jsonl.torn1",
            "audit-2026-11-20.jsonl.torn.tmp",
            "audit-2026-11-20.jsonl.jsonl",
            "audit-2026-11-20.part99999999999.jsonl",
            "audit-2026-1é-20.jsonl",
            "Audit-2026-11-20.jsonl",
            ".lock",
        ] {
            assert_eq!(Name::parse(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_part_is_never_used_twice_while_anything_of_it_is_left() {
        let day = Day::parse("2026-11-20").unwrap();
        let other = Name::plain(Day(day.0 + 1), 9);
        let none = Given::default();
        assert_eq!(next_part(&[other], &none, day), 1);
        assert_eq!(next_part(&[Name::plain(day, 1), other], &none, day), 2);
        for form in [Form::Torn(1), Form::Gzip] {
            let more = Name::plain(day, 10_000).with(form);
            assert_eq!(next_part(&[Name::plain(day, 3), more], &none, day), 10_001);
        }
        // Nor while the run goes on that gave it.
        let mut given = none;
        for name in [Name::plain(day, 6), Name::plain(day, 2), other] {
            given.note(name);
        }
        assert_eq!(next_part(&[Name::plain(day, 3)], &given, day), 7);
        assert_eq!(next_part(&[Name::plain(day, 9)], &given, day), 10);
        assert_eq!(next_part(&[], &given, other.day), 10);
    }

    proptest! {
        #[test]
        fn any_text_is_a_name_of_ours_or_nobodys(text in "audit-.{0,40}") {
            if let Some(name) = Name::parse(&text) {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
