//! What others do to the files and to the disk's room while the trail writes: on real files, and on a disk in memory where
//! room is what the test says.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::sample::*;
use crate::builder::Builder;
use crate::config::{DiskAction, DiskSpace, Retention, Rotation};
use crate::error::ErrorKind;
use crate::reader;
use crate::record::Record;
use crate::status::{DiskTier, Health};
use crate::sync::Mutex;
use crate::trail::Trail;
use crate::verify::{FaultKind, Verdict, verify};

struct Real {
    _home: tempfile::TempDir,
    dir: PathBuf,
}

impl Real {
    fn new() -> Real {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("logs");
        Real { _home: home, dir }
    }

    fn builder(&self) -> Builder {
        Trail::builder(&self.dir).detached().wait_limit(Duration::from_secs(60))
    }

    fn text(&self) -> String {
        let files = fs::read_dir(&self.dir).unwrap().map(|entry| entry.unwrap().path());
        let ours = files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        ours.map(|path| fs::read_to_string(path).unwrap()).collect()
    }
}

/// The metadata of each suspicion in a text.
fn suspicions(text: &str) -> Vec<serde_json::Value> {
    let lines = text
        .lines()
        .filter(|line| line.contains("\"event\":\"AUDIT_TAMPER_SUSPECTED\""));
    lines
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["metadata"].take())
        .collect()
}

#[test]
fn whatever_is_done_to_the_open_file_or_its_directory_nothing_that_is_held_is_lost() {
    type Deed = fn(&Path, &Path);
    let deeds: [(&str, &str, Deed); 6] = [
        ("removed", "missing", |file, _| fs::remove_file(file).unwrap()),
        ("renamed", "missing", |file, _| {
            fs::rename(file, file.with_extension("1")).unwrap();
        }),
        ("replaced", "replaced", |file, _| {
            let copy = file.with_extension("copy");
            fs::copy(file, &copy).unwrap();
            fs::rename(copy, file).unwrap();
        }),
        ("copytruncate", "cut", |file, _| {
            fs::copy(file, file.with_extension("1")).unwrap();
            fs::OpenOptions::new()
                .write(true)
                .open(file)
                .unwrap()
                .set_len(0)
                .unwrap();
        }),
        ("directory renamed", "missing", |_, dir| {
            fs::rename(dir, dir.with_extension("old")).unwrap()
        }),
        ("directory removed", "missing", |_, dir| {
            fs::remove_dir_all(dir).unwrap()
        }),
    ];
    for (deed, what, does) in deeds {
        let real = Real::new();
        let trail = real.builder().sync_every(Duration::from_secs(60)).build().unwrap();
        emit(&trail).synced().unwrap();
        // In the file and not yet on the disk: still held.
        let held: Vec<_> = (0..50).map(|_| emit(&trail)).collect();
        let seqs: Vec<u64> = held.iter().map(|receipt| receipt.written().unwrap()).collect();
        does(&trail.status().file, &real.dir);
        let after = emit(&trail).synced().unwrap_or_else(|error| panic!("{deed}: {error}"));
        // It works; that somebody should look is an alert, and the health says so.
        let status = trail.status();
        assert!(
            status.fault.is_none() && status.health <= Health::Warning,
            "{deed}: {status:?}"
        );
        let text = real.text();
        for seq in seqs.iter().chain([&after]) {
            assert!(text.contains(&format!("{{\"seq\":{seq},")), "{deed}: {seq} is gone");
        }
        let said = suspicions(&text);
        assert_eq!(said.len(), 1, "{deed}");
        assert_eq!(said[0]["what"], what, "{deed}");
        assert!(said[0]["recovered_ms"].as_f64().unwrap() > 0.0, "{deed}");
        assert!(said[0]["written_again"].as_u64().unwrap() >= 50, "{deed}: {said:?}");
        assert_eq!(trail.status().lost.total(), 0);
        // Nobody else gets in, though the lock went with its directory.
        let second = real.builder().lock_wait(Duration::ZERO).build();
        assert_eq!(second.unwrap_err().kind(), ErrorKind::Locked, "{deed}");
        trail.close().unwrap();
        assert_eq!(verify(&real.dir).unwrap().verdict(), Verdict::Tampered, "{deed}");
        // The next start goes on.
        real.builder().build().unwrap().close().unwrap();
    }
}

#[test]
fn a_key_directory_that_is_removed_is_made_again_for_this_user_alone() {
    let real = Real::new();
    let keys = crate::io::with_suffix(&real.dir, ".keys");
    let trail = real.builder().build().unwrap();
    emit(&trail).synced().unwrap();
    fs::remove_dir_all(&keys).unwrap();
    emit(&trail).synced().unwrap();
    trail.sync().unwrap();
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&keys).unwrap().permissions()) & 0o777,
        0o700
    );
    assert!(keys.join("state").exists());
    // A removed directory of the trail, too, with both locks.
    fs::remove_dir_all(&keys).unwrap();
    fs::remove_dir_all(&real.dir).unwrap();
    emit(&trail).synced().unwrap();
    let second = real.builder().lock_wait(Duration::ZERO).build();
    assert_eq!(second.unwrap_err().kind(), ErrorKind::Locked);
    trail.close().unwrap();
    real.builder().build().unwrap().close().unwrap();
}

#[test]
fn reopen_goes_on_in_a_new_file_and_says_what_became_of_the_old_one() {
    let real = Real::new();
    let trail = real.builder().build().unwrap();
    emit(&trail);
    let first = trail.status().file;
    trail.reopen().unwrap();
    let second = trail.status().file;
    assert_ne!(first, second);
    emit(&trail).synced().unwrap();
    assert!(suspicions(&real.text()).is_empty(), "nothing was done to it");
    fs::rename(&second, second.with_extension("1")).unwrap();
    trail.reopen().unwrap();
    emit(&trail).synced().unwrap();
    assert_eq!(suspicions(&real.text()).len(), 1);
    trail.clone().close().unwrap();
    assert_eq!(trail.reopen().unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn a_file_that_was_moved_away_can_be_moved_back_for_no_other_has_its_name() {
    for is_asked in [true, false] {
        let real = Real::new();
        let trail = real.builder().build().unwrap();
        let mut moved = Vec::new();
        for _ in 0..3 {
            emit(&trail).synced().unwrap();
            let path = trail.status().file;
            let away = path.with_extension("1");
            fs::rename(&path, &away).unwrap();
            moved.push((path, away));
            if is_asked {
                trail.reopen().unwrap();
            }
        }
        emit(&trail).synced().unwrap();
        trail.close().unwrap();
        for (path, away) in moved {
            assert!(!path.exists(), "{} is somebody else's", path.display());
            fs::rename(away, path).unwrap();
        }
        let report = verify(&real.dir).unwrap();
        let kinds: Vec<_> = report.faults().iter().map(|fault| fault.kind()).collect();
        assert_eq!(kinds, [FaultKind::Suspected; 3], "nothing is missing: {report}");
    }
}

#[test]
fn room_that_runs_out_is_said_when_a_step_is_entered_and_when_it_is_left() {
    let (disk, clock) = (Moody::new(), Hand::at_noon());
    let calls: Arc<Mutex<Vec<(DiskTier, u64)>>> = Arc::default();
    let call = Arc::clone(&calls);
    let trail = builder(disk.shared(), &clock)
        .disk_space(
            DiskSpace::default()
                .warn_below(
                    1_000,
                    DiskAction::callback(move |tier, free| call.lock().push((tier, free))),
                )
                .act_below(100, DiskAction::ignore()),
        )
        .build()
        .unwrap();
    assert_eq!(
        (trail.status().disk_tier, trail.status().disk_free),
        (DiskTier::Enough, None)
    );
    let look = |free: u64| {
        disk.has(free);
        clock.pass(Duration::from_secs(5));
        trail.flush().unwrap();
        let status = trail.status();
        assert_eq!(status.disk_free, Some(free));
        assert!(
            trail
                .metrics()
                .contains(&format!("audit_disk_tier {}\n", status.disk_tier as u8))
        );
        assert!(trail.metrics().contains(&format!("audit_disk_free_bytes {free}\n")));
        status.disk_tier
    };
    let free = [5_000, 999, 998, 1_050, 99, 109, 110, 1_099, 1_100];
    let tiers: Vec<u8> = free.into_iter().map(|free| look(free) as u8).collect();
    // A step is left only when there is a tenth more than it asks for.
    assert_eq!(tiers, [0, 1, 1, 1, 2, 2, 1, 1, 0]);
    // Between two looks nobody asks.
    disk.has(1);
    trail.flush().unwrap();
    assert_eq!(trail.status().disk_free, Some(1_100));
    wait_until(|| calls.lock().len() == 1);
    assert_eq!(calls.lock()[0], (DiskTier::Warn, 999));
    trail.close().unwrap();
    let records = records(&disk.disk);
    let said = named(&records, "AUDIT_DISK");
    let steps: Vec<(String, String)> = said
        .map(|record| {
            let text = |name: &str| record.metadata().unwrap()[name].as_str().unwrap().to_owned();
            (text("from"), text("tier"))
        })
        .collect();
    let expected = [("enough", "warn"), ("warn", "act"), ("act", "warn"), ("warn", "enough")];
    assert_eq!(steps, expected.map(|(from, to)| (from.to_owned(), to.to_owned())));
    assert_consistent(&disk.disk);
}

#[test]
fn young_files_go_for_room_only_where_that_was_chosen() {
    for (action, most) in [(DiskAction::warn(), 9), (DiskAction::prune(), 4)] {
        let (disk, clock) = (Moody::new(), Hand::at_noon());
        let trail = builder(disk.shared(), &clock)
            .retention(Retention::forever())
            .rotation(Rotation::daily().max_bytes(20 << 10))
            .line_bytes(8 << 10)
            .disk_space(
                DiskSpace::default()
                    .act_below(1_000, action)
                    .warn_below(1_000, DiskAction::ignore()),
            )
            .build()
            .unwrap();
        while trail
            .core()
            .board
            .look()
            .file
            .to_string_lossy()
            .matches("part0009")
            .count()
            == 0
        {
            emit(&trail).written().unwrap();
        }
        disk.has(10);
        for _ in 0..5 {
            clock.pass(Duration::from_secs(5));
            trail.flush().unwrap();
        }
        disk.has(1 << 40);
        clock.pass(Duration::from_secs(5));
        trail.sync().unwrap();
        trail.close().unwrap();
        let files = disk
            .disk
            .tree()
            .into_keys()
            .filter(|path| path.to_string_lossy().contains("audit-"));
        assert_eq!(files.count(), most);
        let pruned = records(&disk.disk)
            .iter()
            .filter(|record| record.event() == "AUDIT_PRUNE")
            .count();
        assert_eq!(pruned, 9 - most);
        assert_consistent(&disk.disk);
    }
}

/// A limit is the whole process's, so a child has it.
#[test]
fn a_limit_on_the_size_of_files_makes_shorter_files() {
    let real = Real::new();
    // In blocks of 512 bytes, as POSIX has it, or of 1,024.
    let exact = "--exact writer::stories_tamper::under_a_limit_on_the_size_of_files --ignored";
    let child = std::process::Command::new("sh")
        .args(["-c", &format!("ulimit -f 200 && exec \"$0\" {exact}")])
        .arg(std::env::current_exe().unwrap())
        .env("TRACING_AUDIT_TEST_DIR", &real.dir)
        .stdout(std::process::Stdio::null())
        .status();
    assert!(child.unwrap().success());
    let records: Vec<Record> = reader::read(&real.dir).unwrap().map(Result::unwrap).collect();
    assert_eq!(count(&records, "DATA_READ"), 3_000);
    let longest = fs::read_dir(&real.dir)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .max();
    assert!(longest.unwrap() <= 200 << 10, "{longest:?}");
    assert_eq!(verify(&real.dir).unwrap().verdict(), Verdict::Consistent);
}

#[test]
#[ignore = "run by the test above, under a limit"]
fn under_a_limit_on_the_size_of_files() {
    let dir = std::env::var_os("TRACING_AUDIT_TEST_DIR").unwrap();
    let trail = Trail::builder(dir).detached().line_bytes(8 << 10).build().unwrap();
    for _ in 0..3_000 {
        emit(&trail);
    }
    trail.close().unwrap();
}
