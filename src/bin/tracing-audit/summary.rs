//! `tracing-audit summary`.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use clap::Args;
use tracing_audit::{Severity, Stats, Summary};

use crate::out::{self, Failure};
use crate::table::Rows;

/// Show what each day came to.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The trail's directory
    dir: PathBuf,
    /// From this day on, in UTC: 2026-11-20
    #[arg(long, value_name = "DAY", default_value = "0000-01-01", hide_default_value = true)]
    since: String,
    /// Up to this day
    #[arg(long, value_name = "DAY", default_value = "9999-12-31", hide_default_value = true)]
    until: String,
    /// First keep beside the files what closed ones come to, so that this and later answers need not read them. The one command
    /// that adds to the directory: caches, which prove nothing and can be removed
    #[arg(long)]
    write: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    if arguments.write {
        out::note(&Summary::write(&arguments.dir)?);
    }
    let stats = Stats::of_days(&arguments.dir, &arguments.since, &arguments.until)?;
    let code = u8::from(stats.skipped().count() > 0);
    let mut out = BufWriter::new(anstream::stdout().lock());
    if arguments.json {
        let days = serde_json::to_string(&stats.by_day()).map_err(|error| Failure::Output(error.into()))?;
        writeln!(out, "{days}").map_err(Failure::of_write(code))?;
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
