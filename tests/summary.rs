//! Summaries of days: a cache that answers as the files do, that is ignored where it does not fit them, and that nothing else
//! looks at.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tracing_audit::testing::ManualClock;
use tracing_audit::{ErrorKind, Query, Retention, Stats, Summary, Trail, events, read, verify};

use crate::hand;

const DAY: Duration = Duration::from_secs(86_400);
const DAYS: [&str; 4] = ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"];
const FIRST: &str = "audit-2026-11-20.summary.json";

/// A trail of four days, the last of them still being written, in five files: on the second day it ended and began again.
struct Desk {
    _home: tempfile::TempDir,
    dir: PathBuf,
    clock: Arc<ManualClock>,
}

impl Desk {
    fn new() -> (Desk, Trail) {
        let home = tempfile::tempdir().unwrap();
        let desk = Desk {
            dir: home.path().join("trail"),
            _home: home,
            // 2026-11-20T08:00:00Z.
            clock: Arc::new(ManualClock::new(
                SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_161_600),
            )),
        };
        let mut trail = desk.open();
        for day in 0..4_u64 {
            desk.write(&trail, 20 + day);
            if day == 1 {
                trail.close().unwrap();
                trail = desk.open();
                desk.write(&trail, 7);
            }
            if day < 3 {
                desk.clock.advance(DAY);
            }
        }
        (desk, trail)
    }

    fn open(&self) -> Trail {
        let builder = Trail::builder(&self.dir).detached().mirror(false).salted(true);
        builder.clock(self.clock.clone()).build().unwrap()
    }

    fn write(&self, trail: &Trail, records: u64) {
        for n in 0..records {
            trail
                .draft(events::API_REQUEST)
                .field("user.id", &format!("u{}", n % 7))
                .field("ip", &format!("192.0.2.{}", n % 5))
                .field("method", "GET")
                .field("route", &format!("/r{}", n % 3))
                .field("duration_ms", &(n as f64 * 1.37))
                .emit();
        }
        trail.flush().unwrap();
    }

    fn summaries(&self) -> Vec<String> {
        let names = fs::read_dir(&self.dir).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| name.contains("summary"));
        names.sort();
        names
    }

    fn rollups(&self) -> Vec<String> {
        let names = fs::read_dir(&self.dir).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| name.contains("rollup"));
        names.sort();
        names
    }

    /// Every row of days is answered as the files answer.
    #[track_caller]
    fn agrees(&self) {
        for since in DAYS {
            for until in DAYS {
                let found = Stats::of_days(&self.dir, since, until).unwrap();
                assert_eq!(found, scan(&self.dir, since, until), "{since} to {until}");
            }
        }
    }

    /// Edits a summary as JSON.
    fn edit(&self, name: &str, edit: impl FnOnce(&mut Value)) {
        let path = self.dir.join(name);
        let mut value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        edit(&mut value);
        fs::write(path, value.to_string()).unwrap();
    }
}

/// From every record of the trail, whatever stands beside it.
fn scan(dir: &Path, since: &str, until: &str) -> Stats {
    let mut stats = Stats::new();
    for item in read(dir).unwrap() {
        match item {
            Ok(record) => {
                let day = Stats::from_iter([record.clone()]).by_day().into_keys().next().unwrap();
                if *since <= *day && *day <= *until {
                    stats.add(&record);
                }
            }
            Err(damage) => stats.add_damage(&damage),
        }
    }
    stats
}

#[test]
fn statistics_from_summaries_are_those_of_the_files() {
    let (desk, trail) = Desk::new();
    desk.agrees();
    assert!(desk.summaries().is_empty(), "no reader writes one");
    let summary = Summary::write(&desk.dir).unwrap();
    assert_eq!(
        (summary.files(), summary.read(), summary.removed()),
        (4, 4, 0),
        "{summary}"
    );
    assert!(summary.left_out().is_empty());
    assert_eq!(
        desk.summaries(),
        DAYS[..3]
            .iter()
            .map(|day| format!("audit-{day}.summary.json"))
            .collect::<Vec<_>>()
    );
    desk.agrees();
    let all = Stats::of_days(&desk.dir, "0000-01-01", "9999-12-31").unwrap();
    assert_eq!(all, Stats::of(&desk.dir).unwrap());
    assert_eq!(all.by_event().count("API_REQUEST"), 20 + 21 + 7 + 22 + 23);
    // What is written behind them counts, too.
    desk.write(&trail, 5);
    desk.agrees();
    desk.clock.advance(DAY);
    desk.write(&trail, 1);
    desk.agrees();
    let summary = Summary::write(&desk.dir).unwrap();
    assert_eq!((summary.files(), summary.read()), (5, 1), "{summary}");
    desk.agrees();
    trail.close().unwrap();
    desk.agrees();
    // Neither a verifier nor a start minds them.
    assert_eq!(verify(&desk.dir).unwrap().exit_code(), 0);
    desk.open().close().unwrap();
    assert_eq!(desk.summaries().len(), 4);
    desk.agrees();
}

#[test]
fn a_summary_that_fits_is_believed_and_one_that_does_not_fit_is_not() {
    let (desk, _trail) = Desk::new();
    assert_eq!(Summary::write(&desk.dir).unwrap().files(), 4);
    let first = || Stats::of_days(&desk.dir, DAYS[0], DAYS[0]).unwrap().records();
    let right = first();
    let path = desk.dir.join(FIRST);
    let good = fs::read(&path).unwrap();
    let lie = |value: &mut Value| value["files"][0]["days"][DAYS[0]]["records"] = 4_711.into();
    desk.edit(FIRST, lie);
    assert_eq!(first(), 4_711, "only a cache");
    assert_eq!(Stats::of(&desk.dir).unwrap().by_day()[DAYS[0]].records(), right);
    let other_tag = Value::from("AAAAAAAAAAAAAAAAAAAAAA");
    let misfits: [(&str, Value); 6] = [
        ("name", "audit-2026-11-20.part0002.jsonl".into()),
        ("file", 9.into()),
        ("bytes", 9.into()),
        ("last_seq", 9.into()),
        ("last_tag", other_tag.clone()),
        ("end_tag", other_tag),
    ];
    for (key, value) in misfits {
        fs::write(&path, &good).unwrap();
        desk.edit(FIRST, |summary| {
            lie(summary);
            assert_ne!(summary["files"][0][key], value);
            summary["files"][0][key] = value;
        });
        assert_eq!(first(), right, "{key}");
    }
    for (key, value) in [
        ("tracing_audit_summary", 2.into()),
        ("trail", Value::from("AAAAAAAAAAAAAAAAAAAAAA")),
    ] {
        fs::write(&path, &good).unwrap();
        desk.edit(FIRST, |summary| {
            lie(summary);
            summary[key] = value;
        });
        assert_eq!(first(), right, "{key}");
    }
    for garbage in [&b""[..], b"null", b"[1,2", &good[..good.len() / 2], b"\xff\xfe"] {
        fs::write(&path, garbage).unwrap();
        assert_eq!(first(), right);
    }
    // Written again, it is as before.
    assert_eq!(Summary::write(&desk.dir).unwrap().read(), 1);
    assert_eq!(fs::read(&path).unwrap(), good);
    // An entry that speaks of the same file once more counts once.
    desk.edit(FIRST, |summary| {
        let entry = summary["files"][0].clone();
        summary["files"].as_array_mut().unwrap().push(entry);
    });
    assert_eq!(first(), right);
}

#[test]
fn days_that_are_over_are_added_up_and_answer_together() {
    let (desk, trail) = Desk::new();
    let _ = Summary::write(&desk.dir).unwrap();
    assert_eq!(desk.rollups(), ["audit-2026-11-19.rollup4", "audit-2026-11-21.rollup2"]);
    desk.agrees();
    // What a day's own summary says tells which of them was asked.
    for day in DAYS[..3].iter() {
        desk.edit(&format!("audit-{day}.summary.json"), |summary| {
            summary["files"][0]["days"][day]["records"] = 4_711.into();
        });
    }
    let records = |dir: &Path, since: usize, until: usize| {
        let stats = Stats::of_days(dir, DAYS[since], DAYS[until]).unwrap();
        stats.records()
    };
    let right = |since: usize, until: usize| scan(&desk.dir, DAYS[since], DAYS[until]).records();
    for (since, until) in [(1, 2), (0, 2), (0, 3), (1, 3)] {
        assert_eq!(
            records(&desk.dir, since, until),
            right(since, until),
            "{since} to {until}"
        );
    }
    for (since, until) in [(0, 0), (0, 1), (2, 3)] {
        assert!(records(&desk.dir, since, until) > 4_000, "{since} to {until}");
    }
    // In a copy no file is the one that it was, and each ends as it did.
    let copy = desk.dir.with_file_name("copy");
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(&desk.dir).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
    }
    assert_eq!(records(&copy, 1, 2), right(1, 2));
    // One byte of a file more, and the days say what they said.
    let second = copy.join("audit-2026-11-22.jsonl");
    let mut bytes = fs::read(&second).unwrap();
    bytes.extend_from_slice(b"x\n");
    fs::write(&second, bytes).unwrap();
    assert!(records(&copy, 1, 2) > 4_000);
    drop(trail);
}

#[test]
fn a_rollup_goes_with_any_day_of_it() {
    let (desk, trail) = Desk::new();
    let theirs = |record: &tracing_audit::Record| record.user_id() == Some("u3");
    let seq = read(&desk.dir).unwrap().map(Result::unwrap).find(theirs).unwrap().seq();
    let _ = Summary::write(&desk.dir).unwrap();
    trail.erase([seq], "asked for", "the office").unwrap();
    assert_eq!(desk.rollups(), ["audit-2026-11-21.rollup2"]);
    let _ = Summary::write(&desk.dir).unwrap();
    assert_eq!(desk.rollups().len(), 2);
    desk.agrees();
    trail.close().unwrap();
    // Retention takes the first day, and then there are not two days more in four.
    let builder = Trail::builder(&desk.dir).detached().mirror(false).salted(true);
    let builder = builder.retention(Retention::days(1)).clock(desk.clock.clone());
    let trail = builder.build().unwrap();
    desk.clock.advance(DAY);
    desk.write(&trail, 1);
    trail.close().unwrap();
    assert!(!desk.rollups().contains(&"audit-2026-11-19.rollup4".to_owned()));
    // What speaks of no files that are there is removed.
    fs::write(desk.dir.join("audit-2026-10-02.rollup2"), "x").unwrap();
    let _ = Summary::write(&desk.dir).unwrap();
    assert!(!desk.rollups().contains(&"audit-2026-10-02.rollup2".to_owned()));
}

#[test]
fn a_spoilt_rollup_changes_no_answer() {
    let (desk, _trail) = Desk::new();
    let _ = Summary::write(&desk.dir).unwrap();
    let right = Stats::of_days(&desk.dir, DAYS[1], DAYS[2]).unwrap();
    for name in desk.rollups() {
        let path = desk.dir.join(name);
        let good = fs::read(&path).unwrap();
        for at in (0..good.len()).step_by(41) {
            let mut spoilt = good.clone();
            spoilt[at] ^= 1 << (at % 8);
            fs::write(&path, &spoilt).unwrap();
            assert_eq!(Stats::of_days(&desk.dir, DAYS[1], DAYS[2]).unwrap(), right, "{at}");
        }
        for garbage in [&b""[..], &good[..good.len() / 2], &[&good[..], b"x"].concat()] {
            fs::write(&path, garbage).unwrap();
            assert_eq!(Stats::of_days(&desk.dir, DAYS[1], DAYS[2]).unwrap(), right);
        }
        // Written again, it is as before but for when it was.
        let _ = Summary::write(&desk.dir).unwrap();
        assert_eq!(fs::read(&path).unwrap(), good);
    }
}

#[test]
fn hostile_numbers_in_a_summary_break_nothing() {
    let (desk, _trail) = Desk::new();
    let _ = Summary::write(&desk.dir).unwrap();
    for name in desk.rollups() {
        fs::remove_file(desk.dir.join(name)).unwrap();
    }
    for day in &DAYS[..3] {
        desk.edit(&format!("audit-{day}.summary.json"), |summary| {
            for stats in summary["files"][0]["days"].as_object_mut().unwrap().values_mut() {
                stats["records"] = u64::MAX.into();
                stats["by_user"]["names"]["u1"] = u64::MAX.into();
                stats["by_user"]["below"] = 1.into();
                stats["by_severity"]["low"] = u64::MAX.into();
                stats["durations"]["count"] = u64::MAX.into();
            }
        });
    }
    let stats = Stats::of_days(&desk.dir, DAYS[0], DAYS[3]).unwrap();
    assert_eq!(stats.records(), u64::MAX);
    let _ = (
        stats.to_string(),
        serde_json::to_string(&stats).unwrap(),
        stats.durations().p95(),
    );
}

#[test]
fn a_file_that_was_changed_is_read_and_what_is_wrong_with_it_is_said() {
    let (desk, trail) = Desk::new();
    trail.close().unwrap();
    let _ = Summary::write(&desk.dir).unwrap();
    let path = desk.dir.join("audit-2026-11-20.jsonl");
    let good = fs::read(&path).unwrap();
    let mut longer = good.clone();
    longer.extend_from_slice(b"x\n");
    let mut other_end = good.clone();
    let letter = other_end.len() - 10;
    other_end[letter] = if other_end[letter] == b'A' { b'B' } else { b'A' };
    for changed in [&longer[..], &good[..good.len() - 200], &other_end] {
        fs::write(&path, changed).unwrap();
        let (stats, believed) = Stats::of_days_believing(&desk.dir, DAYS[0], DAYS[3]).unwrap();
        assert_eq!(counted(&stats), counted(&asked(&desk.dir)));
        let chain = scan(&desk.dir, DAYS[0], DAYS[3]);
        assert!(stats.skipped().count() >= chain.skipped().count());
        assert_eq!(stats.is_whole(), chain.is_whole());
        // Where anything is wrong, all was read.
        assert_eq!(believed == 0, !stats.is_whole());
    }
    let stats = Stats::of_days(&desk.dir, DAYS[0], DAYS[3]).unwrap();
    assert_eq!(stats.skipped().count(), 1, "{:?}", stats.skipped());
    // It has no entry any more, and its neighbours have theirs.
    let summary = Summary::write(&desk.dir).unwrap();
    assert_eq!(
        (summary.left_out(), summary.files(), summary.removed()),
        (&["audit-2026-11-20.jsonl".to_owned()][..], 3, 1)
    );
    assert_eq!(Stats::of_days(&desk.dir, DAYS[0], DAYS[3]).unwrap(), stats);
    // A file that is gone is said to be, though no line of any other need be read.
    fs::write(&path, &good).unwrap();
    let _ = Summary::write(&desk.dir).unwrap();
    fs::remove_file(desk.dir.join("audit-2026-11-22.jsonl")).unwrap();
    let stats = Stats::of_days(&desk.dir, DAYS[0], DAYS[3]).unwrap();
    assert_eq!(counted(&stats), counted(&scan(&desk.dir, DAYS[0], DAYS[3])));
    assert!(
        stats.skipped().what()[0].contains("is missing"),
        "{:?}",
        stats.skipped()
    );
    fs::remove_file(&path).unwrap();
    let _ = Summary::write(&desk.dir).unwrap();
    assert!(!desk.summaries().contains(&FIRST.to_owned()));
    assert_eq!(
        counted(&Stats::of_days(&desk.dir, DAYS[0], DAYS[3]).unwrap()),
        counted(&scan(&desk.dir, DAYS[0], DAYS[3]))
    );
}

/// What a query for everything counts.
fn asked(dir: &Path) -> Stats {
    Query::new().unlimited().entries(dir).unwrap().stats()
}

/// All but what could not be read.
fn counted(stats: &Stats) -> Value {
    let mut value = serde_json::to_value(stats).unwrap();
    value.as_object_mut().unwrap().remove("skipped").unwrap();
    value
}

#[test]
fn superseded_lines_count_in_no_summary() {
    let mut trail = hand::Hand::new();
    trail.open("start").begin().records(3);
    let point = trail.point();
    trail.records(4);
    // The sync failed: the same again in another file, and then another.
    (trail.seq, trail.head) = (point.1, point.2);
    trail.open_at("resync", Some(point));
    trail.records(4);
    trail.open("rotate").records(2).stop().mark(true);
    let laid = trail.lay();
    assert_eq!(laid.exit(), 0);
    let summary = Summary::write(&laid.dir).unwrap();
    assert_eq!((summary.files(), summary.left_out()), (2, &[][..]));
    let stats = Stats::of_days(&laid.dir, "2026-11-20", "2026-11-20").unwrap();
    assert_eq!(stats, Stats::of(&laid.dir).unwrap());
    assert_eq!(stats.records(), 1 + 3 + 4 + 2 + 1);
    // Nor does one that speaks of them fit, once they are superseded.
    let before = {
        let mut trail = hand::Hand::new();
        trail.open("start").begin().records(7);
        let end = trail.point();
        trail.open("rotate").records(1);
        let laid = trail.lay();
        let _ = Summary::write(&laid.dir).unwrap();
        (laid, trail, end)
    };
    let (laid, mut trail, _) = before;
    let point = {
        let mut again = hand::Hand::new();
        again.open("start").begin().records(3).point()
    };
    trail.open_at("resync", Some(point));
    trail.records(1).stop();
    for (name, bytes) in &trail.files {
        laid.put(name, bytes);
    }
    let stats = Stats::of_days(&laid.dir, "2026-11-20", "2026-11-20").unwrap();
    assert_eq!(stats, Stats::of(&laid.dir).unwrap());
    assert_eq!(stats.records(), 4 + 1 + 1);
}

#[test]
fn an_erased_record_is_out_of_the_answers_and_out_of_the_summary_at_once() {
    let (desk, trail) = Desk::new();
    trail.draft(events::DATA_READ).field("user.id", "mallory").emit();
    trail.flush().unwrap();
    desk.clock.advance(DAY);
    desk.write(&trail, 1);
    let _ = Summary::write(&desk.dir).unwrap();
    let whole = || Stats::of_days(&desk.dir, "2026-01-01", "2026-12-31").unwrap();
    assert_eq!(whole().by_user().count("mallory"), 1);
    let name = "audit-2026-11-23.summary.json";
    let says = || fs::read_to_string(desk.dir.join(name)).unwrap().contains("mallory");
    assert!(says());
    let theirs = |record: &tracing_audit::Record| record.user_id() == Some("mallory");
    let seq = read(&desk.dir).unwrap().map(Result::unwrap).find(theirs).unwrap().seq();
    trail.erase([seq], "asked for", "the office").unwrap();
    assert!(!desk.dir.join(name).exists());
    assert!(desk.dir.join(FIRST).exists(), "the other days have theirs");
    assert_eq!(whole().by_user().count("mallory"), 0);
    assert_eq!(whole(), Stats::of(&desk.dir).unwrap());
    let _ = Summary::write(&desk.dir).unwrap();
    assert!(!says());
    assert_eq!(whole(), Stats::of(&desk.dir).unwrap());
}

#[test]
fn a_summary_goes_with_the_files_that_retention_removes() {
    let (desk, trail) = Desk::new();
    trail.close().unwrap();
    let _ = Summary::write(&desk.dir).unwrap();
    assert!(desk.dir.join(FIRST).exists());
    let builder = Trail::builder(&desk.dir).detached().mirror(false);
    let trail = builder
        .retention(Retention::days(1))
        .clock(desk.clock.clone())
        .build()
        .unwrap();
    desk.clock.advance(DAY);
    desk.write(&trail, 1);
    trail.close().unwrap();
    assert!(!desk.dir.join("audit-2026-11-20.jsonl").exists(), "it was pruned");
    assert!(!desk.dir.join(FIRST).exists());
}

#[test]
fn a_summary_is_written_whole_for_this_user_alone_and_follows_no_link() {
    let (desk, _trail) = Desk::new();
    let elsewhere = desk.dir.with_file_name("elsewhere");
    fs::write(&elsewhere, "untouched").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
        symlink(&elsewhere, desk.dir.join(FIRST)).unwrap();
        desk.agrees();
        let _ = Summary::write(&desk.dir).unwrap();
        let path = desk.dir.join(FIRST);
        let meta = fs::symlink_metadata(&path).unwrap();
        assert!(meta.is_file());
        assert_eq!(meta.permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read(&elsewhere).unwrap(), b"untouched");
        // One that is as it should be is left alone.
        let _ = Summary::write(&desk.dir).unwrap();
        assert_eq!(fs::symlink_metadata(&path).unwrap().ino(), meta.ino());
    }
    assert!(
        desk.summaries().iter().all(|name| name.ends_with(".summary.json")),
        "{:?}",
        desk.summaries()
    );
    let text = fs::read_to_string(desk.dir.join(FIRST)).unwrap();
    assert!(text.starts_with("{\"tracing_audit_summary\":1,\"trail\":\"") && text.ends_with("]}\n"));
}

#[test]
fn a_summary_of_days_that_are_gone_is_removed() {
    let (desk, trail) = Desk::new();
    trail.close().unwrap();
    let old = desk.dir.join("audit-2026-10-01.summary.json");
    fs::write(&old, "{}").unwrap();
    let foreign = desk.dir.join("audit-2026-13-01.summary.json");
    fs::write(&foreign, "{}").unwrap();
    assert_eq!(Summary::write(&desk.dir).unwrap().removed(), 1);
    assert!(!old.exists() && foreign.exists());
}

#[cfg(feature = "gzip")]
#[test]
fn a_compressed_file_is_summarized_in_the_form_that_it_has() {
    use std::io::Write as _;
    let (desk, trail) = Desk::new();
    trail.close().unwrap();
    let _ = Summary::write(&desk.dir).unwrap();
    let plain = desk.dir.join("audit-2026-11-20.jsonl");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&fs::read(&plain).unwrap()).unwrap();
    fs::write(desk.dir.join("audit-2026-11-20.jsonl.gz"), encoder.finish().unwrap()).unwrap();
    // With both there, it takes reading to know which one counts.
    let summary = Summary::write(&desk.dir).unwrap();
    assert_eq!(summary.left_out(), ["audit-2026-11-20.jsonl"]);
    desk.agrees();
    fs::remove_file(&plain).unwrap();
    desk.agrees();
    let summary = Summary::write(&desk.dir).unwrap();
    assert_eq!((summary.files(), summary.read()), (4, 1));
    desk.edit(FIRST, |summary| {
        summary["files"][0]["days"][DAYS[0]]["records"] = 4_711.into()
    });
    assert_eq!(Stats::of_days(&desk.dir, DAYS[0], DAYS[0]).unwrap().records(), 4_711);
}

#[test]
fn a_day_that_is_none_and_a_directory_that_is_none_are_errors() {
    let (desk, _trail) = Desk::new();
    for (since, until) in [("2026-02-30", "2026-11-20"), ("2026-11-20", "today"), ("", "")] {
        let error = Stats::of_days(&desk.dir, since, until).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("2026-11-20"), "{error}");
    }
    assert_eq!(Stats::of_days(&desk.dir, DAYS[1], DAYS[0]).unwrap(), Stats::new());
    assert!(Stats::of_days(desk.dir.join("none"), DAYS[0], DAYS[0]).is_err());
    assert!(Summary::write(desk.dir.join("none")).is_err());
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(Summary::write(empty.path()).unwrap().files(), 0);
    assert_eq!(Stats::of_days(empty.path(), DAYS[0], DAYS[0]).unwrap(), Stats::new());
}

#[test]
fn records_count_on_their_own_day_whatever_the_name_of_their_file() {
    let at = |time: &str| {
        format!(
            "\"time\":\"2026-{time}.000000Z\",\"event\":\"DATA_READ\",\"category\":\"data\",\"severity\":\"low\",\"outcome\":\"success\""
        )
    };
    let mut trail = hand::Hand::new();
    trail.open("start").begin();
    for time in ["11-19T23:59:59", "11-20T12:00:00", "11-21T00:00:00"] {
        trail.put(&at(time));
    }
    // Of more days than a writer's file has.
    trail.open("rotate").records(1);
    for time in ["11-01T12:00:00", "11-02T12:00:00", "11-03T12:00:00"] {
        trail.put(&at(time));
    }
    trail.open("rotate").records(1).stop();
    let laid = trail.lay();
    let days = [
        "2026-11-01",
        "2026-11-03",
        "2026-11-19",
        "2026-11-20",
        "2026-11-21",
        "2026-12-01",
    ];
    let agree = || {
        for since in days {
            for until in days {
                let found = Stats::of_days(&laid.dir, since, until).unwrap();
                assert_eq!(found, scan(&laid.dir, since, until), "{since} to {until}");
            }
        }
    };
    agree();
    let summary = Summary::write(&laid.dir).unwrap();
    assert_eq!((summary.files(), summary.left_out().len()), (1, 1));
    agree();
    assert_eq!(
        Stats::of_days(&laid.dir, "2026-11-19", "2026-11-19").unwrap().records(),
        1
    );
}
