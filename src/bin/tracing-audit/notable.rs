//! `tracing-audit suspicious` and `tracing-audit admin`.

use clap::Args;
use tracing_audit::{Error, Order, Record};

use crate::asked::Asked;
use crate::lines::{self, Layout};
use crate::out::Failure;
use crate::page;
use crate::question::Question;

/// Show the records of a kind that somebody should look at.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    question: Question,
    /// At most so many of the newest
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100, help_heading = page::HEADING)]
    limit: usize,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    asked: Asked,
}

/// What rules flagged, and what is suspicious by itself.
pub(crate) fn suspicious(arguments: &Arguments) -> Result<u8, Failure> {
    arguments.run(|record| tracing_audit::suspicious([record]).next().is_some())
}

/// What administrators did.
pub(crate) fn admin(arguments: &Arguments) -> Result<u8, Failure> {
    arguments.run(|record| tracing_audit::admin_actions([record]).next().is_some())
}

impl Arguments {
    fn run(&self, wanted: impl Fn(Record) -> bool) -> Result<u8, Failure> {
        let query = self.question.conditions.query()?.order(Order::Newest).unlimited();
        let lines = self.asked.read(&self.question.dir, query)?.lines();
        let wanted = |line: &Result<String, Error>| match line.as_ref().map(|line| line.parse::<Record>()) {
            Ok(Ok(record)) => wanted(record),
            // Damage is shown.
            _ => true,
        };
        let mut wanted = lines.filter(wanted);
        let shown = self.layout.show(&mut wanted.by_ref().take(self.limit))?;
        // Damage behind the limit is none of what was asked for.
        if wanted.any(|line| line.is_ok()) {
            lines::ended_at(self.limit);
        }
        shown.end(&self.question.dir, &self.question.conditions)
    }
}
