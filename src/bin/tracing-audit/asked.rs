//! That somebody asked is a record, too.

use std::path::{Path, PathBuf};

use clap::Args;
use tracing_audit::{Found, Query};

use crate::out::{self, Failure};

/// Where it is recorded that somebody asked, and who that is.
#[derive(Debug, Args)]
#[command(next_help_heading = "The record of the question")]
pub(crate) struct Asked {
    /// The trail in which the question is recorded; never the one that is asked [env: TRACING_AUDIT_TO]
    #[arg(long, value_name = "DIR")]
    audit_to: Option<PathBuf>,
    /// Who asks, for that record [default: the user who runs the command]
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
}

impl Asked {
    pub(crate) fn read(&self, dir: &Path, query: Query) -> Result<Found, Failure> {
        Ok(query.entries(dir)?)
    }

    pub(crate) fn export(&self, dir: &Path, query: Query, _format: tracing_audit::Format) -> Result<Found, Failure> {
        Ok(query.entries(dir)?)
    }
}
