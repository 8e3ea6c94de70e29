//! What the rules cost the writer, a record, with a million distinct users.
//!
//! `cargo bench --bench watch` writes records of a million users from a million addresses, most of them reads, once to fill what the
//! rules remember and once more to measure, with all standard rules and with none, by turns. It prints the processor time of the
//! writer's thread a record, the median difference of a turn and its ratio, and what the caller pays. First nothing is found: that is
//! the price of watching. Then every record is flagged: that is the price of a flood. Last, what a process takes in which a million
//! users and addresses fill what all rules remember, and how many of slow attacks are found while others flood the rules with
//! names that push them out. Linux alone, for it asks `/proc`. `-- --quick` takes one short turn; `--watching`, `--reads`, `--logins`,
//! `--memory` and `--recall` choose a part.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and stops at the first thing that is wrong"
)]

#[allow(dead_code, reason = "the benchmarks of reading have more in common")]
mod shared;

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use shared::{is_short, median, patient};
use tracing_audit::{Outcome, Status, Trail, Watch, audit, events};

const USERS: u64 = 1_000_000;

/// Users of whom every record is flagged.
const BUSY: u64 = 1_024;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--hostile") {
        return hostile(&arguments[at + 1], arguments[at + 2].parse().expect("a number"));
    }
    let (turns, records) = if is_short() { (1, 20_000) } else { (5, USERS) };
    println!("Processor time a record, {turns} turns of {records} records behind as many");
    println!("                                     writer       caller");
    let parts = ["--watching", "--reads", "--logins", "--memory", "--recall"];
    let any = arguments.iter().any(|argument| parts.contains(&argument.as_str()));
    let wanted = |part: &str| !any || arguments.iter().any(|argument| argument == part);
    if wanted("--watching") {
        watching(turns, records);
    }
    for (part, flood) in [("--reads", Flood::Reads), ("--logins", Flood::Logins)] {
        if wanted(part) {
            flooding(turns, records, flood);
        }
    }
    if wanted("--memory") {
        memory(records);
    }
    if wanted("--recall") {
        recall(records);
    }
}

/// What there is of a million users, of whom nothing is found.
fn watching(turns: usize, records: u64) {
    // Hours that are not these: what is flagged is not what is measured.
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a clock");
    let hour = (since.as_secs() / 3_600 % 24) as u32;
    let all = Watch::standard().off_hours_deletes((hour + 6) % 24, (hour + 12) % 24, 0);
    println!("{USERS} users, nothing is found");
    let status = compare(
        turns,
        all,
        "<= 150 ns",
        |trail, first| write(trail, first, records),
        records,
    );
    assert_eq!(findings(&status), 0, "{:?}", status.rules);
    let remembered = Remembered::of(&status);
    println!(
        "  remembered {:.1} MiB for {} keys, {} evicted",
        mib(remembered.bytes),
        remembered.keys,
        remembered.evicted
    );
}

#[derive(Clone, Copy)]
enum Flood {
    Reads,
    Logins,
}

/// Every record is flagged.
fn flooding(turns: usize, records: u64, flood: Flood) {
    let (title, watch) = match flood {
        Flood::Reads => ("reads of 1024 users, each of them flagged", "none,rapid_reads=10/1m"),
        Flood::Logins => (
            "failed logins of one address, each of them flagged",
            "none,failed_logins",
        ),
    };
    println!("{title}");
    let watch: Watch = watch.parse().expect("rules");
    let status = compare(
        turns,
        watch,
        "<= 1000 ns beside the leaf of a longer line",
        |trail, first| write_flood(trail, first, records, flood),
        records,
    );
    assert!(findings(&status) >= 2 * records - 9 * BUSY, "{:?}", status.rules);
}

/// Writes twice as many records, the first half to warm up, with these rules and with none, by turns.
fn compare(turns: usize, rules: Watch, goal: &str, write: impl Fn(&Trail, u64), records: u64) -> Status {
    let measure = |rules: &Watch| {
        let home = tempfile::tempdir().expect("a directory");
        let builder = Trail::builder(home.path().join("logs")).watch(rules.clone());
        let trail = patient(builder).build().expect("a trail");
        write(&trail, 0);
        trail.flush().expect("all written");
        let before = threads();
        write(&trail, records);
        trail.flush().expect("all written");
        let after = threads();
        let status = trail.status();
        trail.close().expect("a clean end");
        let spent = |which: usize| (after[which] - before[which]) as f64 / records as f64;
        ([spent(0), spent(1)], status)
    };
    let (none, mut costs) = (Watch::none(), [Vec::new(), Vec::new()]);
    // The first one warms the page cache for both.
    let (_, mut status) = measure(&none);
    for turn in 0..turns {
        for place in 0..2 {
            let at = (place + turn) % 2;
            let (cost, said) = measure([&none, &rules][at]);
            costs[at].push(cost);
            if at == 1 {
                status = said;
            }
        }
    }
    for (name, costs) in ["without rules", "with them"].iter().zip(&costs) {
        let of = |which: usize| median(costs.iter().map(|cost| cost[which]));
        println!("  {name:<28} {:9.0} ns {:9.0} ns", of(0), of(1));
    }
    let [none, all] = &costs;
    let pairs = || none.iter().zip(all).map(|(none, all)| (none[0], all[0]));
    println!(
        "  added                        {:9.0} ns, {:.3} x; goal {goal}",
        median(pairs().map(|(none, all)| all - none)),
        median(pairs().map(|(none, all)| all / none)),
    );
    status
}

fn findings(status: &Status) -> u64 {
    status.rules.iter().map(|rule| rule.findings).sum()
}

/// What the rules say that they remember.
struct Remembered {
    bytes: usize,
    keys: usize,
    evicted: u64,
}

impl Remembered {
    fn of(status: &Status) -> Remembered {
        Remembered {
            bytes: status.rules.iter().map(|rule| rule.memory_bytes).sum(),
            keys: status.rules.iter().map(|rule| rule.keys).sum(),
            evicted: status.rules.iter().map(|rule| rule.evicted).sum(),
        }
    }
}

fn mib(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// What keys take that somebody chooses, in processes of their own, with all rules and with none.
fn memory(users: u64) {
    let child = |rules: &str| {
        let own = std::env::current_exe().expect("this program");
        let output = Command::new(own)
            .args(["--hostile", rules, &users.to_string()])
            .output();
        let output = output.expect("a child process");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).expect("text");
        let numbers: Vec<usize> = said
            .split_whitespace()
            .map(|number| number.parse().expect("a number"))
            .collect();
        let [most, remembered, open] = numbers.try_into().expect("three numbers");
        (most, remembered, open)
    };
    let ((none, ..), (all, remembered, open)) = (child("none"), child("standard"));
    println!("{users} users at as many addresses, 3 to 5 failed logins and as many reads and deletions each");
    println!(
        "  memory of the process: {:.1} MiB without rules, {:.1} MiB with all; added {:.1} MiB, the {open} open alerts among them; goal <= 64 MiB",
        mib(none),
        mib(all),
        mib(all.saturating_sub(none)),
    );
    println!("  of that, as the rules say: {:.1} MiB", mib(remembered));
}

/// The child's part: prints what the process took at most, what the rules say that they remember, and how many alerts are open.
fn hostile(rules: &str, users: u64) {
    let home = tempfile::tempdir().expect("a directory");
    let builder = Trail::builder(home.path().join("logs")).watch(rules.parse().expect("rules"));
    let trail = patient(builder).queue_bytes(8 << 20).build().expect("a trail");
    let (mut user, mut ip) = (String::new(), String::new());
    for round in 0..5 {
        for at in (0..users).filter(|at| round < 3 + at % 3) {
            name(&mut user, &mut ip, at);
            for event in [
                events::AUTH_FAILED,
                events::DATA_READ,
                events::DATA_DELETE,
                events::SECURITY_RATE_LIMIT,
            ] {
                audit!(in: &trail, event, user_id = &*user, ip = &*ip);
            }
        }
    }
    trail.flush().expect("all written");
    let status = trail.status();
    // Before the alerts are copied for this program.
    let most = fs::read_to_string("/proc/self/status").expect("/proc");
    let most = most
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("what it took at most");
    let most: usize = most.trim().trim_end_matches(" kB").parse().expect("a number");
    let open = trail.alerts().len();
    trail.close().expect("a clean end");
    println!("{} {} {open}", most << 10, Remembered::of(&status).bytes);
}

/// Who attacks beside a flood, each as often as the rule allows.
const ATTACKERS: u64 = 500;

/// How many attackers are found whose attempts are spread over as many others' records, each of whom comes once or several times
/// in a row. A rule that forgets nobody finds all of them.
fn recall(flood: u64) {
    println!("{ATTACKERS} attacks, each as slow as {flood} records of others are long");
    let rules = [
        ("failed_logins", events::AUTH_FAILED, 5),
        ("rapid_reads", events::DATA_READ, 100),
        ("bulk_deletes", events::DATA_DELETE, 10),
    ];
    for (rule, event, count) in rules {
        for times in [1, 2, 4, 8].into_iter().filter(|times| *times < count) {
            let home = tempfile::tempdir().expect("a directory");
            // Quick or slow as the machine is: no window ends meanwhile.
            let watch: Watch = format!("none,{rule}={count}/1h").parse().expect("a rule");
            let builder = Trail::builder(home.path().join("logs")).watch(watch);
            let trail = patient(builder).build().expect("a trail");
            let (mut others, mut user) = (0, String::new());
            for attempt in 0..count {
                for attacker in 0..ATTACKERS {
                    let due = flood * (attempt * ATTACKERS + attacker) / (count * ATTACKERS);
                    while others < due {
                        user.clear();
                        let _ = write!(user, "user-{}", others / times);
                        audit!(in: &trail, event, user_id = &*user);
                        others += 1;
                    }
                    user.clear();
                    let _ = write!(user, "attacker-{attacker}");
                    audit!(in: &trail, event, user_id = &*user);
                }
            }
            trail.flush().expect("all written");
            let alerts = trail.alerts();
            let found = alerts.iter().filter(|alert| alert.key.starts_with("attacker-")).count();
            let status = trail.status();
            trail.close().expect("a clean end");
            assert_eq!(alerts.len(), found, "nobody else has reached the limit");
            println!(
                "  {rule:<14} {count:>3} of each; {:>9} others, {times} of each: {:>5.1} % found, {} evicted",
                flood / times,
                found as f64 * 100.0 / ATTACKERS as f64,
                Remembered::of(&status).evicted,
            );
        }
    }
}

fn name(user: &mut String, ip: &mut String, number: u64) {
    user.clear();
    ip.clear();
    let _ = write!(user, "user-{number:07}");
    let _ = write!(ip, "10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
}

fn write_flood(trail: &Trail, from: u64, records: u64, flood: Flood) {
    let (mut user, mut ip, mut resource) = (String::new(), String::new(), String::new());
    for at in from..from + records {
        let number = match flood {
            Flood::Reads => at % BUSY,
            Flood::Logins => at.wrapping_mul(387_420_489) % USERS,
        };
        name(&mut user, &mut ip, number);
        resource.clear();
        let _ = write!(resource, "books/{}", at % 4_096);
        let (event, outcome) = match flood {
            Flood::Reads => (events::DATA_READ, Outcome::Success),
            Flood::Logins => {
                ip.replace_range(.., "203.0.113.7");
                (events::AUTH_FAILED, Outcome::Failure)
            }
        };
        audit!(
            in: trail,
            event,
            outcome = outcome,
            user_id = &*user,
            ip = &*ip,
            resource = &*resource,
            duration_ms = 3.25,
            action = "read",
        );
    }
}

/// Of a hundred records 70 are reads, 10 changes, 10 logins, 5 failed ones, 3 requests and 2 deletions.
fn write(trail: &Trail, from: u64, records: u64) {
    let (mut user, mut ip, mut resource) = (String::new(), String::new(), String::new());
    for at in from..from + records {
        // Each user once in a million records, in an order of no kind.
        let number = at.wrapping_mul(387_420_489) % USERS;
        name(&mut user, &mut ip, number);
        resource.clear();
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
