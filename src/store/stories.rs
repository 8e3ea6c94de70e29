//! One test for each crash story of docs/FORMAT.md, section 17.

use std::path::Path;

use super::finding::{Recovered, StateWas, Suspicion, What};
use super::sample::*;
use super::*;
use crate::io::mem::{Dice, MemDisk, Nothing};

pub(super) const FIRST: &str = "/logs/audit-2026-11-20.jsonl";
pub(super) const STATE: &str = "/logs.keys/state";

/// A trail whose first run wrote `a` (marked as durable) and `b`, `c` (written, not synced): seq 1 to 4.
pub(super) fn running() -> Writer {
    let mut writer = Writer::start(&MemDisk::new(), noon()).unwrap();
    writer.record("a").unwrap();
    writer.sync().unwrap();
    writer.mark(false).unwrap();
    writer.record("b").unwrap();
    writer.record("c").unwrap();
    writer
}

/// The same, closed.
pub(super) fn closed() -> MemDisk {
    running().stop().unwrap()
}

/// What the next start finds, and what the trail holds after it and a clean stop.
pub(super) struct After {
    pub(super) disk: MemDisk,
    pub(super) header: Header,
    pub(super) recovered: Option<Recovered>,
    pub(super) suspicions: Vec<Suspicion>,
    pub(super) verdict: Verdict,
}

impl After {
    pub(super) fn start(disk: &MemDisk) -> After {
        let before = judge(disk);
        let writer = Writer::start(disk, noon()).unwrap();
        let (mut recovered, mut suspicions) = (None, Vec::new());
        for finding in &writer.opened.found {
            match finding.clone() {
                Finding::Recovered(found) => recovered = Some(found),
                Finding::TamperSuspected(found) => suspicions.push(found),
            }
        }
        let header = writer.header.clone();
        assert_eq!(header.cause == Cause::Recover, recovered.is_some());
        assert_eq!(header.clean, recovered.is_none());
        let disk = writer.stop().unwrap();
        let verdict = judge(&disk);
        assert_eq!(
            before.tampered.is_empty(),
            suspicions.is_empty(),
            "{before:?} {suspicions:?}"
        );
        assert_eq!(verdict.tampered.is_empty(), suspicions.is_empty(), "{verdict:?}");
        assert!(verdict.clean || !verdict.tampered.is_empty(), "{verdict:?}");
        After {
            disk,
            header,
            recovered,
            suspicions,
            verdict,
        }
    }

    /// A crash, and nothing but a crash: the trail goes on behind `seq`, with `torn` bytes set aside.
    pub(super) fn crash(disk: &MemDisk, seq: u64, torn: u64) -> After {
        let after = After::start(disk);
        assert_eq!(after.suspicions, []);
        let recovered = after.recovered.as_ref().unwrap();
        assert_eq!((recovered.last_seq, recovered.torn.bytes), (seq, torn), "{recovered:?}");
        assert_eq!(recovered.torn.files.is_empty(), torn == 0);
        assert_eq!((after.header.prev.seq, after.header.cause), (seq, Cause::Recover));
        after
    }

    /// Something that no crash does.
    pub(super) fn suspicion(disk: &MemDisk, what: What) -> After {
        let before = disk.tree();
        let after = After::start(disk);
        assert_eq!(
            after.suspicions.iter().map(|found| found.what).collect::<Vec<_>>(),
            [what]
        );
        // With suspicion nothing is moved or cut.
        for (path, data) in before
            .iter()
            .filter(|(path, _)| path.starts_with(DIR) && !path.ends_with(".lock"))
        {
            assert_eq!(after.disk.get(path).as_ref(), Some(data), "{}", path.display());
        }
        after
    }

    pub(super) fn has(&self, resource: &str) -> bool {
        let text = format!("\"resource\":\"{resource}\"");
        self.verdict.records.iter().any(|(_, rest)| rest.contains(&text))
    }
}

/// Changes a file behind everybody's back.
pub(super) fn edit(disk: &MemDisk, path: impl AsRef<Path>, change: impl FnOnce(&mut Vec<u8>)) {
    let mut data = disk.get(&path).unwrap();
    change(&mut data);
    disk.put(path, &data);
}

pub(super) fn line_at(data: &[u8], number: usize) -> usize {
    let ends = data
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at + 1);
    std::iter::once(0).chain(ends).nth(number).unwrap()
}

// ------------------------------------------------------------------------------------------------ crashes

#[test]
fn a_trail_that_was_closed_goes_on_where_it_ended() {
    let after = After::start(&closed());
    assert_eq!(
        (after.header.cause, after.header.file, after.header.run),
        (Cause::Start, 2, 2)
    );
    assert_eq!((after.recovered, after.verdict.records.len()), (None, 7));
}

#[test]
fn a_first_start_makes_a_genesis() {
    let after = After::start(&MemDisk::new());
    assert_eq!(
        (after.header.cause, after.header.file, after.header.run),
        (Cause::Start, 1, 1)
    );
    assert_eq!((after.header.prev_file, after.header.prev), (None, Point::GENESIS));
}

#[test]
fn kill_between_commits() {
    let after = After::crash(&running().kill(), 4, 0);
    assert_eq!(after.recovered.as_ref().unwrap().run, 1);
    assert!(after.has("c"));
}

#[test]
fn kill_within_a_write() {
    let writer = running();
    let disk = writer.kill();
    edit(&disk, FIRST, |data| data.truncate(data.len() - 50));
    let whole = disk.get(FIRST).unwrap();
    let torn = (whole.len() - line_at(&whole, 4)) as u64;
    let after = After::crash(&disk, 3, torn);
    assert_eq!(
        after.disk.get(format!("{FIRST}.torn")).unwrap(),
        whole[line_at(&whole, 4)..]
    );
    assert_eq!(after.disk.get(FIRST).unwrap(), whole[..line_at(&whole, 4)]);
    assert!(after.has("b") && !after.has("c"));
}

#[test]
fn a_whole_last_line_without_its_line_feed_is_torn() {
    let disk = running().kill();
    edit(&disk, FIRST, |data| data.truncate(data.len() - 1));
    let data = disk.get(FIRST).unwrap();
    After::crash(&disk, 3, (data.len() - line_at(&data, 4)) as u64);
}

#[test]
fn power_tail_lost() {
    let after = After::crash(&running().kill().crash(&mut Nothing), 2, 0);
    assert!(after.has("a") && !after.has("b"));
}

#[test]
fn power_later_block_written_first() {
    let disk = running().kill();
    edit(&disk, FIRST, |data| {
        let (from, to) = (line_at(data, 3), line_at(data, 4));
        data[from..to].fill(0);
    });
    let data = disk.get(FIRST).unwrap();
    let after = After::crash(&disk, 2, (data.len() - line_at(&data, 3)) as u64);
    let torn = &after.recovered.as_ref().unwrap().torn;
    assert_eq!(
        (torn.lines, torn.files.as_slice()),
        (1, &["audit-2026-11-20.jsonl.torn".to_owned()][..])
    );
}

#[test]
fn power_a_tail_of_zeros() {
    let disk = running().kill();
    edit(&disk, FIRST, |data| data.extend_from_slice(&[0; 8192]));
    After::crash(&disk, 4, 8192);
}

#[test]
fn power_after_a_rotation() {
    let mut writer = running();
    writer.rotate(noon()).unwrap();
    writer.record("d").unwrap();
    let disk = writer.kill();
    // The old file's tail was not synced, and the new file happens to be there.
    edit(&disk, FIRST, |data| data.truncate(line_at(data, 4)));
    let after = After::crash(&disk, 3, 0);
    assert_eq!((after.header.prev_file, after.header.file), (Some(1), 3));
    assert!(after.has("b") && !after.has("d"));
    assert!(
        after.disk.get("/logs/audit-2026-11-20.part0002.jsonl").is_some(),
        "superseded, not moved"
    );
}

#[test]
fn power_new_files_entry_lost() {
    let mut writer = running();
    writer.segment.sync_handle().sync_data().unwrap();
    writer.rotate(noon()).unwrap();
    let after = After::crash(&writer.kill().crash(&mut Nothing), 4, 0);
    assert_eq!(after.header.file, 2);
}

#[test]
fn power_new_files_header_lost() {
    let mut writer = running();
    writer.rotate(noon()).unwrap();
    let (disk, path) = (writer.disk.clone(), writer.path());
    drop(writer);
    edit(&disk, &path, |data| data.truncate(100));
    let after = After::crash(&disk, 4, 100);
    assert_eq!(
        after.disk.get(&path).is_some(),
        after.header.file == 3,
        "its name is free again, or its torn form keeps it"
    );
    assert_eq!(after.disk.get(format!("{}.torn", path.display())).unwrap().len(), 100);
}

#[test]
fn crash_between_creating_and_writing_a_file() {
    let disk = running().kill();
    disk.put("/logs/audit-2026-11-20.part0002.jsonl", b"");
    let after = After::crash(&disk, 4, 0);
    assert_eq!(after.header.file, 2);
}

#[test]
fn sync_failed_and_the_writer_went_on() {
    let mut writer = running();
    writer.resync().unwrap();
    writer.record("b again").unwrap();
    writer.sync().unwrap();
    writer.mark(false).unwrap();
    let after = After::crash(&writer.kill(), 3, 0);
    assert!(after.has("a") && after.has("b again") && !after.has("c"));
}

#[test]
fn sync_failed_and_power_before_the_new_files_sync() {
    for seed in 0..300 {
        let mut writer = running();
        writer.resync().unwrap();
        writer.record("b again").unwrap();
        let after = After::start(&writer.kill().crash(&mut Dice(seed)));
        assert_eq!(after.suspicions, [], "seed {seed}");
        assert!(after.has("a"), "seed {seed}");
    }
}

#[test]
fn sync_fails_again_and_again_and_some_attempts_are_unreadable() {
    let mut writer = running();
    let mut unreadable = 0;
    for attempt in 0..6 {
        writer.resync().unwrap();
        writer.record(&format!("attempt {attempt}")).unwrap();
        if attempt % 2 == 0 {
            edit(&writer.disk, writer.path(), |data| data[20] = 0);
            unreadable += writer.disk.get(writer.path()).unwrap().len() as u64;
        }
    }
    let after = After::crash(&writer.kill(), 3, unreadable);
    assert!(after.has("attempt 5"));
    assert_eq!(after.recovered.as_ref().unwrap().torn.files.len(), 3);
    assert_eq!(after.header.file, 8);
}

#[test]
fn crash_at_start_behind_the_state_file() {
    let disk = closed();
    drop(start(&disk, noon()).unwrap());
    let after = After::crash(&disk, 5, 0);
    assert_eq!(after.header.run, 3, "the number was used up");
    assert_eq!(after.recovered.as_ref().unwrap().run, 2);
}

#[test]
fn first_start_ever_and_a_crash_before_any_sync() {
    for death in 0..40 {
        for seed in 0..12 {
            let disk = MemDisk::new();
            disk.die_after(death);
            let _ = Writer::start(&disk, noon());
            let after = After::start(&disk.crash(&mut Dice(seed)));
            assert_eq!(after.suspicions, [], "death {death}, seed {seed}");
            assert!(after.header.file > 1 || after.header.prev_file.is_none());
        }
    }
}

#[test]
fn a_crash_at_any_point_of_recovery_is_recovered_from() {
    let torn = || {
        let disk = running().kill();
        edit(&disk, FIRST, |data| data.truncate(data.len() - 50));
        disk.put(
            "/logs/audit-2026-11-20.part0002.jsonl",
            b"{\"tracing_audit\":1,\"trail\":\"x",
        );
        disk
    };
    let whole = torn().get(FIRST).unwrap();
    let tail = &whole[line_at(&whole, 4)..];
    for death in 0..60 {
        for seed in 0..12 {
            let disk = torn();
            disk.die_after(death);
            let done = Writer::start(&disk, noon()).is_ok();
            let disk = disk.crash(&mut Dice(seed));
            let after = After::start(&disk);
            assert_eq!(after.suspicions, [], "death {death}, seed {seed}");
            assert!(after.has("b") && !after.has("c"));
            assert_eq!(
                after.disk.get(format!("{FIRST}.torn")).unwrap(),
                tail,
                "death {death}, seed {seed}"
            );
            assert_eq!(after.disk.get(format!("{FIRST}.torn2")), None);
            if !done {
                let torn = &after.recovered.unwrap().torn;
                assert!(torn.bytes == 0 || torn.bytes >= 29, "{torn:?}");
            }
        }
    }
}

#[test]
fn kill_behind_the_stop_before_the_state_file() {
    let mut writer = running();
    writer.sync().unwrap();
    writer.own("STOP", "{}").unwrap();
    writer.sync().unwrap();
    After::crash(&writer.kill(), 5, 0);
}

#[test]
fn crash_while_the_state_file_is_replaced() {
    let disk = running().kill();
    disk.put("/logs.keys/state.tmp", b"{\"tracing_audit_state\":1,");
    let after = After::crash(&disk, 4, 0);
    assert_eq!(after.disk.get("/logs.keys/state.tmp"), None);
}

#[test]
fn crash_in_a_prune() {
    let mut writer = running();
    for _ in 0..3 {
        writer.rotate(noon()).unwrap();
        writer.checkpoint().unwrap();
    }
    let kept = {
        let branch = branch::walk(&writer.disk, &writer.home, None).unwrap();
        let header = &branch.live[2].header;
        KeptFrom {
            file: header.file,
            prev: header.prev,
        }
    };
    writer
        .own("PRUNE", &format!("{{\"files\":[1,2],\"kept_from\":{}}}", kept.json()))
        .unwrap();
    writer.sync().unwrap();
    writer.disk.remove(FIRST);
    let disk = writer.kill();
    let after = After::start(&disk);
    assert_eq!(after.suspicions, []);
    assert_eq!(after.header.kept_from, Some(kept));
    assert_eq!(
        after.disk.get("/logs/audit-2026-11-20.part0002.jsonl"),
        None,
        "the rest is removed"
    );
    assert!(after.disk.get("/logs/audit-2026-11-20.part0003.jsonl").is_some());
}

#[test]
fn state_directory_lost() {
    let disk = closed();
    disk.remove(STATE);
    let after = After::crash(&disk, 5, 0);
    assert_eq!(after.recovered.as_ref().unwrap().state, StateWas::Missing);
    assert_eq!(after.header.run, 2);
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let disk = running().kill();
    let foreign = [
        "notes.txt",
        "audit-2026-11-20.json",
        "audit-2026-11-20.summary.json",
        "Audit-2026-11-20.jsonl",
        "audit.keys",
    ];
    for name in foreign {
        disk.put(Path::new(DIR).join(name), b"mine");
    }
    let after = After::crash(&disk, 4, 0);
    for name in foreign {
        assert_eq!(after.disk.get(Path::new(DIR).join(name)).unwrap(), b"mine");
    }
}

#[test]
fn a_trail_that_was_moved_with_its_keys_goes_on() {
    let (old, new) = (closed(), MemDisk::new());
    for (path, data) in old.tree() {
        let moved = path
            .strip_prefix("/")
            .unwrap()
            .to_str()
            .unwrap()
            .replace("logs", "elsewhere/audit");
        new.put(Path::new("/").join(moved), &data);
    }
    let home = Home::find(&new, Path::new("/elsewhere/audit"), None).unwrap();
    let opened = open(new.shared(), home, &opening(noon())).unwrap();
    assert_eq!((opened.cause, opened.seq, opened.found.len()), (Cause::Start, 5, 0));
}

#[test]
fn many_starts_in_a_day_find_a_free_part_each() {
    let disk = MemDisk::new();
    for start in 1..=60 {
        let writer = Writer::start(&disk, noon()).unwrap();
        assert_eq!(writer.header.file, start);
        writer.stop().unwrap();
    }
    assert!(disk.get("/logs/audit-2026-11-20.part0060.jsonl").is_some());
    assert!(judge(&disk).clean);
}

#[test]
fn a_clock_that_steps_back_breaks_nothing() {
    let disk = MemDisk::new();
    for day in ["2026-11-20", "2099-01-01", "1970-01-01", "2026-11-21"] {
        let mut writer = Writer::start(&disk, at(&format!("{day}T00:00:00.000000Z"))).unwrap();
        writer.record(day).unwrap();
        writer.stop().unwrap();
    }
    let verdict = judge(&disk);
    assert!(verdict.clean && verdict.tampered.is_empty(), "{verdict:?}");
    assert_eq!(verdict.records.len(), 12);
}

#[test]
fn a_file_that_could_be_neither_begun_nor_removed_is_set_aside_behind_a_clean_end() {
    let half = "/logs/audit-2026-11-21.jsonl";
    let left = || {
        let disk = closed();
        disk.put(half, b"{\"tracing_audit\":1,");
        disk
    };
    let after = After::crash(&left(), 5, 19);
    assert_eq!(after.recovered.unwrap().torn.files, ["audit-2026-11-21.jsonl.torn"]);
    for death in 0..40 {
        for seed in 0..8 {
            let disk = left();
            disk.die_after(death);
            let _ = Writer::start(&disk, noon());
            let after = After::start(&disk.crash(&mut Dice(seed)));
            assert_eq!(after.suspicions, [], "death {death}, seed {seed}");
            assert_eq!(after.disk.get(half), None, "death {death}, seed {seed}");
            assert!(after.disk.get(format!("{half}.torn")).is_some());
        }
    }
}
