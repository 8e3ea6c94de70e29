//! Bad input gets a clear error that names the path and the remedy.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use tracing_audit::{Emergency, Error, ErrorKind, Redaction, Retention, Rotation, Trail, Treatment, events, verify};

fn refused(result: Result<Trail, Error>) -> Error {
    let error = result.expect_err("this must be refused");
    let text = error.to_string();
    assert!(text.contains("; "), "no remedy in: {text}");
    assert!(text.starts_with(|first: char| first.is_lowercase()), "{text}");
    error
}

fn names(error: &Error, path: &Path) {
    assert!(
        error.to_string().contains(&path.display().to_string()),
        "{} is not named in: {error}",
        path.display()
    );
}

fn small_trail(dir: &Path) {
    let trail = Trail::builder(dir).detached().build().unwrap();
    trail.draft(events::DATA_READ).user_id("alice").emit();
    trail.close().unwrap();
}

fn only_file(dir: &Path) -> std::path::PathBuf {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .unwrap()
}

#[test]
fn a_directory_that_is_a_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs");
    std::fs::write(&path, "not a directory").unwrap();
    names(&refused(Trail::builder(&path).detached().build()), &path);
}

#[test]
fn a_parent_that_cannot_be_written_is_refused() {
    // Root may write everywhere, so a file stands where a directory is needed.
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let path = dir.path().join("file/logs");
    let error = refused(Trail::builder(&path).detached().build());
    assert_eq!(error.kind(), ErrorKind::Io);
    names(&error, &path);
}

#[test]
fn a_second_trail_of_this_process_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs");
    let first = Trail::builder(&path).detached().build().unwrap();
    let error = refused(Trail::builder(&path).detached().lock_wait(Duration::ZERO).build());
    assert_eq!(error.kind(), ErrorKind::Locked);
    names(&error, &path);
    first.close().unwrap();
    let again = Trail::builder(&path)
        .detached()
        .lock_wait(Duration::ZERO)
        .build()
        .unwrap();
    again.close().unwrap();
}

const CHILD: &str = "TRACING_AUDIT_LOCK_CHILD";

/// The other process is this test, started again.
#[test]
fn a_second_process_is_told_who_holds_the_directory() {
    use std::io::{BufRead as _, Write as _};
    if let Some(path) = std::env::var_os(CHILD) {
        let _trail = Trail::builder(path).detached().build().unwrap();
        println!("\nholding");
        std::io::stdout().flush().unwrap();
        // Until the parent lets go.
        let _ = std::io::stdin().read_line(&mut String::new());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "errors::a_second_process_is_told_who_holds_the_directory",
            "--nocapture",
        ])
        .env(CHILD, &path)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "holding"));
    let error = refused(Trail::builder(&path).detached().lock_wait(Duration::ZERO).build());
    assert_eq!(error.kind(), ErrorKind::Locked);
    names(&error, &path);
    assert!(error.to_string().contains(&child.id().to_string()), "{error}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    let after = Trail::builder(&path)
        .detached()
        .lock_wait(Duration::from_secs(10))
        .build()
        .unwrap();
    after.close().unwrap();
}

#[test]
fn keys_inside_the_trail_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs");
    let keys = path.join("keys");
    let error = refused(Trail::builder(&path).detached().keys(&keys).build());
    assert_eq!(error.kind(), ErrorKind::Config);
    names(&error, &keys);
    // Nor by a detour.
    refused(
        Trail::builder(&path)
            .detached()
            .keys(dir.path().join("x/../logs/keys"))
            .build(),
    );
}

#[test]
fn an_emergency_file_under_a_name_of_the_trail_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    for name in ["audit-2026-01-01.jsonl", "audit.keys", ".reserve"] {
        let path = dir.join(name);
        let error = refused(
            Trail::builder(&dir)
                .detached()
                .emergency(Emergency::file(&path))
                .build(),
        );
        assert_eq!(error.kind(), ErrorKind::Config);
        names(&error, &path);
        assert!(!path.exists());
    }
    let beside = home.path().join("audit-2026-01-01.jsonl");
    let builder = Trail::builder(&dir).detached().emergency(Emergency::file(beside));
    builder.build().unwrap().close().unwrap();
}

#[test]
fn contradictory_settings_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs");
    for builder in [
        Trail::builder(&path).retention(Retention::days(0)),
        Trail::builder(&path).retention(Retention::files(0)),
        Trail::builder(&path).rotation(Rotation::daily().max_bytes(1)),
        Trail::builder(&path).queue_bytes(10),
        Trail::builder(&path).commit_every(Duration::ZERO),
        Trail::builder(&path).sync_every(Duration::from_micros(1)),
        Trail::builder(&path).value_bytes(1 << 20).line_bytes(1 << 10),
    ] {
        assert_eq!(refused(builder.detached().build()).kind(), ErrorKind::Config);
    }
    assert!(!path.exists(), "nothing was made before it was refused");
}

#[test]
fn an_unreadable_key_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs");
    let hashing = || {
        Trail::builder(&path)
            .detached()
            .redaction(Redaction::default().field("email", Treatment::Hash))
    };
    hashing().build().unwrap().close().unwrap();
    let key = dir.path().join("logs.keys/hash.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::write(&key, "short").unwrap();
    let error = refused(hashing().build());
    assert_eq!(error.kind(), ErrorKind::Key);
    names(&error, &key);
    std::fs::write(&key, [7; 32]).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    names(&refused(hashing().build()), &key);
}

#[test]
fn a_newer_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs");
    small_trail(&path);
    let file = only_file(&path);
    let text = std::fs::read_to_string(&file).unwrap();
    // A line that would hold under version 1 but for this digit is damage; this one would not.
    let newer = text.replacen("{\"tracing_audit\":1,", "{\"tracing_audit\":2,\"shape\":\"other\",", 1);
    std::fs::write(&file, newer).unwrap();
    let error = refused(Trail::builder(&path).detached().build());
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    names(&error, &file);
    assert_eq!(verify(&path).unwrap().exit_code(), 4);
}

#[test]
fn a_damaged_file_does_not_stop_the_service_and_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs");
    small_trail(&path);
    let file = only_file(&path);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    small_trail(&path);
    let report = verify(&path).unwrap();
    assert_eq!(report.exit_code(), 1, "{report}");
    let suspected = tracing_audit::read(&path)
        .unwrap()
        .flatten()
        .any(|record| record.event() == "AUDIT_TAMPER_SUSPECTED");
    assert!(suspected, "the start found it and said so");
}

#[test]
fn a_directory_without_a_trail_is_no_green_answer() {
    let dir = tempfile::tempdir().unwrap();
    assert_ne!(verify(dir.path()).map_or(4, |report| report.exit_code()), 0);
    let missing = dir.path().join("missing");
    let error = verify(&missing).map(|_| ()).unwrap_err();
    names(&error, &missing);
}

#[test]
fn files_and_directories_are_for_their_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs");
    small_trail(&path);
    for (path, mode) in [
        (path.clone(), 0o700),
        (dir.path().join("logs.keys"), 0o700),
        (only_file(&path), 0o600),
    ] {
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            mode,
            "{}",
            path.display()
        );
    }
}
