//! Sealed and signed trails on a real disk, held against both verifiers.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use tracing_audit::{Builder, KeyLine, KeySource, Rotation, Trail, Trust, Verdict, Verify, audit, events};

type Lines = Arc<Mutex<Vec<KeyLine>>>;

fn builder(dir: &Path, trust: Trust, lines: &Lines) -> Builder {
    let lines = Arc::clone(lines);
    Trail::builder(dir)
        .detached()
        .mirror(false)
        .rotation(Rotation::daily().max_bytes(128 << 10))
        .trust(trust)
        .key_line(move |line| lines.lock().unwrap().push(line.clone()))
}

fn run(dir: &Path, trust: Trust, lines: &Lines, records: usize) {
    let trail = builder(dir, trust, lines).build().unwrap();
    for number in 0..records {
        let receipt = audit!(in: &trail, events::DATA_READ, resource = "a book", resource.id = number, "read by many");
        if number % 50 == 0 {
            receipt.synced().unwrap();
        }
    }
    trail.close().unwrap();
}

fn verdict(dir: &Path, lines: &[KeyLine]) -> Verdict {
    let verify = lines
        .iter()
        .fold(Verify::new(dir), |verify, line| verify.key(line.clone()));
    let report = verify.run().unwrap();
    println!("{report}");
    report.verdict()
}

/// The exit code of the verifier in Python, written from docs/FORMAT.md alone; `None` where it cannot run.
pub(crate) fn second_opinion(dir: &Path, line: Option<&KeyLine>) -> Option<i32> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verifier/verify.py");
    let able = Command::new("python3").args(["-c", "import cryptography"]).output();
    if !script.exists() || !able.is_ok_and(|able| able.status.success()) {
        eprintln!("skipped: python3 with the package cryptography is not here, or tests/verifier is not");
        return None;
    }
    let said = Command::new("python3")
        .arg(script)
        .arg(dir)
        .args(line.iter().flat_map(|line| ["--key".to_owned(), line.to_string()]))
        .output()
        .unwrap();
    println!(
        "{}{}",
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr)
    );
    said.status.code()
}

#[track_caller]
fn assert_proven(dir: &Path, line: &KeyLine) {
    assert_eq!(verdict(dir, std::slice::from_ref(line)), Verdict::Verified);
    assert!(second_opinion(dir, Some(line)).is_none_or(|code| code == 0));
    // The control: a flipped bit in the middle of the oldest file.
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let whole = std::fs::read(&files[0]).unwrap();
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    std::fs::write(&files[0], &changed).unwrap();
    assert_eq!(verdict(dir, std::slice::from_ref(line)), Verdict::Tampered);
    assert!(second_opinion(dir, Some(line)).is_none_or(|code| code == 1));
    std::fs::write(&files[0], &whole).unwrap();
}

fn modes() -> Vec<Trust> {
    match cfg!(feature = "sign") {
        true => vec![Trust::Sealed, Trust::Signed],
        false => vec![Trust::Sealed],
    }
}

#[test]
fn both_verifiers_prove_what_the_writer_wrote_over_runs_and_parts() {
    for trust in modes() {
        let home = tempfile::tempdir().unwrap();
        let (dir, lines) = (home.path().join("logs"), Lines::default());
        for records in [1, 1_500, 3] {
            run(&dir, trust, &lines, records);
        }
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), 1);
        assert_proven(&dir, &lines[0]);
    }
}

#[test]
fn both_verifiers_prove_a_chained_trail_that_rose_from_then_on() {
    for trust in modes() {
        let home = tempfile::tempdir().unwrap();
        let (dir, lines) = (home.path().join("logs"), Lines::default());
        run(&dir, Trust::Chained, &lines, 20);
        run(&dir, trust, &lines, 20);
        run(&dir, trust, &lines, 20);
        assert_proven(&dir, &lines.lock().unwrap()[0]);
    }
}

/// Gives a trail another key, and says which.
fn rotated(dir: &Path, trust: Trust, lines: &Lines) -> KeyLine {
    let mut new = None;
    builder(dir, trust, lines)
        .rotate_key(|line| {
            new = Some(line.clone());
            Ok(())
        })
        .unwrap();
    new.unwrap()
}

#[test]
fn a_key_that_was_rotated_proves_the_runs_behind_it_and_the_old_one_calls_nobody_a_liar() {
    for trust in modes() {
        let home = tempfile::tempdir().unwrap();
        let (dir, lines) = (home.path().join("logs"), Lines::default());
        run(&dir, trust, &lines, 20);
        let new = rotated(&dir, trust, &lines);
        // Before the next run the new line has no run yet, and says so; both together prove all there is.
        let old = lines.lock().unwrap()[0].clone();
        assert_eq!(verdict(&dir, std::slice::from_ref(&new)), Verdict::UnknownKey);
        assert_eq!(verdict(&dir, &[old.clone(), new.clone()]), Verdict::Verified);
        assert_eq!(verdict(&dir, &[old]), Verdict::Verified);
        // The control: without the state that says so, a file is missing.
        let state = home.path().join("logs.keys/state");
        std::fs::rename(&state, home.path().join("state")).unwrap();
        assert_eq!(verdict(&dir, std::slice::from_ref(&new)), Verdict::Tampered);
        assert_eq!(
            verdict(&dir, &[lines.lock().unwrap()[0].clone(), new.clone()]),
            Verdict::Tampered
        );
        std::fs::rename(home.path().join("state"), &state).unwrap();
        run(&dir, trust, &lines, 20);
        let old = lines.lock().unwrap()[0].clone();
        assert_eq!(verdict(&dir, &[old.clone(), new.clone()]), Verdict::Verified);
        assert_eq!(verdict(&dir, &[new]), Verdict::Verified);
        assert_ne!(verdict(&dir, &[old]), Verdict::Tampered);
    }
}

/// A copy of the trail from before its key was changed, with its state: good to the old line, and less than the new one knows.
#[test]
fn of_two_key_lines_the_newer_one_asks_for_its_run_too() {
    for trust in modes() {
        let home = tempfile::tempdir().unwrap();
        let (dir, lines) = (home.path().join("logs"), Lines::default());
        run(&dir, trust, &lines, 5);
        let copy = |from: &str, to: &str| {
            let (from, to) = (home.path().join(from), home.path().join(to));
            let _ = std::fs::remove_dir_all(&to);
            std::fs::create_dir(&to).unwrap();
            for entry in std::fs::read_dir(from).unwrap() {
                let entry = entry.unwrap();
                std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        };
        for name in ["logs", "logs.keys"] {
            copy(name, &format!("{name}.before"));
        }
        let new = rotated(&dir, trust, &lines);
        run(&dir, trust, &lines, 5);
        let both = [lines.lock().unwrap()[0].clone(), new];
        assert_eq!(verdict(&dir, &both), Verdict::Verified);
        for name in ["logs", "logs.keys"] {
            copy(&format!("{name}.before"), name);
        }
        assert_eq!(verdict(&dir, &both), Verdict::Tampered);
        assert_eq!(
            verdict(&dir, &both[..1]),
            Verdict::Verified,
            "the control: the old line alone cannot know"
        );
    }
}

#[test]
fn a_state_without_its_key_keeps_a_trail_from_starting() {
    let home = tempfile::tempdir().unwrap();
    let (dir, lines) = (home.path().join("logs"), Lines::default());
    let source = || {
        let turn = |bytes: &[u8]| Ok(bytes.iter().map(|byte| byte.rotate_left(4)).collect());
        KeySource::wrapped(turn, turn)
    };
    for _ in 0..2 {
        builder(&dir, Trust::Sealed, &lines)
            .key_source(source())
            .build()
            .unwrap()
            .close()
            .unwrap();
    }
    let error = builder(&dir, Trust::Sealed, &lines).build().unwrap_err();
    assert_eq!(error.kind(), tracing_audit::ErrorKind::Key, "{error}");
    std::fs::remove_file(home.path().join("logs.keys/state")).unwrap();
    let error = builder(&dir, Trust::Sealed, &lines)
        .key_source(source())
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), tracing_audit::ErrorKind::Key, "{error}");
    assert!(error.to_string().contains("replace"), "{error}");
}
