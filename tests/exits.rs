//! What each way out of a process keeps: the table of docs/FAULTS.md, measured.
//!
//! Every way runs in a process of its own, with a global subscriber that nobody drops, and a writer that would gather for a
//! minute: so what is only accepted is in memory when the process ends, and nothing but the way out can save it.

use std::ffi::OsStr;
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

use tracing_audit::{ErrorKind, Health, Trail, audit, events, read, verify};
use tracing_subscriber::prelude::*;

use crate::child;

/// One way out of a process.
struct Way {
    name: &'static str,
    leave: fn(Trail),
    /// Whether the parent has to end it, and how.
    signal: Option<Signal>,
}

#[derive(Clone, Copy)]
enum Signal {
    Term,
    Kill,
}

const fn way(name: &'static str, leave: fn(Trail)) -> Way {
    Way {
        name,
        leave,
        signal: None,
    }
}

const WAYS: &[Way] = &[
    way("`Trail::close`, then any end", |trail| {
        trail.close().unwrap();
        std::process::exit(0);
    }),
    way("the last `Trail` dropped, as by `let _trail` in `main`", drop),
    way("a panic that unwinds past `_trail`", |trail| {
        let _trail = trail;
        panic!("as planned");
    }),
    way("a panic of another thread, then the end of `main`", |trail| {
        std::thread::spawn(|| panic!("as planned")).join().unwrap_err();
        drop(trail);
    }),
    way("`flush`, then `process::exit`", |trail| {
        trail.flush().unwrap();
        std::process::exit(0);
    }),
    way("`sync`, then `process::exit`", |trail| {
        trail.sync().unwrap();
        std::process::exit(0);
    }),
    way("return from `main`, a `Trail` never dropped", std::mem::forget),
    way("`process::exit` by the thread that built the trail", |_trail| {
        std::process::exit(0)
    }),
    way("`process::exit` by another thread", |_trail| {
        std::thread::spawn(|| std::process::exit(0)).join().unwrap()
    }),
    way("`process::abort`, or a panic with `panic = \"abort\"`", |_trail| {
        std::process::abort()
    }),
    way("a panic that aborts, with `Trail::record_panics`", |trail| {
        // What the process does once the hooks are through.
        std::panic::set_hook(Box::new(|_| std::process::abort()));
        trail.record_panics();
        panic!("as planned");
    }),
    #[cfg(unix)]
    Way {
        signal: Some(Signal::Term),
        ..way("SIGTERM, nobody listening", |trail| wait_for_the_signal(&trail))
    },
    #[cfg(unix)]
    Way {
        signal: Some(Signal::Term),
        ..way("SIGTERM, as in examples/graceful_shutdown.rs", |trail| {
            let mut signals = signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM]).unwrap();
            say("READY");
            signals.forever().next();
            trail.close().unwrap();
        })
    },
    #[cfg(unix)]
    Way {
        signal: Some(Signal::Kill),
        ..way("SIGKILL, or the system's out-of-memory killer", |trail| {
            wait_for_the_signal(&trail);
        })
    },
];

#[cfg(unix)]
fn wait_for_the_signal(_: &Trail) {
    say("READY");
    loop {
        std::thread::park();
    }
}

fn say(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{what}").unwrap();
    out.flush().unwrap();
}

const WAY: &str = "TRACING_AUDIT_EXIT_WAY";
const DIR: &str = "TRACING_AUDIT_EXIT_DIR";
const EACH: usize = 200;

/// A trail that writes when it is asked to, and a global subscriber that is never dropped.
fn begin(dir: &Path) -> Trail {
    let minute = Duration::from_secs(60);
    let trail = Trail::builder(dir)
        .commit_every(minute)
        .sync_every(minute)
        .build()
        .unwrap();
    tracing_subscriber::registry().with(trail.layer()).init();
    trail
}

/// Does nothing unless it is run as a child: see [`measure`].
#[test]
fn child() {
    let Ok(name) = std::env::var(WAY) else { return };
    let dir = std::env::var_os(DIR).unwrap();
    let way = WAYS.iter().find(|way| way.name == name).unwrap();
    let trail = begin(Path::new(&dir));
    let emit = |kind: &str| {
        let one = |n| audit!(events::DATA_READ, user.id = kind, n);
        (1..EACH).map(one).for_each(drop);
        one(0)
    };
    emit("synced").synced().unwrap();
    emit("written").written().unwrap();
    emit("accepted").accepted().unwrap();
    (way.leave)(trail);
}

/// What was left of the records of each kind, and how the trail ended.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    accepted: usize,
    written: usize,
    synced: usize,
    clean: bool,
}

fn measure(way: &Way) -> Kept {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("trail");
    let mut sent = false;
    let variables = [(WAY, OsStr::new(way.name)), (DIR, dir.as_os_str())];
    let ended = child::run_with("exits::child", &variables, |child, said| {
        if said.contains("\nREADY") && !sent {
            sent = true;
            send(child, way.signal.unwrap());
        }
    });
    if let Err(why) = ended {
        panic!("{}: {why}", way.name);
    }
    let report = verify(&dir).unwrap();
    let clean = report.exit_code() == 0;
    assert!(clean || report.exit_code() == 2, "{}: {report}", way.name);
    let count = |kind: &str| {
        let records = read(&dir).unwrap().filter_map(Result::ok);
        records.filter(|record| record.user_id() == Some(kind)).count()
    };
    let kept = Kept {
        accepted: count("accepted"),
        written: count("written"),
        synced: count("synced"),
        clean,
    };
    // Whatever happened, the next start goes on, and says so exactly if the end was not clean.
    Trail::builder(&dir).detached().build().unwrap().close().unwrap();
    let report = verify(&dir).unwrap();
    assert_eq!(report.exit_code(), 0, "{}: {report}", way.name);
    let recovered = read(&dir)
        .unwrap()
        .any(|record| record.unwrap().event() == "AUDIT_RECOVER");
    assert_eq!(recovered, !clean, "{}", way.name);
    kept
}

#[cfg(unix)]
fn send(child: &std::process::Child, signal: Signal) {
    use rustix::process::{Pid, Signal as Unix, kill_process};
    let signal = match signal {
        Signal::Term => Unix::TERM,
        Signal::Kill => Unix::KILL,
    };
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[cfg(not(unix))]
fn send(child: &mut std::process::Child, _: Signal) {
    child.kill().unwrap();
}

/// The row of the table; the worst of some runs.
fn row(way: &Way, expected: Option<&str>) -> String {
    let row = |kept: Kept| {
        let all = |count: usize| if count == EACH { "all" } else { "may be lost" };
        format!(
            "| {} | {} | {} | {} | {} |",
            way.name,
            all(kept.accepted),
            all(kept.written),
            all(kept.synced),
            if kept.clean { "clean" } else { "open" },
        )
    };
    let mut worst = measure(way);
    for run in 1..20 {
        // A writer that is slow to fall asleep may still save what is only accepted: look again, if a loss is expected.
        if run >= 2 && expected.is_none_or(|expected| row(worst) == expected) {
            break;
        }
        let kept = measure(way);
        worst.accepted = worst.accepted.min(kept.accepted);
        worst.written = worst.written.min(kept.written);
        worst.synced = worst.synced.min(kept.synced);
        worst.clean &= kept.clean;
    }
    row(worst)
}

/// The rows between two marks of docs/FAULTS.md.
fn documented(name: &str) -> Vec<&'static str> {
    include_str!("../docs/FAULTS.md")
        .split(&format!("<!-- {name} -->"))
        .nth(1)
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| way out"))
        .collect()
}

/// Linux alone has all the ways.
#[cfg(target_os = "linux")]
#[test]
fn each_way_out_keeps_what_the_table_says() {
    let documented = documented("exits");
    let measured: Vec<String> = WAYS
        .iter()
        .enumerate()
        .map(|(at, way)| row(way, documented.get(at).copied()))
        .collect();
    assert_eq!(
        measured,
        documented,
        "docs/FAULTS.md should say:\n{}",
        measured.join("\n")
    );
}

/// The control: a table that says more than is kept, or less, is found wrong.
#[test]
fn a_table_that_promises_too_much_would_be_noticed() {
    let exit = WAYS
        .iter()
        .find(|way| way.name == "`process::exit` by another thread")
        .unwrap();
    assert!(
        row(
            exit,
            Some("| `process::exit` by another thread | may be lost | all | all | open |")
        )
        .contains("may be lost")
    );
    let close = &WAYS[0];
    assert!(row(close, None).ends_with("| all | all | all | clean |"));
}

// ---- panics -----------------------------------------------------------------------------------------------------------

const PANIC: &str = "TRACING_AUDIT_EXIT_PANIC";

struct Bomb;

impl std::fmt::Debug for Bomb {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("a value panics, as planned");
    }
}

/// Records from a thread that is going away, and may panic there.
struct Late(&'static str);

impl Drop for Late {
    fn drop(&mut self) {
        audit!(events::DATA_EXPORT, user.id = self.0);
    }
}

thread_local! {
    static LATE: std::cell::RefCell<Option<Late>> = const { std::cell::RefCell::new(None) };
}

/// Does nothing unless it is run as a child.
#[test]
fn panicking_child() {
    let Ok(what) = std::env::var(PANIC) else { return };
    let dir = std::env::var_os(DIR).unwrap();
    std::panic::set_hook(Box::new(|_| say("THE OLD HOOK")));
    let trail = begin(Path::new(&dir));
    trail.record_panics();
    trail.record_panics();
    audit!(events::AUTH_LOGIN, user.id = "alice");
    match what.as_str() {
        "secret" => {
            let secret = String::from("hunter2");
            let panicked = std::panic::catch_unwind(|| panic!("cannot log in: password={secret} for alice"));
            assert!(panicked.is_err());
            // The hook waited for the disk: nothing that happens now can take it back.
            std::process::abort();
        }
        "value" => {
            for n in 0..100 {
                audit!(events::DATA_READ, n, value = ?Bomb);
            }
            trail.close().unwrap();
        }
        "threads" => {
            std::thread::scope(|scope| {
                for thread in 0..8 {
                    scope.spawn(move || {
                        for n in 0..20 {
                            audit!(events::DATA_READ, thread, n);
                            let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| panic!("{thread}/{n}")));
                            assert!(panicked.is_err());
                        }
                    });
                }
            });
            trail.close().unwrap();
        }
        "ended" => {
            trail.close().unwrap();
            let began = std::time::Instant::now();
            assert!(std::panic::catch_unwind(|| panic!("as planned")).is_err());
            assert!(
                began.elapsed() < Duration::from_secs(1),
                "a trail that has ended is not waited for"
            );
        }
        "no text" => {
            assert!(std::panic::catch_unwind(|| std::panic::panic_any(17)).is_err());
            trail.close().unwrap();
        }
        "late" => {
            // Both the thread's own destructors and the main thread's, behind the end of `main`.
            LATE.with_borrow_mut(|late| *late = Some(Late("main")));
            std::thread::spawn(|| LATE.with_borrow_mut(|late| *late = Some(Late("thread"))))
                .join()
                .unwrap();
            trail.flush().unwrap();
            std::mem::forget(trail);
        }
        other => panic!("{other}?"),
    }
}

/// What a panicking child leaves: the records of each event, how it ended, and what it said.
fn panicking(what: &str) -> (Vec<tracing_audit::Record>, child::Ended, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("trail");
    let variables = [(PANIC, OsStr::new(what)), (DIR, dir.as_os_str())];
    let ended = child::run("exits::panicking_child", &variables).unwrap_or_else(|why| panic!("{what}: {why}"));
    let report = verify(&dir).unwrap();
    assert!(matches!(report.exit_code(), 0 | 2), "{what}: {report}");
    (read(&dir).unwrap().filter_map(Result::ok).collect(), ended, home)
}

fn panics(records: &[tracing_audit::Record]) -> Vec<&tracing_audit::Record> {
    records
        .iter()
        .filter(|record| record.event() == "SYSTEM_ERROR")
        .collect()
}

#[test]
fn a_panic_is_recorded_redacted_and_on_the_disk_before_the_old_hook_runs() {
    let (records, ended, home) = panicking("secret");
    let [panic] = panics(&records)[..] else {
        panic!("{records:?}")
    };
    assert_eq!(panic.error(), Some("cannot log in: password=[redacted] for alice"));
    assert_eq!(panic.message(), Some("the program panicked"));
    assert_eq!(panic.outcome(), tracing_audit::Outcome::Error);
    let place = panic.metadata().unwrap()["location"].as_str().unwrap();
    assert!(
        place.starts_with("tests/exits.rs:") || place.starts_with("tests\\exits.rs:"),
        "{place}"
    );
    assert!(records.iter().any(|record| record.event() == "AUTH_LOGIN"));
    assert_eq!(ended.stdout.matches("THE OLD HOOK").count(), 1, "{ended:?}");
    assert!(!ended.status.success());
    for entry in std::fs::read_dir(home.path().join("trail")).unwrap() {
        let text = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("hunter2"));
    }
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
}

#[test]
fn a_panic_within_a_value_neither_hangs_nor_aborts_nor_takes_the_record() {
    let (records, ended, _home) = panicking("value");
    assert!(ended.status.success(), "{ended:?}");
    let read: Vec<_> = records.iter().filter(|record| record.event() == "DATA_READ").collect();
    assert_eq!(read.len(), 100);
    assert!(
        read.iter()
            .all(|record| record.metadata().unwrap()["value"] == "<panicked>")
    );
    assert_eq!(panics(&records).len(), 100);
    assert_eq!(ended.stdout.matches("THE OLD HOOK").count(), 100);
}

#[test]
fn panics_of_many_threads_are_each_recorded_once() {
    let (records, ended, _home) = panicking("threads");
    assert!(ended.status.success(), "{ended:?}");
    let mut texts: Vec<&str> = panics(&records).iter().map(|record| record.error().unwrap()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!((texts.len(), panics(&records).len()), (160, 160));
}

#[test]
fn a_panic_behind_the_end_waits_for_nothing() {
    let (records, ended, _home) = panicking("ended");
    assert!(ended.status.success(), "{ended:?}");
    assert!(panics(&records).is_empty());
    assert_eq!(ended.stdout.matches("THE OLD HOOK").count(), 1);
}

#[test]
fn a_panic_with_a_value_that_is_no_text_is_recorded_too() {
    let (records, ended, _home) = panicking("no text");
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(panics(&records)[0].error(), Some("a value that is no text"));
}

// ---- late -------------------------------------------------------------------------------------------------------------

#[test]
fn a_record_of_a_thread_that_goes_away_is_recorded() {
    let (records, ended, _home) = panicking("late");
    assert!(ended.status.success(), "{ended:?}");
    let users: Vec<_> = records
        .iter()
        .filter(|record| record.event() == "DATA_EXPORT")
        .map(|record| record.user_id().unwrap().to_owned())
        .collect();
    // That of the main thread comes behind the flush, and may or may not be in the file.
    assert_eq!(users.first().map(String::as_str), Some("thread"), "{users:?}");
    assert!(
        users.iter().skip(1).all(|user| user == "main") && users.len() <= 2,
        "{users:?}"
    );
}

#[test]
fn a_record_behind_the_end_is_refused_and_counted() {
    let home = tempfile::tempdir().unwrap();
    let trail = Trail::builder(home.path().join("trail")).detached().build().unwrap();
    trail.clone().close().unwrap();
    for _ in 0..3 {
        let receipt = trail.draft(events::DATA_READ).emit();
        assert_eq!(receipt.accepted().unwrap_err().kind(), ErrorKind::Closed);
        assert_eq!(receipt.synced().unwrap_err().kind(), ErrorKind::Closed);
        assert_eq!(receipt.seq(), None);
    }
    let status = trail.status();
    assert_eq!(status.health, Health::Ended);
    assert_eq!(
        (status.emitted.total(), status.written.total(), status.lost.total()),
        (3, 0, 3)
    );
    assert_eq!(status.losses.len(), 1);
    assert_eq!(status.losses[0].0, "closed");
    assert_eq!(verify(trail.dir()).unwrap().exit_code(), 0);
}

#[test]
fn a_layer_that_outlives_the_handle_records_behind_the_clean_end() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("trail");
    let trail = Trail::builder(&dir).detached().build().unwrap();
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(trail.layer()));
    drop(trail);
    assert_eq!(verify(&dir).unwrap().exit_code(), 0);
    let receipt = tracing::dispatcher::with_default(&dispatch, || audit!(events::DATA_READ, user.id = "late"));
    let seq = receipt.synced().unwrap();
    drop(dispatch);
    assert_eq!(verify(&dir).unwrap().exit_code(), 0);
    let records: Vec<_> = read(&dir).unwrap().map(Result::unwrap).collect();
    let late = records.iter().find(|record| record.seq() == seq).unwrap();
    assert_eq!(late.user_id(), Some("late"));
    let started = records.iter().rfind(|record| record.event() == "AUDIT_START");
    assert_eq!(started.unwrap().metadata().unwrap()["resumed"], true);
}
