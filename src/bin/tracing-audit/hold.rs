//! `tracing-audit hold`.

use std::io::Write as _;

use clap::Args;
use tracing_audit::Hold;

use crate::open::Order;
use crate::out::{Failure, Harmless};

/// Put a stopped trail or a file of it under legal hold, or release it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    order: Order,
    #[command(flatten)]
    what: What,
    /// End the hold instead
    #[arg(long)]
    release: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// A file, by its name in the trail's directory
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
    /// The whole trail
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let Arguments { order, what, release } = arguments;
    let (hold, name) = match &what.file {
        Some(file) => (Hold::File(file.clone()), file.as_str()),
        None => (Hold::Trail, "the whole trail"),
    };
    let instead = if *release { "Trail::release" } else { "Trail::hold" };
    order.carry_out(instead, |trail| match release {
        false => trail.hold(hold, &order.reason, &order.by),
        true => trail.release(hold, &order.reason, &order.by),
    })?;
    let is = if *release { "no longer" } else { "now" };
    writeln!(anstream::stdout(), "{} is {is} under legal hold", Harmless(name)).map_err(Failure::of_write(0))?;
    Ok(0)
}
