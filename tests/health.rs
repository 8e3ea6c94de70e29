//! How a trail is, in one word and with reasons, fit for `/health`.

use std::time::Duration;

use serde_json::Value;
use tracing_audit::{DiskAction, DiskSpace, DiskTier, Health, Trail, Watch, audit, events, verify};

fn builder(home: &tempfile::TempDir) -> tracing_audit::Builder {
    let builder = Trail::builder(home.path().join("logs")).watch(Watch::standard());
    builder.detached().mirror(false)
}

fn until(so: impl Fn() -> bool) {
    let ends = std::time::Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(std::time::Instant::now() < ends, "it never came to be");
        std::thread::yield_now();
    }
}

#[test]
fn a_trail_that_works_says_who_it_is_and_since_when() {
    let home = tempfile::tempdir().unwrap();
    let trail = builder(&home).service("shop", "1.2.3").host("h-7").build().unwrap();
    let report = trail.health();
    assert_eq!(
        (report.health, report.status_code(), report.reasons.len()),
        (Health::Healthy, 200, 0)
    );
    assert_eq!(trail.status().health, Health::Healthy);
    let json: Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["status"], "healthy");
    assert_eq!(
        (&json["service"], &json["version"], &json["hostname"]),
        (&"shop".into(), &"1.2.3".into(), &"h-7".into())
    );
    assert_eq!(json["trail"], trail.id());
    assert!(json["time"].as_str().unwrap().ends_with('Z'));
    let first = json["uptime_seconds"].as_f64().unwrap();
    until(|| trail.health().uptime.as_secs_f64() > first);
}

#[test]
fn a_trail_that_has_ended_answers_503() {
    let home = tempfile::tempdir().unwrap();
    let trail = builder(&home).build().unwrap();
    trail.clone().close().unwrap();
    until(|| trail.health().health == Health::Ended);
    let report = trail.health();
    assert_eq!((report.status_code(), report.reasons[0].about), (503, "ended"));
    assert_eq!(trail.status().health, Health::Ended);
}

#[test]
fn files_that_were_changed_are_critical_until_they_verify() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let first = builder(&home).build().unwrap();
    audit!(in: &first, events::DATA_DELETE, user.id = "mallory")
        .synced()
        .unwrap();
    first.close().unwrap();
    let trail = builder(&home).build().unwrap();
    let file = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
    let file = file
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .min()
        .unwrap();
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, good.replace("mallory", "alice  ")).unwrap();
    trail.verified(&verify(&dir).unwrap()).unwrap();
    let report = trail.health();
    assert_eq!(
        (report.health, report.status_code(), report.reasons[0].about),
        (Health::Critical, 503, "verify")
    );
    assert!(trail.metrics().contains("\naudit_verify_ok 0\n") && trail.metrics().contains("\naudit_health 3\n"));
    std::fs::write(&file, good).unwrap();
    trail.verified(&verify(&dir).unwrap()).unwrap();
    assert_eq!(trail.health().health, Health::Healthy);
}

#[test]
fn a_disk_on_its_first_step_is_a_warning_and_on_its_second_critical() {
    for (warn, act, health, tier) in [
        (u64::MAX, 0, Health::Warning, DiskTier::Warn),
        (u64::MAX, u64::MAX, Health::Critical, DiskTier::Act),
    ] {
        let home = tempfile::tempdir().unwrap();
        let space = DiskSpace::default()
            .warn_below(warn, DiskAction::ignore())
            .act_below(act, DiskAction::ignore());
        let trail = builder(&home).disk_space(space).build().unwrap();
        audit!(in: &trail, events::AUTH_LOGIN).synced().unwrap();
        until(|| trail.status().disk_tier == tier);
        let report = trail.health();
        assert_eq!((report.health, report.reasons[0].about), (health, "disk"));
        assert_eq!(trail.status().health, health);
    }
}

#[test]
fn an_alert_that_nobody_took_on_is_a_reason_and_never_a_critical_one() {
    let home = tempfile::tempdir().unwrap();
    let trail = builder(&home).build().unwrap();
    for _ in 0..8 {
        audit!(in: &trail, events::SECURITY_CONTRACT_VALIDATION, outcome = tracing_audit::Outcome::Failure);
    }
    trail.sync().unwrap();
    until(|| trail.health().reasons.iter().any(|reason| reason.about == "alerts"));
    let report = trail.health();
    assert_eq!((report.health, report.status_code()), (Health::Warning, 200));
    for alert in trail.alerts() {
        trail.acknowledge(&alert.id, "duty@example.org", "looking").unwrap();
    }
    until(|| trail.health().health == Health::Healthy);
}

#[cfg(feature = "system")]
#[test]
fn the_machine_is_looked_at_where_the_program_asks_and_its_limits_are_reasons() {
    use tracing_audit::Resources;

    let home = tempfile::tempdir().unwrap();
    let trail = builder(&home).build().unwrap();
    assert_eq!(trail.health().system, None);
    assert!(!trail.metrics().contains("audit_host_cpu_ratio"));
    trail.close().unwrap();

    let limits = Resources::default().cpu(101.0).disk(101.0).memory(0.001);
    let trail = builder(&home).resources(limits).build().unwrap();
    until(|| trail.health().system.is_some_and(|seen| seen.cpu_percent.is_some()));
    let report = trail.health();
    let said: Vec<_> = report.reasons.iter().map(|reason| reason.about).collect();
    assert_eq!((report.health, said), (Health::Warning, vec!["memory"]));
    let json: Value = serde_json::from_str(&report.to_json()).unwrap();
    assert!(json["system"]["process_memory"].as_u64().unwrap() > 100_000);
    assert!(json["system"]["threads"].as_u64().unwrap() >= 2);
    let text = trail.metrics();
    for name in [
        "audit_process_resident_bytes",
        "audit_process_open_files",
        "audit_host_memory_ratio",
    ] {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() > 0.0, "{line}");
    }
}
