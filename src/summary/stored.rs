//! A day's summary as a file: `audit-<day>.summary.json`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::layout::Place;
use crate::base64url;
use crate::clock::Day;
use crate::error::Error;
use crate::io::{Disk, read_all, replace};
use crate::stats::{Loaded, Stats};
use crate::store::TrailId;
use crate::store::cache::{SUFFIX, Span, path};
use crate::store::names::{self, PREFIX};

/// A longer summary is not read, and not written: bytes, so that one that somebody put there cannot fill the memory.
const LONGEST: usize = 16 << 20;

/// What stands in the file.
#[derive(Debug, Deserialize)]
struct Stored<'a> {
    /// Version of this form: 1.
    tracing_audit_summary: u64,
    trail: String,
    #[serde(borrow)]
    files: Vec<Entry<Loaded<'a>>>,
}

/// What was counted in a closed file, and of which state of it that is true.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry<S> {
    name: String,
    file: u64,
    /// Length on the disk.
    bytes: u64,
    last_seq: u64,
    /// Of the last live record.
    last_tag: String,
    /// In which the file ends; `null` for a compressed one.
    end_tag: Option<String>,
    /// By the day of the records, not of the file: around midnight the two differ.
    pub(super) days: BTreeMap<String, S>,
}

impl Entry<Stats> {
    /// `None` for a file that has no place in a summary.
    pub(super) fn new(place: &Place, disk: &dyn Disk, dir: &Path, days: BTreeMap<Day, Stats>) -> Option<Entry<Stats>> {
        let closed = place.closed?;
        Some(Entry {
            name: place.name.to_string(),
            file: place.number,
            bytes: place.len,
            last_seq: closed.last,
            last_tag: base64url::text(&closed.tag),
            end_tag: place.ending(disk, dir),
            days: days.into_iter().map(|(day, stats)| (day.to_string(), stats)).collect(),
        })
    }

    /// As it stands in a summary.
    pub(super) fn text(&self) -> String {
        // Strings and numbers only: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Entry<Loaded<'_>> {
    /// As it would be made.
    pub(super) fn whole(self) -> Entry<Stats> {
        let whole = |(day, loaded)| {
            let mut stats = Stats::new();
            stats.load(loaded);
            (day, stats)
        };
        Entry {
            name: self.name,
            file: self.file,
            bytes: self.bytes,
            last_seq: self.last_seq,
            last_tag: self.last_tag,
            end_tag: self.end_tag,
            days: self.days.into_iter().map(whole).collect(),
        }
    }

    /// Whether it speaks of this file as it is.
    pub(super) fn fits(&self, place: &Place, disk: &dyn Disk, dir: &Path) -> bool {
        place.closed.is_some_and(|closed| {
            self.file == place.number
                && self.bytes == place.len
                && self.last_seq == closed.last
                && self.name == place.name.to_string()
                && self.last_tag == base64url::text(&closed.tag)
                && self.days.keys().all(|day| Day::parse(day).is_some())
                && self.end_tag == place.ending(disk, dir)
        })
    }
}

/// Gives `take` the entries that stand there for a day of this trail, and how many those are: none where there is no summary, or
/// one that cannot be read. It is a cache.
pub(super) fn read(
    disk: &dyn Disk,
    dir: &Path,
    day: Day,
    trail: TrailId,
    take: impl FnMut(Entry<Loaded<'_>>),
) -> usize {
    let bytes = disk
        .open_read(&path(dir, day))
        .and_then(|file| read_all(&*file, LONGEST));
    let text = bytes
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    match serde_json::from_str::<Stored<'_>>(&text) {
        Ok(stored) if stored.tracing_audit_summary == 1 && stored.trail == trail.to_string() => {
            let count = stored.files.len();
            stored.files.into_iter().for_each(take);
            count
        }
        _ => 0,
    }
}

/// A day's summary while it is put together.
#[derive(Debug)]
pub(super) struct Page(String);

impl Page {
    pub(super) fn new(trail: TrailId) -> Page {
        Page(format!(
            "{{\"tracing_audit_summary\":1,\"trail\":\"{trail}\",\"files\":["
        ))
    }

    /// Adds the text of an entry; `false` if it does not fit any more.
    pub(super) fn push(&mut self, entry: &str) -> bool {
        let fits = self.0.len() + entry.len() + 8 <= LONGEST;
        if fits {
            if !self.0.ends_with('[') {
                self.0.push(',');
            }
            self.0.push_str(entry);
        }
        fits
    }

    /// Puts it there, in one step.
    pub(super) fn write(mut self, disk: &dyn Disk, dir: &Path, day: Day) -> Result<(), Error> {
        self.0.push_str("]}\n");
        let path = path(dir, day);
        replace(disk, &path, self.0.as_bytes()).map_err(|error| {
            Error::io("write a summary", &path, error)
                .remedy("make the directory writable for the user that runs this program, and free space on its disk")
        })
    }
}

/// The days that have a summary.
pub(super) fn list(disk: &dyn Disk, dir: &Path) -> Result<Vec<Day>, Error> {
    let day = |name: &String| Day::parse(name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?);
    Ok(names::all(disk, dir)?.iter().filter_map(day).collect())
}

/// The spans that were added up.
pub(super) fn spans(disk: &dyn Disk, dir: &Path) -> Result<Vec<Span>, Error> {
    Ok(names::all(disk, dir)?
        .iter()
        .filter_map(|name| Span::named(name))
        .collect())
}
