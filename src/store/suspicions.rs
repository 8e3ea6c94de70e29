//! What no crash leaves, and how a start tells it from one; and what a start refuses.

use std::path::{Path, PathBuf};

use super::finding::{StateWas, What};
use super::sample::*;
use super::stories::{After, FIRST, STATE, closed, edit, line_at, running};
use super::*;
use crate::io::FileKind;
use crate::io::mem::MemDisk;

#[test]
fn an_end_below_the_mark_is_suspected() {
    let disk = closed();
    edit(&disk, FIRST, |data| data.truncate(line_at(data, 3)));
    let after = After::suspicion(&disk, What::Cut);
    let found = &after.suspicions[0];
    assert_eq!(
        (found.file, found.expected.unwrap().seq, found.found.unwrap().seq),
        (Some(1), 5, 2)
    );
    assert_eq!((after.header.prev.seq, after.header.cause), (2, Cause::Recover));
}

#[test]
fn power_tail_lost_that_had_been_synced_is_suspected() {
    let disk = running().kill();
    edit(&disk, FIRST, |data| data.truncate(line_at(data, 2)));
    After::suspicion(&disk, What::Cut);
}

#[test]
fn damage_below_the_mark_is_suspected() {
    let disk = closed();
    edit(&disk, FIRST, |data| {
        let at = line_at(data, 3) + 60;
        data[at] ^= 1;
    });
    After::suspicion(&disk, What::Changed);
}

#[test]
fn damage_below_a_checkpoint_is_suspected_though_the_mark_is_lower() {
    let mut writer = running();
    let old = writer.disk.get(STATE).unwrap();
    writer.checkpoint().unwrap();
    let disk = writer.kill();
    disk.put(STATE, &old);
    edit(&disk, FIRST, |data| {
        let at = line_at(data, 3) + 60;
        data[at] ^= 1;
    });
    After::suspicion(&disk, What::Changed);
}

#[test]
fn a_missing_newest_file_is_suspected() {
    let disk = closed();
    let disk = Writer::start(&disk, noon()).unwrap().stop().unwrap();
    disk.remove("/logs/audit-2026-11-20.part0002.jsonl");
    let after = After::suspicion(&disk, What::Missing);
    assert_eq!((after.suspicions[0].file, after.header.file), (Some(2), 3));
}

#[test]
fn a_trail_that_is_gone_is_suspected_and_begins_again_under_its_name() {
    let disk = closed();
    let before = judge(&disk);
    disk.remove(FIRST);
    let after = After::suspicion(&disk, What::Missing);
    assert_eq!(
        (after.header.prev_file, after.header.file, after.header.run),
        (None, 2, 2)
    );
    assert_eq!(before.records.len(), 5);
}

#[test]
fn a_missing_oldest_or_middle_file_is_suspected() {
    for missing in [1, 2] {
        let mut disk = MemDisk::new();
        for _ in 0..3 {
            disk = Writer::start(&disk, noon()).unwrap().stop().unwrap();
        }
        disk.remove(if missing == 1 {
            FIRST
        } else {
            "/logs/audit-2026-11-20.part0002.jsonl"
        });
        let after = After::suspicion(&disk, What::Missing);
        assert_eq!(after.suspicions[0].file, Some(missing));
    }
}

#[test]
fn a_spoilt_header_is_suspected_where_the_mark_needs_it() {
    let disk = closed();
    edit(&disk, FIRST, |data| data[60] ^= 1);
    After::suspicion(&disk, What::Missing);
}

#[test]
fn lines_behind_a_clean_end_are_suspected() {
    // Rightly chained, as anyone can.
    let disk = closed();
    let end = State::load(&disk, &home()).unwrap();
    let state::Found::State(State { durable: Some(end), .. }) = end else {
        panic!("{end:?}");
    };
    edit(&disk, FIRST, |data| {
        let rest = "\"time\":\"2026-11-20T12:00:00.000000Z\",\"event\":\"DATA_READ\",\"resource\":\"forged\"";
        data.extend_from_slice(format!("{{\"seq\":6,{rest}").as_bytes());
        end.point
            .head
            .record(6, &crate::chain::leaf(rest.as_bytes()))
            .push_frame(data);
        data.push(b'\n');
    });
    let after = After::suspicion(&disk, What::Appended);
    let found = &after.suspicions[0];
    assert_eq!((found.expected.unwrap().seq, found.found.unwrap().seq), (5, 6));

    let disk = closed();
    edit(&disk, FIRST, |data| data.extend_from_slice(b"junk"));
    After::suspicion(&disk, What::Appended);
}

#[test]
fn a_damaged_state_file_is_suspected() {
    let disk = closed();
    edit(&disk, STATE, |data| {
        let at = data.windows(10).position(|part| part == b"\"next_run\"").unwrap() + 11;
        data[at] ^= 1;
    });
    let after = After::suspicion(&disk, What::State);
    assert_eq!(after.recovered.unwrap().state, StateWas::Damaged);
}

#[test]
fn another_trails_file_is_suspected() {
    let (disk, other) = (closed(), closed());
    let foreign = PathBuf::from("/logs/audit-2026-11-21.jsonl");
    disk.put(&foreign, &other.get(FIRST).unwrap());
    let after = After::suspicion(&disk, What::OtherTrail);
    assert_eq!(after.header.prev_file, Some(1));
    let disk = closed();
    disk.put(STATE, &other.get(STATE).unwrap());
    After::suspicion(&disk, What::OtherTrail);
}

#[test]
fn a_copy_of_the_directory_with_an_older_state_goes_on_and_says_so() {
    let disk = closed();
    let old = disk.get(STATE).unwrap();
    let disk = Writer::start(&disk, noon()).unwrap().stop().unwrap();
    disk.put(STATE, &old);
    // It says "closed at 5", and lines follow.
    let after = After::suspicion(&disk, What::Appended);
    assert_eq!((after.header.run, after.header.prev.seq), (3, 7));
    assert_eq!(after.recovered.unwrap().state, StateWas::Stale);

    // One that was not closed says nothing that is wrong, only less.
    let writer = running();
    let old = writer.disk.get(STATE).unwrap();
    let disk = Writer::start(&writer.kill(), noon()).unwrap().stop().unwrap();
    disk.put(STATE, &old);
    let after = After::crash(&disk, 7, 0);
    assert_eq!((after.header.run, after.recovered.unwrap().state), (3, StateWas::Stale));
}

#[test]
fn a_forged_resync_that_cuts_below_the_mark_is_suspected() {
    let disk = closed();
    let branch = branch::walk(&disk, &home(), None).unwrap();
    let live = &branch.live[0];
    let forged = Header {
        file: 999,
        run: live.header.run,
        cause: Cause::Resync,
        prev_file: Some(1),
        prev: live.begin(),
        ..live.header.clone()
    };
    let (mut line, _) = forged.render();
    line.push(b'\n');
    disk.put("/logs/audit-2026-11-20.part0002.jsonl", &line);
    let after = After::start(&disk);
    assert!(!after.suspicions.is_empty());
    assert_eq!(after.header.file, 1000);
}

#[test]
fn bytes_that_cannot_be_set_aside_stay_and_are_superseded() {
    let disk = running().kill();
    edit(&disk, FIRST, |data| data.extend_from_slice(b"half a line"));
    // The copy cannot be made: the disk is full, say.
    disk.put_kind(format!("{FIRST}.torn"), FileKind::Dir, b"");
    let whole = disk.get(FIRST).unwrap();
    let after = After::start(&disk);
    let torn = &after.recovered.as_ref().unwrap().torn;
    assert_eq!((after.suspicions.len(), torn.bytes, torn.files.len()), (0, 11, 0));
    assert_eq!(after.disk.get(FIRST).unwrap(), whole);
}

// ------------------------------------------------------------------------------------------------ refusals

#[test]
fn a_newer_format_or_a_compressed_file_is_refused_by_name() {
    let disk = closed();
    disk.put(
        "/logs/audit-2026-11-21.jsonl",
        b"{\"tracing_audit\":2,\"trail\":\"x\"}\n",
    );
    let error = start(&disk, noon()).unwrap_err();
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::Unsupported, Some(Path::new("/logs/audit-2026-11-21.jsonl")))
    );
    assert!(error.to_string().contains("version 2"), "{error}");

    // A compressed file hides what the mark needs: no tampering, but not readable either.
    let disk = closed();
    disk.put(format!("{FIRST}.gz"), b"\x1f\x8b");
    disk.remove(FIRST);
    let error = start(&disk, noon()).unwrap_err();
    assert!(
        error.kind() == ErrorKind::Unsupported && error.to_string().contains("gzip"),
        "{error}"
    );
    assert!(branch::walk(&disk, &home(), None).is_err(), "a reader says so too");

    // Where nothing needs it the writer goes on; a plain file wins over its compressed form.
    let disk = closed();
    disk.put(format!("{FIRST}.gz"), b"\x1f\x8b");
    After::start(&disk);
}

#[test]
fn a_state_file_of_a_newer_build_is_refused() {
    use sha2::Digest as _;
    let disk = closed();
    for (from, to) in [
        ("\"tracing_audit_state\":1", "\"tracing_audit_state\":2"),
        ("\"pruned\"", "\"seed\":\"x\",\"pruned\""),
    ] {
        let text = String::from_utf8(closed().get(STATE).unwrap()).unwrap();
        let text = text.split(",\"head_check\"").next().unwrap().replace(from, to);
        let check = sha2::Sha256::new_with_prefix([6]).chain_update(&text).finalize();
        let check = crate::base64url::text(&check);
        disk.put(STATE, format!("{text},\"head_check\":\"{check}\"}}\n").as_bytes());
        let error = start(&disk, noon()).unwrap_err();
        assert_eq!(
            (error.kind(), error.path()),
            (ErrorKind::Unsupported, Some(Path::new(STATE))),
            "{error}"
        );
    }
}

#[test]
fn a_name_that_is_no_file_is_refused_by_name() {
    for kind in [FileKind::Dir, FileKind::Link, FileKind::Other] {
        let disk = closed();
        let path = Path::new("/logs/audit-2026-11-21.jsonl");
        disk.put_kind(path, kind, b"");
        let error = start(&disk, noon()).unwrap_err();
        assert_eq!(error.path(), Some(path));
        assert!(error.to_string().contains(kind.noun()), "{error}");
    }
}
