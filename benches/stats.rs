//! Statistics of two weeks: every file read against the summaries of their days.
//!
//! `cargo bench --bench stats` lets the crate write 14 days of some 14,300 records each and a fifteenth that has begun, under a clock
//! set by hand, and then takes turns: `Stats::of_days` over the 14 days without summaries (each line held against the chain and
//! parsed), and the same with them. It prints medians by the clock and of processor time, which other work on the machine disturbs
//! less, and the ratios (the goal is 1,000), what the summaries take on the disk, and what it costs to write them. Both answers are compared. The files are in the page cache.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise, and prints"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tracing_audit::testing::ManualClock;
use tracing_audit::{OnFull, Severity, Stats, Summary, Trail, audit, events};

const DAYS: u64 = 14;
const SINCE: &str = "2026-11-01";
const UNTIL: &str = "2026-11-14";
/// 2026-11-01T00:00:00Z.
const BEGIN: u64 = 1_793_491_200;

fn main() {
    let short = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let (records, slow, quick) = if short { (200, 1, 1) } else { (14_300, 5, 101) };
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
    println!("summaries: {} KB", size(".summary.json") >> 10);
    println!(
        "written in {:.1} ms, looked over in {:.2} ms",
        written.wall * 1e3,
        again.wall * 1e3
    );
    for (what, took) in [("every file read:", &read), ("with summaries:", &summed)] {
        println!(
            "14 days, {what:18} {:10.3} ms, {:10.3} ms of processor time",
            took.wall * 1e3,
            took.cpu * 1e3
        );
    }
    println!(
        "ratio: {:.0}, by processor time {:.0}",
        read.wall / summed.wall,
        read.cpu / summed.cpu
    );
}

/// Seconds by the clock, and on the processor for this thread.
struct Took {
    wall: f64,
    cpu: f64,
}

/// The medians of so many times.
fn timed<T>(times: usize, work: impl Fn() -> T) -> (Took, T) {
    let on_processor = || {
        let times = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let nanos = times.split(' ').next().and_then(|time| time.parse::<f64>().ok());
        nanos.unwrap_or(f64::NAN) / 1e9
    };
    let mut last = None;
    let took: Vec<Took> = (0..times)
        .map(|_| {
            let (begun, before) = (Instant::now(), on_processor());
            last = Some(work());
            Took {
                wall: begun.elapsed().as_secs_f64(),
                cpu: on_processor() - before,
            }
        })
        .collect();
    let median = |of: fn(&Took) -> f64| {
        let mut values: Vec<f64> = took.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[times / 2]
    };
    let medians = Took {
        wall: median(|took| took.wall),
        cpu: median(|took| took.cpu),
    };
    (medians, last.unwrap())
}

fn write(dir: &Path, records: u64) {
    let clock = Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(BEGIN)));
    let mut builder = Trail::builder(dir).detached().mirror(false).clock(clock.clone());
    for severity in Severity::ALL {
        builder = builder.on_full(severity, OnFull::Block(Duration::from_secs(60)));
    }
    let trail = builder.build().unwrap();
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
