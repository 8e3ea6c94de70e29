//! Rules and alerts while the disk does not work: what was found is found once, and what goes wrong is itself an alert.

use std::io;
use std::time::Duration;

use super::sample::*;
use crate::alerts::AlertStatus;
use crate::config::{Emergency, OnFull, Rotation};
use crate::detect::{Priority, Watch};
use crate::event::events;
use crate::io::Disk as _;
use crate::severity::Severity;
use crate::trail::Trail;

fn fail_login(trail: &Trail) {
    let _ = trail.record(events::AUTH_FAILED, |record| record.user_id("alice"));
}

/// What is to be in the file behind so many failed logins, however it came there.
#[track_caller]
fn assert_found_once(trail: &Trail, disk: &Moody, failures: usize) {
    trail.sync().unwrap();
    let status = trail.status();
    let rule = status.rules.iter().find(|rule| rule.name == "failed_logins").unwrap();
    assert_eq!(rule.findings as usize, failures - 4);
    let [alert] = trail.alerts().try_into().unwrap();
    assert_eq!(
        (alert.count as usize, alert.status),
        (failures - 4, AlertStatus::Active)
    );
    let records = records(&disk.disk);
    assert_eq!(count(&records, "AUTH_FAILED"), failures);
    let flagged: Vec<bool> = named(&records, "AUTH_FAILED").map(|record| record.flagged()).collect();
    assert_eq!(flagged.iter().position(|flagged| *flagged), Some(4));
    assert_eq!(flagged.iter().filter(|flagged| **flagged).count(), failures - 4);
    // Raised once, and told again at each doubling.
    let told: Vec<u64> = named(&records, "ALERT_RAISED")
        .map(|record| record.metadata().unwrap()["count"].as_u64().unwrap())
        .collect();
    let doubling: Vec<u64> = (0..)
        .map(|at| 1 << at)
        .take_while(|count| *count <= (failures - 4) as u64)
        .collect();
    assert_eq!(told, doubling);
}

#[test]
fn a_resync_counts_nothing_twice_and_keeps_flags_and_alerts() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock)
        .watch("none,failed_logins".parse().unwrap())
        .rotation(Rotation::daily().max_bytes(80 << 10))
        .build()
        .unwrap();
    let mut failures = 0;
    for round in 0..6 {
        match round % 3 {
            0 => disk.syncs(Mood::Fails(io::ErrorKind::Other)),
            1 => disk.writes(Mood::Fails(io::ErrorKind::StorageFull)),
            _ => {}
        }
        for _ in 0..20 {
            fail_login(&trail);
            failures += 1;
        }
        if round % 3 < 2 {
            wait_until(|| {
                // A sync is due a second after the record.
                clock.pass(Duration::from_millis(100));
                trail.status().fault.is_some()
            });
            disk.syncs(Mood::Works);
            disk.writes(Mood::Works);
        }
        // Parts end meanwhile.
        for _ in 0..200 {
            emit(&trail);
        }
        trail.flush().unwrap();
    }
    assert_found_once(&trail, &disk, failures);
    trail.close().unwrap();
    assert_consistent(&disk.disk);
}

#[test]
fn a_trail_that_goes_on_behind_another_process_keeps_what_it_has_counted() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let watching = || builder(disk.shared(), &clock).watch("none,failed_logins".parse::<Watch>().unwrap());
    let trail = watching().build().unwrap();
    for _ in 0..7 {
        fail_login(&trail);
    }
    trail.sync().unwrap();
    // Somebody removes the lock files, another process begins, and ends.
    for dir in [LOGS, "/logs.keys"] {
        disk.disk
            .unlink(std::path::Path::new(dir).join(".lock").as_path())
            .unwrap();
    }
    watching().watch(Watch::none()).build().unwrap().close().unwrap();
    for _ in 0..3 {
        fail_login(&trail);
    }
    assert_found_once(&trail, &disk, 10);
    let id = trail.alerts()[0].id.clone();
    trail.resolve(&id, "dora", "").unwrap();
    trail.close().unwrap();
    assert_eq!(count(&records(&disk.disk), "ALERT_RESOLVED"), 1);
    assert_consistent(&disk.disk);
}

#[test]
fn lost_records_are_an_alert_that_ends_by_itself() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock)
        .watch("none,trail_failures".parse().unwrap())
        .queue_bytes(1 << 20)
        .line_bytes(8 << 10)
        .on_full(Severity::Low, OnFull::Shed)
        .emergency(Emergency::none())
        .build()
        .unwrap();
    emit(&trail).synced().unwrap();
    disk.writes(Mood::Hangs);
    while trail.status().lost.total() == 0 {
        emit(&trail);
    }
    disk.writes(Mood::Works);
    clock.pass(Duration::from_secs(2));
    trail.sync().unwrap();
    wait_until(|| {
        emit(&trail);
        clock.pass(Duration::from_millis(100));
        !trail.alerts().is_empty()
    });
    let lost = trail.alerts().into_iter().find(|alert| alert.key == "lost").unwrap();
    assert_eq!(
        (lost.rule.as_str(), lost.priority),
        ("trail_failures", Priority::Critical)
    );
    assert!(lost.message.ends_with("records were lost"), "{lost}");
    clock.pass(Duration::from_secs(16 * 60));
    wait_until(|| {
        emit(&trail);
        clock.pass(Duration::from_secs(2));
        trail.alerts().is_empty()
    });
    trail.close().unwrap();
    let records = records(&disk.disk);
    let resolved = records
        .iter()
        .find(|record| record.event() == "ALERT_RESOLVED")
        .unwrap();
    assert_eq!(resolved.user_id(), Some("tracing-audit"));
}

#[test]
fn files_that_are_not_as_the_trail_left_them_are_an_alert() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let trail = builder(disk.shared(), &clock)
        .watch("none,trail_failures".parse().unwrap())
        .build()
        .unwrap();
    emit(&trail).synced().unwrap();
    let file = trail.status().file;
    disk.disk.unlink(&file).unwrap();
    emit(&trail).synced().unwrap();
    trail.sync().unwrap();
    wait_until(|| {
        emit(&trail);
        trail
            .alerts()
            .iter()
            .any(|alert| alert.key == "tamper" && alert.priority == Priority::Critical)
    });
    trail.close().unwrap();
}
