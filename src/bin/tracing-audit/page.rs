//! How many records, and which first.

use clap::{Args, ValueEnum};
use tracing_audit::{Cursor, Order, Query};

use crate::when::Contradiction;

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
    /// Which come first [default: newest, or as the cursor has it]
    #[arg(long, value_enum, value_name = "ORDER")]
    sort: Option<Sort>,
    /// Go on where an earlier answer ended, in its order
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<Cursor>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Sort {
    Newest,
    Oldest,
}

impl Page {
    /// The question for this part of its answer.
    pub(crate) fn of(&self, query: Query) -> Result<Query, Contradiction> {
        let order = self.sort.map(|sort| match sort {
            Sort::Newest => Order::Newest,
            Sort::Oldest => Order::Oldest,
        });
        let query = query.order(order.unwrap_or_default());
        let query = match self.all {
            true => query.unlimited(),
            false => query.limit(self.limit),
        };
        match self.cursor {
            Some(cursor) if order.is_some_and(|order| order != cursor.order()) => Err(Contradiction(format!(
                "--cursor {cursor} goes on in the other order than --sort says; leave --sort out, or begin anew without the cursor"
            ))),
            Some(cursor) => Ok(query.cursor(cursor)),
            None => Ok(query),
        }
    }
}
