//! The commands that ask, run as an operator would, on the trail that `demo` makes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tracing_audit::{Trail, Watch, audit, events};

use crate::cli::run;
use crate::hand::Hand;

/// A demo that is the same wherever it is made, but for the trail's own records.
pub(crate) struct Demo {
    _home: tempfile::TempDir,
    pub(crate) dir: PathBuf,
}

impl Demo {
    pub(crate) fn new() -> Demo {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("logs");
        let (code, out, err) = run(&[
            "demo",
            dir.to_str().unwrap(),
            "--records",
            "2000",
            "--days",
            "4",
            "--until",
            "2026-11-20T18:00:00Z",
        ]);
        assert_eq!((code, out.as_str()), (0, ""), "{err}");
        Demo { _home: home, dir }
    }

    pub(crate) fn dir(&self) -> &str {
        self.dir.to_str().unwrap()
    }

    pub(crate) fn ask(&self, command: &str, more: &[&str]) -> (i32, String, String) {
        run(&[&[command, self.dir()], more].concat())
    }

    pub(crate) fn lines(&self, more: &[&str]) -> Vec<Value> {
        let (code, out, err) = self.ask("query", &[more, &["--json"]].concat());
        assert_eq!(code, 0, "{err}");
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// All records, read by nothing of ours.
    fn records(&self) -> Vec<Value> {
        let mut names: Vec<PathBuf> = fs::read_dir(&self.dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
            .collect();
        names.sort();
        let text: String = names.iter().map(|name| fs::read_to_string(name).unwrap()).collect();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line.get("event").is_some()).collect()
    }
}

#[test]
fn the_demo_has_as_many_records_as_were_asked_for_and_verifies() {
    let demo = Demo::new();
    assert_eq!(run(&["verify", demo.dir()]).0, 0);
    let records = demo.records();
    let own = |record: &&Value| record["category"] == "audit" || record["category"] == "alert";
    let told = records.iter().filter(|record| !own(record)).count();
    assert_eq!(told, 2_000);
    let days: BTreeSet<&str> = records
        .iter()
        .map(|record| &record["time"].as_str().unwrap()[..10])
        .collect();
    assert_eq!(days.len(), 4);
    assert!(
        records
            .iter()
            .all(|record| record["time"].as_str().unwrap() <= "2026-11-20T18:00:01")
    );
    // Never over what is there.
    let (code, _, err) = run(&["demo", demo.dir()]);
    assert!(code == 4 && err.contains("not empty"), "{err}");
}

#[test]
fn the_attack_in_the_demo_raises_alerts_and_its_habits_do_not_each_time_the_same() {
    let alerts = || {
        let (code, out, err) = Demo::new().ask("alerts", &["--json"]);
        assert_eq!(code, 0, "{err}");
        let lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.collect::<Vec<_>>()
    };
    let first = alerts();
    assert_eq!(alerts(), first);
    let rules: BTreeSet<&str> = first.iter().map(|alert| alert["rule"].as_str().unwrap()).collect();
    assert_eq!(
        rules,
        BTreeSet::from(["failed_logins", "success_after_failures", "suspicious_ip"])
    );
    let key = |alert: &Value| alert["key"].as_str().unwrap().to_owned();
    assert_eq!(
        (&first[0]["priority"], key(&first[0]).as_str()),
        (&Value::from("critical"), "203.0.113.66")
    );
    let attacked: BTreeSet<String> = (1..=8).map(|user| format!("u-{user:04}")).collect();
    let users = first.iter().filter(|alert| alert["key_kind"] == "user").map(key);
    assert_eq!(users.collect::<BTreeSet<_>>(), attacked);
}

#[test]
fn a_query_answers_what_the_lines_say() {
    let demo = Demo::new();
    let records = demo.records();
    let seqs = |records: &mut dyn Iterator<Item = &Value>| -> Vec<u64> {
        records.map(|record| record["seq"].as_u64().unwrap()).collect()
    };
    let is = |key: &'static str, value: &'static str| move |record: &&Value| record[key] == value;
    type Wanted = Box<dyn Fn(&&Value) -> bool>;
    let questions: Vec<(&[&str], Wanted)> = vec![
        (&[], Box::new(|_| true)),
        (&["--event", "login_failed"], Box::new(is("event", "AUTH_FAILED"))),
        (
            &["--event", "AUTH_FAILED", "--event", "AUTH_LOCKED"],
            Box::new(|record| record["event"] == "AUTH_FAILED" || record["event"] == "AUTH_LOCKED"),
        ),
        (&["--user", "user0007"], Box::new(is("username", "user0007"))),
        (&["--ip", "203.0.113.66"], Box::new(is("ip", "203.0.113.66"))),
        (
            &["--at-least", "high"],
            Box::new(|record| record["severity"] == "high" || record["severity"] == "critical"),
        ),
        (&["--outcome", "denied"], Box::new(is("outcome", "denied"))),
        (&["--route", "/search"], Box::new(is("route", "/search"))),
        (
            &["--where", "rows=48211"],
            Box::new(|record| record["metadata"]["rows"] == 48_211),
        ),
        (
            &["--where", "metadata.rows=48211"],
            Box::new(|record| record["metadata"]["rows"] == 48_211),
        ),
        (&["--text", "five fail"], Box::new(is("reason", "five failures"))),
        (
            &["--since", "2026-11-19", "--until", "2026-11-20"],
            Box::new(|record| record["time"].as_str().unwrap().starts_with("2026-11-19")),
        ),
    ];
    for (question, wanted) in &questions {
        let expected = seqs(&mut records.iter().filter(|record| wanted(record)));
        assert!(!expected.is_empty(), "{question:?}");
        let oldest = demo.lines(&[*question, &["--all", "--sort", "oldest"]].concat());
        assert_eq!(seqs(&mut oldest.iter()), expected, "{question:?}");
        let newest = demo.lines(&[*question, &["--all"]].concat());
        assert_eq!(seqs(&mut newest.iter().rev()), expected, "{question:?}");
        let (_, count, _) = demo.ask("query", &[*question, &["--count"]].concat());
        assert_eq!(count.trim(), expected.len().to_string(), "{question:?}");
    }
}

#[test]
fn a_list_that_is_not_for_a_terminal_has_its_names_once_and_one_that_ends_early_says_so() {
    let demo = Demo::new();
    let records = demo.records().len();
    let (_, out, _) = demo.ask("query", &["--all"]);
    assert_eq!(out.lines().filter(|line| line.contains("SEQ")).count(), 1);
    assert_eq!(out.lines().count(), records + 1);
    for command in ["suspicious", "admin", "sessions"] {
        let (_, whole, err) = demo.ask(command, &["-n", "100000"]);
        assert!(!err.contains("there are more"), "{command}: {err}");
        let all = whole.lines().count() - 1;
        let (_, same, err) = demo.ask(command, &["-n", &all.to_string()]);
        assert_eq!((same, err.contains("there are more")), (whole, false), "{command}");
        let (_, few, err) = demo.ask(command, &["-n", &(all - 1).to_string()]);
        assert_eq!(few.lines().count(), all, "{command}");
        assert!(err.contains("there are more: --limit N shows"), "{command}: {err}");
    }
}

#[test]
fn pages_joined_are_the_whole_answer() {
    let demo = Demo::new();
    let whole = demo.lines(&["--all", "--category", "auth"]);
    let (mut joined, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut question = vec!["--category", "auth", "-n", "7", "--json"];
        if let Some(cursor) = &cursor {
            question.extend(["--cursor", cursor]);
        }
        let (code, out, err) = demo.ask("query", &question);
        assert_eq!(code, 0, "{err}");
        joined.extend(out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        match err.split_once("--cursor ") {
            Some((_, next)) => cursor = Some(next.trim().to_owned()),
            None => break,
        }
    }
    assert_eq!(joined, whole);
}

#[test]
fn columns_are_what_was_asked_for_and_control_characters_move_nothing() {
    let demo = Demo::new();
    let (code, out, _) = demo.ask(
        "query",
        &["--event", "DATA_EXPORT", "--columns", "event,metadata.rows,user"],
    );
    assert_eq!(code, 0);
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        lines,
        [
            vec!["EVENT", "METADATA.ROWS", "USER"],
            vec!["DATA_EXPORT", "48211", "u-0007"]
        ]
    );
    let (_, nothing, said) = demo.ask("query", &["--event", "LOGIN_WRONG"]);
    assert!(nothing.is_empty() && said.contains("no record meets this") && said.contains("tracing-audit events"));
}

#[test]
fn statistics_summaries_users_and_sessions_count_what_the_lines_say() {
    let demo = Demo::new();
    let records = demo.records();
    let (code, out, err) = demo.ask("stats", &["--json"]);
    assert_eq!(code, 0, "{err}");
    let stats: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(stats["records"], records.len());

    let mut days = BTreeMap::new();
    for record in &records {
        *days.entry(&record["time"].as_str().unwrap()[..10]).or_insert(0_u64) += 1;
    }
    let by_day = |more: &[&str]| -> BTreeMap<String, u64> {
        let (code, out, err) = demo.ask("summary", &[more, &["--json"]].concat());
        assert_eq!(code, 0, "{err}");
        counted_by_day(&out)
    };
    let expected: BTreeMap<String, u64> = days.into_iter().map(|(day, count)| (day.to_owned(), count)).collect();
    assert_eq!(by_day(&[]), expected);
    assert_eq!(by_day(&["--write"]), expected);
    assert_eq!(by_day(&[]), expected, "from what was kept");
    // Who edits what was kept is believed, and how often is said.
    let believed = |out: &str| serde_json::from_str::<Value>(out).unwrap()["from_summaries"].clone();
    let (_, out, err) = demo.ask("summary", &[]);
    assert!(
        err.contains("3 days come from summaries, which are believed") && !out.contains("summaries"),
        "{err}"
    );
    let (_, out, err) = demo.ask("summary", &["--json"]);
    assert_eq!((believed(&out), err.contains("summaries")), (json!(3), false));
    let (_, out, _) = demo.ask("summary", &["--json", "--since", "2026-11-19"]);
    assert_eq!(believed(&out), 1);
    let (_, out, _) = demo.ask("summary", &["--json", "--since", "2026-11-20"]);
    assert_eq!(believed(&out), 0);
    let (_, _, err) = demo.ask("summary", &["--since", "2026-11-20"]);
    assert!(!err.contains("summaries"), "{err}");
    assert_eq!(run(&["verify", demo.dir()]).0, 0, "a summary is no fault");

    let (_, out, _) = demo.ask("user", &["u-0007", "--json"]);
    let user: Value = serde_json::from_str(&out).unwrap();
    let of_user = records.iter().filter(|record| record["user_id"] == "u-0007").count();
    assert_eq!(user["records"], of_user);
    let all = &user["sessions"];
    let names = |of: &Value| of["names"].as_object().unwrap().len() as u64;
    assert!(names(all) <= 20 && all["distinct"].as_u64() > Some(1), "{all}");
    let (_, out, _) = demo.ask("user", &["u-0007", "--json", "--top", "1"]);
    let first: Value = serde_json::from_str(&out).unwrap();
    let of = &first["sessions"];
    assert_eq!((names(of), &of["distinct"]), (1, &all["distinct"]));
    let listed = |of: &Value| -> u64 {
        let counts = of["names"].as_object().unwrap().values();
        counts.map(|count| count.as_u64().unwrap()).sum::<u64>() + of["other"].as_u64().unwrap()
    };
    assert!(
        of["other"].as_u64() > Some(0) && listed(of) == listed(all),
        "{of} {all}"
    );
    assert_eq!(run(&["user", demo.dir(), "u-0007", "--top", "1"]).0, 64);

    let (_, out, _) = demo.ask("sessions", &["--json", "-n", "1000000"]);
    let sessions: BTreeSet<&str> = records
        .iter()
        .filter_map(|record| record["session_id"].as_str())
        .collect();
    assert_eq!(out.lines().count(), sessions.len());
}

#[test]
fn what_is_suspicious_and_what_administrators_did_is_found() {
    let demo = Demo::new();
    let events = |command: &str| -> BTreeSet<String> {
        let (code, out, err) = demo.ask(command, &["--json", "-n", "1000"]);
        assert_eq!(code, 0, "{err}");
        out.lines()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["event"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    };
    assert!(events("suspicious").contains("AUTH_LOCKED") && !events("suspicious").contains("DATA_READ"));
    assert!(events("admin").contains("AUDIT_CONFIG") && !events("admin").contains("AUTH_LOCKED"));
}

#[test]
fn an_export_goes_to_a_new_file_whose_name_says_when() {
    let demo = Demo::new();
    let home = tempfile::tempdir().unwrap();
    let place = home.path().to_str().unwrap();
    for (format, ending) in [("csv", ".csv"), ("jsonl", ".jsonl.gz")] {
        let more: &[&str] = if ending.ends_with("gz") { &["--gzip"] } else { &[] };
        let (code, out, err) = demo.ask("export", &[&["--format", format, "--out", place], more].concat());
        assert_eq!((code, out.as_str()), (0, ""), "{err}");
        let named = |name: &str| name.starts_with("audit-export-20") && name.ends_with(ending);
        let names = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(
            names.filter(|name| named(name.to_str().unwrap())).count(),
            1,
            "{format}"
        );
    }
    let (code, out, _) = demo.ask("export", &["--format", "csv"]);
    let rows = out.lines().count();
    assert_eq!((code, rows), (0, demo.records().len() + 1));
    let (code, _, err) = demo.ask("export", &["--format", "xls"]);
    assert!(code == 64 && err.contains("jsonl"), "{err}");
    let (code, _, err) = demo.ask("export", &["--out", demo.dir()]);
    assert!(code == 4 && err.contains("trail"), "{err}");
}

#[test]
fn a_damaged_file_is_said_and_the_answer_goes_on() {
    let demo = Demo::new();
    let second = demo.dir.join("audit-2026-11-18.jsonl");
    fs::remove_file(&second).unwrap();
    let (code, out, err) = demo.ask("query", &["--all", "--json"]);
    assert_eq!(code, 1);
    assert!(err.contains("missing"), "{err}");
    assert_eq!(out.lines().count(), demo.records().len());
    let (code, _, err) = demo.ask("stats", &[]);
    assert!(code == 1 && err.contains("missing"), "{err}");
}

/// Lines that are no JSON, one that the chain alone knows to be edited, and a damaged line behind which much stands.
#[test]
fn a_summary_goes_on_behind_damage_as_statistics_do() {
    let spoil = |what: &str| {
        let demo = Demo::new();
        let path = demo.dir.join("audit-2026-11-18.jsonl");
        let text = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
        assert!(lines.len() > 20, "{}", lines.len());
        match what {
            "no JSON" => {
                for at in [5, 9] {
                    lines[at] = lines[at].replacen(['"', ','], "#", 3);
                }
            }
            "cut" => lines[5].truncate(20),
            _ => {
                let letter = lines[5].find("\"tag\":\"").unwrap() + 7;
                let other = if lines[5][letter..].starts_with('A') { "B" } else { "A" };
                lines[5].replace_range(letter..=letter, other);
            }
        }
        fs::write(&path, lines.concat()).unwrap();
        demo
    };
    for what in ["no JSON", "cut", "edited"] {
        let demo = spoil(what);
        let (_, whole, _) = demo.ask("stats", &["--json"]);
        let stats: Value = serde_json::from_str(&whole).unwrap();
        let stats_by_day: BTreeMap<String, u64> = counts(&stats["by_day"]);
        assert!(stats["records"].as_u64() > Some(2_000), "{what}: {}", stats["records"]);
        for write in [&[][..], &["--write"], &[]] {
            let (code, out, err) = demo.ask("summary", &[write, &["--json"]].concat());
            assert_eq!(code, 1, "{what}: {err}");
            assert_eq!(counted_by_day(&out), stats_by_day, "{what}");
            assert!(
                err.contains("what stands behind it is counted as it stands"),
                "{what}: {err}"
            );
            assert!(!err.contains("passed over;"), "{what}: {err}");
        }
        // The day alone: the same, and no other day.
        let day = ["--since", "2026-11-18", "--until", "2026-11-18", "--json"];
        let (code, out, _) = demo.ask("summary", &day);
        let of_day = counted_by_day(&out);
        assert_eq!((code, of_day.len()), (1, 1), "{what}");
        assert_eq!(of_day["2026-11-18"], stats_by_day["2026-11-18"], "{what}");
    }
}

/// What `summary --json` counts.
fn counted_by_day(out: &str) -> BTreeMap<String, u64> {
    counts(&serde_json::from_str::<Value>(out).unwrap()["days"])
}

fn counts(days: &Value) -> BTreeMap<String, u64> {
    let days = days.as_object().unwrap().iter();
    days.map(|(day, counts)| (day.clone(), counts["records"].as_u64().unwrap()))
        .collect()
}

#[test]
fn the_tables_the_completions_and_the_manual_are_there() {
    let (code, out, _) = run(&["events", "login", "--json"]);
    let first: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!((code, &first["event"]), (0, &"AUTH_LOGIN".into()));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, out, _) = run(&["completions", shell]);
        assert!(
            code == 0 && out.contains("tracing-audit") && out.contains("suspicious"),
            "{shell}"
        );
    }
    let (code, out, _) = run(&["man"]);
    assert!(code == 0 && out.contains(".TH") && out.contains("EXPORT"));
    let demo = Demo::new();
    let (code, out, _) = demo.ask("config", &["--json"]);
    let settings: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &settings["retention"]["source"]), (0, &"code".into()));
}

#[test]
fn jq_gives_the_same_answers() {
    let jq = |program: &str, dir: &Path| {
        let files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        let files = files
            .into_iter()
            .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
        Command::new("jq").args(["-c", program]).args(files).output()
    };
    let demo = Demo::new();
    let Ok(out) = jq(r#"select(.event == "AUTH_FAILED") | .seq"#, &demo.dir) else {
        println!("skipped: jq is not installed");
        return;
    };
    let theirs: BTreeSet<u64> = String::from_utf8(out.stdout)
        .unwrap()
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();
    let ours = demo.lines(&["--event", "AUTH_FAILED", "--all"]);
    let ours: BTreeSet<u64> = ours.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert!(!ours.is_empty() && ours == theirs);
}

#[test]
fn asking_and_exporting_are_recorded_where_that_is_said_and_nowhere_else() {
    let demo = Demo::new();
    let home = tempfile::tempdir().unwrap();
    let asked = home.path().join("asked");
    let place = asked.to_str().unwrap();
    let recorded = ["--audit-to", place, "--by", "auditor@example.org"];
    let before: BTreeSet<_> = fs::read_dir(&demo.dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    let (code, _, err) = demo.ask(
        "query",
        &[
            &["--user", "u-0007", "--text", "password=hunter2swordfish"],
            &recorded[..],
        ]
        .concat(),
    );
    assert_eq!(code, 0, "{err}");
    assert!(!err.contains("nobody records"), "{err}");
    let (code, _, err) = demo.ask("export", &[&["--format", "csv"], &recorded[..]].concat());
    assert_eq!(code, 0, "{err}");
    for command in ["stats", "sessions", "suspicious", "admin"] {
        assert_eq!(demo.ask(command, &recorded).0, 0);
    }
    assert_eq!(demo.ask("user", &[&["u-0007"], &recorded[..]].concat()).0, 0);
    let after: BTreeSet<_> = fs::read_dir(&demo.dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(before, after, "the trail that is asked is not written to");

    let (_, out, _) = run(&[
        "query",
        place,
        "--category",
        "audit",
        "--sort",
        "oldest",
        "--all",
        "--json",
    ]);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reads: Vec<&Value> = lines.iter().filter(|line| line["event"] == "AUDIT_READ").collect();
    let exports: Vec<&Value> = lines.iter().filter(|line| line["event"] == "AUDIT_EXPORT").collect();
    assert_eq!((reads.len(), exports.len()), (6, 1));
    assert!(
        lines.iter().all(|line| !line.to_string().contains("hunter2")),
        "secrets in questions are redacted"
    );
    assert_eq!(reads[0]["user_id"], "auditor@example.org");
    assert_eq!(reads[0]["metadata"]["question"]["user_id"], "u-0007");
    let directory = fs::canonicalize(&demo.dir).unwrap();
    assert_eq!(exports[0]["metadata"]["directory"], directory.to_str().unwrap());
    assert_eq!(exports[0]["metadata"]["format"], "csv");
    assert_eq!(run(&["verify", place]).0, 0);

    for within in [demo.dir.clone(), demo.dir.join("asked")] {
        let (code, out, err) = demo.ask("query", &["--audit-to", within.to_str().unwrap()]);
        assert_eq!((code, out.as_str()), (4, ""), "{err}");
    }
    let (_, _, err) = demo.ask("query", &[]);
    assert!(err.contains("nobody records this question"), "{err}");
}

#[test]
fn the_readme_shows_what_the_command_prints() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut tried = 0;
    for block in readme.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for step in block.split("$ ").skip(1) {
            let (command, expected) = step.split_once('\n').unwrap();
            let words: Vec<&str> = command.split_whitespace().collect();
            assert_eq!(words[0], "tracing-audit");
            let out = Command::new(env!("CARGO_BIN_EXE_tracing-audit"))
                .args(&words[1..])
                .current_dir(home.path())
                .env_remove("TRACING_AUDIT_TO")
                .output()
                .unwrap();
            assert!(
                out.status.success(),
                "{command}: {}",
                String::from_utf8_lossy(&out.stderr)
            );
            // A CSV's lines end in CR LF.
            let printed = String::from_utf8(out.stdout).unwrap().replace("\r\n", "\n");
            assert_eq!(printed, expected, "{command}");
            tried += 1;
        }
    }
    assert!(tried > 5);
}

/// Everything in a text that a terminal obeys, or that `anstream` takes out, is an escape in JSON, so that names stay what they are.
#[test]
fn two_users_whom_only_a_control_character_tells_apart_stay_two_in_json() {
    const HOSTILE: &str = "ro\u{7f}\u{80}\u{9f}\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}\u{1b}[31mot";
    let home = tempfile::tempdir().unwrap();
    let logs = home.path().join("logs");
    let dir = logs.to_str().unwrap();
    let users = ["root", "ro\u{7f}ot", HOSTILE];
    let trail = Trail::builder(&logs).detached().mirror(false).watch(Watch::standard());
    let trail = trail.build().unwrap();
    for user in users {
        for _ in 0..5 {
            audit!(in: &trail, events::AUTH_FAILED, user_id = user, session_id = user);
        }
    }
    trail.close().unwrap();
    let mut hand = Hand::new();
    let settings: BTreeMap<&str, Value> = users
        .iter()
        .map(|user| (*user, json!({"value": user, "source": "code"})))
        .collect();
    hand.open("start").begin();
    hand.own("AUDIT_CONFIG", &format!("\"settings\":{}", json!(settings)))
        .stop();
    let by_hand = hand.lay();

    let printed = |arguments: &[&str]| -> String {
        let (code, out, err) = run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {err}");
        // A line as it stands keeps what its format leaves unescaped, where no terminal shows it.
        let as_it_stands = ["query", "tail"].contains(&arguments[0]);
        let raw = |letter: char| {
            letter != '\n'
                && (letter.is_control()
                    || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        };
        assert!(as_it_stands || !out.contains(raw), "{arguments:?}: {out:?}");
        out
    };
    let wanted: BTreeSet<String> = users.map(str::to_owned).into();
    let keys = |object: &Value| -> BTreeSet<String> { object.as_object().unwrap().keys().cloned().collect() };
    let of_lines = |text: &str, key: &str| -> BTreeSet<String> {
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter_map(|line| Some(line[key].as_str()?.to_owned())).collect()
    };

    let stats: Value = serde_json::from_str(&printed(&["stats", dir, "--json"])).unwrap();
    assert_eq!(keys(&stats["by_user"]["names"]), wanted);
    assert_eq!(of_lines(&printed(&["sessions", dir, "--json"]), "user_id"), wanted);
    assert_eq!(of_lines(&printed(&["alerts", dir, "--json"]), "key"), wanted);
    for command in [&["query", "--all"][..], &["tail", "-n", "100"]] {
        let out = printed(&[&command[..1], &[dir, "--json"], &command[1..]].concat());
        assert_eq!(of_lines(&out, "session_id"), wanted);
    }
    for user in users {
        let activity: Value = serde_json::from_str(&printed(&["user", dir, user, "--json"])).unwrap();
        assert_eq!(keys(&activity["sessions"]["names"]), BTreeSet::from([user.to_owned()]));
    }
    let settings: Value = serde_json::from_str(&printed(&["config", by_hand.dir.to_str().unwrap(), "--json"])).unwrap();
    assert_eq!(keys(&settings), wanted);
}
