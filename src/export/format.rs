use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};

/// A format that records are exported in. docs/MAPPINGS.md says what stands where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `jsonl`: one record a line, as it stands in the trail.
    JsonLines,
    /// `json`: one array of records.
    Json,
    /// `csv`: RFC 4180, with a header row and a column for each key; cells that a spreadsheet would compute are defused, and
    /// those with `;` or a tab quoted, since some split there as well.
    Csv,
    /// `ecs`: documents of the Elastic Common Schema 8.11, one a line.
    Ecs,
    /// `ocsf`: events of the Open Cybersecurity Schema Framework 1.8.0, one a line.
    Ocsf,
    /// `cef`: ArcSight's Common Event Format, one a line.
    Cef,
    /// `syslog`: messages of RFC 5424, one a line.
    Syslog,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 7] = [
        Format::JsonLines,
        Format::Json,
        Format::Csv,
        Format::Ecs,
        Format::Ocsf,
        Format::Cef,
        Format::Syslog,
    ];

    /// The name: `jsonl`, `json`, `csv`, `ecs`, `ocsf`, `cef` or `syslog`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::JsonLines => "jsonl",
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Ecs => "ecs",
            Format::Ocsf => "ocsf",
            Format::Cef => "cef",
            Format::Syslog => "syslog",
        }
    }

    /// What the name of a file ends in, without the dot before it.
    pub const fn extension(self) -> &'static str {
        match self {
            Format::Ecs => "ecs.jsonl",
            Format::Ocsf => "ocsf.jsonl",
            other => other.as_str(),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = Error;

    /// Case does not matter.
    fn from_str(name: &str) -> Result<Format, Error> {
        let mut all = Format::ALL.into_iter();
        all.find(|format| format.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                let names = Format::ALL.map(Format::as_str).join(", ");
                Error::new(
                    ErrorKind::Config,
                    format!("unknown format {name:?}: use one of {names}"),
                )
            })
    }
}
