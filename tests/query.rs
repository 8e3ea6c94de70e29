//! What a question to a trail is answered, and what not. The other answerer is `read`, record by record.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tracing_audit::{
    Category, Cursor, Error, ErrorKind, Order, Outcome, Query, Record, Rotation, Severity, Stats, Trail, events,
};

use crate::hand::{Hand, three_files};

/// The numbers of an answer, and the messages of what is no record.
fn answer(query: &Query, dir: &Path) -> (Vec<u64>, Vec<String>) {
    split(query.entries(dir).unwrap())
}

fn split(items: impl Iterator<Item = Result<Record, Error>>) -> (Vec<u64>, Vec<String>) {
    let (mut seqs, mut skipped) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Ok(record) => seqs.push(record.seq()),
            Err(error) => skipped.push(error.to_string()),
        }
    }
    (seqs, skipped)
}

/// The same from every record that there is.
fn plainly(query: &Query, dir: &Path, order: Order) -> Vec<u64> {
    let records = tracing_audit::read(dir).unwrap().map(Result::unwrap);
    let mut seqs: Vec<u64> = records
        .filter(|record| query.matches(record))
        .map(|record| record.seq())
        .collect();
    if order == Order::Newest {
        seqs.reverse();
    }
    seqs
}

/// A trail of the crate's own writer: several files, all kinds of values.
struct Written {
    _home: TempDir,
    dir: PathBuf,
}

fn write_into(trail: &Trail, records: std::ops::Range<u64>) {
    let users = ["alice", "bob", "c\"arol\\", "d\u{2028}äve", "alice2"];
    for n in records {
        let user = users[n as usize % users.len()];
        let event = match n % 7 {
            0 => events::AUTH_FAILED,
            1 => events::USER_DELETE,
            2 => events::API_REQUEST,
            _ => events::DATA_READ,
        };
        let draft = trail
            .draft(event)
            .user_id(format_args!("u-{}", n % 50))
            .username(user)
            .ip(format_args!("198.51.100.{}", n % 9))
            .session_id(format_args!("s{}", n / 10))
            .resource_type("book")
            .resource_id(n)
            .request_id(format_args!("r{n}"))
            .tenant(if n % 2 == 0 { "north" } else { "south" })
            .route("/books/{id}")
            .status_code(if n % 11 == 0 { 500 } else { 200 })
            .message(format_args!("book \"{n}\" was read\tby {user}, \"user_id\":\"u-1\""));
        let draft = draft.field("shelf", &format!("{}", n % 3)).field("copies", &(n % 4));
        let draft = draft.field("ratio", &(n as f64 / 4.0)).field("k\"ey", &(n % 2 == 0));
        draft.emit().accepted().unwrap();
    }
}

fn builder(dir: &Path) -> tracing_audit::Builder {
    Trail::builder(dir)
        .detached()
        .mirror(false)
        .line_bytes(16 << 10)
        .rotation(Rotation::daily().max_bytes(64 << 10))
}

fn written(records: u64) -> Written {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    for run in 0..2 {
        let trail = builder(&dir).build().unwrap();
        write_into(&trail, run * records / 2..(run + 1) * records / 2);
        trail.close().unwrap();
    }
    let files = fs::read_dir(&dir).unwrap();
    let files = files.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .path()
            .extension()
            .is_some_and(|end| end == "jsonl")
    });
    assert!(files.count() > 4, "a trail of several files");
    Written { _home: home, dir }
}

/// One question of each kind, and some together.
fn questions(dir: &Path) -> Vec<Query> {
    let records: Vec<Record> = tracing_audit::read(dir).unwrap().map(Result::unwrap).collect();
    let time = |place: usize| records[records.len() * place / 10].time();
    let new = || Query::new().unlimited();
    vec![
        new(),
        new().user("u-7"),
        new().user("alice"),
        new().user("c\"arol\\"),
        new().user("d\u{2028}äve"),
        new().user("nobody"),
        new().event("login_failed"),
        new().event("AUTH_FAILED").event("user-delete"),
        new().event("AUDIT_ROTATE"),
        new().category(Category::Auth),
        new().category(Category::Auth).category(Category::User),
        new().severity(Severity::High),
        new().at_least(Severity::Medium),
        new().outcome(Outcome::Failure),
        new().ip("198.51.100.3"),
        new().session("s4"),
        new().resource("book"),
        new().resource("17"),
        new().resource_type("book").resource_id("18"),
        new().request("r19"),
        new().tenant("north").user("bob"),
        new().route("/books/{id}").event("api_request"),
        new().flagged(true),
        new().flagged(false).user("alice2"),
        new().text("read\tby bob"),
        new().text("book \"21\""),
        new().text("BOOK"),
        new().field("shelf", "2").field("copies", 3),
        new().field("status_code", 500),
        new().field("metadata.shelf", "2").field("metadata.copies", 3),
        new().field("ratio", 2.5),
        new().field("ratio", "2"),
        new().field("k\"ey", true),
        new().field("resource_id", 5),
        new().since(time(3)).until(time(5)),
        new().since(time(9)),
        new().until(time(1)).at_least(Severity::Medium),
        new().since(time(5)).until(time(3)),
    ]
}

#[test]
fn a_question_finds_what_reading_every_record_finds_in_either_order() {
    let trail = written(900);
    let mut found = 0;
    for query in questions(&trail.dir) {
        for order in [Order::Newest, Order::Oldest] {
            let query = query.clone().order(order);
            let expected = plainly(&query, &trail.dir, order);
            assert_eq!(answer(&query, &trail.dir), (expected.clone(), vec![]), "{query:?}");
            found += usize::from(!expected.is_empty());
            let few: Vec<u64> = expected.into_iter().take(7).collect();
            assert_eq!(answer(&query.clone().limit(7), &trail.dir).0, few, "{query:?}");
        }
    }
    assert!(found > 60, "questions that find nothing show nothing: {found}");
    let (seqs, _) = answer(&Query::new(), &trail.dir);
    assert_eq!(seqs.len(), 100, "unless something is said");
    assert_eq!(answer(&Query::new().limit(0), &trail.dir), (vec![], vec![]));
}

#[test]
fn what_an_answer_comes_to_is_what_its_records_come_to() {
    let counted = |query: &Query, dir: &Path| {
        let found = query.entries(dir).unwrap();
        let expected: Stats = query.entries(dir).unwrap().collect();
        assert_eq!(found.stats(), expected, "{query:?}");
        expected
    };
    let trail = written(900);
    let mut found = 0;
    for query in questions(&trail.dir) {
        found += counted(&query, &trail.dir).records();
        counted(&query.clone().order(Order::Oldest), &trail.dir);
        counted(&query.limit(7), &trail.dir);
    }
    assert!(found > 1_000, "questions that find nothing show nothing: {found}");
    // Behind what was taken, and behind a cursor.
    for order in [Order::Newest, Order::Oldest] {
        let query = Query::new().unlimited().order(order);
        let (mut one, mut other) = (query.entries(&trail.dir).unwrap(), query.entries(&trail.dir).unwrap());
        assert_eq!(one.by_ref().take(50).count() + other.by_ref().take(50).count(), 100);
        let cursor = one.next_page().unwrap();
        let rest: Stats = one.collect();
        assert_eq!(other.stats(), rest);
        assert_eq!(counted(&query.cursor(cursor), &trail.dir), rest);
    }
    // Damage and a hole are counted, too.
    let laid = three_files().lay();
    let path = laid.path("audit-2026-11-20.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"outcome\":", "\"outcome\": ", 1)).unwrap();
    fs::remove_file(laid.path("audit-2026-11-20.part0002.jsonl")).unwrap();
    let damaged = counted(&Query::new().unlimited().order(Order::Oldest), &laid.dir);
    assert_eq!(damaged.skipped().count(), 2, "{:?}", damaged.skipped());
}

/// Large enough for threads of their own.
#[test]
fn files_that_are_counted_side_by_side_come_to_what_one_reader_counts() {
    let mut hand = Hand::new();
    hand.open("start").begin();
    for file in 0..6_u64 {
        for record in 0..1_500_u64 {
            let more = format!(
                ",\"user_id\":\"u{}\",\"ip\":\"192.0.2.{}\",\"route\":\"/r{}\",\"duration_ms\":{}.5,\"message\":\"{}\"",
                record % 97 + file,
                record % 13,
                record % 5,
                record * file,
                "x".repeat(2_000)
            );
            let rest = hand.rest("API_REQUEST", &more);
            hand.put(&rest);
        }
        hand.open("rotate");
    }
    hand.stop();
    let laid = hand.lay();
    let one: Stats = tracing_audit::read(&laid.dir).unwrap().collect();
    assert_eq!(one.records(), hand.seq);
    assert_eq!(Query::new().unlimited().entries(&laid.dir).unwrap().stats(), one);
    assert_eq!(Stats::of(&laid.dir).unwrap(), one);
    // Also where something is wrong with two of them, in the order of the files.
    for name in ["audit-2026-11-20.part0002.jsonl", "audit-2026-11-20.part0004.jsonl"] {
        let text = fs::read_to_string(laid.path(name)).unwrap();
        fs::write(laid.path(name), text.replacen("\"u9\"", "\"v9\"", 1)).unwrap();
    }
    let one: Stats = tracing_audit::read(&laid.dir).unwrap().collect();
    assert!(one.skipped().count() > 1, "{:?}", one.skipped());
    assert_eq!(Stats::of(&laid.dir).unwrap(), one);
}

#[test]
fn lines_are_the_bytes_of_the_files() {
    let trail = written(700);
    let lines: Vec<String> = tracing_audit::read(&trail.dir)
        .unwrap()
        .lines()
        .map(Result::unwrap)
        .collect();
    let query = Query::new().unlimited().order(Order::Oldest);
    let found: Vec<String> = query.entries(&trail.dir).unwrap().lines().map(Result::unwrap).collect();
    assert_eq!(found, lines);
    // From the middle on.
    let mut records = query.limit(50).entries(&trail.dir).unwrap();
    let first: Vec<u64> = records.by_ref().take(20).map(|record| record.unwrap().seq()).collect();
    let mut rest = records.lines();
    let rest_of: Vec<String> = rest.by_ref().map(Result::unwrap).collect();
    assert_eq!((first.len(), &rest_of[..]), (20, &lines[20..50]));
    assert_eq!(
        rest.next_page().map(|cursor| cursor.to_string()).as_deref(),
        Some("o50")
    );
}

/// Every page of a question, joined.
fn pages(query: &Query, dir: &Path, mut between: impl FnMut()) -> (Vec<u64>, Vec<String>, usize) {
    let (mut seqs, mut skipped, mut pages) = (Vec::new(), Vec::new(), 0);
    let mut next: Option<Cursor> = None;
    loop {
        let query = match next {
            Some(cursor) => query.clone().cursor(cursor.to_string().parse().unwrap()),
            None => query.clone(),
        };
        let mut found = query.entries(dir).unwrap();
        let (more, damage) = split(found.by_ref());
        assert_eq!(found.skipped().len(), damage.len());
        seqs.extend(more);
        skipped.extend(damage);
        pages += 1;
        between();
        next = found.next_page();
        if next.is_none() {
            return (seqs, skipped, pages);
        }
    }
}

#[test]
fn pages_joined_are_the_whole_answer() {
    let trail = written(700);
    for query in questions(&trail.dir) {
        for order in [Order::Newest, Order::Oldest] {
            let whole = answer(&query.clone().order(order), &trail.dir);
            for size in [3, 50] {
                if whole.0.len() > 8 * size {
                    continue;
                }
                let (seqs, skipped, _) = pages(&query.clone().order(order).limit(size as u64), &trail.dir, || ());
                assert_eq!((seqs, skipped), whole, "{query:?}, {size} a page");
            }
        }
    }
}

#[test]
fn pages_stay_what_they_are_while_a_writer_appends_between_them() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = builder(&dir).build().unwrap();
    write_into(&trail, 0..200);
    trail.flush().unwrap();
    let query = Query::new().user("alice").limit(10);
    let before = plainly(&query, &dir, Order::Newest);
    let mut written = 200;
    let more = |written: &mut u64| {
        write_into(&trail, *written..*written + 100);
        trail.flush().unwrap();
        *written += 100;
    };
    let (seqs, _, count) = pages(&query, &dir, || more(&mut written));
    assert_eq!(seqs, before, "no record that came later");
    assert_eq!(count, 5, "the last of 40 fills a page");
    let mut left = 6;
    let (seqs, _, _) = pages(&query.clone().order(Order::Oldest), &dir, || {
        if left > 0 {
            left -= 1;
            more(&mut written);
        }
    });
    assert_eq!(seqs, plainly(&query, &dir, Order::Oldest), "and here every one");
    trail.close().unwrap();
}

#[test]
fn a_page_begins_at_any_record_of_a_long_file() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(3_000);
    let laid = hand.lay();
    let at = |text: String| text.parse::<Cursor>().unwrap();
    for seq in (1..=hand.seq).step_by(97).chain([1, 2, hand.seq - 1, hand.seq]) {
        let newer = Query::new().cursor(at(format!("o{seq}"))).limit(3);
        assert_eq!(
            answer(&newer, &laid.dir).0,
            (seq + 1..=hand.seq).take(3).collect::<Vec<_>>()
        );
        let older = Query::new().cursor(at(format!("n{seq}"))).limit(3);
        assert_eq!(answer(&older, &laid.dir).0, (1..seq).rev().take(3).collect::<Vec<_>>());
    }
    assert_eq!(
        answer(&Query::new().cursor(at("o9999".into())), &laid.dir),
        (vec![], vec![])
    );
    assert_eq!(
        answer(&Query::new().cursor(at("n9999".into())).limit(1), &laid.dir).0,
        [hand.seq]
    );
}

#[test]
fn what_was_superseded_is_not_found() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(2);
    let synced = hand.point();
    hand.records(2).open_at("resync", Some(synced)).records(3);
    hand.next_run();
    let point = hand.point();
    hand.records(1).open_at("recover", Some(point)).begin().stop();
    // What a crash may leave behind the last line that counts.
    hand.files
        .get_mut("audit-2026-11-20.jsonl")
        .unwrap()
        .extend(b"\"message\" and no more\n");
    let laid = hand.lay();
    for order in [Order::Newest, Order::Oldest] {
        for query in [Query::new(), Query::new().text("book")] {
            let query = query.order(order);
            assert_eq!(answer(&query, &laid.dir), (plainly(&query, &laid.dir, order), vec![]));
        }
    }
    assert_eq!(
        answer(&Query::new().order(Order::Oldest), &laid.dir).0,
        (1..=8).collect::<Vec<_>>()
    );
}

#[test]
fn a_half_line_is_no_record() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(2);
    let laid = hand.lay();
    let whole = hand.files[&hand.name].clone();
    let last = hand.lines(&hand.name).pop().unwrap();
    for cut in 1..last.len() {
        laid.put(&hand.name, &whole[..whole.len() - cut]);
        for order in [Order::Newest, Order::Oldest] {
            let (mut seqs, skipped) = answer(&Query::new().order(order), &laid.dir);
            seqs.sort_unstable();
            assert_eq!((seqs, skipped), (vec![1, 2], vec![]), "{cut} bytes");
        }
    }
}

#[test]
fn where_a_file_is_missing_the_answer_goes_on_and_says_so_in_its_place() {
    let hand = three_files();
    let laid = hand.lay();
    fs::remove_file(laid.path("audit-2026-11-20.part0002.jsonl")).unwrap();
    let order = |query: Query| -> Vec<Result<u64, ErrorKind>> {
        let items = query.entries(&laid.dir).unwrap();
        items
            .map(|item| item.map(|record| record.seq()).map_err(|error| error.kind()))
            .collect()
    };
    let damage = || std::iter::once(Err(ErrorKind::Damaged));
    let (first, last) = ((1..=5).map(Ok), (12..=hand.seq).map(Ok));
    let oldest: Vec<_> = first.clone().chain(damage()).chain(last.clone()).collect();
    assert_eq!(order(Query::new().order(Order::Oldest)), oldest);
    let newest: Vec<_> = last.rev().chain(damage()).chain(first.rev()).collect();
    assert_eq!(order(Query::new()), newest);
    let (_, skipped) = answer(&Query::new(), &laid.dir);
    assert!(
        skipped[0].starts_with("file 2 is missing before this one, and with it records up to 11"),
        "{skipped:?}"
    );
    // On pages it is said once, however they fall.
    for size in 1..8 {
        for order in [Order::Newest, Order::Oldest] {
            let (seqs, skipped, _) = pages(&Query::new().order(order).limit(size), &laid.dir, || ());
            assert_eq!(
                (seqs.len(), skipped.len()),
                (oldest.len() - 1, 1),
                "{size} a page, {order:?}"
            );
        }
    }
}

#[test]
fn newest_files_that_are_gone_or_have_lost_their_headers_are_said_once_however_the_pages_fall() {
    let hand = three_files();
    let newest = hand.files.keys().next_back().unwrap().clone();
    let laid = hand.lay();
    let check = |what: &str, found: usize| {
        for size in 1..8 {
            for order in [Order::Newest, Order::Oldest] {
                let (seqs, skipped, _) = pages(&Query::new().order(order).limit(size), &laid.dir, || ());
                assert_eq!(
                    (seqs.len(), skipped.len()),
                    (found, 1),
                    "{size} a page, {order:?}: {skipped:?}"
                );
                assert!(skipped[0].contains(what), "{skipped:?}");
            }
        }
    };
    let before = hand.seq as usize + 1 - hand.lines(&newest).len();
    laid.put(&newest, &hand.files[&newest][1..]);
    check("nothing of it can be read", before);
    fs::remove_file(laid.path(&newest)).unwrap();
    check("the newest files are missing", before);
    for name in hand.files.keys().filter(|name| **name != newest) {
        fs::remove_file(laid.path(name)).unwrap();
    }
    let (seqs, skipped) = answer(&Query::new(), &laid.dir);
    assert_eq!((seqs.len(), skipped.len()), (0, 1), "{skipped:?}");
}

#[test]
fn a_damaged_line_is_passed_over_and_said_once() {
    let hand = three_files();
    let laid = hand.lay();
    let spoil = |place: usize, change: &dyn Fn(&mut Vec<u8>)| {
        let mut lines = hand.lines("audit-2026-11-20.jsonl");
        change(&mut lines[place]);
        laid.put("audit-2026-11-20.jsonl", &lines.concat());
    };
    let all = |order| answer(&Query::new().order(order), &laid.dir);
    type Change = (&'static str, Box<dyn Fn(&mut Vec<u8>)>);
    let changes: [Change; 6] = [
        ("its number", Box::new(|line| line[7] = b'x')),
        ("the number of another", Box::new(|line| line[7] = b'1')),
        ("its spelling", Box::new(|line| line.insert(9, b' '))),
        ("its text", Box::new(|line| line[40] = 0)),
        (
            "nesting",
            Box::new(|line| {
                let deep = format!(",\"old\":{}1{}", "[".repeat(10_000), "]".repeat(10_000));
                let at = line.len() - 33;
                line.splice(at..at, deep.into_bytes());
            }),
        ),
        (
            "a name twice",
            Box::new(|line| {
                let at = line.len() - 33;
                line.splice(at..at, *b",\"message\":\"\"");
            }),
        ),
    ];
    for (what, change) in &changes {
        spoil(3, change);
        for order in [Order::Newest, Order::Oldest] {
            let (mut seqs, skipped) = all(order);
            seqs.sort_unstable();
            let expected: Vec<u64> = (1..=hand.seq).filter(|seq| *seq != 3).collect();
            assert_eq!((&seqs, skipped.len()), (&expected, 1), "{what}: {skipped:?}");
            assert!(skipped[0].contains("audit-2026-11-20.jsonl"), "{}", skipped[0]);
            for size in 1..6 {
                let (seqs, skipped, _) = pages(&Query::new().order(order).limit(size), &laid.dir, || ());
                assert_eq!(
                    (seqs.len(), skipped.len()),
                    (expected.len(), 1),
                    "{what}, {size} a page: {skipped:?}"
                );
            }
        }
    }
    // Lines that are missing at the end.
    laid.put(
        "audit-2026-11-20.jsonl",
        &hand.lines("audit-2026-11-20.jsonl")[..4].concat(),
    );
    for order in [Order::Newest, Order::Oldest] {
        let (seqs, skipped) = all(order);
        assert_eq!(seqs.len() as u64, hand.seq - 2);
        assert!(
            skipped[0].starts_with("it ends too early: records 4 to 5 are missing"),
            "{skipped:?}"
        );
    }
    // Many.
    let mut lines = hand.lines("audit-2026-11-20.jsonl");
    lines.splice(2..2, std::iter::repeat_n(b"x\n".to_vec(), 10_000));
    laid.put("audit-2026-11-20.jsonl", &lines.concat());
    for order in [Order::Newest, Order::Oldest] {
        let (seqs, skipped) = all(order);
        assert_eq!((seqs.len() as u64, skipped.len()), (hand.seq, 9));
        assert!(skipped[8].contains("more lines"), "{skipped:?}");
    }
}

#[test]
fn lines_of_any_length_end_in_a_record_or_an_error() {
    for length in [(1 << 20) - 7, (5 << 20) + 1, 15 << 20, 17 << 20] {
        let mut hand = Hand::new();
        hand.open("start").begin().records(2);
        let rest = hand.rest("DATA_READ", &format!(",\"message\":\"{}\"", "x".repeat(length)));
        hand.put(&rest).records(2);
        let laid = hand.lay();
        for order in [Order::Newest, Order::Oldest] {
            let (mut seqs, skipped) = answer(&Query::new().order(order), &laid.dir);
            seqs.sort_unstable();
            let expected: Vec<u64> = (1..=6).filter(|seq| length < 16 << 20 || *seq != 4).collect();
            assert_eq!(
                (seqs, skipped.len()),
                (expected, usize::from(length > 16 << 20)),
                "{length}"
            );
        }
    }
    // More parts than a record may have.
    let mut hand = Hand::new();
    hand.open("start").begin().records(2);
    let rest = hand.rest("DATA_READ", &format!(",\"old\":[{}0]", "0,".repeat(1 << 20)));
    hand.put(&rest).records(2);
    let laid = hand.lay();
    let (seqs, skipped) = answer(&Query::new(), &laid.dir);
    assert_eq!((seqs, skipped.len()), (vec![6, 5, 3, 2, 1], 1));
}

#[test]
fn erased_records_are_passed_over() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = builder(&dir).salted(true).build().unwrap();
    write_into(&trail, 0..20);
    trail.erase([5, 9], "a request", "dpo").unwrap();
    trail.close().unwrap();
    let query = Query::new().order(Order::Oldest);
    let (seqs, skipped) = answer(&query, &dir);
    assert!(!seqs.contains(&5) && !seqs.contains(&9) && seqs.contains(&8));
    assert_eq!((seqs, skipped), (plainly(&query, &dir, Order::Oldest), vec![]));
}

#[test]
fn a_file_that_retention_removes_meanwhile_is_no_error() {
    let hand = three_files();
    let laid = hand.lay();
    let mut found = Query::new().order(Order::Oldest).entries(&laid.dir).unwrap();
    assert_eq!(found.next().unwrap().unwrap().seq(), 1);
    fs::remove_file(laid.path("audit-2026-11-20.jsonl")).unwrap();
    fs::remove_file(laid.path("audit-2026-11-20.part0002.jsonl")).unwrap();
    let (seqs, skipped) = split(found);
    assert_eq!((seqs, skipped), ((2..=5).chain(12..=hand.seq).collect(), vec![]));
}

#[test]
fn a_directory_that_is_none_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    assert!(Query::new().entries(home.path().join("none")).is_err());
    assert_eq!(answer(&Query::new(), home.path()), (vec![], vec![]));
}

/// What the trail keeps of who asked it.
fn asked(dir: &Path) -> Vec<Record> {
    let query = Query::new().event("AUDIT_READ").order(Order::Oldest).unlimited();
    query.entries(dir).unwrap().map(Result::unwrap).collect()
}

#[test]
fn asking_a_running_trail_is_recorded_before_it_answers() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = builder(&dir).build().unwrap();
    write_into(&trail, 0..30);
    trail.flush().unwrap();
    let question = trail
        .query("dpo")
        .user("u-7")
        .event("login_failed")
        .event("data_read")
        .field("shelf", 1)
        .field("password", "hunter2")
        .text("token=ghp_16C7e42F292c6912E7710c838347Ae178B4a")
        .limit(5);
    assert_eq!(split(question.entries().unwrap()), (vec![], vec![]));
    let same = Query::new().user("u-7").limit(3);
    let (seqs, _) = split(trail.query("dpo").matching(same.clone()).entries().unwrap());
    assert_eq!(seqs, answer(&same, &dir).0);
    trail.flush().unwrap();
    let status = trail.status();
    assert_eq!(
        (status.emitted, status.lost),
        (status.written, Default::default()),
        "counted like any other"
    );
    let read = asked(&dir);
    assert_eq!(read.len(), 2);
    assert_eq!(
        (read[0].user_id(), read[0].category(), read[0].outcome()),
        (Some("dpo"), Category::Audit, Outcome::Success)
    );
    let said = &read[0].metadata().unwrap()["question"];
    assert_eq!(
        (said["user_id"].as_str(), said["limit"].as_u64(), said["order"].as_str()),
        (Some("u-7"), Some(5), Some("newest"))
    );
    assert_eq!(said["event"], serde_json::json!(["AUTH_FAILED", "DATA_READ"]));
    assert_eq!(
        (&said["field"]["shelf"], &said["field"]["password"]),
        (&"1".into(), &"[redacted]".into())
    );
    let bytes: Vec<u8> = fs::read_dir(&dir)
        .unwrap()
        .flat_map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    for secret in ["hunter2", "ghp_16C7"] {
        assert!(memchr::memmem::find(&bytes, secret.as_bytes()).is_none(), "{secret}");
    }
    // From anybody else it is not believed.
    trail
        .draft(events::AUDIT_READ)
        .user_id("mallory")
        .emit()
        .accepted()
        .unwrap();
    trail.flush().unwrap();
    assert_eq!(asked(&dir).len(), 2);
    let late = trail.query("dpo");
    trail.clone().close().unwrap();
    assert_eq!(
        late.entries().unwrap_err().kind(),
        ErrorKind::Closed,
        "what is not recorded is not answered"
    );
    assert_eq!(tracing_audit::verify(&dir).unwrap().exit_code(), 0);
}

#[test]
fn an_answer_that_is_dropped_early_stops_its_threads() {
    let mut hand = Hand::new();
    hand.open("start").begin();
    for _ in 0..4 {
        for _ in 0..2_000 {
            let rest = hand.rest("DATA_READ", &format!(",\"message\":\"{}\"", "x".repeat(2_000)));
            hand.put(&rest);
        }
        hand.open("rotate");
    }
    hand.stop();
    let laid = hand.lay();
    let all: Vec<u64> = (1..=hand.seq).collect();
    let query = Query::new().unlimited().order(Order::Oldest);
    assert_eq!(
        answer(&query, &laid.dir),
        (all.clone(), vec![]),
        "in order, whoever reads"
    );
    let newest = answer(&query.clone().order(Order::Newest), &laid.dir);
    assert_eq!(newest, (all.iter().rev().copied().collect(), vec![]));
    assert_eq!(answer(&query.clone().limit(5_000), &laid.dir).0, all[..5_000]);
    assert_eq!(threads(), 0);
    let mut found = query.entries(&laid.dir).unwrap();
    assert!(found.by_ref().take(3_000).all(|record| record.is_ok()));
    if std::thread::available_parallelism().unwrap().get() > 1 {
        assert!(threads() > 0, "the control");
    }
    drop(found);
    assert_eq!(threads(), 0);
}

/// How many threads of this process answer questions.
fn threads() -> usize {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else {
        return 0;
    };
    let names = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| name.trim() == "audit-query").count()
}

#[cfg(feature = "gzip")]
mod compressed {
    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn pack(path: &Path) {
        fs::write(path.with_extension("jsonl.gz"), packed(&fs::read(path).unwrap())).unwrap();
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn compressed_files_answer_as_plain_ones_do() {
        let trail = written(700);
        let questions = questions(&trail.dir);
        let both = |query: &Query| {
            [Order::Newest, Order::Oldest].map(|order| {
                let query = query.clone().order(order);
                (answer(&query, &trail.dir), answer(&query.limit(7), &trail.dir))
            })
        };
        let before: Vec<_> = questions.iter().map(both).collect();
        let mut files: Vec<PathBuf> = fs::read_dir(&trail.dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
        files.sort();
        // All but one in the middle.
        files.remove(files.len() / 2);
        files.iter().for_each(|path| pack(path));
        let after: Vec<_> = questions.iter().map(both).collect();
        assert_eq!(before, after);
        let whole = answer(&Query::new().unlimited(), &trail.dir);
        for size in [40, 300] {
            let (seqs, skipped, _) = pages(&Query::new().limit(size), &trail.dir, || ());
            assert_eq!((seqs, skipped), whole);
        }
    }

    /// More than one pass keeps.
    #[test]
    fn a_long_compressed_file_is_given_backwards_window_by_window() {
        let mut hand = Hand::new();
        hand.open("start").begin();
        for _ in 0..6_000 {
            let rest = hand.rest("DATA_READ", &format!(",\"message\":\"{}\"", "x".repeat(1_000)));
            hand.put(&rest);
        }
        // A damaged line between two windows or within one is said once.
        let mut lines = hand.lines(&hand.name);
        for place in [3, 3_000, 5_990] {
            lines[place][40] = 0;
        }
        let laid = hand.lay();
        laid.put(&hand.name, &lines.concat());
        pack(&laid.path(&hand.name));
        let (seqs, skipped) = answer(&Query::new().unlimited(), &laid.dir);
        let expected: Vec<u64> = (1..=hand.seq)
            .rev()
            .filter(|seq| ![3, 3_000, 5_990].contains(seq))
            .collect();
        assert_eq!((seqs, skipped.len()), (expected.clone(), 3));
        assert_eq!(answer(&Query::new().limit(5_500), &laid.dir).0, expected[..5_500]);
        let (seqs, skipped, _) = pages(&Query::new().limit(2_500), &laid.dir, || ());
        assert_eq!((seqs, skipped.len()), (expected, 3));
    }

    #[test]
    fn of_a_compressed_file_that_is_none_no_line_is_given() {
        let hand = three_files();
        let laid = hand.lay();
        let path = laid.path("audit-2026-11-20.jsonl");
        let good = packed(&fs::read(&path).unwrap());
        fs::remove_file(&path).unwrap();
        for bad in [
            &good[..good.len() - 3],
            &[&good[..], b"x"].concat(),
            &[&good[..], &good[..]].concat(),
        ] {
            laid.put("audit-2026-11-20.jsonl.gz", bad);
            for order in [Order::Newest, Order::Oldest] {
                let (mut seqs, skipped) = answer(&Query::new().order(order), &laid.dir);
                seqs.sort_unstable();
                assert_eq!(
                    (seqs, skipped.len()),
                    ((6..=hand.seq).collect::<Vec<_>>(), 1),
                    "{skipped:?}"
                );
                assert!(skipped[0].contains("gzip"), "{skipped:?}");
            }
        }
        laid.put("audit-2026-11-20.jsonl.gz", &good);
        assert_eq!(answer(&Query::new(), &laid.dir).0.len() as u64, hand.seq, "the control");
    }

    #[test]
    fn a_bomb_is_read_through_and_never_held() {
        let hand = three_files();
        let laid = hand.lay();
        let path = laid.path("audit-2026-11-20.jsonl");
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&fs::read(&path).unwrap()).unwrap();
        for _ in 0..20 {
            encoder.write_all(&vec![b'x'; 1 << 20]).unwrap();
        }
        fs::write(path.with_extension("jsonl.gz"), encoder.finish().unwrap()).unwrap();
        fs::remove_file(path).unwrap();
        for order in [Order::Newest, Order::Oldest] {
            let (seqs, _) = answer(&Query::new().order(order), &laid.dir);
            assert_eq!(seqs.len() as u64, hand.seq);
        }
    }
}

/// An answerer that knows nothing of this crate.
#[test]
fn jq_gives_the_same_answers() {
    let jq = |program: &str, dir: &Path| -> Option<Vec<u64>> {
        let mut files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
        let program = format!("select(.seq) | select({program}) | .seq");
        let output = std::process::Command::new("jq")
            .arg("-c")
            .arg(program)
            .args(files)
            .output()
            .ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let mut seqs: Vec<u64> = text.lines().map(|line| line.parse().unwrap()).collect();
        seqs.sort_unstable();
        Some(seqs)
    };
    let trail = written(700);
    if jq("true", &trail.dir).is_none() {
        println!("jq is not installed: skipped");
        return;
    }
    let new = || Query::new().unlimited().order(Order::Oldest);
    let cases = [
        (new(), "true"),
        (new().user("alice"), ".user_id == \"alice\" or .username == \"alice\""),
        (new().user("c\"arol\\"), ".username == \"c\\\"arol\\\\\""),
        (new().user("d\u{2028}äve"), ".username == \"d\\u2028äve\""),
        (
            new().event("login_failed").event("user_delete"),
            ".event == \"AUTH_FAILED\" or .event == \"USER_DELETE\"",
        ),
        (new().at_least(Severity::Medium), ".severity != \"low\""),
        (
            new().category(Category::Auth).ip("198.51.100.3"),
            ".category == \"auth\" and .ip == \"198.51.100.3\"",
        ),
        (
            new().resource("17"),
            ".resource == \"17\" or .resource_type == \"17\" or .resource_id == \"17\"",
        ),
        (new().request("r19"), ".request_id == \"r19\" or .trace_id == \"r19\""),
        (
            new().tenant("north").outcome(Outcome::Failure),
            ".tenant == \"north\" and .outcome == \"failure\"",
        ),
        (new().field("status_code", 500), ".status_code == 500"),
        (new().field("ratio", 2.5), ".metadata.ratio == 2.5"),
        (
            new().field("copies", 3).field("k\"ey", false),
            ".metadata.copies == 3 and .metadata[\"k\\\"ey\"] == false",
        ),
        (
            new().text("read\tby bob"),
            "any(.. | strings; contains(\"read\\tby bob\"))",
        ),
    ];
    for (query, program) in cases {
        let (seqs, skipped) = answer(&query, &trail.dir);
        assert_eq!((Some(seqs), skipped), (jq(program, &trail.dir), vec![]), "{program}");
    }
    // By time, in the form of the record.
    let records: Vec<Record> = tracing_audit::read(&trail.dir).unwrap().map(Result::unwrap).collect();
    let text = |record: &Record| record.to_string().split(' ').nth(1).unwrap().to_owned();
    let (from, to) = (&records[100], &records[400]);
    let program = format!(".time >= \"{}\" and .time < \"{}\"", text(from), text(to));
    let (seqs, _) = answer(&new().since(from.time()).until(to.time()), &trail.dir);
    assert_eq!(Some(seqs), jq(&program, &trail.dir));
}

#[test]
fn times_are_asked_to_the_nanosecond() {
    let trail = written(700);
    let record = tracing_audit::read(&trail.dir).unwrap().nth(9).unwrap().unwrap();
    let (time, nano) = (record.time(), Duration::from_nanos(1));
    let has = |since: SystemTime, until: SystemTime| {
        let found = answer(&Query::new().unlimited().since(since).until(until), &trail.dir).0;
        found.contains(&record.seq())
    };
    assert!(has(time, time + nano) && !has(time + nano, time + nano * 2) && !has(time - nano, time));
}

/// Four files at once, with long lines, lines that are much larger once parsed, and whole answers in both orders.
#[cfg(target_os = "linux")]
#[test]
fn no_answer_takes_more_than_64_mib() {
    const DIR: &str = "TRACING_AUDIT_TEST_QUERY_DIR";
    let test = "query::no_answer_takes_more_than_64_mib";
    if let Some(dir) = std::env::var_os(DIR) {
        let dir = Path::new(&dir);
        let resident = |what: &str| -> u64 {
            let status = fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        let before = resident("VmRSS:");
        let (mut records, mut skipped) = (0, 0);
        for order in [Order::Newest, Order::Oldest] {
            for query in [Query::new().unlimited(), Query::new().unlimited().text("no such text")] {
                for item in query.order(order).entries(dir).unwrap() {
                    match item {
                        Ok(_) => records += 1,
                        Err(_) => skipped += 1,
                    }
                }
            }
        }
        println!("found {records} {skipped} {} KiB", resident("VmHWM:") - before);
        return;
    }
    let mut hand = Hand::new();
    hand.open("start").begin();
    for file in 0..5 {
        for _ in 0..400 {
            let rest = hand.rest("DATA_READ", &format!(",\"old\":[{}0]", "[],".repeat(4_000)));
            hand.put(&rest);
        }
        for length in [900 << 10, 15 << 20] {
            let rest = hand.rest("DATA_READ", &format!(",\"message\":\"{}\"", "x".repeat(length)));
            hand.put(&rest);
        }
        let rest = hand.rest("DATA_READ", &format!(",\"old\":[{}0]", "[],".repeat(40_000)));
        hand.put(&rest);
        if file < 4 {
            hand.open("rotate");
        }
    }
    hand.stop();
    let laid = hand.lay();
    let ended = crate::child::run(test, &[(DIR, laid.dir.as_os_str())]).unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let said = ended.stdout.split("found ").nth(1).unwrap();
    let numbers: Vec<u64> = said.split(' ').take(3).map(|number| number.parse().unwrap()).collect();
    println!("{} MiB", numbers[2] >> 10);
    assert_eq!(numbers[..2], [2 * hand.seq, 0]);
    assert!(numbers[2] < 64 << 10, "{} MiB", numbers[2] >> 10);
}

/// A line that stands where it does not belong is told of, from whichever end it is met first, and costs none of the others. The
/// first of these is what a fuzzer found (`Cm4tJT09PT0=` of the target `query`).
#[test]
fn a_line_out_of_its_place_at_an_end_costs_no_other_from_either_side() {
    for order in [
        &[4, 1, 2, 3, 4, 5][..],
        &[3, 1, 2, 3, 4, 5],
        &[1, 2, 3, 4, 5, 2],
        &[1, 2, 3, 4, 5, 4],
        &[1, 2, 4, 3, 4, 5],
    ] {
        let mut hand = Hand::new();
        hand.open("start").begin().records(3).stop();
        let laid = hand.lay();
        let lines = hand.lines(&hand.name);
        let moved: Vec<Vec<u8>> = order.iter().map(|seq| lines[*seq as usize].clone()).collect();
        laid.put(&hand.name, &[lines[0].clone(), moved.concat()].concat());
        let all = Query::new().unlimited();
        let (oldest, told) = answer(&all.clone().order(Order::Oldest), &laid.dir);
        let (mut newest, also) = answer(&all.order(Order::Newest), &laid.dir);
        newest.reverse();
        assert_eq!((&oldest, told.len()), (&vec![1, 2, 3, 4, 5], 1), "{order:?}: {told:?}");
        assert_eq!((&newest, also.len()), (&oldest, 1), "{order:?}: {also:?}");
    }
}

/// Every line of many small files matches, and whoever asks takes one at a time: what waits is bounded, and all of it comes in order.
#[test]
fn small_files_are_asked_beside_one_another_and_answered_in_order() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = Trail::builder(&dir).detached().mirror(false);
    let trail = trail.rotation(Rotation::daily().max_bytes(1 << 20)).build().unwrap();
    let text = "x".repeat(6_000);
    for _ in 0..3_000 {
        trail.draft(events::DATA_READ).message(&text).emit().accepted().unwrap();
    }
    trail.close().unwrap();
    for order in [Order::Oldest, Order::Newest] {
        let all = Query::new().unlimited().order(order);
        let mut found: Vec<u64> = all.entries(&dir).unwrap().map(|record| record.unwrap().seq()).collect();
        if order == Order::Newest {
            found.reverse();
        }
        assert!(found.iter().copied().eq(1..=found.len() as u64) && found.len() > 3_000);
        // Who goes away in the middle waits for nobody.
        let few: Vec<_> = all.entries(&dir).unwrap().take(2_000).collect();
        assert!(few.iter().all(Result::is_ok));
    }
}
