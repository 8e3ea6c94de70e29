//! Lock files and directories that are removed or moved while a trail is at work: nobody writes where another process may
//! write, nothing is acknowledged without the locks, and what goes missing is made again. A second trail on the same disk
//! stands for the other process.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::sample::*;
use super::stories_keyed::{Lines, assert_proven, keyed, sealed};
use crate::error::ErrorKind;
use crate::io::Disk as _;
use crate::io::mem::{Fault, MemDisk};
use crate::status::Health;
use crate::store::sample::home;
use crate::store::state::{Found, State};
use crate::trail::Trail;
use crate::trust::Trust;
use crate::verify::Verdict;

const KEYS: &str = "/logs.keys";

/// The most trust that this build has.
const TOP: Trust = if cfg!(feature = "sign") {
    Trust::Signed
} else {
    Trust::Sealed
};

fn lock_files() -> [PathBuf; 2] {
    [LOGS, KEYS].map(|dir| Path::new(dir).join(".lock"))
}

fn remove_lock_files(disk: &MemDisk) {
    lock_files().iter().for_each(|path| disk.unlink(path).unwrap());
}

fn move_both_away(disk: &MemDisk) {
    for dir in [LOGS, KEYS] {
        disk.move_dir(dir, format!("{dir}.old"));
    }
}

/// What stands in the directories, beside the lines for people in the lock files.
fn contents(disk: &MemDisk) -> Vec<(PathBuf, Vec<u8>)> {
    let mut tree = disk.tree();
    tree.retain(|path, _| !path.ends_with(".lock") && (path.starts_with(LOGS) || path.starts_with(KEYS)));
    tree.into_iter().collect()
}

/// Nothing is outstanding behind this, so that the disk rests.
fn settle(trail: &Trail) {
    emit(trail).synced().unwrap();
    trail.sync().unwrap();
}

#[track_caller]
fn assert_locked(disk: &MemDisk) {
    let second = builder(disk.shared(), &Hand::at_noon())
        .lock_wait(Duration::ZERO)
        .build();
    assert_eq!(second.unwrap_err().kind(), ErrorKind::Locked);
}

#[track_caller]
fn assert_reads(disk: &MemDisk, seqs: &[u64]) {
    // What was moved away is missing, and said to be.
    let (records, _) = records_and_holes(disk);
    for seq in seqs {
        let there = records
            .iter()
            .any(|record| record.seq() == *seq && record.event() == "DATA_READ");
        assert!(there, "{seq} is gone");
    }
}

#[test]
fn lock_files_that_are_removed_are_made_and_locked_again() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock).build().unwrap();
    let mut seqs = Vec::new();
    for _ in 0..3 {
        settle(&trail);
        remove_lock_files(&disk);
        seqs.push(emit(&trail).synced().unwrap());
        let error = trail.status().last_error.unwrap();
        assert!(error.contains("the lock file was removed"), "{error}");
        assert_eq!((trail.status().health, trail.status().fault), (Health::Healthy, None));
        assert_locked(&disk);
    }
    trail.close().unwrap();
    assert_reads(&disk, &seqs);
    assert_consistent(&disk);
}

#[test]
fn whoever_finds_another_process_on_its_trail_acknowledges_nothing_and_goes_on_behind_it() {
    type Deed = fn(&MemDisk);
    // And how many records the other one finds.
    let deeds: [(Deed, usize); 2] = [(remove_lock_files, 1), (move_both_away, 0)];
    for (lets_in, before_it) in deeds {
        let (disk, clock) = (MemDisk::new(), Hand::at_noon());
        let first = builder(disk.shared(), &clock).build().unwrap();
        settle(&first);
        lets_in(&disk);
        let second = builder(disk.shared(), &clock).build().unwrap();
        let mut seqs = vec![emit(&second).synced().unwrap()];
        second.sync().unwrap();
        let (before, written) = (contents(&disk), first.status().written.total());
        let held: Vec<_> = (0..20).map(|_| emit(&first)).collect();
        wait_until(|| first.status().fault.is_some());
        let fault = first.status().fault.unwrap();
        assert!(fault.contains("took its lock"), "{fault}");
        assert_eq!(contents(&disk), before);
        assert_eq!(first.status().written.total(), written);
        seqs.push(emit(&second).synced().unwrap());
        second.close().unwrap();
        assert_consistent(&disk);
        // It is free.
        seqs.extend(held.into_iter().map(|receipt| receipt.synced().unwrap()));
        seqs.push(emit(&first).synced().unwrap());
        assert_locked(&disk);
        let status = first.status();
        assert_eq!((status.health, &status.fault), (Health::Healthy, &None));
        assert_eq!(
            (status.written.total(), status.lost.total()),
            (status.emitted.total(), 0)
        );
        first.close().unwrap();
        assert_reads(&disk, &seqs);
        let records = records(&disk);
        assert_eq!(
            count(&records, "DATA_READ"),
            before_it + seqs.len(),
            "each of them once"
        );
        // Where the other one did not find what was on the disk, that is said.
        let suspicions = count(&records, "AUDIT_TAMPER_SUSPECTED");
        assert_eq!(suspicions, 1 - before_it);
        match suspicions {
            0 => assert_consistent(&disk),
            _ => assert_eq!(check(&disk).verdict(), Verdict::Tampered),
        }
        // The next start has nothing to add.
        builder(disk.shared(), &clock).build().unwrap().close().unwrap();
    }
}

#[test]
fn a_sync_that_outlives_its_writer_keeps_the_directory_until_it_is_done() {
    for trust in [Trust::Chained, Trust::Sealed] {
        let (disk, clock, lines) = (Moody::new(), Hand::at_noon(), Lines::default());
        let first = keyed(builder(disk.shared(), &clock), trust, &lines).build().unwrap();
        settle(&first);
        // A mark is due, so that the sync has a state to store behind it.
        clock.pass(Duration::from_secs(3_600));
        disk.syncs(Mood::Hangs);
        let syncs = disk.moods.syncs.load(Ordering::Relaxed);
        let late = emit(&first);
        let asks = std::thread::spawn(move || late.synced());
        wait_until(|| disk.moods.syncs.load(Ordering::Relaxed) > syncs);
        // Nor can it write its last words, and gives up.
        disk.writes(Mood::Fails(io::ErrorKind::Other));
        first.close().unwrap_err();
        disk.writes(Mood::Works);
        assert_locked(&disk.disk);
        disk.syncs(Mood::Works);
        let _ = asks.join().unwrap();
        let second = keyed(builder(disk.disk.shared(), &clock), trust, &lines)
            .build()
            .unwrap();
        settle(&second);
        let state = |disk: &MemDisk| match State::load(disk, &home()) {
            Ok(Found::State(state)) => state.next_run,
            other => panic!("{other:?}"),
        };
        assert_eq!(state(&disk.disk), 3, "what the sync stored came before the next run");
        second.close().unwrap();
        assert_eq!(state(&disk.disk), 3);
        match trust {
            Trust::Chained => assert_consistent(&disk.disk),
            _ => assert_proven(&disk.disk, &lines.lock()),
        }
    }
}

#[test]
fn a_directory_that_goes_while_a_sync_is_under_way_is_suspected_whoever_notices_first() {
    for trust in [Trust::Chained, Trust::Sealed] {
        let (disk, clock, lines) = (Moody::new(), Hand::at_noon(), Lines::default());
        let trail = keyed(builder(disk.shared(), &clock), trust, &lines).build().unwrap();
        settle(&trail);
        disk.syncs(Mood::Hangs);
        let syncs = disk.moods.syncs.load(Ordering::Relaxed);
        let late = emit(&trail);
        let asks = std::thread::spawn(move || late.synced());
        wait_until(|| disk.moods.syncs.load(Ordering::Relaxed) > syncs);
        disk.disk.move_dir(LOGS, "/moved");
        disk.syncs(Mood::Works);
        // The sync itself finds the lock gone, before any commit looks at the file.
        asks.join().unwrap().unwrap();
        trail.close().unwrap();
        let (records, _) = records_and_holes(&disk.disk);
        assert_eq!(count(&records, "AUDIT_TAMPER_SUSPECTED"), 1, "{trust:?} {records:?}");
    }
}

#[test]
fn a_sync_that_returns_when_another_process_is_there_acknowledges_nothing() {
    for trust in [Trust::Chained, Trust::Sealed, TOP] {
        let (disk, clock, lines) = (Moody::new(), Hand::at_noon(), Lines::default());
        let first = keyed(builder(disk.shared(), &clock), trust, &lines).build().unwrap();
        settle(&first);
        disk.syncs(Mood::Hangs);
        let syncs = disk.moods.syncs.load(Ordering::Relaxed);
        // In the file, where the other process finds it; and one that comes later.
        let found = emit(&first);
        found.written().unwrap();
        let asks = std::thread::spawn(move || found.synced());
        wait_until(|| disk.moods.syncs.load(Ordering::Relaxed) > syncs);
        remove_lock_files(&disk.disk);
        let second = builder(disk.disk.shared(), &clock).build().unwrap();
        settle(&second);
        let before = contents(&disk.disk);
        let late = emit(&first);
        disk.syncs(Mood::Works);
        wait_until(|| {
            first
                .status()
                .fault
                .is_some_and(|fault| fault.contains("took its lock"))
        });
        assert!(!asks.is_finished(), "{trust:?}");
        assert_eq!(contents(&disk.disk), before);
        second.close().unwrap();
        let seqs = [asks.join().unwrap().unwrap(), late.synced().unwrap()];
        first.close().unwrap();
        assert_reads(&disk.disk, &seqs);
        assert_eq!(count(&records(&disk.disk), "DATA_READ"), 4, "each of them once");
        match trust {
            Trust::Chained => assert_consistent(&disk.disk),
            _ => assert_proven(&disk.disk, &lines.lock()),
        }
    }
}

#[test]
fn a_lock_that_could_not_be_taken_at_once_is_taken_before_anything_is_written() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock).build().unwrap();
    settle(&trail);
    move_both_away(&disk);
    // Both directories are made, and their parent is synced each time; then there is no descriptor for the lock file.
    let calls = disk.calls() + 4;
    disk.fail_as(calls, Fault::Errno(24));
    let seq = emit(&trail).synced().unwrap();
    assert!(!disk.has_faults());
    assert_locked(&disk);
    trail.close().unwrap();
    assert_reads(&disk, &[seq]);
}

#[test]
fn a_lock_file_that_cannot_be_looked_at_is_not_said_to_be_gone() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock).build().unwrap();
    settle(&trail);
    disk.fail_look(disk.looks(), Fault::Errno(13));
    emit(&trail).synced().unwrap();
    assert!(!disk.has_faults());
    let error = trail.status().last_error.unwrap();
    assert!(error.contains("cannot look at the lock file"), "{error}");
    trail.sync().unwrap();
    // When it is gone indeed, that is noticed.
    remove_lock_files(&disk);
    emit(&trail).synced().unwrap();
    let error = trail.status().last_error.unwrap();
    assert!(error.contains("the lock file was removed"), "{error}");
    assert_locked(&disk);
    trail.close().unwrap();
    assert_consistent(&disk);
}

#[test]
fn a_key_directory_that_is_gone_is_made_again_with_the_state() {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    let trail = sealed(&disk, &clock, &lines).build().unwrap();
    settle(&trail);
    disk.move_dir(KEYS, "/gone");
    let mut seqs = vec![emit(&trail).synced().unwrap()];
    trail.sync().unwrap();
    assert!(disk.get(Path::new(KEYS).join("state")).is_some());
    assert_locked(&disk);
    // Also when nothing comes any more but the end.
    disk.move_dir(KEYS, "/gone too");
    trail.close().unwrap();
    let next = sealed(&disk, &clock, &lines).build().unwrap();
    seqs.push(emit(&next).synced().unwrap());
    next.close().unwrap();
    assert_reads(&disk, &seqs);
    assert_proven(&disk, &lines.lock());
}

#[test]
fn an_end_while_another_process_has_the_trail_counts_what_is_held_and_leaves_no_mark() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let first = builder(disk.shared(), &clock).build().unwrap();
    settle(&first);
    remove_lock_files(&disk);
    let second = builder(disk.shared(), &clock).build().unwrap();
    settle(&second);
    let before = disk.tree();
    let held: Vec<_> = (0..20).map(|_| emit(&first)).collect();
    let error = first.clone().close().unwrap_err();
    assert!(error.to_string().contains("took its lock"), "{error}");
    assert!(held.into_iter().all(|receipt| receipt.synced().is_err()));
    let status = first.status();
    assert_eq!(
        (status.emitted.total(), status.written.total(), status.lost.total()),
        (21, 1, 20)
    );
    assert!(disk.tree() == before);
    second.close().unwrap();
    assert_consistent(&disk);
}
