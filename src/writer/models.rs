//! Models of the whole trail on a disk in memory: its builder, its writer, its sync thread, its emergency thread and its end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use shuttle::rand::Rng as _;
use shuttle::thread;

use super::sample::*;
use super::stories_overload::{assert_all_counted, each};
use crate::config::{Emergency, OnFull};
use crate::error::ErrorKind;
use crate::event::events;
use crate::io::mem::{MemDisk, Nothing};
use crate::queue::{Loss, Queue};
use crate::receipt::Receipt;
use crate::severity::Severity;
use crate::sync::model::{Mistake, check, check_finds};
use crate::trail::{Core, Trail};

fn random(below: u64) -> u64 {
    shuttle::rand::thread_rng().gen_range(0..below)
}

fn has(disk: &MemDisk, seq: u64) -> bool {
    let begin = format!("{{\"seq\":{seq},");
    let tree = disk.tree();
    let mut texts = tree
        .iter()
        .filter(|(path, _)| path.starts_with(LOGS))
        .map(|(_, text)| text);
    texts.any(|text| {
        text.split(|byte| *byte == b'\n')
            .any(|line| line.starts_with(begin.as_bytes()))
    })
}

/// What was said of a record holds at that moment: after the end of the process, or after a power cut.
fn assert_in_file(disk: &MemDisk, seq: u64) {
    assert!(has(disk, seq), "{seq} was called written");
}

fn assert_on_disk(disk: &MemDisk, seq: u64) {
    assert!(has(&disk.crash(&mut Nothing), seq), "{seq} was called synced");
}

fn wait(trail: &Trail, disk: &MemDisk, way: u64) -> thread::JoinHandle<u64> {
    let (trail, disk) = (trail.clone(), disk.clone());
    thread::spawn(move || {
        let receipt = emit(&trail);
        let seq = match way {
            0 => receipt.synced().unwrap(),
            1 => shuttle::future::block_on(receipt.synced_async()).unwrap(),
            2 => receipt.written().unwrap(),
            _ => shuttle::future::block_on(receipt.written_async()).unwrap(),
        };
        match way {
            0 | 1 => assert_on_disk(&disk, seq),
            _ => assert_in_file(&disk, seq),
        }
        seq
    })
}

/// Callers that wait for one sync, on a disk one of whose calls may fail.
fn group_commit() {
    let disk = Moody::new();
    let trail = builder(disk.shared(), &Hand::at_noon()).build().unwrap();
    if random(2) == 0 {
        let call = disk.disk.calls() + 1 + random(12);
        disk.disk.fail(call, io::ErrorKind::StorageFull);
    }
    let threads = [0, 1, random(4)].map(|way| wait(&trail, &disk.disk, way));
    let mut seqs = threads.map(|thread| thread.join().unwrap());
    seqs.sort_unstable();
    assert!(
        seqs.windows(2).all(|two| two[0] < two[1]),
        "one number, one record: {seqs:?}"
    );
    trail.close().unwrap();
    assert_consistent(&disk.disk);
}

/// What was accepted is in the file, what was refused is counted, and as often as the trail went on behind its end, it
/// ended again.
fn assert_ended(core: &Core, disk: &MemDisk, receipts: &[Receipt]) {
    let records = records(disk);
    let ours = count(&records, "DATA_READ");
    let accepted = receipts.iter().filter(|receipt| receipt.accepted().is_ok()).count();
    assert_eq!(ours, accepted);
    assert!(
        receipts
            .iter()
            .all(|receipt| receipt.accepted().is_err() || receipt.seq().is_some())
    );
    let closed = core.queue.flow().lost[Loss::Closed.index()].count;
    assert_eq!(closed[Severity::Low.index()] as usize, receipts.len() - accepted);
    assert_eq!(count(&records, "AUDIT_STOP"), count(&records, "AUDIT_START"));
    assert_eq!(records.last().unwrap().event(), "AUDIT_STOP");
    assert!(core.mailbox.is_closed());
    assert_consistent(disk);
}

/// Emits without a share in the trail.
fn emit_late(core: &Arc<Core>) -> thread::JoinHandle<Receipt> {
    let core = Arc::clone(core);
    thread::spawn(move || emit_to(&core, events::DATA_READ, Severity::Low))
}

/// Two handles and a layer's share go at once, and somebody still records.
fn dropped_at_once() {
    let disk = Moody::new();
    let trail = builder(disk.shared(), &Hand::at_noon()).build().unwrap();
    let core = Arc::clone(trail.core().arc());
    let other = Trail::new(trail.core().clone());
    let share = (random(2) == 0).then(|| trail.core().clone());
    let late = emit_late(&core);
    let threads = [
        thread::spawn(move || drop(trail)),
        thread::spawn(move || drop(other)),
        thread::spawn(move || drop(share)),
    ];
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let late = late.join().unwrap();
    while !core.mailbox.is_closed() {
        thread::yield_now();
    }
    assert_ended(&core, &disk.disk, &[late]);
}

/// One thread closes, one asks for a sync, one records, and the one that built the trail ends.
fn closed_and_left() {
    let disk = Moody::new();
    let (send, built) = shuttle::sync::mpsc::channel();
    let shared = disk.shared();
    let builder = thread::spawn(move || {
        let trail = builder(shared, &Hand::at_noon()).build().unwrap();
        let receipt = emit(&trail);
        send.send((trail, receipt)).unwrap();
    });
    let (trail, first) = built.recv().unwrap();
    let core = Arc::clone(trail.core().arc());
    let late = emit_late(&core);
    let asking = {
        let (trail, disk) = (trail.clone(), disk.disk.clone());
        thread::spawn(move || match trail.sync() {
            // Whatever was accepted before the question is on the disk with the answer.
            Ok(()) => assert_on_disk(&disk, first.seq().unwrap()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Closed, "{error}"),
        })
    };
    trail.close().unwrap();
    builder.join().unwrap();
    asking.join().unwrap();
    assert_ended(&core, &disk.disk, &[first, late.join().unwrap()]);
}

/// More than the queue holds, from callers that shed, wait, and give up, and an emergency sink that may refuse.
fn overload() {
    let (disk, given) = (Moody::new(), Arc::new(crate::sync::Mutex::new(0)));
    let refuses = random(2) == 0;
    let sink = {
        let given = Arc::clone(&given);
        Emergency::callback(move |_| match refuses {
            true => Err(io::ErrorKind::BrokenPipe.into()),
            false => {
                *given.lock() += 1;
                Ok(())
            }
        })
    };
    let trail = builder(disk.shared(), &Hand::at_noon())
        .line_bytes(4 << 10)
        .value_bytes(1 << 10)
        .queue_bytes(Queue::least(4 << 10))
        .on_full(Severity::Low, OnFull::Shed)
        .on_full(Severity::High, OnFull::Block(Duration::from_secs(60)))
        .on_full(Severity::Critical, OnFull::Block(Duration::from_millis(1)))
        .emergency(sink)
        .build()
        .unwrap();
    let kinds = [(Severity::Low, 5), (Severity::High, 4), (Severity::Critical, 4)];
    let threads = kinds.map(|(severity, count)| {
        let trail = trail.clone();
        thread::spawn(move || {
            for _ in 0..count {
                let receipt = emit_as(&trail, events::DATA_READ, severity);
                assert!(
                    severity != Severity::High || receipt.accepted().is_ok(),
                    "it would wait for a minute"
                );
            }
        })
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    trail.core().outlet.settle(Duration::from_secs(60), false);
    // What was counted after the last gap has its own.
    trail.flush().unwrap();
    trail.sync().unwrap();
    let (status, metrics) = (trail.status(), trail.metrics());
    trail.close().unwrap();
    assert_all_counted([5, 0, 4, 4], &records(&disk.disk), &status, &metrics);
    assert_eq!(each(status.diverted).iter().sum::<u64>(), *given.lock());
    assert_consistent(&disk.disk);
}

/// The end comes while records are at the emergency sink: each is counted by one of the two.
fn overload_at_the_end() {
    let disk = Moody::new();
    let trail = builder(disk.shared(), &Hand::at_noon())
        .line_bytes(4 << 10)
        .value_bytes(1 << 10)
        .queue_bytes(Queue::least(4 << 10))
        .on_full(Severity::Critical, OnFull::Block(Duration::ZERO))
        .emergency(Emergency::callback(|_| Ok(())))
        .build()
        .unwrap();
    let core = Arc::clone(trail.core().arc());
    disk.writes(Mood::Hangs);
    let threads = [4, 5].map(|count| {
        let core = Arc::clone(&core);
        thread::spawn(move || {
            for _ in 0..count {
                emit_to(&core, events::DATA_READ, Severity::Critical);
            }
        })
    });
    // As the writer's last act, when it will not wait for the sink.
    core.outlet.settle(Duration::ZERO, true);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    disk.writes(Mood::Works);
    trail.close().unwrap();
    let flow = core.queue.flow();
    let at = Severity::Critical.index();
    let lost: u64 = flow.lost.iter().map(|lost| lost.count[at]).sum();
    assert_eq!(flow.accepted[at] + lost, 9);
    let ours = records(&disk.disk)
        .iter()
        .filter(|record| record.event() == "DATA_READ")
        .count();
    assert_eq!(ours as u64, flow.accepted[at]);
    assert_consistent(&disk.disk);
}

#[test]
fn nobody_is_told_synced_before_the_sync_that_covers_it_and_nobody_waits_for_ever() {
    check("trail: group commit, a call fails", true, group_commit);
    check_finds(Mistake::SyncedTooSoon, group_commit);
}

#[test]
fn handles_dropped_at_once_end_the_trail_once_and_it_ends_again_if_it_went_on() {
    check("trail: handles dropped at once", true, dropped_at_once);
    check_finds(Mistake::TakesBehindTheEnd, dropped_at_once);
}

#[test]
fn an_end_a_question_a_record_and_the_end_of_a_thread_may_come_in_any_order() {
    check("trail: close, sync, record, leave", true, closed_and_left);
    check_finds(Mistake::ForgetsToCount, closed_and_left);
}

#[test]
fn every_record_is_in_the_file_or_counted_once_under_overload() {
    check("trail: overload", true, overload);
    check_finds(Mistake::ForgetsToCount, overload);
}

#[test]
fn what_the_emergency_sink_has_at_the_end_is_counted_by_one_of_the_two() {
    check("trail: the end under overload", true, overload_at_the_end);
    check_finds(Mistake::CountsTwice, overload_at_the_end);
}
