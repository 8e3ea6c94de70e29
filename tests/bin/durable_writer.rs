//! What the fault harnesses in scripts/ run: a program that records and says on standard output what it was told, until
//! somebody kills it; and another that reads what is left.
//!
//! ```text
//! durable_writer write  DIR [level=synced] [threads=2] [cycle=0] [count=0] [file=BYTES] [pad=BYTES] [wait=MS] [lock=MS] [until=FILE] [emergency=FILE]
//!                       [end=exit] [say=1] [line=BYTES] [trust=MODE] [key=FILE]
//! durable_writer peer   DIR [threads=2] [cycle=0] [count=0] [end=exit] [say=1]
//! durable_writer read   DIR
//! durable_writer start  DIR
//! ```
//!
//! `write` says `A <level> <cycle> <thread> <n>` once the trail has acknowledged this thread's record n, and with it
//! all before it, at this level: `accepted`, `written`, `synced`, or `mixed`, where every second thread waits for the disk
//! and the others for the file. It says so of every `say`th record; a record that was refused is named in a line
//! `E <cycle> <thread> <n> <why>`, and the next one is tried. With `end=told` it says `S <emitted> <written> <lost> <diverted>`
//! behind its end, whether that was clean or not. `peer` is the same program on tracing-subscriber's JSON and
//! tracing-appender without losses by a full queue; it can only say `accepted`. `read` gives the verdict and every live
//! record of such a program, `start` ends a run that did not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a harness stops at the first thing that is wrong with itself"
)]

use std::collections::HashMap;
use std::fs::File;
use std::io::{IoSlice, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use tracing_audit::{Emergency, Rotation, Trail, audit, events, verify};
use tracing_subscriber::prelude::*;

/// `key=value` arguments behind the directory.
struct Options(HashMap<String, String>);

impl Options {
    fn text<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.0.get(name).map_or(default, String::as_str)
    }

    fn number(&self, name: &str, default: u64) -> u64 {
        self.0
            .get(name)
            .map_or(default, |value| value.parse().expect("a number"))
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let (what, dir) = (args.next().expect("what to do"), args.next().expect("a directory"));
    let options = args.map(|arg| {
        let (name, value) = arg.split_once('=').expect("key=value");
        (name.to_owned(), value.to_owned())
    });
    let options = Options(options.collect());
    match what.as_str() {
        "write" => write(&dir, &options),
        "peer" => peer(&dir, &options),
        "read" => read(&dir),
        "start" => {
            let trail = Trail::builder(&dir).build().expect("a start");
            trail.close().expect("an end");
        }
        other => panic!("{other}?"),
    }
}

/// One call a line, whatever else goes on; `writev`, so that who makes `write` fail leaves this alone.
fn say(line: &str) {
    // Opened once: a later call may find no descriptor left.
    static OUT: Mutex<Option<File>> = Mutex::new(None);
    let mut out = OUT.lock().unwrap();
    let out = out.get_or_insert_with(|| File::from(std::io::stdout().as_fd().try_clone_to_owned().unwrap()));
    let said = out.write_vectored(&[IoSlice::new(line.as_bytes())]).unwrap();
    assert_eq!(said, line.len());
}

/// Runs the threads. `emit` returns the level that was reached, or why it was not.
fn work(options: &Options, emit: impl Fn(u64, u64) -> Result<&'static str, String> + Sync) {
    let (threads, cycle) = (options.number("threads", 2), options.number("cycle", 0));
    let (count, every) = (options.number("count", 0), options.number("say", 1));
    let until = Path::new(options.text("until", ""));
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let emit = &emit;
            scope.spawn(move || {
                let mut n = 0;
                while (count == 0 || n < count) && !(n % 64 == 0 && until.exists()) {
                    n += 1;
                    match emit(thread, n) {
                        Ok(level) if n % every == 0 || n == count => say(&format!("A {level} {cycle} {thread} {n}\n")),
                        Ok(_) => {}
                        Err(why) => {
                            say(&format!("E {cycle} {thread} {n} {why}\n"));
                            // A disk that refuses is not asked ten thousand times a second.
                            std::thread::sleep(Duration::from_millis(1));
                        }
                    }
                }
            });
        }
    });
}

fn write(dir: &str, options: &Options) {
    let level = options.text("level", "synced");
    let builder = Trail::builder(dir)
        .rotation(Rotation::daily().max_bytes(options.number("file", 256 << 10)))
        .wait_limit(Duration::from_millis(options.number("wait", 5_000)))
        .lock_wait(Duration::from_millis(options.number("lock", 10_000)));
    let builder = match options.text("emergency", "") {
        "" => builder,
        file => builder.emergency(Emergency::file(file)),
    };
    let builder = match options.number("line", 0) as usize {
        0 => builder,
        line => builder.line_bytes(line).value_bytes(line / 2),
    };
    let builder = match options.text("trust", "").parse() {
        Ok(trust) => builder.trust(trust),
        Err(_) => builder,
    };
    let builder = match options.0.get("key").cloned() {
        Some(path) => builder.key_line(|line| std::fs::write(path, format!("{line}\n")).expect("a key line kept")),
        None => builder,
    };
    let trail = match builder.build() {
        Ok(trail) => trail,
        Err(error) => {
            // Refusing to start is an answer; records were not promised anything.
            say(&format!("B {error}\n"));
            std::process::exit(3);
        }
    };
    say("R\n");
    let cycle = options.number("cycle", 0);
    let text = "written down ".repeat(options.number("pad", 13) as usize / 13);
    work(options, |thread, n| {
        let level = match level {
            "mixed" if thread % 2 == 0 => "synced",
            "mixed" => "written",
            other => other,
        };
        let receipt = audit!(
            events::DATA_UPDATE,
            user.id = format!("{cycle}/{thread}"),
            n = n,
            resource.id = n,
            "{text}"
        );
        match level {
            "accepted" => receipt.accepted().map(|()| "accepted"),
            "written" => receipt.written().map(|_| "written"),
            // What a writer would do that tells people before the disk has told it.
            "hasty" => receipt.written().map(|_| "synced"),
            _ => receipt.synced().map(|_| "synced"),
        }
        .map_err(|error| error.to_string())
    });
    match options.text("end", "exit") {
        "close" => trail.close().expect("a clean end"),
        "drop" => drop(trail),
        "told" => {
            let _ = trail.clone().close();
            let status = trail.status();
            let counts = [status.emitted, status.written, status.lost, status.diverted];
            let counts = counts.map(|counts| counts.total().to_string());
            say(&format!("S {}\n", counts.join(" ")));
        }
        "flush" => {
            trail.flush().expect("a flush");
            std::process::exit(0);
        }
        _ => std::process::exit(0),
    }
}

fn peer(dir: &str, options: &Options) {
    let (out, guard) = tracing_appender::non_blocking::NonBlockingBuilder::default()
        .lossy(false)
        .finish(tracing_appender::rolling::daily(dir, "peer"));
    tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().json().with_writer(out))
        .init();
    say("R\n");
    let cycle = options.number("cycle", 0);
    work(options, |thread, n| {
        tracing::info!(target: "audit", event = "DATA_UPDATE", user.id = format!("{cycle}/{thread}"), n, resource.id = n, "written down");
        Ok("accepted")
    });
    match options.text("end", "exit") {
        "drop" => drop(guard),
        _ => std::process::exit(0),
    }
}

fn read(dir: &str) {
    let report = verify(dir).expect("a verdict");
    let mut out = format!("V {} {}\n", report.exit_code(), report.records());
    if report.exit_code() == 1 {
        for fault in report.faults() {
            out.push_str(&format!("F {fault:?}\n"));
        }
    }
    for record in tracing_audit::read(dir).expect("a trail") {
        let record = match record {
            Ok(record) => record,
            // What a crash left behind the last whole line.
            Err(error) => {
                out.push_str(&format!("X {error}\n"));
                continue;
            }
        };
        let n = record.metadata().and_then(|metadata| metadata.get("n")?.as_u64());
        match (record.user_id(), n) {
            (Some(user), Some(n)) => out.push_str(&format!("{} {user} {n}\n", record.seq())),
            _ => out.push_str(&format!(
                "{} {} {:?}\n",
                record.seq(),
                record.event(),
                record.metadata()
            )),
        }
    }
    // Who has seen enough closes the pipe.
    let _ = std::io::stdout().write_all(out.as_bytes());
}
