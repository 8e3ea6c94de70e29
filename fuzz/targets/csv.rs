//! Any records as a table: a reader of CSV finds the same texts, and a spreadsheet nothing to compute.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tracing_audit::{Export, Format};
use tracing_audit_fuzz::rows::Row;

#[allow(dead_code, reason = "other targets read the other formats")]
#[path = "../../tests/readers.rs"]
mod readers;
use readers::{is_formula, pictured};

fuzz_target!(|data: &[u8]| {
    let rows = Row::all(data);
    // A column that somebody names is a cell, too.
    let member = rows
        .iter()
        .find_map(|row| row.metadata.as_ref())
        .map(|(name, _)| format!("metadata.{name}"));
    let columns = Export::all_columns()
        .map(str::to_owned)
        .chain(member.clone().filter(|name| name != "metadata."));
    let mut text = Vec::new();
    let done = Export::new(Format::Csv)
        .columns(columns.collect::<Vec<_>>())
        .write(rows.iter().map(|row| Ok(row.line.clone())), &mut text)
        .expect("a vector takes everything");
    assert!(done.is_whole(), "{:?}", done.skipped);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&text[..]);
    let mut records = reader.records().map(|row| row.expect("a table"));
    let names = records.next().expect("a header");
    let records: Vec<csv::StringRecord> = records.collect();
    assert_eq!(records.len(), rows.len());
    assert_eq!(names.iter().find(|name| is_formula(name)), None);
    for (row, record) in rows.iter().zip(&records) {
        assert_eq!(record.iter().find(|cell| is_formula(cell)), None);
        let cell = |column: &str| {
            let at = names.iter().position(|name| name == column).expect("a column");
            let cell = record.get(at).expect("rows are as long as the first");
            cell.strip_prefix('\'').unwrap_or(cell)
        };
        for (name, text) in &row.members {
            assert_eq!(cell(name), pictured(text), "{name}");
        }
        let metadata = cell("metadata");
        match &row.metadata {
            None => assert_eq!(metadata, ""),
            Some((name, text)) => {
                let object: Value = serde_json::from_str(metadata).expect("an object");
                assert_eq!(object[name], **text);
                if member == Some(format!("metadata.{name}")) && !name.is_empty() {
                    let last = record.iter().next_back().expect("a row has cells");
                    assert_eq!(last.strip_prefix('\'').unwrap_or(last), pictured(text));
                }
            }
        }
    }
});
