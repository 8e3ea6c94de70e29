//! When there is nothing to show: silence would look like a trail in which nothing happened.

use std::path::Path;

use tracing_audit::{Error, Verify};

use crate::out;

/// Says what the verifier says of a directory without one record to be read, and gives that code; `None`, and not a word, where
/// there is a record.
pub(crate) fn said(dir: &Path) -> Result<Option<u8>, Error> {
    if tracing_audit::read(dir)?.last(1)?.next().is_some() {
        return Ok(None);
    }
    let report = Verify::new(dir).run()?;
    let Some(fault) = report.faults().first().filter(|_| report.files() == 0) else {
        return Ok(None);
    };
    out::complain(&format_args!("{}: {}", dir.display(), fault.detail()));
    Ok(Some(report.exit_code()))
}
