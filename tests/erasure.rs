//! Salted records, and what erases them, on a real disk and held against both verifiers.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tracing_audit::{Builder, Trail, Verdict, Verify, audit, events};

use crate::keyed::second_opinion;

fn builder(dir: &Path) -> Builder {
    Trail::builder(dir).detached().mirror(false)
}

/// All lines of a trail's files, in the order of their names.
fn lines(dir: &Path) -> Vec<Value> {
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn assert_consistent(dir: &Path) {
    let report = Verify::new(dir).run().unwrap();
    assert_eq!(report.verdict(), Verdict::Consistent, "{report}");
    assert!(second_opinion(dir, None).is_none_or(|code| code == 0));
}

#[test]
fn every_record_of_a_salted_trail_ends_in_a_salt_of_its_own_those_of_the_trail_too() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = builder(&dir).salted(true).build().unwrap();
    for number in 0..300 {
        audit!(in: &trail, events::DATA_READ, resource.id = number, token = "hunter2", "read");
    }
    // As long as a line may get, and longer.
    let long = "x".repeat(8_000);
    let draft = (0..12).fold(trail.draft(events::DATA_READ), |draft, at| {
        draft.field(&format!("long_{at}"), &long)
    });
    draft.emit();
    trail.close().unwrap();
    // What the trail has, it keeps; and it can be given up.
    builder(&dir).build().unwrap().close().unwrap();
    builder(&dir).salted(false).build().unwrap().close().unwrap();
    let (mut salts, mut salted, mut runs) = (HashSet::new(), false, Vec::new());
    for line in lines(&dir) {
        match line.get("tracing_audit") {
            Some(_) => {
                salted = line.get("salted").is_some();
                runs.push(salted);
            }
            None if salted => {
                let salt = line["salt"].as_str().unwrap();
                assert_eq!(salt.len(), 16);
                assert!(salts.insert(salt.to_owned()));
                assert!(line.to_string().len() <= 64 << 10);
            }
            None => assert_eq!(line.get("salt"), None),
        }
    }
    assert_eq!(runs, [true, true, false]);
    assert!(salts.len() > 301);
    for line in tracing_audit::read(&dir).unwrap().lines() {
        let line = line.unwrap();
        assert!(line.len() < 64 << 10);
        let behind = line
            .split_once(",\"salt\":\"")
            .map(|(_, behind)| behind.get(16..24).unwrap().to_owned());
        assert!(behind.is_none_or(|behind| behind == "\",\"tag\":"), "{line}");
    }
    let records = tracing_audit::read(&dir).unwrap().map(Result::unwrap);
    let with = records.filter(|record| record.get("salt").is_some()).count();
    assert_eq!(with, salts.len());
    assert_consistent(&dir);
}
