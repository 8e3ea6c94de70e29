//! `tracing-audit tail`.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tracing_audit::Query;

use crate::asked::Asked;
use crate::lines::Shown;
use crate::nothing;
use crate::out::Failure;

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
    #[command(flatten)]
    asked: Asked,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let Arguments { dir, asked, json, .. } = arguments;
    // Before anybody sees a record.
    asked.note(
        dir,
        match arguments.follow {
            true => Query::new().unlimited(),
            false => Query::new().limit(arguments.lines),
        },
    )?;
    // No colour is in a line as it stands that would have to be taken out, and nothing may be.
    let mut out: BufWriter<Box<dyn Write>> = BufWriter::new(match json {
        true => Box::new(io::stdout().lock()),
        false => Box::new(anstream::stdout().lock()),
    });
    let mut shown = Shown::default();
    let show = match json {
        true => Shown::as_it_stands,
        false => Shown::for_people,
    };
    let mut lines = tracing_audit::read(dir)?.last(arguments.lines)?.lines();
    for line in lines.by_ref() {
        show(&mut shown, &mut out, line)?;
    }
    out.flush().map_err(Failure::of_write(shown.code()))?;
    let nothing = if shown.is_empty() { nothing::said(dir)? } else { None };
    if !arguments.follow {
        return Ok(nothing.unwrap_or(shown.code()));
    }
    let mut follow = lines.follow();
    loop {
        // Woken at least so often that a reader of the output who has gone away is noticed with the next record.
        match follow.wait(Duration::from_secs(1)) {
            Ok(None) => out.flush().map_err(Failure::of_write(shown.code()))?,
            Ok(Some(line)) => show(&mut shown, &mut out, Ok(line))?,
            Err(error) => {
                show(&mut shown, &mut out, Err(error))?;
                // What cannot be read now may be readable soon; until then it is said once a second.
                std::thread::sleep(Duration::from_secs(1));
            }
        }
        if !follow.is_ready() {
            out.flush().map_err(Failure::of_write(shown.code()))?;
        }
    }
}
