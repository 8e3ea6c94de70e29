//! `tracing-audit verify`.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use tracing_audit::{Verdict, Verify};

use crate::out::{Failure, paint};

/// Check a trail.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The trail's directory
    dir: PathBuf,
    /// The trail's state file [default: <DIR>.keys/state]
    #[arg(long, value_name = "PATH")]
    state: Option<PathBuf>,
    /// Earlier unclean ends and early prunes make the exit code 2
    #[arg(long)]
    strict: bool,
    /// The report as one JSON object
    #[arg(long)]
    json: bool,
    /// On how many threads [default: as many as there are processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let mut verify = Verify::new(&arguments.dir).strict(arguments.strict);
    if let Some(state) = &arguments.state {
        verify = verify.state(state);
    }
    if let Some(threads) = arguments.threads {
        verify = verify.threads(threads.into());
    }
    let report = verify.run()?;
    let code = report.exit_code();
    let mut out = anstream::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", report.to_json()).map_err(Failure::of_write(code))?;
    } else {
        let colour = match report.verdict() {
            Verdict::Consistent => paint::GREEN,
            Verdict::Tampered => paint::BOLD_RED,
            _ => paint::YELLOW,
        };
        let text = report.to_string();
        // The first line is the verdict.
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        writeln!(out, "{colour}{first}{}\n{rest}", paint::PLAIN).map_err(Failure::of_write(code))?;
    }
    out.flush().map_err(Failure::of_write(code))?;
    Ok(code)
}
