//! `tracing-audit summary`.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tracing_audit::{Query, Severity, Stats, Summary};

use crate::asked::Asked;
use crate::bar;
use crate::nothing;
use crate::out::{self, Failure};
use crate::table::Rows;
use crate::when::{self, Day, When};

/// Show what each day came to.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The trail's directory
    dir: PathBuf,
    /// From this day on, in UTC: 2026-11-20, today, yesterday
    #[arg(long, value_name = "DAY")]
    since: Option<Day>,
    /// Up to this day, and with it
    #[arg(long, value_name = "DAY")]
    until: Option<Day>,
    /// First keep beside the files what closed ones come to, so that this and later answers need not read them. The one command
    /// that adds to the directory: caches, which prove nothing and can be removed
    #[arg(long)]
    write: bool,
    /// One JSON object: `days`, and of how many of them summaries were believed
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asked: Asked,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let Arguments { dir, asked, .. } = arguments;
    let (since, until) = (arguments.since, arguments.until);
    let begin = |day: Option<Day>| day.map(|day| When(day.begin()));
    when::in_order(begin(since), begin(until))?;
    let mut question = Query::new().unlimited();
    if let Some(day) = since {
        question = question.since(day.begin());
    }
    if let Some(day) = until {
        question = question.until(day.end());
    }
    asked.note(dir, question)?;
    if arguments.write {
        let written = bar::waiting(|| Summary::write(dir))?.to_string();
        written.lines().for_each(|line| out::note(&line.trim_start()));
    }
    let named = |day: Option<Day>, other: &str| day.map_or(other.to_owned(), |day| day.to_string());
    let (since, until) = (named(since, "0000-01-01"), named(until, "9999-12-31"));
    let (stats, believed) = bar::waiting(|| Stats::of_days_believing(dir, &since, &until))?;
    let skipped = stats.skipped();
    skipped.what().iter().for_each(|damage| out::complain(damage));
    let more = skipped.count().saturating_sub(skipped.what().len() as u64);
    if more > 0 {
        out::complain(&format_args!("and {more} more like these"));
    }
    let code = u8::from(skipped.count() > 0);
    if stats.records() == 0 && code == 0 {
        match nothing::said(dir)? {
            Some(code) => return Ok(code),
            None => out::note(&"no record is of these days"),
        }
    }
    if believed > 0 && !arguments.json {
        let days = if believed == 1 { "day comes" } else { "days come" };
        out::note(&format_args!(
            "{believed} {days} from summaries, which are believed, edited or not; `tracing-audit stats` reads the records"
        ));
    }
    let mut out = BufWriter::new(anstream::stdout().lock());
    if arguments.json {
        let object = json!({ "days": stats.by_day(), "from_summaries": believed });
        writeln!(out, "{}", out::json(&object)?).map_err(Failure::of_write(code))?;
    } else {
        let mut rows = Rows::under([
            "DAY", "RECORDS", "FAILURES", "FLAGGED", "LOW", "MEDIUM", "HIGH", "CRITICAL",
        ])
        .right(&[1, 2, 3, 4, 5, 6, 7]);
        for (name, day) in stats.by_day() {
            let counts = [day.records(), day.failures(), day.flagged()];
            let counts = counts.into_iter().chain(Severity::ALL.map(|one| day.of_severity(one)));
            rows.add(std::iter::once(name).chain(counts.map(|count| count.to_string())));
        }
        rows.print(&mut out).map_err(Failure::of_write(code))?;
    }
    out.flush().map_err(Failure::of_write(code))?;
    Ok(code)
}
