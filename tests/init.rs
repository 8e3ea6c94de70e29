//! `init`, in processes of its own: what it installs is global.

use std::path::Path;
use std::process::{Command, Output};

use tracing::{debug, info, info_span, warn};
use tracing_audit::{ErrorKind, Trail, audit, events};

const STORY: &str = "TRACING_AUDIT_INIT_STORY";

/// Does nothing unless it is run as a child: see [`tell`].
#[test]
fn child() {
    match std::env::var(STORY).as_deref() {
        Ok("program") => program(tracing_audit::init("by-argument").unwrap()),
        Ok("builder") => program(Trail::builder("by-builder").mirror(false).init().unwrap()),
        Ok("second") => second(),
        Ok("unwritable app log") => unwritable(),
        _ => {}
    }
}

fn program(trail: Trail) {
    let request = info_span!("request", user_id = "alice").entered();
    info!("an event for the console");
    debug!("a whisper for the console");
    info!(target: "audit", event = "DATA_READ");
    log::info!(target: "audit", "by the log crate");
    log::warn!("a log record for the console");
    audit!(events::AUTH_LOGIN, password = "hunter2");
    drop(request);
    warn!("the end");
    assert_eq!(trail.status().capture, [""; 0]);
    trail.close().unwrap();
    std::process::exit(0);
}

fn second() {
    let first = tracing_audit::init("first").unwrap();
    let error = tracing_audit::init("second").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("add trail.layer() to that subscriber"),
        "{error}"
    );
    // A scoped dispatcher does not hide the global one.
    let error = tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::default(), || {
        Trail::builder("second").init().unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        !Path::new("second").exists(),
        "a start that fails leaves nothing behind"
    );
    first.close().unwrap();
    std::process::exit(0);
}

fn unwritable() {
    std::fs::write("file", "in the way").unwrap();
    let error = tracing_audit::init("logs").unwrap_err();
    assert!(error.to_string().contains("AUDIT_APP_LOG"), "{error}");
    assert!(!Path::new("logs").exists(), "a start that fails leaves nothing behind");
    std::process::exit(0);
}

fn tell(story: &str, dir: &Path, variables: &[(&str, &str)]) -> Output {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "init::child", "--nocapture", "--test-threads=1"])
        .current_dir(dir)
        .env(STORY, story);
    for name in [
        "RUST_LOG",
        "AUDIT_DIR",
        "AUDIT_LOGS_DIR",
        "AUDIT_APP_LOG",
        "AUDIT_MIRROR",
    ] {
        child.env_remove(name);
    }
    let output = child.envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

fn console(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Event, user and message of each record, the trail's own apart.
fn recorded(dir: &Path) -> Vec<String> {
    let line = |record: tracing_audit::Record| {
        let message = record.message().unwrap_or_default().to_owned();
        format!("{} {} {message}", record.event(), record.user_id().unwrap_or_default())
    };
    tracing_audit::read(dir)
        .unwrap()
        .map(|record| line(record.unwrap()))
        .filter(|line| !line.starts_with("AUDIT_"))
        .collect()
}

#[test]
fn rust_log_changes_the_console_and_nothing_of_the_trail() {
    let mut trails = Vec::new();
    for (filter, shown, hidden) in [
        (
            "",
            &["an event", "a log record", "AUTH_LOGIN", "the end"][..],
            &["a whisper"][..],
        ),
        ("debug", &["an event", "a whisper", "a log record", "AUTH_LOGIN"], &[]),
        (
            "warn",
            &["a log record", "the end"],
            &["an event", "a whisper", "AUTH_LOGIN"],
        ),
        ("off", &[], &["an event", "the end", "AUTH_LOGIN"]),
        ("audit=off,info", &["an event", "the end"], &["AUTH_LOGIN"]),
        ("tests=trace", &["an event", "a whisper", "the end"], &["AUTH_LOGIN"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let console = console(&tell("program", dir.path(), &[("RUST_LOG", filter)]));
        for text in shown {
            assert!(console.contains(text), "RUST_LOG={filter} hides {text:?}: {console}");
        }
        for text in hidden {
            assert!(!console.contains(text), "RUST_LOG={filter} shows {text:?}: {console}");
        }
        assert!(!console.contains("hunter2"));
        trails.push(recorded(&dir.path().join("by-argument")));
    }
    assert_eq!(
        trails[0],
        ["DATA_READ alice ", "CUSTOM alice by the log crate", "AUTH_LOGIN alice "]
    );
    assert!(trails.iter().all(|trail| *trail == trails[0]), "{trails:#?}");
}

#[test]
fn the_environment_names_the_directory_and_the_builder_does_not_look() {
    let dir = tempfile::tempdir().unwrap();
    tell("program", dir.path(), &[("AUDIT_LOGS_DIR", "by-environment")]);
    assert_eq!(recorded(&dir.path().join("by-environment")).len(), 3);
    assert!(!dir.path().join("by-argument").exists());

    let output = tell(
        "builder",
        dir.path(),
        &[("AUDIT_LOGS_DIR", "elsewhere"), ("AUDIT_MIRROR", "on")],
    );
    assert_eq!(recorded(&dir.path().join("by-builder")).len(), 3);
    assert!(!dir.path().join("elsewhere").exists());
    assert!(!console(&output).contains("AUTH_LOGIN"), "the builder said: no mirror");
}

#[test]
fn the_application_log_has_what_the_console_shows() {
    let dir = tempfile::tempdir().unwrap();
    tell("program", dir.path(), &[("AUDIT_APP_LOG", "app")]);
    let files: Vec<_> = std::fs::read_dir(dir.path().join("app"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("app.20") && name.ends_with(".log"), "{name}");
    let text = std::fs::read_to_string(file).unwrap();
    for line in ["an event for the console", "AUTH_LOGIN", "the end"] {
        assert!(text.contains(line), "{text}");
    }
    assert!(!text.contains('\u{1b}') && !text.contains("a whisper") && !text.contains("hunter2"));
    assert_eq!(recorded(&dir.path().join("by-argument")).len(), 3);
}

#[test]
fn a_start_that_fails_says_what_to_do_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    tell("second", dir.path(), &[]);
    tell("unwritable app log", dir.path(), &[("AUDIT_APP_LOG", "file/app")]);
    tell("unwritable app log", dir.path(), &[("AUDIT_APP_LOG", "logs")]);
}
