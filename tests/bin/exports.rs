//! What `scripts/exports` reads back: a trail with every event type and awkward texts, in every format.
//!
//! `exports DIR` makes `DIR/logs`, lines that only later versions or other programs write in `DIR/more.jsonl`, and of both
//! `DIR/export.<extension>` and `DIR/export.csv.gz`.

#![allow(
    clippy::expect_used,
    reason = "a test's own program stops at the first thing that is wrong"
)]

#[path = "../every_key.rs"]
mod every_key;

use std::path::Path;

use serde_json::json;
use tracing_audit::{Category, Error, EventType, Export, Format, Outcome, Severity, Trail, audit, events};

/// Each means something to one of the formats, or to what shows them.
const AWKWARD: &[&str] = &[
    "=HYPERLINK(\"http://198.51.100.1\")",
    "+1-2",
    "-1",
    "@SUM(A1)",
    "'quoted'",
    "two\nlines\r\nand\ttabs",
    "a|b\\c=d]e\"f,g;h",
    "ends with \\",
    "\\n is no line feed",
    "key=value other=value",
    "Grüße 日本 😀 \u{202e}turned\u{2028}",
    "bell \u{7} escape \u{1b}[31m nul \0",
    " spaces at both ends ",
];

fn fill(dir: &Path) -> Result<(), Error> {
    let trail = Trail::builder(dir).detached().service("bookshop", "1.2.3").build()?;
    for event in every_key::types() {
        trail.draft(event).emit();
        for outcome in Outcome::ALL {
            every_key::record(&trail, event, outcome);
        }
    }
    for (severity, text) in Severity::ALL.into_iter().cycle().zip(AWKWARD) {
        for method in ["GET", "PROPFIND"] {
            audit!(
                in: &trail,
                events::DATA_READ,
                severity = severity,
                user.id = text,
                resource = text,
                ip = "203.0.113.7:8443",
                method = method,
                note = json!({"inside": text}),
                "{text}"
            );
        }
    }
    trail.close()
}

/// Records as a trail would write them, of the types that only a trail itself records, and of types of somebody's own. Their tags are
/// nobody's: an export does not look at the chain.
fn more(mut seq: u64) -> Vec<String> {
    let own = EventType::all().filter(|event| event.name().starts_with("AUDIT_") || event.name().starts_with("ALERT_"));
    let theirs = Category::ALL.map(|category| EventType::new("THEIR_OWN", category, Severity::Low));
    let mut lines = Vec::new();
    for event in own.chain(theirs) {
        for outcome in Outcome::ALL {
            for (ip, more) in [
                ("203.0.113.7", true),
                ("hmac:abcdef:AAAAAAAAAAAAAAAAAAAAAA", true),
                ("", false),
            ] {
                seq += 1;
                let mut line = format!(
                    r#"{{"seq":{seq},"time":"2026-11-20T08:15:30.123456Z","occurred":"1969-12-31T23:59:59.000001Z","event":"{event}","category":"{}","severity":"{}","outcome":"{outcome}""#,
                    event.category(),
                    event.severity(),
                );
                if more {
                    line += &format!(
                        r#","user_id":"u-17","session_id":"s-23","ip":"{ip}","resource_type":"book","old":1,"new":{{"a":[]}},"method":"GET","metadata":{{"n":1}},"truncated":{{"message":9000}},"redacted":["user_id:email"],"flagged":true,"suspicious_reason":"too often","rule":"burst","a later key":{{"x":null}}"#
                    );
                }
                lines.push(line + r#","tag":"-AAAAAAAAAAAAAAAAAAAAA"}"#);
            }
        }
    }
    lines
}

fn main() -> Result<(), Error> {
    let dir = std::env::args_os().nth(1).expect("a directory");
    let dir = Path::new(&dir);
    let logs = dir.join("logs");
    fill(&logs)?;
    let more = more(tracing_audit::read(&logs)?.count() as u64);
    std::fs::write(dir.join("more.jsonl"), more.join("\n") + "\n").expect("a file");
    let make = |export: Export, name: &str| {
        let lines = tracing_audit::read(&logs)?.lines().chain(more.iter().cloned().map(Ok));
        export.to_file(lines, dir.join(name))
    };
    for format in Format::ALL {
        let export = Export::new(format).host("web-1").service("bookshop", "1.2.3").pid(4711);
        make(export, &format!("export.{}", format.extension()))?;
    }
    make(Export::new(Format::Csv).gzip(true), "export.csv.gz")?;
    Ok(())
}
