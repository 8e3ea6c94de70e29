//! Which records are asked for.

use std::path::PathBuf;

use clap::Args;
use tracing_audit::{Category, EventType, Outcome, Query, Severity};

use crate::when::{self, Contradiction, When};

/// The trail, and the conditions that its records must meet, all of them. What may be given more than once is met by any of it.
#[derive(Debug, Args)]
pub(crate) struct Question {
    /// The trail's directory
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) conditions: Conditions,
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Conditions")]
pub(crate) struct Conditions {
    /// From this moment on: a time (of UTC where it names no zone), a day in UTC, or how long ago
    /// (2026-11-20T08:00, 2026-11-20, yesterday, 2h)
    #[arg(long, value_name = "WHEN")]
    since: Option<When>,
    /// Before this moment
    #[arg(long, value_name = "WHEN")]
    until: Option<When>,
    /// Of this user: their id or their name
    #[arg(long, value_name = "WHO", value_parser = said)]
    user: Option<String>,
    /// Of this type; may be repeated. `tracing-audit events` lists them
    #[arg(long, value_name = "TYPE", value_parser = said)]
    event: Vec<String>,
    /// Of this category; may be repeated
    #[arg(long, value_name = "NAME", value_parser = category)]
    category: Vec<Category>,
    /// Of this severity; may be repeated
    #[arg(long, value_name = "NAME", value_parser = severity)]
    severity: Vec<Severity>,
    /// Of this severity or a higher one
    #[arg(long, value_name = "NAME", value_parser = severity)]
    at_least: Option<Severity>,
    /// With this outcome
    #[arg(long, value_name = "NAME", value_parser = outcome)]
    outcome: Option<Outcome>,
    /// From this address, as records spell it; of one that is asked for in another way (::ffff:192.0.2.1, 192.0.2.1:443,
    /// [2001:db8::1]) the plain spelling is found, too
    #[arg(long, value_name = "ADDRESS", value_parser = said)]
    ip: Option<String>,
    /// In this session
    #[arg(long, value_name = "ID", value_parser = said)]
    session: Option<String>,
    /// About this resource: its name, its type or its id
    #[arg(long, value_name = "NAME", value_parser = said)]
    resource: Option<String>,
    /// In this request, or in this trace
    #[arg(long, value_name = "ID", value_parser = said)]
    request: Option<String>,
    /// Of this tenant
    #[arg(long, value_name = "NAME", value_parser = said)]
    tenant: Option<String>,
    /// By this route
    #[arg(long, value_name = "ROUTE", value_parser = said)]
    route: Option<String>,
    /// That a rule has flagged
    #[arg(long)]
    flagged: bool,
    /// With this text anywhere in its values, in this case
    #[arg(long, value_name = "TEXT", value_parser = said)]
    text: Option<String>,
    /// With this value under this key, as the line has it: any key of the record (event, seq, flagged) or of its metadata (NAME or
    /// metadata.NAME); may be repeated
    #[arg(long = "where", value_name = "KEY=VALUE", value_parser = pair)]
    fields: Vec<(String, String)>,
}

impl Conditions {
    pub(crate) fn query(&self) -> Result<Query, Contradiction> {
        when::in_order(self.since, self.until)?;
        let mut query = Query::new();
        macro_rules! given {
            ($($name:ident)*) => { $(if let Some(value) = &self.$name { query = query.$name(value.clone()); })* };
        }
        given!(user ip session resource request tenant route text);
        if let Some(When(time)) = self.since {
            query = query.since(time);
        }
        if let Some(When(time)) = self.until {
            query = query.until(time);
        }
        if let Some(severity) = self.at_least {
            query = query.at_least(severity);
        }
        if let Some(outcome) = self.outcome {
            query = query.outcome(outcome);
        }
        if self.flagged {
            query = query.flagged(true);
        }
        let query = self
            .event
            .iter()
            .fold(query, |query, event| query.event(event.as_str()));
        let query = self.category.iter().fold(query, |query, one| query.category(*one));
        let query = self.severity.iter().fold(query, |query, one| query.severity(*one));
        let fields = self.fields.iter();
        Ok(fields.fold(query, |query, (name, value)| query.field(name.as_str(), value.as_str())))
    }

    /// Those that were asked for and that no table has; somebody's own types are such.
    pub(crate) fn unknown_events(&self) -> impl Iterator<Item = &str> {
        let names = self.event.iter().map(String::as_str);
        names.filter(|name| EventType::from_name(name).is_none())
    }
}

/// What no record has: an empty word is a variable that was not set.
pub(crate) fn said(text: &str) -> Result<String, String> {
    match text.is_empty() {
        true => Err("it is empty; leave the option out to ask without it".to_owned()),
        false => Ok(text.to_owned()),
    }
}

fn category(text: &str) -> Result<Category, String> {
    Category::from_name(text).ok_or_else(|| one_of(Category::ALL.iter().map(|one| one.as_str())))
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::from_name(text).ok_or_else(|| one_of(Severity::ALL.iter().map(|one| one.as_str())))
}

fn outcome(text: &str) -> Result<Outcome, String> {
    Outcome::from_name(text).ok_or_else(|| one_of(Outcome::ALL.iter().map(|one| one.as_str())))
}

fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("it is one of {}", names.collect::<Vec<_>>().join(", "))
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("it is a key, =, and a value".to_owned()),
    }
}
