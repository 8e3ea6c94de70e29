//! The published JSON Schema describes every line that is written, and no other.

use std::path::Path;

use serde_json::{Value, json};
use tracing_audit::{Hold, Outcome, Severity, Trail, Watch, events};

use crate::every_key;

fn schema() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/record.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn lines() -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let logs = dir.path().join("logs");
    for salted in [false, true] {
        let trail = Trail::builder(&logs)
            .detached()
            .salted(salted)
            .service("shop", "1.2.3")
            .build()
            .unwrap();
        for event in every_key::types() {
            trail.draft(event).user_id("alice").emit();
        }
        for outcome in Outcome::ALL {
            for severity in Severity::ALL {
                trail
                    .draft(events::DATA_READ)
                    .outcome(outcome)
                    .severity(severity)
                    .emit();
            }
        }
        every_key::record(&trail, events::DATA_UPDATE, Outcome::Success);
        if salted {
            let erased = trail.draft(events::DATA_READ).emit().synced().unwrap();
            trail.erase([erased], "a request", "dpo").unwrap();
            let file = trail.status().file.file_name().unwrap().to_str().unwrap().to_owned();
            for what in [Hold::File(file), Hold::Trail] {
                trail.hold(what, "a case", "legal").unwrap();
            }
            trail.release(Hold::Trail, "over", "legal").unwrap();
        }
        trail.close().unwrap();
    }
    lines_of(&logs)
}

fn lines_of(logs: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(logs).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            lines.extend(std::fs::read_to_string(path).unwrap().lines().map(str::to_owned));
        }
    }
    lines
}

#[test]
fn every_line_fits_the_schema() {
    let schema = schema();
    let lines = lines();
    assert!(lines.len() > 150);
    for kind in [
        "\"erased\":\"",
        "AUDIT_ERASE",
        "AUDIT_HOLD",
        "\"held\":[",
        "\"hold\":true",
    ] {
        assert!(lines.iter().any(|line| line.contains(kind)), "{kind}");
    }
    lines.iter().for_each(|line| drop(fitting(&schema, line)));
}

/// The line as a value, which fits.
fn fitting(schema: &jsonschema::Validator, line: &str) -> Value {
    let value: Value = serde_json::from_str(line).unwrap();
    let errors: Vec<String> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {line}");
    value
}

#[test]
fn what_is_flagged_and_what_tells_of_alerts_fits_and_has_the_members_that_the_format_names() {
    let dir = tempfile::tempdir().unwrap();
    let logs = dir.path().join("logs");
    let trail = Trail::builder(&logs)
        .detached()
        .mirror(false)
        .watch(Watch::standard())
        .build()
        .unwrap();
    for user in ["alice", "bob"] {
        for _ in 0..6 {
            trail.draft(events::AUTH_FAILED).user_id(user).emit();
        }
    }
    let contract = trail
        .draft(events::SECURITY_CONTRACT_VALIDATION)
        .outcome(Outcome::Failure);
    contract.emit().synced().unwrap();
    let open = trail.alerts();
    assert_eq!(open.len(), 3);
    trail.acknowledge(&open[0].id, "dora", "looking").unwrap();
    for alert in &open {
        trail.resolve(&alert.id, "dora", "over").unwrap();
    }
    trail.close().unwrap();

    let schema = schema();
    let lines: Vec<Value> = lines_of(&logs).iter().map(|line| fitting(&schema, line)).collect();
    let flagged = lines.iter().filter(|line| line["flagged"] == true);
    assert_eq!(flagged.filter(|line| line["rule"].is_string()).count(), 5);
    let format = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/FORMAT.md")).unwrap();
    // The members of an acknowledgement are those of a resolution.
    for (event, row, count) in [
        ("ALERT_RAISED", "| `ALERT_RAISED` |", 5),
        ("ALERT_ACKNOWLEDGED", "| `ALERT_ACKNOWLEDGED` |", 1),
        ("ALERT_RESOLVED", "| `ALERT_ACKNOWLEDGED` |", 3),
    ] {
        let row = format.lines().find(|line| line.starts_with(row)).unwrap();
        let of: Vec<&Value> = lines.iter().filter(|line| line["event"] == event).collect();
        assert_eq!(of.len(), count, "{event}");
        for line in of {
            for name in line["metadata"].as_object().unwrap().keys() {
                assert!(
                    row.contains(&format!("`{name}`")),
                    "{name} of {event} stands nowhere in {row}"
                );
            }
        }
    }
}

#[test]
fn a_line_that_is_not_ours_does_not_fit() {
    let schema = schema();
    let line = lines()
        .into_iter()
        .find(|line| line.contains("\"DATA_UPDATE\"") && line.contains("hunter") | line.contains("old"))
        .unwrap();
    let good: Value = serde_json::from_str(&line).unwrap();
    assert!(schema.is_valid(&good));
    let wrong: [(&str, Value); 8] = [
        ("seq", json!(0)),
        ("time", json!("2026-11-20 08:15:30")),
        ("severity", json!("severe")),
        ("outcome", json!("fine")),
        ("user_id", json!(7)),
        ("status_code", json!("204")),
        ("tag", json!("short")),
        ("forged", json!(true)),
    ];
    for (key, value) in wrong {
        let mut bad = good.clone();
        bad[key] = value;
        assert!(!schema.is_valid(&bad), "{key} = {bad}");
    }
    let mut missing = good;
    missing.as_object_mut().unwrap().remove("event");
    assert!(!schema.is_valid(&missing));
}
