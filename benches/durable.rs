//! What waiting for the disk costs, beside the disk itself in the same run.
//!
//! `cargo bench --bench durable` takes five turns of: plain `fdatasync` behind appends of 600 bytes, then a trail of whose
//! callers 1, 8 and 64 wait for each record to be on the disk (`Receipt::synced`). It prints medians a second, and as
//! multiples of the disk's own rate (goals: 7 at 8, 30 at 64). Then two callers that wait for nothing, with a sync behind
//! each commit, against tracing-subscriber's JSON behind tracing-appender without any sync (goal: 4). Then, where `strace` is
//! there to make each sync take 50 ms, whether such callers notice. `-- --quick` takes one short turn.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and stops at the first thing that is wrong"
)]

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tracing::info;
use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_audit::{OnFull, Outcome, Receipt, Severity, Trail, audit, events};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{fmt, registry};

#[path = "hot_path/workload.rs"]
mod workload;

use workload::{Pool, Values};

const WAITING: [usize; 3] = [1, 8, 64];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|one| one != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--child", subject, calls, dir] => child(subject, calls.parse().expect("a number"), Path::new(dir)),
        [] => tables(5, Duration::from_secs(1), 200_000),
        ["waiting"] => waiting(5, Duration::from_secs(1)),
        ["--quick" | "--test"] => tables(1, Duration::from_millis(150), 20_000),
        _ => println!("usage: durable [--quick]"),
    }
}

fn tables(turns: usize, span: Duration, calls: u64) {
    waiting(turns, span);
    grouped(turns, calls);
    slow(turns, calls / 10);
}

/// Each way of waiting right behind the bare disk, in the same directory, which is cleaned up at the end alone: whatever else
/// keeps the disk busy meets both.
fn waiting(turns: usize, span: Duration) {
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("plain");
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a file");
    let mut plain = Vec::new();
    let mut rates = vec![Vec::new(); WAITING.len()];
    let mut ratios = vec![Vec::new(); WAITING.len()];
    for turn in 0..turns {
        for (at, callers) in WAITING.into_iter().enumerate() {
            let before = bare(&mut file, span / 2);
            let ours = waited(&home.path().join(format!("{turn}-{callers}")), callers, span);
            let bare = (before + bare(&mut file, span / 2)) / 2.0;
            plain.push(bare);
            rates[at].push(ours);
            ratios[at].push(ours / bare);
        }
    }
    println!("Waiting for the disk");
    println!("  the disk's own fdatasync        {:9.0} a second", median(&mut plain));
    for (at, callers) in WAITING.into_iter().enumerate() {
        let goal = ["", ", goal >= 7 x", ", goal >= 30 x"][at];
        println!(
            "  {callers:2} that wait until synced       {:9.0} a second, {:5.2} x{goal}",
            median(&mut rates[at]),
            median(&mut ratios[at])
        );
    }
}

fn bare(file: &mut File, span: Duration) -> f64 {
    let began = Instant::now();
    let mut done = 0;
    while began.elapsed() < span {
        file.write_all(&[b'x'; 600]).expect("room on the disk");
        file.sync_data().expect("a disk that syncs");
        done += 1;
    }
    f64::from(done) / began.elapsed().as_secs_f64()
}

fn waited(dir: &Path, callers: usize, span: Duration) -> f64 {
    let trail = Trail::builder(dir).detached().build().expect("a trail");
    let (pool, over, done) = (Pool::new(), AtomicBool::new(false), AtomicU64::new(0));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for caller in 0..callers as u64 {
            let (trail, pool, over, done) = (&trail, &pool, &over, &done);
            scope.spawn(move || {
                let mut at = caller;
                while !over.load(Ordering::Relaxed) {
                    record(trail, pool.at(at)).synced().expect("on the disk");
                    done.fetch_add(1, Ordering::Relaxed);
                    at += callers as u64;
                }
            });
        }
        std::thread::sleep(span);
        over.store(true, Ordering::Relaxed);
    });
    let rate = done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
    trail.close().expect("a clean end");
    rate
}

fn record(trail: &Trail, values: &Values) -> Receipt {
    audit!(
        in: trail,
        events::AUTH_LOGIN,
        user_id = values.user_id.as_str(),
        username = values.username.as_str(),
        ip = values.ip.as_str(),
        session_id = values.session_id.as_str(),
        resource = values.resource.as_str(),
        action = values.action,
        outcome = Outcome::from(values.outcome),
        duration_ms = values.duration_ms,
        password = values.password.as_str(),
        "a user logged in"
    )
}

fn grouped(turns: usize, calls: u64) {
    let (mut json, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..turns {
        let base = run(&[], "json", calls)[0];
        let group = run(&[], "group", calls);
        assert!(group[1] > 1.0, "there were syncs");
        json.push(base);
        ours.push(group[0]);
        ratios.push(group[0] / base);
    }
    println!("\nUntil in the file, two callers that do not wait");
    println!("  tracing-appender, no sync       {:9.0} a second", median(&mut json));
    println!(
        "  a trail, a sync a commit        {:9.0} a second, {:5.2} x, goal >= 4 x",
        median(&mut ours),
        median(&mut ratios)
    );
}

fn slow(turns: usize, calls: u64) {
    let traced = |inject: &str| {
        let inject = format!("inject=fdatasync:{inject}");
        vec![
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "--seccomp-bpf",
            "-e",
            "trace=fdatasync",
            "-e",
        ]
        .into_iter()
        .map(str::to_owned)
        .chain([inject])
        .collect::<Vec<_>>()
    };
    if Command::new("strace").arg("--version").output().is_err() {
        println!("\nNo strace here to slow the syncs down with");
        return;
    }
    let mut figures = [const { Vec::new() }; 6];
    for _ in 0..turns {
        let quick = run(&traced("delay_enter=1"), "paced", calls);
        let slow = run(&traced("delay_enter=50000"), "paced", calls);
        for (at, figure) in quick.into_iter().chain(slow).enumerate() {
            figures[at].push(figure);
        }
    }
    let [a, b, c, d, e, f] = figures.each_mut().map(|values| median(values));
    println!("\nA call that does not wait, at 20,000 a second, one in a hundred high: p50, p99, p99.9 (ns)");
    println!("  a sync takes what it takes      {a:7.0} {b:7.0} {c:7.0}");
    println!(
        "  a sync takes 50 ms more         {d:7.0} {e:7.0} {f:7.0}, {:.2} {:.2} {:.2} x, goal 1 x",
        d / a,
        e / b,
        f / c
    );
}

/// One measure in a process of its own.
fn run(before: &[String], subject: &str, calls: u64) -> Vec<f64> {
    let home = tempfile::tempdir().expect("a directory");
    let own = std::env::current_exe().expect("this program").display().to_string();
    let dir = home.path().join("logs").display().to_string();
    let words = [own, "--child".to_owned(), subject.to_owned(), calls.to_string(), dir];
    let words: Vec<&String> = before.iter().chain(&words).collect();
    let out = Command::new(words[0]).args(&words[1..]).output().expect("a process");
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{text}{}", String::from_utf8_lossy(&out.stderr));
    text.split_whitespace()
        .map(|word| word.parse().expect("a number"))
        .collect()
}

fn child(subject: &str, calls: u64, dir: &Path) {
    let pool = Pool::new();
    match subject {
        "json" => {
            let appender = tracing_appender::rolling::daily(dir, "peer.jsonl");
            let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(appender);
            registry().with(fmt::layer().json().with_writer(writer)).init();
            let rate = flood(calls, &pool, || drop(guard));
            assert_eq!(workload::count_lines(dir).0, calls);
            println!("{rate}");
        }
        "group" => {
            let trail = blocking(dir)
                .sync_every(Duration::from_millis(1))
                .build()
                .expect("a trail");
            registry().with(trail.layer()).init();
            let mut syncs = 0.0;
            let rate = flood(calls, &pool, || {
                trail.sync().expect("on the disk");
                syncs = number(&trail.metrics(), "audit_sync_seconds_count ");
            });
            trail.close().expect("a clean end");
            assert_eq!(workload::count_lines(dir).0, calls);
            println!("{rate} {syncs}");
        }
        _ => {
            let trail = blocking(dir).detached().build().expect("a trail");
            println!("{}", paced(&trail, calls, &pool));
            trail.close().expect("a clean end");
        }
    }
}

fn blocking(dir: &Path) -> tracing_audit::Builder {
    let mut builder = Trail::builder(dir);
    for severity in Severity::ALL {
        builder = builder.on_full(severity, OnFull::Block(Duration::from_secs(60)));
    }
    builder
}

fn number(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.expect("a figure").parse().expect("a number")
}

/// Records a second, until `finish` has them all in the file.
fn flood(calls: u64, pool: &Pool, finish: impl FnOnce()) -> f64 {
    let began = Instant::now();
    std::thread::scope(|scope| {
        for caller in 0..2 {
            scope.spawn(move || {
                workload::inside_two_spans(|| {
                    for at in 0..calls / 2 {
                        let values = pool.at(at * 2 + caller);
                        info!(
                            target: "audit",
                            event = "AUTH_LOGIN",
                            user_id = values.user_id.as_str(),
                            username = values.username.as_str(),
                            ip = values.ip.as_str(),
                            session_id = values.session_id.as_str(),
                            resource = values.resource.as_str(),
                            action = values.action,
                            outcome = values.outcome,
                            duration_ms = values.duration_ms,
                            password = values.password.as_str(),
                            "a user logged in"
                        );
                    }
                });
            });
        }
    });
    finish();
    calls as f64 / began.elapsed().as_secs_f64()
}

/// The percentiles of one caller at 20,000 calls a second, of which one in a hundred asks for a sync at once.
fn paced(trail: &Trail, calls: u64, pool: &Pool) -> String {
    let began = Instant::now();
    let mut times: Vec<u64> = (0..calls)
        .map(|at| {
            let due = began + Duration::from_micros(50) * at as u32;
            while Instant::now() < due {
                std::hint::spin_loop();
            }
            let values = pool.at(at);
            let called = Instant::now();
            if at % 100 == 0 {
                audit!(in: trail, events::USER_DELETE, severity = Severity::High, user_id = values.user_id.as_str());
            } else {
                record(trail, values);
            }
            called.elapsed().as_nanos() as u64
        })
        .collect();
    times.sort_unstable();
    let percentile = |part: usize| times[times.len() * part / 1_000];
    format!("{} {} {}", percentile(500), percentile(990), percentile(999))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
