//! `tracing-audit query`.

use std::io::{BufWriter, IsTerminal as _, Write};

use clap::Args;
use tracing_audit::{Cursor, Record};

use crate::asked::Asked;
use crate::out::{self, Failure, Harmless};
use crate::question::{Question, Sort};
use crate::table::Rows;
use crate::value;

/// Show the records that meet conditions.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    question: Question,
    /// At most so many records
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
    limit: u64,
    /// However many there are
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Which come first
    #[arg(long, value_enum, value_name = "ORDER", default_value_t)]
    sort: Sort,
    /// Go on where an earlier answer ended
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<Cursor>,
    /// Only these keys, in this order; `metadata.NAME` for what has no key of its own
    #[arg(long, value_name = "KEY,...", value_delimiter = ',', conflicts_with = "json")]
    columns: Vec<String>,
    /// Only how many there are
    #[arg(long, conflicts_with_all = ["columns", "cursor", "limit", "all", "sort"])]
    count: bool,
    /// The lines as they stand in the files
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asked: Asked,
}

const COLUMNS: [&str; 8] = ["seq", "time", "severity", "event", "outcome", "user", "ip", "resource"];

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let dir = &arguments.question.dir;
    let mut query = arguments.question.conditions.query().order(arguments.sort.into());
    query = match arguments.all || arguments.count {
        true => query.unlimited(),
        false => query.limit(arguments.limit),
    };
    if let Some(cursor) = &arguments.cursor {
        query = query.cursor(cursor.clone());
    }
    arguments.asked.read(dir, &query)?;
    let mut found = query.entries(dir)?;
    let mut out = BufWriter::new(anstream::stdout().lock());
    let code = match (arguments.count, arguments.json) {
        (true, json) => {
            let mut shown = Shown::default();
            found.by_ref().for_each(|item| shown.take(item.map(drop)));
            match json {
                true => writeln!(out, "{{\"records\":{}}}", shown.records),
                false => writeln!(out, "{}", shown.records),
            }
            .map_err(Failure::of_write(shown.code()))?;
            shown.code()
        }
        (false, true) => {
            let terminal = std::io::stdout().is_terminal();
            let mut shown = Shown::default();
            let mut lines = found.lines();
            for line in lines.by_ref() {
                match &line {
                    Ok(line) if terminal => writeln!(out, "{}", Harmless(line)),
                    Ok(line) => writeln!(out, "{line}"),
                    Err(_) => out.flush(),
                }
                .map_err(Failure::of_write(shown.code()))?;
                shown.take(line.map(drop));
            }
            out.flush().map_err(Failure::of_write(shown.code()))?;
            more(lines.next_page());
            return Ok(shown.end(arguments));
        }
        (false, false) => {
            let shown = table(arguments, &mut found, &mut out)?;
            out.flush().map_err(Failure::of_write(shown.code()))?;
            more(found.next_page());
            return Ok(shown.end(arguments));
        }
    };
    out.flush().map_err(Failure::of_write(code))?;
    Ok(code)
}

/// What was found, and what is wrong with the trail.
#[derive(Debug, Default)]
struct Shown {
    records: u64,
    damaged: bool,
}

impl Shown {
    fn take(&mut self, item: Result<(), tracing_audit::Error>) {
        match item {
            Ok(()) => self.records += 1,
            Err(damage) => {
                self.damaged = true;
                out::complain(&damage);
            }
        }
    }

    fn code(&self) -> u8 {
        u8::from(self.damaged)
    }

    fn end(&self, arguments: &Arguments) -> u8 {
        if self.records == 0 {
            out::note(&"no record meets this");
            for name in arguments.question.conditions.unknown_types() {
                out::note(&format_args!(
                    "no type of the table is named {name}; `tracing-audit events` lists them"
                ));
            }
        }
        self.code()
    }
}

/// Rows of a page are laid out together; of very many, a thousand at a time.
const PAGE: usize = 1_000;

fn table(
    arguments: &Arguments,
    found: &mut impl Iterator<Item = Result<Record, tracing_audit::Error>>,
    out: &mut impl Write,
) -> Result<Shown, Failure> {
    let columns: Vec<&str> = match arguments.columns.is_empty() {
        true => COLUMNS.to_vec(),
        false => arguments.columns.iter().map(String::as_str).collect(),
    };
    let mut shown = Shown::default();
    loop {
        let names: Vec<String> = columns.iter().map(|name| name.to_uppercase()).collect();
        let mut rows = Rows::under(names.iter().map(String::as_str));
        let mut full = false;
        for item in found.by_ref() {
            let item = item.map(|record| rows.add(columns.iter().map(|name| value::of(&record, name))));
            shown.take(item);
            full = shown.records > 0 && shown.records % PAGE as u64 == 0;
            if full {
                break;
            }
        }
        if !rows.is_empty() {
            rows.print(out).map_err(Failure::of_write(shown.code()))?;
        }
        if !full {
            return Ok(shown);
        }
    }
}

fn more(cursor: Option<Cursor>) {
    if let Some(cursor) = cursor {
        out::note(&format_args!("there may be more: --cursor {cursor}"));
    }
}
