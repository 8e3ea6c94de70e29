//! `tracing-audit stats`, `user` and `sessions`: what records come to.

use std::fmt::Display;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use serde::Serialize;
use tracing_audit::{Activity, Order, Query, Record, Sessions};

use crate::asked::Asked;
use crate::bar;
use crate::lines::{self, Shown};
use crate::out::{self, Failure, Harmless};
use crate::page;
use crate::question::{Conditions, Question, said};
use crate::table::{self, Rows};
use crate::when;

/// Count records by type, severity, outcome, user, address and route.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    question: Question,
    /// One JSON object
    #[arg(long, help_heading = lines::OUTPUT)]
    json: bool,
    /// With --json, so many names of each kind: those with the most records
    #[arg(long, value_name = "N", default_value_t = 20, requires = "json", help_heading = lines::OUTPUT)]
    top: usize,
    #[command(flatten)]
    asked: Asked,
}

/// Show what one user did.
#[derive(Debug, Args)]
#[command(mut_arg("user", |user| user.hide(true).conflicts_with("who")))]
pub(crate) struct User {
    /// The trail's directory
    dir: PathBuf,
    /// Their id, or their name
    #[arg(value_parser = said)]
    who: String,
    #[command(flatten)]
    conditions: Conditions,
    /// So many of the newest records of them
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, help_heading = page::HEADING)]
    recent: usize,
    /// One JSON object
    #[arg(long, help_heading = lines::OUTPUT)]
    json: bool,
    /// With --json, so many names of each kind: those with the most records
    #[arg(long, value_name = "N", default_value_t = 20, requires = "json", help_heading = lines::OUTPUT)]
    top: usize,
    #[command(flatten)]
    asked: Asked,
}

/// Show sessions, the newest first.
///
/// Of the records that meet the conditions: a session that began before --since begins, here, with its first record behind it.
#[derive(Debug, Args)]
pub(crate) struct OfSessions {
    #[command(flatten)]
    question: Question,
    /// At most so many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100, help_heading = page::HEADING)]
    limit: usize,
    /// One JSON object a line
    #[arg(long, help_heading = lines::OUTPUT)]
    json: bool,
    #[command(flatten)]
    asked: Asked,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let query = arguments.question.conditions.query()?;
    let dir = &arguments.question.dir;
    let stats = bar::waiting(|| {
        let found = arguments.asked.read(dir, query.order(Order::Oldest).unlimited())?;
        Ok::<_, Failure>(found.stats())
    })?;
    for damage in stats.skipped().what() {
        out::complain(damage);
    }
    let shown = Shown::behind(stats.records(), stats.skipped().count() > 0);
    if let Some(code) = shown.no_trail(dir)? {
        return Ok(code);
    }
    match arguments.json {
        true => print_json(&stats.top(arguments.top), &shown)?,
        false => print(&stats, &shown)?,
    }
    shown.end(dir, &arguments.question.conditions)
}

pub(crate) fn user(arguments: &User) -> Result<u8, Failure> {
    let query = arguments.conditions.query()?.user(&arguments.who);
    let mut activity = Activity::new(&arguments.who).keep(arguments.recent);
    let shown = fold(&arguments.dir, query, &arguments.asked, |record| activity.add(record))?;
    if let Some(code) = shown.no_trail(&arguments.dir)? {
        return Ok(code);
    }
    match arguments.json {
        true => print_json(&activity.top(arguments.top), &shown)?,
        false => print(&activity, &shown)?,
    }
    shown.end(&arguments.dir, &arguments.conditions)
}

pub(crate) fn sessions(arguments: &OfSessions) -> Result<u8, Failure> {
    let query = arguments.question.conditions.query()?;
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
            writeln!(out, "{}", out::json(session)?).map_err(Failure::of_write(shown.code()))?;
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
    if !arguments.json && !rows.is_empty() {
        rows.print(&mut out).map_err(Failure::of_write(shown.code()))?;
    }
    out.flush().map_err(Failure::of_write(shown.code()))?;
    if list.is_empty() && shown.records > 0 {
        out::note(&"no record of these is of a session");
    }
    if list.len() > arguments.limit {
        lines::ended_at(arguments.limit);
    }
    shown.end(&arguments.question.dir, &arguments.question.conditions)
}

/// Every record that meets the question, the oldest first.
fn fold(
    dir: &std::path::Path,
    query: Query,
    asked: &Asked,
    mut add: impl FnMut(&Record) + Send,
) -> Result<Shown, Failure> {
    let done = AtomicU64::new(0);
    bar::counting(&done, || {
        let mut shown = Shown::default();
        for record in asked.read(dir, query.order(Order::Oldest).unlimited())? {
            if let Some(record) = shown.take(record) {
                add(&record);
                done.store(shown.records, Ordering::Relaxed);
            }
        }
        Ok(shown)
    })
}

fn print_json(value: &impl Serialize, shown: &Shown) -> Result<(), Failure> {
    written(std::iter::once(out::json(value)?), shown)
}

fn print(value: &impl Display, shown: &Shown) -> Result<(), Failure> {
    let text = value.to_string();
    let fitted = |line| table::fitted(&Harmless(line).to_string());
    written(text.lines().flat_map(fitted), shown)
}

fn written(lines: impl Iterator<Item = String>, shown: &Shown) -> Result<(), Failure> {
    let mut out = BufWriter::new(anstream::stdout().lock());
    for line in lines {
        writeln!(out, "{line}").map_err(Failure::of_write(shown.code()))?;
    }
    out.flush().map_err(Failure::of_write(shown.code()))
}
