//! Runs this test binary again as a program of its own: for what only a whole process can show.

use std::ffi::OsStr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Long enough for the slowest machine; a deadlock takes longer.
const PATIENCE: Duration = Duration::from_secs(180);

/// How a child ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs one test alone, in a process of its own that has these variables.
pub(crate) fn run(test: &str, variables: &[(&str, &OsStr)]) -> Result<Ended, String> {
    run_with(test, variables, |_, _| {})
}

/// As [`run`]; `meanwhile` sees the child and what it has said so far, again and again.
pub(crate) fn run_with(
    test: &str,
    variables: &[(&str, &OsStr)],
    mut meanwhile: impl FnMut(&mut Child, &str),
) -> Result<Ended, String> {
    // Files, not pipes: nobody has to read them for the child to go on.
    let dir = tempfile::tempdir().unwrap();
    let (out, err) = (dir.path().join("out"), dir.path().join("err"));
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env_remove("RUST_LOG")
        // Reading symbols takes seconds, which a test of how long a panic is held up would count.
        .env("RUST_BACKTRACE", "0")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&out).unwrap())
        .stderr(std::fs::File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let said = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let end = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() > end => {
                child.kill().unwrap();
                child.wait().unwrap();
                return Err(format!("it hangs:\n{}\n{}", said(&out), said(&err)));
            }
            None => {
                meanwhile(&mut child, &said(&out));
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    };
    Ok(Ended {
        status,
        stdout: said(&out),
        stderr: said(&err),
    })
}
