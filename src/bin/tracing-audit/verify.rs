//! `tracing-audit verify`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use tracing_audit::{Anchor, KeyLine, Verdict, Verify};

use crate::out::{Failure, paint};

/// Check a trail.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The trail's directory
    dir: PathBuf,
    /// The trail's state file [default: <DIR>.keys/state]
    #[arg(long, value_name = "PATH")]
    state: Option<PathBuf>,
    /// A file with the key line of a keyed trail; several lines where keys were changed
    #[arg(long, value_name = "PATH")]
    key_file: Option<PathBuf>,
    /// What is known from elsewhere: a record's number and its head, or the value of audit_chain_head48; may be repeated
    #[arg(long, value_name = "SEQ:HEAD")]
    anchor: Vec<Anchor>,
    /// A file, away from the trail's host, that remembers the end of each good check; the next demands it
    #[arg(long, value_name = "PATH")]
    remember: Option<PathBuf>,
    /// Ask for no more than this, even of a keyed trail
    #[arg(long, value_name = "MODE", value_parser = ["chained"])]
    mode: Option<String>,
    /// Earlier unclean ends and early prunes make the exit code 2
    #[arg(long)]
    strict: bool,
    /// Check how every record is spelled, too: strict JSON, no key twice, keys in order and of their types
    #[arg(long)]
    deep: bool,
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
    if let Some(path) = &arguments.key_file {
        for line in keys(path)? {
            verify = verify.key(line);
        }
    }
    for anchor in &arguments.anchor {
        verify = verify.anchor(*anchor);
    }
    if let Some(path) = &arguments.remember {
        verify = verify.remember(path);
    }
    verify = verify.chained_only(arguments.mode.is_some()).deep(arguments.deep);
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
            good if good.is_good() => paint::GREEN,
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

fn keys(path: &Path) -> Result<Vec<KeyLine>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::File(path.to_owned(), error))?;
    Ok(KeyLine::all(&text)?)
}
