//! Asking a trail, against parsing every line of it.
//!
//! `cargo bench --bench query` has the writer make a trail of some 200,000 records in several files, and asks three questions:
//! for 1 record in 1,000, for 1 in 4, and for all. Each is asked of `Query` (records, lines, and what they come to), of
//! `serde_json::Value` line by line, and, where they are installed, of `jq` and of `grep`. It prints medians of five in MB/s of the
//! files' bytes, and the ratios that are the goals (25 times `Value` for the needle, 12 times for 1 in 4), by the clock and by
//! processor time, which other work on the machine disturbs less. `--quick` asks once, of a smaller trail. The files are in the
//! page cache. `Query` takes threads where there are several files; `taskset -c 0` shows it on one processor.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise, and prints"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use tracing_audit::{Order, Query, Rotation, Trail, audit, events};

mod shared;
use shared::{Took, is_short, median, patient};

const REPEATS: usize = 5;

fn main() {
    let (records, repeats) = if is_short() { (20_000, 1) } else { (200_000, REPEATS) };
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    write(&dir, records);
    let files = names(&dir);
    let bytes: u64 = files.iter().map(|name| fs::metadata(name).unwrap().len()).sum();
    println!(
        "{} MB in {} files, {} bytes a record",
        bytes / 1_000_000,
        files.len(),
        bytes / records
    );
    let all = || Query::new().unlimited().order(Order::Oldest);
    let questions = [
        Question {
            name: "needle, 1 in 1,000",
            query: all().user("user-417"),
            value: |line| line["user_id"] == "user-417" || line["username"] == "user-417",
            jq: ".user_id == \"user-417\" or .username == \"user-417\"",
            grep: ":\"user-417\"",
        },
        Question {
            name: "1 in 4",
            query: all().event("AUTH_FAILED"),
            value: |line| line["event"] == "AUTH_FAILED",
            jq: ".event == \"AUTH_FAILED\"",
            grep: "\"event\":\"AUTH_FAILED\"",
        },
        Question {
            name: "everything",
            query: all(),
            value: |line| line["seq"].is_u64(),
            jq: ".seq",
            grep: "{\"seq\":",
        },
    ];
    for question in questions {
        question.ask(&dir, &files, bytes, repeats);
    }
    if let Ok(status) = fs::read_to_string("/proc/self/status")
        && let Some(peak) = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))
    {
        println!("peak memory of all this, the writer's queue included: {}", peak.trim());
    }
}

struct Question {
    name: &'static str,
    query: Query,
    value: fn(&Value) -> bool,
    jq: &'static str,
    grep: &'static str,
}

impl Question {
    fn ask(&self, dir: &Path, files: &[PathBuf], bytes: u64, repeats: usize) {
        let expected = self.by_value(files);
        let newest = self.query.clone().order(Order::Newest);
        let records = |query: &Query| {
            query
                .entries(dir)
                .unwrap()
                .filter(|record| record.as_ref().unwrap().seq() > 0)
                .count()
        };
        let mut rows: Vec<(&str, Vec<Took>)> = Vec::new();
        for _ in 0..repeats {
            let counted = || self.query.entries(dir).unwrap().stats().records() as usize;
            let lines = || self.query.entries(dir).unwrap().lines().map(Result::unwrap).count();
            let program = format!("select(.seq) | select({})", self.jq);
            let turn: [(&str, Option<Took>); 7] = [
                ("serde_json::Value", took(|| self.by_value(files), expected)),
                ("Query, records", took(|| records(&self.query), expected)),
                ("Query, newest first", took(|| records(&newest), expected)),
                ("Query, lines", took(lines, expected)),
                ("Query, counted", took(counted, expected)),
                ("jq", run("jq", &["-c", &program], files)),
                ("grep -cF", run("grep", &["-cF", self.grep], files)),
            ];
            for (place, (name, took)) in turn.into_iter().enumerate() {
                if rows.len() <= place {
                    rows.push((name, Vec::new()));
                }
                rows[place].1.extend(took);
            }
        }
        println!("{} ({expected} records)", self.name);
        let baseline = rows[0].1.clone();
        for (name, turns) in rows.iter().filter(|(_, turns)| !turns.is_empty()) {
            let speed = median(turns.iter().map(|took| bytes as f64 / 1e6 / took.wall));
            // Within a turn, so that a machine that slows down slows both.
            let ratio = |of: fn(&Took) -> f64| {
                let turns = turns.iter().zip(&baseline);
                median(turns.map(|(own, value)| of(value) / of(own)))
            };
            let (wall, cpu) = (ratio(|took| took.wall), ratio(|took| took.cpu));
            println!("  {name:22} {speed:8.0} MB/s {wall:8.2} times Value, {cpu:8.2} by processor time");
        }
    }

    fn by_value(&self, files: &[PathBuf]) -> usize {
        let mut found = 0;
        for file in files {
            let bytes = fs::read(file).unwrap();
            for line in bytes
                .split(|byte| *byte == b'\n')
                .filter(|line| line.starts_with(b"{\"seq\":"))
            {
                let line: Value = serde_json::from_slice(line).unwrap();
                found += usize::from((self.value)(&line));
            }
        }
        found
    }
}

fn took(work: impl FnOnce() -> usize, expected: usize) -> Option<Took> {
    let (took, found) = shared::took(work);
    assert_eq!(found, expected, "all answer alike");
    Some(took)
}

/// How long a program took, if it is there; its processor time is not known. It must not write to `/dev/null`: grep then stops at
/// the first line.
fn run(program: &str, arguments: &[&str], files: &[PathBuf]) -> Option<Took> {
    let begun = Instant::now();
    let output = Command::new(program).args(arguments).args(files).output();
    let wall = begun.elapsed().as_secs_f64();
    let ran = output.is_ok_and(|output| output.status.success());
    ran.then_some(Took { wall, cpu: f64::NAN })
}

fn names(dir: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    names.sort();
    names
}

/// Records of some 600 bytes, as a request leaves them.
fn write(dir: &Path, records: u64) {
    let builder = Trail::builder(dir).rotation(Rotation::daily().max_bytes(16 << 20));
    let trail = patient(builder).build().unwrap();
    for record in 0..records {
        let event = if record % 4 == 0 {
            events::AUTH_FAILED
        } else {
            events::DATA_READ
        };
        audit!(
            in: &trail, event,
            user_id = format_args!("user-{}", record % 1_000),
            username = "alice",
            session_id = format_args!("6f1e9a52-{record:04}"),
            ip = format_args!("198.51.100.{}", record % 250),
            user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            action = "read",
            resource = format_args!("/library/books/{record}"),
            resource.id = record,
            method = "GET",
            route = "/library/books/{id}",
            path = format_args!("/library/books/{record}"),
            duration_ms = 12.75,
            request_id = format_args!("0192f0c1-7a3e-7cc2-9d55-{record:012}"),
            shelf = "fiction",
            "a book was read"
        );
    }
    trail.close().unwrap();
}
