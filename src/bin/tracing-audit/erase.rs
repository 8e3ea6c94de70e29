//! `tracing-audit erase`.

use std::io::Write as _;

use clap::Args;

use crate::open::Order;
use crate::out::Failure;

/// Erase records of a stopped trail, and leave their hashes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    order: Order,
    /// The numbers of the records
    #[arg(long, value_name = "N[,N..]", required = true, value_delimiter = ',')]
    seq: Vec<u64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let Arguments { order, seq } = arguments;
    order.carry_out(|trail| trail.erase(seq.iter().copied(), &order.reason, &order.by))?;
    let what = match seq.len() {
        1 => "1 record is",
        _ => &format!("{} records are", seq.len()),
    };
    writeln!(
        anstream::stdout(),
        "{what} erased; backups and other copies are yours to clean"
    )
    .map_err(Failure::of_write(0))?;
    Ok(0)
}
