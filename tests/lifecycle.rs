//! Restart, midnight, size parts and retention: one chain over all of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tracing_audit::testing::ManualClock;
use tracing_audit::{Retention, Rotation, Trail, events, verify};

const DAY: Duration = Duration::from_secs(86_400);

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400) // 2026-11-21T12:00:00Z
}

/// A directory for one trail, and a clock that shows noon.
fn place() -> (TempDir, PathBuf, Arc<ManualClock>) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    (home, dir, Arc::new(ManualClock::new(noon())))
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    files.sort();
    files
}

fn open(dir: &Path, clock: &Arc<ManualClock>) -> Trail {
    Trail::builder(dir).detached().clock(clock.clone()).build().unwrap()
}

fn write(trail: &Trail, records: usize) {
    for number in 0..records {
        trail
            .draft(events::DATA_READ)
            .user_id("alice")
            .field("number", &number)
            .emit();
    }
    trail.flush().unwrap();
}

fn assert_consistent(dir: &Path) {
    let report = verify(dir).unwrap();
    assert_eq!(report.exit_code(), 0, "{report}");
}

#[test]
fn the_chain_goes_on_over_restarts() {
    let (_home, dir, clock) = place();
    for _ in 0..3 {
        let trail = open(&dir, &clock);
        write(&trail, 10);
        trail.close().unwrap();
        assert_consistent(&dir);
    }
    let seqs: Vec<u64> = tracing_audit::read(&dir)
        .unwrap()
        .map(|record| record.unwrap().seq())
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert!(seqs.len() >= 30);
}

#[test]
fn a_day_ends_at_midnight_also_when_nothing_happens() {
    let (_home, dir, clock) = place();
    let trail = open(&dir, &clock);
    write(&trail, 5);
    clock.advance(DAY / 2 + Duration::from_secs(1));
    trail.flush().unwrap();
    let names: Vec<String> = files(&dir)
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, ["audit-2026-11-21.jsonl", "audit-2026-11-22.jsonl"]);
    write(&trail, 5);
    trail.close().unwrap();
    assert_consistent(&dir);
}

#[test]
fn a_full_part_is_followed_by_the_next() {
    let (_home, dir, clock) = place();
    let trail = Trail::builder(&dir)
        .detached()
        .clock(clock.clone())
        .rotation(Rotation::daily().max_bytes(128 << 10))
        .build()
        .unwrap();
    for _ in 0..40 {
        write(&trail, 50);
    }
    trail.close().unwrap();
    let files = files(&dir);
    assert!(files.len() >= 3, "{files:?}");
    for file in &files {
        assert!(std::fs::metadata(file).unwrap().len() <= 128 << 10);
    }
    assert_consistent(&dir);
}

#[test]
fn files_are_kept_fourteen_days_and_leave_a_record_when_they_go() {
    let (_home, dir, clock) = place();
    let trail = open(&dir, &clock);
    for day in 0..20_usize {
        write(&trail, 3);
        clock.advance(DAY);
        trail.flush().unwrap();
        let kept = files(&dir).len();
        assert!(kept >= (day + 2).min(15), "day {day}: {kept} files");
    }
    let kept = files(&dir).len();
    assert!(kept <= 17, "{kept} files are left after 20 days");
    trail.close().unwrap();
    assert_consistent(&dir);
    let pruned = tracing_audit::read(&dir)
        .unwrap()
        .filter(|record| record.as_ref().unwrap().event() == "AUDIT_PRUNE")
        .count();
    assert!(pruned > 0);
}

#[test]
fn a_clock_that_jumps_deletes_nothing_young() {
    let (_home, dir, clock) = place();
    let trail = open(&dir, &clock);
    for _ in 0..5 {
        write(&trail, 3);
        clock.advance(DAY);
    }
    let before = files(&dir);
    // The wall clock goes to 2099 and back; the time that really passed is a minute.
    clock.step_to(noon() + DAY * 27_000);
    write(&trail, 3);
    trail.flush().unwrap();
    clock.step_to(noon() + DAY * 5);
    write(&trail, 3);
    trail.close().unwrap();
    for file in &before {
        assert!(file.exists(), "{} was deleted", file.display());
    }
    assert_consistent(&dir);
    // And over a restart in the wrong century.
    clock.step_to(noon() + DAY * 27_000);
    let trail = open(&dir, &clock);
    write(&trail, 3);
    trail.close().unwrap();
    for file in &before {
        assert!(file.exists(), "{} was deleted", file.display());
    }
}

#[test]
fn retention_by_count_keeps_that_many() {
    let (_home, dir, clock) = place();
    let trail = Trail::builder(&dir)
        .detached()
        .clock(clock.clone())
        .rotation(Rotation::daily().max_bytes(128 << 10))
        .retention(Retention::files(3))
        .build()
        .unwrap();
    for _ in 0..60 {
        write(&trail, 50);
    }
    trail.close().unwrap();
    let files = files(&dir);
    assert!((3..=4).contains(&files.len()), "{files:?}");
    assert_consistent(&dir);
}

#[test]
fn a_file_removed_by_hand_is_reported() {
    let (_home, dir, clock) = place();
    let trail = open(&dir, &clock);
    for _ in 0..4 {
        write(&trail, 3);
        clock.advance(DAY);
        trail.flush().unwrap();
    }
    trail.close().unwrap();
    assert_consistent(&dir);
    for victim in files(&dir) {
        let saved = std::fs::read(&victim).unwrap();
        std::fs::remove_file(&victim).unwrap();
        let report = verify(&dir).unwrap();
        assert_eq!(report.exit_code(), 1, "{} is gone: {report}", victim.display());
        std::fs::write(&victim, saved).unwrap();
    }
    assert_consistent(&dir);
}
