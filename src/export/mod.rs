//! Records in the formats that others read.

mod cells;
mod format;
mod origins;
mod place;
mod sink;

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::export::cells::Columns;
use crate::export::origins::Origins;
use crate::export::sink::Sink;
use crate::formats::{Entry, Object, Origin, cef, ecs, ocsf, spell, syslog};
use crate::parse;
use crate::record::Record;

pub use format::Format;

/// Writes records in a format that others read.
///
/// It takes whatever gives records or their lines, and holds one at a time. Give it lines ([`Entries::lines`]) where it matters
/// that the export says exactly what the trail does: with them `jsonl` and `json` are the trail's own bytes, tag included, and ECS,
/// OCSF, CEF and syslog carry the record's tag and leaf. A [`Record`] has neither.
///
/// Where an item is an error, or a line that is no record, the export goes on and says so in [`Exported::skipped`].
///
/// An export cannot be verified as a trail can; what `Evidence` makes (feature `sign`) can.
///
/// ```no_run
/// use tracing_audit::{Export, Format};
///
/// let records = tracing_audit::read("logs")?.lines();
/// let (path, exported) = Export::new(Format::Csv).to_file(records, "/tmp")?;
/// println!("{}: {exported}", path.display());
///
/// // Formats that name the host of a record want to know whose headers say it.
/// let records = tracing_audit::read("logs")?.lines();
/// Export::new(Format::Cef).trail("logs").write(records, std::io::stdout())?;
/// # Ok::<(), tracing_audit::Error>(())
/// ```
///
/// [`Entries::lines`]: crate::Entries::lines
#[derive(Clone, Debug)]
#[must_use = "nothing is written until `write` or `to_file`"]
pub struct Export {
    format: Format,
    columns: Option<Vec<String>>,
    origin: Origin,
    /// Whose headers say what is not said by hand.
    trail: Option<PathBuf>,
    enterprise: u32,
    gzip: bool,
}

/// What an export wrote, and what it could not.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Exported {
    /// Records written.
    pub records: u64,
    /// Bytes written, after compression.
    pub bytes: u64,
    /// What stood where no record could be had: the first [`Exported::LISTED`] of them.
    pub skipped: Vec<Error>,
    /// How many more there were.
    pub unlisted: u64,
}

/// What is exported: a [`Record`], or the line that it stands in.
#[derive(Clone, Debug)]
pub struct Row(Given);

#[derive(Clone, Debug)]
enum Given {
    Record(Record),
    Line(String),
}

impl Export {
    /// An export in this format, without anything that only a file's header says.
    pub fn new(format: Format) -> Export {
        Export {
            format,
            columns: None,
            origin: Origin::default(),
            trail: None,
            enterprise: syslog::ENTERPRISE,
            gzip: false,
        }
    }

    /// The format that was chosen.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Compresses what is written (RFC 1952); [`to_file`](Export::to_file) puts `.gz` behind an automatic name. Off by default.
    #[cfg(feature = "gzip")]
    pub fn gzip(mut self, yes: bool) -> Export {
        self.gzip = yes;
        self
    }

    /// The columns of a CSV, in their order. By default all keys of a record, and `other`.
    ///
    /// A column is a key of a record (docs/FORMAT.md, "Keys"), a member of `metadata` (`metadata.rows`), `leaf`, or `other`: the
    /// members that this version does not know, as JSON. `tag`, `seal` and `leaf` are empty unless lines are exported.
    pub fn columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Export {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// All columns that every version of this crate has, in their order: those of a CSV where nothing else is said, and `leaf`.
    pub fn all_columns() -> impl Iterator<Item = &'static str> {
        Columns::every_name()
    }

    /// The directory of the trail that the records are from. ECS, OCSF, CEF and syslog show of each record which host, service,
    /// version and process wrote it; that stands in the headers of files, and is read from there for each run, when the export
    /// is written. What [`host`](Export::host), [`service`](Export::service) and [`pid`](Export::pid) say goes before it.
    ///
    /// [`TrailQuery::write`](crate::TrailQuery::write) knows the directory; here nothing is guessed where it is not said.
    pub fn trail(mut self, dir: impl AsRef<Path>) -> Export {
        self.trail = Some(dir.as_ref().to_owned());
        self
    }

    /// The host that all records are from, whatever headers say.
    pub fn host(mut self, name: impl Into<String>) -> Export {
        self.origin.host = said(name);
        self
    }

    /// The service that all records are from, and its version, whatever headers say. An empty version says that there is none.
    pub fn service(mut self, name: impl Into<String>, version: impl Into<String>) -> Export {
        self.origin.service = said(name);
        self.origin.version = said(version);
        self
    }

    /// The process that all records are from, whatever headers say. ECS, CEF and syslog show it.
    pub fn pid(mut self, pid: u32) -> Export {
        self.origin.pid = Some(pid);
        self
    }

    /// Your private enterprise number (iana.org/assignments/enterprise-numbers), under which syslog's structured data stand:
    /// `tracing-audit@<number>`. By default 32473, which RFC 5612 keeps for documentation.
    pub fn enterprise_number(mut self, number: u32) -> Export {
        self.enterprise = number;
        self
    }

    /// Writes all of them, oldest first or however they come, in memory that does not grow with their number.
    ///
    /// # Errors
    /// The destination refused a byte; half an export is there then. A column that is unknown or named twice, or columns for a
    /// format that has none. A [`trail`](Export::trail) that cannot be read.
    pub fn write<R: Into<Row>>(
        &self,
        records: impl IntoIterator<Item = Result<R, Error>>,
        into: impl Write,
    ) -> Result<Exported, Error> {
        let (columns, origins) = (self.checked_columns()?, self.origins()?);
        self.run(records, into, &columns, &origins)
            .map_err(|error| Error::nameless_io("write the export", error))
    }

    /// Writes them to a new file for this user alone (0600), and says where.
    ///
    /// In a directory the file is called `audit-export-<UTC>.<extension>`, such as `audit-export-20261127T120000Z.csv`, with a number
    /// behind the time where that name is taken. Any other path is the file's own. It has no name of its own until all is written
    /// and synced, and nothing that is there is ever replaced.
    ///
    /// # Errors
    /// Those of [`write`](Export::write); the path is taken, or not writable, or within the directory of a trail.
    pub fn to_file<R: Into<Row>>(
        &self,
        records: impl IntoIterator<Item = Result<R, Error>>,
        path: impl AsRef<Path>,
    ) -> Result<(PathBuf, Exported), Error> {
        let (columns, origins) = (self.checked_columns()?, self.origins()?);
        place::put(path.as_ref(), &self.ending(), |file| {
            self.run(records, file, &columns, &origins)
        })
    }

    /// What an automatic name ends in.
    fn ending(&self) -> String {
        let gzip = if self.gzip { ".gz" } else { "" };
        format!("{}{gzip}", self.format.extension())
    }

    fn checked_columns(&self) -> Result<Columns, Error> {
        match &self.columns {
            None => Ok(Columns::all()),
            Some(names) if self.format == Format::Csv => Columns::named(names),
            Some(_) => Err(Error::new(
                ErrorKind::Config,
                format!("the format {} has no columns; csv has", self.format),
            )),
        }
    }

    /// Only some formats show it.
    fn origins(&self) -> Result<Origins, Error> {
        let shows = matches!(self.format, Format::Ecs | Format::Ocsf | Format::Cef | Format::Syslog);
        match self.trail.as_ref().filter(|_| shows) {
            Some(dir) => Origins::of(dir, &self.origin),
            None => Ok(Origins::said(&self.origin)),
        }
    }

    fn run<R: Into<Row>>(
        &self,
        records: impl IntoIterator<Item = Result<R, Error>>,
        into: impl Write,
        columns: &Columns,
        origins: &Origins,
    ) -> io::Result<Exported> {
        let mut sink = Sink::new(into, self.gzip);
        let mut done = Exported::default();
        match self.format {
            Format::Csv => {
                let mut table = cells::table(&mut sink);
                table.write_record(columns.names()).map_err(cells::reason)?;
                each(records, &mut done, |entry| {
                    table.write_record(columns.cells(entry)).map_err(cells::reason)
                })?;
                table.flush()?;
            }
            Format::Json => {
                let mut before: &[u8] = b"[\n";
                each(records, &mut done, |entry| {
                    sink.write_all(std::mem::replace(&mut before, b",\n"))?;
                    sink.write_all(&self.line(entry, origins))
                })?;
                // An array without elements has its beginning to come.
                sink.write_all(if done.records == 0 { b"[]\n" } else { b"\n]\n" })?;
            }
            _ => each(records, &mut done, |entry| {
                sink.write_all(&self.line(entry, origins))?;
                sink.write_all(b"\n")
            })?,
        }
        done.bytes = sink.finish()?;
        Ok(done)
    }

    /// A record in every format but CSV, without a line feed.
    fn line(&self, entry: &Entry<'_>, origins: &Origins) -> Vec<u8> {
        let origin = || origins.of_record(entry.record.head.seq);
        let json = |object: Object| {
            let mut out = Vec::new();
            spell::push(&mut out, &Value::Object(object));
            out
        };
        match self.format {
            Format::Ecs => json(ecs::document(entry, origin())),
            Format::Ocsf => json(ocsf::event(entry, origin())),
            Format::Cef => cef::line(entry, origin()).into_bytes(),
            Format::Syslog => syslog::line(entry, origin(), self.enterprise).into_bytes(),
            Format::JsonLines | Format::Json | Format::Csv => match entry.line {
                Some(line) => line.as_bytes().to_vec(),
                None => {
                    let mut out = Vec::new();
                    spell::push_record(&mut out, entry.record);
                    out
                }
            },
        }
    }
}

/// What is empty says nothing.
fn said(text: impl Into<String>) -> Option<String> {
    Some(text.into()).filter(|text| !text.is_empty())
}

/// Hands on every record, and keeps what stood where there was none.
fn each<R: Into<Row>>(
    records: impl IntoIterator<Item = Result<R, Error>>,
    done: &mut Exported,
    mut take: impl FnMut(&Entry<'_>) -> io::Result<()>,
) -> io::Result<()> {
    for item in records {
        match item.and_then(|row| row.into().read()) {
            Ok((record, line)) => {
                take(&Entry::new(&record, line.as_deref()))?;
                done.records += 1;
            }
            Err(error) => done.skip(error),
        }
    }
    Ok(())
}

impl Exported {
    /// How many errors are kept in [`skipped`](Exported::skipped); the others are counted.
    pub const LISTED: usize = 100;

    /// Whether every item was a record, and is in the export.
    pub fn is_whole(&self) -> bool {
        self.skipped.is_empty()
    }

    fn skip(&mut self, error: Error) {
        match self.skipped.len() < Exported::LISTED {
            true => self.skipped.push(error),
            false => self.unlisted += 1,
        }
    }
}

impl fmt::Display for Exported {
    /// `12 records, 3456 bytes`, and how many could not be had.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records, {} bytes", self.records, self.bytes)?;
        match self.skipped.len() as u64 + self.unlisted {
            0 => Ok(()),
            1 => f.write_str(", 1 damaged place skipped"),
            many => write!(f, ", {many} damaged places skipped"),
        }
    }
}

impl Row {
    fn read(self) -> Result<(Record, Option<String>), Error> {
        match self.0 {
            Given::Record(record) => Ok((record, None)),
            Given::Line(mut line) => {
                if line.ends_with('\n') {
                    line.pop();
                }
                let record = parse::record(line.as_bytes())
                    .map_err(|error| Error::new(ErrorKind::Damaged, format!("the line is no record: {error}")))?;
                Ok((record, Some(line)))
            }
        }
    }
}

impl From<Record> for Row {
    fn from(record: Record) -> Row {
        Row(Given::Record(record))
    }
}

/// A line as it stands in a file, with or without its LF.
impl From<String> for Row {
    fn from(line: String) -> Row {
        Row(Given::Line(line))
    }
}
