//! How many records, and which first.

use clap::{Args, ValueEnum};
use tracing_audit::{Cursor, Order, Query};

/// Under which the help has these, and what is like them.
pub(crate) const HEADING: &str = "Order and number";

/// A part of an answer.
#[derive(Debug, Args)]
#[command(next_help_heading = HEADING)]
pub(crate) struct Page {
    /// At most so many records
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100, allow_negative_numbers = true,
        value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// However many there are
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Which come first
    #[arg(long, value_enum, value_name = "ORDER", default_value_t)]
    sort: Sort,
    /// Go on where an earlier answer ended
    #[arg(long, value_name = "CURSOR", conflicts_with = "sort")]
    cursor: Option<Cursor>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Sort {
    #[default]
    Newest,
    Oldest,
}

impl Page {
    /// The question for this part of its answer.
    pub(crate) fn of(&self, query: Query) -> Query {
        let query = query.order(match self.sort {
            Sort::Newest => Order::Newest,
            Sort::Oldest => Order::Oldest,
        });
        let query = match self.all {
            true => query.unlimited(),
            false => query.limit(self.limit),
        };
        match self.cursor {
            Some(cursor) => query.cursor(cursor),
            None => query,
        }
    }
}
