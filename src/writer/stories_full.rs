//! A full disk: the reserve, the gap that is declared in its room, and an end that cannot wait for the disk.

use std::sync::Arc;
use std::time::Duration;

use super::sample::*;
use super::stories_keyed::{Lines, assert_proven, keyed};
use super::stories_overload::{declared, each, in_file, keeping};
use crate::builder::Builder;
use crate::config::{Emergency, OnFull};
use crate::error::ErrorKind;
use crate::event::events;
use crate::io::mem::{All, Dice, MemDisk, Nothing, Tape};
use crate::io::{Disk, FileKind};
use crate::receipt::Receipt;
use crate::severity::Severity;
use crate::status::{Health, Status};
use crate::trail::Trail;
use crate::trust::Trust;
use crate::verify::Verdict;

const RESERVE: &str = "/logs/.reserve";

fn small(disk: &MemDisk, clock: &Arc<Hand>) -> Builder {
    builder(disk.shared(), clock).queue_bytes(1 << 20).line_bytes(8 << 10)
}

/// From now on there is less room than a line's, as the writer learns when it writes next.
fn take_room(disk: &MemDisk) {
    disk.limit(Some(disk.used() + 100));
}

/// The same, and a record waits for room: the writer has found none, so that all that is shed has one cause.
fn fill_up(disk: &MemDisk, trail: &Trail) {
    take_room(disk);
    let before = refused(trail);
    emit(trail).accepted().unwrap();
    wait_until(|| refused(trail) > before);
}

/// How often the disk has refused a write.
fn refused(trail: &Trail) -> u64 {
    trail.status().write_errors.iter().map(|(_, count)| *count).sum()
}

/// Emits until so many records are shed.
fn shed(trail: &Trail, records: u64) -> u64 {
    let before = trail.status().lost.low;
    let mut last = 0;
    while last < records {
        let _: Receipt = emit(trail);
        last = trail.core().queue.flow().lost[0].count[0] - before;
    }
    last
}

/// What a power cut would leave, as records.
fn gaps_on_the_disk(disk: &MemDisk) -> usize {
    count(&records(&disk.crash(&mut Nothing)), "AUDIT_GAP")
}

fn assert_whole(disk: &MemDisk) {
    assert_eq!(disk.get(RESERVE), Some(vec![0; 64 << 10]));
    assert_eq!(disk.get("/logs/.reserve.tmp"), None);
}

#[test]
fn a_start_makes_the_reserve_and_keeps_one_that_is_there() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    small(&disk, &clock).build().unwrap().close().unwrap();
    assert_whole(&disk);
    assert_eq!(disk.crash(&mut All).get(RESERVE).unwrap().len(), 64 << 10);
    let ino = Disk::stat(&disk, RESERVE.as_ref()).unwrap().ino;
    small(&disk, &clock).build().unwrap().close().unwrap();
    assert_eq!(Disk::stat(&disk, RESERVE.as_ref()).unwrap().ino, ino);
    // What is not as we made it is made again; what is half made goes.
    disk.put("/logs/.reserve.tmp", b"half");
    for odd in [FileKind::Link, FileKind::Other, FileKind::File] {
        disk.put_kind(RESERVE, odd, b"no room");
        small(&disk, &clock).build().unwrap().close().unwrap();
        assert_whole(&disk);
    }
    assert_consistent(&disk);
}

#[test]
fn a_disk_without_room_for_the_reserve_still_takes_records() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    disk.limit(Some(40_000));
    let trail = small(&disk, &clock).build().unwrap();
    emit(&trail).synced().unwrap();
    assert_eq!((disk.get(RESERVE), disk.get("/logs/.reserve.tmp")), (None, None));
    assert_eq!(trail.status().health, Health::Healthy);
    // It is made when there is room.
    disk.limit(None);
    clock.pass(Duration::from_secs(6));
    emit(&trail).synced().unwrap();
    wait_until(|| disk.get(RESERVE).is_some_and(|data| data.len() == 64 << 10));
    trail.close().unwrap();
    assert_consistent(&disk);
}

#[test]
fn on_a_full_disk_the_gap_is_on_the_disk_before_there_is_room_again() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let trail = small(&disk, &clock).build().unwrap();
    let first = emit(&trail).synced().unwrap();
    fill_up(&disk, &trail);
    shed(&trail, 100);
    wait_until(|| gaps_on_the_disk(&disk) == 1);
    assert_eq!(disk.get(RESERVE), None, "its room was given up");
    // What the queue had no room for is a reason of its own.
    assert!((Health::Degraded..Health::Ended).contains(&trail.status().health));
    // More is lost, and more is said, though not at once; records wait for as much room as the reserve had.
    shed(&trail, 100);
    assert_eq!(gaps_on_the_disk(&disk), 1);
    clock.pass(Duration::from_secs(3));
    wait_until(|| gaps_on_the_disk(&disk) == 2);
    assert_eq!(trail.status().written.low, 1);
    let crashed = disk.crash(&mut Nothing);
    crashed.limit(None);
    small(&crashed, &Hand::at_noon()).build().unwrap().close().unwrap();
    assert_consistent(&crashed);
    assert_whole(&crashed);
    // Now there is room.
    disk.limit(None);
    trail.sync().unwrap();
    assert_whole(&disk);
    let status = trail.status();
    trail.close().unwrap();
    let records = records(&disk);
    assert!(records.iter().any(|record| record.seq() == first));
    assert_eq!(in_file(&records), each(status.written));
    assert_eq!(declared(&records, Some("disk_full")), each(status.lost));
    assert_eq!(each(status.emitted)[0], status.written.low + status.lost.low);
    assert_consistent(&disk);
}

/// First in the room of the reserve, then behind it, when what that gave is used up.
#[test]
fn gaps_of_a_full_disk_are_proven_like_all_else_in_the_keyed_modes() {
    let mut modes = vec![Trust::Sealed];
    if cfg!(feature = "sign") {
        modes.push(Trust::Signed);
    }
    for mode in modes {
        let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
        let trail = keyed(small(&disk, &clock), mode, &lines).build().unwrap();
        emit(&trail).synced().unwrap();
        fill_up(&disk, &trail);
        shed(&trail, 100);
        wait_until(|| gaps_on_the_disk(&disk) == 1);
        let crashed = disk.crash(&mut Nothing);
        crashed.limit(None);
        let again = keyed(small(&crashed, &Hand::at_noon()), mode, &Lines::default());
        again.build().unwrap().close().unwrap();
        assert_proven(&crashed, &lines.lock());

        disk.limit(Some(disk.used()));
        let tried_again = || {
            let before = refused(&trail);
            wait_until(|| refused(&trail) > before + 2);
        };
        clock.pass(Duration::from_secs(61));
        tried_again();
        shed(&trail, 100);
        clock.pass(Duration::from_secs(61));
        tried_again();
        disk.limit(None);
        trail.sync().unwrap();
        let status = trail.status();
        trail.close().unwrap();
        assert_eq!(declared(&records(&disk), Some("disk_full")), each(status.lost));
        assert_proven(&disk, &lines.lock());
    }
}

#[test]
fn without_a_reserve_nothing_is_said_on_a_full_disk() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let trail = small(&disk, &clock).build().unwrap();
    emit(&trail).synced().unwrap();
    disk.remove(RESERVE);
    fill_up(&disk, &trail);
    shed(&trail, 100);
    let looks = disk.calls() + 20;
    wait_until(|| disk.calls() > looks);
    assert_eq!(gaps_on_the_disk(&disk), 0);
    disk.limit(None);
    trail.close().unwrap();
    assert_eq!(count(&records(&disk), "AUDIT_GAP"), 1, "all at once");
    assert_consistent(&disk);
}

#[test]
fn a_full_disk_at_midnight_keeps_the_order_of_the_own_records() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let trail = small(&disk, &clock).build().unwrap();
    emit(&trail).synced().unwrap();
    take_room(&disk);
    clock.pass(Duration::from_secs(86_400));
    std::thread::scope(|scope| {
        // Who asks has the writer look at the clock again, and so begin the day before anything is lost in it.
        scope.spawn(|| trail.sync());
        wait_until(|| refused(&trail) > 0);
        shed(&trail, 100);
        wait_until(|| gaps_on_the_disk(&disk) == 1);
        disk.limit(None);
    });
    trail.close().unwrap();
    let records = records(&disk);
    let place = |event: &str| records.iter().position(|record| record.event() == event);
    assert!(place("AUDIT_ROTATE") < place("AUDIT_GAP"));
    assert_eq!(declared(&records, None)[0], 100);
    assert_consistent(&disk);
}

/// Whatever is kept of a run with a full disk, at whichever call it ends: no tampering, no help needed, and the reserve is whole
/// behind the next start.
#[test]
fn a_crash_at_any_step_of_the_reserve_needs_no_help() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let frames = Arc::default();
    disk.tape(Some(Tape {
        frames: Arc::clone(&frames),
        witness: Arc::new(|| 0),
    }));
    let trail = small(&disk, &clock).build().unwrap();
    emit(&trail).synced().unwrap();
    fill_up(&disk, &trail);
    shed(&trail, 10);
    wait_until(|| gaps_on_the_disk(&disk) == 1);
    disk.limit(None);
    trail.sync().unwrap();
    trail.close().unwrap();
    disk.tape(None);
    let frames: Vec<(MemDisk, u64)> = std::mem::take(&mut *frames.lock().unwrap());
    assert!(frames.len() > 30, "{}", frames.len());
    for (at, (frame, _)) in frames.iter().enumerate() {
        let mut crashed = vec![frame.kill(), frame.crash(&mut Nothing), frame.crash(&mut All)];
        crashed.extend((0..6).map(|seed| frame.crash(&mut Dice(at as u64 * 8 + seed))));
        for disk in crashed {
            disk.limit(None);
            // Before the first file there is nothing to judge.
            if disk.get("/logs/.lock").is_some() {
                assert_ne!(check(&disk).verdict(), Verdict::Tampered, "call {at}: {}", check(&disk));
            }
            let trail = small(&disk, &Hand::at_noon()).build().unwrap();
            emit(&trail).synced().unwrap();
            trail.close().unwrap();
            assert_consistent(&disk);
            assert_whole(&disk);
        }
    }
}

/// A trail with records that found no room, at its end: so many accepted.
fn at_its_end(disk: &MemDisk, sink: Emergency) -> (Trail, Arc<Hand>) {
    let clock = Hand::at_noon();
    let trail = small(disk, &clock)
        .on_full(Severity::Critical, OnFull::Block(Duration::ZERO))
        .emergency(sink)
        .build()
        .unwrap();
    emit(&trail).synced().unwrap();
    fill_up(disk, &trail);
    shed(&trail, 50);
    emit_as(&trail, events::SECURITY_INCIDENT, Severity::Critical)
        .accepted()
        .unwrap();
    (trail, clock)
}

fn adds_up(disk: &MemDisk, status: &Status, metrics: &str) {
    let records = records(disk);
    let shed: [u64; 4] = std::array::from_fn(|at| each(status.lost)[at] - each(status.diverted)[at]);
    let (written, diverted) = (each(status.written), each(status.diverted));
    let counted: [u64; 4] = std::array::from_fn(|at| written[at] + shed[at] + diverted[at]);
    assert_eq!(each(status.emitted), counted, "{status:?}");
    assert_eq!(in_file(&records), each(status.written));
    assert_eq!(declared(&records, Some("diverted")), each(status.diverted));
    assert_eq!(declared(&records, None), each(status.lost));
    for (severity, count) in Severity::ALL.into_iter().zip(shed) {
        let line = format!("audit_lost_total{{cause=\"queue_full\",severity=\"{severity}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line} in\n{metrics}");
    }
}

#[test]
fn an_end_on_a_full_disk_hands_what_is_left_to_the_emergency_sink_and_says_so() {
    let disk = MemDisk::new();
    let (sink, kept) = keeping();
    let (trail, _clock) = at_its_end(&disk, sink);
    let waiting = emit_as(&trail, events::SECURITY_INCIDENT, Severity::Critical);
    let left = trail.status().emitted.total() - trail.status().lost.total() - 1;
    let error = trail.clone().close().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("handed to the emergency sink: "), "{error}");
    assert!(waiting.written().is_err() && waiting.seq().is_none());
    let status = trail.status();
    assert_eq!((status.written.total(), status.diverted.total()), (1, left));
    assert_eq!(kept.lock().len() as u64, left);
    // The critical ones first, for a sink that would not take all.
    assert!(kept.lock()[..2].iter().all(|line| line.contains("SECURITY_INCIDENT")));
    adds_up(&disk, &status, &trail.metrics());
    // It ended in the room of the reserve.
    assert_eq!(status.health, Health::Ended);
    assert_consistent(&disk);
    assert_eq!(disk.get(RESERVE), None);
    disk.limit(None);
    small(&disk, &Hand::at_noon()).build().unwrap().close().unwrap();
    assert_whole(&disk);
    assert_eq!(count(&records(&disk), "AUDIT_RECOVER"), 0);
    assert_consistent(&disk);
}

#[test]
fn an_end_on_a_full_disk_without_a_sink_counts_what_is_lost() {
    let disk = MemDisk::new();
    let (trail, _clock) = at_its_end(&disk, Emergency::none());
    trail.clone().close().unwrap_err();
    let status = trail.status();
    assert_eq!((status.written.total(), status.diverted.total()), (1, 0));
    assert_eq!(status.lost.critical, 1);
    adds_up(&disk, &status, &trail.metrics());
    assert_consistent(&disk);
}

#[test]
fn the_last_handle_on_a_full_disk_hands_over_what_is_left_though_a_layer_lives_on() {
    let disk = MemDisk::new();
    let (sink, kept) = keeping();
    let (trail, _clock) = at_its_end(&disk, sink);
    let lease = trail.core().clone();
    drop(trail);
    assert!(kept.lock().len() > 1_000, "{}", kept.lock().len());
    assert_consistent(&disk);
    // What comes now, comes behind the end.
    disk.limit(None);
    let again = Trail::new(lease);
    let seq = emit(&again).synced().unwrap();
    let (status, metrics) = (again.status(), again.metrics());
    again.close().unwrap();
    assert_eq!(status.written.low, 2);
    assert!(records(&disk).iter().any(|record| record.seq() == seq));
    adds_up(&disk, &status, &metrics);
    assert_consistent(&disk);
}

#[test]
fn an_end_on_a_full_disk_without_a_reserve_is_unclean_and_counts_all_the_same() {
    let disk = MemDisk::new();
    let (sink, kept) = keeping();
    let (trail, _clock) = at_its_end(&disk, sink);
    wait_until(|| gaps_on_the_disk(&disk) == 1);
    disk.limit(Some(0));
    trail.clone().close().unwrap_err();
    let status = trail.status();
    assert_eq!(status.diverted.total(), kept.lock().len() as u64);
    assert_eq!(
        status.emitted.total(),
        status.written.total() + status.lost.total(),
        "{status:?}"
    );
    assert_eq!(check(&disk).verdict(), Verdict::Open);
    disk.limit(None);
    small(&disk, &Hand::at_noon()).build().unwrap().close().unwrap();
    assert_consistent(&disk);
}

#[test]
fn a_small_rest_is_written_in_the_room_of_the_reserve_when_an_end_waits_no_longer() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let (sink, kept) = keeping();
    let trail = small(&disk, &clock).emergency(sink).build().unwrap();
    emit(&trail).synced().unwrap();
    take_room(&disk);
    for _ in 0..20 {
        emit(&trail).accepted().unwrap();
    }
    trail.clone().close().unwrap();
    let status = trail.status();
    assert_eq!((status.written.low, status.lost.total(), kept.lock().len()), (21, 0, 0));
    assert_consistent(&disk);
}
