//! What the commands that ask make of what they are given: conditions, places, orders.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use serde_json::Value;
use tracing_audit::{Trail, events};

use crate::cli::run;
use crate::cli_ask::Demo;

/// Also what stands at the begin and the end of each line, and where metadata has a member of the same name.
#[test]
fn where_reaches_every_member_of_a_record() {
    let home = tempfile::tempdir().unwrap();
    let logs = home.path().join("logs");
    let trail = Trail::builder(&logs).detached().mirror(false).build().unwrap();
    for copies in 0..3_u64 {
        let draft = trail
            .draft(events::DATA_EXPORT)
            .user_id("u-1")
            .occurred(SystemTime::UNIX_EPOCH);
        draft.field("seq", &2_u64).field("copies", &copies).emit();
    }
    trail.close().unwrap();
    let ask = |condition: &str| -> Vec<Value> {
        let (code, out, err) = run(&["query", logs.to_str().unwrap(), "--where", condition, "--all", "--json"]);
        assert_eq!(code, 0, "{err}");
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (_, out, _) = run(&["query", logs.to_str().unwrap(), "--all", "--json"]);
    let all: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut asked = BTreeSet::new();
    for (name, value) in all.iter().flat_map(|record| record.as_object().unwrap()) {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Object(_) | Value::Array(_) => continue,
            other => other.to_string(),
        };
        let expected: Vec<&Value> = all.iter().filter(|record| record[name] == *value).collect();
        assert_eq!(
            ask(&format!("{name}={text}")).iter().collect::<Vec<_>>(),
            expected,
            "{name}={text}"
        );
        asked.insert(name.clone());
    }
    for name in [
        "seq", "time", "occurred", "event", "category", "severity", "outcome", "user_id", "tag",
    ] {
        assert!(asked.contains(name), "{name}: {asked:?}");
    }
    assert_eq!(ask("metadata.seq=2").len(), 3);
    assert_eq!(ask("copies=2").len(), 1);
}

/// By where a place is, also one that is yet to be made, and not by how it is spelled.
#[test]
fn a_question_is_recorded_neither_within_the_asked_trail_nor_within_its_keys() {
    let demo = Demo::new();
    let home = demo.dir.parent().unwrap();
    let keys = home.join("logs.keys");
    let sub = demo.dir.join("sub");
    fs::create_dir(&sub).unwrap();
    let link = |name: &str, to: &Path| {
        let link = home.join(name);
        std::os::unix::fs::symlink(to, &link).unwrap();
        link
    };
    let shown = |dir: &Path| -> BTreeSet<_> {
        fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect()
    };
    let before = [home, &demo.dir, &keys, &sub].map(shown);
    let refused = [
        keys.clone(),
        keys.join("new/er"),
        sub.clone(),
        sub.join("new"),
        demo.dir.join("nothing/../new"),
        home.join("logs.keys/../logs.keys"),
        home.join("nothing/../logs/new"),
    ];
    let is_refused = |place: &Path| {
        let (code, out, err) = demo.ask("query", &["--audit-to", place.to_str().unwrap()]);
        assert_eq!((code, out.as_str()), (4, ""), "{}: {err}", place.display());
        assert!(err.contains("a trail that is asked is not written to"), "{err}");
    };
    refused.iter().for_each(|place| is_refused(place));
    assert_eq!([home, &demo.dir, &keys, &sub].map(shown), before);
    for (name, to) in [
        ("to-keys", &keys),
        ("to-sub", &sub),
        ("to-nothing", &demo.dir.join("yet")),
    ] {
        is_refused(&link(name, to));
    }
    // What would record has keys of its own, beside it.
    let (code, _, err) = run(&["query", keys.to_str().unwrap(), "--audit-to", demo.dir()]);
    assert!(code == 4 && err.contains("is not written to"), "{err}");
    let other = home.join("logs-asked");
    let (code, _, err) = demo.ask("query", &["--audit-to", other.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
}

#[test]
fn a_summary_of_what_nobody_can_read_ends_as_a_query_does() {
    for (text, wanted) in [("{\"foo\":1}\n", 1), ("", 2)] {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("other");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("audit-2026-11-21.jsonl"), text).unwrap();
        let dir = dir.to_str().unwrap();
        let (code, _, said) = run(&["query", dir]);
        assert_eq!(code, wanted, "{said}");
        for more in [&[][..], &["--json"], &["--write"], &["--since", "2026-11-20"]] {
            let (code, _, err) = run(&[&["summary", dir], more].concat());
            assert_eq!(code, wanted, "{more:?}: {err}");
            let reason = if wanted == 1 {
                "nothing of it can be read"
            } else {
                "nothing has been written"
            };
            assert!(err.contains(reason) && said.contains(reason), "{more:?}: {err}");
            assert_eq!(err.matches(reason).count(), 1, "{more:?}: {err}");
        }
    }
}

#[test]
fn a_condition_that_nothing_can_meet_is_refused() {
    let demo = Demo::new();
    let options = [
        "--user",
        "--ip",
        "--session",
        "--resource",
        "--request",
        "--tenant",
        "--route",
        "--text",
        "--event",
    ];
    for option in options {
        let (code, out, err) = demo.ask("query", &[option, ""]);
        assert_eq!((code, out.as_str()), (64, ""), "{option}: {err}");
        assert!(err.contains(option) && err.contains("it is empty"), "{err}");
    }
    for (command, option) in [
        ("stats", "--user"),
        ("export", "--user"),
        ("alerts", "--key"),
        ("alerts", "--rule"),
    ] {
        assert_eq!(demo.ask(command, &[option, ""]).0, 64, "{command} {option}");
    }
    assert_eq!(demo.ask("user", &[""]).0, 64);

    let turned = ["--since", "2026-11-20", "--until", "2026-11-19"];
    for command in [
        "query",
        "stats",
        "sessions",
        "suspicious",
        "admin",
        "export",
        "alerts",
        "summary",
    ] {
        let (code, out, err) = demo.ask(command, &turned);
        assert_eq!((code, out.as_str()), (64, ""), "{command}: {err}");
        assert!(
            err.contains("2026-11-20 00:00:00Z") && err.contains("2026-11-19 00:00:00Z"),
            "{err}"
        );
    }
    assert_eq!(demo.ask("user", &[&["u-0007"], &turned[..]].concat()).0, 64);
    for command in ["query", "summary"] {
        let (code, _, err) = demo.ask(command, &["--since", "2026-11-19", "--until", "2026-11-19"]);
        assert_eq!(code, 0, "{command}: {err}");
    }
}

#[test]
fn a_cursor_and_an_order_that_agree_are_no_contradiction() {
    let demo = Demo::new();
    for (cursor, agrees, not) in [("o5", "oldest", "newest"), ("n50", "newest", "oldest")] {
        let page = demo.lines(&["--cursor", cursor]);
        assert_eq!(demo.lines(&["--cursor", cursor, "--sort", agrees]), page);
        let (code, out, err) = demo.ask("query", &["--cursor", cursor, "--sort", not]);
        assert_eq!((code, out.as_str()), (64, ""), "{err}");
        assert!(err.contains(cursor) && err.contains("the other order"), "{err}");
    }
}

#[test]
fn an_export_goes_to_a_device_or_a_pipe_that_is_there_and_replaces_no_file() {
    let demo = Demo::new();
    let (_, whole, _) = demo.ask("export", &["--format", "csv"]);
    let (code, out, err) = demo.ask("export", &["--format", "csv", "-o", "/dev/stdout"]);
    assert_eq!((code, out == whole), (0, true), "{err}");
    let (code, out, err) = demo.ask("export", &["-o", "/dev/null"]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    let home = tempfile::tempdir().unwrap();
    let pipe = home.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let from = pipe.clone();
    let reader = std::thread::spawn(move || fs::read_to_string(from).unwrap());
    let (code, _, err) = demo.ask("export", &["--format", "csv", "-o", pipe.to_str().unwrap()]);
    assert_eq!((code, reader.join().unwrap() == whole), (0, true), "{err}");

    let file = home.path().join("file");
    fs::write(&file, "mine").unwrap();
    let (code, _, err) = demo.ask("export", &["-o", file.to_str().unwrap()]);
    assert!(code == 4 && err.contains("replaces nothing"), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let nowhere = home.path().join("nodir/x");
    let (code, _, err) = demo.ask("export", &["-o", nowhere.to_str().unwrap()]);
    assert!(
        code == 4 && err.contains("cannot open the directory for the export") && err.contains("nodir"),
        "{err}"
    );
    assert!(!err.contains("trail directory"), "{err}");
}

#[test]
fn an_address_that_is_asked_for_in_another_spelling_is_found_where_it_is_spelled_plainly() {
    let demo = Demo::new();
    let plainly = demo.lines(&["--ip", "203.0.113.66", "--all"]);
    assert!(!plainly.is_empty());
    for spelling in ["::ffff:203.0.113.66", "[::FFFF:203.0.113.66]:443", "203.0.113.66:8080"] {
        assert_eq!(demo.lines(&["--ip", spelling, "--all"]), plainly, "{spelling}");
    }
}

#[test]
fn a_question_with_conditions_may_pass_over_damage_and_the_help_says_so() {
    let demo = Demo::new();
    let path = demo.dir.join("audit-2026-11-18.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let line = text
        .lines()
        .find(|line| line.contains("\"event\":\"DATA_READ\""))
        .unwrap();
    fs::write(&path, text.replacen(line, &"#".repeat(line.len()), 1)).unwrap();
    assert_eq!(demo.ask("query", &["--all"]).0, 1);
    assert_eq!(demo.ask("stats", &[]).0, 1);
    assert_eq!(demo.ask("verify", &[]).0, 1);
    assert_eq!(demo.ask("query", &["--event", "DATA_EXPORT", "--all"]).0, 0);
    let said = |arguments: &[&str]| run(arguments).1.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said(&["--help"]).contains("A question with conditions passes over damaged lines"));
    assert!(said(&["query", "--help"]).contains("passed over unread, also damaged ones"));
}
