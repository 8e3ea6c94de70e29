//! Whatever a crash leaves: the real writer on the disk in memory, any part of what no sync covered, the real recovery.
//!
//! A schedule drawn from a seed makes a trail: records, rotations, retention, checkpoints, failing calls, ends, kills, crashes.
//! The disk is copied before every call that changes it, with how far records were acknowledged then. Of each copy many
//! crashes are drawn; each is judged, started from, ended and read back. Some starts crash as well, at every call, or five
//! times in a row. Attacks that must be seen are tried between, so that a judge who sees nothing does not pass.

use std::collections::HashSet;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;

use super::planted::{Mistake, planted};
use super::*;
use crate::builder::Builder;
use crate::config::Retention;
use crate::io::mem::{Fault, Luck, Tape};
use crate::key_line::KeyLine;
use crate::reader::walk::Walk;
use crate::receipt::Progress;
use crate::store::{Cause, Header, Slip, State, sample, state};
use crate::sync::Mutex;
use crate::trust::Trust;
use crate::verify::{FaultKind, Report};
use crate::writer::stories_keyed::{Lines, headers, keyed};

/// Keeps so many of eight.
struct Odds(Dice, u64);

impl Luck for Odds {
    fn keeps(&mut self) -> bool {
        self.0.below(8) < self.1
    }
}

/// Who is tried: the trail as it is, or with a mistake that must be found.
#[derive(Clone, Copy)]
struct World {
    trust: Trust,
    mistake: Mistake,
    slip: Option<Slip>,
    /// The verifier does not mind files that are gone.
    forgives_missing_files: bool,
}

const HONEST: World = World {
    trust: Trust::Chained,
    mistake: Mistake::None,
    slip: None,
    forgives_missing_files: false,
};

impl World {
    /// `None` where there is no trail to judge yet.
    fn judge(self, disk: &MemDisk, lines: &[KeyLine]) -> Option<Verdict> {
        let report = self.report(disk, lines)?;
        let forgiven = |kind: FaultKind| self.forgives_missing_files && kind == FaultKind::MissingFile;
        match report.verdict() {
            Verdict::Tampered if report.faults().iter().all(|fault| forgiven(fault.kind())) => {
                Some(Verdict::Consistent)
            }
            Verdict::Verified => Some(Verdict::Consistent),
            verdict => Some(verdict),
        }
    }

    /// Before anybody has a key line, keyed trails are judged by their chain.
    fn report(self, disk: &MemDisk, lines: &[KeyLine]) -> Option<Report> {
        let verify = Verify::new(LOGS).threads(1).chained_only(lines.is_empty());
        let verify = lines.iter().fold(verify, |verify, line| verify.key(line.clone()));
        verify.run_on(&planted(disk, self.mistake)).ok()
    }

    fn builder(self, disk: &MemDisk, clock: &Arc<Hand>, lines: &Lines) -> Builder {
        keyed(builder(planted(disk, self.mistake), clock), self.trust, lines).slip(self.slip)
    }

    /// Starts on a disk as the next process does, and ends.
    fn start(self, disk: &MemDisk, by_the_writer: bool) -> Result<Vec<KeyLine>, Error> {
        let lines = Lines::default();
        if by_the_writer || self.mistake != Mistake::None || self.slip.is_some() || self.trust == Trust::Signed {
            let trail = self
                .builder(disk, &Hand::at_noon(), &lines)
                .wait_limit(Duration::from_secs(5))
                .build()?;
            emit_number(&trail, LATER).synced()?;
            trail.close()?;
        } else {
            sample::Writer::start_as(disk, sample::noon(), Some(self.trust))?.stop()?;
        }
        Ok(std::mem::take(&mut *lines.lock()))
    }

    /// The same on a disk that dies meanwhile; without threads, which would wait for it.
    fn try_to_start(self, disk: &MemDisk) {
        if self.mistake == Mistake::None && self.trust != Trust::Signed {
            drop(sample::Writer::start_as(disk, sample::noon(), Some(self.trust)));
        } else {
            let mut opening = sample::opening(sample::noon());
            opening.wish.trust = Some(self.trust);
            drop(crate::store::open(
                planted(disk, self.mistake),
                sample::home(),
                &opening,
            ));
        }
    }
}

/// The number of a record that a recovered trail gets.
const LATER: u64 = 1 << 40;

/// A record that can be told from all others.
fn emit_number(trail: &Trail, number: u64) -> Receipt {
    let severity = Severity::ALL[(number % 7 / 4) as usize];
    let what = What {
        time: trail.core().time.micros(),
        occurred: Some(Micros(NOON + number.cast_signed())),
        event: Name::Type(events::DATA_READ),
        category: events::DATA_READ.category(),
        severity,
        outcome: Outcome::Success,
        texts: None,
    };
    trail
        .core()
        .accept(&what, &mut Fields::new(), &[], &mut Stage::take().line, &mut {
            Brief::BLANK
        })
}

/// What a reader finds.
#[derive(Debug, Default)]
struct Back {
    /// Our records, and how often each.
    numbers: BTreeSet<u64>,
    twice: usize,
    first: u64,
    /// Behind the last number that a prune says is gone.
    kept_from: u64,
    damage: Option<String>,
}

fn read_back(disk: &MemDisk) -> Back {
    let mut back = Back::default();
    let mut walk = match Walk::begin(disk.shared(), Path::new(LOGS)) {
        Ok(walk) => walk,
        Err(error) => {
            back.damage = Some(error.to_string());
            return back;
        }
    };
    while let Some(next) = walk.next() {
        let (seq, line) = match next {
            Ok(found) => found,
            Err(error) => {
                back.damage = Some(error.to_string());
                continue;
            }
        };
        if back.first == 0 {
            back.first = seq;
        }
        let text = std::str::from_utf8(line).unwrap();
        if let Some((_, rest)) = text.split_once(",\"occurred\":\"") {
            let occurred = Micros::parse(&rest.as_bytes()[..27]).unwrap();
            let number = (occurred.0 - NOON).cast_unsigned();
            back.twice += usize::from(!back.numbers.insert(number) && number != LATER);
        } else if text.contains("\"event\":\"AUDIT_PRUNE\"") {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            back.kept_from = value["metadata"]["last_seq"].as_u64().unwrap() + 1;
        }
    }
    back
}

/// One process of a schedule: its first record, and how many of its records were acknowledged before the next began.
#[derive(Debug, Default)]
struct Run {
    first: u64,
    acknowledged: u64,
}

/// What a schedule has left.
#[derive(Debug, Default)]
struct Played {
    /// The disk before a call, with how many key lines were given in the uppermost byte, then the run, and in the lower half
    /// the records of it that were acknowledged.
    frames: Vec<(MemDisk, u64)>,
    lines: Vec<KeyLine>,
    runs: Vec<Run>,
    /// The `seq` of each acknowledged record.
    seqs: std::collections::BTreeMap<u64, u64>,
    /// The disk behind a clean end.
    last: Option<MemDisk>,
    /// Starts that did not work.
    stuck: Vec<String>,
}

impl Played {
    fn acknowledged(&self, note: u64) -> impl Iterator<Item = u64> {
        let (run, here) = ((note >> 32 & 0xff_ffff) as usize, note & 0xffff_ffff);
        let before = self.runs[..run].iter().map(|run| (run.first, run.acknowledged));
        let all = before.chain([(self.runs[run].first, here)]);
        all.flat_map(|(first, count)| first..first + count)
    }
}

/// A schedule being played.
struct Show {
    world: World,
    lines: Lines,
    retention: Retention,
    clock: Arc<Hand>,
    disk: MemDisk,
    trail: Option<Trail>,
    progress: Arc<OnceLock<Arc<Progress>>>,
    frames: Arc<std::sync::Mutex<Vec<(MemDisk, u64)>>>,
    receipts: Vec<(u64, Receipt)>,
    count: u64,
    played: Played,
}

impl Show {
    fn acknowledged(&self) -> u64 {
        self.progress.get().map_or(0, |progress| progress.synced_ticket())
    }

    /// Begins a run on the disk, with a tape of its own.
    fn begin(&mut self) -> bool {
        let run = self.played.runs.len() as u64;
        self.played.runs.push(Run {
            first: self.count,
            acknowledged: 0,
        });
        self.progress = Arc::default();
        let (progress, lines) = (Arc::clone(&self.progress), Arc::clone(&self.lines));
        self.disk.tape(Some(Tape {
            frames: Arc::clone(&self.frames),
            witness: Arc::new(move || {
                let synced = progress.get().map_or(0, |progress| progress.synced_ticket());
                (lines.lock().len() as u64) << 56 | run << 32 | synced
            }),
        }));
        // A call that is to fail may fail the first attempt.
        for _ in 0..4 {
            let built = self
                .world
                .builder(&self.disk, &self.clock, &self.lines)
                .retention(self.retention)
                .build();
            match built {
                Ok(trail) => {
                    let _ = self.progress.set(Arc::clone(&trail.core().progress));
                    self.trail = Some(trail);
                    return true;
                }
                Err(error) => self.played.stuck.push(error.to_string()),
            }
        }
        false
    }

    /// Notes how far the run came, before its trail is told to end.
    fn note_run(&mut self) {
        let acknowledged = self.acknowledged();
        if let Some(run) = self.played.runs.last_mut() {
            run.acknowledged = acknowledged;
        }
        for (number, receipt) in self.receipts.drain(..) {
            self.played.seqs.extend(receipt.seq().map(|seq| (number, seq)));
        }
    }

    fn emit(&mut self, records: u64) -> Option<Receipt> {
        let mut last = None;
        for _ in 0..records {
            let receipt = emit_number(self.trail.as_ref()?, self.count);
            receipt.accepted().unwrap();
            self.receipts.push((self.count, receipt));
            self.count += 1;
            last = Some(receipt);
        }
        last
    }

    fn step(&mut self, dice: &mut Dice) -> bool {
        let Some(trail) = self.trail.clone() else { return false };
        match dice.below(24) {
            0..9 => {
                self.emit(1 + dice.below(12));
                let _ = trail.flush();
            }
            9..14 => {
                let last = self.emit(1 + dice.below(3));
                let _ = last.map(Receipt::synced);
            }
            14..17 => {
                self.clock.pass(Duration::from_secs(86_400));
                self.emit(dice.below(3));
                let _ = trail.flush();
            }
            17 => {
                self.clock.pass(Duration::from_secs(11));
                let _ = trail.flush();
            }
            18..21 => {
                let fault = match dice.below(4) {
                    0 => Fault::Short,
                    1 => Fault::Errno(28),
                    _ => Fault::Errno(5),
                };
                self.disk.fail_as(self.disk.calls() + dice.below(8), fault);
                if dice.below(3) == 0 {
                    // A half line, and then no room for the rest: it is cut back.
                    self.disk.fail_as(self.disk.calls(), Fault::Short);
                    self.disk.fail_as(self.disk.calls() + 1, Fault::Errno(28));
                }
                self.emit(1 + dice.below(8));
                let _ = trail.flush();
                let _ = trail.sync();
            }
            21 => {
                drop(trail);
                self.end();
                return self.begin();
            }
            how => {
                self.note_run();
                let next = match how {
                    22 => self.disk.kill(),
                    _ => self.disk.crash(dice),
                };
                drop(trail);
                self.disk.tape(None);
                self.end();
                self.disk = next;
                return self.begin();
            }
        }
        true
    }

    fn end(&mut self) {
        let Some(trail) = self.trail.take() else { return };
        let taped = self.disk.is_taped();
        let ended = trail.sync().and_then(|()| {
            if taped {
                self.note_run();
            }
            trail.close()
        });
        if let Err(error) = ended {
            self.played.stuck.push(error.to_string());
        }
    }
}

fn play(world: World, seed: u64) -> Played {
    let mut dice = Dice(seed);
    let retention = match dice.below(3) {
        0 => Retention::forever(),
        1 => Retention::files(2),
        _ => Retention::days(1),
    };
    let mut stage = Show {
        world,
        lines: Lines::default(),
        retention,
        clock: Hand::at_noon(),
        disk: MemDisk::new(),
        trail: None,
        progress: Arc::default(),
        frames: Arc::default(),
        receipts: Vec::new(),
        count: 0,
        played: Played::default(),
    };
    if stage.begin() {
        let steps = 3 + dice.below(10);
        if (0..steps).all(|_| stage.step(&mut dice)) {
            stage.end();
            stage.disk.tape(None);
            stage.played.last = Some(stage.disk.kill());
        }
    }
    let mut played = stage.played;
    played.lines = std::mem::take(&mut *stage.lines.lock());
    played.frames = std::mem::take(&mut *stage.frames.lock().unwrap());
    played
}

fn first_line(data: &[u8]) -> usize {
    data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len())
}

/// What was tried, and what was found wrong.
#[derive(Debug, Default)]
struct Tally {
    schedules: u64,
    points: u64,
    /// Different ones, each judged, recovered and read back.
    states: u64,
    /// Of them: within a recovery, and behind several.
    in_recovery: u64,
    attacks: u64,
    lost: u64,
    repairs: u64,
    false_alarms: u64,
    unsaid: u64,
    diverged: u64,
    hidden: u64,
    behind: u64,
    said: Vec<String>,
}

impl Tally {
    fn wrong(&self) -> u64 {
        self.lost + self.repairs + self.false_alarms + self.unsaid + self.diverged + self.hidden + self.behind
    }

    fn add(&mut self, other: Tally) {
        for (mine, more) in [
            (&mut self.schedules, other.schedules),
            (&mut self.points, other.points),
            (&mut self.states, other.states),
            (&mut self.in_recovery, other.in_recovery),
            (&mut self.attacks, other.attacks),
            (&mut self.lost, other.lost),
            (&mut self.repairs, other.repairs),
            (&mut self.false_alarms, other.false_alarms),
            (&mut self.unsaid, other.unsaid),
            (&mut self.diverged, other.diverged),
            (&mut self.hidden, other.hidden),
            (&mut self.behind, other.behind),
        ] {
            *mine += more;
        }
        self.said.extend(other.said);
        self.said.dedup();
        self.said.truncate(8);
    }

    fn say(&mut self, what: impl FnOnce() -> String) {
        if self.said.len() < 8 {
            self.said.push(what());
        }
    }
}

/// A schedule under trial.
struct Trial<'a> {
    world: World,
    played: &'a Played,
    seed: u64,
    seen: HashSet<(u64, u64)>,
    tally: Tally,
    dice: Dice,
    /// The states in hand are those of a start that crashed.
    within: bool,
}

impl Trial<'_> {
    /// One disk as a crash left it, with all that was acknowledged before.
    fn state(&mut self, image: &MemDisk, note: u64) {
        if !self.seen.insert((image.print(), note)) {
            return;
        }
        self.tally.states += 1;
        let chance = self.dice.next();
        self.never_tampered(image, note, "as the crash left it");
        self.state_is_ahead(image);
        if chance.is_multiple_of(4) && self.world.judge(image, self.given(note)).is_some() {
            self.all_there(&read_back(image), note, "before the start");
        }
        let recovered = image.kill();
        let Some(back) = self.recover(&recovered, chance % 64 < 8, note) else {
            return;
        };
        match chance >> 32 & 127 {
            // Every call of a start is a place to crash at; but not of those that begin there.
            0 if !self.within => self.within_the_start(image, note),
            1..4 => self.five_deep(image, note, &back),
            _ => {}
        }
    }

    /// The key lines that somebody had by then.
    fn given(&self, note: u64) -> &'_ [KeyLine] {
        self.played.lines.get(..(note >> 56) as usize).unwrap_or_default()
    }

    fn never_tampered(&mut self, disk: &MemDisk, note: u64, when: &str) {
        if self.world.judge(disk, self.given(note)) == Some(Verdict::Tampered) {
            let report = self.world.report(disk, self.given(note));
            self.tally.false_alarms += 1;
            let seed = self.seed;
            self.tally.say(|| format!("seed {seed}, {when}: {}", report.unwrap()));
        }
    }

    /// No run that a file knows may begin again, with the same seed: whatever is on the disk, its number was stored before.
    fn state_is_ahead(&mut self, disk: &MemDisk) {
        let newest = headers(disk).into_iter().map(|header| header.run).max().unwrap_or(0);
        let next = match State::load(disk, &sample::home()) {
            Ok(state::Found::State(state)) => state.next_run,
            _ => 1,
        };
        if next <= newest {
            self.tally.behind += 1;
            let seed = self.seed;
            self.tally
                .say(|| format!("seed {seed}: the state would begin run {next} again, and there is {newest}"));
        }
    }

    fn recover(&mut self, disk: &MemDisk, by_the_writer: bool, note: u64) -> Option<Back> {
        let seed = self.seed;
        let more = match self.world.start(disk, by_the_writer) {
            Ok(more) => more,
            Err(error) => {
                self.tally.repairs += 1;
                self.tally.say(|| format!("seed {seed}: the start failed: {error}"));
                return None;
            }
        };
        let lines = [self.given(note), &more].concat();
        let report = || self.world.report(disk, &lines).unwrap();
        match self.world.judge(disk, &lines) {
            Some(Verdict::Consistent) => {}
            Some(Verdict::Tampered) => {
                self.tally.false_alarms += 1;
                self.tally.say(|| format!("seed {seed}, after a start: {}", report()));
            }
            other => {
                self.tally.repairs += 1;
                self.tally
                    .say(|| format!("seed {seed}, after a start: {other:?}: {}", report()));
            }
        }
        let back = read_back(disk);
        self.all_there(&back, note, "after the start");
        Some(back)
    }

    fn all_there(&mut self, back: &Back, note: u64, when: &str) {
        let seed = self.seed;
        for number in self.played.acknowledged(note) {
            let seq = self.played.seqs.get(&number).copied();
            if !back.numbers.contains(&number) && seq.is_none_or(|seq| seq >= back.first || back.first == 0) {
                self.tally.lost += 1;
                self.tally
                    .say(|| format!("seed {seed}, {when}: {number} (seq {seq:?}) is gone: {back:?}"));
                break;
            }
        }
        // Before a start the first file may be torn.
        if back.first > 1 && back.kept_from != back.first && when == "after the start" {
            self.tally.unsaid += 1;
            self.tally
                .say(|| format!("seed {seed}, {when}: begins at {} and no prune says so", back.first));
        }
        if back.twice > 0 || (back.damage.is_some() && when == "after the start") {
            self.tally.diverged += 1;
            self.tally.say(|| format!("seed {seed}, {when}: {back:?}"));
        }
    }

    fn within_the_start(&mut self, image: &MemDisk, note: u64) {
        let disk = image.kill();
        let frames = Arc::default();
        disk.tape(Some(Tape {
            frames: Arc::clone(&frames),
            witness: Arc::new(|| 0),
        }));
        let _ = self.world.start(&disk, true);
        disk.tape(None);
        let frames: Vec<(MemDisk, u64)> = std::mem::take(&mut *frames.lock().unwrap());
        let before = self.tally.states;
        self.within = true;
        for (frame, _) in frames {
            for _ in 0..2 {
                let crashed = frame.crash(&mut self.dice);
                self.state(&crashed, note);
            }
        }
        self.within = false;
        self.tally.in_recovery += self.tally.states - before;
    }

    /// Five starts that crash one after the other, and one that works: to the same records as one that works at once.
    fn five_deep(&mut self, image: &MemDisk, note: u64, at_once: &Back) {
        let settled = image.is_settled();
        let mut disk = image.kill();
        for _ in 0..5 {
            disk.die_after(self.dice.below(34));
            self.world.try_to_start(&disk);
            disk = disk.crash(&mut self.dice);
            if self.seen.insert((disk.print(), note)) {
                self.tally.states += 1;
                self.tally.in_recovery += 1;
            }
            self.never_tampered(&disk, note, "after a start that crashed");
        }
        let Some(back) = self.recover(&disk, true, note) else {
            return;
        };
        let ours = |back: &Back| -> BTreeSet<u64> {
            let numbers = back.numbers.iter().copied();
            numbers.filter(|number| *number != LATER).collect()
        };
        // What is not synced yet may go with any of the crashes.
        if settled && ours(&back) != ours(at_once) {
            self.tally.diverged += 1;
            let seed = self.seed;
            self.tally
                .say(|| format!("seed {seed}: five deep {back:?}, at once {at_once:?}"));
        }
    }

    /// Changes that must be seen, before a start and behind it.
    fn attacks(&mut self, whole: &MemDisk) {
        let files = crate::store::branch::walk(whole, &sample::home(), None).unwrap().live;
        let Some((first, last)) = files.first().zip(files.last()) else {
            return;
        };
        let (oldest, newest) = (&first.path, &last.path);
        let kept_from = read_back(whole).kept_from;
        if first.live_to.is_some_and(|to| to < kept_from) {
            // The oldest waits to be removed, with all its records or without any: nobody minds if it is gone.
            return;
        }

        let mut attacked = Vec::new();
        if files.len() > 1 {
            let disk = whole.kill();
            disk.remove(oldest);
            attacked.push(("without its oldest file", disk));
        }
        let mut data = whole.get(newest).unwrap();
        // The last record of all proves those before it alone; and behind a resync the file before may have them too.
        let (lines, header) = (
            data.iter().filter(|byte| **byte == b'\n').count(),
            Header::parse(&data[..first_line(&data)]),
        );
        if lines > 3 && header.is_ok_and(|(header, _)| header.cause != Cause::Resync) {
            let disk = whole.kill();
            data[100] ^= 1;
            disk.overwrite(newest, &data);
            disk.remove("/logs.keys/state");
            attacked.push(("with a bit of its newest header flipped, and no state file", disk));
        }
        let disk = whole.kill();
        let mut data = disk.get(oldest).unwrap();
        // Behind the header, all of it: a resync may have superseded the latter half, and nobody judges that. A recovery may
        // have left nothing there.
        let body = first_line(&data) + 1;
        if data.len() > body {
            data[body..].fill(0);
            disk.overwrite(oldest, &data);
            attacked.push(("with its oldest file blanked behind the header", disk));
        }
        for (what, disk) in attacked {
            self.tally.attacks += 1;
            let lines = &self.played.lines;
            let before = self.world.judge(&disk, lines);
            let started = self.world.start(&disk, true);
            let after = self.world.judge(&disk, lines);
            if before != Some(Verdict::Tampered) || (started.is_ok() && after != Some(Verdict::Tampered)) {
                self.tally.hidden += 1;
                let seed = self.seed;
                self.tally
                    .say(|| format!("seed {seed}: {what}: {before:?}, then {after:?}"));
            }
        }
    }
}

/// Draws from which on every call of a schedule is a place to crash at.
const MANY: u64 = 10;

/// Plays one schedule and tries so many crashes at each of its calls; none at all at some, where it is to be quick.
fn schedule(world: World, seed: u64, draws: u64) -> Tally {
    let played = play(world, seed);
    let mut trial = Trial {
        world,
        played: &played,
        seed,
        seen: HashSet::new(),
        tally: Tally::default(),
        dice: Dice(seed ^ 0x5eed),
        within: false,
    };
    trial.tally.schedules = 1;
    for (disk, note) in &played.frames {
        if draws < MANY && trial.dice.below(8) > 0 {
            continue;
        }
        trial.tally.points += 1;
        trial.state(&disk.kill(), *note);
        trial.state(&disk.crash(&mut Nothing), *note);
        trial.state(&disk.crash(&mut All), *note);
        for draw in 0..draws {
            let dice = Dice(trial.dice.next());
            let crashed = match draw % 4 {
                0 => disk.crash(&mut Odds(dice, 7)),
                1 => disk.crash(&mut Odds(dice, 1)),
                _ => disk.crash(&mut Odds(dice, 4)),
            };
            trial.state(&crashed, *note);
        }
    }
    match &played.last {
        Some(last) => trial.attacks(last),
        None => {
            trial.tally.repairs += 1;
            trial.tally.say(|| format!("seed {seed}: {:?}", played.stuck));
        }
    }
    trial.tally
}

/// Plays schedules on two threads until there are so many states.
fn crash(world: World, seed: u64, draws: u64, states: u64) -> Tally {
    let (next, all) = (AtomicU64::new(seed), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while all.lock().states < states {
                    let tally = schedule(world, next.fetch_add(1, Ordering::Relaxed), draws);
                    all.lock().add(tally);
                }
            });
        }
    });
    all.into_inner()
}

fn states() -> Option<u64> {
    std::env::var("CRASH_STATES").ok()?.parse().ok()
}

#[test]
fn whatever_a_crash_leaves_loses_nothing_acknowledged_needs_no_repair_and_is_no_tampering() {
    let seed = std::env::var("CRASH_SEED").ok().map_or(1, |seed| seed.parse().unwrap());
    let tally = match states() {
        Some(states) => crash(HONEST, seed, MANY, states),
        None => crash(HONEST, seed, 4, 2_000),
    };
    println!("{tally:#?}");
    assert_eq!(tally.wrong(), 0, "{tally:#?}");
    assert!(tally.in_recovery > 50 && tally.attacks > 3, "{tally:?}");
}

#[test]
fn the_same_holds_of_a_sealed_trail_and_every_run_has_a_seed_of_its_own() {
    let world = World {
        trust: Trust::Sealed,
        ..HONEST
    };
    let tally = match states() {
        Some(states) => crash(world, 1, MANY, states),
        None => crash(world, 1, 4, 800),
    };
    println!("{tally:#?}");
    assert_eq!(tally.wrong(), 0, "{tally:#?}");
    assert!(tally.in_recovery > 50 && tally.attacks > 3, "{tally:?}");
}

#[cfg(feature = "sign")]
#[test]
fn the_same_holds_of_a_signed_trail_and_no_crash_spoils_a_signature() {
    let world = World {
        trust: Trust::Signed,
        ..HONEST
    };
    let tally = match states() {
        Some(states) => crash(world, 1, MANY, states),
        None => crash(world, 1, 4, 250),
    };
    println!("{tally:#?}");
    assert_eq!(tally.wrong(), 0, "{tally:#?}");
    assert!(tally.in_recovery > 50 && tally.attacks > 3, "{tally:?}");
}

fn finds_slip(slip: Slip) {
    finds(World {
        trust: Trust::Sealed,
        slip: Some(slip),
        ..HONEST
    });
}

#[test]
fn a_trail_that_seals_before_the_next_seed_is_stored_is_found() {
    finds_slip(Slip::SealBeforeStored);
}

#[test]
fn a_trail_that_keeps_lines_without_a_seal_is_found() {
    finds_slip(Slip::KeepUnsealed);
}

#[test]
fn a_trail_that_counts_on_over_a_resync_is_found() {
    finds_slip(Slip::ForgetRewind);
}

fn finds(world: World) {
    let tally = crash(world, 1, 4, 600);
    assert!(
        tally.wrong() > 0,
        "{:?} {:?} was not found: {tally:?}",
        world.mistake,
        world.slip
    );
}

fn finds_mistake(mistake: Mistake) {
    finds(World { mistake, ..HONEST });
}

#[test]
fn a_trail_that_acknowledges_before_the_sync_is_found() {
    finds_mistake(Mistake::AcknowledgeBeforeSync);
}

#[test]
fn a_trail_that_does_not_sync_the_directory_is_found() {
    finds_mistake(Mistake::NoDirectorySync);
}

#[test]
fn a_trail_that_tries_a_failed_sync_again_is_found() {
    finds_mistake(Mistake::RetryFailedSync);
}

#[test]
fn a_trail_that_cuts_a_file_in_its_middle_is_found() {
    finds_mistake(Mistake::CutInTheMiddle);
}

#[test]
fn a_trail_that_passes_over_files_with_bad_headers_is_found() {
    finds_mistake(Mistake::SkipBadHeaders);
}

#[test]
fn a_verifier_that_does_not_mind_a_missing_prefix_is_found() {
    finds(World {
        forgives_missing_files: true,
        ..HONEST
    });
}
