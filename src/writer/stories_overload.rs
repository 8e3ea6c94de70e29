//! More than the disk takes: what is shed, who waits, what goes to the emergency sink, and that every record is counted
//! once.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::sample::*;
use crate::config::{Emergency, OnFull};
use crate::error::ErrorKind;
use crate::event::{EventType, events};
use crate::io::{Disk, RealDisk};
use crate::receipt::Receipt;
use crate::record::Record;
use crate::severity::Severity;
use crate::status::{Counts, Status};
use crate::sync::Mutex;
use crate::trail::Trail;

/// By severity, what gap records with this cause declare, or all of them.
pub(super) fn declared(records: &[Record], cause: Option<&str>) -> [u64; 4] {
    let gaps = named(records, "AUDIT_GAP");
    let gaps = gaps.filter_map(Record::metadata);
    let gaps = gaps.filter(|gap| cause.is_none_or(|cause| gap.get("cause").unwrap() == cause));
    gaps.fold([0; 4], |sums, gap| {
        assert!(gap.get("first").unwrap().as_str() <= gap.get("last").unwrap().as_str());
        std::array::from_fn(|at| {
            let count = gap.get("count").unwrap().get(Severity::ALL[at].as_str());
            sums[at] + count.map_or(0, |count| count.as_u64().unwrap())
        })
    })
}

pub(super) fn each(counts: Counts) -> [u64; 4] {
    Severity::ALL.map(|severity| counts.of(severity))
}

/// What callers made, by severity and by event, in the file.
pub(super) fn in_file(records: &[Record]) -> [u64; 4] {
    Severity::ALL.map(|severity| {
        let ours = records.iter().filter(|record| !record.event().starts_with("AUDIT_"));
        ours.filter(|record| record.severity() == severity).count() as u64
    })
}

/// Callers, file, gap records, status and metrics say the same.
pub(super) fn assert_all_counted(emitted: [u64; 4], records: &[Record], status: &Status, metrics: &str) {
    let shed: [u64; 4] = std::array::from_fn(|at| each(status.lost)[at] - each(status.diverted)[at]);
    assert_eq!(each(status.emitted), emitted);
    assert_eq!(in_file(records), each(status.written));
    assert_eq!(declared(records, Some("diverted")), each(status.diverted));
    assert_eq!(declared(records, None), each(status.lost));
    for (at, severity) in Severity::ALL.iter().enumerate() {
        assert_eq!(
            emitted[at],
            each(status.written)[at] + shed[at] + each(status.diverted)[at],
            "{severity}"
        );
        for (cause, count) in [("queue_full", shed[at]), ("diverted", each(status.diverted)[at])] {
            let line = format!("audit_lost_total{{cause=\"{cause}\",severity=\"{severity}\"}} {count}\n");
            assert!(metrics.contains(&line), "{line} in\n{metrics}");
        }
    }
}

/// A sink that keeps what it is given.
pub(super) fn keeping() -> (Emergency, Arc<Mutex<Vec<String>>>) {
    let kept: Arc<Mutex<Vec<String>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let sink = Emergency::callback(move |line| {
        keep.lock().push(line.to_owned());
        Ok(())
    });
    (sink, kept)
}

/// The writer hangs in a write from now on, so that the queue keeps what it is given.
fn hold_up(disk: &Moody, trail: &Trail) {
    let before = disk.moods.hung.load(Ordering::Relaxed);
    disk.writes(Mood::Hangs);
    emit(trail).accepted().unwrap();
    wait_until(|| disk.moods.hung.load(Ordering::Relaxed) > before);
}

/// Emits until the queue has no room for this severity; the receipt that said so.
fn fill(trail: &Trail, event: EventType, severity: Severity) -> Receipt {
    loop {
        let receipt = emit_as(trail, event, severity);
        if receipt.accepted().is_err() {
            return receipt;
        }
    }
}

#[test]
fn what_waited_for_room_in_vain_goes_to_the_emergency_sink_and_is_counted_there() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let (sink, kept) = keeping();
    let trail = builder(disk.shared(), &clock)
        .queue_bytes(1 << 20)
        .line_bytes(8 << 10)
        .on_full(Severity::High, OnFull::Block(Duration::from_millis(1)))
        .on_full(Severity::Critical, OnFull::Block(Duration::from_millis(1)))
        .emergency(sink)
        .build()
        .unwrap();
    emit(&trail).synced().unwrap();
    hold_up(&disk, &trail);
    let shed = fill(&trail, events::DATA_READ, Severity::Low);
    assert_eq!(shed.accepted().unwrap_err().kind(), ErrorKind::Shed);
    let high = emit_as(&trail, events::USER_DELETE, Severity::High);
    assert_eq!(high.accepted().unwrap_err().kind(), ErrorKind::Diverted);
    assert_eq!(high.synced().unwrap_err().kind(), ErrorKind::Diverted);
    let critical = fill(&trail, events::SECURITY_INCIDENT, Severity::Critical);
    assert_eq!(critical.accepted().unwrap_err().kind(), ErrorKind::Diverted);
    wait_until(|| trail.status().diverted.total() == 2);
    // While nobody has counted a record, it is emitted all the same.
    let status = trail.status();
    assert_eq!(status.emitted.high, 1);
    assert_eq!(
        (status.diverted.high, status.diverted.critical, status.lost.low),
        (1, 1, 1)
    );
    disk.writes(Mood::Works);
    trail.sync().unwrap();
    let (emitted, id) = (each(trail.status().emitted), trail.id());
    let (status, metrics) = (trail.status(), trail.metrics());
    trail.close().unwrap();
    assert_all_counted(emitted, &records(&disk.disk), &status, &metrics);
    assert_consistent(&disk.disk);
    let kept = kept.lock();
    assert_eq!(kept.len(), 2);
    for (line, event) in kept.iter().zip(["USER_DELETE", "SECURITY_INCIDENT"]) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["diverted"], id);
        assert_eq!(line["event"], event);
        assert!(line.get("seq").is_none() && line.get("tag").is_none());
    }
}

#[test]
fn an_emergency_file_has_a_line_for_each_record_and_is_for_this_user_alone() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    disk.disk.create_dir(Path::new("/other")).unwrap();
    let trail = builder(disk.shared(), &clock)
        .queue_bytes(1 << 20)
        .line_bytes(8 << 10)
        .on_full(Severity::Critical, OnFull::Block(Duration::ZERO))
        .emergency(Emergency::file("/other/emergency.jsonl"))
        .build()
        .unwrap();
    disk.writes(Mood::Fails(io::ErrorKind::StorageFull));
    fill(&trail, events::SECURITY_INCIDENT, Severity::Critical);
    let more = (0..9).filter(|_| {
        emit_as(&trail, events::SECURITY_INCIDENT, Severity::Critical)
            .accepted()
            .is_err()
    });
    let diverted = 1 + more.count() as u64;
    wait_until(|| trail.status().diverted.critical == diverted);
    disk.writes(Mood::Works);
    trail.close().unwrap();
    let text = String::from_utf8(disk.disk.get("/other/emergency.jsonl").unwrap()).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty());
    let lines = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    assert_eq!(lines.count() as u64, diverted);
    assert_eq!(declared(&records(&disk.disk), Some("diverted"))[3], diverted);
    let missing = builder(disk.shared(), &clock)
        .emergency(Emergency::file("/nowhere/emergency.jsonl"))
        .build();
    assert!(missing.unwrap_err().to_string().contains("emergency"));
}

#[test]
fn a_sink_that_refuses_panics_or_hangs_holds_up_nobody_and_counts_as_lost() {
    let calls = Arc::new(AtomicU64::new(0));
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let (count, hang) = (Arc::clone(&calls), Arc::new(Mutex::new(())));
    let (hanging, held) = (Arc::clone(&hang), hang.lock());
    let trail = builder(disk.shared(), &clock)
        .queue_bytes(1 << 20)
        .line_bytes(8 << 10)
        .on_full(Severity::High, OnFull::Block(Duration::ZERO))
        .emergency(Emergency::callback(move |_| {
            match count.fetch_add(1, Ordering::Relaxed) {
                0 => Err(io::ErrorKind::BrokenPipe.into()),
                1 => panic!("as planned"),
                _ => {
                    drop(hanging.lock());
                    Ok(())
                }
            }
        }))
        .build()
        .unwrap();
    hold_up(&disk, &trail);
    fill(&trail, events::USER_DELETE, Severity::High);
    let began = Instant::now();
    for _ in 0..20_000 {
        emit_as(&trail, events::USER_DELETE, Severity::High);
    }
    assert!(began.elapsed() < Duration::from_secs(20));
    wait_until(|| calls.load(Ordering::Relaxed) == 3);
    // What does not fit the sink's own room is lost at once: no more than a mebibyte waits for it.
    assert!(trail.status().lost.high > 10_000, "{:?}", trail.status().lost);
    disk.writes(Mood::Works);
    trail.clone().close().unwrap();
    let status = trail.status();
    assert_eq!(status.diverted.total(), 0);
    assert_eq!(each(status.emitted)[2], status.written.high + status.lost.high);
    assert_eq!(declared(&records(&disk.disk), None)[2], status.lost.high);
    // It comes back, and changes nothing any more.
    drop(held);
    drop(hang.lock());
    assert_eq!(trail.status().diverted.total(), 0);
}

#[test]
fn a_sink_that_records_what_it_is_given_is_not_its_own_way_out() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let own: Arc<Mutex<Option<Trail>>> = Arc::default();
    let (trail_of_sink, calls) = (Arc::clone(&own), Arc::new(AtomicU64::new(0)));
    let count = Arc::clone(&calls);
    let trail = builder(disk.shared(), &clock)
        .queue_bytes(1 << 20)
        .line_bytes(8 << 10)
        .on_full(Severity::High, OnFull::Block(Duration::ZERO))
        .emergency(Emergency::callback(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            let trail = trail_of_sink.lock().clone();
            emit_as(&trail.unwrap(), events::USER_DELETE, Severity::High);
            Ok(())
        }))
        .build()
        .unwrap();
    *own.lock() = Some(trail.clone());
    hold_up(&disk, &trail);
    fill(&trail, events::USER_DELETE, Severity::High);
    wait_until(|| trail.status().lost.high == 2);
    assert_eq!((calls.load(Ordering::Relaxed), trail.status().diverted.high), (1, 1));
    disk.writes(Mood::Works);
    *own.lock() = None;
    trail.close().unwrap();
}

#[test]
fn a_disk_that_has_room_again_is_written_to_within_a_second() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock)
        .queue_bytes(1 << 20)
        .line_bytes(8 << 10)
        .build()
        .unwrap();
    disk.writes(Mood::Fails(io::ErrorKind::StorageFull));
    let refused = (0..6_000).filter(|_| emit(&trail).accepted().is_err()).count() as u64;
    // Long enough for the pauses to have grown as far as they do.
    let before = disk.moods.writes.load(Ordering::Relaxed);
    wait_until(|| disk.moods.writes.load(Ordering::Relaxed) > before + 8);
    let critical = emit_as(&trail, events::SECURITY_INCIDENT, Severity::Critical);
    let began = Instant::now();
    disk.writes(Mood::Works);
    wait_until(|| critical.seq().is_some());
    let took = began.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    trail.sync().unwrap();
    let (status, metrics) = (trail.status(), trail.metrics());
    trail.close().unwrap();
    assert_eq!(status.lost.low, refused);
    let records = records(&disk.disk);
    assert_all_counted([6_000, 0, 0, 1], &records, &status, &metrics);
    assert_eq!(declared(&records, Some("disk_full"))[0], refused);
    assert_consistent(&disk.disk);
}

/// What happens when it is full, by severity, and to what waited in vain.
#[derive(Clone, Debug)]
struct Weather {
    blocks: [Option<u8>; 4],
    sink: Option<bool>,
    producers: usize,
    seed: u32,
}

fn weather() -> impl Strategy<Value = Weather> {
    let block = proptest::option::of(0..3_u8);
    let producers = prop_oneof![Just(1_usize), Just(2), Just(8)];
    let sink = proptest::option::of(any::<bool>());
    (proptest::array::uniform4(block), sink, producers, any::<u32>()).prop_map(|(blocks, sink, producers, seed)| {
        Weather {
            blocks,
            sink,
            producers,
            seed,
        }
    })
}

const QUEUE: usize = 512 << 10;

/// More than any limit of a story, for a machine that does something else.
const LATE: Duration = Duration::from_secs(5);

/// Ten times the queue at once on a slow disk. Some few records are critical, so that their lane always has room.
fn flood<D: Disk + Clone + 'static>(disk: &Moody<D>, dir: &Path, weather: &Weather) -> ([u64; 4], Trail) {
    let refusals = AtomicU64::new(0);
    let sink = match weather.sink {
        None => Emergency::none(),
        Some(true) => Emergency::callback(|_| Ok(())),
        Some(false) => Emergency::callback(move |_| match refusals.fetch_add(1, Ordering::Relaxed) % 3 {
            0 => Err(io::ErrorKind::BrokenPipe.into()),
            _ => Ok(()),
        }),
    };
    let mut building = Trail::builder(dir)
        .detached()
        .disk(disk.shared())
        .queue_bytes(QUEUE)
        .line_bytes(8 << 10)
        .wait_limit(Duration::from_secs(60))
        .emergency(sink);
    for (severity, block) in Severity::ALL.into_iter().zip(weather.blocks) {
        let on_full = block.map_or(OnFull::Shed, |millis| {
            OnFull::Block(Duration::from_millis(millis.into()))
        });
        building = building.on_full(severity, on_full);
    }
    let trail = building.build().unwrap();
    disk.writes(Mood::Slow(Duration::from_millis(20)));
    disk.syncs(Mood::Slow(Duration::from_millis(20)));
    // A line of these has some 200 bytes, and its entry 100 more.
    let each_of = 10 * QUEUE / 200 / weather.producers;
    let emitted: [AtomicU64; 4] = Default::default();
    std::thread::scope(|scope| {
        for producer in 0..weather.producers {
            let (trail, emitted) = (&trail, &emitted);
            scope.spawn(move || {
                let mut random = weather.seed.wrapping_add(producer as u32) | 1;
                let mut waits = 0;
                for at in 0..each_of {
                    random ^= random << 13;
                    random ^= random >> 17;
                    random ^= random << 5;
                    let severity = match at % (each_of / (96 / weather.producers)) {
                        0 => Severity::Critical,
                        // Who waits holds up the flood: some hundreds are enough.
                        _ if waits > 200 => Severity::Low,
                        _ => Severity::ALL[random as usize % 3],
                    };
                    let began = Instant::now();
                    emit_as(trail, events::DATA_READ, severity);
                    emitted[severity.index()].fetch_add(1, Ordering::Relaxed);
                    waits += usize::from(began.elapsed() > Duration::from_millis(1));
                    assert!(began.elapsed() < LATE, "a caller waited {:?}", began.elapsed());
                }
            });
        }
    });
    disk.writes(Mood::Works);
    disk.syncs(Mood::Works);
    trail.sync().unwrap();
    trail.core().outlet.settle(Duration::from_secs(60), false);
    // So that what was counted after the last gap has its own.
    trail.flush().unwrap();
    trail.sync().unwrap();
    (emitted.map(AtomicU64::into_inner), trail)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn ten_times_what_the_queue_holds_is_written_shed_or_diverted_to_the_last_record(weather in weather()) {
        let disk = Moody::new();
        let (emitted, trail) = flood(&disk, Path::new(LOGS), &weather);
        let (status, metrics) = (trail.status(), trail.metrics());
        trail.close().unwrap();
        assert!(status.lost.total() > 0, "{weather:?}: that was no flood");
        assert_eq!(status.lost.critical, 0, "the reserved lane had room");
        assert_all_counted(emitted, &records(&disk.disk), &status, &metrics);
        assert_consistent(&disk.disk);
    }
}

#[test]
fn the_same_holds_on_a_real_file() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    for producers in [1, 2, 8] {
        let weather = Weather {
            blocks: [None, Some(1), Some(2), Some(50)],
            sink: Some(true),
            producers,
            seed: 7,
        };
        let (emitted, trail) = flood(&Moody::over(RealDisk), &dir, &weather);
        let (status, metrics) = (trail.status(), trail.metrics());
        trail.close().unwrap();
        assert!(
            status.lost.total() > 0 && status.lost.critical == 0,
            "{:?}",
            status.lost
        );
        let records: Vec<Record> = crate::reader::read(&dir).unwrap().map(Result::unwrap).collect();
        assert_all_counted(emitted, &records, &status, &metrics);
        std::fs::remove_dir_all(&dir).unwrap();
        std::fs::remove_dir_all(crate::io::with_suffix(&dir, ".keys")).unwrap();
    }
}

/// Standard error is the whole process's, so a child has it.
fn child(how: &str) -> std::process::Command {
    let mut child = std::process::Command::new("sh");
    let exact = "--exact writer::stories_overload::diverts_to_standard_error --ignored --nocapture";
    child.args(["-c", &format!("exec \"$0\" {exact} {how}")]);
    child.arg(std::env::current_exe().unwrap());
    child
}

#[test]
fn standard_error_has_a_line_for_each_diverted_record() {
    let out = child("").output().unwrap();
    let text = String::from_utf8(out.stderr).unwrap();
    assert!(out.status.success(), "{text}");
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("tracing-audit diverted: "));
    let lines = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let said = String::from_utf8(out.stdout).unwrap();
    let diverted = said.lines().find_map(|line| line.strip_prefix("diverted in all: "));
    let diverted: usize = diverted.unwrap().parse().unwrap();
    assert_eq!(lines.count(), diverted);
    assert!(diverted > 100, "{diverted}");
}

#[test]
fn a_standard_error_that_is_closed_or_that_nobody_reads_holds_up_nobody() {
    let quiet = |how: &str| {
        let mut child = child(how);
        child.stdout(std::process::Stdio::null());
        child
    };
    assert!(quiet("2>&-").status().unwrap().success());
    let mut unread = quiet("").stderr(std::process::Stdio::piped()).spawn().unwrap();
    // Not read until the child has ended: it holds 64 KiB, and more than that is said.
    assert!(unread.wait().unwrap().success());
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn diverts_to_standard_error() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock)
        .queue_bytes(1 << 20)
        .line_bytes(8 << 10)
        .on_full(Severity::High, OnFull::Block(Duration::ZERO))
        .build()
        .unwrap();
    disk.writes(Mood::Hangs);
    fill(&trail, events::USER_DELETE, Severity::High);
    let began = Instant::now();
    // The writer may take some of them before it hangs; of what is left, more than a terminal is given in that time.
    for _ in 0..8_000 {
        emit_as(&trail, events::USER_DELETE, Severity::High);
    }
    assert!(began.elapsed() < LATE);
    disk.writes(Mood::Works);
    trail.clone().close().unwrap();
    assert!(began.elapsed() < 2 * LATE);
    let status = trail.status();
    assert_eq!(each(status.emitted)[2], status.written.high + status.lost.high);
    assert!(
        status.lost.high > status.diverted.high,
        "a terminal must not drown: {status:?}"
    );
    let records = records(&disk.disk);
    assert_eq!(declared(&records, Some("diverted"))[2], status.diverted.high);
    assert_eq!(declared(&records, None)[2], status.lost.high);
    let said = format!("\ndiverted in all: {}\n", status.diverted.high);
    io::Write::write_all(&mut io::stdout(), said.as_bytes()).unwrap();
}
