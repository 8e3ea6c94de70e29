//! What the standard rules find in the records of a running trail, and what stands in the file then.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, SystemTime};

use tracing_audit::testing::ManualClock;
use tracing_audit::{
    AlertType, Brief, Builder, Category, EventType, Finding, Outcome, Priority, Record, Rule, Severity, Trail, Verdict,
    Verify, Watch, audit, events,
};

use crate::child;
use crate::keyed::second_opinion;

fn builder(dir: &Path) -> Builder {
    Trail::builder(dir).detached().mirror(false).watch(Watch::standard())
}

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn records(dir: &Path) -> Vec<Record> {
    tracing_audit::read(dir).unwrap().collect::<Result<_, _>>().unwrap()
}

/// The records of callers that a rule flagged: their places among the callers' records, and the rule.
fn flagged(dir: &Path) -> Vec<(usize, String)> {
    let own = |record: &Record| matches!(record.category(), Category::Audit | Category::Alert);
    let callers = records(dir).into_iter().filter(|record| !own(record)).enumerate();
    callers
        .filter(|(_, record)| record.flagged())
        .map(|(at, record)| {
            assert!(record.suspicious_reason().is_some_and(|reason| !reason.is_empty()));
            (at, record.rule().unwrap().to_owned())
        })
        .collect()
}

/// What happened, at which second, and whom it is about: a user and an address.
type Scripted = (EventType, u64, &'static str, &'static str);

/// Records by a script: each at so many seconds, with the event's own time.
fn replay(watch: Watch, script: impl IntoIterator<Item = Scripted>) -> (Vec<(usize, String)>, Vec<String>) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = builder(&dir).watch(watch).build().unwrap();
    for (event, second, user, ip) in script {
        let occurred = start() + Duration::from_secs(second);
        audit!(in: &trail, event, occurred = occurred, user_id = user, ip = ip);
    }
    trail.flush().unwrap();
    let mut alerts: Vec<String> = trail
        .alerts()
        .into_iter()
        .map(|alert| format!("{} {} {} {}", alert.rule, alert.key_kind, alert.key, alert.count))
        .collect();
    alerts.sort();
    trail.close().unwrap();
    assert_eq!(
        Verify::new(&dir).deep(true).run().unwrap().verdict(),
        Verdict::Consistent
    );
    (flagged(&dir), alerts)
}

fn rule(name: &str, places: impl IntoIterator<Item = usize>) -> Vec<(usize, String)> {
    places.into_iter().map(|at| (at, name.to_owned())).collect()
}

#[test]
fn the_fifth_failed_login_within_a_quarter_of_an_hour_raises_by_user_and_by_address() {
    let failed = events::AUTH_FAILED;
    let (found, alerts) = replay(
        Watch::standard(),
        [
            (failed, 0, "alice", "10.0.0.1"),
            (failed, 60, "alice", "10.0.0.2"),
            (failed, 120, "alice", "10.0.0.3"),
            (failed, 180, "alice", "10.0.0.4"),
            // 15 minutes and a second after the first.
            (failed, 901, "alice", "10.0.0.5"),
            (failed, 910, "alice", "10.0.0.5"),
            (failed, 920, "bob", "10.0.0.5"),
            (failed, 930, "carol", "10.0.0.5"),
            (failed, 940, "dave", "10.0.0.5"),
            (failed, 950, "erin", "10.0.0.5"),
        ],
    );
    assert_eq!(found, rule("failed_logins", [5, 8, 9]));
    assert_eq!(alerts, ["failed_logins ip 10.0.0.5 2", "failed_logins user alice 1"]);
}

#[test]
fn what_the_rules_remember_stands_in_the_status_as_soon_as_a_flush_returns() {
    let home = tempfile::tempdir().unwrap();
    let trail = builder(&home.path().join("logs")).build().unwrap();
    for round in 1..=3 {
        for user in 0..100 {
            audit!(in: &trail, events::AUTH_FAILED, user_id = round * 1_000 + user);
        }
        trail.flush().unwrap();
        let status = trail.status();
        let rule = status.rules.iter().find(|rule| rule.name == "failed_logins").unwrap();
        assert_eq!((rule.keys, rule.findings), (round * 100, 0));
        assert!(rule.memory_bytes > rule.keys * 24, "{rule:?}");
    }
}

#[test]
fn a_restart_makes_no_failure_undone() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let clock = Arc::new(ManualClock::new(start()));
    let run = || builder(&dir).clock(clock.clone());
    let fail = |trail: &Trail, user: &str, times: u32| {
        for _ in 0..times {
            clock.advance(Duration::from_secs(1));
            audit!(in: trail, events::AUTH_FAILED, user_id = user);
        }
        trail.flush().unwrap();
    };
    let trail = run().build().unwrap();
    fail(&trail, "alice", 3);
    fail(&trail, "b\"ob", 3);
    // Raised already, and not again by what is read back.
    fail(&trail, "carol", 6);
    fail(&trail, "dave", 4);
    trail.close().unwrap();

    let (tell, told) = mpsc::channel();
    let trail = run()
        .on_alert(move |change, alert| {
            let _ = tell.send((change, alert.rule.clone(), alert.key.clone(), alert.count));
        })
        .build()
        .unwrap();
    fail(&trail, "alice", 2);
    fail(&trail, "b\"ob", 2);
    // Whether its fifth failure or what was read back completed it: each is raised once.
    let mut raised = Vec::new();
    while raised.len() < 2 {
        let (change, rule, key, count) = told.recv_timeout(Duration::from_secs(60)).unwrap();
        if change == tracing_audit::AlertChange::Raised {
            raised.push((rule, key, count));
        }
    }
    raised.sort();
    let expected = ["alice", "b\"ob"].map(|user| ("failed_logins".to_owned(), user.to_owned(), 1));
    assert_eq!(raised, expected);
    // By now all is read back. What is longer ago than the window counts no more.
    clock.advance(Duration::from_secs(15 * 60));
    fail(&trail, "dave", 4);
    let counts: Vec<(String, u64)> = trail
        .alerts()
        .into_iter()
        .map(|alert| (alert.key, alert.count))
        .collect();
    assert!(counts.contains(&("carol".to_owned(), 2)), "{counts:?}");
    assert!(counts.iter().all(|(key, _)| key != "dave"), "{counts:?}");
    trail.close().unwrap();
    assert_eq!(Verify::new(&dir).run().unwrap().verdict(), Verdict::Consistent);
}

#[test]
fn late_records_count_where_their_own_time_puts_them() {
    let failed = events::AUTH_FAILED;
    let (found, _) = replay(
        Watch::standard(),
        [
            (failed, 1_000, "alice", "10.0.0.1"),
            (failed, 10, "alice", "10.0.0.1"),
            (failed, 1_100, "alice", "10.0.0.1"),
            (failed, 1_200, "alice", "10.0.0.1"),
            (failed, 1_300, "alice", "10.0.0.1"),
            // With the others but the one at 10 it makes five.
            (failed, 900, "alice", "10.0.0.1"),
        ],
    );
    assert_eq!(found, rule("failed_logins", [5]));
}

#[test]
fn a_success_behind_many_failures_is_a_finding_of_its_own() {
    let (failed, login) = (events::AUTH_FAILED, events::AUTH_LOGIN);
    let script = (0..4).map(|at| (failed, at, "alice", "10.0.0.1"));
    let (found, _) = replay(Watch::standard(), script.chain([(login, 5, "alice", "10.0.0.9")]));
    assert_eq!(found, []);
    let script = (0..6).map(|at| (failed, at, "alice", "10.0.0.1"));
    let (found, alerts) = replay(
        Watch::standard(),
        script.chain([
            (login, 10, "alice", "10.0.0.9"),
            (login, 11, "bob", "10.0.0.1"),
            (login, 12, "carol", "10.0.0.9"),
            (login, 2_000, "alice", "10.0.0.9"),
        ]),
    );
    let expected = [
        (4, "failed_logins"),
        (5, "failed_logins"),
        (6, "success_after_failures"),
        (7, "success_after_failures"),
    ];
    assert_eq!(found, expected.map(|(at, name)| (at, name.to_owned())));
    assert!(
        alerts.contains(&"success_after_failures user alice 1".to_owned()),
        "{alerts:?}"
    );
    assert!(
        alerts.contains(&"success_after_failures ip 10.0.0.1 1".to_owned()),
        "{alerts:?}"
    );
}

/// The same thing so many times, so many of them a minute.
fn again(event: EventType, times: u64, a_minute: u64, user: &'static str) -> Vec<Scripted> {
    let one = |at| (event, at * 60 / a_minute, user, "10.0.0.1");
    (0..times).map(one).collect()
}

#[test]
fn a_success_by_id_stands_behind_failures_by_name() {
    let home = tempfile::tempdir().unwrap();
    let trail = builder(&home.path().join("logs")).build().unwrap();
    for _ in 0..5 {
        audit!(in: &trail, events::AUTH_FAILED, username = "carol", ip = "10.0.0.1");
    }
    audit!(in: &trail, events::AUTH_LOGIN, user_id = "u-17", username = "carol", ip = "10.0.0.2");
    trail.flush().unwrap();
    let alerts = trail.alerts();
    let found = alerts
        .iter()
        .find(|alert| alert.rule == "success_after_failures")
        .unwrap();
    assert_eq!((found.key_kind.as_str(), found.key.as_str()), ("user", "u-17"));
}

#[test]
fn what_a_record_says_of_the_future_counts_as_the_moment_it_came() {
    let home = tempfile::tempdir().unwrap();
    let trail = builder(&home.path().join("logs")).build().unwrap();
    // Fillers of tomorrow, each a window from the next, between five attempts of today.
    for attempt in 0..5 {
        for filler in 0..60 {
            let tomorrow = SystemTime::now() + Duration::from_secs(86_400 + (attempt * 60 + filler) * 2_000);
            audit!(in: &trail, events::AUTH_FAILED, user_id = "alice", occurred = tomorrow);
        }
        audit!(in: &trail, events::AUTH_FAILED, user_id = "alice");
    }
    trail.flush().unwrap();
    let alerts = trail.alerts();
    let found = alerts.iter().find(|alert| alert.rule == "failed_logins").unwrap();
    assert!(found.last <= SystemTime::now(), "{found:?}");
    assert_eq!(found.count, 5 * 61 - 4);
}

#[test]
fn reads_accesses_deletions_and_hits_have_limits_of_their_own() {
    let (read, update, delete) = (events::DATA_READ, events::DATA_UPDATE, events::DATA_DELETE);
    for (script, found, alert) in [
        (again(read, 99, 120, "alice"), vec![], None),
        (
            again(read, 100, 120, "alice"),
            rule("rapid_reads", [99]),
            Some("rapid_reads user alice 1"),
        ),
        (
            again(update, 1_001, 1_200, "alice"),
            rule("data_access", [999, 1_000]),
            Some("data_access user alice 2"),
        ),
        (
            again(delete, 11, 10, "alice"),
            rule("bulk_deletes", [9, 10]),
            Some("bulk_deletes user alice 2"),
        ),
        // Where nobody is named the address stands for the user.
        (
            again(events::FILE_DELETE, 10, 60, ""),
            rule("bulk_deletes", [9]),
            Some("bulk_deletes ip 10.0.0.1 1"),
        ),
        (
            again(events::SECURITY_RATE_LIMIT, 10, 60, "alice"),
            rule("rate_limits", [9]),
            Some("rate_limits ip 10.0.0.1 1"),
        ),
    ] {
        let alerts = alert.into_iter().map(str::to_owned).collect();
        assert_eq!(replay(Watch::standard(), script), (found, alerts));
    }
}

#[test]
fn a_deletion_at_night_is_found_once_the_hours_are_said() {
    // 22:13:20 UTC.
    let delete = [(events::DATA_DELETE, 0, "alice", "10.0.0.1")];
    assert_eq!(replay(Watch::standard(), delete).0, []);
    let night = Watch::none().off_hours_deletes(22, 6, 0);
    let (found, alerts) = replay(night, delete);
    assert_eq!(found, rule("off_hours_deletes", [0]));
    assert_eq!(alerts, ["off_hours_deletes user alice 1"]);
    assert_eq!(replay(Watch::none().off_hours_deletes(22, 6, -60), delete).0, []);
}

#[test]
fn contracts_and_an_address_with_three_findings_are_found() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = builder(&dir).build().unwrap();
    let contract = |outcome: Outcome, route: &str| {
        audit!(in: &trail, events::SECURITY_CONTRACT_VALIDATION, outcome = outcome, ip = "10.0.0.7", http.route = route);
    };
    contract(Outcome::Success, "/books/{id}");
    contract(Outcome::Failure, "/books/{id}");
    contract(Outcome::Denied, "/books/{id}");
    contract(Outcome::Failure, "/shelves");
    trail.flush().unwrap();
    let alerts: Vec<_> = trail
        .alerts()
        .into_iter()
        .map(|alert| (alert.rule, alert.key, alert.count))
        .collect();
    assert!(
        alerts.contains(&("contract_violations".into(), "/books/{id}".into(), 2)),
        "{alerts:?}"
    );
    assert!(alerts.contains(&("contract_violations".into(), "/shelves".into(), 1)));
    assert!(alerts.contains(&("suspicious_ip".into(), "10.0.0.7".into(), 1)));
    trail.close().unwrap();
    assert_eq!(flagged(&dir), rule("contract_violations", [1, 2, 3]));
}

#[test]
fn errors_and_slow_answers_are_found() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let clock = Arc::new(ManualClock::new(start()));
    let trail = builder(&dir).clock(clock.clone()).build().unwrap();
    for number in 0..100 {
        let outcome = if number % 20 == 19 {
            Outcome::Error
        } else {
            Outcome::Success
        };
        audit!(in: &trail, events::API_REQUEST, outcome = outcome, duration_ms = 12.5, http.route = "/books");
    }
    audit!(in: &trail, events::API_REQUEST, outcome = Outcome::Success, duration_ms = 5_000, http.route = "/slow");
    audit!(in: &trail, events::API_REQUEST, outcome = Outcome::Success, duration_ms = 4_999, http.route = "/slow");
    trail.flush().unwrap();
    let mut alerts: Vec<_> = trail
        .alerts()
        .into_iter()
        .map(|alert| (alert.rule, alert.key))
        .collect();
    alerts.sort();
    assert_eq!(
        alerts,
        [
            ("error_rate".into(), String::new()),
            ("slow_responses".into(), "/slow".into())
        ]
    );
    trail.close().unwrap();
    assert_eq!(
        flagged(&dir),
        [(99, "error_rate".to_owned()), (100, "slow_responses".to_owned())]
    );
}

#[test]
fn what_the_trail_writes_itself_is_judged_by_no_rule_and_a_flag_stands_behind_the_salt() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = builder(&dir).salted(true).build().unwrap();
    for _ in 0..5 {
        audit!(in: &trail, events::AUTH_FAILED, user_id = "al\"ice\u{202e}", password = "hunter2");
    }
    trail.close().unwrap();
    let text = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
    let text: String = text
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let line = text.lines().find(|line| line.contains("\"flagged\":true")).unwrap();
    let (_, behind) = line.split_once(",\"salt\":\"").unwrap();
    assert!(
        behind[16..].starts_with(
            "\",\"flagged\":true,\"suspicious_reason\":\"5 failed logins of one user within 15 min\",\"rule\":\"failed_logins\",\"tag\":\""
        ),
        "{line}"
    );
    assert!(!text.contains("hunter2"));
    let own = |record: &Record| matches!(record.category(), Category::Audit | Category::Alert);
    assert!(
        records(&dir)
            .iter()
            .filter(|record| own(record))
            .all(|record| !record.flagged())
    );
    let raised = records(&dir)
        .into_iter()
        .find(|record| record.event() == "ALERT_RAISED")
        .unwrap();
    assert_eq!(raised.severity(), Severity::High);
    assert_eq!(raised.metadata().unwrap()["key"], "al\"ice\u{202e}");
    let report = Verify::new(&dir).deep(true).run().unwrap();
    assert_eq!(report.verdict(), Verdict::Consistent, "{report}");
    assert!(second_opinion(&dir, None).is_none_or(|code| code == 0));
}

#[test]
fn each_record_is_judged_once_however_many_threads_write_and_however_small_the_files_are() {
    struct Counts(Arc<AtomicU64>);
    impl Rule for Counts {
        fn name(&self) -> &str {
            "counts"
        }
        fn judge(&mut self, record: &Brief<'_>) -> Option<Finding> {
            let seen = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            let own = record.field("metadata.number").is_none();
            assert!(!own, "only callers' records are shown");
            (seen.is_multiple_of(100)).then(|| Finding::new(AlertType::Custom, "the hundredth").flag_only())
        }
    }
    for threads in [2, 8] {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("logs");
        let seen = Arc::new(AtomicU64::new(0));
        let trail = builder(&dir)
            .rotation(tracing_audit::Rotation::daily().max_bytes(128 << 10))
            .watch(Watch::none())
            .rule(Counts(seen.clone()))
            .build()
            .unwrap();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for number in 0..4_000 {
                        // Nothing is shed: each waits for the file now and then.
                        let receipt =
                            audit!(in: &trail, events::DATA_READ, number = number, resource = "x".repeat(100));
                        if number % 100 == 0 {
                            receipt.written().unwrap();
                        }
                    }
                });
            }
        });
        trail.flush().unwrap();
        let status = trail.status();
        trail.close().unwrap();
        assert_eq!(status.lost.total(), 0);
        assert_eq!(seen.load(Ordering::Relaxed), threads * 4_000);
        let flagged = flagged(&dir);
        assert_eq!(flagged.len() as u64, threads * 40);
        assert!(flagged.iter().all(|(at, _)| at % 100 == 99), "in the order of the file");
        let files = std::fs::read_dir(&dir).unwrap().filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .path()
                .extension()
                .is_some_and(|extension| extension == "jsonl")
        });
        assert!(files.count() > 5);
        assert_eq!(Verify::new(&dir).run().unwrap().verdict(), Verdict::Consistent);
    }
}

#[test]
fn a_rule_that_panics_is_switched_off_said_and_counted_and_a_slow_one_is_noticed() {
    const SELF: &str = "detect::a_rule_that_panics_is_switched_off_said_and_counted_and_a_slow_one_is_noticed";
    const DIR: &str = "DETECT_TEST_DIR";
    struct Panics;
    impl Rule for Panics {
        fn name(&self) -> &str {
            "panics"
        }
        fn judge(&mut self, record: &Brief<'_>) -> Option<Finding> {
            if record.user().as_deref() == Some("bob") {
                std::panic::panic_any(Boom);
            }
            None
        }
    }
    /// What is thrown throws again, and so does the rule at its end.
    struct Boom;
    impl Drop for Boom {
        fn drop(&mut self) {
            panic!("and again");
        }
    }
    impl Drop for Panics {
        fn drop(&mut self) {
            std::panic::panic_any(Boom);
        }
    }
    struct Sleeps;
    impl Rule for Sleeps {
        fn name(&self) -> &str {
            "sleeps"
        }
        fn judge(&mut self, _: &Brief<'_>) -> Option<Finding> {
            std::thread::sleep(Duration::from_millis(3));
            None
        }
    }
    let Some(dir) = std::env::var_os(DIR) else {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("logs");
        let ended = child::run(SELF, &[(DIR, dir.as_os_str()), ("RUST_BACKTRACE", OsStr::new("0"))]).unwrap();
        assert!(ended.status.success(), "{}\n{}", ended.stdout, ended.stderr);
        assert_eq!(
            ended
                .stderr
                .matches("the rule panics panicked, and is switched off")
                .count(),
            1,
            "{}",
            ended.stderr
        );
        assert_eq!(
            ended.stderr.matches("the rule sleeps took").count(),
            1,
            "{}",
            ended.stderr
        );
        return;
    };
    // As the process's trail, under a global subscriber.
    let trail = Trail::builder(Path::new(&dir))
        .mirror(false)
        .watch(Watch::standard())
        .rule(Panics)
        .rule(Sleeps)
        .build()
        .unwrap();
    use tracing_subscriber::prelude::*;
    tracing_subscriber::registry().with(trail.layer()).init();
    for user in ["alice", "bob", "bob", "alice"] {
        audit!(events::DATA_READ, user_id = user);
    }
    trail.flush().unwrap();
    let status = trail.status();
    let of = |name: &str| status.rules.iter().find(|rule| rule.name == name).unwrap();
    assert!(!of("panics").on);
    let report = trail.health();
    assert!(
        report.to_json().contains("the rule panics panicked"),
        "{}",
        report.to_json()
    );
    assert!(of("sleeps").on && of("sleeps").slow == 4 && of("sleeps").longest >= Duration::from_millis(3));
    assert!(of("failed_logins").on);
    let read = records(Path::new(&dir))
        .into_iter()
        .filter(|record| record.event() == "DATA_READ")
        .count();
    assert_eq!(read, 4);
    drop(trail);
}

#[test]
fn a_rule_of_ones_own_sees_what_the_redaction_left_and_ten_lines_make_one() {
    struct Port;
    impl Rule for Port {
        fn name(&self) -> &str {
            "odd_port"
        }
        fn judge(&mut self, record: &Brief<'_>) -> Option<Finding> {
            assert!(!format!("{record:?}").contains("hunter2"));
            assert_eq!(record.category(), Category::Auth);
            assert_eq!(record.duration(), None);
            let port: u16 = record.field("metadata.port")?.parse().ok()?;
            let finding = Finding::new(AlertType::Custom, "an odd port").priority(Priority::Critical);
            (port != 22).then(|| finding.key("port", &port.to_string()))
        }
    }
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let (tell, told) = mpsc::channel();
    let trail = builder(&dir)
        .rule(Port)
        .on_alert(move |change, alert| tell.send((change, alert.to_string())).unwrap())
        .build()
        .unwrap();
    for port in [22, 2222] {
        audit!(in: &trail, events::AUTH_LOGIN, port = port, password = "hunter2");
    }
    trail.flush().unwrap();
    let (change, said) = told.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(change, tracing_audit::AlertChange::Raised);
    assert!(
        said.contains("critical odd_port port 2222: an odd port (active, once)"),
        "{said}"
    );
    trail.close().unwrap();
    assert_eq!(flagged(&dir), rule("odd_port", [1]));

    let taken = builder(&home.path().join("other")).rule(Port).rule(Port).build();
    assert!(
        taken
            .unwrap_err()
            .to_string()
            .contains("\"odd_port\" cannot be the name of a rule")
    );
}

#[test]
fn the_rule_set_stands_in_status_and_in_the_trail_with_where_it_comes_from() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let watch: Watch = "none, failed_logins=3/10m".parse().unwrap();
    let trail = builder(&dir).watch(watch).build().unwrap();
    let status = trail.status();
    let setting = status.settings.iter().find(|setting| setting.name == "rules").unwrap();
    assert_eq!(setting.value, "none, failed_logins=3/10m");
    assert_eq!(setting.source, tracing_audit::Source::Code);
    trail.close().unwrap();
    let config = records(&dir)
        .into_iter()
        .find(|record| record.event() == "AUDIT_CONFIG")
        .unwrap();
    assert_eq!(
        config.metadata().unwrap()["settings"]["rules"]["value"],
        "none, failed_logins=3/10m"
    );
    let wrong = builder(&dir)
        .watch(Watch::standard().off_hours_deletes(5, 5, 0))
        .build()
        .unwrap_err();
    assert!(wrong.to_string().contains("off_hours_deletes"), "{wrong}");
}
