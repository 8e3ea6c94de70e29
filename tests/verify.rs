//! The format's test vectors, each with the verdict that stands beside it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use tracing_audit::Verify;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vectors")
}

/// A copy of a vector's directory, with or without its state file.
fn copy(name: &str, state: bool) -> (TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    for suffix in ["", ".keys"] {
        let from = vectors().join(format!("{name}{suffix}"));
        let to = temp.path().join(format!("{name}{suffix}"));
        if (suffix == ".keys" && !state) || !from.exists() {
            continue;
        }
        fs::create_dir(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    let dir = temp.path().join(name);
    (temp, dir)
}

#[test]
fn every_vector_gets_its_verdict_on_one_thread_and_on_three() {
    let verdicts = fs::read_to_string(vectors().join("verdicts.json")).unwrap();
    let verdicts: serde_json::Map<String, Value> = serde_json::from_str(&verdicts).unwrap();
    assert!(verdicts.len() > 30);
    let mut wrong = Vec::new();
    for (name, wanted) in &verdicts {
        for (key, state, strict) in [
            ("exit", false, false),
            ("exit_with_state", true, false),
            ("exit_strict", false, true),
        ] {
            let Some(exit) = wanted[key].as_u64() else { continue };
            for threads in [1, 3] {
                let (_temp, dir) = copy(name, state);
                let report = Verify::new(&dir).strict(strict).threads(threads).run().unwrap();
                let mut differs = u64::from(report.exit_code()) != exit;
                for (key, found) in [
                    ("files", report.files()),
                    ("records", report.records()),
                    ("superseded_lines", report.superseded_lines()),
                    ("unproven_bytes", report.unproven_bytes()),
                ] {
                    differs |= wanted[key].as_u64().is_some_and(|wanted| wanted != found);
                }
                if differs {
                    wrong.push(format!(
                        "{name} {key}, {threads} threads, wanted {wanted}:\n{report}\n{}",
                        report.to_json()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
}
