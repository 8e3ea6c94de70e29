//! Every call to the disk fails once, with everything that an operating system may say: nothing is lost, nothing panics,
//! nothing hangs, and the trail adds up.

use std::time::Instant;

use super::*;
use crate::config::Retention;
use crate::io::mem::Fault;

/// EIO, ENOSPC, EINTR, EROFS, EMFILE, EDQUOT, and a write that takes a part only.
const FAULTS: [Fault; 7] = [
    Fault::Errno(5),
    Fault::Errno(28),
    INTERRUPTED,
    Fault::Errno(30),
    Fault::Errno(24),
    Fault::Errno(122),
    Fault::Short,
];
const INTERRUPTED: Fault = Fault::Errno(4);

const RECORDS: usize = 500;

/// What a run has left.
struct Left {
    /// It had begun: `build` did not refuse.
    begun: bool,
    closed: bool,
    synced: Vec<u64>,
    status: Option<crate::status::Status>,
    took: Duration,
}

/// 500 records and two midnights, on a trail that was there.
fn service(disk: &MemDisk) -> Left {
    let (clock, began) = (Hand::at_noon(), Instant::now());
    let mut left = Left {
        begun: false,
        closed: false,
        synced: Vec::new(),
        status: None,
        took: Duration::ZERO,
    };
    let built = builder(disk.shared(), &clock)
        .retention(Retention::files(3))
        .wait_limit(Duration::from_secs(20))
        .build();
    if let Ok(trail) = built {
        left.begun = true;
        for at in 0..RECORDS {
            let receipt = emit_as(&trail, events::DATA_READ, Severity::ALL[at % 4]);
            if at % 50 == 49 {
                left.synced.extend(receipt.synced());
            }
            if at == 150 || at == 350 {
                clock.pass(Duration::from_secs(86_400));
                let _ = trail.flush();
            }
        }
        let _ = trail.sync();
        left.status = Some(trail.status());
        left.closed = trail.close().is_ok();
    }
    left.took = began.elapsed();
    left
}

/// A trail of three files, as an earlier run has left it.
fn earlier() -> MemDisk {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    clock.step(-3 * 86_400);
    let trail = builder(disk.shared(), &clock).build().unwrap();
    for _ in 0..2 {
        emit(&trail).synced().unwrap();
        clock.pass(Duration::from_secs(86_400));
        trail.flush().unwrap();
    }
    emit(&trail).synced().unwrap();
    trail.close().unwrap();
    disk
}

/// Fails call after call, every `step`-th of them: the number of points.
fn sweep(step: usize) -> usize {
    let before = earlier();
    let calls = {
        let disk = before.kill();
        let left = service(&disk);
        assert!(left.closed && left.synced.len() == RECORDS / 50);
        let (changes, looks) = (disk.calls(), disk.looks());
        assert!(changes > 60 && looks > 60, "{changes} changes, {looks} looks");
        // In how many commits the records go depends on the machine.
        (0..changes + 4)
            .map(|call| (true, call))
            .chain((0..looks + 4).map(|call| (false, call)))
    };
    let mut points = 0;
    for (at, (changes, call)) in calls.enumerate() {
        for (place, fault) in FAULTS.into_iter().enumerate() {
            if !(at * FAULTS.len() + place).is_multiple_of(step) || (!changes && fault == Fault::Short) {
                continue;
            }
            let disk = before.kill();
            match changes {
                true => disk.fail_as(call, fault),
                false => disk.fail_look(call, fault),
            }
            let left = service(&disk);
            let what = format!(
                "{} {call} fails with {fault:?}",
                if changes { "change" } else { "look" }
            );
            if disk.has_faults() {
                assert!(left.closed, "{what}: nothing failed");
                continue;
            }
            points += 1;
            assert!(left.took < Duration::from_secs(15), "{what}: it took {:?}", left.took);
            adds_up(&disk, &left, fault, &what);
        }
    }
    points
}

fn adds_up(disk: &MemDisk, left: &Left, fault: Fault, what: &str) {
    if !left.begun {
        assert!(
            !matches!(fault, INTERRUPTED | Fault::Short),
            "{what}: the start gave up"
        );
        // The next start has nothing to mend.
        assert!(service(disk).closed, "{what}: the next start");
        assert_consistent(disk);
        return;
    }
    assert!(left.closed, "{what}: not ended");
    assert_eq!(left.synced.len(), RECORDS / 50, "{what}: acknowledged");
    let status = left.status.as_ref().unwrap();
    let records = records(disk);
    let ours: Vec<&Record> = named(&records, "DATA_READ").collect();
    let seqs: BTreeSet<u64> = ours.iter().map(|record| record.seq()).collect();
    // Of this run nothing is old enough to go but its first file, behind two midnights and a resync.
    let first = records.first().map_or(0, Record::seq);
    for seq in left.synced.iter().filter(|seq| **seq >= first) {
        assert!(seqs.contains(seq), "{what}: {seq} was acknowledged");
    }
    let all: Vec<u64> = records.iter().map(Record::seq).collect();
    assert!(all.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{what}: numbers");
    for severity in Severity::ALL {
        let of = |counts: crate::status::Counts| counts.of(severity);
        assert_eq!(of(status.emitted), (RECORDS / 4) as u64, "{what}: {severity} emitted");
        assert_eq!(
            of(status.emitted),
            of(status.written) + of(status.lost),
            "{what}: {severity}"
        );
        let gaps = named(&records, "AUDIT_GAP");
        let declared: u64 = gaps
            .filter_map(|gap| gap.metadata()?.get("count")?.get(severity.as_str())?.as_u64())
            .sum();
        assert_eq!(declared, of(status.lost), "{what}: {severity} declared");
    }
    let report = check(disk);
    assert_eq!(report.verdict(), Verdict::Consistent, "{what}: {report}");
    if matches!(fault, INTERRUPTED | Fault::Short) {
        assert_eq!(
            (status.last_error.as_deref(), status.lost.total()),
            (None, 0),
            "{what}: simply tried again"
        );
    }
}

#[test]
fn some_calls_fail_with_every_errno_and_nothing_is_lost() {
    let points = sweep(29);
    assert!(points > 20, "{points}");
}

#[test]
#[ignore = "minutes: for a release build"]
fn every_call_fails_with_every_errno_and_nothing_is_lost() {
    let points = sweep(1);
    println!("{points} points: acknowledged lost 0, panics 0, hangs 0");
    assert!(points > 1_000, "{points}");
}
