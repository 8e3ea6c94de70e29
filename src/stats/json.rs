//! How statistics are spelled as JSON: counts of what has fixed names as objects, times as in a record.

use std::collections::BTreeMap;

use serde::de::{Deserialize as _, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::gaps::CAUSES;
use crate::event::Category;
use crate::outcome::Outcome;
use crate::severity::Severity;

macro_rules! counts {
    ($($module:ident $thing:ident;)*) => {
        $(
            pub(super) mod $module {
                use super::*;

                pub(in crate::stats) fn serialize<S: Serializer>(counts: &[u64], out: S) -> Result<S::Ok, S::Error> {
                    Counts(&$thing(), counts).serialize(out)
                }

                pub(in crate::stats) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(from: D) -> Result<[u64; N], D::Error> {
                    let stored = BTreeMap::<String, u64>::deserialize(from)?;
                    let mut counts = [0; N];
                    for (count, name) in counts.iter_mut().zip($thing()) {
                        *count = stored.get(name).copied().unwrap_or_default();
                    }
                    match stored.keys().all(|name| $thing().contains(&name.as_str())) {
                        true => Ok(counts),
                        false => Err(D::Error::custom("a name that is not known")),
                    }
                }
            }
        )*
    };
}

/// Counts under their names.
pub(super) struct Counts<'a>(pub(super) &'a [&'static str], pub(super) &'a [u64]);

impl Serialize for Counts<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(self.1.len()))?;
        for (name, count) in self.0.iter().zip(self.1) {
            map.serialize_entry(name, count)?;
        }
        map.end()
    }
}

counts! {
    categories category_names;
    severities severity_names;
    outcomes outcome_names;
    causes cause_names;
}

pub(super) fn category_names() -> [&'static str; Category::ALL.len()] {
    Category::ALL.map(Category::as_str)
}

pub(super) fn severity_names() -> [&'static str; Severity::ALL.len()] {
    Severity::ALL.map(Severity::as_str)
}

pub(super) fn outcome_names() -> [&'static str; Outcome::ALL.len()] {
    Outcome::ALL.map(Outcome::as_str)
}

fn cause_names() -> [&'static str; CAUSES.len()] {
    CAUSES
}

/// A time, or null.
pub(super) mod time {
    use super::*;
    use crate::clock::Micros;

    pub(in crate::stats) fn serialize<S: Serializer>(time: &Option<Micros>, out: S) -> Result<S::Ok, S::Error> {
        time.map(|time| time.to_string()).serialize(out)
    }

    pub(in crate::stats) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Micros>, D::Error> {
        match Option::<String>::deserialize(from)? {
            None => Ok(None),
            Some(text) => match Micros::parse(text.as_bytes()) {
                Some(time) => Ok(Some(time)),
                None => Err(D::Error::custom("not a time of a trail")),
            },
        }
    }
}
