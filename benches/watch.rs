//! What the rules cost the writer, a record, with a million distinct users.
//!
//! `cargo bench --bench watch` writes records of a million users from a million addresses, most of them reads, once to fill what the
//! rules remember and once more to measure, with all standard rules and with none, by turns. It prints the processor time of the
//! writer's thread a record, the median difference of a turn (goal: at most 150 ns) and its ratio, what the rules remember
//! (goal: at most 64 MiB), and what the caller pays. No record is flagged: what is measured is the price of watching. Linux alone,
//! for it asks `/proc`. `-- --quick` takes one short turn.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and stops at the first thing that is wrong"
)]

use std::fs;
use std::time::Duration;

use tracing_audit::{OnFull, Outcome, Severity, Trail, Watch, audit, events};

const USERS: u64 = 1_000_000;

struct Cost {
    writer: f64,
    caller: f64,
    /// Bytes that the rules remember, and keys that went.
    memory: usize,
    keys: usize,
    evicted: u64,
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let (turns, records) = if quick { (1, 20_000) } else { (5, USERS) };
    // Hours that are not these: what is flagged is not what is measured.
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a clock");
    let hour = (since.as_secs() / 3_600 % 24) as u32;
    let all = Watch::standard().off_hours_deletes((hour + 6) % 24, (hour + 12) % 24, 0);
    let rules = [Watch::none(), all];
    // The first one warms the page cache for both.
    measure(&rules[0], records);
    let mut costs = [Vec::new(), Vec::new()];
    for turn in 0..turns {
        for place in 0..2 {
            let at = (place + turn) % 2;
            costs[at].push(measure(&rules[at], records));
        }
    }
    let [none, all] = &costs;
    let medians = |which: fn(&Cost) -> f64| [none, all].map(|of| median(of.iter().map(which).collect()));
    let [writer_none, writer_all] = medians(|cost| cost.writer);
    let [caller_none, caller_all] = medians(|cost| cost.caller);
    let added = median(
        none.iter()
            .zip(all)
            .map(|(none, all)| all.writer - none.writer)
            .collect(),
    );
    let ratio = median(
        none.iter()
            .zip(all)
            .map(|(none, all)| all.writer / none.writer)
            .collect(),
    );
    println!("Processor time a record, {turns} turns of {records} records behind as many, of {USERS} users");
    println!("               writer       caller");
    println!("  no rules   {writer_none:6.0} ns {caller_none:9.0} ns");
    println!("  all rules  {writer_all:6.0} ns {caller_all:9.0} ns");
    println!("  added      {added:6.0} ns a record on the writer, {ratio:.3} x; goal <= 150 ns");
    let largest = all.iter().max_by_key(|cost| cost.memory).expect("a turn");
    println!(
        "  memory     {:.1} MiB for {} keys, {} evicted; goal <= 64 MiB",
        largest.memory as f64 / f64::from(1 << 20),
        largest.keys,
        largest.evicted,
    );
}

fn measure(rules: &Watch, records: u64) -> Cost {
    let home = tempfile::tempdir().expect("a directory");
    let mut builder = Trail::builder(home.path().join("logs"))
        .detached()
        .mirror(false)
        .watch(rules.clone())
        .queue_bytes(64 << 20);
    for severity in Severity::ALL {
        builder = builder.on_full(severity, OnFull::Block(Duration::from_secs(60)));
    }
    let trail = builder.build().expect("a trail");
    write(&trail, 0, records);
    trail.flush().expect("all written");
    let before = threads();
    write(&trail, records, records);
    trail.flush().expect("all written");
    let after = threads();
    let status = trail.status();
    let flagged: u64 = status.rules.iter().map(|rule| rule.findings).sum();
    assert_eq!(flagged, 0, "{:?}", status.rules);
    trail.close().expect("a clean end");
    Cost {
        writer: (after[0] - before[0]) as f64 / records as f64,
        caller: (after[1] - before[1]) as f64 / records as f64,
        memory: status.rules.iter().map(|rule| rule.memory_bytes).sum(),
        keys: status.rules.iter().map(|rule| rule.keys).sum(),
        evicted: status.rules.iter().map(|rule| rule.evicted).sum(),
    }
}

/// Of a hundred records 70 are reads, 10 changes, 10 logins, 5 failed ones, 3 requests and 2 deletions.
fn write(trail: &Trail, from: u64, records: u64) {
    let (mut user, mut ip, mut resource) = (String::new(), String::new(), String::new());
    for at in from..from + records {
        use std::fmt::Write as _;
        // Each user once in a million records, in an order of no kind.
        let number = at.wrapping_mul(387_420_489) % USERS;
        for text in [&mut user, &mut ip, &mut resource] {
            text.clear();
        }
        let _ = write!(user, "user-{number:07}");
        let _ = write!(ip, "10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
        let _ = write!(resource, "books/{}", at % 4_096);
        let kind = at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 57;
        let (event, took) = match kind * 100 / 128 {
            0..70 => (events::DATA_READ, 3.25),
            70..80 => (events::DATA_UPDATE, 7.5),
            80..90 => (events::AUTH_LOGIN, 40.0),
            90..95 => (events::AUTH_FAILED, 41.0),
            95..98 => (events::API_REQUEST, 12.0),
            _ => (events::DATA_DELETE, 5.0),
        };
        let outcome = match event == events::AUTH_FAILED {
            true => Outcome::Failure,
            false => Outcome::Success,
        };
        audit!(
            in: trail,
            event,
            outcome = outcome,
            user_id = &*user,
            ip = &*ip,
            resource = &*resource,
            duration_ms = took,
            action = "read",
        );
    }
}

/// Nanoseconds that the writer's and the caller's thread were on a processor.
fn threads() -> [u64; 2] {
    let own = std::process::id().to_string();
    let mut spent = [0; 2];
    for task in fs::read_dir("/proc/self/task").expect("/proc") {
        let task = task.expect("a thread").path();
        let read = |what: &str| fs::read_to_string(task.join(what)).unwrap_or_default();
        let on_processor = read("schedstat")
            .split(' ')
            .next()
            .and_then(|ns| ns.parse().ok())
            .unwrap_or(0);
        if read("comm").trim() == "audit-writer" {
            spent[0] = on_processor;
        } else if task.ends_with(&own) {
            spent[1] = on_processor;
        }
    }
    spent
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
