//! Alerts from their raising to their end: as records, over restarts, on channels, by the command's fold.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, SystemTime};

use tracing_audit::testing::ManualClock;
use tracing_audit::{
    AlertChange, AlertStatus, Alerts, Builder, ChannelStatus, ErrorKind, Escalation, Priority, Query, Trail, Verdict,
    Verify, Watch, audit, events,
};

fn builder(dir: &Path) -> Builder {
    Trail::builder(dir).detached().mirror(false).watch(Watch::standard())
}

fn fail(trail: &Trail, user: &str, times: u32) {
    for _ in 0..times {
        audit!(in: trail, events::AUTH_FAILED, user_id = user);
    }
    trail.flush().unwrap();
}

/// What a channel is told, as it comes.
fn listening(builder: Builder) -> (Builder, Receiver<(AlertChange, String, u64)>) {
    let (tell, told) = mpsc::channel();
    let builder = builder.on_alert(move |change, alert| {
        let _ = tell.send((change, alert.key.clone(), alert.count));
    });
    (builder, told)
}

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn open_alerts_survive_restarts_with_who_took_them_on() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = builder(&dir).build().unwrap();
    fail(&trail, "alice", 12);
    fail(&trail, "bob", 5);
    fail(&trail, "carol", 5);
    let ids: Vec<String> = trail.alerts().into_iter().rev().map(|alert| alert.id).collect();
    let [alice, bob, carol] = ids.try_into().unwrap();
    trail.acknowledge(&alice, "dora@example.org", "calling her").unwrap();
    trail.resolve(&carol, "dora@example.org", "a test").unwrap();
    let before = trail.alerts();
    trail.close().unwrap();

    // A second run, and one that is killed without an end: what is on the disk is enough.
    for _ in 0..2 {
        let (builder, told) = listening(builder(&dir));
        let trail = builder.build().unwrap();
        let mut open: Vec<_> = (0..2).map(|_| told.recv_timeout(PATIENCE).unwrap()).collect();
        open.sort_by(|one, other| one.1.cmp(&other.1));
        assert_eq!(
            open.iter().map(|(change, ..)| *change).collect::<Vec<_>>(),
            [AlertChange::Open; 2]
        );
        let alerts = trail.alerts();
        assert_eq!(alerts.len(), 2);
        for (alert, known) in alerts.iter().zip(&before) {
            assert_eq!(
                (&alert.id, alert.status, &alert.acknowledged),
                (&known.id, known.status, &known.acknowledged)
            );
            assert_eq!(
                (&alert.message, &alert.context, alert.raised),
                (&known.message, &known.context, known.raised)
            );
            assert!(alert.count <= known.count && alert.count * 2 > known.count);
        }
        trail.close().unwrap();
    }

    let trail = builder(&dir).build().unwrap();
    let twice = trail.acknowledge(&alice, "erin@example.org", "").unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Config);
    assert!(
        twice.to_string().contains("acknowledged by dora@example.org"),
        "{twice}"
    );
    let over = trail.resolve(&carol, "erin@example.org", "").unwrap_err();
    assert!(over.to_string().contains("resolved by dora@example.org"), "{over}");
    let unknown = trail.resolve("99-1", "erin@example.org", "").unwrap_err();
    assert!(unknown.to_string().contains("no alert \"99-1\" is open"), "{unknown}");
    assert!(trail.acknowledge(&bob, "  ", "").is_err() && trail.acknowledge(&bob, "erin", &"x".repeat(2_000)).is_err());
    // Of these nothing was recorded, and nothing is lost.
    assert_eq!(trail.alerts().len(), 2);
    trail
        .resolve(
            &bob,
            "erin@example.org",
            "token ghp_0123456789abcdefABCDEF0123456789abcd",
        )
        .unwrap();
    trail.resolve(&alice, "erin@example.org", "").unwrap();
    assert_eq!(trail.alerts(), []);

    let history = trail.alert_history("auditor@example.org", &Alerts::new()).unwrap();
    assert!(history.skipped.is_empty());
    let said: Vec<_> = history
        .alerts
        .iter()
        .map(|alert| (alert.key.as_str(), alert.status))
        .collect();
    assert_eq!(said, ["carol", "bob", "alice"].map(|key| (key, AlertStatus::Resolved)));
    let note = &history.alerts[1].resolved.as_ref().unwrap().note;
    assert!(
        !note.contains("0123456789abcdef"),
        "what is secret in a note is redacted: {note}"
    );
    assert_eq!(history.alerts[2].acknowledged.as_ref().unwrap().by, "dora@example.org");
    trail.close().unwrap();
    let by_erin = Query::new().user("erin@example.org").entries(&dir).unwrap();
    assert_eq!(
        by_erin
            .map(Result::unwrap)
            .filter(|record| record.event() == "ALERT_RESOLVED")
            .count(),
        2
    );
    let asked = Query::new()
        .event("AUDIT_READ")
        .user("auditor@example.org")
        .entries(&dir)
        .unwrap();
    assert_eq!(asked.count(), 1);
    assert_eq!(
        Verify::new(&dir).deep(true).run().unwrap().verdict(),
        Verdict::Consistent
    );
}

#[test]
fn a_key_that_goes_on_behind_a_restart_counts_for_the_same_alert() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = builder(&dir).build().unwrap();
    fail(&trail, "alice", 5);
    trail.close().unwrap();
    let trail = builder(&dir).build().unwrap();
    // At the latest the fifth of this run is the next finding, and the first if what the other saw is read back by then.
    fail(&trail, "alice", 5);
    trail.close().unwrap();
    let history = Alerts::new().entries(&dir).unwrap();
    let [alert] = history.alerts.try_into().unwrap();
    assert_eq!(alert.id, "1-1");
    assert!([2, 4].contains(&alert.count), "{alert}");
}

#[test]
fn what_was_found_moments_before_an_end_is_recorded() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    for run in 1..=3 {
        let trail = builder(&dir).build().unwrap();
        for _ in 0..5 {
            audit!(in: &trail, events::AUTH_FAILED, user_id = format!("user-{run}"));
        }
        // No flush: an end has it all.
        trail.close().unwrap();
    }
    let history = Alerts::new().entries(&dir).unwrap();
    let keys: Vec<_> = history
        .alerts
        .iter()
        .map(|alert| (alert.key.as_str(), alert.id.as_str()))
        .collect();
    assert_eq!(keys, [("user-3", "3-1"), ("user-2", "2-1"), ("user-1", "1-1")]);
}

#[test]
fn history_is_asked_by_status_priority_rule_key_and_time() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let clock = Arc::new(ManualClock::new(began));
    let trail = builder(&dir).clock(clock.clone()).build().unwrap();
    for hour in 0..6 {
        fail(&trail, &format!("user-{hour}"), 5);
        clock.advance(Duration::from_secs(3_600));
    }
    for _ in 0..10 {
        audit!(in: &trail, events::SECURITY_RATE_LIMIT, ip = "10.0.0.1");
    }
    trail.flush().unwrap();
    let first = trail.alerts().pop().unwrap();
    assert_eq!(first.escalation(clock_now(&clock)), Escalation::Management);
    trail.acknowledge(&first.id, "dora", "").unwrap();
    trail.close().unwrap();
    let keys = |alerts: Alerts| -> Vec<String> {
        alerts
            .entries(&dir)
            .unwrap()
            .alerts
            .into_iter()
            .map(|alert| alert.key)
            .collect()
    };
    assert_eq!(keys(Alerts::new()).len(), 7);
    assert_eq!(keys(Alerts::new().limit(2)), ["10.0.0.1", "user-5"]);
    assert_eq!(keys(Alerts::new().status(AlertStatus::Acknowledged)), ["user-0"]);
    assert_eq!(keys(Alerts::new().rule("rate_limits")), ["10.0.0.1"]);
    assert_eq!(keys(Alerts::new().at_least(Priority::High)).len(), 6);
    assert_eq!(keys(Alerts::new().key("user-3")), ["user-3"]);
    let (since, until) = (
        began + Duration::from_secs(2 * 3_600),
        began + Duration::from_secs(4 * 3_600),
    );
    assert_eq!(keys(Alerts::new().since(since).until(until)), ["user-3", "user-2"]);
}

fn clock_now(clock: &ManualClock) -> SystemTime {
    tracing_audit::Clock::now(clock)
}

#[test]
fn a_callback_that_never_returns_or_panics_holds_up_neither_the_trail_nor_another_channel() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let (hold, never) = mpsc::channel::<()>();
    let (inside, entered) = mpsc::channel();
    let hangs = builder(&dir)
        .on_alert(move |_, _| {
            let _ = inside.send(());
            let _ = never.recv();
        })
        .on_alert(|_, _| panic!("as planned"));
    let (builder, told) = listening(hangs);
    let trail = builder.build().unwrap();
    fail(&trail, "alice", 10);
    entered.recv_timeout(PATIENCE).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap().0, AlertChange::Raised);
    // With the first piece of news still in its hand, the trail goes on, answers and ends.
    audit!(in: &trail, events::DATA_READ).synced().unwrap();
    let id = trail.alerts()[0].id.clone();
    trail.acknowledge(&id, "dora", "").unwrap();
    let acknowledged = std::iter::from_fn(|| told.recv_timeout(PATIENCE).ok());
    assert!(
        acknowledged
            .take(10)
            .any(|(change, ..)| change == AlertChange::Acknowledged)
    );
    let channels = || -> [ChannelStatus; 3] { trail.status().channels.try_into().unwrap() };
    let began = std::time::Instant::now();
    let [hanging, panicking, working] = loop {
        let [hanging, panicking, working] = channels();
        // Each of them is on a thread of its own, which may not have come to it yet.
        if (panicking.failed > 0 && working.delivered > 1) || began.elapsed() > PATIENCE {
            break [hanging, panicking, working];
        }
        std::thread::yield_now();
    };
    assert_eq!((hanging.delivered, hanging.failed), (0, 0));
    assert!(hanging.waiting > 0);
    assert!(
        panicking.failed > 0 && panicking.last_error.as_deref() == Some("it panicked"),
        "{panicking:?}"
    );
    assert!(working.delivered > 1 && working.failed == 0);
    trail.close().unwrap();
    drop(hold);
    assert_eq!(
        Alerts::new()
            .status(AlertStatus::Acknowledged)
            .entries(&dir)
            .unwrap()
            .alerts
            .len(),
        1
    );
}

#[test]
fn alerts_are_counted_in_metrics_and_health_and_a_trail_without_alerts_has_none() {
    let home = tempfile::tempdir().unwrap();
    let trail = builder(&home.path().join("logs")).build().unwrap();
    audit!(in: &trail, events::AUTH_FAILED, user_id = "alice")
        .written()
        .unwrap();
    assert_eq!(trail.alerts(), []);
    assert!(
        trail
            .alert_history("auditor", &Alerts::new())
            .unwrap()
            .alerts
            .is_empty()
    );
    fail(&trail, "alice", 20);
    let metrics = trail.metrics();
    assert!(
        metrics.contains("audit_alerts_total{rule=\"failed_logins\",priority=\"high\"} 1"),
        "{metrics}"
    );
    let status = trail.status();
    let rule = status.rules.iter().find(|rule| rule.name == "failed_logins").unwrap();
    assert_eq!((rule.findings, rule.keys, rule.evicted), (17, 1, 0));
    assert!(rule.memory_bytes > 0);
}

#[cfg(feature = "cli")]
mod command {
    use std::process::Command;

    use super::*;

    fn alerts(dir: &Path, arguments: &[&str]) -> (i32, String) {
        let out = Command::new(env!("CARGO_BIN_EXE_tracing-audit"))
            .arg("alerts")
            .arg(dir)
            .args(arguments)
            .env_remove("TRACING_AUDIT_TO")
            .output()
            .unwrap();
        (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap())
    }

    #[test]
    fn the_command_shows_what_the_trail_knows_while_it_runs_and_after() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("logs");
        let trail = builder(&dir).build().unwrap();
        fail(&trail, "alice", 5);
        fail(&trail, "bob", 5);
        let bob = trail.alerts()[0].id.clone();
        trail.resolve(&bob, "dora@example.org", "a test").unwrap();
        let (code, text) = alerts(&dir, &["--status", "active"]);
        assert_eq!(code, 0);
        assert!(
            text.lines().count() == 2 && text.contains("failed_logins  user alice"),
            "{text}"
        );
        trail.close().unwrap();
        let (code, text) = alerts(&dir, &["--json", "--at-least", "high"]);
        assert_eq!(code, 0);
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            (lines[0]["key"].as_str(), lines[0]["status"].as_str()),
            (Some("bob"), Some("resolved"))
        );
        assert_eq!(lines[0]["resolved"]["by"], "dora@example.org");
        assert_eq!(
            (lines[1]["key"].as_str(), lines[1]["type"].as_str()),
            (Some("alice"), Some("authentication"))
        );
        assert_eq!(alerts(&dir, &["--rule", "nothing"]), (0, String::new()));
        assert_eq!(alerts(&dir, &["--status", "gone"]).0, 64);
        assert_eq!(alerts(&home.path().join("nowhere"), &[]).0, 4);
    }
}
