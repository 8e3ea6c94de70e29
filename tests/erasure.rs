//! Salted records, and what erases them, on a real disk and held against both verifiers.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_audit::{Builder, Trail, Trust, Verdict, Verify, audit, events};

use crate::keyed::second_opinion;

fn builder(dir: &Path) -> Builder {
    Trail::builder(dir).detached().mirror(false)
}

/// All lines of a trail's files, in the order of their names.
fn lines(dir: &Path) -> Vec<Value> {
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn assert_consistent(dir: &Path) {
    let report = Verify::new(dir).run().unwrap();
    assert_eq!(report.verdict(), Verdict::Consistent, "{report}");
    assert!(second_opinion(dir, None).is_none_or(|code| code == 0));
}

#[test]
fn every_record_of_a_salted_trail_ends_in_a_salt_of_its_own_those_of_the_trail_too() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = builder(&dir).salted(true).build().unwrap();
    for number in 0..300 {
        audit!(in: &trail, events::DATA_READ, resource.id = number, token = "hunter2", "read");
    }
    // As long as a line may get, and longer.
    let long = "x".repeat(8_000);
    let draft = (0..12).fold(trail.draft(events::DATA_READ), |draft, at| {
        draft.field(&format!("long_{at}"), &long)
    });
    draft.emit();
    trail.close().unwrap();
    // What the trail has, it keeps; and it can be given up.
    builder(&dir).build().unwrap().close().unwrap();
    builder(&dir).salted(false).build().unwrap().close().unwrap();
    let (mut salts, mut salted, mut runs) = (HashSet::new(), false, Vec::new());
    for line in lines(&dir) {
        match line.get("tracing_audit") {
            Some(_) => {
                salted = line.get("salted").is_some();
                runs.push(salted);
            }
            None if salted => {
                let salt = line["salt"].as_str().unwrap();
                assert_eq!(salt.len(), 16);
                assert!(salts.insert(salt.to_owned()));
                assert!(line.to_string().len() <= 64 << 10);
            }
            None => assert_eq!(line.get("salt"), None),
        }
    }
    assert_eq!(runs, [true, true, false]);
    assert!(salts.len() > 301);
    for line in tracing_audit::read(&dir).unwrap().lines() {
        let line = line.unwrap();
        assert!(line.len() < 64 << 10);
        let behind = line
            .split_once(",\"salt\":\"")
            .map(|(_, behind)| behind.get(16..24).unwrap().to_owned());
        assert!(behind.is_none_or(|behind| behind == "\",\"tag\":"), "{line}");
    }
    let records = tracing_audit::read(&dir).unwrap().map(Result::unwrap);
    let with = records.filter(|record| record.get("salt").is_some()).count();
    assert_eq!(with, salts.len());
    assert_consistent(&dir);
}

/// Whether any file of the trail has this text.
fn holds(dir: &Path, text: &str) -> bool {
    let mut files = fs::read_dir(dir)
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files.any(|data| data.windows(text.len()).any(|window| window == text.as_bytes()))
}

fn note(trail: &Trail, text: &str) -> u64 {
    let receipt = audit!(in: trail, events::DATA_READ, note = text);
    receipt.synced().unwrap()
}

#[test]
fn both_verifiers_accept_what_an_erasure_leaves_in_every_mode() {
    for trust in [Trust::Chained, Trust::Sealed, Trust::Signed] {
        if trust == Trust::Signed && !cfg!(feature = "sign") {
            continue;
        }
        let home = tempfile::tempdir().unwrap();
        let (dir, line) = (home.path().join("logs"), Arc::new(Mutex::new(None)));
        let begin = || {
            let line = Arc::clone(&line);
            let builder = builder(&dir).salted(true).trust(trust);
            builder
                .key_line(move |given| *line.lock().unwrap() = Some(given.clone()))
                .build()
                .unwrap()
        };
        let trail = begin();
        let mut seqs: Vec<u64> = (0..6).map(|number| note(&trail, &format!("secret {number}"))).collect();
        trail.reopen().unwrap();
        seqs.extend((6..9).map(|number| note(&trail, &format!("secret {number}"))));
        // In a closed file, in the open one, the last of a commit with its seal.
        trail
            .erase(
                [seqs[1], seqs[5], seqs[7], seqs[8]],
                "a request, token=hunter2hunter2",
                "dpo",
            )
            .unwrap();
        for (number, erased) in [false, true, false, false, false, true, false, true, true]
            .into_iter()
            .enumerate()
        {
            assert_eq!(holds(&dir, &format!("secret {number}")), !erased, "{number}");
        }
        assert!(!holds(&dir, "hunter2"));
        note(&trail, "later");
        trail.close().unwrap();
        // And over a restart, in a file of the run before.
        let trail = begin();
        trail.erase([seqs[0]], "another", "dpo").unwrap();
        trail.close().unwrap();
        begin().close().unwrap();
        let line = line.lock().unwrap().clone();
        let verify = line
            .iter()
            .fold(Verify::new(&dir), |verify, line| verify.key(line.clone()));
        let report = verify.run().unwrap();
        assert_eq!(report.exit_code(), 0, "{report}");
        assert!(report.to_string().contains("5 records were erased"), "{report}");
        assert!(second_opinion(&dir, line.as_ref()).is_none_or(|code| code == 0));
        // A reader passes over what is erased.
        let left = tracing_audit::read(&dir).unwrap().map(Result::unwrap);
        let left: Vec<u64> = left
            .filter(|record| seqs.contains(&record.seq()))
            .map(|record| record.seq())
            .collect();
        assert_eq!(left, [seqs[2], seqs[3], seqs[4], seqs[6]]);
        // The control: a tombstone without its order.
        let file = fs::read_dir(&dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| fs::read_to_string(path).is_ok_and(|text| text.contains("\"erased\"")));
        let text = fs::read_to_string(file.as_ref().unwrap()).unwrap();
        let at = text.find("\"by\":").unwrap() + 5;
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'9' { b'8' } else { changed[at] + 1 };
        fs::write(file.unwrap(), changed).unwrap();
        let verify = line
            .iter()
            .fold(Verify::new(&dir), |verify, line| verify.key(line.clone()));
        assert_eq!(verify.run().unwrap().verdict(), Verdict::Tampered);
        assert!(second_opinion(&dir, line.as_ref()).is_none_or(|code| code == 1));
    }
}

#[test]
fn more_records_than_one_order_names_are_erased_by_several() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = builder(&dir)
        .salted(true)
        .line_bytes(4 << 10)
        .value_bytes(1 << 10)
        .rotation(tracing_audit::Rotation::daily().max_bytes(16 << 10))
        .build()
        .unwrap();
    let first = note(&trail, "secret");
    for _ in 0..400 {
        audit!(in: &trail, events::DATA_READ, note = "secret")
            .accepted()
            .unwrap();
    }
    let last = note(&trail, "secret");
    let ours: Vec<u64> = tracing_audit::read(&dir)
        .unwrap()
        .map(Result::unwrap)
        .filter(|record| (first..=last).contains(&record.seq()) && record.event() == "DATA_READ")
        .map(|record| record.seq())
        .collect();
    assert_eq!(ours.len(), 402);
    trail.erase(ours, "a request", "dpo").unwrap();
    assert!(!holds(&dir, "secret"));
    trail.close().unwrap();
    let orders = tracing_audit::read(&dir).unwrap().map(Result::unwrap);
    assert!(orders.filter(|record| record.event() == "AUDIT_ERASE").count() > 1);
    assert_consistent(&dir);
}

#[cfg(feature = "cli")]
#[test]
fn the_command_erases_in_a_stopped_trail_and_refuses_a_running_one() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let run = |more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tracing-audit"));
        command
            .arg("erase")
            .arg(&dir)
            .args(["--reason", "a request", "--by", "dpo"])
            .args(more);
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    };
    assert_eq!(run(&["--seq", "1"]).0, 4);
    assert!(!dir.exists());
    let trail = builder(&dir).salted(true).build().unwrap();
    let seqs = [
        note(&trail, "secret 0"),
        note(&trail, "secret 1"),
        note(&trail, "stays"),
    ];
    let numbers = format!("{},{}", seqs[0], seqs[1]);
    let (code, said) = run(&["--seq", &numbers]);
    assert_eq!(code, 4, "{said}");
    // What it cannot be given it does not advise.
    assert!(said.contains("Trail::erase") && !said.contains("lock_wait"), "{said}");
    trail.close().unwrap();
    for wrong in ["4..", "9..4", "1..9999999999", "x"] {
        assert_eq!(run(&["--seq", wrong]).0, 64, "{wrong}");
    }
    let (code, said) = run(&["--seq", "2"]);
    assert!(code == 4 && said.contains("about itself"), "{said}");
    assert_eq!(run(&[]).0, 64);
    // A row as `prove` takes it, and one of its records again.
    let (code, said) = run(&["--seq", &format!("{}..{},{}", seqs[0], seqs[1], seqs[1])]);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("erased 2 records"), "{said}");
    assert!(!holds(&dir, "secret") && holds(&dir, "stays"));
    assert_consistent(&dir);
}

/// A file that was compressed since is another matter than damage: the reason names what to do.
#[cfg(feature = "cli")]
#[test]
fn where_a_file_is_there_compressed_alone_the_commands_say_how_to_go_on() {
    use std::io::Write as _;
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = builder(&dir).salted(true).build().unwrap();
    let seq = note(&trail, "secret").to_string();
    trail.reopen().unwrap();
    note(&trail, "stays");
    trail.close().unwrap();
    let names = || std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
    let oldest = names()
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .min();
    let plain = oldest.unwrap();
    let packed = std::fs::File::create(plain.with_extension("jsonl.gz")).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
    encoder.write_all(&std::fs::read(&plain).unwrap()).unwrap();
    encoder.finish().unwrap();
    std::fs::remove_file(&plain).unwrap();
    let (name, dir_text) = (plain.file_name().unwrap().to_str().unwrap(), dir.to_str().unwrap());
    let why = ["--reason", "a request", "--by", "dpo"];
    for what in [
        &["erase", dir_text, "--seq", &seq][..],
        &["hold", dir_text, "--file", name],
        &["hold", dir_text, "--all"],
    ] {
        let (code, _, said) = crate::cli::run(&[what, &why].concat());
        assert!(
            code == 4 && said.contains(".jsonl.gz") && said.contains("gunzip"),
            "{what:?}: {said}"
        );
    }
}
