//! `tracing-audit query`.

use std::io::Write as _;

use clap::Args;
use tracing_audit::Cursor;

use crate::asked::Asked;
use crate::lines::{Layout, Shown};
use crate::out::{self, Failure};
use crate::question::{Question, Sort};

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
    #[arg(long, value_name = "CURSOR", conflicts_with = "sort")]
    cursor: Option<Cursor>,
    /// Only how many there are
    #[arg(long, conflicts_with_all = ["columns", "cursor", "limit", "all", "sort"])]
    count: bool,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    asked: Asked,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let dir = &arguments.question.dir;
    let mut query = arguments.question.conditions.query().order(arguments.sort.into());
    query = match arguments.all || arguments.count {
        true => query.unlimited(),
        false => query.limit(arguments.limit),
    };
    if let Some(cursor) = arguments.cursor {
        query = query.cursor(cursor);
    }
    let mut lines = arguments.asked.read(dir, query)?.lines();
    if arguments.count {
        return count(&mut lines, arguments.layout.json);
    }
    let shown = arguments.layout.show(&mut lines)?;
    if shown.records == 0 {
        arguments.question.conditions.say_nothing_found();
    }
    if let Some(cursor) = lines.next_page() {
        out::note(&format_args!("there may be more: --cursor {cursor}"));
    }
    Ok(shown.code())
}

fn count(lines: &mut dyn Iterator<Item = Result<String, tracing_audit::Error>>, json: bool) -> Result<u8, Failure> {
    let mut shown = Shown::default();
    for line in lines {
        shown.take(line);
    }
    let mut out = anstream::stdout().lock();
    match json {
        true => writeln!(out, "{{\"records\":{}}}", shown.records),
        false => writeln!(out, "{}", shown.records),
    }
    .and_then(|()| out.flush())
    .map_err(Failure::of_write(shown.code()))?;
    Ok(shown.code())
}
