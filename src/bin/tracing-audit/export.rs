//! `tracing-audit export`.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use tracing_audit::{Export, Exported, Format, Order};

use crate::asked::Asked;
use crate::bar;
use crate::lines::{self, OUTPUT};
use crate::nothing;
use crate::out::{self, Failure, Harmless};
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
    /// A new file, or a directory, in which its name says when it was made, or a device or a pipe [default: standard output]
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
    let query = arguments.question.conditions.query()?.order(Order::Oldest).unlimited();
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
        Some(path) if !is_stream(path) => {
            let (path, done) = bar::waiting(|| asked.export_to_file(dir, query, export, path))?;
            out::note(&format_args!("{} in {}", row::records(done.records), path.display()));
            done
        }
        stream => {
            let stream = Stream::open(stream.as_deref())?;
            let terminal = stream.terminal;
            if terminal && arguments.gzip {
                out::complain(&"what is compressed is not for a terminal; name a file with --out");
                return Ok(crate::USAGE);
            }
            let mut out = BufWriter::new(stream);
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
        0 if done.is_whole() => Ok(nothing::found(dir, &arguments.question.conditions)?),
        _ => Ok(code(&done)),
    }
}

/// Whether a path names what is written to as it is, and is no file that an export would replace.
fn is_stream(path: &Path) -> bool {
    // Also where a shell leads it to a file.
    path == Path::new(STDOUT)
        || fs::metadata(path).is_ok_and(|found| found.file_type().is_char_device() || found.file_type().is_fifo())
}

const STDOUT: &str = "/dev/stdout";

/// Standard output, a device or a pipe. A terminal gets nothing that it would obey: no format but JSON can spell all of that
/// otherwise.
struct Stream {
    out: Box<dyn Write>,
    terminal: bool,
}

impl Stream {
    fn open(path: Option<&Path>) -> Result<Stream, Failure> {
        let Some(path) = path.filter(|path| *path != Path::new(STDOUT)) else {
            let out = io::stdout();
            return Ok(Stream {
                terminal: out.is_terminal(),
                out: Box::new(out.lock()),
            });
        };
        let file = OpenOptions::new().write(true).open(path);
        let file = file.map_err(|error| Failure::Written(path.to_owned(), error))?;
        Ok(Stream {
            terminal: file.is_terminal(),
            out: Box::new(file),
        })
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.terminal {
            return self.out.write(bytes);
        }
        // A buffer may end within a letter, whose rest comes with the next one.
        let whole = match std::str::from_utf8(bytes) {
            Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => error.valid_up_to(),
            _ => bytes.len(),
        };
        let bytes = bytes.get(..whole).unwrap_or_default();
        for line in String::from_utf8_lossy(bytes).split_inclusive('\n') {
            let text = line.trim_end_matches(['\r', '\n']);
            let end = line.get(text.len()..).unwrap_or_default();
            write!(self.out, "{}{end}", Harmless(text))?;
        }
        Ok(whole)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
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
