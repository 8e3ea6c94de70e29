//! The commands that make and check evidence bundles, run on the vectors of the format.

use std::fs;

use serde_json::Value;

use crate::cli::{UNRECORDED, run};
use crate::cli_proof::{key, path, vector};

#[test]
fn a_bundle_goes_from_one_machine_to_another_and_says_there_what_it_proves() {
    let temp = tempfile::tempdir().unwrap();
    let (at, file) = path(&temp, "bundle.jsonl");
    let (key_at, key_file) = path(&temp, "trail.pub");
    let dir = vector("signed-clean");
    fs::write(&key_at, format!("# of the example\n{}\n", key("signed-clean"))).unwrap();
    let (code, said, err) = run(&["prove", &dir, "--bundle", "--seq", "2..3,5", "--out", &file]);
    assert_eq!(
        (code, said.as_str(), err.as_str()),
        (0, "3 records in the bundle\n", UNRECORDED)
    );
    let text = fs::read_to_string(&at).unwrap();
    // The records are there to be read by anything.
    let records: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["event"].is_string())
        .collect();
    assert_eq!(
        records
            .iter()
            .map(|record| record["seq"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        [2, 3, 5]
    );
    assert_eq!(
        run(&["prove", &dir, "--bundle", "--seq", "2,3,5"]).1,
        text,
        "standard output has the same"
    );
    let (code, said, err) = run(&["verify", "--bundle", &file, "--key-file", &key_file]);
    assert_eq!((code, err.as_str()), (0, ""));
    for part in [
        "verified: 3 records of the ",
        "trust mode: signed",
        "records: 2 to 3, 5, none left out",
        "host host-a",
        "is not shown",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    let (code, said, _) = run(&["verify", "--json", "--bundle", &file, "--key-file", &key_file]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (code, &said["verdict"], &said["records"]),
        (0, &"verified".into(), &serde_json::json!([[2, 3], [5, 5]]))
    );
    // What is there is not written over.
    let (code, _, err) = run(&["prove", &dir, "--bundle", "--seq", "4", "--out", &file]);
    assert!(code == 4 && err.contains("cannot write"), "{err}");
    assert_eq!(fs::read_to_string(&at).unwrap(), text);
}

#[test]
fn a_fault_in_a_bundle_is_named_with_its_line_and_ends_in_its_exit_code() {
    let temp = tempfile::tempdir().unwrap();
    let (at, file) = path(&temp, "bundle.jsonl");
    let key = key("signed-clean");
    let good = fs::read_to_string(vector("bundles/row.jsonl")).unwrap();
    fs::write(&at, good.replacen("\"user_id\":\"17\"", "\"user_id\":\"18\"", 1)).unwrap();
    let (code, said, _) = run(&["verify", "--bundle", &file, "--key", &key]);
    assert!(
        code == 1 && said.starts_with("tampered: 1 fault; 0 records before it\n"),
        "{said}"
    );
    let line = good.lines().position(|line| line.starts_with("{\"seq\":2,")).unwrap() + 1;
    assert!(
        said.contains(&format!("fault: line {line}, seq 2: it is not the record")),
        "{said}"
    );
    let (code, said, _) = run(&["verify", "--json", "--bundle", &file, "--key", &key]);
    let said: Value = serde_json::from_str(&said).unwrap();
    let fault = &said["faults"][0];
    assert_eq!(
        (code, &fault["kind"], &fault["line"], &fault["seq"]),
        (1, &"content".into(), &line.into(), &2.into())
    );
    fs::write(&at, &good).unwrap();
    let (code, said, _) = run(&["verify", "--bundle", &file]);
    assert!(code == 3 && said.starts_with("unknown key: "), "{said}");
    assert_eq!(run(&["verify", "--bundle", "/nowhere", "--key", &key]).0, 4);
    let later = vector("bundles/later-version.jsonl");
    let (code, said, _) = run(&["verify", "--bundle", &later, "--key", &key]);
    assert!(code == 4 && said.contains("a bundle of version 2"), "{said}");
}

#[test]
fn a_bundle_that_cannot_be_made_leaves_no_file() {
    let temp = tempfile::tempdir().unwrap();
    let (at, file) = path(&temp, "bundle.jsonl");
    let dir = vector("signed-clean");
    for (seq, why) in [
        ("2,999", "no signed checkpoint covers record 999"),
        ("0", "no record 0"),
    ] {
        let (code, _, err) = run(&["prove", &dir, "--bundle", "--seq", seq, "--out", &file]);
        assert!(code == 2 && err.contains(why) && !at.exists(), "{err}");
    }
    let (code, _, err) = run(&[
        "prove",
        &vector("sealed-clean"),
        "--bundle",
        "--seq",
        "1",
        "--out",
        &file,
    ]);
    assert!(code == 2 && err.contains("of mode sealed") && !at.exists(), "{err}");
    // A key line that is not the trail's, be it public or a seed, goes into no bundle.
    let (key_at, key_file) = path(&temp, "other.key");
    fs::write(&key_at, key("sealed-clean")).unwrap();
    let (code, _, err) = run(&[
        "prove",
        &dir,
        "--bundle",
        "--seq",
        "2",
        "--key-file",
        &key_file,
        "--out",
        &file,
    ]);
    let secret = key("sealed-clean").rsplit(' ').next().unwrap().to_owned();
    assert!(code == 4 && !err.contains(&secret) && !at.exists(), "{err}");
    fs::write(&key_at, key("signed-clean")).unwrap();
    assert_eq!(
        run(&[
            "prove",
            &dir,
            "--bundle",
            "--seq",
            "2..",
            "--key-file",
            &key_file,
            "--out",
            &file
        ])
        .0,
        0
    );
    assert!(
        fs::read_to_string(&at)
            .unwrap()
            .lines()
            .next()
            .unwrap()
            .contains(",\"pk\":\"")
    );
    for wrong in [
        &["prove", &dir, "--seq", "2..3"][..],
        &["prove", &dir, "--seq", "2,3"],
        &["prove", &dir, "--seq", "2", "--key-file", &key_file],
        &["prove", &dir, "--bundle"],
        &["prove", &dir, "--bundle", "--from", "1"],
        &["prove", &dir, "--bundle", "--seq", "5..2"],
        &["prove", &dir, "--bundle", "--seq", "..2"],
        &["verify", &dir, "--bundle", "x"],
        &["verify", "--proof", "x", "--bundle", "x"],
        &["verify", "--bundle", "x", "--strict"],
    ] {
        assert_eq!(run(wrong).0, 64, "{wrong:?}");
    }
}
