//! Clocks that step: records stand in the order of their numbers, steps are said, files are named in UTC, and no clock makes
//! a young file go.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tracing_audit::testing::ManualClock;
use tracing_audit::{Record, Trail, events, read, verify};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// 2026-11-21T00:00:00Z.
fn midnight() -> SystemTime {
    at(1_795_219_200)
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A trail under a clock set by hand.
struct Desk {
    _home: tempfile::TempDir,
    dir: PathBuf,
    clock: Arc<ManualClock>,
    written: usize,
}

impl Desk {
    fn new(time: SystemTime) -> Desk {
        let home = tempfile::tempdir().unwrap();
        Desk {
            dir: home.path().join("trail"),
            _home: home,
            clock: Arc::new(ManualClock::new(time)),
            written: 0,
        }
    }

    fn open(&self) -> Trail {
        Trail::builder(&self.dir)
            .detached()
            .clock(self.clock.clone())
            .build()
            .unwrap()
    }

    fn write(&mut self, trail: &Trail) {
        self.written += 1;
        trail.draft(events::DATA_READ).field("n", &self.written).emit();
        trail.flush().unwrap();
    }

    fn files(&self) -> BTreeSet<String> {
        std::fs::read_dir(&self.dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".jsonl"))
            .collect()
    }

    /// All records; they are numbered without a hole, and the callers' stand in the order in which they came.
    fn records(&self) -> Vec<Record> {
        let report = verify(&self.dir).unwrap();
        assert_eq!(report.exit_code(), 0, "{report}");
        let records: Vec<Record> = read(&self.dir).unwrap().map(Result::unwrap).collect();
        let seqs: Vec<u64> = records.iter().map(Record::seq).collect();
        let first = seqs[0];
        assert_eq!(seqs, (first..first + seqs.len() as u64).collect::<Vec<_>>());
        let mine: Vec<u64> = records
            .iter()
            .filter(|record| record.event() == "DATA_READ")
            .map(|record| record.metadata().unwrap()["n"].as_u64().unwrap())
            .collect();
        assert_eq!(mine, (1..=self.written as u64).collect::<Vec<_>>());
        records
    }
}

/// The steps that the trail says it saw, in seconds.
fn steps(records: &[Record]) -> Vec<f64> {
    let steps = records.iter().filter(|record| record.event() == "AUDIT_CLOCK_STEP");
    steps
        .map(|record| record.metadata().unwrap()["step_seconds"].as_f64().unwrap())
        .collect()
}

#[test]
fn a_step_back_over_midnight_and_forth_again_keeps_the_order_and_is_said() {
    let mut desk = Desk::new(midnight() + 10 * SECOND);
    let trail = desk.open();
    desk.write(&trail);
    desk.clock.step_to(midnight() - 10 * SECOND);
    desk.write(&trail);
    desk.clock.advance(20 * SECOND);
    desk.write(&trail);
    desk.clock.step_to(midnight() + HOUR);
    desk.write(&trail);
    trail.close().unwrap();
    let records = desk.records();
    assert_eq!(steps(&records), [-20.0, 3_590.0]);
    // A new file for each day the clock came to, and none is ever opened again.
    let names: Vec<String> = desk.files().into_iter().collect();
    assert_eq!(
        names,
        [
            "audit-2026-11-20.jsonl",
            "audit-2026-11-21.jsonl",
            "audit-2026-11-21.part0002.jsonl"
        ]
    );
    // The times are the clock's, and so do not rise; the numbers do.
    let times: Vec<SystemTime> = records.iter().map(Record::time).collect();
    assert!(!times.is_sorted());
}

#[test]
fn a_clock_that_drifts_less_than_five_seconds_says_nothing() {
    let mut desk = Desk::new(midnight() + HOUR);
    let trail = desk.open();
    desk.write(&trail);
    desk.clock.step_to(midnight() + HOUR + 4 * SECOND);
    desk.write(&trail);
    desk.clock.step_to(midnight() + HOUR);
    desk.write(&trail);
    // The control: six seconds are a step.
    desk.clock.step_to(midnight() + HOUR + 6 * SECOND);
    desk.write(&trail);
    trail.close().unwrap();
    assert_eq!(steps(&desk.records()), [6.0]);
}

#[test]
fn a_jump_to_2099_and_back_removes_nothing_and_all_is_readable_in_its_order() {
    let far = at(4_070_908_800); // 2099-01-01
    let mut desk = Desk::new(midnight());
    let trail = desk.open();
    for _ in 0..5 {
        desk.write(&trail);
        desk.clock.advance(DAY);
        trail.flush().unwrap();
    }
    let young = desk.files();
    desk.clock.step_to(far);
    desk.write(&trail);
    desk.clock.advance(HOUR);
    desk.write(&trail);
    desk.clock.step_to(midnight() + 5 * DAY + HOUR);
    desk.write(&trail);
    trail.close().unwrap();
    assert!(desk.files().is_superset(&young), "{young:?} {:?}", desk.files());
    assert!(desk.files().contains("audit-2099-01-01.jsonl"));
    let records = desk.records();
    let steps = steps(&records);
    assert!(steps.len() == 2 && steps[0] > 2e9 && steps[1] < -2e9, "{steps:?}");
    // So it does for a run that begins in the wrong century, and for the one behind it.
    desk.clock.step_to(far + DAY);
    let trail = desk.open();
    desk.write(&trail);
    trail.close().unwrap();
    desk.clock.step_to(midnight() + 5 * DAY + 2 * HOUR);
    let trail = desk.open();
    desk.write(&trail);
    trail.close().unwrap();
    let gone: Vec<String> = young.difference(&desk.files()).cloned().collect();
    assert_eq!(gone, [""; 0], "no start believes a clock that was set");
}

/// What many starts behind each other say of the time is worth no more than what one says.
#[test]
fn no_number_of_starts_with_a_clock_that_jumps_on_makes_a_young_file_go() {
    let mut desk = Desk::new(midnight());
    for day in 0..12 {
        let trail = desk.open();
        desk.write(&trail);
        trail.close().unwrap();
        desk.clock.step_to(midnight() + DAY * (day + 1) + SECOND);
    }
    for round in 1..12 {
        for ahead in [16, 16, 40] {
            desk.clock.step_to(midnight() + DAY * ahead * round);
            let trail = desk.open();
            desk.write(&trail);
            trail.close().unwrap();
        }
    }
    // All are there still, from the first record on, and none is older than a second.
    assert_eq!(desk.records()[0].seq(), 1);
}

#[test]
fn a_second_start_sixteen_days_ahead_removes_nothing() {
    let mut desk = Desk::new(midnight());
    let trail = desk.open();
    for _ in 0..20 {
        desk.write(&trail);
        trail.reopen().unwrap();
    }
    trail.close().unwrap();
    let young = desk.files();
    assert!(young.len() > 20);
    desk.clock.step_to(midnight() + 16 * DAY);
    for _ in 0..2 {
        let trail = desk.open();
        desk.write(&trail);
        trail.close().unwrap();
    }
    assert!(desk.files().is_superset(&young));
    desk.records();
}

/// The control for the tests above: files that really are old do go.
#[test]
fn a_clock_that_is_right_lets_old_files_go() {
    let mut desk = Desk::new(midnight());
    let trail = desk.open();
    desk.write(&trail);
    for _ in 0..18 {
        desk.clock.advance(DAY);
        trail.flush().unwrap();
    }
    trail.close().unwrap();
    assert!(!desk.files().contains("audit-2026-11-21.jsonl"));
    assert_eq!(verify(&desk.dir).unwrap().exit_code(), 0);
}

#[test]
fn a_clock_that_jitters_for_a_week_removes_nothing_young() {
    // A time server that cannot decide: days ahead, days behind, again and again, over restarts.
    let mut desk = Desk::new(midnight());
    let mut young = BTreeSet::new();
    for round in 0..7_u64 {
        let real = midnight() + DAY * round as u32;
        desk.clock.step_to(real);
        let trail = desk.open();
        for jump in [400, -300, 30, -20, 15, 0_i64] {
            let shift = DAY * jump.unsigned_abs() as u32;
            desk.clock.step_to(if jump < 0 { real - shift } else { real + shift });
            desk.write(&trail);
            desk.clock.advance(HOUR);
        }
        trail.close().unwrap();
        young.extend(desk.files());
    }
    // At most what one start a real day may remove, however old the clock said that it was.
    let gone: Vec<String> = young.difference(&desk.files()).cloned().collect();
    let days: BTreeSet<&str> = gone.iter().map(|name| &name[..16]).collect();
    assert!(days.is_empty(), "{gone:?}");
    desk.records();
}

#[test]
fn summer_time_changes_no_name_and_no_order() {
    // 2026-10-25T01:00:00Z, when clocks in Europe go back an hour: UTC knows nothing of it.
    let change = at(1_792_890_000);
    let mut desk = Desk::new(change - HOUR / 2);
    let trail = desk.open();
    for _ in 0..4 {
        desk.write(&trail);
        desk.clock.advance(HOUR / 2);
    }
    trail.close().unwrap();
    let records = desk.records();
    assert!(steps(&records).is_empty());
    assert_eq!(desk.files().into_iter().collect::<Vec<_>>(), ["audit-2026-10-25.jsonl"]);
    assert!(records.iter().map(Record::time).is_sorted());
}

#[test]
fn the_end_of_32_bits_is_a_second_like_any_other() {
    let mut desk = Desk::new(at((1 << 31) - 2)); // 2038-01-19T03:14:06Z
    let trail = desk.open();
    for _ in 0..5 {
        desk.write(&trail);
        desk.clock.advance(SECOND);
    }
    trail.close().unwrap();
    let records = desk.records();
    assert!(steps(&records).is_empty());
    assert!(records.iter().map(Record::time).is_sorted());
    let last = records.iter().rfind(|record| record.event() == "DATA_READ").unwrap();
    assert_eq!(last.time(), at((1 << 31) + 2));
    // And so is that of the unsigned ones, in 2106.
    let mut desk = Desk::new(at((1 << 32) - 1));
    let trail = desk.open();
    desk.write(&trail);
    desk.clock.advance(SECOND);
    desk.write(&trail);
    trail.close().unwrap();
    desk.records();
    assert_eq!(desk.files().into_iter().collect::<Vec<_>>(), ["audit-2106-02-07.jsonl"]);
}

#[test]
fn a_leap_second_is_no_step() {
    // As Linux shows it: the second before midnight comes twice.
    let mut desk = Desk::new(midnight() - 2 * SECOND);
    let trail = desk.open();
    desk.write(&trail);
    desk.clock.advance(2 * SECOND);
    desk.write(&trail);
    desk.clock.step_to(midnight() - SECOND);
    desk.write(&trail);
    desk.clock.advance(SECOND);
    desk.write(&trail);
    trail.close().unwrap();
    assert!(steps(&desk.records()).is_empty());
}

#[test]
fn a_clock_from_before_1970_and_one_behind_9999_are_written_as_far_as_text_goes() {
    let mut desk = Desk::new(SystemTime::UNIX_EPOCH - 10 * DAY);
    let trail = desk.open();
    desk.write(&trail);
    desk.clock.step_to(at(253_402_300_800 - 1));
    desk.write(&trail);
    desk.clock.advance(DAY);
    desk.write(&trail);
    trail.close().unwrap();
    let records = desk.records();
    assert_eq!(
        records.iter().map(Record::time).max().unwrap(),
        at(253_402_300_800) - Duration::from_micros(1)
    );
    assert!(desk.files().contains("audit-1969-12-22.jsonl"));
}

#[test]
fn a_step_back_between_two_runs_is_said_by_the_second() {
    let mut desk = Desk::new(midnight() + 12 * HOUR);
    for _ in 0..2 {
        let trail = desk.open();
        desk.write(&trail);
        trail.close().unwrap();
        desk.clock.step_to(midnight() + 11 * HOUR);
    }
    assert_eq!(steps(&desk.records()), [-3_600.0]);
    assert_consistent_without_state(&desk.dir);
}

/// Times prove nothing and disprove nothing: the verdict does not hang on them.
fn assert_consistent_without_state(dir: &Path) {
    let report = verify(dir).unwrap();
    assert!(report.faults().is_empty(), "{report}");
}
