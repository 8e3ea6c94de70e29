//! A forked child has a copy of the trail and no writer: it writes nothing into its parent's file, never waits for
//! anyone, and counts what it could not record. The parent does not notice.

use std::path::Path;
use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fork::{Fork, fork, waitpid_nohang};
use rustix::process::{Pid, Signal, kill_process};
use tracing_audit::{ErrorKind, Health, Trail, audit, events, read, verify};
use tracing_subscriber::prelude::*;

use crate::child;

const CASE: &str = "TRACING_AUDIT_FORK_CASE";
const DIR: &str = "TRACING_AUDIT_FORK_DIR";

/// Longer than any wait that the trail allows itself in a forked child.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for a forked child; what it says as its exit code, or nothing if it hangs.
fn await_child(pid: i32) -> Option<i32> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = waitpid_nohang(pid).unwrap() {
            assert_eq!(status & 0x7f, 0, "killed by signal {}", status & 0x7f);
            return Some(status >> 8 & 0xff);
        }
        if Instant::now() > end {
            kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
            while waitpid_nohang(pid).unwrap().is_none() {}
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What a forked child does. It must not print: the lock of standard output may be held for ever. So its exit code says at
/// which step something was wrong.
fn in_child(trail: Trail, before: tracing_audit::Receipt, exact: bool) -> ! {
    let began = Instant::now();
    let already = trail.status();
    let mut wrong = 0;
    let mut check = |step: i32, holds: bool| {
        if wrong == 0 && !holds {
            wrong = step;
        }
    };
    let mut refused = 0;
    for n in 0..50 {
        let receipt = audit!(events::DATA_DELETE, user.id = "child", n);
        refused += u64::from(receipt.accepted().is_err_and(|error| error.kind() == ErrorKind::Closed));
    }
    let request = tracing::info_span!("request", user_id = "child").entered();
    tracing::info!(target: "audit", event = "DATA_DELETE", "from a child");
    drop(request);
    check(1, refused == 50 || !exact);
    let closed =
        |result: Result<(), tracing_audit::Error>| result.is_err_and(|error| error.kind() == ErrorKind::Closed);
    check(2, closed(trail.flush()));
    check(3, closed(trail.sync()));
    let late = audit!(events::DATA_DELETE, user.id = "child");
    check(4, closed(late.synced().map(drop)) && late.seq().is_none());
    check(5, closed(before.synced().map(drop)) || before.seq().is_some());
    let status = trail.status();
    check(6, status.health == Health::Ended);
    let lost = status.lost.total() - already.lost.total();
    check(7, lost == 52 || (!exact && lost > 52));
    let _ = (trail.metrics(), trail.recent(), trail.id());
    let waiting = std::pin::pin!(late.synced_async());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    check(8, waiting.poll(&mut context).is_ready());
    let waiting = std::pin::pin!(before.synced_async());
    check(9, waiting.poll(&mut context).is_ready());
    check(10, closed(trail.clone().close()));
    drop(trail);
    // Nothing above had to wait for more than a lock that nobody gives back.
    check(11, began.elapsed() < Duration::from_secs(10));
    exit(wrong);
}

fn begin() -> Option<(String, Trail)> {
    let case = std::env::var(CASE).ok()?;
    let trail = Trail::builder(std::env::var_os(DIR).unwrap()).build().unwrap();
    tracing_subscriber::registry().with(trail.layer()).init();
    Some((case, trail))
}

/// Does nothing unless it is run as a child: a program that forks.
#[test]
fn program() {
    let Some((case, trail)) = begin() else { return };
    match case.as_str() {
        "quiet" => {
            let before = audit!(events::AUTH_LOGIN, user.id = "parent");
            before.synced().unwrap();
            // What a busy parent leaves uncertain is what it accepted in the last millisecond.
            std::thread::sleep(Duration::from_millis(5));
            match fork().unwrap() {
                Fork::Child => in_child(trail, before, true),
                Fork::Parent(pid) => assert_eq!(await_child(pid), Some(0)),
            }
            audit!(events::AUTH_LOGOUT, user.id = "parent").synced().unwrap();
        }
        "busy" => {
            let over = AtomicBool::new(false);
            std::thread::scope(|scope| {
                for thread in 0..3_u64 {
                    let over = &over;
                    scope.spawn(move || {
                        let mut n = 0_u64;
                        while !over.load(Ordering::Relaxed) {
                            n += 1;
                            let receipt = audit!(events::DATA_READ, user.id = "parent", thread, n);
                            if n.is_multiple_of(64) {
                                receipt.written().unwrap();
                            }
                        }
                    });
                }
                for number in 0..150 {
                    let before = audit!(events::AUTH_LOGIN, user.id = "parent", number);
                    match fork().unwrap() {
                        Fork::Child => in_child(trail.clone(), before, false),
                        Fork::Parent(pid) => {
                            let said = await_child(pid);
                            if said != Some(0) {
                                over.store(true, Ordering::Relaxed);
                                panic!("child {number}: {said:?}");
                            }
                        }
                    }
                }
                over.store(true, Ordering::Relaxed);
            });
        }
        other => panic!("{other}?"),
    }
    let status = trail.status();
    // How busy the machine is says nothing of the trail.
    assert!(status.health < Health::Critical && status.fault.is_none(), "{status:?}");
    assert_eq!(status.lost.total(), 0, "the parent lost nothing: {status:?}");
    trail.close().unwrap();
    println!("\nDONE");
}

fn forks(case: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("trail");
    let variables = [(CASE, case.as_ref()), (DIR, dir.as_os_str())];
    let ended = child::run("fork::program", &variables).unwrap_or_else(|why| panic!("{case}: {why}"));
    assert!(ended.status.success() && ended.stdout.contains("\nDONE"), "{ended:?}");
    home
}

fn assert_the_childs_are_not_in(dir: &Path) -> usize {
    let report = verify(dir).unwrap();
    assert_eq!(report.exit_code(), 0, "{report}");
    let records: Vec<_> = read(dir).unwrap().map(Result::unwrap).collect();
    let users: Vec<&str> = records.iter().filter_map(|record| record.user_id()).collect();
    assert!(!users.contains(&"child"));
    users.len()
}

#[test]
fn a_forked_child_writes_nothing_waits_for_nothing_and_counts_exactly() {
    let home = forks("quiet");
    assert_eq!(assert_the_childs_are_not_in(&home.path().join("trail")), 2);
}

#[test]
fn children_forked_at_any_moment_neither_hang_nor_disturb_the_parent() {
    let home = forks("busy");
    let dir = home.path().join("trail");
    assert!(assert_the_childs_are_not_in(&dir) > 150);
    // Every record of the parent is there: each thread's in its order, without a hole.
    let mut last = [0; 3];
    for record in read(&dir).unwrap().map(Result::unwrap) {
        let number = |name| record.metadata()?.get(name)?.as_u64();
        if let (Some(thread), Some(n)) = (number("thread"), number("n")) {
            assert_eq!(n, last[thread as usize] + 1);
            last[thread as usize] = n;
        }
    }
}

/// The control: a process that is no fork loses nothing by the same calls.
#[test]
fn what_a_child_loses_its_parent_would_have_kept() {
    let home = tempfile::tempdir().unwrap();
    let trail = Trail::builder(home.path().join("trail")).detached().build().unwrap();
    for n in 0..50 {
        audit!(in: &trail, events::DATA_DELETE, user.id = "child", n)
            .accepted()
            .unwrap();
    }
    trail.flush().unwrap();
    assert_eq!((trail.status().written.total(), trail.status().lost.total()), (50, 0));
}

/// What an operator sees: the child's copy of the lock does not keep the directory once the parent has ended it.
#[test]
fn a_child_that_lives_on_does_not_hold_the_directory_behind_a_clean_end() {
    let Some((_, trail)) = begin() else {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("trail");
        let name = "fork::a_child_that_lives_on_does_not_hold_the_directory_behind_a_clean_end";
        let ended = child::run(name, &[(CASE, "lock".as_ref()), (DIR, dir.as_os_str())]).unwrap();
        assert!(ended.status.success() && ended.stdout.contains("\nDONE"), "{ended:?}");
        return;
    };
    let dir = trail.dir().to_owned();
    match fork().unwrap() {
        Fork::Child => loop {
            std::thread::park();
        },
        Fork::Parent(pid) => {
            trail.close().unwrap();
            let next = Trail::builder(&dir).lock_wait(Duration::ZERO).detached().build();
            kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
            next.unwrap().close().unwrap();
            println!("\nDONE");
        }
    }
}
