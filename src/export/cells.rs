//! Records as rows of a CSV.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind};
use crate::formats::{self, Entry, as_text, spell};
use crate::record::Key;

/// The columns of a table.
#[derive(Clone, Debug)]
pub(super) struct Columns(Vec<(String, Column)>);

#[derive(Clone, Debug)]
enum Column {
    Key(Key),
    /// A member of `metadata`.
    Metadata(String),
    Leaf,
    /// The members that this version does not know.
    Other,
}

const OTHER: &str = "other";
const LEAF: &str = "leaf";
const METADATA: &str = "metadata.";

impl Columns {
    /// What a column can be called, members of metadata apart.
    pub(super) fn every_name() -> impl Iterator<Item = &'static str> {
        Key::ALL.iter().map(|key| key.as_str()).chain([LEAF, OTHER])
    }

    pub(super) fn all() -> Columns {
        let keys = Key::ALL.iter().map(|key| (key.as_str().to_owned(), Column::Key(*key)));
        Columns(keys.chain([(OTHER.to_owned(), Column::Other)]).collect())
    }

    pub(super) fn named(names: &[String]) -> Result<Columns, Error> {
        let mut columns: Vec<(String, Column)> = Vec::new();
        for name in names {
            if columns.iter().any(|(known, _)| known == name) {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!("the column {name:?} is named twice"),
                ));
            }
            let column = match (Key::from_str(name), name.as_str()) {
                (Some(key), _) => Column::Key(key),
                (None, LEAF) => Column::Leaf,
                (None, OTHER) => Column::Other,
                (None, name) => match name.strip_prefix(METADATA) {
                    Some(member) if !member.is_empty() => Column::Metadata(member.to_owned()),
                    _ => return Err(unknown(name)),
                },
            };
            columns.push((name.clone(), column));
        }
        match columns.is_empty() {
            true => Err(Error::new(ErrorKind::Config, "a table needs a column")),
            false => Ok(Columns(columns)),
        }
    }

    /// The header row. A name that somebody chose (`metadata.=x`) is a cell like any other.
    pub(super) fn names(&self) -> impl Iterator<Item = Cow<'_, [u8]>> {
        self.0.iter().map(|(name, _)| quoted(defused(name)))
    }

    pub(super) fn cells<'e>(&'e self, entry: &'e Entry<'_>) -> impl Iterator<Item = Cow<'e, [u8]>> {
        self.0.iter().map(|(_, column)| quoted(column.cell(entry)))
    }
}

impl Column {
    fn cell<'e>(&self, entry: &'e Entry<'_>) -> Cow<'e, str> {
        let record = entry.record;
        match self {
            Column::Key(key) => match key {
                Key::Seq => record.head.seq.to_string().into(),
                Key::Time => record.head.time.to_string().into(),
                Key::Occurred => record.head.occurred.map(|at| at.to_string()).unwrap_or_default().into(),
                Key::Event => record.event().into(),
                Key::Category => record.head.category.as_str().into(),
                Key::Severity => record.head.severity.as_str().into(),
                Key::Outcome => record.head.outcome.as_str().into(),
                Key::Tag => of_frame(entry, |frame| Some(&frame.tag)),
                Key::Seal => of_frame(entry, |frame| frame.seal.as_ref()),
                key => of_value(record.get(key.as_str())),
            },
            Column::Metadata(member) => of_value(record.metadata().and_then(|metadata| metadata.get(member))),
            Column::Leaf => of_frame(entry, |frame| Some(&frame.leaf)),
            Column::Other => {
                let unknown = record
                    .members()
                    .iter()
                    .filter(|(name, _)| Key::from_str(name).is_none());
                let other: Map<String, Value> = unknown.cloned().collect();
                match other.is_empty() {
                    true => "".into(),
                    false => spell::text(&Value::Object(other)).into(),
                }
            }
        }
    }
}

fn of_frame<'e>(entry: &'e Entry<'_>, part: fn(&'e formats::Frame) -> Option<&'e String>) -> Cow<'e, str> {
    let part = entry.frame.as_ref().and_then(part);
    // One letter in 64 is a hyphen at the beginning.
    part.map(|part| defused(part)).unwrap_or_default()
}

/// Texts are defused; numbers stay numbers, and JSON begins with none of the letters that matter, unless it is a number.
fn of_value(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None => "".into(),
        Some(Value::String(text)) => defused(text),
        Some(other) => as_text(other).into(),
    }
}

/// A text that no spreadsheet computes: one that begins as a formula does, spaces apart, has an apostrophe before it, and so has
/// one that begins with an apostrophe. So an apostrophe at the beginning of a cell never belongs to the text, and a reader drops it.
/// Control characters but tab, CR and LF are shown by their pictures.
fn defused(text: &str) -> Cow<'_, str> {
    let first = text.trim_start_matches(' ').chars().next();
    let formula = |letter: char| {
        matches!(
            letter,
            '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'
        )
    };
    let shown: Cow<'_, str> = match text.contains(|letter| formats::picture(letter) != letter) {
        true => text.chars().map(formats::picture).collect::<String>().into(),
        false => text.into(),
    };
    match first.is_some_and(formula) || text.starts_with('\'') {
        true => format!("'{shown}").into(),
        false => shown,
    }
}

/// A cell as it stands in its row. What separates cells anywhere is within quotes: a spreadsheet that splits at `;` and
/// tabs as well would make two cells of `a;=1`, and compute the second.
fn quoted(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        text if text.contains([',', ';', '\t', '"', '\r', '\n']) => {
            format!("\"{}\"", text.replace('"', "\"\"")).into_bytes().into()
        }
        Cow::Borrowed(text) => text.as_bytes().into(),
        Cow::Owned(text) => text.into_bytes().into(),
    }
}

fn unknown(name: &str) -> Error {
    let names: Vec<&str> = Columns::every_name().collect();
    Error::new(
        ErrorKind::Config,
        format!(
            "there is no column {name:?}; use {} or metadata.<name>",
            names.join(", ")
        ),
    )
}

/// A table as RFC 4180 has it, of cells that are quoted already where they must be.
pub(super) fn table<W: Write>(into: W) -> csv::Writer<W> {
    csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .quote_style(csv::QuoteStyle::Never)
        .from_writer(into)
}

/// What the destination said. The table itself has no fault: all rows are as long as the first.
pub(super) fn reason(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
