//! Retention: which files are old enough to go, and how they go.

use std::io;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::branch::{self, Branch, LiveFile, Why};
use super::cache;
use super::calendar::Calendar;
use super::header::{KeptFrom, TrailId};
use super::hold::Holds;
use super::lines::{self, Lines, Piece};
use super::names::{Form, Name};
use super::{Home, Point};
use crate::chain::Head;
use crate::clock::Micros;
use crate::error::Error;
use crate::io::Disk;

/// Files in one `AUDIT_PRUNE`, so that it stays a line.
const BATCH: usize = 64;

/// A file begun this much before a record of an earlier one was begun by another clock.
const SET_BACK: Duration = Duration::from_secs(3_600);

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
    /// The day of the trail's life that they were closed in, where they go for their age.
    day: Option<u64>,
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
/// The newest file never goes, and none under legal hold: files around it do. Ask at every rotation and once an hour.
///
/// # Errors
/// A compressed file, which this build cannot read: what is older than it cannot go before it.
pub(crate) fn due(
    disk: &dyn Disk,
    home: &Home,
    trail: TrailId,
    keep: &Keep,
    calendar: &Calendar,
    holds: &Holds,
) -> Result<Option<Prune>, Error> {
    if keep == &Keep::default() || holds.trail {
        return Ok(None);
    }
    let branch = branch::walk(disk, home, Some(trail))?;
    let mut bytes = total(disk, home, &branch);
    let mut goes = Vec::new();
    let (mut newest, mut day, mut by_age) = (None, None, true);
    let closed = branch.live.split_last().map_or(&[][..], |(_, closed)| closed);
    let free = closed.iter().enumerate().filter(|(_, live)| !holds.has(live.number()));
    for (at, live) in free.take(BATCH) {
        let age = calendar.age(branch.live.get(at + 1..).unwrap_or_default());
        let limit = keep.days.map(|days| Duration::from_secs(u64::from(days) * 86_400));
        let aged = age.zip(limit).filter(|((age, _), limit)| age >= limit);
        let aged = aged.map(|((_, closed), _)| closed);
        let aged = aged.filter(|closed| day.is_none_or(|day| day == *closed) && calendar.allows(*closed));
        let left = (branch.live.len() - goes.len()) as u64;
        let evicted =
            keep.files.is_some_and(|files| left > files.max(1)) || keep.bytes.is_some_and(|most| bytes > most);
        if aged.is_none() && !evicted {
            break;
        }
        by_age &= aged.is_some();
        day = day.or(aged);
        bytes = bytes.saturating_sub(live.len);
        newest = newest.max(last_time(disk, live)?.filter(|time| *time <= calendar.wall()));
        goes.push(at);
    }
    let by_age = keep.days.filter(|_| by_age);
    Ok(plan(
        &branch,
        &goes,
        holds,
        day.filter(|_| by_age.is_some()),
        newest,
        by_age,
    ))
}

/// `goes` are places on the branch.
fn plan(
    branch: &Branch,
    goes: &[usize],
    holds: &Holds,
    day: Option<u64>,
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
        day,
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
    if let Some(day) = prune.day {
        calendar.pruned(day);
    }
    let branch = branch::survey(disk, home, Some(trail), None)?;
    // What has no header goes when it was last written to before the newest record that goes; unless the clock was set back
    // behind that record, for then it says nothing.
    let stay = branch.live.iter().filter(|file| file.number() >= prune.kept_from.file);
    let back = |newest: &Micros| stay.clone().any(|file| newest.since(file.header.opened) > SET_BACK);
    let leftovers = prune
        .newest
        .filter(|newest| prune.policy_days.is_some() && !back(newest));
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
        // First, so that what is left after a crash is found with the file.
        cache::remove(disk, &home.dir, name.day)?;
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
    use crate::clock::{Boot, Elapsed};
    use crate::io::mem::MemDisk;
    use crate::store::Opening;
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
        elapsed: Elapsed,
        /// When each file was last written to, in truth.
        written: BTreeMap<u64, Micros>,
        /// True ages of the files that went, in hours.
        ages: Vec<i64>,
        /// Days whose files went.
        days: BTreeSet<u64>,
        steps: Vec<Step>,
    }

    impl World {
        fn new(keep: Keep) -> World {
            let disk = MemDisk::new();
            let writer = Writer::start(&disk, noon()).unwrap();
            let elapsed = Elapsed {
                monotonic: Duration::ZERO,
                boot: Some(Boot {
                    id: 1,
                    up: Duration::from_secs(1_000),
                }),
            };
            let (calendar, step) = Calendar::start(&writer.opened.state, noon(), elapsed);
            assert_eq!(step, None);
            World {
                writer: Some(writer),
                disk,
                calendar,
                keep,
                truth: noon(),
                offset: 0,
                elapsed,
                written: BTreeMap::new(),
                ages: Vec::new(),
                days: BTreeSet::new(),
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
                self.pass(4);
                self.elapsed.monotonic += Duration::from_secs(4 * 3600);
                self.work();
            }
        }

        /// Time in which the machine is on.
        fn pass(&mut self, hours: i64) {
            self.truth = Micros(self.truth.0 + hours * HOUR);
            if let Some(boot) = &mut self.elapsed.boot {
                boot.up += Duration::from_secs(hours as u64 * 3600);
            }
        }

        /// One record, a new file if it is another day, and what retention wants.
        fn work(&mut self) {
            let wall = self.wall();
            self.steps.extend(self.calendar.tick(wall, self.elapsed));
            let mut writer = self.writer.take().unwrap();
            self.disk.set_now(wall);
            writer.now = wall;
            if wall.day() != writer.segment.day() {
                writer.sync().unwrap();
                writer.header.measured = Some(self.calendar.measured(self.elapsed));
                writer.rotate(wall).unwrap();
            }
            writer.record("x").unwrap();
            writer.sync().unwrap();
            self.written.insert(writer.header.file, self.truth);
            let (disk, home, trail) = (writer.disk.clone(), writer.home.clone(), writer.opened.trail);
            while let Some(due) = due(&disk, &home, trail, &self.keep, &self.calendar, &Holds::default()).unwrap() {
                writer.own("PRUNE", &Value::Object(due.metadata()).to_string()).unwrap();
                writer.sync().unwrap();
                prune(&disk, &home, trail, &mut self.calendar, &due, &Holds::default()).unwrap();
                writer.header.kept_from = Some(due.kept_from);
                self.days.extend(due.day);
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
            self.end(true);
            self.pass(hours);
            self.begin(offset);
        }

        /// The same, and the machine is off meanwhile.
        fn reboot(&mut self, hours: i64, offset: i64) {
            self.end(true);
            self.truth = Micros(self.truth.0 + hours * HOUR);
            if let Some(boot) = &mut self.elapsed.boot {
                (boot.id, boot.up) = (boot.id + 1, Duration::from_secs(20));
            }
            self.begin(offset);
        }

        fn end(&mut self, clean: bool) {
            let mut writer = self.writer.take().unwrap();
            self.disk = match clean {
                true => {
                    self.calendar.remember(&mut writer.opened.state);
                    writer.stop().unwrap()
                }
                false => writer.kill(),
            };
        }

        fn begin(&mut self, offset: i64) {
            self.elapsed.monotonic = Duration::from_secs(7);
            self.offset = offset * HOUR;
            let wanted = Opening {
                boot: self.elapsed.boot,
                ..opening(self.wall())
            };
            let writer = Writer::start_with(&self.disk, &wanted).unwrap();
            let (calendar, step) = Calendar::start(&writer.opened.state, wanted.now, self.elapsed);
            self.calendar = calendar;
            self.steps.extend(step);
            self.writer = Some(writer);
            self.work();
        }

        /// How old the oldest file is, in hours.
        fn oldest(&self) -> i64 {
            let oldest = self.written.values().min();
            oldest.map_or(0, |oldest| (self.truth.0 - oldest.0) / HOUR)
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
    /// Behind that age everything is gone where the clocks measured it: the rest of the day that a file was begun on, and a
    /// day that the files of the day before may have to themselves.
    const GRACE: i64 = POLICY + 52;
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
    fn no_start_by_a_clock_that_was_set_ahead_takes_anything_young() {
        for ahead in [24, POLICY, POLICY + 48, FAR] {
            for reboots in [false, true] {
                let mut world = World::with_days();
                world.hours(36);
                let restart = |world: &mut World, offset| match reboots {
                    true => world.reboot(0, offset),
                    false => world.restart(0, offset),
                };
                // The second start there confirms nothing, nor does the twentieth, nor one that goes on ahead of all before.
                for round in 1..20 {
                    restart(&mut world, ahead);
                    restart(&mut world, ahead * round);
                }
                assert_eq!(world.ages, Vec::<i64>::new(), "{ahead} h, {reboots}");
                // Nor does a day in which it goes on as a clock should.
                restart(&mut world, ahead);
                world.hours(28);
                assert_eq!(world.ages, Vec::<i64>::new(), "{ahead} h, {reboots}");
                restart(&mut world, 0);
                world.hours(10 * 24);
                assert!(world.youngest_that_went() >= POLICY, "{:?}", world.ages);
                assert!(world.oldest() < GRACE, "{} h", world.oldest());
                assert!(world.verdict().tampered.is_empty());
            }
        }
    }

    #[test]
    fn a_service_that_was_down_for_long_goes_on_where_it_was() {
        let mut world = World::with_days();
        world.hours(6 * 24);
        // The machine was on: the files have aged, and go a day at a time.
        world.restart(14 * 24, 0);
        world.hours(5 * 24);
        assert!(world.oldest() < GRACE, "{} h", world.oldest());
        // It was off: nobody measured that, and they stay that much longer.
        let gone = world.ages.len();
        world.reboot(14 * 24, 0);
        world.hours(POLICY - 24);
        assert!(world.ages.len() <= gone + 4, "{:?}", world.ages);
        world.hours(72);
        assert!(world.oldest() < GRACE, "{} h", world.oldest());
        assert!(world.youngest_that_went() >= POLICY, "{:?}", world.ages);
        assert!(world.verdict().tampered.is_empty());
    }

    #[test]
    fn a_service_that_restarts_every_hour_of_a_year_keeps_what_it_should_and_no_more() {
        for known in [true, false] {
            let mut world = World::with_days();
            if !known {
                world.elapsed.boot = None;
            }
            for hour in 0..40 * 6 {
                world.hours(4);
                match hour % 50 {
                    49 => world.reboot(0, 0),
                    _ => world.restart(0, 0),
                }
                assert!(world.oldest() < GRACE, "{known}: {} h", world.oldest());
            }
            assert!(world.youngest_that_went() >= POLICY, "{:?}", world.ages);
            assert!(world.verdict().tampered.is_empty());
        }
    }

    #[test]
    fn a_state_of_another_build_or_none_makes_nothing_old() {
        let mut world = World::with_days();
        world.hours(36);
        // As an earlier build left it: neither headers nor state say what was measured.
        let mut state = world.writer.take().unwrap();
        state.opened.state.measured = None;
        state.opened.state.pruned = Some(Micros(noon().0 - 30 * 24 * HOUR));
        world.disk = state.stop().unwrap();
        world.begin(FAR);
        world.hours(24);
        assert_eq!(world.ages, Vec::<i64>::new());
        world.end(false);
        world.disk.remove("/logs.keys/state");
        world.begin(FAR);
        world.hours(8);
        assert_eq!(world.ages, Vec::<i64>::new());
        world.clock(0);
        world.hours(8 * 24);
        assert!(world.youngest_that_went() >= POLICY, "{:?}", world.ages);
        assert!(world.oldest() < GRACE, "{} h", world.oldest());
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
        let ask = |trail: bool, held: &[u64]| {
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
                &world.calendar,
                &holds,
            )
            .unwrap()
        };
        let files = |prune: Option<Prune>| prune.map(|prune| prune.files.iter().map(|(file, _)| *file).collect());
        let files_of = |held: &[u64]| files(ask(false, held)).unwrap_or_default();
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
            &world.calendar,
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
        Reboot(i64, i64),
        /// Killed, and started anew after some hours.
        Kill(i64, i64),
        /// So many starts within a second, each further off than the last.
        Flutter(i64, i64),
        /// The state file is lost.
        Lost(i64),
        /// It is kept, or the one that was kept comes back.
        Keep,
        Back(i64),
        /// From now on nobody knows when the machine was started, or somebody does.
        Boots(bool),
    }

    impl World {
        fn event(&mut self, event: Event, kept: &mut Option<Vec<u8>>) {
            const STATE: &str = "/logs.keys/state";
            match event {
                Event::Hours(hours) => self.hours(hours),
                Event::Clock(offset) => self.clock(offset),
                Event::Restart(hours, offset) => self.restart(hours, offset),
                Event::Reboot(hours, offset) => self.reboot(hours, offset),
                Event::Kill(hours, offset) => {
                    self.end(false);
                    self.pass(hours);
                    self.begin(offset);
                }
                Event::Flutter(starts, offset) => {
                    for start in 1..=starts {
                        self.reboot(0, offset * start);
                    }
                }
                Event::Lost(offset) => {
                    self.end(true);
                    self.disk.remove(STATE);
                    self.begin(offset);
                }
                Event::Keep => *kept = self.disk.get(STATE),
                Event::Back(offset) => {
                    self.end(false);
                    if let Some(kept) = kept {
                        self.disk.put(STATE, kept);
                    }
                    self.begin(offset);
                }
                Event::Boots(known) => {
                    let up = Duration::from_secs(5_000);
                    self.elapsed.boot = known
                        .then_some(Boot { id: 77, up })
                        .filter(|_| self.elapsed.boot.is_none());
                }
            }
        }
    }

    fn offset() -> impl Strategy<Value = i64> {
        prop_oneof![3 => Just(0), 2 => -300_i64..300, 1 => Just(FAR), 1 => Just(-56 * 365 * 24)]
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            8 => (1_i64..20).prop_map(|steps| Event::Hours(steps * 4)),
            4 => offset().prop_map(Event::Clock),
            4 => (0_i64..100, offset()).prop_map(|(hours, offset)| Event::Restart(hours, offset)),
            2 => (0_i64..100, offset()).prop_map(|(hours, offset)| Event::Reboot(hours, offset)),
            2 => (0_i64..20, offset()).prop_map(|(hours, offset)| Event::Kill(hours, offset)),
            1 => (2_i64..8, 0_i64..40).prop_map(|(starts, offset)| Event::Flutter(starts, offset)),
            1 => offset().prop_map(Event::Lost),
            1 => Just(Event::Keep),
            1 => offset().prop_map(Event::Back),
            1 => any::<bool>().prop_map(Event::Boots),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

        /// Ages are true ones here, whatever clocks said, and whatever became of the state.
        #[test]
        fn no_history_of_clocks_and_starts_takes_a_young_file(events in prop::collection::vec(event(), 1..16)) {
            let mut world = World::with_days();
            let begun = world.truth;
            let mut kept = None;
            for event in events {
                world.event(event, &mut kept);
                prop_assert!(world.youngest_that_went() >= POLICY, "{:?}", world.ages);
                let passed = (world.truth.0 - begun.0) / HOUR;
                prop_assert!(world.days.len() as i64 <= 1 + passed / 24, "{:?} in {passed} h", world.days);
            }
            // And nothing is kept for ever: what is there now goes once the clocks have measured its time.
            let now = world.truth;
            world.hours(GRACE);
            let left: Vec<&Micros> = world.written.values().filter(|written| **written < now).collect();
            prop_assert!(left.is_empty(), "{left:?} at {now}");
            prop_assert!(world.youngest_that_went() >= POLICY, "{:?}", world.ages);
        }

        /// With a clock that is right, on a machine that stays on.
        #[test]
        fn an_honest_clock_keeps_files_for_their_time_and_hardly_longer(
            runs in prop::collection::vec((0_i64..12, 0_i64..60, any::<bool>()), 1..12),
        ) {
            let mut world = World::with_days();
            let mut down = 0;
            for (steps, hours, clean) in runs {
                world.hours(steps * 4);
                // While nothing runs nothing goes, and behind that days go after each other.
                prop_assert!(world.oldest() < GRACE + down, "{} h, {} h down", world.oldest(), down);
                world.end(clean);
                world.pass(hours);
                world.begin(0);
                down += hours;
            }
            prop_assert!(world.youngest_that_went() >= POLICY, "{:?}", world.ages);
            world.hours(GRACE + down);
            prop_assert!(world.oldest() < GRACE, "{} h", world.oldest());
            let verdict = world.verdict();
            prop_assert!(verdict.tampered.is_empty(), "{:?}", verdict.tampered);
        }
    }
}
