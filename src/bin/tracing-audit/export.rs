//! `tracing-audit export`.

use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use clap::Args;
use tracing_audit::{Export, Exported, Format, Order};

use crate::asked::Asked;
use crate::lines::{self, OUTPUT};
use crate::out::{self, Failure};
use crate::question::Question;
use crate::row;

/// Write records in a format that other programs read.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    question: Question,
    /// jsonl, json, csv, ecs, ocsf, cef or syslog
    #[arg(short, long, value_name = "NAME", default_value_t = Format::JsonLines, help_heading = OUTPUT)]
    format: Format,
    /// A new file, or a directory, in which its name says when it was made [default: standard output]
    #[arg(short, long, value_name = "PATH", help_heading = OUTPUT)]
    out: Option<PathBuf>,
    /// Compress it (RFC 1952)
    #[arg(long, help_heading = OUTPUT)]
    gzip: bool,
    /// Only these columns of a CSV, in this order
    #[arg(long, value_name = "KEY,...", value_delimiter = ',', value_parser = lines::exported, help_heading = OUTPUT)]
    columns: Vec<String>,
    /// The host that the records are from, in place of that in the headers; ECS, OCSF, CEF and syslog name it
    #[arg(long, value_name = "NAME", help_heading = OUTPUT)]
    host: Option<String>,
    /// The same for the service
    #[arg(long, value_name = "NAME", help_heading = OUTPUT)]
    service: Option<String>,
    /// The same for its version
    #[arg(long, value_name = "TEXT", requires = "service", help_heading = OUTPUT)]
    service_version: Option<String>,
    /// The same for the process
    #[arg(long, value_name = "N", help_heading = OUTPUT)]
    pid: Option<u32>,
    #[command(flatten)]
    asked: Asked,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let query = arguments.question.conditions.query().order(Order::Oldest).unlimited();
    let mut export = Export::new(arguments.format).gzip(arguments.gzip);
    if !arguments.columns.is_empty() {
        export = export.columns(&arguments.columns);
    }
    if let Some(host) = &arguments.host {
        export = export.host(host);
    }
    if let Some(service) = &arguments.service {
        export = export.service(service, arguments.service_version.as_deref().unwrap_or_default());
    }
    if let Some(pid) = arguments.pid {
        export = export.pid(pid);
    }
    let (asked, dir) = (&arguments.asked, &arguments.question.dir);
    let done = match &arguments.out {
        Some(path) => {
            let (path, done) = asked.export_to_file(dir, query, export, path)?;
            out::note(&format_args!("{} in {}", row::records(done.records), path.display()));
            done
        }
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            let done = asked.export(dir, query, export, &mut out).map_err(closed)?;
            out.flush().map_err(Failure::of_write(code(&done)))?;
            done
        }
    };
    done.skipped.iter().for_each(|damage| out::complain(damage));
    if done.unlisted > 0 {
        out::complain(&format_args!("and {} more like these", done.unlisted));
    }
    match done.records {
        0 if done.is_whole() => arguments.question.nothing_found(),
        _ => Ok(code(&done)),
    }
}

fn code(done: &Exported) -> u8 {
    u8::from(!done.is_whole())
}

/// Whoever read the output may have seen enough.
fn closed(failure: Failure) -> Failure {
    let Failure::Trail(error) = &failure else {
        return failure;
    };
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
    match source.is_some_and(|source| source.kind() == io::ErrorKind::BrokenPipe) {
        true => Failure::Closed(0),
        false => failure,
    }
}
