//! The format's test vectors, each with the verdict that stands beside it, and what a report says beyond the verdict.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tracing_audit::{KeyLine, Verify};

use crate::hand::{Hand, Laid, three_files};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vectors")
}

/// Parts of the format that a build reads only with a feature; each vector says in `part` which one it needs.
fn is_built(part: &str) -> bool {
    match part {
        "signed" => cfg!(feature = "sign"),
        "gz" => cfg!(feature = "gzip"),
        _ => true,
    }
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
        if !wanted["part"].as_str().is_none_or(is_built) {
            continue;
        }
        let key_lines = || KeyLine::all(wanted["key"].as_str().unwrap_or_default()).unwrap_or_default();
        let anchor = || wanted["anchor"].as_str().map(|anchor| anchor.parse().unwrap());
        let with_keys = |verify: Verify| key_lines().into_iter().fold(verify, Verify::key);
        type How<'a> = &'a dyn Fn(Verify) -> Verify;
        let ways: [(&str, bool, How<'_>); 6] = [
            ("exit", false, &|verify| verify),
            ("exit_with_state", true, &with_keys),
            ("exit_strict", false, &|verify| verify.strict(true)),
            ("exit_with_key", false, &with_keys),
            ("exit_with_anchor", false, &|verify| {
                anchor().into_iter().fold(with_keys(verify), Verify::anchor)
            }),
            ("exit_mode_chained", false, &|verify| verify.chained_only(true)),
        ];
        for (key, state, how) in ways {
            let (how_named, Some(exit)) = (key, wanted[key].as_u64()) else {
                continue;
            };
            for threads in [1, 3] {
                let (_temp, dir) = copy(name, state);
                let report = match how(Verify::new(&dir).threads(threads)).run() {
                    Ok(report) => report,
                    // Nothing but exit code 4 can be told of what cannot be read.
                    Err(error) => {
                        if exit != 4 {
                            wrong.push(format!("{name} {key}, {threads} threads, wanted {wanted}: {error:?}"));
                        }
                        continue;
                    }
                };
                let mut differs = u64::from(report.exit_code()) != exit;
                for (key, found) in [
                    ("files", report.files()),
                    ("records", report.records()),
                    ("superseded_lines", report.superseded_lines()),
                    ("unproven_bytes", report.unproven_bytes()),
                ] {
                    // Of a keyed trail, what is proven with its key.
                    let counted = wanted["key"].is_null() || !matches!(how_named, "exit" | "exit_mode_chained");
                    differs |= counted && wanted[key].as_u64().is_some_and(|wanted| wanted != found);
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

#[test]
fn every_number_of_threads_comes_to_the_same_report() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(12_000);
    hand.open("rotate").records(9_000);
    hand.open("rotate").records(3_000).stop().mark(true);
    let laid = hand.lay();
    let report = |threads| Verify::new(&laid.dir).threads(threads).run().unwrap().to_json();
    let good = report(1);
    assert!(
        good.contains("\"verdict\":\"consistent\"") && good.contains("\"records\":24002"),
        "{good}"
    );
    assert!((2..6).all(|threads| report(threads) == good));
    // Damage in several places of two files.
    for name in hand.files.keys().take(2) {
        let mut bytes = hand.files[name].clone();
        for at in [700_001, 1_100_000] {
            bytes[at] ^= 4;
        }
        laid.put(name, &bytes);
    }
    let bad = report(1);
    assert!(bad.contains("\"verdict\":\"tampered\""), "{bad}");
    assert!((2..6).all(|threads| report(threads) == bad), "{bad}");
}

/// A hand that writes to the disk as a live writer does: with the lock, each commit one append, the state behind a sync.
fn write_for_a_while(laid: &Laid, hand: &mut Hand, done: &AtomicBool) {
    let lock = fs::File::create(laid.path(".lock")).unwrap();
    lock.lock().unwrap();
    let mut there = std::collections::BTreeMap::new();
    let mut commit = |hand: &Hand, halves: bool| {
        let bytes = &hand.files[&hand.name];
        let from = there.insert(hand.name.clone(), bytes.len()).unwrap_or(0);
        let path = laid.path(&hand.name);
        let mut file = fs::File::options().append(true).create(true).open(path).unwrap();
        let fresh = &bytes[from..];
        // A reader may see any part of a write.
        let middle = if halves { fresh.len() / 2 } else { 0 };
        file.write_all(&fresh[..middle]).unwrap();
        file.write_all(&fresh[middle..]).unwrap();
    };
    let state = |hand: &mut Hand, clean| {
        hand.mark(clean);
        let path = laid.state_path();
        let tmp = path.with_extension("tmp");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&tmp, hand.state.as_ref().unwrap()).unwrap();
        fs::rename(&tmp, &path).unwrap();
    };
    hand.open("start").begin();
    commit(hand, false);
    state(hand, false);
    let mut turn = 0;
    while !done.load(Ordering::Relaxed) {
        turn += 1;
        hand.records(turn % 7 + 1);
        commit(hand, turn % 3 == 0);
        match turn % 40 {
            5 => {
                hand.checkpoint();
                commit(hand, false);
                state(hand, false);
            }
            20 => {
                state(hand, false);
                hand.open("rotate").own("AUDIT_ROTATE", "\"file\":0");
                commit(hand, false);
            }
            30 => {
                // A failed sync: what the state file does not cover is written again.
                state(hand, false);
                let synced = hand.point();
                hand.records(2);
                commit(hand, false);
                hand.open_at("resync", Some(synced)).records(2);
                commit(hand, false);
            }
            _ => {}
        }
    }
    hand.stop();
    commit(hand, false);
    state(hand, true);
}

#[test]
fn verifying_while_it_is_written_gives_no_false_alarm() {
    let laid = Hand::new().lay();
    let mut hand = Hand::new();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| write_for_a_while(&laid, &mut hand, &done));
        let begun = Instant::now();
        let (mut looks, mut live) = (0, 0);
        while begun.elapsed() < Duration::from_millis(1_500) {
            let report = Verify::new(&laid.dir).threads(1 + looks % 2).run();
            let report = match report {
                Ok(report) => report,
                Err(error) => panic!("look {looks}: {error}"),
            };
            // At the very beginning there is nothing yet.
            let nothing_yet = report.files() == 0;
            if !nothing_yet && report.exit_code() != 0 {
                done.store(true, Ordering::Relaxed);
                panic!("look {looks}: {report}");
            }
            looks += 1;
            live += usize::from(report.is_live());
        }
        done.store(true, Ordering::Relaxed);
        assert!(live > 5, "{live} of {looks} looks saw the writer");
    });
    let report = laid.verify();
    assert_eq!((report.exit_code(), report.is_live()), (0, false), "{report}");
    assert_eq!(report.records(), hand.seq);
}

#[test]
fn an_unclean_end_and_a_run_that_wrote_nothing_are_listed() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(2);
    hand.next_run().next_run().next_run().open("recover").begin();
    hand.own(
        "AUDIT_RECOVER",
        "\"run\":1,\"last_seq\":3,\"lost\":\"unknown\",\"at_most_bytes\":100,\"torn_bytes\":4,\"torn_lines\":0,\
         \"torn_sha256\":\"88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589\",\
         \"torn_files\":[\"audit-2026-11-20.jsonl.torn\"]",
    );
    hand.own("AUDIT_GAP", "\"count\":{\"low\":3,\"high\":4},\"cause\":\"queue_full\"");
    hand.stop().mark(true);
    let laid = hand.lay();
    laid.put("audit-2026-11-20.jsonl.torn", b"abcd");
    let report = laid.verify();
    let notes = report.notes().join("\n");
    assert_eq!((report.exit_code(), report.lost()), (0, 7), "{report}");
    assert!(
        notes.contains("ended without a clean end, behind seq 3; of what was accepted up to 100 bytes"),
        "{notes}"
    );
    assert!(notes.contains("2 starts before run 4 wrote nothing"), "{notes}");
    assert!(notes.contains("lost 7 records") && !notes.contains(".torn"), "{notes}");
    laid.put("audit-2026-11-20.jsonl.torn", b"abcx");
    assert!(
        laid.verify()
            .notes()
            .join("\n")
            .contains("not the bytes that the recovery set aside")
    );
    fs::remove_file(laid.path("audit-2026-11-20.jsonl.torn")).unwrap();
    assert!(laid.verify().notes().join("\n").contains("and gone"));
    assert_eq!(laid.exit(), 0, "no proof rests on it");
}

#[test]
fn a_start_that_found_no_state_file_behind_a_clean_end_is_told_as_that() {
    let notes = |torn_bytes: u64, state: &str| {
        let mut hand = Hand::new();
        hand.open("start").begin().records(2).stop();
        hand.next_run().open("recover").begin();
        hand.own(
            "AUDIT_RECOVER",
            &format!("\"run\":1,\"last_seq\":4,\"lost\":\"unknown\",\"torn_bytes\":{torn_bytes},\"state\":\"{state}\""),
        );
        hand.stop().mark(true);
        let report = hand.lay().verify();
        assert_eq!(report.exit_code(), 0, "{report}");
        report.notes().join("\n")
    };
    let only_state = notes(0, "missing");
    assert!(
        only_state.contains("ended with its AUDIT_STOP, seq 4, and the start behind it found no state file"),
        "{only_state}"
    );
    for other in [notes(9, "missing"), notes(0, "stale")] {
        assert!(other.contains("ended without a clean end, behind seq 4"), "{other}");
    }
}

#[test]
fn what_is_left_before_a_missing_file_is_told_and_proves_nothing() {
    let hand = three_files();
    let told = |laid: &Laid| {
        let report = laid.verify();
        assert_eq!((report.exit_code(), report.files()), (1, 1), "{report}");
        let notes = report.notes().iter();
        let told: Vec<String> = notes.filter(|note| note.starts_with("before file")).cloned().collect();
        told.concat()
    };
    let laid = hand.lay();
    fs::remove_file(laid.path("audit-2026-11-20.part0002.jsonl")).unwrap();
    let note = told(&laid);
    assert!(
        note.starts_with("before file 2, which is missing, 1 file with 5 records intact, between 1 and 5: they go on"),
        "{note}"
    );
    // What is damaged there is not counted, and not hidden.
    let mut lines = hand.lines("audit-2026-11-20.jsonl");
    lines[3][40] ^= 1;
    laid.put("audit-2026-11-20.jsonl", &lines.concat());
    let note = told(&laid);
    assert!(
        note.contains("1 file with 2 records intact") && note.contains("they do not all go on"),
        "{note}"
    );
    // Where nothing is left before the hole there is nothing to tell.
    fs::remove_file(laid.path("audit-2026-11-20.jsonl")).unwrap();
    assert_eq!(told(&laid), "");
}

#[test]
fn a_prune_before_its_time_is_listed() {
    let prune = |policy: &str, newest: &str| {
        let mut hand = Hand::new();
        hand.open("start").begin();
        hand.own(
            "AUDIT_CONFIG",
            "\"settings\":{\"retention\":{\"value\":\"14 days\",\"source\":\"code\"}}",
        );
        let (_, seq, head) = hand.point();
        let kept = format!(
            "{{\"file\":2,\"prev_seq\":{seq},\"prev_head\":\"{}\"}}",
            crate::hand::base64url(&head)
        );
        hand.open("rotate").own(
            "AUDIT_PRUNE",
            &format!("\"files\":[1],\"kept_from\":{kept},\"policy_days\":{policy},\"newest\":\"{newest}\""),
        );
        hand.stop().mark(true);
        hand.files.remove("audit-2026-11-20.jsonl");
        let laid = hand.lay();
        let report = laid.verify();
        let strict = Verify::new(&laid.dir).strict(true).run().unwrap();
        assert_eq!(report.exit_code(), 0, "{report}");
        (report.notes().join("\n"), strict.exit_code())
    };
    let (notes, strict) = prune("14", "2026-11-06T08:00:00.000000Z");
    assert_eq!((notes.as_str(), strict), ("", 0));
    let (notes, strict) = prune("14", "2026-11-07T08:00:00.000000Z");
    assert!(notes.contains("before they were 14 days old") && strict == 2, "{notes}");
    let (notes, strict) = prune("null", "2026-11-06T08:00:00.000000Z");
    assert!(notes.contains("for their number or size") && strict == 2, "{notes}");
}
