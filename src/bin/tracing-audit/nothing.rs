//! When there is nothing to show: silence would look like a trail in which nothing happened.

use std::path::Path;

use tracing_audit::{Error, EventType, Verify};

use crate::near;
use crate::out;
use crate::question::Conditions;

/// Says that no record meets the conditions, and what may be the reason; gives the code to end with.
pub(crate) fn found(dir: &Path, conditions: &Conditions) -> Result<u8, Error> {
    if let Some(code) = said(dir)? {
        return Ok(code);
    }
    out::note(&"no record meets this");
    for name in conditions.unknown_events() {
        let meant = near::nearest(name, EventType::all().map(|event| event.name()));
        let meant = meant.map(|meant| format!("did you mean {meant}? ")).unwrap_or_default();
        out::note(&format_args!(
            "no type of the table is named {name}; {meant}`tracing-audit events` lists them"
        ));
    }
    Ok(0)
}

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
