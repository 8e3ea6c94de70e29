//! `tracing-audit tail`.

use std::io::{BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tracing_audit::{Error, Record, Severity, Verify};

use crate::out::{self, Failure, Harmless, paint};

/// Show the end of a trail.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The trail's directory
    dir: PathBuf,
    /// How many of the newest records
    #[arg(short = 'n', long = "lines", value_name = "N", default_value_t = 10)]
    lines: u64,
    /// Go on with what is being written
    #[arg(short, long)]
    follow: bool,
    /// The lines as they stand in the files
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let terminal = std::io::stdout().is_terminal();
    let mut out = BufWriter::new(anstream::stdout().lock());
    let mut shown = Shown {
        any: false,
        json: arguments.json,
        terminal,
        damaged: false,
    };
    let mut lines = tracing_audit::read(&arguments.dir)?.last(arguments.lines)?.lines();
    for line in lines.by_ref() {
        shown.show(&mut out, line)?;
    }
    out.flush().map_err(Failure::of_write(shown.code()))?;
    if !shown.any {
        // Silence would look like a trail in which nothing happened.
        if let Some((why, code)) = nothing(&arguments.dir)? {
            out::complain(&why);
            if !arguments.follow {
                return Ok(code);
            }
        }
    }
    if !arguments.follow {
        return Ok(shown.code());
    }
    let mut follow = lines.follow();
    loop {
        // Woken at least so often that a reader of the output who has gone away is noticed with the next record.
        match follow.wait(Duration::from_secs(1)) {
            Ok(None) => out.flush().map_err(Failure::of_write(shown.code()))?,
            Ok(Some(line)) => shown.show(&mut out, Ok(line))?,
            Err(error) => {
                shown.show(&mut out, Err(error))?;
                // What cannot be read now may be readable soon; until then it is said once a second.
                std::thread::sleep(Duration::from_secs(1));
            }
        }
        if !follow.is_ready() {
            out.flush().map_err(Failure::of_write(shown.code()))?;
        }
    }
}

/// Why a directory has no record to show: if it has no file of a trail, what the verifier says of that.
fn nothing(dir: &Path) -> Result<Option<(String, u8)>, Error> {
    let report = Verify::new(dir).run()?;
    let why = report.faults().first().filter(|_| report.files() == 0);
    Ok(why.map(|fault| (format!("{}: {}", dir.display(), fault.detail()), report.exit_code())))
}

struct Shown {
    /// Something was there to be shown.
    any: bool,
    json: bool,
    terminal: bool,
    damaged: bool,
}

impl Shown {
    fn code(&self) -> u8 {
        u8::from(self.damaged)
    }

    fn show(&mut self, out: &mut impl Write, line: Result<String, Error>) -> Result<(), Failure> {
        self.any = true;
        let written = match line {
            Err(damage) => {
                self.damaged = true;
                out.flush().map_err(Failure::of_write(self.code()))?;
                out::complain(&damage);
                return Ok(());
            }
            Ok(line) if self.json && self.terminal => writeln!(out, "{}", Harmless(&line)),
            Ok(line) if self.json => writeln!(out, "{line}"),
            Ok(line) => match line.parse::<Record>() {
                Ok(record) => {
                    let colour = match record.severity() {
                        Severity::Critical => paint::BOLD_RED,
                        Severity::High => paint::RED,
                        Severity::Medium => paint::YELLOW,
                        _ => "",
                    };
                    writeln!(out, "{colour}{}{}", Harmless(&record.to_string()), paint::PLAIN)
                }
                // In its place, but not what this version writes.
                Err(_) => writeln!(out, "{}", Harmless(&line)),
            },
        };
        written.map_err(Failure::of_write(self.code()))
    }
}
