//! What the trust modes cost the trail's own threads, a record.
//!
//! `cargo bench --bench trust --features sign` writes 100,000 records in each mode, nine times by turns, and prints the
//! processor time of the writer's thread (which numbers, chains, seals and grows the tree), of it and the sync thread
//! together, and of the caller; medians, and the median ratios of a turn to `chained` (goals: a rate of 0.97 sealed, 0.90
//! signed). Linux alone, for it asks `/proc`. `-- --quick` takes one short turn.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and stops at the first thing that is wrong"
)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use tracing_audit::{OnFull, Severity, Trail, Trust, audit, events};

#[path = "hot_path/workload.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod workload;

use workload::Pool;

/// Nanoseconds a record.
#[derive(Clone, Copy, Default)]
struct Cost {
    writer: f64,
    both: f64,
    caller: f64,
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let (turns, records) = if quick { (1, 5_000) } else { (9, 100_000) };
    let mut modes = vec![Trust::Chained, Trust::Sealed];
    if cfg!(feature = "sign") {
        modes.push(Trust::Signed);
    }
    let pool = Pool::new();
    // The first one warms the page cache for all.
    measure(Trust::Chained, &pool, records);
    let mut costs = vec![Vec::new(); modes.len()];
    for turn in 0..turns {
        for place in 0..modes.len() {
            // Another one begins each turn, so that none has the others' leavings always.
            let at = (place + turn) % modes.len();
            costs[at].push(measure(modes[at], &pool, records));
        }
    }
    println!("Processor time a record, {turns} turns of {records} records");
    println!("             writer      with its syncs     caller     rate of the writer against chained");
    for (mode, of) in modes.iter().zip(&costs) {
        let median_of = |which: fn(&Cost) -> f64| median(of.iter().map(which).collect());
        let ratio = median(
            of.iter()
                .zip(&costs[0])
                .map(|(this, chained)| chained.writer / this.writer)
                .collect(),
        );
        let both = median(
            of.iter()
                .zip(&costs[0])
                .map(|(this, chained)| chained.both / this.both)
                .collect(),
        );
        let goal = match mode {
            Trust::Sealed => ", goal >= 0.97",
            Trust::Signed => ", goal >= 0.90",
            _ => "",
        };
        println!(
            "  {mode:8} {:7.0} ns {:12.0} ns {:10.0} ns     {ratio:.3} x{goal} (with its syncs {both:.3} x)",
            median_of(|cost| cost.writer),
            median_of(|cost| cost.both),
            median_of(|cost| cost.caller),
        );
    }
}

fn measure(trust: Trust, pool: &Pool, records: u64) -> Cost {
    let home = tempfile::tempdir().expect("a directory");
    let mut builder = Trail::builder(home.path().join("logs"))
        .detached()
        .trust(trust)
        .key_line(|_| {})
        .mirror(false)
        .queue_bytes(64 << 20);
    for severity in Severity::ALL {
        builder = builder.on_full(severity, OnFull::Block(Duration::from_secs(60)));
    }
    let trail = builder.build().expect("a trail");
    let before = threads();
    workload::inside_two_spans(|| {
        for at in 0..records {
            let values = pool.at(at);
            audit!(
                in: &trail,
                events::AUTH_LOGIN,
                user_id = &*values.user_id,
                username = &*values.username,
                ip = &*values.ip,
                session_id = &*values.session_id,
                resource = &*values.resource,
                action = values.action,
                duration_ms = values.duration_ms,
                result = values.outcome,
                password = &*values.password,
                "user logged in",
            );
        }
    });
    trail.flush().expect("all written");
    let after = threads();
    trail.close().expect("a clean end");
    let (lines, _) = workload::count_lines(&home.path().join("logs"));
    assert_eq!(lines, records, "every record is in the file");
    let spent = |at: usize| (after[at] - before[at]) as f64 / records as f64;
    Cost {
        writer: spent(0),
        both: spent(0) + spent(1),
        caller: spent(2),
    }
}

/// Nanoseconds that the writer, the syncer and the caller's thread were on a processor.
fn threads() -> [u64; 3] {
    let mut spent = [0; 3];
    for task in fs::read_dir("/proc/self/task").expect("/proc") {
        let task = task.expect("a thread").path();
        let read = |what: &str| fs::read_to_string(Path::new(&task).join(what)).unwrap_or_default();
        let on_processor = read("schedstat")
            .split(' ')
            .next()
            .and_then(|ns| ns.parse().ok())
            .unwrap_or(0);
        let place = match read("comm").trim() {
            "audit-writer" => 0,
            "audit-sync" => 1,
            _ if task.ends_with(std::process::id().to_string()) => 2,
            _ => continue,
        };
        spent[place] = on_processor;
    }
    spent
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}
