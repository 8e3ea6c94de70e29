//! `tracing-audit erase`.

use std::collections::BTreeSet;
use std::io::Write as _;

use clap::Args;

use crate::open::Order;
use crate::out::{self, Failure};
use crate::row::{self, Row};

/// So many at once: a slip of the keyboard names more than memory holds.
const MOST: u64 = 1_000_000;

/// Erase records of a stopped trail, and leave their hashes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    order: Order,
    /// The numbers of the records; 4..9 is all from 4 to 9
    #[arg(long, value_name = "N[..N][,..]", required = true, value_delimiter = ',')]
    seq: Vec<Row>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let Arguments { order, seq } = arguments;
    let mut seqs = BTreeSet::new();
    for Row { from, to } in seq {
        // One that is open would take what nobody has seen yet.
        let Some(to) = to else {
            out::complain(&format_args!("name the last record to erase, too: {from}..N"));
            return Ok(crate::USAGE);
        };
        if to - from >= MOST {
            out::complain(&format_args!("{from}..{to} is more than {MOST} records at once"));
            return Ok(crate::USAGE);
        }
        seqs.extend(*from..=*to);
    }
    let count = row::records(seqs.len() as u64);
    order.carry_out("Trail::erase", |trail| trail.erase(seqs, &order.reason, &order.by))?;
    writeln!(
        anstream::stdout(),
        "erased {count}; backups and other copies are yours to clean"
    )
    .map_err(Failure::of_write(0))?;
    Ok(0)
}
