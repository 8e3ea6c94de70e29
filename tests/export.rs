//! What an export holds, what it says of what it could not have, and where it goes.

use std::fs;
use std::io::{self, Write};

use serde_json::{Map, Value, json};
use tracing_audit::{Error, ErrorKind, EventType, Export, Exported, Format, Outcome, Record, Severity, Trail, events};

use crate::hand::three_files;

/// A line that a trail could have written, its frame apart: members behind the leading ones.
pub(crate) fn line(seq: u64, event: EventType, outcome: Outcome, members: &[(&str, Value)]) -> String {
    let mut line = format!(
        r#"{{"seq":{seq},"time":"2026-11-20T08:15:30.123456Z","event":"{event}","category":"{}","severity":"{}","outcome":"{outcome}""#,
        event.category(),
        event.severity(),
    );
    for (name, value) in members {
        line.push_str(&format!(",{}:{value}", json!(name)));
    }
    line + r#","tag":"-AAAAAAAAAAAAAAAAAAAAA"}"#
}

/// Every key that a caller or a rule can fill, each with a value of its own.
pub(crate) fn full() -> Vec<(&'static str, Value)> {
    vec![
        ("user_id", json!("u-17")),
        ("username", json!("alice")),
        ("session_id", json!("s-23")),
        ("ip", json!("203.0.113.7")),
        ("user_agent", json!("curl/8.9")),
        ("tenant", json!("t-31")),
        ("api_key_prefix", json!("ak-41")),
        ("action", json!("act-43")),
        ("resource", json!("/srv/books/walden.txt")),
        ("resource_type", json!("type-47")),
        ("resource_id", json!("id-53")),
        ("old", json!({"title": "old-59"})),
        ("new", json!({"title": "new-61"})),
        ("method", json!("PUT")),
        ("route", json!("/route-67/{id}")),
        ("path", json!("/path-71?q=73")),
        ("status_code", json!(418)),
        ("duration_ms", json!(12.5)),
        ("request_bytes", json!(7901)),
        ("response_bytes", json!(8301)),
        ("body_sha256", json!("89".repeat(32))),
        ("request_id", json!("req-97")),
        ("trace_id", json!("4bf92f3577b34da6a3ce929d0e0e4736")),
        ("span_id", json!("00f067aa0ba902b7")),
        ("mfa", json!("totp")),
        ("reason", json!("reason-101")),
        ("message", json!("message-103")),
        ("error", json!("error-107")),
        ("metadata", json!({"rows": 109, "a.b": "meta-113", "a_b": ["meta-127"]})),
        ("truncated", json!({"message": 131})),
        ("redacted", json!(["metadata.password:credential-137"])),
        ("salt", json!("AAAAAAAAAAAAA139")),
        ("flagged", json!(true)),
        ("suspicious_reason", json!("suspicious-149")),
        ("rule", json!("rule-151")),
        ("later", json!("later-157")),
    ]
}

/// What no export may leave out of a record with all of them.
const TEXTS: &[&str] = &[
    "u-17",
    "alice",
    "s-23",
    "203.0.113.7",
    "curl/8.9",
    "t-31",
    "ak-41",
    "act-43",
    "/srv/books/walden.txt",
    "type-47",
    "id-53",
    "old-59",
    "new-61",
    "PUT",
    "/route-67/{id}",
    "/path-71",
    "q\\=73|q=73|\"73\"",
    "418",
    "12.5|12500000",
    "7901",
    "8301",
    "898989",
    "req-97",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "00f067aa0ba902b7",
    "totp|OTP",
    "reason-101",
    "message-103",
    "error-107",
    "109",
    "meta-113",
    "meta-127",
    "131",
    "credential-137",
    "AAAAAAAAAAAAA139",
    "suspicious-149",
    "rule-151",
    "later-157",
];

pub(crate) fn export(export: &Export, lines: &[String]) -> String {
    let mut out = Vec::new();
    let done = export.write(lines.iter().cloned().map(Ok), &mut out).unwrap();
    assert!(done.is_whole(), "{:?}", done.skipped);
    assert_eq!((done.records, done.bytes), (lines.len() as u64, out.len() as u64));
    String::from_utf8(out).unwrap()
}

/// One record in one format, as JSON.
pub(crate) fn object(format: Format, line: &str) -> Map<String, Value> {
    let text = export(&Export::new(format), &[line.to_owned()]);
    serde_json::from_str(&text).unwrap()
}

fn damage() -> Error {
    "no record".parse::<Record>().unwrap_err()
}

#[test]
fn every_format_reads_back_from_its_name() {
    for format in Format::ALL {
        assert_eq!(format.to_string().to_uppercase().parse::<Format>().unwrap(), format);
        assert!(
            format
                .extension()
                .contains(&*if matches!(format, Format::Ecs | Format::Ocsf) {
                    format!("{format}.jsonl")
                } else {
                    format.to_string()
                })
        );
    }
    let error = "xml".parse::<Format>().unwrap_err();
    assert!(
        error.to_string().contains("jsonl, json, csv, ecs, ocsf, cef, syslog"),
        "{error}"
    );
}

#[test]
fn lines_come_out_byte_for_byte() {
    let hand = three_files();
    let laid = hand.lay();
    let lines: Vec<String> = tracing_audit::read(&laid.dir)
        .unwrap()
        .lines()
        .map(Result::unwrap)
        .collect();
    assert_eq!(lines.len() as u64, hand.seq);
    let jsonl = export(&Export::new(Format::JsonLines), &lines);
    assert_eq!(jsonl, lines.join("\n") + "\n");
    let array = export(&Export::new(Format::Json), &lines);
    assert_eq!(array, format!("[\n{}\n]\n", lines.join(",\n")));
    assert_eq!(serde_json::from_str::<Vec<Value>>(&array).unwrap().len(), lines.len());
    // Records are the same without their tags.
    let mut out = Vec::new();
    let records = tracing_audit::read(&laid.dir).unwrap();
    let done = Export::new(Format::JsonLines).write(records, &mut out).unwrap();
    assert_eq!(done.records, hand.seq);
    for (said, line) in String::from_utf8(out).unwrap().lines().zip(&lines) {
        let (content, _) = line.split_at(line.len() - 32);
        let (leading, _) = content.split_once(",\"metadata\"").unwrap_or((content, ""));
        assert!(said.starts_with(leading), "{said}");
        // Names within a value come in an order of their own.
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(json(said), json(&format!("{content}}}")));
    }
}

#[test]
fn a_damaged_item_does_not_end_an_export_and_is_said() {
    for format in Format::ALL {
        let good = |seq| Ok(line(seq, events::DATA_READ, Outcome::Success, &[]));
        let header = r#"{"tracing_audit":1}"#.to_owned();
        let items = vec![
            Err(damage()),
            good(1),
            Ok(header),
            good(2),
            Ok(String::new()),
            good(3),
            Err(damage()),
        ];
        let mut out = Vec::new();
        let done = Export::new(format).write(items, &mut out).unwrap();
        assert_eq!((done.records, done.skipped.len(), done.unlisted), (3, 4, 0), "{format}");
        assert!(!done.is_whole());
        assert!(done.skipped.iter().all(|error| error.kind() == ErrorKind::Damaged));
        assert_eq!(
            done.to_string(),
            format!("3 records, {} bytes, 4 damaged places skipped", out.len())
        );
        let text = String::from_utf8(out).unwrap();
        match format {
            Format::Json => assert_eq!(serde_json::from_str::<Vec<Value>>(&text).unwrap().len(), 3),
            Format::Csv => assert_eq!(text.matches("\r\n").count(), 4),
            _ => assert_eq!(text.matches('\n').count(), 3),
        }
    }
    let many = (0..Exported::LISTED + 7).map(|_| Err::<Record, _>(damage()));
    let done = Export::new(Format::Json).write(many, io::sink()).unwrap();
    assert_eq!((done.skipped.len(), done.unlisted), (Exported::LISTED, 7));
}

#[test]
fn an_export_of_nothing_is_valid() {
    for (format, expected) in [(Format::Json, "[]\n"), (Format::JsonLines, ""), (Format::Cef, "")] {
        assert_eq!(export(&Export::new(format), &[]), expected);
    }
    let csv = export(&Export::new(Format::Csv), &[]);
    assert!(
        csv.starts_with("seq,time,occurred,event,") && csv.ends_with(",tag,seal,other\r\n"),
        "{csv}"
    );
}

#[test]
fn no_format_leaves_anything_of_a_record_out() {
    for format in Format::ALL {
        for event in EventType::all() {
            let line = line(1, event, Outcome::Denied, &full());
            let text = export(&Export::new(format), std::slice::from_ref(&line));
            // The line itself would answer for what is nowhere else.
            let text = match format {
                Format::Ocsf => {
                    let mut event: Map<String, Value> = serde_json::from_str(&text).unwrap();
                    assert_eq!(event.remove("raw_data").unwrap(), json!(line));
                    json!(event).to_string()
                }
                _ => text,
            };
            for expected in TEXTS {
                let found = expected.split('|').any(|text_of| text.contains(text_of));
                assert!(found, "{expected} of {event} in {format}: {text}");
            }
            for own in [event.name(), "denied", "flagged", "-AAAAAAAAAAAAAAAAAAAAA"] {
                assert!(text.contains(own), "{own} of {event} in {format}: {text}");
            }
        }
    }
}

#[test]
fn every_type_of_somebodys_own_goes_by_its_category() {
    const REFUND: EventType = EventType::new("PAYMENT_REFUND", tracing_audit::Category::Data, Severity::High);
    for format in Format::ALL {
        let text = export(&Export::new(format), &[line(1, REFUND, Outcome::Success, &[])]);
        assert!(text.contains("PAYMENT_REFUND"), "{text}");
    }
    let event = object(Format::Ocsf, &line(1, REFUND, Outcome::Success, &[]));
    assert_eq!(
        (&event["type_uid"], &event["activity_name"]),
        (&json!(600_399), &json!("PAYMENT_REFUND"))
    );
}

#[test]
fn a_table_has_the_columns_that_were_asked_for() {
    let lines = [line(7, events::DATA_EXPORT, Outcome::Success, &full())];
    let of = |columns: &[&str]| {
        let mut out = Vec::new();
        let export = Export::new(Format::Csv).columns(columns.iter().copied());
        export
            .write(lines.iter().cloned().map(Ok), &mut out)
            .map(|_| String::from_utf8(out).unwrap())
    };
    assert_eq!(
        of(&[
            "user_id",
            "seq",
            "metadata.rows",
            "metadata.none",
            "duration_ms",
            "redacted",
            "tag",
            "other"
        ])
        .unwrap(),
        "user_id,seq,metadata.rows,metadata.none,duration_ms,redacted,tag,other\r\n\
         u-17,7,109,,12.5,\"[\"\"metadata.password:credential-137\"\"]\",'-AAAAAAAAAAAAAAAAAAAAA,\"{\"\"later\"\":\"\"later-157\"\"}\"\r\n"
    );
    for (columns, said) in [
        (&["seq", "usr"][..], "\"usr\""),
        (&["seq", "seq"], "twice"),
        (&[], "a column"),
    ] {
        let error = of(columns).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(said), "{error}");
    }
    let error = Export::new(Format::Cef)
        .columns(["seq"])
        .write(Vec::<Result<Record, _>>::new(), io::sink());
    assert!(error.unwrap_err().to_string().contains("has no columns"));
}

#[test]
fn cells_that_a_spreadsheet_would_compute_are_defused_and_numbers_are_not() {
    let members = [
        ("username", json!("=HYPERLINK(\"http://x\")")),
        ("tenant", json!("  +1")),
        ("action", json!("'quoted")),
        ("old", json!(-5)),
        ("new", json!("-5")),
        ("status_code", json!(200)),
        ("reason", json!("＝1")),
        ("message", json!("plain, \"quoted\"\r\nand \u{1b}[31mlong\0")),
    ];
    let lines = [line(1, events::DATA_UPDATE, Outcome::Success, &members)];
    let columns = members.each_ref().map(|(name, _)| *name);
    let text = export(&Export::new(Format::Csv).columns(columns), &lines);
    assert_eq!(
        text.split_once("\r\n").unwrap().1,
        "\"'=HYPERLINK(\"\"http://x\"\")\",'  +1,''quoted,-5,'-5,200,'＝1,\"plain, \"\"quoted\"\"\r\nand ␛[31mlong␀\"\r\n"
    );
}

/// `a;=1` is two cells for a spreadsheet that splits at `;` and tabs as well, the second of them a formula, unless quotes hold it together.
#[test]
fn a_cell_stays_one_cell_where_semicolons_and_tabs_are_separators_too() {
    let names = ["username", "tenant", "action", "old", "reason", "message"];
    let texts = ["a;=1", "a\t=1", "a,=1", "plain", "a\"b;=1", "a\r\n=1"];
    let members: Vec<(&str, Value)> = names.into_iter().zip(texts.map(|text| json!(text))).collect();
    let lines = [line(1, events::DATA_UPDATE, Outcome::Success, &members)];
    let columns = names.into_iter().chain(["metadata.a;=1", "new"]);
    let text = export(&Export::new(Format::Csv).columns(columns), &lines);
    assert_eq!(
        text,
        "username,tenant,action,old,reason,message,\"metadata.a;=1\",new\r\n\
         \"a;=1\",\"a\t=1\",\"a,=1\",plain,\"a\"\"b;=1\",\"a\r\n=1\",,\r\n"
    );
    // Split at all of them at once: what stands between quotes is at an odd place.
    let bare: String = text.split('"').step_by(2).collect();
    assert!(!bare.contains([';', '\t', '=']), "{bare:?}");
    let one = export(&Export::new(Format::Csv).columns(["new"]), &lines);
    assert_eq!(one, "new\r\n\"\"\r\n", "a row of one empty cell is a row");
}

/// Gives way at the `n`th byte.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.checked_sub(bytes.len()) {
            Some(left) => self.0 = left,
            None => return Err(io::ErrorKind::StorageFull.into()),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_destination_that_refuses_ends_the_export_with_its_reason() {
    for format in Format::ALL {
        let lines = || (1..2_000).map(|seq| Ok::<_, Error>(line(seq, events::DATA_READ, Outcome::Success, &[])));
        let error = Export::new(format).write(lines(), Full(100_000)).unwrap_err();
        assert_eq!(
            (error.kind(), error.io_kind()),
            (ErrorKind::Io, Some(io::ErrorKind::StorageFull)),
            "{format}"
        );
        assert!(error.path().is_none());
        // What is still held back at the end counts as well.
        let error = Export::new(format).write(lines().take(3), Full(10)).unwrap_err();
        assert_eq!(error.io_kind(), Some(io::ErrorKind::StorageFull), "{format}");
    }
}

#[test]
fn an_export_needs_no_more_memory_for_more_records() {
    for format in Format::ALL {
        let peak = |count| {
            let measured = allocation_counter::measure(|| {
                let lines = (1..=count).map(|seq| Ok(line(seq, events::DATA_READ, Outcome::Success, &full())));
                Export::new(format).write(lines, io::sink()).unwrap();
            });
            measured.bytes_max
        };
        let (few, many) = (peak(10), peak(500));
        assert!(many < few + 20_000, "{format}: {few} bytes for 10, {many} for 500");
    }
}

#[test]
fn a_file_has_its_name_when_all_of_it_is_there() {
    let temp = tempfile::tempdir().unwrap();
    let (line, other) = (
        line(1, events::DATA_READ, Outcome::Success, &[]),
        line(2, events::DATA_READ, Outcome::Success, &[]),
    );
    let names = || {
        let mut names: Vec<String> = fs::read_dir(&temp)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    // Asked while it is written.
    let meanwhile = [line.clone(), other].into_iter().map(|line| {
        let names = names();
        assert!(
            names.len() == 1 && names[0].starts_with('.') && names[0].ends_with(".part"),
            "{names:?}"
        );
        Ok(line)
    });
    let (path, done) = Export::new(Format::Csv).to_file(meanwhile, &temp).unwrap();
    assert_eq!((done.records, done.bytes), (2, fs::metadata(&path).unwrap().len()));
    let name = path.file_name().unwrap().to_str().unwrap();
    let stamp = name
        .strip_prefix("audit-export-")
        .unwrap()
        .strip_suffix(".csv")
        .unwrap();
    assert_eq!(names(), [name]);
    assert!(
        stamp.len() == 16 && &stamp[8..9] == "T" && stamp.ends_with('Z'),
        "{name}"
    );
    assert!(
        stamp[..8]
            .bytes()
            .chain(stamp[9..15].bytes())
            .all(|digit| digit.is_ascii_digit()),
        "{name}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // One that cannot be ended leaves nothing.
    struct Stop;
    let panicked = std::panic::catch_unwind(|| {
        let ends = std::iter::once_with(|| std::panic::resume_unwind(Box::new(Stop)));
        Export::new(Format::Csv).to_file::<Record>(ends, &temp)
    });
    assert!(panicked.is_err_and(|why| why.is::<Stop>()));
    assert_eq!(names(), [name]);
}

#[test]
fn an_export_replaces_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let export = Export::new(Format::JsonLines);
    let lines = || [Ok::<_, Error>(line(1, events::DATA_READ, Outcome::Success, &[]))];
    // Faster than the second that their names say.
    let paths: Vec<_> = (0..5).map(|_| export.to_file(lines(), &temp).unwrap().0).collect();
    assert_eq!(paths.iter().collect::<std::collections::BTreeSet<_>>().len(), 5);
    assert!(paths.iter().all(|path| fs::metadata(path).unwrap().len() > 0));
    let path = temp.path().join("mine.jsonl");
    assert_eq!(export.to_file(lines(), &path).unwrap().0, path);
    fs::write(&path, "mine").unwrap();
    assert_eq!(export.to_file(lines(), &path).unwrap_err().kind(), ErrorKind::Config);
    // Taken while it is written.
    let late = temp.path().join("late.jsonl");
    let taking = lines().into_iter().inspect(|_| fs::write(&late, "mine").unwrap());
    assert_eq!(export.to_file(taking, &late).unwrap_err().kind(), ErrorKind::Config);
    for path in [path, late] {
        assert_eq!(fs::read_to_string(path).unwrap(), "mine");
    }
    assert_eq!(fs::read_dir(&temp).unwrap().count(), 7, "no half one is left");
    let nowhere = export.to_file(lines(), temp.path().join("none/x.jsonl")).unwrap_err();
    assert_eq!(nowhere.io_kind(), Some(io::ErrorKind::NotFound));
}

#[test]
fn an_export_does_not_go_among_the_files_of_a_trail() {
    let laid = three_files().lay();
    let before = fs::read_dir(&laid.dir).unwrap().count();
    for path in [laid.dir.clone(), laid.path("mine.csv")] {
        let error = Export::new(Format::Csv)
            .to_file(tracing_audit::read(&laid.dir).unwrap(), path)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("choose another directory"), "{error}");
    }
    assert_eq!(fs::read_dir(&laid.dir).unwrap().count(), before);
}

#[cfg(feature = "gzip")]
#[test]
fn a_compressed_export_is_the_same_bytes() {
    use std::io::Read as _;

    let temp = tempfile::tempdir().unwrap();
    for format in Format::ALL {
        let lines: Vec<String> = (1..200)
            .map(|seq| line(seq, events::DATA_READ, Outcome::Success, &full()))
            .collect();
        let plain = export(&Export::new(format), &lines);
        let zipped = Export::new(format).gzip(true);
        let (path, done) = zipped.to_file(lines.iter().cloned().map(Ok), &temp).unwrap();
        assert!(
            path.to_str().unwrap().ends_with(&format!(".{}.gz", format.extension())),
            "{path:?}"
        );
        let bytes = fs::read(&path).unwrap();
        assert_eq!(done.bytes, bytes.len() as u64);
        assert!(bytes.len() < plain.len() / 4);
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*bytes).read_to_string(&mut text).unwrap();
        assert_eq!(text, plain, "{format}");
    }
}

#[test]
fn a_real_trail_is_exported_whole_in_every_format() {
    let temp = tempfile::tempdir().unwrap();
    let logs = temp.path().join("logs");
    let trail = Trail::builder(&logs).detached().build().unwrap();
    for event in crate::every_key::types() {
        trail.draft(event).user_id("alice").message("one\ntwo").emit();
    }
    drop(trail);
    let count = tracing_audit::read(&logs).unwrap().count() as u64;
    assert!(count > 50);
    for format in Format::ALL {
        let (path, done) = Export::new(format)
            .to_file(tracing_audit::read(&logs).unwrap().lines(), &temp)
            .unwrap();
        assert_eq!((done.records, done.is_whole()), (count, true));
        assert_eq!(fs::metadata(path).unwrap().len(), done.bytes);
    }
}

#[test]
fn each_record_has_the_host_and_the_process_of_its_own_run() {
    let home = tempfile::tempdir().unwrap();
    let logs = home.path().join("logs");
    let run = |host: &str, service: &str| {
        let trail = Trail::builder(&logs)
            .detached()
            .host(host)
            .service(service, "1.2")
            .build()
            .unwrap();
        trail.draft(events::DATA_READ).user_id(host).emit();
        trail
    };
    run("web-1", "shop").close().unwrap();
    run("web-2", "till").close().unwrap();
    let lines = || tracing_audit::read(&logs).unwrap().lines();
    let users: Vec<(String, String)> = lines()
        .map(|line| line.unwrap().parse::<Record>().unwrap())
        .map(|record| {
            (
                record.seq().to_string(),
                record.user_id().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    assert!(users.len() > 4);
    let write = |export: Export| {
        let mut out = Vec::new();
        assert!(export.write(lines(), &mut out).unwrap().is_whole());
        String::from_utf8(out).unwrap()
    };
    // Host, service and process stand in the header of a message.
    let pid = std::process::id().to_string();
    let of_syslog = |text: &str| -> Vec<[String; 3]> {
        let words = text
            .lines()
            .map(|line| line.split(' ').skip(2).take(3).map(str::to_owned).collect::<Vec<_>>());
        words.map(|words| words.try_into().unwrap()).collect()
    };
    let of_runs = of_syslog(&write(Export::new(Format::Syslog).trail(&logs)));
    assert_eq!(of_runs.len(), users.len());
    let second = users.iter().position(|(_, user)| user == "web-1").unwrap() + 1;
    for (at, ((_, user), said)) in users.iter().zip(&of_runs).enumerate() {
        let (host, service) = match said[0].as_str() {
            "web-1" => ("web-1", "shop"),
            _ => ("web-2", "till"),
        };
        assert_eq!(said, &[host.to_owned(), service.to_owned(), pid.clone()]);
        assert!(user.is_empty() || user == host, "record {at}");
        assert!(at >= second || host == "web-1", "record {at}");
    }
    assert!(of_runs.iter().any(|said| said[0] == "web-2"));
    for format in [Format::Ecs, Format::Ocsf, Format::Cef] {
        let text = write(Export::new(format).trail(&logs));
        for (line, said) in text.lines().zip(&of_runs) {
            assert!(line.contains(&said[0]) && line.contains(&said[1]), "{format}: {line}");
        }
    }
    // What is said by hand goes before it; where nothing is said, nothing is guessed.
    let by_hand = of_syslog(&write(Export::new(Format::Syslog).host("other").pid(7).trail(&logs)));
    assert!(
        by_hand
            .iter()
            .zip(&of_runs)
            .all(|(hand, run)| hand == &["other".to_owned(), run[1].clone(), "7".to_owned()])
    );
    let without = of_syslog(&write(Export::new(Format::Syslog)));
    assert!(
        without
            .iter()
            .all(|said| said == &["-", "tracing-audit", "-"].map(str::to_owned))
    );
    // A running trail knows where its headers are.
    let trail = run("web-3", "shop");
    trail.flush().unwrap();
    let mut out = Vec::new();
    let done = trail
        .export("auditor")
        .user("web-3")
        .write(&Export::new(Format::Syslog), &mut out)
        .unwrap();
    assert_eq!(done.records, 1);
    assert_eq!(of_syslog(&String::from_utf8(out).unwrap())[0][0], "web-3");
    trail.close().unwrap();
    // Formats that do not show it need no headers.
    let nowhere = Export::new(Format::JsonLines).trail(home.path().join("nowhere"));
    assert!(nowhere.write(lines(), io::sink()).is_ok());
    let nowhere = Export::new(Format::Cef).trail(home.path().join("nowhere"));
    assert_eq!(nowhere.write(lines(), io::sink()).unwrap_err().kind(), ErrorKind::Io);
}
