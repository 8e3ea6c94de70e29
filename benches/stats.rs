//! Statistics of two weeks: every file read against the summaries of their days.
//!
//! `cargo bench --bench stats` lets the crate write 14 days and a fifteenth that has begun, under a clock set by hand, 200,000 records
//! and then a million, and then asks: `Stats::of_days` over the 14 days without summaries (each line held against the chain and
//! parsed), a question for the same days that trusts the places of lines (`Query`), every line by way of `serde_json::Value` (which
//! counts events, users and addresses, and no more), and `Stats::of_days` with summaries. It prints medians by the clock and of
//! processor time, which other work on the machine disturbs less, the ratios, what the summaries take on the disk, and what it costs
//! to write them. All answers are compared. The files are in the page cache. The goal, 1,000 times, is against the first of these
//! on the trail of a million records; the ratio grows with the records that a name has.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise, and prints"
)]

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tracing_audit::testing::ManualClock;
use tracing_audit::{Query, Stats, Summary, Trail, audit, events};

mod shared;
use shared::{Took, is_short, median, patient};

const DAYS: u64 = 14;
const SINCE: &str = "2026-11-01";
const UNTIL: &str = "2026-11-14";
/// 2026-11-01T00:00:00Z.
const BEGIN: u64 = 1_793_491_200;

fn main() {
    let (sizes, slow, quick) = if is_short() {
        (vec![200], 1, 1)
    } else {
        (vec![14_300, 71_430], 5, 101)
    };
    for records in sizes {
        ask_about(records, slow, quick);
    }
}

/// With so many records a day.
fn ask_about(records: u64, slow: usize, quick: usize) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    write(&dir, records);
    let size = |end: &str| -> u64 {
        let files = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap());
        let wanted = files.filter(|file| file.file_name().to_str().unwrap().ends_with(end));
        wanted.map(|file| file.metadata().unwrap().len()).sum()
    };
    let ask = || Stats::of_days(&dir, SINCE, UNTIL).unwrap();
    let (read, whole) = timed(slow, ask);
    let day = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(BEGIN + days * 86_400);
    let of_days = Query::new().unlimited().since(day(0)).until(day(DAYS));
    let (queried, found) = timed(slow, || of_days.entries(&dir).unwrap().stats());
    assert_eq!(found, whole);
    let (parsed, counted) = timed(slow, || by_value(&dir));
    assert_eq!(counted.records, whole.records());
    for (counts, ours) in counted
        .names
        .iter()
        .zip([whole.by_event(), whole.by_user(), whole.by_ip()])
    {
        assert!(counts.iter().all(|(name, count)| ours.count(name) == *count));
    }
    println!(
        "{} MB, {} records, {} users, {} addresses, {} routes",
        size(".jsonl") >> 20,
        whole.records(),
        whole.users(),
        whole.ips(),
        whole.by_route().distinct()
    );
    let (written, summary) = timed(1, || Summary::write(&dir).unwrap());
    assert_eq!(summary.files(), DAYS, "{summary}");
    let (again, summary) = timed(quick, || Summary::write(&dir).unwrap());
    assert_eq!(summary.read(), 0, "{summary}");
    let (summed, cached) = timed(quick, ask);
    assert_eq!(cached, whole);
    let rollups = [2, 4, 8, 16, 32, 64].map(|days| size(&format!(".rollup{days}")));
    println!(
        "summaries: {} KB, and {} KB where days are added up",
        size(".summary.json") >> 10,
        rollups.iter().sum::<u64>() >> 10
    );
    println!(
        "written in {:.1} ms, looked over in {:.2} ms",
        written.wall * 1e3,
        again.wall * 1e3
    );
    for (what, took) in [
        ("every file read:", &read),
        ("by a question:", &queried),
        ("by Value:", &parsed),
        ("with summaries:", &summed),
    ] {
        println!(
            "14 days, {what:18} {:10.3} ms, {:10.3} ms of processor time",
            took.wall * 1e3,
            took.cpu * 1e3
        );
    }
    for (what, took) in [
        ("every file read (the goal's)", &read),
        ("a question", &queried),
        ("Value", &parsed),
    ] {
        println!(
            "summaries against {what}: {:.0}, by processor time {:.0}",
            took.wall / summed.wall,
            took.cpu / summed.cpu
        );
    }
}

/// What a program counts that parses every line of the 14 days into a `Value`.
#[derive(Default)]
struct Counted {
    records: u64,
    /// Events, users, addresses.
    names: [HashMap<String, u64>; 3],
}

fn by_value(dir: &Path) -> Counted {
    let mut counted = Counted::default();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let is_file = path.extension().is_some_and(|end| end == "jsonl");
        for line in fs::read(&path)
            .unwrap()
            .split(|byte| *byte == b'\n')
            .filter(|_| is_file)
        {
            if !line.starts_with(b"{\"seq\":") {
                continue;
            }
            let line: Value = serde_json::from_slice(line).unwrap();
            if !(SINCE..=UNTIL).contains(&&line["time"].as_str().unwrap()[..10]) {
                continue;
            }
            counted.records += 1;
            let user = line["user_id"].as_str().or_else(|| line["username"].as_str());
            for (counts, name) in counted
                .names
                .iter_mut()
                .zip([line["event"].as_str(), user, line["ip"].as_str()])
            {
                if let Some(name) = name {
                    match counts.get_mut(name) {
                        Some(count) => *count += 1,
                        None => drop(counts.insert(name.to_owned(), 1)),
                    }
                }
            }
        }
    }
    counted
}

/// The medians of so many times.
fn timed<T>(times: usize, work: impl Fn() -> T) -> (Took, T) {
    let (first, mut last) = shared::took(&work);
    let mut turns = vec![first];
    for _ in 1..times {
        let (took, done) = shared::took(&work);
        turns.push(took);
        last = done;
    }
    let medians = Took {
        wall: median(turns.iter().map(|took| took.wall)),
        cpu: median(turns.iter().map(|took| took.cpu)),
    };
    (medians, last)
}

fn write(dir: &Path, records: u64) {
    let clock = Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(BEGIN)));
    let trail = patient(Trail::builder(dir).clock(clock.clone())).build().unwrap();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    for day in 0..DAYS {
        for record in 0..records {
            // Ten minutes for a hundredth of the day's records, and idle for the last hours.
            if record % (records / 100).max(1) == 0 {
                clock.advance(Duration::from_secs(600));
            }
            // Few users do most: the smaller of two draws.
            let user = next(1_000).min(next(1_000));
            let event = match next(20) {
                0 => events::AUTH_LOGIN,
                1 => events::AUTH_FAILED,
                2..7 => events::DATA_UPDATE,
                _ => events::API_REQUEST,
            };
            audit!(
                in: &trail, event,
                user_id = user,
                username = "alice",
                session_id = format!("6f1e9a52-{user:04}-{day}"),
                ip = format!("198.51.{}.{}", user % 3, user % 250),
                user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                resource = "/library/books",
                resource.id = record,
                method = if event.name() == "DATA_UPDATE" { "PUT" } else { "GET" },
                route = format!("/library/{}/{{id}}", next(12)),
                path = format!("/library/books/{record}"),
                status_code = if next(100) == 0 { 500 } else { 200 },
                // From a millisecond to a minute, the short ones the most.
                duration_ms = 1.0 + (next(1_000) * next(1_000)) as f64 / 7_919.0 + (next(200) == 0) as u64 as f64 * 20_000.0,
                shelf = "fiction",
                "a book was read"
            );
        }
        trail.flush().unwrap();
        clock.advance(Duration::from_secs(86_400 - 100 * 600));
    }
    audit!(in: &trail, events::SYSTEM_BACKUP, "the fifteenth day has begun");
    trail.close().unwrap();
}
