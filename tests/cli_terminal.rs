//! The command on a terminal, as somebody sits before it: a pseudo-terminal of some width.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetwinsize, tcsetwinsize};

use crate::cli::{UNRECORDED, command, run};

struct Demo {
    _home: tempfile::TempDir,
    dir: String,
}

impl Demo {
    fn new() -> Demo {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("logs").to_str().unwrap().to_owned();
        let made = run(&["demo", &dir, "--records", "2000", "--until", "2026-11-27T18:00:00Z"]);
        assert_eq!(made.0, 0, "{}", made.2);
        Demo { _home: home, dir }
    }
}

/// What stands on a terminal of so many columns, escapes and all, and the exit code.
fn on_terminal(columns: u16, mut command: Command) -> (i32, String) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let terminal = File::options().read(true).write(true).open(name).unwrap();
    let size = Winsize {
        ws_row: 40,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&terminal, size).unwrap();
    assert_eq!(tcgetwinsize(terminal.as_fd()).unwrap().ws_col, columns);
    let end = |file: &File| Stdio::from(file.try_clone().unwrap());
    let mut child = command
        .env("TERM", "xterm")
        .stdin(end(&terminal))
        .stdout(end(&terminal))
        // Remarks, and what shows that long work goes on: on a slow machine all work is long.
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The last of those who could write to it.
    drop((terminal, command));
    let mut shown = Vec::new();
    // It ends with an error when nobody has the other end any more.
    let _ = File::from(master).read_to_end(&mut shown);
    let code = child.wait().unwrap().code().unwrap();
    (code, String::from_utf8(shown).unwrap().replace("\r\n", "\n"))
}

fn asked(arguments: &[&str]) -> Command {
    let mut command = command();
    command.args(arguments);
    command
}

/// Without colours, of which there are no others.
fn plain(shown: &str) -> String {
    let colours = ["\x1b[0m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[1;31m"];
    colours
        .iter()
        .fold(shown.to_owned(), |text, colour| text.replace(colour, ""))
}

#[test]
fn tables_fit_a_terminal_of_any_width() {
    let demo = Demo::new();
    let dir = &*demo.dir;
    let export = ["export", dir, "--event", "DATA_EXPORT"];
    for columns in [40, 80, 200] {
        for arguments in [
            &["query", dir, "-n", "30"][..],
            &["query", dir, "--event", "SECURITY_PERMISSION_DENIED", "-n", "5"],
            &["query", dir, "--columns", "time,event,user,ip,path", "-n", "5"],
            &["stats", dir],
            &["user", dir, "u-0007", "-n", "0"],
            &["sessions", dir],
            &["suspicious", dir],
            &["admin", dir],
            &["summary", dir],
            &["config", dir],
            &["events"],
        ] {
            let (code, shown) = on_terminal(columns, asked(arguments));
            assert_eq!(code, 0, "{arguments:?}: {shown}");
            let shown = plain(&shown);
            let table: Vec<&str> = shown.lines().collect();
            assert!(table.len() > 1, "{arguments:?}: {shown}");
            for line in table {
                assert!(
                    line.chars().count() <= columns.into(),
                    "{columns} {arguments:?}: {line:?}"
                );
                assert!(!line.contains('\x1b'), "{arguments:?}: {line:?}");
            }
        }
    }
    let (code, shown) = on_terminal(80, asked(&export));
    assert!(
        code == 0 && shown.contains("DATA_EXPORT") && !shown.contains('\x1b'),
        "{shown}"
    );
}

#[test]
fn colours_are_for_terminals_that_nobody_asked_to_do_without() {
    let demo = Demo::new();
    for arguments in [["tail", &demo.dir], ["verify", &demo.dir], ["admin", &demo.dir]] {
        let (code, coloured) = on_terminal(120, asked(&arguments));
        assert!(code == 0 && coloured.contains("\x1b[3"), "{arguments:?}: {coloured:?}");
        let mut without = asked(&arguments);
        without.env("NO_COLOR", "1");
        let (_, grey) = on_terminal(120, without);
        assert_eq!(grey, plain(&coloured), "{arguments:?}");
        assert!(!grey.contains('\x1b'));
        let (_, out, err) = run(&arguments);
        assert!(!(out + &err).contains('\x1b'), "{arguments:?} into a pipe");
    }
}

#[test]
fn a_pipe_that_closes_ends_every_command_quietly() {
    let demo = Demo::new();
    for arguments in [
        &["query", &demo.dir, "--all"][..],
        &["query", &demo.dir, "--all", "--json"],
        &["tail", &demo.dir, "-n", "2000"],
        &["export", &demo.dir, "--format", "csv"],
        &["export", &demo.dir, "--format", "ocsf"],
        &["sessions", &demo.dir, "-n", "100000"],
        &["man"],
        &["completions", "zsh"],
    ] {
        let mut child = asked(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::with_capacity(16, child.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(!first.is_empty(), "{arguments:?}");
        assert_eq!(
            (ended.status.code(), said.replace(UNRECORDED, "")),
            (Some(0), String::new()),
            "{arguments:?}"
        );
    }
}

/// What went wrong, and what to do about it; the code is that of docs/FORMAT.md or of wrong usage.
#[test]
fn errors_name_the_remedy() {
    let demo = Demo::new();
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let (absent, empty, file) = (path("absent"), path("empty"), path("file"));
    fs::create_dir(&empty).unwrap();
    fs::write(&file, "x").unwrap();
    let reading = [
        "query",
        "stats",
        "sessions",
        "suspicious",
        "admin",
        "alerts",
        "summary",
        "export",
        "config",
        "tail",
        "verify",
    ];
    for command in reading {
        for (dir, said) in [
            (&absent, "check the path"),
            (&empty, "this is no trail"),
            (&file, "name a directory"),
        ] {
            let (code, out, err) = run(&[command, dir]);
            let figures = out.contains("0 records");
            assert!(code == 4 && (out + &err).contains(said), "{command} {dir}: {err}");
            assert!(!figures, "{command}: figures of what is no trail");
        }
    }
    for dir in [&absent, &file] {
        let (code, _, err) = run(&["prove", dir, "--seq", "1"]);
        assert!(
            code == 4 && !err.contains("nobody records"),
            "there is no answer: {err}"
        );
    }
    let dir = &*demo.dir;
    for (arguments, code, said) in [
        (
            &["query", dir, "--since", "tomorrow"][..],
            64,
            "or how long ago: 90s, 15m, 2h",
        ),
        (
            &["summary", dir, "--since", "tomorrow"],
            64,
            "no day such as 2026-11-20",
        ),
        (&["query", dir, "--event", "AUTH_LOGON"], 0, "did you mean AUTH_LOGIN?"),
        (&["query", dir, "--columns", "time,usr"], 64, "did you mean user?"),
        (
            &["export", dir, "--format", "csv", "--columns", "usr_id"],
            64,
            "did you mean user_id?",
        ),
        (&["query", dir, "--outcome", "bad"], 64, "it is one of success, failure"),
        (&["query", dir, "--where", "x"], 64, "a key, =, and a value"),
        (&["query", dir, "--cursor", "7"], 64, "leave it out to begin anew"),
        (&["querry", dir], 64, "'query'"),
        (&["export", dir, "--format", "xls"], 64, "use one of jsonl"),
        (&["demo", dir], 4, "not empty; name a new one"),
        (&["query", dir, "-n", "0"], 64, "0 is not in 1.."),
        (&["query", dir, "-n", "-1"], 64, "invalid value '-1'"),
        (&["events", "zzz"], 0, "no type of the table has \"zzz\""),
        (&["alerts", dir, "--key", "nobody"], 0, "no alert meets this"),
        (&["query"], 64, "<DIR>"),
        (&["user", dir, "u-1", "--user", "u-2"], 64, "cannot be used with"),
    ] {
        let (ended, _, err) = run(arguments);
        assert!(ended == code && err.contains(said), "{arguments:?}: {ended} {err}");
    }
    let escape = run(&["query", dir, "--since", "\x1b[31mred\u{202e}"]);
    assert!(
        escape.0 == 64 && !escape.2.contains(['\x1b', '\u{202e}']),
        "{:?}",
        escape.2
    );
    fs::write(Path::new(dir).join("audit-2026-11-20.jsonl"), "{}").unwrap();
    for command in reading.iter().filter(|command| !["config", "tail"].contains(command)) {
        // The newest hundred are of other files.
        let more: &[&str] = if *command == "query" { &["--all"] } else { &[] };
        let (code, out, err) = run(&[&[*command, dir], more].concat());
        assert!(code == 1 && (out + &err).contains("missing"), "{command}: {code} {err}");
    }
}

/// Root may read anything, so nobody else is asked where the tests run as root.
#[test]
fn a_trail_that_may_not_be_read_is_told_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let demo = Demo::new();
    fs::set_permissions(&demo.dir, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&demo.dir).is_err() {
        for command in ["query", "stats", "tail", "verify", "export", "summary"] {
            let (code, _, err) = run(&[command, &demo.dir]);
            assert!(code == 4 && err.contains("run it as the user"), "{command}: {err}");
        }
    }
    fs::set_permissions(&demo.dir, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_shell_loads_the_completions_and_man_shows_the_page() {
    let home = tempfile::tempdir().unwrap();
    let (script, page) = (home.path().join("completions"), home.path().join("tracing-audit.1"));
    fs::write(&script, run(&["completions", "bash"]).1).unwrap();
    fs::write(&page, run(&["man"]).1).unwrap();
    let tell = |program: &str, arguments: &[&str]| Command::new(program).args(arguments).output();
    let load = format!("source {} && complete -p tracing-audit", script.display());
    match tell("bash", &["--norc", "-c", &load]) {
        Ok(out) => {
            let said = String::from_utf8_lossy(&out.stdout).into_owned();
            assert!(
                out.status.success() && out.stderr.is_empty() && said.contains("tracing-audit"),
                "{out:?}"
            );
        }
        Err(_) => println!("skipped: bash is not installed"),
    }
    match tell("groff", &["-man", "-ww", "-Tutf8", page.to_str().unwrap()]) {
        Ok(out) => {
            assert!(
                out.status.success() && out.stderr.is_empty(),
                "{}",
                String::from_utf8_lossy(&out.stderr)
            );
            assert!(
                String::from_utf8_lossy(&out.stdout).contains("suspicious"),
                "every command"
            );
        }
        Err(_) => println!("skipped: groff is not installed"),
    }
}

#[test]
fn the_help_has_a_heading_for_each_kind_of_option() {
    let under = |command: &str, option: &str| {
        let (_, help, _) = run(&[command, "--help"]);
        let before = help.split(&format!(" {option} ")).next().unwrap();
        let is_heading = |line: &&str| line.ends_with(':') && !line.starts_with(' ');
        before.lines().rfind(is_heading).unwrap_or_default().to_owned()
    };
    for (command, option, heading) in [
        ("query", "--since", "Conditions:"),
        ("query", "--limit", "Order and number:"),
        ("query", "--cursor", "Order and number:"),
        ("query", "--json", "Output:"),
        ("query", "--by", "The record of the question:"),
        ("stats", "--json", "Output:"),
        ("sessions", "--limit", "Order and number:"),
        ("suspicious", "--limit", "Order and number:"),
        ("user", "--recent", "Order and number:"),
        ("export", "--format", "Output:"),
        ("export", "--host", "Output:"),
        ("tail", "--audit-to", "The record of the question:"),
        ("summary", "--audit-to", "The record of the question:"),
    ] {
        assert_eq!(under(command, option), heading, "{command} {option}");
    }
}
