//! The command, run as an operator would.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::hand::{Hand, Laid, three_files};

/// What a command that shows records says once where nothing is told to record that.
pub(crate) const UNRECORDED: &str =
    "tracing-audit: nobody records this question; --audit-to DIR names a trail that does\n";

pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracing-audit"));
    for variable in ["NO_COLOR", "CLICOLOR_FORCE", "TRACING_AUDIT_TO"] {
        command.env_remove(variable);
    }
    command
}

pub(crate) fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command().args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn dir(laid: &Laid) -> &str {
    laid.dir.to_str().unwrap()
}

#[test]
fn verify_says_the_verdict_first_and_ends_with_its_code() {
    let hand = three_files();
    let laid = hand.lay();
    let (code, out, err) = run(&["verify", dir(&laid)]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.starts_with("consistent: 3 files, 16 records (seq 1 to 16), a clean end\n"),
        "{out}"
    );
    assert!(!out.contains("verified") && !out.contains('\x1b'), "{out}");
    assert!(out.contains("whoever can write the files"), "{out}");

    let mut lines = hand.lines("audit-2026-11-20.jsonl");
    lines.swap(1, 2);
    laid.put("audit-2026-11-20.jsonl", &lines.concat());
    let (code, out, _) = run(&["verify", dir(&laid)]);
    assert_eq!(code, 1);
    assert!(out.starts_with("tampered: "), "{out}");
    assert!(out.contains("audit-2026-11-20.jsonl: line 2, seq 1: "), "{out}");

    let mut open = Hand::new();
    open.open("start").begin().mark(false);
    let (code, out, _) = run(&["verify", dir(&open.lay())]);
    assert_eq!(code, 2, "{out}");
}

#[test]
fn verify_as_json_is_one_object_with_every_fault() {
    let hand = three_files();
    let laid = hand.lay();
    let (code, out, _) = run(&["verify", "--json", "--threads", "2", dir(&laid)]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, out.matches('\n').count()), (0, 1));
    assert_eq!(
        (&report["verdict"], &report["exit_code"], &report["records"]),
        (&"consistent".into(), &0.into(), &16.into())
    );
    fs::remove_file(laid.path("audit-2026-11-20.part0002.jsonl")).unwrap();
    let (code, out, _) = run(&["verify", "--json", dir(&laid)]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &report["verdict"], &report["faults"][0]["kind"]),
        (1, &"tampered".into(), &"missing_file".into())
    );
    assert!(report["limits"][0].is_string());
}

#[test]
fn verify_takes_a_state_file_from_elsewhere_and_strict() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(2);
    hand.next_run().open("recover").begin().stop().mark(true);
    let laid = hand.lay();
    assert_eq!(run(&["verify", dir(&laid)]).0, 0);
    assert_eq!(run(&["verify", "--strict", dir(&laid)]).0, 2);
    let elsewhere = laid.temp.path().join("kept-state");
    fs::rename(laid.state_path(), &elsewhere).unwrap();
    let elsewhere = elsewhere.to_str().unwrap();
    assert_eq!(run(&["verify", dir(&laid), "--state", elsewhere]).0, 0);
    let (code, _, err) = run(&["verify", dir(&laid), "--state", "/nowhere/state"]);
    assert_eq!(code, 4);
    assert!(err.contains("/nowhere/state"), "{err}");
}

#[test]
fn a_directory_that_cannot_be_read_is_named_with_a_remedy() {
    let temp = tempfile::tempdir().unwrap();
    let missing = temp.path().join("missing");
    for subcommand in ["verify", "tail"] {
        let (code, out, err) = run(&[subcommand, missing.to_str().unwrap()]);
        assert_eq!((code, out.as_str()), (4, ""), "{subcommand}");
        assert!(
            err.starts_with("tracing-audit: ") && err.contains("missing") && err.contains("; check the path"),
            "{err}"
        );
        let file = temp.path().join("file");
        fs::write(&file, "").unwrap();
        let (code, _, err) = run(&[subcommand, file.to_str().unwrap()]);
        assert_eq!(code, 4, "{subcommand}: {err}");
    }
    let (code, out, _) = run(&["verify", temp.path().to_str().unwrap()]);
    assert_eq!(code, 4);
    assert!(out.contains("this is no trail"), "{out}");
}

#[test]
fn wrong_usage_is_no_verdict() {
    for wrong in [
        &["verify"][..],
        &["verify", ".", "--threads", "0"],
        &["check"],
        &[],
        &["tail", "-n", "x", "."],
    ] {
        assert_eq!(run(wrong).0, 64, "{wrong:?}");
    }
    let (code, out, _) = run(&["--version"]);
    assert_eq!(
        (code, out),
        (0, format!("tracing-audit {}\n", env!("CARGO_PKG_VERSION")))
    );
    let (code, out, _) = run(&["--help"]);
    assert!(code == 0 && out.contains("Exit codes: 0 consistent"), "{out}");
}

#[test]
fn tail_shows_the_newest_records_for_people_or_as_they_stand() {
    let hand = three_files();
    let laid = hand.lay();
    let (code, out, _) = run(&["tail", "-n", "3", dir(&laid)]);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((code, lines.len()), (0, 3), "{out}");
    assert!(
        lines[0].starts_with("14 ") && lines[0].contains("DATA_READ success user_id=u14"),
        "{out}"
    );
    let (_, out, _) = run(&["tail", "--json", dir(&laid)]);
    let mut all = Vec::new();
    for name in hand.files.keys() {
        all.extend(hand.lines(name).into_iter().skip(1));
    }
    assert_eq!(out.as_bytes(), all[6..].concat());
}

#[test]
fn tail_says_that_a_directory_is_no_trail_and_that_one_has_nothing_yet() {
    let laid = Hand::new().lay();
    let (code, out, err) = run(&["tail", dir(&laid)]);
    assert_eq!((code, out.as_str()), (4, ""));
    assert!(err.contains(dir(&laid)) && err.contains("this is no trail"), "{err}");
    laid.put(".lock", b"");
    let (code, _, err) = run(&["tail", dir(&laid)]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("nothing has been written yet"), "{err}");
    // Nothing was asked for of a trail that has something.
    let (code, out, err) = run(&["tail", "-n", "0", dir(&three_files().lay())]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", UNRECORDED));
    // Who follows waits for a trail that is yet to come.
    let empty = Hand::new().lay();
    let mut child = command()
        .args(["tail", "-f", "--json", dir(&empty)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    assert_eq!(said.next().unwrap().unwrap(), UNRECORDED.trim_end());
    let complaint = said.next().unwrap().unwrap();
    assert!(complaint.contains("this is no trail"), "{complaint}");
    let mut hand = Hand::new();
    hand.open("start").begin();
    empty.put(&hand.name, &hand.files[&hand.name]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("{\"seq\":1,"), "{line}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn tail_says_damage_on_standard_error_and_in_its_code() {
    let hand = three_files();
    let laid = hand.lay();
    let mut lines = hand.lines("audit-2026-11-20.part0002.jsonl");
    lines[2][30] ^= 1;
    laid.put("audit-2026-11-20.part0002.jsonl", &lines.concat());
    let (code, out, err) = run(&["tail", "-n", "100", dir(&laid)]);
    assert_eq!((code, out.lines().count()), (1, 5 + 1 + 5));
    assert!(err.contains("damaged at line 3") && err.contains("verify"), "{err}");
}

#[test]
fn nothing_in_a_record_reaches_the_terminal_as_a_command() {
    let mut hand = Hand::new();
    hand.open("start").begin();
    let rest = hand.rest("DATA_READ", ",\"message\":\"a\\u001b[31mb\u{9b}31m\u{202e}\u{7f}\"");
    hand.put(&rest).stop();
    let (_, out, _) = run(&["tail", dir(&hand.lay())]);
    assert!(out.contains("DATA_READ"), "{out}");
    assert!(
        out.chars()
            .all(|letter| letter == '\n' || !(letter.is_control() || letter == '\u{202e}')),
        "{out:?}"
    );
}

#[test]
fn nothing_that_a_trail_says_reaches_the_terminal_as_a_command() {
    let hostile = "a\\u001b]0;b\\u0007\\u001b[2J\u{9b}31m\u{7f}\u{202e}\u{61c}\\nverified: all is well";
    let texts = [
        "torn_files",
        "state",
        "what",
        "kid",
        "prev_kid",
        "reason",
        "by",
        "policy_days",
        "newest",
        "settings",
    ];
    let members: String = texts.map(|key| format!("\"{key}\":\"{hostile}\",")).concat();
    let listed = members.replacen(&format!("\"{hostile}\""), &format!("[\"{hostile}\"]"), 1);
    for event in [
        "RECOVER",
        "TAMPER_SUSPECTED",
        "PRUNE",
        "CONFIG",
        "KEY",
        "ERASE",
        "GAP",
        "CHECKPOINT",
        "STOP",
    ] {
        let mut hand = Hand::new();
        for cause in ["start", "recover"] {
            hand.open(cause).begin();
            let said = format!(",\"metadata\":{{{listed}\"seq\":\"{hostile}\"}}");
            let rest = hand.rest(&format!("AUDIT_{event}"), &said);
            hand.put(&rest);
            hand.run += 1;
        }
        let laid = hand.lay();
        let dir = dir(&laid);
        for arguments in [
            &["verify", dir][..],
            &["verify", "--strict", "--deep", dir],
            &["verify", "--json", dir],
            &["tail", dir],
            &["key", dir],
            &["key", "--json", dir],
            &["prove", dir, "--seq", "1"],
        ] {
            let (_, out, err) = run(arguments);
            for line in (out + &err).lines() {
                let obeyed = |letter: char| letter.is_control() || matches!(letter, '\u{202e}' | '\u{61c}');
                assert!(!line.contains(obeyed), "{arguments:?} {event}: {line:?}");
                assert!(!line.starts_with("verified: all"), "{arguments:?} {event}: {line:?}");
            }
        }
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(5_000).stop();
    let laid = hand.lay();
    let mut child = command()
        .args(["tail", "-n", "5000", "--json", dir(&laid)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let mut complaints = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert_eq!(
        (child.wait().unwrap().code(), complaints.as_str()),
        (Some(0), UNRECORDED)
    );
}

#[test]
fn tail_follows_what_is_written() {
    let mut hand = Hand::new();
    hand.open("start").begin();
    let laid = hand.lay();
    let mut child = command()
        .args(["tail", "-f", "-n", "1", "--json", dir(&laid)])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut seq = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap()["seq"].clone();
    assert_eq!(seq(), 1);
    let there = hand.files[&hand.name].len();
    hand.records(2);
    let mut file = fs::File::options().append(true).open(laid.path(&hand.name)).unwrap();
    file.write_all(&hand.files[&hand.name][there..]).unwrap();
    assert_eq!((seq(), seq()), (2.into(), 3.into()));
    hand.open("rotate").own("AUDIT_ROTATE", "\"file\":2,\"prev_file\":1");
    laid.put(&hand.name, &hand.files[&hand.name]);
    assert_eq!(seq(), 4);
    child.kill().unwrap();
    child.wait().unwrap();
}
