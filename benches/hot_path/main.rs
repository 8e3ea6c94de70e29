//! What a record costs its caller, side by side in one run with tracing-subscriber's JSON formatter behind tracing-appender
//! (`non_blocking`, `lossy(false)`, daily file). Ours has redaction, sequence numbers and the chain switched on; the peer has
//! none of these.
//!
//! Every figure is taken in a process of its own with the global subscriber, as in a service; the processes of the two take
//! turns, and the ratio of the medians is what carries over to other machines.
//!
//! `cargo bench --bench hot_path` takes five repeats; `-- --quick` one short one. `-- --instructions` counts the caller's
//! instructions with callgrind (needs `valgrind`), which no noise can touch. `-- --rules` holds the way to the file with the
//! standard rules against the way without any.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and stops at the first thing that is wrong"
)]

mod subject;
mod workload;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::time::ClockId;
use subject::Subject;
use workload::Pool;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--child", subject, measure, size, dir] => {
            child(subject, measure, size.parse().expect("a number"), Path::new(dir))
        }
        ["--instructions"] => instructions(),
        [] => table(5, 1),
        ["--quick"] => table(1, 8),
        ["--rules"] => rules(),
        _ => eprintln!("usage: hot_path [--quick | --instructions | --rules]"),
    }
}

/// One line of the table: a measure, its unit, its goal, and how many calls a full run makes.
struct Row<'r> {
    measure: &'r str,
    subjects: &'r [&'r str],
    title: &'r str,
    goal: &'r str,
    calls: u64,
}

const ROWS: &[Row<'_>] = &[
    Row {
        measure: "burst",
        subjects: EVENT,
        title: "a call, in bursts of 5,000 (ns; CPU ns of the caller)",
        goal: ">= 20 x",
        calls: 50_000,
    },
    Row {
        measure: "paced",
        subjects: EVENT,
        title: "a call at 20,000/s: p50, p99, p99.9 (ns)",
        goal: ">= 60 / 30 / 30 x",
        calls: 40_000,
    },
    Row {
        measure: "request",
        subjects: EVENT,
        title: "a request: two new spans and a call (ns)",
        goal: ">= 12 x",
        calls: 50_000,
    },
    Row {
        measure: "flood1",
        subjects: EVENT,
        title: "until in the file, 1 thread (ns a record; CPU ns; bytes)",
        goal: ">= 9 x; >= 8 x; <= 0.80 x",
        calls: 200_000,
    },
    Row {
        measure: "flood8",
        subjects: EVENT,
        title: "until in the file, 8 threads (ns a record; CPU ns; bytes)",
        goal: ">= 5.5 x",
        calls: 200_000,
    },
];

const EVENT: &[&str] = &["json", "layer", "macro"];

const ADDED: &[Row<'_>] = &[
    Row {
        measure: "info",
        subjects: OTHERS,
        title: "an info! for another layer",
        goal: "<= +2 ns; filter <= +10",
        calls: 2_000_000,
    },
    Row {
        measure: "debug",
        subjects: OTHERS,
        title: "a debug! nobody wants",
        goal: "0 (within 0.5 ns)",
        calls: 2_000_000,
    },
    Row {
        measure: "debug_span",
        subjects: OTHERS,
        title: "a debug_span! nobody wants",
        goal: "0 (within 0.5 ns)",
        calls: 2_000_000,
    },
    Row {
        measure: "span",
        subjects: OTHERS,
        title: "a captured span with two fields",
        goal: "<= +35 ns",
        calls: 1_000_000,
    },
];

const OTHERS: &[&str] = &["other", "other+layer", "other+json", "filtered", "filtered+filter"];

fn table(repeats: usize, shorten: u64) {
    println!(
        "The caller and the file. json = tracing-subscriber fmt().json() + tracing-appender; layer = info!(target: \"audit\"); macro = audit!\n"
    );
    for row in ROWS {
        let medians = measure(row, repeats, shorten);
        println!("{} [goal {}]", row.title, row.goal);
        for (subject, figures) in row.subjects.iter().zip(&medians) {
            let ratios: Vec<String> = figures
                .iter()
                .zip(&medians[0])
                .map(|(ours, base)| format!("{:.1} x", base / ours))
                .collect();
            println!("  {subject:<7} {:<36} {}", spaced(figures), ratios.join("  "));
        }
    }
    println!(
        "\nWhat is not audited (ns). other = a layer that takes INFO; filtered = the same behind a filter of its own\n"
    );
    for row in ADDED {
        let medians = measure(row, repeats, shorten);
        println!("{} [goal {}]", row.title, row.goal);
        for (subject, figures) in row.subjects.iter().zip(&medians) {
            let alone = if subject.starts_with("filtered") {
                &medians[3]
            } else {
                &medians[0]
            };
            println!("  {subject:<16} {:<10} {:+.1}", spaced(figures), figures[0] - alone[0]);
        }
    }
}

/// All of this workload are logins, two of three of them failed, by 1,024 users from 256 addresses: nearly every record is flagged,
/// most of them by two rules. `quiet` are the same calls, all of which succeed, so that nothing is found.
fn rules() {
    println!(
        "Until in the file, 1 thread, without rules and with the standard ones (ns a record; CPU ns) [goal >= 0.9]"
    );
    for (title, subjects) in [
        ("all flagged", ["macro", "watched"]),
        ("none flagged", ["quiet", "quiet+watched"]),
    ] {
        let row = Row {
            measure: "flood1",
            subjects: &subjects,
            title,
            goal: "",
            calls: 200_000,
        };
        let medians = measure(&row, 5, 1);
        let [without, with] = [0, 1].map(|at: usize| &medians[at]);
        println!(
            "  {title:<13} {:>9.1} {:>9.1} {:>9.1} {:>9.1}   {:.2} x as fast; {:.2} x the CPU",
            without[0],
            without[1],
            with[0],
            with[1],
            without[0] / with[0],
            with[1] / without[1],
        );
    }
}

fn spaced(figures: &[f64]) -> String {
    figures
        .iter()
        .map(|figure| format!("{figure:>9.1}"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The medians of a row, one list of figures a subject; the subjects take turns.
fn measure(row: &Row<'_>, repeats: usize, shorten: u64) -> Vec<Vec<f64>> {
    let mut runs: Vec<Vec<Vec<f64>>> = vec![Vec::new(); row.subjects.len()];
    for _ in 0..repeats {
        for (subject, runs) in row.subjects.iter().zip(&mut runs) {
            runs.push(spawn(subject, row.measure, row.calls / shorten));
        }
    }
    runs.iter()
        .map(|runs| {
            (0..runs[0].len())
                .map(|figure| median(runs.iter().map(|run| run[figure]).collect()))
                .collect()
        })
        .collect()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn spawn(subject: &str, measure: &str, size: u64) -> Vec<f64> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    warm_page_cache(dir.path());
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--child", subject, measure, &size.to_string()])
        .arg(dir.path().join("logs"))
        .output()
        .expect("a child process");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{subject} {measure}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.split_whitespace()
        .map(|figure| figure.parse().expect("a figure"))
        .collect()
}

/// Memory that the machine has never touched makes `write` ten times slower; both sides get warm memory.
fn warm_page_cache(dir: &Path) {
    let path = dir.join("warm");
    std::fs::write(&path, vec![1_u8; 160 << 20]).expect("room for 160 MiB");
    std::fs::remove_file(&path).expect("the file just written");
}

fn child(subject: &str, measure: &str, size: u64, dir: &Path) {
    let pool = Pool::new();
    let subject = Subject::install(subject, dir);
    let figures = match measure {
        "burst" => burst(&subject, &pool, size),
        "paced" => paced(&subject, &pool, size),
        "request" => request(&subject, &pool, size),
        "flood1" => return flood(subject, pool, size, 1, dir),
        "flood8" => return flood(subject, pool, size, 8, dir),
        "info" | "debug" | "debug_span" | "span" => vec![subject::not_audited(measure, size)],
        "counted" => {
            workload::inside_two_spans(|| {
                for at in 0..2_000 {
                    subject.call(&pool, at);
                }
                counted_calls(&subject, &pool, size);
            });
            Vec::new()
        }
        other => panic!("no measure {other}"),
    };
    println!("{}", figures.iter().map(f64::to_string).collect::<Vec<_>>().join(" "));
    subject.finish();
}

/// Callgrind counts inside this function alone, on the thread that is inside it.
#[inline(never)]
fn counted_calls(subject: &Subject, pool: &Pool, calls: u64) {
    for at in 0..calls {
        subject.call(pool, at);
    }
}

fn burst(subject: &Subject, pool: &Pool, calls: u64) -> Vec<f64> {
    const BURST: u64 = 5_000;
    workload::inside_two_spans(|| {
        let (mut spent, mut worked) = (Vec::new(), Vec::new());
        for round in 0..(calls / BURST).max(1) + 1 {
            let (start, cpu) = (Instant::now(), cpu_time(ClockId::ThreadCPUTime));
            for at in 0..BURST {
                subject.call(pool, round * BURST + at);
            }
            // The first burst warms up.
            if round > 0 {
                spent.push(start.elapsed().as_nanos() as f64 / BURST as f64);
                worked.push((cpu_time(ClockId::ThreadCPUTime) - cpu).as_nanos() as f64 / BURST as f64);
            }
            std::thread::sleep(Duration::from_millis(120));
        }
        vec![median(spent), median(worked)]
    })
}

fn paced(subject: &Subject, pool: &Pool, calls: u64) -> Vec<f64> {
    const GAP: Duration = Duration::from_micros(50);
    workload::inside_two_spans(|| {
        let mut spent = Vec::with_capacity(calls as usize);
        let begin = Instant::now();
        for at in 0..calls {
            while begin.elapsed() < GAP * at as u32 {
                std::hint::spin_loop();
            }
            let start = Instant::now();
            subject.call(pool, at);
            spent.push(start.elapsed().as_nanos() as f64);
        }
        spent.drain(..spent.len() / 10);
        spent.sort_by(f64::total_cmp);
        [0.5, 0.99, 0.999]
            .map(|part| spent[((spent.len() - 1) as f64 * part) as usize])
            .to_vec()
    })
}

fn request(subject: &Subject, pool: &Pool, calls: u64) -> Vec<f64> {
    const BURST: u64 = 2_500;
    let mut spent = Vec::new();
    for round in 0..(calls / BURST).max(1) + 1 {
        let start = Instant::now();
        for at in 0..BURST {
            workload::inside_two_spans(|| subject.call(pool, at));
        }
        if round > 0 {
            spent.push(start.elapsed().as_nanos() as f64 / BURST as f64);
        }
        std::thread::sleep(Duration::from_millis(80));
    }
    vec![median(spent)]
}

fn flood(mut subject: Subject, pool: Pool, calls: u64, threads: u64, dir: &Path) {
    let each = calls / threads;
    let warm = each / 4;
    // The first touch of a queue's memory costs more than what goes through it.
    call_from(&subject, &pool, threads, 0, warm);
    while workload::count_lines(dir).0 < warm * threads {
        std::thread::yield_now();
    }
    let cpu = cpu_time(ClockId::ProcessCPUTime);
    let start = Instant::now();
    call_from(&subject, &pool, threads, warm, each);
    subject.written();
    let (elapsed, cpu) = (start.elapsed(), cpu_time(ClockId::ProcessCPUTime) - cpu);
    subject.finish();
    let (lines, bytes) = workload::count_lines(dir);
    assert_eq!(lines, (warm + each) * threads, "lines in the files");
    let calls = (each * threads) as f64;
    println!(
        "{} {} {}",
        elapsed.as_nanos() as f64 / calls,
        cpu.as_nanos() as f64 / calls,
        bytes as f64 / lines as f64
    );
}

/// Calls `count` times from each of so many threads at once.
fn call_from(subject: &Subject, pool: &Pool, threads: u64, first: u64, count: u64) {
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                workload::inside_two_spans(|| {
                    for at in first..first + count {
                        subject.call(pool, thread * 7_919 + at);
                    }
                });
            });
        }
    });
}

/// User and system time of this process, all threads, or of this thread.
fn cpu_time(of: ClockId) -> Duration {
    let times = rustix::time::clock_gettime(of);
    Duration::new(times.tv_sec as u64, times.tv_nsec as u32)
}

fn instructions() {
    println!(
        "instructions on the caller's thread, one call with ten fields and a message inside two spans [goal <= 2,200]"
    );
    for subject in EVENT {
        let counts = [1_000_u64, 3_000].map(|calls| callgrind(subject, calls));
        println!("  {subject:<7} {:>9.0}", (counts[1] - counts[0]) as f64 / 2_000.0);
    }
}

fn callgrind(subject: &str, calls: u64) -> u64 {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let out = dir.path().join("callgrind.out");
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*counted_calls*", "-q"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().expect("this program"))
        .args(["--child", subject, "counted", &calls.to_string()])
        .arg(dir.path().join("logs"))
        .stdout(std::process::Stdio::null())
        .status()
        .expect("valgrind, from the package of that name");
    assert!(status.success());
    let text = std::fs::read_to_string(&out).expect("callgrind's output");
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("summary: ").or(line.strip_prefix("totals: ")));
    total.and_then(|total| total.trim().parse().ok()).expect("a total")
}
