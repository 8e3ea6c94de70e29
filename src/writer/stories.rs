//! What the writer keeps when the disk does not: each test tells one story, on a disk in memory.

mod crashes;
mod erasures;
mod errnos;
mod holds;
mod planted;

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::sample::*;
use super::stories_overload::declared;
use crate::brief::Brief;
use crate::clock::{Clock, Micros};
use crate::config::{Durability, Emergency, OnFull, Rotation};
use crate::error::{Error, ErrorKind};
use crate::event::events;
use crate::io::mem::{All, Dice, MemDisk, Nothing, Tape};
use crate::outcome::Outcome;
use crate::receipt::Receipt;
use crate::record::Record;
use crate::redact::{Redaction, Treatment};
use crate::render::{Fields, Name, Stage, What};
use crate::severity::Severity;
use crate::status::Health;
use crate::trail::Trail;
use crate::verify::{Verdict, Verify};

#[test]
fn emitted_is_written_and_shed_by_severity_in_file_gaps_status_and_metrics() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock)
        .queue_bytes(1 << 20)
        .line_bytes(8 << 10)
        .emergency(Emergency::none())
        .build()
        .unwrap();
    disk.writes(Mood::Hangs);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let trail = &trail;
            scope.spawn(move || {
                for at in 0..5_000 {
                    let severity = Severity::ALL[(at + thread) % 4];
                    // High and critical wait for room as a rule; not here, or it would take minutes.
                    if severity < Severity::High || at % 500 < 4 {
                        emit_as(trail, events::DATA_READ, severity);
                    }
                }
            });
        }
    });
    disk.writes(Mood::Works);
    for _ in 0..100 {
        emit(&trail);
    }
    trail.sync().unwrap();
    let status = trail.status();
    let metrics = trail.metrics();
    trail.close().unwrap();
    assert!(
        status.lost.low > 1_000 && status.lost.medium > 1_000,
        "{:?}",
        status.lost
    );
    assert_eq!(status.emitted.low + status.emitted.medium, 10_100);
    assert_eq!(status.written, status.synced);

    let records = records(&disk.disk);
    for severity in Severity::ALL {
        let of = |counts: crate::status::Counts| counts.of(severity);
        assert_eq!(of(status.emitted), of(status.written) + of(status.lost), "{severity}");
        let in_file = records
            .iter()
            .filter(|record| record.event() == "DATA_READ" && record.severity() == severity);
        assert_eq!(in_file.count() as u64, of(status.written), "{severity}");
        let gaps = named(&records, "AUDIT_GAP");
        let declared: u64 = gaps
            .filter_map(|gap| gap.metadata()?.get("count")?.get(severity.as_str())?.as_u64())
            .sum();
        assert_eq!(declared, of(status.lost), "{severity}");
        let line = format!(
            "audit_events_total{{event=\"DATA_READ\",category=\"data\",severity=\"{severity}\",outcome=\"success\"}} {}",
            of(status.written)
        );
        assert!(metrics.contains(&line), "{line} in\n{metrics}");
        let line = format!(
            "audit_lost_total{{cause=\"queue_full\",severity=\"{severity}\"}} {}",
            of(status.lost)
        );
        assert!(metrics.contains(&line), "{line} in\n{metrics}");
    }
    assert_consistent(&disk.disk);
}

#[test]
fn a_full_disk_loses_nothing_that_fits_the_queue() {
    for kind in [
        io::ErrorKind::StorageFull,
        io::ErrorKind::Other,
        io::ErrorKind::ReadOnlyFilesystem,
    ] {
        let (disk, clock) = (Moody::new(), Hand::at_noon());
        let trail = builder(disk.shared(), &clock).build().unwrap();
        emit(&trail).synced().unwrap();
        disk.writes(Mood::Fails(kind));
        let receipts: Vec<Receipt> = (0..500).map(|_| emit(&trail)).collect();
        wait_until(|| trail.status().health == Health::Degraded);
        assert!(trail.status().fault.unwrap().contains("write to the trail"));
        assert!(receipts.iter().all(|receipt| receipt.seq().is_none()));
        disk.writes(Mood::Works);
        let seqs: Vec<u64> = receipts.iter().map(|receipt| receipt.written().unwrap()).collect();
        assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]));
        trail.sync().unwrap();
        let status = trail.status();
        assert_eq!(
            (status.health, status.fault, status.lost.total()),
            (Health::Healthy, None, 0)
        );
        assert!(status.last_error.is_some());
        trail.close().unwrap();
        assert_consistent(&disk.disk);
        let numbered: BTreeSet<u64> = records(&disk.disk).iter().map(Record::seq).collect();
        assert!(seqs.iter().all(|seq| numbered.contains(seq)));
    }
}

#[test]
fn what_is_shed_while_the_disk_is_full_is_declared_with_that_cause() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock)
        .queue_bytes(1 << 20)
        .line_bytes(8 << 10)
        .build()
        .unwrap();
    disk.writes(Mood::Fails(io::ErrorKind::StorageFull));
    let refused = (0..6_000).filter(|_| emit(&trail).accepted().is_err()).count();
    assert!(refused > 100, "{refused}");
    disk.writes(Mood::Works);
    trail.flush().unwrap();
    let lost = trail.status().lost.low;
    trail.close().unwrap();
    assert_eq!(lost, refused as u64);
    let records = records(&disk.disk);
    assert_eq!(declared(&records, Some("disk_full")), [refused as u64, 0, 0, 0]);
    assert_eq!(declared(&records, None), [refused as u64, 0, 0, 0]);
    assert_consistent(&disk.disk);
}

#[test]
fn a_short_write_is_taken_back_and_written_whole_later() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock).build().unwrap();
    disk.short_writes(Some(100));
    let receipts: Vec<Receipt> = (0..50).map(|_| emit(&trail)).collect();
    trail.flush().unwrap();
    assert!(receipts.iter().all(|receipt| receipt.seq().is_some()));
    trail.close().unwrap();
    assert_consistent(&disk);
}

#[test]
fn after_a_failed_sync_the_trail_goes_on_in_a_new_file_with_the_same_numbers() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock).build().unwrap();
    let first = emit(&trail).synced().unwrap();
    disk.syncs(Mood::Fails(io::ErrorKind::Other));
    let receipts: Vec<Receipt> = (0..300).map(|_| emit(&trail)).collect();
    let seqs: Vec<u64> = receipts.iter().map(|receipt| receipt.written().unwrap()).collect();
    emit_as(&trail, events::USER_DELETE, Severity::High);
    wait_until(|| trail.status().health == Health::Degraded);
    // Several attempts fail alike.
    let failed = disk.moods.syncs.load(Ordering::Relaxed);
    wait_until(|| disk.moods.syncs.load(Ordering::Relaxed) > failed + 2);
    disk.syncs(Mood::Works);
    for (receipt, seq) in receipts.iter().zip(&seqs) {
        assert_eq!(receipt.synced().unwrap(), *seq, "a record keeps its number");
    }
    trail.sync().unwrap();
    let status = trail.status();
    assert_eq!(status.health, Health::Healthy);
    assert_eq!(status.synced.total(), 302, "each counts once: {status:?}");
    assert_eq!(status.written, status.synced);
    let recent = trail.recent();
    trail.close().unwrap();
    assert_consistent(&disk.disk);
    let records = records(&disk.disk);
    let seen: Vec<u64> = records.iter().map(Record::seq).collect();
    assert_eq!(seen, (1..=seen.len() as u64).collect::<Vec<_>>());
    assert_eq!(count(&records, "DATA_READ"), 301);
    assert!(first < seqs[0]);
    let text: String = disk
        .disk
        .tree()
        .into_values()
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect();
    assert!(text.contains("\"cause\":\"resync\""));
    // The lines in memory are those of the live file.
    assert_eq!(recent.len() as u64, status.records());
    assert!(recent.iter().all(|line| text.contains(line)));
}

#[test]
fn lines_that_were_not_kept_in_memory_are_read_back_after_a_failed_sync() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock).build().unwrap();
    trail.sync().unwrap();
    disk.syncs(Mood::Hangs);
    emit_as(&trail, events::USER_DELETE, Severity::High).written().unwrap();
    // More than the tests' memory holds, in many commits.
    let mut last = None;
    for _ in 0..40 {
        for _ in 0..200 {
            last = Some(emit(&trail));
        }
        last.unwrap().written().unwrap();
    }
    disk.syncs(Mood::Fails(io::ErrorKind::Other));
    wait_until(|| trail.status().health == Health::Degraded);
    disk.syncs(Mood::Works);
    let seq = last.unwrap().synced().unwrap();
    trail.sync().unwrap();
    let status = trail.status();
    assert_eq!(
        (status.synced.low, status.synced.high, status.lost.total()),
        (8_000, 1, 0)
    );
    trail.close().unwrap();
    assert_consistent(&disk.disk);
    let records = records(&disk.disk);
    assert_eq!(count(&records, "DATA_READ"), 8_000);
    assert_eq!(
        records
            .iter()
            .rfind(|record| record.event() == "DATA_READ")
            .unwrap()
            .seq(),
        seq
    );
}

#[test]
fn lines_that_cannot_be_read_back_are_declared_as_lost() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock).build().unwrap();
    trail.sync().unwrap();
    disk.syncs(Mood::Hangs);
    let kept = emit_as(&trail, events::USER_DELETE, Severity::High);
    let kept_seq = kept.written().unwrap();
    let receipts: Vec<Receipt> = (0..8_000)
        .map(|at| {
            let receipt = emit(&trail);
            if at % 200 == 199 {
                receipt.written().unwrap();
            }
            receipt
        })
        .collect();
    // The page cache lost them with the sync.
    let path = trail.status().file;
    let bytes = disk.disk.get(&path).unwrap();
    let damaged: Vec<u8> = bytes
        .iter()
        .enumerate()
        .map(|(at, byte)| if at > bytes.len() / 2 { 0 } else { *byte })
        .collect();
    disk.disk.overwrite(&path, &damaged);
    disk.syncs(Mood::Fails(io::ErrorKind::Other));
    wait_until(|| trail.status().health == Health::Degraded);
    disk.syncs(Mood::Works);
    let later = emit(&trail);
    later.synced().unwrap();
    trail.sync().unwrap();
    let status = trail.status();
    assert!(status.lost.low > 0, "{status:?}");
    assert_eq!(status.losses, [("write_error", status.lost)]);
    assert_eq!(status.emitted.total(), status.written.total() + status.lost.total());
    assert_eq!(status.synced, status.written);
    assert_eq!(kept.synced().unwrap(), kept_seq, "what was in memory is there");
    let lost = receipts.iter().filter(|receipt| receipt.synced().is_err()).count();
    assert_eq!(lost as u64, status.lost.low, "every receipt knows");
    trail.close().unwrap();
    assert_consistent(&disk.disk);
    let records = records(&disk.disk);
    assert_eq!(count(&records, "DATA_READ") as u64, status.written.low);
    let gaps = named(&records, "AUDIT_GAP");
    let declared: u64 = gaps
        .filter_map(|gap| gap.metadata()?.get("count")?.get("low")?.as_u64())
        .sum();
    assert_eq!(declared, status.lost.low);
    let seqs: BTreeSet<u64> = records.iter().map(Record::seq).collect();
    for receipt in receipts.iter().filter(|receipt| receipt.seq().is_some()) {
        assert!(seqs.contains(&receipt.seq().unwrap()));
    }
}

#[test]
fn a_file_that_was_removed_or_changed_is_left_and_said_so() {
    for how in ["missing", "replaced", "cut", "appended"] {
        let (disk, clock) = (MemDisk::new(), Hand::at_noon());
        let trail = builder(disk.shared(), &clock).build().unwrap();
        emit(&trail).synced().unwrap();
        let path = trail.status().file;
        let bytes = disk.get(&path).unwrap();
        match how {
            "missing" => disk.remove(&path),
            "replaced" => disk.put(&path, &bytes),
            "cut" => disk.overwrite(&path, &bytes[..bytes.len() - 10]),
            _ => disk.overwrite(&path, &[bytes.as_slice(), b"{\"seq\":9}\n"].concat()),
        }
        let after = emit(&trail).synced().unwrap();
        // The name of a file that is gone stays free: it may come back.
        assert_ne!(trail.status().file, path, "{how}");
        trail.close().unwrap();
        let text: String = disk
            .tree()
            .into_values()
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect();
        assert!(
            text.contains("AUDIT_TAMPER_SUSPECTED") && text.contains(&format!("\"what\":\"{how}\"")),
            "{how}"
        );
        assert!(text.contains(&format!("{{\"seq\":{after},")), "{how}");
        assert_eq!(check(&disk).verdict(), Verdict::Tampered, "{how}");
    }
}

/// A run as a service makes it: some records, a few that are waited for, a rotation, an end. What was acknowledged, and
/// whether all went well; it stops at the first thing that does not.
fn run(disk: &MemDisk, clock: &Arc<Hand>, patience: Duration) -> (Vec<u64>, bool) {
    let mut synced = Vec::new();
    let built = builder(disk.shared(), clock)
        .rotation(Rotation::daily().max_bytes(20 << 10))
        .line_bytes(8 << 10)
        .wait_limit(patience)
        .build();
    let Ok(trail) = built else { return (synced, false) };
    let done = record_a_day(&trail, clock, &mut synced).is_ok() && trail.clone().close().is_ok();
    if !done {
        // The process is dead: nobody waits for its end.
        std::mem::forget(trail);
    }
    (synced, done)
}

fn record_a_day(trail: &Trail, clock: &Arc<Hand>, synced: &mut Vec<u64>) -> Result<(), Error> {
    for at in 0..100 {
        let receipt = emit(trail);
        if at % 25 == 24 {
            synced.push(receipt.synced()?);
        }
    }
    clock.pass(Duration::from_secs(86_400));
    trail.flush()?;
    synced.push(emit(trail).synced()?);
    Ok(())
}

#[test]
fn every_call_to_the_disk_may_fail_once_and_nothing_is_lost() {
    let calls = {
        let (disk, clock) = (MemDisk::new(), Hand::at_noon());
        assert!(run(&disk, &clock, Duration::from_secs(60)).1);
        disk.calls()
    };
    assert!(calls > 40, "{calls}");
    let mut begun = 0;
    for call in 0..calls {
        for kind in [io::ErrorKind::Other, io::ErrorKind::StorageFull] {
            let (disk, clock) = (MemDisk::new(), Hand::at_noon());
            disk.fail(call, kind);
            let (synced, closed) = run(&disk, &clock, Duration::from_secs(60));
            if synced.is_empty() {
                assert!(call < 30, "call {call}: a trail that had begun acknowledged nothing");
                continue;
            }
            begun += 1;
            assert!(closed, "call {call}");
            let report = check(&disk);
            assert_eq!(report.verdict(), Verdict::Consistent, "call {call}, {kind}: {report}");
            let records = records(&disk);
            assert_eq!(count(&records, "DATA_READ"), 101, "call {call}");
            let seqs: Vec<u64> = records.iter().map(Record::seq).collect();
            assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "call {call}");
        }
    }
    assert!(begun > 40, "{begun}");
}

#[test]
fn what_a_sync_acknowledges_while_a_resync_waits_is_not_superseded_by_lines_on_no_disk() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock).build().unwrap();
    emit(&trail).synced().unwrap();
    disk.syncs(Mood::Hangs);
    let before = disk.moods.syncs.load(Ordering::Relaxed);
    // More than fits the sectors that a header has.
    for _ in 0..19 {
        emit(&trail);
    }
    let receipt = emit(&trail);
    std::thread::scope(|scope| {
        let waits = scope.spawn(move || receipt.synced().unwrap());
        wait_until(|| disk.moods.syncs.load(Ordering::Relaxed) > before);
        // A half line that cannot be taken back: the trail must go on in another file.
        disk.disk.short_writes(Some(50));
        for call in [1, 2] {
            disk.disk.fail(disk.disk.calls() + call, io::ErrorKind::StorageFull);
        }
        emit(&trail);
        wait_until(|| trail.status().write_errors.iter().any(|(_, count)| *count > 1));
        disk.disk.short_writes(None);
        // By then it waits for the sync; were it not so, nothing would be tried, and nothing wrong.
        std::thread::sleep(Duration::from_millis(200));
        let frames = Arc::default();
        let progress = Arc::clone(&trail.core().progress);
        disk.disk.tape(Some(Tape {
            frames: Arc::clone(&frames),
            witness: Arc::new(move || progress.synced_ticket()),
        }));
        disk.syncs(Mood::Works);
        let seq = waits.join().unwrap();
        trail.close().unwrap();
        disk.disk.tape(None);
        let frames: Vec<(MemDisk, u64)> = std::mem::take(&mut *frames.lock().unwrap());
        assert!(frames.iter().any(|(_, ticket)| *ticket == 21));
        for (at, (frame, _)) in frames.iter().enumerate().filter(|(_, (_, ticket))| *ticket >= 21) {
            for seed in 0..16 {
                let crashed = frame.crash(&mut Dice(at as u64 * 16 + seed));
                let started = crate::store::sample::Writer::start(&crashed, clock.now().into());
                started.unwrap().stop().unwrap();
                assert_consistent(&crashed);
                let mut walk = crate::reader::walk::Walk::begin(crashed.shared(), LOGS.as_ref()).unwrap();
                let mut there = false;
                while let Some(next) = walk.next() {
                    let (found, line) = next.unwrap();
                    there |= found == seq && memchr::memmem::find(line, b"DATA_READ").is_some();
                }
                assert!(there, "call {at}, seed {seed}");
            }
        }
    });
}

/// What is left of a file whose first lines could neither be written nor taken back may be a whole header: no other file has its
/// number, at no moment.
#[test]
fn a_file_that_can_be_neither_begun_nor_removed_is_gone_on_from_under_another_number() {
    for shift in 0..6 {
        for part in [900, 40] {
            let (disk, clock) = (MemDisk::new(), Hand::at_noon());
            let trail = builder(disk.shared(), &clock).build().unwrap();
            emit(&trail).synced().unwrap();
            let frames = Arc::default();
            disk.tape(Some(Tape {
                frames: Arc::clone(&frames),
                witness: Arc::new(|| 0),
            }));
            clock.pass(Duration::from_secs(86_400));
            disk.short_writes(Some(part));
            for call in 0..3 {
                disk.fail(disk.calls() + shift + call, io::ErrorKind::StorageFull);
            }
            emit(&trail).synced().unwrap();
            trail.close().unwrap();
            disk.tape(None);
            let records = records(&disk);
            assert_eq!(count(&records, "DATA_READ"), 2, "{shift} {part}");
            assert_ne!(
                check(&disk).verdict(),
                Verdict::Tampered,
                "{shift} {part}: {}",
                check(&disk)
            );
            let mut frames: Vec<(MemDisk, u64)> = std::mem::take(&mut *frames.lock().unwrap());
            // Of the many small writes that the reserve is made by, no other story is to be had.
            frames.retain(|(frame, _)| frame.get("/logs/.reserve.tmp").is_none());
            for (at, (frame, _)) in frames.iter().enumerate() {
                for crashed in [frame.kill(), frame.crash(&mut Dice(at as u64))] {
                    let before = check(&crashed);
                    assert_ne!(before.verdict(), Verdict::Tampered, "{shift} {part} {at}: {before}");
                    let started = crate::store::sample::Writer::start(&crashed, clock.now().into());
                    started.unwrap().stop().unwrap();
                    assert_consistent(&crashed);
                }
            }
        }
    }
}

#[test]
fn a_crash_at_every_call_loses_nothing_acknowledged_and_is_never_taken_for_tampering() {
    let calls = {
        let (disk, clock) = (MemDisk::new(), Hand::at_noon());
        run(&disk, &clock, Duration::from_secs(60));
        disk.calls()
    };
    for call in 0..calls {
        let (disk, clock) = (MemDisk::new(), Hand::at_noon());
        disk.die_after(call);
        let (synced, _) = run(&disk, &clock, Duration::from_millis(50));
        let mut crashes: Vec<MemDisk> = vec![disk.crash(&mut Nothing), disk.crash(&mut All), disk.kill()];
        crashes.extend((0..4).map(|seed| disk.crash(&mut Dice(call * 31 + seed))));
        for crashed in crashes {
            if crashed.get("/logs/.lock").is_none() && synced.is_empty() {
                continue;
            }
            let before = check_if_any(&crashed);
            let again = builder(crashed.shared(), &clock).build();
            let trail = again.unwrap_or_else(|error| panic!("call {call}: {error}"));
            emit(&trail).synced().unwrap();
            trail.close().unwrap();
            let report = check(&crashed);
            assert_eq!(
                report.verdict(),
                Verdict::Consistent,
                "call {call}, before: {before:?}: {report}"
            );
            let seqs: BTreeSet<u64> = records(&crashed).iter().map(Record::seq).collect();
            for seq in &synced {
                assert!(seqs.contains(seq), "call {call}: {seq} was acknowledged");
            }
        }
    }
}

fn check_if_any(disk: &MemDisk) -> Option<Verdict> {
    let report = Verify::new(LOGS).threads(1).run_on(&disk.shared()).ok()?;
    assert_ne!(report.verdict(), Verdict::Tampered, "{report}");
    Some(report.verdict())
}

#[test]
fn a_trail_whose_handles_are_gone_goes_on_for_its_layer_and_ends_cleanly_when_quiet() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock).build().unwrap();
    emit(&trail);
    let layer = trail.core().clone();
    drop(trail);
    let noted = records(&disk);
    assert_eq!(noted.last().unwrap().event(), "AUDIT_STOP");
    assert_consistent(&disk);
    // The layer still records: the state says so before the file does.
    let what = What {
        time: Micros(NOON),
        occurred: None,
        event: Name::Type(events::DATA_READ),
        category: events::DATA_READ.category(),
        severity: Severity::Low,
        outcome: Outcome::Success,
        texts: None,
    };
    let receipt = layer.accept(&what, &mut Fields::new(), &[], &mut Stage::take().line, &mut {
        Brief::BLANK
    });
    let seq = receipt.synced().unwrap();
    assert_eq!(check(&disk.kill()).verdict(), Verdict::Open);
    let going_on = records(&disk);
    let restart = going_on.iter().rfind(|record| record.event() == "AUDIT_START").unwrap();
    assert_eq!(restart.metadata().unwrap().get("resumed").unwrap(), true);
    assert_eq!(seq, restart.seq() + 1);
    // Quiet for a second: the end is clean again, without anybody asking.
    clock.pass(Duration::from_secs(2));
    layer.queue.ring();
    wait_until(|| records(&disk).last().unwrap().event() == "AUDIT_STOP");
    wait_until(|| check(&disk).verdict() == Verdict::Consistent);
    drop(layer);
    assert_consistent(&disk);
    assert_eq!(
        count(&records(&disk), "AUDIT_STOP"),
        2,
        "what had ended did not end again"
    );
    builder(disk.shared(), &clock)
        .lock_wait(Duration::ZERO)
        .build()
        .unwrap()
        .close()
        .unwrap();
}

#[test]
fn the_last_handle_that_goes_ends_the_trail_and_lets_go_of_the_directory() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    for run in 1..=3 {
        let trail = builder(disk.shared(), &clock)
            .lock_wait(Duration::ZERO)
            .build()
            .unwrap();
        let other = trail.clone();
        emit(&trail);
        drop(trail);
        assert_eq!(other.status().health, Health::Healthy);
        emit(&other).accepted().unwrap();
        drop(other);
        assert_consistent(&disk);
        assert_eq!(count(&records(&disk), "DATA_READ"), 2 * run);
    }
}

#[test]
fn a_closed_trail_refuses_and_counts_what_comes_later() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock).build().unwrap();
    let before = emit(&trail);
    trail.clone().close().unwrap();
    trail.clone().close().unwrap();
    let after = emit(&trail);
    assert_eq!(after.accepted().unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(after.synced().unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(
        before.synced().unwrap(),
        own_records(&disk),
        "behind the start, before the stop"
    );
    assert_eq!(trail.flush().unwrap_err().kind(), ErrorKind::Closed);
    let status = trail.status();
    assert_eq!(
        (status.health, status.written.low, status.lost.low),
        (Health::Ended, 1, 1)
    );
    assert!(
        trail
            .metrics()
            .contains("audit_lost_total{cause=\"closed\",severity=\"low\"} 1")
    );
    assert_consistent(&disk);
}

#[test]
fn an_end_does_not_wait_for_ever_for_a_disk_that_does_not_work() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock).build().unwrap();
    disk.writes(Mood::Fails(io::ErrorKind::StorageFull));
    emit(&trail);
    let error = trail.close().unwrap_err();
    assert!(error.to_string().contains("cannot end the trail"), "{error}");
    assert_eq!(check(&disk.disk).verdict(), Verdict::Open);
    disk.writes(Mood::Works);
    builder(disk.shared(), &clock)
        .lock_wait(Duration::ZERO)
        .build()
        .unwrap()
        .close()
        .unwrap();
    assert_consistent(&disk.disk);
    assert_eq!(count(&records(&disk.disk), "AUDIT_RECOVER"), 1);
}

#[test]
fn a_receipt_waits_no_longer_than_the_limit() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock)
        .wait_limit(Duration::from_millis(50))
        .durability(Severity::Medium, Durability::Synced)
        .build()
        .unwrap();
    disk.syncs(Mood::Hangs);
    let receipt = emit(&trail);
    let seq = receipt.written().unwrap();
    assert_eq!(receipt.synced().unwrap_err().kind(), ErrorKind::Timeout);
    // A severity that waits for the disk gives up too, and its record is there.
    let waited = emit_as(&trail, events::DATA_UPDATE, Severity::Medium);
    waited.accepted().unwrap();
    disk.syncs(Mood::Works);
    wait_until(|| receipt.synced().is_ok());
    assert_eq!(receipt.synced().unwrap(), seq);
    wait_until(|| waited.synced().is_ok());
    trail.close().unwrap();
    assert_eq!(receipt.seq(), Some(seq));
}

#[test]
fn a_severity_that_must_be_on_the_disk_is_there_when_emitting_returns() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock)
        .durability(Severity::Critical, Durability::Synced)
        .durability(Severity::High, Durability::Written)
        .build()
        .unwrap();
    let high = emit_as(&trail, events::DATA_DELETE, Severity::High);
    assert!(high.seq().is_some());
    emit_as(&trail, events::SECURITY_INCIDENT, Severity::Critical);
    let crashed = disk.crash(&mut Nothing);
    let found = records(&crashed);
    assert_eq!(count(&found, "SECURITY_INCIDENT"), 1);
    trail.close().unwrap();
}

#[test]
fn a_clock_that_steps_is_noted() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock).build().unwrap();
    clock.pass(Duration::from_secs(5));
    clock.step(-3_600);
    trail.flush().unwrap();
    clock.pass(Duration::from_secs(5));
    clock.step(1);
    trail.flush().unwrap();
    trail.close().unwrap();
    let records = records(&disk);
    let steps: Vec<_> = named(&records, "AUDIT_CLOCK_STEP").collect();
    assert_eq!(steps.len(), 1, "a second is not a step");
    assert_eq!(steps[0].metadata().unwrap().get("step_seconds").unwrap(), -3_600.0);
    assert_consistent(&disk);
}

#[test]
fn ten_seconds_of_activity_end_in_a_checkpoint_and_a_mark() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock).build().unwrap();
    for _ in 0..4 {
        emit(&trail).synced().unwrap();
        clock.pass(Duration::from_secs(11));
        trail.flush().unwrap();
        trail.sync().unwrap();
    }
    // And none when nothing happens.
    for _ in 0..4 {
        clock.pass(Duration::from_secs(11));
        trail.sync().unwrap();
    }
    let records = records(&disk);
    let checkpoints: Vec<_> = named(&records, "AUDIT_CHECKPOINT").collect();
    assert_eq!(checkpoints.len(), 4, "{records:?}");
    let last = checkpoints
        .last()
        .unwrap()
        .metadata()
        .unwrap()
        .get("seq")
        .unwrap()
        .as_u64()
        .unwrap();
    // A cut below the mark is known as one, whatever is in the file.
    let state = String::from_utf8(disk.get("/logs.keys/state").unwrap()).unwrap();
    let marked: u64 = state
        .split("\"seq\":")
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(marked >= last, "{state}");
    trail.close().unwrap();
    assert_consistent(&disk);
}

#[test]
fn a_blocked_caller_gets_in_when_the_disk_comes_back() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock)
        .queue_bytes(1 << 20)
        .line_bytes(8 << 10)
        .on_full(Severity::Low, OnFull::Block(Duration::from_secs(60)))
        .build()
        .unwrap();
    disk.writes(Mood::Hangs);
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..4_000).all(|_| emit(&trail).accepted().is_ok())))
            .collect();
        wait_until(|| trail.core().queue.is_contended());
        disk.writes(Mood::Works);
        assert!(callers.into_iter().all(|caller| caller.join().unwrap()));
    });
    trail.sync().unwrap();
    assert_eq!((trail.status().written.low, trail.status().lost.total()), (16_000, 0));
    trail.close().unwrap();
    assert_consistent(&disk.disk);
}

#[test]
fn what_fits_no_file_goes_into_one_all_the_same() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let fields = (0..3_000).map(|at| format!("field_of_many_{at}"));
    let redaction = fields.fold(Redaction::standard(), |redaction, field| {
        redaction.field(field, Treatment::Drop)
    });
    let trail = builder(disk.shared(), &clock)
        .line_bytes(8 << 10)
        .rotation(Rotation::daily().max_bytes(20 << 10))
        .redaction(redaction)
        .build()
        .unwrap();
    for _ in 0..100 {
        emit(&trail);
    }
    trail.close().unwrap();
    assert_consistent(&disk);
    let files = disk
        .tree()
        .keys()
        .filter(|path| path.extension().is_some_and(|kind| kind == "jsonl"))
        .count();
    assert!((2..8).contains(&files), "{files}");
    let config = records(&disk)
        .into_iter()
        .find(|record| record.event() == "AUDIT_CONFIG");
    assert!(config.unwrap().metadata().unwrap()["settings"].to_string().len() > 20 << 10);
}
