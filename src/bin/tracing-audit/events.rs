//! `tracing-audit events`.

use std::io::{BufWriter, Write as _};

use clap::Args;
use serde_json::json;
use tracing_audit::EventType;

use crate::out::{self, Failure};
use crate::table::Rows;

/// Show the table of event types.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only those whose name or category contains this
    text: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let mut out = BufWriter::new(anstream::stdout().lock());
    let asked = arguments.text.as_deref().unwrap_or_default().to_lowercase();
    let meant =
        |event: &EventType| event.name().to_lowercase().contains(&asked) || event.category().as_str().contains(&asked);
    if !EventType::all().any(|event| meant(&event)) {
        out::note(&format_args!(
            "no type of the table has {asked:?} in its name or category"
        ));
        return Ok(0);
    }
    let mut rows = Rows::under(["EVENT", "CATEGORY", "SEVERITY", "OWASP", "MEANING"]);
    for event in EventType::all().filter(meant) {
        let (owasp, meaning) = (event.owasp().unwrap_or_default(), event.meaning().unwrap_or_default());
        let (category, severity) = (event.category().as_str(), event.severity().as_str());
        if arguments.json {
            let object = json!({"event": event.name(), "category": category, "severity": severity, "owasp": owasp, "meaning": meaning});
            writeln!(out, "{}", out::json(&object)?).map_err(Failure::of_write(0))?;
        } else {
            rows.add([event.name(), category, severity, owasp, meaning]);
        }
    }
    if !arguments.json {
        rows.print(&mut out).map_err(Failure::of_write(0))?;
    }
    out.flush().map_err(Failure::of_write(0))?;
    Ok(0)
}
