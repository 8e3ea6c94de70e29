//! What scripts/two-verifiers asks about its trails: this crate's verdict, one job a line.
//!
//! A job is a JSON object on standard input: `dir`, `state` (the path of the state file, or `null`), `keys` (key lines),
//! `anchors`, `strict`, `chained`. Its answer is one line on standard output: `exit`, the counts of the report, and `faults`,
//! for people. Where there is no report the exit code is 4, and there are no counts.
//!
//! For scripts/bundles a job has the path of a `bundle` in place of a `dir`, and `keys`; the answer has the `records` that hold,
//! how many are `closed`, and the `files` that they come from.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a harness stops at the first thing that is wrong with itself"
)]

use std::io::{BufRead as _, Write as _};

use serde_json::{Map, Value, json};
use tracing_audit::{Anchor, Error, Evidence, KeyLine, Report, Verify};

fn main() {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let job: Value = serde_json::from_str(&line.expect("a line")).expect("a job");
        let answer = match job.get("bundle").and_then(Value::as_str) {
            Some(path) => bundle(path, &job),
            None => trail(&job),
        };
        writeln!(out, "{answer}").expect("somebody listens");
        out.flush().expect("somebody listens");
    }
}

fn trail(job: &Value) -> Value {
    match report(job) {
        Ok(report) => json!({
            "exit": report.exit_code(),
            "files": report.files(),
            "records": report.records(),
            "superseded_lines": report.superseded_lines(),
            "unproven_bytes": report.unproven_bytes(),
            "faults": report.faults().iter().map(|fault| format!("{fault:?}")).collect::<Vec<_>>(),
        }),
        Err(error) => json!({ "exit": 4, "faults": [format!("{error:?}")] }),
    }
}

fn bundle(path: &str, job: &Value) -> Value {
    let file = std::fs::File::open(path).expect("a bundle");
    let lines = job["keys"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let keys: Vec<KeyLine> = lines.map(|line| line.parse().expect("a key line")).collect();
    let findings = Evidence::verify(file, &keys).expect("a file that can be read");
    let said: Value = serde_json::from_str(&findings.to_json()).expect("an object");
    let of_file = |file: &Value| -> Option<(String, Value)> {
        let rows: Vec<(u64, u64)> = serde_json::from_value(file.get("records")?.clone()).ok()?;
        let records: Vec<u64> = rows.into_iter().flat_map(|(from, to)| from..=to).collect();
        Some((file.get("file")?.to_string(), records.into()))
    };
    let files = said.get("files").and_then(Value::as_array).expect("files");
    json!({
        "exit": findings.exit_code(),
        "records": findings.records().flatten().collect::<Vec<u64>>(),
        "closed": findings.closed(),
        "files": files.iter().filter_map(of_file).collect::<Map<String, Value>>(),
        "faults": findings.faults().iter().map(|fault| format!("{fault:?}")).collect::<Vec<_>>(),
    })
}

fn report(job: &Value) -> Result<Report, Error> {
    let texts = |name: &str| job[name].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut verify = Verify::new(job["dir"].as_str().expect("a directory"))
        .threads(1)
        .strict(job["strict"] == true)
        .chained_only(job["chained"] == true);
    if let Some(state) = job["state"].as_str() {
        verify = verify.state(state);
    }
    for line in texts("keys") {
        verify = verify.key(line.parse::<KeyLine>()?);
    }
    for anchor in texts("anchors") {
        verify = verify.anchor(anchor.parse::<Anchor>()?);
    }
    verify.run()
}
