//! A stopped trail, opened as a writer for one run.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tracing_audit::{Builder, Error, ErrorKind, Retention, Trail};

use crate::out::Failure;

/// Which trail, for what reason, and who wants it.
#[derive(Debug, Args)]
pub(crate) struct Order {
    /// The trail's directory; no program may be writing to it
    dir: PathBuf,
    /// Where its keys and its state are, if not in <DIR>.keys
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Why, for the record that the trail keeps of it
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who wants it, for that record
    #[arg(long, value_name = "WHO")]
    pub(crate) by: String,
}

impl Order {
    /// Runs the trail for as long as `work` takes, and ends it cleanly. Retention removes nothing meanwhile. `instead` is what a
    /// program that has the trail open does itself.
    pub(crate) fn carry_out(
        &self,
        instead: &str,
        work: impl FnOnce(&Trail) -> Result<(), Error>,
    ) -> Result<(), Failure> {
        let builder = builder(&self.dir, self.keys.as_deref())?;
        let trail = builder.build().map_err(|error| running(error, instead))?;
        let done = work(&trail);
        let closed = trail.close();
        done?;
        Ok(closed?)
    }
}

/// Who holds the trail, and what this command's user can do about it, which is not what a program's author can.
pub(crate) fn running(error: Error, instead: &str) -> Failure {
    if error.kind() != ErrorKind::Locked {
        return error.into();
    }
    let said = error.to_string();
    let who = said.split_once("; stop it").map_or(&*said, |(who, _)| who);
    Failure::Running(format!("{who}; stop it, or let that program do it itself: {instead}"))
}

/// Opens a trail that is there, and stopped, for one run.
pub(crate) fn builder(dir: &Path, keys: Option<&Path>) -> Result<Builder, Failure> {
    // A writer would make what is missing.
    if tracing_audit::read(dir)?.last(1)?.next().is_none() {
        let nothing = io::Error::new(io::ErrorKind::NotFound, "there is no trail");
        return Err(Failure::File(dir.to_owned(), nothing));
    }
    let builder = Trail::builder(dir).env();
    let builder = match keys.map(Path::to_owned).or_else(|| keys_of_an_instance(dir)) {
        Some(keys) => builder.keys(keys),
        None => builder,
    };
    Ok(builder
        .service("tracing-audit", env!("CARGO_PKG_VERSION"))
        .retention(Retention::forever())
        .lock_wait(Duration::ZERO)
        .mirror(false)
        .detached())
}

/// `<parent>.keys/<name>`, if it is there and `<dir>.keys` is not.
fn keys_of_an_instance(dir: &Path) -> Option<PathBuf> {
    let beside = |dir: &Path| {
        let mut name = dir.file_name()?.to_owned();
        name.push(".keys");
        Some(dir.with_file_name(name))
    };
    let dir = dir.canonicalize().ok()?;
    let keys = beside(dir.parent()?)?.join(dir.file_name()?);
    (keys.is_dir() && !beside(&dir)?.is_dir()).then_some(keys)
}
