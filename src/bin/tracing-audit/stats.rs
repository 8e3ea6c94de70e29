//! `tracing-audit stats`, `user` and `sessions`: what records come to.

use std::fmt::Display;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tracing_audit::{Activity, Order, Query, Record, Sessions};

use crate::asked::Asked;
use crate::lines::Shown;
use crate::out::{self, Failure, Harmless};
use crate::question::{Conditions, Question};
use crate::table::Rows;
use crate::when;

/// Count records by type, severity, outcome, user, address and route.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    question: Question,
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// With --json, so many names of each kind: those with the most records
    #[arg(long, value_name = "N", default_value_t = 20, requires = "json")]
    top: usize,
    #[command(flatten)]
    asked: Asked,
}

/// Show what one user did.
#[derive(Debug, Args)]
pub(crate) struct User {
    /// The trail's directory
    dir: PathBuf,
    /// Their id, or their name
    who: String,
    #[command(flatten)]
    conditions: Conditions,
    /// So many of the newest records of them
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    recent: usize,
    /// One JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asked: Asked,
}

/// Show sessions, the newest first.
#[derive(Debug, Args)]
pub(crate) struct OfSessions {
    #[command(flatten)]
    question: Question,
    /// At most so many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asked: Asked,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let query = arguments.question.conditions.query();
    let found = arguments
        .asked
        .read(&arguments.question.dir, query.order(Order::Oldest).unlimited())?;
    let stats = found.stats();
    for damage in stats.skipped().what() {
        out::complain(damage);
    }
    let code = u8::from(stats.skipped().count() > 0);
    match arguments.json {
        true => print_json(&stats.top(arguments.top), code),
        false => print(&stats, code),
    }
}

pub(crate) fn user(arguments: &User) -> Result<u8, Failure> {
    let query = arguments.conditions.query().user(&arguments.who);
    let mut activity = Activity::new(&arguments.who).keep(arguments.recent);
    let shown = fold(&arguments.dir, query, &arguments.asked, |record| activity.add(record))?;
    match arguments.json {
        true => print_json(&activity, shown.code()),
        false => print(&activity, shown.code()),
    }
}

pub(crate) fn sessions(arguments: &OfSessions) -> Result<u8, Failure> {
    let query = arguments.question.conditions.query();
    let mut sessions = Sessions::new();
    let shown = fold(&arguments.question.dir, query, &arguments.asked, |record| {
        sessions.add(record);
    })?;
    let mut out = BufWriter::new(anstream::stdout().lock());
    let mut list = sessions.list();
    list.sort_by_key(|session| std::cmp::Reverse(session.start));
    let mut rows = Rows::under(["SESSION", "USER", "IP", "START", "END", "RECORDS"]).right(&[5]);
    for session in list.iter().take(arguments.limit) {
        if arguments.json {
            writeln!(out, "{}", json(session)?).map_err(Failure::of_write(shown.code()))?;
        } else {
            rows.add([
                session.id.clone(),
                session.user_id.clone().unwrap_or_default(),
                session.ip.clone().unwrap_or_default(),
                when::shown(session.start),
                session.end.map(when::shown).unwrap_or_default(),
                session.records.to_string(),
            ]);
        }
    }
    if !arguments.json {
        rows.print(&mut out).map_err(Failure::of_write(shown.code()))?;
    }
    out.flush().map_err(Failure::of_write(shown.code()))?;
    Ok(shown.code())
}

/// Every record that meets the question, the oldest first.
fn fold(dir: &std::path::Path, query: Query, asked: &Asked, mut add: impl FnMut(&Record)) -> Result<Shown, Failure> {
    let mut shown = Shown::default();
    for record in asked.read(dir, query.order(Order::Oldest).unlimited())? {
        if let Some(record) = shown.take(record) {
            add(&record);
        }
    }
    Ok(shown)
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::Output(error.into()))
}

fn print_json(value: &impl Serialize, code: u8) -> Result<u8, Failure> {
    lines(&json(value)?, code)
}

fn print(value: &impl Display, code: u8) -> Result<u8, Failure> {
    let harmless: Vec<String> = value
        .to_string()
        .lines()
        .map(|line| Harmless(line).to_string())
        .collect();
    lines(&harmless.join("\n"), code)
}

fn lines(text: &str, code: u8) -> Result<u8, Failure> {
    let mut out = BufWriter::new(anstream::stdout().lock());
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(Failure::of_write(code))?;
    Ok(code)
}
