//! Retention: which files are old enough to go, and how they go.

use std::io;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::branch::{self, Branch, LiveFile, Why};
use super::calendar::Calendar;
use super::header::{KeptFrom, TrailId};
use super::lines::{self, Lines, Piece};
use super::names::{Form, Name};
use super::{Home, Point};
use crate::chain::Head;
use crate::clock::{Day, Micros};
use crate::error::Error;
use crate::io::Disk;

/// Files in one `AUDIT_PRUNE`, so that it stays a line.
const BATCH: usize = 64;

/// What to keep. A file goes when any limit says so; without limits nothing ever goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keep {
    /// Closed at least this many days ago.
    pub(crate) days: Option<u32>,
    /// At most this many files.
    pub(crate) files: Option<u64>,
    /// At most this many bytes in the directory.
    pub(crate) bytes: Option<u64>,
}

/// Files to remove: one `AUDIT_PRUNE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prune {
    /// By number, with the head at the live end; `None` for a superseded file.
    pub(crate) files: Vec<(u64, Option<Head>)>,
    pub(crate) first_seq: u64,
    pub(crate) last_seq: u64,
    /// Where the trail begins afterwards: for `AUDIT_PRUNE` and every later header.
    pub(crate) kept_from: KeptFrom,
    /// `None` where a limit on files or bytes asked for it, and not age. A flood can do that, so it is worth a warning.
    pub(crate) policy_days: Option<u32>,
    /// The time of the newest record among them.
    pub(crate) newest: Option<Micros>,
    day: Day,
}

impl Prune {
    /// The members of the record's `metadata`.
    pub(crate) fn metadata(&self) -> Map<String, Value> {
        let (files, heads): (Vec<u64>, Vec<Option<String>>) = self
            .files
            .iter()
            .map(|(file, head)| (*file, head.map(|head| head.text())))
            .unzip();
        let Point { seq, head } = self.kept_from.prev;
        let mut members = json!({
            "files": files,
            "first_seq": self.first_seq,
            "last_seq": self.last_seq,
            "heads": heads,
            "kept_from": { "file": self.kept_from.file, "prev_seq": seq, "prev_head": head.text() },
            "policy_days": self.policy_days,
            "undelivered": {},
        });
        if let (Some(newest), Some(members)) = (self.newest, members.as_object_mut()) {
            members.insert("newest".to_owned(), newest.to_string().into());
        }
        match members {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }
}

/// What is due now, oldest first: `None` for nothing. After each prune ask again, until there is nothing.
///
/// The newest file never goes, and a file in `held` stops what is behind it. Age is that of the file's closing (when the next
/// one was opened) and that of its newest record, whichever is younger.
///
/// # Errors
/// A compressed file, which this build cannot read: what is older than it cannot go before it.
pub(crate) fn due(
    disk: &dyn Disk,
    home: &Home,
    trail: TrailId,
    keep: &Keep,
    calendar: &Calendar,
    held: &[u64],
) -> Result<Option<Prune>, Error> {
    if keep == &Keep::default() {
        return Ok(None);
    }
    let branch = branch::walk(disk, home, Some(trail))?;
    let old = Old::new(&branch, calendar.wall());
    let mut bytes = total(disk, home, &branch);
    let mut count = 0;
    let (mut newest, mut day, mut by_age) = (None, None, true);
    let closed = branch.live.split_last().map_or(&[][..], |(_, closed)| closed);
    for (at, live) in closed.iter().take(BATCH).enumerate() {
        if held.contains(&live.number()) {
            break;
        }
        let record = last_time(disk, live)?.filter(|time| *time <= calendar.wall());
        let closed_at = old.closed(at);
        let age = closed_at.map(|closed| closed.max(record.unwrap_or(Micros::MIN)));
        let aged = keep.days.is_some_and(|days| {
            let limit = Duration::from_secs(u64::from(days) * 86_400);
            age.is_some_and(|age| calendar.now().0 >= age.0 && calendar.now().since(age) >= limit)
        });
        let its_day = age.unwrap_or(live.header.opened).day();
        let aged = aged && day.is_none_or(|day| day == its_day) && calendar.allows(its_day);
        let left = (branch.live.len() - at) as u64;
        let evicted =
            keep.files.is_some_and(|files| left > files.max(1)) || keep.bytes.is_some_and(|most| bytes > most);
        if !aged && !evicted {
            break;
        }
        by_age &= aged;
        day = day.or(Some(its_day));
        bytes = bytes.saturating_sub(live.len);
        newest = newest.max(record);
        count += 1;
    }
    Ok(plan(&branch, count, day, newest, keep.days.filter(|_| by_age)))
}

fn plan(
    branch: &Branch,
    count: usize,
    day: Option<Day>,
    newest: Option<Micros>,
    policy_days: Option<u32>,
) -> Option<Prune> {
    let (goes, stays) = branch.live.split_at_checked(count)?;
    let (first, kept) = (goes.first()?, stays.first()?);
    let behind = goes.iter().skip(1).chain([kept]);
    let mut files: Vec<(u64, Option<Head>)> = goes
        .iter()
        .zip(behind)
        .map(|(file, next)| (file.number(), Some(next.header.prev.head)))
        .collect();
    files.extend(branch.strays.iter().filter_map(|stray| match stray.why {
        Why::Superseded(number) if number < kept.number() => Some((number, None)),
        _ => None,
    }));
    files.sort_unstable_by_key(|(number, _)| *number);
    Some(Prune {
        files,
        first_seq: first.header.prev.seq + 1,
        last_seq: kept.header.prev.seq,
        kept_from: KeptFrom {
            file: kept.number(),
            prev: kept.header.prev,
        },
        policy_days,
        newest,
        day: day?,
    })
}

/// Removes what a prune names, and what stands beside it; gives the bytes that are free now. Only after its `AUDIT_PRUNE`
/// was synced.
pub(crate) fn prune(
    disk: &dyn Disk,
    home: &Home,
    trail: TrailId,
    calendar: &mut Calendar,
    prune: &Prune,
) -> Result<u64, Error> {
    calendar.pruned(prune.day);
    let branch = branch::survey(disk, home, Some(trail))?;
    // What has no header goes with its time: when it is older than all that age has taken.
    let leftovers = prune
        .policy_days
        .map(|days| calendar.now().0 - i64::from(days) * 86_400_000_000);
    sweep(disk, home, &branch, &prune.kept_from, leftovers.map(Micros))
}

/// Removes the files before `kept`, oldest first, with their torn and compressed forms; and, of what has no header, what was
/// last written before `leftovers`.
pub(super) fn sweep(
    disk: &dyn Disk,
    home: &Home,
    branch: &Branch,
    kept: &KeptFrom,
    leftovers: Option<Micros>,
) -> Result<u64, Error> {
    let Some((oldest, _)) = branch.find(kept.file).filter(|(file, _)| file.header.prev == kept.prev) else {
        // Without the file that must stay, nothing may go.
        return Ok(0);
    };
    let live = branch.live.iter().map(|file| (file.number(), file.name));
    let superseded = branch.strays.iter().filter_map(|stray| match stray.why {
        Why::Superseded(number) => Some((number, stray.name)),
        _ => None,
    });
    let mut goes: Vec<(u64, Name)> = live
        .chain(superseded)
        .filter(|(number, _)| *number < kept.file)
        .collect();
    goes.sort_unstable();
    let mut freed = 0;
    let mut remove = |name: Name| -> Result<(), Error> {
        let path = name.path(&home.dir);
        let len = disk.stat(&path).map_or(0, |stat| stat.len);
        match disk.unlink(&path) {
            Ok(()) => freed += len,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Error::io("remove an old file", path, error)
                    .remedy("make the trail directory writable for the user that runs this program"));
            }
        }
        Ok(())
    };
    let beside = |plain: Name| {
        branch
            .torn
            .iter()
            .filter(move |torn| torn.with(Form::Plain) == plain)
            .copied()
    };
    let any = !goes.is_empty();
    for (_, name) in goes {
        for torn in beside(name) {
            remove(torn)?;
        }
        remove(name.with(Form::Gzip))?;
        remove(name)?;
    }
    if let Some(before) = leftovers {
        let known = |name: Name| branch.live.iter().any(|file| file.name == name.with(Form::Plain));
        let unreadable = branch
            .strays
            .iter()
            .filter(|stray| matches!(stray.why, Why::Unreadable(_)));
        let left = branch
            .torn
            .iter()
            .copied()
            .filter(|torn| !known(*torn))
            .chain(unreadable.map(|stray| stray.name));
        for name in left.filter(|name| (name.day, name.part) < (oldest.name.day, oldest.name.part)) {
            if disk
                .stat(&name.path(&home.dir))
                .is_ok_and(|stat| stat.modified < before)
            {
                remove(name)?;
            }
        }
    }
    if any {
        disk.sync_dir(&home.dir)
            .map_err(|error| Error::io("sync the trail directory", &home.dir, error))?;
    }
    Ok(freed)
}

/// When files were closed, by clocks that may have jumped.
///
/// Files follow one another in true time, whatever their headers say. An opening time counts if it is not in the future and
/// not before one that counted: a clock that had jumped ahead and came back, or fell behind, makes times that do not. A file
/// was closed at the next opening that counts.
struct Old {
    /// By position on the branch.
    closed: Vec<Option<Micros>>,
}

impl Old {
    fn new(branch: &Branch, wall: Micros) -> Old {
        let mut latest = Micros::MIN;
        let counts: Vec<Option<Micros>> = branch
            .live
            .iter()
            .map(|file| {
                let opened = file.header.opened;
                (latest <= opened && opened <= wall).then(|| latest = opened)?;
                Some(opened)
            })
            .collect();
        let mut next = None;
        let mut closed: Vec<Option<Micros>> = counts
            .iter()
            .rev()
            .map(|opened| {
                let after = next;
                next = opened.or(next);
                after
            })
            .collect();
        closed.reverse();
        Old { closed }
    }

    fn closed(&self, at: usize) -> Option<Micros> {
        self.closed.get(at).copied().flatten()
    }
}

/// The `time` of a file's last record, from its end: `None` if it has none, or nothing there can be read.
fn last_time(disk: &dyn Disk, live: &LiveFile) -> Result<Option<Micros>, Error> {
    let read = || -> io::Result<Option<Micros>> {
        let file = disk.open_read(&live.path)?;
        let mut window = 64 << 10;
        loop {
            let from = live.len.saturating_sub(window).max(live.body_at);
            let mut lines = Lines::new(&*file, from);
            let mut last = None;
            loop {
                match lines.next()? {
                    // The first one may have lost its beginning, and then has no time where a record has it.
                    Piece::Line { text, .. } => last = lines::record_time(text).or(last),
                    Piece::TooLong { .. } => {}
                    Piece::Unfinished { .. } | Piece::End => break,
                }
            }
            if last.is_some() || from == live.body_at {
                return Ok(last);
            }
            window *= 16;
        }
    };
    match read() {
        Ok(time) => Ok(time),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read a file of the trail", &live.path, error)),
    }
}

/// Bytes of all files of ours.
fn total(disk: &dyn Disk, home: &Home, branch: &Branch) -> u64 {
    let live: u64 = branch.live.iter().map(|file| file.len).sum();
    let strays: u64 = branch.strays.iter().map(|stray| stray.len).sum();
    let torn = branch
        .torn
        .iter()
        .map(|name| disk.stat(&name.path(&home.dir)).map_or(0, |stat| stat.len));
    live + strays + torn.sum::<u64>()
}
