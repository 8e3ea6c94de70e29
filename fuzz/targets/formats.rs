//! Any records in the formats of lines: a line each, with nothing that a terminal obeys where the format can do without, and readers of
//! CEF, syslog and JSON find the same texts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use tracing_audit::{Export, Format};
use tracing_audit_fuzz::rows::{Row, texts};

#[allow(dead_code, reason = "other targets read the other formats")]
#[path = "../../tests/readers.rs"]
mod readers;
use readers::{pictured, read_cef, read_syslog};

fn lines(export: &Export, rows: &[Row]) -> Vec<String> {
    let mut text = Vec::new();
    let done = export
        .write(rows.iter().map(|row| Ok(row.line.clone())), &mut text)
        .expect("a vector takes everything");
    assert!(done.is_whole(), "{:?}", done.skipped);
    let text = String::from_utf8(text).expect("UTF-8");
    let lines: Vec<String> = text.split_terminator('\n').map(str::to_owned).collect();
    assert_eq!(lines.len(), rows.len(), "a line a record: {text}");
    lines
}

/// Where CEF has a member, if it is not empty.
fn key_of_cef(name: &str) -> Option<&'static str> {
    match name {
        "user_id" => Some("suid"),
        "username" => Some("suser"),
        "resource" => Some("cs4"),
        "method" => Some("requestMethod"),
        "path" => Some("request"),
        "reason" => Some("reason"),
        "message" => Some("msg"),
        _ => None,
    }
}

fn cef(export: &Export, rows: &[Row]) {
    for (row, line) in rows.iter().zip(lines(export, rows)) {
        assert!(!line.contains(['\r', '\0', '\u{1b}', '\u{7f}']), "{line}");
        let (header, values) = read_cef(&line);
        assert_eq!(header.len(), 7, "{line}");
        let other: Value = match values.get("cs6") {
            Some(text) => serde_json::from_str(text.as_str().expect("a text")).expect("an object"),
            None => json!({}),
        };
        for (name, text) in &row.members {
            match key_of_cef(name) {
                Some(key) if !text.is_empty() => assert_eq!(values[key], pictured(text), "{line}"),
                Some(_) => assert_eq!(other[name], "", "{line}"),
                None => {}
            }
        }
        if let Some((name, text)) = &row.metadata {
            let metadata: Value = serde_json::from_str(values["cs5"].as_str().expect("a text")).expect("an object");
            assert_eq!(metadata[name], **text, "{line}");
        }
    }
}

fn syslog(export: &Export, rows: &[Row]) {
    for (row, line) in rows.iter().zip(lines(export, rows)) {
        assert!(!line.contains(char::is_control), "{line}");
        let values = read_syslog(&line);
        for (name, text) in &row.members {
            assert_eq!(values[*name], **text, "{line}");
        }
        if let Some((name, text)) = &row.metadata {
            let metadata: Value =
                serde_json::from_str(values["metadata"].as_str().expect("a text")).expect("an object");
            assert_eq!(metadata[name], **text, "{line}");
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let rows = Row::all(data);
    // What a header says may be anything, too.
    let said: Vec<String> = texts(data).take(2).collect();
    let export = |format| match &said[..] {
        [host, service] => Export::new(format).host(host).service(service, host).pid(7),
        _ => Export::new(format),
    };
    cef(&export(Format::Cef), &rows);
    syslog(&export(Format::Syslog), &rows);
    for format in [Format::Ecs, Format::Ocsf, Format::JsonLines] {
        for line in lines(&export(format), &rows) {
            assert!(
                serde_json::from_str::<Value>(&line).is_ok_and(|value| value.is_object()),
                "{line}"
            );
        }
    }
});
