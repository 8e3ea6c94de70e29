//! `tracing-audit key`: what it shows of the keys of trails that were written as any program writes one, and what it never shows.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_audit::{KeyLine, Trail, Trust, events};

use crate::cli::run;

/// A trail of one run, and its key line.
fn written(trust: Trust) -> (tempfile::TempDir, PathBuf, KeyLine) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let line = another_run(&dir, trust).unwrap();
    (home, dir, line)
}

fn another_run(dir: &Path, trust: Trust) -> Option<KeyLine> {
    let given = Arc::new(Mutex::new(None));
    let take = given.clone();
    let trail = Trail::builder(dir)
        .detached()
        .mirror(false)
        .trust(trust)
        .key_line(move |line| *take.lock().unwrap() = Some(line.clone()))
        .build()
        .unwrap();
    trail.draft(events::DATA_READ).emit().synced().unwrap();
    trail.close().unwrap();
    given.lock().unwrap().take()
}

fn last_word(line: &KeyLine) -> String {
    line.to_string().rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn a_key_is_shown_by_its_id_and_a_secret_never() {
    for trust in [Trust::Sealed, Trust::Signed] {
        let (home, dir, old) = written(trust);
        let dir_text = dir.to_str().unwrap();
        let (code, said, err) = run(&["key", dir_text]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(
            said.starts_with(&format!("trail {}, mode {trust}\n", old.trail())),
            "{said}"
        );
        assert!(said.contains(&format!("key {}: from run 1 on\n", old.id())), "{said}");
        assert!(said.contains("the next run is 2"), "{said}");

        let out = home.path().join("new.key");
        let out_text = out.to_str().unwrap();
        let (code, told, err) = run(&["key", dir_text, "--rotate", "--out", out_text]);
        assert_eq!((code, err.as_str()), (0, ""));
        let new = KeyLine::all(&fs::read_to_string(&out).unwrap()).unwrap().remove(0);
        assert!(
            told.starts_with(&format!("key {} from run 3 on; its line, ", new.id())),
            "{told}"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
        }
        // Before the run that it is for, and behind it.
        for _ in 0..2 {
            let (code, said, _) = run(&["key", dir_text]);
            assert_eq!(code, 0);
            assert!(said.contains(&format!("key {}: runs 1 to 2\n", old.id())), "{said}");
            assert!(said.contains(&format!("key {}: from run 3 on\n", new.id())), "{said}");
            assert_eq!(said.contains(&new.to_string()), trust == Trust::Signed, "{said}");
            let both = home.path().join("both.key");
            fs::write(&both, format!("{old}\n{new}\n")).unwrap();
            let (code, held, _) = run(&["key", dir_text, "--key-file", both.to_str().unwrap()]);
            assert_eq!(code, 0);
            assert!(
                held.contains(&format!("key line 1 of the file, for run 1 on: key {}\n", old.id())),
                "{held}"
            );
            assert!(
                held.contains(&format!("key line 2 of the file, for run 3 on: key {}\n", new.id())),
                "{held}"
            );
            let (_, json, _) = run(&["key", dir_text, "--json", "--key-file", both.to_str().unwrap()]);
            if trust == Trust::Sealed {
                let state = fs::read_to_string(home.path().join("logs.keys/state")).unwrap();
                let seed = state.split("\"seed\":\"").nth(1).unwrap().split('"').next().unwrap();
                for text in [&said, &held, &json, &told] {
                    for secret in [&last_word(&old), &last_word(&new), seed] {
                        assert!(!text.contains(secret), "{text}");
                    }
                }
            }
            let json: Value = serde_json::from_str(&json).unwrap();
            assert_eq!(
                (&json["keys"][1]["id"], &json["key_lines"][1]["known"]),
                (&new.id().into(), &true.into())
            );
            assert_eq!(json["keys"][1]["line"].is_string(), trust == Trust::Signed);
            assert_eq!(run(&["verify", dir_text, "--key-file", both.to_str().unwrap()]).0, 0);
            assert!(another_run(&dir, trust).is_none());
        }
    }
}

#[test]
fn a_trail_without_a_key_and_key_lines_of_no_key_are_called_that() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    another_run(&dir, Trust::Chained);
    let dir = dir.to_str().unwrap();
    let (code, said, _) = run(&["key", dir]);
    assert!(code == 0 && said.contains("it has no key"), "{said}");
    let (_elsewhere, _, other) = written(Trust::Sealed);
    let kept = home.path().join("other.key");
    fs::write(&kept, other.to_string()).unwrap();
    let (code, said, _) = run(&["key", dir, "--key-file", kept.to_str().unwrap()]);
    assert!(code == 3 && said.contains("of another trail, "), "{said}");
    assert!(!said.contains(&last_word(&other)), "{said}");
    // Nothing is rotated, and no file stays behind.
    let out = home.path().join("new.key");
    let (code, _, err) = run(&["key", dir, "--rotate", "--out", out.to_str().unwrap()]);
    assert!(code == 4 && err.contains("chained") && !out.exists(), "{err}");
    let nowhere = home.path().join("nowhere");
    assert_eq!(run(&["key", nowhere.to_str().unwrap()]).0, 4);
    assert_eq!(
        run(&["key", dir, "--rotate"]).0,
        64,
        "a secret goes to a file, and not to a terminal"
    );
    assert_eq!(run(&["key", dir, "--out", "x"]).0, 64);
}

#[test]
fn a_file_that_is_there_is_not_written_over_and_the_key_stays() {
    let (home, dir, old) = written(Trust::Sealed);
    let out = home.path().join("old.key");
    fs::write(&out, old.to_string()).unwrap();
    let (code, _, err) = run(&["key", dir.to_str().unwrap(), "--rotate", "--out", out.to_str().unwrap()]);
    assert!(code == 4 && err.contains("cannot write"), "{err}");
    assert_eq!(fs::read_to_string(&out).unwrap(), old.to_string());
    let (_, said, _) = run(&["key", dir.to_str().unwrap()]);
    assert!(said.contains(&format!("key {}: from run 1 on\n", old.id())), "{said}");
}
