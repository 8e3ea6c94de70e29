//! `tracing-audit query`.

use std::io::Write as _;

use clap::Args;

use crate::asked::Asked;
use crate::lines::{Layout, Shown};
use crate::out::{self, Failure};
use crate::page::{self, Page};
use crate::question::Question;

/// Show the records that meet conditions.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    question: Question,
    #[command(flatten)]
    page: Page,
    /// Only how many there are
    #[arg(long, conflicts_with_all = ["columns", "cursor", "limit", "all", "sort"], help_heading = page::HEADING)]
    count: bool,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    asked: Asked,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let Arguments {
        question,
        page,
        count,
        layout,
        asked,
    } = arguments;
    let query = match count {
        true => question.conditions.query()?.unlimited(),
        false => page.of(question.conditions.query()?)?,
    };
    let mut lines = asked.read(&question.dir, query)?.lines();
    let shown = match count {
        true => counted(&mut lines, layout.json)?,
        false => layout.show(&mut lines)?,
    };
    if let Some(cursor) = lines.next_page() {
        out::note(&format_args!("there may be more: --cursor {cursor}"));
    }
    shown.end(&question.dir, &question.conditions)
}

fn counted(
    lines: &mut dyn Iterator<Item = Result<String, tracing_audit::Error>>,
    json: bool,
) -> Result<Shown, Failure> {
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
    Ok(shown)
}
