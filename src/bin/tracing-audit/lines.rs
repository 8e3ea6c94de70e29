//! Records on the output: the lines as they stand, or rows of a table.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use clap::Args;
use tracing_audit::{Error, Record};

use crate::out::{self, Failure, Harmless};
use crate::table::Rows;
use crate::value;

/// How records are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Layout {
    /// Only these keys, in this order; `metadata.NAME` for what has no key of its own
    #[arg(long, value_name = "KEY,...", value_delimiter = ',', conflicts_with = "json")]
    columns: Vec<String>,
    /// The lines as they stand in the files
    #[arg(long)]
    pub(crate) json: bool,
}

const COLUMNS: [&str; 8] = ["seq", "time", "severity", "event", "outcome", "user", "ip", "resource"];

/// Rows are laid out together; of very many, a thousand at a time.
const TOGETHER: u64 = 1_000;

/// Lines are written out together.
const BUFFER: usize = 64 << 10;

/// What was shown, and what is wrong with the trail.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) records: u64,
    damaged: bool,
}

impl Shown {
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
}

impl Layout {
    /// Shows each line that comes.
    pub(crate) fn show(&self, lines: &mut dyn Iterator<Item = Result<String, Error>>) -> Result<Shown, Failure> {
        let mut shown = Shown::default();
        if self.json {
            // No colour is in it that would have to be taken out.
            let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
            as_they_stand(&mut out, &mut shown, lines)?;
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
        let columns: Vec<&str> = match self.columns.is_empty() {
            true => COLUMNS.to_vec(),
            false => self.columns.iter().map(String::as_str).collect(),
        };
        let names: Vec<String> = columns.iter().map(|name| name.to_uppercase()).collect();
        loop {
            let mut rows = Rows::under(names.iter().map(String::as_str));
            let mut more = false;
            for line in &mut *lines {
                let record = line.and_then(|line| line.parse::<Record>());
                if let Some(record) = shown.take(record) {
                    rows.add(columns.iter().map(|name| value::of(&record, name)));
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
}

fn as_they_stand(
    out: &mut impl Write,
    shown: &mut Shown,
    lines: &mut dyn Iterator<Item = Result<String, Error>>,
) -> Result<(), Failure> {
    let terminal = io::stdout().is_terminal();
    for line in lines {
        let written = match shown.take(line) {
            Some(line) if terminal => writeln!(out, "{}", Harmless(&line)),
            Some(line) => writeln!(out, "{line}"),
            None => out.flush(),
        };
        written.map_err(Failure::of_write(shown.code()))?;
    }
    Ok(())
}
