//! `tracing-audit config`.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use tracing_audit::Query;

use crate::nothing;
use crate::out::{self, Failure};
use crate::table::{self, Rows};
use crate::when;

/// Show the settings under which a trail was last written, and where each came from.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The trail's directory
    dir: PathBuf,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let asked = Query::new().event("AUDIT_CONFIG").limit(1);
    let mut damaged = false;
    let mut newest = None;
    for item in asked.entries(&arguments.dir)? {
        match item {
            Ok(record) => newest = Some(record),
            Err(damage) => {
                damaged = true;
                out::complain(&damage);
            }
        }
    }
    let code = u8::from(damaged);
    let Some(record) = newest else {
        if let Some(code) = nothing::said(&arguments.dir)? {
            return Ok(code);
        }
        out::note(&"no record tells of settings: retention may have removed it");
        return Ok(code.max(2));
    };
    let settings = record.metadata().and_then(|metadata| metadata.get("settings"));
    let mut out = BufWriter::new(anstream::stdout().lock());
    if arguments.json {
        let settings = settings.cloned().unwrap_or_default();
        writeln!(out, "{}", out::json(&settings)?).map_err(Failure::of_write(code))?;
    } else {
        let mut rows = Rows::under(["SETTING", "VALUE", "SOURCE"]);
        for (name, value, source) in rows_of(settings) {
            rows.add([name, value, source]);
        }
        let said = format!("As record {} of {} says:", record.seq(), when::shown(record.time()));
        table::fitted(&said)
            .iter()
            .try_for_each(|line| writeln!(out, "{line}"))
            .and_then(|()| rows.print(&mut out))
            .map_err(Failure::of_write(code))?;
    }
    out.flush().map_err(Failure::of_write(code))?;
    Ok(code)
}

fn rows_of(settings: Option<&Value>) -> Vec<(String, String, String)> {
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let Some(settings) = settings.and_then(Value::as_object) else {
        return Vec::new();
    };
    let rows = settings.iter().map(|(name, setting)| match setting {
        Value::Object(members) if members.contains_key("value") => {
            (name.clone(), text(members.get("value")), text(members.get("source")))
        }
        other => (name.clone(), text(Some(other)), String::new()),
    });
    rows.collect()
}
