//! An export from a running trail, which records who took what before anything leaves.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::TrailQuery;
use crate::error::Error;
use crate::event::events;
use crate::export::{Export, Exported};
use crate::query::{FoundLines, Order};
use crate::trail::Trail;

impl Trail {
    /// Begins an export of this trail for `actor`: every record that meets the conditions, the oldest first, in any number.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # let trail = tracing_audit::Trail::builder(home.path().join("logs")).detached().build()?;
    /// use tracing_audit::{Export, Format};
    ///
    /// let mut csv = Vec::new();
    /// let done = trail
    ///     .export("auditor@example.org")
    ///     .user("alice")
    ///     .write(&Export::new(Format::Csv), &mut csv)?;
    /// assert!(done.is_whole());
    /// # Ok::<(), tracing_audit::Error>(())
    /// ```
    pub fn export(&self, actor: impl Into<String>) -> TrailQuery {
        self.query(actor).order(Order::Oldest).unlimited()
    }
}

impl TrailQuery {
    /// Records who takes what as `AUDIT_EXPORT`, with the format in `metadata.format`, and writes the answer in that format. Host,
    /// service and process of each record come from the headers of its file, unless the export says them.
    ///
    /// # Errors
    /// As [`entries`](TrailQuery::entries) and [`Export::write`].
    pub fn write(&self, export: &Export, into: impl Write) -> Result<Exported, Error> {
        export.clone().trail(self.asked()).write(self.leaving(export)?, into)
    }

    /// The same to a new file, as [`Export::to_file`] makes it.
    ///
    /// # Errors
    /// As [`entries`](TrailQuery::entries) and [`Export::to_file`].
    pub fn to_file(&self, export: &Export, path: impl AsRef<Path>) -> Result<(PathBuf, Exported), Error> {
        export.clone().trail(self.asked()).to_file(self.leaving(export)?, path)
    }

    /// Records as `AUDIT_EXPORT` that somebody takes something of the trail in a form that no [`Export`] has, such as a proof or an
    /// evidence bundle. The form stands in `metadata.format`, and which records those are in `metadata.records`. Nothing is
    /// read.
    ///
    /// # Errors
    /// What [`Receipt::accepted`](crate::Receipt::accepted) says if the trail did not take the record.
    pub fn taken_as(&self, form: &str, records: &str) -> Result<(), Error> {
        self.admit(events::AUDIT_EXPORT, |record| {
            record.field("format", form).field("records", records)
        })
    }

    fn leaving(&self, export: &Export) -> Result<FoundLines, Error> {
        let format = export.format().to_string();
        self.admit(events::AUDIT_EXPORT, |record| record.field("format", &format))?;
        Ok(self.answer()?.lines())
    }
}
