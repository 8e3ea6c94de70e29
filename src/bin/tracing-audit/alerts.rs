//! `tracing-audit alerts`.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use tracing_audit::{Alert, AlertStatus, AlertType, Alerts, Priority};

use crate::asked::Asked;
use crate::lines;
use crate::nothing;
use crate::out::{self, Failure};
use crate::question::said;
use crate::table::Rows;
use crate::when::{self, When};

/// Show the alerts that rules raised, the newest first.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The trail's directory
    dir: PathBuf,
    /// Of this status: active, acknowledged or resolved; may be repeated
    #[arg(long, value_name = "STATUS")]
    status: Vec<AlertStatus>,
    /// Of this priority or a higher one: low, medium, high or critical
    #[arg(long, value_name = "PRIORITY", default_value = "low", hide_default_value = true)]
    at_least: Priority,
    /// About this, such as authentication; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    kind: Vec<AlertType>,
    /// Raised by this rule
    #[arg(long, value_name = "NAME", value_parser = said)]
    rule: Option<String>,
    /// With this key: a user, an address
    #[arg(long, value_name = "KEY", value_parser = said)]
    key: Option<String>,
    /// Raised from this moment on: a time (of UTC where it names no zone), a day in UTC, or how long ago
    /// (2026-11-20T08:00, 2026-11-20, yesterday, 2h)
    #[arg(long, value_name = "WHEN")]
    since: Option<When>,
    /// Raised before this moment
    #[arg(long, value_name = "WHEN")]
    until: Option<When>,
    /// At most so many of the newest
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asked: Asked,
}

impl Arguments {
    fn wanted(&self) -> Result<Alerts, Failure> {
        when::in_order(self.since, self.until)?;
        let mut alerts = Alerts::new()
            .at_least(self.at_least)
            .limit(self.limit.saturating_add(1));
        for status in &self.status {
            alerts = alerts.status(*status);
        }
        for kind in &self.kind {
            alerts = alerts.kind(*kind);
        }
        if let Some(rule) = &self.rule {
            alerts = alerts.rule(rule);
        }
        if let Some(key) = &self.key {
            alerts = alerts.key(key);
        }
        if let Some(When(since)) = self.since {
            alerts = alerts.since(since);
        }
        if let Some(When(until)) = self.until {
            alerts = alerts.until(until);
        }
        Ok(alerts)
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let wanted = arguments.wanted()?;
    let mut found = wanted.of(arguments.asked.read(&arguments.dir, wanted.query())?);
    // One more was asked for, to know whether there are more.
    let more = found.alerts.len() > arguments.limit;
    found.alerts.truncate(arguments.limit);
    let code = u8::from(!found.skipped.is_empty());
    for error in &found.skipped {
        out::complain(error);
    }
    if found.alerts.is_empty() && code == 0 {
        if let Some(code) = nothing::said(&arguments.dir)? {
            return Ok(code);
        }
        out::note(&"no alert meets this");
    }
    let mut out = BufWriter::new(anstream::stdout().lock());
    if arguments.json {
        for alert in &found.alerts {
            writeln!(out, "{}", out::json(alert)?).map_err(Failure::of_write(code))?;
        }
    } else if !found.alerts.is_empty() {
        let mut rows = Rows::under([
            "ID", "RAISED", "PRIORITY", "RULE", "KEY", "COUNT", "STATUS", "LEVEL", "BY", "MESSAGE",
        ])
        .right(&[5, 7]);
        let now = SystemTime::now();
        for alert in &found.alerts {
            rows.add(cells(alert, now));
        }
        rows.print(&mut out).map_err(Failure::of_write(code))?;
    }
    out.flush().map_err(Failure::of_write(code))?;
    if more {
        lines::ended_at(arguments.limit);
    }
    Ok(code)
}

fn cells(alert: &Alert, now: SystemTime) -> [String; 10] {
    let by = alert.resolved.as_ref().or(alert.acknowledged.as_ref());
    [
        alert.id.clone(),
        when::shown(alert.raised),
        alert.priority.to_string(),
        alert.rule.clone(),
        [alert.key_kind.as_str(), alert.key.as_str()]
            .join(" ")
            .trim()
            .to_owned(),
        alert.count.to_string(),
        alert.status.to_string(),
        alert.escalation(now).level().to_string(),
        by.map(|response| response.by.clone()).unwrap_or_default(),
        alert.message.clone(),
    ]
}
