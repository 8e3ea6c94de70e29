//! Retention: which files are old enough to go, and how they go.

use std::io;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::branch::{self, Branch, LiveFile, Why};
use super::calendar::Calendar;
use super::header::{KeptFrom, TrailId};
use super::hold::Holds;
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
/// The newest file never goes, and none under legal hold: files around it do. Ask at every rotation and once an hour: a file
/// that this run closed is as old as the first question that saw it closed.
///
/// # Errors
/// A compressed file, which this build cannot read: what is older than it cannot go before it.
pub(crate) fn due(
    disk: &dyn Disk,
    home: &Home,
    trail: TrailId,
    keep: &Keep,
    calendar: &mut Calendar,
    holds: &Holds,
) -> Result<Option<Prune>, Error> {
    if keep == &Keep::default() || holds.trail {
        return Ok(None);
    }
    let branch = branch::walk(disk, home, Some(trail))?;
    calendar.notice(&branch);
    let old = Old::new(&branch, calendar.wall());
    let mut bytes = total(disk, home, &branch);
    let mut goes = Vec::new();
    let (mut newest, mut day, mut by_age) = (None, None, true);
    let closed = branch.live.split_last().map_or(&[][..], |(_, closed)| closed);
    let free = closed.iter().enumerate().filter(|(_, live)| !holds.has(live.number()));
    for (at, live) in free.take(BATCH) {
        let record = last_time(disk, live)?.filter(|time| *time <= calendar.wall());
        let closed_at = old.closed(at);
        let age = closed_at.map(|closed| closed.max(record.unwrap_or(Micros::MIN)));
        let aged = keep
            .days
            .is_some_and(|days| calendar.is_older(live.number(), age, Duration::from_secs(u64::from(days) * 86_400)));
        let its_day = age.unwrap_or(live.header.opened).day();
        let aged = aged && day.is_none_or(|day| day == its_day) && calendar.allows(its_day);
        let left = (branch.live.len() - goes.len()) as u64;
        let evicted =
            keep.files.is_some_and(|files| left > files.max(1)) || keep.bytes.is_some_and(|most| bytes > most);
        if !aged && !evicted {
            break;
        }
        by_age &= aged;
        day = day.or(Some(its_day));
        bytes = bytes.saturating_sub(live.len);
        newest = newest.max(record);
        goes.push(at);
    }
    Ok(plan(&branch, &goes, holds, day, newest, keep.days.filter(|_| by_age)))
}

/// `goes` are places on the branch.
fn plan(
    branch: &Branch,
    goes: &[usize],
    holds: &Holds,
    day: Option<Day>,
    newest: Option<Micros>,
    policy_days: Option<u32>,
) -> Option<Prune> {
    let (first, last) = (branch.live.get(*goes.first()?)?, branch.live.get(goes.last()? + 1)?);
    let mut stays = branch.live.get(goes.last()? + 1..)?.iter();
    let kept = stays.find(|file| !holds.has(file.number()))?;
    let ends = goes
        .iter()
        .filter_map(|at| branch.live.get(*at).zip(branch.live.get(at + 1)));
    let mut files: Vec<(u64, Option<Head>)> = ends
        .map(|(file, next)| (file.number(), Some(next.header.prev.head)))
        .collect();
    files.extend(branch.strays.iter().filter_map(|stray| match stray.why {
        Why::Superseded(number) if number < kept.number() && !holds.has(number) => Some((number, None)),
        _ => None,
    }));
    files.sort_unstable_by_key(|(number, _)| *number);
    Some(Prune {
        files,
        first_seq: first.header.prev.seq + 1,
        last_seq: last.header.prev.seq,
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
    holds: &Holds,
) -> Result<u64, Error> {
    calendar.pruned(prune.day);
    let branch = branch::survey(disk, home, Some(trail), None)?;
    // What has no header goes when it was last written to before the newest record that goes.
    let leftovers = prune.newest.filter(|_| prune.policy_days.is_some());
    sweep(disk, home, &branch, &prune.kept_from, holds, leftovers)
}

/// Removes the files before `kept` that nothing holds, oldest first, with their torn and compressed forms; and, of what has no
/// header, what was last written before `leftovers`.
pub(super) fn sweep(
    disk: &dyn Disk,
    home: &Home,
    branch: &Branch,
    kept: &KeptFrom,
    holds: &Holds,
    leftovers: Option<Micros>,
) -> Result<u64, Error> {
    let Some((oldest, _)) = branch.find(kept.file).filter(|(file, _)| file.header.prev == kept.prev) else {
        // Without the file that must stay, nothing may go.
        return Ok(0);
    };
    if holds.trail {
        return Ok(0);
    }
    let live = branch.live.iter().map(|file| (file.number(), file.name));
    let superseded = branch.strays.iter().filter_map(|stray| match stray.why {
        Why::Superseded(number) => Some((number, stray.name)),
        _ => None,
    });
    let (held, mut goes): (Vec<_>, Vec<(u64, Name)>) = live
        .chain(superseded)
        .filter(|(number, _)| *number < kept.file)
        .partition(|(number, _)| holds.has(*number));
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
        let live = |name: Name| branch.live.iter().any(|file| file.name == name.with(Form::Plain));
        let known = |name: Name| live(name) || held.iter().any(|(_, held)| *held == name.with(Form::Plain));
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
                .is_ok_and(|stat| stat.modified <= before)
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

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::io::mem::MemDisk;
    use crate::store::calendar::Step;
    use crate::store::header::Held;
    use crate::store::sample::*;

    const HOUR: i64 = 3_600_000_000;
    const DAYS: u32 = 3;

    /// A service over months, its true time, and what its clock says.
    struct World {
        writer: Option<Writer>,
        disk: MemDisk,
        calendar: Calendar,
        keep: Keep,
        truth: Micros,
        /// What the wall clock says beyond the truth.
        offset: i64,
        monotonic: Duration,
        /// When each file was last written to, in truth.
        written: BTreeMap<u64, Micros>,
        /// True ages of the files that went, in hours.
        ages: Vec<i64>,
        /// Days whose files went, in this run and in all.
        days: BTreeSet<Day>,
        all_days: usize,
        run_hours: i64,
        steps: Vec<Step>,
    }

    impl World {
        fn new(keep: Keep) -> World {
            let disk = MemDisk::new();
            let writer = Writer::start(&disk, noon()).unwrap();
            let (calendar, step) = Calendar::start(&writer.opened.state, noon(), Duration::ZERO);
            assert_eq!(step, None);
            World {
                writer: Some(writer),
                disk,
                calendar,
                keep,
                truth: noon(),
                offset: 0,
                monotonic: Duration::ZERO,
                written: BTreeMap::new(),
                ages: Vec::new(),
                days: BTreeSet::new(),
                all_days: 0,
                run_hours: 0,
                steps: Vec::new(),
            }
        }

        fn with_days() -> World {
            World::new(Keep {
                days: Some(DAYS),
                ..Keep::default()
            })
        }

        fn wall(&self) -> Micros {
            Micros(self.truth.0 + self.offset).clamp(Micros::MIN, Micros::MAX)
        }

        fn hours(&mut self, hours: i64) {
            for _ in 0..hours / 4 {
                self.truth = Micros(self.truth.0 + 4 * HOUR);
                self.monotonic += Duration::from_secs(4 * 3600);
                self.run_hours += 4;
                self.work();
            }
        }

        /// One record, a new file if it is another day, and what retention wants.
        fn work(&mut self) {
            let wall = self.wall();
            self.steps.extend(self.calendar.tick(wall, self.monotonic));
            let mut writer = self.writer.take().unwrap();
            self.disk.set_now(wall);
            writer.now = wall;
            if wall.day() != writer.segment.day() {
                writer.sync().unwrap();
                writer.rotate(wall).unwrap();
            }
            writer.record("x").unwrap();
            writer.sync().unwrap();
            self.written.insert(writer.header.file, self.truth);
            let (disk, home, trail) = (writer.disk.clone(), writer.home.clone(), writer.opened.trail);
            while let Some(due) = due(&disk, &home, trail, &self.keep, &mut self.calendar, &Holds::default()).unwrap() {
                writer.own("PRUNE", &Value::Object(due.metadata()).to_string()).unwrap();
                writer.sync().unwrap();
                prune(&disk, &home, trail, &mut self.calendar, &due, &Holds::default()).unwrap();
                writer.header.kept_from = Some(due.kept_from);
                self.days.insert(due.day);
                for (file, _) in &due.files {
                    let written = self.written.remove(file).unwrap_or(Micros::MIN);
                    self.ages.push((self.truth.0 - written.0) / HOUR);
                }
            }
            self.calendar.remember(&mut writer.opened.state);
            writer.mark(false).unwrap();
            self.writer = Some(writer);
        }

        /// The process ends, `hours` pass, and it starts with its clock off by `offset` hours.
        fn restart(&mut self, hours: i64, offset: i64) {
            let mut writer = self.writer.take().unwrap();
            self.calendar.remember(&mut writer.opened.state);
            self.disk = writer.stop().unwrap();
            self.truth = Micros(self.truth.0 + hours * HOUR);
            self.monotonic = Duration::from_secs(7);
            self.offset = offset * HOUR;
            self.all_days += self.days.len();
            self.days.clear();
            self.run_hours = 0;
            let wall = self.wall();
            let writer = Writer::start(&self.disk, wall).unwrap();
            let (calendar, step) = Calendar::start(&writer.opened.state, wall, self.monotonic);
            self.calendar = calendar;
            self.steps.extend(step);
            self.writer = Some(writer);
            self.work();
        }

        fn clock(&mut self, offset: i64) {
            self.offset = offset * HOUR;
        }

        fn youngest_that_went(&self) -> i64 {
            self.ages.iter().copied().min().unwrap_or(i64::MAX)
        }

        fn verdict(mut self) -> Verdict {
            judge(&self.writer.take().unwrap().stop().unwrap())
        }

        fn files(&self) -> usize {
            self.disk
                .tree()
                .keys()
                .filter(|path| path.to_str().unwrap().ends_with(".jsonl"))
                .count()
        }
    }

    const POLICY: i64 = DAYS as i64 * 24;
    /// From 2026 to 2099.
    const FAR: i64 = 73 * 365 * 24;

    #[test]
    fn files_go_when_they_are_old_enough_and_the_trail_still_verifies() {
        let mut world = World::with_days();
        world.hours(20 * 24);
        assert!(world.youngest_that_went() >= POLICY);
        assert!(world.ages.len() >= 14, "{:?}", world.ages);
        assert!(world.ages.iter().all(|age| *age < POLICY + 48), "{:?}", world.ages);
        assert!(world.files() <= DAYS as usize + 3);
        let verdict = world.verdict();
        assert!(verdict.tampered.is_empty() && verdict.clean, "{:?}", verdict.tampered);
        assert!(verdict.records.first().unwrap().0 > 50, "the oldest records are gone");
    }

    #[test]
    fn short_runs_prune_as_well_as_long_ones() {
        let mut world = World::with_days();
        for _ in 0..30 {
            world.restart(24, 0);
        }
        assert!(world.youngest_that_went() >= POLICY);
        assert!(world.files() <= DAYS as usize + 4, "{}", world.files());
        assert!(world.verdict().tampered.is_empty());
    }

    #[test]
    fn a_clock_in_2099_for_less_than_a_day_takes_nothing() {
        let mut world = World::with_days();
        world.hours(24);
        world.clock(FAR);
        world.hours(20);
        world.clock(0);
        world.hours(12);
        assert_eq!(world.ages, Vec::<i64>::new());
        assert_eq!(world.steps.len(), 2);
        // And what was written meanwhile does not stay for 73 years.
        world.hours(10 * 24);
        assert!(world.youngest_that_went() >= POLICY);
        assert!(world.files() <= DAYS as usize + 3);
        assert!(world.verdict().tampered.is_empty());
    }

    #[test]
    fn starts_in_2099_take_the_files_of_one_day_at_most() {
        let mut world = World::with_days();
        world.hours(5 * 24);
        world.restart(1, FAR);
        assert!(
            world.youngest_that_went() >= POLICY,
            "the first start there is not confirmed: {:?}",
            world.ages
        );
        for _ in 0..20 {
            world.restart(0, FAR);
        }
        let young = world.ages.iter().filter(|age| **age < POLICY).count();
        assert!(young <= 2, "{young} of {}", world.files());
        world.restart(1, 0);
        world.hours(6 * 24);
        assert!(world.verdict().tampered.is_empty());
    }

    #[test]
    fn a_clock_that_says_1970_takes_nothing_and_retention_goes_on_afterwards() {
        let mut world = World::with_days();
        world.hours(48);
        world.restart(1, -56 * 365 * 24);
        world.hours(12);
        world.restart(1, 0);
        assert_eq!(world.ages, Vec::<i64>::new());
        world.hours(10 * 24);
        assert!(world.youngest_that_went() >= POLICY, "{:?}", world.ages);
        assert!(world.files() <= DAYS as usize + 4, "{}", world.files());
        assert!(world.verdict().tampered.is_empty());
    }

    #[test]
    fn a_clock_that_jumped_ahead_and_fell_behind_keeps_files_from_being_taken_for_old() {
        // 2099, then 1970, then right: no time in any header of those hours says how old the files are.
        let mut world = World::with_days();
        world.hours(24);
        world.clock(FAR);
        world.hours(4);
        world.clock(-56 * 365 * 24);
        world.hours(4);
        world.clock(0);
        world.hours(24);
        assert_eq!(world.ages, Vec::<i64>::new());
        world.hours(8 * 24);
        assert!(world.youngest_that_went() >= POLICY, "{:?}", world.ages);
    }

    #[test]
    fn limits_on_files_and_bytes_evict_the_oldest_and_say_so() {
        let mut world = World::new(Keep {
            files: Some(4),
            ..Keep::default()
        });
        world.hours(10 * 24);
        assert_eq!(world.files(), 4);
        let mut world = World::new(Keep {
            bytes: Some(6_000),
            ..Keep::default()
        });
        world.hours(10 * 24);
        let bytes: usize = world
            .disk
            .tree()
            .iter()
            .filter(|(path, _)| path.starts_with(DIR))
            .map(|(_, data)| data.len())
            .sum();
        assert!(bytes < 9_000, "{bytes}");
        let verdict = world.verdict();
        assert!(verdict.tampered.is_empty(), "{:?}", verdict.tampered);
    }

    #[test]
    fn nothing_goes_without_a_limit_and_no_held_file() {
        let mut world = World::new(Keep::default());
        world.hours(10 * 24);
        assert_eq!(world.ages, Vec::<i64>::new());
        let writer = world.writer.take().unwrap();
        let keep = Keep {
            files: Some(2),
            ..Keep::default()
        };
        let mut ask = |trail: bool, held: &[u64]| {
            let ends = Point::GENESIS;
            let held = held.iter().map(|file| Held {
                file: *file,
                prev: ends,
                end: ends,
            });
            let holds = Holds {
                trail,
                files: held.collect(),
            };
            due(
                &writer.disk,
                &writer.home,
                writer.opened.trail,
                &keep,
                &mut world.calendar,
                &holds,
            )
            .unwrap()
        };
        let files = |prune: Option<Prune>| prune.map(|prune| prune.files.iter().map(|(file, _)| *file).collect());
        let mut files_of = |held: &[u64]| files(ask(false, held)).unwrap_or_default();
        let all: Vec<u64> = files_of(&[]);
        assert!(all.starts_with(&[1, 2, 3, 4]), "{all:?}");
        assert!(files_of(&[1, 3]).starts_with(&[2, 4]));
        assert_eq!(files(ask(true, &[])), None::<Vec<u64>>);
        let prune = ask(false, &[3]).unwrap();
        assert_eq!(prune.policy_days, None);
        assert!(!prune.files.iter().any(|(file, _)| *file == 3));
    }

    #[test]
    fn what_stands_beside_an_old_file_goes_with_it() {
        let mut world = World::with_days();
        let first = Path::new(DIR).join("audit-2026-11-20.jsonl");
        let beside = |suffix: &str| crate::io::with_suffix(&first, suffix);
        for suffix in [".torn", ".torn2", ".gz"] {
            world.disk.put(beside(suffix), b"x");
        }
        world.disk.put(
            Path::new(DIR).join("audit-2026-11-19.jsonl.torn"),
            b"an attempt that had no header",
        );
        world.disk.put(Path::new(DIR).join("audit-2026-11-19.txt"), b"mine");
        world.hours(8 * 24);
        for suffix in ["", ".torn", ".torn2", ".gz"] {
            assert_eq!(world.disk.get(beside(suffix)), None, "{suffix}");
        }
        assert_eq!(world.disk.get("/logs/audit-2026-11-19.jsonl.torn"), None);
        assert!(world.disk.get("/logs/audit-2026-11-19.txt").is_some());
    }

    #[test]
    fn a_compressed_file_stops_retention_by_name() {
        let mut world = World::with_days();
        world.disk.put("/logs/audit-2026-11-19.jsonl.gz", b"x");
        let writer = world.writer.take().unwrap();
        let keep = Keep {
            days: Some(1),
            ..Keep::default()
        };
        let error = due(
            &writer.disk,
            &writer.home,
            writer.opened.trail,
            &keep,
            &mut world.calendar,
            &Holds::default(),
        )
        .unwrap_err();
        assert!(error.to_string().contains("audit-2026-11-19.jsonl.gz"), "{error}");
    }

    /// What happens to a service and its clock.
    #[derive(Clone, Copy, Debug)]
    enum Event {
        Hours(i64),
        Clock(i64),
        Restart(i64, i64),
    }

    fn offset() -> impl Strategy<Value = i64> {
        prop_oneof![3 => Just(0), 2 => -300_i64..300, 1 => Just(FAR), 1 => Just(-56 * 365 * 24)]
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            4 => (1_i64..20).prop_map(|steps| Event::Hours(steps * 4)),
            2 => offset().prop_map(Event::Clock),
            2 => (0_i64..100, offset()).prop_map(|(hours, offset)| Event::Restart(hours, offset)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever the clock does: the files of one day for 24 hours of run time, and of one more for a start.
        #[test]
        fn no_clock_takes_more_than_a_days_files_in_a_day(events in prop::collection::vec(event(), 1..25)) {
            let mut world = World::with_days();
            for event in events {
                match event {
                    Event::Hours(hours) => world.hours(hours),
                    Event::Clock(offset) => world.clock(offset),
                    Event::Restart(hours, offset) => world.restart(hours, offset),
                }
                prop_assert!(world.days.len() as i64 <= 1 + world.run_hours / 24, "{:?} in {} h", world.days, world.run_hours);
            }
            let verdict = world.verdict();
            prop_assert!(verdict.tampered.is_empty(), "{:?}", verdict.tampered);
        }

        /// What a run closed itself is as old as the monotonic clock says, and nothing else counts.
        #[test]
        fn in_one_run_no_clock_takes_a_young_file(
            first in offset(),
            events in prop::collection::vec((1_i64..30, offset()), 1..16),
        ) {
            let mut world = World::with_days();
            world.clock(first);
            for (steps, offset) in events {
                world.hours(steps * 4);
                world.clock(offset);
            }
            prop_assert!(world.youngest_that_went() >= POLICY, "{:?}", world.ages);
        }
    }
}
