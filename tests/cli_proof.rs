//! The commands that make and check proofs, run on the vectors of the format.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::{UNRECORDED, run};

pub(crate) fn vector(name: &str) -> String {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vectors");
    vectors.join(name).to_str().unwrap().to_owned()
}

pub(crate) fn key(of: &str) -> String {
    let verdicts: Value = serde_json::from_str(&fs::read_to_string(vector("verdicts.json")).unwrap()).unwrap();
    verdicts[of]["key"].as_str().unwrap().to_owned()
}

pub(crate) fn path(temp: &tempfile::TempDir, name: &str) -> (PathBuf, String) {
    let path = temp.path().join(name);
    (path.clone(), path.to_str().unwrap().to_owned())
}

#[test]
fn a_proof_is_one_line_that_a_second_machine_checks_with_the_public_key_line_alone() {
    let temp = tempfile::tempdir().unwrap();
    let (at, file) = path(&temp, "proof.json");
    let (key_at, key_file) = path(&temp, "trail.pub");
    let dir = vector("signed-clean");
    let key = key("signed-clean");
    fs::write(&key_at, format!("# of the example\n{key}\n")).unwrap();
    let (code, out, err) = run(&["prove", &dir, "--seq", "3"]);
    assert_eq!((code, err.as_str(), out.matches('\n').count()), (0, UNRECORDED, 1));
    assert_eq!(
        run(&["prove", &dir, "--seq", "3", "--out", &file]),
        (0, String::new(), UNRECORDED.to_owned())
    );
    assert_eq!(fs::read_to_string(&at).unwrap(), out);
    for given in [["--key", &key], ["--key-file", &key_file]] {
        let (code, said, err) = run(&["verify", "--proof", &file, given[0], given[1]]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(said.starts_with("verified: record 3 is one of the "), "{said}");
        assert!(said.contains("record: {\"seq\":3,\"time\":"), "{said}");
        assert!(
            said.contains("is not shown") && said.contains("A thief of the keys"),
            "{said}"
        );
        assert!(said.contains("signed by: tracing-audit/"), "{said}");
    }
    let (code, said, _) = run(&["verify", "--json", "--proof", &file, "--key", &key]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (code, &said["verdict"], &said["kind"], &said["seq"]),
        (0, &"verified".into(), &"inclusion".into(), &3.into())
    );
    assert!(said["limits"].as_array().unwrap().len() > 2 && said["record"].is_string());
    // What is there is not written over.
    let (code, _, err) = run(&["prove", &dir, "--seq", "4", "--out", &file]);
    assert!(
        code == 4 && err.contains("cannot write") && err.contains(&file),
        "{err}"
    );
    assert_eq!(fs::read_to_string(&at).unwrap(), out);
}

#[test]
fn a_leaf_proves_without_the_content_and_says_so() {
    let temp = tempfile::tempdir().unwrap();
    let (at, file) = path(&temp, "proof.json");
    let (dir, key) = (vector("signed-clean"), key("signed-clean"));
    run(&["prove", &dir, "--seq", "3", "--leaf", "--out", &file]);
    assert!(!fs::read_to_string(at).unwrap().contains("\"rest\""));
    let (code, said, _) = run(&["verify", "--proof", &file, "--key", &key]);
    assert!(code == 0 && said.contains("The content is not in the proof"), "{said}");
    assert!(!said.contains("record: "), "{said}");
}

#[test]
fn growth_is_proven_from_a_size_and_from_a_root_that_is_known() {
    let temp = tempfile::tempdir().unwrap();
    let (at, file) = path(&temp, "growth.json");
    let (dir, key) = (vector("signed-clean"), key("signed-clean"));
    assert_eq!(run(&["prove", &dir, "--from", "3", "--out", &file]).0, 0);
    let proof: Value = serde_json::from_str(&fs::read_to_string(at).unwrap()).unwrap();
    let root = proof["from"]["root"].as_str().unwrap();
    let (code, said, _) = run(&["verify", "--proof", &file, "--key", &key]);
    assert!(code == 0 && said.contains("begin with those 3, unchanged"), "{said}");
    assert_eq!(run(&["prove", &dir, "--from", &format!("3,{root}")]).0, 0);
    let standard = format!("3,{}=", root.replace('-', "+").replace('_', "/"));
    assert_eq!(run(&["prove", &dir, "--from", &standard]).0, 0);
    let (code, out, err) = run(&["prove", &dir, "--from", &format!("4,{root}")]);
    assert!(code == 1 && out.is_empty() && err.contains("two histories"), "{err}");
    assert_eq!(run(&["prove", &dir, "--from", "3,abc"]).0, 64);
}

#[test]
fn who_takes_a_proof_or_a_bundle_is_recorded_where_that_is_said() {
    let temp = tempfile::tempdir().unwrap();
    let (_, place) = path(&temp, "asked");
    let dir = vector("signed-clean");
    let recorded = ["--audit-to", place.as_str(), "--by", "auditor@example.org"];
    for more in [
        &["--seq", "3"][..],
        &["--seq", "3", "--leaf"],
        &["--from", "3"],
        &["--bundle", "--seq", "2..3,5"],
        &["--seq", "999"],
    ] {
        let (code, _, err) = run(&[&["prove", dir.as_str()], more, &recorded].concat());
        assert_eq!(code, if more.contains(&"999") { 2 } else { 0 }, "{err}");
        assert!(!err.contains("nobody records"), "{err}");
    }
    let asked = ["query", &place, "--event", "AUDIT_EXPORT", "--sort", "oldest", "--json"];
    let (code, out, _) = run(&asked);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<(&str, &str)> = lines
        .iter()
        .map(|line| {
            assert_eq!(line["user_id"], "auditor@example.org");
            let directory = fs::canonicalize(&dir).unwrap();
            assert_eq!(line["metadata"]["directory"], directory.to_str().unwrap());
            let of = |name: &str| line["metadata"][name].as_str().unwrap();
            (of("format"), of("records"))
        })
        .collect();
    assert_eq!(code, 0);
    assert_eq!(
        said,
        [
            ("proof", "3"),
            ("proof without content", "3"),
            ("proof of growth", "behind 3"),
            ("evidence bundle", "2..3,5"),
            // That somebody tried is recorded, too.
            ("proof", "999"),
        ]
    );
    let (code, out, err) = run(&["prove", &dir, "--seq", "3", "--audit-to", &dir]);
    assert!(
        code == 4 && out.is_empty() && err.contains("is not written to"),
        "{err}"
    );
}

#[test]
fn what_cannot_be_proven_is_refused_with_the_reason() {
    for (vector_name, arguments, why) in [
        (
            "signed-clean",
            ["--seq", "999"],
            "no signed checkpoint covers record 999 yet",
        ),
        (
            "signed-clean",
            ["--from", "999"],
            "no signed checkpoint covers record 999 yet",
        ),
        ("signed-clean", ["--seq", "0"], "there is no record 0"),
        ("signed-behind-the-note", ["--seq", "8"], "no signed checkpoint covers"),
        ("signed-pruned", ["--seq", "1"], "were removed"),
        ("signed-pruned", ["--from", "1"], "were removed"),
        ("sealed-clean", ["--seq", "1"], "of mode sealed"),
        ("one-file", ["--seq", "1"], "of mode chained"),
        ("empty-file", ["--seq", "1"], "no trail"),
    ] {
        let (code, out, err) = run(&["prove", &vector(vector_name), arguments[0], arguments[1]]);
        assert_eq!((code, out.as_str()), (2, ""), "{vector_name}: {err}");
        assert!(err.contains(why), "{vector_name}: {err}");
    }
    assert_eq!(run(&["prove", &vector("nowhere"), "--seq", "1"]).0, 4);
    let dir = vector("signed-clean");
    for wrong in [
        &["prove", &dir][..],
        &["prove", &dir, "--seq", "1", "--from", "1"],
        &["prove", &dir, "--from", "1", "--leaf"],
        &["verify", &dir, "--proof", "x"],
        &["verify", "--proof", "x", "--strict"],
        &["verify"],
    ] {
        assert_eq!(run(wrong).0, 64, "{wrong:?}");
    }
}

#[test]
fn a_proof_is_believed_under_its_own_key_alone() {
    let (own, sealed) = (key("signed-clean"), key("sealed-clean"));
    let mut other: Vec<&str> = own.split(' ').collect();
    let trail = "A".repeat(22);
    other[2] = &trail;
    let other = other.join(" ");
    let verdicts: Value = serde_json::from_str(&fs::read_to_string(vector("proofs.json")).unwrap()).unwrap();
    let mut refused = 0;
    for (name, verdict) in verdicts.as_object().unwrap().iter().filter(|(name, _)| *name != "key") {
        let file = vector(&format!("proofs/{name}.json"));
        let (code, _, err) = run(&["verify", "--proof", &file, "--key", verdicts["key"].as_str().unwrap()]);
        let expected = match (verdict["holds"].as_bool().unwrap(), name.as_str()) {
            (true, _) => 0,
            (false, "later-version") => 4,
            // Without its first line of keys it is what a proof behind a change of the root key is.
            (false, "other-trail" | "missing-line") => 3,
            (false, _) => 1,
        };
        assert_eq!(code, expected, "{name}: {err}");
        refused += usize::from(code != 0);
    }
    assert!(refused > 10, "{refused}");
    let file = vector("proofs/record.json");
    assert_eq!(run(&["verify", "--proof", &file]).0, 3);
    assert_eq!(run(&["verify", "--proof", &file, "--key", &other]).0, 3);
    assert_eq!(run(&["verify", "--proof", &file, "--key", &other, "--key", &own]).0, 0);
    // A seed is no root.
    let code = run(&["verify", "--proof", &file, "--key", &sealed]).0;
    assert!(code == 1 || code == 3, "{code}");
    let (code, _, err) = run(&["verify", "--proof", &file, "--key", "tracing-audit-key 1 secret"]);
    assert!(code == 4 && !err.contains("secret"), "{err}");
    let (code, said, _) = run(&["verify", "--json", "--proof", &file]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (code, &said["exit_code"], &said["verdict"]),
        (3, &3.into(), &"unknown_key".into())
    );
    assert_eq!(run(&["verify", "--proof", "/nowhere", "--key", &own]).0, 4);
}

#[test]
fn a_trail_is_verified_by_a_key_on_the_command_line_too() {
    let dir = vector("signed-clean");
    assert_eq!(run(&["verify", &dir]).0, 3);
    assert_eq!(run(&["verify", &dir, "--key", &key("signed-clean")]).0, 0);
}
