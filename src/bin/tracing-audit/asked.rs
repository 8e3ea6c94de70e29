//! That somebody asked is a record, too.

use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use tracing_audit::{Error, Export, Exported, Found, Order, Query, Retention, Trail, TrailQuery};

use crate::out::{self, Failure};
use crate::place;

/// Where it is recorded that somebody asked, and who that is.
#[derive(Debug, Args)]
#[command(next_help_heading = "The record of the question")]
pub(crate) struct Asked {
    /// The trail in which the question is recorded, made where there is none; never the one that is asked
    /// [default: the environment's TRACING_AUDIT_TO]
    #[arg(long, value_name = "DIR")]
    audit_to: Option<PathBuf>,
    /// Who asks, for that record [default: the user who runs the command]
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
}

impl Asked {
    /// Records the question as `AUDIT_READ`, and asks it.
    pub(crate) fn read(&self, dir: &Path, query: Query) -> Result<Found, Failure> {
        match self.question(dir, &query)? {
            None => Ok(unrecorded(query.entries(dir)?)),
            Some((trail, question)) => recorded(trail, question.entries()),
        }
    }

    /// Records as `AUDIT_READ` that what meets the question is read, by other means.
    pub(crate) fn note(&self, dir: &Path, query: Query) -> Result<(), Failure> {
        // Nothing is read of an answer that nobody takes.
        self.read(dir, query).map(drop)
    }

    /// Records the export as `AUDIT_EXPORT`, and makes it.
    pub(crate) fn export(
        &self,
        dir: &Path,
        query: Query,
        export: Export,
        into: impl Write,
    ) -> Result<Exported, Failure> {
        match self.question(dir, &query)? {
            None => Ok(export.trail(dir).write(unrecorded(query.entries(dir)?).lines(), into)?),
            Some((trail, question)) => recorded(trail, question.write(&export, into)),
        }
    }

    /// The same to a new file.
    pub(crate) fn export_to_file(
        &self,
        dir: &Path,
        query: Query,
        export: Export,
        path: &Path,
    ) -> Result<(PathBuf, Exported), Failure> {
        match self.question(dir, &query)? {
            None => Ok(export
                .trail(dir)
                .to_file(unrecorded(query.entries(dir)?).lines(), path)?),
            Some((trail, question)) => recorded(trail, question.to_file(&export, path)),
        }
    }

    /// Records as `AUDIT_EXPORT` that these records are taken in a form that no export has, and makes that.
    pub(crate) fn take_as<T>(
        &self,
        dir: &Path,
        form: &str,
        records: &str,
        make: impl FnOnce() -> Result<T, Error>,
    ) -> Result<Result<T, Error>, Failure> {
        match self.question(dir, &Query::new().order(Order::Oldest).unlimited())? {
            None => Ok(make().map(unrecorded)),
            Some((trail, question)) => {
                recorded(trail, question.taken_as(form, records))?;
                Ok(make())
            }
        }
    }

    /// The trail that records, and the question to ask through it; `None` where nothing records.
    fn question(&self, dir: &Path, query: &Query) -> Result<Option<(Trail, TrailQuery)>, Failure> {
        let named = std::env::var_os("TRACING_AUDIT_TO").filter(|named| !named.is_empty());
        let Some(place) = self.audit_to.clone().or_else(|| named.map(PathBuf::from)) else {
            return Ok(None);
        };
        let asked = place::resolved(dir);
        if place::would_touch(&asked, &place::resolved(&place)) {
            let why =
                "a trail that is asked is not written to, nor are its keys; name another directory with --audit-to";
            return Err(Failure::Written(
                place,
                io::Error::new(io::ErrorKind::InvalidInput, why),
            ));
        }
        let trail = Trail::builder(&place)
            .env()
            .service("tracing-audit", env!("CARGO_PKG_VERSION"))
            .retention(Retention::forever())
            .mirror(false)
            .detached()
            .build()?;
        let question = trail.query(self.who()).matching(query.clone()).of(asked);
        Ok(Some((trail, question)))
    }

    fn who(&self) -> String {
        let of_system = || ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
        let who = self.by.clone().or_else(of_system).filter(|who| !who.is_empty());
        who.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
    }
}

/// Says once that there is an answer of which nothing is recorded.
fn unrecorded<T>(answer: T) -> T {
    out::note(&"nobody records this question; --audit-to DIR names a trail that does");
    answer
}

/// The record is on the disk before anybody sees the answer.
fn recorded<T>(trail: Trail, answer: Result<T, Error>) -> Result<T, Failure> {
    let closed = trail.close();
    let answer = answer?;
    closed?;
    Ok(answer)
}
