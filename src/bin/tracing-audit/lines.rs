//! Records on the output: the lines as they stand, one for people, or rows of a table.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::Path;

use clap::Args;
use tracing_audit::{Error, Export, Record, Severity};

use crate::near;
use crate::nothing;
use crate::out::{self, Failure, Harmless, paint};
use crate::question::Conditions;
use crate::table::{self, Rows};
use crate::value;

/// Under which the help has what is about the output.
pub(crate) const OUTPUT: &str = "Output";

/// How records are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = OUTPUT)]
pub(crate) struct Layout {
    /// Only these keys, in this order; `metadata.NAME` for what has no key of its own
    #[arg(long, value_name = "KEY,...", value_delimiter = ',', value_parser = column, conflicts_with = "json")]
    columns: Vec<String>,
    /// The lines as they stand in the files
    #[arg(long)]
    pub(crate) json: bool,
}

const COLUMNS: [&str; 8] = ["seq", "time", "severity", "event", "outcome", "user", "ip", "resource"];

/// Where a terminal has no more columns than this, colours alone say the severity.
const NARROW: usize = 100;

/// Rows are laid out together; of very many, a thousand at a time.
const TOGETHER: u64 = 1_000;

/// Lines are written out together.
const BUFFER: usize = 64 << 10;

/// A column of a table, `metadata.NAME`, or a name that stands for several keys.
fn column(name: &str) -> Result<String, String> {
    one_of(name, || Export::all_columns().chain(["user"]))
}

/// A column of an export.
pub(crate) fn exported(name: &str) -> Result<String, String> {
    one_of(name, Export::all_columns)
}

fn one_of<I: Iterator<Item = &'static str>>(name: &str, known: impl Fn() -> I) -> Result<String, String> {
    let inner = name.strip_prefix("metadata.").is_some_and(|name| !name.is_empty());
    if inner || known().any(|known| known == name) {
        return Ok(name.to_owned());
    }
    let meant = match near::nearest(name, known()) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("use {}", known().collect::<Vec<_>>().join(", ")),
    };
    Err(format!(
        "no record has such a key; {meant} What has no key of its own is metadata.NAME"
    ))
}

/// What was shown, and what is wrong with the trail.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) records: u64,
    damaged: bool,
    terminal: bool,
}

impl Default for Shown {
    fn default() -> Shown {
        Shown {
            records: 0,
            damaged: false,
            terminal: io::stdout().is_terminal(),
        }
    }
}

impl Shown {
    /// What was counted elsewhere.
    pub(crate) fn behind(records: u64, damaged: bool) -> Shown {
        Shown {
            records,
            damaged,
            ..Shown::default()
        }
    }

    pub(crate) fn take<T>(&mut self, item: Result<T, Error>) -> Option<T> {
        match item {
            Ok(record) => {
                self.records += 1;
                Some(record)
            }
            Err(damage) => {
                self.damaged = true;
                out::complain(&damage);
                None
            }
        }
    }

    pub(crate) fn code(&self) -> u8 {
        u8::from(self.damaged)
    }

    /// How a command ends that has shown this of what was asked.
    pub(crate) fn end(&self, dir: &Path, conditions: &Conditions) -> Result<u8, Failure> {
        match self.is_empty() {
            true => Ok(nothing::found(dir, conditions)?),
            false => Ok(self.code()),
        }
    }

    /// Says so where there is not even a trail, before figures are shown of it, and gives the code to end with.
    pub(crate) fn no_trail(&self, dir: &Path) -> Result<Option<u8>, Failure> {
        match self.is_empty() {
            true => Ok(nothing::said(dir)?),
            false => Ok(None),
        }
    }

    /// Whether there was nothing at all, not even damage.
    pub(crate) fn is_empty(&self) -> bool {
        self.records == 0 && !self.damaged
    }

    /// A line as it stands in its file. A terminal gets nothing that it would obey.
    pub(crate) fn as_it_stands(&mut self, out: &mut impl Write, line: Result<String, Error>) -> Result<(), Failure> {
        self.each(out, line, |out, line, terminal| match terminal {
            true => writeln!(out, "{}", Harmless(line)),
            false => writeln!(out, "{line}"),
        })
    }

    /// A line for people, in the colour of its severity.
    pub(crate) fn for_people(&mut self, out: &mut impl Write, line: Result<String, Error>) -> Result<(), Failure> {
        let mut strange = None;
        self.each(out, line, |out, line, _| match line.parse::<Record>() {
            Ok(record) => match colour(&record) {
                "" => writeln!(out, "{}", Harmless(&record.to_string())),
                colour => writeln!(out, "{colour}{}{}", Harmless(&record.to_string()), paint::PLAIN),
            },
            // In its place, but not what this version writes.
            Err(error) => {
                strange = Some(error);
                writeln!(out, "{}", Harmless(line))
            }
        })?;
        match strange {
            Some(error) => self.each(out, Err(error), |_, _, _| Ok(())),
            None => Ok(()),
        }
    }

    fn each<W: Write>(
        &mut self,
        out: &mut W,
        line: Result<String, Error>,
        write: impl FnOnce(&mut W, &str, bool) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if line.is_err() {
            // What is wrong is said behind what was right.
            out.flush().map_err(Failure::of_write(self.code()))?;
        }
        match self.take(line) {
            Some(line) => write(out, &line, self.terminal).map_err(Failure::of_write(self.code())),
            None => Ok(()),
        }
    }
}

/// Says that a list ended at its limit, where it has no cursor to go on from.
pub(crate) fn ended_at(limit: usize) {
    out::note(&format_args!(
        "these are the newest {limit}, and there are more: --limit N shows so many"
    ));
}

fn colour(record: &Record) -> &'static str {
    match record.severity() {
        Severity::Critical => paint::BOLD_RED,
        Severity::High => paint::RED,
        Severity::Medium => paint::YELLOW,
        _ => "",
    }
}

impl Layout {
    /// Shows each line that comes.
    pub(crate) fn show(&self, lines: &mut dyn Iterator<Item = Result<String, Error>>) -> Result<Shown, Failure> {
        let mut shown = Shown::default();
        if self.json {
            // No colour is in it that would have to be taken out.
            let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
            for line in lines {
                shown.as_it_stands(&mut out, line)?;
            }
            out.flush().map_err(Failure::of_write(shown.code()))?;
        } else {
            let mut out = BufWriter::new(anstream::stdout().lock());
            self.as_rows(&mut out, &mut shown, lines)?;
            out.flush().map_err(Failure::of_write(shown.code()))?;
        }
        Ok(shown)
    }

    fn as_rows(
        &self,
        out: &mut impl Write,
        shown: &mut Shown,
        lines: &mut dyn Iterator<Item = Result<String, Error>>,
    ) -> Result<(), Failure> {
        let columns = self.columns();
        let names: Vec<String> = columns.iter().map(|name| name.to_uppercase()).collect();
        let mut first = true;
        loop {
            let mut rows = Rows::under(names.iter().map(String::as_str));
            // A pager shows the end of a list too; a program would take the names for a row.
            rows.headed = first || shown.terminal;
            first = false;
            let mut more = false;
            for line in &mut *lines {
                let record = line.and_then(|line| line.parse::<Record>());
                if let Some(record) = shown.take(record) {
                    rows.add_painted(colour(&record), columns.iter().map(|name| value::of(&record, name)));
                    more = shown.records.is_multiple_of(TOGETHER);
                }
                if more {
                    break;
                }
            }
            if !rows.is_empty() {
                rows.print(out).map_err(Failure::of_write(shown.code()))?;
            }
            if !more {
                return Ok(());
            }
        }
    }

    fn columns(&self) -> Vec<&str> {
        let narrow = table::width().is_some_and(|width| width <= NARROW);
        match self.columns.is_empty() {
            true => COLUMNS
                .into_iter()
                .filter(|name| !narrow || *name != "severity")
                .collect(),
            false => self.columns.iter().map(String::as_str).collect(),
        }
    }
}
