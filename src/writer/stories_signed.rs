//! Mode `signed`: keys of files, checkpoints and trees as the real writer leaves them, held against the public key line.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::sample::*;
use super::stories_keyed::{Lines, assert_proven, headers, keyed};
use crate::builder::Builder;
use crate::chain::{self, Leaf};
use crate::config::{Retention, Rotation};
use crate::io::mem::{Dice, MemDisk};
use crate::key_line::KeyLine;
use crate::reader::walk::Walk;
use crate::store::Cause;
use crate::trust::Trust;
use crate::verify::{Report, Verdict, Verify};

fn signed(disk: &MemDisk, clock: &Arc<Hand>, lines: &Lines) -> Builder {
    keyed(builder(disk.shared(), clock), Trust::Signed, lines)
}

fn report(disk: &MemDisk, lines: &[KeyLine]) -> Report {
    let verify = Verify::new(LOGS).threads(1);
    let verify = lines.iter().fold(verify, |verify, line| verify.key(line.clone()));
    verify.run_on(&disk.shared()).unwrap()
}

fn audit_keys(disk: &MemDisk) -> Vec<String> {
    let data = disk.get("/logs/audit.keys").unwrap();
    String::from_utf8(data).unwrap().lines().map(str::to_owned).collect()
}

fn checkpoints(disk: &MemDisk) -> usize {
    count(&records(disk), "AUDIT_CHECKPOINT")
}

#[test]
fn a_signed_trail_is_proven_by_a_public_key_over_runs_and_rotations() {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    for _ in 0..3 {
        let trail = signed(&disk, &clock, &lines).build().unwrap();
        for _ in 0..5 {
            emit(&trail).written().unwrap();
        }
        clock.pass(Duration::from_secs(86_400));
        emit(&trail).synced().unwrap();
        clock.pass(Duration::from_secs(11));
        emit(&trail).synced().unwrap();
        trail.close().unwrap();
    }
    let lines = lines.lock();
    assert_eq!((lines.len(), lines[0].first_run), (1, 1));
    assert_proven(&disk, &lines);
    let headers = headers(&disk);
    assert_eq!(audit_keys(&disk).len(), headers.len(), "a line for each file");
    assert!(
        headers
            .iter()
            .all(|header| header.pk.is_some() && header.tree.is_some())
    );
    assert!(checkpoints(&disk) >= 2 * 3);
    let said = report(&disk, &lines).to_string();
    assert!(said.contains("signed up to seq"), "{said}");
    // The public half is all that anybody has; and nothing on the disk is the root's secret.
    let root = crate::base64url::text(lines[0].key.expose());
    assert!(
        !String::from_utf8(disk.get("/logs.keys/state").unwrap())
            .unwrap()
            .contains(&root)
    );
    // The control: a record under a checkpoint, with every tag and seal behind it left as it is.
    let other = KeyLine {
        key: crate::secret::SecretBytes::new([9; 32]),
        ..lines[0].clone()
    };
    assert_eq!(report(&disk, &[other]).verdict(), Verdict::Tampered);
}

#[test]
fn a_line_that_is_missing_or_changed_in_audit_keys_is_found() {
    let (whole, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    for _ in 0..3 {
        signed(&whole, &clock, &lines).build().unwrap().close().unwrap();
    }
    let lines = lines.lock();
    let keys = audit_keys(&whole);
    for gone in 0..keys.len() {
        let disk = whole.kill();
        let left: Vec<&str> = keys
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != gone)
            .map(|(_, line)| line.as_str())
            .collect();
        disk.put("/logs/audit.keys", (left.join("\n") + "\n").as_bytes());
        assert_eq!(
            report(&disk, &lines).verdict(),
            Verdict::Tampered,
            "without line {gone}"
        );
    }
}

#[test]
fn signatures_go_on_over_kills_crashes_and_failed_syncs() {
    let (clock, lines) = (Hand::at_noon(), Lines::default());
    let mut disk = MemDisk::new();
    for seed in 0..12 {
        let moody = Moody::over(disk.clone());
        let trail = keyed(builder(moody.shared(), &clock), Trust::Signed, &lines)
            .rotation(Rotation::daily().max_bytes(80 << 10))
            .build()
            .unwrap();
        for _ in 0..20 {
            emit(&trail).written().unwrap();
        }
        emit(&trail).synced().unwrap();
        clock.pass(Duration::from_secs(11));
        emit(&trail).synced().unwrap();
        if seed % 4 == 1 {
            moody.syncs(Mood::Fails(std::io::ErrorKind::Other));
            let receipt = emit(&trail);
            receipt.written().unwrap();
            let failed = moody.moods.syncs.load(Ordering::Relaxed);
            clock.pass(Duration::from_secs(12));
            wait_until(|| moody.moods.syncs.load(Ordering::Relaxed) > failed + 1);
            moody.syncs(Mood::Works);
            receipt.synced().unwrap();
            emit(&trail).synced().unwrap();
        }
        clock.pass(Duration::from_secs(86_400));
        emit(&trail).written().unwrap();
        disk = match seed % 3 {
            0 => {
                trail.close().unwrap();
                disk.kill()
            }
            1 => disk.kill(),
            _ => disk.crash(&mut Dice(seed)),
        };
    }
    let trail = signed(&disk, &clock, &lines).build().unwrap();
    emit(&trail);
    trail.close().unwrap();
    let causes: Vec<Cause> = headers(&disk).iter().map(|header| header.cause).collect();
    for cause in [Cause::Start, Cause::Rotate, Cause::Recover, Cause::Resync] {
        assert!(causes.contains(&cause), "{causes:?}");
    }
    let lines = lines.lock();
    assert_eq!(lines.len(), 1);
    assert_proven(&disk, &lines);
}

#[test]
fn a_chained_and_a_sealed_trail_rise_to_signed_with_the_tree_of_all_that_is_there() {
    for before in [Trust::Chained, Trust::Sealed] {
        let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
        for _ in 0..3 {
            let trail = keyed(builder(disk.shared(), &clock), before, &lines).build().unwrap();
            for _ in 0..7 {
                emit(&trail);
            }
            clock.pass(Duration::from_secs(86_400));
            emit(&trail);
            trail.close().unwrap();
        }
        for _ in 0..2 {
            signed(&disk, &clock, &lines).build().unwrap().close().unwrap();
        }
        let lines = lines.lock();
        assert_eq!(lines.last().unwrap().first_run, 4);
        let first = headers(&disk)
            .into_iter()
            .find(|header| header.trust == Trust::Signed)
            .unwrap();
        let mut tree = crate::merkle::Range::default();
        for (_, leaf) in leaves(&disk).into_iter().take(first.prev.seq as usize) {
            tree.push(leaf);
        }
        assert_eq!(first.tree.unwrap(), tree.peaks());
        let report = report(&disk, &lines[lines.len() - 1..]);
        assert_eq!(report.verdict(), Verdict::Verified, "{report}");
    }
}

/// The leaves of the live records, by number.
fn leaves(disk: &MemDisk) -> Vec<(u64, Leaf)> {
    let mut walk = Walk::begin(disk.shared(), Path::new(LOGS)).unwrap();
    let mut leaves = Vec::new();
    while let Some(next) = walk.next() {
        let (seq, line) = next.unwrap();
        let content = chain::split(line).unwrap().content;
        let at = content.iter().position(|byte| *byte == b',').unwrap() + 1;
        leaves.push((seq, chain::leaf(&content[at..])));
    }
    leaves
}

#[test]
fn a_pruned_past_stands_in_the_tree_as_the_head_behind_it() {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    for _ in 0..4 {
        let trail = builder(disk.shared(), &clock)
            .retention(Retention::files(2))
            .build()
            .unwrap();
        for _ in 0..5 {
            emit(&trail);
        }
        trail.close().unwrap();
    }
    let kept = headers(&disk)[0].prev;
    assert!(kept.seq > 0);
    for _ in 0..3 {
        let trail = signed(&disk, &clock, &lines).build().unwrap();
        emit(&trail);
        trail.close().unwrap();
    }
    let report = report(&disk, &lines.lock());
    assert_eq!(report.verdict(), Verdict::Verified, "{report}");
    let peaks = vec![kept.head.0; kept.seq.count_ones() as usize];
    let mut tree = crate::merkle::Range::of(kept.seq, peaks).unwrap();
    let first = headers(&disk)
        .into_iter()
        .find(|header| header.trust == Trust::Signed)
        .unwrap();
    for (_, leaf) in leaves(&disk).into_iter().filter(|(seq, _)| *seq <= first.prev.seq) {
        tree.push(leaf);
    }
    assert_eq!(first.tree.unwrap(), tree.peaks());
}

#[test]
fn a_file_that_retention_removes_while_a_signed_trail_is_verified_is_not_missed() {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    let first = "/logs/audit-2026-11-21.jsonl";
    let mut oldest = None;
    for _ in 0..4 {
        oldest = disk.get(first).or(oldest);
        let trail = signed(&disk, &clock, &lines)
            .retention(Retention::files(3))
            .build()
            .unwrap();
        emit(&trail).synced().unwrap();
        clock.pass(Duration::from_secs(11));
        emit(&trail).synced().unwrap();
        trail.close().unwrap();
    }
    assert_eq!(disk.get(first), None, "it was removed");
    for looks in 0..6 {
        // Its record is on the disk, and the file not gone yet.
        disk.put(first, &oldest.clone().unwrap());
        let disk = Moody::over(disk.clone());
        disk.vanishes(first, looks);
        let lines = lines.lock();
        let verify = Verify::new(LOGS).threads(1).key(lines[0].clone());
        let report = verify.run_on(&disk.shared()).unwrap();
        assert_eq!(report.verdict(), Verdict::Verified, "{looks}: {report}");
        let mut walk = Walk::begin(disk.shared(), Path::new(LOGS)).unwrap();
        while let Some(line) = walk.next() {
            line.unwrap();
        }
    }
}

#[test]
fn a_minute_without_records_ends_in_a_signed_checkpoint() {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    let trail = signed(&disk, &clock, &lines).build().unwrap();
    emit(&trail).synced().unwrap();
    clock.pass(Duration::from_secs(11));
    wait_until(|| {
        let _ = trail.sync();
        checkpoints(&disk) > 0
    });
    let before = checkpoints(&disk);
    for minute in 1..=3 {
        clock.pass(Duration::from_secs(61));
        wait_until(|| {
            let _ = trail.flush();
            checkpoints(&disk) >= before + minute
        });
        trail.sync().unwrap();
    }
    trail.close().unwrap();
    assert_proven(&disk, &lines.lock());
}
