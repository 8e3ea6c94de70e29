//! That somebody asked is a record, too.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tracing_audit::{Query, Retention, Trail};

use crate::open;
use crate::out::{self, Failure};

/// Where it is recorded that somebody asked, and who that is.
#[derive(Debug, Args)]
#[command(next_help_heading = "The record of the question")]
pub(crate) struct Asked {
    /// The trail in which the question is recorded; never the one that is asked [env: TRACING_AUDIT_TO]
    #[arg(long, value_name = "DIR")]
    audit_to: Option<PathBuf>,
    /// Who asks, for that record [default: the name of the user who runs the command]
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
}
